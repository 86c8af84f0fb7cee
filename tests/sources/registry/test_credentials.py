"""Where credentials come from: docker's and podman's files, and helpers (registry.md 3.5)."""

from __future__ import annotations

import base64
import json
import stat
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gate.sources.registry.credentials import Credential, Credentials
from gate.sources.registry.helper import MOST_ANSWER_BYTES
from gate.sources.registry.settings import CredentialPlaces
from gate.sources.registry.trouble import Trouble

SECRET = "hunter2"


def encoded(user: str = "user", secret: str = SECRET) -> str:
    """The `auth` of an entry."""
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


def write(path: Path, value: Any) -> Path:
    """Write a configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def lookup(places: CredentialPlaces, host: str = "reg.example", repository: str = "team/app") -> Credential | None:
    """Look up once."""
    return Credentials(places, lambda: 5.0).find(host, repository)


def found(config: Any, tmp_path: Path, host: str = "reg.example", **places: Any) -> Credential | None:
    """Look up in one docker configuration."""
    file = write(tmp_path / "config.json", config)
    return lookup(CredentialPlaces(docker=(file,), **places), host)


ENTRIES = {
    "auth": ({"auth": encoded()}, ("user", SECRET, "password")),
    "user and password": ({"username": "user", "password": SECRET}, ("user", SECRET, "password")),
    "auth wins": ({"auth": encoded(), "username": "x", "password": "y"}, ("user", SECRET, "password")),
    "colons in the password": (
        {"auth": encoded("_json_key", '{"a": "b:c"}')},
        ("_json_key", '{"a": "b:c"}', "password"),
    ),
    "zeros at the end": ({"auth": base64.b64encode(b"user:hunter2\0\0").decode()}, ("user", SECRET, "password")),
    "not ascii": ({"auth": encoded("üser", "pässwort")}, ("üser", "pässwort", "password")),
    "identity token": ({"auth": encoded("user", ""), "identitytoken": "id"}, ("user", "id", "identity-token")),
    "token as user": ({"auth": encoded("<token>", "id")}, ("", "id", "identity-token")),
    "registry token": ({"registrytoken": "reg"}, ("", "reg", "registry-token")),
}


@pytest.mark.parametrize(("entry", "wanted"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_read(entry: dict[str, str], wanted: tuple[str, str, str], tmp_path: Path) -> None:
    """In each way that docker writes one."""
    got = found({"auths": {"reg.example": entry}}, tmp_path)
    assert got is not None
    assert (got.username, got.secret, got.kind) == wanted
    assert got.source == str(tmp_path / "config.json")


NO_ENTRIES = {
    "a marker": {},
    "no password": {"auth": encoded("user", "")},
    "no user": {"auth": encoded("", SECRET)},
    "a colon in the user": {"username": "us:er", "password": SECRET},
    "null": None,
    "a number": {"auth": 7},
}


@pytest.mark.parametrize("entry", NO_ENTRIES.values(), ids=NO_ENTRIES)
def test_an_entry_without_a_secret_is_none(entry: Any, tmp_path: Path) -> None:
    """Docker leaves such ones where a store holds the secret."""
    assert found({"auths": {"reg.example": entry}}, tmp_path) is None


@pytest.mark.parametrize("text", ["!!!", "dXNlcg==", "/w=="])
def test_a_broken_entry_is_remembered_and_not_shown(text: str, tmp_path: Path) -> None:
    """It is said when the registry then asks."""
    file = write(
        tmp_path / "config.json", {"auths": {"reg.example": {"auth": text}, "other.example": {"auth": encoded()}}}
    )
    credentials = Credentials(CredentialPlaces(docker=(file,)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is None
    assert credentials.problems == [f"the entry for reg.example in {file} is not base64 of user:password"]
    assert credentials.find("other.example", "x") is not None


@pytest.mark.parametrize(
    "entry",
    [
        {"registrytoken": "a\r\nX-Evil: 1"},
        {"registrytoken": "a b"},
        {"registrytoken": "tökén"},
    ],
)
def test_a_secret_that_cannot_be_sent_is_remembered(entry: dict[str, str], tmp_path: Path) -> None:
    """A header holds one line of ASCII."""
    file = write(tmp_path / "config.json", {"auths": {"reg.example": entry}})
    credentials = Credentials(CredentialPlaces(docker=(file,)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is None
    assert credentials.problems == [f"the entry for reg.example in {file} has characters that cannot be sent"]


KEYS = {
    "https://reg.example": "reg.example",
    "https://reg.example/v1/": "reg.example",
    "http://reg.example/v2/": "reg.example",
    "reg.example/v2/": "reg.example",
    "reg.example:5000": "reg.example:5000",
    "https://reg.example:5000/v2/": "reg.example:5000",
}


@pytest.mark.parametrize(("key", "host"), KEYS.items(), ids=KEYS)
def test_a_key_with_scheme_and_path_is_its_host(key: str, host: str, tmp_path: Path) -> None:
    """As docker normalises it."""
    assert found({"auths": {key: {"auth": encoded()}}}, tmp_path, host) is not None


OTHERS = [
    "reg.example:5000",
    "reg.example:443",
    "example",
    "a.reg.example",
    "reg.example.evil.test",
    "*.example",
    "REG.example",
    "",
]


@pytest.mark.parametrize("key", OTHERS)
def test_another_host_is_another_host(key: str, tmp_path: Path) -> None:
    """No port, no parent, no pattern stands for it."""
    assert found({"auths": {key: {"auth": encoded()}}}, tmp_path) is None


@pytest.mark.parametrize("host", ["reg.example", "hub.docker.com", "docker.io.example", "auth.docker.io"])
def test_docker_hubs_key_is_for_docker_hub(host: str, tmp_path: Path) -> None:
    """Its odd name is no wildcard."""
    assert found({"auths": {"https://index.docker.io/v1/": {"auth": encoded()}}}, tmp_path, host) is None


def test_podman_takes_the_longest_path(tmp_path: Path) -> None:
    """Whole components only."""
    file = write(
        tmp_path / "auth.json",
        {
            "auths": {
                "reg.example": {"auth": encoded("host")},
                "reg.example/team": {"auth": encoded("team")},
                "reg.example/team/app": {"auth": encoded("app")},
                "reg.example/tea": {"auth": encoded("tea")},
            }
        },
    )
    places = CredentialPlaces(podman=(file,))
    users = {
        name: getattr(lookup(places, "reg.example", name), "username", None)
        for name in ("team/app", "team/other", "team/app2", "teams/app", "team/app/sub")
    }
    assert users == {
        "team/app": "app", "team/other": "team", "team/app2": "team", "teams/app": "host", "team/app/sub": "app",
    }  # fmt: skip


def test_a_path_in_podmans_file_is_not_for_the_whole_host(tmp_path: Path) -> None:
    """A password for one team is none for another."""
    file = write(tmp_path / "auth.json", {"auths": {"reg.example/team": {"auth": encoded()}}})
    assert lookup(CredentialPlaces(podman=(file,)), "reg.example", "other/app") is None


def test_the_order_of_places(tmp_path: Path) -> None:
    """DOCKER_AUTH_CONFIG, docker's file, podman's, the old one."""

    def config(name: str) -> dict[str, Any]:
        return {"auths": {"reg.example": {"auth": encoded(name)}}}

    docker = write(tmp_path / "docker" / "config.json", config("docker"))
    podman = write(tmp_path / "podman" / "auth.json", config("podman"))
    legacy = write(tmp_path / ".dockercfg", {"reg.example": {"auth": encoded("legacy")}})
    inline = json.dumps(config("inline"))
    order = [
        CredentialPlaces(inline, None, (docker,), (podman,), (legacy,)),
        CredentialPlaces("", None, (docker,), (podman,), (legacy,)),
        CredentialPlaces("", None, (), (podman,), (legacy,)),
        CredentialPlaces("", None, (), (), (legacy,)),
    ]
    users = [getattr(lookup(places), "username", None) for places in order]
    assert users == ["inline", "docker", "podman", "legacy"]


def test_registry_auth_file_has_no_substitute(tmp_path: Path) -> None:
    """It was named on purpose."""
    docker = write(tmp_path / "config.json", {"auths": {"reg.example": {"auth": encoded()}}})
    credentials = Credentials(CredentialPlaces(explicit=tmp_path / "gone.json", docker=(docker,)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is None
    assert credentials.problems == [f"REGISTRY_AUTH_FILE names {tmp_path / 'gone.json'}, which is no file"]


FILES = {
    "no json": ("{", "is not JSON that can be read (malformed-json)"),
    "a key twice": ('{"auths":{},"auths":{}}', "is not JSON that can be read (ambiguous-json)"),
    "a list": ("[]", "is not JSON that can be read (malformed-json)"),
    "half a character": (
        '{"auths":{"reg.example":{"username":"a","password":"\\ud800"}}}',
        "is not JSON that can be read (ambiguous-json)",
    ),
    "deep": ("[" * 100_000, "is not JSON that can be read (malformed-json)"),
    "huge": ('"' + "x" * 2**20 + '"', "is larger than 1048576 bytes"),
}


@pytest.mark.parametrize(("text", "told"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_read_is_remembered(text: str, told: str, tmp_path: Path) -> None:
    """Most images need none of it, so it does not stop the run."""
    file = write(tmp_path / "config.json", text)
    credentials = Credentials(CredentialPlaces(docker=(file,)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is None
    assert credentials.problems == [f"{file} {told}"]


def test_a_byte_order_mark_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Windows editors write one."""
    text = "\ufeff" + json.dumps({"auths": {"reg.example": {"auth": encoded()}}})
    assert found(text, tmp_path) is not None


