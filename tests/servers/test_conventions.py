"""The checks tag and repository, and `gate tags`, on a real registry: what other tags name, and what this one named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checks.test_on_registry import codes
from tests.project.demo import Ran, gate
from tests.servers.registry import OCI_MANIFEST, Running, anonymous_registry, put_blob, put_manifest

pytestmark = pytest.mark.server("docker-registry")

VERSION = "org.opencontainers.image.version"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give an empty registry."""
    with anonymous_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


def push(registry: Running, repository: str, version: str, *tags: str, layers: int = 1, **run: Any) -> str:
    """Push an image of a version under tags; gives its digest."""
    layer = b"a layer of " + version.encode()
    config = json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"User": "10001", "Labels": {VERSION: version}, **run},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{number:064x}" for number in range(layers)]},
        }
    ).encode()
    described = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": put_blob(registry, repository, layer),
        "size": len(layer),
    }
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": put_blob(registry, repository, config), "size": len(config)},
            "layers": [described] * layers,
        }
    ).encode()  # fmt: skip
    return [put_manifest(registry, repository, tag, manifest, OCI_MANIFEST) for tag in tags][-1]


def check(registry: Running, folder: Path, image: str, rule: str) -> Ran:
    """Check an image against one rule."""
    rules = folder / "gate.yaml"
    rules.write_text(f"gate: 1\nrules:\n  it: {{{rule}}}\n", encoding="utf-8")
    return gate(
        "check", f"{registry.authority}/{image}", *registry.options(), "--rules", str(rules), "--format", "json"
    )


FAMILY = "check: tag, allow: ['**'], best-effort: true, siblings: [minor, major, latest], highest-release: [minor, major, latest]"


def test_a_family_of_tags(registry: Running, tmp_path: Path) -> None:
    """All on one digest; then a fix for an older version takes `latest` along."""
    push(registry, "team/family", "1.3.9", "1.3.9", "1.3")
    push(registry, "team/family", "1.4.2", "1.4.2", "1.4", "1", "latest")
    for tag in ("1.4.2", "1.4", "1", "latest", "1.3"):
        assert check(registry, tmp_path, f"team/family:{tag}", FAMILY).code == 0, tag
    push(registry, "team/family", "1.3.10", "1.3.10", "latest")
    for tag, code in (
        ("latest", "tag-not-highest"),
        ("1.3", "tag-not-highest"),
        ("1.3.10", "tag-sibling-differs"),
        ("1.4.2", "tag-sibling-differs"),
    ):
        ran = check(registry, tmp_path, f"team/family:{tag}", FAMILY)
        assert (ran.code, set(codes(ran.report))) == (1, {code}), tag
    push(registry, "team/family", "2.0.0", "2.0.0")
    ran = check(registry, tmp_path, "team/family:2.0.0", FAMILY)
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-sibling-missing", "tag-sibling-differs"})


