"""The check `tag`: what the tag of the reference may look like, and that it says what the labels say.

Judged is the tag the image was resolved from. A digest alone has none: undecided, never skipped (S7).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from gate.check import CheckMeta
from gate.finding import About, Finding, Judgement, Reason, Undecided
from gate.formats.conventions import CONVENTIONS, Convention, abbreviates_commit, is_partial_of
from gate.option import option
from gate.pattern import Glob, PatternTimeoutError, Regex
from gate.printable import clip

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.subject import Image, Subject

__all__ = ["CHECK", "TagCheck", "TagPattern", "TagRegex"]

TAG_DENIED = Reason(
    "tag-denied",
    "The tag is one that the rule forbids",
    "The rule lists tags that must not be used under `deny:`, and the tag of this image is one of them. Most often it "
    "is `latest`: it says nothing about the version inside and is moved with every push.",
    "Push the image under a tag of its own, such as its version or its git commit, and check that one.",
)
TAG_NOT_ALLOWED = Reason(
    "tag-not-allowed",
    "The tag follows none of the conventions that the rule allows",
    "The rule lists under `allow:` what tags have to look like: conventions by name (`semver`, `git-commit`, …), "
    "globs or regular expressions. The whole tag has to match at least one of them, capital letters included.",
    "Push the image again under a tag that follows one of the allowed conventions.",
)
TAG_UNKNOWN = Reason(
    "tag-unknown",
    "There is no tag to judge",
    "The rule is about the tag, and the image was named by its digest alone, or by a file that holds no tag for it. "
    "A digest may have many tags or none, so nothing can be said.",
    "Check the image by its tag, or by tag and digest together (`registry/app:1.4.2@sha256:…`).",
)
TAG_LABEL_MISSING = Reason(
    "tag-label-missing",
    "The label that the tag has to agree with is missing",
    "The rule asks that tag and label say the same (`same-as-label` or `agree-with-label`), and the image does not "
    "have that label on at least one platform.",
    "Set the label when the image is built (`docker build --label KEY=VALUE`, or `LABEL` in the Dockerfile), on every "
    "platform.",
)
TAG_LABEL_MISMATCH = Reason(
    "tag-label-mismatch",
    "The tag and the label say different things",
    "The rule asks that tag and label agree (`same-as-label` or `agree-with-label`). They do not on at least one "
    "platform: an image was pushed under the tag of another version, or the label was not updated.",
    "Find out which of the two is right. Then push the image under the tag that its label names, or build it again "
    "with the right label.",
)
TAG_LABEL_UNKNOWN = Reason(
    "tag-label-unknown",
    "The labels could not be read, so it is not known whether the tag agrees with them",
    "The rule compares the tag with a label, and the labels are in the image's config, which could not be read on "
    "at least one platform.",
    "See what the report says about the config of that platform, then run the gate again.",
)

#: OCI distribution-spec, "Pulling manifests": what a tag can be made of.
_MOST_TAG: Final = 128
_GLOB: Final = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.*-]*", re.ASCII)
#: A literal this close to a convention's name is taken for a slip: as a glob it would silently match nothing.
_SLIP: Final = 0.88
#: How many platforms and patterns a message names.
_MOST_NAMED: Final = 4
_MOST_SHOWN: Final = 140


@dataclass(frozen=True, slots=True)
class TagPattern:
    """One entry of `allow` or `deny`: a convention by name, or a glob."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a convention's name or a glob that a tag can match; raises `ValueError`."""
        if text in CONVENTIONS:
            return cls(text)
        if len(text) > _MOST_TAG or _GLOB.fullmatch(text) is None:
            msg = (
                f"no tag can match {text[:80]!r}: tags have letters, digits, _ . and - only, at most {_MOST_TAG}, "
                "and start with a letter, a digit or _"
            )
            raise ValueError(msg)
        near = difflib.get_close_matches(text, CONVENTIONS, n=1, cutoff=_SLIP) if "*" not in text else []
        if near:
            msg = f"there is no convention {text!r}, did you mean {near[0]}? (for exactly this tag: {{regex: {text}}})"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        names = ", ".join(CONVENTIONS)
        return {"type": "string", "minLength": 1, "description": f"a glob over the tag, or a convention: {names}"}

    def matches(self, tag: str) -> bool:
        """Tell whether the whole tag matches."""
        convention = CONVENTIONS.get(self.text)
        return Glob(self.text).matches(tag) if convention is None else convention.holds(tag)

    def denies(self, tag: str) -> bool:
        """Tell whether the tag matches in any spelling: `Latest` is no way around `deny: [latest]`."""
        if self.text in CONVENTIONS:
            return self.matches(tag) or self.matches(tag.lower())
        return Glob(self.text.lower()).matches(tag.lower())

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True)
class TagRegex:
    """One entry of `allow` or `deny` that is a regular expression."""

    regex: Regex = option("a regular expression over the whole tag")

    def matches(self, tag: str) -> bool:
        """Tell whether the whole tag matches; raises `PatternTimeoutError`."""
        return self.regex.matches(tag)

    denies = matches

    def __str__(self) -> str:
        """As written."""
        return f"/{self.regex}/"


