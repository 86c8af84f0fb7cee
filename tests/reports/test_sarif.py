"""SARIF that GitHub takes: the schema of OASIS, and GitHub's own rules and limits as assertions."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from gate.finding import About
from gate.report import ClosureFile, Document, Judged, Style
from gate.reports.sarif import MOST_RESULTS, RENDERER
from gate.verdict import Failed, Level, Place, Status
from tests.reports.documents import (
    AMD64,
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    SAMPLES,
    SUBJECT,
    digest_of,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    place,
    reason,
    several,
    undetermined,
    unfinished,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))


@cache
def validator() -> Draft7Validator:
    """Give the validator of the vendored schema, itself checked once."""
    Draft7Validator.check_schema(SCHEMA)
    return Draft7Validator(SCHEMA)


def run_of(one: Document) -> dict[str, Any]:
    """Render and read back the only run."""
    log = json.loads(RENDERER.render(one, Style()))
    assert len(log["runs"]) == 1
    found: dict[str, Any] = log["runs"][0]
    return found


def results_of(one: Document) -> list[dict[str, Any]]:
    """Give the results."""
    found: list[dict[str, Any]] = run_of(one)["results"]
    return found


def follows_github(run: dict[str, Any]) -> None:
    """Assert what GitHub's page on SARIF support demands beyond the schema."""
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) <= 25_000
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule["id"])
        assert len(rule["name"]) <= 255
        for key in ("shortDescription", "fullDescription", "help"):
            assert 0 < len(rule[key]["text"]) <= 1024
        assert len(rule["properties"]["tags"]) <= 10
        severity = rule["properties"].get("security-severity")
        assert severity is None or (isinstance(severity, str) and 0 < float(severity) <= 10)
    assert isinstance(run["results"], list)
    assert len(run["results"]) <= 25_000
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["kind"] == "fail"
        assert result["message"]["text"]
        assert re.fullmatch(r"[0-9a-f]{32}:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
        [location] = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert uri
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert not uri.startswith("/")
        assert ":" not in uri
        assert ".." not in uri.split("/")
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        region = location["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert 1 <= region["startColumn"] < region["endColumn"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    assert run["automationDetails"]["id"].endswith("/")


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_follows_the_schema_and_githubs_rules(name: str) -> None:
    """Every sample: OASIS's schema, and what GitHub refuses beyond it."""
    text = RENDERER.render(SAMPLES[name], Style())
    assert [error.message for error in validator().iter_errors(json.loads(text))] == []
    follows_github(run_of(SAMPLES[name]))


@given(documents())
@settings(max_examples=60)
def test_whatever_others_wrote_it_follows_the_schema_and_githubs_rules(one: Document) -> None:
    """No text makes the file one that GitHub refuses, or a message a link (section 3.11.6)."""
    log = json.loads(RENDERER.render(one, Style()))
    assert [error.message for error in validator().iter_errors(log)] == []
    follows_github(log["runs"][0])
    for result in log["runs"][0]["results"]:
        assert "](" not in result["message"]["text"]


def test_a_passed_run_has_results_that_are_empty_and_still_there() -> None:
    """GitHub closes alerts only if the next file says that they are gone."""
    assert results_of(passed()) == []
    assert run_of(passed())["tool"]["driver"]["rules"] == []


def test_a_result_stands_at_the_line_of_its_rule() -> None:
    """The rule file is what lies in the repository; an image has no lines."""
    first = results_of(failed())[0]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "gate.yaml"},
        "region": {"startLine": 14, "startColumn": 3, "endLine": 14, "endColumn": 14},
    }


def test_a_message_names_image_digest_rule_and_what_to_do() -> None:
    """Code scanning shows nothing else."""
    assert results_of(failed())[0]["message"]["text"] == (
        f"ghcr.io/acme/app@{SUBJECT.digest}: the label maintainer is no e-mail address.\n"
        "Rule: owner-known (gate.yaml:14:3).\n"
        "Expected: an e-mail address, as team@example.com\n"
        "Got: the platform team \n"
        "On: every platform\n"
        'Fix: Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.'
    )


