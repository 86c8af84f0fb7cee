"""Archives of docker save are read without unpacking, and what a tar file can be made to do is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect import collect
from gate.errors import InvalidReference, MalformedData, SourceError
from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from gate.platforms import PlatformsNeed, find_images
from gate.sources import _tar
from gate.sources.docker_archive import DockerArchive, open_source
from tests.oci.make import config, descriptor, index, manifest, packed

Members = dict[str, bytes]


def zipped(content: bytes) -> bytes:
    """Compress without a time: names of test cases must not change from run to run."""
    return gzip.compress(content, mtime=0)


REF = "org.opencontainers.image.ref.name"
CONTAINERD = "io.containerd.image.name"
DEMO = Path(__file__).parent.parent.parent / "examples" / "demo" / "app"


def tar(members: Mapping[str, bytes] | list[tuple[tarfile.TarInfo, bytes]], format_: int = tarfile.PAX_FORMAT) -> bytes:
    """Give a tar archive of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as archive:
        for item in members.items() if isinstance(members, Mapping) else members:
            name, content = item
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def listed(
    config_name: str, tags: object = ("acme/app:1.4.2",), layers: object = ("layer.tar",), **more: object
) -> dict[str, Any]:
    """Give an entry of manifest.json."""
    return {"Config": config_name, "RepoTags": tags, "Layers": layers, **more}


def old(**change: Any) -> Members:
    """Give the members of an archive as Docker before 25 writes it."""
    of_config = packed(change.pop("config", config()))
    name = f"{Digest.of(of_config).hex}.json"
    members = {name: of_config, "layer.tar": b"layer", "manifest.json": packed([listed(name, **change)])}
    return {**members, "repositories": b"{}"}


def hybrid(of_config: bytes | None = None, entry: Mapping[str, str] | None = None, **change: Any) -> Members:
    """Give the members of an archive as Docker 25 and later writes it."""
    of_config = of_config or packed(config())
    image = packed(manifest(of_config))
    names = {REF: "1.4.2", CONTAINERD: "docker.io/acme/app:1.4.2"} if entry is None else entry
    blobs = {f"blobs/sha256/{Digest.of(content).hex}": content for content in (of_config, image, b"layer")}
    layers = [f"blobs/sha256/{Digest.of(b'layer').hex}"]
    members = {
        **blobs,
        "index.json": packed(index(descriptor(image, OCI_MANIFEST, annotations=dict(names)))),
        "manifest.json": packed([listed(f"blobs/sha256/{Digest.of(of_config).hex}", layers=layers, **change)]),
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
    }
    return dict(sorted(members.items()))


class Opener:
    """Writes an archive and opens it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "app.tar"

    def __call__(self, content: Mapping[str, bytes] | bytes, behind: str = "") -> DockerArchive:
        """Give the source, not resolved yet."""
        self.path.write_bytes(content if isinstance(content, bytes) else tar(content))
        return open_source(f"{self.path}{behind}")


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Give what writes and opens archives."""
    return Opener(tmp_path)


def refused(source: DockerArchive) -> SourceError:
    """Give the error of an archive that is refused."""
    with source, pytest.raises(SourceError) as caught:
        source.resolve()
    return caught.value


def answered(fact: Fact) -> tuple[str, str]:
    """Give the kind of an answer and its code or status."""
    return type(fact).__name__, fact.code if isinstance(fact, Unavailable) else fact.look.status


# Archives without a manifest.


@pytest.mark.parametrize("pack", [bytes, zipped])
def test_an_old_archive_gives_its_image_under_a_digest_of_its_own(
    opened: Opener, pack: Callable[[bytes], bytes]
) -> None:
    """Plain and gzipped alike; the platform and labels are there, the headline says what the digest is worth."""
    with opened(pack(tar(old()))) as source:
        subject = source.resolve()
        found = find_images(subject, collect(source, [PlatformsNeed(configs=True)], subject), configs=True)
    assert (subject.tag, subject.repository, subject.media_type) == ("1.4.2", "", DOCKER_MANIFEST)
    assert subject.place == f"docker-archive:{opened.path}"
    assert subject.digest == Digest.of(subject.content)
    assert source.live is False
    assert [str(image.platform) for image in found.images] == ["linux/amd64"]
    assert found.images[0].config is not None
    assert found.images[0].config.labels["version"] == "1.4.2"
    assert [note.headline for note in found.notes] == [True]
    assert "the archive's own" in found.notes[0].what


