"""One function ends the process, with 0, 1, 2 or 3, whatever happens (S1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from gate import __version__


def gate(
    *arguments: str,
    code: str = "from gate.cli.main import run; run()",
    stdout: IO[str] | int = subprocess.PIPE,
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with nothing of our environment."""
    return subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "usage: gate"),
        (("--help",), 0, ""),
        (("-h",), 0, ""),
        (("help",), 0, ""),
        (("help", "check"), 0, ""),
        (("help", "nonsense"), 2, "there is no command 'nonsense'"),
        (("--version",), 0, ""),
        (("--version", "check", "r/a:1"), 2, "--version stands alone"),
        (("--help", "check"), 2, "--help stands alone"),
        (("check",), 2, "the following arguments are required: IMAGE"),
        (("check", "--help"), 2, "nothing was checked"),
        (("check", "r.example/a:1", "--help"), 2, "--help stands alone behind `gate check`"),
        (("check", "--rules", "x", "--help"), 2, "--help stands alone"),
        (("check", "--", "--help"), 2, "--help is an option, not an image"),
        (("check", "--nonsense", "r.example/a:1"), 2, "unrecognized arguments: --nonsense"),
        (("check", "r.example/a:1", "r.example/a:1"), 2, "an image is named twice"),
        (("check", "r.example/a:1", "--format", "yaml"), 2, "there is no report format 'yaml'"),
        (("check", "r.example/a:1", "--output", "json"), 2, "says no file"),
        (("check", "r.example/a:1", "--at", "yesterday"), 2, "--at yesterday is not a time"),
        (("check", "r.example/a:1", "--platform", "linux"), 2, "'linux' is not a platform"),
        (("check", "r.example/a:1", "--expect-digest", "sha256:abc"), 2, "has 64 hex digits, not 3"),
        (("check", "r.example/a:1", "r.example/b:1", "--expect-digest", "sha256:" + "0" * 64), 2, "about one image"),
        (("check", "r.example/a:1", "--timeout", "0"), 2, "--timeout"),
        (("nonsense",), 2, "there is no command 'nonsense'"),
        (("explain", "tag-movd"), 2, "did you mean tag-moved?"),
        (("explain", "tag-moved"), 0, ""),
    ],
    ids=lambda value: (" ".join(value) or "nothing") if isinstance(value, tuple) else "",
)
def test_exit_codes_of_usage(arguments: tuple[str, ...], code: int, says: str) -> None:
    """The table of what a command line comes to before anything is judged."""
    done = gate(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_printed() -> None:
    """Standard output carries it and nothing else."""
    assert gate("--version").stdout == f"gate {__version__}\n"


@pytest.mark.parametrize(
    "result", ["256", "-1", "4", "None", "'0'", "0.5"], ids=["256", "negative", "4", "none", "text", "float"]
)
def test_a_code_that_is_none_of_ours_is_three(result: str) -> None:
    """`sys.exit(256)` is 0: nothing but our four codes leaves the process."""
    done = gate(code=f"import gate.cli.main as m; m.main = lambda *_: {result}; m.run()")
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("ValueError('odd')", "this is a bug in gate"),
        ("SystemExit(0)", "this is a bug in gate"),
        ("KeyboardInterrupt()", "interrupted; no verdict"),
        ("BrokenPipeError()", "standard output was closed early"),
        ("RecursionError('deep')", "this is a bug in gate"),
        ("MemoryError()", "this is a bug in gate"),
        ("GeneratorExit()", "this is a bug in gate"),
    ],
    ids=lambda value: value.partition("(")[0],
)
def test_whatever_is_raised_ends_in_three(error: str, says: str) -> None:
    """No exception ends in 0 or 1, and none shows a traceback."""
    code = f"""
import gate.cli.main as m
def broken(*_):
    raise {error}
m.main = broken
m.run()
"""
    done = gate(code=code)
    assert done.returncode == 3
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_crash_text_cannot_speak_to_the_terminal() -> None:
    """The message of an exception may hold a stranger's text (S43)."""
    code = "import gate.cli.main as m\ndef broken(*_):\n    raise ValueError('\\x1b[31m\\n::error::x')\nm.main = broken\nm.run()"
    done = gate(code=code)
    assert "\\x1b[31m" in done.stderr
    assert not any(line.lstrip().startswith("::") for line in done.stderr.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_output_that_cannot_be_flushed_is_three() -> None:
    """A full disk under standard output is no verdict."""
    with Path("/dev/full").open("w") as full:
        done = gate("--version", stdout=full)
    assert done.returncode == 3


def test_a_reader_that_went_away_is_three() -> None:
    """`gate … | head -0` is no verdict (EPIPE)."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = gate("explain", stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 3


def test_an_exit_handler_cannot_change_the_code() -> None:
    """What other code registered for the end of the process never runs."""
    done = gate(
        code="import atexit, os; atexit.register(lambda: os._exit(0)); import gate.cli.main as m; m.main = lambda *_: 1; m.run()"
    )
    assert done.returncode == 1


def test_an_output_that_was_closed_before_the_start_is_three() -> None:
    """`gate check … >&-` is no verdict, and no traceback."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -I -m gate --version >&-', sys.executable],
        stderr=subprocess.PIPE, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 3
    assert "standard output cannot be written: it is closed; no verdict" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chekc", "r.example/a:1"), "there is no command 'chekc', did you mean check?"),
        (("check", "--rule", "x", "r.example/a:1"), "unrecognized arguments: --rule, did you mean --rules?"),
        (("check", "--rulez=x", "r.example/a:1"), "did you mean --rules?"),
        (("check", "r.example/a:1", "--help"), "--help stands alone behind `gate check`"),
        (("check", "--timeout", "nan", "r.example/a:1"), "'nan' is not a number of seconds between 0 and 3600"),
        (("check", "--wait=-5", "r.example/a:1"), "'-5' is not a time of at most"),
        (("check", "--at", "0001-01-01T00:00:00+14:00", "r.example/a:1"), "is not a time"),
        (("check", "--at", "9999-12-31T23:59:59-14:00", "r.example/a:1"), "is not a time"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_slip_on_the_command_line_says_what_was_meant(arguments: tuple[str, ...], says: str) -> None:
    """What is wrong, of which command, and what would be right."""
    done = gate(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "usage: gate COMMAND" not in done.stderr
