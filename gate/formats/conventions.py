"""Conventions for tags, by name: what a tag such as `1.4.2`, `7c0bb30` or `staging` follows.

Each is a grammar over the whole tag. Several may hold at once (`1` is a partial semantic version and a
build number): a rule that allows one of them allows the tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

__all__ = ["CONVENTIONS", "ENVIRONMENTS", "Convention", "abbreviates_commit", "is_partial_of", "is_semver"]

#: A tag has at most 128 characters (OCI distribution-spec, "Pulling manifests"); versions elsewhere are no longer.
_MOST: Final = 128


@dataclass(frozen=True, slots=True)
class Convention:
    """One convention. `what` finishes the sentence "the tag is …", `example` follows it."""

    name: str
    what: str
    example: str
    holds: Callable[[str], bool]


def is_semver(text: str) -> bool:
    """Tell whether the whole of `text` is a version of SemVer 2.0.0, build metadata included."""
    import semver

    return len(text) <= _MOST and _ASCII_VERSION.fullmatch(text) is not None and semver.Version.is_valid(text)


def is_partial_of(partial: str, version: str) -> bool:
    """Tell whether `partial` (`1`, `1.4`, `v1.4`) is the beginning of a release version (`1.4.2`)."""
    partial, version = partial.removeprefix("v"), version.removeprefix("v")
    return _PARTIAL.fullmatch(partial) is not None and _is_release(version) and version.startswith(f"{partial}.")


def abbreviates_commit(short: str, commit: str) -> bool:
    """Tell whether `short` is the full commit id `commit`, or its first seven to twelve digits."""
    is_commit = _FULL_COMMIT.fullmatch(commit) is not None
    is_part = _SHORT_LENGTH[0] <= len(short) <= _SHORT_LENGTH[1] and commit.startswith(short)
    return is_commit and (short == commit or is_part)


# What the semver library would also take (Unicode digits, a final newline) is kept out before it is asked (S29).
_ASCII_VERSION: Final = re.compile(r"[0-9A-Za-z.+-]+", re.ASCII)
_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_PARTIAL: Final = re.compile(rf"(?:0|[1-9][0-9]{{0,3}})|{_NUMBER}\.{_NUMBER}", re.ASCII)
_RELEASE: Final = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)

#: SHA-1 and SHA-256 repositories (git-hash-object); git itself never abbreviates below seven by default.
_FULL_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_SHORT_LENGTH: Final = (7, 12)
# Seven digits without a letter may be a build number, eight a date: they do not show that it is a commit.
_SHORT_COMMIT: Final = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{7,12}", re.ASCII)

# calver.org, "Scheme": YYYY or 0Y, 0M or MM, then DD or MICRO; and the two ways of ISO 8601 to write a day.
_CALVER: Final = re.compile(r"(?:20)?[0-9]{2}\.(?:0?[1-9]|1[0-2])(?:\.(?:0|[1-9][0-9]*|0[1-9]))?", re.ASCII)
_DAY: Final = re.compile(r"(20[0-9]{2})(-?)([0-9]{2})\2([0-9]{2})", re.ASCII)
_BUILD: Final = re.compile(r"(?:build[.-]?|b)?[1-9][0-9]{0,9}", re.ASCII)
_BRANCH: Final = re.compile(
    r"(?:main|master|trunk|develop|next)"
    r"|(?:feature|feat|bugfix|fix|hotfix|release|renovate|dependabot|pr|mr)[-._][A-Za-z0-9_.-]+",
    re.ASCII,
)
ENVIRONMENTS: Final = frozenset(
    {
        "dev", "development", "test", "testing", "qa", "int", "integration", "uat", "stage", "staging", "preprod",
        "pre-prod", "preproduction", "pre-production", "prod", "production",
    }
)  # fmt: skip
_MOVING: Final = frozenset(
    {"latest", "newest", "current", "stable", "edge", "nightly", "canary", "rolling", "next", "lts", "master", "main"}
)


def _is_version(tag: str) -> bool:
    return "+" not in tag and is_semver(tag)


def _is_release(tag: str) -> bool:
    return _RELEASE.fullmatch(tag) is not None


def _is_partial(tag: str) -> bool:
    return _PARTIAL.fullmatch(tag) is not None


def _is_full_commit(tag: str) -> bool:
    return _FULL_COMMIT.fullmatch(tag) is not None


def _is_short_commit(tag: str) -> bool:
    return _SHORT_COMMIT.fullmatch(tag) is not None


def _is_calver(tag: str) -> bool:
    day = _DAY.fullmatch(tag)
    if day is None:
        return _CALVER.fullmatch(tag) is not None
    try:
        date(int(day[1]), int(day[3]), int(day[4]))
    except ValueError:
        return False
    return True


def _with_v(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda tag: tag.startswith("v") and holds(tag[1:])


_ALL: Final = (
    Convention("semver", "a full semantic version (X.Y.Z, with or without pre-release)", "1.4.2", _is_version),
    Convention("semver-release", "a full semantic version without pre-release (X.Y.Z)", "1.4.2", _is_release),
    Convention("semver-partial", "the beginning of a semantic version (X or X.Y)", "1.4", _is_partial),
    Convention("semver-v", "a full semantic version after a v (vX.Y.Z)", "v1.4.2", _with_v(_is_version)),
    Convention("semver-v-partial", "the beginning of a version after a v (vX or vX.Y)", "v1.4", _with_v(_is_partial)),
    Convention("calver", "a calendar version or a day", "2026.11", _is_calver),
    Convention(
        "git-commit",
        "a git commit id, in full or its first 7 to 12 digits with a letter among them",
        "7c0bb30",
        lambda tag: _is_full_commit(tag) or _is_short_commit(tag),
    ),
    Convention("git-commit-full", "a full git commit id (40 or 64 hex digits)", "7c0bb30f" * 5, _is_full_commit),
    Convention("environment", "the name of an environment", "staging", ENVIRONMENTS.__contains__),
    Convention("branch", "the name of a branch", "feature-login", lambda tag: _BRANCH.fullmatch(tag) is not None),
    Convention("build-number", "a build number", "build-271", lambda tag: _BUILD.fullmatch(tag) is not None),
    Convention("moving", "a tag that is moved by habit", "latest", _MOVING.__contains__),
)
#: Every convention that rule files can name.
CONVENTIONS: Final[Mapping[str, Convention]] = MappingProxyType({one.name: one for one in _ALL})
