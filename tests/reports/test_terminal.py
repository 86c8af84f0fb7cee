"""The report for people: verdict first, what to do, summary last, and nothing that obeys somebody else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.columns import columns
from gate.evidence import Look
from gate.finding import Note, Undecided
from gate.report import Document, Judged, Style
from gate.reports.terminal import RENDERER
from gate.verdict import Failed, Level, Passed, Status, Undetermined
from tests.reports.documents import (
    ACCEPTED,
    AMD64,
    ARM64,
    BOTH,
    IMAGE,
    NO_MAINTAINER,
    REFUSED,
    ROOT,
    SAMPLES,
    SIGNED,
    SUBJECT,
    TAGGED,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    reason,
    several,
    undetermined,
    unenforced,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents
from tests.reports.runner import commands

_COLOUR = re.compile(r"\x1b\[(?:0|1;3[123])m")


def shown(one: Document, style: Style = Style()) -> str:  # noqa: B008 -- a frozen value
    """Render for people."""
    return RENDERER.render(one, style)


def words(text: str) -> str:
    """Give the text as one line, for sentences that may be wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("one", "verdict"), [(passed(), "PASSED"), (failed(), "FAILED"), (undetermined(), "UNDETERMINED")]
)
def test_the_first_line_is_verdict_image_and_full_digest(one: Document, verdict: str) -> None:
    """One line, never wrapped: `head -1` has all three."""
    assert shown(one).splitlines()[0] == f"{verdict}  {IMAGE} → {SUBJECT.digest}"


def test_the_rules_digest_comes_before_any_rule() -> None:
    """What decided is said before what it decided (S24)."""
    assert shown(failed()).splitlines()[1] == f"rules   {failed().closure.rules_digest}"


def test_an_advisory_run_says_in_its_first_line_that_it_is_not_enforced() -> None:
    """Nobody reads an unenforced run as an enforced one (S25)."""
    first, *_, last = shown(unenforced(), Style(width=200)).splitlines()
    assert first == f"FAILED (not enforced until 2027-01-15)  {IMAGE} → {SUBJECT.digest}"
    assert last.startswith("FAILED: 2 violated")
    assert last.endswith("exit code 0: not enforced until 2027-01-15")


def test_headline_notes_stand_above_the_rules_once() -> None:
    """What weakens a verdict is read before it is believed (S33)."""
    text = words(shown(passed()))
    note = "note the completeness of trivy-amd64.json is unproven"
    assert text.count(note) == 1
    assert text.index(note) < text.index("satisfied")


def test_a_headline_that_only_an_outcome_carries_is_shown_too() -> None:
    """A note does not depend on who copied it into the image's notes."""
    signed = replace(SIGNED, notes=(Note("the transparency log is not required", headline=True),))
    text = shown(document(Passed(SUBJECT, BOTH, (signed,)), 0))
    assert "note    the transparency log is not required" in text.splitlines()[:4]


def test_a_finding_says_what_is_wrong_expected_got_where_and_what_to_do() -> None:
    """Everything a developer needs stands together."""
    says = """\
VIOLATED   owner-known (gate.yaml:14:3)
  - the label maintainer is no e-mail address [label-format]
    expected  an e-mail address, as team@example.com
    got       "the platform team "
    on        every platform
    fix       Write `LABEL maintainer="team@example.com"` into the Dockerfile
              and build again.
  why  Somebody has to be called when it breaks at night.
"""
    assert says in shown(failed())


def test_an_equal_finding_on_every_platform_is_shown_once() -> None:
    """Four platforms are not four problems (S9)."""
    assert shown(failed()).count(NO_MAINTAINER.what) == 1


def test_a_finding_on_one_of_two_platforms_names_it() -> None:
    """What differs between platforms says where."""
    outcomes = (
        on(AMD64, "one", Status.VIOLATED, findings=(ROOT,)),
        on(ARM64, "one", Status.VIOLATED, findings=(NO_MAINTAINER,)),
    )
    text = words(shown(document(Failed(SUBJECT, BOTH, outcomes), 1)))
    assert f"a user that is not root got (empty) on {AMD64} fix" in text
    assert f'got "the platform team " on {ARM64} fix' in text


