"""An OCI image layout, wherever its files lie: in a directory or inside an archive (OCI image-spec, image-layout.md).

Tags are the annotation `org.opencontainers.image.ref.name` of entries of `index.json`; everything else is read from
`blobs/` by its digest and hashed. Referrers are the entries of `index.json` whose manifest names a subject.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gate.errors import InvalidReference, MalformedData, SourceError
from gate.evidence import Absent, Found, Kind, Look, Unavailable
from gate.finding import Reason
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import parse_manifest
from gate.oci.media_types import INDEXES, MANIFESTS, OCI_INDEX
from gate.oci.reference import Reference, is_tag
from gate.source import MOST_BLOB_BYTES, MOST_MANIFEST_BYTES
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gate.evidence import Ask, Fact
    from gate.oci.descriptor import Descriptor

__all__ = ["Layout", "Missing", "Resolved", "Shelf", "Unreadable", "not_answered", "unknown_tag"]

REF_NAME: Final = "org.opencontainers.image.ref.name"
CONTAINERD_NAME: Final = "io.containerd.image.name"
#: What `cosign save` writes beside the images of a layout.
_COSIGN_KIND: Final = "kind"
_COSIGN_EVIDENCE: Final = frozenset({"dev.cosignproject.cosign/sigs", "dev.cosignproject.cosign/atts"})
_MOST_SHOWN: Final = 12

LAYOUT_UNREADABLE = Reason(
    "layout-unreadable",
    "A file of the image layout or archive could not be read",
    "The directory or archive that was named cannot be read, or a file in it is something other than a plain file "
    "inside it: a link that leads out, a device, a directory.",
    "Check the path and the permissions. Write the layout again with the tool that made it, without links.",
)
NOT_A_LAYOUT = Reason(
    "not-a-layout",
    "This is no image layout or archive that the gate knows",
    "An OCI image layout is a directory with the files `oci-layout` and `index.json`; an archive of docker save is "
    "a tar file with `manifest.json`, packed with gzip or not at all.",
    "Check the path. Make a layout with `skopeo copy docker://IMAGE oci:DIRECTORY:TAG` or `crane pull "
    "--format=oci`, an archive with `docker save`.",
)
AMBIGUOUS_REFERENCE = Reason(
    "ambiguous-reference",
    "The layout or archive holds several images that could be meant",
    "Nothing was named and there are several images, or one name stands at two different digests. Different "
    "programs would take different ones.",
    "Name the image, as `oci:PATH:TAG`, or its digest, as `oci:PATH@sha256:…`.",
)


class Missing(Exception):  # noqa: N818 -- a definite answer, no accident
    """The shelf has no file of that name."""


class Unreadable(Exception):  # noqa: N818 -- as above
    """The shelf could not read a file; `code` is the reason code."""

    def __init__(self, detail: str, code: str = LAYOUT_UNREADABLE.code) -> None:
        """Keep the sentence and the code."""
        super().__init__(detail)
        self.code = code


class Shelf(Protocol):
    """Where the files of a layout lie."""

    def read(self, name: str, most: int) -> bytes:
        """Give the whole file; raises `Missing`, or `Unreadable` (also for more than `most` bytes)."""
        ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference into a layout led to. `tag` is "" where no single tag names it."""

    digest: Digest
    content: bytes
    media_type: str
    tag: str


