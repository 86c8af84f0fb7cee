"""What kinds of documents and layers the image is made of, and what was fetched from elsewhere while it was built."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

from gate.checks.image.findings import bounded, finding, show
from gate.finding import Finding, Reason
from gate.oci.media_types import LAYERS, OCI_CONFIG, OCI_MANIFEST, is_encrypted, is_foreign

if TYPE_CHECKING:
    from gate.oci.config import Config
    from gate.oci.descriptor import Descriptor
    from gate.oci.manifest import Manifest

__all__ = ["judge_additions", "judge_media_types"]

LAYER_ELSEWHERE = Reason(
    "layer-elsewhere",
    "A layer of the image lies elsewhere",
    "The layer is a foreign (non-distributable) one, or names URLs that it is fetched from. Registries do not keep it, "
    "mirrors do not copy it, and what is there can go away.",
    "Build the image on a base without such layers; for Windows, on a current base image, which has none.",
)
MEDIA_TYPE_NOT_ALLOWED = Reason(
    "media-type-not-allowed",
    "The image has parts of a kind that the rule does not allow",
    "`media-types: standard` allows the manifests, configs and layers of the OCI image format and of Docker's schema "
    "2, compressed with gzip or zstd, or not at all; `media-types: oci` only those of OCI. Encrypted layers, and kinds "
    "that nobody registered, cannot be scanned and run on few machines. Docker's schema 1 is always refused "
    "(`schema1-image`).",
    "Build the image with a current builder; `docker buildx build --output type=image,oci-mediatypes=true` writes the "
    "kinds of OCI.",
)
REMOTE_ADD = Reason(
    "remote-add",
    "A build step adds a file from the network without checking it",
    "`ADD https://…` fetches whatever is there at that moment: the same Dockerfile gives another image tomorrow, and "
    "nothing says that the right file came.",
    "Add `--checksum=sha256:…` to the ADD, or fetch the file in a RUN step that compares its digest.",
)

_OCI_LAYER: Final = "application/vnd.oci.image.layer."
# BuildKit writes `ADD https://… / # buildkit`, classic builders `/bin/sh -c #(nop) ADD …`.
_ADD: Final = re.compile(r"(?:\A|#\(nop\)\s{0,4})ADD\s(?P<words>[^\n]{1,4000})", re.ASCII | re.IGNORECASE)
_REMOTE: Final = re.compile(
    r"(?<![^\s\"'\[,])(?:(?:https?|ftp|git|ssh)://|git@)[^\s\"',\]]{1,2000}", re.ASCII | re.IGNORECASE
)
# Only before the sources, and only whole: anything else is a name, or words behind a `#` that no builder reads.
_FLAGS: Final = re.compile(r"\s*(?:--[^\s=]{1,40}(?:=\S{0,400})?\s+)*", re.ASCII)
_CHECKSUM: Final = re.compile(
    r"--checksum=(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|[0-9a-f]{40})", re.ASCII
)


def judge_media_types(manifest: Manifest, kind: Literal["standard", "oci"]) -> Iterable[Finding]:
    """Give a finding for each kind of document or layer that is not allowed, and for layers that lie elsewhere."""
    if kind == "oci":
        for what, got, expected in (
            ("manifest", manifest.media_type, OCI_MANIFEST),
            ("config", manifest.config.media_type, OCI_CONFIG),
        ):
            if got != expected:
                yield _kind(f"the {what} is {show(got)}", expected, got)
    yield from bounded(manifest.layers, lambda layer: not _lies_elsewhere(layer), _elsewhere)
    yield from bounded(
        [layer.media_type for layer in manifest.layers if not _lies_elsewhere(layer)],
        lambda media_type: media_type in LAYERS and (kind == "standard" or media_type.startswith(_OCI_LAYER)),
        lambda media_type: _kind(
            f"a layer is {'encrypted' if is_encrypted(media_type) else show(media_type)}",
            "a layer of OCI" if kind == "oci" else "a layer of OCI or Docker",
            media_type,
        ),
    )


def judge_additions(config: Config) -> Iterable[Finding]:
    """Give a finding for each build step that adds something from the network, without a checksum."""
    steps = [
        (number, url)
        for number, step in enumerate(config.history, 1)
        for match in _ADD.finditer(step.created_by)
        if not _is_checked(match["words"])
        for url in _REMOTE.findall(match["words"])
    ]
    yield from bounded(steps, lambda _: False, _added)


def _is_checked(words: str) -> bool:
    flags = _FLAGS.match(words)
    return flags is not None and any(_CHECKSUM.fullmatch(flag) for flag in flags[0].split())


def _lies_elsewhere(layer: Descriptor) -> bool:
    return is_foreign(layer.media_type) or bool(layer.urls)


def _elsewhere(layer: Descriptor) -> Finding:
    got = show(layer.urls[0]) if layer.urls else show(layer.media_type)
    what = f"the layer {layer.digest.short} is not in the registry"
    return finding(LAYER_ELSEWHERE, what, "layers that come with the image", got, digest=str(layer.digest))


def _kind(what: str, expected: str, got: str) -> Finding:
    return finding(MEDIA_TYPE_NOT_ALLOWED, what, expected, show(got), media_type=got)


def _added(step: tuple[int, str]) -> Finding:
    number, url = step
    shown = show(_without_credentials(url))
    what = f"build step {number} adds {shown}"
    return finding(REMOTE_ADD, what, "files whose digest is checked", shown, step=str(number))


def _without_credentials(url: str) -> str:
    """Keep a password, or a token in the query, out of reports (S43)."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url.partition("?")[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
