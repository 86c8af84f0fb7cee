"""Makes signatures as Notation does, with every part replaceable: for tests of what must not count.

Positive tests use bytes that notation-core-go made (tests/fixtures/signatures). What this module makes unchanged was
verified by that library too, and `test_notation.py` has openssl verify it again.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gate.oci.digest import Digest
from gate.option import File
from gate.subject import Subject
from tests.signers import forge
from tests.signers.world import World, descriptor, packed

ARTIFACT = "application/vnd.cncf.notary.signature"
JWS, COSE = "application/jose+json", "application/cose"
SCHEME, EXPIRY = "io.cncf.notary.signingScheme", "io.cncf.notary.expiry"
TIME, AUTHENTIC = "io.cncf.notary.signingTime", "io.cncf.notary.authenticSigningTime"
STAMP = "io.cncf.notary.timestampSignature"
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
NAME = {"C": "US", "ST": "WA", "O": "Acme", "CN": "builder"}

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_OIDS = {
    "C": NameOID.COUNTRY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME, "O": NameOID.ORGANIZATION_NAME,
    "CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
}  # fmt: skip
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign",
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """A certificate with its private key, and the chain above it."""

    key: Private
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """From this certificate to the root."""
        return (self.certificate, *self.above)

    @property
    def pem(self) -> bytes:
        """This certificate as a file."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def file(self) -> File:
        """This certificate as a file of a trust store."""
        return File("trust/ca.crt", self.pem, Digest.of(self.pem))


@cache
def key(name: str = "builder", kind: str = "p256") -> Private:
    """Make the key of that name and kind, the same one each time."""
    del name
    curves: dict[str, type[ec.EllipticCurve]] = {
        "p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1, "p224": ec.SECP224R1,
        "secp256k1": ec.SECP256K1,
    }  # fmt: skip
    if kind in curves:
        return ec.generate_private_key(curves[kind]())
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def issue(by: Holder | None, holder: Private, /, **changes: Any) -> Holder:
    """Issue a certificate: a signer's, or with `ca=True` an authority's; by nobody, it issues itself.

    `changes`: name, ca, path, usages, usage_critical, ca_critical, purposes, first, last, extra, hash, signer.
    """
    is_authority = changes.get("ca", False)
    name = changes.get("name", NAME if not is_authority else NAME | {"CN": "Authority"})
    pairs = name.items() if isinstance(name, dict) else name
    subject = x509.Name([x509.NameAttribute(_OIDS[kind], text) for kind, text in pairs])
    usages = changes.get("usages", {"key_cert_sign"} if is_authority else {"digital_signature"})
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(holder.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(changes.get("first", FIRST))
        .not_valid_after(changes.get("last", LAST))
    )
    if usages is not None:
        flags = {usage: usage in usages for usage in _USAGES}
        builder = builder.add_extension(
            x509.KeyUsage(**flags, encipher_only=False, decipher_only=False), changes.get("usage_critical", True)
        )
    if is_authority or changes.get("path") is not None:
        constraints = x509.BasicConstraints(is_authority, changes.get("path"))
        builder = builder.add_extension(constraints, changes.get("ca_critical", True))
    if purposes := changes.get("purposes", () if is_authority else (ExtendedKeyUsageOID.CODE_SIGNING,)):
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    for extension, critical in changes.get("extra", ()):
        builder = builder.add_extension(extension, critical)
    algorithm = changes.get("hash", hashes.SHA256())
    signer = changes.get("signer", holder if by is None else by.key)
    above = () if by is None else by.chain
    return Holder(holder, builder.sign(signer, algorithm), above)


@cache
def root(name: str = "root") -> Holder:
    """Make the root of that name."""
    return issue(None, key(name), ca=True, name=NAME | {"CN": "Root"})


@cache
def authority() -> Holder:
    """Make the authority below the root that issues certificates for signers."""
    return issue(root(), key("authority"), ca=True, name=NAME | {"CN": "Authority"})


@cache
def builder(kind: str = "p256") -> Holder:
    """Make the usual signer."""
    return issue(authority(), key("builder", kind))


def algorithm(holder: Private) -> str:
    """Name the algorithm of a key."""
    if isinstance(holder, ec.EllipticCurvePrivateKey):
        return {256: "ES256", 384: "ES384", 521: "ES512"}.get(holder.key_size, "ES256")
    return {2048: "PS256", 3072: "PS384", 4096: "PS512"}.get(holder.key_size, "PS256")


def sign(holder: Private, message: bytes) -> bytes:
    """Sign with the algorithm of the key."""
    size = algorithm(holder)[2:]
    chosen: hashes.HashAlgorithm = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[size]
    if isinstance(holder, ec.EllipticCurvePrivateKey):
        half = (holder.key_size + 7) // 8
        numbers = decode_dss_signature(holder.sign(message, ec.ECDSA(chosen)))
        return b"".join(number.to_bytes(half, "big") for number in numbers)
    return holder.sign(message, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)


