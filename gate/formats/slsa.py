"""SLSA: what a build says about itself (provenance v0.2 and v1), and a verifier's summary (VSA).

Formats: slsa.dev `provenance/v0.2`, `provenance/v1` (schema/provenance.cue), `verification_summary/v1`. Null, unset and
empty mean the same there, and unknown members are passed over. Everything here is the word of whoever signed the
statement; a caller verifies first and reads then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gate.errors import MalformedData
from gate.oci.descriptor import read_list, read_object, read_text

__all__ = [
    "PROVENANCE_TYPES", "PROVENANCE_V02", "PROVENANCE_V1", "SUMMARY_TYPE", "Provenance", "Source", "Summary",
    "build_level", "leaves", "read_provenance", "read_summary",
]  # fmt: skip

PROVENANCE_V02: Final = "https://slsa.dev/provenance/v0.2"
PROVENANCE_V1: Final = "https://slsa.dev/provenance/v1"
PROVENANCE_TYPES: Final = frozenset({PROVENANCE_V02, PROVENANCE_V1})
SUMMARY_TYPE: Final = "https://slsa.dev/verification_summary/v1"

#: A build with ten thousand inputs is one of a monorepo.
_MOST_DEPENDENCIES: Final = 10_000
_MOST_LEVELS: Final = 100
#: Parameters are flags and a few nested objects.
_MOST_PARAMETERS: Final = 1_000

#: What a commit is called among digests: `gitCommit` in v1, `sha1` in v0.2 and in older v1.
_COMMIT_NAMES: Final = ("gitCommit", "sha1")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_URI: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/?#]*)(?P<path>/.*)?", re.ASCII | re.DOTALL)
_GIT_SCHEMES: Final = frozenset({"https", "http", "ssh", "git"})
_BUILD_LEVEL: Final = re.compile(r"SLSA_BUILD_LEVEL_([0-3])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """What was built: `https://HOST/PATH` without `git+` and `.git`, the git ref, the commit; "" where not said."""

    repository: str
    ref: str
    revision: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """One provenance, of whichever version. Texts are "" where the build does not say.

    `sources` has one entry, none if nothing in it names a repository, or several if they name different ones.
    `parameters` are those that came from outside of the builder, flattened: `workflow/ref`.
    """

    builder: str
    build_type: str
    sources: tuple[Source, ...]
    trigger: str
    parameters: Mapping[str, str]
    finished: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One verification summary."""

    verifier: str
    resource: str
    is_passed: bool
    result: str
    levels: tuple[str, ...]
    policy: str
    verified: str


#: What was asked for is no repository that can be compared: it matches nothing, and nothing else stands in for it.
_UNREADABLE: Final = Source("", "", "")


def read_provenance(predicate_type: str, predicate: object, what: str) -> Provenance:
    """Read a verified predicate of one of `PROVENANCE_TYPES`; raises `MalformedData`."""
    members = _object(predicate, what)
    if predicate_type == PROVENANCE_V1:
        return _version_1(members, what)
    return _version_02(members, what)


def read_summary(predicate: object, what: str) -> Summary:
    """Read a verified predicate of `SUMMARY_TYPE`; raises `MalformedData`."""
    members = _object(predicate, what)
    result = _text(members, "verificationResult", what)
    return Summary(
        _text(_member(members, "verifier", what), "id", what),
        _text(members, "resourceUri", what),
        result == "PASSED",
        result,
        tuple(_scalar(level) for level in read_list(members, "verifiedLevels", what, _MOST_LEVELS)),
        _text(_member(members, "policy", what), "uri", what),
        _text(members, "timeVerified", what),
    )


def build_level(levels: tuple[str, ...]) -> int:
    """Give the highest SLSA build level among the levels of a summary; a level implies those below it."""
    found = (_BUILD_LEVEL.fullmatch(level) for level in levels)
    return max((int(match[1]) for match in found if match), default=0)


def leaves(value: object, what: str) -> dict[str, str]:
    """Flatten JSON: the path of each scalar (`workflow/ref`, `inputs/0`) with its text; null and empty are left out.

    Raises `MalformedData` for more than is read, and where two paths would be the same.
    """
    found: dict[str, str] = {}

    def walk(part: object, path: str) -> None:
        if isinstance(part, dict):
            for key, inner in part.items():
                walk(inner, f"{path}/{key}" if path else key)
        elif isinstance(part, list):
            for number, inner in enumerate(part):
                walk(inner, f"{path}/{number}")
        elif part is not None:
            if path in found or len(found) >= _MOST_PARAMETERS:
                msg = (
                    f"{what} has more than {_MOST_PARAMETERS} values" if path not in found else f"{what}: {path} twice"
                )
                raise MalformedData(msg, "malformed-json")
            found[path] = _scalar(part)

    walk(value, "")
    return found


