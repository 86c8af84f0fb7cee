"""`gate check` as a process sees it: codes, reports, what decides and what never does (S1, S6, S8, S24, S27)."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.cli._environment import VARIABLES
from gate.cli._world import World
from gate.cli.main import main
from gate.evidence import Found
from gate.oci.digest import Digest
from tests.images import image, packed
from tests.servers.fake import FakeServer, Reply

DEMO = Path(__file__).parents[2] / "examples" / "demo"
REPORTS = [str(DEMO / "reports" / f"1.4.2-{name}.json") for name in ("amd64", "arm64")]
AT = "2026-11-24T12:00:00Z"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def run(*arguments: str, environ: dict[str, str] | None = None, now: datetime = NOW) -> tuple[int, str, str]:
    """Run the command in this process; give code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = main(arguments, World(out, err, environ or {"HOME": "/nonexistent"}, lambda: now))
    return code, out.getvalue(), err.getvalue()


def check(
    *arguments: str, rules: Path = DEMO / "gate.yaml", tags: tuple[str, ...] = ("1.4.2",), **more: Any
) -> tuple[int, str, str]:
    """Check images of the demo with their reports."""
    reports = [text for path in REPORTS for text in ("--report", path)]
    images = [f"oci:{DEMO}/app:{tag}" for tag in tags]
    return run("check", "--rules", str(rules), "--at", AT, *reports, *arguments, *images, **more)


def tag_rules(folder: Path, extra: str = "") -> Path:
    """Write a rule file about tags alone."""
    path = folder / "gate.yaml"
    path.write_text(f"gate: 1\n{extra}rules:\n  version: {{check: tag, allow: [semver]}}\n")
    return path


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (("1.4.2",), 0),
        (("bad",), 1),
        (("nonsense",), 3),
        (("1.4.2", "1.4.2-not-there"), 3),
        (("1.4.2", "bad"), 1),
        (("nonsense", "bad"), 1),
        (("bad", "nonsense", "1.4.2"), 1),
    ],
    ids=["good", "bad", "missing", "good and missing", "good and bad", "missing and bad", "all"],
)
@pytest.mark.parametrize("shown", ["terminal", "json"])
def test_several_images_end_in_the_worst(tags: tuple[str, ...], code: int, shown: str) -> None:
    """1 before 3 before 0, in every format (S1)."""
    assert check("--format", shown, tags=tags)[0] == code


