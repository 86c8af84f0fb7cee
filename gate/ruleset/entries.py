"""What stands in a rule file beside the checks and signers: the keys that every file and rule has.

The walk and the JSON Schema read these classes like those of checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.option import Duration, option
from gate.pattern import Glob
from gate.rooms import load, names
from gate.ruleset.hints import keys_of
from gate.ruleset.images import ImagesPattern
from gate.ruleset.names import TagGlob
from gate.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FORMAT", "AdvisoryEntry", "FileHead", "Kinds", "RuleHead", "ScopeEntry", "TermsEntry"]

#: The version of the rule-file format that this gate reads.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class AdvisoryEntry:
    """`advisory:` at the top of a file."""

    until: date = option("The last day (UTC) on which the rules are not enforced.", needs="until: 2027-01-15")


@dataclass(frozen=True, slots=True)
class TermsEntry:
    """`waivers:` of a rule, or at the top of a file."""

    owners: tuple[Glob, ...] = option("Who may own a waiver: globs over its `owner`.", default=())
    max_lifetime: Duration | None = option(
        "How far ahead of the day of the verdict a waiver may end at most, as 90d.", default=None
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse terms that say nothing."""
        return () if self.owners or self.max_lifetime else (("", "'waivers' says neither owners nor max-lifetime"),)


@dataclass(frozen=True, slots=True)
class FileHead:
    """The keys at the top of a rule file, but for `signers` and `rules`."""

    gate: int = option("The version of this format: 1.", needs="gate: 1")
    requires: str = option("The versions of the gate that this file works with, as '>=1.0'.", default="")
    extends: tuple[str, ...] = option(
        "Rule files whose rules and signers hold too: paths beside this file, or builtin:NAME.", default=()
    )
    images: tuple[ImagesPattern, ...] = option(
        "The repositories the file is for; {name} names a part for use below, as ghcr.io/acme/{app}.", default=()
    )
    waivers: TermsEntry | None = option("Who may accept findings, and for how long; of every rule.", default=None)
    advisory: AdvisoryEntry | None = option(
        "Report, but do not enforce (exit code 0) up to a day. Only in the outermost file.", default=None
    )


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """`for:` of a rule."""

    images: tuple[Glob, ...] = option(
        "Globs over the full repository name, as ghcr.io/acme/**.", default=(), needs="images: ['ghcr.io/acme/**']"
    )
    tags: tuple[TagGlob, ...] = option(
        "Globs over the tag, as 1.* (conventions such as semver stand in the check's `allow`).", default=()
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a scope that says nothing."""
        return () if self.images or self.tags else (("", "'for' says neither images nor tags: leave it out"),)


@dataclass(frozen=True, slots=True)
class RuleHead:
    """The keys that every rule may have beside those of its check."""

    level: Level = option("error decides the verdict, warning only warns.", default=Level.ERROR)
    why: str = option("Why the rule exists; shown with every finding.", default="")
    fix: str = option("What to do when it is broken; shown with every finding.", default="")
    for_: ScopeEntry | None = option("Where the rule holds; everywhere if left out.", default=None)
    from_: date | None = option(
        "The first day (UTC) on which it decides; before, it is shown as upcoming.", default=None
    )
    final: bool = option("Nobody may replace or waive this rule.", default=False)
    waivable: bool = option("Whether a waiver may accept findings of this rule.", default=True)
    waivers: TermsEntry | None = option("Who may accept findings of this rule, and for how long.", default=None)
    replaces: str = option(
        "The extended file whose rule of this name this one replaces, as builtin:baseline.", default=""
    )


class _Room(Mapping[str, type]):
    """The classes of one room, imported when they are looked up."""

    def __init__(self, room: str, attribute: str) -> None:
        self._room = room
        self._attribute = attribute

    def __getitem__(self, name: str) -> type:
        if name not in names(self._room):
            raise KeyError(name)
        found: type = getattr(load(self._room, name), self._attribute)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(names(self._room))

    def __len__(self) -> int:
        return len(names(self._room))


@dataclass(frozen=True, slots=True)
class Kinds:
    """The checks and signers that rule files may name, each with its class of options."""

    checks: Mapping[str, type] = field(default_factory=lambda: _Room("checks", "CHECK"))
    signers: Mapping[str, type] = field(default_factory=lambda: _Room("signers", "SIGNER"))

    def check(self, name: str) -> type:
        """Give a check's class; raises `RuntimeError` if it has a key that every rule has (our bug)."""
        found = self.checks[name]
        taken = {"check", *keys_of(RuleHead)} & set(keys_of(found))
        if taken:
            msg = f"the check {name} has options that every rule has: {', '.join(sorted(taken))}"
            raise RuntimeError(msg)
        return found

    def frozen(self) -> Kinds:
        """Give the same with every class imported."""
        return Kinds(MappingProxyType(dict(self.checks)), MappingProxyType(dict(self.signers)))
