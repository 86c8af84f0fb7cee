"""What a CI system wants to hear of a run: annotations, a summary, and outputs for later jobs (`--ci`, `--outputs`).

None of this decides: the system is named or recognised, told what came of the run, and the exit code stays that of the
verdict. What was asked for by name and cannot be written counts like a report that cannot be written; what was only
recognised is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from gate.errors import OutputError, UsageError
from gate.rooms import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from gate.cli._world import World
    from gate.report import Document, Style

__all__ = ["SYSTEMS", "Ci", "add_ci_options", "ci_of", "recognised", "values_of"]


class System(NamedTuple):
    """One system: the variable it sets in every job, the report that it understands on a log, and on which stream."""

    variable: str
    value: str
    printed: str = ""
    on_stdout: bool = False


#: GitHub reads commands on both streams, so standard output stays what it is; Azure's documentation promises
#: standard output alone (actions/runner, ScriptHandler.cs; Azure Pipelines, logging commands).
SYSTEMS: Final[Mapping[str, System]] = {
    "github": System("GITHUB_ACTIONS", "true", "github"),
    "gitlab": System("GITLAB_CI", "true"),
    "azure": System("TF_BUILD", "True", "azure", on_stdout=True),
}

#: Forms of standard output that no program reads: commands for the CI system may stand there too.
_FOR_PEOPLE: Final = frozenset({"terminal", "text"})

#: Where GitLab's job looks for its `artifacts:reports:dotenv`, as our template says.
_DOTENV: Final = "gate.env"

_NUMBER: Final = re.compile(r"[0-9]{1,9}")
#: The only values that outputs can have: nothing of an image's own text gets into a file that a runner obeys.
_SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "verdict": re.compile(r"passed|failed|undetermined"),
    "enforced": re.compile(r"true|false"),
    "digest": re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})?"),
    "image": re.compile(r"([a-z0-9][a-z0-9._:/\[\]-]{0,500}@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"),
    "failed": _NUMBER,
    "warned": _NUMBER,
    "undecided": _NUMBER,
}


def add_ci_options(shown: argparse._ArgumentGroup) -> None:
    """Add `--ci` and `--outputs`."""
    shown.add_argument(
        "--ci",
        choices=["auto", *SYSTEMS, "none"],
        default="none",
        help="tell this CI system: annotations, summary, outputs (auto: recognise it; default: none)",
    )
    shown.add_argument(
        "--outputs",
        metavar="FILE",
        help="write GATE_VERDICT, GATE_DIGEST, … as NAME=VALUE lines (default: where the CI system looks)",
    )


def recognised(environ: Mapping[str, str]) -> str:
    """Give the system whose variable is set; the generic `CI` says too little and is not looked at."""
    for name, system in SYSTEMS.items():
        if environ.get(system.variable) == system.value:
            return name
    return "none"


def ci_of(arguments: argparse.Namespace, world: World) -> Ci:
    """Give what has to be told to whom; raises `UsageError` for an --outputs that is also an --output."""
    if arguments.outputs and any(text.partition("=")[2] == arguments.outputs for text in arguments.output):
        raise UsageError("--outputs and --output name the same file")
    asked = arguments.ci != "auto"
    name = arguments.ci if asked else recognised(world.environ)
    return Ci(world, name, asked=asked, outputs=arguments.outputs or "", alone=arguments.format not in _FOR_PEOPLE)


def values_of(document: Document) -> dict[str, str]:
    """Give the outputs of a run, each of a fixed shape; a digest only if all images have the same one."""
    from gate.overview import run_word, summarise
    from gate.verdict import Level, Status

    subjects = [judged.verdict.subject for judged in document.judged]
    digests = {str(subject.digest) if subject is not None else "" for subject in subjects}
    first = subjects[0] if subjects else None
    digest = digests.pop() if len(digests) == 1 else ""
    rules = [rule for judged in document.judged for rule in summarise(judged.verdict)]
    not_held = {Status.VIOLATED, Status.UNDECIDED}
    values = {
        "verdict": run_word(document),
        "enforced": "true" if document.enforced else "false",
        "digest": digest,
        "image": f"{first.repository}@{digest}" if digest and first is not None and first.repository else "",
        "failed": str(sum(rule.level is Level.ERROR and rule.status is Status.VIOLATED for rule in rules)),
        "warned": str(sum(rule.level is Level.WARNING and rule.status in not_held for rule in rules)),
        "undecided": str(sum(rule.level is Level.ERROR and rule.status is Status.UNDECIDED for rule in rules)),
    }
    return {name: value if _SHAPES[name].fullmatch(value) else "" for name, value in values.items()}


class _Options(NamedTuple):
    """How the command line asked: by name, where outputs go, whether a program reads standard output."""

    asked: bool
    outputs: str
    alone: bool


class Ci:
    """One run as one system sees it. First `begin`, then `finish`; each gives what could not be written."""

    def __init__(self, world: World, name: str, *, asked: bool, outputs: str, alone: bool) -> None:
        """Keep where to write; nothing is written yet."""
        self._world = world
        self._name = name
        self._system = SYSTEMS.get(name)
        self._options = _Options(asked=asked, outputs=outputs, alone=alone)

    def begin(self, pending: Document) -> None:
        """Say `undetermined` before anything else (S8); raises `OutputError`."""
        unwritten = self._tried([lambda: self._write_outputs(pending)])
        if unwritten:
            raise unwritten[0]

    def finish(self, document: Document, style: Style) -> list[OutputError]:
        """Print for the system, write its summary and the outputs; give what was asked for and failed."""
        return self._tried(
            [
                lambda: self._print(document, style),
                lambda: self._write_summary(document, style),
                lambda: self._write_outputs(document),
            ]
        )

    def _tried(self, steps: list[Callable[[], None]]) -> list[OutputError]:
        errors = []
        for step in steps:
            try:
                step()
            except OutputError as error:
                errors.append(error)
        if self._options.asked or self._options.outputs:
            return errors
        for one in errors:
            self._world.say(f"gate: {one}")
        return []

    def _stream(self) -> Callable[[str], object]:
        on_stdout = self._system is not None and self._system.on_stdout and not self._options.alone
        return self._world.stdout.write if on_stdout else self._world.stderr.write

    def _print(self, document: Document, style: Style) -> None:
        if self._system is not None and self._system.printed:
            renderer = load("reports", self._system.printed).RENDERER
            from dataclasses import replace

            self._stream()(renderer.render(document, replace(style, colour=False, width=80)))

    def _write_summary(self, document: Document, style: Style) -> None:
        path = self._world.environ.get("GITHUB_STEP_SUMMARY", "") if self._name == "github" else ""
        if not path:
            return
        from dataclasses import replace

        text = load("reports", "markdown").RENDERER.render(document, replace(style, colour=False))
        try:
            _append(path, text, "summary")
        except OutputError as error:
            self._world.say(f"gate: {error}")  # nobody asked for it by name, and it decides nothing

    def _write_outputs(self, document: Document) -> None:
        values = values_of(document)
        dotenv = "".join(f"{_variable(name)}={value}\n" for name, value in values.items())
        if self._options.outputs:
            self._write(self._options.outputs, dotenv)
        elif self._name == "github":
            path = self._world.environ.get("GITHUB_OUTPUT", "")
            if path:
                _append(path, "".join(f"{name}={value}\n" for name, value in values.items()), "file of outputs")
        elif self._name == "gitlab":
            self._write(_DOTENV, dotenv)
        elif self._name == "azure":
            for name, value in values.items():
                self._stream()(f"##vso[task.setvariable variable={_variable(name)};isOutput=true]{value}\n")

    def _write(self, path: str, text: str) -> None:
        from gate.cli._inputs import write_whole

        write_whole(path, text, "file of outputs")


def _variable(name: str) -> str:
    """Give the variable for an output. GATE_IMAGE is what a job is asked for, and outputs may become its variables."""
    return "GATE_PINNED_IMAGE" if name == "image" else f"GATE_{name.upper()}"


def _append(path: str, text: str, what: str) -> None:
    """Add to a file that the runner made for this step; raises `OutputError`."""
    from pathlib import Path

    from gate.printable import clip

    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"the {what} {clip(path)} cannot be written: {reason}") from error
