"""`gate rules test`: cases beside the rules hold or differ, mistakes have places, and coverage is counted."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gate.printable import printable
from tests.project.demo import DEMO, ROOT, gate

RULES = """gate: 1
signers:
  release: {kind: cosign-key, key: release.pub, log: none, images: "ghcr.io/acme/**"}
rules:
  version-tag: {check: tag, allow: [semver], deny: [latest]}
  signed: {check: signature, signed-by: release}
  no-highs: {check: vulnerabilities, fail-at: high, report: {scanners: trivy}}
  not-root: {check: image, user: non-root, level: warning}
"""
HEAD = "gate: 1\nrules: gate.yaml\nat: 2026-11-24T12:00:00Z\ncases:\n"
GOOD = '{repository: ghcr.io/acme/app, tag: 1.0.0, signed-by: release, vulnerabilities: none, user: "10001"}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with rules and the demo's layout."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text(RULES)
    shutil.copy(DEMO / "keys" / "release.pub", tmp_path / "release.pub")
    return tmp_path


def case(folder: Path, text: str, head: str = HEAD) -> tuple[int, str, str]:
    """Write cases and run them."""
    (folder / "gate.test.yaml").write_text(head + text)
    ran = gate("rules", "test")
    return ran.code, ran.out, ran.err


def test_the_whole_table(folder: Path) -> None:
    """Cases, differences with their reasons, and what no case covers."""
    code, out, err = case(
        folder,
        f"""  a release:
    facts: {GOOD}
    expect: passed
    rules: {{version-tag: satisfied, not-root: satisfied}}
  latest:
    facts: {{tag: latest, vulnerabilities: none}}
    expect: passed
    rules:
      version-tag: {{status: violated, reasons: [tag-denied]}}
      signed: satisfied
""",
    )
    assert (code, err) == (1, "")
    assert out == """gate.test.yaml: rules of gate.yaml

  ok       a release  passed
  DIFFERS  latest     failed
           expected passed, got failed: version-tag (tag-denied, tag-not-allowed); signed (signature-missing); not-root (user-root)
           version-tag: expected the reasons tag-denied, got tag-denied, tag-not-allowed
           signed: expected satisfied, got violated: signed (signature-missing)

  rule         satisfied  violated  by
  version-tag          1         1  tag-denied, tag-not-allowed
  signed               1         1  signature-missing; fails only because something is missing
  no-highs             2         0  no failing case
  not-root             1         1  user-root

