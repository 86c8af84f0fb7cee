"""No secret goes where it does not belong: hosts with similar names, token servers, redirects, addresses (S40).

Every test ends by looking at everything that arrived everywhere but at the registry itself.
"""

from __future__ import annotations

import base64
import itertools
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from gate.errors import SourceError
from gate.evidence import Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.reference import Reference
from gate.sources.registry import Registry, Settings
from gate.sources.registry.settings import CredentialPlaces
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, PATH, Names, Pauses, found, image_script

USER, SECRET, IDENTITY = "AWS", "hunter2-password", "hunter2-identity"
BASIC = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
ALL = (SECRET, IDENTITY, BASIC)

#: Two addresses as the internet has them (nothing is sent there), one of a private network, and the one to avoid.
PUBLIC, OTHER_PUBLIC, PRIVATE, METADATA = "9.9.9.1", "9.9.9.2", "10.0.0.7", "169.254.169.254"


class World:
    """Hosts with names, addresses and certificates of their own, all of them in this process."""

    def __init__(self, stack: ExitStack, tmp_path: Path) -> None:
        self._stack = stack
        self._tmp = tmp_path
        self._authority = trustme.CA()
        self.names = Names({}, {})
        self.servers: dict[str, FakeServer] = {}

    def host(self, name: str, script: Callable[[Request], Reply], *addresses: str, port: int = 443) -> FakeServer:
        """Add a host with TLS. `addresses` are what its name leads to at the first, second, … look-up."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        server = self._stack.enter_context(FakeServer(script, tls=context))
        self.names.addresses[name] = list(addresses)
        for address in addresses:
            self.names.servers.setdefault((address, port), server)
        self.servers[f"{name}:{port}"] = server
        return server

    def open(self, image: str, auths: dict[str, dict[str, str]], **changes: Any) -> Registry:
        """The gate, with these entries in docker's configuration."""
        file = self._tmp / "config.json"
        file.write_text(json.dumps({"auths": auths}))
        settings: dict[str, Any] = {
            "credentials": CredentialPlaces(docker=(file,)),
            "registry_ca": self._authority.cert_pem.bytes(),
            "lookup": self.names.lookup,
            "connect": self.names.connect,
            "wait": Pauses().wait,
        }
        return self._stack.enter_context(Registry(Reference.parse(image), Settings(**{**settings, **changes})))

    def leaked(self, but: str) -> dict[str, list[str]]:
        """What arrived at any host but this one."""
        return {
            name: server.secrets(*ALL) for name, server in self.servers.items() if name != but and server.secrets(*ALL)
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A network of our own."""
    with ExitStack() as stack:
        yield World(stack, tmp_path)


def challenge(realm: str) -> Callable[[Request], Reply]:
    """A registry that sends everybody to a token server; with its token it answers."""
    script = image_script()

    def reply(request: Request) -> Reply:
        if request.header("authorization").startswith("Bearer "):
            return script(request)
        return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})

    return reply


def takes_all(request: Request) -> Reply:
    """A hostile host: asks for a password until it gets one."""
    if request.header("authorization"):
        return found()
    return Reply(401, headers={"WWW-Authenticate": "Basic realm=x"})


def token(request: Request) -> Reply:
    """A token server that gives everybody a token."""
    return Reply(200, b'{"token":"t"}')


def error_of(source: Registry) -> SourceError:
    """Resolve in vain."""
    with pytest.raises(SourceError) as caught:
        source.resolve()
    return caught.value


ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
LOOKALIKES = {
    "a longer name of Amazon's": (f"{ECR}.evil.test", ECR, 443),
    "a longer name of GitHub's": ("ghcr.io.evil.test", "ghcr.io", 443),
    "another port of GitHub's": ("ghcr.io", "ghcr.io", 444),
    "a name below": ("evil.ghcr.io", "ghcr.io", 443),
    "a name beside": ("ghcr.io-evil.test", "ghcr.io", 443),
    "the domain above": ("registry.example", "eu.registry.example", 443),
    "a sibling": ("us.registry.example", "eu.registry.example", 443),
    "docker hub's look-alike": ("registry-1.docker.io.evil.test", "https://index.docker.io/v1/", 443),
    "docker hub at another port": ("index.docker.io", "https://index.docker.io/v1/", 444),
}


@pytest.mark.parametrize(("host", "key", "port"), LOOKALIKES.values(), ids=LOOKALIKES)
def test_a_host_with_a_similar_name_gets_nothing(world: World, host: str, key: str, port: int) -> None:
    """Credentials are looked up for exactly the host and port that is contacted."""
    world.host(host, takes_all, PUBLIC, port=port)
    authority = host if port == 443 else f"{host}:{port}"
    error = error_of(world.open(f"{authority}/{PATH}:1.4.2", {key: {"auth": BASIC}}))
    assert error.code == "unauthorized"
    assert world.leaked(but="") == {}


def test_the_right_host_gets_them(world: World) -> None:
    """The tests above would also pass if nobody ever got anything."""
    server = world.host(ECR, takes_all, PUBLIC)
    assert world.open(f"{ECR}/{PATH}:1.4.2", {ECR: {"auth": BASIC}}).resolve().digest == DIGEST
    assert [request.header("authorization") for request in server.requests] == [f"Basic {BASIC}"]


REALMS = {
    "a sibling domain": "https://auth.example.test/token",
    "the parent domain": "https://example.test/token",
    "a domain below": "https://auth.registry.example.test/token",
    "another host": "https://evil.test/token",
    "another port": "https://registry.example.test:444/token",
    "a known token server of another registry": "https://auth.docker.io/token",
}


@pytest.mark.parametrize("kind", ["auth", "identitytoken"])
@pytest.mark.parametrize("realm", REALMS.values(), ids=REALMS)
def test_a_token_server_elsewhere_gets_no_credentials(world: World, realm: str, kind: str) -> None:
    """An anonymous token is asked for there, and used."""
    host, _, port = realm.split("/")[2].partition(":")
    world.host("registry.example.test", challenge(realm), PUBLIC)
    auth = world.host(host, token, PUBLIC if port else OTHER_PUBLIC, port=int(port or 443))
    entry = {"auth": BASIC} if kind == "auth" else {"identitytoken": IDENTITY}
    source = world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": entry, host: {"auth": BASIC}})
    assert source.resolve().digest == DIGEST
    assert [(request.method, request.header("authorization")) for request in auth.requests] == [("GET", "")]
    assert world.leaked(but="") == {}


def test_where_the_token_server_insists_the_reason_names_it(world: World) -> None:
    """The operator sees what to allow, if it is right."""
    world.host("registry.example.test", challenge("https://auth.example.test/token"), PUBLIC)
    world.host("auth.example.test", lambda _: Reply(401), OTHER_PUBLIC)
    error = error_of(world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}}))
    assert error.code == "realm-refused"
    assert "wants credentials at https://auth.example.test/token?…, which is not trusted" in str(error) or (
        "wants credentials at https://auth.example.test/token, which is not trusted" in str(error)
    )
    assert "--trust-realm" in error.hint
    assert world.leaked(but="") == {}


def test_the_operator_allows_a_token_server_for_one_registry(world: World) -> None:
    """And only there, and only for that one."""
    world.host("registry.example.test", challenge("https://auth.example.test/token"), PUBLIC)
    auth = world.host("auth.example.test", token, OTHER_PUBLIC)
    trusted = frozenset({("registry.example.test", "https://auth.example.test/token")})
    auths = {"registry.example.test": {"auth": BASIC}}
    assert world.open(f"registry.example.test/{PATH}:1.4.2", auths, trusted_realms=trusted).resolve().digest == DIGEST
    assert auth.requests[0].header("authorization") == f"Basic {BASIC}"


@pytest.mark.parametrize(
    "allowed",
    [
        ("other.example.test", "https://auth.example.test/token"),
        ("registry.example.test", "https://auth.example.test/other"),
        ("registry.example.test", "https://auth.example.test:444/token"),
        ("registry.example.test", "http://auth.example.test/token"),
    ],
)
def test_what_the_operator_allows_is_meant_exactly(world: World, allowed: tuple[str, str]) -> None:
    """Another registry, path, port or scheme is something else."""
    world.host("registry.example.test", challenge("https://auth.example.test/token"), PUBLIC)
    world.host("auth.example.test", token, OTHER_PUBLIC)
    auths = {"registry.example.test": {"auth": BASIC}}
    world.open(f"registry.example.test/{PATH}:1.4.2", auths, trusted_realms=frozenset({allowed})).resolve()
    assert world.leaked(but="") == {}


NEVER_ASKED = {
    "http": ("http://auth.example.test/token", "which is not https"),
    "cloud metadata": ("https://169.254.169.254/latest/meta-data/", "an address it may not send us to"),
    "cloud metadata over http": ("http://169.254.169.254/latest/meta-data/", "which is not https"),
    "metadata as ipv6": ("https://[::ffff:169.254.169.254]/x", "an address it may not send us to"),
    "metadata in nat64": ("https://[64:ff9b::a9fe:a9fe]/x", "an address it may not send us to"),
    "amazon's over ipv6": ("https://[fd00:ec2::254]/x", "an address it may not send us to"),
    "this machine": ("https://127.0.0.1/token", "an address it may not send us to"),
    "this machine as ipv6": ("https://[::1]/token", "an address it may not send us to"),
    "unspecified": ("https://0.0.0.0/token", "an address it may not send us to"),
    "a private network": ("https://10.0.0.7/token", "an address it may not send us to"),
    "a user name": ("https://ghcr.io@evil.test/token", "a URL with a user name in it"),
    "a wide dot": ("https://169.254.169。254/token", "a URL with characters that no URL has"),
    "a backslash": ("https://registry.example.test\\\\@evil.test/", "a URL with characters that no URL has"),
    "a file": ("file:///etc/passwd", "neither https nor http"),
    "percent in the host": ("https://127.0.0.1%2f.evil.test/", "is no host name"),
    "a port that is none": ("https://evil.test:x/", "Port could not be cast"),
}


@pytest.mark.parametrize(("realm", "told"), NEVER_ASKED.values(), ids=NEVER_ASKED)
def test_a_token_server_that_is_never_asked(world: World, realm: str, told: str) -> None:
    """Not even anonymously: the request itself would be the attack (ggcr #2243)."""
    world.host("registry.example.test", challenge(realm), PUBLIC)
    error = error_of(world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}}))
    assert error.code == "realm-refused"
    assert told in str(error)
    assert {address for address, _ in world.names.connected} == {PUBLIC}


