"""Trivy's JSON report (`trivy image --format json`), schema version 2.

Read from bytes with typed structs, because reports of a hundred megabytes exist. Sources:
aquasecurity/trivy `pkg/types/report.go`, `pkg/types/vulnerability.go`, `pkg/fanal/types/artifact.go`.
All Go fields are `omitempty`: absence means empty, old, or switched off, and null is absence.

What a report says about itself can bind it to an image; that it is complete it cannot show: with
`--severity`, `--ignore-unfixed`, `.trivyignore` or the vulnerability scanner off it looks the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from gate.errors import MalformedData
from gate.oci.platform import Platform
from gate.printable import clip
from gate.scanner import (
    EMPTY_PACKAGE_LIST,
    NOTHING_SCANNED,
    OS_NOT_COVERED,
    FixState,
    Gap,
    OperatingSystem,
    Part,
    Report,
    ReportSubject,
    Severity,
    Vulnerabilities,
    time_of,
)
from gate.scanners.trivy.document import looks_ours, refuse_other_documents, split, what_is_broken
from gate.scanners.trivy.entries import Reader
from gate.scanners.trivy.values import digest_of, list_of, members_of, raw_text_of, text_of, texts_of, wrong_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SCANNER", "Trivy"]

_METADATA: Final = frozenset({"OS", "ImageID", "DiffIDs", "RepoDigests", "ImageConfig", "Layers"})
_OS: Final = frozenset({"Family", "Name", "EOSL"})
_CONFIG: Final = frozenset({"os", "architecture", "variant"})
_LAYER: Final = frozenset({"Digest", "DiffID"})

#: From this many findings on, a report without any low one looks filtered.
_MANY: Final = 20


class Trivy:
    """The format; stateless."""

    name: ClassVar[str] = "trivy"

    def recognises(self, content: bytes) -> bool:
        """Tell by keys near either end: whole reports, cut ones, and what other Trivy commands write."""
        return looks_ours(content)

    def read(self, content: bytes) -> Report:
        """Read the whole document.

        Raises `MalformedData` with one of the codes `report-malformed`, `report-version`,
        `report-wrong-kind` or `ambiguous-json`.
        """
        try:
            top, results = split(content)
            refuse_other_documents(top)
            return _report(top, results)
        except msgspec.DecodeError as error:
            raise MalformedData(what_is_broken(error), "report-malformed") from error
        except UnicodeDecodeError as error:
            raise MalformedData("it is not UTF-8 text", "report-malformed") from error
        except RecursionError as error:
            raise MalformedData("the report nests deeper than any report does", "report-malformed") from error
        except MalformedData as error:
            if error.code != "malformed-json":
                raise
            raise MalformedData(str(error), "report-malformed") from error


# ── what the report is about ──────────────────────────────────────────────────────────────────────


def _report(top: Mapping[str, object], results: Sequence[Mapping[str, Raw]]) -> Report:
    metadata = members_of(top.get("Metadata"), _METADATA, "Metadata")
    trivy = members_of(top.get("Trivy"), frozenset({"Version"}), "Trivy")
    system = _operating_system(members_of(metadata.get("OS"), _OS, "Metadata.OS"))
    read = [_result(members, f"Results[{number}]") for number, members in enumerate(results)]
    vulnerabilities = Vulnerabilities(*(part for result in read for part in (result.shown, result.hidden)))
    words = sorted({word for result in read for word in result.odd_words})
    created = text_of(top.get("CreatedAt"), "CreatedAt")
    return Report(
        scanner=Trivy.name,
        scanner_version=text_of(trivy.get("Version"), "Trivy.Version"),
        created=time_of(created),
        subject=_subject(text_of(top.get("ArtifactName"), "ArtifactName"), metadata),
        os=system,
        covers=_covers(read),
        vulnerabilities=vulnerabilities,
        gaps=_gaps(system, read),
        notes=(*_odd_words(words), *_filtered(system, Vulnerabilities(*(result.shown for result in read)))),
    )


def _subject(name: str, metadata: Mapping[str, object]) -> ReportSubject:
    config = members_of(metadata.get("ImageConfig"), _CONFIG, "Metadata.ImageConfig")
    layers = list_of(metadata.get("Layers"), "Metadata.Layers")
    digests = [text for text in texts_of(metadata.get("RepoDigests"), "Metadata.RepoDigests") if text]
    image_id = text_of(metadata.get("ImageID"), "Metadata.ImageID")
    os, architecture, variant = (
        text_of(config.get(key), f"ImageConfig.{key}") for key in ("os", "architecture", "variant")
    )
    return ReportSubject(
        name=name,
        config_digest=digest_of(image_id, "Metadata.ImageID") if image_id else None,
        manifest_digests=frozenset(digest_of(text.rpartition("@")[2], "Metadata.RepoDigests") for text in digests),
        platform=Platform.normalised(os, architecture, variant) if os and architecture else None,
        diff_ids=texts_of(metadata["DiffIDs"], "Metadata.DiffIDs") if metadata.get("DiffIDs") is not None else None,
        layers=tuple(digest for layer in layers if (digest := _layer(layer))) or None,
    )


def _layer(value: object) -> str:
    """Give a layer's digest; none where it is that of the uncompressed layer, as archives of `docker save` have it."""
    members = members_of(value, _LAYER, "Metadata.Layers")
    digest, diff_id = (text_of(members.get(key), f"Metadata.Layers.{key}") for key in ("Digest", "DiffID"))
    return "" if digest == diff_id else digest


