"""The command `gate tags`: usage, and what is different from a lock file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.checks.tag import TagPattern
from gate.cli import tags as command
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
        (["registry.example/app", "--rules", "gate.yaml"], "give --lock FILE as well"),
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


REPOSITORY = "registry.example/app"
RULES = """
gate: 1
rules:
  stays:
    check: tag
    allow: ['**']
    {what}
    lock: tags.json
"""


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a lock file; every tag that it holds was moved since."""
    names = ("2026.11", "1.4.2", "build-7", "latest")
    monkeypatch.setattr(command, "_collect", lambda *_: dict.fromkeys(names, TWO))
    monkeypatch.chdir(tmp_path)
    entries = ", ".join(f'"{name}@{ONE}"' for name in ("2026.11", "build-7", "latest"))
    (tmp_path / "tags.json").write_text(
        f'{{"gate-tags": 1, "repositories": {{"{REPOSITORY}": [{entries}]}}}}', encoding="utf-8"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("what", "tag"),
    [
        ("no-overwrite: [calver]", "2026.11"),
        ("no-overwrite: [{regex: 'build-[0-9]+'}]", "build-7"),
        ("no-overwrite: ['lat*']", "latest"),
        ("no-overwrite: [calver]\n    for: {tags: ['2026.*']}", "2026.11"),
        ("no-overwrite: [calver]\n    for: {images: ['registry.example/*']}", "2026.11"),
    ],
)
def test_what_a_rule_calls_fixed_is_fixed(moved: Path, what: str, tag: str) -> None:
    """Conventions, globs and expressions; nothing is written."""
    (moved / "gate.yaml").write_text(RULES.format(what=what), encoding="utf-8")
    before = (moved / "tags.json").read_bytes()
    ran = gate("tags", REPOSITORY, "--lock", "tags.json", "--rules", "gate.yaml")
    assert ran.code == 1
    assert f"gate: {REPOSITORY}:{tag} was {ONE} and is {TWO} now (tag-overwritten)" in ran.err
    assert ran.err.count("tag-overwritten") == 1
    assert (moved / "tags.json").read_bytes() == before
    ran = gate("tags", REPOSITORY, "--lock", "tags.json", "--rules", "gate.yaml", "--accept", tag)
    assert ran.code == 0


def test_releases_are_fixed_for_rules_about_the_highest_one(moved: Path) -> None:
    """They rest on what the file says of releases."""
    text = (moved / "tags.json").read_text(encoding="utf-8").replace("build-7", "1.4.2")
    (moved / "tags.json").write_text(text, encoding="utf-8")
    (moved / "gate.yaml").write_text(RULES.format(what="highest-release: [latest]"), encoding="utf-8")
    ran = gate("tags", REPOSITORY, "--lock", "tags.json", "--rules", "gate.yaml")
    assert ran.code == 1
    assert f"{REPOSITORY}:1.4.2 was {ONE}" in ran.err


def test_without_rules_it_is_said_that_only_the_usual_tags_are_fixed(moved: Path) -> None:
    """A rule may call others fixed, and the file would forget them."""
    ran = gate("tags", REPOSITORY, "--lock", "tags.json")
    assert ran.code == 0
    assert "gate: fixed are only tags that are semver, semver-v, git-commit; if a rule with this lock file" in ran.err
    assert "--rules FILE" in ran.err
    assert str(TWO) in (moved / "tags.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        RULES.format(what="highest-release: [latest]\n    for: {images: [ghcr.io/acme/app]}"),
        RULES.format(what="no-overwrite: [calver]\n    for: {images: [ghcr.io/acme/app]}"),
        RULES.format(what="no-downgrade: [moving]"),
        "gate: 1\nrules: {runs: {check: image, user: non-root}}",
        RULES.format(what="no-overwrite: [calver]").replace("tags.json", "other.json"),
    ],
)
def test_rules_that_call_nothing_fixed_are_a_mistake(moved: Path, text: str) -> None:
    """Another repository, another lock file, another check: exit 2, nothing is written."""
    (moved / "other.json").write_text('{"gate-tags": 1, "repositories": {}}', encoding="utf-8")
    (moved / "gate.yaml").write_text(text, encoding="utf-8")
    before = (moved / "tags.json").read_bytes()
    ran = gate("tags", REPOSITORY, "--lock", "tags.json", "--rules", "gate.yaml")
    assert ran.code == 2
    assert "no rule for registry.example/app calls tags fixed by the lock file tags.json (no-overwrite)" in ran.err
    assert (moved / "tags.json").read_bytes() == before


def test_a_tag_that_is_not_there_cannot_be_accepted(moved: Path) -> None:
    """A slip would leave the reader in the belief that something was accepted."""
    before = (moved / "tags.json").read_bytes()
    ran = gate("tags", REPOSITORY, "--lock", "tags.json", "--fixed", "calver", "--accept", "2026.12")
    assert (ran.code, ran.out) == (2, "")
    assert "--accept: registry.example/app has no tag 2026.12" in ran.err
    assert (moved / "tags.json").read_bytes() == before
