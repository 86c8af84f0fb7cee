"""`make` and the rules for all tests: nothing is skipped in CI, nothing leaves the machine, targets are explained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.demo import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def session(folder: Path, body: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a test file of its own under the project's conftest."""
    (folder / "test_inner.py").write_text(f"import os, socket\nimport pytest\n\n{body}\n")
    env = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q"]
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), str(folder / "test_inner.py")]
    return subprocess.run([*command, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


NEEDS_A_SERVER = '@pytest.mark.server("no-such-server")\ndef test_it():\n    pass\n'


def test_without_a_server_a_laptop_skips_and_says_so(tmp_path: Path) -> None:
    """Skipped, with a banner at the end that names what is missing."""
    done = session(tmp_path, NEEDS_A_SERVER)
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert "NOT TESTED AGAINST REAL SERVERS" in done.stdout
    assert "not installed: no-such-server" in done.stdout


def test_without_a_server_ci_fails(tmp_path: Path) -> None:
    """The same test fails where `CI` is set."""
    done = session(tmp_path, NEEDS_A_SERVER, CI="true")
    assert done.returncode == 1
    assert "1 error" in done.stdout
    assert "nothing may be skipped where CI is set" in done.stdout


@pytest.mark.parametrize(
    "skip", ["pytest.skip('later')", "pytest.importorskip('no_such_module_anywhere')"], ids=["skip", "importorskip"]
)
def test_ci_fails_for_any_other_skip_too(skip: str, tmp_path: Path) -> None:
    """Whatever the reason, a skipped test has shown nothing."""
    assert session(tmp_path, f"def test_it():\n    {skip}\n", CI="true").returncode == 1


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.create_connection(('169.254.169.254', 80), timeout=1)",
        "socket.create_connection(('2001:db8::1', 80), timeout=1)",
        "socket.getaddrinfo('registry.io', 443)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    ],
)
def test_a_test_that_leaves_the_machine_fails(call: str, tmp_path: Path) -> None:
    """Also where the code under test swallows the refusal."""
    body = f"def test_it():\n    try:\n        {call}\n    except OSError:\n        pass\n"
    done = session(tmp_path, body)
    assert done.returncode == 1
    assert "this test tried to leave the machine" in done.stdout


def test_loopback_and_reserved_names_are_free(tmp_path: Path) -> None:
    """A server of the test's own can be reached; a name that RFC 6761 reserves does not resolve."""
    body = (
        "def test_it():\n"
        "    server = socket.create_server(('127.0.0.1', 0))\n"
        "    socket.create_connection(server.getsockname(), timeout=5).close()\n"
        "    server.close()\n"
        "    with pytest.raises(socket.gaierror):\n"
        "        socket.getaddrinfo('registry.example', 443)\n"
    )
    assert session(tmp_path, body).returncode == 0


def test_the_environment_of_tests_is_scrubbed(tmp_path: Path) -> None:
    """Credentials, proxies and settings of whoever runs the tests are not seen."""
    body = (
        "def test_it():\n"
        "    assert not {'DOCKER_CONFIG', 'HTTPS_PROXY', 'GITHUB_TOKEN', 'SSL_CERT_FILE'} & set(os.environ)\n"
        "    assert os.environ['TZ'] == 'UTC'\n"
    )
    hostile = dict.fromkeys(("DOCKER_CONFIG", "HTTPS_PROXY", "GITHUB_TOKEN", "SSL_CERT_FILE"), "x")
    assert session(tmp_path, body, TZ="Asia/Kolkata", **hostile).returncode == 0


def test_make_help_explains_every_target() -> None:
    """Each target that is for people has its line, and the Makefile needs nothing newer than GNU make 3.81."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert set(phony[1].split()) - explained == {"setup"} - explained
    for newer in (".ONESHELL", "!=", "&:", "$(file "):
        assert newer not in MAKEFILE


@pytest.mark.server("make")
def test_make_help_runs() -> None:
    """`make help` needs no environment."""
    done = subprocess.run(
        [shutil.which("make") or "make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "make test" in done.stdout
    assert "make demo" in done.stdout


def test_ci_runs_everything_with_ci_set() -> None:
    """`.ci/run` is `make test` and nothing else, where skipping counts as failing."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "export CI=true" in script
    assert "exec make test" in script
    for step in ('ruff" format --check', 'ruff" check', "mypy", "lint-imports", "pytest"):
        assert step in (ROOT / "scripts" / "check.sh").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", sorted((ROOT / "scripts").rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_can_be_parsed_and_is_executable(script: Path) -> None:
    """`bash -n` finds no mistake; what is run by its name has the mode for it."""
    subprocess.run(["bash", "-n", str(script)], check=True)
    if script.name != "gate.sh":
        assert os.access(script, os.X_OK)
