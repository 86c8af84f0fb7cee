"""What is proven about one signature: errors, inputs and the result that the parts of this package share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gate.finding import Reason
    from gate.formats.certificate import Certificate
    from gate.formats.dsse import Envelope
    from gate.formats.public_key import PublicKey

__all__ = ["MOST_AHEAD", "CannotTell", "Demands", "LogProof", "Proof", "Signed", "SignedTime", "Target", "Unproven"]

#: Evidence dated later than this after the time of judging is not believed (S6).
MOST_AHEAD: Final = timedelta(minutes=5)


class Unproven(Exception):  # noqa: N818 -- it is an answer, not an accident
    """The signature does not count."""

    def __init__(self, reason: Reason, nearest: str) -> None:
        """Keep the reason and the nearest miss."""
        super().__init__(nearest)
        self.reason = reason
        self.nearest = nearest


class CannotTell(Exception):  # noqa: N818 -- as above
    """Nobody can tell whether the signature counts."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason and what is not known."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Signed(Protocol):
    """One signature and what it is over."""

    @property
    def signature(self) -> bytes:
        """The raw signature."""
        ...

    @property
    def stamped(self) -> bytes:
        """What timestamps are over: the signature, or cosign's older envelope as a whole."""
        ...

    def digest(self, algorithm: str) -> bytes | None:
        """Give the digest of the signed bytes, or None where it is not known with this algorithm."""
        ...

    def payload_digest(self, algorithm: str) -> bytes | None:
        """Give the digest of an envelope's payload, or None where there is no envelope."""
        ...

    def envelope_digest(self, algorithm: str) -> bytes | None:
        """Give the digest of the envelope's bytes as they were sent to the log, or None where they are not known."""
        ...

    def made_by(self, key: PublicKey) -> bool:
        """Tell whether this key made the signature."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """A signature over bytes that are here; `envelope` where they are an envelope's, `blob` where it came as a file."""

    signature: bytes = field(repr=False)
    message: bytes = field(repr=False)
    envelope: Envelope | None = None
    blob: bytes | None = field(default=None, repr=False)

    @property
    def stamped(self) -> bytes:
        """The signature; of cosign's older attestations the file (cosign, `VerifyRFC3161Timestamp`)."""
        return self.signature if self.blob is None else self.blob

    def digest(self, algorithm: str) -> bytes:
        """Hash what is signed."""
        return hashlib.new(algorithm, self.message).digest()

    def payload_digest(self, algorithm: str) -> bytes | None:
        """Hash the envelope's payload."""
        return None if self.envelope is None else hashlib.new(algorithm, self.envelope.payload).digest()

    def envelope_digest(self, algorithm: str) -> bytes | None:
        """Hash the envelope's file."""
        return None if self.blob is None else hashlib.new(algorithm, self.blob).digest()

    def made_by(self, key: PublicKey) -> bool:
        """Verify."""
        return key.verifies(self.signature, self.message)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a signer asks for beside a certificate and one proven time."""

    log: bool = True
    sct: bool = True
    timestamp: bool = False


@dataclass(frozen=True, slots=True)
class SignedTime:
    """A time and who vouches for it."""

    when: datetime
    by: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.when:%Y-%m-%dT%H:%M:%SZ} ({self.by})"


@dataclass(frozen=True, slots=True)
class LogProof:
    """One entry that a log vouches for: by a proof of inclusion, or by its promise alone."""

    log: str
    index: int
    by_proof: bool

    def __str__(self) -> str:
        """For people."""
        return f"log index {self.index} of {self.log} ({'inclusion proof' if self.by_proof else 'promise only'})"


@dataclass(frozen=True, slots=True)
class Proof:
    """What holds. `path` leads from the signer's certificate up to the root; empty where a key signed."""

    times: tuple[SignedTime, ...]
    logs: tuple[LogProof, ...]
    path: tuple[Certificate, ...]
    sct: bool

    def __str__(self) -> str:
        """For people: when, in which log; what was done without is named (S19)."""
        parts = [f"signed {self.times[0]}"] if self.times else []
        parts += [str(one) for one in self.logs] or ["no transparency log"]
        if self.path and not self.sct:
            parts.append("no certificate log")
        return ", ".join(parts)
