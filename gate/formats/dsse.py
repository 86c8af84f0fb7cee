"""DSSE envelopes: the signed wrapper around a payload (secure-systems-lab/dsse, envelope.md and protocol.md).

The bytes that were signed are the pre-authentication encoding (PAE) of payload type and payload, so the
type is signed too. `keyid` is a hint that nobody signed: it is kept for messages and decides nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from gate.errors import MalformedData
from gate.oci.descriptor import read_list, read_object, read_text

__all__ = [
    "ENVELOPE_TYPE",
    "MOST_SIGNATURE_BYTES",
    "Envelope",
    "decode_base64",
    "decode_signature",
    "pae",
    "read_envelope",
]

#: The media type of an envelope by itself (cosign, `pkg/types/media.go`): the layers of the tag `sha256-….att`.
ENVELOPE_TYPE: Final = "application/vnd.dsse.envelope.v1+json"

_KEYS: Final = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE_KEYS: Final = frozenset({"sig", "keyid"})

#: An RSA-16384 signature has 2048 bytes; nothing else comes near.
MOST_SIGNATURE_BYTES: Final = 4096
#: More than one is refused anyway; this only bounds what is walked through to say so.
_MOST_SIGNATURES: Final = 32

_STANDARD: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope with its one signature. `payload` are exactly the bytes to verify, then to parse."""

    payload: bytes = field(repr=False)
    payload_type: str
    signature: bytes = field(repr=False)
    keyid: str = ""

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over."""
        return pae(self.payload_type, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """Give the pre-authentication encoding (protocol.md, "Signature Definition"): lengths are of bytes, in decimal."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(value: object, what: str) -> Envelope:
    """Read an envelope from parsed JSON; raises `MalformedData`.

    An envelope has exactly one signature here: Sigstore's client specification (section 4.4) demands it of
    bundles, and of several nobody could say which one a verdict rests on.
    """
    members = read_object(value, what, _KEYS)
    signatures = read_list(members, "signatures", what, _MOST_SIGNATURES)
    if len(signatures) != 1:
        msg = f"{what} has {len(signatures)} signatures; exactly one is read"
        raise MalformedData(msg, "malformed-json")
    signature = read_object(signatures[0], f"{what}, signatures", _SIGNATURE_KEYS)
    payload = decode_base64(read_text(members, "payload", what), f"{what}, payload")
    return Envelope(
        payload,
        read_text(members, "payloadType", what),
        decode_signature(read_text(signature, "sig", what), f"{what}, sig"),
        read_text(signature, "keyid", what, default=""),
    )


def decode_signature(text: str, what: str) -> bytes:
    """Decode the base64 of a signature; raises `MalformedData` for an empty one or one that no key makes."""
    signature = decode_base64(text, what)
    if not signature:
        msg = f"{what} is empty"
        raise MalformedData(msg, "malformed")
    if len(signature) > MOST_SIGNATURE_BYTES:
        msg = f"{what} has {len(signature)} bytes; no key makes a signature of more than {MOST_SIGNATURE_BYTES}"
        raise MalformedData(msg, "malformed")
    return signature


def decode_base64(text: str, what: str) -> bytes:
    """Decode standard or URL-safe base64 (envelope.md allows both), padded; raises `MalformedData`."""
    if _STANDARD.fullmatch(text):
        altchars = None
    elif _URL_SAFE.fullmatch(text):
        altchars = b"-_"
    else:
        msg = f"{what} is not base64"
        raise MalformedData(msg, "malformed")
    try:
        return base64.b64decode(text, altchars)
    except (binascii.Error, ValueError) as error:
        msg = f"{what} is not base64: {error}"
        raise MalformedData(msg, "malformed") from error
