"""What the image consists of: its platforms, the size and number of its layers, its age."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from gate.checks.image.findings import finding, listed, show
from gate.finding import Finding, Reason, Undecided
from gate.platforms import find_images

if TYPE_CHECKING:
    from gate.check import View
    from gate.checks.image.options import PlatformRule, Size
    from gate.oci.config import Config
    from gate.oci.manifest import Manifest
    from gate.oci.platform import Platform
    from gate.option import Duration

__all__ = ["judge_age", "judge_extent", "judge_platforms"]

PLATFORM_REQUIRED = Reason(
    "platform-required",
    "The image lacks a platform that the rule requires",
    "The rule lists platforms that every image has to be built for, and this image has no member for one of them.",
    "Build the image for all of them: `docker buildx build --platform linux/amd64,linux/arm64 …`.",
)
PLATFORM_NOT_ALLOWED = Reason(
    "platform-not-allowed",
    "The image is built for a platform that the rule does not allow",
    "The rule lists the platforms an image may be built for, and this image has a member for another one.",
    "Leave the platform out of the build, or add it to the rule.",
)
PLATFORMS_UNKNOWN = Reason(
    "platforms-unknown",
    "Not every platform of the image is known",
    "A part of the image's index could not be read, so a required platform that was not seen may still be there.",
    "See what the report says about the part that could not be read, then run the gate again.",
)
IMAGE_TOO_LARGE = Reason(
    "image-too-large",
    "The image is larger, or has more layers, than the rule allows",
    "The sizes are those of the compressed layers, as the manifest lists them: what every machine has to download.",
    "Start from a smaller base, build in several stages, and join steps that add and remove the same files.",
)
IMAGE_TOO_OLD = Reason(
    "image-too-old",
    "The image was built too long ago",
    "The config says when the image was created, and that is longer ago than the rule allows: updates of the base "
    "image since then are not in it. Reproducible builds often write a fixed date such as 1970-01-01.",
    "Build the image again from a current base. With reproducible builds, set SOURCE_DATE_EPOCH to the time of the "
    "commit.",
)
CREATED_UNKNOWN = Reason(
    "created-unknown",
    "It is not known when the image was created",
    "The rule limits the age of the image, and the config has no creation time, none that can be read, one in the "
    "future, or 1970, which reproducible builds write in its place.",
    "Build the image with a tool that writes the creation time, on a machine whose clock is right.",
)

#: Reproducible builds (Bazel, ko, apko, Nix) write 1970, and Go writes year 1 for a time that was never set.
_FIRST_YEAR: Final = 1990
#: Clocks differ; what is dated later than this is not believed (S6).
_MOST_AHEAD: Final = timedelta(minutes=5)


def judge_platforms(rule: PlatformRule, view: View, here: Platform) -> tuple[list[Finding], list[Undecided]]:
    """Judge the platforms: findings, and what could not be told because a part of the index was not readable."""
    findings = []
    if rule.allow and not any(name.is_met_by(here) for name in rule.allow):
        allowed = listed(str(name) for name in rule.allow)
        what = f"the image is built for {show(str(here))}"
        findings.append(
            finding(PLATFORM_NOT_ALLOWED, what, f"only {allowed}", show(str(here)), platform=show(str(here)))
        )
    # All of them, be it that --platform restricts what is judged: what is required is about the whole image.
    whole = find_images(view.subject, view.evidence, configs=True)
    has = [image.platform for image in whole.images]
    missing = [str(name) for name in rule.require if not any(name.is_met_by(platform) for platform in has)]
    if missing and whole.undecided:
        what = f"{listed(missing)} was not seen, and not every platform could be read"
        return findings, [Undecided(PLATFORMS_UNKNOWN, what, PLATFORMS_UNKNOWN.remedy)]
    got = listed(str(platform) for platform in has)
    findings += [
        finding(PLATFORM_REQUIRED, f"the image is not built for {name}", name, got, platform=name) for name in missing
    ]
    return findings, []


def judge_extent(manifest: Manifest, max_size: Size | None, max_layers: int | None) -> Iterable[Finding]:
    """Give a finding for each limit that the layers exceed, as the manifest lists them."""
    size, count = sum(layer.size for layer in manifest.layers), len(manifest.layers)
    if max_size is not None and size > max_size.size:
        what, expected = f"the layers have {size:,} bytes together", f"at most {max_size} ({max_size.size:,} bytes)"
        yield finding(IMAGE_TOO_LARGE, what, expected, f"{size:,} bytes")
    if max_layers is not None and count > max_layers:
        what = f"the image has {count} layers"
        yield finding(IMAGE_TOO_LARGE, what, f"at most {max_layers} layers", f"{count} layers")


def judge_age(limit: Duration, config: Config, at: datetime) -> tuple[list[Finding], list[Undecided]]:
    """Judge the age; a creation time that is missing, unreadable, in the future or never set is undecided."""
    created = config.created_at
    if created is None or created > at + _MOST_AHEAD or created.year < _FIRST_YEAR:
        what = "the config does not say when the image was created"
        if config.created is not None:
            what = f"the config says that the image was created at {show(config.created)}"
        return [], [Undecided(CREATED_UNKNOWN, what, CREATED_UNKNOWN.remedy)]
    if at - created <= limit.length:
        return [], []
    when = created.isoformat(timespec="seconds")
    what = f"the image was created {(at - created).days} days ago"
    return [finding(IMAGE_TOO_OLD, what, f"at most {limit} ago", when)], []
