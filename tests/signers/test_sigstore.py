"""What may count as the signature of an identity: one case for each single check that could be left out.

The world is our own (`tests/world`), and sigstore-python accepts what it makes (`test_sigstore_world.py`). Each case
changes one thing, signs everything again as it should be, and asserts the reason, not only the refusal.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.option import Duration
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Refused, Unchecked
from gate.signers.github_workflow import GithubWorkflow
from tests.signers import forge
from tests.signers.world import World, descriptor, image, key_file, packed
from tests.world.sigstore import (
    AT,
    CLAIMS,
    GITHUB,
    MINUTE,
    SAN,
    SIGNED_AT,
    START,
    Sigstore,
    authority,
    b64,
    body1,
    pae,
    pem,
    private,
    rekor1,
    rekor2,
    sign,
    spki,
    tsa_leaf,
    usage,
)  # fmt: skip

SUBJECT = image()
PAYLOAD = packed(forge.statement(SUBJECT))
GOOD = Sigstore()
DAY = timedelta(days=1)


def signer(instance: Sigstore = GOOD, **changes: Any) -> GithubWorkflow:
    """Make the signer that GOOD's signatures are of."""
    root = changes.pop("root", None)
    content = packed(instance.trusted_root()) if root is None else root
    options: dict[str, Any] = {
        "repository": "acme/app", "workflow": "release.yml", "ref": Glob("refs/tags/*"), "any_image": True,
        "trusted_root": key_file(content, "trust/root.json"),
    }  # fmt: skip
    return GithubWorkflow(**(options | changes))


def judge(
    bundle: dict[str, Any] | bytes, who: GithubWorkflow | None = None, at: datetime = AT, **listed: Any
) -> Candidate:
    """Attach one bundle, and judge it."""
    world = World()
    media_type = bundle["mediaType"] if isinstance(bundle, dict) else forge.BUNDLE
    content = packed(bundle) if isinstance(bundle, dict) else bundle
    if media_type != forge.BUNDLE:
        listed |= {"artifactType": media_type, "layers": [descriptor(media_type, content)]}
    forge.put_referrer(world, SUBJECT, content, **listed)
    who = who or signer()
    candidates = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), at).candidates
    assert len(candidates) == 1
    return candidates[0]


def refused(candidate: Candidate) -> tuple[str, str]:
    """Give the reason code and the words of a refusal."""
    assert isinstance(candidate.result, Refused), candidate.result
    return candidate.result.reason.code, candidate.result.nearest


