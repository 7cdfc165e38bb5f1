"""Claim: s(W) of 256 units is certified to 1e-3, search included, in at most the time of 50 SVDs of W.

Run: python tests/benchmarks/a_certified_scaling_of_256_units_costs_at_most_fifty_svds.py
Prints, per kind of matrix, the ratio of `diagonal_scaling` to `scipy.linalg.svd` of the same matrix and the relative gap of
the certified ends of s(W), with one BLAS thread. Exit status 1 if a ratio or a gap exceeds the claim.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable

import numpy as np
import scipy
from threadpoolctl import threadpool_limits

from errorflow.numerics.constants import diagonal_scaling

UNITS, REPEATS, SEED, RATIO, GAP = 256, 3, 0, 50.0, 1e-3


def least_seconds(function: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        function()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> int:
    rng = np.random.default_rng(SEED)
    W = rng.standard_normal((UNITS, UNITS)) / np.sqrt(UNITS)
    d = 10 ** rng.uniform(-2, 2, UNITS)
    kinds = {
        "gaussian": W,
        "uniform": rng.uniform(-1, 1, (UNITS, UNITS)) / np.sqrt(UNITS),
        "non-normal": np.tril(W) + 0.01 * W.T,
        "badly scaled": d[:, None] * W / d,
        "positive mean": W + 2 / UNITS,
        "nonnegative": np.abs(W),
        "a tenth of the entries": W * (rng.random((UNITS, UNITS)) < 0.1),
    }
    print(f"{platform.machine()}, numpy {np.__version__}, scipy {scipy.__version__}, seed {SEED}, {UNITS} units")
    print(f"{'matrix':26}{'scaling / SVD':>15}{'certified gap':>15}")
    kept = True
    with threadpool_limits(limits=1, user_api="blas"):
        for name, matrix in kinds.items():
            infimum = diagonal_scaling(matrix).infimum
            gap = infimum.width / infimum.lower
            ratio = least_seconds(lambda A=matrix: diagonal_scaling(A)) / least_seconds(
                lambda A=matrix: scipy.linalg.svd(A)
            )
            kept = kept and ratio <= RATIO and gap <= GAP and infimum.evidence == "certified"
            print(f"{name:26}{ratio:15.1f}{gap:15.1e}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
