"""YAML text becomes nodes that keep what was typed, or mistakes; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import Mistake
from gate.ruleset.nodes import MOST_BYTES, MOST_DEPTH, MOST_MISTAKES, ListNode, MapNode, ScalarNode, parse
from tests.ruleset.toys import mistakes


def problems(content: bytes) -> list[str]:
    """Give `line:column: message` of every mistake."""
    found: list[Mistake] = []
    parse("f.yaml", content, found)
    return [f"{one.line}:{one.column}: {one.message}" for one in found]


@pytest.mark.parametrize(
    "text", ["0123456", "1.10", "no", "on", "yes", "1e3", "0x1F", "2026-01-01", "12:30:45", "=", "!x"[1:]]
)
def test_a_plain_scalar_keeps_its_text(text: str) -> None:
    """A commit, a version and old YAML words stay what was typed."""
    found: list[Mistake] = []
    node = parse("f.yaml", f"a: {text}".encode(), found)
    assert found == []
    assert isinstance(node, MapNode)
    value = node.entries[0].value
    assert isinstance(value, ScalarNode)
    assert (value.text, value.plain, value.mark.line, value.mark.column, value.mark.width) == (
        text,
        True,
        1,
        4,
        len(text),
    )


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_is_known_and_only_without_quotes(text: str) -> None:
    """YAML 1.2 core, 10.3.2."""
    plain, quoted = (parse("f.yaml", f"a: {form}".encode(), []) for form in (text, f"'{text}'"))
    assert isinstance(plain, MapNode)
    assert isinstance(quoted, MapNode)
    for node, is_null in ((plain, True), (quoted, False)):
        value = node.entries[0].value
        assert isinstance(value, ScalarNode)
        assert value.is_null is is_null


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: the file is empty"),
        (b"# only a comment\n", "1:1: the file is empty"),
        (b"a: &x 1", "1:4: &x is a YAML anchor: anchors are not supported, write the value out"),
        (b"a: &x [1]", "1:4: &x is a YAML anchor: anchors are not supported, write the value out"),
        (b"a: *x", "1:4: *x is a YAML alias: aliases are not supported; if this is a glob, put it in quotes"),
        (b"a: !!str 1", "1:4: tag:yaml.org,2002:str is a YAML tag: tags are not supported, put a text in quotes"),
        (b"a: !x {}", "1:4: !x is a YAML tag: tags are not supported, put a text in quotes"),
        (b"<<: {a: 1}", "1:1: << is a YAML merge key: merging is not supported, write the keys out"),
        (b"a: 1\n---\nb: 2", "2:1: a second YAML document: one file holds one document"),
        (b"a: 1\n...\n---\nb: 2", "3:1: a second YAML document: one file holds one document"),
        (b"%YAML 1.1\n---\na: 1", "1:1: YAML directives (%YAML, %TAG) are not supported"),
        (b"%TAG ! tag:x,2000:\n---\na: 1", "1:1: YAML directives (%YAML, %TAG) are not supported"),
        (b"a: 1\nb: 2\na: 3", "3:1: the key 'a' stands here twice (first in line 1)"),
        (b"a: 1\nA: 2", "2:1: the key 'A' stands here beside 'a', equal but for upper and lower case (first in line 1)"),
        ("s: 1\nſ: 2".encode(), "2:1: the key 'ſ' stands here beside 's', equal but for upper and lower case (first in line 1)"),
        (b"? [a]\n: 1", "1:3: a key is a text; if this is a template, put it in quotes"),
        (b"x: {{a}}", "1:5: a key is a text; if this is a template, put it in quotes"),
        (b"? *a\n: 1", "1:3: *a is a YAML alias: aliases are not supported; if this is a glob, put it in quotes"),
        (b"'': 1", "1:1: an empty key"),
        (b"~: 1", "1:1: an empty key"),
        (b"\xff\xfea\x00", "1:1: UTF-16 text; save the file as UTF-8"),
        (b"\xef\xbb\xbfa: 1", "1:1: starts with a byte order mark; save the file as UTF-8 without BOM"),
        (b"a: 1\nb: \xe9\n", "2:1: not UTF-8 text (byte 8 of the file)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "1:1: not UTF-8 text (byte 0 of the file)"),
        (b"x" * (MOST_BYTES + 1), "1:1: larger than 1024 KiB, which is no rule file"),
        (b"a: [1, 2", "2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence (it starts in line 1)"),
        (b"a: @x", ("1:4: not YAML: found character that cannot start any token while scanning for the next token; put the text in quotes (a tab, @, % or ` cannot start a plain text)")),
        (b"a: **", ("1:5: not YAML: did not find expected alphabetic or numeric character while scanning an alias; put globs in quotes: '*'")),
        (b"a: b: c", ("1:5: not YAML: mapping values are not allowed in this context; put a text that holds ': ' in quotes, and check the indentation")),
        (b'a: "\\u202e"', "1:4: the text holds an escaped character that does not show as itself"),
        (b'"\\0": 1', "1:1: the text holds an escaped character that does not show as itself"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else "",
)  # fmt: skip
def test_what_rule_files_do_not_have_is_a_mistake_with_its_place(content: bytes, message: str) -> None:
    """Exactly one message, exactly there."""
    assert problems(content) == [message]


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u202e", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("\u2066", "U+2066 (LEFT-TO-RIGHT ISOLATE)"),
        ("\u200b", "U+200B (ZERO WIDTH SPACE)"),
        ("\u200d", "U+200D (ZERO WIDTH JOINER)"),
        ("\ufeff", "U+FEFF (ZERO WIDTH NO-BREAK SPACE)"),
        ("\u00ad", "U+00AD (SOFT HYPHEN)"),
        ("\r", "U+000D (a carriage return that ends no line)"),
        ("\u0085", "U+0085 (a next-line character)"),
        ("\u2029", "U+2029 (PARAGRAPH SEPARATOR)"),
        ("\x0b", "U+000B (a control character)"),
        ("\x0c", "U+000C (a control character)"),
        ("\u2028", "U+2028 (LINE SEPARATOR)"),
        ("\x1b", "U+001B (a control character)"),
        ("\x00", "U+0000 (a control character)"),
        ("\ue000", "U+E000 (a control character)"),
    ],
)
@pytest.mark.parametrize("line", ["# comment {}", "a: 'x{}'", "{}a: 1"])
def test_a_character_that_does_not_show_is_a_mistake_wherever_it_stands(character: str, name: str, line: str) -> None:
    """S29: also in comments, where it can make a rule look switched off."""
    column = line.index("{}") + 1
    message = f"2:{column}: {name} is not allowed in a rule file: it does not show as itself"
    assert problems(("ok: 1\n" + line.format(character)).encode()) == [message]


@pytest.mark.parametrize("character", ["\r", "\u0085", "\u2028", "\u2029"])
def test_a_comment_ends_where_a_reader_sees_it_end(tmp_path: Path, character: str) -> None:
    """What YAML takes for the end of a line and an editor or a diff does not show as one would make rules of comments."""
    text = f"gate: 1\nrules:\n  tags:\n    check: tag\n    allow: semver  # by all{character}    level: warning\n"
    path = tmp_path / "gate.yaml"
    path.write_bytes(text.encode())
    (only,) = mistakes(path)
    assert only.startswith("gate.yaml:5:28: U+")
    assert only.endswith("is not allowed in a rule file: it does not show as itself")


def test_lines_may_end_with_cr_lf(tmp_path: Path) -> None:
    """As editors on Windows write them; the last character of a file may be a CR no more than any other."""
    assert problems(b"a: 1\r\n# b\r\nc: 2\r\n") == []
    assert problems(b"a: 1\r\nb: 2\r") == [
        "2:5: U+000D (a carriage return that ends no line) is not allowed in a rule file: it does not show as itself"
    ]
    assert problems(b"a: 1\r\r\nb: 2") == [
        "1:5: U+000D (a carriage return that ends no line) is not allowed in a rule file: it does not show as itself"
    ]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: ", "a:\n"])
def test_nesting_ends_in_a_mistake_before_anything_recurses(opening: str) -> None:
    """30,000 brackets kill libyaml's own composer."""
    text = opening * 30_000 if opening != "a:\n" else "".join(" " * level + "a:\n" for level in range(400))
    (only,) = problems(text.encode())
    assert "nests deeper than 32 levels" in only or "exceeded maximum nesting depth" in only


