"""Statements, payloads and bundles: whatever the bytes, a value or `MalformedData`."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.bundle import bundle_version, parse_bundle
from gate.formats.simple_signing import parse_payload
from gate.formats.statement import Agreement, StatementSubject, parse_statement
from tests.signers import forge
from tests.signers.world import image, packed

CONTENT = b"content"
RIGHT = {name: hashlib.new(name, CONTENT).hexdigest() for name in ("sha256", "sha384", "sha512")}


def _agreement(digests: dict[str, str]) -> Agreement:
    return StatementSubject("", digests, {}).agrees(CONTENT)


def test_every_supported_digest_is_compared() -> None:
    """As a set (S12)."""
    assert _agreement(RIGHT) is Agreement.AGREES
    for name, digits in RIGHT.items():
        assert _agreement({name: digits}) is Agreement.AGREES
        assert _agreement(RIGHT | {name: "0" * 64}) is Agreement.CONTRADICTS_ITSELF
        assert _agreement({name: "0" * 64}) is Agreement.DIFFERS


@pytest.mark.parametrize("name", ["sha1", "md5", "sha224", "sha3_256", "SHA256", "gitCommit"])
def test_other_algorithms_never_count(name: str) -> None:
    """Neither for nor against."""
    assert _agreement({name: RIGHT["sha256"]}) is Agreement.DIFFERS
    assert _agreement({name: "0", "sha256": RIGHT["sha256"]}) is Agreement.AGREES


@given(st.dictionaries(st.sampled_from([*RIGHT, "sha1", "x"]), st.sampled_from([*RIGHT.values(), "", "0" * 64])))
def test_one_wrong_digest_never_agrees(digests: dict[str, str]) -> None:
    """Whatever stands beside it."""
    wrong = any(name in RIGHT and digits != RIGHT[name] for name, digits in digests.items())
    assert not (wrong and _agreement(digests) is Agreement.AGREES)


def test_log_entries_and_timestamps_of_a_bundle_are_counted_and_bounded() -> None:
    """Not read further: a signer with a key alone proves nothing with them (CVE-2024-45395)."""

    def made(entries: int, stamps: int) -> bytes:
        stamped: dict[str, object] = {"rfc3161Timestamps": [{}] * stamps}
        material = {"publicKey": {}, "tlogEntries": [{}] * entries, "timestampVerificationData": stamped}
        return packed(forge.bundle(forge.key(), b"", verificationMaterial=material))

    bundle = parse_bundle(made(2, 3), "x")
    assert (len(bundle.entries), len(bundle.stamps), bundle.hint) == (2, 3, "")
    for content in (made(33, 0), made(0, 33)):
        with pytest.raises(MalformedData, match="at most 32 are read"):
            parse_bundle(content, "x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    return [path, *(found for key, inner in entries for found in _paths(inner, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


DOCUMENTS = {
    "statement": (parse_statement, forge.statement(image())),
    "payload": (parse_payload, forge.simple_payload(image())),
    "bundle": (parse_bundle, forge.bundle(forge.key(), packed(forge.statement(image())))),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@given(data=st.data())
def test_any_part_replaced_by_anything_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """Never another exception."""
    parse, document = DOCUMENTS[name]
    path = data.draw(st.sampled_from(_paths(document)))
    with suppress(MalformedData):
        parse(json.dumps(_replaced(document, path, data.draw(json_values))).encode(), "x")


@pytest.mark.parametrize("name", DOCUMENTS)
@given(content=st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    """Rubbish, also appended to a good document."""
    parse, document = DOCUMENTS[name]
    parse(packed(document), "x")
    with suppress(MalformedData):
        parse(content, "x")
    if content.strip(b" \t\r\n"):
        with pytest.raises(MalformedData):
            parse(packed(document) + content, "x")


@pytest.mark.parametrize(
    ("media_type", "version"),
    [
        ("application/vnd.dev.sigstore.bundle.v0.3+json", "0.3"),
        ("application/vnd.dev.sigstore.bundle+json;version=0.1", "0.1"),
        ("application/vnd.dev.sigstore.bundle.v12.34+json", "12.34"),
        ("application/vnd.dev.sigstore.bundle.v0.3", None),
        ("application/vnd.dev.sigstore.bundle+json", None),
        ("application/vnd.dev.sigstore.bundle+json;version=0.3+json", None),
        ("application/vnd.dev.sigstore.bundle.v0.3+json\n", None),
        ("Application/vnd.dev.sigstore.bundle.v0.3+json", None),
        ("application/vnd.dev.sigstore.bundleXv0.3+json", None),
        ("", None),
    ],
)
def test_versions_in_media_types(media_type: str, version: str | None) -> None:
    """Both spellings, in full."""
    assert bundle_version(media_type) == version
