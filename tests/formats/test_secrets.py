"""What looks like a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.secrets import find_in_text, find_in_variable, kind_of_value, name_is_secret

#: Forms only: none of these was ever a credential. They are joined, so that no scanner trips over this file.
EXAMPLES = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "an AWS access key id": "AKIA" + "IOSFODNN7EXAMPLE",
    "a GitHub token": "ghp" + "_" + "a" * 36,
    "a GitLab token": "glpat" + "-" + "a" * 20,
    "a Slack token": "xoxb" + "-1234567890-abc",
    "a Slack webhook": "https://hooks.slack.com/" + "services/T00000000/B00000000/XXXX",
    "a Google API key": "AIza" + "a" * 35,
    "a Stripe key": "sk_live" + "_" + "a" * 24,
    "an npm token": "npm" + "_" + "a" * 36,
    "a PyPI token": "pypi" + "-AgE" + "a" * 60,
    "a Docker Hub token": "dckr" + "_pat_" + "a" * 27,
    "a Hugging Face token": "hf" + "_" + "a" * 34,
    "an AI service's key": "sk" + "-ant-" + "a" * 30,
    "a SendGrid key": "SG." + "a" * 22 + "." + "b" * 43,
    "a Vault token": "hvs" + "." + "a" * 30,
    "a DigitalOcean token": "dop_v1" + "_" + "a" * 64,
    "an Azure storage key": "AccountKey" + "=" + "a" * 86 + "==",
    "a JSON web token": "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3" + ".c2lnbmF0dXJlc2lnbmF0dXJl",
    "an authorization header": "Authorization: Basic " + "dXNlcjpwYXNzd29yZA==",
    "a password in a URL": "postgres://app:" + "s3cret" + "@db.example/app",
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_known_credential_is_told_by_its_form(kind: str) -> None:
    """Alone, in the middle of text, and in a build step."""
    example = EXAMPLES[kind]
    assert kind_of_value(example) == kind
    assert kind_of_value(f'x="{example}", y') == kind
    found = list(find_in_text(f"RUN do it with {example} now"))
    assert kind in [secret.kind for secret in found]
    assert example not in repr(found)


@pytest.mark.parametrize(
    "value",
    ["", "x", "AKIA", "ghp_short", "https://acme.example/a:b@c", "https://acme.example", "git@github.com:acme/app", "sk-learn",
     "postgres://app:$PASSWORD@db/x", "postgres://app:${PASSWORD}@db/x", "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----",
     "E3FF2839C048B25C084DEBE9B26995E310250568", "sha256:" + "0f" * 32, "eyJub25l", "Authorization: Bearer $TOKEN", "npm_config_cache"],
)  # fmt: skip
def test_honest_values_have_no_such_form(value: str) -> None:
    """Fingerprints, digests, references, public keys."""
    assert kind_of_value(value) is None


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "npm_token",
        "authToken",
        "MYSQL_PWD",
        "apiKey",
        "API-KEY2",
        "DB_PASS",
        "PASS",
        "SSHPASS",
        "GITHUB_TOKEN2",
        "REDISCLI_AUTH",
        "AZURE_CLIENT_SECRET",
        "KEYSTORE_PASSWORD",
        "TLS_PRIVATE_KEY",
        "token",
        "SPRING_DATASOURCE_PASSWORD",
        "JWT_SECRET",
        "STRIPE_SECRET_KEY",
    ],
)
def test_names_that_say_it(name: str) -> None:
    """In the spellings of shells, Java and JavaScript."""
    assert name_is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "GPG_KEY",
        "GPG_KEYS",
        "PWD",
        "OLDPWD",
        "PYTHON_SHA256",
        "TOKENIZERS_PARALLELISM",
        "SSH_AUTH_SOCK",
        "POSTGRES_PASSWORD_FILE",
        "TOKEN_TTL",
        "AWS_ACCESS_KEY_ID",
        "GIT_ASKPASS",
        "PUBLIC_KEY",
        "COMPASS",
        "NODE_VERSION",
        "JAVA_HOME",
        "MAX_TOKENS",
        "PASS_THROUGH",
        "disabled-password",
        "MONKEY",
        "RABBITMQ_PGP_KEY_ID",
        "PHP_SHA256",
        "NGINX_VERSION",
        "KEYCLOAK_HOME",
        "SECRETS_DIR",
        "TOKEN_URL",
        "password-stdin",
    ],
)
def test_names_that_do_not(name: str) -> None:
    """Variables of official images, and names that are about a secret without holding it."""
    assert not name_is_secret(name)


@pytest.mark.parametrize("value", ["", " ", "true", "no", "0", "$TOKEN", "${TOKEN}", "$(cat x)", "`cat x`", "{{ token }}", "<token>", "***",
                                   "/run/secrets/token", "/etc/ssl/private/key.pem"])  # fmt: skip
def test_a_value_that_cannot_be_the_secret_is_none(value: str) -> None:
    """Nothing, a switch, a reference, a path."""
    assert find_in_variable("TOKEN", value) is None


@pytest.mark.parametrize("value", ["hunter2", "changeme", "$2b$10$abc", "/K7MDENG/bPx", "1", "0x1", "$ecret!"])
def test_any_other_value_under_such_a_name_is_a_secret(value: str) -> None:
    """Default passwords and hashes as well; `1` and `0` are switches."""
    found = find_in_variable("DB_PASSWORD", value)
    assert (found is None) == (value == "1")
    assert found is None or (found.name, found.kind, found.length) == (
        "DB_PASSWORD",
        "a secret by its name",
        len(value),
    )


@given(name=st.text(max_size=40), value=st.text(max_size=80))
def test_the_value_never_leaves(name: str, value: str) -> None:
    """Whatever it is: only name, kind and length."""
    found = find_in_variable(f"TOKEN_{name}", f"q7{value}q7")
    assert found is None or f"q7{value}q7" not in repr(found) or value in name


@pytest.mark.parametrize(
    "text",
    ["eyJ" * 100_000, "a://" * 100_000, "a" * 300_000, "gh" * 150_000, 'A="' * 100_000, "ENV " * 80_000, "--a " * 80_000, "AKIA" * 80_000,
     "ENV" + " " * 300_000, "http://:" * 40_000, 'a="\\' * 80_000, "-----BEGIN A " * 30_000, "authorization: " * 20_000],
)  # fmt: skip
def test_hostile_text_is_read_in_linear_time(text: str) -> None:
    """Quadratic patterns would take minutes here."""
    for _ in find_in_text(text):
        pass
