"""An OCI image layout answers like a registry that nobody can lie through: every byte hashed, links refused."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect import collect
from gate.errors import InvalidReference, MalformedData, SourceError
from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import Manifest, parse_manifest
from gate.oci.media_types import OCI_INDEX, OCI_MANIFEST
from gate.platforms import PlatformsNeed, find_images
from gate.sources._path import LocalName, parse_local
from gate.sources.oci_layout import OciLayout, open_source
from tests.oci.make import config, descriptor, index, manifest, packed

FIXTURES = Path(__file__).parent.parent / "fixtures" / "signatures"
DEMO = Path(__file__).parent.parent.parent / "examples" / "demo" / "app"
REF = "org.opencontainers.image.ref.name"


class Written:
    """A layout written to disk, one image `1.4.2` in it unless told otherwise."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs" / "sha256").mkdir(parents=True)
        (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.config = self.put(packed(config()))
        self.image = self.put(packed(manifest(self.config)))
        self.entries: list[dict[str, Any]] = [self.entry(self.image, "1.4.2")]

    def put(self, content: bytes) -> bytes:
        """Store a blob."""
        self.path(content).write_bytes(content)
        return content

    def path(self, content: bytes) -> Path:
        """Say where a blob lies."""
        return self.root / "blobs" / "sha256" / Digest.of(content).hex

    def entry(self, content: bytes, name: str = "", media_type: str = OCI_MANIFEST, **more: str) -> dict[str, Any]:
        """Give an entry of index.json."""
        annotations = {**({REF: name} if name else {}), **more}
        return descriptor(content, media_type, **({"annotations": annotations} if annotations else {}))

    def source(self, behind: str = "") -> OciLayout:
        """Write index.json and open the layout."""
        (self.root / "index.json").write_bytes(packed(index(*self.entries)))
        return open_source(f"{self.root}{behind}")

    def ask(self, kind: Kind, name: str, behind: str = ":1.4.2") -> Fact:
        """Ask one question."""
        return self.source(behind).answer(Ask(f"oci:{self.root}", kind, name))


@pytest.fixture
def layout(tmp_path: Path) -> Written:
    """Give a layout with one image."""
    return Written(tmp_path / "layout")


def refused(source: OciLayout) -> SourceError:
    """Give the error of a reference that leads nowhere."""
    with pytest.raises(SourceError) as caught:
        source.resolve()
    return caught.value


def test_an_image_is_found_by_its_tag(layout: Written) -> None:
    """The subject is the entry's digest, its bytes, and no repository."""
    source = layout.source(":1.4.2")
    with source:
        subject = source.resolve()
    assert subject.typed == f"oci:{layout.root}:1.4.2"
    assert subject.place == f"oci:{layout.root}"
    assert (subject.repository, subject.tag) == ("", "1.4.2")
    assert (subject.digest, subject.content) == (Digest.of(layout.image), layout.image)
    assert (subject.media_type, subject.pinned, subject.expected) == (OCI_MANIFEST, False, None)
    assert source.live is False
    source.warm()


def test_the_only_image_needs_no_name(layout: Written) -> None:
    """Its only tag is its tag; with two tags it has none."""
    assert layout.source().resolve().tag == "1.4.2"
    layout.entries.append(layout.entry(layout.image, "latest"))
    assert layout.source().resolve().tag == ""


def test_evidence_members_and_referrers_are_not_other_images(layout: Written) -> None:
    """What hangs on the only image does not make it ambiguous."""
    signature = layout.put(packed(manifest(layers=[], annotations={"is": "signature"})))
    referrer = layout.put(packed(manifest(layers=[], subject=descriptor(layout.image, OCI_MANIFEST))))
    child = descriptor(layout.image, OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"})
    top = layout.put(packed(index(child)))
    layout.entries = [
        layout.entry(signature, f"sha256-{Digest.of(top).hex}.sig"),
        layout.entry(signature, kind="dev.cosignproject.cosign/sigs"),
        layout.entry(layout.image),
        layout.entry(referrer),
        layout.entry(top, "1.4.2", OCI_INDEX),
    ]
    assert layout.source().resolve().digest == Digest.of(top)


@pytest.mark.parametrize("first", [True, False])
def test_several_images_without_a_name_are_ambiguous(layout: Written, first: bool) -> None:  # noqa: FBT001 -- both ways
    """The names are listed; an unnamed second image counts too."""
    other = layout.put(packed(manifest(annotations={"x": "y"})))
    for entry, shown in ((layout.entry(other, "2.0"), "1.4.2, 2.0"), (layout.entry(other), "1.4.2")):
        layout.entries = [entry, layout.entries[-1]] if first else [layout.entry(layout.image, "1.4.2"), entry]
        if first:
            layout.entries[1] = layout.entry(layout.image, "1.4.2")
        error = refused(layout.source())
        assert error.code == "ambiguous-reference"
        assert f"has several images for no name: {shown}" in str(error)
        assert "oci:PATH:TAG" in error.hint


@pytest.mark.parametrize("first", [True, False])
def test_one_name_at_two_digests_is_ambiguous(layout: Written, first: bool) -> None:  # noqa: FBT001 -- both ways
    """Some programs take the first, others the last."""
    other = layout.put(packed(manifest(annotations={"x": "y"})))
    layout.entries.insert(0 if first else 1, layout.entry(other, "1.4.2"))
    error = refused(layout.source(":1.4.2"))
    assert error.code == "ambiguous-reference"
    assert "for the name '1.4.2'" in str(error)
    fact = layout.ask(Kind.MANIFEST, "1.4.2")
    assert isinstance(fact, Unavailable)
    assert fact.code == "ambiguous-reference"


def test_one_name_twice_at_one_digest_is_one_image(layout: Written) -> None:
    """Tools append the same entry again."""
    layout.entries.append(layout.entry(layout.image, "1.4.2"))
    assert layout.source(":1.4.2").resolve().digest == Digest.of(layout.image)


@pytest.mark.parametrize(
    ("names", "behind", "tag"),
    [
        ({REF: "docker.io/acme/app:1.4.2"}, ":1.4.2", "1.4.2"),
        ({REF: "docker.io/acme/app:1.4.2"}, ":docker.io/acme/app:1.4.2", "1.4.2"),
        ({REF: "ghcr.io/acme/app"}, ":latest", "latest"),
        ({"io.containerd.image.name": "docker.io/acme/app:1.4.2"}, ":1.4.2", "1.4.2"),
        ({"io.containerd.image.name": "docker.io/acme/app:1.4.2"}, ":docker.io/acme/app:1.4.2", "1.4.2"),
        ({REF: "stable+1"}, ":stable+1", ""),
    ],
)
def test_full_names_are_understood(layout: Written, names: dict[str, str], behind: str, tag: str) -> None:
    """As buildx, containerd and podman write them."""
    layout.entries = [layout.entry(layout.image, **names)]
    assert layout.source(behind).resolve().tag == tag


def test_an_exact_name_is_stronger_than_the_tag_of_another(layout: Written) -> None:
    """A layout with both `1.4.2` and `other/app:1.4.2` is not ambiguous."""
    other = layout.put(packed(manifest(annotations={"x": "y"})))
    layout.entries.insert(0, layout.entry(other, "docker.io/other/app:1.4.2"))
    assert layout.source(":1.4.2").resolve().digest == Digest.of(layout.image)


def test_a_tag_that_is_not_there_names_similar_ones(layout: Written) -> None:
    """Misspelled: what was meant. Nothing similar: what there is."""
    error = refused(layout.source(":1.4.3"))
    assert error.code == "tag-not-found"
    assert f"oci:{layout.root} has no image named '1.4.3'" in str(error)
    assert error.hint == "Did you mean 1.4.2?"
    assert refused(layout.source(":nightly")).hint == "It has: 1.4.2."
    layout.entries = []
    assert refused(layout.source(":nightly")).hint == "It names no image."
    assert refused(layout.source()).code == "tag-not-found"


def test_a_digest_alone_pins(layout: Written) -> None:
    """Members that no tag names can be judged too."""
    child = layout.put(packed(manifest(annotations={"x": "y"})))
    subject = layout.source(f"@{Digest.of(child)}").resolve()
    assert (subject.digest, subject.tag, subject.pinned, subject.expected) == (
        Digest.of(child), "", True, Digest.of(child),
    )  # fmt: skip
    error = refused(layout.source(f"@sha256:{'0' * 64}"))
    assert (error.code, "holds nothing with the digest" in str(error)) == ("digest-not-found", True)


def test_tag_and_digest_give_what_the_tag_says_and_what_was_expected(layout: Written) -> None:
    """Whether they agree is judged, not looked away (S7)."""
    subject = layout.source(f":1.4.2@sha256:{'0' * 64}").resolve()
    assert subject.digest == Digest.of(layout.image)
    assert str(subject.expected) == f"sha256:{'0' * 64}"
    assert subject.pinned


def answered(fact: Fact) -> tuple[str, str]:
    """Give the kind of an answer and its code or status."""
    return type(fact).__name__, fact.code if isinstance(fact, Unavailable) else fact.look.status


def test_manifests_and_blobs_are_answered_by_digest(layout: Written) -> None:
    """What is there is found, what is not is absent: the layout would know."""
    fact = layout.ask(Kind.MANIFEST, str(Digest.of(layout.image)))
    assert isinstance(fact, Found)
    assert (fact.content, fact.media_type) == (layout.image, OCI_MANIFEST)
    blob = layout.ask(Kind.BLOB, str(Digest.of(layout.config)))
    assert isinstance(blob, Found)
    assert blob.content == layout.config
    assert answered(layout.ask(Kind.BLOB, f"sha256:{'0' * 64}")) == ("Absent", "not there")
    assert answered(layout.ask(Kind.MANIFEST, f"sha512:{'0' * 128}")) == ("Absent", "not there")
    assert answered(layout.ask(Kind.MANIFEST, "sha256-0000.sig")) == ("Absent", "not there")


def test_tags_are_listed_as_a_registry_lists_them(layout: Written) -> None:
    """Sorted, the tags of full names too."""
    layout.entries.append(layout.entry(layout.image, "docker.io/acme/app:latest"))
    fact = layout.ask(Kind.TAGS, "")
    assert isinstance(fact, Found)
    assert json.loads(fact.content) == {"name": "", "tags": ["1.4.2", "latest"]}


def test_referrers_are_the_entries_that_name_a_subject(layout: Written) -> None:
    """As a registry lists them: type, annotations, unfiltered; each once."""
    subject = descriptor(layout.image, OCI_MANIFEST)
    typed = layout.put(packed(manifest(artifactType="a/b", annotations={"k": "v"}, subject=subject)))
    untyped = layout.put(packed(manifest(subject=subject, config=descriptor(b"{}", "c/d"))))
    other = layout.put(packed(manifest(subject=descriptor(b"other", OCI_MANIFEST))))
    layout.entries += [layout.entry(content) for content in (typed, untyped, untyped, other)]
    fact = layout.ask(Kind.REFERRERS, str(Digest.of(layout.image)))
    assert isinstance(fact, Found)
    listed = parse_manifest(fact.content, fact.media_type)
    assert isinstance(listed, Index)
    assert [(child.digest, child.artifact_type, dict(child.annotations)) for child in listed.manifests] == [
        (Digest.of(typed), "a/b", {"k": "v"}),
        (Digest.of(untyped), "c/d", {}),
    ]
    assert fact.following == ""


def test_junk_in_index_json_is_nobodys_referrer(layout: Written) -> None:
    """No registry would have taken it; unknown kinds are no error."""
    junk = layout.put(b"junk")
    layout.entries += [layout.entry(junk), layout.entry(b"gone", media_type="application/x.unknown")]
    fact = layout.ask(Kind.REFERRERS, str(Digest.of(layout.image)))
    assert isinstance(fact, Found)
    assert json.loads(fact.content)["manifests"] == []


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_a_referrer_that_cannot_be_read_makes_the_list_unavailable(layout: Written, how: str) -> None:
    """It could be the one that matters (S4)."""
    entry = layout.put(packed(manifest(subject=descriptor(layout.image, OCI_MANIFEST))))
    layout.entries.append(layout.entry(entry))
    if how == "gone":
        layout.path(entry).unlink()
    else:
        layout.path(entry).write_bytes(entry.replace(b"2", b"3", 1))
    fact = layout.ask(Kind.REFERRERS, str(Digest.of(layout.image)))
    assert answered(fact) == ("Unavailable", "digest-not-found" if how == "gone" else "digest-mismatch")


def test_the_tag_is_read_again_at_the_end(layout: Written) -> None:
    """Moved, gone, still there: each its own answer (S7)."""
    source = layout.source(":1.4.2")
    subject = source.resolve()
    ask = Ask(subject.place, Kind.TAG_NOW, "1.4.2")
    now = source.answer(ask)
    assert isinstance(now, Found)
    assert now.content == subject.content
    other = layout.put(packed(manifest(annotations={"x": "y"})))
    layout.entries = [layout.entry(other, "1.4.2")]
    layout.source()
    moved = source.answer(ask)
    assert isinstance(moved, Found)
    assert moved.content == other
    layout.entries = []
    layout.source()
    assert answered(source.answer(ask)) == ("Absent", "not there")


def test_another_place_is_not_answered_for(layout: Written) -> None:
    """A layout knows nothing of signatures kept elsewhere, and has no trust server."""
    source = layout.source(":1.4.2")
    for ask in (
        Ask("ghcr.io/acme/signatures", Kind.MANIFEST, "1.4.2"),
        Ask(f"oci:{layout.root}", Kind.TUF, "root.json"),
        Ask(f"oci:{layout.root}", Kind.FILE, "/etc/passwd"),
    ):
        assert answered(source.answer(ask)) == ("Unavailable", "not-answered-here")


@pytest.mark.parametrize("name", ["sha256:x", "md5:" + "0" * 32, "sha256:../../../../etc/passwd", "sha256:" + "/" * 64])
@pytest.mark.parametrize("kind", [Kind.MANIFEST, Kind.BLOB, Kind.REFERRERS])
def test_a_name_that_is_no_digest_reads_nothing(layout: Written, kind: Kind, name: str) -> None:
    """No path is ever made from it."""
    assert isinstance(layout.ask(kind, name), Unavailable)


# Bytes that are not what they claim to be.


def test_other_bytes_than_the_digest_are_never_handed_on(layout: Written) -> None:
    """Not as the subject, not as an answer; both digests are said."""
    source = layout.source(":1.4.2")
    layout.path(layout.image).write_bytes(layout.image.replace(b"gzip", b"zstd"))
    error = refused(source)
    assert error.code == "digest-mismatch"
    assert str(Digest.of(layout.image)) in str(error)
    assert answered(layout.ask(Kind.MANIFEST, str(Digest.of(layout.image)))) == ("Unavailable", "digest-mismatch")
    assert answered(layout.ask(Kind.MANIFEST, "1.4.2")) == ("Unavailable", "digest-mismatch")
    layout.path(layout.config).write_bytes(b"{}")
    assert answered(layout.ask(Kind.BLOB, str(Digest.of(layout.config)))) == ("Unavailable", "digest-mismatch")


def test_a_blob_that_is_gone_is_said(layout: Written) -> None:
    """The reference leads to it, so it is no unknown tag."""
    layout.path(layout.image).unlink()
    error = refused(layout.source(":1.4.2"))
    assert (error.code, "has no file blobs/sha256/" in str(error)) == ("digest-not-found", True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"size": 1}, "malformed-json"),
        ({"mediaType": OCI_INDEX}, "media-type-mismatch"),
        ({"mediaType": "application/x"}, "media-type-mismatch"),
    ],
)
def test_an_entry_that_lies_about_its_bytes_is_refused(layout: Written, change: dict[str, Any], code: str) -> None:
    """Size and media type are the entry's word against the bytes (S13)."""
    layout.entries[0] |= change
    for behind in (":1.4.2", f"@{Digest.of(layout.image)}"):
        with pytest.raises(MalformedData) as caught:
            layout.source(behind).resolve()
        assert caught.value.code == code


