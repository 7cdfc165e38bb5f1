"""Claim: a derived vjp costs about as much as the bare matrix product W^T G in it (256 units, 64 samples).

Run: python tests/benchmarks/derived_vjp_costs_about_one_product.py
Prints the ratio of medians measured in one run, per cell, with one BLAS thread.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics.lower import lower
from errorflow.theory import cells

UNITS, INPUTS, SAMPLES, REPEATS, SEED = 256, 32, 64, 60, 0


def median_seconds(function: Callable[[], object]) -> float:
    function()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    rng = np.random.default_rng(SEED)
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, {UNITS} units, {SAMPLES} samples")
    print(f"{'cell':18}{'vjp / product':>15}{'jvp / product':>15}{'dense / product':>17}")
    with threadpool_limits(limits=1, user_api="blas"):
        for name in cells.names():
            cell = cells.get(name)
            kernels = lower(cell)
            columns = {"n": UNITS, "m": INPUTS}
            parameters = {
                p.name: rng.standard_normal((p.blocks * UNITS, columns[p.columns])) / 16
                if p.kind == "matrix"
                else np.zeros(p.blocks * UNITS)
                for p in cell.parameters
            }
            size = len(cell.states) * UNITS
            point = kernels.point(
                parameters, rng.standard_normal((size, SAMPLES)), rng.standard_normal((INPUTS, SAMPLES))
            )
            single = kernels.point(parameters, rng.standard_normal((size, 1)), rng.standard_normal((INPUTS, 1)))
            flow = rng.standard_normal((size, SAMPLES))
            stacked = rng.standard_normal((len(parameters["W"]), SAMPLES))
            bare = median_seconds(lambda W=parameters["W"], G=stacked: W.T @ G)
            timed = (
                median_seconds(lambda k=kernels, p=parameters, at=point, g=flow: k.vjp(p, at, g)),
                median_seconds(lambda k=kernels, p=parameters, at=point, g=flow: k.jvp(p, at, g)),
                median_seconds(lambda k=kernels, p=parameters, at=single: k.dense(p, at)),
            )
            print(f"{name:18}{timed[0] / bare:15.2f}{timed[1] / bare:15.2f}{timed[2] / bare:17.2f}")


if __name__ == "__main__":
    main()
