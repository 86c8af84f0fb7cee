"""Promotion on a real registry: what is written, what is refused, and what is left when the process is killed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.cli._world import World
from gate.cli.main import main
from gate.oci.digest import Digest
from tests.servers.between import Between, pass_on
from tests.servers.fake import Reply, Request
from tests.servers.registry import (
    OCI_INDEX,
    Running,
    anonymous_registry,
    htpasswd_registry,
    push_layout,
    put_manifest,
    token_registry,
)

pytestmark = pytest.mark.server("docker-registry")

DEMO = Path(__file__).parents[2] / "examples" / "demo"
REPOSITORY = "demo/app"
NO_ONE = "no-one: {check: labels, require: {org.example.no-one: any}}"
OWNER = "owner: {check: labels, require: {maintainer: email}}"
SIGNED = "signed: {check: signature, signed-by: release}"
SIGNERS = "signers:\n  release: {kind: cosign-key, key: keys/release.pub, log: none, any-image: true}\n"


@dataclass
class Told:
    """What one run came to."""

    code: int
    result: dict[str, Any]
    stderr: str

    @property
    def states(self) -> dict[str, tuple[str, str | None]]:
        """Tag → state and reason."""
        return {tag["tag"]: (tag["state"], tag["reason"]) for tag in self.result["tags"]}


def rules_of(folder: Path, *rules: str, head: str = "") -> Path:
    """Write a rule file."""
    path = folder / "gate.yaml"
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys" / "release.pub").write_bytes((DEMO / "keys" / "release.pub").read_bytes())
    path.write_text(f"gate: 1\n{head}rules:\n" + "".join(f"  {rule}\n" for rule in rules), encoding="utf-8")
    return path


def arguments(authority: str, image: str, rules: Path, *options: str) -> list[str]:
    """Give the command line of one promotion."""
    return ["promote", "--rules", str(rules), "--format", "json", *options, "--", f"{authority}/{REPOSITORY}{image}"]


@dataclass
class Shop:
    """A registry with the demo's images, and the gate in front of it."""

    registry: Running
    rules: Path
    first: bytes
    second: bytes
    third: bytes

    def promote(
        self, *options: str, image: str = ":1.4.2", rules: Path | None = None, authority: str = "", **more: Any
    ) -> Told:
        """Run `gate promote` in this process."""
        out, err = io.StringIO(), io.StringIO()
        world = World(
            out,
            err,
            {"HOME": "/nonexistent", **self.registry.environment()},
            more.get("now", lambda: datetime.now(UTC)),
        )
        reach = ["--plain-http", authority] if authority else self.registry.options()
        line = arguments(authority or self.registry.authority, image, rules or self.rules, *reach, *options)
        code = main(line, world)
        text = out.getvalue()
        return Told(code, json.loads(text) if text else {}, err.getvalue())

    def put(self, tag: str, content: bytes) -> None:
        """Let a tag name one of the images, whoever does it."""
        put_manifest(self.registry, REPOSITORY, tag, content, OCI_INDEX)

    def names(self, tag: str) -> bytes | None:
        """Give what a tag names now."""
        status, _, body = self.registry.request(
            "GET", f"/v2/{REPOSITORY}/manifests/{tag}", headers={"Accept": OCI_INDEX}
        )
        return body if status == 200 else None


def opened(registry: Running, folder: Path) -> Shop:
    """Push the demo's images and remember three of them."""
    push_layout(registry, DEMO / "app", REPOSITORY)
    shop = Shop(registry, rules_of(folder, OWNER), b"", b"", b"")
    bytes_of = [shop.names(tag) for tag in ("1.4.2", "1.4.3", "1.5.0-rc.1")]
    assert None not in bytes_of
    shop.first, shop.second, shop.third = (content or b"" for content in bytes_of)
    return shop


