"""The whole way on real registries: one good image passes, each single thing made wrong is said with its reason.

Three registries: open to everybody, htpasswd over TLS with a private authority, tokens from another server.
"""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.cli._world import World
from gate.cli.main import main
from gate.oci.digest import Digest
from tests.servers.fake import FakeServer, Reply, Request
from tests.servers.registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    Running,
    anonymous_registry,
    htpasswd_registry,
    push_layout,
    put_blob,
    put_manifest,
    token_registry,
)

pytestmark = pytest.mark.server("docker-registry")

DEMO = Path(__file__).parents[2] / "examples" / "demo"
REPOSITORY = "demo/app"
AT = "2026-11-24T12:00:00Z"
GOOD = ("1.4.2-amd64", "1.4.2-arm64")
REPORTS = Path(__file__).parents[1] / "fixtures" / "trivy" / "demo"
#: The demo's rules but for `complete`, which fetches every layer.
ALL = ("signed", "version-tag", "owner-known", "not-root", "no-secrets", "no-critical", "no-fixable-high")
INDEX_142 = "sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18"
INDEX_143 = "sha256:c596de170557d6d984d72e2c3afbd7600860b1b3a4ff3a22ce0f8bbc8e3aee9d"


@dataclass
class Told:
    """What one run of the gate came to."""

    code: int
    document: dict[str, Any]
    stderr: str

    @property
    def verdict(self) -> str:
        return str(self.document["verdict"])

    @property
    def reasons(self) -> set[str]:
        """Every reason code of a violation or an undecided point of a rule, and of the image itself."""
        image = self.document["images"][0]
        outcomes = [one for one in image["outcomes"] if one["status"] in {"violated", "undecided"}]
        entries = [entry for one in outcomes for entry in (*one["findings"], *one["undecided"])]
        return {entry["reason"] for entry in (*entries, *image["causes"])}


