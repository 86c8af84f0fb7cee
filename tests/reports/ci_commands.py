"""How GitHub's runner and Azure's agent read the commands in a log, after their own parsers, apart from our code."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Command", "azure_commands", "github_commands"]

#: actions/runner, ActionCommandManager.cs: the extensions that register a command.
_REGISTERED = frozenset(
    {
        "set-env", "set-output", "save-state", "add-path", "add-mask", "add-matcher", "remove-matcher", "debug",
        "warning", "error", "notice", "group", "endgroup", "echo", "stop-commands", "internal-set-repo-path", "add-matrix",
    }
)  # fmt: skip
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u0085\u2028\u2029\v\f]")


class Command(NamedTuple):
    """One command as it was understood."""

    name: str
    properties: dict[str, str]
    message: str


def github_commands(log: str) -> list[Command]:
    """Read like ActionCommand.cs: `TryParseV2` first, then `TryParse`, which looks for `##[` anywhere."""
    found = []
    for line in _LINE_ENDS.split(log):
        command = _version_2(line) or _version_1(line)
        if command is not None:
            found.append(command)
    return found


def _version_2(line: str) -> Command | None:
    text = line.strip()
    if not text.startswith("::"):
        return None
    end = text.find("::", 2)
    if end < 0:
        return None
    name, _, rest = text[2:end].partition(" ")
    if name.lower() not in _REGISTERED:
        return None
    decode = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    properties = _properties(rest.strip(), ",", decode)
    return Command(name.lower(), properties, _decoded(text[end + 2 :], {"%0D": "\r", "%0A": "\n", "%25": "%"}))


def _version_1(line: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, rest = line[start + 3 : end].partition(" ")
    if name.lower() not in _REGISTERED:
        return None
    return Command(name.lower(), _properties(rest, ";", {}), line[end + 1 :])


def azure_commands(log: str) -> list[Command]:
    """Read like microsoft/azure-pipelines-agent, Command.cs: `##vso[area.event k=v;]message`, anywhere in a line."""
    found = []
    decode = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%AZP25": "%"}
    for line in _LINE_ENDS.split(log):
        for mark in ("##vso[", "##["):
            start = line.find(mark)
            end = line.find("]", start)
            if start >= 0 and end >= 0:
                name, _, rest = line[start + len(mark) : end].partition(" ")
                found.append(Command(name, _properties(rest, ";", decode), _decoded(line[end + 1 :], decode)))
                break
    return found


def _properties(text: str, separator: str, decode: dict[str, str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(separator) if part)
    return {key.strip().lower(): _decoded(value, decode) for key, equals, value in pairs if equals and value}


def _decoded(text: str, decode: dict[str, str]) -> str:
    """Undo the escapes, that of `%` last, as the runners do."""
    for escape, character in decode.items():
        text = text.replace(escape, character)
    return text
