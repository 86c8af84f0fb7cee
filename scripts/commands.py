"""Write docs/commands.md from the command line itself.

`python scripts/commands.py` writes the page; with `--check` it exits with 1 if the page is outdated.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gate.cli.main import parser

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
_HEAD = """# Commands

What `gate help COMMAND` says, for every command. This page is made from the command line itself.
The exit codes are explained in [exit-codes.md](exit-codes.md).
"""


def commands(node: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> dict[str, argparse.ArgumentParser]:
    """Give every command by its words, `rules lint` below `rules`."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in node._actions:  # noqa: SLF001 -- argparse has no public way to its subcommands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, child in action.choices.items():
                found[" ".join((*path, name))] = child
                found.update(commands(child, (*path, name)))
    return found


def text() -> str:
    """Give the whole page."""
    os.environ["COLUMNS"] = "80"
    os.environ["NO_COLOR"] = "1"
    parts = [
        f"## gate {name}\n\n```text\n{node.format_help().rstrip()}\n```\n"
        for name, node in sorted(commands(parser()).items())
    ]
    return "\n".join([_HEAD, *parts])


def main(arguments: list[str]) -> int:
    """Check or write the page."""
    wanted = text()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if "--check" in arguments:
        print("docs/commands.md is not current: run `make docs`")
        return 1
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
