"""The words of scanners are folded alike for every format."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.scanner import FixState, Severity, canonical_id, fix_state_of, severity_of, time_of


def test_severities_are_in_order_and_unknown_is_below_all() -> None:
    words = ["unknown", "none", "negligible", "low", "medium", "high", "critical"]
    assert [severity.word for severity in sorted(Severity)] == words
    assert [Severity.of_word(word).word for word in words] == words


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("threshold", [one for one in Severity if one is not Severity.UNKNOWN])
def test_an_unknown_severity_reaches_every_threshold(severity: Severity, threshold: Severity) -> None:
    assert severity.reaches(threshold) is (severity is Severity.UNKNOWN or severity >= threshold)


def test_a_word_that_is_no_severity_is_refused() -> None:
    with pytest.raises(ValueError, match="'sever' is not a severity"):
        Severity.of_word("sever")


@given(st.text())
def test_any_word_has_a_rung(word: str) -> None:
    severity, is_known = severity_of(word)
    assert is_known or severity is Severity.UNKNOWN
    assert severity_of(f" {word.upper()} ") == severity_of(word.upper())


@given(st.text(), st.text())
def test_any_status_has_a_state_and_a_fixed_version_decides(status: str, version: str) -> None:
    state = fix_state_of(status, version)
    assert (state is FixState.FIXED) >= bool(version.strip())


@given(st.text())
def test_canonical_ids_stay_as_they_are(text: str) -> None:
    assert canonical_id(canonical_id(text)) == canonical_id(text)


@given(st.datetimes(datetime(1990, 1, 2), datetime(9000, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 -- the zone is added
def test_times_of_every_zone_are_the_same_moment(moment: datetime, hours: int) -> None:
    utc = moment.replace(tzinfo=UTC)
    assert time_of(utc.astimezone(timezone(timedelta(hours=hours))).isoformat()) == utc
    assert time_of(moment.isoformat()) == utc


@given(st.text())
def test_no_text_makes_reading_a_time_raise(text: str) -> None:
    time = time_of(text)
    assert time is None or time.tzinfo is UTC


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-13-01", "1989-12-31"])
def test_times_that_cannot_be_are_none(text: str) -> None:
    assert time_of(text) is None
