"""Claim: all 1,024 exponents of the full state (h, c) of an LSTM with 512 units over 1,000 steps take under 2 GB of memory.

Run: python tests/benchmarks/full_state_lstm_of_512_units_stays_under_2_gb.py [STEPS]
Prints peak memory and CPU time, the time also in units of the bare matrix products J Q, with one BLAS thread.
"""

from __future__ import annotations

import platform
import resource
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics import Network
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.theory import cells

UNITS, INPUTS, STEPS, FLOOR_STEPS, SEED = 512, 32, 1000, 20, 0


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    random = np.random.default_rng(SEED)
    bound = 1 / np.sqrt(UNITS)
    shapes = {"W": (4 * UNITS, UNITS), "B": (4 * UNITS, INPUTS), "b": (4 * UNITS,)}
    network = Network(cells.get("lstm"), {name: random.uniform(-bound, bound, shape) for name, shape in shapes.items()})
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, {UNITS} units, state {2 * UNITS}, {steps} steps")
    with threadpool_limits(limits=1, user_api="blas"):
        begin = time.process_time()
        found = lyapunov_spectrum(network, steps=steps, samples=1, rng=SEED)
        spent = time.process_time() - begin
        J = random.standard_normal((2 * UNITS, 2 * UNITS))
        begin = time.process_time()
        for _ in range(FLOOR_STEPS):
            J @ J
        floor = (time.process_time() - begin) / FLOOR_STEPS * steps
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{peak:.2f} GB, {spent:.1f} s, {spent / floor:.2f} times the bare products, residual {found.residual:.1e}")
    print(
        f"largest exponent {found.exponents[0]:.6f}, smallest {found.exponents[-1]:.6f} nats per step ({found.method})"
    )
    print(f"under 2 GB: {'yes' if peak < 2 else 'NO'}")
    raise SystemExit(peak >= 2)


if __name__ == "__main__":
    main()
