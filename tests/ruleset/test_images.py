"""`images: ghcr.io/acme/{app}`: one file serves many repositories, and what it fills in is data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import RuleFileError
from gate.option import option
from gate.ruleset.entries import Kinds
from gate.ruleset.images import ImagesPattern, fill
from gate.ruleset.load import load, load_ruleset
from gate.ruleset.rule import Rule, Ruleset
from gate.ruleset.show import explained, merged
from gate.signer import Identity
from tests.ruleset.toys import KINDS, mistakes, read, write

ORG = """gate: 1
images: ghcr.io/acme/{app}
rules:
  title:
    check: labels
    require: {org.opencontainers.image.title: {one-of: "{app}"}, "{app}.owner": email}
    why: The title of {app} is {app}, not ${app} or {{app}}.
  prefix: {check: tag, allow: {regex: '{app}-[0-9]{1,3}'}}
  only: {check: tag, deny: [latest], for: {images: "ghcr.io/acme/{app}"}}
"""


def org(folder: Path, text: str = ORG) -> Ruleset:
    """Load one file with the real checks."""
    (folder / "org.yaml").write_text(text, encoding="utf-8")
    return load_ruleset([str(folder / "org.yaml")])


def rules(ruleset: Ruleset) -> dict[str, Rule]:
    """Give the rules by name."""
    return {rule.name: rule for rule in ruleset.rules}


def wrong(folder: Path, text: str) -> list[str]:
    """Give what is said about a file that must be refused."""
    with pytest.raises(RuleFileError) as caught:
        org(folder, text)
    return [one.message for one in caught.value.mistakes]


def test_names_are_filled_in_for_each_repository(tmp_path: Path) -> None:
    """In values, keys of labels, regular expressions, globs and messages; other languages' braces stay."""
    ruleset = org(tmp_path)
    for app in ("web", "db.backup", "a_b"):
        found = rules(ruleset.for_repository(f"ghcr.io/acme/{app}"))
        title: Any = found["title"].check
        assert title.require["org.opencontainers.image.title"].one_of == (app,)
        assert f"{app}.owner" in title.require
        assert found["title"].why == f"The title of {app} is {app}, not ${{app}} or {{{{app}}}}."
        prefix: Any = found["prefix"].check
        assert prefix.allow[0].matches(f"{app}-12")
        assert not prefix.allow[0].matches(f"{app}-1234")
        assert [str(glob) for glob in found["only"].scope.images] == [f"ghcr.io/acme/{app}"]
        assert all(rule.unfit is None for rule in found.values())


def test_a_value_is_text_in_a_regular_expression(tmp_path: Path) -> None:
    """The dot of `a.b` is a dot."""
    prefix: Any = rules(org(tmp_path).for_repository("ghcr.io/acme/a.b"))["prefix"].check
    assert prefix.allow[0].matches("a.b-1")
    assert not prefix.allow[0].matches("axb-1")


@pytest.mark.parametrize(
    ("repository", "code", "words"),
    [
        ("docker.io/library/nginx", "images-mismatch", "is for images of ghcr.io/acme/{app}, and this one is of docker.io/library/nginx"),
        ("ghcr.io/acme/team/web", "images-mismatch", "ghcr.io/acme/team/web"),
        ("ghcr.io/acme", "images-mismatch", "ghcr.io/acme"),
        ("evil.test/ghcr.io/acme/web", "images-mismatch", "evil.test"),
        ("ghcr.io.evil.test/acme/web", "images-mismatch", "evil.test"),
        ("", "images-unknown", "this image has no repository name"),
    ],
)  # fmt: skip
def test_rules_of_a_file_for_other_images_are_undecided(tmp_path: Path, repository: str, code: str, words: str) -> None:
    """All of them, also one whose `for:` would not match: never skipped."""
    for rule in org(tmp_path).for_repository(repository).rules:
        assert rule.unfit is not None
        assert rule.unfit.reason.code == code
        assert words in rule.unfit.what


