"""Envelopes: the encoding that is signed, and base64 as the standard has it."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.dsse import decode_base64, decode_signature, pae, read_envelope


def test_encoding_of_the_specification() -> None:
    """The example of protocol.md."""
    encoded = pae("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_lengths_count_bytes() -> None:
    """Not characters."""
    assert pae("é", "ü".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xc3\xbc"


@given(st.text(), st.binary(), st.text(), st.binary())
def test_no_two_envelopes_sign_the_same_bytes(kind: str, payload: bytes, other_kind: str, other: bytes) -> None:
    """The encoding is injective: a payload cannot be taken for one of another type."""
    kind, other_kind = (text.encode("utf-8", "replace").decode() for text in (kind, other_kind))
    same = (kind, payload) == (other_kind, other)
    assert (pae(kind, payload) == pae(other_kind, other)) is same


@given(st.binary())
def test_both_alphabets_are_read(content: bytes) -> None:
    """Standard and URL-safe, padded."""
    assert decode_base64(base64.b64encode(content).decode(), "x") == content
    assert decode_base64(base64.urlsafe_b64encode(content).decode(), "x") == content


@pytest.mark.parametrize(
    "text", ["A", "AAA", "AA=", "AAAAA", " AAAA", "AAAA\n", "A-A+", "====", "AA==AA==", "ＡＡＡＡ"]
)
def test_what_is_no_base64(text: str) -> None:
    """Unpadded, spaced, mixed alphabets, wide characters."""
    with pytest.raises(MalformedData, match="x is not base64"):
        decode_base64(text, "x")


@given(st.text())
def test_decoding_never_raises_anything_else(text: str) -> None:
    """Whatever the text."""
    with suppress(MalformedData):
        decode_signature(text, "x")


def test_key_id_is_kept_for_messages() -> None:
    """It decides nothing."""
    value = {"payload": "", "payloadType": "t", "signatures": [{"sig": "QQ==", "keyid": "k"}]}
    envelope = read_envelope(value, "x")
    assert (envelope.keyid, envelope.signature, envelope.payload, envelope.signed) == ("k", b"A", b"", b"DSSEv1 1 t 0 ")
