"""Several files become one ruleset; nothing is replaced, named or switched off by accident."""

from __future__ import annotations

import itertools
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import RuleFileError
from gate.oci.digest import Digest
from gate.report import ClosureFile
from gate.ruleset.entries import Kinds
from gate.ruleset.load import load_ruleset, rules_digest
from gate.verdict import Level, Place
from tests.ruleset.toys import RULE, mistakes, read, write

GOOD = f"gate: 1\nrules:\n{RULE}"
ORG = "gate: 1\nrules:\n  org: {check: tag, allow: semver}\n"


def test_a_rule_file_becomes_rules_signers_and_files(tmp_path: Path) -> None:
    """Everything that a run has to know, with places."""
    path = write(
        tmp_path,
        gate="""gate: 1
requires: ">=0.1"
signers:
  release: {kind: cosign-key, key: keys/a.pub, log: none}
rules:
  version-tag:
    check: tag
    allow: [semver]
    level: warning
    why: because
    fix: so
    for: {images: "ghcr.io/acme/**", tags: ['1.*']}
    from: 2027-01-01
    final: true
    waivable: false
  signed: {check: signature, signed-by: release}
""",
    )
    ruleset = read(path).ruleset
    first, second = ruleset.rules
    assert (first.name, first.level, first.why, first.fix) == ("version-tag", Level.WARNING, "because", "so")
    assert (first.starts, first.final, first.waivable) == (date(2027, 1, 1), True, False)
    assert [str(glob) for glob in (*first.scope.images, *first.scope.tags)] == ["ghcr.io/acme/**", "1.*"]
    assert first.place == Place(str(path), 6, 3)
    assert (second.level, second.final, second.waivable, second.starts) == (Level.ERROR, False, True, None)
    assert ruleset.advisory is None
    assert ruleset.signer_places == {"release": Place(str(path), 4, 3)}
    rules_file, key = ruleset.files
    assert (rules_file.role, rules_file.path, rules_file.digest) == ("rules", str(path), Digest.of(path.read_bytes()))
    assert (key.role, key.digest) == ("key", Digest.of(b"key a\n"))
    assert key.path == str(tmp_path / "keys" / "a.pub")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rules: {}", ["gate.yaml:1:1: a rule file lacks the key 'gate': say `gate: 1`",
                       "gate.yaml:1:8: 'rules' is a mapping of names to rules: name at least one, or leave it out"]),
        ("gate: 1", ["gate.yaml:1:1: there is not a single rule here"]),
        ("gate: 1\nrules: []", ["gate.yaml:2:8: 'rules' is a mapping of names to rules: name at least one, or leave it out"]),
        ("gate: 1\nrules: ~", ["gate.yaml:2:8: 'rules' is a mapping of names to rules: name at least one, or leave it out"]),
        ("gate: 1\nsigners: x\nrules:\n" + RULE,
         ["gate.yaml:2:10: 'signers' is a mapping of names to signers: name at least one, or leave it out"]),
        ("- gate: 1", ["gate.yaml:1:1: a rule file is a mapping: it starts with `gate: 1` and has `rules:`"]),
        ("gate", ["gate.yaml:1:1: a rule file is a mapping: it starts with `gate: 1` and has `rules:`"]),
        ("gate: 2\nextends: nowhere.yaml\nqqq: 1\nrules: {x: 1}",
         ["gate.yaml:1:7: this gate reads version 1 of the format, not 2",
          "gate.yaml:3:1: a rule file has no key 'qqq' (it has: gate, requires, extends, images, waivers, advisory, rules, signers)"]),
        ("gate: '1'\nrules:\n" + RULE, ["gate.yaml:1:7: 'gate' is a whole number (as 5, without quotes), not '1'"]),
        ("gate: 1\nrule:\n" + RULE, ["gate.yaml:2:1: a rule file has no key 'rule'; did you mean 'rules'?"]),
        ("gate: 1\nrequires: '>=99'\nrules: {a: 1}", ["gate.yaml:2:11: this file requires gate >=99, and this is gate 0.1.0"]),
        ("gate: 1\nrequires: '>=1.x.y'\nrules:\n" + RULE,
         ["gate.yaml:2:11: 'requires' says which versions of the gate, as '>=1.0,<2', not '>=1.x.y'"]),
        ("gate: 1\nextends: *x\nrules:\n" + RULE,
         ["gate.yaml:2:10: *x is a YAML alias: aliases are not supported; if this is a glob, put it in quotes"]),
        ("gate: 1\nrules:\n  a: {check: *x}",
         ["gate.yaml:3:14: *x is a YAML alias: aliases are not supported; if this is a glob, put it in quotes"]),
        ("gate: 1\nrules:\n  a: {check: everything, report: *x}",
         ["gate.yaml:3:34: *x is a YAML alias: aliases are not supported; if this is a glob, put it in quotes"]),
        ("gate: 1\nrequires: 'new'\nrules:\n" + RULE,
         ["gate.yaml:2:11: 'requires' says which versions of the gate, as '>=1.0,<2', not 'new'"]),
        ('gate: 1\nrequires: ">=0\\n"\nrules:\n' + RULE,
         ["gate.yaml:2:11: 'requires' says which versions of the gate, as '>=1.0,<2', not '>=0\\n'"]),
        ("gate: 1\nrules:\n  vérsion: {check: tag, allow: semver}",
         ["gate.yaml:3:3: a rule's name is up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit"]),
        ("gate: 1\nrules:\n  -x: {check: tag, allow: semver}",
         ["gate.yaml:3:3: a rule's name is up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit"]),
        (f"gate: 1\nrules:\n  {'x' * 65}: {{check: tag, allow: semver}}",
         ["gate.yaml:3:3: a rule's name is up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit"]),
        ("gate: 1\nsigners:\n  'a b': {kind: cosign-key, key: keys/a.pub, log: none}\nrules:\n" + RULE,
         ["gate.yaml:3:3: a signer's name is up to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit"]),
        ("gate: 1\nsigners:\n  a: {kind: gpg}\nrules:\n" + RULE, ["gate.yaml:3:13: unknown kind 'gpg' (one of: cosign-key)"]),
        ("gate: 1\nsigners:\n  a: {key: keys/a.pub}\nrules:\n" + RULE, ["gate.yaml:3:3: 'a' lacks the key 'kind' (one of: cosign-key)"]),
        ("gate: 1\nsigners:\n  a: {kind: cosign-key}\nrules:\n" + RULE,
         ["gate.yaml:3:3: the signer 'a' (cosign-key) lacks the key 'key': say `key: keys/release.pub`",
          "gate.yaml:3:3: the signer 'a' (cosign-key) lacks the key 'log': say `log: none`"]),
        (("gate: 1\nsigners:\n  release: {kind: cosign-key, key: keys/a.pub, log: none}\nrules:\n"
         "  a: {check: signature, signed-by: relese}"),
         ["gate.yaml:5:36: there is no signer 'relese' (there are: release); did you mean 'release'?"]),
        ("gate: 1\nwaivers: []\nimages: x\nfor: {}\nrules:\n" + RULE,
         ["gate.yaml:2:1: waivers live in files of their own, named with --waivers",
          "gate.yaml:3:9: 'x' names no registry: names are compared in full, as docker.io/library/nginx or ghcr.io/acme/**",
          "gate.yaml:4:1: a rule says where it holds: `for` stands inside a rule"]),
        ("gate: 1\nadvisory: true\nrules:\n" + RULE,
         ["gate.yaml:2:11: 'advisory' is a mapping (keys with values), not the text 'true': write `advisory: {until: 2027-01-15}`"]),
        ("gate: 1\nadvisory: {}\nrules:\n" + RULE, ["gate.yaml:2:11: 'advisory' lacks the key 'until': say `until: 2027-01-15`"]),
        ("gate: 1\nextends: []\nrules:\n" + RULE,
         ["gate.yaml:2:10: 'extends' is an empty list, which could match nothing: leave it out"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Whole messages, with their place."""
    assert mistakes(write(tmp_path, gate=text)) == expected


# Files


def test_a_missing_file_a_folder_and_rubbish_are_mistakes(tmp_path: Path) -> None:
    """All of them at once, each under its name."""
    write(tmp_path, gate=GOOD)
    (tmp_path / "folder").mkdir()
    (tmp_path / "rubbish").write_bytes(bytes(range(256)))
    os.mkfifo(tmp_path / "pipe")
    names = ("missing", "folder", "rubbish", "pipe")
    assert mistakes(*(tmp_path / name for name in names)) == [
        "folder:1:1: this is a directory, not a file",
        "missing:1:1: there is no such file",
        "pipe:1:1: this is no regular file (a device or pipe)",
        "rubbish:2:1: not UTF-8 text (byte 128 of the file)",
    ]


def test_a_path_that_is_none_is_a_mistake() -> None:
    """Nothing that the command line can say raises."""
    assert mistakes("a\0b")[0].startswith("a\0b:1:1: ")
    assert mistakes("x" * 5000) == [f"{'x' * 5000}:1:1: this cannot be read: File name too long"]
    assert mistakes("") != []
    assert mistakes() == ["gate.yaml:1:1: there is not a single rule here"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """More than a megabyte is no rule file."""
    path = write(tmp_path, gate=GOOD + "#" * 1024 * 1024)
    assert mistakes(path) == ["gate.yaml:1:1: this is larger than 1024 KiB"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("/etc/passwd", "'/etc/passwd' is absolute: files are named relative to this file"),
        ("../outside.pub", "'../outside.pub' leads out of the folder of the outermost rule file: files stay inside it, links resolved"),
        ("keys/../../outside.pub",
         "'keys/../../outside.pub' leads out of the folder of the outermost rule file: files stay inside it, links resolved"),
        ("link.pub", "'link.pub' leads out of the folder of the outermost rule file: files stay inside it, links resolved"),
        ("folder-link/outside.pub",
         "'folder-link/outside.pub' leads out of the folder of the outermost rule file: files stay inside it, links resolved"),
        ("missing.pub", "'missing.pub': there is no such file"),
        ("keys", "'keys': this is a directory, not a file"),
        ("loop", None),
        ("keys\\\\a.pub", "'keys\\\\a.pub' is no file name: write it with / and relative to this file, as keys/release.pub"),
        ("https://example.org/a.pub",
         "'https://example.org/a.pub' is no file name: write it with / and relative to this file, as keys/release.pub"),
        ("private.key", ("'private.key' holds a private key. The gate needs the public one; if the private key was committed, "
                        "it has to be replaced")),
        ("cosign.key", ("'cosign.key' holds a private key. The gate needs the public one; if the private key was committed, "
                       "it has to be replaced")),
    ],
)  # fmt: skip
def test_a_file_that_a_rule_file_names_stays_inside_its_folder(
    tmp_path: Path, written: str, message: str | None
) -> None:
    """Absolute, climbing, by a link, missing, private: each says so, and no content is shown (S25)."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.pub").write_text("secret")
    (inside / "link.pub").symlink_to(tmp_path / "outside.pub")
    (inside / "folder-link").symlink_to(tmp_path)
    (inside / "loop").symlink_to("loop")
    (inside / "private.key").write_text("-----BEGIN EC PRIVATE KEY-----\nabc\n")
    (inside / "cosign.key").write_text("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nabc\n")
    signer = f'gate: 1\nsigners:\n  a: {{kind: cosign-key, key: "{written}", log: none}}\nrules:\n{RULE}'
    (found,) = mistakes(write(inside, gate=signer))
    assert found.startswith("gate.yaml:3:30: ")
    assert message is None or found == f"gate.yaml:3:30: {message}"
    assert "secret" not in found
    assert "abc" not in found


def test_a_file_below_may_name_one_above_but_inside_the_root(tmp_path: Path) -> None:
    """The root is the folder of the outermost file, for extended files too."""
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "a.yaml").write_text(
        "gate: 1\nsigners:\n  a: {kind: cosign-key, key: ../keys/a.pub, log: none}\n"
    )
    path = write(tmp_path, gate=f"gate: 1\nextends: teams/a.yaml\nrules:\n{RULE}")
    assert read(path).ruleset.signers["a"].principal() is not None


