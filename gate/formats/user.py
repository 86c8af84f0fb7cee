"""Who an image runs as: the `User` of its config, read as container runtimes read it.

OCI image-spec, config.md, "User": `user`, `uid`, `user:group`, `uid:gid`, `uid:group` or `user:gid`; empty means
root on Linux. Docker looks the name up in the image's /etc/passwd, and takes it for a number if it is not there
(moby/sys, user.GetExecUser).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

__all__ = ["Who", "read_user"]


class Who(StrEnum):
    """What a `User` means. NAMED is a name whose number only the image's /etc/passwd tells."""

    ROOT = "root"
    NUMBER = "number"
    NAMED = "named"
    UNREADABLE = "unreadable"


# What Go's strconv.Atoi takes, in ASCII; `00` and `+0` are root as well.
_NUMBER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
#: Runtimes refuse more (moby/sys user, maxID); 2³² would be root again where a number is cut to 32 bits.
_MOST_ID: Final = 2**31 - 1
# shadow-utils, useradd(8), with the capital letters and dots that other tools allow; nothing invisible.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?", re.ASCII)
_ROOT_NAMES: Final = frozenset({"root", "administrator", "containeradministrator", "system", r"nt authority\system"})


def read_user(user: str) -> Who:
    """Tell who a config's `User` is, on the safe side: what is not clearly somebody else is not NUMBER or NAMED."""
    name, _, group = user.partition(":")
    if not name or name.strip().casefold() in _ROOT_NAMES:
        return Who.ROOT
    if group and _NUMBER.fullmatch(group) is None and _NAME.fullmatch(group) is None:
        return Who.UNREADABLE
    if _NUMBER.fullmatch(name):
        # Leading zeros and signs are no way around; the length is bounded before the number is read.
        digits = name.lstrip("+-0")
        if not digits:
            return Who.ROOT
        fits = len(digits) <= len(str(_MOST_ID)) and int(digits) <= _MOST_ID and not name.startswith("-")
        return Who.NUMBER if fits else Who.UNREADABLE
    return Who.NAMED if _NAME.fullmatch(name) else Who.UNREADABLE
