"""Identities of a rule file: what a pattern can match, and what it has to write out (S16, S17)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.certificate import SubjectName
from gate.pattern import Glob, Regex
from gate.signers.cosign_identity import CosignIdentity
from gate.signers.github_workflow import GithubWorkflow
from gate.signers.gitlab_job import GitlabJob
from gate.sigstore.claims import Claims
from gate.sigstore.identity import IdentityRegex, NamePattern
from tests.signers.test_sigstore import GOOD
from tests.signers.world import key_file, packed

ROOT = key_file(packed(GOOD.trusted_root()), "trust/root.json")
SAN = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"


def glob(text: str) -> NamePattern:
    """Make a pattern."""
    return NamePattern.make(Glob(text))


def regex(text: str) -> NamePattern:
    """Make a pattern."""
    return NamePattern.make(IdentityRegex(regex=Regex(text)))


def uri(text: str) -> SubjectName:
    """Make a name."""
    return SubjectName("uri", text)


MATCHES = [
    (glob(SAN), uri(SAN)),
    (glob("https://github.com/acme/app/.github/workflows/*@refs/tags/*"), uri(SAN)),
    (glob("https://github.com/acme/**@refs/tags/*"), uri(SAN)),
    (glob("spiffe://acme.example/ns/ci"), uri("spiffe://acme.example/ns/ci")),
    (glob("spiffe://acme.example/ci"), uri("spiffe://acme.example/ci")),
    (glob("releases@acme.example"), SubjectName("email", "releases@acme.example")),
    (glob("*@acme.example"), SubjectName("email", "jo@acme.example")),
    (glob("foo!oidc.local"), SubjectName("username", "foo!oidc.local")),
    (regex(r"https://github\.com/acme/[a-z]+/\.github/workflows/release\.yml@refs/tags/v\d+"), uri(SAN)),
    (regex(r"https:\/\/github\.com\/acme\/.*@refs/(tags|heads)/.*"), uri(SAN)),
    (regex(r"https://github\.com/acme/app/(x|\.github/workflows/release\.yml)\@refs/tags/v1"), uri(SAN)),
    (regex(r"[a-z]+@acme\.example"), SubjectName("email", "jo@acme.example")),
    (regex(r"spiffe://acme\.example/ns"), uri("spiffe://acme.example/ns")),
]
MISSES = [
    (glob("https://github.com/acme/*@refs/tags/*"), uri(SAN)),
    (glob("https://github.com/acme/**"), uri(SAN)),
    (glob("https://github.com/acme/**@refs/tags/*"), uri(SAN + "@x")),
    (glob("https://github.com/acme/**@refs/tags/*"), uri("https://github.com/acme/x@y/.github/workflows/a.yml@refs/tags/v1")),
    (glob("https://github.com/acme/**@refs/tags/*"), uri(SAN.replace("acme", "ACME"))),
    (glob("https://github.com/acme/**@refs/tags/*"), uri("https://github.com/acme-evil/app/x@refs/tags/v1")),
    (glob("https://github.com/acme/**@refs/tags/*"), uri("https://evil.example/https://github.com/acme/x@refs/tags/v1")),
    (glob(SAN), SubjectName("email", SAN)),
    (glob("*@acme.example"), SubjectName("email", "a@b@acme.example")),
    (glob("*@acme.example"), SubjectName("email", "a@acme.example.evil")),
    (glob("*@acme.example"), uri("a@acme.example")),
    (regex(r"https://github\.com/acme/.*@refs/tags/.*"), uri(SAN + "@x")),
    (regex(r"https://github\.com/acme/x|.*@refs/tags/.*"), uri("https://evil.example/acme/y@refs/tags/v1")),
    (regex(r"https://github\.com/acme/.*@refs/tags/v1"), uri(SAN + "0")),
    (regex(r"https://github\.com/acme/app/a*b?@x"), uri("https://github.com/acme/app2/@x")),
    (regex(r"[a-z]+@acme\.example"), SubjectName("email", "JO@acme.example")),
    (regex(r"spiffe://acme\.example/ns"), uri("spiffe://acme.example/nsx")),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "name"), MATCHES)
def test_names_that_match(pattern: NamePattern, name: SubjectName) -> None:
    """Exactly, by a glob, or by an expression in full."""
    assert pattern.matches(name)


@pytest.mark.parametrize(("pattern", "name"), MISSES)
def test_names_that_only_look_alike(pattern: NamePattern, name: SubjectName) -> None:
    """Longer, shorter, in another case, on another host, with another `@`, of another kind."""
    assert not pattern.matches(name)


@pytest.mark.parametrize(
    "text",
    [
        "*", "**", "https://*", "https://*/acme/app@x", "https://github.com/*", "https://github.com/**@refs/tags/*",
        "https://git*.com/acme/x", "https://github.com/ac*e/x", "https://github.com/acme*", "*@*", "jo@*.example",
        "https://github.com/acme*/x@y", "https:///acme/x", "https://u@github.com/acme/x",
    ],
)  # fmt: skip
def test_globs_that_do_not_say_who(text: str) -> None:
    """No wildcard in scheme, host, owner or domain."""
    with pytest.raises(ValueError, match="has to write out who it is"):
        glob(text)


@pytest.mark.parametrize(
    "text",
    [
        ".*", "", "^", ".+@.+", r"https://github.com/acme/app@x", r"https://github\.com/acme.*", r"https://github\.com/ac?me/x", r"https://github\.com/acme/?x", r"https://github\.com/acme/{0,1}",
        r"https://(github\.com/acme/x|evil)", r"(https://github\.com/acme/.*)", r".*https://github\.com/acme/", r"jo@acme.example",
        r"jo@.*\.example", r"a@b@c", r"https://github\.com/acme*/x", r"https://github\.com/acme|.*",
    ],
)  # fmt: skip
def test_expressions_that_do_not_say_who(text: str) -> None:
    """Also where a dot was not escaped: it would match any host that looks alike."""
    with pytest.raises(ValueError, match="has to write out who it is"):
        regex(text)


def test_expression_that_reaches_over_an_at_sign() -> None:
    """Each side has to be an expression of its own."""
    with pytest.raises(ValueError, match="each side of an `@`"):
        regex(r"https://github\.com/acme/x(@|y)z")


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_but_the_owner_matches(left: str, right: str) -> None:
    """Whatever a name holds, a pattern for one owner matches no other."""
    pattern = glob("https://github.com/acme/**@refs/**")
    for text in (
        f"https://github.com/{left}@{right}",
        f"{left}https://github.com/acme/x@refs/{right}",
        f"{left}@{right}",
    ):
        if not text.startswith("https://github.com/acme/"):
            assert not pattern.matches(uri(text))


def identity(**changes: Any) -> CosignIdentity:
    """Make a signer."""
    options: dict[str, Any] = {
        "trusted_root": ROOT, "issuer": "https://accounts.google.com", "identity": Glob("jo@acme.example"), "any_image": True,
    }  # fmt: skip
    return CosignIdentity(**(options | changes))


def problems(who: CosignIdentity | GithubWorkflow | GitlabJob) -> dict[str, str]:
    """Give the mistakes by key."""
    return dict(who.problems())


REPOSITORY = Claims(repository=Glob("https://github.com/acme/app"))


@pytest.mark.parametrize(
    ("issuer", "text"),
    [
        ("https://token.actions.githubusercontent.com", SAN),
        ("https://token.actions.githubusercontent.com/acme", "https://github.com/acme/app/x"),
        ("https://token.actions.acme.ghe.com", "https://acme.ghe.com/acme/app/x"),
        ("https://github.acme.example/_services/token", "https://github.acme.example/acme/app/x"),
        ("https://gitlab.com", "https://gitlab.com/acme/app/x"),
        ("https://ci.example", "https://github.com/acme/app/.github/workflows/x.yml@refs/heads/main"),
        ("https://gitlab.acme.example", "https://gitlab.acme.example/acme/app//.gitlab-ci.yml@refs/heads/main"),
    ],
)
def test_name_of_a_ci_file_needs_the_repository(issuer: str, text: str) -> None:
    """A reusable workflow carries the name of the called file, whoever calls it (S17)."""
    told = problems(identity(issuer=issuer, identity=Glob(text)))
    assert "from whichever repository" in told[""]
    for changes in ({"claims": REPOSITORY}, {"any_repository": True}):
        assert problems(identity(issuer=issuer, identity=Glob(text), **changes)) == {}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://token.actions.evil.example",
        "https://accounts.google.com",
        "https://x.ghe.com",
        "https://gitlab.com.evil.example",
    ],
)
def test_other_issuers_need_no_repository(issuer: str) -> None:
    """Their names are of people and machines."""
    assert problems(identity(issuer=issuer)) == {}


def test_mistakes_of_an_identity() -> None:
    """Each with its key, all at once."""
    assert "one URL" in problems(identity(issuer="accounts.google.com"))["issuer"]
    assert "one URL" in problems(identity(issuer="https://*.google.com"))["issuer"]
    assert "one URL" in problems(identity(issuer="https://gооgle.com"))["issuer"]
    assert "write out who it is" in problems(identity(identity=Glob("*")))["identity"]
    assert "exclude each other" in problems(identity(claims=REPOSITORY, any_repository=True))["any-repository"]
    assert "exclude each other" in problems(identity(images=(Glob("**"),)))["any-image"]
    assert "say which images" in problems(identity(any_image=False))[""]
    assert "needs a name" in problems(identity(annotations={"": "x"}))["annotations"]


@pytest.mark.parametrize(
    "text",
    [
        "acme/app",
        "https://*/acme/app",
        "https:///acme/app",
        "https://github.com/*",
        "https://github.com",
        "http://github.com/acme/app",
    ],
)
def test_claimed_repository_writes_out_the_owner(text: str) -> None:
    """No wildcard where it would let in everybody (S17)."""
    assert "host and owner written out" in dict(Claims(repository=Glob(text)).problems())["repository"]
    assert Claims(repository=Glob("https://github.com/acme/*"), owner=Glob("https://github.com/acme")).problems() == ()
    assert "https://github.com/acme" in dict(Claims(owner=Glob("acme")).problems())["owner"]


def test_images_alone_are_enough() -> None:
    """Exactly one of the two, whichever (S16)."""
    assert problems(identity(any_image=False, images=(Glob("registry.example/**"),))) == {}


def test_pattern_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it matches, so it neither counts nor is refused."""
    from gate.pattern import PatternTimeoutError
    from gate.sigstore.proof import CannotTell
    from tests.formats.test_certificate import parsed

    def stuck(*_: object) -> bool:
        raise PatternTimeoutError("it took longer than 1 s")

    monkeypatch.setattr(Regex, "matches", stuck)
    text = r"https://github\.com/acme/.*@refs/tags/.*"
    who = identity(issuer="https://token.actions.githubusercontent.com", identity=IdentityRegex(regex=Regex(text)))
    with pytest.raises(CannotTell, match="longer than 1 s") as raised:
        who.policy().check(parsed())
    assert raised.value.reason.code == "identity-pattern-timeout"
