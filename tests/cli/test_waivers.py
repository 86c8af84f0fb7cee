"""`gate waivers list | add | prune | check`: files stay as people wrote them, and nothing wrong is written."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.cli._waiver_text import Entry, appended, unwaived, without, write_waivers
from gate.cli._world import World
from gate.cli.main import main
from gate.errors import RuleFileError, UsageError
from gate.finding import About, Finding, Reason
from gate.oci.digest import Digest
from gate.report import Judged
from gate.subject import Subject
from gate.verdict import Failed, Level, Outcome, Place, Status
from gate.waiver import read_waivers

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DIGEST = f"sha256:{'a' * 64}"
TEXT = f"""# Waivers of the shop. Ask maria before adding one.
gate: 1
waivers:
  # the old one
  - rule: no-highs
    images: ["ghcr.io/acme/app"]
    about: {{id: CVE-2026-1}}
    reason: |
      not reachable
      # this is text, not a comment
    owner: platform team
    expires: 2026-11-20

  # the good one
  - rule: version-tag
    images:
      - "ghcr.io/acme/web"
    about: {{tag: latest}}
    reason: r
    owner: maria@acme.example   # she knows
    expires: 2026-12-01
    ticket: SHOP-1
  -
    rule: no-highs
    digest: {DIGEST}
    reason: the shop is down
    owner: ops
    expires: 2026-11-25T18:30:00Z
    break-glass: true

# the end
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working directory with a waiver file and rules."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "waivers.yaml").write_text(TEXT)
    (tmp_path / "gate.yaml").write_text(
        "gate: 1\nrules:\n  version-tag: {check: tag, deny: [latest]}\n  no-highs: {check: vulnerabilities, fail-at: high}\n"
        "  last: {check: tag, deny: [edge], final: true}\n"
    )
    return tmp_path


def gate(*arguments: str) -> tuple[int, str, str]:
    """Run one command: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = main(["waivers", *arguments], World(out, err, {}, lambda: NOW))
    return code, out.getvalue(), err.getvalue()


def test_list_shows_what_lasts_how_long(folder: Path) -> None:
    """Break-glass apart and first, what has expired last."""
    assert gate("list", "waivers.yaml") == (
        0,
        f"""BREAK-GLASS (1)
  2026-11-25T18:30:00+00:00  6 h 30 min left: no-highs
      for {DIGEST}
      ops: the shop is down   (waivers.yaml:24:5)
IN FORCE (1)
  2026-12-01  6 days left: version-tag (tag latest)
      for ghcr.io/acme/web
      maria@acme.example: r, SHOP-1   (waivers.yaml:15:5)
EXPIRED (1)
  2026-11-20  over since 5 days: no-highs (id CVE-2026-1)
      for ghcr.io/acme/app
      platform team: not reachable # this is text, not a comment   (waivers.yaml:5:5)
