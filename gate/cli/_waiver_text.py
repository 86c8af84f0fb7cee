"""Waiver files as text: entries added and taken out, everything else left as it was written.

People write comments between waivers, so a file is never written anew from what was read: lines are put
in or taken out, and the result is read again before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from gate.errors import RuleFileError, UsageError
from gate.overview import summarise
from gate.verdict import Level, Status
from gate.waiver import read_waivers

if TYPE_CHECKING:
    from gate.finding import Finding
    from gate.overview import RuleOverview
    from gate.report import Judged
    from gate.subject import Subject
    from gate.waiver import Waiver

__all__ = ["Entry", "appended", "unwaived", "without", "write_waivers"]

#: Texts that read the same without quotes, and are no null.
_BARE: Final = re.compile(r"(?!(?:null|Null|NULL)$)[A-Za-z0-9_./][A-Za-z0-9_./@+-]*", re.ASCII)
_HEAD: Final = "gate: 1\nwaivers:\n"
#: Checks of who made an image.
_CHECKS_OF_ORIGIN: Final = frozenset({"signature", "attestation"})
#: How the codes of findings about secrets begin.
_ABOUT_SECRETS: Final = "secret-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One waiver to be written."""

    rule: str
    images: tuple[str, ...]
    digest: str
    about: Mapping[str, str]
    reason: str
    owner: str
    expires: date
    ticket: str = ""
    break_glass: bool = False

    def lines(self, indent: str) -> list[str]:
        """Give its lines, the dash at `indent`."""
        end = (
            self.expires.isoformat().replace("+00:00", "Z") if isinstance(self.expires, datetime) else str(self.expires)
        )
        values = [
            ("rule", _word(self.rule)),
            ("images", f"[{', '.join(map(_word, self.images))}]" if self.images else ""),
            ("digest", self.digest),
            ("about", _flow(self.about) if self.about else ""),
            ("reason", _word(self.reason)),
            ("owner", _word(self.owner)),
            ("expires", end),
            ("ticket", _word(self.ticket) if self.ticket else ""),
            ("break-glass", "true" if self.break_glass else ""),
        ]
        written = [f"{key}: {value}" for key, value in values if value]
        return [f"{indent}- {written[0]}", *(f"{indent}  {line}" for line in written[1:])]


def _word(text: str) -> str:
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _flow(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_word(key)}: {_word(value)}" for key, value in values.items()) + "}"


def appended(path: str, text: str, entry: Entry) -> str:
    """Give the text of a waiver file with one more entry at the end of its list.

    `text` is "" for a new file. Raises `RuleFileError` if the file, or the entry, has mistakes, and
    `UsageError` if the list is written in a form that lines cannot be added to.
    """
    if not text.strip():
        new = _HEAD + "\n".join(entry.lines("  ")) + "\n"
    else:
        before = read_waivers(path, text.encode())
        lines = text.split("\n")
        spans = _spans(lines, before)
        if spans:
            at, indent = spans[-1].end, spans[-1].indent
        else:
            lines, at, indent = [*_trimmed(lines), "waivers:", ""], len(_trimmed(lines)) + 1, "  "
        new = "\n".join([*lines[:at], *entry.lines(indent), *lines[at:]])
    after = read_waivers(path, new.encode())
    if len(after) != (len(read_waivers(path, text.encode())) if text.strip() else 0) + 1:
        raise UsageError(f"{path}: the list of waivers is written in a form that no line can be added to")
    return new


def _trimmed(lines: list[str]) -> list[str]:
    kept = len(lines)
    while kept and not lines[kept - 1].strip():
        kept -= 1
    return lines[:kept]


def without(path: str, text: str, gone: Sequence[Waiver]) -> str:
    """Give the text of a waiver file without some of its waivers and the comments directly above them.

    Raises `RuleFileError` or `UsageError` as `appended` does.
    """
    waivers = read_waivers(path, text.encode())
    places = {waiver.place for waiver in gone}
    lines = text.split("\n")
    spans = _spans(lines, waivers)
    keep = [True] * len(lines)
    for waiver, span in zip(waivers, spans, strict=True):
        if waiver.place in places:
            keep[span.start : span.end] = [False] * (span.end - span.start)
    left = [waiver for waiver in waivers if waiver.place not in places]
    if not left:
        keep = [kept and not line.startswith("waivers:") for kept, line in zip(keep, lines, strict=True)]
    new = "\n".join(line for kept, line in zip(keep, lines, strict=True) if kept)
    try:
        after = read_waivers(path, new.encode())
    except RuleFileError as error:
        raise UsageError(f"{path}: the waivers cannot be taken out line by line; edit the file by hand") from error
    if [_content(waiver) for waiver in after] != [_content(waiver) for waiver in left]:
        raise UsageError(f"{path}: the waivers cannot be taken out line by line; edit the file by hand")
    return new


