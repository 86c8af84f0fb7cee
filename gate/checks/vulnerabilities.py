"""The check `vulnerabilities`: what scanners found in one platform's image, judged from bound, fresh reports.

The order is fixed: denied ids; suppressions; accepted ids; severity; fix; grace; then, after waivers,
counts. Each entry of a report is judged by itself and equal ones are shown once, so that another
report can only add findings (S32).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate.check import CheckMeta
from gate.finding import About, Finding, Judgement, Note, Reason
from gate.option import Duration, option
from gate.scanned import ReportOptions, select
from gate.scanner import FixState, Severity, canonical_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.oci.platform import Platform
    from gate.scanner import Report, Vulnerabilities, Vulnerability
    from gate.subject import Subject

__all__ = ["CHECK", "VulnerabilitiesCheck"]

VULNERABILITY_FOUND = Reason(
    "vulnerability-found",
    "The image has a vulnerability that the rule does not allow",
    "A scanner found a package in the image with a known vulnerability, at or above the severity of the rule's "
    "`fail-at:`, or one more than its `counts:` allow. A severity that nobody has rated counts like the worst.",
    "Update the package to the fixed version and build the image again. If there is no fix, or it does not matter "
    "here, write a waiver with a reason, an owner and an end.",
)
VULNERABILITY_DENIED = Reason(
    "vulnerability-denied",
    "The image has a vulnerability that the rule names",
    "The rule lists ids under `deny-ids:` that no image may have, whatever their severity, whether or not there is a "
    "fix, and also if the scanner was told to hide them.",
    "Update or remove the package. To accept it after all, take the id out of the rule or waive it.",
)
END_OF_LIFE_OS = Reason(
    "end-of-life-os",
    "The distribution in the image is no longer supported",
    "Its makers publish no advisories any more, so vulnerabilities found since then are missing from every report: "
    "few findings mean little.",
    "Build the image on a supported release of the distribution. The rule's `end-of-life:` says what happens "
    "until then.",
)

Rung = Literal["negligible", "low", "medium", "high", "critical"]
CountedRung = Literal["unknown", "negligible", "low", "medium", "high", "critical"]

#: What a scanner says of a package its vendor calls unaffected.
_NOT_AFFECTED: Final = "not_affected"
#: How many places of one finding are named, and how many ids of a note.
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class VulnerabilitiesCheck:
    """What may be in an image, by severity, fix, age and id."""

    meta: ClassVar[CheckMeta] = CheckMeta("vulnerabilities", "No vulnerabilities beyond what is allowed", "platform")

    fail_at: Rung | None = option("The lowest severity that breaks the rule.", default=None)
    counts: Mapping[CountedRung, int] | None = option(
        "How many vulnerabilities of a severity may remain after waivers; these replace `fail-at` for it.", default=None
    )
    deny_ids: tuple[str, ...] = option("Ids that no image may have, whatever else the rule allows.", default=())
    allow_ids: tuple[str, ...] = option("Ids that are accepted: exactly those, not other names of them.", default=())
    only_fixed: bool = option(
        "Count only what has a fix. An unknown fix state counts as fixable; `deny-ids` are not affected.", default=False
    )
    grace: Mapping[Rung, Duration] | None = option(
        "How long after its publication a vulnerability of a severity is tolerated. No date, no grace.", default=None
    )
    unknown: Literal["fail", "allow"] = option(
        "Whether a vulnerability without a known severity breaks the rule like the worst.", default="fail"
    )
    not_affected: Literal["allow", "fail"] = option(
        "Whether an entry counts that says the vendor calls the package not affected.", default="allow"
    )
    end_of_life: Literal["fail", "warn", "allow"] = option(
        "What it means if the distribution is no longer supported.", default="fail"
    )
    respect_scanner_suppressions: bool = option(
        "Let what the scanner was told to hide (`.trivyignore`, VEX) not count.", default=False
    )
    report: ReportOptions = option("Which reports the rule accepts.", default=ReportOptions())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Name what contradicts itself or could never have an effect."""
        found: list[tuple[str, str]] = []
        if self.fail_at is None and self.counts is None and not self.deny_ids:
            found.append(
                ("", "say what breaks the rule: fail-at: high, counts: {medium: 5}, or deny-ids: [CVE-2024-3094]")
            )
        found += [
            (f"counts.{word}", f"{number} is no count: write 0 or more")
            for word, number in (self.counts or {}).items()
            if number < 0
        ]
        found += [
            (f"grace.{word}", f"it has no effect: {word} breaks this rule neither by fail-at nor by counts")
            for word in self.grace or ()
            if not self._counts_at_all(Severity.of_word(word))
        ]
        if self._is_by_id_only:
            idle = (("only-fixed", self.only_fixed), ("allow-ids", bool(self.allow_ids)))
            found += [(key, "it has no effect without fail-at or counts") for key, is_set in idle if is_set]
        found += self._id_problems()
        return tuple(found)

    def _id_problems(self) -> Iterator[tuple[str, str]]:
        for key, ids in (("deny-ids", self.deny_ids), ("allow-ids", self.allow_ids)):
            for name in ids:
                if not _ID.fullmatch(name):
                    yield key, f"{name!r} is no id of a vulnerability: write it as CVE-2024-3094 or GHSA-xxxx-xxxx-xxxx"
        for name in sorted(_ids(self.deny_ids) & _ids(self.allow_ids)):
            yield "allow-ids", f"{name} is denied and accepted at once"

    @property
    def _is_by_id_only(self) -> bool:
        return self.fail_at is None and self.counts is None

    def _counts_at_all(self, severity: Severity) -> bool:
        """Tell whether a finding of this severity can break the rule by its severity."""
        if severity is Severity.UNKNOWN and self.unknown == "allow":
            return False
        if severity.word in (self.counts or {}):
            return True
        if self.fail_at is None:
            # Counts alone: what nobody has rated may be as bad as the worst that is counted (S31).
            return severity is Severity.UNKNOWN and self.counts is not None
        return severity.reaches(Severity.of_word(self.fail_at))

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:
        """Nothing: platforms and configs come by themselves, reports stand in the book."""
        del subject, book
        return frozenset()

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge one platform by every report that counts for it."""
        chosen = select(view, self.report, at)
        if view.platform is None:
            msg = "vulnerabilities are judged for one platform"
            raise RuntimeError(msg)
        platform = view.platform.platform
        sieve = _Sieve(self, at)
        reports = [report for _, report in chosen.reports]
        ended, warnings = self._end_of_life(reports, platform)
        found = _findings(sieve, reports, platform)
        return Judgement(
            findings=(*chosen.findings, *ended, *found),
            undecided=chosen.undecided,
            allowed={str(word): number for word, number in (self.counts or {}).items()},
            notes=(*chosen.notes, *warnings, *sieve.notes()),
        )

    def _end_of_life(self, reports: Sequence[Report], platform: Platform) -> tuple[list[Finding], list[Note]]:
        ended = {
            f"{report.os.family} {report.os.name}".strip() for report in reports if report.os and report.os.end_of_life
        }
        if self.end_of_life == "fail":
            return [_ended(name, platform) for name in sorted(ended)], []
        is_headline = self.end_of_life == "warn"
        return [], [
            Note(f"{name} is no longer supported: vulnerabilities found since its end are in no report", is_headline)
            for name in sorted(ended)
        ]


class _Sieve:
    """Sorts the entries of reports into those that break the rule and those that do not, and says why not."""

    def __init__(self, check: VulnerabilitiesCheck, at: datetime) -> None:
        self.counts = check.counts is not None
        self._check = check
        self._at = at
        self._denied = _ids(check.deny_ids)
        self._accepted = _ids(check.allow_ids)
        self._grace = {Severity.of_word(word): length.length for word, length in (check.grace or {}).items()}
        self._deciding = frozenset(severity for severity in Severity if check._counts_at_all(severity))  # noqa: SLF001 -- its own helper
        self._used: set[str] = set()
        self._suppressed = 0
        self._unfixed = 0
        self._unaffected = 0
        self._young: set[str] = set()

    def broken(self, entries: Vulnerabilities) -> Iterator[Vulnerability]:
        """Give those that break the rule by themselves, before waivers and counts."""
        for entry in entries if self._denied else entries.rated(self._deciding):
            if self.denies(entry) or (entry.severity in self._deciding and self._holds(entry)):
                yield entry

    def denies(self, entry: Vulnerability) -> bool:
        """Tell whether the rule names this entry, by any name that it gives itself."""
        return bool(self._denied) and not self._denied.isdisjoint((entry.id, *entry.aliases))

    def _holds(self, entry: Vulnerability) -> bool:
        """Tell whether an entry of a deciding severity counts; remember why it does not."""
        if entry.suppressed and self._check.respect_scanner_suppressions:
            self._suppressed += 1
            return False
        if entry.status == _NOT_AFFECTED and self._check.not_affected == "allow":
            self._unaffected += 1
            return False
        if entry.id in self._accepted:
            self._used.add(entry.id)
            return False
        if self._check.only_fixed and entry.fix in (FixState.NOT_FIXED, FixState.WONT_FIX):
            self._unfixed += 1
            return False
        if self._is_young(entry):
            self._young.add(entry.id)
            return False
        return True

    def _is_young(self, entry: Vulnerability) -> bool:
        """Tell whether the entry is within its grace, the end included. No date or one to come: no grace."""
        grace = self._grace.get(entry.severity)
        if grace is None or entry.published is None or entry.published > self._at:
            return False
        return self._at - entry.published <= grace

    def notes(self) -> Iterator[Note]:
        """Say what did not count, and why."""
        told = (
            (self._suppressed, "the scanner was told to hide them (respect-scanner-suppressions)"),
            (self._unaffected, "their status is not_affected (not-affected: allow)"),
            (self._unfixed, "they have no fix (only-fixed)"),
        )
        for number, why in told:
            if number:
                yield Note(f"{number} {'does' if number == 1 else 'do'} not count: {why}")
        if self._young:
            yield Note(f"within grace: {_list(self._young)}")
        if self._used:
            yield Note(f"accepted by allow-ids: {_list(self._used)}")
        idle = self._accepted - self._used
        if idle:
            yield Note(f"in allow-ids and not found: {_list(idle)}")


def _list(ids: AbstractSet[str]) -> str:
    first = ", ".join(sorted(ids)[:_MOST_NAMED])
    return first if len(ids) <= _MOST_NAMED else f"{first} and {len(ids) - _MOST_NAMED} more"


#: Databases name their ids with letters, digits, `-`, `.`, `_` and `:` (CVE, GHSA, RUSTSEC, ELSA, TEMP, SNYK).
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9._:-]+", re.ASCII)


def _ids(names: Sequence[str]) -> frozenset[str]:
    return frozenset(canonical_id(name) for name in names)


# ── findings ──────────────────────────────────────────────────────────────────────────────────────


def _findings(sieve: _Sieve, reports: Sequence[Report], platform: Platform) -> list[Finding]:
    """Give one finding for each id, package and version, the worst first, with every place named.

    Where severities are counted, entries of another severity are findings of their own: merging
    would move one report's finding into the bucket of another's, and could make room in a count.
    """
    first: dict[tuple[str, ...], Vulnerability] = {}
    more: dict[tuple[str, ...], list[Vulnerability]] = {}  # rare, and a list for every finding would be slow
    for entry in (entry for report in reports for entry in sieve.broken(report.vulnerabilities)):
        kind = _DENIED if sieve.denies(entry) else _WORDS[entry.severity] if sieve.counts else ""
        key = (entry.id, entry.package, entry.version, entry.purl, kind)
        if first.setdefault(key, entry) is not entry:
            more.setdefault(key, []).append(entry)
    order = sorted(
        (-max((entry, *more.get(key, ())), key=_severity).severity if key in more else -entry.severity, key)
        for key, entry in first.items()
    )
    name = str(platform)
    return [_finding((first[key], *more.get(key, ())), key[-1] == _DENIED, name) for _, key in order]


_WORDS: Final = {severity: severity.word for severity in Severity}
_DENIED: Final = "denied"


def _severity(entry: Vulnerability) -> Severity:
    return entry.severity


def _finding(group: Sequence[Vulnerability], is_denied: bool, platform: str) -> Finding:  # noqa: FBT001 -- private
    entry = max(group, key=_severity)
    word = _WORDS[entry.severity]
    name = f"{entry.package} {entry.version}" if entry.version else entry.package
    title = f": {entry.title}" if entry.title else ""
    rated = f", rated {word} by {entry.severity_source}" if entry.severity_source else f", rated {word}"
    keys = (("id", entry.id), ("package", entry.package), ("version", entry.version), ("purl", entry.purl))
    return Finding(
        VULNERABILITY_DENIED if is_denied else VULNERABILITY_FOUND,
        About((*(pair for pair in keys if pair[1]), ("platform", platform))),
        f"{entry.id} ({word}) in {name}{title}",
        _expected(entry),
        f"{name}{rated}{_places(group)}{_hidden(group)}",
        _fix(group),
        None if is_denied else word,
    )


def _expected(entry: Vulnerability) -> str:
    if entry.fixed_versions:
        return f"{entry.package} {' or '.join(entry.fixed_versions[:_MOST_NAMED])}"
    return f"an image without {entry.id}"


def _places(group: Sequence[Vulnerability]) -> str:
    places = sorted({entry.where for entry in group if entry.where})
    if not places:
        return ""
    more = f" and {len(places) - _MOST_NAMED} more places" if len(places) > _MOST_NAMED else ""
    return f", in {', '.join(places[:_MOST_NAMED])}{more}"


def _hidden(group: Sequence[Vulnerability]) -> str:
    hidden = next((entry.suppressed for entry in group if entry.suppressed), "")  # who hid it, and why
    return f"; the scanner was told to hide it ({hidden})" if hidden else ""


#: How a package of a purl type is updated; `{0}` is its name, `{1}` the fixed version.
_COMMANDS: Final = {
    "apk": "apk add --upgrade {0}",
    "deb": "apt-get update && apt-get install --only-upgrade {0}",
    "rpm": "dnf upgrade {0}",
    "pypi": "pip install {0}=={1}",
    "npm": "npm install {0}@{1}",
    "golang": "go get {0}@v{1}",
    "cargo": "cargo update -p {0} --precise {1}",
    "gem": "bundle update {0}",
    "composer": "composer require {0}:{1}",
    "nuget": "dotnet add package {0} --version {1}",
}
#: Names and versions come from the report: a command is shown only if a shell could not take them for anything else.
_HARMLESS: Final = re.compile(r"[A-Za-z0-9@][A-Za-z0-9@._+:/-]*", re.ASCII)


def _fix(group: Sequence[Vulnerability]) -> str:
    entry = next((entry for entry in group if entry.fixed_versions), group[0])
    if entry.fixed_versions:
        return _update(entry.package, entry.fixed_versions, entry.purl.partition(":")[2].partition("/")[0])
    return (
        f"No fixed version of {entry.package} is known. Replace or remove it, or waive {entry.id} with a reason "
        "and an end."
    )


@lru_cache(maxsize=4096)
def _update(package: str, versions: tuple[str, ...], kind: str) -> str:
    if package == "stdlib" and kind == "golang":
        return f"Build the program with Go {versions[0]} or newer, and the image again."
    fix = f"Update {package} to {' or '.join(versions[:_MOST_NAMED])} and build the image again"
    command = _COMMANDS.get(kind)
    if command is None or not _HARMLESS.fullmatch(package) or not _HARMLESS.fullmatch(versions[0]):
        return f"{fix}."
    return f"{fix}: {command.format(package, versions[0].removeprefix('v'))}"


def _ended(name: str, platform: Platform) -> Finding:
    return Finding(
        reason=END_OF_LIFE_OS,
        about=About.of(os=name, platform=str(platform)),
        what=f"{name} is no longer supported by its makers",
        expected="a supported release of the distribution",
        got=name,
        fix=END_OF_LIFE_OS.remedy,
    )


CHECK: Final = VulnerabilitiesCheck