""",
        "",
    )


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-25T18:31:00Z", "EXPIRED (2)"),
        ("2026-12-01T23:59:59Z", "last day"),
        ("2026-11-30", "1 day left"),
        ("2026-12-02", "over since 1 day:"),
    ],
)
def test_list_as_of_another_time(folder: Path, at: str, words: str) -> None:
    """The last day counts whole, the last minute of break-glass as well."""
    assert words in gate("list", "waivers.yaml", "--at", at)[1]


def test_check_ends_with_1_if_something_is_due(folder: Path) -> None:
    """Expired ones count, and those that end within the days."""
    code, out, _ = gate("check", "waivers.yaml")
    assert (code, out.count("\n  2026")) == (1, 3)
    (folder / "good.yaml").write_text(
        without("waivers.yaml", TEXT, [one for one in read("waivers.yaml") if one.rule != "version-tag"])
    )
    assert gate("check", "good.yaml", "--days", "5") == (0, "1 waiver, none ends within 5 days\n", "")
    assert gate("check", "good.yaml", "--days", "6")[0] == 1
    assert gate("check", "good.yaml", "--days", "5", "--rules", "gate.yaml")[0] == 0
    (folder / "other.yaml").write_text("gate: 1\nrules:\n  other: {check: tag, deny: [latest]}\n")
    code, _, err = gate("check", "good.yaml", "--rules", "other.yaml")
    assert code == 2
    assert "there is no rule 'version-tag'" in err


def read(path: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- a tuple of waivers
    """Read a waiver file."""
    return read_waivers(path, Path(path).read_bytes())


def test_prune_shows_a_diff_and_writes_only_if_asked(folder: Path) -> None:
    """The expired waiver goes with the comment above it; every other line stays."""
    code, out, err = gate("prune", "waivers.yaml")
    assert (code, err) == (0, "gate: nothing was written; add --write to write it\n")
    assert [line for line in out.splitlines() if line.startswith("+") and not line.startswith("+++")] == []
    assert (folder / "waivers.yaml").read_text() == TEXT
    assert gate("prune", "waivers.yaml", "--write")[0] == 0
    start, end = TEXT.index("  # the old one"), TEXT.index("  # the good one")
    assert (folder / "waivers.yaml").read_text() == TEXT[:start] + TEXT[end:]
    assert gate("prune", "waivers.yaml") == (0, "no expired waivers\n", "")


def test_prune_of_the_last_waiver_leaves_a_file_without_any(folder: Path) -> None:
    """Pipelines that name it go on."""
    assert gate("prune", "waivers.yaml", "--write", "--at", "2027-06-01")[0] == 0
    assert (
        folder / "waivers.yaml"
    ).read_text() == "# Waivers of the shop. Ask maria before adding one.\ngate: 1\n\n# the end\n"
    assert gate("list", "waivers.yaml") == (0, "no waivers\n", "")
    code, _, err = gate("add", "waivers.yaml", *ADD)
    assert code == 0, err
    assert [one.rule for one in read("waivers.yaml")] == ["version-tag"]


ADD = (
    "--rule", "version-tag", "--images", "ghcr.io/acme/app", "--about", "tag=latest", "--reason", "Not: yet #1",
    "--owner", "platform team", "--expires", "30d",
)  # fmt: skip


def test_add_changes_nothing_else(folder: Path) -> None:
    """The lines are put behind the last waiver."""
    code, out, err = gate("add", "waivers.yaml", *ADD, "--ticket", "SHOP-2")
    assert (code, err) == (0, "")
    assert out == "waivers.yaml: a waiver of version-tag was added, until 2026-12-25\n"
    added = """  - rule: version-tag
    images: [ghcr.io/acme/app]
    about: {tag: latest}
    reason: "Not: yet #1"
    owner: "platform team"
    expires: 2026-12-25
    ticket: SHOP-2