@pytest.fixture(scope="module")
def opened_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run the open registry for all tests of this module."""
    with anonymous_registry(tmp_path_factory.mktemp("registry")) as running:
        yield opened(running, tmp_path_factory.mktemp("rules"))


@pytest.fixture
def shop(opened_once: Shop) -> Shop:
    """Give the registry with `prod` on another image than the one that is promoted."""
    opened_once.put("1.4.2", opened_once.first)
    opened_once.put("prod", opened_once.second)
    return opened_once


def digest(content: bytes) -> str:
    """Give the digest as the command line takes it."""
    return str(Digest.of(content))


@pytest.mark.parametrize("start", [anonymous_registry, htpasswd_registry, token_registry])
def test_a_passed_image_gets_its_tags(start: Callable[[Path], Any], tmp_path: Path) -> None:
    """The same bytes under the new tags, on every kind of registry; signatures hang on the digest and stay."""
    with start(tmp_path / "registry") as registry:
        shop = opened(registry, tmp_path)
        signed = rules_of(tmp_path, OWNER, SIGNED, head=SIGNERS)
        told = shop.promote("--to", "prod", "--to", "1.4.2-final", rules=signed)
        assert told.code == 0, told
        assert (told.result["promotion"], told.result["digest"]) == ("promoted", digest(shop.first))
        assert told.states == {"1.4.2-final": ("promoted", None), "prod": ("promoted", None)}
        assert shop.names("prod") == shop.names("1.4.2-final") == shop.first
        again = shop.promote("--to", "prod", "--to", "1.4.2-final", rules=signed)
        assert (again.code, again.result["promotion"]) == (0, "already-there")
        assert shop.promote("--to", "later", image=":prod", rules=signed).code == 0


def test_only_a_promotion_asks_for_the_right_to_push(tmp_path: Path) -> None:
    """Tokens that may write are asked for when something is written, and not before."""
    with token_registry(tmp_path / "registry") as registry:
        shop = opened(registry, tmp_path)
        assert registry.tokens is not None
        asked = registry.tokens.server.requests

        def scopes() -> list[bool]:
            return ["push" in request.target for request in asked]

        asked.clear()
        assert shop.promote("--to", "prod", "--dry-run").code == 0
        assert shop.promote("--to", "prod", "--at", "2026-11-11T00:00:00Z").code == 3
        assert asked
        assert not any(scopes())
        asked.clear()
        assert shop.promote("--to", "prod").code == 0
        assert scopes().count(True) == 1
        asked.clear()
        assert shop.promote("--to", "prod").code == 0
        assert not any(scopes())


def test_nothing_but_the_tag_is_written(shop: Shop) -> None:
    """One request that writes, with the image's exact bytes and its media type; releases before moving tags."""
    with Between(shop.registry) as between:
        told = shop.promote("--to", "prod", "--to", "1.4.9", "--to", "1", authority=between.authority)
        writes = [request for request in between.server.requests if request.method == "PUT"]
    assert told.code == 0
    assert [tag["tag"] for tag in told.result["tags"]] == ["1.4.9", "1", "prod"]
    assert told.states["1"] == ("already-there", None)
    assert between.puts == [f"/v2/{REPOSITORY}/manifests/{tag}" for tag in ("1.4.9", "prod")]
    assert {request.body for request in writes} == {shop.first}
    assert {request.header("content-type") for request in writes} == {OCI_INDEX}
    assert {request.method for request in between.server.requests} == {"GET", "PUT"}


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    """The plan says what each tag names."""
    with Between(shop.registry) as between:
        told = shop.promote("--to", "prod", "--to", "unheard-of", "--dry-run", authority=between.authority)
    assert (told.code, told.result["promotion"], told.result["dry-run"]) == (0, "planned", True)
    assert [(tag["tag"], tag["before"]) for tag in told.result["tags"]] == [
        ("prod", digest(shop.second)),
        ("unheard-of", None),
    ]
    assert between.puts == []
    assert shop.names("prod") == shop.second