def test_two_entries_that_contradict_each_other_about_one_digest(layout: Written) -> None:
    """Nobody can say what it is."""
    layout.entries.append(layout.entry(layout.image, "x", OCI_INDEX))
    assert answered(layout.ask(Kind.MANIFEST, str(Digest.of(layout.image)))) == ("Unavailable", "media-type-mismatch")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "malformed-json"),
        (b"\x00\xff rubbish", "malformed-json"),
        (b"[" * 100_000, "malformed-json"),
        (packed(index())[:-3], "malformed-json"),
        (packed(manifest()), "media-type-mismatch"),
        (packed({**index(), "Manifests": []}), "ambiguous-json"),
        (packed(index("x")), "malformed-json"),
        (packed({"schemaVersion": 1}), "schema1-image"),
    ],
)
def test_a_broken_index_json_is_refused(layout: Written, content: bytes, code: str) -> None:
    """Rubbish, bombs, look-alikes: each with its code."""
    source = layout.source(":1.4.2")
    (layout.root / "index.json").write_bytes(content)
    with pytest.raises(MalformedData) as caught:
        source.resolve()
    assert caught.value.code == code
    assert answered(source.answer(Ask(f"oci:{layout.root}", Kind.TAGS, ""))) == ("Unavailable", code)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('{"imageLayoutVersion": "2.0.0"}', "layout version '2.0.0'; the gate reads 1.0.0"),
        ("{}", "layout version 'None'"),
        ('{"imageLayoutVersion": 1}', "layout version '1'"),
    ],
)
def test_another_layout_version_is_refused(layout: Written, marker: str, message: str) -> None:
    """What it means is not known."""
    source = layout.source(":1.4.2")
    (layout.root / "oci-layout").write_text(marker)
    error = refused(source)
    assert error.code == "not-a-layout"
    assert message in str(error)


