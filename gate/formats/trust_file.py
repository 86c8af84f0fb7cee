"""Files of trusted roots, as rule files name them.

Three forms are read: a trusted root as Sigstore's tools write it; several of them, one a line, as
`gh attestation trusted-root` prints them; and what `gate trust update` writes, which holds beside the root where it is
from, its version, and until when it is to be believed (S22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gate.errors import MalformedData
from gate.formats.trusted_root import TrustedRoot, parse_time, read_trusted_root
from gate.oci.descriptor import read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["FORMAT", "TrustFile", "parse_trust_file"]

#: `format` of the files that `gate trust update` writes.
FORMAT: Final = "gate-trust/1"

_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_ROOTS: Final = 32
_KEYS: Final = frozenset({"format", "source", "version", "fetched", "expires", "trustedRoot"})


@dataclass(frozen=True, slots=True)
class TrustFile:
    """The roots of one file. `fetched` and `expires` are None where the file does not say them."""

    roots: tuple[TrustedRoot, ...] = field(repr=False)
    source: str = ""
    version: str = ""
    fetched: datetime | None = None
    expires: datetime | None = None

    def too_old(self, at: datetime, most: timedelta | None) -> str:
        """Say why the file is not to be believed any more, or ""; `most` is the age that the rule file allows."""
        if self.fetched is not None and most is not None:
            age = at - self.fetched
            return f"it was fetched on {self.fetched:%Y-%m-%d}, {age.days} days ago" if age > most else ""
        if self.expires is not None and at > self.expires:
            return f"it was to be believed until {self.expires:%Y-%m-%dT%H:%M:%SZ}"
        return ""

    def of(self, authority: str) -> tuple[TrustedRoot, ...]:
        """Give the roots with a certificate authority of that name (its `uri`, with or without `https://`)."""
        wanted = {authority, f"https://{authority}"}
        return tuple(root for root in self.roots if any(one.uri in wanted for one in root.authorities))

    @property
    def authorities(self) -> tuple[str, ...]:
        """The names of all certificate authorities."""
        return tuple(dict.fromkeys(one.uri for root in self.roots for one in root.authorities))


def parse_trust_file(content: bytes, what: str) -> TrustFile:
    """Read a file in any of the forms; raises `MalformedData`."""
    if len(content) > _MOST_BYTES:
        msg = f"{what} has {len(content)} bytes; a trusted root of at most {_MOST_BYTES} is read"
        raise MalformedData(msg, "trusted-root")
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
        if len(lines) > _MOST_ROOTS:
            msg = f"{what} holds {len(lines)} trusted roots; at most {_MOST_ROOTS} are read"
            raise MalformedData(msg, "trusted-root")
        return TrustFile(tuple(read_trusted_root(parse_strict(line, what), what) for line in lines))
    value = parse_strict(content, what)
    if not isinstance(value, dict) or "format" not in value:
        return TrustFile((read_trusted_root(value, what),))
    members = read_object(value, what, _KEYS)
    if read_text(members, "format", what) != FORMAT:
        msg = f"{what} is of the format {members['format']!r:.60}; {FORMAT} is read"
        raise MalformedData(msg, "trusted-root")
    return TrustFile(
        (read_trusted_root(members.get("trustedRoot"), f"{what}, trustedRoot"),),
        read_text(members, "source", what),
        read_text(members, "version", what),
        parse_time(read_text(members, "fetched", what), f"{what}, fetched"),
        parse_time(read_text(members, "expires", what), f"{what}, expires"),
    )