def test_what_is_not_filled_in_is_shown_as_it_was_written(tmp_path: Path) -> None:
    """Nobody reads a made-up name."""
    for ruleset in (org(tmp_path), org(tmp_path).for_repository("docker.io/library/nginx")):
        assert rules(ruleset)["title"].why == "The title of {app} is {app}, not ${app} or {{app}}."


def test_rules_filled_in_for_one_repository_are_filled_in_again_for_another(tmp_path: Path) -> None:
    """A promotion judges an image under the name of its destination."""
    web = org(tmp_path).for_repository("ghcr.io/acme/web")
    assert web.for_repository("ghcr.io/acme/web") is web
    assert rules(web.for_repository("ghcr.io/acme/db"))["title"].why.startswith("The title of db is db")
    assert all(rule.unfit is not None for rule in web.for_repository("ghcr.io/other/web").rules)


def test_some_rules_alone_are_filled_in_too(tmp_path: Path) -> None:
    """`--only` holds for every repository."""
    ruleset = org(tmp_path).only(["only", "prefix"])
    assert [rule.name for rule in ruleset.rules] == ["prefix", "only"]
    filled = ruleset.for_repository("ghcr.io/acme/web")
    assert [(rule.name, rule.unfit) for rule in filled.rules] == [("prefix", None), ("only", None)]
    assert [rule.name for rule in filled.for_repository("ghcr.io/acme/db").rules] == ["prefix", "only"]


def test_who_does_not_fill_in_gets_no_rule_that_can_be_judged(tmp_path: Path) -> None:
    """The ruleset as loaded is about no image yet."""
    assert all(rule.unfit is not None for rule in org(tmp_path).rules)


def test_a_file_without_images_needs_no_filling_in(tmp_path: Path) -> None:
    """Braces are text there, and the ruleset is the same for every repository."""
    ruleset = org(tmp_path, "gate: 1\nrules:\n  t: {check: labels, require: {title: {one-of: '{app}'}}}\n")
    assert ruleset.for_repository("ghcr.io/acme/web") is ruleset
    check: Any = ruleset.rules[0].check
    assert check.require["title"].one_of == ("{app}",)


def test_several_patterns_name_the_same_parts(tmp_path: Path) -> None:
    """The first that matches counts."""
    text = ORG.replace(
        "images: ghcr.io/acme/{app}", "images: ['ghcr.io/acme/{app}', 'registry.acme.example/*/{app}-prod']"
    )
    why = "The title of web is web, not ${app} or {{app}}."
    for repository in ("ghcr.io/acme/web", "registry.acme.example/eu/web-prod"):
        assert rules(org(tmp_path, text).for_repository(repository))["title"].why == why


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ("'{host}/acme/app'", "'sample-host' is no registry"),
        ("'{host}.example/acme/app'", "the registry is written out"),
        ("'ghcr.io/{team}-{app}'", "between two slashes there is one name and no '*'"),
        ("'ghcr.io/acme/{app}*'", "between two slashes there is one name and no '*'"),
        ("'ghcr.io/**/{app}'", "'**' would match in several ways"),
        ("'ghcr.io/{app}/{app}'", "uses one name twice"),
        ("'ghcr.io/acme/{App}'", "a name in braces is small letters"),
        ("'ghcr.io/acme/{a}/{B}'", "a name in braces is small letters"),
        ("'ghcr.io/acme/{}'", "a name in braces is small letters"),
        ("'ghcr.io/acme/{app}:1.0'", "a repository has no tag"),
        ("'ghcr.io/Acme/{app}'", "repository names are lower case"),
        ("'index.docker.io/acme/{app}'", "another name of Docker Hub"),
        ("nginx", "names no registry"),
        ("['ghcr.io/acme/{app}', 'ghcr.io/other/{service}']", "names others"),
        ("['ghcr.io/acme/{app}', 'ghcr.io/other/*']", "names others"),
    ],
)  # fmt: skip
def test_a_pattern_that_could_match_in_several_ways_or_never_is_refused(
    tmp_path: Path, images: str, words: str
) -> None:
    """With what is wrong."""
    text = f"gate: 1\nimages: {images}\nrules:\n  t: {{check: tag, deny: [latest]}}\n"
    assert any(words in message for message in wrong(tmp_path, text)), wrong(tmp_path, text)


