"""Merging the files of a run: names, replacements, signers (S18, S25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.ruleset.files import BUILTIN, beside, builtin
from gate.ruleset.instances import Owned, SignerOwned, same_principals
from gate.ruleset.mistakes import Mistakes, meant
from gate.ruleset.reader import RuleFile
from gate.ruleset.written import WrittenRule

if TYPE_CHECKING:
    from pathlib import Path

    from gate.ruleset.nodes import Mark

__all__ = ["Merger"]


class Merger:
    """Takes one file after the other, extended ones first."""

    def __init__(self, mistakes: Mistakes) -> None:
        """Start without rules and signers."""
        self._mistakes = mistakes
        self._rules: dict[str, tuple[WrittenRule, RuleFile]] = {}
        self._signers: dict[str, SignerOwned] = {}
        self._rule_names: dict[str, tuple[str, Mark]] = {}
        self._signer_names: dict[str, tuple[str, Mark]] = {}
        self._named: list[tuple[str, Mark]] = []
        self._is_complete = True

    def add(self, file: RuleFile) -> None:
        """Add one file's signers and rules."""
        self._is_complete = self._is_complete and file.is_complete
        for name, mark in file.signer_names.items():
            _, first = self._signer_names.setdefault(name.casefold(), (name, mark))
            if first is not mark:
                message = f"the signer {name!r} is already defined at {first.place}; signers are never replaced"
                self._mistakes.add(mark, message)
        for signer in file.signers:
            self._signers.setdefault(signer.written.key.text, SignerOwned(signer, file))
        for rule in file.rules:
            self._rule(rule, file)
        self._case_twins(file)
        self._named += file.named

    def finish(self) -> tuple[tuple[Owned, ...], dict[str, SignerOwned]]:
        """Give the rules in their order and the signers, after looking that every signer named exists."""
        self._refuse_twins()
        names = sorted(name for name, _ in self._signer_names.values())
        for name, mark in self._named:
            if name not in names and self._is_complete:
                listed = ", ".join(names) or "none"
                hint = _define(name) if mark.text.path.startswith(BUILTIN) else meant(name, names)
                self._mistakes.add(mark, f"there is no signer {name!r} (there are: {listed}){hint}")
        return tuple(Owned(rule, file) for rule, file in self._rules.values()), self._signers

    def _refuse_twins(self) -> None:
        """Report signers that stand for the same principal (S18)."""
        for name, first in same_principals({name: owned.entry.signer for name, owned in self._signers.items()}):
            one, other = self._signers[name].entry, self._signers[first].entry
            kind = principal.kind if (principal := one.signer.principal()) is not None else "principal"
            where = other.written.key.mark.place
            message = f"the signer {name!r} is the same {kind} as {first!r} ({where}): it would count once only"
            self._mistakes.add(one.written.key.mark, message)

    def _rule(self, entry: WrittenRule, file: RuleFile) -> None:
        name, mark = entry.rule.name, entry.written.key.mark
        existing = self._rules.get(name)
        target = self._target(entry, file)
        if entry.replaces is not None and target is None:
            return
        if existing is None:
            if entry.replaces is not None:
                self._no_such_rule(entry, target)
            self._rules[name] = (entry, file)
            return
        first, owner = existing
        where = first.written.key.mark.place
        if target is None:
            can = owner.location.path in file.below
            hint = f"; to replace it here, add `replaces: {self._as_written(file, owner)}`" if can else ""
            self._mistakes.add(mark, f"the rule {name!r} is already defined at {where}{hint}")
        elif target != owner.location.path:
            message = f"the rule {name!r} is not of that file any more: it is defined at {where}"
            self._mistakes.add(entry.replaces or mark, message)
        elif first.rule.final:
            self._mistakes.add(entry.replaces or mark, f"the rule {name!r} is final at {where}: it cannot be replaced")
        else:
            self._rules[name] = (entry, file)

    def _target(self, entry: WrittenRule, file: RuleFile) -> Path | None:
        """Find the file that `replaces` names; None where there is no such key, or (reported) no such file."""
        if entry.replaces is None:
            return None
        written = entry.rule.replaces
        location = builtin(written) if written.startswith(BUILTIN) else beside(file.location, written)
        if isinstance(location, str):
            self._mistakes.add(entry.replaces, location)
            return None
        if location.path not in file.below:
            if not file.is_complete:
                return None
            self._mistakes.add(
                entry.replaces, f"this file does not extend {written!r}: name one of the files it extends"
            )
            return None
        return location.path

    def _no_such_rule(self, entry: WrittenRule, target: Path | None) -> None:
        names = sorted(name for name, (_, owner) in self._rules.items() if owner.location.path == target)
        listed = ", ".join(names) or "none"
        guess = meant(entry.rule.name, names)
        message = f"{entry.rule.replaces!r} has no rule {entry.rule.name!r} (it has: {listed}){guess}"
        self._mistakes.add(entry.replaces or entry.written.key.mark, message)

    def _as_written(self, file: RuleFile, owner: RuleFile) -> str:
        """Give the name by which `file` can say `replaces` of a rule of `owner`."""
        if owner.location.shown.startswith(BUILTIN):
            return owner.location.shown
        for written in file.head.extends:
            location = beside(file.location, written)
            if not isinstance(location, str) and location.path == owner.location.path:
                return written
        folder = file.location.path.parent
        inside = owner.location.path.is_relative_to(folder)
        return owner.location.path.relative_to(folder).as_posix() if inside else owner.location.shown

    def _case_twins(self, file: RuleFile) -> None:
        """Report rule names of two files that are equal but for upper and lower case (S29)."""
        for name, mark in file.rule_names.items():
            first, where = self._rule_names.setdefault(name.casefold(), (name, mark))
            if first != name:
                message = f"the rule {name!r} differs only in upper and lower case from {first!r} at {where.place}"
                self._mistakes.add(mark, message)


def _define(name: str) -> str:
    """Say what to add where a pack wants a signer: only who uses it knows the key or identity."""
    return (
        f": the pack leaves it to you who that is. Extend the pack from a file of your own and define it there, as "
        f'`signers: {{{name}: {{kind: cosign-key, key: {name}.pub, log: none, images: "ghcr.io/acme/**"}}}}`'
    )
