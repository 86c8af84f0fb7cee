"""How a container of the image runs: its user, ports, volumes, health check and first process."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Literal

from gate.checks.image.findings import bounded, finding, listed, show
from gate.checks.image.options import PortRule, VolumeRule
from gate.finding import Finding, Reason
from gate.formats.ports import PortRange
from gate.formats.user import Who, read_user
from gate.printable import clip

if TYPE_CHECKING:
    from gate.oci.config import Config
    from gate.pattern import Glob

__all__ = ["judge_entrypoint", "judge_healthcheck", "judge_ports", "judge_user", "judge_volumes"]

USER_ROOT = Reason(
    "user-root",
    "The image runs as root",
    "The config names no user, or root in one of its spellings (`root`, `0`, `0:0`, `00`). Whoever takes over the "
    "process is root in the container, and with one more mistake on the host.",
    "Add `USER 10001` (any number but 0) as the last user of the Dockerfile, and make the files that the process "
    "writes belong to it.",
)
USER_UNCLEAR = Reason(
    "user-unclear",
    "The image's user cannot be read as somebody other than root",
    "The user in the config is neither a number nor a name that a runtime would find: there are blanks or strange "
    "characters in it, or the number is out of range. Some runtimes refuse it, others may fall back to root.",
    "Write the user as a number, such as `USER 10001`.",
)
USER_NOT_NUMERIC = Reason(
    "user-not-numeric",
    "The image's user is a name, not a number",
    "The rule asks for a number. Which number a name stands for is written inside the image's files, where Kubernetes' "
    "`runAsNonRoot` cannot look it up, and it could be 0.",
    "Write the user as a number: `USER 10001` instead of `USER app`.",
)
PORT_NOT_ALLOWED = Reason(
    "port-not-allowed",
    "The image exposes a port that the rule does not allow",
    "The config declares this port (`EXPOSE`), and the rule denies it or allows only others. A port such as 22 "
    "means that there is a service in the image that should not be.",
    "Remove the `EXPOSE` line and the service behind it. A port that comes from the base image cannot be removed, only "
    "avoided with another base.",
)
HEALTHCHECK_MISSING = Reason(
    "healthcheck-missing",
    "The image has no health check",
    "Without one, Docker and Swarm cannot tell a working container from a hanging one. (Kubernetes has its own "
    "probes and ignores it; builders that write OCI configs, such as buildah, drop it.)",
    "Add a `HEALTHCHECK CMD …` line to the Dockerfile.",
)
SHELL_FORM = Reason(
    "shell-form",
    "The image starts its program through a shell",
    '`ENTRYPOINT` or `CMD` runs `sh -c "…"`. The shell is then process 1, does not pass on the signal to stop, '
    "and the container is killed after a time-out instead of ending cleanly.",
    'Write the command as a list: `ENTRYPOINT ["app", "--serve"]`.',
)
COMMAND_MISSING = Reason(
    "command-missing",
    "The image does not say what it runs",
    "The config has neither an entrypoint nor a command, so it cannot be judged how it starts.",
    'Add `ENTRYPOINT ["…"]` to the Dockerfile.',
)
VOLUME_NOT_ALLOWED = Reason(
    "volume-not-allowed",
    "The image declares a volume that the rule does not allow",
    "Each `VOLUME` makes the runtime create an anonymous volume with every container: it is rarely wanted, stays "
    "behind, and later build steps that change files there have no effect.",
    "Remove the `VOLUME` line and mount what is needed when the container starts.",
)

_SHELLS: Final = frozenset(
    {"sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "rbash", "tcsh", "zsh", "sh.exe", "bash.exe"}
)
_CMD: Final = frozenset({"cmd", "cmd.exe"})
_POWERSHELLS: Final = frozenset({"powershell", "powershell.exe", "pwsh", "pwsh.exe"})
_SHELL_FLAG: Final = re.compile(r"-[a-z]*c[a-z]*", re.ASCII | re.IGNORECASE)
#: Options of shells after which a word follows that belongs to them: `-o errexit`, `-euo pipefail`, `+O extglob`.
_WITH_WORD: Final = re.compile(r"[-+][a-z]*o|--(?:rcfile|init-file)", re.ASCII | re.IGNORECASE)
#: `cmd` takes what follows the letter as the command, blank or not.
_CMD_FLAG: Final = re.compile(r"/[ckr].*", re.ASCII | re.IGNORECASE | re.DOTALL)
#: PowerShell takes every beginning of the names of its options that is clear, after `-`, `--` or `/`.
_POWERSHELL_FLAG: Final = re.compile(
    r"(?:--?|/)(?:c|co|com|comm|comma|comman|command|cwa|commandwithargs|e|ec|en[a-z]*)", re.ASCII | re.IGNORECASE
)
_POWERSHELL_FILE: Final = re.compile(r"(?:--?|/)f(?:i(?:le?)?)?", re.ASCII | re.IGNORECASE)
#: Options of `env` after which a word follows that belongs to them.
_ENV_WITH_WORD: Final = frozenset({"-u", "--unset", "-C", "--chdir", "-a", "--argv0"})
_ENV_SPLIT: Final = re.compile(r"(?:-[i0v]*S|--split-string=?)(?P<words>.*)", re.ASCII | re.DOTALL)
#: `env env busybox sh`: nobody nests them deeper in earnest, and then it is taken for a shell.
_MOST_WRAPPERS: Final = 8


def judge_user(config: Config, allowed: str) -> Iterable[Finding]:
    """Give a finding unless the user is surely somebody other than root; `allowed` is the option's word."""
    number_only = allowed == "non-root-number"
    expected = "a number other than 0" if number_only else "a user other than root"
    got = show(config.user) if config.user else "no user, which is root"
    match read_user(config.user):
        case Who.ROOT:
            yield finding(USER_ROOT, "the image runs as root", expected, got, user=show(config.user) or "(none)")
        case Who.UNREADABLE:
            what = f"the user {got} is neither a number nor a name"
            yield finding(USER_UNCLEAR, what, expected, got, user=show(config.user) or "(none)")
        case Who.NAMED if number_only:
            what = f"the user {got} is a name"
            yield finding(USER_NOT_NUMERIC, what, expected, got, user=show(config.user) or "(none)")
        case Who.NAMED | Who.NUMBER:
            return


