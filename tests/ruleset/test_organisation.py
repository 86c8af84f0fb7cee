"""One file of the organisation, a short one for each repository: it may tighten, and no way to loosen is open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.book import make_book
from gate.errors import RuleFileError
from gate.evaluate import Policy, evaluate
from gate.oci.digest import Digest
from gate.report import Closure
from gate.ruleset.load import load_ruleset
from gate.ruleset.rule import Ruleset
from gate.verdict import Failed, Passed, Undetermined, Verdict
from gate.waiver import check_waivers, load_waivers
from tests.images import image

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
ORG = """gate: 1
images: registry.example/team/{app}
waivers: {owners: "*@acme.example", max-lifetime: 90d}
signers:
  release: {kind: cosign-key, key: keys/release.pub, log: none, images: "registry.example/team/{app}"}
rules:
  version: {check: tag, allow: [semver], final: true, why: "{app} is deployed by version."}
  title: {check: labels, require: {title: {one-of: "{app}"}}, final: true}
  no-latest: {check: tag, deny: [latest]}
"""


def load(folder: Path, team: str, org: str = ORG) -> Ruleset:
    """Load the repository's file."""
    (folder / "keys").mkdir(exist_ok=True)
    key = Path(__file__).parents[2] / "examples" / "demo" / "keys" / "release.pub"
    (folder / "keys" / "release.pub").write_bytes(key.read_bytes())
    (folder / "org.yaml").write_text(org, encoding="utf-8")
    (folder / "gate.yaml").write_text(f"gate: 1\nextends: org.yaml\n{team}", encoding="utf-8")
    return load_ruleset([str(folder / "gate.yaml")])


def refused(folder: Path, team: str, org: str = ORG) -> str:
    """Give what is said about a file that must be refused."""
    with pytest.raises(RuleFileError) as caught:
        load(folder, team, org)
    return "\n".join(one.message for one in caught.value.mistakes)


def judged(
    ruleset: Ruleset, tag: str = "1.4.2", title: str = "app", repository: str = "registry.example/team/app"
) -> Verdict:
    """Judge a small image."""
    subject, evidence = image(labels={"title": title}, tag=tag, repository=repository)
    policy = Policy(ruleset, (), make_book(ruleset.signers, ()), Closure(Digest.of(b""), ()))
    return evaluate("app", policy, subject, evidence, AT).verdict


def test_the_organisation_alone_is_enough(tmp_path: Path) -> None:
    """A file that only extends it; the names are those of the image."""
    ruleset = load(tmp_path, "")
    assert isinstance(judged(ruleset), Passed)
    assert isinstance(judged(ruleset, title="other"), Failed)
    assert isinstance(judged(ruleset, title="web", repository="registry.example/team/web"), Passed)
    verdict = judged(ruleset, title="app", repository="registry.example/team/web")
    assert isinstance(verdict, Failed)
    assert {outcome.why for outcome in verdict.outcomes if outcome.rule == "version"} == {"web is deployed by version."}


def test_an_image_of_somebody_else_gets_no_verdict(tmp_path: Path) -> None:
    """Every rule of the organisation is undecided, and a rule of the repository's file does not make up for it."""
    ruleset = load(tmp_path, "rules:\n  mine: {check: tag, deny: [latest]}\n")
    verdict = judged(ruleset, repository="registry.example/others/app")
    assert isinstance(verdict, Undetermined)
    assert {cause.reason.code for cause in verdict.causes} == {"images-mismatch"}
    assert len(verdict.causes) == 3


def test_a_repository_may_tighten(tmp_path: Path) -> None:
    """With rules of its own, and by replacing what is not final with something else it answers for."""
    ruleset = load(tmp_path, "rules:\n  majors: {check: tag, allow: ['2.*']}\n")
    assert isinstance(judged(ruleset), Failed)
    replaced = "rules:\n  no-latest: {check: tag, deny: [latest, edge], replaces: org.yaml}\n"
    assert isinstance(judged(load(tmp_path, replaced)), Passed)


FINAL = "it cannot be replaced"
LOOSER = {
    "drop it to a warning": ("rules:\n  version: {check: tag, allow: [semver], level: warning, replaces: org.yaml}\n", FINAL),
    "narrow it to some images": ("rules:\n  version: {check: tag, allow: [semver], for: {images: 'x.example/y'}, replaces: org.yaml}\n", FINAL),
    "narrow it to some tags": ("rules:\n  version: {check: tag, allow: [semver], for: {tags: '9.*'}, replaces: org.yaml}\n", FINAL),
    "put it off": ("rules:\n  version: {check: tag, allow: [semver], from: 2099-01-01, replaces: org.yaml}\n", FINAL),
    "allow more": ("rules:\n  version: {check: tag, allow: ['**'], replaces: org.yaml}\n", FINAL),
    "replace it by another check": ("rules:\n  version: {check: labels, require: {x: any}, replaces: org.yaml}\n", FINAL),
    "replace it under its path": ("rules:\n  version: {check: tag, allow: ['**'], replaces: ./org.yaml}\n", FINAL),
    "use its name again": ("rules:\n  version: {check: tag, allow: ['**']}\n", "the rule 'version' is already defined"),
    "use its name in capital letters": ("rules:\n  Version: {check: tag, allow: ['**']}\n", "differs only in upper and lower case"),
    "not enforce anything": ("advisory: {until: 2099-01-01}\n", "'advisory' here cannot put it off"),
    "let somebody else sign": ("signers:\n  release: {kind: cosign-key, key: keys/release.pub, log: none, any-image: true}\n", "signers are never replaced"),
    "let the same key count twice": ("signers:\n  also: {kind: cosign-key, key: keys/release.pub, log: none, any-image: true}\n", "it would count once only"),
}  # fmt: skip


