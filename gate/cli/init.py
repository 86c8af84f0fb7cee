"""`gate init [IMAGE]`: a starter rule file and pipeline job for the repository it stands in; nothing is overwritten."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import GateError, OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from gate.cli._starter import Candidate, Key
    from gate.cli._world import World
    from gate.report import Document

__all__ = ["add_parser", "run"]

WAIVERS: Final = "gate-waivers.yaml"
_REASON: Final = "It was there when the gate was introduced."
_EXPIRES: Final = "14d"
_MOST_SHOWN: Final = 300
#: The other options of a check, as they are where nobody gives them.
_ASKS_NOTHING: Final[dict[str, object]] = {
    "report": [], "waivers": [], "platform": [], "only": [], "at": None, "expect_digest": None, "rules_digest": None,
    "rules_from": "base",
}  # fmt: skip
_SOMEWHERE: Final = "registry.example.com/team/app"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `init` to the command line."""
    from gate.cli.check import add_reach_options

    one = commands.add_parser(
        "init",
        help="write a starter rule file and pipeline job",
        description="Write a rule file and a pipeline job for the repository in this directory. With an image, what "
        "it already keeps is enforced, and what it does not keep yet warns. Nothing is overwritten.",
        add_help=False,
        allow_abbrev=False,
    )
    one.add_argument("image", nargs="?", metavar="IMAGE", help="an image of this repository, to look at")
    made = one.add_argument_group("what is written")
    made.add_argument("--rules", default="gate.yaml", metavar="FILE", help="the rule file (default gate.yaml)")
    made.add_argument(
        "--job",
        choices=["auto", "github", "gitlab", "none"],
        default="auto",
        help="the pipeline job (auto: for what the repository is built with; default)",
    )
    made.add_argument("--dry-run", action="store_true", help="print the files, write nothing")
    old = one.add_argument_group("an old estate")
    old.add_argument(
        "--waive-current",
        action="store_true",
        help=f"enforce everything, and accept in {WAIVERS} what this very IMAGE violates, for a while; no findings "
        "about signatures, attestations or secrets",
    )
    old.add_argument("--owner", default="", metavar="WHO", help="who answers for these waivers")
    old.add_argument("--expires", default=_EXPIRES, metavar="WHEN", help=f"their last day (default {_EXPIRES})")
    old.add_argument("--reason", default=_REASON, metavar="TEXT", help="why they are accepted")
    add_reach_options(one, images=False)


def run(arguments: argparse.Namespace, world: World) -> int:
    """Look, choose, write, and say what was done. Raises `UsageError` before anything is written."""
    from gate.cli._starter import candidates, keys_in, written
    from gate.printable import clip

    folder = Path.cwd()
    _check(arguments, folder)
    keys = keys_in(folder)
    offered = candidates(keys, is_known=bool(arguments.image))
    look = _Look(arguments, world, keys, folder / Path(arguments.rules).parent)
    chosen, warns = look.chosen(offered) if arguments.image else (_first_of_each(offered, ()), frozenset())
    text = written(arguments.rules, chosen, () if arguments.waive_current else warns, keys, look.repository)
    files = {arguments.rules: text}
    if arguments.waive_current:
        waivers = look.waivers(text)
        if waivers:
            files[WAIVERS] = waivers
        for finding in look.unwaived:
            world.say(f"gate: not accepted, decide it yourself: {clip(finding, _MOST_SHOWN)}")
    files |= _jobs(arguments, folder, look.repository or _SOMEWHERE, has_waivers=WAIVERS in files)
    if arguments.dry_run:
        world.stdout.write("".join(f"# --- {name}\n{content}\n" for name, content in files.items()))
        return 0
    for name, content in files.items():
        _write_new(folder, name, content)
    _tell(arguments, world, files, sorted(warns))
    return 0


def _check(arguments: argparse.Namespace, folder: Path) -> None:
    """Refuse what cannot end well; raises `UsageError`."""
    if arguments.waive_current and not (arguments.image and arguments.owner):
        raise UsageError("--waive-current needs an IMAGE to look at, and --owner: somebody has to answer for waivers")
    if arguments.image and arguments.image.startswith("-"):
        raise UsageError(f"{arguments.image} is an option, not an image; write images after -- in scripts")
    rules = Path(arguments.rules)
    if rules.is_absolute() or ".." in rules.parts or not arguments.rules.isascii() or not arguments.rules.isprintable():
        raise UsageError("--rules has to be a plain path inside of this directory")
    for name in (arguments.rules, *((WAIVERS,) if arguments.waive_current else ())):
        if os.path.lexists(folder / name):
            raise UsageError(f"{name} is there already, and is not overwritten (--rules names another file)")


