"""An annotation for Buildkite: the short form in Markdown, for `buildkite-agent annotate`.

Buildkite takes 1 MiB for an annotation, and the dialect of GitHub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from gate.brief import brief

if TYPE_CHECKING:
    from gate.report import Document, Style

__all__ = ["RENDERER"]


class BuildkiteRenderer:
    """Short Markdown, the same for the same document whatever the style."""

    name: ClassVar[str] = "buildkite"

    def render(self, document: Document, style: Style) -> str:  # noqa: ARG002 -- the protocol's; Markdown has no style
        """Give the annotation."""
        return brief(document)


RENDERER: Final = BuildkiteRenderer()
