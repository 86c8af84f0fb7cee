"""Issues for Azure Pipelines: exactly the commands that we mean, whatever others wrote."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings

from gate.report import Document, Style
from gate.reports import azure
from gate.reports.azure import MOST_ISSUES, RENDERER
from gate.verdict import Failed, Passed, Status
from tests.reports.ci_commands import Command, azure_commands
from tests.reports.documents import (
    AMD64,
    BOTH,
    NO_MAINTAINER,
    SAMPLES,
    SUBJECT,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    undetermined,
    unenforced,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents


def shown(one: Document) -> list[Command]:
    """Render and read the log as the agent does."""
    return azure_commands(RENDERER.render(one, Style()))


def is_ours(text: str) -> None:
    """Assert that the agent finds issues only, each at the start of a line that we wrote as one."""
    found = azure_commands(text)
    lines = [line for line in text.splitlines() if line.startswith("##vso[")]
    assert len(lines) == len(found)
    assert len(re.findall(r"##\w*\[", text)) == len(found)
    for command in found:
        assert command.name == "task.logissue"
        assert command.properties["type"] in {"error", "warning"}
        assert command.properties.keys() <= {"type", "sourcepath", "linenumber", "columnnumber", "code"}
        assert command.properties.get("linenumber", "1").isdigit()
    assert all(number <= MOST_ISSUES for number in Counter(one.properties["type"] for one in found).values())


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_agent_finds_exactly_the_issues(name: str) -> None:
    """Every sample."""
    is_ours(RENDERER.render(SAMPLES[name], Style()))


@given(documents())
@settings(max_examples=200)
def test_whatever_others_wrote_the_agent_finds_exactly_the_issues(one: Document) -> None:
    """No label, path or answer of a registry sets a variable or completes the task (S43)."""
    is_ours(RENDERER.render(one, Style()))


def test_an_issue_stands_at_the_rule_and_says_everything() -> None:
    """Rule, problem, reason, image, and what to do."""
    assert shown(failed())[0] == Command(
        "task.logissue",
        {"type": "error", "sourcepath": "gate.yaml", "linenumber": "14", "columnnumber": "3", "code": "label-format"},
        "owner-known (gate.yaml:14:3): the label maintainer is no e-mail address [label-format]\n"
        "image: ghcr.io/acme/app:1.4.2\n"
        "expected: an e-mail address, as team@example.com\n"
        "got: the platform team \n"
        "on: every platform\n"
        'fix: Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.',
    )


@pytest.mark.parametrize("text", ["a;b", "a]b", "100%", "%0A", "%5D;type=x", "%AZP25", "]##vso[task.complete]"])
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    """In a message and in a property; a command inside is broken."""
    evil = replace(NO_MAINTAINER, what=text)
    one = outcome("r", Status.VIOLATED, findings=(evil,))
    files = (replace(failed().closure.files[0], path=f"rules/{text}.yaml"),)
    one = replace(one, place=replace(one.place, path=f"rules/{text}.yaml"))
    command = shown(
        replace(document(Failed(SUBJECT, BOTH, (one,)), 1), closure=replace(failed().closure, files=files))
    )[0]
    printed = text.replace("##vso[", "\\x23#vso[")
    assert command.message.splitlines()[0].endswith(f"{printed} [label-format]")
    assert command.properties["sourcepath"] == f"rules/{printed}.yaml"


def test_what_could_not_be_told_is_an_error() -> None:
    """With the word, since it is no violation."""
    [issue] = shown(undetermined())
    assert (issue.properties["type"], issue.properties["code"]) == ("error", "unauthorized")
    assert issue.message.startswith("undecided: signed (gate.yaml:12:3): the registry refused")
    assert shown(unresolved())[0].message.startswith("undecided: ghcr.io/acme/app has no tag 1.4.2")


def test_a_passed_run_has_no_issue_and_says_image_and_digest() -> None:
    """First and last line say the verdict."""
    lines = RENDERER.render(passed(), Style()).splitlines()
    assert shown(passed()) == []
    assert lines[0] == f"PASSED  ghcr.io/acme/app:1.4.2 → {SUBJECT.digest}: 3 satisfied, 1 not applicable"
    assert lines[-1] == "PASSED: exit code 0: may go on"


def test_what_stops_nobody_is_a_plain_line() -> None:
    """Azure has no notices."""
    lines = RENDERER.render(waived(), Style()).splitlines()
    assert shown(waived()) == []
    assert lines[2].startswith("waived: no-critical (gate.yaml:30:3): CVE-2026-0007")
    assert lines[3].startswith("upcoming: documented (gate.yaml:50:3): the label")


def test_more_than_the_agent_keeps_is_cut_and_counted() -> None:
    """The worst nine, and one that says how many are missing; plain lines likewise."""
    errors = shown(many_findings())
    assert len(errors) == 10
    assert errors[-1] == Command("task.logissue", {"type": "error"}, "and 21 more: the other reports have all")
    later = on(
        AMD64, "later", Status.UPCOMING, findings=tuple(vulnerability(number) for number in range(12)),
        would_be=Status.VIOLATED, starts="2027-01-01",
    )  # fmt: skip
    good = outcome("good", Status.SATISFIED, covers=(AMD64,))
    lines = RENDERER.render(document(Passed(SUBJECT, (AMD64,), (good, later)), 0), Style()).splitlines()
    assert lines[-2] == "and 3 more"


def test_an_unenforced_run_says_so() -> None:
    """In the last line."""
    assert RENDERER.render(unenforced(), Style()).endswith("FAILED: exit code 0: not enforced until 2027-01-15\n")


def test_without_a_rule_file_an_issue_has_no_place() -> None:
    """A path outside of the checkout would lead nowhere."""
    one = replace(failed(), closure=replace(failed().closure, files=()))
    assert shown(one)[0].properties == {"type": "error", "code": "label-format"}


@pytest.mark.parametrize("broken", ["%", "\n", "]", ";"])
def test_each_escape_is_needed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any one of them, a command is read as another than the one that was meant."""
    path = "rules/a%5D];type=warning;b.yaml"
    one = outcome("r", Status.VIOLATED, findings=(replace(NO_MAINTAINER, what="50%0A"),))
    one = replace(one, place=replace(one.place, path=path))
    files = (replace(failed().closure.files[0], path=path),)
    meant = replace(document(Failed(SUBJECT, BOTH, (one,)), 1), closure=replace(failed().closure, files=files))
    right = shown(meant)
    keep = {"%": "%AZP25", "\n": "%0A", "]": "%5D", ";": "%3B"}
    del keep[broken]
    monkeypatch.setattr(azure, "_property", lambda text: "".join(keep.get(one, one) for one in text))
    monkeypatch.setattr(
        azure, "_message", lambda text: "".join(keep.get(one, one) if one in "%\n" else one for one in text)
    )
    assert shown(meant) != right
