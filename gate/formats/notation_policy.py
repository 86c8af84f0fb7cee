"""Notation's `trustpolicy.json`, and the names of certificates in it (specs/trust-store-trust-policy.md).

Only what decides here is kept: scopes, stores, identities, and which level the file sets. What a level leaves out is
never left out because of a file that was written for another tool (S19).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import InvalidReference, MalformedData
from gate.oci.descriptor import read_list, read_object, read_text
from gate.oci.reference import Repository
from gate.strict_json import parse_strict

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "ANY", "STORE_TYPES", "Attributes", "Policy", "is_subset", "parse_identities", "parse_identity", "parse_policies",
    "parse_store", "subject_attributes",
]  # fmt: skip

#: The wildcard of scopes and identities; it stands alone.
ANY: Final = "*"
STORE_TYPES: Final = ("ca", "signingAuthority", "tsa")
_LEVELS: Final = ("strict", "permissive", "audit", "skip")
_IDENTITY: Final = "x509.subject:"
_MANDATORY: Final = ("C", "ST", "O")

#: Attribute types by the names that RFC 4514, section 3, and OpenSSL give them.
_ATTRIBUTES: Final[Mapping[str, str]] = {
    "CN": "2.5.4.3", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "S": "2.5.4.8",
    "STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "POSTALCODE": "2.5.4.17",
    "DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
}  # fmt: skip

_STORE: Final = re.compile(rf"({'|'.join(STORE_TYPES)}):([A-Za-z0-9_.-]{{1,128}})", re.ASCII)
_PART: Final = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*((?:[^,\\+=<>;\"]|\\(?:[0-7][0-9A-Fa-f]|[^0-9A-Fa-f]))*)(,|\Z)", re.DOTALL
)
#: Of the escapes by number (RFC 4514, section 2.4) those for ASCII; other letters are written as they are.
_ESCAPE: Final = re.compile(r"\\([0-7][0-9A-Fa-f]|[^0-9A-Fa-f])", re.DOTALL)

_MOST_POLICIES: Final = 1000
_MOST_ENTRIES: Final = 1000
_KEYS: Final = frozenset({"version", "trustPolicies"})
_POLICY_KEYS: Final = frozenset({"name", "registryScopes", "signatureVerification", "trustStores", "trustedIdentities"})
_VERIFICATION_KEYS: Final = frozenset({"level", "override", "verifyTimestamp"})
_OVERRIDES: Final = {"authenticity", "authenticTimestamp", "expiry", "revocation"}

#: The attributes of a subject by object identifier; a set of demands when it is a trusted identity.
Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """One trust policy. `identities` are None where any will do. `lenient` says what the file leaves out, or ""."""

    name: str
    scopes: tuple[str, ...]
    stores: tuple[tuple[str, str], ...]
    identities: tuple[Attributes, ...] | None
    is_skipped: bool
    lenient: str
    after_expiry: bool


def parse_policies(content: bytes, what: str) -> tuple[Policy, ...]:
    """Read a trust policy document; raises `MalformedData` for whatever Notation would refuse."""
    members = read_object(parse_strict(content, what), what, _KEYS)
    _only(members, _KEYS, what)
    version = read_text(members, "version", what)
    if version != "1.0":
        raise _wrong(f"{what} is of version {version[:20]!r}; 1.0 is read")
    found = tuple(_policy(one, what) for one in read_list(members, "trustPolicies", what, _MOST_POLICIES))
    if not found:
        raise _wrong(f"{what} holds no trust policy")
    _refuse_twice([policy.name for policy in found], f"{what} has two policies named")
    _refuse_twice([scope for policy in found for scope in policy.scopes], f"{what} has two policies with the scope")
    return found


def parse_store(text: str) -> tuple[str, str] | None:
    """Read `TYPE:NAME`, or give None."""
    match = _STORE.fullmatch(text)
    return None if match is None else (match[1], match[2])


def parse_identity(text: str) -> Attributes:
    """Read `x509.subject: C=US, ST=WA, O=acme.io` (RFC 4514 in commas); raises `MalformedData`."""
    if not text.startswith(_IDENTITY):
        raise _wrong(f"{text[:100]!r} is no identity: write x509.subject: C=US, ST=WA, O=acme.io")
    rest = text.removeprefix(_IDENTITY).strip()
    found: dict[str, str] = {}
    while rest:
        match = _PART.match(rest)
        if match is None:
            raise _wrong(f"{text[:100]!r} is no distinguished name that can be read, near {rest[:20]!r}")
        oid = _ATTRIBUTES.get(match[1].upper())
        value = _ESCAPE.sub(lambda one: chr(int(one[1], 16)) if len(one[1]) > 1 else one[1], match[2].strip())
        if oid is None or not value:
            raise _wrong(f"{text[:100]!r}: {match[1]} is no attribute that is known, or has no value")
        if oid in found:
            raise _wrong(f"{text[:100]!r} has {match[1]} twice")
        found[oid] = value
        rest = rest[match.end() :]
        if match[3] and not rest.strip():
            raise _wrong(f"{text[:100]!r} ends with a comma")
    missing = [name for name in _MANDATORY if _ATTRIBUTES[name] not in found]
    if missing:
        raise _wrong(f"{text[:100]!r} lacks {', '.join(missing)}: an identity names C, ST and O at least")
    return found


def parse_identities(texts: tuple[str, ...], what: str) -> tuple[Attributes, ...] | None:
    """Read identities, None for `*` alone; raises `MalformedData`, also where one covers another."""
    if texts == (ANY,):
        return None
    if ANY in texts:
        raise _wrong(f"{what}: the identity * stands alone")
    found = tuple(parse_identity(text) for text in texts)
    for number, one in enumerate(found):
        if any(is_subset(one, other) for place, other in enumerate(found) if place != number):
            raise _wrong(f"{what}: one of its identities covers another one; keep the narrower")
    return found


def subject_attributes(name: x509.Name) -> Attributes | None:
    """Give the attributes of a certificate's subject, or None if one of them stands there twice."""
    found: dict[str, str] = {}
    for attribute in name:
        oid = attribute.oid.dotted_string
        if oid in found or not isinstance(attribute.value, str):
            return None
        found[oid] = attribute.value
    return found


