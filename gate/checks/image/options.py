"""The types of the options of the check `image`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from gate.formats.ports import PortRange
from gate.formats.repository_name import RepositoryGlob
from gate.oci.platform import Platform
from gate.option import option
from gate.pattern import Glob

__all__ = ["BaseRule", "PlatformName", "PlatformRule", "PortRule", "Size", "VolumeRule"]

_UNITS: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE: Final = re.compile(rf"([1-9][0-9]{{0,5}})({'|'.join(_UNITS)})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes as rule files write it: `500MB`, `1GiB`."""

    text: str
    size: int

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a whole number and a unit; raises `ValueError`."""
        match = _SIZE.fullmatch(text)
        if match is None:
            msg = f"{text[:80]!r} is no size: write a number and {', '.join(_UNITS)}, as 500MB"
            raise ValueError(msg)
        return cls(text, int(match[1]) * _UNITS[match[2]])

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "pattern": f"^{_SIZE.pattern}$", "description": "a size, as 500MB or 1GiB"}

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True)
class PlatformName:
    """One platform as `linux/arm64`; the version of Windows does not matter."""

    platform: Platform

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `os/architecture[/variant]`; raises `ValueError`."""
        return cls(Platform.parse(text))

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "description": "a platform: os/architecture or os/architecture/variant"}

    def is_met_by(self, other: Platform) -> bool:
        """Tell whether an image for `other` is one for this platform."""
        mine = (self.platform.os, self.platform.architecture, self.platform.variant)
        return mine == (other.os, other.architecture, other.variant)

    def __str__(self) -> str:
        """Normalised."""
        return str(self.platform)


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """Which platforms the image is built for."""

    require: tuple[PlatformName, ...] = option("platforms the image must have", default=())
    allow: tuple[PlatformName, ...] = option("the only platforms the image may have", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        if not (self.require or self.allow):
            return (("", "give require or allow"),)
        outside = [str(name) for name in self.require if self.allow and name not in self.allow]
        return tuple(("require", f"{name} is required and not allowed") for name in outside)


@dataclass(frozen=True, slots=True)
class BaseRule:
    """What the image may be built on."""

    allow: tuple[RepositoryGlob, ...] = option(
        "repositories of base images; the base is read from there and has to be in the image", default=()
    )
    deny: tuple[RepositoryGlob, ...] = option("repositories that the image must not say it is built on", default=())
    best_effort: bool = option("believe what the image itself says about its base", default=False)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        found = []
        if not (self.allow or self.deny):
            found.append(("", "give allow or deny"))
        if self.best_effort and not self.allow:
            found.append(("best-effort", "deny is about what the image says anyway: give allow, or leave it out"))
        for glob in self.allow:
            if "*" in glob.text.partition("/")[0] and not self.best_effort:
                sentence = f"{glob} names no registry, and the base is read from where the image says: write its host"
                found.append(("allow", sentence))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class PortRule:
    """Which ports the image may declare."""

    allow: tuple[PortRange, ...] = option("the only ports the image may expose", default=())
    deny: tuple[PortRange, ...] = option("ports the image must not expose", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        return () if self.allow or self.deny else (("", "give allow or deny"),)


@dataclass(frozen=True, slots=True)
class VolumeRule:
    """Which volumes the image may declare."""

    allow: tuple[Glob, ...] = option("the only volumes the image may declare, as globs over their paths")
