"""Annotations for GitHub: exactly the commands that we mean, worst first, ten a level, whatever others wrote."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings

from gate.report import Document, Style
from gate.reports import github
from gate.reports.github import MOST_ANNOTATIONS, RENDERER
from gate.verdict import Failed, Status
from tests.reports.ci_commands import Command, github_commands
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
    place,
    undetermined,
    unenforced,
    unfinished,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents


def shown(one: Document) -> list[Command]:
    """Render and read the log as the runner does."""
    return github_commands(RENDERER.render(one, Style()))


def is_ours(text: str) -> None:
    """Assert that the runner finds annotations only, each on a line that we wrote as one, and never too many."""
    found = github_commands(text)
    lines = text.splitlines()
    assert len(lines) == len(found) + 2
    assert not any(line.strip().startswith("::") for line in (lines[0], lines[-1]))
    for line, command in zip(lines[1:-1], found, strict=True):
        assert line.startswith(f"::{command.name} ")
        assert command.name in {"error", "warning", "notice"}
        assert command.properties.keys() <= {"file", "line", "col", "title"}
        assert {"title"} <= command.properties.keys()
        assert ("file" in command.properties) == ("line" in command.properties) == ("col" in command.properties)
        assert len(command.message) <= 4096
        if "file" in command.properties:
            assert command.properties["line"].isdigit()
            assert not command.properties["file"].startswith(("/", "./"))
    counts = Counter(command.name for command in found)
    assert all(number <= MOST_ANNOTATIONS for number in counts.values())
    names = [command.name for command in found]
    assert names == sorted(names, key=["error", "warning", "notice"].index)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_runner_finds_exactly_the_annotations(name: str) -> None:
    """Every sample."""
    is_ours(RENDERER.render(SAMPLES[name], Style()))


@given(documents())
@settings(max_examples=200)
def test_whatever_others_wrote_the_runner_finds_exactly_the_annotations(one: Document) -> None:
    """No label, path or answer of a registry adds, ends or changes a command (S43)."""
    text = RENDERER.render(one, Style())
    is_ours(text)
    assert "##[" not in text


def test_an_annotation_stands_at_the_rule_and_says_everything() -> None:
    """The log shows the message alone, so it has the place too."""
    assert shown(failed())[0] == Command(
        "error",
        {"file": "gate.yaml", "line": "14", "col": "3", "title": "owner-known"},
        "the label maintainer is no e-mail address [label-format]\n"
        "image: ghcr.io/acme/app:1.4.2\n"
        "expected: an e-mail address, as team@example.com\n"
        "got: the platform team \n"
        "on: every platform\n"
        'fix: Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.\n'
        "rule: owner-known (gate.yaml:14:3)",
    )


@pytest.mark.parametrize(
    "text", ["100%", "%0A::error::x", "%25", "a,b:c", "file=x,line=9::y", "50%2C", "\r\n::notice::z"]
)
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    """In a message and in a property: `%` is escaped first (actions/toolkit, command.ts)."""
    evil = replace(NO_MAINTAINER, what=text)
    one = outcome(text, Status.VIOLATED, findings=(evil,), place=place(14, f"rules/{text}.yaml"))
    files = (replace(failed().closure.files[0], path=f"rules/{text}.yaml"),)
    closure = replace(failed().closure, files=files)
    command = shown(replace(document(Failed(SUBJECT, BOTH, (one,)), 1), closure=closure))[0]
    printed = text.replace("\r\n::", "\\r\\n::")
    assert command.message.splitlines()[0] == f"{printed} [label-format]"
    assert command.properties["title"] == printed
    assert command.properties["file"] == f"rules/{printed}.yaml"
    assert command.properties["line"] == "14"


def test_what_could_not_be_told_is_an_error() -> None:
    """With the word, since it is no violation."""
    assert shown(undetermined())[0].name == "error"
    assert shown(undetermined())[0].properties["title"] == "undecided: signed"
    assert shown(unresolved())[0].properties["title"].startswith("undecided: ")
    assert shown(unfinished())[0].name == "error"


def test_a_passed_run_has_one_notice_with_image_and_digest() -> None:
    """And no error or warning."""
    [notice] = shown(passed())
    assert notice.name == "notice"
    assert notice.properties == {"title": "image-gate: passed"}
    assert notice.message.startswith(f"ghcr.io/acme/app:1.4.2 → {SUBJECT.digest}\n3 satisfied, 1 not applicable\n")
    assert "the completeness of trivy-amd64.json is unproven" in notice.message


def test_warnings_are_warnings_and_what_stops_nobody_is_a_notice() -> None:
    """Waived and upcoming problems, and waivers to renew."""
    assert [command.name for command in shown(failed())] == ["error"] * 3 + ["warning"] + ["notice"] * 2
    titles = [command.properties["title"] for command in shown(waived())]
    assert titles == [
        "image-gate: passed", "waived: no-critical", "upcoming: documented", "expired waiver", "idle waiver",
    ]  # fmt: skip


def test_more_than_the_runner_shows_is_cut_and_counted() -> None:
    """The worst nine, and one that says how many are missing."""
    errors = [command for command in shown(many_findings()) if command.name == "error"]
    assert len(errors) == 10
    assert [f"CVE-2026-000{number}" in errors[number - 1].message for number in range(1, 10)] == [True] * 9
    assert errors[-1] == Command(
        "error", {"title": "image-gate"}, "and 21 more: the log and the other reports have all"
    )


def test_ten_are_shown_whole() -> None:
    """There is nothing to cut."""
    ten = tuple(vulnerability(number) for number in range(10))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=ten)
    errors = [one for one in shown(document(Failed(SUBJECT, (AMD64,), (one,)), 1)) if one.name == "error"]
    assert len(errors) == 10
    assert "more" not in errors[-1].message


def test_a_rule_file_outside_of_the_checkout_is_left_away() -> None:
    """The annotation then has no file, which GitHub shows all the same."""
    one = replace(failed(), closure=replace(failed().closure, files=()))
    assert shown(one)[0].properties == {"title": "owner-known"}


def test_an_unenforced_run_says_so_in_title_and_log() -> None:
    """A green step with errors explains itself."""
    text = RENDERER.render(unenforced(), Style())
    assert text.splitlines()[-1] == "FAILED: exit code 0: not enforced until 2027-01-15"
    assert "image-gate: failed, not enforced" in [command.properties["title"] for command in shown(unenforced())]


def test_first_and_last_line_say_the_verdict() -> None:
    """For who reads the log."""
    lines = RENDERER.render(failed(), Style()).splitlines()
    assert lines[0] == f"FAILED: ghcr.io/acme/app:1.4.2 → {SUBJECT.digest}"
    assert lines[-1] == "FAILED: exit code 1: must not go on"


@pytest.mark.parametrize("broken", ["%", "\n", ":", ","])
def test_each_escape_is_needed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any one of them, a command is read as another than the one that was meant."""
    evil = replace(NO_MAINTAINER, what="50%0A,x=y")
    one = outcome("a%2C:,col=9::b", Status.VIOLATED, findings=(evil,))
    meant = document(Failed(SUBJECT, BOTH, (one,)), 1)
    right = shown(meant)
    keep = {"%": "%25", "\n": "%0A", ":": "%3A", ",": "%2C"}
    del keep[broken]

    def escaped(text: str) -> str:
        return "".join(keep.get(character, character) for character in text)

    def escaped_message(text: str) -> str:
        return "".join(keep.get(character, character) if character in "%\n" else character for character in text)

    monkeypatch.setattr(github, "_property", escaped)
    monkeypatch.setattr(github, "_message", escaped_message)
    assert shown(meant) != right