def changed(bundle: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Replace one member of a bundle; a function changes what is there."""
    made: dict[str, Any] = json.loads(json.dumps(bundle))
    place: Any = made
    *above, last = path.split(".")
    for step in above:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = int(last) if isinstance(place, list) else last
    place[key] = value(place[key]) if callable(value) else value
    return made


def flipped(text: str) -> str:
    """Change one bit of base64."""
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    return b64(bytes(raw))


# What counts


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "log index 1234 of https://rekor.world (inclusion proof)"),
        ({"generation": 2}, "the timestamp authority https://tsa.world"),
        ({"entry": {"record": "hashedrekord"}}, "inclusion proof"),
        ({"entry": {"record": "intoto"}}, "inclusion proof"),
        ({"entry": {"record": "rekord"}}, "inclusion proof"),
    ],
)
def test_signature_of_the_identity_counts(changes: dict[str, Any], told: str) -> None:
    """With either generation of Rekor and each kind of entry; the log and the time are told."""
    candidate = judge(GOOD.bundle(PAYLOAD, **changes))
    assert isinstance(candidate.result, Counts)
    assert told in candidate.result.detail
    assert "signed 2026-06-01T12:00:00Z" in candidate.result.detail
    by = candidate.by
    assert by is not None
    assert (by.name, by.issuer, by.repository) == (SAN, GITHUB, "https://github.com/acme/app")


def test_entries_of_two_logs_count() -> None:
    """Each proves for itself."""
    good, other = (GOOD.bundle(PAYLOAD, generation=one, signature=SIGNATURE, leaf=LEAF) for one in (1, 2))
    both = [one["verificationMaterial"]["tlogEntries"][0] for one in (good, other)]
    made = GOOD.bundle(PAYLOAD, entries=both, signature=SIGNATURE, leaf=LEAF, stamps=[GOOD.stamp(SIGNATURE)])
    assert isinstance(judge(made).result, Counts)


LEAF = GOOD.leaf()
SIGNATURE = sign(private("signer"), pae("application/vnd.in-toto+json", PAYLOAD))


def made(**changes: Any) -> dict[str, Any]:
    """Sign with the same certificate and signature each time."""
    return GOOD.bundle(PAYLOAD, **({"leaf": LEAF, "signature": SIGNATURE} | changes))


def entry(**changes: Any) -> list[dict[str, Any]]:
    """Make the entry about that signature."""
    return [rekor1("application/vnd.in-toto+json", PAYLOAD, SIGNATURE, LEAF, **changes)]


# Transparency logs

OTHER_BODY: dict[str, dict[str, Any]] = {
    kind: {
        "digest": body1(kind, "application/vnd.in-toto+json", b"{}", SIGNATURE, pem(LEAF)),
        "signature": body1(kind, "application/vnd.in-toto+json", PAYLOAD, b"0" + SIGNATURE, pem(LEAF)),
        "certificate or key": body1(kind, "application/vnd.in-toto+json", PAYLOAD, SIGNATURE, pem(GOOD.leaf())),
    }
    for kind in ("dsse", "intoto", "hashedrekord", "rekord")
}

LOG_CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no entry": ({"entries": []}, "log-entry-missing", "without an entry"),
    "two entries of one log": ({"entries": entry() * 2}, "log-entry-twice", "two are of the same log"),
    "unknown log": (
        {"entries": entry(log=private("stranger"), by=private("stranger"))}, "log-unknown", "which the trusted root has no key of",
    ),
    "promise by another key": (
        {"entries": entry(by=private("stranger"), note_by=private("rekor"))}, "log-promise-invalid", "does not verify with the key of",
    ),
    "promise of another time": (
        {"entries": entry(members={"integratedTime": str(int(SIGNED_AT.timestamp()) + 1)})}, "log-promise-invalid", "does not verify",
    ),
    "promise of another place": ({"entries": entry(members={"logIndex": "1235"})}, "log-promise-invalid", "does not verify"),
    "no proof in version 0.3": ({"entries": entry(members={"inclusionProof": None})}, "log-proof-missing", "without a proof"),
    "checkpoint by another key": (
        {"entries": entry(note_by=private("stranger"))}, "log-checkpoint-invalid", "no signature of the checkpoint is by the log's key",
    ),
    "checkpoint of another root": ({"entries": entry(root=b"\1" * 32)}, "log-checkpoint-invalid", "states another root"),
    "checkpoint of another size": ({"entries": entry(size=8)}, "log-checkpoint-invalid", "states 8 entries, the proof 7"),
    "checkpoint without signature": (
        {"entries": entry(note=lambda text, _: text)}, "log-checkpoint-invalid", "is no checkpoint",
    ),
    "checkpoint with another key's hint": (
        {"entries": entry(note=lambda text, line: f"{text}\n{line.rsplit(' ', 1)[0]} {b64(b'0000' + base64.b64decode(line.split()[-1])[4:])}\n")},
        "log-checkpoint-invalid", "no signature of the checkpoint",
    ),
    "second generation with a promise": (
        {
            "generation": 2,
            "stamps": [GOOD.stamp(SIGNATURE)],
            "entry": {"members": {"inclusionPromise": {"signedEntryTimestamp": b64(b"x")}}},
        },
        "log-promise-invalid", "makes no promises",
    ),
    "kind announced as another": (
        {"entries": entry(kind_version={"kind": "hashedrekord", "version": "0.0.1"})}, "log-entry-malformed", "announced as hashedrekord",
    ),
    "unknown kind": (
        {"entries": entry(body={"kind": "helm", "apiVersion": "0.0.1", "spec": {}})}, "log-entry-malformed", "which is not read",
    ),
    "rekord not of X.509": (
        {"entries": entry(body={
            "kind": "rekord", "apiVersion": "0.0.1",
            "spec": body1("rekord", "application/vnd.in-toto+json", PAYLOAD, SIGNATURE, pem(LEAF))["spec"] | {"signature": {"format": "pgp"}},
        })},
        "log-entry-malformed", "not made with X.509",
    ),
    "envelope of the oldest kind": (
        {"entries": entry(body={
            "kind": "intoto", "apiVersion": "0.0.1",
            "spec": {"content": {"hash": {"algorithm": "sha256", "value": "0" * 64}}, "publicKey": b64(pem(LEAF))},
        })},
        "log-entry-of-other-signature", "another digest of the envelope",
    ),
}  # fmt: skip
for kind, bodies in OTHER_BODY.items():
    for what, body in bodies.items():
        LOG_CASES[f"{kind} about another {what}"] = (
            {"entries": entry(body=body)}, "log-entry-of-other-signature", f"records another {what}",
        )  # fmt: skip


@pytest.mark.parametrize("case", LOG_CASES)
def test_log_entry_that_proves_nothing(case: str) -> None:
    """Whatever is wrong with it alone, the signature does not count."""
    changes, code, told = LOG_CASES[case]
    found = refused(judge(made(**changes)))
    assert found[0] == code
    assert told in found[1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hashes.0", flipped),
        ("hashes", lambda one: one[:-1]),
        ("hashes", lambda one: [*one, one[0]]),
        ("hashes", []),
        ("rootHash", flipped),
        ("logIndex", "4"),
        ("logIndex", "7"),
        ("treeSize", "6"),
        ("hashes.0", b64(b"short")),
    ],
)
def test_proof_that_does_not_add_up(path: str, value: Any) -> None:
    """Changed path, root, place or size."""
    where = f"verificationMaterial.tlogEntries.0.inclusionProof.{path}"
    code, told = refused(judge(changed(made(), where, value)))
    assert code == "log-proof-invalid" or (
        path == "treeSize" and code in {"log-proof-invalid", "log-checkpoint-invalid"}
    )
    assert told


@pytest.mark.parametrize("what", ["digest", "signature", "certificate"])
def test_entry_of_the_second_generation_about_another_signature(what: str) -> None:
    """Its body names bytes, signature and certificate in its own way."""
    arguments: dict[str, Any] = {
        "payload": b"{}" if what == "digest" else PAYLOAD,
        "signature": b"0" + SIGNATURE if what == "signature" else SIGNATURE,
        "leaf": GOOD.leaf() if what == "certificate" else LEAF,
    }
    one = rekor2("application/vnd.in-toto+json", **arguments)
    code, told = refused(judge(made(entries=[one], stamps=[GOOD.stamp(SIGNATURE)])))
    assert code == "log-entry-of-other-signature"
    assert f"records another {what}" in told


def test_log_that_is_not_believed_any_more() -> None:
    """The time of signing lies outside of the time in which the log is believed (CVE-2026-54787)."""
    old = Sigstore(log_window=(START, SIGNED_AT - DAY))
    assert refused(judge(made(), signer(old)))[0] == "log-not-valid-then"
    assert isinstance(judge(made(), signer(Sigstore(log_window=(START, SIGNED_AT)))).result, Counts), (
        "the end is inclusive"
    )
    assert refused(judge(made(), signer(Sigstore(log_window=(SIGNED_AT + DAY, None)))))[0] == "log-not-valid-then"


def test_log_with_a_key_of_another_kind() -> None:
    """A key that is not understood proves nothing, and the rest of the file stays usable."""
    root = GOOD.trusted_root()
    root["tlogs"][0]["publicKey"]["rawBytes"] = b64(b"a key of the future")
    assert refused(judge(made(), signer(root=packed(root))))[0] == "log-unknown"
    stamped = made(generation=2, stamps=[GOOD.stamp(SIGNATURE)])
    assert isinstance(judge(stamped, signer(root=packed(root))).result, Counts)


def test_without_a_log_where_the_signer_does_without() -> None:
    """With `log: none` a timestamp is enough, an entry is not looked at, and the words say so (S19)."""
    without = made(entries=[], stamps=[GOOD.stamp(SIGNATURE)])
    result = judge(without, signer(log="none")).result
    assert isinstance(result, Counts)
    assert "no transparency log" in result.detail
    assert refused(judge(made(), signer(log="none")))[0] == "signed-time-missing", (
        "a promise without its log is no time"
    )


# Times


def test_time_that_nobody_vouches_for() -> None:
    """A proof of inclusion covers the entry, not the time beside it (CVE-2024-55655, CVE-2026-48816)."""
    proven_only = made(entries=entry(members={"inclusionPromise": None}))
    assert refused(judge(proven_only))[0] == "signed-time-missing"
    stamped = made(entries=entry(members={"inclusionPromise": None}), stamps=[GOOD.stamp(SIGNATURE)])
    assert isinstance(judge(stamped).result, Counts)


STRANGE = Sigstore()
STAMPS: dict[str, bytes] = {
    "by another authority": GOOD.stamp(
        SIGNATURE,
        certificate=tsa_leaf(by=private("stranger"), key=private("stranger tsa")),
        key=private("stranger tsa"),
    ),
    "by another key in the authority's name": GOOD.stamp(SIGNATURE, key=private("stranger")),
    "over another signature": GOOD.stamp(b"another signature"),
    "signed over another content (CVE-2025-52556)": GOOD.stamp(SIGNATURE, forged=True),
    "not granted": GOOD.stamp(SIGNATURE, status=2),
    "no timestamp": b"\x30\x03\x02\x01\x00",
    "too large": b"\x30" * 70_000,
    "with its own root inside": GOOD.stamp(
        SIGNATURE,
        certificate=tsa_leaf(by=private("evil root"), key=private("evil tsa")),
        key=private("evil tsa"),
        embed=(
            tsa_leaf(by=private("evil root"), key=private("evil tsa")),
            authority("tsa root", private("evil root"), "tsa root", private("evil root")),
        ),
    ),
}


@pytest.mark.parametrize("case", STAMPS)
def test_timestamp_that_proves_nothing(case: str) -> None:
    """Alone it is no time; beside the promise of a log it does no harm."""
    alone = made(generation=2, stamps=[STAMPS[case]])
    assert refused(judge(alone))[0] == "timestamp-invalid"
    assert isinstance(judge(made(stamps=[STAMPS[case]])).result, Counts)


@pytest.mark.parametrize(
    ("instance", "case"),
    [
        (Sigstore(tsa_window=(START, SIGNED_AT - DAY)), "believed no more"),
        (Sigstore(tsa_window=(SIGNED_AT + DAY, None)), "not believed yet"),
        (Sigstore(tsa={"last": SIGNED_AT - DAY}), "certificate expired"),
        (Sigstore(tsa={"first": SIGNED_AT + DAY}), "certificate not yet valid"),
        (Sigstore(tsa={"eku": ExtendedKeyUsageOID.CODE_SIGNING}), "certificate for something else"),
        (Sigstore(tsa={"critical": False}), "usage not critical (RFC 3161, 2.3)"),
    ],
)
def test_timestamp_authority_that_is_not_believed_then(instance: Sigstore, case: str) -> None:
    """Its window, its certificate and what that is for."""
    stamp = instance.stamp(SIGNATURE)
    assert refused(judge(made(generation=2, stamps=[stamp]), signer(instance)))[0] == "timestamp-invalid", case


def test_timestamp_authority_is_believed_to_the_last_moment() -> None:
    """The end of its window is inclusive."""
    instance = Sigstore(tsa_window=(START, SIGNED_AT))
    assert isinstance(judge(made(generation=2, stamps=[instance.stamp(SIGNATURE)]), signer(instance)).result, Counts)


def test_same_timestamp_twice() -> None:
    """It cannot prove more than once."""
    twice = made(generation=2, stamps=[GOOD.stamp(SIGNATURE)] * 1)
    stamps = twice["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    assert refused(judge(changed(twice, "verificationMaterial.timestampVerificationData.rfc3161Timestamps", stamps * 2))) == (
        "signature-malformed", "the bundle has the same timestamp twice",
    )  # fmt: skip


def test_timestamp_where_it_is_asked_for() -> None:
    """`timestamp: required` is not met by the promise of a log."""
    strict = signer(timestamp="required")
    assert refused(judge(made(), strict)) == ("timestamp-missing", "it has no timestamp")
    bad = judge(made(stamps=[STAMPS["not granted"]]), strict)
    assert refused(bad) == ("timestamp-missing", "none of its 1 timestamps verifies")
    assert isinstance(judge(made(stamps=[GOOD.stamp(SIGNATURE)]), strict).result, Counts)


def test_signed_in_the_future() -> None:
    """More than five minutes ahead nobody can tell which clock is wrong (S6)."""
    for early, counts in ((5 * MINUTE, True), (6 * MINUTE, False)):
        result = judge(made(), at=SIGNED_AT - early).result
        assert isinstance(result, Counts) is counts
        assert counts or (isinstance(result, Unchecked) and result.reason.code == "signed-in-future")


# Certificates


def leaf_case(**changes: Any) -> dict[str, Any]:
    """Sign with a certificate that was issued with changes."""
    return GOOD.bundle(PAYLOAD, leaf=GOOD.leaf(**changes))


LEAF_CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "expired before signing": ({"first": SIGNED_AT - DAY}, "certificate-not-valid-then", "it was signed 2026-06-01T12:00:00Z"),
    "not yet valid": ({"first": SIGNED_AT + MINUTE}, "certificate-not-valid-then", "is valid from 2026-06-01T12:01:00Z"),
    "for servers": ({"eku": ExtendedKeyUsageOID.SERVER_AUTH}, "certificate-not-for-signing", "codeSigning"),
    "for anything": ({"eku": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}, "certificate-not-for-signing", "codeSigning"),
    "for nothing": ({"eku": None}, "certificate-not-for-signing", "codeSigning"),
    "without digitalSignature": (
        {"usage": usage(key_encipherment=True)}, "certificate-not-for-signing", "digitalSignature",
    ),
    "may sign certificates": (
        {"usage": usage(digital_signature=True, key_cert_sign=True)}, "certificate-not-for-signing", "certificate authority",
    ),
    "an authority": (
        {"more": [(x509.BasicConstraints(ca=True, path_length=None), True)]}, "certificate-not-for-signing", "certificate authority",
    ),
    "unknown critical extension": (
        {"more": [(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]}, "certificate-chain-invalid", "1.2.3.4",
    ),
    "by another authority of the same name": ({"issuer_key": private("stranger"), "sct": {"issuer": private("stranger")}}, "certificate-untrusted", "leads to no authority"),
    "without a promise of a certificate log": ({"sct": None}, "sct-missing", "carries no promise"),
    "promise by another key": ({"sct": {"by": private("stranger")}}, "sct-invalid", "no certificate log"),
    "promise in another log's name": ({"sct": {"log": private("stranger")}}, "sct-invalid", "no certificate log"),
    "without key usage": ({"usage": None}, "certificate-not-for-signing", "digitalSignature"),
    "an extension that cannot be read": (
        {"more": [(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.36"), b"\1"), False)]}, "certificate-chain-invalid", "cannot be read",
    ),
    "promise of another log": (
        {"sct": {"by": private("stranger"), "log": private("stranger")}}, "sct-invalid", "no certificate log",
    ),
    "promise for another issuer": ({"sct": {"issuer": private("stranger")}}, "sct-invalid", "no certificate log"),
    "two names": (
        {"sans": [x509.UniformResourceIdentifier(SAN), x509.UniformResourceIdentifier("https://github.com/x/y")]},
        "certificate-name-refused", "has 2 subject alternative names",
    ),
    "no name": ({"sans": []}, "certificate-name-refused", "has 0 subject alternative names"),
    "a host name": ({"sans": [x509.DNSName("github.com")]}, "certificate-name-refused", "DNSName"),
    "a percent sign": (
        {"sans": [x509.UniformResourceIdentifier("https://github.com/acme%2Fapp")]}, "certificate-name-refused", "printable ASCII",
    ),
    "a blank": ({"sans": [x509.UniformResourceIdentifier(SAN + " ")]}, "certificate-name-refused", "printable ASCII"),
    "user information": (
        {"sans": [x509.UniformResourceIdentifier("https://github.com@evil.example/acme/app")]}, "certificate-name-refused", "user information",
    ),
    "a very long name": (
        {"sans": [x509.UniformResourceIdentifier(SAN + "x" * 2048)]}, "certificate-name-refused", "printable ASCII",
    ),
    "no issuer": ({"claims": {n: v for n, v in CLAIMS.items() if n not in {1, 8}}}, "issuer-ambiguous", "names no issuer"),
    "two issuers": ({"claims": CLAIMS | {1: "https://evil.example"}}, "issuer-ambiguous", "names the issuers https://evil.example"),
    "another issuer": ({"claims": CLAIMS | {1: GITHUB + "/", 8: GITHUB + "/"}}, "issuer-mismatch", f"{GITHUB}/ vouched for"),
    "another repository": (
        {"claims": CLAIMS | {12: "https://github.com/acme/app2", 5: "acme/app2"}}, "claim-mismatch", "claims the repository https://github.com/acme/app2",
    ),
    "another repository in the old claim": ({"claims": CLAIMS | {5: "evil/app"}}, "claim-mismatch", "evil/app"),
    "no repository": (
        {"claims": {n: v for n, v in CLAIMS.items() if n not in {5, 12}}}, "claim-missing", "claims no repository",
    ),
    "another ref": ({"claims": CLAIMS | {14: "refs/heads/main"}}, "claim-mismatch", "claims the ref refs/heads/main"),
    "another ref in the old claim": ({"claims": CLAIMS | {6: "refs/heads/main"}}, "claim-mismatch", "claims the ref refs/heads/main"),
}  # fmt: skip
for case, san in {
    "a name that only ends alike": "https://evil.example/?" + SAN,
    "a name that only begins alike": "https://github.com/acme/app-evil/.github/workflows/release.yml@refs/tags/v1",
    "another case": SAN.replace("acme", "Acme"),
    "another workflow": SAN.replace("release.yml", "test.yml"),
    "a branch": SAN.replace("refs/tags/v1.0.0", "refs/heads/v1.0.0"),
    "a deeper ref than the glob": SAN + "/x",
    "two at signs": SAN + "@x",
    "an owner with an at sign": SAN.replace("acme/app", "acme@x/app"),
}.items():
    LEAF_CASES[case] = (
        {"sans": [x509.UniformResourceIdentifier(san)]},
        "identity-mismatch",
        "signed; https://github.com/acme/app",
    )
LEAF_CASES["an address that looks like it"] = (
    {"sans": [x509.RFC822Name("a@acme.example")]},
    "identity-mismatch",
    "a@acme.example",
)


@pytest.mark.parametrize("case", LEAF_CASES)
def test_certificate_that_does_not_count(case: str) -> None:
    """Everything else about the signature is as it should be."""
    changes, code, told = LEAF_CASES[case]
    found = refused(judge(leaf_case(**changes)))
    assert found[0] == code
    assert told in found[1]


MIDDLE_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "no authority": ({"ca": False, "pathlen": None}, "is no certificate authority"),
    "without basic constraints": ({"basic": False}, "is no certificate authority"),
    "without key usage": ({"usage": None}, "may not sign certificates"),
    "may not sign certificates": ({"usage": usage(digital_signature=True)}, "may not sign certificates"),
    "for servers": ({"eku": ExtendedKeyUsageOID.SERVER_AUTH}, "may not issue certificates for code signing"),
    "unknown critical extension": (
        {"more": [(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]}, "1.2.3.4",
    ),
    "name constraints (CVE-2026-69248)": (
        {"more": [(x509.NameConstraints([x509.DNSName("acme.example")], None), True)]}, "2.5.29.30",
    ),
    "name constraints, not critical": (
        {"more": [(x509.NameConstraints([x509.DNSName("acme.example")], None), False)]}, "2.5.29.30",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MIDDLE_CASES)
def test_certificate_in_between_that_may_not_issue(case: str) -> None:
    """The trusted root names it, and it is still not taken for more than it is."""
    changes, told = MIDDLE_CASES[case]
    instance = Sigstore(middle=GOOD.intermediate(**changes))
    code, said = refused(judge(made(), signer(instance)))
    assert code == "certificate-chain-invalid"
    assert told in said


@pytest.mark.parametrize("which", ["leaf", "middle", "root"])
def test_certificate_signed_with_a_weak_hash(which: str) -> None:
    """SHA-224 is what the library still makes; SHA-1 it refuses by itself. A root's own signature proves nothing."""
    weak = hashes.SHA224()
    if which == "leaf":
        candidate = judge(leaf_case(algorithm=weak))
    elif which == "middle":
        candidate = judge(made(), signer(Sigstore(middle=GOOD.intermediate(algorithm=weak))))
    else:
        root = authority("root", private("root"), "root", private("root"), algorithm=weak)
        assert isinstance(judge(made(), signer(Sigstore(root=root))).result, Counts)
        return
    code, told = refused(candidate)
    assert (code, "is signed with sha224" in told) == ("certificate-chain-invalid", True)


def test_instance_with_ed25519_keys() -> None:
    """Certificates and signatures of that kind have no hash of their own."""
    middle = authority("middle", private("middle", "ed25519"), "root", private("root"), pathlen=0)
    by = private("signer", "ed25519")
    leaf = GOOD.leaf(by, issuer_key=private("middle", "ed25519"), sct={"issuer": private("middle", "ed25519")})
    bundle = GOOD.bundle(PAYLOAD, key=by, leaf=leaf)
    assert isinstance(judge(bundle, signer(Sigstore(middle=middle))).result, Counts)


def test_root_that_allows_nobody_below() -> None:
    """The path length of the root is that of the whole path."""
    root = authority("root", private("root"), "root", private("root"), pathlen=0)
    code, told = refused(judge(made(), signer(Sigstore(root=root))))
    assert (code, "may have 0 authorities below it" in told) == ("certificate-chain-invalid", True)


@pytest.mark.parametrize("which", ["middle", "root"])
def test_certificate_above_that_was_not_valid_then(which: str) -> None:
    """The whole chain has to be valid at the time of signing (CVE-2026-24122)."""
    if which == "middle":
        instance = Sigstore(middle=GOOD.intermediate(last=SIGNED_AT - DAY))
    else:
        instance = Sigstore(root=authority("root", private("root"), "root", private("root"), last=SIGNED_AT - DAY))
    assert refused(judge(made(), signer(instance)))[0] == "certificate-not-valid-then"


@pytest.mark.parametrize("window", [(START, SIGNED_AT - DAY), (SIGNED_AT + DAY, None)])
def test_authority_that_is_not_believed_then(window: tuple[datetime, datetime | None]) -> None:
    """The trusted root says when each authority is believed."""
    assert refused(judge(made(), signer(Sigstore(ca_window=window))))[0] == "authority-not-valid-then"


def test_certificate_log_that_is_not_believed_then() -> None:
    """The promise was made outside of the log's window."""
    assert refused(judge(made(), signer(Sigstore(ct_window=(START, SIGNED_AT - DAY)))))[0] == "sct-invalid"
    result = judge(leaf_case(sct=None), signer(sct="none")).result
    assert isinstance(result, Counts)
    assert "no certificate log" in result.detail, "what was done without is said (S19)"


def test_certificate_log_with_a_key_of_another_kind() -> None:
    """It proves nothing, and breaks nothing."""
    root = changed(GOOD.trusted_root(), "ctlogs.0.publicKey.rawBytes", b64(b"a key of the future"))
    assert refused(judge(made(), signer(root=packed(root))))[0] == "sct-invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"more": [(x509.BasicConstraints(ca=False, path_length=None), True)]},
        {"claims": {number: value for number, value in CLAIMS.items() if number != 1}},
        {"claims": {number: value for number, value in CLAIMS.items() if number != 8}},
        {"claims": {number: value for number, value in CLAIMS.items() if number not in {5, 6}}},
        {"claims": {number: value for number, value in CLAIMS.items() if number not in {12, 14}}},
    ],
)
def test_certificates_of_all_ages_count(changes: dict[str, Any]) -> None:
    """Older ones have the first form of issuer, repository and ref, newer ones the second, most have both."""
    assert isinstance(judge(leaf_case(**changes)).result, Counts)


