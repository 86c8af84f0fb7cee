"""Trivy's reports are read whole, or refused with what to do."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.scanner import FixState, Report, Severity
from gate.scanners.trivy import SCANNER
from tests.scans import DEMO, SAMPLES, changed, entry, report

IMAGES = [path.stem for path in sorted(DEMO.glob("*.json")) if not re.search("cdx|sbom|trivy-version", path.name)]
KEYS = (
    "VulnerabilityID", "VendorIDs", "PkgName", "PkgPath", "PkgIdentifier", "InstalledVersion", "FixedVersion", "Status",
    "SeveritySource", "Title", "Severity", "PublishedDate",
)  # fmt: skip


def read(name: str, *changes: Callable[[dict[str, Any]], object]) -> Report:
    return SCANNER.read(changed(name, *changes))


def refused(content: bytes) -> MalformedData:
    with pytest.raises(MalformedData) as caught:
        SCANNER.read(content)
    return caught.value


def with_entries(*entries: object) -> Callable[[dict[str, Any]], object]:
    return lambda members: members["Results"][0].update(Vulnerabilities=list(entries))


def set_in(path: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Set one member; `Metadata.OS.EOSL` names it."""

    def change(members: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            members = members[parent]
        members[last] = value

    return change


# ── what real reports say ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", IMAGES)
def test_every_vulnerability_is_there_with_its_severity_as_jq_counts_them(name: str) -> None:
    """The table of the fixtures counts entries of `.Results[]?.Vulnerabilities[]?`."""
    members = json.loads(report(name))
    expected = [one for result in members.get("Results") or () for one in result.get("Vulnerabilities") or ()]
    found = SCANNER.read(report(name))
    shown = [one for one in found.vulnerabilities if not one.suppressed]
    assert [(one.id, one.package, one.version, one.severity.word.upper()) for one in shown] == [
        (one["VulnerabilityID"], one["PkgName"], one["InstalledVersion"], one["Severity"]) for one in expected
    ]
    assert found.subject.config_digest is not None
    assert str(found.subject.config_digest) == members["Metadata"]["ImageID"]
    assert found.scanner_version == "0.74.0"


def test_one_entry_is_read_with_all_its_parts() -> None:
    found = SCANNER.read(report("1.5.0-rc.1-arm64")).vulnerabilities[0]
    assert found.id == "CVE-2024-45490"
    assert (found.package, found.version) == ("libexpat", "2.6.2-r0")
    assert found.severity is Severity.CRITICAL
    assert found.severity_source == "nvd"
    assert found.fix is FixState.FIXED
    assert found.fixed_versions == ("2.6.3-r0",)
    assert found.purl == "pkg:apk/alpine/libexpat@2.6.2-r0?arch=aarch64&distro=3.22.2"
    assert found.published == datetime(2024, 8, 30, 3, 15, tzinfo=UTC)
    assert found.title == "libexpat: Negative Length Parsing Vulnerability in libexpat"
    assert found.status == "fixed"
    assert found.suppressed == ""


def test_the_subject_is_what_the_report_names() -> None:
    about = SCANNER.read(report("1.4.2-arm64")).subject
    assert about.name == "127.0.0.1:5080/demo/app:1.4.2"
    assert str(about.platform) == "linux/arm64"
    assert [str(digest) for digest in about.manifest_digests] == [
        "sha256:c941d8fd993b2a6456a6a69eda201b53c731e574cb6ce6f7d5b255171aeade18"
    ]
    assert about.diff_ids is not None
    assert about.layers is not None
    assert len(about.diff_ids) == len(about.layers) == 2


@pytest.mark.parametrize("name", ["1.4.2-amd64-archive", "1.4.2-layout"])
def test_archives_and_layouts_have_no_repository_digest(name: str) -> None:
    assert SCANNER.read(report(name)).subject.manifest_digests == frozenset()


def test_the_samples_of_other_projects_are_read() -> None:
    debian = SCANNER.read((SAMPLES / "dd-issue_9333-debian10.json").read_bytes())
    assert len(debian.vulnerabilities) == 13
    assert debian.subject.manifest_digests == frozenset()  # it holds [""], which names nothing
    assert debian.subject.layers is None
    centos = SCANNER.read((SAMPLES / "centos-7.golden.json").read_bytes())
    assert len(centos.vulnerabilities) == 3
    assert centos.gaps == ()  # no package list, but findings: it looked


def test_suppressed_findings_are_findings() -> None:
    """Trivy's own list is empty; the two that `.trivyignore.yml` hid are there with who hid them and why."""
    found = SCANNER.read((SAMPLES / "steadybit-extension-k6-0.69.3.json").read_bytes()).vulnerabilities
    assert len(found) == 2
    assert all(one.suppressed == "ignored by .trivyignore.yml: Wait for a new K6-Release" for one in found)
    assert found[0].aliases == ("GHSA-pc3f-x583-g7j2",)


def test_suppressed_secrets_are_no_vulnerabilities() -> None:
    modified = [{"Type": "secret", "Status": "ignored", "Finding": {"RuleID": "aws"}}]
    found = read(
        "1.5.0-rc.1-arm64", lambda members: members["Results"][0].update(ExperimentalModifiedFindings=modified)
    )
    assert len(found.vulnerabilities) == 2


@pytest.mark.parametrize("kind", ["", None])
def test_a_suppressed_finding_without_a_type_is_read_as_a_vulnerability(kind: str | None) -> None:
    modified = [{"Type": kind, "Finding": entry()}]
    found = read("1.4.3-amd64", lambda members: members["Results"][0].update(ExperimentalModifiedFindings=modified))
    assert [one.suppressed for one in found.vulnerabilities if one.id == "CVE-2026-1000"] == ["hidden by somebody"]


def test_a_place_is_the_path_or_the_target_but_never_the_name_of_the_image() -> None:
    found = SCANNER.read(report("1.3.0-amd64")).vulnerabilities
    assert {one.where for one in found if one.purl.startswith("pkg:apk/")} == {""}
    assert all("127.0.0.1" not in one.where for one in found)


# ── every trap of the format ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["unsupported-os", "1.5.0-rc.1-arm64-library-only"])
def test_an_os_without_a_result_about_its_packages_is_not_covered(name: str) -> None:
    (gap,) = SCANNER.read(report(name)).gaps
    assert gap.reason.code == "os-not-covered"
    assert "no result is about its packages" in gap.what


@pytest.mark.parametrize("results", [None, [], "absent"])
def test_an_os_and_no_results_at_all_is_not_covered(results: object) -> None:
    def change(members: dict[str, Any]) -> None:
        members["Results"] = results
        if results == "absent":
            del members["Results"]

    assert [gap.reason.code for gap in read("1.4.2-amd64", change).gaps] == ["os-not-covered"]


def test_no_os_and_no_results_means_that_nothing_was_scanned() -> None:
    assert [gap.reason.code for gap in SCANNER.read(report("unknown-os")).gaps] == ["nothing-scanned"]


@pytest.mark.parametrize("system", [None, {"Family": "none"}, {}])
def test_a_static_binary_without_an_os_is_covered_by_its_language_packages(system: object) -> None:
    def change(members: dict[str, Any]) -> None:
        members["Metadata"]["OS"] = system
        members["Results"] = [{"Target": "app", "Class": "lang-pkgs", "Type": "gobinary", "Packages": [{"Name": "x"}]}]

    found = read("1.4.2-amd64", change)
    assert found.gaps == ()
    assert found.os is None
    assert found.covers == {"gobinary"}


@pytest.mark.parametrize("packages", [None, [], "absent"])
def test_a_deleted_package_database_is_an_empty_list(packages: object) -> None:
    result = {"Target": "x (alpine 3.22.2)", "Class": "os-pkgs", "Type": "alpine", "Packages": packages}
    if packages == "absent":
        del result["Packages"]
    found = read("1.4.2-amd64", set_in("Results", [result]))
    assert [gap.reason.code for gap in found.gaps] == ["empty-package-list"]


@pytest.mark.parametrize("packages", [[], [{}], [{"Name": ""}], [{"Version": "1"}]])
@pytest.mark.parametrize("blanks", ["", " " * 100, "\n" * 5000])
def test_a_list_without_a_package_is_empty_however_it_is_written(packages: list[object], blanks: str) -> None:
    """Nothing but blanks, or entries that name no package."""
    result = {"Target": "x (alpine 3.22.2)", "Class": "os-pkgs", "Type": "alpine", "Packages": ["HERE"]}
    document = json.loads(report("1.4.2-amd64"))
    document["Results"] = [result]
    entries = json.dumps(packages)[1:-1]
    content = json.dumps(document).replace('["HERE"]', f"[{blanks}{entries}{blanks}]").encode()
    assert [gap.reason.code for gap in SCANNER.read(content).gaps] == ["empty-package-list"]


@pytest.mark.parametrize("packages", [{}, {"Name": "x"}, "x", 1, True, [1], ["x"], [None], [[]], [{"Name": 1}]])
def test_packages_of_another_type_are_malformed(packages: object) -> None:
    """They would pass for a list that somebody looked at."""
    result = {"Target": "x (alpine 3.22.2)", "Class": "os-pkgs", "Type": "alpine", "Packages": packages}
    with pytest.raises(
        MalformedData, match=r"Results\[0\]\.Packages in the report is not a list of packages"
    ) as caught:
        read("1.4.2-amd64", set_in("Results", [result]))
    assert caught.value.code == "report-malformed"


def test_language_packages_do_not_stand_in_for_those_of_the_os() -> None:
    results = [
        {"Target": "x", "Class": "os-pkgs", "Type": "alpine"},
        {"Target": "y", "Class": "lang-pkgs", "Type": "npm", "Packages": [{"Name": "x"}]},
    ]
    assert [gap.reason.code for gap in read("1.4.2-amd64", set_in("Results", results)).gaps] == ["empty-package-list"]


def test_a_clean_os_result_with_packages_is_evidence() -> None:
    found = read("1.4.2-amd64", lambda members: [result.pop("Vulnerabilities", 0) for result in members["Results"]])
    assert (found.gaps, tuple(found.vulnerabilities)) == ((), ())
    assert found.covers == {"os", "python-pkg"}


def test_findings_without_a_package_list_are_evidence() -> None:
    assert SCANNER.read(report("1.4.2-amd64-no-packages")).gaps == ()


def test_null_is_absence_everywhere() -> None:
    def change(members: dict[str, Any]) -> None:
        members["Metadata"].update(RepoDigests=None, RepoTags=None, Layers=None, DiffIDs=None, ImageConfig=None)
        for result in members["Results"]:
            result.update(Vulnerabilities=None, ExperimentalModifiedFindings=None)
        members["Trivy"] = None

    found = read("1.4.2-amd64", change)
    assert not found.vulnerabilities
    assert (found.subject.layers, found.subject.diff_ids, found.subject.platform) == (None, None, None)
    nothing = dict.fromkeys(KEYS, None)
    (one,) = read(
        "1.4.2-arm64", with_entries({**nothing, "VulnerabilityID": "CVE-1-1", "PkgName": "x"})
    ).vulnerabilities[:1]
    assert (one.severity, one.fix, one.aliases, one.published) == (Severity.UNKNOWN, FixState.NOT_FIXED, (), None)


def test_an_end_of_life_is_true_or_not_said() -> None:
    def ended(name: str, *changes: Callable[[dict[str, Any]], object]) -> bool | None:
        system = read(name, *changes).os
        assert system is not None
        return system.end_of_life

    assert ended("bad") is True
    assert ended("1.4.2-amd64") is None
    assert ended("1.4.2-amd64", set_in("Metadata.OS.EOSL", value=False)) is False


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL), ("critical", Severity.CRITICAL), ("Defcon1", Severity.CRITICAL),
        ("HIGH", Severity.HIGH), ("Important", Severity.HIGH), ("Moderate", Severity.MEDIUM), ("LOW", Severity.LOW),
        ("unimportant", Severity.NEGLIGIBLE), ("", Severity.UNKNOWN), (None, Severity.UNKNOWN),
        ("UNKNOWN", Severity.UNKNOWN), ("UNTRIAGED", Severity.UNKNOWN), ("UNSPECIFIED", Severity.UNKNOWN),
    ],
)  # fmt: skip
def test_every_word_has_its_rung_and_none_is_dropped(word: str | None, severity: Severity) -> None:
    found = read("1.4.2-arm64", with_entries(entry(Severity=word)))
    assert found.vulnerabilities[0].severity is severity
    assert bool(found.notes) is (word == "UNSPECIFIED")


