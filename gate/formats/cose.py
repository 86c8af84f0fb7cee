"""Notation's signatures as COSE_Sign1 (specs/signature-envelope-cose.md; RFC 9052, RFC 9360 for the certificates)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from gate.errors import MalformedData
from gate.formats.cbor import Tag, parse_cbor
from gate.formats.notation import (
    AUTHENTIC_TIME,
    EXPIRY,
    MOST_CERTIFICATES,
    PLUGIN,
    PLUGIN_VERSION,
    SCHEME,
    SIGNING_TIME,
    Attributes,
    Envelope,
)

__all__ = ["parse_cose"]

_SIGN1: Final = 18
_EPOCH: Final = 1
_ALGORITHM, _CRITICAL, _CONTENT_TYPE, _CHAIN = 1, 2, 3, 33
_STAMP: Final = "io.cncf.notary.timestampSignature"
_AGENT: Final = "io.cncf.notary.signingAgent"
#: IANA "COSE Algorithms": those of the specification, by the names that JWS has for them.
_ALGORITHMS: Final = {-37: "PS256", -38: "PS384", -39: "PS512", -7: "ES256", -35: "ES384", -36: "ES512"}
_KNOWN: Final = frozenset(
    {_ALGORITHM, _CRITICAL, _CONTENT_TYPE, SCHEME, SIGNING_TIME, AUTHENTIC_TIME, EXPIRY, PLUGIN, PLUGIN_VERSION}
)
#: The first and last second that `datetime` has, and then some: 0001-01-01 and 9999-12-31.
_FIRST, _LAST = -62135596800, 253402300799
_PARTS: Final = 4


def parse_cose(content: bytes, what: str) -> Envelope:
    """Read an envelope; raises `MalformedData`."""
    tagged = parse_cbor(content, what)
    if not isinstance(tagged, Tag) or tagged.number != _SIGN1:
        raise _wrong(what, "is no COSE_Sign1 with its tag")
    parts = tagged.value
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise _wrong(what, "has not the four parts of a COSE_Sign1")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict):
        raise _wrong(what, "has no protected and unprotected header")
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise _wrong(what, "has no payload or signature inside")
    stamp = unprotected.get(_STAMP)
    if stamp is not None and not isinstance(stamp, bytes):
        raise _wrong(what, "has a timestamp that is no byte string")
    agent = unprotected.get(_AGENT, "")
    return Envelope(
        _attributes(protected, f"{what}, protected"),
        payload,
        b"\x84\x6aSignature1" + _bytes(protected) + b"\x40" + _bytes(payload),  # RFC 9052, section 4.4
        signature,
        _chain(unprotected.get(_CHAIN), what),
        stamp,
        agent if isinstance(agent, str) else "",
    )


def _attributes(content: bytes, what: str) -> Attributes:
    members = parse_cbor(content, what)
    if not isinstance(members, dict):
        raise _wrong(what, "is no map")
    critical = members.get(_CRITICAL, [])
    if not isinstance(critical, list) or len({str(name) for name in critical}) != len(critical):
        raise _wrong(what, "has a crit that is no list of distinct names")
    missing = [name for name in critical if not isinstance(name, int | str) or name not in members]
    if missing:
        raise _wrong(what, f"has a crit that names {str(missing[0])[:80]!r}, which is not there")
    algorithm = members.get(_ALGORITHM)
    return Attributes(
        _ALGORITHMS.get(algorithm, str(algorithm)[:40]) if isinstance(algorithm, int) else _missing(what, "algorithm"),
        _text(members, _CONTENT_TYPE, what) or _missing(what, "content type"),
        frozenset(str(name) for name in critical),
        _text(members, SCHEME, what) or _missing(what, SCHEME),
        _time(members, SIGNING_TIME, what),
        _time(members, AUTHENTIC_TIME, what),
        _time(members, EXPIRY, what),
        _text(members, PLUGIN, what),
        frozenset(str(name) for name in members.keys() - _KNOWN),
    )


def _chain(value: object, what: str) -> tuple[bytes, ...]:
    """Read `x5chain`: one certificate as a byte string, several as an array (RFC 9360, section 2)."""
    found = [value] if isinstance(value, bytes) else value
    if not isinstance(found, list) or len(found) > MOST_CERTIFICATES:
        raise _wrong(what, f"has no list of at most {MOST_CERTIFICATES} certificates")
    certificates = tuple(one for one in found if isinstance(one, bytes))
    if len(certificates) != len(found):
        raise _wrong(what, "has a certificate that is no byte string")
    return certificates


def _time(members: dict[int | str, object], key: str, what: str) -> datetime | None:
    if key not in members:
        return None
    tagged = members[key]
    seconds = tagged.value if isinstance(tagged, Tag) and tagged.number == _EPOCH else None
    if not isinstance(seconds, int) or not _FIRST <= seconds <= _LAST:
        raise _wrong(what, f"has a {key} that is no time in whole seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _text(members: dict[int | str, object], key: int | str, what: str) -> str:
    value = members.get(key, "")
    if not isinstance(value, str):
        raise _wrong(what, f"has a {key} that is no text")
    return value


def _missing(what: str, name: str) -> str:
    raise _wrong(what, f"has no {name}")


def _wrong(what: str, why: str) -> MalformedData:
    return MalformedData(f"{what} {why}", "malformed-cbor")


def _bytes(content: bytes) -> bytes:
    """Encode a byte string (RFC 8949, section 3)."""
    length = len(content)
    if length <= 23:  # noqa: PLR2004 -- RFC 8949, section 3
        return bytes([0x40 + length]) + content
    for code, size in ((0x58, 1), (0x59, 2), (0x5A, 4)):
        if length < 1 << (8 * size):
            return bytes([code]) + length.to_bytes(size, "big") + content
    return b"\x5b" + length.to_bytes(8, "big") + content
