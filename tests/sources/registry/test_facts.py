"""Absent needs a definite answer of the registry itself; anything else is Unavailable, with its reason (DESIGN 4)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest

from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_INDEX
from gate.source import MOST_BLOB_BYTES
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, INDEX, PATH, asked, found, image_script, open_at

Script = Callable[[Request], Reply]

HTML = Reply(200, b"<html><title>Sign in</title></html>", {"Content-Type": "text/html"})
EMPTY = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()


def fact(kind: Kind, name: str, **paths: Reply | Script) -> Fact:
    """Resolve, then ask one question."""
    with FakeServer(image_script(**paths)) as server, open_at(server) as source:
        source.resolve()
        return asked(source, server, kind, name)


NO_API = {
    "404 text": (Reply(404, b"404 page not found\n"), "404, no referrers API here"),
    "404 html": (Reply(404, HTML.body, HTML.headers), "404, no referrers API here"),
    "404 name unknown": (Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}'), "404, no referrers API here"),
    "400": (Reply(400), "400, no referrers API here"),
    "405": (Reply(405), "405, no referrers API here"),
    "406": (Reply(406), "406, no referrers API here"),
    "501": (Reply(501), "501, no referrers API here"),
    "200 html": (HTML, "200, no index: no referrers API here"),
    "200 json of another type": (Reply(200, EMPTY, {"Content-Type": "application/json"}),
        "200, no index: no referrers API here"),
    "200 without a type": (Reply(200, EMPTY), "200, no index: no referrers API here"),
    "200 {}": (Reply(200, b"{}", {"Content-Type": OCI_INDEX}), "200, no index: no referrers API here"),
    "200 null": (Reply(200, b'{"manifests":null}', {"Content-Type": OCI_INDEX}), "200, no index: no referrers API here"),
    "303 to another host": (Reply(303, headers={"Location": "https://github.example/-/v2/packages"}),
        "303, to another host: no referrers API here"),
    "302 to http elsewhere": (Reply(302, headers={"Location": "http://192.0.2.1/login"}),
        "302, to another host: no referrers API here"),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "status"), NO_API.values(), ids=NO_API)
def test_no_such_api_is_absent_and_says_so(reply: Reply, status: str) -> None:
    """Whoever reads the fact goes on with the fallback tag."""
    got = fact(Kind.REFERRERS, str(DIGEST), referrers=reply)
    assert isinstance(got, Absent)
    assert got.look.status == status
    assert got.look.where.endswith(f"/v2/{PATH}/referrers/{DIGEST}")


NOBODY_KNOWS = {
    "401": (Reply(401), "unauthorized"),
    "403": (Reply(403), "denied"),
    "403 html": (Reply(403, HTML.body, HTML.headers), "denied"),
    "412": (Reply(412), "registry-policy"),
    "429": (Reply(429), "rate-limited"),
    "500": (Reply(500), "registry-error"),
    "502": (Reply(502), "registry-error"),
    "503": (Reply(503), "registry-error"),
    "505": (Reply(505), "registry-error"),
    "418": (Reply(418), "registry-error"),
    "204": (Reply(204), "registry-error"),
    "a cut answer": (Reply(raw=[b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"]), "network"),
    "an index that breaks off": (Reply(200, EMPTY[:-3], {"Content-Type": OCI_INDEX}), "registry-error"),
    "an index with a key twice": (
        Reply(200, b'{"manifests":[],"manifests":[]}', {"Content-Type": OCI_INDEX}), "registry-error"),
    "an index with Manifests": (Reply(200, b'{"Manifests":[]}', {"Content-Type": OCI_INDEX}), "registry-error"),
    "5 MiB": (Reply(200, b" " * 5 * 1024 * 1024, {"Content-Type": OCI_INDEX}), "too-large"),
    "gzip": (Reply(200, EMPTY, {"Content-Type": OCI_INDEX, "Content-Encoding": "gzip"}), "answer-encoded"),
    "redirect in a circle": (Reply(302, headers={"Location": f"/v2/{PATH}/referrers/{DIGEST}"}), "redirect-refused"),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "code"), NOBODY_KNOWS.values(), ids=NOBODY_KNOWS)
def test_what_nobody_could_say_is_unavailable(reply: Reply, code: str) -> None:
    """It never looks like "no signatures"."""
    got = fact(Kind.REFERRERS, str(DIGEST), referrers=reply)
    assert isinstance(got, Unavailable)
    assert (got.code, bool(got.detail), bool(got.look.where)) == (code, True, True)


def test_an_index_of_referrers_is_found() -> None:
    """As bytes; judging them is somebody else's."""
    got = fact(Kind.REFERRERS, str(DIGEST), referrers=found(EMPTY, Content_Type=f"{OCI_INDEX}; charset=utf-8"))
    assert isinstance(got, Found)
    assert (got.content, got.media_type, got.following) == (EMPTY, OCI_INDEX, "")


