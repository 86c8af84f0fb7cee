"""Report files are read once, by what stands in them; what is no report says what it is instead."""

# ruff: noqa: D103 -- the names are the sentences

from __future__ import annotations

import codecs
import gzip
from types import SimpleNamespace

import pytest
from pytest_mock import MockerFixture

from gate.book import ReportInput, make_book
from gate.check import ReportFile
from gate.evidence import Unavailable
from gate.option import SignerName
from gate.scanner import Report
from gate.scanners.trivy import Trivy
from tests.scans import report


def zipped(content: bytes) -> bytes:
    """Compress without a time: names of test cases must not change from run to run."""
    return gzip.compress(content, mtime=0)


def read(content: bytes | str, path: str = "report.json") -> ReportFile:
    (file,) = make_book({}, [ReportInput(path, content, tracked=False)]).reports()
    return file


def unread(content: bytes | str) -> Unavailable:
    why = read(content).read
    assert isinstance(why, Unavailable)
    assert why.look.where == "report.json"
    return why


def test_a_report_is_recognised_whatever_its_name() -> None:
    found = read(report("1.4.2-amd64"), "grype.txt")
    assert isinstance(found.read, Report)
    assert found.read.scanner == "trivy"
    assert found.path == "grype.txt"


def test_files_keep_the_order_of_the_command_line_and_what_git_says_of_them() -> None:
    inputs = [
        ReportInput("b.json", report("1.4.2-arm64"), tracked=True),
        ReportInput("a.json", report("1.4.2-amd64"), tracked=False),
    ]
    files = make_book({}, inputs).reports()
    assert [(file.path, file.tracked) for file in files] == [("b.json", True), ("a.json", False)]


def test_equal_files_are_read_once_and_each_keeps_its_name(mocker: MockerFixture) -> None:
    spy = mocker.spy(Trivy, "read")
    content = report("1.4.2-amd64")
    inputs = [ReportInput(name, bytes(bytearray(content)), tracked=False) for name in ("a", "b")]
    book = make_book({}, inputs)
    book.reports()
    files = book.reports()
    assert spy.call_count == 1
    assert [file.path for file in files] == ["a", "b"]
    assert files[0].read is files[1].read


def test_the_same_mistake_in_two_files_names_both() -> None:
    files = make_book({}, [ReportInput(name, b"", tracked=False) for name in ("a", "b")]).reports()
    assert [file.read.look.where for file in files if isinstance(file.read, Unavailable)] == ["a", "b"]


def test_reports_are_not_read_before_somebody_asks(mocker: MockerFixture) -> None:
    spy = mocker.spy(Trivy, "read")
    make_book({}, [ReportInput("a", report("1.4.2-amd64"), tracked=False)])
    assert spy.call_count == 0


def test_a_file_that_could_not_be_read_keeps_the_sentence() -> None:
    why = unread("report.json cannot be read: No such file or directory")
    assert why.code == "report-unreadable"
    assert why.detail == "report.json cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty: the scanner wrote no result; look at its log"),
        (b" \n\t ", "it is empty"),
        (b" " * 5000, "white space only"),
        (b"null\n", "it holds only null"),
        (b"{}", "it holds only {}"),
        (b"{ }\n", "it holds only { }"),
        (b"[]", "it holds only []"),
        (b'""', 'it holds only ""'),
        (codecs.BOM_UTF8, "it is empty"),
        (codecs.BOM_UTF16_LE, "it is empty"),
        (codecs.BOM_UTF16_LE + b"x", "it begins like UTF-16 text and is none"),
        (zipped(report("1.4.2-amd64")), "compressed with gzip; unpack it first"),
        (zipped(b""), "compressed with gzip"),
        (b"<!DOCTYPE html><html>502 Bad Gateway</html>", "HTML or XML"),
        (b"2026-11-23T19:30:00Z\tINFO\tVulnerability scanning is enabled\n" + report("1.4.2-amd64"), "`--output FILE`"),
        (b"gitlab.tpl", "it is no JSON"),
        (b"\x7fELF\x00\xff", "it is no JSON"),
        (b"12", "it is no JSON"),
        ("null".encode("utf-16"), "it holds only null"),
    ],
)
def test_what_is_no_report_at_all_is_named(content: bytes, told: str) -> None:
    why = unread(content)
    assert why.code == "report-malformed"
    assert told in why.detail


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}',
        b'[{"a": 1}]',
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}',
        b'{"runs": [], "version": "2.1.0"}',
    ],
)
def test_json_that_no_format_claims_is_of_unknown_format(content: bytes) -> None:
    why = unread(content)
    assert why.code == "report-unknown-format"
    assert "it reads: " in why.detail
    assert "trivy" in why.detail


def test_what_two_formats_claim_is_not_guessed_at(mocker: MockerFixture) -> None:
    greedy = SimpleNamespace(SCANNER=SimpleNamespace(recognises=lambda _: True))
    mocker.patch("gate.book.names", return_value=("grype", "trivy"))
    mocker.patch("gate.book.load", return_value=greedy)
    why = unread(report("1.4.2-amd64"))
    assert why.code == "report-unknown-format"
    assert "grype and of trivy at once" in why.detail


def test_byte_order_marks_and_utf16_are_read() -> None:
    """PowerShell's `>` writes UTF-16, and its `Out-File -Encoding utf8` a mark."""
    text = report("1.4.2-amd64")
    plain = read(text).read
    assert isinstance(plain, Report)
    assert read(codecs.BOM_UTF8 + text).read == plain
    assert read(text.decode().encode("utf-16")).read == plain
    assert read(codecs.BOM_UTF16_BE + text.decode().encode("utf-16-be")).read == plain


def test_a_refused_report_keeps_its_code() -> None:
    content = report("1.4.2-amd64").replace(b'"SchemaVersion": 2', b'"SchemaVersion": 3')
    assert unread(content).code == "report-version"


def test_an_unknown_signer_is_our_mistake() -> None:
    signer = object()
    book = make_book({"release": signer}, [])  # type: ignore[dict-item]
    assert book.signer(SignerName("release")) is signer
    with pytest.raises(RuntimeError, match="there is no signer 'other'"):
        book.signer(SignerName("other"))
