"""What can be wrong with what we were given.

    GateError                    bad input or surroundings; never a verdict
    ├── UsageError               the command line (exit 2)
    ├── RuleFileError            rule files, waiver files; holds every mistake (exit 2)
    ├── InvalidReference         an image reference or digest that is none
    ├── MalformedData            bytes that are not what they claim to be
    ├── SourceError              a source could not answer (no verdict, exit 3)
    └── OutputError              a report could not be written (exit 3)

A negative result (a bad signature, a violated rule) is a value, never one of these. Misuse of one
of our own functions is `RuntimeError`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "GateError",
    "InvalidReference",
    "MalformedData",
    "Mistake",
    "OutputError",
    "RuleFileError",
    "SourceError",
    "UsageError",
]


class GateError(Exception):
    """Base of every error that is the input's or the surroundings' fault."""


class UsageError(GateError):
    """The command line asks for something that does not exist or contradicts itself."""


class InvalidReference(GateError, ValueError):  # noqa: N818 -- it is a value that is wrong, not an accident
    """A text is no image reference or digest; says what is wrong and what would be right."""


class MalformedData(GateError, ValueError):  # noqa: N818 -- as above
    """Bytes are not what they claim to be; `code` is the reason code to report."""

    def __init__(self, message: str, code: str = "malformed") -> None:
        """Keep the sentence and the reason code it is reported under."""
        super().__init__(message)
        self.code = code


class SourceError(GateError):
    """A source (registry, layout, archive) could not say which image is meant.

    `code` is the reason code: `tag-not-found`, `unauthorized`, `registry-error`, ….
    `hint` is what the user can do about it.
    """

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        """Keep the sentence, the reason code and what to do."""
        super().__init__(message)
        self.code = code
        self.hint = hint


class OutputError(GateError):
    """A report that was asked for could not be written whole."""


class Mistake(NamedTuple):
    """One mistake in one file: where (1-based), what, and the source line to draw a caret under."""

    path: str
    line: int
    column: int
    message: str
    source: str = ""
    width: int = 1

    def __str__(self) -> str:
        """`path:line:column: message`, then the line and a caret where there is one."""
        head = f"{self.path}:{self.line}:{self.column}: {self.message}"
        if not self.source:
            return head
        gutter = f"{self.line:5} | "
        caret = " " * (len(gutter) - 2) + "| " + " " * (self.column - 1) + "^" * max(1, self.width)
        return f"{head}\n{gutter}{self.source}\n{caret}"


class RuleFileError(GateError):
    """Every mistake of all the rule and waiver files at once."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """Refuse to exist without a mistake: that would be our bug."""
        if not mistakes:
            msg = "a RuleFileError needs at least one mistake"
            raise RuntimeError(msg)
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
