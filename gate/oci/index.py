"""An index: manifests by platform (OCI image-spec, image-index.md; Docker calls it a manifest list)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.oci.descriptor import Descriptor

__all__ = ["Index"]


@dataclass(frozen=True, slots=True)
class Index:
    """One index, checked (S11, S13), in the order it was written: no child is keyed by its platform (S9)."""

    media_type: str
    artifact_type: str
    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    subject: Descriptor | None
