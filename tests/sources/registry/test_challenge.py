"""`WWW-Authenticate`, read by its grammar."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sources.registry.challenge import MOST_CHALLENGES, MOST_HEADER, parse_challenges, preferred

READ = {
    'Bearer realm="https://a/t",service="s"': [("bearer", {"realm": "https://a/t", "service": "s"})],
    'Bearer scope="repository:x:pull,push repository:y:pull"': [
        ("bearer", {"scope": "repository:x:pull,push repository:y:pull"})
    ],
    'BEARER ReAlM="a"': [("bearer", {"realm": "a"})],
    "Basic": [("basic", {})],
    "Negotiate, Basic realm=x": [("negotiate", {}), ("basic", {"realm": "x"})],
    "Negotiate abc==, NTLM, Basic realm=x": [("negotiate", {}), ("ntlm", {}), ("basic", {"realm": "x"})],
    'Digest realm="a, Basic realm=b", nonce="c", Bearer realm="d"': [
        ("digest", {"realm": "a, Basic realm=b", "nonce": "c"}),
        ("bearer", {"realm": "d"}),
    ],
    r'Basic realm="a\"b\\c"': [("basic", {"realm": r"a\"b\\c".replace(r"\"", '"').replace(r"\\", "\\")})],
    'Basic realm = "a" , charset = "UTF-8"': [("basic", {"realm": "a", "charset": "UTF-8"})],
    ' ,, Basic realm="a",,x=y,': [("basic", {"realm": "a", "x": "y"})],
    'Basic realm=""': [("basic", {"realm": ""})],
}


@pytest.mark.parametrize(("header", "wanted"), READ.items(), ids=READ)
def test_a_header_is_read(header: str, wanted: list[tuple[str, dict[str, str]]]) -> None:
    """Commas in quotes, several challenges, blanks, empty elements."""
    assert [(one.scheme, dict(one.parameters)) for one in parse_challenges([header])] == wanted


BROKEN = [
    'Bearer realm="https://a/t',
    'Bearer realm="a" service="b"',
    'Bearer realm="a",realm="b"',
    "Bearer realm=a,REALM=b",
    "Bearer realm=",
    'Bearer ="a"',
    '"Bearer" realm="a"',
    "Bearer realm=a@b",
    "Bearer (realm=a)",
    'Bearer realm="a\\',
]


@pytest.mark.parametrize("header", BROKEN)
def test_what_breaks_the_grammar_is_no_challenge(header: str) -> None:
    """Two readers could take two realms."""
    assert preferred(parse_challenges([header])) is None


def test_what_came_before_the_break_counts() -> None:
    """Of one line; and every other line."""
    assert [one.scheme for one in parse_challenges(["Basic realm=x, Bearer realm=a@b", "Negotiate"])] == [
        "basic",
        "negotiate",
    ]


def test_bearer_with_a_realm_is_preferred() -> None:
    """Then Basic; a Bearer without a realm leads nowhere."""
    assert preferred(parse_challenges(["Basic realm=x", "Bearer realm=y"])) == parse_challenges(["Bearer realm=y"])[0]
    assert preferred(parse_challenges(["Bearer service=x, Basic realm=x"])) == parse_challenges(["Basic realm=x"])[0]
    assert preferred(parse_challenges(["Negotiate", "Digest realm=x"])) is None


def test_numbers_and_sizes_are_bounded() -> None:
    """A header is not a place to keep us busy."""
    assert len(parse_challenges(["Basic realm=x"] * 100)) == MOST_CHALLENGES
    assert parse_challenges(["Basic realm=" + "x" * MOST_HEADER]) == ()


TOKENS = st.text("abcXYZ019-_.", min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)
CHALLENGES = st.lists(
    st.tuples(TOKENS, st.dictionaries(TOKENS.map(str.lower), VALUES, min_size=1, max_size=3)), min_size=1, max_size=3
)


@given(CHALLENGES, st.sampled_from([", ", ",", " , ", ",,"]))
def test_what_was_written_is_read(challenges: list[tuple[str, dict[str, str]]], comma: str) -> None:
    """For every scheme, parameter and value, in quotes."""

    def quoted(value: str) -> str:
        return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'

    line = comma.join(
        f"{scheme} " + comma.join(f"{name}={quoted(value)}" for name, value in parameters.items())
        for scheme, parameters in challenges
    )
    read = [(one.scheme, dict(one.parameters)) for one in parse_challenges([line])]
    assert read == [(scheme.lower(), parameters) for scheme, parameters in challenges]


@given(st.text(string.printable, max_size=200))
def test_any_text_is_read_or_left(text: str) -> None:
    """Never an error."""
    parse_challenges([text])
