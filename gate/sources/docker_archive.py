"""Images in an archive of `docker save`: `docker-archive:FILE[:NAME][@DIGEST]` (docs/sources/docker-archive.md).

Docker 25 and later write an OCI image layout into the archive: then the image is what the layout's `index.json` names,
by its real digest, and `manifest.json` must agree with it. Older archives hold no manifest at all. For those one is
made here, always the same for the same image: its digest is the archive's own, no registry knows it, and no signature
is over it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from gate.errors import InvalidReference, MalformedData, SourceError
from gate.evidence import Absent, Found, Kind, Look, Unavailable
from gate.finding import Reason
from gate.oci.config import parse_config
from gate.oci.descriptor import read_list, read_object, read_text
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import DOCKER_CONFIG, DOCKER_MANIFEST
from gate.oci.reference import Reference
from gate.platforms import ARCHIVE_OWN
from gate.source import MOST_BLOB_BYTES, MOST_MANIFEST_BYTES
from gate.sources._layout import (
    AMBIGUOUS_REFERENCE,
    NOT_A_LAYOUT,
    Layout,
    Missing,
    Unreadable,
    not_answered,
    unknown_tag,
)
from gate.sources._path import parse_local
from gate.strict_json import parse_strict
from gate.subject import Subject

if TYPE_CHECKING:
    from types import TracebackType

    from gate.evidence import Ask, Fact
    from gate.finding import Note
    from gate.sources._tar import TarShelf

__all__ = ["SCHEME", "DockerArchive", "open_source"]

SCHEME: Final = "docker-archive"

#: Above any archive seen: a thousand images with a hundred layers each would fit.
_MOST_LIST_BYTES: Final = 1024 * 1024
_MOST_IMAGES: Final = 1000
_MOST_LAYERS: Final = 1000
_KEYS: Final = frozenset({"Config", "RepoTags", "Layers", "LayerSources", "Parent"})
_LAYER: Final = "application/vnd.docker.image.rootfs.diff.tar"
#: crane writes compressed layers.
_GZIP: Final = b"\x1f\x8b"
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

ARCHIVE_CONTRADICTION = Reason(
    "archive-contradiction",
    "The two lists of the archive name different images",
    "Archives of Docker 25 and later say twice what they hold: in `manifest.json`, which older programs load, and in "
    "`index.json`, which newer ones load. Here they do not agree, so what would run depends on the program.",
    "Write the archive again with `docker save`. If it comes from somebody else, do not load it.",
)


def open_source(text: str) -> DockerArchive:
    """Give the source for what stands behind `docker-archive:`; reads nothing yet. Raises `InvalidReference`."""
    local = parse_local(text, SCHEME)
    return DockerArchive(local.path, local.name, local.digest, typed=f"{SCHEME}:{text}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One image as `manifest.json` lists it."""

    config: str
    tags: tuple[str, ...]
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """A manifest made for an image that has none, the config it leads to, and the names of its layers by digest."""

    manifest: bytes
    config: bytes
    layers: Mapping[str, str]
    tag: str


