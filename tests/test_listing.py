"""The list of what is wrong: one order, names that last, and places inside of the checkout."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.finding import Undecided
from gate.listing import Weight, capped, counted, details, in_checkout, listed, meaning, problems, repository
from gate.overview import summarise
from gate.report import Judged
from gate.verdict import Failed, Level, Status, Undetermined
from tests.reports.documents import (
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    ROOT,
    SUBJECT,
    TAGGED,
    document,
    failed,
    many_findings,
    outcome,
    passed,
    reason,
    several,
    undetermined,
    unenforced,
    unresolved,
    waived,
)


def test_the_order_is_causes_violations_doubts_warnings_waivers_and_what_comes_later() -> None:
    """Within each, the order of the rules."""
    upcoming = waived().judged[0].verdict.outcomes[-2]
    accepted = waived().judged[0].verdict.outcomes[2]
    warning = outcome("tidy", Status.VIOLATED, 5, level=Level.WARNING, findings=(ROOT,))
    doubt = outcome("signed", Status.UNDECIDED, 12, undecided=(REFUSED,))
    broken = outcome("owner-known", Status.VIOLATED, 14, findings=(NO_MAINTAINER,))
    verdict = Failed(SUBJECT, BOTH, (upcoming, accepted, warning, doubt, TAGGED, broken))
    found = problems(Judged("x", verdict))
    assert [(one.rule, one.state.value) for one in found] == [
        ("owner-known", "violated"),
        ("signed", "undecided"),
        ("tidy", "violated"),
        ("no-critical", "waived"),
        ("documented", "upcoming"),
    ]
    assert [one.weight for one in found] == [Weight.ERROR, Weight.ERROR, Weight.WARNING, Weight.NOTE, Weight.NOTE]


def test_what_no_rule_says_comes_first_and_is_an_error() -> None:
    """A tag that was moved stands in the way of everything."""
    moved = Undecided(reason("tag-moved"), "the tag was moved", "Run the gate again.")
    doubt = outcome("signed", Status.UNDECIDED, 12, undecided=(REFUSED,))
    found = problems(Judged("x", Undetermined(SUBJECT, BOTH, (doubt,), (moved, REFUSED))))
    assert [(one.rule, one.place, one.what) for one in found[:1]] == [("", None, "the tag was moved")]
    assert found[0].weight is Weight.ERROR
    assert [one.reason.code for one in found] == ["tag-moved", "unauthorized"]


def test_a_passed_run_has_no_problem() -> None:
    """Satisfied and not applicable rules are none."""
    assert problems(passed().judged[0]) == ()


def test_an_upcoming_rule_that_would_hold_is_no_problem() -> None:
    """Only `documented` would be violated."""
    found = problems(waived().judged[0])
    assert [one.rule for one in found] == ["no-critical", "documented"]
    assert found[1].starts == "2027-01-01"


def test_details_say_expected_got_where_and_fix() -> None:
    """An empty value is seen where another was expected."""
    first, *_ = problems(failed().judged[0])
    assert details(first) == (
        ("expected", "an e-mail address, as team@example.com"),
        ("got", "the platform team "),
        ("on", "every platform"),
        ("fix", 'Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.'),
    )
    root = next(one for one in problems(failed().judged[0]) if one.reason.code == "image-runs-as-root")
    assert ("got", "(empty)") in details(root)


def test_details_of_a_doubt_say_who_was_asked() -> None:
    """What came back, and from where."""
    [one] = problems(undetermined().judged[0])
    assert dict(details(one))["got"].startswith("401 from https://ghcr.io/v2/")
    bare = Undecided(reason("x"), "what", "fix")
    [one] = problems(Judged("x", Undetermined(None, (), (), (bare,))))
    assert details(one) == (("fix", "fix"),)


def test_details_of_a_waived_finding_say_who_accepted_it() -> None:
    """Until when and why; without a ticket where there is none."""
    one = problems(waived().judged[0])[0]
    said = dict(details(one))
    assert said["waived until"] == "2026-12-31 (waivers.yaml:4:3, SEC-12)"
    assert said["owner"] == "jane@acme.example"
    assert one.waived is not None
    bare = replace(one, waived=replace(one.waived, ticket=""))
    assert dict(details(bare))["waived until"] == "2026-12-31 (waivers.yaml:4:3)"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("gate.yaml", "gate.yaml"),
        ("./a/./b//c.yaml", "a/b/c.yaml"),
        ("a\\b.yaml", "a/b.yaml"),
        ("a/b:c.yaml", "a/b:c.yaml"),
        ("/etc/gate.yaml", ""),
        ("\\\\server\\gate.yaml", ""),
        ("..", ""),
        ("a/../../b", ""),
        ("..\\b", ""),
        ("C:\\gate.yaml", ""),
        ("./C:/gate.yaml", ""),
        ("builtin:baseline", ""),
        ("", ""),
        (".", ""),
    ],
)
def test_a_path_in_the_checkout_is_relative_and_stays_inside(path: str, found: str) -> None:
    """What is elsewhere has no place in a report that CI systems lay over the repository."""
    assert in_checkout(path) == found


@given(st.text(alphabet="a./\\:~ ", max_size=12))
def test_no_path_leads_out_of_the_checkout(path: str) -> None:
    """Nor is it taken for a scheme or a drive."""
    found = in_checkout(path)
    assert not found.startswith("/")
    assert ".." not in found.split("/")
    assert ":" not in found.split("/", maxsplit=1)[0]


def test_a_place_that_is_no_rule_file_is_not_taken_for_one() -> None:
    """`command line:1:1` names no file; the rule file stands in for it."""
    one = outcome("expected-digest", Status.VIOLATED, findings=(NO_MAINTAINER,))
    one = replace(one, place=replace(one.place, path="command line", line=7))
    [found] = listed(document(Failed(SUBJECT, BOTH, (one,)), 1))
    assert (found.path, found.line, found.column) == ("gate.yaml", 1, 1)


def test_without_a_rule_file_in_the_checkout_there_is_no_path() -> None:
    """A waiver file or a key is none."""
    files = tuple(file for file in failed().closure.files if file.role != "rules")
    one = replace(failed(), closure=replace(failed().closure, files=files))
    assert {found.path for found in listed(one)} == {""}


def test_every_problem_of_every_image_has_a_name_of_its_own() -> None:
    """Also where two images are of one repository."""
    for one in (several(), many_findings(), waived()):
        names = [found.fingerprint for found in listed(one)]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("ghcr.io/acme/app:1.4.2", "ghcr.io/acme/app"),
        ("nginx", "docker.io/library/nginx"),
        (f"localhost:5000/app@{SUBJECT.digest}", "localhost:5000/app"),
        ("not an image", "not an image"),
    ],
)
def test_an_image_that_was_not_resolved_has_the_repository_it_was_typed_with(image: str, name: str) -> None:
    """Without tag and digest, so that it is the same for the next build."""
    assert repository(Judged(image, unresolved().judged[0].verdict)) == name


def test_a_layout_has_its_place_for_a_repository() -> None:
    """Files have no repository name."""
    verdict = replace(passed().judged[0].verdict, subject=replace(SUBJECT, repository="", place="oci:app"))
    assert repository(Judged("oci:app:1", verdict)) == "oci:app"


@pytest.mark.parametrize(("number", "shown", "left"), [(0, 0, 0), (3, 3, 0), (4, 2, 2), (100, 2, 98)])
def test_what_is_cut_leaves_room_for_saying_so(number: int, shown: int, left: int) -> None:
    """Of four with room for three, two and a line."""
    items, missing = capped(range(number), 3)
    assert (len(items), missing) == (shown, left)


def test_rules_are_counted_as_the_report_for_people_does() -> None:
    """Violated first; a warning is counted as a warning."""
    assert counted(summarise(failed().judged[0].verdict)) == "2 violated, 1 warning, 2 satisfied, 1 not applicable"
    assert counted(()) == "no rule was judged"
    two = tuple(outcome(name, Status.VIOLATED, level=Level.WARNING, findings=(ROOT,)) for name in "ab")
    assert counted(summarise(Failed(SUBJECT, BOTH, (*two, *failed().judged[0].verdict.outcomes)))).startswith(
        "2 violated, 3 warnings"
    )


def test_the_meaning_of_the_exit_code_is_said() -> None:
    """As the last line of the report for people."""
    assert meaning(passed()) == "exit code 0: may go on"
    assert meaning(failed()) == "exit code 1: must not go on"
    assert meaning(undetermined()) == "exit code 3: must not go on (no verdict is not a policy result)"
    assert meaning(unenforced()) == "exit code 0: not enforced until 2027-01-15"
    assert meaning(replace(passed(), exit_code=9)) == "exit code 9: no verdict"
