"""The check `tag` among the other tags of the repository: siblings, the highest release, a tag of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from gate.checks.tag.unique import MOST_LOOKED_UP
from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.formats.versions import highest, precedes, release_of
from tests.checks.made import LOOK, PLACE, Made, mistake, packed, rule

OTHER: Mapping[str, str] = {"version": "another"}
LIST = Ask(PLACE, Kind.TAGS, "")
LOST = Unavailable(LOOK, "unauthorized", "401 from the registry")


def siblings(*kinds: str) -> str:
    """Give a rule about siblings."""
    return f"check: tag, allow: ['**'], best-effort: true, siblings: [{', '.join(kinds)}]"


def highest_release(*kinds: str) -> str:
    """Give a rule about moving tags."""
    return f"check: tag, allow: ['**'], best-effort: true, highest-release: [{', '.join(kinds)}]"


def undecided(made: Made, text: str, files: Mapping[str, str] | None = None) -> list[str]:
    """Give the codes of what is undecided; nothing may be found as well."""
    [judgement] = made.judged(rule(text, files))
    assert judgement.findings == ()
    return [each.reason.code for each in judgement.undecided]


def test_a_release_with_all_its_moving_tags_is_fine() -> None:
    """1.4.2, 1.4, 1 and latest on one digest, an older release elsewhere."""
    made = Made(tag="1.4.2", tags={"1.4": None, "1": None, "latest": None, "1.4.1": OTHER, "0.9.0": OTHER})
    assert made.codes(rule(siblings("minor", "major", "latest"))) == []


@pytest.mark.parametrize(("kind", "name"), [("minor", "1.4"), ("major", "1"), ("latest", "latest")])
def test_a_moving_tag_that_is_missing_or_elsewhere_is_named(kind: str, name: str) -> None:
    """Each of the three, and only where the rule asks for it."""
    tags: dict[str, Mapping[str, str] | None] = {"1.4": None, "1": None, "latest": None}
    missing = {key: value for key, value in tags.items() if key != name}
    [finding] = Made(tag="1.4.2", tags=missing).findings(rule(siblings("minor", "major", "latest")))
    assert finding.reason.code == "tag-sibling-missing"
    assert finding.about.keys == (("tag", "1.4.2"), ("sibling", name))
    [finding] = Made(tag="1.4.2", tags={**tags, name: OTHER}).findings(rule(siblings("minor", "major", "latest")))
    assert finding.reason.code == "tag-sibling-differs"
    assert finding.what == f"{name} points to another image than 1.4.2, the highest release it stands for"
    others = [each for each in ("minor", "major", "latest") if each != kind]
    assert Made(tag="1.4.2", tags=missing).codes(rule(siblings(*others))) == []


def test_a_higher_release_has_the_moving_tags_itself() -> None:
    """1.4 belongs to 1.4.10 and not to 1.4.9; numbers, not letters."""
    made = Made(tag="1.4.9", tags={"1.4.10": OTHER, "1.4": OTHER, "1": OTHER, "latest": OTHER})
    assert made.codes(rule(siblings("minor", "major", "latest"))) == []
    made = Made(tag="1.4.10", tags={"1.4.9": OTHER, "1.4": None, "1": None, "latest": None})
    assert made.codes(rule(siblings("minor", "major", "latest"))) == []


def test_a_release_after_a_v_has_moving_tags_after_a_v() -> None:
    """`v1.4` and `v1`; `latest` is one for both."""
    made = Made(tag="v1.4.2", tags={"v1.4": None, "v1": None, "latest": None, "1.4": OTHER})
    assert made.codes(rule(siblings("minor", "major", "latest"))) == []
    assert Made(tag="v1.4.2", tags={"1.4": None}).codes(rule(siblings("minor"))) == ["tag-sibling-missing"]


@pytest.mark.parametrize("tag", ["1.4.2-rc.1", "prod", "1.4", "7c0bb30"])
def test_only_releases_have_siblings(tag: str) -> None:
    """Pre-releases do not move anything; `allow` decides about such tags."""
    assert Made(tag=tag, tags={"1.4": None}).codes(rule(siblings("minor", "major", "latest"))) == []


@pytest.mark.parametrize("tag", ["latest", "1", "1.4"])
def test_a_moving_tag_on_the_highest_release_is_fine(tag: str) -> None:
    """The release has the same digest; pre-releases and other tags do not count."""
    made = Made(tag=tag, tags={"1.4.2": None, "1.4.1": OTHER, "1.5.0-rc.1": OTHER, "0.99.0": OTHER, "prod": OTHER})
    assert made.codes(rule(highest_release("minor", "major", "latest"))) == []


@pytest.mark.parametrize(("tag", "release"), [("latest", "2.0.0"), ("1", "1.5.0"), ("1.4", "1.4.10")])
def test_a_moving_tag_behind_is_named(tag: str, release: str) -> None:
    """A fix for an older version must not take `latest` along."""
    [finding] = Made(tag=tag, tags={"1.4.9": None, release: OTHER}).findings(
        rule(highest_release("minor", "major", "latest"))
    )
    assert finding.reason.code == "tag-not-highest"
    assert finding.expected == f"the digest of {release}"
    assert finding.about.keys == (("tag", tag),)


def test_a_moving_tag_without_any_release_is_a_finding() -> None:
    """Nothing to stand for is no agreement."""
    made = Made(tag="latest", tags={"prod": None, "1.4": None})
    assert made.codes(rule(highest_release("latest"))) == ["tag-sibling-missing"]
    made = Made(tag="1.4", tags={"1.5.0": None, "v1.4.0": None})
    assert made.codes(rule(highest_release("minor"))) == ["tag-sibling-missing"]


def test_two_spellings_of_the_highest_release_both_count() -> None:
    """1.4.2 and v1.4.2 on two digests: `latest` cannot be on both."""
    made = Made(tag="latest", tags={"1.4.2": None, "v1.4.2": OTHER})
    assert made.codes(rule(highest_release("latest"))) == ["tag-not-highest"]


def test_a_target_of_a_promotion_is_judged_as_if_it_pointed_there() -> None:
    """`latest` may be moved to the highest release, and to no other."""
    check = rule(highest_release("latest"))
    assert Made(tag="latest", origin=PLACE, tags={"latest": OTHER, "1.4.2": None}).codes(check) == []
    wrong = Made(tag="latest", origin=PLACE, tags={"latest": OTHER, "1.4.2": None, "1.5.0": OTHER})
    assert wrong.codes(check) == ["tag-not-highest"]


def test_a_release_that_is_still_to_be_promoted_has_no_siblings_yet() -> None:
    """They are moved by the same promotion; that is said."""
    [judgement] = Made(tag="1.4.2", origin=PLACE, tags={}).judged(rule(siblings("minor")))
    assert (judgement.findings, judgement.undecided) == ((), ())
    assert "not judged before it has been promoted" in judgement.notes[0].what


@pytest.mark.parametrize("text", [siblings("minor"), highest_release("latest")])
@pytest.mark.parametrize(
    "odd",
    [
        {LIST: LOST},
        {LIST: Absent(LOOK)},
        {LIST: Found(LOOK, b"{")},
        {LIST: Found(LOOK, packed({"tags": ["1.4.2", 7]}))},
        {LIST: Found(LOOK, packed({"tags": "1.4.2"}))},
        {LIST: Found(LOOK, b'{"tags": [], "tags": ["1.4.2"]}')},
        {LIST: Found(LOOK, packed({"tags": ["1.4.2"]}), "application/json", "/next")},
        {
            LIST: Found(LOOK, packed({"tags": ["1.4.2"]}), "application/json", "/next"),
            Ask(PLACE, Kind.TAGS, "/next"): Found(LOOK, packed({"tags": ["1.4.2"]}), "application/json", "/next"),
        },
    ],
)
def test_a_list_that_is_not_whole_decides_nothing(text: str, odd: dict[Ask, Fact]) -> None:
    """What was not seen may be the higher release."""
    tag = "1.4.2" if "siblings" in text else "latest"
    tags: dict[str, Mapping[str, str] | None] = {"1.4": None, "1.4.2": None, "latest": None}
    assert undecided(Made(tag=tag, tags=tags, odd=odd), text) == ["tags-unread"]


def test_pages_are_read_to_the_end() -> None:
    """The higher release stands on the last page."""
    odd: dict[Ask, Fact] = {
        LIST: Found(LOOK, packed({"tags": ["1.4.2", "latest"]}), "application/json", "/second"),
        Ask(PLACE, Kind.TAGS, "/second"): Found(LOOK, packed({"tags": ["2.0.0"]}), "application/json"),
    }
    made = Made(tag="latest", tags={"1.4.2": None, "2.0.0": OTHER}, odd=odd)
    assert made.codes(rule(highest_release("latest"))) == ["tag-not-highest"]


@pytest.mark.parametrize("answer", [LOST, Absent(LOOK)])
def test_a_listed_tag_that_cannot_be_read_decides_nothing(answer: Fact) -> None:
    """404 for a tag that is in the list contradicts the list."""
    odd = {Ask(PLACE, Kind.MANIFEST, "1.4"): answer}
    assert undecided(Made(tag="1.4.2", tags={"1.4": None}, odd=odd), siblings("minor")) == ["tags-unread"]
    odd = {Ask(PLACE, Kind.MANIFEST, "1.4.2"): answer}
    made = Made(tag="latest", tags={"1.4.2": None}, odd=odd)
    assert undecided(made, highest_release("latest")) == ["tags-unread"]


def test_a_release_that_was_removed_is_known_from_the_lock_file() -> None:
    """Removing 2.0.0 does not make an older `latest` right."""
    made = Made(tag="latest", tags={"1.4.2": None})
    digest = "sha256:" + "1" * 64
    locked = packed({"gate-tags": 1, "repositories": {PLACE: [f"2.0.0@{digest}"]}}).decode()
    text = "check: tag, allow: ['**'], highest-release: latest, lock: tags.json"
    assert made.codes(rule(text, {"tags.json": locked})) == ["tag-not-highest"]
    own = packed({"gate-tags": 1, "repositories": {PLACE: [f"2.0.0@{made.world()[0].digest}"]}}).decode()
    assert made.codes(rule(text, {"tags.json": own})) == []
    release = Made(tag="1.4.2", tags={})
    text = "check: tag, allow: ['**'], siblings: latest, lock: tags.json"
    assert release.codes(rule(text, {"tags.json": locked})) == []


@pytest.mark.parametrize(
    "tags",
    [
        {"7c0bb30": None},
        {"build-7": OTHER, "build-6": None},
        {"7c0bb30": OTHER, "1.4.2": None, "build-1": None},
    ],
)
def test_one_tag_of_its_own_is_enough(tags: Mapping[str, Mapping[str, str] | None]) -> None:
    """Whichever of the digest's tags was named."""
    assert Made(tag="prod", tags=tags).codes(rule("check: tag, unique: [git-commit, build-number]")) == []


