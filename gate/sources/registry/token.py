"""Tokens: asking a registry's token server (distribution `docs/content/spec/auth/token.md` and `oauth.md`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from gate.errors import MalformedData
from gate.sources.registry.challenge import is_token
from gate.sources.registry.errors import error_text, status_trouble
from gate.sources.registry.reasons import NOT_A_REGISTRY, REDIRECT_REFUSED, UNAUTHORIZED
from gate.sources.registry.transport import Answer, Call
from gate.sources.registry.trouble import Trouble
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.sources.registry.credentials import Credential
    from gate.sources.registry.realm import Realm
    from gate.sources.registry.transport import Transport
    from gate.sources.registry.urls import Url

__all__ = ["PULL", "PULL_AND_PUSH", "Right", "Token", "fetch_token"]

MOST_TOKEN_BYTES: Final = 256 * 1024
MOST_HOPS: Final = 3
#: token.md: "If omitted, this defaults to 60 seconds"; less than that is a mistake of the server's (and of clocks).
_LEAST_SECONDS: Final = 60
_MOST_SECONDS: Final = 12 * 3600
_GOOD: Final = 200
#: Servers that know no POST, or not for this kind of token (containerd `core/remotes/docker/authorizer.go`).
_NO_POST: Final = frozenset({400, 401, 404, 405})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DENIED: Final = frozenset({400, 401, 403})

_KNOWN: Final = frozenset({"token", "access_token", "expires_in", "issued_at"})
_CLIENT: Final = "image-gate"

#: What tokens are asked for: no more than to read, but where a tag is written (a promotion).
PULL: Final = "pull"
PULL_AND_PUSH: Final = "pull,push"


class Right(NamedTuple):
    """What is asked for at which repository (distribution `docs/content/spec/auth/scope.md`)."""

    repository: str
    actions: str = PULL


@dataclass(frozen=True, slots=True)
class Token:
    """The Authorization header, and when (on the run's clock) it ends."""

    header: str = field(repr=False)
    ends: float


def fetch_token(
    transport: Transport, realm: Realm, right: Right, credential: Credential | None, clock: Callable[[], float]
) -> Token:
    """Ask for a right at a repository; raises `Trouble`. Without a credential nothing is shown."""
    scope = f"repository:{right.repository}:{right.actions}"
    service = (("service", realm.service),) if realm.service else ()
    if credential is not None and credential.kind == "identity-token":
        form = (
            ("grant_type", "refresh_token"), *service, ("scope", scope), ("client_id", _CLIENT),
            ("refresh_token", credential.secret),
        )  # fmt: skip
        answer = _post(transport, realm, form)
        if answer.status not in _NO_POST or not credential.username:
            return _read(answer, credential, clock)
    query = (*service, ("scope", scope), ("client_id", _CLIENT))
    headers: tuple[tuple[str, str], ...] = ()
    if credential is not None:
        query = (*query, ("account", credential.username)) if credential.username else query
        headers = (("Authorization", credential.basic),)
    return _read(_get(transport, realm, realm.url.with_query(*query), headers), credential, clock)


def _post(transport: Transport, realm: Realm, form: tuple[tuple[str, str], ...]) -> Answer:
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"))
    content = urlencode(form).encode("ascii")
    return transport.send(Call(realm.url, realm.within, MOST_TOKEN_BYTES, "POST", headers, content))


def _get(transport: Transport, realm: Realm, url: Url, headers: tuple[tuple[str, str], ...]) -> Answer:
    """Ask, following redirects inside the token server's own origin only (ggcr #2193)."""
    seen = {url}
    headers = (*headers, ("Accept", "application/json"))
    while True:
        answer = transport.send(Call(url, realm.within, MOST_TOKEN_BYTES, headers=headers))
        if answer.status not in _REDIRECTS:
            return answer
        if len(seen) > MOST_HOPS:
            raise _refused(answer, f"more than {MOST_HOPS} times")
        try:
            url = url.join(answer.one("location"))
        except ValueError as error:
            raise _refused(answer, f"to {error}") from error
        if url.origin != realm.url.origin:
            raise _refused(answer, "to another host")
        if url in seen:
            raise _refused(answer, "in a circle")
        seen.add(url)


def _refused(answer: Answer, how: str) -> Trouble:
    return Trouble(
        REDIRECT_REFUSED, f"the token server {answer.url.origin.authority} redirects {how}",
        where=answer.url.shown, status=str(answer.status),
    )  # fmt: skip


def _read(answer: Answer, credential: Credential | None, clock: Callable[[], float]) -> Token:
    where = answer.url.shown
    if answer.status in _DENIED:
        who = f"the credentials from {credential.source}" if credential is not None else "a request without credentials"
        raise Trouble(
            UNAUTHORIZED, f"the token server {answer.url.origin.authority} refused {who}: {error_text(answer)}",
            where=where, status=str(answer.status),
        )  # fmt: skip
    if answer.status != _GOOD:
        raise status_trouble(answer, "the token server")
    try:
        members = parse_object(answer.body, "the token", _KNOWN)
    except MalformedData as error:
        # Not the parser's sentence, which could quote the token.
        raise _no_token(where, answer, "did not answer with a JSON object") from error
    token = members.get("token") or members.get("access_token")
    if not isinstance(token, str) or not is_token(token):
        raise _no_token(where, answer, "answered without a token in a form that tokens have")
    return Token(f"Bearer {token}", clock() + _lifetime(members.get("expires_in")))


def _no_token(where: str, answer: Answer, how: str) -> Trouble:
    return Trouble(NOT_A_REGISTRY, f"the token server {answer.url.origin.authority} {how}", where=where, status="200")


def _lifetime(told: object) -> int:
    """Give the seconds a token is used for: what the server says, within reason."""
    if isinstance(told, str) and told.isascii() and told.isdigit():
        told = int(told[:9])
    if not isinstance(told, int) or isinstance(told, bool):
        return _LEAST_SECONDS
    return max(_LEAST_SECONDS, min(told, _MOST_SECONDS))