NAMES = {
    "metadata": [METADATA],
    "this machine": ["127.0.0.1"],
    "a private network": [PRIVATE],
    "unspecified": ["0.0.0.0"],
    "carrier-grade nat": ["100.64.0.1"],
    "metadata the second time": [OTHER_PUBLIC, METADATA],
}


@pytest.mark.parametrize("addresses", NAMES.values(), ids=NAMES)
def test_a_name_of_a_token_server_that_leads_home_is_not_connected_to(world: World, addresses: list[str]) -> None:
    """Checked at each connect, for the address that is connected to (ggcr #2440)."""
    realm = "https://auth.evil.test/token"
    world.host("registry.example.test", challenge(realm), PUBLIC)
    # It lets the first connection go, so that a second one is needed.
    world.host("auth.evil.test", lambda _: Reply(raw=[]), *addresses)
    error = error_of(world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}}))
    assert error.code == "address-refused"
    assert f"auth.evil.test leads to {addresses[-1]}" in str(error)
    assert {address for address, _ in world.names.connected} <= {PUBLIC, OTHER_PUBLIC}
    assert world.leaked(but="") == {}


def test_a_registry_whose_name_leads_to_metadata_the_second_time(world: World) -> None:
    """With a password at hand: it was for the registry, not for what answers now."""

    def script(request: Request) -> Reply:
        return Reply(401, headers={"WWW-Authenticate": "Basic realm=x"}, close=True)

    world.host("registry.evil.test", script, PUBLIC, METADATA)
    error = error_of(world.open(f"registry.evil.test/{PATH}:1.4.2", {"registry.evil.test": {"auth": BASIC}}))
    assert error.code == "address-refused"
    assert {address for address, _ in world.names.connected} <= {PUBLIC}
    assert world.leaked(but="") == {}


