"""Names in rule files: of rules, signers, repositories and tags (S26, S29)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from gate.errors import InvalidReference
from gate.formats.conventions import CONVENTIONS
from gate.formats.tag_glob import meant_convention, tag_glob_problem
from gate.oci.reference import DOCKER_HUB, Reference

__all__ = ["NAME", "TagGlob", "is_name", "repository_glob_problem"]

#: Rule and signer names: ASCII, so that two that look alike are alike (S29); short, as they stand in every report.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

#: Other spellings of Docker Hub; names are folded to `docker.io` before globs are compared (S26).
_HUB_ALIASES: Final = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
#: distribution/reference, `RepositoryNameTotalLengthMax`.
_MOST_PATH: Final = 255
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
#: distribution/reference, `domain-component` and `path-component`; a star stands for any of what they are made of.
_HOST_GLOB: Final = re.compile(
    r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?(\.[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?)*(:[0-9*]+)?", re.ASCII
)
_PART_GLOB: Final = re.compile(r"[a-z0-9*]+((\.|__?|-+)[a-z0-9*]+)*", re.ASCII)


def is_name(text: str) -> bool:
    """Tell whether `text` can name a rule or a signer."""
    return NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class TagGlob:
    """One entry of `for: {tags: …}`: a glob that some tag can match."""

    text: str
    #: `{app}-*`: a value that makes a convention's name of it is a mistake like any other.
    takes_names: ClassVar[bool] = True

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one; raises `ValueError` for what would silently take the rule out of force."""
        if not text:
            msg = "an empty glob matches nothing"
            raise ValueError(msg)
        problem = tag_glob_problem(text)
        if problem is not None:
            raise ValueError(problem)
        meant = meant_convention(text)
        if meant:
            what = "is the name of" if text in CONVENTIONS else "looks like the name of"
            convention = "a convention" if text == meant else f"the convention {meant!r}"
            msg = f"{text!r} {what} {convention}, and for: takes globs; write the rule's allow: for conventions"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {
            "type": "string",
            "pattern": "^[A-Za-z0-9_*][A-Za-z0-9_.*-]{0,127}$",
            "description": "a glob over the tag, as 1.*; no convention's name",
        }

    def __str__(self) -> str:
        """As written."""
        return self.text


def repository_glob_problem(text: str) -> str | None:
    """Say why a glob over repository names could never match, or give None.

    Globs are compared with the normalised name (`docker.io/library/nginx`). One that can never match
    would silently take a rule out of force.
    """
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return f"a repository has no scheme: take away {scheme[0]}"
    if text != text.strip():
        return f"{text!r}: no name starts or ends with a space"
    host, slash, path = text.partition("/")
    if not slash:
        return _unslashed_problem(text)
    return _host_problem(host, text) or _path_problem(path) or _hub_problem(host, path)


def _unslashed_problem(text: str) -> str | None:
    """Look at a glob without a slash: only one that starts with ** stands for host and path together."""
    if not text.startswith("*"):
        return f"{text!r} names no registry: names are compared in full, as docker.io/library/nginx or ghcr.io/acme/**"
    if "**" not in text:
        return f"{text!r}: * stops at /, and every name has one; write ** for every repository"
    return _path_problem(text)


def _host_problem(host: str, text: str) -> str | None:
    if "*" not in host and "." not in host and ":" not in host and host != "localhost":
        return f"{host!r} is no registry: names are compared in full, as docker.io/{text}"
    if host in _HUB_ALIASES:
        return f"{host!r} is another name of Docker Hub: names are compared after folding it to docker.io"
    if host.endswith(":443") and "." in host:
        return f"{host!r}: names are compared without the default port, write {host.removesuffix(':443')}"
    if host != host.lower():
        return f"{host!r}: names are compared with the host in lower case"
    if "*" in host:
        return None if _HOST_GLOB.fullmatch(host) else _strange(host, "host")
    try:
        normal = Reference.parse(f"{host}/a/b").repository.registry
    except InvalidReference:
        return _strange(host, "host")
    return None if normal == host else f"{host!r}: names are compared in their normal form, write {normal}"


def _path_problem(path: str) -> str | None:
    if "@" in path:
        return "a repository has no digest: take away everything from @ on"
    if ":" in path:
        return "a repository has no tag: take it away (a rule may say `for: {tags: […]}`)"
    if path != path.lower():
        return "repository names are lower case: this glob could never match"
    if path.endswith("/") or not path:
        return "no name ends with /: write /** for everything below"
    if len(path.replace("*", "")) > _MOST_PATH:
        return f"the path of a repository has at most {_MOST_PATH} characters: this glob could never match"
    for part in path.split("/"):
        if not part:
            return "no name has an empty part between two slashes: this glob could never match"
        if not _PART_GLOB.fullmatch(part):
            return _strange(part, "part")
    return None


def _strange(text: str, what: str) -> str:
    allowed = "a-z 0-9 . - and a port" if what == "host" else "a-z 0-9, with one . or _, two _ or any - between them"
    return f"no {what} of a repository's name can match {text[:80]!r}: it has {allowed}; in a glob only * is special"


def _hub_problem(host: str, path: str) -> str | None:
    """Say that Docker Hub's names have two parts at least."""
    if host != DOCKER_HUB or "/" in path or "**" in path:
        return None
    return f"Docker Hub's official images are in library: names are compared in full, as {host}/library/{path}"
