"""action.yml and the GitLab job, run with bash as their systems would, for every exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.project.demo import AT, ROOT, copy

pytestmark = pytest.mark.server("bash", "git")

BOTH = "demo/reports/1.4.2-amd64.json\ndemo/reports/1.4.2-arm64.json\n"
GOOD = "sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18"
BAD = "sha256:ea1316acae0ebcd272147add005f3e4a24bf396f7bd49bf980123da2c9463a0d"
SECONDS = 300

#: inputs that differ from the good run → exit code, verdict, digest.
CASES = {
    "passed": ({}, 0, "passed", GOOD),
    "failed": ({"image": "oci:demo/app:bad", "reports": "demo/reports/bad.json"}, 1, "failed", BAD),
    "wrong rule file": ({"rules": "demo/SOURCE.md"}, 2, "undetermined", ""),
    "no rule file": ({"rules": "nowhere.yaml"}, 2, "undetermined", ""),
    "an image like an option": ({"image": "--help"}, 2, "undetermined", ""),
    "a rule file like an option": ({"rules": "demo/gate.yaml --at 2020-01-01"}, 2, "undetermined", ""),
    "one report is missing": ({"reports": "demo/reports/1.4.2-amd64.json"}, 3, "undetermined", GOOD),
    "no such tag": ({"image": "oci:demo/app:9.9.9"}, 3, "undetermined", ""),
    "another digest expected": ({"expect-digest": BAD}, 1, "failed", GOOD),
    "a digest that is none": ({"expect-digest": "sha256:12"}, 2, "undetermined", ""),
    "an image with a line break": ({"image": "oci:demo/app:1.4.2\nverdict=passed"}, 2, "undetermined", ""),
    "other rules than pinned": ({"rules-digest": BAD}, 2, "undetermined", ""),
}


def inputs(**changed: str) -> dict[str, str]:
    """Give the inputs of the good run, changed."""
    good = {"image": "oci:demo/app:1.4.2", "rules": "demo/gate.yaml", "reports": BOTH, "at": AT}
    return {**good, "installed": sys.executable, **changed}


def environment(**more: str) -> dict[str, str]:
    """Give the little that a runner's step sees of this process's own environment."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **more}