def test_a_severity_nobody_knows_is_said() -> None:
    notes = read("1.4.2-arm64", with_entries(entry(Severity="TERRIBLE"))).notes
    assert notes == ("severities that nobody knows count as unknown: 'TERRIBLE'",)


@pytest.mark.parametrize(
    ("status", "fixed", "state"),
    [
        ("fixed", "1.0-r1", FixState.FIXED), ("affected", "1.0-r1", FixState.FIXED), (None, "1.0-r1", FixState.FIXED),
        ("fixed", None, FixState.FIXED), ("affected", None, FixState.NOT_FIXED), (None, None, FixState.NOT_FIXED),
        ("affected", " \n", FixState.NOT_FIXED), ("fix_deferred", None, FixState.NOT_FIXED),
        ("will_not_fix", None, FixState.WONT_FIX), ("end_of_life", None, FixState.WONT_FIX),
        ("under_investigation", None, FixState.UNKNOWN), ("unknown", None, FixState.UNKNOWN),
        ("a new word", None, FixState.UNKNOWN),
    ],
)  # fmt: skip
def test_the_fix_state_follows_version_and_status(status: str | None, fixed: str | None, state: FixState) -> None:
    found = read("1.4.2-arm64", with_entries(entry(Status=status, FixedVersion=fixed)))
    assert found.vulnerabilities[0].fix is state


