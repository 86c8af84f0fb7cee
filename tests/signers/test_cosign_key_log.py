"""Signatures of keys that have to be in a transparency log: the entry is real, about this signature, and in time."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from gate.option import Duration
from gate.pattern import Glob
from gate.signer import Counts, Refused, Unchecked
from gate.signers.cosign_key import CosignKey
from tests.signers import forge
from tests.signers.world import World, image, key_file, packed
from tests.world.sigstore import AT, SIGNED_AT, START, Sigstore, body1, canonical, private, rekor1, rekor2, spki

SUBJECT = image()
KEY = forge.key("logged")
PAYLOAD = packed(forge.statement(SUBJECT))
KIND = "application/vnd.in-toto+json"
SIGNATURE = KEY.sign(forge.pae(KIND, PAYLOAD))
SPKI = KEY.private.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
GOOD = Sigstore()
DAY = timedelta(days=1)


def signer(instance: Sigstore = GOOD, **changes: Any) -> CosignKey:
    """Make the signer."""
    options: dict[str, Any] = {
        "key": key_file(KEY.public_pem), "log": "required", "any_image": True,
        "trusted_root": key_file(packed(instance.trusted_root()), "trust/root.json"),
    }  # fmt: skip
    return CosignKey(**(options | changes))


def entry(**changes: Any) -> dict[str, Any]:
    """Make the entry about the signature."""
    return rekor1(KIND, PAYLOAD, SIGNATURE, KEY.public_pem, **changes)


def judge(entries: list[dict[str, Any]], who: CosignKey | None = None) -> Counts | Refused | Unchecked:
    """Attach the signature with these entries, and judge it."""
    bundle: dict[str, Any] = forge.bundle(KEY, PAYLOAD)
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = forge.b64(SIGNATURE)
    bundle["verificationMaterial"]["tlogEntries"] = entries
    world = World()
    forge.put_referrer(world, SUBJECT, packed(bundle))
    who = who or signer()
    (candidate,) = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates
    return candidate.result


def code(result: Counts | Refused | Unchecked) -> str:
    """Give the reason, or "" where it counts."""
    return "" if isinstance(result, Counts) else result.reason.code


@pytest.mark.parametrize("record", ["dsse", "intoto", "hashedrekord"])
def test_signature_in_the_log_counts(record: str) -> None:
    """The words say which log, which place, and when."""
    result = judge([entry(record=record)])
    assert isinstance(result, Counts)
    assert "signed 2026-06-01T12:00:00Z (the log https://rekor.world), log index 1234" in result.detail


def test_second_generation_needs_no_time_for_a_key() -> None:
    """A key has no ten minutes to be in: the entry alone counts."""
    result = judge([rekor2(KIND, PAYLOAD, SIGNATURE, SPKI)])
    assert isinstance(result, Counts)
    assert "log index 5 of https://log2.world (inclusion proof)" in result.detail


CASES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "none": ([], "log-entry-missing"),
    "of an unknown log": ([entry(by=private("x"), log=private("x"))], "log-unknown"),
    "promised by another key": ([entry(by=private("x"), note_by=private("rekor"))], "log-promise-invalid"),
    "with another's checkpoint": ([entry(note_by=private("x"))], "log-checkpoint-invalid"),
    "about another payload": (
        [entry(body=body1("dsse", KIND, b"{}", SIGNATURE, KEY.public_pem))], "log-entry-of-other-signature",
    ),
    "about another signature": (
        [entry(body=body1("dsse", KIND, PAYLOAD, b"x", KEY.public_pem))], "log-entry-of-other-signature",
    ),
    "about another key": (
        [entry(body=body1("dsse", KIND, PAYLOAD, SIGNATURE, forge.key("other").public_pem))], "log-entry-of-other-signature",
    ),
    "of another generation about another key": (
        [rekor2(KIND, PAYLOAD, SIGNATURE, spki(private("x")))], "log-entry-of-other-signature",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_entry_that_proves_nothing(case: str) -> None:
    """The key's signature is right, and does not count without its entry (CVE-2022-23649, CVE-2026-22703)."""
    entries, expected = CASES[case]
    assert code(judge(entries)) == expected


def test_log_is_not_looked_at_where_it_is_not_asked_for() -> None:
    """With `log: none` the same signature counts, and the words say so."""
    result = judge([], signer(log="none", trusted_root=None))
    assert isinstance(result, Counts)
    assert result.detail.endswith("no transparency log")


def test_time_of_the_log_has_to_be_in_the_days_of_the_key() -> None:
    """A signature made before the key was accepted, or after, as the log proves (CVE-2026-54787)."""
    signed = SIGNED_AT.date()
    assert code(judge([entry()], signer(valid_from=signed))) == ""
    assert code(judge([entry()], signer(valid_from=signed + DAY))) == "key-not-yet-valid"
    late = signer(valid_until=date(2026, 6, 2))
    assert code(judge([entry(integrated=AT)], late)) == ""
    assert code(judge([entry()], signer(Sigstore(log_window=(START, SIGNED_AT - DAY))))) == "log-not-valid-then"
    assert code(judge([entry(integrated=AT + DAY)])) == "signed-in-future"


def test_older_storage_with_a_promise() -> None:
    """The annotation of the older storage carries the log's promise."""
    world = World()
    payload = packed(forge.simple_payload(SUBJECT))
    signature = KEY.sign(payload)
    made = rekor1("", payload, signature, KEY.public_pem, record="hashedrekord")
    told = {
        "SignedEntryTimestamp": made["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": made["canonicalizedBody"],
            "integratedTime": int(made["integratedTime"]),
            "logIndex": 1234,
            "logID": base64.b64decode(made["logId"]["keyId"]).hex(),
        },
    }
    annotations = {forge.SIGNATURE: forge.b64(signature), "dev.sigstore.cosign/bundle": canonical(told).decode()}
    forge.put_legacy(world, SUBJECT, [(payload, {"annotations": annotations}), (payload, {"annotations": {forge.SIGNATURE: forge.b64(signature)}})])  # fmt: skip
    who = signer()
    found = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates
    assert [code(one.result) for one in found] == ["", "log-entry-missing"]


def test_trusted_root_of_a_key() -> None:
    """It has to be named, to hold a log, and to be young enough."""
    assert "say whose log" in dict(signer(trusted_root=None).problems())["log"]
    bare = key_file(packed(GOOD.trusted_root(tlogs=[])))
    assert "no transparency log" in dict(signer(trusted_root=bare).problems())["trusted-root"]
    assert "not JSON" in dict(signer(trusted_root=key_file(b"x")).problems())["trusted-root"]
    assert "decides nothing" in dict(signer(log="none").problems())["trusted-root"]
    file = {
        "format": "gate-trust/1", "source": "x", "version": "1", "fetched": "2026-05-01T00:00:00Z",
        "expires": "2026-06-01T00:00:00Z", "trustedRoot": GOOD.trusted_root(),
    }  # fmt: skip
    old = key_file(packed(file))
    assert code(judge([entry()], signer(trusted_root=old))) == "trusted-root-expired"
    assert code(judge([entry()], signer(trusted_root=old, trust_max_age=Duration.from_text("60d")))) == ""


def test_signer_without_a_root_believes_nobody() -> None:
    """Also where nobody looked at the rule file's mistakes."""
    assert code(judge([entry()], signer(trusted_root=None))) == "log-unknown"


def test_name_is_compared_before_the_log() -> None:
    """A bundle has no name, whatever log it is in (S16)."""
    assert code(judge([entry()], signer(any_image=False, images=(Glob("**"),)))) == "signature-without-name"
