"""Signer `content-trust`: who holds the keys of a repository's trust data on a Notary server (Docker Content Trust).

Trust data says which digest a tag stands for. What the server sends is believed only as far as a pinned root vouches
for it (`gate.notary`); here is what the rule file says, and what the trusted roles say of the tag. In this order:

1. the image has a repository name and a tag, and this signer may vouch for the repository (S7, S16)
2. the trust data holds (`gate.notary.trust_data`)
3. the roles name the tag: docker's order, or every one that is listed; a delegation only within its paths (S21)
4. they agree, and name this image's digest and size, in every hash that is given (S12)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Self

from gate import refusals
from gate.errors import MalformedData
from gate.evidence import Look, Unavailable
from gate.formats.notary import RELEASES, TARGETS, Described, is_role_name, read_root, read_target
from gate.formats.notary_key import fingerprints_of_pem
from gate.formats.notary_state import parse_state
from gate.notary import reasons
from gate.notary.roots import Pin
from gate.notary.trust_data import Reading, Signed, TrustData, Trusted
from gate.option import File, option
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Identity, Refused, Unchecked, Vouching

if TYPE_CHECKING:
    from gate.evidence import Evidence, Need
    from gate.subject import Subject

__all__ = ["SIGNER", "ContentTrust", "KeyId", "RoleName", "Server"]

#: docker/cli `cli/trust/trust.go`: what Docker Hub's images are signed at.
_DOCKER_HUB: Final = "docker.io"
_DOCKER_SERVER: Final = "https://notary.docker.io"
_RETIRED: Final = (
    "Docker switches notary.docker.io off on 8 December 2026: from then on no image of Docker Hub has trust data"
)

_UNGUARDED: Final = (
    "whether the trust server shows old trust data was not checked: no `state` or `least-versions` says more"
)

_KEY_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SERVER: Final = re.compile(r"https://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?", re.ASCII)
_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True, order=True)
class KeyId:
    """The id of a root key, as `notary key list` and `docker trust inspect --pretty` print it."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read 64 hex digits; raises `ValueError`."""
        if not _KEY_ID.fullmatch(text):
            msg = f"{text[:80]!r} is not a key id: 64 hex digits in lower case, as `notary key list` prints them"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "pattern": f"^{_KEY_ID.pattern}$", "description": "the id of a root key"}


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """The address of a Notary server."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `https://host[:port]`; raises `ValueError`. Plain HTTP is none: docker refuses it too."""
        text = text.removesuffix("/")
        if not _SERVER.fullmatch(text):
            msg = (
                f"{text[:80]!r} is not the address of a trust server: https://HOST or https://HOST:PORT, in lower case"
            )
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "pattern": f"^{_SERVER.pattern}/?$", "description": "https://HOST[:PORT]"}


@dataclass(frozen=True, slots=True, order=True)
class RoleName:
    """The name of a role that signs tags."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `targets` or `targets/…`; raises `ValueError`."""
        if not is_role_name(text):
            msg = f"{text[:80]!r} is not a role that signs tags: `targets`, or a delegation as `targets/releases`"
            raise ValueError(msg)
        return cls(text)

    @classmethod
    def describe(cls) -> dict[str, object]:
        """Give the JSON Schema."""
        return {"type": "string", "pattern": "^targets(/[-a-z0-9_]+)*$", "description": "targets or a delegation"}


