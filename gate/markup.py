"""Texts of others inside Markdown and JSON: they show as they are and command nobody (S43).

Markdown is read by many programs, each with extensions of its own: mentions, references to issues, emoji, links made
of anything that looks like one. A code span is the one construct in which none of them acts, so values go there.
Sentences are escaped character by character, and what only looks like a mention or link is broken up as well.
"""

from __future__ import annotations

import json
import re
from typing import Final

from gate.printable import clip, harmless

__all__ = ["code", "json_text", "prose", "safe"]

#: An invisible character that ends whatever a forge would make a mention, reference, emoji or link of. It cannot be
#: an escape alone: forges look at the text after Markdown was read, where `&#64;` is an `@` again.
_BREAK: Final = "&#8203;"

#: ASCII punctuation that means something in CommonMark, GFM, or the dialects of GitHub, GitLab and Buildkite.
_PUNCTUATION: Final = re.compile(r"[\\`*_{}\[\]<>#!|~@&$%^]|:(?=\S)|/(?=/)")
#: Behind these, references begin: @user #1 !1 ~label $1 %1 &1, :emoji:, http://
_REFERENCES: Final = frozenset("@#!~$%&^:/")
#: The `~` of a Debian version is left whole, so that it can be copied; no label has a number in front.
_VERSION: Final = re.compile(r"\d~")
_WWW: Final = re.compile(r"(?i)\b(www)\.")
#: GitHub also reads `GH-12`.
_GH: Final = re.compile(r"(?i)\b(GH)-(?=\d)")
_TICKS: Final = re.compile(r"`+")

#: `##[`, `##vso[`: a JSON text holds `#` in strings only, where `\u0023` is the same.
_COMMAND: Final = re.compile(r"#(?=#\w*\[)")


def safe(text: object, most: int = 500) -> str:
    """Give a text without characters that do not show, and without anything a CI runner would obey."""
    return harmless(clip(str(text), most))


def code(text: object, most: int = 500) -> str:
    """Give a code span that may stand in a table; an empty text is `(empty)` in italics.

    A `|` would end a cell even inside a span, and its escape is read differently from program to program: it stands
    between two spans.
    """
    shown = safe(text, most)
    if not shown:
        return "*(empty)*"
    return "".join("&#124;" if part == "|" else _span(part) for part in re.split(r"(\|)", shown) if part)


def _span(text: str) -> str:
    """Put backticks around, more than are inside (CommonMark 6.1); a space at both ends is taken off by readers."""
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    is_bare = not (text.startswith(("`", " ")) or text.endswith(("`", " ")))
    return f"{fence}{text}{fence}" if is_bare else f"{fence} {text} {fence}"


def prose(text: object, most: int = 500) -> str:
    """Give a sentence in which nothing is Markdown but pairs of backticks, which become code spans."""
    shown = safe(text, most)
    parts = shown.split("`")
    if len(parts) % 2 == 0:
        return _escaped(shown)
    return "".join(code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts) if part)


def _escaped(text: str) -> str:
    text = _PUNCTUATION.sub(_reference, text)
    return _GH.sub(rf"\1-{_BREAK}", _WWW.sub(rf"\1{_BREAK}.", text))


def _reference(match: re.Match[str]) -> str:
    escaped = f"&#{ord(match[0])};"
    if match[0] not in _REFERENCES or _VERSION.match(match.string, max(match.start() - 1, 0)):
        return escaped
    return escaped + _BREAK


def json_text(value: object) -> str:
    """Give JSON in printable ASCII with a newline at its end, in which no CI runner finds a command."""
    text = json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)
    return _COMMAND.sub(r"\\u0023", text) + "\n"
