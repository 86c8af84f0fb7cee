"""What a job of GitLab CI expands to, and which mistakes are told (S17)."""

from __future__ import annotations

from typing import Any

from gate.pattern import Glob
from gate.signers.gitlab_job import GitlabJob
from tests.signers.test_cosign_identity import ROOT, problems


def job(**changes: Any) -> GitlabJob:
    """Make a signer."""
    options: dict[str, Any] = {
        "trusted_root": ROOT,
        "project": "acme/app",
        "ref": Glob("refs/heads/main"),
        "any_image": True,
    }
    return GitlabJob(**(options | changes))


def test_job_expands_to_issuer_name_and_claims() -> None:
    """With GitLab's doubled slash before the pipeline file."""
    policy = job(
        trigger=Glob("push"), runner="gitlab-hosted", environment=Glob("prod"), project_id="1", namespace_id="2"
    ).policy()
    assert policy.issuer == "https://gitlab.com"
    assert str(policy.name) == "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"
    assert {name: str(value) for name, value in policy.claims.items()} == {
        "repository": "https://gitlab.com/acme/app", "ref": "refs/heads/main", "trigger": "push", "runner": "gitlab-hosted",
        "environment": "prod", "repository-id": "1", "owner-id": "2",
    }  # fmt: skip
    other = job(
        config_project="acme/ci", config="jobs/sign.yml", config_ref=Glob("refs/tags/v1"), server="gitlab.acme.example"
    ).policy()
    assert str(other.name) == "https://gitlab.acme.example/acme/ci//jobs/sign.yml@refs/tags/v1"
    assert (other.issuer, str(other.claims["repository"])) == (
        "https://gitlab.acme.example",
        "https://gitlab.acme.example/acme/app",
    )


def test_mistakes_of_a_job() -> None:
    """Each with its key."""
    for wrong in ("acme", "acme/*", "https://gitlab.com/acme/app", "acme//app"):
        assert "group/project" in problems(job(project=wrong))["project"], wrong
    assert "group/project" in problems(job(config_project="x", config_ref=Glob("refs/tags/v1")))["config-project"]
    assert "as .gitlab-ci.yml" in problems(job(config="/a@b"))["config"]
    assert "refs/heads/main" in problems(job(ref=Glob("main")))["ref"]
    assert "goes with" in problems(job(config_ref=Glob("refs/tags/v1")))["config-ref"]
    assert "config-ref" in problems(job(config_project="acme/x"))["config-project"]
    assert "the host alone" in problems(job(server="https://gitlab.com"))["server"]
    assert problems(job()) == {}
