"""`WWW-Authenticate` read by its grammar (RFC 9110 section 11.6.1; RFC 7235 before it).

A comma separates challenges, separates parameters, and stands inside quoted strings; splitting at
commas is how clients have been fooled (CVE-2026-12566). What cannot be read is no challenge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Challenge", "is_token", "parse_challenges", "preferred"]

#: Far above any honest header; HTTP servers themselves stop at 8 KiB.
MOST_HEADER: Final = 8192
MOST_CHALLENGES: Final = 16

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"({_WORD})(?=[ ,]|$)", re.ASCII)
_PARAMETER = re.compile(rf'({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*+)"|({_WORD})(?=[ \t,]|$))', re.ASCII)
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))", re.ASCII)
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,65536}", re.ASCII)
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)+")


def is_token(text: str) -> bool:
    """Tell whether a text may stand behind `Bearer`: anything else could break out of the header (RFC 6750, 2.1)."""
    return _B64TOKEN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to authenticate: scheme in lower case, parameters with names in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Read every challenge of every header line, in order; a line is left out from where it breaks the grammar."""
    found: list[Challenge] = []
    for header in headers:
        if len(header) <= MOST_HEADER:
            found.extend(_of_line(header.strip(" \t,")))
    return tuple(found[:MOST_CHALLENGES])


def preferred(challenges: tuple[Challenge, ...]) -> Challenge | None:
    """Choose Bearer with a realm, else Basic; None where neither is offered."""
    bearer = [one for one in challenges if one.scheme == "bearer" and one.parameters.get("realm")]
    basic = [one for one in challenges if one.scheme == "basic"]
    return next(iter([*bearer, *basic]), None)


def _of_line(line: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = 0
    while position < len(line):
        scheme = _SCHEME.match(line, position)
        if scheme is None:
            break
        parameters, after = _parameters(line, scheme.end())
        if parameters is None:
            break
        found.append(Challenge(scheme[1].lower(), MappingProxyType(parameters)))
        position = after
    return found


def _parameters(line: str, position: int) -> tuple[dict[str, str] | None, int]:
    """Read what follows a scheme: a token68, or parameters up to the next scheme; None if neither fits."""
    parameters: dict[str, str] = {}
    start = position
    while start < len(line) and line[start] in " \t":
        start += 1
    separator = _SEPARATOR.match(line, start)
    if start == len(line) or separator is not None:
        return parameters, separator.end() if separator is not None else len(line)
    match = _PARAMETER.match(line, start)
    if match is None:
        token = _TOKEN68.match(line, start)
        return (parameters, _after(line, token.end())) if token is not None else (None, start)
    while match is not None:
        name = match[1].lower()
        if name in parameters:
            return None, start  # said twice: two readers would take two values
        parameters[name] = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        start = _after(line, match.end())
        if start == match.end() and start < len(line):
            return None, start
        match = _PARAMETER.match(line, start)
    return parameters, start


def _after(line: str, position: int) -> int:
    """Give the position behind the separator, or behind blanks at the end."""
    separator = _SEPARATOR.match(line, position)
    if separator is not None:
        return separator.end()
    rest = line[position:]
    return len(line) if not rest.strip(" \t") else position
