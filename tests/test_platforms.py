"""Every member of an index is found by its digest, whatever it says about itself (S9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, NotAsked, Unavailable
from gate.oci.config import parse_config
from gate.oci.digest import Digest
from gate.oci.media_types import DOCKER_MANIFEST, IN_TOTO, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from gate.platforms import ARCHIVE_OWN, MOST_CONFIG_BYTES, MOST_MEMBERS, Images, PlatformsNeed, find_images
from gate.subject import Subject
from tests.oci.make import config, descriptor, index, manifest, packed

PLACE = "registry.example/team/app"
LOOK = Look("https://registry.example/v2/", "200")
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class Shelf:
    """What a registry holds: documents by digest, and a walk that asks it in rounds."""

    def __init__(self) -> None:
        self.facts: dict[Ask, Fact] = {}

    def put(self, content: bytes, kind: Kind = Kind.MANIFEST, media_type: str = "") -> bytes:
        """Store bytes under their digest."""
        self.facts[Ask(PLACE, kind, str(Digest.of(content)))] = Found(LOOK, content, media_type)
        return content

    def image(
        self, architecture: str = "amd64", *, of_config: Mapping[str, object] | None = None, **more: object
    ) -> bytes:
        """Store an image and give its manifest's bytes."""
        content = self.put(packed(of_config or config(architecture=architecture)), Kind.BLOB)
        return self.put(packed(manifest(content, **more)))

    def child(self, architecture: str = "amd64", **more: Any) -> dict[str, Any]:
        """Store an image and give the index's entry for it."""
        content = self.image(architecture)
        return {**descriptor(content, OCI_MANIFEST, platform={"os": "linux", "architecture": architecture}), **more}

    def attestation(self, of: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Store a true attestation of a sibling and give its entry."""
        layers = more.pop("layers", [descriptor(b"statement", IN_TOTO)])
        content = self.image(
            of_config=config(os="unknown", architecture="unknown", note=str(of["digest"])), layers=layers
        )
        annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of["digest"]}
        entry = descriptor(
            content, OCI_MANIFEST, platform={"os": "unknown", "architecture": "unknown"}, annotations=annotations
        )
        return {key: value for key, value in {**entry, **more}.items() if value is not ...}

    def nested(self, *children: object) -> dict[str, Any]:
        """Store an index and give the entry for it."""
        return descriptor(self.put(packed(index(*children))), OCI_INDEX)

    def find(self, content: bytes, media_type: str = "", *, configs: bool = True, place: str = PLACE) -> Images:
        """Ask in rounds what is needed, then find the images."""
        of = Subject("x", place, PLACE, "1", Digest.of(content), media_type, content)
        have = Evidence()
        need = PlatformsNeed(configs=configs)
        for _ in range(10):
            asks = need.missing(of, have)
            if not asks:
                return find_images(of, have, configs=configs)
            absent = Absent(Look("there", "404"))
            have = have.with_answers({ask: self.facts.get(ask._replace(place=PLACE), absent) for ask in asks})
        pytest.fail("the walk does not come to an end")


def codes(found: Images) -> list[str]:
    """Give the reasons that stand in the way."""
    return [undecided.reason.code for undecided in found.undecided]


def platforms(found: Images) -> list[str]:
    """Give the platforms found, in order."""
    return [str(image.platform) for image in found.images]


def both_ways(good: Mapping[str, Any], evil: Mapping[str, Any]) -> list[bytes]:
    """Give the index with the evil child first, and last."""
    return [packed(index(evil, good)), packed(index(good, evil))]


def test_every_platform_of_an_index_is_found_with_its_config() -> None:
    """In the index's order, each by its digest, with all that rules about images need."""
    shelf = Shelf()
    children = [shelf.child("arm64"), shelf.child("amd64")]
    found = shelf.find(packed(index(*children)))
    assert platforms(found) == ["linux/arm64", "linux/amd64"]
    assert [str(image.digest) for image in found.images] == [child["digest"] for child in children]
    assert all(image.manifest is not None and image.config is not None for image in found.images)
    assert (found.undecided, found.notes) == ((), ())


def test_without_rules_about_images_no_child_is_fetched() -> None:
    """The index alone names its platforms: no request that no rule needs."""
    shelf = Shelf()
    content = packed(index(shelf.child("arm64"), shelf.child("amd64")))
    shelf.facts.clear()
    found = shelf.find(content, configs=False)
    assert platforms(found) == ["linux/arm64", "linux/amd64"]
    assert found.undecided == ()
    assert all(image.manifest is None and image.config is None for image in found.images)


@pytest.mark.parametrize("configs", [True, False])
def test_the_platform_of_a_single_manifest_is_in_its_config(configs: bool) -> None:  # noqa: FBT001 -- both ways
    """It is asked for at once, beside the other first questions."""
    shelf = Shelf()
    content = shelf.image("arm64")
    subject = Subject("x", PLACE, PLACE, "1", Digest.of(content), "", content)
    assert [ask.kind for ask in PlatformsNeed(configs=configs).missing(subject, Evidence())] == [Kind.BLOB]
    found = shelf.find(content, configs=configs)
    assert platforms(found) == ["linux/arm64"]
    assert found.images[0].digest == Digest.of(content)
    assert found.images[0].config is not None


def test_an_attestation_by_all_four_clauses_is_no_platform() -> None:
    """BuildKit's members are counted and named, not judged."""
    shelf = Shelf()
    one, two = shelf.child("amd64"), shelf.child("arm64")
    for configs in (True, False):
        found = shelf.find(packed(index(one, two, shelf.attestation(one), shelf.attestation(two))), configs=configs)
        assert platforms(found) == ["linux/amd64", "linux/arm64"]
        assert found.undecided == ()
        assert [note.what.split()[0] for note in found.notes] == ["2"]


def test_an_attestation_needs_only_its_manifest() -> None:
    """Without rules about images the claim is still checked, by its layers."""
    shelf = Shelf()
    one = shelf.child()
    attestation = shelf.attestation(one)
    content = packed(index(one, attestation))
    subject = Subject("x", PLACE, PLACE, "1", Digest.of(content), "", content)
    asks = PlatformsNeed(configs=False).missing(subject, Evidence())
    assert asks == {Ask(PLACE, Kind.MANIFEST, attestation["digest"])}


def platform_of(os: str, architecture: str, **more: str) -> dict[str, dict[str, str]]:
    """Give the member `platform` of an entry."""
    return {"platform": {"os": os, "architecture": architecture, **more}}


def noted(**more: object) -> dict[str, object]:
    """Give the member `annotations` of an entry that claims to be an attestation."""
    return {"annotations": {"vnd.docker.reference.type": "attestation-manifest", **more}}


#: What makes of a true attestation an image that would like to be taken for one: one clause each is missing.
CLAUSES: dict[str, dict[str, Any]] = {
    "a: a platform that runs": platform_of("linux", "unknown"),
    "a: a variant": platform_of("unknown", "unknown", variant="v8"),
    "a: another spelling": platform_of("Unknown", "unknown"),
    "a: no platform": {"platform": ...},
    "b: not annotated": {"annotations": ...},
    "b: annotated otherwise": {"annotations": {"vnd.docker.reference.type": "Attestation-Manifest"}},
    "c: refers to nothing": noted(),
    "c: refers to no sibling": noted(**{"vnd.docker.reference.digest": f"sha256:{'0' * 64}"}),
    "d: one layer of another kind": {"layers": [descriptor(b"s", IN_TOTO), descriptor(b"root", LAYER)]},
    "d: no layers": {"layers": []},
}


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("configs", [True, False])
def test_with_one_clause_missing_it_is_a_platform(clause: str, configs: bool) -> None:  # noqa: FBT001 -- both ways
    """Evil child first and last: it is judged (where it can be named), and no verdict passes over it."""
    shelf = Shelf()
    good = shelf.child()
    evil = shelf.attestation(good, **CLAUSES[clause])
    if clause == "b: annotated otherwise":
        evil["annotations"] = {**evil["annotations"], "vnd.docker.reference.digest": good["digest"]}
    for content in both_ways(good, evil):
        found = shelf.find(content, configs=configs)
        assert "platform-missing" in codes(found)
        assert evil["digest"] in " ".join(undecided.what for undecided in found.undecided)
        if configs or clause != "a: no platform":
            assert evil["digest"] in {str(image.digest) for image in found.images}
        assert good["digest"] in {str(image.digest) for image in found.images}


def test_an_attestation_of_itself_is_a_platform() -> None:
    """The digest it refers to has to be another one's."""
    shelf = Shelf()
    good = shelf.child()
    evil = shelf.attestation(good)
    evil["annotations"] = {**evil["annotations"], "vnd.docker.reference.digest": evil["digest"]}
    for content in both_ways(good, evil):
        assert codes(shelf.find(content)) == ["platform-missing"]


def test_two_attestations_do_not_vouch_for_each_other() -> None:
    """The sibling that is referred to has to be an image."""
    shelf = Shelf()
    good = shelf.child()
    first = shelf.attestation(good)
    second = shelf.attestation(first)
    found = shelf.find(packed(index(second, good, first)))
    assert codes(found) == ["platform-missing"]
    assert second["digest"] in {str(image.digest) for image in found.images}


@pytest.mark.parametrize("configs", [True, False])
@pytest.mark.parametrize(
    ("again", "what"),
    [
        ({"architecture": "amd64"}, "linux/amd64 is there twice"),
        ({"architecture": "x86_64"}, "linux/amd64 is there twice"),
        ({"architecture": "AMD64", "os": "LINUX"}, "linux/amd64 is there twice"),
        ({"architecture": "amd64", "variant": "v1"}, "linux/amd64 is there twice"),
    ],
)
def test_a_platform_twice_is_undecided_and_both_are_judged(again: dict[str, str], what: str, configs: bool) -> None:  # noqa: FBT001 -- both ways
    """Under any spelling, evil child first and last."""
    shelf = Shelf()
    good = shelf.child()
    content = shelf.image(of_config=config(config={"User": "root"}))
    evil = descriptor(content, OCI_MANIFEST, platform={"os": "linux", **again})
    for document in both_ways(good, evil):
        found = shelf.find(document, configs=configs)
        assert codes(found) == ["platform-duplicate"]
        assert what in found.undecided[0].what
        assert {str(image.digest) for image in found.images} == {good["digest"], evil["digest"]}


def test_windows_images_may_differ_by_version() -> None:
    """Their os.version is part of the platform."""
    shelf = Shelf()
    children = []
    for version in ("10.0.17763.1", "10.0.20348.1"):
        of_config = config(os="windows", **{"os.version": version})
        platform = {"os": "windows", "architecture": "amd64", "os.version": version}
        children.append(descriptor(shelf.image(of_config=of_config), OCI_MANIFEST, platform=platform))
    found = shelf.find(packed(index(*children)))
    assert found.undecided == ()
    assert platforms(found) == ["windows/amd64 (10.0.17763.1)", "windows/amd64 (10.0.20348.1)"]


def test_one_manifest_for_two_platforms_is_undecided() -> None:
    """One of the two cannot be true."""
    shelf = Shelf()
    child = shelf.child("amd64")
    other = {**child, "platform": {"os": "linux", "architecture": "s390x"}}
    assert codes(shelf.find(packed(index(child, other)), configs=False)) == ["platform-duplicate"]
    assert codes(shelf.find(packed(index(child, other)))) == ["platform-contradiction", "platform-duplicate"]


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        ({"os": "linux", "architecture": "arm64"}, {}),
        ({"os": "windows", "architecture": "amd64"}, {}),
        ({"os": "linux", "architecture": "arm", "variant": "v6"}, {"architecture": "arm", "variant": "v7"}),
        ({"os": "linux", "architecture": "arm"}, {"architecture": "arm", "variant": "v6"}),
        ({"os": "linux", "architecture": "amd64"}, {"variant": "v3"}),
        (
            {"os": "windows", "architecture": "amd64", "os.version": "10.0.1"},
            {"os": "windows", "os.version": "10.0.2"},
        ),
    ],
)
def test_a_config_that_names_another_platform_is_a_contradiction(listed: dict[str, str], own: dict[str, str]) -> None:
    """What runs depends on which of the two a program believes; evil child first and last."""
    shelf = Shelf()
    evil = descriptor(shelf.image(of_config=config(**own)), OCI_MANIFEST, platform=listed)
    for content in both_ways(shelf.child("s390x"), evil):
        found = shelf.find(content)
        assert codes(found) == ["platform-contradiction"]
        assert "its config says" in found.undecided[0].what


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, {"architecture": "arm64"}),
        ({"os": "linux", "architecture": "arm", "variant": "v6"}, {"architecture": "arm"}),
        ({"os": "linux", "architecture": "arm"}, {"architecture": "arm", "variant": "v7"}),
        ({"os": "linux", "architecture": "x86_64"}, {}),
        ({"os": "windows", "architecture": "amd64"}, {"os": "windows", "os.version": "10.0.2"}),
    ],
)
def test_what_only_one_of_them_says_is_no_contradiction(listed: dict[str, str], own: dict[str, str]) -> None:
    """Older builders left the variant out of the config."""
    shelf = Shelf()
    child = descriptor(shelf.image(of_config=config(**own)), OCI_MANIFEST, platform=listed)
    assert codes(shelf.find(packed(index(child)))) == []


