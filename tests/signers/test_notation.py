"""The signer `notation`: what counts and what does not, one test for each way of getting it wrong."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from gate.errors import RuleFileError
from gate.evidence import Kind
from gate.formats.jws import parse_jws
from gate.formats.timestamp import parse_token
from gate.oci.digest import Digest
from gate.option import File
from gate.pattern import Glob
from gate.ruleset.load import load_ruleset
from gate.signer import Candidate, Counts, Refused, Unchecked
from gate.signers.notation import Notation
from gate.subject import Subject
from tests.signers import forge
from tests.signers import notation_forge as nf
from tests.signers.world import FIXTURES, World, descriptor, image, packed, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

AT = datetime(2026, 11, 26, tzinfo=UTC)
SUBJECT = image()
KINDS = FIXTURES / "notation-kinds"
FORMS = pytest.mark.parametrize("form", [nf.JWS, nf.COSE], ids=["jws", "cose"])
AUTHORITY = {nf.SCHEME: "notary.x509.signingAuthority", nf.TIME: None, nf.AUTHENTIC: "2026-11-25T00:00:00Z"}


def stored(name: str) -> File:
    """Give a file of the fixtures."""
    content = (KINDS / name).read_bytes()
    return File(name, content, Digest.of(content))


def signer(stores: Mapping[str, tuple[File, ...]] | None = None, **options: Any) -> Notation:
    """Make a signer whose options are right; it trusts the forge's root unless told otherwise."""
    usual: dict[str, Any] = {} if "policy" in options else {"identities": ("*",)}
    if not {"policy", "images"} & set(options):
        usual["any_image"] = True
    made = Notation(trust_stores=stores or {"ca:acme": (nf.root().file,)}, **usual | options)
    assert made.problems() == ()
    return made


def candidates(
    world: World, by: Notation | None = None, subject: Subject = SUBJECT, at: datetime = AT
) -> tuple[Candidate, ...]:
    """Collect and judge."""
    by = by or signer()
    return by.verify(subject, world.gather(by.needs(subject), subject), at).candidates


def single(content: bytes, form: str, by: Notation | None = None, at: datetime = AT) -> Candidate:
    """Judge one envelope."""
    world = World()
    nf.put(world, SUBJECT, content, form)
    (candidate,) = candidates(world, by, at=at)
    return candidate


def made(form: str, by: Notation | None = None, at: datetime = AT, /, **changes: Any) -> Candidate:
    """Judge one forged envelope."""
    return single(nf.Made(SUBJECT, **changes).envelope(form), form, by, at)


def code(candidate: Candidate) -> str:
    """Give the reason's code, "" for what counts, and a question mark before it for what cannot be checked."""
    match candidate.result:
        case Counts():
            return ""
        case Refused(reason, _):
            return reason.code
        case Unchecked(reason, _):
            return f"?{reason.code}"


def why(candidate: Candidate) -> str:
    """Give the sentence."""
    assert not isinstance(candidate.result, Counts)
    return candidate.result.nearest if isinstance(candidate.result, Refused) else candidate.result.detail


# --- what counts: bytes of notation-core-go


def test_kinds_are_over_the_image_of_these_tests() -> None:
    """The fixtures name the digest of the small image."""
    assert (KINDS / "image.json").read_bytes() == SUBJECT.content


@FORMS
@pytest.mark.parametrize("kind", ["es256", "es384", "es512", "ps256", "ps384", "ps512", "attribute"])
def test_every_kind_of_key_counts(kind: str, form: str) -> None:
    """The key decides the algorithm; who signed is told by subject and authority."""
    candidate = single(
        (KINDS / f"{kind}.{'jws' if form == nf.JWS else 'cose'}").read_bytes(), form, trusting("root.crt")
    )
    assert code(candidate) == ""
    assert isinstance(candidate.result, Counts)
    assert candidate.result.detail.startswith("JWS, " if form == nf.JWS else "COSE, ")
    algorithm = "ES256" if kind == "attribute" else kind.upper()
    assert candidate.result.detail.endswith(f", {algorithm}, referrer, certificates valid now")
    assert candidate.result.caveat == ""
    assert candidate.by is not None
    assert candidate.by.kind == "x509"
    assert candidate.by.name.startswith("CN=builder")
    assert candidate.by.issuer == "CN=Acme Root,O=Acme,L=Seattle,ST=WA,C=US"


def trusting(*names: str, kind: str = "ca", **options: Any) -> Notation:
    """Trust certificates of the fixtures."""
    return signer({f"{kind}:acme": tuple(stored(name) for name in names)}, **options)


def kind_of(name: str, form: str) -> bytes:
    """Give an envelope of the fixtures."""
    return (KINDS / f"{name}.{'jws' if form == nf.JWS else 'cose'}").read_bytes()


@FORMS
def test_any_certificate_of_the_chain_may_be_the_trusted_one(form: str) -> None:
    """A store may hold an authority below the root."""
    candidate = single(kind_of("es256", form), form, trusting("intermediate.crt"))
    assert code(candidate) == ""
    assert candidate.by is not None
    assert "CN=Acme Signing" in candidate.by.issuer
    miss = single(kind_of("es256", form), form, trusting("tsa.crt"))
    assert code(miss) == "notation-untrusted"
    assert why(miss).endswith("whose chain is in no trust store of the type ca")


@FORMS
def test_signing_authority_is_believed_from_its_own_store(form: str) -> None:
    """Scheme and store type belong together, both ways; its word counts for the time."""
    envelope = kind_of("authority", form)
    candidate = single(envelope, form, trusting("root.crt", kind="signingAuthority"), datetime(2040, 1, 1, tzinfo=UTC))
    assert code(candidate) == ""
    assert isinstance(candidate.result, Counts)
    assert "by the word of the signing authority" in candidate.result.detail
    miss = single(envelope, form, trusting("root.crt"))
    assert code(miss) == "notation-untrusted"
    assert why(miss).endswith("is in no trust store (there is none of the type signingAuthority)")
    assert (
        code(single(kind_of("es256", form), form, trusting("root.crt", kind="signingAuthority")))
        == "notation-untrusted"
    )


@FORMS
@pytest.mark.parametrize(("day", "expected"), [(23, ""), (24, "notation-expired"), (25, "notation-expired")])
def test_expiry_is_kept(day: int, expected: str, form: str) -> None:
    """From that moment on, not after it."""
    at = datetime(2026, 12, day, tzinfo=UTC)
    assert code(single(kind_of("expiring", form), form, trusting("root.crt"), at)) == expected


@FORMS
def test_plugin_cannot_be_asked(form: str) -> None:
    """Whether the signature is good is not known, so it is undecided."""
    candidate = single(kind_of("plugin", form), form, trusting("root.crt"))
    assert code(candidate) == "?notation-plugin"
    assert why(candidate) == "it has to be verified by the plug-in example-plugin"


