"""Claim: certifying the Kreiss constant to 1e-3 costs at most half of a grid of 40 by 49 resolvent norms, at 64 units.

The grid, half an annulus, gives a lower bound alone: what lies between its points is not known.

Run: python tests/benchmarks/a_certified_kreiss_bracket_costs_half_a_grid_of_resolvents.py
Prints CPU times (one BLAS thread), their ratio, the relative width of the bracket and what the grid finds of it; exits 1 if the
claim fails.
"""

from __future__ import annotations

import math
import platform
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics.constants import kreiss_constant

SEED, RADIUS = 0, 0.95


def grid(W: np.ndarray) -> float:
    """The largest (|z| - 1) ||(z I - W)^-1||_2 over the grid."""
    angles, identity = np.exp(1j * np.linspace(0, math.pi, 49)), np.eye(len(W))
    best = 1.0
    for distance in np.geomspace(1e-3, 2 + 2 * float(np.linalg.norm(W, 2)), 40).tolist():
        shifted = ((1 + distance) * angles)[:, None, None] * identity - W
        best = max(best, distance / float(np.linalg.svd(shifted, compute_uv=False)[:, -1].min()))
    return best


def main() -> int:
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, Gaussian matrices of spectral radius {RADIUS}")
    failed = False
    for n in (8, 32, 64):
        W = np.random.default_rng(SEED).standard_normal((n, n))
        W *= RADIUS / float(np.abs(np.linalg.eigvals(W)).max())
        with threadpool_limits(limits=1):
            begin = time.process_time()
            found = kreiss_constant(W)
            middle = time.process_time()
            attained = grid(W)
            end = time.process_time()
        width, ratio = found.upper / found.lower - 1, (middle - begin) / (end - middle)
        failed |= width > 1.1e-3 or attained > found.upper or (n >= 64 and ratio > 0.5)
        print(
            f"{n:4} units: {middle - begin:.3f} s, {ratio:.2f} of the grid; [{found.lower:.4f}, {found.upper:.4f}], relative "
            f"width {width:.1e}; the grid finds {attained:.4f}"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