def test_the_deepest_nesting_that_is_allowed_is_read() -> None:
    """One level less than refused."""
    assert problems(b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1)) == []
    assert problems(b"[" * (MOST_DEPTH + 2) + b"]" * (MOST_DEPTH + 2)) == ["1:34: nests deeper than 32 levels"]


def test_mistakes_of_one_file_are_bounded() -> None:
    """A megabyte of rubbish is not a megabyte of messages."""
    assert len(problems(b"a: 1\n" * 10_000)) == MOST_MISTAKES
    assert len(problems("\u200b".encode() * 10_000)) == MOST_MISTAKES


def test_a_mistake_shows_its_line_and_a_caret() -> None:
    """The whole text, as people see it."""
    found: list[Mistake] = []
    parse("f.yaml", b"rules:\n\n  x: {a: 1, a: 22}\n", found)
    assert str(found[0]) == (
        "f.yaml:3:13: the key 'a' stands here twice (first in line 3)\n"
        "    3 |   x: {a: 1, a: 22}\n"
        "      |             ^"
    )


def test_a_line_that_cannot_be_shown_as_it_is_is_left_out() -> None:
    """Too long, or with characters that would be escaped: the caret would point elsewhere."""
    long: list[Mistake] = []
    parse("f.yaml", b"a: " + b"x" * 300 + b"\na: 1", long)
    assert long[0].source == "a: 1"
    parse("f.yaml", b"a: &x " + b"x" * 300, long)
    assert long[1].source == ""


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_node_or_a_mistake(content: bytes) -> None:
    """Nothing raises, and nothing is silently nothing."""
    found: list[Mistake] = []
    node = parse("f.yaml", content, found)
    assert node is not None or found


yaml_like = st.text(st.sampled_from("ab12 :-,[]{}&*!|>'\"%@`#?\n\t~<.ſéK\u200b"), max_size=60)


@given(yaml_like)
def test_any_text_like_yaml_ends_in_a_node_or_a_mistake(text: str) -> None:
    """The same, near the grammar; every place is inside the file."""
    found: list[Mistake] = []
    node = parse("f.yaml", text.encode(), found)
    assert node is not None or found
    assert all(1 <= one.line <= text.count("\n") + 2 and one.column >= 1 for one in found)
    assert all(str(one) for one in found)


def test_lists_keep_their_order_and_places() -> None:
    """Every item knows its line and column."""
    node = parse("f.yaml", b"- a\n-  b\n", [])
    assert isinstance(node, ListNode)
    assert [(item.mark.line, item.mark.column) for item in node.items] == [(1, 3), (2, 4)]
