"""Images in a registry, over the distribution API (docs/sources/registry.md).

`source` answers the questions; below it `client` asks (authorization, redirects, retries), `transport` sends
one request, `dial` opens a connection. `auth`, `realm`, `token`, `challenge`, `credentials` and `helper` decide
who may see a credential. `settings` is all that this source is told about the machine.
"""

from __future__ import annotations

from gate.sources.registry.settings import Settings, Surroundings
from gate.sources.registry.source import Registry

__all__ = ["Registry", "Settings", "Surroundings"]
