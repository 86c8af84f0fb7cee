"""`gate --help` against the bare interpreter: start-up is part of the product (aim: at most 4 times)."""

from __future__ import annotations

import sys

from compare import interleaved, ratio_line, table

if __name__ == "__main__":
    samples = interleaved(
        {
            "gate --help": [sys.executable, "-I", "-m", "gate", "--help"],
            "gate --version": [sys.executable, "-I", "-m", "gate", "--version"],
            "python -c pass": [sys.executable, "-I", "-c", "pass"],
        },
        runs=20,
    )
    print(table(samples))
    print(ratio_line(samples, "gate --help", "python -c pass"))
    print(ratio_line(samples, "gate --version", "python -c pass"))