@dataclass(frozen=True, slots=True)
class ContentTrust:
    """Whoever holds the keys of the repository's trust data."""

    kind: ClassVar[str] = "content-trust"

    root: File | None = option(
        "The root that is trusted: a certificate or public key of the root key (PEM), or a root.json.", default=None
    )
    root_keys: tuple[KeyId, ...] = option("The root keys that are trusted, by id; instead of `root`.", default=())
    root_threshold: int | None = option(
        "How many of the pinned keys have to have signed the root; all of them unless said otherwise.", default=None
    )
    server: Server | None = option(
        "The Notary server; unless said otherwise docker's choice: Docker's server for Docker Hub, else the registry.",
        default=None,
    )
    roles: tuple[RoleName, ...] = option(
        "Roles that all have to name the tag; if left out, docker's order: `targets/releases`, then `targets`.",
        default=(),
    )
    images: tuple[Glob, ...] = option(
        "Repositories that this signer may vouch for, as globs; every one whose root names it unless said otherwise.",
        default=(),
    )
    least_versions: Mapping[str, int] | None = option(
        "Lowest versions of the files that are accepted, by name (`targets: 12`).", default=None
    )
    state: File | None = option("The file with the versions that were seen before, by repository.", default=None)

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake between or in the options, with the key path it is about."""
        found: list[tuple[str, str]] = []
        if (self.root is None) == (not self.root_keys):
            found.append(
                (
                    "",
                    "say which root is trusted: `root: FILE` or `root-keys: [ID]` (none is trusted at first use)",
                )
            )
        found += self._pin_problems()
        for name, version in (self.least_versions or {}).items():
            if name not in {"root", "timestamp", "snapshot"} and not is_role_name(name):
                found.append((f"least-versions.{name}", f"{name[:80]!r} is no file of trust data"))
            elif version < 1:
                found.append((f"least-versions.{name}", "versions begin at 1"))
        if self.state is not None:
            try:
                parse_state(self.state.content, self.state.path)
            except MalformedData as error:
                found.append(("state", str(error)))
        return tuple(found)

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Say what has to be fetched: the trust data of the subject's repository."""
        return frozenset({self._data(subject)}) if self._hindrance(subject) is None else frozenset()

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Judge what the trust data says of the subject's tag."""
        hindrance = self._hindrance(subject)
        if hindrance is not None:
            return Vouching((Candidate(Look(str(subject.repository or subject.place), "not asked"), None, hindrance),))
        data = self._data(subject)
        reading = data.read(evidence, at)
        unread = tuple(_explained(fact, data) for fact in reading.unread)
        if reading.refused is not None:
            where, reason, detail, is_unchecked = reading.refused
            result = Unchecked(reason, detail) if is_unchecked else Refused(reason, detail)
            return Vouching((Candidate(where, None, result),), unread, reading.looked)
        if reading.trusted is None:
            return Vouching((), unread, reading.looked)
        return Vouching(self._judge(reading.trusted, data, subject), unread, reading.looked)

    def seen(self, subject: Subject, evidence: Evidence, at: datetime) -> Reading | None:
        """Give what the trust data came to, its versions for a state file; None where none could be asked for."""
        return None if self._hindrance(subject) is not None else self._data(subject).read(evidence, at)

    def principal(self) -> None:
        """Stand for whoever holds the keys that the trust data names: not one principal."""

    def _pin_problems(self) -> list[tuple[str, str]]:
        if self.root is None:
            pins = len(set(self.root_keys))
        else:
            try:
                pins = len(_pin_of(self.root).fingerprints)
            except (MalformedData, ValueError) as error:
                what = f"{self.root.path} is neither a root.json nor a PEM certificate or public key: {error}"
                return [("root", what)]
        if self.root_threshold is None:
            return []
        if not pins:
            return [("root-threshold", "a root.json says itself how many of its keys have to sign: leave this out")]
        if not 1 <= self.root_threshold <= pins:
            return [("root-threshold", f"{self.root_threshold} of {pins} pinned keys: say 1 to {pins}")]
        return []

    def _hindrance(self, subject: Subject) -> Refused | Unchecked | None:
        """Say why the trust data need not even be asked for (1)."""
        if not subject.repository:
            return Unchecked(reasons.NO_REPOSITORY, "an image on disk has no repository whose trust data could be read")
        if self.images and not any(glob.matches(subject.repository) for glob in self.images):
            allowed = ", ".join(str(glob) for glob in self.images)
            return Refused(
                refusals.OTHER_NAME, f"this image is {subject.repository}; this signer may vouch for {allowed}"
            )
        if not subject.tag:
            return Unchecked(reasons.NO_TAG, f"{subject.typed} names no tag that could be looked up")
        return None

    def _data(self, subject: Subject) -> TrustData:
        gun = subject.repository
        registry = gun.partition("/")[0]
        default = _DOCKER_SERVER if registry == _DOCKER_HUB else f"https://{registry}"
        seen = parse_state(self.state.content, self.state.path).get(gun, {}) if self.state is not None else {}
        least = dict(self.least_versions or {})
        for name, version in seen.items():
            least[name] = max(version, least.get(name, 0))
        roles = tuple(dict.fromkeys(role.text for role in self.roles)) or (RELEASES, TARGETS)
        return TrustData(
            self.server.text if self.server is not None else default,
            gun,
            roles,
            self._pin(),
            tuple(sorted(least.items())),
        )

    def _pin(self) -> Pin:
        if self.root is not None:
            pin = _pin_of(self.root)
            return Pin(frozenset(), pin.fingerprints, self.root_threshold or len(pin.fingerprints) or 1, pin.root)
        key_ids = frozenset(key.text for key in self.root_keys)
        return Pin(key_ids, threshold=self.root_threshold or len(key_ids))

    def _judge(self, trusted: Trusted, data: TrustData, subject: Subject) -> tuple[Candidate, ...]:
        """Judge what the roles say of the tag (3, 4): a candidate for each key that signed it."""
        named: list[_Entry] = []
        for role in data.roles:
            entry = _entry(role, trusted.roles[role], subject.tag, Look(f"{data.place} {role}", "no such role"))
            if isinstance(entry, _Entry):
                named.append(entry)
            elif self.roles or entry.result.reason is not reasons.UNSIGNED:
                return (Candidate(entry.where, None, entry.result),)
            if named and not self.roles:  # docker's order: the first role that names the tag speaks for it
                break
        if not named:
            looked = " and ".join(role for role in data.roles if trusted.roles[role] is not None)
            detail = f"{looked} of {data.gun} do not name the tag {_text(subject.tag)}"
            return (Candidate(Look(data.place, "no such tag"), None, Refused(reasons.UNSIGNED, detail)),)
        flaw = _disagreement(named, subject)
        if flaw is not None:
            return tuple(Candidate(named[0].signed.look, by, flaw) for by in _signers(named[:1]))
        counts = Counts(_detail(named, trusted), "" if _guarded(named, data) else _UNGUARDED)
        return tuple(Candidate(named[0].signed.look, by, counts) for by in _signers(named))


