"""The steps for other CI systems, run with their shells: the same exit codes, verdicts and digests as everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.layouts import layout
from tests.ci.runner import environment
from tests.ci.test_examples import ran
from tests.ci.test_isolation import wheels
from tests.docs.pages import blocks
from tests.project.demo import DEMO, ROOT
from tests.reports.ci_commands import azure_commands

pytestmark = pytest.mark.server("bash", "git")

EXAMPLES = ROOT / "examples" / "ci"
RULES = "gate: 1\nrules:\n  owner: {check: labels, require: {maintainer: email}}\n"

#: What is judged → the exit code of the step.
CASES = {"good": 0, "bad": 1, "no rules": 2, "no tag": 3}


def yaml_of(name: str) -> Any:
    """Read one of the examples."""
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


def azure() -> tuple[str, str]:
    """Give the script of the Azure pipeline, and its shell."""
    steps = yaml_of("azure-pipelines.yml")["stages"][0]["jobs"][0]["steps"]
    return next(step["bash"] for step in steps if step.get("name") == "gate"), "bash -eo pipefail"


def jenkins() -> tuple[str, str]:
    """Give the first script of the Jenkinsfile."""
    found = re.search(r"sh '''\n(.*?)'''", (EXAMPLES / "Jenkinsfile").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1], "sh -xe"


def circleci() -> tuple[str, str]:
    """Give the command of the CircleCI job."""
    steps = yaml_of("circleci.yml")["jobs"]["gate"]["steps"]
    return next(step["run"]["command"] for step in steps if "run" in step), "bash -eo pipefail"


def tekton() -> tuple[str, str]:
    """Give the script of the Tekton task."""
    return yaml_of("tekton.yaml")["spec"]["steps"][0]["script"], "sh"


def buildkite() -> tuple[str, str]:
    """Give the command of the Buildkite step, as the agent sees it."""
    return yaml_of("buildkite.yml")["steps"][0]["command"].replace("$$", "$"), "bash -e"


SYSTEMS: dict[str, Callable[[], tuple[str, str]]] = {
    "azure": azure,
    "jenkins": jenkins,
    "circleci": circleci,
    "tekton": tekton,
    "buildkite": buildkite,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with an image, a report and rules."""
    place = tmp_path / "checkout"
    (place / "scan").mkdir(parents=True)
    (place / "gate.yaml").write_text(RULES)
    for name in ("trivy.json", "scan/trivy.json"):
        shutil.copy(DEMO / "reports" / "bad.json", place / name)
    return place