def test_the_same_image_gets_the_same_digest(opened: Opener) -> None:
    """Whatever it is named, however the archive is packed and ordered."""
    members = old(tags=None)
    digests = set()
    for content in (tar(old()), zipped(tar(members)), tar(dict(reversed(old().items())), tarfile.GNU_FORMAT)):
        with opened(content) as source:
            digests.add(source.resolve().digest)
    assert len(digests) == 1


def test_the_manifest_that_is_made_leads_to_the_image_id(opened: Opener) -> None:
    """Its config digest is the image id that scanners report, its layers are the config's diff ids."""
    with opened(old()) as source:
        made = parse_manifest(source.resolve().content)
    assert isinstance(made, Manifest)
    assert made.config.digest == Digest.of(packed(config()))
    assert [layer.digest for layer in made.layers] == [Digest.of(b"layer")]


def test_an_archive_without_names_has_no_tag(opened: Opener) -> None:
    """Rules about tags are undecided then."""
    empty: tuple[object, ...] = (None, [])
    for nothing in empty:
        with opened(old(tags=nothing)) as source:
            assert source.resolve().tag == ""
    with opened(old(tags=["acme/app:1.4.2", "acme/app:latest"])) as source:
        assert source.resolve().tag == ""


@pytest.mark.parametrize("name", ["1.4.2", "acme/app:1.4.2", "docker.io/acme/app:1.4.2"])
@pytest.mark.parametrize("members", [old, hybrid])
def test_an_image_is_found_by_its_name(opened: Opener, name: str, members: Callable[[], Members]) -> None:
    """By tag, as written, or normalised."""
    with opened(members(), f":{name}") as source:
        assert source.resolve().tag == "1.4.2"


def test_a_name_that_is_not_there(opened: Opener) -> None:
    """Says what is."""
    error = refused(opened(old(), ":1.4.3"))
    assert (error.code, error.hint) == ("tag-not-found", "It has: acme/app:1.4.2.")
    error = refused(opened(hybrid(), ":1.4.3"))
    assert (error.code, error.hint) == ("tag-not-found", "Did you mean 1.4.2?")
    assert refused(opened({**old(), "manifest.json": b"[]"})).code == "tag-not-found"


def test_several_images_are_ambiguous_without_a_name(opened: Opener) -> None:
    """With one, the right one is taken."""
    first, second = old(), old(config=config(architecture="arm64"), tags=["acme/app:2.0"])
    entries = json.loads(first["manifest.json"]) + json.loads(second["manifest.json"])
    members = {**first, **second, "manifest.json": packed(entries)}
    error = refused(opened(members))
    assert error.code == "ambiguous-reference"
    assert "acme/app:1.4.2, acme/app:2.0" in str(error)
    with opened(members, ":2.0") as source:
        assert source.resolve().tag == "2.0"
    entries[1]["RepoTags"] = ["acme/app:1.4.2"]
    assert refused(opened({**members, "manifest.json": packed(entries)}, ":1.4.2")).code == "ambiguous-reference"


def test_signatures_are_not_answered_for(opened: Opener) -> None:
    """An archive is not the place that would know: unavailable, never absent."""
    for members in (old(), hybrid()):
        with opened(members) as source:
            subject = source.resolve()
            for kind, name in (
                (Kind.REFERRERS, str(subject.digest)),
                (Kind.MANIFEST, f"sha256-{subject.digest.hex}.sig"),
            ):
                fact = source.answer(Ask(subject.place, kind, name))
                assert answered(fact) == ("Unavailable", "not-answered-here")
                assert isinstance(fact, Unavailable)
                assert "docker save keeps no signatures" in fact.detail


