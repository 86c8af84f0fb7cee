"""Trusted root files: times, windows, and the three forms that are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.errors import MalformedData
from gate.formats.trust_file import parse_trust_file
from gate.formats.trusted_root import Window, parse_time, parse_trusted_root
from tests.signers.world import FIXTURES, packed
from tests.world.sigstore import Sigstore

ROOT = Sigstore().trusted_root()
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00Z", MOMENT),
        ("2026-01-01T00:00:00.5Z", MOMENT + timedelta(milliseconds=500)),
        ("2026-01-01T00:00:00.123456789Z", MOMENT + timedelta(microseconds=123456)),
        ("2026-01-01T02:00:00+02:00", MOMENT),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    """RFC 3339, to the microsecond."""
    assert parse_time(text, "x") == expected


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00Zx", "٢026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"],
)  # fmt: skip
def test_times_that_are_none(text: str) -> None:
    """No zone, no time."""
    with pytest.raises(MalformedData, match="is not a time"):
        parse_time(text, "x")


def test_windows_are_inclusive() -> None:
    """Start and end belong to them."""
    window = Window(MOMENT, MOMENT + timedelta(days=1))
    inside = [timedelta(), timedelta(days=1)]
    outside = [-timedelta(microseconds=1), timedelta(days=1, microseconds=1)]
    assert all(window.holds(MOMENT + one) for one in inside)
    assert not any(window.holds(MOMENT + one) for one in outside)
    assert Window(MOMENT, None).holds(MOMENT + timedelta(days=36500))
    assert (str(window), str(Window(MOMENT, None))) == ("from 2026-01-01 to 2026-01-02", "from 2026-01-01")


@pytest.mark.parametrize("name", ["public-good", "scaffolding", "public-key-validity", "trusted_root_pgi"])
def test_roots_of_real_instances(name: str) -> None:
    """As they are distributed."""
    content = (FIXTURES / "public" / f"{name}.json").read_bytes()
    if name == "public-key-validity":  # timestamps alone prove no signature
        with pytest.raises(MalformedData, match="neither a certificate authority nor a log"):
            parse_trusted_root(content, name)
        return
    root = parse_trusted_root(content, name)
    assert root.logs
    assert root.ct_logs
    assert root.authorities


@pytest.mark.parametrize("version", ["+json;version=0.1", ".v0.1+json", ".v0.2+json", "+json;version=0.2"])
def test_media_types(version: str) -> None:
    """Both spellings of the known versions."""
    media_type = f"application/vnd.dev.sigstore.trustedroot{version}"
    assert parse_trusted_root(packed(ROOT | {"mediaType": media_type}), "x").logs


def test_unknown_versions_and_too_many() -> None:
    """They may mean something else."""
    wrong: list[dict[str, Any]] = [
        {"mediaType": "application/vnd.dev.sigstore.trustedroot.v0.9+json"},
        {"mediaType": None},
        {"tlogs": ROOT["tlogs"] * 33},
        {"TLogs": []},
    ]
    for changes in wrong:
        with pytest.raises(MalformedData):
            parse_trusted_root(packed(ROOT | changes), "x")


def dated(**changes: Any) -> bytes:
    """Write the file of `gate trust update`."""
    days = {"fetched": "2026-05-01T00:00:00Z", "expires": "2026-09-01T00:00:00Z"}
    return packed({"format": "gate-trust/1", "source": "s", "version": "1", **days, "trustedRoot": ROOT} | changes)


def test_forms_of_a_file() -> None:
    """A bare root, one a line, or one with its days."""
    assert parse_trust_file(packed(ROOT), "x").expires is None
    lines = packed(ROOT) + b"\n" + packed(ROOT) + b"\n"
    assert len(parse_trust_file(lines, "x").roots) == 2
    assert parse_trust_file(lines, "x").authorities == ("https://fulcio.world",)
    file = parse_trust_file(dated(), "x")
    assert (file.source, file.version, len(file.roots)) == ("s", "1", 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"), (b"{}", "has no 'mediaType'"), (b"[]", "is not a JSON object"), (b"x" * (4 * 1024 * 1024 + 1), "at most"),
        ((packed(ROOT) + b"\n") * 33, "holds 33 trusted roots"), (packed(ROOT) + b"\n{}\n", "has no 'mediaType'"),
        (dated(format="gate-trust/2"), "gate-trust/1 is read"), (dated(expires=None), "has no 'expires'"),
        (dated(fetched="x"), "is not a time"), (dated(trustedRoot={}), "has no 'mediaType'"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(content: bytes, told: str) -> None:
    """Told with the file's name."""
    with pytest.raises(MalformedData, match=told):
        parse_trust_file(content, "x")


def test_age() -> None:
    """The day in the file, or the age that is allowed instead of it."""
    file = parse_trust_file(dated(), "x")
    expires = datetime(2026, 9, 1, tzinfo=UTC)
    assert file.too_old(expires, None) == ""
    assert "until 2026-09-01" in file.too_old(expires + timedelta(seconds=1), None)
    assert file.too_old(expires + timedelta(days=1), timedelta(days=200)) == ""
    assert "fetched on 2026-05-01" in file.too_old(expires, timedelta(days=100))
    assert parse_trust_file(packed(ROOT), "x").too_old(expires, timedelta(days=1)) == ""
    assert [len(file.of(name)) for name in ("fulcio.world", "https://fulcio.world", "other")] == [1, 1, 0]
