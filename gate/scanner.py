"""The protocol of scanner report formats, and the report every format is read into.

A format is one module in `gate/scanners/`. A report that cannot be read is no report without
findings: `read` raises, and the rule is undecided. The words that scanners use for severities and
fix states are folded here, so that every format folds them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol, Self, overload

from gate.finding import Reason

if TYPE_CHECKING:
    from gate.oci.digest import Digest
    from gate.oci.platform import Platform

__all__ = [
    "EMPTY_PACKAGE_LIST", "NOTHING_SCANNED", "OS_NOT_COVERED", "FixState", "Gap", "OperatingSystem", "Part", "Report",
    "ReportSubject", "Scanner", "Severity", "Vulnerabilities", "Vulnerability", "canonical_id", "fix_state_of",
    "severity_of", "time_of",
]  # fmt: skip

OS_NOT_COVERED = Reason(
    "os-not-covered",
    "The scanner did not look at the packages of this operating system",
    "The report names the image's distribution and has no result about its packages: the scanner does not support "
    "that distribution, or was told to look at other packages only. Scanners say so in one line of their log and end "
    "as if all were well.",
    "Scan again without `--pkg-types`, with a scanner that supports the distribution, or build the image on a "
    "supported one.",
)
NOTHING_SCANNED = Reason(
    "nothing-scanned",
    "The report does not show that anything was scanned",
    "There is neither a distribution nor a list of packages in the report, so its silence about vulnerabilities says "
    "nothing.",
    "If the image really holds no packages (one static binary, say), allow that with `report: {allow-no-packages: "
    "true}`. Otherwise scan again with a scanner that knows the distribution.",
)
EMPTY_PACKAGE_LIST = Reason(
    "empty-package-list",
    "The report lists no packages and no vulnerabilities",
    "The scanner recognised the distribution and found no package. An image whose package database was deleted to "
    "make it smaller looks like that, and so does a report that was written without its package list.",
    "Keep the package database in the image (`/lib/apk/db`, `/var/lib/dpkg`, `/var/lib/rpm`), and write the report "
    "with its package list (Trivy: `--list-all-pkgs`). If the image really holds none, say `report: "
    "{allow-no-packages: true}`.",
)


class Severity(IntEnum):
    """The ladder of severities; UNKNOWN is no rung: it meets every `fail-at` (S31)."""

    UNKNOWN = -1
    NONE = 0
    NEGLIGIBLE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The word of rule files and reports."""
        return self.name.lower()

    @classmethod
    def of_word(cls, word: str) -> Self:
        """Read a severity word; raises `ValueError` for one that is none."""
        try:
            return cls[word.upper()]
        except KeyError:
            msg = f"{word!r} is not a severity"
            raise ValueError(msg) from None

    def reaches(self, threshold: Severity) -> bool:
        """Tell whether a finding of this severity counts at `threshold`: an unknown one always does (S31)."""
        return self is Severity.UNKNOWN or self >= threshold


class FixState(IntEnum):
    """Whether a fix exists; UNKNOWN counts as fixable (S31)."""

    UNKNOWN = 0
    FIXED = 1
    NOT_FIXED = 2
    WONT_FIX = 3


class Vulnerability(NamedTuple):
    """One defect in one package, as a scanner reported it. `where` is the target or path inside the image.

    A tuple, because a report holds tens of thousands. `aliases` are other names that the entry itself gives.

    `suppressed` is who hid it and why, where the report still shows it; it counts all the same unless
    a rule respects the scanner's suppressions.
    """

    id: str
    package: str
    version: str
    severity: Severity
    severity_source: str
    fix: FixState
    fixed_versions: tuple[str, ...]
    purl: str = ""
    aliases: tuple[str, ...] = ()
    published: datetime | None = None
    where: str = ""
    title: str = ""
    status: str = ""
    suppressed: str = ""


class Part(NamedTuple):
    """Entries of one report that are checked and not built yet: the severity of each, and what builds one."""

    ratings: Sequence[Severity]
    entries: Sequence[object]
    build: Callable[[Any], Vulnerability]


