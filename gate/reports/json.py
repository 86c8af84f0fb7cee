"""The report for programs: everything in the document, as docs/report.schema.json describes it.

Keys stand in a fixed order, with the rules digest first (S24); every key is always there, null where
there is nothing to say. Whatever is not printable ASCII is a JSON escape, and so is a `#` that a CI
runner would take for a command (S43).
"""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import TYPE_CHECKING, ClassVar, Final

from gate.overview import count, headlines, run_word, summarise, word
from gate.verdict import Level, Status, Undetermined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.evidence import Look
    from gate.finding import Finding, Note, Undecided
    from gate.report import Closure, Document, Judged, Style, WaiverNote
    from gate.subject import Subject
    from gate.verdict import Outcome, Place, Verdict, Waived

__all__ = ["RENDERER", "SCHEMA"]

#: Name and version of the format: the major number changes when a reader could be misled, the minor one for more keys.
SCHEMA: Final = "gate-report/1.0"

#: `##[`, `##vso[`: a JSON text holds `#` in strings only, where `\u0023` is the same.
_COMMAND: Final = re.compile(r"#(?=#\w*\[)")

_Object = dict[str, object]


class JsonRenderer:
    """JSON, the same for the same document whatever the style."""

    name: ClassVar[str] = "json"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; JSON has no style
        """Give the report for programs."""
        text = json.dumps(_document(document), indent=2, ensure_ascii=True, allow_nan=False)
        return _COMMAND.sub(r"\\u0023", text) + "\n"


RENDERER: Final = JsonRenderer()


def _document(document: Document) -> _Object:
    return {
        "schema": SCHEMA,
        "rules-digest": str(document.closure.rules_digest),
        "verdict": run_word(document),
        "enforced": document.enforced,
        "not-enforced-until": document.advisory_until or None,
        "exit-code": document.exit_code,
        "at": document.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "gate-version": document.gate_version,
        "images": [_judged(judged) for judged in document.judged],
        "closure": _closure(document.closure),
    }


def _closure(closure: Closure) -> _Object:
    return {
        "rules-digest": str(closure.rules_digest),
        "files": [{"role": file.role, "path": file.path, "digest": str(file.digest)} for file in closure.files],
        "options": [{"name": name, "value": value} for name, value in closure.options],
        "environment": list(closure.environment),
    }


def _judged(judged: Judged) -> _Object:
    verdict = judged.verdict
    causes = verdict.causes if isinstance(verdict, Undetermined) else ()
    return {
        "image": judged.image,
        "verdict": word(verdict),
        "digest": str(verdict.subject.digest) if verdict.subject is not None else None,
        "subject": _subject(verdict.subject) if verdict.subject is not None else None,
        "platforms": list(verdict.platforms),
        "headlines": list(headlines(judged)),
        "causes": [_undecided(cause) for cause in causes],
        "counts": _counts(verdict),
        "outcomes": [_outcome(outcome) for outcome in verdict.outcomes],
        "notes": _notes(judged.notes),
        "waivers": [_waiver(note) for note in judged.waivers],
    }


def _subject(subject: Subject) -> _Object:
    return {
        "reference": subject.typed,
        "place": subject.place,
        "repository": subject.repository or None,
        "tag": subject.tag or None,
        "digest": str(subject.digest),
        "media-type": subject.media_type,
        "size": len(subject.content),
        "pinned": subject.pinned,
        "expected-digest": str(subject.expected) if subject.expected is not None else None,
    }


def _counts(verdict: Verdict) -> _Object:
    """Count rules, not outcomes: a rule has the outcome of its worst platform."""
    counts = count(summarise(verdict))
    return {level.value: {status.value: counts[level, status] for status in Status} for level in Level}


def _outcome(outcome: Outcome) -> _Object:
    return {
        "rule": outcome.rule,
        "check": outcome.check,
        "level": outcome.level.value,
        "status": outcome.status.value,
        "would-be": outcome.would_be.value if outcome.would_be is not None else None,
        "starts": outcome.starts or None,
        "place": _place(outcome.place),
        "platform": outcome.platform or None,
        "covers": list(outcome.covers),
        "why": outcome.why or None,
        "fix": outcome.fix or None,
        "findings": [_finding(finding) for finding in outcome.findings],
        "undecided": [_undecided(undecided) for undecided in outcome.undecided],
        "waived": [_waived(waived) for waived in outcome.waived],
        "notes": _notes(outcome.notes),
        "looked": [_look(look) for look in outcome.looked],
    }


def _place(place: Place) -> _Object:
    return {"path": place.path, "line": place.line, "column": place.column}


def _finding(finding: Finding) -> _Object:
    return {
        "reason": finding.reason.code,
        "title": finding.reason.title,
        "what": finding.what,
        "expected": finding.expected,
        "got": finding.got,
        "fix": finding.fix,
        "bucket": finding.bucket,
        "about": dict(sorted(finding.about.keys)),
    }


def _undecided(undecided: Undecided) -> _Object:
    return {
        "reason": undecided.reason.code,
        "title": undecided.reason.title,
        "what": undecided.what,
        "fix": undecided.fix,
        "asked": _look(undecided.look) if undecided.look is not None else None,
    }


def _waived(waived: Waived) -> _Object:
    return {
        "finding": _finding(waived.finding),
        "owner": waived.owner,
        "reason": waived.reason,
        "expires": waived.expires,
        "ticket": waived.ticket or None,
        "break-glass": waived.break_glass,
        "place": _place(waived.place),
    }


def _notes(notes: Iterable[Note]) -> list[_Object]:
    return [{"what": note.what, "headline": note.headline} for note in notes]


def _look(look: Look) -> _Object:
    return {"where": look.where, "status": look.status}


def _waiver(note: WaiverNote) -> _Object:
    return {
        "state": note.state,
        "rule": note.rule,
        "about": note.about or None,
        "owner": note.owner,
        "expires": note.expires,
        "place": _place(note.place),
    }
