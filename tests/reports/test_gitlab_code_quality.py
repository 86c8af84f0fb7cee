"""Code quality for GitLab: one issue a problem, at the rule, compared by fingerprint."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator

from gate.report import Document, Style
from gate.reports.gitlab_code_quality import RENDERER
from gate.verdict import Failed, Level, Place, Status
from tests.reports.documents import (
    AMD64,
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    SAMPLES,
    SUBJECT,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    undetermined,
    unfinished,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents

VALIDATOR = Draft7Validator(
    json.loads((Path(__file__).parent / "schemas" / "gitlab-code-quality.json").read_text(encoding="utf-8"))
)


def issues(one: Document) -> list[dict[str, Any]]:
    """Render and read back."""
    found: list[dict[str, Any]] = json.loads(RENDERER.render(one, Style()))
    return found


def is_accepted(found: list[dict[str, Any]]) -> None:
    """Assert what GitLab's page demands, and that no two issues collapse to one."""
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    prints = [issue["fingerprint"] for issue in found]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_is_what_gitlab_reads(name: str) -> None:
    """Every sample."""
    is_accepted(issues(SAMPLES[name]))


@given(documents())
@settings(max_examples=60)
def test_whatever_others_wrote_it_is_what_gitlab_reads(one: Document) -> None:
    """Paths stay relative, fingerprints are ours, and there is no byte order mark."""
    text = RENDERER.render(one, Style())
    assert text.startswith("[")
    is_accepted(json.loads(text))


def test_a_passed_run_gives_an_empty_list() -> None:
    """Without a file GitLab would keep the old issues."""
    assert RENDERER.render(passed(), Style()) == "[]\n"


def test_an_issue_says_rule_problem_reason_and_image() -> None:
    """GitLab shows the description and nothing else."""
    issue = issues(failed())[0]
    assert issue["description"] == (
        f"owner-known: the label maintainer is no e-mail address [label-format] in ghcr.io/acme/app@{SUBJECT.digest}"
    )
    assert issue["check_name"] == "label-format"
    assert issue["location"] == {"path": "gate.yaml", "lines": {"begin": 14}}


@pytest.mark.parametrize(
    ("bucket", "severity"),
    [("critical", "blocker"), ("high", "critical"), ("medium", "major"), ("low", "minor"), ("odd", "critical")],
)
def test_severities_of_scanners_are_ranked(bucket: str, severity: str) -> None:
    """An unknown one is as bad as any broken rule."""
    one = on(AMD64, "vulns", Status.VIOLATED, findings=(vulnerability(1, severity=bucket),))
    assert issues(document(Failed(SUBJECT, (AMD64,), (one,)), 1))[0]["severity"] == severity


@pytest.mark.parametrize("one", [undetermined(), unresolved(), unfinished()], ids=["refused", "no-tag", "unfinished"])
def test_what_could_not_be_told_is_critical(one: Document) -> None:
    """It stops the image as a violation does."""
    [issue] = issues(one)
    assert issue["severity"] == "critical"
    assert "(undecided): " in issue["description"]


def test_warnings_are_minor_and_what_stops_nobody_is_info() -> None:
    """Waived and upcoming problems stay visible."""
    warning = outcome("tidy", Status.VIOLATED, level=Level.WARNING, findings=(vulnerability(1),))
    doubt = outcome("neat", Status.UNDECIDED, level=Level.WARNING, undecided=(REFUSED,))
    broken = outcome("owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,))
    found = issues(document(Failed(SUBJECT, BOTH, (broken, warning, doubt)), 1))
    assert [issue["severity"] for issue in found] == ["critical", "minor", "minor"]
    assert [(issue["severity"], issue["description"][:22]) for issue in issues(waived())] == [
        ("info", "no-critical (waived): "),
        ("info", "documented (upcoming):"),
    ]


def test_fingerprints_depend_on_no_line_and_no_digest() -> None:
    """Merge requests show what is new, not what moved."""
    [judged] = failed().judged
    outcomes = tuple(replace(one, place=Place("gate.yaml", 99, 1)) for one in judged.verdict.outcomes)
    verdict = replace(judged.verdict, outcomes=outcomes)
    moved = replace(failed(), judged=(replace(judged, verdict=verdict),))
    assert [issue["fingerprint"] for issue in issues(moved)] == [issue["fingerprint"] for issue in issues(failed())]
    assert len({issue["fingerprint"] for issue in issues(many_findings())}) == 30


def test_an_issue_without_a_rule_file_has_a_path_all_the_same() -> None:
    """GitLab refuses one without."""
    one = replace(failed(), closure=replace(failed().closure, files=()))
    assert {issue["location"]["path"] for issue in issues(one)} == {"gate.yaml"}
    assert {issue["location"]["lines"]["begin"] for issue in issues(one)} == {1}