def test_properties_name_image_digest_and_verdict() -> None:
    """For programs, each value by itself."""
    run = run_of(failed())
    assert run["properties"]["images"] == [
        {"image": "ghcr.io/acme/app:1.4.2", "digest": str(SUBJECT.digest), "verdict": "failed", "headlines": []}
    ]
    assert run["properties"]["verdict"] == "failed"
    assert run["results"][0]["properties"]["digest"] == str(SUBJECT.digest)
    assert run["results"][0]["properties"]["about"] == {"label": "maintainer"}


def test_errors_are_errors_and_warnings_warnings_whatever_a_scanner_says() -> None:
    """The level is that of the rule: it says whether the image may go on."""
    levels = {result["properties"]["rule"]: result["level"] for result in results_of(failed())[:4]}
    assert levels == {"owner-known": "error", "no-critical": "error", "not-root": "warning"}


@pytest.mark.parametrize(
    ("severity", "number"), [("critical", "9.5"), ("high", "8.0"), ("medium", "5.5"), ("low", "2.0")]
)
def test_the_severity_of_a_vulnerability_sorts_the_alerts(severity: str, number: str) -> None:
    """GitHub knows severities of rules only, so each has a rule of its own."""
    one = on(AMD64, "vulns", Status.VIOLATED, findings=(vulnerability(1, severity=severity),))
    [rule] = run_of(document(Failed(SUBJECT, (AMD64,), (one,)), 1))["tool"]["driver"]["rules"]
    assert rule["id"] == f"vulnerability-found-{severity}"
    assert rule["properties"]["security-severity"] == number


def test_an_unknown_severity_makes_no_rule_of_its_own() -> None:
    """Buckets come from outside; ids do not."""
    one = on(AMD64, "vulns", Status.VIOLATED, findings=(vulnerability(1, severity="fatal/../x"),))
    [rule] = run_of(document(Failed(SUBJECT, (AMD64,), (one,)), 1))["tool"]["driver"]["rules"]
    assert rule["id"] == "vulnerability-found"
    assert "security-severity" not in rule["properties"]


@pytest.mark.parametrize("one", [undetermined(), unresolved(), unfinished()], ids=["refused", "no-tag", "unfinished"])
def test_what_could_not_be_told_is_an_error_and_the_invocation_no_success(one: Document) -> None:
    """A run without verdict never looks like one without findings (S2, S8)."""
    run = run_of(one)
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    assert [said["level"] for said in invocation["toolExecutionNotifications"]] == ["error"]
    [result] = run["results"]
    assert result["level"] == "error"
    assert result["properties"]["status"] == "undecided"
    assert result["ruleId"] == invocation["toolExecutionNotifications"][0]["descriptor"]["id"]


@pytest.mark.parametrize(("one", "code"), [(passed(), 0), (failed(), 1)], ids=["passed", "failed"])
def test_a_run_with_a_verdict_was_successful(one: Document, code: int) -> None:
    """A failed image is a result, not an accident."""
    [invocation] = run_of(one)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, code)
    assert invocation["toolExecutionNotifications"] == []


def test_one_image_of_several_without_verdict_is_no_success() -> None:
    """The worst verdict of the run may be `failed`; something was not judged all the same."""
    [invocation] = run_of(several())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 1


def test_a_run_over_no_image_is_no_success() -> None:
    """Nothing was judged."""
    assert run_of(replace(passed(), judged=(), exit_code=3))["invocations"][0]["executionSuccessful"] is False


def test_a_waived_finding_is_a_suppression_with_owner_reason_and_last_day() -> None:
    """It is still listed, and stops nobody."""
    [result] = [one for one in results_of(waived()) if "suppressions" in one]
    assert result["level"] == "note"
    assert result["properties"]["status"] == "waived"
    assert result["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "The vulnerable function is not called: see the analysis in the ticket. "
            "(owner jane@acme.example, until 2026-12-31, SEC-12, waivers.yaml:4:3)",
        }
    ]


def test_an_upcoming_rule_is_a_note() -> None:
    """There is time."""
    [result] = [one for one in results_of(waived()) if one["properties"]["status"] == "upcoming"]
    assert result["level"] == "note"
    assert "from 2027-01-01 on: the label" in result["message"]["text"]


def fingerprints(one: Document) -> list[str]:
    """Give the fingerprints in order."""
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results_of(one)]


def with_outcomes(one: Document, **changes: Any) -> Document:
    """Change a field of every outcome."""
    [judged] = one.judged
    outcomes = tuple(replace(outcome, **changes) for outcome in judged.verdict.outcomes)
    return replace(one, judged=(replace(judged, verdict=replace(judged.verdict, outcomes=outcomes)),))


