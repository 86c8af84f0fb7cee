"""Annotations for GitHub Actions: workflow commands to print on the log of a step.

The runner shows at most ten annotations of a level for a step, so the worst come first and the last says how many are
missing. An annotation stands at the line of the rule; a file outside of the checkout is left away. Around the commands
there are two lines for who reads the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from gate.listing import Weight, capped, counted, details, listed, meaning, rules_of
from gate.markup import safe
from gate.overview import headlines, run_word, summarise, word
from gate.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.listing import Listed
    from gate.report import Document, Judged, Style

__all__ = ["RENDERER"]

#: actions/runner, ExecutionContext.cs: `_maxCountPerIssueType`.
MOST_ANNOTATIONS: Final = 10
#: actions/runner, ExecutionContext.cs: `_maxIssueMessageLength` is 4096.
MOST_MESSAGE: Final = 4000

_LEVELS: Final = {Weight.ERROR: "error", Weight.WARNING: "warning", Weight.NOTE: "notice"}


class _Annotation(NamedTuple):
    """What one command says; `path` may be empty."""

    weight: Weight
    title: str
    message: str
    path: str = ""
    line: int = 1
    column: int = 1


class GithubRenderer:
    """Workflow commands, the same for the same document whatever the style."""

    name: ClassVar[str] = "github"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; commands have no style
        """Give the lines to print."""
        everything = [
            *(_summary(document, judged) for judged in document.judged),
            *(_problem(one) for one in listed(document)),
            *_waivers(document),
        ]
        lines = [f"{run_word(document).upper()}: {_images(document)}"]
        for weight in Weight:
            shown, left = capped([one for one in everything if one.weight is weight], MOST_ANNOTATIONS)
            lines += [_command(one) for one in shown]
            if left:
                more = f"and {left} more: the log and the other reports have all"
                lines.append(_command(_Annotation(weight, "image-gate", more)))
        lines.append(f"{run_word(document).upper()}: {safe(meaning(document))}")
        return "\n".join(lines) + "\n"


RENDERER: Final = GithubRenderer()


def _images(document: Document) -> str:
    if len(document.judged) == 1:
        return _image(document.judged[0])
    return f"{len(document.judged)} images" if document.judged else "no image was judged"


def _image(judged: Judged) -> str:
    subject = judged.verdict.subject
    return f"{safe(judged.image)} → {subject.digest if subject is not None else 'not resolved'}"


def _summary(document: Document, judged: Judged) -> _Annotation:
    """Say the verdict on one image, in a notice whatever it is: errors are for what has to be repaired."""
    run = f"run: {meaning(document)}; rules {rules_of(document)}"
    lines = [_image(judged), counted(summarise(judged.verdict)), run, *headlines(judged)]
    name = word(judged.verdict)
    title = f"image-gate: {name}" if document.enforced else f"image-gate: {name}, not enforced"
    return _Annotation(Weight.NOTE, title, "\n".join(safe(line) for line in lines))


def _problem(one: Listed) -> _Annotation:
    problem = one.problem
    state = "" if problem.state is Status.VIOLATED else f"{problem.state}: "
    place = f" ({problem.place})" if problem.place is not None else ""
    lines = [
        f"{problem.what} [{problem.reason.code}]",
        f"image: {one.judged.image}",
        *(f"{label}: {text}" for label, text in details(problem)),
        f"rule: {problem.rule}{place}" if problem.rule else f"more: gate explain {problem.reason.code}",
    ]
    title = f"{state}{problem.rule or problem.reason.title}"
    return _Annotation(problem.weight, title, "\n".join(safe(line) for line in lines), one.path, one.line, one.column)


def _waivers(document: Document) -> Iterable[_Annotation]:
    for judged in document.judged:
        for note in judged.waivers:
            about = f" ({note.about})" if note.about else ""
            message = safe(f"{note.rule}{about}, until {note.expires}, owner {note.owner} ({note.place})")
            yield _Annotation(Weight.NOTE, f"{note.state} waiver", message)


def _command(one: _Annotation) -> str:
    """Write one command: it stands on one line, and neither properties nor message can end early."""
    properties = {"file": safe(one.path), "line": str(one.line), "col": str(one.column)} if one.path else {}
    properties["title"] = safe(one.title, 200)
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_LEVELS[one.weight]} {written}::{_message(one.message[:MOST_MESSAGE])}"


def _message(text: str) -> str:
    """Escape a message (actions/toolkit, command.ts, `escapeData`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property (actions/toolkit, command.ts, `escapeProperty`)."""
    return _message(text).replace(":", "%3A").replace(",", "%2C")
