"""The protocol of sources: where images and what hangs on them are read.

A source resolves once, then answers questions. It does I/O and decides nothing; every byte asked for
by digest is checked against that digest before it is handed on, sizes are bounded before and while
reading, and a limit that was reached is `Unavailable`, never a shorter answer.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gate.evidence import Ask, Fact, Look
    from gate.finding import Note
    from gate.subject import Subject

__all__ = ["MOST_BLOB_BYTES", "MOST_MANIFEST_BYTES", "Put", "PutAnswer", "Source", "Tagger"]

#: The distribution spec asks for 4 MiB; registries take no more (specs: distribution, oras, containers/image).
MOST_MANIFEST_BYTES: Final = 4 * 1024 * 1024
#: Configurations, signature payloads, bundles; an attestation may hold a whole SBOM.
MOST_BLOB_BYTES: Final = 16 * 1024 * 1024


class Source(AbstractContextManager["Source"], Protocol):
    """One place images are read from."""

    @property
    def live(self) -> bool:
        """Tell whether this is the registry itself, now: only then a clearance can come of it (S35)."""
        ...

    @property
    def notes(self) -> tuple[Note, ...]:
        """Give what was odd and decides nothing, as a header that contradicts the bytes."""
        ...

    def resolve(self) -> Subject:
        """Resolve the reference, once. Raises `SourceError`, or `MalformedData` for bytes that are no manifest."""
        ...

    def answer(self, ask: Ask) -> Fact:
        """Answer one question. Never raises for what the place does; may be called from several threads."""
        ...

    def warm(self) -> None:
        """Get ready for several questions at once (open connections). May do nothing."""
        ...


class PutAnswer(StrEnum):
    """What a registry said to a tag: it took it, it keeps tags as they are, it does not let us, or nobody knows."""

    TAKEN = "taken"
    IMMUTABLE = "immutable"
    DENIED = "denied"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Put:
    """The answer to a tag that was written, with what was said in one sentence.

    Only `UNCLEAR` leaves open whether the tag was moved. `TAKEN` is what the registry claims: who wrote reads back.
    """

    answer: PutAnswer
    look: Look
    detail: str = ""


class Tagger(Protocol):
    """A place where tags can be written: what a promotion needs, and nothing else may use."""

    def answer(self, ask: Ask) -> Fact:
        """Answer one question, as `Source.answer`."""
        ...

    def write_tag(self, tag: str, content: bytes, media_type: str) -> Put:
        """Let a tag name the manifest with exactly these bytes. Never raises for what the place does."""
        ...
