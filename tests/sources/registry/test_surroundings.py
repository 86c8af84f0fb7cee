"""What the machine tells the registry source: environment, proxies, certificates, connections."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from gate.errors import SourceError, UsageError
from gate.evidence import Found, Kind, Unavailable
from gate.oci.reference import Reference
from gate.sources.registry import Registry, Settings, Surroundings
from gate.sources.registry.proxies import proxy_for
from gate.sources.registry.settings import Proxies
from gate.sources.registry.tls import make_context
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Origin
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, PATH, Names, Pauses, asked, found, image_script, open_at

HOME = Path("/home/someone")


def made(environ: dict[str, str], **options: Any) -> Settings:
    """Settings of a machine with this environment."""
    return Surroundings(environ, HOME).settings(**options)


def test_an_empty_environment_looks_into_the_home_folder() -> None:
    """As docker and podman do."""
    places = made({}).credentials
    assert places.docker == (HOME / ".docker" / "config.json",)
    assert places.podman == (HOME / ".config" / "containers" / "auth.json",)
    assert places.legacy == (HOME / ".dockercfg",)
    assert (places.inline, places.explicit) == ("", None)


def test_without_a_home_there_is_less_to_look_at() -> None:
    """A container may have none."""
    settings = Surroundings({}, None).settings()
    assert (settings.credentials.docker, settings.credentials.podman, settings.credentials.legacy) == ((), (), ())
    assert settings.certs_folders == (Path("/etc/docker/certs.d"), Path("/etc/containers/certs.d"))


def test_the_variables_that_are_read() -> None:
    """Each for what docker or podman read it for; docs/credentials.md lists them."""
    environ = {
        "DOCKER_CONFIG": "/d", "DOCKER_AUTH_CONFIG": "{}", "REGISTRY_AUTH_FILE": "/r.json",
        "XDG_RUNTIME_DIR": "/run/1", "XDG_CONFIG_HOME": "/c", "HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example, .B",
    }  # fmt: skip
    settings = made(environ)
    assert settings.credentials.docker == (Path("/d/config.json"),)
    assert settings.credentials.podman == (Path("/run/1/containers/auth.json"), Path("/c/containers/auth.json"))
    assert (settings.credentials.inline, settings.credentials.explicit) == ("{}", Path("/r.json"))
    assert Path("/c/containers/certs.d") in settings.certs_folders
    assert settings.proxies == Proxies("", "http://p:1", ("a.example", ".b"))


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"http_proxy": "a", "HTTP_PROXY": "b"}, ("a", "")),
        ({"HTTP_PROXY": "b"}, ("b", "")),
        ({"HTTP_PROXY": "b", "REQUEST_METHOD": "GET"}, ("", "")),
        ({"https_proxy": "a", "HTTPS_PROXY": "b"}, ("", "a")),
        ({"ALL_PROXY": "c", "HTTPS_PROXY": "b"}, ("c", "b")),
        ({"all_proxy": "c"}, ("c", "c")),
    ],
)
def test_proxies_as_other_tools_read_them(environ: dict[str, str], wanted: tuple[str, str]) -> None:
    """Lower case first; under CGI a client sets HTTP_PROXY."""
    proxies = made(environ).proxies
    assert (proxies.http, proxies.https) == wanted


def test_no_variable_chooses_trust() -> None:
    """What looks like an option is none (S27)."""
    names = ("GATE_PLAIN_HTTP", "GATE_REGISTRY_CA", "GATE_TRUST_REALM", "REGISTRY_CA", "INSECURE", "GATE_OFFLINE")
    settings, plain = made(dict.fromkeys(names, "evil")), made({})
    assert replace(settings, credentials=plain.credentials) == plain


@pytest.mark.parametrize("text", ["http://a.example", "a.example/x", "a b", "", "a.example?x", "user@a.example"])
def test_plain_http_is_for_a_host(text: str) -> None:
    """Not for a URL, not for everything."""
    with pytest.raises(UsageError, match="--plain-http"):
        made({}, plain_http=[text])


@pytest.mark.parametrize(
    "text",
    [
        "a.example",
        "a.example=",
        "=https://b.example/t",
        "a.example=b",
        "a.example=https://u:p@b.example/",
        "a=https://b.example/t?x=1",
    ],
)
def test_trust_realm_is_a_registry_and_a_url(text: str) -> None:
    """The whole URL without its query, as the challenge names it."""
    with pytest.raises(UsageError, match="--trust-realm"):
        made({}, trust_realm=[text])


def test_options_are_normalised() -> None:
    """Hosts in lower case, as references are."""
    settings = made({}, plain_http=["Reg.Example:5000"], trust_realm=["Reg.Example=https://Auth.Example:443/token"])
    assert settings.plain_http == {"reg.example:5000"}
    assert settings.trusted_realms == {("reg.example", "https://auth.example/token")}


WITHOUT = {
    "*": True, "reg.example": True, ".example": True, "example": True, "*.example": True, "reg.example:443": True,
    "reg.example:444": False, "eg.example": False, "other.example": False, "": False, "10.0.0.0/8": False,
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "direct"), WITHOUT.items(), ids=WITHOUT)
def test_no_proxy(pattern: str, direct: bool) -> None:  # noqa: FBT001 -- the table's second column
    """Names with what is below them, ports, networks."""
    proxy = proxy_for(Proxies("", "http://p.example:3128", (pattern,)), Origin("https", "reg.example", 443))
    assert (proxy is None) == direct


def test_no_proxy_for_networks_and_this_machine() -> None:
    """An address lies in a network; loopback is never reached through a proxy."""
    proxies = Proxies("http://p:1", "http://p:1", ("10.0.0.0/8", "fd00::/8"))
    hosts = {"10.1.2.3": True, "11.1.2.3": False, "fd00::1": True, "127.0.0.1": True, "localhost": True, "::1": True}
    for host, direct in hosts.items():
        assert (proxy_for(proxies, Origin("http", host, 80)) is None) == direct, host


@pytest.mark.parametrize(
    "text", ["socks5://user:hunter2@p:1", "https://user:hunter2@p:1", "http://user:hunter2@p:x", "http://"]
)
def test_a_proxy_that_is_not_supported_is_said_without_its_password(text: str) -> None:
    """Its credentials are secrets too."""
    with pytest.raises(Trouble) as caught:
        proxy_for(Proxies("", text, ()), Origin("https", "reg.example", 443))
    assert caught.value.reason.code == "proxy"
    assert "hunter2" not in str(caught.value)


@contextmanager
def far_away(script: Any, **settings: Any) -> Iterator[tuple[FakeServer, Registry]]:
    """A registry that is only reached through the proxy that `script` plays."""
    with FakeServer(script) as proxy:
        names = Names({"p.example": ["10.0.0.1"]}, {("10.0.0.1", 3128): proxy})
        given: dict[str, Any] = {
            "proxies": Proxies("http://u:hunter2@p.example:3128", "http://u:hunter2@p.example:3128"),
            "lookup": names.lookup, "connect": names.connect, "wait": Pauses().wait,
        }  # fmt: skip
        host = settings.pop("host", "reg.example")
        with Registry(Reference.parse(f"{host}/{PATH}:1.4.2"), Settings(**{**given, **settings})) as source:
            yield proxy, source


def test_a_proxy_is_asked_for_plain_http() -> None:
    """With its own credentials, which the registry does not see."""
    with far_away(lambda _: found(), plain_http=frozenset({"reg.example"})) as (proxy, source):
        assert source.resolve().digest == DIGEST
    assert proxy.targets == [f"GET http://reg.example:80/v2/{PATH}/manifests/1.4.2"]
    assert proxy.requests[0].header("proxy-authorization").startswith("Basic ")


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_the_tunnel_is_named(status: int) -> None:
    """Not the registry."""
    with far_away(lambda _: Reply(status)) as (proxy, source), pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "proxy"
    assert f"the proxy answered {status}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert proxy.targets[0] == "CONNECT reg.example:443"


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_a_proxy_is_not_asked_for_metadata(host: str) -> None:
    """What the name itself says is checked behind a proxy too."""
    with far_away(lambda _: Reply(502), host=host) as (proxy, source), pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "address-refused"
    assert proxy.requests == []


def tls(*names: str, **changes: Any) -> tuple[trustme.CA, ssl.SSLContext]:
    """An authority and a server's context with a certificate of it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **changes).configure_cert(context)
    return authority, context


