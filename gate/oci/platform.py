"""A platform: operating system, architecture and variant (OCI image-spec, image-index.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from gate.errors import InvalidReference

__all__ = ["UNKNOWN", "Platform"]

#: Other names of the same thing (containerd/platforms, database.go).
_ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""), "x86-64": ("amd64", ""), "aarch64": ("arm64", ""), "i386": ("386", ""),
    "armhf": ("arm", "v7"), "armel": ("arm", "v6"),
}  # fmt: skip
_DEFAULT_VARIANTS: Final = {("arm64", "v8"), ("arm64", "8"), ("arm64", "v8.0"), ("amd64", "v1")}


@dataclass(frozen=True, slots=True, order=True)
class Platform:
    """One normalised platform; `os_version` only tells Windows images apart."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def normalised(cls, os: str, architecture: str, variant: str = "", os_version: str = "") -> Self:
        """Fold the other names of architectures and the variants that say nothing."""
        os = "darwin" if os.lower() == "macos" else os.lower()
        architecture, implied = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), ""))
        variant = variant.lower() or implied
        if (architecture, variant) in _DEFAULT_VARIANTS:
            variant = ""
        if architecture == "arm" and not variant:
            variant = "v7"
        return cls(os, architecture, variant, os_version)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `os/architecture[/variant]`; raises `InvalidReference`."""
        parts = text.split("/")
        if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isprintable() and part for part in parts):  # noqa: PLR2004 -- os, architecture and maybe a variant
            msg = f"{text[:80]!r} is not a platform: write os/architecture or os/architecture/variant, as linux/arm64"
            raise InvalidReference(msg)
        return cls.normalised(*parts)

    def __str__(self) -> str:
        """`os/architecture[/variant]`."""
        text = f"{self.os}/{self.architecture}"
        if self.variant:
            text += f"/{self.variant}"
        return f"{text} ({self.os_version})" if self.os_version else text


#: What BuildKit writes for members of an index that are no images.
UNKNOWN: Final = Platform("unknown", "unknown")
