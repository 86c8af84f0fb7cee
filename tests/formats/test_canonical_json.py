"""Canonical JSON: one way to write a value, the same as Go's for what Notary signs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.canonical_json import canonical

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None, -5], "": {}}, b'{"":{},"a":[true,null,-5],"b":1}'),
        (
            {"Z": 1, "a": 2, "é": 3, "\U0001f600": 4, "\uffff": 5},
            '{"Z":1,"a":2,"é":3,"\uffff":5,"\U0001f600":4}'.encode(),
        ),
        ('quote " and \\ but no / or <', b'"quote \\" and \\\\ but no / or <"'),
        ("tab\tline\nnul\0del\x7f", b'"tab\tline\nnul\x00del\x7f"'),
        ([], b"[]"),
    ],
)
def test_how_values_are_written(value: object, written: bytes) -> None:
    """Keys by their bytes, no white space, two characters escaped, everything else as it is."""
    assert canonical(value, "x") == written


@pytest.mark.parametrize("value", [1.5, 1.0, 2**53 + 1, -(2**53) - 1, {"a": [1e300]}])
def test_numbers_without_canonical_form(value: object) -> None:
    """Only integers that every reader keeps."""
    with pytest.raises(MalformedData, match="x holds a number") as told:
        canonical(value, "x")
    assert told.value.code == "malformed-json"


def test_half_of_a_surrogate_pair() -> None:
    """It is no character, and Go makes another of it."""
    with pytest.raises(MalformedData) as told:
        canonical({"a": "\ud800"}, "x")
    assert told.value.code == "ambiguous-json"


@given(_VALUES)
def test_equal_values_are_written_equally(value: object) -> None:
    """Whatever order the keys came in; and two different values are never written alike."""
    shuffled = json.loads(json.dumps(value, sort_keys=True))
    assert canonical(value, "x") == canonical(shuffled, "x")


@given(_VALUES, _VALUES)
def test_different_values_are_written_differently(one: object, other: object) -> None:
    """A signature over one says nothing about the other."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical(one, "x") == canonical(other, "x")) == same
