"""Images in an OCI image layout, a directory: `oci:PATH[:TAG][@DIGEST]` (docs/sources/oci-layout.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gate.errors import SourceError
from gate.sources._layout import NOT_A_LAYOUT, Layout, Missing, Unreadable
from gate.sources._path import open_plain, parse_local
from gate.subject import Subject

if TYPE_CHECKING:
    from types import TracebackType

    from gate.evidence import Ask, Fact
    from gate.finding import Note
    from gate.oci.digest import Digest

__all__ = ["SCHEME", "OciLayout", "open_source"]

SCHEME: Final = "oci"


def open_source(text: str) -> OciLayout:
    """Give the source for what stands behind `oci:`; reads nothing yet. Raises `InvalidReference`."""
    local = parse_local(text, SCHEME)
    return OciLayout(local.path, local.name, local.digest, typed=f"{SCHEME}:{text}")


class OciLayout:
    """One image of one layout. It is never live: no clearance comes of it (S35)."""

    def __init__(self, path: str, name: str = "", digest: Digest | None = None, *, typed: str = "") -> None:
        """Read nothing yet. `name` is a tag or full name in `index.json`, "" for the only image."""
        self._place = f"{SCHEME}:{path}"
        self._typed = typed or self._place
        self._digest = digest
        self._root = Path(path)
        self._layout = Layout(_Directory(self._root), self._place, name, digest)

    @property
    def live(self) -> bool:
        """A directory is no registry."""
        return False

    @property
    def notes(self) -> tuple[Note, ...]:
        """Nothing is odd that judging does not see."""
        return ()

    def resolve(self) -> Subject:
        """Find the image; raises `SourceError` or `MalformedData`."""
        if not self._root.is_dir():
            what = "is not a directory" if self._root.exists() else "does not exist"
            raise SourceError(f"{str(self._root)!r} {what}", NOT_A_LAYOUT.code, NOT_A_LAYOUT.remedy)
        found = self._layout.resolve()
        return Subject(
            typed=self._typed,
            place=self._place,
            repository="",
            tag=found.tag,
            digest=found.digest,
            media_type=found.media_type,
            content=found.content,
            pinned=self._digest is not None,
            expected=self._digest,
        )

    def answer(self, ask: Ask) -> Fact:
        """Answer from the files as they are now."""
        return self._layout.answer(ask)

    def warm(self) -> None:
        """Do nothing: files need no connections."""

    def __enter__(self) -> Self:
        """Give itself; nothing is held open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hold nothing, so close nothing."""


class _Directory:
    """The files of a layout in a directory. Links are followed inside it and refused where they lead out."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str, most: int) -> bytes:
        """Give the whole file; raises `Missing` or `Unreadable`."""
        try:
            root = self._root.resolve()
            path = (root / name).resolve(strict=True)
            if not path.is_relative_to(root):
                raise Unreadable(f"{name} is a link that leads out of the layout")
            with open_plain(path) as file:
                content = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Missing(name) from error
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
            raise Unreadable(f"{name} could not be read: {getattr(error, 'strerror', None) or error}") from error
        if len(content) > most:
            raise Unreadable(f"{name} has more than {most} bytes", "too-large")
        return content
