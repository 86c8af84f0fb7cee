"""Credentials for one host, from docker's and podman's files and their helpers (docs/credentials.md).

Looked up for the host that is contacted and for nothing else (S40). A file that cannot be read does not
stop the run, since most images need none of it; it is named when the registry then asks for credentials.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from gate.errors import MalformedData
from gate.printable import clip
from gate.sources.registry.challenge import is_token
from gate.sources.registry.helper import ask_helper
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from gate.sources.registry.settings import CredentialPlaces

__all__ = ["Credential", "Credentials", "keys_of"]

MOST_FILE_BYTES: Final = 1024 * 1024

#: Docker Hub has many names; docker writes the first one.
_HUB_KEY: Final = "https://index.docker.io/v1/"
_HUB_KEYS: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")
#: Docker Hub's trust server knows the same accounts (docker/cli `cli/trust/trust.go`).
_HUB_TRUST: Final = "notary.docker.io"
#: What docker and helpers write as user name when the secret is an identity token.
_TOKEN_USER: Final = "<token>"  # noqa: S105 -- the marker, not a secret

Style = Literal["docker", "podman", "legacy"]


@dataclass(frozen=True, slots=True)
class Credential:
    """What one host is shown. `kind`: a password, an identity token (traded for one), or a ready registry token."""

    username: str
    secret: str = field(repr=False)
    kind: Literal["password", "identity-token", "registry-token"]
    source: str

    @property
    def basic(self) -> str:
        """The value of an Authorization header (RFC 7617, UTF-8)."""
        pair = f"{self.username}:{self.secret}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class _Config:
    """One configuration file, as far as it could be read."""

    name: str
    style: Style
    auths: Mapping[str, object]
    helpers: Mapping[str, object]
    store: str


class Credentials:
    """The files of one machine, read when first needed."""

    def __init__(self, places: CredentialPlaces, seconds_left: Callable[[], float]) -> None:
        """Read nothing yet."""
        self._places = places
        self._seconds_left = seconds_left
        self._configs: tuple[_Config, ...] | None = None
        self.problems: list[str] = []

    def find(self, host: str, repository: str) -> Credential | None:
        """Give the credential for a host (`host[:port]`) and a repository path there, or None.

        Raises `Trouble` where a helper that is named for the host fails.
        """
        for config in self._all():
            found = self._in_config(config, host, repository)
            if found is not None:
                return found
        return None

    def places(self) -> str:
        """Name the files that were read, for a message; "" where there is none."""
        return ", ".join(config.name for config in self._all())

    def other_ports(self, host: str) -> tuple[str, ...]:
        """Give the keys for the same host name with another port: a common mistake."""
        name = _name(host)
        keys = {_authority(key) for config in self._all() for key in config.auths}
        return tuple(sorted(key for key in keys if _name(key) == name and key != host))

    def _all(self) -> tuple[_Config, ...]:
        if self._configs is None:
            self._configs = tuple(config for config in self._read_all() if config is not None)
        return self._configs

    def _read_all(self) -> Iterator[_Config | None]:
        places = self._places
        if places.inline:
            yield self._parse("DOCKER_AUTH_CONFIG", places.inline.encode("utf-8", "surrogateescape"), "docker")
        if places.explicit is not None:  # it was named on purpose, so nothing else is a substitute
            if not places.explicit.is_file():
                self.problems.append(f"REGISTRY_AUTH_FILE names {clip(str(places.explicit))}, which is no file")
            yield self._read(places.explicit, "podman")
            return
        files: tuple[tuple[Style, tuple[Path, ...]], ...] = (
            ("docker", places.docker), ("podman", places.podman), ("legacy", places.legacy),
        )  # fmt: skip
        for style, paths in files:
            for path in paths:
                yield self._read(path, style)

    def _read(self, path: Path, style: Style) -> _Config | None:
        name = clip(str(path))
        try:
            if not path.exists():
                if path.parent.is_file():  # DOCKER_CONFIG names a folder, not a file
                    self.problems.append(f"{clip(str(path.parent))} is a file; DOCKER_CONFIG has to name its folder")
                return None
            with path.open("rb") as stream:
                content = stream.read(MOST_FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            self.problems.append(f"{name} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}")
            return None
        if len(content) > MOST_FILE_BYTES:
            self.problems.append(f"{name} is larger than {MOST_FILE_BYTES} bytes")
            return None
        return self._parse(name, content, style)

    def _parse(self, name: str, content: bytes, style: Style) -> _Config | None:
        try:
            members = parse_object(content.removeprefix(b"\xef\xbb\xbf"), name)
        except MalformedData as error:
            # Only what kind of mistake: the parser's sentence could quote the file.
            self.problems.append(f"{name} is not JSON that can be read ({error.code})")
            return None
        if style == "legacy":
            return _Config(name, style, members, {}, "")
        auths, helpers, store = members.get("auths"), members.get("credHelpers"), members.get("credsStore")
        return _Config(
            name,
            style,
            auths if isinstance(auths, dict) else {},
            helpers if isinstance(helpers, dict) else {},
            store if isinstance(store, str) else "",
        )

    def _in_config(self, config: _Config, host: str, repository: str) -> Credential | None:
        """credHelpers, then credsStore, then auths (docker/cli `cli/config/configfile/file.go`)."""
        keys = keys_of(host)
        for key in keys:
            helper = config.helpers.get(key)
            if isinstance(helper, str) and helper:
                return self._from_helper(helper, keys[0], config)
        if config.store:
            found = self._from_helper(config.store, keys[0], config)
            if found is not None:
                return found
        entry = _entry(config, keys, repository)
        return self._from_entry(entry[1], entry[0], config) if entry is not None else None

    def _from_helper(self, helper: str, server: str, config: _Config) -> Credential | None:
        answer = ask_helper(helper, server, self._places.environment, self._seconds_left())
        if answer is None:
            return None
        user, secret = answer
        source = f"docker-credential-{helper} (named in {config.name})"
        if user == _TOKEN_USER:
            return Credential("", secret, "identity-token", source)
        return Credential(user, secret, "password", source)

    def _from_entry(self, entry: Mapping[str, object], key: str, config: _Config) -> Credential | None:
        texts: dict[str, str] = {name: value for name, value in entry.items() if isinstance(value, str) and value}
        if not is_token(texts.get("registrytoken", "x")):
            self.problems.append(f"the entry for {clip(key, 100)} in {config.name} has characters that cannot be sent")
            return None
        if "registrytoken" in texts:
            return Credential("", texts["registrytoken"], "registry-token", config.name)
        user, secret = texts.get("username", ""), texts.get("password", "")
        if "auth" in texts:
            pair = _decode(texts["auth"])
            if pair is None:
                self.problems.append(f"the entry for {clip(key, 100)} in {config.name} is not base64 of user:password")
                return None
            user, secret = pair
        if "identitytoken" in texts:
            return Credential(user, texts["identitytoken"], "identity-token", config.name)
        if user == _TOKEN_USER:
            return Credential("", secret, "identity-token", config.name)
        if "" in {user, secret} or ":" in user:
            return None  # docker leaves `{}` as a marker where a store holds the secret
        return Credential(user, secret, "password", config.name)


def keys_of(host: str) -> tuple[str, ...]:
    """Give the keys under which a host's credentials may stand, the one that docker writes first."""
    return (_HUB_KEY, *_HUB_KEYS) if host in {*_HUB_KEYS, _HUB_TRUST} else (host,)


