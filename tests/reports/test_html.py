"""The HTML report as text: what it says, in which order, and that nothing of others becomes more than text (S43)."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gate.evidence import Look
from gate.finding import About, Note
from gate.overview import summarise
from gate.report import Document, Judged, Style
from gate.reports.html import MOST_IMAGES, RENDERER
from gate.reports.html.charts import severities
from gate.reports.html.page import MOST_ITEMS, MOST_ROWS
from gate.reports.html.tags import MOST_TEXT, Markup, code, el, join, linked, prose
from gate.verdict import Failed, Level, Status
from tests.reports.documents import (
    ACCEPTED,
    AMD64,
    ARM64,
    BOTH,
    NO_MAINTAINER,
    REFUSED,
    SAMPLES,
    SIGNED,
    SUBJECT,
    document,
    failed,
    many_findings,
    on,
    outcome,
    passed,
    several,
    undetermined,
    unenforced,
    unfinished,
    unresolved,
    vulnerability,
    waived,
)  # fmt: skip
from tests.reports.hostile import documents, with_texts

TAGS: Final = {
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "article", "script",
    "h1", "h2", "h3", "h4", "p", "a", "b", "em", "code", "span", "div", "time", "ul", "li", "dl", "dt", "dd",
    "table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "details", "summary",
    "label", "input", "select", "option", "button", "output", "fieldset", "legend",
}  # fmt: skip
ATTRIBUTES: Final = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "rel", "hidden", "open", "type", "value",
    "checked", "autocomplete", "spellcheck", "role", "scope", "datetime", "tabindex", "aria-label", "aria-labelledby",
    "aria-hidden", "aria-live", "focusable", "data-state", "data-level", "data-on", "data-head", "x", "y", "width", "height",
    "viewbox", "preserveaspectratio",
}  # fmt: skip
_VOID: Final = {"meta", "input"}


@dataclass
class Element:
    """One element with the text inside it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page as a parser reads it: its elements in order, and nothing left open."""

    source: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert [one.tag for one in self._open] == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Give the elements of a tag whose attributes have these values."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [one for one in self.elements if one.tag == tag and wanted.items() <= one.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        """Give the only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    def text(self) -> str:
        """Give what a reader sees."""
        return self.one("body").text.removesuffix(self.one("script").text)


def page(one: Document) -> Page:
    """Render and read a document."""
    return Page(RENDERER.render(one, Style()))


def rule(one: Page, name: str) -> Element:
    """Give the box of one rule."""
    (found,) = [box for box in one.all("section", class_="rule") if name in box.text.split("\n", 1)[0]]
    return found


def in_order(text: str, *words: str) -> bool:
    """Tell whether these words stand in the text, in this order."""
    places = [text.find(word) for word in words]
    assert -1 not in places, dict(zip(words, places, strict=True))
    return places == sorted(places)


# ── what it says ──────────────────────────────────────────────────────────────────────────────────


def test_verdict_image_and_digest_come_first() -> None:
    """Before notes, counts and findings; the title has the verdict too, for whoever has many tabs."""
    read = page(passed())
    assert in_order(read.one("header").text, "passed", "may go on", "ghcr.io/acme/app:1.4.2", str(SUBJECT.digest))
    assert in_order(read.one("main").text, "Note: the completeness of", "4 rules", "version-tag", "What decided")
    assert read.one("title").text == "passed: ghcr.io/acme/app:1.4.2 · image-gate"


@pytest.mark.parametrize(
    ("one", "word", "meaning"),
    [
        (passed(), "passed", "exit code 0: may go on"),
        (failed(), "failed", "exit code 1: must not go on"),
        (undetermined(), "undetermined", "exit code 3: must not go on (no verdict is not a policy result)"),
        (unenforced(), "failed", "exit code 0: not enforced until 2027-01-15"),
        (several(), "failed", "exit code 1: must not go on"),
        (replace(passed(), judged=(), exit_code=3), "undetermined", "exit code 3"),
    ],
    ids=["passed", "failed", "undetermined", "unenforced", "several", "none"],
)
def test_the_heading_is_the_verdict_of_the_run_and_what_it_means(one: Document, word: str, meaning: str) -> None:
    """The exit code follows from the document, and the page says what it means."""
    heading = page(one).one("h1").text
    assert word in heading
    assert meaning in heading


