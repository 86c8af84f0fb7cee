"""`gate promote` as a process sees it: what is refused before anything is asked, codes, output, reports."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.cli._world import World
from gate.cli.main import main
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_MANIFEST
from tests.servers.fake import FakeServer, Reply, Request

DEMO = Path(__file__).parents[2] / "examples" / "demo"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DIGEST = f"sha256:{'a' * 64}"


def run(*arguments: str, now: Callable[[], datetime] = lambda: NOW) -> tuple[int, str, str]:
    """Run the command in this process; give code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = main(arguments, World(out, err, {"HOME": "/nonexistent"}, now))
    return code, out.getvalue(), err.getvalue()


class Shop:
    """A registry in this process: one small image, and tags that can be written."""

    def __init__(self) -> None:
        members: dict[str, Any] = {
            "os": "linux", "architecture": "amd64", "config": {"Labels": {"maintainer": "platform@acme.example"}},
            "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
        }  # fmt: skip
        config = json.dumps(members).encode()
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 1}
        self.blobs = {str(Digest.of(config)): config}
        descriptor = {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": str(Digest.of(config)),
            "size": len(config),
        }  # fmt: skip
        members = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor, "layers": [layer]}
        self.image = json.dumps(members).encode()
        self.other = json.dumps({**members, "layers": [layer, layer]}).encode()
        self.tags = {"1.4.2": self.image, "prod": self.other}
        self.server = FakeServer(self._script)

    def _script(self, request: Request) -> Reply:
        what, _, name = request.path.removeprefix("/v2/team/app/").partition("/")
        if request.method == "PUT":
            self.tags[name] = request.body
            return Reply(201)
        if what == "blobs" and name in self.blobs:
            return Reply(200, self.blobs[name])
        if what == "tags":
            return Reply(200, json.dumps({"name": "team/app", "tags": sorted(self.tags)}).encode())
        if what == "manifests" and name in self.tags:
            return Reply(200, self.tags[name], {"Content-Type": OCI_MANIFEST})
        return Reply(404, b"{}")

    def promote(self, rules: Path, *options: str, **more: Any) -> tuple[int, str, str]:
        """Promote the image."""
        reach = ("--plain-http", self.server.authority, "--rules", str(rules))
        return run("promote", *reach, *options, "--", f"{self.server.authority}/team/app:1.4.2", **more)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Write rules that the image passes."""
    path = tmp_path / "gate.yaml"
    path.write_text("gate: 1\nrules:\n  owner: {check: labels, require: {maintainer: email}}\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("registry.invalid/app:1",), "the following arguments are required: --to"),
        (("--to", "prod"), "the following arguments are required: IMAGE"),
        (("--to", "prod", "registry.invalid/app:1", "registry.invalid/app:2"), "unrecognized arguments"),
        (("--to", "prod", "--to", "prod", "registry.invalid/app:1"), "--to names a tag twice"),
        (("--to", "", "registry.invalid/app:1"), "is neither a tag nor a reference"),
        (("--to", "a b", "registry.invalid/app:1"), "is neither a tag nor a reference"),
        (("--to", "-prod", "registry.invalid/app:1"), "expected one argument"),
        (("--to", f"sha256-{'a' * 64}", "registry.invalid/app:1"), "are never a target"),
        (("--to", f"sha256-{'a' * 64}.sig", "registry.invalid/app:1"), "are never a target"),
        (("--to", f"registry.invalid/app:sha256-{'a' * 64}", "registry.invalid/app:1"), "are never a target"),
        (("--to", "registry.invalid/other:prod", "registry.invalid/app:1"), "only be promoted inside its own"),
        (("--to", "other/app:prod", "registry.invalid/app:1"), "in the repository docker.io/other/app"),
        (("--to", "registry.invalid/app", "registry.invalid/app:1"), "has to name a tag"),
        (("--to", f"registry.invalid/app:x@{DIGEST}", "registry.invalid/app:1"), "has to name a tag"),
        (("--to", f"registry.invalid/app@{DIGEST}", "registry.invalid/app:1"), "has to name a tag"),
        (("--to", "p", "--expect-current", "x", "registry.invalid/app:1"), "--expect-current: "),
        (("--to", "p", "--expect-current", f"q={DIGEST}", "registry.invalid/app:1"), "which no --to names"),
        (("--to", "p", "--to", "q", "--expect-current", DIGEST, "registry.invalid/app:1"), "say which tag"),
        (
            ("--to", "p", "--expect-current", DIGEST, "--expect-current", f"p={DIGEST}", "registry.invalid/app:1"),
            "says twice",
        ),
        (("--to", "p", "--format", "sarif", "registry.invalid/app:1"), "invalid choice"),
        (("--to", "p", "--output", "json", "registry.invalid/app:1"), "says no file"),
        (("--to", "p", "REGISTRY.invalid/App:1"), "must be lower case"),
        (("--to", "p", "--", "--to"), "is an option, not an image"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2 with what is wrong, before anybody is asked."""
    code, out, err = run("promote", *arguments)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize("image", [f"oci:{DEMO}/app:1.4.2", "docker-archive:app.tar"])
