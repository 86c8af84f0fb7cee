"""Patterns of rule files: globs and regular expressions that hostile text cannot make hang.

Globs: `*` stops at `/`, `**` does not, nothing else is special. Regular expressions match in full,
by an engine with a time limit (`regex`); a match that runs out of time raises `PatternTimeoutError`,
which a check reports as undecided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

__all__ = ["Glob", "PatternTimeoutError", "Regex"]

#: Seconds that one match may take: a tag or label is short, an honest pattern takes microseconds.
MOST_SECONDS: Final = 1.0


class PatternTimeoutError(Exception):
    """A regular expression took too long on this text: nobody knows whether it matches."""


@dataclass(frozen=True, slots=True, order=True)
class Glob:
    """One glob; `matches` compares the whole text, case included."""

    text: str

    def __post_init__(self) -> None:
        """Raise `ValueError` for an empty glob: it could match nothing."""
        if not self.text:
            msg = "an empty glob matches nothing"
            raise ValueError(msg)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one glob of a rule file; raises `ValueError`."""
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "minLength": 1, "description": "a glob: * stops at /, ** does not"}

    def matches(self, text: str) -> bool:
        """Tell whether the whole of `text` matches, in time bounded by its length times the glob's."""
        parts = _parts(self.text)
        if len(parts) == 1:
            return text == self.text
        if not text.startswith(parts[0]) or not text.endswith(parts[-1]):
            return False
        return _reaches_end(parts, text)

    @property
    def is_literal(self) -> bool:
        """Tell whether it matches one text only."""
        return "*" not in self.text

    def __str__(self) -> str:
        """The glob as written."""
        return self.text


@lru_cache(maxsize=4096)
def _parts(glob: str) -> tuple[str, ...]:
    """Split into literals and stars, in turn, starting and ending with a (possibly empty) literal."""
    return tuple(re.split(r"(\*+)", glob))


def _reaches_end(parts: tuple[str, ...], text: str) -> bool:
    """Follow all ways through the text at once, so that no glob and no text can make it try them one by one.

    Bit n of `reached` says that the parts so far can match the first n characters.
    """
    size = len(text)
    within = _places(text, "/") ^ ((1 << size) - 1)  # characters that one star may match
    places = {character: _places(text, character) for character in set("".join(parts[::2]))}
    reached = 1
    for number, part in enumerate(parts):
        if number % 2 == 0:
            for character in part:
                reached = (reached & places[character]) << 1
        elif part == "*":
            # Adding carries each reached bit through its run of ones to just behind it.
            start = reached & within
            reached |= (within + start) ^ within
        elif reached:
            reached |= (1 << (size + 1)) - (reached & -reached)
        if not reached:
            return False
    return bool(reached >> size & 1)


def _places(text: str, character: str) -> int:
    """Give the places of a character in the text as bits."""
    bits = "".join("1" if other == character else "0" for other in reversed(text))
    return int(bits, 2) if bits else 0


@dataclass(frozen=True, slots=True, order=True)
class Regex:
    """One regular expression, matched in full."""

    text: str

    def __post_init__(self) -> None:
        """Raise `ValueError` if it does not compile."""
        import regex

        try:
            regex.compile(self.text)
        except regex.error as error:
            msg = f"not a regular expression: {error}"
            raise ValueError(msg) from error

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one expression of a rule file; raises `ValueError`."""
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "description": "a regular expression, matched in full"}

    def matches(self, text: str) -> bool:
        """Tell whether the whole of `text` matches; raises `PatternTimeoutError`."""
        import regex

        try:
            return regex.fullmatch(self.text, text, timeout=MOST_SECONDS) is not None
        except TimeoutError as error:
            msg = f"the regular expression {self.text!r} took longer than {MOST_SECONDS:g} s"
            raise PatternTimeoutError(msg) from error

    def __str__(self) -> str:
        """The expression as written."""
        return self.text
