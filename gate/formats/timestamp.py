"""RFC 3161 timestamps: an authority's word that some bytes existed at a time.

Parsing and the CMS signature are `rfc3161-client`'s. Only certificates of the rule file's own trust material go into
its verifier: that library believes every certificate it is handed, and one taken from the token would vouch for itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData

if TYPE_CHECKING:
    from datetime import datetime

    from rfc3161_client import TimeStampResponse

    from gate.formats.certificate import Certificate

__all__ = ["Timestamp", "parse_timestamp", "parse_token"]

#: A token with a chain of three RSA certificates has 6 KiB.
_MOST_BYTES: Final = 64 * 1024
_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
#: X.690, section 8.1.3.4.
_LONGEST_SHORT: Final = 127
#: SignedData, `certificates [0] IMPLICIT` (RFC 5652, section 5.1).
_CERTIFICATES: Final = 0xA0
_TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"


@dataclass(frozen=True, slots=True)
class Timestamp:
    """One response that parses. Nothing in it is believed until `is_signed_by` says so."""

    content: bytes
    when: datetime
    _response: TimeStampResponse

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The first and the last moment that it can mean: the authority says how accurate its clock is."""
        said = getattr(self._response.tst_info, "accuracy", None)  # None where it is not given, whatever is declared
        if said is None:
            return self.when, self.when
        off = timedelta(seconds=said.seconds or 0, milliseconds=said.millis or 0, microseconds=said.micros or 0)
        return self.when - off, self.when + off

    def certificates(self) -> tuple[bytes, ...]:
        """Give the DER certificates that came along; they prove nothing by themselves."""
        return tuple(sorted(self._response.signed_data.certificates))

    def is_over(self, message: bytes) -> bool:
        """Tell whether the imprint is that of these bytes, with SHA-256, SHA-384 or SHA-512."""
        imprint = self._response.tst_info.message_imprint
        name = _HASHES.get(imprint.hash_algorithm.dotted_string)
        return name is not None and hashlib.new(name, message).digest() == imprint.message

    def is_signed_by(self, chain: tuple[Certificate, ...], message: bytes) -> bool:
        """Tell whether the authority of this chain stamped these bytes, its certificates being valid at that time.

        `chain` is the authority's own, from the certificate that signs timestamps up to its root. Where that one is
        not in it (a store of roots), the token brings it, and it has to lead to the root.
        """
        from rfc3161_client import VerificationError
        from rfc3161_client.verify import VerifierBuilder

        if not all(first <= self.when <= last for first, last in (one.window for one in chain)):
            return False
        leaf = chain[0].x509 if _stamps(chain[0]) else None
        above = [one.x509 for one in (chain if leaf is None else chain[1:])] or [chain[0].x509]
        verifier = VerifierBuilder(tsa_certificate=leaf, intermediates=above[:-1], roots=above[-1:]).build()
        try:
            return verifier.verify_message(self._response, message)
        except (VerificationError, ValueError, TypeError):
            return False


def parse_timestamp(content: bytes, what: str) -> Timestamp:
    """Read a DER `TimeStampResp`; raises `MalformedData`."""
    from datetime import UTC

    from rfc3161_client import decode_timestamp_response

    if len(content) > _MOST_BYTES:
        msg = f"{what} has {len(content)} bytes; a timestamp of at most {_MOST_BYTES} is read"
        raise MalformedData(msg, "malformed")
    try:
        response = decode_timestamp_response(content)
        when = response.tst_info.gen_time
    except (ValueError, TypeError) as error:
        msg = f"{what} is no timestamp that can be read"
        raise MalformedData(msg, "malformed") from error
    return Timestamp(content, when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC), response)


def parse_token(content: bytes, what: str) -> Timestamp:
    """Read a DER `TimeStampToken`, which is a response without its status; raises `MalformedData`.

    Many authorities write the certificates, which nobody signs, in an order that is not DER's; they are sorted first.
    """
    if len(content) > _MOST_BYTES:
        msg = f"{what} has {len(content)} bytes; a timestamp of at most {_MOST_BYTES} is read"
        raise MalformedData(msg, "malformed")
    try:
        body = b"\x30\x03\x02\x01\x00" + _sorted(content)  # PKIStatusInfo: granted (RFC 3161, section 2.4.2)
    except IndexError as error:
        msg = f"{what} is no timestamp that can be read"
        raise MalformedData(msg, "malformed") from error
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    header = bytes([len(body)]) if len(body) <= _LONGEST_SHORT else bytes([0x80 + len(length)]) + length
    return parse_timestamp(b"\x30" + header + body, what)


def _sorted(token: bytes) -> bytes:
    """Put the certificates of a CMS SignedData into the order of DER (X.690, 11.6; RFC 5652, section 5.1).

    Raises `IndexError` for what has no such structure.
    """
    content_info = _parts(token, 0, len(token))[0]
    signed_data = _parts(token, *_parts(token, *content_info[1:])[1][1:])[0]
    members = _parts(token, *signed_data[1:])
    start, first, end = members[3]  # after version, digest algorithms, content
    if token[start] != _CERTIFICATES:
        return token
    certificates = sorted(token[one[0] : one[2]] for one in _parts(token, first, end))
    return token[:first] + b"".join(certificates) + token[end:]


def _parts(content: bytes, position: int, end: int) -> list[tuple[int, int, int]]:
    """Give the elements between two places: where each starts, where its content does, and where it ends."""
    found = []
    while position < end:
        size = content[position + 1]
        first = position + 2
        if size > _LONGEST_SHORT:
            first += size & _LONGEST_SHORT
            size = int.from_bytes(content[position + 2 : first], "big")
        if first + size > end:
            raise IndexError(position)
        found.append((position, first, first + size))
        position = first + size
    return found


def _stamps(certificate: Certificate) -> bool:
    from cryptography import x509

    return any(
        isinstance(one.value, x509.ExtendedKeyUsage) and _TIME_STAMPING in [usage.dotted_string for usage in one.value]
        for one in certificate.extensions()
    ) and not any(isinstance(one.value, x509.BasicConstraints) and one.value.ca for one in certificate.extensions())
