"""The check `labels`: which labels an image must have, what their values must be, and which it must not have.

Labels are those of the config, on every platform, unless the rule reads annotations as well; where two
places say different things about a label that the rule asks for, that is a finding (S14).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from gate.bases import BaseNeed
from gate.check import CheckMeta
from gate.checks.labels.inherited import inherited_problems, judge_inherited
from gate.checks.labels.options import FormatName, LabelRule, expected_format
from gate.errors import MalformedData
from gate.finding import About, Finding, Judgement, Reason, Undecided
from gate.formats.repository_name import RepositoryGlob
from gate.formats.secrets import kind_of_value
from gate.formats.values import FORMATS, is_blank, unexpanded
from gate.oci.index import Index
from gate.oci.manifest import parse_manifest
from gate.option import option
from gate.pattern import Glob
from gate.printable import clip

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.subject import Image, Subject

__all__ = ["CHECK", "FormatName", "LabelRule", "LabelsCheck"]

LABEL_MISSING = Reason(
    "label-missing",
    "A required label is missing",
    "The rule requires this label, and the image does not have it on at least one platform. Keys of labels are "
    "compared exactly, capital letters included.",
    'Set it when the image is built: `LABEL KEY="VALUE"` in the Dockerfile, or `docker build --label KEY=VALUE`.',
)
LABEL_EMPTY = Reason(
    "label-empty",
    "A required label has no value",
    "The label is there and holds nothing, or only blanks. Often a build argument was not given, so that an empty "
    "text was put into its place.",
    "Give the label a value when the image is built, and check that the build argument it comes from is set.",
)
LABEL_UNEXPANDED = Reason(
    "label-unexpanded",
    "A label holds a variable that nobody replaced",
    "The value holds `${…}`, `%…%`, `{{…}}` or the like: the template of the label ended up in the image instead of"
    " its value.",
    "Check how the build sets the label. In a Dockerfile the variable needs an `ARG` after the last `FROM`, and single "
    "quotes in shells and CI files keep variables from being replaced.",
)
LABEL_INVALID = Reason(
    "label-invalid",
    "A label's value is not of the form that the rule asks for",
    "The rule says what the value must be: a format by name (`email`, `url`, `semver`, …), one of a list, a glob or a "
    "regular expression. The whole value has to match; blanks around it count.",
    "Correct the value where the image is built.",
)
LABEL_DIFFERS = Reason(
    "label-differs",
    "Two labels that must be equal are not",
    "The rule says `same-as-label`: both labels have to hold the same value. One was probably updated and the other"
    " was forgotten.",
    "Set both labels from the same build argument.",
)
LABEL_FORBIDDEN = Reason(
    "label-forbidden",
    "The image has a label that the rule forbids",
    "The rule lists labels under `forbid:` that must not be in an image, and this image has one of them. It may "
    "come from the base image.",
    "Remove the label from the build. A label that is inherited from the base image can only be overwritten, or "
    "left behind by copying from that image into another one.",
)
LABEL_DEPRECATED = Reason(
    "label-deprecated",
    "The image has a label that another one replaces",
    "The rule lists this label under `deprecated:` with the one to use in its place.",
    "Use the new key instead of the old one.",
)
LABEL_PLACES_DISAGREE = Reason(
    "label-places-disagree",
    "Label and annotation say different things",
    "The same key is a label in the config and an annotation on the manifest or the index, and the values differ. "
    "Some tools show one, some the other, so that people see different versions or owners of one image.",
    "Set label and annotation from the same value in the build (`docker buildx build --label … --annotation …`).",
)
LABELS_UNKNOWN = Reason(
    "labels-unknown",
    "The labels could not be read",
    "Labels are in the image's config, annotations in its manifest and index. One of these could not be read for this "
    "platform.",
    "See what the report says about the part that could not be read, then run the gate again.",
)

#: How many findings about forbidden and deprecated labels one platform gives before they are counted only.
MOST_FINDINGS: Final = 25
_MOST_SHOWN: Final = 140
#: More keys than any honest image has are not searched for a similar one.
_MOST_COMPARED: Final = 500
#: How close the ends of two keys are that are one with a slip: `authors` and `author` are, `version` and `vendor` not.
_SLIP: Final = 0.75

_Source = Literal["config", "annotations", "both"]
_CONFIG: Final = "label in the config"


@dataclass(frozen=True, slots=True)
class LabelsCheck:
    """Labels are there, have values of the right form, and say the same everywhere."""

    meta: ClassVar[CheckMeta] = CheckMeta("labels", "The labels are there and have the right form", "platform")

    require: Mapping[str, FormatName | LabelRule] | None = option(
        "labels the image must have, each with a format, or with {one-of: …}, {regex: …} and the like", default=None
    )
    forbid: tuple[Glob, ...] = option("labels the image must not have, as globs over their keys", default=())
    deprecated: Mapping[str, str] | None = option(
        "labels the image must not have, each with its successor", default=None
    )
    not_inherited: tuple[str, ...] = option(
        "labels whose value must be the image's own, and not the one that its base image has", default=()
    )
    bases: tuple[RepositoryGlob, ...] = option(
        "repositories of base images, for not-inherited: the base is read from there", default=()
    )
    read_from: _Source = option(
        "where labels are read: the config, annotations of manifest and index, or both with equal values",
        default="config",
    )

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Say what is wrong between the options: (key path, sentence)."""
        required, deprecated = self.require or {}, self.deprecated or {}
        found: list[tuple[str, str]] = []
        if not (required or self.forbid or deprecated or self.not_inherited):
            found.append(("", "the rule asks for nothing: give require, forbid, deprecated or not-inherited"))
        found += inherited_problems(self.not_inherited, self.bases)
        for path, keys in (("require", required), ("deprecated", deprecated)):
            found += [(f"{path}.{key}", _NO_KEY) for key in keys if not _is_key(key)]
        for key, rule in required.items():
            if isinstance(rule, LabelRule) and rule.same_as_label is not None:
                if not _is_key(rule.same_as_label):
                    found.append((f"require.{key}.same-as-label", _NO_KEY))
                elif rule.same_as_label == key:
                    found.append((f"require.{key}.same-as-label", "a label is always the same as itself"))
            if any(glob.matches(key) for glob in self.forbid) or key in deprecated:
                found.append((f"require.{key}", "the same rule requires this label and forbids it"))
        return tuple(found)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's signature
        """Ask for the base image where labels are compared with it; the image's own come with the platforms."""
        return frozenset({BaseNeed(self.bases)}) if self.not_inherited else frozenset()

    def judge(self, view: View, at: datetime) -> Judgement:  # noqa: ARG002 -- the protocol's signature
        """Judge the labels of one platform."""
        places = None if view.platform is None else _places(view.subject, view.platform)
        if places is None:
            what = f"the labels of {view.platform.platform if view.platform else 'the image'} could not be read"
            return Judgement(undecided=(Undecided(LABELS_UNKNOWN, what, LABELS_UNKNOWN.remedy),))
        read = _chosen(places, self.read_from)
        findings: list[Finding] = []
        for key, rule in sorted((self.require or {}).items()):
            findings += _required(key, rule, read, self.read_from)
            findings += _disagreement(key, places)
        findings += _bounded(list(self._unwanted(read)))
        undecided: tuple[Undecided, ...] = ()
        if self.not_inherited and view.platform is not None:
            inherited, undecided = judge_inherited(view, view.platform, self.not_inherited, self.bases)
            findings += inherited
        return Judgement(tuple(findings), undecided)

    def _unwanted(self, read: Mapping[str, Mapping[str, str]]) -> Iterable[Finding]:
        deprecated = self.deprecated or {}
        for key in sorted({key for values in read.values() for key in values}):
            about, shown = About.of(label=clip(key)), _show(key)
            glob = next((glob for glob in self.forbid if _denies(glob, key)), None)
            if glob is not None:
                what = f"the label {shown} is forbidden"
                yield Finding(LABEL_FORBIDDEN, about, what, f"no label like {glob}", shown, LABEL_FORBIDDEN.remedy)
            if key in deprecated:
                what, new = f"the label {shown} is replaced by {deprecated[key]}", deprecated[key]
                yield Finding(LABEL_DEPRECATED, about, what, new, shown, f"Use {new} instead of {shown}.")


