"""Who of the signers that a rule names has vouched: the forms of such rules, their quorum, and what is said.

The checks `signature` and `attestation` ask the same question of different evidence. What a check hands in is
what the search of every signer came to (`gate.signer.Vouching`); what it gets are findings and undecided points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from gate.finding import About, Finding, Note, Undecided
from gate.option import SignerName, option
from gate.quorum import Group, Leaf, Node, Standing, leaves, standing
from gate.signer import Candidate, Counts, Refused, Unchecked

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from gate.finding import Reason
    from gate.signer import Signer, Vouching

__all__ = ["MOST_GROUPS", "MOST_SIGNERS", "Asked", "Place", "Signers", "Tree", "Words", "rule_problems"]

#: Every nested group doubles the ways to meet a rule; no policy that people understand needs more.
MOST_GROUPS: Final = 8
#: Signers named in one rule.
MOST_SIGNERS: Final = 64
#: Candidates named in one line of a finding.
_MOST_MISSES: Final = 3


@dataclass(frozen=True, slots=True)
class Signers:
    """Who has to vouch: exactly one of the forms. A group inside a group has the same forms."""

    signed_by: tuple[SignerName, ...] = option("The signer that has signed.", default=())
    any_of: tuple[SignerName | Signers, ...] = option("At least one of these has signed.", default=())
    all_of: tuple[SignerName | Signers, ...] = option("All of these have signed.", default=())
    at_least: int | None = option("How many of `of` have signed.", default=None)
    of: tuple[SignerName | Signers, ...] = option("The signers that `at-least` counts.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake in the form, with the key path it is about."""
        return _form_problems(self)


class Words(NamedTuple):
    """What a check says about who vouched; `{who}` in a text is the signer's name, or several."""

    missing: Reason
    quorum: Reason
    same_principal: Reason
    not_read: Reason
    vouched: str
    nothing: str
    has_not: str
    none_counts: str
    expected: str
    expected_of_several: str
    too_few: str
    cannot_share: str
    cannot_tell: str


def rule_problems(rule: Signers) -> tuple[tuple[str, str], ...]:
    """Give every mistake in a rule that is itself such a form: `Signers.problems`, and the bounds of the whole."""
    found = _form_problems(rule)
    if found:
        return found
    tree = Tree.of(rule)
    if tree.groups > MOST_GROUPS:
        found += (("", f"{tree.groups} nested groups of signers; at most {MOST_GROUPS} are evaluated"),)
    if len(tree.names) > MOST_SIGNERS:
        found += (("", f"{len(tree.names)} signers in one rule; at most {MOST_SIGNERS} are evaluated"),)
    return found


def _form_problems(group: Signers) -> tuple[tuple[str, str], ...]:
    forms = [key for key, parts in _forms(group) if parts]
    if group.at_least is not None and "of" not in forms:
        return (("at-least", "`at-least` counts signers out of a list: add `of: [NAME, …]`"),)
    if len(forms) != 1:
        said = f"here are {', '.join(forms)}: " if forms else ""
        return (
            ("", f"{said}say one of `signed-by: NAME`, `any-of: […]`, `all-of: […]`, or `at-least: N` with `of: […]`"),
        )
    if len(group.signed_by) > 1:
        return (("signed-by", "`signed-by` names one signer; of several, say `any-of` or `all-of`"),)
    if group.of and group.at_least is None:
        return (("of", "say how many of them: `at-least: 1`"),)
    if group.at_least is not None and not 1 <= group.at_least <= len(group.of):
        sentence = (
            f"`at-least: {group.at_least}` of {len(group.of)} would always or never hold; say 1 to {len(group.of)}"
        )
        return (("at-least", sentence),)
    return ()


def _forms(group: Signers) -> tuple[tuple[str, tuple[SignerName | Signers, ...]], ...]:
    return (("signed-by", group.signed_by), ("any-of", group.any_of), ("all-of", group.all_of), ("of", group.of))


