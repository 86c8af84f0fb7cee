"""What must not count for a signer with a key: one test for every single check, each with its reason."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from gate.evidence import Kind, NotAsked
from gate.oci.digest import Digest
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Refused, Unchecked, Vouching
from gate.signers.cosign_key import CosignKey
from gate.subject import Subject
from tests.signers import forge
from tests.signers.forge import b64, bundle, legacy, put_legacy, put_referrer, statement
from tests.signers.world import PLACE, World, descriptor, image, key_file, packed, unavailable

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEY = forge.key()
OTHER = forge.key("other")


def make(options: dict[str, Any]) -> CosignKey:
    """Make a signer, checked or not."""
    return CosignKey(**{"log": "none"} | options)


def signer(key: forge.Key = KEY, /, **options: Any) -> CosignKey:
    """Make a signer that vouches for any image unless told otherwise."""
    made = make({"key": key_file(key.public_pem), "any_image": "images" not in options} | options)
    assert made.problems() == ()
    return made


def verify(world: World, subject: Subject, by: CosignKey | None = None, at: datetime = AT) -> Vouching:
    """Collect what the signer needs, and let it judge."""
    by = by or signer()
    return by.verify(subject, world.gather(by.needs(subject), subject), at)


def only(vouching: Vouching) -> Candidate:
    """Give the one candidate."""
    (candidate,) = vouching.candidates
    return candidate


def counts(candidate: Candidate) -> bool:
    """Tell whether it counts."""
    return isinstance(candidate.result, Counts)


def why(candidate: Candidate) -> tuple[str, str]:
    """Give the reason code and the sentence of one that does not count."""
    result = candidate.result
    assert isinstance(result, Refused | Unchecked)
    return result.reason.code, result.nearest if isinstance(result, Refused) else result.detail


# --- unmodified output counts, so that each negative below has one cause


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
def test_unmodified_output_counts(kind: str) -> None:
    """With SHA-256 for every curve, as cosign before 2.6 signs, and pure Ed25519."""
    world, subject, key = World(), image(), forge.key(kind=kind)
    legacy(world, subject, key)
    forge.attach(world, subject, key)
    vouching = verify(world, subject, signer(key))
    assert [counts(one) for one in vouching.candidates] == [True, True]
    assert {one.by for one in vouching.candidates} == {signer(key).principal()}


def test_nothing_attached_is_no_candidate() -> None:
    """Absent is neither refused nor unread."""
    vouching = verify(World(), image())
    assert vouching.candidates == ()
    assert vouching.unread == ()
    assert len(vouching.looked) == 3


# --- step 1: bytes and descriptors, and the subject of a referrer


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_blob_of_another_size_than_its_descriptor_says(storage: str) -> None:
    """Size is compared, although the digest fits."""
    world, subject = World(), image()
    if storage == "legacy":
        content = packed(forge.simple_payload(subject))
        changes: dict[str, object] = {
            "annotations": {forge.SIGNATURE: b64(KEY.sign(content))},
            "size": len(content) + 1,
        }
        put_legacy(world, subject, [(content, changes)])
    else:
        content = packed(bundle(KEY, packed(statement(subject))))
        layer = {"mediaType": forge.BUNDLE, "digest": str(Digest.of(content)), "size": len(content) - 1}
        put_referrer(world, subject, content, layers=[layer])
    code, detail = why(only(verify(world, subject)))
    assert code == "attached-mismatch"
    assert f"has {len(content)} bytes; its descriptor says" in detail


def test_blob_with_another_digest_than_its_descriptor_says() -> None:
    """A source that hands on other bytes of the same length is not believed."""
    world, subject = World(), image()
    legacy(world, subject, KEY)
    (digest,) = world.blobs
    good = world.blobs[digest]
    world.blobs[digest] = good.replace(b"cosign", b"Cosign")
    code, detail = why(only(verify(world, subject)))
    assert (code, "another digest" in detail) == ("attached-mismatch", True)


def test_referrer_whose_manifest_has_another_size_than_listed() -> None:
    """The size of a listed manifest is compared."""
    world, subject = World(), image()
    put_referrer(world, subject, packed(bundle(KEY, packed(statement(subject)))), listed={"size": 7})
    assert why(only(verify(world, subject)))[0] == "attached-mismatch"


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_blob_that_is_listed_and_gone(storage: str) -> None:
    """A definite answer that something listed is not there: refused, and not mistaken for a missing signature."""
    world, subject = World(), image()
    (legacy if storage == "legacy" else forge.attach)(world, subject, KEY)
    world.blobs.clear()
    code, detail = why(only(verify(world, subject)))
    assert (code, "404" in detail) == ("attached-gone", True)


def test_referrer_with_another_subject() -> None:
    """A list may name anything: a signature of another image does not count because it is listed here."""
    world, subject, other = World(), image(), image("other")
    put_referrer(
        world, subject, packed(bundle(KEY, packed(statement(subject)))),
        subject=descriptor(other.media_type, other.content),
    )  # fmt: skip
    code, detail = why(only(verify(world, subject)))
    assert code == "referrer-of-other-image"
    assert str(other.digest) in detail


def test_referrer_without_subject() -> None:
    """A manifest that refers to nothing refers not to this image."""
    world, subject = World(), image()
    put_referrer(world, subject, packed(bundle(KEY, packed(statement(subject)))), subject=None)
    assert why(only(verify(world, subject))) == (
        "referrer-of-other-image",
        f"referrer {next(iter(world.manifests))} refers to nothing",
    )


@pytest.mark.parametrize("count", [0, 2])
def test_referrer_with_not_exactly_one_layer(count: int) -> None:
    """Of several blobs nobody could say which one is meant."""
    world, subject = World(), image()
    content = packed(bundle(KEY, packed(statement(subject))))
    put_referrer(world, subject, content, layers=[descriptor(forge.BUNDLE, content)] * count)
    code, detail = why(only(verify(world, subject)))
    assert (code, f"has {count} layers" in detail) == ("attached-malformed", True)


def test_referrer_whose_layer_is_no_bundle() -> None:
    """The media type of the layer has to say that it is a bundle."""
    world, subject = World(), image()
    content = packed(bundle(KEY, packed(statement(subject))))
    put_referrer(world, subject, content, layers=[descriptor("application/json", content)])
    assert why(only(verify(world, subject)))[0] == "attached-malformed"


def test_layer_of_the_signature_tag_that_is_no_payload() -> None:
    """Only simple signing layers are signatures."""
    world, subject = World(), image()
    content = packed(forge.simple_payload(subject))
    changes: dict[str, object] = {
        "annotations": {forge.SIGNATURE: b64(KEY.sign(content))},
        "mediaType": "application/json",
    }
    put_legacy(world, subject, [(content, changes)])
    code, detail = why(only(verify(world, subject)))
    assert (code, "application/json" in detail) == ("attached-malformed", True)


# --- step 2: the form of a candidate


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ({}, "is empty"),
        ({forge.SIGNATURE: ""}, "is empty"),
        ({forge.SIGNATURE: "%%%"}, "is not base64"),
        ({forge.SIGNATURE: "QUJD\n"}, "is not base64"),
        ({forge.SIGNATURE: "QQ"}, "is not base64"),
        ({forge.SIGNATURE: b64(b"x" * 5000)}, "no key makes"),
    ],
)
def test_signature_annotation_that_is_none(annotations: dict[str, str], said: str) -> None:
    """Missing, empty, broken, far too long."""
    world, subject = World(), image()
    put_legacy(world, subject, [(packed(forge.simple_payload(subject)), {"annotations": annotations})])
    code, detail = why(only(verify(world, subject)))
    assert (code, said in detail) == ("signature-malformed", True)


def _bundle_with(subject: Subject, **changes: object) -> dict[str, object]:
    return bundle(KEY, packed(statement(subject))) | changes


def _envelope_with(subject: Subject, **changes: object) -> dict[str, object]:
    made = _bundle_with(subject)
    envelope = made["dsseEnvelope"]
    assert isinstance(envelope, dict)
    return made | {"dsseEnvelope": envelope | changes}


def _signatures(subject: Subject) -> list[dict[str, str]]:
    envelope = _bundle_with(subject)["dsseEnvelope"]
    assert isinstance(envelope, dict)
    found: list[dict[str, str]] = envelope["signatures"]
    return found


SUBJECT = image()
SIGNATURES = _signatures(SUBJECT)

BROKEN_BUNDLES: dict[str, tuple[object, str]] = {
    "no media type": (_bundle_with(SUBJECT, mediaType=None), "mediaType"),
    "foreign media type": (_bundle_with(SUBJECT, mediaType="application/json"), "no Sigstore bundle"),
    "media type with a suffix": (_bundle_with(SUBJECT, mediaType=forge.BUNDLE + "x"), "no Sigstore bundle"),
    "media type spelt half and half": (
        _bundle_with(SUBJECT, mediaType="application/vnd.dev.sigstore.bundle+json;version=0.3+json"),
        "no Sigstore bundle",
    ),
    "no material": (_bundle_with(SUBJECT, verificationMaterial=None), "verificationMaterial"),
    "empty material": (_bundle_with(SUBJECT, verificationMaterial={}), "has none of"),
    "two materials": (
        _bundle_with(SUBJECT, verificationMaterial={"publicKey": {"hint": KEY.hint}, "certificate": {"rawBytes": ""}}),
        "has publicKey and certificate of",
    ),
    "no content": (_bundle_with(SUBJECT, dsseEnvelope=None), "has none of"),
    "two contents": (_bundle_with(SUBJECT, messageSignature={"signature": b64(b"x")}), "exactly one"),
    "no signature": (_envelope_with(SUBJECT, signatures=[]), "has 0 signatures"),
    "two signatures": (_envelope_with(SUBJECT, signatures=SIGNATURES * 2), "has 2 signatures"),
    "signatures of another type": (_envelope_with(SUBJECT, signatures="x"), "is not a list"),
    "signature that is no object": (_envelope_with(SUBJECT, signatures=["x"]), "is not a JSON object"),
    "empty signature": (_envelope_with(SUBJECT, signatures=[{"sig": ""}]), "is empty"),
    "signature that is no base64": (_envelope_with(SUBJECT, signatures=[{"sig": "!"}]), "is not base64"),
    "payload that is no base64": (_envelope_with(SUBJECT, payload="é"), "is not base64"),
    "no payload": (_envelope_with(SUBJECT, payload=None), "payload"),
    "no payload type": (_envelope_with(SUBJECT, payloadType=None), "payloadType"),
    "hint that is no text": (_bundle_with(SUBJECT, verificationMaterial={"publicKey": {"hint": 1}}), "is not a string"),
    "too many log entries": (
        _bundle_with(SUBJECT, verificationMaterial={"publicKey": {}, "tlogEntries": [{}] * 33}),
        "at most 32",
    ),
    "a list": ([_bundle_with(SUBJECT)], "is not a JSON object"),
}


@pytest.mark.parametrize("name", BROKEN_BUNDLES)
def test_bundle_that_is_none(name: str) -> None:
    """Each way in which a bundle can be broken, although it holds a good signature."""
    made, said = BROKEN_BUNDLES[name]
    world = World()
    put_referrer(world, SUBJECT, packed(made))
    code, detail = why(only(verify(world, SUBJECT)))
    assert (code, said in detail) == ("signature-malformed", True), detail


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"{", packed(_bundle_with(SUBJECT)) + b"{}"])
def test_bundle_that_is_no_json(content: bytes) -> None:
    """Rubbish, and trailing data after a good bundle."""
    world = World()
    put_referrer(world, SUBJECT, content)
    assert why(only(verify(world, SUBJECT)))[0] == "signature-malformed"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"dsseEnvelope":{', b'"dsseEnvelope":{"payload":"AAAA",'),
        (b'"dsseEnvelope":{', b'"DsseEnvelope":{},"dsseEnvelope":{'),
        (b'"dsseEnvelope":{', b'"d\xc5\xbfseEnvelope":{},"dsseEnvelope":{'),
        (b'"payloadType"', b'"PayloadType":"x","payloadType"'),
        (b'"signatures":[{', b'"signatures":[{"Sig":"x",'),
        (b'"publicKey"', b'"publickey"'),
        (b'"hint"', b'"Hint"'),
    ],
)
def test_bundle_that_two_readers_read_differently(old: bytes, new: bytes) -> None:
    """Doubled keys, and keys that are equal under case folding: undecided, nobody chooses (S11)."""
    content = packed(_bundle_with(SUBJECT))
    assert old in content
    world = World()
    put_referrer(world, SUBJECT, content.replace(old, new, 1))
    candidate = only(verify(world, SUBJECT))
    assert isinstance(candidate.result, Unchecked)
    assert why(candidate)[0] == "signature-ambiguous"


@pytest.mark.parametrize(
    "media_type",
    [f"application/vnd.dev.sigstore.bundle+json;version=0.{minor}" for minor in (1, 2, 3)]
    + [f"application/vnd.dev.sigstore.bundle.v0.{minor}+json" for minor in (1, 2, 3)],
)
def test_older_spellings_of_the_bundle_version_are_read(media_type: str) -> None:
    """Versions 0.1 to 0.3 sign a statement alike."""
    world = World()
    content = packed(_bundle_with(SUBJECT, mediaType=media_type))
    version = media_type.removesuffix("+json")[-3:]
    layer = descriptor(f"application/vnd.dev.sigstore.bundle.v{version}+json", content)
    put_referrer(world, SUBJECT, content, layers=[layer])
    assert counts(only(verify(world, SUBJECT)))


def test_bundle_of_a_later_version_cannot_be_checked() -> None:
    """A format nobody here knows is undecided, not refused."""
    world = World()
    put_referrer(world, SUBJECT, packed(_bundle_with(SUBJECT, mediaType=forge.BUNDLE.replace("0.3", "0.4"))))
    candidate = only(verify(world, SUBJECT))
    assert isinstance(candidate.result, Unchecked)
    code, detail = why(candidate)
    assert (code, "version 0.4" in detail) == ("bundle-version", True)


def test_layer_type_and_bundle_have_to_agree() -> None:
    """The layer says 0.2, the bundle says 0.3 (S13)."""
    world = World()
    content = packed(_bundle_with(SUBJECT))
    layer = descriptor("application/vnd.dev.sigstore.bundle.v0.2+json", content)
    put_referrer(world, SUBJECT, content, layers=[layer])
    code, detail = why(only(verify(world, SUBJECT)))
    assert (code, "version 0.3" in detail) == ("signature-malformed", True)


def test_message_signature_is_no_image_signature() -> None:
    """A bare signature over the very bytes of the image: nobody says what it is meant for."""
    world = World()
    made = _bundle_with(SUBJECT, messageSignature={"signature": b64(KEY.sign(SUBJECT.content))})
    del made["dsseEnvelope"]
    put_referrer(world, SUBJECT, packed(made))
    assert why(only(verify(world, SUBJECT)))[0] == "signature-without-statement"


def test_message_signature_of_an_ed25519_key_is_named_ed25519ph() -> None:
    """Cosign makes these as Ed25519ph (S20): undecided, with that word."""
    key, world = forge.key(kind="ed25519"), World()
    made = bundle(key, packed(statement(SUBJECT)), messageSignature={"signature": b64(key.sign(SUBJECT.content))})
    del made["dsseEnvelope"]
    put_referrer(world, SUBJECT, packed(made))
    candidate = only(verify(world, SUBJECT, signer(key)))
    assert isinstance(candidate.result, Unchecked)
    code, detail = why(candidate)
    assert (code, "Ed25519ph" in detail) == ("signature-ed25519ph", True)


@pytest.mark.parametrize(("kind", "length"), [("p256", 64), ("ed25519", 70)])
def test_message_signature_that_cannot_be_ed25519(kind: str, length: int) -> None:
    """Another kind of key, or another length: refused for what it is."""
    key, world = forge.key(kind=kind), World()
    made = bundle(key, packed(statement(SUBJECT)), messageSignature={"signature": b64(b"x" * length)})
    del made["dsseEnvelope"]
    put_referrer(world, SUBJECT, packed(made))
    assert why(only(verify(world, SUBJECT, signer(key))))[0] == "signature-without-statement"


# --- step 3: this key made it


def test_legacy_signature_by_another_key() -> None:
    """The nearest miss names the key that was asked for."""
    world, subject = World(), image()
    legacy(world, subject, OTHER)
    candidate = only(verify(world, subject))
    code, detail = why(candidate)
    assert (code, signer().principal().name in detail) == ("signature-other-key", True)
    assert candidate.by is None


def test_bundle_by_another_key_names_the_key_it_points_at() -> None:
    """The hint is shown as a fingerprint, so that people can compare it."""
    world, subject = World(), image()
    forge.attach(world, subject, OTHER)
    code, detail = why(only(verify(world, subject)))
    assert code == "signature-other-key"
    assert signer(OTHER).principal().name in detail
    assert signer().principal().name in detail


def test_bundle_by_another_key_that_claims_to_be_this_one() -> None:
    """The hint is no proof."""
    world, subject = World(), image()
    made = bundle(OTHER, packed(statement(subject)), verificationMaterial={"publicKey": {"hint": KEY.hint}})
    put_referrer(world, subject, packed(made))
    assert why(only(verify(world, subject)))[0] == "signature-invalid"


def test_bundle_without_a_hint_by_another_key() -> None:
    """Nothing says who made it."""
    world, subject = World(), image()
    put_referrer(
        world, subject, packed(bundle(OTHER, packed(statement(subject)), verificationMaterial={"publicKey": {}}))
    )
    assert why(only(verify(world, subject)))[0] == "signature-other-key"


def test_hint_that_is_no_fingerprint_is_shown_as_it_is() -> None:
    """Some tools write a name there."""
    for hint in ("my key", b64(b"short")):
        world, subject = World(), image()
        material = {"publicKey": {"hint": hint}}
        put_referrer(world, subject, packed(bundle(OTHER, packed(statement(subject)), verificationMaterial=material)))
        code, detail = why(only(verify(world, subject)))
        assert (code, f"it points at the key {hint};" in detail) == ("signature-other-key", True)


def test_payload_changed_after_signing_in_a_bundle() -> None:
    """One other byte in the payload."""
    world, subject = World(), image()
    envelope = bundle(KEY, packed(statement(subject)))["dsseEnvelope"]
    assert isinstance(envelope, dict)
    envelope["payload"] = b64(packed(statement(subject, predicate={"x": 1})))
    put_referrer(world, subject, packed(bundle(KEY, b"", dsseEnvelope=envelope)))
    assert why(only(verify(world, subject)))[0] == "signature-invalid"


def test_payload_type_changed_after_signing() -> None:
    """The type is inside what is signed: changing it breaks the signature."""
    world, subject = World(), image()
    envelope = bundle(KEY, packed(statement(subject)), kind="application/json")["dsseEnvelope"]
    assert isinstance(envelope, dict)
    put_referrer(
        world,
        subject,
        packed(bundle(KEY, b"", dsseEnvelope=envelope | {"payloadType": "application/vnd.in-toto+json"})),
    )
    assert why(only(verify(world, subject)))[0] == "signature-invalid"


@pytest.mark.parametrize("flip", [0, 20, -1])
def test_one_bit_of_the_signature_changed(flip: int) -> None:
    """Anywhere in the signature."""
    world, subject = World(), image()
    content = packed(forge.simple_payload(subject))
    signature = bytearray(KEY.sign(content))
    signature[flip] ^= 1
    put_legacy(world, subject, [(content, {"annotations": {forge.SIGNATURE: b64(bytes(signature))}})])
    assert why(only(verify(world, subject)))[0] == "signature-other-key"


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("p256", hashes.SHA384()), ("p384", hashes.SHA512()), ("p521", hashes.SHA384()), ("rsa2048", hashes.SHA512())],
)
def test_hash_that_cosign_does_not_use_with_the_key(kind: str, algorithm: hashes.HashAlgorithm) -> None:
    """Only the hashes of the table are tried."""
    world, subject, key = World(), image(), forge.key(kind=kind)
    content = packed(forge.simple_payload(subject))
    put_legacy(world, subject, [(content, {"annotations": {forge.SIGNATURE: b64(key.sign(content, algorithm))}})])
    assert why(only(verify(world, subject, signer(key))))[0] == "signature-other-key"


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_ed25519_that_is_not_pure_is_named(storage: str) -> None:
    """64 bytes that do not verify as pure Ed25519 may be Ed25519ph: nobody can say (S20)."""
    key, world, subject = forge.key(kind="ed25519"), World(), image()
    content = packed(forge.simple_payload(subject))
    if storage == "legacy":
        put_legacy(world, subject, [(content, {"annotations": {forge.SIGNATURE: b64(b"x" * 64)}})])
    else:
        envelope = {"payload": b64(content), "payloadType": "x", "signatures": [{"sig": b64(b"x" * 64)}]}
        put_referrer(world, subject, packed(bundle(key, b"", dsseEnvelope=envelope)))
    code, detail = why(only(verify(world, subject, signer(key))))
    assert (code, "Ed25519ph" in detail) == ("signature-ed25519ph", True)


def test_what_cannot_be_ed25519_is_another_keys() -> None:
    """A signature of another length was made by another kind of key."""
    world, subject = World(), image()
    legacy(world, subject, KEY)
    assert why(only(verify(world, subject, signer(forge.key(kind="ed25519")))))[0] == "signature-other-key"


def test_certificate_beside_a_legacy_signature_never_verifies() -> None:
    """A public key or certificate in the annotations changes nothing (GHSA-fx35-mq7g-6g98)."""
    world, subject = World(), image()
    content = packed(forge.simple_payload(subject))
    annotations = {
        forge.SIGNATURE: b64(OTHER.sign(content)),
        "dev.sigstore.cosign/certificate": OTHER.public_pem.decode(),
    }
    put_legacy(world, subject, [(content, {"annotations": annotations})])
    code, detail = why(only(verify(world, subject)))
    assert (code, "keyless" in detail) == ("signature-other-key", True)


@pytest.mark.parametrize(
    "material", [{"certificate": {"rawBytes": "AAAA"}}, {"x509CertificateChain": {"certificates": []}}]
)
def test_certificate_in_a_bundle_never_verifies(material: dict[str, object]) -> None:
    """A keyless bundle is no signature of a key."""
    world, subject = World(), image()
    put_referrer(world, subject, packed(bundle(OTHER, packed(statement(subject)), verificationMaterial=material)))
    code, detail = why(only(verify(world, subject)))
    assert (code, "keyless" in detail) == ("signature-other-key", True)


# --- step 4: what was signed


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "not JSON"),
        (b"not json", "not JSON"),
        (b"[]", "is not a JSON object"),
        (packed({"critical": {}}), "critical.identity"),
        (packed(forge.simple_payload(SUBJECT)) + b"{}", "Extra data"),
        (packed(forge.simple_payload(SUBJECT, digest="sha256:" + "A" * 64)), "lower-case"),
        (packed(forge.simple_payload(SUBJECT, digest="sha256:abc")), "64 hex digits"),
        (packed(forge.simple_payload(SUBJECT, digest="md5:" + "a" * 32)), "not supported"),
        (packed(forge.simple_payload(SUBJECT, digest=1)), "is not a string"),
        (packed(forge.simple_payload(SUBJECT, kind=None)), "'type'"),
        (packed(forge.simple_payload(SUBJECT, reference=None)), "docker-reference"),
        (packed(forge.simple_payload(SUBJECT, optional=[])), "optional"),
        (packed(forge.simple_payload(SUBJECT, critical=None)), "critical"),
    ],
)
def test_payload_that_the_key_signed_and_that_is_none(payload: bytes, said: str) -> None:
    """The key really signed it, so it says by whom; but it is no payload."""
    world = World()
    legacy(world, SUBJECT, KEY, payload)
    candidate = only(verify(world, SUBJECT))
    code, detail = why(candidate)
    assert (code, said in detail) == ("signature-malformed", True), detail
    assert candidate.by == signer().principal()


@pytest.mark.parametrize("part", ["critical", "identity", "image"])
def test_unknown_member_of_critical_is_not_ignored(part: str) -> None:
    """What is critical has to be understood."""
    payload = forge.simple_payload(SUBJECT)
    critical: Any = payload["critical"]
    (critical if part == "critical" else critical[part])["not-after"] = "2020-01-01"
    world = World()
    legacy(world, SUBJECT, KEY, packed(payload))
    code, detail = why(only(verify(world, SUBJECT)))
    assert (code, "not-after" in detail) == ("signature-malformed", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"docker-manifest-digest"', b'"docker-manifest-digest":"x","docker-manifest-digest"'),
        (b'"docker-manifest-digest"', b'"Docker-Manifest-Digest":"x","docker-manifest-digest"'),
        (b'"critical"', b'"Critical":{},"critical"'),
        (b'"type"', b'"Type":"x","type"'),
    ],
)
def test_payload_that_two_readers_read_differently(old: bytes, new: bytes) -> None:
    """A doubled digest key, even signed, is read by nobody (S20, S11)."""
    content = packed(forge.simple_payload(SUBJECT))
    assert old in content
    world = World()
    legacy(world, SUBJECT, KEY, content.replace(old, new, 1))
    candidate = only(verify(world, SUBJECT))
    assert isinstance(candidate.result, Unchecked)
    assert why(candidate)[0] == "signature-ambiguous"


@pytest.mark.parametrize("kind", ["atomic container signature", "Cosign container image signature", "", "cosign"])
def test_payload_of_a_foreign_type(kind: str) -> None:
    """Another program's signature, made with the same key, is not cosign's (S20)."""
    world, subject = World(), image()
    legacy(world, subject, KEY, kind=kind)
    candidate = only(verify(world, subject))
    code, detail = why(candidate)
    assert (code, kind in detail) == ("signature-wrong-type", True)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/vnd.in-toto+JSON", "", "application/vnd.in-toto+json "]
)
def test_envelope_of_a_foreign_payload_type(kind: str) -> None:
    """The payload type is compared exactly."""
    world, subject = World(), image()
    put_referrer(world, subject, packed(bundle(KEY, packed(statement(subject)), kind=kind)))
    candidate = only(verify(world, subject))
    assert why(candidate)[0] == ("signature-wrong-type")
    assert candidate.by == signer().principal()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"_type": "https://in-toto.io/Statement/v2"}, "_type"),
        ({"_type": None}, "_type"),
        ({"subject": []}, "no subject"),
        ({"subject": None}, "no subject"),
        ({"subject": [None]}, "is not a JSON object"),
        ({"subject": [{"name": "x"}]}, "digest"),
        ({"subject": [{"digest": {}}]}, "0 digests"),
        ({"subject": [{"digest": {"sha256": 1}}]}, "is not a string"),
        ({"subject": [{"digest": {f"a{place}": "x" for place in range(33)}}]}, "33 digests"),
        ({"subject": [{"digest": {"sha256": "x"}}] * 1025}, "1025 entries"),
        ({"subject": [{"digest": {"sha256": "x"}, "annotations": []}]}, "annotations"),
        ({"predicateType": None}, "predicateType"),
        ({"predicateType": 1}, "predicateType"),
    ],
)
def test_statement_that_the_key_signed_and_that_is_none(changes: dict[str, object], said: str) -> None:
    """Each part of a statement that is read."""
    world, subject = World(), image()
    forge.attach(world, subject, KEY, **changes)
    candidate = only(verify(world, subject))
    code, detail = why(candidate)
    assert (code, said in detail) == ("signature-malformed", True), detail
    assert candidate.by == signer().principal()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sha256"', b'"sha256":"x","sha256"'),
        (b'"sha256"', b'"SHA256":"x","sha256"'),
        (b'"subject"', b'"Subject":[],"subject"'),
        (b'"predicateType"', b'"PredicateType":"x","predicateType"'),
        (b'"sha256"', b'"Sha256"'),
    ],
)
def test_statement_that_two_readers_read_differently(old: bytes, new: bytes) -> None:
    """Signed or not, ambiguous JSON is read by nobody (S11)."""
    content = packed(statement(SUBJECT))
    assert old in content
    world = World()
    forge.attach(world, SUBJECT, KEY, content.replace(old, new, 1))
    candidate = only(verify(world, SUBJECT))
    assert isinstance(candidate.result, Unchecked)
    assert why(candidate)[0] == "signature-ambiguous"


@pytest.mark.parametrize(
    "predicate_type",
    [
        "https://slsa.dev/provenance/v1",
        "https://sigstore.dev/cosign/sign/v1/",
        "https://sigstore.dev/cosign/sign/v2",
        "",
    ],
)
def test_attestation_is_not_a_signature(predicate_type: str) -> None:
    """The signed predicate type decides, whatever the annotation says; cosign 3 accepts this (S20)."""
    world, subject = World(), image()
    forge.attach(world, subject, KEY, predicateType=predicate_type)
    candidate = only(verify(world, subject))
    code, detail = why(candidate)
    assert (code, predicate_type in detail) == ("attestation-not-signature", True)
    assert candidate.by == signer().principal()


def test_attestation_that_is_annotated_so_is_not_even_fetched() -> None:
    """An annotation saves a request; it is shown, and proves nothing."""
    world, subject = World(), image()
    content = packed(bundle(KEY, packed(statement(subject))))
    put_referrer(world, subject, content, annotations={forge.PREDICATE: "https://spdx.dev/Document"})
    assert why(only(verify(world, subject))) == (
        "attestation-not-signature",
        "it is an attestation of the type https://spdx.dev/Document",
    )
    assert not [ask for ask in world.asked if ask.kind is Kind.BLOB]


# --- step 5: this subject


def test_legacy_signature_of_another_image() -> None:
    """A signature tag holds what somebody copied there."""
    world, subject, other = World(), image(), image("other")
    legacy(world, subject, KEY, digest=str(other.digest))
    candidate = only(verify(world, subject))
    code, detail = why(candidate)
    assert code == "signature-of-other-image"
    assert str(other.digest) in detail
    assert str(subject.digest) in detail
    assert candidate.by == signer().principal()


@pytest.mark.parametrize(
    "digest",
    [
        {"sha256": image("other").digest.hex},
        {"sha256": SUBJECT.digest.hex.upper()},
        {"sha256": SUBJECT.digest.hex[:-1]},
        {"sha256": "sha256:" + SUBJECT.digest.hex},
        {"sha1": SUBJECT.digest.hex},
        {"md5": SUBJECT.digest.hex},
        {"gitCommit": SUBJECT.digest.hex},
        {"sha512": SUBJECT.digest.hex},
    ],
)
def test_statement_about_another_image(digest: dict[str, str]) -> None:
    """Another digest, another spelling, or the right hex under another algorithm (S12)."""
    world = World()
    forge.attach(world, SUBJECT, KEY, subject=[{"digest": digest}])
    code, detail = why(only(verify(world, SUBJECT)))
    assert (code, str(SUBJECT.digest) in detail) == ("signature-of-other-image", True)


@pytest.mark.parametrize("bad", [{"sha512": "0" * 128}, {"sha384": SUBJECT.digest.hex}, {"sha512": ""}])
def test_statement_with_one_contradicting_digest(bad: dict[str, str]) -> None:
    """One digest is right, another is not: invalid (S12)."""
    world = World()
    forge.attach(world, SUBJECT, KEY, subject=[{"digest": {"sha256": SUBJECT.digest.hex, **bad}}])
    assert why(only(verify(world, SUBJECT)))[0] == "signature-contradicts-itself"


def test_contradiction_in_a_second_subject_is_seen() -> None:
    """Also where the first subject is right."""
    world = World()
    right = {"digest": {"sha256": SUBJECT.digest.hex}}
    wrong = {"digest": {"sha256": SUBJECT.digest.hex, "sha512": "0" * 128}}
    forge.attach(world, SUBJECT, KEY, subject=[right, wrong])
    assert why(only(verify(world, SUBJECT)))[0] == "signature-contradicts-itself"


def test_second_subject_may_be_the_image() -> None:
    """A statement may be about several artifacts; annotations are taken from the one that matches."""
    world = World()
    others = {"digest": {"sha256": image("other").digest.hex}, "annotations": {"env": "prod"}}
    mine = {"digest": {"sha256": SUBJECT.digest.hex, "sha512": Digest.of(SUBJECT.content, "sha512").hex}}
    forge.attach(world, SUBJECT, KEY, subject=[others, mine])
    assert counts(only(verify(world, SUBJECT)))
    assert why(only(verify(world, SUBJECT, signer(annotations={"env": "prod"}))))[0] == "signature-annotation-mismatch"


# --- step 6: the name


IMAGES = (Glob(PLACE),)


def test_legacy_signature_that_names_the_image_counts() -> None:
    """The payload holds the name that the image has."""
    world, subject = World(), image()
    legacy(world, subject, KEY)
    assert counts(only(verify(world, subject, signer(images=IMAGES))))


@pytest.mark.parametrize(
    ("reference", "images", "said"),
    [
        ("registry.example/acme/db", (Glob("registry.example/acme/*"),), f"this image is {PLACE}"),
        ("evil.example/acme/app", (Glob("registry.example/acme/*"),), "may vouch for registry.example/acme/*"),
        (PLACE, (Glob("registry.example/other/*"),), "may vouch for registry.example/other/*"),
        (f"{PLACE}:0.9.0", IMAGES, "tag is 1.0.0"),
        ("", IMAGES, "no name"),
        ("http://registry.example/acme/app", IMAGES, "which is no image"),
        ("registry.example/Acme/app", IMAGES, "which is no image"),
    ],
)
def test_signature_under_another_name(reference: str, images: tuple[Glob, ...], said: str) -> None:
    """A signed image copied to another repository, and an old release under a new tag (S16)."""
    world, subject = World(), image()
    legacy(world, subject, KEY, reference=reference)
    candidate = only(verify(world, subject, signer(images=images)))
    code, detail = why(candidate)
    assert code == ("signature-without-name" if not reference else "signature-for-other-name")
    assert said in detail
    assert counts(only(verify(world, subject))), "any-image: true takes the digest alone"


def test_names_are_compared_normalised() -> None:
    """Docker Hub's other names are folded (S26)."""
    world = World()
    subject = image(place="docker.io/library/app", repository="docker.io/library/app")
    legacy(world, subject, KEY, reference="index.docker.io/library/app")
    assert counts(only(verify(world, subject, signer(images=(Glob("docker.io/library/app"),)))))


