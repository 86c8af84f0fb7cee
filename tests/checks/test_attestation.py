"""The check `attestation`: which statements count, and what breaks a rule, each with its reason."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from gate.attached import Storage
from gate.book import make_book
from gate.check import View
from gate.checks.attestation import Attestation
from gate.checks.attestation.conditions import (
    PatternRegex,
    PredicateType,
    ProvenanceConditions,
    SbomConditions,
    SummaryConditions,
)
from gate.errors import RuleFileError
from gate.evidence import Found, Kind, Look
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_INDEX, OCI_MANIFEST
from gate.option import Duration, SignerName
from gate.pattern import Glob, Regex
from gate.platforms import PlatformsNeed, find_images
from gate.refusals import ED25519PH
from gate.ruleset.load import load_ruleset
from gate.signer import Candidate, Counts, Identity, Sealed, Unchecked, Vouching
from gate.signers.cosign_key import CosignKey
from gate.subject import Subject
from tests.signers import forge
from tests.signers.world import World, descriptor, key_file, packed, unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.attached import Parcel
    from gate.evidence import Evidence, Need
    from gate.finding import Judgement
    from gate.signer import Signer

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLACE = "registry.example/acme/app"
V1, V02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
VSA, VULN = "https://slsa.dev/verification_summary/v1", "https://cosign.sigstore.dev/attestation/vuln/v1"
CDX, SPDX = "https://cyclonedx.org/bom", "https://spdx.dev/Document"
A, B = SignerName("alice"), SignerName("bob")
ATT_TYPE = "application/vnd.dsse.envelope.v1+json"


def config(architecture: str = "amd64") -> bytes:
    """Make the config of an image."""
    return packed(
        {"os": "linux", "architecture": architecture, "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}
    )


def put_image(world: World, architecture: str = "amd64") -> dict[str, object]:
    """Store an image; give its descriptor."""
    world.put_blob(config(architecture))
    content = packed(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config(architecture)),
            "layers": [],
        }
    )
    world.put_manifest(content)
    return descriptor(OCI_MANIFEST, content, platform={"os": "linux", "architecture": architecture})


def subject_of(world: World, entry: Mapping[str, object]) -> Subject:
    """Give a stored manifest as a subject."""
    content, media_type = world.manifests[str(entry["digest"])]
    return Subject(f"{PLACE}:1.0.0", PLACE, PLACE, "1.0.0", Digest.of(content), media_type, content)


def single() -> tuple[World, Subject]:
    """Make a repository with an image for one platform."""
    world = World()
    return world, subject_of(world, put_image(world))


def double(*more: dict[str, object]) -> tuple[World, Subject, Subject, Subject]:
    """Make a repository with an index of two platforms, and `more` members; give the index and both images."""
    world = World()
    entries = [put_image(world, name) for name in ("amd64", "arm64")]
    content = packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, *more]})
    world.put_manifest(content, OCI_INDEX)
    amd64, arm64 = (subject_of(world, entry) for entry in entries)
    return world, subject_of(world, descriptor(OCI_INDEX, content)), amd64, arm64


def signer(name: str = "alice", **options: Any) -> CosignKey:
    """Make a signer for the key of that name."""
    return CosignKey(key=key_file(forge.key(name).public_pem), log="none", **{"any_image": True} | options)


SIGNERS: Mapping[str, Signer] = {"alice": signer(), "bob": signer("bob")}


def rule(predicate_type: str = V1, **options: Any) -> Attestation:
    """Make a rule whose form is right."""
    forms = {} if {"any_of", "all_of", "of"} & set(options) else {"signed_by": (A,)}
    made = Attestation(predicate_type=(PredicateType.from_text(predicate_type),), **forms | options)
    assert made.problems() == ()
    return made


def judge(
    world: World, subject: Subject, check: Attestation, signers: Mapping[str, Signer] = SIGNERS, at: datetime = AT
) -> tuple[Judgement, ...]:
    """Collect and judge, each platform by itself."""
    book = make_book(signers, ())
    evidence = world.gather((PlatformsNeed(configs=True), *check.needs(subject, book)), subject)
    images = find_images(subject, evidence, configs=True).images
    assert images
    return tuple(check.judge(View(subject, image, images, evidence, book), at) for image in images)


def outcome(judgement: Judgement) -> tuple[list[str], list[str]]:
    """Give the codes of findings and of undecided points."""
    return (
        [finding.reason.code for finding in judgement.findings],
        [point.reason.code for point in judgement.undecided],
    )


def one(world: World, subject: Subject, check: Attestation, **more: Any) -> tuple[list[str], list[str]]:
    """Judge an image for one platform."""
    (judgement,) = judge(world, subject, check, **more)
    return outcome(judgement)


def got(world: World, subject: Subject, check: Attestation, **more: Any) -> str:
    """Give what the one finding says was found."""
    (judgement,) = judge(world, subject, check, **more)
    (finding,) = judgement.findings
    return finding.got


def attest(
    world: World, subject: Subject, predicate: object, kind: str = V1, /, by: str = "alice", **changes: Any
) -> str:
    """Attest with a bundle; `hint` is what the annotation says, other changes replace members of the statement."""
    hint = changes.pop("hint", kind)
    statement = forge.statement(subject, predicateType=kind, predicate=predicate) | changes
    content = packed(forge.bundle(forge.key(by), packed(statement)))
    annotations = {} if hint is None else {forge.PREDICATE: hint}
    return forge.put_referrer(world, subject, content, annotations=annotations)


def attest_at_tag(world: World, subject: Subject, *envelopes: dict[str, object]) -> None:
    """Put envelopes at the tag `sha256-….att`."""
    layers = []
    for envelope in envelopes:
        world.put_blob(packed(envelope))
        layers.append(descriptor(ATT_TYPE, packed(envelope), annotations={forge.SIGNATURE: ""}))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config()),
        "layers": layers,
    }
    world.put_manifest(packed(manifest), tag=f"sha256-{subject.digest.hex}.att")


def envelope(payload: bytes, by: str = "alice", kind: str = "application/vnd.in-toto+json") -> dict[str, object]:
    """Seal a payload as cosign does at the tag."""
    sealed = forge.bundle(forge.key(by), payload, kind)["dsseEnvelope"]
    assert isinstance(sealed, dict)
    return sealed


PROVENANCE: dict[str, Any] = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {
                "ref": "refs/tags/v1.0.0", "repository": "https://github.com/acme/app", "path": ".github/build.yml",
            }
        },
        "internalParameters": {"github": {"event_name": "push"}},
        "resolvedDependencies": [
            {"uri": "git+https://github.com/acme/app@refs/tags/v1.0.0", "digest": {"gitCommit": "a" * 40}},
            {"uri": "pkg:docker/alpine@3.22", "digest": {"sha256": "b" * 64}},
        ],
    },
    "runDetails": {
        "builder": {"id": "https://ci.example/builder@v1"},
        "metadata": {"finishedOn": "2026-11-20T09:00:00Z"},
    },
}  # fmt: skip
SUMMARY: dict[str, Any] = {
    "verifier": {"id": "https://verifier.example"},
    "timeVerified": "2026-11-25T00:00:00Z",
    "resourceUri": "pkg:docker/app",
    "policy": {"uri": "https://policy.example/1"},
    "verificationResult": "PASSED",
    "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
}
BOM: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "components": [
        {"name": "busybox", "version": "1.37", "purl": "pkg:apk/alpine/busybox@1.37", "supplier": {"name": "Alpine"}},
        {"name": "app", "version": "1", "components": [{"name": "lib", "version": "2", "purl": "pkg:pypi/lib@2"}]},
    ],
}
DOCUMENT: dict[str, Any] = {
    "spdxVersion": "SPDX-2.3",
    "packages": [
        {
            "name": "busybox", "versionInfo": "1.37", "supplier": "NOASSERTION",
            "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/busybox@1.37"}],
        }
    ],
}  # fmt: skip


def changed(document: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    """Give a copy with one value replaced, or taken away if `to` is None."""
    made = copy.deepcopy(document)
    part: Any = made
    for step in path[:-1]:
        part = part[step]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return made


# --- which statements count


@pytest.mark.parametrize("storage", ["tag", "referrer"])
def test_attested_image_satisfies_and_is_told(storage: str) -> None:
    """A note says who attested what, and where it was."""
    world, subject = single()
    statement = packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE))
    if storage == "tag":
        attest_at_tag(world, subject, envelope(statement))
    else:
        attest(world, subject, PROVENANCE)
    (judgement,) = judge(world, subject, rule())
    assert outcome(judgement) == ([], [])
    (note,) = judgement.notes
    assert note.what.startswith("attested by alice: key sha256:")
    assert f"({V1}: ECDSA P-256 key, {storage}, no transparency log)" in note.what


def test_image_without_attestations_violates() -> None:
    """Every place gave a definite answer; what to do is told with the image's name."""
    world, subject = single()
    (judgement,) = judge(world, subject, rule())
    assert outcome(judgement) == (["attestation-missing"], [])
    (finding,) = judgement.findings
    assert finding.what == "alice has attested nothing of this kind about this image"
    assert (finding.expected, finding.got) == ("an attestation by alice", "no attestation")
    assert (finding.about.get("signer"), finding.about.get("predicate-type")) == ("alice", V1)
    assert f"{PLACE}@{subject.digest}" in finding.fix
    (judgement,) = judge(world, replace(subject, repository=""), rule())
    assert "REPOSITORY@DIGEST" in judgement.findings[0].fix
    assert len(judgement.looked) == 3


