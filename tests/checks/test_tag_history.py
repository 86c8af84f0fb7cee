"""The check `tag` over time: release tags are never pushed over, moving tags go forward only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gate.checks.tag.history import HistoryNeed
from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from tests.checks.made import AT, LOOK, PLACE, Made, labelled, mistake, other_image, packed, rule

VERSION = "org.opencontainers.image.version"
NEWER, OLDER = {VERSION: "1.5.0"}, {VERSION: "1.4.0"}
LOST = Unavailable(LOOK, "unauthorized", "401 from the registry")
STAYS = "check: tag, allow: ['**'], no-overwrite: [semver]"
FORWARD = "check: tag, allow: ['**'], no-downgrade: [moving, environment]"


def lock(tags: Mapping[str, object], repository: str = PLACE) -> dict[str, str]:
    """Give a lock file."""
    entries = [f"{tag}@{digest}" for tag, digest in tags.items()]
    return {"tags.json": packed({"gate-tags": 1, "repositories": {repository: entries}}).decode()}


def target(tag: str, now: Mapping[str, str] | str | None = "", **labels: str) -> Made:
    """Make a promotion's target: `now` is what the tag names (labels of another image, None for this one, "" nothing)."""
    made = labelled(**{VERSION: "1.4.2", **labels})
    made.tag, made.origin = tag, PLACE
    made.tags = {} if isinstance(now, str) else {tag: now}
    return made


def image(tag: str, **labels: str) -> Made:
    """Make an image that is checked as it is."""
    made = labelled(**{VERSION: "1.4.2", **labels})
    made.tag = tag
    return made


def undecided(made: Made, text: str, files: Mapping[str, str] | None = None) -> list[str]:
    """Give the codes of what is undecided; nothing may be found as well."""
    [judgement] = made.judged(rule(text, files))
    assert judgement.findings == ()
    return [each.reason.code for each in judgement.undecided]


def test_without_memory_nothing_is_known() -> None:
    """A registry does not say where a tag pointed before."""
    assert undecided(image("1.4.2"), STAYS) == ["tag-history-unknown"]
    assert undecided(image("latest"), FORWARD) == ["tag-history-unknown"]
    [judgement] = image("1.4.2").judged(rule(f"{STAYS}, best-effort: true"))
    assert (judgement.undecided, judgement.findings) == ((), ())
    assert judgement.notes[0].what == "nothing says what 1.4.2 named before (best-effort)"


def test_a_release_that_is_where_the_lock_file_saw_it_is_fine() -> None:
    """The same digest."""
    made = image("1.4.2")
    assert made.codes(rule(f"{STAYS}, lock: tags.json", lock({"1.4.2": made.world()[0].digest}))) == []


def test_a_release_that_was_pushed_over_is_found() -> None:
    """The lock file says what it was; `best-effort` does not excuse what is known."""
    before = "sha256:" + "1" * 64
    for more in ("", ", best-effort: true"):
        [finding] = image("1.4.2").findings(rule(f"{STAYS}, lock: tags.json{more}", lock({"1.4.2": before})))
        assert finding.reason.code == "tag-overwritten"
        assert finding.what == f"1.4.2 was {before} when the lock file was written"
        assert finding.about.keys == (("tag", "1.4.2"),)


@pytest.mark.parametrize(
    "files",
    [
        lock({"1.4.1": "sha256:" + "1" * 64}),
        lock({"1.4.2": "sha256:" + "1" * 64}, "registry.example/team/other"),
        {"tags.json": '{"gate-tags": 1, "repositories": {}}'},
    ],
)
def test_a_release_that_the_lock_file_does_not_hold_is_not_known(files: dict[str, str]) -> None:
    """Another tag's or repository's memory is none."""
    assert undecided(image("1.4.2"), f"{STAYS}, lock: tags.json", files) == ["tag-history-unknown"]


def test_only_the_tags_that_the_rule_names_must_stay() -> None:
    """`latest` moves; capital letters and all."""
    files = lock({"latest": "sha256:" + "1" * 64})
    assert image("latest").codes(rule(f"{STAYS}, lock: tags.json", files)) == []


def test_a_target_that_is_free_or_already_right_is_fine() -> None:
    """404, a whole list without the tag; or the same digest."""
    assert target("1.4.2").codes(rule(STAYS)) == []
    assert target("1.4.2", None).codes(rule(STAYS)) == []


def test_a_target_that_names_another_image_is_found() -> None:
    """Promotion would take its name away."""
    [finding] = target("1.4.2", OLDER).findings(rule(STAYS))
    assert finding.reason.code == "tag-overwritten"
    assert finding.what == "1.4.2 already names another image, which would lose its name"
    [finding] = target("1.4.2", OLDER).findings(rule(f"{STAYS}, best-effort: true"))
    assert finding.reason.code == "tag-overwritten"


