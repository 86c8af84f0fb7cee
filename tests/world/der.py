"""DER by hand, and the timestamps that are made of it (X.690; RFC 3161; RFC 5652)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from tests.world.sigstore import Private


def tlv(tag: int, content: bytes) -> bytes:
    """Encode tag, length and value."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def seq(*parts: bytes) -> bytes:
    """Encode a SEQUENCE."""
    return tlv(0x30, b"".join(parts))


def sets(*parts: bytes) -> bytes:
    """Encode a SET OF, sorted."""
    return tlv(0x31, b"".join(sorted(parts)))


def octets(content: bytes) -> bytes:
    """Encode an OCTET STRING."""
    return tlv(0x04, content)


def utf8(text: str) -> bytes:
    """Encode a UTF8String."""
    return tlv(0x0C, text.encode())


def integer(value: int) -> bytes:
    """Encode an INTEGER that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Encode an OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = b""
    for number in [first * 40 + second, *rest]:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        out += bytes(reversed(groups))
    return tlv(0x06, out)


SHA256 = seq(oid("2.16.840.1.101.3.4.2.1"))
SIGNED_DATA, TST_INFO = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")


def timestamp(
    digest: bytes,
    when: datetime,
    *,
    certificate: x509.Certificate,
    key: Private,
    embed: tuple[x509.Certificate, ...] = (),
    status: int = 0,
    forged: bool = False,
) -> bytes:
    """Make a TimeStampResp; `forged` signs another content than the one inside."""

    def info(time: datetime) -> bytes:
        return seq(
            integer(1), oid("1.3.6.1.4.1.57264.2"), seq(SHA256, octets(digest)), integer(99),
            tlv(0x18, time.strftime("%Y%m%d%H%M%SZ").encode()),
        )  # fmt: skip

    content = info(when)
    signed = info(when.replace(year=2001)) if forged else content
    raw = certificate.public_bytes(serialization.Encoding.DER)
    issuer = certificate.issuer.public_bytes()
    attributes = [
        seq(oid("1.2.840.113549.1.9.3"), sets(TST_INFO)),
        seq(oid("1.2.840.113549.1.9.4"), sets(octets(hashlib.sha256(signed).digest()))),
        seq(oid("1.2.840.113549.1.9.16.2.47"), sets(seq(seq(seq(octets(hashlib.sha256(raw).digest())))))),
    ]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(sets(*attributes), ec.ECDSA(hashes.SHA256()))
    signer = seq(
        integer(1), seq(issuer, integer(certificate.serial_number)), SHA256,
        tlv(0xA0, b"".join(sorted(attributes))), seq(oid("1.2.840.10045.4.3.2")), octets(signature),
    )  # fmt: skip
    certificates = b"".join(sorted(one.public_bytes(serialization.Encoding.DER) for one in embed))
    data = seq(
        integer(3), sets(SHA256), seq(TST_INFO, tlv(0xA0, octets(content))),
        tlv(0xA0, certificates) if embed else b"", sets(signer),
    )  # fmt: skip
    return seq(seq(integer(status)), seq(SIGNED_DATA, tlv(0xA0, data)))
