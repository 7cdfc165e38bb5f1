"""Claim: the joint spectral radius of nine published sets is enclosed with a relative gap of 1e-4 in at most a second each.

Run: python tests/benchmarks/joint_spectral_radius_of_published_sets_is_known_to_1e_4_in_a_second.py
Prints, for each set, the gap, the CPU time, and its ratio to the time of 10,000 numpy.linalg.norm calls on the matrices, and
the products that branch and bound alone needs for that gap in the Euclidean norm and in the norm of an ellipsoid. Exits 1
if a gap or a time is larger. Then one W of 8 units with all its masked products.
"""

from __future__ import annotations

import math
import platform
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from errorflow.numerics.constants import joint_spectral_radius
from errorflow.numerics.constants.ellipsoid import Similar, common_ellipsoid, similar
from errorflow.numerics.constants.gripenberg import branch_and_bound

GAP, SECONDS, SEED, MOST = 1e-4, 1.0, 0, 30_000
A = 0.7493265463303675579
SETS = {
    "Gripenberg 1996": [[[-1, -1], [-4, 0]], [[3, 3], [-2, 1]]],
    "two nilpotent": [[[0, 1], [0, 0]], [[0, 0], [1, 0]]],
    "a finite semigroup": [[[1, 0], [1, 0]], [[0, 1], [0, -1]]],
    "shears": [[[1, 1], [0, 1]], [[0.9, 0], [0.9, 0.9]]],
    "Gripenberg's own pair": [[[0.6, 0], [0.2, 0.6]], [[0.6, -0.6], [0, -0.2]]],
    "a rotation": [[[1, 0], [0, 1]], [[3, -3], [3, 3]]],
    "three rows": [[[1, 0, 2], [-1, 0, 2], [0, 1, 0]], [[0, 1, 0], [0, -1, 0], [1, 0, 0]]],
    "near a counterexample": [[[1, 1], [0, 1]], [[A, 0], [A, A]]],
    "golden ratio": [[[1, 1], [0, 1]], [[1, 0], [1, 1]]],
}


def products(matrices: Similar, known: float) -> str:
    tree = branch_and_bound(matrices, gap=GAP, products=MOST, known=known)
    return str(len(tree.parents)) if tree.upper <= known * (1 + 1.01 * GAP) else f"> {MOST}"


def main() -> int:
    print(f"{platform.machine()}, numpy {np.__version__}, seed {SEED}, one BLAS thread")
    print(f"{'set':24}{'gap':>10}{'seconds':>10}{'ratio':>8}{'products, Euclid':>18}{'ellipsoid':>11}")
    fails = 0
    with threadpool_limits(limits=1, user_api="blas"):
        joint_spectral_radius(np.array(SETS["golden ratio"], dtype=float))
        for name, matrices in SETS.items():
            stack = np.array(matrices, dtype=float)
            begin = time.process_time()
            found = joint_spectral_radius(stack)
            spent = time.process_time() - begin
            begin = time.process_time()
            for _ in range(10_000):
                np.linalg.norm(stack, 2, axis=(1, 2))
            floor = time.process_time() - begin
            gap = found.upper / found.lower - 1
            scaled = stack / 4
            turned = similar(scaled, common_ellipsoid(scaled))
            plain = products(Similar(scaled, np.zeros(len(stack))), found.lower / 4)
            better = products(turned, found.lower / 4) if turned else "-"
            print(f"{name:24}{gap:10.1e}{spent:10.3f}{spent / floor:8.2f}{plain:>18}{better:>11}")
            fails += gap > GAP or spent > SECONDS
        W = np.random.default_rng(SEED).normal(size=(8, 8)) / math.sqrt(8)
        begin = time.process_time()
        found = joint_spectral_radius(W)
        spent = time.process_time() - begin
        print(f"masked products of a W of 8 units: gap {found.upper / found.lower - 1:.1e}, {spent:.2f} s")
    return int(fails > 0)


if __name__ == "__main__":
    sys.exit(main())
