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
from gate.ruleset.entries import Kinds, TermsEntry
from gate.ruleset.files import outermost
from gate.ruleset.instances import Instances, Owned
from gate.ruleset.merge import Merger
from gate.ruleset.mistakes import Mistakes
from gate.ruleset.nodes import Entry
from gate.ruleset.reader import Reader, RuleFile
from gate.ruleset.rule import Advisory, Ruleset, WaiverTerms

__all__ = ["Loaded", "load", "load_ruleset", "rules_digest"]

#: Goes into every digest of rules: a change of what is hashed changes this.
_DIGEST_FORMAT: Final = "image-gate rules-digest 1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ruleset and the nodes it was written as, for showing; `images` are those of the files that have some."""

    ruleset: Ruleset
    rules: Mapping[str, Entry]
    signers: Mapping[str, Entry]
    images: Mapping[str, tuple[str, ...]]


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
    advisory = _advisory(roots, rules, mistakes)
    if not rules and not mistakes:
        mistakes.extend((Mistake(paths[0] if paths else "gate.yaml", 1, 1, "there is not a single rule here"),))
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
    instances = Instances(rules, signers, reader.entries)
    ruleset = Ruleset(
        rules=instances.unfilled(owned.entry.rule for owned in rules),
        signers=MappingProxyType({name: owned.entry.signer for name, owned in signers.items()}),
        files=tuple(reader.closure),
        advisory=advisory,
        signer_places=MappingProxyType({name: owned.entry.written.key.mark.place for name, owned in signers.items()}),
        waivers=tuple(_terms(file) for file in reader.files.values() if file.head.waivers is not None),
        instances=instances.of if instances.files else None,
    )
    instances.base = ruleset
    return Loaded(
        ruleset,
        MappingProxyType({owned.entry.rule.name: owned.entry.written for owned in rules}),
        MappingProxyType({name: owned.entry.written for name, owned in signers.items()}),
        MappingProxyType({file.location.shown: tuple(map(str, file.head.images)) for file in instances.files}),
    )


def _terms(file: RuleFile) -> WaiverTerms:
    entry = file.head.waivers or TermsEntry()
    return WaiverTerms(entry.owners, entry.max_lifetime, file.marks["waivers"].place)


def _outermost(reader: Reader, given: str) -> RuleFile | None:
    location = outermost(given)
    if isinstance(location, str):
        reader.mistakes.extend((Mistake(given, 1, 1, location),))
        return None
    return reader.open(location, None)


def _advisory(roots: Sequence[RuleFile], rules: tuple[Owned, ...], mistakes: Mistakes) -> Advisory | None:
    """Give the roll-out of the run (S25).

    Every file of the command line has to say it, and none can put off what is final in a file that it extends.
    """
    said = [(file, file.head.advisory, file.marks["advisory"]) for file in roots if file.head.advisory is not None]
    if not said:
        return None
    if len(said) < len(roots):
        silent = next(file.location.shown for file in roots if file.head.advisory is None)
        for _, _, mark in said:
            mistakes.add(mark, f"'advisory' holds for all rule files of a run or for none; {silent} does not say it")
        return None
    outer = {file.location.path for file in roots}
    for owned in rules:
        if owned.entry.rule.final and owned.file.location.path not in outer:
            rule = owned.entry.rule
            for _, _, mark in said:
                message = f"the rule {rule.name!r} is final at {rule.place}: 'advisory' here cannot put it off"
                mistakes.add(mark, message)
    return min((Advisory(entry.until, mark.place) for _, entry, mark in said), key=lambda advisory: advisory.until)


def rules_digest(files: Iterable[ClosureFile], options: Iterable[tuple[str, str]] = ()) -> Digest:
    """Give the one digest over everything that decides (S24): what each file is for, its bytes, its name.

    A rule file named on the command line counts by its bytes alone, wherever it lies; files that rule
    files name also count by their name there, so that two keys cannot change places unseen.
    """
    lines = sorted({(file.role, str(file.digest), file.name) for file in files})
    text = json.dumps([_DIGEST_FORMAT, lines, sorted(options)], separators=(",", ":"))
    return Digest.of(text.encode())
