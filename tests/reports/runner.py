"""What CI runners take for commands in a log, written after their own parsers, apart from the gate's code.

GitHub (actions/runner, ActionCommand.cs): `TryParseV2` trims the line and wants `::` at its start;
`TryParse` looks for `##[` anywhere. Azure Pipelines (Command.cs) looks for `##vso[` anywhere, its log for
`##[`. TeamCity's service messages are `##teamcity[`.
"""

from __future__ import annotations

import re

__all__ = ["commands"]

#: Where .NET's StreamReader.ReadLine, and readers of other runners, end a line.
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u0085\u2028\u2029\v\f]")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def commands(log: str) -> list[str]:
    """Give every line that some runner would obey, read with colours and without."""
    found = []
    for line in _LINE_ENDS.split(log):
        for read in (line, _COLOUR.sub("", line)):
            lowered = read.lower()
            is_bracketed = any(mark in lowered for mark in ("##[", "##vso[", "##teamcity["))
            if is_bracketed or read.strip().startswith("::"):
                found.append(line)
                break
    return found
