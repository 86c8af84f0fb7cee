"""The check `tag`."""

from __future__ import annotations

import itertools

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from gate.checks.tag import TagCheck
from gate.formats.conventions import CONVENTIONS, abbreviates_commit, is_partial_of, is_semver
from gate.pattern import PatternTimeoutError, Regex
from tests.checks.made import AT, Made, labelled, mistake, rule

COMMIT = "7c0bb30f1162a3324ed274d6af318e96f4f26cc0"
VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"


def tagged(tag: str, **labels: str) -> Made:
    """Make an image under a tag."""
    made = labelled(**labels)
    made.tag = tag
    return made


@pytest.mark.parametrize(
    ("convention", "tags"),
    [
        ("semver", ["1.4.2", "0.0.0", "1.4.2-rc.1", "10.20.30", "1.0.0-alpine", "1.0.0-0A.is.legal"]),
        ("semver-release", ["1.4.2", "0.1.0"]),
        ("semver-partial", ["1", "1.4", "0", "0.9", "9999"]),
        ("semver-v", ["v1.4.2", "v1.4.2-rc.1"]),
        ("semver-v-partial", ["v1", "v1.4"]),
        ("calver", ["2026.11", "2026.11.3", "26.04", "26.04.1", "2026-11-24", "20261124", "2024-02-29"]),
        ("git-commit", [COMMIT, COMMIT[:7], COMMIT[:12], "a" * 64, "deadbee"]),
        ("git-commit-full", [COMMIT, "0" * 40, "f" * 64]),
        ("environment", ["dev", "staging", "prod", "production", "qa"]),
        ("branch", ["main", "feature-login", "pr-123", "release-1.4", "dependabot-npm"]),
        ("build-number", ["271", "build-271", "b271", "build.9"]),
        ("moving", ["latest", "stable", "edge", "nightly"]),
    ],
)
def test_a_tag_that_follows_an_allowed_convention_is_fine(convention: str, tags: list[str]) -> None:
    """Each convention takes what it is named for."""
    check = rule(f"check: tag, allow: [{convention}]")
    assert [tag for tag in tags if tagged(tag).codes(check)] == []


@pytest.mark.parametrize(
    ("convention", "tags"),
    [
        ("semver", ["latest", "1", "1.4", "v1.4.2", "1.4.2.0", "01.4.2", "1.4.2-", "1.4.2-01", "1.4.2_rc1", "1.4.2\n", " 1.4.2",
                    "1.4.2+build", "1.4.x", "１.4.2", "-1.4.2", "1." * 60 + "1", "1.4.2-" + "a" * 200]),
        ("semver-release", ["1.4.2-rc.1", "1.4", "v1.4.2", "1.4.2\n"]),
        ("semver-partial", ["1.4.2", "1.", ".1", "01", "1.04", "20261124", "v1", "1.4\n"]),
        ("semver-v", ["1.4.2", "V1.4.2", "vv1.4.2", "v1", "v"]),
        ("semver-v-partial", ["1", "v", "v1.4.2"]),
        ("calver", ["2026", "2026.13", "2026.00", "2026-13-01", "2026-02-30", "20260230", "2026-1124", "1.4.2", "2026.11.3.4"]),
        ("git-commit", ["1234567", "20261124", "7c0bb3", COMMIT[:13], COMMIT[:39], COMMIT.upper(), COMMIT[:7].upper(),
                        COMMIT + "0", "g" * 40, "7c0bb30\n"]),
        ("git-commit-full", [COMMIT[:7], COMMIT.upper()]),
        ("environment", ["Prod", "prod1", "prod-eu", "", "production "]),
        ("branch", ["feature", "feature-", "mainline", "feature/login"]),
        ("build-number", ["0", "007", "build-", "build-0", "12345678901"]),
        ("moving", ["latest2", "Latest"]),
    ],
)  # fmt: skip
def test_a_tag_that_does_not_follow_it_is_not_allowed(convention: str, tags: list[str]) -> None:
    """Each convention is over the whole tag: no blanks, no other digits, nothing after it."""
    check = rule(f"check: tag, allow: [{convention}]")
    assert [tag for tag in tags if tag and tagged(tag).codes(check) != ["tag-not-allowed"]] == []
    assert [tag for tag in tags if CONVENTIONS[convention].holds(tag)] == []


