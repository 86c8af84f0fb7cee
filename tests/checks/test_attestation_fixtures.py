"""What cosign attested is judged as expected.json says: every case, in every way a registry may serve it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.book import make_book
from gate.check import View
from gate.checks.attestation import Attestation
from gate.checks.attestation.conditions import PredicateType, ProvenanceConditions
from gate.evidence import Kind
from gate.finding import Judgement
from gate.oci.platform import Platform
from gate.option import Duration, SignerName
from gate.pattern import Glob
from gate.platforms import PlatformsNeed, find_images
from gate.signer import Signer
from gate.signers.cosign_key import CosignKey
from gate.signers.github_workflow import GithubWorkflow
from gate.subject import Image, Subject
from tests.signers.world import DEMO, FIXTURES, World, key_file, read_layout

AT = datetime(2026, 11, 26, tzinfo=UTC)
LAB = SignerName("lab")
CASES = [
    case
    for case in json.loads((FIXTURES / "expected.json").read_bytes())["cases"]
    if case["method"] == "cosign-attestation"
]
DEMO_CASES = [
    case
    for case in json.loads((DEMO / "expected.json").read_bytes())["cases"]
    if case["method"] == "cosign-attestation"
]
#: Which reasons a case may be refused for, by what expected.json or cosign says about it.
OTHER_KEY, OTHER_TYPE, NONE = (
    {"signature-other-key"},
    {"attestation-other-type", "attestation-missing"},
    {"attestation-missing"},
)


def _name(case: dict[str, Any]) -> str:
    return "-".join(
        [
            case.get("layout", "demo"),
            case["ref"].replace(" ", "@"),
            case["key"],
            case["predicate_type"].rpartition("//")[2],
        ]
    )


def rule(predicate_type: str, **options: Any) -> Attestation:
    """Make a rule whose form is right."""
    made = Attestation(
        predicate_type=(PredicateType.from_text(predicate_type),), **{"signed_by": (LAB,), "on": "image"} | options
    )
    assert made.problems() == ()
    return made


def judge(world: World, subject: Subject, key: bytes, check: Attestation, **options: Any) -> list[Judgement]:
    """Collect and judge, each platform by itself."""
    return judge_by(CosignKey(key=key_file(key), log="none", any_image=True, **options), world, subject, check)


def judge_by(signer: Signer, world: World, subject: Subject, check: Attestation) -> list[Judgement]:
    """Collect and judge for any kind of signer."""
    book = make_book({str(LAB): signer}, ())
    evidence = world.gather((PlatformsNeed(configs=True), *check.needs(subject, book)), subject)
    images = find_images(subject, evidence, configs=True).images
    # The config of the keyless fixture's image was not kept; nothing here reads it.
    images = images or (Image(Platform("linux", "amd64"), subject.digest, None, None),)
    return [check.judge(View(subject, image, images, evidence, book), AT) for image in images]


def codes(judgements: list[Judgement]) -> set[str]:
    """Give the codes of findings; nothing may be undecided."""
    assert not any(judgement.undecided for judgement in judgements)
    return {finding.reason.code for judgement in judgements for finding in judgement.findings}


def _expected(case: dict[str, Any]) -> set[str]:
    if case["verdict"] == "none":
        return NONE
    return OTHER_TYPE if "predicate type" in case["peer"].get("message", case.get("why", "")) else OTHER_KEY


@pytest.mark.parametrize(
    ("case", "api"),
    [
        pytest.param(case, api, id=f"{_name(case)}-{'api' if api else 'no-api'}")
        for case in CASES
        for api in (True, False)
        if api or case["ref"].startswith("legacy")  # bundles of this layout hang on the referrers API alone
    ],
)
def test_attestation_gets_its_verdict(case: dict[str, Any], api: bool) -> None:  # noqa: FBT001 -- two registries
    """Each row of expected.json."""
    world, subjects = read_layout(FIXTURES / case["layout"], api=api)
    subject = subjects[case["ref"]]
    assert str(subject.digest) == case["digest"]
    found = codes(
        judge(world, subject, (FIXTURES / case["layout"] / case["key"]).read_bytes(), rule(case["predicate_type"]))
    )
    if case["verdict"] == "valid":
        assert found == set()
    else:
        assert found
        assert found <= _expected(case)


@pytest.mark.parametrize("case", DEMO_CASES, ids=_name)
def test_demo_image_gets_its_verdict(case: dict[str, Any]) -> None:
    """Each row of the demo's expected.json, about the digest that it names."""
    world, subjects = read_layout(DEMO / "app")
    tag, _, platform = case["ref"].partition(" ")
    subject = subjects[tag]
    if platform:
        content, media_type = world.manifests[case["digest"]]
        subject = replace(subject, digest=subject.digest.parse(case["digest"]), media_type=media_type, content=content)
    assert str(subject.digest) == case["digest"]
    found = codes(judge(world, subject, (DEMO / "keys" / case["key"]).read_bytes(), rule(case["predicate_type"])))
    if case["verdict"] == "valid":
        assert found == set()
    else:
        assert found
        assert found <= OTHER_KEY | NONE


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_provenance_by_another_builder_does_not_meet_a_rule_that_names_one(storage: str) -> None:
    """The attestation is signed by the right key; only the condition tells."""
    world, subjects = read_layout(FIXTURES / "cosign-attest")
    key = (FIXTURES / "cosign-attest" / "cosign.pub").read_bytes()
    asked = ProvenanceConditions(builder=(Glob("https://ci.example/builder@v1"),))
    check = rule("slsa-provenance", provenance=asked)
    assert codes(judge(world, subjects[f"{storage}-slsa1"], key, check)) == set()
    assert codes(judge(world, subjects[f"{storage}-slsa02"], key, check)) == set()
    (judgement,) = judge(world, subjects[f"{storage}-evil-builder"], key, check)
    (finding,) = judgement.findings
    assert finding.reason.code == "attestation-unmet"
    assert finding.got.endswith(
        ": the builder is https://evil.example/builder@v1; https://ci.example/builder@v1 is asked for"
    )


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_storage_that_the_signer_does_not_use_is_not_asked(storage: str) -> None:
    """`storage` of the signer holds for its attestations too."""
    world, subjects = read_layout(FIXTURES / "cosign-attest")
    key = (FIXTURES / "cosign-attest" / "cosign.pub").read_bytes()
    other = "bundle" if storage == "legacy" else "legacy"
    found = judge(world, subjects[f"{storage}-vuln"], key, rule("cosign-vuln"), storage=(other,))
    assert codes(found) == NONE
    asked = {ask.name.rpartition(".")[2] == "att" for ask in world.asked if "sha256-" in ask.name}
    assert asked == {other == "legacy"}
    assert any(ask.kind is Kind.REFERRERS for ask in world.asked) is (other == "bundle")


