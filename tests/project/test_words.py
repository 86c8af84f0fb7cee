"""Nothing in the project names the machine it was written on, or an index that a lock could be bound to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Put together from parts, so that this file does not contain them.
FORBIDDEN = {
    "a package index": re.compile("|".join([r"pypi" + r"\.org", r"python" + r"hosted\.org"])),
    "a machine's path": re.compile(
        "|".join([r"/work/" + "(main|shared)", r"/home/" + r"[a-z]+/", r"/roo" + r"t/", r"/Users/" + r"[a-z]+/"])
    ),
    "a private key": re.compile("-----BEGIN (EC |RSA |ENCRYPTED |OPENSSH |ENCRYPTED SIGSTORE )?PRIVATE" + " KEY-----"),
}


def files() -> list[Path]:
    """Give the files of the project: what git knows, or where there is no git, what lies in its folders."""
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    folders = ("gate", "docs", "rules", "scripts", "examples", "tests")
    return [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_names(what: str) -> None:
    """No tracked text file contains it; data that tools wrote (fixtures, layouts) may hold any path of theirs."""
    found = []
    for file in files():
        name = file.relative_to(ROOT).as_posix()
        if name == "gate/sigstore/first-root.json":  # signed by others, whose paths are theirs
            continue
        if "fixtures" in name or "/blobs/" in name or ("/reports/" in name and name.startswith("examples")):
            continue
        text = file.read_bytes().decode("utf-8", "replace")
        found += [f"{name}: {match[0]}" for match in FORBIDDEN[what].finditer(text)]
    if what == "a private key":
        found = [line for line in found if not line.startswith("tests/")]
    assert not found, "\n".join(found[:20])
