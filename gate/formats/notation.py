"""Signature envelopes of Notation: what the signer signed, and what came along (notaryproject/specifications).

`gate.formats.jws` and `gate.formats.cose` read the two forms into one `Envelope`. Reading believes nothing: the
signature, the certificates and the times are a signer's to check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gate.errors import MalformedData
from gate.oci.descriptor import Descriptor, parse_descriptor, read_object
from gate.strict_json import parse_strict

__all__ = [
    "ARTIFACT_TYPE", "AUTHENTIC_TIME", "COSE_TYPE", "EXPIRY", "JWS_TYPE", "KNOWN_CRITICAL", "PAYLOAD_TYPE", "PLUGIN",
    "PLUGIN_VERSION", "SCHEME", "SCHEMES", "SIGNING_TIME", "Attributes", "Envelope", "parse_payload", "parse_time",
]  # fmt: skip

#: What a referrer is called that holds such a signature, and the envelope inside.
ARTIFACT_TYPE: Final = "application/vnd.cncf.notary.signature"
JWS_TYPE: Final = "application/jose+json"
COSE_TYPE: Final = "application/cose"
PAYLOAD_TYPE: Final = "application/vnd.cncf.notary.payload.v1+json"

SCHEME: Final = "io.cncf.notary.signingScheme"
SIGNING_TIME: Final = "io.cncf.notary.signingTime"
AUTHENTIC_TIME: Final = "io.cncf.notary.authenticSigningTime"
EXPIRY: Final = "io.cncf.notary.expiry"
PLUGIN: Final = "io.cncf.notary.verificationPlugin"
PLUGIN_VERSION: Final = "io.cncf.notary.verificationPluginMinVersion"
KNOWN_CRITICAL: Final = frozenset({SCHEME, AUTHENTIC_TIME, EXPIRY})

#: Signing schemes, with the kind of trust store that each is believed from.
SCHEMES: Final[Mapping[str, str]] = {"notary.x509": "ca", "notary.x509.signingAuthority": "signingAuthority"}

#: Certificates of a chain; companies have three or four.
MOST_CERTIFICATES: Final = 10

_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_PAYLOAD_KEYS: Final = frozenset({"targetArtifact"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """What stands in the signed header. Times are None where they are not given; `others` are further names."""

    algorithm: str
    content_type: str
    critical: frozenset[str]
    scheme: str
    signing_time: datetime | None
    authentic_time: datetime | None
    expiry: datetime | None
    plugin: str
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope. `signed` are the bytes that `signature` is over, `chain` DER certificates, the signer's first.

    `timestamp` is an RFC 3161 token over the signature, by whomever; "" agents and None tokens are not given.
    """

    attributes: Attributes
    payload: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    timestamp: bytes | None = field(repr=False, default=None)
    agent: str = ""


def parse_payload(content: bytes, what: str) -> Descriptor:
    """Read the payload: the descriptor of the artifact that was signed; raises `MalformedData`.

    Its annotations are the user's metadata.
    """
    members = read_object(parse_strict(content, what), what, _PAYLOAD_KEYS)
    unknown = sorted(set(members) - _PAYLOAD_KEYS)
    if unknown:
        msg = f"{what} has the member {unknown[0][:80]!r}, which is not known there"
        raise MalformedData(msg, "malformed-json")
    return parse_descriptor(members.get("targetArtifact"), f"{what}, targetArtifact")


def parse_time(text: str, what: str) -> datetime:
    """Read RFC 3339 as Go writes it; raises `MalformedData`."""
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    msg = f"{what} is no time: {text[:40]!r}"
    raise MalformedData(msg, "malformed")
