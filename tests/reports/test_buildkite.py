"""The annotation for Buildkite: the short form, without the mark of a comment."""

from __future__ import annotations

import pytest

from gate.report import Style
from gate.reports.buildkite import RENDERER
from gate.reports.markdown_comment import MARK
from gate.reports.markdown_comment import RENDERER as COMMENT
from tests.reports.documents import SAMPLES


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_it_is_the_short_form_without_the_mark(name: str) -> None:
    """So everything that holds for the comment holds here."""
    text = RENDERER.render(SAMPLES[name], Style())
    assert f"{MARK}\n\n{text}" == COMMENT.render(SAMPLES[name], Style())
    assert text.startswith("### ")


def test_it_stays_below_what_buildkite_takes() -> None:
    """1 MiB for an annotation."""
    assert all(len(RENDERER.render(one, Style()).encode()) < 1024 * 1024 for one in SAMPLES.values())
