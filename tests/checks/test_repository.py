"""The check `repository`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.checks.repository import RepositoryCheck, RepositoryRegex
from gate.formats.repository_name import RegistryGlob, RepositoryGlob
from gate.pattern import PatternTimeoutError, Regex
from tests.checks.made import Made, mistake, rule, single


def of(name: str, tag: str = "1.4.2", origin: str = "") -> Made:
    """Make an image in a repository."""
    made = single()
    made.place, made.tag, made.origin = name, tag, origin
    return made


@pytest.mark.parametrize(
    "options",
    ["registries: [ghcr.io]", "allow: ['**']", "deny: ['docker.io/**']", "max-depth: 9", "environment: forbidden",
     "routes: [{from: '**', to: '**'}]"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["oci:app", "docker-archive:app.tar"])
def test_without_a_repository_nothing_is_satisfied(options: str, place: str) -> None:
    """A layout or an archive leaves the rule undecided (S26)."""
    [judgement] = of(place).judged(rule(f"check: repository, {options}"))
    assert [each.reason.code for each in judgement.undecided] == ["repository-unnamed"]
    assert judgement.findings == ()


def test_the_finding_says_what_was_expected() -> None:
    """Registry, expectation, waiver key."""
    [finding] = of("docker.io/library/nginx").findings(rule("check: repository, registries: [ghcr.io, quay.io]"))
    assert finding.reason.code == "registry-not-allowed"
    assert finding.what == "the image comes from docker.io"
    assert (finding.expected, finding.got) == ("ghcr.io or quay.io", "docker.io")
    assert finding.about.keys == (("repository", "docker.io/library/nginx"),)


@pytest.mark.parametrize(
    "name",
    ["ghcr.io.evil.example/a/b", "evil-ghcr.io/a/b", "ghcr.io:8443/a/b", "xghcr.io/a/b", "docker.io/ghcr.io/app",
     "example.com/a", "evilexample.com/a", "example.com.evil.test/a", "a.example.com:5000/a"],
)  # fmt: skip
def test_a_registry_with_a_similar_name_is_another_one(name: str) -> None:
    """Whole names, and a dot before the domain."""
    check = rule("check: repository, registries: [ghcr.io, '*.example.com']")
    assert of(name).codes(check) == ["registry-not-allowed"]


def test_everything_below_a_domain_is_meant_and_the_domain_itself_is_not() -> None:
    """`*.` stands for at least one label."""
    check = rule("check: repository, registries: ['*.example.com']")
    assert [name for name in ["a.example.com/x", "a.b.example.com/x"] if of(name).codes(check)] == []


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("GHCR.io", "ghcr.io"),
        ("index.docker.io", "docker.io"),
        ("ghcr.io:443", "ghcr.io"),
        ("ghcr.*", "is no registry"),
        ("*", "is no registry"),
        ("*ghcr.io", "is no registry"),
        ("*.*.example.com", "is no registry"),
        ("ghcr.io/acme", "is no registry"),
        ("''", "is no registry"),
        ("nginx", "can match no repository"),
        ("https://ghcr.io", "is no registry"),
    ],
)
def test_a_registry_that_could_never_match_is_a_mistake(entry: str, message: str) -> None:
    """Names are compared in their normal form."""
    if "*" in entry:
        entry = f"'{entry}'"
    assert message in mistake(f"check: repository, registries: [{entry}]")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("nginx", "names no registry"),
        ("library/nginx", "docker.io/library/nginx"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("GHCR.io/acme/**", "ghcr.io/acme/a/b"),
        ("ghcr.io/Acme/**", "can match no repository"),
        ("ghcr.io/acme/app:1.4", "can match no repository"),
        ("ghcr.io/acme/app@sha256", "can match no repository"),
        ("**/app:1.4", "can match no repository"),
        ("**/App", "can match no repository"),
        ("registry-1.docker.io/**", "docker.io"),
        ("''", "no glob"),
    ],
)
@pytest.mark.parametrize("option", ["allow", "deny"])
def test_a_name_that_could_never_match_is_a_mistake(option: str, entry: str, message: str) -> None:
    """For `deny` it would forbid nothing."""
    entry = entry if entry == "''" else f"'{entry}'"
    assert message in mistake(f"check: repository, {option}: [{entry}]")


@pytest.mark.parametrize(
    "glob", ["**", "**/app", "*/acme/*", "*.example.com/**", "localhost:5000/**", "ghcr.io/acme/*-svc"]
)
def test_a_glob_that_can_match_is_taken(glob: str) -> None:
    """Also without a registry's name, where it begins with stars."""
    assert str(RepositoryGlob.from_text(glob)) == glob