@pytest.mark.parametrize("address", [METADATA, "fe80::1", "fd00:ec2::254", "168.63.129.16", "224.0.0.1", "::"])
def test_no_registry_has_such_an_address(world: World, address: str) -> None:
    """Link-local, metadata, multicast: whoever named it."""
    world.host("registry.evil.test", takes_all, address)
    error = error_of(world.open(f"registry.evil.test/{PATH}:1.4.2", {"registry.evil.test": {"auth": BASIC}}))
    assert error.code == "address-refused"
    assert world.names.connected == []


def test_a_registry_in_the_private_network_may_have_its_token_server_there(world: World) -> None:
    """Nearer to home than the registry is what is refused."""
    world.host("registry.corp.test", challenge("https://auth.corp.test/token"), PRIVATE)
    world.host("auth.corp.test", token, "10.0.0.8")
    assert world.open(f"registry.corp.test/{PATH}:1.4.2", {}).resolve().digest == DIGEST


BLOB = b"layer"
BLOB_DIGEST = str(Digest.of(BLOB))


def blob(world: World, location: str, **hosts: Callable[[Request], Reply]) -> Fact:
    """Log in, then ask for a blob that lies elsewhere."""

    def script(request: Request) -> Reply:
        if not request.header("authorization"):
            return Reply(401, headers={"WWW-Authenticate": "Basic realm=x"})
        return Reply(307, headers={"Location": location}) if "/blobs/" in request.path else found()

    world.host("registry.example.test", script, PUBLIC)
    source = world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}})
    source.resolve()
    return source.answer(Ask(f"registry.example.test/{PATH}", Kind.BLOB, BLOB_DIGEST))


