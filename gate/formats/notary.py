"""Notary's metadata (TUF as Docker Content Trust uses it): bytes to types, strictly, and who signed them.

Formats: notary `tuf/data/{types,root,timestamp,snapshot,targets}.go`. What is signed is the canonical JSON of the
member `signed`, so the bytes are written again from what was parsed: what is verified and what is read are the same.

Objects whose keys are names (tags, roles) are read as Go reads its maps: `V1` and `v1` are two tags. In every other
object two keys that some readers take for one are `ambiguous-json` (S11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256, sha512
from typing import Final, NamedTuple

from gate.errors import MalformedData
from gate.formats.canonical_json import canonical
from gate.formats.dsse import decode_base64
from gate.formats.members import Members, parse_members
from gate.formats.notary_key import Key, Outcome, parse_key
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import fold

__all__ = [
    "RELEASES", "TARGETS", "Delegation", "Described", "Document", "Role", "Root", "Tally", "is_role_name", "parse_file",
    "read_delegations", "read_meta", "read_root", "read_target",
]  # fmt: skip

TARGETS: Final = "targets"
#: Where `docker trust sign` puts what it signs once a repository has delegations.
RELEASES: Final = "targets/releases"

_TOP: Final = ("root", "timestamp", "snapshot")

_DOCUMENT: Final = frozenset({"signed", "signatures"})
_SIGNED: Final = frozenset(
    {"_type", "version", "expires", "consistent_snapshot", "keys", "roles", "meta", "targets", "delegations"}
)
_SIGNATURE: Final = frozenset({"keyid", "method", "sig"})
_ROLE: Final = frozenset({"keyids", "threshold"})
_DELEGATION: Final = _ROLE | {"name", "paths"}
_DELEGATIONS: Final = frozenset({"keys", "roles"})
_FILE: Final = frozenset({"length", "hashes", "custom"})
_HASHES: Final = frozenset({"sha256", "sha512"})
#: Objects whose keys are names that somebody chose; of any other object the keys are words of the format.
_NAMED: Final = frozenset({("signed", "targets"), ("signed", "meta")})

#: Far above any honest repository.
_MOST_SIGNATURES: Final = 100
_MOST_KEYS: Final = 1000
_MOST_ROLES: Final = 1000
_MOST_PATHS: Final = 1000
#: Deeper than anything but what is hidden in `custom`.
_MOST_DEPTH: Final = 64
_MOST_NUMBER: Final = 2**53

_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ROLE_NAME: Final = re.compile(r"targets(/[-a-z0-9_]+)*", re.ASCII)
_MOST_ROLE_NAME: Final = 255
_TIME: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})", re.ASCII
)  # RFC 3339, as Go writes times


class Described(NamedTuple):
    """What signed metadata says of other bytes: their length and hashes, SHA-256 always among them."""

    length: int
    sha256: str
    sha512: str = ""

    def disagrees(self, content: bytes) -> str:
        """Say in which way bytes are not these; "" if they are. Every hash that is given counts (S12)."""
        if len(content) != self.length:
            return f"{len(content)} bytes instead of {self.length}"
        if sha256(content).hexdigest() != self.sha256:
            return "another SHA-256 hash"
        if self.sha512 and sha512(content).hexdigest() != self.sha512:
            return "another SHA-512 hash"
        return ""


class Role(NamedTuple):
    """Who may sign for a role: keys by id, and how many of them have to."""

    keys: Mapping[str, Key]
    threshold: int


class Delegation(NamedTuple):
    """A role that another one names: who signs it, and with which beginnings its tags have to start."""

    name: str
    role: Role
    paths: tuple[str, ...]

    def covers(self, tag: str) -> bool:
        """Tell whether it may speak about a tag: paths are beginnings, "" is everything, none is nothing."""
        return any(tag.startswith(path) for path in self.paths)


class Tally(NamedTuple):
    """Who of a role signed: distinct keys, as fingerprints; `unknown` counts keys that could not be checked."""

    valid: frozenset[str]
    unknown: int
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One file of metadata. `signed` are the canonical bytes that the signatures are over, `body` what they say."""

    kind: str
    version: int
    expires: datetime
    signed: bytes = field(repr=False)
    signatures: tuple[tuple[str, str, bytes], ...] = field(repr=False)
    body: Mapping[str, object] = field(repr=False)

    def tally(self, role: Role) -> Tally:
        """Count the distinct keys of a role that signed this; keys of other roles say nothing.

        One key under two ids is one key: keys are told apart by what they are, not by what they are called.
        """
        valid: set[str] = set()
        unknown: set[str] = set()
        flaws: dict[str, None] = {}
        for key_id, method, signature in self.signatures:
            key = role.keys.get(key_id)
            if key is None or (key.fingerprint and key.fingerprint in valid):
                continue
            outcome = key.verifies(method, signature, self.signed)
            if outcome is Outcome.VALID:
                valid.add(key.fingerprint)
            elif outcome is Outcome.UNKNOWN:
                unknown.add(key_id)
                flaws[f"its key {key_id[:12]}… or method {method[:40]!r} is of a kind that is not known"] = None
            else:
                flaws[f"the signature of its key {key_id[:12]}… is wrong{f': {key.flaw}' if key.flaw else ''}"] = None
        return Tally(frozenset(valid), len(unknown), tuple(flaws))


