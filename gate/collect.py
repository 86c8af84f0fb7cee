"""Collecting: asks the source in rounds until no rule needs to know more. The only place with concurrency.

What is needed next depends on what was found (an index names its children), so every round puts all
open questions at once and then asks the needs again. Rounds, questions and the whole time are bounded;
what a limit cuts off is `Unavailable`, which no rule takes for an answer (S4).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from gate.evidence import Ask, Evidence, Fact, Found, Kind, Look, Unavailable
from gate.finding import Reason

if TYPE_CHECKING:
    from gate.evidence import Need
    from gate.source import Source
    from gate.subject import Subject

__all__ = ["DEADLINE_PASSED", "LIMIT_REACHED", "Limits", "collect"]

LIMIT_REACHED = Reason(
    "limit-reached",
    "There was more to read than the gate reads for one image",
    "The number of questions, rounds, pages or bytes for one image is bounded, so that nobody who can push to a "
    "registry can keep the gate busy for ever. Past the bound the whole kind of evidence counts as not read: an answer "
    "that was cut short could hide the part that matters.",
    "Look at what hangs on the image (signatures, attestations, platforms) and remove what does not belong there. "
    "If the image is honest and really that large, report it as a bug with the numbers.",
)
DEADLINE_PASSED = Reason(
    "deadline-passed",
    "The time for one image ran out before everything was read",
    "Every run has a deadline, so that a registry that answers slowly cannot hold up a pipeline for ever. What was "
    "not answered by then is not known.",
    "Run it again; if it happens often, look at the registry or the network between, or give more time with --timeout.",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one collection. `seconds` is for everything; the others are far above any honest image.

    `most_bytes` are those of all answers together: each is bounded by its source, but there may be thousands.
    """

    seconds: float = 120.0
    rounds: int = 16
    asks: int = 4000
    workers: int = 8
    most_bytes: int = 256 * 1024 * 1024


_DEFAULT: Final = Limits()


def collect(
    source: Source,
    needs: Iterable[Need],
    subject: Subject,
    limits: Limits = _DEFAULT,
    told: Callable[[int, int], None] = lambda _answered, _asked: None,
) -> Evidence:
    """Ask `source` everything that `needs` want to know about `subject`.

    `told` hears after every answer how many questions were answered of how many asked. The last
    question is where the tag points now (S7), where the subject came from a tag alone.
    """
    wanted = tuple(needs)
    ends = time.monotonic() + limits.seconds
    have = Evidence()
    budget = _Budget(limits.most_bytes)
    pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="gate-collect")
    try:
        for _ in range(limits.rounds):
            asks = _missing(wanted, subject, have)
            if not asks:
                break
            had = len(have.answers)
            room = max(limits.asks - had, 0)
            within = partial(_answer, source, budget)
            answered = _round(pool, within, asks[:room], ends, partial(_tell, told, had, had + min(room, len(asks))))
            have = have.with_answers({**answered, **_cut(asks[room:], LIMIT_REACHED)})
        while asks := _missing(wanted, subject, have):
            have = have.with_answers(_cut(asks, LIMIT_REACHED))
        if subject.tag and not subject.pinned:
            now = Ask(subject.place, Kind.TAG_NOW, subject.tag)
            have = have.with_answers(_round(pool, source.answer, [now], ends, lambda _: None))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return have


class _Budget:
    """The bytes that are left for one image. Used from several threads."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def is_spent(self) -> bool:
        """Tell whether nothing more may be read."""
        with self._lock:
            return self._left < 0

    def takes(self, size: int) -> bool:
        """Take so many; once there are too few, nothing is taken any more."""
        with self._lock:
            self._left = self._left - size if size <= self._left else -1
            return self._left >= 0


def _answer(source: Source, budget: _Budget, ask: Ask) -> Fact:
    """Ask, unless what was read for this image is too much already; an answer past that is not kept."""
    if budget.is_spent():
        return _unavailable(ask, LIMIT_REACHED)
    fact = source.answer(ask)
    if isinstance(fact, Found) and not budget.takes(len(fact.content)):
        return _unavailable(ask, LIMIT_REACHED)
    return fact


def _tell(told: Callable[[int, int], None], had: int, of: int, count: int) -> None:
    told(had + count, of)


def _missing(needs: tuple[Need, ...], subject: Subject, have: Evidence) -> list[Ask]:
    asks = {ask for need in needs for ask in need.missing(subject, have)}
    return sorted(ask for ask in asks if ask not in have)


def _round(
    pool: ThreadPoolExecutor, answer: Callable[[Ask], Fact], asks: list[Ask], ends: float, told: Callable[[int], None]
) -> dict[Ask, Fact]:
    """Put all questions of one round at once; what is not answered in time is Unavailable."""
    futures: dict[Ask, Future[Fact]] = {ask: pool.submit(answer, ask) for ask in asks}
    answers: dict[Ask, Fact] = {}
    for count, (ask, future) in enumerate(futures.items(), start=1):
        try:
            fact = future.result(timeout=max(ends - time.monotonic(), 0.0))
        except FutureTimeoutError:
            future.cancel()
            fact = _unavailable(ask, DEADLINE_PASSED)
        answers[ask] = _checked(ask, fact)
        told(count)
    return answers


def _checked(ask: Ask, fact: Fact) -> Fact:
    """Refuse bytes that do not have the digest they were asked for by: a source must never hand them on."""
    if not isinstance(fact, Found) or ask.kind not in {Kind.MANIFEST, Kind.BLOB} or ":" not in ask.name:
        return fact
    from gate.oci.digest import Digest

    if Digest.parse(ask.name).matches(fact.content):
        return fact
    msg = f"the source handed on bytes for {ask.name} that have another digest"
    raise RuntimeError(msg)


def _cut(asks: list[Ask], reason: Reason) -> dict[Ask, Fact]:
    return {ask: _unavailable(ask, reason) for ask in asks}


def _unavailable(ask: Ask, reason: Reason) -> Unavailable:
    where = f"{ask.place} {ask.kind} {ask.name}".rstrip()
    return Unavailable(Look(where, reason.code), reason.code, f"{reason.title}: {ask.kind} {ask.name} was not read")
