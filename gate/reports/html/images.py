"""One image on the page: what weakens its verdict, its counts, its rules, and what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.overview import headlines, other_causes, summarise
from gate.reports.html.charts import charts
from gate.reports.html.facts import evidence, signatures, waivers
from gate.reports.html.page import MOST_ROWS, more
from gate.reports.html.rules import causes, in_order, rule
from gate.reports.html.tags import Markup, code, el, prose

if TYPE_CHECKING:
    from gate.report import Judged
    from gate.reports.html.page import Page

__all__ = ["Shown", "badge", "digest", "show"]

#: A verdict is told by sign and word, not only by colour.
_SIGNS: Final = {"passed": "✓", "failed": "✕", "undetermined": "?"}


def badge(verdict: str) -> Markup:
    """Give a verdict's word with its sign."""
    return el("span", el("span", _SIGNS[verdict], aria_hidden="true"), " ", verdict, class_=f"badge {verdict}")


def digest(judged: Judged) -> Markup:
    """Give the digest that was judged."""
    subject = judged.verdict.subject
    return code(subject.digest) if subject is not None else el("em", "not resolved", class_="quiet")


@dataclass(frozen=True, slots=True)
class Shown:
    """One image, in parts. `sections` have an id, a title and a content each."""

    id: str
    judged: Judged
    opening: Markup
    rules: Markup
    sections: tuple[tuple[str, str, Markup], ...]


def show(page: Page, judged: Judged, level: int) -> Shown:
    """Give the parts of one image, whose sections have headings of `level`."""
    found = summarise(judged.verdict)
    page.on(judged.verdict.platforms)  # in the order of the image, also those without a finding
    under = f"h{level + 1}"
    cards = [
        causes(page, other_causes(judged.verdict), under),
        *(rule(page, one, under) for one in in_order(found)),
    ]
    sections = (
        ("Signatures", signatures(found)),
        ("Waivers to renew or remove", waivers(judged)),
        ("Evidence", evidence(judged, found)),
    )
    return Shown(
        id=page.new_id(),
        judged=judged,
        opening=Markup(_notes(judged) + charts(found, f"h{level}")),
        rules=el(
            "div", *cards, el("p", "Nothing here fits the filter.", class_="nothing", hidden=True), class_="rules"
        ),
        sections=tuple((page.new_id(), title, content) for title, content in sections if content),
    )


def _notes(judged: Judged) -> Markup:
    """Give what weakens the verdict, and what else is worth knowing about the image."""
    loud = headlines(judged)
    quiet = tuple(dict.fromkeys(note.what for note in judged.notes if not note.headline))
    said = [
        *(el("li", el("b", "Note: "), prose(what), class_="loud") for what in loud[:MOST_ROWS]),
        *(el("li", prose(what)) for what in quiet[:MOST_ROWS]),
    ]
    left = more(len(loud) + len(quiet) - len(said), "notes")
    return Markup(el("ul", *said, class_="remarks") + left) if said else Markup("")
