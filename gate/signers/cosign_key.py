"""Signer `cosign-key`: who holds the private half of one key, through signatures that cosign made.

Both storages of cosign are read at the same time: the tag `sha256-….sig` with simple signing payloads, and
Sigstore bundles as referrers. The key of the rule file is the only thing that verifies: certificates and
key hints that come with a signature never do (GHSA-fx35-mq7g-6g98).

For each candidate, in this order; the numbers stand beside the code:

1. the bytes are what the descriptor says, and a referrer names this subject (`gate.attached`)
2. the candidate is a signature in a form that is known
3. this key made it
4. from the verified bytes: they say what a cosign signature says, and not what an attestation does (S20)
5. they name this subject's digest (S12)
6. they name the image that this signer may vouch for (S16)
7. they hold the annotations that the signer asks for
8. the key is accepted at the time of judging
9. where the signer asks for it: a log has an entry about this signature, made while the key was accepted
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate import refusals
from gate.attached import Parcel, Storage
from gate.errors import MalformedData
from gate.formats import simple_signing
from gate.formats.bundle import Material, MessageSignature, bundle_version, parse_bundle
from gate.formats.dsse import ENVELOPE_TYPE, decode_signature, read_envelope
from gate.formats.material import CERTIFICATE
from gate.formats.public_key import PublicKey, parse_public_key
from gate.formats.statement import PAYLOAD_TYPE, Statement, parse_statement
from gate.option import Duration, File, option
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Identity, Refused, Sealed, Unchecked, Vouching
from gate.sigstore import storages
from gate.sigstore.image import SIGN_PREDICATE, attestation, clipped, find_subject, lacks, other_name, unreadable
from gate.sigstore.proof import CannotTell, Unproven
from gate.sigstore.reasons import LOG_UNKNOWN
from gate.sigstore.target import SIGNATURE, open_parcel
from gate.sigstore.trust import choose_root, root_at, trust_mistake
from gate.sigstore.verify import prove_logged_key
from gate.strict_json import parse_strict

if TYPE_CHECKING:
    from gate.attached import Attached
    from gate.evidence import Evidence, Need
    from gate.sigstore.proof import Proof
    from gate.subject import Subject

__all__ = ["SIGNER", "CosignKey"]


#: Bytes of every Ed25519 signature (RFC 8032), of whichever variant.
_ED25519_BYTES: Final = 64
_SHA256_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class CosignKey:
    """Who holds the private half of one key."""

    kind: ClassVar[str] = "cosign-key"

    key: File = option("The public key, a PEM file.", needs="key: keys/build.pub")
    log: Literal["required", "none"] = option(
        "Whether a signature has to be in a transparency log of the trusted root.",
        needs="log: none (a signature counts without an entry in a transparency log), or log: required",
    )
    trusted_root: File | None = option(
        "With `log: required`: the file of the Sigstore instance whose log is believed (`gate trust update`).",
        default=None,
    )
    authority: str | None = option(
        "Which root of the file is meant, by its certificate authority's name, where the file holds several.",
        default=None,
    )
    trust_max_age: Duration | None = option(
        "How old the trusted root file may be, instead of the date that it carries.", default=None
    )
    images: tuple[Glob, ...] = option(
        "Repositories whose images this signer may vouch for, as globs; the signature has to name the image.",
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
    valid_from: date | None = option("The first day (UTC) on which the key is accepted.", default=None)
    valid_until: date | None = option("The last day (UTC) on which the key is accepted.", default=None)
    revoked: date | None = option("The day (UTC) from which on nothing that the key signed counts.", default=None)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found: list[tuple[str, str]] = []
        try:
            _key(self.key.content, self.key.path)
        except MalformedData as error:
            found.append(("key", str(error)))
        found += _log_problems(self)
        if self.any_image and self.images:
            found.append(("any-image", "`images` and `any-image: true` exclude each other: keep one"))
        if not self.any_image and not self.images:
            found.append(
                ("", "say which images the signer may vouch for: `images: [ghcr.io/acme/**]`, or `any-image: true`")
            )
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            found.append(("valid-until", f"the key would be accepted until {self.valid_until}, before it begins to be"))
        found += [("annotations", "an annotation needs a name") for name in self.annotations or () if not name]
        return tuple(found)

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Say what has to be fetched: the signature tag and the referrers, in one round."""
        del subject
        return storages.needs(self.storage)

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Judge every candidate in both storages."""
        judge = _Judge(self, _key(self.key.content, self.key.path), subject, at)
        return storages.vouching(self.storage, subject, evidence, judge.candidates)

    def seals(self) -> frozenset[Storage]:
        """Say where attestations are looked for: the tag `sha256-….att` is the older storage's."""
        return storages.attestation_places(self.storage)

    def verify_envelope(self, parcel: Parcel, subject: Subject, at: datetime) -> Sealed:
        """Judge one attestation: as a bundle's signature, of whatever predicate type."""
        return _Judge(self, _key(self.key.content, self.key.path), subject, at).sealed(parcel)

    def principal(self) -> Identity:
        """Give the one principal: the key."""
        return _identity(_key(self.key.content, self.key.path))


