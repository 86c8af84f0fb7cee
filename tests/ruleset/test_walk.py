"""The walk along the types: what each type takes, and every mistake with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import RuleFileError
from gate.option import SignerName
from gate.pattern import Glob
from gate.ruleset.rule import Rule
from tests.ruleset.toys import KINDS, AnyOf, AtLeast, Pattern, Severity, Words, mistakes, read, write


def rule(folder: Path, entry: str, more: str = "") -> Rule:
    """Load one rule."""
    path = write(folder, gate=f"gate: 1\nrules:\n  r: {entry}\n{more}")
    return read(path).ruleset.rules[0]


def check(folder: Path, entry: str, more: str = "") -> Any:
    """Load one rule's check; its options are read as attributes."""
    return rule(folder, entry, more).check


def wrong(folder: Path, entry: str) -> list[str]:
    """Give the mistakes of one rule as `column: message`; it stands in line 3, its value from column 6 on."""
    path = write(folder, gate=f"gate: 1\nrules:\n  r: {entry}\n")
    found = mistakes(path)
    assert all(one.startswith("gate.yaml:3:") for one in found), found
    return [one.removeprefix("gate.yaml:3:") for one in found]


@pytest.mark.parametrize("text", ["0123456", "1.10", "no", "on", "true", "'quoted'", '"1.10"', "2026-01-01"])
def test_a_text_is_what_was_typed(tmp_path: Path, text: str) -> None:
    """Unquoted commits, versions and old YAML words stay themselves."""
    found = check(tmp_path, f"{{check: everything, text: {text}}}")
    assert found.text == text.strip("'\"")


def test_every_kind_of_value(tmp_path: Path) -> None:
    """One rule with all of them, as it comes out."""
    found = check(
        tmp_path,
        "{check: everything, fail-at: high, count: -3, since: 2026-11-25, strict: TRUE, images: 'ghcr.io/**',"
        " report: {max-age: 24h, scanners: [trivy, grype]}, amount: {a: 1}}",
    )
    assert (found.fail_at, found.count, found.since, found.strict) == (Severity.HIGH, -3, date(2026, 11, 25), True)
    assert found.images == (Glob("ghcr.io/**"),)
    assert (str(found.report.max_age), found.report.scanners, found.report.best_effort) == (
        "24h",
        ("trivy", "grype"),
        False,
    )
    assert found.amount == {"a": 1}
    assert check(tmp_path, "{check: everything, amount: low}").amount is Severity.LOW
    assert check(tmp_path, "{check: everything, amount: [1, 2]}").amount == (1, 2)


def test_a_union_is_chosen_by_form_and_keys(tmp_path: Path) -> None:
    """Scalar, or one of several mappings."""
    found = check(tmp_path, "{check: labels, require: {a: email, b: {regex: x+}, c: {one-of: [u, v]}}}")
    assert found.require["a"] == "email"
    assert isinstance(found.require["b"], Pattern)
    assert found.require["c"] == Words(one_of=("u", "v"))
    allow = check(tmp_path, "{check: tag, allow: [semver, 'v*', {regex: x}]}").allow
    assert allow[:2] == ("semver", Glob("v*"))
    assert isinstance(allow[2], Pattern)


def test_one_bare_value_is_a_list_of_one(tmp_path: Path) -> None:
    """Scalar or mapping alike."""
    assert check(tmp_path, "{check: tag, allow: semver}").allow == ("semver",)
    assert check(tmp_path, "{check: tag, allow: {regex: x}}").allow[0].regex.text == "x"