def with_subject(one: Document, **changes: Any) -> Document:
    """Change the subject of the only image."""
    [judged] = one.judged
    subject = replace(SUBJECT, **changes)
    return replace(one, judged=(replace(judged, verdict=replace(judged.verdict, subject=subject)),))


def test_fingerprints_depend_on_no_line_digest_tag_time_or_sentence() -> None:
    """An alert stays the same alert when a line is added above, and with the next build."""
    before = fingerprints(failed())
    moved = with_outcomes(failed(), place=Place("gate.yaml", 77, 9))
    built = with_subject(failed(), digest=digest_of("another build"), tag="1.4.3", typed="ghcr.io/acme/app:1.4.3")
    later = replace(failed(), at=failed().at.replace(year=2027), gate_version="9.9.9")
    assert before == fingerprints(moved) == fingerprints(built) == fingerprints(later)


def test_fingerprints_tell_images_rules_and_subjects_apart() -> None:
    """Two problems are never taken for one."""
    before = set(fingerprints(failed()))
    assert before.isdisjoint(fingerprints(with_outcomes(failed(), rule="another")))
    assert before.isdisjoint(fingerprints(with_subject(failed(), repository="ghcr.io/acme/other")))
    assert len(set(fingerprints(many_findings()))) == 30


def test_a_finding_that_goes_away_leaves_the_fingerprints_of_others_alone() -> None:
    """Repairing one vulnerability closes one alert."""
    [judged] = many_findings().judged
    one = judged.verdict.outcomes[1]
    fewer = replace(one, findings=one.findings[1:])
    less = document(Failed(SUBJECT, (AMD64,), (judged.verdict.outcomes[0], fewer)), 1)
    assert fingerprints(less) == fingerprints(many_findings())[1:]


def test_equal_findings_of_one_rule_get_fingerprints_of_their_own() -> None:
    """GitHub merges equal ones."""
    twice = (NO_MAINTAINER, replace(NO_MAINTAINER, got="something else"))
    one = outcome("owner-known", Status.VIOLATED, findings=twice)
    first, second = fingerprints(document(Failed(SUBJECT, BOTH, (one,)), 1))
    assert first.removesuffix(":1") == second.removesuffix(":2")


