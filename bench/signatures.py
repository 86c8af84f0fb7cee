"""What verifying costs: one signature by a key and by an identity, and many on one image.

    .venv/bin/python bench/signatures.py

Signatures are made by the tests' own Sigstore. The parse of trust material is counted once, as in a run. Beyond what is
read of one image (100 candidates of a kind) nothing is verified at all: the last lines show that it ends at once.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cryptography import x509

from gate.attached import MOST_CANDIDATES
from gate.evidence import Evidence
from gate.pattern import Glob
from gate.signer import Counts, Signer
from gate.signers.cosign_key import CosignKey
from gate.signers.github_workflow import GithubWorkflow
from gate.subject import Subject
from tests.signers import forge
from tests.signers.world import World, image, key_file, packed
from tests.world.sigstore import AT, Sigstore

ROUNDS = 20
SUBJECT = image()
SIGSTORE = Sigstore()
STATEMENT = packed(forge.statement(SUBJECT))
ROOT = key_file(packed(SIGSTORE.trusted_root()), "root.json")

BY_KEY = CosignKey(key=key_file(forge.key().public_pem), log="none", any_image=True)
BY_IDENTITY = GithubWorkflow(
    trusted_root=ROOT, repository="acme/app", workflow="release.yml", ref=Glob("refs/tags/*"), any_image=True
)


def by_key(number: int) -> bytes:
    """Sign with the key."""
    return packed(forge.bundle(forge.key(), STATEMENT)) + b" " * number


def by_identity(generation: int) -> Callable[[int], bytes]:
    """Sign with a certificate, logged by Rekor of a generation."""
    leaf = SIGSTORE.leaf()
    return lambda number: packed(SIGSTORE.bundle(STATEMENT, leaf=leaf, generation=generation)) + b" " * number


def stranger(number: int) -> bytes:
    """Sign as somebody else: every candidate is verified, and none counts."""
    san = x509.UniformResourceIdentifier(f"https://github.com/evil/app/.github/workflows/x.yml@refs/tags/v{number}")
    return packed(SIGSTORE.bundle(STATEMENT, cert={"sans": [san]}))


def evidence(who: Signer, make: Callable[[int], bytes], count: int) -> Evidence:
    """Attach that many signatures to the image, and collect them."""
    world = World()
    for number in range(count):
        forge.put_referrer(world, SUBJECT, make(number))
    return world.gather(who.needs(SUBJECT), SUBJECT)


def took(who: Signer, subject: Subject, have: Evidence) -> tuple[float, int]:
    """Give the median milliseconds of judging, and how many signatures count."""
    times, counted = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        vouching = who.verify(subject, have, AT)
        times.append(time.perf_counter() - started)
        counted = sum(isinstance(one.result, Counts) for one in vouching.candidates)
    return statistics.median(times) * 1000, counted


def main() -> None:
    """Print one line for each case."""
    kinds: dict[str, tuple[Signer, Callable[[int], bytes]]] = {
        "key": (BY_KEY, by_key),
        "identity, Rekor v1": (BY_IDENTITY, by_identity(1)),
        "identity, Rekor v2 and timestamp": (BY_IDENTITY, by_identity(2)),
        "another identity": (BY_IDENTITY, stranger),
    }
    print(f"{'signatures on one image':34} {'count':>6} {'counted':>8} {'ms in all':>10} {'ms each':>8}")
    for name, (who, make) in kinds.items():
        for count in (1, 10, 100, 1000):
            milliseconds, counted = took(who, SUBJECT, evidence(who, make, count))
            each = f"{milliseconds / count:8.3f}" if count <= MOST_CANDIDATES else "not read"
            print(f"{name:34} {count:6} {counted:8} {milliseconds:10.2f} {each:>8}")


if __name__ == "__main__":
    main()
