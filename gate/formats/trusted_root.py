"""Sigstore's trusted root: the logs, certificate authorities and timestamp authorities that are believed.

Format: sigstore/protobuf-specs `protos/sigstore_trustroot.proto` as canonical proto3 JSON. It is read from the rule
file's own files, so a mistake in it is the user's: it raises, and nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gate.errors import MalformedData
from gate.formats.certificate import Certificate, parse_certificate
from gate.formats.dsse import decode_base64
from gate.formats.public_key import PublicKey, read_spki
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["Authority", "Log", "TrustedRoot", "Window", "parse_time", "parse_trusted_root", "read_trusted_root"]

#: The file of the public instance has 5 logs and 3 authorities.
_MOST: Final = 64
_MOST_CHAIN: Final = 10
_MEDIA_TYPE: Final = re.compile(
    r"application/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=|\.v)0\.[12](\+json)?", re.ASCII
)
#: RFC 3339 with the zone that protobuf writes; more digits than microseconds are cut.
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)

_KEYS: Final = frozenset({"mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"})
_LOG_KEYS: Final = frozenset({"baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"})
_KEY_KEYS: Final = frozenset({"rawBytes", "keyDetails", "validFor"})
_AUTHORITY_KEYS: Final = frozenset({"subject", "uri", "certChain", "validFor", "operator"})


@dataclass(frozen=True, slots=True)
class Window:
    """When something is believed: from `start` on, up to and including `end`."""

    start: datetime
    end: datetime | None

    def holds(self, when: datetime) -> bool:
        """Tell whether a time is inside."""
        return self.start <= when and (self.end is None or when <= self.end)

    def __str__(self) -> str:
        """For messages."""
        return f"from {self.start:%Y-%m-%d}" + ("" if self.end is None else f" to {self.end:%Y-%m-%d}")


@dataclass(frozen=True, slots=True)
class Log:
    """One log, of signatures or of certificates. `id` selects it; `key` is None where the algorithm is unknown."""

    name: str
    id: bytes
    key: PublicKey | None
    window: Window


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority: its certificates from the first issuer (or, for timestamps, the signer) up to the root."""

    uri: str
    chain: tuple[Certificate, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """What one instance of Sigstore is believed by."""

    logs: tuple[Log, ...] = field(repr=False)
    ct_logs: tuple[Log, ...] = field(repr=False)
    authorities: tuple[Authority, ...] = field(repr=False)
    timestampers: tuple[Authority, ...] = field(repr=False)


def parse_trusted_root(content: bytes, what: str) -> TrustedRoot:
    """Read a trusted root; raises `MalformedData`."""
    return read_trusted_root(parse_strict(content, what), what)


def read_trusted_root(value: object, what: str) -> TrustedRoot:
    """Read a trusted root from parsed JSON; raises `MalformedData`."""
    members = read_object(value, what, _KEYS)
    media_type = read_text(members, "mediaType", what)
    if _MEDIA_TYPE.fullmatch(media_type) is None:
        msg = f"{what} has the mediaType {media_type[:80]!r}, which is no Sigstore trusted root's"
        raise MalformedData(msg, "trusted-root")
    root = TrustedRoot(
        tuple(_log(log, f"{what}, tlogs") for log in read_list(members, "tlogs", what, _MOST)),
        tuple(_log(log, f"{what}, ctlogs") for log in read_list(members, "ctlogs", what, _MOST)),
        tuple(
            _authority(one, f"{what}, certificateAuthorities")
            for one in read_list(members, "certificateAuthorities", what, _MOST)
        ),
        tuple(
            _authority(one, f"{what}, timestampAuthorities")
            for one in read_list(members, "timestampAuthorities", what, _MOST)
        ),
    )
    if not root.authorities and not root.logs:
        msg = f"{what} names neither a certificate authority nor a log: nothing could be proven with it"
        raise MalformedData(msg, "trusted-root")
    return root


def parse_time(text: str, what: str) -> datetime:
    """Read a time of RFC 3339; raises `MalformedData`."""
    match = _TIME.fullmatch(text)
    if match is None:
        msg = f"{what} is not a time: {text[:40]!r}"
        raise MalformedData(msg, "malformed-json")
    try:
        return datetime.fromisoformat(f"{match[1]}{(match[2] or '')[:7]}{match[3]}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        msg = f"{what} is not a time: {text[:40]!r}"
        raise MalformedData(msg, "malformed-json") from error


def _log(value: object, what: str) -> Log:
    members = read_object(value, what, _LOG_KEYS)
    key = read_object(members.get("publicKey"), f"{what}, publicKey", _KEY_KEYS)
    ids = read_object(members.get("logId"), f"{what}, logId", frozenset({"keyId"}))
    raw = decode_base64(read_text(key, "rawBytes", what), f"{what}, rawBytes")
    try:
        public = read_spki(raw, what)
    except MalformedData:
        public = None  # a key of a kind to come: nothing that it signs is believed, the rest of the file is usable
    return Log(
        read_text(members, "baseUrl", what, default=""),
        decode_base64(read_text(ids, "keyId", what), f"{what}, keyId"),
        public,
        _window(key, what),
    )


def _authority(value: object, what: str) -> Authority:
    members = read_object(value, what, _AUTHORITY_KEYS)
    chain = read_object(members.get("certChain"), f"{what}, certChain", frozenset({"certificates"}))
    certificates = read_list(chain, "certificates", what, _MOST_CHAIN)
    if not certificates:
        msg = f"{what} has an authority without certificates"
        raise MalformedData(msg, "trusted-root")
    return Authority(
        read_text(members, "uri", what, default=""),
        tuple(parse_certificate(read_raw(one, what), what) for one in certificates),
        _window(members, what),
    )


def read_raw(value: object, what: str) -> bytes:
    """Read the DER of a certificate object; raises `MalformedData`."""
    members = read_object(value, what, frozenset({"rawBytes"}))
    return decode_base64(read_text(members, "rawBytes", what), f"{what}, rawBytes")


def _window(members: dict[str, object], what: str) -> Window:
    times = read_object(members.get("validFor"), f"{what}, validFor", frozenset({"start", "end"}))
    end = read_text(times, "end", f"{what}, validFor", default="")
    return Window(
        parse_time(read_text(times, "start", f"{what}, validFor"), f"{what}, validFor.start"),
        parse_time(end, f"{what}, validFor.end") if end else None,
    )
