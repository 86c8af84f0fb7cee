"""`gate promote IMAGE --to TAG…`: judge, then let tags name exactly the digest that was judged.

    0  every tag names the image (or, with --dry-run, would)     2  wrong usage or rule file
    1  the image failed, under its own reference or a new tag     3  no verdict, or a tag was not given

The reports that --output writes are those of the judging, with one line about the promotion at their head; their exit
code is this command's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from gate.errors import GateError, InvalidReference, OutputError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gate.app import Request
    from gate.cli._promotion import Promotion
    from gate.cli._world import World
    from gate.evaluate import Policy
    from gate.promote import Demands
    from gate.report import Document
    from gate.source import Source
    from gate.sources.registry import Registry
    from gate.verdict import Run

__all__ = ["add_parser", "run"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `promote` to the command line."""
    from gate.cli._ci import add_ci_options
    from gate.cli.check import add_policy_options, add_reach_options

    one = commands.add_parser(
        "promote",
        help="check an image, then give exactly that digest its tags",
        description="Judge one image under its own reference and under each tag it would get; if all of that passed, "
        "let the tags name exactly the digest that was judged, and read them back.",
        add_help=False,
        allow_abbrev=False,
    )
    one.add_argument("images", nargs=1, metavar="IMAGE", help="registry/repository:tag[@digest]")
    tags = one.add_argument_group("promotion")
    tags.add_argument(
        "--to", action="append", required=True, metavar="TAG", help="tag to give, in the same repository (repeatable)"
    )
    tags.add_argument(
        "--expect-current",
        action="append",
        default=[],
        metavar="[TAG=]DIGEST",
        help="what the tag has to name before; another digest, or none, is refused (repeatable)",
    )
    tags.add_argument("--no-clobber", action="store_true", help="refuse tags that exist and name another digest")
    tags.add_argument("--dry-run", action="store_true", help="judge, print the plan, write nothing")
    add_reach_options(one, images=False)
    add_policy_options(one)
    shown = one.add_argument_group("output")
    shown.add_argument("--format", choices=["text", "json"], default="text", help="of standard output (default: text)")
    shown.add_argument(
        "--output", action="append", default=[], metavar="FORMAT=FILE", help="write this report of the check too"
    )
    add_ci_options(shown)
    shown.add_argument("-v", "--verbose", action="store_true", help="the whole report of the check before the result")
    shown.add_argument("--colour", "--color", choices=["auto", "always", "never"], default="auto", help="default: auto")


def run(arguments: argparse.Namespace, world: World) -> int:
    """Judge, promote, write every report, print the result, and give the exit code."""
    from gate.app import unfinished
    from gate.cli._ci import ci_of
    from gate.cli._environment import were_set
    from gate.cli._policy import load_policy, read_request
    from gate.cli._progress import Progress
    from gate.cli._promotion import render
    from gate.cli._reach import opener
    from gate.cli.check import begin, read_outputs, refuse_overwriting, write_report

    style = world.style(arguments.colour, verbose=arguments.verbose)
    outputs = read_outputs(arguments.output)
    ci = ci_of(arguments, world)
    refuse_overwriting(arguments, outputs)
    begin(unfinished(tuple(arguments.images), world.now().replace(microsecond=0)), outputs, style, ci)
    request = read_request(arguments, world)
    demands = _demands(arguments)
    source = _registry(opener(arguments, world)(arguments.images[0]), arguments.images[0])
    with source, Progress(world) as progress:
        policy = load_policy(arguments, request, were_set(world.environ))
        job = _Job(arguments, world, source, demands, request, policy)
        promotion = job.done(lambda done, of: progress.told(arguments.images[0], done, of))
    unwritten: list[OutputError] = []
    for name, path in outputs:
        try:
            write_report(name, path, promotion.reported(), style)
        except OutputError as error:
            unwritten.append(error)
    world.stdout.write(render(promotion, arguments.format, style))
    unwritten += ci.finish(promotion.reported(), style)
    world.stdout.flush()
    for one in unwritten:
        world.say(f"gate: {one}")
    return promotion.code if not unwritten or promotion.code == 1 else 3


def _registry(source: Source, image: str) -> Registry:
    from gate.sources.registry import Registry

    if not isinstance(source, Registry):
        raise UsageError(
            f"{image} lies in a file, and only an image in a registry can be promoted: a clearance is given for what "
            "the registry itself serves now. Push it, then promote it there"
        )
    return source