def _operating_system(members: Mapping[str, object]) -> OperatingSystem | None:
    family = text_of(members.get("Family"), "Metadata.OS.Family")
    ended = members.get("EOSL")
    if ended is not None and not isinstance(ended, bool):
        raise wrong_type("Metadata.OS.EOSL", "true or false")
    if not family or family == "none":
        return None
    return OperatingSystem(family, text_of(members.get("Name"), "Metadata.OS.Name"), ended)


# ── what was looked at ────────────────────────────────────────────────────────────────────────────


_NULL: Final = Raw(b"null")


class _Result(NamedTuple):
    """One entry of `Results`."""

    kind: str
    language: str
    lists_packages: bool
    shown: Part
    hidden: Part
    odd_words: set[str]


def _result(members: Mapping[str, Raw], what: str) -> _Result:
    target, kind, language = (raw_text_of(members, key, what) for key in ("Target", "Class", "Type"))
    reader = Reader("" if kind == "os-pkgs" else target)  # that of the system names the image, not a place in it
    shown = reader.read(members.get("Vulnerabilities", _NULL), f"{what}.Vulnerabilities")
    key = "ExperimentalModifiedFindings"
    hidden = reader.read_modified(members.get(key, _NULL), f"{what}.{key}")
    lists_packages = _lists_packages(members.get("Packages", _NULL), f"{what}.Packages")
    return _Result(kind, language, lists_packages, shown, hidden, reader.odd_words)


class _Package(Struct, gc=False):
    """An entry of `Packages`; what is installed is of no interest here, only that something is named."""

    Name: str | None = None


def _lists_packages(raw: Raw, what: str) -> bool:
    """Tell whether a list names any package; raises `MalformedData` for anything but a list of packages."""
    try:
        packages = msgspec.json.decode(raw, type=list[_Package] | None)
    except msgspec.DecodeError as error:
        raise wrong_type(what, "a list of packages") from error
    return any(package.Name for package in packages or ())


def _covers(results: Sequence[_Result]) -> frozenset[str]:
    languages = {result.language or "unnamed" for result in results if result.kind == "lang-pkgs"}
    return frozenset(languages | {"os" for result in results if result.kind == "os-pkgs"})


def _gaps(system: OperatingSystem | None, results: Sequence[_Result]) -> tuple[Gap, ...]:
    """Say why silence is no evidence: Trivy passes over an unsupported distribution with exit 0 and one log line."""
    packages = [result for result in results if result.kind in {"os-pkgs", "lang-pkgs"}]
    of_system = [result for result in packages if result.kind == "os-pkgs"]
    if system is not None and not of_system:
        name = clip(f"{system.family} {system.name}".strip(), 80)
        return (Gap(OS_NOT_COVERED, f"the image is {name}, and no result is about its packages"),)
    if not packages:
        return (Gap(NOTHING_SCANNED, "it names no distribution and has no result about packages"),)
    deciding = of_system or packages
    if any(result.lists_packages or result.shown.entries or result.hidden.entries for result in deciding):
        return ()
    return (Gap(EMPTY_PACKAGE_LIST, "its results about packages list no package and no vulnerability"),)


def _odd_words(words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        return ()
    shown = ", ".join(repr(clip(word, 40)) for word in words[:5])
    return (f"severities that nobody knows count as unknown: {shown}",)


def _filtered(system: OperatingSystem | None, shown: Vulnerabilities) -> tuple[str, ...]:
    """Say where a report looks as if it had been filtered; it may be chance, so it decides nothing."""
    if len(shown) <= _MANY:
        return ()
    notes = []
    least = min(set(shown.ratings()) - {Severity.UNKNOWN}, default=Severity.LOW)
    if least > Severity.LOW:
        notes.append(f"{len(shown)} findings and none below {least.word}: it looks filtered by severity")
    fixing = system is not None and system.family in {"debian", "ubuntu", "redhat"}
    if fixing and all(one.fix is FixState.FIXED for one in shown):
        notes.append(f"{len(shown)} findings and every one has a fix: it looks filtered with --ignore-unfixed")
    return tuple(notes)


SCANNER: Final = Trivy()
