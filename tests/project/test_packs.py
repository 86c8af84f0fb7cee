"""Rule packs lint, decide, and depend on nobody's keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.demo import AT, DEMO, ROOT, gate, reasons

PACKS = sorted((ROOT / "rules").glob("*.yaml"))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_a_pack_lints_under_its_name(pack: Path) -> None:
    """`builtin:NAME` names it, and it has no mistake."""
    ran = gate("rules", "lint", f"builtin:{pack.stem}")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_a_pack_is_described(pack: Path) -> None:
    """docs/rule-packs.md has a row for it."""
    assert f"`builtin:{pack.stem}`" in (ROOT / "docs" / "rule-packs.md").read_text(encoding="utf-8")


def test_the_baseline_passes_a_good_image() -> None:
    """Without any rule file of one's own."""
    reports = [word for arch in ("amd64", "arm64") for word in ("--report", untracked(arch))]
    ran = gate("check", f"oci:{DEMO / 'app'}:1.4.2", "--rules", "builtin:baseline", *reports, "--at", AT)
    assert ran.code in {0, 3}, ran.out + ran.err


def untracked(arch: str) -> str:
    """Give the path of a demo report."""
    return str(DEMO / "reports" / f"1.4.2-{arch}.json")


def test_the_baseline_stops_a_bad_image() -> None:
    """Root, a secret and a critical vulnerability are all named."""
    ran = gate(
        "check", f"oci:{DEMO / 'app'}:bad", "--rules", "builtin:baseline", "--report", str(DEMO / "reports" / "bad.json"),
        "--at", AT, "--format", "json",
    )  # fmt: skip
    assert ran.code == 1
    assert {"runs-as-root"} & reasons(ran.report)