@dataclass
class Made:
    """What to sign, and how: change a part, then make the envelope."""

    subject: Subject
    by: Holder = field(default_factory=builder)
    target: dict[str, Any] = field(default_factory=dict)
    payload: bytes | None = None
    protected: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    chain: tuple[x509.Certificate, ...] | None = None
    signature: bytes | None = None

    def attributes(self) -> dict[str, Any]:
        """Give the signed header by its JWS names; a change to None takes a member away."""
        usual: dict[str, Any] = {
            "alg": algorithm(self.by.key),
            "cty": "application/vnd.cncf.notary.payload.v1+json",
            "crit": [SCHEME],
            SCHEME: "notary.x509",
            TIME: "2026-11-25T00:00:00Z",
        }
        return {name: value for name, value in (usual | self.protected).items() if value is not None}

    def body(self) -> bytes:
        """Give the payload."""
        if self.payload is not None:
            return self.payload
        return packed({"targetArtifact": descriptor(self.subject.media_type, self.subject.content) | self.target})

    def der(self) -> list[bytes]:
        """Give the certificates."""
        chain = self.by.chain if self.chain is None else self.chain
        return [one.public_bytes(serialization.Encoding.DER) for one in chain]

    def jws(self) -> bytes:
        """Make a JWS."""
        protected, payload = url64(packed(self.attributes())), url64(self.body())
        made = self.signature or sign(self.by.key, f"{protected}.{payload}".encode())
        header = {"x5c": [base64.b64encode(one).decode() for one in self.der()], **self.header}
        return packed(
            {"payload": payload, "protected": protected, "header": header, "signature": url64(made), **self.members}
        )

    def cose(self) -> bytes:
        """Make a COSE_Sign1."""
        labels = {"alg": 1, "crit": 2, "cty": 3}
        numbers = {"PS256": -37, "PS384": -38, "PS512": -39, "ES256": -7, "ES384": -35, "ES512": -36}
        protected: dict[Any, Any] = {}
        for name, value in self.attributes().items():
            protected[labels.get(name, name)] = self._cose_value(
                name, numbers.get(value, value) if name == "alg" else value
            )
        signed = self.members.get("protected", cbor(protected))
        tbs = cbor(["Signature1", signed, b"", self.body()])
        chain = self.der()
        header: dict[Any, Any] = {33: chain[0] if len(chain) == 1 else chain} | self.header
        made = self.signature or sign(self.by.key, tbs)
        return cbor(Tagged(self.members.get("tag", 18), [signed, header, self.body(), made]))

    @staticmethod
    def _cose_value(name: str, value: Any) -> Any:
        if name in {TIME, AUTHENTIC, EXPIRY} and isinstance(value, str):
            return Tagged(1, int(datetime.fromisoformat(value).timestamp()))
        return value

    def envelope(self, form: str) -> bytes:
        """Make a JWS or COSE."""
        return self.jws() if form == JWS else self.cose()


@dataclass(frozen=True)
class Tagged:
    """A tagged value of CBOR."""

    number: int
    value: object


def cbor(value: object) -> bytes:
    """Encode, as RFC 8949 has it (4.2.1)."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(cbor(one) for one in value)
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())
    if isinstance(value, Tagged):
        return _head(6, value.number) + cbor(value.value)
    assert value is None
    return b"\xf6"


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 1 << (8 * size))
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + number.to_bytes(size, "big")


def url64(content: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def put(world: World, subject: Subject, content: bytes, form: str = JWS, /, **manifest: Any) -> str:
    """Attach an envelope as Notation does."""
    layers = manifest.pop("layers", [descriptor(form, content)])
    config = descriptor(ARTIFACT, forge.EMPTY_BLOB)
    listed = {"artifactType": manifest.pop("listed", ARTIFACT)}
    return forge.put_referrer(
        world, subject, content, listed,
        **{"artifactType": None, "config": config, "layers": layers, "annotations": {}} | manifest,
    )  # fmt: skip


def policy(**changes: Any) -> File:
    """Make a trust policy file with one policy; a change to None takes a member away."""
    one = {
        "name": "acme",
        "registryScopes": ["*"],
        "signatureVerification": {"level": "strict"},
        "trustStores": ["ca:acme"],
        "trustedIdentities": ["*"],
    } | changes
    return policy_file({"version": "1.0", "trustPolicies": [{k: v for k, v in one.items() if v is not None}]})


def policy_file(document: object) -> File:
    """Make a trust policy file of anything."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return File("trustpolicy.json", content, Digest.of(content))
