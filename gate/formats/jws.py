"""Notation's signatures as JSON Web Signatures (specs/signature-envelope-jws.md; RFC 7515, flattened form only).

Only the `protected` header is signed. Certificates and timestamp stand in the one beside it, and prove themselves or
nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Final

from gate.errors import MalformedData
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
    parse_time,
)
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["parse_jws"]

_KEYS: Final = frozenset({"payload", "protected", "header", "signature"})
_STAMP: Final = "io.cncf.notary.timestampSignature"
_AGENT: Final = "io.cncf.notary.signingAgent"
_HEADER_KEYS: Final = frozenset({"x5c", _STAMP, _AGENT})
_PROTECTED_KEYS: Final = frozenset(
    {"alg", "cty", "crit", SCHEME, SIGNING_TIME, AUTHENTIC_TIME, EXPIRY, PLUGIN, PLUGIN_VERSION}
)
_MOST_CRITICAL: Final = 32
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def parse_jws(content: bytes, what: str) -> Envelope:
    """Read an envelope; raises `MalformedData`.

    A member that does not belong there is refused, the general form with several signatures among them.
    """
    members = read_object(parse_strict(content, what), what, _KEYS)
    _only(members, _KEYS, what)
    header = read_object(members.get("header"), f"{what}, header", _HEADER_KEYS)
    protected = read_text(members, "protected", what)
    payload = read_text(members, "payload", what)
    stamp = header.get(_STAMP)
    return Envelope(
        _attributes(_decode(protected, f"{what}, protected"), f"{what}, protected"),
        _decode(payload, f"{what}, payload"),
        f"{protected}.{payload}".encode(),
        _decode(read_text(members, "signature", what), f"{what}, signature"),
        tuple(_certificate(one, what) for one in read_list(header, "x5c", f"{what}, header", MOST_CERTIFICATES)),
        None if stamp is None else _standard(stamp, f"{what}, timestamp"),
        read_text(header, _AGENT, f"{what}, header", default=""),
    )


def _attributes(content: bytes, what: str) -> Attributes:
    members = read_object(parse_strict(content, what), what, _PROTECTED_KEYS)
    critical = [_text(one, f"{what}, crit") for one in read_list(members, "crit", what, _MOST_CRITICAL)]
    missing = [name for name in critical if name not in members]
    if missing or len(set(critical)) != len(critical):
        msg = (
            f"{what}, crit names {missing[0][:80]!r}, which is not there" if missing else f"{what}, crit: a name twice"
        )
        raise MalformedData(msg, "malformed")
    return Attributes(
        read_text(members, "alg", what),
        read_text(members, "cty", what),
        frozenset(critical),
        read_text(members, SCHEME, what),
        _time(members, SIGNING_TIME, what),
        _time(members, AUTHENTIC_TIME, what),
        _time(members, EXPIRY, what),
        read_text(members, PLUGIN, what, default=""),
        frozenset(members) - _PROTECTED_KEYS,
    )


def _time(members: dict[str, object], key: str, what: str) -> datetime | None:
    return parse_time(read_text(members, key, what), f"{what}, {key}") if key in members else None


def _certificate(value: object, what: str) -> bytes:
    return _standard(value, f"{what}, x5c")


def _standard(value: object, what: str) -> bytes:
    text = _text(value, what)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{what} is not base64"
        raise MalformedData(msg, "malformed") from error


def _decode(text: str, what: str) -> bytes:
    """Decode base64url without padding (RFC 7515, section 2), in the one way that it is written."""
    if _URL_SAFE.fullmatch(text) and len(text) % 4 != 1:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if base64.urlsafe_b64encode(decoded).rstrip(b"=") == text.encode():
            return decoded
    msg = f"{what} is not base64url"
    raise MalformedData(msg, "malformed")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        msg = f"{what} is not a string"
        raise MalformedData(msg, "malformed-json")
    return value


def _only(members: dict[str, object], known: frozenset[str], what: str) -> None:
    unknown = sorted(set(members) - known)
    if unknown:
        msg = f"{what} has the member {unknown[0][:80]!r}, which does not belong into a flattened JWS"
        raise MalformedData(msg, "malformed-json")
