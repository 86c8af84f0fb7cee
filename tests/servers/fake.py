"""A registry that does what real ones do not: one file, in this process, on loopback.

    def script(request):
        if request.path.endswith("/manifests/1.4.2"):
            return Reply(200, body=manifest, headers={"Content-Type": OCI_INDEX})
        return Reply(404)

    with FakeServer(script) as server:
        ...  # talk to server.authority
    assert [request.target for request in server.requests] == [...]

A `Reply` may give `raw` bytes instead: an endless or truncated body, a header drop by drop, no HTTP at all.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

__all__ = ["FakeServer", "Reply", "Request"]


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """A header's value, "" if it is missing."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True)
class Reply:
    """What is sent. With `raw` nothing else is, and the connection is closed after it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    raw: Iterable[bytes] | None = None
    close: bool = False


Script = Callable[[Request], Reply]


class FakeServer:
    """Answers by a script, records every request, ends with its `with`."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._listener = socket.create_server((address, 0))
        self.address = address
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def authority(self) -> str:
        """`127.0.0.1:port`."""
        return f"{self.address}:{self.port}"

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`, or https."""
        return f"{'https' if self._tls is not None else 'http'}://{self.authority}"

    @property
    def targets(self) -> list[str]:
        """The method and target of every request, in order."""
        return [f"{request.method} {request.target}" for request in self.requests]

    def secrets(self, *texts: str) -> list[str]:
        """Which of the texts arrived anywhere in a request, headers and body included."""
        arrived = "\n".join(
            f"{request.target} {dict(request.headers)} {request.body.decode('latin-1')}" for request in self.requests
        )
        return [text for text in texts if text in arrived]

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):  # wakes accept(2), which close alone does not
            socket.create_connection((self.address, self.port), 1).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
            self.connections += 1
        plain = connection
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._open.add(connection)
            with connection, connection.makefile("rb") as incoming:
                while (request := _read(incoming)) is not None:
                    self.requests.append(request)
                    if not self._send(connection, request, self._script(request)):
                        return
        except (OSError, ValueError):
            pass  # the client went away, which is what many of these tests are about
        finally:
            plain.close()
            with self._lock:
                self._open -= {connection, plain}

    def _send(self, connection: socket.socket, request: Request, reply: Reply) -> bool:
        if reply.raw is not None:
            for piece in reply.raw:
                if self._ended.is_set():
                    break
                connection.sendall(piece)
            return False
        lines = [f"HTTP/1.1 {reply.status} Scripted"]
        for name, values in reply.headers.items():
            lines.extend(f"{name}: {value}" for value in ((values,) if isinstance(values, str) else values))
        bodiless = reply.status in {204, 304} or request.method == "HEAD"
        if not bodiless and "Content-Length" not in reply.headers:
            lines.append(f"Content-Length: {len(reply.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("utf-8")
        connection.sendall(head if bodiless else head + reply.body)
        return not reply.close


def _read(incoming: Iterable[bytes]) -> Request | None:
    lines: Iterator[bytes] = iter(incoming)
    first = next(lines, b"").decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    for line in lines:
        if line in {b"\r\n", b"\n"}:
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = incoming.read(length) if length else b""  # type: ignore[attr-defined]
    return Request(first[0], first[1], headers, body)
