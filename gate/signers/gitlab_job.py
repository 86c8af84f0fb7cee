"""Signer `gitlab-job`: a job of GitLab CI, building a certain project.

It is `cosign-identity` with everything written out that GitLab's certificates say: the pipeline file with its doubled
slash, and the project that was built, which may be another one than the file's (S17).
How a signature is proven and judged is the same for every kind of identity: `gate.sigstore.keyless`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from gate.option import option
from gate.pattern import Glob
from gate.sigstore.claims import Policy
from gate.sigstore.identity import NamePattern
from gate.sigstore.keyless import Keyless

__all__ = ["SIGNER", "GitlabJob"]

_PROJECT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,254}){1,20}", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?", re.ASCII)
_CONFIG: Final = re.compile(r"[A-Za-z0-9._-]{1,200}(/[A-Za-z0-9._-]{1,200}){0,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GitlabJob(Keyless):
    """A job of GitLab CI that builds one project."""

    kind: ClassVar[str] = "gitlab-job"

    project: str = option("The project that is built, with its groups.", needs="project: acme/app")
    ref: Glob = option("The branch or tag that is built.", needs="ref: refs/heads/main, or refs/tags/*")
    config: str = option("The path of the pipeline file.", default=".gitlab-ci.yml")
    config_project: str | None = option(
        "Where the pipeline file is, if a project runs the file of another one.", default=None
    )
    config_ref: Glob | None = option("The branch or tag of that pipeline file.", default=None)
    trigger: Glob | None = option("What started the pipeline, as push or schedule.", default=None)
    runner: Literal["gitlab-hosted", "self-hosted"] | None = option("Whose machine ran the job.", default=None)
    environment: Glob | None = option("The deployment environment of the job.", default=None)
    project_id: str | None = option("The number of the project, which a new one never gets.", default=None)
    namespace_id: str | None = option("The number of the namespace that the project is in.", default=None)
    server: str = option("The GitLab server: another host for one of your own.", default="gitlab.com")

    def policy(self) -> Policy:
        """Give issuer, name and claims; raises `ValueError` for options that do not say who is meant."""
        file_of = self.config_project or self.project
        name = f"https://{self.server}/{file_of}//{self.config}@{self.config_ref or self.ref}"
        claims = {"repository": Glob(f"https://{self.server}/{self.project}"), "ref": self.ref}
        for claim, value in (
            ("trigger", self.trigger), ("runner", self.runner), ("environment", self.environment),
            ("repository-id", self.project_id), ("owner-id", self.namespace_id),
        ):  # fmt: skip
            if value is not None:
                claims[claim] = value if isinstance(value, Glob) else Glob(value)
        return Policy(f"https://{self.server}", NamePattern.make(Glob(name)), claims)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found = list(Keyless.problems(self))
        for key, project in (("project", self.project), ("config-project", self.config_project)):
            if project is not None and _PROJECT.fullmatch(project) is None:
                found.append((key, "write it as group/project, in full and without wildcards"))
        if _CONFIG.fullmatch(self.config) is None:
            found.append(("config", "write the path of the pipeline file in its project, as .gitlab-ci.yml"))
        if not str(self.ref).startswith("refs/"):
            found.append(("ref", "a ref begins with refs/, as refs/heads/main or refs/tags/*"))
        if self.config_ref is not None and self.config_project is None:
            found.append(("config-ref", "`config-ref` goes with `config-project`; `ref` is that of the build"))
        if self.config_project is not None and self.config_ref is None:
            found.append(("config-project", "say also which ref of it: `config-ref: refs/heads/main`"))
        if _HOST.fullmatch(self.server) is None:
            found.append(("server", "write the host alone, as gitlab.com or gitlab.example.com"))
        return tuple(found)


SIGNER = GitlabJob