def test_options_nest_in_themselves(tmp_path: Path) -> None:
    """Groups of signers in groups; the names are looked up."""
    signers = "signers:\n  a: {kind: cosign-key, key: keys/a.pub, log: none}\n"
    entry = "{check: signature, group: {any-of: [a, {at-least: 1, of: [a, {any-of: a}]}]}}"
    found = check(tmp_path, entry, signers).group
    inner = AtLeast(at_least=1, of=(SignerName("a"), AnyOf(any_of=(SignerName("a"),))))
    assert found == AnyOf(any_of=(SignerName("a"), inner))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        # keys
        ("{check: tag, alow: semver}", ["19: the rule 'r' (check tag) has no key 'alow'; did you mean 'allow'?"]),
        ("{check: tag, allow: x, levle: error}", ["29: the rule 'r' (check tag) has no key 'levle'; did you mean 'level'?"]),
        ("{check: tag, allow: x, same_as_label: y}",
         ["29: the rule 'r' (check tag) has no key 'same_as_label'; did you mean 'same-as-label'?"]),
        ("{check: tag, allow: x, qqq: y}",
         [("29: the rule 'r' (check tag) has no key 'qqq' (it has: allow, same-as-label, check, level, why, fix, for, from, "
          "final, waivable, waivers, replaces)")]),
        ("{check: tag}", ["3: the rule 'r' (check tag) lacks the key 'allow': say `allow: [semver]`"]),
        ("{check: labels}", ["3: the rule 'r' (check labels) lacks the key 'require' (Label to form.)"]),
        ("{allow: semver}", ["3: 'r' lacks the key 'check' (one of: tag, labels, everything, signature)"]),
        ("{check: tga, allow: semver}", ["14: unknown check 'tga' (one of: tag, labels, everything, signature); did you mean 'tag'?"]),
        ("{check: tga, level: eror}", ["14: unknown check 'tga' (one of: tag, labels, everything, signature); did you mean 'tag'?",
                                       "26: 'level' cannot be 'eror' (one of: error, warning); did you mean 'error'?"]),
        ("{check: [tag], allow: semver}", ["14: unknown check '(not a text)' (one of: tag, labels, everything, signature)"]),
        ("tag", ["6: 'r' is a mapping with the key 'check' and its options"]),
        ("", ["5: 'r' is a mapping with the key 'check' and its options"]),
        # forms
        ("{check: everything, text: [a]}", ["32: 'text' is a text, not a list"]),
        ("{check: everything, report: 24h}", ["34: 'report' is a mapping (keys with values), not the text '24h': write `report: {max-age: …}`"]),
        ("{check: labels, require: [a]}", ["31: 'require' is a mapping (keys with values), not a list: write `require: {a: any}`"]),
        ("{check: labels, require: org.example.team}",
         ["31: 'require' is a mapping (keys with values), not the text 'org.example.team': write `require: {org.example.team: any}`"]),
        ("{check: labels, require: [[a]]}",
         ["31: 'require' is a mapping (keys with values), not a list: write `require: {NAME: any}`"]),
        ("{check: labels, require: '{'}",
         ["31: 'require' is a mapping (keys with values), not the text '{': write `require: {NAME: any}`"]),
        ("{check: labels, require: {a: x}, grace: 1d}",
         ["35: 'a' cannot be 'x' (one of: any, email)",
          "46: 'grace' is a mapping (keys with values), not the text '1d': write `grace: {low: …}`"]),
        ("{check: tag, allow: x, for: ghcr.io/acme/*}",
         [("34: 'for' is a mapping (keys with values), not the text 'ghcr.io/acme/*': "
           "write `for: {images: ['ghcr.io/acme/**']}`")]),
        ("{check: tag, allow: x, for: [1.*]}",
         ["34: 'for' is a mapping (keys with values), not a list: write `for: {images: ['ghcr.io/acme/**']}`"]),
        ("{check: tag, allow: x, waivers: me}",
         ["38: 'waivers' is a mapping (keys with values), not the text 'me': write `waivers: {owners: ['*']}`"]),
        ("{check: tag, allow: [[a]]}",
         ["27: 'allow' is one of semver, git-commit or a glob or a mapping (keys with values), not a list"]),
        ("{check: everything, amount: low}", []),
        # empty
        ("{check: tag, allow: []}", ["26: 'allow' is an empty list, which could match nothing: leave it out"]),
        ("{check: labels, require: {}}", ["31: 'require' is empty, which could match nothing: leave it out"]),
        ("{check: everything, text: ~}", ["32: ~ is null in YAML: write one, or leave the key out"]),
        ("{check: everything, text: null}", ["32: null is null in YAML: write one, or leave the key out"]),
        ("{check: everything, text: }", ["32: there is no value here: write one, or leave the key out"]),
        ("{check: tag, allow: ['']}", ["27: an empty glob matches nothing"]),
        ("{check: everything, count: ''}", ["33: 'count' is a whole number (as 5, without quotes), not ''"]),
        # words
        ("{check: everything, fail-at: hgih}",
         ["35: 'fail-at' cannot be 'hgih' (one of: low, medium, high, critical); did you mean 'high'?"]),
        ("{check: everything, fail-at: HIGH}",
         ["35: 'fail-at' cannot be 'HIGH' (one of: low, medium, high, critical); did you mean 'high'?"]),
        ("{check: labels, require: {a: emial}}", ["35: 'a' cannot be 'emial' (one of: any, email); did you mean 'email'?"]),
        ("{check: labels, require: {a: x}, grace: {hihg: 1d}}",
         ["35: 'a' cannot be 'x' (one of: any, email)",
          "47: 'grace' cannot be 'hihg' (one of: low, medium, high, critical); did you mean 'high'?"]),
        # scalars
        ("{check: everything, strict: yes}", ["34: 'strict' is true or false, not 'yes'; did you mean true (without quotes)?"]),
        ("{check: everything, strict: 'true'}", ["34: 'strict' is true or false, not 'true'; did you mean true (without quotes)?"]),
        ("{check: everything, strict: 1}", ["34: 'strict' is true or false, not '1'"]),
        ("{check: everything, count: 5.0}", ["33: 'count' is a whole number (as 5, without quotes), not '5.0'"]),
        ("{check: everything, count: '5'}", ["33: 'count' is a whole number (as 5, without quotes), not '5'"]),
        ("{check: everything, count: 012}", ["33: 'count' is a whole number (as 5, without quotes), not '012'"]),
        ("{check: everything, count: 0x10}", ["33: 'count' is a whole number (as 5, without quotes), not '0x10'"]),
        ("{check: everything, count: ٣}", ["33: 'count' is a whole number (as 5, without quotes), not '٣'"]),
        ("{check: everything, since: 2026-02-30}", ["33: 'since' is a day written as 2027-01-31, not '2026-02-30'"]),
        ("{check: everything, since: 20260201}", ["33: 'since' is a day written as 2027-01-31, not '20260201'"]),
        ('{check: everything, since: "2026-02-01\\n"}', ["33: 'since' is a day written as 2027-01-31, not '2026-02-01\\\\n'"]),
        ("{check: everything, report: {max-age: 24}}",
         ["44: '24' is not a length of time: write a number and m, h, d or w, as 24h or 14d"]),
        ("{check: tag, allow: {regex: '('}}",
         ["34: not a regular expression: missing ) at position 1"]),
        # repositories
        ("{check: everything, images: nginx}",
         ["34: 'nginx' names no registry: names are compared in full, as docker.io/library/nginx or ghcr.io/acme/**"]),
        ("{check: everything, images: acme/app}",
         ["34: 'acme' is no registry: names are compared in full, as docker.io/acme/app"]),
        ("{check: tag, allow: x, for: {images: [ghcr.io/a, 'GHCR.io/a']}}",
         ["55: 'GHCR.io': names are compared with the host in lower case"]),
        ("{check: tag, allow: x, for: {images: ghcr.io/a:1}}",
         ["43: a repository has no tag: take it away (a rule may say `for: {tags: […]}`)"]),
        # between options
        ("{check: everything, report: {best-effort: true, scanners: [trivy]}}",
         ["65: best effort and named scanners exclude each other"]),
        ("{check: everything, report: {best-effort: true, scanners: trivy}}",
         ["64: best effort and named scanners exclude each other"]),
        ("{check: tag, allow: x, for: {}}", ["34: 'for' says neither images nor tags: leave it out"]),
        ("{check: everything, amount: {a: x}}", ["38: 'a' is a whole number (as 5, without quotes), not 'x'"]),
        ("{check: everything, amount: hgih}",
         ["34: 'amount' cannot be 'hgih' (one of: low, medium, high, critical); did you mean 'high'?"]),
        ("{check: tag, allow: {regexp: x}}", ["27: an entry of 'allow' has no key 'regexp'; did you mean 'regex'?"]),
        ("{check: tag, allow: [x, {rgx: x}]}", ["31: an entry of 'allow' has no key 'rgx'; did you mean 'regex'?"]),
        # names
        ("{check: signature, signed-by: release}", ["36: there is no signer 'release' (there are: none)"]),
    ],
)  # fmt: skip
def test_a_mistake_says_what_was_found_and_what_would_be_right(tmp_path: Path, entry: str, expected: list[str]) -> None:
    """Whole messages, with their column."""
    assert wrong(tmp_path, entry) == expected


