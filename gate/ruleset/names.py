"""Names in rule files: of rules, signers and repositories (S26, S29)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["NAME", "is_name", "repository_glob_problem"]

#: Rule and signer names: ASCII, so that two that look alike are alike (S29); short, as they stand in every report.
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

#: Other spellings of Docker Hub; names are folded to `docker.io` before globs are compared (S26).
_HUB_ALIASES: Final = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


def is_name(text: str) -> bool:
    """Tell whether `text` can name a rule or a signer."""
    return NAME.fullmatch(text) is not None


def repository_glob_problem(text: str) -> str | None:
    """Say why a glob over repository names could never match, or give None.

    Globs are compared with the normalised name (`docker.io/library/nginx`). One that can never match
    would silently take a rule out of force.
    """
    host, slash, path = text.partition("/")
    if text.startswith("*"):
        return _repository_path_problem(path)
    if not slash:
        return f"{text!r} names no registry: names are compared in full, as docker.io/library/nginx or ghcr.io/acme/**"
    if "." not in host and ":" not in host and host != "localhost" and "*" not in host:
        return f"{host!r} is no registry: names are compared in full, as docker.io/{text}"
    if host in _HUB_ALIASES:
        return f"{host!r} is another name of Docker Hub: names are compared after folding it to docker.io"
    if host.endswith(":443"):
        return f"{host!r}: names are compared without the default port, write {host.removesuffix(':443')}"
    if host != host.lower():
        return f"{host!r}: names are compared with the host in lower case"
    return _repository_path_problem(path)


def _repository_path_problem(path: str) -> str | None:
    if "@" in path:
        return "a repository has no digest: take away everything from @ on"
    if ":" in path:
        return "a repository has no tag: take it away (a rule may say `for: {tags: […]}`)"
    if path != path.lower():
        return "repository names are lower case: this glob could never match"
    return None
