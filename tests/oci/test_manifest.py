"""Manifests and indexes: header, body and shape agree, every reader reads them alike (S11, S13), all is bounded."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.oci.digest import Digest
from gate.oci.index import Index
from gate.oci.manifest import MOST_CHILDREN, MOST_LAYERS, Manifest, parse_manifest
from gate.oci.media_types import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, is_encrypted, is_foreign
from gate.oci.platform import UNKNOWN, Platform
from tests.oci.make import LAYER, descriptor, index, manifest, packed

PRETTYJWS = "application/vnd.docker.distribution.manifest.v1+prettyjws"
F = "f" * 64


def refused(content: bytes, media_type: str = "") -> MalformedData:
    """Give the error of a document that is refused."""
    with pytest.raises(MalformedData) as caught:
        parse_manifest(content, media_type)
    return caught.value


@pytest.mark.parametrize(
    "told", ["", OCI_MANIFEST, f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST.upper(), "text/plain", "application/json"]
)
def test_a_manifest_is_read_whole(told: str) -> None:
    """Everything in it is there, whether the transport knew the type, knew nothing, or added parameters."""
    content = packed(
        manifest(
            artifactType="application/x.test+json",
            annotations={"a": "b"},
            subject=descriptor(b"subject", OCI_MANIFEST),
            layers=[descriptor(b"layer", annotations={"k": "v"}, urls=["https://a.example/x"], artifactType="x/y")],
        )
    )
    got = parse_manifest(content, told)
    assert isinstance(got, Manifest)
    assert (got.media_type, got.artifact_type, dict(got.annotations)) == (
        OCI_MANIFEST,
        "application/x.test+json",
        {"a": "b"},
    )
    assert got.subject is not None
    assert got.subject.digest == Digest.of(b"subject")
    assert got.layers[0].digest == Digest.of(b"layer")
    assert (got.layers[0].size, got.layers[0].urls, dict(got.layers[0].annotations)) == (
        5,
        ("https://a.example/x",),
        {"k": "v"},
    )


def test_an_index_is_read_in_its_order() -> None:
    """Children keep their order, equal ones included: nothing is keyed by platform (S9)."""
    children = [
        descriptor(b"a", OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
        descriptor(b"b", OCI_MANIFEST, platform={"os": "linux", "architecture": "aarch64", "variant": "v8"}),
        descriptor(b"a", OCI_MANIFEST, platform={"os": "windows", "architecture": "amd64", "os.version": "10.0.1"}),
        descriptor(b"c", OCI_MANIFEST),
    ]
    got = parse_manifest(packed(index(*children)))
    assert isinstance(got, Index)
    assert [child.digest for child in got.manifests] == [Digest.of(x) for x in (b"a", b"b", b"a", b"c")]
    assert [child.platform for child in got.manifests] == [
        Platform("linux", "amd64"),
        Platform("linux", "arm64"),
        Platform("windows", "amd64", "", "10.0.1"),
        None,
    ]


@pytest.mark.parametrize(
    ("value", "told", "media_type"),
    [
        (manifest(mediaType=...), "", OCI_MANIFEST),
        (manifest(mediaType=...), DOCKER_MANIFEST, DOCKER_MANIFEST),
        (manifest(mediaType=DOCKER_MANIFEST), "", DOCKER_MANIFEST),
        (index(mediaType=...), "", OCI_INDEX),
        (index(mediaType=...), OCI_INDEX, OCI_INDEX),
        (index(mediaType=DOCKER_INDEX), DOCKER_INDEX, DOCKER_INDEX),
        (index(manifests=None), "", OCI_INDEX),
    ],
)
def test_the_media_type_is_what_body_and_header_say(value: object, told: str, media_type: str) -> None:
    """OCI 1.0 may leave it out of the body; then the header says, else the shape."""
    assert parse_manifest(packed(value), told).media_type == media_type


@pytest.mark.parametrize(
    ("value", "told", "message"),
    [
        (manifest(), DOCKER_MANIFEST, "it was handed on as"),
        (manifest(), OCI_INDEX, "its content type is"),
        (index(), OCI_MANIFEST, "its content type is"),
        (index(), DOCKER_INDEX, "it was handed on as"),
        (manifest(mediaType=OCI_INDEX), "", "its mediaType is"),
        (manifest(mediaType=OCI_INDEX), OCI_INDEX, "its mediaType is"),
        (index(mediaType=OCI_MANIFEST), OCI_MANIFEST, "its mediaType is"),
        (manifest(mediaType="application/x"), "", "its mediaType is"),
        (manifest(mediaType=OCI_MANIFEST.upper()), "", "its mediaType is"),
        (manifest(), "image/png", "its content type is"),
        ({**manifest(), **index(mediaType=...)}, "", "both manifests and layers"),
        ({**manifest(), "manifests": []}, OCI_MANIFEST, "both manifests and layers"),
        ({**manifest(), "manifests": None}, OCI_MANIFEST, "both manifests and layers"),
        (index(layers=[]), OCI_INDEX, "both manifests and layers"),
        (index(config=descriptor()), OCI_INDEX, "both manifests and layers"),
    ],
)
def test_header_body_and_shape_must_agree(value: object, told: str, message: str) -> None:
    """What one reader takes for an index and another for an image is neither (CVE-2021-41190)."""
    error = refused(packed(value), told)
    assert error.code == "media-type-mismatch"
    assert message in str(error)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (packed({"schemaVersion": 1, "name": "a", "tag": "b", "fsLayers": [], "history": [], "signatures": []}), ""),
        (packed(manifest()), PRETTYJWS),
        (packed(manifest()), "application/vnd.docker.distribution.manifest.v1+json; charset=utf-8"),
        (packed(manifest(fsLayers=[])), OCI_MANIFEST),
    ],
)
def test_schema_1_is_refused_in_clear_words(content: bytes, told: str) -> None:
    """Its digest does not cover what is sent."""
    error = refused(content, told)
    assert error.code == "schema1-image"
    assert "cannot be checked; build and push it again" in str(error)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (manifest(schemaVersion=...), "no schemaVersion 2"),
        (manifest(schemaVersion=3), "no schemaVersion 2"),
        (manifest(schemaVersion="2"), "no schemaVersion 2"),
        (manifest(schemaVersion=2.0), "no schemaVersion 2"),
        (manifest(config=...), "neither manifests nor a config"),
        ({"schemaVersion": 2}, "neither manifests nor a config"),
        ({}, "no schemaVersion 2"),
    ],
)
def test_what_is_no_image_is_said_to_be_none(value: object, message: str) -> None:
    """A JSON document that is neither manifest nor index."""
    error = refused(packed(value))
    assert (error.code, message in str(error)) == ("not-an-image", True)


def test_a_web_page_is_no_manifest() -> None:
    """A sign-on page with status 200 is the usual cause."""
    error = refused(b"<html>", "text/html; charset=utf-8")
    assert (error.code, "HTML page" in str(error)) == ("not-an-image", True)


def bent(**more: object) -> dict[str, Any]:
    """Give a manifest whose layer has these members."""
    layer = {**descriptor(b"layer"), **more}
    return manifest(layers=[{key: item for key, item in layer.items() if item is not ...}])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (manifest(layers=...), "no list of layers"),
        (manifest(layers=None), "no list of layers"),
        (manifest(layers={}), "layers is not a list"),
        (manifest(layers=["x"]), "layers[0] of the manifest is not a JSON object"),
        (manifest(layers=[None]), "layers[0] of the manifest is not a JSON object"),
        (manifest(config=None), "config is not a JSON object"),
        (manifest(config=[]), "config is not a JSON object"),
        (manifest(mediaType=5), "mediaType is not a string"),
        (manifest(annotations=[]), "annotations is not a JSON object"),
        (manifest(annotations={"a": 1}), "'a' is not a string"),
        (manifest(annotations={"a": None}), "'a' is not a string"),
        (manifest(annotations={str(n): "" for n in range(1001)}), "at most 1000 entries"),
        (manifest(subject="x"), "subject is not a JSON object"),
        (manifest(artifactType={}), "artifactType is not a string"),
        (index("x"), "manifests[0] of the index is not a JSON object"),
        (index(manifests={}), "manifests is not a list"),
        (index(manifests="x"), "manifests is not a list"),
        (bent(mediaType=...), "no 'mediaType'"),
        (bent(mediaType=""), "has the media type ''"),
        (bent(mediaType="layer"), "has the media type 'layer'"),
        (bent(mediaType="a/b\nc"), "has the media type"),
        (bent(digest=...), "no 'digest'"),
        (bent(digest=5), "digest is not a string"),
        (bent(digest="sha256:short"), "64 hex digits, not 5"),
        (bent(digest=f"md5:{'f' * 32}"), "'md5' is not supported"),
        (bent(digest=f"sha256:{F.upper()}"), "lower-case hex"),
        (bent(digest=f"sha256:../../{'f' * 58}"), "lower-case hex"),
        (bent(size=...), "no size"),
        (bent(size=-1), "no size"),
        (bent(size="5"), "no size"),
        (bent(size=5.0), "no size"),
        (bent(size=True), "no size"),
        (bent(size=2**63), "no size"),
        (bent(urls="x"), "urls is not a list"),
        (bent(urls=[1]), "urls is not a string"),
        (bent(platform=[]), "platform is not a JSON object"),
        (bent(platform={"os": 1}), "os is not a string"),
        (bent(platform={"os.features": "x"}), "os.features is not a list"),
        (bent(data=5), "data is not a string"),
        (bent(data="*"), "not base64"),
    ],
)
def test_wrong_types_and_values_are_malformed(value: object, message: str) -> None:
    """Each member of the wrong type or out of its bounds is named."""
    error = refused(packed(value))
    assert error.code == "malformed-json"
    assert message in str(error)


@pytest.mark.parametrize(
    "value",
    [
        manifest(layers=[descriptor()] * (MOST_LAYERS + 1)),
        index(*[descriptor(media_type=OCI_MANIFEST)] * (MOST_CHILDREN + 1)),
        bent(urls=["x"] * 101),
    ],
)
def test_counts_are_bounded(value: object) -> None:
    """Past the bound nothing is read at all, rather than a part."""
    error = refused(packed(value))
    assert (error.code, "at most" in str(error)) == ("limit-reached", True)


def test_embedded_data_is_checked_against_size_and_digest() -> None:
    """`data` is as good as the blob, or the document is refused."""
    good = descriptor(b"{}", LAYER, data=base64.b64encode(b"{}").decode())
    got = parse_manifest(packed(manifest(layers=[good])))
    assert isinstance(got, Manifest)
    assert got.layers[0].data == b"{}"
    for change in ({"data": base64.b64encode(b"[]").decode()}, {"size": 3}):
        error = refused(packed(manifest(layers=[{**good, **change}])))
        assert (error.code, "another size or digest" in str(error)) == ("digest-mismatch", True)
    huge = descriptor(b"", LAYER, data="A" * 1_500_000)
    assert "embeds more than" in str(refused(packed(manifest(layers=[huge]))))


LOOKALIKES = [
    (manifest(), "Config"),
    (manifest(), "LAYERS"),
    (manifest(), "layer\u017f"),
    (manifest(), "MediaType"),
    (manifest(), "Subject"),
    (manifest(), "Manifests"),
    (manifest(), "schemaversion"),
    (manifest(), "artifacttype"),
    (manifest(), "Annotations"),
    (manifest(), "FSLayers"),
    (index(), "manife\u017ft\u017f"),
    (index(), "Layers"),
    (index(), "config\u0131".replace("i", "\u0131").removesuffix("\u0131")),
]


@pytest.mark.parametrize(("value", "key"), LOOKALIKES)
@pytest.mark.parametrize("first", [True, False])
def test_a_lookalike_key_of_a_document_is_ambiguous(value: dict[str, object], key: str, first: bool) -> None:  # noqa: FBT001 -- a table
    """Go takes it for the known key, and the last of two wins (S11)."""
    bent_value = {key: [], **value} if first else {**value, key: []}
    assert refused(packed(bent_value)).code == "ambiguous-json"


@pytest.mark.parametrize(
    "key", ["Digest", "SIZE", "\u017fize", "MediaType", "Platform", "Annotations", "URLs", "Data", "artifacttype"]
)
@pytest.mark.parametrize("where", ["config", "layers", "manifests", "subject"])
def test_a_lookalike_key_of_a_descriptor_is_ambiguous(key: str, where: str) -> None:
    """At every level where keys are known."""
    evil = {**descriptor(), key: "x"}
    members = {where: [evil] if where == "layers" else evil}
    value = index(descriptor(), evil) if where == "manifests" else {**manifest(), **members}
    assert refused(packed(value)).code == "ambiguous-json"


@pytest.mark.parametrize("key", ["OS", "o\u017f", "Architecture", "Variant", "OS.version"])
def test_a_lookalike_key_of_a_platform_is_ambiguous(key: str) -> None:
    """A platform that two readers read differently is the one thing an index must not have."""
    evil = descriptor(b"x", OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64", key: "windows"})
    assert refused(packed(index(evil))).code == "ambiguous-json"


@pytest.mark.parametrize("key", ["schemaVersion", "config", "layers", "mediaType"])
def test_a_key_twice_is_ambiguous(key: str) -> None:
    """The same bytes must not mean two things."""
    text = json.dumps(manifest())
    twice = text[:-1] + f', "{key}": {json.dumps(manifest()[key])}}}'
    assert refused(twice.encode()).code == "ambiguous-json"


def test_only_the_exact_spelling_means_no_platform() -> None:
    """`Unknown/unknown` is a platform of nobody, not BuildKit's mark (S9)."""
    children = [
        descriptor(b"x", OCI_MANIFEST, platform={"os": os, "architecture": architecture})
        for os, architecture in (("unknown", "unknown"), ("Unknown", "unknown"), ("unknown", "UNKNOWN"))
    ]
    got = parse_manifest(packed(index(*children)))
    assert isinstance(got, Index)
    assert [child.platform == UNKNOWN for child in got.manifests] == [True, False, False]


