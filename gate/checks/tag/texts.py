"""How the check `tag` shows and joins names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.printable import clip

__all__ = ["either", "show", "some"]

#: How many platforms and patterns a message names.
_MOST_NAMED: Final = 4
_MOST_SHOWN: Final = 140


def either(names: Iterable[str]) -> str:
    """Join names with "or"."""
    return some([show(name) for name in names], " or ")


def some(names: list[str], last: str = " and ") -> str:
    """Join some names and count the others."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return last.join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def show(text: str) -> str:
    """Show untrusted text, escaped and bounded."""
    return clip(text, _MOST_SHOWN)
