"""The base image that an image claims to be built on, and whether it is.

The claim stands in the labels or annotations `org.opencontainers.image.base.name` and `….base.digest` (image-spec,
annotations.md); whoever builds the image writes it. It is proven where the base was read by that digest and its diff
ids are the first of the image's own: a runtime refuses an image whose layers have others. A claim alone can violate a
rule, never satisfy one (S14). Only repositories that the rule names are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gate.errors import InvalidReference, MalformedData
from gate.evidence import Absent, Ask, Found, Kind
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import parse_manifest
from gate.oci.reference import Reference
from gate.platforms import PlatformsNeed, find_images
from gate.printable import clip
from gate.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.evidence import Evidence, Look
    from gate.formats.repository_name import RepositoryGlob
    from gate.subject import Image

__all__ = ["BASE_DIGEST", "BASE_NAME", "Base", "BaseNeed", "Claim", "NoBase", "Why", "claim_of", "find_base"]

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"
_MOST_SHOWN: Final = 140


class Why(Enum):
    """Why there is no base that could be relied on."""

    UNCLAIMED = "the image does not say what it is built on"
    DISPUTED = "labels and annotations say different things about the base"
    MALFORMED = "what the image says about its base is no image reference with a digest"
    ELSEWHERE = "the base is none that the rule names"
    UNREAD = "the base could not be read"
    NOT_IT = "the image is not built on what it claims"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an image says: the base's name as written, its normalised repository, its digest."""

    name: str
    repository: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Base:
    """The base, proven by its diff ids, and its image for the platform."""

    claim: Claim
    image: Image


@dataclass(frozen=True, slots=True)
class NoBase:
    """Why there is none, with details for people."""

    why: Why
    detail: str
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class BaseNeed:
    """The base of each platform, as far as it lies in one of these repositories."""

    repositories: tuple[RepositoryGlob, ...]

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next: the image's own configs, the base by its digest, its config."""
        own = PlatformsNeed(configs=True).missing(subject, have)
        if own:
            return own
        asks: set[Ask] = set()
        for image in find_images(subject, have, configs=True).images:
            claim = claim_of(subject, image)
            if not isinstance(claim, Claim) or not _is_named(claim, self.repositories):
                continue
            ask = _ask(claim)
            if ask not in have:
                asks.add(ask)
            elif isinstance(fact := have[ask], Found):
                asks |= PlatformsNeed(configs=True).missing(_subject(claim, fact), have)
        return frozenset(one for one in asks if one not in have)


def find_base(
    subject: Subject, image: Image, repositories: tuple[RepositoryGlob, ...], have: Evidence
) -> Base | NoBase:
    """Give the base of one platform's image, proven, or why there is none."""
    claim = claim_of(subject, image)
    if isinstance(claim, NoBase):
        return claim
    if not _is_named(claim, repositories):
        return NoBase(Why.ELSEWHERE, f"it says that it is built on {clip(claim.name, _MOST_SHOWN)}")
    ask = _ask(claim)
    if ask not in have:
        return NoBase(Why.UNREAD, f"{claim.repository}@{claim.digest} was not asked for")
    fact = have[ask]
    if not isinstance(fact, Found):
        detail = fact.look.status if isinstance(fact, Absent) else fact.detail
        return NoBase(Why.UNREAD, f"{claim.repository}@{claim.digest}: {detail}", fact.look)
    images = find_images(_subject(claim, fact), have, configs=True)
    mine = next((one for one in images.images if one.platform == image.platform), None)
    if mine is None or mine.config is None:
        if images.undecided:
            return NoBase(Why.UNREAD, images.undecided[0].what, images.undecided[0].look)
        return NoBase(Why.NOT_IT, f"{claim.repository}@{claim.digest.short} is not there for {image.platform}")
    under, own = mine.config.diff_ids, image.config.diff_ids if image.config is not None else ()
    if not under or own[: len(under)] != under:
        return NoBase(Why.NOT_IT, f"its first layers are not those of {claim.repository}@{claim.digest.short}")
    return Base(claim, mine)


def claim_of(subject: Subject, image: Image) -> Claim | NoBase:
    """Give what the image says about its base, in labels and in annotations of manifest and index."""
    found: dict[str, set[str]] = {BASE_NAME: set(), BASE_DIGEST: set()}
    for place in _places(subject, image):
        for key, values in found.items():
            if key in place:
                values.add(place[key])
    names, digests = found[BASE_NAME], found[BASE_DIGEST]
    if not names:
        return NoBase(Why.UNCLAIMED, f"there is no {BASE_NAME}")
    if len(names) > 1 or len(digests) > 1:
        values_said = ", ".join(clip(value, _MOST_SHOWN) for value in sorted(names if len(names) > 1 else digests))
        return NoBase(Why.DISPUTED, values_said)
    [name] = names
    try:
        reference = Reference.parse(name)
        said = Digest.parse(digests.pop()) if digests else None
    except InvalidReference as error:
        return NoBase(Why.MALFORMED, str(error))
    digest = reference.digest or said
    if said is not None and said != digest:
        return NoBase(Why.DISPUTED, f"{clip(name, _MOST_SHOWN)}, and {BASE_DIGEST} is {said}")
    if digest is None:
        return NoBase(Why.MALFORMED, f"{clip(name, _MOST_SHOWN)} without {BASE_DIGEST}")
    return Claim(name, str(reference.repository), digest)


def _places(subject: Subject, image: Image) -> tuple[Mapping[str, str], ...]:
    index = _index(subject.content, subject.media_type)
    member = next((one for one in index.manifests if one.digest == image.digest), None) if index is not None else None
    return (
        image.config.labels if image.config is not None else {},
        image.manifest.annotations if image.manifest is not None else {},
        index.annotations if index is not None else {},
        member.annotations if member is not None else {},
    )


@lru_cache(maxsize=2)
def _index(content: bytes, media_type: str) -> Index | None:
    try:
        document = parse_manifest(content, media_type)
    except MalformedData:
        return None
    return document if isinstance(document, Index) else None


def _is_named(claim: Claim, repositories: tuple[RepositoryGlob, ...]) -> bool:
    return any(glob.matches(claim.repository) for glob in repositories)


def _ask(claim: Claim) -> Ask:
    return Ask(claim.repository, Kind.MANIFEST, str(claim.digest))


def _subject(claim: Claim, fact: Found) -> Subject:
    place = claim.repository
    return Subject(claim.name, place, place, "", claim.digest, fact.media_type, fact.content)
