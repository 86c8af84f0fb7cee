"""Labels that came with the base image and were never set: the version of Ubuntu as the version of the application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gate.bases import NoBase, find_base
from gate.finding import About, Finding, Reason, Undecided
from gate.formats.secrets import kind_of_value
from gate.printable import clip

if TYPE_CHECKING:
    from gate.check import View
    from gate.formats.repository_name import RepositoryGlob
    from gate.subject import Image

__all__ = ["inherited_problems", "judge_inherited"]

LABEL_INHERITED = Reason(
    "label-inherited",
    "A label still has the value of the base image",
    "Labels of the base image are in every image that is built on it, until the build sets them again. The rule lists "
    "labels that must be the image's own, and this one has the base's value: a version, a maintainer or a source that "
    "belongs to the base and not to this image.",
    "Set the label in the build of this image (`LABEL KEY=VALUE` after the last `FROM`, or `docker build --label`).",
)
LABEL_ORIGIN_UNKNOWN = Reason(
    "label-origin-unknown",
    "It is not known which labels come from the base image",
    "The rule compares labels with those of the base image. The image does not say what it is built on (with name and "
    "digest), names a repository that the rule does not list under `bases`, or its layers do not begin with those of "
    "the base; or the base could not be read.",
    "Build with `org.opencontainers.image.base.name` and `org.opencontainers.image.base.digest` set, list the base's "
    "repository under `bases`, and give the job the right to pull it.",
)

_MOST_SHOWN: Final = 140


def inherited_problems(keys: tuple[str, ...], bases: tuple[RepositoryGlob, ...]) -> Iterable[tuple[str, str]]:
    """Say what is wrong between the options: (key path, sentence)."""
    if keys and not bases:
        yield "not-inherited", "give bases as well: the repositories that base images may be read from"
    if bases and not keys:
        yield "bases", "nothing is compared with them: give not-inherited as well"
    if any(not key.strip() for key in keys):
        yield "not-inherited", "an empty name is no label"
    for glob in bases:
        if "*" in glob.text.partition("/")[0]:
            yield "bases", f"{glob} names no registry, and the base is read from where the image says: write its host"


def judge_inherited(
    view: View, image: Image, keys: tuple[str, ...], bases: tuple[RepositoryGlob, ...]
) -> tuple[list[Finding], tuple[Undecided, ...]]:
    """Compare labels with those of the base, which has to be proven: otherwise nothing is known (S14)."""
    base = find_base(view.subject, image, bases, view.evidence)
    if isinstance(base, NoBase):
        what = f"on {image.platform}: {base.why.value} ({base.detail})"
        return [], (Undecided(LABEL_ORIGIN_UNKNOWN, what, LABEL_ORIGIN_UNKNOWN.remedy, base.look),)
    own = image.config.labels if image.config is not None else {}
    theirs = base.image.config.labels if base.image.config is not None else {}
    findings = []
    for key in sorted(set(keys)):
        if key in own and own[key] == theirs.get(key):
            kind = kind_of_value(own[key])
            value = clip(own[key], _MOST_SHOWN) if kind is None else f"({len(own[key])} characters with {kind})"
            what = f"the label {key} is {value}, as in the base image {clip(base.claim.name, _MOST_SHOWN)}"
            about = About.of(label=key)
            expected = "a value of its own"
            findings.append(Finding(LABEL_INHERITED, about, what, expected, value, LABEL_INHERITED.remedy))
    return findings, ()
