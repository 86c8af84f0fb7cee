"""What hangs on a digest in a repository: `sha256-….sig` tags and referrers, found, checked and bounded.

Both walks below do two things with one piece of code: with evidence that is not complete they say what to
ask next (`missing`), with complete evidence they give what was found (`read`). What they hand on is bound:
the bytes have the digest and size that their descriptor says, and a referrer names the subject. Whether it
is a signature, and whose, is for a signer to say.

Referrers (OCI distribution-spec, "Listing Referrers" and "Referrers Tag Schema"; DESIGN section 4):

1. the referrers API, page by page; a place without that API is `Absent`
2. where there is no such API, or it lists nothing of the wanted kind: the index at the tag `sha256-…`
3. each listed manifest of the wanted kind, then its one blob

What a registry lists is a hint: types and annotations of descriptors only save requests, the manifest decides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Fact, Found, Kind, Look, NotAsked, Unavailable
from gate.oci.index import Index
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import EMPTY
from gate.oci.reference import is_tag
from gate.refusals import ATTACHED_GONE, ATTACHED_MALFORMED, ATTACHED_MISMATCH, OTHER_SUBJECT

if TYPE_CHECKING:
    from gate.evidence import Evidence
    from gate.finding import Reason
    from gate.oci.descriptor import Descriptor
    from gate.oci.digest import Digest
    from gate.subject import Subject

__all__ = [
    "MOST_CANDIDATES", "MOST_PAGES", "MOST_REFERRERS", "Aside", "Attached", "Junk", "Parcel", "Referrers", "Storage",
    "TagLayers", "fallback_tag",
]  # fmt: skip

#: Pages of one listing; registries give 100 or more on each. After CVE-2023-46737 (endless lists).
MOST_PAGES: Final = 10
#: Descriptors of one listing (spec sheet of cosign: 1000 layers at most).
MOST_REFERRERS: Final = 1000
#: Manifests or layers that are fetched for one kind. Honest images carry a handful.
MOST_CANDIDATES: Final = 100
#: A manifest is refused by registries above this; what a listing says is larger is not asked for.
_MOST_MANIFEST_BYTES: Final = 4 * 1024 * 1024

#: Where bundles name their predicate type for people and filters (cosign, `specs/BUNDLE_SPEC.md`); nobody signed it.
_PREDICATE_HINT: Final = "dev.sigstore.bundle.predicateType"
#: The referrers tag schema cuts the hex here (distribution-spec).
_TAG_HEX: Final = 64


class Storage(StrEnum):
    """Where in a repository something hangs on a digest."""

    TAG = "tag"
    REFERRER = "referrer"
    FALLBACK_TAG = "fallback tag"


class Parcel(NamedTuple):
    """One attached blob whose bytes are bound by digest and size. `where` names it for people."""

    where: Look
    storage: Storage
    layer: Descriptor
    content: bytes


class Junk(NamedTuple):
    """Something in the place of a wanted thing that is none; it blocks nobody and never counts."""

    where: Look
    reason: Reason
    detail: str


class Aside(NamedTuple):
    """An attestation of another predicate type, passed over because it is annotated so."""

    where: Look
    predicate_type: str


@dataclass(frozen=True, slots=True)
class Attached:
    """What a walk found: bound blobs, junk, attestations passed over, places that did not answer, all looks."""

    parcels: tuple[Parcel, ...]
    junk: tuple[Junk, ...]
    aside: tuple[Aside, ...]
    unread: tuple[Unavailable, ...]
    looked: tuple[Look, ...]


def fallback_tag(digest: Digest) -> str:
    """Give the tag under which an index lists the referrers of a digest (distribution-spec, "Referrers Tag Schema")."""
    return f"{digest.algorithm}-{digest.hex[:_TAG_HEX]}"


@dataclass(slots=True)
class _Walk:
    """One walk over the evidence about one subject; collects everything it meets."""

    subject: Subject
    have: Evidence
    parcels: list[Parcel] = field(default_factory=list)
    junk: list[Junk] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    unread: list[Unavailable] = field(default_factory=list)
    looked: list[Look] = field(default_factory=list)
    missing: set[Ask] = field(default_factory=set)

    def ask(self, kind: Kind, name: str) -> Fact | None:
        """Give the answer, or None after noting that the question has to be put first."""
        question = Ask(self.subject.place, kind, name)
        if question not in self.have:
            self.missing.add(question)
            return None
        fact = self.have[question]
        self.looked.append(fact.look)
        if isinstance(fact, Unavailable):
            self.unread.append(fact)
        return fact

    def stop(self, look: Look, code: str, detail: str) -> None:
        """Note that something could not be read whole, so that nobody takes the rest for all there is (S4)."""
        self.unread.append(Unavailable(look, code, detail))

    def unreadable(self, look: Look, code: str, detail: str) -> None:
        """Note a document that does not parse: junk, unless another reader could take it for more (S4, S11)."""
        if code in {"ambiguous-json", "limit-reached"}:
            self.stop(look, code, detail)
        else:
            self.junk.append(Junk(look, ATTACHED_MALFORMED, detail))

    def result(self) -> Attached:
        """Give what was found; raises `NotAsked` (our bug) if a question was never put."""
        if self.missing:
            first = min(self.missing)
            msg = f"nobody asked for {first.kind} {first.name!r} at {first.place!r}"
            raise NotAsked(msg)
        return Attached(
            tuple(self.parcels), tuple(self.junk), tuple(self.aside), tuple(self.unread),
            tuple(dict.fromkeys(self.looked)),
        )  # fmt: skip

    def fetch(self, kind: Kind, descriptor: Descriptor, most: int, where: str) -> Found | None:
        """Follow a descriptor: give its bytes if they are what it says; anything else is noted."""
        if descriptor.size > most:
            self.stop(
                Look(where, "not asked"),
                "limit-reached",
                f"{where} is said to have {descriptor.size} bytes; at most {most} are read",
            )
            return None
        fact = self.ask(kind, str(descriptor.digest))
        if isinstance(fact, Absent):
            self.junk.append(
                Junk(fact.look, ATTACHED_GONE, f"{where} is listed, but is not there ({fact.look.status})")
            )
        if not isinstance(fact, Found):
            return None
        if len(fact.content) != descriptor.size:
            detail = f"{where} has {len(fact.content)} bytes; its descriptor says {descriptor.size}"
        elif not descriptor.digest.matches(fact.content):
            detail = f"{where} has another digest than its descriptor says"
        else:
            return fact
        self.junk.append(Junk(fact.look, ATTACHED_MISMATCH, detail))
        return None

    def parcel(self, storage: Storage, layer: Descriptor, most: int, where: str) -> None:
        """Fetch an attached blob."""
        found = self.fetch(Kind.BLOB, layer, most, where)
        if found is not None:
            self.parcels.append(Parcel(Look(where, found.look.status), storage, layer, found.content))


@dataclass(frozen=True, slots=True)
class TagLayers:
    """The layers of the manifest at the tag `sha256-….SUFFIX`: cosign's older storage, one signature a layer.

    Only layers of `layer_type` are fetched, each of at most `most_bytes`.
    """

    suffix: str
    layer_type: str
    most_bytes: int

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        return frozenset(self._walk(subject, have).missing)

    def read(self, subject: Subject, have: Evidence) -> Attached:
        """Give what hangs there; raises `NotAsked` (our bug) if `missing` was not asked until it was empty."""
        return self._walk(subject, have).result()

    def _walk(self, subject: Subject, have: Evidence) -> _Walk:
        walk = _Walk(subject, have)
        tag = f"{subject.digest.algorithm}-{subject.digest.hex}.{self.suffix}"
        fact = walk.ask(Kind.MANIFEST, tag) if is_tag(tag) else None
        if not isinstance(fact, Found):
            return walk
        try:
            manifest = parse_manifest(fact.content, fact.media_type)
        except MalformedData as error:
            detail = f"what the tag {tag} points to cannot be read: {error}"
            walk.unreadable(fact.look, error.code, detail)
            return walk
        if isinstance(manifest, Index):
            walk.junk.append(Junk(fact.look, ATTACHED_MALFORMED, f"the tag {tag} points to an index, not a manifest"))
            return walk
        if len(manifest.layers) > MOST_CANDIDATES:
            detail = f"the tag {tag} has {len(manifest.layers)} layers; at most {MOST_CANDIDATES} are read"
            walk.stop(fact.look, "limit-reached", detail)
            return walk
        self._layers(walk, manifest, tag, fact.look)
        return walk

    def _layers(self, walk: _Walk, manifest: Manifest, tag: str, look: Look) -> None:
        """Take every layer; layers with the same blob and different annotations are different signatures."""
        seen: list[Descriptor] = []
        for place, layer in enumerate(manifest.layers, start=1):
            where = f"{tag}, layer {place}"
            if layer in seen:
                continue
            seen.append(layer)
            if layer.media_type == self.layer_type:
                walk.parcel(Storage.TAG, layer, self.most_bytes, where)
            else:
                detail = f"{where} has the media type {layer.media_type}, which is no signature's"
                walk.junk.append(Junk(look, ATTACHED_MALFORMED, detail))


@dataclass(frozen=True, slots=True)
class Referrers:
    """Referrers of the subject whose artifact type begins with `artifact_type`, each with one blob.

    `predicate_type`, where given, and `other_types` are the only ones wanted: a referrer that is annotated with
    another is passed over without fetching its blob. Blobs have at most `most_bytes`; their media type is one of
    `blob_types`, or begins like the artifact type where none is given.
    """

    artifact_type: str
    most_bytes: int
    predicate_type: str = ""
    other_types: tuple[str, ...] = ()
    blob_types: tuple[str, ...] = ()

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        return frozenset(self._walk(subject, have).missing)

    def read(self, subject: Subject, have: Evidence) -> Attached:
        """Give what refers to the subject; raises `NotAsked` (our bug) if `missing` was not asked until empty."""
        return self._walk(subject, have).result()

    def _walk(self, subject: Subject, have: Evidence) -> _Walk:
        walk = _Walk(subject, have)
        self._follow(walk, self._from_api(walk), Storage.REFERRER)
        if not walk.parcels and not walk.missing and not walk.unread:
            self._follow(walk, self._from_tag(walk), Storage.FALLBACK_TAG)
        return walk

    def _follow(self, walk: _Walk, listed: list[Descriptor], storage: Storage) -> None:
        """Fetch what could be of the wanted kind, in the order of digests; say what was passed over."""
        if len(listed) > MOST_REFERRERS:
            detail = f"{len(listed)} referrers are listed; at most {MOST_REFERRERS} are looked through"
            walk.stop(Look(f"{storage}s of {walk.subject.digest}", f"{len(listed)} listed"), "limit-reached", detail)
            return
        others: Counter[str] = Counter()
        wanted: dict[tuple[str, int, str], Descriptor] = {}
        for descriptor in listed:
            # Some registries write the config's media type there, which for bundles is the empty one.
            hint = descriptor.artifact_type
            if hint in {"", EMPTY} or hint.startswith(self.artifact_type):
                wanted[str(descriptor.digest), descriptor.size, descriptor.media_type] = descriptor
            else:
                others[hint] += 1
        for kind, count in sorted(others.items()):
            walk.looked.append(Look(f"{storage}s of type {kind}", f"{count} passed over: another kind"))
        if len(wanted) > MOST_CANDIDATES:
            detail = f"{len(wanted)} manifests are listed that could be wanted; at most {MOST_CANDIDATES} are read"
            walk.stop(Look(f"{storage}s of {walk.subject.digest}", f"{len(wanted)} listed"), "limit-reached", detail)
            return
        for _, descriptor in sorted(wanted.items(), key=lambda item: item[0]):
            self._referrer(walk, descriptor, storage)

    def _from_api(self, walk: _Walk) -> list[Descriptor]:
        """Read the listing, page by page; empty where there is no such API, or where it cannot be read whole."""
        name = str(walk.subject.digest)
        seen = {name}
        listed: list[Descriptor] = []
        for page in range(MOST_PAGES):
            fact = walk.ask(Kind.REFERRERS, name)
            if isinstance(fact, Absent) and page:
                walk.stop(fact.look, "referrers-incomplete", f"page {page + 1} of the referrers is not there")
            if not isinstance(fact, Found):
                return []
            index = _index(walk, fact, "the list of referrers", first=not page)
            if index is None:
                return []
            listed.extend(index.manifests)
            if not fact.following:
                return listed
            if fact.following in seen:
                walk.stop(fact.look, "limit-reached", "the list of referrers does not come to an end")
                return []
            name = fact.following
            seen.add(name)
        walk.stop(walk.looked[-1], "limit-reached", f"the list of referrers has more than {MOST_PAGES} pages")
        return []

    def _from_tag(self, walk: _Walk) -> list[Descriptor]:
        tag = fallback_tag(walk.subject.digest)
        fact = walk.ask(Kind.MANIFEST, tag)
        if not isinstance(fact, Found):
            return []
        index = _index(walk, fact, f"what the tag {tag} points to", first=True)
        if index is None:
            return []
        return list(index.manifests)

    def _referrer(self, walk: _Walk, descriptor: Descriptor, storage: Storage) -> None:
        where = f"{storage} {descriptor.digest}"
        found = walk.fetch(Kind.MANIFEST, descriptor, _MOST_MANIFEST_BYTES, where)
        if found is None:
            return
        try:
            manifest = parse_manifest(found.content, descriptor.media_type)
        except MalformedData as error:
            walk.unreadable(found.look, error.code, f"{where} cannot be read: {error}")
            return
        subject = manifest.subject
        if isinstance(manifest, Index):
            walk.junk.append(Junk(found.look, ATTACHED_MALFORMED, f"{where} is an index, not a manifest"))
        elif subject is None or subject.digest != walk.subject.digest:
            refers = f"{where} refers to {'nothing' if subject is None else subject.digest}"
            walk.junk.append(Junk(found.look, OTHER_SUBJECT, refers))
        else:
            self._open(walk, manifest, storage, Look(where, found.look.status))

    def _open(self, walk: _Walk, manifest: Manifest, storage: Storage, where: Look) -> None:
        """Take the one blob of a referrer of the subject, if it is of the wanted kind."""
        kind = manifest.artifact_type or manifest.config.media_type
        predicate = manifest.annotations.get(_PREDICATE_HINT, self.predicate_type)
        layers = manifest.layers
        if not kind.startswith(self.artifact_type):
            walk.looked.append(Look(where.where, f"passed over: it is of type {kind}"))
        elif self.predicate_type and predicate not in {self.predicate_type, *self.other_types}:
            walk.aside.append(Aside(where, predicate))
        elif len(layers) != 1 or not self._may_hold(layers[0].media_type):
            kinds = ", ".join(layer.media_type for layer in layers[:3]) or "none"
            wanted = " or ".join(self.blob_types) or self.artifact_type
            detail = f"{where.where} has {len(layers)} layers ({kinds}); it has to be one of type {wanted}"
            walk.junk.append(Junk(where, ATTACHED_MALFORMED, detail))
        else:
            walk.parcel(storage, layers[0], self.most_bytes, where.where)

    def _may_hold(self, media_type: str) -> bool:
        return media_type in self.blob_types if self.blob_types else media_type.startswith(self.artifact_type)


def _index(walk: _Walk, fact: Found, what: str, *, first: bool) -> Index | None:
    """Read an index; what is none is said, and what cannot be read stops the walk."""
    try:
        document = parse_manifest(fact.content, fact.media_type)
    except MalformedData as error:
        if not first or error.code not in {"not-an-image", "schema1-image"}:
            walk.stop(fact.look, error.code, f"{what} cannot be read: {error}")
            return None
        walk.looked.append(Look(fact.look.where, f"no index: {error}"))
        return None
    if isinstance(document, Index):
        return document
    walk.looked.append(Look(fact.look.where, "no index, but an image's manifest"))
    return None
