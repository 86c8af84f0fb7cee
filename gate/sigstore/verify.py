"""The proof of one signature, in the order of the Sigstore client specification (section 4).

1. every log entry is in a log that is believed                          `log.believe`
2. times: timestamps of authorities, promises of logs; at least one       `times`
3. an authority issued the certificate, valid at every time              `chain.find_path`
4. the certificate is for signing, and was logged                         `chain.check_use`, `chain.check_logged`
5. the identity is the one that is asked for                              the caller's policy
6. every log entry is about this signature                                `log.bind`
7. the certificate's key made the signature

What is signed (the statement, its subject) is for the caller to read, from the verified bytes, after this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import MalformedData
from gate.sigstore.chain import check_logged, check_use, find_path
from gate.sigstore.log import believe, bind, refuse_retired
from gate.sigstore.proof import Demands, Proof, Signed, SignedTime, Unproven
from gate.sigstore.reasons import (
    BY_KEY,
    CERTIFICATE_USE,
    NOT_SIGNED,
    TIME_MISSING,
    TIMESTAMP_INVALID,
    TIMESTAMP_MISSING,
)  # fmt: skip
from gate.sigstore.times import refuse_future, stamped

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gate.formats.certificate import Certificate
    from gate.formats.material import Proofs
    from gate.formats.trusted_root import TrustedRoot

__all__ = ["prove_by_certificate", "prove_logged_key"]


def prove_by_certificate(
    signed: Signed,
    proofs: Proofs,
    root: TrustedRoot,
    demands: Demands,
    policy: Callable[[Certificate], None],
    at: datetime,
) -> Proof:
    """Prove that a certificate's key made the signature while it was valid, and that `policy` accepts who it is.

    Raises `Unproven` or `CannotTell`, whatever `policy` raises of them, and `MalformedData`.
    """
    leaf = proofs.certificate
    if leaf is None:
        raise Unproven(BY_KEY, "it comes with a key and no certificate")
    logs, promised = believe(proofs, root) if demands.log else ((), ())
    stamps = stamped(proofs.stamps, signed.stamped, root)
    times = (*stamps, *promised)
    _check_times(times, stamps, proofs, demands)
    refuse_future(times, at)
    refuse_retired(logs, times)
    path = find_path(leaf, proofs.extra, root, times)
    check_use(leaf)
    if demands.sct:
        check_logged(path, root)
    policy(leaf)
    if demands.log:
        for entry in proofs.entries:
            bind(entry, signed, leaf.der)
    try:
        key = leaf.key()
    except MalformedData as error:
        raise Unproven(CERTIFICATE_USE, str(error)) from error
    if not signed.made_by(key):
        raise Unproven(NOT_SIGNED, "the signature does not verify with the key of its certificate")
    return Proof(times, tuple(proof for _, proof in logs), path, sct=demands.sct)


def prove_logged_key(signed: Signed, proofs: Proofs, root: TrustedRoot, spki: bytes, at: datetime) -> Proof:
    """Prove that a signature, which a key is known to have made, is in a log of the trusted root.

    Raises `Unproven` or `CannotTell`.
    """
    logs, times = believe(proofs, root)
    refuse_future(times, at)
    refuse_retired(logs, times)
    for entry in proofs.entries:
        bind(entry, signed, spki)
    return Proof(times, tuple(proof for _, proof in logs), (), sct=False)


def _check_times(
    times: tuple[SignedTime, ...], stamps: tuple[SignedTime, ...], proofs: Proofs, demands: Demands
) -> None:
    if demands.timestamp and not stamps:
        had = f"none of its {len(proofs.stamps)} timestamps verifies" if proofs.stamps else "it has no timestamp"
        raise Unproven(TIMESTAMP_MISSING, had)
    if times:
        return
    if proofs.stamps:
        raise Unproven(TIMESTAMP_INVALID, f"none of its {len(proofs.stamps)} timestamps verifies")
    raise Unproven(TIME_MISSING, "it has no timestamp, and no log promised a time")