CHECK = LabelsCheck

_NO_KEY: Final = "this is no key of a label: it is empty, has blanks around it, or characters that cannot be seen"


def _is_key(key: str) -> bool:
    return bool(key) and key == key.strip() and key.isprintable()


def _denies(glob: Glob, key: str) -> bool:
    """Match in any spelling: `Debug` is no way around `forbid: [debug]`."""
    return glob.matches(key) or Glob(glob.text.lower()).matches(key.lower())


def _places(subject: Subject, image: Image) -> Mapping[str, Mapping[str, str]] | None:
    """Give the labels and annotations of every place that speaks about the platform, or None if one is not readable."""
    if image.config is None or image.manifest is None:
        return None
    try:
        index = _index(subject.content, subject.media_type)
    except MalformedData:
        return None
    places = {_CONFIG: image.config.labels, "annotation of the manifest": image.manifest.annotations}
    if index is not None:
        member = next((entry for entry in index.manifests if entry.digest == image.digest), None)
        places["annotation of the index"] = index.annotations
        places["annotation in the index"] = {} if member is None else member.annotations
    return places


@lru_cache(maxsize=2)
def _index(content: bytes, media_type: str) -> Index | None:
    """Parse the subject once for all its platforms; None if it is a manifest. Raises `MalformedData`."""
    document = parse_manifest(content, media_type)
    return document if isinstance(document, Index) else None


