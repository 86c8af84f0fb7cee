"""The demo: real images, real signatures, real scanner reports, and what the gate says of them.

`make demo` runs it. Everything it shows is `gate check` on files; each command can be typed as it stands, in the
folder of the project.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = "examples/demo"

#: The reports are of 23 November 2026 and may be 24 hours old: the demo says what time it is, a pipeline does not.
AT = "2026-11-24T12:00:00Z"


@dataclass(frozen=True)
class Step:
    """One command and what there is to see in it."""

    title: str
    before: str
    tag: str
    reports: tuple[str, ...]
    code: int
    after: str
    more: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The arguments of `gate`."""
        reports = [word for name in self.reports for word in ("--report", f"{DEMO}/reports/{name}.json")]
        return ["check", f"oci:{DEMO}/app:{self.tag}", "--rules", f"{DEMO}/gate.yaml", *reports, *self.more, "--at", AT]


STEPS = (
    Step(
        "an image that may go on",
        "Version 1.4.2 for two platforms, signed with the release key, and a scanner report for each platform.",
        "1.4.2",
        ("1.4.2-amd64", "1.4.2-arm64"),
        0,
        "Every rule holds for the digest in the first line. Deploy that digest, not the tag.",
    ),
    Step(
        "an image that must not",
        "It runs as root, carries a secret in its environment, has no owner, and was signed by somebody else.",
        "bad",
        ("bad",),
        1,
        "Each finding says what was expected, what was found, where the rule stands and what to do.",
    ),
    Step(
        "an image that cannot be judged",
        "Version 1.4.2 again, but nobody brought the report for linux/arm64. Nothing bad is known about it; that is\n"
        "not the same as knowing that it is good.",
        "1.4.2",
        ("1.4.2-amd64",),
        3,
        "No verdict, so the pipeline stops. Skipping what could not be checked would have been a pass.",
    ),
    Step(
        "an image with a waiver",
        "1.5.0-rc.1 has a critical and a high vulnerability. Somebody accepted them for the test system, with a\n"
        "name, a reason and a date.",
        "1.5.0-rc.1",
        ("1.5.0-rc.1-amd64", "1.5.0-rc.1-arm64"),
        0,
        "It passes, and the report says at whose word. After the date the waiver ends by itself and the image fails.",
        ("--waivers", f"{DEMO}/waivers.yaml"),
    ),
)


def run(step: Step, number: int) -> bool:
    """Show one step; tell whether it ended as the text says."""
    heading = f"{number} of {len(STEPS)}: {step.title}"
    print(
        f"\n{heading}\n{'=' * len(heading)}\n{step.before}\n\n$ {shlex.join(['gate', *step.arguments])}\n", flush=True
    )
    command = [sys.executable, "-I", "-m", "gate", *step.arguments]
    done = subprocess.run(command, cwd=ROOT, check=False)
    print(f"\n→ exit code {done.returncode}. {step.after}", flush=True)
    if done.returncode != step.code:
        print(f"  This is wrong: the exit code should have been {step.code}.", flush=True)
    return done.returncode == step.code


def main() -> int:
    """Run every step."""
    print(
        "The gate reads an image (here from files in examples/demo/app), its signatures and its scanner reports, and\n"
        "judges them against the rules in examples/demo/gate.yaml. Nothing is fetched from a network.\n"
        f"The reports are of 2026-11-23 and may be 24 hours old, so the demo judges as of {AT}.",
        flush=True,
    )
    as_told = [run(step, number) for number, step in enumerate(STEPS, 1)]
    print("\nNow change one byte of a file that these commands read, and run `make demo` again.", flush=True)
    return 0 if all(as_told) else 1


if __name__ == "__main__":
    raise SystemExit(main())