def test_parts_of_a_fingerprint_cannot_run_into_each_other() -> None:
    """`a`, `b c` is not `a b`, `c`."""
    one = replace(NO_MAINTAINER, about=About((("label", "a"), ("x", "b"))))
    other = replace(NO_MAINTAINER, about=About((("label", "a\0x"), ("b", ""))))
    prints = {
        fingerprints(document(Failed(SUBJECT, BOTH, (outcome("r", Status.VIOLATED, findings=(finding,)),)), 1))[0]
        for finding in (one, other)
    }
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("gate.yaml", "gate.yaml"),
        ("./rules//prod.yaml", "rules/prod.yaml"),
        (".gate/my rules#1.yaml", ".gate/my%20rules%231.yaml"),
        ("rules/a:b.yaml", "rules/a%3Ab.yaml"),
        ("rules/ü.yaml", "rules/%C3%BC.yaml"),
        ("/etc/gate.yaml", "gate/ghcr.io/acme/app"),
        ("../gate.yaml", "gate/ghcr.io/acme/app"),
        ("rules/../../gate.yaml", "gate/ghcr.io/acme/app"),
        ("C:/gate.yaml", "gate/ghcr.io/acme/app"),
        ("builtin:baseline", "gate/ghcr.io/acme/app"),
        ("", "gate/ghcr.io/acme/app"),
    ],
)
def test_a_place_is_a_relative_uri_inside_of_the_checkout(written: str, uri: str) -> None:
    """`debian:11` as a URI made GitHub refuse whole files."""
    closure = replace(failed().closure, files=(ClosureFile("rules", written, digest_of("x")),))
    one = replace(with_outcomes(failed(), place=place(14, written)), closure=closure)
    location = results_of(one)[0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri
    assert location["region"]["startLine"] == (1 if uri.startswith("gate/") else 14)
    assert unquote(uri) or written


def test_a_rule_of_a_pack_stands_at_the_rule_file_that_took_it_in() -> None:
    """A pack that ships with the gate is no file of the repository."""
    files = (
        ClosureFile("rules", "builtin:baseline", digest_of("b")),
        ClosureFile("rules", "ops/gate.yaml", digest_of("g")),
        ClosureFile("key", "keys/release.pub", digest_of("k")),
    )
    one = with_outcomes(failed(), place=Place("builtin:baseline", 40, 3))
    found = results_of(replace(one, closure=replace(one.closure, files=files)))[0]["locations"][0]["physicalLocation"]
    assert (found["artifactLocation"]["uri"], found["region"]["startLine"]) == ("ops/gate.yaml", 1)


def test_a_port_in_the_registry_is_no_scheme() -> None:
    """`localhost:5000/app` stands for an image without a rule file."""
    one = with_subject(failed(), repository="localhost:5000/app", place="localhost:5000/app")
    one = replace(one, closure=replace(one.closure, files=()))
    assert (
        results_of(one)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "gate/localhost_5000/app"
    )


def test_several_images_are_one_run_with_one_category() -> None:
    """GitHub refuses two runs of one category."""
    assert run_of(several())["automationDetails"]["id"] == "gate/"
    assert run_of(failed())["automationDetails"]["id"] == "gate/ghcr.io_acme_app/"


def test_a_link_in_a_label_stays_text() -> None:
    """`[text](target)` is a link in a message."""
    evil = replace(NO_MAINTAINER, got="[verified](https://evil.example)")
    one = outcome("owner-known", Status.VIOLATED, findings=(evil,))
    text = results_of(document(Failed(SUBJECT, BOTH, (one,)), 1))[0]["message"]["text"]
    assert "Got: [verified] (https://evil.example)" in text


def test_a_reason_code_with_other_characters_makes_no_subrule() -> None:
    """A `/` in an id means a sub-rule (section 3.49.3)."""
    one = outcome("r", Status.VIOLATED, findings=(replace(NO_MAINTAINER, reason=reason("A/b::c")),))
    assert results_of(document(Failed(SUBJECT, BOTH, (one,)), 1))[0]["ruleId"] == "a-b-c"


def test_more_than_github_shows_is_cut_and_said() -> None:
    """The file stays below GitHub's limits, and nothing is left out silently."""
    many = tuple(vulnerability(number) for number in range(MOST_RESULTS + 7))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=many)
    text = RENDERER.render(document(Failed(SUBJECT, (AMD64,), (one,)), 1), Style())
    run = json.loads(text)["runs"][0]
    assert len(run["results"]) == MOST_RESULTS
    assert run["invocations"][0]["toolExecutionNotifications"] == [
        {
            "level": "warning",
            "message": {"text": "7 more problems are in the other reports: code scanning shows no more than 5000"},
        }
    ]
    assert len(gzip.compress(text.encode())) < 10 * 1024 * 1024


def test_an_undecided_rule_beside_a_violated_one_is_both() -> None:
    """A verdict of failed does not hide what could not be told."""
    both = (
        outcome("owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,)),
        outcome("signed", Status.UNDECIDED, 12, undecided=(REFUSED,)),
        outcome("tidy", Status.UNDECIDED, 20, undecided=(REFUSED,), level=Level.WARNING),
    )
    run = run_of(document(Failed(SUBJECT, BOTH, both), 1))
    assert [one["level"] for one in run["results"]] == ["error", "error", "warning"]
    assert [one["level"] for one in run["invocations"][0]["toolExecutionNotifications"]] == ["error", "warning"]


def test_an_archive_has_a_place_instead_of_a_repository() -> None:
    """`docker-archive:app.tar` names the image where no registry does."""
    one = with_subject(failed(), repository="", place="docker-archive:app.tar")
    assert results_of(one)[0]["message"]["text"].startswith("docker-archive:app.tar@sha256:")
    assert run_of(one)["automationDetails"]["id"] == "gate/docker-archive_app.tar/"


def test_an_image_that_was_not_resolved_is_named_as_it_was_typed() -> None:
    """There is no digest to name."""
    assert results_of(unresolved())[0]["message"]["text"].startswith("ghcr.io/acme/app:1.4.2: could not be told: ")
    odd = replace(unresolved(), judged=(Judged("not an image", unresolved().judged[0].verdict),))
    assert results_of(odd)[0]["message"]["text"].startswith("not an image: could not be told: ")
