"""URLs as the registry source uses them: parsed once, strictly; two are of one origin or they are not.

Whatever a registry names (a realm, a redirect, the next page) comes from a stranger. A URL that two
readers could split differently is refused instead of guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode, urljoin, urlsplit

from gate.printable import clip

__all__ = ["Origin", "Url", "is_loopback_name"]

#: Pre-signed storage URLs are the longest honest ones, near 2 KiB.
MOST_URL: Final = 8192

_PORTS: Final = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Scheme, host (lower case, IPv6 without brackets) and port: what credentials are bound to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host`, or `host:port` where the port is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """`scheme://authority`."""
        return f"{self.scheme}://{self.authority}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `scheme://host[:port]` with nothing behind it; raises `ValueError`."""
        url = Url.parse(text)
        if url.target not in {"", "/"}:
            raise ValueError(f"{clip(text)} has a path, where only scheme, host and port belong")
        return cls(url.origin.scheme, url.origin.host, url.origin.port)


@dataclass(frozen=True, slots=True)
class Url:
    """An origin and what to ask there (path and query). Never user info, never a fragment."""

    origin: Origin
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an absolute http or https URL; raises `ValueError` with a sentence that does not echo user info."""
        if len(text) > MOST_URL:
            raise ValueError(f"a URL of {len(text)} characters")
        if not text.isascii() or not text.isprintable() or any(char in text for char in ' \\"<>^`{|}'):
            raise ValueError("a URL with characters that no URL has")
        parts = urlsplit(text)
        if parts.scheme not in _PORTS:
            raise ValueError(f"a URL that is neither https nor http ({clip(parts.scheme or 'no scheme', 40)})")
        if "@" in parts.netloc:
            raise ValueError("a URL with a user name in it")
        host = parts.hostname or ""
        if not _HOST.fullmatch(host) or "%" in parts.netloc:
            raise ValueError(f"a URL whose host {clip(host, 80)!r} is no host name")
        port = parts.port if parts.port is not None else _PORTS[parts.scheme]
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(Origin(parts.scheme, host, port), target)

    def join(self, location: str) -> Url:
        """Resolve a reference that was found at this URL (RFC 3986 section 5); raises `ValueError`."""
        if not location:
            raise ValueError("an empty URL")
        if any(ord(char) <= ord(" ") for char in location):
            raise ValueError("a URL with characters that no URL has")
        return Url.parse(urljoin(str(self), location))

    def with_query(self, *pairs: tuple[str, str]) -> Url:
        """Give this URL with more parameters; those already there stay (GitLab's realm has some)."""
        joint = "&" if "?" in self.target else "?"
        return Url(self.origin, f"{self.target}{joint}{urlencode(pairs)}")

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def shown(self) -> str:
        """For people: without the query, which may hold a signature that is as good as a password."""
        return f"{self.origin}{self.path}" + ("?…" if "?" in self.target else "")

    def __str__(self) -> str:
        """The whole URL; only for asking, `shown` is for messages."""
        return f"{self.origin}{self.target}"


def is_loopback_name(host: str) -> bool:
    """Tell whether a host names this machine by itself: `localhost`, `127.x.x.x`, `::1` (RFC 6761 section 6.3)."""
    import ipaddress

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
