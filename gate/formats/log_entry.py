"""Entries of a transparency log as they come with a signature: in a bundle, or in cosign's older annotation.

Formats: sigstore/protobuf-specs `protos/sigstore_rekor.proto`; cosign `pkg/cosign/bundle/rekor.go`. What an entry says
of itself (its time above all) is nobody's word until a promise or a proof holds (CVE-2024-55655).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from gate.errors import MalformedData
from gate.formats.dsse import decode_base64
from gate.oci.descriptor import read_list, read_object, read_text
from gate.strict_json import parse_strict

__all__ = ["InclusionProof", "LogEntry", "parse_annotation", "read_entry"]

#: A tree of 2^64 entries has paths of 64 hashes.
_MOST_HASHES: Final = 64
#: Checkpoints with many witnesses stay below this.
_MOST_CHECKPOINT: Final = 64 * 1024
_MOST_BODY: Final = 1024 * 1024
_MOST_NUMBER: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_HEX_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)

_KEYS: Final = frozenset(
    {
        "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody",
    }
)  # fmt: skip
_PROOF_KEYS: Final = frozenset({"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"})
_ANNOTATION_KEYS: Final = frozenset({"SignedEntryTimestamp", "Payload"})
_PAYLOAD_KEYS: Final = frozenset({"body", "integratedTime", "logIndex", "logID"})


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The way from an entry to the root of a tree, and the log's signed statement of that root."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. `index` is that of the whole log, `proof.index` that of the tree; `kind` is "" where not said."""

    log_id: bytes
    index: int
    kind: str
    version: str
    integrated: int
    promise: bytes = field(repr=False)
    proof: InclusionProof | None = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def promised(self) -> bytes:
        """The bytes that a promise signs: RFC 8785 JSON of four members (Rekor, `pkg/api/entries.go`)."""
        body = base64.b64encode(self.body).decode()
        return (
            f'{{"body":"{body}","integratedTime":{self.integrated},"logID":"{self.log_id.hex()}",'
            f'"logIndex":{self.index}}}'
        ).encode()


def read_entry(value: object, what: str) -> LogEntry:
    """Read an entry of a bundle; raises `MalformedData`."""
    members = read_object(value, what, _KEYS)
    kind = read_object(members.get("kindVersion"), f"{what}, kindVersion", frozenset({"kind", "version"}))
    ids = read_object(members.get("logId"), f"{what}, logId", frozenset({"keyId"}))
    promise = members.get("inclusionPromise")
    signed = b""
    if promise is not None:
        inside = read_object(promise, f"{what}, inclusionPromise", frozenset({"signedEntryTimestamp"}))
        signed = decode_base64(read_text(inside, "signedEntryTimestamp", what), f"{what}, signedEntryTimestamp")
    proof = members.get("inclusionProof")
    return LogEntry(
        decode_base64(read_text(ids, "keyId", f"{what}, logId"), f"{what}, logId"),
        _number(members, "logIndex", what),
        read_text(kind, "kind", f"{what}, kindVersion"),
        read_text(kind, "version", f"{what}, kindVersion"),
        _number(members, "integratedTime", what),
        signed,
        None if proof is None else _proof(proof, f"{what}, inclusionProof"),
        _body(read_text(members, "canonicalizedBody", what), what),
    )


def parse_annotation(text: str, what: str) -> LogEntry:
    """Read the entry of cosign's annotation `dev.sigstore.cosign/bundle`; raises `MalformedData`."""
    members = read_object(parse_strict(text.encode(), what), what, _ANNOTATION_KEYS)
    payload = read_object(members.get("Payload"), f"{what}, Payload", _PAYLOAD_KEYS)
    log_id = read_text(payload, "logID", what)
    if _HEX_ID.fullmatch(log_id) is None:
        msg = f"{what} has a logID that is not 64 digits of hex"
        raise MalformedData(msg, "malformed")
    signed = decode_base64(read_text(members, "SignedEntryTimestamp", what), f"{what}, SignedEntryTimestamp")
    if not signed:
        msg = f"{what} has an empty SignedEntryTimestamp"
        raise MalformedData(msg, "malformed")
    return LogEntry(
        bytes.fromhex(log_id),
        _number(payload, "logIndex", what),
        "",
        "",
        _number(payload, "integratedTime", what),
        signed,
        None,
        _body(read_text(payload, "body", what), what),
    )


def _proof(value: object, what: str) -> InclusionProof:
    members = read_object(value, what, _PROOF_KEYS)
    checkpoint = members.get("checkpoint")
    note = ""
    if checkpoint is not None:
        inside = read_object(checkpoint, f"{what}, checkpoint", frozenset({"envelope"}))
        note = read_text(inside, "envelope", f"{what}, checkpoint", default="")
    if len(note) > _MOST_CHECKPOINT:
        msg = f"{what} has a checkpoint of {len(note)} characters; at most {_MOST_CHECKPOINT} are read"
        raise MalformedData(msg, "limit-reached")
    hashes = read_list(members, "hashes", what, _MOST_HASHES)
    return InclusionProof(
        _number(members, "logIndex", what),
        _number(members, "treeSize", what),
        decode_base64(read_text(members, "rootHash", what), f"{what}, rootHash"),
        tuple(decode_base64(read_text({"hash": one}, "hash", what), f"{what}, hashes") for one in hashes),
        note,
    )


def _body(text: str, what: str) -> bytes:
    body = decode_base64(text, f"{what}, body")
    if not 0 < len(body) <= _MOST_BODY:
        msg = f"{what} has a body of {len(body)} bytes; 1 to {_MOST_BODY} are read"
        raise MalformedData(msg, "malformed")
    return body


def _number(members: dict[str, object], key: str, what: str) -> int:
    """Read an int64: proto3 JSON writes it as a string, takes a number as well, and leaves out a zero."""
    value = members.get(key)
    if value is None:
        return 0
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_NUMBER:
        msg = f"{what}, {key} is not a whole number"
        raise MalformedData(msg, "malformed-json")
    return value
