"""The document around a Trivy report: split into its members, refused if it is something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from gate.errors import MalformedData
from gate.formats.members import parse_members, refuse_twins, single, split_list, split_object
from gate.printable import clip
from gate.scanners.trivy.values import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msgspec import Raw

__all__ = ["looks_ours", "refuse_other_documents", "split", "what_is_broken"]

_TOP: Final = frozenset({"SchemaVersion", "CreatedAt", "ArtifactName", "ArtifactType", "Metadata", "Results", "Trivy"})
_RESULT: Final = frozenset({"Target", "Class", "Type", "Packages", "Vulnerabilities", "ExperimentalModifiedFindings"})
#: How far from either end the keys are looked for that tell whose report this is.
_SNIFF: Final = 65536
_OURS: Final = re.compile(
    rb'"(?:SchemaVersion|ArtifactName|ArtifactType|ClusterName)"\s*:|aquasecurity\.github\.io/|\A\s*\[\s*\{\s*"Target"\s*:'
)
_RESULTS_KEY: Final = re.compile(rb'"Results"[ \t\n\r]*:[ \t\n\r]*')
#: What stands before `Results` is read as small JSON; an image config is some kilobytes.
_MOST_HEAD: Final = 8 * 1024 * 1024


def looks_ours(content: bytes) -> bool:
    """Tell by keys near either end: whole reports, cut ones, and what other Trivy commands write."""
    return any(_OURS.search(part) is not None for part in (content[:_SNIFF], content[-_SNIFF:]))


def split(content: bytes) -> tuple[dict[str, object], Sequence[Mapping[str, Raw]]]:
    """Give the small top-level members parsed, and the results as views.

    Trivy writes `Results` last: then what stands before is an object of its own and nothing large is
    read twice. Any other order is split member by member.
    """
    legacy = re.match(rb"\s*\[", content)
    if legacy is not None:
        raise MalformedData(
            "it is a bare list, as Trivy 0.19 and older wrote it; scan again with a current Trivy", "report-version"
        )
    return _split_before_results(content) or _split_anywhere(content)


def _split_before_results(content: bytes) -> tuple[dict[str, object], Sequence[Mapping[str, Raw]]] | None:
    key = _RESULTS_KEY.search(content, 0, _MOST_HEAD)
    end = content.rfind(b"}")
    if key is None or end < key.end() or content[end + 1 :].strip(b" \t\n\r"):
        return None
    head = content[: key.start()].rstrip(b" \t\n\r")
    if not head.endswith((b",", b"{")):
        return None
    try:
        # Only if the text before the key is a list of members is the key one of the document's own.
        members = parse_members(head.removesuffix(b",") + b"}", "the report")
        top = single(members, _TOP, "the report")
        results = split_list(memoryview(content)[key.end() : end], _RESULT, "Results")
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedData) as error:
        if isinstance(error, MalformedData) and error.code == "ambiguous-json":
            raise
        return None
    refuse_twins((*top, "Results"), _TOP, "the report")
    return top, results


def _split_anywhere(content: bytes) -> tuple[dict[str, object], Sequence[Mapping[str, Raw]]]:
    members = split_object(content, _TOP, "the report")
    top = {key: parse_members(bytes(raw), key) for key, raw in members.items() if key in _TOP and key != "Results"}
    others = {key: None for key in members if key in {"ClusterName", "apiVersion"}}
    return {**others, **top}, split_list(members["Results"], _RESULT, "Results") if "Results" in members else ()


def refuse_other_documents(top: Mapping[str, object]) -> None:
    """Refuse what has no or another version, or is about something that is no image."""
    if "ClusterName" in top or "apiVersion" in top:
        raise MalformedData(
            "it is a Kubernetes report of Trivy, about a cluster and not about one image; scan the image with "
            "`trivy image --format json`",
            "report-wrong-kind",
        )
    version = top.get("SchemaVersion")
    if isinstance(version, bool) or not isinstance(version, int) or version != 2:  # noqa: PLR2004 -- the one version there is
        got = "none" if version is None else clip(repr(version), 40)
        raise MalformedData(
            f"its SchemaVersion is {got}, and the gate reads version 2 (a number); scan again with a Trivy between "
            "0.20 and the newest this gate knows, or update the gate",
            "report-version",
        )
    kind = text_of(top.get("ArtifactType"), "ArtifactType")
    if kind != "container_image":
        told = f"a scan of kind {clip(kind, 40)!r}" if kind else "a scan that does not say of what (no ArtifactType)"
        raise MalformedData(
            f"it is {told}, not of a container image; scan the image itself with `trivy image --format json`",
            "report-wrong-kind",
        )


def what_is_broken(error: msgspec.DecodeError) -> str:
    """Say in words what msgspec found, and what to do."""
    text = str(error)
    if "truncated" in text:
        return (
            "it ends in the middle: the scan was cut off, or the file copied while it was written; write it with "
            "`--output FILE` and look at the end of the scanner's log"
        )
    if "trailing characters" in text:
        return (
            "something follows after its end: two reports in one file, or log lines; write each report to its own file"
        )
    return f"it is not a report that can be read ({text}); write it with `--output FILE`, so that no log line is in it"
