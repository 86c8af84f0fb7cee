"""What signers that are identities have in common: their options, and how each signature is judged.

For each candidate, in this order; the numbers stand beside the code:

1. the bytes are what the descriptor says, and a referrer names this subject (`gate.attached`)
2. the candidate is a signature in a form that is known, with a certificate
3. logs, times, certificate, identity, signature (`gate.sigstore.verify`)
4. from the verified bytes: they say what a cosign signature says, and not what an attestation does (S20)
5. they name this subject's digest (S12)
6. this signer may vouch for this image (S16)
7. they hold the annotations that the signer asks for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gate import refusals
from gate.attached import Parcel, Storage
from gate.errors import MalformedData
from gate.formats import simple_signing
from gate.formats.material import Proofs
from gate.formats.statement import PAYLOAD_TYPE, Statement, parse_statement
from gate.option import Duration, File, option
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Identity, Refused, Sealed, Unchecked, Vouching
from gate.sigstore import storages
from gate.sigstore.claims import Policy, identity_of
from gate.sigstore.image import SIGN_PREDICATE, attestation, clipped, find_subject, lacks, other_name, unreadable
from gate.sigstore.proof import CannotTell, Demands, Proof, Target, Unproven
from gate.sigstore.target import open_parcel
from gate.sigstore.trust import choose_root, read_trust, root_at, trust_mistake
from gate.sigstore.verify import prove_by_certificate

if TYPE_CHECKING:
    from datetime import datetime

    from gate.attached import Attached
    from gate.evidence import Evidence, Need
    from gate.subject import Subject

__all__ = ["SIGN_PREDICATE", "Keyless"]


_Result = Counts | Refused | Unchecked


@dataclass(frozen=True, slots=True)
class Keyless:
    """Options that every signer has that is an identity."""

    trusted_root: File = option(
        "The file of the Sigstore instance that is believed: what `gate trust update` or `cosign trusted-root create` "
        "writes.",
        needs="trusted-root: trust/sigstore.json",
    )
    authority: str | None = option(
        "Which root of the file is meant, by its certificate authority's name, where the file holds several.",
        default=None,
    )
    trust_max_age: Duration | None = option(
        "How old the trusted root file may be, instead of the date that it carries.", default=None
    )
    log: Literal["required", "none"] = option(
        "Whether a signature has to be in a transparency log of the trusted root.", default="required"
    )
    sct: Literal["required", "none"] = option(
        "Whether the certificate has to be in a certificate log of the trusted root.", default="required"
    )
    timestamp: Literal["required", "optional"] = option(
        "Whether a timestamp authority of the trusted root has to state the time; else a log's promise is enough.",
        default="optional",
    )
    images: tuple[Glob, ...] = option(
        "Repositories whose images this signer may vouch for, as globs.",
        default=(),
    )
    any_image: bool = option(
        "The signature counts for its digest under every name; instead of `images`.", default=False
    )
    annotations: Mapping[str, str] | None = option(
        "Annotations that the signature has to hold (`cosign sign -a key=value`), all of them.", default=None
    )
    storage: tuple[Literal["legacy", "bundle"], ...] = option(
        "Where signatures are looked for: `legacy` is the tag sha256-….sig, `bundle` the referrers.",
        default=("legacy", "bundle"),
    )

    def policy(self) -> Policy:
        """Say whose certificate counts; every kind says it in its own words."""
        raise NotImplementedError

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found = list(_trust_problems(self))
        try:
            self.policy()
        except ValueError as error:
            found.append(("identity", str(error)))
        if self.any_image and self.images:
            found.append(("any-image", "`images` and `any-image: true` exclude each other: keep one"))
        if not self.any_image and not self.images:
            found.append(
                ("", "say which images the signer may vouch for: `images: [ghcr.io/acme/**]`, or `any-image: true`")
            )
        found += [("annotations", "an annotation needs a name") for name in self.annotations or () if not name]
        return tuple(found)

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Say what has to be fetched: the signature tag and the referrers, in one round."""
        del subject
        return storages.needs(self.storage)

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Judge every candidate in both storages."""
        judge = _Judge(self, self.policy(), subject, at)
        return storages.vouching(self.storage, subject, evidence, judge.candidates)

    def seals(self) -> frozenset[Storage]:
        """Say where attestations are looked for: the tag `sha256-….att` is the older storage's."""
        return storages.attestation_places(self.storage)

    def verify_envelope(self, parcel: Parcel, subject: Subject, at: datetime) -> Sealed:
        """Judge one attestation: as a signature, of whatever predicate type."""
        return _Judge(self, self.policy(), subject, at).sealed(parcel)

    def principal(self) -> Identity | None:
        """Give the one principal, or None where the signer is a pattern."""
        return self.policy().principal()