def test_docker_config_names_a_folder(tmp_path: Path) -> None:
    """Naming the file is a common mistake."""
    file = write(tmp_path / "config.json", {"auths": {}})
    credentials = Credentials(CredentialPlaces(docker=(file / "config.json",)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is None
    assert credentials.problems == [f"{file} is a file; DOCKER_CONFIG has to name its folder"]


@pytest.mark.parametrize(
    "config", [{"auths": []}, {"auths": "x"}, {"credHelpers": [], "credsStore": 7}, {"auths": {"reg.example": []}}]
)
def test_members_of_another_type_are_nothing(config: Any, tmp_path: Path) -> None:
    """No error, no credential."""
    assert found(config, tmp_path) is None


def test_a_secret_is_in_no_text(tmp_path: Path) -> None:
    """What is logged or raised shows the object."""
    got = found({"auths": {"reg.example": {"auth": encoded()}}}, tmp_path)
    assert SECRET not in f"{got!r} {got}"
    assert SECRET not in repr(CredentialPlaces(inline=SECRET, environment={"X": SECRET}))


@pytest.fixture
def helper(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Write a credential helper; gives the environment that finds it."""

    def make(script: str, name: str = "test") -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / f"docker-credential-{name}"
        program.write_text("#!/bin/sh\n" + textwrap.dedent(script))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return {"PATH": f"{folder}:/usr/bin:/bin"}

    return make


ANSWER = '{"ServerURL":"reg.example","Username":"user","Secret":"hunter2"}'
Helper = Callable[..., dict[str, str]]


def test_a_helper_is_asked_for_the_host(helper: Helper, tmp_path: Path) -> None:
    """`get`, with the host on its standard input."""
    environment = helper(f"""
        read -r host || true
        test "$1 $host" = "get reg.example" && echo '{ANSWER}'
    """)
    got = found({"credHelpers": {"reg.example": "test"}}, tmp_path, environment=environment)
    assert got is not None
    assert (got.username, got.secret, got.kind) == ("user", SECRET, "password")
    assert got.source == f"docker-credential-test (named in {tmp_path / 'config.json'})"


def test_docker_hub_is_asked_for_by_its_old_url(helper: Helper, tmp_path: Path) -> None:
    """As docker does."""
    environment = helper(f"""
        read -r host || true
        test "$host" = "https://index.docker.io/v1/" && echo '{ANSWER}'
    """)
    for config in ({"credsStore": "test"}, {"credHelpers": {"docker.io": "test"}}):
        assert found(config, tmp_path, "registry-1.docker.io", environment=environment) is not None


def test_a_helper_may_give_an_identity_token(helper: Helper, tmp_path: Path) -> None:
    """With a marker as user name."""
    environment = helper("""echo '{"Username":"<token>","Secret":"id"}'""")
    got = found({"credsStore": "test"}, tmp_path, environment=environment)
    assert got is not None
    assert (got.username, got.secret, got.kind) == ("", "id", "identity-token")


def test_the_helper_for_a_host_wins_over_the_store(helper: Helper, tmp_path: Path) -> None:
    """And over the entry, which is then not used."""
    environment = helper(f"echo '{ANSWER}'") | helper("exit 7", "store")
    config = {
        "credHelpers": {"reg.example": "test"},
        "credsStore": "store",
        "auths": {"reg.example": {"auth": encoded("x")}},
    }
    got = found(config, tmp_path, environment=environment)
    assert got is not None
    assert got.username == "user"


def test_a_host_helper_without_credentials_ends_the_search_in_its_file(helper: Helper, tmp_path: Path) -> None:
    """Docker does not use the entry then either."""
    environment = helper("echo 'credentials not found in native keychain'; exit 1")
    config = {"credHelpers": {"reg.example": "test"}, "auths": {"reg.example": {"auth": encoded()}}}
    assert found(config, tmp_path, environment=environment) is None


def test_a_store_without_credentials_leaves_the_entry(helper: Helper, tmp_path: Path) -> None:
    """Docker merges both."""
    environment = helper("echo 'credentials not found in native keychain'; exit 1")
    config = {"credsStore": "test", "auths": {"reg.example": {"auth": encoded()}}}
    assert found(config, tmp_path, environment=environment) is not None


def test_another_hosts_helper_is_not_started(helper: Helper, tmp_path: Path) -> None:
    """Nobody learns which registries are asked."""
    environment = helper("touch started; exit 1")
    assert found({"credHelpers": {"other.example": "test"}}, tmp_path, environment=environment) is None
    assert not (tmp_path / "bin" / "started").exists()


FAILURES = {
    "an error": (
        "echo 'no keychain here'; exit 3",
        "get ended with status 3 for reg.example and said: no keychain here",
    ),
    "silence": ("exit 1", "ended with status 1 for reg.example and said: nothing"),
    "nonsense": ("echo hello", "did not answer with one JSON object"),
    "two answers": (f"echo '{ANSWER}{ANSWER}'", "did not answer with one JSON object"),
    "a key twice": ("""echo '{"Username":"a","Username":"b","Secret":"c"}'""", "did not answer with one JSON object"),
    "half a character": ("""echo '{"Username":"a","Secret":"\\\\ud800"}'""", "did not answer with one JSON object"),
    "no secret": ("""echo '{"Username":"a"}'""", "answered without a Username and a Secret"),
    "another type": ("""echo '{"Username":"a","Secret":["hunter2"]}'""", "answered without a Username and a Secret"),
    "too much": (f"head -c {MOST_ANSWER_BYTES + 1} /dev/zero", f"answered with more than {MOST_ANSWER_BYTES} bytes"),
    "no end": ("cat /dev/zero", f"answered with more than {MOST_ANSWER_BYTES} bytes"),
    "killed": ("kill -9 $$", "was ended by signal 9"),
}


@pytest.mark.parametrize(("script", "told"), FAILURES.values(), ids=FAILURES)
def test_a_helper_that_fails_is_an_error(script: str, told: str, helper: Helper, tmp_path: Path) -> None:
    """Going on without credentials would look like a missing image."""
    with pytest.raises(Trouble) as caught:
        found(
            {"credsStore": "test", "auths": {"reg.example": {"auth": encoded()}}}, tmp_path, environment=helper(script)
        )
    assert caught.value.reason.code == "credential-helper"
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_helper_that_hangs_is_ended_with_its_children(helper: Helper, tmp_path: Path) -> None:
    """The pipe would stay open otherwise."""
    file = write(tmp_path / "config.json", {"credsStore": "test"})
    places = CredentialPlaces(docker=(file,), environment=helper("sleep 60 & sleep 60"))
    with pytest.raises(Trouble) as caught:
        Credentials(places, lambda: 0.2).find("reg.example", "x")
    assert "docker-credential-test did not answer within 0.2 seconds" in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "-x", "a b", "a;b", "x" * 65, "é"])
def test_a_helpers_name_is_no_path(name: str, tmp_path: Path) -> None:
    """It comes from a file."""
    with pytest.raises(Trouble, match="is no name of a credential helper"):
        found({"credHelpers": {"reg.example": name or "/"}}, tmp_path)


def test_a_missing_helper_is_an_error(tmp_path: Path) -> None:
    """It never means "no credentials" (CVE-2021-41092)."""
    with pytest.raises(Trouble) as caught:
        found({"credsStore": "none"}, tmp_path, environment={"PATH": "/usr/bin"})
    assert str(caught.value) == "docker-credential-none is not installed (no such program along PATH)"


def test_a_helper_in_the_working_directory_is_not_run(
    helper: Helper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.` and relative folders in PATH would run what a checkout brings (S41)."""
    helper(f"echo '{ANSWER}'")
    monkeypatch.chdir(tmp_path / "bin")
    for path in (".", "", "../bin", ":"):
        with pytest.raises(Trouble, match="is not installed"):
            found({"credsStore": "test"}, tmp_path, environment={"PATH": path})


def test_files_are_read_once(tmp_path: Path) -> None:
    """What changes meanwhile does not change the run."""
    file = write(tmp_path / "config.json", {"auths": {"reg.example": {"auth": encoded()}}})
    credentials = Credentials(CredentialPlaces(docker=(file,)), lambda: 5.0)
    assert credentials.find("reg.example", "x") is not None
    file.unlink()
    assert credentials.find("reg.example", "x") is not None