# Extending


def test_extended_rules_come_first_and_a_file_counts_once(tmp_path: Path) -> None:
    """A diamond: two files extend the same third."""
    path = write(
        tmp_path,
        gate=f"gate: 1\nextends: [a.yaml, ./b.yaml, a.yaml]\nrules:\n{RULE}",
        a="gate: 1\nextends: c.yaml\nrules:\n  a: {check: tag, allow: semver}\n",
        b="gate: 1\nextends: ./c.yaml\nrules:\n  b: {check: tag, allow: semver}\n",
        c="gate: 1\nrules:\n  c: {check: tag, allow: semver}\n",
    )
    ruleset = read(path).ruleset
    assert [rule.name for rule in ruleset.rules] == ["c", "a", "b", "tags"]
    assert [Path(file.path).name for file in ruleset.files] == ["gate.yaml", "a.yaml", "c.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"gate": "extends: gate.yaml"}, ["gate.yaml:2:10: {}/gate.yaml extends itself, by way of this entry"]),
        ({"gate": "extends: a.yaml", "a": "extends: gate.yaml"}, ["a.yaml:2:10: {}/gate.yaml extends itself, by way of this entry"]),
        ({"gate": "extends: [a.yaml, no.yaml]", "a": "extends: nope.yaml"},
         ["a.yaml:2:10: {}/nope.yaml: there is no such file", "gate.yaml:2:19: {}/no.yaml: there is no such file"]),
        ({"gate": "extends: [keys, keys/a.pub]"},
         ["gate.yaml:2:11: {}/keys: this is a directory, not a file",
          "a.pub:1:1: a rule file is a mapping: it starts with `gate: 1` and has `rules:`"]),
        ({"gate": "extends: builtin:nope"}, None),
        ({"gate": "extends: builtin:../x"}, None),
        ({"gate": "extends: a.yaml", "a": "advisory: {until: 2027-01-01}"},
         ["a.yaml:2:11: 'advisory' counts only in the file named on the command line, not in an extended one"]),
        ({"gate": "extends: a.yaml", "a": "requires: '>=99'\nrules: {x: {check: nope}}"},
         ["a.yaml:2:11: this file requires gate >=99, and this is gate 0.1.0"]),
    ],
)  # fmt: skip
def test_a_mistake_in_extending(tmp_path: Path, files: dict[str, str], expected: list[str] | None) -> None:
    """Cycles, missing files, roll-out from inside."""
    texts = {name: f"gate: 1\n{text}\n" + (f"rules:\n{RULE}" if name == "gate" else "") for name, text in files.items()}
    found = mistakes(write(tmp_path, **texts))
    if expected is None:
        (only,) = found
        assert only.startswith("gate.yaml:2:10: there is no rule pack 'builtin:")
    else:
        assert found == [one.format(tmp_path) for one in expected]


