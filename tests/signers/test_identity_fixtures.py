"""What cosign signed with certificates, and what real instances hold, is judged right (tests/fixtures/signatures)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.pattern import Glob, Regex
from gate.signer import Candidate, Counts, Refused, Signer
from gate.signers.cosign_identity import CosignIdentity
from gate.signers.cosign_key import CosignKey
from gate.signers.github_workflow import GithubWorkflow
from gate.sigstore.claims import Claims
from gate.sigstore.identity import IdentityRegex
from tests.signers.world import FIXTURES, key_file, read_layout

AT = datetime(2026, 11, 26, tzinfo=UTC)
FOLDER = FIXTURES / "cosign-keyless"
ROOT = key_file((FOLDER / "trusted_root.json").read_bytes(), "trust/root.json")
SAN = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
GITHUB = "https://token.actions.githubusercontent.com"

SIGNERS: dict[str, Signer] = {
    "workflow": GithubWorkflow(
        trusted_root=ROOT, repository="acme/app", workflow="release.yml", ref=Glob("refs/tags/*"), any_image=True
    ),
    "exact": CosignIdentity(
        trusted_root=ROOT, issuer=GITHUB, identity=Glob(SAN), any_image=True,
        claims=Claims(repository=Glob("https://github.com/acme/app"), ref=Glob("refs/tags/v*"), trigger=Glob("push")),
    ),
    "regex": CosignIdentity(
        trusted_root=ROOT, issuer=GITHUB, any_image=True, any_repository=True,
        identity=IdentityRegex(regex=Regex(r"https://github\.com/acme/app/\.github/workflows/[a-z]+\.yml@refs/tags/v[0-9.]+")),
    ),
    "reusable": GithubWorkflow(
        trusted_root=ROOT, repository="acme/app", workflow_repository="acme/pipelines", workflow="sign.yml",
        workflow_ref=Glob("refs/tags/v2"), ref=Glob("refs/tags/*"), any_image=True,
    ),
    "user": CosignIdentity(
        trusted_root=ROOT, issuer="https://accounts.google.com", any_image=True,
        identity=Glob("spiffe://acme.example/ns/ci/sa/*"),
    ),
    "key": CosignKey(
        key=key_file((FOLDER / "cosign.pub").read_bytes()), log="required", trusted_root=ROOT, any_image=True
    ),
}  # fmt: skip

OTHER, BY_KEY, ISSUER = "identity-mismatch", "signature-by-key", "issuer-mismatch"
#: What each signer says of each tag; "" is that it counts.
EXPECTED: dict[str, dict[str, str]] = {
    "workflow": {
        "bundle": "", "legacy": "", "annotated": "", "reusable": OTHER, "user": ISSUER,
        "attested": "attestation-not-signature", "key-bundle": BY_KEY, "key-legacy": BY_KEY,
    },
    "exact": {"bundle": "", "legacy": "", "annotated": "", "reusable": OTHER, "user": ISSUER},
    "regex": {"bundle": "", "legacy": "", "annotated": "", "reusable": OTHER, "user": ISSUER},
    "reusable": {"bundle": OTHER, "legacy": OTHER, "reusable": "claim-mismatch", "user": ISSUER},
    "user": {"bundle": ISSUER, "legacy": ISSUER, "user": ""},
    "key": {
        "key-bundle": "", "key-legacy": "", "bundle": "signature-other-key", "legacy": "signature-other-key",
        "attested": "attestation-not-signature",
    },
}  # fmt: skip


def judged(who: Signer, tag: str, *, api: bool = True, at: datetime = AT) -> Candidate:
    """Judge the one signature of a tag."""
    world, subjects = read_layout(FOLDER, api=api)
    subject = subjects[tag]
    candidates = who.verify(subject, world.gather(who.needs(subject), subject), at).candidates
    assert len(candidates) == 1
    return candidates[0]


@pytest.mark.parametrize(("who", "tag"), [(who, tag) for who, tags in EXPECTED.items() for tag in tags])
def test_what_cosign_signed(who: str, tag: str) -> None:
    """Each signer and each image, with the reason."""
    result = judged(SIGNERS[who], tag).result
    reason = result.reason.code if isinstance(result, Refused) else ""
    assert reason == EXPECTED[who][tag]
    assert isinstance(result, Counts if not reason else Refused)


def test_unsigned_image_has_no_candidate() -> None:
    """Nothing there is nothing."""
    world, subjects = read_layout(FOLDER)
    who, subject = SIGNERS["workflow"], subjects["unsigned"]
    assert who.verify(subject, world.gather(who.needs(subject), subject), AT).candidates == ()


def test_words_say_when_and_where() -> None:
    """Time, log and storage of the signature."""
    result = judged(SIGNERS["workflow"], "legacy").result
    assert isinstance(result, Counts)
    for words in ("tag, signed as localhost:18998/acme/app", "signed 2026-11-25T02:08:", "promise only"):
        assert words in result.detail
    logged = judged(SIGNERS["key"], "key-bundle").result
    assert isinstance(logged, Counts)
    assert "(inclusion proof)" in logged.detail


def test_options_of_the_rule_file_are_right() -> None:
    """None of these signers would be refused when rules are read."""
    for name, who in SIGNERS.items():
        assert who.problems() == (), name  # type: ignore[attr-defined]


def test_before_it_was_signed_nobody_can_tell() -> None:
    """At a time before the signature it is not counted, and not refused either."""
    result = judged(SIGNERS["workflow"], "bundle", at=AT - timedelta(days=2)).result
    assert getattr(result, "reason").code == "signed-in-future"  # noqa: B009 -- of any kind of result


# Every bit of what proves the signature matters


def _bits(tag: str) -> list[tuple[str, ...]]:
    world, subjects = read_layout(FOLDER)
    listed = world.referrers[str(subjects[tag].digest)][0]
    manifest = json.loads(world.manifests[str(listed["digest"])][0])
    bundle = json.loads(world.blobs[manifest["layers"][0]["digest"]])
    found: list[tuple[str, ...]] = []

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, (*path, key))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                walk(inner, (*path, str(number)))
        else:
            found.append(path)

    walk(bundle, ())
    return found


@pytest.mark.parametrize("path", _bits("bundle"), ids="/".join)
def test_changed_member_of_a_real_bundle(path: tuple[str, ...]) -> None:
    """Whichever member is changed, it counts no more; but the few that prove nothing here."""
    from tests.signers import forge

    world, subjects = read_layout(FOLDER)
    subject = subjects["bundle"]
    listed = world.referrers.pop(str(subject.digest))[0]
    manifest = json.loads(world.manifests[str(listed["digest"])][0])
    bundle = json.loads(world.blobs[manifest["layers"][0]["digest"]])
    place = bundle
    for step in path[:-1]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key: Any = int(path[-1]) if isinstance(place, list) else path[-1]
    text = str(place[key])
    middle = len(text) // 2
    place[key] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    forge.put_referrer(world, subject, json.dumps(bundle).encode())
    who = SIGNERS["workflow"]
    candidates = who.verify(subject, world.gather(who.needs(subject), subject), AT).candidates
    counts = [isinstance(one.result, Counts) for one in candidates]
    # A log's promise states the time as well, so a broken timestamp beside it is ignored.
    assert counts == ["rfc3161Timestamps" in path]


# Bytes of real instances

PUBLIC = FIXTURES / "public"
JS = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
LOGIN = "https://github.com/login/oauth"
REAL: dict[str, tuple[str, str, str]] = {
    "dsse": ("public-good", "brian@dehamer.com", LOGIN),
    "sigstore-js-provenance": ("public-good", JS, GITHUB),
    "bundle-provenance": ("public-good", JS, GITHUB),
    "oci-attestation": ("trusted_root_pgi", "cody@soyland.com", LOGIN),
    "a.txt": ("public-good", "a@tny.town", LOGIN),
    "othername": ("scaffolding", "foo!oidc.local", "http://oidc.local:8080"),
}


def client(*arguments: str) -> int:
    """Run the client of the conformance suite."""
    from tests.conformance.client import main

    return main(list(arguments))


def artifact(name: str) -> str:
    """Give the digest that a bundle's signature or statement is about."""
    import base64

    bundle = json.loads((PUBLIC / f"{name}.sigstore.json").read_bytes())
    if "messageSignature" in bundle:
        return "sha256:" + base64.b64decode(bundle["messageSignature"]["messageDigest"]["digest"]).hex()
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    name, digits = next(iter(statement["subject"][0]["digest"].items()))
    return f"{name}:{digits}"


