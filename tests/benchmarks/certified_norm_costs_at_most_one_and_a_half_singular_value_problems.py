"""Claim: a two-sided certified norm costs at most 1.5 times scipy's singular values at n = 1000, a certificate less than half.

Run: python tests/benchmarks/certified_norm_costs_at_most_one_and_a_half_singular_value_problems.py
Prints both ratios of CPU times (one BLAS thread, best of five) and the relative width; exits 1 if the claim fails.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.linalg import svd
from threadpoolctl import threadpool_limits

from errorflow.numerics.certify import norm_at_most
from errorflow.numerics.constants import spectral_norm

UNITS, SEED, REPEATS = 1000, 0, 5


def best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> int:
    W = np.random.default_rng(SEED).standard_normal((UNITS, UNITS))
    with threadpool_limits(limits=1):
        floor = best(lambda: svd(W, compute_uv=False))
        both = best(lambda: spectral_norm(W)) / floor
        found = spectral_norm(W)
        bound = found.upper * (1 + 1e-9)
        one = best(lambda: norm_at_most(W, bound)) / floor
        shown = norm_at_most(W, bound)
    width = found.width / found.upper
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, {UNITS} units, singular values {floor:.3f} s")
    print(f"both bounds {both:.2f}, certificate {one:.2f} times the singular values; relative width {width:.1e}")
    return int(not (both <= 1.5 and one < 0.5 and shown and width <= 1e-8))


if __name__ == "__main__":
    sys.exit(main())
