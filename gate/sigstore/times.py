"""Proven times of a signature (Sigstore client specification 4.2): timestamps of authorities, promises of logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import MalformedData
from gate.formats.timestamp import parse_timestamp
from gate.sigstore.proof import MOST_AHEAD, CannotTell, SignedTime
from gate.sigstore.reasons import FUTURE

if TYPE_CHECKING:
    from datetime import datetime

    from gate.formats.timestamp import Timestamp
    from gate.formats.trusted_root import Authority, TrustedRoot

__all__ = ["refuse_future", "stamped"]


def stamped(stamps: tuple[bytes, ...], message: bytes, root: TrustedRoot) -> tuple[SignedTime, ...]:
    """Give the times that authorities of the trusted root vouch for; stamps that do not verify count for nothing.

    One authority counts once: its earliest stamp would be as good as any, but all its times have to hold later.
    """
    found: list[SignedTime] = []
    for content in stamps:
        try:
            stamp = parse_timestamp(content, "the timestamp")
        except MalformedData:
            continue
        found += [
            SignedTime(stamp.when, f"the timestamp authority {authority.uri}".rstrip())
            for authority in root.timestampers
            if _vouches(authority, stamp, message)
        ][:1]
    return tuple(found)


def refuse_future(times: tuple[SignedTime, ...], at: datetime) -> None:
    """Raise `CannotTell` if a time is later than now (S6)."""
    for time in times:
        if time.when > at + MOST_AHEAD:
            raise CannotTell(FUTURE, f"it was signed {time}, which is later than {at:%Y-%m-%dT%H:%M:%SZ}")


def _vouches(authority: Authority, stamp: Timestamp, message: bytes) -> bool:
    return authority.window.holds(stamp.when) and stamp.is_signed_by(authority.chain, message)