@pytest.mark.parametrize(
    "platform", [..., {}, {"os": "linux"}, {"architecture": "amd64"}, {"os": "", "architecture": "amd64"}]
)
def test_a_child_without_platform_is_undecided(platform: object) -> None:
    """Some readers take it for linux/amd64, others never choose it."""
    shelf = Shelf()
    evil = descriptor(shelf.image(), OCI_MANIFEST, **({} if platform is ... else {"platform": platform}))
    for content in both_ways(shelf.child("arm64"), evil):
        found = shelf.find(content)
        assert codes(found) == ["platform-missing"]
        assert "linux/amd64" in platforms(found)
        assert "platform-missing" in codes(shelf.find(content, configs=False))


@pytest.mark.parametrize(
    "media_type",
    [LAYER, "application/vnd.cncf.helm.config.v1+json", "application/vnd.docker.distribution.manifest.v1+prettyjws"],
)
@pytest.mark.parametrize("configs", [True, False])
def test_a_child_of_unknown_kind_is_undecided(media_type: str, configs: bool) -> None:  # noqa: FBT001 -- both ways
    """It could be anything; evil child first and last."""
    shelf = Shelf()
    evil = descriptor(b"x", media_type, platform={"os": "linux", "architecture": "arm64"})
    for content in both_ways(shelf.child(), evil):
        found = shelf.find(content, configs=configs)
        assert codes(found) == ["not-an-image"]
        assert media_type in found.undecided[0].what


