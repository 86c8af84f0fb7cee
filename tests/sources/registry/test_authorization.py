"""Challenges answered, once and rightly: Basic, Bearer, tokens of every kind (registry.md 3.1-3.3)."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gate.errors import SourceError
from gate.evidence import Found, Kind
from gate.sources.registry import Registry
from gate.sources.registry.settings import CredentialPlaces
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, PATH, Pauses, asked, found, image_script, open_at

USER, SECRET = "robot$team+ci", "hunter2:with:colons"
BASIC = "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


def places(tmp_path: Path, server: FakeServer, **entry: str) -> CredentialPlaces:
    """A docker configuration with one entry for the server."""
    entry = entry or {"auth": BASIC.removeprefix("Basic ")}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {server.authority: entry}}))
    return CredentialPlaces(docker=(file,))


def guarded(wanted: Callable[[Request], bool], challenge: str | tuple[str, ...]) -> Callable[[Request], Reply]:
    """A registry that answers 401 unless `wanted`."""
    script = image_script()
    return lambda request: script(request) if wanted(request) else Reply(401, headers={"WWW-Authenticate": challenge})


class TokenRegistry:
    """A registry that gives tokens itself, at `/token`."""

    def __init__(self, token: Reply | Callable[[Request], Reply], accepted: str = "abc", challenge: str = "") -> None:
        self._token = token
        self._accepted = accepted
        self._challenge = challenge or 'Bearer realm="/token",service="registry.test",scope="repository:team/app:pull"'
        self._script = image_script()

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            return self._token(request) if callable(self._token) else self._token
        if request.header("authorization") == f"Bearer {self._accepted}":
            return self._script(request)
        return Reply(401, headers={"WWW-Authenticate": self._challenge})

    @staticmethod
    def answer(**members: Any) -> Reply:
        """A token server's answer."""
        return Reply(200, json.dumps(members).encode(), {"Content-Type": "application/json"})


def refusal(
    script: Callable[[Request], Reply], tmp_path: Path | None = None, **entry: str
) -> tuple[str, str, FakeServer]:
    """Resolve in vain; gives code, message, and what arrived."""
    with FakeServer(script) as server:
        changes: dict[str, Any] = {"credentials": places(tmp_path, server, **entry)} if tmp_path is not None else {}
        with open_at(server, **changes) as source, pytest.raises(SourceError) as caught:
            source.resolve()
    return caught.value.code, str(caught.value), server


def test_basic_is_answered_once_asked_for(tmp_path: Path) -> None:
    """Not before: nobody has said that this registry wants it."""
    script = guarded(lambda request: request.header("authorization") == BASIC, 'Basic realm="x"')
    with FakeServer(script) as server, open_at(server, credentials=places(tmp_path, server)) as source:
        assert source.resolve().digest == DIGEST
        assert isinstance(asked(source, server, Kind.MANIFEST, str(DIGEST)), Found)
    assert [request.header("authorization") for request in server.requests] == ["", BASIC, BASIC]


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    """Registries lock accounts after a few."""
    code, told, server = refusal(guarded(lambda _: False, "Basic realm=x"), tmp_path)
    assert code == "unauthorized"
    assert f"asked as {USER!r}, from {tmp_path / 'config.json'}" in told
    assert SECRET not in told
    assert len(server.requests) == 2


def test_without_credentials_basic_is_not_answered() -> None:
    """Never an empty user and password."""
    code, told, server = refusal(guarded(lambda _: False, "Basic realm=x"))
    assert code == "unauthorized"
    assert f"no credentials for {server.authority} were found" in told
    assert [request.header("authorization") for request in server.requests] == [""]


