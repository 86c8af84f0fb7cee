"""Planning and writing tags: only the digest that was judged, only with a clearance, only what was read back is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, Unavailable
from gate.oci.digest import Digest
from gate.promote import Demands, State, Step, in_order, is_evidence_tag, plan, promote
from gate.source import Put, PutAnswer
from gate.subject import Subject
from gate.verdict import Clearance, Level, Outcome, Passed, Place, Run, Status, clear

PLACE = "registry.example/team/app"
LOOK = Look("https://registry.example/v2/", "200")
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEW, OLD, OTHER = b'{"new":1}', b'{"old":1}', b'{"other":1}'
SUBJECT = Subject(f"{PLACE}:1.4.2", PLACE, PLACE, "1.4.2", Digest.of(NEW), "application/json", NEW)
TAGS = ("prod", "latest", "1", "1.4", "1.4.2", "7c0bb30")


def cleared(*tags: str) -> Clearance:
    """Give the clearance for these tags."""
    outcome = Outcome("r", "toy", Level.ERROR, Status.SATISFIED, Place("gate.yaml", 1, 1), "", ("linux/amd64",))
    run = Run(
        live=True, at=AT, real_clock=True, advisory=False, all_platforms=True, all_rules=True, compared=False,
        rules_digest="sha256:0", pinned_rules=True, destinations=tuple(f"{PLACE}:{tag}" for tag in tags),
    )  # fmt: skip
    clearance = clear(Passed(SUBJECT, ("linux/amd64",), (outcome,)), run)
    assert isinstance(clearance, Clearance)
    return clearance


def fact(content: bytes | None) -> Fact:
    """Give what a registry says of a tag."""
    return Absent(LOOK) if content is None else Found(LOOK, content, "application/json")


NOBODY = Unavailable(LOOK, "registry-error", "the registry answered 503")


def evidence(tags: Mapping[str, Fact]) -> Evidence:
    """Give what was read while the image was judged."""
    return Evidence({Ask(PLACE, Kind.MANIFEST, tag): one for tag, one in tags.items()})


@dataclass
class Target:
    """A registry that answers the reads of a tag one after the other (the last one stays), and remembers writes."""

    reads: list[Fact]
    put: Put = field(default_factory=lambda: Put(PutAnswer.TAKEN, LOOK))
    written: list[tuple[str, bytes, str]] = field(default_factory=list)

    def answer(self, ask: Ask) -> Fact:
        assert (ask.place, ask.kind) == (PLACE, Kind.TAG_NOW)
        return self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]

    def write_tag(self, tag: str, content: bytes, media_type: str) -> Put:
        self.written.append((tag, content, media_type))
        return self.put


def given_to(
    target: Target, before: bytes | None = OLD, now: Callable[[], datetime] = lambda: AT
) -> tuple[Step, list[float]]:
    """Promote to `prod`, which named `before`; also give how long was waited."""
    waited: list[float] = []
    clearance = cleared("prod")
    steps = plan(clearance, Demands(("prod",)), evidence({"prod": fact(before)}))
    (step,) = promote(clearance, steps, target, now, waited.append)
    return step, waited


def reason(step: Step) -> str:
    """Give the reason code of a refused tag."""
    assert step.state is State.REFUSED
    assert step.problem is not None
    return step.problem.reason.code


def test_a_tag_is_written_with_the_bytes_that_were_judged() -> None:
    """Read, written, read back."""
    target = Target([fact(OLD), fact(NEW)])
    step, waited = given_to(target)
    assert (step.state, step.before, waited) == (State.PROMOTED, Digest.of(OLD), [])
    assert target.written == [("prod", NEW, "application/json")]


def test_a_registry_that_is_slow_to_show_it() -> None:
    """Old and missing answers are asked again."""
    step, waited = given_to(Target([fact(OLD), fact(OLD), NOBODY, fact(NEW)]))
    assert (step.state, waited) == (State.PROMOTED, [0.5, 1.0])
    step, waited = given_to(Target([fact(None), fact(None), fact(NEW)]), before=None)
    assert (step.state, waited) == (State.PROMOTED, [0.5])


@pytest.mark.parametrize(
    ("reads", "put", "code"),
    [
        ([fact(OLD)], PutAnswer.TAKEN, "promotion-not-visible"),
        ([fact(OLD), fact(None)], PutAnswer.TAKEN, "promotion-not-visible"),
        ([fact(OLD), fact(OTHER), fact(NEW)], PutAnswer.TAKEN, "promotion-overtaken"),
        ([fact(OLD), NOBODY], PutAnswer.TAKEN, "promotion-unconfirmed"),
        ([fact(OLD), NOBODY], PutAnswer.UNCLEAR, "promotion-unconfirmed"),
        ([fact(OLD)], PutAnswer.UNCLEAR, "promotion-unconfirmed"),
        ([fact(OLD)], PutAnswer.IMMUTABLE, "tag-immutable"),
        ([fact(OLD)], PutAnswer.DENIED, "push-denied"),
        ([fact(OLD)], PutAnswer.REFUSED, "push-refused"),
    ],
)
def test_a_tag_that_was_not_given(reads: list[Fact], put: PutAnswer, code: str) -> None:
    """Each with its own reason; the digest from before is told for the way back."""
    target = Target(reads, Put(put, LOOK, "the registry answered 503"))
    step, waited = given_to(target)
    assert (reason(step), step.before) == (code, Digest.of(OLD))
    assert sum(waited) < 5
    assert len(target.written) == 1


@pytest.mark.parametrize(
    ("first", "code"),
    [(NOBODY, "destination-unread"), (fact(OTHER), "destination-moved"), (fact(None), "destination-moved")],
)
def test_a_tag_that_changed_since_the_image_was_judged_is_not_written(first: Fact, code: str) -> None:
    """Nothing is written."""
    target = Target([first])
    assert reason(given_to(target)[0]) == code
    assert target.written == []


def test_a_tag_that_somebody_else_has_given_the_same_image() -> None:
    """Already there, not written again: registries with immutable tags refuse even the same bytes."""
    target = Target([fact(NEW)])
    assert given_to(target)[0].state is State.THERE
    assert target.written == []


@pytest.mark.parametrize(
    ("reads", "code"),
    [([fact(OTHER)], "destination-moved"), ([fact(None)], "destination-moved"), ([NOBODY], "destination-unread")],
)
def test_a_tag_that_was_there_and_is_moved_while_others_are_written(reads: list[Fact], code: str) -> None:
    """What it names after all writes decides, however often it named the image before."""
    clearance = cleared("prod", "1.4.2")
    steps = plan(clearance, Demands(("prod", "1.4.2")), evidence({"prod": fact(NEW), "1.4.2": fact(None)}))
    release, moving = promote(clearance, steps, Target([fact(None), fact(NEW), *reads]), lambda: AT, lambda _: None)
    assert (release.state, reason(moving)) == (State.PROMOTED, code)
    assert moving.problem is not None
    assert moving.tag == "prod"


def test_a_tag_that_is_moved_right_after_it_was_found_there() -> None:
    """Nothing is written, and still the tag is read again."""
    clearance = cleared("prod")
    steps = plan(clearance, Demands(("prod",)), evidence({"prod": fact(NEW)}))
    target = Target([fact(OTHER)])
    (step,) = promote(clearance, steps, target, lambda: AT, lambda _: None)
    assert reason(step) == "destination-moved"
    assert step.problem is not None
    assert step.problem.what == f"prod named the image already, and now names {Digest.of(OTHER)}"
    assert target.written == []


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(seconds=-1)])
def test_an_expired_clearance_writes_nothing(late: timedelta) -> None:
    """Ten minutes, and no clock that was set back."""
    target = Target([fact(OLD)])
    assert reason(given_to(target, now=lambda: AT + late)[0]) == "clearance-expired"
    assert target.written == []


def test_it_expires_between_two_tags() -> None:
    """The second one is not written any more."""
    times = iter([AT, AT + timedelta(minutes=11)])
    clearance = cleared("a", "b")
    steps = plan(clearance, Demands(("a", "b")), evidence({"a": fact(OLD), "b": fact(OLD)}))
    target = Target([fact(OLD), fact(NEW), fact(OLD)])
    first, second = promote(clearance, steps, target, lambda: next(times), lambda _: None)
    assert (first.state, reason(second)) == (State.PROMOTED, "clearance-expired")


def test_after_one_tag_is_refused_no_other_is_written() -> None:
    """A moving tag never arrives before the release it stands for."""
    clearance = cleared("prod", "1.4.2")
    steps = plan(clearance, Demands(("prod", "1.4.2")), evidence({"prod": fact(OLD), "1.4.2": fact(None)}))
    target = Target([fact(None)], Put(PutAnswer.REFUSED, LOOK, "no"))
    release, moving = promote(clearance, steps, target, lambda: AT, lambda _: None)
    assert (release.tag, reason(release)) == ("1.4.2", "push-refused")
    assert (moving.tag, moving.state) == ("prod", State.UNTOUCHED)


def test_one_tag_that_cannot_be_given_holds_up_all() -> None:
    """The plan is whole or nothing."""
    steps = plan(
        cleared("a", "b", "c"), Demands(("a", "b", "c")), evidence({"a": fact(OLD), "b": NOBODY, "c": fact(NEW)})
    )
    assert [step.state for step in steps] == [State.UNTOUCHED, State.REFUSED, State.THERE]
    assert reason(steps[1]) == "destination-unread"
    target = Target([fact(NEW)])
    assert promote(cleared("a", "b", "c"), steps, target, lambda: AT, lambda _: None) == steps
    assert target.written == []


@pytest.mark.parametrize(
    ("before", "demands", "code"),
    [
        (OLD, Demands(("prod",), no_clobber=False, current={"prod": Digest.of(OTHER)}), "destination-unexpected"),
        (None, Demands(("prod",), no_clobber=False, current={"prod": Digest.of(OTHER)}), "destination-unexpected"),
        (OLD, Demands(("prod",), no_clobber=True), "destination-exists"),
        (None, Demands(("prod",), no_clobber=True), "destination-unread"),
    ],
    ids=["another one", "none", "taken", "perhaps hidden"],
)
def test_what_is_demanded_of_a_tag(before: bytes | None, demands: Demands, code: str) -> None:
    """Refused in the plan, before anything is written; without the list of tags "not found" is not believed (S5)."""
    have = evidence({"prod": fact(before)})
    have = have.with_answers({Ask(PLACE, Kind.TAGS, ""): NOBODY})
    (step,) = plan(cleared("prod"), demands, have)
    assert reason(step) == code


def test_the_expected_digest_may_be_of_another_algorithm() -> None:
    """It is compared with the bytes."""
    demands = Demands(("prod",), current={"prod": Digest.of(OLD, "sha512")})
    (step,) = plan(cleared("prod"), demands, evidence({"prod": fact(OLD)}))
    assert step.state is State.PLANNED


@pytest.mark.parametrize("tag", ["staging", f"sha256-{'a' * 64}", f"sha256-{'a' * 64}.sig"])
def test_a_clearance_is_about_its_tags_only(tag: str) -> None:
    """Another tag, or one that holds evidence, is our own mistake and ends the run (S35, S36)."""
    clearance = cleared("prod", f"sha256-{'a' * 64}", f"sha256-{'a' * 64}.sig")
    with pytest.raises(RuntimeError, match="the clearance is not about the tag"):
        plan(clearance, Demands((tag,)), evidence({tag: fact(None)}))


@pytest.mark.parametrize(
    ("tag", "holds"),
    [
        (f"sha256-{'a' * 64}", True),
        (f"sha256-{'a' * 64}.att", True),
        ("SHA512-x", True),
        ("sha256", False),
        ("1.4.2-sha256-a", False),
    ],
)
def test_tags_that_hold_evidence(tag: str, holds: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Recognised by their form."""
    assert is_evidence_tag(tag) is holds


