"""References are read as Docker reads them (distribution/reference's own vectors), and normalised further (S26)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InvalidReference
from gate.oci.digest import ALGORITHMS, Digest
from gate.oci.reference import Reference, Repository, is_tag

F = "f" * 64
HEX63 = "1a3f" * 15 + "1a3"
HEX64 = HEX63 + "f"

#: typed, registry, path, tag, digest: distribution/reference `reference_test.go`, `normalize_test.go`.
GOOD = [
    ("test_com", "docker.io", "library/test_com", "latest", ""),
    ("test.com:tag", "docker.io", "library/test.com", "tag", ""),
    ("test.com:5000", "docker.io", "library/test.com", "5000", ""),
    ("test.com/repo:tag", "test.com", "repo", "tag", ""),
    ("test:5000/repo", "test:5000", "repo", "latest", ""),
    (f"test:5000/repo@sha256:{F}", "test:5000", "repo", "", f"sha256:{F}"),
    (f"test:5000/repo:tag@sha256:{F}", "test:5000", "repo", "tag", f"sha256:{F}"),
    (f"validname@sha512:{F}{F}", "docker.io", "library/validname", "", f"sha512:{F}{F}"),
    ("Uppercase/lowercase:tag", "uppercase:443", "lowercase", "tag", ""),
    ("lowercase:Uppercase", "docker.io", "library/lowercase", "Uppercase", ""),
    (f"example.com/{'a' * 255}:tag", "example.com", "a" * 255, "tag", ""),
    (f"{'a/' * 127}a:tag-puts-this-over-max", "docker.io", f"{'a/' * 127}a", "tag-puts-this-over-max", ""),
    ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag", ""),
    (
        "b.gcr.io/test.example.com/my-app:test.example.com",
        "b.gcr.io",
        "test.example.com/my-app",
        "test.example.com",
        "",
    ),
    ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", ""),
    (f"xn--7o8h.com/myimage:xn--7o8h.com@sha512:{F}{F}", "xn--7o8h.com", "myimage", "xn--7o8h.com", f"sha512:{F}{F}"),
    ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", ""),
    ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", ""),
    ("192.168.1.1", "docker.io", "library/192.168.1.1", "latest", ""),
    ("192.168.1.1:5000", "docker.io", "library/192.168.1.1", "5000", ""),
    ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", "5050", ""),
    (f"[2001:db8::1]:5000/repo:tag@sha256:{F}", "[2001:db8::1]:5000", "repo", "tag", f"sha256:{F}"),
    ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest", ""),
    ("[::1]:5000/repo", "[::1]:5000", "repo", "latest", ""),
    ("[::1]/a:t", "[::1]", "a", "t", ""),
    ("busybox", "docker.io", "library/busybox", "latest", ""),
    ("library/busybox", "docker.io", "library/busybox", "latest", ""),
    ("docker.io/busybox", "docker.io", "library/busybox", "latest", ""),
    ("index.docker.io/busybox", "docker.io", "library/busybox", "latest", ""),
    ("docker.io/library/busybox:latest", "docker.io", "library/busybox", "latest", ""),
    (f"busybox:latest@sha256:{F}", "docker.io", "library/busybox", "latest", f"sha256:{F}"),
    ("gcr.io/library/busybox", "gcr.io", "library/busybox", "latest", ""),
    ("dmcgowan/myapp", "docker.io", "dmcgowan/myapp", "latest", ""),
    ("dmcgowan/myapp:tag", "docker.io", "dmcgowan/myapp", "tag", ""),
    ("localhost/fooo/bar", "localhost", "fooo/bar", "latest", ""),
    ("LOCALDOMAIN/fooo", "localdomain:443", "fooo", "latest", ""),
    ("Foo/bar", "foo:443", "bar", "latest", ""),
    ("test_com/foo", "docker.io", "test_com/foo", "latest", ""),
    ("test-com:8080/foo", "test-com:8080", "foo", "latest", ""),
    ("docker.io/library/foo/bar", "docker.io", "library/foo/bar", "latest", ""),
    ("store/foo/bar", "docker.io", "store/foo/bar", "latest", ""),
    ("127.0.0.1:8000/privatebase", "127.0.0.1:8000", "privatebase", "latest", ""),
    ("192.168.0.1", "docker.io", "library/192.168.0.1", "latest", ""),
    ("192.168.0.1:80", "docker.io", "library/192.168.0.1", "80", ""),
    ("192.168.0.1/foo:tag", "192.168.0.1", "foo", "tag", ""),
    (f"docker.io/{HEX64}", "docker.io", f"library/{HEX64}", "latest", ""),
    (HEX63, "docker.io", f"library/{HEX63}", "latest", ""),
    ("docker---rules/docker", "docker.io", "docker---rules/docker", "latest", ""),
    ("dock__er/docker", "docker.io", "dock__er/docker", "latest", ""),
    ("d/docker", "docker.io", "d/docker", "latest", ""),
    ("do__cker/docker", "docker.io", "do__cker/docker", "latest", ""),
    ("0101.com/a", "0101.com", "a", "latest", ""),
    (
        "registry.io/foo/project--id.module--name.ver---sion--name",
        "registry.io",
        "foo/project--id.module--name.ver---sion--name",
        "latest",
        "",
    ),
    (f"localhost@sha256:{F}", "docker.io", "library/localhost", "", f"sha256:{F}"),
    ("localhost", "docker.io", "library/localhost", "latest", ""),
    ("localhost:5000", "docker.io", "library/localhost", "5000", ""),
    # Further than Docker: one repository, one name.
    ("Docker.io/alpine", "docker.io", "library/alpine", "latest", ""),
    ("INDEX.DOCKER.IO/library/alpine", "docker.io", "library/alpine", "latest", ""),
    ("registry-1.docker.io/library/alpine", "docker.io", "library/alpine", "latest", ""),
    ("registry.hub.docker.com/acme/app", "docker.io", "acme/app", "latest", ""),
    ("GHCR.io/acme/app:1", "ghcr.io", "acme/app", "1", ""),
    ("ghcr.io:443/acme/app", "ghcr.io", "acme/app", "latest", ""),
    ("docker.io:443/alpine", "docker.io", "library/alpine", "latest", ""),
    ("localhost:443/app", "localhost", "app", "latest", ""),
    ("host:443/app", "host:443", "app", "latest", ""),
    ("[2001:DB8:0:0::1]:443/app", "[2001:db8::1]", "app", "latest", ""),
    (f"alpine:{'t' * 128}", "docker.io", "library/alpine", "t" * 128, ""),
    ("alpine:_x", "docker.io", "library/alpine", "_x", ""),
]

#: typed, part of the message
BAD = [
    ("", "is empty"),
    (":justtag", "names no repository before the tag"),
    (f"@sha256:{F}", "names no repository before the digest"),
    (f"repo@sha256:{'f' * 34}", "64 hex digits, not 34"),
    (f"validname@invaliddigest:{F}{F}", "'invaliddigest' is not supported (one of: sha256, sha384, sha512)"),
    ("Uppercase:tag", "must be lower case; did you mean 'uppercase'?"),
    ("test:5000/Uppercase/lowercase:tag", "must be lower case; did you mean 'uppercase/lowercase'?"),
    ("docker/Docker", "must be lower case; did you mean 'docker/docker'?"),
    ("docker.io/docker/Docker", "must be lower case"),
    (f"domain/{'a' * 256}:tag", "at most 255 characters"),
    (f"example.com/{'a' * 256}", "at most 255 characters"),
    ("a" * 250, "at most 255 characters"),  # with library/ before it
    ("a" * 2000, "at most 1000 characters"),
    ("aa/asdf$$^/aa", "is not a repository name"),
    ("[2001:db8::1]", "names a registry but no repository"),
    ("[2001:db8::1]:5000", "names a registry but no repository"),
    ("[2001:db8::1]:tag", "names a registry but no repository"),
    ("[fc00::1]", "names a registry but no repository"),
    ("[fd00123123123]:75050", "names a registry but no repository"),
    ("[fd00123123123]:75050/x", "is no IPv6 address"),
    ("[fe80::1%eth0]:5000/repo", "is no IPv6 address"),
    ("[fe80::1%@invalidzone]:5000/repo", "names a registry but no repository"),
    ("[::ffff:7f00:1]/x", "IPv4 address in IPv6 clothes: write 127.0.0.1"),
    ("[fd00:1:2::3]75050/x", "something other than ':' and a port"),
    ("[fd00:1:2::3]::75050/x", "more than one ':'"),
    ("[::1]:/x", "something other than ':' and a port"),
    ("[]/x", "is no IPv6 address"),
    ("fc00::1:5000/debian", "more than one ':'; an IPv6 address stands in brackets"),
    ("[2001:db8:3:4::192.0.2.33]:5000/debian", "is no IPv6 address"),
    ("https://github.com/docker/docker", "remove 'https://' and write 'github.com/docker/docker'"),
    ("docker://alpine", "remove 'docker://' and write 'alpine'"),
    ("-docker", "is not a repository name"),
    ("-docker/docker", "is not a repository name"),
    ("docker-/docker", "is not a repository name"),
    ("docker///docker", "empty part between two slashes"),
    ("a//a/a", "empty part between two slashes"),
    ("docker/", "ends in '/'"),
    ("foo.com/", "ends in '/'"),
    ("a/a/a/", "ends in '/'"),
    ("____/____", "is not a repository name"),
    ("_docker/_docker", "is not a repository name"),
    ("dock..er/docker", "is not a registry host"),
    ("dock_.er/docker", "is not a registry host"),
    ("dock-.er/docker", "is not a registry host"),
    ("test.com:http/bar", "'http' is not a port"),
    ("-ab.com/x", "is not a registry host"),
    ("ab-.com/x", "is not a registry host"),
    ("ab.-com/x", "is not a registry host"),
    ("ab.com-/x", "is not a registry host"),
    ("ghcr.io./x", "is not a registry host"),
    (".ghcr.io/x", "is not a registry host"),
    (f"{'a' * 64}.com/x", "is not a registry host"),
    ("foo_bar.com:8080/app", "is not a registry host"),
    ("do__cker:8080/docker", "is not a registry host"),
    ("example.com/.dots/x", "is not a repository name"),
    ("example.com/__underscore/x", "is not a repository name"),
    ("example.com/x/../y", "is not a repository name"),
    ("example.com/x%2fy", "is not a repository name"),
    ("example.com/x?y=z", "is not a repository name"),
    ("example.com/x#y", "is not a repository name"),
    ("registry.com:8080/myapp@sha256:badbadbadbad", "is shortened"),
    ("registry.com:8080/myapp:invalid~tag", "is not a tag"),
    ("bad_hostname.com:8080/myapp:tag", "is not a registry host"),
    ("localhost:8080/name@bad", "not a digest"),
    (f"localhost:http/name@sha256:{F}", "'http' is not a port"),
    (f"bad_hostname.com:8080/myapp@sha256:{F}", "is not a registry host"),
    (HEX64, "looks like an image id"),
    # Own vectors.
    ("alpine:", "ends in ':' but names no tag"),
    ("ghcr.io/acme/app:", "ends in ':' but names no tag"),
    ("alpine:latest\n", "has the character '\\n'"),
    ("alpine :latest", "has the character ' '"),
    (" alpine", "has the character ' '"),
    ("alpine:latest\u202e", "has the character '\\u202e'"),
    ("alpine:la\x00test", "has the character '\\x00'"),
    ("\uff21\uff22\uff23", "has the character '\uff21'"),
    ("alpine:\u0661", "has the character"),
    (f"alpine@SHA256:{F}", f"did you mean 'sha256:{F}'?"),
    (f"alpine@sha256:{F.upper()}", f"did you mean 'sha256:{F}'?"),
    (f"alpine@sha256:{'g' * 64}", "lower-case hex digits only"),
    ("alpine@sha256", "is incomplete: sha256: and 64 hex digits"),
    ("alpine@sha256:", "is incomplete: sha256: and 64 hex digits"),
    ("alpine@", "is not a digest"),
    (f"alpine@md5:{'f' * 32}", "'md5' is not supported"),
    (f"alpine@sha1:{'f' * 40}", "'sha1' is not supported"),
    (f"alpine@sha256:{F}@sha256:{F}", "one '@' and one digest"),
    (f"alpine@sha256:{F}:tag", "64 hex digits, not 68"),
    ("alpine@abcdef123456", "is not a digest"),
    (f"alpine:{'t' * 129}", "at most 128 characters"),
    ("alpine:.x", "is not a tag"),
    ("alpine:-x", "is not a tag"),
    ("alpine:1.0+build", "is not a tag"),
    ("registry-1.docker.io/alpine", "write 'docker.io/library/alpine'"),
    ("registry.hub.docker.com/alpine", "write 'docker.io/library/alpine'"),
    ("host:0/x", "'0' is not a port"),
    ("host:65536/x", "'65536' is not a port"),
    ("host:750050/x", "is not a port"),
    ("host:00443/x", "starts with 0: write 443"),
    ("host:/x", "is not a port"),
    ("host:44\uff133/x", "has the character"),
    ("127.1:5000/x", "ends in a number but is no IPv4 address"),
    ("2130706433:5000/x", "ends in a number but is no IPv4 address"),
    ("0177.0.0.1/x", "ends in a number but is no IPv4 address"),
    ("0x7f.0x1:80/x", "ends in a number but is no IPv4 address"),
    ("256.0.0.1/x", "ends in a number but is no IPv4 address"),
    ("user@ghcr.io/x", "is not a digest"),
]


@pytest.mark.parametrize(("typed", "registry", "path", "tag", "digest"), GOOD)
def test_a_reference_is_read_as_docker_reads_it(typed: str, registry: str, path: str, tag: str, digest: str) -> None:
    """Each vector gives its registry, path, tag and digest, and its normal form reads back as the same."""
    reference = Reference.parse(typed)
    assert (reference.repository.registry, reference.repository.path) == (registry, path)
    assert (reference.tag, str(reference.digest or "")) == (tag, digest)
    assert reference.typed == typed
    again = Reference.parse(str(reference))
    assert again == reference
    assert str(again) == str(reference)


PATHS = {
    "./app:1": "oci:./app:1", "../app:1": "oci:../app:1", "/path/app:1": "oci:/path/app:1", "~/app": "oci:~/app",
    "./app.tar": "oci:./app.tar", "../a/b": "oci:../a/b", "//x/y": "oci://x/y", "./": "oci:./", "/": "oci:/",
    "/a@sha256:x": "oci:/a@sha256:x",
}  # fmt: skip


@pytest.mark.parametrize("read", [Reference.parse, Repository.parse])
@pytest.mark.parametrize(("typed", "layout"), PATHS.items(), ids=PATHS)
def test_a_path_is_no_reference_and_the_message_says_how_files_are_named(
    typed: str, layout: str, read: Callable[[str], object]
) -> None:
    """No registry has a name like this; who types it means a file."""
    with pytest.raises(InvalidReference) as caught:
        read(typed)
    assert str(caught.value) == (
        f"{typed!r} is a path, not a reference: for a layout write {layout!r}, for an archive 'docker-archive:FILE'"
    )


SOURCES = ["oci:PATH", "oci:./app:1", "oci:/a/b", "docker-archive:x.tar", "docker-archive:a/b.tar:x:1"]


@pytest.mark.parametrize("typed", SOURCES)
def test_a_layout_or_archive_is_no_repository(typed: str) -> None:
    """It has no list of tags to ask for, and `oci` is no registry."""
    with pytest.raises(InvalidReference) as caught:
        Repository.parse(typed)
    kind = "an image layout" if typed.startswith("oci:") else "an archive"
    assert str(caught.value) == (
        f"{typed!r} is {kind}, and here a repository of a registry belongs, as registry.example.com/team/app"
    )


@pytest.mark.parametrize(("typed", "message"), BAD)
def test_what_is_no_reference_is_refused_with_what_is_wrong(typed: str, message: str) -> None:
    """Each vector is refused, and the message names what is wrong or would be right."""
    with pytest.raises(InvalidReference, match=re.escape(message)):
        Reference.parse(typed)


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("alpine", "registry-1.docker.io"),
        ("ghcr.io/acme/app", "ghcr.io"),
        ("localhost:5000/app", "localhost:5000"),
        ("[::1]:5000/app", "[::1]:5000"),
        ("Foo/bar", "foo:443"),
    ],
)
def test_the_host_to_connect_to(typed: str, host: str) -> None:
    """Docker Hub's API lives at another host than its name says; everything else is where it says."""
    assert Reference.parse(typed).repository.host == host


