"""The result of a promotion, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gate.columns import Ink, Page
from gate.finding import Note
from gate.overview import headlines, run_word, summarise
from gate.printable import clip
from gate.promote import State, Step

if TYPE_CHECKING:
    from gate.report import Document, Style

__all__ = ["SCHEMA", "Promotion", "render"]

#: Name and version of the JSON form, as the reports have it.
SCHEMA: Final = "gate-promotion/1.0"

_DONE: Final = frozenset({State.PROMOTED, State.THERE})
_GOOD: Final = _DONE | {State.PLANNED}
_INKS: Final = {State.REFUSED: Ink.RED, State.UNTOUCHED: Ink.YELLOW}
_WORDS: Final = {
    State.PLANNED: "would be promoted",
    State.PROMOTED: "promoted",
    State.THERE: "already there",
    State.REFUSED: "not promoted",
    State.UNTOUCHED: "held back: another tag stands in the way",
}


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of one promotion. Without steps none was planned: the image did not pass, or `refused` says why."""

    document: Document
    tags: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    refused: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def passed(self) -> bool:
        """Tell whether the image passed under every reference, whatever advisory rules make of that."""
        return run_word(self.document) == "passed"

    @property
    def code(self) -> int:
        """Give the exit code: 1 failed, 3 anything else that leaves a tag without the image."""
        if run_word(self.document) == "failed":
            return 1
        good = bool(self.steps) and not self.refused and all(step.state in _GOOD for step in self.steps)
        finished = self.dry_run or all(step.state in _DONE for step in self.steps)
        return 0 if self.passed and good and finished else 3

    @property
    def word(self) -> str:
        """Give the result in a word."""
        if self.code:
            return "not-promoted"
        if all(step.state is State.THERE for step in self.steps):
            return "already-there"
        return "planned" if self.dry_run else "promoted"

    @property
    def headlines(self) -> tuple[str, ...]:
        """Give the headlines of every reference that was judged, each once: break-glass may be for one of them only."""
        return tuple(dict.fromkeys(note for one in self.document.judged for note in headlines(one)))

    def reported(self) -> Document:
        """Give the document of the judging with what came of it in its first lines, and this command's exit code."""
        first, *others = self.document.judged
        said = tuple(Note(f"promotion: {text}", headline=True) for text in self.summary())
        return replace(
            self.document, judged=(replace(first, notes=(*said, *first.notes)), *others), exit_code=self.code
        )

    def summary(self) -> tuple[str, ...]:
        """Give a sentence for each tag, or for what stands before all of them."""
        if not self.passed:
            return (f"no tag was written ({', '.join(self.tags)}), since the image did not pass under every reference",)
        if self.refused:
            return tuple(f"no tag was written ({', '.join(self.tags)}): {why}" for why in self.refused)
        return tuple(f"{step.tag} {_said(step)}" for step in self.steps)


def render(promotion: Promotion, form: str, style: Style) -> str:
    """Give the whole text of standard output, with a newline at its end."""
    return _json(promotion) if form == "json" else _text(promotion, style)


def _text(promotion: Promotion, style: Style) -> str:
    from gate.reports.terminal import RENDERER

    if not promotion.passed:
        return RENDERER.render(promotion.reported(), style)
    before = RENDERER.render(promotion.document, style) + "\n" if style.verbose else ""
    page = Page(style.width, colour=style.colour, verbose=style.verbose)
    first = promotion.document.judged[0]
    subject = first.verdict.subject
    pinned = f"{subject.place}@{subject.digest}" if subject is not None else first.image
    ink = Ink.RED if promotion.code else Ink.GREEN
    title = promotion.word.replace("-", " ").upper()
    page.line((ink, title), (Ink.PLAIN, f"  {_safe(pinned)}"))
    page.entry("rules", str(promotion.document.closure.rules_digest), column=8)
    for note in promotion.headlines:
        page.entry("note", _safe(note), column=8, ink=Ink.YELLOW)
    page.gap()
    for why in promotion.refused:
        page.entry("refused", _safe(why), column=9, ink=Ink.RED)
    width = max((len(tag) for tag in promotion.tags), default=0) + 2
    for step in promotion.steps:
        _step(page, step, width)
    page.gap()
    page.line((ink, f"{title}: "), (Ink.PLAIN, f"{_counted(promotion)} (exit {promotion.code})"))
    return before + page.text()


def _step(page: Page, step: Step, width: int) -> None:
    said = _said(step) if step.problem is None else _WORDS[step.state]
    page.entry(step.tag, said, column=width, ink=_INKS.get(step.state, Ink.GREEN))
    if step.problem is not None:
        page.entry("", f"[{step.problem.reason.code}] {step.problem.reason.title}", column=width)
        page.entry("", _safe(step.problem.what), column=width)
        page.entry("", f"fix: {_safe(step.problem.fix)}", column=width)


def _said(step: Step) -> str:
    word = _WORDS[step.state]
    if step.state in {State.PROMOTED, State.PLANNED}:
        return f"{word}; it was {step.before}" if step.before is not None else f"{word}; the tag is new"
    return f"{word} ({step.problem.reason.code})" if step.problem is not None else word


def _counted(promotion: Promotion) -> str:
    if promotion.refused:
        return "the image passed, and the run does not allow a promotion"
    told = [
        f"{count} {_WORDS[state].partition(':')[0]}"
        for state in State
        if (count := sum(step.state is state for step in promotion.steps))
    ]
    return ", ".join(told)


def _safe(text: str) -> str:
    return clip(text, 500)


def _json(promotion: Promotion) -> str:
    first = promotion.document.judged[0]
    subject = first.verdict.subject
    value = {
        "schema": SCHEMA,
        "rules-digest": str(promotion.document.closure.rules_digest),
        "promotion": promotion.word,
        "verdict": run_word(promotion.document),
        "exit-code": promotion.code,
        "dry-run": promotion.dry_run,
        "image": first.image,
        "repository": subject.place if subject is not None else None,
        "digest": str(subject.digest) if subject is not None else None,
        "notes": list(promotion.headlines),
        "waived": _waived(promotion.document),
        "refused": list(promotion.refused),
        "tags": [_tag(step) for step in promotion.steps]
        or [_tag(Step(tag, None, State.UNTOUCHED)) for tag in promotion.tags],
    }
    return json.dumps(value, indent=2, ensure_ascii=True).replace("##", "#\\u0023") + "\n"


def _waived(document: Document) -> list[dict[str, object]]:
    """Give what waivers accept, each once with the references that it was accepted under."""
    found: dict[tuple[object, ...], tuple[dict[str, object], list[str]]] = {}
    for one in document.judged:
        for rule in summarise(one.verdict):
            for placed in rule.waived:
                waived, finding = placed.item, placed.item.finding
                entry: dict[str, object] = {
                    "rule": rule.rule,
                    "reason": finding.reason.code,
                    "what": finding.what,
                    "owner": waived.owner,
                    "why": waived.reason,
                    "expires": waived.expires,
                    "ticket": waived.ticket or None,
                    "break-glass": waived.break_glass,
                    "place": str(waived.place),
                }
                _, references = found.setdefault((*entry.values(), *finding.about.keys), (entry, []))
                references.append(one.image)
    return [{**entry, "references": list(dict.fromkeys(references))} for entry, references in found.values()]


def _tag(step: Step) -> dict[str, object]:
    problem = step.problem
    return {
        "tag": step.tag,
        "state": step.state.value,
        "before": str(step.before) if step.before is not None else None,
        "reason": problem.reason.code if problem is not None else None,
        "what": problem.what if problem is not None else None,
        "fix": problem.fix if problem is not None else None,
    }
