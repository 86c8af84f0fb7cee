"""The check `signature`: who has to have signed, in three values, each outcome with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.book import make_book
from gate.check import View
from gate.checks.signature import MOST_GROUPS, MOST_SIGNERS, Signature, Signers
from gate.errors import RuleFileError
from gate.evidence import Absent, Evidence, Kind, Look
from gate.option import SignerName
from gate.ruleset.load import load_ruleset
from gate.signer import Candidate, Counts, Identity, Vouching
from gate.signers.cosign_key import CosignKey
from tests.signers import forge
from tests.signers.world import FIXTURES, World, image, key_file, read_layout, unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.evidence import Fact, Need
    from gate.finding import Judgement
    from gate.subject import Subject

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
SUBJECT = image()
TAG = (Kind.MANIFEST, f"sha256-{SUBJECT.digest.hex}.sig")
LIST = (Kind.REFERRERS, str(SUBJECT.digest))
A, B, C = (SignerName(name) for name in ("alice", "bob", "carol"))


def signer(key: forge.Key, **options: Any) -> CosignKey:
    """Make a signer for a key."""
    return CosignKey(key=key_file(key.public_pem), log="none", any_image=True, **options)


SIGNERS: Mapping[str, CosignKey] = {
    **{str(name): signer(forge.key(str(name))) for name in (A, B, C)},
    "alice-again": signer(forge.key("alice")),
    "ed": signer(forge.key(kind="ed25519")),
}


def rule(**options: Any) -> Signature:
    """Make a rule whose form is right."""
    made = Signature(**options)
    assert made.problems() == ()
    return made


def view(subject: Subject, evidence: Evidence, signers: Mapping[str, CosignKey] = SIGNERS) -> View:
    """Make what the check may look at."""
    return View(subject, None, (), evidence, make_book(signers, ()))


def judge(world: World, check: Signature, subject: Subject = SUBJECT) -> Judgement:
    """Collect and judge."""
    book = make_book(SIGNERS, ())
    return check.judge(view(subject, world.gather(check.needs(subject, book), subject)), AT)


def codes(judgement: Judgement) -> tuple[list[str], list[str]]:
    """Give the codes of findings and of undecided points."""
    return (
        [finding.reason.code for finding in judgement.findings],
        [point.reason.code for point in judgement.undecided],
    )


def outcome(judgement: Judgement) -> str:
    """Name the outcome before waivers."""
    if judgement.findings:
        return "violated"
    return "undecided" if judgement.undecided else "satisfied"


def signed_by(*names: SignerName) -> World:
    """Make a repository in which these have signed."""
    world = World()
    for name in names:
        forge.attach(world, SUBJECT, forge.key(str(name)))
    return world


# --- the five outcomes of one signer


@pytest.mark.parametrize("storage", ["legacy", "bundle"])
def test_signed_image_satisfies(storage: str) -> None:
    """And a note says who signed, how, and where."""
    world = World()
    (forge.legacy if storage == "legacy" else forge.attach)(world, SUBJECT, forge.key("alice"))
    judgement = judge(world, rule(signed_by=(A,)))
    assert codes(judgement) == ([], [])
    (note,) = judgement.notes
    assert note.what.startswith("signed by alice: key sha256:")
    assert "no transparency log" in note.what


def test_unsigned_image_violates() -> None:
    """Absent everywhere: said with what to do, and where was looked."""
    judgement = judge(World(), rule(signed_by=(A,)))
    assert codes(judgement) == (["signature-missing"], [])
    (finding,) = judgement.findings
    assert finding.what == "alice has not signed this image"
    assert (finding.expected, finding.got) == ("a signature by alice", "no signature")
    assert finding.about.get("signer") == "alice"
    assert f"`cosign sign --key … {SUBJECT.repository}@{SUBJECT.digest}`" in finding.fix
    assert [look.status for look in judgement.looked] == ["404", "200", "404"]


def test_image_signed_by_somebody_else_violates() -> None:
    """The nearest miss is told."""
    judgement = judge(signed_by(B), rule(signed_by=(A,)))
    assert codes(judgement) == (["signature-other-key"], [])
    (finding,) = judgement.findings
    assert finding.what == "no signature of alice counts"
    assert finding.fix == finding.reason.remedy
    assert "more" not in finding.got
    assert SIGNERS["bob"].principal().name in finding.got
    assert [note.what.split(":")[0] for note in judgement.notes] == ["not counted for alice"]


def test_nearest_miss_is_the_signers_own_signature() -> None:
    """What the right key signed wrongly comes before what others signed."""
    world = signed_by(B, C)
    forge.legacy(world, SUBJECT, forge.key("alice"), kind="something else")
    judgement = judge(world, rule(signed_by=(A,)))
    assert codes(judgement) == (["signature-wrong-type"], [])


def test_many_misses_are_counted() -> None:
    """Three are told."""
    world = World()
    for place in range(6):
        forge.put_referrer(world, SUBJECT, f"junk {place}".encode())
    (finding,) = judge(world, rule(signed_by=(A,))).findings
    assert finding.got.endswith("; and 3 more")


@pytest.mark.parametrize("place", [TAG, LIST])
@pytest.mark.parametrize("status", ["401", "403", "429", "500", "timeout"])
def test_place_that_does_not_answer_leaves_it_undecided(place: tuple[Kind, str], status: str) -> None:
    """Named, with what it answered; junk elsewhere does not turn it into a violation."""
    for world in (World(), signed_by(B)):
        world.faults[place] = unavailable(status)
        judgement = judge(world, rule(signed_by=(A,)))
        assert codes(judgement) == ([], ["signatures-not-read"])
        (point,) = judgement.undecided
        assert f"https://registry.example/v2/ answered {status}" in point.what
        assert point.look == Look("https://registry.example/v2/", status)
        assert "then run the gate again" in point.fix.lower()


@pytest.mark.parametrize("place", [TAG, LIST])
def test_place_that_does_not_answer_does_not_matter_when_the_demand_is_met(place: tuple[Kind, str]) -> None:
    """Signed in the other storage."""
    world = World()
    (forge.attach if place == TAG else forge.legacy)(world, SUBJECT, forge.key("alice"))
    world.faults[place] = unavailable()
    assert outcome(judge(world, rule(signed_by=(A,)))) == "satisfied"


def test_signature_that_cannot_be_checked_leaves_it_undecided() -> None:
    """Unsupported is neither valid nor invalid."""
    world = World()
    forge.legacy(world, SUBJECT, forge.key("alice"))
    forge.put_legacy(world, SUBJECT, [(b"x", {"annotations": {forge.SIGNATURE: forge.b64(b"x" * 64)}})])
    judgement = judge(world, rule(signed_by=(SignerName("ed"),)))
    assert codes(judgement) == ([], ["signature-ed25519ph"])
    assert "whether ed signed cannot be told" in judgement.undecided[0].what
    assert "Ed25519ph" in judgement.undecided[0].what


def test_attestation_by_the_right_key_is_no_signature() -> None:
    """Cosign 3 says that this image is signed (S20)."""
    world, subjects = read_layout(FIXTURES / "cosign-attest")
    subject = subjects["bundle-custom"]
    signers = {"release": signer_of("cosign-attest", "cosign.pub")}
    check = rule(signed_by=(SignerName("release"),))
    book = make_book(signers, ())
    judgement = check.judge(view(subject, world.gather(check.needs(subject, book), subject), signers), AT)
    assert codes(judgement) == (["attestation-not-signature"], [])


def signer_of(folder: str, name: str) -> CosignKey:
    """Make a signer for a key of the fixtures."""
    return CosignKey(key=key_file((FIXTURES / folder / name).read_bytes()), log="none", any_image=True)


@pytest.mark.parametrize("layout", ["cosign-key-legacy", "cosign-key-bundle"])
@pytest.mark.parametrize(
    ("ref", "expected"), [("twice", []), ("signed", ["signature-other-key"]), ("unsigned", ["signature-missing"] * 2)]
)
def test_two_signers_on_what_cosign_made(layout: str, ref: str, expected: list[str]) -> None:
    """`all-of` two keys: one image has both signatures, one has one, one has none."""
    world, subjects = read_layout(FIXTURES / layout)
    signers = {name: signer_of(layout, f"{name}.pub") for name in ("cosign", "other")}
    check = rule(all_of=(SignerName("cosign"), SignerName("other")))
    needs = check.needs(subjects[ref], make_book(signers, ()))
    judgement = check.judge(view(subjects[ref], world.gather(needs, subjects[ref]), signers), AT)
    assert codes(judgement) == (expected, [])


# --- groups


@pytest.mark.parametrize(
    ("options", "who", "expected"),
    [
        ({"any_of": (A, B)}, (A,), "satisfied"),
        ({"any_of": (A, B)}, (B,), "satisfied"),
        ({"any_of": (A, B)}, (C,), "violated"),
        ({"all_of": (A, B)}, (A, B), "satisfied"),
        ({"all_of": (A, B)}, (A,), "violated"),
        ({"at_least": 2, "of": (A, B, C)}, (A, C), "satisfied"),
        ({"at_least": 2, "of": (A, B, C)}, (C,), "violated"),
        ({"at_least": 3, "of": (A, B, C)}, (A, B, C), "satisfied"),
        ({"all_of": (A, Signers(at_least=1, of=(B, C)))}, (A, C), "satisfied"),
        ({"all_of": (A, Signers(at_least=1, of=(B, C)))}, (B, C), "violated"),
        ({"any_of": (Signers(all_of=(A, B)), C)}, (C,), "satisfied"),
        ({"any_of": (Signers(all_of=(A, B)), C)}, (A, B), "satisfied"),
        ({"any_of": (Signers(all_of=(A, B)), C)}, (A,), "violated"),
        ({"any_of": (Signers(signed_by=(A,)), Signers(signed_by=(B,)))}, (B,), "satisfied"),
        ({"all_of": (A, SignerName("alice-again"))}, (A,), "violated"),
        ({"at_least": 2, "of": (A, SignerName("alice-again"), B)}, (A,), "violated"),
        ({"at_least": 2, "of": (A, SignerName("alice-again"), B)}, (A, B), "satisfied"),
        ({"all_of": (A, Signers(any_of=(A, B)))}, (A,), "violated"),
        ({"all_of": (A, Signers(any_of=(A, B)))}, (A, B), "satisfied"),
    ],
)
def test_groups(options: dict[str, Any], who: tuple[SignerName, ...], expected: str) -> None:
    """Who signed, and whether that is enough."""
    assert outcome(judge(signed_by(*who), rule(**options))) == expected


def test_each_missing_signer_of_all_of_has_its_own_finding() -> None:
    """So that a waiver for one says nothing about the other."""
    judgement = judge(signed_by(C), rule(all_of=(A, B, C)))
    assert [finding.about.get("signer") for finding in judgement.findings] == ["alice", "bob"]


def test_too_few_of_several_is_one_finding() -> None:
    """It says for everybody what was found."""
    judgement = judge(signed_by(A), rule(at_least=2, of=(A, B, C)))
    assert codes(judgement) == (["signature-quorum"], [])
    (finding,) = judgement.findings
    assert finding.what == "too few signers have signed this image"
    assert finding.expected == "signatures by 2 of alice, bob, carol"
    assert finding.got.startswith("alice: signed; bob: referrer sha256:")
    assert finding.about.get("signer") == "2 of alice, bob, carol"


def test_nested_groups_are_written_out() -> None:
    """As people would say them."""
    (finding,) = judge(World(), rule(any_of=(Signers(all_of=(A, B)), C))).findings
    assert finding.expected == "signatures by 1 of (all of alice, bob), carol"


def test_group_of_one_is_written_as_that_one() -> None:
    """Nobody says `all of` one."""
    (finding,) = judge(World(), rule(any_of=(Signers(signed_by=(A,)), B))).findings
    assert finding.expected == "signatures by 1 of alice, bob"


def test_layout_has_no_repository_to_sign_in() -> None:
    """The advice stays general where the source has no name."""
    subject = image(repository="")
    (finding,) = judge(World(), rule(signed_by=(A,)), subject).findings
    assert "`cosign sign --key … REPOSITORY@DIGEST`" in finding.fix


def test_one_signature_in_two_places_is_said() -> None:
    """Each part is met, both together are not (S18)."""
    judgement = judge(signed_by(A), rule(all_of=(A, SignerName("alice-again"))))
    assert codes(judgement) == (["signature-same-principal"], [])
    assert judgement.findings[0].what == "one signature cannot stand for two signers"


AGAIN = SignerName("alice-again")


@pytest.mark.parametrize(
    ("options", "signers"),
    [
        ({"all_of": (A, Signers(at_least=1, of=(AGAIN, B)), C)}, ["carol", "all of alice, (1 of alice-again, bob)"]),
        ({"all_of": (A, AGAIN, C)}, ["carol", "all of alice, alice-again"]),
        ({"all_of": (C, A, AGAIN)}, ["carol", "all of alice, alice-again"]),
        ({"all_of": (A, Signers(all_of=(AGAIN, C)))}, ["carol", "all of alice, alice-again"]),
        ({"all_of": (Signers(all_of=(A, AGAIN)), C)}, ["all of alice, alice-again", "carol"]),
        (
            {"all_of": (A, Signers(any_of=(AGAIN, B)), Signers(at_least=2, of=(A, AGAIN, C)))},
            ["2 of alice, alice-again, carol", "all of alice, (1 of alice-again, bob)"],
        ),
    ],
)
def test_a_missing_signer_does_not_hide_that_the_others_are_one(options: dict[str, Any], signers: list[str]) -> None:
    """A waiver for the missing one must leave the rest of the rule standing (S3, S18)."""
    judgement = judge(signed_by(A), rule(**options))
    assert sorted(str(finding.about.get("signer")) for finding in judgement.findings) == sorted(signers)
    assert "signature-same-principal" in codes(judgement)[0] or "signature-quorum" in codes(judgement)[0]


def test_a_missing_signer_does_not_hide_that_the_others_may_be_one() -> None:
    """Each has signed, as far as is known by the same key: what does not answer could be the second one."""
    world = signed_by(A)
    world.faults[TAG] = unavailable()
    judgement = judge(world, rule(all_of=(Signers(all_of=(A, AGAIN)), Signers(any_of=(A, B)))))
    assert codes(judgement)[0] == ["signature-same-principal"]
    assert set(codes(judgement)[1]) == {"signatures-not-read"}


def test_what_is_missing_and_what_is_not_known_are_both_said() -> None:
    """A waiver of the missing one must not hide the unknown one."""
    world = signed_by(A)
    forge.put_legacy(world, SUBJECT, [(b"x", {"annotations": {forge.SIGNATURE: forge.b64(b"x" * 64)}})])
    judgement = judge(world, rule(all_of=(A, B, SignerName("ed"))))
    assert codes(judgement) == (["signature-other-key"], ["signature-ed25519ph"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"any_of": (A, B)}, "satisfied"),
        ({"all_of": (A, B)}, "undecided"),
        ({"at_least": 2, "of": (A, B, C)}, "undecided"),
        ({"all_of": (A, SignerName("alice-again"))}, "violated"),
        ({"at_least": 2, "of": (A, SignerName("alice-again"))}, "violated"),
        ({"at_least": 2, "of": (A, SignerName("alice-again"), B)}, "undecided"),
    ],
)
def test_unread_place_matters_only_if_it_could_change_the_outcome(options: dict[str, Any], expected: str) -> None:
    """A has signed, the signature tag does not answer: what it could add is somebody else's signature."""
    world = signed_by(A)
    world.faults[TAG] = unavailable()
    assert outcome(judge(world, rule(**options))) == expected


