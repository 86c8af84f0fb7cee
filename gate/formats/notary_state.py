"""The versions of trust data that were seen before, so that older ones are noticed: a file that the user keeps.

    {"trust-state": 1, "repositories": {"registry.example/acme/app": {"root": 1, "timestamp": 41, "targets": 7}}}

Keys are repositories (GUNs), then the names of files of trust data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gate.errors import MalformedData
from gate.formats.notary import is_role_name
from gate.oci.descriptor import read_object
from gate.strict_json import parse_object

__all__ = ["parse_state", "write_state"]

_VERSION: Final = 1
_KEYS: Final = frozenset({"trust-state", "repositories"})
_TOP: Final = frozenset({"root", "timestamp", "snapshot"})
_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_NUMBER: Final = 2**53


def parse_state(content: bytes, what: str) -> Mapping[str, Mapping[str, int]]:
    """Read repository → file → version; raises `MalformedData` for anything else."""
    if len(content) > _MOST_BYTES:
        msg = f"{what} has {len(content)} bytes; at most {_MOST_BYTES} are read"
        raise MalformedData(msg, "limit-reached")
    members = parse_object(content, what, _KEYS)
    if members.get("trust-state") != _VERSION or members.keys() != _KEYS:
        msg = f'{what} is no state of trust data: it holds "trust-state": {_VERSION} and "repositories"'
        raise MalformedData(msg, "malformed-json")
    repositories = read_object(members["repositories"], f"{what}, repositories", frozenset())
    return {gun: _versions(value, f"{what}, {gun[:200]}") for gun, value in repositories.items()}


def write_state(known: Mapping[str, Mapping[str, int]], gun: str, versions: Mapping[str, int]) -> bytes:
    """Write the state with what was seen of one repository; versions never fall."""
    before = known.get(gun, {})
    merged = {name: max(before.get(name, 0), versions.get(name, 0)) for name in before.keys() | versions.keys()}
    repositories = {**known, gun: merged}
    text = json.dumps({"trust-state": _VERSION, "repositories": repositories}, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def _versions(value: object, what: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, version in read_object(value, what, frozenset()).items():
        if name not in _TOP and not is_role_name(name):
            msg = f"{what} names {name[:80]!r}, which is no file of trust data"
            raise MalformedData(msg, "malformed-json")
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= _MOST_NUMBER:
            msg = f"{what}, {name}: the version is a whole number of at least 1"
            raise MalformedData(msg, "malformed-json")
        found[name] = version
    return found