@pytest.mark.parametrize("way", LOOSER)
def test_a_repository_cannot(tmp_path: Path, way: str) -> None:
    """Loosen what is final, in any way."""
    text, words = LOOSER[way]
    assert words in refused(tmp_path, text)


def test_a_file_between_them_cannot_loosen_either(tmp_path: Path) -> None:
    """The repository extends a file of its own that replaces the final rule."""
    (tmp_path / "between.yaml").write_text(
        "gate: 1\nextends: org.yaml\nrules:\n  version: {check: tag, allow: '**', replaces: org.yaml}\n"
    )
    (tmp_path / "team.yaml").write_text("gate: 1\nextends: between.yaml\n")
    load(tmp_path, "")
    with pytest.raises(RuleFileError) as caught:
        load_ruleset([str(tmp_path / "team.yaml")])
    assert FINAL in str(caught.value)


def test_images_of_the_repositorys_file_do_not_narrow_the_organisations(tmp_path: Path) -> None:
    """They are about its own rules only: another image is still judged by the organisation's, and not passed."""
    ruleset = load(tmp_path, "images: registry.example/team/web\nrules:\n  mine: {check: tag, deny: [edge]}\n")
    assert isinstance(judged(ruleset, title="web", repository="registry.example/team/web"), Passed)
    assert isinstance(judged(ruleset, tag="nonsense"), Failed)
    assert isinstance(judged(ruleset), Undetermined)


def test_an_advisory_of_the_organisation_itself_may_put_off_its_own_rules(tmp_path: Path) -> None:
    """Named on the command line, it says so itself."""
    load(tmp_path, "")
    (tmp_path / "org.yaml").write_text(ORG.replace("gate: 1\n", "gate: 1\nadvisory: {until: 2099-01-01}\n", 1))
    assert load_ruleset([str(tmp_path / "org.yaml")]).advisory is not None


WAIVER = """gate: 1
waivers:
  - {{rule: {rule}, images: "registry.example/team/app", about: {{tag: latest}}, reason: r, owner: {owner}, expires: {expires}}}
"""


@pytest.mark.parametrize(
    ("rule", "owner", "expires", "team", "words"),
    [
        ("no-latest", "maria@acme.example", "2026-12-31", "", ""),
        ("version", "maria@acme.example", "2026-12-31", "", "the rule 'version' is final"),
        ("no-latest", "maria@evil.example", "2026-12-31", "", "'maria@evil.example' may not own a waiver"),
        ("no-latest", "maria@acme.example.evil.test", "2026-12-31", "", "may not own a waiver"),
        ("no-latest", "maria@acme.example", "2027-02-24", "", "ends at most 90d after the day of the verdict"),
        ("no-latest", "maria@acme.example", "2027-02-23", "", ""),
        # what the repository's file says holds as well, and takes nothing away
        ("no-latest", "maria@evil.example", "2026-12-31", "waivers: {owners: '**'}\n", "may not own a waiver"),
        ("no-latest", "maria@acme.example", "2027-02-24", "waivers: {max-lifetime: 300d}\n", "ends at most 90d"),
        ("no-latest", "maria@acme.example", "2026-12-31", "waivers: {owners: 'security@*'}\n", "may not own a waiver"),
        ("no-latest", "maria@acme.example", "2026-12-31", "waivers: {max-lifetime: 7d}\n", "ends at most 7d"),
        ("mine", "maria@acme.example", "2026-11-30", "rules:\n  mine: {check: tag, deny: [edge], waivers: {max-lifetime: 4d}}\n", "ends at most 4d"),
        ("mine", "maria@acme.example", "2026-11-29", "rules:\n  mine: {check: tag, deny: [edge], waivers: {max-lifetime: 4d}}\n", ""),
        ("mine", "maria@acme.example", "2026-11-29", "rules:\n  mine: {check: tag, deny: [edge], waivers: {owners: 'ops@*'}}\n", "may not own a waiver"),
        ("no-latest", "maria@acme.example", "2026-12-31", "rules:\n  mine: {check: tag, deny: [edge], waivers: {max-lifetime: 4d}}\n", ""),
    ],
)  # fmt: skip
def test_who_may_waive_what_and_how_long(
    tmp_path: Path, rule: str, owner: str, expires: str, team: str, words: str
) -> None:
    """The terms of every file hold for every rule, and those of a rule for it alone."""
    ruleset = load(tmp_path, team)
    (tmp_path / "waivers.yaml").write_text(WAIVER.format(rule=rule, owner=owner, expires=expires))
    waivers, _ = load_waivers([str(tmp_path / "waivers.yaml")])
    if not words:
        check_waivers(waivers, ruleset, AT)
        return
    with pytest.raises(RuleFileError) as caught:
        check_waivers(waivers, ruleset, AT)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("waivers: {}\n", "'waivers' says neither owners nor max-lifetime"),
        ("waivers: []\n", "waivers live in files of their own"),
        ("waivers: {owner: x}\n", "did you mean 'owners'?"),
        ("waivers: {max-lifetime: 90}\n", "'90' is not a length of time"),
        ("rules:\n  mine: {check: tag, deny: [edge], waivers: {}}\n", "'waivers' says neither owners nor max-lifetime"),
    ],
)
def test_terms_that_say_nothing_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """With what would be right."""
    assert words in refused(tmp_path, text)
