"""Write docs/reasons/: one page for each reason code, made from the constants beside the code that gives it.

`python scripts/reasons.py` writes the pages; with `--check` it exits with 1 if a page is missing, outdated or
left over.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gate.cli.explain import all_reasons

if TYPE_CHECKING:
    from gate.finding import Reason

PAGES = Path(__file__).parent.parent / "docs" / "reasons"


def page(reason: Reason) -> str:
    """Give the text of one page."""
    return (
        f"# {reason.code}\n\n**{reason.title}**\n\n{reason.meaning}\n\n## What to do\n\n{reason.remedy}\n\n"
        f"---\nOn the terminal: `gate explain {reason.code}`. [All reasons](README.md)\n"
    )


def pages() -> dict[str, str]:
    """Give every file of docs/reasons/ with its text."""
    reasons = all_reasons()
    rows = "".join(
        f"| [{code}]({code}.md) | {reason.title.replace('|', chr(92) + '|')} |\n" for code, reason in reasons.items()
    )
    index = (
        "# Reason codes\n\nEach finding and each undecided point carries one of these codes. These pages are made from "
        f"the code; `gate explain CODE` shows one on the terminal.\n\n| code | means |\n|---|---|\n{rows}"
    )
    return {"README.md": index, **{f"{code}.md": page(reason) for code, reason in reasons.items()}}


def stale() -> list[str]:
    """Give the names of pages that are missing, outdated or left over."""
    wanted = pages()
    there = {file.name: file.read_text(encoding="utf-8") for file in PAGES.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    """Check or write the pages."""
    names = stale()
    if "--check" in arguments:
        if names:
            print(f"docs/reasons/ is not current ({', '.join(names)}): run `make docs`")
        return 1 if names else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name in names:
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8", newline="\n")
        else:
            (PAGES / name).unlink()
    print(f"docs/reasons/: {len(names)} pages written or removed, {len(wanted)} in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
