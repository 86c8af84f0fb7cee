"""Waivers: dated, owned, reasoned acceptances of findings (S28), in files of their own.

A waiver accepts violations, never what is undecided. It matches the keys of the finding itself, each in
full: `about: {id: CVE-2026-1, package: openssl}` accepts that vulnerability in that package and nothing
that resembles it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self, cast

from gate.errors import Mistake, RuleFileError
from gate.finding import Note
from gate.oci.digest import Digest
from gate.option import option
from gate.pattern import Glob
from gate.printable import clip
from gate.report import ClosureFile
from gate.ruleset.entries import FORMAT
from gate.ruleset.files import read_bounded, to_path
from gate.ruleset.mistakes import Mistakes, meant
from gate.ruleset.nodes import Mark, parse
from gate.ruleset.walk import BAD, Walk
from gate.verdict import Place

if TYPE_CHECKING:
    from gate.finding import Finding
    from gate.option import File
    from gate.ruleset.rule import Ruleset, WaiverTerms
    from gate.subject import Subject
    from gate.verdict import Outcome

__all__ = [
    "MOST_BREAK_GLASS", "MOST_DAYS", "WARNING_DAYS", "Expiry", "Waiver", "WaiverFile", "check_lengths", "check_waivers",
    "load_waivers", "read_waivers", "remarks",
]  # fmt: skip

#: A year and a day: an acceptance that nobody has to look at again is a changed rule.
MOST_DAYS: Final = 366
#: Break-glass is for one night: whatever takes longer has time for a waiver with a review.
MOST_BREAK_GLASS: Final = timedelta(hours=24)
#: From so many days before its end on, every report that relies on a waiver says when it ends.
WARNING_DAYS: Final = 14

_NO_ABOUT: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class DigestText:
    """A digest in a waiver file."""

    digest: Digest

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `sha256:…`; raises `ValueError`."""
        return cls(Digest.parse(text))

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {
            "type": "string",
            "pattern": "^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$",
            "description": "a digest, sha256: and 64 hex digits",
        }


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a waiver ends: a day (inclusive, UTC), or for break-glass a time with its zone."""

    end: date

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `2027-01-31`, or `2027-01-31T18:00:00Z`; raises `ValueError`. The whole text is matched first (S29)."""
        try:
            if _DAY.fullmatch(text):
                return cls(date.fromisoformat(text))
            if _TIME.fullmatch(text):
                return cls(datetime.fromisoformat(text).astimezone(UTC))
        except (ValueError, OverflowError):
            pass
        msg = f"'expires' is a day written as 2027-01-31, not {clip(text, 100)!r}"
        raise ValueError(msg)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {
            "type": "string",
            "pattern": f"^({_DAY.pattern}|{_TIME.pattern})$",
            "description": "a day, as 2027-01-31; with break-glass a time, as 2027-01-31T18:00:00Z",
        }


