"""What a rule asks of the predicate of an attestation, by kind of predicate.

Each class of conditions gives one sentence for every condition that is not met; what the predicate does not say
meets no condition. Predicates are read from statements that a signer has verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

from gate.formats.predicates import SBOM_TYPES, TYPES, read_sbom
from gate.formats.slsa import PROVENANCE_TYPES, SUMMARY_TYPE, build_level, leaves, read_provenance, read_summary
from gate.formats.statement import Statement
from gate.option import option
from gate.pattern import Glob, Regex
from gate.printable import clip

__all__ = ["Pattern", "PredicateType", "ProvenanceConditions", "SbomConditions", "SummaryConditions", "unmet_fields"]

#: Longer texts are no builder, source, ref or parameter, and match nothing.
_MOST_TEXT: Final = 4096
_MOST_SHOWN: Final = 200
_MOST_NAMED: Final = 5
_MOST_LEVEL: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class PredicateType:
    """A predicate type as rule files name it: a name of the gate, or a URI."""

    text: str
    uris: frozenset[str]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a name or URI; raises `ValueError`."""
        if "://" in text and text.isprintable() and " " not in text:
            return cls(text, frozenset({text}))
        if text not in TYPES:
            known = ", ".join(TYPES)
            msg = f"{text!r} is no predicate type: write one of {known}, or the URI as the statement has it"
            raise ValueError(msg)
        return cls(text, TYPES[text])

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {
            "type": "string",
            "anyOf": [{"enum": list(TYPES)}, {"pattern": "^[^ ]+://[^ ]+$"}],
            "description": "a predicate type: slsa-provenance, sbom, … or a URI",
        }

    def __str__(self) -> str:
        """As written."""
        return self.text


@dataclass(frozen=True, slots=True)
class PatternRegex:
    """One alternative that is a regular expression."""

    regex: Regex = option("a regular expression over the whole value")

    def matches(self, text: str) -> bool:
        """Tell whether the whole value matches; raises `PatternTimeoutError`."""
        return self.regex.matches(text)

    def __str__(self) -> str:
        """As written."""
        return f"/{self.regex}/"


Pattern = Glob | PatternRegex