def test_globs_and_expressions_are_over_the_whole_name() -> None:
    """`*` stops at a slash, and nothing may stand around."""
    check = rule("check: repository, allow: ['ghcr.io/acme/*', {regex: 'quay\\.io/x[0-9]'}]")
    assert [name for name in ["ghcr.io/acme/a", "quay.io/x1"] if of(name).codes(check)] == []
    wrong = ["ghcr.io/acme/a/b", "a.ghcr.io/acme/a", "quay.io/x12", "quayxio/x1.a", "my.quay.io/x1"]
    assert [name for name in wrong if of(name).codes(check) != ["repository-not-allowed"]] == []


def test_what_is_denied_is_named() -> None:
    """With the pattern."""
    [finding] = of("ghcr.io/acme/tmp").findings(rule("check: repository, allow: ['**'], deny: ['**/x', '**/tmp']"))
    assert finding.what == "the repository ghcr.io/acme/tmp is denied by **/tmp"


@pytest.mark.parametrize(
    ("options", "depth", "fits"),
    [("min-depth: 2", 1, False), ("min-depth: 2", 2, True), ("max-depth: 2", 2, True), ("max-depth: 2", 3, False),
     ("min-depth: 2, max-depth: 2", 2, True)],
)  # fmt: skip
def test_the_parts_behind_the_registry_are_counted(options: str, depth: int, *, fits: bool) -> None:
    """The registry is none of them."""
    codes = of("ghcr.io" + "/a" * depth).codes(rule(f"check: repository, {options}"))
    assert codes == ([] if fits else ["repository-depth"])


@pytest.mark.parametrize(
    "name", ["prod/app", "acme/app-prod", "acme/app_prod", "acme/app.prod", "acme/web-pre-prod", "acme/prod"]
)
def test_an_environment_is_a_part_or_the_end_of_one(name: str) -> None:
    """Found by `required` and by `forbidden`."""
    assert of(f"ghcr.io/{name}").codes(rule("check: repository, environment: required")) == []
    forbidden = rule("check: repository, environment: forbidden")
    assert of(f"ghcr.io/{name}").codes(forbidden) == ["repository-environment"]


@pytest.mark.parametrize("name", ["acme/app", "acme/production-line", "acme/reprod", "acme/prod2", "acme/prodapp"])
def test_a_word_that_only_contains_an_environment_is_none(name: str) -> None:
    """Nor does one at the beginning of a part count."""
    assert of(f"ghcr.io/{name}").codes(rule("check: repository, environment: forbidden")) == []
    assert of(f"ghcr.io/{name}").codes(rule("check: repository, environment: required")) == ["repository-environment"]


def test_the_registry_carries_no_environment() -> None:
    """`dev.example.com` says where it lies."""
    assert of("dev.example.com/acme/app").codes(rule("check: repository, environment: forbidden")) == []


@pytest.mark.parametrize(("tag", "codes"), [("dev", ["repository-environment"]), ("prod", []), ("1.4.2", []), ("", [])])
def test_a_tag_must_not_name_another_environment(tag: str, codes: list[str]) -> None:
    """`app-prod:dev` says two things."""
    assert of("ghcr.io/acme/app-prod", tag).codes(rule("check: repository, environment: required")) == codes


ROUTES = "check: repository, routes: [{from: 'ghcr.io/dev/**', to: 'ghcr.io/prod/**'}]"


