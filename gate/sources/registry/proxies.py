"""Which hosts are reached through a proxy (the conventions of curl and of Go's net/http)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from gate.sources.registry.reasons import PROXY
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Url, is_loopback_name

if TYPE_CHECKING:
    from gate.sources.registry.settings import Proxies
    from gate.sources.registry.urls import Origin

__all__ = ["Proxy", "proxy_for"]


class Proxy:
    """An HTTP proxy: its URL and, if it has some, its own credentials."""

    __slots__ = ("auth", "url")

    def __init__(self, text: str) -> None:
        """Read `[http://][user:password@]host[:port]`; raises `Trouble` that does not echo the credentials."""
        from urllib.parse import unquote

        scheme, slashes, rest = text.partition("://")
        account, at, place = (rest if slashes else text).rpartition("@")
        try:
            self.url = Url.parse(f"{scheme if slashes else 'http'}://{place}")
        except ValueError as error:
            raise Trouble(PROXY, f"the proxy that the environment names is {error}") from error
        if self.url.origin.scheme != "http":
            raise Trouble(PROXY, "the proxy that the environment names is reached by https, which is not supported")
        user, _, password = account.partition(":")
        self.auth = (unquote(user).encode(), unquote(password).encode()) if at else None


def proxy_for(proxies: Proxies, origin: Origin) -> Proxy | None:
    """Give the proxy for an origin, or None; loopback is never reached through one."""
    text = proxies.https if origin.scheme == "https" else proxies.http
    if not text or is_loopback_name(origin.host) or _goes_without(proxies.without, origin):
        return None
    return Proxy(text)


def _goes_without(patterns: tuple[str, ...], origin: Origin) -> bool:
    return any(pattern == "*" or _matches(pattern, origin) for pattern in patterns)


def _matches(pattern: str, origin: Origin) -> bool:
    try:
        network = ipaddress.ip_network(pattern, strict=False)
        return ipaddress.ip_address(origin.host) in network
    except ValueError:
        pass
    name, colon, port = pattern.rpartition(":")
    if colon and port.isdigit():
        if int(port) != origin.port:
            return False
        pattern = name
    pattern = pattern.removeprefix("*").strip("[]")
    return origin.host == pattern.removeprefix(".") or (
        bool(pattern) and origin.host.endswith("." + pattern.removeprefix("."))
    )