def pages(link: Callable[[int], str], count: int = 10**6) -> Script:
    """A list that goes on as `link` says."""

    def reply(request: Request) -> Reply:
        page = int(request.target.partition("page=")[2] or "1")
        return found(EMPTY, Link=link(page + 1)) if page < count else found(EMPTY)

    return reply


def walk(**paths: Reply | Script) -> list[Fact]:
    """Read a list of referrers to its end."""
    facts: list[Fact] = []
    with FakeServer(image_script(**paths)) as server, open_at(server) as source:
        source.resolve()
        name = str(DIGEST)
        while name:
            got = asked(source, server, Kind.REFERRERS, name)
            facts.append(got)
            name = got.following if isinstance(got, Found) else ""
    return facts


def test_pages_are_followed_to_the_end() -> None:
    """A signature may be on the last one."""
    facts = walk(referrers=pages(lambda page: f'<?page={page}>; rel="next"', 4))
    assert [type(one) for one in facts] == [Found] * 4
    assert isinstance(facts[0], Found)
    assert facts[0].following == f"/v2/{PATH}/referrers/{DIGEST}?page=2"


LINKS = {
    "without an end": (lambda page: f"<?page={page}>; rel=next", "has more than 20 pages"),
    "in a circle": (lambda page: f"<?page={1 + page % 3}>; rel=next", "runs in a circle"),
    "to itself": (lambda _: "<?page=1>; rel=next", "runs in a circle"),
    "to another host": (lambda _: "<https://evil.example/v2/x>; rel=next", "goes on at another host"),
    "to another scheme": (lambda _: "<//evil.example/x>; rel=next", "goes on at another host"),
    "to another repository": (lambda _: "</v2/other/app/referrers/x?page=2>; rel=next", "goes on at another path"),
    "out of the api": (lambda _: "<../../../../admin?x=1>; rel=next", "goes on at another path"),
    "with a user name": (lambda _: "<http://u:p@127.0.0.1/>; rel=next", "goes on at a URL with a user name in it"),
    "two ways": (lambda _: "<?page=2>; rel=next, <?page=3>; rel=next", "names several next pages"),
    "unreadable": (lambda _: "page=2; rel=next", "has a Link header that cannot be read"),
    "nowhere": (lambda _: "<>; rel=next", "goes on at an empty URL"),
}


@pytest.mark.parametrize(("link", "told"), LINKS.values(), ids=LINKS)
def test_a_list_that_cannot_be_followed_is_unavailable(link: Callable[[int], str], told: str) -> None:
    """A shorter list would be a smaller truth (S4)."""
    last = walk(referrers=pages(link))[-1]
    assert isinstance(last, Unavailable)
    assert (last.code, told in last.detail) == ("list-cut-short", True), last.detail


@pytest.mark.parametrize(
    "reply", [Reply(404), Reply(501), HTML, Reply(200, EMPTY), Reply(303, headers={"Location": "https://x.example/"})]
)
def test_a_later_page_that_is_missing_is_not_no_api(reply: Reply) -> None:
    """The first page has shown that there is one."""

    def script(request: Request) -> Reply:
        return reply if "page=2" in request.target else found(EMPTY, Link="<?page=2>; rel=next")

    last = walk(referrers=script)[-1]
    assert isinstance(last, Unavailable)
    assert last.code == "list-cut-short"


def test_a_previous_page_is_no_next_one() -> None:
    """Only `next` goes on."""
    facts = walk(referrers=found(EMPTY, Link='<?page=0>; rel="prev", <?page=1>; rel="first"'))
    assert [type(one) for one in facts] == [Found]


