"""Whole reports, kept as files beside this module and compared byte for byte.

After a change that is meant, write them anew and read the difference before you commit it:

    .venv/bin/python -m tests.reports.golden
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gate.report import Style
from gate.rooms import load
from tests.reports.documents import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FOLDER", "expected"]

FOLDER = Path(__file__).parent / "golden"

_STYLES = {
    "": Style(),
    ".wide": Style(width=120),
    ".verbose": Style(verbose=True),
    ".colour": Style(colour=True),
}


def expected() -> Mapping[str, str]:
    """Give the name and text of every file as the gate renders it now."""
    terminal, json = load("reports", "terminal").RENDERER, load("reports", "json").RENDERER
    files = {f"{name}.json": json.render(document, Style()) for name, document in SAMPLES.items()}
    for name, document in SAMPLES.items():
        for suffix, style in _STYLES.items():
            if not suffix or name in {"passed", "failed", "wide"} or suffix == ".verbose":
                files[f"{name}{suffix}.txt"] = terminal.render(document, style)
    return files


if __name__ == "__main__":
    for stale in FOLDER.glob("*"):
        stale.unlink()
    for file, text in expected().items():
        (FOLDER / file).write_text(text, encoding="utf-8", newline="\n")
