"""What a tag named before: release tags are never pushed over, moving tags go forward only.

A registry says where a tag points, never where it pointed before. So this is judged where it can be known: for the
destination of a promotion, which is read before it is written, and from a lock file that `gate tags --lock` keeps.
Anywhere else it is undecided, unless the rule says `best-effort`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.checks.tag.labels import TAG_LABEL_MISSING
from gate.checks.tag.listed import TAGS_UNREAD, ask_tag, read_list, read_tag, unread
from gate.checks.tag.texts import show, some
from gate.evidence import Absent, Ask, Found, Kind
from gate.finding import About, Finding, Note, Reason, Undecided
from gate.formats.versions import precedes
from gate.oci.digest import Digest
from gate.platforms import PlatformsNeed, find_images
from gate.subject import Subject

if TYPE_CHECKING:
    from gate.check import View
    from gate.evidence import Evidence
    from gate.subject import Image

__all__ = ["TAG_OVERWRITTEN", "HistoryNeed", "Said", "judge_downgrade", "judge_overwrite", "pushed_over"]

TAG_OVERWRITTEN = Reason(
    "tag-overwritten",
    "A tag that must stay where it is names another image",
    "The rule says that tags such as releases are never pushed over (`no-overwrite`). The lock file says that this tag "
    "named another digest, or it is the target of a promotion and already names another one. Everybody who wrote down "
    "the tag would get something else than before.",
    "Give the new image a tag of its own. If the tag was moved on purpose, say so in the lock file: "
    "`gate tags REPOSITORY --lock FILE --accept TAG`.",
)
TAG_DOWNGRADED = Reason(
    "tag-downgraded",
    "A moving tag would go back to a lower version",
    "The rule says that the tag goes forward only (`no-downgrade`). The image that it names, or named when the lock "
    "file was written, is of a higher version than this one, by the label that the rule compares and the precedence of "
    "semantic versions.",
    "Check that the right image was pushed. For a roll-back on purpose, waive this finding for the digest.",
)
TAG_HISTORY_UNKNOWN = Reason(
    "tag-history-unknown",
    "It is not known what the tag named before",
    "The rule says that the tag is never pushed over, or goes forward only. A registry does not say where a tag "
    "pointed before, and the rule's lock file, if there is one, does not hold this tag, or what it named can no longer "
    "be read.",
    "Keep a lock file (`gate tags REPOSITORY --lock FILE`, named by `lock:` in the rule), or use the rule for "
    "promotions, where the target is read before it is written.",
)
TAG_VERSION_UNCLEAR = Reason(
    "tag-version-unclear",
    "The image does not say a version that can be compared",
    "The rule compares versions (`no-downgrade`), and the label of this image is no semantic version (X.Y.Z).",
    "Set the label to the full version when the image is built, as `org.opencontainers.image.version=1.4.2`.",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one part of the check says."""

    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryNeed:
    """What the tag names now (a promotion's target) or named when the lock file was written, with its configs."""

    locked: Digest | None
    configs: bool

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        asks = {ask for ask in (self._ask_now(subject), self._ask_locked(subject, have)) if ask is not None}
        listed = read_list(subject.place, have)
        if subject.origin and listed.more is not None:
            asks.add(listed.more)
        if self.configs:
            for fact in [have[ask] for ask in asks if ask in have]:
                if isinstance(fact, Found) and not subject.digest.matches(fact.content):
                    asks |= PlatformsNeed(configs=True).missing(_previous(subject, fact), have)
        return frozenset(one for one in asks if one not in have)

    def _ask_now(self, subject: Subject) -> Ask | None:
        return ask_tag(subject, subject.tag) if subject.origin else None

    def _ask_locked(self, subject: Subject, have: Evidence) -> Ask | None:
        """Ask for what the lock file says only where the registry shows nothing: its tag, or where it was before."""
        if not self.configs or self.locked is None or self.locked.matches(subject.content):
            return None
        now = self._ask_now(subject)
        if now is not None and not (now in have and isinstance(have[now], Absent)):
            return None
        return Ask(subject.place, Kind.MANIFEST, str(self.locked))


def judge_overwrite(subject: Subject, locked: Digest | None, have: Evidence, *, best_effort: bool) -> Said:
    """Judge a tag that must never name another digest."""
    tag = show(subject.tag)
    over = pushed_over(subject, locked)
    if over is not None:
        return Said((over,))
    if subject.origin:
        fact = read_tag(subject, subject.tag, have)
        if isinstance(fact, Undecided):
            return Said(undecided=(fact,))
        if isinstance(fact, Found) and not subject.digest.matches(fact.content):
            now = str(Digest.of(fact.content))
            what = f"{tag} already names another image, which would lose its name"
            return Said((_finding(subject, TAG_OVERWRITTEN, what, f"a tag that is free, or {subject.digest}", now),))
        return Said()
    return Said() if locked is not None else _unknown(subject, best_effort=best_effort)


def pushed_over(subject: Subject, locked: Digest | None) -> Finding | None:
    """Give the finding that the tag under judgement named another digest when the lock file was written."""
    if locked is None or locked.matches(subject.content):
        return None
    what = f"{show(subject.tag)} was {locked} when the lock file was written"
    return _finding(subject, TAG_OVERWRITTEN, what, str(locked), str(subject.digest))


