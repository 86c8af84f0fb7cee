"""What hangs on a digest is found, bounded, and never taken from a place that did not answer."""

from __future__ import annotations

import pytest

from gate.attached import (
    MOST_CANDIDATES,
    MOST_PAGES,
    MOST_REFERRERS,
    Attached,
    Referrers,
    Storage,
    TagLayers,
    fallback_tag,
)
from gate.evidence import Absent, Ask, Found, Kind, Look
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_INDEX, OCI_MANIFEST
from gate.subject import Subject
from tests.signers.forge import BUNDLE, PREDICATE, SIMPLE, put_legacy, put_referrer
from tests.signers.world import World, descriptor, image, index, unavailable

SUBJECT = image()
TAG = f"sha256-{SUBJECT.digest.hex}"
LIST = (Kind.REFERRERS, str(SUBJECT.digest))
BUNDLES = Referrers("application/vnd.dev.sigstore.bundle", 1000, "https://sigstore.dev/cosign/sign/v1")
LAYERS = TagLayers("sig", SIMPLE, 1000)
LOOK = Look("https://registry.example/v2/", "200")


def bundles(world: World, subject: Subject = SUBJECT) -> Attached:
    """Read the referrers."""
    return BUNDLES.read(subject, world.gather([BUNDLES], subject))


def layers(world: World, subject: Subject = SUBJECT) -> Attached:
    """Read the signature tag."""
    return LAYERS.read(subject, world.gather([LAYERS], subject))


def asked(world: World) -> list[str]:
    """Name the questions by kind, fallback tag apart."""
    return ["fallback" if ask.name == TAG else str(ask.kind) for ask in world.asked]


# --- which places are asked


