"""Rule packs lint, decide, and depend on nobody's keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.project.demo import AT, DEMO, ROOT, gate, reasons

PACKS = sorted((ROOT / "rules").glob("*.yaml"))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_a_pack_lints_under_its_name(pack: Path, tmp_path: Path) -> None:
    """`builtin:NAME` has no mistake, extended by a file that brings the signer `release` where the pack asks for one."""
    asks = "release" in pack.read_text(encoding="utf-8")
    signer = "signers:\n  release: {kind: cosign-key, key: release.pub, log: none, any-image: true}\n" if asks else ""
    shutil.copy(str(DEMO / "keys" / "release.pub"), str(tmp_path / "release.pub"))
    outer = tmp_path / "gate.yaml"
    outer.write_text(f"gate: 1\nextends: [builtin:{pack.stem}]\n{signer}", encoding="utf-8")
    ran = gate("rules", "lint", str(outer))
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_a_pack_is_described(pack: Path) -> None:
    """docs/rule-packs.md has a row for it, or docs/packs/ a page."""
    row = f"`builtin:{pack.stem}`" in (ROOT / "docs" / "rule-packs.md").read_text(encoding="utf-8")
    assert row or (ROOT / "docs" / "packs" / f"{pack.stem}.md").is_file()


def outside(folder: Path, name: str) -> str:
    """Copy a demo report to where git does not track it: a pack accepts no report that came with the checkout (S33)."""
    return str(shutil.copy(str(DEMO / "reports" / f"{name}.json"), str(folder)))


def test_the_baseline_passes_a_good_image(tmp_path: Path) -> None:
    """Without any rule file of one's own."""
    reports = [word for arch in ("amd64", "arm64") for word in ("--report", outside(tmp_path, f"1.4.2-{arch}"))]
    ran = gate("check", f"oci:{DEMO / 'app'}:1.4.2", "--rules", "builtin:baseline", *reports, "--at", AT)
    assert ran.code == 0, ran.out + ran.err


def test_the_baseline_stops_a_bad_image(tmp_path: Path) -> None:
    """Root, a secret and a critical vulnerability are all named."""
    report = outside(tmp_path, "bad")
    image = f"oci:{DEMO / 'app'}:bad"
    ran = gate("check", image, "--rules", "builtin:baseline", "--report", report, "--at", AT, "--format", "json")
    assert ran.code == 1
    assert {"user-root", "secret-in-environment", "vulnerability-found"} <= reasons(ran.report)


def test_the_baseline_stops_a_moving_tag(tmp_path: Path) -> None:
    """`latest` is denied."""
    ran = gate("check", f"oci:{DEMO / 'app'}:latest", "--rules", "builtin:baseline", "--at", AT, "--format", "json")
    assert ran.code == 1
    assert "tag-denied" in reasons(ran.report)


def test_the_baseline_accepts_no_report_of_the_checkout() -> None:
    """A report that git tracks was not made by this pipeline: no verdict, or a failure for another reason."""
    reports = [
        word for arch in ("amd64", "arm64") for word in ("--report", str(DEMO / "reports" / f"1.4.2-{arch}.json"))
    ]
    ran = gate("check", f"oci:{DEMO / 'app'}:1.4.2", "--rules", "builtin:baseline", *reports, "--at", AT)
    assert ran.code == (3 if (ROOT / ".git").exists() else 0)
