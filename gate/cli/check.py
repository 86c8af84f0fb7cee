"""`gate check IMAGE…`: the main job."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from gate.cli._ci import add_ci_options, ci_of
from gate.cli._wait import patiently, waiting_time
from gate.errors import OutputError, UsageError
from gate.rooms import load, names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from gate.app import Request
    from gate.cli._ci import Ci
    from gate.cli._world import World
    from gate.report import Document, Style

__all__ = ["add_parser", "run"]

DEFAULT_RULES = "gate.yaml"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check` to the command line."""
    one = commands.add_parser(
        "check",
        help="judge images: may they go on?",
        description="Judge one or more images against rule files. Exit code 0 only if every image passed.",
        add_help=False,
        allow_abbrev=False,
    )
    add_reach_options(one)
    add_policy_options(one)
    one.add_argument(
        "--wait",
        type=waiting_time,
        default=0.0,
        metavar="TIME",
        help="ask again for this long (as 90s or 2m) while a tag, signature or report is not there yet",
    )
    shown = one.add_argument_group("output")
    formats = ", ".join(names("reports"))
    shown.add_argument(
        "--format",
        default="terminal",
        metavar="FORMAT",
        help=f"what standard output carries (default terminal): {formats}",
    )
    shown.add_argument(
        "--output", action="append", default=[], metavar="FORMAT=FILE", help="also write this report (repeatable)"
    )
    add_ci_options(shown)
    shown.add_argument("-v", "--verbose", action="store_true", help="all rules, who signed, where was looked")
    shown.add_argument("--colour", "--color", choices=["auto", "always", "never"], default="auto", help="default: auto")


def add_reach_options(one: argparse.ArgumentParser, *, images: bool = True) -> None:
    """Add what says which images (unless the command names something else), and how to reach them."""
    if images:
        one.add_argument(
            "images",
            nargs="+",
            metavar="IMAGE",
            help="registry/repository:tag[@digest], oci:PATH[:tag], docker-archive:FILE[:ref]",
        )
    reach = one.add_argument_group("registry")
    reach.add_argument("--registry-ca", metavar="FILE", help="certificates (PEM) to trust beside the system's")
    reach.add_argument(
        "--plain-http",
        action="append",
        default=[],
        metavar="HOST",
        help="talk plain HTTP to this host[:port] (loopback needs no flag)",
    )
    reach.add_argument(
        "--timeout",
        type=_seconds,
        default=120.0,
        metavar="SECONDS",
        help="for everything about one image (default 120)",
    )
    reach.add_argument(
        "--trust-realm",
        action="append",
        default=[],
        metavar="HOST=URL",
        help="send the registry's credentials to this token server (only where the built-in table lacks it)",
    )
    reach.add_argument("--offline", action="store_true", help="refuse to open any connection")


def add_policy_options(one: argparse.ArgumentParser) -> None:
    """Add what decides the verdict; everything here is listed in the report (S24)."""
    decides = one.add_argument_group("what decides")
    decides.add_argument(
        "--rules",
        action="append",
        metavar="FILE",
        help=f"rule file or builtin:NAME (repeatable; default {DEFAULT_RULES})",
    )
    decides.add_argument("--report", action="append", default=[], metavar="FILE", help="scanner report (repeatable)")
    decides.add_argument("--waivers", action="append", default=[], metavar="FILE", help="waiver file (repeatable)")
    decides.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="OS/ARCH",
        help="judge only this platform (repeatable; default: all)",
    )
    decides.add_argument(
        "--expect-digest", metavar="DIGEST", help="the digest that this pipeline built; another one fails"
    )
    decides.add_argument("--at", metavar="TIME", help="judge as of this time (RFC 3339; default: now)")
    decides.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="RULE",
        help="judge only this rule, while writing rules (repeatable)",
    )
    decides.add_argument("--rules-digest", metavar="DIGEST", help="refuse to run with any other rules than these")
    decides.add_argument(
        "--rules-from",
        choices=["base", "head"],
        default="base",
        help="head: the rules come from the change under review; this is said, and nothing can be promoted by them",
    )


def _seconds(text: str) -> float:
    import argparse

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:  # noqa: PLR2004 -- an hour is more than any pipeline waits
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds between 0 and 3600")
    return value


