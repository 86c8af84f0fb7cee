"""Showing rules: the merged rule file with the place of every value, and one rule in words.

What comes out is safe to print: nothing that a terminal or a CI runner would obey (S43).
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from gate.printable import printable
from gate.ruleset.entries import FORMAT
from gate.ruleset.hints import is_options, keys_of
from gate.ruleset.nodes import Entry, ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from gate.check import CheckMeta
    from gate.ruleset.load import Loaded
    from gate.ruleset.rule import Rule
    from gate.verdict import Place

__all__ = ["explained", "merged"]

#: Scalars that read the same without quotes.
_BARE: Final = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+-]*", re.ASCII)
#: Column of the comments with places.
_COMMENTS: Final = 56
_WIDTH: Final = 80


def merged(loaded: Loaded) -> str:
    """Give one rule file that says the same as all files together, each value with its place behind it."""
    ruleset = loaded.ruleset
    lines = [f"# {_safe(file.role)} {_safe(file.path)} {file.digest}" for file in ruleset.files]
    lines += _images(loaded)
    lines.append(f"gate: {FORMAT}")
    if ruleset.advisory is not None:
        lines += ["advisory:", _commented(f"  until: {ruleset.advisory.until}", ruleset.advisory.place)]
    for title, entries in (("signers", loaded.signers), ("rules", loaded.rules)):
        if entries:
            lines.append(f"{title}:")
        for entry in entries.values():
            lines += _block(entry, 1)
    return "\n".join(lines) + "\n"


def _images(loaded: Loaded) -> Iterator[str]:
    """Say which files are for which images; one file cannot say that for several."""
    for file, patterns in loaded.images.items():
        yield f"# rules and signers of {_safe(file)} are for images of {_safe(' or '.join(patterns))}"


def _block(entry: Entry, depth: int) -> Iterator[str]:
    indent = "  " * depth
    place = entry.key.mark.place
    if isinstance(entry.value, MapNode) and entry.value.entries:
        yield _commented(f"{indent}{_word(entry.key)}:", place)
        for inner in entry.value.entries:
            if depth == 1 and inner.key.text == "replaces":  # what it replaced is not here any more
                yield f"{indent}  # replaces the rule of {_flow(inner.value)}"
            else:
                yield from _block(inner, depth + 1)
    else:
        yield _commented(f"{indent}{_word(entry.key)}: {_flow(entry.value)}", entry.value.mark.place)


def _commented(text: str, place: Place) -> str:
    return f"{text:{_COMMENTS}} # {_safe(str(place))}"


def _safe(text: str) -> str:
    """Escape what would not show as itself, and Azure's `##[command]`."""
    return printable(text).replace("##", "#\\u0023")


def _flow(node: Node) -> str:
    """Write a node on one line."""
    if isinstance(node, ScalarNode):
        return _word(node)
    if isinstance(node, ListNode):
        return f"[{', '.join(_flow(item) for item in node.items)}]"
    return "{" + ", ".join(f"{_word(entry.key)}: {_flow(entry.value)}" for entry in node.entries) + "}"


def _word(node: ScalarNode) -> str:
    """Write a scalar so that it reads back the same; anything unusual in double quotes, as JSON escapes it."""
    if node.plain and _BARE.fullmatch(node.text):
        return node.text
    return json.dumps(node.text, ensure_ascii=False).replace("##", "#\\u0023")


def explained(name: str, loaded: Loaded) -> str:
    """Say what one rule asks for: each option with its value, where it comes from and what it means."""
    rule = next(rule for rule in loaded.ruleset.rules if rule.name == name)
    meta: CheckMeta = rule.check.meta
    each = "the image as a whole" if meta.scope == "image" else "every platform of the image"
    lines = [
        f"{rule.name}: {meta.title}",
        f"  check {meta.name}, level {rule.level}, judged for {each}",
        f"  written at {printable(str(rule.place))}; described in {meta.page}",
        *(
            f"  its file is for images of {_safe(' or '.join(one))}"
            for one in [loaded.images.get(rule.place.path)]
            if one
        ),
        *_when(rule),
    ]
    for label, text in (("why", rule.why), ("fix", rule.fix)):
        lines += _wrapped(f"{label}: {printable(text)}", "  ", "       ") if text else []
    lines += ["", "What it asks for:"]
    written = loaded.rules[name].value
    nodes = {entry.key.text: entry.value for entry in written.entries} if isinstance(written, MapNode) else {}
    lines += _options(rule, rule.check, nodes, "", "  ")
    lines += _signers(loaded, nodes)
    return "\n".join(lines) + "\n"


def _when(rule: Rule) -> Iterator[str]:
    """Say where and since when a rule holds, and who may make an exception."""
    scope = rule.scope
    if scope.images or scope.tags:
        parts = [
            f"{what} {', '.join(map(str, globs))}"
            for what, globs in (("images", scope.images), ("tags", scope.tags))
            if globs
        ]
        yield f"  holds for {printable(' and '.join(parts))}"
    else:
        yield "  holds for every image"
    if rule.starts is not None:
        yield f"  decides from {rule.starts} on; before, it is shown as upcoming"
    if rule.final:
        yield "  final: nobody may replace or waive it"
    elif not rule.waivable:
        yield "  not waivable"
    if rule.replaces:
        yield f"  replaces the rule of {printable(rule.replaces)}"


def _options(rule: Rule, options: object, nodes: Mapping[str, Node], path: str, indent: str) -> Iterator[str]:
    """Say each option, nested ones below their key; `nodes` are those that were written."""
    kind: type = type(options)
    for name, key in keys_of(kind).items():
        value = getattr(options, key.field)
        node = nodes.get(name)
        if node is None and (value is None or value == ()):
            continue
        place = rule.origins.get(f"{path}{name}")
        origin = f"({_safe(str(place))})" if node is not None and place is not None else "(default)"
        if is_options(type(value)) and (node is None or isinstance(node, MapNode)):
            inner = {entry.key.text: entry.value for entry in node.entries} if isinstance(node, MapNode) else {}
            yield f"{indent}{name}:   {origin}"
            yield from _wrapped(printable(key.doc), f"{indent}    ", f"{indent}    ")
            yield from _options(rule, value, inner, f"{path}{name}.", f"{indent}  ")
            continue
        yield from _wrapped(
            f"{name}: {_plain(value) if node is None else _flow(node)}   {origin}", indent, f"{indent}  "
        )
        yield from _wrapped(printable(key.doc), f"{indent}    ", f"{indent}    ")


def _plain(value: object) -> str:
    """Write a default value on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_plain(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(item)}" for key, item in value.items()) + "}"
    return printable(str(value))


def _signers(loaded: Loaded, nodes: Mapping[str, Node]) -> Iterator[str]:
    """Say where the signers that a rule names are defined."""
    words = {word for node in nodes.values() for word in _words(node)}
    named = sorted(words & set(loaded.ruleset.signers))
    if named:
        yield ""
        yield "Signers it names:"
    for name in named:
        signer = loaded.ruleset.signers[name]
        principal = signer.principal()
        who = f", {printable(str(principal))}" if principal is not None else ""
        place = printable(str(loaded.ruleset.signer_places[name]))
        yield from _wrapped(f"{name}: {signer.kind}{who}   ({place})", "  ", "    ")


def _words(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        yield node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _words(item)
    else:
        for entry in node.entries:
            yield from _words(entry.value)


def _wrapped(text: str, first: str, following: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
