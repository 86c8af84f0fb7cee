"""How many requests are made, for each way to log in: a guard against one more (registry.md 9)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import SourceError
from gate.evidence import Ask, Found, Kind
from gate.oci.reference import Reference
from gate.sources.registry import Registry, Settings
from gate.sources.registry.settings import CredentialPlaces
from tests.servers.fake import FakeServer, Reply, Request
from tests.servers.proxy import DelayingProxy
from tests.sources.registry.scripted import DIGEST, PATH, Names, Pauses, found, open_at

USER = base64.b64encode(b"user:hunter2").decode()

Script = Callable[[Request], Reply]


def guarded(wanted: str, challenge: str) -> Script:
    """A registry that wants this header, and gives tokens at `/token`."""

    def script(request: Request) -> Reply:
        if request.path in {"/token", "/v2/token"}:
            return Reply(200, b'{"token":"t"}')
        if request.header("authorization") != wanted:
            return Reply(401, headers={"WWW-Authenticate": challenge})
        return found()

    return script


#: Registry, what it wants, and the requests for one tag and three questions after it.
PLANS: dict[str, tuple[str, Script, list[str]]] = {
    "nobody asks": ("reg.example", lambda _: found(), ["GET tag"]),
    "basic": ("reg.example", guarded(f"Basic {USER}", "Basic realm=x"), ["GET tag", "GET tag"]),
    "basic at amazon's": (
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com", guarded(f"Basic {USER}", "Basic realm=x"), ["GET tag"]),
    "a token": (
        "reg.example", guarded("Bearer t", 'Bearer realm="/token",service="s"'), ["GET tag", "GET token", "GET tag"]),
    "a token of a known server": (
        "ghcr.io", guarded("Bearer t", 'Bearer realm="https://ghcr.io/token"'), ["GET token", "GET tag"]),
}  # fmt: skip


@pytest.mark.parametrize(("host", "script", "plan"), PLANS.values(), ids=PLANS)
def test_a_tag_takes_no_more_requests_than_this(host: str, script: Script, plan: list[str], tmp_path: Path) -> None:
    """And what follows takes one each: no ping, no second challenge, no second token."""
    import ssl

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {host: {"auth": USER}}}))
    with FakeServer(script, tls=context) as server:
        names = Names({host: ["9.9.9.9"]}, {("9.9.9.9", 443): server})
        given_settings = Settings(
            credentials=CredentialPlaces(docker=(file,)), registry_ca=authority.cert_pem.bytes(),
            lookup=names.lookup, connect=names.connect,
        )  # fmt: skip
        with Registry(Reference.parse(f"{host}/{PATH}:1.4.2"), given_settings) as source:
            source.resolve()
            resolved = [_named(request) for request in server.requests]
            with ThreadPoolExecutor(3) as pool:
                asks = [Ask(f"{host}/{PATH}", Kind.MANIFEST, name) for name in ("a", "b", str(DIGEST))]
                facts = list(pool.map(source.answer, asks))
        assert resolved == plan
        assert len(server.requests) == len(plan) + 3
    assert all(isinstance(one, Found) for one in facts)


def _named(request: Request) -> str:
    return f"{request.method} {'token' if request.path.endswith('/token') else 'tag'}"


def test_a_token_that_amazons_public_registry_no_longer_likes_is_renewed() -> None:
    """It answers 400 without a challenge then (aws/containers-roadmap#2835)."""
    import ssl

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("public.ecr.aws").configure_cert(context)
    tokens = iter(["old", "new"])

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(200, json.dumps({"token": next(tokens)}).encode())
        given_token = request.header("authorization")
        if not given_token:
            return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})
        return found() if given_token == "Bearer new" or "1.4.2" in request.path else Reply(400)

    with FakeServer(script, tls=context) as server:
        names = Names({"public.ecr.aws": ["9.9.9.9"]}, {("9.9.9.9", 443): server})
        made = Settings(registry_ca=authority.cert_pem.bytes(), lookup=names.lookup, connect=names.connect)
        with Registry(Reference.parse(f"public.ecr.aws/{PATH}:1.4.2"), made) as source:
            source.resolve()
            fact = source.answer(Ask(f"public.ecr.aws/{PATH}", Kind.MANIFEST, str(DIGEST)))
    assert isinstance(fact, Found)


def test_a_far_registry_is_reached_through_connections_opened_early() -> None:
    """Bytes pass unchanged through the delaying proxy, and questions at once do not wait for each other."""
    with FakeServer(lambda _: found()) as server, DelayingProxy("127.0.0.1", server.port, 0.02) as proxy:
        made = Settings(plain_http=frozenset({proxy.authority}))
        with Registry(Reference.parse(f"{proxy.authority}/{PATH}:1.4.2"), made) as source:
            assert source.resolve().digest == DIGEST
            with ThreadPoolExecutor(3) as pool:
                asks = [Ask(f"{proxy.authority}/{PATH}", Kind.MANIFEST, name) for name in ("a", "b", str(DIGEST))]
                facts = list(pool.map(source.answer, asks))
        assert proxy.connections <= 4
    assert all(isinstance(one, Found) for one in facts)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=40))
@pytest.mark.parametrize("kind", ["auth", "password", "identitytoken", "registrytoken"])
def test_no_secret_is_in_any_message(kind: str, secret: str, tmp_path: Path) -> None:
    """Whatever it looks like, and however the registry answers."""

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(403, b"denied")
        return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="/token"'})

    value: Any = base64.b64encode(f"user:{secret}".encode()).decode() if kind == "auth" else secret
    entry = {"username": "user", "password": value} if kind == "password" else {kind: value}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {}}))
    with FakeServer(script) as server:
        file.write_text(json.dumps({"auths": {server.authority: entry}}))
        with (
            open_at(server, credentials=CredentialPlaces(docker=(file,)), wait=Pauses().wait) as source,
            pytest.raises(SourceError) as caught,
        ):
            source.resolve()
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"
    assert secret not in shown
    assert value not in shown