@FORMS
def test_unknown_attribute_that_is_critical_is_refused(form: str) -> None:
    """One that is not critical changes nothing (`attribute` above)."""
    candidate = single(kind_of("critical", form), form, trusting("root.crt"))
    assert code(candidate) == "notation-critical-attribute"
    assert "example.com/attribute" in why(candidate)


@FORMS
def test_revocation_that_nobody_checked_is_said(form: str) -> None:
    """It leaves the rule undecided unless the rule file accepts it, and then stands in every report (S19)."""
    candidate = single(kind_of("revocable", form), form, trusting("root.crt"))
    assert code(candidate) == "?notation-revocation"
    candidate = single(kind_of("revocable", form), form, trusting("root.crt", revocation="not-checked"))
    assert isinstance(candidate.result, Counts)
    assert candidate.result.caveat == "whether certificates were revoked was not checked"


def test_root_is_not_revoked_but_taken_out_of_the_store() -> None:
    """That it names a list says nothing."""
    lists = x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier("http://x/")], None, None, None)]
    )
    top = nf.issue(None, nf.key("top"), ca=True, extra=((lists, False),))
    assert code(made(nf.JWS, signer({"ca:top": (top.file,)}), by=nf.issue(top, nf.key()))) == ""
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://x/"))]
    )
    assert code(made(nf.JWS, by=leaf(extra=((access, False),)))) == "?notation-revocation"
    issuers = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://x/"))]
    )
    assert code(made(nf.JWS, by=leaf(extra=((issuers, False),)))) == ""


# --- timestamps


def stamping(**options: Any) -> Notation:
    """Trust the fixtures' root and timestamp authority."""
    return signer({"ca:acme": (stored("root.crt"),), "tsa:clock": (stored("tsa.crt"),)}, **options)


@FORMS
def test_timestamp_lets_a_signature_outlive_its_certificate(form: str) -> None:
    """The signer's certificate ends with 2026."""
    later = datetime(2030, 1, 1, tzinfo=UTC)
    envelope = kind_of("timestamp", form)
    candidate = single(envelope, form, stamping(), later)
    assert code(candidate) == ""
    assert isinstance(candidate.result, Counts)
    assert "timestamp of 2026-11-25T" in candidate.result.detail
    assert code(single(envelope, form, stamping(timestamps="after-expiry"), later)) == ""
    miss = single(envelope, form, trusting("root.crt"), later)
    assert code(miss) == "notation-certificate-expired"
    assert "was valid from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z, which is not so now" in why(miss)


@FORMS
def test_timestamp_authority_that_could_be_revoked_is_said(form: str) -> None:
    """Its certificate names a revocation list; that of `timestamp` names none."""
    envelope = kind_of("timestamp-revocable", form)
    assert code(single(envelope, form, stamping())) == "?notation-revocation"
    candidate = single(envelope, form, stamping(revocation="not-checked"))
    assert isinstance(candidate.result, Counts)
    assert candidate.result.caveat == "whether certificates were revoked was not checked"


@FORMS
def test_missing_timestamp_is_told(form: str) -> None:
    """With a store for timestamps one is needed, unless only after expiry."""
    envelope = kind_of("es256", form)
    assert code(single(envelope, form, stamping())) == "notation-timestamp"
    assert code(single(envelope, form, stamping(timestamps="after-expiry"))) == ""
    old = kind_of("expiring", form)
    candidate = single(old, form, stamping(timestamps="after-expiry"), datetime(2030, 1, 1, tzinfo=UTC))
    assert code(candidate) == "notation-timestamp"


def stamp_of(form: str) -> bytes:
    """Take the timestamp out of a fixture."""
    content = kind_of("timestamp", form)
    parsed = parse_jws(content, "x") if form == nf.JWS else None
    if parsed is not None:
        assert parsed.timestamp is not None
        return parsed.timestamp
    from gate.formats.cose import parse_cose

    stamp = parse_cose(content, "x").timestamp
    assert stamp is not None
    return stamp


def with_stamp(content: bytes, stamp: bytes) -> bytes:
    """Put a timestamp into a JWS: nobody signed that part."""
    document = json.loads(content)
    document["header"][nf.STAMP] = base64.b64encode(stamp).decode()
    return packed(document)


@pytest.mark.parametrize(
    ("stamp", "sentence"),
    [
        (lambda: stamp_of(nf.COSE), "its timestamp is over other bytes than the signature"),
        (lambda: b"", "the timestamp is no timestamp that can be read"),
        (lambda: b"\x30\x00", "the timestamp is no timestamp that can be read"),
        (lambda: stamp_of(nf.JWS)[:-1], "the timestamp is no timestamp that can be read"),
        (lambda: stamp_of(nf.JWS) * 30, "a timestamp of at most"),
        (lambda: stamp_of(nf.JWS)[:-1] + b"\x00", "does not verify with an authority of a trust store tsa"),
    ],
    ids=["other-signature", "empty", "short", "cut", "long", "changed"],
)
def test_timestamp_that_does_not_hold_is_refused(stamp: Any, sentence: str) -> None:
    """Each with its sentence."""
    candidate = single(with_stamp(kind_of("timestamp", nf.JWS), stamp()), nf.JWS, stamping())
    assert code(candidate) == "notation-timestamp"
    assert sentence in why(candidate)


def test_timestamp_by_an_authority_outside_of_the_store_is_refused() -> None:
    """A token brings its own certificates; they prove nothing (signature sheet B.4)."""
    by = signer({"ca:acme": (stored("root.crt"),), "tsa:other": (stored("root.crt"),)})
    candidate = single(kind_of("timestamp", nf.JWS), nf.JWS, by)
    assert code(candidate) == "notation-timestamp"
    assert "with an authority of a trust store tsa" in why(candidate)


def test_timestamp_of_the_future_leaves_it_undecided() -> None:
    """S6; five minutes after the last moment that the timestamp can mean are no skew any more."""
    envelope = kind_of("timestamp", nf.JWS)
    last = parse_token(stamp_of(nf.JWS), "x").window[1]
    assert code(single(envelope, nf.JWS, stamping(), last - timedelta(minutes=5))) == ""
    candidate = single(envelope, nf.JWS, stamping(), last - timedelta(minutes=5, microseconds=1))
    assert code(candidate) == "?time-in-future"
    assert why(candidate).startswith("its timestamp is of 2026-11-25T")


@FORMS
def test_timestamp_after_the_certificate_s_end_helps_nothing(form: str) -> None:
    """What the signer wrote as signing time lies before it."""
    candidate = single(kind_of("late", form), form, stamping())
    assert code(candidate) == "notation-certificate-expired"
    assert "to 2026-06-01T00:00:00Z, which is not so at the time of the timestamp (2026-11-25T" in why(candidate)


