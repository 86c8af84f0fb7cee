"""`gate tags REPOSITORY`: the tags of a repository with digest and convention; `--lock FILE` remembers them.

A registry says where a tag points, never where it pointed before. The lock file, kept in git beside the rules, is that
memory: the check `tag` compares with it, and this command ends with 1 where a release tag was pushed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from gate.errors import GateError, InvalidReference, MalformedData, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gate.cli._world import World
    from gate.evidence import Ask, Evidence
    from gate.formats.tag_lock import TagLock
    from gate.oci.digest import Digest
    from gate.pattern import Glob
    from gate.subject import Subject

__all__ = ["Changes", "Fixing", "add_parser", "compare", "run"]

#: Tags that follow one of these name one image for ever, unless --fixed says otherwise.
FIXED: Final = ("semver", "semver-v", "git-commit")
#: Each tag is one request; on Docker Hub it counts as a pull.
MOST_TAGS: Final = 3000

#: Where signatures and referrers hang without an API for them (distribution-spec, "Referrers Tag Schema"; cosign).
_EVIDENCE: Final = re.compile(r"sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z]+)?", re.ASCII)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `tags` to the command line."""
    from gate.cli.check import add_reach_options

    one = commands.add_parser(
        "tags",
        help="the tags of a repository, and a lock file that remembers them",
        description="List the tags of a repository with their digests and the conventions they follow. "
        "With --lock, remember them in a file and end with 1 if a fixed tag was pushed over since.",
        add_help=False,
        allow_abbrev=False,
    )
    add_reach_options(one, images=False)
    one.add_argument("repository", metavar="REPOSITORY", help="registry/repository, without a tag")
    one.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    lock = one.add_argument_group("lock file")
    lock.add_argument("--lock", metavar="FILE", help="compare with this file, then bring it up to date")
    lock.add_argument("--check", action="store_true", help="compare with the lock file, and do not write it")
    lock.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="PATTERN",
        help=f"convention or glob of tags that must not change (repeatable; default {', '.join(FIXED)})",
    )
    lock.add_argument(
        "--rules",
        action="append",
        default=[],
        metavar="FILE",
        help="rule file (repeatable): fixed are the tags that its rules with no-overwrite and this lock file name",
    )
    lock.add_argument(
        "--accept", action="append", default=[], metavar="TAG", help="this fixed tag was moved on purpose (repeatable)"
    )


class Fixing(Protocol):
    """What says which tags must not change."""

    def matches(self, tag: str) -> bool:
        """Tell whether the tag is one; raises `PatternTimeoutError` where an expression takes too long."""


class _OfRule(NamedTuple):
    """The patterns of one rule, on the tags that the rule is for."""

    patterns: tuple[Fixing, ...]
    tags: tuple[Glob, ...]

    def matches(self, tag: str) -> bool:
        """Tell whether the rule holds for the tag, and one of its patterns matches."""
        is_for = not self.tags or any(glob.matches(tag) for glob in self.tags)
        return is_for and any(one.matches(tag) for one in self.patterns)


class Changes(NamedTuple):
    """What is different from the lock file. `broken` are fixed tags on another digest: tag, before, now."""

    new: tuple[str, ...]
    moved: tuple[str, ...]
    gone: tuple[str, ...]
    broken: tuple[tuple[str, Digest, Digest], ...]


def run(arguments: argparse.Namespace, world: World) -> int:
    """List the tags; 0, or 1 if a fixed tag was pushed over, or 3 if not everything could be read."""
    from gate.oci.reference import Repository

    if (arguments.check or arguments.fixed or arguments.accept or arguments.rules) and not arguments.lock:
        raise UsageError("--check, --fixed, --rules and --accept are about a lock file: give --lock FILE as well")
    try:
        repository = str(Repository.parse(arguments.repository))
    except InvalidReference as error:
        raise UsageError(str(error)) from error
    fixed = _fixed(arguments, repository)
    lock = _read(arguments.lock, check=arguments.check) if arguments.lock else None
    tags = _collect(arguments, world, repository)
    unknown = sorted(set(arguments.accept) - tags.keys())
    if unknown:
        raise UsageError(f"--accept: {repository} has no tag {unknown[0]}")
    world.stdout.write(_json(repository, tags) if arguments.format == "json" else _text(tags))
    if lock is None:
        return 0
    tags = {tag: digest for tag, digest in tags.items() if _EVIDENCE.fullmatch(tag) is None}
    changes = compare(tags, lock.tags(repository), fixed, frozenset(arguments.accept))
    _tell(changes, repository, arguments.lock, world)
    if not arguments.rules:
        world.say(
            f"gate: fixed are only tags that are {', '.join(arguments.fixed or FIXED)}; if a rule with this lock file "
            "calls others fixed (no-overwrite), name its file: --rules FILE"
        )
    if changes.broken:
        return 1
    if not arguments.check:
        _write(arguments.lock, lock, repository, tags)
    return 0


