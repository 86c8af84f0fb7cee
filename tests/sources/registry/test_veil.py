"""No secret of ours comes back out of a registry's mouth, in whatever form and wherever it was cut (S40, S43)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData, SourceError
from gate.evidence import Ask, Kind, Unavailable
from gate.sources.registry.settings import CredentialPlaces
from gate.sources.registry.veil import Veil
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import PATH, asked, found, open_at

USER, SECRET, IDENTITY, BEARER = "robot", "hunter2?>Zk4~qX~~v", "idt-9f8e7d6c5b4a", "tok-1a2b3c4d5e6f7a8b"
PAIR = f"{USER}:{SECRET}".encode()
BASIC = base64.b64encode(PAIR).decode()
URL_SAFE = base64.urlsafe_b64encode(PAIR).decode().rstrip("=")
#: What must not be read anywhere, not even these many characters of it.
FORMS = (SECRET, IDENTITY, BEARER, BASIC, URL_SAFE, base64.b64encode(SECRET.encode()).decode().rstrip("="))
TELLING = 6


def pieces(*forms: str) -> frozenset[str]:
    """Give every piece that would tell something, in lower case."""
    return frozenset(
        form[start : start + TELLING].lower() for form in forms for start in range(len(form) - TELLING + 1)
    )


ALL = pieces(*FORMS)


def leaked(text: str) -> list[str]:
    """Give what of our secrets stands in a text; the parts around `***` are no one text."""
    return sorted(piece for piece in ALL if piece in text.lower())


def reflecting(how: Callable[[str], Reply]) -> Callable[[Request], Reply]:
    """A registry that answers everything, once we authorize, with what we authorized with."""

    def script(request: Request) -> Reply:
        sent = request.header("authorization")
        if not sent:
            return Reply(401, headers={"WWW-Authenticate": "Basic realm=x"})
        return how(sent)

    return script


def everything(server: FakeServer, tmp_path: Path, entry: dict[str, str], script_of: str = "") -> str:
    """Give every text that the source lets out: of resolving, of each kind of question, its notes."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {server.authority: entry}}))
    texts: list[str] = [script_of]
    with open_at(server, credentials=CredentialPlaces(docker=(file,))) as source:
        try:
            source.resolve()
        except (SourceError, MalformedData) as error:
            texts.append(f"{error} {getattr(error, 'hint', '')}")
        names = {Kind.MANIFEST: "1.4.2", Kind.TAGS: "", Kind.TAG_NOW: "1.4.2"}
        digest = f"sha256:{'a' * 64}"
        for kind in (Kind.MANIFEST, Kind.BLOB, Kind.REFERRERS, Kind.TAGS, Kind.TAG_NOW):
            fact = asked(source, server, kind, names.get(kind, digest))
            texts.extend(fact.look)
            if isinstance(fact, Unavailable):
                texts.append(fact.detail)
        put = source.write_tag("stable", b"{}", "application/json")
        texts.extend([*put.look, put.detail, *(note.what for note in source.notes)])
    return "\n".join(texts)


def to(location: str) -> Reply:
    """A redirect."""
    return Reply(307, headers={"Location": location})


def error(message: str, code: str = "DENIED") -> bytes:
    """An error as the distribution spec has it."""
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def bare(sent: str) -> str:
    """The authorization without its scheme."""
    return sent.partition(" ")[2]


def clear(sent: str) -> str:
    """The password itself."""
    return base64.b64decode(bare(sent)).decode()


