"""`images:` at the top of a rule file: which images its rules are for, and names for parts of their repositories.

`ghcr.io/acme/{app}` matches `ghcr.io/acme/web` and calls `web` `{app}`: signers, values of labels and
messages of that file may use it. What is filled in comes from the name of the image that is judged, so it
is data: only `[a-z0-9._-]` (what a repository's path is made of), escaped in regular expressions, and refused where a
word would get a meaning by it (conventions, formats, names of signers, file names).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from gate.finding import Reason, Undecided
from gate.pattern import Glob
from gate.ruleset.names import repository_glob_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["IMAGES_MISMATCH", "IMAGES_UNKNOWN", "ImagesPattern", "fill", "names_in", "samples", "unfit"]

IMAGES_MISMATCH = Reason(
    "images-mismatch",
    "The rule file is for other images",
    "The rule file says with `images:` at its top which repositories its rules are for, and this image is in another "
    "one. What the rules would ask of it is not known, so they are undecided; they are never skipped.",
    "Check the image with the rule file that is for it, or add its repository to `images:`.",
)
IMAGES_UNKNOWN = Reason(
    "images-unknown",
    "It cannot be told whether the rule file is for this image",
    "The rule file says with `images:` at its top which repositories its rules are for, and the image has no "
    "repository name: it was read from a layout or an archive.",
    "Check the image by its registry reference, or use a rule file without `images:`.",
)

_NAME: Final = r"\{([a-z][a-z0-9-]{0,31})\}"
#: `${app}`, `{{app}}` and `\p{alpha}` belong to other languages and stay what they are.
_USED: Final = re.compile(rf"(?<![${{])(?<!\\[pPNgxuU]){_NAME}(?!\}})", re.ASCII)
_PART: Final = re.compile(_NAME, re.ASCII)
#: What a part of a repository's path is made of (distribution/reference, `path-component`).
_VALUE: Final = "[a-z0-9._-]+"
_PLAIN: Final = re.compile(r"[a-z0-9._*-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImagesPattern:
    """One entry of `images:`: a repository in which `{name}` stands for (a piece of) one part between slashes."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a pattern; raises `ValueError`. With names there is one way only in which a repository can match."""
        names = _PART.findall(text)
        if set("{}") & set(_PART.sub("", text)):
            msg = f"{text!r}: a name in braces is small letters, digits and '-', as {{app}}"
            raise ValueError(msg)
        problem = repository_glob_problem(_PART.sub(lambda match: f"sample-{match[1]}", text))
        if problem is not None:
            raise ValueError(problem)
        host, *parts = text.split("/")
        if not names:
            return cls(text)
        if _PART.search(host):
            msg = f"{text!r}: the registry is written out, only parts of the path have names"
            raise ValueError(msg)
        for part in parts:
            _refuse_part(text, part)
        if len(set(names)) != len(names):
            msg = f"{text!r} uses one name twice"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "minLength": 1, "description": "a repository, as ghcr.io/acme/{app}, or a glob"}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parts, in their order."""
        return tuple(_PART.findall(self.text))

    def match(self, repository: str) -> Mapping[str, str] | None:
        """Give what each name stands for in a normalised repository name, or None if it does not match."""
        if not self.names:
            return MappingProxyType({}) if Glob(self.text).matches(repository) else None
        found = _compiled(self.text).fullmatch(repository)
        return None if found is None else MappingProxyType(dict(zip(self.names, found.groups(), strict=True)))

    def __str__(self) -> str:
        """As written."""
        return self.text


def _refuse_part(text: str, part: str) -> None:
    names = _PART.findall(part)
    if not _PLAIN.fullmatch(_PART.sub("", part)):
        msg = f"{text!r}: {part!r} is no part of a repository's path"
        raise ValueError(msg)
    if "**" in part:
        msg = f"{text!r}: beside names, '**' would match in several ways; write the parts out, or '*' for one of them"
        raise ValueError(msg)
    if len(names) > 1 or (names and "*" in part):
        msg = f"{text!r}: between two slashes there is one name and no '*', or they could match in several ways"
        raise ValueError(msg)


@lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    """Give the pattern as a regular expression; each part has one name at most, so it takes linear time."""
    pieces = re.split(r"(\{[^}]*\}|\*)", text)
    made = [
        f"({_VALUE})" if piece.startswith("{") else "[^/]*" if piece == "*" else re.escape(piece) for piece in pieces
    ]
    return re.compile("".join(made), re.ASCII)


def samples(patterns: Iterable[ImagesPattern]) -> Mapping[str, str]:
    """Give a value for each name, for reading a file before there is an image."""
    return MappingProxyType({name: f"sample-{name}" for pattern in patterns for name in pattern.names})


def names_in(text: str) -> tuple[str, ...]:
    """Give the names that a text uses."""
    return tuple(_USED.findall(text))


def fill(text: str, values: Mapping[str, str], *, is_regex: bool = False) -> str:
    """Put values in the place of their names; other braces stay."""

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            return match[0]
        return re.escape(found) if is_regex else found

    return _USED.sub(value, text)


def unfit(file: str, patterns: tuple[ImagesPattern, ...], repository: str) -> Undecided:
    """Say why the rules of a file cannot be judged for a repository that none of its patterns matches."""
    listed = " or ".join(map(str, patterns))
    if not repository:
        what = f"{file} is for images of {listed}, and this image has no repository name"
        return Undecided(IMAGES_UNKNOWN, what, IMAGES_UNKNOWN.remedy)
    what = f"{file} is for images of {listed}, and this one is of {repository}"
    return Undecided(IMAGES_MISMATCH, what, IMAGES_MISMATCH.remedy)
