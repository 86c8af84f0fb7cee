"""The short form in Markdown, for a comment on a pull or merge request: verdict, the worst problems, counts.

It begins with an invisible mark, by which whoever posts it finds the comment of the run before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from gate.brief import brief

if TYPE_CHECKING:
    from gate.report import Document, Style

__all__ = ["MARK", "RENDERER"]

#: The first line of the comment.
MARK: Final = "<!-- image-gate -->"


class MarkdownCommentRenderer:
    """Short Markdown, the same for the same document whatever the style."""

    name: ClassVar[str] = "markdown-comment"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; Markdown has no style
        """Give the comment: well below the 65,536 characters that GitHub takes."""
        return f"{MARK}\n\n{brief(document)}"


RENDERER: Final = MarkdownCommentRenderer()
