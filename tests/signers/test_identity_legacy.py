"""Identities in cosign's older storage: annotations beside a payload, and envelopes at the tag `….att`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from gate.attached import Parcel, Storage
from gate.evidence import Look
from gate.oci.descriptor import Descriptor
from gate.oci.digest import Digest
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Refused, Sealed
from tests.signers import forge
from tests.signers.test_sigstore import GOOD, SUBJECT, flipped, signer
from tests.signers.world import PLACE, World, packed
from tests.world.sigstore import AT, SIGNED_AT, authority, canonical, hashed, pae, pem, private, rekor1, sign

KIND = "application/vnd.in-toto+json"
PAYLOAD = packed(forge.simple_payload(SUBJECT))
LEAF = GOOD.leaf()
SIGNATURE = sign(private("signer"), PAYLOAD)
CERTIFICATE, CHAIN = "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain"
BUNDLE, STAMP = "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp"


def promised(made: dict[str, Any]) -> str:
    """Write an entry as cosign's annotation does."""
    payload = {
        "body": made["canonicalizedBody"],
        "integratedTime": int(made["integratedTime"]),
        "logIndex": int(made["logIndex"]),
        "logID": base64.b64decode(made["logId"]["keyId"]).hex(),
    }
    promise = made["inclusionPromise"]["signedEntryTimestamp"]
    return canonical({"SignedEntryTimestamp": promise, "Payload": payload}).decode()


def written(payload: bytes = PAYLOAD, signature: bytes = SIGNATURE, **entry: Any) -> dict[str, str]:
    """Write what stands beside a signature."""
    return {
        forge.SIGNATURE: forge.b64(signature),
        CERTIFICATE: pem(LEAF).decode(),
        BUNDLE: promised(rekor1("", payload, signature, LEAF, **({"record": "hashedrekord"} | entry))),
    }


def judge(beside: dict[str, str], payload: bytes = PAYLOAD, **options: Any) -> Candidate:
    """Put one signature at the tag, and judge it."""
    world = World()
    forge.put_legacy(world, SUBJECT, [(payload, {"annotations": beside})])
    who = signer(**options)
    (candidate,) = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates
    return candidate


def code(candidate: Candidate) -> str:
    """Give the reason, or "" where it counts."""
    result = candidate.result
    return "" if isinstance(result, Counts) else result.reason.code


def stamp(content: bytes) -> str:
    """Write a timestamp as cosign does."""
    return json.dumps({"SignedRFC3161Timestamp": forge.b64(content)})


def test_signature_with_a_promise_counts() -> None:
    """The promise is weaker than a proof of inclusion, and the words say which it is."""
    result = judge(written()).result
    assert isinstance(result, Counts)
    assert "tag, signed as registry.example/acme/app" in result.detail
    assert "(promise only)" in result.detail


def test_timestamp_beside_the_signature_counts() -> None:
    """With `log: none` it is the only time."""
    beside = written() | {STAMP: stamp(GOOD.stamp(SIGNATURE))}
    del beside[BUNDLE]
    assert code(judge(beside, log="none")) == ""
    assert code(judge(beside)) == "log-entry-missing"
    assert code(judge(beside | {STAMP: stamp(GOOD.stamp(b"x"))}, log="none")) == "timestamp-invalid"


def _entry(change: Callable[[dict[str, Any]], None]) -> str:
    told = json.loads(written()[BUNDLE])
    change(told)
    return canonical(told).decode()


