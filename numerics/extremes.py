r"""Largest and smallest singular values of J(T, T-k) for every lag k, in logs, on one sample.

The product P_k = J_T ... J_{T-k+1} and, separately, its inverse are built factor by factor and rescaled at every step:
sigma_max is the norm of the first, sigma_min one over the norm of the second, so that neither is lost in the other's
rounding. A factor that is singular to working precision makes sigma_min zero, hence -inf, from its lag on.
The two chains are independent and run in two threads.

Main definitions: `extreme_singular_values`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.linalg import lapack
from scipy.sparse.linalg import ArpackError, svds

from .lower import Array
from .simulate import Trajectory

FULL_SVD = 80  # below this size a full SVD is faster than an iteration


def extreme_singular_values(
    trajectory: Trajectory, *, sample: int = 0, advance: Callable[[], None] = lambda: None
) -> tuple[Array, Array]:
    """Natural logs of sigma_max and sigma_min of J(T, T-k), k = 0..T, each of shape ``(T+1,)``.

    ``advance`` is called once per step and chain. Source: the chain for the inverse solves with the LU factors of each
    row-equilibrated step Jacobian (Horn and Johnson, horn2013, for the identities).
    """
    network, kernels = trajectory.network, trajectory.kernels
    single = trajectory.take(slice(sample, sample + 1))

    def chain(apply: Callable[[Array, Array], Array | None]) -> Array:
        size = network.state_dim
        product, log_scale, start = np.eye(size), 0.0, None
        logs = np.full(trajectory.steps + 1, -np.inf)
        logs[0] = 0.0
        for lag, (t, point) in enumerate(single.backward(), start=1):
            advance()
            moved = apply(product, kernels.dense(network.at(t), point)[0])
            scale = 0.0 if moved is None else float(np.abs(moved).max())
            if moved is None or scale == 0.0:
                break
            product, log_scale = moved / scale, log_scale + float(np.log(scale))
            norm, start = _norm(product, start)
            logs[lag] = log_scale + np.log(norm)
        return logs

    with ThreadPoolExecutor(max_workers=2) as pool:
        largest = pool.submit(chain, lambda product, factor: product @ factor)
        inverse = pool.submit(chain, lambda product, factor: _solve(factor, product))
        top, bottom = largest.result(), inverse.result()
    bottom[1:] = np.where(np.isneginf(bottom[1:]), -np.inf, -bottom[1:])
    return top, np.minimum(bottom, top)


def _norm(matrix: Array, start: Array | None) -> tuple[float, Array | None]:
    """The spectral norm, by Lanczos from the previous left singular vector for large matrices."""
    if len(matrix) <= FULL_SVD:
        return float(np.linalg.norm(matrix, 2)), None
    try:
        left, values, _ = svds(matrix, k=1, v0=start, tol=1e-11, return_singular_vectors="u")
    except ArpackError:
        return float(np.linalg.norm(matrix, 2)), None
    return float(values[0]), np.ascontiguousarray(left[:, 0])


def _solve(factor: Array, right: Array) -> Array | None:
    """factor^-1 right, or None for a factor that is singular to working precision after row equilibration."""
    rows = np.abs(factor).max(axis=1)
    if not rows.all():
        return None
    scaled = factor / rows[:, None]
    lu, pivots, info = lapack.dgetrf(scaled)
    if info != 0:
        return None
    rcond, _ = lapack.dgecon(lu, np.abs(scaled).sum(axis=0).max())
    if rcond < len(factor) * np.finfo(float).eps:
        return None
    solution, _ = lapack.dgetrs(lu, pivots, right / rows[:, None])
    return np.asarray(solution)