def test_an_unenforced_run_says_so_below_its_verdict() -> None:
    """Nobody takes an exit code 0 of an advisory run for a pass (S25)."""
    assert page(unenforced()).one("p", class_="unenforced").text == "Not enforced until 2027-01-15."
    assert page(failed()).all("p", class_="unenforced") == []


def test_a_run_over_no_image_looks_like_no_pass() -> None:
    """Nothing judged is nothing passed (S2)."""
    read = page(replace(passed(), judged=(), exit_code=3))
    assert "No image was judged." in read.text()
    assert "passed" not in read.text()


def test_a_finding_says_what_was_expected_what_is_there_what_to_do_why_and_where() -> None:
    """Each in its place, with the reason code."""
    box = rule(page(failed()), "owner-known").text
    assert in_order(
        box, "violated", "owner-known", "labels", "1 finding", "gate.yaml:14:3",
        "Somebody has to be called when it breaks at night.",
        "the label maintainer is no e-mail address", "label-format", "on every platform",
        "expected", "an e-mail address, as team@example.com", "got", "the platform team ",
        "fix", 'Write LABEL maintainer="team@example.com" into the Dockerfile and build again.',
    )  # fmt: skip


def test_an_empty_value_is_said_to_be_empty() -> None:
    """Nothing would look like a gap in the page."""
    assert "gotempty" in rule(page(failed()), "not-root").text


def test_the_advice_of_the_rule_file_stands_below_the_findings_of_its_rule() -> None:
    """Beside the fix that each finding has."""
    assert "The rule says: Rebuild on the current base image: make image." in rule(page(failed()), "no-critical").text


def test_what_the_findings_of_a_rule_share_stands_once_above_them() -> None:
    """Thirty times the same expectation would hide what differs."""
    box = rule(page(many_findings()), "no-critical").text
    assert box.count("no vulnerability of severity critical") == 1
    assert box.count("CVE-2026-") == 30


def test_rules_that_stop_the_image_come_first() -> None:
    """In the order of the report for people: violated, undecided, warnings, waived, upcoming, satisfied, the rest."""
    undecided = outcome("signed-too", Status.UNDECIDED, 13, "signature", undecided=(REFUSED,))
    both = (replace(one, rule=f"{one.rule}-too") for one in waived().judged[0].verdict.outcomes)
    first = failed().judged[0].verdict.outcomes
    read = page(document(Failed(SUBJECT, BOTH, (*both, *first, undecided)), 1))
    seen = [(box.attributes["data-state"], box.attributes["data-level"]) for box in read.all("section", class_="rule")]
    assert list(dict.fromkeys(seen)) == [
        ("violated", "error"), ("undecided", "error"), ("violated", "warning"), ("waived", "error"),
        ("upcoming", "error"), ("satisfied", "error"), ("not-applicable", "error"),
    ]  # fmt: skip


def test_an_undecided_point_names_the_place_that_was_asked_and_its_answer() -> None:
    """And what to do about it."""
    box = rule(page(undetermined()), "signed").text
    assert in_order(
        box, "undecided", "the registry refused to say", "unauthorized", "got", "401 from https://ghcr.io/v2/", "fix", "docker login",
    )  # fmt: skip


def test_what_no_rule_says_stands_in_a_box_of_its_own() -> None:
    """A tag that does not exist is no rule's finding."""
    box = rule(page(unresolved()), "No verdict").text
    assert in_order(box, "ghcr.io/acme/app has no tag 1.4.2", "tag-not-found", "404 from")
    assert "not resolved" in page(unresolved()).one("p", class_="digest").text


def test_a_waived_finding_says_until_when_who_and_why() -> None:
    """Also inside of a rule that is violated by others."""
    box = rule(page(failed()), "no-critical").text
    assert in_order(
        box, "CVE-2026-0001", "waived", "CVE-2026-0007", "accepted until", "2026-12-31 by jane@acme.example",
        "because", "The vulnerable function is not called", "ticket", "SEC-12", "waiver", "waivers.yaml:4:3",
    )  # fmt: skip