def test_time_beyond_all_calendars() -> None:
    """A log may promise a number that is no time."""
    far = 2**62
    body = base64.b64decode(entry()[0]["canonicalizedBody"])
    log_id = base64.b64decode(entry()[0]["logId"]["keyId"])
    promised = packed({"body": b64(body), "integratedTime": far, "logID": log_id.hex(), "logIndex": 1234})
    promise = {"signedEntryTimestamp": b64(sign(private("rekor"), promised))}
    late = entry(members={"integratedTime": str(far), "inclusionPromise": promise})
    assert refused(judge(made(entries=late))) == ("log-promise-invalid", f"the log entry 1234 has the time {far}")


def test_one_time_outside_is_enough() -> None:
    """Every proven time has to hold: a second timestamp cannot be ignored."""
    late = GOOD.stamp(SIGNATURE, SIGNED_AT + 30 * MINUTE)
    assert refused(judge(made(stamps=[late])))[0] == "certificate-not-valid-then"
    both = made(generation=2, stamps=[GOOD.stamp(SIGNATURE), late])
    assert refused(judge(both))[0] == "certificate-not-valid-then"


def test_two_authorities_of_one_name() -> None:
    """An authority whose key was rolled over stands twice in the root; the one that issued counts."""
    other = GOOD.intermediate()
    root = GOOD.trusted_root()
    again = authority("middle", private("new middle"), "root", private("root"), pathlen=0)
    twin = Sigstore(middle=again).trusted_root()["certificateAuthorities"]
    assert other != again
    for order in (twin + root["certificateAuthorities"], root["certificateAuthorities"] + twin):
        made_root = root | {"certificateAuthorities": order}
        assert isinstance(judge(made(), signer(root=packed(made_root))).result, Counts)


