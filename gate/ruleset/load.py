"""Rule files → one ruleset: extended files first, every mistake of all files at once.

A rule's name is its identity. The same name in two files is a mistake unless the later rule says which
file's rule it `replaces`; a `final` rule is replaced by nobody, and signers never are (S25).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gate.errors import Mistake, RuleFileError
from gate.oci.digest import Digest
from gate.report import ClosureFile
from gate.ruleset.entries import Kinds
from gate.ruleset.files import outermost
from gate.ruleset.merge import Merger
from gate.ruleset.mistakes import Mistakes
from gate.ruleset.nodes import Entry
from gate.ruleset.reader import Reader, RuleFile
from gate.ruleset.rule import Advisory, Ruleset

__all__ = ["Loaded", "load", "load_ruleset", "rules_digest"]

#: Goes into every digest of rules: a change of what is hashed changes this.
_DIGEST_FORMAT: Final = "image-gate rules-digest 1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ruleset and the nodes it was written as, for showing."""

    ruleset: Ruleset
    rules: Mapping[str, Entry]
    signers: Mapping[str, Entry]


def load_ruleset(paths: Sequence[str]) -> Ruleset:
    """Read rule files (paths or `builtin:NAME`) and everything they name, merged.

    Raises `RuleFileError` with every mistake of all of them.
    """
    return load(paths).ruleset


def load(paths: Sequence[str], kinds: Kinds | None = None) -> Loaded:
    """Read rule files like `load_ruleset`, and keep what was written. `kinds` are the checks and signers there are."""
    mistakes = Mistakes()
    reader = Reader(mistakes, kinds or Kinds())
    roots = [found for given in dict.fromkeys(paths) if (found := _outermost(reader, given)) is not None]
    merger = Merger(mistakes)
    for file in reader.files.values():
        merger.add(file)
    rules, signers = merger.finish()
    advisory = _advisory(roots, mistakes)
    if not rules and not mistakes:
        mistakes.extend((Mistake(paths[0] if paths else "gate.yaml", 1, 1, "there is not a single rule here"),))
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
    ruleset = Ruleset(
        rules=tuple(entry.rule for entry in rules),
        signers=MappingProxyType({name: entry.signer for name, entry in signers.items()}),
        files=tuple(reader.closure),
        advisory=advisory,
        signer_places=MappingProxyType({name: entry.written.key.mark.place for name, entry in signers.items()}),
    )
    return Loaded(
        ruleset,
        MappingProxyType({entry.rule.name: entry.written for entry in rules}),
        MappingProxyType({name: entry.written for name, entry in signers.items()}),
    )


def _outermost(reader: Reader, given: str) -> RuleFile | None:
    location = outermost(given)
    if isinstance(location, str):
        reader.mistakes.extend((Mistake(given, 1, 1, location),))
        return None
    return reader.open(location, None)


def _advisory(roots: Sequence[RuleFile], mistakes: Mistakes) -> Advisory | None:
    """Give the roll-out of the run: every file of the command line has to say it (S25)."""
    said = [(file, file.head.advisory, file.marks["advisory"]) for file in roots if file.head.advisory is not None]
    if not said:
        return None
    if len(said) < len(roots):
        silent = next(file.location.shown for file in roots if file.head.advisory is None)
        for _, _, mark in said:
            mistakes.add(mark, f"'advisory' holds for all rule files of a run or for none; {silent} does not say it")
        return None
    return min((Advisory(entry.until, mark.place) for _, entry, mark in said), key=lambda advisory: advisory.until)


def rules_digest(files: Iterable[ClosureFile], options: Iterable[tuple[str, str]] = ()) -> Digest:
    """Give the one digest over everything that decides (S24): what each file is for, its bytes, its name.

    A rule file named on the command line counts by its bytes alone, wherever it lies; files that rule
    files name also count by their name there, so that two keys cannot change places unseen.
    """
    lines = sorted({(file.role, str(file.digest), file.name) for file in files})
    text = json.dumps([_DIGEST_FORMAT, lines, sorted(options)], separators=(",", ":"))
    return Digest.of(text.encode())
