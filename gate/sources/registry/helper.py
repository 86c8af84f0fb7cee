"""Credential helpers: programs that hand out one host's credentials (docker-credential-helpers `client/client.go`)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.printable import clip
from gate.sources.registry.reasons import CREDENTIAL_HELPER
from gate.sources.registry.trouble import Trouble
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ask_helper"]

HELPER_SECONDS: Final = 30.0
MOST_ANSWER_BYTES: Final = 64 * 1024

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_NOT_FOUND: Final = "credentials not found in native keychain"
_KNOWN: Final = frozenset({"ServerURL", "Username", "Secret"})


def ask_helper(name: str, server: str, environment: Mapping[str, str], seconds: float) -> tuple[str, str] | None:
    """Give (user name, secret) for a server, or None where the helper says that it has none.

    Raises `Trouble` for everything else: going on anonymously would look like a missing image.
    """
    if not _NAME.fullmatch(name):
        raise Trouble(CREDENTIAL_HELPER, f"{clip(name, 80)!r} is no name of a credential helper")
    program = f"docker-credential-{name}"
    status, answer = _run(program, _find(program, environment), server, environment, min(seconds, HELPER_SECONDS))
    if status != 0:
        text = answer.decode("utf-8", "replace").strip()
        if text == _NOT_FOUND:
            return None
        first = clip(text.partition("\n")[0], 200) or "nothing"
        raise Trouble(CREDENTIAL_HELPER, f"{program} get ended with status {status} for {server} and said: {first}")
    return _read(program, answer)


def _read(program: str, answer: bytes) -> tuple[str, str] | None:
    try:
        members = parse_object(answer, f"the answer of {program}", _KNOWN)
    except MalformedData as error:
        # Not the parser's sentence: it could quote the secret.
        raise Trouble(CREDENTIAL_HELPER, f"{program} did not answer with one JSON object") from error
    user, secret = members.get("Username"), members.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str):
        raise Trouble(CREDENTIAL_HELPER, f"{program} answered without a Username and a Secret")
    return (user, secret) if user or secret else None


def _find(program: str, environment: Mapping[str, str]) -> str:
    """Look along PATH, absolute folders only: `.` would run what a checkout brings (S41)."""
    suffix = ".exe" if os.name == "nt" else ""
    for folder in environment.get("PATH", "").split(os.pathsep):
        file = Path(folder, program + suffix)
        if folder and Path(folder).is_absolute() and file.is_file() and os.access(file, os.X_OK):
            return str(file)
    raise Trouble(CREDENTIAL_HELPER, f"{program} is not installed (no such program along PATH)")


def _run(program: str, path: str, server: str, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    try:
        process = subprocess.Popen(  # noqa: S603 -- no shell; the name is checked, the path absolute
            [path, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd=str(Path(path).parent),
            start_new_session=True,
        )
    except OSError as error:
        raise Trouble(CREDENTIAL_HELPER, f"{program} cannot be started: {error.strerror or error}") from error
    hung = threading.Event()

    def give_up() -> None:
        hung.set()
        _kill(process)

    timer = threading.Timer(seconds, give_up)
    timer.start()
    with process:
        try:
            return _talk(program, process, server)
        except Trouble:
            if hung.is_set():
                raise Trouble(CREDENTIAL_HELPER, f"{program} did not answer within {seconds:g} seconds") from None
            raise
        finally:
            timer.cancel()


def _talk(program: str, process: subprocess.Popen[bytes], server: str) -> tuple[int, bytes]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without pipes")
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(server.encode())
        process.stdin.close()
    answer = process.stdout.read(MOST_ANSWER_BYTES + 1)
    if len(answer) > MOST_ANSWER_BYTES:
        _kill(process)
        raise Trouble(CREDENTIAL_HELPER, f"{program} answered with more than {MOST_ANSWER_BYTES} bytes")
    status = process.wait()
    if status < 0:
        raise Trouble(CREDENTIAL_HELPER, f"{program} was ended by signal {-status}")
    return status, answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the helper and what it started; its pipe would stay open otherwise."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
