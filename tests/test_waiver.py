"""Waivers accept exactly what they name, until their last day, and nothing else (S28)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import RuleFileError
from gate.finding import About, Finding, Reason
from gate.oci.digest import Digest
from gate.pattern import Glob
from gate.ruleset.rule import Rule, Ruleset
from gate.subject import Subject
from gate.verdict import Level, Outcome, Place, Status, Waived
from gate.waiver import Waiver, check_waivers, load_waivers, remarks

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
DIGEST = Digest.of(b"manifest")
SUBJECT = Subject("ghcr.io/acme/app:1", "ghcr.io/acme/app", "ghcr.io/acme/app", "1", DIGEST, "", b"manifest")
REASON = Reason("toy-vulnerable", "A toy", "It is.", "Mend it.")
GOOD = """gate: 1
waivers:
  - rule: no-highs
    images: ["ghcr.io/acme/app"]
    about: {id: CVE-2026-1, package: openssl}
    reason: not reachable
    owner: platform team
    expires: 2027-01-31
    ticket: SEC-1
"""


def finding(**about: str) -> Finding:
    """Give a finding about this."""
    return Finding(REASON, About.of(**about), "what", "expected", "got", "fix")


def waiver(**changes: object) -> Waiver:
    """Give a waiver that covers `finding(id="CVE-2026-1")` today."""
    values: dict[str, object] = {
        "rule": "no-highs", "images": (Glob("ghcr.io/acme/*"),), "digest": None, "about": {"id": "CVE-2026-1"},
        "reason": "r", "owner": "o", "expires": date(2026, 11, 25), "place": Place("w.yaml", 1, 1), **changes,
    }  # fmt: skip
    return Waiver(**values)  # type: ignore[arg-type]


def read(folder: Path, text: str) -> tuple[Waiver, ...]:
    """Load one file."""
    (folder / "waivers.yaml").write_text(text, encoding="utf-8")
    return load_waivers([str(folder / "waivers.yaml")])[0]


def mistakes(folder: Path, text: str) -> list[str]:
    """Give the mistakes of one file."""
    with pytest.raises(RuleFileError) as caught:
        read(folder, text)
    return [f"{one.line}:{one.column}: {one.message}" for one in caught.value.mistakes]


def test_a_waiver_file_becomes_waivers_and_a_file_of_the_closure(tmp_path: Path) -> None:
    """Everything with its place."""
    (tmp_path / "waivers.yaml").write_text(GOOD)
    (found,), (file,) = load_waivers([str(tmp_path / "waivers.yaml")])
    assert (found.rule, found.images, found.digest) == ("no-highs", (Glob("ghcr.io/acme/app"),), None)
    assert found.about == {"id": "CVE-2026-1", "package": "openssl"}
    assert (found.reason, found.owner, found.ticket) == ("not reachable", "platform team", "SEC-1")
    assert found.expires == date(2027, 1, 31)
    assert found.place == Place(str(tmp_path / "waivers.yaml"), 3, 5)
    assert (file.role, file.digest) == ("waivers", Digest.of(GOOD.encode()))


def test_no_file_is_no_waiver() -> None:
    """They are named, never discovered (S24)."""
    assert load_waivers([]) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    expires: 2027-01-31\n", "",
         "3:5: an entry of 'waivers' lacks the key 'expires': say `expires: 2027-01-31`"),
        ("    owner: platform team\n", "", "3:5: an entry of 'waivers' lacks the key 'owner': say `owner: a person or team`"),
        ("    reason: not reachable\n", "", "3:5: an entry of 'waivers' lacks the key 'reason': say `reason: why this is accepted`"),
        ("  - rule: no-highs\n    images", "  - images", "3:5: an entry of 'waivers' lacks the key 'rule': say `rule: NAME`"),
        ("not reachable", "' '", "6:13: 'reason' is empty"),
        ("platform team", "''", "7:12: 'owner' is empty"),
        ('    images: ["ghcr.io/acme/app"]\n', "", "3:5: a waiver says either `images` or `digest`: which images it is for"),
        ("    reason", f"    digest: {DIGEST}\n    reason", "3:5: a waiver says either `images` or `digest`: which images it is for"),
        ('["ghcr.io/acme/app"]', "[]", "4:13: 'images' is an empty list, which could match nothing: leave it out"),
        ('["ghcr.io/acme/app"]', "app", ("4:13: 'app' names no registry: names are compared in full, as "
                                        "docker.io/library/nginx or ghcr.io/acme/**")),
        ('images: ["ghcr.io/acme/app"]', "digest: sha256:abc", "4:13: a sha256 digest has 64 hex digits, not 3"),
        ('images: ["ghcr.io/acme/app"]', f"digest: md5:{'0' * 32}",
         "4:13: digest algorithm 'md5' is not supported (one of: sha256, sha384, sha512)"),
        ("{id: CVE-2026-1, package: openssl}", "{}", "5:12: 'about' is empty, which could match nothing: leave it out"),
        ("CVE-2026-1", "[CVE-2026-1]", "5:17: 'id' is a text, not a list"),
        ("2027-01-31", "tomorrow", "8:14: 'expires' is a day written as 2027-01-31, not 'tomorrow'"),
        ("ticket", "tiket", "9:5: an entry of 'waivers' has no key 'tiket'; did you mean 'ticket'?"),
        ("gate: 1", "gate: 2", "1:7: this gate reads version 1 of the format, not 2"),
        ("gate: 1\n", "", "1:1: a waiver file lacks the key 'gate': say `gate: 1`"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_waiver(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Owner, reason, expiry and images have to be said, each with its place."""
    assert old in GOOD
    assert mistakes(tmp_path, GOOD.replace(old, new, 1)) == [message]


