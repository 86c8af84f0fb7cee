"""One test for each advisory about other verifiers of signatures that says what one must do (identities and logs).

Advisories about registries, limits and attestations are named in `tests/test_attached.py`, `test_cosign_key.py` and the
tests of the check `attestation`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from gate.formats.certificate import Certificate, parse_certificate
from gate.formats.timestamp import parse_timestamp
from gate.signer import Counts
from tests.signers import forge
from tests.signers.test_sigstore import (
    GOOD,
    LEAF,
    PAYLOAD,
    SIGNATURE,
    SUBJECT,
    changed,
    entry,
    judge,
    made,
    refused,
    signer,
    with_chain,
)  # fmt: skip
from tests.signers.world import packed
from tests.world.sigstore import SIGNED_AT, START, Sigstore, b64, pae, private, rekor1, rekor2, sign, spki, tsa_leaf

KIND = "application/vnd.in-toto+json"
DAY = timedelta(days=1)


def borrowed(generation: int = 1) -> list[dict[str, Any]]:
    """Make a perfect entry: of another signature, by the same certificate."""
    payload = packed(forge.statement(SUBJECT, predicate={"another": True}))
    make = rekor1 if generation == 1 else rekor2
    return [make(KIND, payload, sign(private("signer"), pae(KIND, payload)), LEAF)]


def test_cve_2022_23649() -> None:
    """cosign: any valid entry attached to another signature counted as "in the log"."""
    assert refused(judge(made(entries=borrowed())))[0] == "log-entry-of-other-signature"


def test_cve_2022_36056() -> None:
    """cosign: a bad entry led to an early success, and the identity was not looked at."""
    bad = changed(made(), "verificationMaterial.tlogEntries.0.inclusionPromise.signedEntryTimestamp", b64(b"x"))
    assert refused(judge(bad))[0] == "log-promise-invalid"
    assert refused(judge(bad, signer(repository="acme/other")))[0] == "log-promise-invalid"
    assert refused(judge(made(), signer(repository="acme/other")))[0] == "identity-mismatch"


@pytest.mark.parametrize("generation", [1, 2])
def test_cve_2026_22703(generation: int) -> None:
    """cosign: with a trusted root any valid entry was accepted again, since an early return skipped the comparison."""
    bundle = made(entries=borrowed(generation), stamps=[GOOD.stamp(SIGNATURE)])
    assert refused(judge(bundle))[0] == "log-entry-of-other-signature"


def test_cve_2026_24122() -> None:
    """cosign: an expired intermediate certificate was accepted where the log was skipped."""
    instance = Sigstore(middle=GOOD.intermediate(last=SIGNED_AT - DAY))
    bundle = made(entries=[], stamps=[GOOD.stamp(SIGNATURE)])
    assert refused(judge(bundle, signer(instance, log="none")))[0] == "certificate-not-valid-then"


def test_ghsa_fx35_mq7g_6g98() -> None:
    """cosign: a public key where the certificate belongs became the verifier."""
    raw = changed(made(), "verificationMaterial.certificate.rawBytes", b64(spki(private("signer"))))
    assert refused(judge(raw))[0] == "signature-malformed"
    assert refused(judge(forge.bundle(forge.key(), PAYLOAD)))[0] == "signature-by-key"


def test_cve_2024_45395() -> None:
    """sigstore-go: endless lists of entries."""
    many = changed(made(), "verificationMaterial.tlogEntries", entry() * 33)
    assert "at most 32 are read" in refused(judge(many))[1]


def test_cve_2026_49834() -> None:
    """sigstore-go: two entries of one log counted as two logs."""
    assert refused(judge(made(entries=entry() * 2)))[0] == "log-entry-twice"


def test_cve_2026_54787() -> None:
    """sigstore-go: proven times were not compared with the time in which a key is believed."""
    for part in ("log_window", "ca_window", "tsa_window"):
        windows: dict[str, Any] = {part: (START, SIGNED_AT - DAY)}
        late = made(generation=2, stamps=[GOOD.stamp(SIGNATURE)])
        assert not isinstance(judge(late, signer(Sigstore(**windows))).result, Counts), part
    assert refused(judge(made(), signer(Sigstore(ct_window=(START, SIGNED_AT - DAY)))))[0] == "sct-invalid"


@pytest.mark.parametrize("advisory", ["CVE-2024-55655, sigstore-python", "CVE-2026-48816, sigstore-js"])
def test_time_of_an_entry_without_promise(advisory: str) -> None:
    """The time in an entry was believed with a proof of inclusion alone, which does not cover it."""
    bundle = made(entries=entry(members={"inclusionPromise": None}))
    assert refused(judge(bundle))[0] == "signed-time-missing"
    forged = changed(made(stamps=[GOOD.stamp(SIGNATURE)]), "verificationMaterial.tlogEntries.0.integratedTime", "1")
    assert refused(judge(forged))[0] == "log-promise-invalid"


def test_cve_2025_52556() -> None:
    """rfc3161-client: the signature over the timestamp itself was not verified."""
    forged = GOOD.stamp(SIGNATURE, forged=True)
    assert refused(judge(made(generation=2, stamps=[forged])))[0] == "timestamp-invalid"


def _read(certificate: x509.Certificate) -> Certificate:
    return parse_certificate(certificate.public_bytes(serialization.Encoding.DER), "x")


def test_cve_2026_39984() -> None:
    """timestamp-authority: what a certificate is for was asked of the first one in the token, not of the signer's."""
    root = _read(GOOD.tsa_chain()[1])
    good, bad = tsa_leaf(), tsa_leaf(eku=ExtendedKeyUsageOID.CODE_SIGNING, key=private("bad tsa"))
    honest = parse_timestamp(GOOD.stamp(SIGNATURE, certificate=good, embed=(good,)), "x")
    assert honest.is_signed_by((root,), SIGNATURE)
    injected = GOOD.stamp(SIGNATURE, certificate=bad, key=private("bad tsa"), embed=(good, bad))
    assert not parse_timestamp(injected, "x").is_signed_by((root,), SIGNATURE)
    assert not parse_timestamp(injected, "x").is_signed_by((_read(good), root), SIGNATURE)


