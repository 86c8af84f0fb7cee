"""What breaks a rule about vulnerabilities, what does not, and that nothing more ever makes it better."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.book import ReportInput
from gate.check import View
from gate.checks.vulnerabilities import CHECK, VulnerabilitiesCheck
from gate.finding import Finding, Judgement
from gate.option import Duration, key_of
from gate.scanned import ReportOptions
from gate.scanner import FixState, Severity, Vulnerabilities, Vulnerability
from tests.scans import AMD64, ARM64, AT, DEMO, changed, entry, images_of, judge, report

Entries = list[dict[str, object]]

ONE_HIGH: Entries = [entry()]


def check(**options: Any) -> VulnerabilitiesCheck:
    """Give a check that fails at high unless said otherwise."""
    return VulnerabilitiesCheck(**{"fail_at": "high", **options})


def with_entries(
    *entries: Mapping[str, object], hidden: Mapping[str, object] | None = None, name: str = "1.4.2-amd64"
) -> bytes:
    """Give the amd64 report of 1.4.2 with exactly these vulnerabilities; `hidden` was suppressed."""

    def change(members: dict[str, Any]) -> None:
        for result in members["Results"]:
            result.pop("Vulnerabilities", None)
        members["Results"][0]["Vulnerabilities"] = list(entries)
        if hidden is not None:
            members["Results"][0]["ExperimentalModifiedFindings"] = [
                {
                    "Type": "vulnerability",
                    "Status": "ignored",
                    "Source": ".trivyignore",
                    "Statement": "later",
                    "Finding": hidden,
                }
            ]

    return changed(name, change)


def breaking(judgement: Judgement) -> list[Finding]:
    """Give the findings that are left after counts, as `evaluate` takes them."""
    counts = Counter(finding.bucket for finding in judgement.findings if finding.bucket)
    return [
        finding
        for finding in judgement.findings
        if finding.bucket is None or counts[finding.bucket] > judgement.allowed.get(finding.bucket, 0)
    ]


def status(judgement: Judgement) -> str:
    """Say what the rule says."""
    if breaking(judgement):
        return "violated"
    return "undecided" if judgement.undecided else "satisfied"


def of_entries(rule: VulnerabilitiesCheck, *entries: Mapping[str, object], at: datetime = AT, **more: Any) -> str:
    """Judge a report with these entries."""
    return status(judge(rule, with_entries(*entries, **more), at=at))


def test_the_room_knows_the_check() -> None:
    assert CHECK is VulnerabilitiesCheck
    assert CHECK.meta.scope == "platform"
    assert check().needs(images_of("1.4.2")[0], None) == frozenset()  # type: ignore[arg-type]


# ── the demo images and the table of their reports ────────────────────────────────────────────────

CRITICAL = VulnerabilitiesCheck(fail_at="critical")
HIGH = VulnerabilitiesCheck(fail_at="high")
FIXABLE = VulnerabilitiesCheck(fail_at="high", only_fixed=True)


@pytest.mark.parametrize(
    ("name", "tag", "platform", "critical", "high", "fixable"),
    [
        ("1.4.2-amd64", "1.4.2", AMD64, "satisfied", "violated", "satisfied"),
        ("1.4.2-arm64", "1.4.2", ARM64, "satisfied", "violated", "satisfied"),
        ("1.4.2-amd64", "1.4.2", ARM64, "undecided", "undecided", "undecided"),
        ("1.4.2-noplatform", "1.4.2", ARM64, "undecided", "undecided", "undecided"),
        ("1.4.2-by-index-digest", "1.4.2", AMD64, "satisfied", "violated", "satisfied"),
        ("1.4.2-by-index-digest", "1.4.2", ARM64, "undecided", "undecided", "undecided"),
        ("1.4.2-arm64-by-child-digest", "1.4.2", ARM64, "satisfied", "violated", "satisfied"),
        ("1.4.2-amd64-child-digest-wrong-platform", "1.4.2", ARM64, "undecided", "undecided", "undecided"),
        ("1.4.2-layout-platform-arm64", "1.4.2", ARM64, "undecided", "undecided", "undecided"),
        # Filtered twins: no trace in the file, so they are judged by what they hold, and the report says "unproven".
        ("1.4.2-amd64-severity-critical", "1.4.2", AMD64, "satisfied", "satisfied", "satisfied"),
        ("1.4.2-amd64-secret-only", "1.4.2", AMD64, "satisfied", "satisfied", "satisfied"),
        ("1.4.2-amd64-ignore-unfixed", "1.4.2", AMD64, "satisfied", "satisfied", "satisfied"),
        ("1.4.2-amd64-no-packages", "1.4.2", AMD64, "satisfied", "violated", "satisfied"),
        ("1.5.0-rc.1-amd64", "1.5.0-rc.1", AMD64, "satisfied", "satisfied", "satisfied"),
        ("1.5.0-rc.1-noplatform", "1.5.0-rc.1", ARM64, "undecided", "undecided", "undecided"),
        ("1.5.0-rc.1-arm64", "1.5.0-rc.1", ARM64, "violated", "violated", "violated"),
        ("1.5.0-rc.1-arm64-trivyignore-shown", "1.5.0-rc.1", ARM64, "violated", "violated", "violated"),
        ("1.5.0-rc.1-arm64-trivyignore", "1.5.0-rc.1", ARM64, "satisfied", "satisfied", "satisfied"),
        ("1.5.0-rc.1-arm64-library-only", "1.5.0-rc.1", ARM64, "undecided", "undecided", "undecided"),
        ("1.5.0-rc.1-arm64-from-sbom", "1.5.0-rc.1", ARM64, "undecided", "undecided", "undecided"),
        ("1.3.0-amd64", "1.3.0", AMD64, "satisfied", "violated", "violated"),
        ("1.4.3-amd64", "1.4.3", AMD64, "satisfied", "violated", "satisfied"),
        ("latest-before-move", "1.4.2", AMD64, "undecided", "undecided", "undecided"),
        ("bad", "bad", AMD64, "violated", "violated", "violated"),
        ("bad-all-scanners", "bad", AMD64, "violated", "violated", "violated"),
        ("unknown-os", "unknown-os", AMD64, "undecided", "undecided", "undecided"),
        ("unsupported-os", "unsupported-os", AMD64, "undecided", "undecided", "undecided"),
    ],
)
def test_the_table_of_the_fixtures(name: str, tag: str, platform: str, critical: str, high: str, fixable: str) -> None:
    def outcome(rule: VulnerabilitiesCheck) -> str:
        return status(judge(rule, report(name), tag=tag, platform=platform))

    assert (outcome(CRITICAL), outcome(HIGH), outcome(FIXABLE)) == (critical, high, fixable)


def test_the_same_cve_in_two_packages_is_two_findings() -> None:
    judgement = judge(check(fail_at="medium"), report("1.4.2-amd64"))
    medium = [finding.about.get("package") for finding in judgement.findings if finding.bucket == "medium"]
    assert medium == ["libcrypto3", "libssl3"]


def test_a_finding_says_what_where_and_how_to_repair_it() -> None:
    critical, high = judge(check(), report("1.5.0-rc.1-arm64"), tag="1.5.0-rc.1", platform=ARM64).findings
    assert critical.reason.code == "vulnerability-found"
    assert critical.about.keys == (
        ("id", "CVE-2024-45490"),
        ("package", "libexpat"),
        ("version", "2.6.2-r0"),
        ("purl", "pkg:apk/alpine/libexpat@2.6.2-r0?arch=aarch64&distro=3.22.2"),
        ("platform", "linux/arm64"),
    )
    assert critical.what == (
        "CVE-2024-45490 (critical) in libexpat 2.6.2-r0: libexpat: Negative Length Parsing Vulnerability in libexpat"
    )
    assert critical.expected == "libexpat 2.6.3-r0"
    assert critical.got == "libexpat 2.6.2-r0, rated critical by nvd"
    assert critical.fix == "Update libexpat to 2.6.3-r0 and build the image again: apk add --upgrade libexpat"
    assert critical.bucket == "critical"
    assert high.bucket == "high"


def test_a_finding_without_a_fix_says_what_else_can_be_done() -> None:
    (finding,) = judge(check(), report("1.4.2-arm64"), platform=ARM64).findings
    assert finding.fix == (
        "No fixed version of py is known. Replace or remove it, or waive CVE-2022-42969 with a reason and an end."
    )
    assert finding.expected == "an image without CVE-2022-42969"


@pytest.mark.parametrize(
    ("purl", "package", "fixed", "command"),
    [
        ("pkg:apk/alpine/x@1", "x", "2", ": apk add --upgrade x"),
        ("pkg:deb/debian/x@1", "x", "2", ": apt-get update && apt-get install --only-upgrade x"),
        ("pkg:rpm/redhat/x@1", "x", "2", ": dnf upgrade x"),
        ("pkg:pypi/x@1", "x", "2, 3", ": pip install x==2"),
        ("pkg:npm/%40a/x@1", "@a/x", "2", ": npm install @a/x@2"),
        ("pkg:golang/a.example/x@v1", "a.example/x", "v2.0.0", ": go get a.example/x@v2.0.0"),
        (
            "pkg:golang/stdlib@1.20",
            "stdlib",
            "1.21.3",
            "Build the program with Go 1.21.3 or newer, and the image again.",
        ),
        ("pkg:maven/a/x@1", "a:x", "2", "build the image again."),
        ("", "x", "2", "build the image again."),
        ("pkg:npm/x@1", "x; rm -rf /", "2", "build the image again."),
        ("pkg:npm/x@1", "x", "$(reboot)", "build the image again."),
        ("pkg:npm/x@1", "--global", "2", "build the image again."),
    ],
)
def test_a_command_is_only_shown_where_a_shell_cannot_misread_it(
    purl: str, package: str, fixed: str, command: str
) -> None:
    one = entry(PkgIdentifier={"PURL": purl}, PkgName=package, FixedVersion=fixed)
    (finding,) = judge(check(), with_entries(one)).findings
    assert finding.fix.endswith(command)


# ── severity ──────────────────────────────────────────────────────────────────────────────────────

RUNGS = ["negligible", "low", "medium", "high", "critical"]
WORDS = {"negligible": "unimportant", "none": "none"}


@pytest.mark.parametrize("fail_at", RUNGS)
@pytest.mark.parametrize("severity", ["none", *RUNGS])
def test_a_severity_breaks_the_rule_from_fail_at_on(fail_at: str, severity: str) -> None:
    reached = Severity.of_word(severity) >= Severity.of_word(fail_at)
    one = entry(Severity=WORDS.get(severity, severity.upper()))
    assert of_entries(check(fail_at=fail_at), one) == ("violated" if reached else "satisfied")


@pytest.mark.parametrize("word", ["UNKNOWN", "", None, "UNSPECIFIED", "UNTRIAGED", "TERRIBLE"])
@pytest.mark.parametrize("fail_at", ["low", "critical"])
def test_an_unknown_severity_counts_like_the_worst_unless_the_rule_says_otherwise(
    word: str | None, fail_at: str
) -> None:
    assert of_entries(check(fail_at=fail_at), entry(Severity=word)) == "violated"
    assert of_entries(check(fail_at=fail_at, unknown="allow"), entry(Severity=word)) == "satisfied"


def test_counts_alone_do_not_pass_what_nobody_has_rated() -> None:
    by_count = VulnerabilitiesCheck(counts={"medium": 5})
    assert of_entries(by_count, entry(Severity="UNKNOWN")) == "violated"
    assert of_entries(replace(by_count, unknown="allow"), entry(Severity="UNKNOWN")) == "satisfied"
    assert (
        of_entries(VulnerabilitiesCheck(counts={"medium": 5, "unknown": 1}), entry(Severity="UNKNOWN")) == "satisfied"
    )


def test_findings_are_sorted_the_worst_first() -> None:
    words = ["LOW", "CRITICAL", "UNKNOWN", "HIGH", "MEDIUM"]
    entries = [entry(Severity=word, VulnerabilityID=f"CVE-2026-{number}") for number, word in enumerate(words)]
    found = judge(check(fail_at="low"), with_entries(*entries)).findings
    assert [finding.bucket for finding in found] == ["critical", "high", "medium", "low", "unknown"]


# ── fix, status, suppression ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status_word", "fixed", "outcome"),
    [
        ("fixed", "2", "violated"), ("affected", None, "satisfied"), ("will_not_fix", None, "satisfied"),
        ("end_of_life", None, "satisfied"), ("fix_deferred", None, "satisfied"), (None, None, "satisfied"),
        ("under_investigation", None, "violated"), ("unknown", None, "violated"), ("a new word", None, "violated"),
    ],
)  # fmt: skip
def test_only_fixed_counts_what_has_a_fix_and_what_may_have_one(
    status_word: str | None, fixed: str | None, outcome: str
) -> None:
    one = entry(Status=status_word, FixedVersion=fixed)
    assert of_entries(check(only_fixed=True), one) == outcome
    assert of_entries(check(), one) == "violated"


def test_what_has_no_fix_is_counted_in_a_note() -> None:
    notes = [note.what for note in judge(check(only_fixed=True), report("1.4.2-amd64")).notes]
    assert "1 does not count: they have no fix (only-fixed)" in notes


def test_what_the_vendor_calls_not_affected_counts_only_if_the_rule_says_so() -> None:
    one = entry(Status="not_affected", FixedVersion=None)
    assert of_entries(check(), one) == "satisfied"
    assert of_entries(check(not_affected="fail"), one) == "violated"


def test_what_the_scanner_was_told_to_hide_counts_all_the_same() -> None:
    content = with_entries(hidden=entry())
    judgement = judge(check(), content)
    assert status(judgement) == "violated"
    assert judgement.findings[0].got.endswith("; the scanner was told to hide it (ignored by .trivyignore: later)")
    respected = judge(check(respect_scanner_suppressions=True), content)
    assert status(respected) == "satisfied"
    assert any(note.what.startswith("1 does not count: the scanner was told") for note in respected.notes)


def test_respecting_suppressions_hides_nothing_else() -> None:
    assert (
        of_entries(check(respect_scanner_suppressions=True), entry(), hidden=entry(VulnerabilityID="CVE-1-1"))
        == "violated"
    )


# ── grace ─────────────────────────────────────────────────────────────────────────────────────────

GRACE = check(grace={"high": Duration.from_text("30d")})


@pytest.mark.parametrize(
    ("age", "outcome"),
    [
        (timedelta(0), "satisfied"),
        (timedelta(days=30), "satisfied"),
        (timedelta(days=30, seconds=1), "violated"),
        (timedelta(days=400), "violated"),
        (timedelta(seconds=-1), "violated"),
        (timedelta(days=-365), "violated"),
    ],
)
def test_grace_runs_from_the_publication_and_includes_its_end(age: timedelta, outcome: str) -> None:
    assert of_entries(GRACE, entry(PublishedDate=(AT - age).isoformat())) == outcome


@pytest.mark.parametrize(
    "text", [None, "", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0000-12-31T18:09:24-05:50", "2099-01-01", "x"]
)
def test_without_a_date_that_can_be_true_there_is_no_grace(text: str | None) -> None:
    assert of_entries(GRACE, entry(PublishedDate=text)) == "violated"


def test_grace_is_for_its_severity_only() -> None:
    young = (AT - timedelta(days=1)).isoformat()
    assert of_entries(GRACE, entry(Severity="CRITICAL", PublishedDate=young)) == "violated"
    assert of_entries(GRACE, entry(Severity="UNKNOWN", PublishedDate=young)) == "violated"


def test_a_changed_entry_does_not_start_its_grace_again() -> None:
    old = entry(PublishedDate="2020-01-01T00:00:00Z", LastModifiedDate=AT.isoformat())
    assert of_entries(GRACE, old) == "violated"


def test_what_is_within_grace_is_named() -> None:
    judgement = judge(GRACE, with_entries(entry(PublishedDate=AT.isoformat())))
    assert "within grace: CVE-2026-1000" in [note.what for note in judgement.notes]


@pytest.mark.parametrize("hours", [-14, 14])
def test_grace_does_not_depend_on_a_zone(hours: int) -> None:
    from datetime import timezone

    ends = AT - timedelta(days=30)
    text = ends.astimezone(timezone(timedelta(hours=hours))).isoformat()
    assert of_entries(GRACE, entry(PublishedDate=text)) == "satisfied"
    assert of_entries(GRACE, entry(PublishedDate=text), at=AT + timedelta(seconds=1)) == "violated"


# ── counts ────────────────────────────────────────────────────────────────────────────────────────


def of_severity(word: str, number: int) -> Entries:
    return [entry(Severity=word, VulnerabilityID=f"CVE-2026-{word}-{one}") for one in range(number)]


@pytest.mark.parametrize(("number", "outcome"), [(0, "satisfied"), (2, "satisfied"), (3, "violated")])
def test_as_many_as_the_count_says_may_remain(number: int, outcome: str) -> None:
    by_count = VulnerabilitiesCheck(fail_at="high", counts={"medium": 2})
    assert of_entries(by_count, *of_severity("MEDIUM", number)) == outcome
    assert of_entries(by_count, *of_severity("LOW", 50), *of_severity("MEDIUM", number)) == outcome


def test_a_count_of_zero_allows_none() -> None:
    assert of_entries(VulnerabilitiesCheck(counts={"medium": 0}), *of_severity("MEDIUM", 1)) == "violated"


def test_a_count_replaces_fail_at_for_its_severity_and_no_other() -> None:
    by_count = VulnerabilitiesCheck(fail_at="medium", counts={"high": 1})
    assert of_entries(by_count, *of_severity("HIGH", 1)) == "satisfied"
    assert of_entries(by_count, *of_severity("MEDIUM", 1)) == "violated"
    assert of_entries(by_count, *of_severity("CRITICAL", 1)) == "violated"


def test_the_same_defect_in_two_places_counts_once() -> None:
    places = [entry(Severity="MEDIUM", PkgPath=f"app/{name}/package.json") for name in "ab"]
    assert of_entries(VulnerabilitiesCheck(counts={"medium": 1}), *places) == "satisfied"


def test_more_reports_never_make_room_in_a_count() -> None:
    """One report rates it high, the other does not rate it: each count still has its own."""
    by_count = VulnerabilitiesCheck(counts={"high": 1, "unknown": 0})
    unrated, rated = with_entries(entry(Severity="UNKNOWN")), with_entries(entry())
    assert status(judge(by_count, unrated)) == "violated"
    assert status(judge(by_count, unrated, rated)) == "violated"


# ── ids ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["CVE-2026-1000", "cve-2026-1000", "GHSA-pc3f-x583-g7j2", "ghsa-PC3F-x583-g7j2"])
def test_a_denied_id_breaks_the_rule_whatever_else_is_allowed(name: str) -> None:
    one = entry(Severity="LOW", Status="not_affected", FixedVersion=None, VendorIDs=["GHSA-pc3f-x583-g7j2"])
    rule = VulnerabilitiesCheck(
        fail_at="critical", deny_ids=(name,), only_fixed=True, unknown="allow", counts={"low": 100},
        respect_scanner_suppressions=True,
    )  # fmt: skip
    for content in (with_entries(one), with_entries(hidden=one)):
        judgement = judge(rule, content)
        assert [finding.reason.code for finding in breaking(judgement)] == ["vulnerability-denied"]
        assert judgement.findings[0].bucket is None
    assert of_entries(rule, entry(Severity="LOW", VulnerabilityID="CVE-2026-10001")) == "satisfied"


def test_ids_alone_are_a_rule() -> None:
    rule = VulnerabilitiesCheck(deny_ids=("CVE-2026-1000",))
    assert of_entries(rule, entry()) == "violated"
    assert of_entries(rule, entry(VulnerabilityID="CVE-2026-1", Severity="CRITICAL")) == "satisfied"


def test_an_accepted_id_does_not_count_and_is_named() -> None:
    judgement = judge(check(allow_ids=("cve-2026-1000", "CVE-1-1")), with_entries(entry()))
    assert status(judgement) == "satisfied"
    notes = [note.what for note in judgement.notes]
    assert "accepted by allow-ids: CVE-2026-1000" in notes
    assert "in allow-ids and not found: CVE-1-1" in notes


def test_an_accepted_id_accepts_no_other_name_of_it() -> None:
    rule = check(allow_ids=("GHSA-pc3f-x583-g7j2",))
    assert of_entries(rule, entry(VendorIDs=["GHSA-pc3f-x583-g7j2"])) == "violated"
    assert of_entries(rule, entry(VulnerabilityID="CVE-2026-10000")) == "violated"


# ── the same finding more than once ───────────────────────────────────────────────────────────────


def test_equal_findings_of_several_places_are_one_that_names_them() -> None:
    places = [entry(PkgPath=f"app/{name}/package.json") for name in "bac"]
    (finding,) = judge(check(), with_entries(*places)).findings
    assert finding.got.endswith(", in app/a/package.json, app/b/package.json, app/c/package.json")


def test_many_places_are_counted() -> None:
    places = [entry(PkgPath=f"app/{number:03}") for number in range(30)]
    (finding,) = judge(check(), with_entries(*places)).findings
    assert finding.got.endswith("app/003 and 26 more places")


@pytest.mark.parametrize(
    "other",
    [
        {"InstalledVersion": "1.0-r9"},
        {"PkgName": "other"},
        {"VulnerabilityID": "CVE-2026-2"},
        {"PkgIdentifier": {"PURL": "pkg:npm/libexample@1.0-r0"}},
    ],
)
def test_what_differs_in_id_package_version_or_kind_is_another_finding(other: dict[str, object]) -> None:
    assert len(judge(check(), with_entries(entry(), entry(**other))).findings) == 2


def test_the_worst_of_several_reports_is_shown_once() -> None:
    high, critical = with_entries(entry()), with_entries(entry(Severity="CRITICAL"))
    for reports in ([high, critical], [critical, high]):
        (finding,) = judge(check(), *reports).findings
        assert finding.bucket == "critical"


# ── end of life ───────────────────────────────────────────────────────────────────────────────────


def ended(members: dict[str, Any]) -> None:
    members["Metadata"]["OS"]["EOSL"] = True


def test_an_os_past_its_end_breaks_the_rule_unless_it_says_otherwise() -> None:
    content = changed("1.5.0-rc.1-amd64", ended)

    def judged(**options: Any) -> Judgement:
        return judge(check(**options), content, tag="1.5.0-rc.1")

    (finding,) = judged().findings
    assert finding.reason.code == "end-of-life-os"
    assert finding.about.keys == (("os", "alpine 3.22.2"), ("platform", "linux/amd64"))
    assert finding.bucket is None
    told = "alpine 3.22.2 is no longer supported: vulnerabilities found since its end are in no report"
    for word, is_headline in (("warn", True), ("allow", False)):
        judgement = judged(end_of_life=word)
        assert status(judgement) == "satisfied"
        assert [note.headline for note in judgement.notes if note.what == told] == [is_headline]


def test_an_os_past_its_end_is_said_once_for_several_reports() -> None:
    content = changed("1.5.0-rc.1-amd64", ended)
    assert len(judge(check(), content, content + b"\n", tag="1.5.0-rc.1").findings) == 1


# ── reports ───────────────────────────────────────────────────────────────────────────────────────


def test_without_a_report_the_rule_is_violated() -> None:
    judgement = judge(check())
    assert [finding.reason.code for finding in judgement.findings] == ["report-missing"]
    assert judgement.findings[0].bucket is None


def test_a_violation_stands_beside_what_is_undecided() -> None:
    judgement = judge(check(), report("1.4.2-amd64"), b"")
    assert [finding.reason.code for finding in judgement.findings] == ["vulnerability-found"]
    assert [one.reason.code for one in judgement.undecided] == ["report-malformed"]


def test_an_old_report_is_not_judged() -> None:
    judgement = judge(check(), report("1.4.2-amd64"), at=datetime(2026, 12, 24, tzinfo=UTC))
    assert [finding.reason.code for finding in judgement.findings] == ["report-stale"]


def test_every_report_that_counts_is_judged() -> None:
    clean = with_entries()
    assert status(judge(check(), clean)) == "satisfied"
    assert status(judge(check(), clean, with_entries(entry()))) == "violated"
    assert status(judge(check(), with_entries(entry()), clean)) == "violated"


def test_a_critical_on_the_last_platform_only_is_not_seen_by_the_first() -> None:
    reports = [report("1.5.0-rc.1-amd64"), report("1.5.0-rc.1-arm64")]
    assert status(judge(check(), *reports, tag="1.5.0-rc.1", platform=AMD64)) == "satisfied"
    assert status(judge(check(), *reports, tag="1.5.0-rc.1", platform=ARM64)) == "violated"


# ── mistakes in rule files, and options that cannot be ignored ────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "key", "told"),
    [
        ({}, "", "say what breaks the rule"),
        ({"only_fixed": True}, "", "say what breaks the rule"),
        ({"counts": {"medium": -1}}, "counts.medium", "-1 is no count"),
        ({"fail_at": "high", "grace": {"low": Duration.from_text("7d")}}, "grace.low", "it has no effect"),
        ({"deny_ids": ("CVE-1-1",), "grace": {"high": Duration.from_text("7d")}}, "grace.high", "it has no effect"),
        ({"deny_ids": ("CVE-1-1",), "only_fixed": True}, "only-fixed", "no effect without fail-at or counts"),
        ({"deny_ids": ("CVE-1-1",), "allow_ids": ("CVE-2-2",)}, "allow-ids", "no effect without fail-at or counts"),
        ({"deny_ids": ("log4shell",)}, "deny-ids", "'log4shell' is no id of a vulnerability"),
        ({"fail_at": "high", "allow_ids": ("",)}, "allow-ids", "'' is no id"),
        ({"fail_at": "high", "allow_ids": ("CVE-*",)}, "allow-ids", "'CVE-*' is no id"),
        ({"fail_at": "high", "allow_ids": ("CVE-2021-1\n",)}, "allow-ids", "is no id"),
        ({"fail_at": "high", "deny_ids": ("CVE-1-1",), "allow_ids": ("cve-1-1",)}, "allow-ids", "denied and accepted"),
    ],
)
def test_a_rule_that_contradicts_itself_is_a_mistake(options: dict[str, Any], key: str, told: str) -> None:
    problems = VulnerabilitiesCheck(**options).problems()
    assert any(place == key and told in sentence for place, sentence in problems)


@pytest.mark.parametrize(
    "options",
    [
        {"fail_at": "high"}, {"counts": {"medium": 0}}, {"deny_ids": ("CVE-2024-3094", "TEMP-0841856-B18BAF")},
        {"counts": {"low": 9}, "grace": {"low": Duration.from_text("7d")}},
        {"fail_at": "low", "grace": {"critical": Duration.from_text("7d")}, "only_fixed": True, "allow_ids": ("GO-2024-1",)},
    ],
)  # fmt: skip
def test_a_rule_that_makes_sense_has_no_problems(options: dict[str, Any]) -> None:
    assert VulnerabilitiesCheck(**options).problems() == ()


#: For each option a value under which what passes otherwise cannot pass, and what is judged.
LENIENT = VulnerabilitiesCheck(
    fail_at="critical", counts={"high": 5}, allow_ids=("CVE-2026-1",), only_fixed=True,
    grace={"critical": Duration.from_text("9w")}, unknown="allow", end_of_life="allow", respect_scanner_suppressions=True,
    report=ReportOptions(max_age=Duration.from_text("48h"), scanners=("trivy",), allow_tracked=True, allow_no_packages=True,
        allow_unknown_layers=True,
    ),
)  # fmt: skip
_EVERYTHING: Entries = [
    entry(),
    entry(VulnerabilityID="CVE-2026-1", Severity="CRITICAL", PublishedDate=None),
    entry(VulnerabilityID="CVE-2026-2", Severity="CRITICAL", PublishedDate=None, FixedVersion=None, Status="affected"),
    entry(VulnerabilityID="CVE-2026-3", Severity="CRITICAL"),
    entry(VulnerabilityID="CVE-2026-4", Severity="UNKNOWN"),
    entry(VulnerabilityID="CVE-2026-5", Severity="CRITICAL", PublishedDate=None, Status="not_affected"),
]
STRICT: dict[str, VulnerabilitiesCheck] = {
    "fail-at": replace(LENIENT, fail_at="low", counts=None),
    "counts": replace(LENIENT, counts={"high": 0}),
    "deny-ids": replace(LENIENT, deny_ids=("CVE-2026-1000",)),
    "allow-ids": replace(LENIENT, allow_ids=("CVE-2026-9",)),
    "only-fixed": replace(LENIENT, only_fixed=False),
    "grace": replace(LENIENT, grace={"critical": Duration.from_text("1m")}),
    "unknown": replace(LENIENT, unknown="fail"),
    "not-affected": replace(LENIENT, not_affected="fail"),
    "end-of-life": replace(LENIENT, end_of_life="fail"),
    "respect-scanner-suppressions": replace(LENIENT, respect_scanner_suppressions=False),
    "report": replace(LENIENT, report=replace(LENIENT.report, max_age=Duration.from_text("1m"))),
}
STRICT_REPORTS: dict[str, ReportOptions] = {
    "max-age": replace(LENIENT.report, max_age=Duration.from_text("1m")),
    "scanners": replace(LENIENT.report, scanners=("trivy", "none-such")),
    "level": replace(LENIENT.report, level="attested"),
    "allow-tracked": replace(LENIENT.report, allow_tracked=False),
    "allow-unknown-layers": replace(LENIENT.report, allow_unknown_layers=False),
    "allow-no-packages": replace(LENIENT.report, allow_no_packages=False),
}


def everything() -> ReportInput:
    def change(members: dict[str, Any]) -> None:
        ended(members)
        hidden = entry(VulnerabilityID="CVE-2026-6", Severity="CRITICAL", PublishedDate=None)
        members["Results"][0]["Vulnerabilities"] = _EVERYTHING
        members["Results"][0]["ExperimentalModifiedFindings"] = [{"Type": "vulnerability", "Finding": hidden}]

    return ReportInput("everything.json", changed("1.4.2-amd64", change), tracked=True)


def test_no_option_is_without_a_test_that_it_is_not_ignored() -> None:
    assert {key_of(field) for field in fields(VulnerabilitiesCheck)} == set(STRICT)
    assert {key_of(field) for field in fields(ReportOptions)} == set(STRICT_REPORTS)


@pytest.mark.parametrize("key", STRICT)
def test_every_option_set_to_what_cannot_match_fails(key: str) -> None:
    assert status(judge(LENIENT, everything())) == "satisfied"
    assert status(judge(STRICT[key], everything())) == "violated"


@pytest.mark.parametrize("key", STRICT_REPORTS)
def test_every_option_about_reports_set_to_what_cannot_match_fails(key: str) -> None:
    def change(members: dict[str, Any]) -> None:
        members["Results"], members["Metadata"]["OS"] = [], None

    content = ReportInput("bare.json", changed("1.4.2-amd64", change), tracked=True)
    layer = "application/vnd.example.rootfs" if key == "allow-unknown-layers" else ""
    assert status(judge(LENIENT, content, layer=layer)) == "satisfied"
    strict = replace(LENIENT, report=STRICT_REPORTS[key])
    assert status(judge(strict, content, layer=layer)) in {"violated", "undecided"}


# ── laws ──────────────────────────────────────────────────────────────────────────────────────────

any_entry = st.builds(
    lambda number, package, severity, status_word, fixed, age, alias: entry(
        VulnerabilityID=f"CVE-2026-{number}",
        PkgName=package,
        Severity=severity,
        Status=status_word,
        FixedVersion=fixed,
        PublishedDate=None if age is None else (AT - timedelta(days=age)).isoformat(),
        VendorIDs=alias,
    ),
    st.integers(1, 4),
    st.sampled_from("ab"),
    st.sampled_from(["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN", None]),
    st.sampled_from(["fixed", "affected", "not_affected", "unknown", None]),
    st.sampled_from(["2", None]),
    st.sampled_from([None, 1, 20, 100]),
    st.sampled_from([None, ["CVE-2026-1"], ["GHSA-pc3f-x583-g7j2"]]),
)
any_report = st.one_of(
    st.builds(lambda entries: with_entries(*entries), st.lists(any_entry, max_size=4)),
    st.builds(lambda hidden: with_entries(hidden=hidden), any_entry),
    st.sampled_from([b"", b"{}", report("1.4.2-arm64"), report("unknown-os"), changed("1.4.2-amd64", ended)]),
)
ids = st.sampled_from(["CVE-2026-1", "CVE-2026-2", "GHSA-pc3f-x583-g7j2"])
any_check = st.builds(
    VulnerabilitiesCheck,
    fail_at=st.sampled_from(["low", "medium", "high", "critical"]),
    counts=st.none() | st.dictionaries(st.sampled_from(["unknown", *RUNGS]), st.integers(0, 3), min_size=1, max_size=2),
    deny_ids=st.lists(ids, max_size=1).map(tuple),
    allow_ids=st.lists(ids, max_size=2).map(tuple),
    only_fixed=st.booleans(),
    grace=st.none() | st.just({"high": Duration.from_text("7d"), "low": Duration.from_text("30d")}),
    unknown=st.sampled_from(["fail", "allow"]),
    not_affected=st.sampled_from(["fail", "allow"]),
    respect_scanner_suppressions=st.booleans(),
)


def broken_about(judgement: Judgement) -> set[object]:
    """Give what the findings about the image itself are about; those about reports are left out."""
    return {finding.about for finding in breaking(judgement) if not finding.reason.code.startswith("report-")}


@given(any_check, st.lists(any_report, max_size=3), any_report)
def test_one_more_report_never_improves_the_outcome(
    rule: VulnerabilitiesCheck, reports: list[bytes], more: bytes
) -> None:
    """Only a demand for a report can be met by one; what reports found stays found, what was unclear stays unclear."""
    before, after = judge(rule, *reports), judge(rule, *reports, more)
    assert broken_about(before) <= broken_about(after)
    unclear = {one.reason.code for one in before.undecided} - {"report-not-for-this-platform"}
    assert unclear <= {one.reason.code for one in after.undecided}


@given(any_check, st.lists(any_report, max_size=4), st.randoms())
def test_the_order_of_reports_does_not_matter(rule: VulnerabilitiesCheck, reports: list[bytes], chance: Any) -> None:
    shuffled = list(reports)
    chance.shuffle(shuffled)
    one, other = judge(rule, *reports), judge(rule, *shuffled)
    assert status(one) == status(other)
    assert {finding.about for finding in one.findings} == {finding.about for finding in other.findings}


TIGHTER: list[Callable[[VulnerabilitiesCheck], VulnerabilitiesCheck]] = [
    lambda rule: replace(rule, fail_at="low"),
    lambda rule: replace(rule, counts=None if rule.counts is None else dict.fromkeys(rule.counts, 0)),
    lambda rule: replace(rule, counts={**(rule.counts or {}), "low": 0}),
    lambda rule: replace(rule, deny_ids=(*rule.deny_ids, "CVE-2026-3")),
    lambda rule: replace(rule, allow_ids=rule.allow_ids[:-1]),
    lambda rule: replace(rule, only_fixed=False),
    lambda rule: replace(rule, grace=None),
    lambda rule: replace(rule, grace=rule.grace and dict.fromkeys(rule.grace, Duration.from_text("1m"))),
    lambda rule: replace(rule, unknown="fail"),
    lambda rule: replace(rule, not_affected="fail"),
    lambda rule: replace(rule, respect_scanner_suppressions=False),
    lambda rule: replace(rule, end_of_life="fail"),
    lambda rule: replace(rule, report=replace(rule.report, max_age=Duration.from_text("1m"))),
    lambda rule: replace(rule, report=replace(rule.report, scanners=("trivy", "other"))),
    lambda rule: replace(rule, report=replace(rule.report, level="attested")),
]


@given(any_check, st.lists(any_report, max_size=3), st.sampled_from(range(len(TIGHTER))))
def test_a_tighter_rule_never_turns_violated_into_satisfied(
    rule: VulnerabilitiesCheck, reports: list[bytes], number: int
) -> None:
    loose, tight = judge(rule, *reports), judge(TIGHTER[number](rule), *reports)
    if status(loose) == "violated":
        assert status(tight) == "violated"
    if status(loose) == "undecided":
        assert status(tight) != "satisfied"


@given(
    st.lists(st.sampled_from(sorted(DEMO.glob("1.*.json"))), min_size=1, max_size=3), st.sampled_from([AMD64, ARM64])
)
def test_real_reports_in_any_mix_never_raise(names: list[Any], platform: str) -> None:
    judge(check(), *(path.read_bytes() for path in names), platform=platform)


def test_entries_are_judged_without_a_report_around_them() -> None:
    """The check asks nothing of a report's format: any scanner's entries are judged alike."""
    from gate.checks.vulnerabilities import _Sieve

    one = Vulnerability("CVE-1-1", "x", "1", Severity.HIGH, "", FixState.FIXED, ("2",))
    assert list(_Sieve(check(), AT).broken(Vulnerabilities.of(one))) == [one]


def test_a_view_without_a_platform_is_our_mistake() -> None:
    subject, images = images_of("1.4.2")
    seen = View(subject, None, tuple(images.values()), None, None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="about one platform"):
        check().judge(seen, AT)
