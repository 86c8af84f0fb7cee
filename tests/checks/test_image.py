"""The check `image`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.check import View
from gate.checks.image.findings import MOST_FINDINGS
from gate.evidence import Evidence
from tests.checks.made import AT, Made, mistake, rule, single

#: AWS' own documentation value, and forms that are no real credentials; joined, so that no scanner trips over this file.
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
GITHUB = "ghp" + "_" + "a1B2" * 9
KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nxyz"


def user(text: str | None) -> Made:
    """Make an image that runs as somebody."""
    return single() if text is None else single(User=text)


@pytest.mark.parametrize(
    "text",
    [None, "", "0", "root", "0:0", "root:root", "00", "+0", "-0", "0:1000", "root:1000", ":1000", ":", "ROOT", "Root:x", " root",
     "root ", "000000000000000000000000", "ContainerAdministrator", "administrator", "SYSTEM"],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["non-root", "non-root-number"])
def test_root_in_any_spelling_is_root(text: str | None, asked: str) -> None:
    """A missing user is root as well."""
    [finding] = user(text).findings(rule(f"check: image, user: {asked}"))
    assert finding.reason.code == "user-root"
    assert finding.what == "the image runs as root"
    assert finding.got == (text or "no user, which is root")


@pytest.mark.parametrize(
    "text",
    ["-1", "4294967296", "2147483648", "9" * 5000, "٠", "１０００", "1000 ", " 0", " ", "\t", "a b", "app\n", "app\x00", "\u200broot",
     "app:a b", "app:gr:x", "r\u043eot", "x" * 100, "$USER", "${USER}", "1000/1000", "1e3", "0x0"],
)  # fmt: skip
def test_a_user_that_nobody_can_read_is_not_taken_for_somebody_else(text: str) -> None:
    """Out of range, with blanks, with other digits: violated either way."""
    codes = user(text).codes(rule("check: image, user: non-root"))
    # 1e3 and 0x0 are names to a runtime; strange ones, but not root.
    assert codes == ([] if text in {"1e3", "0x0"} else ["user-unclear"])


@pytest.mark.parametrize(
    "text", ["10001", "10001:10001", "1", "2147483647", "+5", "007", "1000:0", "1000:staff", "1000:"]
)
def test_a_number_other_than_0_is_fine(text: str) -> None:
    """With a group or without; group 0 is what OpenShift asks for."""
    for asked in ("non-root", "non-root-number"):
        assert user(text).codes(rule(f"check: image, user: {asked}")) == []


@pytest.mark.parametrize("text", ["app", "node:node", "www-data", "_apt", "app:1000", "ContainerUser", "toor"])
def test_a_name_is_fine_only_without_number_and_is_said(text: str) -> None:
    """Its number is not in the config."""
    [judgement] = user(text).judged(rule("check: image, user: non-root"))
    assert (judgement.findings, len(judgement.notes)) == ((), 1)
    assert "which number the user" in judgement.notes[0].what
    assert user(text).codes(rule("check: image, user: non-root-number")) == ["user-not-numeric"]


def test_a_secret_in_the_environment_is_named_and_never_shown() -> None:
    """Name and length (S43)."""
    made = single(Env=["PATH=/usr/bin", f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}", "DEBUG=1"])
    [finding] = made.findings(rule("check: image, environment: no-secrets"))
    assert finding.reason.code == "secret-in-environment"
    assert finding.got == "AWS_SECRET_ACCESS_KEY, 40 characters"
    assert finding.what == "the variable AWS_SECRET_ACCESS_KEY looks like a secret by its name"
    assert finding.about.keys == (("variable", "AWS_SECRET_ACCESS_KEY"),)
    assert AWS_SECRET not in repr(finding)


@pytest.mark.parametrize(
    "entry", [f"X={GITHUB}", f"X={KEY}", "DB=postgres://u:" + "pw12@db/x", f"X=a {GITHUB} b", GITHUB, f"{GITHUB}=1"]
)
def test_a_known_credential_is_found_under_any_name(entry: str) -> None:
    """By its form; a credential that became the name is not shown either."""
    [finding] = single(Env=[entry]).findings(rule("check: image, environment: no-secrets"))
    assert finding.reason.code == "secret-in-environment"
    assert GITHUB not in repr(finding)
    assert "pw12" not in repr(finding)


def test_allowed_variables_are_left_out() -> None:
    """By name, as a glob, exactly."""
    made = single(Env=["API_TOKEN=x1", "API_TOKEN2=x2", "api_token=x3"])
    check = rule("check: image, environment: no-secrets, allow-variables: [API_TOKEN]")
    assert [finding.about.get("variable") for finding in made.findings(check)] == ["API_TOKEN2", "api_token"]
    assert made.codes(rule("check: image, environment: no-secrets, allow-variables: ['*']")) == []


def stepped(*steps: str, **run: Any) -> Made:
    """Make an image with a history."""
    made = single(**run)
    made.more = {"history": [{"created_by": step} for step in steps]}
    return made


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("RUN |2 NPM_TOKEN=abc USER=x /bin/sh -c npm ci # buildkit", "NPM_TOKEN"),
        ("ENV DB_PASSWORD=hunter2", "DB_PASSWORD"),
        ("/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter2", "DB_PASSWORD"),
        ("ENV DB_PASSWORD hunter2", "DB_PASSWORD"),
        ("ARG API_KEY=abc", "API_KEY"),
        ("RUN /bin/sh -c curl --password hunter2 x", "password"),
        ("RUN /bin/sh -c PGPASSWORD='a b' psql", "PGPASSWORD"),
        ('RUN /bin/sh -c export TOKEN="a b" && x', "TOKEN"),
    ],
)
def test_a_secret_in_a_build_step_is_named(step: str, name: str) -> None:
    """Build arguments, assignments, options."""
    [finding] = stepped("RUN true", step).findings(rule("check: image, history: no-secrets"))
    assert finding.reason.code == "secret-in-history"
    assert finding.about.get("variable") == name
    assert f"{name} in build step 2 looks like a secret by its name" in finding.what
    assert "hunter2" not in repr(finding)


def test_a_credential_without_a_name_is_told_by_its_step() -> None:
    """In created_by and comment."""
    made = stepped(f"RUN curl -H 'X-Auth: {GITHUB}' https://x")
    made.more = {"history": [*made.more["history"], {"created_by": "x", "comment": f"pushed with {GITHUB}"}]}
    found = made.findings(rule("check: image, history: no-secrets"))
    assert [finding.about.get("step") for finding in found] == ["1", "2"]
    assert GITHUB not in repr(found)


@pytest.mark.parametrize(
    "step",
    ["RUN --mount=type=secret,id=npm_token TOKEN=$(cat /run/secrets/npm_token) npm ci", 'RUN TOKEN="$TOKEN" make', "ENV PATH=/usr/bin",
     "RUN adduser --disabled-password app", "RUN |1 VERSION=1.4.2 /bin/sh -c make", "ENV POSTGRES_PASSWORD_FILE=/run/secrets/pw",
     "RUN docker login --password-stdin", "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568", "ENV TOKEN_TTL=3600"],
)  # fmt: skip
def test_honest_build_steps_are_no_secrets(step: str) -> None:
    """Secret mounts, references, files."""
    assert stepped(step).codes(rule("check: image, history: no-secrets")) == []


def test_a_variable_is_not_named_twice() -> None:
    """The step of a variable that stands in the environment is the same mistake; alone it is a finding."""
    made = stepped("ENV DB_PASSWORD=hunter2", Env=["DB_PASSWORD=hunter2"])
    assert made.codes(rule("check: image, environment: no-secrets, history: no-secrets")) == ["secret-in-environment"]
    assert made.codes(rule("check: image, history: no-secrets")) == ["secret-in-history"]
    assert made.codes(rule("check: image, history: no-secrets, allow-variables: [DB_*]")) == []


def test_a_thousand_secrets_are_counted() -> None:
    """The report stays readable, and the rest still violates."""
    made = single(Env=[f"TOKEN_{number}X=abc" for number in range(1000)])
    found = made.findings(rule("check: image, environment: no-secrets"))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].what == f"{1000 - MOST_FINDINGS} more of this kind"
    assert found[-1].about.get("variable") == f"({1000 - MOST_FINDINGS} more)"


def test_a_required_platform_that_is_missing() -> None:
    """It says what is there; every platform says the same."""
    made = Made({"linux/amd64": {}, "linux/arm64": {}})
    assert made.codes(rule("check: image, platforms: {require: [linux/arm64, linux/amd64]}")) == []
    [finding] = made.findings(rule("check: image, platforms: {require: [linux/s390x, linux/amd64]}"))
    assert (finding.reason.code, finding.expected) == ("platform-required", "linux/s390x")
    assert finding.got == "linux/amd64, linux/arm64"
    assert finding.about.keys == (("platform", "linux/s390x"),)


@pytest.mark.parametrize(
    ("asked", "has"), [("linux/arm/v7", "linux/arm/v6"), ("linux/arm64", "linux/arm"), ("windows/amd64", "linux/amd64")]
)
def test_another_variant_is_another_platform(asked: str, has: str) -> None:
    """Neither a lesser variant nor another system stands in for it."""
    assert Made({has: {}}).codes(rule(f"check: image, platforms: {{require: ['{asked}']}}")) == ["platform-required"]


@pytest.mark.parametrize("asked", ["linux/x86_64", "linux/amd64"])
def test_other_names_of_a_platform_are_the_same(asked: str) -> None:
    """As containerd folds them."""
    assert single().codes(rule(f"check: image, platforms: {{require: ['{asked}'], allow: ['{asked}']}}")) == []


def test_a_platform_that_is_not_allowed() -> None:
    """Only that platform is named."""
    made = Made({"linux/amd64": {}, "linux/386": {}})
    [finding] = made.findings(rule("check: image, platforms: {allow: [linux/amd64, linux/arm64]}"))
    assert (finding.reason.code, finding.got) == ("platform-not-allowed", "linux/386")
    assert finding.expected == "only linux/amd64, linux/arm64"


def test_a_platform_that_could_not_be_read_may_be_the_required_one() -> None:
    """Undecided, not violated: nobody knows."""
    made = Made({"linux/amd64": {}, "linux/arm64": {}}, lost="linux/arm64")
    [judgement] = made.judged(rule("check: image, platforms: {require: [linux/arm64]}"))
    assert judgement.findings == ()
    assert [undecided.reason.code for undecided in judgement.undecided] == ["platforms-unknown"]
    assert "linux/arm64 was not seen" in judgement.undecided[0].what


def test_judging_one_platform_only_does_not_make_the_others_missing() -> None:
    """`--platform` restricts what is judged, not what the image has."""
    check = rule("check: image, platforms: {require: [linux/arm64]}")
    view = Made().views(check)[0]
    assert check.judge(View(view.subject, view.platform, view.images[:1], view.evidence, view.book), AT).findings == ()


@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [
        ("none", [], ["8080/tcp", "x"]),
        (
            "{deny: [22]}",
            ["8080/tcp", "23"],
            ["22/tcp", "22", "22/udp", "20-30/tcp", "0/tcp", "22/sctp", "ssh", "", "22\n", "２２"],
        ),
        ("{deny: [22/tcp]}", ["22/udp"], ["22", "22/tcp", "22/TCP"]),
        ("{deny: [1-1023]}", ["1024", "8080/tcp"], ["1", "1023/udp", "1000-2000"]),
        ("{allow: [8080, 9090/tcp]}", ["8080/tcp", "8080/udp", "9090"], ["9090/udp", "8081", "8080-8081", "65536"]),
        ("{allow: [8000-8100], deny: [8022]}", ["8000-8010", "8100"], ["8022", "8020-8030", "7999", "8101/tcp"]),
    ],
)
def test_exposed_ports(asked: str, good: list[str], bad: list[str]) -> None:
    """Ranges count with each of their ports, and what is no port is never allowed."""
    check = rule(f"check: image, ports: {asked}")
    assert single(ExposedPorts={port: {} for port in good}).codes(check) == []
    assert [port for port in bad if single(ExposedPorts={port: {}}).codes(check) != ["port-not-allowed"]] == []


def test_the_port_is_named() -> None:
    """With what is allowed."""
    [finding] = single(ExposedPorts={"22/tcp": {}}).findings(rule("check: image, ports: {allow: [8080]}"))
    assert (finding.what, finding.expected, finding.about.get("port")) == (
        "the image exposes the port 22/tcp",
        "only 8080",
        "22/tcp",
    )


@pytest.mark.parametrize("test", [["CMD", "true"], ["CMD-SHELL", "curl -f http://localhost || exit 1"]])
def test_a_health_check_is_fine(test: list[str]) -> None:
    """In both forms."""
    assert single(Healthcheck={"Test": test}).codes(rule("check: image, healthcheck: required")) == []


@pytest.mark.parametrize("test", [None, [], ["NONE"], [""], ["CMD"], ["CMD-SHELL", ""], ["none"], ["true"]])
def test_no_health_check_or_one_that_was_switched_off(test: list[str] | None) -> None:
    """An empty one checks nothing."""
    run = {} if test is None else {"Healthcheck": {"Test": test}}
    [finding] = single(**run).findings(rule("check: image, healthcheck: required"))
    assert finding.reason.code == "healthcheck-missing"
    assert finding.got == ("HEALTHCHECK NONE" if test == ["NONE"] else "no health check")


@pytest.mark.parametrize(
    "run",
    [{"Entrypoint": ["/app"]}, {"Cmd": ["python3", "-c", "x"]}, {"Entrypoint": ["/app"], "Cmd": ["/bin/sh", "-c", "x"]},
     {"Entrypoint": ["sh", "/entry.sh"]}, {"Entrypoint": ["sh", "/entry.sh", "-c"]}, {"Entrypoint": ["/bin/bash"]},
     {"Entrypoint": ["env", "A=b", "-u", "sh", "/app", "-c", "x"]}, {"Entrypoint": ["env", "-S", "node --x"]}, {"Entrypoint": ["env"]},
     {"Entrypoint": ["pwsh", "-NoProfile", "-File", "/x.ps1", "-c", "x"]}, {"Entrypoint": ["busybox", "httpd", "-f", "-c", "x"]},
     {"Entrypoint": ["bash", "-o", "errexit", "/entry.sh", "-c"]}, {"Entrypoint": ["sh", "--", "/entry.sh"]}],
)  # fmt: skip
def test_a_program_without_a_shell_is_fine(run: dict[str, Any]) -> None:
    """A script is none, and arguments are not the first process."""
    assert single(**run).codes(rule("check: image, entrypoint: exec-form")) == []


@pytest.mark.parametrize(
    "words",
    [["/bin/sh", "-c", "app"], ["sh", "-ec", "app"], ["/bin/bash", "-o", "pipefail", "-c", "app"], ["busybox", "sh", "-c", "app"],
     ["cmd", "/S", "/C", "app"], ["C:\\Windows\\System32\\cmd.exe", "/c", "app"], ["/bin/bash", "-e", "-c", "app"],
     ["/bin/sh", "-o", "errexit", "-c", "app"], ["/bin/bash", "-euo", "pipefail", "-O", "extglob", "+o", "posix", "-c", "app"],
     ["/usr/bin/env", "sh", "-c", "app"], ["env", "-i", "-u", "HOME", "A=b", "busybox", "ash", "-c", "app"],
     ["env", "-S", "sh -c app"], ["env", "-Ssh -c app"], ["env", "--split-string=bash -ec", "app"], ["sh", "-cx", "app"],
     ["powershell", "-Command", "app"], ["pwsh", "-NoProfile", "-ExecutionPolicy", "Bypass", "-c", "app"], ["pwsh", "-enc", "YQA="],
     ["C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "/Com", "app"], ["cmd", "/v:on", "/capp"],
     ["bash", "--rcfile", "x", *["-e"] * 20, "-c", "app"], ["env"] * 20],
)  # fmt: skip
@pytest.mark.parametrize("key", ["Entrypoint", "Cmd"])
def test_a_shell_around_the_program(words: list[str], key: str) -> None:
    """In entrypoint or command; the command itself is not shown."""
    [finding] = single(**{key: words}).findings(rule("check: image, entrypoint: exec-form"))
    assert (finding.reason.code, finding.got) == ("shell-form", f"{words[0]} …")
    assert finding.what.startswith(key.upper())


def test_the_shell_that_the_image_names_is_one() -> None:
    """`SHELL` of the Dockerfile."""
    made = single(Shell=["/usr/bin/fish", "-c"], Cmd=["/usr/bin/fish", "-c", "app"])
    assert made.codes(rule("check: image, entrypoint: exec-form")) == ["shell-form"]


@pytest.mark.parametrize("run", [{}, {"Cmd": []}, {"Cmd": [""]}, {"Entrypoint": [], "Cmd": []}])
def test_an_image_that_runs_nothing(run: dict[str, Any]) -> None:
    """Nothing to judge is not fine."""
    assert single(**run).codes(rule("check: image, entrypoint: exec-form")) == ["command-missing"]


def test_volumes() -> None:
    """None, or only those allowed."""
    made = single(Volumes={"/data": {}, "/var/lib/x": {}})
    found = made.findings(rule("check: image, volumes: none"))
    assert [finding.about.get("path") for finding in found] == ["/data", "/var/lib/x"]
    [finding] = made.findings(rule("check: image, volumes: {allow: [/data]}"))
    assert (finding.reason.code, finding.got, finding.expected) == ("volume-not-allowed", "/var/lib/x", "only /data")
    assert made.codes(rule("check: image, volumes: {allow: [/data, '/var/**']}")) == []
    assert single().codes(rule("check: image, volumes: none")) == []


@pytest.mark.parametrize(
    "path",
    [
        "/data/../etc",
        "/data//../..",
        "/data/./x",
        "/data//x",
        "//data/x",
        "/data/x/..",
        "/data/..",
        "/data/x//",
        "C:\\data\\..\\x",
    ],
)
def test_a_volume_that_is_not_written_plainly_is_never_allowed(path: str) -> None:
    """It lies elsewhere than its beginning says."""
    [finding] = single(Volumes={path: {}}).findings(rule("check: image, volumes: {allow: ['/data/**', '**']}"))
    assert (finding.reason.code, finding.got) == ("volume-not-allowed", path)


@pytest.mark.parametrize("path", ["/data/x", "/data/x/", "/data/..x", "/data/x..", "/data/x/y"])
def test_a_volume_below_an_allowed_folder_is_fine(path: str) -> None:
    """One slash at the end is the same folder."""
    assert single(Volumes={path: {}}).codes(rule("check: image, volumes: {allow: ['/data/**']}")) == []


def test_size_and_layers() -> None:
    """Limits are inclusive, and sizes are those of the manifest."""
    made = Made({"linux/amd64": {}}, layers=(1000, 200))
    assert made.codes(rule("check: image, max-size: 1200B, max-layers: 2")) == []
    [size] = made.findings(rule("check: image, max-size: 1199B"))
    assert (size.reason.code, size.what, size.got) == (
        "image-too-large",
        "the layers have 1,200 bytes together",
        "1,200 bytes",
    )
    [layers] = made.findings(rule("check: image, max-layers: 1"))
    assert (layers.reason.code, layers.expected, layers.got) == ("image-too-large", "at most 1 layers", "2 layers")
    huge = Made({"linux/amd64": {}}, layers=(2**62, 2**62))
    assert huge.codes(rule("check: image, max-size: 999999GiB")) == ["image-too-large"]


def created(text: object) -> Made:
    """Make an image with a creation time."""
    return Made({"linux/amd64": {}}, more={} if text is None else {"created": text})


def test_age() -> None:
    """The limit is inclusive; older is violated, and says since when."""
    check = rule("check: image, max-age: 30d")
    assert created((AT - timedelta(days=30)).isoformat()).codes(check) == []
    [finding] = created((AT - timedelta(days=30, seconds=1)).isoformat()).findings(check)
    assert (finding.reason.code, finding.got) == ("image-too-old", "2026-10-25T11:59:59+00:00")
    assert created("1990-01-01T00:00:00Z").codes(check) == ["image-too-old"]
    assert created((AT + timedelta(minutes=4)).isoformat()).codes(check) == []


@pytest.mark.parametrize(
    "text",
    [
        None, "", "yesterday", "2026-11-24T12:06:00Z", "2099-01-01T00:00:00Z", "2026-11-24T12:00:00-14:00",
        "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_an_age_that_nobody_knows_is_undecided(text: str | None) -> None:
    """Missing, unreadable, in the future by more than five minutes (S6), or the time of reproducible builds."""
    [judgement] = created(text).judged(rule("check: image, max-age: 30d"))
    assert judgement.findings == ()
    assert [undecided.reason.code for undecided in judgement.undecided] == ["created-unknown"]


@pytest.mark.parametrize("odd", ["linux/amd64", "linux/arm64", "linux/s390x"])
def test_every_platform_is_judged(odd: str) -> None:
    """One platform that runs as root is enough, wherever it stands."""
    made = Made({name: {"User": "0" if name == odd else "1"} for name in ("linux/amd64", "linux/arm64", "linux/s390x")})
    check = rule("check: image, user: non-root")
    found = {
        str(view.platform and view.platform.platform): check.judge(view, AT).findings for view in made.views(check)
    }
    assert [name for name, findings in found.items() if findings] == [odd]


def test_a_platform_that_could_not_be_read_is_undecided() -> None:
    """Nothing known is nothing satisfied."""
    check = rule("check: image, user: non-root")
    [view] = user("1").views(check)
    assert view.platform is not None
    unread = type(view.platform)(view.platform.platform, view.platform.digest, None, None)
    for platform in (None, unread):
        judgement = check.judge(View(view.subject, platform, (), Evidence(), view.book), AT)
        assert [undecided.reason.code for undecided in judgement.undecided] == ["image-unread"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: image", "the rule asks for nothing"),
        ("check: image, user: root", "user"),
        ("check: image, user: nonroot", "non-root"),
        ("check: image, environment: secrets", "no-secrets"),
        ("check: image, user: non-root, allow-variables: [X]", "nothing is searched for secrets"),
        ("check: image, platforms: {}", "give require or allow"),
        ("check: image, platforms: {require: []}", "require"),
        ("check: image, platforms: {require: [linux]}", "'linux' is not a platform"),
        (
            "check: image, platforms: {require: [linux/amd64], allow: [linux/arm64]}",
            "linux/amd64 is required and not allowed",
        ),
        ("check: image, ports: {}", "give allow or deny"),
        ("check: image, ports: {allow: [http]}", "'http' is no port"),
        ("check: image, ports: {allow: [0]}", "'0' is no port"),
        ("check: image, ports: {allow: [90-80]}", "'90-80' is no port"),
        ("check: image, ports: all", "none"),
        ("check: image, healthcheck: true", "required"),
        ("check: image, volumes: {allow: []}", "allow"),
        ("check: image, max-size: 500", "'500' is no size"),
        ("check: image, max-size: 0MB", "'0MB' is no size"),
        ("check: image, max-layers: 0", "no image has less than one layer"),
        ("check: image, max-age: 0d", "'0d' is not a length of time"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Nothing is silently ignored."""
    assert message in mistake(text)


