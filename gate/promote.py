"""Promotion: the digest that was judged gets its tags, and nothing else does.

    judge    under the reference it was asked for, and under every tag that it would get (S35)
    plan     what each tag names now, and whether it may be given: pure
    promote  for each tag, in the plan's order:
               1  the tag still names what it named while the image was judged
               2  the clearance has not expired
               3  the exact bytes that were judged are put under the tag
               4  the tag is read back, and what it names is hashed
             after all of them, each tag that was there already is read once more

Nobody offers to write a tag only if it still names a certain digest, so the last writer wins; steps 1 and 4 make
the time for that as short as two requests, and say when it happened. A promotion that is killed leaves every tag on
its old digest or on the new one: done again, it finishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.app import narrowed, needs_of
from gate.checks.tag.listed import TagListNeed, ask_tag, read_tag
from gate.collect import collect
from gate.evaluate import evaluate
from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.finding import Reason, Undecided
from gate.formats.conventions import CONVENTIONS
from gate.formats.versions import beginning_of
from gate.oci.digest import Digest
from gate.source import PutAnswer

if TYPE_CHECKING:
    from datetime import datetime

    from gate.app import Request
    from gate.evaluate import Policy
    from gate.evidence import Evidence, Need
    from gate.report import Judged
    from gate.source import Put, Source, Tagger
    from gate.subject import Subject
    from gate.verdict import Clearance

__all__ = ["Demands", "State", "Step", "destination", "in_order", "is_evidence_tag", "judge", "plan", "promote"]

TAG_IMMUTABLE = Reason(
    "tag-immutable",
    "The registry never lets this tag name another image",
    "The tag exists and names another digest, and the registry (or the repository's settings) forbids to move it: tags "
    "are immutable there, or this one is locked.",
    "Give the image a tag that is free. If this tag is meant to move, as `prod` does, take it out of the registry's "
    "rule for immutable tags.",
)
DESTINATION_UNEXPECTED = Reason(
    "destination-unexpected",
    "The tag does not name what --expect-current says",
    "--expect-current names the digest that the tag is to be moved away from. The tag names another one, or does not "
    "exist: somebody else has promoted or rolled back in the meantime.",
    "Find out what the tag names now and why, then promote with the digest that it really names.",
)
DESTINATION_EXISTS = Reason(
    "destination-exists",
    "The tag exists already and names another image",
    "--no-clobber says that only tags that are free may be given, and this one names another digest.",
    "Give the image a tag of its own, or leave --no-clobber out for tags that are meant to move.",
)
DESTINATION_UNREAD = Reason(
    "destination-unread",
    "It could not be read what the tag names now",
    "Before a tag is moved, the gate reads what it names; with --no-clobber also the list of tags, because hidden "
    "things look like missing ones. The registry did not answer that.",
    "Look at the answer that is quoted, then run the promotion again.",
)
DESTINATION_MOVED = Reason(
    "destination-moved",
    "Somebody moved the tag while the image was being judged or promoted",
    "What a tag names is read when the image is judged and again right before it is written; one that named the image "
    "already is read again after all tags were written. The two differ, so what was judged (that a release is not "
    "overwritten, that a tag does not go back) may no longer be true, or the tag does not name the image any more.",
    "Run the promotion again. If it happens often, two pipelines promote to the same tag: let only one do so.",
)
PUSH_DENIED = Reason(
    "push-denied",
    "The registry does not let this account write the tag",
    "To promote, the account needs the right to push to the repository; to check it only needs to pull. The registry "
    "answered 401 or 403, or the credentials were not sent. Some registries say so for immutable tags too.",
    "Log in with an account or token that may push (on GitHub `packages: write`), in the job that promotes and nowhere "
    "else. `docs/credentials.md` lists where credentials are looked for.",
)
PUSH_REFUSED = Reason(
    "push-refused",
    "The registry did not take the tag",
    "The registry answered that it does not take the manifest under this tag. A mirror or a pull-through cache takes "
    "nothing at all; a repository may be archived or full.",
    "Read the registry's text. Promote at the registry itself, not at a mirror of it.",
)
PROMOTION_NOT_VISIBLE = Reason(
    "promotion-not-visible",
    "The registry took the tag, and still shows the old one",
    "After the tag was written it was read back several times, and it still names what it named before, or nothing. "
    "The registry, or a cache in between, is slow or did not do what it said.",
    "Wait a moment and run the promotion again: if the tag has arrived by then, that says so and changes nothing.",
)
PROMOTION_OVERTAKEN = Reason(
    "promotion-overtaken",
    "The tag names a third image after it was written",
    "The tag was written and read back, and it names neither the image that was judged nor the one from before. "
    "Somebody else wrote it at the same time, or the registry rewrites what is pushed.",
    "Find out who writes this tag. Run the promotion again once nobody else does.",
)
PROMOTION_UNCONFIRMED = Reason(
    "promotion-unconfirmed",
    "It is not known whether the tag was moved",
    "The registry gave no clear answer when the tag was written, or when it was read back. The tag names either the "
    "old image or the one that was judged.",
    "Run the promotion again: it reads the tag, and finishes what is left.",
)
CLEARANCE_EXPIRED = Reason(
    "clearance-expired",
    "The verdict is too old to promote by",
    "A verdict is good for ten minutes; a promotion that has not written a tag by then stops, because the image, the "
    "rules or the world may have changed. A clock that was set back counts as well.",
    "Run the promotion again.",
)

#: Signatures, attestations and lists of referrers (cosign; distribution-spec, "Referrers Tag Schema").
_EVIDENCE_TAG: Final = re.compile(r"sha(256|384|512)-.*", re.IGNORECASE)
#: Tags that name one image for ever are given before tags that move.
_FIXED: Final = ("semver", "semver-v", "git-commit")
#: Registries that spread their answers over several machines are up to date within moments.
_PAUSES: Final = (0.5, 1.0, 2.0)


class State(StrEnum):
    """What became of one tag, or would become of it."""

    PLANNED = "planned"
    PROMOTED = "promoted"
    THERE = "already-there"
    REFUSED = "refused"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class Step:
    """One tag. `before` is what it named when the image was judged, None if there was no such tag.

    `problem` says why it is REFUSED. UNTOUCHED tags are fine themselves; another one stood in the way.
    """

    tag: str
    before: Digest | None
    state: State
    problem: Undecided | None = None


@dataclass(frozen=True, slots=True)
class Demands:
    """The tags to give, and what has to be true of them before: that none exists, or what some of them name."""

    tags: tuple[str, ...]
    no_clobber: bool = False
    current: Mapping[str, Digest] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class _Under:
    """What somebody must know about the image under one of its references."""

    need: Need
    subject: Subject

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:  # noqa: ARG002 -- the protocol's signature
        return self.need.missing(self.subject, have)


@dataclass(frozen=True, slots=True)
class _TagNeed:
    """What one tag names."""

    tag: str

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        ask = ask_tag(subject, self.tag)
        return frozenset() if ask in have else frozenset({ask})


def is_evidence_tag(tag: str) -> bool:
    """Tell whether evidence hangs on tags of this form: they are never a target (S36)."""
    return _EVIDENCE_TAG.fullmatch(tag) is not None


def destination(subject: Subject, tag: str) -> str:
    """Give the reference that an image is judged under before it gets the tag."""
    return f"{subject.place}:{tag}"


def in_order(tags: Sequence[str]) -> tuple[str, ...]:
    """Give the tags in the order they are written: those that stay first, `1.4` before `1`, and `prod` last."""
    return tuple(sorted(tags, key=_mobility))


def judge(
    source: Source,
    subject: Subject,
    demands: Demands,
    policy: Policy,
    request: Request,
    told: Callable[[int, int], None] = lambda _answered, _asked: None,
) -> tuple[tuple[Judged, ...], Evidence]:
    """Judge one image as it was asked for, and then as each of the tags would name it, on the same evidence."""
    policy = policy.for_repository(subject.repository)
    # Pinned: where the destination points now is what is about to change; that is read and compared by `promote`.
    later = (
        replace(subject, typed=destination(subject, tag), tag=tag, pinned=True, expected=None, origin=subject.place)
        for tag in demands.tags
    )
    subjects = (subject, *later)
    needs: list[Need] = [_Under(need, one) for one in subjects for need in needs_of(policy.ruleset, one, policy.book)]
    needs += [_TagNeed(tag) for tag in demands.tags]
    needs += [TagListNeed()] if demands.no_clobber else []  # a hidden tag looks like a free one (S5)
    evidence = collect(source, needs, subject, request.limits, told)
    said = (*source.notes, *narrowed(request))
    judged = [evaluate(one.typed, policy, one, evidence, request.at, request.platforms) for one in subjects]
    return tuple(replace(one, notes=(*one.notes, *said)) for one in judged), evidence


def plan(clearance: Clearance, demands: Demands, evidence: Evidence) -> tuple[Step, ...]:
    """Say what would be done with each tag, in order. If one cannot be given, none is.

    Raises `RuntimeError` for a tag that the image was not judged under, or that holds evidence.
    """
    subject = clearance.passed.subject
    for tag in demands.tags:
        if destination(subject, tag) not in clearance.run.destinations or is_evidence_tag(tag):
            msg = f"the clearance is not about the tag {tag!r}"
            raise RuntimeError(msg)
    steps = tuple(_planned(subject, tag, evidence, demands) for tag in in_order(demands.tags))
    return _held(steps) if any(step.state is State.REFUSED for step in steps) else steps


def promote(
    clearance: Clearance,
    steps: Sequence[Step],
    target: Tagger,
    now: Callable[[], datetime],
    wait: Callable[[float], None],
) -> tuple[Step, ...]:
    """Give the planned tags one after the other and say what became of each; after one that is refused, none.

    Tags that were there already are read once more at the end: success is about what they name then.
    """
    giving = _Giving(clearance, target, now, wait)
    done: list[Step] = []
    for step in steps:
        if any(one.state is State.REFUSED for one in done):
            done += _held((step,))
        else:
            done.append(giving.give(step) if step.state is State.PLANNED else step)
    return tuple(giving.confirm(step) if step.state is State.THERE else step for step in done)


def _mobility(tag: str) -> int:
    if any(CONVENTIONS[name].holds(tag) for name in _FIXED):
        return 0
    beginning = beginning_of(tag)
    return 4 - len(beginning.numbers) if beginning is not None else 4


def _held(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Leave alone whatever has not been written yet."""
    return tuple(replace(step, state=State.UNTOUCHED) if step.state is State.PLANNED else step for step in steps)