def test_platform_without_an_attestation_of_its_own_violates() -> None:
    """The demo's scan is of one platform; the SBOM, though of one platform too, hangs on the index."""
    world, subjects = read_layout(DEMO / "app")
    subject = subjects["1.4.2"]
    key = (DEMO / "keys" / "scanner.pub").read_bytes()
    amd64, arm64 = judge(world, subject, key, rule("cosign-vuln", on=None))
    assert (codes([amd64]), codes([arm64])) == (set(), NONE)
    key = (DEMO / "keys" / "release.pub").read_bytes()
    assert codes(judge(world, subject, key, rule("sbom", on=None))) == NONE
    assert codes(judge(world, subject, key, rule("sbom", on="either"))) == set()
    assert codes(judge(world, subject, key, rule("slsa-provenance", on=None))) == set()


def workflow(ref: str = "refs/tags/*") -> GithubWorkflow:
    """Make the signer of the keyless fixtures."""
    root = key_file((FIXTURES / "cosign-keyless" / "trusted_root.json").read_bytes(), "trust/root.json")
    return GithubWorkflow(
        trusted_root=root, repository="acme/app", workflow="release.yml", ref=Glob(ref), any_image=True
    )


def test_identity_attests_at_a_time_that_a_log_proves() -> None:
    """Keyless: the time of the log counts for `max-age`, not what the predicate says."""
    world, subjects = read_layout(FIXTURES / "cosign-keyless")
    subject = subjects["attested"]
    for age, expected in (("1d", set[str]()), ("30m", {"attestation-stale"})):
        check = rule("cosign-custom", max_age=Duration.from_text(age))
        at = judge_by(workflow(), world, subject, check)
        assert codes(at) == expected
    assert codes(judge_by(workflow("refs/heads/*"), world, subject, rule("cosign-custom"))) == {"identity-mismatch"}
    asked = {"/Data": (Glob('{"passed":true}**'),)}
    (judgement,) = judge_by(workflow(), world, subject, rule("cosign-custom", fields=asked))
    assert codes([judgement]) == {"attestation-unmet"}
    assert '/Data is {"passed":false}' in judgement.findings[0].got
