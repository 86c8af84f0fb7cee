"""image-gate: decides whether one exact container image may go on."""

__all__ = ["__version__"]

__version__ = "0.1.0"
