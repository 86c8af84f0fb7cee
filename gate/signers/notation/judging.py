"""Judging one signature of Notation; the numbers of the steps stand beside the code.

1. the bytes are what the descriptor says, and the referrer names this subject (`gate.attached`)
2. the envelope can be read in one way, and everything that it demands is understood
3. its certificates are a chain that may sign, and the first one's key made the signature
4. what was signed is this subject: media type, digest and size
5. a certificate of the chain is in a trust store for the signing scheme, and the subject is an accepted identity
6. the certificates were valid at the time that counts, by a timestamp where one is asked for
7. the signature has not expired
8. it holds the metadata that the signer asks for
9. no certificate could have been revoked, or the rule file accepts that nobody was asked
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate import refusals
from gate.errors import MalformedData
from gate.formats.cose import parse_cose
from gate.formats.jws import parse_jws
from gate.formats.notation import (
    AUTHENTIC_TIME,
    COSE_TYPE,
    EXPIRY,
    KNOWN_CRITICAL,
    PAYLOAD_TYPE,
    SCHEME,
    SCHEMES,
    parse_payload,
)
from gate.formats.notation_chain import (
    algorithm_of,
    check_chain,
    is_issued_by,
    is_valid_at,
    mentions_revocation,
    read_chain,
    verifies,
)
from gate.formats.notation_policy import is_subset, subject_attributes
from gate.formats.timestamp import parse_token
from gate.printable import clip
from gate.scan_reasons import TIME_IN_FUTURE
from gate.scanned import MOST_SKEW
from gate.signer import Candidate, Counts, Identity, Refused, Unchecked
from gate.signers.notation import reasons

if TYPE_CHECKING:
    from datetime import datetime

    from gate.attached import Parcel
    from gate.formats.certificate import Certificate
    from gate.formats.notation import Attributes, Envelope
    from gate.formats.timestamp import Timestamp
    from gate.signers.notation.trust import Trust
    from gate.subject import Subject

__all__ = ["Judging"]

_MOST_TEXT: Final = 200
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_AUTHORITY_SCHEME: Final = "notary.x509.signingAuthority"


class _Stop(Exception):  # noqa: N818 -- it ends the judging of one candidate, with what it came to
    """Carries why a candidate does not count."""

    def __init__(self, result: Refused | Unchecked) -> None:
        super().__init__(result)
        self.result = result


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges candidates for one signer and subject at one time."""

    trust: Trust
    metadata: Mapping[str, str]
    accepts_unchecked: bool
    subject: Subject
    at: datetime

    def candidate(self, parcel: Parcel) -> Candidate:
        """Judge one candidate."""
        by: Identity | None = None
        try:
            envelope = _read(parcel)  # 2
            chain = self._signed(envelope)  # 3
            annotations = self._payload(envelope)  # 4
            anchor = self._anchor(envelope, chain)  # 5
            by = _identity(chain[0], anchor)
            self._named(chain[0])  # 5
            when, stamping = self._time(envelope, chain)  # 6
            self._unexpired(envelope.attributes)  # 7
            self._metadata(annotations)  # 8
            caveat = self._revocation((*chain[:-1], *stamping))  # 9
        except _Stop as stop:
            return Candidate(parcel.where, by, stop.result)
        except MalformedData as error:
            return Candidate(parcel.where, by, _unreadable(error))
        except Exception as error:  # noqa: BLE001 -- one candidate fails, whatever a library makes of a stranger's bytes; it never counts
            return Candidate(
                parcel.where, by, Refused(reasons.MALFORMED, f"it cannot be read ({type(error).__name__})")
            )
        form = "COSE" if parcel.layer.media_type == COSE_TYPE else "JWS"
        detail = f"{form}, {envelope.attributes.algorithm}, {parcel.storage}, {when}"
        caveats = "; ".join(one for one in (caveat, self.trust.leniency) if one)
        return Candidate(parcel.where, by, Counts(detail, caveats))

    def _signed(self, envelope: Envelope) -> tuple[Certificate, ...]:
        """Give the chain, of which the first certificate made the signature."""
        chain = read_chain(envelope.chain)
        check_chain(chain)
        algorithm = algorithm_of(chain[0])
        if envelope.attributes.algorithm != algorithm:
            said = f"it says {clip(envelope.attributes.algorithm, _MOST_TEXT)}; its key signs with {algorithm}"
            raise _Stop(Refused(reasons.ALGORITHM, said))
        if not verifies(chain[0], envelope.signature, envelope.signed):
            said = f"it does not verify with the key of its certificate, {_subject(chain[0])}"
            raise _Stop(Refused(reasons.FORGED, said))
        return chain

    def _payload(self, envelope: Envelope) -> Mapping[str, str]:
        """Give the metadata of the artifact that was signed, if it is this subject."""
        kind = envelope.attributes.content_type
        if kind != PAYLOAD_TYPE:
            raise _Stop(Refused(reasons.OTHER_ARTIFACT, f"what was signed is of the type {clip(kind, _MOST_TEXT)}"))
        target = parse_payload(envelope.payload, "the payload")
        subject = self.subject
        for what, signed, here in (
            ("digest", str(target.digest), str(subject.digest)),
            ("media type", target.media_type, subject.media_type),
            ("size", str(target.size), str(len(subject.content))),
        ):
            if signed != here:
                said = f"it is for the {what} {clip(signed, _MOST_TEXT)}, this image has {here}"
                raise _Stop(Refused(reasons.OTHER_ARTIFACT, said))
        return target.annotations

    def _anchor(self, envelope: Envelope, chain: tuple[Certificate, ...]) -> Certificate:
        """Give the first certificate of the chain that is in a store of the type that the scheme is believed from."""
        kind = SCHEMES[envelope.attributes.scheme]
        store = self.trust.stores.get(kind, ())
        anchor = next((one for one in chain if one in store), None)
        if anchor is None:
            of = f"of the type {kind}" if store else f"(there is none of the type {kind})"
            said = f"it was made by {_subject(chain[0])}, whose chain is in no trust store {of}"
            raise _Stop(Refused(reasons.UNTRUSTED, said))
        return anchor

    def _named(self, leaf: Certificate) -> None:
        if self.trust.identities is None:
            return
        attributes = subject_attributes(leaf.x509.subject)
        if attributes is None:
            said = f"its subject has an attribute twice: {_subject(leaf)}"
            raise _Stop(Refused(reasons.IDENTITY, said))
        if not any(is_subset(identity, attributes) for identity in self.trust.identities):
            raise _Stop(Refused(reasons.IDENTITY, f"it was made by {_subject(leaf)}, who is no accepted identity"))

    def _time(self, envelope: Envelope, chain: tuple[Certificate, ...]) -> tuple[str, tuple[Certificate, ...]]:
        """Say at which time the certificates were valid, and give those of a timestamp that was relied on.

        specs/trust-store-trust-policy.md, "Authentic timestamp".
        """
        attributes = envelope.attributes
        for said in (attributes.signing_time, attributes.authentic_time):
            if said is not None and said - self.at > MOST_SKEW:
                raise _Stop(Unchecked(TIME_IN_FUTURE, f"it says that it was made at {said:{_TIME}}"))
        if (when := attributes.authentic_time) is not None:  # `_understood`: then the scheme is the authority's
            self._valid(chain, when, when, "when the signing authority signed")
            return f"signed at {when:{_TIME}} by the word of the signing authority", ()
        is_valid_now = all(is_valid_at(one, self.at, self.at) for one in chain)
        if "tsa" in self.trust.stores and not (self.trust.after_expiry and is_valid_now):
            stamp = self._stamped(envelope)
            first, last = stamp.window
            self._valid(chain, first, last, "at the time of the timestamp")
            return f"timestamp of {last:{_TIME}}", read_chain(stamp.certificates())
        self._valid(chain, self.at, self.at, "now")
        return "certificates valid now", ()

    def _valid(self, chain: tuple[Certificate, ...], first: datetime, last: datetime, when: str) -> None:
        for one in chain:
            if not is_valid_at(one, first, last):
                start, end = one.window
                said = f"{_subject(one)} was valid from {start:{_TIME}} to {end:{_TIME}}, which is not so {when}"
                raise _Stop(Refused(reasons.CERTIFICATE_TIME, f"{said} ({last:{_TIME}})"))

    def _stamped(self, envelope: Envelope) -> Timestamp:
        """Give a timestamp over the signature by an authority of the store."""
        if envelope.timestamp is None:
            raise _Stop(Refused(reasons.TIMESTAMP, "it has no timestamp"))
        try:
            stamp = parse_token(envelope.timestamp, "the timestamp")
        except MalformedData as error:
            raise _Stop(Refused(reasons.TIMESTAMP, str(error))) from error
        if not stamp.is_over(envelope.signature):
            raise _Stop(Refused(reasons.TIMESTAMP, "its timestamp is over other bytes than the signature"))
        if not any(stamp.is_signed_by((root,), envelope.signature) for root in self.trust.stores["tsa"]):
            said = "its timestamp does not verify with an authority of a trust store tsa"
            raise _Stop(Refused(reasons.TIMESTAMP, said))
        if stamp.window[1] - self.at > MOST_SKEW:
            raise _Stop(Unchecked(TIME_IN_FUTURE, f"its timestamp is of {stamp.window[1]:{_TIME}}"))
        return stamp

    def _unexpired(self, attributes: Attributes) -> None:
        if attributes.expiry is not None and attributes.expiry <= self.at:
            raise _Stop(Refused(reasons.EXPIRED, f"it expired at {attributes.expiry:{_TIME}}"))

    def _metadata(self, annotations: Mapping[str, str]) -> None:
        for key, wanted in self.metadata.items():
            have = annotations.get(key)
            if have != wanted:
                said = f"has no {key}" if have is None else f"has {key}={clip(have, _MOST_TEXT)}"
                raise _Stop(Refused(reasons.METADATA, f"it {said}; {key}={wanted} is asked for"))

    def _revocation(self, certificates: tuple[Certificate, ...]) -> str:
        """Say what was not checked; a root is taken out of the store instead of being revoked."""
        revocable = [one for one in certificates if not is_issued_by(one, one) and mentions_revocation(one)]
        if not revocable:
            return ""
        if not self.accepts_unchecked:
            said = f"{_subject(revocable[0])} may have been revoked, and nobody was asked"
            raise _Stop(Unchecked(reasons.REVOCATION, said))
        return "whether certificates were revoked was not checked"


