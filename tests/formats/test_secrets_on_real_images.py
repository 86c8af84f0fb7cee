"""What the detector of secrets says of real image configurations (their sources: tests/fixtures/configs/SOURCE.md).

Beside those, names and commands as they stand in official images of Docker Hub (docker-library/repo-info,
repos/{mysql,mongo-express,rabbitmq,sonarqube,wordpress}/remote/latest.md), which look like secrets and are none.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.formats.secrets import find_in_text, find_in_variable

CONFIGS = sorted((Path(__file__).parents[1] / "fixtures" / "configs").glob("*.json"))

#: Passwords that an image carries as defaults: found, and rightly so.
TRUE = {("defectdojo", "DD_CELERY_BROKER_PASSWORD"), ("defectdojo", "DD_DATABASE_PASSWORD")}


def test_every_finding_on_real_configurations_is_a_secret() -> None:
    """No false one among the variables and build steps of about twenty images."""
    assert len(CONFIGS) >= 20
    found, looked_at = set(), 0
    for file in CONFIGS:
        config = json.loads(file.read_text(encoding="utf-8"))
        for entry in config.get("config", {}).get("Env") or []:
            looked_at += 1
            name, _, value = entry.partition("=")
            if find_in_variable(name, value) is not None:
                found.add((file.stem, name))
        for step in config.get("history") or []:
            looked_at += 1
            found |= {(file.stem, secret.name) for secret in find_in_text(step.get("created_by", ""))}
    assert found == TRUE
    assert looked_at > 200


@pytest.mark.parametrize(
    "step",
    [
        "ENV GPG_KEYS=" + " ".join(["0123456789ABCDEF0123456789ABCDEF01234567"] * 3),
        "ENV RABBITMQ_PGP_KEY_ID=0x0123456789ABCDEF0123456789ABCDEF01234567",
        "ENV ME_CONFIG_MONGODB_URL=mongodb://mongo:27017 ME_CONFIG_BASICAUTH_USERNAME= ME_CONFIG_BASICAUTH_PASSWORD=",
        "ENV PHP_SHA256=" + "0f" * 32,
        "ENV DOCKER_TLS_CERTDIR=/certs",
        "RUN ./configure --with-password-argon2 --with-sodium=shared # buildkit",
        'RUN gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys "$RABBITMQ_PGP_KEY_ID" # buildkit',
        "RUN echo 'gpgkey=file:///etc/pki/rpm-gpg/KEY'; key='0123 4567 89AB CDEF'",
        "RUN echo 'RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]'",
        "RUN adduser --disabled-password --gecos '' app",
        "RUN |1 GITHUB_TOKEN= /bin/sh -c make",
        "ARG GITHUB_TOKEN",
        "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes",
        "ENV SECRETS_MANAGER_REGION=eu-central-1",
        "RUN SECRET_KEY_BASE=dummy bundle exec rake assets:precompile",
        "ENV MAX_TOKENS=4096 TOKENIZERS_PARALLELISM=false",
    ],
)
def test_what_only_looks_like_a_secret_in_official_images_is_none(step: str) -> None:
    """Keys to verify with, empty defaults, switches and references."""
    assert list(find_in_text(step)) == []
