"""Why an attestation does not count, as the check `attestation` says it."""

from __future__ import annotations

from gate.finding import Reason

__all__ = [
    "CANNOT_ATTEST", "DISAGREES", "MISSING", "NOT_READ", "OTHER_TYPE", "PREDICATE_MALFORMED", "PREDICATE_UNSUPPORTED",
    "QUORUM", "SAME_PRINCIPAL", "STALE", "UNDATED", "UNMET",
]  # fmt: skip

MISSING = Reason(
    "attestation-missing",
    "The image has no attestation of this kind",
    "No attestation of the predicate type that the rule asks for hangs on this image, in any of the places where "
    "the signer's attestations are kept. An attestation belongs to a digest: one for another build, or for another "
    "platform of the same image, is none for this one; SBOMs and scans are looked for on each platform's image unless "
    "the rule says `on: image`. What BuildKit stores inside an index is not signed, and counts "
    "only if the rule says `buildkit: true` and the index is signed.",
    "Attest the digest after pushing it: `cosign attest --key … --type … --predicate FILE REPOSITORY@DIGEST`. On "
    "GitHub, `actions/attest` writes to the registry only with `push-to-registry: true`. If it was attested, see that "
    "the attestation was copied along with the image.",
)
QUORUM = Reason(
    "attestation-quorum",
    "Too few of the signers have attested",
    "The rule asks for attestations by a number of signers out of several. Fewer have made one that counts, each "
    "counted once however many attestations there are. The finding lists for every signer what was found.",
    "Let one of the missing signers attest the digest.",
)
SAME_PRINCIPAL = Reason(
    "attestation-same-principal",
    "One attestation would have to stand for two signers",
    "Each part of the rule is met by itself, but only with the same key or identity in two places. One principal fills "
    "one place, so somebody else has to attest as well.",
    "Let another signer attest, or correct the rule if it names the same key twice.",
)
NOT_READ = Reason(
    "attestations-not-read",
    "A place where attestations are kept did not answer",
    "Whether the image has the attestation cannot be told, because a place that would know did not give a definite "
    "answer: access was refused, it failed, took too long, or listed more than is read. A rule for which the worst of "
    "several counts needs to see all of them, so for such a rule one unread place is enough.",
    "Read what the place answered. `gate doctor` looks at the way to a registry; the account needs the right to pull "
    "from the repository. Then run the gate again.",
)
OTHER_TYPE = Reason(
    "attestation-other-type",
    "The attestation is of another type",
    "The image has an attestation that says something else than what the rule asks for: its predicate type is another "
    "one. The type inside the signed statement decides; what a registry or an annotation calls it does not.",
    "Attest with the predicate type that the rule asks for (`cosign attest --type …`), or correct `predicate-type:`.",
)
UNMET = Reason(
    "attestation-unmet",
    "The attestation does not say what the rule asks for",
    "There is an attestation of the right type about this image by the right signer, and its content is not what the "
    "rule demands: another builder, source, ref, trigger or parameter, a verification that was not passed, too few "
    "components, or a field with another value. The message quotes what stands there and what was asked for.",
    "Build the image where and how the rule asks for it, and attest that build. If the rule is wrong, correct its "
    "conditions.",
)
DISAGREES = Reason(
    "attestation-disagrees",
    "Another attestation of the same kind says otherwise",
    "There are several attestations of this kind about the image that are signed and new enough, and one of them does "
    "not meet the rule. For scans, summaries, test results and types without a meaning of their own the worst counts, "
    "because a bad result does not go away when a better one is put beside it.",
    "Look at the attestation that the message names. If it is outdated, set `max-age:` so that it no longer counts, or "
    "build a new image. If one that is good enough shall suffice, say `of-several: one`.",
)
STALE = Reason(
    "attestation-stale",
    "The attestation is too old",
    "The attestation is about this image and was made longer ago than the rule's `max-age:` allows.",
    "Make a new attestation of the same digest, from a new scan or verification.",
)
UNDATED = Reason(
    "attestation-undated",
    "It is not proven when the attestation was made",
    "The rule has a `max-age:`, and nothing proves the time: a signature by a key alone has none, neither a "
    "transparency log nor a timestamp authority has seen it. What the statement says of itself is the signer's word.",
    "Sign with a transparency log or a timestamp authority. If the signer's own word is good enough, say "
    "`time: stated`: then the time that stands in the predicate counts.",
)
PREDICATE_MALFORMED = Reason(
    "predicate-malformed",
    "What the attestation says cannot be read",
    "The attestation is signed and about this image, but its predicate is not the document that its type promises: "
    "values of other types, an SBOM of another format, or more than is read.",
    "Attest the file that the tool wrote, with the `--type` that belongs to it.",
)
PREDICATE_UNSUPPORTED = Reason(
    "predicate-unsupported",
    "What the attestation says is in a version that is not read yet",
    "The attestation is signed and about this image. Its predicate is of a version (SPDX 3, for example) that the gate "
    "does not read, so whether it says what the rule asks for cannot be told.",
    "Attest a version that is read: SPDX 2.2 or 2.3, or CycloneDX in JSON.",
)
CANNOT_ATTEST = Reason(
    "signer-cannot-attest",
    "This kind of signer does not vouch for attestations",
    "The rule asks for an attestation by a signer whose kind signs images only, such as content trust or notation.",
    "Name a signer that can attest: cosign-key, or a keyless one.",
)
