"""Documents of images as JSON values, to be bent by tests."""

from __future__ import annotations

import json
from typing import Any

from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def packed(value: object) -> bytes:
    """Give compact JSON bytes."""
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(content: bytes = b"x", media_type: str = LAYER, **more: object) -> dict[str, Any]:
    """Give a true descriptor of `content`; `more` are members as in JSON."""
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **more}


def config(**more: object) -> dict[str, Any]:
    """Give an image config for linux/amd64 with one layer."""
    value = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"User": "10001", "Env": ["PATH=/bin"], "Labels": {"version": "1.4.2"}},
        "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"layer"))]},
    }
    return {key: item for key, item in {**value, **more}.items() if item is not ...}


def manifest(of_config: bytes | None = None, **more: object) -> dict[str, Any]:
    """Give a manifest of that config with one layer; a member given as `...` is left out."""
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(of_config or packed(config()), OCI_CONFIG),
        "layers": [descriptor(b"layer")],
    }
    return {key: item for key, item in {**value, **more}.items() if item is not ...}


def index(*children: object, **more: object) -> dict[str, Any]:
    """Give an index of these descriptors; a member given as `...` is left out."""
    value = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children)}
    return {key: item for key, item in {**value, **more}.items() if item is not ...}
