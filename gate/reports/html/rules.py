"""The rules of one image with what they found, in the order of the report for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.overview import Placed
from gate.reports.html.page import MOST_ROWS, more
from gate.reports.html.tags import Markup, code, el, join, linked, prose
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.finding import Finding, Reason, Undecided
    from gate.overview import RuleOverview
    from gate.reports.html.page import Page
    from gate.verdict import Waived

__all__ = ["MARKS", "causes", "in_order", "rule", "state"]

#: Colour is never the only sign.
MARKS: Final = {
    Status.VIOLATED: "✕",
    Status.UNDECIDED: "?",
    Status.WAIVED: "◇",
    Status.UPCOMING: "◷",
    Status.SATISFIED: "✓",
    Status.NOT_APPLICABLE: "–",
}
_BROKEN: Final = (Status.VIOLATED, Status.UNDECIDED)
_QUIET: Final = (Status.WAIVED, Status.UPCOMING, Status.SATISFIED, Status.NOT_APPLICABLE)


def in_order(rules: Sequence[RuleOverview]) -> list[RuleOverview]:
    """Give the rules, what stops the image first."""
    errors = [rule for status in _BROKEN for rule in rules if rule.level is Level.ERROR and rule.status is status]
    warnings = [rule for rule in rules if rule.level is Level.WARNING and rule.status in _BROKEN]
    return [*errors, *warnings, *(rule for status in _QUIET for rule in rules if rule.status is status)]


def state(status: Status) -> Markup:
    """Give the outcome in a word, with a sign and a colour."""
    sign = el("span", MARKS[status], aria_hidden="true")
    return el("span", sign, " ", status.value.replace("-", " "), class_=f"state {status.value}")


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing that a rule says: a finding, an undecided point, or a finding that is accepted."""

    state: Status
    platforms: tuple[str, ...]
    where: str
    what: str
    reason: Reason
    facts: tuple[tuple[str, Markup], ...]


def rule(page: Page, one: RuleOverview, level: str) -> Markup:
    """Give one rule; `level` is the tag of its heading."""
    items = _items(one)
    shown, left = page.room_for(items)
    page.states.update([item.state for item in shown] or [one.status])
    page.levels.update([one.level] * (len(shown) or 1))
    name = page.new_id()
    head = (
        state(one.status),
        el(level, one.rule, id=name),
        el("span", one.check, class_="kind"),
        el("span", "warning", class_="level") if one.level is Level.WARNING else Markup(""),
        el("span", _number(len(items)), class_="number") if items else Markup(""),
        el("span", str(one.place), class_="place"),
    )
    common = _common(items)
    body = (
        el("p", linked(one.why), class_="why") if one.why else Markup(""),
        _starts(one),
        _facts(common),
        el("ul", *(_item(page, item, common, one.status) for item in shown), class_="items") if shown else Markup(""),
        more(left, "findings"),
        el("p", el("b", "The rule says: "), linked(one.fix), class_="advice") if one.fix and items else Markup(""),
        _notes(one),
    )
    return _card(one.status, one.level, name, head, body)


def _card(status: Status, level: Level, name: str, head: Sequence[str], body: Sequence[Markup]) -> Markup:
    """Give one box, which can be folded if there is something in it."""
    said = [part for part in body if part]
    named = join((part for part in head if part), " ")
    card = (
        el("details", el("summary", named), el("div", *said, class_="body"), open=True)
        if said
        else el("div", named, class_="head")
    )
    return el("section", card, class_="rule", data_state=status.value, data_level=level.value, aria_labelledby=name)


def _number(items: int) -> str:
    return f"{items} {'finding' if items == 1 else 'findings'}"


def causes(page: Page, found: Sequence[Undecided], level: str) -> Markup:
    """Give what stands in the way of a verdict beside the rules."""
    if not found:
        return Markup("")
    page.states.update([Status.UNDECIDED] * len(found))
    page.levels.update([Level.ERROR] * len(found))
    name = page.new_id()
    items = [_undecided(Placed(one, (), ""), Status.UNDECIDED) for one in found]
    head = (state(Status.UNDECIDED), el(level, "No verdict", id=name))
    shown = el("ul", *(_item(page, item, (), Status.UNDECIDED) for item in items), class_="items")
    return _card(Status.UNDECIDED, Level.ERROR, name, head, [shown])