def test_name_with_the_same_tag_counts() -> None:
    """A reference may carry the tag."""
    world, subject = World(), image()
    legacy(world, subject, KEY, reference=f"{PLACE}:1.0.0")
    assert counts(only(verify(world, subject, signer(images=IMAGES))))


def test_digest_alone_has_no_tag_to_compare() -> None:
    """A name with a tag is compared with the tag only where the reference has one."""
    world, subject = World(), image(tag="")
    legacy(world, subject, KEY, reference=f"{PLACE}:1.0.0")
    assert counts(only(verify(world, subject, signer(images=IMAGES))))


def test_what_counts_says_how() -> None:
    """Kind of key, storage, signed name, annotations."""
    world, subject = World(), image()
    legacy(world, subject, KEY, optional={"env": "prod"})
    forge.attach(world, subject, KEY)
    details = [one.result.detail for one in verify(world, subject).candidates if isinstance(one.result, Counts)]
    assert details == [
        f"ECDSA P-256 key, tag, signed as {PLACE}, no transparency log",
        "ECDSA P-256 key, referrer, no transparency log",
    ]
    (one, _) = verify(world, subject, signer(annotations={"env": "prod"})).candidates
    assert isinstance(one.result, Counts)
    assert ", env=prod, no transparency log" in one.result.detail


