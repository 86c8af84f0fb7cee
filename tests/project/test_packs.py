"""Rule packs lint, decide, and depend on nobody's keys."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.app import Request, check
from gate.cli._facts import Facts, FactsBook, FactsSource, PlatformText
from gate.evaluate import Policy
from gate.oci.digest import Digest
from gate.oci.platform import Platform
from gate.option import File
from gate.overview import summarise
from gate.report import Closure
from gate.ruleset.load import load_ruleset
from tests.project.demo import AT, DEMO, ROOT, gate, reasons

PACKS = sorted((ROOT / "rules").glob("*.yaml"))
CASES = ROOT / "tests" / "packs"
CONFIGS = ROOT / "tests" / "fixtures" / "configs"
#: These say what has to be signed; by whom, only who uses them knows.
NEED_A_SIGNER = {"signed", "cis-docker", "production"}


def used(pack: Path) -> str:
    """Give what names the pack: itself, or a file that extends it and defines its signer."""
    return str(CASES / pack.name) if pack.stem in NEED_A_SIGNER else f"builtin:{pack.stem}"


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


@pytest.mark.parametrize("name", sorted(NEED_A_SIGNER))
def test_a_pack_that_wants_a_signer_says_what_to_add(name: str, tmp_path: Path) -> None:
    """The mistake holds a definition that can be copied; with it and a key the pack lints."""
    ran = gate("rules", "lint", f"builtin:{name}")
    assert ran.code == 2
    assert "there is no signer 'release'" in ran.err
    [definition] = set(re.findall(r"`(signers: .*)`", ran.err))
    shutil.copy(DEMO / "keys" / "release.pub", tmp_path / "release.pub")
    (tmp_path / "gate.yaml").write_text(f"gate: 1\nextends: builtin:{name}\n{definition}\n")
    assert gate("rules", "lint", str(tmp_path / "gate.yaml")).code == 0


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.stem)
def test_the_cases_of_a_pack_hold(pack: Path) -> None:
    """Every rule has a passing and a failing one."""
    ran = gate("rules", "test", "--complete", str(CASES / f"{pack.stem}.test.yaml"))
    assert ran.code == 0, ran.out + ran.err


def test_the_pages_of_packs_are_current() -> None:
    """docs/packs/ is made from the packs: `python scripts/packs.py`."""
    ran = subprocess.run([sys.executable, ROOT / "scripts" / "packs.py", "--check"], cwd=ROOT, check=False)
    assert ran.returncode == 0


def found_on(config: Path, pack: Path) -> list[str]:
    """Judge a real configuration as a signed release without vulnerabilities: a line for each finding."""
    content = config.read_bytes()
    document = json.loads(content)
    platform = PlatformText(Platform(document["os"], document["architecture"], document.get("variant", "")))
    facts = Facts(
        repository=f"docker.io/acme/{config.stem}", tag="1.4.2", vulnerabilities="none", platforms=(platform,),
        config=File(config.name, content, Digest.of(content)),
    )  # fmt: skip
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    source = FactsSource(facts, at)
    book = FactsBook(["release"], source.reports)
    policy = Policy(load_ruleset([used(pack)]), (), book, Closure(Digest.of(b""), ()))
    verdict = check(Request(("image",), at), lambda _: source, lambda: policy).judged[0].verdict
    lines = []
    for rule in summarise(verdict):
        findings = [f"{one.item.reason.code} {one.item.about}".rstrip() for one in rule.findings]
        undecided = [f"undecided: {one.item.reason.code}" for one in rule.undecided]
        lines += [f"{pack.stem} {config.stem} {rule.rule}: {what}" for what in (*findings, *undecided)]
    return lines


def test_what_packs_say_of_real_images_was_looked_at() -> None:
    """Every finding is in the list that somebody read (tests/fixtures/configs/findings.txt); none appears unseen."""
    configs = sorted(CONFIGS.glob("*.json"))
    assert len(configs) >= 20
    found = [line for pack in PACKS for config in configs for line in found_on(config, pack)]
    assert found == (CONFIGS / "findings.txt").read_text(encoding="utf-8").splitlines()


def test_every_real_configuration_says_where_it_comes_from() -> None:
    """Image, project, file, commit, licence and part stand in SOURCE.md."""
    text = (CONFIGS / "SOURCE.md").read_text(encoding="utf-8")
    for config in CONFIGS.glob("*.json"):
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{config.name}` |")]
        assert len([cell for cell in row.split("|") if cell.strip()]) == 7


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
