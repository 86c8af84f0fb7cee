"""What the value of a label must be, as rule files write it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from gate.formats.values import FORMATS, is_blank
from gate.option import option
from gate.pattern import Glob, Regex
from gate.printable import clip

__all__ = ["FormatName", "LabelRule", "expected_format"]

_MOST_SHOWN: Final = 140


@dataclass(frozen=True, slots=True)
class FormatName:
    """The name of a format of values, as `email`."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one name; raises `ValueError`."""
        if text not in FORMATS:
            near = difflib.get_close_matches(text[:80], FORMATS, n=1)
            hint = f", did you mean {near[0]}?" if near else f": write one of {', '.join(FORMATS)}"
            msg = f"there is no format {text[:80]!r}{hint}"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "enum": list(FORMATS), "description": "a format of values"}

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True)
class LabelRule:
    """What the value of one label must be; everything that is given has to hold."""

    format: FormatName | None = option("the format of the value", default=None)
    one_of: tuple[str, ...] = option("the values that are allowed", default=())
    glob: Glob | None = option("a glob over the whole value", default=None)
    regex: Regex | None = option("a regular expression over the whole value", default=None)
    same_as_label: str | None = option("another label that has to hold the same value", default=None)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        given = (self.format, self.glob, self.regex, self.same_as_label)
        if not self.one_of and all(value is None for value in given):
            return (("", "say what the value must be: format, one-of, glob, regex or same-as-label"),)
        if any(is_blank(value) for value in self.one_of):
            return (("one-of", "an empty value never counts: a label that is required has to say something"),)
        return ()

    def breaches(self, value: str) -> Iterable[str]:
        """Give what the value should have been, for each condition on the value alone that does not hold."""
        if self.format is not None and not FORMATS[str(self.format)].holds(value):
            yield expected_format(self.format)
        if self.one_of and value not in self.one_of:
            yield f"one of {clip(', '.join(self.one_of), _MOST_SHOWN)}"
        if self.glob is not None and not self.glob.matches(value):
            yield f"a value like {clip(str(self.glob), _MOST_SHOWN)}"
        if self.regex is not None and not self.regex.matches(value):
            yield f"a value that matches /{clip(str(self.regex), _MOST_SHOWN)}/"


def expected_format(name: FormatName) -> str:
    """Say what a format is, with an example."""
    found = FORMATS[str(name)]
    return f"{found.what}, such as {found.example}" if str(name) != "any" else found.what
