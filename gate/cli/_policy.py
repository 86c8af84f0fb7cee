"""What decides, read from the command line: rules, waivers, reports, options, and the closure over them (S24)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gate.app import Request
from gate.cli._inputs import read_bounded, time_of, tracked_by_git
from gate.collect import Limits
from gate.errors import GateError, UsageError
from gate.evaluate import Policy
from gate.oci.digest import Digest
from gate.oci.platform import Platform
from gate.report import Closure, ClosureFile

if TYPE_CHECKING:
    import argparse

    from gate.book import ReportInput
    from gate.cli._world import World
    from gate.ruleset.rule import Ruleset

__all__ = ["load_policy", "read_request"]

#: Reports that are read at once.
_READERS: Final = 4

#: The deciding options, in the order they are listed.
_DECIDING = ("at", "platform", "expect_digest", "only")


def read_request(arguments: argparse.Namespace, world: World) -> Request:
    """Read images and what narrows them; raises `UsageError`, or `GateError` for a clock that cannot be right."""
    from gate import RELEASED

    for image in arguments.images:
        if image.startswith("-"):
            raise UsageError(f"{image} is an option, not an image; write images after -- in scripts")
    if len(set(arguments.images)) != len(arguments.images):
        raise UsageError("an image is named twice")
    if arguments.expect_digest and len(arguments.images) != 1:
        raise UsageError("--expect-digest is about one image; check several in several runs")
    now = world.now()
    if now.date().isoformat() < RELEASED:
        raise GateError(
            f"the clock says {now:%Y-%m-%d}, before this version of the gate was released ({RELEASED}): "
            "no age or expiry can be judged by it"
        )
    return Request(
        images=tuple(arguments.images),
        at=time_of(arguments.at) if arguments.at else now.replace(microsecond=0),
        platforms=tuple(_platform(text) for text in arguments.platform),
        expected=_digest("--expect-digest", arguments.expect_digest),
        only=tuple(arguments.only),
        limits=replace(Limits(), seconds=arguments.timeout),
        rules_from_head=arguments.rules_from == "head",
    )


def _platform(text: str) -> Platform:
    try:
        return Platform.parse(text)
    except ValueError as error:
        raise UsageError(f"--platform: {error}") from error


def _digest(option: str, text: str | None) -> Digest | None:
    if not text:
        return None
    try:
        return Digest.parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def load_policy(arguments: argparse.Namespace, request: Request, environment: tuple[str, ...] = ()) -> Policy:
    """Read every file that decides; raises `RuleFileError` with all mistakes, or `UsageError`.

    `environment` names the variables that were set, for the report only.
    """
    from gate.book import make_book
    from gate.cli.check import DEFAULT_RULES
    from gate.ruleset.load import load_ruleset, rules_digest
    from gate.waiver import check_waivers, load_waivers

    with ThreadPoolExecutor(_READERS, thread_name_prefix="gate-read") as pool:
        reading = [pool.submit(_read_report, path) for path in arguments.report]
        full = load_ruleset(tuple(arguments.rules or (DEFAULT_RULES,)))
        read = [future.result() for future in reading]
    waivers, waiver_files = load_waivers(tuple(arguments.waivers))
    check_waivers(waivers, full, request.at)  # before --only: a waiver for another rule is no mistake
    ruleset = _only(full, arguments.only)
    inputs = tuple(one for one, _ in read)
    reports = tuple(ClosureFile("report", one.path, digest) for one, digest in read if digest is not None)
    policy_files = (*ruleset.files, *waiver_files)
    options = tuple((f"--{name.replace('_', '-')}", value) for name in _DECIDING for value in _given(arguments, name))
    digest = rules_digest(policy_files, options)
    wanted = _digest("--rules-digest", arguments.rules_digest)
    if wanted is not None and wanted != digest:
        raise UsageError(f"the rules are not the ones that --rules-digest names: they have {digest}, wanted {wanted}")
    return Policy(
        ruleset,
        waivers,
        make_book(ruleset.signers, inputs),
        Closure(digest, (*policy_files, *reports), options, environment),
    )


def _read_report(path: str) -> tuple[ReportInput, Digest | None]:
    """Read and hash one report and ask git about it: each waits for something else than the rules do."""
    from gate.book import ReportInput

    content = read_bounded(path)
    digest = Digest.of(content) if isinstance(content, bytes) else None
    return ReportInput(path, content, tracked_by_git(path)), digest


def _given(arguments: argparse.Namespace, name: str) -> tuple[str, ...]:
    value = getattr(arguments, name)
    if not value:
        return ()
    return tuple(value) if isinstance(value, list) else (str(value),)


def _only(ruleset: Ruleset, wanted: list[str]) -> Ruleset:
    """Keep the rules that --only names."""
    if not wanted:
        return ruleset
    known = {rule.name for rule in ruleset.rules}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise UsageError(f"--only names no rule: {', '.join(unknown)} (there are: {', '.join(sorted(known))})")
    return ruleset.only(wanted)
