"""action.yml run as GitHub's runner does, and the GitLab jobs as theirs: bash, files for outputs, readers of logs.

The runner's rules are written down here once more, apart from the scripts that are tested.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.project.demo import AT, ROOT
from tests.reports.ci_commands import Command, github_commands

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SECONDS = 300

BOTH = "demo/reports/1.4.2-amd64.json\ndemo/reports/1.4.2-arm64.json\n"
GOOD = "sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18"
BAD = "sha256:ea1316acae0ebcd272147add005f3e4a24bf396f7bd49bf980123da2c9463a0d"


def inputs(**changed: str) -> dict[str, str]:
    """Give the inputs of the good run, changed; `_` stands for `-` in their names."""
    good = {"image": "oci:demo/app:1.4.2", "rules": "demo/gate.yaml", "reports": BOTH, "at": AT}
    return {**good, "installed": sys.executable, **{name.replace("_", "-"): value for name, value in changed.items()}}


def environment(**more: str) -> dict[str, str]:
    """Give the little that a runner's step sees of this process's own environment."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **more}


def bash(script: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does: `bash -e -o pipefail`."""
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS
    )


def outputs_of(content: str) -> dict[str, str]:
    """Read a file of outputs like actions/runner, FileCommandManager.cs: the first of `=` and `<<` decides."""
    found: dict[str, str] = {}
    lines = iter(re.split(r"\r\n|\n|\r", content))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
            found[name] = value
        elif heredoc >= 0:
            name, _, delimiter = line.partition("<<")
            value_lines = []
            for inner in lines:
                if inner == delimiter:
                    break
                value_lines.append(inner)
            else:
                raise AssertionError(f"no end for {name}")
            found[name] = "\n".join(value_lines)
        else:
            raise AssertionError(f"not a line of outputs: {line!r}")
    return found


def evaluated(expression: str, contexts: dict[str, Any]) -> str:
    """Evaluate one `${{ … }}`: names with dots, and `||` between them."""
    for part in expression.split("||"):
        value: Any = contexts
        for name in part.strip().split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        if value:
            return str(value)
    return ""


def filled(text: str, contexts: dict[str, Any]) -> str:
    """Replace every expression in a text."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: evaluated(match[1], contexts), text)


@dataclass
class Ran:
    """What one run of the action left behind."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    written: str
    summary: str
    commands: list[Command] = field(default_factory=list)

    @property
    def told(self) -> tuple[int, str, str]:
        """Exit code, verdict and digest."""
        return self.code, self.outputs["verdict"], self.outputs["digest"]


def action(folder: Path, given: dict[str, str], event: dict[str, Any] | None = None, **more: str) -> Ran:
    """Run the one step of action.yml in a checkout; `event` is what happened, `more` the job's own variables."""
    unknown = given.keys() - ACTION["inputs"].keys()
    assert not unknown, f"action.yml has no input {unknown}"
    (step,) = ACTION["runs"]["steps"]
    values = {name: given.get(name, spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
    contexts = {"inputs": values, "github": {"event": event or {}}}
    env = {name: filled(text, contexts) for name, text in step["env"].items()}
    files = {name: folder.parent / f"{folder.name}-{name}" for name in ("output", "summary", "env", "path")}
    for file in files.values():
        file.write_text("")
    temp = folder.parent / f"{folder.name}-temp"
    temp.mkdir(exist_ok=True)
    runner = {f"GITHUB_{name.upper()}": str(file) for name, file in files.items() if name != "summary"}
    runner |= {
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_WORKSPACE": str(folder),
        "RUNNER_TEMP": str(temp),
    }
    done = bash(step["run"], folder, environment(**{**runner, **more, **env}))
    assert list(temp.iterdir()) == [], "something was left behind"
    assert not files["env"].read_text(), "GITHUB_ENV was written"
    assert not files["path"].read_text(), "GITHUB_PATH was written"
    written = files["output"].read_text()
    lines = outputs_of(written)
    mapped = {
        name: evaluated(spec["value"][3:-2], {"steps": {step["id"]: {"outputs": lines}}})
        for name, spec in ACTION["outputs"].items()
    }
    commands = github_commands(done.stdout) + github_commands(done.stderr)
    summary = files["summary"].read_text()
    return Ran(done.returncode, done.stdout, done.stderr, mapped, written, summary, commands)


def git(folder: Path, *words: str) -> str:
    """Run git in a repository and give what it says."""
    own = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *own, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(folder: Path, message: str = "a commit") -> str:
    """Commit everything in a folder, made a repository if it is none; give the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
