"""Merkle paths and signed notes (RFC 6962; RFC 9162, 2.1.3.2; the signed note format of Go's sumdb)."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.checkpoint import leaf_hash, parse_checkpoint, root_from_path
from gate.formats.public_key import read_spki
from tests.world.sigstore import audit, private, sign, spki

ROOT = base64.b64encode(b"\1" * 32).decode()
LINE = "— log.example " + base64.b64encode(b"hintsignature").decode()


@given(st.integers(1, 70), st.data())
def test_path_leads_to_the_root_as_defined(size: int, data: st.DataObject) -> None:
    """The steps of RFC 9162 and the recursive definition of RFC 6962 agree, at every place of every tree."""
    place = data.draw(st.integers(0, size - 1))
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    path, root = audit(leaves, place)
    assert root_from_path(leaves[place], place, size, tuple(path)) == root


@given(st.integers(2, 70), st.data())
def test_any_other_path_leads_elsewhere(size: int, data: st.DataObject) -> None:
    """Another place, a shorter, longer or changed path."""
    place = data.draw(st.integers(0, size - 1))
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    path, root = audit(leaves, place)
    other = data.draw(st.integers(0, size + 3).filter(lambda one: one != place))
    assert root_from_path(leaves[place], other, size, tuple(path)) != root
    assert root_from_path(leaves[place], place, size, tuple(path[:-1])) != root
    assert root_from_path(leaves[place], place, size, (*path, b"\0" * 32)) != root
    assert root_from_path(leaves[place], place, size, (*path[:-1], b"\0" * 32)) != root


@pytest.mark.parametrize(
    ("place", "size", "path"), [(0, 0, ()), (1, 1, ()), (5, 5, ()), (0, 2, (b"short",)), (0, 2, (b"x" * 33,))]
)
def test_trees_that_cannot_be(place: int, size: int, path: tuple[bytes, ...]) -> None:
    """No entry behind the end, no hash of another length."""
    assert root_from_path(leaf_hash(b"x"), place, size, path) is None


def test_leaf_is_not_a_node() -> None:
    """Leaf and node are hashed apart, so that none passes for the other."""
    assert leaf_hash(b"x") == hashlib.sha256(b"\0x").digest()


@pytest.mark.parametrize(
    "note",
    [
        "", "x", "\n\n", f"log.example\n7\n{ROOT}\n", f"log.example\n7\n{ROOT}\n{LINE}\n", f"log.example\n7\n\n{LINE}\n",
        f"\n7\n{ROOT}\n\n{LINE}\n", f"log.example\n-7\n{ROOT}\n\n{LINE}\n", f"log.example\n07\n{ROOT}\n\n{LINE}\n",
        f"log.example\n7\nnot base64\n\n{LINE}\n", f"log.example\n7\n{ROOT}\n\n", f"log.example\n7\n{ROOT}\n\n- log.example AAAAAAAA\n",
        f"log.example\n7\n{ROOT}\n\n{LINE}\nx\n", f"log.example\n7\n{ROOT}\n\n{LINE}\n\n", f"log.example\n7\n{ROOT}\n\n— log.example AAAAAAAAA\n",
        f"log.example\n7\n{ROOT}\n\n" + f"{LINE}\n" * 65,
    ],
)  # fmt: skip
def test_notes_that_cannot_be_read(note: str) -> None:
    """Each part in its place, and nothing else."""
    with pytest.raises(MalformedData, match="is no checkpoint"):
        parse_checkpoint(note, "the note")


def test_signature_of_the_log_among_those_of_witnesses() -> None:
    """Name and key have to be the log's; what is signed is all before the blank line, extensions included."""
    key, stranger = private("note"), private("witness")
    log_id = hashlib.sha256(spki(key)).digest()

    def line(name: str, hint: bytes, by: bytes) -> str:
        return f"— {name} {base64.b64encode(hint[:4] + by).decode()}"

    text = f"log.example - 42\n7\n{ROOT}\nTimestamp: 1\n"
    good, bad = sign(key, text.encode()), sign(stranger, text.encode())
    public = read_spki(spki(key), "x")
    cases = {
        (line("witness", log_id, bad), line("log.example", log_id, good)): True,
        (line("log.example - 42", log_id, good),): False,  # a name has no blanks
        (line("log.example", log_id, bad),): False,
        (line("log.example", b"0000", good),): False,
        (line("other.example", log_id, good),): False,
    }
    for lines, expected in cases.items():
        note = f"{text}\n" + "\n".join(lines) + "\n"
        try:
            found = parse_checkpoint(note, "x")
        except MalformedData:
            assert not expected
            continue
        assert (found.origin, found.size, found.root) == ("log.example - 42", 7, b"\1" * 32)
        assert found.is_signed_by(public, log_id) is expected
    changed = parse_checkpoint(f"{text.replace('7', '8')}\n{line('log.example', log_id, good)}\n", "x")
    assert not changed.is_signed_by(public, log_id)
