"""What can go wrong while a tag is resolved: each ends in its own reason and a sentence, never in a subject."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from gate.errors import MalformedData, SourceError
from gate.oci.digest import Digest
from gate.sources.registry.transport import MOST_ERROR_BYTES
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, INDEX, PATH, Pauses, found, image_script, open_at

HTML = b"<!DOCTYPE html><html><head><title>Sign in\x1b[31m to Example</title></head></html>"


def refused(script: Callable[[Request], Reply], **settings: Any) -> tuple[SourceError, FakeServer]:
    """Resolve and give the error."""
    with FakeServer(script) as server, open_at(server, **settings) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
        return caught.value, server


ANSWERS = {
    "html with 200": (Reply(200, HTML, {"Content-Type": "text/html; charset=utf-8"}), "not-a-registry",
        'answered 200 with a web page titled "Sign in\\x1b[31m to Example"'),
    "html that says it is json": (Reply(200, HTML, {"Content-Type": "application/json"}), "not-a-registry",
        "answered 200 with a web page"),
    "html with 404": (Reply(404, HTML, {"Content-Type": "text/html"}), "not-a-registry", "answered 404 with a web page"),
    "html with 403": (Reply(403, HTML, {"Content-Type": "text/html"}), "denied",
        "usually a proxy or firewall in between says this"),
    "401 without a challenge": (Reply(401), "unauthorized", "answered 401: no text"),
    "401 with unknown schemes": (Reply(401, b"", {"WWW-Authenticate": ("Negotiate", "Digest realm=x")}), "unauthorized",
        "schemes offered: digest, negotiate"),
    "403": (Reply(403, b'{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'),
        "denied", "answered 403: DENIED: requested access to the resource is denied"),
    "403 of an old token in plain text": (Reply(403, b"Your authorization token has expired. Reauthenticate."), "denied",
        "Your authorization token has expired. Reauthenticate."),
    "404": (Reply(404, b"404 page not found\n", {"Content-Type": "text/plain"}), "tag-not-found",
        "has no tag '1.4.2': 404 page not found"),
    "404 of the repository": (Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}'),
        "repository-unknown", "NAME_UNKNOWN: repository name not known"),
    "407": (Reply(407, b"proxy says no"), "proxy", "answered 407: proxy says no"),
    "412": (Reply(412, b'{"errors":[{"code":"PRECONDITION","message":"The image is not signed by cosign"}]}'),
        "registry-policy", "PRECONDITION: The image is not signed by cosign"),
    "418": (Reply(418, b'{"message":"teapot"}'), "registry-error", "answered 418: teapot"),
    "500": (Reply(500, b'{"errors":[{"code":"UNKNOWN"}]}', {"X-Request-Id": "abc-1"}), "registry-error",
        "answered 500: UNKNOWN; request id abc-1"),
    "500 with html": (Reply(502, HTML, {"Content-Type": "text/html"}), "registry-error", "answered 502: a web page"),
    "501": (Reply(501), "registry-error", "answered 501: no text"),
    "xml of a storage": (Reply(400, b"<Error><Code>InvalidRequest</Code><Message>Only one</Message></Error>"),
        "registry-error", "InvalidRequest: Only one"),
    "oauth words": (Reply(400, b'{"error":"invalid","error_description":"no such thing"}'), "registry-error",
        "invalid: no such thing"),
    "206": (Reply(206, INDEX), "registry-error", "answered 206"),
    "gzip": (Reply(200, b"\x1f\x8b", {"Content-Encoding": "gzip"}), "answer-encoded", "sent a body encoded as gzip"),
    "a manifest of 5 MiB": (Reply(200, b" " * (5 * 1024 * 1024)), "too-large", "more than the 4194304 bytes"),
    "a length that lies": (Reply(200, b"x", {"Content-Length": str(10**12)}, close=True), "too-large", "more than the"),
    "an endless body": (Reply(raw=itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x" * 65536))),
        "too-large", "more than the 4194304 bytes"),
    "no http": (Reply(raw=[b"SSH-2.0-OpenSSH_9.2\r\n"]), "network", "broke off or is not HTTP"),
    "nothing at all": (Reply(raw=[]), "network", "broke off or is not HTTP"),
    "endless headers": (Reply(raw=itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-Pad: 1234567890\r\n"))),
        "network", "broke off or is not HTTP"),
    "truncated": (Reply(raw=[b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"]), "network", "broke off"),
    "a broken chunk": (Reply(raw=[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]), "network", "broke off"),
    "redirect without a place": (Reply(307), "redirect-refused", "redirects to an empty URL"),
    "redirect to a file": (Reply(307, headers={"Location": "file:///etc/passwd"}), "redirect-refused",
        "neither https nor http"),
    "redirect with a user": (Reply(307, headers={"Location": "http://user:secret@127.0.0.1/"}), "redirect-refused",
        "redirects to a URL with a user name in it"),
    "redirect to itself": (Reply(307, headers={"Location": f"/v2/{PATH}/manifests/1.4.2"}), "redirect-refused",
        "redirects in a circle"),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "code", "told"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_no_manifest_has_its_reason(reply: Reply, code: str, told: str) -> None:
    """The code is what tools read, the sentence what people read; both are right."""
    error, server = refused(lambda _: reply)
    assert (error.code, told in str(error)) == (code, True), str(error)
    assert f"(asked {server.url}/v2/" in str(error)
    assert error.hint
    assert "secret" not in str(error)
    assert str(error).isprintable()


BODIES = {
    "truncated json": (INDEX[:-10], "malformed-json"),
    "case-folded keys": (INDEX.replace(b'"manifests"', b'"Manifests"'), "ambiguous-json"),
    "a key twice": (INDEX.replace(b'"schemaVersion": 2', b'"schemaVersion": 2, "schemaVersion": 2'), "ambiguous-json"),
    "100,000 brackets": (b"[" * 100_000, "malformed-json"),
    "not utf-8": (b"\xff" + INDEX, "malformed-json"),
    "empty": (b"", "malformed-json"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES)
def test_bytes_that_are_no_manifest_are_malformed(body: bytes, code: str) -> None:
    """What cannot be read one way only names no image (S11)."""
    with FakeServer(image_script(manifests=found(body))) as server, open_at(server) as source:
        with pytest.raises(MalformedData) as caught:
            source.resolve()
    assert caught.value.code == code


def test_a_content_type_that_contradicts_the_body_is_refused() -> None:
    """Header, body and shape must agree (S13)."""
    reply = found(Content_Type="application/vnd.oci.image.manifest.v1+json")
    with FakeServer(image_script(manifests=reply)) as server, open_at(server) as source:
        with pytest.raises(MalformedData):
            source.resolve()


def test_the_hash_counts_and_the_header_is_only_compared() -> None:
    """A registry cannot say which digest its bytes have (CVE-2025-24882); that it tried is noted."""
    claimed = f"sha256:{'0' * 64}"
    reply = found(Docker_Content_Digest=claimed)
    with FakeServer(image_script(manifests=reply)) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST
    assert [note.what for note in source.notes] == [
        f"{server.authority} claims {claimed} for bytes with another digest; their hash counts"
    ]


@pytest.mark.parametrize("claimed", ["sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "nonsense"])
def test_a_header_that_is_no_digest_is_noted(claimed: str) -> None:
    """It changes nothing else."""
    with FakeServer(image_script(manifests=found(Docker_Content_Digest=claimed))) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST
    assert claimed in source.notes[0].what


@pytest.mark.parametrize("claimed", [str(DIGEST), str(Digest.of(INDEX, "sha512"))])
def test_a_header_with_a_right_digest_is_no_news(claimed: str) -> None:
    """It may be of another algorithm than ours."""
    with FakeServer(image_script(manifests=found(Docker_Content_Digest=claimed))) as server, open_at(server) as source:
        source.resolve()
    assert source.notes == ()


def test_other_bytes_than_the_digest_are_a_mismatch() -> None:
    """Asked for by digest, nothing else counts, the header least of all."""
    reply = found(INDEX + b" ", Docker_Content_Digest=str(DIGEST))
    with FakeServer(image_script(manifests=reply)) as server, open_at(server, f"{PATH}@{DIGEST}") as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "digest-mismatch"
    assert f"asked for {DIGEST}, got bytes with {Digest.of(INDEX + b' ')}" in str(caught.value)


def test_the_tag_is_asked_for_once() -> None:
    """One request, with everything that we can read in Accept, and without compression."""
    with FakeServer(image_script()) as server, open_at(server) as source:
        source.resolve()
    assert server.targets == [f"GET /v2/{PATH}/manifests/1.4.2"]
    request = server.requests[0]
    assert request.header("accept-encoding") == "identity"
    assert request.header("user-agent").startswith("image-gate/")
    assert request.header("authorization") == ""
    for kind in ("oci.image.index.v1", "distribution.manifest.list.v2", "oci.image.manifest.v1", "manifest.v2"):
        assert kind in request.header("accept")


def test_a_redirect_inside_the_registry_is_followed() -> None:
    """Some registries move names."""

    def script(request: Request) -> Reply:
        if request.path.endswith("/manifests/1.4.2"):
            return Reply(307, headers={"Location": f"{PATH.rpartition('/')[2]}-moved"})
        return found()

    with FakeServer(script) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST
    assert server.targets[1] == f"GET /v2/{PATH}/manifests/app-moved"


def test_redirects_without_end_are_not_followed() -> None:
    """Five hops, then it is refused."""
    count = itertools.count()
    error, server = refused(lambda _: Reply(302, headers={"Location": f"/hop/{next(count)}"}))
    assert error.code == "redirect-refused"
    assert "redirects more than 5 times" in str(error)
    assert len(server.requests) == 6


def test_nobody_listens() -> None:
    """The place is named, and asked again a few times."""
    with FakeServer(image_script()) as server:
        pass
    pauses = Pauses()
    with open_at(server, wait=pauses.wait) as source, pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "network"
    assert f"nobody listens at {server.authority} (connection refused)" in str(caught.value)
    assert len(pauses.waited) == 3


def test_a_name_that_does_not_resolve() -> None:
    """The name is said; it is asked for once more."""

    def lookup(host: str, port: int) -> tuple[str, ...]:
        raise OSError(-2, "Name or service not known")

    with FakeServer(image_script()) as server, open_at(server, lookup=lookup) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "network"
    assert "the name 127.0.0.1 does not resolve: Name or service not known" in str(caught.value)


def test_offline_opens_nothing() -> None:
    """Not even to ask whether there is something."""
    error, server = refused(image_script(), offline=True)
    assert error.code == "offline"
    assert (server.requests, server.connections) == ([], 0)


def test_a_body_that_drips_ends_at_the_deadline() -> None:
    """A piece now and then keeps a connection alive, not the run."""
    clock = Pauses()

    def drip() -> object:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        while True:
            clock.now += 10.0
            yield b"x"

    error, _ = refused(lambda _: Reply(raw=drip()), clock=clock.clock, seconds=60.0)  # type: ignore[arg-type]
    assert error.code == "timeout"
    assert "the 60 seconds for this image were used up" in str(error)


def test_headers_that_drip_end_at_the_deadline() -> None:
    """The time is checked at every piece, also before there is an answer."""
    clock = Pauses()

    def drip() -> object:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            clock.now += 10.0
            yield b"X: y\r\n"

    error, _ = refused(lambda _: Reply(raw=drip()), clock=clock.clock, seconds=60.0)  # type: ignore[arg-type]
    assert error.code == "timeout"


def test_an_endless_error_is_not_read_to_its_end() -> None:
    """A sentence of it is all that is shown."""
    endless = itertools.chain([b"HTTP/1.1 403 Forbidden\r\n\r\nno way\n"], itertools.repeat(b"x" * 65536))
    error, _ = refused(lambda _: Reply(raw=endless))
    assert error.code == "denied"
    assert "answered 403: no way" in str(error)
    assert len(str(error)) < MOST_ERROR_BYTES // 16


def test_what_a_registry_says_is_shown_escaped_and_short() -> None:
    """Terminals and CI logs obey some texts; here they are only shown (S43)."""
    evil = '{"errors":[{"code":"DENIED","message":"\\u001b[2J\\u202e::error::x' + "y" * 5000 + '"}]}'
    error, _ = refused(lambda _: Reply(403, evil.encode()))
    assert "\\x1b[2J\\u202e::error::xyyy" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 700
