"""The HTML report in headless Chromium: it asks for nothing, complains of nothing, and its filter works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from gate.report import Document, Style
from gate.reports.html import RENDERER
from tests.reports.browser import Browser, Tab, browser
from tests.reports.documents import SAMPLES, failed, several, waived, wide
from tests.reports.hostile import with_texts

pytestmark = pytest.mark.server("chromium")

LIGHT: Final = ("prefers-color-scheme", "light")
DARK: Final = ("prefers-color-scheme", "dark")

#: What would become elements, run, load or break out, if one place forgot to escape.
HOSTILE: Final = (
    "<script>window.owned = 1</script>",
    "</script><script>window.owned = 1</script>",
    "</style></title></textarea><img src=//evil.invalid/x.png onerror='window.owned = 1'>",
    '" onmouseover="window.owned = 1" autofocus onfocus="window.owned = 1" x="',
    "' onclick='window.owned = 1' style='background: url(//evil.invalid/y.png)",
    "<svg/onload=window.owned=1><link rel=stylesheet href=//evil.invalid/z.css><base href=//evil.invalid/>",
    "--><iframe src=javascript:window.owned=1></iframe><!--",
    "]]><form action=//evil.invalid/><input type=submit>",
    "<meta http-equiv=refresh content='0; url=//evil.invalid/'>",
)

#: Everything that a reader sees: text with its colour, and the ground below it.
_CONTRASTS: Final = """
(() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const bright = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colours = numbers(getComputedStyle(one).backgroundColor);
      if (colours.length === 3 || colours[3] === 1) return colours;
    }
    return [255, 255, 255];
  };
  const found = {};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, .skip")) continue;
    const [a, b] = [bright(numbers(getComputedStyle(element).color)), bright(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = element.tagName + "." + element.className;
    found[name] = Math.min(found[name] ?? 99, ratio);
  }
  return found;
})()
"""

_SHOWN: Final = "[...document.querySelectorAll('.item, .rule:not(:has(.item))')].filter((one) => one.checkVisibility())"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; each test opens its own tab."""
    with browser(tmp_path_factory.mktemp("chromium") / "profile") as running:
        yield running


@pytest.fixture
def show(chromium: Browser, tmp_path: Path) -> Callable[..., Tab]:
    """Give what renders a document and opens it."""

    def open_it(one: Document | str, width: int = 1280, *features: tuple[str, str], scripts: bool = True) -> Tab:
        file = tmp_path / "report.html"
        file.write_text(one if isinstance(one, str) else RENDERER.render(one, Style()), encoding="utf-8")
        return chromium.tab(file, width, features or (LIGHT,), scripts=scripts)

    return open_it


Show = Callable[..., Tab]


def shown(tab: Tab) -> list[str]:
    """Give the first words of every finding that can be seen, and of every rule without one."""
    texts: list[str] = tab.run(f"{_SHOWN}.map((one) => (one.querySelector('.said, h3, h4') ?? one).textContent)")
    return texts


def tick(tab: Tab, kind: str, value: str) -> None:
    """Click a box of the filter."""
    tab.run(f"document.querySelector('input[name={kind}][value={value}]').click()")


def search(tab: Tab, words: str) -> None:
    """Type into the search field, as a person does."""
    tab.run("document.querySelector('input[type=search]').focus()")
    tab.type(words)


def told(tab: Tab) -> str:
    """Give what the filter says about itself."""
    text: str = tab.run("document.querySelector('#filter output').textContent")
    return text


# ── alone ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("feature", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_no_request_leaves_and_the_console_stays_empty(show: Show, sample: str, feature: tuple[str, str]) -> None:
    """The file is all there is; style and script are the ones that the policy names."""
    tab = show(SAMPLES[sample], 1280, feature)
    tab.picture()
    assert [one.rpartition("/")[2] for one in tab.requests()] == ["report.html"]
    assert tab.complaints() == []


def test_the_tests_would_notice_a_request_or_a_refusal(show: Show) -> None:
    """What is not named in the policy is refused, does not run, and is heard of here."""
    evil = "<img src=https://evil.invalid/x.png><script>window.owned = 1</script><p style='color: red'>x</p>"
    tab = show(RENDERER.render(failed(), Style()).replace("</main>", f"{evil}</main>"))
    complaints = "\n".join(tab.complaints())
    assert tab.run("window.owned") is None
    assert all(f"{kind}-src" in complaints for kind in ("img", "script", "style"))
    assert tab.run("getComputedStyle(document.querySelector('p[style]')).color") != "rgb(255, 0, 0)"