def test_signature_by_another_key() -> None:
    """Log and certificate agree about a signature that the certificate's key did not make."""
    assert refused(judge(GOOD.bundle(PAYLOAD, by=private("stranger"))))[0] == "certificate-signature-invalid"


def test_certificate_with_a_key_that_is_not_accepted() -> None:
    """A short RSA key makes no signature that counts."""
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    weak: Any = rsa.generate_private_key(65537, 1024)  # noqa: S505 -- that it is refused is the point
    leaf = GOOD.leaf(weak)
    signature = weak.sign(pae("application/vnd.in-toto+json", PAYLOAD), padding.PKCS1v15(), hashes.SHA256())
    code, told = refused(judge(GOOD.bundle(PAYLOAD, leaf=leaf, signature=signature)))
    assert (code, "1024 bits" in told) == ("certificate-not-for-signing", True)


# Bundles


def with_chain(bundle: dict[str, Any], version: str, *above: x509.Certificate) -> dict[str, Any]:
    """Write a bundle as the older versions do."""
    material = dict(bundle["verificationMaterial"])
    certificates = [material.pop("certificate")]
    certificates += [{"rawBytes": b64(one.public_bytes(serialization.Encoding.DER))} for one in above]
    material["x509CertificateChain"] = {"certificates": certificates}
    return bundle | {
        "mediaType": f"application/vnd.dev.sigstore.bundle+json;version={version}",
        "verificationMaterial": material,
    }