def run(arguments: argparse.Namespace, world: World) -> int:
    """Judge, write every report, print one, and give the exit code."""
    from gate.app import check, unfinished
    from gate.cli._environment import were_set
    from gate.cli._policy import load_policy, read_request
    from gate.cli._progress import Progress
    from gate.cli._reach import opener

    style = world.style(arguments.colour, verbose=arguments.verbose)
    outputs = read_outputs(arguments.output)
    _renderer(arguments.format)
    ci = ci_of(arguments, world)
    refuse_overwriting(arguments, outputs)
    begin(unfinished(tuple(arguments.images), world.now().replace(microsecond=0)), outputs, style, ci)
    request = read_request(arguments, world)
    policy = cache(lambda: load_policy(arguments, request, were_set(world.environ)))
    with Progress(world) as progress:
        document = patiently(
            lambda: check(_now(request, arguments, world), opener(arguments, world), policy, progress.told),
            arguments.wait,
            world,
        )
    return _deliver(document, outputs, arguments.format, style, world, ci)


def refuse_overwriting(arguments: argparse.Namespace, outputs: Sequence[tuple[str, str]]) -> None:
    """Raise `UsageError` if a report would be written over a file that this run reads, or over another report."""
    from gate.cli import _inputs

    read = [*(arguments.rules or (DEFAULT_RULES,)), *arguments.report, *arguments.waivers]
    written = [path for _, path in outputs] + ([arguments.outputs] if arguments.outputs else [])
    _inputs.refuse_overwriting(written, [*read, *([arguments.registry_ca] if arguments.registry_ca else [])])


def begin(pending: Document, outputs: Sequence[tuple[str, str]], style: Style, ci: Ci) -> None:
    """Overwrite every report and output with `undetermined`, the first act of a run (S8).

    All are tried, so that none keeps an older verdict because another cannot be written; then the first
    `OutputError` is raised.
    """
    writes: list[Callable[[], None]] = [lambda: ci.begin(pending)]
    writes += [partial(write_report, *one, pending, style) for one in outputs]
    unwritten = []
    for write in writes:
        try:
            write()
        except OutputError as error:
            unwritten.append(error)
    if unwritten:
        raise unwritten[0]


def _now(request: Request, arguments: argparse.Namespace, world: World) -> Request:
    """Give the request as of this moment, unless --at says when: what arrives while waiting is not in the future."""
    from dataclasses import replace

    return request if arguments.at else replace(request, at=world.now().replace(microsecond=0))


def read_outputs(wanted: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read every --output as format and file; raises `UsageError`."""
    outputs = []
    for text in wanted:
        name, equals, path = text.partition("=")
        if not equals or not path:
            raise UsageError(f"--output {text} says no file: write --output FORMAT=FILE, as json=gate.json")
        _renderer(name)
        outputs.append((name, path))
    return tuple(outputs)


def _renderer(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a module found by name
    if name not in names("reports"):
        raise UsageError(f"there is no report format {name!r} (there are: {', '.join(names('reports'))})")
    return load("reports", name).RENDERER


def write_report(name: str, path: str, document: Document, style: Style) -> None:
    """Write one report file; raises `OutputError`."""
    from dataclasses import replace

    from gate.cli._inputs import write_whole

    write_whole(path, _renderer(name).render(document, replace(style, colour=False, width=80)))


def _deliver(
    document: Document, outputs: Sequence[tuple[str, str]], shown: str, style: Style, world: World, ci: Ci
) -> int:
    """Write the reports first, print last; one that cannot be written means no verdict, unless it failed."""
    unwritten: list[OutputError] = []
    for name, path in outputs:
        try:
            write_report(name, path, document, style)
        except OutputError as error:
            unwritten.append(error)
    try:
        world.stdout.write(_renderer(shown).render(document, style))
        world.stdout.flush()
    except OSError as error:
        unwritten.append(OutputError(f"standard output cannot be written: {error.strerror or error}"))
    unwritten += ci.finish(document, style)
    if not unwritten:
        return document.exit_code
    for one in unwritten:
        world.say(f"gate: {one}")
    code = document.exit_code if document.exit_code == 1 else 3
    world.say(f"gate: a report is missing, so the run has exit code {code}")
    return code
