"""Image references, read as Docker reads them and then normalised (docs/references.md).

Grammar: distribution/reference `reference.go` and `regexp.go`. Normalisation: `normalize.go`, and where a
policy could be slipped past by spelling a name differently, further (S26): hosts are lower-cased, port 443 is
removed, Docker Hub's other host names are folded, IPv6 addresses are written one way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Self

from gate.errors import InvalidReference
from gate.oci.digest import ALGORITHMS, Digest

__all__ = ["DOCKER_HUB", "Reference", "Repository", "is_tag"]

#: The registry that a name without a host belongs to.
DOCKER_HUB: Final = "docker.io"

#: Longer texts are no reference: host 253, port 6, path 255, tag 129, sha512 136 characters.
_MOST_CHARACTERS: Final = 1000
#: distribution/reference, `RepositoryNameTotalLengthMax` (of the path).
_MOST_PATH: Final = 255
#: RFC 1035 section 2.3.4.
_MOST_HOST: Final = 253
_MOST_PORT: Final = 65535

_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_COMPONENT: Final = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_IPV6: Final = re.compile(r"\[[a-f0-9:]+\]", re.ASCII)
_IMAGE_ID: Final = re.compile(r"[a-f0-9]{64}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)

#: How a path starts and no reference does.
_PATHS: Final = ("/", "./", "../", "~/")
#: What stands before an image that lies in files.
_SOURCES: Final = {"oci:": "an image layout", "docker-archive:": "an archive"}

#: Other hosts of the same registry. Docker itself knows only the first; the others it sends the name as it stands.
_HUB_ALIAS: Final = "index.docker.io"
_HUB_HOSTS: Final = frozenset({"registry-1.docker.io", "registry.hub.docker.com"})


def is_tag(text: str) -> bool:
    """Tell whether `text` is a tag by the grammar (distribution-spec, "Pulling manifests")."""
    return _TAG.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository: normalised registry and path. Only normal forms exist, others raise `InvalidReference`.

    `registry` is `host`, `host:port`, `1.2.3.4` or `[::1]:5000`. A host of one word keeps its port, 443
    included, since `word/app` alone would mean Docker Hub.
    """

    registry: str
    path: str

    def __post_init__(self) -> None:
        """Raise `InvalidReference` for anything that is no normalised repository."""
        if _normal_registry(self.registry) != self.registry or (
            self.registry != "localhost" and not {".", ":"} & set(self.registry)
        ):
            msg = f"{self.registry!r} is not a registry in its normal form"
            raise InvalidReference(msg)
        _refuse_path(self.path, self.path)
        if self.registry == DOCKER_HUB and "/" not in self.path:
            msg = f"on Docker Hub {self.path!r} is written 'library/{self.path}'"
            raise InvalidReference(msg)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a repository as the user writes it, without tag or digest; raises `InvalidReference`."""
        for prefix, kind in _SOURCES.items():
            if text.startswith(prefix):
                msg = (
                    f"{text!r} is {kind}, and here a repository of a registry belongs, as registry.example.com/team/app"
                )
                raise InvalidReference(msg)
        reference = Reference.parse(text)
        if reference.digest is not None or _split_tag(text)[1] is not None:
            msg = f"{text!r} names a tag or a digest; the repository alone is {str(reference.repository)!r}"
            raise InvalidReference(msg)
        return cls(reference.repository.registry, reference.repository.path)

    @property
    def host(self) -> str:
        """The host (and port) to connect to: Docker Hub's API lives at another one than its name says."""
        return "registry-1.docker.io" if self.registry == DOCKER_HUB else self.registry

    def __str__(self) -> str:
        """`docker.io/library/nginx`: never shortened, so that one repository has one name."""
        return f"{self.registry}/{self.path}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """What the user typed, and what it names.

    `tag` is "" when only a digest was given, and `latest` when neither was. With tag and digest both, both
    hold: the tag must point to that digest (S7). Equal references may have been typed differently.
    """

    typed: str = field(compare=False)
    repository: Repository
    tag: str
    digest: Digest | None = None

    def __post_init__(self) -> None:
        """Raise `InvalidReference` for a tag that is none, or if neither tag nor digest is there."""
        if self.tag and not is_tag(self.tag):
            raise InvalidReference(_tag_problem(self.tag))
        if not self.tag and self.digest is None:
            msg = f"{self.typed!r} has neither a tag nor a digest"
            raise InvalidReference(msg)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read and normalise a reference; raises `InvalidReference` with what is wrong and what would be right."""
        _refuse_text(text)
        rest, at, digest_text = text.partition("@")
        name, tag = _split_tag(rest)
        if not name:
            msg = f"{text!r} names no repository before the {'tag' if tag else 'digest'}"
            raise InvalidReference(msg)
        repository = _repository(name, text)
        if tag is not None and not is_tag(tag):
            raise InvalidReference(_tag_problem(tag))
        digest = _digest(digest_text) if at else None
        return cls(text, repository, tag if tag is not None else "" if digest else "latest", digest)

    def __str__(self) -> str:
        """`registry/path[:tag][@digest]`, normalised; reading it again gives an equal reference."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.repository}{tag}{digest}"


def _refuse_text(text: str) -> None:
    """Refuse what is no reference at a glance, with the sentence that helps."""
    if not text:
        msg = "an image reference is empty: write one as registry.example.com/team/app:1.4.2"
        raise InvalidReference(msg)
    if len(text) > _MOST_CHARACTERS:
        msg = f"an image reference has at most {_MOST_CHARACTERS} characters; {text[:60]!r}… has {len(text)}"
        raise InvalidReference(msg)
    if not text.isascii() or not text.isprintable() or " " in text:
        strange = next(char for char in text if not char.isascii() or not char.isprintable() or char == " ")
        msg = f"{text!r} has the character {strange!r}: a reference is ASCII without spaces or control characters"
        raise InvalidReference(msg)
    if text.startswith(_PATHS):
        msg = (
            f"{text!r} is a path, not a reference: for a layout write {'oci:' + text!r}, "
            "for an archive 'docker-archive:FILE'"
        )
        raise InvalidReference(msg)
    scheme = _SCHEME.match(text)
    if scheme is not None:
        msg = f"{text!r} starts with a scheme; remove {scheme[0]!r} and write {text[scheme.end() :]!r}"
        raise InvalidReference(msg)


def _split_tag(text: str) -> tuple[str, str | None]:
    """Split at the last colon that stands behind the last slash: before it, it separates a port."""
    head, slash, last = text.rpartition("/")
    if not slash and last.startswith("["):
        return text, None
    name, colon, tag = last.partition(":")
    return f"{head}{slash}{name}", tag if colon else None


def _repository(name: str, text: str) -> Repository:
    first, slash, rest = name.partition("/")
    if first.startswith("[") and not rest:
        msg = f"{text!r} names a registry but no repository in it"
        raise InvalidReference(msg)
    is_host = first.startswith("[") or not {".", ":"}.isdisjoint(first) or first == "localhost"
    is_host = is_host or first != first.lower()
    if not slash or not is_host:
        if _IMAGE_ID.fullmatch(name):
            msg = f"{name!r} looks like an image id, which no registry knows; write a repository with a tag or digest"
            raise InvalidReference(msg)
        _refuse_path(name, text)
        return Repository(DOCKER_HUB, name if slash else _library(name, text))
    registry = _normal_registry(first)
    _refuse_path(rest, text)
    if registry == _HUB_ALIAS:
        registry = DOCKER_HUB
    elif registry in _HUB_HOSTS:
        if "/" not in rest:
            msg = f"Docker Hub has no repository {rest!r} at {registry}: write 'docker.io/library/{rest}'"
            raise InvalidReference(msg)
        registry = DOCKER_HUB
    if registry == DOCKER_HUB:
        rest = _library(rest, text)
    elif registry != "localhost" and "." not in registry and ":" not in registry:
        registry += ":443"
    return Repository(registry, rest)


def _library(path: str, text: str) -> str:
    path = path if "/" in path else f"library/{path}"
    _refuse_path(path, text)
    return path


def _refuse_path(path: str, text: str) -> None:
    if len(path) > _MOST_PATH:
        msg = f"a repository path has at most {_MOST_PATH} characters; {path[:40]!r}… has {len(path)}"
        raise InvalidReference(msg)
    if path.endswith("/") or not path:
        msg = f"{text!r} ends in '/': a repository name is missing behind it"
        raise InvalidReference(msg)
    for component in path.split("/"):
        if _COMPONENT.fullmatch(component):
            continue
        if _COMPONENT.fullmatch(component.lower()):
            msg = f"the repository {path!r} must be lower case; did you mean {path.lower()!r}?"
        elif not component:
            msg = f"{text!r} has an empty part between two slashes"
        else:
            msg = (
                f"{component!r} in {text!r} is not a repository name: lower-case letters and digits, joined by "
                "one '.', one or two '_', or any number of '-'"
            )
        raise InvalidReference(msg)


def _normal_registry(text: str) -> str:
    """Give the host in lower case without port 443; raises `InvalidReference`."""
    lower = text.lower()
    if lower.startswith("["):
        address, bracket, port = lower.partition("]")
        host, colon, port = _ipv6(address + bracket, text), port[:1], port[1:]
        if colon not in {"", ":"} or (colon and not port):
            msg = f"the registry {text!r} has something other than ':' and a port behind the address"
            raise InvalidReference(msg)
    else:
        host, colon, port = lower.partition(":")
        _refuse_host(host, text)
    if not colon:
        return host
    number = _port(port, text)
    if number == 443 and (host == "localhost" or "." in host or host.startswith("[")):  # noqa: PLR2004 -- https
        return host
    return f"{host}:{number}"


def _port(port: str, text: str) -> int:
    if _PORT.fullmatch(port) and int(port) <= _MOST_PORT:
        return int(port)
    if port.lstrip("0").isdigit() and int(port.lstrip("0")[:6]) <= _MOST_PORT and port.startswith("0"):
        msg = f"the port of the registry {text!r} starts with 0: write {port.lstrip('0')}"
    elif port.count(":"):
        msg = f"the registry {text!r} has more than one ':'; an IPv6 address stands in brackets, as [::1]:5000"
    else:
        msg = f"{port!r} is not a port (1 to {_MOST_PORT}) of the registry {text!r}"
    raise InvalidReference(msg)


def _refuse_host(host: str, text: str) -> None:
    labels = host.split(".")
    if len(host) > _MOST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        msg = f"{text!r} is not a registry host: letters, digits and '-' (not first or last), joined by '.'"
        raise InvalidReference(msg)
    # A last label that is a number makes an address of it (WHATWG URL, "ends in a number"): some resolvers read
    # 0177.1 or 2130706433 as 127.0.0.1, so only the plain form is one.
    if _NUMBER.fullmatch(labels[-1]):
        import ipaddress

        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            msg = f"the registry {text!r} ends in a number but is no IPv4 address: {error}"
            raise InvalidReference(msg) from error


def _ipv6(bracketed: str, text: str) -> str:
    import ipaddress

    try:
        address = ipaddress.IPv6Address(bracketed[1:-1] if _IPV6.fullmatch(bracketed) else "")
    except ValueError as error:
        msg = f"the registry {text!r} is no IPv6 address in brackets (hex digits and ':' only)"
        raise InvalidReference(msg) from error
    if address.ipv4_mapped is not None:
        msg = f"the registry {text!r} is an IPv4 address in IPv6 clothes: write {address.ipv4_mapped}"
        raise InvalidReference(msg)
    return f"[{address}]"


def _tag_problem(tag: str) -> str:
    if not tag:
        return "the reference ends in ':' but names no tag: write one behind it, or leave the ':' out"
    if _TAG.fullmatch(tag[:128]):
        return f"a tag has at most 128 characters; {tag[:40]!r}… has {len(tag)}"
    return f"{tag!r} is not a tag: letters, digits, '_', '.' and '-', not starting with '.' or '-'"


def _digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidReference as error:
        raise InvalidReference(_digest_problem(text, str(error))) from error


def _digest_problem(text: str, problem: str) -> str:
    algorithm, colon, digits = text.partition(":")
    if "@" in text:
        return f"a reference has one '@' and one digest, not {text!r}"
    if algorithm.lower() in ALGORITHMS and not digits:
        return f"the digest {text!r} is incomplete: {algorithm.lower()}: and {ALGORITHMS[algorithm.lower()]} hex digits"
    if not colon:
        return f"{text!r} behind '@' is not a digest: sha256: and 64 hex digits are"
    if text != text.lower() and algorithm.lower() in ALGORITHMS and len(digits) == ALGORITHMS[algorithm.lower()]:
        return f"the digest {text!r} must be lower case; did you mean {text.lower()!r}?"
    if algorithm in ALGORITHMS and len(digits) < ALGORITHMS[algorithm]:
        return f"{problem}: {text!r} is shortened (docker images prints 12 digits); `gate resolve` prints the whole one"
    return problem
