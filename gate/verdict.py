"""Outcomes of rules, the verdict on one subject, and the clearance that promotion takes.

A verdict holds its proof: `Passed` refuses to exist without a satisfied `error` rule on every
platform, `Failed` without a violation, `Undetermined` without something undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gate.evidence import Look
    from gate.finding import Finding, Note, Undecided
    from gate.subject import Subject

__all__ = [
    "Clearance", "Failed", "Level", "Outcome", "Passed", "Place", "Refusal", "Run", "Status", "Undetermined",
    "Verdict", "Waived", "clear", "conclude",
]  # fmt: skip


class Level(StrEnum):
    """Whether a rule decides the verdict or only warns."""

    ERROR = "error"
    WARNING = "warning"


class Status(StrEnum):
    """What a rule says about the subject (DESIGN section 4)."""

    SATISFIED = "satisfied"
    VIOLATED = "violated"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    UPCOMING = "upcoming"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in which file something was written (1-based)."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        """`path:line:column`."""
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding and the waiver that accepts it. `break_glass` waivers are for hours, and reports list them apart."""

    finding: Finding
    owner: str
    reason: str
    expires: str
    place: Place
    ticket: str = ""
    break_glass: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule says of one platform (or of the whole image: `platform` is "").

    For `UPCOMING`, `would_be` says what it will be from `starts` on. `covers` are the platforms it
    speaks for, as `str(Platform)`.
    """

    rule: str
    check: str
    level: Level
    status: Status
    place: Place
    platform: str
    covers: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    waived: tuple[Waived, ...] = ()
    notes: tuple[Note, ...] = ()
    looked: tuple[Look, ...] = ()
    why: str = ""
    fix: str = ""
    would_be: Status | None = None
    starts: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """Every `error` rule holds, and at least one was satisfied on every platform."""

    subject: Subject
    platforms: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    def __post_init__(self) -> None:
        """Raise `RuntimeError` if the outcomes do not prove it (S2)."""
        enforced = _enforced(self.outcomes)
        if any(outcome.status in {Status.VIOLATED, Status.UNDECIDED} for outcome in enforced):
            msg = "Passed with a violated or undecided rule"
            raise RuntimeError(msg)
        if not _covers_every_platform(enforced, self.platforms):
            msg = "Passed without a satisfied error rule on every platform"
            raise RuntimeError(msg)


@dataclass(frozen=True, slots=True)
class Failed:
    """At least one `error` rule is violated."""

    subject: Subject
    platforms: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    def __post_init__(self) -> None:
        """Raise `RuntimeError` if no outcome is violated."""
        if not any(outcome.status is Status.VIOLATED for outcome in _enforced(self.outcomes)):
            msg = "Failed without a violated rule"
            raise RuntimeError(msg)


@dataclass(frozen=True, slots=True)
class Undetermined:
    """No verdict could be given. `causes` are what stood in the way; `subject` is None if nothing was resolved."""

    subject: Subject | None
    platforms: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    causes: tuple[Undecided, ...]

    def __post_init__(self) -> None:
        """Raise `RuntimeError` if nothing is undecided."""
        if not self.causes:
            msg = "Undetermined without a cause"
            raise RuntimeError(msg)


Verdict = Passed | Failed | Undetermined


def _enforced(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome in outcomes if outcome.level is Level.ERROR)


def _covers_every_platform(enforced: tuple[Outcome, ...], platforms: tuple[str, ...]) -> bool:
    satisfied = {name for outcome in enforced if outcome.status is Status.SATISFIED for name in outcome.covers}
    return bool(platforms) and satisfied.issuperset(platforms)


def conclude(
    subject: Subject,
    platforms: tuple[str, ...],
    outcomes: tuple[Outcome, ...],
    no_enforcing_rule: Undecided,
    blocked: tuple[Undecided, ...] = (),
) -> Verdict:
    """Draw the verdict from the outcomes (DESIGN section 4).

    `blocked` is what makes the subject itself unjudgeable (contradictory platforms, a moved tag);
    a violation still fails. `no_enforcing_rule` is reported where no `error` rule was satisfied.
    """
    enforced = _enforced(outcomes)
    if any(outcome.status is Status.VIOLATED for outcome in enforced):
        return Failed(subject, platforms, outcomes)
    undecided = tuple(
        undecided for outcome in enforced if outcome.status is Status.UNDECIDED for undecided in outcome.undecided
    )
    if any(outcome.status is Status.UNDECIDED for outcome in enforced) and not undecided:
        msg = "an undecided outcome says nothing about what is undecided"
        raise RuntimeError(msg)
    if blocked or undecided:
        return Undetermined(subject, platforms, outcomes, (*blocked, *undecided))
    if not _covers_every_platform(enforced, platforms):
        return Undetermined(subject, platforms, outcomes, (no_enforcing_rule,))
    return Passed(subject, platforms, outcomes)


@dataclass(frozen=True, slots=True)
class Run:
    """What promotion must know of the run behind a verdict (S35)."""

    live: bool
    at: datetime
    real_clock: bool
    advisory: bool
    all_platforms: bool
    all_rules: bool
    compared: bool
    rules_digest: str
    pinned_rules: bool
    destinations: tuple[str, ...]


_SEAL: Final = object()

#: A clearance is good for this long (S35).
CLEARANCE_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Clearance:
    """The right to give one exact digest its tags. Only `clear` makes one."""

    passed: Passed
    run: Run
    seal: object

    def __post_init__(self) -> None:
        """Raise `RuntimeError` unless made by `clear`."""
        if self.seal is not _SEAL:
            msg = "a Clearance is made by clear() only"
            raise RuntimeError(msg)

    def expired(self, now: datetime) -> bool:
        """Tell whether it is older than ten minutes, or from the future."""
        return not timedelta(0) <= now - self.run.at < CLEARANCE_LIFETIME


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a passed verdict does not allow promotion."""

    why: tuple[str, ...]


def clear(passed: Passed, run: Run) -> Clearance | Refusal:
    """Give the clearance for a passed verdict of a live registry run, or say why not (S35)."""
    reasons = (
        (not run.live, "the evidence did not come from a live registry"),
        (not run.real_clock, "--at was given: the verdict is not about now"),
        (run.advisory, "the rules are advisory"),
        (not run.all_platforms, "--platform was given: not every platform was judged"),
        (not run.all_rules, "--only was given: not every rule was judged"),
        (run.compared, "--compare was given: only what is new was judged"),
        (not run.pinned_rules, "the rules come from the head of a pull request"),
        (not run.destinations, "the image was not judged under the tag it would get"),
    )
    why = tuple(text for holds, text in reasons if holds)
    return Refusal(why) if why else Clearance(passed, run, _SEAL)