def test_layout_has_no_name_to_compare() -> None:
    """Only `images` is compared where the source has no repository name."""
    world, subject = World(), image(repository="")
    legacy(world, subject, KEY, reference=PLACE)
    assert counts(only(verify(world, subject, signer(images=IMAGES))))
    assert why(only(verify(world, subject, signer(images=(Glob("x.example/**"),)))))[0] == "signature-for-other-name"


def test_bundle_of_cosign_names_no_image() -> None:
    """A bundle holds the digest only, so it cannot show that it was made for one of `images`."""
    world, subject = World(), image()
    forge.attach(world, subject, KEY)
    assert why(only(verify(world, subject, signer(images=IMAGES)))) == (
        "signature-without-name",
        "it holds a digest and no name",
    )


def test_name_in_a_statement_is_compared() -> None:
    """Where the signed subject has a name, it is compared like that of a payload."""
    for name, good in ((PLACE, True), ("registry.example/acme/db", False)):
        world, subject = World(), image()
        forge.attach(world, subject, KEY, subject=[{"name": name, "digest": {"sha256": subject.digest.hex}}])
        assert counts(only(verify(world, subject, signer(images=IMAGES)))) is good


# --- step 7: annotations


@pytest.mark.parametrize(
    ("have", "said"),
    [
        ({}, "has no env"),
        ({"Env": "prod"}, "has no env"),
        ({"env": "dev"}, "has env=dev"),
        ({"env": "Prod"}, "has env=Prod"),
        ({"env": "prod "}, "has env=prod "),
        ({"env": ["prod"]}, "has env=['prod']"),
        ({"env": None}, "has env=None"),
        ({"env": True}, "has env=True"),
        ({"commit": "prod"}, "has no env"),
    ],
)
@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_annotations_have_to_be_equal(storage: str, have: dict[str, object], said: str) -> None:
    """Missing, another value, another case, no text."""
    world, subject = World(), image()
    if storage == "legacy":
        legacy(world, subject, KEY, optional=have)
    else:
        forge.attach(world, subject, KEY, subject=[{"digest": {"sha256": subject.digest.hex}, "annotations": have}])
    code, detail = why(only(verify(world, subject, signer(annotations={"env": "prod"}))))
    assert (code, said in detail) == ("signature-annotation-mismatch", True), detail