@pytest.mark.parametrize("configs", [True, False])
def test_a_subject_that_is_no_image_is_undecided(configs: bool) -> None:  # noqa: FBT001 -- both ways
    """A Helm chart has a manifest too (S13)."""
    chart = packed(manifest(config=descriptor(b"{}", "application/vnd.cncf.helm.config.v1+json")))
    found = Shelf().find(chart, configs=configs)
    assert codes(found) == ["not-an-image"]
    assert found.images == ()


def test_a_config_that_is_no_image_config_is_undecided() -> None:
    """The media type says image, the bytes say otherwise."""
    shelf = Shelf()
    content = shelf.image(of_config={"name": "chart"})
    assert codes(shelf.find(content)) == ["not-an-image"]


@pytest.mark.parametrize("configs", [True, False])
@pytest.mark.parametrize(("os", "architecture"), [("unknown", "unknown"), ("linux", "unknown"), ("Unknown", "amd64")])
def test_a_lone_manifest_that_names_no_platform_is_undecided(os: str, architecture: str, configs: bool) -> None:  # noqa: FBT001 -- both ways
    """As BuildKit's attestation is one, asked for by its own digest: nobody runs that, and no rule can judge it."""
    shelf = Shelf()
    content = shelf.image(
        of_config=config(os=os, architecture=architecture), layers=[descriptor(b"statement", IN_TOTO)]
    )
    found = shelf.find(content, configs=configs)
    assert codes(found) == ["platform-missing"]
    assert f"its config names {os.lower()}/{architecture}" in found.undecided[0].what


