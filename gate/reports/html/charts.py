"""Pictures of the counts: bars in SVG, each with its number beside it as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.overview import Placed, count
from gate.reports.html.rules import MARKS
from gate.reports.html.tags import Markup, el
from gate.scanner import Severity
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.finding import Finding
    from gate.overview import RuleOverview

__all__ = ["charts", "severities"]

_WORDS: Final = tuple(severity.word for severity in sorted(Severity, key=lambda one: -one))
#: The unknown ones may be anything: they stand last, and always count (S31).
_ORDER: Final = (*(word for word in _WORDS if word != Severity.UNKNOWN.word), Severity.UNKNOWN.word)


def charts(rules: Sequence[RuleOverview], level: str) -> Markup:
    """Give the outcomes of the rules, and the severities of what was found where there are any."""
    return el("div", _outcomes(rules, level), _severities(rules, level), class_="charts")


def _svg(*parts: Markup) -> Markup:
    """Give a bar; its numbers stand beside it, so nobody has to be able to see it."""
    return el(
        "svg",
        *parts,
        width="100%",
        height="14",
        viewBox="0 0 1000 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def _bar(start: int, width: int, kind: str) -> Markup:
    return el("rect", x=str(start), y="0", width=str(width), height="10", class_=kind)


def _outcomes(rules: Sequence[RuleOverview], level: str) -> Markup:
    """One bar with a part for each outcome, in the order of their weight."""
    counts = count(rules)
    kinds = [
        ("violated", MARKS[Status.VIOLATED], "violated", counts[Level.ERROR, Status.VIOLATED]),
        ("undecided", MARKS[Status.UNDECIDED], "undecided", counts[Level.ERROR, Status.UNDECIDED]),
        ("warning", "!", "warning", sum(counts[Level.WARNING, one] for one in (Status.VIOLATED, Status.UNDECIDED))),
        *(
            (one.value, MARKS[one], one.value.replace("-", " "), counts[Level.ERROR, one] + counts[Level.WARNING, one])
            for one in (Status.WAIVED, Status.UPCOMING, Status.SATISFIED, Status.NOT_APPLICABLE)
        ),
    ]
    total = sum(number for *_, number in kinds)
    if not total:
        return el("div", el(level, "Rules"), el("p", "No rule was judged.", class_="quiet"), class_="panel")
    bars, seen = [], 0
    for kind, _, _, number in kinds:
        start, end = 1000 * seen // total, 1000 * (seen + number) // total
        bars += [_bar(start, end - start, kind)] if number else []
        seen += number
    legend = [
        el("li", el("b", str(number)), " ", el("span", sign, " ", name, class_=f"state {kind}"))
        for kind, sign, name, number in kinds
        if number
    ]
    heading = el(level, f"{total} {'rule' if total == 1 else 'rules'}")
    return el("div", heading, _svg(*bars), el("ul", *legend, class_="legend"), class_="panel outcomes")


def severities(rules: Sequence[RuleOverview]) -> Mapping[str, tuple[int, int]]:
    """Count what was found of each severity: what stands, and what a waiver accepts.

    What two rules find, or one on two platforms, is one; it stands if any rule says so.
    """
    found: dict[object, tuple[str, bool]] = {}
    for rule in rules:
        if rule.status is Status.UPCOMING:
            continue
        for placed in rule.findings:
            found[_key(placed)] = (placed.item.bucket or "", True)
        for waived in rule.waived:
            finding = waived.item.finding
            found.setdefault(_key(Placed(finding, (), "")), (finding.bucket or "", False))
    values = list(found.values())
    counts = {word: (values.count((word, True)), values.count((word, False))) for word in _ORDER}
    return {word: pair for word, pair in counts.items() if any(pair)}


def _key(placed: Placed[Finding]) -> object:
    finding = placed.item
    return finding.bucket, tuple(pair for pair in finding.about.keys if pair[0] != "platform") or finding.what


def _severities(rules: Sequence[RuleOverview], level: str) -> Markup:
    counts = severities(rules)
    if not counts:
        return Markup("")
    most = max(sum(pair) for pair in counts.values())
    rows = []
    for word, (standing, waived) in counts.items():
        width = 1000 * standing // most
        whole = 1000 * (standing + waived) // most
        bar = _svg(_bar(0, width, f"severity-{word}"), _bar(width, whole - width, "accepted"))
        said = f"{standing}" + (f" + {waived} waived" if waived else "")
        rows.append(el("tr", el("th", word, scope="row"), el("td", bar, class_="bar"), el("td", said)))
    return el(
        "div",
        el(level, "By severity"),
        el("table", *rows, class_="severities", aria_label="By severity"),
        class_="panel",
    )
