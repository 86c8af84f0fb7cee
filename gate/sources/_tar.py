"""The files inside a tar archive, found without unpacking it, and with every trick of the format refused.

Archives come from build jobs and strangers alike. Read are plain files by their one name; links, devices and sparse
files are never followed, a name twice or one that leads out spoils the whole archive, and all of it is bounded.
"""

from __future__ import annotations

import tarfile
import threading
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, Self, cast

from gate.finding import Reason
from gate.sources._layout import Missing, Unreadable
from gate.sources._path import open_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ARCHIVE_REFUSED", "TarShelf"]

ARCHIVE_REFUSED = Reason(
    "archive-refused",
    "The archive is broken or built to mislead",
    "A tar archive is refused as a whole if it is cut short, has one name twice, names that lead out of it, devices or "
    "sparse files, or unpacks to far more than it should: different programs would read different images from it.",
    "Write the archive again with `docker save`. If it comes from somebody else, do not load it.",
)

#: A saved image has a few hundred members, one with everything a team has ever built some thousands.
MOST_MEMBERS: Final = 100_000
#: A member's headers (long names, extended headers); tarfile would read as much as they claim, and match regular
#: expressions on it that are quadratic before CVE-2024-6232 was fixed.
_MOST_HEADER: Final = 32 * 1024
#: What is kept of a compressed archive, which cannot be read twice cheaply: manifests and configs, no layers.
_MOST_KEPT: Final = 4 * 1024 * 1024
_MOST_KEPT_ALL: Final = 64 * 1024 * 1024
#: Larger than any image known; text compresses to a tenth, honest layers hardly better. More is a bomb.
_MOST_UNPACKED: Final = 64 * 1024**3
_MOST_RATIO: Final = 200
_RATIO_FROM: Final = 256 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_BLOCK: Final = tarfile.BLOCKSIZE


class _Readable(Protocol):
    """What tarfile uses of a file."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


class TarShelf:
    """The members of one archive, opened once. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        """Read the archive's table; raises `Unreadable` for an archive that is refused, and `OSError`."""
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, int]] = {}
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._odd: dict[str, str] = {}
        self._file = open_plain(path.resolve(strict=True))
        try:
            self._packed = _is_gzip(self._file)
            if self._packed:
                gunzipped = _Gunzipped(self._file)
                self._list(gunzipped)
                gunzipped.finish()
            else:
                self._list(self._file)
        except BaseException:
            self._file.close()
            raise

    @property
    def names(self) -> frozenset[str]:
        """The names of all plain files."""
        return frozenset(self._places)

    def size(self, name: str) -> int | None:
        """Give the size of a plain file; None if there is none of that name."""
        place = self._places.get(name)
        return None if place is None else place[1]

    def has(self, name: str) -> bool:
        """Tell whether anything has that name, links included."""
        return name in self._places or name in self._odd

    def read(self, name: str, most: int) -> bytes:
        """Give a whole plain file; raises `Missing` or `Unreadable`."""
        if name in self._odd:
            raise Unreadable(f"{name} is {self._odd[name]} in the archive, not a plain file", ARCHIVE_REFUSED.code)
        place = self._places.get(name)
        if place is None:
            raise Missing(name)
        offset, size = place
        if size > most:
            raise Unreadable(f"{name} has {size} bytes, more than the {most} that are read", "too-large")
        if self._packed:
            if name not in self._kept:
                raise Unreadable(
                    f"{name} is too large to be kept of a compressed archive; unpack it with gunzip", "too-large"
                )
            return self._kept[name]
        with self._lock:
            self._file.seek(offset)
            content = self._file.read(size)
        if len(content) != size:
            raise Unreadable(f"the archive ends inside {name}", ARCHIVE_REFUSED.code)
        return content

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def _list(self, file: _Readable) -> None:
        bounded = _Bounded(file)
        seen: set[str] = set()
        try:
            with tarfile.open(fileobj=cast("BinaryIO", bounded), mode="r:", encoding="utf-8") as archive:
                for count, member in enumerate(_members(archive)):
                    bounded.next_member()
                    _refuse_member(count, member)
                    name = _name(member.name)
                    if member.isdir():
                        continue
                    if name in seen:
                        raise _refused(f"the archive has {name!r} twice")
                    seen.add(name)
                    self._take(name, member, file)
                _refuse_end(archive, bounded)
        except (tarfile.TarError, zlib.error, EOFError, OverflowError, UnicodeError, ValueError) as error:
            raise _refused(f"the archive is broken: {error}") from error

    def _take(self, name: str, member: tarfile.TarInfo, file: _Readable) -> None:
        if member.issym() or member.islnk():
            self._odd[name] = "a link"  # docker save before 25 links equal layers; nothing that is read is one
            return
        self._places[name] = (member.offset_data, member.size)
        if not self._packed or member.size > _MOST_KEPT or self._kept_bytes + member.size > _MOST_KEPT_ALL:
            return
        file.seek(member.offset_data)
        head = file.read(1) if member.size else b""
        if head in {b"{", b"["}:
            content = head + file.read(member.size - 1)
            if len(content) != member.size:
                raise _refused(f"the archive ends inside {name!r}")
            self._kept[name] = content
            self._kept_bytes += member.size


