"""Merkle trees of transparency logs, and the notes in which a log states the root of its tree.

RFC 6962 section 2.1 (the hashes), RFC 9162 section 2.1.3.2 (checking a path), and the signed note format of
golang.org/x/mod/sumdb/note with the checkpoint body of C2SP tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData

if TYPE_CHECKING:
    from gate.formats.public_key import PublicKey

__all__ = ["Checkpoint", "leaf_hash", "parse_checkpoint", "root_from_path"]

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SIGNATURE: Final = re.compile(r"— (\S{1,256}) ([A-Za-z0-9+/]{8,8192}={0,2})")
#: A log and its witnesses.
_MOST_SIGNATURES: Final = 64
_HINT_BYTES: Final = 4
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One note: what it says, the bytes that are signed, and for each signature name, key hint and bytes."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def is_signed_by(self, key: PublicKey, log_id: bytes) -> bool:
        """Tell whether one of the signatures is the log's, under its own name; those of witnesses do not count.

        The origin is the log's name, with the first generation of Rekor followed by the number of the tree.
        """
        names = {self.origin, self.origin.rpartition(" - ")[0]}
        return any(
            name in names and hint == log_id[:_HINT_BYTES] and key.verifies(signature, self.text)
            for name, hint, signature in self.signatures
        )


def parse_checkpoint(note: str, what: str) -> Checkpoint:
    """Read a note; raises `MalformedData`."""
    text, blank, rest = note.partition("\n\n")
    lines = text.split("\n")
    signatures = rest.removesuffix("\n").split("\n")
    found = [_SIGNATURE.fullmatch(line) for line in signatures]
    if not blank or len(lines) < 3 or not lines[0] or _SIZE.fullmatch(lines[1]) is None:  # noqa: PLR2004 -- origin, size, root
        raise _malformed(what, "it has to have an origin, a size and a root, a blank line and signatures")
    if len(signatures) > _MOST_SIGNATURES or not all(found):
        raise _malformed(what, "its signatures cannot be read")
    try:
        root = base64.b64decode(lines[2], validate=True)
        raw = [(match[1], base64.b64decode(match[2], validate=True)) for match in found if match]
    except (binascii.Error, ValueError) as error:
        raise _malformed(what, "it is not base64 where it should be") from error
    return Checkpoint(
        lines[0],
        int(lines[1]),
        root,
        f"{text}\n".encode(),
        tuple((name, one[:_HINT_BYTES], one[_HINT_BYTES:]) for name, one in raw),
    )


def leaf_hash(body: bytes) -> bytes:
    """Give the hash of an entry in the tree (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: tuple[bytes, ...]) -> bytes | None:
    """Give the root that a path leads to from a leaf, or None if no tree of that size has such a path.

    RFC 9162, section 2.1.3.2, step by step.
    """
    if index >= size or any(len(one) != _HASH_BYTES for one in path):
        return None
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            result = hashlib.sha256(b"\x01" + sibling + result).digest()
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            result = hashlib.sha256(b"\x01" + result + sibling).digest()
        node >>= 1
        last >>= 1
    return result if last == 0 else None


def _malformed(what: str, why: str) -> MalformedData:
    return MalformedData(f"{what} is no checkpoint: {why}", "malformed")
