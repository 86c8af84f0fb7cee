"""A digest is checked when it is made, and matches exactly its bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InvalidReference
from gate.oci.digest import ALGORITHMS, Digest


@given(st.binary(), st.sampled_from(sorted(ALGORITHMS)))
def test_a_digest_matches_its_bytes_and_reads_back(content: bytes, algorithm: str) -> None:
    """Any bytes, any algorithm; other bytes do not match."""
    digest = Digest.of(content, algorithm)
    assert digest.matches(content)
    assert not digest.matches(content + b"x")
    assert Digest.parse(str(digest)) == digest
    assert digest.short == f"{algorithm}:{digest.hex[:12]}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a digest"),
        ("f" * 64, "is not a digest"),
        (f"md5:{'f' * 32}", "'md5' is not supported"),
        (f"sha1:{'f' * 40}", "'sha1' is not supported"),
        (f"SHA256:{'f' * 64}", "'SHA256' is not supported"),
        (f"sha256:{'f' * 63}", "64 hex digits, not 63"),
        (f"sha256:{'f' * 65}", "64 hex digits, not 65"),
        (f"sha512:{'f' * 64}", "128 hex digits, not 64"),
        (f"sha256:{'F' * 64}", "lower-case hex digits only"),
        (f"sha256:{'f' * 63}\n", "lower-case hex digits only"),
        ("sha256:" + "\u0661" * 64, "lower-case hex digits only"),
        (f"sha256:../{'f' * 61}", "lower-case hex digits only"),
    ],
)
def test_what_is_no_digest_is_refused(text: str, message: str) -> None:
    """Unknown algorithm, wrong length, other characters: each said."""
    with pytest.raises(InvalidReference, match=re.escape(message)):
        Digest.parse(text)
