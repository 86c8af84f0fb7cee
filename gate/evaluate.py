"""Judging: (rules, evidence, waivers, a time) → verdict. Pure: the same input gives the same verdict.

The order for each rule (DESIGN section 4): does it hold here (`for:`) → judge every platform (S9) →
drop waived findings → compare what is left with the counts allowed → outcome. No rule depends on
another (S3).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.check import View
from gate.evidence import Absent, Ask, Found, Kind
from gate.finding import About, Finding, Judgement, Note, Reason, Undecided
from gate.oci.digest import Digest
from gate.pattern import PatternTimeoutError
from gate.platforms import find_images
from gate.report import Judged, WaiverNote
from gate.verdict import Level, Outcome, Place, Status, Waived, conclude
from gate.waiver import remarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.check import Book
    from gate.evidence import Evidence
    from gate.oci.platform import Platform
    from gate.pattern import Glob
    from gate.report import Closure
    from gate.ruleset.rule import Rule, Ruleset
    from gate.subject import Image, Subject
    from gate.verdict import Verdict
    from gate.waiver import Waiver

__all__ = ["Policy", "evaluate", "needs_configs"]

NO_ENFORCING_RULE = Reason(
    "no-enforcing-rule",
    "No rule of level error was satisfied on every platform",
    "A verdict of passed needs proof: at least one rule of level `error` that holds on each platform of the image. "
    "No such rule applied here. All rules may be warnings, start later, be waived, or have a `for:` that does not "
    "match this image.",
    "Check the `for:` of your rules against the repository and tag in the first line of the report "
    "(`gate rules explain RULE`), or add a rule of level error for this image.",
)
TAG_MOVED = Reason(
    "tag-moved",
    "The tag was moved while the gate was looking",
    "The tag was resolved once at the start, and everything was judged for that digest. At the end the tag pointed to "
    "another digest (or to nothing), so what was judged is not what the tag names now.",
    "Run the gate again. If it happens again, two pipelines push the same tag: give each build a tag of its own, or "
    "check by digest (`image@sha256:…`).",
)
TAG_NOT_READ_AGAIN = Reason(
    "tag-not-read-again",
    "Where the tag points now could not be read",
    "At the end of a run the gate reads the tag once more, to see that it still names the digest that was judged. "
    "This time the registry did not answer.",
    "Run the gate again, or check by digest (`image@sha256:…`), which needs no second look.",
)
TAG_MISMATCH = Reason(
    "tag-mismatch",
    "The tag does not point to the digest that was given",
    "The reference (or --expect-digest) names a digest, and the tag resolves to another one now. Somebody pushed over "
    "the tag, or the digest is from another build.",
    "Find out who moved the tag. To check exactly what your pipeline built, push it again under a tag of its own.",
)
PLATFORM_NOT_FOUND = Reason(
    "platform-not-found",
    "The image has no such platform",
    "--platform names a platform that this image does not contain, so nothing could be judged for it.",
    "Leave --platform away to judge every platform of the image, or name one of those it has.",
)
SCOPE_UNKNOWN = Reason(
    "scope-unknown",
    "It cannot be told whether the rule applies",
    "The rule's `for:` asks for a repository or a tag, and the reference has none: an image layout or archive has no "
    "repository name, and a digest alone has no tag.",
    "Check the image by its registry reference with the tag, or write the rule without `for:`.",
)
PATTERN_TIMEOUT = Reason(
    "pattern-timeout",
    "A regular expression of the rule took too long",
    "The regular expression was stopped after its time limit. Whether it matches is not known.",
    "Write the expression without nested repetition (`(a+)+`), or use a glob.",
)

#: Where outcomes come from that no rule file wrote.
COMMAND_LINE: Final = Place("command line", 1, 1)


def needs_configs(rules: Sequence[Rule]) -> bool:
    """Tell whether any rule looks at image configurations: those that judge platforms, and those that say so."""
    return any(
        rule.check.meta.scope == "platform" or bool(getattr(rule.check, "needs_configs", bool)()) for rule in rules
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What is judged against: rules, waivers, scanner reports, and the closure that names it all (S24)."""

    ruleset: Ruleset
    waivers: tuple[Waiver, ...]
    book: Book
    closure: Closure

    def for_repository(self, repository: str) -> Policy:
        """Give the policy for one repository: names of `images:` are filled in, reports stay parsed."""
        ruleset = self.ruleset.for_repository(repository)
        if ruleset is self.ruleset:
            return self
        return replace(self, ruleset=ruleset, book=self.book.with_signers(ruleset.signers))


