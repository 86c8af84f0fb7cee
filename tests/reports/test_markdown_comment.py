"""The short form for a pull request: one glance, and never too long to post."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from gate.brief import MOST_CHARACTERS
from gate.finding import Note
from gate.report import Document, Judged, Style
from gate.reports.markdown_comment import MARK, RENDERER
from gate.verdict import Failed, Status
from tests.reports.documents import (
    BOTH,
    IMAGE,
    NO_MAINTAINER,
    SAMPLES,
    SUBJECT,
    failed,
    many_findings,
    outcome,
    passed,
    several,
    undetermined,
    unenforced,
)
from tests.reports.hostile import documents, texts_of, with_texts

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
INLINE = {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close", "softbreak"}


def shown(one: Document) -> str:
    """Render."""
    return RENDERER.render(one, Style())


def is_ours(text: str) -> None:
    """Assert that it is our mark, headings, paragraphs and lists of plain text."""
    found = READER.parse(text)
    assert [token.content for token in found if token.type.startswith("html")] == [f"{MARK}\n"]
    for token in found:
        assert token.type.removesuffix("_open").removesuffix("_close") in {
            "html_block", "heading", "paragraph", "inline", "bullet_list", "list_item",
        }  # fmt: skip
        assert {child.type for child in token.children or []} <= INLINE


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_reads_as_a_mark_a_heading_and_lists(name: str) -> None:
    """Every sample."""
    is_ours(shown(SAMPLES[name]))


@given(documents())
@settings(max_examples=150)
def test_whatever_others_wrote_it_reads_as_a_mark_a_heading_and_lists(one: Document) -> None:
    """No link, image, mention or HTML of others, and not more blocks than with plain words (S43)."""
    is_ours(shown(one))
    plain = {text: f"word{number}" for number, text in enumerate(texts_of(one))}
    other = READER.parse(shown(with_texts(one, plain.__getitem__)))
    assert [token.type for token in READER.parse(shown(one))] == [token.type for token in other]


def test_the_mark_comes_first_and_the_verdict_second() -> None:
    """By the mark, the comment of the run before is found and replaced."""
    lines = shown(failed()).splitlines()
    assert lines[:6] == [
        "<!-- image-gate -->",
        "",
        "### ❌ image-gate: failed",
        "",
        f"exit code 1: must not go on; rules `{failed().closure.rules_digest}`",
        "",
    ]
    assert lines[6] == (
        f"❌ `ghcr.io/acme/app:1.4.2` → `{SUBJECT.digest}`: 2 violated, 1 warning, 2 satisfied, 1 not applicable"
    )


def test_each_problem_is_one_line_with_what_to_do() -> None:
    """Rule, problem, what there is, reason."""
    assert (
        "- **violated** `owner-known`: the label maintainer is no e-mail address, got ` the platform team  ` "
        '(`label-format`). Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.'
    ) in shown(failed())
    assert "- **undecided** `signed`: the registry refused to say" in shown(undetermined())


def test_the_worst_ten_are_shown_and_the_rest_counted() -> None:
    """A comment is read on a phone."""
    text = shown(many_findings())
    assert "CVE-2026-0009" in text
    assert "CVE-2026-0010" not in text
    assert "- … and 21 more" in text


def test_several_images_stand_worst_first() -> None:
    """Only five are shown: those that stop."""
    text = shown(several())
    assert text.index("acme/worker") < text.index("acme/cron") < text.index("acme/app:1.4.2`")
    [judged] = passed().judged
    many = replace(
        several(), judged=(*(replace(judged, image=f"{IMAGE}-{number}") for number in range(9)), several().judged[1])
    )
    assert "ghcr.io/acme/worker" in shown(many)
    assert "… and 6 more images." in shown(many)


def test_notes_and_unenforced_runs_are_said() -> None:
    """What weakens the verdict (S19, S25)."""
    assert "- **Note:** the completeness of trivy-amd64.json is unproven" in shown(passed())
    assert "### ❌ image-gate: failed (not enforced until 2027-01-15)" in shown(unenforced())


def test_a_run_over_no_image_says_so() -> None:
    """Nothing judged is nothing passed (S2)."""
    text = shown(replace(passed(), judged=(), exit_code=3))
    assert "### ⚠️ image-gate: undetermined" in text
    assert "No image was judged." in text


def test_it_stays_below_what_github_takes_for_a_comment() -> None:
    """65,536 characters; verdict and meaning are always there."""
    evil = "@" * 5000
    finding = replace(NO_MAINTAINER, what=evil, got="|a" * 2500, fix=evil)
    found = tuple(replace(finding, what=f"{number}{evil}") for number in range(50))
    verdict = Failed(SUBJECT, BOTH, (outcome(evil, Status.VIOLATED, findings=found),))
    notes = tuple(Note(f"{number}{evil}", headline=True) for number in range(9))
    one = replace(failed(), judged=tuple(Judged(f"{number}{'|a' * 400}", verdict, notes) for number in range(9)))
    text = shown(one)
    assert len(text) < 65_536
    assert text.splitlines()[2:5] == [
        "### ❌ image-gate: failed",
        "",
        f"exit code 1: must not go on; rules `{failed().closure.rules_digest}`",
    ]
    assert len(text) < MOST_CHARACTERS + 200
    is_ours(text)
