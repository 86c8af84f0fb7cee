"""What the rules of a run share: signers by name, and scanner reports, each read once.

Reports are read when the first rule asks for them. Their format is recognised by their structure;
what no format or more than one claims is not guessed at.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NamedTuple

from gate.check import ReportFile
from gate.errors import MalformedData
from gate.evidence import Look, Unavailable
from gate.rooms import load, names
from gate.scan_reasons import REPORT_MALFORMED, REPORT_UNKNOWN_FORMAT, REPORT_UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.check import Book
    from gate.option import SignerName
    from gate.scanner import Report, Scanner
    from gate.signer import Signer

__all__ = ["ReportInput", "make_book"]


class ReportInput(NamedTuple):
    """One `--report FILE`: its bytes, or one sentence saying why it could not be read; `tracked` by git (S33)."""

    path: str
    content: bytes | str
    tracked: bool


def make_book(signers: Mapping[str, Signer], inputs: Sequence[ReportInput]) -> Book:
    """Give the book of one run."""
    return _Book(signers, _Reports(inputs))


class _Reports:
    """Report files, read when the first rule asks. The bytes of a report are let go of as soon as it is read."""

    def __init__(self, inputs: Sequence[ReportInput]) -> None:
        self._inputs = tuple(inputs)
        self._files: tuple[ReportFile, ...] | None = None

    def files(self) -> Sequence[ReportFile]:
        """Give every report file, in the order of the command line; equal files are read once."""
        if self._files is None:
            read: list[tuple[bytes | str, Report | Unavailable]] = []
            files = []
            for one in self._inputs:
                known = next((result for content, result in read if content == one.content), None)
                if known is None:
                    known = _read(one.path, one.content)
                    read.append((one.content, known))
                files.append(ReportFile(one.path, _named(one.path, known), one.tracked))
            self._files, self._inputs = tuple(files), ()
        return self._files


class _Book:
    """Signers and reports."""

    def __init__(self, signers: Mapping[str, Signer], reports: _Reports) -> None:
        self._signers = dict(signers)
        self._reports = reports

    def signer(self, name: SignerName) -> Signer:
        """Give the signer of that name; raises `RuntimeError` if there is none: rule files were checked."""
        try:
            return self._signers[name.name]
        except KeyError:
            msg = f"there is no signer {name.name!r}"
            raise RuntimeError(msg) from None

    def reports(self) -> Sequence[ReportFile]:
        """Give every report file, in the order of the command line."""
        return self._reports.files()

    def with_signers(self, signers: Mapping[str, Signer]) -> Book:
        """Give a book with other signers that shares the reports."""
        return _Book(signers, self._reports)


def _named(path: str, read: Report | Unavailable) -> Report | Unavailable:
    """Let the same mistake in a second file name that file."""
    if isinstance(read, Unavailable):
        return Unavailable(Look(path, read.look.status), read.code, read.detail)
    return read


def _read(path: str, content: bytes | str) -> Report | Unavailable:
    if isinstance(content, str):
        return Unavailable(Look(path, "unreadable"), REPORT_UNREADABLE.code, content)
    try:
        text = _as_json_text(content)
        return _scanner(text).read(text)
    except MalformedData as error:
        return Unavailable(Look(path, "not read"), error.code, str(error))


def _scanner(content: bytes) -> Scanner:
    claims = [name for name in names("scanners") if load("scanners", name).SCANNER.recognises(content)]
    if len(claims) == 1:
        scanner: Scanner = load("scanners", claims[0]).SCANNER
        return scanner
    known = ", ".join(names("scanners"))
    if claims:
        told = f"it looks like a report of {' and of '.join(claims)} at once"
    else:
        told = f"it is JSON, and of no format that the gate reads (it reads: {known})"
    raise MalformedData(told, REPORT_UNKNOWN_FORMAT.code)


#: What PowerShell's `>` writes, and what else puts a mark in front.
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EMPTY = {b"", b"null", b"{}", b"[]", b'""'}
_SHORT = 64


def _as_json_text(content: bytes) -> bytes:
    """Give UTF-8 JSON text without a byte order mark; raises `MalformedData` for what is not even its beginning."""
    if content.startswith(_UTF16):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeError as error:
            raise MalformedData("it begins like UTF-16 text and is none", REPORT_MALFORMED.code) from error
    content = content.removeprefix(codecs.BOM_UTF8)
    start = content[:_SHORT].lstrip()
    if len(content) <= _SHORT and b"".join(content.split()) in _EMPTY:
        what = "it is empty" if not start else f"it holds only {start.decode().strip()}"
        raise MalformedData(f"{what}: the scanner wrote no result; look at its log", REPORT_MALFORMED.code)
    if not start:
        raise MalformedData("it begins with white space only", REPORT_MALFORMED.code)
    if not start.startswith((b"{", b"[")):
        raise MalformedData(_what_else(content, start), REPORT_MALFORMED.code)
    return content


def _what_else(content: bytes, start: bytes) -> str:
    if start.startswith(b"\x1f\x8b"):
        return "it is compressed with gzip; unpack it first"
    if start.startswith(b"<"):
        return "it is HTML or XML, an error page perhaps, and not a JSON report"
    if b"\n{" in content[:1_000_000]:
        return (
            "text stands before the JSON, as when a scanner's log goes to the same file; write the report with "
            "`--output FILE`, or run the scanner with `--quiet`"
        )
    return "it is no JSON"
