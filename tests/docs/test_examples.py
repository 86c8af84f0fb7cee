"""The examples in the docs are true: rule files lint, commands run and say what the page shows.

Conventions for pages:

* A ```yaml block with `gate: 1` is a rule file. One with `rules:` or `signers:` alone, or with entries that have a
  `check:` or `kind:`, is a part of one and is completed. A block with `waivers:` is a waiver file. Others are not ours.
* Keys that a block names (`keys/build.pub`) are keys of the demo.
* ```console blocks hold commands after `$ `. Those of `gate` are run in a copy of the demo or of the project, and if
  output is shown, it has to be the output; a line `…` stands for any lines. Commands that reach a registry are only
  parsed.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from gate.cli.main import parser
from gate.waiver import load_waivers
from tests.docs.pages import Block, all_blocks
from tests.project.demo import DEMO, gate

NOTATION = Path(__file__).parents[1] / "fixtures" / "signatures" / "notation-kinds"
SIGNATURES = Path(__file__).parent.parent / "fixtures" / "signatures"
KEYS = ("release.pub", "other.pub", "scanner.pub")


def is_rule_file(block: Block) -> bool:
    """Tell whether a block is a rule file or a part of one."""
    return completed(block) is not None


def completed(block: Block) -> str | None:
    """Give a rule file made from the block, None if it is something else."""
    text = block.text
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        return text if "gate:" in text else None
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("waivers"), list):
        return None
    if "gate" in document:
        return text
    if document.keys() <= {"rules", "signers", "extends", "images", "advisory", "requires"}:
        return f"gate: 1\n{text}"
    entries = [entry for entry in document.values() if isinstance(entry, dict)]
    if len(entries) != len(document) or not entries:
        return None
    for word, section in (("check", "rules"), ("kind", "signers")):
        if all(word in entry for entry in entries):
            return f"gate: 1\n{section}:\n" + "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
    return None


RULE_FILES = [block for block in all_blocks("yaml") if is_rule_file(block) and "refused" not in block.info]
REFUSED = [block for block in all_blocks("yaml") if is_rule_file(block) and "refused" in block.info]


def written(block: Block, folder: Path) -> Path:
    """Write a rule file and everything it names."""
    text = completed(block) or ""
    file = folder / "gate.yaml"
    missing = signers_named(text) - set((yaml.safe_load(text) or {}).get("signers") or {})
    lines = [
        f"  {name}: {{kind: cosign-key, key: keys/{name}.pub, log: none, any-image: true}}\n"
        for name in sorted(missing)
    ]
    if lines and "\nsigners:" in text:
        text = text.replace("\nsigners:\n", "\nsigners:\n" + "".join(lines), 1)
    elif lines:
        text += "signers:\n" + "".join(lines)
    file.write_text(text, encoding="utf-8")
    for number, name in enumerate(sorted(set(re.findall(r"[\w./-]+\.(?:pub|pem)\b", text)))):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / "keys" / KEYS[number % len(KEYS)], folder / name)
    for name in re.findall(r"[\w./-]+/(?:[\w-]+\.crt|trustpolicy\.json)(?=\W)", text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NOTATION / ("policy.json" if name.endswith(".json") else "root.crt"), folder / name)
    for name in re.findall(r"trusted-root: ([\w./-]+\.jsonl?)", text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(trusted_roots(several=name.endswith("l")), encoding="utf-8")
    for name in re.findall(r"[\w./-]+/state\.json\b", text):
        (folder / name).write_text('{"trust-state": 1, "repositories": {}}', encoding="utf-8")
    for name in re.findall(r"[\w./-]+\.lock\.json\b", text):
        (folder / name).write_text('{"gate-tags": 1, "repositories": {}}', encoding="utf-8")
    for name in re.findall(r"(?:\./)[\w./-]+\.yaml\b", text):
        (folder / name).write_text("gate: 1\nrules:\n  extended: {check: tag, deny: [latest]}\n", encoding="utf-8")
    return file


def trusted_roots(*, several: bool) -> str:
    """Give a file of `gate trust update`, or the lines of `gh attestation trusted-root`."""
    root = json.loads((SIGNATURES / "cosign-keyless" / "trusted_root.json").read_text(encoding="utf-8"))
    if not several:
        days = {"fetched": "2026-11-01T00:00:00Z", "expires": "2027-05-01T00:00:00Z"}
        return json.dumps(
            {"format": "gate-trust/1", "source": "https://x", "version": "1", **days, "trustedRoot": root}
        )
    private = json.loads(json.dumps(root).replace('"uri": "http://localhost:18999"', '"uri": "fulcio.githubapp.com"'))
    return json.dumps(root) + "\n" + json.dumps(private | {"tlogs": [], "ctlogs": []}) + "\n"


def signers_named(text: str) -> set[str]:
    """Give the signers that the rules of a file ask for."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict):
            for key in ("signed-by", "any-of", "all-of", "of"):
                if key in value:
                    walk(value[key])

    document = yaml.safe_load(text)
    for rule in (document.get("rules") or {}).values():
        if isinstance(rule, dict) and rule.get("check") in {"signature", "attestation"}:
            walk(rule)
    return found


