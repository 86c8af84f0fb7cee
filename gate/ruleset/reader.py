"""Reading rule files and what they extend: each file once, its rules and signers as typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import Mistake
from gate.oci.digest import Digest
from gate.option import File
from gate.report import ClosureFile
from gate.ruleset.entries import FORMAT, FileHead, Kinds
from gate.ruleset.files import BUILTIN, NO_FILE, Location, beside, builtin, read_bounded
from gate.ruleset.images import samples
from gate.ruleset.mistakes import Mistakes
from gate.ruleset.names import is_name
from gate.ruleset.nodes import Entry, ListNode, MapNode, Mark, parse
from gate.ruleset.walk import Walk
from gate.ruleset.written import Entries, NamedSigner, WrittenRule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Reader", "RuleFile"]

#: More rule files than any organisation stacks; each is read and walked.
MOST_FILES: Final = 64
#: A file extends a file extends a file …
MOST_EXTENDS: Final = 8
#: Keys and trust roots are small; the largest trust root seen has 7 kB.
MOST_FILE_BYTES: Final = 1024 * 1024

#: The rule file that commands read if none is named, and what is said to those who have none yet.
DEFAULT: Final = "gate.yaml"
_BEGIN: Final = (
    f": name yours (gate check --rules FILE), start with --rules {BUILTIN}baseline, or write one with `gate init`"
)

#: Keys that people look for at the top of a rule file, and where they belong.
_ELSEWHERE: Final = {
    "waivers": "waivers live in files of their own, named with --waivers",
    "for": "a rule says where it holds: `for` stands inside a rule",
}

_SPECIFIER: Final = re.compile(r"[<>=!~][<>=!~0-9A-Za-z.*+ ,-]{0,100}", re.ASCII)
_PRIVATE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")


@dataclass(slots=True)
class RuleFile:
    """One rule file, read. `below` are all files it extends, directly or not.

    `is_complete` is False where something it extends, or its top, could not be read: then a name that
    is not found may be a consequence, and is not reported.
    """

    location: Location
    head: FileHead = field(default_factory=lambda: FileHead(gate=1))
    marks: dict[str, Mark] = field(default_factory=dict)
    below: set[Path] = field(default_factory=set)
    is_complete: bool = True
    rule_entries: tuple[Entry, ...] = ()
    signer_entries: tuple[Entry, ...] = ()
    rules: list[WrittenRule] = field(default_factory=list)
    rule_names: dict[str, Mark] = field(default_factory=dict)
    signers: list[NamedSigner] = field(default_factory=list)
    signer_names: dict[str, Mark] = field(default_factory=dict)
    named: list[tuple[str, Mark]] = field(default_factory=list)


class Reader:
    """Reads rule files, each once; `files` holds them with what they extend before them."""

    def __init__(self, mistakes: Mistakes, kinds: Kinds) -> None:
        """Start with nothing read."""
        self.mistakes = mistakes
        self.files: dict[Path, RuleFile] = {}
        self.closure: list[ClosureFile] = []
        self._kinds = kinds
        self._open: list[Path] = []
        self._root = ""
        self._seen: dict[tuple[Path, str, str], File | str] = {}

    def open(self, location: Location, named_at: Mark | None) -> RuleFile | None:
        """Read one file and those it extends; None where it cannot be read. `named_at` is its `extends` entry."""
        if location.path in self._open:
            self._report(named_at, location, f"{location.shown} extends itself, by way of this entry")
            return None
        if location.path in self.files:
            return self.files[location.path]
        if len(self.files) + len(self._open) >= MOST_FILES or len(self._open) > MOST_EXTENDS:
            self._report(
                named_at, location, f"too many rule files: {MOST_FILES} at most, {MOST_EXTENDS} below each other"
            )
            return None
        content = read_bounded(location.path)
        if isinstance(content, str):
            begin = _BEGIN if named_at is None and location.shown == DEFAULT and content == NO_FILE else ""
            self._report(
                named_at, location, f"{content}{begin}" if named_at is None else f"{location.shown}: {content}"
            )
            return None
        digest = Digest.of(content)
        if named_at is None:
            self._root = location.shown if location.shown.startswith(BUILTIN) else digest.hex
        self.closure.append(ClosureFile("rules", location.shown, digest, self._name(location, named_at is None)))
        file = RuleFile(location)
        self._open.append(location.path)
        self._read(file, content, is_outermost=named_at is None)
        self._open.pop()
        self.files[location.path] = file
        return file

    def _name(self, location: Location, is_root: bool) -> str:  # noqa: FBT001 -- private, one caller
        if location.shown.startswith(BUILTIN):
            return location.shown
        return "" if is_root else f"{self._root}/{location.inside}"

    def _report(self, mark: Mark | None, location: Location, message: str) -> None:
        if mark is None:
            self.mistakes.extend((Mistake(location.shown, 1, 1, message),))
        else:
            self.mistakes.add(mark, message)

    def _read(self, file: RuleFile, content: bytes, *, is_outermost: bool) -> None:
        found: list[Mistake] = []
        node = parse(file.location.shown, content, found)
        self.mistakes.extend(found)
        if node is None:
            file.is_complete = False
            return
        if not isinstance(node, MapNode):
            file.is_complete = False
            self.mistakes.add(node.mark, "a rule file is a mapping: it starts with `gate: 1` and has `rules:`")
            return
        sections = {entry.key.text: entry for entry in node.entries if entry.key.text in {"rules", "signers"}}
        elsewhere = {entry.key.text for entry in node.entries if _is_elsewhere(entry)}
        for entry in node.entries:
            if entry.key.text in elsewhere:
                self.mistakes.add(entry.key.mark, _ELSEWHERE[entry.key.text])
        others = (entry for entry in node.entries if entry.key.text not in sections.keys() | elsewhere)
        rest = MapNode(node.mark, tuple(others))
        if not self._head(file, rest):
            return
        if file.head.advisory is not None and not is_outermost:
            where = file.marks["advisory"]
            self.mistakes.add(
                where, "'advisory' counts only in the file named on the command line, not in an extended one"
            )
        file.signer_entries = self._named(sections.get("signers"), "signer", file.signer_names)
        file.rule_entries = self._named(sections.get("rules"), "rule", file.rule_names)
        entries = self.entries(file, samples(file.head.images), self.mistakes)
        file.signers += [signer for entry in file.signer_entries if (signer := entries.signer(entry)) is not None]
        file.rules += [rule for entry in file.rule_entries if (rule := entries.rule(entry)) is not None]
        file.named += entries.named

    def entries(self, file: RuleFile, names: Mapping[str, str], mistakes: Mistakes) -> Entries:
        """Give what reads entries of a file with these values for the names of its `images:`."""
        return Entries(
            mistakes, self._kinds, lambda written, role: self._file_once(file.location, written, role), names
        )

    def _head(self, file: RuleFile, node: MapNode) -> bool:
        """Read the top of a file; False where the rest is for another gate."""
        walk = Walk(self.mistakes, lambda written, role: self._file_once(file.location, written, role))
        values, is_whole = walk.fields(node, FileHead, "a rule file", "", node.mark, ("rules", "signers"))
        file.marks, file.is_complete = walk.marks, is_whole
        file.head = FileHead(**{"gate": FORMAT, **values})  # type: ignore[arg-type]  # the walk read them along the types
        if file.head.gate != FORMAT:
            message = f"this gate reads version {FORMAT} of the format, not {file.head.gate}"
            self.mistakes.add(walk.marks["gate"], message)
            file.is_complete = False
            return False
        if file.head.requires and not self._version_fits(file.head.requires, walk.marks["requires"]):
            file.is_complete = False
            return False
        self._compare_names(file)
        for index, written in enumerate(file.head.extends):
            self._extend(file, written, walk.marks[f"extends[{index}]"])
        return True

    def _compare_names(self, file: RuleFile) -> None:
        """Report an entry of `images:` that names other parts than the first."""
        for index, pattern in enumerate(file.head.images):
            first = file.head.images[0]
            if set(pattern.names) != set(first.names):
                message = f"every entry of 'images' names the same parts, and {str(first)!r} names others"
                self.mistakes.add(file.marks[f"images[{index}]"], message)

    def _extend(self, file: RuleFile, written: str, mark: Mark) -> None:
        """Read one file that another extends."""
        location = builtin(written) if written.startswith(BUILTIN) else beside(file.location, written)
        if isinstance(location, str):
            self.mistakes.add(mark, location)
            file.is_complete = False
            return
        below = self.open(location, mark)
        if below is None:
            file.is_complete = False
        else:
            file.below |= {location.path, *below.below}

    def _version_fits(self, requires: str, mark: Mark) -> bool:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        from gate import __version__

        try:
            # packaging forgives surrounding line breaks; the whole text is matched before (S29).
            specifiers = SpecifierSet(requires) if _SPECIFIER.fullmatch(requires) else None
        except InvalidSpecifier:
            specifiers = None
        if specifiers is None:
            self.mistakes.add(
                mark, f"'requires' says which versions of the gate, as '>=1.0,<2', not {requires[:100]!r}"
            )
            return False
        if not specifiers.contains(__version__, prereleases=True):
            self.mistakes.add(mark, f"this file requires gate {requires}, and this is gate {__version__}")
            return False
        return True

    def _file_once(self, base: Location, written: str, role: str) -> File | str:
        """Give a file that a rule file names; for the same name always the same bytes."""
        key = (base.path, written, role)
        if key not in self._seen:
            self._seen[key] = self._file(base, written, role)
        return self._seen[key]

    def _file(self, base: Location, written: str, role: str) -> File | str:
        """Read a key or root that a rule file names."""
        location = beside(base, written)
        if isinstance(location, str):
            return location
        content = read_bounded(location.path, MOST_FILE_BYTES)
        if isinstance(content, str):
            return f"{written!r}: {content}"
        if _PRIVATE.search(content):
            return (
                f"{written!r} holds a private key. The gate needs the public one; "
                "if the private key was committed, it has to be replaced"
            )
        digest = Digest.of(content)
        name = f"{BUILTIN}{location.inside}" if base.shown.startswith(BUILTIN) else f"{self._root}/{location.inside}"
        entry = ClosureFile(role, location.shown, digest, name)
        if entry not in self.closure:
            self.closure.append(entry)
        return File(written, content, digest)

    def _named(self, section: Entry | None, what: str, seen: dict[str, Mark]) -> tuple[Entry, ...]:
        """Give the entries of `rules:` or `signers:` whose names are names."""
        if section is None:
            return ()
        if not isinstance(section.value, MapNode) or not section.value.entries:
            self.mistakes.add(
                section.value.mark, f"'{what}s' is a mapping of names to {what}s: name at least one, or leave it out"
            )
            return ()
        for entry in section.value.entries:
            seen[entry.key.text] = entry.key.mark
            if not is_name(entry.key.text):
                says = f"a {what}'s name is up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit"
                self.mistakes.add(entry.key.mark, says)
        return section.value.entries


def _is_elsewhere(entry: Entry) -> bool:
    """Tell whether a key belongs elsewhere; `waivers` does if it lists them instead of saying who may own some."""
    return entry.key.text in _ELSEWHERE and (entry.key.text != "waivers" or isinstance(entry.value, ListNode))