SIGNER = ContentTrust


class _Entry(NamedTuple):
    """What one role says of the tag."""

    role: str
    signed: Signed
    described: Described


class _Miss(NamedTuple):
    """Why one role says nothing of the tag that counts."""

    where: Look
    result: Refused


def _entry(role: str, signed: Signed | None, tag: str, nowhere: Look) -> _Entry | _Miss:
    """Read one role's entry for the tag, or why there is none that counts (3)."""
    if signed is None:
        detail = f"there is no role {role} that has published anything"
        return _Miss(nowhere, Refused(reasons.UNSIGNED, detail))
    try:
        described = read_target(signed.document, tag)
    except MalformedData as error:
        return _Miss(signed.look, Refused(reasons.MALFORMED, str(error)))
    if described is None:
        return _Miss(signed.look, Refused(reasons.UNSIGNED, f"{role} does not name the tag {_text(tag)}"))
    for delegation in signed.through:
        if not delegation.covers(tag):
            paths = ", ".join(repr(_text(path)) for path in delegation.paths[:5]) or "none"
            detail = f"{delegation.name} may speak about tags that begin with {paths}, and names {_text(tag)}"
            return _Miss(signed.look, Refused(reasons.PATH, detail))
    return _Entry(role, signed, described)


def _disagreement(named: list[_Entry], subject: Subject) -> Refused | None:
    """Say why what the roles name is not this image (4)."""
    first = named[0]
    for other in named[1:]:
        if other.described.sha256 != first.described.sha256:
            detail = f"{first.role} names sha256:{first.described.sha256}, {other.role} sha256:{other.described.sha256}"
            return Refused(reasons.DISAGREE, detail)
    for entry in named:
        how = entry.described.disagrees(subject.content)
        if not how:
            continue
        if entry.described.sha256 == _sha256(subject):
            return Refused(refusals.CONTRADICTS, f"{entry.role} names this digest, but this image has {how}")
        detail = (
            f"the tag {_text(subject.tag)} is signed for sha256:{entry.described.sha256}; it points to {subject.digest}"
        )
        return Refused(reasons.OTHER_DIGEST, detail)
    return None


def _detail(named: list[_Entry], trusted: Trusted) -> str:
    roles = " and ".join(f"{entry.role} version {entry.signed.document.version}" for entry in named)
    return f"{roles}, root version {trusted.versions['root']}, timestamp until {trusted.expires:%Y-%m-%d}"


def _guarded(named: list[_Entry], data: TrustData) -> bool:
    """Tell whether older trust data would be noticed: by its timestamp or snapshot, or by the roles that count."""
    least = {name for name, _ in data.least}
    return bool(least & {"timestamp", "snapshot"}) or all(entry.role in least for entry in named)


def _sha256(subject: Subject) -> str:
    from hashlib import sha256

    return sha256(subject.content).hexdigest()


def _signers(named: list[_Entry]) -> list[Identity]:
    """Give the keys that signed: the same key is the same principal under whatever name (S18)."""
    return [Identity("key", print_) for print_ in sorted({one for entry in named for one in entry.signed.signers})]


def _pin_of(root: File) -> Pin:
    """Read a root file; raises `MalformedData` or `ValueError`."""
    if root.content.lstrip()[:1] == b"{":
        read_root(root.content)
        return Pin(root=root.content)
    return Pin(fingerprints=fingerprints_of_pem(root.content))


def _explained(fact: Unavailable, data: TrustData) -> Unavailable:
    """Say of Docker's own server that it is going away, where it does not answer."""
    if data.server != _DOCKER_SERVER:
        return fact
    return Unavailable(fact.look, fact.code, f"{fact.detail}. {_RETIRED}")


def _text(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
