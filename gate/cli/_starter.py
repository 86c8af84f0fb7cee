"""The rule file that `gate init` writes: what an image already keeps is enforced, what it does not keep warns."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.cli._inputs import read_bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

__all__ = ["PLAIN", "Candidate", "Key", "candidates", "keys_in", "written"]

#: Labels that are worth keeping once an image has them, and the format of their values.
_LABELS: Final = {
    "maintainer": "email",
    "org.opencontainers.image.created": "rfc3339",
    "org.opencontainers.image.licenses": "spdx",
    "org.opencontainers.image.revision": "git-commit",
    "org.opencontainers.image.source": "url",
    "org.opencontainers.image.title": "any",
    "org.opencontainers.image.version": "semver",
}
#: Without an image nothing is known about its labels; these two are asked for most.
_USUAL: Final = ("org.opencontainers.image.revision", "org.opencontainers.image.source")

#: A public key is a few hundred bytes.
_MOST_KEY_BYTES: Final = 16 * 1024
_MOST_KEYS: Final = 5
_PLACES: Final = ("*.pub", "*.pem", "keys/*.pub", "keys/*.pem", ".cosign/*.pub", ".github/*.pub")

#: Names that mean nothing to YAML, to a shell or to a rule file.
PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]{1,200}", re.ASCII)

_HEAD: Final = """\
# What may go on. A start, written by `gate init`: read it, and make it yours.
#   gate rules lint {path}                  is it right?
#   gate rules explain --rules {path} RULE  what does one rule ask for?
gate: 1
"""
_SCANNER: Final = """\

  # Once the pipeline scans what it pushed (`trivy image --format json --output trivy.json IMAGE`) and hands the report
  # over with --report:
  #
  # no-fixable-critical:
  #   check: vulnerabilities
  #   fail-at: critical
  #   only-fixed: true
  #   report: {max-age: 24h}
"""
_SIGNER: Final = """\

  # Once the pipeline signs what it pushed, name who may sign (docs/signers) and ask for it:
  #
  # signed: {check: signature, signed-by: release}
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key in the repository, and the name of the signer that it would be."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that might be written; candidates of one `group` exclude each other, the first that holds is taken."""

    name: str
    body: tuple[str, ...]
    why: str
    group: str = ""
    label: str = ""


def keys_in(folder: Path) -> tuple[Key, ...]:
    """Give the public keys that lie where people put them."""
    found: dict[str, Key] = {}
    for place in _PLACES:
        for file in sorted(folder.glob(place)):
            content = read_bounded(str(file), _MOST_KEY_BYTES)
            path = file.relative_to(folder).as_posix()
            is_plain = PLAIN.fullmatch(path) is not None and not file.is_symlink()
            if isinstance(content, bytes) and content.strip().startswith(b"-----BEGIN PUBLIC KEY-----") and is_plain:
                found[path] = Key(path, f"key-{len(found) + 1}" if found else "release")
    return tuple(found.values())[:_MOST_KEYS]


def candidates(keys: Sequence[Key], *, is_known: bool) -> tuple[Candidate, ...]:
    """Give the rules to try; `is_known` if there is an image that says which labels it has."""
    versions = "A version or a commit says what is inside. A moving tag says only who pushed last."
    tags = (
        Candidate("version-tag", ("check: tag", "allow: [semver, git-commit]"), versions, "tag"),
        Candidate("version-tag-v", ("check: tag", "allow: [semver-v, git-commit]"), versions, "tag"),
        Candidate("dated-tag", ("check: tag", "allow: [calver, git-commit]"), versions, "tag"),
    )
    image = (
        Candidate("complete", ("check: complete",), "What is missing would be noticed first by who starts it."),
        Candidate(
            "not-root",
            ("check: image", "user: non-root"),
            "A process that runs as root and breaks out of its container is root outside.",
        ),
        Candidate(
            "no-secrets",
            ("check: image", "environment: no-secrets"),
            "Everybody who can pull an image can read its environment, for ever.",
        ),
    )
    signed = tuple(
        Candidate(
            "signed",
            ("check: signature", f"signed-by: {key.name}"),
            "Whoever can push to the registry can push anything. Only who has the key can sign.",
            "signed",
        )
        for key in keys
    )
    return (*signed, *tags[: len(tags) if is_known else 1], *image, *_label_candidates(_LABELS if is_known else _USUAL))


def _label_candidates(labels: Iterable[str]) -> Iterator[Candidate]:
    for label in labels:
        name = "label-" + label.rpartition(".")[2]
        body = ("check: labels", f"require: {{{label}: {_LABELS[label]}}}")
        yield Candidate(name, body, "", label=label)


def written(
    path: str, chosen: Sequence[Candidate], warns: Collection[str], keys: Sequence[Key], repository: str
) -> str:
    """Give the rule file. Rules whose names are in `warns` do not hold today and have `level: warning`."""
    used = {line.removeprefix("signed-by: ") for one in chosen for line in one.body if line.startswith("signed-by: ")}
    blocks = [
        _HEAD.format(path=shlex.quote(path)),
        *_signers([key for key in keys if key.name in used], repository),
        "\nrules:\n",
    ]
    rules = [_rule(one, warns=one.name in warns) for one in chosen if not one.label]
    rules += _labels([one for one in chosen if one.label and one.name not in warns], "labels", warns=False)
    rules += _labels([one for one in chosen if one.label and one.name in warns], "labels-to-come", warns=True)
    return "".join(blocks) + "\n".join(rules) + ("" if used else _SIGNER) + _SCANNER


def _signers(keys: Sequence[Key], repository: str) -> Iterator[str]:
    if not keys:
        return
    yield "\nsigners:\n"
    for key in keys:
        where = f"images: [{json.dumps(repository)}]" if repository else "any-image: true # better: images: […]"
        yield f"  {key.name}:\n    kind: cosign-key\n    key: {json.dumps(key.path)}\n"
        yield f"    log: none # or `required`, if the signatures are in a transparency log\n    {where}\n"


def _rule(one: Candidate, *, warns: bool) -> str:
    level = ("level: warning # does not hold today: remove this line once it does",) if warns else ()
    why = (f"why: {json.dumps(one.why)}",) if one.why else ()
    return f"  {one.name}:\n" + "".join(f"    {line}\n" for line in (*one.body, *level, *why))


def _labels(found: Sequence[Candidate], name: str, *, warns: bool) -> list[str]:
    """Give one rule for several labels."""
    if not found:
        return []
    body = ("check: labels", "require:", *(f"  {one.label}: {_LABELS[one.label]}" for one in found))
    why = "When it breaks at night, somebody has to find out what it is and where it comes from."
    return [_rule(Candidate(name, body, why), warns=warns)]