def test_one_place_that_does_not_answer_is_told_once() -> None:
    """For each signer it leaves open."""
    world = signed_by(A)
    world.faults[TAG] = unavailable()
    assert len(judge(world, rule(all_of=(A, B, C))).undecided) == 2


def test_rule_asks_for_everything_in_one_round() -> None:
    """The signature tag and the referrers together, however many signers."""
    book = make_book(SIGNERS, ())
    needs = rule(all_of=(A, B, C)).needs(SUBJECT, book)
    world = World()
    world.gather(needs, SUBJECT)
    assert [ask.kind for ask in world.asked[:2]] == [Kind.MANIFEST, Kind.REFERRERS]
    assert len(world.asked) == 3


# --- signers of other kinds: those that stand for a pattern of principals


class Pattern:
    """A signer that many could be, with what its search came to."""

    kind: ClassVar[str] = "pattern"

    def __init__(self, vouching: Vouching) -> None:
        self._vouching = vouching

    def needs(self, subject: Subject) -> frozenset[Need]:
        """Ask for nothing."""
        del subject
        return frozenset()

    def verify(self, subject: Subject, evidence: Evidence, at: datetime) -> Vouching:
        """Give what was made up."""
        del subject, evidence, at
        return self._vouching

    def principal(self) -> Identity | None:
        """Stand for nobody in particular."""
        return None


