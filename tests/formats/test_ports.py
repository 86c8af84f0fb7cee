"""Ports as images expose them and rules name them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.ports import PortRange

PORTS = st.integers(1, 65535)


@pytest.mark.parametrize(
    "text",
    ["", "0", "65536", "80-", "-80", "90-80", "80/", "80/icmp", "80/tcp ", "80\n", "８０", "80-90-100", "1" * 400],
)
def test_what_is_no_port_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(ValueError, match="is no port: write 8080, 53/udp or 8000-8010/tcp"):
        PortRange.from_text(text)


@given(low=PORTS, high=PORTS, other=PORTS)
def test_covering_is_touching(low: int, high: int, other: int) -> None:
    """A range that covers a port touches it; one port is covered exactly between both ends."""
    rule = PortRange.from_text(f"{min(low, high)}-{max(low, high)}")
    port = PortRange.from_text(f"{other}/tcp")
    assert rule.covers(port) == rule.touches(port) == (min(low, high) <= other <= max(low, high))


def test_a_protocol_restricts_and_none_means_any() -> None:
    """An exposed port without protocol is TCP."""
    udp, both = PortRange.from_text("53/udp"), PortRange.from_text("53")
    assert not udp.covers(PortRange.from_text("53"))
    assert udp.covers(PortRange.from_text("53/UDP"))
    assert both.covers(PortRange.from_text("53/sctp"))
    assert str(udp) == "53/udp"
