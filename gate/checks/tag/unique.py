"""That the image has at least one tag of its own: one by which exactly this build can be found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.checks.tag.history import Said
from gate.checks.tag.listed import TAGS_UNREAD, ask_tag, read_list, read_tag
from gate.checks.tag.patterns import Pattern, first
from gate.checks.tag.texts import either, show
from gate.evidence import Absent
from gate.finding import About, Finding, Note, Reason, Undecided
from gate.pattern import PatternTimeoutError

if TYPE_CHECKING:
    from gate.evidence import Ask, Evidence
    from gate.subject import Subject

__all__ = ["MOST_LOOKED_UP", "UniqueNeed", "judge_unique"]

TAG_NOT_UNIQUE = Reason(
    "tag-not-unique",
    "The image has no tag of its own",
    "The rule asks that one of the image's tags names exactly this build (`unique: [git-commit, …]`), and none of the "
    "repository's tags of that kind points to this digest. When the moving tag is moved on, nobody will find this "
    "image again by name.",
    "Push the image under its commit or build number as well, or give the digest such a tag: "
    "`gate promote IMAGE --to TAG`.",
)

#: Each of them is a request, on Docker Hub a pull. They are asked for in rounds, until one is found.
MOST_LOOKED_UP: Final = 300
_A_ROUND: Final = 50


@dataclass(frozen=True, slots=True)
class UniqueNeed:
    """The list of tags, and what those that follow the patterns point to, some at a time."""

    patterns: tuple[Pattern, ...]

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next; nothing more once a tag was found on this digest."""
        if _follows(self.patterns, subject.tag) is not False:
            return frozenset()
        listed = read_list(subject.place, have)
        if listed.more is not None:
            return frozenset({listed.more})
        asks = [ask_tag(subject, tag) for tag in _candidates(self.patterns, listed.tags)[:MOST_LOOKED_UP]]
        if any(_is_here(subject, ask.name, have) for ask in asks if ask in have):
            return frozenset()
        return frozenset([ask for ask in asks if ask not in have][:_A_ROUND])


def judge_unique(subject: Subject, patterns: tuple[Pattern, ...], have: Evidence) -> Said:
    """Judge the tags of the digest: one of them follows a pattern. Finding one is enough; that there is none needs all.

    Raises `PatternTimeoutError` where an expression takes too long and nothing else is found.
    """
    if first(patterns, lambda pattern: pattern.matches(subject.tag)) is not None:
        return Said()
    listed = read_list(subject.place, have)
    if listed.problem is not None or listed.more is not None:
        return Said(undecided=(listed.problem,) if listed.problem else ())
    candidates = _candidates(patterns, listed.tags)
    looked = [tag for tag in candidates if ask_tag(subject, tag) in have]
    for tag in looked:
        if _is_here(subject, tag, have):
            return Said(notes=(Note(f"the image has the tag {show(tag)} of its own"),))
    for tag in looked:
        fact = read_tag(subject, tag, have)
        if isinstance(fact, Undecided):
            return Said(undecided=(fact,))
    if len(looked) < len(candidates):
        what = f"the repository has {len(candidates)} such tags, of which {len(looked)} were looked up"
        return Said(undecided=(Undecided(TAGS_UNREAD, what, TAGS_UNREAD.remedy),))
    what = f"none of the {len(candidates)} tags of that kind points to this image"
    expected = f"a tag that is {either(map(str, patterns))}"
    about = About.of(tag=subject.tag)
    return Said((Finding(TAG_NOT_UNIQUE, about, what, expected, "none", TAG_NOT_UNIQUE.remedy),))


def _candidates(patterns: tuple[Pattern, ...], tags: frozenset[str]) -> list[str]:
    """Give the tags that follow a pattern, the last in the alphabet first: numbers and days grow."""
    return sorted((tag for tag in tags if _follows(patterns, tag)), reverse=True)


def _follows(patterns: tuple[Pattern, ...], tag: str) -> bool | None:
    """Tell whether a tag follows a pattern; None where an expression took too long to tell."""
    try:
        return first(patterns, lambda pattern: pattern.matches(tag)) is not None
    except PatternTimeoutError:
        return None


def _is_here(subject: Subject, tag: str, have: Evidence) -> bool:
    fact = read_tag(subject, tag, have)
    return not isinstance(fact, Absent | Undecided) and subject.digest.matches(fact.content)