def test_credentials_for_another_port_are_hinted_at_and_not_sent(tmp_path: Path) -> None:
    """127.0.0.1:5000 is another registry than 127.0.0.1:5001 (S40)."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {"127.0.0.1:1": {"auth": BASIC.removeprefix("Basic ")}}}))
    script = guarded(lambda _: False, "Basic realm=x")
    with FakeServer(script) as server, open_at(server, credentials=CredentialPlaces(docker=(file,))) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert "there are some for 127.0.0.1:1: the port has to be the same" in str(caught.value)
    assert server.secrets(SECRET, BASIC) == []


CHALLENGES = {
    "plain": 'Bearer realm="/token",service="s"',
    "lower case": 'bearer REALM="/token", Service="s"',
    "a comma in quotes": 'Bearer scope="repository:team/app:pull,push",realm="/token",service="s"',
    "blanks around =": 'Bearer realm = "/token" , service = "s"',
    "escapes": 'Bearer realm="\\/token",service="s"',
    "empty elements": ',, Bearer realm="/token",,service="s",',
    "after Negotiate": 'Negotiate, Bearer realm="/token",service="s"',
    "after token68": 'Negotiate abc==, Bearer realm="/token",service="s"',
    "before Basic": 'Bearer realm="/token",service="s", Basic realm="x"',
    "after Basic": 'Basic realm="x", Bearer realm="/token",service="s"',
    "unknown parameters": 'Bearer realm="/token",service="s",error="invalid_token",x=1',
}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)
def test_every_way_to_write_a_challenge_is_read(challenge: str) -> None:
    """As RFC 9110 writes it, and servers do."""
    registry = TokenRegistry(TokenRegistry.answer(token="abc"), challenge=challenge)
    with FakeServer(registry) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST
    query = parse_qs(urlsplit(server.requests[1].target).query)
    assert query == {"service": ["s"], "scope": [f"repository:{PATH}:pull"], "client_id": ["image-gate"]}


@pytest.mark.parametrize(
    "challenge",
    ["Bearer", "Bearer realm=", 'Bearer realm="/token', 'Bearer realm="/a",realm="/b"', "Bearer service=s", ""],
)
def test_a_challenge_that_cannot_be_read_is_none(challenge: str) -> None:
    """No guess at where credentials might go."""
    code, _, server = refusal(TokenRegistry(TokenRegistry.answer(token="abc"), challenge=challenge or " "))
    assert code == "unauthorized"
    assert len(server.requests) == 1


def test_several_challenge_headers_are_all_read() -> None:
    """One scheme a line is what most servers send."""

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return TokenRegistry.answer(token="abc")
        if request.header("authorization"):
            return found()
        return Reply(401, headers={"WWW-Authenticate": ("Basic realm=x", 'Bearer realm="/token"')})

    with FakeServer(script) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST
    assert "service" not in server.requests[1].target


TOKENS = {
    "token": {"token": "abc"},
    "access_token": {"access_token": "abc"},
    "both": {"token": "abc", "access_token": "abc"},
    "expires in 0": {"token": "abc", "expires_in": 0},
    "expires in -1": {"token": "abc", "expires_in": -1},
    "expires as text": {"token": "abc", "expires_in": "300"},
    "expires in 1e9": {"token": "abc", "expires_in": 10**9},
    "expires null": {"token": "abc", "expires_in": None},
    "issued in the future": {"token": "abc", "issued_at": "2099-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("members", TOKENS.values(), ids=TOKENS)
def test_every_way_to_write_a_token_is_read(members: Mapping[str, Any]) -> None:
    """And serves all questions that follow at once."""
    with FakeServer(TokenRegistry(TokenRegistry.answer(**members))) as server, open_at(server) as source:
        source.resolve()
        assert isinstance(asked(source, server, Kind.MANIFEST, str(DIGEST)), Found)
    assert [request.path for request in server.requests].count("/token") == 1


NO_TOKENS = {
    "none": (TokenRegistry.answer(expires_in=300), "not-a-registry", "answered without a token"),
    "empty": (TokenRegistry.answer(token=""), "not-a-registry", "answered without a token"),
    "a number": (TokenRegistry.answer(token=7), "not-a-registry", "answered without a token"),
    "with a line break": (TokenRegistry.answer(token="a\r\nX-Evil: 1"), "not-a-registry", "answered without a token"),
    "with a blank": (TokenRegistry.answer(token="a b"), "not-a-registry", "answered without a token"),
    "not ascii": (TokenRegistry.answer(token="abç"), "not-a-registry", "answered without a token"),
    "html": (Reply(200, b"<html>", {"Content-Type": "text/html"}), "not-a-registry", "did not answer with a JSON object"),
    "a list": (Reply(200, b'["abc"]'), "not-a-registry", "did not answer with a JSON object"),
    "a key twice": (Reply(200, b'{"token":"abc","token":"abd"}'), "not-a-registry", "did not answer with a JSON"),
    "Token": (Reply(200, b'{"Token":"abc"}'), "not-a-registry", "did not answer with a JSON object"),
    "metadata of a cloud": (Reply(200, b"ami-id\nhostname\n"), "not-a-registry", "did not answer with a JSON object"),
    "2 MiB": (Reply(200, b'{"token":"' + b"a" * 2**21 + b'"}'), "too-large", "more than the 262144 bytes"),
    "401": (Reply(401, b'{"details":"incorrect username or password"}'), "unauthorized",
        "refused a request without credentials: incorrect username or password"),
    "403": (Reply(403, b'{"errors":[{"code":"DENIED","message":"access forbidden"}]}'), "unauthorized",
        "DENIED: access forbidden"),
    "404": (Reply(404), "registry-error", "the token server"),
    "429": (Reply(429), "rate-limited", "the token server"),
    "500": (Reply(500), "registry-error", "the token server"),
    "redirect to another host": (Reply(302, headers={"Location": "https://evil.example/token"}), "redirect-refused",
        "redirects to another host"),
    "redirect to another port": (Reply(302, headers={"Location": "http://127.0.0.1:1/token"}), "redirect-refused",
        "redirects to another host"),
    "redirect to itself": (Reply(302, headers={"Location": ""}), "redirect-refused", "redirects to an empty URL"),
    "not granted": (TokenRegistry.answer(token="other"), "unauthorized", "answered 401"),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "code", "told"), NO_TOKENS.values(), ids=NO_TOKENS)
def test_without_a_token_that_works_it_is_an_error(reply: Reply, code: str, told: str) -> None:
    """Its own reason each, and the request is made again at most once."""
    got, message, server = refusal(TokenRegistry(reply))
    assert (got, told in message) == (code, True), message
    assert sum(request.path != "/token" for request in server.requests) <= 4


def test_a_registry_that_always_wants_another_token_is_not_obeyed_for_ever() -> None:
    """One token, one more try, then it is final."""
    counter = itertools.count()
    registry = TokenRegistry(lambda _: TokenRegistry.answer(token=f"t{next(counter)}"), accepted="never")
    code, _, server = refusal(registry)
    assert code == "unauthorized"
    assert [request.path.rpartition("/")[2] for request in server.requests] == ["1.4.2", "token", "1.4.2"]


def test_a_token_is_renewed_before_it_ends() -> None:
    """Ten seconds early; sixty seconds is the least that is believed."""
    clock = Pauses()
    counter = itertools.count()

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return TokenRegistry.answer(token=f"t{next(counter)}", expires_in=1)
        if request.header("authorization"):
            return found()
        return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})

    with FakeServer(script) as server, open_at(server, clock=clock.clock, seconds=1000.0) as source:
        source.resolve()
        clock.now += 45
        asked(source, server, Kind.MANIFEST, str(DIGEST))
        clock.now += 10
        asked(source, server, Kind.MANIFEST, str(DIGEST))
    used = [request.header("authorization") for request in server.requests if request.path != "/token"]
    assert used == ["", "Bearer t0", "Bearer t0", "Bearer t1"]


def test_credentials_go_to_the_registrys_own_token_server(tmp_path: Path) -> None:
    """With the account's name, as servers want it, and what was in the realm already."""
    challenge = 'Bearer realm="/token?keep=1",service="registry.test"'
    registry = TokenRegistry(TokenRegistry.answer(token="abc"), challenge=challenge)
    with FakeServer(registry) as server, open_at(server, credentials=places(tmp_path, server)) as source:
        source.resolve()
    request = server.requests[1]
    query = parse_qs(urlsplit(request.target).query)
    assert request.header("authorization") == BASIC
    assert (query["keep"], query["account"], query["service"]) == (["1"], [USER], ["registry.test"])
    assert server.requests[2].header("authorization") == "Bearer abc"


