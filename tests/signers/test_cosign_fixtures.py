"""What cosign made is judged as expected.json says: every case, in every way a registry may serve it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.signer import Counts, Refused, Unchecked
from gate.signers.cosign_key import CosignKey
from tests.signers.world import DEMO, FIXTURES, key_file, read_layout

AT = datetime(2026, 11, 26, tzinfo=UTC)
MADE_WITH_ANOTHER_KEY = {"signature-other-key"}

CASES = [
    case
    for case in json.loads((FIXTURES / "expected.json").read_bytes())["cases"]
    if case["method"] == "cosign-signature"
]
DEMO_CASES = [
    case for case in json.loads((DEMO / "expected.json").read_bytes())["cases"] if case["method"] == "cosign-signature"
]


def _name(case: dict[str, Any]) -> str:
    return "-".join([case.get("layout", "demo"), case["ref"], case["key"], *case.get("annotations", {}).values()])


def _expected_codes(case: dict[str, Any]) -> set[str]:
    why = case.get("why", "")
    if "annotation" in why:
        return {"signature-annotation-mismatch"}
    if "attestation" in why:
        return {"attestation-not-signature"}
    return MADE_WITH_ANOTHER_KEY


def _judge(world: Any, subject: Any, key: bytes, annotations: dict[str, str] | None) -> tuple[str, set[str]]:
    signer = CosignKey(key=key_file(key), log="none", any_image=True, annotations=annotations)
    assert signer.problems() == ()
    vouching = signer.verify(subject, world.gather(signer.needs(subject), subject), AT)
    assert vouching.unread == ()
    assert vouching.looked
    codes = {one.result.reason.code for one in vouching.candidates if isinstance(one.result, Refused)}
    if any(isinstance(one.result, Counts) for one in vouching.candidates):
        return "valid", codes
    return ("invalid", codes) if vouching.candidates else ("none", codes)


def test_every_expected_case_is_here() -> None:
    """A table that lost its rows would pass."""
    assert len(CASES) == 37
    assert len(DEMO_CASES) == 12


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_fixture_gets_its_verdict(case: dict[str, Any]) -> None:
    """Each row of expected.json, with the reason where nothing counts."""
    world, subjects = read_layout(FIXTURES / case["layout"])
    subject = subjects[case["ref"]]
    assert str(subject.digest) == case["digest"]
    key = (FIXTURES / case["layout"] / case["key"]).read_bytes()
    verdict, codes = _judge(world, subject, key, case.get("annotations"))
    assert verdict == case["verdict"]
    if verdict == "invalid":
        assert codes == _expected_codes(case)


@pytest.mark.parametrize("case", DEMO_CASES, ids=_name)
def test_demo_image_gets_its_verdict(case: dict[str, Any]) -> None:
    """Each row of the demo's expected.json."""
    world, subjects = read_layout(DEMO / "app")
    tag, _, platform = case["ref"].partition(" ")
    subject = subjects[tag]
    if platform:
        content, media_type = world.manifests[case["digest"]]
        subject = subjects[tag].__class__(
            case["ref"], world.place, "", "", subject.digest.parse(case["digest"]), media_type, content
        )
    assert str(subject.digest) == case["digest"]
    verdict, codes = _judge(world, subject, (DEMO / "keys" / case["key"]).read_bytes(), None)
    assert verdict == case["verdict"]
    if verdict == "invalid":
        allowed = {"attestation-not-signature", *MADE_WITH_ANOTHER_KEY}
        assert codes
        assert codes <= allowed


@pytest.mark.parametrize("case", [case for case in CASES if case["layout"].endswith("tagschema")], ids=_name)
def test_fallback_tag_is_asked_where_there_is_no_referrers_api(case: dict[str, Any]) -> None:
    """The same layout, served by a registry without the referrers API."""
    world, subjects = read_layout(FIXTURES / case["layout"], api=False)
    key = (FIXTURES / case["layout"] / case["key"]).read_bytes()
    assert _judge(world, subjects[case["ref"]], key, None)[0] == case["verdict"]


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
@pytest.mark.parametrize("kind", ["p384", "p521", "rsa2048", "rsa3072"])
def test_keys_of_other_kinds_count(kind: str, storage: str) -> None:
    """Cosign 3 signs with the hash of the curve's size; every kind it can make but Ed25519 counts."""
    folder = FIXTURES / "cosign-key-kinds"
    world, subjects = read_layout(folder, api=False)
    key = (folder / f"{kind}.pub").read_bytes()
    assert _judge(world, subjects[f"{kind}-{storage}"], key, None) == ("valid", set())


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_ed25519_of_cosign_cannot_be_checked_and_is_named(storage: str) -> None:
    """Cosign 3 signs with Ed25519 keys as Ed25519ph, which is said and never counts (S20)."""
    folder = FIXTURES / "cosign-key-kinds"
    world, subjects = read_layout(folder, api=False)
    subject = subjects[f"ed25519-{storage}"]
    signer = CosignKey(key=key_file((folder / "ed25519.pub").read_bytes()), log="none", any_image=True)
    (candidate,) = signer.verify(subject, world.gather(signer.needs(subject), subject), AT).candidates
    assert isinstance(candidate.result, Unchecked)
    assert candidate.result.reason.code == "signature-ed25519ph"
    assert "Ed25519ph" in candidate.result.detail


def test_registry_may_type_descriptors_as_the_empty_config() -> None:
    """Some registries list referrers with the config's media type as their artifact type."""
    world, subjects = read_layout(FIXTURES / "cosign-key-bundle")
    for listed in world.referrers.values():
        for entry in listed:
            entry["artifactType"] = "application/vnd.oci.empty.v1+json"
    key = (FIXTURES / "cosign-key-bundle" / "cosign.pub").read_bytes()
    assert _judge(world, subjects["signed"], key, None) == ("valid", set())


def test_both_storages_are_read_at_the_same_time() -> None:
    """The demo image is signed in both; each alone suffices and neither hides the other."""
    world, subjects = read_layout(DEMO / "app")
    signer = CosignKey(key=key_file((DEMO / "keys" / "release.pub").read_bytes()), log="none", any_image=True)
    subject = subjects["1.4.2"]
    vouching = signer.verify(subject, world.gather(signer.needs(subject), subject), AT)
    counted = [one for one in vouching.candidates if isinstance(one.result, Counts)]
    assert sorted("tag" in one.result.detail for one in counted if isinstance(one.result, Counts)) == [False, True]
    assert {one.by for one in counted} == {signer.principal()}