@pytest.mark.parametrize("name", ["oci-layout", "index.json"])
def test_a_directory_that_is_no_layout(layout: Written, name: str) -> None:
    """Says which file is missing and how to make one."""
    source = layout.source(":1.4.2")
    (layout.root / name).unlink()
    error = refused(source)
    assert (error.code, f"has no file {name}" in str(error)) == ("not-a-layout", True)
    assert "skopeo copy" in error.hint


def test_a_path_that_is_none(tmp_path: Path) -> None:
    """Missing, and a file where a directory has to be."""
    assert "does not exist" in str(refused(OciLayout(str(tmp_path / "gone"))))
    file = tmp_path / "file"
    file.write_text("x")
    error = refused(OciLayout(str(file)))
    assert (error.code, "is not a directory" in str(error)) == ("not-a-layout", True)


def test_sizes_are_bounded(layout: Written) -> None:
    """A manifest of 5 MiB and a blob of 17 are not read, whatever their digest."""
    big = layout.put(b" " * (5 * 1024 * 1024))
    layout.entries = [layout.entry(big, "1.4.2")]
    error = refused(layout.source(":1.4.2"))
    assert (error.code, "more than 4194304 bytes" in str(error)) == ("too-large", True)
    huge = layout.put(b" " * (17 * 1024 * 1024))
    assert answered(layout.ask(Kind.BLOB, str(Digest.of(huge)))) == ("Unavailable", "too-large")


