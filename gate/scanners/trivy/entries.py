"""The vulnerabilities of one result: read typed and at once, or pair by pair where that may hide something (S11)."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, Struct

from gate.errors import MalformedData
from gate.formats.members import parse_members, single
from gate.scanner import FixState, Part, Severity, Vulnerability, canonical_id, fix_state_of, severity_of, time_of
from gate.scanners.trivy.values import members_of, text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

__all__ = ["Reader"]

_MODIFIED: Final = frozenset({"Type", "Status", "Statement", "Source", "Finding"})


class _Text(str):
    """A string that came through `_Hook`, and so was counted."""

    __slots__ = ()


class _Names(tuple[str, ...]):
    """`VendorIDs`, counted likewise."""

    __slots__ = ()


_NO: Final = None  # a default that says: this key was not there


class _Identifier(Struct, gc=False, frozen=True, forbid_unknown_fields=True):
    PURL: _Text
    UID: Raw = Raw()
    BOMRef: Raw = Raw()


_NOBODY: Final = _Identifier(PURL=_Text())


class _Entry(Struct, gc=False, forbid_unknown_fields=True):
    """A vulnerability, in the order Trivy writes it. What is `Raw` is passed over; any other key is looked at twice."""

    VulnerabilityID: _Text = _NO  # type: ignore[assignment]
    VendorIDs: _Names = _NO  # type: ignore[assignment]
    PkgID: Raw = Raw()
    PkgName: _Text = _NO  # type: ignore[assignment]
    PkgPath: _Text = _NO  # type: ignore[assignment]
    PkgIdentifier: _Identifier = _NOBODY
    InstalledVersion: _Text = _NO  # type: ignore[assignment]
    FixedVersion: _Text = _NO  # type: ignore[assignment]
    Status: _Text = _NO  # type: ignore[assignment]
    Layer: Raw = Raw()
    SeveritySource: _Text = _NO  # type: ignore[assignment]
    PrimaryURL: Raw = Raw()
    DataSource: Raw = Raw()
    Fingerprint: Raw = Raw()
    Title: _Text = _NO  # type: ignore[assignment]
    Description: Raw = Raw()
    Severity: _Text = _NO  # type: ignore[assignment]
    CweIDs: Raw = Raw()
    VendorSeverity: Raw = Raw()
    CVSS: Raw = Raw()
    References: Raw = Raw()
    PublishedDate: _Text = _NO  # type: ignore[assignment]
    LastModifiedDate: Raw = Raw()
    Custom: Raw = Raw()


_READ: Final = (
    "VulnerabilityID", "VendorIDs", "PkgName", "PkgPath", "InstalledVersion", "FixedVersion", "Status",
    "SeveritySource", "Title", "Severity", "PublishedDate",
)  # fmt: skip
_KNOWN: Final = frozenset({*_READ, "PkgIdentifier"})
_PURL: Final = frozenset({"PURL"})


class _Hook:
    """What every value of a key that is read passes through: counted, and the same text kept once.

    msgspec keeps the last of two equal keys, but decodes the overwritten values too. So if more values
    passed than are left, a key stood there twice.
    """

    def __init__(self) -> None:
        passed = 0
        texts: dict[object, _Text] = {"": _Text(), None: _Text()}

        def hook(kind: type, value: object) -> object:  # a closure: it runs a million times for a large report
            nonlocal passed
            passed += 1
            try:
                return texts[value]
            except KeyError:
                if kind is _Text and isinstance(value, str):
                    text = texts[value] = _Text(value)
                    return text
            except TypeError:
                if kind is _Names and isinstance(value, list) and all(isinstance(one, str) for one in value):
                    return _Names(value)
            raise ValueError("another type than expected")

        self.hook = hook
        self.passed: Callable[[], int] = lambda: passed


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the collector of cycles from looking through a hundred thousand new strings again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Reader:
    """Reads the vulnerabilities of one result: typed and at once, or pair by pair where that may hide something.

    Two things may: a key that was there twice (`_Hook`), and one that `_Entry` does not list, which may be a
    known one in other letters. Then the entries are read again as pairs, slowly, and that decides.
    """

    def __init__(self, target: str) -> None:
        self.odd_words: set[str] = set()
        self._target = target
        self._severities: dict[str, Severity] = {}
        self._times: dict[str, datetime | None] = {"": None}
        self._fixes: dict[tuple[str, str], tuple[FixState, tuple[str, ...]]] = {}

    def read(self, raw: Raw, what: str) -> Part:
        """Read one `Vulnerabilities` list; raises `MalformedData`."""
        through = _Hook()
        try:
            with _collector_paused():
                entries = msgspec.json.Decoder(list[_Entry] | None, dec_hook=through.hook).decode(raw) or []
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._read_pairs(raw, what)
        if through.passed() != _left(entries):
            return self._read_pairs(raw, what)
        # Checked at once, and built when looked at: most are of a severity that no rule asks for.
        return Part(self._ratings(entries, what), entries, self._vulnerability)

    def _ratings(self, entries: Sequence[_Entry], what: str) -> list[Severity]:
        """Give the severity of each entry; raises `MalformedData` if one names no id or no package."""
        ratings = []
        known = self._severities
        for entry in entries:
            if not entry.VulnerabilityID or not entry.PkgName:
                missing = "PkgName" if entry.VulnerabilityID else "VulnerabilityID"
                raise MalformedData(f"an entry of {what} has no {missing}", "report-malformed")
            word = entry.Severity or ""
            ratings.append(known[word] if word in known else self._rung(word))
        return ratings

    def _vulnerability(self, entry: _Entry, suppressed: str = "") -> Vulnerability:
        """Build one vulnerability from an entry that was checked."""
        status, fixed, published = entry.Status or "", entry.FixedVersion or "", entry.PublishedDate or ""
        if published not in self._times:
            self._times[published] = time_of(published)
        return Vulnerability(
            canonical_id(entry.VulnerabilityID),
            entry.PkgName,
            entry.InstalledVersion or "",
            self._severities[entry.Severity or ""],
            entry.SeveritySource or "",
            *(self._fixes.get((status, fixed)) or self._fix(status, fixed)),
            entry.PkgIdentifier.PURL,
            _aliases(entry.VendorIDs) if entry.VendorIDs else (),
            self._times[published],
            entry.PkgPath or self._target,
            entry.Title or "",
            status,
            suppressed,
        )

    def _fix(self, status: str, fixed: str) -> tuple[FixState, tuple[str, ...]]:
        versions = tuple(part.strip() for part in fixed.split(",") if part.strip())
        self._fixes[status, fixed] = (fix_state_of(status, fixed), versions)
        return self._fixes[status, fixed]

    def _rung(self, word: str) -> Severity:
        severity, is_known = severity_of(word)
        if not is_known:
            self.odd_words.add(word)
        self._severities[word] = severity
        return severity

    def _read_pairs(self, raw: Raw, what: str) -> Part:
        elements = msgspec.json.decode(raw, type=list[Raw] | None) or []
        entries = [
            self._from_pairs(parse_members(bytes(element), what), f"{what}[{number}]")
            for number, element in enumerate(elements)
        ]
        return Part(self._ratings(entries, what), entries, self._vulnerability)

    def _from_pairs(self, value: object, what: str) -> _Entry:
        members = single(value, _KNOWN, what)
        purl = members_of(members.get("PkgIdentifier"), _PURL, f"{what}.PkgIdentifier").get("PURL")
        texts = {key: _Text(text_of(members.get(key), f"{what}.{key}")) for key in _READ if key != "VendorIDs"}
        return _Entry(
            **texts,  # type: ignore[arg-type]  # the keys are those of texts, mypy takes them for any
            VendorIDs=_Names(texts_of(members.get("VendorIDs"), f"{what}.VendorIDs")),
            PkgIdentifier=_Identifier(PURL=_Text(text_of(purl, f"{what}.PURL"))),
        )

    def read_modified(self, raw: Raw, what: str) -> Part:
        """Read the findings that Trivy was told to hide, where `--show-suppressed` left them in the report."""
        entries, hidden = [], []
        for number, element in enumerate(msgspec.json.decode(raw, type=list[Raw] | None) or []):
            where = f"{what}[{number}]"
            members = single(parse_members(bytes(element), where), _MODIFIED, where)
            kind, status, source, statement = (
                text_of(members.get(key), f"{where}.{key}") for key in ("Type", "Status", "Source", "Statement")
            )
            if kind not in {"", "vulnerability"}:
                continue  # a secret, misconfiguration or licence
            entries.append(self._from_pairs(members.get("Finding"), where))
            hidden.append(f"{status or 'hidden'} by {source or 'somebody'}" + (f": {statement}" if statement else ""))
        ratings = self._ratings(entries, what)
        return Part(ratings, list(zip(entries, hidden, strict=True)), lambda pair: self._vulnerability(*pair))


def _left(entries: Sequence[_Entry]) -> int:
    """Count the values that are left in the entries, each of which passed `_Hook`."""
    count = 0
    for entry in entries:
        count += (
            (entry.VulnerabilityID is not None) + (entry.VendorIDs is not None) + (entry.PkgName is not None)
            + (entry.PkgPath is not None) + (entry.PkgIdentifier is not _NOBODY) + (entry.InstalledVersion is not None)
            + (entry.FixedVersion is not None) + (entry.Status is not None) + (entry.SeveritySource is not None)
            + (entry.Title is not None) + (entry.Severity is not None) + (entry.PublishedDate is not None)
        )  # fmt: skip
    return count


def _aliases(vendor_ids: Sequence[str]) -> tuple[str, ...]:
    """Give the other names of the same defect; an advisory (RHSA, DSA) covers many and is no name of one."""
    return tuple(canonical_id(name) for name in vendor_ids if name.strip().upper().startswith(("CVE-", "GHSA-")))
