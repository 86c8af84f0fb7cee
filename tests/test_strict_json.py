"""JSON from outside is read as every reader reads it, or not at all (S11)."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.strict_json import MOST_DEPTH, fold, parse_object, parse_strict, refuse_lookalikes

KNOWN = frozenset({"config", "layers", "mediaType"})


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b'{"a": 1, "a": 2}', "ambiguous-json", "the key 'a' twice"),
        (b'{"a": 1, "A": 2}', "ambiguous-json", "the key 'A' beside 'a'"),
        ('{"k": 1, "\u212a": 2}'.encode(), "ambiguous-json", "beside 'k'"),
        ('{"s": 1, "ſ": 2}'.encode(), "ambiguous-json", "beside 's'"),
        ('{"size": 1, "sıze": 2}'.encode(), "ambiguous-json", "beside 'size'"),
        (b'{"x": [{"deep": {"b": 1, "b": 1}}]}', "ambiguous-json", "twice"),
        (b'{"\\u0061": 1, "a": 2}', "ambiguous-json", "twice"),
        (b'{"a": "\\ud800"}', "ambiguous-json", "surrogate"),
        (b'{"\\uDC00": 1}', "ambiguous-json", "surrogate"),
        (b"", "malformed-json", "not JSON"),
        (b"{} {}", "malformed-json", "Extra data"),
        (b"{}x", "malformed-json", "Extra data"),
        (b"\xef\xbb\xbf{}", "malformed-json", "BOM"),
        (b"\xff\xfe{\x00}\x00", "malformed-json", "not UTF-8 text (byte 0)"),
        (b'{"a": "\xff"}', "malformed-json", "not UTF-8 text (byte 7)"),
        (b"[NaN]", "malformed-json", "NaN"),
        (b"[Infinity]", "malformed-json", "Infinity"),
        (b"[-Infinity]", "malformed-json", "-Infinity"),
        (b"[1e999]", "malformed-json", "too large"),
        (b"9" * 5000, "malformed-json", "can be read"),
        (b'{"a": 1,}', "malformed-json", "line 1 column"),
        (b"{'a': 1}", "malformed-json", "double quotes"),
        (b'{"a": "\x00"}', "malformed-json", "control character"),
        (b'{"a": "cut sho', "malformed-json", "Unterminated"),
        (b"\x00\x01\x02 rubbish \xfe", "malformed-json", "not UTF-8"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(content: bytes, code: str, message: str) -> None:
    """Each way has its code, and the message says what it is about."""
    with pytest.raises(MalformedData, match="the report") as caught:
        parse_strict(content, "the report")
    assert caught.value.code == code
    assert message in str(caught.value)


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_nesting_is_bounded_before_parsing(bracket: bytes) -> None:
    """A hundred thousand levels are refused without touching the parser's stack."""
    with pytest.raises(MalformedData, match=f"deeper than {MOST_DEPTH}") as caught:
        parse_strict(bracket * 100_000, "x")
    assert caught.value.code == "malformed-json"


def test_brackets_inside_strings_are_no_nesting() -> None:
    """A text full of brackets is a text."""
    assert parse_strict(json.dumps("[" * 200 + '\\"{').encode(), "x") == "[" * 200 + '\\"{'


def test_the_deepest_allowed_nesting_is_read() -> None:
    """Exactly the bound still works, one more does not."""
    parse_strict(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH, "x")
    with pytest.raises(MalformedData):
        parse_strict(b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "x")


def test_an_endless_string_of_quotes_is_refused_in_linear_time() -> None:
    """Half a megabyte of escaped quotes without an end does not make the depth scan start again at each of them."""
    begun = time.monotonic()
    with pytest.raises(MalformedData):
        parse_strict(b'"' + b'\\"' * 250_000, "x")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("key", "twin"),
    [("Config", "config"), ("layerſ", "layers"), ("MEDIATYPE", "mediaType"), ("medıaType", "mediaType")],
)
def test_a_key_that_is_a_known_one_only_after_folding_is_ambiguous(key: str, twin: str) -> None:
    """Go reads it as the known key, Python does not (S11)."""
    with pytest.raises(MalformedData, match=f"some readers take for '{twin}'") as caught:
        parse_object(json.dumps({key: 1}).encode(), "the manifest", KNOWN)
    assert caught.value.code == "ambiguous-json"


def test_unknown_keys_are_no_lookalikes() -> None:
    """Extensions are allowed to say what they like."""
    refuse_lookalikes({"x-config": 1, "config": 2}, KNOWN, "x")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"[]", "a list"),
        (b'"x"', "a string"),
        (b"1", "a number"),
        (b"1.5", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_an_object_is_an_object(content: bytes, kind: str) -> None:
    """Everything else is named for what it is."""
    with pytest.raises(MalformedData, match=f"is {kind}, not a JSON object") as caught:
        parse_object(content, "the config")
    assert caught.value.code == "malformed-json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


def read(content: bytes) -> object:
    """Give the value, or the error as one."""
    try:
        return parse_strict(content, "x")
    except MalformedData as error:
        return error


@given(JSON)
def test_unambiguous_json_is_read_as_it_is(value: object) -> None:
    """What it accepts is what Python's own reader gives; the rest is refused for its keys."""
    got = read(json.dumps(value).encode())
    assert got == value or (isinstance(got, MalformedData) and got.code == "ambiguous-json" and "key" in str(got))


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise_anything_else(content: bytes) -> None:
    """Rubbish is malformed, whatever it is."""
    got = read(content)
    assert not isinstance(got, MalformedData) or got.code in {"malformed-json", "ambiguous-json"}


@given(st.text())
def test_folding_goes_no_further_the_second_time(key: str) -> None:
    """Keys that fold alike once fold alike for ever."""
    assert fold(key.upper()) == fold(key.upper().lower()) or not key.isascii()
    assert fold(fold(key)) == fold(fold(fold(key)))


@given(st.text('[]{}"\\,a', max_size=40), st.integers(0, 130))
def test_the_quick_look_at_depth_never_lets_through_what_the_slow_one_refuses(text: str, more: int) -> None:
    """Brackets in strings, unbalanced ones, escapes, and every depth around the limit."""
    content = (text + "[" * more + text + "]" * more).encode()
    depth = deepest = 0
    for token in re.findall(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', content, re.DOTALL):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token, 0)
        deepest = max(deepest, depth)
    if deepest > MOST_DEPTH:
        with pytest.raises(MalformedData, match="nests deeper"):
            parse_strict(content, "it")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_counted_exactly(opening: str) -> None:
    """The last level that is read, and the first that is not."""
    closing = "]" if opening == "[" else "}"
    inner = "1" if opening != "[" else ""
    parse_strict((opening * MOST_DEPTH + inner + closing * MOST_DEPTH).encode(), "it")
    with pytest.raises(MalformedData, match="nests deeper"):
        parse_strict((opening * (MOST_DEPTH + 1) + inner + closing * (MOST_DEPTH + 1)).encode(), "it")


def test_a_twin_is_found_behind_objects_of_the_same_shape() -> None:
    """What was seen without twins says nothing about the next object."""
    for last in ('{"a":1,"b":2,"a":3}', '{"a":1,"b":2,"A":3}', '{"b":1,"a":1,"b":1}'):
        with pytest.raises(MalformedData, match=r"has the key '[abA]'"):
            parse_strict(f'[{{"a":1,"b":2}},{{"a":1,"b":2}},{last}]'.encode(), "it")