def test_extending_ends(tmp_path: Path) -> None:
    """A chain that is too long is a mistake, not a recursion."""
    texts = {f"f{number}": f"gate: 1\nextends: f{number + 1}.yaml\n" for number in range(40)}
    (found,) = mistakes(write(tmp_path, **texts))
    assert found == "f8.yaml:2:10: too many rule files: 64 at most, 8 below each other"


def test_many_files_are_bounded(tmp_path: Path) -> None:
    """So is their number."""
    texts = {f"f{number}": "gate: 1\n" for number in range(70)}
    listed = ", ".join(f"{name}.yaml" for name in texts)
    found = mistakes(write(tmp_path, gate=f"gate: 1\nextends: [{listed}]\nrules:\n{RULE}", **texts))
    assert len(found) == 7
    assert "too many rule files" in found[0]


# Replacing


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{check: tag, allow: git-commit}",
         "gate.yaml:4:3: the rule 'org' is already defined at {}/org.yaml:3:3; to replace it here, add `replaces: ./org.yaml`"),
        ("{check: tag, allow: git-commit, replaces: other.yaml}",
         "gate.yaml:4:50: this file does not extend 'other.yaml': name one of the files it extends"),
        ("{check: tag, allow: git-commit, replaces: /org.yaml}", "gate.yaml:4:50: '/org.yaml' is absolute: files are named relative to this file"),
        ("{check: tag, allow: git-commit, replaces: 'builtin:nope'}", None),
    ],
)  # fmt: skip
def test_a_rule_is_replaced_only_by_naming_its_file(tmp_path: Path, entry: str, expected: str | None) -> None:
    """The same name twice is a mistake, whatever else it says."""
    (found,) = mistakes(write(tmp_path, gate=f"gate: 1\nextends: ./org.yaml\nrules:\n  org: {entry}\n", org=ORG))
    assert found == expected.format(tmp_path) if expected else "there is no rule pack" in found


