"""Progress on standard error, to a terminal only, and only when there is something to wait for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, Self

from gate.printable import clip

if TYPE_CHECKING:
    from types import TracebackType

    from gate.cli._world import World

__all__ = ["Progress"]

#: A run that is quicker than this shows nothing: a line that flashes by only disturbs.
_PATIENCE_SECONDS: Final = 0.5
_ERASE: Final = "\r\x1b[K"


class Progress:
    """One line that tells how many questions were answered; erased at the end."""

    def __init__(self, world: World) -> None:
        """Show on the world's standard error, if that is a terminal."""
        self._stream = world.stderr
        self._shows = world.stderr.isatty() and world.environ.get("TERM") != "dumb"
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._drawn = False

    def told(self, image: str, answered: int, asked: int) -> None:
        """Hear of one more answer; may be called from several threads."""
        if not self._shows or time.monotonic() - self._started < _PATIENCE_SECONDS:
            return
        with self._lock:
            self._stream.write(f"{_ERASE}{clip(image, 50)}: {answered} of {asked} answers")
            self._stream.flush()
            self._drawn = True

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Erase the line."""
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