def test_listing_that_has_the_thing_is_enough() -> None:
    """No request that nobody needs: the fallback tag is not asked."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    found = bundles(world)
    assert [parcel.content for parcel in found.parcels] == [b"one"]
    assert found.parcels[0].storage is Storage.REFERRER
    assert asked(world) == ["referrers", "manifest", "blob"]


def test_no_such_api_asks_the_fallback_tag() -> None:
    """404 and the like are `Absent`."""
    world = World(api=False)
    put_referrer(world, SUBJECT, b"one")
    found = bundles(world)
    assert [parcel.storage for parcel in found.parcels] == [Storage.FALLBACK_TAG]
    assert asked(world) == ["referrers", "fallback", "manifest", "blob"]


def test_empty_listing_asks_the_fallback_tag_too() -> None:
    """200 with none matching (DESIGN section 4)."""
    world = World(api=False)
    put_referrer(world, SUBJECT, b"one")
    world.api = True
    world.referrers.clear()
    assert len(bundles(world).parcels) == 1


def test_listing_of_other_kinds_asks_the_fallback_tag_too() -> None:
    """Passed over by type, in the descriptor or in the manifest, and said."""
    world = World(api=False)
    put_referrer(world, SUBJECT, b"one")
    world.api = True
    world.referrers.clear()
    put_referrer(world, SUBJECT, b"sbom", listed={"artifactType": "application/spdx+json"})
    put_referrer(
        world, SUBJECT, b"notation", listed={"artifactType": None}, artifactType="application/vnd.cncf.notary.signature"
    )
    found = bundles(world)
    assert [parcel.content for parcel in found.parcels] == [b"one"]
    said = [look.status for look in found.looked]
    assert "1 passed over: another kind" in said
    assert "passed over: it is of type application/vnd.cncf.notary.signature" in said


def test_attestations_alone_ask_the_fallback_tag_too() -> None:
    """An attestation is none of the wanted."""
    world = World()
    put_referrer(world, SUBJECT, b"sbom", annotations={PREDICATE: "https://spdx.dev/Document"})
    found = bundles(world)
    assert [one.predicate_type for one in found.aside] == ["https://spdx.dev/Document"]
    assert asked(world) == ["referrers", "manifest", "fallback"]


@pytest.mark.parametrize("status", ["401", "403", "429", "500", "timeout"])
def test_listing_that_does_not_answer_is_unread(status: str) -> None:
    """And the fallback tag does not stand in for it."""
    world = World(api=False)
    put_referrer(world, SUBJECT, b"one")
    world.faults[LIST] = unavailable(status)
    found = bundles(world)
    assert found.parcels == ()
    assert [fact.look.status for fact in found.unread] == [status]
    assert asked(world) == ["referrers"]


def test_fallback_tag_that_does_not_answer_is_unread() -> None:
    """Only a definite answer is absence."""
    world = World(api=False)
    world.faults[Kind.MANIFEST, TAG] = unavailable()
    assert len(bundles(world).unread) == 1


@pytest.mark.parametrize("kind", [Kind.MANIFEST, Kind.BLOB])
def test_part_of_a_referrer_that_does_not_answer_is_unread(kind: Kind) -> None:
    """Its manifest, or its blob."""
    world = World()
    digest = put_referrer(world, SUBJECT, b"one")
    world.faults[kind, digest if kind is Kind.MANIFEST else str(Digest.of(b"one"))] = unavailable()
    found = bundles(world)
    assert found.parcels == ()
    assert len(found.unread) == 1


def test_fallback_tag_of_a_long_digest_is_cut() -> None:
    """The tag schema takes 64 digits (distribution-spec)."""
    digest = Digest.of(b"x", "sha512")
    assert fallback_tag(digest) == f"sha512-{digest.hex[:64]}"


def test_signature_tag_that_would_be_no_tag_is_not_asked() -> None:
    """A sha512 digest does not fit into a tag; cosign has none either."""
    digest = Digest.of(SUBJECT.content, "sha512")
    subject = Subject("x", SUBJECT.place, "", "", digest, SUBJECT.media_type, SUBJECT.content)
    world = World()
    assert layers(world, subject).looked == ()
    assert world.asked == []


# --- answers of the wrong shape


def test_fallback_tag_that_is_an_image_is_said_and_absent() -> None:
    """Somebody may push an image under that very tag."""
    world = World(api=False)
    world.put_manifest(image("other").content, OCI_MANIFEST, tag=TAG)
    found = bundles(world)
    assert (found.parcels, found.junk, found.unread) == ((), (), ())
    assert "no index, but an image's manifest" in [look.status for look in found.looked]


@pytest.mark.parametrize("content", [b'{"schemaVersion":2}', b'{"schemaVersion":1,"fsLayers":[]}', b"{}"])
def test_fallback_tag_that_is_something_else(content: bytes) -> None:
    """No index, or an old image: never signatures."""
    world = World(api=False)
    world.put_manifest(content, "application/json", tag=TAG)
    found = bundles(world)
    assert (found.parcels, found.junk, found.unread) == ((), (), ())
    assert any(look.status.startswith("no index: ") for look in found.looked)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>", "malformed-json"),
        (index([]).replace(b'"manifests"', b'"Manifests":[],"manifests"'), "ambiguous-json"),
        (index([{"mediaType": "x/y", "digest": "sha256:1", "size": 1}]), "malformed-json"),
    ],
)
def test_list_that_cannot_be_read_is_unread(content: bytes, code: str) -> None:
    """It may hide the part that matters."""
    world = World()
    world.faults[LIST] = Found(LOOK, content, OCI_INDEX)
    assert [fact.code for fact in bundles(world).unread] == [code]


def test_list_that_is_no_index_is_no_api() -> None:
    """A registry that answers another document has no such API."""
    world = World(api=False)
    put_referrer(world, SUBJECT, b"one")
    world.faults[LIST] = Found(LOOK, SUBJECT.content, OCI_MANIFEST)
    assert len(bundles(world).parcels) == 1


@pytest.mark.parametrize(
    ("content", "media_type"), [(b"junk", OCI_MANIFEST), (index([]), OCI_INDEX), (b"{}", "application/json")]
)
def test_signature_tag_that_points_to_something_else(content: bytes, media_type: str) -> None:
    """Junk in the place of signatures: refused with a reason."""
    world = World()
    world.put_manifest(content, media_type, tag=f"{TAG}.sig")
    found = layers(world)
    assert [junk.reason.code for junk in found.junk] == ["attached-malformed"]
    assert found.unread == ()


def test_ambiguous_manifest_at_the_signature_tag_is_unread() -> None:
    """Another reader could find a signature in it (S11)."""
    world = World()
    put_legacy(world, SUBJECT, [(b"x", {})])
    content, _ = world.manifests[f"{TAG}.sig"]
    world.put_manifest(content.replace(b'"layers"', b'"Layers":[],"layers"'), tag=f"{TAG}.sig")
    assert [fact.code for fact in layers(world).unread] == ["ambiguous-json"]


def test_referrer_that_is_an_index_or_junk() -> None:
    """A listed manifest of another shape is refused."""
    world = World()
    for content, media_type in ((index([]), OCI_INDEX), (b"junk", OCI_MANIFEST)):
        world.put_manifest(content, media_type)
        world.referrers.setdefault(str(SUBJECT.digest), []).append(descriptor(media_type, content, artifactType=BUNDLE))
    assert {junk.reason.code for junk in bundles(world).junk} == {"attached-malformed"}


def test_kind_of_a_referrer_without_artifact_type_is_that_of_its_config() -> None:
    """As the image specification has it."""
    world = World()
    put_referrer(world, SUBJECT, b"one", artifactType=None, config=descriptor(BUNDLE, b"{}"))
    put_referrer(world, SUBJECT, b"two", artifactType=None)
    assert [parcel.content for parcel in bundles(world).parcels] == [b"one"]


def test_every_predicate_type_is_wanted_where_none_is_named() -> None:
    """For whoever looks for attestations."""
    world = World()
    put_referrer(world, SUBJECT, b"sbom", annotations={PREDICATE: "https://spdx.dev/Document"})
    need = Referrers("application/vnd.dev.sigstore.bundle", 1000)
    assert len(need.read(SUBJECT, world.gather([need], SUBJECT)).parcels) == 1


@pytest.mark.parametrize(("kinds", "said"), [([], "0 layers (none)"), (["a/b"] * 4, "4 layers (a/b, a/b, a/b)")])
def test_layers_that_are_not_the_one_are_named(kinds: list[str], said: str) -> None:
    """So that people see what was attached."""
    world = World()
    put_referrer(world, SUBJECT, b"one", layers=[descriptor(kind, b"one") for kind in kinds])
    (junk,) = bundles(world).junk
    assert said in junk.detail


def test_referrer_listed_under_another_media_type() -> None:
    """Descriptor and body have to agree (S13)."""
    world = World()
    put_referrer(world, SUBJECT, b"one", listed={"mediaType": OCI_INDEX})
    found = bundles(world)
    assert [junk.reason.code for junk in found.junk] == ["attached-malformed"]
    assert found.parcels == ()


# --- bounds


def _page(world: World, name: str, following: str, entries: list[dict[str, object]]) -> None:
    world.faults[Kind.REFERRERS, name] = Found(LOOK, index(entries), OCI_INDEX, following)


def test_pages_are_read_to_the_end() -> None:
    """The signature may be on the last one."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    entries = world.referrers[str(SUBJECT.digest)]
    _page(world, str(SUBJECT.digest), "next", [])
    _page(world, "next", "", entries)
    assert len(bundles(world).parcels) == 1


