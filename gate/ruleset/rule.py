"""What rule files become: typed rules with their places, signers, and the closure that decided.

Pure types only: judging imports this module, reading lives beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from gate.verdict import Level, Place

if TYPE_CHECKING:
    from gate.check import Check
    from gate.pattern import Glob
    from gate.report import ClosureFile
    from gate.signer import Signer

__all__ = ["Advisory", "Rule", "Ruleset", "Scope"]


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
class Rule:
    """One rule. `check` is the typed entry; `origins` tells for each key (`report.max-age`) where it was written."""

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
    replaces: str = ""
    origins: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All rules of one run, in the order of the files, and the signers they name.

    `files` are all rule files, keys and roots that were read, with their hashes.
    """

    rules: tuple[Rule, ...]
    signers: Mapping[str, Signer]
    files: tuple[ClosureFile, ...]
    advisory: Advisory | None = None
    signer_places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
