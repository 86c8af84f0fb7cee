"""Text that is not a literal of the gate, made safe to show (S43).

Labels, tags, registry answers, rule files and paths are all written by somebody else. Before they
reach a terminal, a log or a report, everything that a reader could not see, or that a terminal
would obey, becomes a visible escape.
"""

from __future__ import annotations

import unicodedata

__all__ = ["clip", "printable"]

#: Categories that are never shown raw: control, format (bidi, zero width), surrogate, private use,
#: unassigned, line and paragraph separators (Unicode Standard, section 4.5).
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

#: Long enough for any sentence of ours, short enough for a screen.
MOST = 500


def printable(text: str) -> str:
    """Give `text` with every character that would not show as itself written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    if character == "\r":
        return "\\r"
    if code < 0x100:  # noqa: PLR2004 -- two hex digits suffice below this
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 -- the BMP


def clip(text: str, most: int = MOST) -> str:
    """Give `printable(text)`, cut to `most` characters with the number left out said."""
    shown = printable(text[: most + 1])
    if len(shown) <= most and len(text) <= most:
        return shown
    return f"{shown[:most]}… (+{max(len(text) - most, 1)} characters)"
