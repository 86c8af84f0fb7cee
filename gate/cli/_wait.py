"""`--wait`: ask again while something has not arrived yet, until it has or the time is over.

Waiting never makes a verdict better by itself: each round is a whole run with a tag resolved anew, and the last one
counts, whatever it says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gate.cli._world import World
    from gate.report import Document, Judged

__all__ = ["CURED_BY_TIME", "patiently", "waiting_time"]

#: What another job may still be about to push. Anything else that stands in the way stays there, and ends the waiting.
CURED_BY_TIME: Final = frozenset(
    {"attestation-missing", "report-missing", "signature-missing", "signature-quorum", "tag-not-found"}
)

_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 15.0
#: Longer than any pipeline should be held up by a push that is on its way.
_LONGEST_WAIT: Final = 3600.0

_TIME: Final = re.compile(r"([0-9]{1,4})(s|m)?", re.ASCII)


def waiting_time(text: str) -> float:
    """Read `90s`, `2m` or `90` as seconds; raises `ArgumentTypeError`."""
    import argparse

    match = _TIME.fullmatch(text)
    seconds = float(match[1]) * (60 if match[2] == "m" else 1) if match else -1.0
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time of at most {_LONGEST_WAIT:.0f} s: write 90s or 2m")
    return seconds


def patiently(judge: Callable[[], Document], seconds: float, world: World) -> Document:
    """Judge, again and again while only time is missing, for at most `seconds`; give the last document."""
    started, slept, pause = world.now(), 0.0, _FIRST_PAUSE
    while True:
        document = judge()
        elapsed = max(slept, (world.now() - started).total_seconds())  # a clock that is set back ends it all the same
        missing = _missing(document)
        if not missing or elapsed >= seconds:
            return document
        rest = min(pause, seconds - elapsed)
        world.say(f"gate: {', '.join(missing)}: asking again in {rest:.0f} s (--wait, {seconds - elapsed:.0f} s left)")
        world.sleep(rest)
        slept += rest
        pause = min(pause * 2, _LONGEST_PAUSE)


def _missing(document: Document) -> tuple[str, ...]:
    """Give the reasons to wait for; none if everything is there, or if something else stands in the way too."""
    reasons = sorted({reason for judged in document.judged for reason in _in_the_way(judged)})
    return tuple(reasons) if set(reasons) <= CURED_BY_TIME else ()


def _in_the_way(judged: Judged) -> Iterator[str]:
    """Give the codes of everything that keeps an image from passing."""
    from gate.overview import other_causes, summarise
    from gate.verdict import Level, Passed, Status

    if isinstance(judged.verdict, Passed):
        return
    for cause in other_causes(judged.verdict):
        yield cause.reason.code
    for rule in summarise(judged.verdict):
        if rule.level is Level.ERROR and rule.status in {Status.VIOLATED, Status.UNDECIDED}:
            yield from (placed.item.reason.code for placed in rule.findings)
            yield from (placed.item.reason.code for placed in rule.undecided)