CASES: dict[str, tuple[dict[str, str], str]] = {
    "of another signature (CVE-2022-23649)": (
        {BUNDLE: written(signature=sign(private("signer"), PAYLOAD))[BUNDLE]}, "log-entry-of-other-signature",
    ),
    "of another payload": ({BUNDLE: written(payload=b"{}")[BUNDLE]}, "log-entry-of-other-signature"),
    "of another certificate": (
        {BUNDLE: promised(rekor1("", PAYLOAD, SIGNATURE, GOOD.leaf(), record="hashedrekord"))}, "log-entry-of-other-signature",
    ),
    "changed time": ({BUNDLE: _entry(lambda one: one["Payload"].update(integratedTime=1))}, "log-promise-invalid"),
    "changed promise": (
        {BUNDLE: _entry(lambda one: one.update(SignedEntryTimestamp=flipped(one["SignedEntryTimestamp"])))}, "log-promise-invalid",
    ),
    "empty promise": ({BUNDLE: _entry(lambda one: one.update(SignedEntryTimestamp=""))}, "signature-malformed"),
    "another log": ({BUNDLE: _entry(lambda one: one["Payload"].update(logID="0" * 64))}, "log-unknown"),
    "broken log id": ({BUNDLE: _entry(lambda one: one["Payload"].update(logID="x"))}, "signature-malformed"),
    "no entry": ({BUNDLE: ""}, "log-entry-missing"),
    "broken entry": ({BUNDLE: "{"}, "signature-malformed"),
    "unknown kind": ({BUNDLE: promised(rekor1("", PAYLOAD, SIGNATURE, LEAF, body={"kind": "x", "apiVersion": "1", "spec": {}}))}, "log-entry-malformed"),
    "public key as certificate (GHSA-fx35-mq7g-6g98)": ({CERTIFICATE: forge.key().public_pem.decode()}, "signature-malformed"),
    "two certificates": ({CERTIFICATE: pem(LEAF).decode() * 2}, "signature-malformed"),
    "text before the certificate": ({CERTIFICATE: "x\n" + pem(LEAF).decode()}, "signature-malformed"),
    "broken certificate": ({CERTIFICATE: pem(LEAF).decode().replace("MII", "MIJ", 1)}, "signature-malformed"),
    "another certificate": ({CERTIFICATE: pem(GOOD.leaf()).decode()}, "log-entry-of-other-signature"),
    "no certificate": ({CERTIFICATE: ""}, "signature-malformed"),
    "junk as chain": ({CHAIN: "x"}, "signature-malformed"),
    "empty signature": ({forge.SIGNATURE: ""}, "signature-malformed"),
    "broken timestamp annotation": ({STAMP: "[]"}, "signature-malformed"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_annotation_that_proves_nothing(case: str) -> None:
    """Everything else beside the signature is as it should be."""
    changes, expected = CASES[case]
    assert code(judge(written() | changes)) == expected


def test_without_a_certificate_it_is_a_keys() -> None:
    """Nothing beside it says who."""
    beside = written()
    del beside[CERTIFICATE]
    assert code(judge(beside)) == "signature-by-key"


def test_chain_beside_the_certificate() -> None:
    """It may stand between, and proves nothing of its own."""
    assert GOOD.middle is not None
    only_root = GOOD.trusted_root()
    only_root["certificateAuthorities"][0]["certChain"]["certificates"].pop(0)
    chain = (pem(GOOD.middle) + pem(GOOD.root)).decode()
    assert code(judge(written() | {CHAIN: chain}, root=packed(only_root))) == ""
    evil = pem(authority("middle", private("middle"), "root", private("evil"), pathlen=0)).decode()
    assert code(judge(written() | {CHAIN: evil}, root=packed(only_root))) == "certificate-untrusted"
    assert code(judge(written(), root=packed(only_root))) == "certificate-untrusted"


PAYLOADS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another digest": ({"digest": f"sha256:{'0' * 64}"}, {}, "signature-of-other-image"),
    "another type": ({"kind": "something"}, {}, "signature-wrong-type"),
    "another repository": (
        {"reference": "registry.example/acme/db"}, {"any_image": False, "images": (Glob("registry.example/**"),)}, "signature-for-other-name",
    ),
    "a repository that the signer may not vouch for": (
        {}, {"any_image": False, "images": (Glob("registry.example/acme/db"),)}, "signature-for-other-name",
    ),
    "no name": ({"reference": "::"}, {"any_image": False, "images": (Glob("registry.example/**"),)}, "signature-for-other-name"),
    "another tag": (
        {"reference": f"{PLACE}:0.9.0"}, {"any_image": False, "images": (Glob("registry.example/**"),)}, "signature-for-other-name",
    ),
    "lacking annotation": ({"optional": {"env": "dev"}}, {"annotations": {"env": "prod"}}, "signature-annotation-mismatch"),
    "this repository": ({}, {"any_image": False, "images": (Glob(PLACE),)}, ""),
    "this annotation": ({"optional": {"env": "prod"}}, {"annotations": {"env": "prod"}}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", PAYLOADS)
def test_payload_is_compared(case: str) -> None:
    """Digest, type, name and annotations of what was signed (S16)."""
    changes, options, expected = PAYLOADS[case]
    payload = packed(forge.simple_payload(SUBJECT, **changes))
    beside = written(payload, sign(private("signer"), payload))
    assert code(judge(beside, payload, **options)) == expected


def test_payload_that_is_none() -> None:
    """Signed as it should be, and still no payload."""
    assert code(judge(written(b"[]", sign(private("signer"), b"[]")), b"[]")) == "signature-malformed"


# Attestations

STATEMENT = packed(forge.statement(SUBJECT, predicateType="https://slsa.dev/provenance/v1"))
SEALED = sign(private("signer"), pae(KIND, STATEMENT))
ENVELOPE = packed(
    {"payloadType": KIND, "payload": forge.b64(STATEMENT), "signatures": [{"keyid": "", "sig": forge.b64(SEALED)}]}
)


def sealed(content: bytes, media_type: str, beside: dict[str, str], **options: Any) -> Sealed:
    """Put one attestation to a signer."""
    storage = Storage.TAG if beside else Storage.REFERRER
    layer = Descriptor(media_type, Digest.of(content), len(content), beside)
    return signer(**options).verify_envelope(Parcel(Look("here", "200"), storage, layer, content), SUBJECT, AT)


def old(**changes: Any) -> dict[str, str]:
    """Write what stands beside an envelope of the older storage."""
    return {
        forge.SIGNATURE: "",
        CERTIFICATE: pem(LEAF).decode(),
        BUNDLE: promised(rekor1(KIND, STATEMENT, SEALED, LEAF, **changes)),
    }


BARE = "application/vnd.dsse.envelope.v1+json"


def oldest(digest: bytes) -> dict[str, Any]:
    """Write the body of the oldest kind of entry, which keeps the envelope's digest and no signature."""
    spec = {"content": {"hash": hashed(digest)}, "publicKey": forge.b64(pem(LEAF))}
    return {"kind": "intoto", "apiVersion": "0.0.1", "spec": spec}


@pytest.mark.parametrize(
    "changes", [{}, {"record": "intoto"}, {"body": oldest(bytes.fromhex(Digest.of(ENVELOPE).hex))}]
)
def test_attestation_of_the_older_storage(changes: dict[str, Any]) -> None:
    """With each kind of entry that cosign wrote over the years."""
    made = sealed(ENVELOPE, BARE, old(**changes))
    assert isinstance(made.candidate.result, Counts)
    assert made.signed_at == SIGNED_AT
    assert made.statement is not None
    assert made.statement.predicate_type == "https://slsa.dev/provenance/v1"


def test_oldest_entry_of_another_envelope() -> None:
    """It binds by the digest of the file alone, so that has to be it."""
    made = sealed(ENVELOPE, BARE, old(body=oldest(b"\1" * 32)))
    assert (code(made.candidate), made.statement) == ("log-entry-of-other-signature", None)


def test_timestamp_of_the_older_storage_is_over_the_file() -> None:
    """Not over the signature (cosign, `VerifyRFC3161Timestamp`)."""
    beside = old()
    del beside[BUNDLE]
    good, bad = (
        sealed(ENVELOPE, BARE, beside | {STAMP: stamp(GOOD.stamp(over))}, log="none") for over in (ENVELOPE, SEALED)
    )
    assert [code(one.candidate) for one in (good, bad)] == ["", "timestamp-invalid"]


def test_attestation_in_a_bundle() -> None:
    """Whatever its type: what it says is the check's business."""
    made = sealed(packed(GOOD.bundle(STATEMENT)), forge.BUNDLE, {})
    assert isinstance(made.candidate.result, Counts)
    other = sealed(
        packed(GOOD.bundle(packed(forge.statement(SUBJECT, subject=[{"digest": {"sha256": "0" * 64}}])))),
        forge.BUNDLE,
        {},
    )
    assert (code(other.candidate), other.statement) == ("signature-of-other-image", None)
    assert other.candidate.by is not None
    junk = sealed(b"{", forge.BUNDLE, {})
    assert (code(junk.candidate), junk.candidate.by) == ("signature-malformed", None)


def test_places_of_attestations() -> None:
    """As far as the signer looks at all."""
    assert signer().seals() == set(Storage)
    assert signer(storage=("legacy",)).seals() == {Storage.TAG}
    assert signer(storage=("bundle",)).seals() == {Storage.REFERRER, Storage.FALLBACK_TAG}


# Names of images (S16)


def test_copied_image_counts_only_where_the_source_is_one_repository() -> None:
    """A bundle holds no name: the repository that is asked for ties it to the image, if it is one."""
    from dataclasses import replace

    from gate.signers.cosign_identity import CosignIdentity
    from gate.sigstore.claims import Claims
    from tests.world.sigstore import GITHUB, SAN

    world = World()
    forge.put_referrer(world, SUBJECT, packed(GOOD.bundle(packed(forge.statement(SUBJECT)))))
    found = []
    for repository in ("https://github.com/acme/app", "https://github.com/acme/*"):
        who = CosignIdentity(
            trusted_root=signer().trusted_root, issuer=GITHUB, identity=Glob(SAN), images=(Glob("registry.example/acme/*"),),
            claims=Claims(repository=Glob(repository)),
        )  # fmt: skip
        evidence = world.gather(who.needs(SUBJECT), SUBJECT)
        found.append(code(who.verify(SUBJECT, evidence, AT).candidates[0]))
        nameless = replace(SUBJECT, repository="")
        assert code(who.verify(nameless, evidence, AT).candidates[0]) == "signature-without-name"
    assert found == ["", "signature-without-name"]


def test_junk_beside_a_good_signature_blocks_nobody() -> None:
    """Each candidate is judged alone."""
    world = World()
    forge.put_referrer(world, SUBJECT, b"{")
    forge.put_referrer(world, SUBJECT, packed(forge.bundle(forge.key(), PAYLOAD)))
    forge.put_referrer(world, SUBJECT, packed(GOOD.bundle(packed(forge.statement(SUBJECT)))))
    who = signer()
    results = [one.result for one in who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates]
    assert sorted(type(one).__name__ for one in results) == [Counts.__name__, Refused.__name__, Refused.__name__]


def test_name_of_an_image_that_has_none() -> None:
    """A layout has no repository and perhaps no tag: the signed name has to be one that the signer may vouch for."""
    from dataclasses import replace

    allowed: dict[str, Any] = {"any_image": False, "images": (Glob("registry.example/**"),)}
    for reference, subject, expected in (
        (PLACE, replace(SUBJECT, repository=""), ""),
        ("other.example/app", replace(SUBJECT, repository=""), "signature-for-other-name"),
        (f"{PLACE}:0.9.0", replace(SUBJECT, tag=""), ""),
        (f"{PLACE}:1.0.0", SUBJECT, ""),
        (f"{PLACE}@{SUBJECT.digest}", SUBJECT, ""),
    ):
        payload = packed(forge.simple_payload(SUBJECT, reference=reference))
        world = World()
        forge.put_legacy(
            world, SUBJECT, [(payload, {"annotations": written(payload, sign(private("signer"), payload))})]
        )
        who = signer(**allowed)
        (candidate,) = who.verify(subject, world.gather(who.needs(subject), subject), AT).candidates
        assert code(candidate) == expected, reference
