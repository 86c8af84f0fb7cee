"""The protocol of checks. A rule's entry in a rule file *is* the check: a frozen dataclass of options.

A check is one module in `gate/checks/`, named after the word in rule files (`check: labels`), with one
class that has `meta`. `needs` says what to collect, `judge` is pure and total: what it cannot tell is
undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from gate.evidence import Evidence, Need, Unavailable
    from gate.finding import Judgement
    from gate.option import SignerName
    from gate.scanner import Report
    from gate.signer import Signer
    from gate.subject import Image, Subject

__all__ = ["Book", "Check", "CheckMeta", "ReportFile", "Scope", "View"]

Scope = Literal["image", "platform"]


@dataclass(frozen=True, slots=True)
class CheckMeta:
    """What a check is called and what it does: docs, schema, SARIF and help derive from it."""

    name: str
    title: str
    scope: Scope

    @property
    def page(self) -> str:
        """The docs page, from the project's root."""
        return f"docs/checks/{self.name}.md"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One `--report FILE`, read once: `read` is the report or why it is none; `tracked` if git tracks it (S33)."""

    path: str
    read: Report | Unavailable
    tracked: bool = False


class Book(Protocol):
    """What the rules share: signers by name, scanner reports parsed once per hash."""

    def signer(self, name: SignerName) -> Signer:
        """Give the signer of that name; rule files were checked, so it exists."""
        ...

    def reports(self) -> Sequence[ReportFile]:
        """Give every report file of the run, in the order of the command line."""
        ...

    def with_signers(self, signers: Mapping[str, Signer]) -> Book:
        """Give a book with these signers and the same reports, parsed once for both."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """What a check may look at. `platform` is None for checks of scope `image`."""

    subject: Subject
    platform: Image | None
    images: tuple[Image, ...]
    evidence: Evidence
    book: Book


class Check(Protocol):
    """One kind of rule."""

    meta: ClassVar[CheckMeta]

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:
        """Say what has to be collected for this rule; the subject's platforms come by themselves."""
        ...

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge one image or platform. Pure and total; `at` is timezone-aware UTC."""
        ...
