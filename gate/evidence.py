"""What was asked, and what each place answered: raw bytes, never conclusions.

A question is an `Ask`, an answer a `Fact`. `Absent` needs a definite answer from the place that
would know; anything else is `Unavailable`. Who reads a fact has to say what all three mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from gate.subject import Subject

__all__ = ["Absent", "Ask", "Evidence", "Fact", "Found", "Kind", "Look", "Need", "NotAsked", "Unavailable"]


class Kind(StrEnum):
    """What can be asked for. A closed set: a source answers every one of them or `Unavailable`.

    MANIFEST   `name` is a digest (`sha256:…`) or a tag (`sha256-….sig`)
    BLOB       `name` is a digest
    REFERRERS  `name` is a digest, or the `following` of an earlier answer
    TAGS       `name` is empty, or the `following` of an earlier answer
    TAG_NOW    `name` is a tag; where it points at the end of the run; `Found.content` is the manifest
    TUF        `place` is a trust server and a repository (`https://host/GUN`), `name` the file: `timestamp.json`
    FILE       `name` is a path given on the command line; `place` is `file:`
    """

    MANIFEST = "manifest"
    BLOB = "blob"
    REFERRERS = "referrers"
    TAGS = "tags"
    TAG_NOW = "tag-now"
    TUF = "tuf"
    FILE = "file"


class Ask(NamedTuple):
    """One question. `place` is a repository as `Repository.__str__` writes it, a trust server's URL, or `file:`."""

    place: str
    kind: Kind
    name: str


class Look(NamedTuple):
    """Where was looked and what came back, for people: `where` is a URL or path, `status` as `200` or `timeout`."""

    where: str
    status: str


@dataclass(frozen=True, slots=True)
class Found:
    """Bytes. Those asked for by digest have that digest: who answers checks it before."""

    look: Look
    content: bytes = field(repr=False)
    media_type: str = ""
    following: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """The place that would know says that there is no such thing (or no such API: `look` tells)."""

    look: Look


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nobody could say. `code` is a reason code, `detail` one sentence with what was answered."""

    look: Look
    code: str
    detail: str


Fact = Found | Absent | Unavailable


class NotAsked(RuntimeError):  # noqa: N818 -- our bug, never the input's
    """A fact was read that nobody asked for: a check forgot to say that it needs it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All answers of one run about one subject."""

    answers: Mapping[Ask, Fact] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, ask: Ask) -> Fact:
        """Read an answer; raises `NotAsked` (our bug) if the question was never put."""
        try:
            return self.answers[ask]
        except KeyError:
            msg = f"nobody asked for {ask.kind} {ask.name!r} at {ask.place!r}"
            raise NotAsked(msg) from None

    def __contains__(self, ask: Ask) -> bool:
        """Tell whether the question was put."""
        return ask in self.answers

    def with_answers(self, more: Mapping[Ask, Fact]) -> Self:
        """Give evidence that also holds `more`; an answer once given is never replaced."""
        return type(self)(MappingProxyType({**more, **self.answers}))


class Need(Protocol):
    """What somebody must know before judging; a frozen value beside the code that reads it."""

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next, given the answers so far. Pure; empty when nothing more is needed."""
        ...
