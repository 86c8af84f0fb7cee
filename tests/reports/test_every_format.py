"""What holds for every report: the verdict and exit code of the run, one order, the same bytes, no command of others."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.report import Document, Style
from gate.rooms import load, names
from tests.project.demo import DEMO, LOOKS, gate
from tests.reports.ci_commands import azure_commands, github_commands
from tests.reports.documents import SAMPLES, SUBJECT, failed, many_findings, passed, several, unenforced, unfinished
from tests.reports.hostile import documents
from tests.reports.runner import commands

FORMATS = names("reports")
#: The formats of this project whose text is for a CI system's log.
SPEAKING = {"github", "azure"}
RUNS = {look.code: look for look in reversed(LOOKS)}


def rendered(name: str, document: Document, style: Style = Style()) -> str:  # noqa: B008 -- a frozen value
    """Render in one format."""
    text: str = load("reports", name).RENDERER.render(document, style)
    return text


def test_the_formats_of_ci_systems_are_there() -> None:
    """By the words that users type."""
    wanted = {
        "azure", "buildkite", "github", "gitlab-code-quality", "junit", "markdown", "markdown-comment", "sarif", "tap",
    }  # fmt: skip
    assert wanted <= set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_renderer_has_the_name_it_is_asked_for_by(name: str) -> None:
    """`--output NAME=FILE` finds the module of that name."""
    assert load("reports", name).RENDERER.name == name


@pytest.mark.parametrize("code", sorted(RUNS))
@pytest.mark.parametrize("name", FORMATS)
def test_the_exit_code_is_the_same_with_every_format_on_standard_output(name: str, code: int) -> None:
    """Passed, failed and undetermined, through the command itself."""
    assert gate(*RUNS[code].arguments(DEMO, "--format", name)).code == code


@pytest.mark.parametrize("code", sorted(RUNS))
def test_the_exit_code_is_the_same_with_every_format_at_once(code: int, tmp_path: Path) -> None:
    """One run writes them all, and each file is whole."""
    outputs = [word for name in FORMATS for word in ("--output", f"{name}={tmp_path / name}")]
    assert gate(*RUNS[code].arguments(DEMO, *outputs)).code == code
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(FORMATS)
    assert all(file.read_text(encoding="utf-8").endswith("\n") for file in tmp_path.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_an_advisory_run_ends_with_0_in_every_format(name: str, tmp_path: Path) -> None:
    """What is not enforced is not enforced by a format either (S25)."""
    rules = (
        (DEMO / "gate.yaml").read_text(encoding="utf-8").replace("gate: 1", "gate: 1\nadvisory: {until: 2026-12-31}")
    )
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "release.pub").write_bytes((DEMO / "keys" / "release.pub").read_bytes())
    (tmp_path / "gate.yaml").write_text(rules, encoding="utf-8")
    image = f"oci:{DEMO / 'app'}:latest"
    ran = gate("check", image, "--rules", str(tmp_path / "gate.yaml"), "--at", "2026-11-24T12:00:00Z", "--format", name)
    assert ran.code == 0, ran.err
    assert ran.out.endswith("\n")


@pytest.mark.parametrize("sample", sorted(SAMPLES))
@pytest.mark.parametrize("name", FORMATS)
def test_the_same_document_gives_the_same_bytes(name: str, sample: str) -> None:
    """Twice in a row, and whatever the width of the terminal, where the format has none."""
    once = rendered(name, SAMPLES[sample])
    assert once == rendered(name, SAMPLES[sample])
    assert once.endswith("\n")
    assert "\r" not in once
    if name not in {"terminal", "html"}:
        assert once == rendered(name, SAMPLES[sample], Style(width=40, colour=True, verbose=True))


#: Formats for which each finding leaves its sentence once, in order.
ORDERED = [name for name in FORMATS if name not in {"json", "html", "buildkite", "markdown-comment"}]


def mentioned(text: str, words: tuple[str, ...]) -> list[str]:
    """Give the words in the order in which they first appear."""
    places = {word: text.find(word) for word in words}
    return sorted((word for word in words if places[word] >= 0), key=places.__getitem__)


@pytest.mark.parametrize("name", ORDERED)
def test_findings_stand_in_the_order_of_the_report_for_people(name: str) -> None:
    """Whoever compares two reports finds the same things in the same places."""
    words = ("no e-mail address", "CVE-2026-0001", "CVE-2026-0002", "runs as root")
    assert mentioned(rendered(name, failed()), words) == mentioned(rendered("terminal", failed()), words) == list(words)


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"github", "azure", "markdown-comment", "buildkite", "terminal"}))
def test_no_format_for_files_leaves_out_a_finding(name: str) -> None:
    """Thirty are no reason to stop."""
    text = rendered(name, many_findings())
    assert all(f"CVE-2026-{number:04d}" in text for number in range(1, 31))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", ["failed", "undetermined", "passed"])
def test_every_format_names_image_and_digest(name: str, sample: str) -> None:
    """A report that went astray says what it is about."""
    text = rendered(name, SAMPLES[sample]).replace("\\u0023", "#")
    if name == "gitlab-code-quality" and sample == "passed":
        assert text == "[]\n"
        return
    assert "ghcr.io/acme/app" in text
    assert "sha256:1bc04b5291c26a46d918139138b992d2de976d6851d0893b0476b85bfbdfc6e6" in text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"gitlab-code-quality"}))
def test_every_format_names_the_rules_that_decided(name: str) -> None:
    """One digest over everything that decides (S24), and a word where nothing was read."""
    assert str(failed().closure.rules_digest) in rendered(name, failed())
    assert str(passed().closure.rules_digest) in rendered(name, passed())


@pytest.mark.parametrize("name", ["azure", "buildkite", "github", "markdown", "markdown-comment", "tap", "terminal"])
def test_where_no_rules_were_read_no_digest_is_shown(name: str) -> None:
    """The digest of nothing would look like one of something."""
    text = rendered(name, unfinished())
    assert "none were read" in text
    assert str(unfinished().closure.rules_digest) not in text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"gitlab-code-quality", "json", "html"}))
def test_an_unenforced_run_says_so_in_every_format(name: str) -> None:
    """Nobody takes an exit code 0 of an advisory run for a pass (S25)."""
    text = rendered(name, unenforced())
    assert "2027-01-15" in text
    assert re.search(r"not enforced until|notEnforcedUntil", text)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"gitlab-code-quality"}))
def test_every_format_shows_the_headline_notes(name: str) -> None:
    """What weakens a verdict is read with it (S19, S33)."""
    assert "the completeness of trivy-amd64.json is unproven" in rendered(name, passed())


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_over_no_image_is_no_pass_in_any_format(name: str) -> None:
    """Nothing judged is nothing passed (S2)."""
    text = rendered(name, replace(passed(), judged=(), exit_code=3))
    looks_passed = re.search(r"passed|\bok 1\b(?<!not ok 1)", text)
    assert not looks_passed or name == "html"


@pytest.mark.parametrize("name", FORMATS)
def test_several_images_are_all_in_every_format(name: str) -> None:
    """Each image that did not pass is named, and what is wrong with it."""
    first, second, third = several().judged
    other = replace(SUBJECT, repository="ghcr.io/acme/worker", place="ghcr.io/acme/worker")
    verdict = replace(second.verdict, subject=other)
    text = rendered(name, replace(several(), judged=(first, replace(second, verdict=verdict), third)))
    assert "ghcr.io/acme/worker" in text
    assert "ghcr.io/acme/cron" in text
    assert "has no tag 1.4.2" in text


@pytest.mark.parametrize("name", sorted(set(FORMATS) - SPEAKING))
@given(one=documents(), style=st.builds(Style, width=st.sampled_from([40, 80]), verbose=st.booleans()))
@settings(max_examples=60)
def test_whatever_others_wrote_no_report_commands_a_runner(name: str, one: Document, style: Style) -> None:
    """Both streams of a step are read, and people `cat` files (S43)."""
    text = rendered(name, one, style)
    assert commands(text) == []
    assert github_commands(text) == []
    assert azure_commands(text) == []


@pytest.mark.parametrize("name", FORMATS)
@given(one=documents())
@settings(max_examples=60)
def test_whatever_others_wrote_a_report_is_printable_utf_8(name: str, one: Document) -> None:
    """No character hides, turns text around or moves a cursor, in any format."""
    text = rendered(name, one)
    text.encode()
    for character in text:
        assert character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_the_demo_in_sarif_points_at_the_rule_file_of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given as people type it, relative to where they stand, a path stays what it is."""
    monkeypatch.chdir(DEMO)
    ran = gate("check", "oci:app:latest", "--rules", "gate.yaml", "--at", "2026-11-24T12:00:00Z", "--format", "sarif")
    results = json.loads(ran.out)["runs"][0]["results"]
    lines = (DEMO / "gate.yaml").read_text(encoding="utf-8").splitlines()
    assert results
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "gate.yaml"
        assert result["properties"]["rule"] in lines[place["region"]["startLine"] - 1]
