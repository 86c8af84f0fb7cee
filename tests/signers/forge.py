"""Makes signatures as cosign does, with every part replaceable: for tests of what must not count.

Positive tests use bytes that cosign made (tests/fixtures/signatures). That the unmodified output of this
module is right is shown by openssl (`test_forge.py`), not by the code under test.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from gate.oci.digest import Digest
from gate.subject import Subject
from tests.signers.world import World, descriptor, index, packed

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SIGNATURE = "dev.cosignproject.cosign/signature"
PREDICATE = "dev.sigstore.bundle.predicateType"
EMPTY_BLOB = b"{}"

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Key:
    """A private key that signs as cosign does."""

    private: Private

    @property
    def public_pem(self) -> bytes:
        """The public half."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def hint(self) -> str:
        """The hint that cosign writes into bundles."""
        spki = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(bytes.fromhex(Digest.of(spki).hex)).decode()

    def sign(self, message: bytes, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
        """Sign; with SHA-256 unless told otherwise."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(algorithm or hashes.SHA256()))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), algorithm or hashes.SHA256())
        return self.private.sign(message)


@cache
def key(name: str = "build", kind: str = "p256") -> Key:
    """Make the key of that name and kind, the same one each time."""
    del name
    curves: dict[str, type[ec.EllipticCurve]] = {
        "p224": ec.SECP224R1, "p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1,
        "secp256k1": ec.SECP256K1, "brainpool": ec.BrainpoolP256R1,
    }  # fmt: skip
    if kind in curves:
        return Key(ec.generate_private_key(curves[kind]()))
    if kind == "ed25519":
        return Key(ed25519.Ed25519PrivateKey.generate())
    return Key(rsa.generate_private_key(65537, int(kind.removeprefix("rsa"))))


def b64(content: bytes) -> str:
    """Encode."""
    return base64.b64encode(content).decode()


def pae(kind: str, payload: bytes) -> bytes:
    """Encode what DSSE signs, written again here so that a mistake is not made twice."""
    return b" ".join([b"DSSEv1", str(len(kind.encode())).encode(), kind.encode(), str(len(payload)).encode(), payload])


def simple_payload(subject: Subject, /, **changes: object) -> dict[str, object]:
    """Make the payload of the older storage. `changes`: reference, digest, kind, optional, critical."""
    critical: dict[str, object] = {
        "identity": {"docker-reference": changes.get("reference", subject.repository)},
        "image": {"docker-manifest-digest": changes.get("digest", str(subject.digest))},
        "type": changes.get("kind", "cosign container image signature"),
    }
    return {"critical": changes.get("critical", critical), "optional": changes.get("optional")}


def put_legacy(
    world: World, subject: Subject, layers: list[tuple[bytes, dict[str, object]]], **manifest: object
) -> None:
    """Put payloads at the signature tag; each layer is its blob and what to change in its descriptor."""
    config = packed({"architecture": "", "os": "", "rootfs": {"type": "layers", "diff_ids": []}, "config": {}})
    entries = []
    for content, changes in layers:
        world.put_blob(content)
        entries.append(descriptor(SIMPLE, content) | changes)
    document = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": entries,
        **manifest,
    }
    world.put_manifest(packed(document), tag=f"sha256-{subject.digest.hex}.sig")


def legacy(world: World, subject: Subject, by: Key, payload: bytes | None = None, /, **changes: object) -> None:
    """Sign in the older storage. `changes` as in `simple_payload`."""
    content = packed(simple_payload(subject, **changes)) if payload is None else payload
    put_legacy(world, subject, [(content, {"annotations": {SIGNATURE: b64(by.sign(content))}})])


def statement(subject: Subject, /, **changes: object) -> dict[str, object]:
    """Make what cosign says in a bundle; `changes` replace members."""
    made = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": subject.digest.hex}, "annotations": {}}],
        "predicateType": SIGN,
        "predicate": {},
    }
    return made | changes


def bundle(by: Key, payload: bytes, kind: str = "application/vnd.in-toto+json", **changes: object) -> dict[str, object]:
    """Make a bundle around a payload; `changes` replace members."""
    made: dict[str, object] = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": by.hint}},
        "dsseEnvelope": {
            "payload": b64(payload),
            "payloadType": kind,
            "signatures": [{"sig": b64(by.sign(pae(kind, payload)))}],
        },
    }
    return made | changes


def put_referrer(
    world: World, subject: Subject, content: bytes, /, listed: dict[str, object] | None = None, **manifest: object
) -> str:
    """Attach a blob as a bundle; `manifest` replaces members, `listed` members of the descriptor in the list."""
    world.put_blob(content)
    document = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": BUNDLE,
        "config": descriptor("application/vnd.oci.empty.v1+json", EMPTY_BLOB),
        "layers": [descriptor(BUNDLE, content)],
        "subject": descriptor(subject.media_type, subject.content),
        "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", PREDICATE: SIGN},
    } | manifest
    made = packed({name: value for name, value in document.items() if value is not None})
    digest = world.put_manifest(made)
    entry = descriptor("application/vnd.oci.image.manifest.v1+json", made, artifactType=BUNDLE) | (listed or {})
    entries = world.referrers.setdefault(str(subject.digest), [])
    entries.append({name: value for name, value in entry.items() if value is not None})
    if not world.api:
        world.put_manifest(
            index(entries), "application/vnd.oci.image.index.v1+json", tag=f"sha256-{subject.digest.hex}"
        )
    return digest


def attach(world: World, subject: Subject, by: Key, payload: bytes | None = None, /, **changes: object) -> str:
    """Sign with a bundle. `changes` replace members of the statement."""
    content = packed(statement(subject, **changes)) if payload is None else payload
    return put_referrer(world, subject, packed(bundle(by, content)))
