"""The JSON Schema and the walk agree, as far as a schema can tell; the published one is current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from gate.ruleset.nodes import ListNode, Node, ScalarNode, parse
from gate.ruleset.schema import rule_file_schema
from tests.ruleset.toys import KINDS, mistakes, write

DOCS = Path(__file__).parents[2] / "docs"

GOOD = [
    "{check: tag, allow: semver}",
    "{check: tag, allow: [semver, 'v*', {regex: 'x+'}]}",
    "{check: tag, allow: 1.10}",
    "{check: tag, allow: 0123456}",
    "{check: labels, require: {a: email, b: {regex: x}, c: {one-of: [u, 1]}}}",
    "{check: labels, require: {a: any}, grace: {high: 14d, low: 2w}}",
    "{check: everything}",
    "{check: everything, fail-at: high, count: -3, since: 2026-11-25, strict: true, text: no}",
    "{check: everything, images: ['ghcr.io/**'], report: {max-age: 24h, scanners: trivy}}",
    "{check: everything, amount: low}",
    "{check: everything, amount: [1, 2]}",
    "{check: everything, amount: {a: 1}}",
    "{check: tag, allow: x, level: warning, why: w, fix: f, final: true, waivable: false, from: 2027-01-01}",
    "{check: tag, allow: x, for: {images: 'ghcr.io/**', tags: ['1.*', latest]}}",
    "{check: signature, signed-by: a}",
    "{check: signature, group: {any-of: [a, {at-least: 1, of: [a, {any-of: a}]}]}}",
]
BAD = [
    "tag",
    "[]",
    "{allow: x}",
    "{check: tga, allow: x}",
    "{check: tag}",
    "{check: tag, allow: []}",
    "{check: tag, allow: ~}",
    "{check: tag, allow: }",
    "{check: tag, allow: {regexp: x}}",
    "{check: tag, allow: x, alow: y}",
    "{check: tag, allow: x, require: {a: any}}",
    "{check: tag, allow: x, level: eror}",
    "{check: tag, allow: x, level: ERROR}",
    "{check: tag, allow: x, final: yes}",
    "{check: tag, allow: x, final: 'true'}",
    "{check: tag, allow: x, from: tomorrow}",
    "{check: tag, allow: x, for: ghcr.io}",
    "{check: tag, allow: x, for: {image: ghcr.io/x}}",
    "{check: labels, require: {}}",
    "{check: labels, require: [a]}",
    "{check: labels, require: {a: emial}}",
    "{check: labels, require: {a: {regex: x, one-of: [y]}}}",
    "{check: labels, require: {a: any}, grace: {hgih: 1d}}",
    "{check: labels, require: {a: any}, grace: {high: 24}}",
    "{check: everything, fail-at: [high]}",
    "{check: everything, count: five}",
    "{check: everything, count: 5.5}",
    "{check: everything, count: '5'}",
    "{check: everything, strict: 1}",
    "{check: everything, text: [a]}",
    "{check: everything, text: {a: 1}}",
    "{check: everything, report: {max-age: 24}}",
    "{check: everything, report: {max-age: 24 h}}",
    "{check: everything, report: {scanners: [tivy]}}",
    "{check: everything, amount: hgih}",
    "{check: everything, amount: {a: b}}",
    "{check: signature, group: {any-of: []}}",
    "{check: signature, group: {at-least: 1}}",
    "{check: signature, group: [a]}",
]
FILES_BAD = [
    "rules: {a: {check: tag, allow: x}}",
    "gate: 2\nrules: {a: {check: tag, allow: x}}",
    "gate: '1'\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nrules: {}",
    "gate: 1\nrule: {a: {check: tag, allow: x}}",
    "gate: 1\nrules: {é: {check: tag, allow: x}}",
    "gate: 1\nextends: []\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nadvisory: {}\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nadvisory: {until: soon}\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nsigners: {a: {kind: gpg}}\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nsigners: {a: {kind: cosign-key, key: keys/a.pub}}\nrules: {a: {check: tag, allow: x}}",
    "gate: 1\nsigners: {a: {kind: cosign-key, key: keys/a.pub, log: some}}\nrules: {a: {check: tag, allow: x}}",
    "- gate",
]

SIGNERS = "signers: {a: {kind: cosign-key, key: keys/a.pub, log: none}}\n"


def plain(node: Node) -> object:
    """Give the value that YAML 1.2's core schema reads (section 10.3), as an editor does."""
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if not isinstance(node, ScalarNode):
        return {entry.key.text: plain(entry.value) for entry in node.entries}
    if node.is_null:
        return None
    if not node.plain:
        return node.text
    if node.text.lower() in {"true", "false"}:
        return node.text.lower() == "true"
    for number in (int, float):
        try:
            return number(node.text)
        except ValueError:
            continue
    return node.text


def fits(text: str) -> bool:
    """Tell whether the schema takes a rule file."""
    node = parse("f.yaml", text.encode(), [])
    assert node is not None
    return bool(Draft7Validator(schema()).is_valid(plain(node)))


def schema() -> dict[str, Any]:
    """Give the schema with the toys."""
    return rule_file_schema(KINDS)


def test_the_schema_is_one() -> None:
    """Draft 7, whole."""
    Draft7Validator.check_schema(schema())
    Draft7Validator.check_schema(rule_file_schema())


@pytest.mark.parametrize("entry", GOOD)
def test_what_the_walk_takes_the_schema_takes(tmp_path: Path, entry: str) -> None:
    """No editor complains about a good file."""
    text = f"gate: 1\n{SIGNERS}rules:\n  r: {entry}\n"
    assert mistakes(write(tmp_path, gate=text)) == []
    assert fits(text)


@pytest.mark.parametrize("entry", BAD)
def test_what_the_walk_refuses_the_schema_refuses(tmp_path: Path, entry: str) -> None:
    """An editor shows the mistake while it is made."""
    text = f"gate: 1\n{SIGNERS}rules:\n  r: {entry}\n"
    assert mistakes(write(tmp_path, gate=text)) != []
    assert not fits(text)


@pytest.mark.parametrize("text", FILES_BAD)
def test_the_top_of_a_file_is_refused_alike(tmp_path: Path, text: str) -> None:
    """Keys of files and signers."""
    assert mistakes(write(tmp_path, gate=text)) != []
    assert not fits(text)


def test_the_published_schema_is_current() -> None:
    """`gate rules schema > docs/rule-file.schema.json` makes it so."""
    published = (DOCS / "rule-file.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(rule_file_schema(), indent=2) + "\n"


def test_every_option_is_described() -> None:
    """Editors show the sentence beside the key; so does `gate rules explain`."""
    found = rule_file_schema()
    for section in ("rules", "signers"):
        for branch in found["properties"][section]["additionalProperties"]["allOf"]:  # type: ignore[index]
            for key, value in branch["then"]["properties"].items():
                assert value is True or value["description"], key


def test_the_packs_fit_the_schema() -> None:
    """What ships with the gate is good for an editor too."""
    validator = Draft7Validator(rule_file_schema())
    for pack in sorted((DOCS.parent / "rules").glob("*.yaml")):
        assert validator.is_valid(yaml.safe_load(pack.read_text(encoding="utf-8"))), pack
