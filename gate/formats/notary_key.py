"""Keys of Notary's metadata: what a key is called, what it verifies, and for which name its certificate stands.

A key's id is the hash of its canonical JSON (notary, `tuf/data/keys.go`), so it is computed here and never believed.
Root keys are certificates whose common name is the repository (`trustpinning/certs.go`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.formats.canonical_json import canonical
from gate.oci.descriptor import read_object, read_text

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

    PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey

__all__ = ["Holder", "Key", "Outcome", "fingerprints_of_pem", "parse_key"]

#: notary `tuf/signed/verifiers.go`; longer RSA keys than this only make verifying slow.
_LEAST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 16384
#: A certificate with its intermediates.
_MOST_KEY_BYTES: Final = 64 * 1024
_MOST_CERTIFICATES: Final = 10

_KEY: Final = frozenset({"keytype", "keyval"})
_VALUE: Final = frozenset({"private", "public"})
_METHODS: Final = {"ecdsa": "ecdsa", "rsapss": "rsa", "rsapkcs1v15": "rsa", "eddsa": "ed25519"}
_TYPES: Final = frozenset({"ecdsa", "rsa", "ed25519", "ecdsa-x509", "rsa-x509"})
_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})


class Outcome(Enum):
    """What one key says to one signature. `UNKNOWN`: the key or the method is of a kind that is not known here."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Holder:
    """What the certificate of a root key says: for which name it stands, and when. `flaw` is why it never counts."""

    name: str
    begins: datetime
    ends: datetime
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One key; `flaw` says why nothing verifies with it, "" for a good key.

    `key_id` is computed; `bare_id` is that of the same key without its certificate, as `notary key list` and
    `docker trust inspect` print it; `fingerprint` is `sha256:` and hex of the SubjectPublicKeyInfo.
    """

    key_id: str
    key_type: str
    bare_id: str = ""
    fingerprint: str = ""
    holder: Holder | None = None
    flaw: str = ""
    _key: PublicKey | None = field(default=None, repr=False, compare=False)

    def verifies(self, method: str, signature: bytes, message: bytes) -> Outcome:
        """Tell whether this key made `signature` over `message` with the named method (all hash with SHA-256)."""
        from cryptography.exceptions import InvalidSignature

        family = _METHODS.get(method.lower())
        if family is None or self.key_type not in _TYPES:
            return Outcome.UNKNOWN
        if self._key is None or family != self.key_type.removesuffix("-x509"):
            return Outcome.INVALID
        try:
            _verify(self._key, method.lower(), signature, message)
        except (InvalidSignature, ValueError):
            return Outcome.INVALID
        return Outcome.VALID


def parse_key(value: object, what: str) -> Key:
    """Read one key; raises `MalformedData` for what is no key object, and gives a key with a flaw for a broken key."""
    members = read_object(value, what, _KEY)
    pair = read_object(members.get("keyval"), what, _VALUE)
    key_type, text = read_text(members, "keytype", what), read_text(pair, "public", what)
    if pair.get("private") is not None:
        msg = f"{what} holds a private key, which has to be secret"
        raise MalformedData(msg, "malformed-json")
    content = _decode(text, what)
    key_id = _id(key_type, text, what)
    if key_type not in _TYPES:
        return Key(key_id, key_type, flaw=f"keys of the type {key_type[:40]!r} are not known")
    try:
        key, certificates = _load(key_type, content)
        flaw = _flaw(key_type, key)
    except (ValueError, MalformedData) as error:
        return Key(key_id, key_type, flaw=f"it cannot be read ({type(error).__name__})")
    spki = _spki(key)
    # notary `tuf/utils/x509.go`, X509PublicKeyID: a certificate's key by itself is of the plain type.
    bare = text if key_type == "ed25519" else base64.b64encode(spki).decode()
    return Key(
        key_id,
        key_type,
        _id(key_type.removesuffix("-x509"), bare, what),
        _fingerprint(spki),
        _holder(certificates) if certificates else None,
        flaw,
        None if flaw else key,
    )


def fingerprints_of_pem(content: bytes) -> frozenset[str]:
    """Give the fingerprints of every certificate and public key in a PEM file; raises `ValueError` for none."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_pem_x509_certificates

    if b"PRIVATE KEY-----" in content:
        raise ValueError("it holds a private key: only certificates or public keys belong here")
    if b"-----BEGIN CERTIFICATE-----" in content:
        keys = [_accepted(certificate.public_key()) for certificate in load_pem_x509_certificates(content)]
    else:
        keys = [_accepted(serialization.load_pem_public_key(content))]
    return frozenset(_fingerprint(_spki(key)) for key in keys)


