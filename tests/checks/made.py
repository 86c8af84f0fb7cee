"""Images made from config documents, and rules read from rule text, for tests of the checks tag, labels and image."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from gate.check import Book, Check, View
from gate.errors import RuleFileError
from gate.evidence import Ask, Evidence, Fact, Found, Kind, Look
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
    lost: str = ""

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
                    "mediaType": OCI_MANIFEST,
                    "config": descriptor(OCI_CONFIG, config),
                    "layers": [
                        {"mediaType": LAYER, "digest": f"sha256:{number:064x}", "size": size}
                        for number, size in enumerate(self.layers)
                    ],
                    "annotations": dict(self.annotations),
                }
            )
            broken = name == self.lost
            answers[Ask(PLACE, Kind.BLOB, str(Digest.of(config)))] = Found(LOOK, b"" if broken else config, OCI_CONFIG)
            answers[Ask(PLACE, Kind.MANIFEST, str(Digest.of(manifest)))] = Found(LOOK, manifest, OCI_MANIFEST)
            annotated = {"annotations": dict(self.member_annotations)}
            members.append({**descriptor(OCI_MANIFEST, manifest), "platform": platform, **annotated})
        index = packed(
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": members,
                "annotations": dict(self.index_annotations),
            }
        )
        subject = Subject(f"app:{self.tag}", PLACE, PLACE, self.tag, Digest.of(index), OCI_INDEX, index)
        return subject, Evidence(answers)

    def views(self, check: Check) -> list[View]:
        """Give what the check would be shown: the image, or each of its platforms."""
        subject, evidence = self.world()
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


def rule(text: str) -> Check:
    """Read one rule as a rule file would hold it: `check: labels, forbid: [debug]` in flow style."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(f"gate: 1\nrules:\n  it: {{{text}}}\n", encoding="utf-8")
        return load_ruleset([str(file)]).rules[0].check


def mistake(text: str) -> str:
    """Give what lint says about a rule that must be refused."""
    try:
        made = rule(text)
    except RuleFileError as error:
        return "\n".join(one.message for one in error.mistakes)
    raise AssertionError(made)
