"""The check `image`: what config and manifest say about how the image runs and what was left in it.

Judged on every platform. Everything in a config is what the builder wrote: it can show that something is
wrong, and for user, ports and volumes it is also what a runtime does unless it is told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from gate.bases import BaseNeed
from gate.check import CheckMeta
from gate.checks.image.base import judge_base, judge_end_of_life
from gate.checks.image.contents import judge_additions, judge_media_types
from gate.checks.image.extent import judge_age, judge_extent, judge_platforms
from gate.checks.image.findings import show
from gate.checks.image.options import BaseRule, PlatformRule, PortRule, Size, VolumeRule
from gate.checks.image.run import judge_entrypoint, judge_healthcheck, judge_ports, judge_user, judge_volumes
from gate.checks.image.secrets import judge_label_secrets, judge_secrets
from gate.finding import Finding, Judgement, Note, Reason, Undecided
from gate.formats.user import Who, read_user
from gate.option import Duration, option
from gate.pattern import Glob

if TYPE_CHECKING:
    from gate.check import Book, View
    from gate.evidence import Need
    from gate.oci.config import Config
    from gate.subject import Subject

__all__ = ["CHECK", "ImageCheck"]

IMAGE_UNREAD = Reason(
    "image-unread",
    "The image's manifest or config could not be read",
    "The rule looks at the manifest and the config of this platform, and they could not be read.",
    "See what the report says about the part that could not be read, then run the gate again.",
)


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """The image runs as it should, and nothing was left in it that should not be there."""

    meta: ClassVar[CheckMeta] = CheckMeta("image", "The image's configuration is as it should be", "platform")

    user: Literal["non-root", "non-root-number"] | None = option(
        "who the image may run as: anybody but root, or only a number other than 0", default=None
    )
    environment: Literal["no-secrets"] | None = option("nothing in the environment looks like a secret", default=None)
    history: Literal["no-secrets"] | None = option(
        "nothing in the build steps and build arguments looks like a secret", default=None
    )
    labels: Literal["no-secrets"] | None = option("nothing in the labels looks like a secret", default=None)
    allow_variables: tuple[Glob, ...] = option(
        "names of variables, build arguments and labels that look like secrets and are none", default=()
    )
    platforms: PlatformRule | None = option("which platforms the image is built for", default=None)
    ports: Literal["none"] | PortRule | None = option("which ports the image may expose", default=None)
    healthcheck: Literal["required"] | None = option("the image has a health check", default=None)
    entrypoint: Literal["exec-form"] | None = option("the image starts its program without a shell", default=None)
    volumes: Literal["none"] | VolumeRule | None = option("which volumes the image may declare", default=None)
    media_types: Literal["standard", "oci"] | None = option(
        "of what kinds manifest, config and layers may be: standard (OCI and Docker), or only oci; no foreign layers",
        default=None,
    )
    additions: Literal["no-urls"] | None = option("no build step adds a file from the network unchecked", default=None)
    base: BaseRule | None = option("what the image may be built on", default=None)
    end_of_life: str | None = option("the label that says until which day the base is kept up", default=None)
    max_size: Size | None = option("how large the compressed layers may be together", default=None)
    max_layers: int | None = option("how many layers the image may have", default=None)
    max_age: Duration | None = option("how long ago the image may have been created", default=None)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        found = []
        asked = (
            self.user, self.environment, self.history, self.labels, self.platforms, self.ports, self.healthcheck,
            self.entrypoint, self.volumes, self.media_types, self.additions, self.base, self.end_of_life, self.max_size,
            self.max_layers, self.max_age,
        )  # fmt: skip
        if all(value is None for value in asked):
            found.append(("", "the rule asks for nothing: give user, environment, platforms or another option"))
        if self.allow_variables and self.environment is None and self.history is None and self.labels is None:
            found.append(("allow-variables", "nothing is searched for secrets: give environment or history as well"))
        if self.max_layers is not None and self.max_layers < 1:
            found.append(("max-layers", "no image has less than one layer"))
        if self.end_of_life is not None and not self.end_of_life.strip():
            found.append(("end-of-life", "an empty name is no label"))
        return tuple(found)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's signature
        """Ask for the base, where it has to be proven; manifests and configs come with the platforms."""
        if self.base is None or not self.base.allow or self.base.best_effort:
            return frozenset()
        return frozenset({BaseNeed(self.base.allow)})

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge one platform; `platforms.require` is about the whole image and says the same on each."""
        image = view.platform
        if image is None or image.config is None or image.manifest is None:
            what = f"{image.platform if image else 'the image'} has no manifest or config that could be read"
            return Judgement(undecided=(Undecided(IMAGE_UNREAD, what, IMAGE_UNREAD.remedy),))
        findings = [*self._running(image.config), *judge_extent(image.manifest, self.max_size, self.max_layers)]
        undecided: list[Undecided] = []
        notes = [*self._notes(image.config)]
        if self.media_types is not None:
            findings += judge_media_types(image.manifest, self.media_types)
        if self.base is not None:
            wrong, unknown, said = judge_base(self.base, view, image)
            findings, undecided, notes = [*findings, *wrong], [*undecided, *unknown], [*notes, *said]
        if self.end_of_life is not None:
            findings += judge_end_of_life(self.end_of_life, image.config, at)
        if self.platforms is not None:
            missing, unknown = judge_platforms(self.platforms, view, image.platform)
            findings += missing
            undecided += unknown
        if self.max_age is not None:
            old, unknown = judge_age(self.max_age, image.config, at)
            findings += old
            undecided += unknown
        return Judgement(tuple(findings), tuple(undecided), notes=tuple(notes))

    def _running(self, config: Config) -> Iterable[Finding]:
        """Give what is wrong with the config alone."""
        if self.user is not None:
            yield from judge_user(config, self.user)
        yield from judge_secrets(
            config,
            self.allow_variables,
            environment=self.environment is not None,
            history=self.history is not None,
        )
        if self.labels is not None:
            yield from judge_label_secrets(config, self.allow_variables)
        if self.additions is not None:
            yield from judge_additions(config)
        if self.ports is not None:
            yield from judge_ports(config, self.ports)
        if self.volumes is not None:
            yield from judge_volumes(config, self.volumes)
        if self.healthcheck is not None:
            yield from judge_healthcheck(config)
        if self.entrypoint is not None:
            yield from judge_entrypoint(config)

    def _notes(self, config: Config) -> tuple[Note, ...]:
        if self.user is None or read_user(config.user) is not Who.NAMED:
            return ()
        return (Note(f"which number the user {show(config.user)} has is not known from the config"),)


CHECK = ImageCheck