def is_subset(identity: Attributes, subject: Attributes) -> bool:
    """Tell whether a subject has every attribute of an identity, with equal text."""
    return all(subject.get(oid) == value for oid, value in identity.items())


def _policy(value: object, what: str) -> Policy:
    members = read_object(value, f"{what}, a policy", _POLICY_KEYS)
    _only(members, _POLICY_KEYS, what)
    name = read_text(members, "name", f"{what}, a policy")
    what = f"{what}, policy {name[:80]!r}"
    verification = read_object(
        members.get("signatureVerification"), f"{what}, signatureVerification", _VERIFICATION_KEYS
    )
    _only(verification, _VERIFICATION_KEYS, what)
    level = read_text(verification, "level", what)
    if level not in _LEVELS:
        raise _wrong(f"{what}: the level {level[:40]!r} is none of {', '.join(_LEVELS)}")
    timestamps = read_text(verification, "verifyTimestamp", what, default="always")
    if timestamps not in {"always", "afterCertExpiry"}:
        raise _wrong(f"{what}: verifyTimestamp is always or afterCertExpiry")
    stores = tuple(_store(text, what) for text in _texts(members, "trustStores", what))
    identities = _texts(members, "trustedIdentities", what)
    if level == "skip" and (stores or identities):
        raise _wrong(f"{what}: the level skip cannot have trust stores or identities")
    if level != "skip" and not (stores and identities):
        raise _wrong(f"{what} needs trustStores and trustedIdentities")
    return Policy(
        name,
        _scopes(_texts(members, "registryScopes", what), what),
        stores,
        None if level == "skip" else parse_identities(identities, what),
        level == "skip",
        _lenient(level, verification.get("override"), what),
        timestamps == "afterCertExpiry",
    )


def _lenient(level: str, override: object, what: str) -> str:
    """Say what of a file is laxer than `strict`."""
    said = [] if level == "strict" else [f"level {level}"]
    if override is not None:
        for key, action in read_object(override, f"{what}, override", frozenset()).items():
            if key not in _OVERRIDES or action not in {"enforce", "log", "skip"}:
                raise _wrong(f"{what}: the override {key[:40]!r}: {str(action)[:40]!r} is not known")
            if action != "enforce":
                said.append(f"{key}: {action}")
    return ", ".join(said)


def _scopes(texts: tuple[str, ...], what: str) -> tuple[str, ...]:
    if not texts or (ANY in texts and len(texts) > 1):
        raise _wrong(f'{what} needs registryScopes: repositories, or "*" alone')
    found = []
    for text in texts:
        try:
            found.append(text if text == ANY else str(Repository.parse(text)))
        except InvalidReference as error:
            raise _wrong(f"{what}: the scope {text[:100]!r} is no repository: {error}") from error
    return tuple(found)


def _store(text: str, what: str) -> tuple[str, str]:
    store = parse_store(text)
    if store is None:
        raise _wrong(f"{what}: {text[:80]!r} is no trust store: write ca:NAME, signingAuthority:NAME or tsa:NAME")
    return store


def _texts(members: dict[str, object], key: str, what: str) -> tuple[str, ...]:
    found = read_list(members, key, what, _MOST_ENTRIES)
    texts = tuple(one for one in found if isinstance(one, str))
    if len(texts) != len(found):
        raise _wrong(f"{what}, {key} holds something else than text")
    return texts


def _only(members: dict[str, object], known: frozenset[str], what: str) -> None:
    unknown = sorted(set(members) - known)
    if unknown:
        raise _wrong(f"{what} has the member {unknown[0][:80]!r}, which is not known")


def _refuse_twice(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _wrong(f"{what} {twice[0][:80]!r}")


def _wrong(why: str) -> MalformedData:
    return MalformedData(why, "trust-policy")
