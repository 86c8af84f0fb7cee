"""Cases for rule files: read, run, compared, and what of the rules they cover (docs/rule-tests.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from gate.app import Request, check
from gate.cli._facts import Facts, FactsBook, FactsSource, Moment, PlatformText
from gate.cli._inputs import read_bounded
from gate.errors import GateError, Mistake, RuleFileError
from gate.evaluate import Policy
from gate.oci.digest import Digest
from gate.option import File, option
from gate.overview import summarise, word
from gate.report import Closure
from gate.ruleset.entries import FORMAT
from gate.ruleset.files import BUILTIN
from gate.ruleset.load import load_ruleset
from gate.ruleset.mistakes import Mistakes, meant
from gate.ruleset.nodes import MapNode, parse
from gate.ruleset.walk import BAD, Walk
from gate.verdict import Status
from gate.waiver import check_waivers, load_waivers

if TYPE_CHECKING:
    from datetime import datetime

    from gate.overview import RuleOverview
    from gate.ruleset.nodes import Mark, Node
    from gate.ruleset.rule import Ruleset
    from gate.source import Source
    from gate.subject import Subject
    from gate.verdict import Verdict
    from gate.waiver import Waiver

__all__ = ["CASES_SUFFIX", "Coverage", "Result", "Tested", "run_cases"]

#: `gate.yaml` has its cases in `gate.test.yaml`.
CASES_SUFFIX: Final = ".test.yaml"
_FAILING: Final = frozenset({Status.VIOLATED, Status.WAIVED})
_MOST_CASES_BYTES: Final = 1024 * 1024
_MOST_FILE_BYTES: Final = 16 * 1024 * 1024
#: What is found of a case that just does not say something: a rule that asks for the wrong thing fails like that too.
_ABSENT: Final = frozenset(
    {
        "attestation-missing",
        "command-missing",
        "label-missing",
        "report-missing",
        "signature-missing",
        "tag-label-missing",
    }
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rule has to say of a case's image."""

    status: Status = option("The outcome.", needs="status: violated")
    reasons: tuple[str, ...] = option("The reason codes of all its findings and undecided points.", default=())


