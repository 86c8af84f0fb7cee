"""What `gate check` reads before it judges: rules, waivers, and what narrows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.demo import AT, DEMO, gate

RULES = "gate: 1\nrules:\n  denied: {check: tag, deny: [latest]}\n  version: {check: tag, allow: [semver]}\n"
WAIVER = """gate: 1
waivers:
  - {rule: version, images: "ghcr.io/acme/app", reason: r, owner: o, expires: 2026-12-01}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with two rules and a waiver for the second."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text(RULES)
    (tmp_path / "waivers.yaml").write_text(WAIVER)
    return tmp_path


def check(*more: str) -> tuple[int, str, str]:
    """Check the good image of the demo."""
    ran = gate("check", f"oci:{DEMO / 'app'}:1.4.2", "--waivers", "waivers.yaml", "--at", AT, "--format", "json", *more)
    return ran.code, ran.out, ran.err


def test_only_does_not_make_a_waiver_for_another_rule_a_mistake(folder: Path) -> None:
    """The waiver is looked at beside all rules; the rule it is for is not judged now."""
    code, out, err = check("--only", "denied")
    assert code == 0, err
    assert '"version"' not in out


def test_only_does_not_hide_a_waiver_for_no_rule(folder: Path) -> None:
    """It is a mistake as without --only."""
    (folder / "waivers.yaml").write_text(WAIVER.replace("rule: version", "rule: verison"))
    code, _, err = check("--only", "denied")
    assert code == 2
    assert "there is no rule 'verison' (there are: denied, version); did you mean 'version'?" in err