def test_a_fix_for_each_branch_is_a_version_of_its_own() -> None:
    found = read("1.4.2-arm64", with_entries(entry(FixedVersion="1.2.3, 2.0.1,\n3.0")))
    assert found.vulnerabilities[0].fixed_versions == ("1.2.3", "2.0.1", "3.0")


@pytest.mark.parametrize(
    "name",
    ["TEMP-0841856-B18BAF", "DLA-3000-1", "RUSTSEC-2021-0001", "GO-2024-2611", "NSWG-ECO-516", "GHSA-pc3f-x583-g7j2"],
)
def test_ids_are_not_all_of_one_kind(name: str) -> None:
    assert read("1.4.2-arm64", with_entries(entry(VulnerabilityID=name))).vulnerabilities[0].id == name


def test_ids_are_written_as_their_database_writes_them() -> None:
    found = read(
        "1.4.2-arm64", with_entries(entry(VulnerabilityID=" cve-2026-1 "), entry(VulnerabilityID="ghsa-PC3F-x"))
    )
    assert [one.id for one in found.vulnerabilities[:2]] == ["CVE-2026-1", "GHSA-pc3f-x"]


def test_advisories_of_vendors_are_no_other_names() -> None:
    """One RHSA covers many CVEs: an alias through it would tie defects together that are not the same."""
    found = read("1.4.2-arm64", with_entries(entry(VendorIDs=["RHSA-2026:1", "GHSA-PC3F-X583-G7J2", "DSA-1-1"])))
    assert found.vulnerabilities[0].aliases == ("GHSA-pc3f-x583-g7j2",)


