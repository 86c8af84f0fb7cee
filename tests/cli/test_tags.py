"""The command `gate tags`: usage, and what is different from a lock file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.checks.tag import TagPattern
from gate.cli.tags import FIXED, compare
from gate.oci.digest import Digest
from tests.project.demo import gate

ONE, TWO = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)
PATTERNS = tuple(TagPattern.from_text(text) for text in FIXED)


def test_what_did_not_change_is_nothing() -> None:
    """Every list is empty."""
    tags = {"1.4.2": ONE, "latest": ONE}
    changes = compare(tags, tags, PATTERNS, frozenset())
    assert (changes.new, changes.moved, changes.gone, changes.broken) == ((), (), (), ())


def test_new_moved_and_gone_tags_are_told_apart() -> None:
    """Moving tags may move."""
    changes = compare({"1.4.2": ONE, "latest": TWO}, {"1.4.1": ONE, "latest": ONE}, PATTERNS, frozenset())
    assert (changes.new, changes.moved, changes.gone, changes.broken) == (("1.4.2",), ("latest",), ("1.4.1",), ())


@pytest.mark.parametrize("tag", ["1.4.2", "1.4.2-rc.1", "v1.4.2", "7c0bb30", "0" * 40])
def test_a_fixed_tag_on_another_digest_is_broken_unless_accepted(tag: str) -> None:
    """Versions and commits, by default."""
    assert compare({tag: TWO}, {tag: ONE}, PATTERNS, frozenset()).broken == ((tag, ONE, TWO),)
    accepted = compare({tag: TWO}, {tag: ONE}, PATTERNS, frozenset({tag}))
    assert (accepted.broken, accepted.moved) == ((), (tag,))


@pytest.mark.parametrize("tag", ["latest", "1.4", "1", "prod", "main", "2026.11"])
def test_other_tags_may_move(tag: str) -> None:
    """Unless --fixed names them."""
    assert compare({tag: TWO}, {tag: ONE}, PATTERNS, frozenset()).broken == ()
    named = (TagPattern.from_text("**"),)
    assert compare({tag: TWO}, {tag: ONE}, named, frozenset()).broken == ((tag, ONE, TWO),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["registry.example/app", "--check"], "give --lock FILE as well"),
        (["registry.example/app", "--fixed", "semver"], "give --lock FILE as well"),
        (["registry.example/app", "--accept", "1.4.2"], "give --lock FILE as well"),
        (["registry.example/app:1.4.2"], "names a tag or a digest"),
        (["registry.example/App"], "App"),
        (["oci:app"], "oci"),
        (["registry.example/app", "--lock", "x.json", "--fixed", "semvr"], "did you mean semver"),
        (["registry.example/app", "--format", "xml"], "xml"),
        ([], "REPOSITORY"),
    ],
)
def test_wrong_usage_is_said(arguments: list[str], message: str) -> None:
    """Exit 2, nothing is asked."""
    ran = gate("tags", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("content", [None, "{}", "rubbish", '{"gate-tags": 1, "repositories": {"app": []}}'])
def test_a_lock_file_that_is_none_is_a_mistake(tmp_path: Path, content: str | None) -> None:
    """Missing with --check, or something else."""
    file = tmp_path / "tags.lock.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    ran = gate("tags", "registry.example/app", "--lock", str(file), "--check")
    assert ran.code == 2
    assert "--lock" in ran.err


def test_nothing_is_listed_where_nothing_can_be_asked() -> None:
    """Exit 3, with the reason."""
    ran = gate("tags", "registry.example/app", "--offline")
    assert (ran.code, ran.out) == (3, "")
    assert "tags-unread" in ran.err
