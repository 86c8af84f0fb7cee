"""An image's config: what runs and how, its labels and its history (OCI image-spec, config.md; Docker's additions).

Everything in it was written by whoever built the image: types are checked here, meaning is for checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.oci.descriptor import read_annotations, read_list, read_object, read_text
from gate.oci.platform import Platform
from gate.strict_json import parse_object

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Config", "History", "parse_config"]

#: Far above honest images; a config is one blob of bounded size anyway.
_MOST_ENTRIES: Final = 10_000

_KEYS: Final = frozenset(
    {
        "created", "author", "architecture", "os", "os.version", "os.features", "variant", "config", "rootfs",
        "history", "container", "container_config", "docker_version", "id", "parent", "comment", "moby.buildkit",
    }
)  # fmt: skip
_RUN_KEYS: Final = frozenset(
    {
        "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
        "Memory", "MemorySwap", "CpuShares", "Healthcheck", "ArgsEscaped", "OnBuild", "Shell", "StopTimeout",
        "Hostname", "Domainname", "Image", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin",
        "StdinOnce", "MacAddress", "NetworkDisabled",
    }
)  # fmt: skip
_HEALTH_KEYS: Final = frozenset({"Test", "Interval", "Timeout", "Retries", "StartPeriod", "StartInterval"})
_ROOTFS_KEYS: Final = frozenset({"type", "diff_ids"})
_HISTORY_KEYS: Final = frozenset({"created", "created_by", "author", "comment", "empty_layer"})


@dataclass(frozen=True, slots=True)
class History:
    """One step of the build, as the builder wrote it down. `empty_layer` if it made no layer."""

    created_by: str
    comment: str = ""
    empty_layer: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """One image config, checked for its types.

    `created` is what stands there, `created_at` the time it means (aware), None where it is none.
    `healthcheck` is the test's words, None without one. `os`, `architecture` are never empty.
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    created: str | None = None
    created_at: datetime | None = None
    author: str = ""
    user: str = ""
    env: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    exposed_ports: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] | None = None
    shell: tuple[str, ...] = ()
    working_dir: str = ""
    stop_signal: str = ""
    on_build: tuple[str, ...] = ()
    history: tuple[History, ...] = ()
    diff_ids: tuple[str, ...] = ()

    @property
    def platform(self) -> Platform:
        """The platform the config claims, normalised."""
        return Platform.normalised(self.os, self.architecture, self.variant, self.os_version)


def parse_config(content: bytes) -> Config:
    """Read an image config; raises `MalformedData` (`malformed-json`, `ambiguous-json`, `not-an-image`)."""
    what = "the image config"
    members = parse_object(content, what, _KEYS)
    run = _part(members, "config", what, _RUN_KEYS)
    healthcheck = _part(run, "Healthcheck", what, _HEALTH_KEYS)
    rootfs = _part(members, "rootfs", what, _ROOTFS_KEYS)
    os, architecture = (read_text(members, key, what, default="") for key in ("os", "architecture"))
    if not os or not architecture or "diff_ids" not in rootfs:
        msg = "the config lacks os, architecture or rootfs.diff_ids: it is no image config"
        raise MalformedData(msg, "not-an-image")
    created = read_text(members, "created", what, default="") or None
    return Config(
        os=os,
        architecture=architecture,
        variant=read_text(members, "variant", what, default=""),
        os_version=read_text(members, "os.version", what, default=""),
        created=created,
        created_at=_time(created),
        author=read_text(members, "author", what, default=""),
        user=read_text(run, "User", what, default=""),
        env=_texts(run, "Env", what),
        labels=read_annotations(run, what, "Labels"),
        exposed_ports=_names(run, "ExposedPorts", what),
        entrypoint=_words(run, "Entrypoint", what),
        cmd=_words(run, "Cmd", what),
        volumes=_names(run, "Volumes", what),
        healthcheck=_words(healthcheck, "Test", what) if "Test" in healthcheck else None,
        shell=_texts(run, "Shell", what),
        working_dir=read_text(run, "WorkingDir", what, default=""),
        stop_signal=read_text(run, "StopSignal", what, default=""),
        on_build=_texts(run, "OnBuild", what),
        history=_history(members, what),
        diff_ids=_texts(rootfs, "diff_ids", what),
    )


def _part(members: dict[str, object], key: str, what: str, known: frozenset[str]) -> dict[str, object]:
    value = members.get(key)
    return {} if value is None else read_object(value, f"{what}, {key}", known)


def _texts(members: dict[str, object], key: str, what: str) -> tuple[str, ...]:
    values = read_list(members, key, what, _MOST_ENTRIES)
    if not all(isinstance(value, str) for value in values):
        msg = f"{what}, {key} holds something that is not a string"
        raise MalformedData(msg, "malformed-json")
    return tuple(value for value in values if isinstance(value, str))


def _words(members: dict[str, object], key: str, what: str) -> tuple[str, ...]:
    """Read a command: a list of words; Docker's readers also take one string (strslice.StrSlice)."""
    value = members.get(key)
    return (value,) if isinstance(value, str) else _texts(members, key, what)


def _names(members: dict[str, object], key: str, what: str) -> tuple[str, ...]:
    """Give the keys of a set written as an object (`{"80/tcp": {}}`)."""
    value = members.get(key)
    if value is None:
        return ()
    return tuple(read_object(value, f"{what}, {key}", frozenset()))


def _history(members: dict[str, object], what: str) -> tuple[History, ...]:
    steps = []
    for value in read_list(members, "history", what, _MOST_ENTRIES):
        step = read_object(value, f"{what}, history", _HISTORY_KEYS)
        empty = step.get("empty_layer")
        if empty is not None and not isinstance(empty, bool):
            msg = f"{what}, history, empty_layer is neither true nor false"
            raise MalformedData(msg, "malformed-json")
        created_by, comment = (
            read_text(step, key, f"{what}, history", default="") for key in ("created_by", "comment")
        )
        steps.append(History(created_by, comment, bool(empty)))
    return tuple(steps)


def _time(text: str | None) -> datetime | None:
    """Read RFC 3339; a date without zone is UTC (S6). Builders write nanoseconds, which datetime cuts."""
    if text is None:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
