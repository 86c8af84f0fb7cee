"""`gate evidence IMAGE`: everything the rules would see, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from gate.cli._world import World
    from gate.evidence import Ask, Evidence, Fact
    from gate.subject import Subject

__all__ = ["add_parser", "run"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `evidence` to the command line."""
    from gate.cli.check import add_policy_options, add_reach_options

    one = commands.add_parser(
        "evidence",
        help="everything the rules would see, as JSON",
        description="Collect what the rules need to know about one image and print it as JSON. Nothing is judged. "
        "What the image says is printed whole, secrets in its configuration included: mind who reads the log.",
        add_help=False,
        allow_abbrev=False,
    )
    add_reach_options(one)
    add_policy_options(one)


def run(arguments: argparse.Namespace, world: World) -> int:
    """Collect and print; 0 if every question had a definite answer, else 3."""
    from gate.app import needs_of
    from gate.cli._policy import load_policy, read_request
    from gate.cli._reach import opener
    from gate.collect import collect
    from gate.evidence import Unavailable
    from gate.markup import json_text

    request = read_request(arguments, world)
    policy = load_policy(arguments, request)
    open_source = opener(arguments, world)
    unread = 0
    shown = []
    for image in request.images:
        with open_source(image) as source:
            subject = source.resolve()
            own = policy.for_repository(subject.repository)
            evidence = collect(source, needs_of(own.ruleset, subject, own.book), subject, request.limits)
        shown.append({"image": image, "subject": _subject(subject), "answers": _answers(evidence)})
        unread += sum(isinstance(fact, Unavailable) for fact in evidence.answers.values())
    world.stdout.write(json_text({"schema": 1, "evidence": shown}))
    return 3 if unread else 0


def _subject(subject: Subject) -> dict[str, object]:
    return {
        "place": subject.place,
        "repository": subject.repository,
        "tag": subject.tag,
        "digest": str(subject.digest),
        "expected": str(subject.expected) if subject.expected else None,
        "media-type": subject.media_type,
        **_bytes(subject.content),
    }


def _answers(evidence: Evidence) -> list[dict[str, object]]:
    return [_answer(ask, fact) for ask, fact in sorted(evidence.answers.items())]


def _answer(ask: Ask, fact: Fact) -> dict[str, object]:
    """Give one question and its answer, in a form that loses no byte."""
    from gate.evidence import Found, Unavailable

    asked = {"place": ask.place, "kind": str(ask.kind), "name": ask.name}
    looked = {"where": fact.look.where, "status": fact.look.status}
    if isinstance(fact, Found):
        return {**asked, "fact": "found", **looked, "media-type": fact.media_type, **_bytes(fact.content)}
    if isinstance(fact, Unavailable):
        return {**asked, "fact": "unavailable", **looked, "reason": fact.code, "detail": fact.detail}
    return {**asked, "fact": "absent", **looked}


def _bytes(content: bytes) -> dict[str, object]:
    try:
        return {"size": len(content), "text": content.decode("utf-8")}
    except UnicodeDecodeError:
        import base64

        return {"size": len(content), "base64": base64.b64encode(content).decode("ascii")}
