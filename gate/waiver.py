"""Waivers: dated, owned, reasoned acceptances of findings (S28), in files of their own.

A waiver accepts violations, never what is undecided. It matches the keys of the finding itself, each in
full: `about: {id: CVE-2026-1, package: openssl}` accepts that vulnerability in that package and nothing
that resembles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self, cast

from gate.errors import Mistake, RuleFileError
from gate.oci.digest import Digest
from gate.option import option
from gate.pattern import Glob
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
    from gate.ruleset.rule import Ruleset
    from gate.subject import Subject

__all__ = ["MOST_DAYS", "Waiver", "WaiverFile", "check_waivers", "load_waivers"]

#: A year and a day: an acceptance that nobody has to look at again is a changed rule.
MOST_DAYS: Final = 366

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
    expires: date = option("The last day (UTC) on which it holds; at most a year ahead.", needs="expires: 2027-01-31")
    ticket: str = option("Where it was decided.", default="")

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a waiver for no image, for any finding of any image, or without words."""
        found = []
        if bool(self.images) == (self.digest is not None):
            found.append(("", "a waiver says either `images` or `digest`: which images it is for"))
        everywhere = [index for index, glob in enumerate(self.images) if not glob.text.strip("*/")]
        if everywhere and not self.about:
            found.append(
                ("images", f"{self.images[everywhere[0]].text!r} without `about` would switch the rule off everywhere")
            )
        found += [(key, f"{key!r} is empty") for key in ("rule", "reason", "owner") if not getattr(self, key).strip()]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class WaiverFile:
    """A whole waiver file."""

    gate: int = option("The version of this format: 1.", needs="gate: 1")
    waivers: tuple[WaiverEntry, ...] = option("The waivers.", needs="waivers: […]")

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse another version of the format."""
        if self.gate != FORMAT:
            return (("gate", f"this gate reads version {FORMAT} of the format, not {self.gate}"),)
        return ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver and where it was written. `marks` are the places of its keys, for messages."""

    rule: str
    images: tuple[Glob, ...]
    digest: Digest | None
    about: Mapping[str, str]
    reason: str
    owner: str
    expires: date
    place: Place
    ticket: str = ""
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))

    def expired(self, at: datetime) -> bool:
        """Tell whether its last day (inclusive, UTC) is over at `at`, which has a time zone."""
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
        expires=entry.expires,
        place=walk.marks[path].place,
        ticket=entry.ticket,
        marks=MappingProxyType(marks),
    )


def check_waivers(waivers: Sequence[Waiver], ruleset: Ruleset, at: datetime) -> None:
    """Look whether the waivers fit the rules; raises `RuleFileError` with every mistake.

    A waiver for a rule that does not exist, that is `final` or not `waivable`, or that ends more than
    `MOST_DAYS` after `at`, is one. An expired waiver is none: it accepts nothing and is reported.
    """
    mistakes = Mistakes()
    rules = {rule.name: rule for rule in ruleset.rules}
    today = at.astimezone(UTC).date()
    longest = timedelta(days=MOST_DAYS)
    for waiver in waivers:
        rule = rules.get(waiver.rule)
        mark = waiver.marks["rule"]
        if rule is None:
            listed = ", ".join(sorted(rules)) or "none"
            mistakes.add(mark, f"there is no rule {waiver.rule!r} (there are: {listed}){meant(waiver.rule, rules)}")
        elif rule.final or not rule.waivable:
            how = "final" if rule.final else "not waivable"
            mistakes.add(mark, f"the rule {waiver.rule!r} is {how} ({rule.place}): no waiver can accept its findings")
        if waiver.expires - today > longest:
            message = f"a waiver ends at most {MOST_DAYS} days after the day of the verdict: by {today + longest}"
            mistakes.add(waiver.marks["expires"], message)
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
