"""How sources are reached: the environment and options of the command line, turned into values.

The environment is read here and nowhere else. None of it selects rules, waivers, trust, platform or
time (S27); docs/environment.md lists the variables.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import InvalidReference, UsageError
from gate.rooms import load, names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gate.cli._world import World
    from gate.source import Source

__all__ = ["opener"]

#: A bundle of certificates is a few hundred KiB.
_MOST_CA_BYTES: Final = 8 * 1024 * 1024


def opener(arguments: argparse.Namespace, world: World) -> Callable[[str], Source]:
    """Give the function that opens the source of one image as typed.

    It raises `UsageError` for a text that is no reference: told before any image is judged.
    """
    local = {name: load("sources", name) for name in names("sources") if name != "registry"}
    schemes = {module.SCHEME: module for module in local.values()}
    registry = _registry_opener(arguments, world)

    def open_source(image: str) -> Source:
        scheme, colon, rest = image.partition(":")
        try:
            if colon and scheme in schemes:
                return schemes[scheme].open_source(rest)  # type: ignore[no-any-return]
            return registry(image)
        except InvalidReference as error:
            raise UsageError(str(error)) from error

    return open_source


def _registry_opener(arguments: argparse.Namespace, world: World) -> Callable[[str], Source]:
    def open_registry(image: str) -> Source:
        from gate.oci.reference import Reference
        from gate.sources.registry import Registry
        from gate.sources.registry.settings import Surroundings

        reference = Reference.parse(image)
        home = world.environ.get("HOME") or world.environ.get("USERPROFILE")
        settings = Surroundings(world.environ, Path(home) if home else None).settings(
            registry_ca=_certificates(arguments.registry_ca),
            plain_http=arguments.plain_http,
            trust_realm=arguments.trust_realm,
            seconds=arguments.timeout,
            offline=arguments.offline,
        )
        return Registry(reference, settings)

    return open_registry


def _certificates(path: str | None) -> bytes:
    from gate.cli._inputs import read_bounded

    if not path:
        return b""
    content = read_bounded(path, _MOST_CA_BYTES)
    if isinstance(content, str):
        raise UsageError(f"--registry-ca: {content}")
    return content
