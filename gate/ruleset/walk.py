"""One walk along the option types (`gate.option`): nodes → typed values, every mistake with its place.

The walk goes on after a mistake: `BAD` stands for a value that could not be read and was reported.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final, get_args, get_origin

from gate.option import File, Scalar, SignerName
from gate.pattern import Glob, Regex
from gate.printable import clip
from gate.ruleset.examples import example
from gate.ruleset.hints import Hint, alternatives, is_options, is_scalar, keys_of, words_of
from gate.ruleset.images import fill, names_in
from gate.ruleset.mistakes import Mistakes, meant, nearest
from gate.ruleset.names import repository_glob_problem
from gate.ruleset.nodes import ListNode, MapNode, Mark, Node, ScalarNode
from gate.verdict import Place

__all__ = ["BAD", "Bad", "Walk"]


class Bad:
    """The type of `BAD`."""


#: A value that could not be read; what is wrong with it was reported.
BAD: Final = Bad()

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_TRUTHS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


#: Types whose values may hold names of `images:`: nothing they could turn into means anything else. A scalar with a
#: grammar of its own says `takes_names = True` if that is so for it.
_FREE: Final = (str, Glob, Regex)
#: Texts for people, in which other braces are nobody's mistake.
_MESSAGES: Final = frozenset({"why", "fix"})
_MAPPING: Final = "a mapping (keys with values)"


def _form(hint: Hint) -> type[Node]:
    origin = get_origin(hint)
    if origin is tuple:
        return ListNode
    if origin is Mapping or is_options(hint):
        return MapNode
    return ScalarNode


@dataclass(slots=True)
class Walk:
    """Reads the nodes of one entry (a rule, a signer, the top of a file).

    `read_file` opens a file named in the entry: it gives the file or says why not. `names` are the names of
    the file's `images:` with their values, which are put in the place of `{name}`. Afterwards `marks` holds
    where each key was written and `signers` every signer that was named, with its place.
    """

    mistakes: Mistakes
    read_file: Callable[[str, str], File | str]
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    marks: dict[str, Mark] = field(default_factory=dict)
    signers: list[tuple[str, Mark]] = field(default_factory=list)

    def origins(self) -> Mapping[str, Place]:
        """Give the place of each key that was written."""
        return MappingProxyType({path: mark.place for path, mark in self.marks.items()})

    def options(
        self,
        node: Node,
        options: type,
        what: str,
        path: str = "",
        owner: Mark | None = None,
        also: tuple[str, ...] = (),
    ) -> object:
        """Read a mapping as a class of options, or give `BAD`.

        `owner` is where a missing key is reported; `also` are keys of the same mapping that others
        read, for guessing what was meant.
        """
        mark = owner or node.mark
        values, is_whole = self.fields(node, options, what, path, mark, also)
        return self._built(options, values, path, mark, what) if is_whole else BAD

    def fields(
        self, node: Node, options: type, what: str, path: str, mark: Mark, also: tuple[str, ...] = ()
    ) -> tuple[dict[str, object], bool]:
        """Read the keys of a class of options: the fields that could be read, and whether that was all."""
        if isinstance(node, ScalarNode) and node.broken:
            return {}, False
        if not isinstance(node, MapNode):
            self.mistakes.add(node.mark, f"{what} is {_MAPPING}, not {_kind(node)}{_as_in(path, options, node)}")
            return {}, False
        keys = keys_of(options)
        values: dict[str, object] = {}
        guessed: set[str] = set()
        for entry in node.entries:
            key = keys.get(entry.key.text)
            if key is None:
                guessed.add(self._unknown(entry.key, what, (*keys, *also)))
                continue
            inner = f"{path}.{key.name}" if path else key.name
            self.marks[inner] = entry.value.mark
            values[key.field] = self.value(entry.value, key.hint, inner)
        missing = [key for key in keys.values() if key.is_required and key.field not in values]
        for key in missing:
            if key.name not in guessed:
                say = f": say `{key.needs}`" if key.needs else f" ({key.doc})"
                self.mistakes.add(mark, f"{what} lacks the key {key.name!r}{say}")
        good = {name: value for name, value in values.items() if value is not BAD}
        return good, not missing and not guessed and len(good) == len(values)

    def _unknown(self, key: ScalarNode, what: str, known: tuple[str, ...]) -> str:
        """Report a key that nobody reads; give the known one that was perhaps meant, or ""."""
        if self.mistakes.is_full(key.mark.text.path):
            return ""
        guess = nearest(key.text, known)
        hint = f"; did you mean {guess!r}?" if guess else f" (it has: {', '.join(known)})"
        self.mistakes.add(key.mark, f"{what} has no key {clip(key.text, 100)!r}{hint}")
        return guess

    def _built(self, options: type, values: dict[str, object], path: str, mark: Mark, what: str) -> object:
        try:
            built: object = options(**values)
        except ValueError as error:
            self.mistakes.add(mark, f"{what}: {error}")
            return BAD
        found = tuple(built.problems()) if hasattr(built, "problems") else ()
        for where, sentence in found:
            self.mistakes.add(self._nearest(f"{path}.{where}" if path and where else path or where, mark), sentence)
        return BAD if found else built

    def _nearest(self, path: str, mark: Mark) -> Mark:
        """Give the mark of a key path, or of the nearest one around it that was written."""
        while path:
            if path in self.marks:
                return self.marks[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return mark

    def value(self, node: Node, hint: Hint, path: str) -> object:
        """Read one value of a type that options may have, or give `BAD`."""
        if isinstance(node, ScalarNode) and node.broken:
            return BAD
        if isinstance(node, ScalarNode) and node.is_null:
            written = f"{node.text} is null in YAML: " if node.text else "there is no value here: "
            self.mistakes.add(node.mark, f"{written}write one, or leave the key out")
            return BAD
        members = alternatives(hint)
        return self._one(node, members[0], path) if len(members) == 1 else self._union(node, members, path)

    def _one(self, node: Node, hint: Hint, path: str) -> object:
        origin = get_origin(hint)
        if origin is tuple:
            return self._list(node, get_args(hint)[0], path)
        if origin is Mapping:
            return self._mapping(node, hint, path)
        if is_options(hint):
            what = f"an entry of {_last(path)!r}" if path.endswith("]") else f"{_last(path)!r}"
            return self.options(node, typing.cast("type", hint), what, path)
        if not isinstance(node, ScalarNode):
            self.mistakes.add(node.mark, f"{_last(path)!r} is {_expected(hint)}, not {_kind(node)}")
            return BAD
        result = self._scalar(node, hint, path)
        if isinstance(result, _Wrong):
            self.mistakes.add(node.mark, result.message)
            return BAD
        return result

    def _list(self, node: Node, item: Hint, path: str) -> object:
        nodes = node.items if isinstance(node, ListNode) else (node,)
        if not nodes:
            self.mistakes.add(node.mark, f"{_last(path)!r} is an empty list, which could match nothing: leave it out")
            return BAD
        values = []
        for index, entry in enumerate(nodes):
            inner = f"{path}[{index}]"
            self.marks[inner] = entry.mark
            values.append(self.value(entry, item, inner))
        return BAD if any(value is BAD for value in values) else tuple(values)

    def _mapping(self, node: Node, mapping: Hint, path: str) -> object:
        key_hint, hint = get_args(mapping)
        if not isinstance(node, MapNode):
            said = f"{_last(path)!r} is {_MAPPING}, not {_kind(node)}{_as_in(path, mapping, node)}"
            self.mistakes.add(node.mark, said)
            return BAD
        if not node.entries:
            self.mistakes.add(node.mark, f"{_last(path)!r} is empty, which could match nothing: leave it out")
            return BAD
        values: dict[object, object] = {}
        for entry in node.entries:
            inner = f"{path}.{entry.key.text}"
            self.marks[inner] = entry.value.mark
            key = self.value(entry.key, key_hint, path)
            value = self.value(entry.value, hint, inner)
            if key in values:  # two keys that became one when names were filled in
                self.mistakes.add(entry.key.mark, f"the key {entry.key.text!r} stands here twice, as {key!r}")
                return BAD
            values[entry.key.text if key is BAD else key] = BAD if key is BAD else value
        return BAD if any(value is BAD for value in values.values()) else MappingProxyType(values)

    def _union(self, node: Node, members: tuple[Hint, ...], path: str) -> object:
        fitting = tuple(member for member in members if _form(member) is type(node))
        if not fitting:  # one bare value is a list of one
            lists = tuple(member for member in members if _form(member) is ListNode)
            bare = (alternatives(get_args(member)[0]) for member in lists)
            fitting = tuple(one for one, inner in zip(lists, bare, strict=True) if type(node) in map(_form, inner))
        if not fitting:
            expected = " or ".join(dict.fromkeys(_expected(member) for member in members))
            self.mistakes.add(node.mark, f"{_last(path)!r} is {expected}, not {_kind(node)}")
            return BAD
        if len(fitting) == 1:
            return self._one(node, fitting[0], path)
        if isinstance(node, MapNode):
            return self._one(node, _by_keys(node, fitting), path)
        return self._first(node, fitting, path)

    def _first(self, node: Node, members: tuple[Hint, ...], path: str) -> object:
        """Read the first member that takes the node; if none does, say what all of them would take."""
        for member in members:
            trial = Walk(Mistakes(), self.read_file, self.names)
            value = trial._one(node, member, path)
            if value is not BAD:
                self.marks |= trial.marks
                self.signers += trial.signers
                return value
        if not isinstance(node, ScalarNode):
            return self._one(node, members[-1], path)
        words = tuple(word for member in members for word in words_of(member) or ())
        free = tuple(member for member in members if words_of(member) is None)
        if len(free) == 1 and not nearest(node.text, words):
            return self._one(node, free[0], path)  # its own message says best what is wrong
        expected = (*words, *map(_expected, free))
        self.mistakes.add(node.mark, _none_of(path, node.text, expected, words))
        return BAD

    def _filled(self, node: ScalarNode, hint: Hint, path: str) -> ScalarNode | _Wrong:
        """Put values in the place of the names of `images:`, where the type takes free text."""
        used = names_in(node.text) if self.names else ()
        unknown = [name for name in used if name not in self.names]
        if unknown and path not in _MESSAGES:
            known = ", ".join(f"{{{name}}}" for name in self.names)
            said = f"'images' gives no name {{{unknown[0]}}} (there are: {known}){meant(unknown[0], self.names)}"
            return _Wrong(said)
        if not used or len(unknown) == len(used):
            return node
        if hint not in _FREE and not getattr(hint, "takes_names", False):
            return _Wrong(
                f"{_last(path)!r} cannot hold {{{used[0]}}}: names stand for text that comes with the image, and "
                "here a text has a meaning of its own; use a regular expression where one is allowed"
            )
        return replace(node, text=fill(node.text, self.names, is_regex=hint is Regex))

    def _scalar(self, node: ScalarNode, hint: Hint, path: str) -> object:
        filled = self._filled(node, hint, path)
        return filled if isinstance(filled, _Wrong) else self._plain(filled, hint, path)

    def _plain(self, node: ScalarNode, hint: Hint, path: str) -> object:
        words = words_of(hint)
        if words is not None:
            if node.text not in words:
                return _Wrong(_none_of(path, node.text, words, words))
            return hint(node.text) if isinstance(hint, type) else node.text
        if hint is File:
            file = self.read_file(node.text, _last(path))
            return _Wrong(file) if isinstance(file, str) else file
        if hint is SignerName:
            self.signers.append((node.text, node.mark))
            return SignerName(node.text)
        reader = _PLAIN_READERS.get(typing.cast("type", hint))
        if reader is not None:
            return reader(node, path)
        if is_scalar(hint):
            try:
                return typing.cast("type[Scalar]", hint).from_text(node.text)
            except ValueError as error:
                return _Wrong(str(error))
        msg = f"{hint!r} is no type of options (at {path})"
        raise RuntimeError(msg)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with a scalar."""

    message: str


