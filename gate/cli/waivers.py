"""`gate waivers …`: which there are, one more, the expired ones out, and a warning before they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gate.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from gate.cli._world import World
    from gate.waiver import Waiver

__all__ = ["add_parser", "run"]

_DAYS: Final = 14
_MOST_DAYS: Final = 10_000


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `waivers` and its commands to the command line."""
    top = commands.add_parser(
        "waivers",
        help="work on waiver files: list, add, prune, check",
        description="Work on waiver files. `gate check` reads only those that --waivers names.",
        add_help=False,
        allow_abbrev=False,
    )
    inner = top.add_subparsers(dest="waivers_command", metavar="COMMAND", required=True)
    shown = _command(inner, "list", "which waivers there are, and how long they last")
    shown.add_argument("files", nargs="+", metavar="FILE", help="a waiver file")
    add = _command(inner, "add", "write one more waiver into a file; everything else in it stays")
    add.add_argument("file", metavar="FILE", help="a waiver file; made if it is not there")
    _add_options(add)
    prune = _command(inner, "prune", "show what is left without the expired waivers, as a diff")
    prune.add_argument("files", nargs="+", metavar="FILE", help="a waiver file")
    prune.add_argument("--write", action="store_true", help="write the files as well")
    check = _command(inner, "check", "exit code 1 if a waiver has expired or ends soon")
    check.add_argument("files", nargs="+", metavar="FILE", help="a waiver file")
    check.add_argument("--days", type=_days, default=_DAYS, metavar="N", help=f"how soon is soon (default: {_DAYS})")
    for one in (shown, add, prune, check):
        one.add_argument("--at", metavar="TIME", help="as of this time (RFC 3339; default: now)")
    for one in (add, check):
        one.add_argument(
            "--rules", action="append", default=[], metavar="FILE", help="rule files that the waivers have to fit"
        )


