"""`gate rules …`: work on rule files like on code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.errors import RuleFileError, UsageError

if TYPE_CHECKING:
    import argparse

    from gate.cli._world import World
    from gate.errors import Mistake

__all__ = ["add_parser", "run"]

DEFAULT_RULES: Final = "gate.yaml"
DEFAULT_CASES: Final = "gate.test.yaml"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `rules` and its commands to the command line."""
    top = commands.add_parser(
        "rules",
        help="work on rule files: lint, show, explain, test, schema",
        description="Work on rule files like on code.",
        add_help=False,
        allow_abbrev=False,
    )
    inner = top.add_subparsers(dest="rules_command", metavar="COMMAND", required=True)
    lint = inner.add_parser(
        "lint",
        help="report every mistake of rule files and waivers",
        description="Report every mistake of rule files (and waivers). Exit code 0 if there is none, 2 otherwise.",
        add_help=False,
        allow_abbrev=False,
    )
    _add_files(lint)
    lint.add_argument("--waivers", action="append", default=[], metavar="FILE", help="also a waiver file (repeatable)")
    show = inner.add_parser(
        "show",
        help="the merged rules, each value with its place",
        description="Show the merged rules and signers, each value with the place it comes from.",
        add_help=False,
        allow_abbrev=False,
    )
    _add_files(show)
    explain = inner.add_parser(
        "explain",
        help="what one rule asks for, in words",
        description="Explain one merged rule: what it asks for and where each value comes from. With an image also "
        "what it says of that image now; whatever that is, the exit code is 0, or 3 if it could not be told.",
        add_help=False,
        allow_abbrev=False,
    )
    _add_explain(explain)
    _add_test(inner)
    inner.add_parser(
        "schema",
        help="the JSON Schema of rule files, for editors",
        description="Print the JSON Schema of rule files, for editors.",
        add_help=False,
        allow_abbrev=False,
    )


def _add_explain(explain: argparse.ArgumentParser) -> None:
    from gate.cli.check import add_reach_options

    explain.add_argument("rule", metavar="RULE", help="the rule's name")
    explain.add_argument("image", nargs="?", metavar="IMAGE", help="as for gate check")
    explain.add_argument("--rules", action="append", default=[], metavar="FILE", help=f"default: {DEFAULT_RULES}")
    for name, metavar, what in (("report", "FILE", "scanner report"), ("waivers", "FILE", "waiver file"),
                                ("platform", "OS/ARCH", "only this platform")):  # fmt: skip
        text = f"of the image: {what} (repeatable)"
        explain.add_argument(f"--{name}", action="append", default=[], metavar=metavar, help=text)
    explain.add_argument("--at", metavar="TIME", help="of the image: as of this time (RFC 3339; default: now)")
    add_reach_options(explain, images=False)


def _add_test(inner: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    test = inner.add_parser(
        "test",
        help="run the cases beside a rule file",
        description="Run the cases of FILE (gate.test.yaml, or the one beside a rule file). Exit code 0 if all hold.",
        add_help=False,
        allow_abbrev=False,
    )
    test.add_argument(
        "files", nargs="*", default=[DEFAULT_CASES], metavar="FILE", help=f"cases or rules (default: {DEFAULT_CASES})"
    )
    test.add_argument("--complete", action="store_true", help="also exit 1 if a rule has no passing or failing case")


def _add_files(one: argparse.ArgumentParser) -> None:
    text = f"a rule file or builtin:NAME (default: {DEFAULT_RULES})"
    one.add_argument("files", nargs="*", default=[DEFAULT_RULES], metavar="FILE", help=text)


def run(arguments: argparse.Namespace, world: World) -> int:
    """Run one of the commands; raises `RuleFileError` with every mistake, which ends in exit code 2."""
    if arguments.rules_command == "test":
        return _test(arguments, world)
    if arguments.rules_command == "explain":
        return _explain(arguments, world)
    commands = {"lint": _lint, "show": _show, "schema": _schema}
    world.stdout.write(commands[arguments.rules_command](arguments, world))
    return 0


def _lint(arguments: argparse.Namespace, world: World) -> str:
    from gate.printable import printable
    from gate.ruleset.load import load_ruleset
    from gate.waiver import check_waivers, load_waivers

    mistakes: list[Mistake] = []
    ruleset, waivers = None, None
    try:
        ruleset = load_ruleset(arguments.files)
    except RuleFileError as error:
        mistakes += error.mistakes
    try:
        waivers, _ = load_waivers(arguments.waivers)
    except RuleFileError as error:
        mistakes += error.mistakes
    if mistakes or ruleset is None or waivers is None:
        raise RuleFileError(tuple(mistakes))
    check_waivers(waivers, ruleset, world.now())
    files = sum(file.role == "rules" for file in ruleset.files)
    counted = [_count(len(ruleset.rules), "rule"), _count(len(ruleset.signers), "signer")]
    counted += [_count(len(waivers), "waiver")] if arguments.waivers else []
    names = ", ".join(printable(name) for name in arguments.files)
    return f"{names}: no mistakes ({', '.join(counted)}, {_count(files, 'rule file')} read)\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show(arguments: argparse.Namespace, world: World) -> str:
    from gate.ruleset.load import load
    from gate.ruleset.show import merged

    del world
    return merged(load(arguments.files))


def _explain(arguments: argparse.Namespace, world: World) -> int:
    from gate.printable import clip
    from gate.ruleset.load import load
    from gate.ruleset.mistakes import meant
    from gate.ruleset.show import explained

    about_image = [name for name in ("report", "waivers", "platform", "at") if getattr(arguments, name)]
    if arguments.image is None and about_image:
        raise UsageError(f"--{about_image[0]} is about an image: name one behind the rule")
    loaded = load(arguments.rules or [DEFAULT_RULES])
    if arguments.rule not in loaded.rules:
        listed = ", ".join(loaded.rules)
        guess = meant(arguments.rule, loaded.rules)
        raise UsageError(f"there is no rule {clip(arguments.rule, 100)!r} (there are: {listed}){guess}")
    if arguments.image is None:
        world.stdout.write(explained(arguments.rule, loaded))
        return 0
    from gate.cli._today import today

    said, code = today(arguments, world)  # first: what goes wrong on the way is not lost below a page of text
    world.stdout.write(f"{explained(arguments.rule, loaded)}\n{said}")
    return code


def _schema(arguments: argparse.Namespace, world: World) -> str:
    import json

    from gate.ruleset.schema import rule_file_schema

    del arguments, world
    return json.dumps(rule_file_schema(), indent=2) + "\n"


def _test(arguments: argparse.Namespace, world: World) -> int:
    """Run cases; 0 if every one holds (and with --complete every rule has a passing and a failing one), else 1."""
    from gate.cli._case_table import table
    from gate.cli._cases import run_cases

    tested = tuple(run_cases(_cases_of(name)) for name in arguments.files)
    world.stdout.write(table(tested))
    differs = any(result.differences for one in tested for result in one.results)
    gaps = any(not (rule.passing and rule.failing) for one in tested for rule in one.coverage)
    return 1 if differs or (arguments.complete and gaps) else 0


def _cases_of(name: str) -> str:
    """Give the file of cases: what was named, or the one beside a rule file."""
    from pathlib import Path

    from gate.cli._cases import CASES_SUFFIX

    path = Path(name)
    if name.endswith(CASES_SUFFIX) or not path.suffix:
        return name
    beside = path.with_name(path.stem + CASES_SUFFIX)
    return str(beside) if beside.is_file() else name
