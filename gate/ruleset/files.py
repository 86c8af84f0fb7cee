"""Files that a rule file names: found inside its root folder, read once, bounded (S25).

The root is the folder of the rule file given on the command line (for a pack that ships with the gate,
the folder of packs). What a rule file extends or names stays inside it, links resolved; so a rule file
cannot reach into the machine, and a folder can be copied whole.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from gate.ruleset.mistakes import meant
from gate.ruleset.nodes import MOST_BYTES

__all__ = ["BUILTIN", "NO_FILE", "Location", "beside", "builtin", "outermost", "pack_names", "read_bounded", "to_path"]

#: How a pack that ships with the gate is named.
BUILTIN: Final = "builtin:"

NO_FILE: Final = "there is no such file"

_PACK: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Location:
    """One file: where it lies (links resolved), its root, and what people call it."""

    path: Path
    root: Path
    shown: str

    @property
    def inside(self) -> str:
        """The path below the root, with `/`."""
        return self.path.relative_to(self.root).as_posix()


@cache
def _packs() -> Path:
    """Give the folder of the packs: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "packs"
    return installed if installed.is_dir() else package.parent / "rules"


def pack_names() -> tuple[str, ...]:
    """Give the names of the packs that ship with the gate, sorted."""
    folder = _packs()
    return tuple(sorted(file.stem for file in folder.glob("*.yaml"))) if folder.is_dir() else ()


def builtin(text: str) -> Location | str:
    """Find `builtin:NAME`, or say why there is no such pack."""
    name = text.removeprefix(BUILTIN)
    known = pack_names()
    if not _PACK.fullmatch(name) or name not in known:
        listed = ", ".join(f"{BUILTIN}{pack}" for pack in known) or "none"
        return f"there is no rule pack {text!r} (there are: {listed}){meant(name, known)}"
    return Location(_packs() / f"{name}.yaml", _packs(), text)


def outermost(given: str) -> Location | str:
    """Find a rule file named on the command line; its folder becomes the root."""
    if given.startswith(BUILTIN):
        return builtin(given)
    try:
        path = Path(given)
        root = path.parent.resolve()
        return Location(root / path.name, root, given)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL in the name
        return f"{given!r} is no file name: {error}"


def beside(base: Location, written: str) -> Location | str:
    """Find a file named in the file `base`, or say why it may not be read."""
    if not written or "\\" in written or "\0" in written or ":" in written:
        return f"{written!r} is no file name: write it with / and relative to this file, as keys/release.pub"
    pure = PurePosixPath(written)
    if pure.is_absolute():
        return f"{written!r} is absolute: files are named relative to this file"
    try:
        path = (base.path.parent / pure).resolve()
    except (OSError, RuntimeError) as error:
        return f"{written!r} cannot be followed: {error}"
    if not path.is_relative_to(base.root):
        return f"{written!r} leads out of the folder of the outermost rule file: files stay inside it, links resolved"
    folder = "" if base.shown.startswith(BUILTIN) else PurePosixPath(Path(base.shown).as_posix()).parent
    return Location(path, base.root, str(PurePosixPath(folder) / pure))


def to_path(given: str) -> Path | str:
    """Give the path of a file named on the command line, or say why it is none."""
    return f"{given!r} is no file name" if not given or "\0" in given else Path(given)


def read_bounded(path: Path | str, most: int = MOST_BYTES) -> bytes | str:
    """Give a regular file's bytes, or say why they cannot be read (without the path).

    A text is passed on: it says why there is no path.
    """
    if isinstance(path, str):
        return path
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return "this is a directory, not a file"
        if not stat.S_ISREG(mode):
            return "this is no regular file (a device or pipe)"
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        return NO_FILE
    except (OSError, ValueError) as error:
        return f"this cannot be read: {getattr(error, 'strerror', None) or error}"
    if len(content) > most:
        return f"this is larger than {most // 1024} KiB"
    return content