@given(st.permutations(TAGS))
def test_releases_are_written_before_tags_that_move(tags: list[str]) -> None:
    """`1.4.2` and commits, then `1.4`, then `1`, then names, whatever the order on the command line."""
    ordered = in_order(tags)
    assert set(ordered[:2]) == {"1.4.2", "7c0bb30"}
    assert ordered[2:4] == ("1.4", "1")
    assert sorted(ordered) == sorted(tags)


FACTS = st.sampled_from([fact(OLD), fact(NEW), fact(OTHER), fact(None), NOBODY])


@given(FACTS, st.lists(FACTS, min_size=1, max_size=8), st.sampled_from(PutAnswer))
def test_success_is_what_was_read_back_last(before: Fact, reads: list[Fact], answer: PutAnswer) -> None:
    """Whatever a registry answers: nothing but the judged bytes is written, once at most, and success is seen."""
    clearance = cleared("prod")
    target = Target(list(reads), Put(answer, LOOK, "x"))
    seen: list[Fact] = []

    @dataclass
    class Watching:
        def answer(self, ask: Ask) -> Fact:
            seen.append(target.answer(ask))
            return seen[-1]

        def write_tag(self, tag: str, content: bytes, media_type: str) -> Put:
            return target.write_tag(tag, content, media_type)

    steps = plan(clearance, Demands(("prod",)), evidence({"prod": before}))
    (step,) = promote(clearance, steps, Watching(), lambda: AT, lambda _: None)
    assert len(target.written) <= 1
    assert all(written == ("prod", NEW, "application/json") for written in target.written)
    last = seen[-1] if seen else before
    taken = not target.written or answer in {PutAnswer.TAKEN, PutAnswer.UNCLEAR}
    assert (step.state in {State.PROMOTED, State.THERE}) == (last == fact(NEW) and taken)
    assert (step.problem is not None) == (step.state is State.REFUSED)