class Vulnerabilities(Sequence[Vulnerability]):
    """All vulnerabilities of a report, each built when it is looked at.

    A report may list a hundred thousand, of which a rule judges those of a few severities.
    """

    __slots__ = ("_parts",)

    def __init__(self, *parts: Part) -> None:
        """Take the parts in their order."""
        self._parts = parts

    @classmethod
    def of(cls, *built: Vulnerability) -> Self:
        """Give a list of what is built already."""
        return cls(Part([one.severity for one in built], built, lambda one: one))

    def rated(self, severities: AbstractSet[Severity]) -> Iterator[Vulnerability]:
        """Give those of `severities`, in order."""
        for part in self._parts:
            for rating, entry in zip(part.ratings, part.entries, strict=True):
                if rating in severities:
                    yield part.build(entry)

    def ratings(self) -> Iterator[Severity]:
        """Give the severity of each, in order."""
        for part in self._parts:
            yield from part.ratings

    def __len__(self) -> int:
        return sum(len(part.entries) for part in self._parts)

    def __iter__(self) -> Iterator[Vulnerability]:
        return (part.build(entry) for part in self._parts for entry in part.entries)

    @overload
    def __getitem__(self, index: int) -> Vulnerability: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Vulnerability, ...]: ...
    def __getitem__(self, index: int | slice) -> Vulnerability | tuple[Vulnerability, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vulnerabilities) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """What a report says it is about: the digests that bind it (S10), nothing by name.

    `config_digest` is the image id, `manifest_digests` the parts behind `@` of its repository
    digests; `diff_ids` and `layers` as the report lists them, None where it does not.
    """

    name: str
    config_digest: Digest | None
    manifest_digests: frozenset[Digest]
    platform: Platform | None
    diff_ids: tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """The distribution a report found; `end_of_life` is None where the report does not say."""

    family: str
    name: str
    end_of_life: bool | None


class Gap(NamedTuple):
    """Why a report's silence is no evidence: the rule that relies on it is undecided."""

    reason: Reason
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """One scanner report of an image, read whole.

    `covers` names the package kinds the report shows it looked at: `os` and languages (`python-pkg`).
    `created` is None where the report has no time that can be true. `notes` are sentences worth
    saying that decide nothing (it looks filtered, a word nobody knows).
    """

    scanner: str
    scanner_version: str
    created: datetime | None
    subject: ReportSubject
    os: OperatingSystem | None
    covers: frozenset[str]
    vulnerabilities: Vulnerabilities
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()


class Scanner(Protocol):
    """One report format. The module `gate/scanners/NAME.py` exposes one as `SCANNER`."""

    name: ClassVar[str]

    def recognises(self, content: bytes) -> bool:
        """Tell by required structure whether `content` is meant to be this format, in whatever version or state."""
        ...

    def read(self, content: bytes) -> Report:
        """Read the whole document; raises `MalformedData` with what is wrong and what to do."""
        ...


#: What scanners call the rungs of the ladder; anything else is unknown, and said.
_SEVERITY_WORDS: Final = {
    "critical": Severity.CRITICAL, "defcon1": Severity.CRITICAL,
    "high": Severity.HIGH, "important": Severity.HIGH,
    "medium": Severity.MEDIUM, "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.NEGLIGIBLE, "unimportant": Severity.NEGLIGIBLE, "informational": Severity.NEGLIGIBLE,
    "info": Severity.NEGLIGIBLE, "note": Severity.NEGLIGIBLE,
    "none": Severity.NONE,
    "unknown": Severity.UNKNOWN, "undefined": Severity.UNKNOWN, "untriaged": Severity.UNKNOWN, "": Severity.UNKNOWN,
}  # fmt: skip


def severity_of(word: str) -> tuple[Severity, bool]:
    """Fold a scanner's word onto the ladder; the second value tells whether the word is one that is known."""
    severity = _SEVERITY_WORDS.get(word.strip().lower())
    return (Severity.UNKNOWN, False) if severity is None else (severity, True)


_FIX_STATES: Final = {
    "": FixState.NOT_FIXED,
    "fixed": FixState.FIXED,
    "affected": FixState.NOT_FIXED, "not_affected": FixState.NOT_FIXED, "fix_deferred": FixState.NOT_FIXED,
    "not-fixed": FixState.NOT_FIXED,
    "will_not_fix": FixState.WONT_FIX, "end_of_life": FixState.WONT_FIX, "wont-fix": FixState.WONT_FIX,
}  # fmt: skip


def fix_state_of(status: str, fixed_version: str) -> FixState:
    """Tell whether a fix exists; a status nobody knows, or that is not decided, is unknown (S31)."""
    if fixed_version.strip():
        return FixState.FIXED
    return _FIX_STATES.get(status.strip().lower(), FixState.UNKNOWN)


def canonical_id(text: str) -> str:
    """Write an id as its own database writes it: `CVE-2024-1`, `GHSA-xxxx-…`; others stay as they are."""
    text = text.strip()
    if text.startswith("CVE-") and text.isupper():
        return text
    folded = text.lower()
    if folded.startswith("cve-"):
        return folded.upper()
    return f"GHSA-{folded[5:]}" if folded.startswith("ghsa-") else text


#: Go writes year 1 for a time that was never set, and 1970 is what an unset clock says.
_FIRST_YEAR: Final = 1990


def time_of(text: str) -> datetime | None:
    """Read RFC 3339, UTC where no zone is given (S6); None for what is no time, or one that was never set."""
    try:
        time = datetime.fromisoformat(text.strip())
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time.year >= _FIRST_YEAR else None
