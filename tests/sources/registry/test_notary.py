"""Docker's own trust server: the one that shares accounts with a registry, and no host that looks like it (S40)."""

from __future__ import annotations

import pytest

from gate.sources.registry.credentials import keys_of
from gate.sources.registry.realm import known_realm
from gate.sources.registry.urls import Origin

LOOK_ALIKES = ["notary.docker.io.evil.test", "notary.docker.io:444", "xnotary.docker.io", "docker.io.notary.evil.test"]


def test_docker_s_trust_server_knows_docker_s_accounts() -> None:
    """Its token server is known before any challenge, and takes Docker Hub's credentials."""
    realm = known_realm(Origin.parse("https://notary.docker.io"))
    assert realm is not None
    assert (str(realm.url), realm.service, realm.trusted) == (
        "https://auth.docker.io/token", "notary.docker.io", True,
    )  # fmt: skip
    assert keys_of("notary.docker.io") == keys_of("registry-1.docker.io")


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_hosts_that_look_like_it_get_nothing(host: str) -> None:
    """The table is exact."""
    assert known_realm(Origin.parse(f"https://{host}")) is None
    assert keys_of(host) == (host,)


def test_never_over_plain_http() -> None:
    """Nor is the realm known there."""
    assert known_realm(Origin.parse("http://notary.docker.io")) is None