# --- what our own generator makes


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "rsa2048", "rsa3072", "rsa4096"])
@FORMS
def test_forged_envelope_counts_unchanged(kind: str, form: str) -> None:
    """So that what is changed below fails for the change. notation-core-go accepted these bytes too."""
    assert code(made(form, by=nf.builder(kind))) == ""


@pytest.mark.server("openssl")
@pytest.mark.parametrize("kind", ["rsa2048", "rsa4096"])
def test_openssl_verifies_what_the_generator_makes(kind: str, tmp_path: Path) -> None:
    """Signature and chain, by another implementation."""
    openssl = shutil.which("openssl")
    assert openssl is not None
    holder = nf.builder(kind)
    envelope = json.loads(nf.Made(SUBJECT, by=holder).jws())
    (tmp_path / "message").write_bytes(f"{envelope['protected']}.{envelope['payload']}".encode())
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(envelope["signature"] + "=="))
    (tmp_path / "leaf.crt").write_bytes(holder.pem)
    (tmp_path / "root.crt").write_bytes(nf.root().pem)
    (tmp_path / "authority.crt").write_bytes(nf.authority().pem)
    key = subprocess.run(
        [openssl, "x509", "-in", "leaf.crt", "-pubkey", "-noout"], cwd=tmp_path, check=True, capture_output=True
    )
    (tmp_path / "key.pub").write_bytes(key.stdout)
    size = nf.algorithm(holder.key)[2:]
    subprocess.run(
        [openssl, "dgst", f"-sha{size}", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest", "-verify", "key.pub", "-signature", "signature", "message"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [openssl, "verify", "-CAfile", "root.crt", "-untrusted", "authority.crt", "-purpose", "any", "leaf.crt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip


# --- the envelope


@FORMS
def test_signature_that_was_changed_is_refused(form: str) -> None:
    """Another one, one of another size, one by another key."""
    assert code(made(form, signature=b"\x01" * 64)) == "notation-signature-invalid"
    assert code(made(form, signature=b"\x01" * 63)) == "notation-signature-invalid"
    assert code(made(form, signature=nf.sign(nf.key("somebody"), b"x"))) == "notation-signature-invalid"


def test_changed_payload_or_header_is_refused() -> None:
    """The signature is over both."""
    document = json.loads(nf.Made(SUBJECT).jws())
    for part in ("payload", "protected"):
        other = dict(document)
        content = json.loads(base64.urlsafe_b64decode(document[part] + "=="))
        other[part] = nf.url64(json.dumps(content).encode())  # the same JSON with other white space
        assert code(single(packed(other), nf.JWS)) == "notation-signature-invalid"


def test_signature_in_der_is_refused() -> None:
    """RFC 7518 has the two numbers side by side; OpenSSL and cosign write DER."""
    from cryptography.hazmat.primitives.asymmetric import ec

    key = nf.builder().key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    document = json.loads(nf.Made(SUBJECT).jws())
    der = key.sign(f"{document['protected']}.{document['payload']}".encode(), ec.ECDSA(hashes.SHA256()))
    assert code(single(packed(document | {"signature": nf.url64(der)}), nf.JWS)) == "notation-signature-invalid"


def test_rsa_without_pss_is_refused() -> None:
    """PKCS #1 v1.5 by the right key."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    holder = nf.builder("rsa2048")
    assert isinstance(holder.key, rsa.RSAPrivateKey)
    document = json.loads(nf.Made(SUBJECT, by=holder).jws())
    message = f"{document['protected']}.{document['payload']}".encode()
    for chosen in (padding.PKCS1v15(), padding.PSS(padding.MGF1(hashes.SHA256()), 20)):
        signature = holder.key.sign(message, chosen, hashes.SHA256())
        assert (
            code(single(packed(document | {"signature": nf.url64(signature)}), nf.JWS)) == "notation-signature-invalid"
        )


@FORMS
@pytest.mark.parametrize("name", ["PS256", "ES384", "RS256", "none", "HS256", "es256"])
def test_algorithm_is_the_keys(name: str, form: str) -> None:
    """The header never chooses it."""
    other = name if form == nf.JWS or name in {"PS256", "ES384"} else -257
    candidate = made(form, protected={"alg": other})
    assert code(candidate) == "notation-algorithm"
    assert "its key signs with ES256" in why(candidate)


@FORMS
@pytest.mark.parametrize(
    ("protected", "expected"),
    [
        ({"crit": [nf.SCHEME, "b64"], "b64": False}, "notation-critical-attribute"),
        ({"crit": [nf.SCHEME, "x"], "x": 1}, "notation-critical-attribute"),
        ({"crit": []}, "notation-critical-attribute"),
        ({"crit": None}, "notation-critical-attribute"),
        ({nf.EXPIRY: "2026-12-01T00:00:00Z"}, "notation-critical-attribute"),
        ({nf.EXPIRY: "2026-12-01T00:00:00Z", "crit": [nf.SCHEME, nf.EXPIRY]}, ""),
        ({nf.EXPIRY: "2026-11-25T00:00:00Z", "crit": [nf.SCHEME, nf.EXPIRY]}, "notation-expired"),
        ({nf.SCHEME: "notary.x509.other"}, "notation-critical-attribute"),
        (AUTHORITY, "notation-critical-attribute"),
        ({nf.AUTHENTIC: "2026-11-25T00:00:00Z", "crit": [nf.SCHEME, nf.AUTHENTIC]}, "notation-critical-attribute"),
        ({nf.SCHEME: "notary.x509.signingAuthority"}, "notation-critical-attribute"),
        ({"crit": [nf.SCHEME, nf.EXPIRY]}, "notation-malformed"),
        ({"crit": [nf.SCHEME, nf.SCHEME]}, "notation-malformed"),
        ({"crit": nf.SCHEME}, "notation-malformed"),
        ({nf.SCHEME: None, "crit": []}, "notation-malformed"),
        ({"alg": None}, "notation-malformed"),
        ({"cty": None}, "notation-malformed"),
        ({nf.TIME: 5}, "notation-malformed"),
        ({nf.TIME: "2026-11-26T00:05:00Z"}, ""),
        ({nf.TIME: "2026-11-26T00:06:00Z"}, "?time-in-future"),
        ({"io.cncf.notary.verificationPlugin": "x"}, "?notation-plugin"),
    ],
)
def test_header_is_understood_or_refused(protected: dict[str, Any], expected: str, form: str) -> None:
    """Each demand by itself."""
    assert code(made(form, protected=protected)) == expected


@pytest.mark.parametrize("text", ["2026-11-25", "2026-11-25T00:00:00", "2026-13-25T00:00:00Z", "x", ""])
def test_time_is_a_time(text: str) -> None:
    """RFC 3339."""
    assert code(made(nf.JWS, protected={nf.TIME: text})) == "notation-malformed"


@FORMS
def test_signing_authority_needs_its_time(form: str) -> None:
    """Its time is in the validity of every certificate, and not in the future."""
    by = signer({"signingAuthority:acme": (nf.root().file,)})
    protected = AUTHORITY | {"crit": [nf.SCHEME, nf.AUTHENTIC]}
    assert code(made(form, by, protected=protected)) == ""
    before = protected | {nf.AUTHENTIC: "2025-12-31T23:59:59Z"}
    assert code(made(form, by, protected=before)) == "notation-certificate-expired"
    future = protected | {nf.AUTHENTIC: "2027-01-01T00:00:00Z"}
    assert code(made(form, by, protected=future)) == "?time-in-future"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: {"payload": one["payload"], "signatures": [one]},
        lambda one: one | {"extra": 1},
        lambda one: one | {"protected": one["protected"] + "="},
        lambda one: one | {"signature": one["signature"] + "=="},
        lambda one: one | {"signature": one["signature"][:-1] + "!"},
        lambda one: one | {"signature": 1},
        lambda one: one | {"header": None},
        lambda one: one | {"header": {}},
        lambda one: one | {"header": one["header"] | {"x5c": []}},
        lambda one: one | {"header": one["header"] | {"x5c": one["header"]["x5c"] * 4}},
        lambda one: one | {"header": one["header"] | {"x5c": ["!"]}},
        lambda one: one | {"header": one["header"] | {"x5c": ["AAAA"]}},
        lambda one: one | {"header": one["header"] | {"x5c": [1]}},
        lambda one: one | {"header": one["header"] | {nf.STAMP: 1}},
        lambda one: {name: value for name, value in one.items() if name != "payload"},
    ],
)  # fmt: skip
def test_jws_of_another_form_is_malformed(change: Any) -> None:
    """The general form with several signatures, further members, padding, …."""
    document = json.loads(nf.Made(SUBJECT).jws())
    assert code(single(packed(change(document)), nf.JWS)) == "notation-malformed"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "notation-malformed"),
        (b"{", "notation-malformed"),
        (b"[]", "notation-malformed"),
        (b"{}", "notation-malformed"),
        (b'{"payload": "", "Payload": ""}', "?signature-ambiguous"),
        (b"[" * 100_000, "notation-malformed"),
    ],
)
def test_junk_is_no_jws(content: bytes, expected: str) -> None:
    """And no traceback."""
    assert code(single(content, nf.JWS)) == expected


def _cose() -> list[Any]:
    """Give the four parts."""
    from gate.formats.cbor import Tag, parse_cbor

    tagged = parse_cbor(nf.Made(SUBJECT).cose(), "x")
    assert isinstance(tagged, Tag)
    assert isinstance(tagged.value, list)
    return tagged.value


@pytest.mark.parametrize(
    "content",
    [
        lambda _: b"",
        nf.cbor,
        lambda parts: nf.cbor(nf.Tagged(98, parts)),
        lambda parts: nf.cbor(nf.Tagged(18, parts[:3])),
        lambda parts: nf.cbor(nf.Tagged(18, [*parts, b""])),
        lambda parts: nf.cbor(nf.Tagged(18, parts)) + b"\x00",
        lambda parts: nf.cbor(nf.Tagged(18, parts))[:-1],
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], parts[1], None, parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [{}, parts[1], parts[2], parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], [], parts[2], parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], {33: "text"}, parts[2], parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], {33: ["text"]}, parts[2], parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], {}, parts[2], parts[3]])),
        lambda parts: nf.cbor(nf.Tagged(18, [parts[0], parts[1] | {nf.STAMP: "text"}, parts[2], parts[3]])),
        lambda parts: b"\xd2\x9f" + b"".join(nf.cbor(part) for part in parts) + b"\xff",
        lambda parts: b"\xd2\x84" + nf.cbor(parts[0]) + b"\xa2\x18\x21" + nf.cbor(parts[1][33]) + b"\x18\x21" + nf.cbor([]) + nf.cbor(parts[2]) + nf.cbor(parts[3]),
        lambda parts: b"\xd8\x12" + nf.cbor(parts),
        lambda _: b"\x81" * 100_000,
        lambda _: b"\x9b" + b"\xff" * 8,
    ],
)  # fmt: skip
def test_cose_of_another_form_is_malformed(content: Any) -> None:
    """Indefinite lengths, doubled keys, bytes behind the end, another tag, detached payload, …."""
    assert code(single(content(_cose()), nf.COSE)) == "notation-malformed"


def test_key_in_the_protected_header_twice_is_malformed() -> None:
    """Nobody could say which of the two algorithms counts."""
    made = nf.Made(SUBJECT)
    doubled = b"\xa2\x01\x26\x01\x26"
    made.members["protected"] = doubled
    assert code(single(made.cose(), nf.COSE)) == "notation-malformed"


def test_encoder_of_these_tests_writes_what_the_library_writes() -> None:
    """Read and written again, an envelope of notation-core-go is the same bytes."""
    from gate.formats.cbor import Tag, parse_cbor

    for path in sorted(KINDS.glob("*.cose")):
        tagged = parse_cbor(path.read_bytes(), "x")
        assert isinstance(tagged, Tag)
        assert nf.cbor(nf.Tagged(tagged.number, tagged.value)) == path.read_bytes()


@FORMS
def test_envelope_of_the_other_form_is_malformed(form: str) -> None:
    """The media type says how to read it."""
    other = nf.COSE if form == nf.JWS else nf.JWS
    assert code(single(nf.Made(SUBJECT).envelope(other), form)) == "notation-malformed"


# --- what was signed


@FORMS
@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"digest": "sha256:" + "0" * 64}, "it is for the digest sha256:0000"),
        ({"digest": "sha512:" + "0" * 128}, "it is for the digest sha512:0000"),
        ({"mediaType": "application/vnd.oci.image.index.v1+json"}, "it is for the media type application/vnd.oci.image.index.v1+json"),
        ({"size": 1}, "it is for the size 1"),
    ],
)  # fmt: skip
def test_signature_of_another_artifact_does_not_count(target: dict[str, Any], sentence: str, form: str) -> None:
    """Media type, digest and size have to be this image's."""
    candidate = made(form, target=target)
    assert code(candidate) == "notation-of-other-artifact"
    assert sentence in why(candidate)


@FORMS
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", "notation-malformed"),
        (b"{}", "notation-malformed"),
        (b'{"targetArtifact": null}', "notation-malformed"),
        (b'{"targetArtifact": {}}', "notation-malformed"),
        (b'{"targetArtifact": {}, "x": 1}', "notation-malformed"),
        (b'{"targetArtifact": {}, "targetartifact": {}}', "?signature-ambiguous"),
    ],
)
def test_payload_of_another_shape_does_not_count(payload: bytes, expected: str, form: str) -> None:
    """It is signed, and says nothing."""
    assert code(made(form, payload=payload)) == expected