@pytest.mark.parametrize(
    ("media_type", "foreign", "encrypted"),
    [
        (LAYER, False, False),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", True, False),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", True, False),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", False, True),
    ],
)
def test_layers_that_no_scanner_reads_are_recognised(media_type: str, foreign: bool, encrypted: bool) -> None:  # noqa: FBT001 -- a table
    """Foreign ones lie elsewhere, encrypted ones need a key (S13)."""
    assert (is_foreign(media_type), is_encrypted(media_type)) == (foreign, encrypted)


def read(content: bytes) -> object:
    """Give the document, or the error as one."""
    try:
        return parse_manifest(content)
    except MalformedData as error:
        return error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["mediaType", "digest", "size", "platform", "os", "annotations", "data", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(sorted(manifest() | index() | {"subject": 1, "annotations": 1})), JSON, st.booleans())
def test_hostile_members_never_raise_anything_else(key: str, value: object, as_index: bool) -> None:  # noqa: FBT001 -- drawn
    """Whatever stands in a member: a document or MalformedData."""
    document = {**(index(descriptor()) if as_index else manifest()), key: value}
    assert isinstance(read(json.dumps(document).encode()), Manifest | Index | MalformedData)


@given(st.binary(max_size=100))
def test_rubbish_never_raises_anything_else(content: bytes) -> None:
    """Binary rubbish is malformed."""
    assert isinstance(read(content), MalformedData)
