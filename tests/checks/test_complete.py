"""The check `complete`, on a layout that a real tool wrote and on small ones with one thing wrong."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import pytest

from gate.check import View
from gate.checks.complete import Complete, PartsNeed
from gate.collect import collect
from gate.evidence import Absent, Ask, Evidence, Fact, Found, Kind, Look, NotAsked, Unavailable
from gate.finding import Judgement
from gate.oci.digest import Digest
from gate.oci.media_types import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from gate.source import MOST_BLOB_BYTES
from gate.sources.oci_layout import OciLayout
from gate.subject import Subject
from tests.checks.made import AT, PLACE, NoBook
from tests.project.demo import copy, gate

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
LOOK = Look("https://registry.example/v2/", "200")
GOOD_LAYER = "b398f0ffaf44e3a6e7aae3577f492ac4edeb29b5ea095622492afe62ff30e600"
PROVENANCE = "749a08e87d345f8a30ce48a41b3644202e6a774f4d3cba096ab0fcffb1f460ad"


def judged(layout: Path, *, attached: bool = False, ref: str = "1.4.2") -> Judgement:
    """Collect and judge an image of a layout."""
    check = Complete(attached=attached)
    source = OciLayout(str(layout), ref)
    subject = source.resolve()
    evidence = collect(source, tuple(check.needs(subject, NoBook())), subject)
    return check.judge(View(subject, None, (), evidence, NoBook()), AT)


def codes(judgement: Judgement) -> list[str]:
    """Give the reason codes of findings and undecided points."""
    found = [finding.reason.code for finding in judgement.findings]
    return found + [undecided.reason.code for undecided in judgement.undecided]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A copy of the demo's layout."""
    return copy(tmp_path) / "app"


def blob(layout: Path, digits: str) -> Path:
    """Give the file of a blob."""
    return layout / "blobs" / "sha256" / digits


@pytest.mark.parametrize("ref", ["1.4.2", "1.5.0-rc.1", "1.3.0", "1.4.3", "bad", "unknown-os"])
@pytest.mark.parametrize("attached", [False, True])
def test_a_whole_image_is_complete(layout: Path, ref: str, *, attached: bool) -> None:
    """Indexes, attestation members, a Docker manifest, signatures in both storages: all there."""
    assert codes(judged(layout, attached=attached, ref=ref)) == []


def test_the_number_of_parts_is_told(layout: Path) -> None:
    """One index, two manifests, two configs, three layers; with what hangs on it, more."""
    assert [note.what for note in judged(layout).notes] == ["8 parts of the image are there, byte for byte"]
    more = judged(layout, attached=True).notes[0].what
    assert int(more.split()[0]) > 8


def test_a_missing_layer_is_found(layout: Path) -> None:
    """Absent is a definite answer: violated, with the digest to waive or repair by."""
    blob(layout, GOOD_LAYER).unlink()
    judgement = judged(layout)
    assert codes(judgement) == ["part-missing"]
    (finding,) = judgement.findings
    assert finding.what == f"the layer sha256:{GOOD_LAYER} is not there"
    assert finding.about.get("digest") == f"sha256:{GOOD_LAYER}"
    assert finding.got == "nothing (not there)"


def test_a_changed_layer_is_undecided(layout: Path) -> None:
    """Other bytes than the digest says: what the image's own layer is, nobody here knows."""
    file = blob(layout, GOOD_LAYER)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    judgement = judged(layout)
    assert codes(judgement) == ["part-unread"]
    assert "other content" in judgement.undecided[0].what


def test_what_hangs_on_the_image_is_looked_at_only_if_asked_for(layout: Path) -> None:
    """A lost attestation is nothing that the image consists of."""
    blob(layout, PROVENANCE).unlink()
    assert codes(judged(layout)) == []
    assert codes(judged(layout, attached=True)) == ["part-missing"]


def test_one_rule_says_what_the_other_rules_do_not(layout: Path, tmp_path: Path) -> None:
    """Through the whole gate: with the rule the changed layer stops the image, without it nothing notices."""
    file = blob(layout, GOOD_LAYER)
    file.write_bytes(file.read_bytes() + b"!")
    rules = tmp_path / "gate.yaml"
    rules.write_text("gate: 1\nrules:\n  tag: {check: tag, allow: [semver]}\n")
    assert gate("check", f"oci:{layout}:1.4.2", "--rules", str(rules)).code == 0
    rules.write_text("gate: 1\nrules:\n  whole: {check: complete}\n")
    ran = gate("check", f"oci:{layout}:1.4.2", "--rules", str(rules))
    assert ran.code == 3
    assert "part-unread" in ran.out


def packed(value: object) -> bytes:
    """Give JSON bytes."""
    return json.dumps(value).encode()


def described(media_type: str, content: bytes, size: int | None = None) -> dict[str, object]:
    """Give a descriptor of some bytes."""
    return {
        "mediaType": media_type,
        "digest": str(Digest.of(content)),
        "size": len(content) if size is None else size,
    }