@pytest.mark.parametrize("glob", ["**", "*/**", "**/*", "***"])
def test_a_waiver_for_every_image_says_what_it_is_about(tmp_path: Path, glob: str) -> None:
    """Otherwise it would switch the rule off (S28)."""
    text = GOOD.replace("ghcr.io/acme/app", glob).replace("    about: {id: CVE-2026-1, package: openssl}\n", "")
    assert mistakes(tmp_path, text) == [f"4:13: {glob!r} without `about` would switch the rule off everywhere"]
    assert read(tmp_path, GOOD.replace("ghcr.io/acme/app", glob))


@pytest.mark.parametrize(
    "glob", ["*.*/**", "*.*/*/*", "*.*:*/**", "*.io/**", "gh*/**", "*.example.com/**", "**.io/*", "**o**", "*.*/**/*"]
)
def test_a_waiver_for_many_registries_says_what_it_is_about(tmp_path: Path, glob: str) -> None:
    """Stars around a dot are still every registry there is (S28)."""
    text = GOOD.replace("ghcr.io/acme/app", glob).replace("    about: {id: CVE-2026-1, package: openssl}\n", "")
    off = f"4:13: {glob!r} without `about` would switch the rule off for all repositories of many registries"
    assert mistakes(tmp_path, text) == [f"{off}: name the registry, the repositories, or what the findings are about"]
    assert read(tmp_path, GOOD.replace("ghcr.io/acme/app", glob))
    beside = text.replace(f'["{glob}"]', f'["ghcr.io/acme/app", "{glob}"]')
    assert mistakes(tmp_path, beside)[0].startswith(f"4:13: {glob!r} without `about` would")


@pytest.mark.parametrize("glob", ["ghcr.io/**", "*.example.com/team/**", "*/acme/*", "localhost:5000/*", "**/app"])
def test_a_waiver_for_a_registry_or_some_repositories_may_be_about_anything(tmp_path: Path, glob: str) -> None:
    """Whoever reviews it sees whose they are."""
    text = GOOD.replace("ghcr.io/acme/app", glob).replace("    about: {id: CVE-2026-1, package: openssl}\n", "")
    assert read(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["", "- a", "gate: 2", "gate: 1\nwaivers: []", "gate: 1\nwaivers: {}", "gate: 1\nwaivers: [x]", "\x00"]
)
def test_something_else_is_no_waiver_file(tmp_path: Path, text: str) -> None:
    """Never an empty list of waivers in silence, never a traceback."""
    assert mistakes(tmp_path, text)


