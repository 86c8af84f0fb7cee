"""A report counts for the one image it names, while it is fresh; everything else is said and helps nobody."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.book import ReportInput
from gate.finding import Judgement
from gate.oci.digest import Digest
from gate.oci.platform import Platform
from gate.option import Duration
from gate.scanned import ReportOptions, Selection, binds, select
from gate.scanner import ReportSubject
from gate.scanners.trivy import SCANNER
from tests.scans import AMD64, ARM64, AT, changed, images_of, report, view, with_layer

OTHER = Digest.parse("sha256:" + "0" * 64)


def chosen(
    *reports: bytes | ReportInput,
    tag: str = "1.4.2",
    platform: str = AMD64,
    at: datetime = AT,
    options: ReportOptions = ReportOptions(),  # noqa: B008 -- frozen
) -> Selection:
    return select(view(tag, platform, reports), options, at)


def undecided(selection: Selection | Judgement) -> list[str]:
    return [one.reason.code for one in selection.undecided]


def violated(selection: Selection | Judgement) -> list[str]:
    return [one.reason.code for one in selection.findings]


def created(text: str | None) -> Callable[[dict[str, Any]], object]:
    return lambda members: members.update(CreatedAt=text)


# ── the table of the fixtures: what a careful gate concludes ──────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "tag", "covered"),
    [
        ("1.4.2-amd64", "1.4.2", AMD64),
        ("1.4.2-arm64", "1.4.2", ARM64),
        ("1.4.2-noplatform", "1.4.2", AMD64),
        ("1.4.2-by-index-digest", "1.4.2", AMD64),
        ("1.4.2-by-tag-and-digest", "1.4.2", ARM64),
        ("1.4.2-arm64-by-child-digest", "1.4.2", ARM64),
        ("1.4.2-amd64-child-digest-wrong-platform", "1.4.2", AMD64),
        ("1.4.2-amd64-severity-critical", "1.4.2", AMD64),
        ("1.4.2-amd64-ignore-unfixed", "1.4.2", AMD64),
        ("1.4.2-amd64-no-packages", "1.4.2", AMD64),
        ("1.4.2-amd64-secret-only", "1.4.2", AMD64),
        ("1.4.2-amd64-archive", "1.4.2", AMD64),
        ("1.4.2-arm64-archive", "1.4.2", ARM64),
        ("1.4.2-layout", "1.4.2", AMD64),
        ("1.4.2-layout-platform-arm64", "1.4.2", AMD64),
        ("1.5.0-rc.1-amd64", "1.5.0-rc.1", AMD64),
        ("1.5.0-rc.1-arm64", "1.5.0-rc.1", ARM64),
        ("1.5.0-rc.1-noplatform", "1.5.0-rc.1", AMD64),
        ("1.5.0-rc.1-arm64-trivyignore", "1.5.0-rc.1", ARM64),
        ("1.5.0-rc.1-arm64-trivyignore-shown", "1.5.0-rc.1", ARM64),
        ("1.3.0-amd64", "1.3.0", AMD64),
        ("1.4.3-amd64", "1.4.3", AMD64),
        ("bad", "bad", AMD64),
        ("bad-all-scanners", "bad", AMD64),
        ("latest-before-move", "1.3.0", AMD64),
    ],
)
def test_a_report_covers_one_platform_and_no_other(name: str, tag: str, covered: str) -> None:
    """A multi-platform scan names the index, so only the image id tells which platform it was."""
    for platform in images_of(tag)[1]:
        selection = chosen(report(name), tag=tag, platform=platform)
        if platform == covered:
            assert len(selection.reports) == 1
            assert not selection.findings
            assert not selection.undecided
        else:
            assert selection.reports == ()
            assert undecided(selection) == ["report-not-for-this-platform"]


@pytest.mark.parametrize("tag", ["1.4.2", "latest"])
def test_a_report_made_before_the_tag_moved_is_about_another_image(tag: str) -> None:
    """Its name and tag still fit; its digest does not."""
    selection = chosen(report("latest-before-move"), tag=tag)
    assert undecided(selection) == ["report-not-for-this-platform"]
    assert "it is about image id sha256:36a902217ece" in selection.undecided[0].what


@pytest.mark.parametrize(
    ("name", "tag", "platform", "reason"),
    [
        ("unknown-os", "unknown-os", AMD64, "nothing-scanned"),
        ("unsupported-os", "unsupported-os", AMD64, "os-not-covered"),
        ("1.5.0-rc.1-arm64-library-only", "1.5.0-rc.1", ARM64, "os-not-covered"),
        ("1.5.0-rc.1-arm64-from-sbom", "1.5.0-rc.1", ARM64, "report-wrong-kind"),
        ("1.5.0-rc.1-arm64.cdx", "1.5.0-rc.1", ARM64, "report-unknown-format"),
        ("1.5.0-rc.1-arm64-sbom.cdx", "1.5.0-rc.1", ARM64, "report-unknown-format"),
        ("trivy-version", "1.4.2", AMD64, "report-unknown-format"),
    ],
)
def test_a_report_that_says_too_little_is_undecided(name: str, tag: str, platform: str, reason: str) -> None:
    selection = chosen(report(name), tag=tag, platform=platform)
    assert undecided(selection) == [reason]
    assert not selection.findings


# ── binding: each clause by itself (S10) ──────────────────────────────────────────────────────────


def about(**values: Any) -> ReportSubject:
    """Give the subject of the arm64 report of 1.4.2 with one thing changed."""
    return replace(SCANNER.read(report("1.4.2-arm64")).subject, **values)


def why(subject: ReportSubject, **image: Any) -> str:
    whole, images = images_of("1.4.2")
    return binds(subject, replace(images[ARM64], **image), whole.digest)


def test_the_real_report_binds() -> None:
    assert why(about()) == ""


def test_the_name_binds_nothing() -> None:
    assert why(about(name="somebody/else:9")) == ""


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"config_digest": None}, "it names no image id"),
        ({"config_digest": OTHER}, "it is about image id sha256:000000000000"),
        ({"manifest_digests": frozenset({OTHER})}, "was made of sha256:000000000000, which is neither"),
        ({"layers": ("sha256:" + "0" * 64,)}, "other layers"),
        ({"layers": ()}, "other layers"),
        ({"diff_ids": ("sha256:" + "0" * 64,)}, "other diff ids"),
        ({"diff_ids": ()}, "other diff ids"),
        ({"platform": Platform("linux", "amd64")}, "says it is for linux/amd64"),
        ({"platform": Platform("windows", "arm64")}, "says it is for windows/arm64"),
    ],
)
def test_one_thing_that_contradicts_unbinds(values: dict[str, Any], told: str) -> None:
    assert told in why(about(**values))


def test_the_same_layers_in_another_order_are_others() -> None:
    layers = about().layers
    assert layers is not None
    assert "other layers" in why(about(layers=tuple(reversed(layers))))
    diff_ids = about().diff_ids
    assert diff_ids is not None
    assert "other diff ids" in why(about(diff_ids=tuple(reversed(diff_ids))))


def test_the_digest_of_the_index_or_of_the_manifest_will_do() -> None:
    whole, images = images_of("1.4.2")
    for digest in (whole.digest, images[ARM64].digest):
        assert why(about(manifest_digests=frozenset({digest}))) == ""
        assert why(about(manifest_digests=frozenset({digest, OTHER}))) == ""


def test_the_digest_of_another_member_will_not_do() -> None:
    """It has the right image id and names a manifest that holds another one: one of the two is made up."""
    other = images_of("1.4.2")[1][AMD64].digest
    assert "neither this manifest nor its index" in why(about(manifest_digests=frozenset({other})))


def test_the_digest_of_the_index_alone_binds_no_platform() -> None:
    whole, _ = images_of("1.4.2")
    assert why(about(config_digest=None, manifest_digests=frozenset({whole.digest}))) == "it names no image id"
    assert why(about(config_digest=whole.digest)).startswith("it is about image id")


def test_what_the_report_does_not_say_contradicts_nothing() -> None:
    assert why(about(manifest_digests=frozenset(), layers=None, diff_ids=None, platform=None)) == ""


def test_a_config_that_does_not_describe_the_layers_binds_nothing() -> None:
    """A manifest with a clean image's config and one layer more would have its image id."""
    image = images_of("1.4.2")[1][ARM64]
    assert image.manifest is not None
    assert image.config is not None
    more = replace(image.manifest, layers=(*image.manifest.layers, image.manifest.layers[0]))
    assert "does not describe its layers" in why(about(layers=None), manifest=more)
    fewer = replace(image.config, diff_ids=image.config.diff_ids[:1])
    assert "does not describe its layers" in why(about(diff_ids=None), config=fewer)


