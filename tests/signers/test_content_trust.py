"""What must not count for content trust: one test for every single check, each with its reason."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gate.errors import MalformedData
from gate.evidence import Evidence, Look, NotAsked, Unavailable
from gate.formats.notary_state import parse_state, write_state
from gate.notary.trust_data import MOST_ROOTS
from gate.pattern import Glob
from gate.signer import Candidate, Counts, Refused, Unchecked, Vouching
from gate.signers.content_trust import ContentTrust, KeyId, RoleName, Server
from gate.subject import Subject
from tests.signers.notary_forge import GUN, MADE, SERVER, Actor, Delegate, Trust, TrustWorld, actor, b64
from tests.signers.world import image, key_file, packed

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ROOT = actor("root", cn=GUN)
APP = image()
OTHER = image("other")
TAG = "1.0.0"


def trust(**changes: Any) -> Trust:
    """Make trust data that names the image, unless told otherwise."""
    return Trust(**{"tags": {TAG: APP.content}, "roots": (ROOT,)} | changes)


def signer(**options: Any) -> ContentTrust:
    """Make a signer that pins the root key, unless told otherwise."""
    pin = {} if {"root", "root_keys"} & options.keys() else {"root_keys": (KeyId(ROOT.bare_id),)}
    made = ContentTrust(**{"server": Server(SERVER)} | pin | options)
    assert made.problems() == ()
    return made


def verify(
    made: Trust | TrustWorld, by: ContentTrust | None = None, subject: Subject = APP, at: datetime = AT
) -> Vouching:
    """Collect what the signer needs, and let it judge."""
    world = made if isinstance(made, TrustWorld) else TrustWorld(made.files())
    by = by or signer()
    return by.verify(subject, world.gather(by.needs(subject), subject), at)


def only(vouching: Vouching) -> Candidate:
    """Give the one candidate."""
    (candidate,) = vouching.candidates
    return candidate


def counts(vouching: Vouching) -> bool:
    """Tell whether the signature counts."""
    return bool(vouching.candidates) and all(isinstance(one.result, Counts) for one in vouching.candidates)


def why(vouching: Vouching) -> tuple[str, str]:
    """Give the reason code and the sentence of the one that does not count; `?` before one that nobody can tell."""
    result = only(vouching).result
    assert isinstance(result, Refused | Unchecked), result
    if isinstance(result, Unchecked):
        return f"?{result.reason.code}", result.detail
    return result.reason.code, result.nearest


def named(code: str, *words: str) -> Any:
    """Match a reason code and words in the sentence."""

    class _Match:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, tuple) and other[0] == code and all(word in other[1] for word in words)

        def __hash__(self) -> int:
            return hash(code)

        def __repr__(self) -> str:
            return f"({code!r}, … {words} …)"

    return _Match()


# --- unmodified trust data counts, so that each negative below has one cause


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "ed25519"])
def test_unmodified_trust_data_counts(kind: str) -> None:
    """With keys of every kind that notary makes."""
    by = actor("somebody", kind)
    made = trust(keys={"targets": (by,), "snapshot": (by,), "timestamp": (by,)})
    candidate = only(verify(made))
    assert isinstance(candidate.result, Counts)
    assert (candidate.by.kind, candidate.by.name) == ("key", by.fingerprint) if candidate.by else False
    assert candidate.result.detail == "targets version 1, root version 1, timestamp until 2026-11-30"


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_root_certificates_of_every_kind(kind: str) -> None:
    """ECDSA and RSA root keys in certificates."""
    root = actor("root", kind, cn=GUN)
    assert counts(verify(trust(roots=(root,)), signer(root_keys=(KeyId(root.bare_id),))))


@pytest.mark.parametrize("method", ["rsapss", "rsapkcs1v15"])
def test_both_ways_of_rsa(method: str) -> None:
    """Notary verifies RSA-PSS and PKCS #1 v1.5."""
    by = dataclasses.replace(actor("somebody", "rsa2048"), method=method)
    assert counts(verify(trust(keys={"targets": (by,)})))


def test_four_rounds_and_no_plain_names_but_the_timestamp() -> None:
    """Everything but the timestamp is asked for by hash, so that a publication in between mixes nothing up."""
    world = TrustWorld(trust().files())
    assert counts(verify(world))
    kinds = [ask.name.partition(".")[0] for ask in world.asked]
    assert kinds == ["timestamp", "snapshot", "root", "targets"]
    assert all(len(ask.name.split(".")[1]) == 64 for ask in world.asked[1:])


def test_no_trust_data_is_no_candidate() -> None:
    """Absent is neither refused nor unread."""
    vouching = verify(TrustWorld({}))
    assert (vouching.candidates, vouching.unread) == ((), ())
    assert [look.status for look in vouching.looked] == ["404"]


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "root", "targets"])
def test_server_that_does_not_answer_leaves_it_open(name: str) -> None:
    """Whatever file it is: unread, never absent."""
    world = TrustWorld(trust().files())
    for file in list(world.files):
        if file.startswith(f"{name}."):
            world.faults[file] = Unavailable(Look(file, "503"), "registry-error", "it answered 503")
    vouching = verify(world)
    assert vouching.candidates == ()
    assert [fact.code for fact in vouching.unread] == ["registry-error"]


def test_what_was_seen() -> None:
    """The versions for a state file: what verified, and nothing where nothing could be asked for."""
    by = signer()
    reading = by.seen(APP, TrustWorld(trust(versions={"targets": 7}).files()).gather(by.needs(APP), APP), AT)
    assert reading is not None
    assert reading.trusted is not None
    assert reading.trusted.versions == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 7}
    assert by.seen(dataclasses.replace(APP, tag=""), Evidence(), AT) is None


def test_docker_s_own_server_is_explained() -> None:
    """Docker Hub's images: which server is asked, and that it goes away."""
    subject = image(place="docker.io/acme/app", repository="docker.io/acme/app")
    by = ContentTrust(root_keys=(KeyId(ROOT.bare_id),))
    world = TrustWorld({}, faults={"timestamp.json": Unavailable(Look("x", "timeout"), "network", "no such host")})
    vouching = verify(world, by, subject)
    assert world.asked[0].place == "https://notary.docker.io/docker.io/acme/app"
    assert "8 December 2026" in vouching.unread[0].detail


def test_other_servers_are_not_explained() -> None:
    """Nobody retires them."""
    world = TrustWorld({}, faults={"timestamp.json": Unavailable(Look("x", "timeout"), "network", "no such host")})
    assert verify(world).unread[0].detail == "no such host"


def test_other_registries_serve_their_own_trust_data() -> None:
    """Docker's choice: the registry itself (as Azure's does)."""
    subject = image(repository="acme.azurecr.io/app")
    world = TrustWorld({})
    verify(world, ContentTrust(root_keys=(KeyId(ROOT.bare_id),)), subject)
    assert world.asked[0].place == "https://acme.azurecr.io/acme.azurecr.io/app"


def test_facts_that_nobody_asked_for_are_our_bug() -> None:
    """Reading what was not collected raises."""
    with pytest.raises(NotAsked):
        signer().verify(APP, Evidence(), AT)


# --- step 1: what the signer may be asked about