HEAD = "gate: 1\nimages: ghcr.io/acme/{app}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules:\n  t: {check: tag, allow: '{app}'}\n", "'allow' cannot hold {app}"),
        ("rules:\n  t: {check: tag, allow: ['{app}-partial']}\n", "'allow' cannot hold {app}"),
        ("rules:\n  t: {check: labels, require: {title: '{app}'}}\n", "'title' cannot hold {app}"),
        ("rules:\n  t: {check: tag, deny: [latest], level: '{app}'}\n", "'level' cannot hold {app}"),
        ("rules:\n  t: {check: signature, signed-by: '{app}'}\n", "'signed-by' cannot hold {app}"),
        ("signers:\n  '{app}': {kind: cosign-key, key: a.pub, log: none}\nrules:\n  t: {check: tag, deny: [latest]}\n", "a signer's name is"),
        ("signers:\n  s: {kind: cosign-key, key: 'keys/{app}.pub', log: none, any-image: true}\nrules:\n  t: {check: tag, deny: [latest]}\n", "'key' cannot hold {app}"),
        ("rules:\n  t: {check: labels, require: {title: {one-of: '{ap}'}}}\n", "'images' gives no name {ap} (there are: {app}); did you mean 'app'?"),
        ("rules:\n  t: {check: labels, require: {title: {one-of: '{app}-{x}'}}}\n", "'images' gives no name {x}"),
        ("rules:\n  t: {check: image, max-age: '{app}'}\n", "'max-age' cannot hold {app}"),
    ],
)  # fmt: skip
def test_a_name_where_a_text_has_a_meaning_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A repository called `semver`, `any` or `error` must not become a word of the rule file."""
    assert any(words in message for message in wrong(tmp_path, HEAD + text)), wrong(tmp_path, HEAD + text)


def test_braces_in_messages_may_be_other_peoples(tmp_path: Path) -> None:
    """`why` and `fix` are for people."""
    text = HEAD + "rules:\n  t: {check: tag, deny: [latest], why: 'Run {cmd} for {app}.'}\n"
    assert org(tmp_path, text).for_repository("ghcr.io/acme/web").rules[0].why == "Run {cmd} for web."


def test_two_keys_that_become_one_leave_the_rules_undecided(tmp_path: Path) -> None:
    """`{app}` and `web` are one label in the repository web: none of the two silently wins."""
    text = HEAD + "rules:\n  t: {check: labels, require: {'{app}': email, web: url}}\n"
    ruleset = org(tmp_path, text)
    assert ruleset.for_repository("ghcr.io/acme/db").rules[0].unfit is None
    unfit = ruleset.for_repository("ghcr.io/acme/web").rules[0].unfit
    assert unfit is not None
    assert unfit.reason.code == "rules-unfit"
    assert "stands here twice" in unfit.what


def test_a_rule_that_names_a_signer_of_a_file_for_other_images_is_undecided(tmp_path: Path) -> None:
    """Else it would be judged with a signer that nobody filled in."""
    team = "gate: 1\nextends: org.yaml\nrules:\n  signed: {check: signature, signed-by: team}\n  own: {check: tag, allow: semver}\n"
    other = """gate: 1
images: ghcr.io/acme/{app}
signers:
  team: {kind: cosign-key, key: keys/a.pub, log: none}
