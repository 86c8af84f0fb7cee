"""`gate init`: looks, writes what holds today, overwrites nothing, and what it writes is right."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate.cli._pipeline import JOBS, PAGES, found_systems
from gate.cli._starter import _LABELS, candidates, keys_in
from gate.cli._world import World
from gate.cli.main import main
from gate.formats.values import FORMATS
from gate.ruleset.load import load_ruleset
from tests.ci.layouts import layout
from tests.project.demo import DEMO, ROOT
from tests.servers.fake import FakeServer, Reply

NOW = datetime(2026, 11, 25, tzinfo=UTC)
GOOD = {
    "maintainer": "ops@example.com",
    "org.opencontainers.image.source": "https://example.com/app",
    "org.opencontainers.image.version": "not a version",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gate(*arguments: str) -> tuple[int, str, str]:
    """Run the command; give code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = main(arguments, World(out, err, {"HOME": "/nonexistent"}, lambda: NOW))
    return code, out.getvalue(), err.getvalue()


def listed(folder: Path) -> list[str]:
    """Give the names in a folder."""
    return sorted(file.name for file in folder.iterdir())


def rules() -> dict[str, Any]:
    """Read the rules that were written."""
    document = yaml.safe_load(Path("gate.yaml").read_text())
    found: dict[str, Any] = document["rules"]
    return found


def test_without_an_image_there_is_a_file_to_begin_with() -> None:
    """It lints, everything in it is enforced, and nothing else is written."""
    code, out, _ = gate("init")
    assert (code, listed(Path())) == (0, ["gate.yaml"])
    assert [rule.level.value for rule in load_ruleset(["gate.yaml"]).rules] == ["error"] * 5
    assert "wrote gate.yaml\n" in out
    assert "try: gate check --rules gate.yaml IMAGE\n" in out
    assert "no-fixable-critical" in Path("gate.yaml").read_text()


def test_what_an_image_keeps_is_enforced_and_it_passes() -> None:
    """Its labels, its user and its kind of tag; a label that it does not keep is no rule."""
    layout(Path("image"), GOOD, tag="1.4.2")
    code, _, _ = gate("init", "oci:image:1.4.2")
    assert code == 0
    assert rules()["labels"]["require"] == {"maintainer": "email", "org.opencontainers.image.source": "url"}
    assert rules()["not-root"] == {
        "check": "image",
        "user": "non-root",
        "why": rules()["not-root"]["why"],
    }
    assert gate("check", "oci:image:1.4.2")[0] == 0


@pytest.mark.parametrize(
    ("tag", "rule"),
    [("1.4.2", "version-tag"), ("v1.4.2", "version-tag-v"), ("2026.11", "dated-tag"), ("0123abc", "version-tag")],
)
def test_the_kind_of_tag_is_the_images_own(tag: str, rule: str) -> None:
    """The first convention that holds."""
    layout(Path("image"), GOOD, tag=tag)
    assert gate("init", f"oci:image:{tag}")[0] == 0
    assert [name for name in rules() if "tag" in name] == [rule]
    assert "level" not in rules()[rule]


def test_what_an_image_does_not_keep_only_warns() -> None:
    """And is said, with the line to remove."""
    layout(Path("image"), {}, tag="latest", user="root")
    code, out, _ = gate("init", "oci:image:latest")
    assert code == 0
    assert {name for name, rule in rules().items() if rule.get("level") == "warning"} == {"version-tag", "not-root"}
    assert "do not hold today, and only warn: not-root, version-tag" in out
    assert "remove this line once it does" in Path("gate.yaml").read_text()
    assert gate("check", "oci:image:latest")[0] == 0


