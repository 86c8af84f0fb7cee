"""Authorization for one registry: which scheme it wants, whose credentials, which token (registry.md 3.1-3.3).

The registry's own origin is the only place its tokens and passwords are sent to; a token server is judged
by `realm` first. One challenge is answered once per request: a second 401 is final.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.printable import clip
from gate.sources.registry.challenge import parse_challenges, preferred
from gate.sources.registry.realm import Realm, known_realm, read_realm
from gate.sources.registry.reasons import CREDENTIALS_REFUSED, REALM_REFUSED, UNAUTHORIZED
from gate.sources.registry.token import Right, Token, fetch_token
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.urls import is_loopback_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.sources.registry.addresses import Nearness
    from gate.sources.registry.challenge import Challenge
    from gate.sources.registry.credentials import Credential, Credentials
    from gate.sources.registry.settings import Settings
    from gate.sources.registry.transport import Answer, Transport
    from gate.sources.registry.urls import Origin
    from gate.sources.registry.veil import Veil

__all__ = ["Authenticator", "Authorization"]

#: Registries that only ever speak Basic: amazon-ecr-credential-helper `ecr-login/api/client.go`.
_ECR = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws)", re.ASCII
)
_SOON: Final = 10.0


@dataclass(frozen=True, slots=True)
class Authorization:
    """The header to send, to the registry's own origin and nowhere else."""

    value: str = field(repr=False)


class Authenticator:
    """Authorization at one registry, for one run. May be used from several threads."""

    def __init__(
        self,
        registry: Origin,
        settings: Settings,
        transport: Transport,
        surroundings: tuple[Credentials, Veil],
        near: Callable[[], Nearness],
    ) -> None:
        """Ask nobody yet. `near` tells how near to home the registry stands, once connected to.

        The veil learns each secret before anybody is shown it.
        """
        self._registry = registry
        self._settings = settings
        self._transport = transport
        self._credentials, self._veil = surroundings
        self._near = near
        self._lock = threading.RLock()
        self._realm = known_realm(registry)
        self._basic = registry.scheme == "https" and _ECR.fullmatch(registry.authority) is not None
        self._tokens: dict[Right, Token] = {}
        self._found: dict[str, Credential | None] = {}
        self._offered = ""

    def before(self, right: Right) -> Authorization | None:
        """Give the authorization that is known to be wanted, without waiting for a challenge."""
        with self._lock:
            if self._basic:
                credential = self._credential(right.repository)
                return Authorization(credential.basic) if credential is not None else None
            if self._realm is not None:
                return self._bearer(self._realm, right)
            return None

    def after(self, answer: Answer, right: Right, sent: Authorization | None) -> Authorization | None:
        """Read the challenge of a 401 and give what to try once more; None where nothing is left to try."""
        challenges = parse_challenges(answer.all("www-authenticate"))
        challenge = preferred(challenges)
        with self._lock:
            if challenge is None:
                self._offered = ", ".join(sorted({one.scheme for one in challenges}))
                return None
            now = self._current(right)
            if now is not None and (sent is None or now.value != sent.value):
                return now  # another thread has answered the same challenge in the meantime
            if challenge.scheme == "basic":
                return self._use_basic(right.repository, sent)
            return self._use_bearer(challenge, answer, right)

    def refresh(self, right: Right) -> Authorization | None:
        """Give a new token in place of the one in use; None where there is none."""
        with self._lock:
            if self._realm is None or self._tokens.pop(right, None) is None:
                return None
            return self._bearer(self._realm, right)

    def describe(self, repository: str) -> str:
        """Say who asked and where credentials were looked for, for a message after 401 or 403."""
        with self._lock:
            credential = self._found.get(repository)
            parts = [f"schemes offered: {clip(self._offered, 80)}"] if self._offered else []
            if credential is not None:
                user = f"as {clip(credential.username, 60)!r}" if credential.username else "with a token"
                parts.append(f"asked {user}, from {credential.source}")
            elif repository in self._found:
                read = self._credentials.places()
                host = self._registry.authority
                parts.append(
                    f"no credentials for {host} in {read}" if read else f"no credentials for {host} were found"
                )
            others = self._credentials.other_ports(self._registry.authority) if repository in self._found else ()
            if credential is None and others:
                parts.append(f"there are some for {clip(', '.join(others), 120)}: the port has to be the same")
            parts.extend(self._credentials.problems)
        return "; ".join(parts)

    def _current(self, right: Right) -> Authorization | None:
        token = self._tokens.get(right)
        if token is not None:
            return Authorization(token.header)
        credential = self._found.get(right.repository)
        return Authorization(credential.basic) if self._basic and credential is not None else None

    def _use_basic(self, repository: str, sent: Authorization | None) -> Authorization | None:
        credential = self._credential(repository)
        if credential is None or credential.kind != "password" or (sent is not None and sent.value == credential.basic):
            return None
        self._basic, self._realm = True, None
        return Authorization(credential.basic)

    def _use_bearer(self, challenge: Challenge, answer: Answer, right: Right) -> Authorization | None:
        parameters = challenge.parameters
        self._realm = read_realm(
            parameters["realm"], parameters.get("service", ""), answer.url, self._near(), self._settings
        )
        self._basic = False
        self._tokens.pop(right, None)
        return self._bearer(self._realm, right)

    def _bearer(self, realm: Realm, right: Right) -> Authorization:
        token = self._tokens.get(right)
        if token is None or token.ends - _SOON < self._settings.clock():
            token = self._fetch(realm, right)
            self._veil.token(token.header.removeprefix("Bearer "))
            self._tokens[right] = token
        return Authorization(token.header)

    def _fetch(self, realm: Realm, right: Right) -> Token:
        credential = self._credential(right.repository)
        if credential is not None and credential.kind == "registry-token":
            return Token(f"Bearer {credential.secret}", float("inf"))
        withheld = credential is not None and not realm.trusted
        try:
            return fetch_token(self._transport, realm, right, None if withheld else credential, self._settings.clock)
        except Trouble as trouble:
            if withheld and trouble.reason is UNAUTHORIZED:
                raise Trouble(
                    REALM_REFUSED,
                    f"{self._registry.authority} wants credentials at {realm.url.shown}, which is not trusted with "
                    f"those of {self._registry.authority}",
                    where=trouble.where, status=trouble.status,
                ) from None  # fmt: skip
            raise

    def _credential(self, repository: str) -> Credential | None:
        """Look up the registry's credential, once; raises `Trouble` where it would travel in the clear."""
        if repository not in self._found:
            found = self._credentials.find(self._registry.authority, repository)
            if found is not None:
                self._veil.password(found.username, found.secret)
            self._found[repository] = found
        credential = self._found[repository]
        clear = self._registry.scheme == "http" and not is_loopback_name(self._registry.host)
        if credential is not None and clear:
            raise Trouble(
                CREDENTIALS_REFUSED,
                f"{self._registry.authority} asks for credentials over plain HTTP; they were not sent",
            )
        return credential
