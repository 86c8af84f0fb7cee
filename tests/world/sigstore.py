"""A Sigstore of our own: certificate authority, certificate log, Rekor of both generations, timestamp authority.

Every part can be made wrong alone, with everything else signed as it should be: for tests of what must not count.
That the unmodified output is right is shown by sigstore-python (`test_sigstore_world.py`), not by the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.world import der

SIGNED_AT = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
AT = datetime(2026, 6, 2, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

GITHUB = "https://token.actions.githubusercontent.com"
SAN = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
CLAIMS: dict[int, str] = {
    1: GITHUB, 2: "push", 3: "0" * 40, 4: "Release", 5: "acme/app", 6: "refs/tags/v1.0.0",
    8: GITHUB, 9: SAN, 10: "0" * 40, 11: "github-hosted", 12: "https://github.com/acme/app", 13: "0" * 40,
    14: "refs/tags/v1.0.0", 15: "1001", 16: "https://github.com/acme", 17: "77", 18: SAN, 19: "0" * 40, 20: "push",
    21: "https://github.com/acme/app/actions/runs/1/attempts/1", 22: "private",
}  # fmt: skip

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def b64(content: bytes) -> str:
    """Encode."""
    return base64.b64encode(content).decode()


@cache
def private(name: str, kind: str = "p256") -> Private:
    """Make the key of that name, the same one each time."""
    del name
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1, "p384": ec.SECP384R1}[kind]())


def spki(key: Private) -> bytes:
    """Encode the public half."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign(key: Private, message: bytes) -> bytes:
    """Sign as logs and signers do."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def pae(kind: str, payload: bytes) -> bytes:
    """Encode what DSSE signs."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def name(text: str) -> x509.Name:
    """Make a name."""
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "world"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def usage(**kinds: bool) -> x509.KeyUsage:
    """Make a key usage."""
    every = [
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ]  # fmt: skip
    return x509.KeyUsage(**{kind: kinds.get(kind, False) for kind in every})


Extension = tuple[x509.ExtensionType, bool]


def certificate(  # noqa: PLR0917 -- the fields of a certificate
    subject: str,
    key: Private,
    issuer: str,
    issuer_key: Private,
    extensions: list[Extension],
    first: datetime = START,
    last: datetime = START + timedelta(days=3650),
    algorithm: hashes.SHA224 | hashes.SHA256 | None = None,
    serial: int = 7,
) -> x509.Certificate:
    """Issue one certificate."""
    builder = x509.CertificateBuilder(
        issuer_name=name(issuer),
        subject_name=name(subject) if subject else x509.Name([]),
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=first,
        not_valid_after=last,
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    if isinstance(issuer_key, ed25519.Ed25519PrivateKey):
        return builder.sign(issuer_key, None)
    return builder.sign(issuer_key, algorithm or hashes.SHA256())


def authority(subject: str, key: Private, issuer: str, issuer_key: Private, **changes: Any) -> x509.Certificate:
    """Issue a certificate authority's certificate; `changes`: ca, pathlen, usage, eku, more, and those of `certificate`."""
    length = changes.pop("pathlen", None)
    allowed = changes.pop("usage", usage(key_cert_sign=True, crl_sign=True))
    extensions: list[Extension] = [
        *([(x509.BasicConstraints(changes.pop("ca", True), length), True)] if changes.pop("basic", True) else []),
        *([(allowed, True)] if allowed is not None else []),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ]
    eku = changes.pop("eku", None)
    if eku is not None:
        extensions.append((x509.ExtendedKeyUsage([eku]), False))
    return certificate(subject, key, issuer, issuer_key, extensions + changes.pop("more", []), **changes)


def claim(number: int, value: str) -> Extension:
    """Make a claim of Fulcio."""
    raw = value.encode() if number < 8 else der.utf8(value)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}"), raw), False