def test_an_identity_token_is_traded_by_post(tmp_path: Path) -> None:
    """In the body, never in the URL."""
    with FakeServer(TokenRegistry(TokenRegistry.answer(access_token="abc"))) as server:
        with open_at(server, credentials=places(tmp_path, server, identitytoken="refresh-me")) as source:
            source.resolve()
    request = server.requests[1]
    form = parse_qs(request.body.decode())
    assert (request.method, request.target) == ("POST", "/token")
    assert form == {
        "grant_type": ["refresh_token"], "service": ["registry.test"], "scope": [f"repository:{PATH}:pull"],
        "client_id": ["image-gate"], "refresh_token": ["refresh-me"],
    }  # fmt: skip


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_where_post_is_not_known_get_is_tried(tmp_path: Path, status: int) -> None:
    """With the user name that came with the token."""

    def token(request: Request) -> Reply:
        return Reply(status) if request.method == "POST" else TokenRegistry.answer(token="abc")

    entry = {"auth": base64.b64encode(b"user:").decode(), "identitytoken": "refresh-me"}
    with FakeServer(TokenRegistry(token)) as server:
        with open_at(server, credentials=places(tmp_path, server, **entry)) as source:
            source.resolve()
    assert [request.method for request in server.requests] == ["GET", "POST", "GET", "GET"]
    assert server.requests[2].header("authorization") == "Basic " + base64.b64encode(b"user:refresh-me").decode()