class Layout:
    """Reads one layout. Every byte by digest is hashed before it is handed on."""

    def __init__(self, shelf: Shelf, place: str, name: str = "", digest: Digest | None = None) -> None:
        """Read nothing yet.

        `place` names the layout in messages and questions, `name` and `digest` the image: with neither it is the only
        one, with both the name counts and the digest is what is expected of it.
        """
        self._shelf = shelf
        self._name = name
        self._digest = digest
        self.place = place
        self._subjects: dict[Digest, dict[str, object] | None] = {}

    def resolve(self) -> Resolved:
        """Find the image as the files are now.

        Raises `SourceError` (`tag-not-found`, `ambiguous-reference`, `not-a-layout`, …) or `MalformedData`.
        """
        try:
            index = self._index()
            if self._digest is not None and not self._name:
                return self._by_digest(index, self._digest)
            descriptor = self._named(index, self._name) if self._name else self._only(index)
            content = self._blob(descriptor.digest, MOST_MANIFEST_BYTES)
        except Missing as error:
            msg = f"{self.place} has no file {error} although the reference leads there"
            raise SourceError(
                msg, "digest-not-found", "Copy the image again, with everything it consists of."
            ) from error
        except Unreadable as error:
            raise SourceError(f"{self.place}: {error}", error.code) from error
        if len(content) != descriptor.size:
            msg = f"{descriptor.digest} has {len(content)} bytes, index.json says {descriptor.size}"
            raise MalformedData(msg, "malformed-json")
        media_type = parse_manifest(content, descriptor.media_type).media_type
        return Resolved(descriptor.digest, content, media_type, _tag_of(index, descriptor.digest, self._name))

    def answer(self, ask: Ask) -> Fact:
        """Answer one question about the layout; never raises for what lies there."""
        look = Look(f"{self.place} {ask.kind} {ask.name}".rstrip(), "found")
        try:
            return self._answer(ask, look)
        except Missing:
            return Absent(Look(look.where, "not there"))
        except (Unreadable, MalformedData) as error:
            return Unavailable(Look(look.where, error.code), error.code, str(error))
        except SourceError as error:
            if error.code == "tag-not-found":
                return Absent(Look(look.where, "not there"))
            return Unavailable(Look(look.where, error.code), error.code, str(error))
        except InvalidReference as error:
            return Unavailable(Look(look.where, "not asked"), NOT_A_LAYOUT.code, str(error))

    def _answer(self, ask: Ask, look: Look) -> Fact:
        if ask.place != self.place:
            return not_answered(ask, f"{self.place} knows nothing about {ask.place}")
        match ask.kind:
            case Kind.MANIFEST if ":" in ask.name:
                digest = Digest.parse(ask.name)
                return Found(look, self._blob(digest, MOST_MANIFEST_BYTES), self._media_type(digest))
            case Kind.MANIFEST:
                descriptor = self._named(self._index(), ask.name)
                return Found(look, self._blob(descriptor.digest, MOST_MANIFEST_BYTES), descriptor.media_type)
            case Kind.BLOB:
                return Found(look, self._blob(Digest.parse(ask.name), MOST_BLOB_BYTES))
            case Kind.REFERRERS:
                return self._referrers(Digest.parse(ask.name), look)
            case Kind.TAG_NOW:
                now = self.resolve()
                return Found(look, now.content, now.media_type)
            case Kind.TAGS:
                tags = sorted({tag for entry in self._index().manifests for tag in _tags(entry)})
                return Found(look, json.dumps({"name": "", "tags": tags}).encode(), "application/json")
            case _:
                return not_answered(ask, f"an image layout has nothing of the kind {ask.kind}")

    def _index(self) -> Index:
        """Read `index.json` again each time: a tag may have moved meanwhile (S7)."""
        try:
            marker = parse_object(self._shelf.read("oci-layout", MOST_MANIFEST_BYTES), "the file oci-layout")
            content = self._shelf.read("index.json", MOST_MANIFEST_BYTES)
        except Missing as error:
            msg = f"{self.place} has no file {error}: it is no OCI image layout"
            raise SourceError(msg, NOT_A_LAYOUT.code, NOT_A_LAYOUT.remedy) from error
        if not str(marker.get("imageLayoutVersion", "")).startswith("1."):
            version = str(marker.get("imageLayoutVersion"))[:40]
            msg = f"{self.place} has the layout version {version!r}; the gate reads 1.0.0"
            raise SourceError(msg, NOT_A_LAYOUT.code, NOT_A_LAYOUT.remedy)
        document = parse_manifest(content, OCI_INDEX)
        if not isinstance(document, Index):
            msg = "index.json is a manifest, not an index"
            raise MalformedData(msg, "media-type-mismatch")
        return document

    def _blob(self, digest: Digest, most: int) -> bytes:
        content = self._shelf.read(f"blobs/{digest.algorithm}/{digest.hex}", most)
        if not digest.matches(content):
            is_ = Digest.of(content, digest.algorithm)
            msg = f"the file of {digest} in {self.place} has other content: its digest is {is_}"
            raise Unreadable(msg, "digest-mismatch")
        return content

    def _media_type(self, digest: Digest) -> str:
        """Give what `index.json` says about a manifest; "" where it says nothing, as for members of an index."""
        said = {entry.media_type for entry in self._index().manifests if entry.digest == digest}
        if len(said) > 1:
            msg = f"index.json says that {digest} is {' and '.join(sorted(said))}"
            raise MalformedData(msg, "media-type-mismatch")
        return said.pop() if said else ""

    def _by_digest(self, index: Index, digest: Digest) -> Resolved:
        try:
            content = self._blob(digest, MOST_MANIFEST_BYTES)
        except Missing as error:
            msg = f"{self.place} holds nothing with the digest {digest}"
            raise SourceError(msg, "digest-not-found", _has(index)) from error
        entries = [entry for entry in index.manifests if entry.digest == digest]
        document = parse_manifest(content, self._media_type(digest))
        if any(entry.size != len(content) for entry in entries):
            msg = f"{digest} has {len(content)} bytes, index.json says otherwise"
            raise MalformedData(msg, "malformed-json")
        return Resolved(digest, content, document.media_type, "")

    def _named(self, index: Index, name: str) -> Descriptor:
        """Find an entry by name: its exact name, else its tag, else containerd's name for it, else normalised."""
        for names_of in (_exact, _tag_part, _containerd, _normalised):
            wanted = _normal(name) if names_of is _normalised else name
            entries = [entry for entry in index.manifests if wanted and wanted in names_of(entry)]
            if entries:
                return self._one(entries, f"the name {name!r}")
        raise unknown_tag(self.place, name, sorted(_all_names(index.manifests)))

    def _only(self, index: Index) -> Descriptor:
        """Find the one image of a layout where none was named: not evidence, not a member of it, not a referrer."""
        images = [entry for entry in index.manifests if not _is_evidence(entry)]
        tagged = {entry.digest for entry in images if _all_names([entry])}
        if len(tagged) == 1:
            chosen = next(entry for entry in images if entry.digest in tagged)
            belongs = self._members(chosen)
            images = [
                entry
                for entry in images
                if entry.digest == chosen.digest or not (entry.digest in belongs or self._referrer(entry) is not None)
            ]
        if not images:
            msg = f"{self.place} lists no image"
            raise SourceError(msg, "tag-not-found", "Write the image into it first; index.json has no entry for one.")
        return self._one(images, "no name")

    def _members(self, entry: Descriptor) -> frozenset[Digest]:
        document = parse_manifest(self._blob(entry.digest, MOST_MANIFEST_BYTES), entry.media_type)
        return frozenset(child.digest for child in document.manifests) if isinstance(document, Index) else frozenset()

    def _one(self, entries: list[Descriptor], named: str) -> Descriptor:
        if len({entry.digest for entry in entries}) == 1:
            return entries[0]
        names = sorted(_all_names(entries))
        shown = ", ".join(names[:_MOST_SHOWN]) + (" …" if len(names) > _MOST_SHOWN else "")
        several = ", ".join(sorted({entry.digest.short for entry in entries})[:_MOST_SHOWN])
        msg = f"{self.place} has several images for {named}" + (
            f": {shown}" if not self._name and names else f": {several}"
        )
        raise SourceError(msg, AMBIGUOUS_REFERENCE.code, AMBIGUOUS_REFERENCE.remedy)

    def _referrers(self, digest: Digest, look: Look) -> Fact:
        """Answer as a registry would, with an index of the referrers, unfiltered (distribution-spec, end-12a)."""
        listed: dict[Digest, dict[str, object]] = {}
        for entry in self._index().manifests:
            descriptor = self._referrer(entry)
            if descriptor is not None and descriptor["subject"] == str(digest):
                listed[entry.digest] = {key: value for key, value in descriptor.items() if key != "subject"}
        content = json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(listed.values())}, separators=(",", ":")
        ).encode()
        if len(content) > MOST_MANIFEST_BYTES:
            msg = f"{self.place} lists more referrers of {digest} than are read"
            raise Unreadable(msg, "limit-reached")
        return Found(look, content, OCI_INDEX)

    def _referrer(self, entry: Descriptor) -> dict[str, object] | None:
        """Give an entry as a referrers list shows it, with its subject; None if it names none.

        Entries that are no manifests could not be pushed to a registry either. One that cannot be read raises: it
        could be the one that matters (S4).
        """
        if entry.media_type not in MANIFESTS | INDEXES:
            return None
        if entry.digest not in self._subjects:
            try:
                content = self._blob(entry.digest, MOST_MANIFEST_BYTES)
            except Missing as error:
                raise Unreadable(
                    f"{self.place} lists {entry.digest} but has no file of it", "digest-not-found"
                ) from error
            if len(content) != entry.size:
                raise Unreadable(f"{entry.digest} has {len(content)} bytes, index.json says {entry.size}")
            self._subjects[entry.digest] = _listed(entry, content)
        return self._subjects[entry.digest]


