"""The GitLab jobs, run with bash as a GitLab runner would: exit codes, the dotenv report, whose rules."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runner import BAD, GOOD, bash, environment, git, inputs
from tests.ci.test_action import CASES, proposed
from tests.project.demo import ROOT

pytestmark = pytest.mark.server("bash", "git")

EXAMPLE = ROOT / ".gitlab-ci.example.yml"
TEMPLATE = ROOT / "templates" / "gate" / "template.yml"

#: GitLab: at most 20 variables; names of letters, digits and underscores; no line break or quoting in values.
DOTENV = re.compile(r"[A-Z][A-Z0-9_]*=[A-Za-z0-9:._/@-]*")
MOST_VARIABLES = 20


def example() -> dict[str, Any]:
    """Read the example."""
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return document


def gitlab(
    folder: Path, published: tuple[Path, str], given: dict[str, str], **more: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the script of the jobs and give the variables of its dotenv report."""
    variables = {f"GATE_{name.upper().replace('-', '_')}": value for name, value in given.items()}
    own = {"GATE_SOURCE": str(published[0]), "GATE_COMMIT": published[1], "CI_PROJECT_DIR": str(folder)}
    temp = folder.parent / "temp"
    temp.mkdir(exist_ok=True)
    own["TMPDIR"] = str(temp)
    done = bash("\n".join(example()[".image-gate"]["script"]), folder, environment(**{**own, **variables, **more}))
    assert not list(temp.glob("image-gate.*")), "something was left behind"
    lines = (folder / "gate.env").read_text().splitlines()
    assert all(DOTENV.fullmatch(line) for line in lines), lines
    told = dict(line.split("=", 1) for line in lines)
    assert len(told) == len(lines) <= MOST_VARIABLES
    return done, told


@pytest.mark.parametrize("case", CASES)
def test_the_job_ends_and_tells_as_the_gate_does(case: str, workspace: Path, published: tuple[Path, str]) -> None:
    """The same table as for the action."""
    changed, code, verdict, digest = CASES[case]
    done, told = gitlab(workspace, published, inputs(**changed))
    assert (done.returncode, told["GATE_VERDICT"], told["GATE_DIGEST"]) == (code, verdict, digest), done.stderr
    assert told["GATE_EXIT_CODE"] == str(code)
    assert "GATE_IMAGE" not in told, "it would become what the next job is asked for"


