"""Content trust on Debian's notary-server, signed by notary's own client, and the image in Debian's registry.

What the server says is then changed on the way: by a server of the tests that shows recorded files, spoiled or old.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gate.cli._world import World
from gate.cli.main import main
from gate.evidence import Absent, Ask, Evidence, Found, Kind, Unavailable
from gate.formats.notary_state import parse_state, write_state
from gate.oci.reference import Reference
from gate.signer import Counts
from gate.signers.content_trust import ContentTrust, KeyId, Server
from gate.sources.registry import Registry
from gate.sources.registry.settings import CredentialPlaces, Settings
from tests.servers.fake import FakeServer, Reply, Request
from tests.servers.notary import NotaryServer, TlsFiles, notary_server, tls_files
from tests.servers.registry import OCI_MANIFEST, PASSWORD, USER, Running, anonymous_registry, put_blob, put_manifest
from tests.signers.notary_forge import GUN, SERVER, Delegate, Trust, TrustWorld, actor
from tests.signers.world import image

pytestmark = pytest.mark.server("notary-server", "notary", "docker-registry", "openssl")

CONFIG = "application/vnd.oci.image.config.v1+json"
TAG = "1.4.2"


@dataclass
class Shop:
    """A registry with an image, a trust server, and a rule file that asks for the image's trust data."""

    registry: Running
    notary: NotaryServer
    folder: Path
    repository: str
    digest: str
    content: bytes

    @property
    def gun(self) -> str:
        """The repository's whole name."""
        return f"{self.registry.authority}/{self.repository}"

    def sign(self, tag: str = TAG) -> None:
        """Make the trust data, and sign the image under a tag."""
        self.notary.init(self.gun)
        self.notary.sign(self.gun, tag, self.content)

    def check(self, *options: str, ref: str = f":{TAG}", **changes: Any) -> tuple[int, dict[str, Any]]:
        """Run `gate check` as the command line does; gives the exit code and the report."""
        code, out, _ = self.run("check", "--format", "json", *options, ref=ref, **changes)
        return code, json.loads(out) if out else {}

    def keep(self, file: Path, /, **changes: Any) -> tuple[int, str]:
        """Run `gate trust-state`; gives the exit code and what it says beside its output."""
        code, _, err = self.run("trust-state", "--state", str(file), **changes)
        return code, err

    def run(
        self, command: str, *options: str, ref: str = f":{TAG}", server: str = "", ca: Path | None = None,
        at: datetime | None = None, keys: str = "", **more: str,
    ) -> tuple[int, str, str]:  # fmt: skip
        """Run a command on the image with one content-trust signer; further changes are its options."""
        keys = keys or f"root-keys: [{self.notary.root_key(self.gun)}]"
        told = "".join(f", {name.replace('_', '-')}: {value}" for name, value in more.items())
        rules = self.folder / "gate.yaml"
        rules.write_text(
            f"gate: 1\nsigners:\n  owner: {{kind: content-trust, server: '{server or self.notary.url}', {keys}{told}}}\n"
            "rules:\n  trusted: {check: signature, signed-by: owner}\n"
        )
        out, err = io.StringIO(), io.StringIO()
        now = datetime.now(UTC)
        arguments = [
            command, "--rules", str(rules), "--registry-ca", str(ca or self.notary.ca_file),
            "--plain-http", self.registry.authority,
            *(("--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")) if at else ()), *options, "--", f"{self.gun}{ref}",
        ]  # fmt: skip
        code = main(arguments, World(out, err, {"HOME": "/nonexistent"}, lambda: now))
        return code, out.getvalue(), err.getvalue()

    def recorded(self, *names: str) -> dict[str, bytes]:
        """Record files as the server has them now, under the names that the gate asks for."""
        base = f"/v2/{self.gun}/_trust/tuf/"
        files: dict[str, bytes] = {}
        for name in ("timestamp", "snapshot", "root", "targets", *names):
            content = self.notary.file(self.gun, name)
            files[f"{base}{name}.json"] = content
            files[f"{base}{name}.{hashlib.sha256(content).hexdigest()}.json"] = content
        return files


def outcome(report: dict[str, Any]) -> dict[str, Any]:
    """Give the outcome of the one rule."""
    (one,) = report["images"][0]["outcomes"]
    assert isinstance(one, dict)
    return one


