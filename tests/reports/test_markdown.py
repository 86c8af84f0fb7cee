"""The Markdown summary: what is wrong first, and nothing in it that others could make a link, image or mention of."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gate.finding import Note
from gate.report import ClosureFile, Document, Judged, Style
from gate.reports.markdown import MOST_BYTES, MOST_IMAGES, MOST_ROWS, RENDERER
from gate.verdict import Failed, Passed, Status
from tests.reports.documents import (
    AMD64,
    BOTH,
    IMAGE,
    NO_MAINTAINER,
    SAMPLES,
    SUBJECT,
    TAGGED,
    digest_of,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    several,
    undetermined,
    unenforced,
    unresolved,
    vulnerability,
    waived,
)
from tests.reports.hostile import documents, texts_of, with_texts

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
#: What the summary is made of, between its blocks and inside of its lines.
BLOCKS = {
    "heading",
    "paragraph",
    "inline",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "bullet_list",
    "list_item",
    "html_block",
}
INLINE = {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close", "hardbreak", "softbreak"}
OUR_HTML = re.compile(r"<details><summary>(\d+ [a-z ]+|What decided)</summary>\n?|</details>\n?")


def shown(one: Document) -> str:
    """Render."""
    return RENDERER.render(one, Style())


def tokens(one: Document) -> list[Token]:
    """Render and read back as GitHub reads Markdown."""
    return READER.parse(shown(one))


def words(text: str) -> str:
    """Give what people read of Markdown, on one line."""
    plain = html.unescape(re.sub(r"[`*\\]", "", text)).replace("\u200b", "")
    return " ".join(plain.split())


def is_ours(found: list[Token]) -> None:
    """Assert that nothing but our blocks and plain text is there."""
    for token in found:
        assert re.sub("_(open|close)$", "", token.type) in BLOCKS
        if token.type == "html_block":
            assert OUR_HTML.fullmatch(token.content), token.content
        for child in token.children or []:
            assert child.type in INLINE, (child.type, child.content)
            if child.type == "text":
                assert not re.search(r"@\w|#\d|:\w+:|://|\bwww\.", child.content), child.content


def shape(found: list[Token]) -> list[tuple[str, int]]:
    """Give the blocks with their depth."""
    return [(token.type, token.level) for token in found]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_reads_as_our_blocks_and_plain_text(name: str) -> None:
    """Every sample."""
    is_ours(tokens(SAMPLES[name]))


@given(documents())
@settings(max_examples=150)
def test_whatever_others_wrote_it_reads_as_our_blocks_and_plain_text(one: Document) -> None:
    """No link, image, HTML, mention, heading, list or table of others (S43)."""
    is_ours(tokens(one))


@given(documents())
@settings(max_examples=100)
def test_whatever_others_wrote_the_structure_is_that_of_harmless_texts(one: Document) -> None:
    """The same document with a plain word in the place of each text has the same rows and cells."""
    plain = {text: f"word{number}" for number, text in enumerate(texts_of(one))}
    assert shape(tokens(one)) == shape(tokens(with_texts(one, plain.__getitem__)))


@given(documents())
@settings(max_examples=60)
def test_every_section_that_is_folded_ends(one: Document) -> None:
    """Nothing else disappears into it."""
    folds = [token.content.startswith("<details>") for token in tokens(one) if token.type == "html_block"]
    assert folds == [True, False] * (len(folds) // 2)


@pytest.mark.parametrize(
    ("one", "heading"),
    [
        (passed(), "## ✅ image-gate: passed"),
        (failed(), "## ❌ image-gate: failed"),
        (undetermined(), "## ⚠️ image-gate: undetermined"),
        (unenforced(), "## ❌ image-gate: failed (not enforced until 2027-01-15)"),
        (several(), "## ❌ image-gate: failed"),
    ],
    ids=["passed", "failed", "undetermined", "unenforced", "several"],
)
def test_the_heading_is_the_verdict(one: Document, heading: str) -> None:
    """Read first, also where only one line is shown."""
    assert shown(one).splitlines()[0] == heading


def test_image_digest_and_counts_stand_below() -> None:
    """Before anything else."""
    assert shown(failed()).splitlines()[2:5] == [
        f"Image: `ghcr.io/acme/app:1.4.2` → `{SUBJECT.digest}`\\",
        "Platforms: `linux/amd64`, `linux/arm64`\\",
        "Rules: 2 violated, 1 warning, 2 satisfied, 1 not applicable",
    ]
    assert "→ not resolved" in shown(unresolved())


def rows(one: Document) -> list[str]:
    """Give the rows of the first table, without its head."""
    lines = shown(one).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| ---"))
    return [line for line in lines[start + 1 : lines.index("", start)] if line.startswith("|")]


def test_what_is_wrong_is_a_table_with_what_to_do() -> None:
    """Errors, then warnings."""
    found = rows(failed())
    assert found[0] == (
        "| **violated** `owner-known` `gate.yaml:14:3` | the label maintainer is no e-mail address (on every platform) "
        "`label-format` | `an e-mail address, as team@example.com` | ` the platform team  ` | "
        'Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again. |'
    )
    assert [row.split("**")[1] for row in found] == ["violated", "violated", "violated", "warning"]
    assert "| `a user that is not root` | *(empty)* |" in found[3]


def test_what_could_not_be_told_is_in_the_table() -> None:
    """With who was asked; without a rule where none says it."""
    assert "**undecided** `signed` `gate.yaml:12:3`" in rows(undetermined())[0]
    assert "`401 from https://ghcr.io/v2/acme/app/referrers/" in rows(undetermined())[0]
    assert rows(unresolved())[0].startswith("| **no verdict** | ghcr.io/acme/app has no tag 1.4.2 `tag-not-found` |")


def test_waived_and_upcoming_findings_and_waivers_are_folded() -> None:
    """They stop nobody."""
    text = shown(waived())
    for title in ("1 accepted by a waiver", "1 that will count later", "2 waivers to renew or remove", "2 satisfied"):
        assert f"<details><summary>{title}</summary>" in text
    assert "| 2026-12-31 | `jane@acme.example` | The vulnerable function is not called" in text
    assert (
        "| expired | `owner-known` | `label maintainer` | 2026-11-01 | `joe@acme.example` | `waivers.yaml:12:3` |"
        in text
    )
    assert "| `documented` | the label org.opencontainers.image.documentation is missing" in text


def test_what_decided_is_at_the_end() -> None:
    """Rules digest, time, files and options (S24)."""
    text = shown(passed())
    assert f"exit code 0: may go on; rules `{passed().closure.rules_digest}`. More about a reason:" in text
    assert "- as of `2026-11-24T12:00:00Z`, gate `0.1.0`" in text
    assert f"- `key` `keys/release.pub` `{digest_of('release.pub')}`" in text
    assert "- option `--at` `2026-11-24T12:00:00Z`" in text


def test_several_images_have_a_table_and_a_section_each() -> None:
    """In the order you named them."""
    text = shown(several())
    assert rows(several())[0].startswith("| ✅ passed | `ghcr.io/acme/app:1.4.2` | `sha256:")
    assert rows(several())[2].startswith("| ⚠️ undetermined | `ghcr.io/acme/cron:1.4.2` | not resolved | no rule was")
    places = [text.index(f": `ghcr.io/acme/{name}:1.4.2`\n") for name in ("app", "worker", "cron")]
    assert places == sorted(places)


def test_a_run_over_no_image_says_so() -> None:
    """Nothing judged is nothing passed (S2)."""
    text = shown(replace(passed(), judged=(), exit_code=3))
    assert text.startswith("## ⚠️ image-gate: undetermined\n\nNo image was judged.\n")


def test_more_rows_than_anybody_reads_are_counted() -> None:
    """Nothing is left out silently."""
    many = tuple(vulnerability(number) for number in range(MOST_ROWS + 5))
    one = on(AMD64, "no-critical", Status.VIOLATED, findings=many)
    text = shown(document(Failed(SUBJECT, (AMD64,), (one,)), 1))
    assert "… and 5 more in the other reports." in text
    assert len(rows(many_findings())) == 30


def large() -> Document:
    """Give as much as there can be: many images with many findings of long texts, each character an escape."""
    evil = "@" * 5000
    finding = replace(NO_MAINTAINER, what=evil, expected="|" * 5000, got="|a" * 2500, fix=evil)
    found = tuple(replace(finding, what=f"{number}{evil}") for number in range(MOST_ROWS + 10))
    verdict = Failed(SUBJECT, BOTH, (outcome(evil, Status.VIOLATED, findings=found, why=evil),))
    notes = tuple(Note(f"{number}{evil}", headline=True) for number in range(200))
    judged = tuple(Judged(f"{IMAGE}{number}{evil}", verdict, notes) for number in range(MOST_IMAGES + 10))
    files = tuple(ClosureFile("rules", f"{number}{evil}", digest_of("x")) for number in range(500))
    return replace(failed(), judged=judged, closure=replace(failed().closure, files=files))


def test_the_summary_stays_below_what_github_takes() -> None:
    """Above 1 MiB GitHub shows nothing of it; what is missing is counted, and sections still end."""
    text = shown(large())
    assert MOST_BYTES < len(text.encode()) + 20_000 < 1024 * 1024
    assert re.search(r"… \d+ lines are left out here; the other reports have all\.\n$", text)
    assert text.count("<details>") == text.count("</details>")
    assert text.startswith("## ❌ image-gate: failed\n")


def test_images_beyond_the_first_fifty_are_counted() -> None:
    """They are in the table."""
    [judged] = passed().judged
    many = tuple(replace(judged, image=f"ghcr.io/acme/app:{number}") for number in range(MOST_IMAGES + 3))
    text = shown(replace(passed(), judged=many))
    assert "… and 3 more images in the other reports." in text
    assert "`ghcr.io/acme/app:52`" in text


def test_a_long_list_of_rules_or_files_is_counted() -> None:
    """A list of a hundred entries is long enough."""
    good = tuple(outcome(f"rule-{number}", Status.SATISFIED) for number in range(103))
    files = tuple(ClosureFile("rules", f"{number}.yaml", digest_of("x")) for number in range(104))
    one = document(Passed(SUBJECT, BOTH, (TAGGED, *good)), 0)
    text = shown(replace(one, closure=replace(one.closure, files=files)))
    assert "<details><summary>104 satisfied</summary>" in text
    assert text.count("- … and 4 more") == 2


@pytest.mark.parametrize(
    "evil",
    [
        "![x](https://evil.example/x.png)", "<img src=https://evil.example/x.png>", "[x](javascript:alert(1))", "@acme/everybody",
        "| x | y |", "</details>", "<!-- ", "# heading", "- item", "```", "~~~", "[x]: https://evil.example", "https://evil.example",
        "www.evil.example", "me@evil.example", "#1", "GH-1", ":white_check_mark:", "$$x$$", "> [!NOTE]", "&nbsp;", "\\", "**bold**",
    ],
)  # fmt: skip
def test_what_means_something_in_markdown_shows_as_it_is(evil: str) -> None:
    """In each place where a text of others stands."""
    finding = replace(NO_MAINTAINER, what=evil, expected=evil, got=evil, fix=evil)
    one = document(Failed(SUBJECT, BOTH, (outcome(evil, Status.VIOLATED, findings=(finding,)),)), 1)
    found = READER.parse(shown(one))
    is_ours(found)
    cells = [
        "".join(child.content for child in token.children or []).replace("\u200b", "")
        for token in found
        if token.type == "inline" and token.level == 4
    ]
    assert any(evil in cell for cell in cells)
