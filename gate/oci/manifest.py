"""A manifest: config and layers of one image (OCI image-spec, manifest.md), and the strict reading of both kinds.

Header, body and shape must say the same thing (S13): Go's readers take `Layers` for `layers`, registries and
clients choose by different ones of the three, and what is a manifest to one could be an index to the other
(CVE-2021-41190).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.oci.descriptor import parse_descriptor, read_annotations, read_list, read_text
from gate.oci.index import Index
from gate.oci.media_types import INDEXES, MANIFESTS, OCI_INDEX, OCI_MANIFEST, SCHEMA1
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from gate.oci.descriptor import Descriptor

__all__ = ["MOST_CHILDREN", "MOST_LAYERS", "Manifest", "parse_manifest"]

#: Above any index seen; cosign's fallback indexes grow by one for every signature.
MOST_CHILDREN: Final = 5000
#: overlayfs and Docker stop at 127; an artifact may hold more blobs.
MOST_LAYERS: Final = 1000

_KEYS: Final = frozenset(
    {
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
        "fsLayers", "history", "signatures", "name", "tag", "architecture",
    }
)  # fmt: skip
#: What proxies and old registries send when they do not know; the body decides.
_USELESS: Final = frozenset({"", "application/json", "application/octet-stream", "text/plain"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest, checked (S11, S13). Layers stand in the order in which they are applied."""

    media_type: str
    artifact_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    subject: Descriptor | None


def parse_manifest(content: bytes, media_type: str = "") -> Manifest | Index:
    """Read a manifest or index.

    `media_type` is what the transport or a descriptor said, parameters included; "" if nothing. Raises
    `MalformedData` with code `malformed-json`, `ambiguous-json`, `media-type-mismatch`, `schema1-image`,
    `not-an-image` or `limit-reached`.
    """
    told = media_type.partition(";")[0].strip().lower()
    if told in SCHEMA1:
        raise _schema1()
    if told == "text/html":
        msg = "the answer is an HTML page, not a manifest: is this host a registry?"
        raise MalformedData(msg, "not-an-image")
    members = parse_object(content, "the manifest", _KEYS)
    if members.get("schemaVersion") == 1 or "fsLayers" in members:
        raise _schema1()
    if members.get("schemaVersion") != 2 or isinstance(members["schemaVersion"], float):  # noqa: PLR2004 -- manifest.md
        msg = "the manifest has no schemaVersion 2"
        raise MalformedData(msg, "not-an-image")
    return _index(members, told) if _is_index(members) else _manifest(members, told)


def _schema1() -> MalformedData:
    msg = (
        "the image is in Docker's schema 1 format, whose digest does not cover what a registry sends: "
        "it cannot be checked; build and push it again with a current builder"
    )
    return MalformedData(msg, "schema1-image")


def _is_index(members: dict[str, object]) -> bool:
    """Decide by shape alone: an index has `manifests`, a manifest `config` and `layers`, none has both."""
    if "manifests" in members:
        if "layers" in members or "config" in members:
            msg = "the manifest has both manifests and layers (or config): some readers see an index, others an image"
            raise MalformedData(msg, "media-type-mismatch")
        return True
    if "config" not in members:
        msg = "the document has neither manifests nor a config: it is no image manifest and no index"
        raise MalformedData(msg, "not-an-image")
    return False


def _media_type(members: dict[str, object], told: str, allowed: frozenset[str], default: str) -> str:
    said = read_text(members, "mediaType", "the manifest", default="")
    for where, media_type in (("its mediaType", said), ("its content type", "" if told in _USELESS else told)):
        if media_type and media_type not in allowed:
            kind = "an index" if allowed is INDEXES else "a manifest"
            msg = f"the document has the shape of {kind}, but {where} is {media_type[:80]!r}"
            raise MalformedData(msg, "media-type-mismatch")
    if said and told not in _USELESS and said != told:
        msg = f"the manifest says it is {said!r}, it was handed on as {told[:80]!r}"
        raise MalformedData(msg, "media-type-mismatch")
    return said or (told if told not in _USELESS else default)


def _subject(members: dict[str, object]) -> Descriptor | None:
    value = members.get("subject")
    return None if value is None else parse_descriptor(value, "the manifest's subject")


def _index(members: dict[str, object], told: str) -> Index:
    media_type = _media_type(members, told, INDEXES, OCI_INDEX)
    # null is Go's empty list (docker save 25.0, moby/moby#47210): an index without members, which never passes.
    children = read_list(members, "manifests", "the index", MOST_CHILDREN)
    return Index(
        media_type,
        read_text(members, "artifactType", "the index", default=""),
        tuple(parse_descriptor(child, f"manifests[{place}] of the index") for place, child in enumerate(children)),
        read_annotations(members, "the index"),
        _subject(members),
    )


def _manifest(members: dict[str, object], told: str) -> Manifest:
    media_type = _media_type(members, told, MANIFESTS, OCI_MANIFEST)
    layers = read_list(members, "layers", "the manifest", MOST_LAYERS)
    if not isinstance(members.get("layers"), list):
        msg = "the manifest has no list of layers"
        raise MalformedData(msg, "malformed-json")
    return Manifest(
        media_type,
        read_text(members, "artifactType", "the manifest", default=""),
        parse_descriptor(members["config"], "the manifest's config"),
        tuple(parse_descriptor(layer, f"layers[{place}] of the manifest") for place, layer in enumerate(layers)),
        read_annotations(members, "the manifest"),
        _subject(members),
    )
