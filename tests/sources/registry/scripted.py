"""What the tests with a scripted registry share: its images, its script, and a gate that is told where it is."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.evidence import Ask, Fact, Kind
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_INDEX
from gate.oci.reference import Reference
from gate.sources.registry import Registry, Settings
from tests.servers.fake import FakeServer, Reply, Request

__all__ = ["DIGEST", "INDEX", "PATH", "Names", "Pauses", "asked", "found", "image_script", "open_at"]

PATH = "team/app"
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": f"sha256:{'a' * 64}",
                "size": 7,
                "platform": {"os": "linux", "architecture": "amd64"},
            }
        ],
    }
).encode()
DIGEST = Digest.of(INDEX)


def found(body: bytes = INDEX, **headers: str) -> Reply:
    """A manifest as a registry sends it; keyword `Content_Type` sets the header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(200, body, {"Content-Type": OCI_INDEX, **named})


def image_script(**paths: Reply | Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    """A registry that has `team/app:1.4.2`, and answers below `/v2/team/app/KEY` as told; 404 for the rest."""

    def script(request: Request) -> Reply:
        for key, reply in paths.items():
            if request.path.startswith(f"/v2/{PATH}/{key}"):
                return reply(request) if callable(reply) else reply
        if request.path in {f"/v2/{PATH}/manifests/1.4.2", f"/v2/{PATH}/manifests/{DIGEST}"}:
            return found()
        return Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')

    return script


@dataclass
class Pauses:
    """Waiting without time passing: remembers for how long, and moves the clock."""

    waited: list[float] = field(default_factory=list)
    now: float = 1000.0

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@dataclass
class Names:
    """A name server and a network of our own: where each host name leads, and where a connection then goes.

    `addresses[host]` are the addresses said at the first, second, … look-up (the last one stays).
    `servers[(address, port)]` is where a connection to it arrives.
    """

    addresses: dict[str, list[str]]
    servers: dict[tuple[str, int], FakeServer]
    connected: list[tuple[str, int]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def lookup(self, host: str, port: int) -> tuple[str, ...]:
        del port
        turn = self.asked.get(host, 0)
        self.asked[host] = turn + 1
        answers = self.addresses.get(host)
        if answers is None:
            raise OSError("Name or service not known")
        return (answers[min(turn, len(answers) - 1)],)

    def connect(self, address: tuple[str, int], seconds: float) -> socket.socket:
        self.connected.append(address)
        server = self.servers[address]
        return socket.create_connection((server.address, server.port), seconds)


def open_at(server: FakeServer, image: str = f"{PATH}:1.4.2", **changes: Any) -> Registry:
    """The gate, told that this server speaks plain HTTP and that waiting takes no time."""
    pauses = Pauses()
    defaults: Mapping[str, Any] = {"plain_http": frozenset({server.authority}), "wait": pauses.wait}
    return Registry(Reference.parse(f"{server.authority}/{image}"), Settings(**{**defaults, **changes}))


def asked(source: Registry, server: FakeServer, kind: Kind, name: str) -> Fact:
    """Put one question about `team/app`."""
    return source.answer(Ask(f"{server.authority}/{PATH}", kind, name))
