"""Claim: omega(W) of 50 units, certified to 1e-3, takes at most a fiftieth of one interior-point solve of the LMI.

The LMI is [[r^2 P, -W^T M], [-M W, 2 M - P]] >= 0 with P > 0 and a diagonal M >= 0: the least r for which it is feasible
is omega(W). It is bilinear in r and (P, M), so that a solver needs a bisection over r. What is timed of the solver is *one*
solve at one fixed r, by its own clock, without the time in which CVXPY compiles the problem: the largest margin lambda with
[...] >= lambda I and tr M = n. Ours is timed whole, the scaling for the spectral norm and all certificates included.

SCS, a first-order solver at its default tolerance of 1e-4, is timed in the same way; no claim is made about one of its
solves, and the ratio for the bisection that it would need is counted, not run. What it says just above our upper end
(feasible) and just below our lower end (infeasible) must agree with us; its floats prove neither.

Run: python tests/benchmarks/omega_takes_a_fiftieth_of_one_interior_point_solve.py [units]
"""

from __future__ import annotations

import math
import platform
import sys
import time

import cvxpy as cp
import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics.constants import diagonal_scaling, scaled_numerical_radius

UNITS, SEED, RATIO, AWAY = 50, 0, 50.0, 1e-3


def margin(W: np.ndarray, r: float, solver: str) -> tuple[float, float]:
    """(lambda, seconds) of one solve at a fixed r."""
    n = len(W)
    P, m, slack = cp.Variable((n, n), symmetric=True), cp.Variable(n), cp.Variable()
    M = cp.diag(m)
    block = cp.bmat([[r**2 * P, -W.T @ M], [-M @ W, 2 * M - P]])
    block = (block + block.T) / 2
    problem = cp.Problem(cp.Maximize(slack), [block >> slack * np.eye(2 * n), m >= 0, cp.sum(m) == n])
    problem.solve(solver=solver)
    return float(slack.value), float(problem.solver_stats.solve_time)


def main() -> int:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else UNITS
    W = np.random.default_rng(SEED).normal(size=(n, n)) / np.sqrt(n)
    print(
        f"{platform.machine()}, numpy {np.__version__}, cvxpy {cp.__version__}, seed {SEED}, {n} units, one BLAS thread"
    )
    with threadpool_limits(limits=1):
        seconds = []
        for _ in range(3):
            begin = time.process_time()
            omega = scaled_numerical_radius(W)
            seconds.append(time.process_time() - begin)
        ours, s = min(seconds), diagonal_scaling(W).infimum
        print(f"ours      {ours:8.2f} s: omega in [{omega.lower:.6f}, {omega.upper:.6f}], {omega.evidence}")
        above, first = margin(W, omega.upper * (1 + AWAY), "SCS")
        below, second = margin(W, omega.lower * (1 - AWAY), "SCS")
        solves = math.ceil(math.log2(math.log(2 * s.upper / s.lower) / AWAY))
        print(f"SCS       {first:8.2f} s for one solve, margin {above:.1e} just above and {below:.1e} just below")
        print(f"          {solves} solves from [s/2, s] to 1e-3: {solves * min(first, second) / ours:.0f} times ours")
        value, third = margin(W, omega.upper * (1 + AWAY), "CLARABEL")
        print(f"Clarabel  {third:8.2f} s for one solve, margin {value:.1e} just above: {third / ours:.0f} times ours")
    close = omega.evidence == "certified" and omega.width <= AWAY * omega.upper
    fine = close and third >= RATIO * ours and above > 0.0 > below and value > 0.0
    print("the claim holds" if fine else "the claim FAILS")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
