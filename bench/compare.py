"""Time whole commands against each other, in turn (A B A B …), as the operating system accounts them.

Ratios are taken pair by pair, so that they hold when the machine's speed drifts. Not a test: a noisy
machine never fails a build.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Sample", "interleaved", "ratio_line", "table"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished process: seconds of wall time and of processor, peak resident bytes, exit code."""

    wall: float
    cpu: float
    peak: int
    code: int


def measure(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Sample:
    """Run one command to its end, its output thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environ
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, process.returncode)


def interleaved(commands: Mapping[str, Sequence[str]], runs: int, warm_up: int = 1) -> dict[str, list[Sample]]:
    """Run every command in turn, `runs` times; raises `RuntimeError` if one cannot be started."""
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    for number in range(warm_up + runs):
        for name, command in commands.items():
            sample = measure(command)
            if number >= warm_up:
                samples[name].append(sample)
    return samples


def ratio_line(samples: Mapping[str, Sequence[Sample]], one: str, other: str) -> str:
    """Give min, median and max of the pairwise wall-time ratio of `one` over `other`."""
    ratios = [a.wall / b.wall for a, b in zip(samples[one], samples[other], strict=True)]
    return f"{one} / {other}: median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})"


def table(samples: Mapping[str, Sequence[Sample]]) -> str:
    """Give one line a command: median wall and processor time, peak memory, exit codes."""
    lines = []
    for name, many in samples.items():
        wall = statistics.median(sample.wall for sample in many) * 1000
        cpu = statistics.median(sample.cpu for sample in many) * 1000
        peak = max(sample.peak for sample in many) / 1_000_000
        codes = ",".join(sorted({str(sample.code) for sample in many}))
        lines.append(
            f"{name:24} wall {wall:8.1f} ms  cpu {cpu:8.1f} ms  peak {peak:7.1f} MB  exit {codes}  n={len(many)}"
        )
    return "\n".join(lines)