def reasons(report: dict[str, Any]) -> list[str]:
    """Give the reason codes of the one rule, with what was got."""
    one = outcome(report)
    return [
        f"{entry['reason']}: {entry.get('got') or entry['what']}" for entry in (*one["findings"], *one["undecided"])
    ]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, NotaryServer]]:
    """Run both servers."""
    folder = tmp_path_factory.mktemp("servers")
    with anonymous_registry(folder / "registry") as registry, notary_server(folder) as notary:
        yield registry, notary


@pytest.fixture
def shop(servers: tuple[Running, NotaryServer], tmp_path: Path) -> Shop:
    """Push one image to a repository of this test's own; the keys are its own too."""
    registry, notary = servers
    repository = f"demo/app-{uuid.uuid4().hex}"
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    described = {"mediaType": CONFIG, "digest": put_blob(registry, repository, config), "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": []}
    content = json.dumps(manifest).encode()
    digest = put_manifest(registry, repository, TAG, content, OCI_MANIFEST)
    return Shop(registry, replace(notary, folder=tmp_path), tmp_path, repository, digest, content)


@pytest.fixture
def elsewhere(tmp_path: Path) -> TlsFiles:
    """A certificate for servers of the tests."""
    return tls_files(tmp_path / "elsewhere")


def showing(files: dict[str, bytes], tls: TlsFiles) -> FakeServer:
    """Make a server that shows files, and nothing else."""

    def script(request: Request) -> Reply:
        if request.path == "/v2/":  # notary's client asks whether there is a server
            return Reply(200, b"{}")
        if request.path in files:
            return Reply(200, files[request.path])
        return Reply(404, b'{"errors":[{"code":"METADATA_NOT_FOUND"}]}', {"Content-Type": "application/json"})

    return FakeServer(script, tls=tls.context())


def own(server: FakeServer) -> str:
    """Give its address by name."""
    return f"https://localhost:{server.port}"


# --- signed by notary


def test_signed_tag_passes_and_says_how(shop: Shop) -> None:
    """The whole way: the tag in the registry, its digest in the trust data."""
    shop.sign()
    code, report = shop.check()
    assert (code, report["verdict"]) == (0, "passed")
    notes = [note["what"] for note in outcome(report)["notes"]]
    assert any(note.startswith("signed by owner: key sha256:") and "targets version" in note for note in notes)
    assert report["images"][0]["headlines"] == [
        "owner: whether the trust server shows old trust data was not checked: no `state` or `least-versions` says more"
    ]


def test_nothing_is_trusted_at_first_use(shop: Shop) -> None:
    """Another key is pinned than the one that made the root."""
    shop.sign()
    code, report = shop.check(keys=f"root-keys: [{'0' * 64}]")
    assert code == 1
    assert reasons(report)[0].startswith("trust-root-unpinned: ")
    assert shop.notary.root_key(shop.gun) in reasons(report)[0]


def test_every_way_to_pin(shop: Shop) -> None:
    """By the certificate that the root holds, and by the root file itself."""
    shop.sign()
    root = shop.notary.file(shop.gun, "root")
    (shop.folder / "root.json").write_bytes(root)
    assert shop.check(keys="root: root.json")[0] == 0
    document = json.loads(root)["signed"]
    (key_id,) = document["roles"]["root"]["keyids"]
    (shop.folder / "root.crt").write_bytes(base64.b64decode(document["keys"][key_id]["keyval"]["public"]))
    assert shop.check(keys="root: root.crt")[0] == 0
    assert shop.check(keys=f"root-keys: [{key_id}]")[0] == 0


def test_no_trust_data_is_a_missing_signature(shop: Shop) -> None:
    """The server answers that it has none."""
    code, report = shop.check(keys=f"root-keys: [{'0' * 64}]")
    assert (code, reasons(report)) == (1, ["signature-missing: no signature"])


def test_tag_that_is_not_signed(shop: Shop) -> None:
    """Another tag is."""
    shop.sign("9.9.9")
    code, report = shop.check()
    assert code == 1
    assert reasons(report)[0].startswith("trust-tag-unsigned: ")


def test_tag_signed_for_another_digest_says_both(shop: Shop) -> None:
    """The tag was signed, then pushed again."""
    shop.notary.init(shop.gun)
    shop.notary.sign(shop.gun, TAG, b"another manifest")
    signed_for = hashlib.sha256(b"another manifest").hexdigest()
    code, report = shop.check()
    assert code == 1
    where = hashlib.sha256(shop.notary.file(shop.gun, "targets")).hexdigest()
    said = f"the tag {TAG} is signed for sha256:{signed_for}; it points to {shop.digest}"
    url = f"{shop.notary.url}/v2/{shop.gun}/_trust/tuf/targets.{where}.json"
    assert reasons(report) == [f"trust-tag-other-digest: {url}: {said}"]


