"""`--ci` and `--outputs`: who is told what, on which stream, and that none of it decides (S8, S27, S43)."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from gate.cli._ci import SYSTEMS, recognised, values_of
from gate.cli._world import World
from gate.cli.main import main
from gate.report import Document
from tests.ci.runner import BAD, GOOD, outputs_of
from tests.project.demo import AT, DEMO
from tests.reports.ci_commands import azure_commands, github_commands
from tests.reports.documents import SAMPLES
from tests.reports.hostile import documents

REPORTS = [f"--report={DEMO}/reports/1.4.2-{name}.json" for name in ("amd64", "arm64")]
GITHUB = {"GITHUB_ACTIONS": "true"}
PENDING = {"verdict": "undetermined", "enforced": "true", "digest": "", "image": ""}


def check(*more: str, tag: str = "1.4.2", environ: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Check an image of the demo; give code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    reports = [f"--report={DEMO}/reports/bad.json"] if tag == "bad" else REPORTS
    arguments = ["check", f"--rules={DEMO}/gate.yaml", "--at", AT, *reports, *more, f"oci:{DEMO}/app:{tag}"]
    code = main(arguments, World(out, err, environ or {}, lambda: datetime.now(UTC)))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("environ", "system"),
    [
        ({}, "none"),
        ({"CI": "true"}, "none"),
        ({"GITHUB_ACTIONS": "false"}, "none"),
        ({"GITHUB_ACTIONS": "true", "CI": "true"}, "github"),
        ({"GITLAB_CI": "true"}, "gitlab"),
        ({"TF_BUILD": "True"}, "azure"),
    ],
)
def test_a_system_is_recognised_by_its_own_variable(environ: dict[str, str], system: str) -> None:
    """Never by the generic `CI`."""
    assert recognised(environ) == system


def test_github_gets_annotations_outputs_and_a_summary(tmp_path: Path) -> None:
    """On standard error, so that standard output stays the report; files are added to, not replaced."""
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("mine=1\n")
    summary.write_text("before\n")
    environ = {**GITHUB, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    code, out, err = check("--ci", "auto", "--format", "json", tag="bad", environ=environ)
    assert code == 1
    assert out.startswith("{")
    assert {command.name for command in github_commands(err)} == {"error", "notice"}
    assert not github_commands(out)
    told = outputs_of(output.read_text())
    assert (told["mine"], told["verdict"], told["digest"], told["failed"]) == ("1", "failed", BAD, "7")
    assert summary.read_text().startswith("before\n")
    assert BAD in summary.read_text()


def test_azure_gets_issues_and_variables_on_standard_output() -> None:
    """Which is where its agent looks; a program that reads the report there finds them on standard error instead."""
    code, out, _ = check("--ci", "azure", tag="bad")
    commands = azure_commands(out)
    variables = {
        command.properties["variable"]: command.message for command in commands if command.name == "task.setvariable"
    }
    assert code == 1
    assert "task.logissue" in {command.name for command in commands}
    assert (variables["GATE_VERDICT"], variables["GATE_DIGEST"]) == ("failed", BAD)
    _, out, err = check("--ci", "azure", "--format", "json", tag="bad")
    assert not azure_commands(out)
    assert azure_commands(err)


def test_gitlab_gets_a_dotenv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gate.env`, written whole: an older one, or a link, does not survive."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.env").symlink_to(tmp_path / "elsewhere")
    code, out, err = check("--ci", "gitlab")
    assert code == 0
    assert not (tmp_path / "elsewhere").exists()
    lines = outputs_of((tmp_path / "gate.env").read_text())
    assert (lines["GATE_VERDICT"], lines["GATE_DIGEST"], lines["GATE_PINNED_IMAGE"]) == ("passed", GOOD, "")
    assert not github_commands(out + err)


def test_outputs_go_where_the_option_says(tmp_path: Path) -> None:
    """Whatever the system; then nothing is written where the system looks."""
    output = tmp_path / "output"
    environ = {**GITHUB, "GITHUB_OUTPUT": str(output)}
    for name in (*SYSTEMS, "none", "auto"):
        file = tmp_path / f"{name}.env"
        code, _, _ = check("--ci", name, "--outputs", str(file), environ=environ)
        assert code == 0
        assert f"GATE_DIGEST={GOOD}\n" in file.read_text()
    assert not output.exists()


def test_without_the_option_nobody_is_told() -> None:
    """A log that somebody else reads stays as it was, whatever the environment says."""
    assert check(environ={**GITHUB, "TF_BUILD": "True", "GITHUB_OUTPUT": "/nonexistent/x"}) == check()


def test_the_first_outputs_say_undetermined(tmp_path: Path) -> None:
    """Before the rules are read: a mistake in them leaves no older verdict behind (S8)."""
    file = tmp_path / "outputs"
    file.write_text("GATE_VERDICT=passed\n")
    code, _, _ = check("--outputs", str(file), "--rules", "/nonexistent.yaml")
    assert code == 2
    told = outputs_of(file.read_text())
    assert {name: told[f"GATE_{'PINNED_IMAGE' if name == 'image' else name.upper()}"] for name in PENDING} == PENDING


@pytest.mark.parametrize("name", ["github", "auto"])
def test_only_what_was_asked_for_by_name_has_to_be_written(name: str, tmp_path: Path) -> None:
    """A recognised system that cannot be told is said and decides nothing; a named one is like a missing report."""
    environ = {**GITHUB, "GITHUB_OUTPUT": str(tmp_path)}
    code, _, err = check("--ci", name, environ=environ)
    assert code == (3 if name == "github" else 0)
    assert "file of outputs" in err


def test_a_summary_that_cannot_be_written_decides_nothing(tmp_path: Path) -> None:
    """Other forges and old servers have none."""
    code, _, err = check("--ci", "github", environ={**GITHUB, "GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert code == 0
    assert "the summary" in err


def test_outputs_that_cannot_be_written_at_the_end_mean_no_verdict(tmp_path: Path) -> None:
    """As with a report; a failed image stays failed."""
    for tag, code in (("1.4.2", 3), ("bad", 3)):  # it could not even be said at the start
        assert check("--outputs", str(tmp_path / "nowhere" / "x"), tag=tag)[0] == code


def test_outputs_and_a_report_cannot_share_a_file(tmp_path: Path) -> None:
    """One would replace the other."""
    code, _, err = check("--outputs", str(tmp_path / "x"), "--output", f"json={tmp_path / 'x'}")
    assert code == 2
    assert "--outputs and --output name the same file" in err


@pytest.mark.parametrize("name", ["jenkins", "GitHub", ""])
def test_a_system_that_is_none_is_refused(name: str) -> None:
    """The choices are named."""
    code, _, err = check("--ci", name)
    assert code == 2
    assert "github" in err


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_outputs_follow_from_the_verdict(name: str) -> None:
    """Of every sample."""
    from gate.overview import run_word

    values = values_of(SAMPLES[name])
    assert values["verdict"] == run_word(SAMPLES[name])
    assert values["enforced"] == str(SAMPLES[name].enforced).lower()


@given(documents())
def test_no_text_of_others_gets_into_an_output(document: Document) -> None:
    """Names, digests and numbers of fixed shape alone."""
    for name, value in values_of(document).items():
        assert value.isascii()
        assert not set(value) & set(" \t\n\r\"'$`;<>%#\\"), (name, value)