def test_signature_is_no_attestation() -> None:
    """CVE-2022-35929: something by the right key is there, and it is not what was asked for."""
    world, subject = single()
    forge.attach(world, subject, forge.key("alice"))
    assert got(world, subject, rule()).endswith("passed over: it is the signature of the image, and no attestation")
    assert one(world, subject, rule()) == (["attestation-missing"], [])


def test_type_in_the_signed_statement_decides_and_not_the_annotation() -> None:
    """An SBOM that is annotated as provenance is no provenance."""
    world, subject = single()
    attest(world, subject, BOM, CDX, hint=V1)
    assert one(world, subject, rule()) == (["attestation-other-type"], [])
    assert f"it is an attestation of the type {CDX}" in got(world, subject, rule())


def test_attestation_without_an_annotation_is_read() -> None:
    """The annotation only saves requests."""
    world, subject = single()
    attest(world, subject, PROVENANCE, hint=None)
    assert one(world, subject, rule()) == ([], [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": [{"digest": {"sha256": "0" * 64}}]}, "signature-of-other-image"),
        ({"subject": []}, "signature-malformed"),
        ({"subject": [None]}, "signature-malformed"),
        ({"subject": [{"name": "x"}]}, "signature-malformed"),
        ({"_type": "https://in-toto.io/Statement/v9"}, "signature-malformed"),
        ({"predicateType": None}, "signature-malformed"),
    ],
)
def test_statement_that_is_not_about_this_image_does_not_count(changes: dict[str, Any], code: str) -> None:
    """Though the right key signed it."""
    world, subject = single()
    attest(world, subject, PROVENANCE, **changes)
    assert one(world, subject, rule()) == ([code], [])


def test_upper_case_digest_does_not_count() -> None:
    """Hex is compared as it is written."""
    world, subject = single()
    attest(world, subject, PROVENANCE, subject=[{"digest": {"sha256": subject.digest.hex.upper()}}])
    assert one(world, subject, rule()) == (["signature-of-other-image"], [])


def test_digests_that_contradict_each_other_do_not_count() -> None:
    """S12."""
    world, subject = single()
    attest(world, subject, PROVENANCE, subject=[{"digest": {"sha256": subject.digest.hex, "sha512": "0" * 128}}])
    assert one(world, subject, rule()) == (["signature-contradicts-itself"], [])


def test_image_may_be_any_of_several_subjects() -> None:
    """Provenance of a release names every artifact."""
    world, subject = single()
    subjects = [{"digest": {"sha256": "0" * 64}}, {"digest": {"sha256": subject.digest.hex}}]
    attest(world, subject, PROVENANCE, subject=subjects)
    assert one(world, subject, rule()) == ([], [])


def test_payload_of_another_type_does_not_count() -> None:
    """The payload type is signed, and has to be in-toto's."""
    world, subject = single()
    payload = packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE))
    attest_at_tag(world, subject, envelope(payload, kind="application/json"))
    assert one(world, subject, rule()) == (["signature-wrong-type"], [])


def test_two_signatures_in_one_envelope_do_not_count() -> None:
    """Nobody could say which one the verdict rests on."""
    world, subject = single()
    sealed = envelope(packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE)))
    sealed["signatures"] = [*sealed["signatures"], *sealed["signatures"]]  # type: ignore[misc]
    attest_at_tag(world, subject, sealed)
    assert one(world, subject, rule()) == (["signature-malformed"], [])


@pytest.mark.parametrize("by", ["bob", "nobody"])
def test_attestation_by_somebody_else_does_not_count(by: str) -> None:
    """The right key is the rule's."""
    world, subject = single()
    attest(world, subject, PROVENANCE, by=by)
    assert one(world, subject, rule()) == (["signature-other-key"], [])


def test_changed_payload_does_not_count() -> None:
    """The signature is over every byte."""
    world, subject = single()
    sealed = envelope(packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE)))
    sealed["payload"] = forge.b64(packed(forge.statement(subject, predicateType=V1, predicate={})))
    attest_at_tag(world, subject, sealed)
    assert one(world, subject, rule()) == (["signature-other-key"], [])


def test_envelope_with_a_certificate_beside_it_is_told_as_keyless() -> None:
    """The key of the rule is the only thing that verifies (GHSA-fx35-mq7g-6g98)."""
    world, subject = single()
    sealed = packed(envelope(packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE)), by="bob"))
    world.put_blob(sealed)
    layer = descriptor(ATT_TYPE, sealed, annotations={"dev.sigstore.cosign/certificate": "-----BEGIN CERTIFICATE"})
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [layer],
                "config": descriptor("application/vnd.oci.image.config.v1+json", config())}  # fmt: skip
    world.put_manifest(packed(manifest), tag=f"sha256-{subject.digest.hex}.att")
    assert "a certificate made it (keyless)" in got(world, subject, rule())


