"""The check `attestation` and the signer `notation` against a real registry, which has no referrers API."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.test_on_registry import codes
from tests.project.demo import DEMO, gate
from tests.servers.registry import Running, anonymous_registry, push_layout
from tests.signers.world import FIXTURES

pytestmark = pytest.mark.server("docker-registry")

SIGNERS = """gate: 1
signers:
  release: {kind: cosign-key, key: keys/release.pub, log: none, any-image: true}
  scanner: {kind: cosign-key, key: keys/scanner.pub, log: none, any-image: true}
  lab: {kind: cosign-key, key: keys/cosign.pub, log: none, any-image: true}
  notary: {kind: notation, policy: keys/trustpolicy.json, trust-stores: {"ca:lab": keys/ca.crt}}
rules:
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a registry that holds the demo, attested images and one that Notation signed."""
    with anonymous_registry(tmp_path_factory.mktemp("registry")) as running:
        push_layout(running, DEMO / "app", "demo/app")
        push_layout(running, FIXTURES / "cosign-attest", "lab/attest")
        push_layout(running, FIXTURES / "notation-jws-tagschema", "lab/notation")
        yield running


@pytest.mark.parametrize(
    ("rule", "image", "code", "reasons"),
    [
        ("check: attestation, predicate-type: slsa-provenance, signed-by: release, provenance: {ref: refs/tags/v1.4.2}", "demo/app:1.4.2", 0, set()),
        ("check: attestation, predicate-type: slsa-provenance, signed-by: release, provenance: {ref: refs/heads/*}", "demo/app:1.4.2", 1, {"attestation-unmet"}),
        ("check: attestation, predicate-type: cosign-vuln, signed-by: scanner", "demo/app:1.4.2", 1, {"attestation-missing"}),
        ("check: attestation, predicate-type: slsa-provenance, signed-by: release, buildkit: true", "demo/app:1.4.3", 1, {"attestation-missing"}),
        ("check: attestation, predicate-type: slsa-provenance, signed-by: lab", "lab/attest:legacy-slsa02", 0, set()),
        ("check: attestation, predicate-type: slsa-provenance, signed-by: lab", "lab/attest:bundle-slsa1", 0, set()),
        ("check: attestation, predicate-type: slsa-provenance, signed-by: release", "lab/attest:legacy-slsa02", 1, {"signature-other-key"}),
        ("check: attestation, predicate-type: sbom, signed-by: notary", "lab/attest:none", 3, {"signer-cannot-attest"}),
        ("check: signature, signed-by: lab", "lab/attest:bundle-custom", 1, {"attestation-not-signature"}),
        ("check: signature, signed-by: notary", "lab/notation:signed", 0, set()),
        ("check: signature, signed-by: notary", "lab/attest:none", 1, {"signature-missing"}),
    ],
)  # fmt: skip
def test_a_rule_on_a_pushed_image(
    registry: Running, tmp_path: Path, rule: str, image: str, code: int, reasons: set[str]
) -> None:
    """Exit code and reasons."""
    keys = tmp_path / "keys"
    keys.mkdir()
    for path in (DEMO / "keys").iterdir():
        shutil.copy(path, keys)
    shutil.copy(FIXTURES / "cosign-attest" / "cosign.pub", keys)
    shutil.copy(FIXTURES / "notation-jws-tagschema" / "trustpolicy.json", keys)
    shutil.copy(FIXTURES / "notation-jws-tagschema" / "truststore" / "x509" / "ca" / "lab" / "ca.crt", keys)
    rules = tmp_path / "gate.yaml"
    rules.write_text(f"{SIGNERS}  asked: {{{rule}}}\n")
    ran = gate(
        "check", f"{registry.authority}/{image}", *registry.options(), "--rules", str(rules), "--format", "json",
        "--at", "2026-11-26T00:00:00Z",
    )  # fmt: skip
    assert ran.code == code, ran.out + ran.err
    assert set(codes(ran.report)) == reasons
