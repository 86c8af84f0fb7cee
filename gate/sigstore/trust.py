"""The trusted root that a signer names: which one of its file, and whether it is still to be believed (S22)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gate.errors import MalformedData
from gate.formats.trust_file import TrustFile, parse_trust_file
from gate.sigstore.proof import CannotTell
from gate.sigstore.reasons import ROOT_EXPIRED

if TYPE_CHECKING:
    from datetime import datetime

    from gate.formats.trusted_root import TrustedRoot
    from gate.option import Duration, File

__all__ = ["choose_root", "read_trust", "root_at", "trust_mistake"]


@lru_cache(maxsize=64)
def read_trust(content: bytes, path: str) -> TrustFile:
    """Read a trusted root file; raises `MalformedData`."""
    return parse_trust_file(content, path)


def choose_root(file: File, authority: str | None) -> TrustedRoot:
    """Give the one root that is meant; raises `MalformedData`."""
    trust = read_trust(file.content, file.path)
    roots = trust.of(authority) if authority is not None else trust.roots
    if len(roots) != 1:
        names = ", ".join(trust.authorities)
        msg = (
            f"{file.path} holds {len(roots)} roots: say which with `authority:`, one of {names}"
            if authority is None
            else f"{file.path} has {len(roots)} roots of {authority!r}; its authorities are {names}"
        )
        raise MalformedData(msg, "authority")
    return roots[0]


def root_at(file: File, authority: str | None, most: Duration | None, at: datetime) -> TrustedRoot:
    """Give the root that is meant; raises `CannotTell` if the file is too old at that time."""
    old = read_trust(file.content, file.path).too_old(at, most.length if most else None)
    if old:
        raise CannotTell(ROOT_EXPIRED, f"the trusted root file {file.path} is too old: {old}")
    return choose_root(file, authority)


def trust_mistake(file: File, authority: str | None, most: Duration | None) -> tuple[str, str] | None:
    """Give what is wrong with the options that name a root, with the key that it is about."""
    try:
        choose_root(file, authority)
    except MalformedData as error:
        return "authority" if authority is not None and error.code == "authority" else "trusted-root", str(error)
    if most is not None and read_trust(file.content, file.path).fetched is None:
        return "trust-max-age", "the file does not say when it was fetched: `gate trust update` writes one that does"
    return None