def test_digest_alone_leaves_it_open(shop: Shop) -> None:
    """Content trust is about tags (S7)."""
    shop.sign()
    code, report = shop.check(ref=f"@{shop.digest}")
    assert code == 3
    assert reasons(report)[0].startswith("trust-no-tag: ")
    assert shop.check(ref=f":{TAG}@{shop.digest}")[0] == 0


# --- delegations


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Let openssl make somebody's key and certificate."""
    key, made = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(made),
         "-subj", f"/CN={name}", "-days", "30"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, made


def join(shop: Shop, role: str, name: str, paths: str = "") -> None:
    """Give somebody a key for a delegation, as `docker trust signer add` does."""
    key, made = certificate(shop.folder, name)
    shop.notary.delegate(shop.gun, role, made, paths=paths)
    shop.notary.notary("key", "import", str(key), "--role", name)


def test_delegations(shop: Shop) -> None:
    """`targets/releases` speaks first; others only if they are listed, and then all of them."""
    shop.notary.init(shop.gun)
    join(shop, "targets/releases", "carol")
    join(shop, "targets/qa", "dave")
    shop.notary.sign(shop.gun, TAG, b"an old manifest")
    code, report = shop.check()
    assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-tag-other-digest")
    shop.notary.sign(shop.gun, TAG, shop.content, "-r", "targets/releases")
    assert shop.check()[0] == 0
    code, report = shop.check(roles="[targets/releases, targets/qa]")
    assert (code, "targets/qa" in reasons(report)[0]) == (1, True)
    shop.notary.sign(shop.gun, TAG, shop.content, "-r", "targets/qa")
    assert shop.check(roles="[targets/releases, targets/qa]")[0] == 0
    code, report = shop.check(roles="[targets/releases, targets]")
    assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-roles-disagree")


def test_snapshot_key_at_the_server(shop: Shop) -> None:
    """As docker does it: the server signs the snapshot, with a key that the root names."""
    shop.sign()
    shop.notary.notary("key", "rotate", shop.gun, "snapshot", "-r")
    assert shop.check()[0] == 0
    assert shop.check(least_versions="{root: 2}")[0] == 0


# --- keys that are exchanged


def test_root_key_exchanged(shop: Shop) -> None:
    """The pin of the first root leads to the second one, by the consent of the first; a stranger's does not."""
    shop.sign()
    first = shop.notary.root_key(shop.gun)
    (shop.folder / "root.json").write_bytes(shop.notary.file(shop.gun, "root"))
    shop.notary.notary("key", "rotate", shop.gun, "root")
    document = json.loads(shop.notary.file(shop.gun, "root"))["signed"]
    (second,) = document["roles"]["root"]["keyids"]
    assert document["version"] > 1
    for keys in (f"root-keys: [{first}]", f"root-keys: [{second}]", "root: root.json"):
        code, report = shop.check(keys=keys)
        assert code == 0, (keys, reasons(report))


def test_targets_key_exchanged(shop: Shop) -> None:
    """A new root names the new key."""
    shop.sign()
    shop.notary.notary("key", "rotate", shop.gun, "targets")
    assert shop.check()[0] == 0


# --- time


@pytest.mark.parametrize(
    ("days", "reason", "words"),
    [(15, "trust-expired", "the timestamp file expired"), (5000, "trust-root-certificate", "holds from")],
)
def test_expired(shop: Shop, days: int, reason: str, words: str) -> None:
    """The timestamp lasts two weeks, the root and its certificate ten years."""
    shop.sign()
    code, report = shop.check(at=datetime.now(UTC) + timedelta(days=days))
    assert code == 1
    assert reasons(report)[0].startswith(f"{reason}: ")
    assert words in reasons(report)[0]


# --- a server that lies


def test_recorded_files_are_as_good(shop: Shop, elsewhere: TlsFiles) -> None:
    """Nothing depends on who serves them: so each lie below has one cause."""
    shop.sign()
    with showing(shop.recorded(), elsewhere) as server:
        assert shop.check(server=own(server), ca=elsewhere.ca_file)[0] == 0


