"""One flat list of what is wrong with an image, for reports that know nothing of rules and platforms.

The order is the one of the report for people, in every format: what stands in the way beside the rules, violated
rules, undecided rules, warnings, waived findings, upcoming rules. Nothing here decides anything.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import InvalidReference
from gate.finding import About, Finding, Reason, Undecided
from gate.oci.reference import Reference
from gate.overview import count, other_causes, summarise
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.evidence import Look
    from gate.overview import RuleOverview
    from gate.report import Document, Judged
    from gate.verdict import Place, Waived

__all__ = [
    "Listed", "Problem", "Weight", "capped", "counted", "details", "in_checkout", "listed", "meaning", "problems",
    "repository", "rules_of",
]  # fmt: skip

T = TypeVar("T")


class Weight(StrEnum):
    """How loud a problem is, in the words of SARIF; it follows from the rule's level, never from a scanner."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding or undecided point, with the rule that says it.

    `rule` is empty and `place` None where no rule says it: the tag does not exist, or was moved. `state` is
    `violated`, `undecided`, `waived` or `upcoming`. All texts may hold untrusted parts.
    """

    state: Status
    level: Level
    rule: str
    place: Place | None
    reason: Reason
    about: About
    what: str
    fix: str
    expected: str = ""
    got: str = ""
    where: str = ""
    bucket: str | None = None
    look: Look | None = None
    waived: Waived | None = None
    starts: str = ""

    @property
    def weight(self) -> Weight:
        """Waived and upcoming problems stop nobody; an undecided point of an `error` rule is as bad as a violation."""
        if self.state in {Status.WAIVED, Status.UPCOMING}:
            return Weight.NOTE
        return Weight.ERROR if self.level is Level.ERROR else Weight.WARNING


@dataclass(frozen=True, slots=True)
class Listed:
    """A problem of one image, with a place in the checkout and a name that is the same in the next run.

    `path` is relative, with `/`, and empty where no file of the checkout is to blame. `fingerprint` depends on the
    rule, the reason, the repository and what the problem is about: on no line, digest, tag, time or sentence.
    """

    judged: Judged
    problem: Problem
    fingerprint: str
    path: str
    line: int
    column: int


def listed(document: Document) -> tuple[Listed, ...]:
    """Give the problems of all images, in the order of the images."""
    rule_files = {file.path: in_checkout(file.path) for file in document.closure.files if file.role == "rules"}
    home = next((path for path in rule_files.values() if path), "")
    seen: Counter[str] = Counter()
    found = []
    for judged in document.judged:
        for problem in problems(judged):
            base = _fingerprint(judged, problem)
            seen[base] += 1
            path = rule_files.get(problem.place.path, "") if problem.place is not None else ""
            line, column = (problem.place.line, problem.place.column) if path and problem.place else (1, 1)
            found.append(Listed(judged, problem, f"{base}:{seen[base]}", path or home, line, column))
    return tuple(found)


def _fingerprint(judged: Judged, problem: Problem) -> str:
    parts = [problem.reason.code, problem.rule, repository(judged), *(text for key in _about(problem) for text in key)]
    text = "\0".join(part.replace("\0", "\0\0") for part in parts)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _about(problem: Problem) -> list[tuple[str, str]]:
    return sorted(pair for pair in problem.about.keys if pair[0] != "platform")


def in_checkout(path: str) -> str:
    """Give a path as repositories name their files; empty for one outside, or for none such as `builtin:baseline`."""
    path = path.replace("\\", "/")  # as people type it on Windows
    parts = [part for part in path.split("/") if part not in {"", "."}]
    is_outside = path.startswith("/") or ".." in parts or ":" in "".join(parts[:1])
    return "" if is_outside else "/".join(parts)


def repository(judged: Judged) -> str:
    """Give the image without tag and digest: what stays the same from build to build."""
    subject = judged.verdict.subject
    if subject is not None:
        return subject.repository or subject.place
    try:
        return str(Reference.parse(judged.image).repository)
    except InvalidReference:
        return judged.image


def problems(judged: Judged) -> tuple[Problem, ...]:
    """Give everything that is wrong with one image, worst first."""
    rules = summarise(judged.verdict)
    errors = [rule for rule in rules if rule.level is Level.ERROR]
    broken = [rule for status in _BROKEN for rule in errors if rule.status is status]
    warnings = [rule for rule in rules if rule.level is Level.WARNING and rule.status in _BROKEN]
    upcoming = [rule for rule in rules if rule.status is Status.UPCOMING and rule.would_be in _BROKEN]
    return (
        *(_undecided(None, cause, "", Status.UNDECIDED) for cause in other_causes(judged.verdict)),
        *(problem for rule in (*broken, *warnings) for problem in _of_rule(rule, Status.VIOLATED, Status.UNDECIDED)),
        *(
            _finding(rule, one.item.finding, one.where, Status.WAIVED, one.item)
            for rule in rules
            for one in rule.waived
        ),
        *(problem for rule in upcoming for problem in _of_rule(rule, Status.UPCOMING, Status.UPCOMING)),
    )


_BROKEN: Final = (Status.VIOLATED, Status.UNDECIDED)


def _of_rule(rule: RuleOverview, violated: Status, undecided: Status) -> Iterable[Problem]:
    for finding in rule.findings:
        yield _finding(rule, finding.item, finding.where, violated)
    for point in rule.undecided:
        yield _undecided(rule, point.item, point.where, undecided)


def _finding(rule: RuleOverview, finding: Finding, where: str, state: Status, waived: Waived | None = None) -> Problem:
    return Problem(
        state=state,
        level=rule.level,
        rule=rule.rule,
        place=rule.place,
        reason=finding.reason,
        about=finding.about,
        what=finding.what,
        fix=finding.fix,
        expected=finding.expected,
        got=finding.got,
        where=where,
        bucket=finding.bucket,
        waived=waived,
        starts=rule.starts if state is Status.UPCOMING else "",
    )


def _undecided(rule: RuleOverview | None, point: Undecided, where: str, state: Status) -> Problem:
    return Problem(
        state=state,
        level=rule.level if rule is not None else Level.ERROR,
        rule=rule.rule if rule is not None else "",
        place=rule.place if rule is not None else None,
        reason=point.reason,
        about=About(()),
        what=point.what,
        fix=point.fix,
        got=f"{point.look.status} from {point.look.where}" if point.look is not None else "",
        where=where,
        look=point.look,
        starts=rule.starts if rule is not None and state is Status.UPCOMING else "",
    )


def details(problem: Problem) -> tuple[tuple[str, str], ...]:
    """Give label and text of everything there is to say beside `what`, in the order people read it."""
    got = problem.got or ("(empty)" if problem.expected else "")
    said = [("expected", problem.expected), ("got", got), ("on", problem.where), ("fix", problem.fix)]
    if problem.waived is not None:
        waived = problem.waived
        ticket = f", {waived.ticket}" if waived.ticket else ""
        said += [
            (
                "BREAK-GLASS until" if waived.break_glass else "waived until",
                f"{waived.expires} ({waived.place}{ticket})",
            ),
            ("owner", waived.owner),
            ("because", waived.reason),
        ]
    said.append(("holds from", problem.starts))
    return tuple((label, text) for label, text in said if text)


def capped(items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
    """Give the first items and how many are left out; if any is, there is room for saying so."""
    return (items, 0) if len(items) <= most else (items[: most - 1], len(items) - most + 1)


def counted(rules: Iterable[RuleOverview]) -> str:
    """Count rules by outcome in one line; what a warning finds is counted as warnings."""
    counts = count(rules)
    warnings = sum(counts[Level.WARNING, status] for status in _BROKEN)
    parts = [
        (counts[Level.ERROR, Status.VIOLATED], "violated"),
        (counts[Level.ERROR, Status.UNDECIDED], "undecided"),
        (warnings, "warning" if warnings == 1 else "warnings"),
        *(
            (counts[Level.ERROR, status] + counts[Level.WARNING, status], status.replace("-", " "))
            for status in (Status.WAIVED, Status.SATISFIED, Status.UPCOMING, Status.NOT_APPLICABLE)
        ),
    ]
    return ", ".join(f"{number} {name}" for number, name in parts if number) or "no rule was judged"


_MEANINGS: Final = {0: "may go on", 1: "must not go on", 3: "must not go on (no verdict is not a policy result)"}


def rules_of(document: Document) -> str:
    """Give the digest over everything that decided (S24), or say that nothing was read."""
    return str(document.closure.rules_digest) if document.closure.files else "none were read"


def meaning(document: Document) -> str:
    """Say what the exit code means for the run, as the report for people does."""
    if not document.enforced:
        return f"exit code {document.exit_code}: not enforced until {document.advisory_until}"
    return f"exit code {document.exit_code}: {_MEANINGS.get(document.exit_code, 'no verdict')}"