REFLECTIONS: dict[str, Callable[[str], Reply]] = {
    "body": lambda sent: Reply(403, f"bad header {sent}".encode()),
    "body of a 404": lambda sent: Reply(404, error(f"no such thing, {sent}", "NAME_UNKNOWN")),
    "body of a 500": lambda sent: Reply(500, f"bad header {sent}".encode()),
    "error of the spec": lambda sent: Reply(403, error(f"bad header {sent}")),
    "code in upper case": lambda sent: Reply(403, error("", sent)),
    "password in clear": lambda sent: Reply(403, error(f"wrong account {clear(sent)}")),
    "password in a title": lambda sent: Reply(
        403, f"<html><title>{'x' * 180} {clear(sent)}</title>".encode(), {"Content-Type": "text/html"}
    ),
    "url-safe": lambda sent: Reply(403, base64.urlsafe_b64encode(base64.b64decode(bare(sent)))),
    "unpadded": lambda sent: Reply(403, bare(sent).rstrip("=").encode()),
    "inside something longer": lambda sent: Reply(403, base64.b64encode(b"x" + base64.b64decode(bare(sent)) + b"yz")),
    "in hex": lambda sent: Reply(403, base64.b64decode(bare(sent)).hex().encode()),
    "quoted for a url": lambda sent: Reply(403, quote(clear(sent), safe="").encode()),
    "request id": lambda sent: Reply(403, b"no", {"X-Request-Id": sent}),
    "redirect to a path": lambda sent: to(f"/v2/{bare(sent)}"),
    "redirect to a host": lambda sent: to(f"http://{bare(sent).rstrip('=')}.evil.test/"),
    "redirect to no url": lambda sent: to(f"{bare(sent)}://x"),
    "redirect to no host": lambda sent: to(f"http://{bare(sent)}/"),
    "link": lambda sent: found(Link=f'<{bare(sent)}>; rel="next"'),
    "content type": lambda sent: found(Content_Type=f"x/{bare(sent)}"),
    "content encoding": lambda sent: found(Content_Encoding=bare(sent)),
    "digest header": lambda sent: found(Docker_Content_Digest=f"sha256:{bare(sent)}"),
    "key of no manifest": lambda sent: Reply(200, json.dumps({bare(sent): 1, bare(sent).upper(): 1}).encode()),
    "media type of no manifest": lambda sent: Reply(200, json.dumps({"mediaType": clear(sent)}).encode()),
    "limit": lambda sent: Reply(429, b"no", {"RateLimit-Limit": bare(sent), "Docker-RateLimit-Source": sent}),
    "challenge": lambda sent: Reply(401, b"no", {"WWW-Authenticate": bare(sent).rstrip("=")}),
    "realm": lambda sent: Reply(401, b"no", {"WWW-Authenticate": f'Bearer realm="http://{bare(sent)}/"'}),
}  # fmt: skip


@pytest.mark.parametrize("how", REFLECTIONS.values(), ids=REFLECTIONS)
def test_what_a_registry_sends_back_of_us_is_hidden(how: Callable[[str], Reply], tmp_path: Path) -> None:
    """Wherever it comes: what is told stays useful, without the secret."""
    with FakeServer(reflecting(how)) as server:
        told = everything(server, tmp_path, {"auth": BASIC})
        assert server.secrets(BASIC) == [BASIC]  # it did arrive there
    assert leaked(told) == []


@pytest.mark.parametrize("how", ["body", "request id", "redirect to a path"])
def test_the_hidden_place_is_marked(how: str, tmp_path: Path) -> None:
    """So that nobody wonders about a sentence with a hole."""
    with FakeServer(reflecting(REFLECTIONS[how])) as server:
        told = everything(server, tmp_path, {"auth": BASIC})
    marks = {"body": "bad header Basic ***", "request id": "request id Basic ***", "redirect to a path": "/v2/***"}
    assert marks[how] in told


def _always(reply: Reply, _: str) -> Reply:
    return reply


@pytest.mark.parametrize("text", [BASIC, SECRET, URL_SAFE], ids=["basic", "password", "url-safe"])
def test_a_secret_that_was_cut_is_hidden(text: str, tmp_path: Path) -> None:
    """Long messages are shortened, wherever that falls."""
    for padding in range(150, 204, 3):
        cut = Reply(403, error(f"{'x' * padding} {text} and more of it, so that it is cut"))
        with FakeServer(reflecting(partial(_always, cut))) as server:
            assert leaked(everything(server, tmp_path, {"auth": BASIC})) == [], padding


def token_script(answer: Callable[[Request], Reply], then: Callable[[str], Reply]) -> Callable[[Request], Reply]:
    """A registry with its token server beside it."""

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return answer(request)
        sent = request.header("authorization")
        if not sent:
            return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token",service="s"'})
        return then(sent)

    return script


TOKEN_ERRORS: dict[str, Callable[[Request], Reply]] = {
    "refusal": lambda request: Reply(403, error(f"bad {request.header('authorization')} {request.body.decode()}")),
    "no answer": lambda request: Reply(500, f"bad {request.header('authorization')} {request.body.decode()}".encode()),
    "redirect": lambda request: to(f"http://{bare(request.header('authorization')) or request.body.decode()}/"),
    "other path": lambda request: to(f"/{bare(request.header('authorization')) or request.body.decode()}"),
    "no json": lambda request: Reply(200, request.header("authorization").encode() + request.body),
}


