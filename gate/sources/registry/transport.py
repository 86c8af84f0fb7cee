"""One HTTP request, one answer: sizes and time bounded while reading, nothing followed, nothing remembered.

Redirects, credentials and retries are decided above; here is no cookie jar, no environment, no decoding
of bodies (a digest is over the bytes as sent). httpcore is httpx's engine; it is used without httpx
because only it lets us say which address a name may lead to (docs/decisions/0004-httpcore.md).
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpcore

from gate import __version__
from gate.printable import clip
from gate.sources.registry.addresses import nearness
from gate.sources.registry.dial import CONNECT_SECONDS, Anywhere, Dialler, Within, is_readable
from gate.sources.registry.lines import Lines
from gate.sources.registry.proxies import proxy_for
from gate.sources.registry.reasons import ADDRESS_REFUSED, ANSWER_ENCODED, NETWORK, PROXY, TIMEOUT, TOO_LARGE
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Origin, Url

if TYPE_CHECKING:
    from gate.sources.registry.deadline import Deadline
    from gate.sources.registry.settings import Settings
    from gate.sources.registry.veil import Veil

__all__ = ["MOST_CONNECTIONS", "MOST_ERROR_BYTES", "Answer", "Call", "Transport"]

#: Docker uses 3, ggcr 4; more only queues at the registry.
MOST_CONNECTIONS: Final = 8
READ_SECONDS: Final = 30.0
#: Of an error's body a sentence is shown; the rest is not read.
MOST_ERROR_BYTES: Final = 64 * 1024
_GOOD: Final = 200
_REDIRECT: Final = 300

_METADATA_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "instance-data"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `most` bounds the body of a good answer; `headers` may hold secrets and are never shown."""

    url: Url
    within: Within
    most: int
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. The body of an error may be cut at `MOST_ERROR_BYTES`, that of a good answer never is."""

    url: Url
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of a header (`name` in lower case)."""
        return tuple(value for key, value in self.headers if key == name)

    def one(self, name: str) -> str:
        """Give a header's value, or "" where it is missing or said more than once with different values."""
        values = set(self.all(name))
        return values.pop() if len(values) == 1 else ""

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.one("content-type").partition(";")[0].strip().lower()


class Transport:
    """Connections of one run. May be used from several threads."""

    def __init__(self, settings: Settings, dialler: Dialler, deadline: Deadline, veil: Veil) -> None:
        """Open nothing yet. The veil learns the credentials of proxies."""
        self._veil = veil
        self._settings = settings
        self._dialler = dialler
        self._deadline = deadline
        self._lock = threading.Lock()
        self._lines: dict[tuple[Origin, Within], Lines] = {}

    def send(self, call: Call) -> Answer:
        """Ask once; raises `Trouble` where there is no whole answer."""
        try:
            return self._send(call)
        except Trouble as trouble:
            raise trouble.at(call.url.shown) from None
        except httpcore.TimeoutException as error:
            raise Trouble(
                TIMEOUT, f"{call.url.origin.authority} did not answer in time",
                where=call.url.shown, status="timeout", retries=3,
            ) from error  # fmt: skip
        except httpcore.ProxyError as error:
            raise Trouble(PROXY, f"the proxy answered {clip(str(error), 120)}", where=call.url.shown) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            detail = clip(str(error), 160) or type(error).__name__
            raise Trouble(
                NETWORK, f"the answer of {call.url.origin.authority} broke off or is not HTTP: {detail}",
                where=call.url.shown, retries=3,
            ) from error  # fmt: skip

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            every = tuple(self._lines.values())
            self._lines.clear()
        for lines in every:
            lines.close()

    def _send(self, call: Call) -> Answer:
        origin = call.url.origin
        lines = self._lines_to(origin, call.within)
        url = httpcore.URL(
            scheme=origin.scheme.encode(), host=origin.host.encode(), port=origin.port, target=call.url.target.encode()
        )
        headers = [
            ("Host", origin.authority),
            ("User-Agent", f"image-gate/{__version__}"),
            ("Accept-Encoding", "identity"),
            *call.headers,
        ]
        if call.content:
            headers.append(("Content-Length", str(len(call.content))))
        seconds = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}
        request = httpcore.Request(
            call.method, url, headers=headers, content=call.content or None, extensions={"timeout": seconds}
        )
        with lines.borrowed(self._deadline.left(READ_SECONDS)) as connection:
            response = connection.handle_request(request)
            try:
                return self._read(call, response)
            finally:
                response.close()

    def _read(self, call: Call, response: httpcore.Response) -> Answer:
        headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)
        answer = Answer(call.url, response.status, headers, b"")
        good = _GOOD <= response.status < _REDIRECT
        if good and answer.all("content-encoding") not in {(), ("identity",)}:
            encoding = clip(answer.all("content-encoding")[0], 40)
            raise Trouble(
                ANSWER_ENCODED,
                f"{call.url.origin.authority} sent a body encoded as {encoding}",
                status=str(response.status),
            )
        most = call.most if good else MOST_ERROR_BYTES
        told = answer.one("content-length")
        if good and call.method != "HEAD" and told.isascii() and told.isdigit() and int(told[:20]) > most:
            raise _too_large(call, most)
        body = bytearray()
        for piece in response.iter_stream():
            self._deadline.left(READ_SECONDS)
            body += piece
            if len(body) > most:
                if good:
                    raise _too_large(call, most)
                del body[most:]
                break
        return Answer(call.url, response.status, headers, bytes(body))

    def _lines_to(self, origin: Origin, within: Within) -> Lines:
        """Give the connections of one origin: a policy of addresses belongs to each."""
        with self._lock:
            lines = self._lines.get((origin, within))
            if lines is None:
                lines = self._lines[origin, within] = Lines(self._factory(origin, within), origin, MOST_CONNECTIONS)
            return lines

    def _factory(self, origin: Origin, within: Within) -> httpcore.ConnectionPool:
        """Give what makes connections, through a proxy where there is one; it never keeps any."""
        proxy = proxy_for(self._settings.proxies, origin)
        backend = _Backend(self._dialler, self._deadline, origin, within, through_proxy=proxy is not None)
        if proxy is None:
            return httpcore.ConnectionPool(network_backend=backend, ssl_context=_UNUSED_CONTEXT)
        _check_name(origin, within)
        if proxy.auth is not None:
            self._veil.password(*(part.decode("utf-8", "replace") for part in proxy.auth))
        at = proxy.url.origin
        return httpcore.HTTPProxy(
            proxy_url=httpcore.URL(scheme=b"http", host=at.host.encode(), port=at.port, target=b"/"),
            proxy_auth=proxy.auth,
            ssl_context=_UNUSED_CONTEXT,
            network_backend=backend,
        )


