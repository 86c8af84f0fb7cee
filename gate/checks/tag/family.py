"""The tags of one release: `1.4.2` with `1.4`, `1` and `latest` on the same digest, moving tags on the highest release.

What the highest release is rests on the list of tags, and, where the rule names one, on a lock file that remembers
releases which somebody has removed since (S4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gate.checks.tag.history import TAG_OVERWRITTEN, pushed_over
from gate.checks.tag.listed import ask_tag, read_list, read_tag
from gate.checks.tag.texts import show
from gate.evidence import Absent
from gate.finding import About, Finding, Note, Reason, Undecided
from gate.formats.versions import Release, beginning_of, highest, release_of
from gate.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.evidence import Ask, Evidence
    from gate.subject import Subject

__all__ = ["FamilyNeed", "Moving", "judge_highest", "judge_siblings"]

#: The kinds of tags that move along with releases: `1.4`, `1` and `latest` (or with a `v`).
Moving = Literal["minor", "major", "latest"]

TAG_SIBLING_MISSING = Reason(
    "tag-sibling-missing",
    "A tag that belongs to this release does not exist",
    "The rule says which moving tags a release carries (`siblings: [minor, major, latest]`). This is the highest "
    "release that the tag would stand for, and the repository has no such tag. Or the tag stands for releases, such as "
    "`1.4` for 1.4.x, and there is none.",
    "Give this digest the missing tag: `gate promote IMAGE --to TAG`.",
)
TAG_SIBLING_DIFFERS = Reason(
    "tag-sibling-differs",
    "A tag that belongs to this release points to another image",
    "The rule says which moving tags a release carries (`siblings: [minor, major, latest]`). This is the highest "
    "release that the tag would stand for, and the tag points to another digest: it was not moved along, or the "
    "release was built and pushed twice.",
    "Move the tag to this digest: `gate promote IMAGE --to TAG`. Never build a release twice; give the same digest "
    "all of its tags.",
)
TAG_NOT_HIGHEST = Reason(
    "tag-not-highest",
    "A moving tag does not point to the highest release",
    "The rule says that a tag such as `latest` or `1.4` points to the highest release it stands for "
    "(`highest-release: […]`), by the precedence of semantic versions. It points to another image: a fix for an older "
    "version was tagged as well, or the tag was not moved.",
    "Move the tag to the digest of the highest release: `gate promote REPOSITORY:RELEASE --to TAG`.",
)

_COUNTS: Final = {"minor": 2, "major": 1, "latest": 0}


@dataclass(frozen=True, slots=True)
class FamilyNeed:
    """The list of tags, and what the tags of the same release point to."""

    siblings: tuple[Moving, ...]
    highest: tuple[Moving, ...]

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next: the list first."""
        if not _concerns(subject, self.siblings, self.highest):
            return frozenset()
        listed = read_list(subject.place, have)
        if not listed.whole:
            return frozenset() if listed.more is None else frozenset({listed.more})
        tags = {
            *_moving_tags(subject, self.siblings),
            *(release.tag for release in _top(subject.tag, _releases(listed.tags), self.highest)),
        }
        asks = {ask_tag(subject, tag) for tag in tags & listed.tags}
        return frozenset(ask for ask in asks if ask not in have)


def judge_siblings(
    subject: Subject, kinds: tuple[Moving, ...], locked: Mapping[str, Digest], have: Evidence
) -> tuple[list[Finding], list[Undecided], list[Note]]:
    """Judge a release: the moving tags that it should carry are there, on its digest."""
    mine = release_of(subject.tag)
    if mine is None:
        return [], [], []
    if subject.origin:
        what = "the moving tags of the release are not judged before it has been promoted"
        return [], [], [Note(what)]
    listed = read_list(subject.place, have)
    if listed.problem is not None or not listed.whole:
        return [], [listed.problem] if listed.problem else [], []
    over = pushed_over(subject, locked.get(subject.tag))
    if over is not None:  # it is not the release that the moving tags would belong to
        return [over], [], []
    releases = _releases({*listed.tags, *locked, subject.tag})
    found: list[Finding] = []
    undecided: list[Undecided] = []
    notes: list[Note] = []
    for kind, tag in _kinds_of(mine, kinds):
        top = highest(release for release in releases if _stands_for(kind, mine, release))
        if mine.numbers != top[0].numbers:
            notes.append(Note(f"{show(tag)} belongs to {show(top[0].tag)}, a higher release"))
        elif tag not in listed.tags:
            found.append(_missing(subject, tag))
        else:
            fact = read_tag(subject, tag, have)
            if isinstance(fact, Undecided):
                undecided.append(fact)
            elif isinstance(fact, Absent) or not subject.digest.matches(fact.content):
                found.append(_differs(subject, tag))
    return found, undecided, notes