@pytest.mark.parametrize(("tag", "code"), [("1.4.2", 0), ("bad", 1), ("9.9.9", 3)])
def test_every_report_that_gitlab_shows_is_there(
    tag: str, code: int, workspace: Path, published: tuple[Path, str]
) -> None:
    """Whatever the verdict: a missing code quality report would leave the old findings standing."""
    reports = "demo/reports/bad.json" if tag == "bad" else inputs()["reports"]
    done, _ = gitlab(workspace, published, inputs(image=f"oci:demo/app:{tag}", reports=reports))
    assert done.returncode == code
    artifacts = example()[".image-gate"]["artifacts"]
    named = {*artifacts["paths"], *artifacts["reports"].values()}
    assert named == {"gate.json", "gate-junit.xml", "gate-code-quality.json", "gate.env"}
    assert all((workspace / name).is_file() for name in named)
    quality = json.loads((workspace / "gate-code-quality.json").read_text())
    assert (quality == []) == (code == 0)
    assert (workspace / "gate-junit.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("named_by", ["commit", "branch"])
def test_the_rules_of_a_merge_request_are_those_of_the_target_branch(
    named_by: str, workspace: Path, published: tuple[Path, str], tmp_path: Path
) -> None:
    """By its commit where GitLab names one, else as the branch is now; the author's rules decide nothing (S24)."""
    base = proposed(workspace)["pull_request"]["base"]["sha"]
    origin = tmp_path / "origin.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(workspace), str(origin))
    git(origin, "update-ref", "refs/heads/target", base)
    git(workspace, "remote", "add", "origin", f"file://{origin}")
    event = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
    event |= (
        {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": base}
        if named_by == "commit"
        else {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "target"}
    )
    given = inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json")
    done, told = gitlab(workspace, published, given, **event)
    assert (done.returncode, told["GATE_VERDICT"], told["GATE_DIGEST"]) == (1, "failed", BAD), done.stderr
    assert (workspace / "gate.json").is_file()


@pytest.mark.parametrize("branch", ["", "nowhere", "--upload-pack=touch planted", "a b", "../../main"])
def test_without_the_target_branch_there_is_no_verdict(
    branch: str, workspace: Path, published: tuple[Path, str]
) -> None:
    """The rules of the merge request are no substitute."""
    proposed(workspace)
    git(workspace, "remote", "add", "origin", f"file://{workspace}")
    event = {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": branch}
    done, told = gitlab(workspace, published, inputs(), **event)
    assert (done.returncode, told["GATE_VERDICT"]) == (3, "undetermined")
    assert not (workspace / "planted").exists()


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_committed_dotenv_does_not_survive(kind: str, workspace: Path, published: tuple[Path, str]) -> None:
    """What the checkout says about the verdict is gone before anything else happens."""
    planted = workspace / "planted"
    planted.write_text("GATE_VERDICT=passed\n")
    dotenv = workspace / "gate.env"
    if kind == "folder":
        dotenv.mkdir()
        with pytest.raises(IsADirectoryError):  # nothing to upload; and the job ends in 3
            gitlab(workspace, published, inputs())
        return
    if kind == "link":
        dotenv.symlink_to(planted)
    else:
        dotenv.write_text("GATE_VERDICT=passed\nGATE_DIGEST=sha256:" + "0" * 64 + "\nGATE_RULES=x\n")
    done, told = gitlab(workspace, published, inputs(rules="nowhere.yaml"))
    assert (done.returncode, told["GATE_VERDICT"], told["GATE_DIGEST"]) == (2, "undetermined", "")
    assert planted.read_text() == "GATE_VERDICT=passed\n"


def test_the_jobs_account_is_bound_to_the_projects_registry(workspace: Path, published: tuple[Path, str]) -> None:
    """It reaches the gate under that registry's name, and a name that could end the JSON gets nothing."""
    spy = workspace.parent / "python"
    spy.write_text('#!/bin/sh\nprintf %s "${DOCKER_AUTH_CONFIG:-}" > "' + str(workspace) + '/seen"\nexit 2\n')
    spy.chmod(0o755)
    account = {"CI_REGISTRY_USER": "gitlab-ci-token", "CI_REGISTRY_PASSWORD": 'pass"word\n'}
    fake = inputs(installed=str(spy))
    gitlab(workspace, published, fake, CI_REGISTRY="registry.example.com:5050", **account)
    seen = json.loads((workspace / "seen").read_text())
    assert list(seen["auths"]) == ["registry.example.com:5050"]
    assert base64.b64decode(seen["auths"]["registry.example.com:5050"]["auth"]) == b'gitlab-ci-token:pass"word\n'
    gitlab(workspace, published, fake, CI_REGISTRY='evil","x', **account)
    assert (workspace / "seen").read_text() == ""
    gitlab(workspace, published, fake, CI_REGISTRY="registry.example.com", DOCKER_AUTH_CONFIG="{}", **account)
    assert (workspace / "seen").read_text() == "{}"


def test_the_example_lets_nothing_through() -> None:
    """No `allow_failure`, no artifacts of the build job, and later jobs ask for the verdict and the digest (S42)."""
    document = example()
    assert all("allow_failure" not in job for job in document.values())
    assert document["gate"]["needs"] == [{"job": "build", "artifacts": False}]
    assert document["promote"]["needs"] == ["gate"]
    assert document["promote"]["variables"]["GATE_EXPECT_DIGEST"] == "$GATE_DIGEST"
    assert 'test "$GATE_VERDICT" = passed' in document["deploy"]["script"]
    assert "@$GATE_DIGEST" in document["deploy"]["script"][1]


def test_the_component_is_the_same_job() -> None:
    """Same script and artifacts; inputs stand in variables only, and those that name jobs are bounded by a pattern."""
    spec, jobs = yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))
    (job,) = jobs.values()
    common = example()[".image-gate"]
    assert job["script"] == common["script"]
    assert job["artifacts"] == common["artifacts"]
    assert "allow_failure" not in job
    assert all("$[[" not in line for line in job["script"])
    pasted = {name for name in spec["spec"]["inputs"] if f"inputs.{name} ]]" not in json.dumps(job["variables"])}
    assert pasted == {"job", "stage", "build-job", "python-image"}
    assert all("regex" in spec["spec"]["inputs"][name] for name in pasted)
    used = set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", TEMPLATE.read_text()))
    assert used == spec["spec"]["inputs"].keys()


def test_a_good_run_says_what_may_be_deployed(workspace: Path, published: tuple[Path, str]) -> None:
    """The digest, and nothing that is empty but the reference, which a layout does not have."""
    done, told = gitlab(workspace, published, inputs())
    assert done.returncode == 0
    assert told == {
        "GATE_VERDICT": "passed",
        "GATE_ENFORCED": "true",
        "GATE_DIGEST": GOOD,
        "GATE_PINNED_IMAGE": "",
        "GATE_FAILED": "0",
        "GATE_WARNED": "0",
        "GATE_UNDECIDED": "0",
        "GATE_PROMOTED": "false",
        "GATE_EXIT_CODE": "0",
    }
