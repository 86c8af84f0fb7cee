"""What the parts of the check `image` share: how a finding is built, bounded and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from gate.finding import About, Finding, Reason
from gate.printable import clip

__all__ = ["MOST_FINDINGS", "bounded", "finding", "listed", "show"]

_T = TypeVar("_T")

#: How many findings of one kind a platform gives before they are counted only.
MOST_FINDINGS: Final = 25
_MOST_SHOWN: Final = 140


def finding(reason: Reason, what: str, expected: str, got: str, **about: str) -> Finding:
    """Build a finding whose fix is the reason's remedy; `about` are its waiver keys."""
    return Finding(reason, About.of(**about), what, expected, got, reason.remedy)


def bounded(things: Iterable[_T], is_fine: Callable[[_T], bool], finding: Callable[[_T], Finding]) -> Iterable[Finding]:
    """Give a finding for each thing that is not fine, each once, and count those past a screenful."""
    found = dict.fromkeys(finding(thing) for thing in things if not is_fine(thing))
    yield from list(found)[:MOST_FINDINGS]
    rest = list(found)[MOST_FINDINGS:]
    if rest:
        reason, count = rest[0].reason, f"({len(rest)} more)"
        key = rest[0].about.keys[0][0]
        yield Finding(
            reason, About(((key, count),)), f"{len(rest)} more of this kind", rest[0].expected, count, reason.remedy
        )


def listed(names: Iterable[str]) -> str:
    """Join names for a message, bounded."""
    return clip(", ".join(names) or "none", _MOST_SHOWN)


def show(text: str) -> str:
    """Show untrusted text, escaped and bounded."""
    return clip(text, _MOST_SHOWN)
