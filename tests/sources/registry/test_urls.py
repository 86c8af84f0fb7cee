"""URLs of strangers: read one way only, or refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sources.registry.addresses import Nearness, nearness
from gate.sources.registry.pages import links
from gate.sources.registry.urls import MOST_URL, Origin, Url, is_loopback_name

READ = {
    "https://a.example": ("https", "a.example", 443, "/"),
    "https://A.Example:443/x?y=1": ("https", "a.example", 443, "/x?y=1"),
    "http://a.example:8080/": ("http", "a.example", 8080, "/"),
    "https://[::1]:5000/v2/": ("https", "::1", 5000, "/v2/"),
    "https://a.example/x#part": ("https", "a.example", 443, "/x"),
    "https://127.0.0.1?x": ("https", "127.0.0.1", 443, "/?x"),
}


@pytest.mark.parametrize(("text", "wanted"), READ.items(), ids=READ)
def test_a_url_is_read(text: str, wanted: tuple[str, str, int, str]) -> None:
    """Host in lower case, port always there, the fragment gone."""
    url = Url.parse(text)
    assert (url.origin.scheme, url.origin.host, url.origin.port, url.target) == wanted


REFUSED = {
    "ftp://a.example/": "neither https nor http",
    "//a.example/": "neither https nor http",
    "a.example": "neither https nor http",
    "https://user@a.example/": "a user name in it",
    "https://user:hunter2@a.example/": "a user name in it",
    "https:///x": "is no host name",
    "https://a..example/": "is no host name",
    "https://a%2e.example/": "is no host name",
    "https://a.example\\@b.example/": "characters that no URL has",
    "https://a.example/\r\nX: y": "characters that no URL has",
    "https://a.example/ x": "characters that no URL has",
    "https://ａ.example/": "characters that no URL has",
    "https://a.example:99999/": "out of range",
    "https://[::1/": "Invalid IPv6 URL",
    "https://" + "a" * MOST_URL: "characters",
}


@pytest.mark.parametrize(("text", "told"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_could_be_read_two_ways_is_refused(text: str, told: str) -> None:
    """Without showing what may be a password."""
    with pytest.raises(ValueError, match=told) as caught:
        Url.parse(text)
    assert "hunter2" not in str(caught.value)


def test_a_query_is_not_shown() -> None:
    """It may be as good as a password (pre-signed URLs)."""
    assert Url.parse("https://s.example/a?X-Sig=hunter2").shown == "https://s.example/a?…"


def test_parameters_are_added_to_those_already_there() -> None:
    """GitLab's realm has some."""
    assert str(Url.parse("https://a.example/t?x=1").with_query(("a b", "c&d"))) == "https://a.example/t?x=1&a+b=c%26d"


def test_relative_references_are_resolved_where_they_were_found() -> None:
    """RFC 3986 section 5."""
    base = Url.parse("https://a.example:5000/v2/x/tags/list?n=2")
    assert str(base.join("?n=2&last=b")) == "https://a.example:5000/v2/x/tags/list?n=2&last=b"
    assert str(base.join("/v2/y")) == "https://a.example:5000/v2/y"
    assert base.join("//b.example/z").origin == Origin("https", "b.example", 443)


def test_an_origin_is_scheme_host_and_port() -> None:
    """Nothing less."""
    texts = ["https://a.example", "http://a.example", "https://a.example:444", "https://b.a.example", "https://example"]
    assert len({Origin.parse(text) for text in texts}) == len(texts)
    assert str(Origin.parse("https://a.example:443/")) == "https://a.example"
    with pytest.raises(ValueError, match="has a path"):
        Origin.parse("https://a.example/x")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str, location: str) -> None:
    """With `ValueError`, never otherwise; what is read has no user name and stays what it is when read again."""
    for base, found in ((None, text), (Url.parse("https://a.example/x/y"), location)):
        try:
            url = Url.parse(found) if base is None else base.join(found)
        except ValueError:
            continue
        assert Url.parse(str(url)) == url
        assert "@" not in url.origin.authority