@pytest.mark.parametrize(
    "text", [None, "", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0000-12-31T18:09:24-05:50", "yesterday"]
)
def test_a_date_that_cannot_be_true_is_none(text: str | None) -> None:
    assert read("1.4.2-arm64", with_entries(entry(PublishedDate=text))).vulnerabilities[0].published is None
    assert read("1.4.2-arm64", set_in("CreatedAt", text)).created is None


@pytest.mark.parametrize("text", ["2026-11-23T20:30:00+01:00", "2026-11-23T19:30:00.000000001Z", "2026-11-23T19:30:00"])
def test_dates_have_any_zone_and_are_utc_without_one(text: str) -> None:
    assert read("1.4.2-arm64", set_in("CreatedAt", text)).created == datetime(2026, 11, 23, 19, 30, tzinfo=UTC)


def test_layers_of_a_saved_archive_name_no_digest() -> None:
    """There the digest is that of the uncompressed layer, which no manifest names."""
    same = [{"Digest": "sha256:" + "1" * 64, "DiffID": "sha256:" + "1" * 64}]
    assert read("1.4.2-arm64", set_in("Metadata.Layers", same)).subject.layers is None


def test_a_report_that_looks_filtered_says_so() -> None:
    high = [entry(VulnerabilityID=f"CVE-2026-{number}") for number in range(1000, 1030)]
    by_severity = read("1.4.2-arm64", with_entries(*high)).notes
    assert by_severity == ("31 findings and none below high: it looks filtered by severity",)
    low = [{**one, "Severity": "LOW"} for one in high]

    def debian(members: dict[str, Any]) -> None:
        members["Metadata"]["OS"]["Family"] = "debian"
        members["Results"] = members["Results"][:1]

    unfixed = read("1.4.2-arm64", with_entries(*low), debian).notes
    assert unfixed == ("30 findings and every one has a fix: it looks filtered with --ignore-unfixed",)
    assert read("1.4.2-arm64", with_entries(*low)).notes == ()


# ── what is no report ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [1, 3, "2", 2.5, None, True, [2], {}])
def test_another_schema_version_is_refused(version: object) -> None:
    error = refused(changed("1.4.2-amd64", set_in("SchemaVersion", version)))
    assert error.code == "report-version"
    assert "reads version 2" in str(error)


def test_a_missing_schema_version_is_refused() -> None:
    assert refused(changed("1.4.2-amd64", lambda members: members.pop("SchemaVersion"))).code == "report-version"


def test_the_list_of_old_versions_is_refused_with_what_to_do() -> None:
    error = refused(b'[{"Target": "x", "Vulnerabilities": null}]')
    assert error.code == "report-version"
    assert "Trivy 0.19" in str(error)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ((SAMPLES / "dd-misconf-secrets.json").read_bytes(), "'filesystem'"),
        (report("1.5.0-rc.1-arm64-from-sbom"), "'cyclonedx'"),
        (changed("1.4.2-amd64", set_in("ArtifactType", None)), "no ArtifactType"),
        (changed("1.4.2-amd64", set_in("ArtifactType", "repository")), "'repository'"),
        (b'{"ClusterName": "prod", "Resources": []}', "Kubernetes"),
        (b'{"apiVersion": "aquasecurity.github.io/v1alpha1", "kind": "VulnerabilityReport"}', "Kubernetes"),
    ],
)
def test_what_is_about_no_image_is_refused(content: bytes, told: str) -> None:
    assert SCANNER.recognises(content)
    error = refused(content)
    assert error.code == "report-wrong-kind"
    assert told in str(error)
    assert "trivy image" in str(error)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_cut_report_is_refused(share: float) -> None:
    content = report("1.4.2-amd64").rstrip()
    error = refused(content[: int(len(content) * share)])
    assert error.code == "report-malformed"
    assert "ends in the middle" in str(error)


