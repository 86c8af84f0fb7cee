"""GitLab's code quality report: a list of issues, which merge requests compare by fingerprint.

GitLab shows the description alone, so the rule and the image are in it. Without problems the list is empty, and still
has to be written: otherwise GitLab keeps the old ones.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar, Final

from gate.listing import Weight, listed, repository
from gate.markup import json_text
from gate.printable import clip
from gate.verdict import Status

if TYPE_CHECKING:
    from gate.listing import Listed, Problem
    from gate.report import Document, Style

__all__ = ["RENDERER"]

#: For findings of `error` rules that a scanner ranked.
_SEVERITIES: Final = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}
_WEIGHTS: Final = {Weight.ERROR: "critical", Weight.WARNING: "minor", Weight.NOTE: "info"}

_Object = dict[str, object]


class GitlabCodeQualityRenderer:
    """The list of issues, the same for the same document whatever the style."""

    name: ClassVar[str] = "gitlab-code-quality"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; JSON has no style
        """Give the list, `[]` without problems."""
        return json_text([_issue(one) for one in listed(document)])


RENDERER: Final = GitlabCodeQualityRenderer()


def _issue(one: Listed) -> _Object:
    problem = one.problem
    fingerprint = hashlib.sha256(f"{one.path}\0{one.fingerprint}".encode(errors="surrogatepass")).hexdigest()
    return {
        "description": _description(one),
        "check_name": clip(problem.reason.code),
        "fingerprint": fingerprint,
        "severity": _severity(problem),
        "location": {"path": clip(one.path) or "gate.yaml", "lines": {"begin": one.line}},
    }


def _severity(problem: Problem) -> str:
    if problem.weight is Weight.ERROR and problem.state is Status.VIOLATED:
        return _SEVERITIES.get(problem.bucket or "", _WEIGHTS[Weight.ERROR])
    return _WEIGHTS[problem.weight]


def _description(one: Listed) -> str:
    problem = one.problem
    subject = one.judged.verdict.subject
    image = f"{repository(one.judged)}@{subject.digest}" if subject is not None else one.judged.image
    state = "" if problem.state is Status.VIOLATED else f" ({problem.state})"
    rule = f"{problem.rule}{state}: " if problem.rule else f"no verdict{state}: "
    return clip(f"{rule}{problem.what} [{problem.reason.code}] in {image}", most=1000)
