"""Our own credentials, kept out of every text that leaves this package (S40, S43).

A registry may send back what we sent: in the body of an error, in a redirect, in a request id. What leaves
for a report passes through here once, at the border (`gate.sources.registry.source`), whatever it came from.
"""

from __future__ import annotations

import base64
import re
import string
import threading
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["HIDDEN", "Veil"]

#: What stands in place of a secret.
HIDDEN: Final = "***"

#: A piece of a secret this long is hidden wherever it stands; a shorter secret as a whole.
_PIECE: Final = 12
#: A secret shorter than this is hidden as a word only: its letters are in every sentence.
_LEAST: Final = 4
#: Where a text was cut, this much of a secret's beginning is hidden.
_EDGE: Final = 3
_CUT: Final = re.compile("…|\\Z")

#: Letter by letter, so that positions stay: hosts of URLs are shown in lower, error codes in upper case.
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class _Forms(NamedTuple):
    """What is looked for: pieces by their length, forms whose beginning may stand before a cut, and words."""

    pieces: dict[int, set[str]]
    beginnings: tuple[str, ...]
    words: re.Pattern[str] | None


class Veil:
    """The secrets that one run has shown to anybody. May be used from several threads."""

    def __init__(self) -> None:
        """Know none yet."""
        self._lock = threading.Lock()
        self._texts: dict[str, None] = {}
        self._forms: _Forms | None = None

    def password(self, user: str, secret: str) -> None:
        """Keep a password or identity token, and `user:password` as Basic authorization sends it."""
        self._add([*_written(secret), *_encoded(f"{user}:{secret}".encode()), *_encoded(secret.encode())])

    def token(self, secret: str) -> None:
        """Keep a token that is sent as it is."""
        self._add(_written(secret))

    def hide(self, text: str) -> str:
        """Give the text with `***` for each secret and each piece of one, cut ones included."""
        with self._lock:
            if not self._texts:
                return text
            if self._forms is None:
                self._forms = _forms(self._texts)
            forms = self._forms
        covered = _covered(text.translate(_LOWER), forms)
        if 1 not in covered:
            return text
        runs = groupby(zip(text, covered, strict=True), key=lambda pair: pair[1])
        return "".join(HIDDEN if hidden else "".join(char for char, _ in run) for hidden, run in runs)

    def _add(self, texts: Iterable[str]) -> None:
        with self._lock:
            known = len(self._texts)
            self._texts.update(dict.fromkeys(text.translate(_LOWER) for text in texts if text))
            if len(self._texts) != known:
                self._forms = None


def _written(secret: str) -> Iterator[str]:
    """Give a secret as it is, and as URLs have it."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret))


def _encoded(secret: bytes) -> Iterator[str]:
    """Give a secret in base64, both alphabets, also as part of something longer (which shifts it), and in hex."""
    for shift, unsure in ((0, 0), (1, 2), (2, 3)):
        form = base64.b64encode(bytes(shift) + secret).decode("ascii").rstrip("=")[unsure:]
        yield from (form, form.translate(str.maketrans("+/", "-_")), quote(form, safe=""))
    yield secret.hex()


def _forms(texts: Iterable[str]) -> _Forms:
    pieces: dict[int, set[str]] = {}
    beginnings = tuple(text for text in texts if len(text) >= _LEAST)
    for text in beginnings:
        size = min(len(text), _PIECE)
        pieces.setdefault(size, set()).update(text[start : start + size] for start in range(len(text) - size + 1))
    short = "|".join(re.escape(text) for text in texts if len(text) < _LEAST)
    return _Forms(pieces, beginnings, re.compile(rf"(?<![a-z0-9])(?:{short})(?![a-z0-9])") if short else None)


def _covered(folded: str, forms: _Forms) -> bytearray:
    """Mark with 1 each character that belongs to a secret."""
    covered = bytearray(len(folded))

    def cover(start: int, end: int) -> None:
        covered[start:end] = b"\x01" * (end - start)

    for size, known in forms.pieces.items():
        for start in range(len(folded) - size + 1):
            if folded[start : start + size] in known:
                cover(start, start + size)
    for cut in _CUT.finditer(folded):
        for size in range(min(_PIECE, cut.start()), _EDGE - 1, -1):
            start = cut.start() - size
            if any(form.startswith(folded[start : cut.start()]) for form in forms.beginnings):
                cover(start, cut.start())
                break
    if forms.words is not None:
        for word in forms.words.finditer(folded):
            cover(*word.span())
    return covered