def test_a_failed_image_gets_no_tag(shop: Shop, tmp_path: Path) -> None:
    """Exit code 1, and nothing is written, not even where the tag is there already."""
    told = shop.promote("--to", "prod", "--to", "1", image=":1.4.2", rules=rules_of(tmp_path, NO_ONE))
    assert (told.code, told.result["verdict"]) == (1, "failed")
    assert told.states == {"prod": ("untouched", None), "1": ("untouched", None)}
    assert shop.names("prod") == shop.second


@pytest.mark.parametrize(
    ("rule", "code", "verdict"),
    [
        ("only: {check: tag, deny: [prod]}", 1, "failed"),
        ("only: {check: labels, require: {org.example.approved: any}, for: {tags: [prod]}}", 1, "failed"),
        ("only: {check: tag, allow: ['**'], no-overwrite: [prod]}", 1, "failed"),
        ("only: {check: signature, signed-by: release, for: {tags: [prod]}}", 0, "passed"),
    ],
    ids=["tag denied", "label for that tag", "never over", "signed for that tag"],
)
def test_the_image_is_judged_under_the_tag_it_would_get(
    shop: Shop, tmp_path: Path, rule: str, code: int, verdict: str
) -> None:
    """A rule about the new tag decides, though the image passes under its own reference (S35)."""
    rules = rules_of(tmp_path, OWNER, rule, head=SIGNERS)
    told = shop.promote("--to", "prod", rules=rules)
    assert (told.code, told.result["verdict"]) == (code, verdict)
    assert shop.names("prod") == (shop.second if code else shop.first)


def test_a_rule_that_no_tag_meets_is_judged_under_the_own_reference_too(shop: Shop, tmp_path: Path) -> None:
    """What holds for the new tag alone is not enough (S35)."""
    rules = rules_of(tmp_path, OWNER, "only: {check: tag, deny: ['1.*']}")
    assert shop.promote("--to", "prod", rules=rules).code == 1
    assert shop.names("prod") == shop.second


@pytest.mark.parametrize(
    ("image", "options", "code"),
    [
        (":nope", (), 3),
        (":1.4.2", ("--expect-digest", f"sha256:{'0' * 64}"), 1),
        (f":1.4.2@sha256:{'0' * 64}", (), 1),
    ],
    ids=["no such tag", "another build", "a moved tag"],
)
def test_another_image_than_the_one_that_was_meant(shop: Shop, image: str, options: tuple[str, ...], code: int) -> None:
    """Nothing is written."""
    assert shop.promote("--to", "prod", *options, image=image).code == code
    assert shop.names("prod") == shop.second


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--at", "2026-11-11T00:00:00Z"), "--at was given"),
        (("--platform", "linux/amd64"), "--platform was given"),
        (("--only", "owner"), "--only was given"),
        (("--rules-from", "head"), "the rules come from the head of a pull request"),
    ],
)
def test_a_narrowed_run_gives_no_clearance(shop: Shop, options: tuple[str, ...], says: str) -> None:
    """Passed, and not promoted, with the reason (S35)."""
    told = shop.promote("--to", "prod", *options)
    assert (told.code, told.result["verdict"], told.result["promotion"]) == (3, "passed", "not-promoted")
    assert len(told.result["refused"]) == 1
    assert says in told.result["refused"][0]
    assert told.states == {"prod": ("untouched", None)}
    assert shop.names("prod") == shop.second


@pytest.mark.parametrize("image", [":1.4.2", ":bad"])
def test_an_advisory_run_gives_no_clearance(shop: Shop, tmp_path: Path, image: str) -> None:
    """Its exit code would be 0 for every image; a promotion never is."""
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    rules = rules_of(tmp_path, OWNER, head=f"advisory: {{until: {until}}}\n")
    told = shop.promote("--to", "prod", image=image, rules=rules)
    assert told.code == (3 if image == ":1.4.2" else 1)
    assert told.result["refused"] == (["the rules are advisory"] if image == ":1.4.2" else [])
    assert shop.names("prod") == shop.second