def test_every_mistake_of_a_rule_is_reported_at_once(tmp_path: Path) -> None:
    """One after the other would be a run each."""
    entry = "{check: everything, fail-at: x, count: y, since: z, strict: q, report: {max-age: 1, scaners: []}, lvl: 1}"
    assert [one.split(":")[0] for one in wrong(tmp_path, entry)] == ["35", "45", "55", "66", "87", "90", "104"]


def test_origins_tell_where_each_key_was_written(tmp_path: Path) -> None:
    """For `gate rules show` and `explain`."""
    origins = rule(tmp_path, "{check: everything, report: {max-age: 24h}, level: warning}").origins
    assert {key: (place.line, place.column) for key, place in origins.items()} == {
        "level": (3, 57),
        "report": (3, 34),
        "report.max-age": (3, 44),
    }


PART = (
    "no part of a repository's name can match {!r}: it has a-z 0-9, with one . or _, two _ or any - between them; "
    "in a glob only * is special"
)
HOST = "no host of a repository's name can match {!r}: it has a-z 0-9 . - and a port; in a glob only * is special"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "index.docker.io/library/x",
            "'index.docker.io' is another name of Docker Hub: names are compared after folding it to docker.io",
        ),
        ("ghcr.io:443/a", "'ghcr.io:443': names are compared without the default port, write ghcr.io"),
        ("ghcr.io/A", "repository names are lower case: this glob could never match"),
        ("**/App", "repository names are lower case: this glob could never match"),
        ("ghcr.io/a@sha256:0", "a repository has no digest: take away everything from @ on"),
        ("**:latest", "a repository has no tag: take it away (a rule may say `for: {tags: […]}`)"),
        ("ghcr.io/acme/", "no name ends with /: write /** for everything below"),
        ("ghcr.io/", "no name ends with /: write /** for everything below"),
        ("**/", "no name ends with /: write /** for everything below"),
        (" ghcr.io/acme/*", "' ghcr.io/acme/*': no name starts or ends with a space"),
        ("ghcr.io/acme/*\n", "'ghcr.io/acme/*\\n': no name starts or ends with a space"),
        ("ghcr.io/acme/ro?t", PART.format("ro?t")),
        ("ghcr.io/acme/[r]oot", PART.format("[r]oot")),
        ("ghcr.io/acme/{a,b}", PART.format("{a,b}")),
        ("ghcr.io/acme/.*", PART.format(".*")),
        ("ghcr.io/acme/^a*$", PART.format("^a*$")),
        ("ghcr.io/acme/a b", PART.format("a b")),
        ("ghcr.io/acme/-a", PART.format("-a")),
        ("ghcr.io/acme/a-", PART.format("a-")),
        ("ghcr.io/acme/a..b", PART.format("a..b")),
        ("ghcr.io/acme/a._b", PART.format("a._b")),
        ("ghcr.io/acme/ä", PART.format("ä")),
        ("**/[r]oot", PART.format("[r]oot")),
        ("ghcr.io/acme//root", "no name has an empty part between two slashes: this glob could never match"),
        ("**//root", "no name has an empty part between two slashes: this glob could never match"),
        (f"ghcr.io/{'a' * 256}", "the path of a repository has at most 255 characters: this glob could never match"),
        ("https://ghcr.io/acme/*", "a repository has no scheme: take away https://"),
        ("oci://ghcr.io/acme/*", "a repository has no scheme: take away oci://"),
        ("/acme/app", "'' is no registry: names are compared in full, as docker.io//acme/app"),
        ("ghcr.i?/acme", HOST.format("ghcr.i?")),
        ("ghcr..io/acme", HOST.format("ghcr..io")),
        ("*.ghcr_io/acme", HOST.format("*.ghcr_io")),
        ("^*.example.com/acme", HOST.format("^*.example.com")),
        ("ghcr.io:https/acme", HOST.format("ghcr.io:https")),
        ("[::1]:5000/app", None),
        ("[0::1]:5000/app", "'[0::1]:5000': names are compared in their normal form, write [::1]:5000"),
        ("docker.io/nginx",
         "Docker Hub's official images are in library: names are compared in full, as docker.io/library/nginx"),
        ("docker.io/*", "Docker Hub's official images are in library: names are compared in full, as docker.io/library/*"),
        ("docker.io/**", None),
        ("docker.io/*/*", None),
        ("*", "'*': * stops at /, and every name has one; write ** for every repository"),
        ("*.example.org", "'*.example.org': * stops at /, and every name has one; write ** for every repository"),
        ("**", None),
        ("**app", None),
        ("*/*/*", None),
        ("*.*:*/**", None),
        ("eu-*.pkg.dev/acme/a__b/c--d*/e", None),
        ("internal:443/app", None),
        ("*.example.org/team/**", None),
        ("localhost/app", None),
        ("localhost:5000/app", None),
        ("registry*/app", None),
        ("docker.io/library/nginx", None),
    ],
)  # fmt: skip
def test_a_repository_glob_that_could_never_match_is_told(text: str, problem: str | None) -> None:
    """It would silently take a rule out of force (S26)."""
    from gate.ruleset.names import repository_glob_problem

    assert repository_glob_problem(text) == problem


