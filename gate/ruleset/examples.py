"""Examples for messages: how a mapping is written, made from the types that the walk reads."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, get_args, get_origin

from gate.option import File, SignerName
from gate.pattern import Glob, Regex
from gate.ruleset.hints import Hint, alternatives, is_options, is_scalar, keys_of, words_of
from gate.ruleset.nodes import ListNode, Node, ScalarNode

if TYPE_CHECKING:
    from gate.option import Scalar

__all__ = ["example"]

#: Options nest in themselves; nobody reads an example that does.
_MOST_DEPTH: Final = 3
_PLAIN: Final[Mapping[Hint, str]] = {
    bool: "true", int: "5", date: "2027-01-31", Glob: "'*'", Regex: "'.*'", File: "keys/release.pub",
    SignerName: "NAME",
}  # fmt: skip
_OMITTED: Final = "…"
_NAME: Final = "NAME"
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,60}", re.ASCII)


def example(hint: Hint, node: Node) -> str:
    """Write a value of a mapping's type; where a key is free, it is the first text of what was written instead."""
    if is_options(hint):
        return _options(typing.cast("type", hint), _MOST_DEPTH)
    key, value = get_args(hint)
    return _mapping(_written(node) if key is str else _value(key, _MOST_DEPTH), value, _MOST_DEPTH)


def _written(node: Node) -> str:
    """Give the text that stands where a mapping should, if it can be a key."""
    first = node.items[0] if isinstance(node, ListNode) and node.items else node
    return first.text if isinstance(first, ScalarNode) and _KEY.fullmatch(first.text) else _NAME


def _mapping(key: str, value: Hint, depth: int) -> str:
    return f"{{{key}: {_value(alternatives(value)[0], depth - 1)}}}"


def _options(options: type, depth: int) -> str:
    keys = tuple(keys_of(options).values())
    shown = [key for key in keys if key.is_required] or keys[:1]
    said = (key.needs or f"{key.name}: {_value(alternatives(key.hint)[0], depth - 1)}" for key in shown)
    return f"{{{', '.join(said)}}}"


def _value(hint: Hint, depth: int) -> str:
    words = words_of(hint)
    if words:
        return words[0]
    if hint in _PLAIN or depth <= 0:
        return _PLAIN.get(hint, _OMITTED)
    if is_scalar(hint):
        return str(_first(typing.cast("type[Scalar]", hint).describe().get("enum")))
    if is_options(hint):
        return _options(typing.cast("type", hint), depth)
    if get_origin(hint) is tuple:
        return f"[{_value(alternatives(get_args(hint)[0])[0], depth - 1)}]"
    if get_origin(hint) is Mapping:
        key, value = get_args(hint)
        return _mapping(_NAME if key is str else _value(key, depth - 1), value, depth)
    return _OMITTED


def _first(words: object) -> object:
    return words[0] if isinstance(words, list) and words else _OMITTED
