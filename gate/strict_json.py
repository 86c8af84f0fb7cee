"""JSON that every reader reads alike, or an error (S11).

Go's decoder matches keys under case folding and takes the last of two equal keys; Python's does
neither and takes the last. An object that two readers could understand differently is refused:
equal keys, keys equal under case folding, `NaN`, numbers too large, half surrogate pairs, trailing data, too deep,
not UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Final, NoReturn

from gate.errors import MalformedData

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_DEPTH", "fold", "parse_object", "parse_strict", "refuse_lookalikes"]

#: Deeper than any manifest, statement or bundle; shallow enough for Python's own stack.
MOST_DEPTH: Final = 64

#: Key sets of objects that were found free of twins: documents repeat a few of them many times.
_MOST_SHAPES: Final = 1000
_MOST_KEYS_KEPT: Final = 32

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def fold(key: str) -> str:
    """Fold `key` as any reader might that ignores case: Go's (U+212A and ſ included), Java's, .NET's (ı)."""
    return key.lower() if key.isascii() else key.casefold().upper().casefold()


def parse_strict(content: bytes, what: str) -> object:
    """Parse UTF-8 JSON bytes into plain Python values.

    `what` names the document in the message. Raises `MalformedData`, with code `ambiguous-json`
    where two readers could read different things and `malformed-json` otherwise.
    """
    _refuse_depth(content, what)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"{what} is not UTF-8 text (byte {error.start})"
        raise MalformedData(msg, "malformed-json") from error
    try:
        value: object = json.loads(  # noqa: TID251 -- this is gate.strict_json
            text, object_pairs_hook=_unambiguous(what), parse_constant=_no_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        msg = f"{what} is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise MalformedData(msg, "malformed-json") from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, MalformedData):
            raise
        msg = f"{what} is not JSON that can be read: {error}"
        raise MalformedData(msg, "malformed-json") from error
    _refuse_half_pairs(text, value, what)
    return value


def parse_object(content: bytes, what: str, known: frozenset[str] = frozenset()) -> dict[str, object]:
    """Parse a JSON object; `known` are the top-level keys a reader would look for.

    A top-level key that equals a known one only under case folding (`Config`, `layerſ`) is
    `ambiguous-json`.
    """
    value = parse_strict(content, what)
    if not isinstance(value, dict):
        msg = f"{what} is {_kind(value)}, not a JSON object"
        raise MalformedData(msg, "malformed-json")
    refuse_lookalikes(value, known, what)
    return value


def refuse_lookalikes(value: dict[str, object], known: frozenset[str], what: str) -> None:
    """Raise `ambiguous-json` if a key equals a known one only after folding."""
    folded = {fold(key): key for key in known}
    for key in value:
        if key not in known and fold(key) in folded:
            msg = f"{what} has the key {key!r}, which some readers take for {folded[fold(key)]!r}"
            raise MalformedData(msg, "ambiguous-json")


def _unambiguous(what: str) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    shapes: set[tuple[str, ...]] = set()

    def build(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        keys = tuple(made)
        if len(made) == len(pairs) and (keys in shapes or len({fold(key) for key in keys}) == len(keys)):
            if len(keys) <= _MOST_KEYS_KEPT and len(shapes) < _MOST_SHAPES:
                shapes.add(keys)
            return made
        seen: dict[str, str] = {}
        for key, _ in pairs:
            folded = fold(key)
            if folded in seen:
                twin = seen[folded]
                how = "twice" if twin == key else f"beside {twin!r}"
                msg = f"{what} has the key {key!r} {how} in one object"
                raise MalformedData(msg, "ambiguous-json")
            seen[folded] = key
        return made

    return build


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no number of JSON"
    raise ValueError(msg)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        msg = f"the number {text[:40]} is too large"
        raise ValueError(msg)
    return number


def _refuse_half_pairs(text: str, value: object, what: str) -> None:
    """Refuse half a surrogate pair: it is no text, and Go's reader makes U+FFFD of any, so that keys fall together."""
    if not _SURROGATE.search(text):
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"{what} holds half of a surrogate pair, which is no character"
        raise MalformedData(msg, "ambiguous-json") from error


def _refuse_depth(content: bytes, what: str) -> None:
    if _is_shallow(content):
        return
    depth = 0
    for match in _BRACKETS.finditer(content):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if depth > MOST_DEPTH:
                msg = f"{what} nests deeper than {MOST_DEPTH} levels"
                raise MalformedData(msg, "malformed-json")
        elif token in (b"]", b"}"):
            depth -= 1


def _is_shallow(content: bytes) -> bool:
    """Tell quickly whether brackets are balanced and not too deep: one level after the other is taken away.

    What is no JSON, or deep, is looked at once more bracket by bracket.
    """
    left = _STRINGS.sub(b"", content).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(MOST_DEPTH):
        fewer = left.replace(b"[]", b"")
        if len(fewer) == len(left):
            break
        left = fewer
    return not left


def _kind(value: object) -> str:
    names: dict[type, str] = {list: "a list", str: "a string", int: "a number", float: "a number", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else type(value).__name__)