def test_cve_2024_53267() -> None:
    """sigstore-java: an unrelated entry was accepted."""
    assert (
        refused(judge(made(entries=borrowed(2), stamps=[GOOD.stamp(SIGNATURE)])))[0] == "log-entry-of-other-signature"
    )


def test_cve_2024_54140() -> None:
    """sigstore-java: the signature of the checkpoint was not verified."""
    assert refused(judge(made(entries=entry(note_by=private("stranger")))))[0] == "log-checkpoint-invalid"


def test_cve_2026_31830() -> None:
    """sigstore-ruby: that the statement was about something else was found, and lost."""
    payload = packed(forge.statement(SUBJECT, subject=[{"digest": {"sha256": "0" * 64}}]))
    assert refused(judge(GOOD.bundle(payload)))[0] == "signature-of-other-image"


@pytest.mark.parametrize("advisory", ["CVE-2023-47122", "CVE-2024-51746"])
def test_log_that_only_comes_along(advisory: str) -> None:
    """gitsign: the log's key was fetched from the log itself, and a search found another entry.

    Nothing is fetched here: a log is known from the trusted root, or it is not.
    """
    assert refused(judge(made(entries=entry(log=private("x"), by=private("x")))))[0] == "log-unknown"


def test_cve_2026_69248() -> None:
    """A library evaluated name constraints wrongly: authorities that have them are refused."""
    constraints = x509.NameConstraints([x509.DNSName("acme.example")], None)
    instance = Sigstore(middle=GOOD.intermediate(more=[(constraints, True)]))
    assert refused(judge(made(), signer(instance)))[0] == "certificate-chain-invalid"


def test_ghsa_wfqv_66vq_46rm_with_a_chain_that_comes_along() -> None:
    """cosign: the same for certificates that a bundle brings (CVE-2026-24122)."""
    only_root = GOOD.trusted_root()
    only_root["certificateAuthorities"][0]["certChain"]["certificates"].pop(0)
    expired = GOOD.intermediate(last=SIGNED_AT - DAY)
    found = refused(judge(with_chain(made(), "0.2", expired), signer(root=packed(only_root))))
    assert found[0] == "certificate-not-valid-then"