def test_the_finding_names_what_is_allowed_and_what_to_do() -> None:
    """The message holds the tag, the expectation and an example."""
    [finding] = tagged("nightly-7").findings(rule("check: tag, allow: [semver, git-commit]"))
    assert finding.what == "the tag nightly-7 follows none of the allowed conventions"
    assert (finding.expected, finding.got) == ("semver or git-commit", "nightly-7")
    assert finding.fix == "Push the image again under a tag that is semver or git-commit, such as 1.4.2."
    assert finding.about.get("tag") == "nightly-7"


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("v1.4.2", "add semver-v"),
        ("1.4", "add semver-partial"),
        ("12345678", "Digits alone are not taken for a commit"),
    ],
)
def test_a_near_miss_is_named(tag: str, hint: str) -> None:
    """A v, a partial version and a commit of digits are explained."""
    [finding] = tagged(tag).findings(rule("check: tag, allow: [semver, git-commit]"))
    assert hint in finding.fix


@pytest.mark.parametrize("tag", ["latest", "Latest", "LATEST"])
def test_a_denied_tag_is_denied_in_any_spelling(tag: str) -> None:
    """Capital letters are no way around `deny`."""
    [finding] = tagged(tag).findings(rule("check: tag, deny: [latest]"))
    assert finding.reason.code == "tag-denied"
    assert finding.what == f"the tag {tag} is denied" + ("" if tag == "latest" else " by latest")


def test_denied_by_convention_glob_and_expression() -> None:
    """Every form of pattern denies, and nothing else does."""
    check = rule("check: tag, deny: [environment, 'test-*', {regex: 'x[0-9]+'}]")
    denied = ["prod", "PROD", "test-1", "Test-1", "x1"]
    assert [tag for tag in denied if tagged(tag).codes(check) != ["tag-denied"]] == []
    assert [tag for tag in ["1.4.2", "x", "attest-1", "ax1"] if tagged(tag).codes(check)] == []


def test_allow_does_not_excuse_what_deny_forbids() -> None:
    """A tag that is both allowed and denied is denied."""
    assert tagged("latest").codes(rule("check: tag, allow: ['**', latest], deny: [latest]")) == ["tag-denied"]


def test_globs_and_expressions_match_the_whole_tag_and_capitals_count() -> None:
    """`allow` is exact."""
    check = rule("check: tag, allow: ['release-*', {regex: 'r[0-9]+'}]")
    assert [tag for tag in ["release-1", "r12"] if tagged(tag).codes(check)] == []
    wrong = ["Release-1", "a-release-1", "r12x", "xr12", "r", "release-1\n2/3"]
    assert [tag for tag in wrong if tagged(tag).codes(check) != ["tag-not-allowed"]] == []


@pytest.mark.parametrize("options", ["allow: [semver]", "deny: [latest]", "same-as-label: version"])
def test_without_a_tag_nothing_is_satisfied(options: str) -> None:
    """A digest alone leaves the rule undecided (S7)."""
    [judgement] = tagged("").judged(rule(f"check: tag, {options}"))
    assert [undecided.reason.code for undecided in judgement.undecided] == ["tag-unknown"]
    assert judgement.findings == ()


def test_a_tag_equal_to_the_label_is_fine() -> None:
    """The value is compared as it is."""
    assert tagged("1.4.2", version="1.4.2").codes(rule("check: tag, same-as-label: version")) == []