def test_payload_with_more_than_the_artifact_is_malformed() -> None:
    """What else it says nobody would look at."""
    document = json.loads(nf.Made(SUBJECT).body()) | {"more": 1}
    candidate = made(nf.JWS, payload=packed(document))
    assert code(candidate) == "notation-malformed"
    assert "has the member 'more'" in why(candidate)


@FORMS
def test_payload_of_another_type_does_not_count(form: str) -> None:
    """The content type is signed."""
    assert code(made(form, protected={"cty": "application/json"})) == "notation-of-other-artifact"


@FORMS
def test_metadata_is_asked(form: str) -> None:
    """All of it, equal text."""
    by = signer(metadata={"env": "prod", "team": "a"})
    annotations: dict[str, Any] = {"env": "prod", "team": "a", "more": "x"}
    assert code(made(form, by, target={"annotations": annotations})) == ""
    other = made(form, by, target={"annotations": annotations | {"team": "b"}})
    assert code(other) == "notation-metadata"
    assert why(other) == "it has team=b; team=a is asked for"
    miss = made(form, by, target={"annotations": {"env": "prod"}})
    assert code(miss) == "notation-metadata"
    assert why(miss) == "it has no team; team=a is asked for"
    assert code(made(form, by)) == "notation-metadata"


# --- certificates