def test_the_other_questions(opened: Opener) -> None:
    """Its own manifest and config are found, others are absent, other kinds and places not answered."""
    with opened(old()) as source:
        assert answered(source.answer(Ask(f"docker-archive:{opened.path}", Kind.BLOB, "x")))[0] == "Unavailable"
        subject = source.resolve()
        found = source.answer(Ask(subject.place, Kind.MANIFEST, str(subject.digest)))
        assert isinstance(found, Found)
        assert found.content == subject.content
        assert isinstance(source.answer(Ask(subject.place, Kind.BLOB, f"sha256:{'0' * 64}")), Absent)
        assert isinstance(source.answer(Ask(subject.place, Kind.BLOB, "sha256:x")), Absent)
        tags = source.answer(Ask(subject.place, Kind.TAGS, ""))
        assert isinstance(tags, Found)
        assert json.loads(tags.content)["tags"] == ["1.4.2"]
        for ask in (Ask("ghcr.io/x/y", Kind.BLOB, "x"), Ask(subject.place, Kind.TUF, "root.json")):
            assert answered(source.answer(ask)) == ("Unavailable", "not-answered-here")
        source.warm()


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (b"layer", ("Found", "found")),
        (b"other", ("Unavailable", "digest-mismatch")),
        (zipped(b"layer"), ("Unavailable", "not-answered-here")),
        (bytes(17 * 1024 * 1024), ("Unavailable", "too-large")),
    ],
)
def test_layers_are_answered_by_their_diff_id(opened: Opener, layer: bytes, expected: tuple[str, str]) -> None:
    """What lies under the name is hashed; a compressed layer cannot say, another one is told."""
    with opened({**old(), "layer.tar": layer}) as source:
        fact = source.answer(Ask(source.resolve().place, Kind.BLOB, str(Digest.of(b"layer"))))
    assert answered(fact) == expected


@pytest.mark.parametrize("members", [old, hybrid])
def test_the_tag_is_looked_at_again_at_the_end(opened: Opener, members: Callable[[], Members]) -> None:
    """Unchanged is the same image; a file that changed meanwhile cannot say."""
    with opened(members()) as source:
        subject = source.resolve()
        ask = Ask(subject.place, Kind.TAG_NOW, "1.4.2")
        now = source.answer(ask)
        assert isinstance(now, Found)
        assert now.content == subject.content
        os.utime(opened.path, ns=(1, 1))
        assert answered(source.answer(ask)) == ("Unavailable", "layout-unreadable")
        opened.path.rename(opened.path.with_name("away"))
        assert answered(source.answer(ask)) == ("Unavailable", "layout-unreadable")


def test_a_digest_is_expected(opened: Opener) -> None:
    """It is judged against the image's, in whatever algorithm."""
    expected = f"sha512:{'0' * 128}"
    with opened(old(), f"@{expected}") as source:
        subject = source.resolve()
    assert (str(subject.expected), subject.pinned, subject.digest.algorithm) == (expected, True, "sha512")


# Archives with a layout inside.


def test_a_hybrid_archive_has_the_image_under_its_real_digest(opened: Opener) -> None:
    """The digest that a registry would give it; no headline then."""
    members = hybrid()
    for pack in (bytes, zipped):
        with opened(pack(tar(members))) as source:
            subject = source.resolve()
            found = find_images(subject, collect(source, [PlatformsNeed(configs=True)], subject), configs=True)
        assert subject.digest == Digest.of(packed(manifest(packed(config()))))
        assert (subject.tag, subject.media_type) == ("1.4.2", OCI_MANIFEST)
        assert [str(image.platform) for image in found.images] == ["linux/amd64"]
        assert (found.notes, found.undecided) == ((), ())


@pytest.mark.parametrize("behind", ["", ":1.4.2"])
def test_two_lists_that_lead_to_different_images_are_refused(opened: Opener, behind: str) -> None:
    """One program would load the good one, another the evil one."""
    members = hybrid()
    evil = packed(config(config={"User": "root"}))
    name = f"blobs/sha256/{Digest.of(evil).hex}"
    members |= {name: evil, "manifest.json": packed([listed(name)])}
    error = refused(opened(members, behind))
    assert error.code == "archive-contradiction"
    assert str(Digest.of(evil)) in str(error)
    assert str(Digest.of(packed(config()))) in str(error)


