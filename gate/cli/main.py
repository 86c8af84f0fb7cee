"""The command `gate`: reads the arguments, runs one command, ends the process with its code (S1).

    0  every image passed (or the rules are advisory)      2  wrong usage or rule file
    1  an image failed                                      3  no verdict, and every unexpected error

`run` is the one function that ends the process. Whatever goes wrong on the way, interrupts and a
closed pipe included, ends in 3: only a finished verdict ends in 0.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from gate import __version__
from gate.cli._world import World, real_world
from gate.errors import GateError, RuleFileError, UsageError
from gate.rooms import load, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    if argv[0] not in _commands():
        raise UsageError(f"there is no command {argv[0]!r}{_near(argv[0], _commands())}; `gate help` lists them")
    top = parser()
    arguments, unknown = top.parse_known_args(argv)
    if unknown:
        _refuse(unknown, _choices(top)[argv[0]])
    return int(load("cli", arguments.command).run(arguments, world))


def _commands() -> tuple[str, ...]:
    return tuple(name for name in names("cli") if name != "main")


def _near(word: str, known: Iterable[str]) -> str:
    """Give a "did you mean", or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""


def _refuse(unknown: list[str], command: argparse.ArgumentParser) -> NoReturn:
    """Raise `UsageError` for arguments that no command knows, of the command that was called."""
    options = [option for action in command._actions for option in action.option_strings]  # noqa: SLF001 -- as above
    near = _near(unknown[0].partition("=")[0], options) if unknown[0].startswith("-") else ""
    command.error(f"unrecognized arguments: {' '.join(unknown)}{near}")


def _help_option(argv: list[str], world: World) -> int:
    """Answer `gate COMMAND --help`; beside anything else it is refused, and a deciding command never gives 0."""
    words = [word for word in argv if word not in _HELP]
    if len(words) != len(argv) - 1 or argv[-1] not in _HELP or any(word.startswith("-") for word in words):
        raise UsageError(
            "--help stands alone behind the command; nothing was done. `gate help COMMAND` shows the same."
        )
    if words[0] in _DECIDING and len(words) > 1:
        raise UsageError(f"--help stands alone behind `gate {words[0]}`; nothing was done")
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
        with contextlib.suppress(BaseException):  # nobody may be listening; the exit code says it
            _report_crash(error)
    _end(code)


def _report_crash(error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt):
        real_world().say("gate: interrupted; no verdict (exit 3)")
    elif isinstance(error, BrokenPipeError):
        real_world().say("gate: standard output was closed early; no verdict (exit 3)")
    elif isinstance(error, OSError) and error.errno in {errno.EBADF, errno.ENOSPC}:
        real_world().say(f"gate: standard output cannot be written: {error.strerror}; no verdict (exit 3)")
    else:
        _crash_text(error)


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
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code if code == FAILED else NO_VERDICT
    os._exit(code if code in {PASSED, FAILED, USAGE, NO_VERDICT} else NO_VERDICT)