def test_a_report_without_its_beginning_is_refused() -> None:
    assert refused(report("1.4.2-amd64")[4096:]).code == "report-malformed"


def test_two_reports_in_one_file_are_refused() -> None:
    error = refused(report("1.4.2-amd64") + report("1.4.2-arm64"))
    assert error.code == "report-malformed"
    assert "something follows after its end" in str(error)


def test_log_lines_at_the_end_are_refused() -> None:
    assert "something follows" in str(refused(report("1.4.2-amd64") + b"\n2026-11-23 INFO done\n"))


@pytest.mark.parametrize("deep", [b"[" * 1_000_000, b'{"a":' * 300_000, b'{"Results":' + b"[" * 500_000])
def test_nesting_without_end_is_refused(deep: bytes) -> None:
    content = report("1.4.2-amd64").rstrip().removesuffix(b"}") + b', "Custom": ' + deep
    assert refused(content).code == "report-malformed"
    assert refused(b'{"SchemaVersion": 2, "Metadata": ' + deep).code == "report-malformed"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Results", {}), ("Results", [None]), ("Results", [[]]), ("Results", "x"), ("Results", 5),
        ("Metadata", []), ("Metadata", "x"), ("Metadata.OS", []), ("Metadata.OS", 5), ("Metadata.OS.Family", 5),
        ("Metadata.OS.EOSL", "true"), ("Metadata.ImageID", 5), ("Metadata.ImageID", "sha256:12"),
        ("Metadata.ImageID", "md5:" + "1" * 32), ("Metadata.RepoDigests", "x"), ("Metadata.RepoDigests", [5]),
        ("Metadata.RepoDigests", ["app@sha256:12"]), ("Metadata.RepoDigests", ["no digest"]), ("Metadata.RepoDigests", {}),
        ("Metadata.DiffIDs", [5]), ("Metadata.Layers", {}), ("Metadata.Layers", [5]), ("Metadata.Layers", [{"Digest": 5}]),
        ("Metadata.ImageConfig", []), ("Metadata.ImageConfig.os", 5), ("CreatedAt", 5), ("ArtifactName", []),
        ("ArtifactType", 5), ("Trivy", []), ("Trivy", {"Version": 5}),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(path: str, value: object) -> None:
    assert refused(changed("1.4.2-amd64", set_in(path, value))).code in {"report-malformed", "report-version"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Target", 5), ("Class", []), ("Type", {}), ("Vulnerabilities", {}), ("Vulnerabilities", "x"),
        ("Vulnerabilities", [5]), ("Vulnerabilities", [[]]), ("Vulnerabilities", [None]), ("Vulnerabilities", [{}]),
        ("ExperimentalModifiedFindings", {}), ("ExperimentalModifiedFindings", [5]),
        ("ExperimentalModifiedFindings", [{"Type": 5}]), ("ExperimentalModifiedFindings", [{"Finding": 5}]),
        ("ExperimentalModifiedFindings", [{"Type": "vulnerability"}]),
    ],
)  # fmt: skip
def test_a_result_of_another_shape_is_refused(key: str, value: object) -> None:
    error = refused(changed("1.4.2-amd64", lambda members: members["Results"][0].update({key: value})))
    assert error.code == "report-malformed"


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [5, True, {"a": []}, [5]])
def test_an_entry_with_a_value_of_another_type_is_refused(key: str, value: object) -> None:
    if key == "PkgIdentifier" and isinstance(value, dict):
        value = {"PURL": 5}
    error = refused(changed("1.4.2-amd64", with_entries(entry(**{key: value}))))
    assert error.code == "report-malformed"