def test_an_index_in_a_hybrid_archive_agrees_by_any_of_its_platforms(opened: Opener) -> None:
    """Docker saves the index it pulled, with the platforms it has."""
    members = hybrid()
    image = packed(manifest(packed(config())))
    child = descriptor(image, OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"})
    gone = descriptor(b"gone", OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"})
    top = packed(index(child, gone))
    members[f"blobs/sha256/{Digest.of(top).hex}"] = top
    members["index.json"] = packed(index(descriptor(top, OCI_INDEX, annotations={REF: "1.4.2"})))
    with opened(members) as source:
        subject = source.resolve()
        found = find_images(subject, collect(source, [PlatformsNeed(configs=True)], subject), configs=True)
    assert subject.digest == Digest.of(top)
    assert [undecided.reason.code for undecided in found.undecided] == ["platform-unread"]


def test_an_oci_archive_without_manifest_json_is_a_layout(opened: Opener) -> None:
    """As skopeo writes oci-archive."""
    members = hybrid()
    del members["manifest.json"]
    with opened(members, ":1.4.2") as source:
        assert source.resolve().tag == "1.4.2"


def test_a_layout_whose_list_is_null_is_refused(opened: Opener) -> None:
    """What docker save 25.0 wrote for digests (moby/moby#47210)."""
    members = hybrid() | {"index.json": packed({"schemaVersion": 2, "manifests": None})}
    assert refused(opened(members)).code == "tag-not-found"


# Documents that are not what they claim to be.


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed-json"),
        (b"{}", "malformed-json"),
        (b"[1]", "malformed-json"),
        (b"[" * 50_000, "malformed-json"),
        (packed([{}] * 1001), "malformed-json"),
        (packed([{"Config": 5}]), "malformed-json"),
        (packed([{"RepoTags": []}]), "malformed-json"),
        (packed([listed("c", tags="x")]), "malformed-json"),
        (packed([listed("c", tags=[5])]), "malformed-json"),
        (packed([listed("c", layers=[None])]), "malformed-json"),
        (packed([listed("c", config="d")]), "ambiguous-json"),
        (packed([{**listed("c"), "repotags": []}]), "ambiguous-json"),
        (b'[{"Config": "c", "Config": "d"}]', "ambiguous-json"),
    ],
)
def test_a_broken_manifest_json_is_refused(opened: Opener, content: bytes, code: str) -> None:
    """Types, look-alikes, bombs."""
    with opened({**old(), "manifest.json": content}) as source, pytest.raises(MalformedData) as caught:
        source.resolve()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("of_config", "layers", "code"),
    [
        ({"os": "linux"}, ("layer.tar",), "not-an-image"),
        (config(), (), "malformed-json"),
        (config(), ("layer.tar", "layer.tar"), "malformed-json"),
        (config(rootfs={"diff_ids": ["sha256:x"]}), ("layer.tar",), "malformed-json"),
        (config(rootfs={"diff_ids": [f"md5:{'0' * 32}"]}), ("layer.tar",), "malformed-json"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(opened: Opener, of_config: Any, layers: Any, code: str) -> None:
    """Layers and diff ids belong together, one to one."""
    with opened(old(config=of_config, layers=list(layers))) as source, pytest.raises(MalformedData) as caught:
        source.resolve()
    assert caught.value.code == code


def test_files_that_are_missing_are_named(opened: Opener) -> None:
    """The list, the config, a layer."""
    for name in ("manifest.json", f"{Digest.of(packed(config())).hex}.json", "layer.tar"):
        members = old()
        del members[name]
        error = refused(opened(members))
        assert error.code == "not-a-layout"
        assert f"has no file {name}" in str(error)


def test_a_config_under_the_wrong_digest_is_refused(opened: Opener) -> None:
    """Its name is its digest, in every tool's spelling."""
    for name in (f"{'0' * 64}.json", f"sha256:{'0' * 64}"):
        error = refused(opened({name: packed(config()), "layer.tar": b"x", "manifest.json": packed([listed(name)])}))
        assert (error.code, "other content than its name says" in str(error)) == ("digest-mismatch", True)
    members = hybrid()
    name = f"blobs/sha256/{Digest.of(packed(config())).hex}"
    with opened(members | {name: packed(config(author="evil"))}) as source, pytest.raises(SourceError) as caught:
        source.resolve()
    assert caught.value.code == "digest-mismatch"


# What a tar file can be made to do.


def info(name: str, kind: bytes = tarfile.REGTYPE, **more: Any) -> tarfile.TarInfo:
    """Give a member of that kind."""
    member = tarfile.TarInfo(name)
    member.type = kind
    for key, value in more.items():
        setattr(member, key, value)
    return member


def with_member(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    """Give a good archive with one more member."""
    return tar([(info(name), data) for name, data in old().items()] + [(member, content)])


def negative_size() -> bytes:
    """Give an archive whose header claims minus 512 bytes, which led tarfile in a circle (CVE-2025-8194)."""
    member = bytearray(info("x").tobuf(tarfile.GNU_FORMAT))
    member[124:136] = b"\xff" * 10 + b"\xfe\x00"
    member[148:156] = b" " * 8
    member[148:156] = f"{sum(member):06o}\0 ".encode()
    return bytes(member) + tar(old())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (with_member(info("manifest.json"), b"[]"), "has 'manifest.json' twice"),
        (with_member(info("./manifest.json"), b"[]"), "has 'manifest.json' twice"),
        (with_member(info("a/./b/../../manifest.json"), b"[]"), "leads out of it"),
        (with_member(info("repositories", tarfile.SYMTYPE, linkname="/etc/passwd")), "has 'repositories' twice"),
        (with_member(info("../evil")), "leads out of it"),
        (with_member(info("/etc/passwd")), "leads out of it"),
        (with_member(info("a\\..\\b")), "leads out of it"),
        (with_member(info("fifo", tarfile.FIFOTYPE)), "neither a plain file nor a directory"),
        (with_member(info("zero", tarfile.CHRTYPE, devmajor=1, devminor=5)), "neither a plain file nor a directory"),
        (with_member(info("disk", tarfile.BLKTYPE)), "neither a plain file nor a directory"),
        (tar(old())[:4096], "end mark is missing"),
        (tar(old())[:3600], "broken"),
        (tar(old())[:1500], "broken"),
        (b"rubbish" * 1000, "broken"),
        (b"", "broken"),
        (bytes(10240), "has no file"),
        (negative_size(), "negative size"),
        (zipped(tar(old()))[:-30], "ends too early"),
        (zipped(tar(old())) + b"more", "something follows"),
        (zipped(tar(old())) + zipped(tar(hybrid())), "something follows"),
        (zipped(tar(old()))[:-8] + bytes(8), "incorrect data check"),
        (zipped(b"rubbish" * 1000), "broken"),
        (b"\x1f\x8b rubbish", "broken"),
        (b"BZh91AY&SY", "bzip2, xz or zstd"),
        (b"\xfd7zXZ\x00 rubbish", "bzip2, xz or zstd"),
        (b"\x28\xb5\x2f\xfd rubbish", "bzip2, xz or zstd"),
    ],
)
def test_a_trick_of_the_format_refuses_the_whole_archive(opened: Opener, content: bytes, message: str) -> None:
    """Different programs would read different images from it."""
    error = refused(opened(content))
    assert error.code in {"archive-refused", "layout-unreadable", "not-a-layout"}
    assert message in str(error)


def test_a_header_broken_in_the_middle_is_not_the_end(opened: Opener) -> None:
    """Tarfile takes it for the end; what follows would be hidden."""
    content = bytearray(tar(old()))
    at = content.index(b"manifest.json")
    content[at + 148 : at + 156] = b"00000000"
    assert "end mark is missing" in str(refused(opened(bytes(content))))
    assert "end mark is missing" in str(refused(opened(zipped(bytes(content)))))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("name", ["manifest.json", "config"])
def test_a_link_is_never_followed(opened: Opener, kind: bytes, name: str) -> None:
    """Not for the list, not for the config."""
    members = old()
    of_config = next(iter(members))
    which = of_config if name == "config" else name
    content = tar([
        (info(key, kind, linkname="/etc/passwd"), b"") if key == which else (info(key), value)
        for key, value in members.items()
    ])  # fmt: skip
    error = refused(opened(content))
    assert (error.code, f"{which} is a link in the archive" in str(error)) == ("archive-refused", True)


def test_equal_layers_may_be_links(opened: Opener) -> None:
    """As Docker before 25 writes them; nothing reads layers."""
    content = tar([
        (info(key, tarfile.SYMTYPE, linkname="../x/layer.tar"), b"") if key == "layer.tar" else (info(key), value)
        for key, value in old().items()
    ])  # fmt: skip
    with opened(content) as source:
        assert source.resolve().tag == "1.4.2"


@pytest.mark.parametrize("pack", [bytes, zipped])
def test_headers_are_bounded(opened: Opener, pack: Callable[[bytes], bytes]) -> None:
    """A long name of a megabyte, an extended header of one, a sparse map."""
    for content in (
        with_member(info("x", pax_headers={"comment": "x" * 1_000_000})),
        tar([(info("n" * 1_000_000), b"")], tarfile.GNU_FORMAT),
    ):
        error = refused(opened(pack(content)))
        assert (error.code, "header is larger" in str(error)) == ("archive-refused", True)
    sparse = with_member(
        info("x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}), b"1\n0\n10\n".ljust(512, b"\0")
    )
    assert refused(opened(pack(sparse))).code == "archive-refused"


def test_members_are_counted(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound the archive is refused."""
    monkeypatch.setattr(_tar, "MOST_MEMBERS", 3)
    assert "more than 3 members" in str(refused(opened(old())))


def test_a_bomb_is_not_unpacked(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of zeros from a megabyte is no image (with the floor lowered, so that the test is quick)."""
    monkeypatch.setattr(_tar, "_RATIO_FROM", 1_000_000)
    bomb = zipped(tar({**old(), "zeros": bytes(20_000_000)}))
    error = refused(opened(bomb))
    assert (error.code, "unpacks to more than" in str(error)) == ("archive-refused", True)


def test_honest_data_beyond_the_floor_is_read(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on the ratio, not on the size."""
    monkeypatch.setattr(_tar, "_RATIO_FROM", 1000)
    noise = random.Random(1).randbytes(3_000_000)  # noqa: S311 -- data that does not compress
    members = {"first": noise, **old(), "last": noise[:2_000_123]}
    with opened(zipped(tar(members))) as source:
        assert source.resolve().tag == "1.4.2"


def test_a_compressed_archive_keeps_a_bounded_part(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not kept is too large, not absent."""
    monkeypatch.setattr(_tar, "_MOST_KEPT_ALL", 300)
    error = refused(opened(zipped(tar(hybrid()))))
    assert (error.code, "too large to be kept" in str(error)) == ("too-large", True)


def test_large_documents_are_not_read(opened: Opener) -> None:
    """A list of 2 MiB, a config of 5."""
    error = refused(opened({**old(), "manifest.json": b" " * 2_000_000}))
    assert (error.code, "more than the 1048576 that are read" in str(error)) == ("too-large", True)
    name = "config.json"
    error = refused(opened({name: b" " * 5_000_000, "layer.tar": b"", "manifest.json": packed([listed(name)])}))
    assert error.code == "too-large"


def test_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a directory, a FIFO that would hang."""
    for path, message in ((tmp_path / "gone.tar", "No such file"), (tmp_path, "")):
        error = refused(DockerArchive(str(path)))
        assert error.code == "layout-unreadable"
        assert message in str(error)
    os.mkfifo(tmp_path / "fifo")
    assert refused(DockerArchive(str(tmp_path / "fifo"))).code == "layout-unreadable"


def test_names_that_are_none_are_refused() -> None:
    """With the scheme in the sentence."""
    with pytest.raises(InvalidReference, match="'docker-archive:' names no path"):
        open_source("")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 6000), value=st.integers(0, 255), packed_=st.booleans())
def test_a_changed_byte_never_raises_anything_else(opened: Opener, at: int, value: int, packed_: bool) -> None:  # noqa: FBT001 -- drawn
    """Anywhere in the archive, compressed or not: an image, or an error of ours."""
    content = bytearray(zipped(tar(hybrid())) if packed_ else tar(hybrid()))
    content[at % len(content)] = value
    with opened(bytes(content)) as source:
        try:
            subject = source.resolve()
        except (SourceError, MalformedData):
            return
        assert subject.digest.matches(subject.content)


# Real tools.


@pytest.mark.server("skopeo")
def test_an_archive_that_skopeo_wrote_is_read(tmp_path: Path) -> None:
    """As `docker save` before 25, links among the layers included; as an OCI archive, with the registry's digest."""
    skopeo = shutil.which("skopeo") or "skopeo"
    common = [
        skopeo,
        "--insecure-policy",
        "--override-os",
        "linux",
        "--override-arch",
        "arm64",
        "copy",
        "--quiet",
        f"oci:{DEMO}:1.4.2",
    ]
    digests = []
    for scheme, name in (("docker-archive", "old.tar"), ("oci-archive", "new.tar")):
        subprocess.run([*common, f"{scheme}:{tmp_path / name}:acme/app:1.4.2"], check=True, capture_output=True)
        with open_source(f"{tmp_path / name}") as source:
            subject = source.resolve()
            found = find_images(subject, collect(source, [PlatformsNeed(configs=True)], subject), configs=True)
        assert subject.tag == "1.4.2"
        assert [str(image.platform) for image in found.images] == ["linux/arm64"]
        assert found.undecided == ()
        assert bool(found.notes) == (scheme == "docker-archive")
        digests.append(subject.digest.short)
    assert digests[1] == "sha256:48fe73dae0c9"
