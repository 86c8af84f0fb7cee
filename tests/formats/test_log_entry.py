"""Log entries as they come along: numbers, promises, bounds; and what Rekor's bodies record."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gate.errors import MalformedData
from gate.formats.log_entry import parse_annotation, read_entry
from gate.formats.rekor import Over, parse_record
from tests.world.sigstore import b64, body1, canonical, private, rekor1, rekor2, spki

PEM = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki(private("x"))) + b"-----END PUBLIC KEY-----\n"
GOOD = rekor1("", b"payload", b"signature", PEM, record="hashedrekord")


def test_entry_without_what_is_zero() -> None:
    """Proto3 JSON leaves zeros out, and takes numbers as well as strings."""
    bare = {key: value for key, value in GOOD.items() if key not in {"logIndex", "integratedTime"}}
    assert (read_entry(bare, "x").index, read_entry(bare, "x").integrated) == (0, 0)
    assert read_entry(GOOD | {"logIndex": 7}, "x").index == 7
    assert read_entry(GOOD | {"logIndex": "7"}, "x").index == 7
    assert read_entry(GOOD | {"logIndex": str(2**63 - 1)}, "x").index == 2**63 - 1


@pytest.mark.parametrize(
    "number", ["-1", -1, "07", "7.0", 7.0, "0x7", " 7", "٧", True, [], "", 2**63, str(2**63), "1" * 20]
)
def test_numbers_that_are_none(number: Any) -> None:
    """Everything else is refused, not guessed."""
    with pytest.raises(MalformedData, match="logIndex is not a whole number"):
        read_entry(GOOD | {"logIndex": number}, "x")


def test_bounds_of_an_entry() -> None:
    """Hashes, checkpoint and body have limits (CVE-2024-45395)."""
    proof = GOOD["inclusionProof"]
    for changes, told in (
        ({"inclusionProof": proof | {"hashes": ["AAAA"] * 65}}, "at most 64 are read"),
        ({"inclusionProof": proof | {"checkpoint": {"envelope": "x" * 70_000}}}, "at most 65536 are read"),
        ({"canonicalizedBody": b64(b"x" * (1024 * 1024 + 1))}, "1 to 1048576 are read"),
        ({"canonicalizedBody": ""}, "1 to 1048576 are read"),
        ({"logId": {}}, "has no 'keyId'"),
        ({"kindVersion": None}, "is not a JSON object"),
        ({"inclusionPromise": {}}, "has no 'signedEntryTimestamp'"),
    ):
        with pytest.raises(MalformedData, match=told):
            read_entry(GOOD | changes, "x")
    assert len(read_entry(GOOD | {"canonicalizedBody": b64(b"x" * 1024 * 1024)}, "x").body) == 1024 * 1024


def test_what_a_promise_signs() -> None:
    """RFC 8785: members in order, no blanks."""
    entry = read_entry(GOOD, "x")
    told = json.loads(entry.promised)
    assert canonical(told) == entry.promised
    assert told.keys() == {"body", "integratedTime", "logID", "logIndex"}


def test_annotation_needs_a_promise() -> None:
    """It has nothing else."""
    payload = {"body": "AAAA", "integratedTime": 1, "logIndex": 2, "logID": "0" * 64}
    for log_id in ("0" * 63, "0" * 65, "G" * 64, "A" * 64, ""):
        with pytest.raises(MalformedData, match="64 digits of hex"):
            parse_annotation(json.dumps({"SignedEntryTimestamp": "AAAA", "Payload": payload | {"logID": log_id}}), "x")
    with pytest.raises(MalformedData, match="empty SignedEntryTimestamp"):
        parse_annotation(json.dumps({"SignedEntryTimestamp": "", "Payload": payload}), "x")
    with pytest.raises(MalformedData, match="some readers take"):
        parse_annotation(json.dumps({"signedEntryTimestamp": "AAAA", "Payload": payload}), "x")
    assert parse_annotation(json.dumps({"SignedEntryTimestamp": "AAAA", "Payload": payload}), "x").promise == b"\0\0\0"


@pytest.mark.parametrize("record", ["hashedrekord", "rekord", "dsse", "intoto"])
def test_record_of_the_first_generation(record: str) -> None:
    """Four ways to say the same."""
    body = body1(record, "kind", b"payload", b"signature", PEM)
    found = parse_record(canonical(body), body["kind"], body["apiVersion"], "x")
    assert (found.algorithm, found.signature, found.verifier) == ("sha256", b"signature", spki(private("x")))
    assert found.over is (Over.PAYLOAD if record in {"dsse", "intoto"} else Over.MESSAGE)


def second(**changes: Any) -> bytes:
    """Write a body of the second generation."""
    body = json.loads(base64.b64decode(rekor2("", b"payload", b"signature", spki(private("x")))["canonicalizedBody"]))
    record = body["spec"]["hashedRekordV002"]
    record["data"] |= changes.get("data", {})
    record["signature"]["verifier"] = changes.get("verifier", record["signature"]["verifier"])
    return canonical(body)


def test_record_of_the_second_generation() -> None:
    """Bytes instead of PEM."""
    found = parse_record(second(), "hashedrekord", "0.0.2", "x")
    assert (found.over, found.algorithm, found.signature, found.verifier) == (
        Over.MESSAGE,
        "sha256",
        b"signature",
        spki(private("x")),
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (second(data={"algorithm": "SHA1"}), "algorithm 'SHA1'"),
        (second(data={"algorithm": "sha256"}), "algorithm 'sha256'"),
        (second(data={"digest": "AAAA"}), "and 3 bytes"),
        (second(data={"algorithm": "SHA2_384"}), "algorithm 'SHA2_384' and 32 bytes"),
        (second(verifier={}), "has 0 verifiers"),
        (
            second(verifier={"publicKey": {"rawBytes": "AA=="}, "x509Certificate": {"rawBytes": "AA=="}}),
            "has 2 verifiers",
        ),
    ],
)
def test_records_of_the_second_generation_that_cannot_be_read(body: bytes, told: str) -> None:
    """Unknown hashes never count, and one verifier is the verifier."""
    with pytest.raises(MalformedData, match=told):
        parse_record(body, "hashedrekord", "0.0.2", "x")


def first(record: str, path: str, value: Any) -> bytes:
    """Write a body of the first generation with one member changed."""
    body = body1(record, "kind", b"payload", b"signature", PEM)
    place: Any = body
    *above, last = path.split(".")
    for step in above:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return canonical(body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (first("hashedrekord", "spec.data.hash.algorithm", "sha1"), "algorithm 'sha1'"),
        (first("hashedrekord", "spec.data.hash.algorithm", "sha512"), "algorithm 'sha512'"),
        (first("hashedrekord", "spec.data.hash.value", "A" * 64), "64 digits"),
        (first("hashedrekord", "spec.data.hash.value", "0" * 62), "62 digits"),
        (first("hashedrekord", "spec.signature.publicKey.content", b64(b"ssh-ed25519 AAAA")), "neither a certificate nor a public key"),
        (first("hashedrekord", "spec.signature.publicKey.content", b64(PEM + PEM)), "neither a certificate nor a public key"),
        (first("hashedrekord", "spec.signature.publicKey.content", b64(b"x" + PEM)), "neither a certificate nor a public key"),
        (first("hashedrekord", "spec.signature.content", ""), "is empty"),
        (first("dsse", "spec.signatures", []), "has 0 signatures"),
        (first("dsse", "spec.signatures", [{"signature": "AA==", "verifier": b64(PEM)}] * 2), "has 2 signatures"),
        (first("intoto", "spec.content.envelope.signatures", [{"sig": "AA=="}] * 2), "has 2 signatures"),
        (first("hashedrekord", "spec.Data", {}), "some readers take|beside"),
        (b"[]", "is not a JSON object"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_read(body: bytes, told: str) -> None:
    """One signature, one verifier, a digest that counts."""
    with pytest.raises(MalformedData, match=told):
        parse_record(body, "", "", "x")
