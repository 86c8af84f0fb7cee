"""TAP 14: a plan that is kept, one point a rule, and not ok wherever the image must not go on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

import pytest
import yaml
from hypothesis import given, settings

from gate.report import Document, Style
from gate.reports.tap import MOST_FINDINGS, RENDERER
from gate.verdict import Failed, Level, Passed, Status
from tests.reports.documents import (
    AMD64,
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    SAMPLES,
    SUBJECT,
    TAGGED,
    document,
    failed,
    on,
    outcome,
    passed,
    several,
    undetermined,
    unenforced,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents


class Point(NamedTuple):
    """One test point as a harness reads it."""

    holds: bool
    title: str
    directive: str
    said: list[dict[str, str]]

    @property
    def counts_as_ok(self) -> bool:
        """Whether a harness takes it for a success: TODO and SKIP are."""
        return self.holds or self.directive[:4] in {"TODO", "SKIP"}


_POINT = re.compile(r"(not )?ok (\d+) - ((?:[^#\\]|\\[\\#])*?)(?: # ((?:[^#\\]|\\[\\#])*))?")


def read(one: Document) -> list[Point]:
    """Read strictly after TAP 14: version, plan, points in order, diagnostics; nothing else."""
    lines = RENDERER.render(one, Style()).splitlines()
    assert lines[0] == "TAP version 14"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    assert plan is not None
    points: list[Point] = []
    rest = lines[2:]
    while rest:
        line = rest.pop(0)
        found = _POINT.fullmatch(line)
        assert found is not None, line
        assert int(found[2]) == len(points) + 1
        said: list[dict[str, str]] = []
        if rest and rest[0] == "  ---":
            end = rest.index("  ...")
            said = yaml.safe_load("\n".join(rest[1:end]))
            del rest[: end + 1]
        title, directive = (re.sub(r"\\([\\#])", r"\1", text or "") for text in (found[3], found[4]))
        points.append(Point(not found[1], title, directive, said))
    assert len(points) == int(plan[1]) > 0
    return points


def points(one: Document) -> dict[str, Point]:
    """Give the points by their first word."""
    return {point.title.split()[0]: point for point in read(one)}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_harness_is_content_only_if_the_verdict_is_passed(name: str) -> None:
    """Every sample: the plan is kept, and all points count as ok only after a pass."""
    document = SAMPLES[name]
    is_ok = all(point.counts_as_ok for point in read(document))
    assert is_ok == (name in {"passed", "waived"})


@given(documents())
@settings(max_examples=150)
def test_whatever_others_wrote_the_plan_is_kept(one: Document) -> None:
    """No text makes a point, a directive, a plan or a bail-out of its own."""
    found = read(one)
    assert len(found) == len(read(one))
    for point in found:
        assert point.directive == "" or point.directive.split()[0] in {"TODO", "SKIP"}
        for entry in point.said:
            assert entry.keys() <= {"verdict", "digest", "counts", "rules", "run", "note", "status", "place", "problem"}
            assert all(isinstance(value, str) for value in entry.values())


def test_the_first_point_is_the_verdict_on_the_image() -> None:
    """With digest, counts and what the exit code means."""
    point = read(failed())[0]
    assert (point.holds, point.title) == (False, "ghcr.io/acme/app:1.4.2 may go on")
    assert point.said == [
        {"verdict": "failed"},
        {"digest": str(SUBJECT.digest)},
        {"counts": "2 violated, 1 warning, 2 satisfied, 1 not applicable"},
        {"rules": str(failed().closure.rules_digest)},
        {"run": "exit code 1: must not go on"},
    ]


def test_a_violated_rule_is_not_ok_and_says_why() -> None:
    """Place, problem, and what to do."""
    point = points(failed())["owner-known"]
    assert not point.counts_as_ok
    assert point.said[:2] == [{"status": "violated"}, {"place": "gate.yaml:14:3"}]
    assert point.said[2]["problem"].startswith("the label maintainer is no e-mail address [label-format]; expected: an")


def test_an_undecided_rule_is_not_ok() -> None:
    """It could not be told."""
    point = points(undetermined())["signed"]
    assert not point.counts_as_ok
    assert point.said[2]["problem"].startswith("undecided: the registry refused")
    assert "has no tag 1.4.2" in str(read(unresolved())[0].said)


def test_what_decides_nothing_is_a_todo() -> None:
    """Warnings, violated or undecided, and rules that start later."""
    assert points(failed())["not-root"].directive == "TODO a warning decides nothing"
    doubt = outcome("tidy", Status.UNDECIDED, 20, undecided=(REFUSED,), level=Level.WARNING)
    assert points(document(Passed(SUBJECT, BOTH, (TAGGED, doubt)), 0))["tidy"].directive.startswith("TODO")
    assert points(waived())["documented"].directive == "TODO holds from 2027-01-01"


def test_waived_and_not_applicable_rules_are_skipped() -> None:
    """With who accepted it."""
    point = points(waived())["no-critical"]
    assert point.directive == "SKIP waived"
    assert "owner: jane@acme.example" in point.said[2]["problem"]
    assert points(passed())["small"].directive == "SKIP not-applicable"
    assert points(waived())["licensed"].directive == "SKIP upcoming"


def test_a_hash_and_a_backslash_in_a_title_make_no_directive() -> None:
    r"""`\#` and `\\` (TAP 14, Escaping)."""
    one = outcome(r"a # SKIP \# TODO \\", Status.VIOLATED, findings=(NO_MAINTAINER,))
    point = read(document(Failed(SUBJECT, BOTH, (one,)), 1))[1]
    assert point.directive == ""
    assert point.title == r"a # SKIP \# TODO \\ of ghcr.io/acme/app:1.4.2"
    assert not point.counts_as_ok


def test_several_images_are_one_plan() -> None:
    """One after the other."""
    titles = [point.title for point in read(several()) if point.title.endswith("may go on")]
    assert titles == [f"ghcr.io/acme/{name}:1.4.2 may go on" for name in ("app", "worker", "cron")]


def test_a_run_over_no_image_is_not_ok() -> None:
    """A plan of nothing would be a success."""
    assert read(replace(passed(), judged=(), exit_code=3)) == [
        Point(holds=False, title="no image was judged", directive="", said=[])
    ]


def test_more_findings_than_anybody_reads_are_counted() -> None:
    """The other reports have all."""
    many = tuple(vulnerability(number) for number in range(MOST_FINDINGS + 3))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=many)
    said = points(document(Failed(SUBJECT, (AMD64,), (one,)), 1))["no-critical"].said
    assert said[-1] == {"problem": "and 4 more"}
    assert len(said) == MOST_FINDINGS + 2


def test_an_unenforced_run_says_so() -> None:
    """The verdict stays what it is (S25)."""
    assert {"run": "exit code 0: not enforced until 2027-01-15"} in read(unenforced())[0].said