def test_only_an_image_in_a_registry_is_promoted(image: str, rules: Path) -> None:
    """A layout or archive never gives a clearance (S35); said before it is even opened."""
    code, out, err = run("promote", "--rules", str(rules), "--to", "prod", image)
    assert (code, out) == (2, "")
    assert "lies in a file, and only an image in a registry can be promoted" in err


def test_help_is_no_promotion() -> None:
    """`gate promote --help` ends with 2, as `gate check --help` does (S1)."""
    assert run("promote", "--help")[0] == 2
    assert run("help", "promote")[0] == 0


def test_mistakes_in_rule_files_stop_before_the_registry(tmp_path: Path) -> None:
    """Exit code 2, nothing asked."""
    bad = tmp_path / "gate.yaml"
    bad.write_text("gate: 1\nrules:\n  x: {check: labels}\n")
    shop = Shop()
    with shop.server:
        assert shop.promote(bad, "--to", "prod")[0] == 2
    assert shop.server.requests == []


def test_other_rules_than_pinned_promote_nothing(rules: Path) -> None:
    """--rules-digest holds here too (S24)."""
    shop = Shop()
    with shop.server:
        code, _, err = shop.promote(rules, "--to", "prod", "--rules-digest", DIGEST)
    assert code == 2
    assert "the rules are not the ones that --rules-digest names" in err
    assert shop.server.requests == []


def test_what_people_read(rules: Path) -> None:
    """The result first, then each tag with what it named before."""
    shop = Shop()
    with shop.server:
        code, out, err = shop.promote(
            rules, "--to", "prod", "--to", "1.4", "--to", f"{shop.server.authority}/team/app:1.4.2"
        )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"PROMOTED  {shop.server.authority}/team/app@{Digest.of(shop.image)}"
    assert lines[1].startswith("rules   sha256:")
    assert [line for line in lines[2:] if line] == [
        "1.4.2  already there",
        "1.4    promoted; the tag is new",
        "prod   promoted; it was",
        f"       {Digest.of(shop.other)}",
        "PROMOTED: 2 promoted, 1 already there (exit 0)",
    ]
    assert shop.tags == {"1.4.2": shop.image, "1.4": shop.image, "prod": shop.image}


def test_break_glass_under_one_tag_is_never_silent(rules: Path) -> None:
    """The rule is about `prod` only, and so is the emergency: said in text and JSON, once however many tags."""
    rules.write_text(
        "gate: 1\nrules:\n  it: {check: labels, require: {maintainer: email}}\n"
        "  for-prod: {check: labels, require: {nobody: any}, for: {tags: [prod, live]}}\n"
    )
    shop = Shop()
    waivers = rules.parent / "waivers.yaml"
    waivers.write_text(
        f"gate: 1\nwaivers:\n  - rule: for-prod\n    digest: {Digest.of(shop.image)}\n    reason: the site is down\n"
        "    owner: ops\n    expires: 2026-11-25T16:00:00Z\n    break-glass: true\n"
    )
    with shop.server:
        to = ("--to", "prod", "--to", "live", "--waivers", str(waivers), "--dry-run")
        code, out, _ = shop.promote(rules, *to)
        _, as_json, _ = shop.promote(rules, *to, "--format", "json")
        assert shop.promote(rules, "--to", "prod")[0] == 1
    assert code == 0
    assert out.count("BREAK-GLASS until 2026-11-25T16:00:00+00:00: ops lets") == 1
    told = json.loads(as_json)
    assert [note.partition(" until ")[0] for note in told["notes"]] == ["BREAK-GLASS"]
    (waived,) = told["waived"]
    assert (waived["rule"], waived["reason"], waived["break-glass"]) == ("for-prod", "label-missing", True)
    assert (waived["owner"], waived["why"], waived["ticket"]) == ("ops", "the site is down", None)
    assert [one.rpartition(":")[2] for one in waived["references"]] == ["prod", "live"]


def test_a_pack_lets_promote_give_what_its_texts_say() -> None:
    """builtin:tag-conventions: a release gets `1.4` and `prod`, and the fix of `latest` names the rules in the way."""
    shop = Shop()
    with shop.server:
        code, out, _ = shop.promote(Path("builtin:tag-conventions"), "--to", "prod", "--to", "1.4")
        assert code == 0, out
        code, out, _ = shop.promote(Path("builtin:tag-conventions"), "--to", "latest")
    assert code == 1
    assert "tag-denied" in out
    assert "replace this rule and `tag-form`" in " ".join(out.split())
    assert "latest" not in shop.tags


