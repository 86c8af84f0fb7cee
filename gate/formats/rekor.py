"""What Rekor records: which bytes, signed by whom, with which signature (Rekor, `pkg/types/*/v*/`; rekor-tiles).

A log entry proves something only about the signature it records. Each kind names the signed bytes, the signature and
the verifier in its own way; here they become one shape, so that there is one place that compares them, whatever the
kind (CVE-2022-23649 and CVE-2026-22703 were entries about something else that nobody compared).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gate.errors import MalformedData
from gate.formats.dsse import decode_base64, decode_signature
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["Over", "Record", "parse_record"]

#: A body may say these; SHA-1 never counts.
_HEX_DIGITS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_PROTO_HASHES: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_HEX: Final = re.compile(r"[0-9a-f]{64,128}", re.ASCII)
_PEM: Final = re.compile(
    r"\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----\r?\n([A-Za-z0-9+/=\r\n]{1,90000})-----END \1-----\s*", re.ASCII
)

_KEYS: Final = frozenset({"apiVersion", "kind", "spec"})
_HASH_KEYS: Final = frozenset({"algorithm", "value"})


class Over(StrEnum):
    """Which bytes the recorded digest is over."""

    MESSAGE = "what is signed"
    PAYLOAD = "the payload of the envelope"
    ENVELOPE = "the envelope"


@dataclass(frozen=True, slots=True)
class Record:
    """What an entry is about. `verifier` is the DER of a certificate or public key; `signature` is None if not kept."""

    over: Over
    algorithm: str
    digest: bytes
    signature: bytes | None = field(repr=False)
    verifier: bytes = field(repr=False)


def parse_record(body: bytes, kind: str, version: str, what: str) -> Record:
    """Read a body; raises `MalformedData` for kinds that are not known, and where it is not of `kind` and `version`.

    In cosign's older annotation nothing beside the body says the kind: there `kind` is "".
    """
    members = read_object(parse_strict(body, what), what, _KEYS)
    said = read_text(members, "kind", what), read_text(members, "apiVersion", what)
    if kind and said != (kind, version):
        msg = f"{what} is of kind {' '.join(said)[:80]!r}, and announced as {kind} {version}"
        raise MalformedData(msg, "malformed")
    spec = read_object(members.get("spec"), f"{what}, spec", frozenset())
    match said:
        case ("hashedrekord", "0.0.1") | ("rekord", "0.0.1"):
            return _hashedrekord(spec, what)
        case ("hashedrekord", "0.0.2"):
            return _hashedrekord_v2(spec, what)
        case ("dsse", "0.0.1"):
            return _dsse(spec, what)
        case ("intoto", "0.0.2"):
            return _intoto(spec, what)
        case ("intoto", "0.0.1"):
            return _intoto_v1(spec, what)
        case _:
            msg = f"{what} is of kind {' '.join(said)[:80]!r}, which is not read"
            raise MalformedData(msg, "malformed")


def _hashedrekord(spec: dict[str, object], what: str) -> Record:
    data = _member(spec, "data", what, frozenset({"hash"}))
    algorithm, digest = _hash(data.get("hash"), what)
    signature = _member(spec, "signature", what, frozenset({"content", "publicKey", "format"}))
    if read_text(signature, "format", what, default="x509") != "x509":
        msg = f"{what} was not made with X.509 keys"
        raise MalformedData(msg, "malformed")
    key = _member(signature, "publicKey", what, frozenset({"content"}))
    return Record(
        Over.MESSAGE,
        algorithm,
        digest,
        decode_signature(read_text(signature, "content", what), f"{what}, signature"),
        _pem(read_text(key, "content", what), what),
    )


def _hashedrekord_v2(spec: dict[str, object], what: str) -> Record:
    inside = _member(spec, "hashedRekordV002", what, frozenset({"data", "signature"}))
    data = _member(inside, "data", what, frozenset({"algorithm", "digest"}))
    named = read_text(data, "algorithm", what)
    algorithm = _PROTO_HASHES.get(named, "")
    digest = decode_base64(read_text(data, "digest", what), f"{what}, digest")
    if not algorithm or len(digest) * 2 != _HEX_DIGITS[algorithm]:
        msg = f"{what} has a digest of the algorithm {named[:40]!r} and {len(digest)} bytes"
        raise MalformedData(msg, "malformed")
    signature = _member(inside, "signature", what, frozenset({"content", "verifier"}))
    verifier = _member(signature, "verifier", what, frozenset({"keyDetails", "x509Certificate", "publicKey"}))
    present = [key for key in ("x509Certificate", "publicKey") if verifier.get(key) is not None]
    if len(present) != 1:
        msg = f"{what} has {len(present)} verifiers; exactly one belongs there"
        raise MalformedData(msg, "malformed")
    raw = _member(verifier, present[0], what, frozenset({"rawBytes"}))
    return Record(
        Over.MESSAGE,
        algorithm,
        digest,
        decode_signature(read_text(signature, "content", what), f"{what}, signature"),
        decode_base64(read_text(raw, "rawBytes", what), f"{what}, verifier"),
    )


def _dsse(spec: dict[str, object], what: str) -> Record:
    algorithm, digest = _hash(spec.get("payloadHash"), what)
    one = _only(spec, what, frozenset({"signature", "verifier"}))
    return Record(
        Over.PAYLOAD,
        algorithm,
        digest,
        decode_signature(read_text(one, "signature", what), f"{what}, signature"),
        _pem(read_text(one, "verifier", what), what),
    )


def _intoto(spec: dict[str, object], what: str) -> Record:
    content = _member(spec, "content", what, frozenset({"envelope", "hash", "payloadHash"}))
    algorithm, digest = _hash(content.get("payloadHash"), what)
    envelope = _member(content, "envelope", what, frozenset({"payloadType", "signatures", "payload"}))
    one = _only(envelope, what, frozenset({"sig", "publicKey", "keyid"}))
    # This kind encodes the signature twice (Rekor issue 1139).
    twice = decode_base64(read_text(one, "sig", what), f"{what}, sig")
    return Record(
        Over.PAYLOAD,
        algorithm,
        digest,
        decode_signature(twice.decode("ascii", "replace"), f"{what}, signature"),
        _pem(read_text(one, "publicKey", what), what),
    )


def _intoto_v1(spec: dict[str, object], what: str) -> Record:
    content = _member(spec, "content", what, frozenset({"hash", "payloadHash", "envelope"}))
    algorithm, digest = _hash(content.get("hash"), what)
    return Record(Over.ENVELOPE, algorithm, digest, None, _pem(read_text(spec, "publicKey", what), what))


def _only(members: dict[str, object], what: str, known: frozenset[str]) -> dict[str, object]:
    signatures = read_list(members, "signatures", what, 32)
    if len(signatures) != 1:
        msg = f"{what} has {len(signatures)} signatures; exactly one is read"
        raise MalformedData(msg, "malformed")
    return read_object(signatures[0], f"{what}, signatures", known)


def _member(members: dict[str, object], key: str, what: str, known: frozenset[str]) -> dict[str, object]:
    return read_object(members.get(key), f"{what}, {key}", known)


def _hash(value: object, what: str) -> tuple[str, bytes]:
    members = read_object(value, f"{what}, hash", _HASH_KEYS)
    algorithm, digits = read_text(members, "algorithm", what), read_text(members, "value", what)
    if _HEX.fullmatch(digits) is None or _HEX_DIGITS.get(algorithm) != len(digits):
        msg = f"{what} has a digest of the algorithm {algorithm[:40]!r} and {len(digits)} digits"
        raise MalformedData(msg, "malformed")
    return algorithm, bytes.fromhex(digits)


def _pem(text: str, what: str) -> bytes:
    """Read a verifier: base64 of PEM of a certificate or public key; gives the DER."""
    pem = decode_base64(text, f"{what}, verifier").decode("ascii", "replace")
    match = _PEM.fullmatch(pem)
    if match is None:
        msg = f"{what} has a verifier that is neither a certificate nor a public key"
        raise MalformedData(msg, "malformed")
    return decode_base64("".join(match[2].split()), f"{what}, verifier")
