"""Merged rules and one rule in words: nothing is lost, every place is right, nothing unsafe is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.ruleset.show import explained, merged
from tests.ruleset.toys import read, write

ORG = """gate: 1
signers:
  team: {kind: cosign-key, key: keys/a.pub, log: none}
rules:
  old: {check: tag, allow: semver}
  signed: {check: signature, signed-by: team, final: true, why: "So: that #it is known"}
"""
TEAM = """gate: 1
extends: org.yaml
requires: ">=0.1"
rules:
  old:
    check: labels
    require: {maintainer: email, "weird key": {regex: 'a\\d+'}}
    replaces: org.yaml
    level: warning
    for: {images: "ghcr.io/acme/**"}
    from: 2027-02-01
    fix: |
      one
      two
"""


def shown(folder: Path) -> str:
    """Give the merged file with its places, folder names and digests taken out."""
    text = merged(read(write(folder, team=TEAM, org=ORG))).replace(f"{folder}/", "")
    return "\n".join(line.partition(" sha256:")[0].rstrip() for line in text.splitlines())


def test_the_merged_file_says_where_each_value_comes_from(tmp_path: Path) -> None:
    """The whole output."""
    assert (
        shown(tmp_path)
        == """\
# rules team.yaml
# rules org.yaml
# key keys/a.pub
gate: 1
signers:
  team:                                                  # org.yaml:3:3
    kind: cosign-key                                     # org.yaml:3:16
    key: keys/a.pub                                      # org.yaml:3:33
    log: none                                            # org.yaml:3:50
rules:
  old:                                                   # team.yaml:5:3
    check: labels                                        # team.yaml:6:12
    require:                                             # team.yaml:7:5
      maintainer: email                                  # team.yaml:7:27
      "weird key":                                       # team.yaml:7:34
        regex: "a\\\\d+"                                   # team.yaml:7:55
    # replaces the rule of org.yaml
    level: warning                                       # team.yaml:9:12
    for:                                                 # team.yaml:10:5
      images: "ghcr.io/acme/**"                          # team.yaml:10:19
    from: 2027-02-01                                     # team.yaml:11:11
    fix: "one\\ntwo\\n"                                    # team.yaml:12:10
  signed:                                                # org.yaml:6:3
    check: signature                                     # org.yaml:6:19
    signed-by: team                                      # org.yaml:6:41
    final: true                                          # org.yaml:6:54
    why: "So: that #it is known"                         # org.yaml:6:65"""
    )


def test_the_merged_file_is_a_rule_file_with_the_same_rules(tmp_path: Path) -> None:
    """Reading it gives what was shown."""
    before = read(write(tmp_path, team=TEAM, org=ORG))
    again = read(write(tmp_path, merged=merged(before)))
    for one, other in zip(before.ruleset.rules, again.ruleset.rules, strict=True):
        assert (one.name, one.check, one.level, one.why, one.fix) == (
            other.name,
            other.check,
            other.level,
            other.why,
            other.fix,
        )
        assert (one.scope, one.starts, one.final, one.waivable) == (
            other.scope,
            other.starts,
            other.final,
            other.waivable,
        )
    assert before.ruleset.signers == again.ruleset.signers


def test_a_rule_is_explained(tmp_path: Path) -> None:
    """What it asks for, where it holds, since when, which signers: the whole output."""
    loaded = read(write(tmp_path, team=TEAM, org=ORG))
    assert (
        explained("old", loaded).replace(f"{tmp_path}/", "")
        == """\
old: The labels are there
  check labels, level warning, judged for every platform of the image
  written at team.yaml:5:3; described in docs/checks/labels.md
  holds for images ghcr.io/acme/**
  decides from 2027-02-01 on; before, it is shown as upcoming
  replaces the rule of org.yaml
  fix: one\\ntwo\\n

What it asks for:
  require: {maintainer: email, "weird key": {regex: "a\\\\d+"}}
    (team.yaml:7:14)
      Label to form.
""".replace("    (team", "    (team")
    )
    signed = explained("signed", loaded).replace(f"{tmp_path}/", "")
    assert "\n  final: nobody may replace or waive it\n" in signed
    assert "\nSigners it names:\n  team: cosign-key, key\n" in signed
    assert "(org.yaml:3:3)\n" in signed


def test_defaults_are_explained_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody wrote decides as well."""
    text = "gate: 1\nrules:\n  all: {check: everything, report: {max-age: 24h}, waivable: false}\n"
    write(tmp_path, gate=text)
    monkeypatch.chdir(tmp_path)
    found = explained("all", read("gate.yaml"))
    assert "  fail-at: low   (default)\n      A severity.\n" in found
    assert "  strict: false   (default)\n" in found
    assert "  not waivable\n" in found
    assert "  report:   (" in found
    assert "    max-age: 24h   (gate.yaml:3:46)\n" in found
    assert "    best-effort: false   (default)\n        Whether.\n" in found
    assert "scanners" not in found
    assert "count" not in found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" :#[]"), min_size=1, max_size=20))
def test_nothing_that_a_ci_runner_obeys_is_printed(tmp_path: Path, text: str) -> None:
    """S43: no line starts with `::`, no `##[` anywhere, and texts read back the same."""
    import json

    quoted = json.dumps("::error::##[error]" + text, ensure_ascii=False)
    loaded = read(
        write(tmp_path, gate=f"gate: 1\nrules:\n  r: {{check: labels, require: {{{quoted}: any}}, why: {quoted}}}\n")
    )
    printed = merged(loaded)
    assert "##[" not in printed
    assert not any(line.strip().startswith("::") for line in printed.splitlines())
    again = read(write(tmp_path, again=printed)).ruleset.rules[0]
    assert (again.why, again.check) == (loaded.ruleset.rules[0].why, loaded.ruleset.rules[0].check)