@dataclass(frozen=True, slots=True)
class TagCheck:
    """Tags follow conventions, and agree with labels."""

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

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        found: list[tuple[str, str]] = []
        if not (self.allow or self.deny or self.same_as_label is not None or self.agree_with_label):
            found.append(("check", "the rule asks for nothing: give allow, deny or same-as-label"))
        if self.same_as_label is not None and not self.same_as_label.strip():
            found.append(("same-as-label", "an empty name is no label"))
        if self.agree_with_label and not self.allow:
            sentence = (
                "give allow as well: a tag that follows none of these conventions would have to agree with nothing"
            )
            found.append(("agree-with-label", sentence))
        for name, label in (self.agree_with_label or {}).items():
            if name not in CONVENTIONS:
                near = difflib.get_close_matches(name, CONVENTIONS, n=1)
                hint = f", did you mean {near[0]}?" if near else f" (one of: {', '.join(CONVENTIONS)})"
                found.append((f"agree-with-label.{name}", f"there is no convention {name[:80]!r}{hint}"))
            elif not label.strip():
                found.append((f"agree-with-label.{name}", "an empty name is no label"))
        return tuple(found)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's signature
        """Ask for nothing of its own: the tag is known, labels come with the platforms."""
        return frozenset()

    def needs_configs(self) -> bool:
        """Tell whether the labels of the platforms are compared."""
        return self.same_as_label is not None or bool(self.agree_with_label)

    def judge(self, view: View, at: datetime) -> Judgement:  # noqa: ARG002 -- the protocol's signature
        """Judge the tag once for the whole image."""
        tag = view.subject.tag
        if not tag:
            return Judgement(
                undecided=(Undecided(TAG_UNKNOWN, "the image was named without a tag", TAG_UNKNOWN.remedy),)
            )
        agreements = [(label, agrees) for label, agrees in self._agreements(tag)]
        found = [*self._pattern_findings(tag)]
        undecided: list[Undecided] = []
        for label, agrees in agreements:
            findings, unknown = _compare(tag, label, agrees, view.images)
            found += findings
            undecided += unknown
        return Judgement(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(undecided)))

    def _pattern_findings(self, tag: str) -> Iterable[Finding]:
        about = About.of(tag=tag)
        denied = _first(self.deny, lambda pattern: pattern.denies(tag))
        if denied is not None:
            by = "" if str(denied) == tag else f" by {_show(str(denied))}"
            yield Finding(
                TAG_DENIED, about, f"the tag {_show(tag)} is denied{by}", f"a tag that is not {_show(str(denied))}",
                _show(tag), TAG_DENIED.remedy,
            )  # fmt: skip
        if self.allow and _first(self.allow, lambda pattern: pattern.matches(tag)) is None:
            yield Finding(
                TAG_NOT_ALLOWED, about, f"the tag {_show(tag)} follows none of the allowed conventions",
                _either(self.allow), _show(tag), _advice(self.allow, tag),
            )  # fmt: skip

    def _agreements(self, tag: str) -> Iterable[tuple[str, Callable[[str], bool]]]:
        """Give each label to compare with, and how it agrees."""
        if self.same_as_label is not None:
            yield self.same_as_label, tag.__eq__
        for name, label in sorted((self.agree_with_label or {}).items()):
            if name in CONVENTIONS and CONVENTIONS[name].holds(tag):
                yield label, _agreement(CONVENTIONS[name], tag)


