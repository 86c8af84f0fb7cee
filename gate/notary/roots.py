"""Roots of trust data: which are trusted, and whether one root really follows another. Pure.

A root names the keys of every role, its own among them. Root keys are certificates whose common name is the
repository (notary `trustpinning/certs.go`); it has to be exactly that, also for a key that is pinned by its id (S21).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gate.formats.notary import Role, Root
from gate.notary import reasons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gate.finding import Reason
    from gate.formats.notary_key import Key

__all__ = ["Flaw", "Pin", "broken_step", "is_pinned", "not_own"]


@dataclass(frozen=True, slots=True)
class Pin:
    """The roots that are trusted: so many (`threshold`) of the keys, by id or fingerprint, or one root file."""

    key_ids: frozenset[str] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    threshold: int = 1
    root: bytes | None = field(default=None, repr=False)

    def names(self, key: Key) -> bool:
        """Tell whether a key is pinned."""
        return bool(self.key_ids & {key.key_id, key.bare_id}) or key.fingerprint in self.fingerprints


class Flaw(NamedTuple):
    """Why a root does not hold, in one sentence."""

    reason: Reason
    detail: str


def is_pinned(root: Root, pin: Pin, gun: str) -> bool:
    """Tell whether enough pinned keys signed a root in the repository's name, as keys of its root role."""
    pinned = {name: key for name, key in _named(root, gun).keys.items() if pin.names(key)}
    return len(root.document.tally(Role(pinned, 1)).valid) >= pin.threshold


def broken_step(steps: Sequence[Root | None], gun: str) -> str:
    """Say where a chain of roots is broken, "" if it is whole.

    Each root has to be signed by the threshold of the keys of the one before, and by its own.
    """
    for before, after in zip(steps, steps[1:], strict=False):  # noqa: RUF007 -- pairwise loses the type of None
        if before is None or after is None:
            return "a version between the pinned root and this one is not there"
        now, then = after.document.version, before.document.version
        old, new = _named(before, gun), _named(after, gun)
        if len(after.document.tally(old).valid) < old.threshold:
            return f"the root of version {now} is not signed by the keys of version {then}"
        if len(after.document.tally(new).valid) < new.threshold:
            return f"the root of version {now} is not signed by its own keys"
    return ""


def not_own(root: Root, gun: str, at: datetime | None) -> Flaw | None:
    """Say why a root is not the repository's own; None if the threshold of its keys signed it in its name.

    With `at`, their certificates have to hold at that time.
    """
    keys, threshold = root.roles["root"]
    flaws: dict[str, Reason] = {}
    good: dict[str, Key] = {}
    for name, key in keys.items():
        flaw = _misnamed(key, gun) or _untimely(key, at)
        if flaw is None:
            good[name] = key
        else:
            flaws[flaw.detail] = flaw.reason
    if len(root.document.tally(Role(good, threshold)).valid) >= threshold:
        return None
    reason = reasons.NAME if reasons.NAME in flaws.values() else reasons.CERTIFICATE
    told = [detail for detail, why in flaws.items() if why is reason] or ["too few keys signed it"]
    return Flaw(reason, "; ".join(told[:3]))


def _named(root: Root, gun: str) -> Role:
    """Give the root role with only the keys whose certificates name the repository."""
    keys, threshold = root.roles["root"]
    return Role({name: key for name, key in keys.items() if _misnamed(key, gun) is None}, threshold)


def _misnamed(key: Key, gun: str) -> Flaw | None:
    if key.holder is None:
        return Flaw(reasons.CERTIFICATE, f"the root key {key.key_id[:12]}… has no certificate")
    if key.holder.flaw:
        return Flaw(reasons.CERTIFICATE, f"the root key {key.key_id[:12]}…: {key.holder.flaw}")
    if key.holder.name != gun:
        return Flaw(reasons.NAME, f"its certificate is for {key.holder.name[:200]!r}, this repository is {gun}")
    return None


def _untimely(key: Key, at: datetime | None) -> Flaw | None:
    if at is None or key.holder is None or key.holder.begins <= at <= key.holder.ends:
        return None
    detail = f"its certificate holds from {key.holder.begins:%Y-%m-%d} to {key.holder.ends:%Y-%m-%d}"
    return Flaw(reasons.CERTIFICATE, detail)
