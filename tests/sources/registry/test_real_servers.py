"""Against a real registry: anonymous, htpasswd over TLS with a private authority, and tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.errors import SourceError
from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.reference import Reference
from gate.sources.registry import Registry, Settings
from gate.subject import Subject
from tests.servers.registry import (
    OCI_INDEX,
    Running,
    anonymous_registry,
    htpasswd_registry,
    push_layout,
    put_blob,
    put_manifest,
    token_registry,
)

DEMO = Path(__file__).parents[3] / "examples" / "demo" / "app"
KINDS = {"anonymous": anonymous_registry, "htpasswd": htpasswd_registry, "token": token_registry}

pytestmark = pytest.mark.server("docker-registry", "htpasswd")


@pytest.fixture(scope="module", params=list(KINDS))
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running registry of each kind, with the demo images pushed."""
    with KINDS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        push_layout(running, DEMO, "demo/app")
        yield running


@pytest.fixture(scope="module")
def anonymous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running registry open to everybody."""
    with anonymous_registry(tmp_path_factory.mktemp("open")) as running:
        push_layout(running, DEMO, "demo/app")
        yield running


def opened(registry: Running, image: str = "demo/app:1.4.2", **changes: object) -> Registry:
    """Open the source of an image there."""
    return Registry(Reference.parse(f"{registry.authority}/{image}"), registry.settings(**changes))


def demo_digest(tag: str) -> str:
    """Give the digest that the layout has under a tag."""
    manifests = json.loads((DEMO / "index.json").read_bytes())["manifests"]
    return next(
        str(entry["digest"])
        for entry in manifests
        if entry.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag
    )


def answered(source: Registry, subject: Subject, kind: Kind, name: str) -> Fact:
    """Put one question."""
    return source.answer(Ask(subject.place, kind, name))


def test_a_tag_resolves_to_the_digest_of_its_bytes(registry: Running) -> None:
    """Whatever the way to log in, the subject is the same."""
    with opened(registry) as source:
        subject = source.resolve()
    assert str(subject.digest) == demo_digest("1.4.2")
    assert Digest.of(subject.content) == subject.digest
    assert (subject.media_type, subject.tag, subject.pinned, subject.expected) == (OCI_INDEX, "1.4.2", False, None)
    assert subject.place == subject.repository == f"{registry.authority}/demo/app"
    assert source.live
    assert not source.notes


def test_what_hangs_on_the_image_is_found(registry: Running) -> None:
    """Signature tag, fallback tag, their blobs and the platforms' manifests, each with the digest asked for."""
    with opened(registry) as source:
        subject = source.resolve()
        fallback = answered(source, subject, Kind.MANIFEST, f"sha256-{subject.digest.hex}")
        signature = answered(source, subject, Kind.MANIFEST, f"sha256-{subject.digest.hex}.sig")
        assert isinstance(fallback, Found)
        assert isinstance(signature, Found)
        layer = json.loads(signature.content)["layers"][0]["digest"]
        payload = answered(source, subject, Kind.BLOB, layer)
        child = json.loads(subject.content)["manifests"][0]["digest"]
        manifest = answered(source, subject, Kind.MANIFEST, child)
    assert isinstance(payload, Found)
    assert Digest.parse(layer).matches(payload.content)
    assert isinstance(manifest, Found)
    assert Digest.parse(child).matches(manifest.content)
    assert len(json.loads(fallback.content)["manifests"]) == 3


def test_this_registry_has_no_referrers_api(registry: Running) -> None:
    """Its 404 is "no such API", not "no signatures"."""
    with opened(registry) as source:
        subject = source.resolve()
        fact = answered(source, subject, Kind.REFERRERS, str(subject.digest))
    assert isinstance(fact, Absent)
    assert fact.look.status == "404, no referrers API here"


def test_a_tag_that_is_not_there_is_absent(registry: Running) -> None:
    """The registry is the place that would know, for tags, digests and blobs."""
    with opened(registry) as source:
        subject = source.resolve()
        assert isinstance(answered(source, subject, Kind.MANIFEST, "no-such-tag"), Absent)
        assert isinstance(answered(source, subject, Kind.TAG_NOW, "no-such-tag"), Absent)
        assert isinstance(answered(source, subject, Kind.BLOB, f"sha256:{'0' * 64}"), Absent)
        assert isinstance(answered(source, subject, Kind.MANIFEST, f"sha256:{'0' * 64}"), Absent)


