"""Connections to one origin: bounded, used by one question at a time, and never looked at while in use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import httpcore
import pytest

from gate.sources.registry.lines import Lines
from gate.sources.registry.urls import Origin

ORIGIN = Origin("https", "reg.example", 443)


@dataclass(eq=False)
class Line:
    """A connection that knows whether it is lent, and notes whoever looks at it then."""

    lent: bool = False
    idle: bool = True
    expired: bool = False
    closed: bool = False
    looked_at: list[str] = field(default_factory=list)

    def is_closed(self) -> bool:
        return self.closed

    def is_idle(self) -> bool:
        return self.idle

    def has_expired(self) -> bool:
        if self.lent:
            self.looked_at.append("has_expired")
        return self.expired

    def close(self) -> None:
        if self.lent:
            self.looked_at.append("close")
        self.closed = True


@dataclass
class Factory:
    """Makes them."""

    made: list[Line] = field(default_factory=list)

    def create_connection(self, origin: httpcore.Origin) -> Line:
        assert origin == httpcore.Origin(b"https", b"reg.example", 443)
        self.made.append(Line())
        return self.made[-1]


def lines(most: int = 2) -> tuple[Lines, Factory]:
    """Give lines over a factory."""
    factory = Factory()
    return Lines(cast("Any", factory), ORIGIN, most), factory


def test_a_connection_in_use_is_looked_at_by_nobody_else() -> None:
    """Whoever looks could take an answer that arrives for an end of the connection, and close it."""
    these, factory = lines(4)

    def use(_: int) -> None:
        with these.borrowed(10) as given:
            line = cast("Line", given)
            assert not line.lent
            line.lent = line.expired = True  # as it looks while an answer arrives
            with these.borrowed(10) as another:
                assert another is not given
            line.lent = line.expired = False

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(use, range(400)))
    assert len(factory.made) <= 4
    assert [line.looked_at for line in factory.made if line.looked_at] == []


def test_one_that_ended_meanwhile_is_closed_and_replaced() -> None:
    """Servers end idle ones."""
    these, factory = lines()
    with these.borrowed(1):
        pass
    factory.made[0].expired = True
    with these.borrowed(1) as given:
        assert given is cast("Any", factory.made[1])
    assert factory.made[0].closed


def test_one_that_broke_in_use_is_not_lent_again() -> None:
    """An answer that was not read to its end would be taken for that of the next question."""
    these, factory = lines()
    with these.borrowed(1):
        factory.made[0].idle = False
    assert factory.made[0].closed
    with these.borrowed(1) as given:
        assert given is cast("Any", factory.made[1])


def test_there_are_so_many_and_no_more() -> None:
    """Who comes later waits, and hears when the time is over."""
    these, factory = lines(2)
    with these.borrowed(1), these.borrowed(1):
        with pytest.raises(httpcore.PoolTimeout), these.borrowed(0.01):
            pass
    with these.borrowed(1):
        pass
    assert len(factory.made) == 2


def test_at_the_end_all_are_closed() -> None:
    """Also one that a question still waits on; it does not come back."""
    these, factory = lines()
    with these.borrowed(1), these.borrowed(1):
        these.close()
    assert [line.closed for line in factory.made] == [True, True]
    with these.borrowed(1):
        assert len(factory.made) == 3