def test_a_release_is_promoted_to_prod_by_the_tag_rules_of_production(tmp_path: Path) -> None:
    """And to nothing that moves."""
    path = tmp_path / "gate.yaml"
    shutil.copy(DEMO / "keys" / "release.pub", tmp_path / "release.pub")
    path.write_text(
        "gate: 1\nextends: builtin:production\n"
        "signers: {release: {kind: cosign-key, key: release.pub, log: none, any-image: true}}\n"
    )
    only = ("--only", "tag-form", "--only", "version-tag", "--only", "tag-not-moving")
    shop = Shop()
    with shop.server:
        code, out, _ = shop.promote(path, "--to", "prod", "--only", "tag-form", "--format", "json", *only[2:])
        assert (code, json.loads(out)["verdict"]) == (3, "passed")  # --only never promotes
        for tag in ("latest", "1.4"):
            assert shop.promote(path, "--to", tag, *only)[0] == 1


def test_a_refusal_is_explained(rules: Path) -> None:
    """Reason, what was found, and what to do."""
    shop = Shop()
    with shop.server:
        code, out, _ = shop.promote(rules, "--to", "prod", "--to", "new", "--no-clobber")
    assert code == 3
    assert "NOT PROMOTED" in out.splitlines()[0]
    assert "[destination-exists]" in out
    assert "fix: " in out
    assert "new   held back: another tag stands in the way" in out
    assert out.splitlines()[-1] == "NOT PROMOTED: 1 not promoted, 1 held back (exit 3)"
    assert shop.tags == {"1.4.2": shop.image, "prod": shop.other}


def test_verbose_shows_the_whole_check_before(rules: Path) -> None:
    """Under each reference."""
    shop = Shop()
    with shop.server:
        _, out, _ = shop.promote(rules, "--to", "prod", "-v")
    assert out.startswith("PASSED  2 images")
    assert f"{shop.server.authority}/team/app:prod → {Digest.of(shop.image)}" in out
    assert out.splitlines()[-1] == "PROMOTED: 1 promoted (exit 0)"


@pytest.mark.parametrize(
    ("rule", "options", "code", "verdict", "says"),
    [
        ("{maintainer: email}", (), 0, "passed", "promotion: prod promoted; it was sha256:"),
        ("{maintainer: email}", ("--dry-run",), 0, "passed", "promotion: prod would be promoted; it was sha256:"),
        ("{maintainer: email}", ("--no-clobber",), 3, "passed", "promotion: prod not promoted (destination-exists)"),
        ("{maintainer: email}", ("--at", "2026-11-25"), 3, "passed", "promotion: no tag was written (prod): --at was"),
        ("{nobody: any}", (), 1, "failed", "promotion: no tag was written (prod), since the image did not pass"),
    ],
)
def test_reports_tell_what_came_of_it(
    rules: Path, rule: str, options: tuple[str, ...], code: int, verdict: str, says: str
) -> None:
    """The report of the check, with one more line, and the exit code of this command."""
    rules.write_text(f"gate: 1\nrules:\n  it: {{check: labels, require: {rule}}}\n")
    file = rules.parent / "report.json"
    shop = Shop()
    with shop.server:
        assert shop.promote(rules, "--to", "prod", "--output", f"json={file}", *options)[0] == code
    report = json.loads(file.read_text())
    assert (report["exit-code"], report["verdict"]) == (code, verdict)
    assert [image["image"].rpartition(":")[2] for image in report["images"]] == ["1.4.2", "prod"]
    assert report["images"][0]["headlines"][0].startswith(says)


def test_a_report_that_cannot_be_written_is_no_success(rules: Path) -> None:
    """Told before anything is written; nothing is promoted."""
    shop = Shop()
    with shop.server:
        code, _, err = shop.promote(rules, "--to", "prod", "--output", "json=/nonexistent/report.json")
    assert code == 3
    assert "cannot be written" in err
    assert shop.tags["prod"] == shop.other


def test_a_report_that_gets_lost_at_the_end(rules: Path) -> None:
    """The tag is there, and the run says that it is not whole."""
    folder = rules.parent / "reports"
    folder.mkdir()
    shop = Shop()
    inner = shop.server._script

    def script(request: Request) -> Reply:
        if request.method == "PUT":
            (folder / "report.json").unlink()
            folder.rmdir()
        return inner(request)

    shop.server._script = script
    with shop.server:
        code, out, err = shop.promote(rules, "--to", "prod", "--output", f"json={folder}/report.json")
    assert (code, shop.tags["prod"]) == (3, shop.image)
    assert "cannot be written" in err
    assert out.startswith("PROMOTED")


def test_offline_promotes_nothing(rules: Path) -> None:
    """No connection, no verdict."""
    shop = Shop()
    with shop.server:
        assert shop.promote(rules, "--to", "prod", "--offline")[0] == 3
    assert shop.server.connections == 0