def test_what_all_findings_of_a_rule_have_in_common_is_said_once() -> None:
    """Ten vulnerabilities are ten short entries."""
    says = """\
VIOLATED   no-critical (gate.yaml:30:3)
  expected  no vulnerability of severity critical
  on        linux/arm64
  - CVE-2026-0001 in libssl3 3.0.11-1~deb12u2 is critical [vulnerability-found]
    got       critical (nvd), fixed in 3.0.13-1~deb12u1
    fix       Update libssl3 to 3.0.13-1~deb12u1, for example by a newer base
              image.
  - CVE-2026-0002 in zlib1g 3.0.11-1~deb12u2 is critical [vulnerability-found]
    got       critical (nvd), fixed in 3.0.13-1~deb12u1
    fix       Update zlib1g to 3.0.13-1~deb12u1, for example by a newer base
              image.
  fix  Rebuild on the current base image: `make image`.
"""
    assert says in shown(failed())


def test_the_only_platform_of_an_image_is_not_repeated_with_each_finding() -> None:
    """Nothing is told apart, so nothing is said."""
    assert "    on  " not in shown(many_findings())


def test_violated_rules_come_before_undecided_ones_and_warnings_last() -> None:
    """What stops the image is read first."""
    undecided = outcome("signed", Status.UNDECIDED, 12, undecided=(REFUSED,))
    warning = outcome("tidy", Status.VIOLATED, 70, level=Level.WARNING, findings=(NO_MAINTAINER,))
    violated = outcome("owner-known", Status.VIOLATED, 14, findings=(NO_MAINTAINER,))
    text = shown(document(Failed(SUBJECT, BOTH, (warning, undecided, violated)), 1))
    assert text.index("VIOLATED   owner-known") < text.index("UNDECIDED  signed") < text.index("WARNING    tidy")


def test_a_warning_says_that_it_decides_nothing() -> None:
    """A reader sees that fixing it does not change the verdict."""
    assert "WARNING    not-root (gate.yaml:40:3) is violated; a warning decides nothing" in shown(failed())


def test_an_undecided_point_says_who_was_asked_and_what_came_back_in_one_line() -> None:
    """The URL can be copied whole."""
    look = REFUSED.look
    assert look is not None
    assert f"    got       401 from {look.where}\n" in shown(undetermined())


def test_an_undetermined_image_without_digest_says_why_and_what_to_do() -> None:
    """A tag that does not exist reads as a sentence, not as a hole."""
    text = shown(unresolved())
    assert text.startswith(f"UNDETERMINED  {IMAGE} → not resolved\n")
    assert "NO VERDICT  because\n  - ghcr.io/acme/app has no tag 1.4.2 [tag-not-found]\n" in text
    assert "fix Push the image first" in words(text)
    assert "UNDETERMINED: no rule was judged;" in text


def test_what_stands_in_the_way_beside_the_rules_is_said_beside_satisfied_rules() -> None:
    """A moved tag belongs to no rule and is shown all the same."""
    moved = Undecided(reason("tag-moved"), "the tag was moved", "Run the gate again.", Look("https://x", "200"))
    text = shown(document(Undetermined(SUBJECT, BOTH, (TAGGED,), (moved,)), 3))
    assert "  - the tag was moved [tag-moved]\n    got       200 from https://x\n" in text


def test_a_cause_that_a_rule_shows_is_not_shown_twice() -> None:
    """The rule's entry says it already."""
    assert shown(undetermined()).count(REFUSED.what) == 1


def test_a_waived_finding_shows_owner_reason_and_last_day() -> None:
    """Who took the risk, why, and for how long."""
    text = words(shown(waived()))
    assert "WAIVED accepted by a waiver - no-critical: CVE-2026-0007" in text
    assert "until 2026-12-31 (waivers.yaml:4:3, SEC-12) owner jane@acme.example reason The vulnerable function" in text


def test_expired_and_idle_waivers_are_named() -> None:
    """Waivers do not rot unseen."""
    text = words(shown(waived()))
    assert "expired: owner-known (label maintainer), ended 2026-11-01, owner joe@acme.example" in text
    assert "idle: no-critical (id CVE-2025-1111), accepts nothing here, until 2027-03-01" in text


def test_an_upcoming_rule_that_would_be_violated_is_shown_with_its_day() -> None:
    """There is time to repair before it counts."""
    text = words(shown(waived()))
    assert "UPCOMING documented (gate.yaml:50:3) would be violated and holds from 2027-01-01" in text
    assert "upcoming licensed" in text


def test_satisfied_rules_take_one_line() -> None:
    """What holds takes no room."""
    assert "satisfied       version-tag, signed, no-critical\n" in shown(passed())


