"""Where cosign keeps what somebody signed: the older `.sig` tag, and bundles as referrers; both are looked at together.

Shared by every signer of cosign's kinds, so that the places and their bounds are the same whoever signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from gate.attached import Referrers, Storage, TagLayers
from gate.formats import simple_signing
from gate.formats.bundle import MEDIA_TYPE_PREFIX
from gate.signer import Vouching
from gate.sigstore.image import SIGN_PREDICATE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from gate.attached import Attached
    from gate.evidence import Evidence, Need
    from gate.signer import Candidate
    from gate.subject import Subject

__all__ = ["CosignStorage", "attestation_places", "needs", "vouching"]

CosignStorage = Literal["legacy", "bundle"]

#: A payload is about 300 bytes; annotations may make it longer.
_MOST_PAYLOAD_BYTES: Final = 1024 * 1024
#: A bundle that turns out to be an attestation may hold a whole SBOM.
_MOST_BUNDLE_BYTES: Final = 16 * 1024 * 1024

#: In the order in which candidates are judged.
_PLACES: Final[dict[CosignStorage, TagLayers | Referrers]] = {
    "legacy": TagLayers("sig", simple_signing.MEDIA_TYPE, _MOST_PAYLOAD_BYTES),
    "bundle": Referrers(MEDIA_TYPE_PREFIX, _MOST_BUNDLE_BYTES, SIGN_PREDICATE),
}
_ATTESTATIONS: Final[dict[CosignStorage, frozenset[Storage]]] = {
    "legacy": frozenset({Storage.TAG}),
    "bundle": frozenset({Storage.REFERRER, Storage.FALLBACK_TAG}),
}


def needs(storages: Collection[CosignStorage]) -> frozenset[Need]:
    """Give what has to be fetched: the signature tag and the referrers, in one round."""
    return frozenset(_PLACES[storage] for storage in storages)


def vouching(
    storages: Collection[CosignStorage],
    subject: Subject,
    evidence: Evidence,
    candidates: Callable[[Attached], tuple[Candidate, ...]],
) -> Vouching:
    """Give every candidate in these storages as `candidates` judges it, what was not read, and where was looked."""
    found = [place.read(subject, evidence) for storage, place in _PLACES.items() if storage in storages]
    return Vouching(
        tuple(candidate for attached in found for candidate in candidates(attached)),
        tuple(unread for attached in found for unread in attached.unread),
        tuple(look for attached in found for look in attached.looked),
    )


def attestation_places(storages: Collection[CosignStorage]) -> frozenset[Storage]:
    """Give where attestations are looked for: the tag `sha256-….att` is the older storage's."""
    return frozenset(place for storage in storages for place in _ATTESTATIONS[storage])