def test_a_verdict_that_has_grown_old_promotes_nothing(shop: Shop) -> None:
    """Ten minutes, measured again right before the tag is written."""
    begun = datetime.now(UTC)
    times = iter([begun, begun])  # for the reports that say "not finished", and for the verdict

    def now() -> datetime:
        return next(times, datetime.now(UTC) + timedelta(minutes=10))

    told = shop.promote("--to", "prod", now=now)
    assert (told.code, told.states["prod"]) == (3, ("refused", "clearance-expired"))
    assert shop.names("prod") == shop.second


def test_the_expected_current_digest(shop: Shop) -> None:
    """Promoted from that digest only; once the tag names the image, running it again is no error."""
    expect = ("--expect-current", digest(shop.second))
    shop.put("prod", shop.third)
    told = shop.promote("--to", "prod", *expect)
    assert (told.code, told.states["prod"]) == (3, ("refused", "destination-unexpected"))
    assert digest(shop.third) in told.result["tags"][0]["what"]
    assert shop.names("prod") == shop.third
    shop.put("prod", shop.second)
    assert shop.promote("--to", "prod", *expect).code == 0
    assert shop.names("prod") == shop.first
    assert shop.promote("--to", "prod", *expect).result["promotion"] == "already-there"


def test_a_tag_that_should_name_something_and_does_not_exist(shop: Shop) -> None:
    """No tag is not the digest that was expected, and holds up the others too."""
    told = shop.promote("--to", "not-yet", "--to", "prod", "--expect-current", f"not-yet={digest(shop.second)}")
    assert told.code == 3
    assert told.states == {"not-yet": ("refused", "destination-unexpected"), "prod": ("untouched", None)}
    assert (shop.names("not-yet"), shop.names("prod")) == (None, shop.second)


def test_no_clobber(shop: Shop) -> None:
    """A tag on another image is refused, a free one and the image's own are fine."""
    told = shop.promote("--to", "prod", "--to", "free-1", "--no-clobber")
    assert (told.code, told.states["prod"]) == (3, ("refused", "destination-exists"))
    assert told.states["free-1"] == ("untouched", None)
    assert shop.names("free-1") is None
    assert shop.promote("--to", "free-2", "--to", "1.4", "--no-clobber").code == 0
    assert shop.names("free-2") == shop.first


@pytest.mark.parametrize(
    ("what", "reason"), [("tags/list", "destination-exists"), ("manifests/hidden", "destination-unread")]
)
def test_what_cannot_be_seen_is_not_free(shop: Shop, what: str, reason: str) -> None:
    """404 to a tag counts with the whole list of tags and without the tag in it (S5)."""
    shop.put("hidden", shop.second)

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(404, b"{}") if what in request.target else None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "hidden", "--no-clobber", authority=between.authority)
    assert (told.code, told.states["hidden"]) == (3, ("refused", reason))
    assert between.puts == []


def test_no_clobber_without_a_list_of_tags(shop: Shop) -> None:
    """Whether the tag is free is not known."""

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(403, b"{}") if "tags/list" in request.target else None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "free-3", "--no-clobber", authority=between.authority)
    assert (told.code, told.states["free-3"]) == (3, ("refused", "destination-unread"))
    assert between.puts == []


def test_a_destination_that_cannot_be_read_is_not_written(shop: Shop) -> None:
    """401 and 403 are no "does not exist"."""

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(403, b"{}") if request.target.endswith("/manifests/prod") else None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.states["prod"]) == (3, ("refused", "destination-unread"))
    assert between.puts == []


def test_the_image_s_own_tag_moves_while_the_gate_is_judging(shop: Shop) -> None:
    """No verdict, no promotion (S7)."""

    def instead(request: Request, _: int) -> Reply | None:
        if "/blobs/" in request.target:
            shop.put("1.4.2", shop.third)
        return None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.result["verdict"]) == (3, "undetermined")
    assert between.puts == []


def test_the_image_s_own_tag_moves_between_verdict_and_promotion(shop: Shop) -> None:
    """The digest that was judged is promoted, never what the tag names now."""

    def instead(request: Request, _: int) -> Reply | None:
        if request.method == "PUT":
            shop.put("1.4.2", shop.third)
        return None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert told.code == 0
    assert (shop.names("prod"), shop.names("1.4.2")) == (shop.first, shop.third)


