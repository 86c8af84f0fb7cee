"""Check `signature`: the signers that a rule names have signed this image (docs/checks/signature.md).

Who signed, and how that is proven, is the signers' business; here is only who has to: one signer, or groups
of them. Every signer counts with a principal of its own (S18). What one place did not answer leaves the rule
undecided only if the answer could still change it (DESIGN section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from gate.check import CheckMeta
from gate.finding import About, Finding, Judgement, Note, Reason, Undecided
from gate.option import SignerName, option
from gate.quorum import Group, Leaf, Node, Standing, leaves, standing
from gate.signer import Candidate, Counts, Refused, Unchecked

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.signer import Signer, Vouching
    from gate.subject import Subject

__all__ = ["CHECK", "MOST_GROUPS", "MOST_SIGNERS", "Signature", "Signers"]

#: Every nested group doubles the ways to meet a rule; no policy that people understand needs more.
MOST_GROUPS: Final = 8
#: Signers named in one rule.
MOST_SIGNERS: Final = 64
#: Candidates named in one line of a finding.
_MOST_MISSES: Final = 3

MISSING = Reason(
    "signature-missing",
    "The image has no signature",
    "No signature hangs on this digest in any of the places where the signer's signatures are kept. A signature "
    "belongs to a digest: one for another build, for another tag's image or for one platform inside "
    "the image is none for it.",
    "Sign the digest after pushing it: `cosign sign --key … REPOSITORY@DIGEST`. If it was signed, see that the "
    "signature was pushed to the same repository, and copied along if the image was copied.",
)
QUORUM = Reason(
    "signature-quorum",
    "Too few of the signers have signed",
    "The rule asks for a number of signers out of several. Fewer have signed, each counted once however many "
    "signatures and names there are. The finding lists for every signer what was found.",
    "Let one of the missing signers sign the digest.",
)
SAME_PRINCIPAL = Reason(
    "signature-same-principal",
    "One signature would have to stand for two signers",
    "Each part of the rule is met by itself, but only with the same key or identity in two places. One signature fills "
    "one place, so somebody else has to sign as well.",
    "Let another signer sign, or correct the rule if it names the same key twice.",
)
NOT_READ = Reason(
    "signatures-not-read",
    "A place where signatures are kept did not answer",
    "Whether the image is signed cannot be told, because a place that would know did not give a definite answer: "
    "access was refused, it failed, took too long, or listed more than is read.",
    "Read what the place answered. `gate doctor` looks at the way to a registry; the account needs the right to pull "
    "from the repository. Then run the gate again.",
)


@dataclass(frozen=True, slots=True)
class Signers:
    """A group inside a group: one of the forms of the rule itself."""

    signed_by: tuple[SignerName, ...] = option("The signer.", default=())
    any_of: tuple[SignerName | Signers, ...] = option("At least one of these has signed.", default=())
    all_of: tuple[SignerName | Signers, ...] = option("All of these have signed.", default=())
    at_least: int | None = option("How many of `of` have signed.", default=None)
    of: tuple[SignerName | Signers, ...] = option("The signers that `at-least` counts.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake in the form, with the key path it is about."""
        return _form_problems(self)


