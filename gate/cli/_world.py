"""The outside of one run: streams, environment, clock. The only rooms that touch them are in gate.cli."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import TextIO

    from gate.report import Style

__all__ = ["World", "real_world"]

#: Wider lines are hard to read, narrower ones break digests.
_NARROWEST, _WIDEST = 60, 120


class World:
    """What commands may use of the outside. `now` gives aware UTC; `sleep` waits some seconds."""

    __slots__ = ("environ", "now", "sleep", "stderr", "stdout")

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.environ = environ
        self.now = now
        self.sleep = sleep

    def say(self, text: str) -> None:
        """Write lines for people to standard error: CI runners parse that stream too (S43)."""
        from gate.printable import harmless, printable

        self.stderr.write("\n".join(harmless(printable(line)) for line in text.split("\n")) + "\n")

    def style(self, colour: str, *, verbose: bool) -> Style:
        """Choose how to show on standard output; presentation only, never part of a verdict (no-color.org)."""
        import shutil

        from gate.report import Style

        terminal = self.stdout.isatty()
        wanted = terminal and not self.environ.get("NO_COLOR") and self.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size((80, 24)).columns if terminal else 80
        shown = wanted if colour == "auto" else colour == "always"
        return Style(min(max(width, _NARROWEST), _WIDEST), shown, verbose)


class _ClosedStream(io.StringIO):
    """Stands for a standard output that was closed before the process began (`>&-`)."""

    def write(self, _text: str) -> int:
        """Raise `OSError`: nobody can read what is written."""
        raise OSError(errno.EBADF, "it is closed")


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def real_world() -> World:
    """Give the process's own streams, environment and clock. Reports are UTF-8 wherever they are read.

    A standard output that was closed before the start refuses to be written to; a closed standard error
    swallows what is said.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return World(sys.stdout or _ClosedStream(), sys.stderr or io.StringIO(), os.environ, _now)
