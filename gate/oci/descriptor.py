"""A descriptor: what points at other bytes (OCI image-spec, descriptor.md), and the reading of its members."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gate.errors import InvalidReference, MalformedData
from gate.oci.digest import Digest
from gate.oci.platform import UNKNOWN, Platform
from gate.strict_json import refuse_lookalikes

__all__ = [
    "MOST_DATA_BYTES",
    "Descriptor",
    "is_media_type",
    "parse_descriptor",
    "read_annotations",
    "read_list",
    "read_object",
    "read_text",
]

#: `data` is for small payloads (descriptor.md); a manifest has 4 MiB in all.
MOST_DATA_BYTES: Final = 1024 * 1024
#: The size of a blob is a signed 64-bit number in every implementation.
_MOST_SIZE: Final = 2**63 - 1
_MOST_ANNOTATIONS: Final = 1000
_MOST_URLS: Final = 100

#: RFC 6838 section 4.2; with parameters, since Sigstore's first bundles are `…bundle+json;version=0.1`.
_MEDIA_TYPE: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(; ?[a-z]+=[A-Za-z0-9.-]{1,32})?",
    re.ASCII,
)

_KEYS: Final = frozenset({"mediaType", "digest", "size", "annotations", "platform", "artifactType", "urls", "data"})
_PLATFORM_KEYS: Final = frozenset({"os", "architecture", "variant", "os.version", "os.features", "features"})
_NO_ANNOTATIONS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One descriptor, checked. `data`, where embedded, has been checked against size and digest.

    `platform` is None where the descriptor has none; os or architecture are "" where left out.
    """

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=lambda: _NO_ANNOTATIONS)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()
    data: bytes | None = field(default=None, repr=False)


def is_media_type(text: str) -> bool:
    """Tell whether `text` is a media type, with one parameter at most (RFC 6838 section 4.2)."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def parse_descriptor(value: object, what: str) -> Descriptor:
    """Read one descriptor from parsed JSON. `what` names it in messages; raises `MalformedData`."""
    members = read_object(value, what, _KEYS)
    media_type = read_text(members, "mediaType", what)
    if not is_media_type(media_type):
        msg = f"{what} has the media type {media_type[:80]!r}, which is none"
        raise MalformedData(msg, "malformed-json")
    artifact_type = read_text(members, "artifactType", what, default="")
    size = members.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _MOST_SIZE:
        msg = f"{what} has no size in bytes"
        raise MalformedData(msg, "malformed-json")
    digest = _digest(read_text(members, "digest", what), what)
    return Descriptor(
        media_type,
        digest,
        size,
        read_annotations(members, what),
        _platform(members.get("platform"), f"{what}, platform"),
        artifact_type,
        tuple(_text(url, f"{what}, urls") for url in read_list(members, "urls", what, _MOST_URLS)),
        _data(members, digest, size, what),
    )


def _digest(text: str, what: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidReference as error:
        msg = f"{what}: {error}"
        raise MalformedData(msg, "malformed-json") from error


def _data(members: dict[str, object], digest: Digest, size: int, what: str) -> bytes | None:
    if members.get("data") is None:
        return None
    text = read_text(members, "data", what)
    if len(text) > MOST_DATA_BYTES * 4 // 3 + 4:
        msg = f"{what} embeds more than {MOST_DATA_BYTES} bytes"
        raise MalformedData(msg, "malformed-json")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{what} has data that is not base64"
        raise MalformedData(msg, "malformed-json") from error
    if len(content) != size or not digest.matches(content):
        msg = f"{what} embeds data of another size or digest than it says"
        raise MalformedData(msg, "digest-mismatch")
    return content


def _platform(value: object, what: str) -> Platform | None:
    if value is None:
        return None
    members = read_object(value, what, _PLATFORM_KEYS)
    read_list(members, "os.features", what, _MOST_URLS)
    names = [read_text(members, key, what, default="") for key in ("os", "architecture", "variant", "os.version")]
    platform = Platform.normalised(*names)
    return Platform(*names) if platform == UNKNOWN else platform  # only the exact spelling means "no platform" (S9)


def read_object(value: object, what: str, known: frozenset[str]) -> dict[str, object]:
    """Give a JSON object whose keys every reader reads alike (S11); raises `MalformedData`."""
    if not isinstance(value, dict):
        msg = f"{what} is not a JSON object"
        raise MalformedData(msg, "malformed-json")
    refuse_lookalikes(value, known, what)
    return value


def read_text(members: dict[str, object], key: str, what: str, *, default: str | None = None) -> str:
    """Give a string member; null counts as left out. Raises `MalformedData` where it is no string or missing."""
    value = members.get(key)
    if value is None:
        if default is not None:
            return default
        msg = f"{what} has no {key!r}"
        raise MalformedData(msg, "malformed-json")
    return _text(value, f"{what}, {key}")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        msg = f"{what} is not a string"
        raise MalformedData(msg, "malformed-json")
    return value


def read_list(members: dict[str, object], key: str, what: str, most: int) -> list[object]:
    """Give a list member, empty where it is left out or null; raises `MalformedData` for other types or too many."""
    value = members.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        msg = f"{what}, {key} is not a list"
        raise MalformedData(msg, "malformed-json")
    if len(value) > most:
        msg = f"{what}, {key} has {len(value)} entries; at most {most} are read"
        raise MalformedData(msg, "limit-reached")
    return value


def read_annotations(members: dict[str, object], what: str, key: str = "annotations") -> Mapping[str, str]:
    """Give a mapping of strings to strings, empty where it is left out or null; raises `MalformedData`."""
    value = members.get(key)
    if value is None:
        return _NO_ANNOTATIONS
    if not isinstance(value, dict) or len(value) > _MOST_ANNOTATIONS:
        msg = f"{what}, {key} is not a JSON object of at most {_MOST_ANNOTATIONS} entries"
        raise MalformedData(msg, "malformed-json")
    for name, text in value.items():
        _text(text, f"{what}, {key}, {name[:80]!r}")
    return MappingProxyType(value)
