"""Why something that hangs on an image does not count: the reasons that every signer gives in the same words."""

from __future__ import annotations

from gate.finding import Reason

__all__ = [
    "AMBIGUOUS", "ANNOTATIONS", "ATTACHED_GONE", "ATTACHED_MALFORMED", "ATTACHED_MISMATCH", "ATTESTATION",
    "CONTRADICTS", "ED25519PH", "INVALID", "KEY_EXPIRED", "KEY_NOT_YET_VALID", "KEY_REVOKED", "MALFORMED",
    "MESSAGE_SIGNATURE", "NEWER_BUNDLE", "NO_NAME", "OTHER_IMAGE", "OTHER_KEY", "OTHER_NAME", "OTHER_SUBJECT",
    "WRONG_TYPE",
]  # fmt: skip

ATTACHED_GONE = Reason(
    "attached-gone",
    "Something is listed as attached to the image, and is not there",
    "The registry lists a manifest or blob that hangs on the image, and answers that it does not exist when asked for "
    "it. A clean-up that removed half of a signature leaves such traces.",
    "Sign the image again. If the registry is a mirror, see that it copies referrers and their blobs too.",
)
ATTACHED_MISMATCH = Reason(
    "attached-mismatch",
    "Something attached to the image is not what its descriptor says",
    "A descriptor names digest, size and media type of what it points at. What came back has another one, so it is "
    "not what was attached.",
    "Sign the image again. If it happens again, the registry or something between changes what it stores.",
)
ATTACHED_MALFORMED = Reason(
    "attached-malformed",
    "Something attached to the image cannot be read",
    "A manifest or file where a signature is kept has another shape than the tools that write signatures give it: "
    "broken JSON, no layer or several, or another kind of document.",
    "If you attached it, attach it with a current cosign. If you do not know it, remove it: it never counts.",
)
OTHER_SUBJECT = Reason(
    "referrer-of-other-image",
    "A referrer in the list belongs to another image",
    "The list of what refers to this image contains a manifest whose `subject` is another digest, or that has none. "
    "It is never taken for this image's.",
    "Nothing has to be done if a signature of this image is there as well. Otherwise sign this digest.",
)
OTHER_KEY = Reason(
    "signature-other-key",
    "The image is signed, but not by this key",
    "There is a signature, and the signer's key did not make it. It was made with another key or with a certificate, "
    "or it was changed afterwards. The message names the key that the signature itself points at, which is a hint that "
    "nobody signed.",
    "Sign the digest with the key that the rule names (`cosign sign --key …`). If the key was exchanged, put the new "
    "public key into the rule file.",
)
INVALID = Reason(
    "signature-invalid",
    "The signature names this key, but does not verify with it",
    "The signature says that the signer's key made it, and the key says that it did not: the signature, or what is "
    "signed, was changed after signing.",
    "Sign the image again. If it happens again, look at what copies or rewrites the signatures.",
)
MALFORMED = Reason(
    "signature-malformed",
    "A signature cannot be read",
    "Something that is stored as a signature is not in the form that cosign writes: broken base64 or JSON, a missing "
    "part, several signatures where one belongs, or unknown members in a place where everything has to be understood.",
    "Sign the image again with a current cosign. Remove what is broken: it never counts.",
)
AMBIGUOUS = Reason(
    "signature-ambiguous",
    "A signature can be read in two ways",
    "The JSON of a signature has the same key twice, or two keys that some readers take for the same "
    "(`Payload` and `payload`). Different tools would see different things in it, so the gate does not choose one.",
    "Sign the image again, and remove this signature. No usual tool writes such JSON: find out who put it there.",
)
WRONG_TYPE = Reason(
    "signature-wrong-type",
    "What the key signed is not a cosign image signature",
    "The key made this signature, but what it signed says that it is something else: another type of payload or of "
    "statement. Signing one thing is no consent to another.",
    "Sign the image itself with `cosign sign --key …`.",
)
ATTESTATION = Reason(
    "attestation-not-signature",
    "The image carries an attestation, which is not a signature",
    "An attestation says something about an image (what is in it, how it was built, what a scan found, perhaps that a "
    "test failed). It does not say that the image may go on, so it never counts as a signature. `cosign verify` of "
    "version 3 does count it.",
    "Sign the image as well: `cosign sign --key …`.",
)
OTHER_IMAGE = Reason(
    "signature-of-other-image",
    "The signature is for another image",
    "The key made this signature, but for another digest. Somebody attached the signature of one image to another one.",
    "Sign this digest if it is the one you want to ship. Find out who attached the other signature.",
)
CONTRADICTS = Reason(
    "signature-contradicts-itself",
    "The signature names digests that cannot belong to the same image",
    "What was signed gives several digests for one image, and only some of them are this image's. Two readers that "
    "look at different ones would see two different images.",
    "Sign the image again with `cosign sign`, which writes one digest.",
)
OTHER_NAME = Reason(
    "signature-for-other-name",
    "The image was signed under another name",
    "A signature of cosign's older storage records the name that the image had when it was signed. It is not one that "
    "the signer may vouch for (`images:`), or not the name of this image: a signed image was copied to another "
    "repository, or an old release was given a new tag.",
    "Sign the image under the name it has now. If copies are meant to count, write `any-image: true` for the signer, "
    "which lets its signature vouch for the digest under every name.",
)
NO_NAME = Reason(
    "signature-without-name",
    "The signature does not say which image it was made for",
    "The signer may vouch for certain images only (`images:`). A Sigstore bundle made by `cosign sign` holds the "
    "digest and no name, so it cannot show that it was made for one of them.",
    "Write `any-image: true` for the signer instead of `images:`, or sign in the older storage as well "
    "(`cosign sign --new-bundle-format=false`), which records the name.",
)
ANNOTATIONS = Reason(
    "signature-annotation-mismatch",
    "The signature does not hold the annotations that the signer asks for",
    "The rule file asks for annotations inside the signature (`cosign sign -a key=value`). This signature lacks one or "
    "has another value, and only text that is equal counts.",
    "Sign with the annotations that the rule file asks for, or correct `annotations:` of the signer.",
)
KEY_EXPIRED = Reason(
    "key-expired",
    "The key is no longer accepted",
    "The signature is the key's, and the rule file accepts the key only up to a day that has passed (`valid-until`). A "
    "signature by a key alone carries no time that could be relied on, so the day of judging counts.",
    "Sign with the current key, or move `valid-until` if the key is still to be used.",
)
KEY_NOT_YET_VALID = Reason(
    "key-not-yet-valid",
    "The key is not accepted yet",
    "The signature is the key's, and the rule file accepts the key only from a later day on (`valid-from`).",
    "Sign with the key that is current today, or correct `valid-from`.",
)
KEY_REVOKED = Reason(
    "key-revoked",
    "The key was revoked",
    "The signature is the key's, and the rule file says that the key was revoked. Who holds a stolen key can date a "
    "signature as they like, so nothing that it signed counts from that day on, old signatures included.",
    "Sign the image again with the new key.",
)
MESSAGE_SIGNATURE = Reason(
    "signature-without-statement",
    "The bundle signs bytes without saying what for",
    "A bundle can hold a bare signature over some bytes, as `cosign sign-blob` makes it. It has no statement that says "
    "that an image was meant, so it does not count as the signature of an image.",
    "Sign the image with `cosign sign --key …`.",
)
ED25519PH = Reason(
    "signature-ed25519ph",
    "The signature may be of the kind Ed25519ph, which cannot be checked",
    "There are two kinds of Ed25519 signatures (RFC 8032): the pure one, and Ed25519ph, over a hash. The gate checks "
    "the pure one, which older cosign makes; cosign 3 signs images as Ed25519ph in both storages. This signature does "
    "not verify as pure Ed25519, so it is of the other kind, or another key made it: it cannot be told here.",
    "Sign with an ECDSA key (`cosign generate-key-pair` makes one), and put its public half into the rule file.",
)
NEWER_BUNDLE = Reason(
    "bundle-version",
    "The signature is in a version of the bundle format that is not known",
    "A Sigstore bundle says which version of the format it has. This one is of a version that the gate does not read "
    "yet, so it can say neither that it counts nor that it does not.",
    "Update the gate, or sign with a cosign that writes version 0.3.",
)
