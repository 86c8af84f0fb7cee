"""The rooms of the house: implementations found by module name inside this package (DESIGN section 3).

No list to edit and no entry points of other packages: what can decide a verdict is only what ships
here. A room is a plural package (`checks`, `signers`, `scanners`, `reports`); `load` imports one of its
modules when it is used.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load", "names"]


@cache
def names(room: str) -> tuple[str, ...]:
    """Give the words of rule files for a room, sorted: `cosign_key.py` is `cosign-key`."""
    import pkgutil

    modules = pkgutil.iter_modules(import_module(f"gate.{room}").__path__)
    return tuple(sorted(module.name.replace("_", "-") for module in modules if not module.name.startswith("_")))


def load(room: str, name: str) -> ModuleType:
    """Import the module of that name; raises `RuntimeError` if the room has none (ask `names` first)."""
    if name not in names(room):
        msg = f"gate.{room} has no {name!r}"
        raise RuntimeError(msg)
    return import_module(f"gate.{room}.{name.replace('-', '_')}")
