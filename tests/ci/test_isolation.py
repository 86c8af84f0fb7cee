"""The action installs itself apart from a hostile checkout and a hostile job (S41)."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.runner import action, inputs
from tests.project.demo import ROOT

pytestmark = pytest.mark.server("bash", "git")

WHEELS = ROOT / ".cache" / "wheels"
#: Where programs are that every runner has; uv is added or left out by each test.
PATH = "/usr/local/bin:/usr/bin:/bin"


def wheels() -> str:
    """Give the folder of locked wheels that the development environment was made from."""
    if not WHEELS.is_dir():
        pytest.skip("not installed: .cache/wheels; run `make setup`")
    return str(WHEELS)


def program(file: Path, text: str) -> None:
    """Write an executable file."""
    file.write_text(text)
    file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def plant(workspace: Path) -> dict[str, str]:
    """Fill the checkout with everything that a careless installation would run; give the job's hostile variables."""
    for name in ("gate", "yaml", "pip", "httpcore", "encodings", "site", "venv", "ensurepip"):
        (workspace / name).mkdir()
        (workspace / name / "__init__.py").write_text("raise SystemExit('planted')\n")
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "sysconfig.py", "json.py"):
        (workspace / name).write_text("raise SystemExit('planted')\n")
    (workspace / ".python-version").write_text("2.7\n")
    (workspace / "uv.toml").write_text('index-url = "http://127.0.0.1:1/simple"\noffline = true\n')
    (workspace / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:1/\nfind-links = /nowhere\n")
    (workspace / "pyproject.toml").write_text('[tool.uv]\nindex-url = "http://127.0.0.1:1/simple"\n[build-system]\n')
    for name in ("pip", "uv", "python3", "python", "tar", "git", "image-gate"):
        if not (workspace / name).exists():
            program(workspace / name, "#!/bin/sh\necho planted\ntouch planted-was-run\n")
    program(workspace / "start.sh", "echo planted; touch planted-was-run\n")
    (workspace / ".venv" / "bin").mkdir(parents=True)
    program(workspace / ".venv" / "bin" / "python", "#!/bin/sh\necho planted\n")
    return {
        "PYTHONPATH": str(workspace),
        "PYTHONHOME": str(workspace),
        "PYTHONSTARTUP": str(workspace / "conftest.py"),
        "PYTHONWARNINGS": "error",
        "PIP_INDEX_URL": "http://127.0.0.1:1/",
        "PIP_CONFIG_FILE": str(workspace / "pip.conf"),
        "PIP_TARGET": str(workspace),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "UV_INDEX_URL": "http://127.0.0.1:1/",
        "UV_CONFIG_FILE": str(workspace / "uv.toml"),
        "UV_PYTHON": "2.7",
        "UV_PROJECT_ENVIRONMENT": str(workspace / ".venv"),
        "VIRTUAL_ENV": str(workspace / ".venv"),
        "CONDA_PREFIX": str(workspace),
        "BASH_ENV": str(workspace / "start.sh"),
        "ENV": str(workspace / "start.sh"),
        "CDPATH": str(workspace),
        "SSLKEYLOGFILE": str(workspace / "keys"),
        "GIT_DIR": str(workspace / "nowhere"),
    }


def uv_folder(tmp_path: Path) -> str:
    """Give a folder with uv alone in it."""
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    if not Path(uv).is_file():
        pytest.skip("not installed: uv")
    folder = tmp_path / "uv-bin"
    folder.mkdir()
    (folder / "uv").symlink_to(uv)
    return str(folder)


def without_pip(tmp_path: Path) -> str:
    """Give a Python that has no pip of its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    return str(tmp_path / "bare" / "bin" / "python")


@pytest.mark.parametrize("installer", ["pip", "no pip", "uv"])
def test_nothing_of_a_hostile_checkout_runs(installer: str, workspace: Path, tmp_path: Path) -> None:
    """Planted modules, programs, settings and environments do nothing, and the verdict is the same."""
    hostile = plant(workspace)
    path = f"{uv_folder(tmp_path)}:{PATH}" if installer == "uv" else PATH
    python = without_pip(tmp_path) if installer == "no pip" else sys.executable
    given = inputs(installed="", python=python, wheels=wheels())
    before = sorted(workspace.rglob("*"))
    ran = action(workspace, given, None, **hostile, PATH=path)
    assert (ran.code, ran.outputs["verdict"]) == (0, "passed"), ran.err
    assert "planted" not in ran.out + ran.err
    assert sorted(workspace.rglob("*")) == before, "something was written into the checkout"


def test_a_program_of_the_checkout_is_not_used_though_it_comes_first(workspace: Path) -> None:
    """A PATH that leads into the checkout brings neither Python nor uv; the planted one is not run."""
    plant(workspace)
    given = inputs(installed="", wheels=wheels())
    ran = action(workspace, given, PATH=f"{workspace}:{PATH}")
    assert (ran.code, ran.outputs["verdict"]) == (3, "undetermined")
    assert "the gate could not be installed" in ran.err
    assert "planted" not in ran.out + ran.err.replace("planted-was-run", "")
    planted_uv = inputs(installed="", python=sys.executable, wheels=wheels())
    (workspace / "tar").unlink()
    (workspace / "git").unlink()
    ran = action(workspace, planted_uv, PATH=f"{workspace}:{PATH}")
    assert (ran.code, ran.outputs["verdict"]) == (0, "passed"), ran.err
    assert not (workspace / "planted-was-run").exists()


@pytest.mark.parametrize(
    "python", ["no-such-python", "./python3", "/bin/false", "--version", "$(touch planted-was-run)"]
)
def test_without_a_fit_python_there_is_no_verdict(python: str, workspace: Path) -> None:
    """A missing, relative or unfit Python ends in 3, and nothing of the checkout is run."""
    program(workspace / "python3", "#!/bin/sh\ntouch planted-was-run\n")
    ran = action(workspace, inputs(installed="", python=python))
    assert ran.told == (3, "undetermined", "")
    assert not (workspace / "planted-was-run").exists()


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize("case", ["none", "other"])
def test_only_wheels_whose_hash_is_locked_are_taken(case: str, installer: str, workspace: Path, tmp_path: Path) -> None:
    """An empty folder, or a wheel of that name with other bytes, ends in 3 and says so."""
    folder = workspace / "wheels"
    folder.mkdir()
    if case == "other":
        for wheel in Path(wheels()).glob("*.whl"):
            shutil.copy(wheel, folder)
        victim = next(folder.glob("packaging-*.whl"))
        victim.write_bytes(victim.read_bytes() + b"\0")
    path = PATH if installer == "pip" else f"{uv_folder(tmp_path)}:{PATH}"
    ran = action(workspace, inputs(installed="", python=sys.executable, wheels="wheels"), PATH=path)
    assert ran.told == (3, "undetermined", "")
    assert "the gate could not be installed; there is no verdict" in ran.err


def test_what_is_installed_is_what_the_wheel_holds(workspace: Path) -> None:
    """The script copies two folders instead of building a wheel: pyproject.toml has to say the same."""
    import tomllib

    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build == {"packages": ["gate"], "force-include": {"rules": "gate/packs"}}
    script = (ROOT / "scripts" / "ci" / "gate.sh").read_text()
    assert 'cp -R "$source/gate" "$site/gate" && cp -R "$source/rules" "$site/gate/packs"' in script
    ran = action(workspace, inputs(installed="", python=sys.executable, wheels=wheels(), rules="builtin:baseline"))
    assert (ran.code, ran.outputs["verdict"]) == (0, "passed"), ran.err