@pytest.mark.parametrize("name", ["snapshot", "root", "targets"])
def test_tampered_file(shop: Shop, elsewhere: TlsFiles, name: str) -> None:
    """One byte changed."""
    shop.sign()
    files = {
        path: content.replace(b'"version":', b'"version": ') if f"/{name}." in path else content
        for path, content in shop.recorded().items()
    }
    with showing(files, elsewhere) as server:
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file)
    assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-data-mismatch")


def test_tampered_timestamp(shop: Shop, elsewhere: TlsFiles) -> None:
    """Nothing gives its hash; its signature does not fit."""
    shop.sign()
    files = {
        path: content.replace(b'"version":2', b'"version":3') if "/timestamp." in path else content
        for path, content in shop.recorded().items()
    }
    with showing(files, elsewhere) as server:
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file)
    assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-threshold")


def test_file_taken_away(shop: Shop, elsewhere: TlsFiles) -> None:
    """The server hides what a role says."""
    shop.sign()
    files = {path: content for path, content in shop.recorded().items() if "/targets." not in path}
    with showing(files, elsewhere) as server:
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file)
    assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-data-gone")


def test_trust_data_of_another_repository(shop: Shop, elsewhere: TlsFiles) -> None:
    """Both repositories have the same root key; the certificate names the other one (S21)."""
    shop.sign()
    other = replace(shop, registry=replace(shop.registry, authority="registry.example"))
    other.sign()
    files = {path.replace(other.gun, shop.gun): content for path, content in other.recorded().items()}
    (shop.folder / "root.json").write_bytes(shop.notary.file(other.gun, "root"))
    with showing(files, elsewhere) as server:
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file)
        assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-root-unpinned")
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file, keys="root: root.json")
        assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-root-name")


def test_rolled_back(shop: Shop, elsewhere: TlsFiles) -> None:
    """Old files, all of them valid: without state nobody can tell, with it everybody does."""
    shop.sign()
    old = shop.recorded()
    shop.notary.sign(shop.gun, TAG, b"the manifest that repaired it")
    versions = {
        name: json.loads(shop.notary.file(shop.gun, name))["signed"]["version"]
        for name in ("root", "timestamp", "snapshot", "targets")
    }
    state = shop.folder / "trust-state.json"
    state.write_bytes(write_state({}, shop.gun, versions))
    assert parse_state(state.read_bytes(), "state")[shop.gun] == versions
    with showing(old, elsewhere) as server:
        assert shop.check(server=own(server), ca=elsewhere.ca_file)[0] == 0
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file, state="trust-state.json")
        assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-rollback")
        least = f"{{targets: {versions['targets']}}}"
        code, report = shop.check(server=own(server), ca=elsewhere.ca_file, least_versions=least)
        assert (code, reasons(report)[0].split(":")[0]) == (1, "trust-rollback")


def test_state_is_kept_by_a_command(shop: Shop, elsewhere: TlsFiles) -> None:
    """`gate trust-state` writes what verified, never lower than before, and nothing that did not verify."""
    shop.sign()
    old = shop.recorded()
    state = shop.folder / "trust-state.json"
    assert shop.keep(state)[0] == 0
    first = parse_state(state.read_bytes(), "state")[shop.gun]
    assert first.keys() == {"root", "timestamp", "snapshot", "targets"}
    assert shop.check(state="trust-state.json")[0] == 0
    shop.notary.sign(shop.gun, "other", shop.content)
    assert shop.keep(state, state="trust-state.json")[0] == 0
    second = parse_state(state.read_bytes(), "state")[shop.gun]
    assert second["targets"] == first["targets"] + 1
    before = state.read_bytes()
    with showing(old, elsewhere) as server:
        code, told = shop.keep(state, server=own(server), ca=elsewhere.ca_file, state="trust-state.json")
        assert (code, "(trust-rollback)" in told) == (3, True)
        assert shop.keep(state, server=own(server), ca=elsewhere.ca_file)[0] == 0
    assert state.read_bytes() == before
    code, told = shop.keep(state, keys=f"root-keys: [{'0' * 64}]")
    assert (code, "(trust-root-unpinned)" in told) == (3, True)
    with showing({}, elsewhere) as server:
        code, told = shop.keep(state, server=own(server), ca=elsewhere.ca_file)
    assert (code, "there is no trust data" in told) == (3, True)
    assert state.read_bytes() == before


