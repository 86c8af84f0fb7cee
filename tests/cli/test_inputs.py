"""Files of the command line: read bounded, written whole, and known to be the checkout's or not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.cli._inputs import read_bounded, time_of, tracked_by_git, write_whole
from gate.errors import OutputError, UsageError


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    """The whole content, as bytes."""
    (tmp_path / "a").write_bytes(b"\xff\x00")
    assert read_bounded(str(tmp_path / "a")) == b"\xff\x00"


@pytest.mark.parametrize(
    ("name", "says"),
    [("missing", "cannot be read: No such file"), (".", "is a directory"), ("nul\x00", "is no file name")],
    ids=["missing", "directory", "nul"],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, says: str) -> None:
    """No traceback for a wrong path."""
    content = read_bounded(f"{tmp_path}/{name}")
    assert isinstance(content, str)
    assert says in content


def test_a_file_over_the_bound_is_refused(tmp_path: Path) -> None:
    """Nothing endless is read."""
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(str(tmp_path / "a"), 5) == b"12345"
    assert "larger than" in str(read_bounded(str(tmp_path / "a"), 4))


def test_a_report_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """Who reads sees the old file or the new one."""
    target = tmp_path / "gate.json"
    target.write_text("old")
    write_whole(str(target), "new\n")
    assert target.read_bytes() == b"new\n"
    assert [path.name for path in tmp_path.iterdir()] == ["gate.json"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A link in a hostile checkout does not lead the report elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "gate.json").symlink_to(elsewhere)
    write_whole(str(tmp_path / "gate.json"), "report")
    assert elsewhere.read_text() == "mine"
    assert (tmp_path / "gate.json").read_text() == "report"


@pytest.mark.parametrize("name", ["missing/gate.json", "folder", "nul\x00"], ids=["no folder", "a folder", "nul"])
def test_a_report_that_cannot_be_written_raises(tmp_path: Path, name: str) -> None:
    """And leaves nothing half-written behind."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole(f"{tmp_path}/{name}", "report")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_git_says_what_came_with_the_checkout(tmp_path: Path) -> None:
    """A committed report is tracked, one made by this run is not (S33)."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "new.json").write_text("{}")
    _git(tmp_path, "add", "old.json")
    assert tracked_by_git(str(tmp_path / "old.json"))
    assert not tracked_by_git(str(tmp_path / "new.json"))


def test_outside_of_a_repository_nothing_is_tracked(tmp_path: Path) -> None:
    """No repository around the file, no question."""
    (tmp_path / "a.json").write_text("{}")
    assert not tracked_by_git(str(tmp_path / "a.json"))


def test_where_git_cannot_say_a_file_counts_as_tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be established is no leniency."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.json").write_text("{}")
    assert tracked_by_git(str(tmp_path / "a.json"))
    _git(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", "")
    assert tracked_by_git(str(tmp_path / "a.json"))


def test_a_hostile_repository_runs_nothing(tmp_path: Path) -> None:
    """The file system monitor of a planted configuration stays silent (S41)."""
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    (tmp_path / "a.json").write_text("{}")
    tracked_by_git(str(tmp_path / "a.json"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["GIT_INDEX_FILE", "GIT_DIR", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES"])
def test_no_variable_hides_what_is_tracked(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that point git elsewhere do not reach it (S27)."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "old.json").write_text("{}")
    _git(tmp_path, "add", "old.json")
    monkeypatch.setenv(name, str(tmp_path / "nonexistent"))
    assert tracked_by_git(str(tmp_path / "old.json"))


def test_a_link_to_a_tracked_file_is_tracked(tmp_path: Path) -> None:
    """Neither a link in the repository nor one outside of it launders a committed report (S33)."""
    repository = tmp_path / "repository"
    repository.mkdir()
    _git(repository, "init", "-q")
    (repository / "old.json").write_text("{}")
    _git(repository, "add", "old.json")
    for link in (repository / "new.json", tmp_path / "outside.json"):
        link.symlink_to(repository / "old.json")
        assert tracked_by_git(str(link))


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """`--report <(trivy …)`: what comes in pieces is read whole."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as stream:
            stream.write(b"1234")
            stream.write(b"5678")

    writer = threading.Thread(target=write)
    writer.start()
    assert read_bounded(str(pipe)) == b"12345678"
    writer.join()


def test_a_pipe_that_nobody_writes_to_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a writer, or with a silent one, it is given up."""
    monkeypatch.setattr("gate.cli._inputs._PIPE_SECONDS", 0.05)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is a pipe to which nothing was written" in str(read_bounded(str(pipe)))
    keep = os.open(pipe, os.O_RDWR)
    try:
        assert "is a pipe to which nothing was written" in str(read_bounded(str(pipe)))
        os.write(keep, b"12345")
        assert "larger than" in str(read_bounded(str(pipe), 4))
    finally:
        os.close(keep)


def test_a_report_into_a_device_or_pipe_is_written_there(tmp_path: Path) -> None:
    """A device is never renamed over, whoever runs the gate."""
    write_whole("/dev/null", "report")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(str(pipe), "report")
        assert os.read(reader, 100) == b"report"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_that_nobody_reads_does_not_hang(tmp_path: Path) -> None:
    """Told at once, like a folder that is not there."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole(str(tmp_path / "pipe"), "report")


def test_the_name_of_standard_output_is_never_renamed_over(tmp_path: Path) -> None:
    """`--output json=/dev/stdout` appends to wherever standard output goes, a file included."""
    log = tmp_path / "log"
    code = "from gate.cli._inputs import write_whole; print('first', flush=True); write_whole('/dev/stdout', 'report')"
    with log.open("w") as stream:
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert log.read_text() == "first\nreport"
    assert Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-25T12:00:00Z", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25T12:00:00+02:00", datetime(2026, 11, 25, 10, tzinfo=UTC)),
        ("2026-11-25T12:00:00", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
def test_a_time_without_zone_is_utc(text: str, at: datetime) -> None:
    """Whatever TZ says (S6)."""
    assert time_of(text) == at


def test_a_text_that_is_no_time_is_refused() -> None:
    """With an example of one that is."""
    with pytest.raises(UsageError, match="write it as 2026-11-25T12:00:00Z"):
        time_of("tomorrow")
