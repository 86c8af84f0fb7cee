"""What a glob over tags can be made of, and when a text was meant as the name of a convention (S26).

Whoever writes `1.4.?` or `semvar` believes that it matches something. It would match nothing, silently: a rule
for such tags holds nowhere, a `deny` of them denies nothing.
"""

from __future__ import annotations

import difflib
import re
from typing import Final

from gate.formats.conventions import CONVENTIONS

__all__ = ["meant_convention", "tag_glob_problem"]

#: OCI distribution-spec, "Pulling manifests": what a tag can be made of.
_MOST_TAG: Final = 128
_GLOB: Final = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.*-]*", re.ASCII)
#: A literal this close to a convention's name is taken for a slip.
_SLIP: Final = 0.8


def tag_glob_problem(text: str) -> str | None:
    """Say why a glob could never match a tag, or give None."""
    if len(text) <= _MOST_TAG and _GLOB.fullmatch(text) is not None:
        return None
    return (
        f"no tag can match {text[:80]!r}: tags have letters, digits, _ . and - only, at most {_MOST_TAG}, "
        "and start with a letter, a digit or _; in a glob only * is special"
    )


def meant_convention(text: str) -> str:
    """Give the convention whose name `text` is, but for capitals or a slip; "" for globs and other tags."""
    folded = text.casefold().replace("_", "-")
    if folded in CONVENTIONS:
        return folded
    if "*" in text or len(text) > _MOST_TAG:
        return ""
    near = difflib.get_close_matches(folded, CONVENTIONS, n=1, cutoff=_SLIP)
    return near[0] if near else ""
