"""What hangs on an image as a signature, opened: the signature, what it is over, and what came to prove it.

The three forms of cosign: a bundle, an envelope at the tag `….att`, a payload at the tag `….sig`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate import refusals
from gate.formats.bundle import MessageSignature, bundle_version, parse_bundle
from gate.formats.dsse import ENVELOPE_TYPE, decode_signature, read_envelope
from gate.formats.material import Proofs, read_annotations, read_bundle
from gate.sigstore.proof import Target, Unproven
from gate.strict_json import parse_strict

if TYPE_CHECKING:
    from gate.attached import Parcel

__all__ = ["SIGNATURE", "open_parcel"]

#: Where the older storage keeps the signature (cosign, `pkg/oci/internal/signature/layer.go`).
SIGNATURE: Final = "dev.cosignproject.cosign/signature"


def open_parcel(parcel: Parcel) -> tuple[Target, Proofs]:
    """Open one of the forms; raises `MalformedData`, or `Unproven` for a bundle that signs no statement."""
    annotations, media_type = parcel.layer.annotations, parcel.layer.media_type
    if bundle_version(media_type) is not None:
        bundle = parse_bundle(parcel.content, "the bundle")
        if bundle_version(media_type) != bundle.version:
            told = f"its media type is {media_type}, the bundle inside is of version {bundle.version}"
            raise Unproven(refusals.MALFORMED, told)
        if isinstance(bundle.content, MessageSignature):
            raise Unproven(refusals.MESSAGE_SIGNATURE, "it is a message signature, without a statement")
        target = Target(bundle.content.signature, bundle.content.signed, bundle.content)
        return target, read_bundle(bundle, "the bundle")
    if media_type == ENVELOPE_TYPE:
        envelope = read_envelope(parse_strict(parcel.content, "the envelope"), "the envelope")
        target = Target(envelope.signature, envelope.signed, envelope, parcel.content)
        return target, read_annotations(annotations, "the envelope")
    signature = decode_signature(annotations.get(SIGNATURE, ""), "the signature annotation")
    return Target(signature, parcel.content), read_annotations(annotations, "the signature")