@given(host=st.sampled_from(["ghcr.io", "localhost:5000", "docker.io/library", "[::1]:5000"]),
       path=st.from_regex(r"[a-z0-9]+((\.|__?|-+)[a-z0-9]+){0,2}(/[a-z0-9]+((\.|__?|-+)[a-z0-9]+){0,2}){0,2}", fullmatch=True),
       data=st.data())  # fmt: skip
def test_a_glob_that_matches_a_name_is_never_refused(host: str, path: str, data: st.DataObject) -> None:
    """Whatever of a repository's name is replaced by stars."""
    from gate.oci.reference import Repository
    from gate.pattern import Glob
    from gate.ruleset.names import repository_glob_problem

    name = str(Repository.parse(f"{host}/{path}"))
    start = data.draw(st.integers(name.index("/") + 1, len(name)))
    end = data.draw(st.integers(start, len(name)))
    glob = f"{name[:start]}**{name[end:]}"
    assert Glob(glob).matches(name)
    assert repository_glob_problem(glob) is None


GRAMMAR = (
    "no tag can match {!r}: tags have letters, digits, _ . and - only, at most 128, and start with a letter, a digit or _; "
    "in a glob only * is special"
)
CONVENTION = "and for: takes globs; write the rule's allow: for conventions"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("semver", f"'semver' is the name of a convention, {CONVENTION}"),
        ("moving", f"'moving' is the name of a convention, {CONVENTION}"),
        ("Moving", f"'Moving' looks like the name of the convention 'moving', {CONVENTION}"),
        ("git_commit", f"'git_commit' looks like the name of the convention 'git-commit', {CONVENTION}"),
        ("semvar", f"'semvar' looks like the name of the convention 'semver', {CONVENTION}"),
        (r"1\.4\.[0-9]+", GRAMMAR.format(r"1\.4\.[0-9]+")),
        ("^1.*$", GRAMMAR.format("^1.*$")),
        (".*", GRAMMAR.format(".*")),
        ("1.4.?", GRAMMAR.format("1.4.?")),
        ("1.4.2 ", GRAMMAR.format("1.4.2 ")),
        ("{1,2}*", GRAMMAR.format("{1,2}*")),
        ("app:1.4.2", GRAMMAR.format("app:1.4.2")),
        ("feature/x", GRAMMAR.format("feature/x")),
        ("", "an empty glob matches nothing"),
    ],
)
def test_a_tag_glob_that_could_never_match_is_told(tmp_path: Path, text: str, problem: str) -> None:
    """The rule would hold for no tag, and nobody would see it (S26)."""
    assert wrong(tmp_path, f"{{check: tag, allow: x, for: {{tags: '{text}'}}}}") == [f"41: {problem}"]