def test_verbose_shows_who_signed_and_where_was_looked() -> None:
    """`-v` is for who wants to know why it passed."""
    text = shown(passed(), Style(verbose=True))
    assert "    note    signed by release (cosign key SHA256:1f0c…)\n" in text
    assert f"    looked  404 from {SIGNED.looked[0].where}\n" in text
    assert "also    one child is an attestation" in text
    assert "who signed" not in shown(passed())


def test_verbose_lists_what_decided_with_digests() -> None:
    """`-v` names every file with its digest (S24, S27)."""
    text = words(shown(passed(), Style(verbose=True)))
    for file in passed().closure.files:
        assert f"file {file.path} ({file.role}) {file.digest}" in text
    assert "option --at 2026-11-24T12:00:00Z" in text
    assert "deciding nothing: DOCKER_CONFIG, NO_COLOR" in text


def test_what_decided_is_named_without_verbose_too() -> None:
    """Files and options are in every report (S24)."""
    text = words(shown(passed()))
    assert "Judged as of 2026-11-24T12:00:00Z by gate.yaml (rules), keys/release.pub (key), waivers.yaml" in text
    assert "--at 2026-11-24T12:00:00Z" in text


def test_findings_left_out_are_counted_and_verbose_shows_them() -> None:
    """Nothing is left out silently."""
    text, everything = shown(many_findings()), shown(many_findings(), Style(verbose=True))
    assert "  - and 20 more: -v shows all" in text
    assert "CVE-2026-0010" in text
    assert "CVE-2026-0011" not in text
    assert all(vulnerability(number).what in words(everything) for number in range(1, 31))


@pytest.mark.parametrize(
    ("one", "ends"),
    [
        (passed(), "PASSED: 3 satisfied, 1 not applicable; {}; exit code 0: may go on"),
        (failed(), "FAILED: 2 violated, 1 warning, 2 satisfied, 1 not applicable; {}; exit code 1: must not go on"),
        (
            undetermined(),
            "UNDETERMINED: 1 undecided, 1 satisfied; {}; exit code 3: must not go on (no verdict is not a policy result)",
        ),
    ],
)
def test_the_last_line_counts_rules_and_says_what_the_exit_code_means(one: Document, ends: str) -> None:
    """The end of a log is what people see first."""
    assert shown(one, Style(width=200)).splitlines()[-1] == ends.format("rules sha256:6c621d1a0513")


