"""Taking evidence away never lets an image pass that did not pass with it (S2, S4): the demo's images and rules."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.app import Request, needs_of
from gate.cli._policy import load_policy
from gate.collect import collect
from gate.evaluate import Policy, evaluate
from gate.evidence import Absent, Ask, Evidence, Fact, Look, Unavailable
from gate.oci.digest import Digest
from gate.sources.oci_layout import open_source
from gate.subject import Subject
from gate.verdict import Passed, Verdict

DEMO = Path(__file__).parents[1] / "examples" / "demo"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOOK = Look("nowhere", "gone")
IMAGES = {
    "1.4.2": ("1.4.2-amd64", "1.4.2-arm64"),
    "1.5.0-rc.1": ("1.5.0-rc.1-amd64", "1.5.0-rc.1-arm64"),
    "1.4.3": (),
    "bad": ("bad",),
}


@cache
def collected(tag: str) -> tuple[Subject, Evidence, Policy]:
    """Collect once what the demo's rules need to know."""
    reports = [str(Path(__file__).parent / "fixtures" / "trivy" / "demo" / f"{name}.json") for name in IMAGES[tag]]
    arguments = argparse.Namespace(
        rules=[str(DEMO / "gate.yaml")], report=reports, waivers=[], only=[], at=None, platform=[],
        expect_digest=None, rules_digest=None,
    )  # fmt: skip
    policy = load_policy(arguments, Request((tag,), AT))
    source = open_source(f"{DEMO}/app:{tag}")
    subject = source.resolve()
    return subject, collect(source, needs_of(policy.ruleset, subject, policy.book), subject), policy


def verdict(tag: str, change: dict[Ask, Fact]) -> Verdict:
    """Judge with some answers changed, and everything that was never asked for as it would be: unread."""
    subject, evidence, policy = collected(tag)
    changed = Evidence({**evidence.answers, **change})
    needs = needs_of(policy.ruleset, subject, policy.book)
    while more := {ask for need in needs for ask in need.missing(subject, changed) if ask not in changed}:
        changed = changed.with_answers({ask: Absent(LOOK) for ask in more})
    return evaluate(tag, policy, subject, changed, AT).verdict


def gone(ask: Ask, how: str) -> Fact:
    """Give the worse answer."""
    return Absent(LOOK) if how == "absent" else Unavailable(LOOK, "timeout", f"{ask.name} did not answer")


def test_with_all_evidence_the_good_image_passes() -> None:
    """Otherwise the tests below would show nothing."""
    assert isinstance(verdict("1.4.2", {}), Passed)


@pytest.mark.parametrize("how", ["absent", "unavailable"])
@pytest.mark.parametrize("tag", ["1.5.0-rc.1", "1.4.3", "bad"])
def test_no_single_answer_taken_away_lets_a_bad_image_pass(tag: str, how: str) -> None:
    """Each question in turn is answered with nothing."""
    for ask in collected(tag)[1].answers:
        assert not isinstance(verdict(tag, {ask: gone(ask, how)}), Passed), ask


@given(st.data())
def test_no_set_of_answers_taken_away_lets_a_bad_image_pass(data: st.DataObject) -> None:
    """Any subset, any mixture."""
    tag = data.draw(st.sampled_from(["1.5.0-rc.1", "1.4.3", "bad"]))
    asks = data.draw(st.sets(st.sampled_from(sorted(collected(tag)[1].answers))))
    change = {ask: gone(ask, data.draw(st.sampled_from(["absent", "unavailable"]))) for ask in sorted(asks)}
    assert not isinstance(verdict(tag, change), Passed)


def test_what_the_good_image_rests_on_cannot_be_taken_away() -> None:
    """Its index members, configs and every layer are needed; either signature alone still vouches."""
    subject, evidence, _ = collected("1.4.2")
    needed = [ask for ask in evidence.answers if not isinstance(verdict("1.4.2", {ask: gone(ask, "absent")}), Passed)]
    members = [ask for ask in needed if ask.kind == "manifest" and ":" in ask.name]
    assert len(members) >= 2
    assert {ask.kind for ask in needed} >= {"manifest", "blob", "tag-now"}
    assert subject.digest == Digest.parse("sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18")