@pytest.mark.parametrize(
    ("registry", "path", "message"),
    [
        ("GHCR.io", "a", "not a registry in its normal form"),
        ("ghcr.io:443", "a", "not a registry in its normal form"),
        ("ghcr", "a", "not a registry in its normal form"),
        ("ghcr.io/x", "a", "not a registry host"),
        ("", "a", "not a registry host"),
        ("ghcr.io", "", "ends in '/'"),
        ("ghcr.io", "../x", "is not a repository name"),
        ("docker.io", "alpine", "written 'library/alpine'"),
    ],
)
def test_a_repository_that_is_not_normal_cannot_exist(registry: str, path: str, message: str) -> None:
    """The constructor checks, so that nobody behind it has to."""
    with pytest.raises(InvalidReference, match=re.escape(message)):
        Repository(registry, path)


def test_a_repository_is_read_without_tag_and_digest() -> None:
    """A name alone is a repository; anything behind it is a mistake."""
    assert str(Repository.parse("alpine")) == "docker.io/library/alpine"
    with pytest.raises(InvalidReference, match="names a tag or a digest"):
        Repository.parse("alpine:3")
    with pytest.raises(InvalidReference, match="names a tag or a digest"):
        Repository.parse(f"alpine@sha256:{F}")


def test_a_reference_that_names_nothing_cannot_exist() -> None:
    """Neither a bad tag nor no tag and no digest."""
    repository = Repository("ghcr.io", "acme/app")
    with pytest.raises(InvalidReference, match="neither a tag nor a digest"):
        Reference("x", repository, "")
    with pytest.raises(InvalidReference, match="is not a tag"):
        Reference("x", repository, "a/b")


