"""JUnit XML: Jenkins' schema, one case a rule, and no suite that is green without a pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema
from hypothesis import given, settings

from gate.report import Document, Style
from gate.reports.junit import MOST_FINDINGS, RENDERER
from gate.verdict import Failed, Level, Passed, Status
from tests.reports.documents import (
    AMD64,
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    SAMPLES,
    SUBJECT,
    TAGGED,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    place,
    several,
    undetermined,
    unenforced,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents


@cache
def schema() -> xmlschema.XMLSchema:
    """Give the schema of Jenkins' xUnit plug-in."""
    return xmlschema.XMLSchema(str(Path(__file__).parent / "schemas" / "junit-10.xsd"))


def text_of(one: Document) -> str:
    """Render."""
    return RENDERER.render(one, Style())


def read(one: Document) -> Element:
    """Render and read back."""
    return fromstring(text_of(one))  # noqa: S314 -- ours, and without a DTD


def cases(one: Document) -> dict[str, Element]:
    """Give the cases of the first suite by name."""
    suite = read(one).find("testsuite")
    assert suite is not None
    return {case.get("name", ""): case for case in suite.iter("testcase")}


def child(case: Element) -> str:
    """Give what a case is: failure, error, skipped, or passed."""
    kinds = [node.tag for node in case if node.tag != "system-out"]
    assert len(kinds) <= 1
    return kinds[0] if kinds else "passed"


def is_whole(root: Element) -> None:
    """Assert that the counts are those of the cases, and that no two cases have one name."""
    assert root.tag == "testsuites"
    for suite in root:
        found = Counter(child(case) for case in suite.iter("testcase"))
        assert int(suite.get("tests", "-1")) == sum(found.values()) > 0
        assert int(suite.get("failures", "-1")) == found["failure"]
        assert int(suite.get("errors", "-1")) == found["error"]
        assert int(suite.get("skipped", "-1")) == found["skipped"]
    for key, kind in (("failures", "failure"), ("errors", "error")):
        assert int(root.get(key, "-1")) == len(list(root.iter(kind)))
    for suite in root:
        names = [(case.get("classname"), case.get("name")) for case in suite.iter("testcase")]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_follows_jenkins_schema(name: str) -> None:
    """Every sample, with counts that are right."""
    schema().validate(text_of(SAMPLES[name]))
    is_whole(read(SAMPLES[name]))


