"""image-gate: decides whether one exact container image may go on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

__all__ = ["RELEASED", "__version__"]

__version__ = "0.1.0"

#: No honest clock is before this; ages and expiry cannot be judged by one that is (S6).
RELEASED: Final = datetime(2026, 11, 1, tzinfo=UTC)
