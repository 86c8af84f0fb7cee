"""The demo for tests: a copy of it, every run that looks at it, and what each of them has to say."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gate.cli._world import World
from gate.cli.main import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "demo"
AT = "2026-11-24T12:00:00Z"


@dataclass(frozen=True)
class Ran:
    """What one run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, object]:
        """The JSON report on standard output."""
        loaded: dict[str, object] = json.loads(self.out)
        return loaded


def gate(*arguments: str) -> Ran:
    """Run the command in this process, as the process itself would."""
    out, err = io.StringIO(), io.StringIO()
    code = main(arguments, World(out, err, {}, lambda: datetime.now(UTC)))
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Look:
    """One run over the demo: the image, its reports, the exit code, and the reasons it has to give."""

    ref: str
    reports: tuple[str, ...]
    code: int
    reasons: frozenset[str] = frozenset()
    rules: str = "gate.yaml"
    waivers: tuple[str, ...] = ()

    def arguments(self, folder: Path, *more: str) -> list[str]:
        """The arguments of `gate` for a copy of the demo in `folder`."""
        reports = [word for name in self.reports for word in ("--report", str(folder / "reports" / f"{name}.json"))]
        waivers = [word for name in self.waivers for word in ("--waivers", str(folder / name))]
        rules = ["--rules", str(folder / self.rules)]
        return ["check", f"oci:{folder / 'app'}{self.ref}", *rules, *reports, *waivers, "--at", AT, *more]

    def __str__(self) -> str:
        """As a test's id."""
        return " ".join((self.ref[:20], *self.reports, *self.waivers))


BOTH = ("1.4.2-amd64", "1.4.2-arm64")
RC = ("1.5.0-rc.1-amd64", "1.5.0-rc.1-arm64")

#: fixtures say "with the rules … 1.4.2 passes …": one line for each sentence there.
LOOKS = (
    Look(":1.4.2", BOTH, 0),
    Look(":7c0bb30", BOTH, 0),
    Look(":1.4.2", BOTH[:1], 3, frozenset({"report-not-for-this-platform"})),
    Look(":1.4.2", BOTH[1:], 3, frozenset({"report-not-for-this-platform"})),
    Look(":1.4.2", ("latest-before-move",), 3, frozenset({"report-not-for-this-platform"})),
    Look(":1.4.2", (), 1, frozenset({"report-missing"})),
    Look(":latest", BOTH, 1, frozenset({"tag-not-allowed"})),
    Look(":1.5.0-rc.1", RC, 1, frozenset({"vulnerability-found"})),
    Look(":1.5.0-rc.1", RC[:1], 3, frozenset({"report-not-for-this-platform"})),
    Look(":1.5.0-rc.1", ("1.5.0-rc.1-noplatform",), 3, frozenset({"report-not-for-this-platform"})),
    Look(":1.5.0-rc.1", RC, 0, waivers=("waivers.yaml",)),
    Look(":1.3.0", ("1.3.0-amd64",), 1, frozenset({"vulnerability-found", "report-not-for-this-platform"})),
    Look(":1.4.3", ("1.4.3-amd64",), 1, frozenset({"signature-missing", "report-not-for-this-platform"})),
    Look(":bad", ("bad",), 1, frozenset({"signature-other-key", "vulnerability-found"})),
    Look(":unknown-os", ("unknown-os",), 1, frozenset({"signature-missing"})),
    Look(":unsupported-os", ("unsupported-os",), 1, frozenset({"signature-missing"})),
    Look(":1.4.2", (), 1, frozenset({"signature-quorum"}), rules="two-keys.yaml"),
    *(
        Look(f":{tag}", (), 1, frozenset({"report-missing"}))
        for tag in ("1.4", "1", "c81006f", "1.3", "5c35dc8", "unsigned", "917666b")
    ),
)


def copy(folder: Path) -> Path:
    """Copy the demo to a new folder."""
    return Path(shutil.copytree(DEMO, folder / "demo"))


def reasons(report: dict[str, object]) -> set[str]:
    """Give every reason code of a JSON report: of findings and undecided points that decided."""
    found: set[str] = set()
    for image in list_of(report["images"]):
        found |= {str(cause["reason"]) for cause in list_of(image["causes"])}
        for outcome in list_of(image["outcomes"]):
            found |= {str(one["reason"]) for key in ("findings", "undecided") for one in list_of(outcome[key])}
    return found


def list_of(value: object) -> list[dict[str, object]]:
    """Take a list of objects out of JSON."""
    assert isinstance(value, list)
    return value
