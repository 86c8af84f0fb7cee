"""image-gate: decides whether one exact container image may go on."""

__all__ = ["RELEASED", "__version__"]

__version__ = "0.1.0"

#: No honest clock is before this day (UTC); ages and expiry cannot be judged by one that is (S6).
RELEASED = "2026-11-01"