@pytest.mark.parametrize("sample", ["failed", "several", "undetermined", "waived"])
def test_hostile_texts_become_no_elements_and_run_nothing(show: Show, sample: str) -> None:
    """As many elements of each kind as with harmless words, and all the hostile ones can be read."""
    count = "(() => { const n = {}; for (const one of document.querySelectorAll('*')) n[one.tagName] = (n[one.tagName] ?? 0) + 1; return n; })()"

    def texts(words: tuple[str, ...]) -> Document:
        seen: dict[str, str] = {}
        return with_texts(
            SAMPLES[sample], lambda old: seen.setdefault(old, f"{words[len(seen) % len(words)]} {len(seen)}")
        )

    harmless, hostile = show(texts(("word",))), show(texts(HOSTILE))
    hostile.run("document.querySelectorAll('*').forEach((one) => one.dispatchEvent(new MouseEvent('mouseover')))")
    assert hostile.run(count) == harmless.run(count)
    assert hostile.run("window.owned") is None
    assert len(hostile.requests()) == 1
    assert hostile.complaints() == []
    assert hostile.run("document.body.innerText").count("window.owned") > 10


# ── the filter ────────────────────────────────────────────────────────────────────────────────────

EVERYTHING: Final = [
    "the label maintainer is no e-mail address",
    "CVE-2026-0001 in libssl3 3.0.11-1~deb12u2 is critical",
    "CVE-2026-0002 in zlib1g 3.0.11-1~deb12u2 is critical",
    "CVE-2026-0007 in libssl3 3.0.11-1~deb12u2 is critical",
    "the image runs as root",
    "version-tag",
    "signed",
    "small",
]


def test_everything_is_shown_at_first(show: Show) -> None:
    """The filter is there, and hides nothing before somebody asks for it."""
    tab = show(failed())
    assert shown(tab) == EVERYTHING
    assert tab.run("document.getElementById('filter').checkVisibility()")
    assert told(tab) == ""


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("zlib1g", EVERYTHING[2:3]),
        ("LIBSSL3 critical", [EVERYTHING[1], EVERYTHING[3]]),
        ("label-format", EVERYTHING[:1]),
        ("called at night", EVERYTHING[:1]),
        ("no-critical 0002", EVERYTHING[2:3]),
        ("jane@acme", EVERYTHING[3:4]),
        ("semver", EVERYTHING[5:6]),
        ("gate.yaml:60", EVERYTHING[7:]),
        ("  ", EVERYTHING),
        ("<b>", []),
    ],
)
def test_the_search_leaves_what_has_all_the_words(show: Show, words: str, left: list[str]) -> None:
    """In the finding or in its rule, whatever the case."""
    tab = show(failed())
    search(tab, words)
    assert shown(tab) == left
    assert told(tab) == ("" if left == EVERYTHING else f"{len(left)} of 8 shown")


def test_outcomes_can_be_taken_away(show: Show) -> None:
    """A waived finding goes although its rule, which is violated, stays."""
    tab = show(failed())
    tick(tab, "state", "waived")
    assert shown(tab) == [*EVERYTHING[:3], *EVERYTHING[4:]]
    tick(tab, "state", "satisfied")
    tick(tab, "state", "not-applicable")
    assert shown(tab) == [*EVERYTHING[:3], EVERYTHING[4]]
    assert told(tab) == "4 of 8 shown"


def test_levels_can_be_taken_away(show: Show) -> None:
    """Only what decides, or only the warnings."""
    tab = show(failed())
    tick(tab, "level", "warning")
    assert shown(tab) == [*EVERYTHING[:4], *EVERYTHING[5:]]
    tick(tab, "level", "warning")
    tick(tab, "level", "error")
    assert shown(tab) == [EVERYTHING[4]]