def _none_of(path: str, text: str, expected: tuple[str, ...], words: tuple[str, ...]) -> str:
    return f"{_last(path)!r} cannot be {clip(text, 100)!r} (one of: {', '.join(expected)}){meant(text, words)}"


def _text(node: ScalarNode, path: str) -> object:
    del path
    return node.text


def _boolean(node: ScalarNode, path: str) -> object:
    if node.plain and node.text in _TRUTHS:
        return _TRUTHS[node.text]
    word = _OLD_TRUTHS.get(node.text.lower(), node.text.lower() if node.text in _TRUTHS else "")
    guess = f"; did you mean {word} (without quotes)?" if word else ""
    return _Wrong(f"{_last(path)!r} is true or false, not {clip(node.text, 100)!r}{guess}")


def _integer(node: ScalarNode, path: str) -> object:
    if node.plain and _INTEGER.fullmatch(node.text):
        return int(node.text)
    return _Wrong(f"{_last(path)!r} is a whole number (as 5, without quotes), not {clip(node.text, 100)!r}")


def _date(node: ScalarNode, path: str) -> object:
    # The whole text is matched before the library reads it (S29).
    try:
        return date.fromisoformat(node.text) if _DATE.fullmatch(node.text) else _not_a_date(node, path)
    except ValueError:
        return _not_a_date(node, path)


