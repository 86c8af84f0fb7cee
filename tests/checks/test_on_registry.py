"""The checks tag, labels and image against a real registry: the demo's images, with and without what the rules ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.demo import DEMO, gate
from tests.servers.registry import Running, anonymous_registry, push_layout

pytestmark = pytest.mark.server("docker-registry")

VERSION, REVISION = "org.opencontainers.image.version", "org.opencontainers.image.revision"
AGREE = f"agree-with-label: {{semver: {VERSION}, git-commit: {REVISION}}}"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a registry that holds the demo's images."""
    with anonymous_registry(tmp_path_factory.mktemp("registry")) as running:
        push_layout(running, DEMO / "app", "demo/app")
        yield running


@pytest.mark.parametrize(
    ("rule", "image", "code", "reasons"),
    [
        (f"check: tag, allow: [semver, git-commit], {AGREE}", ":1.4.2", 0, set()),
        (f"check: tag, allow: [semver, git-commit], {AGREE}", ":7c0bb30", 0, set()),
        (f"check: tag, allow: [semver, git-commit], {AGREE}", ":1.5.0-rc.1", 0, set()),
        ("check: tag, allow: [semver]", ":latest", 1, {"tag-not-allowed"}),
        ("check: tag, deny: [latest]", ":latest", 1, {"tag-denied"}),
        (f"check: tag, same-as-label: {VERSION}", ":1.4.3", 0, set()),
        (f"check: tag, same-as-label: {VERSION}", ":unsigned", 1, {"tag-label-mismatch"}),
        (f"check: tag, same-as-label: {VERSION}", ":bad", 1, {"tag-label-missing"}),
        ("check: tag, allow: ['**']", "@sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18", 3, {"tag-unknown"}),
        (f"check: labels, require: {{maintainer: email, version: semver, {REVISION}: git-commit-full}}", ":1.4.2", 0, set()),
        (f"check: labels, require: {{{VERSION}: semver}}, read-from: both", ":1.4.2", 0, set()),
        ("check: labels, require: {maintainer: email}, read-from: both", ":1.4.2", 1, {"label-missing"}),
        ("check: labels, require: {maintainer: url}", ":1.4.2", 1, {"label-invalid"}),
        ("check: labels, require: {maintainer: email}", ":bad", 1, {"label-missing"}),
        ("check: labels, forbid: [maintainer]", ":1.4.2", 1, {"label-forbidden"}),
        ("check: image, user: non-root-number, environment: no-secrets, history: no-secrets, healthcheck: required", ":1.4.2", 0, set()),
        ("check: image, platforms: {require: [linux/amd64, linux/arm64]}, ports: {allow: [8080/tcp]}", ":1.4.2", 0, set()),
        ("check: image, user: non-root", ":bad", 1, {"user-root"}),
        ("check: image, environment: no-secrets", ":bad", 1, {"secret-in-environment"}),
        ("check: image, history: no-secrets", ":bad", 1, {"secret-in-history"}),
        ("check: image, ports: {deny: [22]}, healthcheck: required", ":bad", 1, {"port-not-allowed", "healthcheck-missing"}),
        ("check: image, platforms: {require: [linux/arm64]}", ":bad", 1, {"platform-required"}),
        ("check: image, max-size: 1kB", ":1.4.2", 1, {"image-too-large"}),
        ("check: image, max-age: 1d", ":1.4.2", 1, {"image-too-old"}),
    ],
)  # fmt: skip
def test_a_rule_on_a_pushed_image(
    registry: Running, tmp_path: Path, rule: str, image: str, code: int, reasons: set[str]
) -> None:
    """Exit code and reasons, and no secret in the report."""
    rules = tmp_path / "gate.yaml"
    rules.write_text(f"gate: 1\nrules:\n  it: {{{rule}}}\n", encoding="utf-8")
    ran = gate(
        "check", f"{registry.authority}/demo/app{image}", *registry.options(), "--rules", str(rules), "--format", "json",
        "--at", "2026-11-24T12:00:00Z",
    )  # fmt: skip
    assert ran.code == code, ran.out + ran.err
    assert set(codes(ran.report)) == reasons
    assert "wJalrXUtnFEMI" not in ran.out + ran.err


def codes(value: object) -> Iterator[str]:
    """Give every reason code anywhere in a report's outcomes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"findings", "undecided"} and isinstance(inner, list):
                yield from (str(each["reason"]) for each in inner)
            yield from codes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codes(inner)
