"""Where attestations of an image are kept, and what is found there.

Signed envelopes hang on a digest: on the one that was resolved, or on a platform's image inside an index. They stand
at the tag `sha256-….att` (cosign's older storage) or are Sigstore bundles among the referrers, which is also where
GitHub's artifact attestations are. BuildKit writes bare statements into the index itself; nobody signed them, so they
are the word of whoever signed the index (S15).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from gate.attached import MOST_CANDIDATES, Attached, Junk, Referrers, Storage, TagLayers
from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Found, Kind, Look, Unavailable
from gate.formats.bundle import MEDIA_TYPE_PREFIX
from gate.formats.dsse import ENVELOPE_TYPE
from gate.formats.statement import Agreement, Statement, parse_statement
from gate.oci.index import Index
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import IN_TOTO
from gate.oci.platform import UNKNOWN
from gate.platforms import PlatformsNeed, find_images
from gate.refusals import ATTACHED_GONE, ATTACHED_MALFORMED, CONTRADICTS, OTHER_IMAGE

if TYPE_CHECKING:
    from gate.evidence import Evidence, Fact
    from gate.oci.descriptor import Descriptor
    from gate.subject import Image, Subject

__all__ = ["BuildKitNeed", "Embedded", "EmbeddedStatement", "EnvelopesNeed", "Hung", "image_subject"]

#: An SBOM of a large image; cosign reads up to 128 MiB.
_MOST_BYTES: Final = 16 * 1024 * 1024
_TAG: Final = TagLayers("att", ENVELOPE_TYPE, _MOST_BYTES)

_REFERENCE_TYPE: Final = "vnd.docker.reference.type"
_REFERENCE_DIGEST: Final = "vnd.docker.reference.digest"
#: BuildKit names the predicate type for filters there (docs/attestations/attestation-storage.md).
_PREDICATE_HINT: Final = "in-toto.io/predicate-type"


class Hung(NamedTuple):
    """What hangs on one digest in one kind of storage."""

    subject: Subject
    storages: frozenset[Storage]
    attached: Attached


@dataclass(frozen=True, slots=True)
class EnvelopesNeed:
    """Signed envelopes of these predicate types, at these storages, on the image and (or) its platforms."""

    storages: tuple[Storage, ...]
    types: tuple[str, ...]
    on_image: bool
    on_platforms: bool

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        asks = self._missing_on(subject, have) if self.on_image else frozenset[Ask]()
        if not self.on_platforms:
            return asks
        lacking = PlatformsNeed(configs=True).missing(subject, have)
        if lacking:
            return asks | lacking
        for image in find_images(subject, have, configs=True).images:
            asks |= self._missing_on(image_subject(subject, image, have), have)
        return asks

    def read(self, subject: Subject, platform: Image, have: Evidence) -> tuple[Hung, ...]:
        """Give what hangs on the image and on this platform of it; raises `NotAsked` as `attached` does."""
        subjects = [subject] if self.on_image else []
        if self.on_platforms:
            subjects.append(image_subject(subject, platform, have))
        return tuple(
            Hung(one, storages, walk.read(one, have))
            for one in {one.digest: one for one in subjects}.values()
            for storages, walk in self._walks()
        )

    def _missing_on(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        return frozenset(ask for _, walk in self._walks() for ask in walk.missing(subject, have))

    def _walks(self) -> list[tuple[frozenset[Storage], TagLayers | Referrers]]:
        walks: list[tuple[frozenset[Storage], TagLayers | Referrers]] = []
        if Storage.TAG in self.storages:
            walks.append((frozenset({Storage.TAG}), _TAG))
        if set(self.storages) - {Storage.TAG}:
            bundles = Referrers(MEDIA_TYPE_PREFIX, _MOST_BYTES, self.types[0], self.types[1:])
            walks.append((frozenset({Storage.REFERRER, Storage.FALLBACK_TAG}), bundles))
        return walks


def image_subject(subject: Subject, image: Image, have: Evidence) -> Subject:
    """Give one platform's image as a subject of its own, under the same name and tag.

    Raises `RuntimeError` if its manifest was not read (our bug: such images are not judged).
    """
    if image.digest == subject.digest:
        return subject
    fact = have[Ask(subject.place, Kind.MANIFEST, str(image.digest))]
    if not isinstance(fact, Found) or image.manifest is None:
        msg = f"the manifest of {image.digest} was not read"
        raise RuntimeError(msg)
    return replace(subject, digest=image.digest, media_type=image.manifest.media_type, content=fact.content)


class EmbeddedStatement(NamedTuple):
    """One statement that BuildKit stored, about the platform's image."""

    where: Look
    statement: Statement


