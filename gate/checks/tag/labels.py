"""That the tag says what labels say, on every platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gate.checks.tag.texts import show, some
from gate.finding import About, Finding, Reason, Undecided
from gate.formats.conventions import CONVENTIONS, Convention, abbreviates_commit, is_partial_of

if TYPE_CHECKING:
    from gate.subject import Image

__all__ = ["TAG_LABEL_MISSING", "TAG_LABEL_UNKNOWN", "agreements", "judge_labels"]

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

#: What a pipeline replaces where the name of a branch becomes a tag.
_NO_TAG: Final = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)


def agreements(
    tag: str, same_as: str | None, agree_with: Mapping[str, str] | None
) -> Iterable[tuple[str, Callable[[str], bool]]]:
    """Give each label to compare with, and how it agrees."""
    if same_as is not None:
        yield same_as, tag.__eq__
    for name, label in sorted((agree_with or {}).items()):
        if name in CONVENTIONS and CONVENTIONS[name].holds(tag):
            yield label, _agreement(CONVENTIONS[name], tag)


def _agreement(convention: Convention, tag: str) -> Callable[[str], bool]:
    """Give how a tag that follows the convention agrees with a label's value."""
    if convention.name.startswith("git-commit"):
        return lambda value: value == tag or abbreviates_commit(tag, value)
    if convention.name.endswith("-partial"):
        return lambda value: is_partial_of(tag, value)
    if convention.name.startswith("semver"):
        return lambda value: value.removeprefix("refs/tags/").removeprefix("v") == tag.removeprefix("v")
    if convention.name == "branch":
        return lambda value: tag == _NO_TAG.sub("-", value.removeprefix("refs/heads/"))
    return tag.__eq__


def judge_labels(
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
        where = some(platforms)
        if value is None:
            what = f"the label {show(label)} is missing on {where}, so the tag cannot agree with it"
            findings.append(Finding(TAG_LABEL_MISSING, about, what, show(tag), "no label", TAG_LABEL_MISSING.remedy))
        elif not agrees(value):
            what = f"the tag is {show(tag)}, and the label {show(label)} says {show(value)} on {where}"
            findings.append(Finding(TAG_LABEL_MISMATCH, about, what, show(tag), show(value), _which(tag, value)))
    undecided = []
    if unread or not images:
        what = f"the labels could not be read on {some(unread) or 'any platform'}"
        undecided.append(Undecided(TAG_LABEL_UNKNOWN, what, TAG_LABEL_UNKNOWN.remedy))
    return findings, undecided


def _which(tag: str, value: str) -> str:
    if "+" in value:
        return f"{TAG_LABEL_MISMATCH.remedy} A tag can never hold the + of {show(value)}: leave it out of the label."
    if value.strip() == tag:
        return "Take the blanks around the label's value away."
    return TAG_LABEL_MISMATCH.remedy