def test_a_list_of_several_pages_is_read_to_its_end(
    registry: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More tags than one page has: the highest is the last."""
    monkeypatch.setattr("gate.sources.registry.questions.TAGS_A_PAGE", 3)
    push(registry, "team/many", "1.0.0", "1.0.0", *[f"0.0.{number}" for number in range(9)], "latest")
    assert check(registry, tmp_path, "team/many:latest", FAMILY).code == 0
    push(registry, "team/many", "9.0.0", "9.0.0")
    ran = check(registry, tmp_path, "team/many:latest", FAMILY)
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-not-highest"})


def test_a_tag_of_its_own(registry: Running, tmp_path: Path) -> None:
    """`prod` with the commit beside it, and alone."""
    rule = "check: tag, unique: [git-commit, semver]"
    push(registry, "team/unique", "1.4.2", "prod", "7c0bb30")
    assert check(registry, tmp_path, "team/unique:prod", rule).code == 0
    push(registry, "team/unique", "1.4.3", "prod")
    ran = check(registry, tmp_path, "team/unique:prod", rule)
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-not-unique"})


def test_the_lock_file_sees_what_was_pushed_over(registry: Running, tmp_path: Path) -> None:
    """Remember, push over a release, and every way of asking says so."""
    repository, lock = f"{registry.authority}/team/locked", tmp_path / "tags.lock.json"
    rule = "check: tag, allow: ['**'], no-overwrite: [semver], no-downgrade: [latest], lock: tags.lock.json"
    first = push(registry, "team/locked", "1.4.2", "1.4.2", "latest")
    ran = gate("tags", repository, *registry.options(), "--lock", str(lock))
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].split() == ["1.4.2", first[:19], "semver,", "semver-release"]
    assert json.loads(lock.read_text()) == {
        "gate-tags": 1,
        "repositories": {repository: [f"1.4.2@{first}", f"latest@{first}"]},
    }
    for tag in ("1.4.2", "latest"):
        assert check(registry, tmp_path, f"team/locked:{tag}", rule).code == 0

    second = push(registry, "team/locked", "1.4.1", "1.4.2", "1.4.1", "latest")
    kept = lock.read_bytes()
    ran = check(registry, tmp_path, "team/locked:1.4.2", rule)
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-overwritten"})
    ran = check(registry, tmp_path, "team/locked:latest", rule)
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-downgraded"})
    ran = check(registry, tmp_path, "team/locked:1.4.1", rule)
    assert (ran.code, set(codes(ran.report))) == (3, {"tag-history-unknown"})
    for more in ([], ["--check"]):
        ran = gate("tags", repository, *registry.options(), "--lock", str(lock), *more)
        assert ran.code == 1
        assert f"{repository}:1.4.2 was {first} and is {second} now (tag-overwritten)" in ran.err
        assert lock.read_bytes() == kept

    ran = gate("tags", repository, *registry.options(), "--lock", str(lock), "--accept", "1.4.2", "--format", "json")
    assert ran.code == 0, ran.err
    assert [each["tag"] for each in json.loads(ran.out)["tags"]] == ["1.4.1", "1.4.2", "latest"]
    for tag in ("1.4.2", "1.4.1", "latest"):
        assert check(registry, tmp_path, f"team/locked:{tag}", rule).code == 0


def test_a_release_that_was_removed_is_remembered(registry: Running, tmp_path: Path) -> None:
    """`latest` on an older release does not become right by it."""
    repository, lock = f"{registry.authority}/team/removed", tmp_path / "tags.lock.json"
    rule = "check: tag, allow: ['**'], highest-release: latest"
    push(registry, "team/removed", "1.4.2", "1.4.2", "latest")
    newer = push(registry, "team/removed", "1.5.0", "1.5.0")
    assert gate("tags", repository, *registry.options(), "--lock", str(lock)).code == 0
    assert registry.request("DELETE", f"/v2/team/removed/manifests/{newer}")[0] == 202
    assert check(registry, tmp_path, "team/removed:latest", f"{rule}, best-effort: true").code == 0
    ran = check(registry, tmp_path, "team/removed:latest", f"{rule}, lock: tags.lock.json")
    assert (ran.code, set(codes(ran.report))) == (1, {"tag-not-highest"})
    ran = gate("tags", repository, *registry.options(), "--lock", str(lock))
    assert ran.code == 0
    assert "gone, and still remembered: 1.5.0" in ran.err
    assert "1.5.0@" in lock.read_text()


def test_a_repository_that_does_not_exist_has_no_tags(registry: Running) -> None:
    """Exit 3: hidden things answer 404 too."""
    ran = gate("tags", f"{registry.authority}/team/nothing", *registry.options())
    assert (ran.code, ran.out) == (3, "")
    assert "tags-unread" in ran.err


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ("registries: ['{registry}'], min-depth: 2, allow: ['*/team/*']", 0, None),
        ("registries: [ghcr.io]", 1, "registry-not-allowed"),
        ("allow: ['{registry}/other/**']", 1, "repository-not-allowed"),
        ("deny: ['{registry}/team/*']", 1, "repository-denied"),
        ("max-depth: 1", 1, "repository-depth"),
        ("environment: required", 1, "repository-environment"),
        ("routes: [{{from: '{registry}/dev/**', to: '{registry}/prod/**'}}]", 1, "repository-route"),
    ],
)
def test_the_repository(registry: Running, tmp_path: Path, options: str, code: int, reason: str | None) -> None:
    """By its normalised name."""
    push(registry, "team/app", "1.4.2", "1.4.2")
    ran = check(
        registry, tmp_path, "team/app:1.4.2", f"check: repository, {options.format(registry=registry.authority)}"
    )
    assert (ran.code, set(codes(ran.report))) == (code, {reason} - {None})


def rules_file(folder: Path, rule: str) -> str:
    """Write a rule file with one rule; gives its path."""
    rules = folder / "gate.yaml"
    rules.write_text(f"gate: 1\nrules:\n  it: {{{rule}}}\n", encoding="utf-8")
    return str(rules)


def test_a_promotion_never_takes_a_release_away_nor_goes_back(registry: Running, tmp_path: Path) -> None:
    """The target is read before it is written, without any lock file."""
    repository = f"{registry.authority}/team/promoted"
    rules = rules_file(
        tmp_path, "check: tag, allow: ['**'], no-overwrite: [semver], no-downgrade: [moving, environment]"
    )

    def promote(tag: str, to: str) -> tuple[int, str]:
        ran = gate("promote", f"{repository}:{tag}", "--to", to, *registry.options(), "--rules", rules)
        return ran.code, ran.out + ran.err

    old = push(registry, "team/promoted", "1.4.1", "build-1")
    new = push(registry, "team/promoted", "1.4.2", "build-2")
    for tag, to in (
        ("build-1", "1.4.1"),
        ("build-1", "latest"),
        ("build-2", "1.4.2"),
        ("build-2", "latest"),
        ("build-2", "1.4.2"),
    ):
        code, said = promote(tag, to)
        assert code == 0, said
    for tag, to, reason in (("build-2", "1.4.1", "tag-overwritten"), ("build-1", "latest", "tag-downgraded")):
        code, said = promote(tag, to)
        assert (code, reason in said) == (1, True), said
    names = {
        tag: registry.request("GET", f"/v2/team/promoted/manifests/{tag}", headers={"Accept": OCI_MANIFEST})[1][
            "docker-content-digest"
        ]
        for tag in ("1.4.1", "1.4.2", "latest")
    }
    assert names == {"1.4.1": old, "1.4.2": new, "latest": new}


BASE = "org.opencontainers.image.base"


@pytest.mark.parametrize(
    ("claims", "rule", "code", "reason"),
    [
        ("{under}", "check: image, base: {{allow: ['{registry}/base/*']}}", 0, None),
        ("{under}", "check: image, base: {{allow: ['{registry}/other/*']}}", 1, "base-not-allowed"),
        ("{other}", "check: image, base: {{allow: ['{registry}/base/*']}}", 1, "base-mismatch"),
        ("sha256:" + "1" * 64, "check: image, base: {{allow: ['{registry}/base/*']}}", 3, "base-unread"),
        ("", "check: image, base: {{allow: ['{registry}/base/*']}}", 1, "base-unclear"),
        ("{under}", "check: labels, not-inherited: [maintainer], bases: ['{registry}/base/*']", 0, None),
        ("{under}", "check: labels, not-inherited: [vendor], bases: ['{registry}/base/*']", 1, "label-inherited"),
        ("{other}", "check: labels, not-inherited: [vendor], bases: ['{registry}/base/*']", 3, "label-origin-unknown"),
        ("{under}", "check: image, media-types: oci, additions: no-urls", 0, None),
        ("{under}", "check: image, end-of-life: kept-until", 1, "base-end-of-life"),
    ],
)
def test_what_an_image_is_built_on(
    registry: Running, tmp_path: Path, claims: str, rule: str, code: int, reason: str | None
) -> None:
    """The base is in another repository; its layers decide, not the label."""
    labels = {"vendor": "base team", "kept-until": "2020-01-01"}
    under = push(registry, "base/debian", "12", "12", Labels=labels)
    other = push(registry, "base/debian", "11", "11", layers=3)
    digest = claims.format(under=under, other=other)
    claimed = {f"{BASE}.name": f"{registry.authority}/base/debian", f"{BASE}.digest": digest} if digest else {}
    push(registry, "team/built", "1.0.0", "1.0.0", layers=2, Labels={**labels, "maintainer": "me", **claimed})
    ran = check(registry, tmp_path, "team/built:1.0.0", rule.format(registry=registry.authority))
    assert (ran.code, set(codes(ran.report))) == (code, {reason} - {None}), ran.out
