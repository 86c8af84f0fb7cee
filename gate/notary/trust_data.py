"""What a Notary server says about a repository: the files found, checked from the pinned root down, and bounded.

One piece of code walks the files: with evidence that is not complete it says what to ask next (`missing`), with
complete evidence it gives what is trusted (`read`). Only the timestamp is asked for by its plain name; every other
file by the hash that the file before it gives, so that a publication in the middle of a run mixes nothing up.

In this order; the numbers stand beside the code (TUF specification, section 5; notary `client/tufclient.go`):

1. timestamp → snapshot → root, targets, delegations: fetched by hash, each with the length and hashes signed for
2. the root is a pinned one, or a chain of roots leads to it from a pinned one (no trust on first use)
3. it is signed by its own threshold of keys, whose certificates name this repository and hold today (S21)
4. timestamp, snapshot and targets: signed by the threshold of the keys that the root gives their role
5. a delegation: named by the role above it, and signed by the threshold of the keys given there
6. nothing has expired, nothing is older than what was seen before
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from gate import refusals
from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Fact, Found, Kind, Look, Unavailable
from gate.formats.notary import (
    TARGETS,
    Delegation,
    Described,
    Document,
    Role,
    Root,
    parse_file,
    read_delegations,
    read_meta,
    read_root,
)
from gate.notary import reasons
from gate.notary.roots import Pin, broken_step, is_pinned, not_own

if TYPE_CHECKING:
    from datetime import datetime

    from gate.evidence import Evidence
    from gate.finding import Reason
    from gate.subject import Subject

__all__ = ["MOST_ROOTS", "Reading", "Refusal", "Signed", "TrustData", "Trusted"]

#: Versions between a pinned root and the current one; each is one request. Roots are exchanged every few years.
MOST_ROOTS: Final = 32
#: notary `notary.go`, MaxDownloadSize and MaxTimestampSize; ours is smaller than its 100 MiB.
_MOST_BYTES: Final = 16 * 1024 * 1024
_DAY: Final = 86400


class Refusal(NamedTuple):
    """Why the trust data does not count; with `unchecked`, why it cannot be told whether it does."""

    where: Look
    reason: Reason
    detail: str
    unchecked: bool = False


class Signed(NamedTuple):
    """One role's file, verified: who signed it, and the delegations that lead to it, the nearest last."""

    look: Look
    document: Document
    signers: frozenset[str]
    through: tuple[Delegation, ...]


class Trusted(NamedTuple):
    """Trust data that holds. `roles` has an entry for every role asked for, None for one that does not exist."""

    roles: Mapping[str, Signed | None]
    versions: Mapping[str, int]
    expires: datetime


class Reading(NamedTuple):
    """What the walk came to: at most one of `trusted` and `refused`; neither where the server has no trust data."""

    trusted: Trusted | None = None
    refused: Refusal | None = None
    unread: tuple[Unavailable, ...] = ()
    looked: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustData:
    """The trust data of the repository `gun` at `server` (`https://host[:port]`), as far as `roles` need it.

    `least` are versions below which a file is a rollback.
    """

    server: str
    gun: str
    roles: tuple[str, ...]
    pin: Pin
    least: tuple[tuple[str, int], ...] = ()

    @property
    def place(self) -> str:
        """Give `Ask.place`."""
        return f"{self.server}/{self.gun}"

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        del subject
        try:
            _Walk(self, have, None).run()
        except _Missing as missing:
            return missing.asks
        except _End:
            pass
        return frozenset()

    def read(self, have: Evidence, at: datetime) -> Reading:
        """Give what is trusted at a time; raises `NotAsked` (our bug) if `missing` was not asked until it was empty."""
        walk = _Walk(self, have, at)
        try:
            return Reading(trusted=walk.run(), looked=tuple(walk.looked))
        except _Missing as missing:
            have[min(missing.asks)]  # raises
            raise
        except _End as end:
            return Reading(refused=end.refusal, unread=end.unread, looked=tuple(walk.looked))


class _Missing(Exception):  # noqa: N818 -- leaves the walk, never this module
    """Questions have to be put first."""

    def __init__(self, asks: frozenset[Ask]) -> None:
        self.asks = asks


class _End(Exception):  # noqa: N818 -- as above
    """The walk cannot go on: refused, unread, or (neither) nothing is there."""

    def __init__(self, refusal: Refusal | None = None, unread: tuple[Unavailable, ...] = ()) -> None:
        self.refusal = refusal
        self.unread = unread


class _File(NamedTuple):
    """A file that came, with the bytes that were signed for."""

    name: str
    look: Look
    content: bytes