def leaf(**changes: Any) -> nf.Holder:
    """Make a signer's certificate."""
    return nf.issue(nf.authority(), nf.key(), **changes)


def under(**changes: Any) -> nf.Holder:
    """Make a signer's certificate under an authority with changes."""
    return nf.issue(nf.issue(nf.root(), nf.key("authority"), **{"ca": True} | changes), nf.key())


CERTIFICATES: dict[str, tuple[Callable[[], nf.Holder], str]] = {
    "usage-none": (lambda: leaf(usages=None), "has no critical KeyUsage"),
    "usage-not-critical": (lambda: leaf(usage_critical=False), "has no critical KeyUsage"),
    "usage-other": (lambda: leaf(usages={"key_encipherment"}), "is not for signatures alone"),
    "usage-more": (lambda: leaf(usages={"digital_signature", "key_cert_sign"}), "is not for signatures alone"),
    "leaf-authority": (lambda: leaf(ca=True, usages={"digital_signature"}), "is an authority's"),
    "purpose-server": (lambda: leaf(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)), "is for other purposes"),
    "purpose-both": (
        lambda: leaf(purposes=(ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING)), "is for other purposes",
    ),
    "purpose-any": (
        lambda: leaf(purposes=(ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)), "is for other purposes",
    ),
    "critical-unknown": (
        lambda: leaf(extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),)),
        "has the critical extension 1.2.3.4",
    ),
    "name-constraints": (
        lambda: under(extra=((x509.NameConstraints([x509.DNSName("x.example")], None), True),)), "the critical extension 2.5.29.30",
    ),
    "authority-not": (lambda: under(ca=False, path=None, usages={"key_cert_sign"}), "has no critical BasicConstraints"),
    "authority-false": (
        lambda: under(ca=False, usages={"key_cert_sign"}, extra=((x509.BasicConstraints(ca=False, path_length=None), True),)),
        "is no authority's, and issued another one",
    ),
    "authority-not-critical": (lambda: under(ca_critical=False), "has no critical BasicConstraints"),
    "authority-usage": (lambda: under(usages={"crl_sign"}), "does not allow that (keyCertSign)"),
    "authority-no-usage": (lambda: under(usages=None), "has no critical KeyUsage"),
    "forged-issuer": (lambda: leaf(signer=nf.key("somebody")), "was not issued by certificate 2"),
    "weak-key": (lambda: nf.issue(nf.authority(), nf.key("weak", "p224")), "its key is none that Notation signs with"),
    "weak-authority": (
        lambda: nf.issue(nf.issue(nf.root(), nf.key("weak", "p224"), ca=True), nf.key()), "its key is none that Notation signs with",
    ),
    "weak-hash": (lambda: leaf(hash=hashes.SHA3_256()), "is signed with sha3-256, which is not accepted"),
    "odd-signature": (
        lambda: nf.issue(nf.authority(), nf.key(), signer=Ed25519PrivateKey.generate(), hash=None),
        "is signed with an unknown hash",
    ),
    "odd-rsa": (lambda: nf.issue(nf.authority(), nf.key("weak", "rsa2056")), "its key is none that Notation signs with"),
    "other-curve": (lambda: nf.issue(nf.authority(), nf.key("weak", "secp256k1")), "its key is none that Notation signs with"),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificate_that_may_not_sign_is_refused(name: str) -> None:
    """Each requirement by itself; the signature verifies."""
    holder, sentence = CERTIFICATES[name]
    candidate = made(nf.JWS, by=holder())
    assert code(candidate) == "notation-certificate"
    assert sentence in why(candidate)


def test_path_length_is_kept() -> None:
    """An authority that may issue none below it has issued one."""
    top = nf.issue(None, nf.key("top"), ca=True, path=0, name=nf.NAME | {"CN": "Top"})
    below = nf.issue(top, nf.key("authority"), ca=True)
    candidate = made(nf.JWS, signer({"ca:top": (top.file,)}), by=nf.issue(below, nf.key()))
    assert code(candidate) == "notation-certificate"
    assert why(candidate) == "certificate 3 allows 0 authorities below it, and has 1"
    assert code(made(nf.JWS, signer({"ca:top": (top.file,)}), by=nf.issue(top, nf.key()))) == ""


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        (lambda one: one[:1], "the chain is not complete"),
        (lambda one: one[:2], "the chain is not complete"),
        (lambda one: (one[0], one[2], one[1]), "was not issued by certificate 2"),
        (lambda one: (one[1], one[0], one[2]), "certificate 1"),
        (lambda one: (*one, one[2]), "certificate 3 issues itself"),
        (lambda one: (*one, nf.root("other").certificate), "was not issued by certificate 4"),
    ],
    ids=["leaf", "no-root", "order", "leaf-second", "root-twice", "foreign-root"],
)
def test_chain_is_complete_and_in_order(chain: Any, sentence: str) -> None:
    """Nobody else's certificates are looked for."""
    candidate = made(nf.JWS, chain=chain(nf.builder().chain))
    assert code(candidate) == "notation-certificate"
    assert sentence in why(candidate)


@FORMS
def test_certificate_may_issue_itself(form: str) -> None:
    """A single certificate, if it is the one in the store."""
    alone = nf.issue(None, nf.key())
    assert code(made(form, signer({"ca:alone": (alone.file,)}), by=alone)) == ""
    assert code(made(form, by=alone)) == "notation-untrusted"


