"""Which images a subject consists of: every member of an index, each by its own digest (S9).

The rules, cited in the code by number:

1. A child that is an index is opened, at most three indexes deep, each index once.
2. A child is an attestation only if (a) its platform is exactly unknown/unknown, (b) it is annotated so, (c) the digest
   it refers to is a sibling that is an image, and (d) it has layers and all of them are in-toto statements.
3. Every other child is a platform and is judged. Nothing is keyed by platform, so no child hides another.
4. A platform that is missing, unknown, there twice, or contradicted by the config leaves the verdict undetermined,
   and so does a child of unknown kind, one that could not be read, and an index without any platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gate.documents import MALFORMED_JSON, MEDIA_TYPE_MISMATCH, NOT_AN_IMAGE, reason_of
from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Found, Kind, Unavailable
from gate.finding import Note, Reason, Undecided
from gate.oci.config import parse_config
from gate.oci.index import Index
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import CONFIGS, IN_TOTO, INDEXES, MANIFESTS
from gate.oci.platform import UNKNOWN
from gate.subject import Image

if TYPE_CHECKING:
    from gate.evidence import Evidence, Fact, Look
    from gate.oci.config import Config
    from gate.oci.descriptor import Descriptor
    from gate.oci.digest import Digest
    from gate.oci.platform import Platform
    from gate.subject import Subject

__all__ = ["ARCHIVE_OWN", "Images", "PlatformsNeed", "find_images"]

#: Indexes inside each other, the subject included; builders write one, registries' tools at most two.
MOST_NESTING: Final = 3
#: Children of all indexes together: the largest official images have about 40, attestations included.
MOST_MEMBERS: Final = 500
#: Of one config: honest ones have some kilobytes, those with every build step written out some hundred.
MOST_CONFIG_BYTES: Final = 4 * 1024 * 1024

#: Annotation of a manifest that was made for an archive without one (gate.sources.docker_archive).
ARCHIVE_OWN: Final = "image-gate.archive-own-digest"
_ARCHIVE: Final = "docker-archive:"

_REFERENCE_TYPE: Final = "vnd.docker.reference.type"
_REFERENCE_DIGEST: Final = "vnd.docker.reference.digest"
_USELESS: Final = frozenset({"", "application/json", "application/octet-stream", "text/plain"})

PLATFORM_MISSING = Reason(
    "platform-missing",
    "An image does not say which platform it is for",
    "An index lists one image per platform, and an image alone says in its config what it runs on. This one names "
    "nothing, or unknown/unknown without being an attestation beside its image as BuildKit writes them: nobody knows "
    "what would run it, or it is no image to run at all.",
    "Build it again with a tool that writes platforms (docker buildx build, crane index append), or remove the member. "
    "If this is an attestation, name the image that it is about.",
)
PLATFORM_DUPLICATE = Reason(
    "platform-duplicate",
    "Two members of the image index are for the same platform, or one is there twice",
    "Some programs take the first of two members for one platform, others the last: which image would run is not "
    "known, "
    "and a bad one could stand beside a good one.",
    "Leave exactly one member per platform in the index. Windows images may differ by os.version.",
)
PLATFORM_CONTRADICTION = Reason(
    "platform-contradiction",
    "The index and the image config name different platforms",
    "The index says that a member is for one platform, the member's own config says another. What runs depends on "
    "which "
    "of the two a program believes.",
    "Build the image again for the platform it is listed under, or correct the index.",
)
NO_PLATFORMS = Reason(
    "no-platforms",
    "There is no image in the index",
    "The reference names an index that lists no image, or only attestations. There is nothing to judge, and nothing is "
    "no reason to pass.",
    "Check that the build pushed its images and that the reference names the image, not something that hangs on it.",
)
NESTED_TOO_DEEP = Reason(
    "nested-too-deep",
    "Indexes stand inside each other too deep, or in a circle",
    "An index may list other indexes. The gate follows three levels; past that, or where one index is reached twice, "
    "not "
    "every image is known.",
    "Push one flat index that lists the images themselves.",
)
TOO_MANY_MEMBERS = Reason(
    "too-many-members",
    "The image index lists more members than the gate reads",
    f"At most {MOST_MEMBERS} members are read, far more than any known image has. The ones past that could be "
    f"anything.",
    "Push an index with fewer members.",
)
PLATFORM_UNREAD = Reason(
    "platform-unread",
    "A part of the image could not be read",
    "A manifest or config that the image consists of was not answered, is larger than any honest one, or the registry "
    "does not have it. What is in it is not known.",
    "Look at the answer that is quoted. If the part is missing, push the image again; if the registry refused or was "
    "slow, "
    "check the credentials and run again.",
)


#: Every round and every rule walks through the same documents.
_KEPT: Final = 128


@lru_cache(_KEPT)
def _config_or_error(content: bytes) -> Config | MalformedData:
    try:
        return parse_config(content)
    except MalformedData as error:
        return MalformedData(str(error), error.code)  # without the frames, which hold the whole document


@lru_cache(_KEPT)
def _document_or_error(content: bytes, media_type: str) -> Manifest | Index | MalformedData:
    try:
        return parse_manifest(content, media_type)
    except MalformedData as error:
        return MalformedData(str(error), error.code)


@dataclass(frozen=True, slots=True)
class Images:
    """What a subject consists of. Anything in `undecided` stands in the way of a verdict."""

    images: tuple[Image, ...]
    undecided: tuple[Undecided, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatformsNeed:
    """What has to be fetched to know the images of a subject.

    Without `configs`: nested indexes, members that claim to be attestations, and the config of a subject that is
    no index (there its platform stands, and it is asked for beside the first other questions). With `configs`, the
    manifest and config of every image.
    """

    configs: bool

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next; empty when `find_images` has all it reads."""
        walk = _Walk(subject, have, configs=self.configs)
        walk.subject()
        return frozenset(walk.asks)