def _read(parcel: Parcel) -> Envelope:
    parse = parse_cose if parcel.layer.media_type == COSE_TYPE else parse_jws
    envelope = parse(parcel.content, "the envelope")
    _understood(envelope.attributes)
    return envelope


def _understood(attributes: Attributes) -> None:
    """Refuse what demands something unknown, or does not demand what it has to (specs/signature-specification.md)."""
    if attributes.plugin:
        plugin = clip(attributes.plugin, _MOST_TEXT)
        raise _Stop(Unchecked(reasons.PLUGIN, f"it has to be verified by the plug-in {plugin}"))
    unknown = sorted(attributes.critical - KNOWN_CRITICAL)
    if unknown:
        said = f"it demands that {clip(unknown[0], _MOST_TEXT)} is understood, which is not"
        raise _Stop(Refused(reasons.ATTRIBUTE, said))
    demanded = {SCHEME} | ({EXPIRY} if attributes.expiry is not None else set())
    if attributes.authentic_time is not None:
        demanded.add(AUTHENTIC_TIME)
    missing = sorted(demanded - attributes.critical)
    if missing:
        raise _Stop(Refused(reasons.ATTRIBUTE, f"it has {missing[0]} and does not demand that it is understood"))
    if attributes.scheme not in SCHEMES:
        said = f"it was made with the signing scheme {clip(attributes.scheme, _MOST_TEXT)}, which is not known"
        raise _Stop(Refused(reasons.ATTRIBUTE, said))
    if (attributes.scheme == _AUTHORITY_SCHEME) is (attributes.authentic_time is None):
        said = f"the signing scheme {attributes.scheme} and its times do not belong together"
        raise _Stop(Refused(reasons.ATTRIBUTE, said))


def _unreadable(error: MalformedData) -> Refused | Unchecked:
    if error.code == "ambiguous-json":
        return Unchecked(refusals.AMBIGUOUS, str(error))
    return Refused(reasons.CERTIFICATE if error.code == "certificate" else reasons.MALFORMED, str(error))


def _identity(leaf: Certificate, anchor: Certificate) -> Identity:
    """Name the principal (S18): the subject, as its authority calls it."""
    return Identity("x509", leaf.x509.subject.rfc4514_string(), anchor.x509.subject.rfc4514_string())


def _subject(certificate: Certificate) -> str:
    return clip(certificate.x509.subject.rfc4514_string(), _MOST_TEXT) or "a certificate without a subject"
