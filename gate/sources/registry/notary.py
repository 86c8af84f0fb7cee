"""Files of trust data, asked of a Notary server (notary `server/server.go`, `storage/httpstore.go`).

The server is asked as a registry is: its own origin, credentials looked up for its own host, token servers by
the same rule (S40). The scope of a token is the whole name of the repository (docker/cli `cli/trust/trust.go`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from gate.evidence import Absent, Fact, Found
from gate.printable import clip
from gate.sources.registry.answers import look_of, no_registry, read_repository, unexpected
from gate.sources.registry.client import Wanted
from gate.sources.registry.errors import is_html
from gate.sources.registry.reasons import NOT_ANSWERED_HERE, TLS_PLAIN
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.oci.reference import Repository
    from gate.sources.registry.client import Client

__all__ = ["TrustServer"]

#: notary `notary.go`: MaxTimestampSize; its limit for the others, 100 MiB, is more than any honest file.
MOST_TOP_BYTES: Final = 1024 * 1024
MOST_FILE_BYTES: Final = 16 * 1024 * 1024

_SCHEME: Final = "https://"
_NAME: Final = re.compile(
    r"timestamp\.json|[1-9][0-9]{0,15}\.root\.json|(root|snapshot|targets(/[-a-z0-9_]+)*)\.[0-9a-f]{64}\.json", re.ASCII
)
_OK: Final = 200
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class TrustServer:
    """The trust data of one repository at one server."""

    client: Client
    gun: Repository

    @classmethod
    def at(cls, place: str, client: Callable[[str], Client]) -> Self:
        """Read `https://host[:port]/GUN` and take the client of that host; raises `Trouble`.

        Plain HTTP is refused, also on this machine: docker speaks none to a trust server.
        """
        if not place.startswith(_SCHEME):
            raise Trouble(NOT_ANSWERED_HERE, f"{clip(place)} is no https address of trust data")
        host, _, gun = place.removeprefix(_SCHEME).partition("/")
        repository = read_repository(gun)
        made = client(host)
        if made.origin.scheme != "https":
            raise Trouble(
                TLS_PLAIN, f"the trust server {clip(host)} does not speak TLS", where=f"{_SCHEME}{clip(host)}"
            )
        return cls(made, repository)

    def file(self, name: str) -> Fact:
        """Answer `Kind.TUF`: a file's bytes, or Absent where the server says that it has none; raises `Trouble`."""
        if not _NAME.fullmatch(name):  # before it becomes part of a URL
            raise Trouble(NOT_ANSWERED_HERE, f"{clip(name)!r} is no file of trust data")
        most = MOST_TOP_BYTES if name.startswith(("timestamp", "root")) or ".root." in name else MOST_FILE_BYTES
        path = f"/v2/{self.gun}/_trust/tuf/{name}"
        answer = self.client.get(Wanted(path, str(self.gun), most, elsewhere=False))
        if is_html(answer):
            raise no_registry(answer)
        if answer.status == _NOT_FOUND:
            return Absent(look_of(answer))
        if answer.status != _OK:
            raise unexpected(answer)
        return Found(look_of(answer), answer.body, answer.media_type)