def test_the_tags_are_listed(registry: Running) -> None:
    """All of them on one page."""
    with opened(registry) as source:
        subject = source.resolve()
        fact = answered(source, subject, Kind.TAGS, "")
    assert isinstance(fact, Found)
    assert {"1.4.2", "latest", "bad"} <= set(json.loads(fact.content)["tags"])
    assert fact.following == ""


def test_where_the_tag_points_now_is_asked_again(registry: Running) -> None:
    """The answer "not modified" is the registry's word that the tag is where it was."""
    with opened(registry) as source:
        subject = source.resolve()
        fact = answered(source, subject, Kind.TAG_NOW, "1.4.2")
    assert isinstance(fact, Found)
    assert fact.content == subject.content
    assert fact.look.status == "304, not modified"


def test_a_tag_that_moved_gives_the_other_manifest(registry: Running) -> None:
    """The new bytes are a fact of their own; the subject stays."""
    other = f"sha256:{DEMO.joinpath('blobs', 'sha256', demo_digest('1.3.0')[7:]).name}"
    content = DEMO.joinpath("blobs", "sha256", other[7:]).read_bytes()
    first = DEMO.joinpath("blobs", "sha256", demo_digest("1.4.2")[7:]).read_bytes()
    put_manifest(registry, "demo/app", "moving", first, OCI_INDEX)
    with opened(registry, "demo/app:moving") as source:
        subject = source.resolve()
        put_manifest(registry, "demo/app", "moving", content, OCI_INDEX)
        fact = answered(source, subject, Kind.TAG_NOW, "moving")
    assert isinstance(fact, Found)
    assert fact.content == content != subject.content


def test_a_digest_alone_resolves_to_itself(registry: Running) -> None:
    """Then there is no tag that could move."""
    digest = demo_digest("1.4.2")
    with opened(registry, f"demo/app@{digest}") as source:
        subject = source.resolve()
    assert (str(subject.digest), subject.tag, subject.pinned, str(subject.expected)) == (digest, "", True, digest)


def test_tag_and_digest_together_keep_both_where_they_differ(registry: Running) -> None:
    """The tag is read, not trusted: what it points to and what the reference demands are both in the subject (S7)."""
    wanted = demo_digest("1.3.0")
    with opened(registry, f"demo/app:1.4.2@{wanted}") as source:
        subject = source.resolve()
    assert str(subject.digest) == demo_digest("1.4.2")
    assert str(subject.expected) == wanted
    assert subject.pinned


def test_tag_and_digest_together_agree(registry: Running) -> None:
    """One digest, said twice."""
    wanted = demo_digest("1.4.2")
    with opened(registry, f"demo/app:1.4.2@{wanted}") as source:
        subject = source.resolve()
    assert str(subject.digest) == str(subject.expected) == wanted


def test_a_missing_tag_is_an_error_that_names_similar_ones(registry: Running) -> None:
    """A typo is seen at once."""
    with opened(registry, "demo/app:1.4.22") as source, pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "tag-not-found"
    assert "has no tag '1.4.22': MANIFEST_UNKNOWN: manifest unknown; it has 1.4.2" in str(caught.value)


def test_a_missing_digest_is_an_error_of_its_own(registry: Running) -> None:
    """It is not called a missing tag."""
    with opened(registry, f"demo/app@sha256:{'1' * 64}") as source, pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "digest-not-found"


def test_a_sha512_digest_is_kept_where_the_tag_has_those_bytes(anonymous: Running) -> None:
    """Digests are compared by hashing, each in its algorithm."""
    content = DEMO.joinpath("blobs", "sha256", demo_digest("1.4.2")[7:]).read_bytes()
    wanted = Digest.of(content, "sha512")
    with opened(anonymous, f"demo/app:1.4.2@{wanted}") as source:
        assert source.resolve().digest == wanted


def test_another_repository_of_the_same_registry_can_be_asked(anonymous: Running) -> None:
    """Signatures may live beside the image."""
    digest = put_blob(anonymous, "demo/signatures", b"elsewhere")
    with opened(anonymous) as source:
        source.resolve()
        fact = source.answer(Ask(f"{anonymous.authority}/demo/signatures", Kind.BLOB, digest))
    assert isinstance(fact, Found)
    assert fact.content == b"elsewhere"


