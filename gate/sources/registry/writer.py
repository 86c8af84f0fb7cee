"""Writing a tag: the one request of the gate that changes anything (distribution-spec, "Pushing Manifests").

The manifest's exact bytes are put under the tag, so the digest stays what it is. The request is repeated where the
registry was busy or the connection broke: the same bytes a second time change nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gate.oci.reference import is_tag
from gate.printable import clip
from gate.source import MOST_MANIFEST_BYTES, Put, PutAnswer
from gate.sources.registry.answers import look_of
from gate.sources.registry.client import Wanted
from gate.sources.registry.errors import status_trouble
from gate.sources.registry.reasons import CREDENTIAL_HELPER, CREDENTIALS_REFUSED, DENIED, REALM_REFUSED, UNAUTHORIZED
from gate.sources.registry.token import PULL_AND_PUSH
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from gate.sources.registry.questions import Questions

__all__ = ["put_tag"]

_GOOD: Final = range(200, 300)
_REFUSALS: Final = range(300, 500)
#: Harbor says 412 `PRECONDITION`, Quay 409 `TAG_ALREADY_EXISTS`.
_CONFLICTS: Final = frozenset({"409", "412"})
#: Amazon: 400, "already exists … cannot be overwritten because the repository is immutable". Azure: 405, "The operation
#: is disallowed on this registry, repository or image". Docker Hub: 403. Google and Alibaba: in such words as well.
_WORDS: Final = re.compile(r"immutable|already exists|cannot be overwritten|operation is disallowed", re.IGNORECASE)
_NOT_LET: Final = frozenset({CREDENTIALS_REFUSED, CREDENTIAL_HELPER, DENIED, REALM_REFUSED, UNAUTHORIZED})


def put_tag(questions: Questions, tag: str, content: bytes, media_type: str) -> Put:
    """Put a manifest under a tag, with a token that may push."""
    if not is_tag(tag):
        msg = f"{clip(tag)!r} is not a tag"
        raise RuntimeError(msg)
    path = questions.repository.path
    wanted = Wanted(
        f"/v2/{path}/manifests/{tag}", path, MOST_MANIFEST_BYTES, "application/json", "PUT",
        headers=(("Content-Type", media_type),), elsewhere=False, content=content, actions=PULL_AND_PUSH,
    )  # fmt: skip
    try:
        answer = questions.client.get(wanted)
    except Trouble as trouble:
        return _not_taken(trouble)
    if answer.status in _GOOD:
        return Put(PutAnswer.TAKEN, look_of(answer))
    return _not_taken(status_trouble(answer, "the registry"))


def _not_taken(trouble: Trouble) -> Put:
    """Sort what is no success by status and words: only an error of the request says that nothing was written."""
    from gate.evidence import Look

    look = Look(trouble.where, trouble.status)
    # What the registry itself says stands behind the first colon with a space; its host name does not count.
    immutable = trouble.status in _CONFLICTS or _WORDS.search(trouble.detail.partition(": ")[2]) is not None
    refused = trouble.status.isdigit() and int(trouble.status) in _REFUSALS and not trouble.retries
    if refused and immutable:
        return Put(PutAnswer.IMMUTABLE, look, trouble.detail)
    if trouble.reason in _NOT_LET:
        return Put(PutAnswer.DENIED, look, trouble.detail)
    return Put(PutAnswer.REFUSED if refused else PutAnswer.UNCLEAR, look, trouble.detail)
