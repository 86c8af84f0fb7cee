"""Every link in the docs leads somewhere, and every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, prose

_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^)]*\))?)\)")


def links(page: Path) -> list[str]:
    """Give the targets of a page's links."""
    return _LINK.findall(prose(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the project, and its anchor a heading there; other links are https."""
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            if not target.startswith("https://"):
                broken.append(f"{target}: not https")
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            broken.append(f"{target}: no such file")
        elif not file.is_relative_to(ROOT):
            broken.append(f"{target}: outside of the project")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            broken.append(f"{target}: no such heading (there are: {', '.join(sorted(anchors(file)))})")
    assert not broken, f"{page.relative_to(ROOT)}:\n" + "\n".join(broken)


def test_every_page_of_the_docs_can_be_reached() -> None:
    """From the README, by links."""
    start = ROOT / "README.md"
    seen, ahead = {start}, [start]
    while ahead:
        page = ahead.pop()
        for target in links(page):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.is_file() and file not in seen:
                seen.add(file)
                ahead.append(file)
    unreached = [
        page.relative_to(ROOT).as_posix() for page in PAGES if page.is_relative_to(ROOT / "docs") and page not in seen
    ]
    assert [name for name in unreached if name != "docs/decisions/template.md"] == []
