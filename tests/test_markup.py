"""Texts of others inside Markdown and JSON: they show as they are and do nothing."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gate.markup import code, json_text, prose, safe

_READER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
_PARTS = st.lists(
    st.sampled_from(
        [
            "`",
            "``",
            "|",
            "\\",
            "\\|",
            "*",
            "_",
            "[",
            "](",
            ")",
            "<b>",
            "&lt;",
            "@user",
            "#1",
            ":x:",
            "a",
            " ",
            "~~",
            "$",
            "\n",
        ]
    ),
    max_size=12,
).map("".join)


def inline(markdown: str) -> list[tuple[str, str]]:
    """Give type and text of what one line of Markdown is made of."""
    tokens = _READER.parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return [(child.type, child.content) for child in tokens[1].children or []]


def reads(markdown: str) -> str:
    """Give what people read."""
    return "".join(content for _, content in inline(f"x{markdown}x"))[1:-1].replace("\u200b", "")


@given(st.one_of(st.text(max_size=40), _PARTS))
def test_a_code_span_shows_the_text_and_nothing_acts_in_it(text: str) -> None:
    """Whatever it holds; in a paragraph and in a table."""
    if not safe(text):
        return
    kinds = {kind for kind, _ in inline(f"x{code(text)}x")}
    assert kinds <= {"text", "code_inline"}
    # A span of nothing but spaces keeps them; one with spaces at its ends has one more of them.
    assert reads(code(text)).split() == safe(text).split()
    assert code(text).replace("&#124;", "").count("|") == 0


@given(st.one_of(st.text(max_size=40), _PARTS))
def test_a_sentence_shows_the_text_and_nothing_acts_in_it(text: str) -> None:
    """Pairs of backticks make code spans; everything else is plain text."""
    kinds = {kind for kind, _ in inline(f"x{prose(text)}x")}
    assert kinds <= {"text", "code_inline"}
    shown = safe(text)
    wanted = shown.replace("`", "") if shown.count("`") % 2 == 0 else shown
    assert reads(prose(text)).split() == wanted.split() or "`" in shown
    assert "|" not in prose(text)


@given(st.one_of(st.text(max_size=40), _PARTS))
def test_a_cell_never_ends_early(text: str) -> None:
    """Two cells stay two, in every way of reading escapes."""
    row = f"| {code(text)} | {prose(text)} |"
    assert row.count("|") == 3
    tokens = _READER.parse(f"| a | b |\n| - | - |\n{row}\n")
    assert sum(token.type == "td_open" for token in tokens) == 2


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("plain words, 1.2-3 (x)", "plain words, 1.2-3 (x)"),
        ("run `gate resolve` first", "run `gate resolve` first"),
        ("one ` tick", "one &#96; tick"),
        ("@user", "&#64;&#8203;user"),
        ("a@b.c", "a&#64;&#8203;b.c"),
        ("#12 and GH-12", "&#35;&#8203;12 and GH-&#8203;12"),
        ("https://evil.example/x", "https&#58;&#8203;&#47;&#8203;/evil.example/x"),
        ("www.evil.example", "www&#8203;.evil.example"),
        (":tada:", "&#58;&#8203;tada:"),
        ("[x](y)", "&#91;x&#93;(y)"),
        ("<b>&lt;", "&#60;b&#62;&#38;&#8203;lt;"),
        ("a|b", "a&#124;b"),
        ("3.0.11-1~deb12u2", "3.0.11-1&#126;deb12u2"),
        ("~label !1 $1 %1", "&#126;&#8203;label &#33;&#8203;1 &#36;&#8203;1 &#37;&#8203;1"),
        ("ratio: 1", "ratio: 1"),
    ],
)
def test_what_looks_like_a_mention_reference_or_link_is_broken_up(text: str, markdown: str) -> None:
    """Forges look at the text after Markdown was read, so an escape is not enough."""
    assert prose(text) == markdown


@pytest.mark.parametrize(
    "text",
    ["@user", "a@b.example", "#1", "o/r#1", ":tada:", "https://x.example", "http://x", "www.x.example", "GH-1", "!1"],
)
def test_after_markdown_was_read_nothing_looks_like_a_mention(text: str) -> None:
    """What a forge's filters see has a character between."""
    seen = html.unescape(prose(text))
    assert not re.search(r"@\w|#\d|:\w+:|://|www\.|GH-\d|!\d", seen)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("", "*(empty)*"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a``b`c", "```a``b`c```"),
        (" a ", "`  a  `"),
        ("a|b", "`a`&#124;`b`"),
        ("||", "&#124;&#124;"),
        ("a\\|b", "`a\\`&#124;`b`"),
        ("##[error]x", "`\\x23#[error]x`"),
        ("a\nb", "`a\\nb`"),
    ],
)
def test_code_is_written_with_more_backticks_than_it_holds(text: str, markdown: str) -> None:
    """And a pipe stands between two spans."""
    assert code(text) == markdown


def test_long_texts_are_cut_and_say_so() -> None:
    """What is missing is counted."""
    assert code("x" * 20, 5) == "`xxxxx… (+15 characters)`"
    assert prose("x" * 20, 5) == "xxxxx… (+15 characters)"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_json_reads_back_as_it_was_and_commands_nobody(value: object) -> None:
    """In printable ASCII."""
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert "##[" not in text


def test_a_bracket_command_in_json_is_escaped() -> None:
    """`##[` inside of a string."""
    assert json_text(["##[error]x", "##vso[y]"]) == '[\n  "\\u0023#[error]x",\n  "\\u0023#vso[y]"\n]\n'


@pytest.mark.parametrize("character", "\\*_{}[]<>#!|~@&$%^")
def test_what_means_something_in_some_dialect_is_escaped(character: str) -> None:
    """CommonMark, GFM, math, superscripts, GitLab's inline differences and references."""
    assert f"&#{ord(character)};" in prose(f"a {character}b{character} c")
    assert character not in re.sub(r"&#\d+;", "", prose(f"a {character}b{character} c"))
