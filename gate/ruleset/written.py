"""Entries of `rules:` and `signers:` → typed rules and signers.

Once when a file is read, and again for each repository where its `images:` names parts of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from gate.pattern import Glob
from gate.ruleset.entries import Kinds, RuleHead
from gate.ruleset.hints import keys_of
from gate.ruleset.mistakes import Mistakes, one_of
from gate.ruleset.nodes import Entry, MapNode, Mark, ScalarNode
from gate.ruleset.rule import Rule, Scope, WaiverTerms
from gate.ruleset.walk import BAD, Walk

if TYPE_CHECKING:
    from gate.check import Check
    from gate.option import File
    from gate.signer import Signer

__all__ = ["Entries", "NamedSigner", "WrittenRule"]


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """One rule, the entry it was read from, and the signers it names."""

    rule: Rule
    written: Entry
    replaces: Mark | None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSigner:
    """One signer, the entry it was read from, and the signers it names itself."""

    signer: Signer
    written: Entry
    named: tuple[str, ...] = ()


@dataclass(slots=True)
class Entries:
    """Reads entries of one file. `names` are the names of its `images:` and what they stand for.

    `named` holds every signer that was named, with its place.
    """

    mistakes: Mistakes
    kinds: Kinds
    read_file: Callable[[str, str], File | str]
    names: Mapping[str, str]
    named: list[tuple[str, Mark]] = field(default_factory=list)

    def signer(self, entry: Entry) -> NamedSigner | None:
        """Read one signer; None where it cannot be read, which is reported."""
        choice = self._choice(entry, "kind", tuple(self.kinds.signers))
        if choice is None or not choice[0]:
            return None
        kind, rest = choice
        walk = self._walk()
        what = f"the signer {entry.key.text!r} ({kind})"
        signer = walk.options(rest, self.kinds.signers[kind], what, owner=entry.key.mark, also=("kind",))
        self.named += walk.signers
        if signer is BAD:
            return None
        return NamedSigner(cast("Signer", signer), entry, tuple(name for name, _ in walk.signers))

    def rule(self, entry: Entry) -> WrittenRule | None:
        """Read one rule; None where it cannot be read, which is reported."""
        choice = self._choice(entry, "check", tuple(self.kinds.checks))
        if choice is None:
            return None
        name, rest = choice
        head_keys = keys_of(RuleHead)
        walk = self._walk()
        what = f"the rule {entry.key.text!r}"
        head = walk.options(
            MapNode(rest.mark, tuple(inner for inner in rest.entries if inner.key.text in head_keys)), RuleHead, what
        )
        if not name:
            return None
        body = MapNode(rest.mark, tuple(inner for inner in rest.entries if inner.key.text not in head_keys))
        check = walk.options(body, self.kinds.check(name), f"{what} (check {name})", also=("check", *head_keys))
        self.named += walk.signers
        if head is BAD or check is BAD:
            return None
        rule = _rule(entry, cast("RuleHead", head), cast("Check", check), walk)
        return WrittenRule(rule, entry, walk.marks.get("replaces"), tuple(name for name, _ in walk.signers))

    def _walk(self) -> Walk:
        return Walk(self.mistakes, self.read_file, self.names)

    def _choice(self, entry: Entry, key: str, known: tuple[str, ...]) -> tuple[str, MapNode] | None:
        """Split the key that says which kind (`check`, `kind`) from the other keys of an entry."""
        if not isinstance(entry.value, MapNode):
            self.mistakes.add(entry.value.mark, f"{entry.key.text!r} is a mapping with the key {key!r} and its options")
            return None
        chosen = next((inner.value for inner in entry.value.entries if inner.key.text == key), None)
        rest = MapNode(entry.key.mark, tuple(inner for inner in entry.value.entries if inner.key.text != key))
        if chosen is None:
            self.mistakes.add(entry.key.mark, f"{entry.key.text!r} lacks the key {key!r} (one of: {', '.join(known)})")
            return None
        if not isinstance(chosen, ScalarNode) or chosen.text not in known:
            written = chosen.text if isinstance(chosen, ScalarNode) else "(not a text)"
            if not (isinstance(chosen, ScalarNode) and chosen.broken):
                self.mistakes.add(chosen.mark, one_of(key, written, known))
            return "", rest
        return chosen.text, rest


def _rule(entry: Entry, head: RuleHead, check: Check, walk: Walk) -> Rule:
    within = head.for_
    scope = Scope(within.images, tuple(Glob(tag.text) for tag in within.tags)) if within is not None else Scope()
    terms = head.waivers
    return Rule(
        name=entry.key.text,
        check=check,
        level=head.level,
        place=entry.key.mark.place,
        why=head.why,
        fix=head.fix,
        scope=scope,
        starts=head.from_,
        final=head.final,
        waivable=head.waivable,
        waivers=None if terms is None else WaiverTerms(terms.owners, terms.max_lifetime, walk.marks["waivers"].place),
        replaces=head.replaces,
        origins=walk.origins(),
    )