1 of 2 cases differ; 1 rule is not covered both ways; 1 rule fails only because something is missing
"""  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expect"),
    [
        (GOOD, "expect: passed"),
        (GOOD.replace("1.0.0", "main"), "rules: {version-tag: {status: violated, reasons: tag-not-allowed}}"),
        (GOOD.replace("signed-by: release, ", ""), "rules: {signed: {status: violated, reasons: signature-missing}}"),
        (GOOD.replace("none", "[{id: CVE-2026-1, severity: high}]"), "rules: {no-highs: {status: violated, reasons: vulnerability-found}}"),
        (GOOD.replace("none", "[{id: CVE-2026-1, severity: low}]"), "rules: {no-highs: satisfied}"),
        (GOOD.replace("none", "[{id: CVE-2026-1, severity: unknown}]"), "rules: {no-highs: violated}"),
        (GOOD.replace("vulnerabilities: none, ", ""), "rules: {no-highs: {status: violated, reasons: report-missing}}"),
        (GOOD.replace("none", "none, scanner: grype"), "rules: {no-highs: violated}"),
        (GOOD.replace(', user: "10001"', ""), "expect: passed\n    rules: {not-root: violated}"),
        (GOOD.replace("tag: 1.0.0, ", ""), "expect: undetermined\n    rules: {version-tag: {status: undecided, reasons: tag-unknown}}"),
        (GOOD.replace("vuln", "platforms: [linux/amd64, linux/arm64], vuln"), "expect: passed"),
    ],
)  # fmt: skip
def test_facts_are_judged(folder: Path, facts: str, expect: str) -> None:
    """Each one says what the image has, and what is not said it does not have."""
    code, out, err = case(folder, f"  it:\n    facts: {facts}\n    {expect}\n")
    assert code == 0, out + err


@pytest.mark.parametrize(
    ("facts", "rule", "reason"),
    [
        ("labels: {maintainer: nobody}", "{check: labels, require: {maintainer: email}}", "label-invalid"),
        ("annotations: {a: b}", "{check: labels, read-from: annotations, require: {a: email}}", "label-invalid"),
        ("env: {DB_PASSWORD: hunter2hunter2}", "{check: image, environment: no-secrets}", ""),
        ("ports: [22/tcp]", "{check: image, ports: {deny: 22}}", ""),
        ("volumes: /data", "{check: image, volumes: none}", ""),
        ("entrypoint: [/bin/sh, -c, run]", "{check: image, entrypoint: exec-form}", ""),
        ("cmd: run", "{check: image, healthcheck: required}", ""),
        ("history: ['ENV API_TOKEN=abcdef0123456789']", "{check: image, history: no-secrets}", ""),
        ("layers: [2000000]", "{check: image, max-size: 1MB}", ""),
        ("layers: [1, 1]", "{check: image, max-layers: 1}", ""),
        ("created: 2020-01-01", "{check: image, max-age: 30d}", ""),
        ("platforms: linux/amd64", "{check: image, platforms: {require: linux/arm64}}", ""),
    ],
)  # fmt: skip
def test_every_fact_reaches_a_rule(folder: Path, facts: str, rule: str, reason: str) -> None:
    """A rule that forbids exactly this is violated, and is not without it."""
    (folder / "gate.yaml").write_text(f"gate: 1\nrules:\n  it: {rule}\n")
    reasons = f"{{status: violated, reasons: {reason}}}" if reason else "violated"
    code, out, err = case(folder, f"  it:\n    facts: {{tag: '1', {facts}}}\n    rules: {{it: {reasons}}}\n")
    assert code == 0, out + err


def test_a_health_check_and_a_whole_configuration(folder: Path) -> None:
    """A file holds the configuration; what the case says beside it changes it."""
    (folder / "gate.yaml").write_text("gate: 1\nrules:\n  it: {check: image, healthcheck: required, user: non-root}\n")
    (folder / "c.json").write_text('{"config": {"User": "7", "Healthcheck": {"Test": ["CMD", "/check"]}}}')
    text = """  whole: {facts: {config: c.json}, expect: passed}
  changed: {facts: {config: c.json, user: root}, expect: failed}
  by hand: {facts: {user: "7", healthcheck: [CMD, /check]}, expect: passed}
"""
    code, out, err = case(folder, text)
    assert code == 0, out + err


def test_an_image_of_a_layout_is_judged_like_gate_check_does(folder: Path) -> None:
    """With its real signatures and reports, and under a repository if the case says one."""
    shutil.copytree(DEMO, folder / "demo")
    text = """  good:
    image: oci:demo/app:1.4.2
    reports: [demo/reports/1.4.2-amd64.json, demo/reports/1.4.2-arm64.json]
    expect: passed
  one report: {image: "oci:demo/app:1.4.2", reports: demo/reports/1.4.2-amd64.json, expect: undetermined}
  one platform: {image: "oci:demo/app:1.4.2", reports: demo/reports/1.4.2-amd64.json, platform: linux/amd64, expect: passed}
  unsigned: {image: "oci:demo/app:unsigned", expect: failed, rules: {signed: violated}}
  only the tag: {image: "oci:demo/app:1.4.2", only: version-tag, expect: passed}
"""
    head = HEAD.replace("rules: gate.yaml", "rules: demo/gate.yaml")
    code, out, err = case(folder, text, head)
    assert code == 0, out + err
    (folder / "gate.yaml").write_text(
        "gate: 1\nimages: ghcr.io/acme/{app}\nrules:\n  it: {check: tag, allow: semver}\n"
    )
    text = """  theirs: {image: "oci:demo/app:1.4.2", repository: ghcr.io/acme/app, expect: passed}
  nobodys: {image: "oci:demo/app:1.4.2", expect: undetermined, rules: {it: {status: undecided, reasons: images-unknown}}}
  facts: {facts: {repository: ghcr.io/acme/web, tag: 1.0.0}, expect: passed}
  others: {facts: {repository: ghcr.io/other/web, tag: 1.0.0}, only: it, expect: undetermined}
  only: {facts: {repository: ghcr.io/acme/web, tag: 1.0.0}, only: it, expect: passed}