def test_digest_alone_leaves_it_open() -> None:
    """Without a tag there is nothing to look up (S7)."""
    subject = dataclasses.replace(APP, tag="", pinned=True)
    assert signer().needs(subject) == frozenset()
    candidate = only(signer().verify(subject, Evidence(), AT))
    assert isinstance(candidate.result, Unchecked)
    assert candidate.result.reason.code == "trust-no-tag"


def test_image_on_disk_leaves_it_open() -> None:
    """A layout has no repository."""
    subject = dataclasses.replace(APP, repository="", place="oci:app")
    candidate = only(signer().verify(subject, Evidence(), AT))
    assert isinstance(candidate.result, Unchecked)
    assert candidate.result.reason.code == "trust-no-repository"


def test_repository_that_the_signer_may_not_vouch_for() -> None:
    """`images` limits a signer, whatever the trust data says (S16)."""
    by = signer(images=(Glob("registry.example/other/**"),))
    assert by.needs(APP) == frozenset()
    assert only(by.verify(APP, Evidence(), AT)).where == Look(GUN, "not asked")
    assert why(by.verify(APP, Evidence(), AT)) == named("signature-for-other-name", GUN, "registry.example/other/**")
    assert counts(verify(trust(), signer(images=(Glob("registry.example/acme/*"),))))


# --- step 2: files are those that were signed for


@pytest.mark.parametrize("name", ["snapshot", "root", "targets"])
def test_other_bytes_of_the_same_length(name: str) -> None:
    """Every file is compared with its hash."""
    world = TrustWorld(trust().files())
    for file, content in list(world.files.items()):
        if file.startswith(f"{name}."):
            world.files[file] = content.replace(b'"version":1', b'"version":2')
    assert why(verify(world)) == named("trust-data-mismatch", f"the {name} file has another SHA-256 hash")


@pytest.mark.parametrize(("of", "name"), [("timestamp", "snapshot"), ("snapshot", "root"), ("snapshot", "targets")])
@pytest.mark.parametrize("part", ["length", "sha512"])
def test_length_and_second_hash_are_compared(of: str, name: str, part: str) -> None:
    """The SHA-256 hash fits; the length, or the SHA-512 hash that is given besides, does not."""

    def edit(body: dict[str, Any]) -> None:
        if part == "length":
            body["meta"][name]["length"] += 1
        else:
            body["meta"][name]["hashes"]["sha512"] = b64(bytes(64))

    words = "bytes instead of" if part == "length" else "another SHA-512 hash"
    assert why(verify(trust(edit={of: edit}))) == named("trust-data-mismatch", f"the {name} file has", words)


def test_sha512_may_be_left_out() -> None:
    """Only SHA-256 is mandatory."""

    def edit(body: dict[str, Any]) -> None:
        for one in body["meta"].values():
            del one["hashes"]["sha512"]

    assert counts(verify(trust(edit={"timestamp": edit, "snapshot": edit})))


@pytest.mark.parametrize("name", ["snapshot", "root", "targets"])
def test_file_that_is_signed_for_and_gone(name: str) -> None:
    """Present but broken: never taken for a file that never was."""
    world = TrustWorld({file: one for file, one in trust().files().items() if not file.startswith(f"{name}.")})
    assert why(verify(world)) == named("trust-data-gone", f"the {name} file is signed for and is not there (404)")


@pytest.mark.parametrize(("of", "name"), [("timestamp", "snapshot"), ("snapshot", "root"), ("snapshot", "targets")])
def test_file_that_is_not_signed_for(of: str, name: str) -> None:
    """A timestamp without snapshot, a snapshot without root or targets."""
    made = trust(edit={of: lambda body: body["meta"].pop(name)})
    assert why(verify(made)) == named("trust-data-malformed", f"the {of} file names no {name}")


def test_file_said_to_be_enormous_is_not_asked_for() -> None:
    """A limit that is reached leaves it open."""
    world = TrustWorld(trust(edit={"timestamp": lambda body: body["meta"]["snapshot"].update(length=2**40)}).files())
    vouching = verify(world)
    assert [ask.name for ask in world.asked] == ["timestamp.json"]
    assert [(fact.code, "bytes; at most" in fact.detail) for fact in vouching.unread] == [("limit-reached", True)]


# --- steps 3 and 4: who signed


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets"])
def test_file_signed_by_a_key_of_another_role(name: str) -> None:
    """Keys count for their role only: the timestamp's key signs no targets, the root's key none of them."""
    for other in ("timestamp" if name != "timestamp" else "targets", "root"):
        made = trust()
        made.signers[name] = made.keys[other]
        assert why(verify(made)) == named("trust-threshold", f"the {name} file is signed by 0 of the 1 keys")


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets"])
def test_signature_over_something_else(name: str) -> None:
    """The right key signed other bytes: a version changed afterwards, all hashes made to fit."""
    before, after = (b"false", b"true") if name == "root" else (b'"version":1}', b'"version":2}')
    vouching = verify(trust(spoil={name: lambda content: content.replace(before, after)}))
    if name == "root":
        assert why(vouching) == named("trust-root-unpinned", "is named in it and did not sign it")
    else:
        assert why(vouching) == named("trust-threshold", "signed by 0 of the 1 keys")


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets"])
def test_no_signature(name: str) -> None:
    """A file without any signature."""
    made = trust(edit={f"{name} document": lambda document: document.update(signatures=[])})
    assert why(verify(made)) == named("trust-threshold", "signed by 0 of the 1 keys")


def test_threshold_counts_signatures() -> None:
    """Two keys have to sign, one did; with both it counts."""
    first, second = actor("first"), actor("second")
    made = trust(keys={"targets": (first, second)}, thresholds={"targets": 2}, signers={"targets": (first,)})
    assert why(verify(made)) == named("trust-threshold", "the targets file is signed by 1 of the 2 keys")
    made = trust(keys={"targets": (first, second)}, thresholds={"targets": 2})
    vouching = verify(made)
    assert counts(vouching)
    assert {one.by.name for one in vouching.candidates if one.by} == {first.fingerprint, second.fingerprint}


def test_one_signature_twice_is_one() -> None:
    """The same signature listed twice does not meet a threshold of two."""
    first, second = actor("first"), actor("second")
    made = trust(keys={"targets": (first, second)}, thresholds={"targets": 2}, signers={"targets": (first, first)})
    assert why(verify(made)) == named("trust-threshold", "signed by 1 of the 2 keys")


def test_one_key_under_two_ids_is_one() -> None:
    """A key with and without certificate has two ids and is one key."""
    bare, dressed = actor("first"), actor("first", cn="somebody")
    assert bare.key_id != dressed.key_id
    made = trust(keys={"targets": (bare, dressed)}, thresholds={"targets": 2})
    assert why(verify(made)) == named("trust-threshold", "signed by 1 of the 2 keys")


def test_signatures_of_strangers_hurt_nobody() -> None:
    """Unknown key ids are passed over."""
    made = trust()
    made.signers["targets"] = (actor("stranger"), *made.keys["targets"])
    assert counts(verify(made))


def test_key_under_an_id_that_is_not_its_own() -> None:
    """Ids are computed: a stranger's key under the id of the targets key (the flaw of a flat key store)."""
    stranger, made = actor("stranger"), trust()
    (honest,) = made.keys["targets"]
    made.edit["root"] = lambda body: body["keys"].update({honest.key_id: stranger.tuf})
    made.edit["targets document"] = lambda document: document.update(
        signatures=[stranger.sign(_signed(document)) | {"keyid": honest.key_id}]
    )
    assert why(verify(made)) == named("trust-data-malformed", honest.key_id, stranger.key_id)


