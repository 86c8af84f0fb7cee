"""The registry as a source: the reference resolved once, then one answer to each question.

Everything that goes wrong below arrives here as `Trouble` and leaves as `Unavailable` (or, while
resolving, as `SourceError`). `Absent` is said only where the registry itself, not a host it redirects
to, answers that there is no such thing (DESIGN section 4). No text leaves here with a secret of ours in it.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

from gate.errors import InvalidReference, MalformedData, SourceError
from gate.evidence import Absent, Ask, Fact, Found, Kind, Look, Unavailable
from gate.finding import Note
from gate.oci.digest import Digest
from gate.printable import clip
from gate.source import Put, PutAnswer
from gate.sources.registry.deadline import Deadline
from gate.sources.registry.dial import Dialler
from gate.sources.registry.reach import Reach
from gate.sources.registry.reasons import (
    DIGEST_NOT_FOUND,
    NOT_ANSWERED_HERE,
    OFFLINE,
    REPOSITORY_UNKNOWN,
    TAG_NOT_FOUND,
)
from gate.sources.registry.trouble import Trouble
from gate.sources.registry.veil import Veil
from gate.subject import Subject

if TYPE_CHECKING:
    from types import TracebackType

    from gate.oci.reference import Reference
    from gate.sources.registry.questions import Pages, Questions
    from gate.sources.registry.settings import Settings
    from gate.sources.registry.transport import Answer

__all__ = ["Registry"]

#: Connections opened while the tag is asked for, beside the one that asks: the next round has several questions.
EXTRA_CONNECTIONS: Final = 2
MOST_SIMILAR: Final = 5

_OK: Final = 200
_NOT_FOUND: Final = 404


class Registry:
    """One image at a registry. `answer` may be called from several threads."""

    def __init__(self, reference: Reference, settings: Settings) -> None:
        """Open nothing yet; the time for the image starts now."""
        self._reference = reference
        self._settings = settings
        self._deadline = Deadline.after(settings.seconds, settings.clock)
        self._dialler = Dialler(settings, self._deadline)
        self._veil = Veil()
        self._reach = Reach(settings, self._dialler, self._deadline, self._veil)
        self._lock = threading.Lock()
        self._pages: Pages | None = None
        self._resolved: Subject | None = None
        self._notes: tuple[Note, ...] = ()

    @property
    def live(self) -> bool:
        """Tell that this is the registry itself, now (S35)."""
        return True

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is worth saying about how the registry answered; decides nothing."""
        return tuple(replace(note, what=self._veil.hide(note.what)) for note in self._notes)

    def warm(self) -> None:
        """Open connections ahead of the questions; `resolve` does it by itself."""
        if not self._settings.offline:
            self._reach.warm(self._reference.repository.host, EXTRA_CONNECTIONS)

    def resolve(self) -> Subject:
        """Read the manifest that the reference names; raises `SourceError`, or `MalformedData` for no manifest."""
        reference = self._reference
        try:
            self._refuse_offline()
            self._reach.warm(reference.repository.host, EXTRA_CONNECTIONS + 1)
            questions = self._questions(str(reference.repository))
            answer = questions.read_manifest(reference.tag or str(reference.digest))
            if answer.status != _OK:
                raise self._not_resolved(questions, answer)
            self._resolved = self._subject(answer)
        except Trouble as trouble:
            where = f" (asked {trouble.where})" if trouble.where else ""
            message = f"{reference} could not be resolved: {trouble.detail}{where}"
            raise SourceError(self._veil.hide(message), trouble.reason.code, trouble.reason.remedy) from trouble
        except MalformedData as error:
            raise MalformedData(self._veil.hide(str(error)), error.code) from error
        return self._resolved

    def answer(self, ask: Ask) -> Fact:
        """Answer one question; whatever goes wrong is `Unavailable`."""
        try:
            self._refuse_offline()
            return self._hidden(self._answer(ask))
        except Trouble as trouble:
            where = trouble.where or f"{ask.place} {ask.kind} {ask.name}".rstrip()
            return self._hidden(Unavailable(Look(where, trouble.status), trouble.reason.code, trouble.detail))

    def write_tag(self, tag: str, content: bytes, media_type: str) -> Put:
        """Let a tag of the reference's repository name a manifest; only promotion does."""
        from gate.sources.registry.writer import put_tag

        try:
            self._refuse_offline()
            put = put_tag(self._questions(str(self._reference.repository)), tag, content, media_type)
        except Trouble as trouble:
            put = Put(PutAnswer.UNCLEAR, Look(trouble.where, trouble.status), trouble.detail)
        return replace(put, look=self._hidden_look(put.look), detail=self._veil.hide(put.detail))

    def close(self) -> None:
        """Close every connection."""
        self._reach.close()
        self._dialler.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every connection."""
        self.close()

    def _answer(self, ask: Ask) -> Fact:
        match ask.kind:
            case Kind.MANIFEST:
                return self._questions(ask.place).manifest(ask.name)
            case Kind.BLOB:
                return self._questions(ask.place).blob(ask.name)
            case Kind.REFERRERS:
                return self._questions(ask.place).referrers(ask)
            case Kind.TAGS:
                return self._questions(ask.place).tags(ask)
            case Kind.TAG_NOW:
                own = ask.place == str(self._reference.repository) and ask.name == self._reference.tag
                return self._questions(ask.place).tag_now(ask.name, self._resolved if own else None)
            case Kind.TUF:
                from gate.sources.registry.notary import TrustServer

                return TrustServer.at(ask.place, self._reach.client).file(ask.name)
            case Kind.FILE:
                raise Trouble(NOT_ANSWERED_HERE, f"a registry cannot be asked for {ask.kind} {clip(ask.name)}")

    def _hidden(self, fact: Fact) -> Fact:
        """Give a fact whose texts hold no secret; its bytes are evidence and stay."""
        look = self._hidden_look(fact.look)
        match fact:
            case Unavailable():
                return Unavailable(look, fact.code, self._veil.hide(fact.detail))
            case Found() | Absent():
                return fact if look == fact.look else replace(fact, look=look)

    def _hidden_look(self, look: Look) -> Look:
        return Look(self._veil.hide(look.where), self._veil.hide(look.status))

    def _questions(self, place: str) -> Questions:
        """Give the questions of a repository; its registry's client is made when first needed."""
        from gate.sources.registry.answers import read_repository
        from gate.sources.registry.questions import Pages, Questions

        repository = read_repository(place)
        client = self._reach.client(repository.host)
        with self._lock:
            if self._pages is None:
                self._pages = Pages()
        return Questions(client, repository, self._pages)

    def _refuse_offline(self) -> None:
        if self._settings.offline:
            raise Trouble(
                OFFLINE, f"{self._reference.repository} lies in a registry, and --offline forbids connections"
            )

    def _subject(self, answer: Answer) -> Subject:
        """Name the bytes by their hash; what the header claims is only compared (CVE-2025-24882)."""
        from gate.oci.manifest import parse_manifest
        from gate.sources.registry.answers import check_digest, no_registry
        from gate.sources.registry.errors import is_html

        reference, expected = self._reference, self._reference.digest
        if expected is not None and not reference.tag:
            check_digest(answer, expected)
        if is_html(answer):
            raise no_registry(answer)
        parsed = parse_manifest(answer.body, answer.media_type)
        self._compare_header(answer)
        # Where the tag points elsewhere than the reference says, both are kept: that is a violation to judge (S7).
        meets = expected is not None and expected.matches(answer.body)
        return Subject(
            typed=reference.typed,
            place=str(reference.repository),
            repository=str(reference.repository),
            tag=reference.tag,
            digest=expected if expected is not None and meets else Digest.of(answer.body),
            media_type=parsed.media_type,
            content=answer.body,
            pinned=expected is not None,
            expected=expected,
        )

    def _compare_header(self, answer: Answer) -> None:
        claimed = answer.one("docker-content-digest")
        try:
            right = not claimed or Digest.parse(claimed).matches(answer.body)
        except InvalidReference:
            right = False
        if not right:
            host = answer.url.origin.authority
            self._notes = (
                Note(f"{host} claims {clip(claimed, 100)} for bytes with another digest; their hash counts"),
            )

    def _not_resolved(self, questions: Questions, answer: Answer) -> Trouble:
        """Say what 404 (or another answer that is no manifest) to the reference means."""
        from gate.sources.registry.answers import no_registry
        from gate.sources.registry.errors import error_codes, error_text, is_html, status_trouble

        repository, tag = self._reference.repository, self._reference.tag
        if is_html(answer):
            return no_registry(answer)
        if answer.status != _NOT_FOUND:
            return status_trouble(answer, "the registry")
        text, where = error_text(answer), answer.url.shown
        if "NAME_UNKNOWN" in error_codes(answer):
            return Trouble(REPOSITORY_UNKNOWN, f"{repository} does not exist: {text}", where=where, status="404")
        if not tag:
            detail = f"{repository} has nothing with the digest {self._reference.digest}: {text}"
            return Trouble(DIGEST_NOT_FOUND, detail, where=where, status="404")
        similar = self._similar_tags(questions)
        hint = f"; it has {', '.join(similar)}" if similar else ""
        return Trouble(TAG_NOT_FOUND, f"{repository} has no tag {tag!r}: {text}{hint}", where=where, status="404")

    def _similar_tags(self, questions: Questions) -> tuple[str, ...]:
        """Give tags that look like the one that is missing, for the message; none where the list cannot be had."""
        import difflib

        from gate.sources.registry.answers import tags_of

        try:
            answer = questions.read_tags(patient=False)
            known = sorted(tags_of(answer)) if answer.status == _OK else []
        except Trouble:
            return ()
        return tuple(difflib.get_close_matches(self._reference.tag, known, n=MOST_SIMILAR))