@pytest.mark.parametrize("written", ["org.yaml", "./org.yaml", "keys/../org.yaml"])
def test_a_rule_replaces_the_one_it_names(tmp_path: Path, written: str) -> None:
    """Wholly: nothing of the old one is left."""
    text = f"gate: 1\nextends: org.yaml\nrules:\n  org: {{check: labels, require: {{a: any}}, replaces: {written}}}\n"
    (rule,) = read(write(tmp_path, gate=text, org=ORG)).ruleset.rules
    assert (rule.check.meta.name, rule.replaces, rule.place.line) == ("labels", written, 4)


def test_a_rule_of_a_file_further_down_can_be_replaced(tmp_path: Path) -> None:
    """By its path as seen from the replacing file."""
    path = write(
        tmp_path,
        gate="gate: 1\nextends: mid.yaml\nrules:\n  org: {check: labels, require: {a: any}, replaces: org.yaml}\n",
        mid="gate: 1\nextends: org.yaml\n",
        org=ORG,
    )
    assert [rule.check.meta.name for rule in read(path).ruleset.rules] == ["labels"]


def test_the_hint_names_a_file_further_down_as_it_has_to_be_written(tmp_path: Path) -> None:
    """Following the hint works, wherever the file lies."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "org.yaml").write_text(ORG)
    texts = {"gate": "gate: 1\nextends: mid.yaml\nrules:\n  org: {check: labels, require: {a: any}}\n"}
    path = write(tmp_path, **texts, mid="gate: 1\nextends: sub/org.yaml\n")
    (found,) = mistakes(path)
    assert found.endswith("to replace it here, add `replaces: sub/org.yaml`")
    path.write_text(texts["gate"].replace("any}}", "any}, replaces: sub/org.yaml}"))
    assert mistakes(path) == []


def test_a_pack_is_extended_and_its_rules_replaced_by_name(tmp_path: Path) -> None:
    """With the real checks and the pack that ships with the gate."""
    text = "gate: 1\nextends: builtin:baseline\nrules:\n  version-tag: {check: tag, allow: [semver]%s}\n"
    path = write(tmp_path, gate=text % "")
    with pytest.raises(RuleFileError, match="add `replaces: builtin:baseline`"):
        load_ruleset([str(path)])
    path.write_text(text % ", replaces: 'builtin:baseline'")
    ruleset = load_ruleset([str(path)])
    assert next(rule for rule in ruleset.rules if rule.name == "version-tag").replaces == "builtin:baseline"
    assert [(file.path, file.name) for file in ruleset.files[1:]] == [("builtin:baseline", "builtin:baseline")]
    assert load_ruleset(["builtin:baseline"]).rules


def test_the_real_checks_and_signers_read_an_example(tmp_path: Path) -> None:
    """The demo's rule file: every room is found by its word."""
    demo = Path(__file__).parents[2] / "examples" / "demo" / "gate.yaml"
    ruleset = load_ruleset([str(demo)])
    assert {rule.check.meta.name for rule in ruleset.rules} >= {
        "signature",
        "tag",
        "labels",
        "image",
        "vulnerabilities",
    }
    assert {signer.kind for signer in ruleset.signers.values()} == {"cosign-key"}


