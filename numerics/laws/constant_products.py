r"""Lyapunov exponents of steps that repeat, in nats per step: fixed points, cycles, orthogonal steps, and the sum of all exponents.

**Sum (E1).** det J_t = det D_t det W_t, so at every T and for every frame

    sum_i lambda_i = (1/T) sum_t [log|det W_t| + sum_i log|phi'(a_ti)|];

for a shared W the first term is log|det W|. It holds for any product, whatever the rounding in a spectrum: what a
spectrum misses of it is an error of the spectrum.

**Fixed point and cycle (E2).** If the Jacobians repeat with period p, M = J_p ... J_1 (the first acts first), then as T
-> infinity

    lambda_i = (1/p) log|mu_i(M)|,    mu_i the eigenvalues of M, and at T steps within O(1/T).

Two cyclic shifts of the J_t have the same mu_i; the reversed product J_1 ... J_p has the same ones for p <= 2 only. For
one step, p = 1, lambda_i = log|mu_i(D W)|; for a shared and linear net log|mu_i(W)|.

M itself underflows, and loses its small eigenvalues long before. So the lines J_t X_{t-1} = X_t U_t are solved by LU
with partial pivoting, X_t unit lower triangular up to its order of rows and U_t upper triangular, once through all the
steps and again from X_p, round after round, which is subspace iteration with M. With X_0^-1 X_p = S in the last round,
M is similar to

    S U_p ... U_1.

Where the entries of S below and left of a place are negligible, S and hence the product are block triangular there, and
each block has its own eigenvalues: a block of size one has the log sum_t log|u_t| + log|s|, which cannot underflow; a
larger one, whose eigenvalues have moduli too close to be told apart in so many rounds, is multiplied with rescaling.
Rows of very different size, as saturated units have, keep their digits in LU with partial pivoting, where orthogonal
factors lose them; a step in which the pivots grow is factored by QR. The residual compares the sum of the exponents
with that of the log-determinants.

**Orthogonal steps (E5).** J_t = g O_t: ||J v|| = g^T ||v||, all exponents are log g, at every T, shared or not.

Main definitions: `CycleExponents`, `cycle_exponents`, `fixed_point_exponents`, `orthogonal_exponents`, `exponent_sum`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lu

from ..axes import Array
from .arguments import positive, whole

ROUNDS = (1, 1, 2, 4, 8, 16, 32, 64, 128, 256)  # through the cycle, until the blocks are small enough
GROWTH = 1e4  # of |X||U| over |Z| in any row: LU loses the digits of this factor
SPREAD = 8.0  # nats: a block of eigenvalues within exp(8) is as exact as its product, but for that factor
NEGLIGIBLE = 1e-10  # entries of S so small change the logs of the eigenvalues by as little; rounding leaves 1e-12


@dataclass(frozen=True, eq=False)
class CycleExponents:
    """Exponents in nats per step, largest first, and what their sum misses of the mean log-determinant, in nats per step.

    ``blocks`` are the sizes of the groups of eigenvalues that were computed together.
    """

    exponents: Array
    residual: float
    blocks: tuple[int, ...]


def cycle_exponents(jacobians: ArrayLike) -> CycleExponents:
    """(1/p) log|mu_i(J_p ... J_1)|, i = 1..n, for the Jacobians ``(p, n, n)`` of a cycle in the order of time, in nats per step.

    Shared or untied weights make no difference: only the Jacobians enter. Rows of zeros give -inf exactly; other zero eigenvalues
    of M are found up to rounding. Raises ValueError for another shape and for entries that are not finite.

    >>> J = np.array([[[2.0, 0.0], [1.0, 1e-200]], [[4.0, 0.0], [1.0, 1e-150]], [[1.0, 1.0], [0.0, 1e-200]]])
    >>> found = cycle_exponents(J)
    >>> (3 * found.exponents / np.log(10)).round(4).tolist()  # M and its determinant 8e-550 are lost in doubles
    [1.0, -550.0969]
    """
    return _exponents(_matrices("jacobians", jacobians, "(p, n, n)"))


def _exponents(jacobians: Array) -> CycleExponents:
    n = jacobians.shape[-1]
    given, log_sizes = _scaled(jacobians)
    X: Array = np.eye(n)
    blocks, moduli = [slice(0, n)], [np.full(n, -np.inf)]
    for rounds in ROUNDS:
        for _ in range(rounds - 1):
            X = _around(given, X)[0]
        start = X
        X, factors = _around(given, X)
        S: Array = np.asarray(np.linalg.solve(start, X), dtype=float)
        blocks = _blocks(S)
        moduli = [_log_moduli([*(U[b, b] for U in factors), S[b, b]]) for b in blocks]
        if all(_spread(logs) <= SPREAD for logs in moduli):
            break
    exponents = np.sort(np.concatenate(moduli))[::-1] / len(given) + log_sizes.mean()
    residual = _difference(exponents.sum(), _log_determinants(jacobians).mean())
    return CycleExponents(exponents, residual, tuple(block.stop - block.start for block in blocks))


def fixed_point_exponents(jacobian: ArrayLike) -> CycleExponents:
    """log|mu_i(J)|, i = 1..n, for the Jacobian J = D W ``(n, n)`` of a fixed point, or W of a linear net, in nats per step.

    >>> fixed_point_exponents([[0.0, 0.5], [-0.5, 0.0]]).exponents.round(6).tolist()
    [-0.693147, -0.693147]
    """
    return _exponents(_matrices("jacobian", jacobian, "(n, n)"))


def orthogonal_exponents(n: int, *, gain: float = 1.0) -> Array:
    """lambda_i = log g, i = 1..n, for steps J_t = g O_t with orthogonal O_t, shared or untied, at every T, in nats per step.

    >>> orthogonal_exponents(2, gain=0.5).round(6).tolist()
    [-0.693147, -0.693147]
    """
    return np.full(whole("n", n), np.log(positive("gain", gain)))


def exponent_sum(W: ArrayLike, log_slopes: ArrayLike) -> float:
    """sum_i lambda_i = (1/T) sum_t [log|det W_t| + sum_i log|phi'(a_ti)|] for J_t = D_t W_t, exact at every T, in nats per step.

    ``W (n, n)`` shared or ``(T, n, n)`` untied, ``log_slopes (T, n)`` the logs of the slopes, -inf where a slope is 0. Raises
    ValueError for other shapes, NaN and infinite slopes.

    >>> round(exponent_sum(np.diag([2.0, 3.0]), np.log([[0.5, 1.0], [0.25, 0.5]])), 6)  # log 6 - log(16)/2
    0.405465
    """
    weights = _matrices("W", W, "(n, n)" if np.ndim(W) == 2 else "(T, n, n)")
    slopes = np.asarray(log_slopes, dtype=float)
    if slopes.ndim != 2 or slopes.shape[1] != weights.shape[-1] or len(weights) not in (1, len(slopes)):
        raise ValueError(f"log_slopes must have shape (T, {weights.shape[-1]}) for W {np.shape(W)}, got {slopes.shape}")
    if np.isnan(slopes).any() or np.isposinf(slopes).any():
        raise ValueError("log_slopes must hold no NaN and no inf, got one")
    return float(_log_determinants(weights).mean() + slopes.sum(axis=1).mean())


def _matrices(name: str, given: ArrayLike, shape: str) -> Array:
    """Square matrices with an axis of steps, which a ``shape`` of (n, n) has not yet."""
    array = np.asarray(given, dtype=float)
    if array.ndim != shape.count(",") + 1 or array.shape[-1] != array.shape[-2] or 0 in array.shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return array if array.ndim == 3 else array[None]


def _around(jacobians: Array, X: Array) -> tuple[Array, list[Array]]:
    """X_p and the factors U_1, ..., U_p of one round through the cycle from X."""
    factors = []
    for J in jacobians:
        X, U = _triangular(J @ X)
        factors.append(U)
    return X, factors


def _triangular(Z: Array) -> tuple[Array, Array]:
    """Z = X U by LU with partial pivoting, or by QR where the pivots grow so much that LU would lose digits."""
    X, U = lu(Z, permute_l=True)
    growth, size = (np.abs(X) @ np.abs(U)).max(axis=1), np.abs(Z).max(axis=1)
    if (growth <= GROWTH * size).all():
        return X, U
    Q, R = np.linalg.qr(Z)
    return Q, R


def _blocks(S: Array) -> list[slice]:
    """The diagonal blocks of a matrix that is block upper triangular up to negligible entries."""
    # largest[i, j] is the largest entry in the rows from i on and the columns up to j
    largest = np.maximum.accumulate(np.maximum.accumulate(np.abs(S)[::-1])[::-1], axis=1)
    places = (np.flatnonzero(largest.diagonal(-1) <= NEGLIGIBLE) + 1).tolist()
    return [slice(first, last) for first, last in zip([0, *places], [*places, len(S)], strict=True)]


def _spread(logs: Array) -> float:
    return _difference(float(logs.max()), float(logs.min()))


def _log_moduli(factors: list[Array]) -> Array:
    """log|mu_i| of the product of the factors, the first of which acts first."""
    if factors[0].shape == (1, 1):
        return np.asarray(_log_abs(np.array(factors)[:, 0]).sum(axis=0), dtype=float)
    product, scale = np.eye(len(factors[0])), 0.0
    for factor in factors:
        product = factor @ product
        size = float(np.abs(product).max())
        if size == 0.0:
            return np.full(len(product), -np.inf)
        product, scale = product / size, scale + float(np.log(size))
    return _log_abs(np.abs(np.linalg.eigvals(product))) + scale


def _log_determinants(matrices: Array) -> Array:
    given, log_sizes = _scaled(matrices)
    return np.asarray(np.linalg.slogdet(given)[1] + matrices.shape[-1] * log_sizes, dtype=float)


def _scaled(matrices: Array) -> tuple[Array, Array]:
    """Each matrix over its largest entry, and the logs of these: products of entries stay in the range of doubles."""
    sizes = np.abs(matrices).max(axis=(1, 2))
    sizes = np.where(sizes > 0, sizes, 1.0)
    return matrices / sizes[:, None, None], _log_abs(sizes)


def _log_abs(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(values)), dtype=float)


def _difference(found: float, expected: float) -> float:
    return 0.0 if found == expected else float(abs(found - expected))
