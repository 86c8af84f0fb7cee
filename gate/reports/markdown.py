"""The summary in Markdown: for a job summary, a merge request or a file.

verdict, image, digest, counts     the heading and a few lines
head notes                         what weakens the verdict (S19, S33)
one table                          what is wrong, worst first, and what to do
folded                             waived and upcoming findings, waivers to look at, rules that hold, what decided

Values of others stand in code spans and sentences are escaped, so that there are no links, images, mentions or HTML but
ours (S43). GitHub drops a job summary of more than 1 MiB whole, so rows are left out before, and counted.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from gate.brief import SIGNS
from gate.listing import counted, meaning, problems, rules_of
from gate.markup import code, prose
from gate.overview import headlines, run_word, summarise, word
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gate.listing import Problem
    from gate.report import Document, Judged, Style, WaiverNote

__all__ = ["RENDERER"]

T = TypeVar("T")

#: Rows of one table; more nobody reads.
MOST_ROWS: Final = 100
#: Characters of one cell: one row of two megabytes cannot be read either.
MOST_CELL: Final = 200
#: Bytes of everything that is not the frame of a section. GitHub takes 1,048,576 for a step.
MOST_BYTES: Final = 900 * 1024
#: Images with a section of their own; the table of all images stands above.
MOST_IMAGES: Final = 50
#: Entries of a folded list.
MOST_ENTRIES: Final = 100

_QUIET: Final = (Status.SATISFIED, Status.NOT_APPLICABLE)


class MarkdownRenderer:
    """Markdown, the same for the same document whatever the style."""

    name: ClassVar[str] = "markdown"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; Markdown has no style
        """Give the summary."""
        page = _Page()
        if len(document.judged) == 1:
            judged = document.judged[0]
            page.block(f"## {SIGNS[word(judged.verdict)]} image-gate: {word(judged.verdict)}{_unenforced(document)}")
            _image(page, judged)
        else:
            _images(page, document)
        page.block(
            f"{prose(meaning(document))}; rules {code(rules_of(document))}. More about a reason: `gate explain REASON`."
        )
        _closure(page, document)
        return page.text()


RENDERER: Final = MarkdownRenderer()


class _Page:
    """Blocks with an empty line between. What the room does not hold is left out and counted; frames always fit."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._room = MOST_BYTES
        self._left = 0

    def block(self, *lines: str) -> None:
        """Add lines that belong together, as many as there is room for."""
        kept = [line for line in lines if self._fits(line)]
        if kept:
            self._blocks.append("\n".join(kept))

    def _fits(self, line: str) -> bool:
        size = len(line.encode()) + 1
        if size > self._room:
            self._room = 0
            self._left += 1
            return False
        self._room -= size
        return True

    def table(self, heads: Sequence[str], items: Sequence[T], cells: Callable[[T], Sequence[str]]) -> None:
        """Add a table of at most `MOST_ROWS` rows, and say how many are left out."""
        lines = [line for line in (_row(heads), _row(["---"] * len(heads))) if self._fits(line)]
        for item in items[:MOST_ROWS]:
            if not self._room:
                self._left += 1
            elif self._fits(line := _row(cells(item))):
                lines.append(line)
        if lines:
            self._blocks.append("\n".join(lines))
        if len(items) > MOST_ROWS:
            self.block(f"… and {len(items) - MOST_ROWS} more in the other reports.")

    def folded(self, title: str) -> None:
        """Begin something that is folded away; `title` is ours."""
        self._blocks.append(f"<details><summary>{title}</summary>")

    def end(self) -> None:
        """End it."""
        self._blocks.append("</details>")

    def text(self) -> str:
        """Give the page."""
        if self._left:
            self._blocks.append(f"… {self._left} lines are left out here; the other reports have all.")
        return "\n\n".join(self._blocks) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _unenforced(document: Document) -> str:
    return "" if document.enforced else f" (not enforced until {prose(document.advisory_until)})"


def _images(page: _Page, document: Document) -> None:
    total = run_word(document)
    page.block(f"## {SIGNS[total]} image-gate: {total}{_unenforced(document)}")
    if not document.judged:
        page.block("No image was judged.")
        return
    page.table(
        ["verdict", "image", "digest", "rules"],
        document.judged,
        lambda one: [_verdict(one), code(one.image, MOST_CELL), _digest(one), _counts(one)],
    )
    for judged in document.judged[:MOST_IMAGES]:
        page.block(f"### {_verdict(judged)}: {code(judged.image)}")
        _image(page, judged)
    left = len(document.judged) - MOST_IMAGES
    if left > 0:
        page.block(f"… and {left} more images in the other reports.")


def _verdict(judged: Judged) -> str:
    name = word(judged.verdict)
    return f"{SIGNS[name]} {name}"


