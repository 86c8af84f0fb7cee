"""A proxy on loopback that makes the network as far away as one wants.

`DelayingProxy("127.0.0.1", port, round_trip=0.030)` passes bytes on unchanged, half a round trip later in
each direction. Opening a connection costs a round trip too, as on a real network: what a client sends on a
fresh connection leaves one round trip after it was accepted, however early it was written.

Used by the benchmark and by tests that count round trips; also `python tests/servers/proxy.py HOST:PORT`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from typing import Self

__all__ = ["DelayingProxy"]

_PIECE = 64 * 1024


class DelayingProxy:
    """Runs in a thread of its own and ends with its `with`. `connections` counts what was opened through it."""

    def __init__(self, host: str, port: int, round_trip: float = 0.030) -> None:
        self._target = (host, port)
        self._round_trip = round_trip
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop: asyncio.Event | None = None
        self.connections = 0
        self.port = 0

    @property
    def authority(self) -> str:
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self._loop.close()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.connections += 1
        begins = self._loop.time() + self._round_trip
        far, far_out = await asyncio.open_connection(*self._target)
        try:
            await asyncio.gather(self._pass(near, far_out, begins), self._pass(far, near_out, 0.0))
        except asyncio.CancelledError:
            pass  # the proxy ends; asyncio would print what is only the end of a connection
        finally:
            far_out.close()
            near_out.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, begins: float) -> None:
        """Read at once, write each piece half a round trip after it came: delays do not add up."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            piece = b"."
            while piece:
                try:
                    piece = await source.read(_PIECE)
                except OSError:
                    piece = b""
                queue.put_nowait((max(self._loop.time(), begins) + self._round_trip / 2, piece))

        reading = asyncio.ensure_future(read())
        try:
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(due - self._loop.time())
                if not piece:
                    break
                sink.write(piece)
                await sink.drain()
            with contextlib.suppress(OSError, RuntimeError):
                sink.write_eof()
        except OSError:
            pass
        finally:
            reading.cancel()


if __name__ == "__main__":
    target_host, _, target_port = sys.argv[1].rpartition(":")
    with DelayingProxy(target_host, int(target_port)) as running:
        sys.stdout.write(f"{running.authority}\n")
        sys.stdout.flush()
        threading.Event().wait()