@pytest.mark.parametrize("configs", [True, False])
def test_a_config_larger_than_any_is_not_asked_for(configs: bool) -> None:  # noqa: FBT001 -- both ways
    """Forty of them would keep the gate busy for a minute."""
    shelf = Shelf()
    content = shelf.image(config={**descriptor(b"{}", OCI_CONFIG), "size": MOST_CONFIG_BYTES + 1})
    of = Subject("x", PLACE, PLACE, "1", Digest.of(content), "", content)
    assert PlatformsNeed(configs=configs).missing(of, Evidence()) == frozenset()
    (undecided,) = shelf.find(content, configs=configs).undecided
    assert undecided.reason.code == "platform-unread"
    assert f"has {MOST_CONFIG_BYTES + 1} bytes; at most {MOST_CONFIG_BYTES} are read" in undecided.what


@pytest.mark.parametrize("broken", [False, True])
def test_a_document_is_parsed_once_however_often_it_is_looked_at(
    broken: bool,  # noqa: FBT001 -- both ways
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every round and every rule walks through all of them; large ones that are malformed too."""
    shelf = Shelf()
    one = config(author=f"once {broken}", **({"config": {"Env": "x"}} if broken else {}))
    content = shelf.image(of_config=one)
    parsed: list[bytes] = []

    def counting(content: bytes) -> object:
        parsed.append(content)
        return parse_config(content)

    monkeypatch.setattr("gate.platforms.parse_config", counting)
    for _ in range(3):
        assert codes(shelf.find(content)) == (["malformed-json"] if broken else [])
    assert parsed == [packed(one)]


def test_indexes_inside_indexes_are_opened() -> None:
    """Three levels, the subject included; the images inside are judged."""
    shelf = Shelf()
    inner = shelf.nested(shelf.child("arm64"))
    content = packed(index(shelf.child("amd64"), shelf.nested(inner, shelf.child("s390x"))))
    for configs in (True, False):
        found = shelf.find(content, configs=configs)
        assert platforms(found) == ["linux/amd64", "linux/arm64", "linux/s390x"]
        assert found.undecided == ()


@pytest.mark.parametrize("configs", [True, False])
def test_a_fourth_level_is_undecided(configs: bool) -> None:  # noqa: FBT001 -- both ways
    """What lies below is not known; evil child first and last."""
    shelf = Shelf()
    evil = shelf.nested(shelf.nested(shelf.nested(shelf.child("arm64"))))
    for content in both_ways(shelf.child(), evil):
        found = shelf.find(content, configs=configs)
        assert codes(found) == ["nested-too-deep"]
        assert platforms(found) == ["linux/amd64"]


def test_a_circle_of_indexes_ends() -> None:
    """No hash leads back to itself, but a source that lied could: the walk ends all the same."""
    shelf = Shelf()
    inner = packed(index(shelf.child("arm64")))
    entry = descriptor(inner, OCI_INDEX)
    circle = packed(index(entry))
    shelf.facts[Ask(PLACE, Kind.MANIFEST, entry["digest"])] = Found(LOOK, packed(index({**entry, "size": 1})))
    found = shelf.find(circle)
    assert set(codes(found)) <= {"nested-too-deep", "malformed-json"}
    assert found.undecided


def test_an_index_reached_twice_is_undecided() -> None:
    """Its images would be there twice; following it again and again would never end in time."""
    shelf = Shelf()
    inner = shelf.nested(shelf.child("arm64"))
    found = shelf.find(packed(index(inner, inner)))
    assert codes(found) == ["nested-too-deep"]
    assert "reached twice" in found.undecided[0].what


def test_members_are_bounded() -> None:
    """Past the bound nobody knows what is there."""
    shelf = Shelf()
    child = shelf.child()
    found = shelf.find(packed(index(*[child] * (MOST_MEMBERS + 5))), configs=False)
    assert codes(found).count("too-many-members") == 1


@pytest.mark.parametrize("children", [(), "attestations"])
def test_an_index_without_any_platform_is_undecided(children: object) -> None:
    """Zero platforms prove nothing (S2)."""
    shelf = Shelf()
    attestation = shelf.attestation({"digest": f"sha256:{'0' * 64}"})
    content = packed(index(*([attestation] if children else [])))
    found = shelf.find(content)
    assert found.undecided
    assert codes(found)[0] == ("platform-missing" if children else "no-platforms")


def test_an_empty_nested_index_is_undecided() -> None:
    """It could be where the image was."""
    shelf = Shelf()
    assert codes(shelf.find(packed(index(shelf.child(), shelf.nested())))) == ["no-platforms"]


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (Absent(Look("there", "404")), "is not there (404)"),
        (Unavailable(Look("there", "500"), "registry-error", "the registry answered 500"), "the registry answered 500"),
    ],
)
@pytest.mark.parametrize("part", ["manifest", "config", "nested", "attestation"])
def test_a_part_that_cannot_be_read_is_undecided_and_named(fact: Fact, message: str, part: str) -> None:
    """Neither a refusal nor an absence is a pass; evil child first and last."""
    shelf = Shelf()
    good, evil = shelf.child("amd64"), shelf.child("arm64")
    gone = evil["digest"]
    if part == "config":
        gone = str(Digest.of(packed(config(architecture="arm64"))))
    elif part == "nested":
        evil = shelf.nested(shelf.child("arm64"))
        gone = evil["digest"]
    elif part == "attestation":
        evil = shelf.attestation(good)
        gone = evil["digest"]
    for kind in (Kind.MANIFEST, Kind.BLOB):
        if Ask(PLACE, kind, gone) in shelf.facts:
            shelf.facts[Ask(PLACE, kind, gone)] = fact
    for content in both_ways(good, evil):
        found = shelf.find(content)
        assert codes(found) == ["platform-unread"]
        assert message in found.undecided[0].what
        assert evil["digest"] in found.undecided[0].what
        assert found.undecided[0].look == fact.look
        assert platforms(found) == ["linux/amd64"]


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (b"rubbish", "", "malformed-json"),
        (packed(manifest())[:-20], "", "malformed-json"),
        (packed({**manifest(), "Config": {}}), "", "ambiguous-json"),
        (packed(index(layers=[])), "", "media-type-mismatch"),
        (packed(manifest(mediaType=DOCKER_MANIFEST)), "", "media-type-mismatch"),
        (packed(manifest()), "application/vnd.oci.image.index.v1+json", "media-type-mismatch"),
        (packed(manifest(fsLayers=[])), "", "schema1-image"),
        (packed({"schemaVersion": 2}), "", "not-an-image"),
    ],
)
def test_a_child_that_is_malformed_is_undecided(content: bytes, media_type: str, code: str) -> None:
    """Its code is its reason; evil child first and last."""
    shelf = Shelf()
    shelf.put(content, media_type=media_type)
    evil = descriptor(content, OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"})
    for document in both_ways(shelf.child("s390x"), evil):
        found = shelf.find(document)
        assert codes(found) == [code]
        assert evil["digest"] in found.undecided[0].what


def test_sizes_must_be_what_was_said() -> None:
    """A descriptor that lies about the size contradicts its bytes."""
    shelf = Shelf()
    child = shelf.child()
    found = shelf.find(packed(index({**child, "size": child["size"] + 1})))
    assert codes(found) == ["malformed-json"]
    assert "the index says" in found.undecided[0].what
    of_config = packed(config())
    shelf.put(of_config, Kind.BLOB)
    lying = packed(manifest(config={**descriptor(of_config, OCI_CONFIG), "size": 1}))
    assert codes(shelf.find(lying)) == ["malformed-json"]


def test_a_subject_that_is_malformed_is_undecided() -> None:
    """Nothing was asked, nothing was found, and that is said."""
    for content, media_type, code in (
        (b"x", "", "malformed-json"),
        (packed(manifest()), OCI_INDEX, "media-type-mismatch"),
    ):
        found = Shelf().find(content, media_type)
        assert codes(found) == [code]
        assert found.images == ()


def test_an_embedded_config_is_not_fetched() -> None:
    """`data` was checked against size and digest when the manifest was read."""
    import base64

    of_config = packed(config())
    content = packed(
        manifest(config={**descriptor(of_config, OCI_CONFIG), "data": base64.b64encode(of_config).decode()})
    )
    assert platforms(Shelf().find(content)) == ["linux/amd64"]


def test_evidence_that_was_never_collected_is_our_bug() -> None:
    """A missing fact raises instead of being taken for an absent one (S2)."""
    content = packed(manifest())
    subject = Subject("x", PLACE, PLACE, "1", Digest.of(content), "", content)
    with pytest.raises(NotAsked):
        find_images(subject, Evidence(), configs=True)


def test_the_digest_of_an_archive_without_manifest_is_said_to_be_its_own() -> None:
    """As a headline, and only for an archive: an image in a registry cannot say so of itself."""
    shelf = Shelf()
    content = shelf.image(annotations={ARCHIVE_OWN: "true"})
    assert shelf.find(content).notes == ()
    notes = shelf.find(content, place="docker-archive:app.tar").notes
    assert [(note.headline, "no signature is over it" in note.what) for note in notes] == [(True, True)]


@given(st.permutations(["amd64", "arm64", "s390x", "amd64", "nested", "attestation"]))
def test_the_order_of_an_index_never_hides_a_member(order: list[str]) -> None:
    """Whatever stands first or last, every image is found and the duplicate is seen."""
    shelf = Shelf()
    good = shelf.child("amd64")
    made = {
        "nested": shelf.nested(shelf.child("riscv64")),
        "attestation": shelf.attestation(good),
    }
    found = shelf.find(packed(index(*[made.get(name) or shelf.child(name) for name in order])))
    assert sorted(platforms(found)) == ["linux/amd64", "linux/amd64", "linux/arm64", "linux/riscv64", "linux/s390x"]
    assert codes(found) == ["platform-duplicate"]
