"""Text in columns for people: how wide it shows, where a line may end, and in which ink."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from gate.printable import harmless

__all__ = ["Ink", "Page", "columns", "wrap"]

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


class Ink(StrEnum):
    """Colours that show on light and dark grounds (SGR, ECMA-48 section 8.3.117)."""

    PLAIN = ""
    GREEN = "1;32"
    RED = "1;31"
    YELLOW = "1;33"


class Page:
    """Lines of text for a terminal or a log, in the order they were added.

    Texts come in printable and harmless (`gate.printable`); labels are literals.
    """

    def __init__(self, width: int, *, colour: bool, verbose: bool) -> None:
        self.verbose = verbose
        self._width = width
        self._colour = colour
        self._lines: list[list[tuple[Ink, str]]] = []

    def gap(self) -> None:
        """Leave one line empty, never two, never the first."""
        if self._lines and self._lines[-1]:
            self._lines.append([])

    def line(self, *spans: tuple[Ink, str]) -> None:
        """Add one line as it is, however wide."""
        self._lines.append(list(spans))

    def entry(self, label: str, text: str, indent: int = 0, column: int = 0, ink: Ink = Ink.PLAIN) -> None:
        """Add `label` and the text beside it, `column` columns to its right, wrapped below itself."""
        start = " " * indent + label.ljust(column)
        first, *rest = wrap(text, self._width, len(start), len(start))
        after = start[indent + len(label) :] + first
        self._lines.append([(Ink.PLAIN, " " * indent), (ink, label), (Ink.PLAIN, after)])
        self._lines.extend([(Ink.PLAIN, " " * len(start) + line)] for line in rest)

    def text(self) -> str:
        """Give everything; each whole line is looked at once more as a CI runner will read it."""
        return "".join(f"{self._shown(line)}\n" for line in self._lines)

    def _shown(self, line: list[tuple[Ink, str]]) -> str:
        plain = "".join(text for _, text in line).rstrip(" ")
        safe = harmless(plain)
        if not self._colour or safe != plain:
            return safe
        return "".join(f"\x1b[{ink.value}m{text}\x1b[0m" if ink and text else text for ink, text in line).rstrip(" ")