def secure(server: FakeServer, authority: trustme.CA | None, **changes: Any) -> Registry:
    """The gate, trusting this authority."""
    pem = authority.cert_pem.bytes() if authority is not None else b""
    settings = Settings(registry_ca=pem, wait=Pauses().wait, **changes)
    return Registry(Reference.parse(f"{server.authority}/{PATH}:1.4.2"), settings)


def failure(server: FakeServer, authority: trustme.CA | None, **changes: Any) -> SourceError:
    """Resolve in vain."""
    with secure(server, authority, **changes) as source, pytest.raises(SourceError) as caught:
        source.resolve()
    return caught.value


def test_a_private_authority_is_trusted_where_given() -> None:
    """Beside the system's."""
    authority, context = tls("127.0.0.1")
    with FakeServer(image_script(), tls=context) as server, secure(server, authority) as source:
        assert source.resolve().digest == DIGEST


CERTIFICATES: dict[str, tuple[dict[str, Any], str, str]] = {
    "another name": ({"names": ("other.example",)}, "tls-name", "is for another name"),
    "only a common name": ({"names": (), "common_name": "127.0.0.1"}, "tls-name", "is for another name"),
    "expired": (
        {"names": ("127.0.0.1",), "not_after": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "tls-time", "has expired"),
    "not yet valid": (
        {"names": ("127.0.0.1",), "not_before": dt.datetime(2037, 1, 1, tzinfo=dt.UTC),
         "not_after": dt.datetime(2038, 1, 1, tzinfo=dt.UTC)}, "tls-time", "not yet valid"),
}  # fmt: skip


@pytest.mark.parametrize(("made_with", "code", "told"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_a_certificate_that_is_not_right(made_with: dict[str, Any], code: str, told: str) -> None:
    """Name and dates are told apart from trust."""
    changes = dict(made_with)
    authority, context = tls(*changes.pop("names"), **changes)
    with FakeServer(image_script(), tls=context) as server:
        error = failure(server, authority)
    assert (error.code, told in str(error)) == (code, True), str(error)
    assert server.requests == []


def test_another_authority_is_not_trusted() -> None:
    """Nor is none, on this machine as elsewhere: plain HTTP is not tried instead."""
    _, context = tls("127.0.0.1")
    with FakeServer(image_script(), tls=context) as server:
        assert failure(server, trustme.CA()).code == "tls-untrusted"
        assert failure(server, None).code == "tls-untrusted"
    assert server.requests == []


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_no_variable_makes_an_authority_trusted(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL's own variables are the environment's wish to choose whom we believe (S27)."""
    authority, context = tls("127.0.0.1")
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    if variable == "SSL_CERT_DIR":
        monkeypatch.setattr("gate.sources.registry.tls.ssl.SSLContext.set_default_verify_paths", _refused)
    monkeypatch.setenv(variable, str(file if variable == "SSL_CERT_FILE" else tmp_path))
    with FakeServer(image_script(), tls=context) as server:
        error = failure(server, None)
    assert (error.code, "is not trusted" in str(error)) == ("tls-untrusted", True), str(error)
    assert server.requests == []


def _refused(_: ssl.SSLContext) -> None:
    raise AssertionError("this one reads the environment")


def test_the_systems_authorities_stay_without_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file in the variable takes none of them away."""
    system = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    file = Path(paths.openssl_cafile)
    if file.is_file():
        system.load_verify_locations(cafile=str(file))
    (tmp_path / "none.pem").write_bytes(b"")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    made_here = make_context(Settings(), "reg.example")
    assert made_here.cert_store_stats() == system.cert_store_stats()


def test_old_tls_is_not_spoken() -> None:
    """1.2 is the least."""
    authority, context = tls("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1
    with FakeServer(image_script(), tls=context) as server:
        assert failure(server, authority).code in {"tls-plain", "tls-untrusted"}
    assert server.requests == []


def test_plain_http_behind_https_is_said_to_be_that() -> None:
    """With the option that would be right, if it is right."""
    with FakeServer(lambda _: found()) as server:
        listener = socket.create_server(("127.0.0.1", 0))
        with listener, ThreadPoolExecutor(1) as pool:
            names = Names({"reg.example": ["9.9.9.9"]}, {})

            def connect(address: tuple[str, int], seconds: float) -> socket.socket:
                return socket.create_connection(listener.getsockname(), seconds)

            def answer() -> None:
                for _ in range(4):
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(100)
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            pool.submit(answer)
            settings = Settings(lookup=names.lookup, connect=connect, wait=Pauses().wait)
            with Registry(Reference.parse(f"reg.example/{PATH}:1.4.2"), settings) as source:
                with pytest.raises(SourceError) as caught:
                    source.resolve()
            socket.create_connection(listener.getsockname()).close()
        assert server.requests == []
    assert caught.value.code == "tls-plain"
    assert "reg.example did not answer as TLS: wrong version number" in str(caught.value)
    assert "--plain-http" in caught.value.hint


def test_a_client_certificate_is_shown_where_certs_d_has_one(tmp_path: Path) -> None:
    """`.cert` and `.key` of the same name; `.crt` is the authority."""
    authority, context = tls("127.0.0.1")
    clients = trustme.CA()
    clients.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with FakeServer(image_script(), tls=context) as server:
        folder = tmp_path / server.authority
        folder.mkdir()
        authority.cert_pem.write_to_path(str(folder / "ca.crt"))
        assert failure(server, None, certs_folders=(tmp_path,)).code in {"network", "tls-untrusted", "tls-plain"}
        pair = clients.issue_cert("client")
        (folder / "client.cert").write_bytes(pair.cert_chain_pems[0].bytes())
        assert "without its client.key" in str(failure(server, None, certs_folders=(tmp_path,)))
        (folder / "client.key").write_bytes(pair.private_key_pem.bytes())
        with secure(server, None, certs_folders=(tmp_path,)) as source:
            assert source.resolve().digest == DIGEST


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_no_certificate(content: bytes, tmp_path: Path) -> None:
    """Named, so that it can be looked at."""
    with FakeServer(image_script()) as server:
        folder = tmp_path / server.authority
        folder.mkdir()
        (folder / "ca.crt").write_bytes(content)
        error = failure(server, None, certs_folders=(tmp_path,))
    assert error.code == "tls-untrusted"
    assert f"{folder / 'ca.crt'} holds no certificate in PEM form" in str(error)


def test_questions_at_once_use_connections_that_were_opened_ahead() -> None:
    """Three while the tag is asked for; more only if needed, and eight at most."""
    with FakeServer(image_script()) as server, open_at(server) as source:
        source.resolve()
        with ThreadPoolExecutor(3) as pool:
            facts = list(pool.map(lambda _: asked(source, server, Kind.MANIFEST, "1.4.2"), range(3)))
        assert server.connections <= 3
        with ThreadPoolExecutor(20) as pool:
            facts += list(pool.map(lambda _: asked(source, server, Kind.MANIFEST, "1.4.2"), range(60)))
        assert server.connections <= 8
    assert all(isinstance(one, Found) for one in facts)


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    """Servers end idle ones."""
    script = image_script()

    def closing(request: Request) -> Reply:
        reply = script(request)
        return Reply(reply.status, reply.body, {**reply.headers, "Connection": "close"}, close=True)

    with FakeServer(closing) as server, open_at(server) as source:
        source.resolve()
        facts = [asked(source, server, Kind.MANIFEST, "1.4.2") for _ in range(5)]
    assert all(isinstance(one, Found) for one in facts)


def test_after_the_end_nothing_is_answered() -> None:
    """The time for an image is one, for everything."""
    clock = Pauses()
    with FakeServer(image_script()) as server, open_at(server, clock=clock.clock, seconds=60.0) as source:
        source.resolve()
        clock.now += 61
        fact = asked(source, server, Kind.MANIFEST, "1.4.2")
    assert isinstance(fact, Unavailable)
    assert (fact.code, fact.detail) == ("timeout", "the 60 seconds for this image were used up")


def test_several_addresses_are_tried_in_turn() -> None:
    """A broken IPv6 does not hide a working IPv4."""
    with FakeServer(image_script()) as server, ExitStack() as stack:
        tried = []

        def connect(address: tuple[str, int], seconds: float) -> socket.socket:
            tried.append((address[0], seconds))
            if address[0] == "::1":
                raise TimeoutError
            return socket.create_connection(address, seconds)

        source = stack.enter_context(open_at(server, lookup=lambda *_: ("::1", "127.0.0.1"), connect=connect))
        assert source.resolve().digest == DIGEST
    assert tried[0] == ("::1", 3.0)
    assert ("127.0.0.1", 10.0) in tried


def test_one_bad_address_among_several_spoils_the_name() -> None:
    """Whoever controls the name chooses the order."""
    lookup = lambda *_: ("127.0.0.1", "169.254.169.254")  # noqa: E731
    with FakeServer(image_script()) as server, open_at(server, lookup=lookup) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "address-refused"
    assert server.requests == []


def test_localhost_that_leads_elsewhere_is_not_spoken_to_in_plain() -> None:
    """The exception for this machine is for this machine."""
    with FakeServer(image_script()) as server:
        source = Registry(
            Reference.parse(f"localhost:{server.port}/{PATH}:1.4.2"),
            Settings(plain_http=frozenset({f"localhost:{server.port}"}), lookup=lambda *_: ("9.9.9.9",)),
        )
        with source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "address-refused"


def test_on_docker_hub_the_question_for_the_tag_costs_no_pull() -> None:
    """HEAD first; only a tag that moved is read again."""
    authority, context = tls("registry-1.docker.io", "auth.docker.io")
    moved = False

    def script(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(200, json.dumps({"token": "t"}).encode())
        digest = f"sha256:{'0' * 64}" if moved else str(DIGEST)
        return found(Docker_Content_Digest=digest)

    with FakeServer(script, tls=context) as server:
        names = Names({"registry-1.docker.io": ["9.9.9.1"], "auth.docker.io": ["9.9.9.1"]}, {("9.9.9.1", 443): server})
        settings = Settings(registry_ca=authority.cert_pem.bytes(), lookup=names.lookup, connect=names.connect)
        with Registry(Reference.parse("team/app:1.4.2"), settings) as source:
            place = source.resolve().place
            from gate.evidence import Ask

            first = source.answer(Ask(place, Kind.TAG_NOW, "1.4.2"))
            moved = True
            second = source.answer(Ask(place, Kind.TAG_NOW, "1.4.2"))
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert [request.method for request in server.requests if request.path != "/token"] == ["GET", "HEAD", "HEAD", "GET"]