def _version_1(members: dict[str, object], what: str) -> Provenance:
    definition = _member(members, "buildDefinition", what)
    details = _member(members, "runDetails", what)
    external = _member(definition, "externalParameters", what)
    internal = _member(definition, "internalParameters", what)
    inputs = [_dependency(one, what) for one in read_list(definition, "resolvedDependencies", what, _MOST_DEPENDENCIES)]
    return Provenance(
        _text(_member(details, "builder", what), "id", what),
        _text(definition, "buildType", what),
        _sources(_asked_for(external, what), inputs),
        _trigger(_member(internal, "github", what), "event_name", internal, "GITHUB_EVENT_NAME", what),
        leaves(external, f"{what}, externalParameters"),
        _text(_member(details, "metadata", what), "finishedOn", what),
    )


def _version_02(members: dict[str, object], what: str) -> Provenance:
    invocation = _member(members, "invocation", what)
    environment = _member(invocation, "environment", what)
    inputs = [_dependency(one, what) for one in read_list(members, "materials", what, _MOST_DEPENDENCIES)]
    config = _member(invocation, "configSource", what)
    return Provenance(
        _text(_member(members, "builder", what), "id", what),
        _text(members, "buildType", what),
        _sources(_asked(config, what), inputs),
        _trigger(environment, "github_event_name", environment, "GITHUB_EVENT_NAME", what),
        leaves(_member(invocation, "parameters", what), f"{what}, parameters"),
        _text(_member(members, "metadata", what), "buildFinishedOn", what),
    )


def _asked_for(external: dict[str, object], what: str) -> Source | None:
    """Give the source as the build was asked for it, where its build type is one of the known shapes.

    GitHub Actions (`workflow: {repository, ref}`), BuildKit (`configSource: {uri, digest}`), and `source`, a URI or
    {uri, digest}, of the generic builders. None where none of them is there.
    """
    workflow = external.get("workflow")
    if isinstance(workflow, dict):
        named = _source(_text(workflow, "repository", what), {}) or _UNREADABLE
        return Source(named.repository, _text(workflow, "ref", what) or named.ref, "")
    for key in ("source", "configSource"):
        said = external.get(key)
        if isinstance(said, str) and said:
            return _source(said, {}) or _UNREADABLE
        if isinstance(said, dict):
            return _asked(said, what)
    return None


def _asked(said: dict[str, object], what: str) -> Source | None:
    uri = _text(said, "uri", what)
    return (_source(uri, _member(said, "digest", what)) or _UNREADABLE) if uri else None


def _sources(asked: Source | None, inputs: list[Source | None]) -> tuple[Source, ...]:
    """Put together what was asked for and what the builder fetched: the commit usually stands in the latter."""
    fetched = tuple(dict.fromkeys(one for one in inputs if one is not None))
    if asked is None:
        return fetched
    same = [one for one in fetched if one.repository == asked.repository and one.ref in {"", asked.ref}]
    revisions = dict.fromkeys(one.revision for one in (asked, *same) if one.revision)
    return tuple(Source(asked.repository, asked.ref, revision) for revision in revisions or ("",))


def _dependency(value: object, what: str) -> Source | None:
    """Read {uri, digest} if it says that it is a git repository."""
    members = _object(value, what)
    uri, digest = _text(members, "uri", what), _member(members, "digest", what)
    return _source(uri, digest) if uri.startswith("git+") or any(name in digest for name in _COMMIT_NAMES) else None


def _source(uri: str, digest: Mapping[str, object]) -> Source | None:
    """Read `[git+]https://HOST/PATH[.git][@REF]`, or with `#REF` as BuildKit writes it.

    The path ends at its first `@`; refs may hold more of them.
    """
    match = _URI.fullmatch(uri.removeprefix("git+"))
    if match is None or match["scheme"] not in _GIT_SCHEMES:
        return None
    path, _, ref = (match["path"] or "").partition("@")
    path, _, fragment = path.partition("#")
    said = [text for name in _COMMIT_NAMES if isinstance(text := digest.get(name), str) and _COMMIT.fullmatch(text)]
    repository = f"{match['scheme']}://{match['host'].lower()}{path.rstrip('/').removesuffix('.git')}"
    return Source(repository, ref or fragment, said[0] if said else "")


def _trigger(first: dict[str, object], first_key: str, second: dict[str, object], second_key: str, what: str) -> str:
    return _text(first, first_key, what) or _text(second, second_key, what)


def _member(members: dict[str, object], key: str, what: str) -> dict[str, object]:
    """Give a member that is an object; null and unset are an empty one (slsa.dev, "Parsing rules")."""
    value = members.get(key)
    return {} if value is None else read_object(value, f"{what}, {key}", frozenset())


def _object(value: object, what: str) -> dict[str, object]:
    return {} if value is None else read_object(value, what, frozenset())


def _text(members: dict[str, object], key: str, what: str) -> str:
    return read_text(members, key, what, default="")


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
