"""Signer `cosign-identity`: who can sign in with one identity provider under one name, without any key.

How a signature is proven and judged is the same for every kind of identity: `gate.sigstore.keyless`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from gate.option import option
from gate.pattern import Glob
from gate.sigstore.claims import Claims, Policy, tells_repositories_apart
from gate.sigstore.identity import IdentityRegex, NamePattern
from gate.sigstore.keyless import Keyless

__all__ = ["SIGNER", "CosignIdentity"]

_REPOSITORY: Final = (
    "the name of a CI file is that of every build that calls it, from whichever repository: say "
    "`claims: {repository: https://github.com/acme/app}` (the kinds github-workflow and gitlab-job do it for you), or "
    "`any-repository: true`"
)


@dataclass(frozen=True, slots=True)
class CosignIdentity(Keyless):
    """Who signs in as one identity with one provider."""

    kind: ClassVar[str] = "cosign-identity"

    issuer: str = option(
        "The OIDC issuer that vouches for the identity, in full.",
        needs="issuer: https://accounts.google.com (whoever may use the name with another issuer is somebody else)",
    )
    identity: Glob | IdentityRegex = option(
        "The name in the certificate: exact, a glob, or `{regex: …}`; each side of an `@` is matched in full.",
        needs="identity: releases@acme.example",
    )
    claims: Claims | None = option("What the certificate has to claim about the build.", default=None)
    any_repository: bool = option(
        "Builds of every source repository count that can call the workflow; instead of `claims.repository`.",
        default=False,
    )

    def policy(self) -> Policy:
        """Give issuer, name and claims; raises `ValueError` for a pattern that does not say who is meant."""
        return Policy(self.issuer, NamePattern.make(self.identity), {} if self.claims is None else self.claims.asked())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found = list(Keyless.problems(self))
        if not self.issuer.startswith(("https://", "http://")) or "*" in self.issuer or not self.issuer.isascii():
            found.append(("issuer", "the issuer is one URL, written in full and without wildcards"))
        text = str(self.identity) if isinstance(self.identity, Glob) else str(self.identity.regex)
        has_repository = self.claims is not None and self.claims.repository is not None
        if has_repository and self.any_repository:
            found.append(("any-repository", "`claims.repository` and `any-repository: true` exclude each other"))
        if tells_repositories_apart(self.issuer, text) and not has_repository and not self.any_repository:
            found.append(("", _REPOSITORY))
        return tuple(found)


SIGNER = CosignIdentity