@pytest.mark.parametrize(
    "junk", [b"", b"no json", b"[]", b"{}", b'{"payload": 1}', b'{"a": 1, "a": 2}', b"[" * 100_000]
)
def test_junk_beside_a_good_attestation_blocks_nobody(junk: bytes) -> None:
    """And junk alone never satisfies."""
    world, subject = single()
    forge.put_referrer(world, subject, junk, annotations={forge.PREDICATE: V1})
    findings, undecided = one(world, subject, rule())
    assert findings or undecided
    attest(world, subject, PROVENANCE)
    assert one(world, subject, rule()) == ([], [])


def test_signer_vouches_only_for_its_images() -> None:
    """S16: the name in the statement has to be one of the signer's, and this image's."""
    mine = {"alice": signer(any_image=False, images=(Glob("registry.example/acme/*"),))}
    for name, expected in ((PLACE, []), ("registry.example/acme/other", ["signature-for-other-name"]),
                           ("evil.example/app", ["signature-for-other-name"]), ("", ["signature-without-name"])):  # fmt: skip
        world, subject = single()
        attest(world, subject, PROVENANCE, subject=[{"name": name, "digest": {"sha256": subject.digest.hex}}])
        assert one(world, subject, rule(), signers=mine) == (expected, [])


def test_revoked_key_attests_nothing() -> None:
    """The signer's days hold for its attestations."""
    world, subject = single()
    attest(world, subject, PROVENANCE)
    mine = {"alice": signer(revoked=datetime(2026, 11, 26, tzinfo=UTC).date())}
    assert one(world, subject, rule(), signers=mine) == (["key-revoked"], [])


# --- the image, and its platforms


def test_attestation_of_the_index_is_one_of_every_platform() -> None:
    """A platform's own counts for that platform only."""
    world, index, amd64, _ = double()
    attest(world, amd64, PROVENANCE)
    assert [outcome(judged) for judged in judge(world, index, rule())] == [([], []), (["attestation-missing"], [])]
    attest(world, index, PROVENANCE)
    assert [outcome(judged) for judged in judge(world, index, rule())] == [([], []), ([], [])]


def test_attestation_of_another_platform_does_not_count() -> None:
    """Neither by hanging there nor by naming it."""
    world, index, amd64, arm64 = double()
    attest(world, amd64, PROVENANCE, subject=[{"digest": {"sha256": arm64.digest.hex}}])
    codes = [outcome(judged) for judged in judge(world, index, rule())]
    assert codes == [(["signature-of-other-image"], []), (["attestation-missing"], [])]


@pytest.mark.parametrize(("on", "expected"), [("image", [[], []]), ("platform", [["attestation-missing"]] * 2)])
def test_rule_says_what_has_to_be_attested(on: str, expected: list[list[str]]) -> None:
    """Only there is looked."""
    world, index, *_ = double()
    attest(world, index, PROVENANCE)
    assert [outcome(judged)[0] for judged in judge(world, index, rule(on=on))] == expected
    asked = {ask.name for ask in world.asked if ask.name.endswith(".att")}
    assert (f"sha256-{index.digest.hex}.att" in asked) is (on == "image")
    assert len(asked) == (1 if on == "image" else 2)


@pytest.mark.parametrize(("kind", "predicate"), [(CDX, BOM), (VULN, {}), (SPDX, DOCUMENT)])
def test_sbom_or_scan_of_an_index_says_nothing_about_a_platform(kind: str, predicate: object) -> None:
    """S10: unless the rule says so."""
    world, index, *_ = double()
    attest(world, index, predicate, kind)
    assert [outcome(judged)[0] for judged in judge(world, index, rule(kind))] == [["attestation-missing"]] * 2
    assert [outcome(judged)[0] for judged in judge(world, index, rule(kind, on="image"))] == [[]] * 2


# --- what could not be read


@pytest.mark.parametrize("where", ["tag", "list", "blob"])
def test_place_that_does_not_answer_leaves_it_undecided_if_nothing_counts(where: str) -> None:
    """And changes nothing if something does."""
    world, subject = single()
    tag, listing = f"sha256-{subject.digest.hex}.att", str(subject.digest)
    if where == "blob":
        attest(world, subject, PROVENANCE, by="bob")
        blob = next(name for name, content in world.blobs.items() if b"dsseEnvelope" in content)
        world.faults[Kind.BLOB, blob] = unavailable()
    else:
        place = (Kind.MANIFEST, tag) if where == "tag" else (Kind.REFERRERS, listing)
        world.faults[place] = unavailable("401")
    (judgement,) = judge(world, subject, rule())
    assert outcome(judgement)[0] == []
    assert set(outcome(judgement)[1]) == {"attestations-not-read"}
    assert judgement.undecided[0].what.startswith("whether alice has attested this cannot be told: ")
    if where == "tag":
        attest(world, subject, PROVENANCE)
        assert one(world, subject, rule()) == ([], [])


def test_place_where_the_signer_keeps_nothing_need_not_answer() -> None:
    """`storage: bundle`."""
    world, subject = single()
    attest(world, subject, PROVENANCE)
    world.faults[Kind.MANIFEST, f"sha256-{subject.digest.hex}.att"] = unavailable()
    mine = {"alice": signer(storage=("bundle",))}
    assert one(world, subject, rule(of_several="all"), signers=mine) == ([], [])
    both = {"alice": signer(storage=("bundle",)), "bob": signer("bob")}
    attest(world, subject, PROVENANCE, by="bob")
    assert one(world, subject, rule(all_of=(A, B)), signers=both) == ([], [])


def test_signer_is_not_asked_about_what_hangs_where_it_keeps_nothing() -> None:
    """Another signer of the rule looks there."""
    world, subject = single()
    attest_at_tag(world, subject, envelope(packed(forge.statement(subject, predicateType=V1, predicate=PROVENANCE))))
    both = {"alice": signer(storage=("bundle",)), "bob": signer("bob")}
    (judgement,) = judge(world, subject, rule(any_of=(A, B)), signers=both)
    assert outcome(judgement) == (["attestation-quorum"], [])
    assert judgement.findings[0].got.startswith("alice: no attestation; bob: sha256-")


# --- who


def test_quorum_counts_distinct_principals() -> None:
    """As the check `signature` does; one signer twice is one."""
    world, subject = single()
    for _ in range(2):
        attest(world, subject, PROVENANCE)
    check = rule(all_of=(A, B))
    (judgement,) = judge(world, subject, check)
    assert outcome(judgement) == (["signature-other-key"], [])
    assert judgement.findings[0].about.get("signer") == "bob"
    assert one(world, subject, rule(any_of=(A, B))) == ([], [])
    assert one(world, subject, rule(at_least=2, of=(A, B))) == (["signature-other-key"], [])
    attest(world, subject, PROVENANCE, by="bob")
    assert one(world, subject, check) == ([], [])


def test_nobody_has_attested() -> None:
    """The finding lists both."""
    world, subject = single()
    (judgement,) = judge(world, subject, rule(any_of=(A, B)))
    assert outcome(judgement) == (["attestation-quorum"], [])
    assert judgement.findings[0].got == "alice: no attestation; bob: no attestation"
    same = {"alice": signer(), "bob": signer()}
    attest(world, subject, PROVENANCE)
    assert one(world, subject, rule(all_of=(A, B)), signers=same) == (["attestation-same-principal"], [])


