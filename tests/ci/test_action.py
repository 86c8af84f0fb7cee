"""action.yml, run with bash as GitHub's runner would: exit codes, outputs, first acts, whose rules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import ACTION, BAD, GOOD, action, committed, git, inputs
from tests.project.demo import ROOT

pytestmark = pytest.mark.server("bash", "git")

#: inputs that differ from the good run → exit code, verdict, digest.
CASES = {
    "passed": ({}, 0, "passed", GOOD),
    "failed": ({"image": "oci:demo/app:bad", "reports": "demo/reports/bad.json"}, 1, "failed", BAD),
    "wrong rule file": ({"rules": "demo/SOURCE.md"}, 2, "undetermined", ""),
    "no rule file": ({"rules": "nowhere.yaml"}, 2, "undetermined", ""),
    "no image": ({"image": ""}, 2, "undetermined", ""),
    "an image like an option": ({"image": "--help"}, 2, "undetermined", ""),
    "a rule file like an option": ({"rules": "demo/gate.yaml --at 2020-01-01"}, 2, "undetermined", ""),
    "one report is missing": ({"reports": "demo/reports/1.4.2-amd64.json"}, 3, "undetermined", GOOD),
    "no such tag": ({"image": "oci:demo/app:9.9.9"}, 3, "undetermined", ""),
    "another digest expected": ({"expect_digest": BAD}, 1, "failed", GOOD),
    "a digest that is none": ({"expect_digest": "sha256:12"}, 2, "undetermined", ""),
    "two digests expected": ({"expect_digest": f"{BAD}\n{GOOD}"}, 2, "undetermined", ""),
    "an image with a line break": ({"image": "oci:demo/app:1.4.2\nverdict=passed"}, 2, "undetermined", ""),
    "other rules than pinned": ({"rules_digest": BAD}, 2, "undetermined", ""),
    "one platform": ({"platform": "linux/amd64"}, 0, "passed", GOOD),
    "a platform that is not there": ({"platform": "linux/amd64 --at"}, 3, "undetermined", GOOD),
    "a time that is none": ({"wait": "soon"}, 2, "undetermined", ""),
    "waiting for what never comes is no use": ({"wait": "0s", "image": "oci:demo/app:9.9.9"}, 3, "undetermined", ""),
    "a layout cannot be promoted": ({"promote_to": "1.4.2-prod"}, 2, "undetermined", ""),
    "nothing that failed is promoted": (
        {"wait": "1s", "rules": "nowhere.yaml", "promote_to": "x"},
        2,
        "undetermined",
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_action_ends_and_tells_as_the_gate_does(case: str, workspace: Path) -> None:
    """Exit code and outputs follow from the verdict; nothing else is ever told as passed."""
    changed, code, verdict, digest = CASES[case]
    ran = action(workspace, inputs(**changed))
    assert ran.told == (code, verdict, digest), ran.err
    assert ran.outputs["exit-code"] == str(code)
    assert ran.outputs["enforced"] == "true"
    assert ran.outputs["promoted"] == "false"


def test_a_run_says_what_it_found(workspace: Path) -> None:
    """Counts, annotations on standard error, the report on standard output, and the summary."""
    ran = action(workspace, inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json"))
    assert (ran.outputs["failed"], ran.outputs["warned"], ran.outputs["undecided"]) == ("7", "0", "0"), ran.out
    assert {command.name for command in ran.commands} == {"error", "notice"}
    errors = [command for command in ran.commands if command.name == "error"]
    assert {command.properties.get("file", "") for command in errors} == {"demo/gate.yaml", ""}
    assert "FAILED" in ran.out
    assert "::" not in ran.out
    assert "failed" in ran.summary.lower()
    assert BAD in ran.summary


@pytest.mark.parametrize("format_", ["json", "sarif", "junit", "markdown", "html"])
@pytest.mark.parametrize(("tag", "code"), [("1.4.2", 0), ("bad", 1), ("9.9.9", 3)])
def test_the_exit_code_is_the_same_in_every_format(format_: str, tag: str, code: int, workspace: Path) -> None:
    """And the file is there, also where the step fails."""
    reports = "demo/reports/bad.json" if tag == "bad" else inputs()["reports"]
    ran = action(workspace, inputs(image=f"oci:demo/app:{tag}", reports=reports, **{format_: "the report"}))
    assert ran.code == code
    assert ran.outputs[f"{format_}-file"] == "the report"
    assert (workspace / "the report").stat().st_size > 100


@pytest.mark.parametrize("case", ["no python", "wrong rules", "no such tag"])
def test_an_older_verdict_does_not_survive(case: str, workspace: Path) -> None:
    """Reports that say passed are gone before anything else, whatever happens then (S8)."""
    changed = {
        "no python": {"installed": "", "python": "/bin/false"},
        "wrong rules": {"rules": "nowhere.yaml"},
        "no such tag": {"image": "oci:demo/app:9.9.9"},
    }[case]
    for name in ("gate.json", "gate.sarif"):
        (workspace / name).write_text('{"verdict": "passed"}')
    ran = action(workspace, inputs(json="gate.json", sarif="gate.sarif", **changed))
    assert ran.outputs["verdict"] == "undetermined"
    for name in ("gate.json", "gate.sarif"):
        file = workspace / name
        assert not file.exists() or '"verdict": "passed"' not in file.read_text()


def test_the_first_outputs_are_written_before_anything_is_run(workspace: Path) -> None:
    """A Python that kills the job leaves `undetermined` behind, and every declared output set (S8)."""
    killer = workspace.parent / "killer"
    killer.write_text("#!/bin/sh\nkill -9 $PPID\n")
    killer.chmod(0o755)
    with pytest.raises(AssertionError, match="something was left behind"):  # nobody was left to tidy up
        action(workspace, inputs(installed=str(killer), json="gate.json"))
    written = (workspace.parent / "checkout-output").read_text()
    names = {line.partition("=")[0] for line in written.splitlines()}
    assert names == ACTION["outputs"].keys() | {"gitlab-code-quality-file"}
    assert "verdict=undetermined\n" in written
    assert "passed" not in written


def test_a_report_that_cannot_be_replaced_means_no_verdict(workspace: Path) -> None:
    """A folder lies where the report should go."""
    (workspace / "gate.json").mkdir()
    ran = action(workspace, inputs(json="gate.json"))
    assert ran.told == (3, "undetermined", "")


def test_outputs_that_cannot_be_written_mean_no_verdict(workspace: Path) -> None:
    """A later job would see none, and the step must not say that all is well."""
    ran = action(workspace, inputs(), GITHUB_OUTPUT=str(workspace))
    assert ran.code == 3
    assert "outputs cannot be written" in ran.err


def test_an_older_runner_without_summary_or_outputs_gets_the_exit_code(workspace: Path) -> None:
    """Other forges and old servers set fewer variables; the verdict needs none of them."""
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP", "GITHUB_ACTIONS"):
        ran = action(workspace, inputs(), None, **{name: ""})
        assert ran.code == 0, (name, ran.err)


def test_an_advisory_run_says_that_it_is_not_enforced(workspace: Path) -> None:
    """The step does not fail, the verdict stays, and `enforced` is false."""
    rules = workspace / "demo" / "gate.yaml"
    rules.write_text(rules.read_text().replace("gate: 1\n", "gate: 1\nadvisory: {until: 2026-12-31}\n", 1))
    ran = action(workspace, inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json"))
    assert (ran.code, ran.outputs["verdict"], ran.outputs["enforced"]) == (0, "failed", "false"), ran.err


def fake_gate(workspace: Path, said: str, code: int = 0) -> dict[str, str]:
    """Give the inputs for a gate that writes these outputs and ends with this code."""
    fake = workspace.parent / "python"
    fake.write_text(
        '#!/bin/sh\n[ "$2" != -c ] || exit 0\n'
        f"for word; do case $word in --outputs=*) cat > \"${{word#*=}}\" <<'END'\n{said}END\n;; esac; done\nexit {code}\n"
    )
    fake.chmod(0o755)
    return inputs(installed=str(fake))


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize(
    "said",
    [
        "",
        "GATE_VERDICT=passed\n",
        "GATE_VERDICT=PASSED\nGATE_ENFORCED=true\n",
        "GATE_VERDICT=PASSED\nGATE_ENFORCED=false\n",
        "GATE_ENFORCED=false\n",
        "GATE_VERDICT=passed passed\nGATE_ENFORCED=false\n",
        "GATE_VERDICT=undetermined\nGATE_ENFORCED=yes\n",
        "GATE_VERDICT=passed\nGATE_ENFORCED=false true\n",
    ],
)
def test_outputs_of_another_shape_are_not_believed(said: str, code: int, workspace: Path) -> None:
    """A gate that does not say what it has to say has gone wrong: no verdict, and nothing of it is passed on."""
    ran = action(workspace, fake_gate(workspace, said, code))
    assert ran.told == (3, "undetermined", ""), ran.err
    assert ran.outputs["enforced"] == "true"
    assert "contradict" in ran.err


def test_a_gate_that_says_failed_and_ends_with_0_is_not_believed(workspace: Path) -> None:
    """Unless the rules are advisory."""
    ran = action(workspace, fake_gate(workspace, "GATE_VERDICT=failed\nGATE_ENFORCED=true\n"))
    assert ran.told == (3, "undetermined", "")
    ran = action(workspace, fake_gate(workspace, "GATE_VERDICT=failed\nGATE_ENFORCED=false\n"))
    assert ran.told == (0, "failed", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIGEST", "sha256:12"),
        ("DIGEST", f"{GOOD} x"),
        ("DIGEST", GOOD.upper()),
        ("PINNED_IMAGE", f"x y@{GOOD}"),
        ("PINNED_IMAGE", f"$(id)@{GOOD}"),
        ("PINNED_IMAGE", f"registry.example/app:{GOOD}"),
        ("FAILED", "-1"),
        ("WARNED", "one"),
        ("UNDECIDED", "1e9"),
        ("VERDICT<<E", "elsewhere"),
    ],
)
def test_an_output_of_another_shape_stays_empty(name: str, value: str, workspace: Path) -> None:
    """Everything else of the run holds."""
    said = f"GATE_VERDICT=passed\nGATE_ENFORCED=true\nGATE_{name}={value}\n"
    ran = action(workspace, fake_gate(workspace, said))
    assert (ran.code, ran.outputs["verdict"]) == (0, "passed")
    assert value not in ran.written


@pytest.mark.parametrize("code", [1, 2, 3, 4, 77, 139])
def test_passed_is_only_said_with_exit_code_0(code: int, workspace: Path) -> None:
    """Every other code stops, and those that the gate has not become 3."""
    ran = action(workspace, fake_gate(workspace, "GATE_VERDICT=passed\nGATE_ENFORCED=true\n", code))
    assert ran.code == (2 if code == 2 else 3)
    assert ran.outputs["verdict"] == "undetermined"


def proposed(workspace: Path) -> dict[str, Any]:
    """Make the checkout one of a pull request whose author has written kinder rules; give the event."""
    (workspace / "demo" / "reports").rename(workspace.parent / "reports")
    base = committed(workspace)
    (workspace / "demo" / "gate.yaml").write_text("gate: 1\nrules:\n  any: {check: tag, allow: ['**']}\n")
    (workspace / "demo" / "mine.yaml").write_text("gate: 1\nrules:\n  any: {check: tag, allow: ['**']}\n")
    (workspace / "demo" / "waivers.yaml").write_text("waivers: []\n")
    committed(workspace)
    shutil.move(workspace.parent / "reports", workspace / "demo" / "reports")
    return {"pull_request": {"base": {"sha": base}}}


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_the_rules_of_a_pull_request_are_those_of_its_base(event: str, workspace: Path) -> None:
    """Kinder rules in the change decide nothing, and reports of the pipeline are still found (S24)."""
    payload = proposed(workspace)
    bad = {"image": "oci:demo/app:bad", "reports": "demo/reports/bad.json"}
    ran = action(workspace, inputs(**bad, json="gate.json"), payload, GITHUB_EVENT_NAME=event)
    assert ran.told == (1, "failed", BAD), ran.err
    files = {command.properties.get("file", "") for command in ran.commands if command.name == "error"}
    assert files == {"demo/gate.yaml", ""}  # the last one says how many more there are
    assert json.loads((workspace / "gate.json").read_text())["exit-code"] == 1
    good = action(workspace, inputs(), payload, GITHUB_EVENT_NAME=event)
    assert good.told == (0, "passed", GOOD), good.err


@pytest.mark.parametrize("event", ["workflow_run", "issue_comment", "workflow_dispatch", "push", "schedule"])
def test_a_proposal_that_another_event_checked_out_brings_no_rules(event: str, workspace: Path) -> None:
    """What is trusted is the commit of the event, whatever the workflow has checked out (S24)."""
    base = proposed(workspace)["pull_request"]["base"]["sha"]
    bad = inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json")
    ran = action(workspace, bad, GITHUB_EVENT_NAME=event, GITHUB_SHA=base)
    assert ran.told == (1, "failed", BAD), ran.err
    head = git(workspace, "rev-parse", "HEAD").strip()
    assert action(workspace, bad, GITHUB_EVENT_NAME=event, GITHUB_SHA=head).told[0] == 0


def test_a_merge_group_has_its_own_base(workspace: Path) -> None:
    """A merge queue judges a change too."""
    sha = proposed(workspace)["pull_request"]["base"]["sha"]
    bad = inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json")
    ran = action(workspace, bad, {"merge_group": {"base_sha": sha}}, GITHUB_EVENT_NAME="merge_group")
    assert ran.told == (1, "failed", BAD), ran.err


def test_a_shallow_checkout_fetches_the_base(workspace: Path, tmp_path: Path) -> None:
    """With a clone of depth 1 the commit is not there, and is asked for at the origin."""
    event = proposed(workspace)
    git(workspace, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{workspace}", str(clone))
    shutil.copytree(workspace / "demo" / "reports", clone / "demo" / "reports")
    bad = inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json")
    ran = action(clone, bad, event, GITHUB_EVENT_NAME="pull_request")
    assert ran.told == (1, "failed", BAD), ran.err


REFUSED = {
    "rules of the change by their whole path": ({"rules": "@/demo/mine.yaml"}, 2),
    "rules above the repository": ({"rules": "demo/../../gate.yaml"}, 2),
    "rules on another drive": ({"rules": "C:\\gate.yaml"}, 2),
    "waivers of the change by their whole path": ({"waivers": "builtin:x\n@/demo/waivers.yaml"}, 2),
    "rules that only the change has": ({"rules": "demo/mine.yaml"}, 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pull_request_brings_no_rules_of_its_own(case: str, workspace: Path) -> None:
    """What does not lie in the base commit is not read."""
    changed, code = REFUSED[case]
    changed = {name: text.replace("@", str(workspace)) for name, text in changed.items()}
    ran = action(workspace, inputs(**changed), proposed(workspace), GITHUB_EVENT_NAME="pull_request")
    assert ran.told == (code, "undetermined", ""), ran.err
    assert ("named by relative paths" in ran.err) == (case != "rules that only the change has")


@pytest.mark.parametrize("sha", ["", "0" * 40, "HEAD", "main", "--help", "refs/heads/"])
def test_without_the_base_commit_there_is_no_verdict(sha: str, workspace: Path) -> None:
    """Unknown, or not a commit at all: the rules of the checkout are no substitute."""
    proposed(workspace)
    git(workspace, "remote", "add", "origin", f"file://{workspace}")  # it has a HEAD and a main: the change's own
    event = {"pull_request": {"base": {"sha": sha}}}
    ran = action(workspace, inputs(), event, GITHUB_EVENT_NAME="pull_request")
    assert ran.told == (3, "undetermined", ""), ran.err
    assert "base commit" in ran.err


def test_rules_of_the_head_are_said_and_promote_nothing(workspace: Path) -> None:
    """`rules-from: head` takes the change's own rules; every report says so."""
    event = proposed(workspace)
    given = inputs(rules_from="head", image="oci:demo/app:bad", markdown="gate.md")
    ran = action(workspace, given, event, GITHUB_EVENT_NAME="pull_request")
    assert (ran.code, ran.outputs["verdict"]) == (0, "passed"), ran.err
    said = "whoever wrote the change may have written the rules too"
    assert said in " ".join(ran.out.split())
    assert said in " ".join(ran.summary.split())
    assert "rules-from: head" in ran.err


def test_no_input_is_pasted_into_a_script() -> None:
    """Templates stand in `env:` and `value:` only: text of others never becomes part of a script."""
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])


def test_the_image_stands_behind_two_dashes() -> None:
    """And each option is one word with its value: no text of others can become an option (S1)."""
    script = (ROOT / "scripts" / "ci" / "gate.sh").read_text(encoding="utf-8")
    assert '-I -m gate "$command" "$@" "${arguments[@]}" -- "$image")' in script
    assert 'arguments+=("$1=$line")' in script
    assert 'arguments+=("$1=$2")' in script


def test_every_input_arrives() -> None:
    """A new input that nobody hands on would be a silent one."""
    (step,) = ACTION["runs"]["steps"]
    handed_on = {text[11:-3] for text in step["env"].values() if text.startswith("${{ inputs.")}
    assert handed_on == ACTION["inputs"].keys()