def _trust_problems(signer: Keyless) -> list[tuple[str, str]]:
    mistake = trust_mistake(signer.trusted_root, signer.authority, signer.trust_max_age)
    if mistake is not None:
        return [mistake]
    root = choose_root(signer.trusted_root, signer.authority)
    found = []
    if not root.authorities:
        found.append(("trusted-root", "the file names no certificate authority"))
    if signer.log == "required" and not root.logs:
        found.append(("log", "the trusted root has no transparency log: only `log: none` can be met with it"))
    if signer.sct == "required" and not root.ct_logs:
        found.append(("sct", "the trusted root has no certificate log: only `sct: none` can be met with it"))
    if (signer.log == "none" or signer.timestamp == "required") and not root.timestampers:
        found.append(("timestamp", "the trusted root has no timestamp authority, and nothing else would state a time"))
    return found


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges candidates for one signer and subject at one time."""

    signer: Keyless
    policy: Policy
    subject: Subject
    at: datetime

    def candidates(self, attached: Attached) -> tuple[Candidate, ...]:
        """Judge everything that one storage holds."""
        junk = tuple(Candidate(junk.where, None, Refused(junk.reason, junk.detail)) for junk in attached.junk)
        aside = tuple(Candidate(one.where, None, attestation(one.predicate_type)) for one in attached.aside)
        return (*(self._candidate(parcel) for parcel in attached.parcels), *aside, *junk)

    def sealed(self, parcel: Parcel) -> Sealed:
        """Judge one attestation."""
        by: Identity | None = None
        try:
            statement, proof = self._opened(parcel)
            by = identity_of(proof.path[0])
            counts = self._about(parcel, statement, proof)
        except Exception as error:  # noqa: BLE001 -- as in `_candidate`
            return Sealed(Candidate(parcel.where, by, _refusal(error)))
        signed_at = min((time.when for time in proof.times), default=None)
        return Sealed(Candidate(parcel.where, by, counts), statement if isinstance(counts, Counts) else None, signed_at)

    def _candidate(self, parcel: Parcel) -> Candidate:
        by: Identity | None = None
        try:
            if parcel.storage is Storage.TAG:
                proof = self._proven(*open_parcel(parcel))
                by = identity_of(proof.path[0])
                return Candidate(parcel.where, by, self._payload(parcel, proof))
            statement, proof = self._opened(parcel)
            by = identity_of(proof.path[0])
            if statement.predicate_type != SIGN_PREDICATE:  # 4
                return Candidate(parcel.where, by, attestation(statement.predicate_type))
            return Candidate(parcel.where, by, self._about(parcel, statement, proof))
        except Exception as error:  # noqa: BLE001 -- one candidate fails, whatever a library makes of a stranger's bytes; it never counts
            return Candidate(parcel.where, by, _refusal(error))

    def _opened(self, parcel: Parcel) -> tuple[Statement, Proof]:
        """Open a bundle, or an envelope of the older storage: give the verified statement."""
        target, proofs = open_parcel(parcel)  # 2
        proof = self._proven(target, proofs)
        envelope = target.envelope
        if envelope is None or envelope.payload_type != PAYLOAD_TYPE:  # 4
            kind = "a payload" if envelope is None else clipped(envelope.payload_type)
            raise Unproven(refusals.WRONG_TYPE, f"what was signed is of the type {kind}")
        return parse_statement(envelope.payload, "the signed statement"), proof  # 4

    def _proven(self, target: Target, proofs: Proofs) -> Proof:
        """Prove who signed (3), if the trusted root is still to be believed (S22)."""
        signer = self.signer
        root = root_at(signer.trusted_root, signer.authority, signer.trust_max_age, self.at)
        demands = Demands(
            log=signer.log == "required", sct=signer.sct == "required", timestamp=signer.timestamp == "required"
        )
        return prove_by_certificate(target, proofs, root, demands, self.policy.check, self.at)

    def _payload(self, parcel: Parcel, proof: Proof) -> _Result:
        payload = simple_signing.parse_payload(parcel.content, "the signed payload")  # 4
        if payload.type != simple_signing.COSIGN_TYPE:  # 4
            return Refused(refusals.WRONG_TYPE, f"what was signed is of the type {clipped(payload.type)}")
        if not payload.digest.matches(self.subject.content):  # 5
            told = f"it is for {payload.digest}, this image is {self.subject.digest}"
            return Refused(refusals.OTHER_IMAGE, told)
        return self._named(payload.reference) or self._accepted(parcel, payload.reference, payload.optional, proof)

    def _about(self, parcel: Parcel, statement: Statement, proof: Proof) -> _Result:
        subject = find_subject(statement.subjects, self.subject)  # 5
        if isinstance(subject, Refused):
            return subject
        return self._named(subject.name) or self._accepted(parcel, subject.name, subject.annotations, proof)

    def _named(self, name: str) -> Refused | None:
        """Refuse what this signer may not vouch for (6).

        A name in the signature has to be this image's. Without one, what ties a signature to an image is the source
        repository that the signer asks for: only if that is one repository, and not a pattern, `images` says whose
        images are built there.
        """
        if self.signer.any_image:
            return None
        allowed = ", ".join(str(glob) for glob in self.signer.images)
        here = self.subject.repository
        if here and not any(glob.matches(here) for glob in self.signer.images):
            return Refused(refusals.OTHER_NAME, f"this image is {here}; this signer may vouch for {allowed}")
        if name:
            return other_name(name, self.signer.images, self.subject)
        if not here:
            return Refused(refusals.NO_NAME, "this image has no name, and the signature holds none")
        if not self.policy.repository:
            return Refused(
                refusals.NO_NAME, "it holds a digest and no name, and the signer does not name one repository"
            )
        return None

    def _accepted(self, parcel: Parcel, name: str, annotations: Mapping[str, object], proof: Proof) -> Counts | Refused:
        """Compare annotations (7); everything else holds."""
        asked = self.signer.annotations or {}
        missing = lacks(asked, annotations)
        if missing is not None:
            return missing
        signed_as = f", signed as {clipped(name)}" if name else ""
        with_them = "".join(f", {clipped(key)}={clipped(value)}" for key, value in asked.items())
        trust = read_trust(self.signer.trusted_root.content, self.signer.trusted_root.path)
        undated = "" if trust.expires is not None else ", by a trusted root without a date"
        return Counts(f"{parcel.storage}{signed_as}{with_them}, {proof}{undated}")


def _refusal(error: Exception) -> Refused | Unchecked:
    """Say in the words of a candidate what came in the way."""
    match error:
        case Unproven():
            return Refused(error.reason, error.nearest)
        case CannotTell():
            return Unchecked(error.reason, error.detail)
        case MalformedData():
            return unreadable(error)
        case _:
            return Refused(refusals.MALFORMED, f"it cannot be read ({type(error).__name__})")
