"""Asking one registry: authorization, redirects and retries, each by one rule in one place."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.sources.registry.auth import Authenticator, Authorization
from gate.sources.registry.dial import Within
from gate.sources.registry.errors import MOST_RETRIES, RETRIED, is_html, status_trouble
from gate.sources.registry.reasons import DENIED, NOT_A_REGISTRY, REDIRECT_REFUSED, REGISTRY_ERROR, UNAUTHORIZED
from gate.sources.registry.token import PULL, Right
from gate.sources.registry.transport import Answer, Call, Transport
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import Origin, Url

if TYPE_CHECKING:
    from gate.sources.registry.deadline import Deadline
    from gate.sources.registry.dial import Dialler
    from gate.sources.registry.settings import Settings

__all__ = ["Client", "Wanted"]

MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Of one wait; a registry that wants more than this is told about instead (a pipeline must not hang).
MOST_WAIT: Final = 60.0
_LONGEST_BACKOFF: Final = 8.0
_FIRST_BACKOFF: Final = 0.5
_JITTER: Final = 0.2

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
#: Answers 400 without a challenge once a token is too old (aws/containers-roadmap#2835).
_ECR_PUBLIC: Final = "public.ecr.aws"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing of a repository.

    `elsewhere` tells whether a redirect to another host is followed or handed back; `handed` are statuses
    that would say nothing about other things but do about this one. `content` is a body to send, which no
    redirect is followed with; `actions` is the right that a token has to give.
    """

    path: str
    repository: str
    most: int
    accept: str = "*/*"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=())
    elsewhere: bool = True
    handed: frozenset[int] = frozenset()
    content: bytes = field(default=b"", repr=False)
    actions: str = PULL


class Client:
    """One registry. May be used from several threads."""

    def __init__(
        self,
        origin: Origin,
        settings: Settings,
        transport: Transport,
        authenticator: Authenticator,
        surroundings: tuple[Dialler, Deadline, Within],
    ) -> None:
        """Ask nothing yet."""
        self.origin = origin
        self._settings = settings
        self._transport = transport
        self._authenticator = authenticator
        self._dialler, self._deadline, self._within = surroundings

    def get(self, wanted: Wanted, *, patient: bool = True) -> Answer:
        """Give the answer: any status but those that say nothing about the thing asked for. Not `patient`: ask once.

        Raises `Trouble` for 401, 403, 407, 412, 429, 5xx and other failures; gives 2xx, 304, 404 and the other 4xx,
        and a redirect to another host where it was not to be followed.
        """
        if not patient:
            return self._judged(self._authorized(wanted), wanted)
        return self._retried(lambda: self._judged(self._authorized(wanted), wanted))

    def _retried(self, once: Callable[[], Answer]) -> Answer:
        attempt = 0
        while True:
            try:
                return once()
            except Trouble as trouble:
                attempt += 1
                if attempt > min(trouble.retries, MOST_RETRIES):
                    raise
                wait = _backoff(attempt) if trouble.wait is None else trouble.wait
                if wait > min(MOST_WAIT, self._deadline.ends - self._deadline.clock()):
                    raise
                self._settings.wait(wait)

    def _judged(self, answer: Answer, wanted: Wanted) -> Answer:
        if answer.url.origin != self.origin:
            return self._judged_elsewhere(answer)
        if answer.status in wanted.handed:
            return answer
        if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
            trouble = status_trouble(answer, "the registry")
            who = self._authenticator.describe(wanted.repository)
            raise Trouble(
                trouble.reason, f"{trouble.detail} ({who})" if who else trouble.detail,
                where=trouble.where, status=trouble.status,
            )  # fmt: skip
        if answer.status in RETRIED or answer.status >= 500 or answer.status in {407, 412}:  # noqa: PLR2004 -- 5xx
            raise status_trouble(answer, "the registry")
        return answer

    def _judged_elsewhere(self, answer: Answer) -> Answer:
        """Judge what storage says: only its good answers count, since it is not the place that would know."""
        if 200 <= answer.status < 300:  # noqa: PLR2004 -- 2xx
            return answer
        trouble = status_trouble(answer, "the storage host")
        reason = REGISTRY_ERROR if trouble.reason in {UNAUTHORIZED, DENIED, NOT_A_REGISTRY} else trouble.reason
        # 403: pre-signed URLs run out within minutes; the registry gives a new one.
        retries = 1 if answer.status == _FORBIDDEN else trouble.retries
        raise Trouble(
            reason, f"{trouble.detail} (redirected there by {self.origin.authority})",
            where=trouble.where, status=trouble.status, retries=retries, wait=0.0 if retries == 1 else trouble.wait,
        )  # fmt: skip

    def _authorized(self, wanted: Wanted) -> Answer:
        """Ask, answer a challenge once, ask again; a second 401 is final."""
        right = Right(wanted.repository, wanted.actions)
        sent = self._authenticator.before(right)
        answer = self._followed(wanted, sent)
        if answer.url.origin != self.origin:
            return answer
        again: Authorization | None = None
        if answer.status == _UNAUTHORIZED:
            again = self._authenticator.after(answer, right, sent)
        elif answer.status == _BAD_REQUEST and self.origin.authority == _ECR_PUBLIC and sent is not None:
            again = self._authenticator.refresh(right)
        return self._followed(wanted, again) if again is not None else answer

    def _followed(self, wanted: Wanted, authorization: Authorization | None) -> Answer:
        """Follow redirects by hand: credentials stay at the registry's origin, and never come back once left."""
        url = Url(self.origin, wanted.path)
        seen = {url}
        headers = (("Accept", wanted.accept), *wanted.headers)
        within, secret = self._within, authorization
        while True:
            own = (("Authorization", secret.value),) if secret is not None else ()
            answer = self._transport.send(
                Call(url, within, wanted.most, wanted.method, (*headers, *own), wanted.content)
            )
            if answer.status not in _REDIRECTS or wanted.content:
                return answer
            if len(seen) > MOST_REDIRECTS:
                raise _refused(answer, f"more than {MOST_REDIRECTS} times")
            target = _target(answer)
            if target.origin != self.origin:
                if not wanted.elsewhere:
                    return answer
                secret, within = None, Within(self._dialler.seen(self.origin))
            if answer.url.origin.scheme == "https" and target.origin.scheme != "https":
                raise _refused(answer, f"from https to http ({target.origin.authority})")
            if target in seen:
                raise _refused(answer, "in a circle")
            seen.add(target)
            url = target


def _target(answer: Answer) -> Url:
    try:
        return answer.url.join(answer.one("location"))
    except ValueError as error:
        raise _refused(answer, f"to {error}") from error


def _refused(answer: Answer, how: str) -> Trouble:
    page = " with a web page" if is_html(answer) else ""
    return Trouble(
        REDIRECT_REFUSED, f"{answer.url.origin.authority} redirects {how}{page}",
        where=answer.url.shown, status=str(answer.status),
    )  # fmt: skip


def _backoff(attempt: int) -> float:
    """Give the seconds before asking again: doubling, a little spread so that many jobs do not come at once."""
    seconds = min(_FIRST_BACKOFF * 2.0 ** (attempt - 1), _LONGEST_BACKOFF)
    spread: float = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 -- spreads load, protects nothing
    return seconds * spread
