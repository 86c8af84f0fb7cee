"""Canonical JSON as Notary signs it: one way to write a value, so that a hash or signature over it means something.

Keys are sorted, there is no white space, and of all characters only `"` and backslash are escaped (OLPC's canonical
JSON, as docker/go `canonical/json/encode.go` writes it). Numbers are integers.
"""

from __future__ import annotations

from typing import Final

from gate.errors import MalformedData

__all__ = ["canonical"]

#: Larger ones lose digits in readers that keep numbers as doubles, Go's among them.
_MOST_INTEGER: Final = 2**53


def canonical(value: object, what: str) -> bytes:
    """Write parsed JSON canonically; raises `MalformedData` for what has no canonical form."""
    parts: list[str] = []
    _write(value, parts, what)
    try:
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"{what} holds half of a surrogate pair, which is no character"
        raise MalformedData(msg, "ambiguous-json") from error


def _write(value: object, parts: list[str], what: str) -> None:
    match value:
        case None:
            parts.append("null")
        case bool():
            parts.append("true" if value else "false")
        case int() if -_MOST_INTEGER <= value <= _MOST_INTEGER:
            parts.append(str(value))
        case str():
            parts.append(_quoted(value))
        case list():
            _write_list(value, parts, what)
        case dict():
            _write_object(value, parts, what)
        case _:
            msg = f"{what} holds a number that is no integer, or too large: what was signed cannot be told"
            raise MalformedData(msg, "malformed-json")


def _write_list(value: list[object], parts: list[str], what: str) -> None:
    for place, item in enumerate(value):
        parts.append("," if place else "[")
        _write(item, parts, what)
    parts.append("]" if value else "[]")


def _write_object(value: dict[str, object], parts: list[str], what: str) -> None:
    for place, key in enumerate(sorted(value)):
        parts += ["," if place else "{", _quoted(key), ":"]
        _write(value[key], parts, what)
    parts.append("}" if value else "{}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