def _by(*identities: Identity | None) -> Vouching:
    where = Look("somewhere", "200")
    return Vouching(tuple(Candidate(where, identity, Counts()) for identity in identities))


ANN, BEN = Identity("mail", "ann@acme.example"), Identity("mail", "ben@acme.example")
UNREAD = Vouching(unread=(unavailable(),))


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (_by(ANN), _by(BEN), "satisfied"),
        (_by(ANN), _by(ANN), "violated"),
        (_by(ANN, BEN), _by(ANN), "satisfied"),
        (_by(None), _by(BEN), "violated"),
        (_by(ANN), UNREAD, "undecided"),
        (UNREAD, UNREAD, "undecided"),
        (Vouching(), UNREAD, "violated"),
    ],
)
def test_distinct_identities_of_patterns(one: Vouching, two: Vouching, expected: str) -> None:
    """Nobody counts without being known, and what is unread could be somebody else each time."""
    book = make_book({"alice": Pattern(one), "bob": Pattern(two)}, ())
    assert outcome(rule(all_of=(A, B)).judge(View(SUBJECT, None, (), Evidence(), book), AT)) == expected


# --- laws


GROUPS: list[dict[str, Any]] = [
    {"signed_by": (A,)},
    {"any_of": (A, B)},
    {"all_of": (A, B)},
    {"at_least": 2, "of": (A, B, C)},
    {"all_of": (A, Signers(at_least=1, of=(B, C)))},
    {"any_of": (Signers(all_of=(A, B)), SignerName("ed"))},
]
RANK = {"satisfied": 2, "undecided": 1, "violated": 0}


