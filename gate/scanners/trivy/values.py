"""Small values of a report, checked: null is absence, any other type than expected is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import InvalidReference, MalformedData
from gate.formats.members import parse_members, single
from gate.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec import Raw

__all__ = ["digest_of", "list_of", "members_of", "raw_text_of", "text_of", "texts_of", "wrong_type"]


def wrong_type(what: str, expected: str) -> MalformedData:
    """Give the error to raise for a value of the wrong type."""
    return MalformedData(f"{what} in the report is not {expected}", "report-malformed")


def members_of(value: object, known: frozenset[str], what: str) -> dict[str, object]:
    """Give the known members of an object that `parse_members` read; raises `MalformedData`."""
    return {} if value is None else single(value, known, what)


def text_of(value: object, what: str) -> str:
    """Give a string, "" for null; raises `MalformedData` for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong_type(what, "a string")
    return value


def raw_text_of(members: Mapping[str, Raw], key: str, what: str) -> str:
    """Give a string that has not been parsed yet, "" if it is not there."""
    return text_of(parse_members(bytes(members[key]), f"{what}.{key}"), f"{what}.{key}") if key in members else ""


def list_of(value: object, what: str) -> list[object]:
    """Give a list, an empty one for null; raises `MalformedData` for anything else."""
    if value is None:
        return []
    if type(value) is not list:  # Members is a list as well, and is an object
        raise wrong_type(what, "a list")
    return value


def texts_of(value: object, what: str) -> tuple[str, ...]:
    """Give a list of strings; raises `MalformedData`."""
    return tuple(text_of(one, what) for one in list_of(value, what))


def digest_of(text: str, what: str) -> Digest:
    """Give a digest; raises `MalformedData`."""
    try:
        return Digest.parse(text)
    except InvalidReference as error:
        raise MalformedData(f"{what} in the report holds no digest: {error}", "report-malformed") from error
