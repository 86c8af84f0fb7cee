"""`gate explain REASON`: what a reason code means and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from gate.cli._world import World
    from gate.finding import Reason

__all__ = ["add_parser", "all_reasons", "run"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `explain` to the command line."""
    one = commands.add_parser(
        "explain",
        help="what a reason code means and what to do",
        description="Explain a reason code of a report. Without one, list them all.",
        add_help=False,
        allow_abbrev=False,
    )
    one.add_argument("reason", nargs="?", metavar="REASON", help="as tag-denied")


def run(arguments: argparse.Namespace, world: World) -> int:
    """Print one reason, or the list."""
    import difflib

    from gate.printable import clip

    reasons = all_reasons()
    if arguments.reason is None:
        width = max(len(code) for code in reasons)
        for code, reason in reasons.items():
            world.stdout.write(f"{code:{width}}  {reason.title}\n")
        return 0
    if arguments.reason not in reasons:
        near = difflib.get_close_matches(arguments.reason, reasons, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; `gate explain` lists them"
        raise UsageError(f"there is no reason code {clip(arguments.reason, 60)!r}{hint}")
    world.stdout.write(page(reasons[arguments.reason], world.style("never", verbose=False).width))
    return 0


def page(reason: Reason, width: int) -> str:
    """Give one reason as text."""
    import textwrap

    parts = [f"{reason.code}: {reason.title}", "", textwrap.fill(reason.meaning, width), "", "What to do:"]
    indented = textwrap.fill(reason.remedy, width, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*parts, indented, ""])


def all_reasons() -> dict[str, Reason]:
    """Find every `Reason` of the package, by code; raises `RuntimeError` if two share one."""
    import pkgutil
    from importlib import import_module

    import gate
    from gate.finding import Reason

    found: dict[str, Reason] = {}
    for module in pkgutil.walk_packages(gate.__path__, "gate."):
        if module.name.rpartition(".")[2] == "__main__":
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Reason) and found.setdefault(value.code, value) != value:
                msg = f"two reasons have the code {value.code}"
                raise RuntimeError(msg)
    return dict(sorted(found.items()))