@pytest.mark.parametrize(
    "text", ["1.*", "*", "**", "v*-rc*", "latest", "prod", "*.*", "_x", "1.4.2", "*semver", "main"]
)
def test_a_tag_glob_that_can_match_is_kept(tmp_path: Path, text: str) -> None:
    """Also a tag that is moved by habit."""
    assert [str(glob) for glob in rule(tmp_path, f"{{check: tag, allow: x, for: {{tags: '{text}'}}}}").scope.tags] == [
        text
    ]


words = st.sampled_from(
    ["gate: 1", "rules:", "signers:", "  r:", "    check: tag", "    allow: [semver]", "    allow:", "      - {regex: x}",
     "  a: {check: everything, count: 3}", "    for: {images: '**'}", "    level: warning", "extends: [x.yaml]", "- a", "?",
     "requires: '>=0'", "advisory: {until: 2027-01-01}", "  a: {kind: cosign-key, key: keys/a.pub, log: none}", "...", "\t",
     "    report: {max-age: 1h}", "x: &a", "    check: signature", "    signed-by: a", "}", "# c", "    check: labels",
     "    require: {a: email}", "'", '"', "    why: |", "    final: true", "    replaces: x.yaml"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(words, max_size=12).map("\n".join), st.text(max_size=80)))
def test_no_text_makes_loading_raise_anything_else(tmp_path: Path, text: str) -> None:
    """Rules, or mistakes with places; never another exception."""
    from gate.ruleset.load import load

    path = write(tmp_path, gate=text.encode("utf-8", "replace").decode())
    try:
        assert load([str(path)], KINDS).ruleset.rules
    except RuleFileError as error:
        found = error.mistakes
        assert all(one.line >= 1 and one.column >= 1 and one.message for one in found)
