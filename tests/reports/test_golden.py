"""Whole reports: nothing in them changes unseen, and no order of a set shows (each run hashes otherwise)."""

from __future__ import annotations

import pytest

from tests.reports.golden import FOLDER, expected


def test_there_is_a_file_for_each_report_and_no_other() -> None:
    """A sample that is removed takes its files with it."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(expected())


@pytest.mark.parametrize("name", sorted(expected()))
def test_a_report_is_byte_for_byte_the_one_that_was_read_and_kept(name: str) -> None:
    """`python -m tests.reports.golden` writes them anew."""
    assert (FOLDER / name).read_bytes() == expected()[name].encode()
