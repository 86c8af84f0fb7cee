"""Reads the pages of the project: their fenced blocks, headings and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Every page that people read; fixtures keep the notes of where they come from.
PAGES = sorted(
    page
    for folder in (ROOT, ROOT / "docs", ROOT / "examples", ROOT / "rules", ROOT / "bench")
    for page in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)


@dataclass(frozen=True)
class Block:
    """One fenced block: `info` is what stands behind the opening fence."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word behind the fence."""
        return self.info.split()[0] if self.info.split() else ""

    def __str__(self) -> str:
        """As a test's id."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Give the fenced blocks of a page (CommonMark 4.5, fences of backticks)."""
    found: list[Block] = []
    opened: tuple[int, int, str] | None = None
    body: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"( {0,3}|\s+)(`{3,})\s*([^`]*)$", line)
        if opened is None:
            if fence is not None:
                opened, body = (number, len(fence[2]), fence[3].strip()), []
        elif fence is not None and len(fence[2]) >= opened[1] and not fence[3].strip():
            found.append(Block(page, opened[0], opened[2], "\n".join(body) + "\n"))
            opened = None
        else:
            body.append(line)
    assert opened is None, f"{page}: the block in line {opened[0]} is not closed"
    return found


def all_blocks(language: str) -> list[Block]:
    """Give every block of a language in every page."""
    return [block for page in PAGES for block in blocks(page) if block.language == language]


def prose(page: Path) -> str:
    """Give a page without its blocks and code spans: what links are looked for in."""
    text = page.read_text(encoding="utf-8")
    without_blocks = re.sub(r"^ *(`{3,}).*?^ *\1`*\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", without_blocks)


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"#{1,6} (.*)", line)
        if heading:
            slug = re.sub(r"[^\w\- ]", "", heading[1].lower()).strip().replace(" ", "-")
            count = sum(1 for name in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", name))
            found.add(f"{slug}-{count}" if count else slug)
    return found
