"""The environment variables that the gate reads: none of them decides (S27). docs/environment.md says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VARIABLES", "were_set"]

#: Name → what it changes: where credentials, certificates' folders and proxies are found, how output looks,
#: or which CI system is told.
VARIABLES: Final = {
    "COLUMNS": "the width of the terminal report",
    "DOCKER_AUTH_CONFIG": "credentials, as docker and GitLab runners have them",
    "DOCKER_CONFIG": "the folder of docker's config.json",
    "GITHUB_ACTIONS": "with --ci auto: GitHub is recognised, if `true`",
    "GITHUB_OUTPUT": "with --ci github: the file that outputs are added to",
    "GITHUB_STEP_SUMMARY": "with --ci github: the file that the summary is added to",
    "GITLAB_CI": "with --ci auto: GitLab is recognised, if `true`",
    "HOME": "where the credential files of docker and podman are",
    "HTTPS_PROXY": "the proxy for HTTPS",
    "HTTP_PROXY": "the proxy for plain HTTP",
    "ALL_PROXY": "the proxy for both",
    "NO_COLOR": "no colour, if set to anything",
    "NO_PROXY": "hosts that are reached without a proxy",
    "PATH": "where credential helpers and git are",
    "REGISTRY_AUTH_FILE": "the one credential file to read, as podman has it",
    "TF_BUILD": "with --ci auto: Azure Pipelines is recognised, if `True`",
    "TERM": "no colour and no progress, if `dumb`",
    "USERPROFILE": "the same as HOME, on Windows",
    "XDG_CONFIG_HOME": "the folder of podman's auth.json and of certs.d",
    "XDG_RUNTIME_DIR": "the folder of podman's auth.json",
    "all_proxy": "the same as ALL_PROXY",
    "http_proxy": "the same as HTTP_PROXY",
    "https_proxy": "the same as HTTPS_PROXY",
    "no_proxy": "the same as NO_PROXY",
}


def were_set(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Give the names that are set, sorted; never their values."""
    return tuple(sorted(name for name in VARIABLES if environ.get(name)))