@given(data=st.data())
def test_taking_evidence_away_never_improves_the_outcome(data: st.DataObject) -> None:
    """Any answer turned into Absent or Unavailable: what was not satisfied does not become so (S2).

    A listing that turns out not to exist is left out: that is no evidence taken away, it sends the gate to
    the fallback tag.
    """
    world = World(api=data.draw(st.booleans()))
    names = ["alice", "bob", "carol", "mallory"]
    for name in data.draw(st.lists(st.sampled_from(names), max_size=3)):
        forge.attach(world, SUBJECT, forge.key(name))
    if data.draw(st.booleans()):
        forge.legacy(world, SUBJECT, forge.key(data.draw(st.sampled_from(names))))
    check = rule(**data.draw(st.sampled_from(GROUPS)))
    before = outcome(judge(world, check))
    asked = sorted({(ask.kind, ask.name) for ask in world.asked})
    for kind, name in data.draw(st.lists(st.sampled_from(asked), min_size=1, unique=True)):
        answers: list[Fact] = [unavailable()]
        if kind is not Kind.REFERRERS:
            answers.append(Absent(Look("https://registry.example/v2/", "404")))
        world.faults[kind, name] = data.draw(st.sampled_from(answers))
    after = outcome(judge(world, check))
    assert not (after == "satisfied" and before != "satisfied")