class _Walk:
    """One walk over the evidence. Without `at` it only finds out what to ask, and nothing expires."""

    def __init__(self, need: TrustData, have: Evidence, at: datetime | None) -> None:
        self.need = need
        self.have = have
        self.at = at
        self.least = dict(need.least)
        self.looked: list[Look] = []
        self.versions: dict[str, int] = {}

    def run(self) -> Trusted:
        """Walk from the timestamp to every role; raises `_Missing` or `_End`."""
        (fact,) = self._ask("timestamp.json")
        if not isinstance(fact, Found):
            raise _End
        timestamp = _File("timestamp", fact.look, fact.content)
        described = self._meta(timestamp)
        if "snapshot" not in described:
            raise self._refused(timestamp, reasons.MALFORMED, "the timestamp file names no snapshot")
        (snapshot,) = self._fetch({"snapshot": described["snapshot"]})  # 1
        described = self._meta(snapshot)
        for name in ("root", TARGETS):
            if name not in described:
                raise self._refused(snapshot, reasons.MALFORMED, f"the snapshot file names no {name} file")
        wanted = dict.fromkeys(["root", TARGETS, *(part for role in self.need.roles for part in _line(role))])
        files = {
            file.name: file for file in self._fetch({name: described[name] for name in wanted if name in described})
        }
        root = self._root(files["root"])
        last = self._signed(timestamp, root.roles["timestamp"]).document.expires  # 4
        self._signed(snapshot, root.roles["snapshot"])
        targets = self._signed(files[TARGETS], root.roles[TARGETS])
        roles = {role: self._delegated(role, targets, files) for role in self.need.roles}
        return Trusted(roles, dict(self.versions), last)

    def _delegated(self, role: str, targets: Signed, files: Mapping[str, _File]) -> Signed | None:
        """Follow delegations down to a role (5); None where one is not named, or was never published."""
        above = targets
        for name in _line(role)[1:]:
            try:
                delegation = read_delegations(above.document).get(name)
            except MalformedData as error:
                raise self._unreadable(_File(name, above.look, b""), error) from error
            if delegation is None or name not in files:
                return None
            signed = self._signed(files[name], delegation.role)
            above = signed._replace(through=(*above.through, delegation))
        return above

    def _signed(self, file: _File, role: Role) -> Signed:
        """Verify a file for a role (4, 5) and its time and version (6)."""
        try:
            document = parse_file(file.content, file.name.partition("/")[0])
        except MalformedData as error:
            raise self._unreadable(file, error) from error
        signers = self._enough(file, document, role)
        self._current(file, document)
        return Signed(file.look, document, signers, ())

    def _enough(self, file: _File, document: Document, role: Role) -> frozenset[str]:
        tally = document.tally(role)
        have = len(tally.valid)
        if have >= role.threshold:
            return tally.valid
        why = "".join(f"; {flaw}" for flaw in tally.flaws[:3])
        detail = f"the {file.name} file is signed by {have} of the {role.threshold} keys of its role that have to{why}"
        if have + tally.unknown >= role.threshold:
            raise self._refused(file, reasons.ALGORITHM, detail, unchecked=True)
        raise self._refused(file, reasons.THRESHOLD, detail)

    def _current(self, file: _File, document: Document) -> None:
        least = self.least.get(file.name, 0)
        if document.version < least:
            detail = f"the {file.name} file has the version {document.version}; version {least} was there before"
            raise self._refused(file, reasons.ROLLBACK, detail)
        if self.at is not None and self.at > document.expires:
            days = int((self.at - document.expires).total_seconds() // _DAY)
            detail = f"the {file.name} file expired at {document.expires:%Y-%m-%d %H:%M} UTC, {_days(days)} ago"
            raise self._refused(file, reasons.EXPIRED, detail)
        self.versions[file.name] = document.version

    # --- the root

    def _root(self, file: _File) -> Root:
        """Verify the root: pinned or reached by a chain (2), signed by itself in this repository's name (3)."""
        root = self._read_root(file)
        if self.need.pin.root is not None:
            self._from_file(file, root, self.need.pin.root)
        elif not is_pinned(root, self.need.pin, self.need.gun):
            self._from_keys(file, root)
        self._own(file, root, self.at)
        self._current(file, root.document)
        return root

    def _from_file(self, file: _File, root: Root, pinned: bytes) -> None:
        known = read_root(pinned)  # it was read with the rule file
        now, then = root.document.version, known.document.version
        self._own(file, known, None)
        if now < then:
            detail = f"the root file has the version {now}; the pinned one has {then}"
            raise self._refused(file, reasons.ROLLBACK, detail)
        if now == then and root.document.signed != known.document.signed:
            detail = f"the root file is another one than the pinned one of the same version {now}"
            raise self._refused(file, reasons.UNPINNED, detail)
        if now - then > MOST_ROOTS:
            detail = (
                f"the root file has the version {now}, the pinned one {then}; at most {MOST_ROOTS} steps are followed"
            )
            raise _End(unread=(Unavailable(file.look, "limit-reached", detail),))
        older = self._older(range(then + 1, now))
        self._climb(file, [known, *(older.get(version) for version in range(then + 1, now)), root][: now - then + 1])

    def _from_keys(self, file: _File, root: Root) -> None:
        """Find the newest older root that is pinned, and climb from it."""
        now = root.document.version
        older = self._older(range(max(1, now - MOST_ROOTS), now))
        for version in sorted(older, reverse=True):
            if is_pinned(older[version], self.need.pin, self.need.gun):
                self._climb(file, [*(older.get(step) for step in range(version, now)), root])
                return
        keys = root.roles["root"].keys.values()
        mine = sorted(key.bare_id for key in keys if self.need.pin.names(key))
        if mine:
            detail = (
                f"the pinned key {', '.join(mine[:3])} is named in it and did not sign it, or too few pinned keys did"
            )
            raise self._refused(file, reasons.UNPINNED, detail)
        theirs = ", ".join(sorted({key.bare_id or key.key_id for key in keys})[:5]) or "none"
        pinned = ", ".join(sorted(self.need.pin.key_ids | self.need.pin.fingerprints))
        raise self._refused(file, reasons.UNPINNED, f"its root keys are {theirs}; pinned are {pinned}")

    def _older(self, versions: range) -> dict[int, Root]:
        """Read older roots by version; those that are not there are left out."""
        found: dict[int, Root] = {}
        for version, fact in zip(versions, self._ask(*(f"{version}.root.json" for version in versions)), strict=True):
            if not isinstance(fact, Found):
                continue
            file = _File("root", fact.look, fact.content)
            root = self._read_root(file)
            if root.document.version != version:
                detail = f"the root file of version {version} says that it has the version {root.document.version}"
                raise self._refused(file, reasons.CHAIN, detail)
            found[version] = root
        return found

    def _climb(self, file: _File, steps: list[Root | None]) -> None:
        if broken := broken_step(steps, self.need.gun):
            raise self._refused(file, reasons.CHAIN, broken)

    def _own(self, file: _File, root: Root, at: datetime | None) -> None:
        """Check that a root is signed by its own threshold of keys, and that they are this repository's (3)."""
        self._enough(file, root.document, root.roles["root"])
        if flaw := not_own(root, self.need.gun, at):
            raise self._refused(file, flaw.reason, flaw.detail)

    # --- files

    def _ask(self, *names: str) -> list[Fact]:
        """Give the answers; raises `_Missing` for those not there yet, `_End` where a place did not answer."""
        asks = [Ask(self.need.place, Kind.TUF, name) for name in names]
        missing = frozenset(ask for ask in asks if ask not in self.have)
        if missing:
            raise _Missing(missing)
        facts = [self.have[ask] for ask in asks]
        self.looked += [fact.look for fact in facts]
        unread = tuple(fact for fact in facts if isinstance(fact, Unavailable))
        if unread:
            raise _End(unread=unread)
        return facts

    def _fetch(self, described: Mapping[str, Described]) -> list[_File]:
        """Fetch files by the hashes they were signed for with (1)."""
        for name, one in described.items():
            if one.length > _MOST_BYTES:
                detail = f"the {name} file is said to have {one.length} bytes; at most {_MOST_BYTES} are read"
                raise _End(
                    unread=(Unavailable(Look(f"{self.need.place} {name}", "not asked"), "limit-reached", detail),)
                )
        names = [f"{name}.{one.sha256}.json" for name, one in described.items()]
        files: list[_File] = []
        for (name, one), fact in zip(described.items(), self._ask(*names), strict=True):
            content = fact.content if isinstance(fact, Found) else b""
            file = _File(name, fact.look, content)
            if isinstance(fact, Absent):
                detail = f"the {name} file is signed for and is not there ({fact.look.status})"
                raise self._refused(file, reasons.GONE, detail)
            if how := one.disagrees(content):
                raise self._refused(file, reasons.MISMATCH, f"the {name} file has {how}")
            files.append(file)
        return files

    def _meta(self, file: _File) -> Mapping[str, Described]:
        try:
            return read_meta(parse_file(file.content, file.name))
        except MalformedData as error:
            raise self._unreadable(file, error) from error

    def _read_root(self, file: _File) -> Root:
        try:
            return read_root(file.content)
        except MalformedData as error:
            raise self._unreadable(file, error) from error

    def _unreadable(self, file: _File, error: MalformedData) -> _End:
        if error.code == "limit-reached":
            return _End(unread=(Unavailable(file.look, error.code, str(error)),))
        if error.code == "ambiguous-json":
            return self._refused(file, refusals.AMBIGUOUS, str(error), unchecked=True)
        return self._refused(file, reasons.MALFORMED, str(error))

    def _refused(self, file: _File, reason: Reason, detail: str, *, unchecked: bool = False) -> _End:
        return _End(Refusal(file.look, reason, detail, unchecked))


def _line(role: str) -> list[str]:
    """Give the roles that lead to a role, itself last: `targets`, `targets/a`, `targets/a/b`."""
    parts = role.split("/")
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
