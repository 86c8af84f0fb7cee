"""Which token servers a registry may send us to, and who of them may see credentials (S40).

Credentials go to a realm of the registry's own origin, of the exact table below, or that the operator
allowed for this registry. No domain arithmetic: a sibling domain, another port, a longer name is another
host (CVE-2026-48978, GHSA-28r5-37g7-p6mp). Elsewhere only anonymous tokens are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.printable import clip
from gate.sources.registry.addresses import Nearness, nearness
from gate.sources.registry.dial import Anywhere, Within
from gate.sources.registry.reasons import REALM_REFUSED
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.sources.registry.settings import Settings
    from gate.sources.registry.urls import Origin

__all__ = ["KNOWN", "Realm", "known_realm", "read_realm"]


@dataclass(frozen=True, slots=True)
class Realm:
    """A token server: its URL, the service to name there, and whether credentials may go to it."""

    url: Url
    service: str
    trusted: bool
    within: Within


#: Registry host → realm and service, as these registries answer (docs/credentials.md). Knowing them saves the
#: request that would only be answered with the challenge; a challenge that says otherwise is read all the same.
KNOWN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "registry-1.docker.io": ("https://auth.docker.io/token", "registry.docker.io"),
        "notary.docker.io": ("https://auth.docker.io/token", "notary.docker.io"),
        "ghcr.io": ("https://ghcr.io/token", "ghcr.io"),
        "quay.io": ("https://quay.io/v2/auth", "quay.io"),
        "gcr.io": ("https://gcr.io/v2/token", "gcr.io"),
        "registry.gitlab.com": ("https://gitlab.com/jwt/auth", "container_registry"),
    }
)


def known_realm(registry: Origin) -> Realm | None:
    """Give the token server of a registry in the table, before any challenge."""
    entry = KNOWN.get(registry.authority) if registry.scheme == "https" else None
    return Realm(Url.parse(entry[0]), entry[1], trusted=True, within=Anywhere) if entry is not None else None


def read_realm(text: str, service: str, at: Url, near: Nearness, settings: Settings) -> Realm:
    """Judge the realm of a challenge that the registry sent at `at`; raises `Trouble` for one that is never asked.

    `near` is how near to home the registry itself stands: an untrusted token server may not be nearer.
    """
    registry = at.origin
    try:
        url = at.join(text)
    except ValueError as error:
        raise Trouble(REALM_REFUSED, f"{registry.authority} names a token server by {error}") from error
    if url.origin == registry:
        return Realm(url, service, trusted=True, within=Anywhere)
    plain = Url(url.origin, url.path)
    entry = KNOWN.get(registry.authority)
    listed = entry is not None and registry.scheme == "https" and str(plain) == entry[0]
    allowed = (registry.authority, str(plain)) in settings.trusted_realms
    if not (listed or allowed):
        _refuse(url, registry, near)
    return Realm(url, service, trusted=listed or allowed, within=Anywhere if listed or allowed else Within(near))


def _refuse(url: Url, registry: Origin, near: Nearness) -> None:
    """Refuse what is not even asked for an anonymous token."""
    shown = clip(url.shown, 120)
    if url.origin.scheme != "https" and registry.scheme == "https":
        raise Trouble(REALM_REFUSED, f"{registry.authority} names the token server {shown}, which is not https")
    try:
        address = nearness(url.origin.host)
    except ValueError:
        return
    if address is None or address > near:
        raise Trouble(
            REALM_REFUSED, f"{registry.authority} names the token server {shown}, an address it may not send us to"
        )