@pytest.mark.parametrize("part", ["manifest", "config"])
def test_without_manifest_or_config_nothing_is_bound(part: str) -> None:
    nothing: dict[str, Any] = {part: None}
    assert why(about(), **nothing) == "manifest or config of this platform was not read"
    seen = view("1.4.2", ARM64, [report("1.4.2-arm64")])
    assert seen.platform is not None
    selection = select(replace(seen, platform=replace(seen.platform, **nothing)), ReportOptions(), AT)
    assert undecided(selection) == ["report-unbindable"]


def test_an_empty_repository_digest_is_none_and_the_image_id_still_decides() -> None:
    empty = changed("1.4.2-arm64", lambda members: members["Metadata"].update(RepoDigests=[""]))
    assert len(chosen(empty, platform=ARM64).reports) == 1
    no_id = changed("1.4.2-arm64", lambda members: members["Metadata"].update(RepoDigests=[""], ImageID=None))
    assert undecided(chosen(no_id, platform=ARM64)) == ["report-not-for-this-platform"]


# ── what is missing, old, or from somewhere else ──────────────────────────────────────────────────


def test_no_report_at_all_is_a_violation_for_each_platform() -> None:
    for platform in (AMD64, ARM64):
        selection = chosen(platform=platform)
        assert violated(selection) == ["report-missing"]
        assert not selection.undecided
        finding = selection.findings[0]
        assert finding.what == f"there is no scanner report for {platform}"
        assert f"--platform {platform}" in finding.fix
        assert finding.about.get("platform") == platform


