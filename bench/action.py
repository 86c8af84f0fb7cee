"""From a clean checkout to a verdict in the composite action, with warm wheels: whole, and in its parts.

The script of action.yml runs as a runner starts it: in a new folder, with wheels from `.cache/wheels` (`make setup`
leaves them there), once with uv on the PATH and once without. The parts are the same commands, each on its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from compare import interleaved, table

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "examples" / "demo"
WHEELS = ROOT / ".cache" / "wheels"
LOCK = ROOT / "requirements" / "runtime.txt"
AT = "2026-11-24T12:00:00Z"
RUNS = 5


def shell(script: str, environ: dict[str, str]) -> list[str]:
    """Give the command that runs a script with nothing but these variables."""
    assignments = [f"{name}={value}" for name, value in environ.items()]
    return ["env", "-i", *assignments, "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]


def action(folder: Path, path: str, **more: str) -> list[str]:
    """Give the command of the action's step."""
    reports = "\n".join(str(DEMO / "reports" / f"1.4.2-{name}.json") for name in ("amd64", "arm64"))
    given = {
        "PATH": path,
        "HOME": str(folder),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "RUNNER_TEMP": str(folder),
        "GATE_IMAGE": f"oci:{DEMO / 'app'}:1.4.2",
        "GATE_RULES": str(DEMO / "gate.yaml"),
        "GATE_REPORTS": reports,
        "GATE_AT": AT,
        "GATE_PYTHON": sys.executable,
        "GATE_WHEELS": str(WHEELS),
        **more,
    }
    return shell('bash --noprofile --norc "$GITHUB_ACTION_PATH/scripts/ci/github.sh"', given)


def parts(folder: Path, path: str, uv: str | None) -> dict[str, list[str]]:
    """Give each step of the installation as a command, and the run behind it."""
    fresh = 'work=$(mktemp -d -p "$HOME"); trap "rm -rf $work" EXIT; cd "$work"\n'
    python, wheels, lock = (shlex.quote(str(value)) for value in (sys.executable, WHEELS, LOCK))
    locked = f"--no-index --find-links={wheels} --require-hashes --only-binary :all: -r {lock}"
    env = {"PATH": path, "HOME": str(folder)}
    found = {
        "pip: empty environment": f"{python} -I -m venv --without-pip v",
        "pip: + locked wheels": f"{python} -I -m venv --without-pip v\n"
        f"{python} -I -m pip --isolated -q --python v install --no-compile {locked}",
        "copy the gate": f'cp -R {shlex.quote(str(ROOT / "gate"))} "$work/gate"',
        "gate check": f'cd "$HOME"\n{python} -I -m gate check --rules {DEMO}/gate.yaml --at {AT}'
        f" --report {DEMO}/reports/1.4.2-amd64.json --report {DEMO}/reports/1.4.2-arm64.json -- oci:{DEMO}/app:1.4.2",
    }
    if uv is not None:
        make = f"{uv} --no-config --no-cache venv -q --no-project --python {python} v"
        found["uv: empty environment"] = make
        found["uv: + locked wheels"] = (
            f"{make}\n{uv} --no-config --no-cache pip install -q --python v --link-mode copy {locked}"
        )
    return {name: shell(fresh + script, env) for name, script in found.items()}


def main() -> None:
    """Print whole runs and parts."""
    if not WHEELS.is_dir():
        raise SystemExit("there is no .cache/wheels: run `make setup`")
    uv = shutil.which("uv") or (str(Path(sys.executable).parent / "uv"))
    uv_or_none = uv if os.access(uv, os.X_OK) else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plain = "/usr/local/bin:/usr/bin:/bin"
        commands = {"action, pip": action(folder, plain)}
        if uv_or_none is not None:
            (folder / "bin").mkdir()
            (folder / "bin" / "uv").symlink_to(uv_or_none)
            # outside of the workspace: the action does not run programs of a checkout
            workspace = folder / "workspace"
            workspace.mkdir()
            commands["action, uv"] = action(workspace, f"{folder / 'bin'}:{plain}")
        commands["action, installed"] = action(folder, plain, GATE_INSTALLED=sys.executable)
        print(table(interleaved(commands, RUNS)))
        print()
        print(table(interleaved(parts(folder, plain, uv_or_none), RUNS)))


if __name__ == "__main__":
    main()
