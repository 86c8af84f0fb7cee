"""The part of CBOR that signature envelopes are made of, read so that there is one way to read it (RFC 8949, 4.2).

Integers, byte and text strings, arrays, maps, tags, false, true and null; all lengths definite and every number in its
shortest form; map keys are integers or text, each once. A general decoder makes numbers, dates, addresses and compiled
expressions of some thirty tags, which is more than a stranger's bytes should be able to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn

from gate.errors import MalformedData

__all__ = ["Tag", "parse_cbor"]

_MOST_DEPTH: Final = 16
_MOST_ITEMS: Final = 10_000
#: Additional information (section 3): the value itself, or how many bytes it has.
_SIZES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_LARGEST_INLINE: Final = 23
_SIMPLE: Final = {20: False, 21: True, 22: None}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tagged value."""

    number: int
    value: object


def parse_cbor(content: bytes, what: str) -> object:
    """Give `int`, `bytes`, `str`, `list`, `dict`, `Tag`, `bool` or None; raises `MalformedData` for anything else."""
    reader = _Reader(content, what)
    value = reader.value(0)
    if reader.position != len(content):
        reader.fail("has more bytes behind its end")
    return value


class _Reader:
    """Reads one value after the other."""

    def __init__(self, content: bytes, what: str) -> None:
        self._content = content
        self._what = what
        self._items = 0
        self.position = 0

    def fail(self, why: str) -> NoReturn:
        """Raise."""
        msg = f"{self._what} {why} (CBOR, byte {self.position})"
        raise MalformedData(msg, "malformed-cbor")

    def value(self, depth: int) -> object:
        """Read the value that begins here."""
        self._items += 1
        if depth > _MOST_DEPTH or self._items > _MOST_ITEMS:
            self.fail(f"nests deeper than {_MOST_DEPTH} levels or has more than {_MOST_ITEMS} values")
        first = self._take(1)[0]
        major, number = first >> 5, first & 31
        if major > _TAG:
            if number not in _SIMPLE:
                self.fail("holds a number with a fraction, or a simple value that is not read")
            return _SIMPLE[number]
        number = self._argument(number)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._take(number)
            case 3:
                return self._text(number)
            case 4:
                return [self.value(depth + 1) for _ in range(self._count(number))]
            case 5:
                return self._map(self._count(number), depth)
            case _:
                return Tag(number, self.value(depth + 1))

    def _argument(self, number: int) -> int:
        if number <= _LARGEST_INLINE:
            return number
        if number not in _SIZES:
            self.fail("has a length that is not definite")
        size = _SIZES[number]
        found = int.from_bytes(self._take(size), "big")
        if found <= _LARGEST_INLINE or (size > 1 and found < 1 << (4 * size)):
            self.fail("has a number that is not in its shortest form")
        return found

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            self.fail("holds text that is not UTF-8")

    def _map(self, count: int, depth: int) -> dict[int | str, object]:
        found: dict[int | str, object] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, int | str) or isinstance(key, bool):
                self.fail("has a key that is neither a number nor text")
            if key in found:
                self.fail(f"has the key {str(key)[:40]!r} twice")
            found[key] = self.value(depth + 1)
        return found

    def _count(self, number: int) -> int:
        if number > len(self._content) - self.position:  # every item has a byte at least
            self.fail("ends too early")
        return number

    def _take(self, count: int) -> bytes:
        if count > len(self._content) - self.position:
            self.fail("ends too early")
        self.position += count
        return self._content[self.position - count : self.position]
