"""Certificates: what they say, to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ObjectIdentifier

from gate.errors import MalformedData
from gate.formats.certificate import SubjectName, parse_certificate, parse_pem_certificates
from tests.world import der
from tests.world.sigstore import CLAIMS, SAN, Sigstore, pem

WORLD = Sigstore()
USERNAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


def parsed(**changes: Any) -> Any:
    """Issue a certificate with changes, and read it."""
    leaf = WORLD.leaf(**({"sct": None} | changes))
    return parse_certificate(leaf.public_bytes(serialization.Encoding.DER), "x")


def raw(number: int, value: bytes) -> dict[str, Any]:
    """Put one raw claim into a certificate that has no others."""
    oid = ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
    return {"claims": {}, "more": [(x509.UnrecognizedExtension(oid, value), False)]}


def test_claims_by_name() -> None:
    """Old ones are raw text, new ones DER."""
    claims = parsed().claims()
    assert len(claims) == len(CLAIMS)
    assert (claims["issuer-v1"], claims["repository"], claims["ref-v1"]) == (CLAIMS[1], CLAIMS[12], CLAIMS[6])


def test_claims_that_are_not_known_are_passed_over() -> None:
    """A new claim of Fulcio breaks nothing."""
    for number in (7, 25, 99):
        assert parsed(**raw(number, b"\xff")).claims() == {}
    other = (x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.2.8"), b"x"), False)
    deeper = (x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.8.1"), b"x"), False)
    assert parsed(claims={}, more=[other, deeper]).claims() == {}


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (8, b""), (8, b"\x0c"), (8, b"https://x"), (8, b"\x13\x01x"), (8, b"\x0c\x02x"), (8, b"\x0c\x01xx"), (8, b"\x0c\x81\x01x"),
        (8, b"\x0c\x82\x00\x81" + b"x" * 129), (8, b"\x0c\x83\x00\x01\x00" + b"x" * 256), (8, b"\x0c\x80x"), (8, b"\x0c\x01\xff"),
        (1, b"\xff"), (1, b"x" * 2049), (8, der.utf8("x" * 2049)),
    ],
)  # fmt: skip
def test_claims_that_cannot_be_read(number: int, value: bytes) -> None:
    """Another type, another length, not DER, not text, too long."""
    with pytest.raises(MalformedData, match="the certificate's issuer"):
        parsed(**raw(number, value)).claims()


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 2048])
def test_lengths_of_claims(size: int) -> None:
    """In both forms of a length."""
    assert parsed(**raw(8, der.utf8("x" * size))).claims() == {"issuer": "x" * size}


def test_names() -> None:
    """A URI, an address, or Fulcio's user name; other names are of another kind."""
    username = x509.OtherName(USERNAME, der.utf8("jo!acme.example"))
    for san, expected in (
        (x509.UniformResourceIdentifier(SAN), SubjectName("uri", SAN)),
        (x509.RFC822Name("jo@acme.example"), SubjectName("email", "jo@acme.example")),
        (username, SubjectName("username", "jo!acme.example")),
    ):
        assert parsed(sans=[san]).subject_name() == expected
    for wrong in (
        x509.OtherName(ObjectIdentifier("1.2.3"), der.utf8("jo!acme.example")),
        x509.OtherName(USERNAME, b"\x13\x01x"),
        x509.IPAddress(__import__("ipaddress").ip_address("192.0.2.1")),
    ):
        with pytest.raises(MalformedData):
            parsed(sans=[wrong]).subject_name()


def test_bytes_that_are_no_certificate() -> None:
    """Too many, too few, another thing."""
    good = WORLD.leaf().public_bytes(serialization.Encoding.DER)
    for wrong in (b"", good[:-1], good + b"\0", b"\x30" * 70_000, good.replace(b"\x02\x01\x02", b"\x02\x01\x00", 1)):
        with pytest.raises(MalformedData):
            parse_certificate(wrong, "x")
    with pytest.raises(MalformedData, match="of at most 65536 is read"):
        parse_certificate(b"\x30" * 70_000, "x")


def test_pem_files() -> None:
    """Certificates and nothing between them."""
    one = pem(WORLD.leaf()).decode()
    assert len(parse_pem_certificates(one, "x")) == 1
    assert len(parse_pem_certificates("\n" + one.replace("\n", "\r\n") + one, "x")) == 2
    assert len(parse_pem_certificates(one * 10, "x")) == 10
    for wrong in (
        "",
        one * 11,
        "x" + one,
        one + "x",
        one.replace("CERTIFICATE", "PUBLIC KEY"),
        one.replace("MII", "M=I", 1),
    ):
        with pytest.raises(MalformedData):
            parse_pem_certificates(wrong, "x")