def _is_gzip(file: BinaryIO) -> bool:
    magic = file.read(6)
    file.seek(0)
    if magic[:3] == b"BZh" or magic[:6] == b"\xfd7zXZ\0" or magic[:4] == b"\x28\xb5\x2f\xfd":
        raise Unreadable("the archive is compressed with bzip2, xz or zstd; gzip and plain tar are read")
    return magic[:2] == b"\x1f\x8b"


def _refuse_member(count: int, member: tarfile.TarInfo) -> None:
    if count >= MOST_MEMBERS:
        raise _refused(f"the archive has more than {MOST_MEMBERS} members")
    if member.size < 0:  # would lead tarfile in a circle (CVE-2025-8194)
        raise _refused(f"{member.name[:200]!r} claims a negative size")
    is_plain = member.isdir() or member.issym() or member.islnk() or (member.isreg() and not member.issparse())
    if not is_plain:
        raise _refused(f"{member.name[:200]!r} is neither a plain file nor a directory")


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        yield member
        archive.members = []  # type: ignore[attr-defined]  # they are not needed again, and there may be many


def _refuse_end(archive: tarfile.TarFile, file: _Bounded) -> None:
    """Refuse an archive without its end mark: tarfile takes a broken or missing header for the end."""
    file.seek(archive.offset)
    if file.read(_BLOCK) != bytes(_BLOCK):
        raise _refused("the archive is cut short or broken in its middle: its end mark is missing")


def _name(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise _refused(f"the archive has the name {name[:200]!r}, which leads out of it")
    return str(path)


def _refused(detail: str) -> Unreadable:
    return Unreadable(detail, ARCHIVE_REFUSED.code)


class _Bounded:
    """A file of which tarfile reads no more than a bounded part per member, whatever its headers say."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self._left = 0
        self.next_member()

    def next_member(self) -> None:
        self._left = _MOST_HEADER

    def read(self, size: int = -1) -> bytes:
        self._left -= size
        if size < 0 or self._left < 0:
            raise tarfile.ReadError(f"a header is larger than {_MOST_HEADER} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class _Gunzipped:
    """A gzip file read forward once; it can go back by one tar block, which is all that listing needs."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(wbits=31)
        self._ready = bytearray()
        self._start = 0  # where in the unpacked data the first byte of `_ready` stands
        self._at = 0
        self._taken = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._start:
            raise tarfile.ReadError("the archive leads backwards")
        while offset > self._start + len(self._ready) and self._more():
            pass
        self._at = min(offset, self._start + len(self._ready))
        return self._at

    def read(self, size: int = -1) -> bytes:
        while size > self._start + len(self._ready) - self._at and self._more():
            pass
        begin = self._at - self._start
        content = bytes(self._ready[begin : begin + size])
        self._at += len(content)
        return content

    def finish(self) -> None:
        """Read to the end, where the checksum stands; raises `Unreadable` if it is wrong or something follows."""
        try:
            while self._more():
                self._at = self._start + len(self._ready)
        except (zlib.error, EOFError) as error:
            raise _refused(f"the archive is broken: {error}") from error

    def _more(self) -> bool:
        """Unpack some more, drop what lies far behind; False at the end."""
        behind = self._at - self._start - _BLOCK
        if behind > 0:
            del self._ready[:behind]
            self._start += behind
        packed = self._inflate.unconsumed_tail
        if not packed:
            packed = self._file.read(64 * 1024)
            self._taken += len(packed)
        unpacked = b"" if self._inflate.eof else self._inflate.decompress(packed, _CHUNK)
        if not unpacked and (self._inflate.eof or not packed):
            return self._ended(packed)
        self._ready += unpacked
        total = self._start + len(self._ready)
        if total > _MOST_UNPACKED or (total > _RATIO_FROM and total > _MOST_RATIO * self._taken):
            raise _refused(f"the archive unpacks to more than {total} bytes from {self._taken}")
        return True

    def _ended(self, packed: bytes) -> bool:
        if not self._inflate.eof:
            raise EOFError("the compressed data ends too early")
        rest = self._inflate.unused_data + packed
        if rest.strip(b"\0"):
            raise _refused("something follows the compressed data")
        return False
