"""Outcomes of one rule on all platforms, put together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.finding import About, Note
from gate.overview import count, headlines, other_causes, run_word, summarise, word
from gate.report import Judged
from gate.verdict import Failed, Level, Passed, Status, Undetermined
from tests.reports.documents import (
    ACCEPTED,
    AMD64,
    ARM64,
    BOTH,
    NO_MAINTAINER,
    NO_TAG,
    REFUSED,
    ROOT,
    SIGNED,
    SUBJECT,
    TAGGED,
    failed,
    on,
    outcome,
    passed,
    several,
    undetermined,
    unresolved,
)


def test_one_rule_is_one_entry_in_the_order_of_the_rules() -> None:
    """Four platforms of one rule are one thing to read."""
    rules = summarise(failed().judged[0].verdict)
    assert [rule.rule for rule in rules] == ["version-tag", "signed", "owner-known", "no-critical", "not-root", "small"]


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ((Status.SATISFIED, Status.VIOLATED), Status.VIOLATED),
        ((Status.UNDECIDED, Status.VIOLATED), Status.VIOLATED),
        ((Status.SATISFIED, Status.UNDECIDED), Status.UNDECIDED),
        ((Status.UNDECIDED, Status.WAIVED), Status.UNDECIDED),
        ((Status.WAIVED, Status.SATISFIED), Status.WAIVED),
        ((Status.NOT_APPLICABLE, Status.SATISFIED), Status.SATISFIED),
    ],
)
def test_a_rule_has_the_outcome_of_its_worst_platform(statuses: tuple[Status, Status], worst: Status) -> None:
    """A good platform hides no bad one."""
    outcomes = tuple(on(platform, "one", status) for platform, status in zip(BOTH, statuses, strict=True))
    verdict = Undetermined(SUBJECT, BOTH, outcomes, (REFUSED,))
    assert summarise(verdict)[0].status is worst


def test_equal_findings_are_one_and_others_stay_apart() -> None:
    """Equal means equal in every word."""
    outcomes = (
        on(AMD64, "one", Status.VIOLATED, findings=(NO_MAINTAINER, ROOT)),
        on(ARM64, "one", Status.VIOLATED, findings=(NO_MAINTAINER, replace(ROOT, got="0"))),
    )
    found = summarise(Failed(SUBJECT, BOTH, outcomes))[0].findings
    assert [(placed.item, placed.where) for placed in found] == [
        (NO_MAINTAINER, "every platform"),
        (ROOT, AMD64),
        (replace(ROOT, got="0"), ARM64),
    ]


def test_findings_that_differ_only_in_the_platform_key_are_equal() -> None:
    """A check may write the platform into `about` for waivers."""
    outcomes = tuple(
        on(one, "one", Status.VIOLATED, findings=(replace(ROOT, about=About.of(platform=one)),)) for one in BOTH
    )
    (found,) = summarise(Failed(SUBJECT, BOTH, outcomes))[0].findings
    assert (found.platforms, found.where) == (BOTH, "every platform")


def test_waived_findings_and_points_are_put_together_too() -> None:
    """What holds for findings holds for everything a rule says."""
    outcomes = tuple(
        on(one, "one", Status.UNDECIDED, undecided=(REFUSED,), waived=(ACCEPTED,), notes=(Note("n"),)) for one in BOTH
    )
    (rule,) = summarise(Undetermined(SUBJECT, BOTH, outcomes, (REFUSED,)))
    assert [len(some) for some in (rule.undecided, rule.waived, rule.notes)] == [1, 1, 1]
    assert {rule.undecided[0].where, rule.waived[0].where, rule.notes[0].where} == {"every platform"}


def test_two_waivers_of_one_finding_stay_apart() -> None:
    """Each has an owner of its own."""
    outcomes = (
        on(AMD64, "one", Status.WAIVED, waived=(ACCEPTED,)),
        on(ARM64, "one", Status.WAIVED, waived=(replace(ACCEPTED, owner="joe"),)),
    )
    verdict = Undetermined(SUBJECT, BOTH, outcomes, (REFUSED,))
    assert [placed.item.owner for placed in summarise(verdict)[0].waived] == ["jane@acme.example", "joe"]


def test_a_whole_image_and_an_only_platform_need_no_where() -> None:
    """Nothing to tell apart."""
    whole = outcome("one", Status.VIOLATED, findings=(ROOT,))
    only = on(AMD64, "one", Status.VIOLATED, findings=(ROOT,))
    assert summarise(Failed(SUBJECT, BOTH, (whole,)))[0].findings[0].where == ""
    assert summarise(Failed(SUBJECT, (AMD64,), (only,)))[0].findings[0].where == ""


def test_an_upcoming_rule_would_be_what_its_worst_platform_would_be() -> None:
    """The same order before its day as after."""
    outcomes = (
        on(AMD64, "one", Status.UPCOMING, would_be=Status.SATISFIED, starts="2027-01-01"),
        on(ARM64, "one", Status.UPCOMING, would_be=Status.VIOLATED, starts="2027-01-01"),
    )
    verdict = Undetermined(SUBJECT, BOTH, outcomes, (REFUSED,))
    assert summarise(verdict)[0].would_be is Status.VIOLATED


def test_rules_are_counted_by_level_and_outcome() -> None:
    """Missing counts are nothing."""
    counts = count(summarise(failed().judged[0].verdict))
    assert counts[Level.ERROR, Status.VIOLATED] == 2
    assert counts[Level.WARNING, Status.VIOLATED] == 1
    assert counts[Level.WARNING, Status.UNDECIDED] == 0


def test_causes_that_no_rule_shows_are_the_other_causes() -> None:
    """Nothing that stands in the way is lost, and nothing is said twice."""
    asked = outcome("signed", Status.UNDECIDED, undecided=(REFUSED,))
    assert other_causes(Undetermined(SUBJECT, BOTH, (asked,), (NO_TAG, REFUSED))) == (NO_TAG,)
    assert other_causes(unresolved().judged[0].verdict) == (NO_TAG,)
    assert other_causes(passed().judged[0].verdict) == ()


def test_headlines_come_from_the_image_and_its_rules_each_once() -> None:
    """And other notes do not."""
    loud, quiet = Note("loud", headline=True), Note("quiet")
    signed = replace(SIGNED, notes=(loud, quiet, Note("another", headline=True)))
    assert headlines(Judged("x", Passed(SUBJECT, BOTH, (TAGGED, signed)), (loud,))) == ("loud", "another")


def test_the_word_of_a_run_is_its_worst_verdict() -> None:
    """Failed before undetermined before passed; without any image there is no verdict (S2)."""
    assert [word(one.judged[0].verdict) for one in (passed(), failed(), undetermined())] == [
        "passed",
        "failed",
        "undetermined",
    ]
    assert run_word(several()) == "failed"
    assert run_word(replace(several(), judged=(*passed().judged, *undetermined().judged))) == "undetermined"
    assert run_word(replace(several(), judged=())) == "undetermined"