def test_the_destination_moves_between_verdict_and_promotion(shop: Shop) -> None:
    """What was judged about it may no longer hold: refused, and the other one's image stays."""
    seen: list[str] = []

    def instead(request: Request, _: int) -> Reply | None:
        if request.target.endswith("/manifests/prod"):
            seen.append(request.method)
            if len(seen) == 2:
                shop.put("prod", shop.third)
        return None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.states["prod"]) == (3, ("refused", "destination-moved"))
    assert between.puts == []
    assert shop.names("prod") == shop.third


def test_somebody_else_writes_the_tag_at_the_same_time(shop: Shop) -> None:
    """Read back, hashed, and not called a success (S36)."""

    def instead(request: Request, _: int) -> Reply | None:
        if request.method != "PUT":
            return None
        reply = between.passed_on(request)
        shop.put("prod", shop.third)
        return reply

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.states["prod"]) == (3, ("refused", "promotion-overtaken"))


def test_a_header_does_not_replace_reading_back(shop: Shop) -> None:
    """201 with the right digest, and something else under the tag (S36)."""

    def instead(request: Request, _: int) -> Reply | None:
        if request.method != "PUT":
            return None
        shop.put("prod", shop.third)
        return Reply(201, b"", {"Docker-Content-Digest": digest(shop.first)})

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.states["prod"]) == (3, ("refused", "promotion-overtaken"))


def test_an_error_after_the_tag_was_written(shop: Shop) -> None:
    """The tag says what happened, not the answer that got lost."""

    def instead(request: Request, _: int) -> Reply | None:
        if request.method != "PUT":
            return None
        between.passed_on(request)
        return Reply(503, b"", {"Retry-After": "0"})

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", authority=between.authority)
    assert (told.code, told.states["prod"]) == (0, ("promoted", None))
    assert shop.names("prod") == shop.first


ECR = "The image tag 'prod' already exists in the 'app' repository and cannot be overwritten because it is immutable."
ACR = "The operation is disallowed on this registry, repository or image."


