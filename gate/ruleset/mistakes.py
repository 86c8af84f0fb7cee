"""Collecting mistakes, and guessing what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gate.printable import clip
from gate.ruleset.nodes import MOST_MISTAKES

if TYPE_CHECKING:
    from gate.errors import Mistake
    from gate.ruleset.nodes import Mark

__all__ = ["Mistakes", "meant", "nearest", "one_of"]


class Mistakes:
    """Every mistake of one run, in the order they were found; bounded for each file."""

    def __init__(self) -> None:
        """Start without any."""
        self.found: list[Mistake] = []
        self._counts: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.found)

    def add(self, mark: Mark, message: str) -> None:
        """Report one mistake; a place is reported once for the same message."""
        self.extend((mark.mistake(message),))

    def extend(self, more: Iterable[Mistake]) -> None:
        """Report several."""
        for mistake in more:
            count = self._counts.get(mistake.path, 0)
            if count < MOST_MISTAKES and mistake not in self.found:
                self.found.append(mistake)
                self._counts[mistake.path] = count + 1

    def is_full(self, path: str) -> bool:
        """Tell whether more mistakes of this file would be left out: then guessing is a waste."""
        return self._counts.get(path, 0) >= MOST_MISTAKES


def nearest(word: str, words: Iterable[str]) -> str:
    """Give the one of `words` that was perhaps meant, or ""."""
    known = {entry.casefold(): entry for entry in words}
    folded = word[:100].casefold().replace("_", "-")
    near = difflib.get_close_matches(folded, list(known), n=1, cutoff=0.6)
    return known[near[0]] if near else ""


def meant(word: str, words: Iterable[str]) -> str:
    """Give `; did you mean 'x'?` for the nearest of `words`, or ""."""
    guess = nearest(word, words)
    return f"; did you mean {guess!r}?" if guess else ""


def one_of(what: str, word: str, words: Iterable[str]) -> str:
    """Say that `word` is no such thing, which there are, and what was perhaps meant."""
    known = list(words)
    listed = ", ".join(known) or "none"
    return f"unknown {what} {clip(word, 100)!r} (one of: {listed}){meant(word, known)}"