def _digest(judged: Judged) -> str:
    subject = judged.verdict.subject
    return code(subject.digest) if subject is not None else "not resolved"


def _counts(judged: Judged) -> str:
    return counted(summarise(judged.verdict))


def _image(page: _Page, judged: Judged) -> None:
    lines = [f"Image: {code(judged.image)} → {_digest(judged)}"]
    if len(judged.verdict.platforms) > 1:
        lines.append("Platforms: " + ", ".join(code(name) for name in judged.verdict.platforms[:MOST_ENTRIES]))
    page.block("\\\n".join([*lines, f"Rules: {_counts(judged)}"]))
    for note in headlines(judged)[:MOST_ENTRIES]:
        page.block(f"**Note:** {prose(note)}")
    found = problems(judged)
    _broken(page, [one for one in found if one.state in {Status.VIOLATED, Status.UNDECIDED}])
    _waived(page, [one for one in found if one.waived is not None])
    _upcoming(page, [one for one in found if one.state is Status.UPCOMING])
    _waivers(page, judged)
    _quiet(page, judged)


def _broken(page: _Page, found: Sequence[Problem]) -> None:
    if found:
        page.table(
            ["rule", "what is wrong", "expected", "got", "what to do"],
            found,
            lambda one: [_rule(one), _what(one), _value(one.expected), _got(one), _cell(one.fix)],
        )


def _rule(one: Problem) -> str:
    kind = "warning" if one.level is Level.WARNING else one.state.value
    return f"**{kind}** {code(one.rule, MOST_CELL)} {code(one.place, MOST_CELL)}" if one.rule else "**no verdict**"


def _what(one: Problem) -> str:
    where = f" (on {_cell(one.where)})" if one.where else ""
    return f"{_cell(one.what)}{where} {code(one.reason.code, MOST_CELL)}"


def _cell(text: str) -> str:
    return prose(text, MOST_CELL)


def _value(text: str) -> str:
    return code(text, MOST_CELL) if text else ""


def _got(one: Problem) -> str:
    return code(one.got, MOST_CELL) if one.got or one.expected else ""


def _waived(page: _Page, found: Sequence[Problem]) -> None:
    def cells(one: Problem) -> list[str]:
        waived = one.waived
        until, owner, why = (waived.expires, waived.owner, waived.reason) if waived is not None else ("", "", "")
        until = f"{until} BREAK-GLASS" if waived is not None and waived.break_glass else until
        return [code(one.rule, MOST_CELL), _what(one), _cell(until), _value(owner), _cell(why)]

    if found:
        page.folded(f"{len(found)} accepted by a waiver")
        page.table(["rule", "what is accepted", "until", "owner", "because"], found, cells)
        page.end()


def _upcoming(page: _Page, found: Sequence[Problem]) -> None:
    def cells(one: Problem) -> list[str]:
        return [code(one.rule, MOST_CELL), _what(one), _cell(one.starts), _cell(one.fix)]

    if found:
        page.folded(f"{len(found)} that will count later")
        page.table(["rule", "what is wrong", "holds from", "what to do"], found, cells)
        page.end()


def _waivers(page: _Page, judged: Judged) -> None:
    def cells(note: WaiverNote) -> list[str]:
        where, about = code(note.place, MOST_CELL), _value(note.about)
        return [_cell(note.state), code(note.rule, MOST_CELL), about, _cell(note.expires), _value(note.owner), where]

    if judged.waivers:
        page.folded(f"{len(judged.waivers)} waivers to renew or remove")
        page.table(["state", "rule", "about", "until", "owner", "where"], judged.waivers, cells)
        page.end()


def _quiet(page: _Page, judged: Judged) -> None:
    for status in _QUIET:
        rules = [rule for rule in summarise(judged.verdict) if rule.status is status]
        if not rules:
            continue
        page.folded(f"{len(rules)} {status.value.replace('-', ' ')}")
        lines = [f"- {code(rule.rule)} {code(rule.place)}" for rule in rules[:MOST_ENTRIES]]
        left = len(rules) - MOST_ENTRIES
        page.block(*lines, *([f"- … and {left} more"] if left > 0 else []))
        page.end()


def _closure(page: _Page, document: Document) -> None:
    """Say what decided: the time, the files and the options (S24)."""
    closure = document.closure
    page.folded("What decided")
    moment = document.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    lines = [f"- as of {code(moment)}, gate {code(document.gate_version)}"]
    lines += [f"- {code(file.role)} {code(file.path)} {code(file.digest)}" for file in closure.files[:MOST_ENTRIES]]
    lines += [f"- option {code(name)} {code(value)}" for name, value in closure.options[:MOST_ENTRIES]]
    left = max(len(closure.files) - MOST_ENTRIES, 0) + max(len(closure.options) - MOST_ENTRIES, 0)
    page.block(*lines, *([f"- … and {left} more"] if left else []))
    page.end()
