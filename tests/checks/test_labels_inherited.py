"""The check `labels`: labels that came with the base image."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gate.evidence import Absent, Ask, Kind
from tests.checks.made import LOOK, Made, mistake, rule, single
from tests.checks.test_image_base import DEBIAN, DIGEST, NAME, OWN, UNDER, base

RULE = f"check: labels, not-inherited: [version, maintainer], bases: ['{DEBIAN}']"


def built(own: Mapping[str, str], theirs: Mapping[str, str], name: str = "debian:12") -> Made:
    """Make an image with labels on a base with labels."""
    digest, answers = base(config={"Labels": dict(theirs)})
    made = single(Labels={NAME: name, DIGEST: digest, **own})
    made.more = {"rootfs": {"type": "layers", "diff_ids": [*UNDER, OWN]}}
    made.odd = answers
    return made


def undecided(made: Made) -> list[str]:
    """Give the codes of what is undecided; nothing may be found as well."""
    [judgement] = made.judged(rule(RULE))
    assert judgement.findings == ()
    return [each.reason.code for each in judgement.undecided]


def test_a_label_with_the_value_of_the_base_is_found() -> None:
    """It was never set."""
    [finding] = built({"version": "12", "maintainer": "me"}, {"version": "12", "maintainer": "Debian"}).findings(
        rule(RULE)
    )
    assert finding.reason.code == "label-inherited"
    assert finding.what == "the label version is 12, as in the base image debian:12"
    assert finding.about.keys == (("label", "version"),)


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ({"version": "1.4.2"}, {"version": "12"}),
        ({"version": "1.4.2"}, {}),
        ({}, {"version": "12"}),
        ({"version": "12 "}, {"version": "12"}),
        ({"other": "12"}, {"other": "12"}),
        ({"Version": "12"}, {"version": "12"}),
    ],
)
def test_a_label_of_its_own_is_fine(own: Mapping[str, str], theirs: Mapping[str, str]) -> None:
    """Another value, no label, or one that the rule does not name."""
    assert built(own, theirs).codes(rule(RULE)) == []


def test_a_credential_in_a_label_is_not_shown() -> None:
    """Kind and length (S43)."""
    token = "ghp" + "_" + "a1B2" * 9
    [finding] = built({"version": token}, {"version": token}).findings(rule(RULE))
    assert token not in repr(finding)


def test_without_a_proven_base_nothing_is_known() -> None:
    """No claim, one that the rule does not name, one that is not true, one that cannot be read."""
    assert undecided(single(Labels={"version": "12"})) == ["label-origin-unknown"]
    assert undecided(built({"version": "12"}, {"version": "12"}, "ghcr.io/evil/debian")) == ["label-origin-unknown"]
    made = built({"version": "12"}, {"version": "12"})
    made.more = {"rootfs": {"type": "layers", "diff_ids": [OWN]}}
    assert undecided(made) == ["label-origin-unknown"]
    made = built({"version": "12"}, {"version": "12"})
    [ask] = [ask for ask in made.odd if ask.kind is Kind.MANIFEST]
    made.odd = {Ask(*ask): Absent(LOOK)}
    assert undecided(made) == ["label-origin-unknown"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: labels, not-inherited: [version]", "give bases as well"),
        ("check: labels, forbid: [x], bases: ['ghcr.io/acme/**']", "nothing is compared with them"),
        ("check: labels, not-inherited: [version], bases: ['**']", "names no registry"),
        ("check: labels, not-inherited: [' '], bases: ['ghcr.io/acme/**']", "an empty name is no label"),
        ("check: labels, not-inherited: [], bases: ['ghcr.io/acme/**']", "empty list"),
        ("check: labels, not-inherited: [version], bases: [debian]", "names no registry"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Told when the rule file is read."""
    assert message in mistake(text)
