"""Trust data made by the tests: keys, roots and roles as notary writes them, and every way to spoil them.

`Trust.files()` gives what a Notary server would serve. Hashes and lengths are computed after an edit and before the
next file is made, so that a spoiled file has that one flaw and no other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, Need
from gate.subject import Subject

__all__ = ["GUN", "MADE", "SERVER", "Actor", "Trust", "TrustWorld", "actor", "b64", "canonical_bytes"]

GUN = "registry.example/acme/app"
SERVER = "https://notary.example"
#: When everything was made; files last at least ten days from then.
MADE = datetime(2026, 11, 20, tzinfo=UTC)

_CURVES: dict[str, type[Any]] = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1, "p224": ec.SECP224R1}


def b64(content: bytes) -> str:
    """Give standard base64."""
    return base64.b64encode(content).decode()


def canonical_bytes(value: object) -> bytes:
    """Write canonical JSON, by other code than that under test: only for what has no escapes but quotes."""
    import json

    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@cache
def _private(name: str, kind: str) -> Any:
    del name
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    return ed25519.Ed25519PrivateKey.generate()


@dataclass(frozen=True)
class Actor:
    """Somebody with a key. `certificate` is PEM, "" for a bare key."""

    name: str
    kind: str
    certificate: bytes = b""
    method: str = ""

    @property
    def private(self) -> Any:
        """The private key."""
        return _private(self.name, self.kind)

    @property
    def spki(self) -> bytes:
        """The public key, DER."""
        public = self.private.public_key()
        made: bytes = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return made

    @property
    def fingerprint(self) -> str:
        """`sha256:` and hex of the public key."""
        return f"sha256:{hashlib.sha256(self.spki).hexdigest()}"

    @property
    def tuf(self) -> dict[str, Any]:
        """The key as metadata holds it."""
        family = {"p": "ecdsa", "r": "rsa", "e": "ed25519"}[self.kind[0]]
        if self.certificate:
            return _tuf(f"{family}-x509", self.certificate)
        if family == "ed25519":
            raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return _tuf(family, raw)
        return _tuf(family, self.spki)

    @property
    def key_id(self) -> str:
        """The id of the key as it is in the metadata."""
        return hashlib.sha256(canonical_bytes(self.tuf)).hexdigest()

    @property
    def bare_id(self) -> str:
        """The id that `notary key list` prints."""
        return Actor(self.name, self.kind).key_id

    def sign(self, message: bytes) -> dict[str, Any]:
        """Sign as notary does."""
        if self.kind in _CURVES:
            der = self.private.sign(message, ec.ECDSA(hashes.SHA256()))
            size = (self.private.curve.key_size + 7) // 8
            method, made = "ecdsa", b"".join(number.to_bytes(size) for number in decode_dss_signature(der))
        elif self.kind.startswith("rsa"):
            method = self.method or "rsapss"
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            made = self.private.sign(message, pss if method == "rsapss" else padding.PKCS1v15(), hashes.SHA256())
        else:
            method, made = "eddsa", self.private.sign(message)
        return {"keyid": self.key_id, "method": method, "sig": b64(made)}


def _tuf(key_type: str, public: bytes) -> dict[str, Any]:
    return {"keytype": key_type, "keyval": {"private": None, "public": b64(public)}}


@cache
def actor(name: str, kind: str = "p256", **certificate: Any) -> Actor:
    """Make somebody; with `cn`, a certificate for that name (further: `begins`, `ends`, `ca`, `sha1`, `more`)."""
    bare = Actor(name, kind)
    return Actor(name, kind, _certificate(bare, **certificate)) if certificate else bare


def _certificate(
    who: Actor, cn: str | tuple[str, ...] = GUN, begins: datetime = MADE, ends: datetime | None = None, *,
    ca: bool = False, more: tuple[Actor, ...] = (),
) -> bytes:  # fmt: skip
    names = (cn,) if isinstance(cn, str) else cn
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one) for one in names])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(who.private.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins)
    builder = builder.not_valid_after(ends or begins + timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    made = builder.add_extension(usage, critical=False).sign(who.private, hashes.SHA256())
    pem = made.public_bytes(serialization.Encoding.PEM)
    return pem + b"".join(other.certificate for other in more)


Edit = Callable[[dict[str, Any]], None]


@dataclass
class Delegate:
    """A delegation: who signs it, for which tags, and what it says."""

    keys: tuple[Actor, ...]
    tags: dict[str, bytes]
    paths: tuple[str, ...] = ("",)
    threshold: int = 1
    signers: tuple[Actor, ...] | None = None
    published: bool = True


@dataclass
class Trust:
    """One repository's trust data. `edit` changes what a file says before it is signed, `spoil` the file after."""

    gun: str = GUN
    roots: tuple[Actor, ...] = ()
    keys: dict[str, tuple[Actor, ...]] = field(default_factory=dict)
    thresholds: dict[str, int] = field(default_factory=dict)
    signers: dict[str, tuple[Actor, ...]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    expires: dict[str, datetime] = field(default_factory=dict)
    tags: dict[str, bytes] = field(default_factory=dict)
    delegates: dict[str, Delegate] = field(default_factory=dict)
    older_roots: dict[int, bytes] = field(default_factory=dict)
    edit: dict[str, Edit] = field(default_factory=dict)
    spoil: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give everybody a key of their own."""
        self.roots = self.roots or (actor("root", cn=self.gun),)
        for role in ("timestamp", "snapshot", "targets"):
            self.keys.setdefault(role, (actor(role, "ed25519" if role == "timestamp" else "p256"),))
        self.keys.setdefault("root", self.roots)

    def files(self) -> dict[str, bytes]:
        """Give every file by the name it is asked for."""
        made = {f"{version}.root.json": content for version, content in self.older_roots.items()}
        root = self._root()
        named: dict[str, bytes] = {"root": root, "targets": self._targets()}
        for name, delegate in self.delegates.items():
            if delegate.published:
                named[name] = self._file(
                    name, self._target_body(name, delegate.tags), delegate.signers or delegate.keys
                )
        made[f"{self.versions.get('root', 1)}.root.json"] = root
        snapshot = self._file(
            "snapshot", {"_type": "Snapshot", "meta": {n: self._meta(n, c) for n, c in named.items()}}
        )
        timestamp = self._file(
            "timestamp", {"_type": "Timestamp", "meta": {"snapshot": self._meta("snapshot", snapshot)}}
        )
        for name, content in {**named, "snapshot": snapshot}.items():
            made[f"{name}.{hashlib.sha256(content).hexdigest()}.json"] = content
            made[f"{name}.json"] = content
        return made | {"timestamp.json": timestamp}

    def root_file(self) -> bytes:
        """Give the root alone."""
        return self._root()

    def _root(self) -> bytes:
        people = [person for who in self.keys.values() for person in who]
        roles = {
            role: {"keyids": [one.key_id for one in who], "threshold": self.thresholds.get(role, 1)}
            for role, who in self.keys.items()
        }
        body = {"_type": "Root", "consistent_snapshot": False, "keys": _keys(people), "roles": roles}
        return self._file("root", body)

    def _targets(self) -> bytes:
        body = self._target_body("targets", self.tags)
        nested = {name: one for name, one in self.delegates.items() if name.count("/") == 1}
        body["delegations"] = _delegations(nested)
        return self._file("targets", body)

    def _target_body(self, role: str, tags: dict[str, bytes]) -> dict[str, Any]:
        nested = {
            name: one for name, one in self.delegates.items() if name.rpartition("/")[0] == role and name.count("/") > 1
        }
        entries = {tag: self._meta("", content) for tag, content in tags.items()}
        return {"_type": "Targets", "targets": entries, "delegations": _delegations(nested)}

    def _meta(self, name: str, content: bytes) -> dict[str, Any]:
        del name
        both = {"sha256": b64(hashlib.sha256(content).digest()), "sha512": b64(hashlib.sha512(content).digest())}
        return {"length": len(content), "hashes": both}

    def _file(self, name: str, body: dict[str, Any], signers: Iterable[Actor] | None = None) -> bytes:
        lasting = MADE + timedelta(days=10 if name == "timestamp" else 1000)
        expires = self.expires.get(name, lasting)
        body |= {"expires": expires.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"), "version": self.versions.get(name, 1)}
        if name in self.edit:
            self.edit[name](body)
        message = canonical_bytes(body)
        who = self.signers.get(name) or signers or self.keys[name]
        document = {"signed": body, "signatures": [one.sign(message) for one in who]}
        if f"{name} document" in self.edit:
            self.edit[f"{name} document"](document)
        content = canonical_bytes(document)
        return self.spoil[name](content) if name in self.spoil else content


def _keys(people: Iterable[Actor]) -> dict[str, Any]:
    return {person.key_id: person.tuf for person in people}


def _delegations(delegates: dict[str, Delegate]) -> dict[str, Any]:
    roles = [
        {
            "name": name,
            "paths": list(one.paths),
            "keyids": [key.key_id for key in one.keys],
            "threshold": one.threshold,
        }
        for name, one in delegates.items()
    ]
    return {"keys": _keys(key for one in delegates.values() for key in one.keys), "roles": roles}


@dataclass
class TrustWorld:
    """A trust server in memory."""

    files: dict[str, bytes]
    place: str = f"{SERVER}/{GUN}"
    faults: dict[str, Fact] = field(default_factory=dict)
    asked: list[Ask] = field(default_factory=list)

    def answer(self, ask: Ask) -> Fact:
        """Answer one question."""
        self.asked.append(ask)
        assert ask.kind is Kind.TUF
        look = Look(f"{ask.place}/_trust/tuf/{ask.name}", "200")
        if ask.name in self.faults:
            return self.faults[ask.name]
        if ask.place == self.place and ask.name in self.files:
            return Found(look, self.files[ask.name])
        return Absent(look._replace(status="404"))

    def gather(self, needs: Iterable[Need], subject: Subject) -> Evidence:
        """Collect until nothing is missing, in no more rounds than a run has."""
        wanted = tuple(needs)
        have = Evidence()
        for _ in range(16):
            asks = {ask for need in wanted for ask in need.missing(subject, have)}
            if not asks:
                return have
            have = have.with_answers({ask: self.answer(ask) for ask in sorted(asks)})
        raise AssertionError("the needs never end")
