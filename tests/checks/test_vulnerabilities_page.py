"""The page of the check `vulnerabilities` is true: every row of every table below a rule is judged."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from gate.book import ReportInput
from gate.checks.vulnerabilities import VulnerabilitiesCheck
from gate.finding import Judgement
from gate.option import key_of
from gate.ruleset.load import load_ruleset
from gate.scanned import ReportOptions
from tests.checks.test_vulnerabilities import breaking
from tests.scans import AT, changed, entry, judge

PAGE = Path(__file__).parents[2] / "docs/checks/vulnerabilities.md"
_BLOCK = re.compile(r"```yaml\n((?:(?!```).)*?)```\n\n(\| entry .*?\n)(?=\n|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One row: the rule above it, the part of an entry, and what the page says."""

    rule: str
    entry: str
    outcome: str

    def __str__(self) -> str:
        """As a test's id."""
        return f"{self.rule.strip()[:70]}: {self.entry}"


def rows() -> list[Row]:
    return [
        Row(block, *(cell.strip().strip("`") for cell in line.split("|")[1:3]))
        for block, table in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
        for line in table.splitlines()[2:]
    ]


def report_with(values: Any) -> list[bytes | ReportInput]:
    """Give the reports that a row speaks of."""
    named = values.pop("reports", None) if isinstance(values, dict) else None
    if named is not None:
        tracked = ReportInput("report.json", changed("1.4.2-amd64", clean), tracked=named == "one that git tracks")
        return [] if named == "none" else [tracked]

    def change(members: dict[str, Any]) -> None:
        clean(members)
        if isinstance(values, list):
            members["Results"][0]["Vulnerabilities"] = [entry(**one) for one in values]
        elif "hidden" in values:
            hidden = [{"Type": "vulnerability", "Status": "ignored", "Finding": entry(**values["hidden"])}]
            members["Results"][0]["ExperimentalModifiedFindings"] = hidden
        elif {"CreatedAt", "Results"} & set(values):
            members.update({key: value for key, value in values.items() if key in {"CreatedAt", "Results"}})
            if "OS" in values:
                members["Metadata"]["OS"] = None
        elif "EOSL" in values:
            members["Metadata"]["OS"].update(values)
        else:
            members["Results"][0]["Vulnerabilities"] = [entry(**values)]

    return [changed("1.4.2-amd64", change)]


def clean(members: dict[str, Any]) -> None:
    for result in members["Results"]:
        result.pop("Vulnerabilities", None)


def said(judgement: Judgement) -> str:
    """Say the outcome in the words of the page."""
    broken = sorted({finding.reason.code for finding in breaking(judgement)})
    if broken:
        return ", ".join(broken)
    return f"undecided: `{judgement.undecided[0].reason.code}" if judgement.undecided else "fine"


@pytest.mark.parametrize("row", rows(), ids=str)
def test_a_row_of_the_page_is_true(row: Row, tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("gate: 1\nrules:\n" + "".join(f"  {line}\n" for line in row.rule.splitlines()), encoding="utf-8")
    (rule,) = load_ruleset((str(file),)).rules
    assert isinstance(rule.check, VulnerabilitiesCheck)
    values = json.loads(row.entry)
    layer = values.pop("layer", "") if isinstance(values, dict) else ""
    assert (
        said(judge(rule.check, *report_with(values if values or not layer else []), at=AT, layer=layer)) == row.outcome
    )


def test_every_option_has_a_heading_and_examples_of_both_kinds() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for field in (*fields(VulnerabilitiesCheck), *fields(ReportOptions)):
        key = key_of(field)
        assert re.search(rf"^#+ `{key}`$", text, re.MULTILINE), f"no heading for {key}"
        if key == "report":
            continue
        section = re.split(rf"^#+ `{key}`$", text, flags=re.MULTILINE)[1]
        section = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
        assert "| fine |" in section, f"{key} has no example that passes"
        assert re.search(r"\| (undecided: )?`[a-z-]+` \|", section), f"{key} has no example that does not pass"