def test_a_storage_host_gets_the_request_without_authorization(world: World) -> None:
    """Storage refuses it, and others would keep it."""
    storage = world.host("storage.test", lambda _: Reply(200, BLOB), OTHER_PUBLIC)
    fact = blob(world, "https://storage.test/blob?X-Amz-Signature=1")
    assert isinstance(fact, Found)
    assert [request.target for request in storage.requests] == ["/blob?X-Amz-Signature=1"]
    assert storage.requests[0].header("authorization") == storage.requests[0].header("cookie") == ""


@pytest.mark.parametrize("host", ["registry.example.test:444", "registry.example.test.evil.test", "example.test"])
def test_another_origin_is_another_origin(world: World, host: str) -> None:
    """Also another port of the same host (GHSA-vh4v-2xq2-g5cg); it asks for a password in vain."""
    name, _, port = host.partition(":")
    world.host(name, takes_all, OTHER_PUBLIC if not port else PUBLIC, port=int(port or 443))
    fact = blob(world, f"https://{host}/blob")
    assert isinstance(fact, Unavailable)
    assert fact.code == "registry-error"
    assert "the storage host" in fact.detail
    assert world.leaked(but="registry.example.test:443") == {}


def test_credentials_do_not_come_back_after_a_detour(world: World) -> None:
    """A host in between has chosen where to go: it must not be with our password."""
    back = "https://registry.example.test/v2/other/app/manifests/latest"
    world.host("detour.test", lambda _: Reply(307, headers={"Location": back}), OTHER_PUBLIC)
    blob(world, "https://detour.test/x")
    last = world.servers["registry.example.test:443"].requests[-1]
    assert (last.target, last.header("authorization")) == ("/v2/other/app/manifests/latest", "")


REDIRECTS = {
    "http": ("http://storage.test/blob", "redirect-refused", "from https to http"),
    "a user name": ("https://x:y@storage.test/", "redirect-refused", "a URL with a user name in it"),
    "metadata": (f"https://{METADATA}/latest/", "address-refused", METADATA),
    "this machine": ("https://127.0.0.1/", "address-refused", "127.0.0.1"),
    "a private address": (f"https://{PRIVATE}/", "address-refused", PRIVATE),
    "a name that leads home": ("https://home.test/", "address-refused", "home.test leads to 127.0.0.1"),
}