def _chosen(places: Mapping[str, Mapping[str, str]], source: _Source) -> dict[str, Mapping[str, str]]:
    """Give the places that the rule reads."""
    if source == "both":
        return dict(places)
    return {name: values for name, values in places.items() if (name == _CONFIG) is (source == "config")}


def _required(
    key: str, rule: FormatName | LabelRule, read: Mapping[str, Mapping[str, str]], source: _Source
) -> Iterable[Finding]:
    """Judge one required label wherever the rule reads it."""
    values = {name: found[key] for name, found in read.items() if key in found}
    if source == "both" and values and set(values) <= {_CONFIG}:
        yield _missing(key, rule, read, "annotation")
    elif not values or (source == "both" and _CONFIG not in values):
        yield _missing(key, rule, read, "annotation" if source == "annotations" else "label")
    for value in sorted(set(values.values())):
        yield from _judge_value(key, rule, value)
        if isinstance(rule, LabelRule) and rule.same_as_label is not None:
            yield from _differing(key, value, rule.same_as_label, read)


def _is_slip(key: str, other: str) -> bool:
    """Tell whether one key was perhaps typed for the other: what stands behind a long common prefix has to be close."""
    return difflib.SequenceMatcher(None, key.rpartition(".")[2], other.rpartition(".")[2]).ratio() >= _SLIP


def _missing(key: str, rule: FormatName | LabelRule, read: Mapping[str, Mapping[str, str]], what: str) -> Finding:
    present = sorted({other for found in read.values() for other in found})[:_MOST_COMPARED]
    folded = [other for other in present if other.casefold() == key.casefold() and other != key]
    short = [other for other in present if len(other) <= _MOST_SHOWN]
    near = folded or [other for other in difflib.get_close_matches(key, short, n=3, cutoff=0.8) if _is_slip(key, other)]
    hint = f" (it has {_show(near[0])})" if near else ""
    expected = expected_format(rule) if isinstance(rule, FormatName) else "a value as the rule asks for"
    remedy = LABEL_MISSING.remedy
    if what == "annotation":
        remedy = f'Set it when the image is built: `docker buildx build --annotation "{key}=…"`.'
    if folded:
        remedy = f"Write the key as {key}, with the same capital letters."
    text = f"the {what} {key} is missing{hint}"
    return Finding(LABEL_MISSING, About.of(label=key), text, expected, f"no {what}", remedy)


