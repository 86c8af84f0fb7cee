"""Which addresses the gate connects to (S40).

A registry names other hosts: its token server, its storage. None of them may lead the gate nearer to
home than where the registry itself stands, and nothing leads to link-local or cloud metadata services.
Names are looked up at each connect and the numeric address that is connected to is the one that was
checked, so a name that resolves differently the second time gains nothing (ggcr #2440).
"""

from __future__ import annotations

import ipaddress
from enum import IntEnum
from typing import Final

__all__ = ["Nearness", "nearness"]

#: Metadata services that are not link-local: AWS over IPv6, Alibaba, Azure's wire server, Oracle.
_METADATA: Final = frozenset(
    ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
#: RFC 6052: NAT64 carries an IPv4 address in its last 32 bits.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
#: RFC 6598: carrier-grade NAT, which Python counts neither as private nor as global.
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")


class Nearness(IntEnum):
    """How near to home an address is."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2


def nearness(address: str) -> Nearness | None:
    """Classify a numeric address; None for one that is never connected to. Raises `ValueError` for a name."""
    ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if ip in _METADATA or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return None
    if ip.is_loopback:
        return Nearness.LOOPBACK
    if ip.is_private or (ip.version == 4 and ip in _SHARED):  # noqa: PLR2004 -- IPv4
        return Nearness.PRIVATE
    return None if ip.is_reserved else Nearness.PUBLIC


def _plain(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Unwrap an IPv4 address written as an IPv6 one: mapped, 6to4, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
