"""How each registry is reached: its origin, and one client for it, made when first needed."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from gate.sources.registry.addresses import Nearness
from gate.sources.registry.dial import Anywhere, Dialler, Within
from gate.sources.registry.proxies import proxy_for
from gate.sources.registry.reasons import TLS_PLAIN
from gate.sources.registry.tls import has_own_certificates
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Origin, Url, is_loopback_name

if TYPE_CHECKING:
    from gate.sources.registry.client import Client
    from gate.sources.registry.credentials import Credentials
    from gate.sources.registry.deadline import Deadline
    from gate.sources.registry.settings import Settings
    from gate.sources.registry.transport import Transport
    from gate.sources.registry.veil import Veil

__all__ = ["Reach"]

#: A registry on this machine that speaks plain HTTP without being named: the name has to lead to this machine.
_ONLY_LOOPBACK = Within(Nearness.LOOPBACK, Nearness.LOOPBACK)


class Reach:
    """The registries of one run. May be used from several threads."""

    def __init__(self, settings: Settings, dialler: Dialler, deadline: Deadline, veil: Veil) -> None:
        """Reach nothing yet. The veil learns every secret that is used."""
        self._veil = veil
        self._settings = settings
        self._dialler = dialler
        self._deadline = deadline
        self._lock = threading.RLock()
        self._origins: dict[str, tuple[Origin, Within]] = {}
        self._clients: dict[str, Client] = {}
        self._wanted: dict[str, int] = {}
        self._transport: Transport | None = None
        self._credentials: Credentials | None = None

    def warm(self, host: str, connections: int) -> None:
        """Begin to open connections to a registry, if it is known how it is spoken to; never raises."""
        self._wanted[host] = connections
        with contextlib.suppress(Trouble):  # whoever asks next hears of it
            known = self._known(host)
            if known is not None and proxy_for(self._settings.proxies, known[0]) is None:
                self._dialler.ahead(*known, connections)

    def client(self, host: str) -> Client:
        """Give the client of a registry (`host[:port]`); raises `Trouble` where it cannot be spoken to at all."""
        with self._lock:
            client = self._clients.get(host)
            if client is None:
                client = self._clients[host] = self._make(host)
            return client

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()

    def _make(self, host: str) -> Client:
        from gate.sources.registry.auth import Authenticator
        from gate.sources.registry.client import Client
        from gate.sources.registry.credentials import Credentials
        from gate.sources.registry.transport import Transport

        if self._transport is None:
            self._transport = Transport(self._settings, self._dialler, self._deadline, self._veil)
        if self._credentials is None:
            self._credentials = Credentials(self._settings.credentials, lambda: self._deadline.left(3600))
        origin, within = self._origin(host)
        authenticator = Authenticator(
            origin,
            self._settings,
            self._transport,
            (self._credentials, self._veil),
            lambda: self._dialler.seen(origin),
        )
        return Client(origin, self._settings, self._transport, authenticator, (self._dialler, self._deadline, within))

    def _origin(self, host: str) -> tuple[Origin, Within]:
        known = self._known(host)
        if known is not None:
            return known
        with self._lock:
            if host not in self._origins:
                self._origins[host] = self._try_loopback(host)
                self._dialler.ahead(*self._origins[host], max(self._wanted.get(host, 0) - 1, 0))
            return self._origins[host]

    def _known(self, host: str) -> tuple[Origin, Within] | None:
        """Give origin and addresses, or None where only trying can tell (this machine, unless told)."""
        if host in self._settings.plain_http:
            plain = Url.parse(f"http://{host}").origin
            return plain, _ONLY_LOOPBACK if is_loopback_name(plain.host) else Anywhere
        secure = Url.parse(f"https://{host}").origin
        if is_loopback_name(secure.host) and not has_own_certificates(self._settings, host):
            return self._origins.get(host)
        return secure, Anywhere

    def _try_loopback(self, host: str) -> tuple[Origin, Within]:
        """Try TLS on this machine's own address, and plain HTTP only where the answer is no TLS at all.

        A certificate that is not trusted is no reason to do without one.
        """
        secure = Url.parse(f"https://{host}").origin
        try:
            connection = self._dialler.connect(secure, Anywhere)
        except Trouble as trouble:
            if trouble.reason is not TLS_PLAIN:
                raise trouble.at(str(secure)) from None
            return Url.parse(f"http://{host}").origin, _ONLY_LOOPBACK
        self._dialler.keep(secure, Anywhere, connection)
        return secure, Anywhere