BAD = stepped(
    "ENV X_TOKEN=abc",
    User="app",
    Env=["Y_TOKEN=abc"],
    ExposedPorts={"80/tcp": {}},
    Volumes={"/data": {}},
    Cmd=["sh", "-c", "x"],
)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("user: non-root-number", ["user-not-numeric"]),
        ("environment: no-secrets", ["secret-in-environment"]),
        ("history: no-secrets", ["secret-in-history"]),
        ("environment: no-secrets, allow-variables: [never]", ["secret-in-environment"]),
        ("platforms: {require: [plan9/mips]}", ["platform-required"]),
        ("platforms: {allow: [plan9/mips]}", ["platform-not-allowed"]),
        ("ports: none", ["port-not-allowed"]),
        ("ports: {allow: [1]}", ["port-not-allowed"]),
        ("ports: {deny: [1-65535]}", ["port-not-allowed"]),
        ("healthcheck: required", ["healthcheck-missing"]),
        ("entrypoint: exec-form", ["shell-form"]),
        ("volumes: none", ["volume-not-allowed"]),
        ("volumes: {allow: [/never]}", ["volume-not-allowed"]),
        ("max-size: 1B", ["image-too-large"]),
        ("max-layers: 1", ["image-too-large"]),
    ],
)
def test_each_option_is_looked_at(options: str, codes: list[str]) -> None:
    """Set to what can never hold, each option fails."""
    assert BAD.codes(rule(f"check: image, {options}")) == codes