BLOB = b'{"critical":{}}'
BLOB_DIGEST = str(Digest.of(BLOB))


def test_a_blob_is_what_was_asked_for() -> None:
    """Whatever type the registry gives it."""
    got = fact(Kind.BLOB, BLOB_DIGEST, blobs=Reply(200, BLOB, {"Content-Type": "application/octet-stream"}))
    assert isinstance(got, Found)
    assert got.content == BLOB


BLOBS = {
    "other bytes": (Reply(200, b"{}"), "digest-mismatch"),
    "cut, with a right length": (Reply(200, BLOB[:-1]), "digest-mismatch"),
    "html": (HTML, "not-a-registry"),
    "gzip": (Reply(200, BLOB, {"Content-Encoding": "gzip"}), "answer-encoded"),
    "two encodings": (Reply(200, BLOB, {"Content-Encoding": ("identity", "br")}), "answer-encoded"),
    "partial": (Reply(206, BLOB), "registry-error"),
    "401": (Reply(401), "unauthorized"),
    "416": (Reply(416), "registry-error"),
    "500": (Reply(500), "registry-error"),
    "too long": (Reply(200, b"x" * (MOST_BLOB_BYTES + 1)), "too-large"),
    "endless": (
        Reply(raw=itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x" * 2**20))), "too-large"),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "code"), BLOBS.values(), ids=BLOBS)
def test_a_blob_that_cannot_be_had_is_unavailable(reply: Reply, code: str) -> None:
    """Never bytes that were not asked for."""
    got = fact(Kind.BLOB, BLOB_DIGEST, blobs=reply)
    assert isinstance(got, Unavailable)
    assert got.code == code


def test_a_mismatch_names_both_digests() -> None:
    """They are what one shows to who runs the registry."""
    got = fact(Kind.BLOB, BLOB_DIGEST, blobs=Reply(200, b"{}"))
    assert isinstance(got, Unavailable)
    assert got.detail == f"asked for {BLOB_DIGEST}, got bytes with {Digest.of(b'{}')}"
    assert got.look.status == "other bytes"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_only_the_registry_says_that_a_blob_is_not_there(status: int) -> None:
    """A storage host that it redirects to is not the place that would know."""
    with FakeServer(lambda _: Reply(status, b"<Error><Code>AccessDenied</Code></Error>")) as storage:
        reply = Reply(307, headers={"Location": f"{storage.url}/blob?signature=hunter2"})
        got = fact(Kind.BLOB, BLOB_DIGEST, blobs=reply)
    assert isinstance(got, Unavailable)
    assert got.code == "registry-error"
    assert f"the storage host {storage.authority} answered {status}: AccessDenied" in got.detail
    assert "(redirected there by " in got.detail
    assert "hunter2" not in f"{got}"


def test_a_storage_url_that_ran_out_is_asked_for_again() -> None:
    """403 from storage: the registry gives a new one."""
    turns = itertools.chain([Reply(403)], itertools.repeat(Reply(200, BLOB)))
    with FakeServer(lambda _: next(turns)) as storage:
        got = fact(Kind.BLOB, BLOB_DIGEST, blobs=Reply(307, headers={"Location": f"{storage.url}/blob"}))
    assert isinstance(got, Found)
    assert len(storage.requests) == 2


def test_a_manifest_by_digest_is_checked() -> None:
    """The header may say what it likes."""
    good = fact(Kind.MANIFEST, str(DIGEST))
    bad = fact(
        Kind.MANIFEST, f"sha256:{'0' * 64}", **{"manifests/sha256": found(Docker_Content_Digest=f"sha256:{'0' * 64}")}
    )
    assert isinstance(good, Found)
    assert isinstance(bad, Unavailable)
    assert bad.code == "digest-mismatch"


def test_a_tag_that_disappears_is_absent_at_the_end() -> None:
    """Gone between two requests: a fact of its own."""
    turns = itertools.chain([found()], itertools.repeat(Reply(404)))
    got = fact(Kind.TAG_NOW, "1.4.2", **{"manifests/1.4.2": lambda _: next(turns)})
    assert isinstance(got, Absent)


def test_not_modified_counts_only_where_it_was_asked_for() -> None:
    """304 to a request without If-None-Match says nothing."""
    got = fact(Kind.MANIFEST, "other", **{"manifests/other": Reply(304)})
    assert isinstance(got, Unavailable)
    assert got.code == "registry-error"


def test_the_question_where_the_tag_points_names_what_was_seen() -> None:
    """And asks caches to stay out of it."""
    with FakeServer(image_script()) as server, open_at(server) as source:
        source.resolve()
        got = asked(source, server, Kind.TAG_NOW, "1.4.2")
    assert isinstance(got, Found)
    assert got.content == INDEX
    assert server.requests[-1].header("if-none-match") == f'"{DIGEST}"'
    assert server.requests[-1].header("cache-control") == "no-cache"


def test_a_web_page_under_a_tag_is_no_manifest() -> None:
    """A sign-on page answers 200 to everything."""
    got = fact(Kind.MANIFEST, "other", **{"manifests/other": HTML})
    assert isinstance(got, Unavailable)
    assert got.code == "not-a-registry"


TAGS = {
    "html": (HTML, "not-a-registry"),
    "no object": (Reply(200, b"[]"), "not-a-registry"),
    "tags is a text": (Reply(200, b'{"tags":"1.4.2"}'), "not-a-registry"),
    "Tags": (Reply(200, b'{"Tags":["1.4.2"]}'), "not-a-registry"),
    "403": (Reply(403), "denied"),
    "405": (Reply(405), "registry-error"),
    "400": (Reply(400, b'{"errors":[{"code":"PAGINATION_NUMBER_INVALID"}]}'), "registry-error"),
}


@pytest.mark.parametrize(("reply", "code"), TAGS.values(), ids=TAGS)
def test_a_list_of_tags_that_cannot_be_read_is_unavailable(reply: Reply, code: str) -> None:
    """Rules about all tags need all tags (S5)."""
    got = fact(Kind.TAGS, "", tags=reply)
    assert isinstance(got, Unavailable)
    assert got.code == code


@pytest.mark.parametrize("body", [b'{"name":"x","tags":["1.4.2"]}', b'{"name":"x","tags":null}', b'{"name":"x"}'])
def test_a_list_of_tags_is_found(body: bytes) -> None:
    """Also an empty one, in each way that registries write it."""
    got = fact(Kind.TAGS, "", tags=Reply(200, body))
    assert isinstance(got, Found)
    assert got.content == body


NOT_HERE = {
    "a TUF file": (Kind.TUF, "root.json"),
    "a file": (Kind.FILE, "/etc/passwd"),
    "a short digest": (Kind.BLOB, "sha256:abc"),
    "md5": (Kind.BLOB, f"md5:{'0' * 32}"),
    "a path as tag": (Kind.MANIFEST, "../../admin"),
    "a tag with a query": (Kind.TAG_NOW, "latest?x=1"),
    "a page elsewhere": (Kind.REFERRERS, "/v2/other/app/referrers/x"),
    "a page of the registry's own": (Kind.TAGS, "/admin"),
    "no digest": (Kind.REFERRERS, "latest"),
}


@pytest.mark.parametrize(("kind", "name"), NOT_HERE.values(), ids=NOT_HERE)
def test_what_cannot_be_asked_is_not_sent(kind: Kind, name: str) -> None:
    """A name from a hostile manifest never becomes a path (CVE-2024-3727)."""
    with FakeServer(image_script()) as server, open_at(server) as source:
        source.resolve()
        got = asked(source, server, kind, name)
    assert isinstance(got, Unavailable)
    assert got.code == "not-answered-here"
    assert len(server.requests) == 1


@pytest.mark.parametrize("place", ["oci:/tmp/layout", "file:", "", "localhost", "LOCALHOST:5000/x", "a.example/../x"])
def test_a_place_that_is_no_repository(place: str) -> None:
    """It is said, not guessed at."""
    with FakeServer(image_script()) as server, open_at(server) as source:
        got = source.answer(Ask(place, Kind.MANIFEST, "latest"))
    assert isinstance(got, Unavailable)
    assert got.code == "not-answered-here"


def test_offline_answers_nothing() -> None:
    """Every fact is then unavailable."""
    with FakeServer(image_script()) as server, open_at(server, offline=True) as source:
        got = asked(source, server, Kind.MANIFEST, "1.4.2")
    assert isinstance(got, Unavailable)
    assert (got.code, server.connections) == ("offline", 0)