@pytest.mark.parametrize(("location", "code", "told"), REDIRECTS.values(), ids=REDIRECTS)
def test_redirects_that_are_not_followed(world: World, location: str, code: str, told: str) -> None:
    """A registry on the internet has no business on this machine or in this network."""
    world.host("home.test", takes_all, "127.0.0.1")
    for address in (METADATA, "127.0.0.1", PRIVATE):
        world.names.addresses[address] = [address]
    fact = blob(world, location)
    assert isinstance(fact, Unavailable)
    assert (fact.code, told in fact.detail) == (code, True), fact.detail
    assert {address for address, _ in world.names.connected} == {PUBLIC}
    assert world.leaked(but="registry.example.test:443") == {}


def test_the_next_page_is_never_asked_for_elsewhere(world: World) -> None:
    """With or without authorization: what another host says about referrers counts for nothing."""
    link = {"Link": '<https://evil.test/v2/team/app/tags/list?n=2>; rel="next"'}
    evil = world.host("evil.test", takes_all, OTHER_PUBLIC)

    def script(request: Request) -> Reply:
        return Reply(200, b'{"tags":[]}', link) if "/tags/" in request.path else found()

    world.host("registry.example.test", script, PUBLIC)
    source = world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}})
    source.resolve()
    fact = source.answer(Ask(f"registry.example.test/{PATH}", Kind.TAGS, ""))
    assert isinstance(fact, Unavailable)
    assert fact.code == "list-cut-short"
    assert evil.requests == []


def test_another_registry_is_asked_with_its_own_credentials(world: World) -> None:
    """A signature repository elsewhere inherits nothing."""
    world.host("registry.example.test", takes_all, PUBLIC)
    other = world.host("signatures.test", takes_all, OTHER_PUBLIC)
    source = world.open(f"registry.example.test/{PATH}:1.4.2", {"registry.example.test": {"auth": BASIC}})
    source.resolve()
    fact = source.answer(Ask("signatures.test/team/app", Kind.MANIFEST, "1.4.2"))
    assert isinstance(fact, Unavailable)
    assert fact.code == "unauthorized"
    assert other.secrets(*ALL) == []


HUB_KEYS = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"]


@pytest.mark.parametrize("key", HUB_KEYS)
def test_docker_hubs_token_server_is_known(world: World, key: str) -> None:
    """One request less: nobody has to be told the realm. The token goes to the registry alone."""
    hub = world.host("registry-1.docker.io", challenge("https://auth.docker.io/token"), PUBLIC)
    auth = world.host("auth.docker.io", token, OTHER_PUBLIC)
    assert world.open("team/app:1.4.2", {key: {"auth": BASIC}}).resolve().digest == DIGEST
    assert [request.header("authorization") for request in auth.requests] == [f"Basic {BASIC}"]
    assert [request.header("authorization") for request in hub.requests] == ["Bearer t"]


def test_docker_hub_may_not_send_its_password_elsewhere(world: World) -> None:
    """The table is exact: the host, the scheme, the path."""
    turns = itertools.chain([b'{"token":"old"}'], itertools.repeat(b'{"token":"t"}'))

    def hub(request: Request) -> Reply:
        if request.header("authorization") == "Bearer t":
            return found()
        return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="https://auth.docker.io.evil.test/token"'})

    world.host("registry-1.docker.io", hub, PUBLIC)
    world.host("auth.docker.io", lambda _: Reply(200, next(turns)), OTHER_PUBLIC)
    evil = world.host("auth.docker.io.evil.test", token, "9.9.9.3")
    world.open("docker.io/team/app:1.4.2", {"https://index.docker.io/v1/": {"auth": BASIC}}).resolve()
    assert [request.header("authorization") for request in evil.requests] == [""]
    assert world.leaked(but="auth.docker.io:443") == {}


def test_session_keys_of_tls_are_not_written_anywhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSLKEYLOGFILE is the environment's wish to read along (S41)."""
    log = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    world.host("registry.example.test", lambda _: found(), PUBLIC)
    world.open(f"registry.example.test/{PATH}:1.4.2", {}).resolve()
    assert not log.exists()
