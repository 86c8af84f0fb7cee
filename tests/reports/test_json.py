"""The report for programs: complete, closed, stable, and plain ASCII."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from gate.report import Document, Style
from gate.reports.json import RENDERER, SCHEMA
from gate.strict_json import parse_object
from gate.verdict import Failed, Level, Status
from tests.reports.documents import (
    BOTH,
    IMAGE,
    NO_MAINTAINER,
    SAMPLES,
    SUBJECT,
    document,
    failed,
    outcome,
    passed,
    several,
    undetermined,
    unenforced,
    unresolved,
    waived,
)
from tests.reports.hostile import documents, texts_of
from tests.reports.runner import commands

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(PUBLISHED)


def read(one: Document) -> dict[str, Any]:
    """Render for programs and read it back with another parser."""
    found: dict[str, Any] = json.loads(RENDERER.render(one, Style()))
    return found


def _objects(schema: object) -> Iterator[Mapping[str, object]]:
    """Give every part of a schema that describes an object."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


def test_the_published_schema_is_a_schema() -> None:
    """It says what it means to a validator."""
    Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_fits_the_published_schema(name: str) -> None:
    """What is documented is what is printed."""
    VALIDATOR.validate(read(SAMPLES[name]))


@given(documents())
def test_whatever_others_wrote_fits_the_published_schema(one: Document) -> None:
    """No text can change the form."""
    found = read(one)
    for image in found["images"]:  # the only words that are texts in the document
        for waiver in image["waivers"]:
            waiver["state"] = "idle"
    VALIDATOR.validate(found)


def test_the_schema_is_closed() -> None:
    """A key that is not documented is a mistake; only `about` has keys of its own."""
    open_ones = [one for one in _objects(PUBLISHED) if one.get("additionalProperties") is not False]
    assert [one.get("description") for one in open_ones] == ["What a waiver's `about` has to match."]
    for one in _objects(PUBLISHED):
        properties = one.get("properties", {})
        assert isinstance(properties, dict)
        assert one.get("required", []) == sorted(properties)


def test_an_unknown_key_does_not_fit_the_schema() -> None:
    """The schema refuses what it does not know, at the top and deep inside."""
    top = read(failed()) | {"score": 1}
    deep = read(failed())
    deep["images"][0]["outcomes"][0]["score"] = 1
    assert not VALIDATOR.is_valid(top)
    assert not VALIDATOR.is_valid(deep)


def test_the_words_of_the_schema_are_the_words_of_the_gate() -> None:
    """No outcome exists that the schema does not name."""
    definitions = PUBLISHED["$defs"]
    assert definitions["status"]["enum"] == [status.value for status in Status]
    assert definitions["outcome"]["properties"]["level"]["enum"] == [level.value for level in Level]
    assert PUBLISHED["properties"]["schema"]["const"] == SCHEMA


def test_the_rules_digest_comes_first_after_the_version() -> None:
    """What decided is said first (S24)."""
    assert list(read(passed()))[:3] == ["schema", "rules-digest", "verdict"]


@pytest.mark.parametrize(
    ("one", "verdict", "exit_code", "enforced"),
    [
        (passed(), "passed", 0, True),
        (failed(), "failed", 1, True),
        (undetermined(), "undetermined", 3, True),
        (unresolved(), "undetermined", 3, True),
        (unenforced(), "failed", 0, False),
        (several(), "failed", 1, True),
    ],
)
def test_verdict_exit_code_and_enforcement_are_at_the_top(
    one: Document, verdict: str, exit_code: int, *, enforced: bool
) -> None:
    """A pipeline reads three keys."""
    found = read(one)
    assert (found["verdict"], found["exit-code"], found["enforced"]) == (verdict, exit_code, enforced)


def test_an_advisory_run_says_until_when() -> None:
    """It ends by itself."""
    assert read(unenforced())["not-enforced-until"] == "2027-01-15"
    assert read(failed())["not-enforced-until"] is None


def test_an_image_has_its_digest_or_none() -> None:
    """Nothing stands in for a digest that nobody resolved."""
    assert read(passed())["images"][0]["digest"] == str(SUBJECT.digest)
    assert read(unresolved())["images"][0]["digest"] is None
    assert read(unresolved())["images"][0]["subject"] is None