def test_every_mistake_of_all_files_is_reported_at_once(tmp_path: Path) -> None:
    """Missing file, folder, and one with two mistakes."""
    (tmp_path / "bad.yaml").write_text(GOOD.replace("expires: 2027-01-31", "expires: never\n    extra: 1"))
    with pytest.raises(RuleFileError) as caught:
        load_waivers([str(tmp_path / "missing.yaml"), str(tmp_path), str(tmp_path / "bad.yaml"), "a\0b", ""])
    assert [one.message for one in caught.value.mistakes if one.line > 1] == [
        "'expires' is a day written as 2027-01-31, not 'never'",
        "an entry of 'waivers' has no key 'extra' (it has: rule, images, digest, about, reason, owner, expires, ticket, break-glass)",
    ]
    assert {one.message for one in caught.value.mistakes if one.line == 1} == {
        "there is no such file", "this is a directory, not a file", "'a\\x00b' is no file name", "'' is no file name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        ({}, True),
        ({"rule": "no-high"}, False),
        ({"rule": "NO-HIGHS"}, False),
        ({"images": (Glob("ghcr.io/acme/other"),)}, False),
        ({"images": (Glob("ghcr.io/*"),)}, False),
        ({"images": (Glob("ghcr.io/other"), Glob("ghcr.io/**"))}, True),
        ({"images": (), "digest": DIGEST}, True),
        ({"images": (), "digest": Digest.of(b"other")}, False),
        ({"about": {}}, True),
        ({"about": {"id": "CVE-2026-1", "package": "openssl"}}, True),
        ({"about": {"id": "CVE-2026-1", "package": "libssl"}}, False),
        ({"about": {"id": "CVE-2026-1", "purl": "pkg:apk/alpine/openssl@3"}}, False),
        ({"about": {"id": "CVE-2026-10"}}, False),
        ({"about": {"id": "cve-2026-1"}}, False),
        ({"about": {"id": "CVE-2026-1 "}}, False),
        ({"about": {"id": "CVE-*"}}, False),
        ({"about": {"id": ""}}, False),
        ({"about": {"nothing": ""}}, False),
        ({"expires": date(2026, 11, 24)}, False),
    ],
)
def test_a_waiver_covers_only_when_all_of_it_agrees(changes: dict[str, object], *, covers: bool) -> None:
    """Rule, image, every key of `about` in full, and the day."""
    assert waiver(**changes).covers("no-highs", SUBJECT, finding(id="CVE-2026-1", package="openssl"), AT) is covers


@pytest.mark.parametrize(
    ("at", "expired"),
    [
        (datetime(2026, 11, 25, 23, 59, 59, 999999, UTC), False),
        (datetime(2026, 11, 26, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 26, 13, 59, tzinfo=timezone(timedelta(hours=14))), False),
        (datetime(2026, 11, 25, 10, 0, tzinfo=timezone(timedelta(hours=-14))), True),
        (datetime(9999, 12, 31, tzinfo=UTC), True),
    ],
)
def test_the_last_day_is_inclusive_and_in_utc(at: datetime, *, expired: bool) -> None:
    """S6, wherever the clock stands."""
    assert waiver().expired(at) is expired
    assert waiver().covers("no-highs", SUBJECT, finding(id="CVE-2026-1"), at) is not expired


about = st.dictionaries(st.sampled_from(["id", "package", "path"]), st.sampled_from(["a", "b", "", "*"]), max_size=3)


@given(about, about)
def test_a_waiver_never_covers_a_finding_that_differs_in_a_key_it_names(
    named: dict[str, str], is_about: dict[str, str]
) -> None:
    """For any keys and values; and it says so exactly then."""
    covers = waiver(about=named).covers("no-highs", SUBJECT, finding(**is_about), AT)
    assert covers is all(is_about.get(key) == value for key, value in named.items())


