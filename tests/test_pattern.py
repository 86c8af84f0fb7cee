"""Globs and regular expressions of rule files: whole matches, and hostile text cannot make one hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.pattern import Glob, PatternTimeoutError, Regex


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("ghcr.io/acme/*", "ghcr.io/acme/app", True),
        ("ghcr.io/acme/*", "ghcr.io/acme/team/app", False),
        ("ghcr.io/acme/**", "ghcr.io/acme/team/app", True),
        ("ghcr.io/acme/**", "ghcr.io/acme-evil/app", False),
        ("ghcr.io/acme/*", "ghcr.io/acme/", True),
        ("*", "", True),
        ("*", "a/b", False),
        ("**", "a/b\nc", True),
        ("***", "a/b", True),
        ("v*.*", "v1.2", True),
        ("v*.*", "V1.2", False),
        ("1.?", "1.2", False),
        ("1.?", "1.?", True),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a.b", "aXb", False),
        ("latest", "latest\n", False),
        ("**a*b", "a/ab", True),
        ("*a/b*c", "xa/bxc", True),
        ("*a/b*c", "xa/bx/c", False),
        ("\\*", "\\x", True),
    ],
)
def test_a_glob_matches_the_whole_text(glob: str, text: str, expected: bool) -> None:  # noqa: FBT001 -- a table
    """`*` stops at `/`, `**` does not, nothing else is special."""
    assert Glob(glob).matches(text) is expected


@given(st.text("ab*/.", min_size=1, max_size=8), st.text("ab/.", max_size=8))
def test_a_glob_means_what_its_translation_means(glob: str, text: str) -> None:
    """The matcher agrees with the textbook translation into a regular expression."""
    parts = re.split(r"(\*+)", glob)
    translated = "".join("[^/]*" if part == "*" else ".*" if part[:1] == "*" else re.escape(part) for part in parts)
    assert Glob(glob).matches(text) == (re.fullmatch(translated, text, re.DOTALL) is not None)


@given(st.text(min_size=1).filter(lambda text: "*" not in text))
def test_a_glob_without_stars_is_itself(text: str) -> None:
    """It matches its own text alone."""
    assert Glob(text).is_literal
    assert Glob(text).matches(text)
    assert not Glob(text).matches(text + "x")


@pytest.mark.parametrize("star", ["*", "**"])
def test_many_stars_do_not_hang(star: str) -> None:
    """Backtracking would try more ways here than there are atoms."""
    begun = time.monotonic()
    assert not Glob(f"{star}a" * 60 + f"{star}b{star}c").matches("a" * 20_000 + "c")
    assert time.monotonic() - begun < 5


def test_an_empty_glob_is_refused() -> None:
    """It could match nothing."""
    with pytest.raises(ValueError, match="empty glob"):
        Glob("")


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("v[0-9]+", "v12", True),
        ("v[0-9]+", "v12\n", False),
        ("v[0-9]+", "xv12", False),
        ("v|w", "vx", False),
        (r"\d", "1", True),
    ],
)
def test_an_expression_matches_in_full(expression: str, text: str, expected: bool) -> None:  # noqa: FBT001 -- a table
    """No prefix, no suffix, no newline behind."""
    assert Regex(expression).matches(text) is expected


def test_a_broken_expression_is_refused_when_it_is_read() -> None:
    """The message says what is wrong with it."""
    with pytest.raises(ValueError, match="not a regular expression"):
        Regex("(")


def test_an_expression_that_would_run_for_ever_is_stopped() -> None:
    """Nobody knows whether it matches, so it says neither."""
    with pytest.raises(PatternTimeoutError, match="longer than"):
        Regex(r"(a|a|aa)+\1?$x").matches("a" * 5000)
