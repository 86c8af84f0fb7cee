"""Documents in which every text is somebody else's."""

from __future__ import annotations

import dataclasses
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from gate.oci.digest import Digest
from tests.reports.documents import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.report import Document

__all__ = ["documents", "texts_of", "with_texts"]

T = TypeVar("T")

_FRAGMENTS = (
    "::error::owned", "::set-output name=verdict::passed", "::add-mask::a", "::stop-commands::x", "::", ":", "#", "##",
    "##[error]owned", "##vso[task.complete result=Succeeded]", "##teamcity[buildStatus]", "##[", "###[", "[",
    "\n", "\r", "\r\n", "\t", " ", "  ", "\x1b[2K", "\x1b]8;;http://x\x07", "\x9b2J", "\u202e", "\u2066", "\u200b", "\u2028",
    "\u2029", "\x85", "\xa0", "\u3000", "\x00", "\x7f", "\ud800", "\ue000", "\U000e0041", "容器", "e\u0301", "PASSED", "→",
    "sha256:" + "0" * 64, "a" * 100,
    "]]>", "<!--", "-->", "<script>alert(1)</script>", "<img src=//evil.example/x.png>", "</details>", "&amp;", "&#0;", "'", '"',
    "|", "\\|", "`", "```", "\\", "*", "_", "**bold**", "~~", "[", "]", "](", "[here](https://evil.example)", "![](http://evil.example)",
    "[x]: http://evil.example", "@user", "#1", "GH-1", "!1", "https://evil.example", "www.evil.example", "me@evil.example", ":tada:", "$x$",
    "%", "%0A", "%0A::error::owned", "%AZP25", "%5D", ";", ",", "{0}", "[[ATTACHMENT|/etc/passwd]]", "---", "...", "- ", "# SKIP",
    "..", "/", "./", "C:", "debian:11", "file://", "?", "$(id)", "1..0", "ok 1", "Bail out!", "> [!NOTE]", "[^1]",
)  # fmt: skip

_texts = st.one_of(
    st.text(min_size=1, max_size=30),
    st.lists(st.sampled_from(_FRAGMENTS), min_size=1, max_size=8).map("".join),
)


def with_texts(value: T, changed: Callable[[str], str]) -> T:
    """Give the same value with every text in it changed; words of closed sets and digests stay."""
    return _changed(value, changed)  # type: ignore[no-any-return]


def _changed(value: Any, changed: Callable[[str], str]) -> Any:
    if isinstance(value, Enum | Digest):
        return value
    if isinstance(value, str):
        return changed(value) if value else value
    if isinstance(value, tuple):
        parts = [_changed(part, changed) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: _changed(getattr(value, one.name), changed) for one in dataclasses.fields(value)}
        return type(value)(**fields)
    return value


def texts_of(document: Document) -> list[str]:
    """Give every text of a document, each once, in order."""
    seen: dict[str, None] = {}

    def keep(text: str) -> str:
        seen.setdefault(text)
        return text

    with_texts(document, keep)
    return list(seen)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a sample document, each of its texts replaced by an arbitrary one."""
    document = SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))]
    texts = texts_of(document)
    pool = draw(st.lists(_texts, min_size=1, max_size=12))
    shift = draw(st.integers(min_value=0, max_value=11))
    return with_texts(document, {text: pool[(i + shift) % len(pool)] for i, text in enumerate(texts)}.__getitem__)
