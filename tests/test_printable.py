"""Text of others, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.printable import clip, harmless, printable
from tests.reports.runner import commands

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("容器 é →", "容器 é →"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31m\x7f\x9b", "\\x1b[31m\\x7f\\x9b"),
        ("\u202egnp\u2066\u200b\ufeff", "\\u202egnp\\u2066\\u200b\\ufeff"),
        ("\u2028\ud800\ue000\U000e0041", "\\u2028\\ud800\\ue000\\U000e0041"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text: str, shown: str) -> None:
    """Control, format, surrogate, private and unassigned characters; everything else stays."""
    assert printable(text) == shown


@given(st.text())
def test_printable_text_holds_nothing_hidden(text: str) -> None:
    """Whatever comes in."""
    assert not {unicodedata.category(character) for character in printable(text)} & _HIDDEN


@given(st.text(max_size=50), st.integers(1, 20))
def test_clipped_text_is_short_or_says_how_much_is_missing(text: str, most: int) -> None:
    """Nothing is cut silently."""
    assert len(clip(text, most)) <= most + len("… (+50 characters)")
    assert clip(text, most) == printable(text) or "… (+" in clip(text, most)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::owned", "\\x3a:error::owned"),
        ("see ::error::owned", "see \\x3a:error::owned"),
        ("see\u3000::error::owned", "see\u3000\\x3a:error::owned"),
        (":::x", "\\x3a::x"),
        ("Foo::Bar and fe80::1", "Foo::Bar and fe80::1"),
        ("##[error]owned", "\\x23#[error]owned"),
        ("x##[error]owned", "x\\x23#[error]owned"),
        ("###[error]owned", "#\\x23#[error]owned"),
        ("##vso[task.complete]", "\\x23#vso[task.complete]"),
        ("##VSO[task.complete]", "\\x23#VSO[task.complete]"),
        ("##teamcity[x]", "\\x23#teamcity[x]"),
        ("## heading [link]", "## heading [link]"),
        ("#[x]", "#[x]"),
    ],
)
def test_what_a_runner_would_obey_is_shown_as_an_escape(text: str, shown: str) -> None:
    """And what only looks alike stays readable."""
    assert harmless(text) == shown


@given(st.lists(st.sampled_from([":", "::", "#", "##[", "[", " ", "\u3000", "\xa0", "vso[", "a", "\\"])).map("".join))
def test_harmless_text_holds_no_command_wherever_a_line_ends(text: str) -> None:
    """Wrapping may put any word first in a line."""
    assert commands("\n".join(harmless(printable(text)).split(" "))) == []
    assert harmless(harmless(text)) == harmless(text)
