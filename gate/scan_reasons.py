"""Why a scanner report does not count, in the words that every check about reports and the book use."""

from __future__ import annotations

from typing import Final

from gate.documents import AMBIGUOUS_JSON
from gate.finding import Reason

__all__ = [
    "LAYERS_NOT_SCANNED",
    "REPORT_LEVEL_TOO_LOW",
    "REPORT_MALFORMED",
    "REPORT_MISSING",
    "REPORT_NOT_FOR_THIS_PLATFORM",
    "REPORT_PROBLEMS",
    "REPORT_STALE",
    "REPORT_TRACKED",
    "REPORT_UNBINDABLE",
    "REPORT_UNDATED",
    "REPORT_UNKNOWN_FORMAT",
    "REPORT_UNREADABLE",
    "REPORT_VERSION",
    "REPORT_WRONG_KIND",
    "TIME_IN_FUTURE",
]

REPORT_MISSING = Reason(
    "report-missing",
    "No scanner report was given",
    "The rule judges what a scanner found, and the run has no report of a scanner that the rule accepts. Nothing is "
    "known about the image, so it does not pass.",
    "Scan the image in the pipeline and hand the file over: `trivy image --format json --platform linux/amd64 "
    "--output report.json IMAGE`, then `gate check IMAGE --report report.json`. Give one report for each platform.",
)
REPORT_STALE = Reason(
    "report-stale",
    "The scanner report is too old",
    "The report is about this image and was made longer ago than the rule allows. New vulnerabilities become known "
    "every day, so an old report says little about today.",
    "Scan the image again in this pipeline and use that report. The rule's `report: {max-age: …}` says "
    "how old it may be.",
)
REPORT_LEVEL_TOO_LOW = Reason(
    "report-level-too-low",
    "The rule wants a report that is better proven than a file",
    "A report from a file could have been made with any filter and by anybody. The rule asks for one that a signer "
    "vouches for (`attested`) or that the gate made itself (`ran`), and there is none. This version of the gate reads "
    "reports from files only.",
    "Set `report: {level: file}` in the rule if reports from the same pipeline are good enough for you.",
)
REPORT_NOT_FOR_THIS_PLATFORM = Reason(
    "report-not-for-this-platform",
    "No report is about this platform's image",
    "Reports were given, and every one of them is about another image or another platform. A report counts for the "
    "image whose config digest it names (Trivy: `Metadata.ImageID`), if nothing else in it contradicts; names and tags "
    "prove nothing, and one platform's report says nothing about another's.",
    "Scan exactly this image for exactly this platform: `trivy image --format json --platform linux/arm64 --output "
    "arm64.json IMAGE`, and give every platform's report. Trivy ignores `--platform` for single manifests, for "
    "digests of one platform and for OCI layouts.",
)
LAYERS_NOT_SCANNED = Reason(
    "layers-not-scanned",
    "The image has layers that scanners may not look into",
    "A layer is encrypted, lies outside of the registry (a foreign layer with URLs of its own), or has a media type "
    "that is none of the usual ones. Scanners pass over such layers without a word, so a clean report says nothing "
    "about what is in them.",
    "Build the image with ordinary layers. If you know what the layer is and accept that nobody looks into it, set "
    "`report: {allow-unknown-layers: true}` in the rule.",
)
REPORT_UNREADABLE = Reason(
    "report-unreadable",
    "A scanner report could not be read",
    "The file that `--report` names is not there, is a directory, is too large, or may not be read.",
    "See that the scan ran before the gate and wrote to that path; a scan that failed often leaves no file.",
)
REPORT_UNKNOWN_FORMAT = Reason(
    "report-unknown-format",
    "A scanner report is of no format that the gate knows",
    "The format is recognised by what stands in the file, not by its name. This file looks like no report that the "
    "gate can read, or like two of them at once.",
    "Write the report in a format listed under docs/scanners/ (for Trivy: `--format json`).",
)
REPORT_MALFORMED = Reason(
    "report-malformed",
    "A scanner report is broken",
    "The file is empty, cut short, holds other text than the report, or values of other types than the scanner writes. "
    "A scan that crashed leaves such files: they say nothing about the image.",
    "Look at the scanner's log, and write the report with the scanner's own option (`--output FILE`) instead of "
    "redirecting its output.",
)
REPORT_VERSION = Reason(
    "report-version",
    "A scanner report is of a version that the gate does not read",
    "The report says that it follows another version of its format. Fields may mean something else there, so "
    "it is not read.",
    "Use a current version of the scanner. If the scanner is newer than the gate, update the gate.",
)
REPORT_WRONG_KIND = Reason(
    "report-wrong-kind",
    "A scanner report is not about a container image",
    "It is the scan of a folder, a repository, an SBOM or a cluster. What such a report lists is not proven to be what "
    "is in the image.",
    "Scan the image itself, for Trivy with `trivy image`.",
)
REPORT_TRACKED = Reason(
    "report-tracked",
    "The scanner report came with the source code",
    "Git tracks the report file, so it was not made by this pipeline: whoever can change the repository can write "
    "into it what they like.",
    "Let the pipeline scan the image and write the report to a path that git ignores. If you check in reports on "
    "purpose, say `report: {allow-tracked: true}`.",
)
REPORT_UNDATED = Reason(
    "report-undated",
    "The scanner report does not say when it was made",
    "Without a time nobody knows whether the report is fresh. Very old versions of Trivy (before 0.48) write none.",
    "Scan again with a current version of the scanner.",
)
REPORT_UNBINDABLE = Reason(
    "report-unbindable",
    "It cannot be told which image this is, so no report counts for it",
    "A report is bound to an image by the digest of its config, and manifest or config of this platform "
    "could not be read.",
    "See what the report says about the manifest and config of this platform, then run the gate again.",
)
TIME_IN_FUTURE = Reason(
    "time-in-future",
    "Something is dated in the future",
    "A piece of evidence says that it was made more than five minutes after the time the gate judges at. Either a "
    "clock is wrong, or the date was made up; in both cases its age is unknown.",
    "Check the clocks of the machine that scans and of the one that runs the gate. If you judge at another time "
    "with `--at`, choose one after the evidence was made.",
)

#: The codes that `Book` gives for report files it could not read.
REPORT_PROBLEMS: Final = {
    reason.code: reason
    for reason in (
        REPORT_UNREADABLE, REPORT_UNKNOWN_FORMAT, REPORT_MALFORMED, REPORT_VERSION, REPORT_WRONG_KIND, AMBIGUOUS_JSON,
    )
}  # fmt: skip
