"""A digest: algorithm and hex of exact bytes (OCI image-spec, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from gate.errors import InvalidReference

__all__ = ["ALGORITHMS", "Digest"]

#: Registered algorithms and their length in hex digits; md5 and sha1 never count (S12).
ALGORITHMS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """One digest, checked: known algorithm, right length, lower-case hex."""

    algorithm: str
    hex: str

    def __post_init__(self) -> None:
        """Raise `InvalidReference` for anything that is no digest."""
        length = ALGORITHMS.get(self.algorithm)
        if length is None:
            known = ", ".join(ALGORITHMS)
            msg = f"digest algorithm {self.algorithm!r} is not supported (one of: {known})"
            raise InvalidReference(msg)
        if len(self.hex) != length:
            msg = f"a {self.algorithm} digest has {length} hex digits, not {len(self.hex)}"
            raise InvalidReference(msg)
        if not _HEX.fullmatch(self.hex):
            msg = f"a {self.algorithm} digest has lower-case hex digits only (0-9, a-f)"
            raise InvalidReference(msg)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `algorithm:hex`; raises `InvalidReference`."""
        algorithm, colon, digits = text.partition(":")
        if not colon:
            msg = f"{text[:80]!r} is not a digest: 'sha256:' and 64 hex digits are"
            raise InvalidReference(msg)
        return cls(algorithm, digits)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Self:
        """Hash `content`."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def matches(self, content: bytes) -> bool:
        """Tell whether `content` has this digest."""
        return hashlib.new(self.algorithm, content).hexdigest() == self.hex

    @property
    def short(self) -> str:
        """The first twelve hex digits, for people."""
        return f"{self.algorithm}:{self.hex[:12]}"

    def __str__(self) -> str:
        """`algorithm:hex`."""
        return f"{self.algorithm}:{self.hex}"
