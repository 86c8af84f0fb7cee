"""What a tag may look like: conventions by name, globs and regular expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from gate.checks.tag.texts import either, show
from gate.finding import About, Finding, Reason
from gate.formats.conventions import CONVENTIONS
from gate.formats.tag_glob import meant_convention, tag_glob_problem
from gate.option import option
from gate.pattern import Glob, PatternTimeoutError, Regex

__all__ = ["Pattern", "TagPattern", "TagRegex", "first", "judge_patterns"]

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


@dataclass(frozen=True, slots=True)
class TagPattern:
    """One entry of `allow` or `deny`: a convention by name, or a glob."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a convention's name or a glob that a tag can match; raises `ValueError`."""
        if text in CONVENTIONS:
            return cls(text)
        problem = tag_glob_problem(text)
        if problem is not None:
            raise ValueError(problem)
        meant = meant_convention(text)
        if meant:
            msg = f"there is no convention {text!r}, did you mean {meant}? (for exactly this tag: {{regex: {text}}})"
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


#: One entry of a list of what tags look like.
Pattern = TagPattern | TagRegex


def first(patterns: tuple[Pattern, ...], holds: Callable[[Pattern], bool]) -> Pattern | None:
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


def judge_patterns(tag: str, allow: tuple[Pattern, ...], deny: tuple[Pattern, ...]) -> Iterable[Finding]:
    """Give what is wrong with the tag by itself."""
    about = About.of(tag=tag)
    denied = first(deny, lambda pattern: pattern.denies(tag))
    if denied is not None:
        by = "" if str(denied) == tag else f" by {show(str(denied))}"
        yield Finding(
            TAG_DENIED, about, f"the tag {show(tag)} is denied{by}", f"a tag that is not {show(str(denied))}",
            show(tag), TAG_DENIED.remedy,
        )  # fmt: skip
    if allow and first(allow, lambda pattern: pattern.matches(tag)) is None:
        yield Finding(
            TAG_NOT_ALLOWED, about, f"the tag {show(tag)} follows none of the allowed conventions",
            either(map(str, allow)), show(tag), _advice(allow, tag),
        )  # fmt: skip


def _advice(allowed: tuple[Pattern, ...], tag: str) -> str:
    """Say what would be right, and name the slips that look like a convention."""
    examples = [CONVENTIONS[str(pattern)].example for pattern in allowed if str(pattern) in CONVENTIONS]
    such = f", such as {examples[0]}" if examples else ""
    advice = f"Push the image again under a tag that is {either(map(str, allowed))}{such}."
    names = {str(pattern) for pattern in allowed}
    if tag[:1] in {"v", "V"} and names & {"semver", "semver-release"} and CONVENTIONS["semver"].holds(tag[1:]):
        return f"{advice} Without the v it would be one; to allow it, add semver-v."
    if "semver" in names and CONVENTIONS["semver-partial"].holds(tag):
        return f"{advice} This is only the beginning of a version; to allow those, add semver-partial."
    if "git-commit" in names and tag.isdecimal():
        return f"{advice} Digits alone are not taken for a commit: give more of it (git rev-parse --short=12)."
    return advice