@dataclass(frozen=True)
class Witness:
    """A signer whose signatures have a proven time, or that signs images only."""

    kind: ClassVar[str] = "witness"

    times: Mapping[str, datetime]

    def needs(self, subject: Subject) -> frozenset[Need]:
        return frozenset()

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        return Vouching()

    def principal(self) -> Identity | None:
        return Identity("witness", "w")

    def seals(self) -> frozenset[Storage]:
        return frozenset({Storage.REFERRER})

    def verify_envelope(self, parcel: Parcel, subject: Subject, at: datetime) -> Sealed:
        sealed = signer().verify_envelope(parcel, subject, at)
        if not isinstance(sealed.candidate.result, Counts):
            return sealed
        return replace(sealed, signed_at=self.times.get(str(sealed.statement and sealed.statement.predicate)))


@dataclass(frozen=True)
class ImagesOnly:
    """A signer that cannot attest."""

    kind: ClassVar[str] = "images-only"

    by: Identity | None = None
    result: Counts | Unchecked = Counts("signed")

    def needs(self, subject: Subject) -> frozenset[Need]:
        return frozenset()

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        return Vouching((Candidate(Look("somewhere", "200"), self.by, self.result),) if self.by else ())

    def principal(self) -> Identity | None:
        return self.by


def test_signer_that_cannot_attest_leaves_it_undecided() -> None:
    """It is no mistake of the image."""
    world, subject = single()
    attest(world, subject, PROVENANCE)
    (judgement,) = judge(world, subject, rule(), signers={"alice": ImagesOnly()})
    assert outcome(judgement) == ([], ["signer-cannot-attest"])
    assert "a signer of the kind images-only signs images, not attestations" in judgement.undecided[0].what


# --- when


def test_max_age_is_about_a_proven_time() -> None:
    """A key's signature has none; what the statement says of itself counts only if the rule says so."""
    world, subject = single()
    attest(world, subject, PROVENANCE)
    old, young = Duration.from_text("5d"), Duration.from_text("7d")
    assert one(world, subject, rule(max_age=young)) == ([], ["attestation-undated"])
    assert one(world, subject, rule(max_age=young, time="stated")) == ([], [])
    assert one(world, subject, rule(max_age=old, time="stated")) == (["attestation-stale"], [])
    assert got(world, subject, rule(max_age=Duration.from_text("3d"), time="stated")).endswith("than 3d by 3 days")
    assert got(world, subject, rule(max_age=old, time="stated")).endswith(
        "it was made, as it says itself, at 2026-11-20T09:00:00Z, older than 5d by 1 day"
    )
    proven = {"alice": Witness({str(PROVENANCE): AT - timedelta(days=6)})}
    (judgement,) = judge(world, subject, rule(max_age=young), signers=proven)
    assert outcome(judgement) == ([], [])
    assert judgement.notes[0].what.endswith("no transparency log, at 2026-11-20T12:00:00Z)")
    exactly = {"alice": Witness({str(PROVENANCE): AT - timedelta(days=5)})}
    assert one(world, subject, rule(max_age=old), signers=exactly) == ([], [])
    little = {"alice": Witness({str(PROVENANCE): AT - timedelta(days=5, minutes=90)})}
    assert got(world, subject, rule(max_age=old), signers=little).endswith("older than 5d by 90 min")
    assert one(world, subject, rule(max_age=old), signers=proven) == (["attestation-stale"], [])


@pytest.mark.parametrize(("minutes", "code"), [(5, []), (6, ["time-in-future"]), (60 * 24 * 365, ["time-in-future"])])
def test_time_in_the_future_leaves_it_undecided(minutes: int, code: list[str]) -> None:
    """S6: of either kind, and also where the rule asks for no age."""
    when = AT + timedelta(minutes=minutes)
    world, subject = single()
    predicate = changed(PROVENANCE, "runDetails", "metadata", "finishedOn", to=when.isoformat())
    attest(world, subject, predicate)
    stated = rule(max_age=Duration.from_text("1d"), time="stated")
    assert one(world, subject, stated) == ([], code)
    proven = {"alice": Witness({str(predicate): when})}
    assert one(world, subject, rule(), signers=proven) == ([], code)


@pytest.mark.parametrize("stated", [None, "", "yesterday", "0001-01-01T00:00:00Z"])
def test_predicate_without_a_time_is_undated(stated: str | None) -> None:
    """It is not taken for old, and not for new."""
    world, subject = single()
    attest(world, subject, changed(PROVENANCE, "runDetails", "metadata", "finishedOn", to=stated))
    check = rule(max_age=Duration.from_text("1d"), time="stated")
    assert one(world, subject, check) == ([], ["attestation-undated"])


# --- several


FAILED = changed(SUMMARY, "verificationResult", to="FAILED")


@pytest.mark.parametrize("first", ["good", "bad"])
def test_worst_of_several_results_counts(first: str) -> None:
    """S4: for results; one good provenance is enough, and so is one good result if the rule says so."""
    world, subject = single()
    for predicate in (SUMMARY, FAILED) if first == "good" else (FAILED, SUMMARY):
        attest(world, subject, predicate, VSA)
    assert one(world, subject, rule(VSA)) == (["attestation-disagrees"], [])
    assert "the result of the verification is FAILED; PASSED is asked for" in got(world, subject, rule(VSA))
    assert "says otherwise" in got(world, subject, rule(VSA))
    assert one(world, subject, rule(VSA, of_several="one")) == ([], [])
    evil = changed(PROVENANCE, "runDetails", "builder", "id", to="https://evil.example")
    attest(world, subject, PROVENANCE)
    attest(world, subject, evil)
    asked = ProvenanceConditions(builder=(Glob("https://ci.example/**"),))
    assert one(world, subject, rule(provenance=asked)) == ([], [])
    assert one(world, subject, rule(provenance=asked, of_several="all")) == (["attestation-disagrees"], [])


def test_bad_result_by_another_signer_of_the_rule_counts_too() -> None:
    """A rule that takes either of two does not choose the friendlier one."""
    world, subject = single()
    attest(world, subject, SUMMARY, VSA)
    attest(world, subject, FAILED, VSA, by="bob")
    (judgement,) = judge(world, subject, rule(VSA, any_of=(A, B)))
    assert outcome(judgement) == (["attestation-quorum"], [])
    assert "it counts by itself, but" in judgement.findings[0].got
    assert one(world, subject, rule(VSA)) == ([], [])


def test_bad_result_by_a_stranger_does_not_count() -> None:
    """Nor does one about another image."""
    world, subject = single()
    attest(world, subject, SUMMARY, VSA)
    attest(world, subject, FAILED, VSA, by="stranger")
    attest(world, subject, FAILED, VSA, subject=[{"digest": {"sha256": "0" * 64}}])
    assert one(world, subject, rule(VSA)) == ([], [])


def test_old_bad_result_does_not_count() -> None:
    """Results within `max-age` are compared."""
    world, subject = single()
    attest(world, subject, SUMMARY, VSA)
    attest(world, subject, changed(FAILED, "timeVerified", to="2026-10-01T00:00:00Z"), VSA)
    assert one(world, subject, rule(VSA, max_age=Duration.from_text("7d"), time="stated")) == ([], [])
    assert one(world, subject, rule(VSA, max_age=Duration.from_text("90d"), time="stated")) == (
        ["attestation-disagrees"],
        [],
    )


