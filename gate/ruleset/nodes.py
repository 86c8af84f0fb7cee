"""YAML text → nodes with their places: what was typed, before anything is made of it.

Rule files are read with libyaml's event parser and the nodes are built here, so that nesting is bounded
before anything recurses (libyaml's own composer dies on 30,000 brackets) and every scalar keeps its text
(`0123456`, `1.10`, `no` and `on` stay what was typed). Anchors, aliases, merge keys, tags, directives and
second documents are mistakes: a rule file has to read the same for people and for every parser. So are
keys that are equal under case folding, and characters that a reader cannot see (S29).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.errors import Mistake
from gate.printable import clip, printable
from gate.verdict import Place

if TYPE_CHECKING:
    from yaml.events import Event

__all__ = [
    "MOST_BYTES", "MOST_DEPTH", "MOST_MISTAKES", "Entry", "ListNode", "MapNode", "Mark", "Node", "ScalarNode",
    "Text", "parse",
]  # fmt: skip

#: A rule file is written by people: the largest policies seen in public are below 100 kB.
MOST_BYTES: Final = 1024 * 1024
#: Groups of signers nest a few levels; nobody reads more.
MOST_DEPTH: Final = 32
#: More mistakes in one file help nobody, and each costs a look for similar words.
MOST_MISTAKES: Final = 100
#: A source line longer than this is not shown under a message.
_MOST_SHOWN: Final = 200

#: YAML also ends lines at a lone CR, NEL, LS and PS, where a reader sees one line (S29): those are hidden characters.
_LINE_BREAK: Final = re.compile(r"\r\n|\n")
_CALLED: Final = {"\r": "a carriage return that ends no line", "\x85": "a next-line character"}


@dataclass(frozen=True, slots=True)
class Text:
    """One file's text, as lines; `path` is the name for messages."""

    path: str
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text (1-based), `width` characters wide."""

    text: Text
    line: int
    column: int
    width: int = 1

    @property
    def place(self) -> Place:
        """The place without the text."""
        return Place(self.text.path, self.line, self.column)

    def mistake(self, message: str) -> Mistake:
        """Say what is wrong here, with the source line where it can be shown as it is."""
        lines = self.text.lines
        source = lines[self.line - 1].replace("\t", " ") if self.line <= len(lines) else ""
        if len(source) > _MOST_SHOWN or printable(source) != source:
            source = ""
        return Mistake(self.text.path, self.line, self.column, message, source, self.width)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One scalar: its text, and whether it was written plain (without quotes).

    `broken` where a mistake was already reported (an alias); nobody reports it twice.
    """

    mark: Mark
    text: str
    plain: bool
    broken: bool = False

    @property
    def is_null(self) -> bool:
        """Tell whether YAML 1.2 reads it as null (core schema, section 10.3.2)."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of nodes."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping and its value."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, in the order it was written; no two keys are equal under case folding."""

    mark: Mark
    entries: tuple[Entry, ...]


Node = ScalarNode | ListNode | MapNode