def judge_ports(config: Config, rule: Literal["none"] | PortRule) -> Iterable[Finding]:
    """Give a finding for each exposed port that the rule does not allow or that cannot be read."""
    return bounded(config.exposed_ports, _port_is_fine(rule), _port(rule))


def _port_is_fine(rule: Literal["none"] | PortRule) -> Callable[[str], bool]:
    def is_fine(text: str) -> bool:
        if rule == "none":
            return False
        try:
            port = PortRange.from_text(text)
        except ValueError:
            return False
        allowed = not rule.allow or any(entry.covers(port) for entry in rule.allow)
        return allowed and not any(entry.touches(port) for entry in rule.deny)

    return is_fine


def _port(rule: Literal["none"] | PortRule) -> Callable[[str], Finding]:
    if rule == "none":
        expected = "no port"
    elif rule.allow:
        expected = f"only {listed(str(entry) for entry in rule.allow)}"
    else:
        expected = f"not {listed(str(entry) for entry in rule.deny)}"
    return lambda text: finding(
        PORT_NOT_ALLOWED, f"the image exposes the port {show(text)}", expected, show(text), port=show(text)
    )


def judge_volumes(config: Config, rule: Literal["none"] | VolumeRule) -> Iterable[Finding]:
    """Give a finding for each volume that the rule does not allow."""
    allowed = () if rule == "none" else rule.allow
    return bounded(config.volumes, lambda path: _volume_is_fine(path, allowed), _volume(allowed))


def _volume_is_fine(path: str, allowed: tuple[Glob, ...]) -> bool:
    """Match the path only as a runtime would read it: `/data/../etc` is not below `/data`."""
    plain = path[:-1] if path.endswith("/") and path != "/" else path
    climbs = ".." in plain.replace("\\", "/").split("/")
    if climbs or plain.startswith("//") or plain != posixpath.normpath(plain):
        return False
    return any(glob.matches(plain) for glob in allowed)


def _volume(allowed: tuple[Glob, ...]) -> Callable[[str], Finding]:
    expected = f"only {listed(str(glob) for glob in allowed)}" if allowed else "no volume"
    return lambda path: finding(
        VOLUME_NOT_ALLOWED, f"the image declares the volume {show(path)}", expected, show(path), path=clip(path)
    )


def judge_healthcheck(config: Config) -> Iterable[Finding]:
    """Give a finding if there is no health check, or it was switched off."""
    words = config.healthcheck or ()
    if words[:1] in {("CMD",), ("CMD-SHELL",)} and any(words[1:]):
        return
    got = "HEALTHCHECK NONE" if words[:1] == ("NONE",) else "no health check"
    yield finding(HEALTHCHECK_MISSING, "the image has no health check", "a health check", got)


def judge_entrypoint(config: Config) -> Iterable[Finding]:
    """Give a finding if the first process is a shell, or if there is none."""
    words, name = (config.entrypoint, "ENTRYPOINT") if config.entrypoint else (config.cmd, "CMD")
    if not any(words):
        yield finding(COMMAND_MISSING, "the image does not say what it runs", "an entrypoint", "no command")
    elif _is_shell(words) or (config.shell and words[: len(config.shell)] == config.shell):
        # The words after the shell are not shown: they are a command, and may hold anything (S43).
        what = f"{name} starts the program through a shell"
        yield finding(SHELL_FORM, what, "a list of words without a shell", show(f"{words[0]} …"))


def _is_shell(words: tuple[str, ...]) -> bool:
    """Tell whether the words are a shell with a command among its options; a script given to a shell is none."""
    for _ in range(_MOST_WRAPPERS):
        program = words[0].replace("\\", "/").rpartition("/")[2].lower() if words else ""
        rest = words[1:]
        if program in _SHELLS:
            return _has_command(rest)
        if program in _CMD:
            return any(_CMD_FLAG.fullmatch(word) for word in rest)
        if program in _POWERSHELLS:
            return _has_powershell_command(rest)
        if program == "busybox":
            words = rest
        elif program == "env":
            words = _after_env(rest)
        else:
            return False
    return True


def _has_command(words: tuple[str, ...]) -> bool:
    belongs = False
    for word in words:
        if belongs:
            belongs = False
        elif word in {"-", "--"} or not word.startswith(("-", "+")):
            return False
        elif _SHELL_FLAG.fullmatch(word):
            return True
        else:
            belongs = _WITH_WORD.fullmatch(word) is not None
    return False


def _has_powershell_command(words: tuple[str, ...]) -> bool:
    for word in words:
        if _POWERSHELL_FILE.fullmatch(word):
            return False
        if _POWERSHELL_FLAG.fullmatch(word):
            return True
    return False


def _after_env(words: tuple[str, ...]) -> tuple[str, ...]:
    """Give the program that `env` starts, and its words."""
    left = list(words)
    while left:
        word = left.pop(0)
        split = _ENV_SPLIT.fullmatch(word)
        if split is not None:
            left = [*(split["words"] or (left.pop(0) if left else "")).split(), *left]
        elif word in _ENV_WITH_WORD:
            del left[:1]
        elif not word.startswith("-") and "=" not in word:
            return (word, *left)
    return ()
