"""Why a signature made with a certificate, or one that has to be in a log, does not count."""

from __future__ import annotations

from gate.finding import Reason

__all__ = [
    "AUTHORITY_RETIRED",
    "BY_KEY",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_NAME",
    "CERTIFICATE_USE",
    "CHAIN_INVALID",
    "CHECKPOINT",
    "CLAIM",
    "CLAIM_MISSING",
    "ENTRY_MISSING",
    "ENTRY_OTHER",
    "ENTRY_TWICE",
    "ENTRY_UNREADABLE",
    "FUTURE",
    "ISSUER",
    "ISSUER_AMBIGUOUS",
    "LOG_RETIRED",
    "LOG_UNKNOWN",
    "NOT_SIGNED",
    "OTHER_IDENTITY",
    "PATTERN",
    "PROMISE",
    "PROOF",
    "PROOF_MISSING",
    "ROOT_EXPIRED",
    "SCT_INVALID",
    "SCT_MISSING",
    "TIMESTAMP_INVALID",
    "TIMESTAMP_MISSING",
    "TIME_MISSING",
    "UNTRUSTED",
]  # fmt: skip

_SIGN_AGAIN = "Sign the image again with a current cosign; if it happens again, look at what copies the signatures."

BY_KEY = Reason(
    "signature-by-key",
    "The signature was made with a key, not with a certificate",
    "This signer is an identity: only a signature that comes with a certificate can be its. A key that comes with a "
    "signature proves nothing, since anybody can make one.",
    "Sign without `--key`, in a job that has an OIDC identity. If a key is meant to count, add a signer of the kind "
    "cosign-key.",
)
UNTRUSTED = Reason(
    "certificate-untrusted",
    "No authority of the trusted root issued the certificate",
    "The signature's certificate does not lead to a certificate authority in the signer's trusted root: it is of "
    "another Sigstore instance, or somebody made it.",
    "If the image is signed with another instance (staging, a private one, GitHub's for private repositories), name "
    "its trusted root file. If the authority is new, update the file with `gate trust update`.",
)
CHAIN_INVALID = Reason(
    "certificate-chain-invalid",
    "A certificate between the signer's and the root may not issue it",
    "A certificate in the chain is no certificate authority, may not sign certificates or not so many below it, is "
    "not for code signing, has an extension that has to be understood and is not, or is signed with a weak hash.",
    "Look at the authority's certificates (`openssl x509 -text`): the chain that the trusted root names is the one "
    "that has to be right.",
)
CERTIFICATE_EXPIRED = Reason(
    "certificate-not-valid-then",
    "The certificate, or one above it, was not valid when the signature was made",
    "Certificates of Sigstore live ten minutes. Every time that is proven for the signature (by a log, by a timestamp "
    "authority) has to lie in the lifetime of every certificate of the chain. Who finds an old key cannot sign later.",
    "Sign the image again. If the times are off by minutes, look at the clock of the machine that signed.",
)
AUTHORITY_RETIRED = Reason(
    "authority-not-valid-then",
    "The certificate authority was not believed when the signature was made",
    "The trusted root says from when to when it believes each authority (`validFor`). The time of this signature is "
    "outside.",
    "Sign the image again with the current authority, or update the trusted root file (`gate trust update`).",
)
CERTIFICATE_USE = Reason(
    "certificate-not-for-signing",
    "The certificate is not one to sign code with",
    "A signer's certificate has the key usage digitalSignature and the extended key usage codeSigning, and is no "
    "certificate authority. A certificate for a web server does not sign images.",
    "Sign with a certificate that Fulcio, or your own authority, issued for code signing.",
)
CERTIFICATE_NAME = Reason(
    "certificate-name-refused",
    "The certificate does not say clearly who signed",
    "Exactly one subject alternative name says who signed: a URI, an e-mail address or a user name, of printable "
    "ASCII, without `%` and without user information. Other names can be read in two ways.",
    "Look at the certificate (`openssl x509 -text`), and sign with an identity that has one plain name.",
)
SCT_MISSING = Reason(
    "sct-missing",
    "The certificate carries no proof that it was logged",
    "A certificate authority of Sigstore logs each certificate before it issues it, and puts the log's promise (SCT) "
    "into it. Without it an authority could issue certificates that nobody ever sees.",
    "For a private Sigstore without a certificate log, write `sct: none` for the signer; every report then says so.",
)
SCT_INVALID = Reason(
    "sct-invalid",
    "No log of the trusted root made the promise in the certificate",
    "The certificate carries a log's promise (SCT), and none of it verifies with a certificate log of the trusted "
    "root: the log is unknown, was not believed at that time, or promised something else.",
    "Update the trusted root file (`gate trust update`), or name the file of the instance that issued the certificate.",
)
TIME_MISSING = Reason(
    "signed-time-missing",
    "Nobody vouches for the time of the signature",
    "A short-lived certificate counts only at a proven time: the signed promise of a log, or the timestamp of an "
    "authority in the trusted root. A time that is only written in a log entry is nobody's word (CVE-2024-55655).",
    "Sign with a timestamp (`cosign sign --timestamp-server-url …`; cosign 3 does it for Rekor v2 by itself), and see "
    "that the trusted root names the timestamp authority.",
)
TIMESTAMP_MISSING = Reason(
    "timestamp-missing",
    "The signature has no timestamp, and the signer asks for one",
    "The signer says `timestamp: required`: an authority of the trusted root has to state the time of the signature "
    "(RFC 3161). None of the timestamps does, or there is none.",
    "Sign with `--timestamp-server-url`, or leave `timestamp` out where the time that the log promises is enough.",
)
TIMESTAMP_INVALID = Reason(
    "timestamp-invalid",
    "None of the timestamps verifies",
    "There are timestamps, and none is by a timestamp authority of the trusted root, over this signature, and within "
    "the time in which the authority is believed; no log promises a time either.",
    "Update the trusted root file (`gate trust update`), or sign again with an authority that it names.",
)
FUTURE = Reason(
    "signed-in-future",
    "The signature is dated later than now",
    "A proven time of the signature is more than five minutes after the time of judging: one of the two clocks is "
    "wrong, or the verdict is asked for a time before the signature was made (`--at`).",
    "Set the clock of this machine. With `--at`, give a time after the signature.",
)
ENTRY_MISSING = Reason(
    "log-entry-missing",
    "The signature is in no transparency log",
    "The signer asks for an entry in a transparency log (`log: required`), so that nobody can sign unseen. The "
    "signature comes without one.",
    "Sign with an upload to the log (what `cosign sign` does unless told otherwise), or write `log: none` for the "
    "signer; every report then says so.",
)
ENTRY_UNREADABLE = Reason(
    "log-entry-malformed",
    "The entry of the transparency log cannot be read",
    "What comes with the signature as a log entry is of a kind or version that is not known, or broken, or not of the "
    "kind that it is announced as.",
    _SIGN_AGAIN,
)
ENTRY_TWICE = Reason(
    "log-entry-twice",
    "Two entries are of the same log",
    "Several entries prove more than one only if different logs wrote them (CVE-2026-49834). No tool attaches two of "
    "the same log to a signature.",
    _SIGN_AGAIN,
)
ENTRY_OTHER = Reason(
    "log-entry-of-other-signature",
    "The log entry is about another signature",
    "An entry proves something only about the signature, the signed bytes and the certificate or key that it "
    "records. This one records others: somebody attached the entry of another signature.",
    "Sign the image again, and find out who attached this entry.",
)
LOG_UNKNOWN = Reason(
    "log-unknown",
    "The trusted root does not know the transparency log",
    "The signature's log entry is of a log that the signer's trusted root does not name, or whose key is of a kind "
    "that cannot be checked.",
    "Update the trusted root file (`gate trust update`), or name the file of the instance that was signed with.",
)
LOG_RETIRED = Reason(
    "log-not-valid-then",
    "The transparency log was not believed when the signature was made",
    "The trusted root says from when to when it believes the key of each log (`validFor`). The time of this signature "
    "is outside.",
    "Sign the image again, or update the trusted root file (`gate trust update`).",
)
PROMISE = Reason(
    "log-promise-invalid",
    "The log did not promise this entry",
    "The signed promise of a log (signed entry timestamp) covers the entry, its place in the log and its time. This "
    "one does not verify with the log's key: something was changed.",
    _SIGN_AGAIN,
)
PROOF_MISSING = Reason(
    "log-proof-missing",
    "The log entry comes without a proof that it is in the log",
    "From version 0.2 of the bundle format on, an entry brings a proof of inclusion with a signed checkpoint; before, "
    "and in cosign's older storage, at least the log's signed promise.",
    _SIGN_AGAIN,
)
PROOF = Reason(
    "log-proof-invalid",
    "The proof that the entry is in the log does not add up",
    "The path from the entry to the root of the log's tree (RFC 6962) leads to another root or does not fit the size "
    "of the tree: the entry, its place or the proof was changed.",
    _SIGN_AGAIN,
)
CHECKPOINT = Reason(
    "log-checkpoint-invalid",
    "The log did not sign the root of the tree",
    "The root and size that the proof leads to have to be stated in a checkpoint that the log's own key signed. This "
    "one cannot be read, states others, or is signed by somebody else.",
    _SIGN_AGAIN,
)
OTHER_IDENTITY = Reason(
    "identity-mismatch",
    "Somebody else signed",
    "The signature is valid, and its certificate names another identity than the signer asks for. The whole name is "
    "compared, letter by letter, on both sides of each `@`.",
    "If the name in the message is the right one, put it into the rule file. Otherwise sign in the workflow, on the "
    "branch or tag, that the rule file names.",
)
ISSUER = Reason(
    "issuer-mismatch",
    "Another identity provider vouched for the signer",
    "The certificate's OIDC issuer is not the one that the signer asks for. The same name from another provider is "
    "somebody else.",
    "Compare the issuer in the message with the one in the rule file, to the last letter.",
)
ISSUER_AMBIGUOUS = Reason(
    "issuer-ambiguous",
    "The certificate names two identity providers, or none",
    "Fulcio writes the issuer into a certificate in an old and in a new form. Here they differ or both are missing, so "
    "two verifiers would see two different signers.",
    "Ask who runs the certificate authority: it should not issue such certificates.",
)
CLAIM = Reason(
    "claim-mismatch",
    "The certificate claims something else about the build",
    "The signer asks for a claim of the certificate (source repository, ref, trigger, runner …) with a certain value, "
    "and this certificate has another one.",
    "If the value in the message is right, put it into the rule file. Otherwise sign in the build that is meant.",
)
CLAIM_MISSING = Reason(
    "claim-missing",
    "The certificate lacks a claim that the signer asks for",
    "Which claims a certificate has depends on the identity provider: an e-mail identity has none about a repository.",
    "Remove the claim from the rule file, or sign in a CI job, whose certificates have it.",
)
PATTERN = Reason(
    "identity-pattern-timeout",
    "A pattern took too long",
    "Comparing the certificate's name with a regular expression of the signer was stopped, so nobody knows whether it "
    "matches.",
    "Write the pattern without nested repetitions, or as a glob.",
)
NOT_SIGNED = Reason(
    "certificate-signature-invalid",
    "The certificate's key did not make the signature",
    "The signature does not verify with the key of the certificate that comes with it: the signature, the certificate "
    "or what is signed was exchanged.",
    _SIGN_AGAIN,
)
ROOT_EXPIRED = Reason(
    "trusted-root-expired",
    "The trusted root file is too old",
    "The file says until when what it holds is to be believed, or the signer says how old it may be "
    "(`trust-max-age`). After that, keys could have been withdrawn without anybody here knowing.",
    "Run `gate trust update` and commit the file that it writes.",
)
