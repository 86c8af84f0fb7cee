"""SARIF 2.1.0 (OASIS), as GitHub code scanning takes it.

One run for the whole document: GitHub refuses two runs of one category. A result stands at the line of the rule that
says it, a file that exists in the repository; the image and its digest are in the message and the properties. What
could not be decided is a result of level `error`, and the invocation says that it was not successful.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import quote

from gate.listing import details, listed, repository
from gate.markup import json_text
from gate.overview import headlines, run_word, word
from gate.printable import clip
from gate.verdict import Status, Undetermined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.listing import Listed
    from gate.report import Document, Judged, Style
    from gate.verdict import Waived

__all__ = ["RENDERER"]

#: GitHub refuses a run with more than 25,000 results, and stores the first 5,000.
MOST_RESULTS: Final = 5_000
#: GitHub refuses descriptions that are longer.
MOST_DESCRIPTION: Final = 1_000
#: GitHub refuses longer names and ids.
MOST_NAME: Final = 200

#: What GitHub sorts alerts by, for findings that a scanner ranked (it calls 9.0 and more critical).
_SEVERITIES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}

_Object = dict[str, object]


class SarifRenderer:
    """SARIF, the same for the same document whatever the style."""

    name: ClassVar[str] = "sarif"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; JSON has no style
        """Give the log with one run."""
        log = {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [_run(document)],
        }
        return json_text(log)


RENDERER: Final = SarifRenderer()


def _run(document: Document) -> _Object:
    everything = listed(document)
    shown = everything[:MOST_RESULTS]
    rules: dict[str, _Object] = {}
    for one in shown:
        rules.setdefault(_rule_id(one), _rule(one))
    places = {rule: index for index, rule in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": "image-gate",
                "version": clip(document.gate_version, MOST_NAME),
                "rules": list(rules.values()),
            }
        },
        "automationDetails": {"id": _category(document)},
        "invocations": [_invocation(document, everything)],
        "results": [_result(one, places[_rule_id(one)]) for one in shown],
        "columnKind": "unicodeCodePoints",
        "properties": _properties(document),
    }


def _category(document: Document) -> str:
    """Name what alerts are compared with: those of the same images before. A `/` at the end means no run id."""
    names = sorted({repository(judged) for judged in document.judged})
    return f"gate/{_flat(names[0])}/" if len(names) == 1 else "gate/"


def _flat(name: str) -> str:
    return clip(re.sub(r"[^A-Za-z0-9._-]+", "_", name), MOST_NAME)


def _invocation(document: Document, everything: Sequence[Listed]) -> _Object:
    """Tell whether everything could be judged, and name what could not be."""
    said = [_notification(one) for one in everything if one.problem.state is Status.UNDECIDED]
    left = len(everything) - MOST_RESULTS
    if left > 0:
        text = f"{left} more problems are in the other reports: code scanning shows no more than {MOST_RESULTS}"
        said.append({"level": "warning", "message": {"text": text}})
    return {
        "executionSuccessful": bool(document.judged)
        and not any(isinstance(judged.verdict, Undetermined) for judged in document.judged),
        "exitCode": document.exit_code,
        "exitCodeDescription": run_word(document),
        "toolExecutionNotifications": said,
    }


def _notification(one: Listed) -> _Object:
    return {
        "level": one.problem.weight.value,
        "descriptor": {"id": _slug(one.problem.reason.code)},
        "message": {"text": _text(f"{one.judged.image}: {one.problem.what}")},
    }


def _properties(document: Document) -> _Object:
    return {
        "verdict": run_word(document),
        "enforced": document.enforced,
        "notEnforcedUntil": document.advisory_until or None,
        "rulesDigest": str(document.closure.rules_digest),
        "at": document.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "images": [
            {
                "image": judged.image,
                "digest": _digest(judged),
                "verdict": word(judged.verdict),
                "headlines": list(headlines(judged)),
            }
            for judged in document.judged
        ],
    }


def _digest(judged: Judged) -> str | None:
    subject = judged.verdict.subject
    return str(subject.digest) if subject is not None else None


def _rule_id(one: Listed) -> str:
    """Give the reason code, and the severity where there is one: GitHub knows severities of rules only.

    A `/` in an id would make a sub-rule (section 3.49.3).
    """
    bucket = one.problem.bucket
    code = _slug(one.problem.reason.code)
    return f"{code}-{bucket}" if bucket in _SEVERITIES else code


def _slug(code: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:MOST_NAME] or "reason"


def _rule(one: Listed) -> _Object:
    reason, bucket = one.problem.reason, one.problem.bucket
    title = f"{reason.title} ({bucket})" if bucket in _SEVERITIES else reason.title
    rule: _Object = {
        "id": _rule_id(one),
        "name": "".join(part.capitalize() for part in _rule_id(one).split("-")),
        "shortDescription": {"text": _text(title or reason.code, MOST_DESCRIPTION)},
        "fullDescription": {"text": _text(reason.meaning or title or reason.code, MOST_DESCRIPTION)},
        "help": {"text": _text(f"{reason.remedy} More: gate explain {reason.code}", MOST_DESCRIPTION)},
        "defaultConfiguration": {"level": one.problem.weight.value},
    }
    properties: _Object = {"tags": ["security", "supply-chain"], "precision": "very-high", "reason": reason.code}
    if bucket in _SEVERITIES:
        properties["security-severity"] = _SEVERITIES[bucket]
    return {**rule, "properties": properties}


def _result(one: Listed, index: int) -> _Object:
    problem, image = one.problem, _image(one.judged)
    result: _Object = {
        "ruleId": _rule_id(one),
        "ruleIndex": index,
        "kind": "fail",
        "level": problem.weight.value,
        "message": {"text": _message(one)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(one)},
                    "region": {
                        "startLine": one.line,
                        "startColumn": one.column,
                        "endLine": one.line,
                        "endColumn": one.column + max(1, len(problem.rule)),
                    },
                },
                "logicalLocations": [{"fullyQualifiedName": image, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": one.fingerprint, "gateProblem/v1": one.fingerprint},
    }
    if problem.waived is not None:
        result["suppressions"] = [_suppression(problem.waived)]
    return {**result, "properties": _facts(one)}


def _facts(one: Listed) -> _Object:
    """Give everything once more for programs, each text whole."""
    problem = one.problem
    return {
        "image": one.judged.image,
        "digest": _digest(one.judged),
        "rule": problem.rule or None,
        "status": problem.state.value,
        "reason": problem.reason.code,
        "about": dict(sorted(problem.about.keys)),
        "platforms": problem.where or None,
        "expected": problem.expected,
        "got": problem.got,
        "fix": problem.fix,
    }


def _suppression(waived: Waived) -> _Object:
    ticket = f", {waived.ticket}" if waived.ticket else ""
    glass = "BREAK-GLASS: " if waived.break_glass else ""
    why = f"{glass}{waived.reason} (owner {waived.owner}, until {waived.expires}{ticket}, {waived.place})"
    return {"kind": "external", "status": "accepted", "justification": _text(why, MOST_DESCRIPTION)}


def _image(judged: Judged) -> str:
    digest = _digest(judged)
    return f"{repository(judged)}@{digest}" if digest else judged.image


def _message(one: Listed) -> str:
    """Say all that people read: code scanning shows nothing else of a result."""
    problem = one.problem
    state = {
        Status.UNDECIDED: "could not be told: ",
        Status.WAIVED: "accepted by a waiver: ",
        Status.UPCOMING: f"from {problem.starts} on: ",
    }.get(problem.state, "")
    parts = [f"{_image(one.judged)}: {state}{problem.what}."]
    parts += [f"Rule: {problem.rule} ({problem.place})."] if problem.rule else []
    parts += [f"{label.capitalize()}: {_text(text)}" for label, text in details(problem)]
    return _text("\n".join(_text(part) for part in parts), most=4 * MOST_DESCRIPTION, lines=True)


def _text(text: str, most: int = 500, *, lines: bool = False) -> str:
    """Give a message: printable, and with no embedded link, which is `[text](target)` (section 3.11.6)."""
    shown = "\n".join(clip(line, most) for line in text.split("\n")) if lines else clip(text, most)
    return shown.replace("](", "] (")


def _uri(one: Listed) -> str:
    """Give a relative URI of a file of the checkout; where there is none, one that stands for the image.

    Nothing in it may look like a scheme: GitHub refuses the whole file for `debian:11`.
    """
    path = one.path or f"gate/{repository(one.judged).replace(':', '_')}"
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return "/".join(quote(part, safe="", errors="replace") for part in parts) or "gate"