@pytest.mark.parametrize("key", ["VulnerabilityID", "PkgName"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_entry_without_id_or_package_is_refused(key: str, value: str | None) -> None:
    error = refused(changed("1.4.2-amd64", with_entries(entry(**{key: value}))))
    assert error.code == "report-malformed"
    assert f"has no {key}" in str(error)


# ── keys that two readers understand differently (S11) ────────────────────────────────────────────

OTHER = {"VendorIDs": b'["CVE-1-1"]', "PkgIdentifier": b'{"PURL": "pkg:npm/x"}'}
LETTERS = [str.lower, str.upper, lambda key: key.replace("s", "ſ").replace("S", "ſ")]


def twins() -> list[Any]:
    """Give (level, the text to put in, the text it goes behind) for every known key of every level."""
    cases = []
    levels = {
        "the report": (b"{", ["SchemaVersion", "CreatedAt", "ArtifactName", "ArtifactType", "Metadata", "Results", "Trivy"]),
        "Metadata": (b'"Metadata": {', ["OS", "ImageID", "DiffIDs", "RepoDigests", "ImageConfig", "Layers"]),
        "OS": (b'"OS": {', ["Family", "Name", "EOSL"]),
        "ImageConfig": (b'"ImageConfig": {', ["os", "architecture", "variant"]),
        "Layers": (b'"Layers": [{', ["Digest", "DiffID"]),
        "Results": (b'"Results": [{', ["Target", "Class", "Type", "Packages", "Vulnerabilities", "ExperimentalModifiedFindings"]),
        "entry": (b'"Vulnerabilities": [{', list(KEYS)),
        "PkgIdentifier": (b'"PkgIdentifier": {', ["PURL"]),
        "hidden": (b'"ExperimentalModifiedFindings": [{', ["Type", "Status", "Statement", "Source", "Finding"]),
        "hidden finding": (b'"Finding": {', list(KEYS)),
        "Trivy": (b'"Trivy": {', ["Version"]),
    }  # fmt: skip
    for level, (behind, keys) in levels.items():
        cases += [pytest.param(behind, key, id=f"{level}-{key}") for key in keys]
    return cases


def whole() -> bytes:
    """Give a report with every level in it, written so that each level begins with a text of its own."""

    def fill(members: dict[str, Any]) -> None:
        full = entry(VendorIDs=["GHSA-pc3f-x583-g7j2"], PkgPath="usr/bin/x")
        del members["Metadata"]["ImageConfig"]["rootfs"], members["Metadata"]["ImageConfig"]["history"]
        members["Metadata"]["OS"]["EOSL"] = False
        members["Metadata"]["ImageConfig"]["variant"] = ""
        hidden = {"Type": "vulnerability", "Status": "ignored", "Statement": "x", "Source": "y", "Finding": full}
        members["Results"] = [
            {**members["Results"][0], "Vulnerabilities": [full], "ExperimentalModifiedFindings": [hidden]}
        ]

    return re.sub(rb"\[\s+\{\s+", b"[{", changed("1.4.2-arm64", fill))


def inserted(behind: bytes, text: bytes) -> bytes:
    content = whole()
    place = content.index(behind) + len(behind)
    return content[:place] + text + content[place:]


def test_the_report_that_is_made_ambiguous_is_itself_fine() -> None:
    assert len(SCANNER.read(whole()).vulnerabilities) == 2


@pytest.mark.parametrize(("behind", "key"), twins())
@pytest.mark.parametrize("value", ["same", "null", "other"])
def test_a_key_that_is_there_twice_is_ambiguous(behind: bytes, key: str, value: str) -> None:
    found = re.compile(rb'"' + key.encode() + rb'": *').search(whole(), whole().index(behind))
    assert found is not None
    same, _ = json.JSONDecoder().raw_decode(whole()[found.end() :].decode())
    text = {"same": json.dumps(same).encode(), "null": b"null", "other": OTHER.get(key, b'"other"')}[value]
    if key in {"Vulnerabilities", "Results", "Packages", "ExperimentalModifiedFindings"} and value == "other":
        text = b"[]"
    error = refused(inserted(behind, b'"%s": %s, ' % (key.encode(), text)))
    assert error.code == "ambiguous-json"
    assert "twice" in str(error)


@pytest.mark.parametrize(("behind", "key"), twins())
@pytest.mark.parametrize("letters", LETTERS)
def test_a_key_in_other_letters_is_ambiguous(behind: bytes, key: str, letters: Callable[[str], str]) -> None:
    other = letters(key)
    if other == key:
        other = key.swapcase()
    error = refused(inserted(behind, f'"{other}": null, '.encode()))
    assert error.code == "ambiguous-json"
    assert repr(key) in str(error)


@pytest.mark.parametrize(("behind", "key"), twins())
def test_a_key_written_with_escapes_is_the_same_key(behind: bytes, key: str) -> None:
    escaped = "".join(f"\\u{ord(character):04x}" for character in key)
    assert refused(inserted(behind, f'"{escaped}": null, '.encode())).code == "ambiguous-json"


def test_the_last_of_two_results_does_not_hide_the_first() -> None:
    """A Go program would see a clean image here."""
    content = report("1.5.0-rc.1-arm64").rstrip().removesuffix(b"}")
    assert refused(content + b', "Results": []}').code == "ambiguous-json"
    assert refused(content + b', "results": []}').code == "ambiguous-json"


def test_equal_keys_of_parts_nobody_reads_do_not_matter() -> None:
    """Labels may differ in case only, and a description is not read."""
    content = inserted(b'"ImageConfig": {', b'"config": {"Labels": {"Version": "1", "version": "1"}}, ')
    assert len(SCANNER.read(content).vulnerabilities) == 2
    content = inserted(b'"Vulnerabilities": [{', b'"Description": "a", "Description": "b", ')
    assert len(SCANNER.read(content).vulnerabilities) == 2


def test_a_key_that_a_newer_trivy_adds_does_not_matter() -> None:
    for behind in (b'"Vulnerabilities": [{', b'"PkgIdentifier": {', b'"Results": [{', b'"Metadata": {', b"{"):
        content = inserted(behind, b'"EPSS": {"Score": 0.5}, ')
        assert SCANNER.read(content).vulnerabilities == SCANNER.read(whole()).vulnerabilities


def test_any_order_of_keys_reads_the_same() -> None:
    members = json.loads(report("bad"))
    reversed_order = json.dumps(dict(reversed(members.items()))).encode()
    assert SCANNER.read(reversed_order) == SCANNER.read(report("bad"))
    assert SCANNER.read(json.dumps(members, sort_keys=True).encode()) == SCANNER.read(report("bad"))


def test_the_word_results_inside_a_label_is_no_key_of_the_report() -> None:
    label = b'"config": {"Labels": {"Results": "[]", "x": "\\"Results\\": ["}}, '
    assert len(SCANNER.read(inserted(b'"ImageConfig": {', label)).vulnerabilities) == 2


# ── laws ──────────────────────────────────────────────────────────────────────────────────────────


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise_anything_else(content: bytes) -> None:
    SCANNER.recognises(content)
    with pytest.raises(MalformedData):
        SCANNER.read(content)


@given(data=st.data())
def test_one_changed_byte_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(report("1.4.2-arm64"))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        SCANNER.read(bytes(content))
    except MalformedData as error:
        assert error.code in {"report-malformed", "report-version", "report-wrong-kind", "ambiguous-json"}  # noqa: PT017 -- either is fine


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "x"]), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from([*KEYS, "x", "severity"]), values, max_size=5), max_size=3))
def test_entries_of_any_shape_are_read_or_refused(entries: list[dict[str, Any]]) -> None:
    content = changed("1.4.2-arm64", with_entries(*entries))
    try:
        found = SCANNER.read(content)
    except MalformedData:
        return
    assert len(found.vulnerabilities) == len(entries) + 1
