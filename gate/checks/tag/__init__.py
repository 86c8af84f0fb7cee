"""The check `tag`: what the tag may look like, that it says what the labels say, and how it stands among the others.

Judged is the tag the image was resolved from. A digest alone has none: undecided, never skipped (S7).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from gate.check import CheckMeta
from gate.checks.tag.family import FamilyNeed, Moving, judge_highest, judge_siblings
from gate.checks.tag.history import HistoryNeed, Said, judge_downgrade, judge_overwrite
from gate.checks.tag.labels import agreements, judge_labels
from gate.checks.tag.patterns import Pattern, TagPattern, TagRegex, first, judge_patterns
from gate.checks.tag.unique import UniqueNeed, judge_unique
from gate.errors import MalformedData
from gate.finding import Finding, Judgement, Reason, Undecided
from gate.formats.conventions import CONVENTIONS
from gate.formats.tag_lock import read_tag_lock
from gate.option import File, option
from gate.pattern import PatternTimeoutError

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.oci.digest import Digest
    from gate.subject import Subject

__all__ = ["CHECK", "TagCheck", "TagPattern", "TagRegex"]

TAG_UNKNOWN = Reason(
    "tag-unknown",
    "There is no tag to judge",
    "The rule is about the tag, and the image was named by its digest alone, or by a file that holds no tag for it. "
    "A digest may have many tags or none, so nothing can be said.",
    "Check the image by its tag, or by tag and digest together (`registry/app:1.4.2@sha256:…`).",
)
_VERSION: Final = "org.opencontainers.image.version"
_NO_LABEL: Final = "an empty name is no label"


@dataclass(frozen=True, slots=True)
class TagCheck:
    """Tags follow conventions, agree with labels, and stand where they belong."""

    meta: ClassVar[CheckMeta] = CheckMeta("tag", "The tag follows a convention and agrees with the labels", "image")

    allow: tuple[TagPattern | TagRegex, ...] = option(
        "what the tag must look like: at least one of these conventions, globs or {regex: …}", default=()
    )
    deny: tuple[TagPattern | TagRegex, ...] = option(
        "what the tag must not be: conventions, globs or {regex: …}", default=()
    )
    same_as_label: str | None = option("the label whose value the tag has to equal on every platform", default=None)
    agree_with_label: Mapping[str, str] | None = option(
        "for tags that follow a convention, the label they have to agree with: a shortened commit or a partial version "
        "agrees with the full one",
        default=None,
    )
    highest_release: tuple[Moving, ...] = option(
        "moving tags that have to point to the highest release they stand for: latest, major (1), minor (1.4)",
        default=(),
    )
    siblings: tuple[Moving, ...] = option(
        "moving tags that a release has to carry on its digest, unless a higher release has them", default=()
    )
    unique: tuple[TagPattern | TagRegex, ...] = option(
        "what at least one of the tags on this digest has to be, so that exactly this build can be found again",
        default=(),
    )
    no_overwrite: tuple[TagPattern | TagRegex, ...] = option(
        "tags that must never name another digest: conventions, globs or {regex: …}", default=()
    )
    no_downgrade: tuple[TagPattern | TagRegex, ...] = option(
        "tags that go forward only, by the version in a label: conventions, globs or {regex: …}", default=()
    )
    version_label: str = option("the label whose versions no-downgrade compares", default=_VERSION)
    lock: File | None = option("the lock file that `gate tags --lock` keeps: what tags named before", default=None)
    best_effort: bool = option(
        "be content with what the registry shows now: tags that were removed or moved before are not seen",
        default=False,
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        found: list[tuple[str, str]] = []
        asked = (self.allow, self.deny, self.agree_with_label, self.unique, *self._on_some().values())
        if not any(asked) and self.same_as_label is None:
            found.append(("check", "the rule asks for nothing: give allow, deny, same-as-label or another option"))
        if self.same_as_label is not None and not self.same_as_label.strip():
            found.append(("same-as-label", _NO_LABEL))
        if not self.version_label.strip():
            found.append(("version-label", _NO_LABEL))
        elif self.version_label != _VERSION and not self.no_downgrade:
            found.append(("version-label", "nothing compares versions: give no-downgrade as well"))
        for key, value in {"agree-with-label": self.agree_with_label, **self._on_some()}.items():
            if value and not self.allow:
                sentence = "give allow as well: for a tag that is none of these, the rule would ask for nothing"
                found.append((key, sentence))
        return (*found, *self._label_problems(), *self._history_problems())

    def _on_some(self) -> dict[str, tuple[object, ...]]:
        """Give the options that are about some tags only."""
        return {
            "highest-release": self.highest_release,
            "siblings": self.siblings,
            "no-overwrite": self.no_overwrite,
            "no-downgrade": self.no_downgrade,
        }

    def _label_problems(self) -> Iterable[tuple[str, str]]:
        for name, label in (self.agree_with_label or {}).items():
            if name not in CONVENTIONS:
                near = difflib.get_close_matches(name, CONVENTIONS, n=1)
                hint = f", did you mean {near[0]}?" if near else f" (one of: {', '.join(CONVENTIONS)})"
                yield f"agree-with-label.{name}", f"there is no convention {name[:80]!r}{hint}"
            elif not label.strip():
                yield f"agree-with-label.{name}", _NO_LABEL

    def _history_problems(self) -> Iterable[tuple[str, str]]:
        if self.lock is not None:
            try:
                read_tag_lock(self.lock.content)
            except MalformedData as error:
                yield "lock", str(error)
        uses_lock = any(self._on_some().values())
        if self.lock is not None and not uses_lock:
            yield "lock", "nothing compares with it: give no-overwrite, no-downgrade, highest-release or siblings"
        if self.best_effort and not uses_lock:
            yield "best-effort", "nothing here is: give no-overwrite, no-downgrade, highest-release or siblings"
        if (self.highest_release or self.siblings) and self.lock is None and not self.best_effort:
            sentence = (
                "whoever may push can also remove a higher release, which the list of tags then does not show: give "
                "lock: FILE (kept by `gate tags --lock`), or best-effort: true"
            )
            yield "highest-release" if self.highest_release else "siblings", sentence

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's signature
        """Ask for the list of tags and what some of them point to, where an option compares with other tags."""
        needs: set[Need] = set()
        if not subject.tag:
            return frozenset()
        if self.siblings or self.highest_release:
            needs.add(FamilyNeed(self.siblings, self.highest_release))
        if self.unique:
            needs.add(UniqueNeed(self.unique))
        stays, forward = (_matches(patterns, subject.tag) for patterns in (self.no_overwrite, self.no_downgrade))
        if stays or forward:
            needs.add(HistoryNeed(self._locked(subject).get(subject.tag), configs=forward))
        return frozenset(needs)

    def needs_configs(self) -> bool:
        """Tell whether the labels of the platforms are compared."""
        return self.same_as_label is not None or bool(self.agree_with_label or self.no_downgrade)

    def judge(self, view: View, at: datetime) -> Judgement:  # noqa: ARG002 -- the protocol's signature
        """Judge the tag once for the whole image."""
        tag = view.subject.tag
        if not tag:
            return Judgement(
                undecided=(Undecided(TAG_UNKNOWN, "the image was named without a tag", TAG_UNKNOWN.remedy),)
            )
        found: list[Finding] = [*judge_patterns(tag, self.allow, self.deny)]
        undecided: list[Undecided] = []
        for label, agrees in agreements(tag, self.same_as_label, self.agree_with_label):
            findings, unknown = judge_labels(tag, label, agrees, view.images)
            found += findings
            undecided += unknown
        said = [*self._among_others(view)]
        found += [finding for one in said for finding in one.findings]
        undecided += [unknown for one in said for unknown in one.undecided]
        notes = tuple(note for one in said for note in one.notes)
        return Judgement(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(undecided)), notes=notes)

    def _among_others(self, view: View) -> Iterable[Said]:
        """Judge what depends on other tags, or on what this one named before."""
        subject, have = view.subject, view.evidence
        locked = self._locked(subject)
        if self.siblings:
            findings, undecided, notes = judge_siblings(subject, self.siblings, locked, have)
            yield Said(tuple(findings), tuple(undecided), tuple(notes))
        if self.highest_release:
            findings, undecided = judge_highest(subject, self.highest_release, locked, have)
            yield Said(tuple(findings), tuple(undecided))
        if self.unique:
            yield judge_unique(subject, self.unique, have)
        before = locked.get(subject.tag)
        if self.no_overwrite and first(self.no_overwrite, lambda pattern: pattern.matches(subject.tag)) is not None:
            yield judge_overwrite(subject, before, have, best_effort=self.best_effort)
        if self.no_downgrade and first(self.no_downgrade, lambda pattern: pattern.matches(subject.tag)) is not None:
            yield judge_downgrade(view, self.version_label, before, best_effort=self.best_effort)

    def _locked(self, subject: Subject) -> Mapping[str, Digest]:
        return {} if self.lock is None else read_tag_lock(self.lock.content).tags(subject.repository)


CHECK = TagCheck


def _matches(patterns: tuple[Pattern, ...], tag: str) -> bool:
    try:
        return first(patterns, lambda pattern: pattern.matches(tag)) is not None
    except PatternTimeoutError:
        return False  # judging says so