@dataclass
class Sigstore:
    """One instance. What is not said stays as it should be."""

    root: x509.Certificate = field(default_factory=lambda: authority("root", private("root"), "root", private("root")))
    middle: x509.Certificate | None = None
    ca_window: tuple[datetime, datetime | None] = (START, None)
    ct_window: tuple[datetime, datetime | None] = (START, None)
    log_window: tuple[datetime, datetime | None] = (START, None)
    tsa_window: tuple[datetime, datetime | None] = (START, None)
    tsa: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Issue the intermediate certificate."""
        if self.middle is None:
            self.middle = self.intermediate()

    def intermediate(self, **changes: Any) -> x509.Certificate:
        """Issue it, with changes."""
        made = {"pathlen": 0, "eku": ExtendedKeyUsageOID.CODE_SIGNING} | changes
        return authority("middle", private("middle"), "root", private("root"), **made)

    # Certificates of signers

    def leaf(self, key: Private | None = None, **changes: Any) -> x509.Certificate:
        """Issue a signer's certificate.

        `changes`: sans, claims, usage, eku, more, first, last, sct (None, or what `promise` takes), and issuer_key.
        """
        key = key or private("signer")
        first = changes.get("first", SIGNED_AT - MINUTE)
        last = changes.get("last", first + 10 * MINUTE)
        allowed = changes.get("usage", usage(digital_signature=True))
        extensions: list[Extension] = [] if allowed is None else [(allowed, True)]
        if changes.get("eku", ExtendedKeyUsageOID.CODE_SIGNING) is not None:
            extensions.append((x509.ExtendedKeyUsage([changes.get("eku", ExtendedKeyUsageOID.CODE_SIGNING)]), False))
        issuer_key = changes.get("issuer_key", private("middle"))
        extensions += [
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        ]
        sans = changes.get("sans", [x509.UniformResourceIdentifier(SAN)])
        if sans:
            extensions.append((x509.SubjectAlternativeName(sans), True))
        extensions += [claim(number, value) for number, value in changes.get("claims", CLAIMS).items()]
        extensions += changes.get("more", [])
        algorithm = changes.get("algorithm")
        plain = certificate("", key, "middle", issuer_key, extensions, first, last, algorithm)
        sct = changes.get("sct", {})
        if sct is None:
            return plain
        extensions.append((self.promise(plain, first, **sct), False))
        return certificate("", key, "middle", issuer_key, extensions, first, last, algorithm)

    def promise(
        self,
        plain: x509.Certificate,
        when: datetime,
        by: Private | None = None,
        log: Private | None = None,
        issuer: Private | None = None,
    ) -> x509.UnrecognizedExtension:
        """Make the certificate log's promise (RFC 6962, 3.2): `by` signs as the log `log`, over `issuer`'s key."""
        stamp = int(when.timestamp() * 1000).to_bytes(8, "big")
        body = plain.tbs_certificate_bytes
        head = hashlib.sha256(spki(issuer or private("middle"))).digest()
        message = b"\0\0" + stamp + b"\0\1" + head + len(body).to_bytes(3, "big") + body + b"\0\0"
        signature = sign(by or private("ct"), message)
        log_id = hashlib.sha256(spki(log or private("ct"))).digest()
        one = b"\0" + log_id + stamp + b"\0\0" + b"\x04\x03" + len(signature).to_bytes(2, "big") + signature
        listed = len(one).to_bytes(2, "big") + one
        value = der.octets(len(listed).to_bytes(2, "big") + listed)
        return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value)

    # The trusted root

    def trusted_root(self, **changes: Any) -> dict[str, Any]:
        """Give the trusted root; `changes` replace members."""
        assert self.middle is not None
        made = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log("https://rekor.world", private("rekor"), self.log_window),
                log("https://log2.world", private("rekor2", "ed25519"), self.log_window, v2_id("log2.world")),
            ],
            "certificateAuthorities": [chain("https://fulcio.world", [self.middle, self.root], self.ca_window)],
            "ctlogs": [log("https://ct.world", private("ct"), self.ct_window)],
            "timestampAuthorities": [chain("https://tsa.world", list(self.tsa_chain()), self.tsa_window)],
        }
        return made | changes

    # Timestamps

    def tsa_chain(self) -> tuple[x509.Certificate, x509.Certificate]:
        """Give the timestamp authority's certificates: that which signs, and its root."""
        root = authority("tsa root", private("tsa root"), "tsa root", private("tsa root"))
        return tsa_leaf(**self.tsa), root

    def stamp(self, signature: bytes, when: datetime = SIGNED_AT, **changes: Any) -> bytes:
        """Stamp a signature; `changes` as in `der.timestamp`."""
        made = {"certificate": self.tsa_chain()[0], "key": private("tsa")} | changes
        return der.timestamp(hashlib.sha256(signature).digest(), when, **made)

    # Signatures

    def bundle(self, payload: bytes, **changes: Any) -> dict[str, Any]:
        """Sign a statement as cosign does, and give the bundle.

        `changes`: key, leaf (a certificate), cert (changes of `leaf`), signature, stamps, entries (made ones), entry
        (changes of `entry`), generation (1, 2 or 0 for no log), kind (of payload), version (of bundle), members.
        """
        key = changes.get("key", private("signer"))
        kind = changes.get("kind", "application/vnd.in-toto+json")
        leaf = changes.get("leaf") or self.leaf(key, **changes.get("cert", {}))
        signature = changes.get("signature", sign(changes.get("by", key), pae(kind, payload)))
        generation = changes.get("generation", 1)
        if "entries" in changes:
            entries = changes["entries"]
        else:
            make = {0: None, 1: rekor1, 2: rekor2}[generation]
            entries = [make(kind, payload, signature, leaf, **changes.get("entry", {}))] if make else []
        stamps = changes.get("stamps", [] if generation == 1 else [self.stamp(signature)])
        raw = leaf.public_bytes(serialization.Encoding.DER)
        made: dict[str, Any] = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(raw)},
                "tlogEntries": entries,
                "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": b64(one)} for one in stamps]},
            },
            "dsseEnvelope": {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]},
        }
        members: dict[str, Any] = changes.get("members", {})
        return made | members


