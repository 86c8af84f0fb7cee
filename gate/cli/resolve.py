"""`gate resolve IMAGE…`: the digest a reference names now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import MalformedData, SourceError

if TYPE_CHECKING:
    import argparse

    from gate.cli._world import World

__all__ = ["add_parser", "run"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `resolve` to the command line."""
    from gate.cli.check import add_reach_options

    one = commands.add_parser(
        "resolve",
        help="the digest that a tag names now",
        description="Print repository@digest for each image, by hashing the bytes the registry serves.",
        add_help=False,
        allow_abbrev=False,
    )
    add_reach_options(one)


def run(arguments: argparse.Namespace, world: World) -> int:
    """Print one line for each image; 0 only if all were resolved."""
    from gate.cli._reach import opener

    open_source = opener(arguments, world)
    code = 0
    for image in arguments.images:
        try:
            with open_source(image) as source:
                subject = source.resolve()
        except (SourceError, MalformedData) as error:
            hint = getattr(error, "hint", "")
            world.say(f"gate: {error} ({error.code})" + (f"\n      {hint}" if hint else ""))
            code = 3
            continue
        if subject.expected not in {None, subject.digest}:
            world.say(f"gate: {image}: the tag points to {subject.digest}, not to {subject.expected} (tag-mismatch)")
            code = 3
            continue
        world.stdout.write(f"{subject.place}@{subject.digest}\n")
    return code