def gate(
    registry: Running,
    image: str,
    *options: str,
    reports: tuple[str, ...] = GOOD,
    rules: Path | None = None,
    only: tuple[str, ...] = ALL,
) -> Told:
    """Run `gate check` on an image of the registry, as the command line does, and read its JSON report."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"HOME": "/nonexistent", **registry.environment()}
    arguments = [
        "check", "--rules", str(rules or DEMO / "gate.yaml"), "--at", AT, "--format", "json", *registry.options(),
        *(text for name in reports for text in ("--report", str(REPORTS / f"{name}.json"))),
        *(text for name in (() if rules else only) for text in ("--only", name)),
        *options, "--", image if "/" in image else f"{registry.authority}/{REPOSITORY}{image}",
    ]  # fmt: skip
    code = main(arguments, World(out, err, environment, lambda: datetime(2026, 11, 25, tzinfo=UTC)))
    text = out.getvalue()
    return Told(code, json.loads(text) if text else {}, err.getvalue())


KINDS: dict[str, Callable[[Path], Any]] = {
    "anonymous": anonymous_registry,
    "htpasswd over TLS": htpasswd_registry,
    "tokens": token_registry,
}


@pytest.fixture(scope="module", params=list(KINDS))
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one registry that holds the demo's images and signatures."""
    with KINDS[request.param](tmp_path_factory.mktemp("registry")) as running:
        push_layout(running, DEMO / "app", REPOSITORY)
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run the open registry, for what does not depend on credentials."""
    with anonymous_registry(tmp_path_factory.mktemp("plain")) as running:
        push_layout(running, DEMO / "app", REPOSITORY)
        yield running


def test_the_good_image_passes(registry: Running) -> None:
    """Signed, labelled, scanned for every platform: passed, with the index digest."""
    told = gate(registry, ":1.4.2")
    assert (told.code, told.verdict, told.reasons) == (0, "passed", set())
    assert told.document["images"][0]["digest"] == INDEX_142
    assert told.document["images"][0]["platforms"] == ["linux/amd64", "linux/arm64"]


def test_a_good_image_by_tag_and_digest_passes(registry: Running) -> None:
    """The tag points to the digest that was given."""
    assert gate(registry, f":1.4.2@{INDEX_142}").code == 0


def test_the_digest_that_was_built_is_expected(registry: Running) -> None:
    """--expect-digest agrees."""
    assert gate(registry, ":1.4.2", "--expect-digest", INDEX_142).code == 0


@pytest.mark.parametrize(
    ("image", "reports", "code", "verdict", "reasons"),
    [
        (":latest", GOOD, 1, "failed", {"tag-not-allowed"}),
        (":1.4.3", (), 1, "failed", {"signature-missing", "report-missing"}),
        (":1.5.0-rc.1", ("1.5.0-rc.1-amd64", "1.5.0-rc.1-arm64"), 1, "failed", {"vulnerability-found"}),
        (":1.5.0-rc.1", ("1.5.0-rc.1-amd64",), 3, "undetermined", {"report-not-for-this-platform"}),
        (":1.5.0-rc.1", ("1.5.0-rc.1-noplatform",), 3, "undetermined", {"report-not-for-this-platform"}),
        (":1.3.0", ("1.3.0-amd64",), 1, "failed", {"vulnerability-found", "report-not-for-this-platform"}),
        (":1.4.2", ("1.3.0-amd64",), 3, "undetermined", {"report-not-for-this-platform"}),
        (":1.4.2", ("latest-before-move",), 3, "undetermined", {"report-not-for-this-platform"}),
        (":1.4.2", ("1.4.2-amd64", "1.4.2-amd64-child-digest-wrong-platform"), 3, "undetermined", {"report-not-for-this-platform"}),
        (":1.4.2", (), 1, "failed", {"report-missing"}),
        (f"@{INDEX_142}", GOOD, 3, "undetermined", {"tag-unknown"}),
        (f":1.4.2@{INDEX_143}", GOOD, 1, "failed", None),
        (":9.9.9", GOOD, 3, "undetermined", {"tag-not-found"}),
    ],
    ids=[
        "tag", "unsigned", "critical on the last platform only", "one platform's report", "report without platform",
        "fixable high", "report of another image", "report made before the tag moved", "report of another platform",
        "no report", "digest alone", "tag and digest disagree", "no such tag",
    ],
)  # fmt: skip
def test_each_single_thing_made_wrong_is_said(
    registry: Running, image: str, reports: tuple[str, ...], code: int, verdict: str, reasons: set[str] | None
) -> None:
    """The right verdict, exit code and reason, on every kind of registry."""
    told = gate(registry, image, reports=reports)
    assert (told.code, told.verdict) == (code, verdict), told.reasons
    assert told.reasons == reasons if reasons is not None else "tag-mismatch" in told.reasons


def test_an_image_signed_by_somebody_else_fails(registry: Running) -> None:
    """Signed, with another key; root, without labels, with a secret, with a critical."""
    told = gate(registry, ":bad", reports=("bad",))
    assert told.code == 1
    assert {"signature-other-key", "user-root", "label-missing", "secret-in-environment"} <= told.reasons


def test_a_signature_of_another_digest_does_not_count(plain: Running) -> None:
    """The legacy signature of 1.4.2 put where that of 1.4.3 would be."""
    status, _, signature = plain.request(
        "GET", f"/v2/{REPOSITORY}/manifests/{INDEX_142.replace(':', '-')}.sig", headers={"Accept": OCI_MANIFEST}
    )
    assert status == 200
    tag = f"{INDEX_143.replace(':', '-')}.sig"
    put_manifest(plain, REPOSITORY, tag, signature, OCI_MANIFEST)
    told = gate(plain, ":1.4.3", only=("signed",))
    plain.request("DELETE", f"/v2/{REPOSITORY}/manifests/{Digest.of(signature)}")
    assert (told.code, told.reasons) == (1, {"signature-of-other-image"})


def relabelled(registry: Running, labels: dict[str, str]) -> str:
    """Push a single image with these labels; gives its digest."""
    config = json.dumps(
        {
            "os": "linux", "architecture": "amd64", "config": {"User": "10001", "Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"layer"))]},
        }
    ).encode()  # fmt: skip
    parts = [(config, "application/vnd.oci.image.config.v1+json"), (b"layer", "application/vnd.oci.image.layer.v1.tar")]
    described = [
        {"mediaType": kind, "digest": put_blob(registry, REPOSITORY, content), "size": len(content)}
        for content, kind in parts
    ]
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described[0], "layers": described[1:]}
    return put_manifest(registry, REPOSITORY, "2.0.0", json.dumps(manifest).encode(), OCI_MANIFEST)


SOURCE = "https://github.com/acme/app"


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"maintainer": "platform", "org.opencontainers.image.source": SOURCE}, "label-invalid"),
        ({"org.opencontainers.image.source": SOURCE}, "label-missing"),
        ({"maintainer": "${MAINTAINER}", "org.opencontainers.image.source": SOURCE}, "label-unexpanded"),
    ],
    ids=["not an e-mail address", "missing", "unexpanded"],
)
def test_a_wrong_label_is_said(plain: Running, labels: dict[str, str], reason: str) -> None:
    """Each way of getting a label wrong, pushed to a real registry."""
    relabelled(plain, labels)
    told = gate(plain, ":2.0.0", only=("owner-known",), reports=())
    assert (told.code, told.reasons) == (1, {reason})


def test_an_expired_waiver_waives_nothing_and_is_named(plain: Running, tmp_path: Path) -> None:
    """Yesterday it was accepted, today it is not."""
    waivers = tmp_path / "waivers.yaml"
    text = (
        "gate: 1\nwaivers:\n  - {rule: owner-known, images: ['**'], about: {label: maintainer}, "
        "reason: moving, owner: team@acme.example, expires: EXPIRES}\n"
    )
    relabelled(plain, {"org.opencontainers.image.source": SOURCE})
    codes = {}
    for expires in ("2026-11-23", "2026-11-24"):
        waivers.write_text(text.replace("EXPIRES", expires))
        told = gate(plain, ":2.0.0", "--waivers", str(waivers), only=("owner-known", "not-root"), reports=())
        codes[expires] = told.code
        states = [note["state"] for note in told.document["images"][0]["waivers"]]
        assert states == (["expired"] if expires == "2026-11-23" else [])
    assert codes == {"2026-11-23": 1, "2026-11-24": 0}


def test_wrong_credentials_give_no_verdict(tmp_path: Path) -> None:
    """A 401 is no answer: undetermined, and the reason says whose credentials were tried."""
    with htpasswd_registry(tmp_path / "registry") as running:
        push_layout(running, DEMO / "app", REPOSITORY)
        assert running.config_folder is not None
        config = running.config_folder / "config.json"
        assert gate(running, ":1.4.2").code == 0
        config.write_text(json.dumps({"auths": {running.authority: {"username": "gate", "password": "wrong"}}}))
        refused = gate(running, ":1.4.2")
        config.write_text("{}")
        nobody = gate(running, ":1.4.2")
    for told in (refused, nobody):
        assert (told.code, told.verdict, told.reasons) == (3, "undetermined", {"unauthorized"})


def test_a_private_authority_that_nobody_named_gives_no_verdict(tmp_path: Path) -> None:
    """Without --registry-ca the certificate is not trusted, and nothing is sent."""
    with htpasswd_registry(tmp_path / "registry") as running:
        told = gate(Running(running.authority, None, running.config_folder), ":1.4.2")
    assert (told.code, told.reasons) == (3, {"tls-untrusted"})


@dataclass
class Meddler:
    """Stands between the gate and a real registry and changes what it was told to change."""

    target: str
    change: Callable[[Request, Reply], Reply]

    def __call__(self, request: Request) -> Reply:
        connection = http.client.HTTPConnection(self.target, timeout=30)
        connection.request(request.method, request.target, headers={"Accept": request.header("accept")})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        kept = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() in {"content-type", "docker-content-digest"}
        }
        return self.change(request, Reply(answer.status, body, kept))


def behind(plain: Running, change: Callable[[Request, Reply], Reply], image: str = ":1.4.2") -> Told:
    """Check an image through a meddler."""
    with FakeServer(Meddler(plain.authority, change)) as server:
        return gate(Running(server.authority), image, "--timeout", "20", "--plain-http", server.authority)


def hurt(part: str, how: Callable[[Reply], Reply]) -> Callable[[Request, Reply], Reply]:
    """Change the answers whose path holds `part`."""
    return lambda request, reply: how(reply) if part in request.path else reply


CHILD = "sha256:68152fe7c8669f11d08472898d5fcd9bcfd5a63dccc5ca0e0a62bcfebc943df4"


def denied(_: Reply) -> Reply:
    """Refuse with the registry's own form."""
    return Reply(403, b'{"errors":[{"code":"DENIED","message":"no"}]}', {"Content-Type": "application/json"})