def bash(script: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does: `bash -e -o pipefail`."""
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=SECONDS)


def action(folder: Path, given: dict[str, str], **more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the steps of action.yml and give the outputs that it maps."""
    document = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    unknown = given.keys() - document["inputs"].keys()
    assert not unknown, f"action.yml has no input {unknown}"
    (step,) = document["runs"]["steps"]
    values = {name: given.get(name, spec.get("default", "")) for name, spec in document["inputs"].items()}
    env = {name: values[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in step["env"].items()}
    written = folder / "github-output"
    written.touch()
    runner = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(written),
        "GITHUB_WORKSPACE": str(folder),
        "RUNNER_TEMP": str(folder / "temp"),
    }
    (folder / "temp").mkdir(exist_ok=True)
    done = bash(step["run"], folder, environment(**runner, **env, **more))
    assert list((folder / "temp").iterdir()) == [], "something was left behind"
    lines = dict(line.split("=", 1) for line in written.read_text().splitlines())
    mapped = {name: lines.get(name, "") for name in document["outputs"]}
    return done, mapped


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with the demo in it."""
    copy(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_the_action_ends_and_tells_as_the_gate_does(case: str, workspace: Path) -> None:
    """Exit code and outputs follow from the verdict; nothing else is ever told as passed."""
    changed, code, verdict, digest = CASES[case]
    done, outputs = action(workspace, inputs(**changed))
    assert (done.returncode, outputs["verdict"], outputs["digest"]) == (code, verdict, digest), done.stderr
    assert outputs["exit-code"] == str(code)
    assert outputs["enforced"] == "true"


def test_a_pull_request_brings_no_rules_of_its_own(workspace: Path) -> None:
    """On pull requests the action refuses, unless it is told that the verdict decides nothing."""
    done, outputs = action(workspace, inputs(), GITHUB_EVENT_NAME="pull_request_target")
    assert (done.returncode, outputs["verdict"]) == (2, "undetermined")
    assert "pull request" in done.stderr
    done, outputs = action(workspace, inputs(**{"rules-from": "head"}), GITHUB_EVENT_NAME="pull_request")
    assert (done.returncode, outputs["verdict"]) == (0, "passed")


def test_an_advisory_run_says_that_it_is_not_enforced(workspace: Path) -> None:
    """The step does not fail, the verdict stays, and `enforced` is false."""
    rules = workspace / "demo" / "gate.yaml"
    rules.write_text(rules.read_text().replace("gate: 1\n", "gate: 1\nadvisory: {until: 2026-12-31}\n", 1))
    done, outputs = action(workspace, inputs(image="oci:demo/app:bad", reports="demo/reports/bad.json"))
    assert (done.returncode, outputs["verdict"], outputs["enforced"]) == (0, "failed", "false"), done.stderr


def test_an_older_output_does_not_survive(workspace: Path) -> None:
    """A committed report that says passed is overwritten before anything else, whatever happens then."""
    (workspace / "gate.json").write_text('{"verdict": "passed"}')
    done, outputs = action(workspace, inputs(image="oci:demo/app:9.9.9", json="gate.json"))
    assert (done.returncode, outputs["verdict"]) == (3, "undetermined")
    assert '"verdict": "passed"' not in (workspace / "gate.json").read_text()


@pytest.mark.parametrize("python", ["no-such-python", "./python3", "/bin/false"])
def test_without_a_fit_python_there_is_no_verdict(python: str, workspace: Path) -> None:
    """A missing, relative or unfit Python ends in 3, and nothing of the checkout is run."""
    planted = workspace / "python3"
    planted.write_text("#!/bin/sh\ntouch planted-was-run\n")
    planted.chmod(0o755)
    done, outputs = action(workspace, inputs(installed="", python=python))
    assert (done.returncode, outputs["verdict"]) == (3, "undetermined")
    assert not (workspace / "planted-was-run").exists()


def test_the_action_installs_itself_apart_from_a_hostile_checkout(workspace: Path) -> None:
    """With locked wheels, from an empty directory: planted modules and pip settings in the checkout do nothing (S41)."""
    wheels = ROOT / ".cache" / "wheels"
    if not wheels.is_dir():
        pytest.skip("there is no .cache/wheels: run `make setup`")
    for name in ("gate", "yaml", "pip", "httpx"):
        (workspace / name).mkdir()
        (workspace / name / "__init__.py").write_text("raise SystemExit('planted')\n")
    (workspace / "pip.conf").write_text("[global]\nno-index = false\nindex-url = http://127.0.0.1:1/\n")
    (workspace / "sitecustomize.py").write_text("raise SystemExit('planted')\n")
    hostile = {
        "PYTHONPATH": str(workspace),
        "PIP_INDEX_URL": "http://127.0.0.1:1/",
        "PIP_CONFIG_FILE": str(workspace / "pip.conf"),
    }
    done, outputs = action(workspace, inputs(installed="", python=sys.executable, wheels=str(wheels)), **hostile)
    assert (done.returncode, outputs["verdict"]) == (0, "passed"), done.stderr
    assert "planted" not in done.stdout + done.stderr


def job() -> dict[str, object]:
    """Read the job `gate` of the GitLab example."""
    document = yaml.safe_load((ROOT / ".gitlab-ci.example.yml").read_text(encoding="utf-8"))
    found: dict[str, object] = document["gate"]
    return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with the gate as it is here, and its commit: what GATE_SOURCE and GATE_COMMIT name."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("gate", "rules", "scripts", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "the gate"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return folder, head.stdout.strip()


def gitlab(
    folder: Path, published: tuple[Path, str], given: dict[str, str], **more: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the script of the job and give the variables of its dotenv report."""
    variables = {f"GATE_{name.upper().replace('-', '_')}": value for name, value in given.items()}
    own = {"GATE_SOURCE": str(published[0]), "GATE_COMMIT": published[1], "CI_PROJECT_DIR": str(folder)}
    script = job()["script"]
    assert isinstance(script, list)
    done = bash("\n".join(script), folder, environment(**own, **variables, **more))
    lines = (folder / "gate.env").read_text().splitlines()
    assert all("=" in line for line in lines)
    return done, dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("case", CASES)
def test_the_gitlab_job_ends_and_tells_as_the_gate_does(
    case: str, workspace: Path, published: tuple[Path, str]
) -> None:
    """The same table as for the action."""
    changed, code, verdict, digest = CASES[case]
    done, told = gitlab(workspace, published, inputs(**changed))
    assert (done.returncode, told["GATE_VERDICT"], told["GATE_DIGEST"]) == (code, verdict, digest), done.stderr


def test_a_merge_request_brings_no_rules_of_its_own(workspace: Path, published: tuple[Path, str]) -> None:
    """As on pull requests."""
    done, told = gitlab(workspace, published, inputs(), CI_PIPELINE_SOURCE="merge_request_event")
    assert (done.returncode, told["GATE_VERDICT"]) == (2, "undetermined")


def test_a_committed_dotenv_does_not_survive(workspace: Path, published: tuple[Path, str]) -> None:
    """What the checkout says about the verdict is gone before anything else happens."""
    (workspace / "gate.env").write_text("GATE_VERDICT=passed\nGATE_DIGEST=sha256:" + "0" * 64 + "\n")
    done, told = gitlab(workspace, published, inputs(rules="nowhere.yaml"))
    assert (done.returncode, told["GATE_VERDICT"], told["GATE_DIGEST"]) == (2, "undetermined", "")


def test_the_gitlab_example_lets_nothing_through() -> None:
    """No `allow_failure`, no artifacts of the build job, and a deploy job that asks for the verdict and the digest."""
    document = yaml.safe_load((ROOT / ".gitlab-ci.example.yml").read_text(encoding="utf-8"))
    assert "allow_failure" not in document["gate"]
    assert document["gate"]["needs"] == [{"job": "build", "artifacts": False}]
    assert 'test "$GATE_VERDICT" = passed' in document["deploy"]["script"]
    assert "@$GATE_DIGEST" in document["deploy"]["script"][1]


def test_no_input_is_pasted_into_a_script() -> None:
    """Templates stand in `env:` and `value:` only: text of others never becomes part of a script."""
    document = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert all("${{" not in step["run"] for step in document["runs"]["steps"])