def test_every_annotation_is_asked_for() -> None:
    """One that matches does not suffice."""
    world, subject = World(), image()
    legacy(world, subject, KEY, optional={"env": "prod", "team": "a"})
    assert counts(only(verify(world, subject, signer(annotations={"env": "prod", "team": "a"}))))
    for wanted in ({"env": "prod", "team": "b"}, {"env": "dev", "team": "a"}):
        assert why(only(verify(world, subject, signer(annotations=wanted))))[0] == "signature-annotation-mismatch"


# --- step 8: the days of the key


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"valid_until": date(2026, 11, 25)}, "key-expired", "until 2026-11-25, 1 day ago"),
        ({"valid_until": date(2026, 1, 1)}, "key-expired", "329 days ago"),
        ({"valid_from": date(2026, 11, 27)}, "key-not-yet-valid", "in 1 day"),
        ({"revoked": date(2026, 11, 26)}, "key-revoked", "2026-11-26"),
        ({"revoked": date(2020, 1, 1)}, "key-revoked", "2020-01-01"),
    ],
)
def test_key_outside_its_days(options: dict[str, date], code: str, said: str) -> None:
    """The day of judging counts: a key's signature carries no time to rely on."""
    world, subject = World(), image()
    forge.attach(world, subject, KEY)
    assert why(only(verify(world, subject, signer(**options))))[0] == code
    assert said in why(only(verify(world, subject, signer(**options))))[1]