@dataclass(frozen=True, slots=True)
class Case:
    """One image and what has to be said of it."""

    image: str = option("An image layout or archive beside this file, as oci:app:1.4.2.", default="")
    repository: str = option("The repository that `image` is judged under; a layout has none.", default="")
    facts: Facts | None = option("Literal facts instead of an image.", default=None)
    reports: tuple[str, ...] = option("Scanner reports of `image`, beside this file.", default=())
    waivers: tuple[str, ...] = option("Waiver files, beside this file.", default=())
    platform: tuple[PlatformText, ...] = option("Judge only these platforms.", default=())
    only: tuple[str, ...] = option("Judge only these rules.", default=())
    at: Moment | None = option("The time of the verdict, if not that of the file.", default=None)
    expect: Literal["passed", "failed", "undetermined"] | None = option("The verdict.", default=None)
    rules: Mapping[str, Status | Expected] | None = option(
        "What rules have to say: an outcome, or {status: …, reasons: […]}.", default=None
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a case without an image or without an expectation."""
        found = []
        if bool(self.image) == (self.facts is not None):
            found.append(("", "a case has either an `image` or `facts`"))
        if self.image and not self.image.startswith(("oci:", "docker-archive:")):
            found.append(
                ("image", f"{self.image!r} is no layout or archive: write oci:PATH:TAG or docker-archive:FILE")
            )
        if self.facts is not None:
            found += [(key, f"{key!r} is for an `image`") for key in ("reports", "repository") if getattr(self, key)]
        if self.expect is None and not self.rules:
            found.append(("", "a case expects nothing: say `expect: passed`, failed or undetermined, or `rules:`"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases."""

    gate: int = option("The version of this format: 1.", needs="gate: 1")
    rules: tuple[str, ...] = option("The rule files, beside this file, or builtin:NAME.", needs="rules: gate.yaml")
    at: Moment | None = option("The time of the verdicts.", default=None)
    cases: Mapping[str, Case] = option("The cases, by name.", needs="cases: {NAME: …}")

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse another version, and cases that would come out differently tomorrow."""
        if self.gate != FORMAT:
            return (("gate", f"this gate reads version {FORMAT} of the format, not {self.gate}"),)
        timeless = [name for name, case in self.cases.items() if case.at is None and self.at is None]
        return tuple(
            (f"cases.{name}", "say when: `at: 2026-11-25T12:00:00Z`, here or for all cases") for name in timeless
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One case: its verdict, what each rule said, in what it differs from what was expected, and why rules failed.

    `failures` has the reason codes of each rule that is violated or waived.
    """

    name: str
    verdict: str
    statuses: Mapping[str, Status]
    differences: tuple[str, ...]
    failures: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many cases see a rule satisfied, how many see it violated, and by which reasons.

    With `only_missing` all that any failing case shows is that something is not there.
    """

    rule: str
    passing: int
    failing: int
    reasons: tuple[str, ...] = ()
    only_missing: bool = False


@dataclass(frozen=True, slots=True)
class Tested:
    """One file of cases, run."""

    path: str
    rules: tuple[str, ...]
    results: tuple[Result, ...]
    coverage: tuple[Coverage, ...]


def run_cases(path: str) -> Tested:
    """Run every case of a file; raises `RuleFileError` with every mistake of it and of what it names."""
    mistakes = Mistakes()
    folder = Path(path).parent
    content = read_bounded(path, _MOST_CASES_BYTES)
    if isinstance(content, str):
        raise RuleFileError((Mistake(path, 1, 1, content),))
    found: list[Mistake] = []
    node = parse(path, content, found)
    mistakes.extend(found)
    if _is_rule_file(node) and not path.endswith(CASES_SUFFIX):
        name = Path(path).name
        cases = f"{Path(path).stem}{CASES_SUFFIX}"
        raise RuleFileError(
            (Mistake(path, 1, 1, f"{name} is a rule file; cases are in {cases}, and there is no such file"),)
        )
    walk = Walk(mistakes, lambda written, _role: _file(folder, written))
    read = walk.options(node, CaseFile, "a file of cases") if node is not None else BAD
    if read is BAD or mistakes:
        raise RuleFileError(tuple(mistakes.found))
    file = cast("CaseFile", read)
    ruleset = load_ruleset([_beside(folder, name) for name in file.rules])
    _known_rules(file, ruleset, walk.marks, mistakes)
    waivers = {name: _waivers(folder, case, file, ruleset) for name, case in file.cases.items()}
    if mistakes:
        raise RuleFileError(tuple(mistakes.found))
    runner = _Runner(folder, ruleset)
    results = tuple(runner.run(name, case, _at(case, file), waivers[name]) for name, case in file.cases.items())
    return Tested(path, file.rules, results, _coverage(ruleset, results))


def _is_rule_file(node: Node | None) -> bool:
    """Tell whether somebody named the rules in the place of their cases: `rules:` holds rules there, not files."""
    keys = {entry.key.text: entry.value for entry in node.entries} if isinstance(node, MapNode) else {}
    return isinstance(keys.get("rules"), MapNode) and "cases" not in keys


def _at(case: Case, file: CaseFile) -> datetime:
    moment = case.at or file.at
    if moment is None:
        msg = "a case without a time was not refused"
        raise RuntimeError(msg)
    return moment.time


def _beside(folder: Path, name: str) -> str:
    return name if name.startswith(BUILTIN) else str(folder / name)


def _file(folder: Path, written: str) -> File | str:
    content = read_bounded(str(folder / written), _MOST_FILE_BYTES)
    return content if isinstance(content, str) else File(written, content, Digest.of(content))


def _waivers(folder: Path, case: Case, file: CaseFile, ruleset: Ruleset) -> tuple[Waiver, ...]:
    found, _ = load_waivers([str(folder / name) for name in case.waivers])
    check_waivers(found, ruleset, _at(case, file))
    return found


def _known_rules(file: CaseFile, ruleset: Ruleset, marks: Mapping[str, Mark], mistakes: Mistakes) -> None:
    """Report rules and signers that cases name and the rule files do not have."""
    rules = [rule.name for rule in ruleset.rules]
    for name, case in file.cases.items():
        named = [(f"cases.{name}.rules.{rule}", rule) for rule in case.rules or {}]
        named += [(f"cases.{name}.only[{index}]", rule) for index, rule in enumerate(case.only)]
        for path, rule in named:
            if rule not in rules:
                listed = ", ".join(rules)
                mistakes.add(marks[path], f"there is no rule {rule!r} (there are: {listed}){meant(rule, rules)}")
        signers = sorted(ruleset.signers)
        for index, signer in enumerate(case.facts.signed_by if case.facts is not None else ()):
            if signer.name not in signers:
                listed = ", ".join(signers) or "none"
                where = marks[f"cases.{name}.facts.signed-by[{index}]"]
                mistakes.add(
                    where, f"there is no signer {signer.name!r} (there are: {listed}){meant(signer.name, signers)}"
                )


class _Runner:
    """Runs the cases of one file."""

    def __init__(self, folder: Path, ruleset: Ruleset) -> None:
        self._folder = folder
        self._ruleset = ruleset

    def run(self, name: str, case: Case, at: datetime, waivers: tuple[Waiver, ...]) -> Result:
        """Judge the case's image as `gate check` would, and compare."""
        ruleset = self._ruleset.only(case.only) if case.only else self._ruleset
        request = Request(("image",), at, tuple(one.platform for one in case.platform))
        try:
            source, policy = self._opened(case, ruleset, waivers, at)
            verdict = check(request, lambda _: source, lambda: policy).judged[0].verdict
        except GateError as error:
            return Result(name, "undetermined", {}, (f"the image could not be opened: {error}",))
        overviews = {one.rule: one for one in summarise(verdict)}
        statuses = {rule: one.status for rule, one in overviews.items()}
        failures = {rule: _failures(one) for rule, one in overviews.items() if one.status in _FAILING}
        return Result(name, word(verdict), statuses, tuple(_differences(case, verdict, overviews)), failures)

    def _opened(self, case: Case, ruleset: Ruleset, waivers: tuple[Waiver, ...], at: datetime) -> tuple[Source, Policy]:
        closure = Closure(Digest.of(b""), ())
        if case.facts is not None:
            source = FactsSource(case.facts, at)
            book = FactsBook([signer.name for signer in case.facts.signed_by], source.reports)
            return source, Policy(ruleset, waivers, book, closure)
        from gate.book import ReportInput, make_book
        from gate.rooms import load

        scheme, _, rest = case.image.partition(":")
        opened = load("sources", scheme if scheme != "oci" else "oci-layout").open_source(str(self._folder / rest))
        if case.repository:
            opened = _Renamed(opened, case.repository)
        # Reports of cases lie beside them in git: that they are old friends is the point.
        inputs = [ReportInput(name, read_bounded(str(self._folder / name)), tracked=False) for name in case.reports]
        return opened, Policy(ruleset, waivers, make_book(ruleset.signers, inputs), closure)


class _Renamed:
    """A layout that is judged as if it were in a repository."""

    def __init__(self, source: Source, repository: str) -> None:
        self._source = source
        self._repository = repository

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def resolve(self) -> Subject:
        """Give the image under its other name; its parts are still read where they are."""
        return replace(self._source.resolve(), repository=self._repository)

    def __enter__(self) -> Source:
        return self._source.__enter__()

    def __exit__(self, *error: object) -> None:
        self._source.__exit__(*error)  # type: ignore[arg-type]  # handed on as they come


def _differences(case: Case, verdict: Verdict, overviews: Mapping[str, RuleOverview]) -> Iterable[str]:
    if case.expect is not None and word(verdict) != case.expect:
        yield f"expected {case.expect}, got {word(verdict)}{_because(overviews.values())}"
    for rule, wanted in (case.rules or {}).items():
        one = overviews.get(rule)
        if one is None:
            yield f"{rule}: it was not judged"
            continue
        status = wanted.status if isinstance(wanted, Expected) else wanted
        if one.status is not status:
            yield f"{rule}: expected {status}, got {one.status}{_because([one])}"
        elif isinstance(wanted, Expected) and wanted.reasons and set(wanted.reasons) != _reasons(one):
            got = ", ".join(sorted(_reasons(one))) or "none"
            yield f"{rule}: expected the reasons {', '.join(wanted.reasons)}, got {got}"


def _reasons(one: RuleOverview) -> set[str]:
    return {placed.item.reason.code for placed in one.undecided} | _failures(one)


def _failures(one: RuleOverview) -> frozenset[str]:
    found = {placed.item.reason.code for placed in one.findings}
    return frozenset(found | {placed.item.finding.reason.code for placed in one.waived})


def _because(overviews: Iterable[RuleOverview]) -> str:
    """Name the rules that stand in the way, with their reasons."""
    said = [
        f"{one.rule} ({', '.join(sorted(_reasons(one))) or one.status})"
        for one in overviews
        if one.status in {Status.VIOLATED, Status.UNDECIDED}
    ]
    return f": {'; '.join(said)}" if said else ""


def _coverage(ruleset: Ruleset, results: tuple[Result, ...]) -> tuple[Coverage, ...]:
    return tuple(_covered(rule.name, results) for rule in ruleset.rules)


def _covered(rule: str, results: tuple[Result, ...]) -> Coverage:
    passing = sum(result.statuses.get(rule) is Status.SATISFIED for result in results)
    failures = [result.failures[rule] for result in results if rule in result.failures]
    reasons = frozenset[str]().union(*failures)
    return Coverage(
        rule, passing, len(failures), tuple(sorted(reasons)), bool(failures) and all(one <= _ABSENT for one in failures)
    )