@dataclass(frozen=True, slots=True)
class ProvenanceConditions:
    """`provenance:`, for SLSA provenance of both versions."""

    builder: tuple[Pattern, ...] = option("The builder's id (`builder.id`).", default=())
    build_type: tuple[Pattern, ...] = option("How was built (`buildType`).", default=())
    source: tuple[Pattern, ...] = option(
        "The repository that was built, as https://github.com/acme/app: without git+ and .git.", default=()
    )
    ref: tuple[Pattern, ...] = option("The git ref that was built, as refs/tags/v*.", default=())
    revision: tuple[Pattern, ...] = option("The commit that was built, in full.", default=())
    trigger: tuple[Pattern, ...] = option("The event that started the build, as GitHub names it: push.", default=())
    parameters: Mapping[str, tuple[Pattern, ...]] | None = option(
        "Parameters from outside (`externalParameters`, `invocation.parameters`), by path: workflow/path.", default=None
    )
    other_parameters: Literal["refused", "allowed"] | None = option(
        "Whether there may be parameters that `parameters` does not list; refused if it lists any.", default=None
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Name what could never match."""
        found = [
            ("source", f"write the repository without git+ and .git: {_bare(str(pattern))}")
            for pattern in self.source
            if isinstance(pattern, Glob) and _bare(str(pattern)) != str(pattern)
        ]
        if self.other_parameters == "allowed" and self.parameters is None:
            found.append(("other-parameters", "it has no effect without `parameters`"))
        return tuple(found)

    def unmet(self, statement: Statement) -> Iterator[str]:
        """Say what is not as asked; raises `MalformedData`."""
        made = read_provenance(statement.predicate_type, statement.predicate, "the provenance")
        yield from _compare("the builder", made.builder, self.builder)
        yield from _compare("the build type", made.build_type, self.build_type)
        # Several sources: whichever of them went into the image, it has to be one that is allowed.
        for asked, what, texts in (
            (self.source, "the source", [source.repository for source in made.sources]),
            (self.ref, "the ref", [source.ref for source in made.sources]),
            (self.revision, "the commit", [source.revision for source in made.sources]),
        ):
            for text in dict.fromkeys(texts or [""]):
                yield from _compare(what, text, asked)
        yield from _compare("the trigger", made.trigger, self.trigger)
        for path, patterns in (self.parameters or {}).items():
            yield from _compare(f"the parameter {path}", made.parameters.get(path, ""), patterns)
        if self._refuses_others:
            others = [path for path in made.parameters if path not in (self.parameters or {})]
            if others:
                yield f"it has the parameters {_list(others)}, which the rule does not list"

    @property
    def _refuses_others(self) -> bool:
        return self.other_parameters == "refused" or (self.other_parameters is None and self.parameters is not None)


@dataclass(frozen=True, slots=True)
class SbomConditions:
    """`sbom:`, for SPDX 2 and CycloneDX."""

    components: int = option("How many components it lists at least.", default=1)
    names: Literal["required"] | None = option("Whether every component has a name and a version.", default=None)
    purls: Literal["required"] | None = option("Whether every component has a package URL.", default=None)
    suppliers: Literal["required"] | None = option("Whether every component has a supplier.", default=None)
    deny: tuple[Pattern, ...] = option("Package URLs or names that must not be listed.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a count that is none."""
        return () if self.components >= 0 else (("components", f"{self.components} is no count: write 0 or more"),)

    def unmet(self, statement: Statement) -> Iterator[str]:
        """Say what is not as asked; raises `MalformedData`."""
        found = read_sbom(statement.predicate_type, statement.predicate, "the SBOM")
        if len(found) < self.components:
            yield f"it lists {len(found)} components; at least {self.components} are asked for"
        asked = (
            (self.names, "name and version", [one for one in found if not (one.name and one.version)]),
            (self.purls, "package URL", [one for one in found if not one.purl]),
            (self.suppliers, "supplier", [one for one in found if not one.supplier]),
        )
        for is_asked, what, without in asked:
            if is_asked and without:
                yield f"{len(without)} components are without {what}: {_list([one.name or '?' for one in without])}"
        for pattern in self.deny:
            denied = [
                one.purl or one.name for one in found if _matches(pattern, one.purl) or _matches(pattern, one.name)
            ]
            if denied:
                yield f"it lists {_list(denied)}, which {pattern} denies"


@dataclass(frozen=True, slots=True)
class SummaryConditions:
    """`summary:`, for SLSA verification summaries. One that was not PASSED never meets a rule."""

    verifier: tuple[Pattern, ...] = option("Who verified (`verifier.id`).", default=())
    resource: tuple[Pattern, ...] = option("What was verified (`resourceUri`).", default=())
    build_level: int | None = option("The SLSA build level that was verified at least: 1, 2 or 3.", default=None)
    levels: tuple[str, ...] = option("Levels that were verified, all of them, as they are written.", default=())
    policy: tuple[Pattern, ...] = option("By which policy (`policy.uri`).", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a level that there is none."""
        if self.build_level is None or 1 <= self.build_level <= _MOST_LEVEL:
            return ()
        return (("build-level", f"{self.build_level} is no SLSA build level: write 1, 2 or 3"),)

    def unmet(self, statement: Statement) -> Iterator[str]:
        """Say what is not as asked; raises `MalformedData`."""
        made = read_summary(statement.predicate, "the summary")
        if not made.is_passed:
            yield f"the result of the verification is {_shown(made.result)}; PASSED is asked for"
        yield from _compare("the verifier", made.verifier, self.verifier)
        yield from _compare("the resource", made.resource, self.resource)
        yield from _compare("the policy", made.policy, self.policy)
        level = build_level(made.levels)
        if self.build_level is not None and level < self.build_level:
            yield f"the SLSA build level that was verified is {level}; at least {self.build_level} is asked for"
        lacking = [level for level in self.levels if level not in made.levels]
        if lacking:
            yield f"the levels {_list(lacking)} were not verified"


def unmet_fields(asked: Mapping[str, tuple[Pattern, ...]], predicate: object) -> Iterator[str]:
    """Compare fields of any predicate, named by JSON pointers (RFC 6901); raises `MalformedData`."""
    for pointer, patterns in asked.items():
        found = _at(predicate, pointer)
        if isinstance(found, dict | list):
            yield f"{pointer} is {'an object' if isinstance(found, dict) else 'a list'}, no single value"
        else:
            text = "" if found is None else leaves(found, pointer)[""]
            yield from _compare(pointer, text, patterns)


def kinds_of(uris: frozenset[str]) -> Mapping[str, bool]:
    """Tell for each kind of conditions whether every one of the predicate types can have them."""
    families = {"provenance": PROVENANCE_TYPES, "sbom": SBOM_TYPES, "summary": frozenset({SUMMARY_TYPE})}
    return {name: uris <= family for name, family in families.items()}


def _at(value: object, pointer: str) -> object:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < len("1000000"):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
    return value


def _compare(what: str, text: str, patterns: tuple[Pattern, ...]) -> Iterator[str]:
    if patterns and not any(_matches(pattern, text) for pattern in patterns):
        asked = " or ".join(str(pattern) for pattern in patterns[:_MOST_NAMED])
        yield f"{what} is {_shown(text)}; {asked} is asked for" if text else f"{what} is not said; {asked} is asked for"


def _matches(pattern: Pattern, text: str) -> bool:
    """Compare; what is not said matches nothing, not even a star."""
    return 0 < len(text) <= _MOST_TEXT and pattern.matches(text)


def _shown(text: str) -> str:
    return clip(text, _MOST_SHOWN) if text else "not said"


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(_shown(name) for name in names[:_MOST_NAMED]) + more


def _bare(text: str) -> str:
    return text.removeprefix("git+").removesuffix(".git")