# Against the rules


def ruleset(**changes: object) -> Ruleset:
    """Give one rule called no-highs."""
    rule = Rule("no-highs", None, Level.ERROR, Place("gate.yaml", 3, 3), **changes)  # type: ignore[arg-type]
    return Ruleset((rule,), {}, ())


def refused(folder: Path, rules: Ruleset, text: str = GOOD, at: datetime = AT) -> list[str]:
    """Give what does not fit."""
    with pytest.raises(RuleFileError) as caught:
        check_waivers(read(folder, text), rules, at)
    return [f"{one.line}:{one.column}: {one.message}" for one in caught.value.mistakes]


def test_a_waiver_that_fits_the_rules_is_fine(tmp_path: Path) -> None:
    """An expired one too: it accepts nothing and is reported."""
    check_waivers(read(tmp_path, GOOD), ruleset(), AT)
    check_waivers(read(tmp_path, GOOD), ruleset(), datetime(2030, 1, 1, tzinfo=UTC))


def test_a_waiver_for_an_unknown_rule_is_a_mistake(tmp_path: Path) -> None:
    """It would be idle for ever, and the finding it was for would stay."""
    assert refused(tmp_path, ruleset(), GOOD.replace("no-highs", "no-high")) == [
        "3:11: there is no rule 'no-high' (there are: no-highs); did you mean 'no-highs'?"
    ]


def test_a_rule_that_nobody_may_waive_is_not_waived(tmp_path: Path) -> None:
    """Final, or said so."""
    assert refused(tmp_path, ruleset(final=True)) == [
        "3:11: the rule 'no-highs' is final (gate.yaml:3:3): no waiver can accept its findings"
    ]
    assert refused(tmp_path, ruleset(waivable=False)) == [
        "3:11: the rule 'no-highs' is not waivable (gate.yaml:3:3): no waiver can accept its findings"
    ]


def test_a_waiver_ends_within_a_year(tmp_path: Path) -> None:
    """366 days are allowed, one more is not; the far future does not overflow."""
    check_waivers(read(tmp_path, GOOD.replace("2027-01-31", "2027-11-26")), ruleset(), AT)
    assert refused(tmp_path, ruleset(), GOOD.replace("2027-01-31", "2027-11-27")) == [
        "8:14: a waiver ends at most 366 days after the day of the verdict: by 2027-11-26"
    ]
    assert refused(tmp_path, ruleset(), GOOD.replace("2027-01-31", "9999-12-31"))
    check_waivers(read(tmp_path, GOOD), ruleset(), datetime(9999, 12, 31, 23, tzinfo=UTC))


# The docs