def _signed(document: dict[str, Any]) -> bytes:
    return json.dumps(document["signed"], sort_keys=True, separators=(",", ":")).encode()


def test_ecdsa_signature_in_der() -> None:
    """Notary's ECDSA signatures are two numbers of fixed length; another form of the same signature is refused."""

    def edit(document: dict[str, Any]) -> None:
        raw = base64.b64decode(document["signatures"][0]["sig"])
        numbers = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        document["signatures"][0]["sig"] = b64(encode_dss_signature(*numbers))

    made = trust(edit={"targets document": edit})
    assert why(verify(made)) == named("trust-threshold", "signature of its key", "is wrong")


def test_ecdsa_signature_of_another_length() -> None:
    """The same two numbers, each with a zero before it: one signature has one form."""

    def edit(document: dict[str, Any]) -> None:
        raw = base64.b64decode(document["signatures"][0]["sig"])
        document["signatures"][0]["sig"] = b64(b"\0" + raw[:32] + b"\0" + raw[32:])

    made = trust(edit={"targets document": edit})
    assert why(verify(made)) == named("trust-threshold", "signature of its key", "is wrong")


@pytest.mark.parametrize("method", ["eddsa", "rsapss"])
def test_method_of_another_kind_of_key(method: str) -> None:
    """The method has to be the key's."""
    made = trust(edit={"targets document": lambda document: document["signatures"][0].update(method=method)})
    assert why(verify(made)) == named("trust-threshold", "signed by 0 of the 1")


def test_rsa_padding_is_the_one_that_is_named() -> None:
    """A PSS signature is no PKCS #1 v1.5 signature."""
    by = actor("somebody", "rsa2048")
    made = trust(
        keys={"targets": (by,)},
        edit={"targets document": lambda document: document["signatures"][0].update(method="rsapkcs1v15")},
    )
    assert why(verify(made)) == named("trust-threshold", "signed by 0 of the 1")


def test_method_in_capitals_is_the_same() -> None:
    """Notary compares methods without case."""
    assert counts(
        verify(trust(edit={"targets document": lambda document: document["signatures"][0].update(method="ECDSA")}))
    )


def test_method_that_is_not_known_leaves_it_open() -> None:
    """It could be a good signature: nobody can tell."""
    made = trust(edit={"targets document": lambda document: document["signatures"][0].update(method="ml-dsa")})
    assert why(verify(made)) == named("?trust-algorithm", "'ml-dsa'")