@dataclass(frozen=True, slots=True)
class Signature:
    """The signers that the rule names have signed this image."""

    meta: ClassVar[CheckMeta] = CheckMeta("signature", "The image is signed by who has to sign it", "image")

    signed_by: tuple[SignerName, ...] = option("The signer that has signed.", default=())
    any_of: tuple[SignerName | Signers, ...] = option("At least one of these has signed.", default=())
    all_of: tuple[SignerName | Signers, ...] = option("All of these have signed.", default=())
    at_least: int | None = option("How many of `of` have signed.", default=None)
    of: tuple[SignerName | Signers, ...] = option("The signers that `at-least` counts.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake in the form, with the key path it is about."""
        found = _form_problems(self)
        if found:
            return found
        tree = _Tree.of(self)
        if tree.groups > MOST_GROUPS:
            found += (("", f"{tree.groups} nested groups of signers; at most {MOST_GROUPS} are evaluated"),)
        if len(tree.names) > MOST_SIGNERS:
            found += (("", f"{len(tree.names)} signers in one rule; at most {MOST_SIGNERS} are evaluated"),)
        return found

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:
        """Say what has to be collected: what every signer of the rule needs."""
        return frozenset(need for name in _Tree.of(self).names for need in book.signer(name).needs(subject))

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge who signed the image."""
        tree = _Tree.of(self)
        vouchings = {
            name: (signer, signer.verify(view.subject, view.evidence, at))
            for name in dict.fromkeys(tree.names)
            for signer in (view.book.signer(name),)
        }
        judge = _Judge(
            view.subject, tree, tuple(_Place(name, place, *vouchings[name]) for place, name in enumerate(tree.names))
        )
        findings, undecided = judge.unmet(tree.root)
        looks = (look for _, vouching in vouchings.values() for look in vouching.looked)
        return Judgement(
            tuple(findings),
            tuple(dict.fromkeys(undecided)),
            notes=judge.notes(),
            looked=tuple(dict.fromkeys(looks)),
        )


CHECK = Signature


def _form_problems(group: Signature | Signers) -> tuple[tuple[str, str], ...]:
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


def _forms(group: Signature | Signers) -> tuple[tuple[str, tuple[SignerName | Signers, ...]], ...]:
    return (("signed-by", group.signed_by), ("any-of", group.any_of), ("all-of", group.all_of), ("of", group.of))


@dataclass(frozen=True, slots=True)
class _Tree:
    """The rule as a quorum. `names` are the signers of the leaves by place, `groups` counts nested groups."""

    root: Node
    names: tuple[SignerName, ...]
    groups: int

    @classmethod
    def of(cls, rule: Signature) -> _Tree:
        names: list[SignerName] = []
        groups = 0

        def build(group: Signature | Signers) -> Node:
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
class _Place:
    """One leaf of the rule with what its signer's search came to."""

    name: SignerName
    place: int
    signer: Signer
    vouching: Vouching

    def certain(self) -> frozenset[Hashable]:
        """The principals whose signature counts."""
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

    def miss(self) -> tuple[Reason, str]:
        """The reason why nothing counts, and the nearest misses in words."""
        refused = [one for one in self.vouching.candidates if isinstance(one.result, Refused)]
        if not refused:
            return MISSING, "no signature"
        # A signature that is the signer's own came nearer than one of somebody else, and that nearer than junk.
        refused.sort(key=lambda one: one.by is None)
        reason = next(one.result.reason for one in refused if isinstance(one.result, Refused))
        told = [f"{one.where.where}: {one.result.nearest}" for one in refused if isinstance(one.result, Refused)]
        more = len(told) - _MOST_MISSES
        return reason, "; ".join(told[:_MOST_MISSES]) + (f"; and {more} more" if more > 0 else "")

    def undecided(self) -> list[Undecided]:
        """What has to be known before it can be told whether this signer signed."""
        unread = [
            Undecided(
                NOT_READ,
                f"whether {self.name} signed cannot be told: {fact.look.where} answered {fact.look.status} "
                f"({fact.code}): {fact.detail}",
                NOT_READ.remedy,
                fact.look,
            )
            for fact in self.vouching.unread
        ]
        return unread + [
            Undecided(
                one.result.reason,
                f"whether {self.name} signed cannot be told: {one.where.where}: {one.result.detail}",
                one.result.reason.remedy,
                one.where,
            )
            for one in self.vouching.candidates
            if isinstance(one.result, Unchecked)
        ]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges the tree, given every leaf's search."""

    subject: Subject
    tree: _Tree
    places: tuple[_Place, ...]

    def unmet(self, node: Node) -> tuple[list[Finding], list[Undecided]]:
        """Give what is wrong with a part of the tree: findings where it is violated, else what is not known.

        A group that asks for all of its parts is judged part by part, so that a waiver for one signer
        accepts nothing about another, and what is undecided stays so.
        """
        now = self._standing(node)
        if now is Standing.MET:
            return [], []
        if isinstance(node, Group) and node.least == len(node.parts):
            parts = [self.unmet(part) for part in node.parts]
            findings = [finding for found, _ in parts for finding in found]
            undecided = [point for _, points in parts for point in points]
            if not findings and now is Standing.NOT_MET:
                return [self._finding(node, SAME_PRINCIPAL)], undecided
            if findings or undecided:
                return findings, undecided
        if now is Standing.UNKNOWN:
            return [], [point for place in leaves(node) for point in self.places[place].undecided()]
        return [self._finding(node, QUORUM)], []

    def notes(self) -> tuple[Note, ...]:
        """Say who signed, and what else was found and does not count."""
        told = (_told(place.name, one) for place in self.places for one in place.vouching.candidates)
        return tuple(Note(what) for what in dict.fromkeys(told))

    def _standing(self, node: Node) -> Standing:
        certain = [place.certain() for place in self.places]
        return standing(node, certain, [place.possible() for place in self.places])

    def _finding(self, node: Node, reason: Reason) -> Finding:
        if isinstance(node, Leaf):
            place = self.places[node.place]
            why, got = place.miss()
            return Finding(
                reason=why,
                about=About.of(signer=str(place.name)),
                what=f"{place.name} has not signed this image"
                if why is MISSING
                else f"no signature of {place.name} counts",
                expected=f"a signature by {place.name}",
                got=got,
                fix=self._how_to_sign() if why is MISSING else why.remedy,
            )
        asked = [self.places[place] for place in leaves(node)]
        got = "; ".join(f"{place.name}: {'signed' if place.certain() else place.miss()[1]}" for place in asked)
        return Finding(
            reason=reason,
            about=About.of(signer=self._words(node)),
            what="too few signers have signed this image"
            if reason is QUORUM
            else "one signature cannot stand for two signers",
            expected=f"signatures by {self._words(node)}",
            got=got,
            fix=reason.remedy,
        )

    def _how_to_sign(self) -> str:
        if not self.subject.repository:
            return MISSING.remedy
        return MISSING.remedy.replace("REPOSITORY@DIGEST", f"{self.subject.repository}@{self.subject.digest}")

    def _words(self, node: Node) -> str:
        if isinstance(node, Leaf):
            return str(self.places[node.place].name)
        inner = ", ".join(
            self._words(part) if isinstance(part, Leaf) else f"({self._words(part)})" for part in node.parts
        )
        return f"all of {inner}" if node.least == len(node.parts) else f"{node.least} of {inner}"


def _told(name: SignerName, candidate: Candidate) -> str:
    match candidate.result:
        case Counts(detail):
            return f"signed by {name}: {candidate.by}, {candidate.where.where} ({detail})"
        case Refused(reason, nearest):
            return f"not counted for {name}: {candidate.where.where}: {nearest} ({reason.code})"
        case Unchecked(reason, detail):
            return f"not checked for {name}: {candidate.where.where}: {detail} ({reason.code})"