def test_older_versions_of_the_bundle() -> None:
    """0.1 may do with the promise alone, 0.2 may not; both carry a chain."""
    promised = made(entries=entry(members={"inclusionProof": None}))
    result = judge(with_chain(promised, "0.1")).result
    assert isinstance(result, Counts)
    assert "promise only" in result.detail
    assert refused(judge(with_chain(promised, "0.2")))[0] == "log-proof-missing"
    assert isinstance(judge(with_chain(made(), "0.2")).result, Counts)
    wrong = made(entries=entry(note_by=private("stranger")))
    assert refused(judge(with_chain(wrong, "0.1")))[0] == "log-checkpoint-invalid", "what is there has to be right"
    without = made(
        entries=entry(members={"inclusionProof": None, "inclusionPromise": None}), stamps=[GOOD.stamp(SIGNATURE)]
    )
    assert refused(judge(with_chain(without, "0.1")))[0] == "log-proof-missing"


def test_proof_without_checkpoint_in_the_oldest_version() -> None:
    """An unsigned root proves nothing: the promise does, and the words say so."""
    bare = changed(made(), "verificationMaterial.tlogEntries.0.inclusionProof.checkpoint", None)
    result = judge(with_chain(bare, "0.1")).result
    assert isinstance(result, Counts)
    assert "promise only" in result.detail
    assert refused(judge(bare))[0] == "log-checkpoint-invalid"