def test_other_root_of_the_same_name_is_not_trusted() -> None:
    """The certificate itself has to be in the store, not its name."""
    other = nf.issue(None, nf.key("other"), ca=True, name=nf.NAME | {"CN": "Root"})
    candidate = made(nf.JWS, by=nf.issue(other, nf.key()))
    assert code(candidate) == "notation-untrusted"
    assert why(candidate).startswith("it was made by CN=builder,O=Acme,ST=WA,C=US, whose chain is in no trust store")
    assert candidate.by is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-12-31T23:59:59", "notation-certificate-expired"),
        ("2026-01-01T00:00:00", ""),
        ("2046-01-01T00:00:00", ""),
        ("2046-01-01T00:00:01", "notation-certificate-expired"),
    ],
)
def test_certificates_are_valid_now(at: str, expected: str) -> None:
    """What the signer wrote as signing time counts for nothing."""
    when = datetime.fromisoformat(f"{at}+00:00")
    protected = {nf.TIME: (when - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert code(made(nf.JWS, None, when, protected=protected)) == expected


def test_every_certificate_of_the_chain_is_valid_now() -> None:
    """An authority that has expired vouches for nobody."""
    candidate = made(nf.JWS, by=under(last=datetime(2026, 11, 25, tzinfo=UTC)))
    assert code(candidate) == "notation-certificate-expired"
    assert "CN=Authority" in why(candidate)


# --- identities, policies, repositories


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("x509.subject: C=US, ST=WA, O=Acme", ""),
        ("x509.subject: C=US,ST=WA,O=Acme,CN=builder", ""),
        ("x509.subject: CN=builder, O=Acme, ST=WA, C=US", ""),
        ("x509.subject: C=US, ST=WA, O=Acme, CN=other", "notation-identity"),
        ("x509.subject: C=US, ST=WA, O=Acme, OU=x", "notation-identity"),
        ("x509.subject: C=US, ST=WA, O=acme", "notation-identity"),
        ("x509.subject: C=US, ST=WA, O=Acme Inc", "notation-identity"),
        ("x509.subject: C=US, ST=NY, O=Acme", "notation-identity"),
    ],
)
def test_identity_is_a_part_of_the_subject(identity: str, expected: str) -> None:
    """Equal text for every attribute that it names."""
    candidate = made(nf.JWS, signer(identities=(identity,)))
    assert code(candidate) == expected
    if expected:
        assert candidate.by is not None
        assert why(candidate) == "it was made by CN=builder,O=Acme,ST=WA,C=US, who is no accepted identity"


def test_one_of_several_identities_suffices() -> None:
    """And a comma in a name is escaped."""
    names = ("x509.subject: C=US, ST=WA, O=Other", "x509.subject: C=US, ST=WA, O=Acme")
    assert code(made(nf.JWS, signer(identities=names))) == ""
    odd = leaf(name=nf.NAME | {"O": "Acme, Inc. + more"})
    assert code(made(nf.JWS, signer(identities=(r"x509.subject: C=US, ST=WA, O=Acme\, Inc. \+ more",)), by=odd)) == ""
    assert code(made(nf.JWS, signer(identities=(r"x509.subject: C=US, ST=WA, O=Acme\2C Inc. \2B more",)), by=odd)) == ""


def test_attribute_twice_in_the_subject_is_nobody() -> None:
    """Nobody could say which of the two organisations counts."""
    odd = leaf(name=[*nf.NAME.items(), ("O", "Evil")])
    candidate = made(nf.JWS, signer(identities=("x509.subject: C=US, ST=WA, O=Acme",)), by=odd)
    assert code(candidate) == "notation-identity"
    assert "twice" in why(candidate)


@pytest.mark.parametrize(
    ("scope", "repository", "expected"),
    [
        ("*", SUBJECT.repository, ""),
        ("*", "", ""),
        (SUBJECT.repository, SUBJECT.repository, ""),
        (SUBJECT.repository, "", "notation-no-policy"),
        (SUBJECT.repository, "registry.example/acme/other", "notation-no-policy"),
        ("registry.example/acme", SUBJECT.repository, "notation-no-policy"),
        ("Registry.Example/acme/app", SUBJECT.repository, ""),
    ],
)
def test_scope_of_a_policy_is_a_repository(scope: str, repository: str, expected: str) -> None:
    """Exactly it, in its normal form; nothing below it and nothing beside it."""
    by = signer(policy=nf.policy(registryScopes=[scope]))
    world = World()
    nf.put(world, SUBJECT, nf.Made(SUBJECT).jws())
    subject = image(repository=repository)
    (candidate,) = candidates(world, by, subject)
    assert code(candidate) == expected
    if expected:
        named = repository or "an image in no repository"
        assert why(candidate) == f"no policy of trustpolicy.json is for {named}"


def test_policy_of_a_repository_goes_before_that_for_all() -> None:
    """Its store holds another root."""
    mine = {"name": "mine", "registryScopes": [SUBJECT.repository], "signatureVerification": {"level": "strict"},
            "trustStores": ["ca:other"], "trustedIdentities": ["*"]}  # fmt: skip
    for_all = mine | {"name": "all", "registryScopes": ["*"], "trustStores": ["ca:acme"]}
    policy = nf.policy_file({"version": "1.0", "trustPolicies": [for_all, mine]})
    stores = {"ca:acme": (nf.root().file,), "ca:other": (nf.root("other").file,)}
    assert code(made(nf.JWS, signer(stores, policy=policy))) == "notation-untrusted"
    only = nf.policy_file({"version": "1.0", "trustPolicies": [for_all]})
    assert code(made(nf.JWS, signer({"ca:acme": (nf.root().file,)}, policy=only))) == ""


def test_store_that_the_policy_does_not_name_is_not_trusted() -> None:
    """Though the rule file gives its certificates."""
    stores = {"ca:acme": (nf.root("other").file,), "ca:more": (nf.root().file,)}
    assert code(made(nf.JWS, signer(stores, policy=nf.policy()))) == "notation-untrusted"


@pytest.mark.parametrize(
    ("verification", "caveat"),
    [
        ({"level": "strict"}, ""),
        ({"level": "permissive"}, "the policy acme has level permissive; judged as strict"),
        ({"level": "audit"}, "the policy acme has level audit; judged as strict"),
        (
            {"level": "strict", "override": {"revocation": "skip"}},
            "the policy acme has revocation: skip; judged as strict",
        ),
        ({"level": "strict", "override": {"revocation": "enforce"}}, ""),
    ],
)
def test_level_of_a_policy_is_named_and_relaxes_nothing(verification: dict[str, Any], caveat: str) -> None:
    """S19: imported leniency never satisfies a rule."""
    by = signer(policy=nf.policy(signatureVerification=verification))
    candidate = made(nf.JWS, by)
    assert isinstance(candidate.result, Counts)
    assert candidate.result.caveat == caveat
    past = {nf.EXPIRY: "2026-11-25T00:00:00Z", "crit": [nf.SCHEME, nf.EXPIRY]}
    assert code(made(nf.JWS, by, protected=past)) == "notation-expired"
    revocable = leaf(
        extra=(
            (
                x509.CRLDistributionPoints(
                    [x509.DistributionPoint([x509.UniformResourceIdentifier("http://x/")], None, None, None)]
                ),
                False,
            ),
        )
    )
    assert code(made(nf.JWS, by, by=revocable)) == "?notation-revocation"


