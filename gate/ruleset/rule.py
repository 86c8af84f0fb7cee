"""What rule files become: typed rules with their places, signers, and the closure that decided.

Pure types only: judging imports this module, reading lives beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from gate.verdict import Level, Place

if TYPE_CHECKING:
    from gate.check import Check
    from gate.finding import Undecided
    from gate.option import Duration
    from gate.pattern import Glob
    from gate.report import ClosureFile
    from gate.signer import Signer

__all__ = ["Advisory", "Rule", "Ruleset", "Scope", "WaiverTerms"]


@dataclass(frozen=True, slots=True)
class Scope:
    """`for:` of a rule: where it holds. Empty means everywhere; both given means both must match (S26)."""

    images: tuple[Glob, ...] = ()
    tags: tuple[Glob, ...] = ()


@dataclass(frozen=True, slots=True)
class Advisory:
    """`advisory:` of the outermost rule file: not enforced up to and including `until` (UTC)."""

    until: date
    place: Place


@dataclass(frozen=True, slots=True)
class WaiverTerms:
    """`waivers:` of a rule or a rule file: who may accept findings, and for how long at most."""

    owners: tuple[Glob, ...]
    max_lifetime: Duration | None
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` is the typed entry; `origins` tells for each key (`report.max-age`) where it was written.

    `unfit` says why it cannot be judged for this image at all: then it is undecided, whatever `check` would say.
    """

    name: str
    check: Check
    level: Level
    place: Place
    why: str = ""
    fix: str = ""
    scope: Scope = Scope()
    starts: date | None = None
    final: bool = False
    waivable: bool = True
    waivers: WaiverTerms | None = None
    replaces: str = ""
    unfit: Undecided | None = None
    origins: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of one run, in the order of the files, and the signers they name.

    `files` are all rule files, keys and roots that were read, with their hashes. `waivers` are the terms of
    all rule files: each holds for every rule.

    Where a rule file names parts of the reference (`images: ghcr.io/acme/{app}`), its rules are `unfit` until
    `for_repository` fills them in: who forgets to ask gets no verdict, never a wrong one. `filled_for` is the
    repository that was filled in.
    """

    rules: tuple[Rule, ...]
    signers: Mapping[str, Signer]
    files: tuple[ClosureFile, ...]
    advisory: Advisory | None = None
    signer_places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    waivers: tuple[WaiverTerms, ...] = ()
    instances: Callable[[str], Ruleset] | None = field(default=None, repr=False, compare=False)
    filled_for: str | None = None

    def for_repository(self, repository: str) -> Ruleset:
        """Give the rules for one repository (normalised, or "" if the image has none). Pure: nothing is read again."""
        if self.instances is None or self.filled_for == repository:
            return self
        return self.instances(repository)

    def only(self, names: Collection[str]) -> Ruleset:
        """Give the ruleset with these rules alone, for every repository."""
        rules = tuple(rule for rule in self.rules if rule.name in names)
        filled = self.instances
        if filled is None:
            return replace(self, rules=rules)
        return replace(self, rules=rules, instances=lambda repository: filled(repository).only(names))
