"""`gate rules lint | show | explain | schema`, run as people run them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.cli._world import World
from gate.cli.main import main
from tests.project.demo import DEMO

GOOD = "gate: 1\nrules:\n  version-tag: {check: tag, deny: [latest]}\n"
LATEST = "sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18"
WAIVER = """gate: 1
waivers:
  - {rule: version-tag, images: "ghcr.io/acme/app", reason: r, owner: o, expires: 2027-01-01}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with a good rule file and a waiver."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text(GOOD)
    (tmp_path / "waivers.yaml").write_text(WAIVER)
    return tmp_path


def gate(*arguments: str) -> tuple[int, str, str]:
    """Run one command: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = main(["rules", *arguments], World(out, err, {}, lambda: datetime(2026, 11, 25, 12, tzinfo=UTC)))
    return code, out.getvalue(), err.getvalue()


def test_lint_is_content_with_a_good_file(folder: Path) -> None:
    """One line on standard output, exit code 0; gate.yaml if no file is named."""
    said = "gate.yaml: no mistakes (1 rule, 0 signers, 1 rule file read)\n"
    assert gate("lint") == (0, said, "")
    assert gate("lint", "gate.yaml") == (0, said, "")
    said = "gate.yaml: no mistakes (1 rule, 0 signers, 1 waiver, 1 rule file read)\n"
    assert gate("lint", "--waivers", "waivers.yaml") == (0, said, "")


def test_lint_reports_every_mistake_of_rules_and_waivers_and_ends_with_2(folder: Path) -> None:
    """On standard error, with caret and a guess; nothing on standard output."""
    (folder / "gate.yaml").write_text(GOOD.replace("deny", "dney"))
    (folder / "waivers.yaml").write_text(WAIVER.replace("owner: o, ", ""))
    code, out, err = gate("lint", "--waivers", "waivers.yaml")
    assert (code, out) == (2, "")
    assert err == (
        "gate.yaml:3:29: the rule 'version-tag' (check tag) has no key 'dney'; did you mean 'deny'?\n"
        "    3 |   version-tag: {check: tag, dney: [latest]}\n"
        "      |                             ^^^^\n"
        "waivers.yaml:3:5: an entry of 'waivers' lacks the key 'owner': say `owner: a person or team`\n"
        '    3 |   - {rule: version-tag, images: "ghcr.io/acme/app", reason: r, expires: 2027-01-01}\n'
        "      |     ^\n"
        "gate: 2 mistakes in the rule files; nothing was judged (exit 2)\n"
    )


def test_lint_looks_whether_waivers_fit_the_rules(folder: Path) -> None:
    """A waiver for no rule."""
    (folder / "waivers.yaml").write_text(WAIVER.replace("version-tag", "version-tags"))
    code, _, err = gate("lint", "--waivers", "waivers.yaml")
    assert code == 2
    assert "there is no rule 'version-tags' (there are: version-tag); did you mean 'version-tag'?" in err


@pytest.mark.parametrize("command", ["lint", "show"])
@pytest.mark.parametrize("file", ["missing.yaml", ".", "builtin:nope", "\x1b[31m"])
def test_a_file_that_is_none_ends_with_2(folder: Path, command: str, file: str) -> None:
    """Named, escaped, no traceback."""
    code, out, err = gate(command, file)
    assert (code, out) == (2, "")
    assert "\x1b" not in err
    assert err.endswith("gate: 1 mistake in the rule files; nothing was judged (exit 2)\n")


@pytest.mark.parametrize("command", [("lint",), ("show",), ("explain", "version-tag")])
def test_who_has_no_rules_yet_is_told_how_to_begin(folder: Path, command: tuple[str, ...]) -> None:
    """The first thing that many will see; of a file that somebody named, only that it is not there."""
    (folder / "gate.yaml").unlink()
    code, out, err = gate(*command)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == (
        "gate.yaml:1:1: there is no such file: name yours (gate check --rules FILE), start with --rules builtin:baseline, "
        "or write one with `gate init`"
    )
    code, out, err = gate("lint", "other.yaml")
    assert err.splitlines()[0] == "other.yaml:1:1: there is no such file"


def test_show_prints_the_merged_rules(folder: Path) -> None:
    """With places; it can be linted again."""
    code, out, _ = gate("show")
    assert code == 0
    assert "  version-tag:                                           # gate.yaml:3:3\n" in out
    (folder / "again.yaml").write_text(out)
    assert gate("lint", "again.yaml")[0] == 0


def test_explain_says_what_a_rule_asks_for(folder: Path) -> None:
    """From gate.yaml, or the files that --rules names."""
    code, out, _ = gate("explain", "version-tag")
    assert code == 0
    assert out.startswith("version-tag: ")
    assert "deny: [latest]   (gate.yaml:3:35)\n" in out
    assert gate("explain", "version-tag", "--rules", "gate.yaml") == (0, out, "")


def test_explain_of_no_rule_guesses(folder: Path) -> None:
    """Wrong usage."""
    code, out, err = gate("explain", "versiontag")
    assert (code, out) == (2, "")
    assert "there is no rule 'versiontag' (there are: version-tag); did you mean 'version-tag'?" in err


@pytest.mark.parametrize(
    ("rule", "tag", "said"),
    [
        ("version-tag", "1.4.2", "  satisfied\n"),
        ("version-tag", "latest", "  violated\n  tag-denied: the tag latest is denied\n    Push the image under a tag"),
    ],
)
def test_explain_of_an_image_says_what_the_rule_says_of_it(folder: Path, rule: str, tag: str, said: str) -> None:
    """Behind the explanation; nothing is decided by it, so it ends with 0."""
    alone = gate("explain", rule)[1]
    code, out, err = gate("explain", rule, f"oci:{DEMO / 'app'}:{tag}")
    assert (code, err) == (0, "")
    assert out.startswith(f"{alone}\nWhat it says of oci:{DEMO / 'app'}:{tag} now:\n{said}")


def test_explain_judges_by_the_rule_it_was_asked_for_alone(folder: Path) -> None:
    """With what came with the image: reports, waivers, the time."""
    (folder / "gate.yaml").write_text(
        f"{GOOD}  highs: {{check: vulnerabilities, fail-at: high, report: {{scanners: trivy}}}}\n"
    )
    image = f"oci:{DEMO / 'app'}:latest"
    code, out, _ = gate("explain", "highs", image)
    assert code == 0
    assert "  violated\n  report-missing: " in out
    assert "tag-denied" not in out
    (folder / "waivers.yaml").write_text(WAIVER.replace('images: "ghcr.io/acme/app"', f"digest: {LATEST}"))
    code, out, _ = gate("explain", "version-tag", image, "--waivers", "waivers.yaml")
    assert code == 0
    assert "  waived\n  waived until 2027-01-01 by o: tag-denied: the tag latest is denied\n" in out


def test_explain_of_no_image_says_so(folder: Path) -> None:
    """Exit code 3, the reason in the place of the answer."""
    code, out, _ = gate("explain", "version-tag", f"oci:{DEMO / 'app'}:nope")
    assert code == 3
    assert "now:\n  undecided (tag-not-found): " in out
    for more in ("--report", "--waivers", "--platform", "--at"):
        code, out, err = gate("explain", "version-tag", more, "x")
        assert (code, out) == (2, "")
        assert f"{more} is about an image: name one behind the rule" in err
    code, out, err = gate("explain", "version-tag", "-x")
    assert (code, out) == (2, "")


def test_schema_is_the_published_one() -> None:
    """For editors."""
    code, out, _ = gate("schema")
    assert code == 0
    assert json.loads(out) == json.loads((Path(__file__).parents[2] / "docs" / "rule-file.schema.json").read_text())


def test_rules_alone_is_wrong_usage() -> None:
    """It says which commands there are."""
    code, _, err = gate()
    assert code == 2
    assert "COMMAND" in err