CHECK = TagCheck


def _first(
    patterns: tuple[TagPattern | TagRegex, ...], holds: Callable[[TagPattern | TagRegex], bool]
) -> TagPattern | TagRegex | None:
    """Give a pattern that holds. One that takes too long decides only if no other holds, whatever their order."""
    late: PatternTimeoutError | None = None
    for pattern in patterns:
        try:
            if holds(pattern):
                return pattern
        except PatternTimeoutError as error:
            late = error
    if late is not None:
        raise late
    return None


def _agreement(convention: Convention, tag: str) -> Callable[[str], bool]:
    """Give how a tag that follows the convention agrees with a label's value."""
    if convention.name.startswith("git-commit"):
        return lambda value: value == tag or abbreviates_commit(tag, value)
    if convention.name.endswith("-partial"):
        return lambda value: is_partial_of(tag, value)
    if convention.name.startswith("semver"):
        return lambda value: value.removeprefix("v") == tag.removeprefix("v")
    return tag.__eq__


def _compare(
    tag: str, label: str, agrees: Callable[[str], bool], images: tuple[Image, ...]
) -> tuple[list[Finding], list[Undecided]]:
    """Compare the tag with one label on every platform; equal answers of several platforms are one finding."""
    unread = [str(image.platform) for image in images if image.config is None]
    values: dict[str | None, list[str]] = {}
    for image in images:
        if image.config is not None:
            values.setdefault(image.config.labels.get(label), []).append(str(image.platform))
    about = About.of(tag=tag, label=label)
    findings = []
    for value, platforms in sorted(values.items(), key=lambda item: item[1]):
        where = _some(platforms)
        if value is None:
            what = f"the label {_show(label)} is missing on {where}, so the tag cannot agree with it"
            findings.append(Finding(TAG_LABEL_MISSING, about, what, _show(tag), "no label", TAG_LABEL_MISSING.remedy))
        elif not agrees(value):
            what = f"the tag is {_show(tag)}, and the label {_show(label)} says {_show(value)} on {where}"
            findings.append(Finding(TAG_LABEL_MISMATCH, about, what, _show(tag), _show(value), _which(tag, value)))
    undecided = []
    if unread or not images:
        what = f"the labels could not be read on {_some(unread) or 'any platform'}"
        undecided.append(Undecided(TAG_LABEL_UNKNOWN, what, TAG_LABEL_UNKNOWN.remedy))
    return findings, undecided


def _advice(allowed: tuple[TagPattern | TagRegex, ...], tag: str) -> str:
    """Say what would be right, and name the slips that look like a convention."""
    examples = [CONVENTIONS[str(pattern)].example for pattern in allowed if str(pattern) in CONVENTIONS]
    such = f", such as {examples[0]}" if examples else ""
    advice = f"Push the image again under a tag that is {_either(allowed)}{such}."
    names = {str(pattern) for pattern in allowed}
    if tag[:1] in {"v", "V"} and names & {"semver", "semver-release"} and CONVENTIONS["semver"].holds(tag[1:]):
        return f"{advice} Without the v it would be one; to allow it, add semver-v."
    if "semver" in names and CONVENTIONS["semver-partial"].holds(tag):
        return f"{advice} This is only the beginning of a version; to allow those, add semver-partial."
    if "git-commit" in names and tag.isdecimal():
        return f"{advice} Digits alone are not taken for a commit: give more of it (git rev-parse --short=12)."
    return advice


def _which(tag: str, value: str) -> str:
    if "+" in value:
        return f"{TAG_LABEL_MISMATCH.remedy} A tag can never hold the + of {_show(value)}: leave it out of the label."
    if value.strip() == tag:
        return "Take the blanks around the label's value away."
    return TAG_LABEL_MISMATCH.remedy


def _either(patterns: tuple[TagPattern | TagRegex, ...]) -> str:
    return _some([clip(str(pattern), _MOST_SHOWN) for pattern in patterns], " or ")


def _some(names: list[str], last: str = " and ") -> str:
    """Join some names and count the others."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return last.join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _show(text: str) -> str:
    return clip(text, _MOST_SHOWN)
