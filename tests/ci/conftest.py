"""What the tests of action and jobs stand on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ci.runner import committed
from tests.project.demo import ROOT, copy


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with the demo in it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    copy(folder)
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with the gate as it is here, and its commit: what GATE_SOURCE and GATE_COMMIT name."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("gate", "rules", "scripts", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder, committed(folder)
