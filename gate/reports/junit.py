"""JUnit XML, after the schema of Jenkins' xUnit plug-in: a test suite an image, a test case a rule.

violated is a failure, undecided an error, waived and not applicable are skipped; JUnit has no warnings, so a rule of
level warning passes and says what it found in its output. The first case of each suite is the verdict itself: a suite
can be green only if the verdict is passed.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from gate.listing import counted, details, meaning, problems, repository
from gate.markup import safe
from gate.overview import headlines, run_word, summarise, word
from gate.verdict import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from gate.listing import Problem
    from gate.overview import RuleOverview
    from gate.report import Document, Judged, Style

__all__ = ["RENDERER"]

#: GitLab refuses files above 30 MB; a screen of findings a rule is enough, the other reports have all.
MOST_FINDINGS: Final = 100

_ATTACHMENT: Final = re.compile(r"\[(?=\[)")
_BROKEN: Final = frozenset({Status.VIOLATED, Status.UNDECIDED})

#: The order of the report for people; warnings stand behind what decides.
_RANKS: Final = {
    Status.VIOLATED: 1,
    Status.UNDECIDED: 2,
    Status.WAIVED: 4,
    Status.UPCOMING: 5,
    Status.SATISFIED: 6,
    Status.NOT_APPLICABLE: 7,
}


class _Case(NamedTuple):
    """One test case: `child` is `failure`, `error`, `skipped` or nothing."""

    name: str
    child: str
    kind: str
    message: str
    text: str
    output: str = ""


class JunitRenderer:
    """XML, the same for the same document whatever the style."""

    name: ClassVar[str] = "junit"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; XML has no style
        """Give the test suites."""
        from xml.etree.ElementTree import Element, indent, tostring

        suites = [_suite(document, judged) for judged in document.judged] or [_no_image()]
        root = Element("testsuites", {"name": "image-gate", **_total(suites)})
        root.extend(suites)
        indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


RENDERER: Final = JunitRenderer()


def _total(suites: list[Element]) -> dict[str, str]:
    return {key: str(sum(int(suite.get(key, "0")) for suite in suites)) for key in ("tests", "failures", "errors")}


def _no_image() -> Element:
    what = "no image was judged"
    return _element("gate", "gate", [_Case("verdict", "error", "undetermined", what, what)], {})


def _suite(document: Document, judged: Judged) -> Element:
    verdict = judged.verdict
    subject = verdict.subject
    found = problems(judged)
    same = [one for one in document.judged if repository(one) == repository(judged)]
    stable = repository(judged) if len(same) == 1 else judged.image
    properties = {
        "image": judged.image,
        "digest": str(subject.digest) if subject is not None else "not resolved",
        "platforms": ", ".join(verdict.platforms),
        "verdict": word(verdict),
        "run-verdict": run_word(document),
        "enforced": str(document.enforced).lower(),
        "rules-digest": str(document.closure.rules_digest),
        "at": document.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "gate-version": document.gate_version,
    }
    rules = sorted(summarise(verdict), key=_rank)
    cases = [_verdict_case(document, judged, found), *(_case(rule, found) for rule in rules)]
    return _element(judged.image, f"gate.{stable}", cases, properties)


def _is_warning(rule: RuleOverview) -> bool:
    return rule.level is Level.WARNING and rule.status in _BROKEN


def _rank(rule: RuleOverview) -> int:
    return 3 if _is_warning(rule) else _RANKS[rule.status]


def _verdict_case(document: Document, judged: Judged, found: Iterable[Problem]) -> _Case:
    name = word(judged.verdict)
    child = {"passed": "", "failed": "failure"}.get(name, "error")
    subject = judged.verdict.subject
    lines = [
        f"{name}: {judged.image} -> {subject.digest if subject is not None else 'not resolved'}",
        counted(summarise(judged.verdict)),
        f"run: {meaning(document)}",
        *headlines(judged),
    ]
    text = "\n".join([*(safe(line) for line in lines), *_said(one for one in found if not one.rule)])
    return _Case("verdict", child, name, safe(lines[0]), text, "" if child else text)


def _case(rule: RuleOverview, found: Iterable[Problem]) -> _Case:
    """Give the case of one rule with everything it says."""
    mine = [one for one in found if one.rule == rule.rule and one.place == rule.place]
    head = f"{rule.status} at {rule.place}"
    lines = [safe(head), *([safe(f"why: {rule.why}", 2000)] if rule.why else []), *_said(mine)]
    lines += [safe(f"fix: {rule.fix}", 2000)] if rule.fix else []
    text = "\n".join(lines)
    message = safe(mine[0].what if mine else head)
    kind = mine[0].reason.code if mine else rule.status.value
    if _is_warning(rule):
        return _Case(rule.rule, "", kind, message, "", f"{text}\na warning decides nothing")
    child = {Status.VIOLATED: "failure", Status.UNDECIDED: "error", Status.SATISFIED: ""}.get(rule.status, "skipped")
    return _Case(rule.rule, child, kind, message, text, "" if child else text if mine else "")


def _said(found: Iterable[Problem]) -> list[str]:
    everything = list(found)
    lines = [line for one in everything[:MOST_FINDINGS] for line in _lines(one)]
    left = len(everything) - MOST_FINDINGS
    return [*lines, f"- and {left} more"] if left > 0 else lines


def _lines(one: Problem) -> list[str]:
    state = "" if one.state is Status.VIOLATED else f"{one.state}: "
    return [
        safe(f"- {state}{one.what} [{one.reason.code}]", 700),
        *(f"    {label}: {safe(text, 1000)}" for label, text in details(one)),
    ]


def _element(name: str, classname: str, cases: list[_Case], properties: dict[str, str]) -> Element:
    from xml.etree.ElementTree import Element, SubElement

    counts = Counter(case.child for case in cases)
    suite = Element(
        "testsuite",
        name=_value(name),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
    )
    if properties:
        listing = SubElement(suite, "properties")
        for key, value in properties.items():
            SubElement(listing, "property", name=key, value=_value(value))
    seen: set[str] = set()
    for case in cases:
        title = _unique(_value(case.name), seen)
        node = SubElement(suite, "testcase", classname=_value(classname), name=title)
        if case.child:
            child = SubElement(node, case.child, type=_value(case.kind), message=_value(case.message))
            child.text = _inert(case.text)
        if case.output:
            SubElement(node, "system-out").text = _inert(case.output)
    return suite


def _unique(name: str, seen: set[str]) -> str:
    """Give a name of its own: of two cases with one name, GitLab keeps the first only."""
    title, number = name, 1
    while title in seen:
        number += 1
        title = f"{name} ({number})"
    seen.add(title)
    return title


def _value(text: str) -> str:
    return _inert(safe(text))


def _inert(text: str) -> str:
    """Break what GitLab takes for a file to attach: `[[ATTACHMENT|path]]`.

    What XML forbids is gone already, since it does not print.
    """
    return _ATTACHMENT.sub("[ ", text)
