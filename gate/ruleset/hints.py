"""The types that options may have (`gate.option`), looked at: what the walk and the schema both ask of them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Literal, Union, get_args, get_origin

from gate.option import key_of

__all__ = ["Hint", "Key", "alternatives", "is_options", "is_scalar", "keys_of", "words_of"]

#: What an option type is in `typing`: a class, a Literal, a union, a generic alias.
Hint = object


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an options class."""

    name: str
    field: str
    hint: Hint
    doc: str
    needs: str
    default: object

    @property
    def is_required(self) -> bool:
        """Tell whether it has no default."""
        return self.default is dataclasses.MISSING


@cache
def keys_of(options: type) -> Mapping[str, Key]:
    """Give the keys that a class of options reads, in the order of its fields."""
    hints = typing.get_type_hints(options)
    found = {}
    for entry in dataclasses.fields(options):
        if "doc" in entry.metadata:
            key = key_of(entry)
            doc, needs = entry.metadata["doc"], entry.metadata["needs"]
            found[key] = Key(key, entry.name, hints[entry.name], doc, needs, entry.default)
    return MappingProxyType(found)


def is_options(hint: Hint) -> bool:
    """Tell whether a type is a class of options: a nested mapping."""
    return isinstance(hint, type) and dataclasses.is_dataclass(hint) and bool(keys_of(hint)) and not is_scalar(hint)


def is_scalar(hint: Hint) -> bool:
    """Tell whether a type is a scalar with a grammar of its own."""
    return isinstance(hint, type) and hasattr(hint, "from_text") and hasattr(hint, "describe")


def alternatives(hint: Hint) -> tuple[Hint, ...]:
    """Give the members of a union without None; a type that is no union is its only one."""
    if get_origin(hint) in {Union, types.UnionType}:
        return tuple(part for member in get_args(hint) if member is not type(None) for part in alternatives(member))
    return (hint,)


def words_of(hint: Hint) -> tuple[str, ...] | None:
    """Give the words of a Literal or StrEnum, or None for other types."""
    if get_origin(hint) is Literal:
        return tuple(str(word) for word in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple(str(member.value) for member in hint)
    return None