def outside_link(layout: Written, path: Path) -> None:
    """Replace a file by a link to the same content outside the layout."""
    target = layout.root.parent / "outside"
    target.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(target)


def device(_layout: Written, path: Path) -> None:
    """Replace a file by a link to an endless device."""
    path.unlink()
    path.symlink_to("/dev/zero")


def fifo(_layout: Written, path: Path) -> None:
    """Replace a file by a FIFO that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def folder(_layout: Written, path: Path) -> None:
    """Replace a file by a directory."""
    path.unlink()
    path.mkdir()


def circle(_layout: Written, path: Path) -> None:
    """Replace a file by a link to itself."""
    path.unlink()
    path.symlink_to(path)


@pytest.mark.skipif(sys.platform == "win32", reason="links and FIFOs need rights there")
@pytest.mark.parametrize("trick", [outside_link, device, fifo, folder, circle])
@pytest.mark.parametrize("which", ["index.json", "blob"])
def test_what_is_no_plain_file_inside_is_refused(
    layout: Written, trick: Callable[[Written, Path], None], which: str
) -> None:
    """Links out, devices, FIFOs that would hang, directories, circles."""
    source = layout.source(":1.4.2")
    trick(layout, layout.path(layout.image) if which == "blob" else layout.root / which)
    error = refused(source)
    assert error.code == "layout-unreadable"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_inside_the_layout_is_followed(layout: Written) -> None:
    """Deduplicated stores link blobs to each other; a link to the layout itself is the user's own."""
    path = layout.path(layout.image)
    path.rename(layout.root / "blobs" / "stored")
    path.symlink_to(layout.root / "blobs" / "stored")
    assert layout.source(":1.4.2").resolve().digest == Digest.of(layout.image)
    named = layout.root.parent / "named"
    named.symlink_to(layout.root)
    assert open_source(f"{named}:1.4.2").resolve().digest == Digest.of(layout.image)