def _command(
    inner: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    described = f"{text[0].upper()}{text[1:]}."
    return inner.add_parser(name, help=text, description=described, add_help=False, allow_abbrev=False)


def _add_options(add: argparse.ArgumentParser) -> None:
    add.add_argument("--rule", required=True, metavar="RULE", help="the rule whose findings are accepted")
    add.add_argument("--images", action="append", default=[], metavar="GLOB", help="repositories (repeatable)")
    add.add_argument("--digest", default="", metavar="DIGEST", help="one image, instead of --images")
    add.add_argument(
        "--about", action="append", default=[], metavar="KEY=VALUE", help="what the finding is about (repeatable)"
    )
    add.add_argument("--reason", required=True, metavar="TEXT", help="why it is accepted")
    add.add_argument("--owner", required=True, metavar="WHO", help="who answers for it")
    add.add_argument(
        "--expires", required=True, metavar="WHEN", help="the last day, as 2027-01-31 or 30d; with --break-glass 4h"
    )
    add.add_argument("--ticket", default="", metavar="TEXT", help="where it was decided")
    add.add_argument("--break-glass", action="store_true", help="an emergency: one digest, hours, said loudly")


def _days(text: str) -> int:
    value = int(text)
    if not 0 <= value <= _MOST_DAYS:
        raise ValueError(text)
    return value


def run(arguments: argparse.Namespace, world: World) -> int:
    """Run one of the commands; raises `RuleFileError` with every mistake, which ends in exit code 2."""
    from gate.cli._inputs import time_of

    at = time_of(arguments.at) if arguments.at else world.now()
    commands = {"list": _list, "add": _add, "prune": _prune, "check": _check}
    return commands[arguments.waivers_command](arguments, world, at)


def _list(arguments: argparse.Namespace, world: World, at: datetime) -> int:
    from gate.waiver import load_waivers

    waivers, _ = load_waivers(arguments.files)
    world.stdout.write("\n".join(_shown(waivers, at)) + "\n")
    return 0


def _check(arguments: argparse.Namespace, world: World, at: datetime) -> int:
    """Name what has expired or ends within --days; 1 if there is any."""
    from gate.ruleset.load import load_ruleset
    from gate.waiver import check_lengths, check_waivers, load_waivers

    waivers, _ = load_waivers(arguments.files)
    if arguments.rules:
        check_waivers(waivers, load_ruleset(arguments.rules), at)
    check_lengths(waivers, at)
    last = at.astimezone(UTC).date() + timedelta(days=arguments.days)
    due = [waiver for waiver in waivers if waiver.expired(at) or waiver.last_day <= last]
    if not due:
        world.stdout.write(f"{_count(len(waivers))}, none ends within {arguments.days} days\n")
        return 0
    world.stdout.write("\n".join(_shown(due, at)) + "\n")
    return 1


def _count(number: int) -> str:
    return "1 waiver" if number == 1 else f"{number} waivers"


def _shown(waivers: Sequence[Waiver], at: datetime) -> Iterator[str]:
    """Give the waivers by what they are, the next to end first; break-glass apart."""
    groups = {
        "BREAK-GLASS": [waiver for waiver in waivers if waiver.break_glass and not waiver.expired(at)],
        "IN FORCE": [waiver for waiver in waivers if not waiver.break_glass and not waiver.expired(at)],
        "EXPIRED": [waiver for waiver in waivers if waiver.expired(at)],
    }
    for title, group in groups.items():
        if not group:
            continue
        yield f"{title} ({len(group)})"
        for waiver in sorted(group, key=lambda one: (one.last_day, one.place)):
            yield from _entry(waiver, at)
    if not waivers:
        yield "no waivers"


def _entry(waiver: Waiver, at: datetime) -> Iterator[str]:
    from gate.printable import harmless, printable

    target = str(waiver.digest) if waiver.digest is not None else ", ".join(map(str, waiver.images))
    about = ", ".join(f"{key} {value}" for key, value in sorted(waiver.about.items()))
    ticket = f", {waiver.ticket}" if waiver.ticket else ""
    lines = (
        f"  {waiver.expires.isoformat()}  {_left(waiver, at)}: {waiver.rule}" + (f" ({about})" if about else ""),
        f"      for {target}",
        f"      {waiver.owner}: {' '.join(waiver.reason.split())}{ticket}   ({waiver.place})",
    )
    yield from (harmless(printable(line)) for line in lines)


def _left(waiver: Waiver, at: datetime) -> str:
    if isinstance(waiver.expires, datetime):
        minutes = int((waiver.expires - at).total_seconds() // 60)
        return f"{minutes // 60} h {minutes % 60} min left" if minutes >= 0 else "over"
    days = (waiver.expires - at.astimezone(UTC).date()).days
    if days < 0:
        return f"over since {-days} day{'' if days == -1 else 's'}"
    return "last day" if days == 0 else f"{days} day{'' if days == 1 else 's'} left"


def _add(arguments: argparse.Namespace, world: World, at: datetime) -> int:
    """Write one more waiver, if the file is still right with it."""
    from gate.cli._inputs import write_whole
    from gate.cli._waiver_text import Entry, appended
    from gate.printable import printable
    from gate.ruleset.load import load_ruleset
    from gate.waiver import check_lengths, check_waivers, read_waivers

    entry = Entry(
        rule=arguments.rule,
        images=tuple(arguments.images),
        digest=arguments.digest,
        about=_about(arguments.about),
        reason=arguments.reason,
        owner=arguments.owner,
        expires=_expiry(arguments.expires, at, is_time=arguments.break_glass),
        ticket=arguments.ticket,
        break_glass=arguments.break_glass,
    )
    text = appended(arguments.file, _text(arguments.file, is_new=True), entry)
    waivers = read_waivers(arguments.file, text.encode())
    if arguments.rules:
        check_waivers(waivers, load_ruleset(arguments.rules), at)
    check_lengths(waivers, at)
    write_whole(arguments.file, text, "waiver file")
    world.stdout.write(printable(f"{arguments.file}: a waiver of {entry.rule} was added, until {entry.expires}") + "\n")
    return 0


def _about(given: Sequence[str]) -> dict[str, str]:
    about: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"--about {text}: write KEY=VALUE, as id=CVE-2026-12345")
        if key in about:
            raise UsageError(f"--about names {key} twice")
        about[key] = value
    return about


def _expiry(text: str, at: datetime, *, is_time: bool) -> date:
    """Read a day, or a length of time from now; a time for break-glass."""
    from gate.option import Duration
    from gate.waiver import Expiry

    try:
        length = Duration.from_text(text).length
    except ValueError:
        try:
            return Expiry.from_text(text).end
        except ValueError as error:
            raise UsageError(f"--expires {text}: write a day, as 2027-01-31, or a length of time, as 30d") from error
    end = (at + length).astimezone(UTC).replace(second=0, microsecond=0)
    return end if is_time else end.date()


def _text(path: str, *, is_new: bool = False) -> str:
    """Give a file's text; "" for one that is not there, if it may be new."""
    from pathlib import Path

    from gate.errors import Mistake, RuleFileError
    from gate.ruleset.files import read_bounded, to_path
    from gate.waiver import read_waivers

    if is_new and not Path(path).exists():
        return ""
    content = read_bounded(to_path(path))
    if isinstance(content, str):
        raise RuleFileError((Mistake(path, 1, 1, content),))
    read_waivers(path, content)  # what is no waiver file is said before anything is done with it
    return content.decode().replace("\r\n", "\n")


def _prune(arguments: argparse.Namespace, world: World, at: datetime) -> int:
    """Show each file's diff, and write it if asked."""
    import difflib

    from gate.cli._inputs import write_whole
    from gate.cli._waiver_text import without
    from gate.printable import harmless, printable
    from gate.waiver import read_waivers

    changed = []
    for path in dict.fromkeys(arguments.files):
        text = _text(path)
        gone = [waiver for waiver in read_waivers(path, text.encode()) if waiver.expired(at)]
        if gone:
            changed.append((path, text, without(path, text, gone)))
    for path, text, new in changed:
        diff = difflib.unified_diff(text.split("\n"), new.split("\n"), path, path, lineterm="")
        world.stdout.write("".join(f"{harmless(printable(line))}\n" for line in diff))
    if arguments.write:
        for path, _, new in changed:
            write_whole(path, new, "waiver file")
    if not changed:
        world.stdout.write("no expired waivers\n")
    elif not arguments.write:
        world.say("gate: nothing was written; add --write to write it")
    return 0