def test_type_of_key_that_is_not_known_leaves_it_open() -> None:
    """As above; but beside enough good signatures it is nobody's business."""
    made = trust()
    (honest,) = made.keys["targets"]
    strange = {"keytype": "ml-dsa", "keyval": {"private": None, "public": b64(b"key")}}
    name = hashlib.sha256(json.dumps(strange, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def edit(body: dict[str, Any]) -> None:
        body["keys"][name] = strange
        body["roles"]["targets"] = {"keyids": [name, honest.key_id], "threshold": 1}

    made.edit["root"] = edit
    assert counts(verify(made))
    made.edit["targets document"] = lambda document: document["signatures"][0].update(keyid=name)
    assert why(verify(made)) == named("?trust-algorithm", name[:12])


@pytest.mark.parametrize(("kind", "words"), [("rsa1024", "1024 bits"), ("p224", "the curve secp224r1")])
def test_weak_key(kind: str, words: str) -> None:
    """A key that is too weak verifies nothing."""
    made = trust(keys={"targets": (actor("weak", kind),)})
    assert why(verify(made)) == named("trust-threshold", words)


def test_key_of_another_type_than_it_says() -> None:
    """An RSA key that calls itself ECDSA."""
    made, key = trust(), actor("somebody", "rsa2048")
    lie = {"keytype": "ecdsa", "keyval": {"private": None, "public": b64(key.spki)}}
    name = hashlib.sha256(json.dumps(lie, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def edit(body: dict[str, Any]) -> None:
        body["keys"][name] = lie
        body["roles"]["targets"]["keyids"] = [name]

    made.edit["root"] = edit
    made.edit["targets document"] = lambda document: document["signatures"][0].update(keyid=name)
    assert why(verify(made)) == named("trust-threshold", "it says that it is of the type ecdsa, and is rsa")


def test_unreadable_key() -> None:
    """Bytes that are no key verify nothing."""
    made = trust()
    broken = {"keytype": "ecdsa", "keyval": {"private": None, "public": b64(b"no key")}}
    name = hashlib.sha256(json.dumps(broken, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def edit(body: dict[str, Any]) -> None:
        body["keys"][name] = broken
        body["roles"]["targets"]["keyids"] = [name]

    made.edit["root"] = edit
    made.edit["targets document"] = lambda document: document["signatures"][0].update(keyid=name)
    assert why(verify(made)) == named("trust-threshold", "it cannot be read")


# --- step 2 of the root: pinned, or reached by a chain


def test_root_that_is_not_pinned() -> None:
    """No trust on first use: the message names both keys."""
    stranger = actor("stranger", cn=GUN)
    assert why(verify(trust(roots=(stranger,)))) == named("trust-root-unpinned", stranger.bare_id, ROOT.bare_id)


def test_every_way_to_pin() -> None:
    """By either id, by certificate, by public key, by a root file."""
    pem = ROOT.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for by in (
        signer(root_keys=(KeyId(ROOT.key_id),)),
        signer(root=key_file(ROOT.certificate, "trust/root.crt")),
        signer(root=key_file(pem, "trust/root.pub")),
        signer(root=key_file(trust().root_file(), "trust/root.json")),
    ):
        assert counts(verify(trust(), by)), by


def test_pinned_key_that_is_only_listed() -> None:
    """The pinned key is among the root keys, but did not sign."""
    stranger = actor("stranger", cn=GUN)
    made = trust(roots=(ROOT, stranger), signers={"root": (stranger,)})
    assert why(verify(made))[0] == "trust-root-unpinned"


def test_pinned_key_that_signs_as_another_role() -> None:
    """The pinned key signed the root, but is no root key there."""
    stranger = actor("stranger", cn=GUN)
    made = trust(roots=(stranger,), keys={"root": (stranger,), "targets": (ROOT,)}, signers={"root": (ROOT, stranger)})
    assert why(verify(made))[0] == "trust-root-unpinned"


def test_all_pinned_keys_have_to_sign_unless_said_otherwise() -> None:
    """Two are pinned, one signed."""
    second = actor("second", cn=GUN)
    pins = (KeyId(ROOT.bare_id), KeyId(second.bare_id))
    made = trust(roots=(ROOT, second), signers={"root": (ROOT,)})
    assert why(verify(made, signer(root_keys=pins)))[0] == "trust-root-unpinned"
    assert counts(verify(made, signer(root_keys=pins, root_threshold=1)))
    assert counts(verify(trust(roots=(ROOT, second)), signer(root_keys=pins)))


def test_file_with_several_certificates() -> None:
    """All of them have to sign unless `root-threshold` says otherwise; it may say all."""
    second = actor("second", cn=GUN)
    file = key_file(ROOT.certificate + second.certificate, "trust/roots.pem")
    one = trust(roots=(ROOT, second), signers={"root": (ROOT,)})
    both = trust(roots=(ROOT, second))
    assert why(verify(one, signer(root=file)))[0] == "trust-root-unpinned"
    assert counts(verify(both, signer(root=file)))
    assert counts(verify(one, signer(root=file, root_threshold=1)))
    assert why(verify(one, signer(root=file, root_threshold=2)))[0] == "trust-root-unpinned"
    assert counts(verify(both, signer(root=file, root_threshold=2)))


def test_two_ids_of_one_pinned_key_are_one() -> None:
    """Pinning one key under both of its ids does not make two of it."""
    pins = (KeyId(ROOT.bare_id), KeyId(ROOT.key_id))
    assert why(verify(trust(), signer(root_keys=pins)))[0] == "trust-root-unpinned"


def rotated(*, signed_by: tuple[Actor, ...], first: bytes | None = None, versions: int = 2) -> tuple[Trust, Actor]:
    """Make trust data whose root was exchanged; the new key is given too."""
    new = actor("new root", cn=GUN)
    made = trust(roots=(new,), versions={"root": versions}, signers={"root": signed_by})
    made.older_roots[1] = trust().root_file() if first is None else first
    return made, new


NEW = actor("new root", cn=GUN)


@pytest.mark.parametrize("by", [signer(), signer(root=key_file(trust().root_file(), "trust/root.json"))])
def test_root_exchanged_with_the_consent_of_the_old_one(by: ContentTrust) -> None:
    """Version 2 is signed by the keys of version 1 and by its own."""
    made, _ = rotated(signed_by=(ROOT, NEW))
    assert counts(verify(made, by))


@pytest.mark.parametrize("by", [signer(), signer(root=key_file(trust().root_file(), "trust/root.json"))])
def test_root_exchanged_without_the_consent_of_the_old_one(by: ContentTrust) -> None:
    """Whoever can write to the server could make a new root."""
    made, _ = rotated(signed_by=(NEW,))
    assert why(verify(made, by)) == named("trust-root-chain", "version 2 is not signed by the keys of version 1")


def test_root_exchanged_without_its_own_consent() -> None:
    """The old key cannot speak for a new one that did not sign."""
    made, _ = rotated(signed_by=(ROOT,))
    assert why(verify(made)) == named("trust-root-chain", "version 2 is not signed by its own keys")


def test_old_root_that_was_made_up() -> None:
    """The old root names the pinned key, which did not sign it."""
    forged = trust(signers={"root": (NEW,)}).root_file()
    made, _ = rotated(signed_by=(ROOT, NEW), first=forged)
    assert why(verify(made))[0] == "trust-root-unpinned"


def test_root_reached_in_two_steps() -> None:
    """The chain is climbed version by version."""
    middle = actor("middle", cn=GUN)
    last = trust(roots=(NEW,), versions={"root": 3}, signers={"root": (middle, NEW)})
    second = trust(roots=(middle,), versions={"root": 2}, signers={"root": (ROOT, middle)})
    last.older_roots = {1: trust().root_file(), 2: second.root_file()}
    by_file = signer(root=key_file(trust().root_file(), "trust/root.json"))
    assert counts(verify(last))
    assert counts(verify(last, by_file))
    del last.older_roots[2]
    for by in (signer(), by_file):
        assert why(verify(last, by)) == named("trust-root-chain", "is not there")


def test_step_in_the_middle_that_did_not_sign_itself() -> None:
    """Each root of the chain is signed by its own keys too."""
    middle = actor("middle", cn=GUN)
    last = trust(roots=(NEW,), versions={"root": 3}, signers={"root": (middle, NEW)})
    second = trust(roots=(middle,), versions={"root": 2}, signers={"root": (ROOT,)})
    last.older_roots = {1: trust().root_file(), 2: second.root_file()}
    assert why(verify(last)) == named("trust-root-chain", "version 2 is not signed by its own keys")


def test_older_root_of_another_version_than_asked_for() -> None:
    """A server that serves version 1 as version 2 leaves a step out."""
    last = trust(roots=(NEW,), versions={"root": 3}, signers={"root": (ROOT, NEW)})
    last.older_roots = {1: trust().root_file(), 2: trust().root_file()}
    assert why(verify(last)) == named("trust-root-chain", "of version 2 says that it has the version 1")


def test_threshold_of_the_old_root_holds_for_the_step() -> None:
    """The old root wants two of its keys; one consented."""
    second = actor("second", cn=GUN)
    old = trust(roots=(ROOT, second), thresholds={"root": 2}).root_file()
    made, _ = rotated(signed_by=(ROOT, NEW), first=old)
    pins = (KeyId(ROOT.bare_id), KeyId(second.bare_id))
    assert why(verify(made, signer(root_keys=pins)))[0] == "trust-root-chain"


def test_root_that_expired_may_still_lead_to_the_current_one() -> None:
    """Only the current root has to hold today."""
    made, _ = rotated(signed_by=(ROOT, NEW), first=trust(expires={"root": MADE}).root_file())
    assert counts(verify(made))


def test_chain_that_is_too_long_leaves_it_open() -> None:
    """Steps are requests, and they are bounded."""
    made = trust(roots=(NEW,), versions={"root": MOST_ROOTS + 2}, signers={"root": (NEW,)})
    vouching = verify(made, signer(root=key_file(trust().root_file(), "trust/root.json")))
    assert [fact.code for fact in vouching.unread] == ["limit-reached"]
    world = TrustWorld(made.files())
    assert why(verify(world))[0] == "trust-root-unpinned"
    assert len([ask for ask in world.asked if ask.name.endswith(".root.json")]) == MOST_ROOTS


def test_longest_chain_that_is_followed() -> None:
    """One version more is too many."""
    made = trust(roots=(NEW,), versions={"root": MOST_ROOTS + 1}, signers={"root": (NEW,)})
    vouching = verify(made, signer(root=key_file(trust().root_file(), "trust/root.json")))
    assert why(vouching) == named("trust-root-chain", "is not there")


def test_root_older_than_the_pinned_file() -> None:
    """The pinned root file is itself a version that was seen."""
    pinned = trust(versions={"root": 2}).root_file()
    assert why(verify(trust(), signer(root=key_file(pinned, "trust/root.json")))) == named(
        "trust-rollback", "version 1"
    )


def test_other_root_of_the_version_of_the_pinned_file() -> None:
    """Two roots of one version: only the pinned one is trusted, whoever signed the other."""
    made = trust(keys={"targets": (actor("other targets"),)})
    by = signer(root=key_file(trust().root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named(
        "trust-root-unpinned", "another one than the pinned one of the same version 1"
    )


# --- step 3: the root is this repository's


def test_root_of_another_repository() -> None:
    """The certificate's name is the repository, also for a key that is pinned by its id (S21)."""
    root = actor("root", cn="registry.example/acme/other")
    made = trust(roots=(root,))
    for by in (signer(), signer(root=key_file(made.root_file(), "trust/root.json"))):
        assert why(verify(made, by))[0] in {"trust-root-name", "trust-root-unpinned"}
    assert why(verify(made, by)) == named("trust-root-name", "'registry.example/acme/other'", GUN)


def test_trust_data_of_another_repository_with_the_same_root_key() -> None:
    """One key, two repositories: the server hands out the other's files, whose certificate names the other."""
    other = trust(roots=(actor("root", cn="registry.example/acme/other"),))
    assert why(verify(TrustWorld(other.files())))[0] == "trust-root-unpinned"


def test_pinned_root_file_of_another_repository() -> None:
    """The chain begins at a root that is not this repository's."""
    other = trust(roots=(actor("root", cn="registry.example/acme/other"),)).root_file()
    made, _ = rotated(signed_by=(ROOT, NEW))
    assert why(verify(made, signer(root=key_file(other, "trust/root.json")))) == named("trust-root-name", "acme/other")


def test_name_with_a_wildcard_is_another_name() -> None:
    """Notary takes `registry.example/acme/*` for every repository there; the gate wants the name itself."""
    made = trust(roots=(actor("root", cn="registry.example/acme/*"),))
    by = signer(root=key_file(made.root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named("trust-root-name", "acme/*")


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ({"cn": GUN, "begins": MADE - timedelta(days=400), "ends": MADE - timedelta(days=1)}, "holds from"),
        ({"cn": GUN, "begins": AT + timedelta(days=1)}, "holds from"),
        ({"cn": GUN, "ca": True}, "one leaf"),
        ({"cn": (GUN, "registry.example/acme/other")}, "2 common names"),
        ({"cn": ("registry.example/acme/other", GUN)}, "2 common names"),
        ({"cn": ()}, "0 common names"),
        ({"cn": GUN, "more": (actor("stranger", cn=GUN),)}, "one leaf"),
    ],
)
def test_certificate_that_does_not_hold(certificate: dict[str, Any], words: str) -> None:
    """Expired, not yet valid, an authority's, with several names, or several certificates."""
    made = trust(roots=(actor("root", **certificate),))
    by = signer(root=key_file(made.root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named("trust-root-certificate", words)


def test_certificate_signed_with_a_broken_hash() -> None:
    """SHA-1; nobody checks what a certificate says of itself, but notary refuses it, and so does the gate."""
    root = actor("root", "rsa2048", cn=GUN)
    pem = der_of(root.certificate).replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105"))
    weak = dataclasses.replace(root, certificate=pem_of(pem))
    made = trust(roots=(weak,))
    by = signer(root=key_file(made.root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named("trust-root-certificate", "SHA-1")


def der_of(pem: bytes) -> bytes:
    """Give the DER of a certificate."""
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def pem_of(der: bytes) -> bytes:
    """Give the PEM of a certificate."""
    return ssl.DER_cert_to_PEM_cert(der).encode()


def test_root_key_without_certificate() -> None:
    """Nobody would know which repository it is for."""
    made = trust(roots=(actor("root"),))
    by = signer(root=key_file(made.root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named("trust-root-certificate", "has no certificate")


def test_intermediate_authorities_behind_the_leaf() -> None:
    """Notary bundles them; they prove nothing here and hurt nobody."""
    root = actor("root", cn=GUN, more=(actor("authority", cn="authority", ca=True),))
    assert counts(verify(trust(roots=(root,)), signer(root_keys=(KeyId(root.bare_id),))))


def test_root_key_with_too_many_certificates() -> None:
    """A bundle is a leaf and a few authorities."""
    authority = actor("authority", cn="authority", ca=True)
    made = trust(roots=(actor("root", cn=GUN, more=(authority,) * 10),))
    by = signer(root=key_file(made.root_file(), "trust/root.json"))
    assert why(verify(made, by)) == named("trust-threshold", "it cannot be read")
    made = trust(roots=(actor("root", cn=GUN, more=(authority,) * 9),))
    assert counts(verify(made, signer(root=key_file(made.root_file(), "trust/root.json"))))


def test_threshold_of_the_root_itself() -> None:
    """The pinned key signed, and the root says that two of its keys have to."""
    made = trust(roots=(ROOT, NEW), thresholds={"root": 2}, signers={"root": (ROOT,)})
    assert why(verify(made)) == named("trust-threshold", "the root file is signed by 1 of the 2 keys")


def test_keys_with_a_certificate_for_another_name_do_not_meet_the_root_s_threshold() -> None:
    """Two have to sign in this repository's name; one of them signed in another's."""
    other = actor("new root", cn="registry.example/acme/other")
    made = trust(roots=(ROOT, other), thresholds={"root": 2})
    assert why(verify(made))[0] == "trust-root-name"


# --- step 5: delegations


def delegated(**delegates: Delegate) -> dict[str, Delegate]:
    """Name delegations."""
    return {f"targets/{name.replace('__', '/')}": one for name, one in delegates.items()}


ALICE, BOB = actor("alice"), actor("bob")
RELEASES = "targets/releases"


def roles(*names: str) -> dict[str, Any]:
    """Give the option."""
    return {"roles": tuple(RoleName(name) for name in names)}


def test_releases_speak_first() -> None:
    """As docker pulls: `targets/releases` wins over `targets`, which may name another image."""
    made = trust(tags={TAG: OTHER.content}, delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content})))
    candidate = only(verify(made))
    assert isinstance(candidate.result, Counts)
    assert candidate.by is not None
    assert candidate.by.name == ALICE.fingerprint
    assert "targets/releases version 1" in candidate.result.detail


def test_releases_that_name_another_image() -> None:
    """What `targets` says does not help then."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {TAG: OTHER.content})))
    assert why(verify(made)) == named("trust-tag-other-digest", str(OTHER.digest), str(APP.digest))


def test_targets_speak_where_releases_do_not() -> None:
    """Releases do not name the tag."""
    assert counts(verify(trust(delegates=delegated(releases=Delegate((ALICE,), {"other": APP.content})))))


def test_other_delegations_are_not_read() -> None:
    """Docker ignores them, and so does the gate unless they are listed (S21)."""
    made = trust(tags={}, delegates=delegated(alice=Delegate((ALICE,), {TAG: APP.content})))
    assert why(verify(made)) == named("trust-tag-unsigned", TAG)
    assert counts(verify(made, signer(**roles("targets/alice"))))


@pytest.mark.parametrize(
    ("spoiled", "code"),
    [
        (Delegate((ALICE,), {}, signers=(BOB,)), "trust-threshold"),
        (Delegate((ALICE, BOB), {}, threshold=2, signers=(ALICE,)), "trust-threshold"),
    ],
)
def test_broken_releases_are_not_replaced_by_targets(spoiled: Delegate, code: str) -> None:
    """Docker warns and goes on to `targets`; the gate does not (S21)."""
    assert why(verify(trust(delegates=delegated(releases=spoiled))))[0] == code


def test_expired_releases_are_not_replaced_by_targets() -> None:
    """As above."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {})), expires={RELEASES: MADE + timedelta(days=1)})
    assert why(verify(made)) == named("trust-expired", "the targets/releases file expired at 2026-11-21")


def test_releases_file_that_is_gone() -> None:
    """It is in the snapshot and not on the server: an error, not an absent delegation."""
    files = trust(delegates=delegated(releases=Delegate((ALICE,), {}))).files()
    world = TrustWorld({name: one for name, one in files.items() if not name.startswith(RELEASES)})
    assert why(verify(world)) == named("trust-data-gone", RELEASES)


def test_releases_file_with_another_hash() -> None:
    """Delegations are compared with the snapshot too."""
    files = trust(delegates=delegated(releases=Delegate((ALICE,), {}))).files()
    world = TrustWorld(
        {n: one.replace(b'"version":1', b'"version":9') if n.startswith(RELEASES) else one for n, one in files.items()}
    )
    assert why(verify(world))[0] == "trust-data-mismatch"


def test_delegation_that_was_never_published() -> None:
    """Named in targets, and neither in the snapshot nor on the server: it does not exist yet."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {}, published=False)))
    assert counts(verify(made))
    assert why(verify(made, signer(**roles(RELEASES)))) == named("trust-tag-unsigned", "targets/releases")


def test_delegation_that_nobody_named() -> None:
    """A file in the snapshot that no role above names has no keys, so it says nothing."""
    made = trust(tags={}, delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content})))
    made.edit["targets"] = lambda body: body.update(delegations={"keys": {}, "roles": []})
    assert why(verify(made))[0] == "trust-tag-unsigned"


def test_all_listed_roles_have_to_name_the_tag() -> None:
    """One of them does not."""
    made = trust(delegates=delegated(alice=Delegate((ALICE,), {TAG: APP.content}), bob=Delegate((BOB,), {})))
    by = signer(**roles("targets/alice", "targets/bob"))
    assert why(verify(made, by)) == named("trust-tag-unsigned", "targets/bob does not name the tag 1.0.0")
    made.delegates["targets/bob"].tags[TAG] = APP.content
    vouching = verify(made, by)
    assert counts(vouching)
    assert {one.by.name for one in vouching.candidates if one.by} == {ALICE.fingerprint, BOB.fingerprint}


def test_listed_roles_that_disagree() -> None:
    """They name different digests."""
    made = trust(
        delegates=delegated(alice=Delegate((ALICE,), {TAG: APP.content}), bob=Delegate((BOB,), {TAG: OTHER.content}))
    )
    for order in (("targets/alice", "targets/bob"), ("targets/bob", "targets/alice")):
        assert why(verify(made, signer(**roles(*order)))) == named(
            "trust-roles-disagree", str(APP.digest), str(OTHER.digest)
        )


def test_listed_role_that_does_not_exist() -> None:
    """A role that is asked for and was never made."""
    assert why(verify(trust(), signer(**roles("targets", "targets/qa")))) == named("trust-tag-unsigned", "targets/qa")


@pytest.mark.parametrize("paths", [("2.", "v"), (), ("1.0.0-",)])
@pytest.mark.parametrize("option", [{}, roles(RELEASES)])
def test_delegation_outside_its_paths(paths: tuple[str, ...], option: dict[str, Any]) -> None:
    """Paths are beginnings of tags; `[]` is none. Such an entry is never replaced by another role's."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content}, paths)))
    words = ", ".join(map(repr, paths)) or "none"
    said = f"targets/releases may speak about tags that begin with {words}, and names {TAG}"
    assert why(verify(made, signer(**option))) == ("trust-delegation-path", said)


@pytest.mark.parametrize("paths", [("",), ("1.",), ("x", "1.0.0")])
def test_delegation_within_its_paths(paths: tuple[str, ...]) -> None:
    """`""` is every tag."""
    assert counts(verify(trust(tags={}, delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content}, paths)))))


def test_paths_are_no_globs() -> None:
    """A star is a star."""
    made = trust(tags={}, delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content}, ("*",))))
    assert why(verify(made))[0] == "trust-delegation-path"


def test_delegation_of_a_delegation() -> None:
    """Each is named by the one above, signed by the keys given there, and within the paths of both."""
    made = trust(
        delegates=delegated(alice=Delegate((ALICE,), {}, ("1.",)), alice__bob=Delegate((BOB,), {TAG: APP.content}))
    )
    by = signer(**roles("targets/alice/bob"))
    assert counts(verify(made, by))
    made.delegates["targets/alice"] = Delegate((ALICE,), {}, ("2.",))
    assert why(verify(made, by)) == named("trust-delegation-path", "targets/alice may speak")


def test_delegation_of_a_delegation_signed_by_another() -> None:
    """The keys of the one above do not sign for the one below."""
    made = trust(
        delegates=delegated(
            alice=Delegate((ALICE,), {}), alice__bob=Delegate((BOB,), {TAG: APP.content}, signers=(ALICE,))
        )
    )
    assert why(verify(made, signer(**roles("targets/alice/bob")))) == named("trust-threshold", "targets/alice/bob")


# --- step 4 of the signer: the tag's digest


def test_tag_signed_for_another_digest() -> None:
    """The violation says both digests."""
    made = trust(tags={TAG: OTHER.content})
    vouching = verify(made)
    expected = f"the tag 1.0.0 is signed for {OTHER.digest}; it points to {APP.digest}"
    assert why(vouching) == ("trust-tag-other-digest", expected)
    assert only(vouching).by is not None


def test_tag_that_is_not_signed() -> None:
    """An old release under a new tag is not signed there."""
    assert why(verify(trust(tags={"0.9.0": APP.content}))) == (
        "trust-tag-unsigned", f"targets of {GUN} do not name the tag 1.0.0",
    )  # fmt: skip


@pytest.mark.parametrize("part", ["length", "sha512"])
def test_target_that_contradicts_itself(part: str) -> None:
    """The SHA-256 hash is this image's; the length, or the other hash, is not (S12)."""

    def edit(body: dict[str, Any]) -> None:
        if part == "length":
            body["targets"][TAG]["length"] -= 1
        else:
            body["targets"][TAG]["hashes"]["sha512"] = b64(hashlib.sha512(b"other").digest())

    assert why(verify(trust(edit={"targets": edit}))) == named("signature-contradicts-itself", "names this digest, but")


def test_target_as_docker_writes_it() -> None:
    """`docker trust sign` gives SHA-256 alone."""
    assert counts(verify(trust(edit={"targets": lambda body: body["targets"][TAG]["hashes"].pop("sha512")})))


@pytest.mark.parametrize(
    "entry",
    [
        {"length": 5, "hashes": {}},
        {"length": 5, "hashes": {"sha256": b64(b"short")}},
        {"length": 5, "hashes": {"sha512": b64(bytes(64))}},
        {"length": "5", "hashes": {"sha256": b64(bytes(32))}},
        {"length": -1, "hashes": {"sha256": b64(bytes(32))}},
        {"hashes": {"sha256": b64(bytes(32))}},
        {"length": 5, "hashes": {"sha256": b64(bytes(32)), "sha512": b64(bytes(63))}},
        [],
    ],
)
def test_target_that_cannot_be_read(entry: object) -> None:
    """SHA-256 is mandatory, of its length; md5 and others never count."""
    made = trust(edit={"targets": lambda body: body["targets"].update({TAG: entry})})
    assert why(verify(made))[0] == "trust-data-malformed"


def test_other_keys_that_differ_in_case_are_ambiguous() -> None:
    """Where keys are words and not names, some readers take them for one."""
    made = trust(edit={"targets": lambda body: body["targets"][TAG].update(custom={"a": 1, "A": 2})})
    assert why(verify(made)) == named("?signature-ambiguous", "'a' beside 'A'")


def test_tags_that_differ_in_case_are_two_tags() -> None:
    """Names of tags are names: `V1` beside `v1` is ambiguous to nobody."""
    assert counts(verify(trust(tags={TAG: APP.content, "RC": APP.content, "rc": OTHER.content})))


# --- step 6: time and versions


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets"])
def test_expired(name: str) -> None:
    """Every file that is used has to hold at the time of judging; its last moment still counts."""
    made = trust(expires={name: AT - timedelta(days=2)})
    assert why(verify(made)) == named("trust-expired", f"the {name} file expired at 2026-11-24", "ago")
    assert counts(verify(made, at=AT - timedelta(days=2)))
    assert why(verify(made, at=AT - timedelta(days=2) + timedelta(seconds=1)))[0] == "trust-expired"


@pytest.mark.parametrize(("days", "words"), [(0, "0 days ago"), (1, "1 day ago"), (2, "2 days ago")])
def test_how_long_ago_it_expired(days: int, words: str) -> None:
    """The nearest miss, in words."""
    made = trust(expires={"timestamp": AT - timedelta(days=days, hours=1)})
    assert why(verify(made)) == named("trust-expired", words)


def test_certificate_holds_from_its_first_to_its_last_moment() -> None:
    """Both included."""
    root = actor("root", cn=GUN, begins=AT, ends=AT + timedelta(days=1))
    made = trust(roots=(root,))
    by = signer(root_keys=(KeyId(root.bare_id),))
    assert counts(verify(made, by, at=AT))
    assert counts(verify(made, by, at=AT + timedelta(days=1)))
    for at in (AT - timedelta(seconds=1), AT + timedelta(days=1, seconds=1)):
        assert why(verify(made, by, at=at)) == named("trust-root-certificate", "holds from 2026-11-26 to 2026-11-27")


def test_time_with_a_zone() -> None:
    """RFC 3339 with an offset."""
    made = trust(edit={"timestamp": lambda body: body.update(expires="2026-11-26T13:00:00+01:00")})
    assert counts(verify(made))
    assert why(verify(made, at=AT + timedelta(seconds=1)))[0] == "trust-expired"


@pytest.mark.parametrize(
    "expires", ["", "soon", "2026-13-01T00:00:00Z", "2027-01-01T00:00:00", "0001-01-01T00:00:00+23:59", 5]
)
def test_time_that_is_none(expires: object) -> None:
    """Not guessed at."""
    assert why(verify(trust(edit={"targets": lambda body: body.update(expires=expires)})))[0] == "trust-data-malformed"


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets", RELEASES])
def test_rollback_by_least_versions(name: str) -> None:
    """A file older than the rule file accepts."""
    delegates = delegated(releases=Delegate((ALICE,), {TAG: APP.content}))
    by = signer(least_versions={name: 2})
    made = trust(delegates=delegates)
    assert why(verify(made, by)) == named("trust-rollback", f"the {name} file has the version 1; version 2")
    made = trust(delegates=delegates, versions={name: 2})
    made.older_roots[1] = trust().root_file()
    assert counts(verify(made, by))


def test_rollback_by_state() -> None:
    """A file older than one that was seen before, of this repository."""
    state = write_state({}, GUN, {"timestamp": 41, "targets": 7})
    by = signer(state=key_file(state, "trust/state.json"))
    assert why(verify(trust(), by)) == named("trust-rollback", "the timestamp file has the version 1; version 41")
    made = trust(versions={"timestamp": 41, "targets": 7})
    candidate = only(verify(made, by))
    assert isinstance(candidate.result, Counts)
    assert candidate.result.caveat == ""
    assert why(verify(trust(versions={"timestamp": 41}), by)) == named("trust-rollback", "the targets file")
    other = write_state({}, "registry.example/acme/other", {"timestamp": 41})
    assert counts(verify(trust(), signer(state=key_file(other, "trust/state.json"))))


def test_the_higher_of_state_and_least_versions_holds() -> None:
    """Neither weakens the other."""
    for seen, least in ((5, 2), (2, 5)):
        state = key_file(write_state({}, GUN, {"targets": seen}), "trust/state.json")
        by = signer(state=state, least_versions={"targets": least})
        assert why(verify(trust(versions={"targets": 4}), by))[0] == "trust-rollback"


@pytest.mark.parametrize(
    ("least", "is_said"),
    [({}, True), ({"root": 1}, True), ({"targets": 1}, False), ({"timestamp": 1}, False), ({"snapshot": 1}, False)],
)
def test_that_rollback_was_not_checked_is_said(least: dict[str, int], is_said: object) -> None:
    """Without kept state every report says so (S21)."""
    result = only(verify(trust(), signer(least_versions=least or None))).result
    assert isinstance(result, Counts)
    assert bool(result.caveat) is is_said


# --- what cannot be read


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "root", "targets"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "trust-data-malformed"),
        (b"<html>", "trust-data-malformed"),
        (b"[]", "trust-data-malformed"),
        (b"{}", "trust-data-malformed"),
        (b"\xff", "trust-data-malformed"),
        (b"[" * 100_000, "trust-data-malformed"),
        (b'{"signed":{"version":NaN},"signatures":[]}', "trust-data-malformed"),
        (b'{"signed":{"a":1.5},"signatures":[]}', "trust-data-malformed"),
        (b'{"signed":{},"signed":{},"signatures":[]}', "?signature-ambiguous"),
        (b'{"Signed":{},"signed":{},"signatures":[]}', "?signature-ambiguous"),
        (b'{"Signed":{},"signatures":[]}', "?signature-ambiguous"),
    ],
)
def test_unreadable_file(name: str, content: bytes, code: str) -> None:
    """Refused, or where two readers could read two things, left open. Never a traceback."""
    if name == "timestamp":
        world = TrustWorld({"timestamp.json": content})
    else:
        world = TrustWorld(trust(spoil={name: lambda _: content}).files())
    assert why(verify(world))[0] == code


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.decode().encode("utf-16-le"),
        lambda content: content.replace(b'"signed"', b'"a":"\xed\xa0\x80","signed"'),
        lambda content: content.replace(b'"signed"', b'"a":' + b"[" * 70 + b"]" * 70 + b',"signed"'),
    ],
)
def test_text_that_other_readers_refuse(damage: Any) -> None:
    """A byte order mark, UTF-16, half a surrogate pair as bytes, deep nesting beside what is signed."""
    assert why(verify(trust(spoil={"targets": damage})))[0] == "trust-data-malformed"


