"""Text in columns: widths as a terminal shows them, and words that stay whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.columns import Ink, Page, columns, wrap

_LINES = st.text(st.characters(categories=["L", "M", "N", "P", "S"], include_characters=" "), max_size=200)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("容器", 4), ("ﾊﾝ", 2), ("Ａ", 2), ("→", 1), ("a容", 3)],
)
def test_a_width_is_what_a_terminal_shows(text: str, width: int) -> None:
    """Wide characters take two columns, marks none, halfwidth forms one."""
    assert columns(text) == width


@given(_LINES, st.integers(10, 100), st.integers(0, 9), st.integers(0, 9))
def test_no_line_is_wider_than_the_room_unless_one_word_is(text: str, width: int, used: int, hanging: int) -> None:
    """A line that is too wide is a single word."""
    for number, line in enumerate(wrap(text, width, used, hanging)):
        taken = hanging if number else used
        assert columns(line) + taken <= width or " " not in line


@given(_LINES, st.integers(1, 100))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    """Words are neither cut nor dropped nor put in another order."""
    assert "".join(wrap(text, width)).replace(" ", "") == text.replace(" ", "")


def test_spaces_within_a_line_stay_as_many_as_they_are() -> None:
    """A value is shown as it is."""
    assert wrap("a  b   c", 80) == ["a  b   c"]


def test_a_long_word_stays_whole() -> None:
    """A digest can be copied."""
    assert wrap("see sha256:0123456789 now", 10) == ["see", "sha256:0123456789", "now"]


def test_an_entry_hangs_below_its_text() -> None:
    """Label, text, and the next line under the text."""
    page = Page(20, colour=False, verbose=False)
    page.entry("fix", "write it into the file", indent=2, column=5)
    assert page.text() == "  fix  write it into\n       the file\n"


def test_a_gap_is_never_first_and_never_doubled() -> None:
    """Blank lines part things; they are no things."""
    page = Page(20, colour=False, verbose=False)
    page.gap()
    page.entry("", "a")
    page.gap()
    page.gap()
    page.entry("", "b")
    assert page.text() == "a\n\nb\n"


def test_ink_is_shown_only_with_colour() -> None:
    """The words are the same."""
    for colour, says in ((False, "FAILED x\n"), (True, "\x1b[1;31mFAILED\x1b[0m x\n")):
        page = Page(80, colour=colour, verbose=False)
        page.line((Ink.RED, "FAILED"), (Ink.PLAIN, " x"))
        assert page.text() == says


@pytest.mark.parametrize("colour", [False, True])
def test_a_line_that_became_a_command_when_it_was_put_together_is_escaped(*, colour: bool) -> None:
    """Two harmless texts may make a command; the page looks at whole lines."""
    page = Page(80, colour=colour, verbose=False)
    page.line((Ink.RED, ":"), (Ink.PLAIN, ":error::owned #"), (Ink.PLAIN, "#[error]owned"))
    assert page.text() == "\\x3a:error::owned \\x23#[error]owned\n"