def made(layer_size: int | None = None, answer: Fact | None = None) -> tuple[Subject, Evidence]:
    """Make an image of one layer; `layer_size` is what its descriptor claims, `answer` what the place says of it."""
    config, layer = packed({"os": "linux", "architecture": "amd64"}), b"layer"
    manifest = packed(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": described(OCI_CONFIG, config),
            "layers": [described(LAYER, layer, layer_size)],
        }
    )
    answers: dict[Ask, Fact] = {
        Ask(PLACE, Kind.BLOB, str(Digest.of(config))): Found(LOOK, config),
        Ask(PLACE, Kind.BLOB, str(Digest.of(layer))): answer or Found(LOOK, layer),
    }
    subject = Subject("app:1", PLACE, PLACE, "1", Digest.of(manifest), OCI_MANIFEST, manifest)
    return subject, Evidence(MappingProxyType(answers))


def verdict(subject: Subject, evidence: Evidence, *, attached: bool = False) -> Judgement:
    """Judge made evidence."""
    return Complete(attached=attached).judge(View(subject, None, (), evidence, NoBook()), AT)


def test_a_part_of_another_size_is_found() -> None:
    """The descriptor says 6 bytes, there are 5."""
    judgement = verdict(*made(layer_size=6))
    assert codes(judgement) == ["part-mismatch"]
    assert (judgement.findings[0].expected, judgement.findings[0].got) == ("6 bytes", "5 bytes")


def test_a_part_that_is_too_large_is_not_asked_for() -> None:
    """What its descriptor says is larger than the gate reads: undecided, and no request."""
    subject, evidence = made(layer_size=MOST_BLOB_BYTES + 1)
    assert codes(verdict(subject, evidence)) == ["part-too-large"]
    asked = PartsNeed(attached=False).missing(subject, Evidence())
    assert [ask.kind for ask in asked] == [Kind.BLOB]


@pytest.mark.parametrize("code", ["unauthorized", "timeout", "digest-mismatch", "limit-reached"])
def test_a_place_that_does_not_answer_is_no_absence(code: str) -> None:
    """Unavailable is undecided, and the place is named."""
    nothing = Unavailable(Look("https://registry.example/v2/blob", code), code, f"the place said {code}")
    judgement = verdict(*made(answer=nothing))
    assert codes(judgement) == ["part-unread"]
    assert judgement.undecided[0].what == f"the place said {code}"
    assert judgement.undecided[0].look == nothing.look


def test_an_absent_part_is_a_violation() -> None:
    """A 404 of the place that would have it."""
    judgement = verdict(*made(answer=Absent(Look("https://registry.example/v2/blob", "404"))))
    assert codes(judgement) == ["part-missing"]
    assert judgement.findings[0].got == "nothing (404)"


def test_a_referrers_list_that_does_not_answer_is_undecided() -> None:
    """What hangs on the image may be more than what was seen (S4)."""
    subject, evidence = made()
    listing = Unavailable(Look("https://registry.example/v2/referrers", "500"), "registry-error", "it said 500")
    asks = PartsNeed(attached=True).missing(subject, evidence)
    answers: dict[Ask, Fact] = {
        ask: listing if ask.kind is Kind.REFERRERS else Absent(Look("tag", "404")) for ask in asks
    }
    assert codes(verdict(subject, evidence.with_answers(answers), attached=True)) == ["part-unread"]


def test_an_endless_list_of_referrers_is_undecided() -> None:
    """Pages are bounded."""
    subject, evidence = made()
    empty = packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})
    page = 0
    while asks := PartsNeed(attached=True).missing(subject, evidence):
        page += 1
        assert page < 100, "the pages have no end"
        answers: dict[Ask, Fact] = {
            ask: Found(LOOK, empty, OCI_INDEX, f"?page={page}")
            if ask.kind is Kind.REFERRERS
            else Absent(Look("tag", "404"))
            for ask in asks
        }
        evidence = evidence.with_answers(answers)
    judgement = verdict(subject, evidence, attached=True)
    assert codes(judgement) == ["part-unread"]
    assert "more than 10 pages" in judgement.undecided[0].what


def test_a_broken_member_is_undecided() -> None:
    """An index whose member is no manifest is not complete, whatever its digest."""
    rubbish = b"{"
    index = packed({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [described(OCI_MANIFEST, rubbish)]})
    answers: dict[Ask, Fact] = {Ask(PLACE, Kind.MANIFEST, str(Digest.of(rubbish))): Found(LOOK, rubbish, OCI_MANIFEST)}
    subject = Subject("app:1", PLACE, PLACE, "1", Digest.of(index), OCI_INDEX, index)
    assert codes(verdict(subject, Evidence(MappingProxyType(answers)))) == ["malformed-json"]


def test_judging_without_the_evidence_is_our_bug() -> None:
    """Nothing is taken for complete because nobody asked."""
    subject, _ = made()
    with pytest.raises(NotAsked):
        verdict(subject, Evidence())