@dataclass(frozen=True, slots=True)
class Tree:
    """A rule as a quorum. `names` are the signers of the leaves by place, `groups` counts nested groups."""

    root: Node
    names: tuple[SignerName, ...]
    groups: int

    @classmethod
    def of(cls, rule: Signers) -> Tree:
        """Give the tree of a rule whose form is right."""
        names: list[SignerName] = []
        groups = 0

        def build(group: Signers) -> Node:
            nonlocal groups
            ((form, written),) = [(form, parts) for form, parts in _forms(group) if parts]
            parts: list[Node] = []
            for part in written:
                if isinstance(part, SignerName):
                    parts.append(Leaf(len(names)))
                    names.append(part)
                else:
                    groups += 1
                    parts.append(build(part))
            least = {"any-of": 1, "of": group.at_least or 0}.get(form, len(parts))
            return Group(least, tuple(parts)) if len(parts) > 1 else parts[0]

        root = build(rule)
        return cls(root, tuple(names), groups)


@dataclass(frozen=True, slots=True)
class Place:
    """One leaf of the rule with what its signer's search came to."""

    name: SignerName
    place: int
    signer: Signer
    vouching: Vouching

    def certain(self) -> frozenset[Hashable]:
        """The principals whose candidate counts."""
        return frozenset(
            candidate.by
            for candidate in self.vouching.candidates
            if isinstance(candidate.result, Counts) and candidate.by is not None
        )

    def possible(self) -> frozenset[Hashable]:
        """Those, and the one that something unread or unchecked could turn out to be."""
        unchecked = any(isinstance(candidate.result, Unchecked) for candidate in self.vouching.candidates)
        if not unchecked and not self.vouching.unread:
            return self.certain()
        return self.certain() | {self.signer.principal() or ("somebody", self.place)}

    def miss(self, words: Words) -> tuple[Reason, str]:
        """The reason why nothing counts, and the nearest misses in words."""
        refused = [one for one in self.vouching.candidates if isinstance(one.result, Refused)]
        if not refused:
            return words.missing, words.nothing
        # What is the signer's own came nearer than what somebody else made, and that nearer than junk.
        refused.sort(key=lambda one: one.by is None)
        reason = next(one.result.reason for one in refused if isinstance(one.result, Refused))
        told = [f"{one.where.where}: {one.result.nearest}" for one in refused if isinstance(one.result, Refused)]
        more = len(told) - _MOST_MISSES
        return reason, "; ".join(told[:_MOST_MISSES]) + (f"; and {more} more" if more > 0 else "")

    def undecided(self, words: Words) -> list[Undecided]:
        """What has to be known before it can be told whether this signer vouched."""
        cannot_tell = words.cannot_tell.format(who=self.name)
        unread = [
            Undecided(
                words.not_read,
                f"{cannot_tell}: {fact.look.where} answered {fact.look.status} ({fact.code}): {fact.detail}",
                words.not_read.remedy,
                fact.look,
            )
            for fact in self.vouching.unread
        ]
        return unread + [
            Undecided(
                one.result.reason,
                f"{cannot_tell}: {one.where.where}: {one.result.detail}",
                one.result.reason.remedy,
                one.where,
            )
            for one in self.vouching.candidates
            if isinstance(one.result, Unchecked)
        ]