@pytest.mark.parametrize(
    ("text", "expected"), [("1.0", True), ("", False), ("a\n", False), ("é", False), ("a" * 129, False)]
)
def test_the_grammar_of_tags(text: str, expected: bool) -> None:  # noqa: FBT001 -- a table
    """ASCII, at most 128, nothing behind."""
    assert is_tag(text) is expected


WORD = st.text("abz019", min_size=1, max_size=5)
COMPONENT = st.builds("".join, st.tuples(WORD, st.sampled_from([".", "_", "__", "-", "---"]), WORD)) | WORD
HOST = st.sampled_from(["localhost/", "docker.io/", "GHCR.IO:443/", "host:5000/", "[::1]:80/", "Word/", "10.0.0.1/"])
TAG = st.text("aZ0_.-", max_size=10).map("t".__add__)


@given(
    HOST, st.lists(COMPONENT, min_size=1, max_size=4), st.none() | TAG, st.none() | st.sampled_from(sorted(ALGORITHMS))
)
def test_the_normal_form_reads_back_as_itself(
    host: str, path: list[str], tag: str | None, algorithm: str | None
) -> None:
    """Reading what was written is the identity on references, and normalising again changes nothing."""
    digest = f"@{Digest.of(b'x', algorithm)}" if algorithm else ""
    reference = Reference.parse(f"{host}{'/'.join(path)}{f':{tag}' if tag else ''}{digest}")
    assert Reference.parse(str(reference)) == reference
    assert str(Reference.parse(str(reference))) == str(reference)


def read(text: str) -> Reference | None:
    """Give the reference, None where it is refused."""
    try:
        return Reference.parse(text)
    except InvalidReference:
        return None


@given(st.text("aA0._-:/@[]% \n\u0661f", max_size=30) | st.text(max_size=30))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    """Everything is a reference or an InvalidReference, and what is one has a stable normal form."""
    reference = read(text)
    assert reference is None or Reference.parse(str(reference)) == reference
