"""The JSON Schema of rule files, made from the types that the walk reads, for editors and reviewers.

Draft 7, which every editor knows. A schema sees values where the walk sees text: an unquoted `1.10`
where a text is expected is a number to it and is allowed. What only the walk can tell (names of
signers, files, replacements, mistakes between options) is not in it.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, get_args, get_origin

from gate.option import File, SignerName
from gate.pattern import Glob, Regex
from gate.ruleset.entries import FORMAT, FileHead, Kinds, RuleHead
from gate.ruleset.hints import Hint, alternatives, is_options, is_scalar, keys_of, words_of
from gate.ruleset.names import NAME

if TYPE_CHECKING:
    from gate.option import Scalar

__all__ = ["Schema", "rule_file_schema"]

Schema = dict[str, object]

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
#: What YAML 1.2 may make of an unquoted text.
_TEXT: Final[tuple[str, ...]] = ("string", "number", "boolean")
#: Unquoted texts that YAML 1.2 reads as numbers or booleans.
_UNQUOTED: Final = ("0", "7", "42", "1.4", "1.10", "0123456", "20261125", "-1", "1e3", "true")

_PLAIN: Final[Mapping[Hint, Schema]] = {
    str: {"type": list(_TEXT)},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    date: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a day, as 2027-01-31"},
    Glob: {"type": list(_TEXT), "description": "a glob: * stops at /, ** does not"},
    Regex: {"type": list(_TEXT), "description": "a regular expression that matches in full"},
    File: {"type": "string", "description": "a file, relative to this one"},
    SignerName: {"type": "string", "description": "the name of a signer"},
}


def rule_file_schema(kinds: Kinds | None = None) -> Schema:
    """Give the schema of a rule file with the checks and signers there are."""
    kinds = kinds or Kinds()
    builder = _Builder()
    top = builder.members(FileHead)
    top["gate"] = {"const": FORMAT, "description": "The version of this format: 1."}
    top["signers"] = _named(builder.entries("kind", kinds.signers, {}), "Who may vouch, by name.")
    checks = {name: kinds.check(name) for name in kinds.checks}
    top["rules"] = _named(builder.entries("check", checks, builder.members(RuleHead)), "What has to hold, by name.")
    return {
        "$schema": _DRAFT,
        "title": "Rule file of image-gate",
        "type": "object",
        "required": ["gate"],
        "properties": top,
        "additionalProperties": False,
        "definitions": dict(sorted(builder.definitions.items())),
    }


def _named(entry: Schema, description: str) -> Schema:
    return {
        "description": description,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{NAME.pattern}$"},
        "additionalProperties": entry,
    }


class _Builder:
    """Makes schemas of types; nested options become definitions, so that they may nest in themselves."""

    def __init__(self) -> None:
        self.definitions: Schema = {}

    def entries(self, key: str, options: Mapping[str, type], also: Schema) -> Schema:
        """Give the schema of an entry whose `key` says which options it has; `also` are allowed with all."""
        rules = []
        for name in sorted(options):
            own = keys_of(options[name]).values()
            then: Schema = {
                "properties": {key: True, **dict.fromkeys(also, True), **self.members(options[name])},
                "required": [one.name for one in own if one.is_required],
                "additionalProperties": False,
            }
            rules.append({"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": then})
        chosen: Schema = {"enum": sorted(options)} if options else {"not": {}}
        return {"type": "object", "required": [key], "properties": {key: chosen, **also}, "allOf": rules}

    def members(self, options: type) -> Schema:
        """Give the schemas of the keys of a class of options, with what each is for."""
        return {key.name: self._described(key.hint, key.doc) for key in keys_of(options).values()}

    def _described(self, hint: Hint, doc: str) -> Schema:
        schema = self._value(hint)
        if "$ref" in schema:  # in draft 7 nothing beside a $ref counts
            schema = {"allOf": [schema]}
        return {**schema, "description": doc}

    def _value(self, hint: Hint) -> Schema:
        members = alternatives(hint)
        return self._one(members[0]) if len(members) == 1 else {"anyOf": [self._one(member) for member in members]}

    def _one(self, hint: Hint) -> Schema:
        words = words_of(hint)
        if words is not None:
            return {"enum": list(words)}
        if hint in _PLAIN:
            return dict(_PLAIN[hint])
        if is_scalar(hint):
            return _widened(typing.cast("type[Scalar]", hint).describe())
        if is_options(hint):
            return self._nested(typing.cast("type", hint))
        if get_origin(hint) is tuple:
            item = self._value(get_args(hint)[0])
            return {"anyOf": [item, {"type": "array", "minItems": 1, "items": item}]}
        if get_origin(hint) is Mapping:
            return self._mapping(*get_args(hint))
        msg = f"{hint!r} is no type of options"
        raise RuntimeError(msg)

    def _mapping(self, key: Hint, value: Hint) -> Schema:
        schema: Schema = {"type": "object", "minProperties": 1, "additionalProperties": self._value(value)}
        if key is not str:
            schema["propertyNames"] = self._value(key)
        return schema

    def _nested(self, options: type) -> Schema:
        name = f"{options.__module__.rpartition('.')[2]}.{options.__name__}"
        if name not in self.definitions:
            self.definitions[name] = {}  # stands here while the members are made: options may nest in themselves
            self.definitions[name] = {
                "type": "object",
                "properties": self.members(options),
                "required": [key.name for key in keys_of(options).values() if key.is_required],
                "additionalProperties": False,
            }
        return {"$ref": f"#/definitions/{name}"}


def _widened(schema: Schema) -> Schema:
    """Let a text stand unquoted also where YAML 1.2 reads it as a number or a boolean."""
    pattern = schema.get("pattern")
    takes_unquoted = not isinstance(pattern, str) or any(re.search(pattern, text) for text in _UNQUOTED)
    if schema.get("type") == "string" and "enum" not in schema and takes_unquoted:
        return {**schema, "type": list(_TEXT)}
    return dict(schema)
