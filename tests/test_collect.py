"""Collecting in rounds: what is asked, what a limit means, what a hostile source cannot do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from gate.collect import Limits, collect
from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, NotAsked, Unavailable
from gate.finding import Note
from gate.oci.digest import Digest
from gate.subject import Subject

PLACE = "r.example/a"
LOOK = Look("https://r.example/", "200")
PINNED = Subject(f"{PLACE}@x", PLACE, PLACE, "", Digest.of(b"{}"), "application/json", b"{}", pinned=True)
TAGGED = Subject(f"{PLACE}:1", PLACE, PLACE, "1", Digest.of(b"{}"), "application/json", b"{}")


@dataclass
class Scripted:
    """A source that answers from a function and remembers what was asked."""

    reply: Callable[[Ask], Fact]
    asked: list[Ask] = field(default_factory=list)
    live: bool = False
    notes: tuple[Note, ...] = ()

    def answer(self, ask: Ask) -> Fact:
        self.asked.append(ask)
        return self.reply(ask)

    def resolve(self) -> Subject:
        raise NotImplementedError

    def warm(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Chain:
    """Wants `length` tags one after the other: the next is only known from the one before."""

    length: int
    stem: str = "t"

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        for number in range(self.length):
            ask = Ask(subject.place, Kind.MANIFEST, f"{self.stem}{number}")
            if ask not in have:
                return frozenset({ask})
            if not isinstance(have[ask], Found):
                return frozenset()
        return frozenset()


@dataclass(frozen=True)
class Wide:
    """Wants `count` tags at once."""

    count: int

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        asks = (Ask(subject.place, Kind.MANIFEST, f"w{number}") for number in range(self.count))
        return frozenset(ask for ask in asks if ask not in have)


def found(_: Ask) -> Fact:
    """Answer everything with two bytes."""
    return Found(LOOK, b"{}")


def test_what_several_needs_share_is_asked_once() -> None:
    """Two rules that want the same thing cost one request."""
    source = Scripted(found)
    collect(source, [Wide(3), Wide(2)], PINNED)
    assert sorted(ask.name for ask in source.asked) == ["w0", "w1", "w2"]


def test_rounds_go_on_until_nothing_is_missing() -> None:
    """The next question may depend on the answer before."""
    source = Scripted(found)
    have = collect(source, [Chain(5)], PINNED)
    assert [ask.name for ask in source.asked] == ["t0", "t1", "t2", "t3", "t4"]
    assert len(have.answers) == 5


def test_no_need_no_request() -> None:
    """Nothing is fetched that no rule needs; a pinned reference is not looked up again."""
    source = Scripted(found)
    collect(source, [], PINNED)
    assert source.asked == []


def test_the_last_question_is_where_the_tag_points_now() -> None:
    """A subject that came from a tag ends with one more look at the tag (S7)."""
    source = Scripted(found)
    collect(source, [Chain(2)], TAGGED)
    assert source.asked[-1] == Ask(PLACE, Kind.TAG_NOW, "1")


@pytest.mark.parametrize(
    "subject",
    [PINNED, replace(PINNED, pinned=False), replace(TAGGED, pinned=True)],
    ids=["digest", "digest of a layout", "tag and digest"],
)
def test_without_a_tag_that_matters_nothing_is_asked_at_the_end(subject: Subject) -> None:
    """No tag, or a digest beside it: where a tag points now changes nothing (S7)."""
    source = Scripted(found)
    collect(source, [], subject)
    assert source.asked == []


@pytest.mark.parametrize("kind", [Kind.MANIFEST, Kind.BLOB])
@pytest.mark.parametrize(
    "fact", [Absent(LOOK), Unavailable(LOOK, "timeout", "no answer")], ids=["absent", "unavailable"]
)
def test_a_digest_that_nobody_has_is_kept_as_it_is(kind: Kind, fact: Fact) -> None:
    """Only bytes are compared with the digest they were asked for by."""
    ask = Ask(PLACE, kind, str(Digest.of(b"good")))

    @dataclass(frozen=True)
    class One:
        def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
            return frozenset() if ask in have else frozenset({ask})

    assert collect(Scripted(lambda _: fact), [One()], PINNED)[ask] == fact


def test_questions_of_one_round_go_out_together() -> None:
    """Eight questions are under way at once: each waits until all have begun."""
    barrier = threading.Barrier(8, timeout=30)

    def reply(_: Ask) -> Fact:
        barrier.wait()
        return Found(LOOK, b"{}")

    assert len(collect(Scripted(reply), [Wide(8)], PINNED).answers) == 8


@pytest.mark.parametrize(
    ("limits", "need", "unread"),
    [(Limits(asks=3), Wide(5), 2), (Limits(rounds=3), Chain(9), 1)],
    ids=["questions", "rounds"],
)
def test_a_limit_makes_the_rest_unavailable(limits: Limits, need: Chain | Wide, unread: int) -> None:
    """What was cut off is never an answer (S4)."""
    have = collect(Scripted(found), [need], PINNED, limits)
    missing = [fact for fact in have.answers.values() if isinstance(fact, Unavailable)]
    assert len(missing) == unread
    assert {fact.code for fact in missing} == {"limit-reached"}


def test_bytes_of_all_answers_together_are_bounded() -> None:
    """Past the bound nothing is asked any more, and what came is not kept: forty answers of 15 MB are too many."""
    source = Scripted(lambda _: Found(LOOK, b"x" * 100))
    have = collect(source, [Wide(40)], PINNED, Limits(most_bytes=1000, workers=1))
    kept = [fact for fact in have.answers.values() if isinstance(fact, Found)]
    cut = [fact for fact in have.answers.values() if isinstance(fact, Unavailable)]
    assert (len(kept), len(cut)) == (10, 30)
    assert {(fact.code, fact.look.status) for fact in cut} == {("limit-reached", "limit-reached")}
    assert all(fact.detail.startswith("There was more to read than the gate reads for one image") for fact in cut)
    assert len(source.asked) == 11


def test_bytes_are_counted_over_all_rounds_and_workers() -> None:
    """However they are spread; nothing small slips in behind what was too large."""
    for workers in (1, 8):
        source = Scripted(lambda ask: Found(LOOK, b"x" * (700 if ask.name == "t1" else 1)))
        have = collect(
            source, [Chain(9), Chain(9, "u"), Chain(9, "v")], PINNED, Limits(most_bytes=600, workers=workers)
        )
        assert sum(len(fact.content) for fact in have.answers.values() if isinstance(fact, Found)) <= 600
        assert isinstance(have[Ask(PLACE, Kind.MANIFEST, "t1")], Unavailable)
        assert "t2" not in [ask.name for ask in source.asked]
        assert "u3" not in [ask.name for ask in source.asked]


def test_where_the_tag_points_is_asked_also_when_too_much_was_read() -> None:
    """One small answer more, and the verdict can name what moved (S7)."""
    have = collect(Scripted(lambda _: Found(LOOK, b"x" * 100)), [Wide(3)], TAGGED, Limits(most_bytes=150))
    assert isinstance(have[Ask(PLACE, Kind.TAG_NOW, "1")], Found)


def test_a_source_that_never_answers_ends_at_the_deadline() -> None:
    """A slow registry costs the deadline, no more, and is Unavailable."""
    never = threading.Event()

    def reply(_: Ask) -> Fact:
        never.wait(30)
        return Found(LOOK, b"{}")

    try:
        have = collect(Scripted(reply), [Wide(1)], TAGGED, Limits(seconds=0.05))
    finally:
        never.set()
    facts = list(have.answers.values())
    assert len(facts) == 2
    assert all(isinstance(fact, Unavailable) and fact.code == "deadline-passed" for fact in facts)


def test_bytes_of_another_digest_are_our_bug_and_end_the_run() -> None:
    """A source checks what it hands on; if it does not, nothing is judged."""

    @dataclass(frozen=True)
    class ByDigest:
        def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
            ask = Ask(subject.place, Kind.BLOB, str(Digest.of(b"good")))
            return frozenset() if ask in have else frozenset({ask})

    with pytest.raises(RuntimeError, match="another digest"):
        collect(Scripted(lambda _: Found(LOOK, b"evil")), [ByDigest()], PINNED)


def test_an_answer_is_never_replaced() -> None:
    """What was read first stays."""
    ask = Ask(PLACE, Kind.TAGS, "")
    have = Evidence().with_answers({ask: Found(LOOK, b"1")}).with_answers({ask: Absent(LOOK)})
    assert have[ask] == Found(LOOK, b"1")


def test_reading_what_was_never_asked_raises() -> None:
    """A check that forgot to ask does not silently see nothing (S2)."""
    with pytest.raises(NotAsked, match="nobody asked for tags"):
        Evidence()[Ask(PLACE, Kind.TAGS, "")]


def test_progress_is_told() -> None:
    """Who waits hears how far it is."""
    heard: list[tuple[int, int]] = []
    collect(Scripted(found), [Wide(3)], PINNED, told=lambda done, of: heard.append((done, of)))
    assert [done for done, _ in heard] == [1, 2, 3]