def judge_downgrade(view: View, label: str, locked: Digest | None, *, best_effort: bool) -> Said:
    """Judge a tag that goes forward only, by the version in a label."""
    subject, have = view.subject, view.evidence
    fact = read_tag(subject, subject.tag, have) if subject.origin else None
    if fact is None or isinstance(fact, Absent):
        # Whoever removes a tag must not make it new: what the lock file remembers counts.
        if locked is None and fact is not None:
            return Said(notes=(Note(f"{show(subject.tag)} is new here"),))
        if locked is None:
            return _unknown(subject, best_effort=best_effort)
        if locked.matches(subject.content):
            return Said()
        fact = _read_digest(subject, locked, have)
    if isinstance(fact, Undecided):
        return Said(undecided=(fact,))
    if subject.digest.matches(fact.content):
        return Said()
    return _compare(view, label, _previous(subject, fact))


def _compare(view: View, label: str, previous: Subject) -> Said:
    tag = show(view.subject.tag)
    before = find_images(previous, view.evidence, configs=True)
    old = _versions(before.images, label)
    if before.undecided or not old or None in old.values():
        what = f"the image that {tag} named before ({previous.digest}) has no version in the label {show(label)}"
        if before.undecided:
            what = f"the image that {tag} named before could not be read: {before.undecided[0].what}"
        return Said(undecided=(Undecided(TAG_HISTORY_UNKNOWN, what, TAG_HISTORY_UNKNOWN.remedy),))
    findings = []
    for platform, new in _versions(view.images, label).items():
        about = About.of(tag=view.subject.tag, label=label)
        if new is None:
            what = f"the label {show(label)} is missing on {platform}, so the version cannot be compared"
            expected = "a semantic version"
            findings.append(Finding(TAG_LABEL_MISSING, about, what, expected, "no label", TAG_LABEL_MISSING.remedy))
            continue
        for value in sorted({value for value in old.values() if value is not None}):
            lower = precedes(new, value)
            if lower is None and precedes(value, value) is None:
                what = f"the image that {tag} named before says {show(value)}, which is no version"
                return Said(undecided=(Undecided(TAG_HISTORY_UNKNOWN, what, TAG_HISTORY_UNKNOWN.remedy),))
            if lower is None:
                what = f"the label {show(label)} says {show(new)} on {platform}, which is no version"
                expected = "a semantic version"
                findings.append(
                    Finding(TAG_VERSION_UNCLEAR, about, what, expected, show(new), TAG_VERSION_UNCLEAR.remedy)
                )
            elif lower:
                what = f"{tag} names {show(value)} and would go back to {show(new)}"
                expected = f"{show(value)} or higher"
                findings.append(Finding(TAG_DOWNGRADED, about, what, expected, show(new), TAG_DOWNGRADED.remedy))
    return Said(tuple(dict.fromkeys(findings)), _unread_here(view.images))


def _versions(images: tuple[Image, ...], label: str) -> dict[str, str | None]:
    """Give the label's value on each platform whose config could be read."""
    return {
        f"{image.platform} {image.digest.short}": image.config.labels.get(label)
        for image in images
        if image.config is not None
    }


def _unread_here(images: tuple[Image, ...]) -> tuple[Undecided, ...]:
    lost = [str(image.platform) for image in images if image.config is None]
    if images and not lost:
        return ()
    what = f"the labels could not be read on {some(lost) or 'any platform'}"
    return (Undecided(TAGS_UNREAD, what, TAGS_UNREAD.remedy),)


def _read_digest(subject: Subject, digest: Digest, have: Evidence) -> Found | Undecided:
    ask = Ask(subject.place, Kind.MANIFEST, str(digest))
    if ask not in have:
        return Undecided(TAGS_UNREAD, f"{digest} was not asked for", TAGS_UNREAD.remedy)
    fact = have[ask]
    if isinstance(fact, Found):
        return fact
    problem = unread(fact, f"what {show(subject.tag)} named when the lock file was written ({digest.short})")
    return Undecided(TAG_HISTORY_UNKNOWN, problem.what, TAG_HISTORY_UNKNOWN.remedy, fact.look)


def _previous(subject: Subject, fact: Found) -> Subject:
    """Give what the tag named before, as something whose platforms can be found."""
    place, repository = subject.place, subject.repository
    return Subject(subject.typed, place, repository, "", Digest.of(fact.content), fact.media_type, fact.content)


def _unknown(subject: Subject, *, best_effort: bool) -> Said:
    what = f"nothing says what {show(subject.tag)} named before"
    if best_effort:
        return Said(notes=(Note(f"{what} (best-effort)"),))
    return Said(undecided=(Undecided(TAG_HISTORY_UNKNOWN, what, TAG_HISTORY_UNKNOWN.remedy),))


def _finding(subject: Subject, reason: Reason, what: str, expected: str, got: str) -> Finding:
    return Finding(reason, About.of(tag=subject.tag), what, expected, got, reason.remedy)
