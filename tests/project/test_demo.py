"""The demo does what it says: each image gets its verdict, and no byte of it can change unnoticed."""

from __future__ import annotations

import random
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.demo import DEMO, LOOKS, ROOT, Look, copy, gate, reasons


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_each_image_gets_its_verdict(look: Look) -> None:
    """The exit code is the one of the table, and the reasons are among those given."""
    ran = gate(*look.arguments(DEMO, "--format", "json"))
    assert ran.code == look.code, ran.out + ran.err
    assert look.reasons <= reasons(ran.report)


def test_the_demo_shows_what_it_announces() -> None:
    """`make demo` ends with 0 and shows a pass, a failure and a run without verdict, each with its exit code."""
    done = subprocess.run(
        [sys.executable, "-I", str(DEMO / "run.py")], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for text in ("exit code 0.", "exit code 1.", "exit code 3.", "PASSED", "FAILED", "UNDETERMINED"):
        assert text in done.stdout
    assert "This is wrong" not in done.stdout


def test_the_demo_says_so_when_it_ends_otherwise(tmp_path: Path) -> None:
    """With one byte of the key changed, the demo ends with 1 and names the step that is wrong."""
    (tmp_path / "examples").mkdir()
    folder = copy(tmp_path / "examples")
    key = folder / "keys" / "release.pub"
    key.write_text((folder / "keys" / "other.pub").read_text())
    done = subprocess.run([sys.executable, "-I", str(folder / "run.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "This is wrong: the exit code should have been 0." in done.stdout


def test_commands_of_the_demo_can_be_typed_as_they_stand() -> None:
    """Each line that starts with `$ gate` is a command of this project's folder with the exit code told below it."""
    done = subprocess.run([sys.executable, "-I", str(DEMO / "run.py")], capture_output=True, text=True, check=True)
    typed = [shlex.split(line[2:]) for line in done.stdout.splitlines() if line.startswith("$ gate")]
    told = [int(line.split("exit code ")[1][0]) for line in done.stdout.splitlines() if line.startswith("→ exit code")]
    assert len(typed) == len(told) == 4
    for words, code in zip(typed, told, strict=True):
        again = subprocess.run([sys.executable, "-I", "-m", *words], cwd=ROOT, capture_output=True, check=False)
        assert again.returncode == code


#: What the gate does not read: texts for people, the table for tests, and the script that calls the gate.
NOT_READ = {"SOURCE.md", "expected.json", "run.py"}
FILES = sorted(file.relative_to(DEMO).as_posix() for file in DEMO.rglob("*") if file.is_file())
READ = [name for name in FILES if Path(name).name not in NOT_READ and "__pycache__" not in name]
POSITIONS = 3

#: `mediaType` of index.json itself is optional (OCI image-spec, image-index.md), and unknown keys are allowed: with one
#: letter of the key changed, the file says the same as before. Every other byte of it matters.
SAYS_NOTHING = {"app/index.json": frozenset(range(25, 34))}


def picture(look: Look, folder: Path) -> tuple[int, str]:
    """Give exit code and whole JSON report (or the error), without the folder's name: nothing in them is volatile."""
    ran = gate(*look.arguments(folder, "--format", "json"))
    return ran.code, (ran.out + ran.err).replace(str(folder), "DEMO")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> dict[Look, tuple[int, str]]:
    """What each run says of an unchanged copy."""
    folder = copy(tmp_path_factory.mktemp("pristine"))
    return {look: picture(look, folder) for look in LOOKS}


def test_a_second_run_says_the_same(pristine: dict[Look, tuple[int, str]], tmp_path: Path) -> None:
    """The report of an unchanged copy is equal byte for byte: a difference below comes from the changed byte."""
    folder = copy(tmp_path)
    assert {look: picture(look, folder) for look in LOOKS} == pristine


@pytest.mark.parametrize("name", READ)
def test_a_changed_byte_is_seen(name: str, pristine: dict[Look, tuple[int, str]], tmp_path: Path) -> None:
    """One byte of one file changed: some run has another verdict, or gives other reasons or evidence for it.

    "Evidence" is what the report lists as having decided: a rule file, key, waiver or scanner report is listed
    by its digest (S24), so that a changed one is another one, even where the verdict stays.
    """
    folder = copy(tmp_path)
    file = folder / name
    content = file.read_bytes()
    seeded = random.Random(name)  # noqa: S311 -- the same positions in every run
    positions = [place for place in range(len(content)) if place not in SAYS_NOTHING.get(name, ())]
    for position in sorted(seeded.sample(positions, min(POSITIONS, len(positions)))):
        file.write_bytes(changed(content, position))
        assert any(picture(look, folder) != pristine[look] for look in likely(name, pristine)), (
            f"{name}, byte {position}"
        )


def changed(content: bytes, position: int) -> bytes:
    """Flip the lowest bit of one byte."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def likely(name: str, pristine: dict[Look, tuple[int, str]]) -> list[Look]:
    """Order the runs so that those whose report names the file come first."""
    named = Path(name).name
    return sorted(pristine, key=lambda look: named not in pristine[look][1])