def test_policy_that_skips_proves_nothing() -> None:
    """`skip` accepts everything in Notation; here nothing counts."""
    skips = nf.policy(signatureVerification={"level": "skip"}, trustStores=None, trustedIdentities=None)
    candidate = made(nf.JWS, signer(policy=skips))
    assert code(candidate) == "notation-policy-skips"
    assert why(candidate) == "the policy acme of trustpolicy.json has the level skip"


def test_timestamps_follow_the_policy() -> None:
    """`verifyTimestamp`."""
    stores = {"ca:acme": (nf.root().file,), "tsa:clock": (stored("tsa.crt"),)}
    for when, expected in (("always", "notation-timestamp"), ("afterCertExpiry", "")):
        policy = nf.policy(
            signatureVerification={"level": "strict", "verifyTimestamp": when}, trustStores=["ca:acme", "tsa:clock"]
        )
        assert code(made(nf.JWS, signer(stores, policy=policy))) == expected


@pytest.mark.parametrize(
    ("globs", "repository", "expected"),
    [
        (("registry.example/acme/*",), SUBJECT.repository, ""),
        (("registry.example/other/*",), SUBJECT.repository, "notation-no-policy"),
        (("**",), "", "notation-no-policy"),
    ],
)
def test_signer_vouches_only_for_its_images(globs: tuple[str, ...], repository: str, expected: str) -> None:
    """S16."""
    by = signer(images=tuple(Glob(glob) for glob in globs))
    world = World()
    nf.put(world, SUBJECT, nf.Made(SUBJECT).jws())
    (candidate,) = candidates(world, by, image(repository=repository))
    assert code(candidate) == expected
    if expected:
        said = f"this signer may vouch for {globs[0]}; this image is {repository or 'in no repository'}"
        assert why(candidate) == said


def test_signatures_are_counted_by_subject() -> None:
    """S18: two signatures by one subject are one principal, those of two subjects are two."""
    world = World()
    other = leaf(name=nf.NAME | {"CN": "other"})
    for holder in (nf.builder(), nf.builder("p384"), other):
        nf.put(world, SUBJECT, nf.Made(SUBJECT, by=holder).jws())
    assert len({one.by for one in candidates(world)}) == 2
    assert signer().principal() is None


# --- where signatures are


def test_nothing_there_is_absent() -> None:
    """No candidate, and every place told."""
    world = World()
    by = signer()
    vouching = by.verify(SUBJECT, world.gather(by.needs(SUBJECT), SUBJECT), AT)
    assert vouching.candidates == ()
    assert [look.status for look in vouching.looked] == ["200", "404"]


@pytest.mark.parametrize("api", [True, False])
def test_signature_is_found_in_both_places(api: bool) -> None:  # noqa: FBT001 -- two registries
    """By the referrers API and by the tag."""
    world = World(api=api)
    nf.put(world, SUBJECT, nf.Made(SUBJECT).jws())
    assert [code(one) for one in candidates(world)] == [""]


@pytest.mark.parametrize("listed", [nf.ARTIFACT, "", "application/vnd.oci.empty.v1+json"])
def test_type_in_the_list_is_a_hint(listed: str) -> None:
    """Registries write different things there; both ways of Notation are read."""
    world = World()
    nf.put(world, SUBJECT, nf.Made(SUBJECT).jws(), nf.JWS, listed=listed)
    empty = descriptor("application/vnd.oci.empty.v1+json", forge.EMPTY_BLOB)
    nf.put(world, SUBJECT, nf.Made(SUBJECT).cose(), nf.COSE, listed=listed, artifactType=nf.ARTIFACT, config=empty)
    assert [code(one) for one in candidates(world)] == ["", ""]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ({"layers": []}, "attached-malformed"),
        ({"layers": [descriptor(nf.JWS, b"{}")] * 2}, "attached-malformed"),
        ({"layers": [descriptor("application/json", b"{}")]}, "attached-malformed"),
        ({"subject": descriptor(SUBJECT.media_type, b"other")}, "referrer-of-other-image"),
        ({"subject": None}, "referrer-of-other-image"),
    ],
)
def test_referrer_of_another_shape_is_junk(manifest: dict[str, Any], expected: str) -> None:
    """Beside a good one it changes nothing."""
    world = World()
    nf.put(world, SUBJECT, nf.Made(SUBJECT).jws(), nf.JWS, **manifest)
    assert [code(one) for one in candidates(world)] == [expected]
    nf.put(world, SUBJECT, nf.Made(SUBJECT).cose(), nf.COSE)
    assert sorted(code(one) for one in candidates(world)) == ["", expected]


def test_unread_list_is_told() -> None:
    """Whether the image is signed is not known then."""
    world = World()
    world.faults[Kind.REFERRERS, str(SUBJECT.digest)] = unavailable()
    by = signer()
    vouching = by.verify(SUBJECT, world.gather(by.needs(SUBJECT), SUBJECT), AT)
    assert (vouching.candidates, len(vouching.unread)) == ((), 1)


def test_signatures_of_cosign_are_no_business_of_this_signer() -> None:
    """They are passed over and told."""
    world = World()
    forge.attach(world, SUBJECT, forge.key())
    by = signer()
    vouching = by.verify(SUBJECT, world.gather(by.needs(SUBJECT), SUBJECT), AT)
    assert vouching.candidates == ()
    assert any("passed over" in look.status for look in vouching.looked)


# --- the rule file


def load(folder: Path, text: str, **files: bytes) -> str:
    """Load a rule file with this signer; give its mistakes."""
    (folder / "ca.crt").write_bytes(nf.root().pem)
    (folder / "leaf.crt").write_bytes(nf.builder().pem)
    (folder / "between.crt").write_bytes(nf.authority().pem)
    not_one = x509.BasicConstraints(ca=False, path_length=None)
    (folder / "no-authority.crt").write_bytes(leaf(extra=((not_one, True),)).pem)
    (folder / "policy.json").write_bytes(nf.policy().content)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    path = folder / "gate.yaml"
    path.write_text(
        f"gate: 1\nsigners:\n  acme: {{kind: notation, {text}}}\nrules:\n  signed: {{check: signature, signed-by: acme}}\n"
    )
    try:
        load_ruleset([str(path)])
    except RuleFileError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "trust-stores: {'ca:acme': ca.crt}, policy: policy.json",
        "trust-stores: {'ca:acme': [ca.crt, between.crt]}, identities: '*', any-image: true",
        "trust-stores: {'signingAuthority:acme': ca.crt}, identities: 'x509.subject: C=US, ST=WA, O=Acme', images: registry.example/**",
        "trust-stores: {'ca:acme': ca.crt, 'tsa:clock': ca.crt}, identities: '*', any-image: true, timestamps: after-expiry",
    ],
)
def test_signer_is_read(tmp_path: Path, text: str) -> None:
    """Every form."""
    assert load(tmp_path, text) == ""


