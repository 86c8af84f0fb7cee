"""`gate trust update` against a TUF repository on loopback: what it believes, what it writes, what it refuses."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from gate.cli._world import World
from gate.cli.main import main
from gate.formats.trust_file import parse_trust_file
from tests.world.sigstore import Sigstore

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without talking."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Repository:
    """A TUF repository in a folder, with one key for each role."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = {role: CryptoSigner.generate_ecdsa() for role in ("root", "timestamp", "snapshot", "targets")}
        self.later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        self.version = 0
        root = Root(expires=self.later + timedelta(days=60), consistent_snapshot=True)
        for role, signer in self.keys.items():
            root.add_key(signer.public_key, role)
        self.root = Metadata(root)
        self.root.sign(self.keys["root"])
        self.root.to_file(str(folder / "1.root.json"))
        (folder / "targets").mkdir()

    def publish(self, content: bytes, name: str = "trusted_root.json", **changes: object) -> None:
        """Publish a target. `changes`: by (role whose key signs the targets), expires."""
        self.version += 1
        targets = Targets(version=self.version, expires=changes.get("expires", self.later))  # type: ignore[arg-type]
        target = TargetFile.from_data(name, content)
        targets.targets[name] = target
        digest = target.hashes["sha256"]
        (self.folder / "targets" / f"{digest}.{name}").write_bytes(content)
        snapshot = Snapshot(version=self.version, expires=self.later, meta={"targets.json": MetaFile(self.version)})
        timestamp = Timestamp(version=self.version, expires=self.later, snapshot_meta=MetaFile(self.version))
        by = str(changes.get("by", "targets"))
        for role, signed, key in (
            ("targets", targets, by),
            ("snapshot", snapshot, "snapshot"),
            ("timestamp", timestamp, "timestamp"),
        ):
            metadata: Metadata = Metadata(signed)  # type: ignore[type-arg]
            metadata.sign(self.keys[key])
            prefix = "" if role == "timestamp" else f"{self.version}."
            metadata.to_file(str(self.folder / f"{prefix}{role}.json"))


@pytest.fixture(name="served")
def _served(tmp_path: Path) -> Iterator[tuple[Repository, str]]:
    folder = tmp_path / "tuf"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Repository(folder), f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="update")