@pytest.mark.parametrize(
    "options",
    [{"valid_until": date(2026, 11, 26)}, {"valid_from": date(2026, 11, 26)}, {"revoked": date(2026, 11, 27)}],
)
def test_days_are_inclusive(options: dict[str, date]) -> None:
    """The first and the last day count."""
    world, subject = World(), image()
    forge.attach(world, subject, KEY)
    assert counts(only(verify(world, subject, signer(**options))))


# --- several candidates, storages, places


def test_junk_beside_a_good_signature_blocks_nobody() -> None:
    """Every kind of junk beside one good signature, in both storages."""
    world, subject = World(), image()
    payload = packed(forge.simple_payload(subject))
    put_legacy(
        world, subject,
        [
            (b"junk", {"annotations": {forge.SIGNATURE: "AAAA"}}),
            (payload, {"annotations": {forge.SIGNATURE: b64(OTHER.sign(payload))}}),
            (payload, {"annotations": {forge.SIGNATURE: b64(KEY.sign(payload))}}),
        ],
    )  # fmt: skip
    put_referrer(world, subject, b"junk")
    results = [counts(one) for one in verify(world, subject).candidates]
    assert sorted(results) == [False, False, False, True]


def test_layers_with_the_same_payload_are_different_signatures() -> None:
    """Two keys sign the same payload: same blob, other annotation."""
    world, subject = World(), image()
    payload = packed(forge.simple_payload(subject))
    layers: list[tuple[bytes, dict[str, object]]] = [
        (payload, {"annotations": {forge.SIGNATURE: b64(key.sign(payload))}}) for key in (OTHER, KEY)
    ]
    put_legacy(world, subject, layers + layers[:1])
    assert [counts(one) for one in verify(world, subject).candidates] == [False, True]
    assert [counts(one) for one in verify(world, subject, signer(OTHER)).candidates] == [True, False]


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_storage_restricts_where_is_looked(storage: str) -> None:
    """What is not named is not asked, and does not count."""
    world, subject = World(), image()
    (forge.attach if storage == "legacy" else legacy)(world, subject, KEY)
    assert not verify(world, subject, signer(storage=(storage,))).candidates
    asked = {ask.kind for ask in world.asked if ask.kind is Kind.REFERRERS or ask.name.endswith(".sig")}
    assert asked == ({Kind.MANIFEST} if storage == "legacy" else {Kind.REFERRERS})