NEAR = {
    "127.0.0.1": Nearness.LOOPBACK,
    "127.8.8.8": Nearness.LOOPBACK,
    "::1": Nearness.LOOPBACK,
    "::ffff:127.0.0.1": Nearness.LOOPBACK,
    "64:ff9b::7f00:1": Nearness.LOOPBACK,
    "2002:7f00:1::": Nearness.LOOPBACK,
    "10.1.2.3": Nearness.PRIVATE,
    "172.16.0.1": Nearness.PRIVATE,
    "192.168.1.1": Nearness.PRIVATE,
    "100.64.0.1": Nearness.PRIVATE,
    "fd00::1": Nearness.PRIVATE,
    "::ffff:10.0.0.1": Nearness.PRIVATE,
    "9.9.9.9": Nearness.PUBLIC,
    "2620:fe::fe": Nearness.PUBLIC,
    "169.254.169.254": None,
    "169.254.1.1": None,
    "::ffff:169.254.169.254": None,
    "64:ff9b::a9fe:a9fe": None,
    "2002:a9fe:a9fe::": None,
    "fe80::1": None,
    "fe80::1%eth0": None,
    "fd00:ec2::254": None,
    "100.100.100.200": None,
    "168.63.129.16": None,
    "0.0.0.0": None,
    "::": None,
    "224.0.0.1": None,
    "ff02::1": None,
    "255.255.255.255": None,
}


@pytest.mark.parametrize(("address", "near"), NEAR.items(), ids=NEAR)
def test_how_near_an_address_is(address: str, near: Nearness | None) -> None:
    """In each way to write it."""
    if address == "255.255.255.255":
        assert nearness(address) is not Nearness.PUBLIC
    else:
        assert nearness(address) == near


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_names_of_this_machine(name: str) -> None:
    """By themselves, without asking anybody."""
    assert is_loopback_name(name)


@pytest.mark.parametrize("name", ["localhost.example", "xlocalhost", "127.0.0.1.example", "10.0.0.1", "0.0.0.0"])
def test_names_that_only_look_so(name: str) -> None:
    """They are somebody else."""
    assert not is_loopback_name(name)


LINKS = {
    '<a>; rel="next"': [("a", {"next"})],
    "<a>; rel=next": [("a", {"next"})],
    "<a>;REL=Next": [("a", {"next"})],
    '<a>; rel="prev next"': [("a", {"prev", "next"})],
    '<a>; title="x; rel=next"; rel=prev': [("a", {"prev"})],
    "<a>; rel=prev; rel=next": [("a", {"prev"})],
    "<a>": [("a", set())],
    "<a>; rel=prev, <b>; rel=next": [("a", {"prev"}), ("b", {"next"})],
    '<a,b>; rel="next"': [("a,b", {"next"})],
    "": [],
}


@pytest.mark.parametrize(("header", "wanted"), LINKS.items(), ids=range(len(LINKS)))
def test_a_link_header_is_read(header: str, wanted: list[tuple[str, set[str]]]) -> None:
    """Parameters in any order, quoted or not, several links (RFC 8288)."""
    assert [(target, set(relations)) for target, relations in links(header)] == wanted


@pytest.mark.parametrize(
    "header", ["a; rel=next", "<a>; rel=next; <b", "<a> rel=next", "<a>; =x", '<a>; rel="next', "x" * 9000]
)
def test_a_broken_link_header_is_an_error(header: str) -> None:
    """A page that is not seen would be a smaller truth."""
    with pytest.raises(ValueError, match=r"at character|too long"):
        list(links(header))


@given(st.text(max_size=80))
def test_any_link_header_is_read_or_an_error(header: str) -> None:
    """`ValueError`, never otherwise."""
    with contextlib.suppress(ValueError):
        list(links(header))
