"""The protocol of signers: who may vouch for an image, and how it is proven from raw bytes.

An entry of `signers:` is a signer: a frozen dataclass in `gate/signers/KIND.py` that holds its trust
material as bytes. `needs` says what to fetch; `verify` is pure and takes the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from gate.evidence import Evidence, Look, Need, Unavailable
    from gate.finding import Reason
    from gate.subject import Subject

__all__ = ["Candidate", "Counts", "Identity", "Refused", "Signer", "Unchecked", "Vouching"]


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """A principal (S18): a public key by the SHA-256 of its SPKI, or issuer + SAN + repository.

    Two signers of a rule file with the same key are the same principal.
    """

    kind: str
    name: str
    issuer: str = ""
    repository: str = ""

    def __str__(self) -> str:
        """For people: what signed."""
        return f"{self.kind} {self.name}" + (f" ({self.issuer})" if self.issuer else "")


@dataclass(frozen=True, slots=True)
class Counts:
    """This candidate verifies and may vouch. `detail` says how: log index, signed time, annotations, storage."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """This candidate does not count; `nearest` is the nearest miss (key id that signed it, expired by two days)."""

    reason: Reason
    nearest: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """This candidate could count, but we cannot check it (algorithm, plug-in): undecided if nothing else counts."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One signature considered. `by` is who made it, as far as that is proven."""

    where: Look
    by: Identity | None
    result: Counts | Refused | Unchecked


@dataclass(frozen=True, slots=True)
class Vouching:
    """What one signer's search came to: every candidate, what could not be read, where was looked."""

    candidates: tuple[Candidate, ...] = ()
    unread: tuple[Unavailable, ...] = ()
    looked: tuple[Look, ...] = ()


class Signer(Protocol):
    """One kind of signer. `kind` is the word in rule files; the module is named after it (`cosign_key`)."""

    kind: ClassVar[str]

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Say what has to be fetched to judge this subject."""
        ...

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Judge every candidate in the evidence. Pure; never raises for what a stranger wrote."""
        ...

    def principal(self) -> Identity | None:
        """Give the one principal this signer stands for, or None where it stands for a pattern of them."""
        ...
