"""`promote-to` on a real registry: the tag names exactly the digest that was judged, or nothing was touched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ci.layouts import layout
from tests.ci.runner import action, committed
from tests.ci.test_gitlab import gitlab
from tests.servers.registry import Running, anonymous_registry, push_layout

pytestmark = pytest.mark.server("bash", "git", "docker-registry")

RULES = "gate: 1\nrules:\n  owner: {check: labels, require: {maintainer: email}}\n"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Running]:
    """A registry with a good image `1.4.2` and a bad one `1.4.3`."""
    layout(tmp_path / "good", {"maintainer": "ops@example.com"}, tag="1.4.2")
    layout(tmp_path / "bad", {}, tag="1.4.3")
    (tmp_path / "registry").mkdir()
    with anonymous_registry(tmp_path / "registry") as running:
        push_layout(running, tmp_path / "good", "team/app")
        push_layout(running, tmp_path / "bad", "team/app")
        yield running


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with rules in it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "gate.yaml").write_text(RULES)
    return folder


def named(registry: Running, tag: str) -> str:
    """Give the digest that a tag names, or nothing."""
    accept = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}
    status, headers, _ = registry.request("HEAD", f"/v2/team/app/manifests/{tag}", headers=accept)
    return headers.get("docker-content-digest", "") if status == 200 else ""


def given(registry: Running, tag: str, **more: str) -> dict[str, str]:
    """Give the inputs for one tag."""
    changed = {name.replace("_", "-"): value for name, value in more.items()}
    return {"image": f"{registry.authority}/team/app:{tag}", "installed": sys.executable, **changed}


@pytest.mark.parametrize("wait", ["", "5s"])
def test_the_action_promotes_what_it_judged(wait: str, registry: Running, checkout: Path) -> None:
    """Both tags; outputs, reports and summary are there as without promotion."""
    ran = action(checkout, given(registry, "1.4.2", promote_to="prod\nstable\n", wait=wait, json="gate.json"))
    digest = named(registry, "1.4.2")
    assert ran.told == (0, "passed", digest), ran.err
    assert (named(registry, "prod"), named(registry, "stable")) == (digest, digest)
    assert ran.outputs["promoted"] == "true"
    assert ran.outputs["image"] == f"{registry.authority}/team/app@{digest}"
    assert digest in ran.summary
    assert (checkout / "gate.json").is_file()


@pytest.mark.parametrize("wait", ["", "5s"])
def test_what_failed_is_not_promoted(wait: str, registry: Running, checkout: Path) -> None:
    """The tag is not touched."""
    ran = action(checkout, given(registry, "1.4.3", promote_to="prod", wait=wait))
    assert (ran.code, ran.outputs["verdict"], ran.outputs["promoted"]) == (1, "failed", "false"), ran.err
    assert named(registry, "prod") == ""


def test_a_tag_that_moved_since_the_build_is_not_promoted(registry: Running, checkout: Path) -> None:
    """`expect-digest` holds for both."""
    other = named(registry, "1.4.3")
    ran = action(checkout, given(registry, "1.4.2", promote_to="prod", expect_digest=other))
    assert (ran.code, ran.outputs["promoted"]) == (1, "false"), ran.err
    assert named(registry, "prod") == ""


def test_the_rules_of_a_change_promote_nothing(registry: Running, checkout: Path) -> None:
    """`rules-from: head` judges, and the clearance is refused (S24, S35)."""
    base: dict[str, Any] = {"pull_request": {"base": {"sha": committed(checkout)}}}
    inputs = given(registry, "1.4.2", promote_to="prod", rules_from="head")
    ran = action(checkout, inputs, base, GITHUB_EVENT_NAME="pull_request")
    assert (ran.code, ran.outputs["verdict"], ran.outputs["promoted"]) == (3, "undetermined", "false"), ran.err
    assert "head of a pull request" in ran.out
    assert named(registry, "prod") == ""


def test_the_gitlab_job_promotes_too(registry: Running, checkout: Path, published: tuple[Path, str]) -> None:
    """With the digest that the job before has judged."""
    digest = named(registry, "1.4.2")
    inputs = given(registry, "1.4.2", promote_to="prod", expect_digest=digest, rules="gate.yaml")
    done, told = gitlab(checkout, published, inputs)
    assert done.returncode == 0, done.stderr
    assert (told["GATE_VERDICT"], told["GATE_DIGEST"], told["GATE_PROMOTED"]) == ("passed", digest, "true")
    assert told["GATE_PINNED_IMAGE"] == f"{registry.authority}/team/app@{digest}"
    assert named(registry, "prod") == digest