def _decode(text: str, what: str) -> bytes:
    if len(text) > _MOST_KEY_BYTES * 2:
        msg = f"{what} is larger than any key"
        raise MalformedData(msg, "malformed-json")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{what} is not base64"
        raise MalformedData(msg, "malformed-json") from error
    if base64.b64encode(content).decode() != text:  # two texts of one key would give it two ids
        msg = f"{what} is base64 in a form that nobody writes"
        raise MalformedData(msg, "malformed-json")
    return content


def _id(key_type: str, public: str, what: str) -> str:
    value = {"keytype": key_type, "keyval": {"private": None, "public": public}}
    return hashlib.sha256(canonical(value, what)).hexdigest()


def _load(key_type: str, content: bytes) -> tuple[PublicKey, list[Certificate]]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.x509 import load_pem_x509_certificates

    try:
        if key_type == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(content), []
        if key_type.endswith("-x509"):
            certificates = load_pem_x509_certificates(content)
            if not 1 <= len(certificates) <= _MOST_CERTIFICATES:
                raise ValueError("too many certificates")
            return _accepted(certificates[0].public_key()), certificates
        return _accepted(serialization.load_der_public_key(content)), []
    except UnsupportedAlgorithm as error:
        raise ValueError("a key of an algorithm that is not known") from error


def _accepted(key: object) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        return key
    raise ValueError("a key of an algorithm that Notary does not use")


def _flaw(key_type: str, key: PublicKey) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    family = "ecdsa" if isinstance(key, ec.EllipticCurvePublicKey) else "ed25519"
    family = "rsa" if isinstance(key, rsa.RSAPublicKey) else family
    if family != key_type.removesuffix("-x509"):
        return f"it says that it is of the type {key_type}, and is {family}"
    if isinstance(key, rsa.RSAPublicKey) and not _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
        return f"an RSA key of {key.key_size} bits is not accepted ({_LEAST_RSA_BITS} to {_MOST_RSA_BITS})"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        return f"the curve {key.curve.name} is not accepted"
    return ""


def _verify(key: PublicKey, method: str, signature: bytes, message: bytes) -> None:
    """Verify; raises `InvalidSignature`. ECDSA signatures are the two numbers, each as long as the curve's order."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if isinstance(key, ec.EllipticCurvePublicKey):
        size = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            raise InvalidSignature
        numbers = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
        key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        key.verify(signature, message, pss if method == "rsapss" else padding.PKCS1v15(), hashes.SHA256())
    else:
        key.verify(signature, message)


def _holder(certificates: list[Certificate]) -> Holder:
    from cryptography.x509.oid import NameOID

    leaf = certificates[0]
    try:
        names = [name.value for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        leaves = [one for one in certificates if not _is_authority(one)]
        flaw = _certificate_flaw(leaf)
    except ValueError:
        return Holder("", leaf.not_valid_before_utc, leaf.not_valid_after_utc, "its certificate cannot be read")
    if len(names) != 1 or not isinstance(names[0], str):
        flaw = f"its certificate has {len(names)} common names"
    elif leaves != [leaf]:
        flaw = "its certificate has to be one leaf, with nothing but authorities behind it"
    name = names[0] if names and isinstance(names[0], str) else ""
    return Holder(name, leaf.not_valid_before_utc, leaf.not_valid_after_utc, flaw)


def _certificate_flaw(leaf: Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        weak = isinstance(leaf.signature_hash_algorithm, hashes.SHA1 | hashes.MD5)
    except UnsupportedAlgorithm:
        return "its certificate is signed in a way that is not known"
    return "its certificate is signed with SHA-1 or MD5" if weak else ""


def _is_authority(certificate: Certificate) -> bool:
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except ExtensionNotFound:
        return False


def _spki(key: PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _fingerprint(spki: bytes) -> str:
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"