def test_hostile_text_is_escaped_and_cut() -> None:
    """In every place that is shown."""
    evil = "\x1b]0;x\x07\u202e\n" + "y" * 100_000
    made = single(User=evil, Env=[f"TOKEN{evil}=abc"], ExposedPorts={evil: {}}, Volumes={evil: {}}, Cmd=[evil])
    check = rule(
        "check: image, user: non-root, environment: no-secrets, ports: none, volumes: none, entrypoint: exec-form"
    )
    found = made.findings(check)
    assert len(found) == 4
    for finding in found:
        assert (finding.what + finding.got + finding.expected + str(finding.about)).isprintable()
        assert len(finding.what + finding.got + str(finding.about)) < 2000


OPTIONS = ["user: non-root", "environment: no-secrets", "ports: none", "healthcheck: required", "max-layers: 1"]
RUNS = st.fixed_dictionaries(
    {},
    optional={
        "User": st.sampled_from(["", "0", "app", "10001"]),
        "Env": st.lists(st.sampled_from(["A=1", "TOKEN=x", "PASSWORD="]), max_size=3),
        "ExposedPorts": st.dictionaries(st.sampled_from(["80/tcp", "22"]), st.just({}), max_size=2),
    },
)


@given(run=RUNS, options=st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True), data=st.data())
def test_order_never_matters_and_asking_for_more_never_satisfies(
    run: dict[str, Any], options: list[str], data: st.DataObject
) -> None:
    """Any order of options gives the same findings; fewer options give a part of them."""
    order = data.draw(st.permutations(options))
    found = single(**run).findings(rule(f"check: image, {', '.join(options)}"))
    assert single(**run).findings(rule(f"check: image, {', '.join(order)}")) == found
    assert set(single(**run).findings(rule(f"check: image, {order[0]}"))) <= set(found)