def test_a_platform_can_be_chosen(show: Show) -> None:
    """What holds for the whole image stays."""
    tab = show(failed())
    tab.run(
        "(() => { const one = document.querySelector('select'); one.selectedIndex = 1; one.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    assert shown(tab) == [EVERYTHING[0], *EVERYTHING[3:]]
    assert tab.run("document.querySelector('select').selectedOptions[0].text") == "linux/amd64"


def test_a_page_says_that_nothing_is_left(show: Show) -> None:
    """For each image; an empty page would look like a clean one."""
    tab = show(several())
    nothing = "[...document.querySelectorAll('.nothing')].map((one) => one.checkVisibility())"
    assert tab.run(nothing) == [False, False, False]
    search(tab, "zlib1g")
    assert tab.run(nothing) == [True, False, True]
    search(tab, " and more")
    assert tab.run(nothing) == [True, True, True]
    assert tab.run("document.querySelector('h1').checkVisibility()")


def test_show_all_takes_the_filter_back(show: Show) -> None:
    """Whatever was set."""
    tab = show(failed())
    search(tab, "zlib1g")
    tick(tab, "state", "violated")
    tick(tab, "level", "error")
    assert shown(tab) == []
    tab.run("document.querySelector('#filter button').click()")
    assert shown(tab) == EVERYTHING
    assert told(tab) == ""


def test_the_filter_works_with_the_keyboard_alone(show: Show) -> None:
    """Tab reaches each part in order, and a space ticks a box; rules can be folded."""
    tab = show(failed())
    tab.run("document.querySelector('input[type=search]').focus()")
    tab.press("Tab", 9)
    assert tab.run("document.activeElement.name") == "platform"
    tab.press("Tab", 9)
    tab.press("Tab", 9)
    assert tab.run("document.activeElement.value") == "violated"
    tab.press(" ", 32)
    assert shown(tab) == [EVERYTHING[3], *EVERYTHING[5:]]
    tab.run("document.querySelector('.rule:not([hidden]) summary').focus()")
    tab.press(" ", 32)
    assert tab.run("document.querySelectorAll('details:not([open])').length") == 1


def test_without_scripts_everything_is_visible(show: Show) -> None:
    """Some hosts of build artifacts run no scripts; the filter is then not there."""
    tab = show(failed(), scripts=False)
    assert shown(tab) == EVERYTHING
    assert not tab.run("document.getElementById('filter').checkVisibility()")
    assert tab.complaints() == []


# ── to look at ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("width", [320, 400, 768, 1280, 2000])
@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_nothing_sticks_out_at_any_width(show: Show, sample: str, width: int) -> None:
    """Digests and addresses wrap; nobody has to scroll sideways."""
    tab = show(SAMPLES[sample], width)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert (
        tab.run(
            f"[...document.querySelectorAll('main :not(thead *)')].filter((one) => one.getBoundingClientRect().right > {width}).length"
        )
        == 0
    )


def test_words_without_end_do_not_stick_out(show: Show) -> None:
    """Names of rules, labels and paths are as long as others make them."""
    long = with_texts(failed(), lambda text: (text + "x" * 400).replace(" ", "_"))
    tab = show(long, 400)
    assert tab.run("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("feature", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sample", ["passed", "failed", "undetermined", "unenforced", "waived", "several"])
def test_all_text_can_be_read_in_light_and_dark(show: Show, sample: str, feature: tuple[str, str]) -> None:
    """A contrast of 4.5 at least (WCAG 2.2, 1.4.3)."""
    contrasts: dict[str, float] = show(SAMPLES[sample], 1280, feature).run(_CONTRASTS)
    assert len(contrasts) > 10
    assert {name: round(ratio, 2) for name, ratio in contrasts.items() if ratio < 4.5} == {}


def test_the_page_is_dark_for_who_wants_it_dark(show: Show) -> None:
    """As the system says."""
    ground = "getComputedStyle(document.body).backgroundColor"
    assert show(failed(), 1280, LIGHT).run(ground) == "rgb(244, 245, 247)"
    assert show(failed(), 1280, DARK).run(ground) == "rgb(15, 18, 22)"


def test_on_paper_everything_is_there_on_white_and_the_filter_is_not(show: Show) -> None:
    """Also what was folded on the screen, and also where the screen is dark."""
    tab = show(failed(), 1280, DARK)
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
    assert shown(tab) == EVERYTHING[5:8]
    tab.media("print", DARK)
    assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown(tab) == EVERYTHING
    assert not tab.run("document.querySelector('input[type=search]').checkVisibility()")
    assert tab.printed().startswith(b"%PDF-")


def test_on_paper_a_filtered_page_says_so(show: Show) -> None:
    """Nobody takes a part for the whole."""
    tab = show(failed())
    search(tab, "zlib1g")
    tab.media("print")
    assert tab.run("document.querySelector('#filter output').checkVisibility()")
    assert told(tab) == "1 of 8 shown"


@pytest.mark.parametrize("one", [failed(), several(), waived(), wide()], ids=["failed", "several", "waived", "wide"])
def test_a_screen_reader_finds_its_way(show: Show, one: Document) -> None:
    """Landmarks, and a name for whatever can be used or jumped to."""
    tab = show(one)
    tab.call("Accessibility.enable")
    nodes = [node for node in tab.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    roles = [node["role"]["value"] for node in nodes]
    assert {"banner", "navigation", "search", "main", "contentinfo", "heading"} <= set(roles)
    need = {
        "button",
        "checkbox",
        "combobox",
        "searchbox",
        "link",
        "table",
        "region",
        "group",
        "heading",
        "search",
        "navigation",
    }
    nameless = [
        node["role"]["value"]
        for node in nodes
        if node["role"]["value"] in need and not node.get("name", {}).get("value")
    ]
    assert set(nameless) <= {"group"}  # of `details`, which the summary names


@pytest.mark.parametrize("width", [1280, 400])
def test_tables_are_tables_at_every_width(show: Show, width: int) -> None:
    """Laid out as blocks on a phone, they still have rows, cells and heads for who cannot see them."""
    tab = show(failed(), width)
    tab.call("Accessibility.enable")
    roles = [node["role"]["value"] for node in tab.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    assert roles.count("table") == 4
    assert roles.count("columnheader") >= 9
    assert roles.count("cell") >= 24
