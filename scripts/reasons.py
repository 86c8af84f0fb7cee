"""Write docs/reasons/: one page for each reason code, made from the constants beside the code that gives it.

`python scripts/reasons.py` writes the pages; with `--check` it exits with 1 if a page is missing, outdated or
left over.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from dataclasses import dataclass
from pathlib import Path

import gate
from gate.finding import Reason

PAGES = Path(__file__).parent.parent / "docs" / "reasons"


@dataclass(frozen=True, slots=True)
class Source:
    """A reason and the module that defines it."""

    reason: Reason
    module: str


def sources() -> dict[str, Source]:
    """Give every reason of the project by its code; raises `ValueError` where two differ under one code."""
    found: dict[str, Source] = {}
    for module in sorted(_modules()):
        for value in vars(importlib.import_module(module)).values():
            if not isinstance(value, Reason):
                continue
            known = found.setdefault(value.code, Source(value, module))
            if known.reason != value:
                raise ValueError(f"the code {value.code} means two things: in {known.module} and in {module}")
    return dict(sorted(found.items()))


def _modules() -> list[str]:
    walked = pkgutil.walk_packages(gate.__path__, "gate.")
    return [module.name for module in walked if module.name != "gate.__main__"]


def page(source: Source) -> str:
    """Give the text of one page."""
    reason = source.reason
    return (
        f"# {reason.code}\n\n**{reason.title}**\n\n{reason.meaning}\n\n## What to do\n\n{reason.remedy}\n\n"
        f"---\nGiven by `{source.module}`. The same text: `gate explain {reason.code}`. [All reasons](README.md)\n"
    )


def pages() -> dict[str, str]:
    """Give every file of docs/reasons/ with its text."""
    found = sources()
    rows = "".join(f"| [{code}]({code}.md) | {source.reason.title} |\n" for code, source in found.items())
    index = (
        "# Reason codes\n\nEach finding and each undecided point carries one of these codes. These pages are made from "
        f"the code; `gate explain CODE` shows one on the terminal.\n\n| code | means |\n|---|---|\n{rows}"
    )
    return {"README.md": index, **{f"{code}.md": page(source) for code, source in found.items()}}


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