@pytest.mark.parametrize(("kind", "predicate", "undecided"), [(VSA, SUMMARY, True), (V1, PROVENANCE, False)])
def test_unread_place_matters_where_the_worst_counts(kind: str, predicate: object, undecided: bool) -> None:  # noqa: FBT001 -- two rows
    """S4: a bad result could stand there."""
    world, subject = single()
    attest(world, subject, predicate, kind)
    world.faults[Kind.MANIFEST, f"sha256-{subject.digest.hex}.att"] = unavailable()
    findings, points = one(world, subject, rule(kind))
    assert findings == []
    assert set(points) == ({"attestations-not-read"} if undecided else set())


# --- what is said: provenance


ASKED: dict[str, Any] = {
    "builder": (Glob("https://ci.example/builder@v1"),),
    "build_type": (Glob("https://actions.github.io/buildtypes/workflow/v1"),),
    "source": (Glob("https://github.com/acme/*"),),
    "ref": (Glob("refs/tags/v*"),),
    "revision": (PatternRegex(regex=Regex("a{40}")),),
    "trigger": (Glob("push"), Glob("release")),
    "parameters": {
        "workflow/path": (Glob(".github/build.yml"),), "workflow/ref": (Glob("refs/tags/*"),),
        "workflow/repository": (Glob("**"),),
    },
}  # fmt: skip


def test_provenance_that_says_everything_satisfies() -> None:
    """All conditions together."""
    world, subject = single()
    attest(world, subject, PROVENANCE)
    assert one(world, subject, rule(provenance=ProvenanceConditions(**ASKED))) == ([], [])


SAYS_OTHERWISE = [
    ("builder", ("runDetails", "builder", "id"), "https://ci.example/builder@v1.evil", "the builder is https://ci.example/builder@v1.evil"),
    ("builder", ("runDetails", "builder", "id"), None, "the builder is not said; https://ci.example/builder@v1 is asked for"),
    ("builder", ("runDetails", "builder"), None, "the builder is not said"),
    ("build_type", ("buildDefinition", "buildType"), "https://other", "the build type is https://other"),
    ("source", ("buildDefinition", "externalParameters", "workflow", "repository"), "https://github.com/evil/app", "the source is https://github.com/evil/app"),
    ("source", ("buildDefinition", "externalParameters", "workflow", "repository"), "https://github.com/acme/app/../../evil/app", "the source is https://github.com/acme/app/../../evil/app"),
    ("source", ("buildDefinition", "externalParameters", "workflow", "repository"), "https://user@github.com/acme/app", "the source is https://user@github.com/acme/app"),
    ("source", ("buildDefinition", "externalParameters", "workflow", "repository"), "nonsense", "the source is not said"),
    ("ref", ("buildDefinition", "externalParameters", "workflow", "ref"), "refs/heads/main", "the ref is refs/heads/main"),
    ("revision", ("buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"), "b" * 40, f"the commit is {'b' * 40}"),
    ("revision", ("buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"), "a" * 39, "the commit is not said"),
    ("revision", ("buildDefinition", "resolvedDependencies", 0, "uri"), "git+https://github.com/other/app@refs/tags/v1.0.0", "the commit is not said"),
    ("trigger", ("buildDefinition", "internalParameters", "github", "event_name"), "pull_request_target", "the trigger is pull_request_target"),
    ("trigger", ("buildDefinition", "internalParameters", "github"), None, "the trigger is not said"),
    ("parameters", ("buildDefinition", "externalParameters", "workflow", "path"), ".github/evil.yml", "the parameter workflow/path is .github/evil.yml"),
    ("parameters", ("buildDefinition", "externalParameters", "inputs"), {"debug": True, "x": [None, 1]}, "it has the parameters inputs/debug, inputs/x/1, which the rule does not list"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "path", "value", "sentence"), SAYS_OTHERWISE)
def test_provenance_that_says_otherwise_violates(
    condition: str, path: tuple[str | int, ...], value: object, sentence: str
) -> None:
    """Each condition by itself: removing it from the code makes exactly its rows fail."""
    world, subject = single()
    attest(world, subject, changed(PROVENANCE, *path, to=value))
    check = rule(provenance=ProvenanceConditions(**{condition: ASKED[condition]}))
    assert one(world, subject, check) == (["attestation-unmet"], [])
    assert sentence in got(world, subject, check)


def test_parameters_that_are_not_listed_may_be_allowed() -> None:
    """And may be refused without listing any."""
    world, subject = single()
    attest(world, subject, changed(PROVENANCE, "buildDefinition", "externalParameters", "inputs", to={"debug": "true"}))
    listed = ProvenanceConditions(parameters=ASKED["parameters"], other_parameters="allowed")
    assert one(world, subject, rule(provenance=listed)) == ([], [])
    none = ProvenanceConditions(other_parameters="refused")
    assert one(world, subject, rule(provenance=none)) == (["attestation-unmet"], [])


def test_every_source_of_several_has_to_be_allowed() -> None:
    """A provenance that names two commits or repositories leaves open which one went into the image."""
    dependencies = [
        {"uri": "git+https://github.com/acme/app@refs/tags/v1.0.0", "digest": {"gitCommit": "a" * 40}},
        {"uri": "git+https://github.com/evil/app", "digest": {"gitCommit": "a" * 40}},
    ]
    predicate = changed(PROVENANCE, "buildDefinition", "externalParameters", to={})
    predicate["buildDefinition"]["resolvedDependencies"] = dependencies
    world, subject = single()
    attest(world, subject, predicate)
    check = rule(provenance=ProvenanceConditions(source=ASKED["source"]))
    assert got(world, subject, check).endswith(
        "the source is https://github.com/evil/app; https://github.com/acme/* is asked for"
    )


@pytest.mark.parametrize("predicate", [None, {}, {"builder": None, "invocation": None, "metadata": None}])
def test_provenance_that_says_nothing_meets_no_condition(predicate: object) -> None:
    """Null, unset and empty are the same (SLSA, parsing rules); a star does not match nothing."""
    for kind in (V1, V02):
        world, subject = single()
        attest(world, subject, predicate, kind)
        assert one(world, subject, rule(kind)) == ([], [])
        for name in ("builder", "build_type", "source", "ref", "revision", "trigger"):
            asked: dict[str, Any] = {name: (Glob("**"),)}
            check = rule(kind, provenance=ProvenanceConditions(**asked))
            assert one(world, subject, check) == (["attestation-unmet"], [])


@pytest.mark.parametrize(
    "predicate", [[], "text", {"builder": "x"}, {"builder": {"id": 1}}, {"materials": {}}, {"materials": [1]}]
)
def test_provenance_of_another_shape_is_malformed(predicate: object) -> None:
    """It is signed, and still no provenance."""
    world, subject = single()
    attest(world, subject, predicate, V02)
    assert one(world, subject, rule(V02)) == (["predicate-malformed"], [])


