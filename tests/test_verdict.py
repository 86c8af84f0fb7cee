"""What proves a verdict, and what does not (S1, S2, S3, S35)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.finding import About, Finding, Reason, Undecided
from gate.oci.digest import Digest
from gate.subject import Subject
from gate.verdict import (
    Clearance,
    Failed,
    Level,
    Outcome,
    Passed,
    Place,
    Refusal,
    Run,
    Status,
    Undetermined,
    clear,
    conclude,
)

REASON = Reason("toy", "A toy", "It is a toy.", "Play.")
BROKEN = Finding(REASON, About.of(label="a"), "broken", "whole", "broken", "mend it")
UNKNOWN = Undecided(REASON, "nobody knows", "ask")
NO_RULE = Undecided(Reason("no-enforcing-rule", "No rule", "", ""), "no rule", "")
SUBJECT = Subject("r/a:1", "r/a", "r/a", "1", Digest.of(b"{}"), "application/json", b"{}")
PLATFORMS = ("linux/amd64", "linux/arm64")
AT = datetime(2026, 11, 25, tzinfo=UTC)


def outcome(
    status: Status, *, level: Level = Level.ERROR, covers: tuple[str, ...] = PLATFORMS, name: str = "r"
) -> Outcome:
    """Build an outcome that says why it has its status."""
    return Outcome(
        name,
        "toy",
        level,
        status,
        Place("gate.yaml", 1, 1),
        "",
        covers,
        findings=(BROKEN,) if status is Status.VIOLATED else (),
        undecided=(UNKNOWN,) if status is Status.UNDECIDED else (),
    )


def verdict_of(*outcomes: Outcome, platforms: tuple[str, ...] = PLATFORMS) -> Passed | Failed | Undetermined:
    """Conclude over the toy subject."""
    return conclude(SUBJECT, platforms, outcomes, NO_RULE)


def test_a_satisfied_error_rule_on_every_platform_passes() -> None:
    """The one way to pass."""
    assert isinstance(verdict_of(outcome(Status.SATISFIED)), Passed)


@pytest.mark.parametrize(
    "outcomes",
    [
        (),
        (outcome(Status.SATISFIED, level=Level.WARNING),),
        (outcome(Status.NOT_APPLICABLE),),
        (outcome(Status.UPCOMING),),
        (outcome(Status.WAIVED),),
        (outcome(Status.SATISFIED, covers=("linux/amd64",)),),
        (outcome(Status.SATISFIED, covers=()),),
    ],
    ids=["no rule", "warnings only", "not applicable", "upcoming", "only waived", "one platform", "no platform"],
)
def test_nothing_enforced_is_undetermined(outcomes: tuple[Outcome, ...]) -> None:
    """Every empty form ends without a verdict and says so (S2)."""
    verdict = verdict_of(*outcomes)
    assert isinstance(verdict, Undetermined)
    assert verdict.causes == (NO_RULE,)


def test_an_image_without_platforms_is_undetermined() -> None:
    """No platform, no verdict."""
    verdict = verdict_of(outcome(Status.SATISFIED, covers=()), platforms=())
    assert isinstance(verdict, Undetermined)
    assert verdict.causes == (NO_RULE,)


def test_two_rules_may_cover_the_platforms_together() -> None:
    """Each platform needs one satisfied rule, not the same one."""
    first, second = (outcome(Status.SATISFIED, covers=(name,)) for name in PLATFORMS)
    assert isinstance(verdict_of(first, second), Passed)


def test_a_violation_wins_over_undecided() -> None:
    """A broken rule fails, whatever else could not be told."""
    assert isinstance(verdict_of(outcome(Status.UNDECIDED), outcome(Status.VIOLATED)), Failed)


def test_undecided_wins_over_satisfied() -> None:
    """One error rule that could not be told stops the image."""
    verdict = verdict_of(outcome(Status.SATISFIED), outcome(Status.UNDECIDED))
    assert isinstance(verdict, Undetermined)
    assert verdict.causes == (UNKNOWN,)


def test_warnings_decide_nothing() -> None:
    """A violated or undecided warning leaves the verdict alone."""
    warned = outcome(Status.VIOLATED, level=Level.WARNING)
    unsure = outcome(Status.UNDECIDED, level=Level.WARNING)
    assert isinstance(verdict_of(outcome(Status.SATISFIED), warned, unsure), Passed)


def test_a_blocked_subject_does_not_pass_and_still_fails() -> None:
    """What makes the subject unjudgeable stops a pass, and hides no violation."""
    passed = conclude(SUBJECT, PLATFORMS, (outcome(Status.SATISFIED),), NO_RULE, (UNKNOWN,))
    assert isinstance(passed, Undetermined)
    assert isinstance(conclude(SUBJECT, PLATFORMS, (outcome(Status.VIOLATED),), NO_RULE, (UNKNOWN,)), Failed)


def test_an_undecided_outcome_has_to_say_why() -> None:
    """An outcome without a cause is our bug, not a verdict."""
    silent = replace(outcome(Status.UNDECIDED), undecided=())
    with pytest.raises(RuntimeError, match="says nothing about what is undecided"):
        verdict_of(silent)


STATUSES = st.sampled_from(Status)
OUTCOMES = st.lists(
    st.builds(
        lambda status, level, covers: outcome(status, level=level, covers=tuple(covers)),
        STATUSES,
        st.sampled_from(Level),
        st.sets(st.sampled_from(PLATFORMS)),
    ),
    max_size=6,
)
ORDER = {Passed: 0, Undetermined: 1, Failed: 2}


@given(OUTCOMES, st.randoms())
def test_the_order_of_rules_never_matters(outcomes: list[Outcome], random: object) -> None:
    """Any order of the same outcomes gives the same kind of verdict."""
    shuffled = list(outcomes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert type(verdict_of(*outcomes)) is type(verdict_of(*shuffled))


@given(OUTCOMES, st.sampled_from([Status.VIOLATED, Status.UNDECIDED]))
def test_bad_news_never_improves_a_verdict(outcomes: list[Outcome], status: Status) -> None:
    """Adding a violated or undecided error rule leaves the verdict as bad or makes it worse."""
    before, after = verdict_of(*outcomes), verdict_of(*outcomes, outcome(status))
    assert ORDER[type(after)] >= ORDER[type(before)]
    assert not isinstance(after, Passed)


@given(OUTCOMES)
def test_passed_always_holds_its_proof(outcomes: list[Outcome]) -> None:
    """Whatever conclude says passed can be built again from its own proof, and nothing else can."""
    enforced = [one for one in outcomes if one.level is Level.ERROR]
    covered = {name for one in enforced if one.status is Status.SATISFIED for name in one.covers}
    provable = covered == set(PLATFORMS) and not any(
        one.status in {Status.VIOLATED, Status.UNDECIDED} for one in enforced
    )
    assert isinstance(verdict_of(*outcomes), Passed) == provable


@pytest.mark.parametrize("status", [Status.VIOLATED, Status.UNDECIDED])
def test_passed_refuses_outcomes_that_are_not(status: Status) -> None:
    """The type itself refuses to lie."""
    with pytest.raises(RuntimeError, match="violated or undecided"):
        Passed(SUBJECT, PLATFORMS, (outcome(Status.SATISFIED), outcome(status)))


def test_passed_refuses_to_exist_without_proof() -> None:
    """No satisfied rule, no Passed."""
    with pytest.raises(RuntimeError, match="without a satisfied error rule"):
        Passed(SUBJECT, PLATFORMS, ())


def test_failed_and_undetermined_refuse_to_exist_without_a_cause() -> None:
    """Each verdict holds what it rests on."""
    with pytest.raises(RuntimeError, match="without a violated rule"):
        Failed(SUBJECT, PLATFORMS, (outcome(Status.SATISFIED),))
    with pytest.raises(RuntimeError, match="without a cause"):
        Undetermined(SUBJECT, PLATFORMS, (), ())


GOOD_RUN = Run(
    live=True,
    at=AT,
    real_clock=True,
    advisory=False,
    all_platforms=True,
    all_rules=True,
    compared=False,
    rules_digest="sha256:0",
    pinned_rules=True,
    destinations=("r/a:prod",),
)


def passed() -> Passed:
    """Give a verdict that passed."""
    verdict = verdict_of(outcome(Status.SATISFIED))
    assert isinstance(verdict, Passed)
    return verdict


def test_a_live_complete_run_is_cleared() -> None:
    """The one way to a clearance."""
    clearance = clear(passed(), GOOD_RUN)
    assert isinstance(clearance, Clearance)
    assert not clearance.expired(AT)
    assert not clearance.expired(AT + timedelta(minutes=9, seconds=59))
    assert clearance.expired(AT + timedelta(minutes=10))
    assert clearance.expired(AT - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"live": False}, "did not come from a live registry"),
        ({"real_clock": False}, "--at was given"),
        ({"advisory": True}, "advisory"),
        ({"all_platforms": False}, "--platform was given"),
        ({"compared": True}, "--compare was given"),
        ({"all_rules": False}, "--only was given"),
        ({"pinned_rules": False}, "head of a pull request"),
        ({"destinations": ()}, "not judged under the tag"),
    ],
)
def test_anything_less_is_refused_with_the_reason(change: dict[str, object], says: str) -> None:
    """Every clause of S35 refuses alone."""
    refusal = clear(passed(), replace(GOOD_RUN, **change))  # type: ignore[arg-type]
    assert isinstance(refusal, Refusal)
    assert len(refusal.why) == 1
    assert says in refusal.why[0]


def test_nobody_else_makes_a_clearance() -> None:
    """A forged seal is our bug and ends the run."""
    with pytest.raises(RuntimeError, match="made by clear"):
        Clearance(passed(), GOOD_RUN, object())
