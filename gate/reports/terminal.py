"""The report for people: what is wrong and what to do about it, within ten seconds.

    verdict, image, digest      one line, never wrapped, so that `head -1` has all three
    rules digest, head notes    what decided (S24), what weakens the verdict (S19, S33)
    what stands in the way      violated and undecided rules, each with expected, got, fix and place
    what else to know           warnings, waived findings, upcoming rules, waivers to look at
    satisfied rules             one line; with -v one entry each, with notes and where was looked
    summary                     counts, and what the exit code means

Every text passes `_safe`: nothing in it can move a cursor, hide, or command a CI runner (S43).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from gate.columns import Ink, Page
from gate.overview import count, headlines, other_causes, run_word, summarise, word
from gate.printable import clip, harmless
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.evidence import Look
    from gate.finding import Finding, Undecided
    from gate.overview import Placed, RuleOverview
    from gate.report import Closure, Document, Judged, Style, WaiverNote
    from gate.verdict import Verdict, Waived

__all__ = ["RENDERER"]

#: So many findings of one rule are shown; -v shows all. More than a screen of one kind hides the others.
MOST_FINDINGS: Final = 10
#: An upcoming rule only needs to be recognised.
MOST_UPCOMING: Final = 3
#: Files in the line that says what decided; -v lists all.
MOST_FILES: Final = 8
#: A `why` of a rule file may be a paragraph.
MOST_PROSE: Final = 2000

_MEANINGS: Final = {
    0: "may go on",
    1: "must not go on",
    3: "must not go on (no verdict is not a policy result)",
}


_INK_OF: Final = {"passed": Ink.GREEN, "failed": Ink.RED, "undetermined": Ink.YELLOW}


class TerminalRenderer:
    """Plain text, with colour if the style says so."""

    name: ClassVar[str] = "terminal"

    def render(self, document: Document, style: Style) -> str:
        """Give the report for people."""
        page = Page(style.width, colour=style.colour, verbose=style.verbose)
        if len(document.judged) == 1:
            _image(page, document, document.judged[0], alone=True)
        else:
            _images(page, document)
        return page.text()


RENDERER: Final = TerminalRenderer()


def _safe(text: object, most: int = 500) -> str:
    return harmless(clip(str(text), most))


def _images(page: Page, document: Document) -> None:
    """Several images: the worst first and last, one block each between."""
    total = run_word(document)
    words = [word(judged.verdict) for judged in document.judged]
    each = ", ".join(f"{words.count(one)} {one}" for one in _INK_OF if one in words)
    images = f"{len(words)} images: {each}" if words else "no image was judged"
    page.line((_INK_OF[total], total.upper() + _unenforced(document)), (Ink.PLAIN, f"  {images}"))
    _rules_line(page, document.closure)
    for judged in document.judged:
        page.gap()
        _image(page, document, judged, alone=False)
    page.gap()
    _closure(page, document)
    _last(page, total, images, document)


def _image(page: Page, document: Document, judged: Judged, *, alone: bool) -> None:
    """One image, from its verdict line to its counts."""
    rules = summarise(judged.verdict)
    _head(page, document, judged, alone=alone)
    _stopped_by(page, rules)
    _causes(page, other_causes(judged.verdict))
    errors = [rule for rule in rules if rule.level is Level.ERROR]
    for status in (Status.VIOLATED, Status.UNDECIDED):
        for rule in errors:
            if rule.status is status:
                _broken(page, rule)
    for rule in rules:
        if rule.level is Level.WARNING and rule.status in {Status.VIOLATED, Status.UNDECIDED}:
            _broken(page, rule)
    accepted = [(rule, waived) for rule in rules for waived in rule.waived]
    _waived(page, [one for one in accepted if one[1].item.break_glass], "BREAK-GLASS", "accepted in an emergency")
    _waived(page, [one for one in accepted if not one[1].item.break_glass], "WAIVED", "accepted by a waiver")
    _upcoming(page, [rule for rule in rules if rule.status is Status.UPCOMING])
    _waiver_notes(page, judged.waivers)
    _quiet_rules(page, rules)
    page.gap()
    if alone:
        _closure(page, document)
        _last(page, word(judged.verdict), _counts(rules), document)
    else:
        name = word(judged.verdict)
        page.entry(f"{name.upper()}: ", _counts(rules), ink=_INK_OF[name])


def _head(page: Page, document: Document, judged: Judged, *, alone: bool) -> None:
    verdict = judged.verdict
    name = word(verdict)
    digest = str(verdict.subject.digest) if verdict.subject is not None else "not resolved"
    shown = name.upper() + _unenforced(document)
    page.line((_INK_OF[name], shown), (Ink.PLAIN, f"  {_safe(judged.image)} → {_safe(digest)}"))
    if alone:
        _rules_line(page, document.closure)
    if len(verdict.platforms) > 1 or (page.verbose and verdict.platforms):
        page.entry("for", _safe(", ".join(verdict.platforms), MOST_PROSE), column=8)
    for note in headlines(judged):
        page.entry("note", _safe(note), column=8, ink=Ink.YELLOW)
    if page.verbose:
        for what in dict.fromkeys(note.what for note in judged.notes if not note.headline):
            page.entry("also", _safe(what), column=8)


def _stopped_by(page: Page, rules: Sequence[RuleOverview]) -> None:
    """Name all rules that stand in the way before the first is told at length, if there are several."""
    names = {
        status: ", ".join(_safe(rule.rule) for rule in rules if rule.level is Level.ERROR and rule.status is status)
        for status in (Status.VIOLATED, Status.UNDECIDED)
    }
    stopping = [rule for rule in rules if rule.level is Level.ERROR and rule.status in names]
    if len(stopping) < 2:  # noqa: PLR2004 -- one rule is named right below
        return
    violated, undecided = names[Status.VIOLATED], names[Status.UNDECIDED]
    text = "; ".join(filter(None, (violated, f"{undecided} (undecided)" if undecided else "")))
    page.entry("stopped", f"by {text}", column=8, ink=Ink.RED if violated else Ink.YELLOW)


def _unenforced(document: Document) -> str:
    return "" if document.enforced else f" (not enforced until {_safe(document.advisory_until)})"


def _rules_line(page: Page, closure: Closure) -> None:
    page.entry("rules", str(closure.rules_digest) if closure.files else "none were read", column=8)


def _causes(page: Page, causes: Sequence[Undecided]) -> None:
    """What stands in the way beside the rules."""
    if not causes:
        return
    page.gap()
    page.entry("NO VERDICT", "because", column=12, ink=Ink.YELLOW)
    for cause in causes:
        _point(page, cause, "")


def _broken(page: Page, rule: RuleOverview) -> None:
    """A rule that is violated or undecided: its findings first, then why it exists."""
    page.gap()
    title = f"{rule.rule} ({rule.place})"
    if rule.level is Level.WARNING:
        page.entry("WARNING", _safe(f"{title} is {rule.status}; a warning decides nothing"), column=11, ink=Ink.YELLOW)
    else:
        ink = Ink.RED if rule.status is Status.VIOLATED else Ink.YELLOW
        page.entry(rule.status.upper(), _safe(title), column=11, ink=ink)
    _findings(page, [(placed.item, placed.where) for placed in rule.findings])
    points = rule.undecided if page.verbose else rule.undecided[:MOST_FINDINGS]
    for point in points:
        _point(page, point.item, point.where)
    _more(page, len(rule.undecided) - len(points))
    if rule.why:
        page.entry("why", _safe(rule.why, MOST_PROSE), indent=2, column=5)
    if rule.fix:
        page.entry("fix", _safe(rule.fix, MOST_PROSE), indent=2, column=5)
    _details(page, rule, indent=2)


def _more(page: Page, left: int) -> None:
    if left > 0:
        page.entry("-", f"and {left} more: -v shows all", indent=2, column=2)


def _findings(page: Page, findings: Sequence[tuple[Finding, str]]) -> None:
    """Each finding; what is the same for all of them is said once, above."""
    expected = _same([finding.expected for finding, _ in findings])
    fix = _same([finding.fix for finding, _ in findings])
    where = _same([where for _, where in findings])
    for label, text in (("expected", _value(expected) if expected else ""), ("on", where), ("fix", fix)):
        if text:
            page.entry(label, _safe(text, MOST_PROSE), indent=2, column=10)
    shown = findings if page.verbose else findings[:MOST_FINDINGS]
    for finding, on in shown:
        page.entry("-", _safe(finding.what) + _code(finding.reason.code), indent=2, column=2)
        if finding.expected and not expected:
            _field(page, "expected", _value(finding.expected))
        if finding.expected or finding.got:
            _field(page, "got", _value(finding.got))
        _field(page, "on", "" if where else _safe(on, MOST_PROSE))
        _field(page, "fix", "" if fix else _safe(finding.fix, MOST_PROSE))
        if page.verbose:
            _field(page, "about", _safe(finding.about))
    _more(page, len(findings) - len(shown))


def _same(texts: Sequence[str]) -> str:
    """Give what several texts have in common: all of it or nothing."""
    return texts[0] if len(texts) > 1 and len(set(texts)) == 1 else ""


def _point(page: Page, undecided: Undecided, where: str) -> None:
    page.entry("-", _safe(undecided.what) + _code(undecided.reason.code), indent=2, column=2)
    if undecided.look is not None:
        _look(page, "got", undecided.look, indent=4, column=10)
    _field(page, "on", _safe(where, MOST_PROSE))
    _field(page, "fix", _safe(undecided.fix, MOST_PROSE))


def _field(page: Page, label: str, text: str) -> None:
    if text:
        page.entry(label, text, indent=4, column=10)


def _code(code: str) -> str:
    return f" [{_safe(code)}]"


def _value(text: str) -> str:
    """Show a value so that spaces at its ends, and nothing at all, are seen."""
    if not text:
        return "(empty)"
    return f'"{_safe(text)}"' if text != text.strip() else _safe(text)


def _look(page: Page, label: str, look: Look, indent: int, column: int) -> None:
    """Where was looked, in one line however long: a URL is there to be copied."""
    text = f"{_safe(look.status)} from {_safe(look.where)}"
    page.line((Ink.PLAIN, f"{' ' * indent}{label.ljust(column)}{text}"))


def _waived(page: Page, all_waived: Sequence[tuple[RuleOverview, Placed[Waived]]], title: str, how: str) -> None:
    if not all_waived:
        return
    page.gap()
    page.entry(title, how, column=max(11, len(title) + 2), ink=Ink.YELLOW)
    shown = all_waived if page.verbose else all_waived[:MOST_FINDINGS]
    for rule, placed in shown:
        waived = placed.item
        what = _safe(f"{rule.rule}: {waived.finding.what}") + _code(waived.finding.reason.code)
        page.entry("-", what, indent=2, column=2)
        ticket = f", {waived.ticket}" if waived.ticket else ""
        _field(page, "until", _safe(f"{waived.expires} ({waived.place}{ticket})"))
        _field(page, "owner", _safe(waived.owner))
        _field(page, "reason", _safe(waived.reason, MOST_PROSE))
        _field(page, "on", _safe(placed.where, MOST_PROSE))
    _more(page, len(all_waived) - len(shown))


def _upcoming(page: Page, rules: Sequence[RuleOverview]) -> None:
    """Rules that start later and would not be satisfied today."""
    for rule in rules:
        if rule.would_be in {Status.SATISFIED, Status.NOT_APPLICABLE}:
            continue
        page.gap()
        title = f"{rule.rule} ({rule.place}) would be {rule.would_be} and holds from {rule.starts}"
        page.entry("UPCOMING", _safe(title), column=11, ink=Ink.YELLOW)
        points: tuple[Placed[Finding] | Placed[Undecided], ...] = (*rule.findings, *rule.undecided)
        said = [(one.item.what, one.item.reason.code, one.where) for one in points]
        shown = said if page.verbose else said[:MOST_UPCOMING]
        for what, code, where in shown:
            at = f" on {_safe(where)}" if where else ""
            page.entry("-", f"{_safe(what)}{at}{_code(code)}", indent=2, column=2)
        _more(page, len(said) - len(shown))


def _waiver_notes(page: Page, notes: Sequence[WaiverNote]) -> None:
    if not notes:
        return
    page.gap()
    page.entry("WAIVERS", "to renew or remove", column=11, ink=Ink.YELLOW)
    for note in notes:
        about = f" ({note.about})" if note.about else ""
        state = f"ended {note.expires}" if note.state == "expired" else f"accepts nothing here, until {note.expires}"
        text = f"{note.state}: {note.rule}{about}, {state}, owner {note.owner} ({note.place})"
        page.entry("-", _safe(text), indent=2, column=2)


def _quiet_rules(page: Page, rules: Sequence[RuleOverview]) -> None:
    """Rules with nothing to do about: one line for each outcome, or one entry each with -v."""
    quiet = {
        "satisfied": [rule for rule in rules if rule.status is Status.SATISFIED],
        "not applicable": [rule for rule in rules if rule.status is Status.NOT_APPLICABLE],
        "upcoming": [
            rule
            for rule in rules
            if rule.status is Status.UPCOMING and rule.would_be in {Status.SATISFIED, Status.NOT_APPLICABLE}
        ],
    }
    page.gap()
    for label, some in quiet.items():
        if page.verbose:
            for rule in some:
                _told(page, label, rule)
        elif some:
            page.entry(label, ", ".join(_safe(rule.rule) for rule in some), column=16)
    if page.verbose:
        for rule in rules:
            if rule.status is Status.WAIVED:
                _told(page, "waived", rule)


def _told(page: Page, label: str, rule: RuleOverview) -> None:
    starts = f", from {rule.starts}, would be {rule.would_be}" if rule.starts else ""
    text = _safe(f"{rule.rule} ({rule.place}), check {rule.check}, level {rule.level}{starts}")
    page.entry(label, text, column=16, ink=Ink.GREEN if rule.status is Status.SATISFIED else Ink.PLAIN)
    _details(page, rule, indent=4)


def _details(page: Page, rule: RuleOverview, indent: int) -> None:
    """With -v: who signed, how old a report is, and where was looked."""
    if not page.verbose:
        return
    for note in rule.notes:
        at = f" (on {note.where})" if note.where else ""
        page.entry("note", _safe(note.item.what) + _safe(at, MOST_PROSE), indent=indent, column=8)
    for look in rule.looked:
        _look(page, "looked", look, indent, column=8)


def _has_reasons(verdict: Verdict) -> bool:
    return bool(other_causes(verdict)) or any(one.findings or one.undecided for one in verdict.outcomes)


def _closure(page: Page, document: Document) -> None:
    """What decided: the time, the files and the options (S24); and where reasons are explained."""
    if any(_has_reasons(judged.verdict) for judged in document.judged):
        page.entry("", "More about a [reason]: gate explain REASON")
    closure = document.closure
    moment = document.at.isoformat().replace("+00:00", "Z")
    options = [f"{name} {value}" for name, value in closure.options]
    if not page.verbose:
        files = [f"{file.path} ({file.role})" for file in closure.files[:MOST_FILES]]
        left = len(closure.files) - len(files)
        parts = [*files, *([f"{left} more files (-v)"] if left else []), *options]
        page.entry("Judged ", _safe(f"as of {moment} by {', '.join(parts) or 'nothing'}", MOST_PROSE))
        return
    page.entry("Judged ", f"as of {_safe(moment)} by gate {_safe(document.gate_version)} with")
    for file in closure.files:
        page.entry("file", f"{_safe(file.path)} ({_safe(file.role)}) {file.digest}", indent=2, column=8)
    for option in options:
        page.entry("option", _safe(option), indent=2, column=8)
    if closure.environment:
        names = ", ".join(closure.environment)
        page.entry("", _safe(f"Read from the environment, deciding nothing: {names}", MOST_PROSE), indent=2)
    page.gap()


def _counts(rules: Iterable[RuleOverview]) -> str:
    """Count rules by outcome; what a warning finds is counted as warnings."""
    counts = count(rules)
    warnings = counts[Level.WARNING, Status.VIOLATED] + counts[Level.WARNING, Status.UNDECIDED]
    parts = [
        (counts[Level.ERROR, Status.VIOLATED], "violated"),
        (counts[Level.ERROR, Status.UNDECIDED], "undecided"),
        (warnings, "warning" if warnings == 1 else "warnings"),
        *(
            (counts[Level.ERROR, status] + counts[Level.WARNING, status], status.replace("-", " "))
            for status in (Status.WAIVED, Status.SATISFIED, Status.UPCOMING, Status.NOT_APPLICABLE)
        ),
    ]
    return ", ".join(f"{number} {name}" for number, name in parts if number) or "no rule was judged"


def _last(page: Page, total: str, counts: str, document: Document) -> None:
    """The summary: counts, rules, exit code."""
    closure = document.closure
    rules = f"rules {closure.rules_digest.short}" if closure.files else "no rules read"
    if document.enforced:
        meaning = _MEANINGS.get(document.exit_code, "no verdict")
    else:
        meaning = f"not enforced until {_safe(document.advisory_until)}"
    text = f"{counts}; {rules}; exit code {document.exit_code}: {meaning}"
    page.entry(f"{total.upper()}: ", text, ink=_INK_OF[total])