"""
    code, out, err = case(folder, text)
    assert code == 0, out + err


def test_an_image_that_cannot_be_opened_differs(folder: Path) -> None:
    """It is no pass of any expectation."""
    for expect in ("passed", "failed"):
        code, out, _ = case(folder, f"  it: {{image: 'oci:nowhere:1', expect: {expect}}}\n")
        assert code == 1
        assert "DIFFERS" in out


def test_waivers_of_a_case_count(folder: Path) -> None:
    """A rule whose findings are waived is waived; the case sees its reasons."""
    (folder / "w.yaml").write_text(
        "gate: 1\nwaivers:\n  - {rule: version-tag, images: '**', about: {tag: main}, reason: r, owner: o, expires: 2026-12-01}\n"
    )
    facts = GOOD.replace("1.0.0", "main")
    text = f"  it:\n    facts: {facts}\n    waivers: w.yaml\n    rules: {{version-tag: {{status: waived, reasons: tag-not-allowed}}}}\n"
    code, out, err = case(folder, text)
    assert code == 0, out + err
    code, out, _ = case(folder, text.replace("waivers: w.yaml", "waivers: w.yaml\n    at: 2026-12-02"))
    assert code == 1
    assert "version-tag: expected waived, got violated" in out


def test_complete_asks_for_a_passing_and_a_failing_case_of_every_rule(folder: Path) -> None:
    """Without it, gaps are only said."""
    text = f"  it: {{facts: {GOOD}, expect: passed}}\n"
    assert case(folder, text)[0] == 0
    assert gate("rules", "test", "--complete").code == 1


@pytest.mark.parametrize(
    ("failing", "says"),
    [
        ("{maintainer: nobody}", "all 2 cases hold; every rule has a passing and a failing case\n"),
        ("{other: x}", "all 2 cases hold; 1 rule fails only because something is missing\n"),
    ],
)
def test_a_rule_that_fails_for_want_of_facts_is_not_called_covered(folder: Path, failing: str, says: str) -> None:
    """The rule might ask for anything: the case does not show that a wrong value is refused."""
    (folder / "gate.yaml").write_text("gate: 1\nrules:\n  owned: {check: labels, require: {maintainer: email}}\n")
    code, out, err = case(
        folder,
        "  good: {facts: {labels: {maintainer: ops@example.com}}, expect: passed}\n"
        f"  bad: {{facts: {{labels: {failing}}}, expect: failed}}\n",
    )
    assert (code, err) == (0, "")
    assert out.endswith(says)
    assert gate("rules", "test", "--complete").out == out


def test_one_case_that_fails_otherwise_is_enough(folder: Path) -> None:
    """And both reasons are shown."""
    (folder / "gate.yaml").write_text("gate: 1\nrules:\n  owned: {check: labels, require: {maintainer: email}}\n")
    _, out, _ = case(
        folder,
        "  good: {facts: {labels: {maintainer: ops@example.com}}, expect: passed}\n"
        "  bad: {facts: {labels: {maintainer: nobody}}, expect: failed}\n"
        "  none: {facts: {}, expect: failed}\n",
    )
    assert "  owned          1         2  label-invalid, label-missing\n" in out
    assert "only because" not in out


def test_the_cases_beside_a_rule_file_are_found(folder: Path) -> None:
    """And each file is run that is named."""
    case(folder, f"  it: {{facts: {GOOD}, expect: passed}}\n")
    shutil.copy(folder / "gate.test.yaml", folder / "more.test.yaml")
    ran = gate("rules", "test", "gate.yaml", "more.test.yaml")
    assert ran.code == 0
    assert "gate.test.yaml: rules of gate.yaml" in ran.out
    assert "more.test.yaml: rules of gate.yaml" in ran.out
    assert ran.out.endswith("all 2 cases hold; 8 rules are not covered both ways\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  it: {facts: {tag: x}}\n", "a case expects nothing"),
        ("  it: {expect: passed}\n", "a case has either an `image` or `facts`"),
        ("  it: {facts: {tag: x}, image: 'oci:a', expect: passed}\n", "a case has either an `image` or `facts`"),
        ("  it: {image: 'nginx:1', expect: passed}\n", "is no layout or archive"),
        ("  it: {facts: {tga: x}, expect: passed}\n", "has no key 'tga'; did you mean 'tag'?"),
        ("  it: {facts: {tag: x}, expect: pass}\n", "did you mean 'passed'?"),
        ("  it: {facts: {tag: x}, rules: {version-tags: violated}}\n", "there is no rule 'version-tags'"),
        ("  it: {facts: {tag: x}, only: nope, expect: passed}\n", "there is no rule 'nope'"),
        ("  it: {facts: {tag: x, signed-by: nobody}, expect: passed}\n", "there is no signer 'nobody' (there are: release)"),
        ("  it: {facts: {tag: x}, rules: {signed: broken}}\n", "broken"),
        ("  it: {facts: {tag: x, platforms: [linux/amd64, linux/x86_64]}, expect: passed}\n", "a platform is named twice"),
        ("  it: {facts: {tag: x, platforms: linux}, expect: passed}\n", "is not a platform"),
        ("  it: {facts: {config: nowhere.json}, expect: passed}\n", "nowhere.json"),
        ("  it: {facts: {config: release.pub}, expect: passed}\n", "is no JSON object"),
        ("  it: {facts: {tag: x, tags: {x: another}}, expect: passed}\n", "this is the tag it is checked by"),
        ("  it: {facts: {tag: x, layers: 0}, expect: passed}\n", "a layer has at least one byte"),
        ("  it: {facts: {tag: x}, reports: a.json, expect: passed}\n", "'reports' is for an `image`"),
        ("  it: {facts: {tag: x}, waivers: nowhere.yaml, expect: passed}\n", "there is no such file"),
        ("  it: {facts: {tag: x}, at: yesterday, expect: passed}\n", "is no time"),
        ("  {}\n", "'cases' is empty"),
    ],
)  # fmt: skip
def test_a_mistake_in_cases_has_its_place(folder: Path, text: str, words: str) -> None:
    """Exit code 2, and nothing is judged."""
    code, out, err = case(folder, text)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (HEAD.replace("at: 2026-11-24T12:00:00Z\n", ""), "say when"),
        (HEAD.replace("gate.yaml", "nowhere.yaml"), "there is no such file"),
        (HEAD.replace("gate: 1", "gate: 2"), "this gate reads version 1"),
        (HEAD.replace("rules: gate.yaml\n", ""), "lacks the key 'rules'"),
    ],
)
def test_a_mistake_at_the_top_of_cases_has_its_place(folder: Path, head: str, words: str) -> None:
    """Exit code 2."""
    code, _, err = case(folder, f"  it: {{facts: {GOOD}, expect: passed}}\n", head)
    assert code == 2
    assert words in err


@pytest.mark.parametrize(("name", "cases"), [("gate.yaml", "gate.test.yaml"), ("org.yaml", "org.test.yaml")])
def test_a_rule_file_in_the_place_of_cases_is_told(folder: Path, name: str, cases: str) -> None:
    """Where its cases are looked for; not that the rules are wrong cases."""
    shutil.move(folder / "gate.yaml", folder / name)
    ran = gate("rules", "test", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"{name}:1:1: {name} is a rule file; cases are in {cases}, and there is no such file\n"
        "gate: 1 mistake in the rule files; nothing was judged (exit 2)\n"
    )


def test_no_cases_are_a_mistake(folder: Path) -> None:
    """A file that is not there does not pass."""
    ran = gate("rules", "test")
    assert ran.code == 2
    assert "gate.test.yaml" in ran.err


def test_the_example_of_the_docs_is_true(folder: Path) -> None:
    """docs/rule-tests.md: its rules, its cases, and the whole table."""
    text = (ROOT / "docs" / "rule-tests.md").read_text(encoding="utf-8")
    rules, cases, shown = (re.findall(rf"```{word}\n(.*?)```", text, re.DOTALL)[0] for word in ("yaml", "yml", "text"))
    (folder / "keys").mkdir()
    shutil.copy(folder / "release.pub", folder / "keys" / "release.pub")
    (folder / "gate.yaml").write_text(rules)
    code, out, err = case(folder, "", cases)
    assert (code, err) == (0, "")
    assert shown == f"$ gate rules test\n{out}"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
@example("\xa0")
def test_hostile_names_do_not_reach_the_terminal(folder: Path, name: str) -> None:
    """What cannot be printed is a mistake or escaped; never a traceback."""
    quoted = name.replace("'", "''").replace("\n", " ")
    code, out, _ = case(folder, f"  '{quoted}': {{facts: {GOOD}, expect: passed}}\n")
    assert code in {0, 2}
    assert all(printable(character) == character or character == "\n" for character in out)
