"""What a page counts while it is made: ids, platforms and reasons by number, and how much room is left.

Ids and the values that the filter compares are numbers, so that no text of others becomes one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, TypeVar

from gate.reports.html.tags import Markup, el

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.finding import Reason
    from gate.verdict import Level, Status

__all__ = ["MOST_ROWS", "Page", "more", "table"]

T = TypeVar("T")

#: Findings, points and waivers on one page: a browser shows as many without trouble, and nobody reads them.
MOST_ITEMS: Final = 10_000
#: Rows of one table, and notes of one rule.
MOST_ROWS: Final = 1000


class Page:
    """One page in the making."""

    def __init__(self) -> None:
        self.platforms: dict[str, int] = {}
        self.reasons: dict[Reason, int] = {}
        self.states: Counter[Status] = Counter()
        self.levels: Counter[Level] = Counter()
        self._ids = 0
        self._room = MOST_ITEMS

    def new_id(self) -> str:
        """Give an id that no other element has."""
        self._ids += 1
        return f"p{self._ids}"

    def on(self, platforms: Iterable[str]) -> str | None:
        """Give the numbers of platforms for the filter; None where something holds for all of them."""
        numbers = [str(self.platforms.setdefault(name, len(self.platforms))) for name in platforms]
        return " ".join(numbers) or None

    def reason(self, reason: Reason) -> Markup:
        """Give a reason code, as a link to what it means further down."""
        number = self.reasons.setdefault(reason, len(self.reasons) + 1)
        return el("a", reason.code, href=f"#reason-{number}", class_="reason")

    def room_for(self, items: Sequence[T]) -> tuple[Sequence[T], int]:
        """Give the first items, as many as there is room for, and how many are left out."""
        shown = items[: self._room]
        self._room -= len(shown)
        return shown, len(items) - len(shown)


def more(left: int, what: str) -> Markup:
    """Say how much is left out."""
    return el("p", f"… and {left} more {what}: the JSON report has all.", class_="quiet") if left else Markup("")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> Markup:
    """Give a table; on a narrow screen each cell has its head in front.

    The roles are written out because a table that CSS lays out as blocks is none for a screen reader any more.
    """
    head = el("tr", *(el("th", one, scope="col", role="columnheader") for one in heads), role="row")
    body = [
        el(
            "tr",
            *(el("td", cell, data_head=name, role="cell") for name, cell in zip(heads, row, strict=True)),
            role="row",
        )
        for row in rows[:MOST_ROWS]
    ]
    whole = el(
        "table", el("thead", head, role="rowgroup"), el("tbody", *body, role="rowgroup"), role="table", aria_label=label
    )
    return Markup(whole + more(len(rows) - MOST_ROWS if len(rows) > MOST_ROWS else 0, "rows"))
