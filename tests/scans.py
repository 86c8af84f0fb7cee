"""Scanner reports for tests: Trivy's own of the demo images, changed by one thing, and the images they are about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gate.book import ReportInput, make_book
from gate.check import View
from gate.checks.vulnerabilities import VulnerabilitiesCheck
from gate.collect import collect
from gate.evidence import Evidence
from gate.finding import Judgement
from gate.option import Duration
from gate.platforms import PlatformsNeed, find_images
from gate.scanned import ReportOptions
from gate.sources.oci_layout import OciLayout
from gate.subject import Image, Subject

__all__ = [
    "AMD64",
    "ARM64",
    "AT",
    "DEMO",
    "SAMPLES",
    "changed",
    "entry",
    "images_of",
    "judge",
    "report",
    "view",
    "with_layer",
]

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "tests/fixtures/trivy/demo"
SAMPLES = ROOT / "tests/fixtures/trivy/samples"
LAYOUT = ROOT / "examples/demo/app"

#: The reports were made on 2026-11-23 between 19:30 and 19:48 UTC.
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
AMD64, ARM64 = "linux/amd64", "linux/arm64"

Change = Callable[[dict[str, Any]], object]


def report(name: str) -> bytes:
    """Give a report of the demo images by its name without the ending."""
    return (DEMO / f"{name}.json").read_bytes()


def changed(name: str, *changes: Change) -> bytes:
    """Give a report of the demo images after `changes` to its members."""
    members = json.loads(report(name))
    for change in changes:
        change(members)
    return json.dumps(members, indent=2).encode()


def entry(**values: object) -> dict[str, object]:
    """Give one vulnerability as Trivy writes it; `None` takes a key away."""
    whole: dict[str, object] = {
        "VulnerabilityID": "CVE-2026-1000",
        "PkgName": "libexample",
        "PkgIdentifier": {"PURL": "pkg:apk/alpine/libexample@1.0-r0?arch=x86_64"},
        "InstalledVersion": "1.0-r0",
        "FixedVersion": "1.0-r1",
        "Status": "fixed",
        "Severity": "HIGH",
        "SeveritySource": "nvd",
        "PublishedDate": "2026-11-01T00:00:00Z",
        "Title": "an example",
        **values,
    }
    return {key: value for key, value in whole.items() if value is not None}


@cache
def images_of(tag: str) -> tuple[Subject, Mapping[str, Image]]:
    """Give a demo image and its platforms, as the gate finds them in the layout."""
    with OciLayout(str(LAYOUT), tag) as source:
        subject = source.resolve()
        evidence = collect(source, (PlatformsNeed(configs=True),), subject)
    found = find_images(subject, evidence, configs=True)
    assert not found.undecided
    return subject, {str(image.platform): image for image in found.images}


def view(tag: str, platform: str, reports: Sequence[bytes | ReportInput]) -> View:
    """Give what the check sees of one platform, with these reports on the command line."""
    subject, images = images_of(tag)
    inputs = [
        one if isinstance(one, ReportInput) else ReportInput(f"report-{number}.json", one, tracked=False)
        for number, one in enumerate(reports, start=1)
    ]
    return View(subject, images[platform], tuple(images.values()), Evidence(), make_book({}, inputs))


def judge(
    check: VulnerabilitiesCheck,
    *reports: bytes | ReportInput,
    tag: str = "1.4.2",
    platform: str = AMD64,
    at: datetime = AT,
    layer: str = "",
) -> Judgement:
    """Judge one platform of a demo image by the reports; `layer` is another media type for its last layer."""
    seen = view(tag, platform, reports)
    return check.judge(with_layer(seen, media_type=layer) if layer else seen, at)


def with_layer(seen: View, **values: Any) -> View:
    """Give the view with something else about the last layer of the platform."""
    assert seen.platform is not None
    assert seen.platform.manifest is not None
    *layers, last = seen.platform.manifest.layers
    manifest = replace(seen.platform.manifest, layers=(*layers, replace(last, **values)))
    return replace(seen, platform=replace(seen.platform, manifest=manifest))


def lasting(**options: Any) -> ReportOptions:
    """Give report options under which no demo report is too old."""
    return ReportOptions(max_age=Duration("9999d", timedelta(days=9999)), **options)