def _content(waiver: Waiver) -> tuple[object, ...]:
    about = tuple(sorted(waiver.about.items()))
    return (
        waiver.rule,
        waiver.images,
        waiver.digest,
        about,
        waiver.reason,
        waiver.owner,
        waiver.expires,
        waiver.ticket,
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """The lines of one entry, `end` excluded, and the blanks before its dash."""

    start: int
    end: int
    indent: str


def _spans(lines: list[str], waivers: Sequence[Waiver]) -> list[_Span]:
    """Find the lines of each entry; raises `UsageError` where they do not start on lines of their own."""
    dashes: list[tuple[int, str]] = []
    for waiver in waivers:
        number = waiver.place.line - 1
        before = lines[number][: waiver.place.column - 1]
        while not before.strip() and number and (not dashes or number > dashes[-1][0] + 1):
            number -= 1
            before = lines[number].partition("#")[0]  # the dash stands on a line of its own above
        if before.strip() != "-":
            where = f"{waiver.place.path}:{waiver.place.line}"
            raise UsageError(f"{where}: write each waiver on lines of its own that start with `- `, then try again")
        dashes.append((number, before[: before.index("-")]))
    starts = [_with_comments(lines, number, indent) for number, indent in dashes]
    spans = []
    for index, (number, indent) in enumerate(dashes):
        end = starts[index + 1] if index + 1 < len(dashes) else _end(lines, number, indent)
        spans.append(_Span(starts[index], end, indent))
    return spans


def _with_comments(lines: list[str], number: int, indent: str) -> int:
    """Give the first line of an entry, the comments directly above it included."""
    while number and lines[number - 1].startswith(f"{indent}#"):
        number -= 1
    return number


def _end(lines: list[str], number: int, indent: str) -> int:
    """Give the line behind the last entry: what follows is not indented deeper than its dash."""
    end = last = number + 1
    for at in range(number + 1, len(lines)):
        line = lines[at]
        if not line.strip():
            continue
        if len(line) - len(line.lstrip(" ")) <= len(indent):
            break
        last = at + 1
    return max(end, last)


def write_waivers(judged: Iterable[Judged], owner: str, expires: date, reason: str, skip: Iterable[str] = ()) -> str:
    """Give a waiver file that accepts what reports find today, for adopting the gate on an old estate.

    One waiver for each finding of an `error` rule and image, by its digest: the next image has to do better. It names
    everything that the finding is about but the platform. Rules named in `skip` (final, not waivable) get none, nor
    does what `unwaived` lists. Gives "" if there is nothing to accept.
    """
    entries: dict[tuple[object, ...], Entry] = {}
    for subject, rule, finding in _findings(judged, frozenset(skip)):
        if _is_for_people(rule, finding):
            continue
        about = {key: value for key, value in finding.about.keys if key != "platform"}
        digest = str(subject.digest)
        key = (rule.rule, digest, tuple(sorted(about.items())))
        entries.setdefault(key, Entry(rule.rule, (), digest, about, reason, owner, expires))
    if not entries:
        return ""
    return _HEAD + "\n".join(line for entry in entries.values() for line in entry.lines("  ")) + "\n"


def unwaived(judged: Iterable[Judged], skip: Iterable[str] = ()) -> tuple[str, ...]:
    """Give what `write_waivers` accepts for nobody: who signed or attested an image, and secrets in it. Each once."""
    found = (
        f"{rule.rule}: {finding.what} [{finding.reason.code}]"
        for _, rule, finding in _findings(judged, frozenset(skip))
        if _is_for_people(rule, finding)
    )
    return tuple(dict.fromkeys(found))


def _findings(judged: Iterable[Judged], skip: frozenset[str]) -> Iterator[tuple[Subject, RuleOverview, Finding]]:
    """Give what makes images fail."""
    for one in judged:
        subject = one.verdict.subject
        if subject is None:
            continue
        for rule in summarise(one.verdict):
            if rule.status is Status.VIOLATED and rule.level is Level.ERROR and rule.rule not in skip:
                yield from ((subject, rule, placed.item) for placed in rule.findings)


def _is_for_people(rule: RuleOverview, finding: Finding) -> bool:
    """Tell whether somebody has to decide it: a waiver written in passing would let everybody's image in."""
    return rule.check in _CHECKS_OF_ORIGIN or finding.reason.code.startswith(_ABOUT_SECRETS)