@pytest.mark.parametrize("value", ["1.4.3", "v1.4.2", " 1.4.2", "1.4.2 ", "1.4.2\n", "", "1.4.2+build.5", "１.4.2"])
def test_a_tag_that_differs_from_the_label_is_a_mismatch(value: str) -> None:
    """Nothing is stripped or folded."""
    [finding] = tagged("1.4.2", version=value).findings(rule("check: tag, same-as-label: version"))
    assert finding.reason.code == "tag-label-mismatch"
    assert finding.about.keys == (("tag", "1.4.2"), ("label", "version"))
    assert "the tag is 1.4.2, and the label version says" in finding.what


def test_a_label_that_is_not_there_is_a_violation() -> None:
    """The tag cannot agree with nothing."""
    [finding] = tagged("1.4.2", Version="1.4.2").findings(rule("check: tag, same-as-label: version"))
    assert finding.reason.code == "tag-label-missing"
    assert finding.what == "the label version is missing on linux/amd64, so the tag cannot agree with it"


@pytest.mark.parametrize("odd", ["linux/amd64", "linux/arm64", "linux/arm/v7"])
def test_one_platform_with_another_label_is_enough(odd: str) -> None:
    """Every platform has to agree, wherever it stands in the index."""
    platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
    made = Made({name: {"Labels": {"version": "1.4.1" if name == odd else "1.4.2"}} for name in platforms})
    [finding] = made.findings(rule("check: tag, same-as-label: version"))
    assert finding.reason.code == "tag-label-mismatch"
    assert finding.what == f"the tag is 1.4.2, and the label version says 1.4.1 on {odd}"


def test_labels_that_could_not_be_read_are_undecided() -> None:
    """No image, or one without a config, is no agreement."""
    made = labelled(version="1.4.2")
    check = rule("check: tag, same-as-label: version")
    assert isinstance(check, TagCheck)
    assert check.needs_configs()
    [view] = made.views(check)
    for images in ((), tuple(type(image)(image.platform, image.digest, None, None) for image in view.images)):
        judgement = check.judge(type(view)(view.subject, None, images, view.evidence, view.book), AT)
        assert [undecided.reason.code for undecided in judgement.undecided] == ["tag-label-unknown"]


@pytest.mark.parametrize(
    ("tag", "label", "value"),
    [
        ("1.4.2", VERSION, "1.4.2"),
        ("v1.4.2", VERSION, "1.4.2"),
        ("1.4.2", VERSION, "v1.4.2"),
        ("1.4", VERSION, "1.4.2"),
        ("1", VERSION, "1.4.2"),
        (COMMIT[:7], REVISION, COMMIT),
        (COMMIT[:12], REVISION, COMMIT),
        (COMMIT, REVISION, COMMIT),
        (COMMIT[:7], REVISION, COMMIT[:7]),
        ("staging", VERSION, "9.9.9"),
    ],
)
def test_a_tag_agrees_with_the_label_for_its_convention(tag: str, label: str, value: str) -> None:
    """Shortened commits and partial versions agree with the full ones; other tags are not compared."""
    assert tagged(tag, **{label: value}).codes(AGREEING) == []


AGREEING = rule(
    "check: tag, allow: [semver, semver-v, semver-partial, git-commit, environment], agree-with-label: {"
    f"semver: {VERSION}, semver-v: {VERSION}, semver-partial: {VERSION}, git-commit: {REVISION}}}"
)