#: Connections arrive with TLS already spoken; this one only keeps httpcore from loading certifi's authorities.
_UNUSED_CONTEXT: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _too_large(call: Call, most: int) -> Trouble:
    return Trouble(
        TOO_LARGE,
        f"{call.url.origin.authority} sends more than the {most} bytes that are read here",
        status="too large",
    )


def _check_name(origin: Origin, within: Within) -> None:
    """Behind a proxy names are looked up elsewhere; what the name itself says is checked all the same."""
    try:
        near = nearness(origin.host)
    except ValueError:
        if origin.host not in _METADATA_NAMES:
            return
        near = None
    if near is None or not within.farthest <= near <= within.nearest:
        raise Trouble(ADDRESS_REFUSED, f"{origin.host} is not an address it may lead to")


class _Backend(httpcore.NetworkBackend):
    """httpcore's door to the network, for one origin."""

    def __init__(
        self, dialler: Dialler, deadline: Deadline, origin: Origin, within: Within, *, through_proxy: bool
    ) -> None:
        self._dialler = dialler
        self._deadline = deadline
        self._origin = origin
        self._within = within
        self._through_proxy = through_proxy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 -- the dialler has its own, bounded by the deadline
        local_address: str | None = None,  # noqa: ARG002 -- never given
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 -- never given
    ) -> httpcore.NetworkStream:
        if self._through_proxy:
            connection = self._dialler.plain(host, port, Anywhere)
        else:
            connection = self._dialler.connect(self._origin, self._within)
        return _Stream(connection, self._dialler, self._deadline, self._origin)


class _Stream(httpcore.NetworkStream):
    """A socket whose every read and write ends at the deadline, however slowly the other side drips."""

    def __init__(self, connection: socket.socket, dialler: Dialler, deadline: Deadline, origin: Origin) -> None:
        self._socket = connection
        self._dialler = dialler
        self._deadline = deadline
        self._origin = origin

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(self._deadline.left(timeout or READ_SECONDS))
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(error.strerror or str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(self._deadline.left(timeout or READ_SECONDS))
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(error.strerror or str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 -- the dialler has the host's own
        server_hostname: str | None = None,  # noqa: ARG002 -- it is the origin's
        timeout: float | None = None,  # noqa: ARG002 -- the dialler has its own, bounded by the deadline
    ) -> httpcore.NetworkStream:
        """Give TLS: the dialler has spoken it already, or speaks it now inside a proxy's tunnel."""
        if isinstance(self._socket, ssl.SSLSocket):
            return self
        return _Stream(self._dialler.secure(self._socket, self._origin), self._dialler, self._deadline, self._origin)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's protocol
        if info == "is_readable":  # asked of idle connections: readable means that the other side has closed
            return is_readable(self._socket)
        return None