def test_state_that_cannot_be_read_is_not_overwritten(shop: Shop) -> None:
    """A file of another kind under that name stays as it is."""
    state = shop.folder / "trust-state.json"
    state.write_text("{}")
    shop.sign()
    code, told = shop.keep(state)
    assert (code, "no state of trust data" in told) == (2, True)
    assert state.read_text() == "{}"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500), "registry-error"),
        (Reply(403), "denied"),
        (Reply(401), "unauthorized"),
        (Reply(429, headers={"Retry-After": "3600"}), "rate-limited"),
        (Reply(404, b"<html><title>Not found</title>", {"Content-Type": "text/html"}), "not-a-registry"),
        (Reply(200, b"<!DOCTYPE html><html>", {"Content-Type": "text/html"}), "not-a-registry"),
        (Reply(302, headers={"Location": "https://registry.invalid/"}), "registry-error"),
        (Reply(200, b"x" * (1024 * 1024 + 1)), "too-large"),
        (Reply(204), "registry-error"),
    ],
)
def test_server_that_gives_no_answer_leaves_it_open(
    tmp_path: Path, elsewhere: TlsFiles, reply: Reply, code: str
) -> None:
    """No definite answer is no absent signature."""
    with FakeServer(lambda _: reply, tls=elsewhere.context()) as server:
        fact = asked(server.port, elsewhere.ca_file)
    assert isinstance(fact, Unavailable)
    assert fact.code == code


def asked(
    port: int, ca_file: Path, name: str = "timestamp.json", gun: str = GUN, scheme: str = "https", **changes: Any
) -> Found | Absent | Unavailable:
    """Put one question to a source, as a run does."""
    settings = Settings(registry_ca=ca_file.read_bytes(), wait=lambda _: None, **changes)
    with Registry(Reference.parse(f"{GUN}:1"), settings) as source:
        return source.answer(Ask(f"{scheme}://localhost:{port}/{gun}", Kind.TUF, name))


def test_server_whose_certificate_is_not_trusted(elsewhere: TlsFiles, tmp_path: Path) -> None:
    """TLS is checked as everywhere."""
    other = tls_files(tmp_path / "other")
    with showing({}, elsewhere) as server:
        fact = asked(server.port, other.ca_file)
    assert isinstance(fact, Unavailable)
    assert fact.code == "tls-untrusted"


def test_server_without_tls(elsewhere: TlsFiles) -> None:
    """Plain HTTP is not spoken to a trust server, not even on this machine or where the operator allows it."""
    with FakeServer(lambda _: Reply(404)) as server:
        for allowed in (frozenset[str](), frozenset({f"localhost:{server.port}"})):
            fact = asked(server.port, elsewhere.ca_file, plain_http=allowed)
            assert isinstance(fact, Unavailable)
            assert fact.code == "tls-plain"
        # random bytes of a TLS greeting may look like lines; HTTP has a method of letters
        assert [request for request in server.requests if request.method.isalpha()] == []
        fact = asked(server.port, elsewhere.ca_file, scheme="http")
        assert isinstance(fact, Unavailable)
        assert fact.code == "not-answered-here"


@pytest.mark.parametrize(
    ("name", "gun"),
    [
        ("root.json", GUN), ("../timestamp.json", GUN), ("timestamp.json?x", GUN), ("targets/../x.json", GUN),
        (f"targets/a.{'0' * 63}.json", GUN), ("0.root.json", GUN), ("timestamp.key", GUN), ("timestamp.json\n", GUN),
        ("timestamp.json", "registry.example/../x"), ("timestamp.json", "app"), ("timestamp.json", ""),
    ],
)  # fmt: skip
def test_question_that_is_none(elsewhere: TlsFiles, name: str, gun: str) -> None:
    """Names become parts of a URL, so only known ones do."""
    with showing({}, elsewhere) as server:
        fact = asked(server.port, elsewhere.ca_file, name, gun)
        assert server.requests == []
    assert isinstance(fact, Unavailable)
    assert fact.code == "not-answered-here"


def test_offline_asks_nobody(elsewhere: TlsFiles) -> None:
    """`--offline` forbids this connection as any."""
    with showing({}, elsewhere) as server:
        fact = asked(server.port, elsewhere.ca_file, offline=True)
        assert server.requests == []
    assert isinstance(fact, Unavailable)
    assert fact.code == "offline"


# --- who may see a credential (S40)


def credentials(folder: Path, *hosts: str) -> CredentialPlaces:
    """Write a docker configuration with the tester's password for some hosts."""
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    path = folder / f"docker-{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps({"auths": {host: {"auth": auth} for host in hosts}}))
    return CredentialPlaces(docker=(path,))