@given(documents())
@settings(max_examples=60)
def test_whatever_others_wrote_it_follows_jenkins_schema(one: Document) -> None:
    """No character that XML forbids, no `]]>`, no element of others, no attachment of GitLab's."""
    text = text_of(one)
    schema().validate(text)
    root = fromstring(text)  # noqa: S314 -- ours, and without a DTD
    is_whole(root)
    assert {node.tag for node in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert "]]>" not in text
    assert "[[" not in text
    assert "<!" not in text


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_suite_is_green_only_if_the_verdict_is_passed(name: str) -> None:
    """Also where no rule was judged, or none was broken."""
    for suite in read(SAMPLES[name]):
        verdict = next(node.get("value") for node in suite.iter("property") if node.get("name") == "verdict")
        is_green = suite.get("failures") == suite.get("errors") == "0"
        assert is_green == (verdict == "passed")


def test_a_violated_rule_is_a_failure_with_everything_in_its_text() -> None:
    """GitLab shows the text, not the message."""
    failure = cases(failed())["owner-known"].find("failure")
    assert failure is not None
    assert failure.get("type") == "label-format"
    assert failure.get("message") == "the label maintainer is no e-mail address"
    assert failure.text == (
        "violated at gate.yaml:14:3\n"
        "why: Somebody has to be called when it breaks at night.\n"
        "- the label maintainer is no e-mail address [label-format]\n"
        "    expected: an e-mail address, as team@example.com\n"
        "    got: the platform team \n"
        "    on: every platform\n"
        '    fix: Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.'
    )


def test_an_undecided_rule_is_an_error_that_says_who_was_asked() -> None:
    """It could not be told: that is no policy result."""
    found = cases(undetermined())
    error = found["signed"].find("error")
    assert error is not None
    assert error.get("type") == "unauthorized"
    assert "got: 401 from https://ghcr.io/v2/" in (error.text or "")
    assert child(found["verdict"]) == "error"


def test_waived_upcoming_and_not_applicable_rules_are_skipped() -> None:
    """With who accepted what, until when and why."""
    found = cases(waived())
    assert {name: child(case) for name, case in found.items()} == {
        "verdict": "passed",
        "no-critical": "skipped",
        "documented": "skipped",
        "licensed": "skipped",
        "version-tag": "passed",
        "signed": "passed",
    }
    skipped = found["no-critical"].find("skipped")
    assert skipped is not None
    assert "waived until: 2026-12-31 (waivers.yaml:4:3, SEC-12)" in (skipped.text or "")
    assert "owner: jane@acme.example" in (skipped.text or "")
    assert child(cases(passed())["small"]) == "skipped"


def test_a_rule_of_level_warning_passes_and_says_what_it_found() -> None:
    """JUnit has no warnings, and a failure that fails nothing confuses."""
    case = cases(failed())["not-root"]
    assert child(case) == "passed"
    output = case.find("system-out")
    assert output is not None
    assert "the image runs as root [image-runs-as-root]" in (output.text or "")
    assert (output.text or "").endswith("a warning decides nothing")


def test_an_undecided_warning_passes_too() -> None:
    """It decides nothing either way."""
    tidy = outcome("tidy", Status.UNDECIDED, 20, undecided=(REFUSED,), level=Level.WARNING)
    assert child(cases(document(Passed(SUBJECT, BOTH, (TAGGED, tidy)), 0))["tidy"]) == "passed"


def test_the_first_case_is_the_verdict_with_digest_and_exit_code() -> None:
    """A clean run has tests, too."""
    case = next(iter(cases(passed()).values()))
    assert case.get("name") == "verdict"
    output = case.find("system-out")
    assert output is not None
    lines = (output.text or "").splitlines()
    assert lines[0] == f"passed: ghcr.io/acme/app:1.4.2 -> {SUBJECT.digest}"
    assert lines[2] == "run: exit code 0: may go on"
    assert lines[3].startswith("the completeness of trivy-amd64.json is unproven")


def test_the_verdict_case_says_why_nothing_was_judged() -> None:
    """A tag that does not exist has no rule to say so."""
    error = cases(unresolved())["verdict"].find("error")
    assert error is not None
    assert "- undecided: ghcr.io/acme/app has no tag 1.4.2 [tag-not-found]" in (error.text or "")


def test_an_unenforced_failure_is_a_failure_that_says_it_is_not_enforced() -> None:
    """The verdict stays what it is (S25)."""
    failure = cases(unenforced())["verdict"].find("failure")
    assert failure is not None
    assert "exit code 0: not enforced until 2027-01-15" in (failure.text or "")


def test_names_are_the_same_for_the_next_build() -> None:
    """History compares cases by name: no digest, tag or time is in it."""
    assert {case.get("classname") for case in cases(failed()).values()} == {"gate.ghcr.io/acme/app"}


def test_two_tags_of_one_repository_have_names_of_their_own() -> None:
    """Of two cases with one name GitLab keeps the first only."""
    [judged] = passed().judged
    two = replace(passed(), judged=(judged, replace(judged, image="ghcr.io/acme/app:1.4.3")))
    names = [(case.get("classname"), case.get("name")) for case in read(two).iter("testcase")]
    assert len(set(names)) == len(names)


def test_two_rules_of_one_name_have_cases_of_their_own() -> None:
    """Two files may each have one."""
    both = (
        outcome("owner-known", Status.VIOLATED, 14, findings=(NO_MAINTAINER,)),
        outcome("owner-known", Status.SATISFIED, 20),
        outcome("verdict", Status.SATISFIED, 30),
    )
    found = cases(document(Failed(SUBJECT, BOTH, both), 1))
    assert list(found) == ["verdict", "owner-known", "owner-known (2)", "verdict (2)"]
    assert child(found["owner-known (2)"]) == "passed"


def test_more_findings_than_anybody_reads_are_counted() -> None:
    """GitLab refuses files of 30 MB."""
    many = tuple(vulnerability(number) for number in range(MOST_FINDINGS + 3))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=many)
    text = text_of(document(Failed(SUBJECT, (AMD64,), (one,)), 1))
    assert "- and 3 more" in text
    assert "more" not in text_of(many_findings())


def test_a_run_over_no_image_has_a_case_that_is_an_error() -> None:
    """No tests would look like nothing wrong."""
    root = read(replace(passed(), judged=(), exit_code=3))
    schema().validate(text_of(replace(passed(), judged=(), exit_code=3)))
    assert [node.text for node in root.iter("error")] == ["no image was judged"]


def test_several_images_are_several_suites() -> None:
    """One each, in the order you named them."""
    assert [suite.get("name") for suite in read(several())] == [
        "ghcr.io/acme/app:1.4.2",
        "ghcr.io/acme/worker:1.4.2",
        "ghcr.io/acme/cron:1.4.2",
    ]


def test_what_xml_forbids_shows_as_an_escape() -> None:
    """A NUL, a lone surrogate, U+FFFE: not even as a character reference are they allowed (XML 1.0, 2.2)."""
    evil = replace(NO_MAINTAINER, what="a\x00b\x1b[31m\ud800\ufffe]]><failure/>", got="[[[ATTACHMENT|/etc/passwd]]")
    one = outcome("owner-known", Status.VIOLATED, 14, findings=(evil,), place=place(14, "<&\">'.yaml"))
    failure = cases(document(Failed(SUBJECT, BOTH, (one,)), 1))["owner-known"].find("failure")
    assert failure is not None
    assert failure.get("message") == "a\\x00b\\x1b[31m\\ud800\\ufffe]]><failure/>"
    assert "violated at <&\">'.yaml:14:3" in (failure.text or "")
    assert "got: [ [ [ATTACHMENT|/etc/passwd]]" in (failure.text or "")
