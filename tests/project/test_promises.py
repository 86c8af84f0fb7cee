"""README, changelog and index say what is there, and what is not."""

from __future__ import annotations

import re

import pytest

from gate import __version__
from gate.rooms import names
from tests.project.demo import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
_, _, _NOT_YET = README.partition("## What is not there yet")
NOT_YET = _NOT_YET.partition("\n## ")[0].lower()

#: Words of the paragraph → what would be there if it were.
ABSENT = {
    "keyless": ("signers", "cosign-identity"),
    "notation": ("signers", "notation"),
    "content trust": ("signers", "content-trust"),
    "promoting": ("cli", "promote"),
    "auditing": ("cli", "audit"),
    "replaying": ("cli", "replay"),
}


@pytest.mark.parametrize("word", ABSENT)
def test_what_is_said_to_be_missing_is_missing(word: str) -> None:
    """Once it is built, it leaves the paragraph."""
    room, name = ABSENT[word]
    assert (word in NOT_YET) == (name not in names(room))


@pytest.mark.parametrize("name", names("checks"))
def test_the_readme_and_the_index_name_every_check(name: str) -> None:
    """A check that nobody can find is none."""
    assert f"docs/checks/{name}.md" in README
    assert f"(checks/{name}.md)" in INDEX


@pytest.mark.parametrize("room", ["signers", "scanners", "reports"])
def test_the_index_names_everything_else_that_is_there(room: str) -> None:
    """By its page."""
    missing = [name for name in names(room) if f"({room}/{name}.md)" not in INDEX]
    assert missing == []


def test_the_changelog_has_the_form_it_names() -> None:
    """Keep a Changelog: `Unreleased` first, then versions with dates, with the known kinds of change below."""
    versions = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert all(re.fullmatch(r"\[?\d+\.\d+\.\d+\]? - \d{4}-\d{2}-\d{2}", version) for version in versions[1:])
    kinds = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_version_is_one() -> None:
    """Semantic versioning, as the changelog says."""
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", __version__)
