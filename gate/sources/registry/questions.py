"""The questions that one repository can be asked, each as the distribution spec words it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gate.evidence import Absent, Ask, Fact, Found, Kind
from gate.oci.media_types import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from gate.oci.reference import DOCKER_HUB, Repository, is_tag
from gate.printable import clip
from gate.source import MOST_BLOB_BYTES, MOST_MANIFEST_BYTES
from gate.sources.registry.answers import has_manifests, look_of, read_digest, read_name, tags_of, to_fact, unexpected
from gate.sources.registry.client import Client, Wanted
from gate.sources.registry.pages import MOST_PAGES, cut_short, next_page
from gate.sources.registry.reasons import NOT_ANSWERED_HERE
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from gate.sources.registry.transport import Answer
    from gate.subject import Subject

__all__ = ["Pages", "Questions"]

_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"
#: Sent with every request for a manifest: with less, registries answer 404 or with another digest. The last one
#: is there only to be able to say what it is.
ACCEPT: Final = f"{OCI_INDEX}, {DOCKER_INDEX}, {OCI_MANIFEST}, {DOCKER_MANIFEST}, {_SCHEMA1}"
#: Amazon's registry refuses more.
TAGS_A_PAGE: Final = 1000

_OK: Final = 200
_NOT_MODIFIED: Final = 304
_NOT_FOUND: Final = 404
_REDIRECTION: Final = range(300, 400)
#: "No such API here" (DESIGN section 4).
_NO_API: Final = frozenset({400, 404, 405, 406, 501})
_FRESH: Final = ("Cache-Control", "no-cache")


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of each list that were handed out in this run: a list in a circle is noticed, one without end too."""

    seen: dict[tuple[str, Kind, str], set[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self, answer: Answer, ask: Ask) -> Found:
        """Give one page with where it goes on; raises `Trouble` where it cannot be followed."""
        following = next_page(answer)
        if following:
            with self.lock:
                seen = self.seen.setdefault((ask.place, ask.kind, answer.url.path), set())
                seen.add(answer.url.target)
                if following in seen:
                    raise cut_short(answer, "runs in a circle")
                seen.add(following)
                if len(seen) > MOST_PAGES:
                    raise cut_short(answer, f"has more than {MOST_PAGES} pages")
        return Found(look_of(answer), answer.body, answer.media_type, following)


@dataclass(frozen=True, slots=True)
class Questions:
    """One repository at one registry. Every method raises `Trouble` where nobody could say."""

    client: Client
    repository: Repository
    pages: Pages

    def read_manifest(self, name: str, *extra: tuple[str, str]) -> Answer:
        """Ask for a manifest by tag or digest and give the answer as it is."""
        read_name(name)
        path = f"/v2/{self.repository.path}/manifests/{name}"
        return self.client.get(Wanted(path, self.repository.path, MOST_MANIFEST_BYTES, ACCEPT, headers=extra))

    def read_tags(self, following: str = "", *, patient: bool = True) -> Answer:
        """Ask for a page of the list of tags and give the answer as it is."""
        path = self._below(following) if following else f"/v2/{self.repository.path}/tags/list?n={TAGS_A_PAGE}"
        wanted = Wanted(path, self.repository.path, MOST_MANIFEST_BYTES, "application/json")
        return self.client.get(wanted, patient=patient)

    def manifest(self, name: str) -> Fact:
        """Answer `Kind.MANIFEST`."""
        return to_fact(self.read_manifest(name), read_name(name))

    def blob(self, name: str) -> Fact:
        """Answer `Kind.BLOB`."""
        digest = read_digest(name)
        path = f"/v2/{self.repository.path}/blobs/{digest}"
        return to_fact(self.client.get(Wanted(path, self.repository.path, MOST_BLOB_BYTES)), digest)

    def tag_now(self, tag: str, known: Subject | None) -> Fact:
        """Answer `Kind.TAG_NOW`: the manifest, or that of `known` where the registry says that it is still this one.

        On Docker Hub, where each GET counts as a pull, HEAD asks first. Only the registry can say where a tag
        points, in whichever way it says it.
        """
        if not is_tag(tag):
            raise Trouble(NOT_ANSWERED_HERE, f"{clip(tag)!r} is not a tag")
        if known is None:
            return to_fact(self.read_manifest(tag, _FRESH), None)
        if self.repository.registry == DOCKER_HUB:
            path = f"/v2/{self.repository.path}/manifests/{tag}"
            head = self.client.get(
                Wanted(path, self.repository.path, MOST_MANIFEST_BYTES, ACCEPT, "HEAD", headers=(_FRESH,))
            )
            if head.status == _OK and head.one("docker-content-digest") == str(known.digest):
                return Found(look_of(head), known.content, known.media_type)
        answer = self.read_manifest(tag, _FRESH, ("If-None-Match", f'"{known.digest}"'))
        if answer.status == _NOT_MODIFIED:
            return Found(look_of(answer, "not modified"), known.content, known.media_type)
        return to_fact(answer, None)

    def referrers(self, ask: Ask) -> Fact:
        """Answer `Kind.REFERRERS`: a page, or Absent for "no such API here" (DESIGN section 4, first row)."""
        is_first = not ask.name.startswith("/")
        path = f"/v2/{self.repository.path}/referrers/{read_digest(ask.name)}" if is_first else self._below(ask.name)
        answer = self.client.get(
            Wanted(path, self.repository.path, MOST_MANIFEST_BYTES, OCI_INDEX, elsewhere=False, handed=_NO_API)
        )
        if answer.status == _OK and answer.media_type == OCI_INDEX and has_manifests(answer):
            return self.pages.page(answer, ask)
        if not is_first:
            raise cut_short(answer, f"was answered with {answer.status} and no index on a later page")
        if answer.status == _OK:
            return Absent(look_of(answer, "no index: no referrers API here"))
        if answer.status in _REDIRECTION:
            return Absent(look_of(answer, "to another host: no referrers API here"))
        if answer.status in _NO_API:
            return Absent(look_of(answer, "no referrers API here"))
        raise unexpected(answer)

    def tags(self, ask: Ask) -> Fact:
        """Answer `Kind.TAGS`: a page, or Absent where the repository does not exist."""
        answer = self.read_tags(ask.name)
        if answer.status == _NOT_FOUND and not ask.name:
            return Absent(look_of(answer))
        if answer.status != _OK:
            raise unexpected(answer)
        tags_of(answer)
        return self.pages.page(answer, ask)

    def _below(self, following: str) -> str:
        """Accept only what `next_page` gives: a path of this repository."""
        if not following.startswith(f"/v2/{self.repository.path}/"):
            raise Trouble(NOT_ANSWERED_HERE, f"{clip(following)!r} is no page of a list of {self.repository}")
        return following
