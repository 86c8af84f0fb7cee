"""Checks and signers that exist for these tests only: every type that options may have, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from gate.check import CheckMeta
from gate.errors import RuleFileError
from gate.option import Duration, File, SignerName, option
from gate.pattern import Glob, Regex
from gate.ruleset.entries import Kinds
from gate.ruleset.load import Loaded, load
from gate.signer import Identity


class Severity(StrEnum):
    """Words of an enumeration."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A mapping form of a union."""

    regex: Regex = option("A regular expression.")


@dataclass(frozen=True, slots=True)
class Words:
    """The other mapping form of the same union."""

    one_of: tuple[str, ...] = option("Words.")


@dataclass(frozen=True, slots=True)
class Nested:
    """Options inside options."""

    max_age: Duration | None = option("How old.", default=None)
    best_effort: bool = option("Whether.", default=False)
    scanners: tuple[Literal["trivy", "grype"], ...] = option("Which.", default=())

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Refuse a combination, with its place."""
        if self.best_effort and self.scanners:
            return (("scanners[0]", "best effort and named scanners exclude each other"),)
        return ()


@dataclass(frozen=True, slots=True)
class Tag:
    """A check with lists and unions."""

    meta: ClassVar[CheckMeta] = CheckMeta("tag", "The tag has a form", "image")
    allow: tuple[Literal["semver", "git-commit"] | Glob | Pattern, ...] = option(
        "What is allowed.", needs="allow: [semver]"
    )
    same_as_label: str | None = option("A label.", default=None)


@dataclass(frozen=True, slots=True)
class Labels:
    """A check with mappings."""

    meta: ClassVar[CheckMeta] = CheckMeta("labels", "The labels are there", "platform")
    require: Mapping[str, Literal["any", "email"] | Pattern | Words] = option("Label to form.")
    grace: Mapping[Severity, Duration] | None = option("Severity to time.", default=None)


@dataclass(frozen=True, slots=True)
class Everything:
    """A check with every kind of scalar."""

    meta: ClassVar[CheckMeta] = CheckMeta("everything", "All of it", "platform")
    fail_at: Severity = option("A severity.", default=Severity.LOW)
    count: int | None = option("A number.", default=None)
    since: date | None = option("A day.", default=None)
    strict: bool = option("A truth.", default=False)
    text: str = option("A text.", default="")
    images: tuple[Glob, ...] = option("Repositories.", default=())
    report: Nested = option("Of the report.", default=Nested())
    amount: Severity | Mapping[str, int] | tuple[int, ...] | None = option("By form.", default=None)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Groups nest in groups."""

    any_of: tuple[SignerName | AnyOf | AtLeast, ...] = option("Members.")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The other group."""

    at_least: int = option("How many.")
    of: tuple[SignerName | AnyOf | AtLeast, ...] = option("Of whom.")


@dataclass(frozen=True, slots=True)
class Signature:
    """A check that names signers."""

    meta: ClassVar[CheckMeta] = CheckMeta("signature", "It is signed", "image")
    signed_by: SignerName | None = option("Who.", default=None)
    group: AnyOf | AtLeast | None = option("Which group.", default=None)


@dataclass(frozen=True, slots=True)
class CosignKey:
    """A signer with a file."""

    kind: ClassVar[str] = "cosign-key"
    key: File = option("The public key.", needs="key: keys/release.pub")
    log: Literal["required", "none"] = option("Whether in the log.", needs="log: none")

    def principal(self) -> Identity:
        """One key, one principal."""
        return Identity("key", self.key.digest.hex)


KINDS = Kinds(
    MappingProxyType({"tag": Tag, "labels": Labels, "everything": Everything, "signature": Signature}),
    MappingProxyType({"cosign-key": CosignKey}),
)

RULE = "  tags: {check: tag, allow: semver}\n"


def write(folder: Path, **files: str) -> Path:
    """Write rule files named after the keywords (`gate` is gate.yaml), and two keys; give the first file."""
    (folder / "keys").mkdir(exist_ok=True)
    (folder / "keys" / "a.pub").write_text("key a\n")
    (folder / "keys" / "b.pub").write_text("key b\n")
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(files))}.yaml"


def read(*paths: Path | str) -> Loaded:
    """Load with the toys."""
    return load([str(path) for path in paths], KINDS)


def mistakes(*paths: Path | str) -> list[str]:
    """Give every mistake as `file:line:column: message`."""
    try:
        read(*paths)
    except RuleFileError as error:
        return [
            f"{Path(one.path).name if '/' in one.path else one.path}:{one.line}:{one.column}: {one.message}"
            for one in error.mistakes
        ]
    return []