def test_a_refused_identity_token_without_a_user_is_an_error(tmp_path: Path) -> None:
    """There is nothing else to show."""
    code, told, _ = refusal(TokenRegistry(Reply(401)), tmp_path, identitytoken="refresh-me")
    assert code == "unauthorized"
    assert "refused the credentials from" in told
    assert "refresh-me" not in told


def test_a_registry_token_is_sent_as_it_is(tmp_path: Path) -> None:
    """No token server is asked."""
    with FakeServer(TokenRegistry(Reply(500))) as server:
        with open_at(server, credentials=places(tmp_path, server, registrytoken="abc")) as source:
            assert source.resolve().digest == DIGEST
    assert all(request.path != "/token" for request in server.requests)


def test_one_token_for_threads_that_ask_at_once(tmp_path: Path) -> None:
    """The lock is held while the token comes, so nobody asks for a second one."""
    from concurrent.futures import ThreadPoolExecutor

    with FakeServer(TokenRegistry(TokenRegistry.answer(token="abc"))) as server:
        with open_at(server, credentials=places(tmp_path, server)) as source, ThreadPoolExecutor(8) as pool:
            facts = list(pool.map(lambda _: asked(source, server, Kind.MANIFEST, str(DIGEST)), range(16)))
    assert all(isinstance(one, Found) for one in facts)
    assert sum(request.path == "/token" for request in server.requests) == 1


def test_credentials_do_not_travel_in_the_clear(tmp_path: Path) -> None:
    """Over plain HTTP only to this machine, whatever the operator says about HTTP."""
    from tests.sources.registry.scripted import Names

    script = guarded(lambda _: False, "Basic realm=x")
    with FakeServer(script) as server:
        names = Names({"registry.corp.example": ["127.0.0.1"]}, {("127.0.0.1", 5000): server})
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"auths": {"registry.corp.example:5000": {"auth": BASIC.removeprefix("Basic ")}}}))
        source = _named("registry.corp.example:5000", names, CredentialPlaces(docker=(file,)))
        with source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "credentials-refused"
    assert server.secrets(SECRET, BASIC) == []


def _named(authority: str, names: Any, credentials: CredentialPlaces) -> Registry:
    from gate.oci.reference import Reference
    from gate.sources.registry import Settings

    settings = Settings(
        credentials=credentials, plain_http=frozenset({authority}), lookup=names.lookup, connect=names.connect,
        wait=Pauses().wait,
    )  # fmt: skip
    return Registry(Reference.parse(f"{authority}/{PATH}:1.4.2"), settings)