def test_a_run_over_no_image_is_no_pass() -> None:
    """Nothing judged is nothing passed (S2)."""
    assert read(replace(passed(), judged=(), exit_code=3))["verdict"] == "undetermined"


def test_a_finding_is_whole() -> None:
    """Reason, texts and what a waiver has to match."""
    found = read(failed())["images"][0]["outcomes"][2]
    assert (found["rule"], found["status"], found["platform"]) == ("owner-known", "violated", "linux/amd64")
    assert found["place"] == {"path": "gate.yaml", "line": 14, "column": 3}
    assert found["findings"] == [
        {
            "reason": "label-format",
            "title": "A title",
            "what": NO_MAINTAINER.what,
            "expected": NO_MAINTAINER.expected,
            "got": "the platform team ",
            "fix": NO_MAINTAINER.fix,
            "bucket": None,
            "about": {"label": "maintainer"},
        }
    ]


def test_counts_are_of_rules_by_their_worst_platform() -> None:
    """Two platforms do not make two violated rules."""
    counts = read(failed())["images"][0]["counts"]
    assert (counts["error"]["violated"], counts["error"]["satisfied"], counts["warning"]["violated"]) == (2, 2, 1)
    assert counts["error"]["waived"] == 0


def test_a_waived_finding_keeps_who_why_and_until_when() -> None:
    """A program can list what is accepted."""
    accepted = read(waived())["images"][0]["outcomes"][2]["waived"][0]
    assert accepted["finding"]["about"] == {"id": "CVE-2026-0007", "package": "libssl3"}
    assert (accepted["owner"], accepted["expires"], accepted["ticket"]) == ("jane@acme.example", "2026-12-31", "SEC-12")
    assert [one["state"] for one in read(waived())["images"][0]["waivers"]] == ["expired", "idle"]


def test_an_undetermined_image_names_its_causes() -> None:
    """Nobody has to parse sentences to know why there is no verdict."""
    assert [cause["reason"] for cause in read(undetermined())["images"][0]["causes"]] == ["unauthorized"]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_no_text_of_the_document_is_missing(name: str) -> None:
    """Everything the gate knows is there; only the pages of reasons are left to `gate explain`."""
    pages = {"What it means.", "What to do."}
    assert set(texts_of(SAMPLES[name])) - set(_strings(read(SAMPLES[name]))) <= pages


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


@given(documents())
def test_whatever_others_wrote_only_printable_ascii_comes_out(one: Document) -> None:
    """Control, bidi and wide characters are JSON escapes (S43)."""
    assert re.fullmatch(r"[\n -~]*", RENDERER.render(one, Style()))


@given(documents())
def test_whatever_others_wrote_no_runner_finds_a_command(one: Document) -> None:
    """Standard output of a pipeline step is read for commands, JSON or not (S43)."""
    assert commands(RENDERER.render(one, Style())) == []


def test_an_escaped_hash_reads_back_as_itself() -> None:
    """Escaping for the runner changes nothing for a reader of JSON."""
    for text in ("##[error]owned", "###[x", "\\##[x", "##vso[task.complete]", "# #[", "##", "#\\#["):
        finding = replace(NO_MAINTAINER, got=text)
        one = document(Failed(SUBJECT, BOTH, (outcome("owner-known", Status.VIOLATED, findings=(finding,)),)), 1)
        assert read(one)["images"][0]["outcomes"][0]["findings"][0]["got"] == text


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_is_json_that_every_reader_reads_alike(name: str) -> None:
    """The gate's own strict reader takes it: no key twice, none equal to another under case folding."""
    rendered = RENDERER.render(SAMPLES[name], Style())
    assert parse_object(rendered.encode(), "the report") == json.loads(rendered)


def test_the_style_changes_nothing() -> None:
    """Presentation is never part of a result."""
    assert RENDERER.render(failed(), Style(width=40, colour=True, verbose=True)) == RENDERER.render(failed(), Style())


def test_time_is_utc() -> None:
    """RFC 3339 with Z, whatever zone the caller has."""
    there = replace(passed(), at=passed().at.astimezone(timezone(timedelta(hours=14))))
    assert read(there)["at"] == "2026-11-24T12:00:00Z"
    assert read(there)["images"][0]["image"] == IMAGE
