"""Certificate chains of Notation, and the signatures that their first certificate makes.

Rules: specs/signature-specification.md, "Certificate Requirements" and "Signature Algorithm Requirements". The chain in
an envelope is complete and in order. Nothing here is about trust: a chain that fits may be anybody's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import MalformedData
from gate.formats.certificate import Certificate, parse_certificate

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

__all__ = [
    "algorithm_of",
    "check_chain",
    "is_issued_by",
    "is_valid_at",
    "mentions_revocation",
    "read_chain",
    "verifies",
]

_T = TypeVar("_T", bound="x509.ExtensionType")

_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_RSA: Final = {2048: "PS256", 3072: "PS384", 4096: "PS512"}
_STRONG: Final = frozenset({"sha256", "sha384", "sha512"})
_CODE_SIGNING: Final = "1.3.6.1.5.5.7.3.3"
#: Purposes that make a certificate no code signer's: any, serverAuth, clientAuth, emailProtection, timeStamping.
_FORBIDDEN_PURPOSES: Final = frozenset(
    {"2.5.29.37.0", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8"}
)
#: Critical extensions that are looked at here; name and policy constraints are not evaluated.
_UNDERSTOOD: Final = frozenset({"2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.17"})


def read_chain(chain: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """Read the certificates of an envelope; raises `MalformedData`."""
    if not chain:
        msg = "the envelope holds no certificates"
        raise MalformedData(msg, "malformed")
    return tuple(parse_certificate(one, f"certificate {number}") for number, one in enumerate(chain, start=1))


def check_chain(chain: tuple[Certificate, ...]) -> None:
    """Check that each certificate may be where it is and was issued by the next; raises `MalformedData`."""
    for number, certificate in enumerate(chain):
        name = f"certificate {number + 1}"
        _check_strength(certificate, name)
        if number == 0:
            _check_leaf(certificate, name)
        else:
            _check_authority(certificate, number - 1, name)
    for number, (lower, upper) in enumerate(pairwise(chain), start=1):
        if not is_issued_by(lower, upper):
            raise _wrong(f"certificate {number} was not issued by certificate {number + 1}, which stands behind it")
        if is_issued_by(lower, lower):
            raise _wrong(f"certificate {number} issues itself, and is not the last of the chain")
    if not is_issued_by(chain[-1], chain[-1]):
        raise _wrong("the chain is not complete: its last certificate is no root, which issues itself")


def algorithm_of(certificate: Certificate) -> str:
    """Give the one algorithm that a certificate's key signs with, by its JWS name; raises `MalformedData`."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = _key(certificate)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA:
        return _RSA[key.key_size]
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise _wrong("its key is none that Notation signs with: RSA of 2048, 3072 or 4096 bits, P-256, P-384 or P-521")


def verifies(certificate: Certificate, signature: bytes, message: bytes) -> bool:
    """Tell whether the certificate's key made this signature, with the algorithm of the key (`algorithm_of`).

    ECDSA signatures are the two numbers side by side (RFC 7518, section 3.4); RSA is PSS, its salt as long as the hash.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key = _key(certificate)
    algorithm: HashAlgorithm = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[
        algorithm_of(certificate)[2:]
    ]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
            key.verify(signature, message, pss, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            half = (key.key_size + 7) // 8
            if len(signature) != 2 * half:
                return False
            numbers = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def is_issued_by(lower: Certificate, upper: Certificate) -> bool:
    """Tell whether names and signature say that one certificate issued the other."""
    from cryptography.exceptions import InvalidSignature

    try:
        lower.x509.verify_directly_issued_by(upper.x509)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_valid_at(certificate: Certificate, first: datetime, last: datetime) -> bool:
    """Tell whether a certificate is valid during all of a time."""
    start, end = certificate.window
    return start <= first and last <= end


def mentions_revocation(certificate: Certificate) -> bool:
    """Tell whether a certificate says where its revocation is published (OCSP or CRL); raises `MalformedData`."""
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    if _extension(certificate, x509.CRLDistributionPoints) is not None:
        return True
    access = _extension(certificate, x509.AuthorityInformationAccess)
    return access is not None and any(one.access_method == AuthorityInformationAccessOID.OCSP for one in access)


def _check_strength(certificate: Certificate, name: str) -> None:
    algorithm_of(certificate)
    hashed = _hash(certificate)
    if hashed is None or hashed.name not in _STRONG:
        raise _wrong(f"{name} is signed with {hashed.name if hashed else 'an unknown hash'}, which is not accepted")
    unknown = [
        one.oid.dotted_string
        for one in certificate.extensions()
        if one.critical and one.oid.dotted_string not in _UNDERSTOOD
    ]
    if unknown:
        raise _wrong(f"{name} has the critical extension {unknown[0]}, which is not understood")


def _check_leaf(certificate: Certificate, name: str) -> None:
    from cryptography import x509

    usage = _critical(certificate, x509.KeyUsage, name)
    others = (
        usage.key_encipherment, usage.data_encipherment, usage.key_agreement, usage.key_cert_sign, usage.crl_sign,
    )  # fmt: skip
    if not usage.digital_signature or any(others):
        raise _wrong(f"{name} is not for signatures alone: its key usage has to be digitalSignature, without others")
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise _wrong(f"{name} is an authority's, and signs no images")
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    named = {purpose.dotted_string for purpose in purposes} if purposes is not None else {_CODE_SIGNING}
    if _CODE_SIGNING not in named or named & _FORBIDDEN_PURPOSES:
        raise _wrong(f"{name} is for other purposes than signing code: {', '.join(sorted(named))}")


def _check_authority(certificate: Certificate, below: int, name: str) -> None:
    """Check a certificate that issued another, with `below` authorities between it and the signer's."""
    from cryptography import x509

    constraints = _critical(certificate, x509.BasicConstraints, name)
    if not constraints.ca:
        raise _wrong(f"{name} is no authority's, and issued another one")
    if constraints.path_length is not None and constraints.path_length < below:
        raise _wrong(f"{name} allows {constraints.path_length} authorities below it, and has {below}")
    if not _critical(certificate, x509.KeyUsage, name).key_cert_sign:
        raise _wrong(f"{name} issued another one, and its key usage does not allow that (keyCertSign)")


def _key(certificate: Certificate) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.x509.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _hash(certificate: Certificate) -> HashAlgorithm | None:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.x509.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None


def _critical(certificate: Certificate, kind: type[_T], name: str) -> _T:
    for one in certificate.extensions():
        if isinstance(one.value, kind) and one.critical:
            return one.value
    raise _wrong(f"{name} has no critical {kind.__name__}")


def _extension(certificate: Certificate, kind: type[_T]) -> _T | None:
    return next((one.value for one in certificate.extensions() if isinstance(one.value, kind)), None)


def _wrong(why: str) -> MalformedData:
    return MalformedData(why, "certificate")
