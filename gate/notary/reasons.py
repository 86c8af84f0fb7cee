"""Why trust data of a Notary server does not count: the reasons of content trust."""

from __future__ import annotations

from typing import Final

from gate.finding import Reason

__all__ = [
    "ALGORITHM", "CERTIFICATE", "CHAIN", "DISAGREE", "EXPIRED", "GONE", "MALFORMED", "MISMATCH", "NAME",
    "NO_REPOSITORY", "NO_TAG", "OTHER_DIGEST", "PATH", "ROLLBACK", "THRESHOLD", "UNPINNED", "UNSIGNED",
]  # fmt: skip

UNSIGNED: Final = Reason(
    "trust-tag-unsigned",
    "The tag is not signed in the trust data",
    "The repository has valid trust data, and the roles that the signer reads do not name this tag. With `roles`, "
    "every role listed has to name it.",
    "Sign the tag: `docker trust sign REPOSITORY:TAG`, or `notary addhash` and `notary publish`. If another role signs "
    "it, correct `roles` of the signer.",
)
OTHER_DIGEST: Final = Reason(
    "trust-tag-other-digest",
    "The tag is signed for another digest",
    "The trust data is valid and says which digest the tag stands for, and the registry's tag points to another one. "
    "Either the image was pushed again and not signed, or somebody moved the tag.",
    "If the image in the registry is the right one, sign the tag again. If it is not, find out who moved the tag, and "
    "push the signed image again.",
)
DISAGREE: Final = Reason(
    "trust-roles-disagree",
    "Two roles sign the tag for different digests",
    "Every role that the signer lists has to name the same digest for the tag, and two of them name different ones.",
    "Let every role sign the image that is to go on.",
)
PATH: Final = Reason(
    "trust-delegation-path",
    "A delegation names a tag that it may not speak about",
    "A delegation is given paths: the beginnings of the tags it may sign. Its file names the tag under judgement, "
    "which begins otherwise. Such an entry never counts, and no other role takes its place.",
    "Give the delegation the path (`notary delegation add … --paths`), or sign the tag with a role that may.",
)
UNPINNED: Final = Reason(
    "trust-root-unpinned",
    "The root of the trust data is not one that is pinned",
    "The repository's root is signed by keys that the rule file does not name, and no chain of roots leads there from "
    "one that it does. Whoever can write to the trust server could make such a root, so it is never trusted because it "
    "was seen first.",
    "If the root key was exchanged on purpose, put the new key id (`notary key list`, `docker trust inspect --pretty`) "
    "into `root-keys`. If not, do not use the image, and look at the trust server.",
)
CHAIN: Final = Reason(
    "trust-root-chain",
    "The chain from the pinned root to the current one is broken",
    "Roots are exchanged step by step: each new version has to be signed by the keys of the one before and by its own. "
    "A version is missing, or was not signed so.",
    "Let the owner of the root key publish the missing version, or pin the current root after asking the owner for its "
    "key id.",
)
NAME: Final = Reason(
    "trust-root-name",
    "The root belongs to another repository",
    "The certificate of a root key names the repository it was made for, and it is not this one. A server could hand "
    "out one repository's trust data for another's; that is noticed here, also where the same key signs both.",
    "Initialise the trust data of this repository under its own full name (`docker.io/library/app`, not `app`).",
)
CERTIFICATE: Final = Reason(
    "trust-root-certificate",
    "The certificate of the root key does not hold",
    "The root key comes in a certificate that has expired, is not valid yet, is an authority's instead of a leaf's, or "
    "is signed with a broken hash; or the root key has no certificate at all.",
    "Make a new certificate for the root key: `notary key rotate REPOSITORY root`.",
)
THRESHOLD: Final = Reason(
    "trust-threshold",
    "Too few keys of a role signed its file",
    "The root, or the role above, says which keys may sign for a role and how many of them have to. Fewer did. Keys of "
    "other roles do not count, and a key counts once however many names it has.",
    "Let the role's keys sign again (`notary witness`, `notary publish`). If nobody changed the keys, the file was "
    "tampered with.",
)
EXPIRED: Final = Reason(
    "trust-expired",
    "The trust data has expired",
    "Every file of trust data has a day after which it says nothing. That keeps a server from showing old data for "
    "ever: the timestamp lasts about two weeks and is made again by the server, the others last years.",
    "A timestamp: see that the trust server is running and asked directly, not through a cache. The others: sign again "
    "with the role's key (`notary witness REPOSITORY ROLE --publish`).",
)
ROLLBACK: Final = Reason(
    "trust-rollback",
    "The trust data is older than what was seen before",
    "A file of trust data has a lower version than the state file or `least-versions` of the signer says. A server "
    "that shows old data could bring back a tag's old, vulnerable image.",
    "Look at the trust server and at what lies between. If it was restored from a backup, publish again, so that "
    "versions rise.",
)
MISMATCH: Final = Reason(
    "trust-data-mismatch",
    "A file of trust data is not the one that was signed for",
    "The timestamp gives hash and length of the snapshot, the snapshot those of every other file. What the server sent "
    "has others.",
    "Publish the trust data again. If it happens again, the server or something between changes what it stores.",
)
GONE: Final = Reason(
    "trust-data-gone",
    "A file of trust data is signed for and not there",
    "The signed snapshot names a file which the server says it does not have. It is not taken for a file that never "
    "was: that would let a server hide what a role says.",
    "Publish the trust data again, or see what removed files from the server.",
)
MALFORMED: Final = Reason(
    "trust-data-malformed",
    "The trust data cannot be read",
    "What the trust server sent is not metadata as Notary writes it: broken JSON, a missing part, the wrong kind of "
    "file, or a key under an id that is not its own.",
    "See that the address is that of a Notary server of the first generation (Docker Content Trust). Publish the trust "
    "data again with a current notary.",
)
ALGORITHM: Final = Reason(
    "trust-algorithm",
    "The trust data is signed in a way that cannot be checked",
    "A key or a signature is of a kind that the gate does not know, and without it too few keys signed. Whether the "
    "tag is signed can therefore not be told.",
    "Use ECDSA, RSA or Ed25519 keys, as notary and docker make them.",
)
NO_TAG: Final = Reason(
    "trust-no-tag",
    "Content trust signs tags, and the image was named by its digest alone",
    "Trust data says which digest a tag stands for. Without a tag there is nothing to look up, so whether the image is "
    "signed cannot be told.",
    "Name the image with its tag, or with both: `registry.example.com/app:1.4.2@sha256:…`.",
)
NO_REPOSITORY: Final = Reason(
    "trust-no-repository",
    "Content trust needs the repository's name, and this image has none",
    "Trust data is kept under the name of the repository. A layout or an archive on disk has no such name.",
    "Judge the image in its registry, or leave this rule out for images on disk (`--only` while writing rules, `for:` "
    "in the rule file).",
)