@given(data=st.data())
def test_what_does_not_answer_never_turns_undecided_into_violated_or_back_to_satisfied(data: st.DataObject) -> None:
    """Every place unavailable: undecided, whatever was there."""
    world = signed_by(*data.draw(st.lists(st.sampled_from([A, B, C]), unique=True)))
    for place in (TAG, LIST):
        world.faults[place] = unavailable()
    assert outcome(judge(world, rule(**data.draw(st.sampled_from(GROUPS))))) == "undecided"


@given(st.lists(st.sampled_from([A, B, C]), unique=True), st.sampled_from([A, B, C]), st.sampled_from(GROUPS))
def test_another_signature_never_makes_it_worse(
    who: list[SignerName], more: SignerName, options: dict[str, Any]
) -> None:
    """Adding a signature keeps what is satisfied."""
    check = rule(**options)
    before = outcome(judge(signed_by(*who), check))
    assert RANK[outcome(judge(signed_by(*who, more), check))] >= RANK[before]


# --- the form of a rule


SIGNER_LINES = """signers:
  a: {kind: cosign-key, key: a.pub, log: none, any-image: true}
  b: {kind: cosign-key, key: b.pub, log: none, any-image: true}
"""


def _mistakes(tmp_path: Path, entry: str, signers: str = SIGNER_LINES) -> list[str]:
    for name in ("a", "b"):
        (tmp_path / f"{name}.pub").write_bytes(forge.key(name).public_pem)
    (tmp_path / "gate.yaml").write_text(f"gate: 1\n{signers}rules:\n  signed: {{check: signature, {entry}}}\n")
    try:
        load_ruleset([str(tmp_path / "gate.yaml")])
    except RuleFileError as error:
        return [f"{mistake.line}:{mistake.column}: {mistake.message}" for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    "entry",
    [
        "signed-by: a",
        "any-of: [a, b]",
        "all-of: [a, {at-least: 1, of: [a, b]}]",
        "at-least: 2, of: [a, b]",
        "any-of: [{all-of: [a, b]}, {signed-by: a}]",
        "any-of: a",
    ],
)
def test_forms_that_are_right(tmp_path: Path, entry: str) -> None:
    """As docs/checks/signature.md shows them."""
    assert _mistakes(tmp_path, entry) == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("level: error", "say one of `signed-by: NAME`"),
        ("signed-by: [a, b]", "say `any-of` or `all-of`"),
        ("signed-by: a, any-of: [b]", "here are signed-by, any-of: say one of"),
        ("any-of: [a], all-of: [b]", "here are any-of, all-of"),
        ("any-of: []", "empty list"),
        ("all-of: []", "empty list"),
        ("at-least: 1, of: []", "empty list"),
        ("at-least: 0, of: [a, b]", "say 1 to 2"),
        ("at-least: -1, of: [a, b]", "say 1 to 2"),
        ("at-least: 3, of: [a, b]", "say 1 to 2"),
        ("at-least: 1", "add `of: [NAME, …]`"),
        ("at-least: 1, any-of: [a]", "add `of: [NAME, …]`"),
        ("of: [a, b]", "say how many"),
        ("any-of: [[a, b]]", "not a list"),
        ("any-of: [a, {of: [a, b]}]", "say how many"),
        ("any-of: [a, {all-of: []}]", "empty list"),
        ("any-of: [a, {at-least: 9, of: [a, b]}]", "say 1 to 2"),
        ("any-of: [a, {}]", "say one of"),
        ("any-of: [a, nobody]", "nobody"),
        ("signed-by: A", "'A'"),
        ("any-of: [a, {all-off: [b]}]", "all-of"),
    ],
)
def test_forms_that_are_wrong(tmp_path: Path, entry: str, said: str) -> None:
    """Each with a sentence that says what to write, at its place."""
    found = _mistakes(tmp_path, entry)
    assert found
    assert any(said in mistake for mistake in found), found