def test_a_key_that_verifies_becomes_a_signer() -> None:
    """Of two keys in the repository, the one that the image is signed with."""
    shutil.copytree(DEMO / "app", "app")
    Path("keys").mkdir()
    shutil.copy(DEMO / "keys" / "other.pub", "a.pub")
    shutil.copy(DEMO / "keys" / "release.pub", "keys/release.pub")
    assert gate("init", "oci:app:1.4.2")[0] == 0
    document = yaml.safe_load(Path("gate.yaml").read_text())
    (signer,) = document["signers"].values()
    assert signer["key"] == "keys/release.pub"
    assert "level" not in document["rules"]["signed"]
    assert gate("check", "oci:app:1.4.2")[0] == 0


def test_a_key_that_verifies_nothing_only_warns() -> None:
    """It is there, so somebody means to sign."""
    layout(Path("image"), GOOD)
    shutil.copy(DEMO / "keys" / "other.pub", "cosign.pub")
    assert gate("init", "oci:image:1.4.2")[0] == 0
    assert rules()["signed"]["level"] == "warning"


def test_only_plain_public_keys_are_taken(folder: Path) -> None:
    """Not private ones, other files of that name, links, huge ones, or names that YAML would take for something."""
    (folder / "private.pem").write_text("-----BEGIN EC PRIVATE" + " KEY-----\n")
    (folder / "text.pub").write_text("hello")
    (folder / "big.pub").write_text("-----BEGIN PUBLIC KEY-----\n" + "A" * 100_000)
    (folder / "link.pub").symlink_to(DEMO / "keys" / "release.pub")
    shutil.copy(DEMO / "keys" / "release.pub", folder / "a\nb.pub")
    (folder / "folder.pub").mkdir()
    shutil.copy(DEMO / "keys" / "release.pub", folder / 'x": {y}.pub')
    assert keys_in(folder) == ()
    (folder / ".cosign").mkdir()
    shutil.copy(DEMO / "keys" / "release.pub", folder / ".cosign" / "cosign-1.pub")
    assert [key.path for key in keys_in(folder)] == [".cosign/cosign-1.pub"]
    assert gate("init")[0] == 0
    assert load_ruleset(["gate.yaml"]).signers


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_nothing_is_overwritten(kind: str, folder: Path) -> None:
    """Whatever stands there stays."""
    target = folder / "gate.yaml"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(folder / ("elsewhere" if kind == "dangling link" else "."))
    before = sorted(folder.rglob("*"))
    code, _, err = gate("init")
    assert code == 2
    assert "gate.yaml is there already, and is not overwritten" in err
    assert sorted(folder.rglob("*")) == before


def test_a_job_that_is_there_stays(folder: Path) -> None:
    """And is said."""
    (folder / ".github" / "workflows").mkdir(parents=True)
    job = folder / ".github" / "workflows" / "gate.yml"
    job.write_text("mine")
    code, out, _ = gate("init")
    assert (code, job.read_text()) == (0, "mine")
    assert ".github/workflows/gate.yml is there already, and stays as it is" in out


