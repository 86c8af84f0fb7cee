"""The next page of a list: `Link: <…>; rel="next"` (RFC 8288 section 3; distribution-spec, "Listing Tags")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gate.sources.registry.reasons import LIST_CUT_SHORT
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sources.registry.transport import Answer

__all__ = ["MOST_PAGES", "links", "next_page"]

#: At a thousand entries each; oras-go has no bound for a reason someone found (oras-go #1215).
MOST_PAGES: Final = 20
MOST_LINK: Final = 8192

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINK = re.compile(r"[ \t,]*<([^<>\s]*)>", re.ASCII)
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*({_WORD})[ \t]*(?:=[ \t]*(?:"((?:[^"\\]|\\.)*+)"|({_WORD})))?', re.ASCII)


def next_page(answer: Answer) -> str:
    """Give path and query of the next page, or "" on the last one.

    Raises `Trouble` where the list goes on but not at the same host and path: what is there would go unseen.
    """
    targets = [
        target for header in answer.all("link") for target, relations in _read(header, answer) if "next" in relations
    ]
    if not targets:
        return ""
    if len(set(targets)) > 1:
        raise cut_short(answer, "names several next pages")
    try:
        url = answer.url.join(targets[0])
    except ValueError as error:
        raise cut_short(answer, f"goes on at {error}") from error
    if url.origin != answer.url.origin:
        raise cut_short(answer, "goes on at another host")
    if url.path != answer.url.path:
        raise cut_short(answer, "goes on at another path")
    return url.target


def cut_short(answer: Answer, how: str) -> Trouble:
    """Say that a list cannot be read to its end."""
    return Trouble(LIST_CUT_SHORT, f"the list {how}", where=answer.url.shown, status=str(answer.status))


def _read(header: str, answer: Answer) -> Iterator[tuple[str, frozenset[str]]]:
    try:
        yield from links(header)
    except ValueError as error:
        raise cut_short(answer, f"has a Link header that cannot be read ({error})") from error


def links(header: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Read one Link header: each target with its relations in lower case; raises `ValueError` for other grammar."""
    if len(header) > MOST_LINK:
        raise ValueError("too long")
    position = 0
    while position < len(header):
        link = _LINK.match(header, position)
        if link is None:
            if header[position:].strip(" \t,"):
                raise ValueError(f"at character {position + 1}")
            return
        position = link.end()
        relations: frozenset[str] = frozenset()
        while (parameter := _PARAMETER.match(header, position)) is not None:
            position = parameter.end()
            if parameter[1].lower() == "rel" and not relations:  # section 3.3: later ones are ignored
                relations = frozenset((parameter[2] or parameter[3] or "").lower().split())
        if header[position : position + 1] not in {"", ",", " ", "\t"}:
            raise ValueError(f"at character {position + 1}")
        yield link[1], relations