def test_signature_of_the_index_is_not_the_members_and_not_the_other_way_round() -> None:
    """A signature belongs to exactly one digest (S10)."""
    world, whole, member = World(), image("index"), image("member")
    legacy(world, member, KEY)
    forge.attach(world, member, KEY)
    assert verify(world, whole).candidates == ()
    assert len(verify(world, member).candidates) == 2


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Kind.MANIFEST, f"sha256-{SUBJECT.digest.hex}.sig"), (Kind.REFERRERS, str(SUBJECT.digest))],
)
def test_place_that_does_not_answer_is_unread(kind: Kind, name: str) -> None:
    """Neither absent nor refused."""
    world = World()
    world.faults[kind, name] = unavailable()
    vouching = verify(world, SUBJECT)
    assert vouching.candidates == ()
    assert [fact.look.status for fact in vouching.unread] == ["503"]


def test_reading_what_was_not_collected_is_our_bug() -> None:
    """It never passes for absent."""
    from gate.evidence import Evidence

    with pytest.raises(NotAsked):
        signer().verify(SUBJECT, Evidence(), AT)


def test_untrusted_text_is_cut() -> None:
    """A payload type of a megabyte does not fill the report."""
    world, subject = World(), image()
    legacy(world, subject, KEY, kind="x" * 100_000)
    assert len(why(only(verify(world, subject)))[1]) < 300


