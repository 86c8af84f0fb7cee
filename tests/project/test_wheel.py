"""What ships works: the wheel, in an environment that holds nothing but the locked wheels, runs the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.demo import ROOT, copy

WHEELS = ROOT / ".cache" / "wheels"
SECONDS = 300


def call(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says."""
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=SECONDS)


def worked(*command: str | Path, cwd: Path) -> str:
    """Run a program that has to work."""
    done = call(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels() -> Path:
    """The folder of locked wheels that `make setup` filled; nothing is fetched by a test."""
    if not WHEELS.is_dir():
        pytest.skip("there is no .cache/wheels: run `make setup`")
    return WHEELS


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the project's files."""
    folder = tmp_path_factory.mktemp("build")
    for name in ("gate", "rules", "docs"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    worked(
        sys.executable, "-I", "-m", "pip", "--isolated", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps",
        "--no-build-isolation", "--no-index", "--wheel-dir", folder / "dist", folder, cwd=folder,
    )  # fmt: skip
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment with the wheel and the runtime lock in it."""
    folder = tmp_path_factory.mktemp("installed")
    worked(sys.executable, "-I", "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = (python, "-I", "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--quiet", "--no-index")
    worked(*pip, "--find-links", wheels, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt", cwd=folder)
    worked(*pip, "--no-deps", wheel, cwd=folder)
    return python


def test_the_wheel_holds_the_package_and_the_packs_and_nothing_else(wheel: Path) -> None:
    """Modules, `py.typed`, the rule packs, style and script of the HTML report, and the licence; no tests, no caches."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "gate/py.typed" in names
    assert "gate/packs/baseline.yaml" in names
    assert {"gate/reports/html/page.css", "gate/reports/html/page.js"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    others = [name for name in names if not name.startswith("gate/") and ".dist-info/" not in name]
    assert others == []
    assert {Path(name).suffix for name in names if name.startswith("gate/")} <= {
        ".py", ".typed", ".yaml", ".json", ".css", ".js",
    }  # fmt: skip


def test_the_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    """From an empty directory, with nothing of the checkout in reach but the copied demo."""
    (tmp_path / "examples").mkdir()
    folder = copy(tmp_path / "examples")
    shown = worked(installed, "-I", folder / "run.py", cwd=tmp_path)
    assert "PASSED" in shown
    assert "UNDETERMINED" in shown
    where = worked(installed, "-I", "-c", "import gate; print(gate.__file__)", cwd=tmp_path)
    assert "site-packages" in where


def test_the_wheel_finds_its_rule_packs(installed: Path, tmp_path: Path) -> None:
    """`builtin:baseline` is read from inside the wheel."""
    worked(installed, "-I", "-m", "gate", "rules", "lint", "builtin:baseline", cwd=tmp_path)


def test_a_hostile_working_directory_changes_nothing(installed: Path, tmp_path: Path) -> None:
    """Planted modules in the working directory are not imported with -I (S41)."""
    for name in ("gate", "yaml", "httpx"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(0)\n")
    done = call(installed, "-I", "-m", "gate", "check", "oci:nowhere", cwd=tmp_path)
    assert done.returncode in {2, 3}
    assert done.stderr
