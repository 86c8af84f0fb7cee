"""Connections: names looked up and addresses checked at each connect, TLS, some opened ahead of time.

Uses sockets only, so that the first connection can be made while the HTTP library is still being
imported: both take about as long (DESIGN section 7).
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.printable import clip
from gate.sources.registry.addresses import Nearness, nearness
from gate.sources.registry.reasons import ADDRESS_REFUSED, NETWORK, TIMEOUT, TLS_PLAIN
from gate.sources.registry.tls import make_context, tls_trouble
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from gate.sources.registry.deadline import Deadline
    from gate.sources.registry.settings import Settings
    from gate.sources.registry.urls import Origin

__all__ = ["CONNECT_SECONDS", "Anywhere", "Dialler", "Within", "is_readable"]

CONNECT_SECONDS: Final = 10.0
#: With several addresses a broken one (IPv6 without a route) must not use up the whole time.
_FIRST_TRY_SECONDS: Final = 3.0
MOST_ADDRESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Within:
    """The addresses a connection may lead to: from `farthest` (PUBLIC: any) to `nearest`, inclusive."""

    nearest: Nearness
    farthest: Nearness = Nearness.PUBLIC


#: What the user named: everything but the addresses that are never connected to.
Anywhere: Final = Within(Nearness.LOOPBACK)


class Dialler:
    """Opens sockets for one run. May be used from several threads."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        """Nothing is opened yet."""
        self._settings = settings
        self._deadline = deadline
        self._lock = threading.Lock()
        self._context_lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._ahead: dict[tuple[Origin, Within], list[Future[socket.socket]]] = {}
        self._seen: dict[Origin, Nearness] = {}
        self._closed = False

    def ahead(self, origin: Origin, within: Within, count: int) -> None:
        """Begin opening `count` connections in the background; the next `connect`s take them."""
        for _ in range(count):
            future: Future[socket.socket] = Future()
            with self._lock:
                if self._closed:
                    return
                self._ahead.setdefault((origin, within), []).append(future)
            threading.Thread(target=self._open_into, args=(future, origin, within), daemon=True).start()

    def connect(self, origin: Origin, within: Within) -> socket.socket:
        """Give a connection, TLS included where the origin is https; raises `Trouble`."""
        while (future := self._pop(origin, within)) is not None:
            try:
                connection = future.result(timeout=self._deadline.left(2 * CONNECT_SECONDS))
            except TimeoutError as error:
                raise Trouble(TIMEOUT, f"{origin.authority} did not take the connection in time", retries=3) from error
            except Trouble:
                if not self._waiting(origin, within):
                    raise
            else:
                if not _is_stale(connection):
                    return connection
                connection.close()
        return self._open(origin, within)

    def context(self, origin: Origin) -> ssl.SSLContext:
        """Give the TLS context of a host, made once: loading the authorities costs milliseconds."""
        with self._context_lock:
            if origin.authority not in self._contexts:
                self._contexts[origin.authority] = make_context(self._settings, origin.authority)
            return self._contexts[origin.authority]

    def seen(self, origin: Origin) -> Nearness:
        """Tell how near to home the origin's addresses were at most; PUBLIC where it was never connected to."""
        return self._seen.get(origin, Nearness.PUBLIC)

    def keep(self, origin: Origin, within: Within, connection: socket.socket) -> None:
        """Keep an open connection for the next `connect`."""
        future: Future[socket.socket] = Future()
        future.set_result(connection)
        with self._lock:
            self._ahead.setdefault((origin, within), []).insert(0, future)

    def close(self) -> None:
        """Close what was opened ahead and never used."""
        with self._lock:
            self._closed = True
            futures = [future for ahead in self._ahead.values() for future in ahead]
            self._ahead.clear()
        for future in futures:
            if future.done() and future.exception() is None:
                future.result().close()

    def _pop(self, origin: Origin, within: Within) -> Future[socket.socket] | None:
        with self._lock:
            waiting = self._ahead.get((origin, within))
            return waiting.pop(0) if waiting else None

    def _waiting(self, origin: Origin, within: Within) -> bool:
        with self._lock:
            return bool(self._ahead.get((origin, within)))

    def _open_into(self, future: Future[socket.socket], origin: Origin, within: Within) -> None:
        try:
            connection = self._open(origin, within)
        except Trouble as trouble:
            future.set_exception(trouble)
        except BaseException as error:  # noqa: BLE001 -- whoever waits for the connection must hear of it
            future.set_exception(error)
        else:
            with self._lock:
                closed = self._closed
                future.set_result(connection)
            if closed:
                connection.close()

    def _open(self, origin: Origin, within: Within) -> socket.socket:
        plain = self.plain(origin.host, origin.port, within, origin)
        return plain if origin.scheme == "http" else self.secure(plain, origin)

    def plain(self, host: str, port: int, within: Within, origin: Origin | None = None) -> socket.socket:
        """Open a TCP connection to the first address that takes it; raises `Trouble`."""
        addresses = self._addresses(host, port, within, origin)
        last: Trouble | None = None
        for position, address in enumerate(addresses):
            alone = position == len(addresses) - 1
            try:
                seconds = self._deadline.left(CONNECT_SECONDS if alone else _FIRST_TRY_SECONDS)
                connection = self._settings.connect((address, port), seconds)
            except OSError as error:
                last = _connect_trouble(error, host, port, address)
            else:
                with contextlib.suppress(OSError):
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
        raise last or Trouble(NETWORK, f"{clip(host)} has no address")

    def secure(self, connection: socket.socket, origin: Origin) -> ssl.SSLSocket:
        """Speak TLS on a connection, checking the certificate for the origin's host; raises `Trouble`."""
        try:
            context = self.context(origin)
            connection.settimeout(self._deadline.left(CONNECT_SECONDS))
            return context.wrap_socket(connection, server_hostname=origin.host)
        except TimeoutError as error:
            connection.close()
            raise Trouble(TIMEOUT, f"{origin.authority} did not finish the TLS handshake in time", retries=3) from error
        except ConnectionError as error:
            connection.close()
            raise Trouble(
                TLS_PLAIN, f"{origin.authority} ended the connection during the TLS handshake", retries=1
            ) from error
        except (OSError, ValueError) as error:
            connection.close()
            raise tls_trouble(error if isinstance(error, OSError) else OSError(str(error)), origin.authority) from error
        except Trouble:
            connection.close()
            raise

    def _addresses(self, host: str, port: int, within: Within, origin: Origin | None) -> tuple[str, ...]:
        try:
            addresses = self._settings.lookup(host, port)[:MOST_ADDRESSES]
        except (OSError, UnicodeError) as error:
            detail = getattr(error, "strerror", None) or str(error)
            raise Trouble(NETWORK, f"the name {clip(host)} does not resolve: {clip(detail, 120)}", retries=1) from error
        nearest = Nearness.PUBLIC
        for address in addresses:
            near = nearness(address)
            if near is None or not within.farthest <= near <= within.nearest:
                raise Trouble(
                    ADDRESS_REFUSED, f"{clip(host)} leads to {address}, which is not an address it may lead to"
                )
            nearest = max(nearest, near)
        if origin is not None:
            with self._lock:
                self._seen[origin] = min(nearest, self._seen.get(origin, nearest))
        return addresses


def is_readable(connection: socket.socket) -> bool:
    """Tell whether something waits to be read: on an idle connection, that the other side has closed it."""
    number = connection.fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def _is_stale(connection: socket.socket) -> bool:
    """Tell whether a fresh connection was closed in the meantime; TLS sends session tickets unasked."""
    return not isinstance(connection, ssl.SSLSocket) and is_readable(connection)


def _connect_trouble(error: OSError, host: str, port: int, address: str) -> Trouble:
    where = f"{clip(host)}:{port}" + (f" ({address})" if address != host else "")
    if isinstance(error, TimeoutError):
        return Trouble(TIMEOUT, f"{where} did not take the connection in time", status="timeout", retries=3)
    if isinstance(error, ConnectionRefusedError):
        return Trouble(NETWORK, f"nobody listens at {where} (connection refused)", status="refused", retries=3)
    return Trouble(NETWORK, f"{where} cannot be reached: {error.strerror or error}", retries=3)
