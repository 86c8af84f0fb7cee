"""Laws of rule files, on real checks and small images: order never matters, tightening never lets more pass."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.app import Request, check
from gate.cli._facts import Facts, FactsBook, FactsSource, VulnerabilityFacts
from gate.evaluate import Policy
from gate.oci.digest import Digest
from gate.report import Closure
from gate.ruleset.load import load_ruleset
from gate.verdict import Failed, Passed, Verdict

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEVERITIES = ["unknown", "negligible", "low", "medium", "high", "critical"]
TAGS = ["1.4.2", "1.4", "v1.4.2", "latest", "main", "7c0bb30", "prod", "build-7"]
PATTERNS = ["semver", "semver-v", "semver-partial", "git-commit", "environment", "latest", "main", "build-*", "**"]
LABELS = ["maintainer", "version", "source"]
VALUES = ["a@acme.example", "1.4.2", "https://acme.example/x", "", "${VERSION}", "x"]

Rules = dict[str, dict[str, Any]]


def judged(rules: Mapping[str, Mapping[str, Any]], facts: Facts) -> Verdict:
    """Judge facts by rules, read as a rule file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gate.yaml"
        file.write_text(json.dumps({"gate": 1, "rules": rules}))
        ruleset = load_ruleset([str(file)])
    source = FactsSource(facts, AT)
    policy = Policy(ruleset, (), FactsBook((), source.reports), Closure(Digest.of(b""), ()))
    return check(Request(("image",), AT), lambda _: source, lambda: policy).judged[0].verdict


def said(verdict: Verdict) -> object:
    """Give everything a verdict says, without the places and the order of rules."""
    outcomes = frozenset(
        (one.rule, one.status, one.platform, frozenset(one.findings), frozenset(one.undecided))
        for one in verdict.outcomes
    )
    return type(verdict), outcomes


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Make an image with a tag, other tags, labels, a user and perhaps a report."""
    tag = draw(st.sampled_from(TAGS))
    others: dict[str, Literal["this", "another"]] = draw(
        st.dictionaries(
            st.sampled_from([one for one in TAGS if one != tag]), st.sampled_from(["this", "another"]), max_size=4
        )
    )
    labels = draw(st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES)))
    found = draw(st.lists(st.tuples(st.sampled_from(SEVERITIES), st.sampled_from(["", "2.0"])), max_size=4))
    listed = tuple(
        VulnerabilityFacts(id=f"CVE-2026-{number}", severity=severity, fixed=fixed)  # type: ignore[arg-type]
        for number, (severity, fixed) in enumerate(found)
    )
    return Facts(
        tag=tag, tags=others or None, labels=labels or None, user=draw(st.sampled_from(["", "0", "app", "10001"])),
        vulnerabilities=draw(st.sampled_from([listed or "none", None])),
    )  # fmt: skip


def lists(values: list[str]) -> st.SearchStrategy[list[str]]:
    """Make a list of some of these."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True)


@st.composite
def rule_files(draw: st.DrawFn) -> Rules:
    """Make a few rules."""
    rules: Rules = {
        "tags": {"check": "tag", "allow": draw(lists(PATTERNS))},
        "denied": {"check": "tag", "deny": draw(lists(PATTERNS[:-1]))},
        "labels": {"check": "labels", "require": dict.fromkeys(draw(lists(LABELS)), "any")},
        "user": {"check": "image", "user": "non-root"},
        "vulns": {
            "check": "vulnerabilities",
            "fail-at": draw(st.sampled_from(SEVERITIES[1:])),
            "only-fixed": draw(st.booleans()),
        },
    }
    chosen = draw(st.lists(st.sampled_from(list(rules)), min_size=1, unique=True))
    for name in chosen:
        rules[name]["level"] = draw(st.sampled_from(["error", "error", "warning"]))
    return {name: rules[name] for name in chosen}


@st.composite
def tightened(draw: st.DrawFn, rules: Rules) -> Rules:
    """Make one rule stricter, in one of the ways that options have, or add a rule."""
    new: Rules = json.loads(json.dumps(rules))
    name = draw(st.sampled_from([*new, "another"]))
    rule = new.get(name)
    if rule is None:
        new["another"] = {"check": "tag", "deny": draw(lists(PATTERNS[:-1]))}
        return new
    if draw(st.booleans()) and rule["level"] == "warning":
        rule["level"] = "error"
    if name == "tags" and len(rule["allow"]) > 1:
        rule["allow"].pop(draw(st.integers(0, len(rule["allow"]) - 1)))
    elif name == "tags":
        rule["same-as-label"] = "version"
    elif name == "denied":
        rule["deny"] = sorted({*rule["deny"], *draw(lists(PATTERNS[:-1]))})
    elif name == "labels":
        key = draw(st.sampled_from(LABELS))
        rule["require"][key] = draw(st.sampled_from(["email", "semver", "url"]))
    elif name == "user":
        rule["user"] = "non-root-number"
        if draw(st.booleans()):
            rule["environment"] = "no-secrets"
    elif name == "vulns":
        rule["only-fixed"] = False
        rule["fail-at"] = draw(st.sampled_from(SEVERITIES[1 : SEVERITIES.index(rule["fail-at"]) + 1]))
    return new


@settings(max_examples=120, deadline=None)
@given(st.data(), facts(), rule_files())
def test_tightening_never_turns_failed_into_passed(data: st.DataObject, image: Facts, rules: Rules) -> None:
    """Whatever is made stricter, in whatever rule."""
    before = judged(rules, image)
    after = judged(data.draw(tightened(rules)), image)
    assert not (isinstance(before, Failed) and isinstance(after, Passed))
    assert not (isinstance(before, Failed) and not isinstance(after, Failed))


@settings(max_examples=80, deadline=None)
@given(st.data(), facts(), rule_files())
def test_order_never_matters(data: st.DataObject, image: Facts, rules: Rules) -> None:
    """Of rules, of entries in lists, and of the tags of the repository."""
    names = data.draw(st.permutations(list(rules)))
    other = {name: dict(reversed(rules[name].items())) for name in names}
    for rule in other.values():
        for key in ("allow", "deny"):
            if key in rule:
                rule[key] = data.draw(st.permutations(rule[key]))
    tags = dict(data.draw(st.permutations(list((image.tags or {}).items())))) or None
    turned = Facts(
        tag=image.tag, tags=tags, labels=image.labels, user=image.user, vulnerabilities=image.vulnerabilities
    )
    first, second = judged(rules, image), judged(other, turned)
    assert type(first) is type(second)
    assert {(one.rule, one.status) for one in first.outcomes} == {(one.rule, one.status) for one in second.outcomes}
    reordered = {name: rules[name] for name in names}
    assert said(judged(reordered, turned)) == said(first)


@settings(max_examples=60, deadline=None)
@given(facts(), rule_files())
def test_taking_a_fact_away_never_lets_more_pass(image: Facts, rules: Rules) -> None:
    """No label, no other tags, no report: what was not passed with them is not passed without."""
    bare = Facts(tag=image.tag, user=image.user)
    with_facts, without = judged(rules, image), judged(rules, bare)
    needs_proof = {"labels", "vulns"} & {name for name, rule in rules.items() if rule["level"] == "error"}
    assert not (needs_proof and isinstance(without, Passed) and not isinstance(with_facts, Passed))
