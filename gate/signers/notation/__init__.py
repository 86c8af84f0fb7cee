"""Signer `notation`: who holds a certificate of a trust store, through signatures that Notation made.

Signatures are referrers of the digest, JWS or COSE. What is trusted is committed beside the rule file: certificates by
trust store, and identities, either in the rule file or in the `trustpolicy.json` that Notation itself reads. A policy
file is read for what it demands. What it leaves out is judged strictly all the same, and named (S19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate.attached import Referrers
from gate.errors import MalformedData
from gate.formats.notation import ARTIFACT_TYPE, COSE_TYPE, JWS_TYPE
from gate.formats.notation_policy import parse_identities, parse_store
from gate.option import File, option
from gate.pattern import Glob
from gate.signer import Candidate, Refused, Vouching
from gate.signers.notation import reasons
from gate.signers.notation.judging import Judging
from gate.signers.notation.trust import Trust, policies, policy_for, read_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gate.evidence import Evidence, Need
    from gate.formats.certificate import Certificate
    from gate.signer import Identity
    from gate.subject import Subject

__all__ = ["SIGNER", "Notation"]

#: An envelope with three certificates and a timestamp has 15 KiB.
_MOST_BYTES: Final = 1024 * 1024
_SIGNATURES: Final = Referrers(ARTIFACT_TYPE, _MOST_BYTES, blob_types=(JWS_TYPE, COSE_TYPE))


@dataclass(frozen=True, slots=True)
class Notation:
    """Who holds a certificate that an authority of a trust store issued."""

    kind: ClassVar[str] = "notation"

    trust_stores: Mapping[str, tuple[File, ...]] = option(
        "Certificates by trust store, named as in a trust policy: ca:acme, signingAuthority:acme, tsa:acme.",
        needs="trust-stores: {ca:acme: [trust/acme.crt]}",
    )
    policy: File | None = option(
        "Notation's trustpolicy.json, for scopes, stores and identities; instead of `identities` and `images`.",
        default=None,
    )
    identities: tuple[str, ...] = option(
        "Subjects that may sign, as 'x509.subject: C=US, ST=WA, O=acme.io', or '*' for everybody in the stores.",
        default=(),
    )
    images: tuple[Glob, ...] = option("Repositories whose images this signer may vouch for, as globs.", default=())
    any_image: bool = option("The signer may vouch for images of every name; instead of `images`.", default=False)
    metadata: Mapping[str, str] | None = option(
        "Metadata that the signature has to hold (`notation sign --user-metadata key=value`), all of it.", default=None
    )
    timestamps: Literal["always", "after-expiry"] | None = option(
        "With a `tsa:` store: whether a signature always needs a timestamp, or only once a certificate has expired. "
        "`always` unless said otherwise.",
        default=None,
    )
    revocation: Literal["required", "not-checked"] = option(
        "What it means that nobody is asked for revoked certificates: with `required`, one that could have been "
        "revoked leaves the rule undecided; with `not-checked` it counts, and the report says so.",
        default="required",
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        return (*self._store_problems(), *(self._policy_problems(self.policy) if self.policy else self._own_problems()))

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Say what has to be fetched: the referrers."""
        del subject
        return frozenset({_SIGNATURES})

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Judge every candidate."""
        attached = _SIGNATURES.read(subject, evidence)
        trust = self._trust(subject)
        if isinstance(trust, Refused):
            judged = tuple(Candidate(parcel.where, None, trust) for parcel in attached.parcels)
        else:
            judging = Judging(trust, self.metadata or {}, self.revocation == "not-checked", subject, at)
            judged = tuple(judging.candidate(parcel) for parcel in attached.parcels)
        junk = tuple(Candidate(junk.where, None, Refused(junk.reason, junk.detail)) for junk in attached.junk)
        return Vouching((*judged, *junk), attached.unread, attached.looked)

    def principal(self) -> Identity | None:
        """Give None: a trust store stands for everybody whom it issues certificates to."""
        return None

    def _trust(self, subject: Subject) -> Trust | Refused:
        """Give what is trusted for the repository that the image is in."""
        here = subject.repository
        if self.policy is None:
            if not self.any_image and not (here and any(glob.matches(here) for glob in self.images)):
                allowed = ", ".join(str(glob) for glob in self.images)
                said = f"this signer may vouch for {allowed}; this image is {here or 'in no repository'}"
                return Refused(reasons.NO_POLICY, said)
            return Trust(
                _stores(self.trust_stores), parse_identities(self.identities, ""), self.timestamps == "after-expiry", ""
            )
        policy = policy_for(policies(self.policy.content, self.policy.path), here)
        if policy is None:
            return Refused(
                reasons.NO_POLICY, f"no policy of {self.policy} is for {here or 'an image in no repository'}"
            )
        if policy.is_skipped:
            return Refused(reasons.SKIPPED, f"the policy {policy.name} of {self.policy} has the level skip")
        named = {f"{kind}:{name}" for kind, name in policy.stores}
        stores = {name: files for name, files in self.trust_stores.items() if name in named}
        leniency = f"the policy {policy.name} has {policy.lenient}; judged as strict" if policy.lenient else ""
        return Trust(_stores(stores), policy.identities, policy.after_expiry, leniency)

    def _store_problems(self) -> Iterator[tuple[str, str]]:
        kinds = set()
        for name, files in self.trust_stores.items():
            store = parse_store(name)
            if store is None:
                said = f"{name!r} is no name of a trust store: write ca:NAME, signingAuthority:NAME or tsa:NAME"
                yield "trust-stores", said
                continue
            kinds.add(store[0])
            try:
                read_store(files, is_timestamps=store[0] == "tsa")
            except MalformedData as error:
                yield f"trust-stores.{name}", str(error)
        if kinds == {"tsa"}:
            yield "trust-stores", "there is no store of the type ca or signingAuthority, so nobody could sign"

    def _policy_problems(self, policy_file: File) -> Iterator[tuple[str, str]]:
        for key, given in (
            ("identities", self.identities), ("images", self.images), ("any-image", self.any_image),
            ("timestamps", self.timestamps),
        ):  # fmt: skip
            if given:
                yield key, f"`{key}` and `policy` exclude each other: the policy says it"
        try:
            found = policies(policy_file.content, policy_file.path)
        except MalformedData as error:
            yield "policy", str(error)
            return
        for policy in found:
            for kind, name in policy.stores:
                if f"{kind}:{name}" not in self.trust_stores:
                    yield (
                        "trust-stores",
                        f"the policy {policy.name!r} names the store {kind}:{name}: give its files here",
                    )

    def _own_problems(self) -> Iterator[tuple[str, str]]:
        if not self.identities:
            yield "", "say whose certificates count: `identities: ['x509.subject: C=US, ST=WA, O=acme.io']`, or '*'"
        try:
            parse_identities(self.identities, "identities")
        except MalformedData as error:
            yield "identities", str(error)
        if self.any_image and self.images:
            yield "any-image", "`images` and `any-image: true` exclude each other: keep one"
        if not self.any_image and not self.images:
            yield "", "say which images the signer may vouch for: `images: [ghcr.io/acme/**]`, or `any-image: true`"
        if self.timestamps and not any(name.startswith("tsa:") for name in self.trust_stores):
            yield "timestamps", "`timestamps` has no effect without a trust store tsa:NAME"


SIGNER = Notation


def _stores(stores: Mapping[str, tuple[File, ...]]) -> dict[str, tuple[Certificate, ...]]:
    found: dict[str, tuple[Certificate, ...]] = {}
    for name, files in stores.items():
        kind = name.partition(":")[0]
        found[kind] = (*found.get(kind, ()), *read_store(files, is_timestamps=kind == "tsa"))
    return found