@pytest.mark.parametrize(
    ("text", "tag"), [(STAYS, "1.4.2"), (FORWARD, "latest"), (f"{STAYS}, best-effort: true", "1.4.2")]
)
@pytest.mark.parametrize(
    "odd",
    [
        {"now": LOST},
        {"now": Absent(LOOK), "list": Absent(LOOK)},
        {"now": Absent(LOOK), "list": LOST},
        {"now": Absent(LOOK), "list": Found(LOOK, packed({"tags": ["1.4.2", "latest"]}))},
        {"now": Absent(LOOK), "list": Found(LOOK, packed({"tags": []}), "application/json", "/next")},
    ],
)
def test_404_is_no_permission(text: str, tag: str, odd: Mapping[str, Fact]) -> None:
    """It counts only with the whole list of the same repository, and without the tag in it (S5)."""
    places = {"now": Ask(PLACE, Kind.MANIFEST, tag), "list": Ask(PLACE, Kind.TAGS, "")}
    made = target(tag)
    made.odd = {places[name]: fact for name, fact in odd.items()}
    assert undecided(made, text) == ["tags-unread"]


@pytest.mark.parametrize("now", ["", None, OLDER, {VERSION: "1.4.2"}, {VERSION: "v1.4.1"}, {VERSION: "1.4.2-rc.1"}])
def test_a_moving_tag_may_go_forward(now: Mapping[str, str] | str | None) -> None:
    """To a higher version, to another build of the same one, or where there was none."""
    assert target("latest", now).codes(rule(FORWARD)) == []


@pytest.mark.parametrize("now", ["1.5.0", "v1.5.0", "1.4.10", "1.4.3-rc.1", "10.0.0"])
def test_a_moving_tag_must_not_go_back(now: str) -> None:
    """By precedence, not by letters."""
    [finding] = target("latest", {VERSION: now}).findings(rule(FORWARD))
    assert finding.reason.code == "tag-downgraded"
    assert finding.what == f"latest names {now} and would go back to 1.4.2"
    assert finding.about.keys == (("tag", "latest"), ("label", VERSION))


@pytest.mark.parametrize("now", [{}, {VERSION: ""}, {VERSION: "unknown"}, {"version": "1.0.0"}])
def test_an_image_without_a_version_before_decides_nothing(now: Mapping[str, str]) -> None:
    """It may have been higher."""
    assert undecided(target("latest", now), FORWARD) == ["tag-history-unknown"]


@pytest.mark.parametrize("value", ["", "1.4", "latest", "1.4.2\n", "dev"])
def test_an_image_whose_own_version_is_none_is_found(value: str) -> None:
    """It can be set where the image is built."""
    made = target("latest", OLDER, **{VERSION: value})
    assert made.codes(rule(FORWARD)) == ["tag-version-unclear"]


def test_an_image_without_the_label_is_found_and_one_without_config_is_not_decided() -> None:
    """On every platform."""
    made = target("latest", OLDER)
    made.run = {"linux/amd64": {"Labels": {VERSION: "1.4.2"}}, "linux/arm64": {}}
    assert made.codes(rule(FORWARD)) == ["tag-label-missing"]
    check = rule(FORWARD)
    [view] = target("latest", OLDER).views(check)
    for images in ((), tuple(type(image)(image.platform, image.digest, None, None) for image in view.images)):
        judgement = check.judge(replace(view, images=images), AT)
        assert [each.reason.code for each in judgement.undecided] == ["tags-unread"]


def test_one_platform_that_goes_back_is_enough() -> None:
    """The last one."""
    made = target("latest", OLDER)
    made.run = {"linux/amd64": {"Labels": {VERSION: "1.4.2"}}, "linux/arm64": {"Labels": {VERSION: "1.3.9"}}}
    [finding] = made.findings(rule(FORWARD))
    assert (finding.reason.code, finding.got) == ("tag-downgraded", "1.3.9")


def test_another_label_can_be_compared() -> None:
    """`version-label`."""
    made = target("latest", {"version": "2.0.0"}, version="1.0.0")
    assert made.codes(rule(f"{FORWARD}, version-label: version")) == ["tag-downgraded"]


@pytest.mark.parametrize(("before", "codes"), [(OLDER, []), (NEWER, ["tag-downgraded"])])
def test_the_lock_file_knows_what_a_moving_tag_named(before: Mapping[str, str], codes: list[str]) -> None:
    """It is read again by its digest."""
    answers = other_image(before)
    [digest] = [ask.name for ask in answers if ask.kind is Kind.MANIFEST]
    made = image("latest")
    made.odd = dict(answers)
    assert made.codes(rule(f"{FORWARD}, lock: tags.json", lock({"latest": digest}))) == codes


def test_a_moving_tag_that_did_not_move_is_fine() -> None:
    """The lock file names the same digest."""
    made = image("latest")
    files = lock({"latest": made.world()[0].digest})
    assert made.codes(rule(f"{FORWARD}, lock: tags.json", files)) == []


