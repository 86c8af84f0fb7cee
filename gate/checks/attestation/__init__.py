"""Check `attestation`: the signers of a rule have said something about this image (docs/checks/attestation.md).

Who sealed an envelope, and that it is about this image, is the signers' business (`gate.signer.Attester`); who has to,
and how often each counts, is in `gate.vouched`. Here is what was said: for each envelope that a signer vouches for, in
this order,

1. the predicate type in the signed statement is the one asked for
2. it is new enough, by a time that is proven (or, where the rule says so, stated)
3. the predicate says what the rule asks for
4. of several, the worst counts, unless one is enough for this type or the rule says so (S4)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate.attached import Storage
from gate.check import CheckMeta
from gate.checks.attestation import reasons
from gate.checks.attestation.conditions import (
    Pattern,
    PredicateType,
    ProvenanceConditions,
    SbomConditions,
    SummaryConditions,
    kinds_of,
)
from gate.checks.attestation.judging import Judging
from gate.checks.attestation.search import BuildKitNeed, EnvelopesNeed
from gate.finding import Judgement
from gate.formats.predicates import SBOM_TYPES, SCAN_TYPES
from gate.formats.slsa import PROVENANCE_TYPES
from gate.option import Duration, option
from gate.signer import Attester
from gate.vouched import Asked, Signers, Tree, Words, rule_problems

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.subject import Subject

__all__ = ["CHECK", "Attestation"]

#: Predicate types of which one good attestation is enough unless the rule says otherwise: they say how something was
#: made or what is in it. Results of scans, tests and verifications can be bad, and a bad one stays bad.
_ONE_IS_ENOUGH: Final = PROVENANCE_TYPES | SBOM_TYPES
#: Predicate types that describe the content of one platform's image: on an index they say nothing certain (S10).
_OF_ONE_PLATFORM: Final = SBOM_TYPES | SCAN_TYPES

_WORDS: Final = Words(
    missing=reasons.MISSING,
    quorum=reasons.QUORUM,
    same_principal=reasons.SAME_PRINCIPAL,
    not_read=reasons.NOT_READ,
    vouched="attested",
    nothing="no attestation",
    has_not="{who} has attested nothing of this kind about this image",
    none_counts="no attestation by {who} counts",
    expected="an attestation by {who}",
    expected_of_several="attestations by {who}",
    too_few="too few signers have attested this image",
    cannot_share="one attestation cannot stand for two signers",
    cannot_tell="whether {who} has attested this cannot be told",
)


@dataclass(frozen=True, slots=True)
class Attestation(Signers):
    """The signers that the rule names have attested something about this image."""

    meta: ClassVar[CheckMeta] = CheckMeta("attestation", "The image is attested by who has to attest it", "platform")

    predicate_type: tuple[PredicateType, ...] = option(
        "What is attested, by the gate's name (slsa-provenance, sbom, …) or URI; of several, any.",
        needs="predicate-type: slsa-provenance",
    )
    on: Literal["image", "platform", "either"] | None = option(
        "What the attestation is about: the image as resolved, each platform's image, or either. `platform` for SBOMs "
        "and scans unless said otherwise, else `either`.",
        default=None,
    )
    provenance: ProvenanceConditions | None = option("What SLSA provenance has to say.", default=None)
    sbom: SbomConditions | None = option("What an SBOM has to hold.", default=None)
    summary: SummaryConditions | None = option("What a SLSA verification summary has to say.", default=None)
    fields: Mapping[str, tuple[Pattern, ...]] | None = option(
        "Fields of the predicate by JSON pointer (/runDetails/builder/id), with what is allowed there.", default=None
    )
    max_age: Duration | None = option("How old the attestation may be.", default=None)
    time: Literal["verified", "stated"] = option(
        "Which time `max-age` is about: one that a log or timestamp authority proves, or the one that the signer wrote "
        "into the predicate.",
        default="verified",
    )
    of_several: Literal["one", "all"] | None = option(
        "Whether one attestation that meets the rule is enough, or all of them have to. `one` for provenance and SBOMs "
        "unless said otherwise, else `all`.",
        default=None,
    )
    buildkit: bool = option(
        "Count what BuildKit stored in the index, as the word of whoever signed the index.", default=False
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake in the form and between the options, with the key path it is about."""
        found = list(rule_problems(self))
        conditions = {"provenance": self.provenance, "sbom": self.sbom, "summary": self.summary}
        fitting = kinds_of(self.uris)
        said = ", ".join(str(one) for one in self.predicate_type)
        found += [
            (key, f"`{key}` has no effect on the predicate type {said}")
            for key, given in conditions.items()
            if given is not None and not fitting[key]
        ]
        if self.time == "stated" and self.max_age is None:
            found.append(("time", "`time` has no effect without `max-age`"))
        if self.buildkit and self.max_age is not None and self.time == "verified":
            found.append(
                ("buildkit", "what BuildKit stores has no proven time: say `time: stated`, or leave `max-age`")
            )
        found += [
            ("fields", f"{pointer!r} is no JSON pointer: it begins with a slash, as /runDetails/builder/id")
            for pointer in self.fields or ()
            if not pointer.startswith("/")
        ]
        return tuple(found)

    @property
    def uris(self) -> frozenset[str]:
        """The predicate types that are asked for."""
        return frozenset(uri for one in self.predicate_type for uri in one.uris)

    @property
    def takes_one(self) -> bool:
        """Whether one attestation that meets the rule is enough."""
        return self.of_several == "one" if self.of_several else self.uris <= _ONE_IS_ENOUGH

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:
        """Say what has to be collected: envelopes where the rule's signers keep them, and BuildKit's statements."""
        signers = [book.signer(name) for name in Tree.of(self).names]
        needs: set[Need] = set()
        envelopes = self._envelopes(
            frozenset(place for one in signers if isinstance(one, Attester) for place in one.seals())
        )
        if envelopes is not None:
            needs.add(envelopes)
        if self.buildkit:
            needs.add(BuildKitNeed(tuple(sorted(self.uris))))
            needs |= {need for signer in signers for need in signer.needs(subject)}
        return frozenset(needs)

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge who attested what about one platform's image."""
        if view.platform is None:
            msg = "attestations are judged for one platform"
            raise RuntimeError(msg)
        signers = {name: view.book.signer(name) for name in dict.fromkeys(Tree.of(self).names)}
        envelopes = self._envelopes(
            frozenset(place for one in signers.values() if isinstance(one, Attester) for place in one.seals())
        )
        hung = envelopes.read(view.subject, view.platform, view.evidence) if envelopes else ()
        embedded = (
            BuildKitNeed(tuple(sorted(self.uris))).read(view.subject, view.platform, view.evidence)
            if self.buildkit
            else None
        )
        judging = Judging(self, view, at, hung, embedded)
        found = judging.vouchings(signers)
        asked = Asked.of(self, lambda name: (signers[name], found[name]), _WORDS, _how_to_attest(view.subject))
        asked = replace(asked, about=(("predicate-type", ", ".join(str(one) for one in self.predicate_type)),))
        findings, undecided = asked.unmet()
        return Judgement(
            tuple(findings),
            tuple(dict.fromkeys(undecided)),
            notes=asked.notes(),
            looked=tuple(dict.fromkeys(look for one in hung for look in one.attached.looked)),
        )

    def _envelopes(self, storages: frozenset[Storage]) -> EnvelopesNeed | None:
        if not storages:
            return None
        on = self.on or ("platform" if self.uris & _OF_ONE_PLATFORM else "either")
        return EnvelopesNeed(
            tuple(sorted(storages)), tuple(sorted(self.uris)), on_image=on != "platform", on_platforms=on != "image"
        )


CHECK = Attestation


def _how_to_attest(subject: Subject) -> str:
    remedy = reasons.MISSING.remedy
    if not subject.repository:
        return remedy
    return remedy.replace("REPOSITORY@DIGEST", f"{subject.repository}@{subject.digest}")