def test_certificates_that_came_along() -> None:
    """They may stand between, if the root leads to them; a root of their own proves nothing."""
    assert GOOD.middle is not None
    only_root = GOOD.trusted_root()
    only_root["certificateAuthorities"][0]["certChain"]["certificates"].pop(0)
    who = signer(root=packed(only_root))
    assert refused(judge(made(), who))[0] == "certificate-untrusted"
    assert isinstance(judge(with_chain(made(), "0.2", GOOD.middle), who).result, Counts)
    evil_root = authority("root", private("evil"), "root", private("evil"))
    evil = authority("middle", private("middle"), "root", private("evil"), pathlen=0)
    assert refused(judge(with_chain(made(), "0.2", evil, evil_root), who))[0] == "certificate-untrusted"
    assert refused(judge(with_chain(made(), "0.2", evil_root, GOOD.middle), who))[0] == "certificate-untrusted"
    stranger = authority("stranger", private("stranger"), "root", private("evil"))
    assert refused(judge(with_chain(made(), "0.2", stranger, GOOD.middle), who))[0] == "certificate-untrusted"


MALFORMED: dict[str, dict[str, Any] | bytes] = {
    "chain in version 0.3": changed(
        with_chain(made(), "0.2"), "mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"
    ),
    "empty chain": changed(with_chain(made(), "0.2"), "verificationMaterial.x509CertificateChain.certificates", []),
    "certificate that is none": changed(made(), "verificationMaterial.certificate.rawBytes", b64(b"no")),
    "certificate with something behind it": changed(
        made(), "verificationMaterial.certificate.rawBytes", lambda one: b64(base64.b64decode(one) + b"x")
    ),
    "public key as certificate (GHSA-fx35-mq7g-6g98)": changed(
        made(), "verificationMaterial.certificate.rawBytes", b64(spki(private("signer")))
    ),
    "entry without body": changed(made(), "verificationMaterial.tlogEntries.0.canonicalizedBody", ""),
    "entry with a broken number": changed(made(), "verificationMaterial.tlogEntries.0.logIndex", "-1"),
    "entry with a boolean number": changed(made(), "verificationMaterial.tlogEntries.0.logIndex", value=True),
    "entry with a broken id": changed(made(), "verificationMaterial.tlogEntries.0.logId", None),
    "empty signature": changed(made(), "dsseEnvelope.signatures.0.sig", ""),
    "two signatures": changed(made(), "dsseEnvelope.signatures", lambda one: one * 2),
    "no signature": changed(made(), "dsseEnvelope.signatures", []),
    "something behind it": packed(made()) + b"x",
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_bundle_that_cannot_be_read(case: str) -> None:
    """Never a traceback, never a pass."""
    assert refused(judge(MALFORMED[case]))[0] == "signature-malformed"


@pytest.mark.parametrize("member", ["tlogEntries", "rfc3161Timestamps"])
def test_endless_lists_are_refused(member: str) -> None:
    """More entries or timestamps than any tool writes (CVE-2024-45395)."""
    where = "verificationMaterial." + ("timestampVerificationData." if member == "rfc3161Timestamps" else "") + member
    value = (
        [made()["verificationMaterial"]["tlogEntries"][0]] * 33
        if member == "tlogEntries"
        else [{"signedTimestamp": "AA=="}] * 33
    )
    code, told = refused(judge(changed(made(), where, value)))
    assert (code, "at most 32 are read" in told) == ("signature-malformed", True)


def test_json_that_reads_two_ways() -> None:
    """Nobody can tell which one the signer meant (S11)."""
    twice = packed(made()).replace(b'{"mediaType":', b'{"mediaType":"x","mediaType":', 1)
    result = judge(twice).result
    assert isinstance(result, Unchecked)
    assert result.reason.code == "signature-ambiguous"


def test_media_type_that_names_another_version() -> None:
    """What the manifest says of the bundle and what it is have to agree."""
    old = with_chain(made(), "0.2")
    listed: dict[str, Any] = {"layers": [descriptor(forge.BUNDLE, packed(old))]}
    world = World()
    forge.put_referrer(world, SUBJECT, packed(old), **listed)
    who = signer()
    (candidate,) = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates
    code, told = refused(candidate)
    assert (code, "the bundle inside is of version 0.2" in told) == ("signature-malformed", True)


def test_key_bundle_is_not_an_identitys() -> None:
    """What may verify is said by the rule file, never by what comes along."""
    by_key = forge.bundle(forge.key(), PAYLOAD)
    assert refused(judge(by_key)) == ("signature-by-key", "it comes with a key and no certificate")


def test_message_signature_is_not_an_images() -> None:
    """Nothing says that an image was meant."""
    bundle = made()
    bundle["messageSignature"] = {"messageDigest": {"algorithm": "SHA2_256", "digest": ""}, "signature": b64(SIGNATURE)}
    del bundle["dsseEnvelope"]
    assert refused(judge(bundle))[0] == "signature-without-statement"


# What is signed


STATEMENTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "another digest": ({"payload": {"subject": [{"digest": {"sha256": "0" * 64}}]}}, "signature-of-other-image", "this image is"),
    "upper case": (
        {"payload": {"subject": [{"digest": {"sha256": SUBJECT.digest.hex.upper()}}]}}, "signature-of-other-image", "this image is",
    ),
    "another algorithm's digest": (
        {"payload": {"subject": [{"digest": {"md5": SUBJECT.digest.hex}}]}}, "signature-of-other-image", "this image is",
    ),
    "contradicting digests": (
        {"payload": {"subject": [{"digest": {"sha256": SUBJECT.digest.hex, "sha512": "0" * 128}}]}}, "signature-contradicts-itself", "another is not",
    ),
    "an attestation": (
        {"payload": {"predicateType": "https://slsa.dev/provenance/v1"}}, "attestation-not-signature", "https://slsa.dev/provenance/v1",
    ),
    "another type of statement": ({"payload": {"_type": "https://in-toto.io/Statement/v9"}}, "signature-malformed", "Statement/v9"),
    "another type of payload": ({"kind": "application/json"}, "signature-wrong-type", "application/json"),
}  # fmt: skip