def test_the_named_tag_itself_may_be_its_own() -> None:
    """Then nothing is asked for."""
    check = rule("check: tag, unique: git-commit")
    made = Made(tag="7c0bb30")
    assert made.codes(check) == []
    assert made.gathered(check)[1].answers.keys().isdisjoint({LIST})


@pytest.mark.parametrize(
    "tags", [{}, {"7c0bb30": OTHER}, {"staging": None, "1.4": None}, {"7C0BB30": None, "build-": None}]
)
def test_an_image_without_a_tag_of_its_own_is_a_finding(tags: Mapping[str, Mapping[str, str] | None]) -> None:
    """Moving tags are none, and those of other images do not help."""
    [finding] = Made(tag="prod", tags=tags).findings(rule("check: tag, unique: [git-commit, build-number]"))
    assert finding.reason.code == "tag-not-unique"
    assert finding.expected == "a tag that is git-commit or build-number"


def test_a_tag_that_could_be_its_own_and_cannot_be_read_decides_nothing() -> None:
    """Unless another one is found."""
    odd = {Ask(PLACE, Kind.MANIFEST, "7c0bb30"): LOST}
    text = "check: tag, unique: git-commit"
    assert undecided(Made(tag="prod", tags={"7c0bb30": None}, odd=odd), text) == ["tags-unread"]
    assert Made(tag="prod", tags={"7c0bb30": None, "aaaaaa1": None}, odd=odd).codes(rule(text)) == []
    assert undecided(Made(tag="prod", tags={}, odd={LIST: LOST}), text) == ["tags-unread"]