class _Look:
    """Looks at one image with rules that are tried, not kept."""

    def __init__(self, arguments: argparse.Namespace, world: World, keys: Sequence[Key], folder: Path) -> None:
        """Read nothing yet; `repository` is known once the image was resolved, `unwaived` once there are waivers."""
        self.arguments = arguments
        self.world = world
        self.keys = keys
        self.folder = folder
        self.repository = ""
        self.unwaived: tuple[str, ...] = ()

    def chosen(self, offered: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], frozenset[str]]:
        """Give the rules to write, and the names of those that do not hold today."""
        from gate.cli._starter import written
        from gate.overview import summarise
        from gate.verdict import Status

        holds: set[Candidate] = set()
        for round_ in _rounds(offered):
            document = self.judged(written("gate.yaml", round_, (), self.keys, self.repository), unmerged=round_)
            kept = {rule.rule for rule in summarise(document.judged[0].verdict) if rule.status is Status.SATISFIED}
            holds |= {one for one in round_ if one.name in kept}
        chosen = _first_of_each(offered, holds)
        return chosen, frozenset(one.name for one in chosen if one not in holds)

    def judged(self, text: str, unmerged: Sequence[Candidate] = ()) -> Document:
        """Judge the image by the text of a rule file, or by each of some rules on its own."""
        from gate.app import check
        from gate.cli._policy import load_policy, read_request
        from gate.cli._reach import opener

        if unmerged:
            head, _, _ = text.partition("\nrules:\n")
            rules = (f"  {one.name}:\n" + "".join(f"    {line}\n" for line in one.body) for one in unmerged)
            text = f"{head}\nrules:\n{''.join(rules)}"
        with _beside(self.folder, text) as path:
            mine = {**vars(self.arguments), "images": [self.arguments.image], "rules": [path]}
            given = argparse.Namespace(**{**_ASKS_NOTHING, **mine})
            request = read_request(given, self.world)
            document = check(request, opener(given, self.world), lambda: load_policy(given, request))
        subject = document.judged[0].verdict.subject
        if subject is None:
            causes = getattr(document.judged[0].verdict, "causes", ())
            why = causes[0].what if causes else "it could not be resolved"
            raise GateError(f"{self.arguments.image} could not be looked at, and nothing was written: {why}")
        self.repository = subject.repository
        return document

    def waivers(self, text: str) -> str:
        """Give the waiver file for what the rules find today."""
        from gate.cli._waiver_text import unwaived, write_waivers
        from gate.waiver import check_lengths, read_waivers

        end: date = _end(self.arguments.expires, self.world.now())
        judged = self.judged(text).judged
        self.unwaived = unwaived(judged)
        written = write_waivers(judged, self.arguments.owner, end, self.arguments.reason)
        check_lengths(read_waivers(WAIVERS, written.encode()) if written else (), self.world.now())
        return written


def _end(text: str, at: datetime) -> date:
    from gate.cli.waivers import _expiry

    return _expiry(text, at, is_time=False)


def _rounds(offered: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    """Give candidates whose names do not meet, in as few rounds as there are rules of one name."""
    left = list(offered)
    while left:
        names: set[str] = set()
        now = tuple(one for one in left if one.name not in names and not names.add(one.name))  # type: ignore[func-returns-value]
        yield now
        left = [one for one in left if one not in now]


def _first_of_each(offered: Sequence[Candidate], holds: Collection[Candidate]) -> tuple[Candidate, ...]:
    """Give one candidate of each group, preferably one that holds; of labels only those that hold, if any are known."""
    chosen: dict[str, Candidate] = {}
    for one in offered:
        if one.label and holds and one not in holds:
            continue
        key = one.group or one.name
        if key not in chosen or (one in holds and chosen[key] not in holds):
            chosen[key] = one
    return tuple(chosen.values())


@contextlib.contextmanager
def _beside(folder: Path, text: str) -> Iterator[str]:
    """Write a file that is gone afterwards where the rule file will be, since keys are named from there."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = tempfile.NamedTemporaryFile(  # noqa: SIM115 -- removed below, whatever happens between
            "w", encoding="utf-8", dir=folder, prefix=".gate-init-", suffix=".yaml", delete=False
        )
        with stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"nothing can be written here: {error.strerror or error}") from error
    try:
        yield stream.name
    finally:
        with contextlib.suppress(OSError):
            Path(stream.name).unlink()


def _jobs(arguments: argparse.Namespace, folder: Path, repository: str, *, has_waivers: bool) -> dict[str, str]:
    """Give the pipeline jobs to write: none that is there already."""
    from gate.cli._pipeline import JOBS, found_systems
    from gate.cli._starter import PLAIN

    wanted = found_systems(folder) if arguments.job == "auto" else (arguments.job,)
    rules = arguments.rules if PLAIN.fullmatch(arguments.rules) else json.dumps(arguments.rules)
    values = {"@IMAGE@": repository, "@RULES@": rules, "@WAIVERS@": WAIVERS if has_waivers else '""'}
    found = {}
    for name in wanted:
        job = JOBS.get(name)
        if job is None or os.path.lexists(folder / job.path):
            continue
        text = job.text
        for mark, value in values.items():
            text = text.replace(mark, value)
        found[job.path] = text
    return found


def _write_new(folder: Path, name: str, text: str) -> None:
    """Write a file that is not there yet; raises `OutputError`, also if somebody else was quicker."""
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise OutputError(f"{name} would lie outside of this directory, behind a link")
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror or error}") from error


def _tell(arguments: argparse.Namespace, world: World, files: dict[str, str], warns: list[str]) -> None:
    """Say what was written and what comes next."""
    from gate.cli._pipeline import JOBS, PAGES, found_systems
    from gate.printable import harmless, printable

    lines = [f"wrote {name}" for name in files]
    if warns and not arguments.waive_current:
        lines.append(f"do not hold today, and only warn: {', '.join(warns)}")
    for name in found_systems(Path.cwd()) if arguments.job == "auto" else (arguments.job,):
        if name in PAGES:
            lines.append(f"this repository is built with {name}: docs/ci/{name}.md has the step to copy")
        elif name in JOBS:
            job = JOBS[name]
            lines.append(
                f"next: {job.then}" if job.path in files else f"{job.path} is there already, and stays as it is"
            )
    waivers = f" --waivers {WAIVERS}" if WAIVERS in files else ""
    lines.append(f"try: gate check --rules {shlex.quote(arguments.rules)}{waivers} {arguments.image or 'IMAGE'}")
    world.stdout.write("".join(f"{harmless(printable(line))}\n" for line in lines))