@pytest.mark.parametrize("name", REAL)
def test_bundle_of_a_real_instance(name: str) -> None:
    """The public one, and others: every version of the format, with their own trusted roots."""
    root, san, issuer = REAL[name]
    base = ["verify-bundle", "--bundle", str(PUBLIC / f"{name}.sigstore.json")]
    trust = ["--trusted-root", str(PUBLIC / f"{root}.json")]
    who = ["--certificate-identity", san, "--certificate-oidc-issuer", issuer]
    assert client(*base, *who, *trust, artifact(name)) == 0
    assert client(*base, *who, *trust, "sha256:" + "0" * 64) == 1
    assert client(*base, *who[:1], san + "x", *who[2:], *trust, artifact(name)) == 1
    assert client(*base, *who[:3], issuer + "/", *trust, artifact(name)) == 1
    other = "scaffolding" if root != "scaffolding" else "public-good"
    assert client(*base, *who, "--trusted-root", str(PUBLIC / f"{other}.json"), artifact(name)) == 1


def test_two_signatures_in_one_envelope_are_refused() -> None:
    """Nobody could say which one counts (Sigstore client specification, 4.4)."""
    trust = ["--trusted-root", str(PUBLIC / "public-good.json")]
    who = ["--certificate-identity", "brian@dehamer.com", "--certificate-oidc-issuer", LOGIN]
    bundle = ["--bundle", str(PUBLIC / "dsse-2sigs.sigstore.json")]
    assert client("verify-bundle", *bundle, *who, *trust, artifact("dsse-2sigs")) == 1


def test_bundle_signed_with_a_key() -> None:
    """Npm's publish attestation: the registry's key, and an entry in the public log."""
    base = [
        "verify-bundle",
        "--bundle",
        str(PUBLIC / "bundle-publish.sigstore.json"),
        "--key",
        str(PUBLIC / "publish_key.pub"),
    ]
    assert client(*base, "--trusted-root", str(PUBLIC / "public-good.json"), artifact("bundle-publish")) == 0
    assert client(*base, "--trusted-root", str(PUBLIC / "scaffolding.json"), artifact("bundle-publish")) == 1