def test_too_many_candidates_decide_nothing() -> None:
    """The one on this digest may be among those that were not looked up."""
    tags: dict[str, Mapping[str, str] | None] = {f"build-{number}": OTHER for number in range(1, MOST_LOOKED_UP + 2)}
    assert undecided(Made(tag="prod", tags=tags), "check: tag, unique: build-number") == ["tags-unread"]
    found = Made(tag="prod", tags={**tags, "build-99": None})
    assert found.codes(rule("check: tag, unique: build-number")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: tag, allow: ['**'], siblings: [minor]", "whoever may push can also remove a higher release"),
        ("check: tag, allow: ['**'], highest-release: [latest]", "whoever may push can also remove a higher release"),
        ("check: tag, siblings: [minor], best-effort: true", "give allow as well"),
        ("check: tag, highest-release: latest, best-effort: true", "give allow as well"),
        ("check: tag, allow: ['**'], siblings: [], best-effort: true", "empty list"),
        ("check: tag, allow: ['**'], siblings: [patch], best-effort: true", "cannot be 'patch'"),
        ("check: tag, unique: []", "empty list"),
        ("check: tag, unique: [git-comit]", "did you mean git-commit"),
        ("check: tag, allow: ['**'], best-effort: true", "nothing here is"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Told when the rule file is read."""
    assert message in mistake(text)


NUMBERS = st.integers(0, 12)
RELEASES = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=8, unique=True)


@given(releases=RELEASES, data=st.data())
def test_the_highest_release_is_that_of_the_library_in_any_order(
    releases: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """Precedence agrees with `semver`."""
    tags = [".".join(map(str, numbers)) for numbers in releases]
    shuffled = data.draw(st.permutations(tags))
    [top] = highest(release for tag in shuffled if (release := release_of(tag)) is not None)
    assert top.tag == str(max(semver.Version.parse(tag) for tag in tags))


PRE = st.lists(st.sampled_from(["alpha", "rc", "1", "2", "10", "x-y"]), max_size=3).map(".".join)
VERSIONS = st.builds(
    lambda numbers, pre: ".".join(map(str, numbers)) + (f"-{pre}" if pre else ""),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    PRE,
)


@given(left=VERSIONS, right=VERSIONS, v=st.sampled_from(["", "v"]))
def test_precedence_is_that_of_the_library(left: str, right: str, v: str) -> None:
    """Also with a v, and never both ways."""
    assert precedes(v + left, right) is (semver.Version.parse(left).compare(right) < 0)
    assert not (precedes(left, right) and precedes(right, left))


@pytest.mark.parametrize("text", ["", "1.4", "latest", "1.4.2\n", "１.4.2", "vv1.4.2", "1.4.2 "])
def test_what_is_no_version_precedes_nothing(text: str) -> None:
    """And nothing precedes it."""
    assert precedes(text, "1.0.0") is None
    assert precedes("1.0.0", text) is None


@given(
    tags=st.dictionaries(st.sampled_from(["1.4.1", "1.4.2", "1.4.3", "1.4", "1", "latest"]), st.booleans(), max_size=6),
    kinds=st.lists(st.sampled_from(["minor", "major", "latest"]), min_size=1, max_size=3, unique=True),
)
def test_asking_for_more_siblings_never_satisfies(tags: dict[str, bool], kinds: list[str]) -> None:
    """Tightening keeps every finding, and the order of the list does not matter."""
    made = Made(tag="1.4.2", tags={tag: None if here else OTHER for tag, here in tags.items() if tag != "1.4.2"})
    some, all_of = made.findings(rule(siblings(*kinds[:1]))), made.findings(rule(siblings(*kinds)))
    assert set(some) <= set(all_of)
    assert set(made.findings(rule(siblings(*reversed(kinds))))) == set(all_of)


def over(releases: Mapping[str, str]) -> dict[str, str]:
    """Give a lock file."""
    entries = [f"{tag}@{digest}" for tag, digest in releases.items()]
    return {"tags.json": packed({"gate-tags": 1, "repositories": {PLACE: entries}}).decode()}


def test_a_release_that_was_pushed_over_is_not_the_highest_release() -> None:
    """1.5.0 and `latest` both moved to another image: they agree, and the lock file does not."""
    files = over({"1.5.0": "sha256:" + "b" * 64})
    text = "check: tag, allow: ['**'], highest-release: [latest, minor], lock: tags.json"
    for tag in ("latest", "1.5"):
        made = Made(tag=tag, tags={"1.5.0": None, tag: None})
        [finding] = made.findings(rule(text, files))
        assert finding.reason.code == "tag-overwritten"
        assert (
            finding.what == f"1.5.0, the highest release that {tag} stands for, was sha256:{'b' * 64} in the lock file"
        )
        assert finding.about.keys == (("tag", tag), ("sibling", "1.5.0"))
        right = over({"1.5.0": str(made.world()[0].digest)})
        assert made.codes(rule(text, right)) == []


def test_a_release_that_was_pushed_over_is_found_with_whatever_moved_along() -> None:
    """The moving tags are on the new image too, or still on the old one."""
    files = over({"1.5.0": "sha256:" + "b" * 64})
    text = "check: tag, allow: ['**'], siblings: [latest], lock: tags.json"
    for latest in (None, OTHER):
        [finding] = Made(tag="1.5.0", tags={"latest": latest}).findings(rule(text, files))
        assert finding.reason.code == "tag-overwritten"
        assert finding.what == f"1.5.0 was sha256:{'b' * 64} when the lock file was written"


@pytest.mark.parametrize("tag", ["Latest", "LATEST", "V1", "V1.5"])
def test_another_spelling_of_a_moving_tag_is_one(tag: str) -> None:
    """`Latest` is no way around the rule."""
    made = Made(tag=tag, tags={tag: None, "v1.5.0": OTHER})
    assert made.codes(rule(highest_release("minor", "major", "latest"))) == ["tag-not-highest"]