def test_pages_that_go_round_in_a_circle_are_unread() -> None:
    """A page that leads to itself, or to an earlier one (CVE-2023-46737)."""
    for back in ("next", str(SUBJECT.digest)):
        world = World()
        _page(world, str(SUBJECT.digest), "next", [])
        _page(world, "next", back, [])
        (fact,) = bundles(world).unread
        assert (fact.code, fact.detail) == ("limit-reached", "the list of referrers does not come to an end")


def test_too_many_pages_are_unread() -> None:
    """However good what was on the first ones."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    names = [str(SUBJECT.digest), *(f"page {place}" for place in range(MOST_PAGES))]
    for name, following in zip(names, [*names[1:], "more"], strict=True):
        _page(world, name, following, world.referrers[str(SUBJECT.digest)])
    found = bundles(world)
    assert [fact.code for fact in found.unread] == ["limit-reached"]
    assert found.parcels == ()


def test_page_that_is_not_there_is_unread() -> None:
    """The list is not whole."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    _page(world, str(SUBJECT.digest), "next", world.referrers[str(SUBJECT.digest)])
    world.faults[Kind.REFERRERS, "next"] = Absent(LOOK._replace(status="404"))
    found = bundles(world)
    assert [fact.code for fact in found.unread] == ["referrers-incomplete"]
    assert found.parcels == ()