def _not_a_date(node: ScalarNode, path: str) -> _Wrong:
    return _Wrong(f"{_last(path)!r} is a day written as 2027-01-31, not {clip(node.text, 100)!r}")


def _glob(node: ScalarNode, path: str) -> object:
    if not node.text:
        return _Wrong("an empty glob matches nothing")
    problem = repository_glob_problem(node.text) if re.search(r"(^|\.)images(\[|$)", path) else None
    return _Wrong(problem) if problem else Glob(node.text)


def _regex(node: ScalarNode, path: str) -> object:
    del path
    try:
        return Regex(node.text)
    except ValueError as error:
        return _Wrong(str(error))


_PLAIN_READERS: Final[Mapping[type, Callable[[ScalarNode, str], object]]] = {
    str: _text, bool: _boolean, int: _integer, date: _date, Glob: _glob, Regex: _regex,
}  # fmt: skip

_NOUNS: Final[Mapping[Hint, str]] = {
    str: "a text", bool: "true or false", int: "a whole number", date: "a day (2027-01-31)", Glob: "a glob",
    Regex: "a regular expression", File: "a file name", SignerName: "a signer's name",
}  # fmt: skip


def _expected(hint: Hint) -> str:
    """Say in a few words what a type takes."""
    words = words_of(hint)
    if words is not None:
        return "one of " + ", ".join(words)
    if hint in _NOUNS:
        return _NOUNS[hint]
    if is_scalar(hint):
        return str(typing.cast("type[Scalar]", hint).describe().get("description", "a text"))
    return "a list" if _form(hint) is ListNode else _MAPPING


def _as_in(path: str, hint: Hint, node: Node) -> str:
    """Say how a mapping is written, for whoever wrote something else."""
    key = "" if path.endswith("]") or not path else f"{_last(path)}: "
    return f": write `{key}{example(hint, node)}`"


def _kind(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return f"the text {clip(node.text, 100)!r}" if node.text or not node.plain else "nothing"
    return "a list" if isinstance(node, ListNode) else "a mapping"


def _by_keys(node: MapNode, members: tuple[Hint, ...]) -> Hint:
    """Choose the member whose keys the mapping uses; a free mapping only where no options fit."""
    written = {entry.key.text for entry in node.entries}
    options = [member for member in members if is_options(member)]
    best = max(options, key=lambda member: len(written & set(keys_of(typing.cast("type", member)))), default=None)
    free = [member for member in members if not is_options(member)]
    if best is None or (free and not written & set(keys_of(typing.cast("type", best)))):
        return free[0]
    return best


def _last(path: str) -> str:
    """Give the last key of a path, as a person would call it."""
    bare = re.sub(r"(\[[0-9]+\])+$", "", path)
    return bare.rpartition(".")[2] if not bare.endswith(".") else bare
