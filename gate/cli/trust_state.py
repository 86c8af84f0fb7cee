"""`gate trust-state IMAGE…`: keep the versions of trust data that were seen, so that older ones are noticed.

The only place that writes a state file. What does not verify with the rule file's signers is never kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from datetime import datetime

    from gate.app import Request
    from gate.cli._world import World
    from gate.evaluate import Policy
    from gate.evidence import Evidence
    from gate.signers.content_trust import ContentTrust
    from gate.source import Source
    from gate.subject import Subject

__all__ = ["add_parser", "run"]

_MOST_STATE_BYTES: Final = 4 * 1024 * 1024
_SOMETHING_MISSING: Final = 3


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `trust-state` to the command line."""
    from gate.cli.check import add_policy_options, add_reach_options

    one = commands.add_parser(
        "trust-state",
        help="keep the versions of trust data that were seen",
        description="Read and verify the trust data of images with the content-trust signers of the rules, and keep "
        "its versions in a file that `state` of the signers names. Versions in the file never fall.",
        add_help=False,
        allow_abbrev=False,
    )
    add_reach_options(one)
    add_policy_options(one)
    one.add_argument("--state", required=True, metavar="FILE", help="the file to write; it may not exist yet")


def run(arguments: argparse.Namespace, world: World) -> int:
    """Keep what verifies; 0 if the trust data of every image did, else 3."""
    from gate.cli._inputs import write_whole
    from gate.cli._policy import load_policy, read_request
    from gate.cli._reach import opener
    from gate.formats.notary_state import parse_state, write_state

    request = read_request(arguments, world)
    policy = load_policy(arguments, request)
    known = _known(arguments.state)
    open_source = opener(arguments, world)
    code = 0
    for image in request.images:
        with open_source(image) as source:
            subject = source.resolve()
            versions = _versions(source, subject, policy, request, world)
        if versions:
            content = write_state(known, subject.repository, versions)
            known = parse_state(content, arguments.state)
            write_whole(arguments.state, content.decode(), "state file")
            world.stdout.write(f"{subject.repository}: {_words(known[subject.repository])}\n")
        else:
            code = _SOMETHING_MISSING
    return code


def _known(path: str) -> Mapping[str, Mapping[str, int]]:
    from pathlib import Path

    from gate.cli._inputs import read_bounded
    from gate.errors import MalformedData, UsageError
    from gate.formats.notary_state import parse_state

    if not Path(path).exists():
        return {}
    content = read_bounded(path, _MOST_STATE_BYTES)
    if isinstance(content, str):
        raise UsageError(f"--state: {content}")
    try:
        return parse_state(content, path)
    except MalformedData as error:
        raise UsageError(f"--state: {error}") from error


def _versions(source: Source, subject: Subject, policy: Policy, request: Request, world: World) -> dict[str, int]:
    """Give the highest versions that any signer verified; says what did not verify."""
    from gate.collect import collect
    from gate.signers.content_trust import ContentTrust

    signers = policy.for_repository(subject.repository).ruleset.signers
    found: dict[str, int] = {}
    trusting = {name: signer for name, signer in sorted(signers.items()) if isinstance(signer, ContentTrust)}
    if not trusting:
        world.say("gate: the rules name no signer of the kind content-trust: there is nothing to keep")
    for name, signer in trusting.items():
        evidence = collect(source, signer.needs(subject), subject, request.limits)
        read = _read(signer, name, subject, evidence, request.at)
        if isinstance(read, str):
            world.say(f"gate: {subject.typed}: {read}")
            return {}
        for file, version in read.items():
            found[file] = max(version, found.get(file, 0))
    return found


def _read(
    signer: ContentTrust, name: str, subject: Subject, evidence: Evidence, at: datetime
) -> Mapping[str, int] | str:
    """Give the versions, or one sentence why there are none."""
    reading = signer.seen(subject, evidence, at)
    if reading is None:
        return f"{name} may not vouch for it, or it has no repository or tag"
    if reading.refused is not None:
        return f"{name}: {reading.refused.detail} ({reading.refused.reason.code})"
    if reading.unread:
        return f"{name}: {reading.unread[0].detail} ({reading.unread[0].code})"
    if reading.trusted is None:
        return f"{name}: there is no trust data"
    return reading.trusted.versions


def _words(versions: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