"""
    ruleset = read(write(tmp_path, team=team, org=other)).ruleset
    found = rules(ruleset.for_repository("docker.io/library/nginx"))
    assert found["own"].unfit is None
    assert found["signed"].unfit is not None
    assert found["signed"].unfit.reason.code == "images-mismatch"
    assert all(rule.unfit is None for rule in ruleset.for_repository("ghcr.io/acme/web").rules)


@dataclass(frozen=True)
class Somebody:
    """A signer who is who the rule file says."""

    kind: ClassVar[str] = "somebody"
    name: str = option("Who.", needs="name: x")

    def principal(self) -> Identity:
        return Identity("somebody", self.name)


def test_two_signers_that_become_one_leave_the_rules_undecided(tmp_path: Path) -> None:
    """In the repository `web` they would count twice (S18); elsewhere they are two."""
    text = """signers:
  a: {kind: somebody, name: "{app}"}
  b: {kind: somebody, name: web}
rules:
  r: {check: signature, signed-by: a}
"""
    path = write(tmp_path, org=HEAD + text)
    kinds = Kinds(KINDS.checks, {"somebody": Somebody})
    ruleset = load([str(path)], kinds).ruleset
    assert ruleset.for_repository("ghcr.io/acme/db").rules[0].unfit is None
    assert ruleset.for_repository("ghcr.io/acme/db").signers["a"].principal() == Identity("somebody", "db")
    unfit = ruleset.for_repository("ghcr.io/acme/web").rules[0].unfit
    assert unfit is not None
    assert unfit.reason.code == "rules-unfit"
    assert "the signer 'b' is the same as 'a'" in unfit.what


def test_names_belong_to_the_file_that_gives_them(tmp_path: Path) -> None:
    """In a file that extends it, the braces are text."""
    team = "gate: 1\nextends: org.yaml\nrules:\n  own: {check: tag, allow: semver, why: '{app}'}\n"
    own = "gate: 1\nimages: ghcr.io/acme/{app}\nrules:\n  theirs: {check: tag, allow: semver, why: '{app}'}\n"
    found = rules(read(write(tmp_path, team=team, org=own)).ruleset.for_repository("ghcr.io/acme/web"))
    assert (found["own"].why, found["theirs"].why) == ("{app}", "web")


def test_show_and_explain_say_which_images_a_file_is_for(tmp_path: Path) -> None:
    """The rules of it say no more than that."""
    loaded = read(write(tmp_path, org=HEAD + "rules:\n  t: {check: tag, allow: semver, why: 'for {app}'}\n"))
    assert "org.yaml are for images of ghcr.io/acme/{app}\n" in merged(loaded)
    assert "  its file is for images of ghcr.io/acme/{app}\n" in explained("t", loaded)


def test_mistakes_are_said_once(tmp_path: Path) -> None:
    """Reading again for a repository adds none."""
    path = write(tmp_path, org=HEAD + "rules:\n  t: {check: tag, alow: semver}\n")
    assert mistakes(path) == ["org.yaml:4:19: the rule 't' (check tag) has no key 'alow'; did you mean 'allow'?"]


PATH_PARTS = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)*", fullmatch=True)


@given(PATH_PARTS, PATH_PARTS)
def test_what_a_pattern_captures_gives_the_repository_back(team: str, app: str) -> None:
    """match∘fill is the identity, so there is one way only to match."""
    pattern = ImagesPattern.from_text("ghcr.io/{team}/x-{app}")
    found = pattern.match(f"ghcr.io/{team}/x-{app}")
    assert found == {"team": team, "app": app}
    assert fill(pattern.text, found or {}) == f"ghcr.io/{team}/x-{app}"


@given(st.text(alphabet="ab{}app*/.$\\", max_size=20))
def test_filling_in_never_fails(text: str) -> None:
    """Whatever stands in the file; nothing is filled in twice."""
    assert "{app}" not in fill(text, {"app": "{app}"}) or "{app}" in text