def test_older_provenance_is_read_alike() -> None:
    """SLSA v0.2, as cosign and the GitHub generator write it."""
    predicate = {
        "builder": {"id": "https://ci.example/builder@v1"},
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "invocation": {
            "configSource": {"uri": "git+https://github.com/acme/app@refs/tags/v1.0.0", "digest": {"sha1": "a" * 40}},
            "parameters": {"workflow": {"path": ".github/build.yml", "ref": "refs/tags/v1", "repository": "x"}},
            "environment": {"github_event_name": "push"},
        },
        "materials": [{"uri": "git+https://github.com/acme/app@refs/tags/v1.0.0", "digest": {"sha1": "a" * 40}}],
    }
    world, subject = single()
    attest(world, subject, predicate, V02)
    assert one(world, subject, rule("slsa-provenance", provenance=ProvenanceConditions(**ASKED))) == ([], [])
    evil = changed(predicate, "materials", 0, "digest", "sha1", to="b" * 40)
    world, subject = single()
    attest(world, subject, evil, V02)
    check = rule("slsa-provenance", provenance=ProvenanceConditions(**ASKED))
    assert "the commit is bbbb" in got(world, subject, check)


# --- what is said: SBOMs, summaries, fields


@pytest.mark.parametrize(
    ("kind", "predicate", "options", "sentence"),
    [
        (CDX, BOM, {"components": 3}, None),
        (CDX, BOM, {"components": 4}, "it lists 3 components; at least 4 are asked for"),
        (CDX, {"bomFormat": "CycloneDX"}, {}, "it lists 0 components; at least 1 are asked for"),
        (CDX, {"bomFormat": "CycloneDX"}, {"components": 0}, None),
        (CDX, BOM, {"names": "required"}, None),
        (CDX, changed(BOM, "components", 0, "version", to=None), {"names": "required"}, "1 components are without name and version: busybox"),
        (CDX, changed(BOM, "components", 0, "name", to=None), {"names": "required"}, "1 components are without name and version: ?"),
        (CDX, BOM, {"purls": "required"}, "1 components are without package URL: app"),
        (CDX, BOM, {"suppliers": "required"}, "2 components are without supplier: app, lib"),
        (CDX, BOM, {"deny": (Glob("pkg:pypi/**"),)}, "it lists pkg:pypi/lib@2, which pkg:pypi/** denies"),
        (CDX, BOM, {"deny": (Glob("app"),)}, "it lists app, which app denies"),
        (CDX, BOM, {"deny": (Glob("pkg:npm/**"),)}, None),
        (SPDX, DOCUMENT, {"names": "required", "purls": "required"}, None),
        (SPDX, DOCUMENT, {"suppliers": "required"}, "1 components are without supplier: busybox"),
        (SPDX, DOCUMENT, {"deny": (Glob("pkg:apk/**"),)}, "it lists pkg:apk/alpine/busybox@1.37, which"),
        ("https://spdx.dev/Document/v2.3", DOCUMENT, {}, None),
    ],
)  # fmt: skip
def test_sbom_is_asked(kind: str, predicate: object, options: dict[str, Any], sentence: str | None) -> None:
    """Both formats, each condition."""
    world, subject = single()
    attest(world, subject, predicate, kind)
    check = rule("sbom", sbom=SbomConditions(**options))
    if sentence is None:
        assert one(world, subject, check) == ([], [])
    else:
        assert one(world, subject, check) == (["attestation-unmet"], [])
        assert sentence in got(world, subject, check)


@pytest.mark.parametrize(
    ("kind", "predicate", "expected"),
    [
        (CDX, DOCUMENT, (["predicate-malformed"], [])),
        (CDX, {"components": [{"name": "x"}]}, (["predicate-malformed"], [])),
        (CDX, None, (["predicate-malformed"], [])),
        (CDX, {"bomFormat": "CycloneDX", "components": {}}, (["predicate-malformed"], [])),
        (CDX, {"bomFormat": "CycloneDX", "components": [1]}, (["predicate-malformed"], [])),
        (SPDX, BOM, (["predicate-malformed"], [])),
        (SPDX, {"spdxVersion": "SPDX-2.3", "packages": [{"name": 1}]}, (["predicate-malformed"], [])),
        (SPDX, {"@context": "https://spdx.org/rdf/3.0.1", "@graph": []}, ([], ["predicate-unsupported"])),
    ],
)
def test_sbom_of_another_format_does_not_count(
    kind: str, predicate: object, expected: tuple[list[str], list[str]]
) -> None:
    """Also where nothing is asked of it."""
    world, subject = single()
    attest(world, subject, predicate, kind)
    assert one(world, subject, rule("sbom")) == expected


@pytest.mark.parametrize(
    ("path", "value", "options", "sentence"),
    [
        (("verificationResult",), "PASSED", {}, None),
        (("verificationResult",), "FAILED", {}, "the result of the verification is FAILED"),
        (("verificationResult",), "passed", {}, "the result of the verification is passed"),
        (("verificationResult",), None, {}, "the result of the verification is not said"),
        (("verifier", "id"), "https://other", {"verifier": (Glob("https://verifier.example"),)}, "the verifier is https://other"),
        (("resourceUri",), "pkg:docker/other", {"resource": (Glob("pkg:docker/app"),)}, "the resource is pkg:docker/other"),
        (("policy", "uri"), "x", {"policy": (Glob("https://policy.example/*"),)}, "the policy is x"),
        (("verifiedLevels",), ["SLSA_BUILD_LEVEL_3"], {"build_level": 2}, None),
        (("verifiedLevels",), ["SLSA_BUILD_LEVEL_2"], {"build_level": 2}, None),
        (("verifiedLevels",), ["SLSA_BUILD_LEVEL_2"], {"build_level": 3}, "the SLSA build level that was verified is 2; at least 3"),
        (("verifiedLevels",), ["SLSA_SOURCE_LEVEL_3", "XSLSA_BUILD_LEVEL_3"], {"build_level": 1}, "verified is 0; at least 1"),
        (("verifiedLevels",), None, {"build_level": 1}, "verified is 0; at least 1"),
        (("verifiedLevels",), ["A", "B"], {"levels": ("A", "C")}, "the levels C were not verified"),
    ],
)  # fmt: skip
def test_summary_is_asked(path: tuple[str, ...], value: object, options: dict[str, Any], sentence: str | None) -> None:
    """The MUST steps of the VSA specification."""
    world, subject = single()
    attest(world, subject, changed(SUMMARY, *path, to=value), VSA)
    check = rule("slsa-summary", summary=SummaryConditions(**options))
    if sentence is None:
        assert one(world, subject, check) == ([], [])
    else:
        assert one(world, subject, check) == (["attestation-unmet"], [])
        assert sentence in got(world, subject, check)


@pytest.mark.parametrize(
    ("pointer", "pattern", "sentence"),
    [
        ("/a/b", "x", None),
        ("/a/b", "y", "/a/b is x; y is asked for"),
        ("/a/c", "**", "/a/c is not said; ** is asked for"),
        ("/a", "**", "/a is an object, no single value"),
        ("/l", "**", "/l is a list, no single value"),
        ("/l/1", "2", None),
        ("/l/2", "**", "/l/2 is not said"),
        ("/l/-1", "**", "/l/-1 is not said"),
        ("/l/9999999999", "**", "/l/9999999999 is not said"),
        ("/l/²", "**", "/l/² is not said"),
        ("/l/" + "9" * 5000, "**", "is not said"),
        ("/a/b/0", "**", "/a/b/0 is not said"),
        ("/t", "true", None),
        ("/t", "True", "/t is true; True is asked for"),
        ("/n", "**", "/n is not said"),
        ("/x~1y/~0", "z", None),
    ],
)
def test_fields_of_any_predicate_are_asked(pointer: str, pattern: str, sentence: str | None) -> None:
    """By JSON pointer (RFC 6901)."""
    predicate = {"a": {"b": "x"}, "l": [1, 2], "t": True, "n": None, "x/y": {"~": "z"}}
    world, subject = single()
    attest(world, subject, predicate, "https://example.com/custom/v1")
    check = rule("https://example.com/custom/v1", fields={pointer: (Glob(pattern),)})
    if sentence is None:
        assert one(world, subject, check) == ([], [])
    else:
        assert one(world, subject, check) == (["attestation-unmet"], [])
        assert sentence in got(world, subject, check)