@pytest.mark.parametrize("case", STATEMENTS)
def test_statement_about_something_else(case: str) -> None:
    """A perfect signature over it is no signature of this image."""
    changes, code, told = STATEMENTS[case]
    payload = packed(forge.statement(SUBJECT, **changes.get("payload", {})))
    found = refused(judge(GOOD.bundle(payload, kind=changes.get("kind", "application/vnd.in-toto+json"))))
    assert (found[0], told in found[1]) == (code, True)


def test_second_subject_is_this_image() -> None:
    """One of several subjects is enough."""
    subjects = [{"digest": {"sha256": "0" * 64}}, {"digest": {"sha256": SUBJECT.digest.hex}}]
    assert isinstance(judge(GOOD.bundle(packed(forge.statement(SUBJECT, subject=subjects)))).result, Counts)


def test_annotations_that_are_asked_for() -> None:
    """Equal text, all of them."""
    subject = [{"digest": {"sha256": SUBJECT.digest.hex}, "annotations": {"env": "prod"}}]
    bundle = GOOD.bundle(packed(forge.statement(SUBJECT, subject=subject)))
    assert isinstance(judge(bundle, signer(annotations={"env": "prod"})).result, Counts)
    for asked in ({"env": "dev"}, {"env": "prod", "x": "y"}):
        assert refused(judge(bundle, signer(annotations=asked)))[0] == "signature-annotation-mismatch"


# Which images (S16)


def test_image_that_the_signer_may_not_vouch_for() -> None:
    """The same signature on an image that was copied to another repository."""
    assert isinstance(judge(made(), signer(any_image=False, images=(Glob("registry.example/acme/*"),))).result, Counts)
    code, told = refused(judge(made(), signer(any_image=False, images=(Glob("registry.example/acme/db"),))))
    assert (code, "may vouch for registry.example/acme/db" in told) == ("signature-for-other-name", True)


# The trusted root


def dated(**changes: Any) -> bytes:
    """Write the file of `gate trust update`."""
    made = {
        "format": "gate-trust/1", "source": "https://tuf.world", "version": "12", "fetched": "2026-05-01T00:00:00Z",
        "expires": "2026-09-01T00:00:00Z", "trustedRoot": GOOD.trusted_root(),
    }  # fmt: skip
    return packed(made | changes)


def test_trusted_root_that_is_too_old() -> None:
    """After its date nobody can tell whether its keys are still to be believed (S22)."""
    result = judge(made(), signer(root=dated())).result
    assert isinstance(result, Counts)
    assert "without a date" not in result.detail
    late = judge(made(), signer(root=dated(expires="2026-06-01T23:59:59Z"))).result
    assert isinstance(late, Unchecked)
    assert late.reason.code == "trusted-root-expired"
    assert "until 2026-06-01T23:59:59Z" in late.detail
    undated = judge(made()).result
    assert isinstance(undated, Counts)
    assert "by a trusted root without a date" in undated.detail