@pytest.mark.parametrize(
    ("status", "code", "message", "reason"),
    [
        (400, "TAG_INVALID", ECR, "tag-immutable"),
        (412, "PRECONDITION", "Failed to process request due to 'app:prod' configured as immutable.", "tag-immutable"),
        (405, "REGISTRY_DISALLOWED_OPERATION", ACR, "tag-immutable"),
        (403, "DENIED", "the tag is immutable", "tag-immutable"),
        (409, "TAG_ALREADY_EXISTS", "tag was already pushed", "tag-immutable"),
        (400, "UNKNOWN", "The requested tag already exists and cannot be overwritten", "tag-immutable"),
        (403, "DENIED", "requested access to the resource is denied", "push-denied"),
        (401, "UNAUTHORIZED", "authentication required", "push-denied"),
        (405, "UNSUPPORTED", "The operation is unsupported.", "push-refused"),
        (400, "MANIFEST_INVALID", "manifest invalid", "push-refused"),
        (404, "NAME_UNKNOWN", "repository name not known to registry", "push-refused"),
        (413, "SIZE_INVALID", "too large", "push-refused"),
        (307, "", "", "push-refused"),
    ],
)
def test_a_registry_that_does_not_take_the_tag(shop: Shop, status: int, code: str, message: str, reason: str) -> None:
    """Each answer explained, the next tags left alone, the old image still there (registry.md's immutability table)."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    headers = {"Content-Type": "application/json", "Location": "/v2/elsewhere/manifests/prod"}

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(status, body, headers) if request.method == "PUT" else None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "prod", "--to", "zone", authority=between.authority)
    assert (told.code, told.states) == (3, {"prod": ("refused", reason), "zone": ("untouched", None)})
    assert message in told.result["tags"][0]["what"]
    assert digest(shop.second) in told.result["tags"][0]["what"]
    assert between.puts == [f"/v2/{REPOSITORY}/manifests/prod"]


def test_a_conflict_about_a_tag_that_does_not_exist_is_not_called_immutable(shop: Shop) -> None:
    """There is nothing that could not be changed."""

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(412, b"{}") if request.method == "PUT" else None

    with Between(shop.registry, instead) as between:
        told = shop.promote("--to", "free-4", authority=between.authority)
    assert (told.code, told.states["free-4"]) == (3, ("refused", "push-refused"))


def test_what_a_registry_says_cannot_command_a_runner(shop: Shop) -> None:
    """Its words are shown with everything unusual escaped (S43)."""
    words = "\x1b[2J immutable \u202e ##[error] ::error::x"
    body = json.dumps({"errors": [{"code": "X", "message": words}]}).encode()

    def instead(request: Request, _: int) -> Reply | None:
        return Reply(400, body, {"Content-Type": "application/json"}) if request.method == "PUT" else None

    out = io.StringIO()
    with Between(shop.registry, instead) as between:
        for form in ("text", "json"):
            line = [
                "promote", "--rules", str(shop.rules), "--plain-http", between.authority, "--format", form,
                "--to", "prod", f"{between.authority}/{REPOSITORY}:1.4.2",
            ]  # fmt: skip
            assert main(line, World(out, io.StringIO(), {}, lambda: datetime.now(UTC))) == 3
    text = out.getvalue()
    assert "tag-immutable" in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@dataclass
class Killed:
    """Runs the gate as a process and kills it (SIGKILL) at one request, before or after the registry has seen it."""

    shop: Shop
    at: int
    seen: bool
    report: Path
    process: subprocess.Popen[bytes] | None = None
    requests: int = 0

    def run(self) -> int:
        """Give the exit code of the process: -9, or its own if there were fewer requests."""
        for tag in ("prod", "staging"):
            self.shop.put(tag, self.shop.second)
        self.report.write_text('{"verdict": "passed", "exit-code": 0}')
        with Between(self.shop.registry, self._instead) as between:
            options = ["--plain-http", between.authority, "--to", "prod", "--to", "staging"]
            options += ["--output", f"json={self.report}"]
            line = arguments(between.authority, ":1.4.2", self.shop.rules, *options)
            command = [sys.executable, "-c", "from gate.cli.main import run; import sys; sys.stdin.read(); run()"]
            self.process = subprocess.Popen(
                [*command, *line], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            assert self.process.stdin is not None
            self.process.stdin.close()  # it waits until we know it
            code = self.process.wait(60)
            self.requests = len(between.server.requests)
            return code

    def _instead(self, request: Request, number: int) -> Reply | None:
        if number != self.at:
            return None
        assert self.process is not None
        if self.seen:
            pass_on(self.shop.registry, request)
        self.process.kill()
        self.process.wait(10)
        return Reply(raw=())


@pytest.mark.parametrize("seen", [False, True], ids=["before", "after"])
def test_killed_at_any_request_it_leaves_old_or_new_and_finishes_when_run_again(
    shop: Shop,
    tmp_path: Path,
    *,
    seen: bool,
) -> None:
    """SIGKILL at the first request, the second, … until there are no more; each time it is run again."""
    states = set()
    killed = Killed(shop, 1, seen=seen, report=tmp_path / "report.json")
    while (code := killed.run()) != 0:
        left = (shop.names("prod"), shop.names("staging"))
        assert set(left) <= {shop.first, shop.second}, killed.at
        assert code == -9, killed.at
        assert json.loads(killed.report.read_text())["verdict"] == "undetermined", killed.at
        states.add(tuple(content == shop.first for content in left))
        assert shop.promote("--to", "prod", "--to", "staging").code == 0, killed.at
        assert shop.names("prod") == shop.names("staging") == shop.first, killed.at
        killed = replace(killed, at=killed.at + 1)
    assert killed.requests == killed.at - 1
    assert json.loads(killed.report.read_text())["verdict"] == "passed"
    assert states == {(False, False), (True, False), (True, True)}
