"""What looks like a secret in an environment variable, a build argument or other text of an image.

Two detectors. By name: the words of the name say that its value is a secret (`DB_PASSWORD`). By value:
the text has the form of a well-known credential (an AWS key, a private key, a password in a URL).
Only the kind, the name and the length ever leave this module, never the value (S43).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Secret", "find_in_text", "find_in_variable", "kind_of_value", "name_is_secret"]


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """Something that looks like a secret: its name ("" for text without one), what it looks like, its length."""

    name: str
    kind: str
    length: int


def find_in_variable(name: str, value: str) -> Secret | None:
    """Tell whether a variable holds a secret, by its value or by its name; the name itself may be one by accident."""
    kind = kind_of_value(value) or kind_of_value(name)
    if kind is None and name_is_secret(name) and not _is_harmless(value):
        kind = "a secret by its name"
    return None if kind is None else Secret(shown_name(name), kind, len(value))


def find_in_text(text: str) -> Iterator[Secret]:
    """Give the secrets in a command or a build step: assignments (`TOKEN=…`) and well-known credentials anywhere."""
    kinds = set()
    for name, value in _assignments(text):
        secret = find_in_variable(name, value)
        if secret is not None:
            kinds.add(secret.kind)
            yield secret
    for kind, pattern in _VALUES.items():
        match = None if kind in kinds else pattern.search(text)
        if match is not None:
            yield Secret("", kind, len(match[0]))


def kind_of_value(value: str) -> str | None:
    """Give what kind of well-known credential stands anywhere in the value, or None."""
    return next((kind for kind, pattern in _VALUES.items() if pattern.search(value)), None)


def name_is_secret(name: str) -> bool:
    """Tell whether the words of a name say that its value is a secret (`apiKey`, `PGPASSWORD`, `npm_token`)."""
    words = [word.lower() for word in _WORD.findall(name[:_MOST_NAME])]
    if not words or words[-1] in _ABOUT_IT or words[0] in _SWITCHES or "public" in words:
        return False
    joined = "_".join(words)
    if any(part in joined.replace("_", "") for part in _PARTS) or not _WORDS.isdisjoint(words):
        return True
    is_last = words[-1] in _LAST_WORDS and words != ["pwd"]
    return is_last or any(f"_{pair}_" in f"_{joined}_" for pair in _PAIRS)


def shown_name(name: str) -> str:
    """Give the name, or a placeholder where somebody wrote the credential itself as the name."""
    return name if kind_of_value(name) is None else "(a name that looks like a secret)"


_MOST_NAME: Final = 300
# Words are split where letters change to capitals, at digits' ends and at punctuation: `authToken`, `API-KEY2`.
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)

#: Parts of names, wherever they stand (`PGPASSWORD`, `SPRING_DATASOURCE_PASSWORD`).
_PARTS: Final = ("password", "passwd", "passphrase", "secret", "apikey", "credential")
#: Whole words.
_WORDS: Final = frozenset({"token", "authtoken", "accesstoken", "sshpass", "jwt", "bearer"})
#: Words that say it only at the end (`DB_PASS`, `MYSQL_PWD`, but not `PWD` and `PASS_THROUGH`).
_LAST_WORDS: Final = frozenset({"pass", "pwd"})
#: A name that begins so switches something (`--disabled-password app`).
_SWITCHES: Final = frozenset({"no", "disable", "disabled", "without", "skip", "allow"})
_PAIRS: Final = frozenset(
    {
        "access_key", "private_key", "signing_key", "encryption_key", "master_key", "auth_key", "account_key",
        "storage_key", "shared_key", "ssh_key", "license_key", "docker_auth_config", "redis_auth", "rediscli_auth",
    }
)  # fmt: skip
#: A name that ends so is about a secret and does not hold it (`POSTGRES_PASSWORD_FILE`, `TOKEN_TTL`).
_ABOUT_IT: Final = frozenset(
    {
        "file", "files", "path", "dir", "directory", "name", "names", "id", "ids", "ttl", "expiry", "expires",
        "expiration", "timeout", "lifetime", "length", "size", "limit", "count", "type", "algorithm", "alg", "header",
        "url", "uri", "endpoint", "host", "issuer", "audience", "enabled", "disabled", "required", "optional", "policy",
        "version", "provider", "backend", "manager", "class", "prefix", "suffix", "regex", "pattern", "format", "mode",
        "store", "helper", "region", "rotation", "hash", "sha", "checksum", "fingerprint", "stdin", "prompt",
    }
)  # fmt: skip

_HARMLESS: Final = frozenset(
    {"true", "false", "yes", "no", "on", "off", "none", "null", "nil", "0", "1", "dummy", "placeholder"}
)
# References (`$X`, `${X}`, `$(cat …)`, `{{x}}`, `<x>`, `***`) and absolute paths below well-known folders.
_REFERENCE: Final = re.compile(
    r"\$[A-Za-z_][A-Za-z0-9_]*\Z|\$\{[^{}]{1,200}\}\Z|\$\(|`|\{\{|<[^<>]{1,60}>\Z|[*x]+\Z|id=", re.ASCII | re.IGNORECASE
)
_PATH: Final = re.compile(
    r"/(?:run|etc|var|usr|opt|home|root|tmp|mnt|bin|app|srv|data|config|secrets|vault|proc|dev|kaniko|workspace)"
    r"(?:/[\w.@-]{1,100}){1,20}/?",
    re.ASCII,
)


def _is_harmless(value: str) -> bool:
    """Tell whether a value cannot be the secret its name promises: nothing, a switch, a reference, a path."""
    value = value.strip()
    return not value or value.lower() in _HARMLESS or bool(_REFERENCE.match(value)) or bool(_PATH.fullmatch(value))


# `NAME=value` after a blank, quote or separator, with the value in quotes or up to a blank or separator.
_ASSIGNMENT: Final = re.compile(
    r"""(?<![A-Za-z0-9_.:/-])([A-Za-z_][A-Za-z0-9_.-]{0,200})=("(?:[^"\\]|\\.)*+"|'[^']*+'|[^\s"';&|,]*+)""",
    re.ASCII | re.DOTALL,
)
# `ENV NAME value` of old builders, options (`--password x`) and headers.
_SPACED: Final = re.compile(
    r"(?:(?<![^\s])ENV\s+|(?<![^\s])--)([A-Za-z_][A-Za-z0-9_-]{0,200})\s+(?![-=])([^\s\"';&|]{1,4000}|\"[^\"]*+\"|'[^']*+')",
    re.ASCII,
)


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for pattern in (_ASSIGNMENT, _SPACED):
        for match in pattern.finditer(text):
            value = match[2]
            yield match[1], value[1:-1] if value[:1] in {'"', "'"} and value[-1:] == value[:1] else value


