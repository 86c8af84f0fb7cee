"""Why a signature of Notation does not count."""

from __future__ import annotations

from gate.finding import Reason

__all__ = [
    "ALGORITHM", "ATTRIBUTE", "CERTIFICATE", "CERTIFICATE_TIME", "EXPIRED", "FORGED", "IDENTITY", "MALFORMED",
    "METADATA", "NO_POLICY", "OTHER_ARTIFACT", "PLUGIN", "REVOCATION", "SKIPPED", "TIMESTAMP", "UNTRUSTED",
]  # fmt: skip

MALFORMED = Reason(
    "notation-malformed",
    "A Notation signature cannot be read",
    "Something that is stored as a Notation signature is not in the form that Notation writes: a JWS in another form "
    "than the flattened one, CBOR that can be read in several ways, a missing or unknown part, a broken certificate.",
    "Sign the image again with a current notation. Remove what is broken: it never counts.",
)
FORGED = Reason(
    "notation-signature-invalid",
    "The certificate in the signature did not make it",
    "The signature does not verify with the key of its own certificate: the signature, the header or the payload was "
    "changed after signing.",
    "Sign the image again. If it happens again, look at what copies or rewrites the signatures.",
)
ALGORITHM = Reason(
    "notation-algorithm",
    "The signature names another algorithm than its key has",
    "With Notation the key decides the algorithm: RSA signs with PSS, and the size of the key decides the hash. "
    "A signature that names another one was not made by Notation.",
    "Sign the image again with a current notation.",
)
ATTRIBUTE = Reason(
    "notation-critical-attribute",
    "The signature demands something that is not understood, or does not demand what it has to",
    "A signature lists the attributes that every verifier has to understand (`crit`). This one lists an unknown one, "
    "or leaves out one that has to be there: the signing scheme, an expiry, a signing time that is relied on.",
    "Sign the image again with a current notation and without further attributes.",
)
PLUGIN = Reason(
    "notation-plugin",
    "The signature can be verified by a plug-in only",
    "The signature says that a verification plug-in of its maker has to be asked "
    "(`io.cncf.notary.verificationPlugin`). The gate runs no plug-ins, so whether the signature is good cannot be "
    "told.",
    "Sign with a key or plug-in that needs no verification plug-in, or let another signer vouch.",
)
CERTIFICATE = Reason(
    "notation-certificate",
    "The certificate may not sign images",
    "The certificates in the signature are not a chain as Notation wants it: complete and in order up to a root, "
    "authorities marked as such, the signer's for digital signatures and code signing only, strong algorithms "
    "throughout.",
    "Let the authority issue a certificate for code signing, and sign with it and its whole chain.",
)
UNTRUSTED = Reason(
    "notation-untrusted",
    "The certificate is not from a trust store of the signer",
    "The signature is intact, and no certificate of its chain is in the trust stores that the rule file gives the "
    "signer for this signing scheme. Somebody else signed.",
    "Sign with a certificate that one of the authorities issued. If the authority changed, add its certificate to "
    "`trust-stores:`.",
)
IDENTITY = Reason(
    "notation-identity",
    "The certificate belongs to somebody else",
    "An authority that is trusted issued the certificate, but to another subject than the identities that the signer "
    "accepts. The message shows the subject; every attribute of an identity has to be in it, with equal text.",
    "Sign as the identity that the rule file names, or correct `identities:` (or `trustedIdentities` in the trust "
    "policy).",
)
CERTIFICATE_TIME = Reason(
    "notation-certificate-expired",
    "A certificate was not valid when it mattered",
    "A certificate of the chain had expired, or was not valid yet, at the time that counts: now, or the time that a "
    "timestamp authority or a signing authority vouches for. What the signer wrote as signing time counts for nothing.",
    "Sign again with a current certificate. To let signatures outlive their certificates, sign with a timestamp "
    "(`notation sign --timestamp-url …`) and give the authority's root as a `tsa:` trust store.",
)
TIMESTAMP = Reason(
    "notation-timestamp",
    "The timestamp is missing or does not hold",
    "The signer has a trust store for timestamp authorities, so a signature needs a timestamp. This one has none, or "
    "one that is over other bytes, or by an authority that is not in the store.",
    "Sign with `notation sign --timestamp-url … --timestamp-root-cert …`, or say `timestamps: after-expiry` to need "
    "one only once a certificate has expired.",
)
EXPIRED = Reason(
    "notation-expired",
    "The signature has expired",
    "Who signed gave the signature an end (`notation sign --expiry`), and it has passed.",
    "Sign the image again.",
)
OTHER_ARTIFACT = Reason(
    "notation-of-other-artifact",
    "The signature is for another image",
    "What was signed names media type, size and digest of an artifact, and they are not all this image's. Somebody "
    "attached the signature of one image to another one.",
    "Sign this digest if it is the one you want to ship. Find out who attached the other signature.",
)
METADATA = Reason(
    "notation-metadata",
    "The signature does not hold the metadata that the signer asks for",
    "The rule file asks for metadata inside the signature (`notation sign --user-metadata key=value`). This signature "
    "lacks some or has another value.",
    "Sign with the metadata that the rule file asks for, or correct `metadata:` of the signer.",
)
REVOCATION = Reason(
    "notation-revocation",
    "Whether a certificate was revoked is not checked",
    "A certificate of the chain names a place where its authority publishes what it revoked (OCSP or a list). The gate "
    "asks nobody while it judges, so it cannot tell; Notation's level `strict` would ask.",
    "If you accept that, say `revocation: not-checked` for the signer: the report then says so every time. To stop "
    "trusting a certificate, take its authority or identity out of the rule file.",
)
NO_POLICY = Reason(
    "notation-no-policy",
    "The signer does not vouch for this repository",
    "No policy in the trust policy file has this repository among its `registryScopes`, or the rule file gives the "
    "signer other `images:`. A signature that Notation made holds no name, so the repository the image is in decides.",
    "Add the repository to the scopes of a policy, or to `images:` of the signer. Layouts and archives have no "
    "repository: only the scope `*` or `any-image: true` fits them.",
)
SKIPPED = Reason(
    "notation-policy-skips",
    "The trust policy verifies nothing for this repository",
    "The policy for this repository has the level `skip`, which means that Notation accepts every image without "
    "looking at a signature. Nothing is proven by that, so nothing counts.",
    "Give the policy trust stores, identities and the level `strict`, or take the rule away for this repository.",
)
