"""Claim: `verified` proves a certificate of 30 units at least 100 times faster than exact elimination, of 256 in a second.

Run: python tests/benchmarks/floats_verify_a_certificate_a_hundred_times_faster_than_fractions.py
Prints CPU times and their ratio; exits 1 if the claim fails.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics.constants.certificate import sharp_certificate, verified

SEED = 0


def fastest(function: Callable[[], object], repeats: int) -> float:
    times = []
    with threadpool_limits(limits=1):
        for _ in range(repeats):
            begin = time.process_time()
            function()
            times.append(time.process_time() - begin)
    return min(times)


def main() -> int:
    print(f"{platform.machine()}, numpy {np.__version__}, one BLAS thread, seed {SEED}, Gaussian matrices, margin 1e-6")
    failed = False
    for n in (30, 256):
        W = np.random.default_rng(SEED).standard_normal((n, n)) / np.sqrt(n)
        found = sharp_certificate(W, diagonal=np.ones(n))
        floats = fastest(lambda certificate=found: verified(certificate), 5)
        failed |= not verified(found) or floats > 1.0
        line = f"{n:4} units: floats {floats * 1e3:8.2f} ms"
        if n == 30:
            exact = fastest(found.check, 1)
            failed |= exact < 100 * floats
            line += f", fractions {exact * 1e3:8.1f} ms, {exact / floats:.0f} times as long"
        print(line)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
