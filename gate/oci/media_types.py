"""The media types that images and what hangs on them are made of (OCI image-spec, media-types.md; Docker's own)."""

from __future__ import annotations

from typing import Final

__all__ = [
    "CONFIGS",
    "DOCKER_CONFIG",
    "DOCKER_INDEX",
    "DOCKER_MANIFEST",
    "EMPTY",
    "INDEXES",
    "IN_TOTO",
    "LAYERS",
    "MANIFESTS",
    "OCI_CONFIG",
    "OCI_INDEX",
    "OCI_MANIFEST",
    "SCHEMA1",
    "is_encrypted",
    "is_foreign",
]

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
EMPTY: Final = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
IN_TOTO: Final = "application/vnd.in-toto+json"

MANIFESTS: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES: Final = frozenset({OCI_INDEX, DOCKER_INDEX})
CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})

#: Docker's first format; its digest leaves out the signatures, so it cannot be checked by hashing.
SCHEMA1: Final = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

_OCI_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_OCI_FOREIGN: Final = "application/vnd.oci.image.layer.nondistributable.v1.tar"
_DOCKER_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"
_DOCKER_FOREIGN: Final = "application/vnd.docker.image.rootfs.foreign.diff.tar"

#: Layers whose content comes with the image and that every scanner reads.
LAYERS: Final = frozenset(
    {
        _OCI_LAYER, f"{_OCI_LAYER}+gzip", f"{_OCI_LAYER}+zstd",
        _DOCKER_LAYER, f"{_DOCKER_LAYER}.gzip", f"{_DOCKER_LAYER}.zstd",
    }
)  # fmt: skip


def is_foreign(media_type: str) -> bool:
    """Tell whether a layer's content lies elsewhere (image-spec, layer.md, "Non-Distributable Layers")."""
    return media_type.startswith((_OCI_FOREIGN, _DOCKER_FOREIGN))


def is_encrypted(media_type: str) -> bool:
    """Tell whether a layer can be read only with a key (containers/ocicrypt)."""
    return media_type.endswith("+encrypted")