def test_second_page_that_is_no_index_is_unread() -> None:
    """Only the first may say that there is no such API."""
    world = World()
    _page(world, str(SUBJECT.digest), "next", [])
    world.faults[Kind.REFERRERS, "next"] = Found(LOOK, b"{}", "application/json")
    assert len(bundles(world).unread) == 1


@pytest.mark.parametrize(("count", "artifact_type"), [(MOST_CANDIDATES + 1, BUNDLE), (MOST_REFERRERS + 1, "x/y")])
def test_too_many_referrers_are_unread(count: int, artifact_type: str) -> None:
    """A good one among them does not count: the limit makes the whole kind unavailable (S4)."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    world.referrers[str(SUBJECT.digest)] += [
        descriptor(OCI_MANIFEST, str(place).encode(), artifactType=artifact_type) for place in range(count - 1)
    ]
    found = bundles(world)
    assert [fact.code for fact in found.unread] == ["limit-reached"]
    assert found.parcels == ()
    assert asked(world) == ["referrers"]


@pytest.mark.parametrize("count", [MOST_CANDIDATES + 1, 1001])
def test_too_many_layers_are_unread(count: int) -> None:
    """At the signature tag."""
    world = World()
    put_legacy(world, SUBJECT, [(b"x", {})] * count)
    found = layers(world)
    assert [fact.code for fact in found.unread] == ["limit-reached"]
    assert found.parcels == ()


def test_what_is_said_to_be_too_large_is_not_fetched() -> None:
    """Sizes are bounded before anything is asked for (CVE-2024-29902)."""
    world = World()
    put_legacy(world, SUBJECT, [(b"x", {"size": 1001})])
    put_referrer(world, SUBJECT, b"one", layers=[descriptor(BUNDLE, b"one") | {"size": 1001}])
    for found in (layers(world), bundles(world)):
        assert [fact.code for fact in found.unread] == ["limit-reached"]
        assert "at most 1000 are read" in found.unread[0].detail
    put_referrer(world, SUBJECT, b"two", listed={"size": 4 * 1024 * 1024 + 1})
    assert {fact.code for fact in bundles(world).unread} == {"limit-reached"}
    assert Kind.BLOB not in {ask.kind for ask in world.asked}


def test_same_referrer_listed_twice_is_read_once() -> None:
    """Repeating an entry adds nothing."""
    world = World()
    put_referrer(world, SUBJECT, b"one")
    world.referrers[str(SUBJECT.digest)] *= 3
    assert len(bundles(world).parcels) == 1


def test_order_of_the_list_does_not_matter() -> None:
    """The order of digests decides."""
    world = World()
    for content in (b"one", b"two", b"three"):
        put_referrer(world, SUBJECT, content)
    first = bundles(world)
    world.referrers[str(SUBJECT.digest)].reverse()
    assert bundles(world) == first


def test_everything_that_is_asked_is_asked_of_the_subjects_place() -> None:
    """A listing cannot send the gate elsewhere."""
    world = World()
    put_referrer(world, SUBJECT, b"one", layers=[descriptor(BUNDLE, b"one", urls=["http://169.254.169.254/"])])
    assert len(bundles(world).parcels) == 1
    assert {ask.place for ask in world.asked} == {SUBJECT.place}
    assert Ask(SUBJECT.place, Kind.BLOB, str(Digest.of(b"one"))) in world.asked
