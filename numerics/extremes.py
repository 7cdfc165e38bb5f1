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

from .lower import Array
from .simulate import Trajectory

FULL_SVD = 80  # up to this size a full SVD is faster than an iteration
MOST_STEPS, CHECK_EVERY = 120, 6
WARMTH = 1e-2  # size of the random part of a starting vector
SETTLED = 1e-6  # relative residual of the top triplet; its square bounds the relative error of the norm


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
        product, log_scale = np.eye(size), 0.0
        fresh = np.random.default_rng(size).standard_normal(size) / np.sqrt(size)
        start = fresh
        logs = np.full(trajectory.steps + 1, -np.inf)
        logs[0] = 0.0
        for lag, (t, point) in enumerate(single.backward(), start=1):
            advance()
            moved = apply(product, kernels.dense(network.at(t), point)[0])
            scale = 0.0 if moved is None else float(np.abs(moved).max())
            if moved is None or scale == 0.0:
                break
            product, log_scale = moved / scale, log_scale + float(np.log(scale))
            # a little of every direction: a singular vector that was on top may be exactly one that no longer is
            norm, start = spectral_norm(product, start + WARMTH * fresh)
            logs[lag] = log_scale + np.log(norm)
        return logs

    with ThreadPoolExecutor(max_workers=2) as pool:
        largest = pool.submit(chain, lambda product, factor: factor.T @ product)
        inverse = pool.submit(chain, lambda product, factor: _solve(factor, product))
        top, bottom = largest.result(), inverse.result()
    bottom[1:] = np.where(np.isneginf(bottom[1:]), -np.inf, -bottom[1:])
    return top, np.minimum(bottom, top)


def spectral_norm(matrix: Array, start: Array) -> tuple[float, Array]:
    """The spectral norm and the top right singular vector, by Golub-Kahan bidiagonalization from a starting vector.

    Both chains grow on the left (the product is kept transposed), so that this vector changes little from lag to lag.
    With full reorthogonalization; it stops when the estimate has settled, and falls back on a full SVD where the top of
    the spectrum is too crowded for it.
    """
    if len(matrix) <= FULL_SVD:
        return float(np.linalg.norm(matrix, 2)), start
    right, left = [start / np.linalg.norm(start)], []
    diagonal, above, estimate = [], [], 0.0
    for count in range(1, MOST_STEPS + 1):
        u = matrix @ right[-1] - (above[-1] * left[-1] if left else 0.0)
        u -= np.array(left).T @ (np.array(left) @ u) if left else 0.0
        diagonal.append(float(np.linalg.norm(u)))
        left.append(u / (diagonal[-1] or 1.0))
        v = matrix.T @ left[-1] - diagonal[-1] * right[-1]
        v -= np.array(right).T @ (np.array(right) @ v)
        above.append(float(np.linalg.norm(v)))
        if count % CHECK_EVERY == 0 or above[-1] == 0.0:
            small = np.diag(diagonal) + np.diag(above[:-1], 1)
            rows, values, columns = np.linalg.svd(small)
            # the residual of the top triplet, and with it twice as many digits of the norm as of the vector
            residual = above[-1] * abs(rows[-1, 0])
            estimate = float(values[0])
            if residual <= SETTLED * estimate:
                return estimate, np.array(right).T @ columns[0]
        right.append(v / (above[-1] or 1.0))
    _, values, columns = np.linalg.svd(matrix)
    return float(values[0]), columns[0]


def _solve(factor: Array, right: Array) -> Array | None:
    """factor^-1 right, or None for a factor that is singular to working precision after row equilibration."""
    rows = np.abs(factor).max(axis=1)
    if not rows.all():
        return None
    # LAPACK stores by columns: the transpose of a NumPy array is in its layout, so that nothing is copied
    transposed = (factor / rows[:, None]).T
    size = np.abs(transposed).sum(axis=0).max()
    lu, pivots, info = lapack.dgetrf(transposed, overwrite_a=True)
    if info != 0:
        return None
    rcond, _ = lapack.dgecon(lu, size)
    if rcond < len(factor) * np.finfo(float).eps:
        return None
    sides = np.asfortranarray(right / rows[:, None])
    solution, _ = lapack.dgetrs(lu, pivots, sides, trans=1, overwrite_b=True)
    return np.asarray(solution)