class _Job(NamedTuple):
    """One promotion, with everything it needs."""

    arguments: argparse.Namespace
    world: World
    source: Registry
    demands: Demands
    request: Request
    policy: Policy

    def done(self, told: Callable[[int, int], None]) -> Promotion:
        """Resolve, judge under every reference, clear, plan, and write unless --dry-run."""
        import time

        from gate.app import document_of, open_image, unresolved
        from gate.cli._promotion import Promotion
        from gate.promote import destination, judge, plan, promote
        from gate.report import Judged
        from gate.verdict import Passed, Refusal, Undetermined, clear

        image, demands = self.request.images[0], self.demands
        subject = open_image(image, lambda _: self.source, self.request.expected).subject
        if isinstance(subject, GateError):
            undetermined = Judged(image, Undetermined(None, (), (), (unresolved(subject),)))
            return Promotion(document_of(self.request, self.policy, (undetermined,)), demands.tags)
        judged, evidence = judge(self.source, subject, demands, self.policy, self.request, told)
        document = document_of(self.request, self.policy, judged)
        verdict = judged[0].verdict
        if not isinstance(verdict, Passed) or not all(isinstance(one.verdict, Passed) for one in judged):
            return Promotion(document, demands.tags)
        cleared = clear(verdict, self._run(document, tuple(destination(subject, tag) for tag in demands.tags)))
        if isinstance(cleared, Refusal):
            return Promotion(document, demands.tags, refused=cleared.why)
        steps = plan(cleared, demands, evidence)
        if not self.arguments.dry_run:
            steps = promote(cleared, steps, self.source, self.world.now, time.sleep)
        return Promotion(document, demands.tags, steps, dry_run=self.arguments.dry_run)

    def _run(self, document: Document, references: tuple[str, ...]) -> Run:
        from gate.verdict import Run

        return Run(
            live=self.source.live,
            at=self.request.at,
            real_clock=not self.arguments.at,
            advisory=not document.enforced,
            all_platforms=not self.request.platforms,
            all_rules=not self.request.only,
            compared=bool(getattr(self.arguments, "compare", None)),
            rules_digest=str(document.closure.rules_digest),
            pinned_rules=not self.request.rules_from_head,
            destinations=references,
        )


def _demands(arguments: argparse.Namespace) -> Demands:
    """Read the tags and what is expected of them; raises `UsageError`."""
    from gate.oci.digest import Digest
    from gate.promote import Demands

    tags = tuple(_tag(text, arguments.images[0]) for text in arguments.to)
    if len(set(tags)) != len(tags):
        raise UsageError("--to names a tag twice")
    current = {}
    for text in arguments.expect_current:
        tag, equals, digest = text.rpartition("=")
        if not equals and len(tags) > 1:
            raise UsageError("--expect-current with several --to has to say which tag: --expect-current TAG=DIGEST")
        tag = tag if equals else tags[0]
        if tag not in tags:
            raise UsageError(f"--expect-current is about {tag!r}, which no --to names")
        if tag in current:
            raise UsageError(f"--expect-current says twice what {tag} names")
        try:
            current[tag] = Digest.parse(digest)
        except ValueError as error:
            raise UsageError(f"--expect-current: {error}") from error
    return Demands(tags, arguments.no_clobber, MappingProxyType(current))


def _tag(text: str, image: str) -> str:
    """Read one --to: a tag, or a whole reference in the image's own repository."""
    from gate.oci.reference import Reference, is_tag
    from gate.promote import is_evidence_tag

    tag = text
    if not is_tag(text):
        try:
            wanted, own = Reference.parse(text), Reference.parse(image)
        except InvalidReference as error:
            raise UsageError(f"--to {text!r} is neither a tag nor a reference: {error}") from error
        if wanted.digest is not None or not wanted.tag or not text.endswith(f":{wanted.tag}"):
            raise UsageError(f"--to {text} has to name a tag and nothing behind it: the digest is that of the image")
        if wanted.repository != own.repository:
            raise UsageError(
                f"--to {text} is in the repository {wanted.repository}, the image in {own.repository}; an image can "
                "only be promoted inside its own repository"
            )
        tag = wanted.tag
    if is_evidence_tag(tag):
        raise UsageError(f"--to {tag}: tags of this form hold signatures and other evidence, and are never a target")
    return tag