def compare(
    tags: Mapping[str, Digest], locked: Mapping[str, Digest], fixed: tuple[Fixing, ...], accepted: frozenset[str]
) -> Changes:
    """Compare what the tags name with what they named; raises `GateError` if it cannot be told whether one is fixed."""
    differ = sorted(tag for tag in tags.keys() & locked.keys() if tags[tag] != locked[tag])
    broken = [tag for tag in differ if tag not in accepted and _is_fixed(tag, fixed)]
    return Changes(
        tuple(sorted(tags.keys() - locked.keys())),
        tuple(tag for tag in differ if tag not in broken),
        tuple(sorted(locked.keys() - tags.keys())),
        tuple((tag, locked[tag], tags[tag]) for tag in broken),
    )


def _is_fixed(tag: str, fixed: tuple[Fixing, ...]) -> bool:
    from gate.pattern import PatternTimeoutError

    try:
        return any(one.matches(tag) for one in fixed)
    except PatternTimeoutError as error:
        msg = f"it cannot be told whether the tag {tag} is fixed: an expression of the rule takes too long"
        raise GateError(msg) from error


def _fixed(arguments: argparse.Namespace, repository: str) -> tuple[Fixing, ...]:
    """Give what is fixed: by the rules and --fixed, or what most people mean."""
    from gate.checks.tag import TagPattern

    texts = arguments.fixed or ([] if arguments.rules else list(FIXED))
    try:
        given = tuple(TagPattern.from_text(text) for text in texts)
    except ValueError as error:
        raise UsageError(f"--fixed: {error}") from error
    return (*given, *_of_rules(arguments.rules, arguments.lock, repository)) if arguments.rules else given


def _of_rules(files: list[str], path: str, repository: str) -> list[_OfRule]:
    """Give what the rules call fixed that compare with this lock file: one with the same content, wherever it lies."""
    from gate.checks.tag import TagCheck, TagPattern
    from gate.cli._inputs import read_bounded
    from gate.formats.tag_lock import MOST_LOCK_BYTES
    from gate.ruleset.load import load_ruleset

    content = read_bounded(path, MOST_LOCK_BYTES)
    if isinstance(content, str):
        msg = f"--lock: {content} (--rules needs a lock file that is there: write the first one without)"
        raise UsageError(msg)
    found = []
    for rule in load_ruleset(files).for_repository(repository).rules:
        check = rule.check
        is_for = not rule.scope.images or any(glob.matches(repository) for glob in rule.scope.images)
        if isinstance(check, TagCheck) and check.lock is not None and check.lock.content == content and is_for:
            if check.no_overwrite:
                found.append(_OfRule(check.no_overwrite, rule.scope.tags))
            if check.highest_release or check.siblings:  # they rest on releases that stay where the file says
                found.append(_OfRule((TagPattern("semver"), TagPattern("semver-v")), ()))
    if not found:
        raise UsageError(f"--rules: no rule for {repository} calls tags fixed by the lock file {path} (no-overwrite)")
    return found


def _read(path: str, *, check: bool) -> TagLock:
    from pathlib import Path

    from gate.cli._inputs import read_bounded
    from gate.formats.tag_lock import MOST_LOCK_BYTES, TagLock, read_tag_lock

    if not Path(path).exists() and not check:
        return TagLock({})
    content = read_bounded(path, MOST_LOCK_BYTES)
    if isinstance(content, str):
        raise UsageError(f"--lock: {content}")
    try:
        return read_tag_lock(content)
    except MalformedData as error:
        raise UsageError(f"--lock {path}: {error}") from error