OWN = "identities: '*', any-image: true"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (OWN, "lacks the key 'trust-stores'"),
        (f"trust-stores: {{}}, {OWN}", "is empty"),
        (f"trust-stores: {{acme: ca.crt}}, {OWN}", "'acme' is no name of a trust store"),
        (f"trust-stores: {{'ca:acme': missing.crt}}, {OWN}", "missing.crt"),
        (f"trust-stores: {{'ca:acme': policy.json}}, {OWN}", "is no certificate that can be read"),
        (f"trust-stores: {{'ca:acme': leaf.crt}}, {OWN}", "it has to be an authority's, or one that issues itself"),
        (f"trust-stores: {{'ca:acme': ca.crt, 'tsa:x': leaf.crt}}, {OWN}", "it has to be a root, which issues itself"),
        (f"trust-stores: {{'ca:acme': no-authority.crt}}, {OWN}", "it has to be an authority's, or one that issues itself"),
        (f"trust-stores: {{'ca:acme': ca.crt, 'tsa:x': between.crt}}, {OWN}", "it has to be a root, which issues itself"),
        (f"trust-stores: {{'tsa:x': ca.crt}}, {OWN}", "so nobody could sign"),
        ("trust-stores: {'ca:acme': ca.crt}, any-image: true", "say whose certificates count"),
        ("trust-stores: {'ca:acme': ca.crt}, identities: '*'", "say which images the signer may vouch for"),
        (f"trust-stores: {{'ca:acme': ca.crt}}, {OWN}, images: x.example/y", "exclude each other"),
        (f"trust-stores: {{'ca:acme': ca.crt}}, {OWN}, timestamps: always", "has no effect without a trust store tsa:NAME"),
        ("trust-stores: {'ca:acme': ca.crt}, any-image: true, identities: ['*', 'x509.subject: C=US, ST=WA, O=A']", "stands alone"),
        ("trust-stores: {'ca:acme': ca.crt}, any-image: true, identities: 'CN=x'", "is no identity"),
        ("trust-stores: {'ca:acme': ca.crt}, any-image: true, identities: 'x509.subject: CN=x'", "lacks C, ST, O"),
        ("trust-stores: {'ca:acme': ca.crt}, any-image: true, identities: ['x509.subject: C=US, ST=WA, O=A', 'x509.subject: C=US, ST=WA, O=A, CN=b']", "covers another one"),
        (f"trust-stores: {{'ca:acme': ca.crt}}, policy: policy.json, {OWN}", "`identities` and `policy` exclude each other"),
        ("trust-stores: {'ca:acme': ca.crt}, policy: policy.json, timestamps: always", "`timestamps` and `policy` exclude each other"),
        ("trust-stores: {'ca:other': ca.crt}, policy: policy.json", "the policy 'acme' names the store ca:acme: give its files here"),
        ("trust-stores: {'ca:acme': ca.crt}, policy: ca.crt", "is not JSON"),
    ],
)  # fmt: skip
def test_mistake_of_a_signer_is_named(tmp_path: Path, text: str, mistake: str) -> None:
    """With what to write instead."""
    assert mistake in load(tmp_path, text)


def _policies(**changes: Any) -> dict[str, Any]:
    return {"version": "1.0", "trustPolicies": [json.loads(nf.policy(**changes).content)["trustPolicies"][0]]}


TWO = [json.loads(nf.policy().content)["trustPolicies"][0]] * 2


@pytest.mark.parametrize(
    ("document", "mistake"),
    [
        ({"version": "2.0", "trustPolicies": []}, "is of version '2.0'"),
        ({"version": "1.0"}, "holds no trust policy"),
        ({"version": "1.0", "trustPolicies": [], "x": 1}, "has the member 'x'"),
        ({"version": "1.0", "trustPolicies": TWO}, "has two policies named 'acme'"),
        ({"version": "1.0", "trustPolicies": [TWO[0], TWO[1] | {"name": "b"}]}, "has two policies with the scope '*'"),
        (_policies(more=1), "has the member 'more'"),
        (_policies(registryScopes=[]), "needs registryScopes"),
        (_policies(registryScopes=["*", "a.example/b"]), "needs registryScopes"),
        (_policies(registryScopes=["a.example/*"]), "is no repository"),
        (_policies(registryScopes=[1]), "holds something else than text"),
        (_policies(signatureVerification=None), "signatureVerification is not a JSON object"),
        (_policies(signatureVerification={"level": "none"}), "the level 'none' is none of"),
        (_policies(signatureVerification={"level": "strict", "x": 1}), "has the member 'x'"),
        (_policies(signatureVerification={"level": "strict", "override": {"integrity": "skip"}}), "the override 'integrity'"),
        (_policies(signatureVerification={"level": "strict", "override": {"expiry": "never"}}), "the override 'expiry'"),
        (_policies(signatureVerification={"level": "strict", "verifyTimestamp": "never"}), "verifyTimestamp is always"),
        (_policies(signatureVerification={"level": "skip"}), "cannot have trust stores"),
        (_policies(trustStores=[]), "needs trustStores and trustedIdentities"),
        (_policies(trustedIdentities=[]), "needs trustStores and trustedIdentities"),
        (_policies(trustStores=["acme"]), "'acme' is no trust store"),
        (_policies(trustedIdentities=["*", "x509.subject: C=US, ST=WA, O=A"]), "stands alone"),
        (_policies(trustedIdentities=["x509.subject: C=US, ST=WA, O=A", "x509.subject: C=US, ST=WA, O=A, L=x"]), "covers another one"),
        (b'{"version": "1.0", "version": "1.0"}', "twice"),
    ],
)  # fmt: skip
def test_policy_that_notation_refuses_is_refused(tmp_path: Path, document: object, mistake: str) -> None:
    """Every requirement of the specification, when the rules are read."""
    content = nf.policy_file(document).content
    text = "trust-stores: {'ca:acme': ca.crt}, policy: other.json"
    assert mistake in load(tmp_path, text, **{"other.json": content})


def test_policy_file_and_store_of_the_docs_fit_the_library_s_bytes() -> None:
    """The files that stand for `trust/trustpolicy.json` and `trust/acme.crt` in the docs."""
    by = signer({"ca:acme": (stored("root.crt"),)}, policy=stored("policy.json"))
    assert code(single(kind_of("es256", nf.JWS), nf.JWS, by)) == ""
    assert code(made(nf.JWS, by)) == "notation-untrusted"