@pytest.mark.parametrize("block", RULE_FILES, ids=str)
def test_a_rule_file_of_the_docs_lints(block: Block, tmp_path: Path) -> None:
    """It has no mistake, with the keys and files it names in place."""
    ran = gate("rules", "lint", str(written(block, tmp_path)))
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("block", REFUSED, ids=str)
def test_a_rule_file_that_the_docs_call_refused_is(block: Block, tmp_path: Path) -> None:
    """Marked ```yaml refused: it has a mistake."""
    ran = gate("rules", "lint", str(written(block, tmp_path)))
    assert ran.code == 2, ran.out


WAIVERS = [block for block in all_blocks("yaml") if re.search("^waivers:$", block.text, re.MULTILINE)]


@pytest.mark.parametrize("block", WAIVERS, ids=str)
def test_a_waiver_file_of_the_docs_is_one(block: Block, tmp_path: Path) -> None:
    """It has no mistake of its own; whether its rules exist depends on the rule file beside it."""
    file = tmp_path / "waivers.yaml"
    text = block.text if "gate:" in block.text else f"gate: 1\n{block.text}"
    file.write_text(text, encoding="utf-8")
    waivers, files = load_waivers((str(file),))
    assert waivers
    assert [one.role for one in files] == ["waivers"]


def commands(block: Block) -> list[tuple[str, str]]:
    """Give the commands of a console block with the output shown below each."""
    found: list[tuple[str, str]] = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, output = re.match(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
        found.append((command.replace("\\\n", " "), output))
    return found


CONSOLE = [
    pytest.param(command, output, id=f"{block}-{number}")
    for block in all_blocks("console")
    for number, (command, output) in enumerate(commands(block))
]


@pytest.mark.parametrize(("command", "shown"), CONSOLE)
def test_a_command_of_the_docs_runs(command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a command of the gate, and where it can be run here, it says what the page shows."""
    words = shlex.split(command, comments=True)
    if words[:1] != ["gate"]:
        return
    if not {"help", "--help", "-h", "--version"} & set(words):
        parser().parse_args(words[1:])
    if not runs_here(words):
        return
    (tmp_path / "examples").mkdir()
    shutil.copytree(DEMO, tmp_path / "examples" / "demo")
    monkeypatch.chdir(tmp_path if "examples/demo" in command else tmp_path / "examples" / "demo")
    ran = gate(*words[1:])
    assert ran.code != 2 or "exit 2" in shown or "mistake" in shown or ran.err.strip() in shown, ran.err
    if shown.strip():
        assert matches(shown, ran.out + ran.err), f"the page shows\n{shown}\nbut it is\n{ran.out}{ran.err}"


def runs_here(words: list[str]) -> bool:
    """Tell whether a command needs nothing but the demo: no registry, no file that is not there."""
    if words[1] in {"explain", "help", "--version", "--help"}:
        return True
    if words[1] == "rules":
        files = [word for word in words[2:] if word.endswith((".yaml", ".yml"))]
        return all((DEMO / word.removeprefix("examples/demo/")).is_file() for word in files)
    images = [word for word in words if word.startswith(("oci:", "docker-archive:"))]
    named = [
        word.removeprefix("examples/demo/") for word in words if re.search(r"\.(json|yaml)$", word) and "=" not in word
    ]
    return (
        bool(images)
        and all(image.startswith(("oci:app", "oci:examples/demo/app")) for image in images)
        and all((DEMO / name).is_file() for name in named)
    )


def matches(shown: str, output: str) -> bool:
    """Compare output with what a page shows: a line `…` or `...` stands for any lines, trailing space for none."""
    parts = re.split(r"^(?:…|\.\.\.)[^\n]*\n", clean(shown), flags=re.MULTILINE)
    pattern = "(?:.*\n)*?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, clean(output)) is not None


def clean(text: str) -> str:
    """Drop trailing space, and empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def test_there_are_examples() -> None:
    """The two lists above are not empty by a mistake of these tests."""
    assert len(RULE_FILES) >= 10
    assert len(CONSOLE) >= 5
