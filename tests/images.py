"""Small images made in memory: a subject and the evidence about it, for tests of judging."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gate.evidence import Ask, Evidence, Fact, Found, Kind, Look
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from gate.subject import Subject

__all__ = ["LOOK", "image", "packed"]

LOOK = Look("https://registry.example/v2/", "200")
REPOSITORY = "registry.example/team/app"


def packed(value: object) -> bytes:
    """Give compact JSON bytes."""
    return json.dumps(value, separators=(",", ":")).encode()


def image(
    platforms: Sequence[str] = ("linux/amd64", "linux/arm64"),
    labels: Mapping[str, str] | Mapping[str, Mapping[str, str]] = {},
    *,
    tag: str = "1.4.2",
    pinned: bool = False,
    repository: str = REPOSITORY,
    now: bytes | None = None,
    expected: Digest | None = None,
    os_version: str = "",
) -> tuple[Subject, Evidence]:
    """Make an index over `platforms`; `labels` for all, or by platform. `now` is where the tag points at the end."""
    answers: dict[Ask, Fact] = {}
    children = []
    for name in platforms:
        os, architecture = name.split("/")[:2]
        own = labels.get(name, labels)
        config = packed(
            {
                "os": os,
                "architecture": architecture,
                **({"os.version": os_version} if os_version else {}),
                "config": {"User": "10001", "Labels": dict(own) if isinstance(own, Mapping) else {}},
                "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(name.encode()))]},
            }
        )
        layer = f"layer of {name}".encode()
        manifest = packed(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": _descriptor(OCI_CONFIG, config),
                "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
            }
        )
        answers[Ask(repository, Kind.BLOB, str(Digest.of(config)))] = Found(LOOK, config, OCI_CONFIG)
        answers[Ask(repository, Kind.MANIFEST, str(Digest.of(manifest)))] = Found(LOOK, manifest, OCI_MANIFEST)
        children.append(
            {
                **_descriptor(OCI_MANIFEST, manifest),
                "platform": {
                    "os": os,
                    "architecture": architecture,
                    **({"os.version": os_version} if os_version else {}),
                },
            }
        )
    index = packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children})
    if tag and not pinned:
        answers[Ask(repository, Kind.TAG_NOW, tag)] = Found(LOOK, index if now is None else now, OCI_INDEX)
    subject = Subject(
        f"{repository}:{tag}", repository, repository, tag, Digest.of(index), OCI_INDEX, index, pinned, expected
    )
    return subject, Evidence(answers)


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}