@pytest.mark.parametrize("key_id", ["", "x", "A" * 64, 5])
def test_signature_by_what_is_no_key_id(key_id: object) -> None:
    """Not passed over: the file is not what notary writes."""
    made = trust()
    made.edit["targets document"] = lambda document: document["signatures"].append(
        document["signatures"][0] | {"keyid": key_id}
    )
    assert why(verify(made))[0] == "trust-data-malformed"


@pytest.mark.parametrize("member", ["paths", "keyids"])
def test_delegation_with_what_is_no_text(member: str) -> None:
    """A number among paths or ids."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content})))
    made.edit["targets"] = lambda body: body["delegations"]["roles"][0][member].append(5)
    assert why(verify(made)) == named("trust-data-malformed", "no text")


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets"])
def test_file_of_another_kind(name: str) -> None:
    """A targets file in the place of a snapshot, and so on."""
    kind = "Snapshot" if name != "snapshot" else "Targets"
    made = trust(edit={name: lambda body: body.update(_type=kind)})
    assert why(verify(made)) == named("trust-data-malformed", f"the {name} file says that it is of the type '{kind}'")


@pytest.mark.parametrize("version", [0, -1, "1", True, None, 2**60])
def test_version_that_is_none(version: object) -> None:
    """Versions begin at 1."""
    assert why(verify(trust(edit={"targets": lambda body: body.update(version=version)})))[0] == "trust-data-malformed"


@pytest.mark.parametrize("threshold", [0, -1, None, "1"])
@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_threshold_of_nothing(role: str, threshold: object) -> None:
    """A role that nobody has to sign for would be anybody's (S2; go-tuf GHSA-3633-5h82-39pq)."""
    made = trust(edit={"root": lambda body: body["roles"][role].update(threshold=threshold)})
    assert why(verify(made)) == named("trust-data-malformed", f"role {role}, threshold")


