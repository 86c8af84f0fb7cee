"""The check `complete`: everything the image consists of is there, byte for byte.

A manifest can name what a registry or layout does not have (any more), and a file in a layout can be changed after it
was written. Other rules would not notice: they look at manifests, configs and evidence, never into layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from gate.attached import MOST_PAGES, fallback_tag
from gate.check import CheckMeta
from gate.documents import reason_of
from gate.errors import MalformedData
from gate.evidence import Absent, Ask, Found, Kind, NotAsked, Unavailable
from gate.finding import About, Finding, Judgement, Note, Reason, Undecided
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import parse_manifest
from gate.oci.media_types import INDEXES, MANIFESTS
from gate.oci.reference import is_tag
from gate.option import option
from gate.source import MOST_BLOB_BYTES, MOST_MANIFEST_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Evidence, Fact, Look, Need
    from gate.oci.descriptor import Descriptor
    from gate.subject import Subject

__all__ = ["CHECK", "Complete", "PartsNeed"]

PART_MISSING = Reason(
    "part-missing",
    "Something the image consists of is not there",
    "A manifest or index names a part by its digest, and the place that would have it says that it has no such thing. "
    "The image cannot be pulled whole. Most often a clean-up removed the part, or a copy was interrupted.",
    "Push or copy the image again, with everything it consists of, and check the same digest.",
)
PART_MISMATCH = Reason(
    "part-mismatch",
    "A part of the image has another size than its manifest says",
    "The descriptor of the part and the part itself do not agree. Programs that trust the size read too little or "
    "refuse the image.",
    "Build and push the image again with a current builder.",
)
PART_UNREAD = Reason(
    "part-unread",
    "A part of the image could not be read",
    "The part was not answered, or what came had another digest than the one that was asked for. Whether the image is "
    "whole is not known.",
    "Look at the answer that is quoted. Other bytes than the digest says mean that a file was changed or a transfer "
    "was damaged: copy the image again. Otherwise check the credentials and run the gate again.",
)
PART_TOO_LARGE = Reason(
    "part-too-large",
    "A part of the image is larger than this check reads",
    f"The check holds every part in memory and reads at most {MOST_BLOB_BYTES // 1024 // 1024} MiB of one. Whether a "
    "larger one is there and unchanged is not known.",
    "Leave this rule out for such images (`for:`): whoever pulls them by digest checks every layer anyway.",
)

#: What cosign hangs on a digest by tag.
_SUFFIXES: Final = ("sig", "att")


@dataclass(frozen=True, slots=True)
class PartsNeed:
    """Everything an image consists of, and with `attached` what hangs on its manifests."""

    attached: bool

    def missing(self, subject: Subject, have: Evidence) -> frozenset[Ask]:
        """Say what to ask next."""
        return frozenset(_Walk(subject, have, attached=self.attached).asks)


@dataclass(frozen=True, slots=True)
class Complete:
    """Everything the image consists of is there."""

    meta: ClassVar[CheckMeta] = CheckMeta("complete", "Nothing of the image is missing or changed", "image")

    attached: bool = option("Also what hangs on its manifests: signatures, attestations.", default=False)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:  # noqa: ARG002 -- the protocol's
        """Ask for every part."""
        return frozenset({PartsNeed(self.attached)})

    def judge(self, view: View, at: datetime) -> Judgement:  # noqa: ARG002 -- the protocol's
        """Judge the whole image; raises `NotAsked` for evidence collected without the need (our bug)."""
        walk = _Walk(view.subject, view.evidence, attached=self.attached)
        if walk.asks:
            msg = f"nobody asked for {min(walk.asks)}"
            raise NotAsked(msg)
        note = Note(f"{walk.whole} parts of the image are there, byte for byte")
        return Judgement(tuple(walk.findings), tuple(walk.undecided), notes=(note,), looked=tuple(walk.looked))


CHECK: Final = Complete


class _Walk:
    """Follows every descriptor, each once. What is not in the evidence yet is in `asks`."""

    def __init__(self, subject: Subject, have: Evidence, *, attached: bool) -> None:
        self._place = subject.place
        self._have = have
        self._seen: set[Ask] = set()
        self.asks: set[Ask] = set()
        self.findings: list[Finding] = []
        self.undecided: list[Undecided] = []
        self.looked: list[Look] = []
        self.whole = 1
        self._document(subject.content, subject.media_type, subject.digest, attached=attached)

    def _ask(self, kind: Kind, name: str) -> Fact | None:
        """Give the answer; None where it is still to be asked, or could not be had (which is then said)."""
        ask = Ask(self._place, kind, name)
        if ask not in self._have:
            self.asks.add(ask)
            return None
        fact = self._have[ask]
        self.looked.append(fact.look)
        if isinstance(fact, Unavailable):
            self.undecided.append(Undecided(PART_UNREAD, fact.detail, PART_UNREAD.remedy, fact.look))
            return None
        return fact

    def _document(self, content: bytes, media_type: str, digest: Digest, *, attached: bool) -> None:
        """Follow what a manifest or index names, and what hangs on it."""
        try:
            document = parse_manifest(content, media_type)
        except MalformedData as error:
            reason = reason_of(error)
            self.undecided.append(Undecided(reason, f"{digest}: {error}", reason.remedy))
            return
        if isinstance(document, Index):
            for child in document.manifests:
                self._part(Kind.MANIFEST, child, "member", attached=attached)
        else:
            self._part(Kind.BLOB, document.config, "config")
            for layer in document.layers:
                self._part(Kind.BLOB, layer, "layer")
        if attached:
            self._hanging(digest)

    def _part(self, kind: Kind, part: Descriptor, role: str, *, attached: bool = False) -> None:
        """Check one part, and follow it where it is a document."""
        ask = Ask(self._place, kind, str(part.digest))
        if ask in self._seen:
            return
        self._seen.add(ask)
        if part.size > (MOST_BLOB_BYTES if kind is Kind.BLOB else MOST_MANIFEST_BYTES):
            what = f"the {role} {part.digest} has {part.size} bytes"
            self.undecided.append(Undecided(PART_TOO_LARGE, what, PART_TOO_LARGE.remedy))
            return
        fact = self._ask(kind, ask.name)
        if isinstance(fact, Absent):
            self._broken(PART_MISSING, part, role, f"nothing ({fact.look.status})")
        elif isinstance(fact, Found) and len(fact.content) != part.size:
            self._broken(PART_MISMATCH, part, role, f"{len(fact.content)} bytes")
        elif isinstance(fact, Found):
            self.whole += 1
            if kind is Kind.MANIFEST and part.media_type in MANIFESTS | INDEXES:
                self._document(fact.content, part.media_type, part.digest, attached=attached)

    def _broken(self, reason: Reason, part: Descriptor, role: str, got: str) -> None:
        self.findings.append(
            Finding(
                reason=reason,
                about=About.of(digest=str(part.digest)),
                what=f"the {role} {part.digest} is {'not there' if reason is PART_MISSING else 'of another size'}",
                expected=f"{part.size} bytes",
                got=got,
                fix=reason.remedy,
            )
        )

    def _hanging(self, digest: Digest) -> None:
        """Follow the signatures and attestations of a manifest, in all storages; none there is fine."""
        self._referrers(digest)
        for tag in (fallback_tag(digest), *(f"{digest.algorithm}-{digest.hex}.{suffix}" for suffix in _SUFFIXES)):
            fact = self._ask(Kind.MANIFEST, tag) if is_tag(tag) else None
            if isinstance(fact, Found):
                self.whole += 1
                named = Digest.of(fact.content, digest.algorithm)
                self._document(fact.content, fact.media_type, named, attached=False)

    def _referrers(self, digest: Digest) -> None:
        name = str(digest)
        for _ in range(MOST_PAGES):
            fact = self._ask(Kind.REFERRERS, name)
            if not isinstance(fact, Found):
                return
            self._document(fact.content, fact.media_type, digest, attached=False)
            if not fact.following:
                return
            name = fact.following
        what = f"the list of referrers of {digest} has more than {MOST_PAGES} pages"
        self.undecided.append(Undecided(PART_UNREAD, what, PART_UNREAD.remedy))