@pytest.mark.parametrize(
    ("origin", "name", "codes"),
    [
        ("ghcr.io/dev/app", "ghcr.io/prod/app", []),
        ("ghcr.io/dev/app", "ghcr.io/dev/app", []),
        ("", "ghcr.io/prod/app", []),
        ("ghcr.io/dev/app", "ghcr.io/prod/other", ["repository-route"]),
        ("ghcr.io/prod/app", "ghcr.io/dev/app", ["repository-route"]),
        ("ghcr.io/dev/app", "ghcr.io/dev/x/app", ["repository-route"]),
        ("quay.io/dev/app", "ghcr.io/prod/app", ["repository-route"]),
        ("ghcr.io/dev/app", "quay.io/prod/app", ["repository-route"]),
        ("", "ghcr.io/test/app", ["repository-route"]),
        ("ghcr.io/test/app", "ghcr.io/test/app", ["repository-route"]),
    ],
)
def test_images_go_along_routes_only(origin: str, name: str, codes: list[str]) -> None:
    """In that direction, with the same last part."""
    assert of(name, origin=origin).codes(rule(ROUTES)) == codes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: repository", "asks for nothing"),
        ("check: repository, registries: []", "empty list"),
        ("check: repository, routes: []", "empty list"),
        ("check: repository, routes: [{from: '**'}]", "lacks the key 'to'"),
        ("check: repository, min-depth: 0", "no repository has less than one part"),
        ("check: repository, min-depth: 3, max-depth: 2", "fewer parts"),
        ("check: repository, environments: [dev]", "nothing looks for them"),
        ("check: repository, environment: required, environments: [Dev]", "lower-case"),
        ("check: repository, environment: required, environments: [dev/eu]", "lower-case"),
        ("check: repository, environment: maybe", "cannot be 'maybe'"),
        ("check: repository, allow: [{regex: '('}]", "not a regular expression"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Told when the rule file is read."""
    assert message in mistake(text)


def test_an_expression_without_end_decides_only_if_no_other_pattern_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their order."""

    def late(regex: Regex, text: str) -> bool:
        raise PatternTimeoutError(text)

    monkeypatch.setattr(Regex, "matches", late)
    slow = RepositoryRegex(regex=Regex("x"))
    good, bad = RepositoryGlob("**"), RepositoryGlob("quay.io/**")
    for order in ((slow, good), (good, slow)):
        assert of("ghcr.io/a/b").codes(RepositoryCheck(allow=order)) == []
    with pytest.raises(PatternTimeoutError):
        of("ghcr.io/a/b").judged(RepositoryCheck(allow=(slow, bad)))


PARTS = st.lists(st.sampled_from(["acme", "dev", "prod", "app", "app-prod"]), min_size=1, max_size=4).map("/".join)
GLOBS = st.lists(
    st.sampled_from(["**", "ghcr.io/**", "ghcr.io/acme/*", "*/dev/**", "quay.io/**"]), min_size=1, max_size=4
)


@given(path=PARTS, globs=GLOBS, data=st.data())
def test_the_order_of_patterns_never_matters(path: str, globs: list[str], data: st.DataObject) -> None:
    """For `allow` and `deny`."""
    made, shuffled = of(f"ghcr.io/{path}"), data.draw(st.permutations(globs))
    kept, other = (tuple(map(RepositoryGlob.from_text, each)) for each in (globs, shuffled))
    assert made.codes(RepositoryCheck(allow=kept)) == made.codes(RepositoryCheck(allow=other))
    assert made.codes(RepositoryCheck(deny=kept)) == made.codes(RepositoryCheck(deny=other))


@given(path=PARTS, globs=GLOBS, more=GLOBS)
def test_tightening_never_satisfies(path: str, globs: list[str], more: list[str]) -> None:
    """Fewer allowed, more denied, fewer registries: every finding stays."""
    made = of(f"ghcr.io/{path}")
    allowed, fewer = tuple(map(RepositoryGlob, [*globs, *more])), tuple(map(RepositoryGlob, globs))
    loose = RepositoryCheck(allow=allowed, deny=(RepositoryGlob("quay.io/**"),), max_depth=4)
    tight = RepositoryCheck(
        allow=fewer, deny=(RepositoryGlob("quay.io/**"), *map(RepositoryGlob, more)), max_depth=2,
        registries=(RegistryGlob("ghcr.io"),),
    )  # fmt: skip
    assert set(made.codes(loose)) <= set(made.codes(tight))
