"""Claims of a certificate about a build, by name (Fulcio, `docs/oid-info.md`), and the policy made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.option import key_of, option
from gate.pattern import Glob, PatternTimeoutError
from gate.signer import Identity
from gate.sigstore.identity import NamePattern, refuse_name
from gate.sigstore.proof import CannotTell, Unproven
from gate.sigstore.reasons import (
    CERTIFICATE_NAME,
    CLAIM,
    CLAIM_MISSING,
    ISSUER,
    ISSUER_AMBIGUOUS,
    OTHER_IDENTITY,
    PATTERN,
)

if TYPE_CHECKING:
    from gate.formats.certificate import Certificate

__all__ = ["GITHUB", "GITLAB", "Claims", "Policy", "identity_of", "tells_repositories_apart"]

GITHUB: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"

#: Claims that have an older twin: both, where present, have to be what is asked for.
_TWINS: Final[Mapping[str, str]] = MappingProxyType(
    {"repository": "repository-v1", "ref": "ref-v1", "commit": "commit-v1", "trigger": "trigger-v1"}
)
_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Claims:
    """What the certificate has to claim about the build. Values are compared in full; `*` stops at `/`."""

    repository: Glob | None = option("The source repository, as https://github.com/acme/app.", default=None)
    repository_id: Glob | None = option(
        "The number of the source repository, which a new one never gets.", default=None
    )
    owner: Glob | None = option("The owner of the source repository, as https://github.com/acme.", default=None)
    owner_id: Glob | None = option("The number of that owner.", default=None)
    ref: Glob | None = option("The branch or tag that was built, as refs/tags/v1.4.2.", default=None)
    commit: Glob | None = option("The commit that was built.", default=None)
    trigger: Glob | None = option("What started the build, as push or release.", default=None)
    workflow_name: Glob | None = option("The name of the GitHub workflow.", default=None)
    runner: Glob | None = option(
        "Whose machine ran the build: github-hosted, gitlab-hosted or self-hosted.", default=None
    )
    environment: Glob | None = option("The deployment environment of the job.", default=None)
    visibility: Glob | None = option("Whether the repository was public or private at that time.", default=None)
    build_signer: Glob | None = option(
        "The workflow or pipeline file with its ref that signed, as a URI.", default=None
    )
    build_signer_digest: Glob | None = option("The commit of that file.", default=None)
    build_config: Glob | None = option(
        "The workflow or pipeline file that the build began with, as a URI.", default=None
    )
    build_config_digest: Glob | None = option("The commit of that file.", default=None)
    run: Glob | None = option("The run, as a URI.", default=None)
    token_subject: Glob | None = option("The subject of the identity token.", default=None)

    def asked(self) -> dict[str, Glob]:
        """Give the claims that are asked for, by name."""
        found: dict[str, Glob] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None:
                found[key_of(one)] = value
        return found

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give mistakes in values: who it is has to be written out (S17)."""
        found: list[tuple[str, str]] = []
        for key in ("repository", "owner"):
            value = self.asked().get(key)
            if value is None:
                continue
            begin, _, path = str(value).partition("://")
            host, _, rest = path.partition("/")
            owner = rest.partition("/")[0]
            if begin != "https" or not host or not owner or "*" in host + owner:
                what = "https://github.com/acme/app" if key == "repository" else "https://github.com/acme"
                found.append((key, f"write it as a URI with host and owner written out, as {what}"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose certificate counts: issuer and name, both, and every claim that is asked for."""

    issuer: str
    name: NamePattern
    claims: Mapping[str, Glob]

    def check(self, certificate: Certificate) -> None:
        """Raise `Unproven` or `CannotTell` unless it is the one; `MalformedData` for what cannot be read."""
        try:
            name = certificate.subject_name()
            refuse_name(name)
        except MalformedData as error:
            raise Unproven(CERTIFICATE_NAME, str(error)) from error
        claims = certificate.claims()
        issuer = _issuer(claims)
        if issuer != self.issuer:
            raise Unproven(ISSUER, f"{_text(issuer)} vouched for {_text(name.text)}; {self.issuer} is asked for")
        try:
            if not self.name.matches(name):
                raise Unproven(OTHER_IDENTITY, f"{_text(name.text)} signed; {_text(str(self.name))} is asked for")
            for claim, wanted in self.claims.items():
                _check(claim, wanted, claims)
        except PatternTimeoutError as error:
            raise CannotTell(PATTERN, str(error)) from error

    @property
    def repository(self) -> str:
        """The one source repository that is asked for, or ""."""
        wanted = self.claims.get("repository")
        return str(wanted) if wanted is not None and wanted.is_literal else ""

    def principal(self) -> Identity | None:
        """Give the one principal that can satisfy it, or None where there may be several."""
        if self.name.literal is None or not self.repository:
            return None
        return Identity("identity", self.name.literal, self.issuer, self.repository)


def identity_of(certificate: Certificate) -> Identity:
    """Say who a proven certificate is; raises `MalformedData` or `Unproven` where it does not say it clearly."""
    claims = certificate.claims()
    return Identity("identity", certificate.subject_name().text, _issuer(claims), claims.get("repository", ""))


def tells_repositories_apart(issuer: str, identity: str) -> bool:
    """Tell whether names of this issuer are those of CI files, which other repositories can call (S17)."""
    return (
        issuer in {GITHUB, GITLAB}
        or issuer.startswith(f"{GITHUB}/")
        or (issuer.startswith("https://token.actions.") and issuer.endswith(".ghe.com"))
        or issuer.endswith("/_services/token")
        or "/.github/workflows/" in identity.replace("\\", "")
        or ".gitlab-ci.yml" in identity.replace("\\", "")
    )


def _issuer(claims: Mapping[str, str]) -> str:
    old, new = claims.get("issuer-v1"), claims.get("issuer")
    if old is None and new is None:
        raise Unproven(ISSUER_AMBIGUOUS, "its certificate names no issuer")
    if old is not None and new is not None and old != new:
        raise Unproven(ISSUER_AMBIGUOUS, f"its certificate names the issuers {_text(old)} and {_text(new)}")
    return new if new is not None else str(old)


def _values(claim: str, claims: Mapping[str, str]) -> list[str]:
    """Give what a certificate claims in both forms; the older one of a repository is without its host."""
    new, old = claims.get(claim), claims.get(_TWINS.get(claim, ""))
    if claim == "repository" and old is not None:
        old = new if new is not None and new.endswith(f"/{old}") else f"https://github.com/{old}"
    return [value for value in (new, old) if value is not None]


def _check(claim: str, wanted: Glob, claims: Mapping[str, str]) -> None:
    values = _values(claim, claims)
    if not values:
        raise Unproven(CLAIM_MISSING, f"its certificate claims no {claim}; {_text(str(wanted))} is asked for")
    for value in values:
        if not wanted.matches(value):
            raise Unproven(
                CLAIM, f"its certificate claims the {claim} {_text(value)}; {_text(str(wanted))} is asked for"
            )


def _text(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
