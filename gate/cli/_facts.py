"""Literal facts of a case → an image that rules can judge: `gate rules test` (docs/rule-tests.md).

The image is made in memory and answers like an image layout: real manifests and configs under their own
hashes, nothing hanging on it. Who signed and what a scanner found is said in the case, since no honest
signature or report can be written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Literal, Self

from gate.check import ReportFile
from gate.evidence import Absent, Ask, Fact, Found, Kind, Look
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from gate.oci.platform import Platform
from gate.option import File, SignerName, option
from gate.scanner import OperatingSystem, Report, ReportSubject, Severity, Vulnerabilities, Vulnerability, fix_state_of
from gate.signer import Candidate, Counts, Identity, Vouching
from gate.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from gate.check import Book
    from gate.evidence import Evidence, Need
    from gate.finding import Note
    from gate.signer import Signer

__all__ = ["Facts", "FactsBook", "FactsSource", "Moment"]

_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_PLACE: Final = "facts:"
_LOOK: Final = Look("the facts of the case", "given")
_NOTHING: Final = Look("the facts of the case", "not given")
_NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as cases write it."""

    time: datetime

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a day or an RFC 3339 time; UTC where no zone is given. Raises `ValueError`."""
        try:
            time = datetime.fromisoformat(text)
            return cls(time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC))
        except (ValueError, OverflowError):
            msg = f"{text[:60]!r} is no time: write it as 2026-11-25T12:00:00Z"
            raise ValueError(msg) from None

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "description": "a time, as 2026-11-25T12:00:00Z"}


@dataclass(frozen=True, slots=True)
class PlatformText:
    """One platform, as `linux/arm64`."""

    platform: Platform

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `os/architecture[/variant]`; raises `ValueError`."""
        return cls(Platform.parse(text))

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "description": "a platform, as linux/arm64"}