def find_images(subject: Subject, evidence: Evidence, *, configs: bool) -> Images:
    """Find every image of the subject (S9), in the order of the index.

    With `configs`, every image given has its manifest and config; one that could not be read is not among the images
    but is `undecided`. Raises `NotAsked` if the evidence was collected without `PlatformsNeed` (our bug).
    """
    walk = _Walk(subject, evidence, configs=configs)
    walk.subject()
    for ask in sorted(walk.asks):
        evidence[ask]  # raises NotAsked
    walk.duplicates()
    if not walk.images and not walk.undecided:
        walk.stop(NO_PLATFORMS, f"the index {subject.digest} lists no image")
    return Images(tuple(walk.images), tuple(walk.undecided), walk.notes())


class _Walk:
    """One walk through a subject: says what it lacks (`asks`) and what it found."""

    def __init__(self, subject: Subject, evidence: Evidence, *, configs: bool) -> None:
        self._subject = subject
        self._evidence = evidence
        self._configs = configs
        self._opened: set[Digest] = {subject.digest}
        self._members = 0
        self._attestations = 0
        self._own_digest = False
        self.asks: set[Ask] = set()
        self.images: list[Image] = []
        self.undecided: list[Undecided] = []

    def subject(self) -> None:
        """Start at the subject's own bytes."""
        name = f"the subject {self._subject.digest}"
        document = _document_or_error(self._subject.content, self._subject.media_type)
        if isinstance(document, MalformedData):
            self.stop(reason_of(document), f"{name}: {document}")
            return
        if isinstance(document, Index):
            self._index(document, 1)
            return
        self._own_digest = ARCHIVE_OWN in document.annotations and self._subject.place.startswith(_ARCHIVE)
        if (config := self._config(document, name)) is not None:
            if _is_unnamed(config.platform):
                self.stop(PLATFORM_MISSING, f"{name}: its config names {config.platform}")
            self.images.append(Image(config.platform, self._subject.digest, document, config))

    def stop(self, reason: Reason, what: str, look: Look | None = None) -> None:
        """Note what stands in the way of a verdict."""
        self.undecided.append(Undecided(reason, what, reason.remedy, look))

    def notes(self) -> tuple[Note, ...]:
        """Say what was left out on purpose, and what the digest is worth."""
        notes = []
        if self._own_digest:
            notes.append(
                Note(
                    "the archive holds no manifest: the digest is the archive's own, no registry knows it, and no "
                    "signature is over it",
                    headline=True,
                )
            )
        if self._attestations:
            notes.append(
                Note(
                    f"{self._attestations} attestation manifests of BuildKit stand in the index: they are no "
                    "platforms, and nothing in them counts unless it is signed"
                )
            )
        return tuple(notes)

    def duplicates(self) -> None:
        """Rule 4: no platform twice, no manifest twice."""
        platforms: dict[Platform, Digest] = {}
        digests: dict[Digest, Platform] = {}
        for image in self.images:
            if image.platform in platforms:
                first = platforms[image.platform]
                self.stop(PLATFORM_DUPLICATE, f"{image.platform} is there twice: {first} and {image.digest}")
            elif image.digest in digests:
                first_platform = digests[image.digest]
                self.stop(PLATFORM_DUPLICATE, f"{image.digest} is listed for {first_platform} and for {image.platform}")
            platforms.setdefault(image.platform, image.digest)
            digests.setdefault(image.digest, image.platform)

    def _index(self, index: Index, depth: int) -> None:
        """Rules 1 to 3, in the order of the index."""
        for child in index.manifests:
            self._members += 1
            if self._members > MOST_MEMBERS:
                if self._members == MOST_MEMBERS + 1:
                    self.stop(
                        TOO_MANY_MEMBERS, f"the index {self._subject.digest} has more than {MOST_MEMBERS} members"
                    )
                return
            if child.media_type in INDEXES:
                self._nested(child, depth)
            elif child.media_type not in MANIFESTS:
                self.stop(NOT_AN_IMAGE, f"the member {child.digest} is of the unknown kind {child.media_type}")
            elif not self._claims_attestation(child, index):
                self._image(child)
            else:
                self._attestation(child)

    def _nested(self, child: Descriptor, depth: int) -> None:
        if depth >= MOST_NESTING or child.digest in self._opened:
            how = "is reached twice" if child.digest in self._opened else f"is more than {MOST_NESTING} indexes deep"
            self.stop(NESTED_TOO_DEEP, f"the index {child.digest} {how}")
            return
        self._opened.add(child.digest)
        document = self._document(child)
        if isinstance(document, Index):
            if not document.manifests:
                self.stop(NO_PLATFORMS, f"the index {child.digest} inside the image lists no image")
            self._index(document, depth + 1)

    @staticmethod
    def _claims_attestation(child: Descriptor, index: Index) -> bool:
        """Rule 2, (a) to (c): what the index itself says."""
        refers_to = child.annotations.get(_REFERENCE_DIGEST)
        return (
            child.platform == UNKNOWN
            and child.annotations.get(_REFERENCE_TYPE) == "attestation-manifest"
            and any(
                str(sibling.digest) == refers_to and sibling.platform not in {None, UNKNOWN}
                for sibling in index.manifests
                if sibling.digest != child.digest and sibling.media_type in MANIFESTS
            )
        )

    def _attestation(self, child: Descriptor) -> None:
        manifest = self._document(child)
        if not isinstance(manifest, Manifest):
            return
        if manifest.layers and all(layer.media_type == IN_TOTO for layer in manifest.layers):  # rule 2 (d)
            self._attestations += 1
        else:
            self._image(child)

    def _image(self, child: Descriptor) -> None:
        """Rule 3: a platform, whatever it says about itself."""
        platform = child.platform
        unnamed = platform is None or _is_unnamed(platform)
        if unnamed:
            self.stop(PLATFORM_MISSING, f"the member {child.digest} names {platform or 'no platform'}")
        if not self._configs:
            if platform is not None:
                self.images.append(Image(platform, child.digest, None, None))
            return
        manifest = self._document(child)
        if not isinstance(manifest, Manifest):
            return
        config = self._config(manifest, f"the member {child.digest}")
        if config is None:
            return
        if platform is not None and not unnamed and not _agree(platform, config):
            what = f"the index lists {child.digest} for {platform}, its config says {config.platform}"
            self.stop(PLATFORM_CONTRADICTION, what)
        self.images.append(
            Image(config.platform if unnamed or platform is None else platform, child.digest, manifest, config)
        )

    def _document(self, child: Descriptor) -> Manifest | Index | None:
        """Read a child; None where it is not there yet or not readable, which is then said."""
        name = f"the member {child.digest}"
        found = self._found(Ask(self._subject.place, Kind.MANIFEST, str(child.digest)), name)
        if found is None:
            return None
        told = found.media_type.partition(";")[0].strip().lower()
        if told not in _USELESS and told != child.media_type:
            self.stop(MEDIA_TYPE_MISMATCH, f"{name} is {child.media_type} in the index, but was handed on as {told}")
            return None
        if len(found.content) != child.size:
            self.stop(MALFORMED_JSON, f"{name} has {len(found.content)} bytes, the index says {child.size}", found.look)
            return None
        document = _document_or_error(found.content, child.media_type)
        if isinstance(document, MalformedData):
            self.stop(reason_of(document), f"{name}: {document}", found.look)
            return None
        return document

    def _config(self, manifest: Manifest, name: str) -> Config | None:
        descriptor = manifest.config
        if descriptor.media_type not in CONFIGS:
            self.stop(
                NOT_AN_IMAGE, f"{name} has a config of the kind {descriptor.media_type}, which is no image config"
            )
            return None
        if descriptor.size > MOST_CONFIG_BYTES:
            self.stop(
                PLATFORM_UNREAD,
                f"the config of {name} has {descriptor.size} bytes; at most {MOST_CONFIG_BYTES} are read",
            )
            return None
        content, look = descriptor.data, None
        if content is None:
            found = self._found(Ask(self._subject.place, Kind.BLOB, str(descriptor.digest)), f"the config of {name}")
            if found is None:
                return None
            content, look = found.content, found.look
        if len(content) != descriptor.size:
            self.stop(MALFORMED_JSON, f"the config of {name} has another size than its manifest says", look)
            return None
        config = _config_or_error(content)
        if isinstance(config, MalformedData):
            self.stop(reason_of(config), f"{name}: {config}", look)
            return None
        return config

    def _found(self, ask: Ask, name: str) -> Found | None:
        if ask not in self._evidence:
            self.asks.add(ask)
            return None
        fact: Fact = self._evidence[ask]
        match fact:
            case Found():
                return fact
            case Absent():
                self.stop(PLATFORM_UNREAD, f"{name} is not there ({fact.look.status})", fact.look)
            case Unavailable():
                self.stop(PLATFORM_UNREAD, f"{name} could not be read: {fact.detail}", fact.look)
        return None


def _is_unnamed(platform: Platform) -> bool:
    return not {platform.os, platform.architecture}.isdisjoint({"", "unknown"})


def _agree(platform: Platform, config: Config) -> bool:
    """Tell whether index and config contradict each other; a variant or version only one of them names does not."""
    claimed = config.platform
    return (
        (platform.os, platform.architecture) == (claimed.os, claimed.architecture)
        and (not config.variant or platform.variant == claimed.variant)
        and (not platform.os_version or not claimed.os_version or platform.os_version == claimed.os_version)
    )
