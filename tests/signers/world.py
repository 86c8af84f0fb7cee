"""A repository in memory, or a layout folder read like one: what the tests of signers ask their questions to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, Unavailable
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_INDEX, OCI_MANIFEST
from gate.option import File
from gate.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.evidence import Need

FIXTURES = Path(__file__).parent.parent / "fixtures" / "signatures"
DEMO = Path(__file__).parent.parent.parent / "examples" / "demo"

PLACE = "registry.example/acme/app"


def packed(value: object) -> bytes:
    """Give compact JSON bytes."""
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(media_type: str, content: bytes, **members: object) -> dict[str, object]:
    """Describe bytes; members that are None are left out."""
    made = {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **members}
    return {key: value for key, value in made.items() if value is not None}


@dataclass
class World:
    """One repository. `api` is whether it has the referrers API; `faults` answer before anything else."""

    place: str = PLACE
    api: bool = True
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    referrers: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    faults: dict[tuple[Kind, str], Fact] = field(default_factory=dict)
    asked: list[Ask] = field(default_factory=list)

    def put_manifest(self, content: bytes, media_type: str = OCI_MANIFEST, tag: str = "") -> str:
        """Store a manifest under its digest, and under a tag."""
        digest = str(Digest.of(content))
        self.manifests[digest] = (content, media_type)
        if tag:
            self.manifests[tag] = (content, media_type)
        return digest

    def put_blob(self, content: bytes) -> str:
        """Store a blob."""
        self.blobs[str(Digest.of(content))] = content
        return str(Digest.of(content))

    def answer(self, ask: Ask) -> Fact:
        """Answer one question, as a source does."""
        self.asked.append(ask)
        if (ask.kind, ask.name) in self.faults:
            return self.faults[ask.kind, ask.name]
        look = Look(f"{self.place}/{ask.kind}/{ask.name}", "200")
        if ask.kind is Kind.BLOB and ask.name in self.blobs:
            return Found(look, self.blobs[ask.name])
        if ask.kind is Kind.MANIFEST and ask.name in self.manifests:
            content, media_type = self.manifests[ask.name]
            return Found(look, content, media_type)
        if ask.kind is Kind.REFERRERS and self.api:
            return Found(look, index(self.referrers.get(ask.name, [])), OCI_INDEX)
        return Absent(look._replace(status="404"))

    def gather(self, needs: Iterable[Need], subject: Subject) -> Evidence:
        """Collect until nothing is missing."""
        wanted = tuple(needs)
        have = Evidence()
        for _ in range(40):
            asks = {ask for need in wanted for ask in need.missing(subject, have)}
            if not asks:
                return have
            have = have.with_answers({ask: self.answer(ask) for ask in sorted(asks)})
        raise AssertionError("the needs never end")


def index(manifests: list[dict[str, object]]) -> bytes:
    """Make an index document."""
    return packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests})


def unavailable(status: str = "503") -> Unavailable:
    """Make an answer that is none."""
    return Unavailable(
        Look("https://registry.example/v2/", status), "registry-error", f"the registry answered {status}"
    )


def image(name: str = "app", place: str = PLACE, repository: str = PLACE, tag: str = "1.0.0") -> Subject:
    """Make the manifest of a small image."""
    config = packed({"os": "linux", "architecture": "amd64", "config": {"Labels": {"name": name}}})
    content = packed(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [],
        }
    )
    return Subject(f"{place}:{tag}", place, repository, tag, Digest.of(content), OCI_MANIFEST, content)


def key_file(content: bytes, path: str = "keys/build.pub") -> File:
    """Make the file of a key."""
    return File(path, content, Digest.of(content))


def read_layout(folder: Path, *, api: bool = True) -> tuple[World, Mapping[str, Subject]]:
    """Read a layout folder as a repository; also gives a subject for each of its tags.

    With `api=False` there is no referrers API, so that only tags lead to signatures.
    """
    world = World(place=f"oci:{folder.name}", api=api)
    subjects: dict[str, Subject] = {}
    for path in (folder / "blobs" / "sha256").iterdir():
        world.put_blob(path.read_bytes())
    for entry in json.loads((folder / "index.json").read_bytes())["manifests"]:
        content, media_type = world.blobs[entry["digest"]], entry["mediaType"]
        tag = entry.get("annotations", {}).get("org.opencontainers.image.ref.name", "")
        _keep(world, content, media_type, tag)
        if tag:
            subjects[tag] = Subject(tag, world.place, "", tag, Digest.parse(entry["digest"]), media_type, content)
    return world, subjects


def _keep(world: World, content: bytes, media_type: str, tag: str = "") -> None:
    if str(Digest.of(content)) in world.manifests and not tag:
        return
    digest = world.put_manifest(content, media_type, tag)
    document = json.loads(content)
    if "subject" in document:
        entry = {"mediaType": media_type, "digest": digest, "size": len(content)}
        entry["artifactType"] = document.get("artifactType") or document["config"]["mediaType"]
        listed = world.referrers.setdefault(document["subject"]["digest"], [])
        if entry not in listed:
            listed.append(entry)
    for child in document.get("manifests", []):
        if child["digest"] in world.blobs:
            _keep(world, world.blobs[child["digest"]], child["mediaType"])
