"""X.509 certificates of signers: what they say, read strictly (RFC 5280; Fulcio's `docs/oid-info.md`).

Nothing here believes a certificate: who issued it and whether it was valid is `gate.sigstore.chain`'s to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.formats.public_key import PublicKey, accept_key

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509
    from cryptography.x509 import Extensions

__all__ = ["CLAIMS", "Certificate", "SubjectName", "parse_certificate", "parse_pem_certificates"]

#: A certificate of Fulcio has 800 bytes, of a company with long names 4 KiB.
_MOST_BYTES: Final = 64 * 1024
_MOST_PEM_BLOCKS: Final = 10
#: Longer names are refused; also what a pattern is compared with at most.
_MOST_NAME: Final = 2048

_FULCIO: Final = "1.3.6.1.4.1.57264.1."
#: Where a user name stands in a SAN (otherName, UTF8String).
_USERNAME: Final = f"{_FULCIO}7"
#: Claims by their last number. Those up to 6 are raw text, those from 8 on DER UTF8String.
CLAIMS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "issuer-v1", 2: "trigger-v1", 3: "commit-v1", 4: "workflow-name", 5: "repository-v1", 6: "ref-v1",
        8: "issuer", 9: "build-signer", 10: "build-signer-digest", 11: "runner", 12: "repository", 13: "commit",
        14: "ref", 15: "repository-id", 16: "owner", 17: "owner-id", 18: "build-config", 19: "build-config-digest",
        20: "trigger", 21: "run", 22: "visibility", 23: "environment", 24: "token-subject",
    }
)  # fmt: skip
_FIRST_DER: Final = 8
_UTF8_STRING: Final = 0x0C

_PEM: Final = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]{1,90000})-----END CERTIFICATE-----[ \t\r\n]*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class SubjectName:
    """The subject alternative name. `kind` is `uri`, `email` or `username`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate that parses. Two are equal if their bytes are."""

    der: bytes = field(repr=False)
    x509: x509.Certificate = field(repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its bytes."""
        return "sha256:" + hashlib.sha256(self.der).hexdigest()

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The first and the last moment at which it is valid."""
        return self.x509.not_valid_before_utc, self.x509.not_valid_after_utc

    def key(self) -> PublicKey:
        """Give its public key; raises `MalformedData` for kinds that are not accepted."""
        return accept_key(self.x509.public_key(), "the certificate's key")

    def extensions(self) -> Extensions:
        """Give its extensions; raises `MalformedData` where they cannot be read."""
        from cryptography import x509

        try:
            return self.x509.extensions
        except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
            msg = f"the extensions of the certificate cannot be read: {error}"
            raise MalformedData(msg, "malformed") from error

    def subject_name(self) -> SubjectName:
        """Give its one subject alternative name (S17); raises `MalformedData` for none, several or another kind."""
        from cryptography import x509

        found = [one for one in self.extensions() if isinstance(one.value, x509.SubjectAlternativeName)]
        names = list(found[0].value) if found else []
        if len(names) != 1:
            msg = f"the certificate has {len(names)} subject alternative names; exactly one says who signed"
            raise MalformedData(msg, "malformed")
        name = names[0]
        if isinstance(name, x509.UniformResourceIdentifier):
            return SubjectName("uri", name.value)
        if isinstance(name, x509.RFC822Name):
            return SubjectName("email", name.value)
        if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _USERNAME:
            return SubjectName("username", _utf8_string(name.value, "the user name"))
        msg = f"the subject alternative name is a {type(name).__name__}; a URI, e-mail address or user name is read"
        raise MalformedData(msg, "malformed")

    def claims(self) -> dict[str, str]:
        """Give Fulcio's claims by name (`CLAIMS`); raises `MalformedData` for one that is no text."""
        from cryptography import x509

        found: dict[str, str] = {}
        for one in self.extensions():
            dotted = one.oid.dotted_string
            number = dotted.removeprefix(_FULCIO)
            if number == dotted or not number.isdigit() or int(number) not in CLAIMS:
                continue
            value = one.value
            if isinstance(value, x509.UnrecognizedExtension):
                name = CLAIMS[int(number)]
                found[name] = _claim(int(number), value.value, name)
        return found


def parse_certificate(der: bytes, what: str) -> Certificate:
    """Read a DER certificate; raises `MalformedData`."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding

    if len(der) > _MOST_BYTES:
        msg = f"{what} has {len(der)} bytes; a certificate of at most {_MOST_BYTES} is read"
        raise MalformedData(msg, "malformed")
    msg = f"{what} is no certificate that can be read"
    try:
        parsed = x509.load_der_x509_certificate(der)
        version = parsed.version
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise MalformedData(msg, "malformed") from error
    if parsed.public_bytes(Encoding.DER) != der or version is not x509.Version.v3:
        raise MalformedData(msg, "malformed")
    return Certificate(der, parsed)


def parse_pem_certificates(text: str, what: str) -> tuple[Certificate, ...]:
    """Read PEM certificates and nothing else: a public key in their place is none (GHSA-fx35-mq7g-6g98).

    Raises `MalformedData`.
    """
    import base64

    found: list[Certificate] = []
    rest = text
    while rest:
        match = _PEM.match(rest)
        if match is None or len(found) == _MOST_PEM_BLOCKS:
            msg = f"{what} holds something else than PEM certificates, or more than {_MOST_PEM_BLOCKS}"
            raise MalformedData(msg, "malformed")
        try:
            der = base64.b64decode("".join(match[1].split()), validate=True)
        except ValueError as error:
            msg = f"{what} is not base64"
            raise MalformedData(msg, "malformed") from error
        found.append(parse_certificate(der, what))
        rest = rest[match.end() :]
    if not found:
        msg = f"{what} holds no certificate"
        raise MalformedData(msg, "malformed")
    return tuple(found)


def _claim(number: int, value: bytes, name: str) -> str:
    what = f"the certificate's {name}"
    if number >= _FIRST_DER:
        return _utf8_string(value, what)
    return _text(value, what)


def _utf8_string(value: bytes, what: str) -> str:
    """Read one DER UTF8String that fills the whole value (X.690, 8.1.3)."""
    if len(value) >= 2 and value[0] == _UTF8_STRING:  # noqa: PLR2004 -- tag and length
        first = value[1]
        size = first & 0x7F if first & 0x80 else 0
        length = int.from_bytes(value[2 : 2 + size], "big") if size else first
        text = value[2 + size :]
        minimal = not size or (size <= 2 and value[2] and length > 0x7F)  # noqa: PLR2004 -- DER, X.690 10.1
        if len(text) == length and minimal:
            return _text(text, what)
    msg = f"{what} is not a DER UTF8String"
    raise MalformedData(msg, "malformed")


def _text(value: bytes, what: str) -> str:
    if len(value) > _MOST_NAME:
        msg = f"{what} has {len(value)} bytes; at most {_MOST_NAME} are read"
        raise MalformedData(msg, "malformed")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"{what} is not text"
        raise MalformedData(msg, "malformed") from error
