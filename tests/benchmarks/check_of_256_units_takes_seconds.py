"""Claim: `errorflow check` with 256 units and 200 steps takes under 30 s and 1 GB on two cores, start-up, the proofs of
the theorems, the exact checks of the refutations and the certified hierarchy included.

Run: python tests/benchmarks/check_of_256_units_takes_seconds.py
Prints wall time, peak memory, and the ratio of the wall time to the floor, 2 T bare products of the backward pass.
"""

from __future__ import annotations

import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

UNITS, STEPS, SAMPLES, DIRECTIONS, SEED = 256, 200, 32, 4, 0
GATES = {"elman": 1, "gru": 3, "lstm": 4}


def floor_seconds(gates: int) -> float:
    rng = np.random.default_rng(SEED)
    W = rng.standard_normal((gates * UNITS, UNITS))
    state, flow = rng.standard_normal((UNITS, SAMPLES)), rng.standard_normal((gates * UNITS, SAMPLES * DIRECTIONS))
    with threadpool_limits(limits=1, user_api="blas"):
        begin = time.perf_counter()
        for _ in range(STEPS):
            W @ state
            W.T @ flow
        return time.perf_counter() - begin


def main() -> None:
    rng = np.random.default_rng(SEED)
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, {UNITS} units, {STEPS} steps")
    with tempfile.TemporaryDirectory() as folder:
        for cell, gates in GATES.items():
            path = Path(folder) / f"{cell}.npz"
            scale = 1 / np.sqrt(UNITS)
            rows = gates * UNITS
            np.savez(
                path,
                weight_hh=rng.uniform(-scale, scale, (rows, UNITS)),
                weight_ih=rng.uniform(-scale, scale, (rows, UNITS)),
                bias_ih=rng.uniform(-scale, scale, rows),
                bias_hh=rng.uniform(-scale, scale, rows),
            )
            command = [sys.executable, "-m", "errorflow.reports.cli", "check", str(path), "--steps", str(STEPS)]
            begin = time.perf_counter()
            subprocess.run([*command, "--out", folder], check=True, capture_output=True)
            wall = time.perf_counter() - begin
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
            print(
                f"{cell:8}{wall:8.2f} s{peak:8.2f} GB so far{wall / floor_seconds(gates):10.1f} times the bare products"
            )


if __name__ == "__main__":
    main()