def test_reports_of_other_images_are_named_with_what_they_are_for() -> None:
    selection = chosen(report("1.4.2-amd64"), report("1.3.0-amd64"), platform=ARM64)
    assert undecided(selection) == ["report-not-for-this-platform"]
    told = selection.undecided[0].what
    assert "no report is about linux/arm64 (sha256:48fe73dae0c9, image id sha256:424d303eb066)" in told
    assert (
        "report-1.json (127.0.0.1:5080/demo/app:1.4.2, linux/amd64): it is about image id sha256:f168e2bde8c2" in told
    )
    assert "report-2.json (127.0.0.1:5080/demo/app:1.3.0, linux/amd64)" in told


def test_many_reports_of_other_images_are_counted() -> None:
    def named(number: int) -> bytes:
        return changed("1.4.2-amd64", lambda members: members.update(ArtifactName=f"app:{number}"))

    others = [named(number) for number in range(20)]
    told = chosen(*others, platform=ARM64).undecided[0].what
    assert told.endswith("; and 16 more")


def test_reports_of_other_images_beside_the_right_one_only_make_a_note() -> None:
    selection = chosen(report("1.3.0-amd64"), report("1.4.2-amd64"), report("1.4.2-arm64"))
    assert len(selection.reports) == 1
    assert not selection.undecided
    notes = [note.what for note in selection.notes]
    assert "report-1.json does not count for linux/amd64: it is about image id sha256:36a902217ece" in notes


@pytest.mark.parametrize("content", ["it is a directory", b"", report("1.4.2-amd64")[:5000], b"{}", b'{"a": 1}'])
def test_a_broken_file_is_undecided_even_beside_a_good_one(content: bytes | str) -> None:
    """It may be the report of this platform that a crashed scanner left."""
    broken = ReportInput("broken.json", content, tracked=False)
    for reports in ([broken], [broken, report("1.4.2-amd64")], [report("1.4.2-arm64"), broken]):
        selection = chosen(*reports)
        assert len(selection.undecided) == 1
        assert selection.undecided[0].what.startswith("the report broken.json: ")
        assert selection.undecided[0].look is not None
        assert not selection.findings


def test_an_ambiguous_report_says_so_in_the_words_for_reports() -> None:
    content = report("1.4.2-amd64").replace(b'"ReportID"', b'"results": [], "ReportID"')
    selection = chosen(content)
    assert undecided(selection) == ["ambiguous-json"]
    assert "'results'" in selection.undecided[0].what
    assert "scanner" in selection.undecided[0].fix