def other_bytes(reply: Reply) -> Reply:
    """Change the bytes and keep them readable."""
    return Reply(200, reply.body.replace(b"}", b" }", 1), reply.headers)


def truncated(reply: Reply) -> Reply:
    """Say a length and send less."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {OCI_INDEX}\r\nContent-Length: {len(reply.body)}\r\n\r\n".encode()
    return Reply(raw=[head, reply.body[:-20]])


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (hurt("/manifests/1.4.2", denied), {"denied"}),
        (hurt("/manifests/1.4.2", lambda _: Reply(500, b"oops")), {"registry-error"}),
        (hurt("/manifests/1.4.2", truncated), {"network"}),
        (hurt(f"/manifests/{CHILD}", other_bytes), None),
        (hurt(f"/manifests/{CHILD}", lambda _: Reply(404, b"")), None),
        (hurt("/blobs/", lambda _: Reply(500, b"")), None),
        (hurt("/manifests/1.4.2", lambda _: Reply(200, b"<html>", {"Content-Type": "text/html"})), {"not-a-registry"}),
    ],
    ids=[
        "403", "500", "truncated manifest", "other bytes than the digest", "a child that is gone", "no blobs",
        "a web page",
    ],
)  # fmt: skip
def test_a_registry_that_does_not_answer_gives_no_verdict(
    plain: Running, change: Callable[[Request, Reply], Reply], reasons: set[str] | None
) -> None:
    """Whatever fails on the way: exit code 3, never 0, and a reason."""
    told = behind(plain, change)
    assert (told.code, told.verdict) == (3, "undetermined")
    assert told.reasons if reasons is None else told.reasons == reasons


def test_signatures_that_cannot_be_read_are_not_absent(plain: Running) -> None:
    """A 500 where signatures are kept is undecided, not unsigned (S4)."""
    told = behind(plain, hurt("/manifests/sha256-", lambda _: Reply(500, b"")))
    assert (told.code, told.reasons) == (3, {"signatures-not-read"})


def test_a_tag_that_moves_during_the_run_gives_no_verdict(plain: Running) -> None:
    """The second look at the tag sees another image (S7)."""
    looks = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal looks
        if request.path.endswith("/manifests/1.4.2"):
            looks += 1
            if looks > 1:
                return Meddler(plain.authority, lambda _, other: other)(
                    Request("GET", request.target.replace("1.4.2", "1.3.0"), request.headers)
                )
        return reply

    told = behind(plain, change)
    assert (told.code, told.reasons) == (3, {"tag-moved"})
    assert looks == 2


def test_a_tag_that_disappears_during_the_run_gives_no_verdict(plain: Running) -> None:
    """Found at first, gone at the end."""
    looks = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal looks
        if request.path.endswith("/manifests/1.4.2"):
            looks += 1
            return Reply(404, b"") if looks > 1 else reply
        return reply

    assert behind(plain, change).reasons == {"tag-moved"}


def test_nothing_is_asked_that_no_rule_needs(plain: Running, tmp_path: Path) -> None:
    """A rule about the tag alone: the tag at the start, the tag at the end, nothing else."""
    rules = tmp_path / "gate.yaml"
    rules.write_text("gate: 1\nrules:\n  version: {check: tag, allow: [semver]}\n")
    with FakeServer(Meddler(plain.authority, lambda _, reply: reply)) as server:
        told = gate(Running(server.authority), ":1.4.2", "--plain-http", server.authority, reports=(), rules=rules)
        targets = [target.partition("?")[0] for target in server.targets]
    assert told.code == 0
    assert {target.rpartition("/")[2] for target in targets} == {"1.4.2"}
    assert len(targets) == 2
