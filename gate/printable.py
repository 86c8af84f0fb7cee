"""Text that is not a literal of the gate, made safe to show (S43).

Labels, tags, registry answers, rule files and paths are all written by somebody else. Before they
reach a terminal, a log or a report, everything that a reader could not see, or that a terminal
would obey, becomes a visible escape.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clip", "harmless", "printable"]

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


#: What a CI runner obeys: `::` first in a line after white space; `##[`, `##vso[`, `##teamcity[` anywhere
#: (actions/runner, ActionCommand.cs; azure-pipelines-agent, Command.cs). `::` after any white space
#: counts, since a line may be wrapped there.
_COMMAND = re.compile(r"(?<!\S):(?=:)|#(?=#\w*\[)")


def harmless(text: str) -> str:
    """Give `text` with the first character of whatever a CI runner would take for a command escaped.

    For printable text that goes to a log: both streams of a step are read for commands.
    """
    return _COMMAND.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
