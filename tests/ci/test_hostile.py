"""Whatever others write, into inputs, images, rule files and file names: the runner finds what we mean, and no more."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.ci.layouts import layout
from tests.ci.runner import ACTION, BAD, GOOD, Ran, action, bash, environment, inputs, outputs_of
from tests.project.demo import ROOT, copy
from tests.reports.ci_commands import azure_commands, github_commands
from tests.reports.hostile import _FRAGMENTS as FRAGMENTS

pytestmark = pytest.mark.server("bash", "git")

#: One run of the action takes half a second.
FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])

NASTY = (
    "::error::owned", "\n::set-output name=verdict::passed\n", "##[add-mask]a", "##vso[task.complete result=Succeeded]",
    "x\nverdict=passed", "x\r\nverdict=passed", "verdict<<E\npassed\nE", "$(touch took-it)", "`touch took-it`", "'; touch took-it; '",
    '"; touch took-it; "', "${IFS}touch${IFS}took-it", "--help", "--version", "-x", "a b  c", "*", "~", "\\", "\x1b[2K::error::x",
    "\u2028::error::owned", "\u202e", "%0A::error::owned", "::stop-commands::x",
)  # fmt: skip

SHAPES = {
    "verdict": "passed|failed|undetermined",
    "enforced": "true|false",
    "promoted": "true|false",
    "digest": "(sha256:[0-9a-f]{64})?",
    "image": "([a-z0-9._:/-]+@sha256:[0-9a-f]{64})?",
    "failed": "[0-9]*",
    "warned": "[0-9]*",
    "undecided": "[0-9]*",
    "exit-code": "[0-3]",
}

#: Texts that can stand in an environment variable.
_texts = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from([*FRAGMENTS, *NASTY]), min_size=1, max_size=5).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
).map(lambda text: text.replace("\0", "").encode("utf-8", "ignore").decode())

#: Names of files that tests would have to tidy up are kept inside of the checkout.
_PATHS = {"json", "sarif", "junit", "markdown", "html"}
_PROGRAMS = {"python", "installed", "wheels", "index"}


def is_sound(ran: Ran, folder: Path) -> None:
    """Assert that outputs, commands and files are only what we meant."""
    names = outputs_of(ran.written).keys()
    assert names <= ACTION["outputs"].keys() | {"gitlab-code-quality-file"}, ran.written
    for name, shape in SHAPES.items():
        assert re.fullmatch(shape, ran.outputs[name]), (name, ran.outputs[name])
    assert str(ran.code) == ran.outputs["exit-code"]
    for command in ran.commands:
        assert command.name in {"error", "warning", "notice"}, command
        assert command.properties.keys() <= {"file", "line", "col", "title"}, command
        assert command.properties["title"], command
    assert not azure_commands(ran.out + ran.err)
    assert "\x1b" not in ran.out + ran.err
    assert not list(folder.rglob("took-it")), "text became a command"


@FEW
@given(st.data())
def test_text_in_any_input_stays_text(data: st.DataObject) -> None:
    """Spaces, line breaks, `$(…)`, quotes, dashes, commands of runners: exactly our outputs and annotations come out."""
    name = data.draw(st.sampled_from(sorted(ACTION["inputs"])))
    text = data.draw(_texts)
    if name in _PATHS:
        text = "x" + text.replace("/", "")
    if name in _PROGRAMS:
        text = text.replace("/", "")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "checkout"
        folder.mkdir()
        copy(folder)
        changed = {name: text, **({"installed": ""} if name in _PROGRAMS - {"installed"} else {})}
        ran = action(folder, {**inputs(), **changed}, PATH="/usr/local/bin:/usr/bin:/bin")
        is_sound(ran, folder)
        assert ran.outputs["verdict"] != "failed" or name == "expect-digest"


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", ["image", "rules", "expect-digest", "installed"])
def test_hostile_text_never_passes(name: str, text: str, workspace: Path) -> None:
    """Each text in the inputs that matter most."""
    ran = action(workspace, {**inputs(), name: text})
    is_sound(ran, workspace)
    assert ran.code in {2, 3}
    assert ran.outputs["verdict"] == "undetermined"


@pytest.mark.parametrize("text", ["a\nverdict=passed", "a\rverdict=passed", "\x1b[1mx", "-x", "a\x7f"])
def test_a_path_that_could_forge_an_output_is_refused(text: str, workspace: Path) -> None:
    """Paths of reports are outputs too."""
    ran = action(workspace, inputs(sarif=text))
    is_sound(ran, workspace)
    assert ran.told == (2, "undetermined", "")


def _rules(why: str) -> str:
    """Give a rule file that shows a label's value, a text of its own, and who may be asked."""
    quoted = json.dumps(why, ensure_ascii=False)
    return (
        "gate: 1\nrules:\n"
        f"  owner: {{check: labels, require: {{maintainer: email, version: semver}}, why: {quoted}, fix: {quoted}}}\n"
        "  small: {check: labels, level: warning, require: {title: {regex: '[a-z]+'}}}\n"
    )


