"""The command `gate`: reads the arguments, runs one command, ends the process with its code (S1).

    0  every image passed (or the rules are advisory)      2  wrong usage or rule file
    1  an image failed                                      3  no verdict, and every unexpected error

`run` is the one function that ends the process. Whatever goes wrong on the way, interrupts and a
closed pipe included, ends in 3: only a finished verdict ends in 0.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from gate import __version__
from gate.cli._world import World, real_world
from gate.errors import GateError, RuleFileError, UsageError
from gate.rooms import load, names

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FAILED", "NO_VERDICT", "PASSED", "USAGE", "main", "run"]

PASSED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NO_VERDICT: Final = 3

#: A run is short and keeps most of what it makes: looking for garbage often only costs time.
_COLLECT_SELDOM: Final = (100_000, 50, 50)

_HELP: Final = frozenset({"-h", "--help"})
#: Commands whose exit code 0 means "may go on": help must never give it (`gate check "$IMAGE"` with IMAGE=--help).
_DECIDING: Final = frozenset({"check", "promote"})


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with the command's usage line."""
        usage = " ".join(self.format_usage().removeprefix("usage:").split())
        raise UsageError(
            f"{message}\nusage: {usage}\nhelp:  gate help {self.prog.removeprefix('gate').strip()}".rstrip()
        )

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Refuse: nothing in argparse may end the process."""
        raise UsageError(message or f"argparse wanted to exit with {status}")


def parser() -> argparse.ArgumentParser:
    """Build the whole command line."""
    top = _Parser(
        prog="gate",
        description="Decide whether one exact container image may go on.",
        epilog="exit codes: 0 passed, 1 failed, 2 wrong usage or rule file, 3 no verdict",
        add_help=False,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name in names("cli"):
        if name != "main":
            load("cli", name).add_parser(commands)
    return top


def main(argv: Sequence[str], world: World) -> int:
    """Run one command and give its exit code; errors of the input are told on standard error."""
    try:
        return _dispatch(list(argv), world)
    except RuleFileError as error:
        many = f"{len(error.mistakes)} mistakes" if len(error.mistakes) > 1 else "1 mistake"
        world.say(f"{error}\ngate: {many} in the rule files; nothing was judged (exit {USAGE})")
        return USAGE
    except UsageError as error:
        world.say(f"gate: {error}")
        return USAGE
    except GateError as error:
        hint = getattr(error, "hint", "")
        world.say(f"gate: {error}" + (f"\n      {hint}" if hint else ""))
        return NO_VERDICT


def _dispatch(argv: list[str], world: World) -> int:
    if not argv or argv[0] in _HELP or argv[0] == "help":
        return _help(argv[1:], world, asked=bool(argv), by_option=bool(argv) and argv[0] != "help")
    if argv[0] in {"--version", "-V"}:
        if len(argv) > 1:
            raise UsageError(f"--version stands alone; nothing was done (it came with {len(argv) - 1} more arguments)")
        world.stdout.write(f"gate {__version__}\n")
        return PASSED
    before_images = argv[: argv.index("--")] if "--" in argv else argv
    if _HELP & set(before_images):
        return _help_option(argv, world)
    arguments = parser().parse_args(argv)
    return int(load("cli", arguments.command).run(arguments, world))


def _help_option(argv: list[str], world: World) -> int:
    """Answer `gate COMMAND --help`; beside anything else it is refused, and a deciding command never gives 0."""
    words = [word for word in argv if word not in _HELP]
    if len(words) != len(argv) - 1 or argv[-1] not in _HELP or any(word.startswith("-") for word in words):
        raise UsageError(
            "--help stands alone behind the command; nothing was done. `gate help COMMAND` shows the same."
        )
    code = _help(words, world, asked=True, by_option=False)
    if words[0] not in _DECIDING:
        return code
    world.say(f"gate: this was help, nothing was checked (exit {USAGE}); `gate help {words[0]}` ends with 0")
    return USAGE


def _help(words: list[str], world: World, *, asked: bool, by_option: bool) -> int:
    if by_option and words:
        raise UsageError("--help stands alone; `gate help COMMAND` shows one command")
    node = parser()
    for word in words:
        choices = _choices(node)
        if word not in choices:
            known = ", ".join(choices) or "none"
            raise UsageError(f"there is no command {word!r} here (there are: {known})")
        node = choices[word]
    (world.stdout if asked else world.stderr).write(node.format_help())
    return PASSED if asked else USAGE


def _choices(node: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in node._actions:  # noqa: SLF001 -- argparse has no public way to its subcommands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 -- as above
            return dict(action.choices)
    return {}


def run() -> NoReturn:
    """Run the process's own command line and end the process; the only place that does (S1)."""
    gc.set_threshold(*_COLLECT_SELDOM)
    try:
        code = main(sys.argv[1:], real_world())
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it must not end in 0 or 1
        code = NO_VERDICT
        _report_crash(error)
    _end(code)


def _report_crash(error: BaseException) -> None:
    try:
        if isinstance(error, KeyboardInterrupt):
            sys.stderr.write("gate: interrupted; no verdict (exit 3)\n")
        elif isinstance(error, BrokenPipeError):
            sys.stderr.write("gate: standard output was closed early; no verdict (exit 3)\n")
        else:
            _crash_text(error)
    except OSError:
        pass  # nobody is listening; the exit code says it


def _crash_text(error: BaseException) -> None:
    import traceback

    from gate.printable import clip

    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {os.path.basename(where[0].filename)}:{where[0].lineno}" if where else ""  # noqa: PTH119 -- a name, not a file
    real_world().say(
        f"gate: this is a bug in gate {__version__}: {type(error).__name__}: {clip(str(error))}{place}\n"
        "      no verdict (exit 3). Please report this line."
    )


def _end(code: int) -> NoReturn:
    """Flush and end at once: no exit handler, thread or flush at shutdown can change the code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code if code == FAILED else NO_VERDICT
    os._exit(code if code in {PASSED, FAILED, USAGE, NO_VERDICT} else NO_VERDICT)