def test_no_check_has_an_option_that_every_rule_has() -> None:
    """It could not be told whose it is; adding one is refused at once."""
    from dataclasses import dataclass

    from gate.option import option

    kinds = Kinds()
    assert all(kinds.check(name) for name in kinds.checks)

    @dataclass(frozen=True)
    class Clash:
        why: str = option("taken", default="")

    with pytest.raises(RuntimeError, match="the check clash has options that every rule has: why"):
        Kinds({"clash": Clash}, {}).check("clash")


def test_a_final_rule_is_never_replaced(tmp_path: Path) -> None:
    """S25: not replaced, so not narrowed and not re-levelled either."""
    text = "gate: 1\nextends: org.yaml\nrules:\n  org: {check: tag, allow: '**', replaces: org.yaml}\n"
    path = write(tmp_path, gate=text, org=ORG.replace("semver}", "semver, final: true}"))
    assert mistakes(path) == [
        f"gate.yaml:4:44: the rule 'org' is final at {tmp_path}/org.yaml:3:3: it cannot be replaced"
    ]


def test_a_replacement_of_nothing_is_a_mistake(tmp_path: Path) -> None:
    """A rule renamed below would otherwise hold beside the new one."""
    text = "gate: 1\nextends: org.yaml\nrules:\n  orgs: {check: tag, allow: '**', replaces: org.yaml}\n"
    assert mistakes(write(tmp_path, gate=text, org=ORG)) == [
        "gate.yaml:4:45: 'org.yaml' has no rule 'orgs' (it has: org); did you mean 'org'?"
    ]


