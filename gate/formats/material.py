"""Everything that comes with a signature to prove it: certificates, log entries, timestamps.

From a bundle, or from the annotations of cosign's older storage (cosign, `pkg/oci/internal/signature/layer.go`). It is
read here and believed nowhere: what it proves is `gate.sigstore`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.formats.bundle import Bundle, Material
from gate.formats.certificate import Certificate, parse_certificate, parse_pem_certificates
from gate.formats.dsse import decode_base64
from gate.formats.log_entry import LogEntry, parse_annotation, read_entry
from gate.formats.trusted_root import read_raw
from gate.oci.descriptor import read_object, read_text
from gate.strict_json import parse_strict

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BUNDLE", "CERTIFICATE", "CHAIN", "TIMESTAMP", "Proofs", "read_annotations", "read_bundle"]

CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
CHAIN: Final = "dev.sigstore.cosign/chain"
BUNDLE: Final = "dev.sigstore.cosign/bundle"
TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"

#: The first version in which a proof of inclusion is required, and in which no chain is allowed, in order.
_VERSIONS: Final = ("0.1", "0.2", "0.3")


@dataclass(frozen=True, slots=True)
class Proofs:
    """What comes with one signature. `certificate` is None where a key made it; `version` is "" for annotations.

    `extra` are certificates between it and an authority, which nobody vouches for yet.
    """

    certificate: Certificate | None
    extra: tuple[Certificate, ...]
    entries: tuple[LogEntry, ...]
    stamps: tuple[bytes, ...]
    version: str

    @property
    def needs_proof(self) -> bool:
        """Tell whether entries have to carry a proof of inclusion (protobuf-specs, `Bundle`): from 0.2 on."""
        return self.version in _VERSIONS[1:]


def read_bundle(bundle: Bundle, what: str) -> Proofs:
    """Read what a bundle carries; raises `MalformedData`."""
    if bundle.material is Material.CHAIN and bundle.version == _VERSIONS[2]:
        msg = f"{what} has a chain of certificates, which version 0.3 does not allow"
        raise MalformedData(msg, "malformed")
    chain = [parse_certificate(read_raw(one, what), f"{what}, certificate") for one in bundle.certificates]
    if not chain and bundle.material is not Material.PUBLIC_KEY:
        msg = f"{what} has an empty chain of certificates"
        raise MalformedData(msg, "malformed")
    return Proofs(
        chain[0] if chain else None,
        tuple(chain[1:]),
        tuple(read_entry(one, f"{what}, log entry") for one in bundle.entries),
        _distinct((_stamp(one, what) for one in bundle.stamps), what),
        bundle.version,
    )


def read_annotations(annotations: Mapping[str, str], what: str) -> Proofs:
    """Read what stands beside a signature in cosign's older storage; raises `MalformedData`."""
    certificate: Certificate | None = None
    if CERTIFICATE in annotations:
        found = parse_pem_certificates(annotations[CERTIFICATE], f"{what}, certificate")
        if len(found) != 1:
            msg = f"{what} has {len(found)} certificates where that of the signer belongs"
            raise MalformedData(msg, "malformed")
        certificate = found[0]
    chain = annotations.get(CHAIN, "")
    entry, stamp = annotations.get(BUNDLE, ""), annotations.get(TIMESTAMP, "")
    stamps: tuple[bytes, ...] = ()
    if stamp:
        inside = read_object(parse_strict(stamp.encode(), what), what, frozenset({"SignedRFC3161Timestamp"}))
        stamps = (decode_base64(read_text(inside, "SignedRFC3161Timestamp", what), f"{what}, timestamp"),)
    return Proofs(
        certificate,
        parse_pem_certificates(chain, f"{what}, chain") if chain.strip() else (),
        (parse_annotation(entry, f"{what}, log entry"),) if entry else (),
        stamps,
        "",
    )


def _stamp(value: object, what: str) -> bytes:
    members = read_object(value, f"{what}, timestamp", frozenset({"signedTimestamp"}))
    return decode_base64(read_text(members, "signedTimestamp", what), f"{what}, timestamp")


def _distinct(stamps: Iterable[bytes], what: str) -> tuple[bytes, ...]:
    found = tuple(stamps)
    if len(set(found)) != len(found):
        msg = f"{what} has the same timestamp twice"
        raise MalformedData(msg, "malformed")
    return found
