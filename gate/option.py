"""What the options of rules and signers are made of: the types that rule files are read along.

A check or signer is a frozen dataclass; each field made with `option` is a key of its entry in the
rule file (`fail_at` is `fail-at`). The walk of `gate.ruleset` reads these types from YAML nodes and
reports every mistake with its place, `gate.ruleset.schema` makes the JSON Schema from the same types:

    bool, int, str, datetime.date, Duration      scalars
    Literal["a", "b"], StrEnum                   one of
    tuple[T, ...]                                a list, never empty; one bare value is a list of one
    Mapping[str, T]                              a mapping, never empty
    T | None                                     may be left out (null is a mistake)
    A | B                                        by the node's form: scalar, list or mapping
    a frozen dataclass of options                a nested mapping
    a class with from_text() and describe()      a scalar with its own grammar
    SignerName                                   a name from `signers:`; File: a file beside the rule file
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, Self, runtime_checkable

from gate.oci.digest import Digest

__all__ = ["Duration", "File", "Scalar", "SignerName", "key_of", "option"]


@runtime_checkable
class Scalar(Protocol):
    """A scalar of rule files with a grammar of its own."""

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read one scalar; raises `ValueError` with a sentence for the user."""
        ...

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema of the scalar: `type`, `pattern` or `enum`, `description`."""
        ...


def option(doc: str, *, default: object = dataclasses.MISSING, key: str = "", needs: str = ""):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- dataclasses.field is typed the same way: as the field's own type
    """Make a field of a check or signer: one key of its entry.

    `doc` is one sentence for the schema and the docs. `key` where it is not the field's name in
    kebab-case. `needs` is said when the key is missing ("say fail-at: high, …").
    """
    metadata = {"doc": doc, "key": key, "needs": needs}
    if isinstance(default, dict | list | set):
        msg = "defaults are immutable"
        raise TypeError(msg)
    return dataclasses.field(default=default, metadata=metadata, kw_only=True)


def key_of(field: dataclasses.Field[object]) -> str:
    """Give the key of a field in rule files."""
    return field.metadata.get("key") or field.name.rstrip("_").replace("_", "-")


_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,4})([mhdw])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time as rule files write it: `90m`, `24h`, `14d`, `2w`."""

    text: str
    length: timedelta

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a whole number and a unit; raises `ValueError`."""
        match = _DURATION.fullmatch(text)
        if match is None:
            msg = f"{text!r} is not a length of time: write a number and m, h, d or w, as 24h or 14d"
            raise ValueError(msg)
        return cls(text, timedelta(**{_UNITS[match[2]]: int(match[1])}))

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "pattern": f"^{_DURATION.pattern}$", "description": "a length of time, as 24h or 14d"}

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class SignerName:
    """The name of an entry of `signers:`; the walk checks that it exists."""

    name: str

    def __str__(self) -> str:
        """The name."""
        return self.name


@dataclass(frozen=True, slots=True)
class File:
    """A file named in a rule file, read at load: its bytes and hash; the path is for messages only."""

    path: str
    content: bytes = dataclasses.field(repr=False)
    digest: Digest

    def __str__(self) -> str:
        """The path as written."""
        return self.path
