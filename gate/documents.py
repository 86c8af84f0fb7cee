"""Why a document that an image consists of could not be read: the reasons behind the codes of `MalformedData`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.finding import Reason

if TYPE_CHECKING:
    from gate.errors import MalformedData

__all__ = [
    "AMBIGUOUS_JSON",
    "MALFORMED_JSON",
    "MEDIA_TYPE_MISMATCH",
    "NOT_AN_IMAGE",
    "SCHEMA1_IMAGE",
    "reason_of",
]

MALFORMED_JSON = Reason(
    "malformed-json",
    "A document of the image is broken",
    "A manifest, index or config is not the JSON document it has to be: cut short, of other types, or too large.",
    "Push the image again with a current builder. If it is intact elsewhere, the registry or a proxy changes it.",
)
AMBIGUOUS_JSON = Reason(
    "ambiguous-json",
    "A document can be read in two ways",
    "It has a key twice, or one that differs from a known key only in upper and lower case. Programs written in Go "
    "take "
    "it for the known key, others do not: the gate would judge one image and the runtime run another.",
    "Nobody's builder writes this. Find out who pushed the image, and build it again.",
)
MEDIA_TYPE_MISMATCH = Reason(
    "media-type-mismatch",
    "The media type and the content of a document do not agree",
    "What the registry or the index says a document is, what it says of itself, and what it looks like have to be "
    "the same "
    "kind of thing. Otherwise one program sees an image where another sees an index (CVE-2021-41190).",
    "Push the image again with a current builder; if that does not help, look for a proxy that changes the "
    "Content-Type.",
)
SCHEMA1_IMAGE = Reason(
    "schema1-image",
    "The image is in Docker's schema 1 format",
    "This format from before 2016 has a digest that does not cover what the registry sends, so nothing about it can be "
    "checked. Docker and containerd no longer run it either.",
    "Build the image again and push it with a current builder.",
)
NOT_AN_IMAGE = Reason(
    "not-an-image",
    "This is not a container image",
    "The reference, or a member of its index, names something else that a registry can hold: a Helm chart, a "
    "signature, an "
    "attestation, a file. Rules about images say nothing about it.",
    "Check the reference. Remove members that are no images from the index and attach them as referrers instead.",
)
_MALFORMED: Final = {
    reason.code: reason for reason in (MALFORMED_JSON, AMBIGUOUS_JSON, MEDIA_TYPE_MISMATCH, SCHEMA1_IMAGE, NOT_AN_IMAGE)
}


def reason_of(error: MalformedData) -> Reason:
    """Give the reason of a document that could not be read; `malformed-json` for codes without one of their own."""
    return _MALFORMED.get(error.code, MALFORMED_JSON)
