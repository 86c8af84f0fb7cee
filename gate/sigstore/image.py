"""Whether what somebody signed is about this image: its digest, its name, the annotations that are asked for.

Reasons are in the words that all of cosign's signers share. Nothing here looks at who signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gate import refusals
from gate.errors import InvalidReference, MalformedData
from gate.formats.statement import Agreement, StatementSubject
from gate.oci.reference import Reference
from gate.signer import Refused, Unchecked

if TYPE_CHECKING:
    from gate.pattern import Glob
    from gate.subject import Subject

__all__ = ["SIGN_PREDICATE", "attestation", "clipped", "find_subject", "lacks", "other_name", "unreadable"]

#: What `cosign sign` says in a bundle (cosign, `pkg/types/predicate.go`).
SIGN_PREDICATE: Final = "https://sigstore.dev/cosign/sign/v1"
#: Untrusted text in one sentence.
_MOST_TEXT: Final = 200


def find_subject(subjects: tuple[StatementSubject, ...], image: Subject) -> StatementSubject | Refused:
    """Give the subject of a statement that is this image (S12), or why none is."""
    agreements = [(subject.agrees(image.content), subject) for subject in subjects]
    if any(agreement is Agreement.CONTRADICTS_ITSELF for agreement, _ in agreements):
        return Refused(refusals.CONTRADICTS, f"one of its digests is of {image.digest}, another is not")
    for agreement, subject in agreements:
        if agreement is Agreement.AGREES:
            return subject
    named = ", ".join(f"{name}:{digits}" for name, digits in subjects[0].digests.items())
    return Refused(refusals.OTHER_IMAGE, f"it is for {clipped(named)}, this image is {image.digest}")


def other_name(name: str, images: tuple[Glob, ...], image: Subject) -> Refused | None:
    """Refuse a signature made under a name that a signer may not vouch for, or that is not this image's (S16)."""
    try:
        reference = Reference.parse(name)
    except InvalidReference as error:
        return Refused(refusals.OTHER_NAME, f"it names {clipped(name)}, which is no image: {error}")
    repository = str(reference.repository)
    if not any(glob.matches(repository) for glob in images):
        allowed = ", ".join(str(glob) for glob in images)
        return Refused(refusals.OTHER_NAME, f"it was signed as {clipped(name)}; this signer may vouch for {allowed}")
    if image.repository and repository != image.repository:
        return Refused(refusals.OTHER_NAME, f"it was signed as {clipped(name)}; this image is {image.repository}")
    tag = reference.tag if ":" in name.rpartition("/")[2].partition("@")[0] else ""
    if tag and image.tag and tag != image.tag:
        return Refused(refusals.OTHER_NAME, f"it was signed as {clipped(name)}; this image's tag is {image.tag}")
    return None


def lacks(asked: Mapping[str, str], annotations: Mapping[str, object]) -> Refused | None:
    """Refuse a signature that does not hold the annotations; anything but equal text differs."""
    for key, wanted in asked.items():
        have = annotations.get(key)
        if have != wanted:
            said = f"has {clipped(key)}={clipped(str(have))}" if key in annotations else f"has no {clipped(key)}"
            told = f"it {said}; {clipped(key)}={clipped(wanted)} is asked for"
            return Refused(refusals.ANNOTATIONS, told)
    return None


def attestation(predicate_type: str) -> Refused:
    """Say that an attestation is no signature (S20)."""
    return Refused(refusals.ATTESTATION, f"it is an attestation of the type {clipped(predicate_type)}")


def unreadable(error: MalformedData) -> Refused | Unchecked:
    """Say that a signature cannot be read, or that another reader could read it in another way."""
    if error.code == "ambiguous-json":
        return Unchecked(refusals.AMBIGUOUS, str(error))
    if error.code == "bundle-version":
        return Unchecked(refusals.NEWER_BUNDLE, str(error))
    return Refused(refusals.MALFORMED, str(error))


def clipped(text: str) -> str:
    """Cut untrusted text for one sentence."""
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