class Embedded(NamedTuple):
    """What BuildKit stored in the index about one platform."""

    statements: tuple[EmbeddedStatement, ...]
    junk: tuple[Junk, ...]
    unread: tuple[Unavailable, ...]


@dataclass(frozen=True, slots=True)
class BuildKitNeed:
    """The bare statements of these predicate types in the attestation manifests of an index."""

    types: tuple[str, ...]

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        asks: set[Ask] = set()
        for child in _members(subject):
            ask = Ask(subject.place, Kind.MANIFEST, str(child.digest))
            if ask in have:
                layers, _ = self._layers(have[ask], child)
                asks |= {Ask(subject.place, Kind.BLOB, str(layer.digest)) for _, layer in layers}
            else:
                asks.add(ask)
        return frozenset(ask for ask in asks if ask not in have)

    def read(self, subject: Subject, platform: Image, have: Evidence) -> Embedded:
        """Give the statements about this platform."""
        about = image_subject(subject, platform, have)
        statements: list[EmbeddedStatement] = []
        junk: list[Junk] = []
        unread: list[Unavailable] = []
        for child in _members(subject):
            if child.annotations.get(_REFERENCE_DIGEST) != str(platform.digest):
                continue
            layers, left = self._layers(have[Ask(subject.place, Kind.MANIFEST, str(child.digest))], child)
            unread += left
            for where, layer in layers:
                blob = have[Ask(subject.place, Kind.BLOB, str(layer.digest))]
                match _read_statement(blob, layer, where, about):
                    case EmbeddedStatement() as found:
                        statements.append(found)
                    case Junk() as found:
                        junk.append(found)
                    case found:
                        unread.append(found)
        return Embedded(tuple(statements), tuple(junk), tuple(unread))

    def _layers(self, fact: Fact, child: Descriptor) -> tuple[list[tuple[str, Descriptor]], list[Unavailable]]:
        """Give the layers that may be wanted, each with its name, and what is not read of them.

        Whether a member that claims to be an attestation is one, `gate.platforms` looks after.
        """
        name = f"BuildKit attestation {child.digest}"
        if isinstance(fact, Unavailable):
            return [], [fact]
        try:
            manifest = parse_manifest(fact.content, child.media_type) if isinstance(fact, Found) else None
        except MalformedData:
            return [], []
        wanted = [
            (f"{name}, layer {number}", layer)
            for number, layer in enumerate(manifest.layers if isinstance(manifest, Manifest) else (), start=1)
            if layer.media_type == IN_TOTO and layer.annotations.get(_PREDICATE_HINT, self.types[0]) in self.types
        ]
        if len(wanted) > MOST_CANDIDATES:
            detail = f"{name} has {len(wanted)} layers; at most {MOST_CANDIDATES} are read"
            return [], [Unavailable(Look(name, "not asked"), "limit-reached", detail)]
        large = [
            Unavailable(
                Look(where, "not asked"),
                "limit-reached",
                f"{where} is said to have {layer.size} bytes; at most {_MOST_BYTES} are read",
            )
            for where, layer in wanted
            if layer.size > _MOST_BYTES
        ]
        return [(where, layer) for where, layer in wanted if layer.size <= _MOST_BYTES], large


def _members(subject: Subject) -> tuple[Descriptor, ...]:
    """Give the members of the index that claim to be attestations (S9)."""
    try:
        index = parse_manifest(subject.content, subject.media_type)
    except MalformedData:
        return ()
    return tuple(
        child
        for child in (index.manifests if isinstance(index, Index) else ())
        if child.platform == UNKNOWN and child.annotations.get(_REFERENCE_TYPE) == "attestation-manifest"
    )


def _read_statement(
    fact: Fact, layer: Descriptor, where: str, about: Subject
) -> EmbeddedStatement | Junk | Unavailable:
    if isinstance(fact, Unavailable):
        return fact
    if isinstance(fact, Absent):
        return Junk(fact.look, ATTACHED_GONE, f"{where} is listed, but is not there ({fact.look.status})")
    look = Look(where, fact.look.status)
    if len(fact.content) != layer.size or not layer.digest.matches(fact.content):
        return Junk(look, ATTACHED_MALFORMED, f"{where} is not what its descriptor says")
    try:
        statement = parse_statement(fact.content, "the statement")
    except MalformedData as error:
        return Junk(look, ATTACHED_MALFORMED, f"{where}: {error}")
    agreements = {one.agrees(about.content) for one in statement.subjects}
    if Agreement.CONTRADICTS_ITSELF in agreements:
        return Junk(look, CONTRADICTS, f"{where}: one of its digests is of {about.digest}, another is not")
    if Agreement.AGREES not in agreements:
        return Junk(look, OTHER_IMAGE, f"{where} is about another image than {about.digest}")
    return EmbeddedStatement(look, statement)
