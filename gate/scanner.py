"""The protocol of scanner report formats, and the report every format is read into.

A format is one module in `gate/scanners/`. A report that cannot be read is no report without
findings: `read` raises, and the rule is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

if TYPE_CHECKING:
    from datetime import datetime

    from gate.oci.digest import Digest
    from gate.oci.platform import Platform

__all__ = ["FixState", "OperatingSystem", "Report", "ReportSubject", "Scanner", "Severity", "Vulnerability"]


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


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One defect in one package, as a scanner reported it. `where` is the target or path inside the image.

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


@dataclass(frozen=True, slots=True)
class Report:
    """One scanner report, read whole.

    `covers` names the package kinds the report proves it listed: `os` and languages (`python-pkg`).
    `gaps` are sentences saying why its silence is no evidence (an OS it does not know, nothing
    scanned): a rule that relies on it is undecided. `kind` is `image`, or what else was scanned.
    """

    scanner: str
    scanner_version: str
    created: datetime | None
    kind: str
    subject: ReportSubject
    os: OperatingSystem | None
    covers: frozenset[str]
    packages: int | None
    vulnerabilities: tuple[Vulnerability, ...]
    gaps: tuple[str, ...] = ()
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