def test_a_link_does_not_lead_out_of_the_repository(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A checkout can bring a link."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / ".github").symlink_to(outside)
    code, _, err = gate("init")
    assert code == 3
    assert "behind a link" in err
    assert not [file for file in outside.rglob("*") if file.is_file()]


@pytest.mark.parametrize(("trace", "system"), [(".github/x", "github"), (".gitlab-ci.yml", "gitlab")])
def test_the_job_is_for_what_the_repository_is_built_with(trace: str, system: str, folder: Path) -> None:
    """Valid by the system's schema, with the image's repository in it."""
    (folder / trace).parent.mkdir(exist_ok=True)
    (folder / trace).touch()
    code, out, _ = gate("init")
    job = JOBS[system]
    assert code == 0
    assert f"next: {job.then}" in out
    text = (folder / job.path).read_text()
    assert "@" not in text.replace("@0000", "")
    assert "registry.example.com/team/app" in text
    schema = {"github": ["vendor.github-workflows"], "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]}
    tool = str(Path(sys.executable).parent / "check-jsonschema")
    done = subprocess.run(
        [tool, "--builtin-schema", *schema[system], str(folder / job.path)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("system", PAGES)
def test_other_systems_have_a_page(system: str, folder: Path) -> None:
    """Which is there, and is named."""
    trace = {"azure": "azure-pipelines.yml", "jenkins": "Jenkinsfile"}.get(system, f".{system}")
    (folder / trace).touch()
    assert found_systems(folder) == (system,)
    code, out, _ = gate("init")
    assert code == 0
    assert f"docs/ci/{system}.md has the step to copy" in out
    assert (ROOT / "docs" / "ci" / f"{system}.md").is_file()


def test_an_old_estate_is_enforced_with_what_it_violates_accepted() -> None:
    """Every rule is an error, and the waivers make this very image pass for two weeks."""
    layout(Path("image"), {**GOOD}, tag="latest", user="root")
    code, out, _ = gate("init", "oci:image:latest", "--waive-current", "--owner", "team-app")
    assert code == 0
    assert "wrote gate-waivers.yaml" in out
    assert not [rule for rule in rules().values() if "level" in rule]
    waivers = yaml.safe_load(Path("gate-waivers.yaml").read_text())["waivers"]
    assert {waiver["rule"] for waiver in waivers} == {"version-tag", "not-root"}
    assert {str(waiver["expires"]) for waiver in waivers} == {"2026-12-09"}
    assert all(waiver["digest"].startswith("sha256:") and "images" not in waiver for waiver in waivers)
    assert gate("check", "oci:image:latest")[0] == 1
    assert gate("check", "oci:image:latest", "--waivers", "gate-waivers.yaml")[0] == 0


def test_the_waivers_are_for_the_image_that_was_looked_at() -> None:
    """Another image with the same faults is refused, the next one of the same repository too."""
    layout(Path("image"), {**GOOD}, tag="latest", user="root")
    layout(Path("next"), {**GOOD, "more": "x"}, tag="latest", user="root")
    assert gate("init", "oci:image:latest", "--waive-current", "--owner", "team-app")[0] == 0
    assert gate("check", "oci:next:latest", "--waivers", "gate-waivers.yaml")[0] == 1


def test_a_missing_signature_is_never_accepted_in_passing() -> None:
    """It is said, no waiver is written, and the image still fails."""
    layout(Path("image"), GOOD, user="root")
    shutil.copy(DEMO / "keys" / "other.pub", "cosign.pub")
    code, _, err = gate("init", "oci:image:1.4.2", "--waive-current", "--owner", "team-app")
    assert code == 0
    assert "gate: not accepted, decide it yourself: signed: " in err
    assert "[signature-missing]" in err
    waivers = yaml.safe_load(Path("gate-waivers.yaml").read_text())["waivers"]
    assert {waiver["rule"] for waiver in waivers} == {"not-root"}
    assert gate("check", "oci:image:1.4.2", "--waivers", "gate-waivers.yaml")[0] == 1


@pytest.mark.parametrize("name", ["my rules: #x.yaml", "a'b.yaml", "[x].yaml", "%x.yaml"])
@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_any_name_of_a_rule_file_is_written_as_one_value(name: str, system: str) -> None:
    """The job is YAML that names this file, and commands quote it."""
    code, out, _ = gate("init", "--rules", name, "--job", system)
    assert code == 0
    job = yaml.safe_load(Path(JOBS[system].path).read_text())["jobs" if system == "github" else "gate"]
    named = job["gate"]["steps"][1]["with"]["rules"] if system == "github" else job["variables"]["GATE_RULES"]
    assert named == name
    assert load_ruleset([name]).rules
    (tried,) = (line for line in out.splitlines() if line.startswith("try: "))
    assert shlex.split(tried)[4] == name
    head = Path(name).read_text().splitlines()
    assert shlex.split(head[1].removeprefix("#"))[3] == name
    assert shlex.split(head[2].removeprefix("#"))[:6] == ["gate", "rules", "explain", "--rules", name, "RULE"]


def test_a_clean_image_needs_no_waivers() -> None:
    """Then there is no file of them."""
    layout(Path("image"), GOOD)
    assert gate("init", "oci:image:1.4.2", "--waive-current", "--owner", "me")[0] == 0
    assert not Path("gate-waivers.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--waive-current",), "--owner"),
        (("--waive-current", "--owner", "me"), "needs an IMAGE"),
        (("oci:image:1.4.2", "--waive-current"), "--owner"),
        (("--rules", "../gate.yaml"), "plain path"),
        (("--rules", "/tmp/gate.yaml"), "plain path"),
        (("--rules", "a\nb.yaml"), "plain path"),
        (("--", "--help"), "is an option, not an image"),
        (("--job", "jenkins"), "github"),
        (("oci:image:1.4.2", "--waive-current", "--owner", "me", "--expires", "soon"), "--expires soon"),
        (("oci:image:1.4.2", "--waive-current", "--owner", "me", "--expires", "400d"), "ends at most 366 days"),
    ],
)
def test_wrong_usage_writes_nothing(arguments: tuple[str, ...], says: str, folder: Path) -> None:
    """And says what is wrong."""
    layout(folder / "image", {}, tag="1.4.2", user="root")
    before = sorted(folder.rglob("*"))
    code, _, err = gate("init", *arguments)
    assert code == 2
    assert says in err
    assert sorted(folder.rglob("*")) == before


def test_an_image_that_cannot_be_looked_at_writes_nothing(folder: Path) -> None:
    """No guess is made, and nothing that was tried is left."""
    layout(folder / "image", GOOD)
    before = sorted(folder.rglob("*"))
    code, _, err = gate("init", "oci:image:9.9.9")
    assert code == 3
    assert "could not be looked at, and nothing was written" in err
    assert sorted(folder.rglob("*")) == before


def test_a_registry_that_refuses_writes_nothing(folder: Path) -> None:
    """No verdict, and no file."""
    with FakeServer(lambda _: Reply(500)) as server:
        code, _, err = gate("init", f"{server.authority}/team/app:1.4.2")
    assert code == 3
    assert "nothing was written" in err
    assert listed(folder) == []


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    """It prints the files."""
    (folder / ".gitlab-ci.yml").touch()
    code, out, _ = gate("init", "--dry-run", "--rules", "policy/gate.yaml")
    assert (code, listed(folder)) == (0, [".gitlab-ci.yml"])
    assert "# --- policy/gate.yaml\n" in out
    assert "# --- .gitlab/gate.yml\n" in out


def test_rules_may_lie_in_a_folder(folder: Path) -> None:
    """Which is made."""
    layout(folder / "image", GOOD)
    assert gate("init", "oci:image:1.4.2", "--rules", ".gate/gate.yaml")[0] == 0
    assert listed(folder / ".gate") == ["gate.yaml"]
    assert gate("check", "--rules", ".gate/gate.yaml", "oci:image:1.4.2")[0] == 0


@pytest.mark.parametrize(
    "text", ["::error::x", "a\n    level: warning\n  x: {check: tag, allow: ['**']}", '"} #', "\x1b[2K", "{{", "'"]
)
def test_nothing_of_the_image_gets_into_the_files(text: str) -> None:
    """Labels choose rules; no text of theirs is written, to a file or a log."""
    layout(Path("image"), {"maintainer": text, "org.opencontainers.image.title": text, text: text})
    code, out, _ = gate("init", "oci:image:1.4.2")
    assert code == 0
    assert text not in Path("gate.yaml").read_text().replace('": ', "")[400:] or len(text) < 3
    assert text not in out or len(text) < 3
    load_ruleset(["gate.yaml"])


def test_every_label_that_is_looked_for_has_a_format_that_exists() -> None:
    """And names of rules are unique, but within a group."""
    assert set(_LABELS.values()) <= FORMATS.keys()
    offered = candidates((), is_known=True)
    assert len({one.name for one in offered}) == len(offered)
