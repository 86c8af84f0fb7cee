"""TAP version 14: a test point for the verdict on each image, and one for each of its rules.

violated and undecided are `not ok`; what decides nothing (warnings, rules that start later) is a TODO, which harnesses
do not count; waived and not applicable are skipped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from gate.listing import capped, counted, details, meaning, problems, rules_of
from gate.markup import safe
from gate.overview import headlines, summarise, word
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.listing import Problem
    from gate.overview import RuleOverview
    from gate.report import Document, Judged, Style

__all__ = ["RENDERER"]

#: A screen of findings a rule; the other reports have all.
MOST_FINDINGS: Final = 100

_BROKEN: Final = frozenset({Status.VIOLATED, Status.UNDECIDED})
_RANKS: Final = {
    Status.VIOLATED: 1,
    Status.UNDECIDED: 2,
    Status.WAIVED: 4,
    Status.UPCOMING: 5,
    Status.SATISFIED: 6,
    Status.NOT_APPLICABLE: 7,
}


class _Point(NamedTuple):
    """One test point; `directive` is written behind `#`, `said` into its diagnostics."""

    holds: bool
    title: str
    directive: str
    said: tuple[tuple[str, str], ...]


class TapRenderer:
    """TAP, the same for the same document whatever the style."""

    name: ClassVar[str] = "tap"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; TAP has no style
        """Give the plan and its points; a run over no image has a point that is not ok."""
        points = [point for judged in document.judged for point in _points(document, judged)]
        points = points or [_Point(holds=False, title="no image was judged", directive="", said=())]
        lines = ["TAP version 14", f"1..{len(points)}"]
        for number, point in enumerate(points, 1):
            lines += _lines(number, point)
        return "\n".join(lines) + "\n"


RENDERER: Final = TapRenderer()


def _points(document: Document, judged: Judged) -> list[_Point]:
    found = problems(judged)
    name, subject = word(judged.verdict), judged.verdict.subject
    digest = str(subject.digest) if subject is not None else "not resolved"
    said = [
        ("verdict", name),
        ("digest", digest),
        ("counts", counted(summarise(judged.verdict))),
        ("rules", rules_of(document)),
        ("run", meaning(document)),
        *(("note", note) for note in headlines(judged)),
        *_said([one for one in found if not one.rule]),
    ]
    head = _Point(name == "passed", f"{judged.image} may go on", "", tuple(said))
    return [head, *(_point(judged, rule, found) for rule in sorted(summarise(judged.verdict), key=_rank))]


def _rank(rule: RuleOverview) -> int:
    return 3 if rule.level is Level.WARNING and rule.status in _BROKEN else _RANKS[rule.status]


def _point(judged: Judged, rule: RuleOverview, found: Sequence[Problem]) -> _Point:
    mine = [one for one in found if one.rule == rule.rule and one.place == rule.place]
    would_break = rule.status is Status.UPCOMING and rule.would_be in _BROKEN
    directive = ""
    if would_break:
        directive = f"TODO holds from {rule.starts}"
    elif rule.status in _BROKEN and rule.level is Level.WARNING:
        directive = "TODO a warning decides nothing"
    elif rule.status not in _BROKEN and rule.status is not Status.SATISFIED:
        directive = f"SKIP {rule.status}"
    said = (("status", rule.status.value), ("place", str(rule.place)), *_said(mine)) if mine else ()
    return _Point(not would_break and rule.status not in _BROKEN, f"{rule.rule} of {judged.image}", directive, said)


def _said(found: Sequence[Problem]) -> list[tuple[str, str]]:
    shown, left = capped(found, MOST_FINDINGS)
    said = [("problem", _sentence(one)) for one in shown]
    return [*said, ("problem", f"and {left} more")] if left else said


def _sentence(one: Problem) -> str:
    state = "" if one.state is Status.VIOLATED else f"{one.state}: "
    more = "; ".join(f"{label}: {text}" for label, text in details(one))
    return f"{state}{one.what} [{one.reason.code}]; {more}"


def _lines(number: int, point: _Point) -> list[str]:
    line = f"{'ok' if point.holds else 'not ok'} {number} - {_escaped(point.title)}"
    lines = [f"{line} # {_escaped(point.directive)}" if point.directive else line]
    if point.said:
        # A list, since notes and problems come more than once; strings of JSON are strings of YAML.
        entries = (f"  - {label}: {json.dumps(safe(text, 2000), ensure_ascii=False)}" for label, text in point.said)
        lines += ["  ---", *entries, "  ..."]
    return lines


def _escaped(text: str) -> str:
    r"""Escape a description: a `#` would begin a directive, `\` escapes it (TAP 14, Escaping)."""
    return safe(text).replace("\\", "\\\\").replace("#", "\\#")
