"""The check `repository`: where images may come from, how their repositories are named, and where they may go.

Judged is the normalised name: `nginx` is `docker.io/library/nginx` (S26). Layouts and archives have none: undecided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate.check import CheckMeta
from gate.finding import About, Finding, Judgement, Note, Reason, Undecided
from gate.formats.conventions import ENVIRONMENTS
from gate.formats.repository_name import RegistryGlob, RepositoryGlob
from gate.option import option
from gate.pattern import PatternTimeoutError, Regex
from gate.printable import clip

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.subject import Subject

__all__ = ["CHECK", "RepositoryCheck", "RepositoryRegex", "Route"]

REPOSITORY_UNNAMED = Reason(
    "repository-unnamed",
    "There is no repository to judge",
    "The rule is about the name of the repository, and an image in a layout or an archive has none.",
    "Check the image by its reference in the registry, or use the rule with `for:` only where there is one.",
)
REGISTRY_NOT_ALLOWED = Reason(
    "registry-not-allowed",
    "The image comes from a registry that the rule does not allow",
    "The rule lists registries under `registries:`, and the host that the reference names is none of them. A reference "
    "without a host names Docker Hub (`docker.io`).",
    "Copy the image to one of the registries and use it from there, or add the registry to the rule.",
)
REPOSITORY_NOT_ALLOWED = Reason(
    "repository-not-allowed",
    "The name of the repository is none that the rule allows",
    "The rule lists globs and regular expressions under `allow:`, and the full name of the repository (with the "
    "registry, in normal form) matches none of them.",
    "Push the image to a repository that follows the naming convention.",
)
REPOSITORY_DENIED = Reason(
    "repository-denied",
    "The repository is one that the rule forbids",
    "The rule lists globs and regular expressions under `deny:`, and the full name of the repository matches one.",
    "Use another repository, or take it off the list.",
)
REPOSITORY_DEPTH = Reason(
    "repository-depth",
    "The name of the repository has too few or too many parts",
    "The rule says how many parts the path behind the registry has (`min-depth`, `max-depth`): `team/app` has two.",
    "Push the image to a repository whose name has the parts that your convention asks for, as team/component.",
)
REPOSITORY_ENVIRONMENT = Reason(
    "repository-environment",
    "The environment in the repository's name is not as the rule asks",
    "The rule says whether names carry an environment, as a part (`prod/app`) or at the end of one (`app-prod`). It is "
    "missing, or there where it should not be, or there are two different ones, be it that the tag names the second.",
    "Push the image to the repository of its environment, or, where names carry none, to one without.",
)
REPOSITORY_ROUTE = Reason(
    "repository-route",
    "Images must not go from there to there",
    "The rule lists under `routes:` from which repositories images may be promoted to which others. The promotion "
    "follows none of the routes, or the repository stands at neither end of any.",
    "Promote the image along one of the routes, or add the route to the rule.",
)

#: How many patterns a message names.
_MOST_SHOWN: Final = 140
_ENDS_A_PART: Final = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class RepositoryRegex:
    """One entry of `allow` or `deny` that is a regular expression."""

    regex: Regex = option("a regular expression over the whole name, registry included")

    def matches(self, name: str) -> bool:
        """Tell whether the whole name matches; raises `PatternTimeoutError`."""
        return self.regex.matches(name)

    def __str__(self) -> str:
        """As written."""
        return f"/{self.regex}/"


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where images may be promoted."""

    from_: tuple[RepositoryGlob, ...] = option("repositories that images may come from", key="from")
    to: tuple[RepositoryGlob, ...] = option("repositories that they may go to")
    same_name: bool = option("the last part of the name stays the same", default=True)

    def leads(self, origin: str, target: str) -> bool:
        """Tell whether the route leads from one repository to the other."""
        if self.same_name and origin.rpartition("/")[2] != target.rpartition("/")[2]:
            return False
        return _any(self.from_, origin) and _any(self.to, target)

    def __str__(self) -> str:
        """`dev/** to prod/**`."""
        return f"{', '.join(map(str, self.from_))} to {', '.join(map(str, self.to))}"