def test_the_waiver_files_of_the_docs_are_good(tmp_path: Path) -> None:
    """Every example of docs/waivers.md."""
    page = (Path(__file__).parents[1] / "docs" / "waivers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 1
    for block in blocks:
        assert read(tmp_path, block)


BREAK_GLASS = f"""gate: 1
waivers:
  - rule: no-highs
    digest: {DIGEST}
    reason: the shop is down
    owner: maria@acme.example
    expires: 2026-11-25T18:00:00+02:00
    break-glass: true
"""


def toy_rules(**changes: object) -> Ruleset:
    """Give a ruleset with the rule `no-highs`."""
    rule = Rule("no-highs", object(), Level.ERROR, Place("gate.yaml", 1, 1), **changes)  # type: ignore[arg-type]
    return Ruleset((rule,), {}, ())


def test_break_glass_holds_for_one_digest_until_its_minute(tmp_path: Path) -> None:
    """Not for the day: after 18:00 in its zone it is over."""
    (found,) = read(tmp_path, BREAK_GLASS)
    assert (found.break_glass, found.expires) == (True, datetime(2026, 11, 25, 16, tzinfo=UTC))
    check_waivers((found,), toy_rules(), AT)
    any_finding = finding(id="CVE-2026-1")
    assert found.covers("no-highs", SUBJECT, any_finding, datetime(2026, 11, 25, 16, tzinfo=UTC))
    assert not found.covers("no-highs", SUBJECT, any_finding, datetime(2026, 11, 25, 16, 0, 1, tzinfo=UTC))
    other = Subject("x", "x", "ghcr.io/acme/app", "1", Digest.of(b"other"), "", b"other")
    assert not found.covers("no-highs", other, any_finding, AT)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"digest: {DIGEST}", 'images: ["ghcr.io/acme/app"]', "break-glass is for one image: name its `digest`"),
        ("2026-11-25T18:00:00+02:00", "2026-11-25", "break-glass ends within hours: give a time"),
        ("    break-glass: true\n", "", "a waiver ends with a day, as 2027-01-31; a time is for `break-glass: true`"),
        ("true", "false", "a time is for `break-glass: true`"),
        ("2026-11-25T18:00:00+02:00", "2026-11-25T18:00:00", "'expires' is a day"),
        ("2026-11-25T18:00:00+02:00", "2026-11-25T25:00:00Z", "'expires' is a day"),
        ("2026-11-25T18:00:00+02:00", "0001-01-01T00:00:00+14:00", "'expires' is a day"),
        ("2026-11-25T18:00:00+02:00", '"2026-11-25T18:00:00Z\\n"', "'expires' is a day"),
    ],
)
def test_break_glass_is_for_one_digest_and_hours(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Each way of making it wider is a mistake."""
    assert any(words in message for message in mistakes(tmp_path, BREAK_GLASS.replace(old, new)))


@pytest.mark.parametrize(
    ("expires", "changes", "words"),
    [
        ("2026-11-26T12:00:00Z", {}, ""),
        ("2026-11-26T12:00:01Z", {}, "break-glass ends at most 24 hours after the time of the verdict: by 2026-11-26T12:00+00:00"),
        ("2026-11-25T13:00:00Z", {"final": True}, "is final"),
        ("2026-11-25T13:00:00Z", {"waivable": False}, "is not waivable"),
    ],
)  # fmt: skip
def test_break_glass_has_limits(tmp_path: Path, expires: str, changes: dict[str, object], words: str) -> None:
    """A day at most, and never for what is final."""
    found = read(tmp_path, BREAK_GLASS.replace("2026-11-25T18:00:00+02:00", expires))
    if not words:
        check_waivers(found, toy_rules(**changes), AT)
        return
    with pytest.raises(RuleFileError) as caught:
        check_waivers(found, toy_rules(**changes), AT)
    assert words in str(caught.value)


def outcome(*waivers: Waiver) -> Outcome:
    """Give the outcome of a rule whose findings these waivers accepted."""
    waived = tuple(
        Waived(finding(id="CVE-2026-1"), one.owner, one.reason, one.expires.isoformat(), one.place) for one in waivers
    )
    return Outcome("no-highs", "toy", Level.ERROR, Status.WAIVED, Place("g", 1, 1), "", (), waived=waived)


@pytest.mark.parametrize(
    ("days", "said"), [(0, "ends today"), (1, "ends tomorrow"), (14, "ends in 14 days"), (15, ""), (300, "")]
)
def test_a_waiver_that_is_used_says_when_it_ends_soon(days: int, said: str) -> None:
    """From two weeks before on, in the first lines of every report."""
    one = waiver(expires=date(2026, 11, 25) + timedelta(days=days))
    notes = remarks((one,), (outcome(one),), SUBJECT, AT)
    assert [(said in note.what, note.headline) for note in notes] == ([(True, True)] if said else [])
    assert remarks((one,), (), SUBJECT, AT) == ()


def test_break_glass_is_said_first_and_loudly(tmp_path: Path) -> None:
    """Who, which image, which rule, why, until when; before whatever else there is."""
    (loud,) = read(tmp_path, BREAK_GLASS)
    (note,) = remarks((loud,), (outcome(loud),), SUBJECT, AT)
    assert note.headline
    assert note.what == (
        f"BREAK-GLASS until 2026-11-25T16:00:00+00:00: maria@acme.example lets {DIGEST} pass no-highs (the shop is down)"
    )
