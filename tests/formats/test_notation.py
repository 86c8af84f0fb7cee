"""Envelopes, policies and predicates from strangers: whatever the bytes, a value or `MalformedData`."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.formats.cbor import Tag, parse_cbor
from gate.formats.cose import parse_cose
from gate.formats.jws import parse_jws
from gate.formats.notation import parse_payload
from gate.formats.notation_policy import is_subset, parse_identity, parse_policies
from gate.formats.predicates import SBOM_TYPES, read_sbom, stated_time
from gate.formats.slsa import PROVENANCE_TYPES, leaves, read_provenance, read_summary
from gate.formats.timestamp import parse_token
from tests.signers import notation_forge as nf

TEXTS = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
CBOR = st.recursive(
    SCALARS | st.binary(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-50, 50) | TEXTS, inner, max_size=4)
        | st.builds(nf.Tagged, st.integers(0, 2**40), inner)
    ),
    max_leaves=12,
)
READERS = (parse_cbor, parse_cose, parse_jws, parse_payload, parse_policies, parse_token)


@pytest.mark.parametrize("read", READERS)
@given(content=st.binary(max_size=80))
def test_bytes_are_read_or_refused(read: Any, content: bytes) -> None:
    """No other exception."""
    with suppress(MalformedData):
        read(content, "x")


@pytest.mark.parametrize("read", [parse_jws, parse_payload, parse_policies])
@given(value=JSON)
def test_json_is_read_or_refused(read: Any, value: object) -> None:
    """Of whatever shape."""
    with suppress(MalformedData):
        read(json.dumps(value).encode(), "x")


@given(CBOR)
def test_what_is_written_is_read_again(value: object) -> None:
    """The reader takes every value of the forms it knows, and nothing is lost."""
    assert parse_cbor(nf.cbor(value), "x") == plain(value)


def plain(value: object) -> object:
    """Write a value as the reader gives it."""
    if isinstance(value, nf.Tagged):
        return Tag(value.number, plain(value.value))
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value


@given(CBOR, st.integers(0, 200), st.integers(0, 255))
def test_there_is_one_way_to_write_a_value(value: object, place: int, byte: int) -> None:
    """Bytes that are read are exactly those that are written for what was read."""
    content = bytearray(nf.cbor(value))
    content[place % len(content)] = byte
    try:
        read = parse_cbor(bytes(content), "x")
    except MalformedData:
        return
    assert nf.cbor(unread(read)) == bytes(content)


def unread(value: object) -> object:
    """Write a value of the reader as the encoder takes it."""
    if isinstance(value, Tag):
        return nf.Tagged(value.number, unread(value.value))
    if isinstance(value, list):
        return [unread(one) for one in value]
    if isinstance(value, dict):
        return {key: unread(one) for key, one in value.items()}
    return value


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "ends too early"),
        ("18", "ends too early"),
        ("1817", "not in its shortest form"),
        ("190018", "not in its shortest form"),
        ("1a00000100", "not in its shortest form"),
        ("1b00000000ffffffff", "not in its shortest form"),
        ("1c", "a length that is not definite"),
        ("5f41ff", "a length that is not definite"),
        ("9fff", "a length that is not definite"),
        ("bfff", "a length that is not definite"),
        ("f97e00", "a number with a fraction"),
        ("f7", "a simple value that is not read"),
        ("62ff", "ends too early"),
        ("61ff", "text that is not UTF-8"),
        ("a2010101 02".replace(" ", ""), "has the key '1' twice"),
        ("a14101f6", "a key that is neither a number nor text"),
        ("a1f5f6", "a key that is neither a number nor text"),
        ("a1", "ends too early"),
        ("0000", "more bytes behind its end"),
        ("9b7fffffffffffffff", "ends too early"),
        ("81" * 17 + "00", "nests deeper than 16 levels"),
        ("993000" + "00" * 0x3000, "more than 10000 values"),
    ],
)
def test_cbor_that_can_be_read_in_two_ways_is_refused(content: str, why: str) -> None:
    """Each with its sentence."""
    with pytest.raises(MalformedData, match="CBOR") as raised:
        parse_cbor(bytes.fromhex(content), "the envelope")
    assert why in str(raised.value)


SIGNED = {1: -7, 2: [nf.SCHEME], 3: "application/x", nf.SCHEME: "notary.x509"}


def cose(
    protected: object = None, unprotected: object = None, payload: object = b"p", signature: object = b"s", **more: Any
) -> bytes:
    """Make an envelope of parts that need not fit."""
    header = nf.cbor(SIGNED) if protected is None else protected
    parts = [header, {33: b"c"} if unprotected is None else unprotected, payload, signature]
    return nf.cbor(nf.Tagged(more.get("tag", 18), more.get("parts", parts)))


def header(**changes: Any) -> bytes:
    """Encode a signed header with changes by name; None takes a member away."""
    names: dict[str, Any] = {"algorithm": 1, "critical": 2, "content": 3, "scheme": nf.SCHEME, "time": nf.TIME}
    made = SIGNED | {names[name]: value for name, value in changes.items()}
    return nf.cbor({key: value for key, value in made.items() if value is not None})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (cose(tag=17), "is no COSE_Sign1 with its tag"),
        (nf.cbor([b"", {}, b"", b""]), "is no COSE_Sign1 with its tag"),
        (cose(parts={}), "has not the four parts"),
        (cose(parts=[b"", {}, b""]), "has not the four parts"),
        (cose(parts=[b"", {}, b"", b"", b""]), "has not the four parts"),
        (cose(protected={}), "has no protected and unprotected header"),
        (cose(unprotected=[]), "has no protected and unprotected header"),
        (cose(payload=None), "has no payload or signature inside"),
        (cose(signature="s"), "has no payload or signature inside"),
        (cose(unprotected={33: b"c", nf.STAMP: "s"}), "has a timestamp that is no byte string"),
        (cose(unprotected={}), "has no list of at most 10 certificates"),
        (cose(unprotected={33: {}}), "has no list of at most 10 certificates"),
        (cose(unprotected={33: [b"c"] * 11}), "has no list of at most 10 certificates"),
        (cose(unprotected={33: [b"c", "c"]}), "has a certificate that is no byte string"),
        (cose(protected=nf.cbor([])), "is no map"),
        (cose(protected=header(critical={})), "has a crit that is no list of distinct names"),
        (cose(protected=header(critical=[nf.SCHEME, nf.SCHEME])), "has a crit that is no list of distinct names"),
        (cose(protected=header(critical=["x"])), "has a crit that names 'x', which is not there"),
        (cose(protected=header(critical=[[]])), "has a crit that names '[]', which is not there"),
        (cose(protected=header(algorithm=None)), "has no algorithm"),
        (cose(protected=header(algorithm="ES256")), "has no algorithm"),
        (cose(protected=header(content=None)), "has no content type"),
        (cose(protected=header(content=5)), "has a 3 that is no text"),
        (cose(protected=header(scheme=None, critical=[])), f"has no {nf.SCHEME}"),
        (cose(protected=header(time=5)), "that is no time in whole seconds"),
        (cose(protected=header(time=nf.Tagged(0, 5))), "that is no time in whole seconds"),
        (cose(protected=header(time=nf.Tagged(1, "5"))), "that is no time in whole seconds"),
        (cose(protected=header(time=nf.Tagged(1, 2**40))), "that is no time in whole seconds"),
        (cose(protected=header(time=nf.Tagged(1, -(2**40)))), "that is no time in whole seconds"),
    ],
)
def test_cose_of_another_form_is_refused_with_its_sentence(content: bytes, why: str) -> None:
    """Each part by itself."""
    with pytest.raises(MalformedData) as raised:
        parse_cose(content, "the envelope")
    assert why in str(raised.value)


@pytest.mark.parametrize("length", [0, 23, 24, 255, 256, 65535, 65536])
def test_what_cose_signs_is_encoded_right(length: int) -> None:
    """RFC 9052, section 4.4, for payloads of every size of length."""
    envelope = parse_cose(cose(payload=b"x" * length), "x")
    assert envelope.signed == nf.cbor(["Signature1", nf.cbor(SIGNED), b"", b"x" * length])
    assert (envelope.chain, envelope.agent, envelope.timestamp) == ((b"c",), "", None)


def test_cose_may_hold_ten_certificates_and_an_agent() -> None:
    """And what the agent calls itself is text, or nothing."""
    agent = "io.cncf.notary.signingAgent"
    envelope = parse_cose(cose(unprotected={33: [b"c"] * 10, agent: "notation/1.3.2"}), "x")
    assert (len(envelope.chain), envelope.agent) == (10, "notation/1.3.2")
    assert parse_cose(cose(unprotected={33: b"c", agent: 5}), "x").agent == ""


def jws(**changes: Any) -> bytes:
    """Make an envelope of parts that need not fit."""
    protected = {"alg": "ES256", "cty": "x", "crit": [nf.SCHEME], nf.SCHEME: "notary.x509"} | changes.pop("signed", {})
    made = {"payload": "cA", "protected": nf.url64(json.dumps(protected).encode()), "header": {}, "signature": "cw"}
    return json.dumps(made | changes).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (jws(signature="cw=="), "the envelope, signature is not base64url"),
        (jws(signature="c+"), "the envelope, signature is not base64url"),
        (jws(signature="cwabc"), "the envelope, signature is not base64url"),
        (jws(signature="cx"), "the envelope, signature is not base64url"),
        (jws(payload="é"), "the envelope, payload is not base64url"),
        (jws(header={"x5c": [1]}), "the envelope, x5c is not a string"),
        (jws(header={"x5c": ["AA"]}), "the envelope, x5c is not base64"),
        (jws(header={"x5c": ["AAAA"] * 11}), "has 11 entries; at most 10 are read"),
        (jws(header={nf.STAMP: "A"}), "the envelope, timestamp is not base64"),
        (jws(other=1), "has the member 'other', which does not belong into a flattened JWS"),
        (jws(signed={"crit": ["x"]}), "crit names 'x', which is not there"),
        (jws(signed={"crit": [nf.SCHEME, nf.SCHEME]}), "crit: a name twice"),
        (jws(signed={"crit": [1]}), "crit is not a string"),
        (jws(signed={nf.EXPIRY: "never"}), "is no time: 'never'"),
    ],
)
def test_jws_of_another_form_is_refused_with_its_sentence(content: bytes, why: str) -> None:
    """Each part by itself."""
    with pytest.raises(MalformedData) as raised:
        parse_jws(content, "the envelope")
    assert why in str(raised.value)


@given(JSON)
def test_predicates_are_read_or_refused(value: object) -> None:
    """Of every known type."""
    for kind in PROVENANCE_TYPES:
        with suppress(MalformedData):
            read_provenance(kind, value, "x")
    for kind in SBOM_TYPES:
        with suppress(MalformedData):
            read_sbom(kind, value, "x")
    with suppress(MalformedData):
        read_summary(value, "x")
    for kind in (*PROVENANCE_TYPES, *SBOM_TYPES, "https://example.com"):
        assert isinstance(stated_time(kind, value), str)


@given(TEXTS)
def test_identity_is_read_or_refused(text: str) -> None:
    """Whatever stands behind the prefix."""
    for prefix in ("x509.subject:", "x509.subject: C=US, ST=WA, O=Acme, CN=", ""):
        with suppress(MalformedData):
            parse_identity(prefix + text)


def test_identity_that_asks_for_more_is_met_by_less_subjects() -> None:
    """Equal text for every attribute."""
    acme = parse_identity("x509.subject: C=US, ST=WA, O=Acme")
    narrow = parse_identity("x509.subject: C=US, ST=WA, O=Acme, CN=ci")
    assert is_subset(acme, narrow)
    assert not is_subset(narrow, acme)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"b": [1, {"c": True}], "d": None, "e": {}, "f": []}}, {"a/b/0": "1", "a/b/1/c": "true"}),
        ("text", {"": "text"}),
        (None, {}),
    ],
)
def test_leaves_are_named_by_their_path(value: object, expected: dict[str, str]) -> None:
    """What is null or empty is not there."""
    assert leaves(value, "x") == expected


@pytest.mark.parametrize("value", [{"a/b": 1, "a": {"b": 2}}, {"x": list(range(1001))}])
def test_leaves_that_cannot_be_named_are_refused(value: object) -> None:
    """Two values with one path, or more than are read."""
    with pytest.raises(MalformedData):
        leaves(value, "x")


URIS = [
    ("git+https://github.com/acme/app@refs/heads/main", "https://github.com/acme/app", "refs/heads/main"),
    ("git+https://github.com/acme/app.git@refs/heads/a@b", "https://github.com/acme/app", "refs/heads/a@b"),
    ("git+https://GitHub.com/acme/app/", "https://github.com/acme/app", ""),
    ("https://github.com/acme/app.git#refs/tags/v1", "https://github.com/acme/app", "refs/tags/v1"),
    ("git+ssh://git@github.com/acme/app", "ssh://git@github.com/acme/app", ""),
]


@pytest.mark.parametrize(("uri", "repository", "ref"), URIS)
def test_source_is_read_from_its_uri(uri: str, repository: str, ref: str) -> None:
    """Refs may hold an @; hosts have no case; nothing is guessed about users."""
    predicate = {"buildDefinition": {"externalParameters": {"source": uri}}}
    (source,) = read_provenance("https://slsa.dev/provenance/v1", predicate, "x").sources
    assert (source.repository, source.ref) == (repository, ref)


@pytest.mark.parametrize("source", ["pkg:docker/x", "file:///x", "nonsense", {"uri": "oci://x/y"}])
def test_source_that_is_no_repository_lets_nothing_stand_in_for_it(source: object) -> None:
    """Else a dependency could pass for what was built."""
    predicate = {
        "buildDefinition": {
            "externalParameters": {"source": source},
            "resolvedDependencies": [{"uri": "git+https://github.com/acme/app", "digest": {"gitCommit": "a" * 40}}],
        }
    }
    (found,) = read_provenance("https://slsa.dev/provenance/v1", predicate, "x").sources
    assert found.repository == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CN=x", "is no identity"),
        ("x509.subject: C=US, ST=WA, O=A, XX=b", "XX is no attribute that is known"),
        ("x509.subject: C=US, ST=WA, O=", "O is no attribute that is known, or has no value"),
        ("x509.subject: C=US, ST=WA, O=A, O=B", "has O twice"),
        ("x509.subject: C=US, S=WA, ST=NY, O=B", "has ST twice"),
        ("x509.subject: C=US, ST=WA, O=A,", "ends with a comma"),
        ("x509.subject: C=US, ST=WA, O=A, ", "ends with a comma"),
        ("x509.subject: C=US, ST=WA, O=A+OU=b", "is no distinguished name that can be read"),
        ('x509.subject: C=US, ST=WA, O="A"', "is no distinguished name that can be read"),
        ("x509.subject: C=US, ST=WA, O=A\\", "is no distinguished name that can be read"),
        ("x509.subject: C=US, ST=WA, O=\\C3\\A9", "is no distinguished name that can be read"),
        ("x509.subject: C=US;ST=WA;O=A", "is no distinguished name that can be read"),
        ("x509.subject: C=US, O=A", "lacks ST"),
        ("x509.subject:", "lacks C, ST, O"),
    ],
)
def test_mistake_in_an_identity_is_named(text: str, why: str) -> None:
    """Each with its sentence."""
    with pytest.raises(MalformedData) as raised:
        parse_identity(text)
    assert why in str(raised.value)