def _entry(config: _Config, keys: tuple[str, ...], repository: str) -> tuple[str, Mapping[str, object]] | None:
    """Find the entry: podman's longest path prefix, then exact keys, then keys with scheme or path around the host."""
    candidates: list[str] = []
    if config.style == "podman":
        parts = repository.split("/")
        for length in range(len(parts), 0, -1):
            candidates.extend(f"{key}/{'/'.join(parts[:length])}" for key in keys[1:] or keys)
    candidates.extend(keys)
    for key in candidates:
        entry = config.auths.get(key)
        if isinstance(entry, dict) and entry:
            return key, entry
    for key, entry in sorted(config.auths.items()):
        written = key.startswith(("http://", "https://")) or config.style != "podman"
        if written and isinstance(entry, dict) and entry and _authority(key) in keys:
            return key, entry
    return None


def _authority(key: str) -> str:
    """Cut scheme and path: `https://reg.example/v1/` is `reg.example`; nothing else is made of a key."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _name(authority: str) -> str:
    host, colon, port = authority.rpartition(":")
    return host if colon and port.isdigit() else authority


def _decode(text: str) -> tuple[str, str] | None:
    """Read `base64(user:password)`, split at the first colon: a JSON key as password has more of them."""
    try:
        pair = base64.b64decode(text, validate=True).decode("utf-8").rstrip("\0")
    except (binascii.Error, ValueError):
        return None
    user, colon, secret = pair.partition(":")
    return (user, secret) if colon else None