def tsa_leaf(**changes: Any) -> x509.Certificate:
    """Issue the certificate that signs timestamps; `changes`: eku, critical, and those of `certificate`."""
    extensions: list[Extension] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage(digital_signature=True), True),
        (
            x509.ExtendedKeyUsage([changes.pop("eku", ExtendedKeyUsageOID.TIME_STAMPING)]),
            changes.pop("critical", True),
        ),
    ]
    by = changes.pop("by", private("tsa root"))
    return certificate("tsa", changes.pop("key", private("tsa")), "tsa root", by, extensions, serial=9, **changes)


def window(times: tuple[datetime, datetime | None]) -> dict[str, str]:
    """Write a validity."""
    made = {"start": times[0].isoformat().replace("+00:00", "Z")}
    return made if times[1] is None else made | {"end": times[1].isoformat().replace("+00:00", "Z")}


def v2_id(origin: str) -> bytes:
    """Give the id of a log of the second generation (C2SP signed-note)."""
    key = private("rekor2", "ed25519").public_key()
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(origin.encode() + b"\n\x01" + raw).digest()


def log(url: str, key: Private, times: tuple[datetime, datetime | None], log_id: bytes | None = None) -> dict[str, Any]:
    """Write a log of the trusted root."""
    ed = isinstance(key, ed25519.Ed25519PrivateKey)
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64(spki(key)),
            "keyDetails": "PKIX_ED25519" if ed else "PKIX_ECDSA_P256_SHA_256",
            "validFor": window(times),
        },
        "logId": {"keyId": b64(log_id or hashlib.sha256(spki(key)).digest())},
    }


def chain(uri: str, certificates: list[x509.Certificate], times: tuple[datetime, datetime | None]) -> dict[str, Any]:
    """Write an authority of the trusted root."""
    raw = [{"rawBytes": b64(one.public_bytes(serialization.Encoding.DER))} for one in certificates]
    subject = {"organization": "world", "commonName": uri}
    return {"subject": subject, "uri": uri, "certChain": {"certificates": raw}, "validFor": window(times)}