# --- options


def _problems(**options: Any) -> dict[str, str]:
    return dict(make({"key": key_file(KEY.public_pem), "any_image": True} | options).problems())


def test_log_required_needs_a_trusted_root() -> None:
    """Whose log is believed has to be said (`test_cosign_key_log.py` has the rest)."""
    assert "say whose log" in _problems(log="required")["log"]


def test_which_images_has_to_be_said() -> None:
    """Exactly one of `images` and `any-image: true` (S16)."""
    assert "say which images" in _problems(any_image=False)[""]
    assert "exclude each other" in _problems(images=IMAGES)["any-image"]
    assert _problems(any_image=False, images=IMAGES) == {}


def test_days_that_contradict_each_other() -> None:
    """A key that could never be accepted."""
    found = _problems(valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1))
    assert "before it begins" in found["valid-until"]
    assert _problems(valid_from=date(2026, 1, 1), valid_until=date(2026, 1, 1)) == {}


def test_annotation_without_a_name() -> None:
    """It could not be signed."""
    assert "needs a name" in _problems(annotations={"": "x"})["annotations"]


def test_key_file_problem_is_reported_at_its_key() -> None:
    """What is wrong with the file stands at `key`, without what the file holds."""
    private = KEY.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    found = _problems(key=key_file(private))["key"]
    assert "is a private key" in found
    assert private.decode()[30:60] not in found


