"""What `gate rules test` prints: a line for each case, and which rules no case covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.columns import columns
from gate.printable import harmless, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.cli._cases import Coverage, Tested

__all__ = ["table"]

_INDENT = "           "


def table(tested: Sequence[Tested]) -> str:
    """Give the whole text; nothing in it is obeyed by a terminal or CI runner (S43)."""
    lines = [line for one in tested for line in _file(one)]
    results = [result for one in tested for result in one.results]
    wrong = sum(bool(result.differences) for result in results)
    gaps = sum(bool(_gap(rule)) for one in tested for rule in one.coverage)
    absent = sum(rule.only_missing for one in tested for rule in one.coverage)
    covered = "every rule has a passing and a failing case" if not gaps else f"{_rules(gaps)} not covered both ways"
    if absent:
        fails = "1 rule fails" if absent == 1 else f"{absent} rules fail"
        covered = (f"{covered}; " if gaps else "") + f"{fails} only because something is missing"
    held = f"all {len(results)} cases hold" if not wrong else f"{wrong} of {len(results)} cases differ"
    if len(results) == 1 and not wrong:
        held = "1 case holds"
    return "\n".join([*lines, f"{held}; {covered}"]) + "\n"


def _rules(number: int) -> str:
    return f"{number} rule is" if number == 1 else f"{number} rules are"


def _file(one: Tested) -> Iterator[str]:
    yield f"{_safe(one.path)}: rules of {_safe(', '.join(one.rules))}"
    yield ""
    wide = max((columns(_safe(result.name)) for result in one.results), default=0)
    for result in one.results:
        state = "DIFFERS" if result.differences else "ok"
        yield f"  {state:7}  {_padded(_safe(result.name), wide)}  {result.verdict}"
        for difference in result.differences:
            yield f"{_INDENT}{_safe(difference)}"
    yield ""
    wide = max((len(rule.rule) for rule in one.coverage), default=0)
    yield f"  {'rule':{wide}}  satisfied  violated  by"
    for rule in one.coverage:
        yield f"  {rule.rule:{wide}}  {rule.passing:9}  {rule.failing:8}  {_by(rule)}".rstrip()
    yield ""


def _by(rule: Coverage) -> str:
    """Give the reason codes of the failing cases, and what is wanting."""
    only = "fails only because something is missing" if rule.only_missing else ""
    return "; ".join(part for part in (", ".join(rule.reasons), only, _gap(rule)) if part)


def _gap(rule: Coverage) -> str:
    missing = [word for word, count in (("passing", rule.passing), ("failing", rule.failing)) if not count]
    return f"no {' and no '.join(missing)} case" if missing else ""


def _padded(text: str, wide: int) -> str:
    return text + " " * (wide - columns(text))


def _safe(text: str) -> str:
    return harmless(printable(text))