def evaluate(
    image: str,
    policy: Policy,
    subject: Subject,
    evidence: Evidence,
    at: datetime,
    platforms: tuple[Platform, ...] = (),
) -> Judged:
    """Judge one subject. `at` is aware; `platforms` restricts to these (`--platform`), empty means all.

    Raises `NotAsked` or `RuntimeError` for bugs of ours only; the caller turns those into no verdict.
    """
    if at.tzinfo is None:
        msg = "`at` needs a time zone"
        raise RuntimeError(msg)
    at = at.astimezone(UTC)
    policy = policy.for_repository(subject.repository)
    rules = policy.ruleset.rules
    found = find_images(subject, evidence, configs=needs_configs(rules))
    images, missing = _chosen(found.images, platforms)
    blocked = (*found.undecided, *missing, *_moved(subject, evidence))
    judge = _Judge(View(subject, None, images, evidence, policy.book), policy.waivers, at)
    outcomes = (*_expected(subject, images), *(outcome for rule in rules for outcome in judge.rule(rule)))
    verdict = conclude(subject, tuple(str(image.platform) for image in images), outcomes, _NO_RULE, blocked)
    notes = (*remarks(policy.waivers, outcomes, subject, at), *found.notes, *_headlines(outcomes))
    return Judged(image, verdict, notes, _waiver_notes(policy.waivers, subject, verdict, at))


_NO_RULE: Final = Undecided(NO_ENFORCING_RULE, NO_ENFORCING_RULE.title, NO_ENFORCING_RULE.remedy)


def _chosen(
    images: tuple[Image, ...], platforms: tuple[Platform, ...]
) -> tuple[tuple[Image, ...], tuple[Undecided, ...]]:
    if not platforms:
        return images, ()
    has = ", ".join(str(image.platform) for image in images) or "none"
    missing = tuple(
        Undecided(
            PLATFORM_NOT_FOUND, f"the image has no platform {platform} (it has: {has})", PLATFORM_NOT_FOUND.remedy
        )
        for platform in platforms
        if not any(_is_platform(image, platform) for image in images)
    )
    return tuple(image for image in images if any(_is_platform(image, one) for one in platforms)), missing


def _is_platform(image: Image, wanted: Platform) -> bool:
    """Tell whether an image is for the platform; a version of Windows counts only if it is asked for."""
    own = image.platform
    return own == wanted or (not wanted.os_version and replace(own, os_version="") == wanted)


def _moved(subject: Subject, evidence: Evidence) -> tuple[Undecided, ...]:
    """Say if the tag points elsewhere at the end of the run (S7); a reference with a digest does not care."""
    if not subject.tag or subject.pinned:
        return ()
    fact = evidence[Ask(subject.place, Kind.TAG_NOW, subject.tag)]
    if isinstance(fact, Found):
        if subject.digest.matches(fact.content):
            return ()
        now = Digest.of(fact.content, subject.digest.algorithm)
        what = f"the tag {subject.tag} pointed to {subject.digest} at the start and to {now} at the end"
        return (Undecided(TAG_MOVED, what, TAG_MOVED.remedy, fact.look),)
    if isinstance(fact, Absent):
        what = f"the tag {subject.tag} pointed to {subject.digest} at the start and was gone at the end"
        return (Undecided(TAG_MOVED, what, TAG_MOVED.remedy, fact.look),)
    return (Undecided(TAG_NOT_READ_AGAIN, fact.detail, TAG_NOT_READ_AGAIN.remedy, fact.look),)


def _expected(subject: Subject, images: tuple[Image, ...]) -> tuple[Outcome, ...]:
    if subject.expected is None or subject.expected == subject.digest:
        return ()
    finding = Finding(
        reason=TAG_MISMATCH,
        about=About.of(tag=subject.tag or "(none)"),
        what=f"{subject.typed} was expected to be another image",
        expected=str(subject.expected),
        got=str(subject.digest),
        fix=TAG_MISMATCH.remedy,
    )
    covers = tuple(str(image.platform) for image in images)
    return (
        Outcome("expected-digest", "reference", Level.ERROR, Status.VIOLATED, COMMAND_LINE, "", covers, (finding,)),
    )