def test_a_rule_that_is_violated_on_one_platform_only_counts_as_violated_once() -> None:
    """Rules are counted, not outcomes."""
    mixed = (
        on(AMD64, "owner-known", Status.SATISFIED),
        on(ARM64, "owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,)),
    )
    last = shown(document(Failed(SUBJECT, BOTH, mixed), 1), Style(width=200)).splitlines()[-1]
    assert last.startswith("FAILED: 1 violated; ")


def test_several_images_have_a_block_each_between_two_overall_lines() -> None:
    """The worst verdict is first and last."""
    lines = shown(several(), Style(width=200)).splitlines()
    assert lines[0] == "FAILED  3 images: 1 passed, 1 failed, 1 undetermined"
    assert lines[1].startswith("rules   sha256:")
    starts = [line.split(" → ")[0] for line in lines if " → " in line]
    assert starts == [
        "PASSED  ghcr.io/acme/app:1.4.2",
        "FAILED  ghcr.io/acme/worker:1.4.2",
        "UNDETERMINED  ghcr.io/acme/cron:1.4.2",
    ]
    assert lines[-1].startswith("FAILED: 3 images: 1 passed, 1 failed, 1 undetermined; rules ")
    assert lines[-1].endswith("exit code 1: must not go on")


def test_a_run_over_no_image_is_no_pass() -> None:
    """Nothing judged is nothing passed (S2)."""
    text = shown(replace(passed(), judged=(), exit_code=3))
    assert text.startswith("UNDETERMINED  no image was judged\n")


def test_values_with_spaces_at_their_ends_and_empty_values_are_seen() -> None:
    """A space too much is often the whole problem."""
    blank = replace(NO_MAINTAINER, got="")
    spaced = replace(NO_MAINTAINER, got=" a ")
    one = outcome("owner-known", Status.VIOLATED, findings=(blank, spaced))
    text = shown(document(Failed(SUBJECT, BOTH, (one,)), 1))
    assert "    got       (empty)\n" in text
    assert '    got       " a "\n' in text


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit_the_width_unless_a_word_or_the_first_line_cannot(name: str, width: int, *, verbose: bool) -> None:
    """Long words stay whole, so that they can be copied; everything else is wrapped."""
    for line in shown(SAMPLES[name], Style(width=width, verbose=verbose)).splitlines():
        is_head = " → " in line
        is_look = " from https://" in line
        longest = max((columns(word) for word in line.split()), default=0)
        assert columns(line) <= width or is_head or is_look or longest > width - 16


def test_a_digest_is_never_broken() -> None:
    """Half a digest cannot be copied."""
    for one in SAMPLES.values():
        text = shown(one, Style(width=60, verbose=True))
        assert text.count(str(one.closure.rules_digest)) == (1 if one.closure.files else 0)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_colour_adds_nothing_but_colour(name: str) -> None:
    """Who has no colour reads the same words."""
    assert _COLOUR.sub("", shown(SAMPLES[name], Style(colour=True))) == shown(SAMPLES[name])


def test_a_pass_is_green_a_failure_red_and_no_verdict_yellow() -> None:
    """The colours everybody expects."""
    for one, ink in ((passed(), "32"), (failed(), "31"), (undetermined(), "33")):
        assert shown(one, Style(colour=True)).startswith(f"\x1b[1;{ink}m")


_STYLES = st.builds(Style, width=st.sampled_from([20, 60, 80, 120]), colour=st.booleans(), verbose=st.booleans())


@given(documents(), _STYLES)
def test_whatever_others_wrote_only_printable_text_comes_out(one: Document, style: Style) -> None:
    """No character moves a cursor, hides, or turns text around (S43)."""
    for character in _COLOUR.sub("", shown(one, style)):
        assert character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(documents(), _STYLES)
def test_whatever_others_wrote_no_runner_finds_a_command(one: Document, style: Style) -> None:
    """Neither GitHub's, Azure's nor TeamCity's parser (S43)."""
    assert commands(shown(one, style)) == []


@given(documents(), _STYLES)
def test_whatever_others_wrote_first_and_last_line_say_the_verdict(one: Document, style: Style) -> None:
    """Nobody can put a line of their own before, between or after ours."""
    lines = _COLOUR.sub("", shown(one, replace(style, width=100_000))).splitlines()
    verdict = re.split(r"[ :]", lines[0])[0]
    assert verdict in {"PASSED", "FAILED", "UNDETERMINED"}
    assert lines[-1].startswith(f"{verdict}: ")
    assert f"exit code {one.exit_code}: " in lines[-1]


def test_a_report_of_a_thousand_findings_stays_short() -> None:
    """A screen, not a scroll."""
    many = tuple(vulnerability(number) for number in range(1000))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=many)
    assert len(shown(document(Failed(SUBJECT, (AMD64,), (one,)), 1)).splitlines()) < 80


def test_a_very_long_text_is_cut_and_says_so() -> None:
    """What is missing is counted."""
    long = replace(NO_MAINTAINER, got="x" * 5000)
    one = outcome("owner-known", Status.VIOLATED, findings=(long,))
    assert "… (+4500 characters)" in words(shown(document(Failed(SUBJECT, BOTH, (one,)), 1)))


def test_nothing_of_a_judged_image_is_lost() -> None:
    """Every headline and waiver of every image is shown."""
    judged = tuple(
        Judged(f"image-{number}", passed().judged[0].verdict, (Note(f"note-{number}", headline=True),))
        for number in range(3)
    )
    text = shown(Document("0.1.0", passed().at, judged, passed().closure, 0))
    assert all(f"note-{number}" in text and f"image-{number}" in text for number in range(3))


def test_an_emergency_is_listed_apart_and_first() -> None:
    """What was let through in an emergency does not stand among the ordinary waivers."""
    glass = replace(ACCEPTED, break_glass=True, reason="the site is down", expires="2026-11-25T20:00:00+00:00")
    accepted = on(AMD64, "no-critical", Status.WAIVED, 30, "vulnerabilities", waived=(ACCEPTED, glass))
    clean = on(ARM64, "no-critical", Status.SATISFIED, 30, "vulnerabilities")
    text = RENDERER.render(document(Passed(SUBJECT, BOTH, (TAGGED, SIGNED, accepted, clean)), 0), Style())
    emergency, ordinary = (
        text.index("BREAK-GLASS  accepted in an emergency"),
        text.index("WAIVED     accepted by a waiver"),
    )
    assert emergency < text.index("the site is down") < ordinary < text.index("The vulnerable function is not called")