@dataclass(frozen=True, slots=True)
class RepositoryCheck:
    """Images come from where they should, under the names they should have."""

    meta: ClassVar[CheckMeta] = CheckMeta("repository", "The repository is an allowed one, named as agreed", "image")

    registries: tuple[RegistryGlob, ...] = option(
        "registries that images may come from: ghcr.io, *.example.com", default=()
    )
    allow: tuple[RepositoryGlob | RepositoryRegex, ...] = option(
        "what the repository's full name must look like: at least one of these globs or {regex: …}", default=()
    )
    deny: tuple[RepositoryGlob | RepositoryRegex, ...] = option(
        "what the repository's full name must not be: globs or {regex: …}", default=()
    )
    min_depth: int | None = option("how many parts the path behind the registry has at least", default=None)
    max_depth: int | None = option("how many parts the path behind the registry has at most", default=None)
    environment: Literal["required", "forbidden"] | None = option(
        "whether the name carries an environment: as a part (prod/app) or at the end of one (app-prod)", default=None
    )
    environments: tuple[str, ...] = option(
        "the names of environments, in place of dev, test, staging, prod and the like", default=()
    )
    routes: tuple[Route, ...] = option("from which repositories to which images may be promoted", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        found = []
        asked = (self.registries, self.allow, self.deny, self.environment, self.routes)
        if not any(asked) and self.min_depth is None and self.max_depth is None:
            found.append(("", "the rule asks for nothing: give registries, allow, deny or another option"))
        for key, depth in (("min-depth", self.min_depth), ("max-depth", self.max_depth)):
            if depth is not None and depth < 1:
                found.append((key, "no repository has less than one part"))
        if self.min_depth is not None and self.max_depth is not None and self.min_depth > self.max_depth:
            found.append(("max-depth", "no name can have fewer parts than min-depth asks for"))
        if self.environments and self.environment is None:
            found.append(("environments", "nothing looks for them: give environment: required or forbidden"))
        if any(re.fullmatch(r"[a-z0-9]+([-_.]+[a-z0-9]+)*", name) is None for name in self.environments):
            found.append(("environments", "names of repositories have lower-case letters, digits, -, _ and . only"))
        return tuple(found)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's signature
        """Ask for nothing: the name is known."""
        return frozenset()

    def judge(self, view: View, at: datetime) -> Judgement:  # noqa: ARG002 -- the protocol's signature
        """Judge the name once for the whole image."""
        name = view.subject.repository
        if not name:
            what = "the image lies in a layout or an archive and has no repository"
            return Judgement(undecided=(Undecided(REPOSITORY_UNNAMED, what, REPOSITORY_UNNAMED.remedy),))
        findings = [*self._listed(name), *self._parts(name), *self._environments(name, view.subject.tag)]
        notes: tuple[Note, ...] = ()
        if self.routes:
            findings += self._route(view.subject.origin, name)
            if not view.subject.origin:
                notes = (Note("routes are judged when an image is promoted"),)
        return Judgement(tuple(findings), notes=notes)

    def _listed(self, name: str) -> Iterable[Finding]:
        registry = name.partition("/")[0]
        if self.registries and not any(one.matches(registry) for one in self.registries):
            what = f"the image comes from {_show(registry)}"
            yield _finding(name, REGISTRY_NOT_ALLOWED, what, _either(self.registries), registry)
        if self.allow and not _any(self.allow, name):
            what = f"the repository {_show(name)} is none of those that are allowed"
            yield _finding(name, REPOSITORY_NOT_ALLOWED, what, _either(self.allow), name)
        if _any(self.deny, name):
            by = next(one for one in self.deny if one.matches(name))
            what = f"the repository {_show(name)} is denied by {_show(str(by))}"
            yield _finding(name, REPOSITORY_DENIED, what, f"a repository that is not {by}", name)

    def _parts(self, name: str) -> Iterable[Finding]:
        depth = name.count("/")
        if depth < (self.min_depth or 0) or depth > (self.max_depth or depth):
            what = f"the name {_show(name)} has {depth} parts behind the registry"
            wanted = [f"at least {self.min_depth}"] if self.min_depth is not None else []
            wanted += [f"at most {self.max_depth}"] if self.max_depth is not None else []
            yield _finding(name, REPOSITORY_DEPTH, what, " and ".join(wanted), str(depth))

    def _environments(self, name: str, tag: str) -> Iterable[Finding]:
        if self.environment is None:
            return
        known = frozenset(self.environments) or ENVIRONMENTS
        found = list(dict.fromkeys(_named(name.partition("/")[2], known)))
        got = ", ".join(found) or "none"
        if self.environment == "forbidden":
            if found:
                what = f"the name {_show(name)} carries the environment {got}"
                yield _finding(name, REPOSITORY_ENVIRONMENT, what, "a name without an environment", got)
        elif not found:
            what = f"the name {_show(name)} carries no environment"
            yield _finding(name, REPOSITORY_ENVIRONMENT, what, "an environment, as prod/app or app-prod", got)
        elif len({*found, *({tag} & known)}) > 1:
            also = f", and the tag is {tag}" if tag in known else ""
            what = f"the name {_show(name)} carries {got}{also}"
            yield _finding(name, REPOSITORY_ENVIRONMENT, what, "one environment", got + also)

    def _route(self, origin: str, name: str) -> Iterable[Finding]:
        """A new tag in the same repository goes nowhere; an image that is not promoted must stand on some route."""
        if origin and origin != name:
            if not any(route.leads(origin, name) for route in self.routes):
                what = f"no route leads from {_show(origin)} to {_show(name)}"
                yield _finding(name, REPOSITORY_ROUTE, what, _either(self.routes), f"{origin} to {name}")
        elif not any(_any((*route.from_, *route.to), name) for route in self.routes):
            what = f"the repository {_show(name)} stands on no route"
            yield _finding(name, REPOSITORY_ROUTE, what, _either(self.routes), name)


CHECK = RepositoryCheck


def _any(patterns: tuple[RepositoryGlob | RepositoryRegex, ...], name: str) -> bool:
    """Tell whether one matches. An expression that takes too long decides only if no other holds."""
    late: PatternTimeoutError | None = None
    for pattern in patterns:
        try:
            if pattern.matches(name):
                return True
        except PatternTimeoutError as error:
            late = error
    if late is not None:
        raise late
    return False


def _named(path: str, known: frozenset[str]) -> Iterable[str]:
    """Give the environments in a path: whole parts, and ends of parts."""
    for part in path.split("/"):
        ends = [part, *(part[match.end() :] for match in _ENDS_A_PART.finditer(part))]
        name = next((end for end in ends if end in known), None)
        if name is not None:
            yield name


def _finding(name: str, reason: Reason, what: str, expected: str, got: str) -> Finding:
    return Finding(reason, About.of(repository=name), what, expected, _show(got), reason.remedy)


def _either(names: Iterable[object]) -> str:
    return _show(" or ".join(map(str, names)))


def _show(text: str) -> str:
    return clip(text, _MOST_SHOWN)
