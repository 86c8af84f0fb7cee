"""The report to look at: one HTML file, for a browser, a job's artifacts or an e-mail.

    verdict, image, digest       the first thing on the page, with what weakens it (S19, S33)
    counts                       rules by outcome, findings by severity
    rules                        what each one found: expected, got, fix, why and where; with a filter
    signatures, evidence         who vouches for the image; where was looked and what came back
    what decided, reasons        files and options with their digests (S24); what each reason code means

The file needs nothing else, and its content policy forbids it to: no address is fetched, no script runs but the filter,
whose hash is named. Without scripts everything is visible. Texts of others are escaped where elements are made (S43).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Final

from gate.listing import counted, meaning
from gate.overview import run_word, summarise, word
from gate.reports.html.facts import closure, moment, reasons
from gate.reports.html.images import badge, digest, show
from gate.reports.html.page import Page, more, table
from gate.reports.html.rules import MARKS, state
from gate.reports.html.tags import Markup, code, el, join, prose
from gate.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.report import Document, Style
    from gate.reports.html.images import Shown

__all__ = ["RENDERER"]

#: Images with a part of their own; the table of all images stands above.
MOST_IMAGES: Final = 200


class HtmlRenderer:
    """HTML, the same for the same document whatever the style."""

    name: ClassVar[str] = "html"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; browsers have their own
        """Give the page."""
        page = Page()
        is_single = len(document.judged) == 1
        images = [show(page, judged, 2 if is_single else 3) for judged in document.judged[:MOST_IMAGES]]
        run = [("decided", "What decided", closure(document))]
        if page.reasons:
            run.append(("reasons", "What the reasons mean", reasons(page.reasons)))
        left = more(max(len(document.judged) - MOST_IMAGES, 0), "images")
        blocks = _single(images[0], page) if is_single else [_filter(page), *map(_article, images), left]
        main = el("main", *blocks, *(_section(*one, "h2") for one in run), id="main", tabindex="-1")
        listed = [*(images[0].sections if is_single else ()), *run]
        whole = el(
            "body",
            _skip(),
            _header(document, images),
            _contents("Rules" if is_single else "Images", listed),
            main,
            _footer(),
            _script(),
        )
        return f"<!DOCTYPE html>\n{el('html', _head(document), whole, lang='en')}\n"


RENDERER: Final = HtmlRenderer()


@cache
def _file(name: str) -> str:
    return files("gate.reports.html").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(name: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode() + "'"


@cache
def _policy() -> str:
    """Give the content policy: nothing from anywhere, and of what stands in the file only what is named by hash."""
    return (
        f"default-src 'none'; style-src {_hash('page.css')}; script-src {_hash('page.js')}; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(document: Document) -> Markup:
    images = document.judged[0].image if len(document.judged) == 1 else f"{len(document.judged)} images"
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy()),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{run_word(document)}: {images} · image-gate"),
        Markup(f"<style>{_file('page.css')}</style>\n"),
    )


def _script() -> Markup:
    return Markup(f"<script>{_file('page.js')}</script>")


def _skip() -> Markup:
    return el("a", "Skip to what was found", href="#main", class_="skip")


def _header(document: Document, images: Sequence[Shown]) -> Markup:
    """Say the verdict, of what, and what it means: the first screen."""
    total = run_word(document)
    until = document.advisory_until
    lines = [
        el("p", "image-gate", class_="brand"),
        el("h1", badge(total), " ", el("span", meaning(document), class_="meaning")),
        el("p", el("b", "Not enforced"), " until ", code(until), ".", class_="unenforced")
        if not document.enforced
        else Markup(""),
    ]
    if len(document.judged) == 1:
        judged = document.judged[0]
        platforms = judged.verdict.platforms
        on = [el("p", "on ", join(map(code, platforms), " "), class_="platforms")] if platforms else []
        lines += [el("p", code(judged.image), class_="image"), el("p", digest(judged), class_="digest"), *on]
    elif not document.judged:
        lines.append(el("p", "No image was judged."))
    else:
        rows = [
            [
                badge(word(one.judged.verdict)),
                el("a", code(one.judged.image), href=f"#{one.id}"),
                digest(one.judged),
                _counts(one),
            ]
            for one in images
        ]
        lines.append(table(["verdict", "image", "digest", "rules"], rows, "Images"))
    lines.append(el("p", "Judged as of ", moment(document.at), class_="when"))
    return el("header", *lines, class_=f"top {total}")


def _counts(one: Shown) -> Markup:
    return prose(counted(summarise(one.judged.verdict)))


def _contents(first: str, sections: Sequence[tuple[str, str, Markup]]) -> Markup:
    named = [("main", first), *((name, title) for name, title, _ in sections)]
    return el(
        "nav",
        el("ul", *(el("li", el("a", title, href=f"#{name}")) for name, title in named)),
        aria_label="On this page",
    )


def _section(name: str, title: str, content: Markup, level: str) -> Markup:
    heading = f"{name}-title"
    return el("section", el(level, title, id=heading), content, id=name, class_="facts-of", aria_labelledby=heading)


def _single(one: Shown, page: Page) -> list[Markup]:
    rules = el("section", el("h2", "Rules", id="rules-title"), _filter(page), one.rules, aria_labelledby="rules-title")
    return [one.opening, rules, *(_section(*part, "h2") for part in one.sections)]


def _article(one: Shown) -> Markup:
    platforms = one.judged.verdict.platforms
    title = el("h2", badge(word(one.judged.verdict)), " ", code(one.judged.image))
    on = [el("p", "on ", join(map(code, platforms), " "), class_="platforms")] if platforms else []
    head = el("header", title, el("p", digest(one.judged), class_="digest"), *on)
    sections = [_section(*part, "h3") for part in one.sections]
    return el("article", head, one.opening, el("h3", "Rules"), one.rules, *sections, id=one.id)


def _filter(page: Page) -> Markup:
    """Give the filter, hidden until the script runs: without it there is nothing to press."""
    if not page.states:
        return Markup("")
    levels = [_box("level", one.value, page.levels[one], prose(one.value)) for one in Level if page.levels[one]]
    states = [_box("state", one.value, page.states[one], state(one)) for one in MARKS if page.states[one]]
    options = [el("option", name, value=str(number)) for name, number in page.platforms.items()]
    choice = el("select", el("option", "every platform", value=""), *options, name="platform", autocomplete="off")
    search = el("input", type="search", name="search", autocomplete="off", spellcheck="false")
    first = [
        el("label", "Search ", search, class_="search"),
        el("label", "Platform ", choice) if len(options) > 1 else Markup(""),
        el("button", "Show all", type="button"),
    ]
    second = [
        _group("Outcome", states),
        _group("Level", levels) if len(levels) > 1 else Markup(""),
        el("output", "", aria_live="polite"),
    ]
    rows = (el("div", *first), el("div", *second))
    return el("div", *rows, id="filter", role="search", aria_label="Filter what is shown", hidden=True)


def _group(name: str, boxes: Sequence[Markup]) -> Markup:
    return el("fieldset", el("legend", name), *boxes)


def _box(kind: str, value: str, number: int, label: Markup) -> Markup:
    box = el("input", type="checkbox", name=kind, value=value, checked=True, autocomplete="off")
    return el("label", box, " ", label, " ", el("span", str(number), class_="quiet"))


def _footer() -> Markup:
    return el("footer", el("p", "More about a reason: ", code("gate explain REASON")))
