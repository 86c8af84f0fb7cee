"""What a signer of the kind `notation` trusts: stores, identities, and the policy that holds for a repository."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.formats.certificate import Certificate, parse_certificate, parse_pem_certificates
from gate.formats.notation_chain import is_issued_by
from gate.formats.notation_policy import ANY, Policy, parse_policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.formats.notation_policy import Attributes
    from gate.option import File

__all__ = ["Trust", "policies", "policy_for", "read_store"]

_PEM: Final = b"-----BEGIN"


@dataclass(frozen=True, slots=True)
class Trust:
    """What holds for one repository. `stores` are certificates by store type; `identities` None where any will do.

    `leniency` is what the policy file is laxer in than it is judged here, or "".
    """

    stores: Mapping[str, tuple[Certificate, ...]]
    identities: tuple[Attributes, ...] | None
    after_expiry: bool
    leniency: str


@lru_cache(maxsize=64)
def policies(content: bytes, path: str) -> tuple[Policy, ...]:
    """Read a trust policy file, once; raises `MalformedData`."""
    return parse_policies(content, path)


def policy_for(found: tuple[Policy, ...], repository: str) -> Policy | None:
    """Give the policy of a repository: the one that names it, else the one for all (trust-store-trust-policy.md)."""
    named = next((policy for policy in found if repository in policy.scopes), None)
    return named or next((policy for policy in found if ANY in policy.scopes), None)


def read_store(files: tuple[File, ...], *, is_timestamps: bool) -> tuple[Certificate, ...]:
    """Read the certificates of one trust store; raises `MalformedData` for what may not be in one."""
    return tuple(one for file in files for one in _read(file.content, file.path, is_timestamps))


@lru_cache(maxsize=256)
def _read(content: bytes, path: str, is_timestamps: bool) -> tuple[Certificate, ...]:  # noqa: FBT001 -- cached by it
    if content.lstrip().startswith(_PEM):
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError as error:
            msg = f"{path} is no PEM file"
            raise MalformedData(msg, "malformed") from error
        found = parse_pem_certificates(text, path)
    else:
        found = (parse_certificate(content, path),)
    for one in found:
        if not is_issued_by(one, one) and (is_timestamps or not _is_authority(one)):
            what = "a root, which issues itself" if is_timestamps else "an authority's, or one that issues itself"
            msg = f"{path} holds a certificate that does not belong into this trust store: it has to be {what}"
            raise MalformedData(msg, "certificate")
    return found


def _is_authority(certificate: Certificate) -> bool:
    from cryptography import x509

    return any(isinstance(one.value, x509.BasicConstraints) and one.value.ca for one in certificate.extensions())
