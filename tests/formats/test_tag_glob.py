"""Texts that no tag can match are told, and names of conventions that were meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.conventions import CONVENTIONS
from gate.formats.tag_glob import meant_convention, tag_glob_problem
from gate.pattern import Glob

TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"


@given(st.from_regex(TAG, fullmatch=True), st.data())
def test_a_glob_that_matches_a_tag_is_never_refused(tag: str, data: st.DataObject) -> None:
    """Whatever of the tag is replaced by a star."""
    start = data.draw(st.integers(0, len(tag)))
    glob = f"{tag[:start]}*{tag[data.draw(st.integers(start, len(tag))) :]}"
    assert Glob(glob).matches(tag)
    assert tag_glob_problem(glob) is None
    assert meant_convention(glob) == ""


@pytest.mark.parametrize(
    "text", ["", " 1", "1\n", "1.4.?", "[0-9]", "^1", "1$", "-1", ".1", "a+b", "1,2", "ä", "1" * 129]
)
def test_a_text_that_no_tag_can_be_is_told(text: str) -> None:
    """With what tags are made of."""
    assert (tag_glob_problem(text) or "").startswith(f"no tag can match {text[:80]!r}: tags have letters, digits,")


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_is_known_in_any_capitals(name: str) -> None:
    """And with the underscore that people type for the hyphen."""
    for text in (name, name.upper(), name.capitalize(), name.replace("-", "_")):
        assert meant_convention(text) == name


@pytest.mark.parametrize(
    "tag",
    ["latest", "main", "develop", "prod", "staging", "stable", "nightly", "1.4.2", "v1", "7c0bb30", "release", "s"],
)
def test_usual_tags_are_no_slips(tag: str) -> None:
    """They are denied and allowed by name in many rule files."""
    assert meant_convention(tag) == ""


@pytest.mark.parametrize("text", ["*semver", "semve*", "moving*", "s" * 1_000_000])
def test_globs_and_endless_texts_are_no_slips(text: str) -> None:
    """A glob may match; a long text is not compared."""
    assert meant_convention(text) == ""
