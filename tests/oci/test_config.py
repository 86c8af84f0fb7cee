"""The image config: everything in it is the builder's, so types are checked and hostile ones never get through."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MalformedData
from gate.oci.config import Config, History, parse_config
from gate.oci.platform import Platform
from tests.oci.make import config, packed

FULL: dict[str, Any] = config(
    created="2026-11-20T09:14:27.123456789Z",
    author="platform@acme.example",
    architecture="aarch64",
    variant="v8",
    history=[
        {"created": "2026-11-20T09:14:27Z", "created_by": "COPY . /app", "comment": "buildkit"},
        {"created_by": "USER 10001", "empty_layer": True},
    ],
    config={
        "User": "10001:10001",
        "ExposedPorts": {"8080/tcp": {}, "22/tcp": {}},
        "Env": ["PATH=/bin", "A=b=c"],
        "Entrypoint": ["/app"],
        "Cmd": ["serve"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/app",
        "Labels": {"version": "1.4.2", "Ü": "\u202e"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30000000000},
        "Shell": ["/bin/sh"],
        "StopSignal": "SIGTERM",
        "OnBuild": ["RUN x"],
        "ArgsEscaped": True,
    },
)


def test_a_config_is_read_whole() -> None:
    """Every member has its place."""
    got = parse_config(packed(FULL))
    assert got == Config(  # noqa: S604 -- a member called shell
        os="linux",
        architecture="aarch64",
        variant="v8",
        created="2026-11-20T09:14:27.123456789Z",
        created_at=datetime(2026, 11, 20, 9, 14, 27, 123456, UTC),
        author="platform@acme.example",
        user="10001:10001",
        env=("PATH=/bin", "A=b=c"),
        labels={"version": "1.4.2", "Ü": "\u202e"},
        exposed_ports=("8080/tcp", "22/tcp"),
        entrypoint=("/app",),
        cmd=("serve",),
        volumes=("/data",),
        healthcheck=("CMD", "true"),
        shell=("/bin/sh",),
        working_dir="/app",
        stop_signal="SIGTERM",
        on_build=("RUN x",),
        history=(History("COPY . /app", "buildkit"), History("USER 10001", "", empty_layer=True)),
        diff_ids=got.diff_ids,
    )
    assert got.platform == Platform("linux", "arm64")


@pytest.mark.parametrize(
    "run", [..., None, {}, {"Labels": None, "Env": None, "User": None, "Cmd": None, "Healthcheck": None}]
)
def test_what_is_left_out_is_empty(run: object) -> None:
    """Go writes null for what is empty; both mean nothing."""
    got = parse_config(packed(config(config=run)))
    assert (got.user, got.env, dict(got.labels), got.cmd, got.healthcheck) == ("", (), {}, (), None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T09:14:27Z", datetime(2026, 11, 20, 9, 14, 27, tzinfo=UTC)),
        ("2026-11-20T09:14:27", datetime(2026, 11, 20, 9, 14, 27, tzinfo=UTC)),
        ("2026-11-20T09:14:27+14:00", datetime(2026, 11, 19, 19, 14, 27, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        ("2026-13-45", None),
        ("", None),
    ],
)
def test_times_are_aware_or_none(text: str, moment: datetime | None) -> None:
    """A date without zone is UTC (S6), nonsense is no time and no crash."""
    assert parse_config(packed(config(created=text))).created_at == moment


@pytest.mark.parametrize(
    "value",
    [
        config(os=...),
        config(os=""),
        config(architecture=...),
        config(architecture=None),
        config(rootfs=...),
        config(rootfs=None),
        config(rootfs={"type": "layers"}),
        {},
        {"created": "2026-11-20T09:14:27Z"},
    ],
)
def test_a_config_of_something_else_is_no_image_config(value: object) -> None:
    """Helm charts and signatures have configs too (S13)."""
    with pytest.raises(MalformedData, match="no image config") as caught:
        parse_config(packed(value))
    assert caught.value.code == "not-an-image"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "is a list, not a JSON object"),
        (config(os=5), "os is not a string"),
        (config(created=5), "created is not a string"),
        (config(config=[]), "config is not a JSON object"),
        (config(config="x"), "config is not a JSON object"),
        (config(config={"User": 0}), "User is not a string"),
        (config(config={"Env": "A=b"}), "Env is not a list"),
        (config(config={"Env": [1]}), "Env holds something that is not a string"),
        (config(config={"Env": [None]}), "Env holds something that is not a string"),
        (config(config={"Labels": ["a=b"]}), "Labels is not a JSON object"),
        (config(config={"Labels": {"a": 1}}), "'a' is not a string"),
        (config(config={"Labels": {"a": {"b": "c"}}}), "'a' is not a string"),
        (config(config={"Labels": {"a": None}}), "'a' is not a string"),
        (config(config={"ExposedPorts": ["80"]}), "ExposedPorts is not a JSON object"),
        (config(config={"Volumes": "x"}), "Volumes is not a JSON object"),
        (config(config={"Cmd": {}}), "Cmd is not a list"),
        (config(config={"Healthcheck": []}), "Healthcheck is not a JSON object"),
        (config(config={"Healthcheck": {"Test": 5}}), "Test is not a list"),
        (config(rootfs=[]), "rootfs is not a JSON object"),
        (config(rootfs={"diff_ids": "x"}), "diff_ids is not a list"),
        (config(rootfs={"diff_ids": [5]}), "diff_ids holds something"),
        (config(history={}), "history is not a list"),
        (config(history=["x"]), "history is not a JSON object"),
        (config(history=[{"created_by": 5}]), "created_by is not a string"),
        (config(history=[{"empty_layer": "yes"}]), "empty_layer is neither true nor false"),
    ],
)
def test_hostile_types_are_malformed(value: object, message: str) -> None:
    """Named, and never a KeyError."""
    with pytest.raises(MalformedData) as caught:
        parse_config(packed(value))
    assert caught.value.code == "malformed-json"
    assert message in str(caught.value)


def test_counts_are_bounded() -> None:
    """Past the bound nothing is read at all."""
    with pytest.raises(MalformedData, match="at most 10000") as caught:
        parse_config(packed(config(history=[{}] * 10_001)))
    assert caught.value.code == "limit-reached"


def test_a_command_may_be_one_string() -> None:
    """Docker's readers take it so."""
    assert parse_config(packed(config(config={"Cmd": "serve"}))).cmd == ("serve",)


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("", "Config"),
        ("", "O\u017f"),
        ("", "Architecture"),
        ("", "RootFS"),
        ("", "History"),
        ("", "Variant"),
        ("config", "user"),
        ("config", "U\u017fer"),
        ("config", "labels"),
        ("config", "LABELS"),
        ("config", "env"),
        ("config", "entrypoint"),
        ("config", "healthcheck"),
        ("config", "exposedports"),
        ("rootfs", "Diff_IDs"),
        ("rootfs", "Type"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_lookalike_keys_are_ambiguous(where: str, key: str, first: bool) -> None:  # noqa: FBT001 -- a table
    """A second user, other labels or another platform for readers that fold case (S11)."""
    value = json.loads(json.dumps(FULL))
    part = value[where] if where else value
    members = {key: {}, **part} if first else {**part, key: {}}
    if where:
        value[where] = members
    else:
        value = members
    with pytest.raises(MalformedData) as caught:
        parse_config(packed(value))
    assert caught.value.code == "ambiguous-json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def read(content: bytes) -> object:
    """Give the config, or the error as one."""
    try:
        return parse_config(content)
    except MalformedData as error:
        return error


@given(st.sampled_from(sorted(FULL)), JSON)
def test_hostile_members_never_raise_anything_else(key: str, value: object) -> None:
    """Whatever stands in a member."""
    assert isinstance(read(json.dumps({**FULL, key: value}).encode()), Config | MalformedData)


@given(st.sampled_from(sorted(FULL["config"])), JSON)
def test_hostile_members_of_the_run_config_never_raise_anything_else(key: str, value: object) -> None:
    """One level deeper."""
    document = {**FULL, "config": {**FULL["config"], key: value}}
    assert isinstance(read(json.dumps(document).encode()), Config | MalformedData)