def _items(one: RuleOverview) -> list[_Item]:
    is_broken = one.status not in {Status.UPCOMING, Status.SATISFIED, Status.NOT_APPLICABLE}
    violated, undecided = (Status.VIOLATED, Status.UNDECIDED) if is_broken else (one.status, one.status)
    return [
        *(_finding(found, violated) for found in one.findings),
        *(_undecided(point, undecided) for point in one.undecided),
        *(_waived(waived) for waived in one.waived),
    ]


def _finding(placed: Placed[Finding], status: Status) -> _Item:
    return _Item(status, placed.platforms, placed.where, placed.item.what, placed.item.reason, _of(placed.item))


def _of(finding: Finding) -> tuple[tuple[str, Markup], ...]:
    expected = (("expected", code(finding.expected)),) if finding.expected else ()
    got = (("got", code(finding.got)),) if finding.got or finding.expected else ()
    return (*expected, *got, *_fix(finding.fix))


def _fix(text: str) -> tuple[tuple[str, Markup], ...]:
    return (("fix", prose(text)),) if text else ()


def _undecided(placed: Placed[Undecided], status: Status) -> _Item:
    point = placed.item
    look = point.look
    got = (
        (("got", join([code(look.status), " from ", el("span", linked(look.where), class_="address")])),)
        if look
        else ()
    )
    return _Item(status, placed.platforms, placed.where, point.what, point.reason, (*got, *_fix(point.fix)))


def _waived(placed: Placed[Waived]) -> _Item:
    waived = placed.item
    finding = waived.finding
    facts = [
        *(pair for pair in _of(finding) if pair[0] != "fix"),
        ("accepted until", join([code(waived.expires), " by ", code(waived.owner)])),
        ("because", linked(waived.reason)),
        *((("ticket", linked(waived.ticket)),) if waived.ticket else ()),
        ("waiver", el("span", str(waived.place), class_="place")),
    ]
    return _Item(Status.WAIVED, placed.platforms, placed.where, finding.what, finding.reason, tuple(facts))


def _common(items: Sequence[_Item]) -> tuple[tuple[str, Markup], ...]:
    """Give the facts that all findings of a rule share: they stand once above them."""
    if len(items) < 2 or len({item.state for item in items}) > 1:  # noqa: PLR2004 -- one has nothing to share
        return ()
    return tuple(pair for pair in items[0].facts if all(pair in item.facts for item in items))


def _item(page: Page, item: _Item, common: Sequence[tuple[str, Markup]], said: Status) -> Markup:
    """Give one thing; its state only where it is not the one that the rule has."""
    what = el(
        "p",
        state(item.state) if item.state is not said else Markup(""),
        " ",
        el("span", prose(item.what), class_="said"),
        " ",
        page.reason(item.reason),
        " ",
        el("span", "on ", item.where, class_="where") if item.where else Markup(""),
        class_="what",
    )
    facts = _facts(pair for pair in item.facts if pair not in common)
    return el("li", what, facts, class_="item", data_state=item.state.value, data_on=page.on(item.platforms))


def _facts(facts: Iterable[tuple[str, Markup]]) -> Markup:
    pairs = [el("div", el("dt", label), el("dd", value), class_=label.replace(" ", "-")) for label, value in facts]
    return el("dl", *pairs, class_="facts") if pairs else Markup("")


def _starts(one: RuleOverview) -> Markup:
    if one.status is not Status.UPCOMING:
        return Markup("")
    today = f"; today it would be {one.would_be.value}" if one.would_be is not None else ""
    return el("p", "Holds from ", code(one.starts), today, ".")


def _notes(one: RuleOverview) -> Markup:
    """Give what is worth knowing; what weakens the verdict stands at the top of the page already."""
    quiet = [note for note in one.notes if not note.item.headline]
    notes = [
        el(
            "li",
            prose(note.item.what),
            " ",
            el("span", "on ", note.where, class_="where") if note.where else Markup(""),
        )
        for note in quiet[:MOST_ROWS]
    ]
    left = more(max(len(quiet) - MOST_ROWS, 0), "notes")
    return Markup(el("ul", *notes, class_="notes") + left) if notes else Markup("")