def test_standard_output_carries_the_report_and_nothing_else() -> None:
    """JSON can be piped; standard error is silent where there is nothing to say."""
    code, out, err = check("--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["verdict"] == "passed"


def test_reports_are_written_beside_what_is_shown(tmp_path: Path) -> None:
    """`--output` several times, one run, one verdict."""
    code, out, _ = check("--output", f"json={tmp_path}/a.json", "--output", f"terminal={tmp_path}/a.txt")
    assert code == 0
    assert json.loads((tmp_path / "a.json").read_text())["exit-code"] == 0
    assert (tmp_path / "a.txt").read_text() == out


@pytest.mark.parametrize(("tag", "code"), [("1.4.2", 3), ("bad", 1)])
def test_a_report_that_cannot_be_written_at_the_end(
    tmp_path: Path, tag: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No report, no pass; a failed image stays failed (DESIGN section 4)."""
    import gate.cli.check

    original, calls = gate.cli.check.write_report, []

    def once(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            (tmp_path / "reports").rmdir()
        else:
            return
        original(*arguments)

    (tmp_path / "reports").mkdir()
    monkeypatch.setattr(gate.cli.check, "write_report", once)
    done, _, err = check("--output", f"json={tmp_path}/reports/a.json", tags=(tag,))
    assert done == code
    assert "cannot be written" in err
    assert f"exit code {code}" in err


def test_a_report_that_cannot_be_written_at_all_is_no_verdict(tmp_path: Path) -> None:
    """Told before anything is judged."""
    code, out, err = check("--output", f"json={tmp_path}/missing/a.json")
    assert (code, out) == (3, "")
    assert "the report" in err


def test_one_file_for_two_reports_is_refused(tmp_path: Path) -> None:
    """The second would hide the first."""
    assert check("--output", f"json={tmp_path}/a", "--output", f"terminal={tmp_path}/a")[0] == 2


@pytest.mark.parametrize("role", ["rules", "report", "waivers", "output", "outputs"])
@pytest.mark.parametrize("how", ["same", "dotted", "link"])
def test_a_report_is_never_written_over_what_is_read(tmp_path: Path, role: str, how: str) -> None:
    """Rules, reports and waivers survive a slip in --output, however the path is written."""
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "link").symlink_to(mine)
    other = {"same": str(mine), "dotted": f"{tmp_path}/./mine", "link": f"{tmp_path}/link"}[how]
    option = ("--output", f"sarif={mine}") if role == "output" else (f"--{role}", str(mine))
    code, _, err = check(*option, "--output", f"json={other}")
    assert code == 2
    assert "would be written over" in err or "name the same file" in err
    assert mine.read_text() == "mine"


def test_a_killed_run_leaves_undetermined_behind(tmp_path: Path) -> None:
    """First act of a run: overwrite an older `passed` (S8)."""
    report = tmp_path / "gate.json"
    report.write_text('{"verdict": "passed"}')
    asked, go_on = threading.Event(), threading.Event()

    def never(_: object) -> Reply:
        asked.set()
        go_on.wait(30)
        return Reply(500)

    with FakeServer(never) as server:
        command = [
            sys.executable, "-I", "-m", "gate", "check", "--rules", str(tag_rules(tmp_path)), "--plain-http",
            server.authority, "--output", f"json={report}", f"{server.authority}/team/app:1.0.0",
        ]  # fmt: skip
        process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL)
        try:
            assert asked.wait(30)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        finally:
            process.kill()
            go_on.set()
    document = json.loads(report.read_text())
    assert (document["verdict"], document["exit-code"]) == ("undetermined", 3)
    assert document["images"][0]["causes"][0]["reason"] == "not-finished"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--output", "junit=/nonexistent/x"), 3),
        (("--outputs", "/nonexistent/x"), 3),
        (("--at", "yesterday"), 2),
        (("--platform", "linux"), 2),
        (("--rules", "/nonexistent/gate.yaml"), 2),
        (("--", f"oci:{DEMO}/app:1.4.2"), 2),
    ],
    ids=["another report", "outputs", "time", "platform", "rules", "image twice"],
)
def test_no_older_verdict_survives_a_run_that_went_wrong(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """Whatever stops a run, a report that it was to write says `undetermined` (S8)."""
    report, outputs = tmp_path / "gate.json", tmp_path / "gate.env"
    report.write_text('{"verdict": "passed"}')
    outputs.write_text("GATE_VERDICT=passed\n")
    written = () if "--outputs" in arguments else ("--outputs", str(outputs), "--ci", "gitlab")
    assert check(*written, "--output", f"json={report}", *arguments)[0] == code
    assert json.loads(report.read_text())["verdict"] == "undetermined"
    if written:
        assert "GATE_VERDICT=undetermined" in outputs.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(("tag", "code"), [("1.4.2", 3), ("bad", 1)])
def test_a_full_disk_below_standard_output_is_no_pass(tag: str, code: int) -> None:
    """The report that people read is a report too (DESIGN section 4)."""
    command = [sys.executable, "-I", "-m", "gate", "check", "--rules", str(DEMO / "gate.yaml"), "--at", AT]
    reports = [text for path in REPORTS for text in ("--report", path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, *reports, f"oci:{DEMO}/app:{tag}"], env={"PATH": os.environ["PATH"]}, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == code
    assert "standard output cannot be written: No space left on device" in done.stderr


def test_evidence_commands_no_runner(tmp_path: Path) -> None:
    """What an image says is printed whole, and no CI system takes it for a command (S43)."""
    subject, evidence = image(labels={"a": "##vso[task.setvariable variable=a]b", "b": "\n::error::x"})
    found = [fact.content for fact in evidence.answers.values() if isinstance(fact, Found)]
    blobs = tmp_path / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in found:
        (blobs / Digest.of(content).hex).write_bytes(content)
    entry = {
        "mediaType": subject.media_type, "digest": str(subject.digest), "size": len(subject.content),
        "annotations": {"org.opencontainers.image.ref.name": "1.4.2"},
    }  # fmt: skip
    (tmp_path / "layout" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (tmp_path / "layout" / "index.json").write_bytes(packed({"schemaVersion": 2, "manifests": [entry]}))
    rules = tmp_path / "gate.yaml"
    rules.write_text("gate: 1\nrules:\n  user: {check: image, user: non-root}\n")
    code, out, _ = run("evidence", "--rules", str(rules), f"oci:{tmp_path}/layout:1.4.2")
    assert code == 0
    assert "task.setvariable" in out
    assert "##" not in out
    assert out.isascii()


def test_an_interrupted_run_ends_in_three(tmp_path: Path) -> None:
    """Ctrl-C is no verdict (S1)."""
    asked, go_on = threading.Event(), threading.Event()

    def never(_: object) -> Reply:
        asked.set()
        go_on.wait(30)
        return Reply(500)

    with FakeServer(never) as server:
        command = [
            sys.executable, "-I", "-m", "gate", "check", "--rules", str(tag_rules(tmp_path)), "--plain-http",
            server.authority, f"{server.authority}/team/app:1.0.0",
        ]  # fmt: skip
        process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE, text=True)
        try:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
            go_on.set()
    assert process.returncode == 3
    assert "interrupted; no verdict" in err


def test_advisory_rules_are_said_and_do_not_stop(tmp_path: Path) -> None:
    """Until its day the verdict stays what it is, and the exit code is 0 (DESIGN section 4)."""
    rules = tag_rules(tmp_path, "advisory: {until: 2026-11-24}\n")
    code, out, _ = check("--format", "json", rules=rules, tags=("bad",))
    document = json.loads(out)
    assert (code, document["verdict"], document["enforced"]) == (0, "failed", False)
    code, out, _ = check(rules=rules, tags=("bad",))
    assert out.startswith("FAILED (not enforced until 2026-11-24)")


def test_advisory_ends_by_itself(tmp_path: Path) -> None:
    """The day after, it stops the build."""
    rules = tag_rules(tmp_path, "advisory: {until: 2026-11-23}\n")
    code, out, _ = check("--format", "json", rules=rules, tags=("bad",))
    assert (code, json.loads(out)["enforced"]) == (1, True)


def test_a_clock_before_the_release_gives_no_verdict() -> None:
    """No age can be judged by it (S6)."""
    code, _, err = check(now=datetime(2020, 1, 1, tzinfo=UTC))
    assert code == 3
    assert "before this version of the gate was released" in err


def test_the_rules_digest_is_printed_and_can_be_demanded(tmp_path: Path) -> None:
    """Another closure is refused before anything is judged (S24)."""
    digest = json.loads(check("--format", "json")[1])["rules-digest"]
    assert check("--rules-digest", digest)[0] == 0
    code, out, err = check("--rules-digest", "sha256:" + "0" * 64)
    assert (code, out) == (2, "")
    assert digest in err
    assert check("--rules-digest", digest, rules=tag_rules(tmp_path))[0] == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [("--at", "2026-11-24T12:00:01Z"), ("--platform", "linux/amd64"), ("--only", "signed")],
)
def test_every_deciding_option_is_part_of_the_digest(option: str, value: str) -> None:
    """What decides is listed and hashed; what only shows is not."""
    plain = json.loads(check("--format", "json")[1])
    changed = json.loads(check("--format", "json", option, value)[1])
    verbose = json.loads(check("--format", "json", "-v", "--colour", "always")[1])
    assert changed["rules-digest"] != plain["rules-digest"]
    assert {"name": option, "value": value} in changed["closure"]["options"]
    assert verbose == plain


def test_narrowing_is_said_in_the_first_lines() -> None:
    """Who reads `passed` sees that it is about less than the image."""
    _, out, _ = check("--platform", "linux/amd64", "--only", "signed")
    head = out.split("\n\n")[0]
    assert "only linux/amd64 was judged" in " ".join(head.split())
    assert "--only" in " ".join(head.split())


def test_mistakes_in_rule_files_come_all_at_once(tmp_path: Path) -> None:
    """Each with its place; nothing is judged."""
    path = tmp_path / "gate.yaml"
    path.write_text("gate: 1\nrules:\n  a: {check: tag, alow: [semver]}\n  b: {check: tagg}\n")
    code, out, err = check(rules=path)
    assert (code, out) == (2, "")
    assert f"{path}:3:19: " in err
    assert f"{path}:4:14: " in err
    assert "did you mean" in err


#: Variables of other tools, and some that a user might think the gate reads.
OTHERS = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "CI", "GITHUB_ACTIONS", "GITLAB_CI", "GATE_RULES",
    "GATE_WAIVERS", "GATE_AT", "COSIGN_REPOSITORY", "COSIGN_EXPERIMENTAL", "SIGSTORE_ROOT_FILE", "TUF_ROOT",
    "TRIVY_IGNOREFILE", "TZ", "PYTHONPATH", "SOURCE_DATE_EPOCH",
)  # fmt: skip


def without_environment(result: tuple[int, str, str]) -> tuple[int, object]:
    """Give code and document, but for the names of the variables that were set."""
    document = json.loads(result[1])
    del document["closure"]["environment"]
    return result[0], document


@pytest.mark.parametrize("hostile", ["/nonexistent", "\x1b[31m::error::", "{}", "1", "http://127.0.0.1:9"])
@pytest.mark.parametrize("tag", ["1.4.2", "bad"])
def test_no_variable_changes_a_verdict(hostile: str, tag: str) -> None:
    """All of them hostile at once: the same document, and it names those that were set (S27)."""
    plain = check("--format", "json", tags=(tag,))
    changed = check("--format", "json", tags=(tag,), environ=dict.fromkeys((*VARIABLES, *OTHERS), hostile))
    assert without_environment(changed) == without_environment(plain)
    assert json.loads(changed[1])["closure"]["environment"] == sorted(VARIABLES)


def test_the_page_lists_every_variable() -> None:
    """docs/environment.md and the code name the same."""
    page = (Path(__file__).parents[2] / "docs" / "environment.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert sorted(re.findall("`([A-Za-z_]+)`", " ".join(row.split("|")[1] for row in rows))) == sorted(VARIABLES)


def test_offline_opens_no_connection(tmp_path: Path) -> None:
    """A registry reference with --offline is no verdict, and says why."""
    with FakeServer(lambda _: Reply(200)) as server:
        code, _, _ = run("check", "--offline", "--rules", str(tag_rules(tmp_path)), f"{server.authority}/a/b:1.0.0")
        assert server.connections == 0
    assert code in {2, 3}
