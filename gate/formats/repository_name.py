"""Globs over names of registries and repositories, which can match a normalised name or are refused (S26).

A glob in another spelling (`GHCR.io/**`, `index.docker.io/…`, `nginx`) would match nothing, and whoever wrote it would
believe that it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from gate.errors import InvalidReference
from gate.oci.reference import Reference
from gate.pattern import Glob

__all__ = ["RegistryGlob", "RepositoryGlob"]

_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class RegistryGlob:
    """A registry: `ghcr.io`, `localhost:5000`, or everything below a domain, `*.example.com`."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one; raises `ValueError` for what no registry's normalised name can be."""
        host = text.removeprefix("*.")
        if "*" in host or "/" in host or not host or len(text) > _MOST:
            msg = (
                f"{text[:80]!r} is no registry: write its host name, as ghcr.io, or *.example.com for all hosts below "
                "a domain (a * anywhere else would match hosts of other people)"
            )
            raise ValueError(msg)
        _refuse_other_spelling(f"{host}/a/b", f"{host}/a/b")
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "minLength": 1, "description": "a registry, as ghcr.io or *.example.com"}

    def matches(self, registry: str) -> bool:
        """Tell whether a normalised registry (`host` or `host:port`) is meant."""
        if self.text.startswith("*."):
            return len(registry) > len(self.text) - 1 and registry.endswith(self.text[1:])
        return registry == self.text

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True)
class RepositoryGlob:
    """A glob over normalised repository names: `ghcr.io/acme/**`."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one; raises `ValueError` for what no normalised name can match."""
        host, slash, _ = text.partition("/")
        if len(text) > _MOST or not text:
            msg = f"{text[:80]!r} is no glob over repository names"
            raise ValueError(msg)
        if not slash and host != "**":
            msg = (
                f"{text!r} names no registry: names are compared in full, as docker.io/library/nginx or ghcr.io/acme/**"
            )
            raise ValueError(msg)
        if "*" not in host:
            likely = text.replace("**", "a/b").replace("*", "a")
            _refuse_other_spelling(likely, text)
        elif text != text.lower() or "@" in text or ":" in text.partition("/")[2]:
            msg = f"{text!r} can match no repository: names are lower case, without tag and digest"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "minLength": 1, "description": "a glob over repositories, as ghcr.io/acme/**"}

    def matches(self, name: str) -> bool:
        """Tell whether the whole normalised name matches."""
        return Glob(self.text).matches(name)

    def __str__(self) -> str:
        """As written."""
        return self.text


def _refuse_other_spelling(likely: str, text: str) -> None:
    """Raise `ValueError` where a name of that form is normalised to another one."""
    try:
        reference = Reference.parse(likely)
    except InvalidReference as error:
        msg = f"{text[:80]!r} can match no repository: {error}"
        raise ValueError(msg) from error
    if str(reference.repository) != likely:
        msg = (
            f"{text[:80]!r} can match no repository: names are compared in their normal form, in which {likely} is "
            f"{reference.repository}"
        )
        raise ValueError(msg)