def test_a_whole_directory_of_blobs_that_leads_out_is_refused(layout: Written) -> None:
    """Every part of the path counts, not only the last."""
    source = layout.source(":1.4.2")
    shutil.move(layout.root / "blobs", layout.root.parent / "elsewhere")
    (layout.root / "blobs").symlink_to(layout.root.parent / "elsewhere")
    assert "link that leads out" in str(refused(source))


# Real layouts.


@pytest.mark.parametrize(
    "name", ["cosign-key-legacy", "cosign-key-bundle", "cosign-key-bundle-tagschema", "cosign-attest"]
)
def test_layouts_made_with_cosign_are_read(name: str) -> None:
    """Every tag resolves; the signature lies where cosign put it."""
    source = open_source(f"{FIXTURES / name}:signed") if name != "cosign-attest" else None
    tags = json.loads((FIXTURES / name / "index.json").read_text())["manifests"]
    for entry in tags:
        tag = entry.get("annotations", {}).get(REF)
        if tag:
            assert str(open_source(f"{FIXTURES / name}:{tag}").resolve().digest) == entry["digest"]
    if source is None:
        return
    subject = source.resolve()
    legacy = source.answer(Ask(subject.place, Kind.MANIFEST, f"sha256-{subject.digest.hex}.sig"))
    fact = source.answer(Ask(subject.place, Kind.REFERRERS, str(subject.digest)))
    assert isinstance(fact, Found)
    referrers = parse_manifest(fact.content)
    assert isinstance(referrers, Index)
    assert isinstance(legacy, Found if name == "cosign-key-legacy" else Absent)
    assert bool(referrers.manifests) == (name != "cosign-key-legacy")


