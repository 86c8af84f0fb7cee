"""Ports as images expose them and rule files name them: `8080`, `53/udp`, `8000-8010/tcp` (image-spec, config.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["PortRange"]

_PORT: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.ASCII | re.IGNORECASE)
_MOST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class PortRange:
    """One port or a range of them, both ends included; `protocol` is "" where none was written."""

    text: str
    low: int
    high: int
    protocol: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `PORT[-PORT][/PROTOCOL]`; raises `ValueError`."""
        match = _PORT.fullmatch(text)
        low, high = (0, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
        if match is None or not 0 < low <= high <= _MOST_PORT:
            msg = f"{text[:80]!r} is no port: write 8080, 53/udp or 8000-8010/tcp"
            raise ValueError(msg)
        return cls(text, low, high, (match[3] or "").lower())

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema; a bare number is a port, too."""
        return {"type": ["string", "integer"], "description": "a port, as 8080, 53/udp or 8000-8010/tcp"}

    def covers(self, other: PortRange) -> bool:
        """Tell whether every port of `other`, as an image exposes it, is one of these; no protocol here means any."""
        return self._speaks(other) and self.low <= other.low and other.high <= self.high

    def touches(self, other: PortRange) -> bool:
        """Tell whether any port of `other`, as an image exposes it, is one of these."""
        return self._speaks(other) and self.low <= other.high and other.low <= self.high

    def _speaks(self, other: PortRange) -> bool:
        # An exposed port without protocol is TCP.
        return not self.protocol or self.protocol == (other.protocol or "tcp")

    def __str__(self) -> str:
        """As written."""
        return self.text
