"""The time that one image may take, all told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from gate.sources.registry.reasons import TIMEOUT
from gate.sources.registry.trouble import Trouble

__all__ = ["Deadline"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """When everything has to be over; checked before each step and at each piece that arrives."""

    ends: float
    clock: Callable[[], float]
    seconds: float

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float]) -> Self:
        """Start now."""
        return cls(clock() + seconds, clock, seconds)

    def left(self, most: float) -> float:
        """Give the seconds left, at most `most`; raises `Trouble` when there are none."""
        left = self.ends - self.clock()
        if left <= 0:
            raise Trouble(TIMEOUT, f"the {self.seconds:g} seconds for this image were used up", status="timeout")
        return min(left, most)