def test_an_upcoming_rule_says_from_when_and_what_it_would_be() -> None:
    """So that people can act before."""
    read = page(waived())
    assert "Holds from 2027-01-01; today it would be violated." in rule(read, "documented").text
    assert "Holds from 2027-01-01; today it would be satisfied." in rule(read, "licensed").text


def test_waivers_to_look_at_are_listed() -> None:
    """Expired ones and idle ones, with their owners and places; no section where there is none."""
    read = page(waived())
    table = read.one("table", aria_label="Waivers to renew or remove").text
    assert in_order(
        table,
        "expired",
        "owner-known",
        "label maintainer",
        "2026-11-01",
        "joe@acme.example",
        "waivers.yaml:12:3",
        "idle",
    )
    assert page(passed()).all("table", aria_label="Waivers to renew or remove") == []


def test_signatures_say_who_signed_and_how() -> None:
    """What a signature rule noted, and its findings; rules about other things are not there."""
    noted = replace(SIGNED, notes=(Note("signed by release: key sha256:1f0c, log index 7, 2026-11-24T11:00:00Z"),))
    missing = replace(NO_MAINTAINER, what="night has not signed this image", got="no signature at all")
    other = outcome("signed-twice", Status.VIOLATED, 13, "signature", findings=(missing,))
    read = page(document(Failed(SUBJECT, BOTH, (noted, other, outcome("small", Status.SATISFIED))), 1))
    table = read.one("table", aria_label="Signatures").text
    assert in_order(
        table,
        "satisfied",
        "signed by release",
        "key sha256:1f0c, log index 7, 2026-11-24T11:00:00Z",
        "violated",
        "night has",
    )
    assert "no signature at all" in table
    assert "small" not in table


def test_without_a_rule_about_signatures_there_is_no_section_about_them() -> None:
    """An empty one would look as if nobody had signed."""
    assert page(many_findings()).all("table", aria_label="Signatures") == []