@pytest.mark.parametrize("answer", TOKEN_ERRORS.values(), ids=TOKEN_ERRORS)
@pytest.mark.parametrize("entry", [{"auth": BASIC}, {"identitytoken": IDENTITY}], ids=["password", "identity"])
def test_what_a_token_server_sends_back_is_hidden(
    answer: Callable[[Request], Reply], entry: dict[str, str], tmp_path: Path
) -> None:
    """The identity token too, which it gets in a form."""
    with FakeServer(token_script(answer, lambda _: found())) as server:
        assert leaked(everything(server, tmp_path, entry)) == []


@pytest.mark.parametrize("entry", [{"auth": BASIC}, {"identitytoken": IDENTITY}, {"registrytoken": BEARER}])
def test_a_bearer_token_is_a_secret(entry: dict[str, str], tmp_path: Path) -> None:
    """Whether it was fetched or stood ready in the configuration."""
    script = token_script(
        lambda _: Reply(200, json.dumps({"token": BEARER}).encode()), lambda sent: Reply(403, sent.encode())
    )
    with FakeServer(script) as server:
        told = everything(server, tmp_path, entry)
        assert server.secrets(BEARER) == [BEARER]
    assert leaked(told) == []
    assert "answered 403: Bearer ***" in told


def test_an_old_token_stays_a_secret(tmp_path: Path) -> None:
    """A registry may remember what it was sent before."""
    tokens: Iterator[str] = iter([BEARER, "another-0123456789abcdef"])
    last: list[str] = []

    def then(sent: str) -> Reply:
        if BEARER in sent and not last:
            last.append(sent)
            return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})
        return Reply(403, f"not {last[0]} but {sent}".encode())

    script = token_script(lambda _: Reply(200, json.dumps({"token": next(tokens)}).encode()), then)
    with FakeServer(script) as server:
        told = everything(server, tmp_path, {"auth": BASIC})
    assert leaked(told) == []
    assert "another-" not in told


def test_another_hosts_secret_is_hidden_too(tmp_path: Path) -> None:
    """One run asks several registries; they may talk to each other."""
    heard: list[str] = []

    def listening(request: Request) -> Reply:
        heard.append(request.header("authorization"))
        return reflecting(lambda _: found())(request)

    with FakeServer(listening) as first, FakeServer(lambda _: Reply(403, heard[-1].encode())) as second:
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"auths": {first.authority: {"auth": BASIC}}}))
        plain = frozenset({first.authority, second.authority})
        with open_at(first, credentials=CredentialPlaces(docker=(file,)), plain_http=plain) as source:
            source.resolve()
            fact = source.answer(Ask(f"{second.authority}/{PATH}", Kind.MANIFEST, "1.4.2"))
    assert isinstance(fact, Unavailable)
    assert "403: Basic ***" in fact.detail
    assert leaked(fact.detail) == []


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("pw", "the answer was pw, with a spwan", "the answer was ***, with a spwan"),
        ("hunter2", "HUNTER2 or Hunter2x", "*** or ***x"),
        ("", "nothing to hide", "nothing to hide"),
        ("long-enough-secret", "of it long-enough-se and secret alone", "of it *** and secret alone"),
        ("long-enough-secret", "cut at long-en… (+20 characters)", "cut at ***… (+20 characters)"),
        ("long-enough-secret", "cut at long", "cut at ***"),
        ("long-enough-secret", "a long way", "a long way"),
    ],
)  # fmt: skip
def test_what_is_hidden(secret: str, text: str, shown: str) -> None:
    """Whole secrets, long pieces, cut beginnings; short ones only as a word."""
    veil = Veil()
    veil.password("u", secret)
    assert veil.hide(text) == shown


@given(st.data())
def test_a_text_without_secrets_stays_as_it_is_and_hiding_twice_is_hiding_once(data: st.DataObject) -> None:
    """For any text and any secret; what is hidden once has nothing left to hide."""
    letters: Any = st.text("abcXYZ019-_=…é", max_size=60)
    text, secret = data.draw(letters), data.draw(letters)
    veil = Veil()
    assert veil.hide(text) == text
    veil.password("u", secret)
    once = veil.hide(f"{text}{secret}{text}" if len(secret) > 11 else text)
    if len(secret) > 11:
        assert secret not in once
    assert once.count("\n") == 0
