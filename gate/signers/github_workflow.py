"""Signer `github-workflow`: a workflow of GitHub Actions, building a certain repository.

It is `cosign-identity` with everything written out that GitHub's certificates say, so that nobody has to know the
traps: a name that only begins alike, and reusable workflows, whose name is that of the called file (S17).
How a signature is proven and judged is the same for every kind of identity: `gate.sigstore.keyless`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from gate.option import option
from gate.pattern import Glob
from gate.sigstore.claims import GITHUB, Policy
from gate.sigstore.identity import NamePattern
from gate.sigstore.keyless import Keyless

__all__ = ["SIGNER", "GithubWorkflow"]

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?", re.ASCII)
_WORKFLOW: Final = re.compile(r"[A-Za-z0-9._ -]{1,200}\.ya?ml", re.ASCII)


@dataclass(frozen=True, slots=True)
class GithubWorkflow(Keyless):
    """A workflow of GitHub Actions that builds one repository."""

    kind: ClassVar[str] = "github-workflow"

    repository: str = option("The repository that is built, as owner/name.", needs="repository: acme/app")
    workflow: str = option("The file name of the workflow that signs.", needs="workflow: release.yml")
    ref: Glob = option("The branch or tag that is built.", needs="ref: refs/heads/main, or refs/tags/*")
    workflow_repository: str | None = option(
        "Where the workflow is that signs, as owner/name, if it is a reusable workflow of another repository.",
        default=None,
    )
    workflow_ref: Glob | None = option("The branch or tag of that reusable workflow.", default=None)
    trigger: Glob | None = option("What started the run, as push or release.", default=None)
    runner: Literal["github-hosted", "self-hosted"] | None = option("Whose machine ran the job.", default=None)
    environment: Glob | None = option("The deployment environment of the job.", default=None)
    owner_id: str | None = option(
        "The number of the owner, which an account of the same name never gets.", default=None
    )
    repository_id: str | None = option("The number of the repository.", default=None)
    server: str = option("The GitHub server: another host for GitHub Enterprise.", default="github.com")
    issuer: str | None = option("The OIDC issuer, if the server's enterprise has one of its own.", default=None)

    def policy(self) -> Policy:
        """Give issuer, name and claims; raises `ValueError` for options that do not say who is meant."""
        file_of = self.workflow_repository or self.repository
        ref = self.workflow_ref or self.ref
        name = f"https://{self.server}/{file_of}/.github/workflows/{self.workflow}@{ref}"
        claims = {"repository": Glob(f"https://{self.server}/{self.repository}"), "ref": self.ref}
        for claim, value in (
            ("trigger", self.trigger), ("runner", self.runner), ("environment", self.environment),
            ("owner-id", self.owner_id), ("repository-id", self.repository_id),
        ):  # fmt: skip
            if value is not None:
                claims[claim] = value if isinstance(value, Glob) else Glob(value)
        return Policy(self.issuer or _issuer(self.server), NamePattern.make(Glob(name)), claims)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found = list(Keyless.problems(self))
        for key, repository in (("repository", self.repository), ("workflow-repository", self.workflow_repository)):
            if repository is not None and _REPOSITORY.fullmatch(repository) is None:
                found.append((key, "write it as owner/name, in full and without wildcards"))
        if _WORKFLOW.fullmatch(self.workflow) is None:
            found.append(("workflow", "write the file's name, as release.yml; it lies in .github/workflows/"))
        if not str(self.ref).startswith("refs/"):
            found.append(("ref", "a ref begins with refs/, as refs/heads/main or refs/tags/*"))
        if self.workflow_ref is not None and self.workflow_repository is None:
            found.append(("workflow-ref", "`workflow-ref` goes with `workflow-repository`; `ref` is that of the build"))
        if self.workflow_repository is not None and self.workflow_ref is None:
            found.append(("workflow-repository", "say also which ref of it: `workflow-ref: refs/tags/v2`"))
        if _HOST.fullmatch(self.server) is None:
            found.append(("server", "write the host alone, as github.com or acme.ghe.com"))
        if self.issuer is not None and not self.issuer.startswith("https://"):
            found.append(("issuer", "the issuer is one URL with https://, in full"))
        return tuple(found)


SIGNER = GithubWorkflow


def _issuer(server: str) -> str:
    """Give the issuer of a server: github.com's, that of a GHE.com tenant, or that of a GitHub Enterprise Server."""
    if server == "github.com":
        return GITHUB
    return f"https://token.actions.{server}" if server.endswith(".ghe.com") else f"https://{server}/_services/token"