def test_text_that_is_too_long_matches_nothing() -> None:
    """Patterns are put to texts of bounded length."""
    world, subject = single()
    attest(world, subject, changed(PROVENANCE, "runDetails", "builder", "id", to="x" * 5000))
    check = rule(provenance=ProvenanceConditions(builder=(Glob("**"),)))
    assert one(world, subject, check) == (["attestation-unmet"], [])
    assert len(got(world, subject, check)) < 500


# --- BuildKit


def embedded(image: Mapping[str, object], statement: object, world: World, **changes: Any) -> dict[str, object]:
    """Store a statement as BuildKit does; give the member of the index."""
    content = packed(statement)
    world.put_blob(content)
    world.put_blob(b"{}")
    layer = descriptor(
        "application/vnd.in-toto+json", content,
        annotations={"in-toto.io/predicate-type": changes.get("hint", V02)},
    ) | changes.get("layer", {})  # fmt: skip
    manifest = packed(
        {
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [layer] * changes.get("times", 1),
            "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        }
    )  # fmt: skip
    world.put_manifest(manifest)
    annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image["digest"]}
    made = descriptor(
        OCI_MANIFEST, manifest, platform={"os": "unknown", "architecture": "unknown"},
        annotations=annotations | changes.get("annotations", {}),
    )  # fmt: skip
    return {**made, **changes.get("member", {})}


def buildkit(**changes: Any) -> tuple[World, Subject]:
    """Make an index of one platform with a provenance inside."""
    world = World()
    image = put_image(world)
    digest = str(image["digest"]).removeprefix("sha256:")
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": V02,
        "subject": [{"name": "pkg:docker/app", "digest": {"sha256": digest}}],
        "predicate": {"builder": {"id": "https://buildkit.example"}},
    } | changes.pop("statement", {})
    member = embedded(image, statement, world, **changes)
    content = packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [image, member]})
    world.put_manifest(content, OCI_INDEX)
    return world, subject_of(world, descriptor(OCI_INDEX, content))


BUILT = ProvenanceConditions(builder=(Glob("https://buildkit.example"),))


def test_buildkit_counts_as_the_word_of_who_signed_the_index() -> None:
    """S15: unsigned it is ignored, and so it is unless the rule asks."""
    world, index = buildkit()
    check = rule("slsa-provenance", buildkit=True, provenance=BUILT)
    assert one(world, index, check) == (["attestation-missing"], [])
    assert "ignored: unsigned (the signer has not signed the index)" in got(world, index, check)
    forge.attach(world, index, forge.key("bob"))
    assert one(world, index, check) == (["attestation-missing"], [])
    forge.attach(world, index, forge.key("alice"))
    assert one(world, index, check) == ([], [])
    assert one(world, index, rule("slsa-provenance", provenance=BUILT)) == (["attestation-missing"], [])


def test_signature_of_the_platform_does_not_carry_what_stands_in_the_index() -> None:
    """The index names the attestation; the platform's image does not."""
    world, index = buildkit()
    image = next(
        child for child in find_images(index, world.gather((PlatformsNeed(configs=True),), index), configs=True).images
    )
    forge.attach(world, subject_of(world, {"digest": image.digest}), forge.key("alice"))
    assert one(world, index, rule("slsa-provenance", buildkit=True)) == (["attestation-missing"], [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"statement": {"subject": [{"digest": {"sha256": "0" * 64}}]}}, "signature-of-other-image"),
        ({"annotations": {"vnd.docker.reference.digest": "sha256:" + "0" * 64}}, "attestation-missing"),
        ({"layer": {"digest": "sha256:" + "1" * 64}}, "attached-gone"),
        ({"statement": {"predicate": {"builder": {"id": "https://evil.example"}}}}, "attestation-unmet"),
        ({"statement": {"predicateType": CDX}}, "attestation-other-type"),
        ({"statement": {"_type": "x"}}, "attached-malformed"),
        ({"hint": CDX}, "attestation-missing"),
        ({"layer": {"size": 3}}, "attached-malformed"),
    ],
)
def test_what_buildkit_stores_has_to_fit(changes: dict[str, Any], code: str) -> None:
    """The index is signed, and still."""
    world, index = buildkit(**changes)
    forge.attach(world, index, forge.key("alice"))
    mine = {"alice": signer(storage=("bundle",))}
    # The signature of the index is a bundle too; it is passed over as an attestation.
    findings, undecided = one(world, index, rule("slsa-provenance", buildkit=True, provenance=BUILT), signers=mine)
    assert (findings, undecided) == ([code], [])


@pytest.mark.parametrize(
    "member",
    [
        {"platform": {"os": "linux", "architecture": "s390x"}},
        {"annotations": {"vnd.docker.reference.type": "other"}},
    ],
    ids=["platform", "type"],
)
def test_member_that_is_no_attestation_says_nothing(member: dict[str, Any]) -> None:
    """S9: what is for a platform is one, whatever it holds."""
    changes = dict(member)
    platform = changes.pop("platform", None)
    world, index = buildkit(**changes, **({"member": {"platform": platform}} if platform else {}))
    forge.attach(world, index, forge.key("alice"))
    check = rule("slsa-provenance", buildkit=True)
    book = make_book(SIGNERS, ())
    evidence = world.gather((PlatformsNeed(configs=True), *check.needs(index, book)), index)
    first = find_images(index, evidence, configs=True).images[0]
    judged = check.judge(View(index, first, (first,), evidence, book), AT)
    assert outcome(judged) == (["attestation-missing"], [])


def test_statement_of_one_platform_says_nothing_about_another() -> None:
    """Each member refers to one image."""
    world = World()
    images = [put_image(world, name) for name in ("amd64", "arm64")]
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": V02, "predicate": {},
                 "subject": [{"digest": {"sha256": str(one["digest"])[7:]}} for one in images]}  # fmt: skip
    content = packed(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*images, embedded(images[0], statement, world)]}
    )
    world.put_manifest(content, OCI_INDEX)
    index = subject_of(world, descriptor(OCI_INDEX, content))
    forge.attach(world, index, forge.key("alice"))
    judged = judge(world, index, rule("slsa-provenance", buildkit=True))
    assert [outcome(one) for one in judged] == [([], []), (["attestation-missing"], [])]


def test_statement_that_contradicts_itself_does_not_count() -> None:
    """S12."""
    world = World()
    digest = str(put_image(world)["digest"]).removeprefix("sha256:")
    subjects = [{"digest": {"sha256": digest, "sha512": "0" * 128}}]
    world, index = buildkit(statement={"subject": subjects})
    forge.attach(world, index, forge.key("alice"))
    assert one(world, index, rule("slsa-provenance", buildkit=True)) == (["signature-contradicts-itself"], [])