def _token(form: str) -> re.Pattern[str]:
    # The look-behind lets a run of such characters be tried once only: linear on hostile text.
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{form})", re.ASCII)


#: Forms that their issuers document, as also found in gitleaks' and GitHub's public pattern lists.
_VALUES: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----", re.ASCII),
        "an AWS access key id": _token(r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
        "a GitHub token": _token(r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}"),
        "a GitLab token": _token(r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{20,300}"),
        "a Slack token": _token(r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-[0-9]-[A-Za-z0-9-]{10,250}"),
        "a Slack webhook": re.compile(r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,200}", re.ASCII),
        "a Google API key": _token(r"AIza[0-9A-Za-z_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}"),
        "a Stripe key": _token(r"[sr]k_(?:live|test)_[0-9A-Za-z]{16,250}"),
        "an npm token": _token(r"npm_[A-Za-z0-9]{36}"),
        "a PyPI token": _token(r"pypi-AgE[A-Za-z0-9_-]{50,1000}"),
        "a Docker Hub token": _token(r"dckr_[po]at_[A-Za-z0-9_-]{20,100}"),
        "a Hugging Face token": _token(r"hf_[A-Za-z]{34}"),
        "an AI service's key": _token(r"sk-(?:ant|proj|svcacct|admin)-[A-Za-z0-9_-]{20,300}|sk-[A-Za-z0-9]{48}"),
        "a SendGrid key": _token(r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
        "a Vault token": _token(r"hv[sbr]\.[A-Za-z0-9_-]{24,300}"),
        "a DigitalOcean token": _token(r"do[oprt]_v1_[a-f0-9]{64}"),
        "an Azure storage key": re.compile(r"AccountKey=[A-Za-z0-9+/]{86}==", re.ASCII),
        "a JSON web token": _token(r"eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{20,4000}"),
        "an authorization header": re.compile(
            r"authorization:\s{0,9}(?:bearer|basic|token)\s{1,9}[A-Za-z0-9+/=_.~-]{12,4000}", re.ASCII | re.IGNORECASE
        ),
        "a password in a URL": re.compile(
            r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@?#\"'$]{0,200}:(?![$*{<])[^\s/@\"']{1,300}@",
            re.ASCII,
        ),
    }
)
