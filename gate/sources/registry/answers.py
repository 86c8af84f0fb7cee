"""From an answer to a fact: what was found, what is definitely absent, and what nobody could say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.errors import InvalidReference, MalformedData
from gate.evidence import Absent, Fact, Found, Look
from gate.oci.digest import Digest
from gate.oci.reference import Repository, is_tag
from gate.printable import clip
from gate.sources.registry.errors import error_text, is_html, status_trouble
from gate.sources.registry.reasons import DIGEST_MISMATCH, NOT_A_REGISTRY, NOT_ANSWERED_HERE, REGISTRY_ERROR
from gate.sources.registry.trouble import Trouble
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from gate.sources.registry.transport import Answer

__all__ = [
    "check_digest",
    "has_manifests",
    "look_of",
    "no_registry",
    "read_digest",
    "read_name",
    "read_repository",
    "tags_of",
    "to_fact",
    "unexpected",
]

_OK: Final = 200
_NOT_FOUND: Final = 404


def to_fact(answer: Answer, digest: Digest | None) -> Fact:
    """Give bytes, checked against the digest they were asked for by; Absent for a 404 of the registry itself.

    Raises `Trouble` for anything else.
    """
    if answer.status == _NOT_FOUND:
        return Absent(look_of(answer))
    if answer.status != _OK:
        raise unexpected(answer)
    if digest is not None:
        check_digest(answer, digest)
    elif is_html(answer):
        raise no_registry(answer)
    return Found(look_of(answer), answer.body, answer.media_type)


def check_digest(answer: Answer, digest: Digest) -> None:
    """Raise `Trouble` unless the body has the digest: the only thing that counts, whatever a header says."""
    if digest.matches(answer.body):
        return
    if is_html(answer):
        raise no_registry(answer)
    got = Digest.of(answer.body, digest.algorithm)
    raise Trouble(
        DIGEST_MISMATCH, f"asked for {digest}, got bytes with {got}", where=answer.url.shown, status="other bytes"
    )


def no_registry(answer: Answer) -> Trouble:
    """Say that a web page came."""
    detail = f"{answer.url.origin.authority} answered {answer.status} with {error_text(answer)}"
    return Trouble(NOT_A_REGISTRY, detail, where=answer.url.shown, status=str(answer.status))


def unexpected(answer: Answer) -> Trouble:
    """Say that the status means nothing here."""
    trouble = status_trouble(answer, "the registry")
    return Trouble(REGISTRY_ERROR, trouble.detail, where=trouble.where, status=trouble.status)


def look_of(answer: Answer, how: str = "") -> Look:
    """Give where was looked and what came back."""
    return Look(answer.url.shown, f"{answer.status}, {how}" if how else str(answer.status))


def has_manifests(answer: Answer) -> bool:
    """Tell an index from `{}`, which some registries answer for nothing; raises `Trouble` for what is no JSON."""
    try:
        members = parse_object(answer.body, "the list of referrers", frozenset({"manifests", "mediaType"}))
    except MalformedData as error:
        raise Trouble(REGISTRY_ERROR, str(error), where=answer.url.shown, status=f"200, {error.code}") from error
    return isinstance(members.get("manifests"), list)


def tags_of(answer: Answer) -> list[str]:
    """Read a list of tags (distribution-spec, "Listing Tags"); raises `Trouble` for something else."""
    try:
        tags = parse_object(answer.body, "the list of tags", frozenset({"name", "tags"})).get("tags")
    except MalformedData as error:
        raise Trouble(NOT_A_REGISTRY, str(error), where=answer.url.shown, status=f"200, {error.code}") from error
    if tags is not None and not isinstance(tags, list):
        raise Trouble(NOT_A_REGISTRY, "the list of tags is no list", where=answer.url.shown, status="200")
    return [tag for tag in tags or [] if isinstance(tag, str) and is_tag(tag)]


def read_repository(place: str) -> Repository:
    """Read `Ask.place`; raises `Trouble`."""
    registry, _, path = place.partition("/")
    try:
        return Repository(registry, path)
    except InvalidReference as error:
        raise Trouble(NOT_ANSWERED_HERE, f"{clip(place)} is no repository of a registry: {error}") from error


def read_digest(name: str) -> Digest:
    """Read a digest before it becomes part of a URL (CVE-2024-3727); raises `Trouble`."""
    try:
        return Digest.parse(name)
    except InvalidReference as error:
        raise Trouble(NOT_ANSWERED_HERE, f"cannot be asked for: {error}") from error


def read_name(name: str) -> Digest | None:
    """Give the digest that a manifest is asked for by, or None for a tag; raises `Trouble` for neither."""
    if ":" in name:
        return read_digest(name)
    if not is_tag(name):
        raise Trouble(NOT_ANSWERED_HERE, f"{clip(name)!r} is neither a tag nor a digest")
    return None