@pytest.mark.parametrize(
    "answer", [LOST, Absent(LOOK), Found(LOOK, b"{}", "application/vnd.oci.image.manifest.v1+json")]
)
def test_what_a_moving_tag_named_and_is_gone_decides_nothing(answer: Fact) -> None:
    """Cleaned up, not answered, or not an image."""
    digest = str(Digest.of(b"{}"))
    made = image("latest")
    made.odd = {Ask(PLACE, Kind.MANIFEST, digest): answer}
    assert undecided(made, f"{FORWARD}, lock: tags.json", lock({"latest": digest})) == ["tag-history-unknown"]


def test_a_layout_has_no_repository_that_a_lock_file_could_name() -> None:
    """Undecided, not skipped."""
    made = image("1.4.2")
    made.place = "oci:app"
    files = lock({"1.4.2": made.world()[0].digest})
    assert undecided(made, f"{STAYS}, lock: tags.json", files) == ["tag-history-unknown"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"gate-tags": 2, "repositories": {}}',
        '{"gate-tags": true, "repositories": {}}',
        '{"gate-tags": 1.0, "repositories": {}}',
        '{"gate-tags": 1}',
        '{"gate-tags": 1, "repositories": [], "more": 1}',
        '{"gate-tags": 1, "repositories": []}',
        '{"gate-tags": 1, "repositories": {"app": []}}',
        '{"gate-tags": 1, "repositories": {"GHCR.io/acme/app": []}}',
        '{"gate-tags": 1, "repositories": {"ghcr.io/acme/app": {}}}',
        '{"gate-tags": 1, "repositories": {"ghcr.io/acme/app": ["1.4.2"]}}',
        '{"gate-tags": 1, "repositories": {"ghcr.io/acme/app": ["1.4.2@sha256:1"]}}',
        '{"gate-tags": 1, "repositories": {"ghcr.io/acme/app": [7]}}',
        '{"gate-tags": 1, "gate-tags": 1, "repositories": {}}',
        '{"Gate-Tags": 1, "repositories": {}}',
    ],
)
def test_a_lock_file_that_nobody_wrote_is_a_mistake(content: str) -> None:
    """Told when the rule file is read."""
    assert "the lock file" in mistake(f"{STAYS}, lock: tags.json", {"tags.json": content})


def test_a_lock_file_with_a_tag_twice_is_a_mistake() -> None:
    """The two could differ."""
    entry = "1.4.2@sha256:" + "1" * 64
    content: Any = packed({"gate-tags": 1, "repositories": {"ghcr.io/acme/app": [entry, entry]}}).decode()
    assert "is there twice" in mistake(f"{STAYS}, lock: tags.json", {"tags.json": content})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: tag, no-overwrite: [semver]", "give allow as well"),
        ("check: tag, no-downgrade: [moving]", "give allow as well"),
        ("check: tag, allow: ['**'], version-label: version", "nothing compares versions"),
        (f"{FORWARD}, version-label: ''", "an empty name is no label"),
        (f"{STAYS}, lock: nowhere.json", "nowhere.json"),
        ("check: tag, allow: ['**'], lock: tags.json", "nothing compares with it"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Told when the rule file is read."""
    assert message in mistake(text, {"tags.json": '{"gate-tags": 1, "repositories": {}}'})


@pytest.mark.parametrize(("before", "codes"), [(OLDER, []), (NEWER, ["tag-downgraded"])])
def test_a_target_that_was_removed_is_remembered_by_the_lock_file(before: Mapping[str, str], codes: list[str]) -> None:
    """Whoever removes `latest` does not make it new: what it named is asked for, and compared with."""
    answers = other_image(before)
    [digest] = [ask.name for ask in answers if ask.kind is Kind.MANIFEST]
    made = target("latest")
    made.odd = dict(answers)
    assert made.codes(rule(f"{FORWARD}, lock: tags.json", lock({"latest": digest}))) == codes
    subject, evidence = made.world()
    shown = {ask: fact for ask, fact in evidence.answers.items() if ask.name != digest}
    need = HistoryNeed(Digest.parse(digest), configs=True)
    assert need.missing(subject, Evidence(shown)) == {Ask(PLACE, Kind.MANIFEST, digest)}


@pytest.mark.parametrize("answer", [LOST, Absent(LOOK)])
def test_a_target_that_was_removed_with_its_image_decides_nothing(answer: Fact) -> None:
    """It may have been higher."""
    digest = "sha256:" + "1" * 64
    made = target("latest")
    made.odd = {Ask(PLACE, Kind.MANIFEST, digest): answer}
    assert undecided(made, f"{FORWARD}, lock: tags.json", lock({"latest": digest})) == ["tag-history-unknown"]


def test_a_target_that_was_removed_and_comes_back_as_it_was_is_fine() -> None:
    """The lock file names this digest."""
    made = target("latest")
    assert made.codes(rule(f"{FORWARD}, lock: tags.json", lock({"latest": made.world()[0].digest}))) == []