def test_without_credentials_htpasswd_is_unauthorized(tmp_path: Path) -> None:
    """The message says where credentials were looked for."""
    with htpasswd_registry(tmp_path) as registry:
        push_layout(registry, DEMO, "demo/app")
        settings = Settings(registry_ca=registry.settings().registry_ca)
        source = Registry(Reference.parse(f"{registry.authority}/demo/app:1.4.2"), settings)
        with source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "unauthorized"
    assert f"no credentials for {registry.authority} were found" in str(caught.value)
    assert "UNAUTHORIZED: authentication required" in str(caught.value)


def test_without_its_authority_the_certificate_is_not_trusted(tmp_path: Path) -> None:
    """A registry on this machine that speaks TLS is never spoken to without it."""
    with htpasswd_registry(tmp_path) as registry:
        source = Registry(Reference.parse(f"{registry.authority}/demo/app:1.4.2"), Settings())
        with source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "tls-untrusted"
    assert "unable to get local issuer certificate" in str(caught.value)


def test_certs_d_gives_the_authority(tmp_path: Path) -> None:
    """As docker and podman find it."""
    with htpasswd_registry(tmp_path / "registry") as registry:
        push_layout(registry, DEMO, "demo/app")
        folder = tmp_path / "certs.d" / registry.authority
        folder.mkdir(parents=True)
        assert registry.ca_file is not None
        (folder / "ca.crt").write_bytes(registry.ca_file.read_bytes())
        settings = registry.settings(registry_ca=b"", certs_folders=(tmp_path / "certs.d",))
        with Registry(Reference.parse(f"{registry.authority}/demo/app:1.4.2"), settings) as source:
            assert str(source.resolve().digest) == demo_digest("1.4.2")


def test_an_address_that_the_certificate_does_not_carry(tmp_path: Path) -> None:
    """A certificate for another name is no certificate."""
    with htpasswd_registry(tmp_path) as registry:
        port = registry.authority.rpartition(":")[2]
        source = Registry(
            Reference.parse(f"127.0.0.2:{port}/demo/app:1.4.2"), registry.settings(lookup=lambda *_: ("127.0.0.1",))
        )
        with source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "tls-name"
    assert "is for another name: IP address mismatch" in str(caught.value)


def test_credentials_do_not_go_to_a_token_server_that_nobody_allowed(tmp_path: Path) -> None:
    """The realm is another origin: only an anonymous token is asked for, and the private repository stays closed."""
    with token_registry(tmp_path) as registry:
        push_layout(registry, DEMO, "demo/app")
        assert registry.tokens is not None
        with opened(registry, trusted_realms=frozenset()) as source, pytest.raises(SourceError) as caught:
            source.resolve()
        requests = registry.tokens.server.requests
    assert caught.value.code == "unauthorized"
    assert [request.header("authorization") for request in requests] == [""]


def test_an_anonymous_token_reads_a_public_repository(tmp_path: Path) -> None:
    """No credentials are needed to be sent anywhere."""
    with token_registry(tmp_path) as registry:
        push_layout(registry, DEMO, "public/app")
        source = Registry(Reference.parse(f"{registry.authority}/public/app:1.4.2"), Settings())
        with source:
            assert str(source.resolve().digest) == demo_digest("1.4.2")


def test_a_wrong_password_is_said_to_be_one(tmp_path: Path) -> None:
    """The message names the file, and not the password."""
    with token_registry(tmp_path) as registry:
        assert registry.config_folder is not None
        config = registry.config_folder / "config.json"
        config.write_text(
            json.dumps({"auths": {registry.authority: {"username": "gate-tester", "password": "hunter2"}}})
        )
        with opened(registry) as source, pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "unauthorized"
    assert f"refused the credentials from {config}: UNAUTHORIZED: incorrect username or password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_one_token_serves_all_questions_of_one_image(tmp_path: Path) -> None:
    """Tokens are kept for the run."""
    with token_registry(tmp_path) as registry:
        push_layout(registry, DEMO, "demo/app")
        assert registry.tokens is not None
        with opened(registry) as source:
            subject = source.resolve()
            for kind, name in ((Kind.TAGS, ""), (Kind.TAG_NOW, "1.4.2"), (Kind.REFERRERS, str(subject.digest))):
                assert not isinstance(answered(source, subject, kind, name), Unavailable)
        assert len(registry.tokens.server.requests) == 1
