"""Debian's notary-server and notary on loopback, with TLS: content trust as people use it.

    with notary_server(folder) as server:
        server.sign("localhost:5000/demo/app", "1.4.2", manifest)
        ...  # server.url, server.ca_file, server.root_key(gun), server.file(gun, "timestamp")

The server keeps everything in memory and holds the timestamp's key. It is one process, ended by its id. A test
that uses it carries `@pytest.mark.server("notary-server", "notary")`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.servers.registry import PASSWORD, USER, _basic, _free_port
from tests.servers.token import ISSUER, SERVICE, TokenServer

__all__ = ["NotaryServer", "TlsFiles", "notary_server", "tls_files"]

_PASSPHRASE = "correct horse battery"
_PASSPHRASES = {
    f"NOTARY_{role}_PASSPHRASE": _PASSPHRASE for role in ("ROOT", "TARGETS", "SNAPSHOT", "DELEGATION")
}  # fmt: skip


@dataclass(frozen=True)
class TlsFiles:
    """A certificate for localhost, its key, and the authority that made it."""

    chain: Path
    key: Path
    ca_file: Path

    def context(self) -> ssl.SSLContext:
        """Give what a server in this process speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def tls_files(folder: Path) -> TlsFiles:
    """Write a certificate for localhost and 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    made = TlsFiles(folder / "chain.pem", folder / "key.pem", folder / "ca.pem")
    made.chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    made.key.write_bytes(certificate.private_key_pem.bytes())
    made.ca_file.write_bytes(authority.cert_pem.bytes())
    return made


@dataclass(frozen=True)
class NotaryServer:
    """A running server, and notary's own client with its keys in one folder."""

    authority: str
    ca_file: Path
    folder: Path
    tokens: TokenServer | None = None

    @property
    def url(self) -> str:
        """`https://localhost:port`."""
        return f"https://{self.authority}"

    def notary(self, *arguments: str, keys: str = "owner") -> str:
        """Run notary's client with the keys of somebody; gives what it prints."""
        home = self.folder / keys
        home.mkdir(exist_ok=True)
        config = home / "config.json"
        remote = {"url": self.url, "root_ca": str(self.ca_file)}
        config.write_text(json.dumps({"trust_dir": str(home / "trust"), "remote_server": remote}))
        environment = {**_PASSPHRASES, "HOME": str(home), "PATH": "/usr/bin:/bin"}
        if self.tokens is not None:
            environment["NOTARY_AUTH"] = _basic(USER, PASSWORD).removeprefix("Basic ")
        command = ["notary", "-c", str(config), *arguments]
        ran = subprocess.run(
            command, capture_output=True, text=True, env=environment, input="yes\n", check=False, timeout=60
        )
        assert ran.returncode == 0, (arguments, ran.stdout, ran.stderr)
        return ran.stdout

    def init(self, gun: str) -> None:
        """Make the trust data of a repository."""
        self.notary("init", "-p", gun)

    def sign(self, gun: str, tag: str, content: bytes, *options: str, keys: str = "owner") -> None:
        """Sign a tag for a manifest, and publish."""
        path = self.folder / "target"
        path.write_bytes(content)
        self.notary("add", "-p", gun, tag, str(path), *options, keys=keys)

    def delegate(self, gun: str, role: str, *certificates: Path, paths: str = "") -> None:
        """Let the keys of certificates sign as a role; the snapshot's key goes to the server, as docker has it."""
        which = f"--paths={paths}" if paths else "--all-paths"
        self.notary("delegation", "add", "-p", gun, role, *map(str, certificates), which)

    def root_key(self, gun: str) -> str:
        """Give the id of the root key as `notary key list` prints it."""
        del gun
        ids = re.findall(r"^root\s+([0-9a-f]{64})\s", self.notary("key", "list"), re.MULTILINE)
        return str(ids[-1])

    def file(self, gun: str, name: str) -> bytes:
        """Ask the server for a file, around the gate."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        host, _, port = self.authority.rpartition(":")
        with contextlib.closing(http.client.HTTPSConnection(host, int(port), context=context)) as connection:
            connection.request("GET", f"/v2/{gun}/_trust/tuf/{name}.json")
            answer = connection.getresponse()
            assert answer.status == 200, (name, answer.status)
            return answer.read()


@contextlib.contextmanager
def notary_server(folder: Path, *, with_tokens: bool = False) -> Iterator[NotaryServer]:
    """Run the server until the block ends; returns once it listens, which it says itself."""
    port = _free_port()
    files = tls_files(folder / "tls")
    config: dict[str, object] = {
        "server": {"http_addr": f"127.0.0.1:{port}", "tls_key_file": str(files.key), "tls_cert_file": str(files.chain)},
        "trust_service": {"type": "local", "key_algorithm": "ed25519"},
        "logging": {"level": "info"},
        "storage": {"backend": "memory"},
    }
    with contextlib.ExitStack() as stack:
        tokens = None
        if with_tokens:
            tokens = TokenServer({USER: PASSWORD})
            stack.enter_context(tokens.server)
            bundle = tokens.write_certificate(folder / "tokens.pem")
            options = {"realm": tokens.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
            config["auth"] = {"type": "token", "options": options}
        stack.enter_context(_served(folder, config))
        yield NotaryServer(f"localhost:{port}", files.ca_file, folder, tokens)


@contextlib.contextmanager
def _served(folder: Path, config: dict[str, object]) -> Iterator[None]:
    file = folder / "server.json"
    file.write_text(json.dumps(config))
    command = ["notary-server", "-config", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
    assert process.stderr is not None
    log: list[bytes] = []
    try:
        for line in process.stderr:
            log.append(line)
            if b"Starting on" in line:
                break
        else:
            raise AssertionError(b"".join(log[-5:]).decode())
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield
    finally:
        process.terminate()
        process.wait(10)
        if log and b"Starting on" in log[-1]:
            drain.join(10)
        process.stderr.close()
