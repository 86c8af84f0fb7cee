"""Public keys of signers: read strictly, and verified with in the ways cosign signs (docs/signers/cosign-key.md).

What is accepted: PEM, one block, `PUBLIC KEY` (RFC 5280 SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS#1,
RFC 8017); ECDSA on P-256, P-384, P-521, RSA of at least 2048 bits, Ed25519.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

__all__ = ["PublicKey", "accept_key", "parse_public_key", "read_spki"]

#: A PEM file of an RSA-16384 key has under 4 KiB.
_MOST_BYTES: Final = 16 * 1024
#: NIST SP 800-131A: shorter ones give less than 112 bits of security.
_LEAST_RSA_BITS: Final = 2048
#: Longer ones only make verifying slow.
_MOST_RSA_BITS: Final = 16384

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----")
_ACCEPTED: Final = frozenset({b"PUBLIC KEY", b"RSA PUBLIC KEY"})

#: Hashes to try for each curve, in order. cosign 2.6 and later takes the hash of the curve's size, before
#: that SHA-256 for every curve (specs of the algorithm registry; sigstore-go `pkg/verify/signature.go`).
_HASHES: Final = {"secp256r1": ("SHA256",), "secp384r1": ("SHA384", "SHA256"), "secp521r1": ("SHA512", "SHA256")}
_CURVE_NAMES: Final = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key that may be verified with. `fingerprint` is `sha256:` and hex of its SubjectPublicKeyInfo."""

    name: str
    fingerprint: str
    is_ed25519: bool
    spki: bytes = field(repr=False)
    _key: EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey = field(repr=False, compare=False)

    @property
    def hint(self) -> str:
        """The fingerprint as bundles write it, in base64."""
        return base64.b64encode(bytes.fromhex(self.fingerprint.removeprefix("sha256:"))).decode()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether this key made `signature` over `message`, with any of the hashes the key's kind allows.

        ECDSA signatures are DER; RSA is PKCS #1 v1.5 with SHA-256; Ed25519 is the pure variant.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

        if isinstance(self._key, ec.EllipticCurvePublicKey):
            for name in _HASHES[self._key.curve.name]:
                algorithm: hashes.HashAlgorithm = getattr(hashes, name)()
                try:
                    self._key.verify(signature, message, ec.ECDSA(algorithm))
                except InvalidSignature:
                    continue
                return True
            return False
        try:
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            else:
                self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def parse_public_key(content: bytes, what: str) -> PublicKey:
    """Read a PEM public key; raises `MalformedData` with what to do. Never repeats what the file holds."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    _refuse_file(content, what)
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = f"{what} holds no public key that can be read; `cosign public-key --key …` writes one"
        raise MalformedData(msg, "public-key") from error
    return accept_key(key, what)


def read_spki(content: bytes, what: str) -> PublicKey:
    """Read a DER public key, as trust roots and log entries hold it; raises `MalformedData`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_der_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = f"{what} is no public key that can be read"
        raise MalformedData(msg, "public-key") from error
    return accept_key(key, what)


def accept_key(key: PublicKeyTypes, what: str) -> PublicKey:
    """Take a key that is of an accepted kind; raises `MalformedData` otherwise."""
    from cryptography.hazmat.primitives import serialization

    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return _accepted(key, spki, what)


def _accepted(key: object, spki: bytes, what: str) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    fingerprint = "sha256:" + hashlib.sha256(spki).hexdigest()
    if isinstance(key, ec.EllipticCurvePublicKey):
        name = _CURVE_NAMES.get(key.curve.name)
        if name is None:
            msg = f"{what} is a key on the curve {key.curve.name}; P-256, P-384 and P-521 are accepted"
            raise MalformedData(msg, "public-key")
        return PublicKey(f"ECDSA {name}", fingerprint, is_ed25519=False, spki=spki, _key=key)
    if isinstance(key, rsa.RSAPublicKey):
        if not _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
            msg = f"{what} is an RSA key of {key.key_size} bits; {_LEAST_RSA_BITS} to {_MOST_RSA_BITS} are accepted"
            raise MalformedData(msg, "public-key")
        return PublicKey(f"RSA {key.key_size}", fingerprint, is_ed25519=False, spki=spki, _key=key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return PublicKey("Ed25519", fingerprint, is_ed25519=True, spki=spki, _key=key)
    msg = f"{what} is a key of another algorithm; ECDSA, RSA and Ed25519 are accepted"
    raise MalformedData(msg, "public-key")


def _refuse_file(content: bytes, what: str) -> None:
    """Refuse what is no single PEM block of a public key, each with its own sentence."""
    if len(content) > _MOST_BYTES:
        msg = f"{what} has {len(content)} bytes; a public key has at most {_MOST_BYTES}"
        raise MalformedData(msg, "public-key")
    labels = _BLOCK.findall(content)
    if any(b"PRIVATE KEY" in label for label in labels):
        msg = (
            f"{what} is a private key: take it out of here, and write its public half to the file "
            "(`cosign public-key --key …`)"
        )
        raise MalformedData(msg, "public-key")
    if not labels:
        msg = f"{what} holds no PEM block: it has to begin with `-----BEGIN PUBLIC KEY-----`"
        raise MalformedData(msg, "public-key")
    if b"CERTIFICATE" in labels:
        msg = f"{what} is a certificate; this signer takes the public key alone (`openssl x509 -pubkey -noout`)"
        raise MalformedData(msg, "public-key")
    if labels[0] not in _ACCEPTED:
        msg = f"{what} holds a PEM block {labels[0].decode()!r}; PUBLIC KEY or RSA PUBLIC KEY is needed"
        raise MalformedData(msg, "public-key")
    if len(labels) > 1:
        msg = f"{what} holds {len(labels)} PEM blocks; name one signer for each key"
        raise MalformedData(msg, "public-key")
