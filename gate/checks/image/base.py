"""What an image is built on, and for how long that is kept up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from gate.bases import BASE_NAME, Claim, NoBase, Why, claim_of, find_base
from gate.checks.image.findings import finding, listed, show
from gate.finding import Finding, Note, Reason, Undecided
from gate.formats.values import day_of

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import View
    from gate.checks.image.options import BaseRule
    from gate.oci.config import Config
    from gate.subject import Image

__all__ = ["judge_base", "judge_end_of_life"]

BASE_NOT_ALLOWED = Reason(
    "base-not-allowed",
    "The image says that it is built on a base that the rule does not allow",
    "The rule lists the repositories of base images (`base: {allow: […]}` or `deny`), and the image's own label or "
    "annotation `org.opencontainers.image.base.name` names another one, or one that is denied.",
    "Build the image on one of the allowed bases.",
)
BASE_UNCLEAR = Reason(
    "base-unclear",
    "The image does not say clearly what it is built on",
    "The rule asks for certain base images. The image has no `org.opencontainers.image.base.name`, or none with a "
    "digest (`org.opencontainers.image.base.digest`), or labels and annotations contradict each other.",
    "Set both when the image is built, as labels or annotations: `docker buildx build --annotation "
    "org.opencontainers.image.base.name=… --annotation org.opencontainers.image.base.digest=…`. Some builders do it by "
    "themselves.",
)
BASE_MISMATCH = Reason(
    "base-mismatch",
    "The image is not built on the base that it names",
    "The base was read by its digest, and its layers are not the first layers of this image, or it is not there for "
    "this platform. The label was copied from somewhere, or is inherited from the base's own base.",
    "Correct the labels, or build the image on the base that they name.",
)
BASE_UNREAD = Reason(
    "base-unread",
    "The base image could not be read, so it is not known whether the image is built on it",
    "A label can claim anything. The rule believes a base only after it was read by its digest and its layers were "
    "found in the image. The base was not answered: it was removed, needs other credentials, or the image was not read "
    "from a registry.",
    "Give the job the right to pull the base image. To believe the label alone, the rule says `best-effort: true`.",
)
END_OF_LIFE = Reason(
    "base-end-of-life",
    "What the image is built on is no longer kept up",
    "The rule names a label that says until when the base image gets updates (`end-of-life`), and that day has passed.",
    "Build the image on a newer base.",
)
END_OF_LIFE_UNCLEAR = Reason(
    "end-of-life-unclear",
    "The image does not say until when its base is kept up",
    "The rule names a label that says until when the base image gets updates (`end-of-life`). The image does not have "
    "it, or it is no day such as 2027-04-30.",
    "Use a base image that carries the label, or set it in the build.",
)

_UNCLEAR: Final = frozenset({Why.UNCLAIMED, Why.DISPUTED, Why.MALFORMED})


def judge_base(rule: BaseRule, view: View, image: Image) -> tuple[list[Finding], list[Undecided], list[Note]]:
    """Judge what the image is built on: findings, what could not be told, and what is believed without proof."""
    claim = claim_of(view.subject, image)
    if isinstance(claim, NoBase):
        if not rule.allow and claim.why is Why.UNCLAIMED:  # `deny` alone is about claims
            return [], [], [Note("the image does not say what it is built on")]
        what = f"{claim.why.value} ({claim.detail})"
        return [finding(BASE_UNCLEAR, what, BASE_NAME, claim.detail, label=BASE_NAME)], [], []
    wrong = _claimed(rule, claim)
    if wrong is not None:
        return [wrong], [], []
    if not rule.allow:
        return [], [], []
    if rule.best_effort:
        return [], [], [Note(f"built on {show(claim.name)}, as the image itself says", headline=True)]
    base = find_base(view.subject, image, rule.allow, view.evidence)
    if not isinstance(base, NoBase):
        return [], [], [Note(f"built on {show(claim.name)} ({claim.digest.short}), whose layers it begins with")]
    what = f"{base.why.value}: {base.detail}"
    if base.why is Why.UNREAD:
        return [], [Undecided(BASE_UNREAD, what, BASE_UNREAD.remedy, base.look)], []
    return [finding(BASE_MISMATCH, what, f"an image on {show(claim.name)}", base.detail, label=BASE_NAME)], [], []


def _claimed(rule: BaseRule, claim: Claim) -> Finding | None:
    """Give what is wrong with the claim itself: a claim can violate (S14)."""
    what = f"the image says that it is built on {show(claim.name)}"
    if rule.allow and not any(glob.matches(claim.repository) for glob in rule.allow):
        expected = listed(str(glob) for glob in rule.allow)
        return finding(BASE_NOT_ALLOWED, what, expected, show(claim.repository), label=BASE_NAME)
    denied = next((glob for glob in rule.deny if glob.matches(claim.repository)), None)
    if denied is not None:
        expected = f"a base that is not {denied}"
        return finding(BASE_NOT_ALLOWED, what, expected, show(claim.repository), label=BASE_NAME)
    return None


def judge_end_of_life(label: str, config: Config, at: datetime) -> list[Finding]:
    """Judge the label that says until when the base is kept up; the day itself still counts."""
    value = config.labels.get(label)
    day: date | None = None if value is None else day_of(value)
    if day is None:
        got = "no label" if value is None else show(value)
        what = f"the label {show(label)} does not say until when the base is kept up"
        return [finding(END_OF_LIFE_UNCLEAR, what, "a day, as 2027-04-30", got, label=label)]
    if at.date() <= day:
        return []
    what = f"what the image is built on was kept up until {day.isoformat()}"
    return [finding(END_OF_LIFE, what, "a day that has not passed", day.isoformat(), label=label)]
