"""The locks fit pyproject.toml, hold a hash for everything, and name no address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "build", "dev")


def project() -> dict[str, dict[str, list[object]]]:
    """Read pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)


def locked(name: str) -> dict[str, str]:
    """Give the versions of a lock by package name."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    requirements = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"[A-Za-z]", line)]
    return {canonicalize_name(one.name): next(iter(one.specifier)).version for one in requirements}


def wanted(name: str) -> list[Requirement]:
    """Give what pyproject.toml asks for under that lock."""
    runtime = [Requirement(str(one)) for one in project()["project"]["dependencies"]]
    if name == "runtime":
        return runtime
    groups = project()["dependency-groups"]
    build = [Requirement(str(one)) for one in groups["build"]]
    return (
        build
        if name == "build"
        else runtime + build + [Requirement(one) for one in groups["dev"] if isinstance(one, str)]
    )


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_satisfies_what_is_asked_for(name: str) -> None:
    """Each dependency is locked, to a version that its lower bound allows: else `make lock` was forgotten."""
    versions = locked(name)
    for requirement in wanted(name):
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements/{name}.txt: run `make lock`"
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} but {version} is locked"


def test_the_development_environment_has_the_versions_that_ship() -> None:
    """What is tested is what is installed: no package differs between the locks."""
    dev = locked("dev")
    for name in ("runtime", "build"):
        assert {package: dev.get(package) for package in locked(name)} == locked(name)


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_has_hashes_and_no_address(name: str) -> None:
    """`pip install --require-hashes` accepts the file with any index."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE), "an option stands in the lock"
    for entry in re.split(r"\n(?=[A-Za-z])", text.strip()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:60]
        assert "==" in entry.splitlines()[0]


def test_the_build_backend_is_locked() -> None:
    """What pyproject.toml builds with is what requirements/build.txt holds: the project is built without isolation."""
    requires = [Requirement(str(one)) for one in project()["build-system"]["requires"]]
    versions = locked("build")
    assert all(one.specifier.contains(versions[canonicalize_name(one.name)]) for one in requires)


def test_dependencies_have_no_upper_bound() -> None:
    """An upper bound here would stop the security updates of those who install the gate beside other things."""
    bounded = [
        str(one) for one in wanted("runtime") if any(part.operator in {"<", "<=", "==", "~="} for part in one.specifier)
    ]
    assert not bounded