def _write(path: str, lock: TagLock, repository: str, tags: Mapping[str, Digest]) -> None:
    """Write the file whole. Tags that are gone stay: pushed again with other content, they are seen."""
    from gate.cli._inputs import write_whole

    kept = {**lock.tags(repository), **tags}
    write_whole(path, lock.with_tags(repository, kept).text())


class _AllTags(NamedTuple):
    """The list of tags, and what each of them names."""

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        from gate.checks.tag.listed import ask_tag, read_list

        listed = read_list(subject.place, have)
        if not listed.whole:
            return frozenset() if listed.more is None else frozenset({listed.more})
        if len(listed.tags) > MOST_TAGS:
            return frozenset()
        return frozenset(ask for tag in listed.tags if (ask := ask_tag(subject, tag)) not in have)


def _collect(arguments: argparse.Namespace, world: World, repository: str) -> dict[str, Digest]:
    """Read every tag; raises `GateError` where one could not be read: a list with holes would be taken for whole."""
    from gate.checks.tag.listed import read_list, read_tag
    from gate.cli._reach import opener
    from gate.collect import Limits, collect
    from gate.evidence import Absent
    from gate.finding import Undecided
    from gate.oci.digest import Digest
    from gate.subject import Subject

    subject = Subject(repository, repository, repository, "", Digest.of(b""), "", b"")
    with opener(arguments, world)(repository) as source:
        have = collect(source, [_AllTags()], subject, Limits(seconds=arguments.timeout, asks=MOST_TAGS + 100))
    listed = read_list(repository, have)
    if listed.problem is not None:
        raise GateError(f"{repository}: {listed.problem.what} ({listed.problem.reason.code})")
    if len(listed.tags) > MOST_TAGS:
        raise GateError(f"{repository} has {len(listed.tags)} tags; at most {MOST_TAGS} are read")
    tags = {}
    for tag in sorted(listed.tags):
        fact = read_tag(subject, tag, have)
        if isinstance(fact, Absent | Undecided):
            what = fact.what if isinstance(fact, Undecided) else f"the tag {tag} is gone"
            raise GateError(f"{repository}: {what} (tags-unread)")
        tags[tag] = Digest.of(fact.content)
    return tags


def _names(tag: str) -> list[str]:
    from gate.formats.conventions import CONVENTIONS

    if _EVIDENCE.fullmatch(tag) is not None:
        return ["evidence"]
    return [name for name, convention in CONVENTIONS.items() if convention.holds(tag)]


def _text(tags: Mapping[str, Digest]) -> str:
    width = max((len(tag) for tag in tags), default=0)
    lines = [
        f"{tag:<{width}}  {digest.short}  {', '.join(_names(tag)) or '-'}\n" for tag, digest in _ordered(tags).items()
    ]
    return "".join(lines) or "(no tags)\n"


def _ordered(tags: Mapping[str, Digest]) -> dict[str, Digest]:
    """Put tags of one digest next to each other, releases in the order of their versions."""
    from gate.formats.versions import release_of

    def key(tag: str) -> tuple[bool, tuple[int, int, int], str]:
        release = release_of(tag)
        return release is None, release.numbers if release else (0, 0, 0), tag

    firsts: dict[Digest, str] = {}
    for tag in sorted(tags, key=key):
        firsts.setdefault(tags[tag], tag)
    return {tag: tags[tag] for tag in sorted(tags, key=lambda tag: (key(firsts[tags[tag]]), key(tag)))}


def _json(repository: str, tags: Mapping[str, Digest]) -> str:
    import json

    entries = [{"tag": tag, "digest": str(digest), "conventions": _names(tag)} for tag, digest in sorted(tags.items())]
    return json.dumps({"repository": repository, "tags": entries}, indent=2) + "\n"


def _tell(changes: Changes, repository: str, path: str, world: World) -> None:
    for tag, before, now in changes.broken:
        world.say(f"gate: {repository}:{tag} was {before} and is {now} now (tag-overwritten)")
    for what, tags in (("new", changes.new), ("moved", changes.moved), ("gone, and still remembered", changes.gone)):
        if tags:
            more = f" and {len(tags) - 10} more" if len(tags) > 10 else ""  # noqa: PLR2004 -- a line is read
            world.say(f"gate: {what}: {', '.join(tags[:10])}{more}")
    if changes.broken:
        world.say(
            f"gate: {path} was not written; if a tag was moved on purpose, say --accept TAG (exit 1)",
        )
