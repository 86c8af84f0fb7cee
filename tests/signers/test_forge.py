"""The generator of negatives makes right signatures when nothing is changed: openssl says so."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.signers import forge
from tests.signers.world import World, image

pytestmark = pytest.mark.server("openssl")


def _openssl_verifies(tmp_path: Path, public: bytes, signature: bytes, message: bytes) -> bool:
    program = shutil.which("openssl")
    assert program is not None
    for name, content in (("key", public), ("signature", signature), ("message", message)):
        (tmp_path / name).write_bytes(content)
    result = subprocess.run(
        [program, "dgst", "-sha256", "-verify", "key", "-signature", "signature", "message"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    return result.returncode == 0


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_legacy_signature_satisfies_openssl(tmp_path: Path, kind: str) -> None:
    """The annotation is a signature over the payload blob, which names the digest."""
    world, subject, key = World(), image(), forge.key(kind=kind)
    forge.legacy(world, subject, key)
    manifest: dict[str, Any] = json.loads(world.manifests[f"sha256-{subject.digest.hex}.sig"][0])
    (layer,) = manifest["layers"]
    payload = world.blobs[layer["digest"]]
    signature = base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"])
    assert _openssl_verifies(tmp_path, key.public_pem, signature, payload)
    assert not _openssl_verifies(tmp_path, key.public_pem, signature, payload + b" ")
    assert json.loads(payload)["critical"]["image"]["docker-manifest-digest"] == str(subject.digest)


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_bundle_satisfies_openssl(tmp_path: Path, kind: str) -> None:
    """The signature is over the pre-authentication encoding, built here by hand."""
    world, subject, key = World(), image(), forge.key(kind=kind)
    manifest = json.loads(world.manifests[forge.attach(world, subject, key)][0])
    bundle: dict[str, Any] = json.loads(world.blobs[manifest["layers"][0]["digest"]])
    envelope = bundle["dsseEnvelope"]
    payload = base64.b64decode(envelope["payload"])
    message = b"DSSEv1 28 application/vnd.in-toto+json " + str(len(payload)).encode() + b" " + payload
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    assert _openssl_verifies(tmp_path, key.public_pem, signature, message)
    assert not _openssl_verifies(tmp_path, forge.key("other", kind).public_pem, signature, message)
    assert json.loads(payload)["subject"][0]["digest"] == {"sha256": subject.digest.hex}
