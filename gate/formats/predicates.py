"""Predicate types of attestations: their names, and what the gate reads of SBOMs and of scans.

The names are those of rule files; behind each stand the URIs that tools write (cosign `pkg/cosign/attestation`,
in-toto/attestation `spec/predicates`). Only in the statement that was signed a type decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.formats.slsa import PROVENANCE_TYPES, PROVENANCE_V02, PROVENANCE_V1, SUMMARY_TYPE
from gate.oci.descriptor import read_list, read_object, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CYCLONEDX_TYPES",
    "SBOM_TYPES",
    "SCAN_TYPES",
    "SPDX_TYPES",
    "TYPES",
    "Component",
    "read_sbom",
    "stated_time",
]

SPDX_TYPES: Final = frozenset(
    {"https://spdx.dev/Document", *(f"https://spdx.dev/Document/v{version}" for version in ("2.2", "2.3", "3", "3.0"))}
)
CYCLONEDX_TYPES: Final = frozenset(
    {"https://cyclonedx.org/bom", *(f"https://cyclonedx.org/bom/v1.{minor}" for minor in range(2, 8))}
)
SBOM_TYPES: Final = SPDX_TYPES | CYCLONEDX_TYPES
_COSIGN_VULN: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"
_COSIGN_CUSTOM: Final = "https://cosign.sigstore.dev/attestation/v1"
_IN_TOTO_VULNS: Final = "https://in-toto.io/attestation/vulns"
SCAN_TYPES: Final = frozenset({_COSIGN_VULN, _IN_TOTO_VULNS})
_TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"

#: Names of rule files. What has no name here is written as its URI.
TYPES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "slsa-provenance": PROVENANCE_TYPES,
        "slsa-provenance-v0.2": frozenset({PROVENANCE_V02}),
        "slsa-provenance-v1": frozenset({PROVENANCE_V1}),
        "slsa-summary": frozenset({SUMMARY_TYPE}),
        "sbom": SBOM_TYPES,
        "spdx": SPDX_TYPES,
        "cyclonedx": CYCLONEDX_TYPES,
        "cosign-vuln": frozenset({_COSIGN_VULN}),
        "in-toto-vulns": frozenset({_IN_TOTO_VULNS}),
        "openvex": frozenset({"https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"}),
        "test-result": frozenset({_TEST_RESULT}),
        "link": frozenset({"https://in-toto.io/Link/v1"}),
        "cosign-custom": frozenset({_COSIGN_CUSTOM}),
    }
)

#: An SBOM of a large image lists some thousand packages, one with files some hundred thousand.
_MOST_COMPONENTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Component:
    """One entry of an SBOM; texts are "" where the SBOM does not say."""

    name: str
    version: str
    supplier: str
    purl: str


def read_sbom(predicate_type: str, predicate: object, what: str) -> tuple[Component, ...]:
    """Read the components of a verified predicate of one of `SBOM_TYPES`; raises `MalformedData`.

    The document itself has to be of the kind that the type names; the code is `predicate-version` where it is of a
    version that is not read. Nested components of CycloneDX count too.
    """
    members = read_object(predicate, what, frozenset())
    if predicate_type in SPDX_TYPES:
        if "@graph" in members:
            msg = f"{what} is SPDX 3, which is not read yet"
            raise MalformedData(msg, "predicate-version")
        if not read_text(members, "spdxVersion", what, default="").startswith("SPDX-2."):
            msg = f"{what} is no SPDX 2 document: it has no spdxVersion that begins with SPDX-2."
            raise MalformedData(msg, "malformed-json")
        return tuple(_package(one, what) for one in read_list(members, "packages", what, _MOST_COMPONENTS))
    if members.get("bomFormat") != "CycloneDX":
        msg = f"{what} is no CycloneDX document: its bomFormat is not CycloneDX"
        raise MalformedData(msg, "malformed-json")
    return tuple(_components(members, what))


def stated_time(predicate_type: str, predicate: object) -> str:
    """Give the time that the predicate itself says it was made at, as it is written, or "".

    The end of a build or scan, the time of a verification, the creation of an SBOM.
    """
    steps: tuple[str, ...] = ()
    if predicate_type == PROVENANCE_V1:
        steps = ("runDetails", "metadata", "finishedOn")
    elif predicate_type == PROVENANCE_V02:
        steps = ("metadata", "buildFinishedOn")
    elif predicate_type == SUMMARY_TYPE:
        steps = ("timeVerified",)
    elif predicate_type in SCAN_TYPES:
        steps = ("metadata", "scanFinishedOn")
    elif predicate_type == _COSIGN_CUSTOM:
        steps = ("Timestamp",)
    elif predicate_type in SPDX_TYPES:
        steps = ("creationInfo", "created")
    elif predicate_type in CYCLONEDX_TYPES:
        steps = ("metadata", "timestamp")
    found: object = predicate if steps else None
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _components(members: dict[str, object], what: str) -> Iterator[Component]:
    waiting = [members]
    seen = 0
    while waiting:
        for one in read_list(waiting.pop(), "components", what, _MOST_COMPONENTS):
            seen += 1
            if seen > _MOST_COMPONENTS:
                msg = f"{what} has more than {_MOST_COMPONENTS} components"
                raise MalformedData(msg, "limit-reached")
            component = read_object(one, f"{what}, components", frozenset())
            waiting.append(component)
            yield _component(component, what)


def _component(members: dict[str, object], what: str) -> Component:
    supplier = members.get("supplier")
    named = read_object(supplier, f"{what}, supplier", frozenset()) if supplier is not None else {}
    return Component(
        _text(members, "name", what), _text(members, "version", what), _text(named, "name", what),
        _text(members, "purl", what),
    )  # fmt: skip


def _package(value: object, what: str) -> Component:
    members = read_object(value, f"{what}, packages", frozenset())
    purl = ""
    for one in read_list(members, "externalRefs", what, _MOST_COMPONENTS):
        reference = read_object(one, f"{what}, externalRefs", frozenset())
        if reference.get("referenceType") == "purl":
            purl = _text(reference, "referenceLocator", what)
    supplier = _text(members, "supplier", what)
    return Component(
        _text(members, "name", what), _text(members, "versionInfo", what),
        "" if supplier == "NOASSERTION" else supplier, purl,
    )  # fmt: skip


def _text(members: dict[str, object], key: str, what: str) -> str:
    return read_text(members, key, what, default="")
