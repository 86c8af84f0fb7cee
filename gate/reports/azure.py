"""Issues for Azure Pipelines: logging commands to print on standard output of a step.

The agent keeps ten errors and ten warnings of a step. What stops nobody is written as a plain line, since there are no
other kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from gate.listing import Weight, capped, counted, details, listed, meaning, rules_of
from gate.markup import safe
from gate.overview import headlines, run_word, summarise, word
from gate.verdict import Status

if TYPE_CHECKING:
    from gate.listing import Listed
    from gate.report import Document, Judged, Style

__all__ = ["RENDERER"]

#: microsoft/azure-pipelines-agent, ExecutionContext.cs: `_maxIssueCount`.
MOST_ISSUES: Final = 10
#: Plain lines for what was accepted or comes later.
MOST_NOTES: Final = 10


class AzureRenderer:
    """Logging commands, the same for the same document whatever the style."""

    name: ClassVar[str] = "azure"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; commands have no style
        """Give the lines to print."""
        everything = listed(document)
        lines = [line for judged in document.judged for line in _head(judged)] or ["no image was judged"]
        lines.append(f"rules {rules_of(document)}")
        for weight in (Weight.ERROR, Weight.WARNING):
            shown, left = capped([one for one in everything if one.problem.weight is weight], MOST_ISSUES)
            lines += [_issue(one) for one in shown]
            if left:
                lines.append(_logissue({"type": weight.value}, f"and {left} more: the other reports have all"))
        notes, left = capped([one for one in everything if one.problem.weight is Weight.NOTE], MOST_NOTES)
        lines += [safe(_text(one)[0]) for one in notes]
        lines += [f"and {left} more"] if left else []
        lines.append(f"{run_word(document).upper()}: {safe(meaning(document))}")
        return "\n".join(lines) + "\n"


RENDERER: Final = AzureRenderer()


def _head(judged: Judged) -> list[str]:
    subject = judged.verdict.subject
    digest = str(subject.digest) if subject is not None else "not resolved"
    counts = counted(summarise(judged.verdict))
    lines = [f"{word(judged.verdict).upper()}  {judged.image} → {digest}: {counts}", *headlines(judged)]
    return [safe(line) for line in lines]


def _text(one: Listed) -> list[str]:
    problem = one.problem
    state = "" if problem.state is Status.VIOLATED else f"{problem.state}: "
    rule = f"{problem.rule} ({problem.place}): " if problem.rule else ""
    said = [f"{label}: {text}" for label, text in details(problem)]
    return [f"{state}{rule}{problem.what} [{problem.reason.code}]", f"image: {one.judged.image}", *said]


def _issue(one: Listed) -> str:
    properties = {"type": one.problem.weight.value}
    if one.path:
        properties |= {"sourcepath": safe(one.path), "linenumber": str(one.line), "columnnumber": str(one.column)}
    properties["code"] = safe(one.problem.reason.code)
    return _logissue(properties, "\n".join(safe(line) for line in _text(one)))


def _logissue(properties: dict[str, str], message: str) -> str:
    written = "".join(f"{key}={_property(value)};" for key, value in properties.items())
    return f"##vso[task.logissue {written}]{_message(message)}"


def _message(text: str) -> str:
    """Escape a message (microsoft/azure-pipelines-task-lib, taskcommand.ts, `escapedata`)."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property (taskcommand.ts, `escape`): `]` would end the command, `;` the property."""
    return _message(text).replace("]", "%5D").replace(";", "%3B")