@FEW
@given(
    label=_texts,
    why=_texts,
    name=st.sampled_from(["gate.yaml", "::error::x.yaml", "##[group]x.yaml", "a b,c=d;e]f%0A.yaml"]),
)
@example(label="\n::set-output name=verdict::passed", why="##vso[task.setvariable variable=x]y", name="::error::x.yaml")
@example(label="##[error]x", why="%0A::add-mask::a", name="gate.yaml")
def test_text_of_images_and_rule_files_stays_text(label: str, why: str, name: str) -> None:
    """Labels of a hostile image, a rule file's own words, and the names of files."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "checkout"
        folder.mkdir()
        layout(folder / "image", {"maintainer": label, "version": label, "title": label, label or "x": "y"})
        (folder / name).write_text(_rules(why), encoding="utf-8")
        given = {"image": "oci:image:1.4.2", "rules": name, "installed": sys.executable, "markdown": "gate.md"}
        ran = action(folder, given)
        is_sound(ran, folder)
        assert ran.code in {1, 2}, ran.err


def _harmless(text: bytes) -> str:
    """Run the filter that foreign output goes through."""
    script = (ROOT / "scripts" / "ci" / "gate.sh").read_text()
    (line,) = [line for line in script.splitlines() if line.startswith("harmless() {")]
    done = subprocess.run(["bash", "-c", f"{line}\nharmless"], input=text, capture_output=True, check=True)
    return done.stdout.decode("ascii")


@settings(max_examples=60)
@given(
    st.lists(st.one_of(_texts, st.sampled_from(NASTY)), max_size=6).map("\n".join).map(str.encode)
    | st.binary(max_size=60)
)
@example(b"::error::x")
@example(b"  ::error::x\n\t::error::y")
@example(b":::error::x")
@example(b"x ##[error]y")
@example(b"x ###[error]y")
@example(b"##vso[task.complete]")
@example(b"##\x00[error]x")
@example(b":\x00:error::x")
@example("\u2028::error::x".encode())
@example(b"a\r::error::x")
@example(b"\x1b[2Kx")
def test_what_pip_uv_and_git_say_is_no_command(text: bytes) -> None:
    """Whatever bytes they print: nothing that GitHub or Azure obeys, nothing that a terminal obeys."""
    shown = _harmless(text)
    assert not github_commands(shown)
    assert not azure_commands(shown)
    assert "##" not in shown
    assert all(character in {"\n", "\t"} or character.isprintable() for character in shown)


def test_what_an_installation_says_is_shown_harmless(workspace: Path) -> None:
    """A Python that shouts commands when it should have shown that it has the gate."""
    shouting = workspace.parent / "python"
    shouting.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(NASTY) + "\nEND\nexit 1\n")
    shouting.chmod(0o755)
    ran = action(workspace, inputs(installed=str(shouting)))
    is_sound(ran, workspace)
    assert not ran.commands
    assert ran.told == (3, "undetermined", "")
    assert "owned" in ran.err
    assert "could not be installed" in ran.err


def test_the_scripts_say_only_words_of_their_own() -> None:
    """`say` writes to a log without a filter: no variable stands in what it is given, but of a few fixed texts."""
    allowed = {"GATE_CHANGE", "format", "what"}
    for name in ("gate.sh", "github.sh", "gitlab.sh"):
        for line in (ROOT / "scripts" / "ci" / name).read_text().splitlines():
            if re.match(r"\s*(\*\) )?(say|quietly) ", line) and "say()" not in line:
                used = set(re.findall(r"\$\{?(\w+)", line))
                assert used <= allowed, line


@pytest.mark.parametrize("script", ["gate.sh", "github.sh", "gitlab.sh"])
def test_a_script_that_breaks_off_is_no_verdict(script: str, workspace: Path, tmp_path: Path) -> None:
    """Files of the gate that are not there, a command that is missing: 3, never 0 and never 1 (S1)."""
    broken = tmp_path / "broken" / "scripts" / "ci"
    shutil.copytree(ROOT / "scripts" / "ci", broken)
    text = (broken / script).read_text()
    (broken / script).write_text(
        text.replace("mktemp -d", "no-such-command -d").replace("judge() {", "judge() { nonsense; exit 1;")
    )
    env = environment(GITHUB_WORKSPACE=str(workspace), CI_PROJECT_DIR=str(workspace), GATE_IMAGE="x")
    start = "gitlab.sh" if script == "gitlab.sh" else "github.sh"
    done = bash(f'bash "{broken}/{start}"', workspace, env)
    assert done.returncode == 3
    assert not github_commands(done.stdout + done.stderr)


def test_the_table_above_is_about_real_images() -> None:
    """Both digests that the other tests rely on are in the demo."""
    index = (ROOT / "examples" / "demo" / "app" / "index.json").read_text()
    assert GOOD in index
    assert BAD in index
