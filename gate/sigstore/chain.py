"""Whether an authority of the trusted root issued a signer's certificate (RFC 5280; Sigstore client specification 4.3).

The library's own verifier is for web servers: it asks for names that Fulcio's certificates do not have, and for one
time where here every proven time has to hold. What is done with it is each signature and name of the path.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import MalformedData
from gate.sigstore.proof import Unproven
from gate.sigstore.reasons import (
    AUTHORITY_RETIRED,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_USE,
    CHAIN_INVALID,
    SCT_INVALID,
    SCT_MISSING,
    UNTRUSTED,
)  # fmt: skip

if TYPE_CHECKING:
    from cryptography import x509

    from gate.formats.certificate import Certificate
    from gate.formats.trusted_root import Authority, TrustedRoot
    from gate.sigstore.proof import SignedTime

__all__ = ["check_logged", "check_use", "find_path"]

_T = TypeVar("_T", bound="x509.ExtensionType")

_CODE_SIGNING: Final = "1.3.6.1.5.5.7.3.3"
#: Critical extensions that are looked at here. Name constraints are not evaluated, so they are refused
#: (CVE-2026-69248 was a library that got them wrong).
_UNDERSTOOD: Final = frozenset({"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"})
_NAME_CONSTRAINTS: Final = "2.5.29.30"
_STRONG: Final = frozenset({"sha256", "sha384", "sha512"})
#: Certificates of one path; also bounds the search.
_MOST_PATH: Final = 10


def find_path(
    leaf: Certificate, extra: tuple[Certificate, ...], root: TrustedRoot, times: tuple[SignedTime, ...]
) -> tuple[Certificate, ...]:
    """Give the path from the certificate to a root that is believed at every one of the times; raises `Unproven`.

    `extra` are the certificates that came along: they can stand between, and never at the end.
    """
    miss: Unproven | None = None
    for authority in root.authorities:
        path = _path(leaf, extra, authority)
        if path is None:
            continue
        try:
            _check_path(path)
            _check_times(path, authority, times)
        except Unproven as error:
            miss = miss or error  # another authority of the same name may do: a key was rolled over
        else:
            return path
    if miss is not None:
        raise miss
    issuer = leaf.x509.issuer.rfc4514_string()[:200]
    raise Unproven(
        UNTRUSTED, f"its certificate is issued by {issuer!r}, which leads to no authority of the trusted root"
    )


def check_use(leaf: Certificate) -> None:
    """Check that the certificate is for signing code, and no authority's; raises `Unproven`."""
    from cryptography import x509

    _check_critical(leaf)
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise Unproven(CERTIFICATE_USE, "its certificate has not the key usage digitalSignature")
    if usage.key_cert_sign or _is_authority(leaf):
        raise Unproven(CERTIFICATE_USE, "its certificate is a certificate authority's")
    extended = _extension(leaf, x509.ExtendedKeyUsage)
    if extended is None or _CODE_SIGNING not in [one.dotted_string for one in extended]:
        raise Unproven(CERTIFICATE_USE, "its certificate has not the extended key usage codeSigning")


def check_logged(path: tuple[Certificate, ...], root: TrustedRoot) -> None:
    """Check that a certificate log of the trusted root promised to log the certificate (RFC 6962, 3.2).

    Raises `Unproven`.
    """
    from cryptography import x509

    promises = _extension(path[0], x509.PrecertificateSignedCertificateTimestamps)
    if promises is None:
        raise Unproven(SCT_MISSING, "its certificate carries no promise of a certificate log")
    if not any(_promised(one, path, root) for one in promises):
        ids = ", ".join(one.log_id.hex() for one in list(promises)[:3])
        raise Unproven(SCT_INVALID, f"no certificate log of the trusted root made the promise (log {ids})")


