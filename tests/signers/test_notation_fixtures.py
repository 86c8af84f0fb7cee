"""What Notation signed is judged as expected.json says: every case, with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gate.oci.digest import Digest
from gate.option import File
from gate.signer import Counts, Refused
from gate.signers.notation import Notation
from tests.signers.world import FIXTURES, read_layout

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 26, tzinfo=UTC)
CASES = [
    case for case in json.loads((FIXTURES / "expected.json").read_bytes())["cases"] if case["method"] == "notation"
]
#: Reasons by what expected.json says about a case.
CODES = {
    "the certificate is not in the trust store": {"notation-untrusted"},
    "signed by a certificate outside the trust store": {"notation-untrusted"},
    "user metadata differ": {"notation-metadata"},
    "the signature has expired (io.cncf.notary.expiry)": {"notation-expired"},
}


def file(path: Path) -> File:
    """Read a file as the rule file would."""
    return File(path.name, path.read_bytes(), Digest.of(path.read_bytes()))


def signer(layout: str, trust: str = "truststore", **options: Any) -> Notation:
    """Make a signer of a layout's own policy and trust store."""
    folder = FIXTURES / layout
    store = file(folder / trust / "x509" / "ca" / "lab" / "ca.crt")
    made = Notation(trust_stores={"ca:lab": (store,)}, **{"policy": file(folder / "trustpolicy.json")} | options)
    assert made.problems() == ()
    return made


def _name(case: dict[str, Any]) -> str:
    return "-".join([case["layout"], case["ref"], case["trust"], *case.get("annotations", {}).values()])


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_image_gets_its_verdict(case: dict[str, Any]) -> None:
    """Each row of expected.json; with a policy file and with the same in the rule file."""
    world, subjects = read_layout(FIXTURES / case["layout"], api="tagschema" not in case["layout"])
    subject = subjects[case["ref"]]
    assert str(subject.digest) == case["digest"]
    metadata = case.get("annotations")
    for options in ({}, {"policy": None, "identities": ("*",), "any_image": True}):
        made = signer(case["layout"], case["trust"], metadata=metadata, **options)
        vouching = made.verify(subject, world.gather(made.needs(subject), subject), AT)
        assert not vouching.unread
        counted = [one for one in vouching.candidates if isinstance(one.result, Counts)]
        codes = {one.result.reason.code for one in vouching.candidates if isinstance(one.result, Refused)}
        if case["verdict"] == "valid":
            (candidate,) = counted
            assert candidate.by is not None
            assert str(candidate.by).startswith("x509 CN=")
            assert codes == ({"notation-untrusted"} if case["ref"] == "twice" else set())
        else:
            assert not counted
            assert codes == (CODES[case["why"]] if case["verdict"] == "invalid" else set())