"""
    head, tail = TEXT.split("    break-glass: true\n")
    assert (folder / "waivers.yaml").read_text() == f"{head}    break-glass: true\n{added}{tail}"
    assert read("waivers.yaml")[-1].reason == "Not: yet #1"


def test_add_makes_a_new_file(folder: Path) -> None:
    """With its first line."""
    assert gate("add", "new.yaml", *ADD)[0] == 0
    assert (folder / "new.yaml").read_text().startswith("gate: 1\nwaivers:\n  - rule: version-tag\n")
    assert len(read("new.yaml")) == 1


def test_add_for_an_emergency(folder: Path) -> None:
    """One digest, and a time."""
    arguments = ["--rule", "no-highs", "--digest", DIGEST, "--reason", "r", "--owner", "o", "--break-glass"]
    assert gate("add", "new.yaml", *arguments, "--expires", "4h")[0] == 0
    (loud,) = read("new.yaml")
    assert (loud.break_glass, loud.expires) == (True, datetime(2026, 11, 25, 16, tzinfo=UTC))
    before = (folder / "new.yaml").read_text()
    for more in ((), ("--rules", "gate.yaml")):
        code, _, err = gate("add", "new.yaml", *arguments, "--expires", "25h", *more)
        assert code == 2
        assert "break-glass ends at most 24 hours" in err
    assert (folder / "new.yaml").read_text() == before


def test_check_needs_no_rules_to_see_one_that_is_never_read(folder: Path) -> None:
    """It would be refused by every `gate check`."""
    (folder / "long.yaml").write_text(TEXT.replace("expires: 2026-12-01", "expires: 2028-12-01"))
    code, _, err = gate("check", "long.yaml")
    assert code == 2
    assert "ends at most 366 days" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--images", "ghcr.io/acme/app", "--images", "nginx"), "names no registry"),
        (("--digest", DIGEST), "a waiver says either `images` or `digest`"),
        (("--digest", "sha256:1"), "sha256:1"),
        (("--expires", "soon"), "--expires soon: write a day"),
        (("--expires", "2026-02-30"), "--expires 2026-02-30: write a day"),
        (("--about", "tag"), "--about tag: write KEY=VALUE"),
        (("--about", "tag=x"), "--about names tag twice"),
        (("--owner", " "), "'owner' is empty"),
        (("--reason", "bad\x1b[31m"), "does not show as itself"),
        (("--break-glass",), "break-glass is for one image"),
        (("--rules", "gate.yaml", "--rule", "nope"), "there is no rule 'nope'"),
        (("--rules", "gate.yaml", "--rule", "last"), "the rule 'last' is final"),
        (("--rules", "gate.yaml", "--expires", "2028-01-01"), "ends at most 366 days"),
        (("--expires", "400d"), "ends at most 366 days"),
        (("--rules", "nowhere.yaml"), "there is no such file"),
    ],
)  # fmt: skip
def test_nothing_wrong_is_written(folder: Path, change: tuple[str, ...], words: str) -> None:
    """Exit code 2, and the file is what it was."""
    code, out, err = gate("add", "waivers.yaml", *ADD, *change)
    assert (code, out) == (2, "")
    assert words in err
    assert "\x1b" not in err
    assert (folder / "waivers.yaml").read_text() == TEXT


@pytest.mark.parametrize("command", ["list", "add", "prune", "check"])
@pytest.mark.parametrize("content", ["gate: 1\nwaivers: [x]\n", "\x00", "- a\n", "gate: 1\nrules: {}\n"])
def test_a_file_that_is_no_waiver_file_is_left_alone(folder: Path, command: str, content: str) -> None:
    """With a mistake; never a traceback."""
    (folder / "waivers.yaml").write_text(content)
    code, out, err = gate(command, "waivers.yaml", *(ADD if command == "add" else ()))
    assert (code, out) == (2, "")
    assert "waivers.yaml" in err
    assert (folder / "waivers.yaml").read_text() == content


@pytest.mark.parametrize("command", ["list", "prune", "check"])
@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_ends_with_2(folder: Path, command: str, name: str) -> None:
    """Missing, or a directory."""
    assert gate(command, name)[0] == 2


def test_a_list_on_one_line_is_not_edited(folder: Path) -> None:
    """It is said what to do; nothing is written."""
    flow = (
        "gate: 1\nwaivers: [{rule: version-tag, images: ghcr.io/acme/app, reason: r, owner: o, expires: 2026-01-01}]\n"
    )
    (folder / "waivers.yaml").write_text(flow)
    for arguments in (("add", "waivers.yaml", *ADD), ("prune", "waivers.yaml", "--write")):
        code, _, err = gate(*arguments)
        assert code == 2
        assert "write each waiver on lines of its own" in err
        assert (folder / "waivers.yaml").read_text() == flow


def test_a_key_behind_the_list_stays_behind_it(folder: Path) -> None:
    """Nothing says that `waivers` comes last, or how far it is indented."""
    text = (
        "waivers:\n- {rule: version-tag, images: ghcr.io/acme/app, reason: r, owner: o, expires: 2026-01-01}\ngate: 1\n"
    )
    (folder / "waivers.yaml").write_text(text)
    assert gate("add", "waivers.yaml", *ADD)[0] == 0
    assert (folder / "waivers.yaml").read_text().endswith("\n  expires: 2026-12-25\ngate: 1\n")
    assert gate("prune", "waivers.yaml", "--write")[0] == 0
    assert [one.expires for one in read("waivers.yaml")] == [date(2026, 12, 25)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reason=st.text(min_size=1, max_size=30),
    about=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), max_size=3),
)
def test_what_is_added_reads_back_the_same(reason: str, about: dict[str, str]) -> None:
    """Whatever the words are: they are read back to the letter, or refused and not written."""
    entry = Entry("version-tag", ("ghcr.io/acme/app",), "", about, reason, "o", date(2026, 12, 1))
    try:
        new = appended("waivers.yaml", TEXT, entry)
    except (RuleFileError, UsageError):
        return
    *before, last = read_waivers("waivers.yaml", new.encode())
    assert len(before) == 3
    assert (last.reason, dict(last.about)) == (reason, about)


REASON = Reason("toy-broken", "A toy", "It is.", "Mend it.")


def judged(repository: str, *outcomes: Outcome) -> Judged:
    """Give a failed image."""
    subject = Subject("app", "p", repository, "1", Digest.of(b"m"), "", b"m")
    return Judged("app", Failed(subject, ("linux/amd64", "linux/arm64"), outcomes))


def broken(rule: str, platform: str, level: Level = Level.ERROR, **about: str) -> Outcome:
    """Give a violated rule."""
    finding = Finding(REASON, About.of(**about, platform=platform), "what", "e", "g", "f")
    return Outcome(rule, "toy", level, Status.VIOLATED, Place("g", 1, 1), platform, (platform,), (finding,))


@pytest.mark.parametrize(
    ("check", "code"), [("signature", "toy"), ("attestation", "toy"), ("image", "secret-in-history")]
)
def test_nobody_accepts_an_origin_or_a_secret_in_passing(check: str, code: str) -> None:
    """They are listed instead."""
    finding = Finding(Reason(code, "t", "m", "r"), About.of(platform="linux/amd64"), "what", "e", "g", "f")
    outcome = Outcome("r", check, Level.ERROR, Status.VIOLATED, Place("g", 1, 1), "linux/amd64", (), (finding,))
    found = [judged("ghcr.io/acme/app", outcome, broken("other", "linux/amd64"))]
    (waiver,) = read_waivers("w.yaml", write_waivers(found, "ops", date(2026, 12, 24), "r").encode())
    assert waiver.rule == "other"
    assert unwaived(found) == (f"r: what [{code}]",)
    assert unwaived(found, ["r"]) == ()


def test_todays_findings_become_waivers(folder: Path) -> None:
    """One a finding, for all platforms; warnings and rules without waivers get none."""
    found = [
        broken("no-highs", "linux/amd64", id="CVE-1", package="a b"),
        broken("no-highs", "linux/arm64", id="CVE-1", package="a b"),
        broken("last", "linux/amd64", tag="edge"),
        broken("soft", "linux/amd64", Level.WARNING, tag="edge"),
    ]
    text = write_waivers(
        [judged("ghcr.io/acme/app", *found), judged("", found[0])], "ops", date(2026, 12, 24), "from before", ["last"]
    )
    waivers = read_waivers("w.yaml", text.encode())
    assert [(one.rule, dict(one.about), one.owner, one.reason, str(one.expires)) for one in waivers] == [
        ("no-highs", {"id": "CVE-1", "package": "a b"}, "ops", "from before", "2026-12-24")
    ]
    assert waivers[0].images == ()
    assert waivers[0].digest == Digest.of(b"m")
    assert write_waivers([judged("", found[2])], "ops", date(2026, 12, 24), "r", ["last"]) == ""
