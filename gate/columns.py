"""Text in columns: how wide it shows, and where a line may end."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["columns", "wrap"]

#: Marks that are drawn over the character before them (Unicode Standard, section 4.5).
_NO_COLUMN: Final = frozenset({"Mn", "Me", "Cf"})
#: East Asian wide and fullwidth characters take two columns (Unicode Standard Annex 11).
_TWO_COLUMNS: Final = frozenset({"W", "F"})

_WORDS: Final = re.compile(r" +|[^ ]+")


def columns(text: str) -> int:
    """Count the terminal columns that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in _NO_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _TWO_COLUMNS else 1


def wrap(text: str, width: int, used: int = 0, hanging: int = 0) -> list[str]:
    """Cut `text` into lines at its spaces; at least one line, none with a space at its end.

    The first line has `used` columns taken already, the others `hanging`; both are left to the
    caller to fill. A word wider than the room stays whole, so that a digest can be copied; spaces
    between two words of one line stay as many as they are.
    """
    lines: list[str] = []
    line, taken, gap = "", used, ""
    for word in _WORDS.findall(text):
        if word.startswith(" "):
            gap = word if line else ""
            continue
        needs = columns(word)
        if line and taken + len(gap) + needs > width:
            lines.append(line)
            line, taken, gap = "", hanging, ""
        line += gap + word
        taken += len(gap) + needs
        gap = ""
    lines.append(line)
    return lines