SIGNER = CosignKey


@lru_cache(maxsize=256)
def _key(content: bytes, path: str) -> PublicKey:
    return parse_public_key(content, path)


def _log_problems(signer: CosignKey) -> list[tuple[str, str]]:
    if signer.log == "none":
        named = [
            key
            for key, value in (
                ("trusted-root", signer.trusted_root),
                ("authority", signer.authority),
                ("trust-max-age", signer.trust_max_age),
            )
            if value is not None
        ]
        return [(key, f"`{key}` goes with `log: required`: without a log it decides nothing") for key in named]
    if signer.trusted_root is None:
        return [("log", "say whose log: `trusted-root: trust/sigstore.json` (`gate trust update` writes it)")]
    mistake = trust_mistake(signer.trusted_root, signer.authority, signer.trust_max_age)
    if mistake is not None:
        return [mistake]
    if not choose_root(signer.trusted_root, signer.authority).logs:
        return [("trusted-root", "the file names no transparency log")]
    return []


def _identity(key: PublicKey) -> Identity:
    return Identity("key", key.fingerprint)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges candidates for one signer and subject at one time."""

    signer: CosignKey
    key: PublicKey
    subject: Subject
    at: datetime

    @property
    def today(self) -> date:
        """The day of judging, in UTC."""
        return self.at.astimezone(UTC).date()

    def candidates(self, attached: Attached) -> tuple[Candidate, ...]:
        """Judge everything that one storage holds."""
        junk = tuple(Candidate(junk.where, None, Refused(junk.reason, junk.detail)) for junk in attached.junk)
        aside = tuple(Candidate(one.where, None, attestation(one.predicate_type)) for one in attached.aside)
        return (*(self._candidate(parcel) for parcel in attached.parcels), *aside, *junk)

    def _candidate(self, parcel: Parcel) -> Candidate:
        legacy = parcel.storage is Storage.TAG
        try:
            by_key, result = self._legacy(parcel) if legacy else self._bundle(parcel)
        except MalformedData as error:
            by_key, result = False, unreadable(error)
        return Candidate(parcel.where, _identity(self.key) if by_key else None, result)

    def _legacy(self, parcel: Parcel) -> tuple[bool, Counts | Refused | Unchecked]:
        signature = decode_signature(parcel.layer.annotations.get(SIGNATURE, ""), "the signature annotation")  # 2
        if not self.key.verifies(signature, parcel.content):  # 3
            return False, self._not_ours(signature, "", certified=CERTIFICATE in parcel.layer.annotations)
        try:
            payload = simple_signing.parse_payload(parcel.content, "the signed payload")  # 4
        except MalformedData as error:
            return True, unreadable(error)
        if payload.type != simple_signing.COSIGN_TYPE:  # 4
            return True, Refused(refusals.WRONG_TYPE, f"what was signed is of the type {clipped(payload.type)}")
        if not payload.digest.matches(self.subject.content):  # 5
            return True, Refused(
                refusals.OTHER_IMAGE, f"it is for {payload.digest}, this image is {self.subject.digest}"
            )
        return True, self._named(payload.reference) or self._accepted(parcel, payload.reference, payload.optional)

    def _bundle(self, parcel: Parcel) -> tuple[bool, Counts | Refused | Unchecked]:
        by_key, statement = self._opened(parcel)
        if not isinstance(statement, Statement):
            return by_key, statement
        if statement.predicate_type != SIGN_PREDICATE:  # 4
            return True, attestation(statement.predicate_type)
        return True, self._about(parcel, statement)

    def sealed(self, parcel: Parcel) -> Sealed:
        """Judge an envelope of any predicate type; the steps are those of a signature, but for the type."""
        try:
            by_key, statement = self._opened(parcel)
        except MalformedData as error:
            by_key, statement = False, unreadable(error)
        by = _identity(self.key) if by_key else None
        if not isinstance(statement, Statement):
            return Sealed(Candidate(parcel.where, by, statement))
        result = self._about(parcel, statement)
        if not isinstance(result, Counts):
            return Sealed(Candidate(parcel.where, by, result))
        times = self._logged(parcel).times if self.signer.log == "required" else ()
        return Sealed(Candidate(parcel.where, by, result), statement, min((one.when for one in times), default=None))

    def _opened(self, parcel: Parcel) -> tuple[bool, Statement | Refused | Unchecked]:
        """Give the statement that this key signed, and whether the key signed anything here."""
        if parcel.layer.media_type == ENVELOPE_TYPE:
            envelope = read_envelope(parse_strict(parcel.content, "the envelope"), "the envelope")  # 2
            hint, certified = "", bool(parcel.layer.annotations.get(CERTIFICATE))
        else:
            bundle = parse_bundle(parcel.content, "the bundle")  # 2
            if bundle_version(parcel.layer.media_type) != bundle.version:
                detail = (
                    f"its media type is {parcel.layer.media_type}, the bundle inside is of version {bundle.version}"
                )
                return False, Refused(refusals.MALFORMED, detail)
            if isinstance(bundle.content, MessageSignature):
                return False, self._without_statement(bundle.content.signature)
            envelope, hint, certified = bundle.content, bundle.hint, bundle.material is not Material.PUBLIC_KEY
        if not self.key.verifies(envelope.signature, envelope.signed):  # 3
            return False, self._not_ours(envelope.signature, hint, certified=certified)
        if envelope.payload_type != PAYLOAD_TYPE:  # 4
            return True, Refused(
                refusals.WRONG_TYPE, f"what was signed is of the type {clipped(envelope.payload_type)}"
            )
        try:
            return True, parse_statement(envelope.payload, "the signed statement")  # 4
        except MalformedData as error:
            return True, unreadable(error)

    def _about(self, parcel: Parcel, statement: Statement) -> Counts | Refused | Unchecked:
        subject = find_subject(statement.subjects, self.subject)  # 5
        if isinstance(subject, Refused):
            return subject
        return self._named(subject.name) or self._accepted(parcel, subject.name, subject.annotations)

    def _without_statement(self, signature: bytes) -> Refused | Unchecked:
        if self.key.is_ed25519 and len(signature) == _ED25519_BYTES:
            return Unchecked(
                refusals.ED25519PH, "it is a message signature, which for this key is of the kind Ed25519ph"
            )
        return Refused(refusals.MESSAGE_SIGNATURE, "it is a message signature, without a statement")

    def _not_ours(self, signature: bytes, hint: str, *, certified: bool) -> Refused | Unchecked:
        """Say as well as can be told who made a signature that the key did not make."""
        mine = self.key.fingerprint
        if certified:
            return Refused(refusals.OTHER_KEY, "a certificate made it (keyless), which this signer does not look at")
        if hint and hint != self.key.hint:
            return Refused(refusals.OTHER_KEY, f"it points at the key {_fingerprint(hint)}; this signer's is {mine}")
        if self.key.is_ed25519 and len(signature) == _ED25519_BYTES:
            return Unchecked(
                refusals.ED25519PH, "it is no pure Ed25519 of this key; it may be Ed25519ph, or another key's"
            )
        if hint:
            return Refused(refusals.INVALID, f"it points at this key ({mine}), which did not make it")
        return Refused(refusals.OTHER_KEY, f"it does not verify with {mine}: another key made it, or it was changed")

    def _named(self, name: str) -> Refused | None:
        """Refuse a signature that does not name an image this signer may vouch for (6)."""
        if self.signer.any_image:
            return None
        if not name:
            return Refused(refusals.NO_NAME, "it holds a digest and no name")
        return other_name(name, self.signer.images, self.subject)

    def _accepted(self, parcel: Parcel, name: str, annotations: Mapping[str, object]) -> Counts | Refused | Unchecked:
        """Compare annotations (7) and the key's days (8), and look for the log entry (9); everything else holds."""
        asked = self.signer.annotations or {}
        missing = lacks(asked, annotations)
        if missing is not None:
            return missing
        outside = self._outside(self.today)
        if outside is not None:
            return outside
        logged = "no transparency log"
        if self.signer.log == "required":
            try:
                proof = self._logged(parcel)
            except Unproven as error:
                return Refused(error.reason, error.nearest)
            except CannotTell as error:
                return Unchecked(error.reason, error.detail)
            except MalformedData as error:
                return unreadable(error)
            for time in proof.times:
                outside = self._outside(time.when.date())
                if outside is not None:
                    return outside
            logged = str(proof)
        signed_as = f", signed as {clipped(name)}" if name else ""
        with_them = "".join(f", {clipped(key)}={clipped(value)}" for key, value in asked.items())
        return Counts(f"{self.key.name} key, {parcel.storage}{signed_as}{with_them}, {logged}")

    def _outside(self, day: date) -> Refused | None:
        """Refuse days on which the key is not accepted: that of judging, and that of signing where a log proves it."""
        signer, today = self.signer, day
        if signer.revoked is not None and signer.revoked <= today:
            return Refused(refusals.KEY_REVOKED, f"the key was revoked on {signer.revoked}")
        if signer.valid_until is not None and signer.valid_until < today:
            days = (today - signer.valid_until).days
            return Refused(refusals.KEY_EXPIRED, f"the key was accepted until {signer.valid_until}, {_days(days)} ago")
        if signer.valid_from is not None and signer.valid_from > today:
            days = (signer.valid_from - today).days
            return Refused(
                refusals.KEY_NOT_YET_VALID, f"the key is accepted from {signer.valid_from} on, in {_days(days)}"
            )
        return None

    def _logged(self, parcel: Parcel) -> Proof:
        """Prove that the signature is in a log (9); raises `Unproven`, `CannotTell` or `MalformedData`."""
        signer = self.signer
        if signer.trusted_root is None:
            raise Unproven(LOG_UNKNOWN, "the signer names no trusted root")
        target, proofs = open_parcel(parcel)
        root = root_at(signer.trusted_root, signer.authority, signer.trust_max_age, self.at)
        return prove_logged_key(target, proofs, root, self.key.spki, self.at)


def _fingerprint(hint: str) -> str:
    """Write a key hint as the fingerprint it usually is: the base64 of the SHA-256 of the key."""
    try:
        digest = base64.b64decode(hint, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    return f"sha256:{digest.hex()}" if len(digest) == _SHA256_BYTES else clipped(hint)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
