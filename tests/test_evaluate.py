"""Judging: every platform, waivers before counts, scope, dates, and what makes a subject unjudgeable (S2–S9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import CheckMeta, ReportFile, View
from gate.evaluate import Policy, evaluate, needs_configs
from gate.evidence import Absent, Ask, Evidence, Kind, NotAsked, Unavailable
from gate.finding import About, Finding, Judgement, Note, Reason, Undecided
from gate.oci.digest import Digest
from gate.oci.platform import Platform
from gate.option import SignerName
from gate.pattern import Glob, PatternTimeoutError
from gate.report import Closure, Judged
from gate.ruleset.rule import Rule, Ruleset, Scope
from gate.signer import Signer
from gate.subject import Subject
from gate.verdict import Failed, Level, Passed, Place, Status, Undetermined, Verdict
from gate.waiver import Waiver
from tests.images import LOOK, image

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOY = Reason("toy-broken", "The toy is broken", "It is.", "Mend it.")
UNSURE = Reason("toy-unsure", "The toy cannot be told", "It cannot.", "Ask.")


def finding(name: str, bucket: str | None = None) -> Finding:
    """Give a finding about a label of that name."""
    return Finding(TOY, About.of(label=name), f"{name} is broken", "whole", "broken", "mend it", bucket)


@dataclass(frozen=True)
class ToyCheck:
    """Judges by platform name: what it finds, what it cannot tell; `image` scope judges the name ""."""

    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    allowed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    meta: CheckMeta = CheckMeta("toy", "A toy", "platform")

    def needs(self, subject: Subject, book: object) -> frozenset[object]:
        return frozenset()

    def judge(self, view: View, at: datetime) -> Judgement:
        name = str(view.platform.platform) if view.platform else ""
        undecided = (Undecided(UNSURE, "unsure", "ask"),) if name in self.undecided else ()
        return Judgement(self.findings.get(name, ()), undecided, self.allowed, self.notes)


IMAGE_META = CheckMeta("toy", "A toy", "image")


class EmptyBook:
    """A book without signers and reports."""

    def signer(self, name: SignerName) -> Signer:
        raise KeyError(name)

    def reports(self) -> Sequence[ReportFile]:
        return ()

    def with_signers(self, signers: Mapping[str, Signer]) -> EmptyBook:
        return self


def rule(check: object = None, name: str = "toy", **more: object) -> Rule:
    """Build a rule around a toy check."""
    return Rule(name=name, check=check or ToyCheck(), level=Level.ERROR, place=Place("gate.yaml", 1, 1), **more)  # type: ignore[arg-type]


def judged(
    *rules: Rule,
    waivers: tuple[Waiver, ...] = (),
    given_image: tuple[Subject, Evidence] | None = None,
    platforms: tuple[Platform, ...] = (),
    at: datetime = AT,
) -> Judged:
    """Judge the given image, or a good one, against the rules."""
    subject, evidence = given_image or image()
    closure = Closure(Digest.of(b""), ())
    policy = Policy(Ruleset(rules, {}, ()), waivers, EmptyBook(), closure)
    return evaluate("app", policy, subject, evidence, at, platforms)


def verdict(*rules: Rule, **more: object) -> Verdict:
    """Give the verdict alone."""
    return judged(*rules, **more).verdict  # type: ignore[arg-type]


def codes(result: Verdict) -> list[str]:
    """Give the reason codes of what is undecided."""
    assert isinstance(result, Undetermined)
    return [cause.reason.code for cause in result.causes]


@dataclass(frozen=True)
class LooksAtConfigs(ToyCheck):
    """A check of scope image that says whether it looks at configurations."""

    looks: bool = True

    def needs_configs(self) -> bool:
        return self.looks


@pytest.mark.parametrize(
    ("checks", "needed"),
    [
        ((), False),
        ((ToyCheck(meta=IMAGE_META),), False),
        ((LooksAtConfigs(meta=IMAGE_META, looks=False),), False),
        ((LooksAtConfigs(meta=IMAGE_META),), True),
        ((ToyCheck(),), True),
        ((ToyCheck(meta=IMAGE_META), ToyCheck()), True),
    ],
    ids=["no rule", "image", "image that does not look", "image that looks", "platform", "both"],
)
def test_configurations_are_fetched_only_if_a_rule_looks_at_them(checks: tuple[ToyCheck, ...], needed: bool) -> None:  # noqa: FBT001 -- a case
    """Rules about platforms do, rules about the image say so (nothing is fetched that no rule needs)."""
    assert needs_configs([rule(check) for check in checks]) is needed


def test_every_platform_is_judged() -> None:
    """A violation on the last platform only fails the image (S9)."""
    result = verdict(rule(ToyCheck({"linux/arm64": (finding("a"),)})))
    assert isinstance(result, Failed)
    assert [(one.platform, one.status) for one in result.outcomes] == [
        ("linux/amd64", Status.SATISFIED),
        ("linux/arm64", Status.VIOLATED),
    ]


def test_no_violation_and_nothing_undecided_passes() -> None:
    """The plain way to pass."""
    result = verdict(rule())
    assert isinstance(result, Passed)
    assert result.platforms == ("linux/amd64", "linux/arm64")


def test_a_platform_that_cannot_be_told_is_undetermined() -> None:
    """One undecided platform is enough."""
    assert codes(verdict(rule(ToyCheck(undecided=frozenset({"linux/arm64"}))))) == ["toy-unsure"]


def test_a_rule_about_the_image_covers_every_platform() -> None:
    """A check of scope image speaks once, for all."""
    result = verdict(rule(ToyCheck(meta=IMAGE_META)))
    assert isinstance(result, Passed)
    assert [(one.platform, one.covers) for one in result.outcomes] == [("", ("linux/amd64", "linux/arm64"))]


def test_no_rules_is_undetermined() -> None:
    """An empty ruleset passes nothing (S2)."""
    assert codes(verdict()) == ["no-enforcing-rule"]


def test_an_index_without_platforms_is_undetermined() -> None:
    """Nothing to judge is no pass (S2)."""
    assert isinstance(verdict(rule(), given_image=image(platforms=())), Undetermined)


def test_a_moved_tag_is_undetermined() -> None:
    """What was judged is not what the tag names now (S7)."""
    result = verdict(rule(), given_image=image(now=b"{}"))
    assert codes(result) == ["tag-moved"]
    assert "at the start" in result.causes[0].what  # type: ignore[union-attr]


def test_a_tag_that_is_gone_at_the_end_is_undetermined() -> None:
    """Deleted during the run."""
    subject, evidence = image()
    ask = Ask(subject.place, Kind.TAG_NOW, subject.tag)
    gone = Evidence({**evidence.answers, ask: Absent(LOOK)})
    assert codes(verdict(rule(), given_image=(subject, gone))) == ["tag-moved"]


def test_a_tag_that_cannot_be_read_again_is_undetermined() -> None:
    """No answer at the end is not the same digest."""
    subject, evidence = image()
    ask = Ask(subject.place, Kind.TAG_NOW, subject.tag)
    silent = Evidence({**evidence.answers, ask: Unavailable(LOOK, "timeout", "no answer")})
    assert codes(verdict(rule(), given_image=(subject, silent))) == ["tag-not-read-again"]


def test_a_pinned_reference_does_not_care_where_the_tag_goes() -> None:
    """With a digest the tag may move (S7)."""
    assert isinstance(verdict(rule(), given_image=image(pinned=True)), Passed)


def test_never_having_asked_where_the_tag_points_is_our_bug() -> None:
    """Judging refuses to guess what was not collected (S2)."""
    subject, evidence = image()
    rest = {ask: fact for ask, fact in evidence.answers.items() if ask.kind is not Kind.TAG_NOW}
    with pytest.raises(NotAsked):
        verdict(rule(), given_image=(subject, Evidence(rest)))


def test_another_digest_than_expected_fails() -> None:
    """--expect-digest and tag@digest are rules of their own (S7)."""
    result = verdict(rule(), given_image=image(expected=Digest.of(b"other")))
    assert isinstance(result, Failed)
    assert result.outcomes[0].findings[0].reason.code == "tag-mismatch"
    assert result.outcomes[0].findings[0].expected == str(Digest.of(b"other"))
    assert result.outcomes[0].findings[0].about.get("tag") == "1.4.2"


def test_the_expected_digest_alone_enforces_nothing() -> None:
    """Agreement of tag and digest is no rule that was satisfied."""
    subject, _ = image()
    assert codes(verdict(given_image=image(expected=subject.digest))) == ["no-enforcing-rule"]


def test_a_platform_that_the_image_lacks_is_undetermined() -> None:
    """--platform never chooses nothing."""
    result = verdict(rule(), platforms=(Platform("linux", "s390x"),))
    assert codes(result) == ["platform-not-found"]
    assert "it has: linux/amd64, linux/arm64" in result.causes[0].what  # type: ignore[union-attr]


def test_only_the_platforms_asked_for_are_judged() -> None:
    """--platform narrows what is judged, and the verdict says which."""
    bad_arm = rule(ToyCheck({"linux/arm64": (finding("a"),)}))
    result = verdict(bad_arm, platforms=(Platform("linux", "amd64"),))
    assert isinstance(result, Passed)
    assert result.platforms == ("linux/amd64",)


def test_a_version_of_windows_counts_only_if_it_is_asked_for() -> None:
    """`--platform windows/amd64` finds the image whatever its os.version."""
    subject, evidence = image(platforms=("windows/amd64",), os_version="10.0.20348.1")
    given_image = (subject, evidence)
    assert isinstance(verdict(rule(), given_image=given_image, platforms=(Platform("windows", "amd64"),)), Passed)
    other = Platform("windows", "amd64", "", "10.0.17763.1")
    assert codes(verdict(rule(), given_image=given_image, platforms=(other,))) == ["platform-not-found"]


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        (Scope(images=(Glob("registry.example/team/*"),)), Status.SATISFIED),
        (Scope(images=(Glob("registry.example/**"),)), Status.SATISFIED),
        (Scope(images=(Glob("registry.example/*"),)), Status.NOT_APPLICABLE),
        (Scope(images=(Glob("other.example/**"),)), Status.NOT_APPLICABLE),
        (Scope(images=(Glob("other.example/**"), Glob("registry.example/**"))), Status.SATISFIED),
        (Scope(tags=(Glob("1.*"),)), Status.SATISFIED),
        (Scope(tags=(Glob("2.*"),)), Status.NOT_APPLICABLE),
        (Scope(images=(Glob("**"),), tags=(Glob("2.*"),)), Status.NOT_APPLICABLE),
    ],
    ids=str,
)
def test_for_says_where_a_rule_holds(scope: Scope, status: Status) -> None:
    """Repository and tag both have to match (S26)."""
    assert verdict(rule(scope=scope)).outcomes[0].status is status


def test_a_scope_that_matches_nothing_passes_nothing() -> None:
    """A typo in a glob is no pass."""
    assert codes(verdict(rule(scope=Scope(images=(Glob("registri.example/**"),))))) == ["no-enforcing-rule"]


@pytest.mark.parametrize(
    ("scope", "given_image"),
    [
        (Scope(images=(Glob("**"),)), image(repository="oci:layout")),
        (Scope(tags=(Glob("*"),)), image(tag="")),
    ],
    ids=["no repository", "no tag"],
)
def test_a_scope_that_cannot_be_told_is_undecided(scope: Scope, given_image: tuple[Subject, Evidence]) -> None:
    """Layouts have no repository, digests have no tag (S26)."""
    subject, evidence = given_image
    if subject.repository.startswith("oci:"):
        subject = replace(subject, repository="")
    assert codes(verdict(rule(scope=scope), given_image=(subject, evidence))) == ["scope-unknown"]


def test_a_definite_no_wins_over_an_unknown_scope() -> None:
    """If the tag cannot match, the missing repository does not matter."""
    subject, evidence = image()
    nameless = replace(subject, repository="")
    scope = Scope(images=(Glob("**"),), tags=(Glob("2.*"),))
    result = verdict(rule(), rule(name="narrow", scope=scope), given_image=(nameless, evidence))
    assert isinstance(result, Passed)


@pytest.mark.parametrize(
    ("starts", "status"),
    [
        (date(2026, 11, 24), Status.VIOLATED),
        (date(2026, 11, 25), Status.VIOLATED),
        (date(2026, 11, 26), Status.UPCOMING),
    ],
)
def test_a_rule_starts_on_its_day(starts: date, status: Status) -> None:
    """Before `from:` it is judged and shown, and decides nothing; the day itself counts."""
    bad = rule(ToyCheck({"": (finding("a"),)}, meta=IMAGE_META), starts=starts)
    outcome = verdict(rule(name="other"), bad).outcomes[-1]
    assert outcome.status is status
    assert outcome.would_be is (Status.VIOLATED if status is Status.UPCOMING else None)


def test_an_upcoming_rule_alone_passes_nothing() -> None:
    """A rule that starts tomorrow enforces nothing today."""
    assert codes(verdict(rule(starts=date(2026, 11, 26)))) == ["no-enforcing-rule"]


def waiver(about: Mapping[str, str] | None = None, **more: object) -> Waiver:
    """Build a waiver of the toy rule for every image."""
    values: dict[str, object] = {
        "rule": "toy",
        "owner": "team@example.org",
        "reason": "known",
        "expires": date(2026, 12, 1),
        "place": Place("waivers.yaml", 1, 1),
        "images": (Glob("**"),),
        "digest": None,
        "about": {"label": "a"} if about is None else about,
    }
    return Waiver(**{**values, **more})  # type: ignore[arg-type]


BROKEN_A = ToyCheck({"": (finding("a"),)}, meta=IMAGE_META)
BROKEN_AB = ToyCheck({"": (finding("a"), finding("b"))}, meta=IMAGE_META)


def test_a_waived_rule_is_shown_and_is_no_proof() -> None:
    """A rule whose findings are all waived is `waived`, and another has to be satisfied (S2)."""
    assert codes(verdict(rule(BROKEN_A), waivers=(waiver(),))) == ["no-enforcing-rule"]
    result = verdict(rule(BROKEN_A), rule(name="other"), waivers=(waiver(),))
    assert isinstance(result, Passed)
    assert result.outcomes[0].status is Status.WAIVED
    assert result.outcomes[0].waived[0].owner == "team@example.org"


@pytest.mark.parametrize(
    "one",
    [
        waiver({"label": "b"}),
        waiver({"label": "a", "package": "x"}),
        waiver(rule="other-rule"),
        waiver(images=(Glob("other.example/**"),)),
        waiver(images=(), digest=Digest.of(b"other")),
        waiver(expires=date(2026, 11, 24)),
    ],
    ids=["another label", "one key too many", "another rule", "another image", "another digest", "expired yesterday"],
)
def test_a_waiver_that_does_not_fit_waives_nothing(one: Waiver) -> None:
    """Every clause of a waiver has to hold (S28)."""
    assert isinstance(verdict(rule(BROKEN_A), rule(name="other"), waivers=(one,)), Failed)


def test_a_waiver_holds_on_its_last_day() -> None:
    """`expires` is inclusive, in UTC (S6)."""
    today = waiver(expires=date(2026, 11, 25))
    assert isinstance(verdict(rule(BROKEN_A), rule(name="other"), waivers=(today,)), Passed)


def test_a_waiver_accepts_its_finding_only() -> None:
    """The other finding still fails."""
    result = verdict(rule(BROKEN_AB), rule(name="other"), waivers=(waiver(),))
    assert isinstance(result, Failed)
    assert [one.about.get("label") for one in result.outcomes[0].findings] == ["b"]


@pytest.mark.parametrize("how", [{"final": True}, {"waivable": False}], ids=["final", "not waivable"])
def test_some_rules_cannot_be_waived(how: dict[str, Any]) -> None:
    """`final` and `waivable: false` hold whatever a waiver says (S25)."""
    assert isinstance(verdict(rule(BROKEN_A, **how), rule(name="other"), waivers=(waiver(),)), Failed)


def test_undecided_is_never_waived() -> None:
    """A waiver accepts violations, never what could not be told (S28)."""
    unsure = ToyCheck({"": (finding("a"),)}, undecided=frozenset({""}), meta=IMAGE_META)
    assert codes(verdict(rule(unsure), rule(name="other"), waivers=(waiver(),))) == ["toy-unsure"]


def test_waivers_come_off_before_counts_are_compared() -> None:
    """Three found, one waived, two allowed: satisfied (DESIGN section 3)."""
    three = tuple(finding(name, "high") for name in "abc")
    check = ToyCheck({"": three}, allowed={"high": 2}, meta=IMAGE_META)
    other = rule(name="other")
    assert isinstance(verdict(rule(check), other), Failed)
    result = verdict(rule(check), other, waivers=(waiver(),))
    assert isinstance(result, Passed)
    assert result.outcomes[0].status is Status.WAIVED


def test_over_the_count_all_of_the_bucket_are_shown() -> None:
    """Who has to mend one of three needs to see all three."""
    three = tuple(finding(name, "high") for name in "abc")
    result = verdict(
        rule(ToyCheck({"": (*three, finding("d", "low"))}, allowed={"high": 2, "low": 1}, meta=IMAGE_META))
    )
    assert [one.about.get("label") for one in result.outcomes[0].findings] == ["a", "b", "c"]
    assert any("1 of bucket low found, 1 allowed" in note.what for note in result.outcomes[0].notes)


def test_an_emergency_is_told_apart() -> None:
    """A break-glass waiver is marked in the outcome, so that every report lists it apart."""
    subject, _ = image()
    glass = waiver(images=(), digest=subject.digest, expires=AT + timedelta(hours=2), break_glass=True)
    result = verdict(rule(BROKEN_AB), rule(name="other"), waivers=(glass, waiver({"label": "b"})))
    assert [one.break_glass for one in result.outcomes[0].waived] == [True, False]


def test_idle_and_expired_waivers_are_named() -> None:
    """What accepts nothing any more should be removed; those of other images are left alone."""
    idle = waiver({"label": "z"}, place=Place("waivers.yaml", 2, 1))
    old = waiver({"label": "y"}, place=Place("waivers.yaml", 3, 1), expires=date(2026, 11, 1))
    elsewhere = waiver(place=Place("waivers.yaml", 4, 1), images=(Glob("other.example/**"),))
    used = waiver()
    result = judged(rule(BROKEN_A), rule(name="other"), waivers=(used, idle, old, elsewhere))
    assert [(note.state, note.place.line) for note in result.waivers] == [("idle", 2), ("expired", 3)]


def test_headlines_are_said_once() -> None:
    """A note that two platforms give stands once in the first lines."""
    note = Note("completeness is unproven", headline=True)
    assert judged(rule(ToyCheck(notes=(note,)))).notes.count(note) == 1


class Slow:
    """A check whose regular expression never ends."""

    meta: ClassVar[CheckMeta] = IMAGE_META

    def needs(self, subject: Subject, book: object) -> frozenset[object]:
        return frozenset()

    def judge(self, view: View, at: datetime) -> Judgement:
        msg = "the regular expression '(a+)+' took longer than 1 s"
        raise PatternTimeoutError(msg)


def test_an_expression_that_takes_too_long_is_undecided() -> None:
    """Hostile text cannot make the gate hang or pass."""
    assert codes(verdict(rule(Slow()), rule(name="other"))) == ["pattern-timeout"]


def test_a_time_without_a_zone_is_our_bug() -> None:
    """Nobody judges at a local time."""
    with pytest.raises(RuntimeError, match="time zone"):
        verdict(rule(), at=datetime(2026, 11, 25))  # noqa: DTZ001 -- that is the point


RULES = st.lists(
    st.builds(
        lambda broken, unsure, level, number: (
            rule(
                ToyCheck(
                    {"linux/arm64": (finding("a"),) if broken else ()}, frozenset({"linux/amd64"} if unsure else ())
                ),
                name=f"rule-{number}",
            )
            if level
            else replace(rule(name=f"rule-{number}"), level=Level.WARNING)
        ),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.integers(0, 9),
    ),
    max_size=5,
)


@given(RULES, st.permutations(range(5)))
def test_the_order_of_rules_never_matters(rules: list[Rule], order: list[int]) -> None:
    """Any order gives the same verdict and the same outcomes."""
    shuffled = [rules[index] for index in order if index < len(rules)]
    one, other = verdict(*rules), verdict(*shuffled)
    assert type(one) is type(other)
    assert sorted(map(repr, one.outcomes)) == sorted(map(repr, other.outcomes))


@given(RULES)
def test_judging_twice_gives_the_same(rules: list[Rule]) -> None:
    """Pure: the same input, the same output."""
    assert judged(*rules) == judged(*rules)