@pytest.mark.parametrize(
    ("tag", "label", "value"),
    [
        ("1.4.2", VERSION, "1.4.3"),
        ("v1.4.2", VERSION, "1.4.20"),
        ("1.4", VERSION, "1.5.0"),
        ("1.4", VERSION, "1.40.0"),
        ("1.4", VERSION, "1.4.2-rc.1"),
        ("1.4", VERSION, "1.4"),
        ("1", VERSION, "10.0.0"),
        (COMMIT[:7], REVISION, "1" + COMMIT[1:]),
        (COMMIT[:7], REVISION, COMMIT[:20]),
        (COMMIT, REVISION, COMMIT[:39] + "1"),
    ],
)
def test_a_tag_that_says_something_else_than_its_label(tag: str, label: str, value: str) -> None:
    """A prefix of digits is not enough: 1.4 is not the beginning of 1.40.0, nor of a pre-release."""
    assert tagged(tag, **{label: value}).codes(AGREEING) == ["tag-label-mismatch"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: tag", "the rule asks for nothing"),
        ("check: tag, allow: []", "allow"),
        ("check: tag, allow: [semvr]", "there is no convention 'semvr', did you mean semver?"),
        ("check: tag, deny: [enviroment]", "did you mean environment?"),
        ("check: tag, deny: [Moving]", "there is no convention 'Moving', did you mean moving?"),
        ("check: tag, deny: [MOVING]", "there is no convention 'MOVING', did you mean moving?"),
        ("check: tag, deny: [movnig]", "there is no convention 'movnig', did you mean moving?"),
        ("check: tag, allow: [semvar]", "there is no convention 'semvar', did you mean semver?"),
        ("check: tag, allow: [Semver]", "there is no convention 'Semver', did you mean semver?"),
        ("check: tag, deny: [git_commit]", "(for exactly this tag: {regex: git_commit})"),
        (
            "check: tag, allow: [semver], unique: [Git-Commit]",
            "there is no convention 'Git-Commit', did you mean git-commit?",
        ),
        ("check: tag, allow: ['1.4.?']", "in a glob only * is special"),
        ("check: tag, allow: ['a/b']", "no tag can match 'a/b'"),
        ("check: tag, allow: ['-x']", "no tag can match '-x'"),
        ("check: tag, allow: ['1.4.2+5']", "no tag can match"),
        (f"check: tag, allow: ['{'a' * 129}']", "at most 128"),
        ("check: tag, allow: [{regex: '['}]", "not a regular expression"),
        ("check: tag, same-as-label: ' '", "an empty name is no label"),
        ("check: tag, agree-with-label: {semver: version}", "give allow as well"),
        (
            "check: tag, allow: [semver], agree-with-label: {semvr: version}",
            "there is no convention 'semvr', did you mean",
        ),
        ("check: tag, allow: [semver], agree-with-label: {semver: ''}", "an empty name is no label"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Nothing is silently ignored."""
    assert message in mistake(text)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("allow: ['never-*']", "tag-not-allowed"),
        ("allow: [{regex: 'never'}]", "tag-not-allowed"),
        ("deny: ['**']", "tag-denied"),
        ("same-as-label: never", "tag-label-missing"),
        ("allow: [semver], agree-with-label: {semver: never}", "tag-label-missing"),
    ],
)
def test_each_option_is_looked_at(options: str, code: str) -> None:
    """Set to what can never hold, each option fails."""
    assert tagged("1.4.2", version="1.4.2").codes(rule(f"check: tag, {options}")) == [code]


def test_an_expression_without_end_decides_only_if_no_other_pattern_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of patterns does not matter, and a time-out is never taken for a no."""

    def late(self: Regex, text: str) -> bool:
        raise PatternTimeoutError(f"{self} {text}")

    monkeypatch.setattr(Regex, "matches", late)
    for options in ("[semver, {regex: 'a'}]", "[{regex: 'a'}, semver]"):
        assert tagged("1.4.2").codes(rule(f"check: tag, allow: {options}")) == []
        assert tagged("1.4.2").codes(rule(f"check: tag, deny: {options}")) == ["tag-denied"]
        with pytest.raises(PatternTimeoutError):
            tagged("latest").codes(rule(f"check: tag, allow: {options}"))


def test_a_hostile_label_is_shown_escaped_and_cut() -> None:
    """Control characters and a megabyte do not reach the report."""
    [finding] = tagged("1.4.2", version="\x1b[2J\u202e" + "x" * 1_000_000).findings(
        rule("check: tag, same-as-label: version")
    )
    assert "\x1b" not in finding.got
    assert "\\x1b[2J\\u202exxx" in finding.got
    assert len(finding.got) < 200


TAGS = st.sampled_from(["1.4.2", "1.4", "v1", "latest", "prod", COMMIT[:7], "20261124", "Latest", "x", "1.4.2-rc.1"])
PATTERNS = st.lists(st.sampled_from([*CONVENTIONS, "l*", "x", "1.**"]), min_size=1, max_size=6, unique=True)


@given(tag=TAGS, patterns=PATTERNS, data=st.data())
def test_the_order_of_patterns_never_matters(tag: str, patterns: list[str], data: st.DataObject) -> None:
    """Any order of `allow` and `deny` gives the same reasons."""
    other = data.draw(st.permutations(patterns))
    for key in ("allow", "deny"):
        codes = [tagged(tag).codes(rule(f"check: tag, {key}: {quoted(order)}")) for order in (patterns, other)]
        assert codes[0] == codes[1]


@given(tag=TAGS, patterns=PATTERNS, data=st.data())
def test_tightening_never_satisfies(tag: str, patterns: list[str], data: st.DataObject) -> None:
    """Fewer allowed or more denied patterns never turn a violation into satisfied."""
    fewer = data.draw(st.lists(st.sampled_from(patterns), min_size=1, unique=True))
    assert not tagged(tag).codes(rule(f"check: tag, allow: {quoted(patterns)}")) or tagged(tag).codes(
        rule(f"check: tag, allow: {quoted(fewer)}")
    )
    assert not tagged(tag).codes(rule(f"check: tag, deny: {quoted(fewer)}")) or tagged(tag).codes(
        rule(f"check: tag, deny: {quoted(patterns)}")
    )


def quoted(patterns: list[str]) -> str:
    """Write a list of patterns in flow style."""
    return "[" + ", ".join(f"'{pattern}'" for pattern in patterns) + "]"


NUMBERS = st.integers(min_value=0, max_value=10**6)
PARTS = st.text(alphabet="0123456789abcXYZ-.+v \n", max_size=12)


@given(numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS), tail=PARTS)
def test_semver_agrees_with_the_library(numbers: tuple[int, int, int], tail: str) -> None:
    """What the library reads as a version is one, but for what it takes beyond the grammar."""
    text = ".".join(map(str, numbers)) + tail
    assert is_semver(text) == (semver.Version.is_valid(text) and not text.endswith("\n"))
    if is_semver(text):
        assert str(semver.Version.parse(text)) == text


@given(numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_partial_versions_are_those_of_their_own_release(numbers: tuple[int, int, int]) -> None:
    """X and X.Y belong to X.Y.Z and to no version with another X or Y."""
    major, minor, patch = numbers
    version = f"{major}.{minor}.{patch}"
    assert is_partial_of(f"{major}.{minor}", version)
    assert not is_partial_of(f"{major}.{minor + 1}", version)
    assert not is_partial_of(f"{major + 1}.{minor}", version)


@given(commit=st.text(alphabet="0123456789abcdef", min_size=40, max_size=40), length=st.integers(0, 41))
def test_a_commit_is_abbreviated_by_seven_to_twelve_digits(commit: str, length: int) -> None:
    """Or given in full."""
    assert abbreviates_commit(commit[:length], commit) == (7 <= length <= 12 or length >= 40)


def test_every_example_follows_its_convention() -> None:
    """The examples in messages are right, and end where the convention ends."""
    for convention, tail in itertools.product(CONVENTIONS.values(), ["\n", " ", "\x00", "/"]):
        assert convention.holds(convention.example)
        assert not convention.holds(convention.example + tail)


@pytest.mark.parametrize(
    ("value", "hint"), [("1.4.2+5", "A tag can never hold the +"), ("1.4.2 ", "Take the blanks around")]
)
def test_slips_of_the_label_are_named(value: str, hint: str) -> None:
    """What can never agree says why."""
    [finding] = tagged("1.4.2", version=value).findings(rule("check: tag, same-as-label: version"))
    assert hint in finding.fix