def test_blob_of_another_content_does_not_count() -> None:
    """Of the same size."""
    world, index = buildkit()
    name, content = next((name, blob) for name, blob in world.blobs.items() if b"in-toto.io/Statement/v0.1" in blob)
    world.faults[Kind.BLOB, name] = Found(Look("x", "200"), content.replace(b"buildkit.example", b"buildkat.example"))
    forge.attach(world, index, forge.key("alice"))
    assert one(world, index, rule("slsa-provenance", buildkit=True)) == (["attached-malformed"], [])


@pytest.mark.parametrize("what", ["blob", "large", "many"])
def test_statement_that_is_not_read_leaves_it_undecided(what: str) -> None:
    """It may have been the one."""
    changes: dict[str, dict[str, Any]] = {
        "blob": {}, "large": {"layer": {"size": 16 * 1024 * 1024 + 1}}, "many": {"times": 101},
    }  # fmt: skip
    world, index = buildkit(**changes[what])
    if what == "blob":
        name = next(name for name, blob in world.blobs.items() if b"in-toto.io/Statement/v0.1" in blob)
        world.faults[Kind.BLOB, name] = unavailable()
    forge.attach(world, index, forge.key("alice"))
    findings, undecided = one(world, index, rule("slsa-provenance", buildkit=True))
    assert (findings, set(undecided)) == ([], {"attestations-not-read"})
    if what != "blob":
        assert not any(b"in-toto.io/Statement/v0.1" in world.blobs.get(ask.name, b"") for ask in world.asked)


def test_unread_signature_of_the_index_leaves_it_undecided() -> None:
    """Whether the statements count is not known then."""
    world, index = buildkit()
    world.faults[Kind.MANIFEST, f"sha256-{index.digest.hex}.sig"] = unavailable()
    findings, undecided = one(world, index, rule("slsa-provenance", buildkit=True))
    assert (findings, set(undecided)) == ([], {"attestations-not-read"})


def test_index_that_is_signed_is_so_whatever_else_was_not_read() -> None:
    """A place that did not answer cannot take the signature away."""
    world, index = buildkit()
    forge.attach(world, index, forge.key("alice"))
    world.faults[Kind.MANIFEST, f"sha256-{index.digest.hex}.sig"] = unavailable()
    assert one(world, index, rule("slsa-provenance", buildkit=True)) == ([], [])


def test_signer_of_images_that_has_not_signed_the_index_is_missing() -> None:
    """It could have vouched for what BuildKit stored, so it is no mistake to name it."""
    world, index = buildkit()
    assert one(world, index, rule("slsa-provenance", buildkit=True), signers={"alice": ImagesOnly()}) == (
        ["attestation-missing"],
        [],
    )


def test_signature_of_the_index_that_cannot_be_checked_leaves_it_undecided() -> None:
    """Whether the statements count is not known then either."""
    world, index = buildkit()
    mine = {"alice": ImagesOnly(Identity("notation", "acme"), Unchecked(ED25519PH, "x"))}
    assert one(world, index, rule("slsa-provenance", buildkit=True), signers=mine) == ([], ["signature-ed25519ph"])


def test_signer_of_images_may_vouch_for_what_buildkit_stored() -> None:
    """It signed the index, so it can; for envelopes it cannot."""
    world, index = buildkit()
    mine = {"alice": ImagesOnly(Identity("notation", "acme"))}
    assert one(world, index, rule("slsa-provenance", buildkit=True), signers=mine) == ([], [])


# --- the form of a rule


def load(tmp_path: Path, text: str) -> str:
    """Load a rule file with this rule; give its mistakes."""
    (tmp_path / "key.pub").write_bytes(forge.key("alice").public_pem)
    path = tmp_path / "gate.yaml"
    path.write_text(
        "gate: 1\nsigners:\n  alice: {kind: cosign-key, key: key.pub, log: none, any-image: true}\n"
        f"rules:\n  attested: {{check: attestation, {text}}}\n"
    )
    try:
        load_ruleset([str(path)])
    except RuleFileError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "predicate-type: slsa-provenance, signed-by: alice",
        "predicate-type: [spdx, cyclonedx], signed-by: alice, sbom: {components: 10}",
        "predicate-type: 'https://example.com/x', signed-by: alice, fields: {/a: [b, {regex: 'c+'}]}",
        "predicate-type: slsa-provenance, any-of: [alice, {all-of: [alice, alice]}], provenance: {builder: x}",
        "predicate-type: slsa-summary, signed-by: alice, summary: {build-level: 3}, max-age: 7d, time: stated",
        "predicate-type: slsa-provenance, signed-by: alice, buildkit: true",
        "predicate-type: slsa-provenance, signed-by: alice, buildkit: true, max-age: 7d, time: stated",
        "predicate-type: slsa-summary, signed-by: alice, summary: {verifier: 'https://x.example'}",
        "predicate-type: sbom, signed-by: alice, sbom: {components: 0}",
        "predicate-type: slsa-provenance, signed-by: alice, provenance: {source: {regex: 'git[+]https://.*[.]git'}}",
        "predicate-type: slsa-provenance, signed-by: alice, provenance: {parameters: {a: b}, other-parameters: allowed}",
    ],
)
def test_rule_is_read(tmp_path: Path, text: str) -> None:
    """Every form."""
    assert load(tmp_path, text) == ""


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("signed-by: alice", "lacks the key 'predicate-type'"),
        ("predicate-type: slsa-provenance", "say one of `signed-by: NAME`"),
        ("predicate-type: slsa, signed-by: alice", "'slsa' is no predicate type: write one of slsa-provenance, "),
        ("predicate-type: 'a://b c', signed-by: alice", "is no predicate type"),
        ("predicate-type: [], signed-by: alice", "is an empty list"),
        ("predicate-type: sbom, signed-by: [alice, alice]", "names one signer"),
        ("predicate-type: sbom, signed-by: alice, provenance: {builder: x}", "`provenance` has no effect on the predicate type sbom"),
        ("predicate-type: slsa-summary, signed-by: alice, sbom: {components: 1}", "`sbom` has no effect"),
        ("predicate-type: [sbom, slsa-provenance], signed-by: alice, sbom: {components: 1}", "`sbom` has no effect"),
        ("predicate-type: sbom, signed-by: alice, time: stated", "`time` has no effect without `max-age`"),
        ("predicate-type: sbom, signed-by: alice, fields: {a: b}", "'a' is no JSON pointer"),
        ("predicate-type: sbom, signed-by: alice, sbom: {components: -1}", "-1 is no count"),
        ("predicate-type: slsa-summary, signed-by: alice, summary: {build-level: 4}", "4 is no SLSA build level"),
        ("predicate-type: slsa-provenance, signed-by: alice, provenance: {source: git+https://github.com/a/b.git}", "without git+ and .git: https://github.com/a/b"),
        ("predicate-type: slsa-provenance, signed-by: alice, provenance: {other-parameters: allowed}", "no effect without `parameters`"),
        ("predicate-type: slsa-provenance, signed-by: alice, buildkit: true, max-age: 1d", "what BuildKit stores has no proven time"),
    ],
)  # fmt: skip
def test_mistake_in_a_rule_is_named(tmp_path: Path, text: str, mistake: str) -> None:
    """With what to write instead."""
    assert mistake in load(tmp_path, text)