@dataclass(frozen=True, slots=True)
class Asked:
    """Judges the tree, given every leaf's search. `how` tells what to do where a signer has not vouched at all."""

    tree: Tree
    places: tuple[Place, ...]
    words: Words
    how: str
    about: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, rule: Signers, search: Callable[[SignerName], tuple[Signer, Vouching]], words: Words, how: str
    ) -> Asked:
        """Put every signer of the rule through `search`, once each."""
        tree = Tree.of(rule)
        found = {name: search(name) for name in dict.fromkeys(tree.names)}
        return cls(tree, tuple(Place(name, place, *found[name]) for place, name in enumerate(tree.names)), words, how)

    def unmet(self, node: Node | None = None) -> tuple[list[Finding], list[Undecided]]:
        """Give what is wrong with a part of the tree (or all of it): findings where it is violated, else what is open.

        A group that asks for all of its parts is judged part by part, so that a waiver for one signer
        accepts nothing about another, and what is undecided stays so.
        """
        findings, undecided, _ = self._judged(node or self.tree.root)
        return findings, undecided

    def notes(self) -> tuple[Note, ...]:
        """Say who vouched, and what else was found and does not count."""
        told = (
            _told(place.name, one, self.words.vouched) for place in self.places for one in place.vouching.candidates
        )
        caveats = (
            f"{place.name}: {one.result.caveat}"
            for place in self.places
            for one in place.vouching.candidates
            if isinstance(one.result, Counts) and one.result.caveat
        )
        loud = tuple(Note(what, headline=True) for what in dict.fromkeys(caveats))
        return (*(Note(what) for what in dict.fromkeys(told)), *loud)

    def _judged(self, node: Node) -> tuple[list[Finding], list[Undecided], Node | None]:
        """Give findings, what is open, and what of the node still has to hold if every finding is waived."""
        now = self._standing(node)
        if now is Standing.MET:
            return [], [], node
        if isinstance(node, Group) and node.least == len(node.parts):
            return self._all_judged(node)
        if now is Standing.UNKNOWN:
            return [], self._open(node), node
        return [self._finding(node, self.words.quorum)], [], None

    def _all_judged(self, group: Group) -> tuple[list[Finding], list[Undecided], Node | None]:
        """Judge each part, then the parts that hold together: one signature may stand for two of them (S18)."""
        parts = [self._judged(part) for part in group.parts]
        findings = [finding for found, _, _ in parts for finding in found]
        undecided = [point for _, points, _ in parts for point in points]
        left = tuple(rest for _, _, rest in parts if rest is not None)
        if not left:
            return findings, undecided, None
        rest = Group(len(left), left) if len(left) > 1 else left[0]
        together = self._standing(rest)
        if together is Standing.NOT_MET:
            findings.append(self._finding(rest, self.words.same_principal))
            rest = Group(1, left)  # whoever accepts that they are one principal still asks for that one
        elif together is Standing.UNKNOWN and not undecided:
            undecided = self._open(rest)
        return findings, undecided, rest

    def _open(self, node: Node) -> list[Undecided]:
        return [point for place in leaves(node) for point in self.places[place].undecided(self.words)]

    def _standing(self, node: Node) -> Standing:
        certain = [place.certain() for place in self.places]
        return standing(node, certain, [place.possible() for place in self.places])

    def _finding(self, node: Node, reason: Reason) -> Finding:
        words = self.words
        if isinstance(node, Leaf):
            place = self.places[node.place]
            why, got = place.miss(words)
            return Finding(
                reason=why,
                about=About((("signer", str(place.name)), *self.about)),
                what=(words.has_not if why is words.missing else words.none_counts).format(who=place.name),
                expected=words.expected.format(who=place.name),
                got=got,
                fix=self.how if why is words.missing else why.remedy,
            )
        asked = [self.places[place] for place in leaves(node)]
        got = "; ".join(
            f"{place.name}: {words.vouched if place.certain() else place.miss(words)[1]}" for place in asked
        )
        return Finding(
            reason=reason,
            about=About((("signer", self._names(node)), *self.about)),
            what=words.too_few if reason is words.quorum else words.cannot_share,
            expected=words.expected_of_several.format(who=self._names(node)),
            got=got,
            fix=reason.remedy,
        )

    def _names(self, node: Node) -> str:
        if isinstance(node, Leaf):
            return str(self.places[node.place].name)
        inner = ", ".join(
            self._names(part) if isinstance(part, Leaf) else f"({self._names(part)})" for part in node.parts
        )
        return f"all of {inner}" if node.least == len(node.parts) else f"{node.least} of {inner}"


def _told(name: SignerName, candidate: Candidate, vouched: str) -> str:
    match candidate.result:
        case Counts(detail, _):
            return f"{vouched} by {name}: {candidate.by}, {candidate.where.where} ({detail})"
        case Refused(reason, nearest):
            return f"not counted for {name}: {candidate.where.where}: {nearest} ({reason.code})"
        case Unchecked(reason, detail):
            return f"not checked for {name}: {candidate.where.where}: {detail} ({reason.code})"