def _judge_value(key: str, rule: FormatName | LabelRule, value: str) -> Iterable[Finding]:
    about, shown = About.of(label=key), _show_value(value)
    if is_blank(value):
        got = "nothing" if not value else "only characters that cannot be seen" if value.strip() else "only blanks"
        yield Finding(LABEL_EMPTY, about, f"the label {key} is empty", "a value", got, LABEL_EMPTY.remedy)
        return
    variable = unexpanded(value)
    if variable is not None:
        what = f"the label {key} holds {_show(variable)}, which the build should have replaced"
        yield Finding(LABEL_UNEXPANDED, about, what, "a value without variables", shown, LABEL_UNEXPANDED.remedy)
        return
    if isinstance(rule, LabelRule):
        breaches = tuple(rule.breaches(value))
    else:
        breaches = () if FORMATS[str(rule)].holds(value) else (expected_format(rule),)
    for expected in breaches:
        what = f"the label {key} is not {expected}"
        yield Finding(LABEL_INVALID, about, what, expected, shown, _advice(value))


def _differing(key: str, value: str, other: str, read: Mapping[str, Mapping[str, str]]) -> Iterable[Finding]:
    """Compare with another label in the same places; a missing one is not equal either."""
    values = {found[other] for found in read.values() if other in found}
    if values == {value}:
        return
    got = " and ".join(_show_value(each) for each in sorted(values)) or "no label"
    what = f"the label {key} is {_show_value(value)}, and {other} is {got}"
    about = About.of(label=key)
    yield Finding(LABEL_DIFFERS, about, what, f"{other} = {_show_value(value)}", got, LABEL_DIFFERS.remedy)


def _disagreement(key: str, places: Mapping[str, Mapping[str, str]]) -> Iterable[Finding]:
    """Say where two places hold different values for one key, whichever of them the rule reads (S14)."""
    values = {name: found[key] for name, found in places.items() if key in found}
    if len(set(values.values())) <= 1:
        return
    got = "; ".join(f"{name}: {_show_value(value)}" for name, value in values.items())
    what = f"{key} is not the same in all places"
    yield Finding(
        LABEL_PLACES_DISAGREE, About.of(label=key), what, "the same value everywhere", got, LABEL_PLACES_DISAGREE.remedy
    )


def _bounded(findings: list[Finding]) -> list[Finding]:
    """Keep a screen of findings and count the others: a hostile image can have a thousand labels."""
    if len(findings) <= MOST_FINDINGS:
        return findings
    rest = len(findings) - MOST_FINDINGS
    more = Finding(
        LABEL_FORBIDDEN, About.of(label=f"({rest} more)"), f"{rest} more labels are forbidden or deprecated",
        "none of them", f"{rest} more", LABEL_FORBIDDEN.remedy,
    )  # fmt: skip
    return [*findings[:MOST_FINDINGS], more]


def _advice(value: str) -> str:
    if value != value.strip():
        return f"{LABEL_INVALID.remedy} There are blanks or line ends around it."
    if len(value) > 1 and value[0] == value[-1] and value[0] in {'"', "'"}:
        return f"{LABEL_INVALID.remedy} The quotation marks became part of it."
    return LABEL_INVALID.remedy


def _show(text: str) -> str:
    return clip(text, _MOST_SHOWN)


def _show_value(value: str) -> str:
    """Show a value, unless somebody wrote a credential into it (S43)."""
    kind = kind_of_value(value)
    return _show(value) if kind is None else f"({len(value)} characters with {kind})"
