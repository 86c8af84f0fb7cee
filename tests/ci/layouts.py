"""OCI layouts with one small image whose every text is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST

__all__ = ["layout"]


def layout(folder: Path, labels: Mapping[str, str], *, tag: str = "1.4.2", user: str = "10001") -> None:
    """Write a layout with one image for linux/amd64."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def put(content: bytes, media_type: str, **more: object) -> dict[str, object]:
        digest = Digest.of(content)
        (blobs / digest.hex).write_bytes(content)
        return {"mediaType": media_type, "digest": str(digest), "size": len(content), **more}

    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"User": user, "Labels": dict(labels)},
        "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"layer"))]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": put(json.dumps(config).encode(), OCI_CONFIG),
        "layers": [put(b"layer", "application/vnd.oci.image.layer.v1.tar")],
    }
    entry = put(json.dumps(manifest).encode(), OCI_MANIFEST, annotations={"org.opencontainers.image.ref.name": tag})
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
