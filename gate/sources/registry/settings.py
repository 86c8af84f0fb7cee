"""What the registry source is told about its surroundings: values, read from the environment in gate.cli only."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gate.errors import UsageError
from gate.printable import clip
from gate.sources.registry.urls import Url

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CredentialPlaces", "Proxies", "Settings", "Surroundings"]


def addresses_of(host: str, port: int) -> tuple[str, ...]:
    """Look a name up: numeric addresses in the system's order. Raises `OSError`, `UnicodeError` for no host name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class CredentialPlaces:
    """Where credentials are looked for, in this order (docs/credentials.md).

    `inline` is the text of DOCKER_AUTH_CONFIG. `explicit` is REGISTRY_AUTH_FILE: where it is set, no other
    file is read. `docker` are files in docker's form, `podman` in podman's (whose keys may be path prefixes).
    `environment` is what credential helpers are started with.
    """

    inline: str = field(default="", repr=False)
    explicit: Path | None = None
    docker: tuple[Path, ...] = ()
    podman: tuple[Path, ...] = ()
    legacy: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Proxies:
    """HTTP proxies by scheme of the request, and hosts that are reached without one."""

    http: str = field(default="", repr=False)
    https: str = field(default="", repr=False)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """How registries are reached. The defaults read nothing of the machine but the system's certificates.

    `registry_ca`     certificates (PEM) trusted beside the system's
    `certs_folders`   folders with one subfolder `host[:port]` of `*.crt` and `*.cert`/`*.key` (docker's certs.d)
    `plain_http`      hosts (`host[:port]`) that are spoken to without TLS; loopback needs no entry
    `trusted_realms`  (registry `host[:port]`, realm URL without query): token servers the operator allows
    `seconds`         for everything about one image
    `wait`, `clock`, `lookup`, `connect`   how to wait, to measure time, to look up a name and to open a
                      connection to one of its addresses; tests give their own
    """

    credentials: CredentialPlaces = CredentialPlaces()
    registry_ca: bytes = field(default=b"", repr=False)
    certs_folders: tuple[Path, ...] = ()
    plain_http: frozenset[str] = frozenset()
    trusted_realms: frozenset[tuple[str, str]] = frozenset()
    proxies: Proxies = Proxies()
    seconds: float = 120.0
    offline: bool = False
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    lookup: Callable[[str, int], tuple[str, ...]] = addresses_of
    connect: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine as gate.cli sees it, turned into `Settings`. Reads no environment itself."""

    environ: Mapping[str, str] = field(repr=False)
    home: Path | None

    def settings(
        self,
        *,
        registry_ca: bytes = b"",
        plain_http: Iterable[str] = (),
        trust_realm: Iterable[str] = (),
        seconds: float = 120.0,
        offline: bool = False,
    ) -> Settings:
        """Put environment and command line together; raises `UsageError` for an option that cannot be read.

        `trust_realm` are texts as `registry.example.com=https://auth.example.com/token`.
        """
        return Settings(
            credentials=self._credentials(),
            registry_ca=registry_ca,
            certs_folders=self._certs_folders(),
            plain_http=frozenset(_host(text) for text in plain_http),
            trusted_realms=frozenset(_trusted(text) for text in trust_realm),
            proxies=self._proxies(),
            seconds=seconds,
            offline=offline,
        )

    def _path(self, variable: str, *below: str) -> tuple[Path, ...]:
        value = self.environ.get(variable, "")
        return (Path(value, *below),) if value else ()

    def _home(self, *below: str) -> tuple[Path, ...]:
        return (self.home.joinpath(*below),) if self.home is not None else ()

    def _credentials(self) -> CredentialPlaces:
        explicit = self._path("REGISTRY_AUTH_FILE")
        config = self._path("XDG_CONFIG_HOME", "containers", "auth.json") or self._home(
            ".config", "containers", "auth.json"
        )
        return CredentialPlaces(
            inline=self.environ.get("DOCKER_AUTH_CONFIG", ""),
            explicit=explicit[0] if explicit else None,
            docker=self._path("DOCKER_CONFIG", "config.json") or self._home(".docker", "config.json"),
            podman=(*self._path("XDG_RUNTIME_DIR", "containers", "auth.json"), *config),
            legacy=self._home(".dockercfg"),
            environment=MappingProxyType(dict(self.environ)),
        )

    def _certs_folders(self) -> tuple[Path, ...]:
        """Docker's and podman's folders (containers-certs.d(5))."""
        return (
            Path("/etc/docker/certs.d"),
            *(self._path("XDG_CONFIG_HOME", "docker", "certs.d") or self._home(".config", "docker", "certs.d")),
            *(self._path("XDG_CONFIG_HOME", "containers", "certs.d") or self._home(".config", "containers", "certs.d")),
            Path("/etc/containers/certs.d"),
        )

    def _proxies(self) -> Proxies:
        """Lower case first; upper-case HTTP_PROXY is ignored under CGI, where a client sets it (httpoxy)."""
        http = self.environ.get("http_proxy", "")
        if not http and "REQUEST_METHOD" not in self.environ:
            http = self.environ.get("HTTP_PROXY", "")
        every = self.environ.get("all_proxy", "") or self.environ.get("ALL_PROXY", "")
        https = self.environ.get("https_proxy", "") or self.environ.get("HTTPS_PROXY", "")
        without = self.environ.get("no_proxy", "") or self.environ.get("NO_PROXY", "")
        return Proxies(
            http or every, https or every, tuple(part.strip().lower() for part in without.split(",") if part.strip())
        )


def _host(text: str) -> str:
    try:
        Url.parse(f"http://{text}")
    except ValueError as error:
        raise UsageError(f"--plain-http: {error}; write only host and port, as registry.example.com:5000") from error
    if "/" in text or "?" in text:
        raise UsageError(f"--plain-http {clip(text)}: write only host and port, as registry.example.com:5000")
    return text.lower()


def _trusted(text: str) -> tuple[str, str]:
    host, equals, realm = text.partition("=")
    try:
        url = Url.parse(realm)
    except ValueError as error:
        raise UsageError(
            f"--trust-realm: {error}; write it as registry.example.com=https://auth.example.com/token"
        ) from error
    if not host or not equals or "?" in url.target:
        raise UsageError(
            "--trust-realm names no registry, or has a query; write registry.example.com=https://auth.example.com/token"
        )
    return host.lower(), str(url)
