"""A run in a few lines of Markdown: verdict and digest, the worst problems, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.listing import capped, counted, meaning, problems, rules_of
from gate.markup import code, prose
from gate.overview import headlines, run_word, summarise, word
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from gate.listing import Problem
    from gate.report import Document, Judged

__all__ = ["SIGNS", "brief"]

#: In front of a verdict, where emoji are read.
SIGNS: Final = {"passed": "✅", "failed": "❌", "undetermined": "⚠️"}

#: Problems of one image, and images: a comment is read on a phone.
MOST_PROBLEMS: Final = 10
MOST_IMAGES: Final = 5
#: Characters of one text.
MOST_TEXT: Final = 160
#: GitHub takes 65,536 for a comment.
MOST_CHARACTERS: Final = 60_000


def brief(document: Document) -> str:
    """Give the short form. Everything in it that others wrote is inert (S43)."""
    total = run_word(document)
    until = "" if document.enforced else f" (not enforced until {prose(document.advisory_until, 20)})"
    lines = [
        f"### {SIGNS[total]} image-gate: {total}{until}",
        "",
        f"{prose(meaning(document))}; rules {code(rules_of(document))}",
        "",
    ]
    shown, left = capped(sorted(document.judged, key=lambda one: _WORST.index(word(one.verdict))), MOST_IMAGES)
    room = MOST_PROBLEMS
    for judged in shown:
        said = _image(judged, room)
        room = max(room - len(said), 1)
        lines += said
    lines += [f"… and {left} more images."] if left else []
    lines += ["No image was judged."] if not document.judged else []
    return _fitting(lines)


def _fitting(lines: list[str]) -> str:
    """Keep the first lines, as many as a comment holds."""
    text = ""
    for line in lines:
        if len(text) + len(line) > MOST_CHARACTERS:
            return f"{text}\n… and more in the other reports.\n"
        text += f"{line}\n"
    return text.rstrip("\n") + "\n"


_WORST: Final = ("failed", "undetermined", "passed")


def _image(judged: Judged, room: int) -> list[str]:
    subject = judged.verdict.subject
    digest = code(subject.digest) if subject is not None else "not resolved"
    broken = [one for one in problems(judged) if one.state in {Status.VIOLATED, Status.UNDECIDED}]
    shown, left = capped(broken, room)
    counts = counted(summarise(judged.verdict))
    return [
        f"{SIGNS[word(judged.verdict)]} {code(judged.image, MOST_TEXT)} → {digest}: {counts}",
        "",
        *(f"- **Note:** {prose(note, MOST_TEXT)}" for note in headlines(judged)[:3]),
        *(_problem(one) for one in shown),
        *([f"- … and {left} more"] if left else []),
        "",
    ]


def _problem(one: Problem) -> str:
    kind = "warning" if one.level is Level.WARNING else one.state.value
    rule = f" {code(one.rule, MOST_TEXT)}" if one.rule else ""
    got = f", got {code(one.got, MOST_TEXT)}" if one.got or one.expected else ""
    fix = f". {prose(one.fix, MOST_TEXT)}" if one.fix else ""
    return f"- **{kind}**{rule}: {prose(one.what, MOST_TEXT)}{got} ({code(one.reason.code, MOST_TEXT)}){fix}"
