"""The lock file of tags: which digest each tag named when somebody last looked, kept beside the rules in git.

    {"gate-tags": 1, "repositories": {"ghcr.io/acme/app": ["1.4.2@sha256:…"]}}

`gate tags --lock` writes it, the check `tag` reads it. It is what makes "this tag was pushed over" knowable: a
registry says where a tag points, never where it pointed before. (A list, since tags may differ in capital letters
only, which keys of strict JSON may not.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gate.errors import InvalidReference, MalformedData
from gate.oci.digest import Digest
from gate.oci.reference import Repository, is_tag
from gate.strict_json import parse_object

__all__ = ["MOST_LOCK_BYTES", "TagLock", "read_tag_lock"]

#: About a hundred thousand tags.
MOST_LOCK_BYTES: Final = 16 * 1024 * 1024
_VERSION: Final = 1
_KEYS: Final = frozenset({"gate-tags", "repositories"})
_WHAT: Final = "the lock file"


@dataclass(frozen=True, slots=True)
class TagLock:
    """What each tag named, by normalised repository."""

    repositories: Mapping[str, Mapping[str, Digest]]

    def tags(self, repository: str) -> Mapping[str, Digest]:
        """Give the tags that were known of a repository; empty for one that the file does not hold."""
        return self.repositories.get(repository, MappingProxyType({}))

    def with_tags(self, repository: str, tags: Mapping[str, Digest]) -> TagLock:
        """Give a lock that holds these tags of the repository and no others."""
        return TagLock(MappingProxyType({**self.repositories, repository: MappingProxyType(dict(tags))}))

    def text(self) -> str:
        """Write the file: sorted, one tag a line, so that a change is one line in git."""
        repositories = {
            repository: [f"{tag}@{digest}" for tag, digest in sorted(tags.items())]
            for repository, tags in sorted(self.repositories.items())
        }
        return json.dumps({"gate-tags": _VERSION, "repositories": repositories}, indent=2) + "\n"


@lru_cache(maxsize=4)
def read_tag_lock(content: bytes) -> TagLock:
    """Read a lock file; raises `MalformedData` for anything that `TagLock.text` would not write."""
    if len(content) > MOST_LOCK_BYTES:
        msg = f"{_WHAT} is larger than {MOST_LOCK_BYTES // 1024 // 1024} MiB"
        raise MalformedData(msg, "malformed-json")
    members = parse_object(content, _WHAT, _KEYS)
    version = members.get("gate-tags")
    if version != _VERSION or isinstance(version, bool | float) or set(members) != _KEYS:
        msg = f'{_WHAT} is not one that `gate tags --lock` wrote (it begins {{"gate-tags": {_VERSION}, …)'
        raise MalformedData(msg, "malformed-json")
    repositories = members["repositories"]
    if not isinstance(repositories, dict):
        msg = f"{_WHAT}, repositories: not a JSON object"
        raise MalformedData(msg, "malformed-json")
    return TagLock(MappingProxyType({_repository(name): _tags(name, tags) for name, tags in repositories.items()}))


def _repository(name: str) -> str:
    registry, _, path = name.partition("/")
    try:
        return str(Repository(registry, path))
    except InvalidReference as error:
        msg = f"{_WHAT}: {error}"
        raise MalformedData(msg, "malformed-json") from error


def _tags(repository: str, value: object) -> Mapping[str, Digest]:
    if not isinstance(value, list):
        msg = f"{_WHAT}, {repository}: not a list"
        raise MalformedData(msg, "malformed-json")
    tags: dict[str, Digest] = {}
    for entry in value:
        tag, _, digest = entry.partition("@") if isinstance(entry, str) else ("", "", "")
        if not is_tag(tag) or tag in tags:
            msg = f"{_WHAT}, {repository}: {str(entry)[:80]!r} is no tag with its digest, or is there twice"
            raise MalformedData(msg, "malformed-json")
        try:
            tags[tag] = Digest.parse(digest)
        except InvalidReference as error:
            msg = f"{_WHAT}, {repository}, {tag}: {error}"
            raise MalformedData(msg, "malformed-json") from error
    return MappingProxyType(tags)
