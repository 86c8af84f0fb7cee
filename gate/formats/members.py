"""The members of large JSON objects, without building what nobody reads, and with every key seen (S11).

msgspec skips a hundred megabytes in thirty milliseconds, but of two equal keys it keeps the last and
says nothing. Here an object is split into its members and then walked once more along its text, so
that a second `Results`, or a `results`, does not stay unseen. Small parts are read as lists of pairs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec
from msgspec import Raw

from gate.errors import MalformedData
from gate.strict_json import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Members", "parse_members", "refuse_twins", "single", "split_list", "split_object"]

#: RFC 8259, section 2: white space between tokens, and what may follow a member.
_OPEN: Final = re.compile(rb"[ \t\n\r]*\{[ \t\n\r]*")
_KEY: Final = re.compile(rb'[ \t\n\r]*("(?:[^"\\]|\\.)*+")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_NEXT: Final = re.compile(rb"[ \t\n\r]*([,}\]])")


class Members(list[tuple[str, object]]):
    """The members of one small JSON object, in order, equal keys included."""


def parse_members(content: bytes, what: str) -> object:
    """Parse small JSON with every object as `Members`; raises `MalformedData`."""
    try:
        return json.loads(content, object_pairs_hook=Members, parse_constant=_no_constant)  # noqa: TID251 -- keeps every key, which is what the ban is about
    except (ValueError, RecursionError) as error:
        if isinstance(error, MalformedData):
            raise
        msg = f"{what} is not JSON that can be read: {error}"
        raise MalformedData(msg, "malformed-json") from error


def single(value: object, known: frozenset[str], what: str) -> dict[str, object]:
    """Give the known members of a parsed object; raises `MalformedData` for a twin, or if it is no object."""
    if not isinstance(value, Members):
        msg = f"{what} is not a JSON object"
        raise MalformedData(msg, "malformed-json")
    refuse_twins((key for key, _ in value), known, what)
    return {key: member for key, member in value if key in known}


def refuse_twins(keys: Iterable[str], known: frozenset[str], what: str) -> None:
    """Raise `ambiguous-json` for a known key that is there twice, or in other letters."""
    folded = {fold(key): key for key in known}
    seen: set[str] = set()
    for key in keys:
        twin = folded.get(fold(key))
        if twin is None:
            continue
        if key != twin:
            msg = f"{what} has the key {key!r}, which some readers take for {twin!r}"
            raise MalformedData(msg, "ambiguous-json")
        if key in seen:
            raise _twice(what, key)
        seen.add(key)


def split_object(content: bytes | memoryview, known: frozenset[str], what: str) -> dict[str, Raw]:
    """Give the members of one JSON object as views into `content`.

    Raises `msgspec.DecodeError` for what is no JSON object, and `MalformedData` for twins.
    """
    members = msgspec.json.decode(content, type=dict[str, Raw])
    _walk(memoryview(content), 0, members, what)
    refuse_twins(members, known, what)
    return members


def split_list(content: bytes | memoryview | Raw, known: frozenset[str], what: str) -> Sequence[Mapping[str, Raw]]:
    """Give the members of every object of a JSON list (`null` is an empty one), as `split_object` does."""
    text = memoryview(content)
    objects = msgspec.json.decode(text, type=list[dict[str, Raw]] | None) or []
    position = bytes(text[:64]).find(b"[") + 1 if objects else 0
    for number, members in enumerate(objects):
        name = f"{what}[{number}]"
        position = _walk(text, position, members, name)
        refuse_twins(members, known, name)
        following = _NEXT.match(text, position)
        position = following.end() if following else position
    return objects


def _walk(text: memoryview, position: int, members: Mapping[str, Raw], what: str) -> int:
    """Follow the object's text from member to member, and give the position behind it.

    The text is valid JSON already. A step that does not lead to the member msgspec kept means that
    this key stands there more than once.
    """
    start = _OPEN.match(text, position)
    if start is None:
        raise _twice(what, "")
    position = start.end()
    for key, raw in members.items():
        step = _KEY.match(text, position)
        if step is None or msgspec.json.decode(step[1]) != key:
            raise _twice(what, "" if step is None else step[1].decode("utf-8", "replace").strip('"'))
        end = step.end() + len(memoryview(raw))
        following = _NEXT.match(text, end)
        if Raw(text[step.end() : end]) != raw or following is None:
            raise _twice(what, key)
        position = following.end()
    if not members:
        return position + 1
    if bytes(text[position - 1 : position]) != b"}":
        raise _twice(what, "")
    return position


def _twice(what: str, key: str) -> MalformedData:
    name = f"the key {key!r}" if key else "a key"
    return MalformedData(f"{what} has {name} twice in one object", "ambiguous-json")


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise MalformedData(msg, "malformed-json")
