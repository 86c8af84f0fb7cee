"""The whole way, in one screen: reference → subject → evidence → verdict → document (DESIGN section 2).

Everything a run needs of the outside comes in as values: `check` reads no clock and no environment.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gate import __version__
from gate.collect import Limits, collect
from gate.errors import GateError, MalformedData, SourceError
from gate.finding import Note, Reason, Undecided
from gate.report import Closure, Document, Judged
from gate.verdict import Failed, Passed, Undetermined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gate.check import Book
    from gate.evaluate import Policy
    from gate.evidence import Need
    from gate.oci.digest import Digest
    from gate.oci.platform import Platform
    from gate.ruleset.rule import Ruleset
    from gate.source import Source
    from gate.subject import Subject

__all__ = [
    "NOT_FINISHED", "Opened", "Request", "check", "document_of", "narrowed", "needs_of", "open_image", "unfinished",
    "unresolved", "worst",
]  # fmt: skip

PASSED, FAILED, NO_VERDICT = 0, 1, 3

#: Each image has connections of its own; more at once would only queue at the registry.
MOST_IMAGES_AT_ONCE: Final = 4

NOT_FINISHED = Reason(
    "not-finished",
    "The run has not finished",
    "Every report file is first written with this, so that a run that is killed leaves no older verdict behind.",
    "Look at the log of the run that should have written this report, and run it again.",
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the images as typed, the time of the verdict, and what narrows it."""

    images: tuple[str, ...]
    at: datetime
    platforms: tuple[Platform, ...] = ()
    expected: Digest | None = None
    only: tuple[str, ...] = ()
    limits: Limits = Limits()
    rules_from_head: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """One source and what it resolved to, or why it did not."""

    source: Source
    subject: Subject | GateError


def check(
    request: Request,
    open_source: Callable[[str], Source],
    policy: Callable[[], Policy],
    told: Callable[[str, int, int], None] = lambda _image, _answered, _asked: None,
) -> Document:
    """Judge every image of the request.

    `open_source` gives the source of one image; `policy` reads the rules, while the tags are being
    resolved: it may raise `RuleFileError` or `UsageError`, which ends the run without a verdict.
    """
    pool = ThreadPoolExecutor(MOST_IMAGES_AT_ONCE, thread_name_prefix="gate-image")
    try:
        opening = [pool.submit(open_image, image, open_source, request.expected) for image in request.images]
        rules = policy()
        judging = [
            pool.submit(_judge, image, future.result(), rules, request, told)
            for image, future in zip(request.images, opening, strict=True)
        ]
        judged = tuple(future.result() for future in judging)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a mistake in a rule file does not wait for a registry
    return document_of(request, rules, judged)


def open_image(image: str, open_source: Callable[[str], Source], expected: Digest | None) -> Opened:
    """Open the source of one image and resolve it, once."""
    source = open_source(image)
    try:
        subject = source.resolve()
    except (SourceError, MalformedData) as error:
        return Opened(source, error)
    if expected is not None and subject.expected in {None, subject.digest}:
        subject = replace(subject, expected=expected)
    return Opened(source, subject)


def _judge(
    image: str, opened: Opened, policy: Policy, request: Request, told: Callable[[str, int, int], None]
) -> Judged:
    from gate.evaluate import evaluate

    with opened.source as source:
        if isinstance(opened.subject, GateError):
            return Judged(image, Undetermined(None, (), (), (unresolved(opened.subject),)))
        subject = opened.subject
        policy = policy.for_repository(subject.repository)
        needs = needs_of(policy.ruleset, subject, policy.book)
        evidence = collect(source, needs, subject, request.limits, lambda done, of: told(image, done, of))
    judged = evaluate(image, policy, subject, evidence, request.at, request.platforms)
    return replace(judged, notes=(*judged.notes, *source.notes, *narrowed(request)))


def narrowed(request: Request) -> tuple[Note, ...]:
    """Say what made this verdict about less than the whole image or less than all rules."""
    platforms = ", ".join(str(platform) for platform in request.platforms)
    said = (
        (request.platforms, f"only {platforms} was judged (--platform)"),
        (request.only, f"only the rules {', '.join(request.only)} were judged (--only)"),
        (request.rules_from_head, "whoever wrote the change may have written the rules too (--rules-from head)"),
    )
    return tuple(Note(text, headline=True) for given, text in said if given)


def needs_of(ruleset: Ruleset, subject: Subject, book: Book) -> tuple[Need, ...]:
    """Give what the rules want to know about a subject: nothing is fetched that no rule needs."""
    from gate.evaluate import needs_configs
    from gate.platforms import PlatformsNeed

    needs: set[Need] = {PlatformsNeed(configs=needs_configs(ruleset.rules))}
    for rule in ruleset.rules:
        if rule.unfit is None:
            needs |= rule.check.needs(subject, book)
    return tuple(sorted(needs, key=repr))


def unresolved(error: GateError) -> Undecided:
    """Say why there is no subject."""
    code = getattr(error, "code", "source-error")
    hint = (
        getattr(error, "hint", "")
        or "Check the reference, the registry and the credentials; `gate resolve` tries just this."
    )
    return Undecided(Reason(code, str(error), "", hint), str(error), hint)


def worst(codes: Sequence[int]) -> int:
    """Give the exit code of several images: the worst of 1 > 3 > 0; of none, 3 (S1)."""
    if not codes or not set(codes) <= {PASSED, FAILED, NO_VERDICT}:
        return NO_VERDICT
    return FAILED if FAILED in codes else NO_VERDICT if NO_VERDICT in codes else PASSED


def _code(judged: Judged) -> int:
    match judged.verdict:
        case Passed():
            return PASSED
        case Failed():
            return FAILED
        case Undetermined():
            return NO_VERDICT


def document_of(request: Request, policy: Policy, judged: tuple[Judged, ...]) -> Document:
    """Give the finished document, with the exit code that follows from the verdicts."""
    advisory = policy.ruleset.advisory
    holds = advisory is not None and request.at.date() <= advisory.until
    return Document(
        gate_version=__version__,
        at=request.at,
        judged=judged,
        closure=policy.closure,
        exit_code=PASSED if holds and judged else worst([_code(one) for one in judged]),
        enforced=not holds,
        advisory_until=advisory.until.isoformat() if advisory is not None and holds else "",
    )


def unfinished(images: Sequence[str], at: datetime) -> Document:
    """Give the document that stands in every report file until the run has finished (S8)."""
    from gate.oci.digest import Digest

    closure = Closure(Digest.of(b""), ())
    undecided = Undecided(NOT_FINISHED, NOT_FINISHED.title, NOT_FINISHED.remedy)
    judged = tuple(Judged(image, Undetermined(None, (), (), (undecided,))) for image in images)
    return Document(__version__, at, judged, closure, NO_VERDICT)
