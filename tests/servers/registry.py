"""Debian's docker-registry on loopback: anonymous, with htpasswd over TLS, with token authentication.

    with anonymous_registry(folder) as registry:
        push_layout(registry, Path("examples/demo/app"), "demo/app")
        ...  # registry.authority, registry.settings(), registry.options()

Each is one process, ended by its id. A test that uses one carries `@pytest.mark.server("docker-registry")`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trustme

from gate.sources.registry import Settings
from gate.sources.registry.settings import CredentialPlaces
from tests.servers.token import ISSUER, SERVICE, TokenServer

__all__ = ["Running", "anonymous_registry", "htpasswd_registry", "push_layout", "put_manifest", "token_registry"]

USER, PASSWORD = "gate-tester", "correct horse: battery"

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Running:
    """A running registry: how the gate is told about it, and how tests write to it."""

    authority: str
    ca_file: Path | None = None
    config_folder: Path | None = None
    trust_realm: tuple[str, ...] = ()
    pushes_with: str = field(default="", repr=False)
    tokens: TokenServer | None = None

    def settings(self, **changes: Any) -> Settings:
        """Settings that reach it, with its credentials."""
        places = CredentialPlaces(docker=(self.config_folder / "config.json",) if self.config_folder else ())
        pair = tuple(text.partition("=")[::2] for text in self.trust_realm)
        settings = Settings(
            credentials=places,
            registry_ca=self.ca_file.read_bytes() if self.ca_file is not None else b"",
            trusted_realms=frozenset((host, realm) for host, realm in pair),
        )
        return replace(settings, **changes)

    def options(self) -> list[str]:
        """The options of the command line that reach it."""
        ca = ["--registry-ca", str(self.ca_file)] if self.ca_file is not None else []
        return [*ca, *(part for text in self.trust_realm for part in ("--trust-realm", text))]

    def environment(self) -> dict[str, str]:
        """The variables that give the gate (and docker, crane, cosign) its credentials."""
        return {"DOCKER_CONFIG": str(self.config_folder)} if self.config_folder is not None else {}

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask it directly, with all rights."""
        host, _, port = self.authority.rpartition(":")
        connection: http.client.HTTPConnection
        if self.ca_file is not None:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            connection = http.client.HTTPSConnection(host, int(port), context=context)
        else:
            connection = http.client.HTTPConnection(host, int(port))
        with contextlib.closing(connection):
            connection.request(method, path, body or None, {**self._rights(path), **(headers or {})})
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()

    def _rights(self, path: str) -> dict[str, str]:
        if self.tokens is not None:
            name = path.removeprefix("/v2/").rsplit("/manifests/")[0].rsplit("/blobs/")[0]
            access = {"type": "repository", "name": name, "actions": ["pull", "push", "delete"]}
            return {"Authorization": f"Bearer {self.tokens.mint('tests', access)}"}
        return {"Authorization": self.pushes_with} if self.pushes_with else {}


@contextlib.contextmanager
def anonymous_registry(folder: Path) -> Iterator[Running]:
    """Plain HTTP on loopback, open to everybody."""
    port = _free_port()
    with _served(folder, port, {}):
        yield Running(f"localhost:{port}")


@contextlib.contextmanager
def htpasswd_registry(folder: Path) -> Iterator[Running]:
    """TLS with a private authority, and one account with a password (bcrypt is all that it knows)."""
    port = _free_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    folder.mkdir(parents=True, exist_ok=True)
    chain, key, ca = folder / "chain.pem", folder / "key.pem", folder / "ca.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(ca))
    made = subprocess.run(["htpasswd", "-Bbn", USER, PASSWORD], capture_output=True, check=True)
    (folder / "htpasswd").write_bytes(made.stdout)
    extra = {
        "http": {"tls": {"certificate": str(chain), "key": str(key)}},
        "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}},
    }
    config = _docker_config(folder, f"localhost:{port}")
    with _served(folder, port, extra):
        yield Running(f"localhost:{port}", ca, config, pushes_with=_basic(USER, PASSWORD))


