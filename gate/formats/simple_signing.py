"""Simple signing payloads: what cosign signs in its older storage.

Format: containers/image `docs/atomic-signature.md`, as sigstore `pkg/signature/payload/payload.go` writes it.
Everything under `critical` has to be understood by who accepts the signature, so an unknown key there is
refused. A payload is data until its signature was verified; read it from the verified bytes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gate.errors import InvalidReference, MalformedData
from gate.oci.descriptor import read_object, read_text
from gate.oci.digest import Digest
from gate.strict_json import parse_strict

__all__ = ["COSIGN_TYPE", "MEDIA_TYPE", "Payload", "parse_payload"]

#: `critical.type` of cosign; another program's payload is not a cosign signature (S20).
COSIGN_TYPE: Final = "cosign container image signature"
#: The media type of the layer that holds a payload (cosign, `pkg/types/media.go`).
MEDIA_TYPE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"

_KEYS: Final = frozenset({"critical", "optional"})
_CRITICAL_KEYS: Final = frozenset({"identity", "image", "type"})
_IDENTITY_KEYS: Final = frozenset({"docker-reference"})
_IMAGE_KEYS: Final = frozenset({"docker-manifest-digest"})


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload. `reference` is the name the image had when it was signed, as written.

    `optional` are the signer's own annotations, whatever JSON they are.
    """

    reference: str
    digest: Digest
    type: str
    optional: Mapping[str, object]


def parse_payload(content: bytes, what: str) -> Payload:
    """Read a payload from verified bytes; raises `MalformedData`. The type is kept, not judged."""
    members = read_object(parse_strict(content, what), what, _KEYS)
    critical = _closed(members.get("critical"), f"{what}, critical", _CRITICAL_KEYS)
    identity = _closed(critical.get("identity"), f"{what}, critical.identity", _IDENTITY_KEYS)
    image = _closed(critical.get("image"), f"{what}, critical.image", _IMAGE_KEYS)
    optional = members.get("optional")
    text = read_text(image, "docker-manifest-digest", f"{what}, critical.image")
    try:
        digest = Digest.parse(text)
    except InvalidReference as error:
        msg = f"{what}, docker-manifest-digest: {error}"
        raise MalformedData(msg, "malformed-json") from error
    return Payload(
        read_text(identity, "docker-reference", f"{what}, critical.identity"),
        digest,
        read_text(critical, "type", f"{what}, critical"),
        {} if optional is None else read_object(optional, f"{what}, optional", frozenset()),
    )


def _closed(value: object, what: str, known: frozenset[str]) -> dict[str, object]:
    members = read_object(value, what, known)
    unknown = sorted(members.keys() - known)
    if unknown:
        msg = f"{what} has the key {unknown[0][:80]!r}; what is critical has to be understood, and it is not known"
        raise MalformedData(msg, "malformed-json")
    return members