def test_evidence_says_where_was_looked_what_came_back_and_for_which_rules() -> None:
    """Each place once."""
    look = Look("https://registry.example/v2/app/referrers/x", "404")
    rules = tuple(outcome(name, Status.SATISFIED, looked=(look,)) for name in ("signed", "complete"))
    broken = outcome("owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,))
    read = page(document(Failed(SUBJECT, BOTH, (*rules, broken)), 1))
    table = read.one("table", aria_label="Where was looked").text
    assert table.count(look.where) == 1
    assert in_order(table, "404", look.where, "signed", "complete")


def test_evidence_also_has_the_places_that_did_not_answer() -> None:
    """Of a rule, and of what stands in the way beside the rules."""
    assert "401" in page(undetermined()).one("table", aria_label="Where was looked").text
    assert "404" in page(unresolved()).one("table", aria_label="Where was looked").text


def test_the_page_says_what_decided() -> None:
    """Time, version, exit code, files, options and the variables that were read, with the digest over the rules (S24)."""
    read = page(failed())
    box = read.one("section", id="decided").text
    assert in_order(
        box, "rules digest", str(failed().closure.rules_digest), "2026-11-24 12:00:00 UTC", "0.1.0", "--at", "DOCKER_CONFIG",
        "gate.yaml", "keys/release.pub", "waivers.yaml", "trivy-amd64.json",
    )  # fmt: skip
    assert all(str(file.digest) in box for file in failed().closure.files)
    assert {one.attributes["datetime"] for one in read.all("time")} == {"2026-11-24T12:00:00Z"}


def test_where_no_rules_were_read_no_digest_is_shown() -> None:
    """The digest of nothing would look like one of something."""
    text = page(unfinished()).text()
    assert "none were read" in text
    assert str(unfinished().closure.rules_digest) not in text


def test_each_reason_is_explained_once_and_linked_from_every_finding() -> None:
    """So that nobody has to look elsewhere."""
    read = page(failed())
    box = read.one("section", id="reasons").text
    assert [box.count(one) for one in ("label-format", "vulnerability-found", "image-runs-as-root")] == [1, 1, 1]
    assert "What it means." in box
    assert "What to do." in box
    assert len(read.all("a", class_="reason")) == 5


def test_a_page_without_a_reason_explains_none() -> None:
    """And its contents do not promise it."""
    assert "What the reasons mean" not in page(passed()).text()


def test_several_images_have_a_table_with_links_and_a_part_each() -> None:
    """The verdict of each, its digest and its counts, before any part."""
    read = page(several())
    table = read.one("table", aria_label="Images")
    assert in_order(
        table.text,
        "passed",
        "app:1.4.2",
        "failed",
        "worker:1.4.2",
        "2 violated, 1 warning",
        "undetermined",
        "not resolved",
    )
    parts = read.all("article")
    assert ["has no tag" in one.text for one in parts] == [False, False, True]
    assert [one.attributes["id"] for one in parts] == [
        (one.attributes["href"] or "")[1:] for one in read.all("a") if one.text.startswith("ghcr.io")
    ]


# ── charts ────────────────────────────────────────────────────────────────────────────────────────


def counted(*outcomes: object) -> dict[str, tuple[int, int]]:
    """Count severities of a failed image with these outcomes."""
    found = outcome("owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,))
    return dict(severities(summarise(Failed(SUBJECT, BOTH, (*outcomes, found)))))  # type: ignore[arg-type]


def test_the_chart_counts_a_vulnerability_once_whatever_finds_it() -> None:
    """Two rules and two platforms find it: it is one."""
    one, other = vulnerability(1), vulnerability(1)
    about = About((*one.about.keys, ("platform", ARM64)))
    rules = (
        on(AMD64, "no-critical", Status.VIOLATED, 1, "vulnerabilities", findings=(one,)),
        on(ARM64, "no-critical", Status.VIOLATED, 1, "vulnerabilities", findings=(replace(other, about=about),)),
        outcome("no-high", Status.VIOLATED, 2, "vulnerabilities", findings=(one, vulnerability(2, severity="high"))),
    )
    assert counted(*rules) == {"critical": (1, 0), "high": (1, 0)}


def test_the_chart_shows_waived_vulnerabilities_apart() -> None:
    """One that another rule still finds stands."""
    accepted = outcome("no-critical", Status.WAIVED, 1, "vulnerabilities", waived=(ACCEPTED,))
    assert counted(accepted) == {"critical": (0, 1)}
    standing = outcome("no-high", Status.VIOLATED, 2, "vulnerabilities", findings=(ACCEPTED.finding,))
    assert counted(accepted, standing) == counted(standing, accepted) == {"critical": (1, 0)}


def test_the_chart_begins_with_the_worst_and_ends_with_the_unknown() -> None:
    """Unknown may be anything; what is no severity has no bar, nor has a rule that does not hold yet."""
    words = ("unknown", "low", "critical", "negligible", "high", "medium", "denied")
    found = tuple(vulnerability(number, severity=word) for number, word in enumerate(words))
    later = outcome(
        "later", Status.UPCOMING, 3, findings=(vulnerability(9, severity="none"),), would_be=Status.VIOLATED
    )
    rules = outcome("no-high", Status.VIOLATED, 2, "vulnerabilities", findings=found)
    assert list(counted(rules, later)) == ["critical", "high", "medium", "low", "negligible", "unknown"]


def test_every_bar_has_its_number_beside_it() -> None:
    """A picture alone says nothing to whoever cannot see it, or prints in black and white."""
    read = page(failed())
    assert "critical2 + 1 waived" in read.one("table", class_="severities").text
    assert read.one("ul", class_="legend").text == "2 ✕ violated1 ! warning2 ✓ satisfied1 – not applicable"
    assert all(one.attributes["aria-hidden"] == "true" for one in read.all("svg"))


def test_the_parts_of_a_bar_fill_it_without_a_gap() -> None:
    """Whatever the numbers are."""
    bars = [
        one
        for one in page(failed()).all("rect")
        if not str(one.attributes["class"]).startswith(("severity", "accepted"))
    ]
    ends = [int(one.attributes["x"] or 0) + int(one.attributes["width"] or 0) for one in bars]
    assert [int(one.attributes["x"] or 0) for one in bars] == [0, *ends[:-1]]
    assert ends[-1] == 1000


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────


def test_findings_beyond_the_room_of_a_page_are_counted() -> None:
    """A browser would not open it, and the JSON report has them all."""
    found = tuple(vulnerability(number) for number in range(MOST_ITEMS + 5))
    one = on(AMD64, "no-critical", Status.VIOLATED, 30, "vulnerabilities", findings=found)
    other = on(AMD64, "no-high", Status.VIOLATED, 31, "vulnerabilities", findings=found[:3])
    text = RENDERER.render(document(Failed(SUBJECT, (AMD64,), (one, other)), 1), Style())
    assert text.count('<li class="item"') == MOST_ITEMS
    assert "… and 5 more findings: the JSON report has all." in text
    assert "… and 3 more findings: the JSON report has all." in text


def test_images_beyond_the_room_of_a_page_are_counted() -> None:
    """The worst of all images is the heading all the same."""
    first = passed().judged[0]
    many = (*(replace(first, image=f"app:{number}") for number in range(MOST_IMAGES)), failed().judged[0])
    read = page(replace(several(), judged=many))
    assert len(read.all("article")) == MOST_IMAGES
    assert "… and 1 more images: the JSON report has all." in read.text()
    assert "failed" in read.one("h1").text


def test_places_and_notes_beyond_the_room_of_a_table_are_counted() -> None:
    """Whoever answers cannot make the page grow without end."""
    looked = tuple(Look(f"https://registry.example/{number}", "404") for number in range(MOST_ROWS + 2))
    notes = tuple(Note(f"note {number}") for number in range(MOST_ROWS + 3))
    one = outcome("signed", Status.SATISFIED, 1, "signature", looked=looked, notes=notes)
    broken = outcome("owner-known", Status.VIOLATED, findings=(NO_MAINTAINER,))
    text = page(document(Failed(SUBJECT, BOTH, (one, broken)), 1)).text()
    assert "… and 2 more rows: the JSON report has all." in text
    assert "… and 3 more notes: the JSON report has all." in text
    assert "… and 3 more signatures: the JSON report has all." in text


def test_a_text_without_end_is_cut_and_says_so() -> None:
    """A label may be as long as a config."""
    evil = replace(NO_MAINTAINER, got="a" * 1_000_000)
    one = outcome("owner-known", Status.VIOLATED, findings=(evil,))
    text = RENDERER.render(document(Failed(SUBJECT, BOTH, (one,)), 1), Style())
    assert f"(+{1_000_000 - MOST_TEXT} characters)" in text
    assert len(text) < 100_000


# ── nothing of others but text ────────────────────────────────────────────────────────────────────


def policy(read: Page) -> dict[str, list[str]]:
    """Give the directives of the page's content policy."""
    given = read.one("meta", http_equiv="Content-Security-Policy").attributes["content"] or ""
    return {name: values for name, *values in (part.split() for part in given.split(";"))}


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_the_policy_allows_nothing_but_what_is_named_by_hash(sample: str) -> None:
    """No `unsafe-inline`, no address; the hashes are those of the style and the script in the page."""
    read = page(SAMPLES[sample])

    def hashed(tag: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(read.one(tag).text.encode()).digest()).decode() + "'"

    assert policy(read) == {
        "default-src": ["'none'"],
        "style-src": [hashed("style")],
        "script-src": [hashed("script")],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    position = [one.attributes.get("http-equiv") or one.tag for one in read.elements]
    assert position.index("Content-Security-Policy") < position.index("title") < position.index("style")


@pytest.mark.parametrize("name", ["page.css", "page.js"])
def test_style_and_script_ask_for_nothing_and_make_no_elements(name: str) -> None:
    """They are constants: nothing of a document is in them."""
    text = files("gate.reports.html").joinpath(name).read_text(encoding="utf-8")
    forbidden = (
        "url(", "@import", "@font-face", "://", "</", "<!--", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval",
        "fetch", "XMLHttp", "import(", "createElement", "localStorage", "cookie", ".style", "setAttribute", "location",
    )  # fmt: skip
    assert [word for word in forbidden if word in text] == []
    assert text.isascii()


def is_ours(read: Page) -> None:
    """Hold a page to the elements, attributes, ids and links that the gate makes."""
    assert {one.tag for one in read.elements} <= TAGS
    assert {name for one in read.elements for name in one.attributes} <= ATTRIBUTES
    assert [len(read.all(tag)) for tag in ("html", "head", "body", "title", "style", "script", "main", "h1")] == [1] * 8
    ids = [one.attributes["id"] or "" for one in read.elements if "id" in one.attributes]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+[a-z0-9-]*", one) for one in ids)
    for one in read.elements:
        for name in ("class", "data-state", "data-level", "data-on", "value", "name", "x", "width"):
            assert re.fullmatch(r"[a-z0-9 %-]*", one.attributes.get(name) or ""), (name, one.attributes)
        if one.tag == "a":
            target = one.attributes["href"] or ""
            assert (
                target[1:] in ids if target.startswith("#") else (target == one.text and target.startswith("https://"))
            )
        if "aria-labelledby" in one.attributes:
            assert one.attributes["aria-labelledby"] in ids


@given(one=documents())
@settings(max_examples=100)
def test_whatever_others_wrote_the_page_holds_only_what_the_gate_makes(one: Document) -> None:
    """No element, attribute, id, comment or address of others; what is linked is shown whole."""
    is_ours(page(one))


@given(sample=st.sampled_from(sorted(SAMPLES)), text=st.text(min_size=1, max_size=40))
@settings(max_examples=100)
def test_texts_of_others_do_not_change_what_the_page_is_made_of(sample: str, text: str) -> None:
    """Backticks and https addresses aside, the same elements stand in the same order."""
    assume("`" not in text)
    assume("https://" not in text)
    words = dict.fromkeys("abcdefgh")

    def shape(content: str) -> list[tuple[str, tuple[str, ...]]]:
        counter = iter(range(100_000))
        seen: dict[str, str] = {}
        changed = with_texts(SAMPLES[sample], lambda old: seen.setdefault(old, f"{content} {next(counter)}"))
        return [(element.tag, tuple(element.attributes)) for element in page(changed).elements]

    assert words
    assert shape(text) == shape("word")


@given(text=st.text(max_size=200))
def test_a_value_is_read_back_as_it_is_shown(text: str) -> None:
    """Escaping loses and adds nothing; only what would not show becomes a visible escape."""
    shown = Page(f"<html>{code(text)}</html>").elements[1].text
    if text.isascii() and text.isprintable() and text and "::" not in text and "##" not in text:
        assert shown == text
    assert "\n" not in shown


@pytest.mark.parametrize("text", ["<b>", "&lt;", '"', "'", "<!--", "]]>", "</script>", "\u202e", "\x00"])
def test_an_attribute_ends_where_we_end_it(text: str) -> None:
    """Quotes of both kinds are escaped, and so is what does not show."""
    (element,) = Page(str(el("p", title=f"x{text}y"))).elements
    assert list(element.attributes) == ["title"]
    assert (element.attributes["title"] or "").startswith("x")
    assert (element.attributes["title"] or "").endswith("y")


def test_what_is_done_to_finished_html_is_text_again() -> None:
    """Adding, formatting or cutting gives a plain string, which is escaped: a mistake shows, and does no harm."""
    ours = el("b", "x")
    for changed in (ours + "<i>", f"{ours}<i>", ours[1:], ours.replace("b", "i")):
        assert type(changed) is str
        assert "<" not in str(join([changed]))
    assert join([ours]) == "<b>x</b>"


def test_attributes_that_are_off_are_left_out() -> None:
    """None and False leave them out, True has no value, an empty text is one."""
    assert el("p", hidden=False, lang=None, open=True, id="") == '<p open id=""></p>'


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://wiki.example/why.", ["https://wiki.example/why"]),
        ("(https://wiki.example/a?b=c#d)", ["https://wiki.example/a?b=c#d"]),
        ("https://a.example, https://b.example:8443/x", ["https://a.example", "https://b.example:8443/x"]),
        ("https://ghcr.io/v2/acme/app/referrers/sha256:12ab", ["https://ghcr.io/v2/acme/app/referrers/sha256:12ab"]),
        ("http://wiki.example/", []),
        ("javascript:alert(1)", []),
        ("javascript://https:alert(1)", []),
        ("data:text/html,https", []),
        ("//wiki.example/", []),
        ("HTTPS://wiki.example/", []),
        ("https://github.com@evil.example/", []),
        ("https://github.com:x@evil.example/", []),
        ("https://gіthub.com/acme", []),
        ("https://github.com\u202e/acme", []),
        ("https://wiki.example/\u200bx", []),
        ('https://wiki.example/"onclick="x', []),
        ("https://wiki.example/<script>", []),
        ("https://[::1]/", []),
        ("https://", []),
        ("https://wiki.example/" + "a" * MOST_TEXT, []),
    ],
)
def test_only_a_whole_https_address_that_is_shown_becomes_a_link(text: str, links: list[str]) -> None:
    """No other scheme, no user name in front of the host, no character that looks like another, nothing cut off."""
    read = Page(f"<p>{linked(text)}</p>")
    assert [one.attributes["href"] for one in read.all("a")] == links
    assert [one.text for one in read.all("a")] == links
    assert all(one.attributes["rel"] == "noopener noreferrer" for one in read.all("a"))


def test_only_those_who_decide_write_links() -> None:
    """Rule files and waivers do, and places that were asked; what an image or a scanner says stays text."""
    address = "https://evil.example/login"
    evil = replace(NO_MAINTAINER, what=address, expected=address, got=address, fix=address)
    notes = (Note(address), Note(address, headline=True))
    one = outcome("owner-known", Status.VIOLATED, findings=(evil,), notes=notes, check="signature")
    judged = Judged(address, Failed(SUBJECT, BOTH, (one,)), notes)
    assert [
        link for link in page(document(judged.verdict, 1, judged=(judged,))).all("a") if "evil" in str(link.attributes)
    ] == []
    why = replace(one, findings=(NO_MAINTAINER,), notes=(), why=f"See {address}.", fix=f"See {address}.")
    linked_twice = page(document(Failed(SUBJECT, BOTH, (why,)), 1))
    assert [link.text for link in linked_twice.all("a") if "evil" in link.text] == [address, address]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write `USER 1` at the end", "Write <code>USER 1</code> at the end"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("one ` alone", "one ` alone"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("``", ""),
        ("a\nb\tc", "a\\nb\\tc"),
        ("", ""),
    ],
)
def test_pairs_of_backticks_become_code(text: str, shown: str) -> None:
    """As in the Markdown that people write in rule files; nothing else of Markdown is read."""
    assert prose(text) == shown
    assert isinstance(prose(text), Markup)