def test_age_that_the_rule_allows() -> None:
    """`trust-max-age` counts from the day of fetching, in both directions."""
    old = dated(expires="2026-06-01T00:00:00Z")
    assert isinstance(judge(made(), signer(root=old, trust_max_age=Duration.from_text("33d"))).result, Counts)
    result = judge(made(), signer(root=dated(), trust_max_age=Duration.from_text("31d"))).result
    assert isinstance(result, Unchecked)
    assert "fetched on 2026-05-01, 32 days ago" in result.detail


def test_one_of_several_roots() -> None:
    """As `gh attestation trusted-root` prints them: the one that is named, and no other."""
    private_root = GOOD.trusted_root(tlogs=[], ctlogs=[])
    private_root["certificateAuthorities"][0]["uri"] = "fulcio.githubapp.com"
    lines = packed(private_root) + b"\n" + packed(Sigstore().trusted_root()) + b"\n"
    who = signer(root=lines, authority="fulcio.githubapp.com", log="none", sct="none")
    assert who.problems() == ()
    bundle = GOOD.bundle(PAYLOAD, leaf=GOOD.leaf(sct=None), generation=0)
    result = judge(bundle, who).result
    assert isinstance(result, Counts)
    assert "no transparency log, no certificate log" in result.detail
    assert [key for key, _ in signer(root=lines).problems()] == ["trusted-root"]
    assert [key for key, _ in signer(root=lines, authority="nobody").problems()] == ["authority"]


def test_root_that_cannot_meet_what_is_asked() -> None:
    """What could never count is a mistake in the rule file."""
    bare = packed(GOOD.trusted_root(tlogs=[], ctlogs=[], timestampAuthorities=[]))
    assert [key for key, _ in signer(root=bare).problems()] == ["log", "sct"]
    assert "timestamp" in dict(signer(root=bare, log="none", sct="none").problems())
    assert dict(signer(root=packed(GOOD.trusted_root(certificateAuthorities=[]))).problems())["trusted-root"]
    stampless = packed(GOOD.trusted_root(timestampAuthorities=[]))
    assert "timestamp" in dict(signer(root=stampless, timestamp="required").problems())
    assert signer(root=stampless).problems() == ()
    assert signer(root=dated(), trust_max_age=Duration.from_text("1d"), authority="fulcio.world").problems() == ()
    assert "trusted-root" in dict(signer(root=b"x", authority="fulcio.world").problems())
    assert "fetched" in dict(signer(trust_max_age=Duration.from_text("1d")).problems())["trust-max-age"]


BAD_ROOTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no validity start": lambda root: changed(root, "tlogs.0.publicKey.validFor", {}),
    "no validity": lambda root: changed(root, "certificateAuthorities.0.validFor", None),
    "broken time": lambda root: changed(root, "ctlogs.0.publicKey.validFor.start", "yesterday"),
    "a day that is none": lambda root: changed(root, "ctlogs.0.publicKey.validFor.start", "2026-02-31T00:00:00Z"),
    "another format": lambda root: root | {"mediaType": "application/json"},
    "no certificates": lambda root: changed(root, "certificateAuthorities.0.certChain.certificates", []),
    "broken certificate": lambda root: changed(
        root, "timestampAuthorities.0.certChain.certificates.0.rawBytes", "AAAA"
    ),
    "nothing in it": lambda root: {"mediaType": root["mediaType"]},
}


@pytest.mark.parametrize("case", BAD_ROOTS)
def test_trusted_root_that_cannot_be_read(case: str) -> None:
    """It is the user's own file: every mistake in it is told when the rules are read."""
    problems = dict(signer(root=packed(BAD_ROOTS[case](GOOD.trusted_root()))).problems())
    assert "trust/root.json" in problems["trusted-root"]


def test_every_option_is_consumed() -> None:
    """Each option set to what can never match makes a good signature count no more (CVE-2025-29778)."""
    assert isinstance(judge(made()).result, Counts)
    never: dict[str, Any] = {
        "trusted_root": key_file(packed(Sigstore(middle=authority("middle", private("n"), "root", private("root"), pathlen=0)).trusted_root())),
        "trust_max_age": None, "authority": None, "log": "none", "sct": None, "timestamp": "required",
        "images": (Glob("never.example/never"),), "any_image": False, "annotations": {"never": "never"},
        "storage": ("legacy",), "repository": "acme/never", "workflow": "never.yml", "ref": Glob("refs/never"),
        "workflow_repository": "never/never", "workflow_ref": Glob("refs/never"), "trigger": Glob("never"),
        "runner": "self-hosted", "environment": Glob("never"), "owner_id": "0", "repository_id": "0",
        "server": "never.example", "issuer": "https://never.example",
    }  # fmt: skip
    assert never.keys() == {option.name for option in dataclasses.fields(GithubWorkflow)}
    for name, value in never.items():
        if value is None:
            continue  # weakens or chooses; its own test is above
        who = signer(**({"any_image": False} if name == "images" else {}) | {name: value})
        world = World()
        forge.put_referrer(world, SUBJECT, packed(made()))
        found = who.verify(SUBJECT, world.gather(who.needs(SUBJECT), SUBJECT), AT).candidates
        assert not any(isinstance(one.result, Counts) for one in found), name


SENT = packed(made())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_a_stranger_writes_is_judged(data: st.DataObject) -> None:
    """Changed bytes anywhere: an answer, never an exception."""
    content = bytearray(SENT)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(judge(bytes(content)).result, Counts | Refused | Unchecked)


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_certificates_of_strangers_are_judged(junk: bytes) -> None:
    """DER that a library may stumble over."""
    raw = base64.b64decode(made()["verificationMaterial"]["certificate"]["rawBytes"])
    place = len(raw) // 2
    bad = changed(
        made(), "verificationMaterial.certificate.rawBytes", b64(raw[:place] + junk + raw[place + len(junk) :])
    )
    result = judge(bad).result
    assert isinstance(result, Refused | Unchecked) or junk in raw
