"""The examples for CI systems: valid by the systems' schemas, without findings of linters, and true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runner import ACTION
from tests.project.demo import ROOT

GITHUB = sorted((ROOT / "examples" / "ci" / "github").glob("*.yml"))
BIN = Path(sys.executable).parent


def ran(*words: str) -> None:
    """Run a tool of the development environment; it has to be content."""
    done = subprocess.run([str(BIN / words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def named(path: Path) -> str:
    """As a test's id."""
    return path.name


def test_the_action_is_valid() -> None:
    """By the schema for actions."""
    ran("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")


def test_the_workflows_are_valid() -> None:
    """By the schema for workflows."""
    ran("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, GITHUB))


def test_zizmor_finds_nothing() -> None:
    """Neither injection of templates nor writes to GITHUB_ENV, loose permissions, unpinned actions, kept credentials."""
    ran("zizmor", "--offline", "--no-config", "--persona=pedantic", "action.yml", *map(str, GITHUB))


def test_actionlint_finds_nothing() -> None:
    """Where it is installed; it comes as a Go program only, so this is also a step of the whole check."""
    actionlint = shutil.which("actionlint")
    if actionlint is not None:
        done = subprocess.run([actionlint, *map(str, GITHUB)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing() -> None:
    """In the scripts of the action and the jobs."""
    ran("shellcheck", "-x", *(str(file) for file in sorted((ROOT / "scripts" / "ci").glob("*.sh"))))


def test_the_gitlab_jobs_are_valid() -> None:
    """By GitLab's schema: the example, and the component with its inputs filled in."""
    schema = ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    ran(*schema, ".gitlab-ci.example.yml")


def test_the_gitlab_component_is_valid(tmp_path: Path) -> None:
    """With its defaults, as GitLab fills them in before it reads the job."""
    text = (ROOT / "templates" / "gate" / "template.yml").read_text(encoding="utf-8")
    head, _, body = text.partition("\n---\n")
    given = {"source": "https://gitlab.example.com/image-gate.git", "commit": "0" * 40}
    for name, spec in yaml.safe_load(head)["spec"]["inputs"].items():
        assert set(spec) <= {"description", "default", "regex", "type", "options"}, name
        value = given.get(name, spec.get("default"))
        assert value is not None, f"{name} has neither a default nor a value here"
        if "regex" in spec:
            assert re.search(spec["regex"], value), name
        body = body.replace(f"$[[ inputs.{name} ]]", value)
    file = tmp_path / "job.yml"
    file.write_text(body)
    ran("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(file))


def steps(path: Path) -> list[dict[str, Any]]:
    """Give the steps of all jobs of a workflow."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [step for job in document["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", GITHUB, ids=named)
def test_a_workflow_uses_the_action_as_it_is(path: Path) -> None:
    """Its inputs and outputs exist, and no `continue-on-error` lets anything through (S42)."""
    text = path.read_text(encoding="utf-8")
    assert "continue-on-error" not in text
    assert "pull_request_target:" not in text
    gates = [step for step in steps(path) if step.get("uses", "").startswith("acme/image-gate@")]
    assert gates
    for step in gates:
        assert step["with"].keys() <= ACTION["inputs"].keys()
        assert "image" in step["with"]
    assert set(re.findall(r"steps\.gate\.outputs\.([a-z-]+)", text)) <= ACTION["outputs"].keys()


@pytest.mark.parametrize("path", GITHUB, ids=named)
def test_a_job_that_deploys_asks_for_result_and_verdict(path: Path) -> None:
    """And uses the digest (S42)."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    deploy = jobs.get("deploy")
    if deploy is None:
        assert path.name not in {"push.yml", "production.yml"}
        return
    before = deploy["needs"]
    assert deploy["if"] == f"needs.{before}.result == 'success' && needs.{before}.outputs.verdict == 'passed'"
    assert deploy["steps"][0]["env"] == {"IMAGE": f"${{{{ needs.{before}.outputs.image }}}}"}
