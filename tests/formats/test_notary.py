"""Notary's metadata: what arbitrary bytes do, and what notary's own older files say."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.notary import (
    Described,
    is_role_name,
    parse_file,
    read_delegations,
    read_meta,
    read_root,
    read_target,
)
from gate.formats.notary_key import fingerprints_of_pem, parse_key
from gate.formats.notary_state import parse_state
from tests.signers.notary_forge import GUN, MADE, Delegate, Trust, actor

MADE_UP = Trust(
    tags={"1.0.0": b"hello"}, delegates={"targets/releases": Delegate((actor("alice"),), {"1.0.0": b"hello"})}
).files()
SAMPLES = [MADE_UP["root.json"], MADE_UP["timestamp.json"], MADE_UP["snapshot.json"], MADE_UP["targets.json"]]


def read_all(content: bytes) -> None:
    """Read bytes in every way there is."""
    for kind in ("timestamp", "snapshot", "targets"):
        with suppress(MalformedData):
            document = parse_file(content, kind)
            for read in (read_meta, read_delegations):
                with suppress(MalformedData):
                    read(document)
            read_target(document, "1.0.0")
    with suppress(MalformedData):
        read_root(content)
    with suppress(MalformedData):
        parse_state(content, "state")
    with suppress(ValueError):
        fingerprints_of_pem(content)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_end_in_a_traceback(content: bytes) -> None:
    """They are refused in words."""
    read_all(content)


@given(st.sampled_from(SAMPLES), st.integers(0, 3000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_files_never_end_in_a_traceback(content: bytes, place: int, put: bytes, cut: int) -> None:
    """Some bytes replaced anywhere."""
    read_all(content[:place] + put + content[place + cut :])


@given(st.sampled_from(SAMPLES[1:]), st.integers(0, 3000), st.integers(0, 255))
def test_no_changed_byte_keeps_a_signature(content: bytes, place: int, byte: int) -> None:
    """What was signed is what is read: a changed file says the same, or nobody signed it, or it is refused."""
    kind = {1: "timestamp", 2: "snapshot", 3: "targets"}[SAMPLES.index(content)]
    changed = content[: place % len(content)] + bytes([byte]) + content[place % len(content) + 1 :]
    role = read_root(SAMPLES[0]).roles[kind]
    honest = parse_file(content, kind)
    assert honest.tally(role).valid
    with suppress(MalformedData):
        document = parse_file(changed, kind)
        assert document.signed == honest.signed or not document.tally(role).valid


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
def test_ids_of_keys(kind: str) -> None:
    """With and without certificate; the fingerprint is that of the key itself."""
    bare = actor("somebody", kind)
    key = parse_key(bare.tuf, "key")
    assert (key.key_id, key.bare_id, key.fingerprint, key.holder) == (bare.key_id, bare.key_id, bare.fingerprint, None)
    if kind != "ed25519":
        dressed = actor("somebody", kind, cn=GUN)
        key = parse_key(dressed.tuf, "key")
        assert (key.key_id, key.bare_id, key.fingerprint) == (dressed.key_id, bare.key_id, bare.fingerprint)
        assert key.holder is not None
        assert (key.holder.name, key.holder.begins, key.holder.flaw) == (GUN, MADE, "")


def test_id_that_notary_gave() -> None:
    """A key of a real root, with the id that notary 0.7.0 computed."""
    public = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECvOf5NuKC/awHenZlDs5alGifgUHpUIeWdAjOMVbLQszEuX+NoaTOdIipn3uHVVpTuEiRq0Z6NaMyNpLuKnSHQ=="
    key = parse_key({"keytype": "ecdsa", "keyval": {"private": None, "public": public}}, "key")
    assert key.key_id == "067f03b578b3a4f7b85b9aa99e9b296e149c84fe11777ff128e7b73208135311"


@pytest.mark.parametrize("public", ["AAB=", "AAA", "A A=", "AA==\n", "_-__"])
def test_key_in_base64_that_nobody_writes(public: str) -> None:
    """One key has one text, so one id."""
    with pytest.raises(MalformedData, match="base64"):
        parse_key({"keytype": "ecdsa", "keyval": {"private": None, "public": public}}, "key")


def test_key_larger_than_any() -> None:
    """Bounded before it is decoded."""
    with pytest.raises(MalformedData, match="larger than any key"):
        parse_key({"keytype": "ecdsa", "keyval": {"private": None, "public": "A" * 200_000}}, "key")


@pytest.mark.parametrize("name", ["targets", "targets/releases", "targets/a-b/c_d", "targets/0"])
def test_names_of_roles(name: str) -> None:
    """As notary accepts them."""
    assert is_role_name(name)


def test_described_compares_everything() -> None:
    """Length, then both hashes."""
    described = Described(5, hashlib.sha256(b"hello").hexdigest(), hashlib.sha512(b"hello").hexdigest())
    assert described.disagrees(b"hello") == ""
    assert described.disagrees(b"hell") == "4 bytes instead of 5"
    assert described.disagrees(b"hallo") == "another SHA-256 hash"
    assert described._replace(sha512="0" * 128).disagrees(b"hello") == "another SHA-512 hash"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2036-11-22T01:57:19.304242321Z", datetime(2036, 11, 22, 1, 57, 19, 304242, UTC)),
        ("2026-12-09T01:57:19.34Z", datetime(2026, 12, 9, 1, 57, 19, 340000, UTC)),
        ("2026-12-09T01:57:19Z", datetime(2026, 12, 9, 1, 57, 19, 0, UTC)),
        ("2026-12-09T01:57:19-02:30", datetime(2026, 12, 9, 4, 27, 19, 0, UTC)),
    ],
)
def test_times_as_go_writes_them(text: str, time: datetime) -> None:
    """With up to nine digits, or an offset."""
    content = Trust(edit={"targets": lambda body: body.update(expires=text)}).files()["targets.json"]
    assert parse_file(content, "targets").expires == time
