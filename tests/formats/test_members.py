"""Large JSON objects are split without losing sight of a key."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.members import Members, parse_members, single, split_list, split_object

KNOWN = frozenset({"a", "B", "sk"})

keys = st.sampled_from(["a", "A", "B", "sk", "ſk", "SK", "x", "X", '"', "\\", "é", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
spaces = st.sampled_from(["", " ", "\n", " \t\r\n "])


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, list[tuple[str, Any]]]:
    """Give the text of an object whose keys may repeat, and its members."""
    pairs = draw(st.lists(st.tuples(keys, values), max_size=4))
    parts = []
    for key, value in pairs:
        name = json.dumps(key, ensure_ascii=draw(st.booleans()))
        if draw(st.booleans()):
            name = '"' + "".join(f"\\u{ord(one):04x}" for one in key) + '"'
        parts.append(f"{draw(spaces)}{name}{draw(spaces)}:{draw(spaces)}{json.dumps(value)}{draw(spaces)}")
    return "{" + (draw(spaces) if not parts else ",".join(parts)) + "}", pairs


def is_ambiguous(pairs: list[tuple[str, Any]], *, unread_twice: bool) -> bool:
    names = [key for key, _ in pairs]
    folded = {key.casefold() for key in KNOWN}
    known = [key for key in names if key.casefold() in folded]
    twice = len(set(names)) < len(names) if unread_twice else len(set(known)) < len(known)
    return twice or any(key not in KNOWN for key in known)


@given(objects())
def test_splitting_finds_exactly_the_ambiguous_objects(made: tuple[str, list[tuple[str, Any]]]) -> None:
    text, pairs = made
    if is_ambiguous(pairs, unread_twice=True):
        with pytest.raises(MalformedData) as caught:
            split_object(text.encode(), KNOWN, "it")
        assert caught.value.code == "ambiguous-json"
    else:
        members = split_object(text.encode(), KNOWN, "it")
        assert {key: json.loads(bytes(raw)) for key, raw in members.items()} == dict(pairs)


@given(objects())
def test_pairs_find_exactly_the_known_keys_that_are_ambiguous(made: tuple[str, list[tuple[str, Any]]]) -> None:
    text, pairs = made
    parsed = parse_members(text.encode(), "it")
    if is_ambiguous(pairs, unread_twice=False):
        with pytest.raises(MalformedData) as caught:
            single(parsed, KNOWN, "it")
        assert caught.value.code == "ambiguous-json"
    else:
        assert set(single(parsed, KNOWN, "it")) == {key for key, _ in pairs if key in KNOWN}


@given(st.lists(objects(), max_size=4), spaces)
def test_a_list_is_split_as_its_objects_are(made: list[tuple[str, list[tuple[str, Any]]]], space: str) -> None:
    text = "[" + f"{space},{space}".join(text for text, _ in made) + space + "]"
    if any(is_ambiguous(pairs, unread_twice=True) for _, pairs in made):
        with pytest.raises(MalformedData):
            split_list(text.encode(), KNOWN, "it")
    else:
        found = split_list(text.encode(), KNOWN, "it")
        assert [{key: json.loads(bytes(raw)) for key, raw in one.items()} for one in found] == [
            dict(pairs) for _, pairs in made
        ]


def test_null_is_an_empty_list() -> None:
    assert list(split_list(b"null", KNOWN, "it")) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"x": "1", "x": "2"}', '{"x": "1", "x": "1"}', '{"x": 1, "y": 2, "x": 1}', '{"x": [], "x": [1, 2, 3]}',
        '{"x": [1, 2, 3], "x": []}', '{"x":"aa\\",\\"y\\":1","x":"aaaaaaaaaaa"}', '{"x":{"x":1},"x":{"x":1}}',
        '{"x": "},", "x": "}, "}', '{"x": 1, "y": "}", "x": 2}',
    ],
)  # fmt: skip
def test_a_second_value_is_seen_whatever_it_looks_like(text: str) -> None:
    for split in (split_object, lambda content, known, what: split_list(b"[" + content + b"]", known, what)):
        with pytest.raises(MalformedData, match="twice in one object"):
            split(text.encode(), KNOWN, "it")


@pytest.mark.parametrize("content", [b"", b"[", b"[1]", b"{", b'{"a": 1}{}', b'{"a" 1}', b"\xff"])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        split_object(content, KNOWN, "it")


@pytest.mark.parametrize("content", [b"", b"{", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"\xff", b"1" * 5000])
def test_small_json_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedData) as caught:
        parse_members(content, "it")
    assert caught.value.code == "malformed-json"


@pytest.mark.parametrize("value", [None, [], [1], "a", 1])
def test_only_an_object_has_members(value: object) -> None:
    with pytest.raises(MalformedData, match="it is not a JSON object"):
        single(value, KNOWN, "it")
    assert single(Members(), KNOWN, "it") == {}