class _Judge:
    """Judges one rule after the other over the same view of one subject."""

    def __init__(self, view: View, waivers: tuple[Waiver, ...], at: datetime) -> None:
        self._view = view
        self._waivers = waivers
        self._at = at

    def rule(self, rule: Rule) -> tuple[Outcome, ...]:
        """Give the rule's outcome for the image, or one for each platform."""
        images = self._view.images
        everywhere = tuple(str(image.platform) for image in images)
        holds = _applies(rule, self._view.subject)
        if holds is not True:
            blank = Outcome(
                rule.name, rule.check.meta.name, rule.level, Status.NOT_APPLICABLE, rule.place, "", everywhere,
                why=rule.why, fix=rule.fix,
            )  # fmt: skip
            return (
                blank
                if holds is False
                else self._dated(rule, replace(blank, status=Status.UNDECIDED, undecided=(holds,))),
            )
        if rule.check.meta.scope == "image":
            return (self._one(rule, self._view, "", everywhere),)
        return tuple(
            self._one(rule, replace(self._view, platform=image), str(image.platform), (str(image.platform),))
            for image in images
        )

    def _one(self, rule: Rule, view: View, platform: str, covers: tuple[str, ...]) -> Outcome:
        try:
            judgement = rule.check.judge(view, self._at)
        except PatternTimeoutError as error:
            judgement = Judgement(undecided=(Undecided(PATTERN_TIMEOUT, str(error), PATTERN_TIMEOUT.remedy),))
        waived, left = self._waive(rule, judgement.findings)
        breaking, tolerated = _over_limits(judgement, left)
        outcome = Outcome(
            rule=rule.name,
            check=rule.check.meta.name,
            level=rule.level,
            status=_status(breaking, judgement.undecided, waived),
            place=rule.place,
            platform=platform,
            covers=covers,
            findings=breaking,
            undecided=judgement.undecided,
            waived=waived,
            notes=(*judgement.notes, *tolerated),
            looked=judgement.looked,
            why=rule.why,
            fix=rule.fix,
        )
        return self._dated(rule, outcome)

    def _dated(self, rule: Rule, outcome: Outcome) -> Outcome:
        """Before its `from:` a rule is judged and shown, and decides nothing."""
        if rule.starts is None or rule.starts <= self._at.date():
            return outcome
        return replace(outcome, status=Status.UPCOMING, would_be=outcome.status, starts=rule.starts.isoformat())

    def _waive(self, rule: Rule, findings: tuple[Finding, ...]) -> tuple[tuple[Waived, ...], tuple[Finding, ...]]:
        """Sort the findings into those that a waiver accepts today and the others."""
        waived: list[Waived] = []
        left: list[Finding] = []
        for finding in findings:
            waiver = self._waiver_for(rule, finding)
            if waiver is None:
                left.append(finding)
            else:
                expires = waiver.expires.isoformat()
                accepted = (waiver.owner, waiver.reason, expires, waiver.place, waiver.ticket, waiver.break_glass)
                waived.append(Waived(finding, *accepted))
        return tuple(waived), tuple(left)

    def _waiver_for(self, rule: Rule, finding: Finding) -> Waiver | None:
        if rule.final or not rule.waivable:
            return None
        subject = self._view.subject
        return next((waiver for waiver in self._waivers if waiver.covers(rule.name, subject, finding, self._at)), None)


def _status(breaking: tuple[Finding, ...], undecided: tuple[Undecided, ...], waived: tuple[Waived, ...]) -> Status:
    if breaking:
        return Status.VIOLATED
    if undecided:
        return Status.UNDECIDED
    return Status.WAIVED if waived else Status.SATISFIED


def _over_limits(judgement: Judgement, left: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[Note, ...]]:
    """Give the findings that break the rule, and notes about those that a count allows."""
    counts = Counter(finding.bucket for finding in left if finding.bucket is not None)
    within = {bucket for bucket, count in counts.items() if count <= judgement.allowed.get(bucket, 0)}
    breaking = tuple(finding for finding in left if finding.bucket is None or finding.bucket not in within)
    notes = tuple(
        Note(f"{counts[bucket]} of bucket {bucket} found, {judgement.allowed[bucket]} allowed")
        for bucket in sorted(within)
    )
    return breaking, notes


def _applies(rule: Rule, subject: Subject) -> bool | Undecided:
    """Tell whether `for:` holds (S26): a definite no wins over what cannot be told."""
    if rule.unfit is not None:  # its rule file is for other images: nothing in it can be relied on, `for:` included
        return rule.unfit
    answers = (
        _matches(rule.scope.images, subject.repository, "repository"),
        _matches(rule.scope.tags, subject.tag, "tag"),
    )
    if False in answers:
        return False
    return next((answer for answer in answers if isinstance(answer, Undecided)), True)


def _matches(globs: tuple[Glob, ...], name: str, what: str) -> bool | Undecided:
    if not globs:
        return True
    if not name:
        return Undecided(
            SCOPE_UNKNOWN, f"the rule is for certain images, and the reference has no {what}", SCOPE_UNKNOWN.remedy
        )
    return any(glob.matches(name) for glob in globs)


def _headlines(outcomes: tuple[Outcome, ...]) -> tuple[Note, ...]:
    """Give the notes that belong into the first lines, each once, in the order of the rules."""
    notes = (note for outcome in outcomes for note in outcome.notes if note.headline)
    return tuple(dict.fromkeys(notes))


def _waiver_notes(
    waivers: Sequence[Waiver], subject: Subject, verdict: Verdict, at: datetime
) -> tuple[WaiverNote, ...]:
    """Name the waivers for this image that have expired, and those that accept nothing any more."""
    used = {waived.place for outcome in verdict.outcomes for waived in outcome.waived}
    notes = []
    for waiver in waivers:
        if not waiver.concerns(subject) or waiver.place in used:
            continue
        state = "expired" if waiver.expired(at) else "idle"
        about = ", ".join(f"{key} {value}" for key, value in sorted(waiver.about.items()))
        notes.append(WaiverNote(state, waiver.rule, about, waiver.owner, waiver.expires.isoformat(), waiver.place))
    return tuple(notes)
