"""The protocol of sources: where images and what hangs on them are read.

A source resolves once, then answers questions. It does I/O and decides nothing; every byte asked for
by digest is checked against that digest before it is handed on, sizes are bounded before and while
reading, and a limit that was reached is `Unavailable`, never a shorter answer.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gate.evidence import Ask, Fact
    from gate.finding import Note
    from gate.subject import Subject

__all__ = ["MOST_BLOB_BYTES", "MOST_MANIFEST_BYTES", "Source"]

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