def test_token_for_the_whole_name(tmp_path: Path) -> None:
    """The real server with token authentication: the scope is the GUN, host included."""
    with notary_server(tmp_path, with_tokens=True) as notary:
        assert notary.tokens is not None
        trust = Trust(tags={"1": b"x"})
        notary.init(trust.gun)
        notary.sign(trust.gun, "1", b"x")
        port = int(notary.authority.rpartition(":")[2])
        realm = frozenset({(notary.authority, notary.tokens.realm)})
        allowed = asked(port, notary.ca_file, trusted_realms=realm, credentials=credentials(tmp_path, notary.authority))
        assert isinstance(allowed, Found)
        assert any(
            f"scope=repository%3A{GUN.replace('/', '%2F')}%3Apull&" in target for target in notary.tokens.server.targets
        )
        for changes in (
            {"trusted_realms": realm},
            {"trusted_realms": realm, "credentials": credentials(tmp_path, "registry.example")},
            {"credentials": credentials(tmp_path, notary.authority)},
        ):
            refused = asked(port, notary.ca_file, **changes)
            assert isinstance(refused, Unavailable), changes
            assert refused.code in {"unauthorized", "realm-refused"}


def test_registry_s_credentials_stay_at_the_registry(tmp_path: Path, elsewhere: TlsFiles) -> None:
    """A trust server that asks for a password does not get the registry's, nor does a realm that it names."""
    with FakeServer(lambda _: Reply(401), tls=elsewhere.context()) as thief:
        realm = f'Bearer realm="https://localhost:{thief.port}/token",service="trust"'
        for challenge in ('Basic realm="trust"', realm):
            reply = Reply(401, headers={"WWW-Authenticate": challenge})
            with FakeServer(partial(_always, reply), tls=elsewhere.context()) as server:
                places = credentials(tmp_path, "registry.example", f"localhost:{thief.port}")
                fact = asked(server.port, elsewhere.ca_file, credentials=places)
                assert isinstance(fact, Unavailable)
                assert fact.code in {"unauthorized", "realm-refused"}
                for stranger in (server, thief):
                    assert not stranger.secrets("Basic ", PASSWORD), stranger.requests


def _always(reply: Reply, request: Request) -> Reply:
    return reply


# --- what the tests' own generator makes satisfies notary itself


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "ed25519"])
def test_notary_takes_what_the_generator_makes(tmp_path: Path, elsewhere: TlsFiles, kind: str) -> None:
    """Unmodified output is looked up by notary's client, so that each damaged copy has one flaw."""
    by = actor("somebody", kind)
    now = datetime.now(UTC).replace(microsecond=0)
    trust = Trust(
        tags={"1.0.0": b"hello"},
        roots=(actor("root today", cn=GUN, begins=now - timedelta(days=1)),),
        keys={"targets": (by,), "snapshot": (by,)},
        expires=dict.fromkeys(
            ("root", "timestamp", "snapshot", "targets", "targets/releases"), now + timedelta(days=9)
        ),
        delegates={"targets/releases": Delegate((actor("alice"),), {"2.0.0": b"two"})},
    )
    files = {f"/v2/{GUN}/_trust/tuf/{name}": content for name, content in trust.files().items()}
    with showing(files, elsewhere) as server:
        client = NotaryServer(f"localhost:{server.port}", elsewhere.ca_file, tmp_path)
        assert hashlib.sha256(b"hello").hexdigest() in client.notary("lookup", GUN, "1.0.0")
        assert "2.0.0" in client.notary("list", GUN, "-r", "targets/releases")


def test_gate_and_notary_agree_about_the_real_server(shop: Shop) -> None:
    """The pure verification on what the server serves now, without any source in between."""
    shop.sign()
    files = {path.rpartition("/_trust/tuf/")[2]: content for path, content in shop.recorded().items()}
    subject = replace(image(place=shop.gun, repository=shop.gun, tag=TAG), content=shop.content)
    by = ContentTrust(root_keys=(KeyId(shop.notary.root_key(shop.gun)),), server=Server(SERVER))
    have: Evidence = TrustWorld(files, f"{SERVER}/{shop.gun}").gather(by.needs(subject), subject)
    (candidate,) = by.verify(subject, have, datetime.now(UTC)).candidates
    assert isinstance(candidate.result, Counts)