@contextlib.contextmanager
def token_registry(folder: Path) -> Iterator[Running]:
    """Plain HTTP on loopback; tokens come from a server on another port, which the operator has to allow."""
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    tokens = TokenServer({USER: PASSWORD})
    bundle = tokens.write_certificate(folder / "tokens.pem")
    with tokens.server:
        auth = {"realm": tokens.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
        config = _docker_config(folder, f"localhost:{port}")
        with _served(folder, port, {"auth": {"token": auth}}):
            trust = (f"localhost:{port}={tokens.realm}",)
            yield Running(f"localhost:{port}", None, config, trust, tokens=tokens)


def push_layout(registry: Running, layout: Path, repository: str) -> dict[str, str]:
    """Push every image of an OCI layout with all that hangs on it; gives tag → digest.

    Manifests with a subject are listed in the fallback tag of that subject, as clients do for a registry
    without the referrers API (distribution-spec, "Pushing Manifests with Subject").
    """
    index = json.loads((layout / "index.json").read_bytes())
    tags: dict[str, str] = {}
    referrers: dict[str, list[dict[str, Any]]] = {}
    pushed: set[str] = set()
    for descriptor in index["manifests"]:
        content = _blob(layout, descriptor["digest"])
        _push_manifest(registry, layout, repository, content, descriptor["mediaType"], pushed)
        tag = descriptor.get("annotations", {}).get("org.opencontainers.image.ref.name")
        if tag:
            put_manifest(registry, repository, tag, content, descriptor["mediaType"])
            tags[tag] = descriptor["digest"]
        subject = json.loads(content).get("subject")
        if subject:
            referrers.setdefault(subject["digest"], []).append(
                {key: value for key, value in descriptor.items() if key != "annotations"}
            )
    for digest, descriptors in referrers.items():
        fallback = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}
        put_manifest(registry, repository, digest.replace(":", "-"), json.dumps(fallback).encode(), OCI_INDEX)
    return tags


def put_manifest(registry: Running, repository: str, name: str, content: bytes, media_type: str) -> str:
    """Put a manifest under a tag or digest; gives its digest."""
    status, _, body = registry.request(
        "PUT", f"/v2/{repository}/manifests/{name}", content, {"Content-Type": media_type}
    )
    assert status == 201, (status, name, body)
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def put_blob(registry: Running, repository: str, content: bytes) -> str:
    """Push a blob; gives its digest."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    status, headers, body = registry.request("POST", f"/v2/{repository}/blobs/uploads/")
    assert status == 202, (status, body)
    location = headers["location"].partition("://")[2].partition("/")[2]
    joint = "&" if "?" in location else "?"
    status, _, body = registry.request(
        "PUT", f"/{location}{joint}digest={digest}", content, {"Content-Type": "application/octet-stream"}
    )
    assert status == 201, (status, body)
    return digest


def _push_manifest(
    registry: Running, layout: Path, repository: str, content: bytes, media_type: str, pushed: set[str]
) -> None:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest in pushed:
        return
    pushed.add(digest)
    members = json.loads(content)
    for child in members.get("manifests", []):
        if _path(layout, child["digest"]).exists():
            _push_manifest(registry, layout, repository, _blob(layout, child["digest"]), child["mediaType"], pushed)
    for blob in [*([members["config"]] if "config" in members else []), *members.get("layers", [])]:
        if blob["digest"] not in pushed and _path(layout, blob["digest"]).exists():
            pushed.add(blob["digest"])
            put_blob(registry, repository, _blob(layout, blob["digest"]))
    put_manifest(registry, repository, digest, content, media_type)


def _path(layout: Path, digest: str) -> Path:
    return layout.joinpath("blobs", *digest.split(":"))


def _blob(layout: Path, digest: str) -> bytes:
    return _path(layout, digest).read_bytes()


@contextlib.contextmanager
def _served(folder: Path, port: int, extra: dict[str, Any]) -> Iterator[None]:
    """Run the server until the block ends; returns once it listens, which it says itself."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}},
        "validation": {"disabled": True},
        **extra,
        "http": {"addr": f"127.0.0.1:{port}", **extra.get("http", {})},
    }
    file = folder / "registry.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    process = subprocess.Popen(
        ["docker-registry", "serve", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder
    )
    assert process.stderr is not None
    log: list[bytes] = []
    try:
        for line in process.stderr:
            log.append(line)
            if b"listening on" in line:
                break
        else:
            raise AssertionError(b"".join(log[-5:]).decode())
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close() if not log or b"listening on" not in log[-1] else drain.join(10)
        process.stderr.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _docker_config(folder: Path, authority: str) -> Path:
    config = folder / "docker"
    config.mkdir(parents=True, exist_ok=True)
    auth = _basic(USER, PASSWORD).removeprefix("Basic ")
    (config / "config.json").write_text(json.dumps({"auths": {authority: {"auth": auth}}}))
    return config


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
