"""The pages of the checks tag, labels, image and repository are true: every row of every table is judged.

A table belongs to the rule in the ```yaml block above it. Its rows hold what an image has in code spans and
the outcome: `fine`, reason codes, or `undecided:` and a code. What other tags name is said behind them: `1.4` here (the
same image), `1.4` elsewhere, `1.4` on version `1.4.1` (another image with that label); `1.4` was here or was elsewhere
when the lock file was written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate.check import Check
from gate.checks.image import ImageCheck
from gate.checks.image.options import BaseRule, PlatformRule, PortRule, VolumeRule
from gate.checks.labels import LabelRule, LabelsCheck
from gate.checks.repository import RepositoryCheck, RepositoryRegex, Route
from gate.checks.tag import TagCheck
from gate.formats.conventions import CONVENTIONS
from gate.formats.values import FORMATS
from gate.option import key_of
from tests.checks.made import PLACE, Made, rule, single
from tests.checks.test_image_base import OWN, base, built_on

PAGES = Path(__file__).parents[2] / "docs" / "checks"
_BLOCK = re.compile(r"```yaml\n((?:(?!```).)*?)```\n\n(\|.*?\n)(?=\n|\Z)", re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_OTHER = re.compile(r"`([^`]+)` (here|elsewhere|was here|was elsewhere|on version `([^`]+)`)")
VERSION = "org.opencontainers.image.version"
ELSEWHERE = "sha256:" + "e" * 64


@dataclass(frozen=True)
class Row:
    """One row: the rule, the image, what the page says."""

    page: str
    entry: str
    image: str
    outcome: str

    def __str__(self) -> str:
        """As a test's id."""
        return f"{self.page}: {self.image} is {self.outcome}"


def rows(page: str) -> list[Row]:
    """Give every row below a rule."""
    found = []
    for block, table in _BLOCK.findall((PAGES / f"{page}.md").read_text(encoding="utf-8")):
        for line in table.splitlines()[2:]:
            image, outcome = (cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:3])
            found.append(Row(page, block, image, outcome))
    return found


ROWS = [row for page in ("tag", "labels", "image", "repository") for row in rows(page)]


def checked(row: Row) -> Check:
    """Read the rule of a row."""
    [entry] = yaml.safe_load(row.entry).values()
    entry.pop("why", None)
    return rule(json.dumps(entry)[1:-1], {"tags.lock.json": locked(row)})


def locked(row: Row) -> str:
    """Write the lock file of a row."""
    was = [(tag, how) for tag, how, _ in _OTHER.findall(row.image) if how.startswith("was")]
    here = str(image(row).world()[0].digest) if was else ""
    entries = [f"{tag}@{here if how == 'was here' else ELSEWHERE}" for tag, how in was]
    return json.dumps({"gate-tags": 1, "repositories": {PLACE: entries}})


def image(row: Row) -> Made:
    """Make the image of a row."""
    if row.page == "repository":
        return named(row)
    spans = _SPAN.findall(_OTHER.sub("", row.image))
    if row.page == "image":
        return configured(json.loads(spans[0])) if spans[0].startswith("{") else on_base(spans[0], row.image)
    made = Made({"linux/amd64": {}})
    if row.page == "tag":
        made.tag = spans.pop(0)
        made.origin = PLACE if row.image.startswith("promotion to") else ""
        made.tags = {
            tag: None if how == "here" else {VERSION: version} if version else {}
            for tag, how, version in _OTHER.findall(row.image)
            if not how.startswith("was")
        }
    if "built on" in row.image:
        own, name, theirs = spans
        made = on_base(name, row.image, dict([theirs.split("=", 1)]))
        made.run["linux/amd64"]["Labels"] |= dict([own.split("=", 1)])  # type: ignore[index]
        return made
    annotations = _SPAN.findall(row.image.partition("annotation ")[2])
    labels = spans[: len(spans) - len(annotations)]
    made.run = {"linux/amd64": {"Labels": dict(span.split("=", 1) for span in labels)}}
    made.annotations = dict(span.split("=", 1) for span in annotations)
    return made


def on_base(name: str, said: str, labels: dict[str, str] | None = None) -> Made:
    """Make an image that says it is built on a base, and is, unless the page says that it is not."""
    place = name.partition(":")[0]
    digest, answers = base(place=place, config={"Labels": labels or {}})
    made = built_on(digest, answers, name)
    if "and is not" in said:
        made.more = {"rootfs": {"type": "layers", "diff_ids": [OWN]}}
    return made


def named(row: Row) -> Made:
    """Make an image in a repository, promoted from another one or with a tag where the page says so."""
    made = single()
    made.place, *more = _SPAN.findall(row.image)
    if "promoted from" in row.image:
        made.origin = more[0]
    elif more:
        made.tag = more[0]
    return made


def configured(run: dict[str, Any]) -> Made:
    """Make an image from what the page of `image` writes: run configuration, or members beside it."""
    platforms, layers = run.pop("platforms", ["linux/amd64"]), run.pop("layers", [1])
    layer = run.pop("layer", {})
    more: dict[str, Any] = {key: run.pop(key) for key in ("created", "history") if key in run}
    return Made(dict.fromkeys(platforms, run), more=more, layers=layers, layer=layer)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_page_says_what_the_check_says(row: Row) -> None:
    """Row for row."""
    judged = image(row).judged(checked(row))
    if row.outcome.startswith("undecided: "):
        assert [each.reason.code for judgement in judged for each in judgement.undecided] == _SPAN.findall(row.outcome)
    else:
        codes = [finding.reason.code for judgement in judged for finding in judgement.findings]
        assert not any(judgement.undecided for judgement in judged)
        assert list(dict.fromkeys(codes)) == ([] if row.outcome == "fine" else _SPAN.findall(row.outcome))


@pytest.mark.parametrize(
    ("page", "options"),
    [
        ("tag", (TagCheck,)),
        ("labels", (LabelsCheck, LabelRule)),
        ("image", (ImageCheck, BaseRule, PlatformRule, PortRule, VolumeRule)),
        ("repository", (RepositoryCheck, RepositoryRegex, Route)),
    ],
)
def test_every_option_has_an_example_that_passes_and_one_that_does_not(page: str, options: tuple[type, ...]) -> None:
    """No option without both."""
    for kind in options:
        assert is_dataclass(kind)
        for key in (key_of(field) for field in fields(kind)):
            own = [row.outcome for row in ROWS if row.page == page and re.search(rf"(?<![\w-]){key}:", row.entry)]
            assert "fine" in own, key
            assert set(own) - {"fine"}, key


@pytest.mark.parametrize(("page", "named"), [("tag", CONVENTIONS), ("labels", FORMATS)])
def test_the_table_of_names_is_complete_and_true(page: str, named: dict[str, Any]) -> None:
    """Each convention and format, with examples of both kinds."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|([^|]*)\|$", text, re.MULTILINE)
    assert [name for name, _, _ in listed] == list(named)
    for name, good, bad in listed:
        assert [span for span in _SPAN.findall(good) if not named[name].holds(span)] == []
        assert [span for span in _SPAN.findall(bad) if named[name].holds(span)] == []