class Root(NamedTuple):
    """The root: the keys of every top-level role."""

    document: Document
    roles: Mapping[str, Role]


def is_role_name(text: str) -> bool:
    """Tell whether `text` is `targets` or the name of a delegation (notary `tuf/data/roles.go`)."""
    return len(text) <= _MOST_ROLE_NAME and _ROLE_NAME.fullmatch(text) is not None


@lru_cache(maxsize=8)
def parse_file(content: bytes, kind: str) -> Document:
    """Read one file of metadata of the kind `timestamp`, `snapshot` or `targets`; raises `MalformedData`."""
    return _document(content, kind)


def _document(content: bytes, kind: str) -> Document:
    what = f"the {kind} file"
    members = read_object(_parse(content, what), what, _DOCUMENT)
    signed = read_object(members.get("signed"), what, _SIGNED)
    said = read_text(signed, "_type", what)
    if said.lower() != kind:  # notary compares so (`tuf/data/types.go`, ValidTUFType)
        msg = f"{what} says that it is of the type {said[:40]!r}"
        raise MalformedData(msg, "malformed-json")
    return Document(
        kind,
        _number(signed.get("version"), 1, f"{what}, version"),
        _time(read_text(signed, "expires", what), what),
        canonical(signed, what),
        tuple(_signature(one, what) for one in read_list(members, "signatures", what, _MOST_SIGNATURES)),
        signed,
    )


@lru_cache(maxsize=40)
def read_root(content: bytes) -> Root:
    """Read a root file: the four top-level roles, whose keys it holds; raises `MalformedData`."""
    document = _document(content, "root")
    keys = _keys(document.body.get("keys"), "the root file")
    roles = read_object(
        document.body.get("roles"), "the root file, roles", frozenset({"root", "timestamp", "snapshot"})
    )
    found = {}
    for name in (*_TOP, TARGETS):
        what = f"the root file, role {name}"
        found[name] = _role(read_object(roles.get(name), what, _ROLE), keys, what)
    return Root(document, found)


def read_meta(document: Document) -> Mapping[str, Described]:
    """Read what a timestamp or snapshot file says of other files; raises `MalformedData`."""
    what = f"the {document.kind} file, meta"
    entries = read_object(document.body.get("meta"), what, frozenset())
    if len(entries) > _MOST_ROLES:
        msg = f"{what} names {len(entries)} files; at most {_MOST_ROLES} are read"
        raise MalformedData(msg, "limit-reached")
    return {name: _described(entry, f"{what}, {name[:80]}") for name, entry in entries.items()}


def read_target(document: Document, tag: str) -> Described | None:
    """Give what a targets file says of a tag, None if it does not name the tag; raises `MalformedData`."""
    entries = read_object(document.body.get("targets"), "the targets file, targets", frozenset())
    return _described(entries[tag], f"the targets file, {tag}") if tag in entries else None


def read_delegations(document: Document) -> Mapping[str, Delegation]:
    """Give the delegations that a targets file names, by name; raises `MalformedData`."""
    what = "the targets file, delegations"
    if document.body.get("delegations") is None:
        return {}
    members = read_object(document.body["delegations"], what, _DELEGATIONS)
    keys = _keys(members.get("keys"), what)
    found: dict[str, Delegation] = {}
    for entry in read_list(members, "roles", what, _MOST_ROLES):
        role = read_object(entry, what, _DELEGATION)
        name = read_text(role, "name", what)
        if name in found:
            msg = f"{what} name {name[:80]!r} twice"
            raise MalformedData(msg, "ambiguous-json")
        paths = tuple(_text(path, what) for path in read_list(role, "paths", what, _MOST_PATHS))
        found[name] = Delegation(name, _role(role, keys, f"{what}, {name[:80]}"), paths)
    return found