def canonical(value: object) -> bytes:
    """Write RFC 8785 JSON of what has ASCII keys and no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pem(leaf: x509.Certificate) -> bytes:
    """Write a certificate."""
    return leaf.public_bytes(serialization.Encoding.PEM)


def hashed(digest: bytes) -> dict[str, str]:
    """Write a digest as Rekor does."""
    return {"algorithm": "sha256", "value": digest.hex()}


def body1(record: str, kind: str, payload: bytes, signature: bytes, verifier: bytes) -> dict[str, Any]:
    """Write the body of an entry of the first generation: `record` is dsse, hashedrekord, intoto or rekord."""
    digest = hashlib.sha256(payload).digest()
    if record == "dsse":
        one = {"signature": b64(signature), "verifier": b64(verifier)}
        spec: dict[str, Any] = {"envelopeHash": hashed(b"\1" * 32), "payloadHash": hashed(digest), "signatures": [one]}
        return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}
    if record == "intoto":
        one = {"sig": b64(b64(signature).encode()), "publicKey": b64(verifier)}
        spec = {
            "content": {
                "envelope": {"payloadType": kind, "signatures": [one]},
                "hash": hashed(b"\1" * 32),
                "payloadHash": hashed(digest),
            }
        }
        return {"apiVersion": "0.0.2", "kind": "intoto", "spec": spec}
    message = payload if kind == "" else pae(kind, payload)
    spec = {
        "data": {"hash": hashed(hashlib.sha256(message).digest())},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(verifier)}},
    }
    if record == "rekord":
        spec["signature"]["format"] = "x509"
    return {"apiVersion": "0.0.1", "kind": record, "spec": spec}


def rekor1(
    kind: str, payload: bytes, signature: bytes, leaf: x509.Certificate | bytes, **changes: Any
) -> dict[str, Any]:
    """Make an entry of the first generation.

    `changes`: record, body, integrated, by (who signs promise and checkpoint), log (whose id it has), and those of
    `proof`; promise and proof may be None.
    """
    verifier = leaf if isinstance(leaf, bytes) else pem(leaf)
    body = changes.get("body") or body1(changes.get("record", "dsse"), kind, payload, signature, verifier)
    raw = canonical(body)
    by = changes.get("by", private("rekor"))
    log_id = hashlib.sha256(spki(changes.get("log", private("rekor")))).digest()
    integrated = int(changes.get("integrated", SIGNED_AT).timestamp())
    promised = {"body": b64(raw), "integratedTime": integrated, "logID": log_id.hex(), "logIndex": 1234}
    made = {
        "logIndex": "1234",
        "logId": {"keyId": b64(log_id)},
        "kindVersion": changes.get("kind_version", {"kind": body["kind"], "version": body["apiVersion"]}),
        "integratedTime": str(integrated),
        "inclusionPromise": {"signedEntryTimestamp": b64(sign(by, canonical(promised)))},
        "inclusionProof": proof(raw, by, log_id, "rekor.world - 42", **changes),
        "canonicalizedBody": b64(raw),
    }
    return {key: value for key, value in (made | changes.get("members", {})).items() if value is not None}


def rekor2(
    kind: str, payload: bytes, signature: bytes, leaf: x509.Certificate | bytes, **changes: Any
) -> dict[str, Any]:
    """Make an entry of the second generation; `changes` as for the first."""
    if isinstance(leaf, bytes):
        verifier: dict[str, Any] = {"publicKey": {"rawBytes": b64(leaf)}}
    else:
        verifier = {"x509Certificate": {"rawBytes": b64(leaf.public_bytes(serialization.Encoding.DER))}}
    message = payload if kind == "" else pae(kind, payload)
    record = {
        "data": {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(message).digest())},
        "signature": {"content": b64(signature), "verifier": {"keyDetails": "PKIX_ECDSA_P256_SHA_256"} | verifier},
    }
    body = changes.get("body") or {
        "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record}
    }  # fmt: skip
    raw = canonical(body)
    by = changes.get("by", private("rekor2", "ed25519"))
    made = {
        "logIndex": "5",
        "logId": {"keyId": b64(v2_id("log2.world"))},
        "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
        "inclusionProof": proof(raw, by, v2_id("log2.world"), "log2.world", **changes),
        "canonicalizedBody": b64(raw),
    }
    return {key: value for key, value in (made | changes.get("members", {})).items() if value is not None}


def proof(raw: bytes, key: Private, log_id: bytes, origin: str, **changes: Any) -> dict[str, Any]:
    """Prove that an entry is the sixth of seven; `changes`: root and size of the checkpoint, note (a function)."""
    leaves = [hashlib.sha256(b"\0" + (raw if place == 5 else bytes([place]))).digest() for place in range(7)]
    path, root = audit(leaves, 5)
    size = changes.get("size", 7)
    text = f"{origin}\n{size}\n{b64(changes.get('root', root))}\n"
    line = (
        f"— {origin.split(' ', maxsplit=1)[0]} {b64(log_id[:4] + sign(changes.get('note_by', key), text.encode()))}\n"
    )
    note = changes.get("note", lambda text, line: f"{text}\n{line}")(text, line)
    return {
        "logIndex": "5",
        "treeSize": "7",
        "rootHash": b64(root),
        "hashes": [b64(one) for one in path],
        "checkpoint": {"envelope": note},
    }


def audit(leaves: list[bytes], place: int) -> tuple[list[bytes], bytes]:
    """Give path and root by the recursive definition (RFC 6962, 2.1 and 2.1.1), not by that of the code under test."""
    if len(leaves) == 1:
        return [], leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if place < half:
        path, left = audit(leaves[:half], place)
        _, right = audit(leaves[half:], 0)
        path.append(right)
    else:
        path, right = audit(leaves[half:], place - half)
        _, left = audit(leaves[:half], 0)
        path.append(left)
    return path, hashlib.sha256(b"\1" + left + right).digest()