@pytest.mark.parametrize(
    ("age", "is_fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, seconds=1), False),
        (timedelta(days=400), False),
        (timedelta(minutes=-5), True),
    ],
)
def test_a_report_is_fresh_for_as_long_as_the_rule_says(age: timedelta, is_fresh: bool) -> None:  # noqa: FBT001 -- a test's table
    selection = chosen(changed("1.4.2-amd64", created((AT - age).isoformat())))
    assert violated(selection) == ([] if is_fresh else ["report-stale"])
    assert bool(selection.reports) is is_fresh
    assert not selection.undecided


def test_an_old_report_says_how_old_it_is_and_how_to_make_a_new_one() -> None:
    selection = chosen(report("1.4.2-amd64"), at=datetime(2026, 11, 26, 19, 31, tzinfo=UTC))
    (finding,) = selection.findings
    assert finding.what == "the trivy report of linux/amd64 is 3 days old"
    assert finding.expected == "made within 24h before 2026-11-26T19:31:00Z"
    assert finding.got.startswith("made at 2026-11-23T19:30:")
    assert finding.fix.startswith("Scan the image again: trivy image --format json --platform linux/amd64")


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(minutes=61), "61 minutes"), (timedelta(hours=1, minutes=1), "61 minutes"),
        (timedelta(hours=2), "2 hours"), (timedelta(hours=47, minutes=59), "47 hours"), (timedelta(days=2), "2 days"),
    ],
)  # fmt: skip
def test_ages_are_told_as_people_tell_them(age: timedelta, told: str) -> None:
    options = ReportOptions(max_age=Duration.from_text("1h"))
    selection = chosen(changed("1.4.2-amd64", created((AT - age).isoformat())), options=options)
    assert selection.findings[0].what == f"the trivy report of linux/amd64 is {told} old"


def test_an_old_report_beside_a_fresh_one_neither_hurts_nor_helps() -> None:
    old = changed("1.4.2-amd64", created("2026-01-01T00:00:00Z"))
    selection = chosen(old, report("1.4.2-amd64"))
    assert [path for path, _ in selection.reports] == ["report-2.json"]
    assert not selection.findings
    assert "report-1.json does not count: it is older than 24h" in [note.what for note in selection.notes]


def test_an_old_report_stays_a_violation_beside_a_broken_one() -> None:
    old = changed("1.4.2-amd64", created("2026-01-01T00:00:00Z"))
    selection = chosen(old, b"")
    assert violated(selection) == ["report-stale"]
    assert undecided(selection) == ["report-malformed"]


@pytest.mark.parametrize("text", ["2026-11-24T12:06:00Z", "2099-01-01T00:00:00Z", "2026-11-24T23:00:00+10:00"])
def test_a_report_from_the_future_is_undecided(text: str) -> None:
    for others in ([], [report("1.4.2-amd64")]):
        selection = chosen(changed("1.4.2-amd64", created(text)), *others)
        assert undecided(selection) == ["time-in-future"]
        assert not selection.findings


@pytest.mark.parametrize("text", [None, "", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "now"])
def test_a_report_without_a_time_is_undecided(text: str | None) -> None:
    selection = chosen(changed("1.4.2-amd64", created(text)))
    assert undecided(selection) == ["report-undated"]
    assert not selection.findings


def test_a_report_that_git_tracks_is_refused_unless_the_rule_allows_it() -> None:
    tracked = ReportInput("old/report.json", report("1.4.2-amd64"), tracked=True)
    selection = chosen(tracked)
    assert undecided(selection) == ["report-tracked"]
    assert "old/report.json" in selection.undecided[0].what
    assert not selection.reports
    assert len(chosen(tracked, options=ReportOptions(allow_tracked=True)).reports) == 1


def test_a_tracked_report_beside_one_of_this_pipeline_does_not_count() -> None:
    tracked = ReportInput("tracked.json", report("1.4.2-amd64"), tracked=True)
    selection = chosen(tracked, report("1.4.2-amd64"))
    assert [path for path, _ in selection.reports] == ["report-2.json"]
    assert "tracked.json does not count: git tracks it" in [note.what for note in selection.notes]


# ── the options ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("level", ["ran", "attested"])
def test_a_file_is_below_any_higher_level(level: Any) -> None:
    for reports in ([], [report("1.4.2-amd64")], [b""]):
        selection = chosen(*reports, options=ReportOptions(level=level))
        assert violated(selection) == ["report-level-too-low"]
        assert selection.findings[0].expected == f"level {level}"
        assert selection.reports == ()