def _keys(value: object, what: str) -> Mapping[str, Key]:
    members = read_object(value, f"{what}, keys", frozenset())
    if len(members) > _MOST_KEYS:
        msg = f"{what} holds {len(members)} keys; at most {_MOST_KEYS} are read"
        raise MalformedData(msg, "limit-reached")
    keys: dict[str, Key] = {}
    for name, entry in members.items():
        key = parse_key(entry, f"{what}, key {name[:12]}")
        if key.key_id != name:
            msg = f"{what} calls a key {name[:64]!r} whose id is {key.key_id}"
            raise MalformedData(msg, "key-id")
        keys[name] = key
    return keys


def _role(members: dict[str, object], keys: Mapping[str, Key], what: str) -> Role:
    ids = [_text(one, what) for one in read_list(members, "keyids", what, _MOST_KEYS)]
    threshold = _number(members.get("threshold"), 1, f"{what}, threshold")
    return Role({key_id: keys[key_id] for key_id in ids if key_id in keys}, threshold)


def _described(value: object, what: str) -> Described:
    members = read_object(value, what, _FILE)
    hashes = read_object(members.get("hashes"), f"{what}, hashes", _HASHES)
    digits = {name: decode_base64(read_text(hashes, name, what), what) for name in _HASHES & hashes.keys()}
    if len(digits.get("sha256", b"")) != sha256().digest_size:
        msg = f"{what} has no SHA-256 hash"
        raise MalformedData(msg, "malformed-json")
    if "sha512" in digits and len(digits["sha512"]) != sha512().digest_size:
        msg = f"{what} has a SHA-512 hash of another length"
        raise MalformedData(msg, "malformed-json")
    length = _number(members.get("length"), 0, f"{what}, length")
    return Described(length, digits["sha256"].hex(), digits.get("sha512", b"").hex())


def _signature(value: object, what: str) -> tuple[str, str, bytes]:
    members = read_object(value, f"{what}, signatures", _SIGNATURE)
    key_id = read_text(members, "keyid", what)
    if not _ID.fullmatch(key_id):
        msg = f"{what} has a signature by the key {key_id[:80]!r}, which is no key id"
        raise MalformedData(msg, "malformed-json")
    return key_id, read_text(members, "method", what), decode_base64(read_text(members, "sig", what), what)


def _number(value: object, least: int, what: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST_NUMBER:
        return value
    msg = f"{what} is not a whole number of at least {least}"
    raise MalformedData(msg, "malformed-json")


def _text(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    msg = f"{what} holds something that is no text"
    raise MalformedData(msg, "malformed-json")


def _time(text: str, what: str) -> datetime:
    match = _TIME.fullmatch(text)
    msg = f"{what} expires at {text[:40]!r}, which is no time"
    if match is None:
        raise MalformedData(msg, "malformed-json")
    zone = match[3].replace("Z", "+00:00")
    fraction = (match[2] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{match[1]}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedData(msg, "malformed-json") from error


def _parse(content: bytes, what: str) -> object:
    """Parse UTF-8 JSON; raises `MalformedData`, with `ambiguous-json` where two readers could read different things."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"{what} is not UTF-8 text (byte {error.start})"
        raise MalformedData(msg, "malformed-json") from error
    if b"\0" in content or content.startswith(b"\xef\xbb\xbf"):
        msg = f"{what} is not plain UTF-8 text"
        raise MalformedData(msg, "malformed-json")
    return _plain(parse_members(content, what), (), what)


def _plain(value: object, path: tuple[str, ...], what: str) -> object:
    """Give objects as dicts; raises `ambiguous-json` for a key that is there twice, or under case folding."""
    if len(path) > _MOST_DEPTH:
        msg = f"{what} nests deeper than {_MOST_DEPTH} levels"
        raise MalformedData(msg, "malformed-json")
    if isinstance(value, Members):
        seen: dict[str, str] = {}
        for key, _ in value:
            folded = key if path in _NAMED else fold(key)
            if folded in seen:
                how = "twice" if seen[folded] == key else f"beside {seen[folded]!r}"
                msg = f"{what} has the key {key!r} {how} in one object"
                raise MalformedData(msg, "ambiguous-json")
            seen[folded] = key
        return {key: _plain(member, (*path, key), what) for key, member in value}
    if isinstance(value, list):
        return [_plain(item, (*path, ""), what) for item in value]
    return value
