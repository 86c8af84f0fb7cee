"""`--wait`: asks again only for what time can cure, with a deadline, and the last answer counts. Nothing here sleeps."""

from __future__ import annotations

import io
import re
from argparse import ArgumentTypeError
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.cli._wait import CURED_BY_TIME, patiently, waiting_time
from gate.cli._world import World
from gate.cli.explain import all_reasons
from gate.cli.main import main
from gate.report import Document
from tests.ci.layouts import layout
from tests.reports.documents import SAMPLES

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes only while somebody sleeps; `after` happens when so many seconds have passed."""

    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)
    backwards: bool = False

    def now(self) -> datetime:
        """Give the time."""
        return NOW + timedelta(seconds=-self.seconds if self.backwards else self.seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.naps.append(seconds)
        self.seconds += seconds

    def world(self) -> World:
        """Give an outside with this clock."""
        return World(io.StringIO(), io.StringIO(), {}, self.now, self.sleep)


@dataclass
class Pushes(Clock):
    """A clock at whose `at`-th nap a tag is pushed into a layout."""

    folder: Path = Path()
    at: int = 2

    def sleep(self, seconds: float) -> None:
        """Let time pass, and push."""
        super().sleep(seconds)
        if len(self.naps) == self.at:
            layout(self.folder / "image", {"maintainer": "ops@example.com"})


SCANNED = "gate: 1\nrules:\n  scanned: {check: vulnerabilities, fail-at: high}\n"
RULES = "gate: 1\nrules:\n  version: {check: tag, allow: [semver]}\n"


def check(clock: Clock, folder: Path, *more: str, rules: str = RULES, tag: str = "1.4.2") -> tuple[int, str, str]:
    """Check the image in a folder; give code, standard output and standard error."""
    (folder / "gate.yaml").write_text(rules)
    world = clock.world()
    code = main(["check", "--rules", str(folder / "gate.yaml"), *more, f"oci:{folder}/image:{tag}"], world)
    assert isinstance(world.stdout, io.StringIO)
    assert isinstance(world.stderr, io.StringIO)
    return code, world.stdout.getvalue(), world.stderr.getvalue()


def test_a_tag_that_arrives_in_time_is_judged(tmp_path: Path) -> None:
    """The third look finds it."""
    layout(tmp_path / "image", {}, tag="other")
    clock = Pushes(folder=tmp_path)
    code, out, err = check(clock, tmp_path, "--wait", "2m")
    assert (code, clock.naps) == (0, [2.0, 4.0])
    assert "PASSED" in out
    assert "tag-not-found: asking again in 2 s (--wait, 120 s left)" in err


def test_without_the_option_there_is_one_look(tmp_path: Path) -> None:
    """And no pause."""
    layout(tmp_path / "image", {}, tag="other")
    clock = Pushes(folder=tmp_path)
    code, _, err = check(clock, tmp_path)
    assert (code, clock.naps) == (3, [])
    assert "asking again" not in err


@pytest.mark.parametrize(("wait", "naps"), [("5s", [2, 3]), ("2s", [2]), ("1m", [2, 4, 8, 15, 15, 15, 1])])
def test_the_time_is_never_exceeded(wait: str, naps: list[float], tmp_path: Path) -> None:
    """Pauses grow, the last one is cut, and the last answer counts."""
    layout(tmp_path / "image", {}, tag="other")
    clock = Clock()
    code, _, _ = check(clock, tmp_path, "--wait", wait)
    assert (code, clock.naps) == (3, naps)


def test_a_clock_that_runs_backwards_ends_it_too(tmp_path: Path) -> None:
    """What was slept counts as well."""
    layout(tmp_path / "image", {}, tag="other")
    clock = Clock(backwards=True)
    assert check(clock, tmp_path, "--wait", "5s")[0] == 3
    assert clock.naps == [2, 3]


@pytest.mark.parametrize(
    ("rules", "tag"),
    [
        ("gate: 1\nrules:\n  version: {check: tag, allow: [calver]}\n", "1.4.2"),
        ("gate: 1\nrules:\n  user: {check: labels, require: {maintainer: email}}\n", "1.4.2"),
        (f"{SCANNED}  user: {{check: labels, require: {{maintainer: email}}}}\n", "1.4.2"),
    ],
)
def test_what_time_does_not_cure_is_not_waited_for(rules: str, tag: str, tmp_path: Path) -> None:
    """A violated rule stays violated, whatever else is still missing."""
    layout(tmp_path / "image", {})
    clock = Clock()
    code, _, _ = check(clock, tmp_path, "--wait", "2m", rules=rules, tag=tag)
    assert (code, clock.naps) == (1, [])


def test_a_report_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    """A missing report, and nothing else in the way."""
    layout(tmp_path / "image", {})
    clock = Clock()
    code, _, err = check(clock, tmp_path, "--wait", "3s", rules=SCANNED)
    assert (code, clock.naps) == (1, [2, 1])
    assert "report-missing" in err


def test_rules_that_warn_or_come_later_are_not_waited_for(tmp_path: Path) -> None:
    """They do not stand in the way."""
    layout(tmp_path / "image", {})
    clock = Clock()
    rules = (
        f"{RULES}  scanned: {{check: vulnerabilities, fail-at: high, level: warning}}\n"
        "  later: {check: vulnerabilities, fail-at: high, from: 2099-01-01}\n"
    )
    assert check(clock, tmp_path, "--wait", "2m", rules=rules)[0] == 0
    assert clock.naps == []


def test_each_look_is_judged_at_its_own_time(tmp_path: Path) -> None:
    """What arrives while waiting is not from the future; with --at the time stays as given."""
    layout(tmp_path / "image", {}, tag="other")
    _, out, _ = check(Pushes(folder=tmp_path), tmp_path, "--wait", "2m", "--format", "json")
    assert '"2026-11-25T00:00:06Z"' in out
    layout(tmp_path / "image", {}, tag="other")
    at = "2026-11-24T12:00:00Z"
    _, out, _ = check(Pushes(folder=tmp_path), tmp_path, "--wait", "2m", "--at", at, "--format", "json")
    assert f'"{at}"' in out


def test_mistakes_in_rule_files_are_told_at_once(tmp_path: Path) -> None:
    """They are read while the first tag is looked for."""
    layout(tmp_path / "image", {}, tag="other")
    clock = Clock()
    assert check(clock, tmp_path, "--wait", "2m", rules="gate: 1\nrules: {x: {check: nothing}}\n")[0] == 2
    assert clock.naps == []


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_verdict_is_never_made_better_by_waiting(name: str) -> None:
    """What comes back is the last document, unchanged."""
    clock = Clock()
    document: Document = SAMPLES[name]
    assert patiently(lambda: document, 30.0, clock.world()) is document
    if document.exit_code == 0:
        assert clock.naps == []


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("90", 90), ("90s", 90), ("2m", 120), ("60m", 3600)])
def test_times_as_people_write_them(text: str, seconds: float) -> None:
    """Seconds and minutes."""
    assert waiting_time(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "2h", "1.5m", "61m", "3601", "٣m", "2 m", "2m\n", "inf", "nan", "99999"])
def test_other_times_are_refused(text: str, tmp_path: Path) -> None:
    """As wrong usage, also where the shell would take them for something else."""
    with pytest.raises(ArgumentTypeError, match=re.escape(repr(text))):
        waiting_time(text)
    assert check(Clock(), tmp_path, f"--wait={text}")[0] == 2


def test_every_reason_to_wait_for_exists() -> None:
    """A reason that was renamed would be waited for no more."""
    planned = {"attestation-missing"}
    assert CURED_BY_TIME - planned <= all_reasons().keys()