def run(system: str, case: str, folder: Path, published: tuple[Path, str]) -> subprocess.CompletedProcess[str]:
    """Run the step of a system on an image that is as the case says."""
    layout(folder / "image", {"maintainer": "ops@example.com" if case == "good" else "nobody"})
    if case == "no rules":
        (folder / "gate.yaml").write_text("rules:")
    tag = "9.9.9" if case == "no tag" else "1.4.2"
    programs = folder.parent / "bin"
    programs.mkdir()
    (programs / "gate").write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -m gate "$@"\n')
    (programs / "buildkite-agent").write_text(
        '#!/bin/sh\necho "$@" >>agent.log\n[ "$1" != annotate ] || cat >>agent.log\n'
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    script, shell = SYSTEMS[system]()
    index = json.loads((folder / "image" / "index.json").read_text())
    values = environment(
        PATH=f"{programs}:/usr/local/bin:/usr/bin:/bin",
        GATE_SOURCE=str(published[0]),
        GATE_COMMIT=published[1],
        GATE_INSTALLED=sys.executable,
        IMAGE=f"oci:image:{tag}",
        REPOSITORY="oci:image",
        CIRCLE_TAG=tag,
        BUILDKITE_TAG=tag,
        DIGEST=index["manifests"][0]["digest"],
        POLICY=str(folder),
        REPORTS=str(folder),
        VERDICT_RESULT=str(folder / "verdict"),
        DIGEST_RESULT=str(folder / "digest"),
    )
    command = [*shell.split(), "-c", script.replace("/tmp/gate.env", f"{folder}/gate.env")]
    return subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_step_ends_as_the_gate_does(system: str, case: str, folder: Path, published: tuple[Path, str]) -> None:
    """With the four codes, and an older result in the checkout is gone in every case."""
    for name in ("gate.env", "gate-junit.xml", "gate.md"):
        (folder / name).write_text("GATE_VERDICT=passed\n")
    done = run(system, case, folder, published)
    assert done.returncode == CASES[case], done.stderr
    told = (folder / "gate.env").read_text() if (folder / "gate.env").exists() else ""
    if system != "azure":
        assert ("GATE_VERDICT=passed\n" in told) == (case == "good")


def test_azure_hears_of_verdict_and_digest(folder: Path, published: tuple[Path, str]) -> None:
    """As output variables of the step, the last ones count."""
    done = run("azure", "good", folder, published)
    told = {
        command.properties["variable"]: command.message
        for command in azure_commands(done.stdout)
        if command.name == "task.setvariable"
    }
    assert told["GATE_VERDICT"] == "passed"
    assert told["GATE_DIGEST"].startswith("sha256:")
    assert (folder / "gate-junit.xml").exists()
    assert (folder / "gate.md").exists()


def test_tekton_gets_two_small_results(folder: Path, published: tuple[Path, str]) -> None:
    """Without line ends; all results of a step share about 4 KB."""
    run("tekton", "good", folder, published)
    assert (folder / "verdict").read_text() == "passed"
    assert re.fullmatch("sha256:[0-9a-f]{64}", (folder / "digest").read_text())


def test_buildkite_shows_the_report_and_keeps_the_verdict(folder: Path, published: tuple[Path, str]) -> None:
    """Also of an image that failed."""
    run("buildkite", "bad", folder, published)
    log = (folder / "agent.log").read_text()
    assert "annotate --context gate --style info" in log
    assert "meta-data set gate-verdict failed" in log
    assert "label-invalid" in log or "maintainer" in log


@pytest.mark.parametrize(
    ("schema", "name"),
    [("azure-pipelines", "azure-pipelines.yml"), ("circle-ci", "circleci.yml"), ("buildkite", "buildkite.yml")],
)
def test_the_files_are_valid(schema: str, name: str) -> None:
    """By the systems' schemas."""
    variant = ("--regex-variant", "nonunicode")
    ran("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *variant, str(EXAMPLES / name))


def test_nothing_lets_a_failure_through() -> None:
    """No system is told to go on (S42), and the jobs behind ask for the verdict and use the digest."""
    for file in EXAMPLES.rglob("*"):
        if file.is_file() and file.suffix != ".md":
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"\|\| *true|soft_fail|continueOnError|allow_failure|returnStatus|set \+e", text), file
            if 'echo "deploy' in text:
                assert re.search(r"passed", text), file
                assert re.search(r"PINNED_IMAGE|gate-image|outputs\.image", text), file


def test_the_hooks_are_commands_that_exist(folder: Path) -> None:
    """And do what they say: 0 for a right rule file, 2 for a wrong one."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    used = {hook["id"] for hook in yaml_of("pre-commit-config.yaml")["repos"][0]["hooks"]}
    assert used == {hook["id"] for hook in hooks}
    lint, test = (hook["entry"].split() for hook in hooks)
    run_ = [sys.executable, "-I", "-m"]
    assert subprocess.run([*run_, *lint, "gate.yaml"], cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "gate.yaml").write_text("rules:")
    assert subprocess.run([*run_, *lint, "gate.yaml"], cwd=folder, capture_output=True, check=False).returncode == 2
    case = ROOT / "tests" / "packs" / "baseline.test.yaml"
    assert subprocess.run([*run_, *test, str(case)], cwd=folder, capture_output=True, check=False).returncode == 0


def test_the_image_recipe_installs_the_gate(folder: Path, tmp_path: Path) -> None:
    """Its commands, with the image's folders put into one of ours and wheels instead of an index."""
    text = (EXAMPLES / "image" / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    source, opt = tmp_path / "src", tmp_path / "opt" / "gate"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gate", source / "gate", ignore=ignored)
    shutil.copytree(ROOT / "rules", source / "gate" / "packs", ignore=ignored)
    shutil.copy(ROOT / "requirements" / "runtime.txt", source)
    for line in text.splitlines():
        if line.startswith("RUN "):
            command = line[4:].replace("/opt/gate", str(opt)).replace("/src", str(source))
            command = command.replace(" install ", f" install --no-index --find-links={wheels()} ")
            command = re.sub(r"^python3 ", f"{sys.executable} ", command)
            subprocess.run(["sh", "-ec", command], check=True, capture_output=True, cwd=tmp_path, env=environment())
    layout(folder / "image", {"maintainer": "ops@example.com"})
    done = subprocess.run([str(opt / "bin" / "gate"), "check", "oci:image:1.4.2"], cwd=folder, check=False)
    assert done.returncode == 0


def test_the_image_recipe_is_careful() -> None:
    """A number that is not root, hashes, no entry point that would run without a word, nothing else in the context."""
    text = (EXAMPLES / "image" / "Containerfile").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert "\nUSER 65532:65532\n" in last
    assert "--require-hashes --only-binary :all:" in text
    assert "ADD " not in text
    ignored = (EXAMPLES / "image" / "Containerfile.dockerignore").read_text().splitlines()
    copied = {
        word
        for line in text.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in [line.split()[1]]
    }
    assert {f"!{name}" for name in copied} | {"*", "**/__pycache__"} == set(ignored)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "ci").glob("*.md")), ids=lambda page: page.name)
def test_the_pages_show_the_files(page: Path) -> None:
    """A block that names a file is that file."""
    for block in blocks(page):
        words = block.info.split()
        if len(words) > 1 and (ROOT / words[1]).is_file():
            assert block.text == (ROOT / words[1]).read_text(encoding="utf-8"), f"{block} is not {words[1]}"


def test_every_example_is_shown() -> None:
    """On a page of docs/ci."""
    shown = {
        words[1]
        for page in (ROOT / "docs" / "ci").glob("*.md")
        for block in blocks(page)
        if len(words := block.info.split()) > 1
    }
    files = {file.relative_to(ROOT).as_posix() for file in EXAMPLES.rglob("*") if file.is_file()}
    assert files - {"examples/ci/image/Containerfile.dockerignore"} <= shown