def test_two_files_cannot_replace_the_same_rule(tmp_path: Path) -> None:
    """Which of them would win would depend on their order."""
    replacing = "gate: 1\nextends: org.yaml\nrules:\n  org: {check: labels, require: {a: any}, replaces: org.yaml}\n"
    path = write(tmp_path, gate="gate: 1\nextends: [a.yaml, b.yaml]\n", a=replacing, b=replacing, org=ORG)
    assert mistakes(path) == [
        f"b.yaml:4:53: the rule 'org' is not of that file any more: it is defined at {tmp_path}/a.yaml:4:3"
    ]


def test_a_file_cannot_replace_a_rule_of_one_it_does_not_extend(tmp_path: Path) -> None:
    """Two files on one command line: neither reaches into the other."""
    write(tmp_path, a=ORG, b="gate: 1\nrules:\n  org: {check: tag, allow: x, replaces: a.yaml}\n")
    assert mistakes(tmp_path / "a.yaml", tmp_path / "b.yaml") == [
        "b.yaml:3:41: this file does not extend 'a.yaml': name one of the files it extends"
    ]


def test_rule_names_that_differ_only_in_case_are_a_mistake(tmp_path: Path) -> None:
    """In one file and across files."""
    path = write(tmp_path, gate="gate: 1\nextends: org.yaml\nrules:\n  Org: {check: tag, allow: x}\n", org=ORG)
    assert mistakes(path) == [
        f"gate.yaml:4:3: the rule 'Org' differs only in upper and lower case from 'org' at {tmp_path}/org.yaml:3:3"
    ]


# Signers


def test_a_signer_is_never_defined_twice(tmp_path: Path) -> None:
    """Not across files either: a signer cannot be replaced."""
    signer = "signers:\n  a: {{kind: cosign-key, key: keys/{}.pub, log: none}}\n"
    path = write(
        tmp_path,
        gate=f"gate: 1\nextends: org.yaml\n{signer.format('a')}rules:\n{RULE}",
        org=f"gate: 1\n{signer.format('b').replace('  a:', '  A:')}",
    )
    assert mistakes(path) == [
        f"gate.yaml:4:3: the signer 'a' is already defined at {tmp_path}/org.yaml:3:3; signers are never replaced"
    ]


def test_the_same_key_under_two_names_is_a_mistake(tmp_path: Path) -> None:
    """S18: it would look like two people."""
    text = (
        "gate: 1\nsigners:\n  a: {kind: cosign-key, key: keys/a.pub, log: none}\n"
        f"  b: {{kind: cosign-key, key: keys/copy.pub, log: none}}\nrules:\n{RULE}"
    )
    path = write(tmp_path, gate=text)
    (tmp_path / "keys" / "copy.pub").write_text("key a\n")
    assert mistakes(path) == [
        f"gate.yaml:4:3: the signer 'b' is the same key as 'a' ({path}:3:3): it would count once only"
    ]


def test_a_signer_may_be_defined_in_another_file(tmp_path: Path) -> None:
    """An organisation's rule can name the signer that each team defines."""
    path = write(
        tmp_path,
        gate="gate: 1\nextends: org.yaml\nsigners:\n  team: {kind: cosign-key, key: keys/a.pub, log: none}\n",
        org="gate: 1\nrules:\n  signed: {check: signature, signed-by: team}\n",
    )
    assert [rule.name for rule in read(path).ruleset.rules] == ["signed"]


def test_what_follows_from_another_mistake_is_not_reported(tmp_path: Path) -> None:
    """A file that is missing is one mistake, not one for each signer in it."""
    text = "gate: 1\nextends: missing.yaml\nrules:\n  a: {check: signature, signed-by: x}\n"
    assert len(mistakes(write(tmp_path, gate=text))) == 1
    text = "gate: 1\nrules:\n  b: {check: signature, signed-by: x}\nsigners:\n  x: {kind: cosign-key}\n"
    assert all("lacks the key" in one for one in mistakes(write(tmp_path, gate=text)))


