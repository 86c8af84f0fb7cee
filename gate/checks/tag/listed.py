"""The list of tags of the image's repository, and what single tags point to.

A list counts only whole: a page that is missing leaves everything that rests on it undecided (S4). "There is no such
tag" is believed only where the list was read whole, lacks the tag, and the registry says 404 as well (S5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.checks.tag.texts import show
from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Found, Kind, Unavailable
from gate.finding import Reason, Undecided
from gate.oci.reference import is_tag
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from gate.evidence import Evidence
    from gate.subject import Subject

__all__ = ["TAGS_UNREAD", "Listed", "TagListNeed", "ask_tag", "read_list", "read_tag", "unread"]

TAGS_UNREAD = Reason(
    "tags-unread",
    "The tags of the repository could not be read, or not all of them",
    "The rule looks at the other tags of the repository: it reads the whole list, and what some of them point to. "
    "A part of that was not answered, so nothing can be said about the tags that were not seen.",
    "Look at the answer that is quoted. Listing tags needs the right to pull; some registries give tokens that may "
    "pull single images and not list. Then run the gate again.",
)

#: At a thousand tags each; sources stop there too.
MOST_PAGES: Final = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """The tags of a repository. `more` is the page that has to be asked for next, `problem` why there is no list."""

    tags: frozenset[str] = frozenset()
    more: Ask | None = None
    problem: Undecided | None = None

    @property
    def whole(self) -> bool:
        """Tell whether these are all tags."""
        return self.more is None and self.problem is None


@dataclass(frozen=True, slots=True)
class TagListNeed:
    """The list of tags of the subject's repository, all pages."""

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say which page to ask for next."""
        more = read_list(subject.place, have).more
        return frozenset() if more is None else frozenset({more})


def read_list(place: str, have: Evidence) -> Listed:
    """Read the pages that are there; a list that is broken, in a circle or cut short is a problem."""
    tags: set[str] = set()
    names = [""]
    for name in names:
        ask = Ask(place, Kind.TAGS, name)
        if ask not in have:
            return Listed(frozenset(tags), more=ask)
        fact = have[ask]
        if not isinstance(fact, Found):
            return Listed(problem=unread(fact, "the list of tags"))
        try:
            tags |= _tags(fact.content)
        except MalformedData as error:
            return Listed(problem=Undecided(TAGS_UNREAD, f"the list of tags: {error}", TAGS_UNREAD.remedy, fact.look))
        if fact.following:
            if fact.following in names or len(names) == MOST_PAGES:
                what = f"the list of tags does not end within {MOST_PAGES} pages"
                return Listed(problem=Undecided(TAGS_UNREAD, what, TAGS_UNREAD.remedy, fact.look))
            names.append(fact.following)
    return Listed(frozenset(tags))


def _tags(content: bytes) -> set[str]:
    """Read one page (distribution-spec, "Listing Tags"); raises `MalformedData`."""
    tags = parse_object(content, "a page of it", frozenset({"name", "tags"})).get("tags")
    if tags is None:  # Go's empty list
        return set()
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        msg = "a page of it is no list of names"
        raise MalformedData(msg, "malformed-json")
    return {tag for tag in tags if is_tag(tag)}


def ask_tag(subject: Subject, tag: str) -> Ask:
    """Give the question what a tag of the subject's repository points to now."""
    return Ask(subject.place, Kind.MANIFEST, tag)


def read_tag(subject: Subject, tag: str, have: Evidence) -> Found | Absent | Undecided:
    """Give what a tag points to. Absent is said only with the whole list and without the tag in it (S5)."""
    ask = ask_tag(subject, tag)
    if ask not in have:
        return Undecided(TAGS_UNREAD, f"the tag {show(tag)} was not asked for", TAGS_UNREAD.remedy)
    fact = have[ask]
    if isinstance(fact, Found):
        return fact
    if isinstance(fact, Unavailable):
        return unread(fact, f"what the tag {show(tag)} points to")
    listed = read_list(subject.place, have)
    if listed.problem is not None:
        return listed.problem
    if not listed.whole or tag in listed.tags:
        what = f"the tag {show(tag)} is in the list of tags, and the registry says that it is not there"
        return Undecided(TAGS_UNREAD, what, TAGS_UNREAD.remedy, fact.look)
    return fact


def unread(fact: Absent | Unavailable, what: str) -> Undecided:
    """Say that something was not answered."""
    detail = fact.detail if isinstance(fact, Unavailable) else f"{fact.look.status}, which may also mean: hidden"
    return Undecided(TAGS_UNREAD, f"{what} could not be read: {detail}", TAGS_UNREAD.remedy, fact.look)
