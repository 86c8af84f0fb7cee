"""Versions in tags: releases (`1.4.2`, `v1.4.2`), the beginnings that move along (`1`, `1.4`), and precedence.

SemVer 2.0.0, section 11. A variant such as `1.4.2-alpine` is a pre-release to SemVer and no release here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gate.formats.conventions import is_semver

__all__ = ["Beginning", "Release", "beginning_of", "highest", "precedes", "release_of"]

_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_RELEASE: Final = re.compile(rf"(v?)({_NUMBER})\.({_NUMBER})\.({_NUMBER})", re.ASCII)
_BEGINNING: Final = re.compile(rf"(v?)({_NUMBER})(?:\.({_NUMBER}))?", re.ASCII)
#: A tag has at most 128 characters.
_MOST: Final = 128


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """A tag that names a release; ordered by precedence, then by spelling."""

    numbers: tuple[int, int, int]
    tag: str

    @property
    def style(self) -> str:
        """`v` or nothing: what stands before the number."""
        return "v" if self.tag.startswith("v") else ""

    def beginning(self, count: int) -> str:
        """Give the tag of the first one or two numbers, in the same style."""
        return self.style + ".".join(str(number) for number in self.numbers[:count])


@dataclass(frozen=True, slots=True)
class Beginning:
    """A tag that stands for the highest release beginning so: `1`, `1.4`, `v1`."""

    style: str
    numbers: tuple[int, ...]

    def has(self, release: Release) -> bool:
        """Tell whether the release begins so, in the same style."""
        return release.style == self.style and release.numbers[: len(self.numbers)] == self.numbers


def release_of(tag: str) -> Release | None:
    """Read a release tag, or give None for any other; pre-releases are none."""
    match = _RELEASE.fullmatch(tag) if len(tag) <= _MOST else None
    return None if match is None else Release((int(match[2]), int(match[3]), int(match[4])), tag)


def beginning_of(tag: str) -> Beginning | None:
    """Read the beginning of a version (one or two numbers), or give None."""
    match = _BEGINNING.fullmatch(tag) if len(tag) <= _MOST else None
    if match is None:
        return None
    return Beginning(match[1], tuple(int(number) for number in match.groups()[1:] if number is not None))


def highest(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Give the releases with the highest version: several where `1.4.2` and `v1.4.2` are both there."""
    known = sorted(releases)
    return tuple(release for release in known if release.numbers == known[-1].numbers)


def precedes(left: str, right: str) -> bool | None:
    """Tell whether version `left` is lower than `right` by SemVer's precedence; None if one of them is no version.

    A `v` before the number does not matter.
    """
    import semver

    left, right = left.removeprefix("v"), right.removeprefix("v")
    if not (is_semver(left) and is_semver(right)):
        return None
    return semver.Version.parse(left).compare(right) < 0
