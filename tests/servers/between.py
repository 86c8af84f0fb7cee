"""Somebody between the gate and a real registry: passes requests on, counts them, and may do something else.

def cut(request, number):            # number counts from 1
    if request.method == "PUT":
        return Reply(412, b"…")       # the registry is not asked
    return None                       # passed on

with Between(registry, cut) as between:
    ...  # talk to between.authority
assert between.puts == ["/v2/demo/app/manifests/prod"]
"""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Callable
from contextlib import closing
from typing import Self

from tests.servers.fake import FakeServer, Reply, Request
from tests.servers.registry import Running

__all__ = ["Between", "pass_on"]

_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})


def _nothing(request: Request, number: int) -> Reply | None:
    del request, number
    return None


def pass_on(registry: Running, request: Request) -> Reply:
    """Ask the registry itself what somebody wants to know."""
    host, _, port = registry.authority.rpartition(":")
    with closing(http.client.HTTPConnection(host, int(port))) as connection:
        connection.request(request.method, request.target, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
        return Reply(answer.status, answer.read(), headers)


class Between:
    """Ends with its `with`."""

    def __init__(self, registry: Running, instead: Callable[[Request, int], Reply | None] = _nothing) -> None:
        self._registry = registry
        self._instead = instead
        self._numbers = itertools.count(1)
        self.server = FakeServer(self._script)

    @property
    def authority(self) -> str:
        """`127.0.0.1:port`, which speaks plain HTTP."""
        return self.server.authority

    @property
    def puts(self) -> list[str]:
        """Where something was written, in order."""
        return [request.target for request in self.server.requests if request.method == "PUT"]

    def passed_on(self, request: Request) -> Reply:
        """Ask the registry itself."""
        return pass_on(self._registry, request)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.__exit__(*error)

    def _script(self, request: Request) -> Reply:
        reply = self._instead(request, next(self._numbers))
        return self.passed_on(request) if reply is None else reply
