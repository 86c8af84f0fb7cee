"""Rules of files with `images:`, filled in for one repository after the other.

All files were read before; here entries are only walked again with other values for their names. What a
file cannot say about an image leaves its rules undecided, with all rules that name one of its signers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.finding import Reason, Undecided
from gate.ruleset.images import ImagesPattern, unfit
from gate.ruleset.mistakes import Mistakes
from gate.ruleset.nodes import MapNode, ScalarNode
from gate.ruleset.rule import Rule, Ruleset

if TYPE_CHECKING:
    from gate.ruleset.reader import RuleFile
    from gate.ruleset.written import Entries, NamedSigner, WrittenRule
    from gate.signer import Identity, Signer

__all__ = ["Instances", "Owned", "SignerOwned", "same_principals"]

RULES_UNFIT = Reason(
    "rules-unfit",
    "The rule file cannot be filled in for this repository",
    "The rule file uses names of `images:` (as `{app}`), and with what they stand for in this image's repository the "
    "rules are not valid: two signers become the same, or a value is none that the option takes.",
    "Write the rule file so that it is right for every repository its `images:` match; `gate rules show` and the "
    "message say which value is meant.",
)

#: An audit judges the images of one repository in a row.
_MOST_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Owned:
    """A rule and the file it stands in."""

    entry: WrittenRule
    file: RuleFile


@dataclass(frozen=True, slots=True)
class SignerOwned:
    """A signer and the file it stands in."""

    entry: NamedSigner
    file: RuleFile


class Instances:
    """Gives the ruleset of each repository."""

    def __init__(
        self,
        rules: tuple[Owned, ...],
        signers: Mapping[str, SignerOwned],
        entries: Callable[[RuleFile, Mapping[str, str], Mistakes], Entries],
    ) -> None:
        """Keep what was written; `entries` reads entries of a file again with values for its names."""
        self._rules = rules
        self._signers = signers
        self._entries = entries
        self._kept = lru_cache(maxsize=_MOST_KEPT)(self._made)
        self.base: Ruleset | None = None

    @cached_property
    def files(self) -> tuple[RuleFile, ...]:
        """The files that say which images they are for, each once."""
        all_files = [owned.file for owned in self._rules] + [owned.file for owned in self._signers.values()]
        return tuple({file.location.path: file for file in all_files if file.head.images}.values())

    def unfilled(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Give the rules as they are before there is an image: those of such files cannot be judged."""
        return self._marked(
            tuple(rules), {name: one.entry.named for name, one in self._signers.items()}, self._causes("")
        )

    def of(self, repository: str) -> Ruleset:
        """Give the rules for one repository."""
        return self._kept(repository)

    def _made(self, repository: str) -> Ruleset:
        base = self._base()
        causes = self._causes(repository)
        mistakes = Mistakes()
        values = {
            file.location.path: self._values(file, repository)
            for file in self.files
            if file.location.path not in causes
        }
        signers: dict[str, Signer] = dict(base.signers)
        for name, one in self._signers.items():
            if one.file.location.path in values:
                signer = self._entries(one.file, values[one.file.location.path], mistakes).signer(one.entry.written)
                signers[name] = signer.signer if signer is not None else signers[name]
        rules = []
        for owned, rule in zip(self._rules, base.rules, strict=True):
            again = None
            if owned.file.location.path in values:
                again = self._entries(owned.file, values[owned.file.location.path], mistakes).rule(owned.entry.written)
            rules.append(replace(again.rule if again is not None else rule, unfit=None))
        wrong = [mistake.message for mistake in mistakes.found]
        wrong += [f"the signer {name!r} is the same as {first!r}" for name, first in same_principals(signers)]
        if wrong:
            what = f"for {repository} the rules are not valid: {wrong[0]}"
            causes = {
                file.location.path: Undecided(RULES_UNFIT, what, RULES_UNFIT.remedy) for file in self.files
            } | causes
        named = {name: one.entry.named for name, one in self._signers.items()}
        return replace(
            base,
            rules=self._marked(tuple(rules), named, causes),
            signers=MappingProxyType(signers),
            filled_for=repository,
        )

    def _base(self) -> Ruleset:
        if self.base is None:
            msg = "instances without a ruleset"
            raise RuntimeError(msg)
        return self.base

    def _causes(self, repository: str) -> dict[object, Undecided]:
        """Give why files cannot be judged for a repository, by path."""
        return {
            file.location.path: unfit(file.location.shown, file.head.images, repository)
            for file in self.files
            if not repository or _match(file.head.images, repository) is None
        }

    def _values(self, file: RuleFile, repository: str) -> Mapping[str, str]:
        return _match(file.head.images, repository) or MappingProxyType({})

    def _marked(
        self, rules: tuple[Rule, ...], named: Mapping[str, tuple[str, ...]], causes: Mapping[object, Undecided]
    ) -> tuple[Rule, ...]:
        """Mark the rules of files that cannot be judged, and those that name a signer of one."""
        lost = {
            name: causes[owned.file.location.path]
            for name, owned in self._signers.items()
            if owned.file.location.path in causes
        }
        for _ in named:  # signers may name signers
            for name, others in named.items():
                cause = next((lost[other] for other in others if other in lost), None)
                if cause is not None:
                    lost.setdefault(name, cause)
        marked = []
        for owned, rule in zip(self._rules, rules, strict=True):
            own = causes.get(owned.file.location.path)
            if own is not None:  # nothing is filled in, in what people read either
                rule = replace(rule, why=_written(owned, "why"), fix=_written(owned, "fix"))  # noqa: PLW2901 -- it is the same rule
            by_signer = next((lost[name] for name in owned.entry.named if name in lost), None)
            marked.append(replace(rule, unfit=own or by_signer))
        return tuple(marked)


def _written(owned: Owned, key: str) -> str:
    """Give a text of a rule as it was written, or ""."""
    value = owned.entry.written.value
    entries = value.entries if isinstance(value, MapNode) else ()
    return next((one.value.text for one in entries if one.key.text == key and isinstance(one.value, ScalarNode)), "")


def _match(patterns: tuple[ImagesPattern, ...], repository: str) -> Mapping[str, str] | None:
    """Give the values of the first pattern that matches."""
    return next((found for pattern in patterns if (found := pattern.match(repository)) is not None), None)


def same_principals(signers: Mapping[str, Signer]) -> tuple[tuple[str, str], ...]:
    """Give each signer that stands for the same principal as an earlier one, with that one (S18)."""
    first: dict[Identity, str] = {}
    found = []
    for name, signer in signers.items():
        principal = signer.principal()
        if principal is not None and first.setdefault(principal, name) != name:
            found.append((name, first[principal]))
    return tuple(found)
