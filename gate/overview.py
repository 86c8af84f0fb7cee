"""What every report shows: the outcomes of one rule on all platforms, put together.

An image of four platforms has four outcomes of one rule. People want to read one entry, with each
finding once and the platforms it was found on (S9).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from gate.finding import About, Finding, Note, Undecided
from gate.verdict import Failed, Level, Passed, Status, Undetermined, Waived

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.evidence import Look
    from gate.report import Document, Judged
    from gate.verdict import Outcome, Place, Verdict

__all__ = ["Placed", "RuleOverview", "count", "headlines", "other_causes", "run_word", "summarise", "word"]

T = TypeVar("T", Finding, Undecided, Waived, Note)

#: The outcome of a rule is that of its worst platform, in this order.
_WORST_FIRST: Final = (
    Status.VIOLATED,
    Status.UNDECIDED,
    Status.WAIVED,
    Status.SATISFIED,
    Status.UPCOMING,
    Status.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """Something a rule says, and the platforms it says it of.

    `where` is for people: "" where there is nothing to tell apart (a whole image, or its only
    platform), `every platform`, or the platforms by name.
    """

    item: T
    platforms: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class RuleOverview:
    """One rule on all platforms: `status` is the worst, everything else is in the order of the outcomes."""

    rule: str
    check: str
    level: Level
    status: Status
    place: Place
    why: str
    fix: str
    starts: str
    would_be: Status | None
    findings: tuple[Placed[Finding], ...]
    undecided: tuple[Placed[Undecided], ...]
    waived: tuple[Placed[Waived], ...]
    notes: tuple[Placed[Note], ...]
    looked: tuple[Look, ...]


def summarise(verdict: Verdict) -> tuple[RuleOverview, ...]:
    """Give one overview a rule, in the order of the rules."""
    rules: dict[tuple[str, Place], list[Outcome]] = {}
    for outcome in verdict.outcomes:
        rules.setdefault((outcome.rule, outcome.place), []).append(outcome)
    return tuple(_overview(outcomes, verdict.platforms) for outcomes in rules.values())


def _overview(outcomes: list[Outcome], platforms: tuple[str, ...]) -> RuleOverview:
    first = outcomes[0]
    return RuleOverview(
        rule=first.rule,
        check=first.check,
        level=first.level,
        status=_worst(outcome.status for outcome in outcomes),
        place=first.place,
        why=first.why,
        fix=first.fix,
        starts=first.starts,
        would_be=_worst(outcome.would_be for outcome in outcomes if outcome.would_be) if first.would_be else None,
        findings=_placed(((one, outcome.platform) for outcome in outcomes for one in outcome.findings), platforms),
        undecided=_placed(((one, outcome.platform) for outcome in outcomes for one in outcome.undecided), platforms),
        waived=_placed(((one, outcome.platform) for outcome in outcomes for one in outcome.waived), platforms),
        notes=_placed(((one, outcome.platform) for outcome in outcomes for one in outcome.notes), platforms),
        looked=tuple(dict.fromkeys(look for outcome in outcomes for look in outcome.looked)),
    )


def _worst(statuses: Iterable[Status]) -> Status:
    return min(statuses, key=_WORST_FIRST.index)


def _placed(items: Iterable[tuple[T, str]], platforms: tuple[str, ...]) -> tuple[Placed[T], ...]:
    """Put equal items together; what differs in nothing but the platform it is about is equal."""
    found: dict[object, tuple[T, dict[str, None]]] = {}
    for item, platform in items:
        found.setdefault(_without_platform(item), (item, {}))[1].setdefault(platform)
    return tuple(Placed(item, tuple(name for name in at if name), _where(at, platforms)) for item, at in found.values())


def _without_platform(item: Finding | Undecided | Waived | Note) -> object:
    """Give what makes two items equal."""
    match item:
        case Finding():
            about = About(tuple(pair for pair in item.about.keys if pair[0] != "platform"))
            return (item.reason, about, item.what, item.expected, item.got, item.fix, item.bucket)
        case Waived():
            return (_without_platform(item.finding), item.owner, item.reason, item.expires, item.place, item.ticket)
        case _:
            return item


def _where(at: Iterable[str], platforms: tuple[str, ...]) -> str:
    names = tuple(name for name in at if name)
    if not names or len(platforms) == 1:
        return ""
    return "every platform" if set(names) >= set(platforms) else ", ".join(names)


def other_causes(verdict: Verdict) -> tuple[Undecided, ...]:
    """Give what stands in the way of a verdict beside the rules: nothing resolved, no rule, a tag that moved."""
    if not isinstance(verdict, Undetermined):
        return ()
    said = {undecided for outcome in verdict.outcomes for undecided in outcome.undecided}
    return tuple(dict.fromkeys(cause for cause in verdict.causes if cause not in said))


def headlines(judged: Judged) -> tuple[str, ...]:
    """Give the notes that belong into the first lines, each once (S19, S33)."""
    notes = (*judged.notes, *(note for outcome in judged.verdict.outcomes for note in outcome.notes))
    return tuple(dict.fromkeys(note.what for note in notes if note.headline))


def count(rules: Iterable[RuleOverview]) -> Mapping[tuple[Level, Status], int]:
    """Count the rules of each level and outcome; one that is missing counts 0."""
    return Counter((rule.level, rule.status) for rule in rules)


def word(verdict: Verdict) -> str:
    """Give the word of a verdict: `passed`, `failed` or `undetermined`."""
    match verdict:
        case Passed():
            return "passed"
        case Failed():
            return "failed"
        case Undetermined():
            return "undetermined"


def run_word(document: Document) -> str:
    """Give the verdict of the whole run: the worst of its images, `undetermined` without any."""
    words = {word(judged.verdict) for judged in document.judged}
    return next((one for one in ("failed", "undetermined", "passed") if one in words), "undetermined")
