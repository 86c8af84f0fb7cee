"""Images made from config documents, and rules read from rule text, for tests of the checks tag, labels and image."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from gate.check import Book, Check, View
from gate.errors import RuleFileError
from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, Need, Unavailable
from gate.finding import Finding, Judgement
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from gate.platforms import find_images
from gate.ruleset.load import load_ruleset
from gate.subject import Subject

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PLACE = "registry.example/team/app"
LOOK = Look("https://registry.example/v2/", "200")
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class NoBook:
    """A book for checks that never open one."""

    def signer(self, name: object) -> Any:
        """Fail: these checks know no signers."""
        raise AssertionError(name)

    def reports(self) -> tuple[()]:
        """Give none."""
        return ()

    def with_signers(self, signers: object) -> NoBook:
        """Give itself: nobody signs here."""
        return self


@dataclass
class Made:
    """An image: run configuration by platform, the other members of the config, annotations and layers."""

    run: Mapping[str, Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    tag: str = "1.4.2"
    annotations: Mapping[str, str] = field(default_factory=dict)
    index_annotations: Mapping[str, str] = field(default_factory=dict)
    member_annotations: Mapping[str, str] = field(default_factory=dict)
    layers: Sequence[int] = (1000, 200)
    #: Members of every layer's descriptor.
    layer: Mapping[str, Any] = field(default_factory=dict)
    manifest_type: str = OCI_MANIFEST
    config_type: str = OCI_CONFIG
    lost: str = ""
    #: The repository's other tags: on this image (None), or on another image with these labels.
    tags: Mapping[str, Mapping[str, str] | None] | None = None
    #: Answers that are not as they should be.
    odd: Mapping[Ask, Fact] = field(default_factory=dict)
    #: Where a promotion would come from.
    origin: str = ""
    place: str = PLACE

    def world(self) -> tuple[Subject, Evidence]:
        """Give the subject (an index) and the evidence about it; the config of the platform `lost` is not readable."""
        answers: dict[Ask, Fact] = {}
        members = []
        for name, run in (self.run or {"linux/amd64": {}, "linux/arm64": {}}).items():
            os, architecture, *variant = name.split("/")
            platform = {"os": os, "architecture": architecture, **({"variant": variant[0]} if variant else {})}
            rootfs = {"type": "layers", "diff_ids": [f"sha256:{name.encode().hex():0>64}"]}
            config = packed({**platform, "config": run, "rootfs": rootfs, **self.more})
            manifest = packed(
                {
                    "schemaVersion": 2,
                    "mediaType": self.manifest_type,
                    "config": descriptor(self.config_type, config),
                    "layers": [
                        {"mediaType": LAYER, "digest": f"sha256:{number:064x}", "size": size, **self.layer}
                        for number, size in enumerate(self.layers)
                    ],
                    "annotations": dict(self.annotations),
                }
            )
            broken = name == self.lost
            answers[Ask(PLACE, Kind.BLOB, str(Digest.of(config)))] = Found(
                LOOK, b"" if broken else config, self.config_type
            )
            answers[Ask(PLACE, Kind.MANIFEST, str(Digest.of(manifest)))] = Found(LOOK, manifest, self.manifest_type)
            annotated = {"annotations": dict(self.member_annotations)}
            members.append({**descriptor(self.manifest_type, manifest), "platform": platform, **annotated})
        index = packed(
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": members,
                "annotations": dict(self.index_annotations),
            }
        )
        repository = "" if self.place.startswith(("oci:", "docker-archive:")) else self.place
        subject = Subject(f"app:{self.tag}", PLACE, repository, self.tag, Digest.of(index), OCI_INDEX, index)
        answers |= self._among_others(index)
        return replace(subject, origin=self.origin), Evidence({**answers, **self.odd})

    def _among_others(self, index: bytes) -> dict[Ask, Fact]:
        """Give the list of tags and what they point to; a tag that is not there is answered so."""
        if self.tags is None:
            return {}
        names = sorted({*self.tags, *([] if self.origin else [self.tag])})
        answers: dict[Ask, Fact] = {Ask(PLACE, Kind.TAGS, ""): Found(LOOK, packed({"name": "app", "tags": names}))}
        for name in names:
            labels = self.tags.get(name)
            other = other_image(labels) if labels is not None else {}
            answers |= other
            content = next((fact.content for ask, fact in other.items() if ask.kind is Kind.MANIFEST), index)
            kind = OCI_MANIFEST if other else OCI_INDEX
            answers[Ask(PLACE, Kind.MANIFEST, name)] = Found(LOOK, content, kind)
        if self.origin and self.tag not in self.tags:
            answers[Ask(PLACE, Kind.MANIFEST, self.tag)] = Absent(LOOK)
        return answers

    def gathered(self, check: Check) -> tuple[Subject, Evidence]:
        """Give the subject and what the check asked for; what nobody knows is not available."""
        subject, known = self.world()
        needs: frozenset[Need] = check.needs(subject, cast("Book", NoBook()))
        have = Evidence(
            {ask: fact for ask, fact in known.answers.items() if ask.name.startswith("sha256:") and ask.place == PLACE}
        )
        for _ in range(60):
            asks = {ask for need in needs for ask in need.missing(subject, have)} - set(have.answers)
            if not asks:
                break
            unknown = Unavailable(LOOK, "timeout", "no answer")
            have = have.with_answers({ask: known.answers.get(ask, unknown) for ask in asks})
        else:
            raise AssertionError(needs)
        return subject, have

    def views(self, check: Check) -> list[View]:
        """Give what the check would be shown: the image, or each of its platforms."""
        subject, evidence = self.gathered(check)
        images = find_images(subject, evidence, configs=True).images
        whole = View(subject, None, images, evidence, cast("Book", NoBook()))
        if check.meta.scope == "image":
            return [whole]
        return [View(subject, image, images, evidence, cast("Book", NoBook())) for image in images]

    def judged(self, check: Check, at: datetime = AT) -> list[Judgement]:
        """Judge everything the check is shown."""
        return [check.judge(view, at) for view in self.views(check)]

    def findings(self, check: Check, at: datetime = AT) -> list[Finding]:
        """Give all findings, equal ones of several platforms once; nothing may be undecided."""
        judged = self.judged(check, at)
        assert judged
        assert not any(judgement.undecided for judgement in judged)
        return list(dict.fromkeys(finding for judgement in judged for finding in judgement.findings))

    def codes(self, check: Check, at: datetime = AT) -> list[str]:
        """Give the reason codes of all findings."""
        return [finding.reason.code for finding in self.findings(check, at)]


def other_image(labels: Mapping[str, str]) -> dict[Ask, Found]:
    """Make an image for linux/amd64 with labels, without an index."""
    base = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}
    config = packed({**base, "config": {"Labels": dict(labels)}})
    manifest = packed(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG, config), "layers": []}
    )
    return {
        Ask(PLACE, Kind.BLOB, str(Digest.of(config))): Found(LOOK, config, OCI_CONFIG),
        Ask(PLACE, Kind.MANIFEST, str(Digest.of(manifest))): Found(LOOK, manifest, OCI_MANIFEST),
    }


def single(**run: Any) -> Made:
    """Make an image for linux/amd64 alone with this run configuration."""
    return Made({"linux/amd64": run})


def labelled(**labels: str) -> Made:
    """Make an image for linux/amd64 with labels; `_` in a name is a dot."""
    return single(Labels={name.replace("_", "."): value for name, value in labels.items()})


def packed(value: object) -> bytes:
    """Give compact JSON bytes."""
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(media_type: str, content: bytes) -> dict[str, object]:
    """Describe some bytes."""
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


def rule(text: str, files: Mapping[str, str] | None = None) -> Check:
    """Read one rule as a rule file would hold it, beside files: `check: labels, forbid: [debug]` in flow style."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        file = Path(folder) / "rules.yaml"
        file.write_text(f"gate: 1\nrules:\n  it: {{{text}}}\n", encoding="utf-8")
        return load_ruleset([str(file)]).rules[0].check


def mistake(text: str, files: Mapping[str, str] | None = None) -> str:
    """Give what lint says about a rule that must be refused."""
    try:
        made = rule(text, files)
    except RuleFileError as error:
        return "\n".join(one.message for one in error.mistakes)
    raise AssertionError(made)
