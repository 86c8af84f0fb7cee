"""Files that the command line names, read once and bounded; files written whole, then renamed."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import OutputError, UsageError
from gate.printable import clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["MOST_REPORT_BYTES", "read_bounded", "refuse_overwriting", "time_of", "tracked_by_git", "write_whole"]

#: Above any report seen (the largest known are near 200 MB); below what would exhaust a small runner.
MOST_REPORT_BYTES: Final = 512 * 1024 * 1024

_GIT_SECONDS: Final = 10
#: A scan that writes into a pipe may think for a while.
_PIPE_SECONDS: Final = 60


def read_bounded(path: str, most: int = MOST_REPORT_BYTES) -> bytes | str:
    """Give the file's bytes, or one sentence saying why they could not be read."""
    file = Path(path)
    try:
        if file.is_dir():
            return f"{path} is a directory, not a file"
        if file.is_fifo():
            return _read_pipe(path, most)
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
    except ValueError as error:  # an embedded NUL in the name
        return f"{clip(path)} is no file name: {error}"
    if len(content) > most:
        return f"{path} is larger than {most // (1024 * 1024)} MiB, which is no report"
    return content


def _read_pipe(path: str, most: int) -> bytes | str:
    """Read a named pipe or `<(command)` to its end, as long as somebody writes to it now and then."""
    pieces: list[bytes] = []
    size = 0
    pipe = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        while size <= most:
            if not select.select([pipe], [], [], _PIPE_SECONDS)[0]:
                return f"{path} is a pipe to which nothing was written for {_PIPE_SECONDS} seconds"
            piece = os.read(pipe, 1024 * 1024)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
    finally:
        os.close(pipe)
    return f"{path} is larger than {most // (1024 * 1024)} MiB, which is no report"


def write_whole(path: str, text: str, what: str = "report") -> None:
    """Write a file whole, then rename it over the old one; raises `OutputError` and leaves the old one."""
    target = Path(path)
    temporary = None
    try:
        if _is_stream(target):  # nothing there can be renamed over
            _write_stream(target, text)
            return
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as stream:
            temporary = Path(stream.name)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except (OSError, ValueError) as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"the {what} {clip(path)} cannot be written: {reason}") from error


def _is_stream(target: Path) -> bool:
    """Tell whether it is a device, a named pipe, or a name of the system for one (`/dev/stdout`)."""
    top = target.absolute().parts[1:3]
    if top[:1] in {("dev",), ("proc",)} and top != ("dev", "shm"):
        return True
    try:
        mode = target.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _write_stream(target: Path, text: str) -> None:
    """Write without waiting for somebody to open the other end: a pipe that nobody reads is an error."""
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(target, flags), "w", encoding="utf-8", newline="\n") as stream:
        os.set_blocking(stream.fileno(), True)
        stream.write(text)


def refuse_overwriting(outputs: Sequence[str], inputs: Sequence[str]) -> None:
    """Raise `UsageError` if a report would be written over a file that is read, or over another report."""
    taken = {_real(path): path for path in inputs}
    for path in outputs:
        real = _real(path)
        if real in taken:
            raise UsageError(f"the report {clip(path)} would be written over {clip(taken[real])}; nothing was done")
        taken[real] = path


def _real(path: str) -> str:
    try:
        return str(Path(path).resolve())
    except (OSError, ValueError, RuntimeError):
        return path


def tracked_by_git(path: str) -> bool:
    """Tell whether git tracks the file: then it came with the checkout and not from this pipeline (S33).

    A link counts as tracked if it or what it leads to is. Where a repository stands around the file and
    git cannot say, it counts as tracked; variables that point git elsewhere are not passed on (S27).
    """
    named = Path(path).absolute()
    return any(_is_tracked(file) for file in dict.fromkeys((named, named.resolve())))


def _is_tracked(file: Path) -> bool:
    folder = file.parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return False
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "safe.bareRepository=explicit",
        "-c",
        "safe.directory=*",
        "-C",
        str(folder),
    ]
    try:
        done = subprocess.run(  # noqa: S603 -- fixed arguments, the path stands behind `--`
            [*command, "ls-files", "--error-unmatch", "--", f"./{file.name}"],
            capture_output=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 1


def time_of(text: str) -> datetime:
    """Read `--at`: RFC 3339, UTC where no zone is given (S6); raises `UsageError`."""
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--at {clip(text)} is not a time: write it as 2026-11-25T12:00:00Z") from error