def _update(served: tuple[Repository, str], tmp_path: Path) -> Run:
    repository, url = served

    def update(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        base = ["trust", "update", str(tmp_path / "trust" / "sigstore.json"), "--from", url]
        root = [] if "--root" in arguments else ["--root", str(repository.folder / "1.root.json")]
        code = main([*base, *root, *arguments], World(out, err, {}, lambda: NOW))
        return code, out.getvalue(), err.getvalue()

    return update


def trusted_root(instance: Sigstore | None = None, **changes: object) -> bytes:
    """Write a trusted root."""
    return json.dumps((instance or Sigstore()).trusted_root(**changes)).encode()


def test_file_to_commit_says_where_it_is_from_and_how_long_it_is_good(
    served: tuple[Repository, str], update: Run, tmp_path: Path
) -> None:
    """The root as it came, its source, version, and the earliest expiry of root and targets (S22)."""
    repository, url = served
    published = trusted_root()
    repository.publish(published)
    code, out, err = update()
    assert code == 0, err
    assert "+ transparency log       https://rekor.world" in out
    assert "look at it and commit it" in err
    content = (tmp_path / "trust" / "sigstore.json").read_bytes()
    file = parse_trust_file(content, "x")
    assert (file.source, file.version, file.fetched, file.expires) == (url, "1", NOW, repository.later)
    assert json.loads(content)["trustedRoot"] == json.loads(published)


def test_second_run_says_what_changes(served: tuple[Repository, str], update: Run) -> None:
    """One line for each log and authority: what comes, goes and stays."""
    repository, _ = served
    repository.publish(trusted_root())
    assert update()[0] == 0
    repository.publish(trusted_root(ctlogs=[], timestampAuthorities=[]))
    code, out, err = update("--dry-run")
    assert (code, "nothing was written" in err) == (0, True)
    assert "  transparency log       https://rekor.world" in out
    assert "- certificate log        https://ct.world" in out
    assert update()[0] == 0
    assert "- " not in update()[1]


def test_first_root_that_is_not_this_repositorys(served: tuple[Repository, str], update: Run, tmp_path: Path) -> None:
    """Nothing is believed that it did not sign, and nothing is written."""
    repository, _ = served
    repository.publish(trusted_root())
    other = tmp_path / "other"
    other.mkdir()
    Repository(other)
    code, _, err = update("--root", str(other / "1.root.json"))
    assert (code, "could not be read" in err) == (3, True)
    assert not (tmp_path / "trust").exists()


@pytest.mark.parametrize("changes", [{"by": "snapshot"}, {"expires": datetime(2020, 1, 1, tzinfo=UTC)}])
def test_targets_that_are_not_to_be_believed(
    served: tuple[Repository, str], update: Run, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Signed by the key of another role, or expired."""
    repository, _ = served
    repository.publish(trusted_root(), **changes)
    code, _, err = update()
    assert (code, "could not be read" in err) == (3, True)
    assert not (tmp_path / "trust").exists()


def test_target_that_was_changed(served: tuple[Repository, str], update: Run) -> None:
    """Its digest is signed."""
    repository, _ = served
    repository.publish(trusted_root())
    (target,) = (repository.folder / "targets").iterdir()
    target.write_bytes(target.read_bytes().replace(b"rekor.world", b"rekor.wurld"))
    assert update()[0] == 3


@pytest.mark.parametrize(
    ("content", "told"), [(b"{}", "no trusted root that is understood"), (b"x", "no trusted root that is understood")]
)
def test_target_that_is_no_trusted_root(served: tuple[Repository, str], update: Run, content: bytes, told: str) -> None:
    """Signed, and still not understood: nothing is written."""
    served[0].publish(content)
    code, _, err = update()
    assert (code, told in err) == (3, True)


def test_target_that_is_not_there(served: tuple[Repository, str], update: Run) -> None:
    """Another name has to be said."""
    served[0].publish(trusted_root(), name="other.json")
    code, _, err = update()
    assert (code, "has no target 'trusted_root.json'" in err) == (3, True)
    assert update("--target", "other.json")[0] == 0


def test_file_that_is_something_else_is_not_overwritten(
    served: tuple[Repository, str], update: Run, tmp_path: Path
) -> None:
    """A mistyped name must not cost a file."""
    served[0].publish(trusted_root())
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "sigstore.json").write_text("my notes")
    code, _, err = update()
    assert (code, "nothing was overwritten" in err) == (2, True)
    assert (tmp_path / "trust" / "sigstore.json").read_text() == "my notes"


def test_private_repository_needs_its_first_root(tmp_path: Path) -> None:
    """No trust on first use (S22)."""
    err = io.StringIO()
    world = World(io.StringIO(), err, {}, lambda: NOW)
    assert main(["trust", "update", "--from", "https://tuf.example"], world) == 2
    assert "--root root.json" in err.getvalue()
    assert main(["trust", "update", "--from", "http://tuf.example", "--root", "x"], world) == 2
    assert "https:// address" in err.getvalue()
    assert main(["trust", "update", "--from", "https://tuf.example", "--root", str(tmp_path / "none")], world) == 2
    assert "could not be read" in err.getvalue()


def test_first_root_of_the_public_instance_comes_along() -> None:
    """It is a root of TUF, signed by its own keys to its threshold."""
    from importlib.resources import files

    root = Metadata[Root].from_bytes(files("gate.sigstore").joinpath("first-root.json").read_bytes())
    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    assert root.signed.roles["root"].threshold >= 3
