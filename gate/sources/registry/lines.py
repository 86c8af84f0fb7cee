"""The connections to one origin: so many at most, each used by one question at a time.

httpcore's own pool is not used: while one thread sends on a connection that was idle a moment ago, another may
find it idle, see the answer arrive, take that for an end of the connection and close it. Here a connection
that is looked at is nobody else's.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.sources.registry.urls import Origin

__all__ = ["Lines"]


class Lines:
    """Connections to one origin. May be used from several threads."""

    def __init__(self, factory: httpcore.ConnectionPool, origin: Origin, most: int) -> None:
        """Open nothing yet; `factory` only makes connections."""
        self._factory = factory
        self._origin = httpcore.Origin(origin.scheme.encode(), origin.host.encode(), origin.port)
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[httpcore.ConnectionInterface] = []
        self._open: set[httpcore.ConnectionInterface] = set()

    @contextlib.contextmanager
    def borrowed(self, seconds: float) -> Iterator[httpcore.ConnectionInterface]:
        """Lend a connection, an open one if there is one; raises `httpcore.PoolTimeout` where none gets free."""
        if not self._free.acquire(timeout=seconds):
            raise httpcore.PoolTimeout
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close every connection, also one in use: nobody waits for its answer any more."""
        with self._lock:
            connections = tuple(self._open)
            self._idle.clear()
            self._open.clear()
        for connection in connections:
            connection.close()

    def _take(self) -> httpcore.ConnectionInterface:
        while True:
            with self._lock:
                if not self._idle:
                    connection = self._factory.create_connection(self._origin)
                    self._open.add(connection)
                    return connection
                connection = self._idle.pop()
            if not connection.is_closed() and not connection.has_expired():
                return connection
            self._drop(connection)

    def _give_back(self, connection: httpcore.ConnectionInterface) -> None:
        with self._lock:
            if connection in self._open and connection.is_idle():
                self._idle.append(connection)
                return
        self._drop(connection)

    def _drop(self, connection: httpcore.ConnectionInterface) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.close()
