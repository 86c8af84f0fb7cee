"""The protocol of signers: who may vouch for an image, and how it is proven from raw bytes.

An entry of `signers:` is a signer: a frozen dataclass in `gate/signers/KIND.py` that holds its trust
material as bytes. `needs` says what to fetch; `verify` is pure and takes the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from datetime import datetime

    from gate.attached import Parcel, Storage
    from gate.evidence import Evidence, Look, Need, Unavailable
    from gate.finding import Reason
    from gate.formats.statement import Statement
    from gate.subject import Subject

__all__ = ["Attester", "Candidate", "Counts", "Identity", "Refused", "Sealed", "Signer", "Unchecked", "Vouching"]


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
    """This candidate verifies and may vouch. `detail` says how: log index, signed time, annotations, storage.

    `caveat` is what it leaves unproven and every report has to say (S19, S21): revocation or rollback not checked.
    """

    detail: str = ""
    caveat: str = ""


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


@dataclass(frozen=True, slots=True)
class Sealed:
    """One attached envelope judged. Where the candidate counts, `statement` is what was signed, about this subject.

    `signed_at` is when it was signed, as far as a transparency log or a timestamp authority proves it; a key's
    signature alone has no such time, and the signer's own word for it is none.
    """

    candidate: Candidate
    statement: Statement | None = None
    signed_at: datetime | None = None


@runtime_checkable
class Attester(Protocol):
    """What a signer can do besides, if it can vouch for statements about an image (attestations).

    The check `attestation` finds the envelopes and asks for each; predicate and age are the check's business.
    """

    def seals(self) -> frozenset[Storage]:
        """Say where envelopes of this signer may be kept: others are not put to it, and nobody waits for them."""
        ...

    def verify_envelope(self, parcel: Parcel, subject: Subject, at: datetime) -> Sealed:
        """Judge one envelope, of whatever predicate type: who sealed it, and whether it is about this subject.

        It counts only if the signer may vouch for this image (S16), the payload type is in-toto's, the statement
        parses, and every digest of one of its subjects is this subject's (S12). Pure; never raises for what a
        stranger wrote. `parcel.layer.media_type` tells a bundle from a bare envelope (`gate.attestations`).
        """
        ...
