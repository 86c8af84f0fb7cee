"""Transparency logs: whether an entry is in a log that is believed, and whether it is about this signature.

Sigstore client specification 4.4; RFC 6962. Both are asked of every entry that a signature brings, by one piece of
code for every kind of trust material: it was an early way out that skipped the second in CVE-2022-36056 and
CVE-2026-22703.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gate.errors import MalformedData
from gate.formats.checkpoint import leaf_hash, parse_checkpoint, root_from_path
from gate.formats.rekor import Over, parse_record
from gate.sigstore.proof import LogProof, Signed, SignedTime, Unproven
from gate.sigstore.reasons import (
    CHECKPOINT,
    ENTRY_MISSING,
    ENTRY_OTHER,
    ENTRY_TWICE,
    ENTRY_UNREADABLE,
    LOG_RETIRED,
    LOG_UNKNOWN,
    PROMISE,
    PROOF,
    PROOF_MISSING,
)  # fmt: skip

if TYPE_CHECKING:
    from gate.formats.log_entry import InclusionProof, LogEntry
    from gate.formats.material import Proofs
    from gate.formats.public_key import PublicKey
    from gate.formats.trusted_root import Log, TrustedRoot

__all__ = ["believe", "bind", "refuse_retired"]

#: Entries of Rekor v2 have no promise and no time of their own (architecture-docs, `rekor-v2-spec.md`).
_V2 = ("hashedrekord", "0.0.2")


def believe(proofs: Proofs, root: TrustedRoot) -> tuple[tuple[tuple[Log, LogProof], ...], tuple[SignedTime, ...]]:
    """Check that every entry is in a log of the trusted root; gives those logs, and the times that they promised.

    Raises `Unproven`, also where there is no entry.
    """
    if not proofs.entries:
        raise Unproven(ENTRY_MISSING, "it comes without an entry in a transparency log")
    if len({entry.log_id for entry in proofs.entries}) != len(proofs.entries):
        raise Unproven(ENTRY_TWICE, f"{len(proofs.entries)} entries come with it, and two are of the same log")
    logs: list[tuple[Log, LogProof]] = []
    times: list[SignedTime] = []
    for entry in proofs.entries:
        log, key = _log(entry, root)
        name = log.name or entry.log_id.hex()
        promised = _promised(entry, log, key)
        if promised is not None:
            times.append(promised)
        included = _included(entry, key, by_promise=promised is not None, required=proofs.needs_proof)
        logs.append((log, LogProof(name, entry.index, included)))
    return tuple(logs), tuple(times)


def refuse_retired(logs: tuple[tuple[Log, LogProof], ...], times: tuple[SignedTime, ...]) -> None:
    """Raise `Unproven` if a proven time is outside of the time in which a log is believed (CVE-2026-54787)."""
    for log, proof in logs:
        for time in times:
            if not log.window.holds(time.when):
                raise Unproven(LOG_RETIRED, f"it was signed {time}; {proof.log} is believed {log.window}")


def bind(entry: LogEntry, signed: Signed, verifier: bytes) -> None:
    """Check that an entry is about this signature, these bytes and this verifier (CVE-2022-23649); raises `Unproven`.

    `verifier` is the DER of the certificate or of the public key.
    """
    try:
        record = parse_record(entry.body, entry.kind, entry.version, "the log entry")
    except MalformedData as error:
        raise Unproven(ENTRY_UNREADABLE, str(error)) from error
    digests = {Over.MESSAGE: signed.digest, Over.PAYLOAD: signed.payload_digest, Over.ENVELOPE: signed.envelope_digest}
    digest = digests[record.over](record.algorithm)
    if record.digest != digest:
        raise Unproven(ENTRY_OTHER, f"the log entry {entry.index} records another digest of {record.over}")
    if record.signature is not None and record.signature != signed.signature:
        raise Unproven(ENTRY_OTHER, f"the log entry {entry.index} records another signature")
    if record.verifier != verifier:
        raise Unproven(ENTRY_OTHER, f"the log entry {entry.index} records another certificate or key")


def _log(entry: LogEntry, root: TrustedRoot) -> tuple[Log, PublicKey]:
    for log in root.logs:
        if log.id == entry.log_id and log.key is not None:
            return log, log.key
    raise Unproven(
        LOG_UNKNOWN, f"its entry is of the log {entry.log_id.hex()[:80]}, which the trusted root has no key of"
    )


def _promised(entry: LogEntry, log: Log, key: PublicKey) -> SignedTime | None:
    """Check the promise, if there is one; gives the time that it covers, which nothing else vouches for."""
    if not entry.promise:
        return None
    if (entry.kind, entry.version) == _V2:
        raise Unproven(PROMISE, "its entry is of the second generation of Rekor, which makes no promises")
    if not key.verifies(entry.promise, entry.promised):
        raise Unproven(
            PROMISE, f"the promise for the log entry {entry.index} does not verify with the key of {log.name}"
        )
    try:
        return SignedTime(datetime.fromtimestamp(entry.integrated, UTC), f"the log {log.name}")
    except (OverflowError, ValueError, OSError) as error:
        raise Unproven(PROMISE, f"the log entry {entry.index} has the time {entry.integrated}") from error


def _included(entry: LogEntry, key: PublicKey, *, by_promise: bool, required: bool) -> bool:
    """Check the proof of inclusion; gives False where the promise stands alone, as it may in the oldest formats."""
    proof = entry.proof
    if proof is not None and (proof.checkpoint or required):
        _check_proof(entry, proof, key)
        return True
    if required or not by_promise:
        raise Unproven(PROOF_MISSING, f"the log entry {entry.index} comes without a proof of inclusion")
    return False


def _check_proof(entry: LogEntry, proof: InclusionProof, key: PublicKey) -> None:
    root = root_from_path(leaf_hash(entry.body), proof.index, proof.size, proof.hashes)
    if root != proof.root:
        raise Unproven(PROOF, f"the path from the log entry {entry.index} does not lead to the root that it names")
    try:
        checkpoint = parse_checkpoint(proof.checkpoint, "the checkpoint")
    except MalformedData as error:
        raise Unproven(CHECKPOINT, str(error)) from error
    if checkpoint.root != proof.root:
        raise Unproven(CHECKPOINT, "the checkpoint states another root than the proof")
    if checkpoint.size != proof.size:
        raise Unproven(CHECKPOINT, f"the checkpoint states {checkpoint.size} entries, the proof {proof.size}")
    if not checkpoint.is_signed_by(key, entry.log_id):
        raise Unproven(CHECKPOINT, "no signature of the checkpoint is by the log's key")
