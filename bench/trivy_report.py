"""Judge a Trivy report of 100 MB: how many times faster than `jq` filters it, and in how much memory.

    python bench/trivy_report.py [MEGABYTES]

Both sides run in turn, each in a process of its own, and the ratio is that of the medians. Compared is
processor time, user and system: both use one thread, so on an idle machine it is the time on the wall,
and on a busy one it is not the neighbours' time. jq's is its whole process. The gate's is what a run does
with the report once it is started: recognise the format, parse, bind it to the image, judge, and give
the findings; reading the file is shown apart. Its memory is the highest resident size over that of the
started interpreter, the file's bytes included. The vulnerabilities are those of the reports in
`tests/fixtures/trivy`, repeated under other ids with two packages listed for each.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests/fixtures/trivy"
FILTER = '[.Results[]?.Vulnerabilities[]? | select(.Severity=="CRITICAL" or .Severity=="HIGH")] | length'
TIMES = 7
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def write_report(path: Path, megabytes: int) -> None:
    """Write a report of that size, as Trivy indents it."""
    chance = random.Random(20261125)  # noqa: S311 -- the same report in every run
    report = json.loads((FIXTURES / "demo/bad.json").read_text())
    sources = [report, json.loads((FIXTURES / "samples/dd-issue_9333-debian10.json").read_text())]
    samples = [
        entry for source in sources for result in source["Results"] for entry in result.get("Vulnerabilities", ())
    ]
    k6 = json.loads((FIXTURES / "samples/steadybit-extension-k6-0.69.3.json").read_text())
    packages = [package for result in k6["Results"] for package in result.get("Packages", ())]
    severities = ["LOW"] * 35 + ["MEDIUM"] * 45 + ["HIGH"] * 16 + ["CRITICAL"] * 4
    result = report["Results"][0]
    result["Vulnerabilities"], result["Packages"] = [], []
    size = 0
    while size < megabytes * 1_000_000:
        number = len(result["Vulnerabilities"])
        entry = {
            **chance.choice(samples),
            "VulnerabilityID": f"CVE-{2010 + number % 16}-{10000 + number}",
            "Severity": chance.choice(severities),
        }
        more = [chance.choice(packages), chance.choice(packages)]
        result["Vulnerabilities"].append(entry)
        result["Packages"] += more
        size += sum(len(json.dumps([[[one]]], indent=2)) for one in (entry, *more))
    path.write_text(json.dumps(report, indent=2))


def highest_resident() -> int:
    """Give the highest resident size of this process so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def judge(path: str) -> None:
    """Judge one report and print seconds, bytes of memory and the number of findings."""
    from datetime import UTC, datetime

    from gate.book import ReportInput, make_book
    from gate.check import View
    from gate.checks.vulnerabilities import VulnerabilitiesCheck
    from gate.evidence import Evidence
    from gate.oci.config import Config
    from gate.oci.descriptor import Descriptor
    from gate.oci.digest import Digest
    from gate.oci.manifest import Manifest
    from gate.option import Duration
    from gate.rooms import load, names
    from gate.scanned import ReportOptions
    from gate.subject import Image, Subject

    for name in names("scanners"):
        load("scanners", name)
    about = json.loads((FIXTURES / "demo/bad.json").read_text())["Metadata"]
    manifest = Manifest(
        media_type="",
        artifact_type="",
        config=Descriptor("", Digest.parse(about["ImageID"]), 1),
        layers=tuple(Descriptor(LAYER, Digest.parse(layer["Digest"]), 1) for layer in about["Layers"]),
        annotations={},
        subject=None,
    )
    config = Config("linux", "amd64", diff_ids=tuple(about["DiffIDs"]))
    digest = Digest.parse(about["RepoDigests"][0].rpartition("@")[2])
    subject = Subject("bad", "", "", "bad", digest, "", b"")
    image = Image(config.platform, digest, manifest, config)
    check = VulnerabilitiesCheck(
        fail_at="high", end_of_life="allow", report=ReportOptions(max_age=Duration.from_text("24h"))
    )
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    before = highest_resident()
    start = time.process_time()
    content = Path(path).read_bytes()
    read = time.process_time()
    book = make_book({}, [ReportInput(path, content, tracked=False)])
    del content
    judgement = check.judge(View(subject, image, (image,), Evidence(), book), at)
    done = time.process_time()
    if judgement.undecided:
        raise SystemExit(f"undecided: {judgement.undecided[0].what}")
    print(json.dumps([done - read, read - start, highest_resident() - before, len(judgement.findings)]))


def filter_with_jq(path: Path) -> tuple[float, int]:
    """Give the processor seconds that jq takes, and what it counts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["jq", FILTER, str(path)], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, int(done.stdout)


def main(megabytes: int) -> int:
    """Compare, print, and give 1 if an aim is missed."""
    if shutil.which("jq") is None:
        print("jq is not installed: nothing to compare with")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        write_report(path, megabytes)
        size = path.stat().st_size
        jq, gate, reading, memory, counted = [], [], [], [], 0
        for _ in range(TIMES):
            seconds, counted = filter_with_jq(path)
            jq.append(seconds)
            command = [sys.executable, __file__, "--judge", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
            seconds, of_reading, resident, findings = json.loads(done.stdout)
            gate.append(seconds)
            reading.append(of_reading)
            memory.append(resident)
            if findings != counted:
                print(f"the gate found {findings}, jq counted {counted}")
                return 1
    ratio = statistics.median(jq) / statistics.median(gate)
    share = max(memory) / size
    print(f"report of {size / 1e6:.1f} MB, {counted} critical or high of it judged")
    print(f"jq    {statistics.median(jq) * 1000:7.0f} ms (from {min(jq) * 1000:.0f} to {max(jq) * 1000:.0f})")
    print(f"gate  {statistics.median(gate) * 1000:7.0f} ms (from {min(gate) * 1000:.0f} to {max(gate) * 1000:.0f})")
    print(f"ratio {ratio:7.1f}   (aim: at least 7)")
    with_reading = statistics.median(jq) / (statistics.median(gate) + statistics.median(reading))
    print(f"      {with_reading:7.1f}   with reading the file, {statistics.median(reading) * 1000:.0f} ms")
    print(f"memory{share:7.2f} times its size (aim: at most 1.5)")
    return 0 if ratio >= 7 and share <= 1.5 else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--judge"]:
        judge(sys.argv[2])
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