def test_every_scanner_that_is_named_has_to_have_a_report() -> None:
    named = ReportOptions(scanners=("trivy",))
    assert len(chosen(report("1.4.2-amd64"), options=named).reports) == 1
    both = chosen(report("1.4.2-amd64"), options=ReportOptions(scanners=("trivy", "grype")))
    assert violated(both) == ["report-missing"]
    assert both.findings[0].expected == "a report of grype"
    assert violated(chosen(options=ReportOptions(scanners=("trivy", "grype")))) == ["report-missing"]


@pytest.mark.parametrize("name", ["bad", "1.5.0-rc.1-amd64"])
def test_a_named_scanner_with_reports_of_other_images_only_is_undecided(name: str) -> None:
    selection = chosen(report(name), options=ReportOptions(scanners=("trivy",)))
    assert undecided(selection) == ["report-not-for-this-platform"]
    assert selection.undecided[0].what.startswith("no trivy report is about linux/amd64")


def test_scanners_that_do_not_exist_are_mistakes() -> None:
    assert ReportOptions(scanners=("trivi",)).problems()[0][0] == "scanners"
    assert "there is no scanner format 'trivi'" in ReportOptions(scanners=("trivi",)).problems()[0][1]
    assert ReportOptions(scanners=("trivy", "trivy")).problems() == (("scanners", "a scanner is named twice"),)
    assert ReportOptions(scanners=("trivy",)).problems() == ReportOptions().problems() == ()


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([], "nothing-scanned"),
        ([{"Target": "x", "Class": "lang-pkgs", "Type": "npm"}], "empty-package-list"),
        ([{"Target": "x", "Class": "os-pkgs", "Type": "alpine"}], "empty-package-list"),
    ],
)
def test_no_packages_can_be_allowed(results: object, reason: str) -> None:
    def change(members: dict[str, Any]) -> None:
        members["Results"] = results
        members["Metadata"]["OS"] = None

    content = changed("1.4.2-amd64", change)
    assert undecided(chosen(content)) == [reason]
    allowed = chosen(content, options=ReportOptions(allow_no_packages=True))
    assert allowed.undecided == ()
    assert any("accepted although" in note.what for note in allowed.notes)


def test_an_os_that_is_not_covered_cannot_be_allowed() -> None:
    selection = chosen(report("unsupported-os"), tag="unsupported-os", options=ReportOptions(allow_no_packages=True))
    assert undecided(selection) == ["os-not-covered"]


def test_a_file_is_said_to_be_unproven_in_the_first_lines() -> None:
    headlines = [note.what for note in chosen(report("1.4.2-amd64")).notes if note.headline]
    assert headlines == ["completeness is unproven: a report file cannot show which scanners and filters were used"]
    assert not any(note.headline for note in chosen().notes)


def test_what_counted_is_said_with_its_age() -> None:
    notes = [note.what for note in chosen(report("1.4.2-amd64")).notes]
    assert "report-1.json: trivy 0.74.0, 16 hours old, looked at os, python-pkg" in notes


def test_judging_no_platform_is_our_mistake() -> None:
    with pytest.raises(RuntimeError, match="about one platform"):
        select(replace(view("1.4.2", AMD64, []), platform=None), ReportOptions(), AT)


# ── layers that nobody looked into ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"media_type": "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}, "is encrypted"),
        ({"media_type": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}, "lies outside of the registry"),
        ({"media_type": "application/vnd.oci.image.layer.nondistributable.v1.tar"}, "lies outside of the registry"),
        ({"urls": ("https://elsewhere.example/layer",)}, "lies outside of the registry"),
        ({"media_type": "application/vnd.example\x1b"}, "is of the unknown type application/vnd.example\\x1b"),
        ({"media_type": ""}, "is of the unknown type"),
    ],
    ids=["encrypted", "foreign", "not distributable", "urls", "unknown", "none"],
)
def test_a_layer_that_scanners_pass_over_is_undecided(values: dict[str, Any], says: str) -> None:
    seen = with_layer(view("1.4.2", AMD64, (report("1.4.2-amd64"),)), **values)
    selection = select(seen, ReportOptions(), AT)
    assert undecided(selection) == ["layers-not-scanned"]
    assert says in selection.undecided[0].what
    assert undecided(select(seen, ReportOptions(allow_unknown_layers=True), AT)) == []