@dataclass(frozen=True, slots=True)
class VulnerabilityFacts:
    """One vulnerability that the case's scanner report holds."""

    id: str = option("Its id.", needs="id: CVE-2026-1234")
    severity: Literal["unknown", "negligible", "low", "medium", "high", "critical"] = option(
        "Its severity.", needs="severity: high"
    )
    package: str = option("The package it is in.", default="package")
    version: str = option("The version of the package.", default="1.0")
    fixed: str = option("The version that repairs it; none if left out.", default="")
    published: Moment | None = option("When it was published.", default=None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a case says about its image; what it does not say, the image does not have."""

    repository: str = option("The repository, as ghcr.io/acme/app; an image without one if left out.", default="")
    tag: str = option("The tag it is checked by.", default="")
    tags: Mapping[str, Literal["this", "another"]] | None = option(
        "Other tags of the repository, and whether they point to this image.", default=None
    )
    platforms: tuple[PlatformText, ...] = option(
        "The platforms it consists of; linux/amd64 if left out.", default=(PlatformText(Platform("linux", "amd64")),)
    )
    labels: Mapping[str, str] | None = option("Labels, on every platform.", default=None)
    annotations: Mapping[str, str] | None = option("Annotations of every platform's manifest.", default=None)
    user: str = option("The user it runs as; root if left out.", default="")
    env: Mapping[str, str] | None = option("Variables of its environment.", default=None)
    entrypoint: tuple[str, ...] = option("Its entrypoint.", default=())
    cmd: tuple[str, ...] = option("Its command.", default=())
    ports: tuple[str, ...] = option("Ports it exposes, as 8080/tcp.", default=())
    volumes: tuple[str, ...] = option("Volumes it declares.", default=())
    healthcheck: tuple[str, ...] = option("Its health check, as [CMD, /check].", default=())
    history: tuple[str, ...] = option("Its build steps.", default=())
    layers: tuple[int, ...] = option("The sizes of its layers in bytes.", default=(1000,))
    created: Moment | None = option("When it was built; at the time of the case if left out.", default=None)
    config: File | None = option("A whole image configuration (JSON) instead; other keys change it.", default=None)
    signed_by: tuple[SignerName, ...] = option("Signers of the rule file that have signed it.", default=())
    scanner: str = option("Who wrote the scanner report.", default="trivy")
    vulnerabilities: Literal["none"] | tuple[VulnerabilityFacts, ...] | None = option(
        "What a fresh scanner report of every platform holds; no report if left out.", default=None
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse what no image could be."""
        found = []
        if len({one.platform for one in self.platforms}) != len(self.platforms):
            found.append(("platforms", "a platform is named twice"))
        if self.config is not None and not _is_object(self.config.content):
            found.append(("config", f"{self.config.path!r} is no JSON object"))
        if any(size < 1 for size in self.layers):
            found.append(("layers", "a layer has at least one byte"))
        if self.tags is not None and self.tag in self.tags:
            found.append((f"tags.{self.tag}", "this is the tag it is checked by: it points to this image"))
        return tuple(found)


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def _packed(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _described(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


class FactsSource:
    """The image of one case; see `gate.source.Source`."""

    def __init__(self, facts: Facts, at: datetime) -> None:
        """Make the image."""
        self._facts = facts
        self._answers: dict[Ask, Fact] = {}
        self.reports: tuple[ReportFile, ...] = ()
        place = facts.repository or _PLACE
        members = []
        for one in facts.platforms:
            config = _packed(_config(facts, one.platform, at))
            manifest = _packed(_manifest(facts, config))
            self._found(Ask(place, Kind.BLOB, str(Digest.of(config))), config, OCI_CONFIG)
            self._found(Ask(place, Kind.MANIFEST, str(Digest.of(manifest))), manifest, OCI_MANIFEST)
            members.append({**_described(OCI_MANIFEST, manifest), "platform": _platform(one.platform)})
            self.reports += self._report(one.platform, config, manifest, at)
        index = _packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members})
        another = _packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members, "annotations": {"n": "2"}})
        typed = f"{facts.repository or 'image'}:{facts.tag}" if facts.tag else facts.repository or "image"
        self._subject = Subject(typed, place, facts.repository, facts.tag, Digest.of(index), OCI_INDEX, index)
        tags = {facts.tag: "this", **(facts.tags or {})} if facts.tag else dict(facts.tags or {})
        for tag, points in tags.items():
            content = index if points == "this" else another
            for kind in (Kind.TAG_NOW, Kind.MANIFEST):
                self._found(Ask(place, kind, tag), content, OCI_INDEX)
        self._found(Ask(place, Kind.MANIFEST, str(Digest.of(index))), index, OCI_INDEX)
        listed = {"name": facts.repository.partition("/")[2], "tags": sorted(tags)}
        self._found(Ask(place, Kind.TAGS, ""), _packed(listed), "application/json")

    def _found(self, ask: Ask, content: bytes, media_type: str) -> None:
        self._answers[ask] = Found(_LOOK, content, media_type)

    def _report(self, platform: Platform, config: bytes, manifest: bytes, at: datetime) -> tuple[ReportFile, ...]:
        listed = self._facts.vulnerabilities
        if listed is None:
            return ()
        subject = ReportSubject("facts", Digest.of(config), frozenset({Digest.of(manifest)}), platform)
        os = OperatingSystem("facts", "1", end_of_life=False)
        entries = Vulnerabilities.of(*(() if listed == "none" else map(_vulnerability, listed)))
        read = Report(self._facts.scanner, "", at, subject, os, frozenset({"os"}), entries)
        return (ReportFile(f"facts of {platform}", read),)

    @property
    def live(self) -> bool:
        """Facts are no registry."""
        return False

    @property
    def notes(self) -> tuple[Note, ...]:
        """Nothing about facts is odd."""
        return ()

    def resolve(self) -> Subject:
        """Give the image."""
        return self._subject

    def answer(self, ask: Ask) -> Fact:
        """Answer from the facts: what they do not say is not there."""
        return self._answers.get(ask, Absent(_NOTHING))

    def warm(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hold nothing, so close nothing."""


def _platform(platform: Platform) -> dict[str, str]:
    variant = {"variant": platform.variant} if platform.variant else {}
    return {"os": platform.os, "architecture": platform.architecture, **variant}


def _config(facts: Facts, platform: Platform, at: datetime) -> dict[str, object]:
    """Give the configuration of one platform: that of the file, changed by what the case says."""
    whole: dict[str, object] = json.loads(facts.config.content) if facts.config is not None else {}
    written = whole.get("config")
    run: dict[str, object] = dict(written) if isinstance(written, dict) else {}
    given: dict[str, object] = {
        "User": facts.user,
        "Env": [f"{name}={value}" for name, value in (facts.env or {}).items()],
        "Entrypoint": list(facts.entrypoint),
        "Cmd": list(facts.cmd),
        "ExposedPorts": {port: {} for port in facts.ports},
        "Volumes": {path: {} for path in facts.volumes},
        "Healthcheck": {"Test": list(facts.healthcheck)} if facts.healthcheck else {},
        "Labels": dict(facts.labels or {}),
    }
    run.update({key: value for key, value in given.items() if value})
    steps = [{"created_by": step} for step in facts.history]
    created = facts.created.time if facts.created is not None else at
    more: dict[str, object] = {"history": steps} if steps else {}
    if facts.created is not None or "created" not in whole:
        more["created"] = created.isoformat()
    diff_ids = [str(Digest.of(f"layer {number}".encode())) for number in range(len(facts.layers))]
    return {**whole, **_platform(platform), **more, "config": run, "rootfs": {"type": "layers", "diff_ids": diff_ids}}


def _manifest(facts: Facts, config: bytes) -> dict[str, object]:
    layers = [
        {"mediaType": _LAYER, "digest": str(Digest.of(f"blob {number}".encode())), "size": size}
        for number, size in enumerate(facts.layers)
    ]
    made: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _described(OCI_CONFIG, config),
        "layers": layers,
    }
    return {**made, "annotations": dict(facts.annotations)} if facts.annotations else made


def _vulnerability(one: VulnerabilityFacts) -> Vulnerability:
    return Vulnerability(
        id=one.id,
        package=one.package,
        version=one.version,
        severity=Severity.of_word(one.severity),
        severity_source="facts",
        fix=fix_state_of("affected", one.fixed),
        fixed_versions=(one.fixed,) if one.fixed else (),
        published=one.published.time if one.published is not None else None,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A signer of a case: what it vouches for is what the case says."""

    name: str
    has_signed: bool
    kind: ClassVar[str] = "facts"

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Nothing has to be fetched."""
        del subject
        return frozenset()

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Give what the case says."""
        del subject, evidence, at
        if not self.has_signed:
            return Vouching(looked=(_NOTHING,))
        return Vouching((Candidate(_LOOK, self.principal(), Counts("said by the case")),), looked=(_LOOK,))

    def principal(self) -> Identity:
        """Each name is somebody else."""
        return Identity("facts", self.name)


class FactsBook:
    """The book of one case: signers that signed or not, and reports with what was found."""

    def __init__(self, signed: Sequence[str], reports: tuple[ReportFile, ...]) -> None:
        """Take the facts."""
        self._signed = frozenset(signed)
        self._reports = reports

    def signer(self, name: SignerName) -> Signer:
        """Give a signer that vouches as the case says."""
        return _Said(name.name, name.name in self._signed)

    def reports(self) -> Sequence[ReportFile]:
        """Give one report a platform, or none."""
        return self._reports

    def with_signers(self, signers: Mapping[str, Signer]) -> Book:
        """Give itself: the case says who signed."""
        del signers
        return self
