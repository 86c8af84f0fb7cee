"""Sigstore bundles: a signature and its verification material in one file.

Format: sigstore/protobuf-specs `protos/sigstore_bundle.proto` as canonical proto3 JSON. Reading keeps the
parts; what may count as proof is the signer's decision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gate.errors import MalformedData
from gate.formats.dsse import Envelope, decode_signature, read_envelope
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["MEDIA_TYPE_PREFIX", "Bundle", "Material", "MessageSignature", "bundle_version", "parse_bundle"]

#: What every media type of a bundle begins with.
MEDIA_TYPE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"

_MEDIA_TYPE: Final = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle(?:\+json;version=|\.v)([0-9]{1,3}\.[0-9]{1,3})(\+json)?", re.ASCII
)
#: Versions whose shape is read. 0.1 and 0.2 differ from 0.3 only in what they may carry for certificates and logs.
_VERSIONS: Final = frozenset({"0.1", "0.2", "0.3"})

#: Bounds of sigstore-go, after CVE-2024-45395.
_MOST_ENTRIES: Final = 32
#: A chain of Fulcio has two or three.
_MOST_CERTIFICATES: Final = 10

_KEYS: Final = frozenset({"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"})
_MATERIAL_KEYS: Final = frozenset(
    {"certificate", "publicKey", "x509CertificateChain", "tlogEntries", "timestampVerificationData"}
)
_KEY_KEYS: Final = frozenset({"hint", "rawBytes", "certificates"})
_MESSAGE_KEYS: Final = frozenset({"messageDigest", "signature"})
_TIMESTAMP_KEYS: Final = frozenset({"rfc3161Timestamps"})


class Material(StrEnum):
    """What a bundle offers to verify with; a verifier is configured, it does not take what is offered."""

    PUBLIC_KEY = "publicKey"
    CERTIFICATE = "certificate"
    CHAIN = "x509CertificateChain"


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """A signature over the artifact itself: there is no statement that says what it is meant for."""

    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle. `hint` names the key that was meant, by nobody's authority.

    Certificates, log entries and timestamps are kept as JSON: a signer with a key alone proves nothing with them, and
    what it does not use cannot break a signature. `gate.formats.material` reads them.
    """

    version: str
    material: Material
    hint: str
    content: Envelope | MessageSignature
    certificates: tuple[object, ...] = field(repr=False)
    entries: tuple[object, ...] = field(repr=False)
    stamps: tuple[object, ...] = field(repr=False)


def bundle_version(media_type: str) -> str | None:
    """Give the version that a media type of a bundle names, or None if it is no bundle's media type.

    Both spellings are read: `application/vnd.dev.sigstore.bundle.v0.3+json` and
    `application/vnd.dev.sigstore.bundle+json;version=0.3`.
    """
    match = _MEDIA_TYPE.fullmatch(media_type)
    if match is None or ("+json;" in media_type) is bool(match[2]):
        return None
    return match[1]


def parse_bundle(content: bytes, what: str) -> Bundle:
    """Read a bundle; raises `MalformedData`, with code `bundle-version` for a version that is not known."""
    members = read_object(parse_strict(content, what), what, _KEYS)
    media_type = read_text(members, "mediaType", what)
    version = bundle_version(media_type)
    if version is None:
        msg = f"{what} has the mediaType {media_type[:80]!r}, which is no Sigstore bundle's"
        raise MalformedData(msg, "malformed-json")
    if version not in _VERSIONS:
        msg = f"{what} is a Sigstore bundle of version {version}; known are {', '.join(sorted(_VERSIONS))}"
        raise MalformedData(msg, "bundle-version")
    material = read_object(members.get("verificationMaterial"), f"{what}, verificationMaterial", _MATERIAL_KEYS)
    kind = Material(_one_of(material, [str(kind) for kind in Material], f"{what}, verificationMaterial"))
    key = read_object(material[kind], f"{what}, {kind}", _KEY_KEYS)
    timestamps = material.get("timestampVerificationData")
    stamped = {} if timestamps is None else read_object(timestamps, f"{what}, timestamps", _TIMESTAMP_KEYS)
    return Bundle(
        version,
        kind,
        read_text(key, "hint", f"{what}, {kind}", default=""),
        _content(members, what),
        _certificates(kind, key, what),
        tuple(read_list(material, "tlogEntries", what, _MOST_ENTRIES)),
        tuple(read_list(stamped, "rfc3161Timestamps", what, _MOST_ENTRIES)),
    )


def _certificates(kind: Material, members: dict[str, object], what: str) -> tuple[object, ...]:
    """Give the certificate objects, that of the signer first."""
    match kind:
        case Material.PUBLIC_KEY:
            return ()
        case Material.CERTIFICATE:
            return (members,)
        case Material.CHAIN:
            return tuple(read_list(members, "certificates", f"{what}, {kind}", _MOST_CERTIFICATES))


def _content(members: dict[str, object], what: str) -> Envelope | MessageSignature:
    if _one_of(members, ["messageSignature", "dsseEnvelope"], what) == "dsseEnvelope":
        return read_envelope(members["dsseEnvelope"], f"{what}, dsseEnvelope")
    message = read_object(members["messageSignature"], f"{what}, messageSignature", _MESSAGE_KEYS)
    text = read_text(message, "signature", f"{what}, messageSignature")
    return MessageSignature(decode_signature(text, f"{what}, signature"))


def _one_of(members: dict[str, object], keys: list[str], what: str) -> str:
    present = [key for key in keys if members.get(key) is not None]
    if len(present) != 1:
        msg = f"{what} has {' and '.join(present) or 'none'} of {', '.join(keys)}; exactly one belongs there"
        raise MalformedData(msg, "malformed-json")
    return present[0]
