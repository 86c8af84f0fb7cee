"""What was left in an image that looks like a secret: in its environment and in its history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gate.checks.image.findings import bounded, finding, show
from gate.finding import Finding, Reason
from gate.formats.secrets import Secret, find_in_text, find_in_variable
from gate.printable import clip

if TYPE_CHECKING:
    from gate.oci.config import Config
    from gate.pattern import Glob

__all__ = ["judge_label_secrets", "judge_secrets"]

SECRET_IN_ENVIRONMENT = Reason(
    "secret-in-environment",
    "An environment variable of the image looks like a secret",
    "The variable's name says that it holds a secret, or its value has the form of a well-known credential. "
    "Everybody who can pull the image can read it. The value is never shown, only its length.",
    "Take it out of the image, replace the secret (it has been published), and pass it in when the container "
    "starts. If it is no secret, add the name to `allow-variables`.",
)
SECRET_IN_HISTORY = Reason(
    "secret-in-history",
    "A build step of the image looks like it contains a secret",
    "The config keeps every build step as text, with the values of build arguments. One of them has a name that "
    "says it is a secret, or holds the form of a well-known credential. Deleting it in a later step does not help.",
    "Replace the secret (it has been published), and use a secret mount (`RUN --mount=type=secret,…`) instead of a "
    "build argument. If it is no secret, add the name to `allow-variables`.",
)
SECRET_IN_LABEL = Reason(
    "secret-in-label",
    "A label of the image looks like a secret",
    "The label's key says that it holds a secret, or its value has the form of a well-known credential, such as a URL "
    "with a password in it. Everybody who can pull the image can read it. The value is never shown, only its length.",
    "Take it out of the label and replace the secret: it has been published. If it is no secret, add the key to "
    "`allow-variables`.",
)


def judge_label_secrets(config: Config, allowed: tuple[Glob, ...]) -> Iterable[Finding]:
    """Give what looks like a secret among the labels."""
    secrets = [secret for item in sorted(config.labels.items()) if (secret := find_in_variable(*item)) is not None]
    yield from bounded(secrets, lambda secret: any(glob.matches(secret.name) for glob in allowed), _in_label)


def judge_secrets(config: Config, allowed: tuple[Glob, ...], *, environment: bool, history: bool) -> Iterable[Finding]:
    """Give what looks like a secret; a variable that stands in the environment is not named again for its step."""

    def is_allowed(secret: Secret) -> bool:
        return bool(secret.name) and any(glob.matches(secret.name) for glob in allowed)

    named = set()
    if environment:
        secrets = [secret for entry in config.env if (secret := find_in_variable(*_split(entry))) is not None]
        named = {secret.name for secret in secrets}
        yield from bounded(secrets, is_allowed, _in_environment)
    if history:
        steps = [
            (number, secret)
            for number, step in enumerate(config.history, 1)
            for secret in (*find_in_text(step.created_by), *find_in_text(step.comment))
            if not secret.name or secret.name not in named
        ]
        yield from bounded(steps, lambda step: is_allowed(step[1]), _in_history)


def _split(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value


def _in_environment(secret: Secret) -> Finding:
    name = show(secret.name)
    got = f"{name}, {secret.length} characters"
    what = f"the variable {name} looks like {secret.kind}"
    return finding(SECRET_IN_ENVIRONMENT, what, "no secret in the environment", got, variable=clip(secret.name))


def _in_label(secret: Secret) -> Finding:
    name = show(secret.name)
    got = f"{name}, {secret.length} characters"
    what = f"the label {name} looks like {secret.kind}"
    return finding(SECRET_IN_LABEL, what, "no secret in the labels", got, label=clip(secret.name))


def _in_history(found: tuple[int, Secret]) -> Finding:
    number, secret = found
    name = show(secret.name)
    where = f"{name} in build step {number}" if name else f"something in build step {number}"
    got = f"{name or secret.kind}, {secret.length} characters"
    about = {"variable": clip(secret.name)} if name else {"step": str(number), "kind": secret.kind}
    return finding(SECRET_IN_HISTORY, f"{where} looks like {secret.kind}", "no secret in the history", got, **about)
