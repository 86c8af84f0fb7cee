"""Which scanner reports count for one platform's image: bound to it, fresh, and of what level (S10, S33).

Shared by every check that judges what scanners report. A report counts only for the image whose
config it names; what cannot be told is undecided, and a report that does not count never helps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from gate.documents import AMBIGUOUS_JSON
from gate.finding import About, Finding, Note, Reason, Undecided
from gate.oci.media_types import LAYERS, is_encrypted, is_foreign
from gate.option import Duration, option
from gate.printable import clip
from gate.rooms import names
from gate.scan_reasons import (
    LAYERS_NOT_SCANNED,
    REPORT_LEVEL_TOO_LOW,
    REPORT_MALFORMED,
    REPORT_MISSING,
    REPORT_NOT_FOR_THIS_PLATFORM,
    REPORT_PROBLEMS,
    REPORT_STALE,
    REPORT_TRACKED,
    REPORT_UNBINDABLE,
    REPORT_UNDATED,
    TIME_IN_FUTURE,
)
from gate.scanner import EMPTY_PACKAGE_LIST, NOTHING_SCANNED, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.check import ReportFile, View
    from gate.evidence import Unavailable
    from gate.oci.config import Config
    from gate.oci.descriptor import Descriptor
    from gate.oci.digest import Digest
    from gate.oci.manifest import Manifest
    from gate.scanner import ReportSubject
    from gate.subject import Image

__all__ = ["ReportOptions", "Selection", "binds", "select"]

#: Clocks of two machines differ; more than this is no skew (S6).
MOST_SKEW: Final = timedelta(minutes=5)
#: How many reports a sentence names.
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """`report:` of a rule: which reports it accepts."""

    max_age: Duration = option("How old a report may be.", default=Duration.from_text("24h"))
    scanners: tuple[str, ...] = option(
        "Scanners whose report has to be there, every one of them; any one scanner if left out.", default=()
    )
    level: Literal["file", "ran", "attested"] = option(
        "The least that has to be known of where a report comes from: `file`, `ran` by the gate itself, `attested` by "
        "a signer. This version of the gate reads files only.",
        default="file",
    )
    allow_tracked: bool = option("Accept a report file that git tracks.", default=False)
    allow_unknown_layers: bool = option(
        "Accept an image with layers that scanners may not have looked into: foreign, encrypted, or of unknown type.",
        default=False,
    )
    allow_no_packages: bool = option("Accept a report that shows no packages, for images without any.", default=False)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Name scanners that the gate does not know, or that are named twice."""
        known = names("scanners")
        unknown = [name for name in self.scanners if name not in known]
        found = [
            ("scanners", f"there is no scanner format {name!r} (there are: {', '.join(known)})") for name in unknown
        ]
        if len(set(self.scanners)) != len(self.scanners):
            found.append(("scanners", "a scanner is named twice"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Selection:
    """What the reports of a run come to for one platform: those that count, and what is wrong with the demand."""

    reports: tuple[tuple[str, Report], ...] = ()
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    notes: tuple[Note, ...] = ()


def binds(about: ReportSubject, image: Image, index: Digest) -> str:
    """Say why a report is not about this platform's image, or "" if it is (S10).

    1. It names the digest of the image's config (the image id).
    2. Its repository digests, where it has any, include the image's manifest, or the index it was found in:
       that is what scanners write for a multi-platform tag (decision record 0005).
    3. Its layer digests, where it has any, are the manifest's.
    4. The config has as many diff ids as the manifest has layers, and those of the report are the same.
    5. The platform it names is not another one.
    """
    if image.manifest is None or image.config is None:
        return "manifest or config of this platform was not read"
    if about.config_digest is None:
        return "it names no image id"
    if about.config_digest != image.manifest.config.digest:  # 1
        return f"it is about image id {about.config_digest.short}"
    if about.manifest_digests and not about.manifest_digests & {image.digest, index}:  # 2
        others = ", ".join(sorted(digest.short for digest in about.manifest_digests)[:_MOST_NAMED])
        return f"it has this image id, but was made of {others}, which is neither this manifest nor its index"
    return _contradiction(about, image.manifest, image.config)


def _contradiction(about: ReportSubject, manifest: Manifest, config: Config) -> str:
    if about.layers is not None and about.layers != tuple(str(layer.digest) for layer in manifest.layers):  # 3
        return "it has this image id, but other layers"
    if len(config.diff_ids) != len(manifest.layers):  # 4
        return "the image's config does not describe its layers, so an image id says nothing about them"
    if about.diff_ids is not None and about.diff_ids != config.diff_ids:  # 4
        return "it has this image id, but other diff ids"
    named, own = about.platform, config.platform
    if named is not None and (named.os, named.architecture) != (own.os, own.architecture):  # 5
        return f"it has this image id, but says it is for {named}"
    return ""


def select(view: View, options: ReportOptions, at: datetime) -> Selection:
    """Choose the reports that count for `view.platform`, and say what is missing."""
    image = view.platform
    if image is None:
        msg = "scanner reports are about one platform"
        raise RuntimeError(msg)
    files = view.book.reports()
    if options.level != "file":
        return Selection(findings=(_level_too_low(options, image),))
    if not files:
        return Selection(findings=(_missing(options.scanners, image),))
    if image.manifest is None or image.config is None:
        what = f"manifest or config of {image.platform} could not be read"
        return Selection(undecided=(Undecided(REPORT_UNBINDABLE, what, REPORT_UNBINDABLE.remedy),))
    sorting = _Sorting(image, options, at)
    for file in files:
        if isinstance(file.read, Report):
            sorting.take(file, file.read, binds(file.read.subject, image, view.subject.digest))
        else:
            sorting.broken(file.path, file.read)
    if not options.allow_unknown_layers:
        sorting.unknown_layers(image.manifest)
    return sorting.selection()


class _Sorting:
    """Sorts the report files of a run into those that count for one platform and the others."""

    def __init__(self, image: Image, options: ReportOptions, at: datetime) -> None:
        self._image = image
        self._options = options
        self._at = at
        self._fresh: list[tuple[str, Report]] = []
        self._stale: list[tuple[str, Report]] = []
        self._tracked: list[tuple[str, Report]] = []
        self._elsewhere: list[tuple[str, Report, str]] = []
        self._undecided: list[Undecided] = []
        self._blocked = False
        self._layers: tuple[Undecided, ...] = ()

    def broken(self, path: str, why: Unavailable) -> None:
        """Take a file that is no report: a crashed scanner is no result, and it may have been this platform's."""
        reason = REPORT_PROBLEMS.get(why.code, REPORT_MALFORMED)
        fix = REPORT_MALFORMED.remedy if reason is AMBIGUOUS_JSON else reason.remedy
        self._undecided.append(Undecided(reason, f"the report {path}: {why.detail}", fix, why.look))

    def take(self, file: ReportFile, report: Report, why_not: str) -> None:
        """Take a report; `why_not` says why it is about something else."""
        if why_not:
            self._elsewhere.append((file.path, report, why_not))
        elif file.tracked and not self._options.allow_tracked:
            self._tracked.append((file.path, report))
        elif report.created is None:
            self._undecide(REPORT_UNDATED, f"the report {file.path} does not say when it was made")
        elif report.created > self._at + MOST_SKEW:
            what = f"the report {file.path} is dated {_shown(report.created)}, and it is {_shown(self._at)} now"
            self._undecide(TIME_IN_FUTURE, what)
        elif self._at - report.created > self._options.max_age.length:
            self._stale.append((file.path, report))
        else:
            self._fresh.append((file.path, report))

    def unknown_layers(self, manifest: Manifest) -> None:
        """Take the layers that a scanner may have passed over: what is in them nobody has looked at (S13)."""
        self._layers = tuple(
            Undecided(
                LAYERS_NOT_SCANNED,
                f"the layer {layer.digest} of {self._image.platform} {_why_unscanned(layer)}",
                LAYERS_NOT_SCANNED.remedy,
            )
            for layer in manifest.layers
            if _why_unscanned(layer)
        )

    def selection(self) -> Selection:
        """Conclude: what counts, what is missing for each scanner that has to be there, and what is worth saying."""
        self._blocked = bool(self._undecided)  # any of those may be the report that is missing
        findings = []
        for scanner in self._options.scanners or ("",):
            finding = self._demand(scanner)
            if finding is not None:
                findings.append(finding)
        for path, report in self._fresh:
            self._gaps(path, report)
        undecided = (*self._undecided, *self._layers)
        return Selection(tuple(self._fresh), tuple(findings), undecided, tuple(self._notes()))

    def _demand(self, scanner: str) -> Finding | None:
        """Give the finding if there is no fresh report of this scanner ("" is any), or note why it cannot be told."""
        if _of(scanner, self._fresh):
            return None
        stale = _of(scanner, self._stale)
        if stale:
            return self._too_old(*max(stale, key=lambda one: (_made(one[1]), one[0])))
        if self._blocked:
            return None
        tracked = _of(scanner, self._tracked)
        if tracked:
            paths = ", ".join(path for path, _ in tracked[:_MOST_NAMED])
            self._undecide(REPORT_TRACKED, f"git tracks the report of {self._image.platform}: {paths}")
            return None
        others = [one for one in self._elsewhere if scanner in {"", one[1].scanner}]
        if not others:
            return _missing((scanner,) if scanner else (), self._image)
        told = "; ".join(_of_what(*other) for other in others[:_MOST_NAMED])
        more = f"; and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        which = f"no {scanner} report" if scanner else "no report"
        self._undecide(REPORT_NOT_FOR_THIS_PLATFORM, f"{which} is about {_named(self._image)}; there are: {told}{more}")
        return None

    def _undecide(self, reason: Reason, what: str) -> None:
        self._undecided.append(Undecided(reason, what, reason.remedy))

    def _too_old(self, path: str, report: Report) -> Finding:
        age = _length(self._at - _made(report))
        return Finding(
            reason=REPORT_STALE,
            about=About.of(report=path, platform=str(self._image.platform)),
            what=f"the {report.scanner} report of {self._image.platform} is {age} old",
            expected=f"made within {self._options.max_age} before {_shown(self._at)}",
            got=f"made at {_shown(_made(report))} ({path})",
            fix=f"Scan the image again: {_command(self._image)}",
        )

    def _gaps(self, path: str, report: Report) -> None:
        for gap in report.gaps:
            if not (self._options.allow_no_packages and gap.reason in (NOTHING_SCANNED, EMPTY_PACKAGE_LIST)):
                self._undecide(gap.reason, f"the report {path}: {gap.what}")

    def _notes(self) -> list[Note]:
        notes = []
        if self._fresh:
            told = "completeness is unproven: a report file cannot show which scanners and filters were used"
            notes.append(Note(told, headline=True))
        for path, report in self._fresh:
            version = f" {report.scanner_version}" if report.scanner_version else ""
            age = _length(max(self._at - _made(report), timedelta(0)))
            looked = ", ".join(sorted(report.covers)) or "nothing"
            notes.append(Note(f"{path}: {report.scanner}{version}, {age} old, looked at {looked}"))
            notes.extend(Note(f"{path}: {note}") for note in report.notes)
            notes.extend(Note(f"{path}: accepted although {gap.what}") for gap in report.gaps)
        notes.extend(
            Note(f"{path} does not count for {self._image.platform}: {why}") for path, _, why in self._elsewhere
        )
        notes.extend(
            Note(f"{path} does not count: it is older than {self._options.max_age}") for path, _ in self._stale
        )
        notes.extend(Note(f"{path} does not count: git tracks it") for path, _ in self._tracked)
        return notes


def _why_unscanned(layer: Descriptor) -> str:
    """Say why a scanner may not have looked into a layer; "" if there is no reason to think so."""
    if is_encrypted(layer.media_type):
        return "is encrypted"
    if is_foreign(layer.media_type) or layer.urls:
        return "lies outside of the registry"
    if layer.media_type not in LAYERS:
        return f"is of the unknown type {clip(layer.media_type, 100)}"
    return ""


def _of(scanner: str, reports: Sequence[tuple[str, Report]]) -> list[tuple[str, Report]]:
    return [one for one in reports if scanner in {"", one[1].scanner}]


def _of_what(path: str, report: Report, why: str) -> str:
    platform = f", {report.subject.platform}" if report.subject.platform else ""
    return f"{path} ({clip(report.subject.name, 120) or 'no name'}{platform}): {why}"


def _named(image: Image) -> str:
    config = f", image id {image.manifest.config.digest.short}" if image.manifest else ""
    return f"{image.platform} ({image.digest.short}{config})"


def _missing(scanners: tuple[str, ...], image: Image) -> Finding:
    which = " and ".join(scanners) if scanners else "any scanner"
    return Finding(
        reason=REPORT_MISSING,
        about=About.of(scanner=which, platform=str(image.platform)),
        what=f"there is no scanner report for {image.platform}",
        expected=f"a report of {which}",
        got="none",
        fix=f"Scan the image and give the report: {_command(image)}",
    )


def _level_too_low(options: ReportOptions, image: Image) -> Finding:
    return Finding(
        reason=REPORT_LEVEL_TOO_LOW,
        about=About.of(platform=str(image.platform)),
        what=f"there is no report of level {options.level} for {image.platform}",
        expected=f"level {options.level}",
        got="level file, or no report",
        fix=REPORT_LEVEL_TOO_LOW.remedy,
    )


def _command(image: Image) -> str:
    platform = f"{image.platform.os}/{image.platform.architecture}"
    return f"trivy image --format json --platform {platform} --output report.json IMAGE, then --report report.json"


def _made(report: Report) -> datetime:
    if report.created is None:
        msg = "an undated report was taken for a dated one"
        raise RuntimeError(msg)
    return report.created


def _shown(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _length(length: timedelta) -> str:
    """Write a length of time as people say it: `40 minutes`, `16 hours`, `3 days`."""
    minutes = int(length.total_seconds() // 60)
    for size, word in ((2 * 24 * 60, "day"), (2 * 60, "hour")):
        if minutes >= size:
            number = minutes // (size // 2)
            return f"{number} {word}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
