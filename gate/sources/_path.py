"""`PATH[:NAME][@DIGEST]`: how images in local files are named, after skopeo (containers-transports(5)), and opened."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from gate.errors import InvalidReference
from gate.oci.digest import Digest
from gate.sources._layout import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LocalName", "open_plain", "parse_local"]

_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]", re.ASCII)
#: Paths may hold an `@`; `team@b:1` is a path and a tag.
_DIGEST: Final = re.compile(r"@((?:sha|md)[0-9]+:[^@/\\]*|[a-z0-9]+:[a-f0-9]{32,})\Z", re.ASCII | re.IGNORECASE)
#: image-spec, annotations.md, "org.opencontainers.image.ref.name", with the characters of every reference.
_NAME: Final = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:/+@\[\]-]{0,511}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LocalName:
    """A path, and the image meant inside: `name` is "" and `digest` None where not given."""

    path: str
    name: str
    digest: Digest | None


def parse_local(text: str, scheme: str) -> LocalName:
    """Read what stands behind `scheme:`; the path ends at its first `:` (a drive letter's excepted).

    Raises `InvalidReference`.
    """
    digest = None
    found = _DIGEST.search(text)
    if found is not None:
        digest, text = Digest.parse(found[1]), text[: found.start()]
    drive = 2 if _DRIVE.match(text) else 0
    rest, colon, name = text[drive:].partition(":")
    path = text[:drive] + rest
    if not path or "\0" in path:
        raise InvalidReference(f"'{scheme}:{text[:80]}' names no path: write {scheme}:PATH or {scheme}:PATH:TAG")
    if colon and not name:
        raise InvalidReference(f"'{scheme}:{text[:80]}' ends in ':' but names no tag: write one, or leave the ':' out")
    if name and not _NAME.fullmatch(name):
        raise InvalidReference(
            f"{name[:80]!r} is no tag or name of an image in {path!r} (a path ends at its first ':')"
        )
    return LocalName(path, name, digest)


#: A FIFO must not hang the gate, a link must not lead it elsewhere; Windows has neither flag.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file, whose links have been resolved; raises `Unreadable` for anything else and `OSError`."""
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Unreadable(f"{path.name} is no plain file")
    return file
