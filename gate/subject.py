"""The subject: one exact image under judgement, and the platforms it consists of (S7, S9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.oci.config import Config
    from gate.oci.digest import Digest
    from gate.oci.manifest import Manifest
    from gate.oci.platform import Platform

__all__ = ["Image", "Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a reference resolved to, once.

    `typed`       what the user wrote
    `place`       where its parts are asked for (`Ask.place`): `registry/repository`, `oci:PATH`, `docker-archive:PATH`
    `repository`  the normalised repository name, or "" where the source has none (layouts, archives)
    `tag`         the tag it was resolved from, or "" for a digest alone
    `digest`      the hash of `content`
    `media_type`  as checked against the body (S13)
    `content`     the manifest's or index's exact bytes
    `pinned`      whether the reference carried a digest (then a tag that moves later does not matter, S7)
    `expected`    the digest that the reference or --expect-digest demands; another one is a violation (S7)
    `origin`      where a promotion would copy it from (`registry/repository`), if `repository` and `tag` are a
                  destination that is judged before it is written (S35); "" for the image as it is
    """

    typed: str
    place: str
    repository: str
    tag: str
    digest: Digest
    media_type: str
    content: bytes = field(repr=False)
    pinned: bool = False
    expected: Digest | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """One platform's image inside the subject. `config` is None until a rule needs it."""

    platform: Platform
    digest: Digest
    manifest: Manifest | None
    config: Config | None