def test_the_demo_layout_has_both_platforms_of_every_release() -> None:
    """Read as the demo reads it: index, children, configs."""
    source = open_source(f"{DEMO}:1.4.2")
    subject = source.resolve()
    found = find_images(subject, collect(source, [PlatformsNeed(configs=True)], subject), configs=True)
    assert [str(image.platform) for image in found.images] == ["linux/amd64", "linux/arm64"]
    assert found.undecided == ()
    assert {image.config.labels["version"] for image in found.images if image.config is not None} == {"1.4.2"}
    assert isinstance(found.images[0].manifest, Manifest)


# PATH[:NAME][@DIGEST]

D = f"sha256:{'f' * 64}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app", LocalName("app", "", None)),
        ("app:1.4.2", LocalName("app", "1.4.2", None)),
        ("./a b/app:1", LocalName("./a b/app", "1", None)),
        (f"app@{D}", LocalName("app", "", Digest.parse(D))),
        (f"app:1@{D}", LocalName("app", "1", Digest.parse(D))),
        ("app:docker.io/acme/app:1", LocalName("app", "docker.io/acme/app:1", None)),
        ("C:\\images\\app:1", LocalName("C:\\images\\app", "1", None)),
        ("C:/images/app", LocalName("C:/images/app", "", None)),
        ("c:1", LocalName("c", "1", None)),
        ("/tmp/a@b", LocalName("/tmp/a@b", "", None)),
        ("/tmp/a@b:1", LocalName("/tmp/a@b", "1", None)),
    ],
)
def test_local_names(text: str, expected: LocalName) -> None:
    """The path ends at its first colon, a drive letter's excepted."""
    assert parse_local(text, "oci") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no path"),
        (":1", "names no path"),
        (f"@{D}", "names no path"),
        ("a\0b", "names no path"),
        ("app:", "ends in ':' but names no tag"),
        ("app:a b", "is no tag or name"),
        ("app:1\n", "is no tag or name"),
        ("app:\u202e", "is no tag or name"),
        (f"app:{'a' * 600}", "is no tag or name"),
        ("app@sha256:short", "64 hex digits, not 5"),
        (f"app@md5:{'f' * 32}", "not supported"),
        (f"app@sha256:{'F' * 64}", "lower-case hex"),
    ],
)
def test_local_names_that_are_none(text: str, message: str) -> None:
    """Each with what is wrong."""
    with pytest.raises(InvalidReference) as caught:
        open_source(text)
    assert message in str(caught.value)


def read(text: str) -> object:
    """Give the name, or the error as one."""
    try:
        return parse_local(text, "oci")
    except InvalidReference as error:
        return error


@given(st.text("aC:/\\@.\0 f5sha256", max_size=20) | st.text(max_size=20))
def test_no_text_makes_local_names_raise_anything_else(text: str) -> None:
    """Everything is a name or an InvalidReference."""
    assert isinstance(read(text), LocalName | InvalidReference)