class DockerArchive:
    """One image of one archive. It is never live: no clearance comes of it (S35)."""

    def __init__(self, path: str, name: str = "", digest: Digest | None = None, *, typed: str = "") -> None:
        """Read nothing yet. `name` is a tag or full name in the archive, "" for the only image."""
        self._place = f"{SCHEME}:{path}"
        self._typed = typed or self._place
        self._name = name
        self._digest = digest
        self._path = Path(path)
        self._shelf: TarShelf | None = None
        self._layout: Layout | None = None
        self._made: _Made | None = None
        self._state: tuple[int, ...] = ()

    @property
    def live(self) -> bool:
        """A file is no registry."""
        return False

    @property
    def notes(self) -> tuple[Note, ...]:
        """Nothing is odd that judging does not see."""
        return ()

    def resolve(self) -> Subject:
        """Open the archive and find the image; raises `SourceError` or `MalformedData`."""
        try:
            self._open()
            entries = self._entries()
            if self._layout is not None:
                found = self._layout.resolve()
                self._refuse_contradiction(entries, found.content)
                return self._subject(found.content, found.media_type, found.tag)
            self._made = self._make(self._chosen(entries))
        except Missing as error:
            msg = f"{self._place} has no file {error}"
            raise SourceError(msg, NOT_A_LAYOUT.code, NOT_A_LAYOUT.remedy) from error
        except Unreadable as error:
            raise SourceError(f"{self._place}: {error}", error.code) from error
        except OSError as error:
            msg = f"{str(self._path)!r} cannot be read: {error.strerror or error}"
            raise SourceError(msg, "layout-unreadable", "Check the path and its permissions.") from error
        return self._subject(self._made.manifest, DOCKER_MANIFEST, self._made.tag)

    def answer(self, ask: Ask) -> Fact:
        """Answer from the archive; what it cannot hold, such as signatures, is unavailable and never absent."""
        look = Look(f"{ask.place} {ask.kind} {ask.name}".rstrip(), "found")
        if ask.place != self._place or self._shelf is None:
            return not_answered(ask, f"{self._place} knows nothing about {ask.place}")
        if ask.kind is Kind.TAG_NOW and not self._unchanged():
            detail = f"{self._path} was changed while it was being judged"
            return Unavailable(Look(look.where, "changed"), "layout-unreadable", detail)
        fact = self._layout.answer(ask) if self._layout is not None else self._answer_made(ask, look)
        if (ask.kind is Kind.REFERRERS and (not isinstance(fact, Found) or _is_empty(fact))) or (
            isinstance(fact, Absent) and ask.kind is Kind.MANIFEST and ":" not in ask.name
        ):
            return not_answered(
                ask, f"docker save keeps no signatures: ask the registry about {ask.name}, not {self._place}"
            )
        return fact

    def warm(self) -> None:
        """Do nothing: files need no connections."""

    def __enter__(self) -> Self:
        """Give itself; the file is opened by `resolve`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._shelf is not None:
            self._shelf.close()

    def _open(self) -> None:
        from gate.sources._tar import TarShelf

        self._state = self._stat()
        if self._shelf is not None:
            self._shelf.close()
        self._shelf = shelf = TarShelf(self._path)
        if shelf.has("index.json") or shelf.has("oci-layout"):
            self._layout = Layout(shelf, self._place, self._name, self._digest)

    def _stat(self) -> tuple[int, ...]:
        status = self._path.stat()
        return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def _unchanged(self) -> bool:
        try:
            return self._stat() == self._state
        except OSError:
            return False

    def _read(self, name: str, most: int) -> bytes:
        if self._shelf is None:
            msg = "the archive was asked before it was resolved"
            raise RuntimeError(msg)
        return self._shelf.read(name, most)

    def _subject(self, content: bytes, media_type: str, tag: str) -> Subject:
        digest = Digest.of(content, self._digest.algorithm if self._digest is not None else "sha256")
        return Subject(
            typed=self._typed,
            place=self._place,
            repository="",
            tag=tag,
            digest=digest,
            media_type=media_type,
            content=content,
            pinned=self._digest is not None,
            expected=self._digest,
        )

    def _entries(self) -> tuple[_Entry, ...]:
        """Read `manifest.json`; an OCI archive may do without."""
        try:
            content = self._read("manifest.json", _MOST_LIST_BYTES)
        except Missing:
            if self._layout is not None:
                return ()
            raise
        value = parse_strict(content, "manifest.json")
        if not isinstance(value, list) or len(value) > _MOST_IMAGES:
            msg = f"manifest.json is not a list of at most {_MOST_IMAGES} images"
            raise MalformedData(msg, "malformed-json")
        return tuple(_entry(item, f"manifest.json[{place}]") for place, item in enumerate(value))

    def _chosen(self, entries: tuple[_Entry, ...]) -> _Entry:
        fitting = [entry for entry in entries if any(_names(tag, self._name) for tag in entry.tags)]
        named = f"named {self._name!r}" if self._name else ""
        if not self._name:
            fitting = list(entries)
        tags = sorted(tag for entry in entries for tag in entry.tags)
        if not fitting:
            raise unknown_tag(self._place, self._name or "(any)", tags)
        if len({entry.config for entry in fitting}) > 1:
            msg = f"{self._place} has {len(fitting)} images {named}: {', '.join(tags) or 'without names'}"
            raise SourceError(msg, AMBIGUOUS_REFERENCE.code, AMBIGUOUS_REFERENCE.remedy)
        return fitting[0]

    def _make(self, entry: _Entry) -> _Made:
        """Make the manifest of an image that has none: same image, same bytes."""
        content = self._read_config(entry)
        diff_ids = parse_config(content).diff_ids
        if len(diff_ids) != len(entry.layers):
            msg = f"{entry.config} lists {len(diff_ids)} layers, manifest.json {len(entry.layers)}"
            raise MalformedData(msg, "malformed-json")
        layers = []
        for name, diff_id in zip(entry.layers, diff_ids, strict=True):
            if self._shelf is None or not self._shelf.has(name):
                raise Missing(name)
            layers.append({"mediaType": _LAYER, "size": self._shelf.size(name) or 0, "digest": str(_digest(diff_id))})
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, "size": len(content), "digest": str(Digest.of(content))},
            "layers": layers,
            "annotations": {ARCHIVE_OWN: "true"},
        }
        names = dict(zip(diff_ids, entry.layers, strict=True))
        return _Made(json.dumps(manifest, separators=(",", ":")).encode(), content, names, self._tag(entry))

    def _read_config(self, entry: _Entry) -> bytes:
        content = self._read(entry.config, MOST_MANIFEST_BYTES)
        for said in _HEX.findall(entry.config):
            if said != Digest.of(content).hex:
                msg = f"{entry.config} has other content than its name says: its digest is {Digest.of(content)}"
                raise Unreadable(msg, "digest-mismatch")
        return content

    def _tag(self, entry: _Entry) -> str:
        tags = {_tag_of(tag) for tag in entry.tags if not self._name or _names(tag, self._name)} - {""}
        return tags.pop() if len(tags) == 1 else ""

    def _answer_made(self, ask: Ask, look: Look) -> Fact:
        """Answer about an archive that has no manifest of its own."""
        made = self._made
        if made is None:
            return not_answered(ask, f"{self._place} was not resolved")
        if ask.kind is Kind.TAG_NOW and ask.name == made.tag:
            return Found(look, made.manifest, DOCKER_MANIFEST)
        if ask.kind is Kind.TAGS:
            tags = [made.tag] if made.tag else []
            return Found(look, json.dumps({"name": "", "tags": tags}).encode(), "application/json")
        if ask.kind is Kind.BLOB and ask.name in made.layers:
            return self._layer(ask, made.layers[ask.name], look)
        content = {Kind.MANIFEST: made.manifest, Kind.BLOB: made.config}.get(ask.kind)
        if content is None:
            return not_answered(ask, f"an archive of docker save has nothing of the kind {ask.kind}")
        try:
            if Digest.parse(ask.name).matches(content):
                return Found(look, content, DOCKER_MANIFEST if ask.kind is Kind.MANIFEST else DOCKER_CONFIG)
        except InvalidReference:
            pass
        return Absent(Look(look.where, "not there"))

    def _layer(self, ask: Ask, name: str, look: Look) -> Fact:
        try:
            content = self._read(name, MOST_BLOB_BYTES)
        except (Missing, Unreadable) as error:
            code = error.code if isinstance(error, Unreadable) else "layout-unreadable"
            return Unavailable(Look(look.where, code), code, str(error))
        if Digest.parse(ask.name).matches(content):
            return Found(look, content, _LAYER)
        if content.startswith(_GZIP):
            return not_answered(ask, f"{name} is compressed: the config's diff id is not its digest")
        detail = f"{name} has other content than the config says: its digest is {Digest.of(content)}"
        return Unavailable(Look(look.where, "digest-mismatch"), "digest-mismatch", detail)

    def _refuse_contradiction(self, entries: tuple[_Entry, ...], content: bytes) -> None:
        """Refuse an archive whose `manifest.json` leads to another config than the image that was found.

        Programs that know only `manifest.json` choose by name there; where no entry has the name, every entry could
        be what they load.
        """
        if not entries:
            return
        configs = self._configs(parse_manifest(content))
        named = [entry for entry in entries if self._name and any(_names(tag, self._name) for tag in entry.tags)]
        for entry in named or (entries if not self._name else ()):
            if Digest.of(self._read_config(entry)) not in configs:
                msg = (
                    f"{self._place}: manifest.json leads to the config {Digest.of(self._read_config(entry))}, "
                    f"index.json to {' or '.join(str(config) for config in sorted(configs)) or 'none in the archive'}"
                )
                raise SourceError(msg, ARCHIVE_CONTRADICTION.code, ARCHIVE_CONTRADICTION.remedy)

    def _configs(self, document: Manifest | Index, depth: int = 0) -> frozenset[Digest]:
        if isinstance(document, Manifest):
            return frozenset({document.config.digest})
        found: set[Digest] = set()
        for child in document.manifests if depth < 3 else ():  # noqa: PLR2004 -- as deep as indexes are followed (S9)
            try:
                content = self._read(f"blobs/{child.digest.algorithm}/{child.digest.hex}", MOST_MANIFEST_BYTES)
                found |= self._configs(parse_manifest(content, child.media_type), depth + 1)
            except (Missing, MalformedData):
                continue  # docker save leaves out platforms that were never pulled
        return frozenset(found)


def _entry(value: object, what: str) -> _Entry:
    members = read_object(value, what, _KEYS)
    texts = {
        key: tuple(text for text in read_list(members, key, what, _MOST_LAYERS) if isinstance(text, str))
        for key in ("RepoTags", "Layers")
    }
    if any(len(texts[key]) != len(read_list(members, key, what, _MOST_LAYERS)) for key in texts):
        msg = f"{what} holds something that is not a string"
        raise MalformedData(msg, "malformed-json")
    return _Entry(read_text(members, "Config", what), texts["RepoTags"], texts["Layers"])


def _names(repo_tag: str, name: str) -> bool:
    """Tell whether a name of the archive is meant: as written, normalised, or by its tag alone."""
    if not name:
        return False
    if name in {repo_tag, _tag_of(repo_tag)}:
        return True
    try:
        return Reference.parse(repo_tag) == Reference.parse(name)
    except InvalidReference:
        return False


def _tag_of(repo_tag: str) -> str:
    try:
        return Reference.parse(repo_tag).tag
    except InvalidReference:
        return ""


def _digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidReference as error:
        raise MalformedData(f"a diff id of the config: {error}", "malformed-json") from error


def _is_empty(fact: Found) -> bool:
    document = parse_manifest(fact.content)
    return isinstance(document, Index) and not document.manifests
