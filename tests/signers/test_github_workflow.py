"""What a workflow of GitHub Actions expands to, and which mistakes are told (S17)."""

from __future__ import annotations

from typing import Any

import pytest

from gate.pattern import Glob
from gate.signer import Identity
from gate.signers.github_workflow import GithubWorkflow
from tests.signers.test_cosign_identity import REPOSITORY, ROOT, SAN, identity, problems


def workflow(**changes: Any) -> GithubWorkflow:
    """Make a signer."""
    options: dict[str, Any] = {
        "trusted_root": ROOT, "repository": "acme/app", "workflow": "release.yml", "ref": Glob("refs/tags/*"), "any_image": True,
    }  # fmt: skip
    return GithubWorkflow(**(options | changes))


def test_workflow_expands_to_issuer_name_and_claims() -> None:
    """So that nobody has to know how GitHub writes it."""
    policy = workflow(
        trigger=Glob("push"), runner="github-hosted", environment=Glob("prod"), owner_id="77", repository_id="1"
    ).policy()
    assert policy.issuer == "https://token.actions.githubusercontent.com"
    assert str(policy.name) == "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*"
    assert {name: str(value) for name, value in policy.claims.items()} == {
        "repository": "https://github.com/acme/app", "ref": "refs/tags/*", "trigger": "push", "runner": "github-hosted",
        "environment": "prod", "owner-id": "77", "repository-id": "1",
    }  # fmt: skip


def test_reusable_workflow_has_the_name_of_the_called_file() -> None:
    """And the repository of the build is still asked for."""
    policy = workflow(
        workflow_repository="acme/pipelines", workflow="sign.yml", workflow_ref=Glob("refs/tags/v2")
    ).policy()
    assert str(policy.name) == "https://github.com/acme/pipelines/.github/workflows/sign.yml@refs/tags/v2"
    assert str(policy.claims["repository"]) == "https://github.com/acme/app"
    assert str(policy.claims["ref"]) == "refs/tags/*"


@pytest.mark.parametrize(
    ("server", "issuer"),
    [
        ("acme.ghe.com", "https://token.actions.acme.ghe.com"),
        ("github.acme.example", "https://github.acme.example/_services/token"),
    ],
)
def test_other_servers_of_github(server: str, issuer: str) -> None:
    """Each has an issuer of its own; an enterprise's can be written."""
    policy = workflow(server=server).policy()
    assert (policy.issuer, str(policy.name).partition("/.github")[0]) == (issuer, f"https://{server}/acme/app")
    assert workflow(issuer="https://token.actions.githubusercontent.com/acme").policy().issuer.endswith("/acme")


def test_mistakes_of_a_workflow() -> None:
    """Each with its key."""
    for wrong in ("acme", "acme/*", "*/app", "acme/app/x", "https://github.com/acme/app", "acme/app@x"):
        assert "owner/name" in problems(workflow(repository=wrong))["repository"], wrong
    for wrong in (".github/workflows/x.yml", "*.yml", "release", "a@b.yml"):
        assert ".github/workflows/" in problems(workflow(workflow=wrong))["workflow"], wrong
    assert "refs/heads/main" in problems(workflow(ref=Glob("main")))["ref"]
    assert "goes with" in problems(workflow(workflow_ref=Glob("refs/tags/v1")))["workflow-ref"]
    assert "workflow-ref" in problems(workflow(workflow_repository="acme/x"))["workflow-repository"]
    assert (
        "owner/name"
        in problems(workflow(workflow_repository="*/x", workflow_ref=Glob("refs/tags/v1")))["workflow-repository"]
    )
    for wrong in ("https://github.com", "github", "evil.example/github.com", "GITHUB.com"):
        assert "the host alone" in problems(workflow(server=wrong))["server"], wrong
    assert "with https://" in problems(workflow(issuer="x"))["issuer"]
    assert problems(workflow()) == {}


def test_principal_is_one_or_none() -> None:
    """Only a signer that can be one principal is one (S18)."""
    exact = workflow(ref=Glob("refs/tags/v1"))
    assert exact.principal() == Identity(
        "identity", SAN, "https://token.actions.githubusercontent.com", "https://github.com/acme/app"
    )
    assert workflow().principal() is None
    assert identity().principal() is None
    same = identity(issuer="https://token.actions.githubusercontent.com", identity=Glob(SAN), claims=REPOSITORY)
    assert same.principal() == exact.principal()
