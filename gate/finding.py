"""What a check reports: findings (a rule is broken) and undecided points (it could not be told)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gate.evidence import Look

__all__ = ["About", "Finding", "Judgement", "Note", "Reason", "Undecided"]


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A reason code with its page: written once, beside the code that gives it.

    `code` is kebab-case. `title` is one line. `meaning` says what it means, `remedy` what to do;
    `gate explain CODE` and docs/reasons/ are made from these.
    """

    code: str
    title: str
    meaning: str
    remedy: str


@dataclass(frozen=True, slots=True)
class About:
    """What exactly a finding is about: the keys that a waiver's `about` has to match, all of them.

    Keys are waiver keys: `id`, `package`, `purl`, `label`, `tag`, `path`, `variable`, `platform`, `signer`, ….
    """

    keys: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, **keys: str) -> About:
        """Build from keyword arguments; `_` in a name is `-` in the waiver key."""
        return cls(tuple((name.replace("_", "-"), value) for name, value in keys.items()))

    def get(self, key: str) -> str | None:
        """Give the value of one key."""
        return dict(self.keys).get(key)

    def __str__(self) -> str:
        """`key value, key value`."""
        return ", ".join(f"{key} {value}" for key, value in self.keys)


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a rule is broken. All texts may hold untrusted parts: renderers escape them.

    `what` is one sentence; `expected` and `got` are short values; `fix` is what the developer does.
    `bucket` names the count it belongs to (`high`), or None if one such finding breaks the rule.
    """

    reason: Reason
    about: About
    what: str
    expected: str
    got: str
    fix: str
    bucket: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something that had to be known and could not be: never waivable, never a pass."""

    reason: Reason
    what: str
    fix: str
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth saying that decides nothing: who signed, how old a report is, what was ignored.

    `headline` notes belong into the first lines of every report (S19, S33).
    """

    what: str
    headline: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says of one image or platform.

    `allowed`: bucket → how many findings may remain after waivers. `notes` and `looked` are shown with -v.
    """

    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    allowed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Note, ...] = ()
    looked: tuple[Look, ...] = ()