# Roll-out


def test_advisory_counts_when_every_file_of_the_command_line_says_it(tmp_path: Path) -> None:
    """The earliest end holds."""
    write(
        tmp_path,
        a=f"gate: 1\nadvisory: {{until: 2027-03-01}}\nrules:\n{RULE}",
        b="gate: 1\nadvisory: {until: 2027-02-01}\nrules:\n  b: {check: tag, allow: x}\n",
        c="gate: 1\nrules:\n  c: {check: tag, allow: x}\n",
    )
    one = read(tmp_path / "a.yaml").ruleset.advisory
    assert one is not None
    assert one.until == date(2027, 3, 1)
    for order in itertools.permutations(("a", "b")):
        both = read(*(tmp_path / f"{name}.yaml" for name in order)).ruleset.advisory
        assert both is not None
        assert (both.until, both.place) == (date(2027, 2, 1), Place(str(tmp_path / "b.yaml"), 2, 11))
    found = mistakes(tmp_path / "a.yaml", tmp_path / "c.yaml")
    message = "'advisory' holds for all rule files of a run or for none"
    assert found == [f"a.yaml:2:11: {message}; {tmp_path}/c.yaml does not say it"]


# Order


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(
        [
            "a: {check: tag, allow: x}",
            "b: {check: labels, require: {x: any}}",
            "c: {check: tag, allow: y, level: warning}",
        ]
    )
)
def test_the_order_of_rules_does_not_matter(tmp_path: Path, entries: list[str]) -> None:
    """The same rules come out, whatever their order."""
    path = write(tmp_path, gate="gate: 1\nrules:\n" + "".join(f"  {entry}\n" for entry in entries))
    found = {(rule.name, repr(rule.check), rule.level) for rule in read(path).ruleset.rules}
    ordered = write(tmp_path, gate="gate: 1\nrules:\n" + "".join(f"  {entry}\n" for entry in sorted(entries)))
    assert found == {(rule.name, repr(rule.check), rule.level) for rule in read(ordered).ruleset.rules}


# The digest


def test_the_digest_does_not_depend_on_where_the_folder_lies_nor_on_the_order(tmp_path: Path) -> None:
    """A pipeline checks out into another folder each time."""
    digests = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        signer = "gate: 1\nsigners:\n  a: {kind: cosign-key, key: keys/a.pub, log: none}\n"
        path = write(folder, gate=f"gate: 1\nextends: org.yaml\nrules:\n{RULE}", org=signer)
        files = read(path).ruleset.files
        digests |= {rules_digest(files), rules_digest(reversed(files)), rules_digest((*files, *files))}
    assert len(digests) == 1


def test_every_byte_that_decides_changes_the_digest(tmp_path: Path) -> None:
    """Rule file, extended file, key, option, role."""
    signer = "gate: 1\nsigners:\n  a: {kind: cosign-key, key: keys/a.pub, log: none}\n"
    path = write(tmp_path, gate=f"gate: 1\nextends: org.yaml\nrules:\n{RULE}", org=signer)
    digests = [rules_digest(read(path).ruleset.files)]
    for file in ("gate.yaml", "org.yaml", "keys/a.pub"):
        (tmp_path / file).write_text((tmp_path / file).read_text() + "# more\n")
        digests.append(rules_digest(read(path).ruleset.files))
    files = read(path).ruleset.files
    digests.append(rules_digest(files, [("--platform", "linux/amd64")]))
    digests.append(rules_digest((*files, ClosureFile("waivers", "w.yaml", files[0].digest))))
    digests.append(rules_digest((*files, ClosureFile("vex", "w.yaml", files[0].digest))))
    assert len(set(digests)) == len(digests)


def test_two_keys_that_change_places_change_the_digest(tmp_path: Path) -> None:
    """The same bytes under each other's name are another policy."""
    signers = "".join(f"  {name}: {{kind: cosign-key, key: keys/{name}.pub, log: none}}\n" for name in "ab")
    path = write(tmp_path, gate=f"gate: 1\nsigners:\n{signers}rules:\n{RULE}")
    before = rules_digest(read(path).ruleset.files)
    (tmp_path / "keys" / "a.pub").write_text("key b\n")
    (tmp_path / "keys" / "b.pub").write_text("key a\n")
    assert rules_digest(read(path).ruleset.files) != before