@dataclass(frozen=True, slots=True)
class WaiverEntry:
    """One entry of `waivers:` as it is written."""

    rule: str = option("The rule whose findings are accepted.", needs="rule: NAME")
    images: tuple[Glob, ...] = option("Globs over the full repository name, as ghcr.io/acme/app.", default=())
    digest: DigestText | None = option("The one image it is about, instead of `images`.", default=None)
    about: Mapping[str, str] | None = option(
        "What a finding has to be about, every key in full: {id: CVE-2026-1234, package: openssl}.", default=None
    )
    reason: str = option("Why it is accepted.", needs="reason: why this is accepted")
    owner: str = option("Who answers for it.", needs="owner: a person or team")
    expires: Expiry = option("The last day (UTC) on which it holds; at most a year ahead.", needs="expires: 2027-01-31")
    ticket: str = option("Where it was decided.", default="")
    break_glass: bool = option("For an emergency: one digest, a few hours, said loudly in every report.", default=False)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a waiver for no image, for any finding of any image, or without words."""
        found = []
        if bool(self.images) == (self.digest is not None):
            found.append(("", "a waiver says either `images` or `digest`: which images it is for"))
        wide = next((wide for glob in self.images if (wide := _too_wide(glob))), "")
        if wide and not self.about:
            found.append(("images", wide))
        is_time = isinstance(self.expires.end, datetime)
        if self.break_glass and self.digest is None:
            found.append(("break-glass", "break-glass is for one image: name its `digest`"))
        if self.break_glass and not is_time:
            found.append(("expires", "break-glass ends within hours: give a time, as 2027-01-31T18:00:00Z"))
        if is_time and not self.break_glass:
            found.append(("expires", "a waiver ends with a day, as 2027-01-31; a time is for `break-glass: true`"))
        found += [(key, f"{key!r} is empty") for key in ("rule", "reason", "owner") if not getattr(self, key).strip()]
        return tuple(found)


def _too_wide(glob: Glob) -> str:
    """Say what a glob would switch off if nothing says what the findings are about, or give ""."""
    host, _, path = glob.text.partition("/")
    if path.strip("*/") or "*" not in host:
        return ""
    off = f"{glob.text!r} without `about` would switch the rule off"
    if not host.strip("*"):
        return f"{off} everywhere"
    hint = "name the registry, the repositories, or what the findings are about"
    return f"{off} for all repositories of many registries: {hint}"


@dataclass(frozen=True, slots=True)
class WaiverFile:
    """A whole waiver file."""

    gate: int = option("The version of this format: 1.", needs="gate: 1")
    waivers: tuple[WaiverEntry, ...] = option("The waivers; none if left out.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse another version of the format."""
        if self.gate != FORMAT:
            return (("gate", f"this gate reads version {FORMAT} of the format, not {self.gate}"),)
        return ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver and where it was written. `marks` are the places of its keys, for messages.

    `expires` is a day, or for break-glass a `datetime` in UTC.
    """

    rule: str
    images: tuple[Glob, ...]
    digest: Digest | None
    about: Mapping[str, str]
    reason: str
    owner: str
    expires: date
    place: Place
    ticket: str = ""
    break_glass: bool = False
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def last_day(self) -> date:
        """The last day (UTC) on which it holds."""
        return self.expires.date() if isinstance(self.expires, datetime) else self.expires

    def expired(self, at: datetime) -> bool:
        """Tell whether its last day (inclusive, UTC) or its last minute is over at `at`, which has a time zone."""
        if isinstance(self.expires, datetime):
            return at > self.expires
        return at.astimezone(UTC).date() > self.expires

    def concerns(self, subject: Subject) -> bool:
        """Tell whether it is for this image, whatever the rule and the day."""
        if self.digest is not None:
            return self.digest == subject.digest
        return any(glob.matches(subject.repository) for glob in self.images)

    def covers(self, rule: str, subject: Subject, finding: Finding, at: datetime) -> bool:
        """Tell whether it accepts this finding of this rule for this image today: all of it has to agree."""
        return (
            self.rule == rule
            and not self.expired(at)
            and self.concerns(subject)
            and all(finding.about.get(key) == value for key, value in self.about.items())
        )


def load_waivers(paths: Sequence[str]) -> tuple[tuple[Waiver, ...], tuple[ClosureFile, ...]]:
    """Read waiver files: the waivers in their order, and the files for the closure.

    Raises `RuleFileError` with every mistake of all of them.
    """
    mistakes = Mistakes()
    waivers: list[Waiver] = []
    files: list[ClosureFile] = []
    for path in dict.fromkeys(paths):
        content = read_bounded(to_path(path))
        if isinstance(content, str):
            mistakes.extend((Mistake(path, 1, 1, content),))
            continue
        files.append(ClosureFile("waivers", path, Digest.of(content)))
        waivers += _read(path, content, mistakes)
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
    return tuple(waivers), tuple(files)


def read_waivers(path: str, content: bytes) -> tuple[Waiver, ...]:
    """Read the text of one waiver file; raises `RuleFileError` with every mistake. `path` is for messages."""
    mistakes = Mistakes()
    waivers = _read(path, content, mistakes)
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
    return waivers


def _read(path: str, content: bytes, mistakes: Mistakes) -> tuple[Waiver, ...]:
    found: list[Mistake] = []
    node = parse(path, content, found)
    mistakes.extend(found)
    if node is None:
        return ()
    walk = Walk(mistakes, _no_files)
    file = walk.options(node, WaiverFile, "a waiver file")
    if file is BAD:
        return ()
    entries = cast("WaiverFile", file).waivers
    return tuple(_waiver(entry, f"waivers[{index}]", walk) for index, entry in enumerate(entries))


def _no_files(written: str, role: str) -> File | str:
    del written
    return f"{role!r}: a waiver names no files"


def _waiver(entry: WaiverEntry, path: str, walk: Walk) -> Waiver:
    prefix = f"{path}."
    marks = {key.removeprefix(prefix): mark for key, mark in walk.marks.items() if key.startswith(prefix)}
    return Waiver(
        rule=entry.rule,
        images=entry.images,
        digest=entry.digest.digest if entry.digest is not None else None,
        about=entry.about if entry.about is not None else _NO_ABOUT,
        reason=entry.reason,
        owner=entry.owner,
        expires=entry.expires.end,
        place=walk.marks[path].place,
        ticket=entry.ticket,
        break_glass=entry.break_glass,
        marks=MappingProxyType(marks),
    )


def check_waivers(waivers: Sequence[Waiver], ruleset: Ruleset, at: datetime) -> None:
    """Look whether the waivers fit the rules; raises `RuleFileError` with every mistake.

    A waiver for a rule that does not exist, that is `final` or not `waivable`, that somebody owns who may not
    (`waivers: {owners: …}`), or that ends too long after `at`, is one. An expired waiver is none: it accepts
    nothing and is reported.
    """
    mistakes = Mistakes()
    rules = {rule.name: rule for rule in ruleset.rules}
    today = at.astimezone(UTC).date()
    for waiver in waivers:
        rule = rules.get(waiver.rule)
        mark = waiver.marks["rule"]
        if rule is None:
            listed = ", ".join(sorted(rules)) or "none"
            mistakes.add(mark, f"there is no rule {waiver.rule!r} (there are: {listed}){meant(waiver.rule, rules)}")
        elif rule.final or not rule.waivable:
            how = "final" if rule.final else "not waivable"
            mistakes.add(mark, f"the rule {waiver.rule!r} is {how} ({rule.place}): no waiver can accept its findings")
        for terms in (*ruleset.waivers, rule.waivers if rule is not None else None):
            if terms is not None:
                _hold(waiver, terms, today, mistakes)
        _limit(waiver, at, mistakes)
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))


def check_lengths(waivers: Sequence[Waiver], at: datetime) -> None:
    """Look whether the waivers end soon enough for any rules; raises `RuleFileError` with every mistake."""
    mistakes = Mistakes()
    for waiver in waivers:
        _limit(waiver, at, mistakes)
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))


def _limit(waiver: Waiver, at: datetime, mistakes: Mistakes) -> None:
    """Report a waiver that ends too late, whatever the rules say."""
    today = at.astimezone(UTC).date()
    longest = timedelta(days=MOST_DAYS)
    if isinstance(waiver.expires, datetime) and waiver.expires - at > MOST_BREAK_GLASS:
        hours = MOST_BREAK_GLASS // timedelta(hours=1)
        latest = (at + MOST_BREAK_GLASS).astimezone(UTC).isoformat(timespec="minutes")
        message = f"break-glass ends at most {hours} hours after the time of the verdict: by {latest}"
        mistakes.add(waiver.marks["expires"], message)
    elif waiver.last_day - today > longest:
        message = f"a waiver ends at most {MOST_DAYS} days after the day of the verdict: by {today + longest}"
        mistakes.add(waiver.marks["expires"], message)


def remarks(waivers: Sequence[Waiver], outcomes: Sequence[Outcome], subject: Subject, at: datetime) -> tuple[Note, ...]:
    """Give what every report has to say first about waivers: break-glass, and what ends soon."""
    used = {waived.place for outcome in outcomes for waived in outcome.waived}
    said = []
    for waiver in waivers:
        if waiver.place not in used:
            continue
        if waiver.break_glass:
            until = waiver.expires.isoformat()
            what = (
                f"BREAK-GLASS until {until}: {waiver.owner} lets {subject.digest} pass {waiver.rule} ({waiver.reason})"
            )
            said.append(Note(what, headline=True))
            continue
        days = (waiver.last_day - at.astimezone(UTC).date()).days
        if days <= WARNING_DAYS:
            when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
            what = f"a waiver of {waiver.rule} ends {when} ({waiver.expires}, owner {waiver.owner}, {waiver.place})"
            said.append(Note(what, headline=True))
    return tuple(said)


def _hold(waiver: Waiver, terms: WaiverTerms, today: date, mistakes: Mistakes) -> None:
    """Report a waiver of somebody who may own none, or that ends too late (S25)."""
    if terms.owners and not any(owner.matches(waiver.owner) for owner in terms.owners):
        listed = " or ".join(map(str, terms.owners))
        message = f"{waiver.owner!r} may not own a waiver of {waiver.rule!r}: only {listed} may ({terms.place})"
        mistakes.add(waiver.marks["owner"], message)
    longest = terms.max_lifetime
    if longest is not None and waiver.last_day - today > longest.length:
        message = (
            f"a waiver of {waiver.rule!r} ends at most {longest} after the day of the verdict ({terms.place}): "
            f"by {today + longest.length}"
        )
        mistakes.add(waiver.marks["expires"], message)
