"""In-toto statements: which artifacts a predicate is about (in-toto/attestation, spec/v1/statement.md).

A statement is data until the envelope around it was verified; read it from the verified bytes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gate.errors import MalformedData
from gate.oci.descriptor import read_list, read_object, read_text
from gate.oci.digest import ALGORITHMS
from gate.strict_json import parse_strict

__all__ = ["PAYLOAD_TYPE", "STATEMENT_TYPES", "Agreement", "Statement", "StatementSubject", "parse_statement"]

#: The only payload type under which an envelope holds a statement (spec/v1/envelope.md).
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

#: `_type` of the versions that are read alike.
STATEMENT_TYPES: Final = frozenset({"https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"})

#: Bounds of sigstore-go, after CVE-2024-45395 (endless loops over hostile lists).
_MOST_SUBJECTS: Final = 1024
_MOST_DIGESTS: Final = 32

_KEYS: Final = frozenset({"_type", "subject", "predicateType", "predicate"})
_SUBJECT_KEYS: Final = frozenset({"name", "uri", "digest", "content", "downloadLocation", "mediaType", "annotations"})


class Agreement(Enum):
    """What the digests of one subject say about some bytes (S12)."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CONTRADICTS_ITSELF = "contradicts itself"


@dataclass(frozen=True, slots=True)
class StatementSubject:
    """One artifact a statement is about. `annotations` are whatever JSON the signer put there."""

    name: str
    digests: Mapping[str, str]
    annotations: Mapping[str, object]

    def agrees(self, content: bytes) -> Agreement:
        """Compare every digest of a supported algorithm with the bytes themselves, as a set (S12).

        Hex is compared as written (lower case); md5, sha1 and unknown algorithms never count.
        """
        said = {name: digits for name, digits in self.digests.items() if name in ALGORITHMS}
        right = sum(hashlib.new(name, content).hexdigest() == digits for name, digits in said.items())
        if not right:
            return Agreement.DIFFERS
        return Agreement.AGREES if right == len(said) else Agreement.CONTRADICTS_ITSELF


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `predicate` is not looked into."""

    type: str
    subjects: tuple[StatementSubject, ...]
    predicate_type: str
    predicate: object


def parse_statement(content: bytes, what: str) -> Statement:
    """Read a statement from the verified payload of an envelope; raises `MalformedData`.

    The type is not judged here beyond being one we know how to read.
    """
    members = read_object(parse_strict(content, what), what, _KEYS)
    kind = read_text(members, "_type", what)
    if kind not in STATEMENT_TYPES:
        msg = f"{what} has the _type {kind[:80]!r}, which is no in-toto statement that is known"
        raise MalformedData(msg, "malformed-json")
    subjects = read_list(members, "subject", what, _MOST_SUBJECTS)
    if not subjects:
        msg = f"{what} has no subject"
        raise MalformedData(msg, "malformed-json")
    return Statement(
        kind,
        tuple(_subject(subject, f"{what}, subject") for subject in subjects),
        read_text(members, "predicateType", what),
        members.get("predicate"),
    )


def _subject(value: object, what: str) -> StatementSubject:
    members = read_object(value, what, _SUBJECT_KEYS)
    digests = read_object(members.get("digest"), f"{what}, digest", frozenset(ALGORITHMS))
    if not 0 < len(digests) <= _MOST_DIGESTS:
        msg = f"{what} has {len(digests)} digests; 1 to {_MOST_DIGESTS} are read"
        raise MalformedData(msg, "malformed-json")
    annotations = members.get("annotations")
    return StatementSubject(
        read_text(members, "name", what, default=""),
        {name: read_text(digests, name, f"{what}, digest") for name in digests},
        {} if annotations is None else read_object(annotations, f"{what}, annotations", frozenset()),
    )