def _listed(entry: Descriptor, content: bytes) -> dict[str, object] | None:
    try:
        document = parse_manifest(content, entry.media_type)
    except MalformedData:
        return None  # no registry would have taken it, so it is nobody's referrer
    if document.subject is None:
        return None
    artifact_type = document.artifact_type
    if not artifact_type and not isinstance(document, Index):
        artifact_type = document.config.media_type  # distribution-spec, "Listing Referrers"
    return {
        "mediaType": document.media_type,
        "digest": str(entry.digest),
        "size": len(content),
        "artifactType": artifact_type,
        "annotations": dict(document.annotations),
        "subject": str(document.subject.digest),
    }


def unknown_tag(place: str, name: str, names: list[str]) -> SourceError:
    """Say that a name is not there, and what is, the similar ones first."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=3)
    if close:
        hint = f"Did you mean {' or '.join(close)}?"
    else:
        hint = (
            f"It has: {', '.join(names[:_MOST_SHOWN])}{' …' if len(names) > _MOST_SHOWN else ''}."
            if names
            else "It names no image."
        )
    return SourceError(f"{place} has no image named {name!r}", "tag-not-found", hint)


def not_answered(ask: Ask, detail: str) -> Unavailable:
    """Say that this source is not the place that would know."""
    return Unavailable(Look(f"{ask.place} {ask.kind} {ask.name}".rstrip(), "not here"), "not-answered-here", detail)


def _has(index: Index) -> str:
    names = sorted(_all_names(index.manifests))[:_MOST_SHOWN]
    return f"It has: {', '.join(names)}." if names else "index.json names no image."


def _exact(entry: Descriptor) -> tuple[str, ...]:
    return tuple(filter(None, (entry.annotations.get(REF_NAME, ""),)))


def _tag_part(entry: Descriptor) -> tuple[str, ...]:
    return tuple(_tag_in(name) for name in _exact(entry))


def _containerd(entry: Descriptor) -> tuple[str, ...]:
    name = entry.annotations.get(CONTAINERD_NAME, "")
    return (name, _tag_in(name)) if name else ()


def _normalised(entry: Descriptor) -> tuple[str, ...]:
    return tuple(_normal(name) for name in (*_exact(entry), entry.annotations.get(CONTAINERD_NAME, "")))


def _normal(name: str) -> str:
    """Give the normal form of a full reference; "" for a bare tag, which is none."""
    try:
        return str(Reference.parse(name)) if "/" in name else ""
    except InvalidReference:
        return ""


def _tag_in(name: str) -> str:
    """Give the tag of a full reference, or the name itself where it is a bare tag."""
    if "/" not in name and ":" not in name:
        return name if is_tag(name) else ""
    try:
        return Reference.parse(name).tag
    except InvalidReference:
        return ""


def _tags(entry: Descriptor) -> Iterator[str]:
    names = (*_exact(entry), *_containerd(entry))
    return (tag for tag in map(_tag_in, names) if tag)


def _all_names(entries: Iterable[Descriptor]) -> set[str]:
    return {
        name for entry in entries if not _is_evidence(entry) for name in (*_exact(entry), *_containerd(entry)) if name
    }


def _is_evidence(entry: Descriptor) -> bool:
    return entry.annotations.get(_COSIGN_KIND) in _COSIGN_EVIDENCE or any(
        tag.startswith(("sha256-", "sha384-", "sha512-")) for tag in _tags(entry)
    )


def _tag_of(index: Index, digest: Digest, name: str) -> str:
    """Give the tag of an image: of the name that was asked for, else the only tag that the layout gives it."""
    if name:
        return _tag_in(name)
    tags = {tag for entry in index.manifests if entry.digest == digest for tag in _tags(entry)}
    return tags.pop() if len(tags) == 1 else ""