def judge_highest(
    subject: Subject, kinds: tuple[Moving, ...], locked: Mapping[str, Digest], have: Evidence
) -> tuple[list[Finding], list[Undecided]]:
    """Judge a moving tag: the highest release that it stands for has the same digest."""
    if not _is_moving(subject.tag, kinds):
        return [], []
    listed = read_list(subject.place, have)
    if listed.problem is not None or not listed.whole:
        return [], [listed.problem] if listed.problem else []
    top = _top(subject.tag, _releases({*listed.tags, *locked}), kinds)
    if not top:
        what = f"the repository has no release that {show(subject.tag)} could stand for"
        about = About.of(tag=subject.tag)
        return [Finding(TAG_SIBLING_MISSING, about, what, "a release (X.Y.Z)", "none", TAG_SIBLING_MISSING.remedy)], []
    found: list[Finding] = []
    undecided: list[Undecided] = []
    for release in top:
        same = _is_same(subject, release.tag, listed.tags, locked, have)
        if isinstance(same, Undecided):
            undecided.append(same)
        elif isinstance(same, Finding):
            found.append(same)
        elif not same:
            what = f"{show(subject.tag)} does not point to {show(release.tag)}, the highest release it stands for"
            got = str(subject.digest)
            about = About.of(tag=subject.tag)
            found.append(
                Finding(TAG_NOT_HIGHEST, about, what, f"the digest of {show(release.tag)}", got, TAG_NOT_HIGHEST.remedy)
            )
    return found, undecided


def _is_same(
    subject: Subject, tag: str, listed: frozenset[str], locked: Mapping[str, Digest], have: Evidence
) -> bool | Undecided | Finding:
    """Tell whether a release is the image under judgement; one that is gone is known from the lock file.

    A release that names another digest than the lock file says is a finding: it is not the same release any more.
    """
    if tag not in listed:
        return locked[tag].matches(subject.content)
    fact = read_tag(subject, tag, have)
    if isinstance(fact, Undecided):
        return fact
    if isinstance(fact, Absent):
        return False
    before = locked.get(tag)
    if before is not None and not before.matches(fact.content):
        what = f"{show(tag)}, the highest release that {show(subject.tag)} stands for, was {before} in the lock file"
        about, got = About.of(tag=subject.tag, sibling=tag), str(Digest.of(fact.content))
        return Finding(TAG_OVERWRITTEN, about, what, str(before), got, TAG_OVERWRITTEN.remedy)
    return subject.digest.matches(fact.content)


def _releases(tags: Iterable[str]) -> list[Release]:
    return [release for tag in tags if (release := release_of(tag)) is not None]


def _concerns(subject: Subject, siblings: tuple[Moving, ...], highest_of: tuple[Moving, ...]) -> bool:
    is_release = bool(siblings) and not subject.origin and release_of(subject.tag) is not None
    return is_release or _is_moving(subject.tag, highest_of)


def _is_moving(tag: str, kinds: tuple[Moving, ...]) -> bool:
    name = tag.lower()  # `Latest` is no way around the rule
    beginning = beginning_of(name)
    if beginning is None:
        return name == "latest" and "latest" in kinds
    return any(kind in kinds and _COUNTS[kind] == len(beginning.numbers) for kind in _COUNTS)


def _top(tag: str, releases: list[Release], kinds: tuple[Moving, ...]) -> tuple[Release, ...]:
    """Give the highest release that a moving tag stands for."""
    if not _is_moving(tag, kinds):
        return ()
    beginning = beginning_of(tag.lower())
    return highest(release for release in releases if beginning is None or beginning.has(release))


def _stands_for(kind: str, mine: Release, other: Release) -> bool:
    count = _COUNTS[kind]
    return kind == "latest" or (other.style == mine.style and other.numbers[:count] == mine.numbers[:count])


def _kinds_of(mine: Release, kinds: tuple[Moving, ...]) -> list[tuple[str, str]]:
    names = {"minor": mine.beginning(2), "major": mine.beginning(1), "latest": "latest"}
    return [(kind, name) for kind, name in names.items() if kind in kinds]


def _moving_tags(subject: Subject, kinds: tuple[Moving, ...]) -> set[str]:
    mine = None if subject.origin else release_of(subject.tag)
    return set() if mine is None else {name for _, name in _kinds_of(mine, kinds)}


def _missing(subject: Subject, tag: str) -> Finding:
    what = (
        f"{show(subject.tag)} is the highest release that {show(tag)} could stand for, and there is no tag {show(tag)}"
    )
    about = About.of(tag=subject.tag, sibling=tag)
    fix = f"Give this digest the tag as well: `gate promote IMAGE --to {show(tag)}`."
    return Finding(TAG_SIBLING_MISSING, about, what, f"a tag {show(tag)} on this digest", "no such tag", fix)


def _differs(subject: Subject, tag: str) -> Finding:
    what = f"{show(tag)} points to another image than {show(subject.tag)}, the highest release it stands for"
    about = About.of(tag=subject.tag, sibling=tag)
    return Finding(
        TAG_SIBLING_DIFFERS, about, what, f"{show(tag)} on {subject.digest}", "another digest",
        TAG_SIBLING_DIFFERS.remedy,
    )  # fmt: skip
