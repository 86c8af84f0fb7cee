"""What holds for every test: loopback only, a scrubbed environment, one place that decides about skipping.

`@pytest.mark.server("docker-registry")` names a program that has to be installed. Where it is not, the
test is skipped with a banner at the end; where `CI` is set, a skipped test is a failed one.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

IN_CI = os.environ.get("CI", "") not in {"", "0", "false"}

#: Variables that tests may see; everything else of the developer's environment is taken away.
_KEPT = frozenset({"CI", "PATH", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "VIRTUAL_ENV"})
_KEPT_PREFIXES = ("COV_", "COVERAGE_", "PYTEST_", "HYPOTHESIS_", "GATE_TEST_")

#: Names that never leave this machine (RFC 6761): they do not resolve, without asking anybody.
_RESERVED = (".invalid", ".test", ".example")

_calls_outside: list[str] = []


def pytest_configure() -> None:
    """Scrub the environment, choose the hypothesis profile, close the network; before any test is imported."""
    _scrub_environment()
    hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
    hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
    hypothesis.settings.register_profile("deep", max_examples=5000, deadline=None)
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "dev"))
    sys.addaudithook(_loopback_only)


def _scrub_environment() -> None:
    for name in tuple(os.environ):
        if name not in _KEPT and not name.startswith(_KEPT_PREFIXES):
            del os.environ[name]
    home = Path(tempfile.gettempdir()) / "image-gate-tests-home"
    home.mkdir(exist_ok=True)
    os.environ.update({"HOME": str(home), "USERPROFILE": str(home), "TZ": "UTC", "COLUMNS": "80"})


def _loopback_only(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse every connection and every look-up beyond this machine, whatever library makes it."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = str(address[0]) if isinstance(address, tuple) and address else "localhost"
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or "localhost")
    else:
        return
    if _is_local(host):
        return
    if event == "socket.getaddrinfo" and host.lower().rstrip(".").endswith(_RESERVED):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if event == "socket.getaddrinfo" and _is_address(host):
        return  # nothing is asked; connecting to it is refused
    _calls_outside.append(f"{event} {host}")
    raise OSError(f"tests reach loopback only, not {host}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    if host in {"localhost", "localhost.localdomain", ""} or host.endswith(".localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback


@pytest.fixture(autouse=True)
def no_call_outside() -> Generator[None]:
    """Fail the test that tried to reach beyond loopback, also where the code under test swallowed the refusal."""
    _calls_outside.clear()
    yield
    assert not _calls_outside, f"this test tried to leave the machine: {_calls_outside}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a server that is not installed."""
    for marker in item.iter_markers("server"):
        missing = [str(name) for name in marker.args if shutil.which(str(name)) is None]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where `CI` is set: nothing is skipped there."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be skipped where CI is set: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which servers were missing."""
    skipped = {
        str(report.longrepr[2]).partition("not installed: ")[2]
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple) and "not installed: " in str(report.longrepr[2])
    }
    if skipped:
        terminalreporter.section("NOT TESTED AGAINST REAL SERVERS", sep="#", red=True, bold=True)
        terminalreporter.write_line(f"not installed: {', '.join(sorted(skipped))}")
        terminalreporter.write_line(
            "Debian, Ubuntu: apt install docker-registry apache2-utils openssl jq notary chromium"
        )