def test_threshold_of_nothing_in_a_delegation() -> None:
    """As above, for a delegation."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content}, threshold=0, signers=(BOB,))))
    assert why(verify(made)) == named("trust-data-malformed", "threshold")


def test_delegation_named_twice() -> None:
    """Two entries of one name: readers take different ones."""
    made = trust(delegates=delegated(releases=Delegate((ALICE,), {TAG: APP.content})))
    made.edit["targets"] = lambda body: body["delegations"].update(roles=body["delegations"]["roles"] * 2)
    assert why(verify(made)) == named("?signature-ambiguous", "'targets/releases' twice")


def test_private_key_in_public_data() -> None:
    """A key file with its private half has leaked."""
    made = trust()
    (key,) = made.keys["targets"]
    made.edit["root"] = lambda body: body["keys"][key.key_id]["keyval"].update(private=b64(b"secret"))
    assert why(verify(made)) == named("trust-data-malformed", "holds a private key")


@pytest.mark.parametrize("many", ["keys", "meta", "signatures", "roles"])
def test_too_many_of_anything(many: str) -> None:
    """Bounded, so that no file keeps the gate busy; a bound that is reached leaves it open (S4)."""
    edits: dict[str, Any] = {
        "keys": ("root", lambda body: body["keys"].update({f"{n:064}": ALICE.tuf for n in range(1001)})),
        "signatures": (
            "targets document", lambda document: document.update(signatures=document["signatures"] * 101)
        ),
        "meta": (
            "snapshot", lambda body: body["meta"].update({f"targets/{n}": body["meta"]["root"] for n in range(1001)})
        ),
        "roles": ("targets", lambda body: body["delegations"].update(roles=[{}] * 1001)),
    }  # fmt: skip
    name, edit = edits[many]
    vouching = verify(trust(edit={name: edit}, delegates=delegated(releases=Delegate((ALICE,), {}))))
    assert (vouching.candidates, [fact.code for fact in vouching.unread]) == ((), ["limit-reached"])


# --- the options


@pytest.mark.parametrize(
    ("options", "key", "words"),
    [
        ({}, "", "say which root is trusted"),
        ({"root": key_file(ROOT.certificate), "root_keys": (KeyId("0" * 64),)}, "", "say which root is trusted"),
        ({"root": key_file(b"nonsense", "trust/root.json")}, "root", "neither a root.json nor a PEM"),
        ({"root": key_file(b'{"signed": 1}', "trust/root.json")}, "root", "not a JSON object"),
        ({"root": key_file(b"-----BEGIN EC PRIVATE KEY-----\n")}, "root", "private key"),
        ({"root_keys": (KeyId("0" * 64),), "root_threshold": 2}, "root-threshold", "2 of 1 pinned keys"),
        ({"root_keys": (KeyId("0" * 64),), "root_threshold": 0}, "root-threshold", "0 of 1 pinned keys"),
        ({"root": key_file(trust().root_file()), "root_threshold": 1}, "root-threshold", "says itself"),
        ({"root_keys": (KeyId("0" * 64),), "least_versions": {"target": 2}}, "least-versions.target", "no file"),
        ({"root_keys": (KeyId("0" * 64),), "least_versions": {"targets": 0}}, "least-versions.targets", "begin at 1"),
        ({"root_keys": (KeyId("0" * 64),), "state": key_file(b"{}", "state.json")}, "state", "no state of trust data"),
    ],
)
def test_mistakes_in_the_rule_file(options: dict[str, Any], key: str, words: str) -> None:
    """Each is told with its place."""
    problems = ContentTrust(**options).problems()
    assert [(place, words in sentence) for place, sentence in problems] == [(key, True)], problems


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KeyId, "ABC"), (KeyId, "0" * 63), (KeyId, "0" * 64 + "\n"), (KeyId, "A" * 64),
        (Server, "http://notary.example"), (Server, "notary.example"), (Server, "https://user@notary.example"),
        (Server, "https://notary.example/path"), (Server, "https://notary.example:0"), (Server, "https://Notary.example"),
        (RoleName, "root"), (RoleName, "targets/"), (RoleName, "targets/../x"), (RoleName, "targets//a"),
        (RoleName, "targets/A"), (RoleName, "targets/a\n"), (RoleName, "releases"), (RoleName, "targets/" + "a" * 250),
    ],
)  # fmt: skip
def test_scalars_that_are_none(kind: Any, text: str) -> None:
    """Each has a grammar of its own, matched whole."""
    with pytest.raises(ValueError, match="is not"):
        kind.from_text(text)


def test_scalars_as_people_write_them() -> None:
    """What each takes."""
    assert KeyId.from_text("0123456789abcdef" * 4).text == "0123456789abcdef" * 4
    assert Server.from_text("https://[::1]:4443").text == "https://[::1]:4443"
    assert [RoleName.from_text(text).text for text in ("targets", "targets/qa")] == ["targets", "targets/qa"]
    for kind in (KeyId, Server, RoleName):
        assert kind.describe()["type"] == "string"


def test_server_with_a_slash_at_the_end() -> None:
    """As people copy it."""
    assert Server.from_text("https://notary.example:4443/") == Server("https://notary.example:4443")


def test_signer_stands_for_no_single_principal() -> None:
    """Whose keys they are is only known from the trust data."""
    standing: object = signer().principal  # of the protocol, which gives an identity or None
    assert callable(standing)
    assert standing() is None


# --- the state file


def test_state_never_falls() -> None:
    """What was seen stays seen."""
    first = parse_state(write_state({}, GUN, {"targets": 7, "root": 1}), "state")
    second = parse_state(write_state(first, GUN, {"targets": 5, "timestamp": 9}), "state")
    assert second == {GUN: {"targets": 7, "root": 1, "timestamp": 9}}
    both = parse_state(write_state(second, "registry.example/b", {"root": 2}), "state")
    assert both.keys() == {GUN, "registry.example/b"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", packed({"trust-state": 2, "repositories": {}}), packed({"trust-state": 1}),
        packed({"trust-state": 1, "repositories": []}), packed({"trust-state": 1, "repositories": {GUN: {"targets": 0}}}),
        packed({"trust-state": 1, "repositories": {GUN: {"targets": "3"}}}),
        packed({"trust-state": 1, "repositories": {GUN: {"mirror": 3}}}),
        packed({"trust-state": 1, "repositories": {}, "more": 1}),
    ],
)  # fmt: skip
def test_state_that_is_none(content: bytes) -> None:
    """A state that cannot be read is a mistake, never an empty state."""
    by = ContentTrust(root_keys=(KeyId(ROOT.bare_id),), state=key_file(content, "state.json"))
    assert [key for key, _ in by.problems()] == ["state"]


def test_state_larger_than_any() -> None:
    """Bounded before it is parsed."""
    with pytest.raises(MalformedData, match="at most 4194304 are read"):
        parse_state(b" " * (4 * 1024 * 1024 + 1), "state")