class _Unreadable(Exception):  # noqa: N818 -- it ends the reading of one file
    """The rest of the file cannot be read."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


def parse(path: str, content: bytes, mistakes: list[Mistake]) -> Node | None:
    """Read one YAML document; what is wrong is added to `mistakes`.

    Gives None where the file as a whole cannot be read (not UTF-8, not YAML, too deep, empty).
    """
    found: list[Mistake] = []
    try:
        text = _decode(path, content)
        _refuse_hidden(text, found)
        node = _Builder(text, found).document() if not found else None
    except _Unreadable as error:
        found.append(error.mistake)
        node = None
    mistakes += found
    return node


def _decode(path: str, content: bytes) -> Text:
    start = Mark(Text(path, ()), 1, 1)
    if len(content) > MOST_BYTES:
        raise _Unreadable(start.mistake(f"larger than {MOST_BYTES // 1024} KiB, which is no rule file"))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unreadable(start.mistake("UTF-16 text; save the file as UTF-8"))
    if content.startswith(b"\xef\xbb\xbf"):
        raise _Unreadable(start.mistake("starts with a byte order mark; save the file as UTF-8 without BOM"))
    try:
        decoded = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = Mark(Text(path, ()), line, 1)
        raise _Unreadable(where.mistake(f"not UTF-8 text (byte {error.start} of the file)")) from None
    return Text(path, tuple(_LINE_BREAK.split(decoded)))


def _refuse_hidden(text: Text, mistakes: list[Mistake]) -> None:
    """Report characters that a reader cannot see or that change what is seen (S29); comments included."""
    for number, line in enumerate(text.lines, 1):
        if line.isascii() and line.isprintable():
            continue
        for column, character in enumerate(line, 1):
            if _is_hidden(character):
                message = f"{_named(character)} is not allowed in a rule file: it does not show as itself"
                mistakes.append(Mark(text, number, column).mistake(message))
                if len(mistakes) >= MOST_MISTAKES:
                    return


def _is_hidden(character: str) -> bool:
    """Tell whether a character is a control, format, private, unassigned or separator character."""
    return character != "\t" and printable(character) != character


def _named(character: str) -> str:
    name = _CALLED.get(character) or unicodedata.name(character, "a control character")
    return f"U+{ord(character):04X} ({name})"


class _Builder:
    """Builds nodes from parser events; reports what rule files do not have."""

    def __init__(self, text: Text, mistakes: list[Mistake]) -> None:
        self._text = text
        self._mistakes = mistakes
        self._events = self._read()

    def document(self) -> Node | None:
        """Give the one document's root node."""
        from yaml.events import DocumentStartEvent

        event = next(self._events)
        if not isinstance(event, DocumentStartEvent):
            self._report(Mark(self._text, 1, 1), "the file is empty")
            return None
        if event.version or event.tags:
            self._report(self._mark(event), "YAML directives (%YAML, %TAG) are not supported")
        node = self._node(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if isinstance(after, DocumentStartEvent):
            self._report(self._mark(after), "a second YAML document: one file holds one document")
        return node

    def _read(self) -> Iterator[Event]:
        import yaml

        try:
            events = yaml.parse("\n".join(self._text.lines), Loader=yaml.CSafeLoader)
            next(events)  # the stream's start says nothing
            yield from events
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            context = f" {error.context}" if error.context else ""
            if error.context_mark and error.context_mark.line + 1 != line:
                context += f" (it starts in line {error.context_mark.line + 1})"
            message = f"not YAML: {error.problem}{context}{_hint(error.context or '', error.problem or '')}"
            raise _Unreadable(Mark(self._text, line, column).mistake(message)) from None
        except yaml.YAMLError as error:
            message = f"not YAML: {clip(str(error))}"
            raise _Unreadable(Mark(self._text, 1, 1).mistake(message)) from None

    def _node(self, event: Event, depth: int) -> Node:
        from yaml.events import CollectionStartEvent, MappingStartEvent, NodeEvent, ScalarEvent

        mark = self._mark(event)
        if depth > MOST_DEPTH:
            raise _Unreadable(mark.mistake(f"nests deeper than {MOST_DEPTH} levels"))
        if isinstance(event, ScalarEvent):
            self._refuse_properties(mark, event.anchor, event.tag)
            if any(_is_hidden(character) and character != "\n" for character in event.value):
                self._report(mark, "the text holds an escaped character that does not show as itself")
            return ScalarNode(mark, event.value, plain=not event.style)
        if isinstance(event, CollectionStartEvent):
            self._refuse_properties(mark, event.anchor, event.tag)
            if isinstance(event, MappingStartEvent):
                return MapNode(mark, self._entries(depth))
            return ListNode(mark, tuple(self._items(depth)))
        name = event.anchor if isinstance(event, NodeEvent) else ""
        hint = "aliases are not supported; if this is a glob, put it in quotes"
        self._report(mark, f"*{name} is a YAML alias: {hint}")
        return ScalarNode(mark, "", plain=False, broken=True)

    def _refuse_properties(self, mark: Mark, anchor: str | None, tag: str | None) -> None:
        if anchor is not None:
            self._report(mark, f"&{anchor} is a YAML anchor: anchors are not supported, write the value out")
        if tag is not None:
            self._report(mark, f"{tag} is a YAML tag: tags are not supported, put a text in quotes")

    def _items(self, depth: int) -> Iterator[Node]:
        from yaml.events import SequenceEndEvent

        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> tuple[Entry, ...]:
        from yaml.events import MappingEndEvent

        entries: list[Entry] = []
        seen: dict[str, ScalarNode] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            node = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            key = self._key(node, seen)
            if key is not None:
                entries.append(Entry(key, value))
                seen[key.text.casefold()] = key
        return tuple(entries)

    def _key(self, key: Node, seen: dict[str, ScalarNode]) -> ScalarNode | None:
        """Give the node if it can be the next key of its mapping; report why not."""
        if not isinstance(key, ScalarNode):
            self._report(key.mark, "a key is a text; if this is a template, put it in quotes")
            return None
        twin = seen.get(key.text.casefold())
        if key.broken:
            return None
        if key.is_null or not key.text:
            self._report(key.mark, "an empty key")
        elif key.plain and key.text == "<<":
            self._report(key.mark, "<< is a YAML merge key: merging is not supported, write the keys out")
        elif twin is not None:
            how = "twice" if twin.text == key.text else f"beside {twin.text!r}, equal but for upper and lower case"
            self._report(key.mark, f"the key {clip(key.text)!r} stands here {how} (first in line {twin.mark.line})")
        else:
            return key
        return None

    def _mark(self, event: Event) -> Mark:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Mark(self._text, 1, 1)
        line = self._text.lines[start.line] if start.line < len(self._text.lines) else ""
        last = end.column if end.line == start.line else len(line)
        is_scalar = hasattr(event, "value")
        return Mark(self._text, start.line + 1, start.column + 1, max(1, last - start.column) if is_scalar else 1)

    def _report(self, mark: Mark, message: str) -> None:
        if len(self._mistakes) < MOST_MISTAKES:
            self._mistakes.append(mark.mistake(message))


def _hint(context: str, problem: str) -> str:
    """Say what people most often mean where YAML stumbles."""
    if "alias" in context:
        return "; put globs in quotes: '*'"
    if "cannot start any token" in problem:
        return "; put the text in quotes (a tab, @, % or ` cannot start a plain text)"
    if "mapping values are not allowed" in problem:
        return "; put a text that holds ': ' in quotes, and check the indentation"
    return ""
