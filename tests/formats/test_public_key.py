"""Public keys are read strictly, and verify in the ways cosign signs."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, rsa, x25519

from gate.errors import MalformedData
from gate.formats.public_key import parse_public_key
from tests.signers import forge

PEM = forge.key().public_pem


def _pem(key: object) -> bytes:
    made: bytes = key.public_key().public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made


def _refusal(content: bytes) -> str:
    with pytest.raises(MalformedData) as caught:
        parse_public_key(content, "keys/build.pub")
    assert str(caught.value).startswith("keys/build.pub ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("p256", "ECDSA P-256"),
        ("p384", "ECDSA P-384"),
        ("p521", "ECDSA P-521"),
        ("rsa2048", "RSA 2048"),
        ("ed25519", "Ed25519"),
    ],
)
def test_kinds_that_are_accepted(kind: str, name: str) -> None:
    """By name, and by the fingerprint that bundles hint at."""
    key = parse_public_key(forge.key(kind=kind).public_pem, "x")
    assert key.name == name
    assert key.hint == forge.key(kind=kind).hint
    assert key.is_ed25519 == (kind == "ed25519")


def test_pkcs1_is_the_same_key() -> None:
    """`RSA PUBLIC KEY` and `PUBLIC KEY` of one key have one fingerprint."""
    private = forge.key(kind="rsa2048")
    assert isinstance(private.private, rsa.RSAPrivateKey)
    pkcs1 = private.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    assert b"RSA PUBLIC KEY" in pkcs1
    assert parse_public_key(pkcs1, "x").fingerprint == parse_public_key(private.public_pem, "x").fingerprint


@pytest.mark.parametrize("kind", ["p224", "secp256k1", "brainpool"])
def test_curves_that_are_not_accepted(kind: str) -> None:
    """Named, with those that are."""
    assert "P-256, P-384 and P-521 are accepted" in _refusal(forge.key(kind=kind).public_pem)


def test_short_rsa_key() -> None:
    """1024 bits can be broken."""
    assert "RSA key of 1024 bits" in _refusal(forge.key(kind="rsa1024").public_pem)


@pytest.mark.parametrize("exponent", [1, 2, 4])
def test_rsa_key_with_an_exponent_that_protects_nothing(exponent: int) -> None:
    """With exponent 1 every message is its own signature; the library refuses it, and has to go on doing so."""
    numbers = forge.key(kind="rsa2048").private.public_key().public_numbers()  # type: ignore[union-attr]
    assert isinstance(numbers, rsa.RSAPublicNumbers)
    assert "no public key that can be read" in _refusal(_rsa_spki(numbers.n, exponent))
    assert parse_public_key(_rsa_spki(numbers.n, 3), "x").name == "RSA 2048"


def _rsa_spki(modulus: int, exponent: int) -> bytes:
    import base64

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + length + content

    def number(value: int) -> bytes:
        return der(2, b"\0" + value.to_bytes((value.bit_length() + 7) // 8, "big"))

    key = der(0x30, number(modulus) + der(2, bytes([exponent])))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d010101") + b"\x05\x00")
    body = base64.encodebytes(der(0x30, algorithm + der(3, b"\0" + key)))
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"-----END PUBLIC KEY-----\n"


@pytest.mark.parametrize("kind", [ed448.Ed448PrivateKey, x25519.X25519PrivateKey])
def test_other_algorithms(kind: type[ed448.Ed448PrivateKey | x25519.X25519PrivateKey]) -> None:
    """Keys that sign otherwise, or not at all."""
    assert "another algorithm" in _refusal(_pem(kind.generate()))


@pytest.mark.parametrize(
    "label", ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"]
)
def test_private_key_by_mistake_is_not_repeated(label: str) -> None:
    """Whatever its form, also after a public key."""
    block = f"-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----\n".encode()
    for content in (block, PEM + block):
        message = _refusal(content)
        assert "is a private key" in message
        assert "c2VjcmV0" not in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no PEM block"),
        (b"\x00\xff" * 100, "no PEM block"),
        (b"ssh-ed25519 AAAA", "no PEM block"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is a certificate"),
        (PEM + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is a certificate"),
        (PEM + PEM, "2 PEM blocks"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "'PGP PUBLIC KEY BLOCK'"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key that can be read"),
        (b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n", "no public key that can be read"),
        (PEM[:-30], "no public key that can be read"),
        (PEM + b" " * 20_000, "at most 16384"),
    ],
)
def test_file_that_is_no_public_key(content: bytes, said: str) -> None:
    """Each has its own sentence."""
    assert said in _refusal(content)


def test_pure_ed25519_of_the_standard() -> None:
    """RFC 8032, section 7.1, test 3; and nothing else verifies."""
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    pem = ed25519.Ed25519PublicKey.from_public_bytes(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = parse_public_key(pem, "x")
    assert key.verifies(signature, bytes.fromhex("af82"))
    assert not key.verifies(signature, b"")
    assert not key.verifies(signature[:-1], bytes.fromhex("af82"))


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
@pytest.mark.parametrize("signature", [b"", b"x", b"\x30\x06\x02\x01\x01\x02\x01\x01", b"\0" * 64, b"\xff" * 256])
def test_rubbish_is_no_signature(kind: str, signature: bytes) -> None:
    """Never an exception, never true."""
    assert not parse_public_key(forge.key(kind=kind).public_pem, "x").verifies(signature, b"message")
