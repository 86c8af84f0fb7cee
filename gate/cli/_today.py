"""What one rule says of an image now, for `gate rules explain RULE IMAGE`: told, not decided."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from gate.overview import other_causes, summarise
from gate.printable import harmless, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gate.cli._world import World
    from gate.finding import Finding, Undecided
    from gate.overview import Placed, RuleOverview
    from gate.report import Judged

__all__ = ["today"]

_WIDTH: Final = 80
#: `gate check` lists the rest.
_MOST_SHOWN: Final = 10


def today(arguments: argparse.Namespace, world: World) -> tuple[str, int]:
    """Judge `arguments.image` by the rule alone: what it says, and 3 if that could not be told, else 0.

    Raises `RuleFileError` or `UsageError` like `gate check`.
    """
    from gate.app import check
    from gate.cli._environment import were_set
    from gate.cli._policy import load_policy, read_request
    from gate.cli._reach import opener

    arguments.images, arguments.only = [arguments.image], [arguments.rule]
    arguments.expect_digest, arguments.rules_digest, arguments.rules_from = None, None, "base"
    request = read_request(arguments, world)
    policy = load_policy(arguments, request, were_set(world.environ))
    judged = check(request, opener(arguments, world), lambda: policy).judged[0]
    lines = [f"What it says of {printable(arguments.image)} now:", *_lines(judged)]
    return "".join(f"{harmless(line)}\n" for line in lines), 0 if judged.verdict.outcomes else 3


def _lines(judged: Judged) -> Iterator[str]:
    found = summarise(judged.verdict)
    for one in found:
        would = f" (it would be {one.would_be})" if one.would_be is not None else ""
        yield f"  {one.status}{would}"
        yield from _said(one)
    if not found:
        for cause in other_causes(judged.verdict):
            yield from _wrapped(f"undecided ({cause.reason.code}): {printable(cause.what)}", "  ")


def _said(one: RuleOverview) -> Iterator[str]:
    """Say why: findings, what could not be told, and what a waiver accepts."""
    said: list[Placed[Finding] | Placed[Undecided]] = [*one.findings, *one.undecided]
    for placed in said[:_MOST_SHOWN]:
        where = f" ({placed.where})" if placed.where else ""
        yield from _wrapped(printable(f"{placed.item.reason.code}: {placed.item.what}{where}"), "  ")
        yield from _wrapped(printable(placed.item.fix), "    ")
    if len(said) > _MOST_SHOWN:
        yield f"  and {len(said) - _MOST_SHOWN} more: `gate check` lists them"
    for waived in one.waived[:_MOST_SHOWN]:
        item = waived.item
        text = f"waived until {item.expires} by {item.owner}: {item.finding.reason.code}: {item.finding.what}"
        yield from _wrapped(printable(text), "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
