"""The whole gate on a registry 30 ms away, against `cosign verify` by tag: requests, rounds, wall time.

Needs Debian's docker-registry, and cosign on PATH for the comparison. The aim is at most 0.8 times of what
`cosign verify` takes, for tag, signature, labels, configuration and scanner reports together.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from compare import interleaved, measure, ratio_line, table

from tests.servers.fake import FakeServer, Reply, Request
from tests.servers.proxy import DelayingProxy
from tests.servers.registry import anonymous_registry, push_layout

DEMO = Path(__file__).parents[1] / "examples" / "demo"
ROUND_TRIP = 0.030
RULES = """gate: 1
signers:
  release: {kind: cosign-key, key: keys/release.pub, log: none, any-image: true}
rules:
  signed: {check: signature, signed-by: release}
  version-tag: {check: tag, allow: [semver]}
  owner-known: {check: labels, require: {maintainer: email}}
  not-root: {check: image, user: non-root}
  no-critical: {check: vulnerabilities, fail-at: critical, report: {max-age: 24h}}
"""


@dataclass
class Recorder:
    """Passes requests on after half a round trip each way; remembers when each came and was answered."""

    target: str
    spans: list[tuple[float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Reply:
        """Answer one request with what the registry says."""
        came = time.monotonic()
        time.sleep(ROUND_TRIP)
        connection = http.client.HTTPConnection(self.target)
        headers = {name: request.header(name) for name in ("accept", "range") if request.header(name)}
        connection.request(request.method, request.target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        kept = {
            k: v
            for k, v in answer.getheaders()
            if k.lower() not in {"content-length", "transfer-encoding", "connection"}
        }
        with self.lock:
            self.spans.append((came, time.monotonic()))
        return Reply(answer.status, body, kept)

    def rounds(self) -> int:
        """Give the longest chain of requests of which each began only after the one before was answered."""
        depth: list[tuple[float, int]] = []
        for came, answered in sorted(self.spans):
            before = max((number for done, number in depth if done <= came), default=0)
            depth.append((answered, before + 1))
        return max((number for _, number in depth), default=0)


def gate(reference: str, rules: Path) -> list[str]:
    """Give the command line of the whole gate."""
    reports = [text for name in ("amd64", "arm64") for text in ("--report", str(rules.parent / f"1.4.2-{name}.json"))]
    at = ["--at", "2026-11-24T12:00:00Z"]
    host = reference.partition("/")[0]
    return [
        sys.executable,
        "-I",
        "-m",
        "gate",
        "check",
        "--rules",
        str(rules),
        *reports,
        *at,
        "--plain-http",
        host,
        reference,
    ]


def cosign(program: str, reference: str, rules: Path) -> list[str]:
    """Give the command line of the comparison: the signature alone, by tag, without a log."""
    key = str(rules.parent / "keys" / "release.pub")
    return [program, "verify", "--key", key, "--insecure-ignore-tlog", "--allow-http-registry", reference]


@contextmanager
def prepared() -> Iterator[tuple[str, Path]]:
    """Run a registry with the demo in it; give its address and the rule file, outside of any checkout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(DEMO / "keys", folder / "keys")
        for platform in ("amd64", "arm64"):
            shutil.copy(DEMO / "reports" / f"1.4.2-{platform}.json", folder)
        (folder / "gate.yaml").write_text(RULES)
        with anonymous_registry(folder / "registry") as registry:
            push_layout(registry, DEMO / "app", "demo/app")
            yield registry.authority.replace("localhost", "127.0.0.1"), folder / "gate.yaml"


def count(target: str, command: Sequence[str], server: FakeServer, recorder: Recorder) -> str:
    """Run once and give requests and rounds."""
    del server
    recorder.spans.clear()
    sample = measure(command)
    return f"{len(recorder.spans)} requests in {recorder.rounds()} rounds, exit {sample.code} ({target})"


if __name__ == "__main__":
    os.environ["HOME"] = tempfile.mkdtemp()
    program = shutil.which("cosign")
    with prepared() as (authority, rules):
        recorder = Recorder(authority)
        with FakeServer(recorder) as server:
            reference = f"{server.authority}/demo/app:1.4.2"
            print("gate  ", count(reference, gate(reference, rules), server, recorder))
            if program:
                print("cosign", count(reference, cosign(program, reference, rules), server, recorder))
        host, port = authority.split(":")
        with DelayingProxy(host, int(port), ROUND_TRIP) as proxy:
            reference = f"{proxy.authority}/demo/app:1.4.2"
            commands = {"gate check": gate(reference, rules)}
            if program:
                commands["cosign verify"] = cosign(program, reference, rules)
            samples = interleaved(commands, runs=9)
    print(table(samples))
    if program:
        print(ratio_line(samples, "gate check", "cosign verify"))
    else:
        print("cosign is not on PATH: no comparison")