def _planned(subject: Subject, tag: str, evidence: Evidence, demands: Demands) -> Step:
    step = Step(tag, None, State.PLANNED)
    fact = read_tag(subject, tag, evidence) if demands.no_clobber else evidence[ask_tag(subject, tag)]
    if isinstance(fact, Undecided | Unavailable):
        return _refuse(step, DESTINATION_UNREAD, fact.what if isinstance(fact, Undecided) else fact.detail)
    if isinstance(fact, Found) and subject.digest.matches(fact.content):
        return Step(tag, subject.digest, State.THERE)
    step = replace(step, before=_names(fact))
    now = str(step.before) if step.before is not None else "nothing: there is no such tag"
    wanted = demands.current.get(tag)
    if wanted is not None and not (isinstance(fact, Found) and wanted.matches(fact.content)):
        return _refuse(step, DESTINATION_UNEXPECTED, f"{tag} was expected to name {wanted}, and names {now}")
    if demands.no_clobber and step.before is not None:
        return _refuse(step, DESTINATION_EXISTS, f"{tag} names {now}")
    return step


@dataclass(frozen=True, slots=True)
class _Giving:
    """Steps 1 to 4 for one tag after the other."""

    clearance: Clearance
    target: Tagger
    now: Callable[[], datetime]
    wait: Callable[[float], None]

    def give(self, step: Step) -> Step:
        """Say what became of one tag."""
        subject = self.clearance.passed.subject
        fact = self._read(step.tag)
        if isinstance(fact, Unavailable):
            return _refuse(step, DESTINATION_UNREAD, fact.detail)
        if isinstance(fact, Found) and subject.digest.matches(fact.content):
            return replace(step, state=State.THERE)  # somebody else has given it the same image
        if _names(fact) != step.before:
            return _refuse(step, DESTINATION_MOVED, f"{step.tag} now names {_names(fact) or 'nothing'}")
        if self.clearance.expired(self.now()):
            judged = f"{self.clearance.run.at:%Y-%m-%d %H:%M:%S}"
            return _refuse(step, CLEARANCE_EXPIRED, f"the image was judged at {judged} UTC")
        put = self.target.write_tag(step.tag, subject.content, subject.media_type)
        if put.answer in {PutAnswer.TAKEN, PutAnswer.UNCLEAR}:
            return self._read_back(step, put)
        return _not_given(step, put)

    def confirm(self, step: Step) -> Step:
        """Say whether a tag that was there already still is, now that nothing is written any more."""
        fact = self._read(step.tag)
        if isinstance(fact, Unavailable):
            return _refuse(step, DESTINATION_UNREAD, fact.detail)
        if isinstance(fact, Found) and self.clearance.passed.subject.digest.matches(fact.content):
            return step
        what = f"{step.tag} named the image already, and now names {_names(fact) or 'nothing'}"
        return _refuse(step, DESTINATION_MOVED, what)

    def _read_back(self, step: Step, put: Put) -> Step:
        """Wait until the tag names something new, within seconds; only the image itself is success (S36)."""
        fact = self._read(step.tag)
        for pause in _PAUSES:
            if isinstance(fact, Found) and _names(fact) != step.before:
                break
            self.wait(pause)
            fact = self._read(step.tag)
        if isinstance(fact, Unavailable):
            return _refuse(step, PROMOTION_UNCONFIRMED, f"{step.tag} could not be read back: {fact.detail}")
        if isinstance(fact, Found) and self.clearance.passed.subject.digest.matches(fact.content):
            return replace(step, state=State.PROMOTED)
        if isinstance(fact, Found) and _names(fact) != step.before:
            return _refuse(step, PROMOTION_OVERTAKEN, f"{step.tag} now names {_names(fact)}")
        if put.answer is PutAnswer.UNCLEAR:
            return _refuse(step, PROMOTION_UNCONFIRMED, f"{step.tag} was not moved so far: {put.detail}")
        return _refuse(step, PROMOTION_NOT_VISIBLE, f"{step.tag} still names {step.before or 'nothing'}")

    def _read(self, tag: str) -> Fact:
        return self.target.answer(Ask(self.clearance.passed.subject.place, Kind.TAG_NOW, tag))


def _not_given(step: Step, put: Put) -> Step:
    """Explain the registry's refusal: "immutable" only where there is something that cannot be changed."""
    immutable = put.answer is PutAnswer.IMMUTABLE and step.before is not None
    reason = TAG_IMMUTABLE if immutable else PUSH_DENIED if put.answer is PutAnswer.DENIED else PUSH_REFUSED
    still = f"{step.tag} still names {step.before}; " if step.before is not None else ""
    return _refuse(step, reason, f"{still}{put.detail}")


def _names(fact: Found | Absent) -> Digest | None:
    return Digest.of(fact.content) if isinstance(fact, Found) else None


def _refuse(step: Step, reason: Reason, what: str) -> Step:
    return replace(step, state=State.REFUSED, problem=Undecided(reason, what, reason.remedy))