def _promised(
    sct: x509.certificate_transparency.SignedCertificateTimestamp, path: tuple[Certificate, ...], root: TrustedRoot
) -> bool:
    import hashlib
    from datetime import UTC

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    when = sct.timestamp.replace(tzinfo=UTC)
    issuer = path[1].x509.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    body = path[0].x509.tbs_precertificate_bytes
    milliseconds = int(when.timestamp() * 1000 + 0.5)
    message = (
        b"\x00\x00" + milliseconds.to_bytes(8, "big") + b"\x00\x01" + hashlib.sha256(issuer).digest()
        + len(body).to_bytes(3, "big") + body
        + len(sct.extension_bytes).to_bytes(2, "big") + sct.extension_bytes
    )  # fmt: skip
    return any(
        log.id == sct.log_id
        and log.key is not None
        and log.window.holds(when)
        and log.key.verifies(sct.signature, message)
        for log in root.ct_logs
    )


def _path(leaf: Certificate, extra: tuple[Certificate, ...], authority: Authority) -> tuple[Certificate, ...] | None:
    """Follow issuers: through the authority's own chain, or first through certificates that came along, in order."""
    path = [leaf]
    rest = list(extra)
    while len(path) < _MOST_PATH:
        for place, issuer in enumerate(authority.chain):
            if _issued(path[-1], issuer):
                above = _climb(authority.chain[place:])
                return None if above is None else (*path, *above)
        if not rest or not _issued(path[-1], rest[0]):
            return None
        path.append(rest.pop(0))
    return None


def _climb(chain: tuple[Certificate, ...]) -> tuple[Certificate, ...] | None:
    """Check that each certificate of an authority's chain is issued by the next."""
    return chain if all(_issued(low, high) for low, high in pairwise(chain)) else None


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.x509.verify_directly_issued_by(issuer.x509)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _check_path(path: tuple[Certificate, ...]) -> None:
    from cryptography import x509

    for below, certificate in enumerate(path):
        algorithm = certificate.x509.signature_hash_algorithm
        # The root's own signature proves nothing and is not relied on.
        if algorithm is not None and algorithm.name not in _STRONG and below < len(path) - 1:
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} is signed with {algorithm.name}")
        if not below:
            continue
        _check_critical(certificate)
        basic = _extension(certificate, x509.BasicConstraints)
        if basic is None or not basic.ca:
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} is no certificate authority")
        if basic.path_length is not None and basic.path_length < below - 1:
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} may have {basic.path_length} authorities below it")
        usage = _extension(certificate, x509.KeyUsage)
        if usage is None or not usage.key_cert_sign:
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} may not sign certificates")
        extended = _extension(certificate, x509.ExtendedKeyUsage)
        if extended is not None and _CODE_SIGNING not in [one.dotted_string for one in extended]:
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} may not issue certificates for code signing")


def _check_times(path: tuple[Certificate, ...], authority: Authority, times: tuple[SignedTime, ...]) -> None:
    """Check every certificate at every time (CVE-2026-24122: an expired intermediate was accepted)."""
    for time in times:
        for certificate in path:
            first, last = certificate.window
            if not first <= time.when <= last:
                raise Unproven(
                    CERTIFICATE_EXPIRED,
                    f"it was signed {time}; {_name(certificate)} is valid from {first:%Y-%m-%dT%H:%M:%SZ} "
                    f"to {last:%Y-%m-%dT%H:%M:%SZ}",
                )
        if not authority.window.holds(time.when):
            raise Unproven(
                AUTHORITY_RETIRED,
                f"it was signed {time}; {authority.uri or 'the authority'} is believed {authority.window}",
            )


def _check_critical(certificate: Certificate) -> None:
    try:
        extensions = certificate.extensions()
    except MalformedData as error:
        raise Unproven(CHAIN_INVALID, str(error)) from error
    for one in extensions:
        dotted = one.oid.dotted_string
        if dotted == _NAME_CONSTRAINTS or (one.critical and dotted not in _UNDERSTOOD):
            raise Unproven(CHAIN_INVALID, f"{_name(certificate)} has the extension {dotted}, which is not understood")


def _extension(certificate: Certificate, kind: type[_T]) -> _T | None:
    for one in certificate.extensions():
        if isinstance(one.value, kind):
            return one.value
    return None


def _is_authority(certificate: Certificate) -> bool:
    from cryptography import x509

    basic = _extension(certificate, x509.BasicConstraints)
    return basic is not None and basic.ca


def _name(certificate: Certificate) -> str:
    return f"the certificate {certificate.x509.subject.rfc4514_string()[:120] or certificate.fingerprint!r}"
