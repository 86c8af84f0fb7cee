"""Identities of a rule file, compared with the one name in a certificate (S17).

A name as `https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1` says at its first `@` where one thing
ends and another begins. So pattern and name are cut at every `@`, each piece is matched in full, and no wildcard can
reach over. What says who it is (scheme, host and owner; the domain of an address) has to be written out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.option import option
from gate.pattern import Glob, Regex

if TYPE_CHECKING:
    from gate.formats.certificate import SubjectName

__all__ = ["IdentityRegex", "NamePattern", "fixed_beginning", "refuse_name"]

#: Longer names are refused (a SAN of Fulcio has 60 to 200 characters).
_MOST_NAME: Final = 2048

#: Scheme, host and the first part of the path: who it is, on every service that issues such names.
_OWNER: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@?#*]+/[^/@*]+(?:/|\Z)", re.ASCII)
_ADDRESS: Final = re.compile(r"[^@*]+\Z", re.ASCII)
#: One character of a regular expression that means itself.
_LITERAL: Final = re.compile(r"\\[^A-Za-z0-9\s]|[A-Za-z0-9_:/!,;=~&'\" -]", re.ASCII)
_QUANTIFIERS: Final = frozenset("*+?{")
_PLAIN: Final = re.compile(r"[!-$&-~]+", re.ASCII)
_USER_INFO: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@", re.ASCII)


@dataclass(frozen=True, slots=True)
class IdentityRegex:
    """An identity as a regular expression."""

    regex: Regex = option("A regular expression; each side of an `@` is matched in full.", needs="regex: …")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one piece between `@`s has to be: it begins with `fixed`, and `rest` matches what follows."""

    fixed: str
    rest: Glob | Regex | None

    def matches(self, text: str) -> bool:
        if not text.startswith(self.fixed):
            return False
        following = text[len(self.fixed) :]
        return not following if self.rest is None else self.rest.matches(following)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """One pattern, cut at each `@`. `is_uri` says which kind of name it is for; `literal` is it, without a wildcard."""

    pieces: tuple[_Piece, ...]
    is_uri: bool
    literal: str | None
    text: str

    @classmethod
    def make(cls, pattern: Glob | IdentityRegex) -> NamePattern:
        """Cut a pattern; raises `ValueError` with a sentence for the user where it does not say who is meant."""
        text = str(pattern) if isinstance(pattern, Glob) else str(pattern.regex)
        if isinstance(pattern, Glob):
            return cls._of_glob(text)
        return cls._of_regex(text.replace(r"\@", "@").replace(r"\/", "/"))

    @classmethod
    def _of_glob(cls, text: str) -> NamePattern:
        pieces = text.split("@")
        fixed = fixed_beginning(text, pieces)
        made = [_Piece("", _glob(piece)) for piece in pieces]
        return cls(tuple(made), "://" in fixed, None if "*" in text else text, text)

    @classmethod
    def _of_regex(cls, text: str) -> NamePattern:
        pieces = text.split("@")
        if "://" not in text:
            # An address: its domain is literal, the rest may vary.
            domain = _unescaped(pieces[-1])
            if len(pieces) != 2 or domain is None:  # noqa: PLR2004 -- local part and domain
                raise ValueError(_WHO)
            return cls((_Piece("", Regex(pieces[0])), _Piece(domain, None)), is_uri=False, literal=None, text=text)
        plain, used = _beginning(pieces[0])
        match = _OWNER.match(plain)
        if match is None or (not match[0].endswith("/") and used[-1] != len(pieces[0])):
            raise ValueError(_WHO)
        rest = pieces[0][used[match.end() - 1] :]
        first = _Piece(match[0], _regex(rest) if rest else None)
        return cls((first, *(_Piece("", _regex(piece)) for piece in pieces[1:])), is_uri=True, literal=None, text=text)

    def matches(self, name: SubjectName) -> bool:
        """Tell whether this is the name; raises `PatternTimeoutError`."""
        if (name.kind == "uri") is not self.is_uri:
            return False
        pieces = name.text.split("@")
        return len(pieces) == len(self.pieces) and all(
            piece.matches(text) for piece, text in zip(self.pieces, pieces, strict=True)
        )

    def __str__(self) -> str:
        """As written."""
        return self.text


_WHO: Final = (
    "the pattern has to write out who it is: scheme, host and owner (https://github.com/acme/…), or the domain of an "
    "address (…@acme.example); a wildcard may follow, and a dot in a regular expression is written \\."
)


def fixed_beginning(text: str, pieces: list[str]) -> str:
    """Give the part of a glob that says who it is; raises `ValueError` where a wildcard stands in it."""
    if "://" in text:
        match = _OWNER.match(text)
        if match is None:
            raise ValueError(_WHO)
        return match[0]
    # An address ends in its domain; a user name of Fulcio in its realm.
    end = pieces[-1] if len(pieces) > 1 else text.rpartition("!")[2] if "!" in text else text
    if _ADDRESS.match(end) is None:
        raise ValueError(_WHO)
    return end


def refuse_name(name: SubjectName) -> None:
    """Raise `MalformedData` for names that two programs could read in two ways (S17)."""
    if len(name.text) > _MOST_NAME or _PLAIN.fullmatch(name.text) is None:
        msg = f"its certificate names {name.text[:200]!r}: only printable ASCII without blanks and `%` is compared"
        raise MalformedData(msg, "certificate-name")
    if _USER_INFO.match(name.text):
        msg = f"its certificate names {name.text[:200]!r}, with user information before the host"
        raise MalformedData(msg, "certificate-name")


def _glob(text: str) -> Glob | None:
    return Glob(text) if text else None


def _regex(text: str) -> Regex:
    try:
        return Regex(text)
    except ValueError as error:
        msg = f"each side of an `@` has to be a regular expression of its own: {error}"
        raise ValueError(msg) from error


def _beginning(text: str) -> tuple[str, list[int]]:
    """Give the literal text that an expression begins with, and for each character where it ends in the expression."""
    plain, ends, place = "", [], 0
    while (match := _LITERAL.match(text, place)) and text[match.end() : match.end() + 1] not in _QUANTIFIERS:
        plain += match[0][-1]
        ends.append(match.end())
        place = match.end()
    return plain, ends


def _unescaped(text: str) -> str | None:
    """Give the one text that an expression matches, or None if there may be others."""
    plain, ends = _beginning(text)
    return plain if plain and ends[-1] == len(text) else None