def test_mistake_in_a_nested_group_stands_at_its_place(tmp_path: Path) -> None:
    """The column is that of the value."""
    (found,) = _mistakes(tmp_path, "any-of: [a, {at-least: 9, of: [a, b]}]")
    assert found.startswith("6:53: ")


def test_rule_without_a_form_says_which_there_are() -> None:
    """Nothing is put before the advice."""
    ((_, sentence),) = Signature().problems()
    assert sentence.startswith("say one of `signed-by: NAME`, `any-of: […]`")


def test_too_many_nested_groups_are_refused() -> None:
    """Every group doubles the ways to meet a rule."""
    nested = tuple(Signers(all_of=(A, B)) for _ in range(MOST_GROUPS))
    assert Signature(any_of=nested).problems() == ()
    ((_, sentence),) = Signature(any_of=(*nested, Signers(all_of=(A, B)))).problems()
    assert sentence.startswith("9 nested groups")


def test_too_many_signers_are_refused() -> None:
    """A rule that nobody can read."""
    names = tuple(SignerName(f"s{place}") for place in range(MOST_SIGNERS))
    assert Signature(any_of=names).problems() == ()
    ((_, sentence),) = Signature(any_of=(*names, A)).problems()
    assert sentence.startswith("65 signers")


@pytest.mark.parametrize(
    ("signers", "said"),
    [
        ("signers: {a: {kind: cosign-key, key: a.pub, any-image: true}}\n", "log: none"),
        (
            "signers: {a: {kind: cosign-key, key: a.pub, log: required, any-image: true}}\n",
            "say whose log: `trusted-root: trust/sigstore.json`",
        ),
        ("signers: {a: {kind: cosign-key, key: a.pub, log: none}}\n", "say which images"),
        ("signers: {a: {kind: cosign-key, key: a.pub, log: none, any-image: false}}\n", "say which images"),
        ("signers: {a: {kind: cosign-key, key: gate.yaml, log: none, any-image: true}}\n", "no PEM block"),
        ("signers: {a: {kind: cosign-key, key: none.pub, log: none, any-image: true}}\n", "none.pub"),
        ("signers: {a: {kind: cosign-key, key: a.pub, log: none, any-image: true, storage: [tag]}}\n", "tag"),
        ("signers: {a: {kind: cosign-key, key: a.pub, log: none, any-image: true, annotations: {}}}\n", "empty"),
    ],
)
def test_signers_that_are_wrong(tmp_path: Path, signers: str, said: str) -> None:
    """Mistakes in the options of a signer are reported at load."""
    found = _mistakes(tmp_path, "signed-by: a", signers)
    assert any(said in mistake for mistake in found), found


def test_one_key_under_two_names_is_a_mistake(tmp_path: Path) -> None:
    """They would count once (S18)."""
    found = _mistakes(tmp_path, "any-of: [a, b]", SIGNER_LINES.replace("b.pub", "a.pub"))
    assert len(found) == 1