def test_two_names_of_one_key_are_one_principal() -> None:
    """The same key in another encoding is the same key (S18)."""
    spki = key_file(KEY.public_pem)
    crlf = key_file(KEY.public_pem.replace(b"\n", b"\r\n"), "other.pub")
    one, two = (CosignKey(key=file, log="none", any_image=True) for file in (spki, crlf))
    assert one.principal() == two.principal()


def test_every_option_is_consumed() -> None:
    """Each option set to what can never match makes a good signature count no more (CVE-2025-29778)."""
    world, subject = World(), image()
    legacy(world, subject, KEY)
    assert counts(only(verify(world, subject, signer(images=IMAGES))))
    never: dict[str, dict[str, Any]] = {
        "key": {"key": key_file(OTHER.public_pem)},
        "images": {"images": (Glob("never.example/never"),)},
        "any_image": {"any_image": False, "images": (Glob("never.example/never"),)},
        "annotations": {"annotations": {"never": "never"}},
        "storage": {"storage": ("bundle",)},
        "valid_from": {"valid_from": date(9999, 1, 1)},
        "valid_until": {"valid_until": date(1999, 1, 1)},
        "revoked": {"revoked": date(1999, 1, 1)},
    }
    options = {option.name for option in dataclasses.fields(CosignKey)} - {
        "log", "trusted_root", "authority", "trust_max_age",  # `test_cosign_key_log.py`
    }  # fmt: skip
    assert never.keys() == options
    for changes in never.values():
        vouching = verify(world, subject, signer(**{"images": IMAGES} | changes))
        assert not any(counts(one) for one in vouching.candidates)


def test_looked_names_every_place() -> None:
    """The signature tag, the referrers, and the fallback tag, each with its answer."""
    world, subject = World(api=False), image()
    looked = verify(world, subject).looked
    assert [(json.dumps(look.where).count("sha256"), look.status) for look in looked] == [(1, "404")] * 3