# ── structure ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_every_sample_is_made_well(sample: str) -> None:
    """Only our elements, all closed, ids once, links inside of the page lead somewhere."""
    is_ours(page(SAMPLES[sample]))


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_no_level_of_headings_is_skipped(sample: str) -> None:
    """People who cannot see the page jump from heading to heading."""
    levels = [int(one.tag[1]) for one in page(SAMPLES[sample]).elements if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_filter_offers_what_there_is_and_how_often() -> None:
    """Outcomes in the order of their weight; levels and platforms only where there is something to choose."""
    read = page(failed())
    boxes = [(one.attributes["name"], one.attributes["value"]) for one in read.all("input", type="checkbox")]
    assert boxes == [
        ("state", "violated"), ("state", "waived"), ("state", "satisfied"), ("state", "not-applicable"), ("level", "error"),
        ("level", "warning"),
    ]  # fmt: skip
    assert [one.text for one in read.all("option")] == ["every platform", AMD64, ARM64]
    alone = page(many_findings())
    assert {one.attributes["name"] for one in alone.all("input", type="checkbox")} == {"state"}
    assert alone.all("select") == []


def test_without_a_script_the_filter_is_hidden_and_everything_else_is_not() -> None:
    """The script shows it; a page that cannot run it offers no button that does nothing."""
    read = page(failed())
    assert [one.attributes.get("id") or one.attributes["class"] for one in read.elements if "hidden" in one.attributes] == [
        "filter", "nothing",
    ]  # fmt: skip
    assert all("open" in one.attributes for one in read.all("details"))


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_the_style_of_a_terminal_changes_nothing(sample: str) -> None:
    """The browser has its own."""
    styles = (Style(), Style(width=40, colour=True, verbose=True))
    assert len({RENDERER.render(SAMPLES[sample], style) for style in styles}) == 1


def test_levels_and_outcomes_that_the_page_compares_are_words_of_closed_sets() -> None:
    """What the filter reads was never somebody's text."""
    read = page(failed())
    assert {one.attributes["data-state"] for one in read.all("section", class_="rule")} <= {one.value for one in Status}
    assert {one.attributes["data-level"] for one in read.all("section", class_="rule")} <= {one.value for one in Level}
