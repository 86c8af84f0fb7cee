"""Check `signature`: the signers that a rule names have signed this image (docs/checks/signature.md).

Who signed, and how that is proven, is the signers' business; who has to, and how often each counts, is in
`gate.vouched`. What one place did not answer leaves the rule undecided only if the answer could still change it
(DESIGN section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from gate.check import CheckMeta
from gate.finding import Judgement, Reason
from gate.vouched import MOST_GROUPS, MOST_SIGNERS, Asked, Signers, Tree, Words, rule_problems

if TYPE_CHECKING:
    from datetime import datetime

    from gate.check import Book, View
    from gate.evidence import Need
    from gate.option import SignerName
    from gate.signer import Signer, Vouching
    from gate.subject import Subject

__all__ = ["CHECK", "MOST_GROUPS", "MOST_SIGNERS", "Signature", "Signers"]

MISSING = Reason(
    "signature-missing",
    "The image has no signature",
    "No signature hangs on this digest in any of the places where the signer's signatures are kept. A signature "
    "belongs to a digest: one for another build, for another tag's image or for one platform inside "
    "the image is none for it.",
    "Sign the digest after pushing it: `cosign sign --key … REPOSITORY@DIGEST`. If it was signed, see that the "
    "signature was pushed to the same repository, and copied along if the image was copied.",
)
QUORUM = Reason(
    "signature-quorum",
    "Too few of the signers have signed",
    "The rule asks for a number of signers out of several. Fewer have signed, each counted once however many "
    "signatures and names there are. The finding lists for every signer what was found.",
    "Let one of the missing signers sign the digest.",
)
SAME_PRINCIPAL = Reason(
    "signature-same-principal",
    "One signature would have to stand for two signers",
    "Each part of the rule is met by itself, but only with the same key or identity in two places. One signature fills "
    "one place, so somebody else has to sign as well.",
    "Let another signer sign, or correct the rule if it names the same key twice.",
)
NOT_READ = Reason(
    "signatures-not-read",
    "A place where signatures are kept did not answer",
    "Whether the image is signed cannot be told, because a place that would know did not give a definite answer: "
    "access was refused, it failed, took too long, or listed more than is read.",
    "Read what the place answered. `gate doctor` looks at the way to a registry; the account needs the right to pull "
    "from the repository. Then run the gate again.",
)


_WORDS: Final = Words(
    missing=MISSING,
    quorum=QUORUM,
    same_principal=SAME_PRINCIPAL,
    not_read=NOT_READ,
    vouched="signed",
    nothing="no signature",
    has_not="{who} has not signed this image",
    none_counts="no signature of {who} counts",
    expected="a signature by {who}",
    expected_of_several="signatures by {who}",
    too_few="too few signers have signed this image",
    cannot_share="one signature cannot stand for two signers",
    cannot_tell="whether {who} signed cannot be told",
)


@dataclass(frozen=True, slots=True)
class Signature(Signers):
    """The signers that the rule names have signed this image."""

    meta: ClassVar[CheckMeta] = CheckMeta("signature", "The image is signed by who has to sign it", "image")

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Give every mistake in the form, with the key path it is about."""
        return rule_problems(self)

    def needs(self, subject: Subject, book: Book) -> frozenset[Need]:
        """Say what has to be collected: what every signer of the rule needs."""
        return frozenset(need for name in Tree.of(self).names for need in book.signer(name).needs(subject))

    def judge(self, view: View, at: datetime) -> Judgement:
        """Judge who signed the image."""

        def search(name: SignerName) -> tuple[Signer, Vouching]:
            signer = view.book.signer(name)
            return signer, signer.verify(view.subject, view.evidence, at)

        asked = Asked.of(self, search, _WORDS, _how_to_sign(view.subject))
        findings, undecided = asked.unmet()
        looks = (look for place in asked.places for look in place.vouching.looked)
        return Judgement(
            tuple(findings),
            tuple(dict.fromkeys(undecided)),
            notes=asked.notes(),
            looked=tuple(dict.fromkeys(looks)),
        )


CHECK = Signature


def _how_to_sign(subject: Subject) -> str:
    if not subject.repository:
        return MISSING.remedy
    return MISSING.remedy.replace("REPOSITORY@DIGEST", f"{subject.repository}@{subject.digest}")
