"""The protocol of reports: a finished document in, text out. Renderers decide nothing.

The exit code follows from the document alone, in every format; findings stand in the same order
everywhere; the same document gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from gate.finding import Note
    from gate.oci.digest import Digest
    from gate.verdict import Place, Verdict

__all__ = ["Closure", "ClosureFile", "Document", "Judged", "Renderer", "Style", "WaiverNote"]


@dataclass(frozen=True, slots=True)
class ClosureFile:
    """One file that decided: `role` is `rules`, `waivers`, `key`, `report`, ….

    `path` is for people. `name` is what the rules digest calls it (`gate.ruleset.load.rules_digest`):
    empty where only its bytes count, wherever it lies.
    """

    role: str
    path: str
    digest: Digest
    name: str = ""


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything that decided a verdict (S24): files, options, and one digest over those that are policy.

    `options` are the deciding ones as typed, in a fixed order; presentation never appears here.
    `environment` are the variables that were read (S27); none of them decides.
    """

    rules_digest: Digest
    files: tuple[ClosureFile, ...]
    options: tuple[tuple[str, str], ...] = ()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaiverNote:
    """A waiver that should be looked at: `state` is `expired` or `idle`."""

    state: str
    rule: str
    about: str
    owner: str
    expires: str
    place: Place


@dataclass(frozen=True, slots=True)
class Judged:
    """One image as it was asked for, and its verdict."""

    image: str
    verdict: Verdict
    notes: tuple[Note, ...] = ()
    waivers: tuple[WaiverNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One run, finished. `enforced` is False in an advisory run that has not ended (DESIGN section 4)."""

    gate_version: str
    at: datetime
    judged: tuple[Judged, ...]
    closure: Closure
    exit_code: int
    enforced: bool = True
    advisory_until: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How to show, decided by the command line: never part of the verdict. `width` in columns."""

    width: int = 80
    colour: bool = False
    verbose: bool = False


class Renderer(Protocol):
    """One format. The module `gate/reports/NAME.py` exposes one as `RENDERER`."""

    name: ClassVar[str]

    def render(self, document: Document, style: Style) -> str:
        """Give the whole text, with a newline at its end. Everything untrusted is escaped here (S43)."""
        ...
