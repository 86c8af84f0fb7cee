"""Elements of HTML, made so that forgetting to escape is not possible (S43).

`el` takes the text of others as `str` and escapes it; only what `el` and its like gave is taken as it stands. Names of
tags and attributes, classes and ids are literals of the gate or numbers. The only attribute that may hold a text of
others is `href`, and only where it begins with `https://` and the reader sees the whole of it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from gate.printable import clip, harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Markup", "code", "el", "join", "linked", "prose"]

#: Characters of one text: a paragraph of a rule file fits, a megabyte in a label does not.
MOST_TEXT: Final = 2000

_VOID: Final = frozenset({"input", "meta"})

#: What becomes a link: no user name (`https://github.com@evil.example`), nothing but ASCII, and all or nothing: no part
#: of it is given back (`++`), and a space or the end follows, with the end of a sentence or a bracket between.
_LINK: Final = re.compile(
    r"https://[A-Za-z0-9.-]++(?::[0-9]{1,5}+)?+(?:/[A-Za-z0-9._~/%?&=+#:@-]*+)?+(?=[.,;:!?)\]}\"'`<>]*+(?:\s|\Z))"
)
#: At the end of a sentence these belong to it, not to the address.
_SENTENCE_END: Final = ".,;:!?"


class Markup(str):
    """Finished HTML. Whatever is done to it gives a plain `str`, which is escaped again."""

    __slots__ = ()


def el(tag: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """Give an element. `data_state` is the attribute `data-state`, `class_` is `class`; None and False leave it out."""
    written = "".join(_attribute(name, value) for name, value in attributes.items() if value not in {None, False})
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def _attribute(name: str, value: str | bool | None) -> str:  # noqa: FBT001 -- an attribute may be a boolean
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{_escaped(str(value))}"'


def join(parts: Iterable[str], between: str = "") -> Markup:
    """Put parts together: finished ones as they are, texts escaped."""
    return Markup(between.join(part if isinstance(part, Markup) else _escaped(part) for part in parts))


def _escaped(text: str) -> str:
    return html.escape(harmless(clip(text, MOST_TEXT)), quote=True)


def code(text: object) -> Markup:
    """Give a value as it is, spaces included; an empty one says so."""
    return el("code", str(text)) if str(text) else el("em", "empty", class_="quiet")


def prose(text: str) -> Markup:
    """Give a sentence; pairs of backticks become code."""
    parts = text.split("`")
    if len(parts) % 2 == 0 or len(text) > MOST_TEXT:
        return join([text])
    return join(code(part) if number % 2 else part for number, part in enumerate(parts) if part)


def linked(text: str) -> Markup:
    """Give a text of those who decide (rule files, waivers) or an address that was asked, with its https links."""
    shown = harmless(clip(text, MOST_TEXT))
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(shown):
        address = match[0].rstrip(_SENTENCE_END)
        parts += [prose(shown[end : match.start()]), el("a", address, href=address, rel="noopener noreferrer")]
        end = match.start() + len(address)
    return join([*parts, prose(shown[end:])])
