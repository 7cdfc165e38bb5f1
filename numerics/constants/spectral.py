"""Norms, singular values and eigenvalue radii of a real square matrix W of shape (n, n), without unit.

For every W: rho(W) <= ||W||_2, rho(W) <= rho(|W|) <= ||W||_inf <= n max_ij |w_ij|, where |W| has the
entries |w_ij|; and mu_2(W) <= ||W||_2. Every function returns an `Enclosure` with evidence *measured*:
LAPACK's float and a residual, not an error bound. The error of a singular value or of mu_2 is about its
residual; an eigenvalue's can be much larger than its residual if W is far from normal.

Every function raises ValueError for a W that is not square, empty, of an integer or complex dtype, or not
finite.

Main definitions: `spectral_norm`, `smallest_singular_value`, `spectral_radius`, `perron_radius`,
`row_sum_norm`, `max_abs`, `logarithmic_norm`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..enclosure import Enclosure, measured
from .matrix import Matrix, balanced, components, enclose, normalized, square_matrix


def max_abs(W: ArrayLike) -> Enclosure:
    """max_ij |w_ij|.

    >>> max_abs([[0.0, -3.0], [2.0, 1.0]])
    Enclosure(3.0, measured, residual 0.0e+00)
    """
    return measured(float(np.abs(square_matrix(W)).max()), residual=0.0)


def row_sum_norm(W: ArrayLike) -> Enclosure:
    """||W||_inf = max_i sum_j |w_ij|, induced by the maximum norm; residual: against pairwise summation.

    >>> row_sum_norm([[0.0, -3.0], [2.0, 2.0]])
    Enclosure(4.0, measured, residual 0.0e+00)
    """
    V, exponent = normalized(square_matrix(W))
    size = np.abs(V)
    value = max(math.fsum(row) for row in size.tolist())
    return enclose(value, value, exponent, abs(value - float(size.sum(axis=1).max())))


def spectral_norm(W: ArrayLike) -> Enclosure:
    """||W||_2 = max over x of ||W x||_2/||x||_2; residual: max(||W v - s u||_2, ||W^T u - s v||_2).

    >>> spectral_norm([[0.0, 2.0], [1.0, 0.0]]).upper
    2.0
    """
    return _singular_value(square_matrix(W), 0)


def smallest_singular_value(W: ArrayLike) -> Enclosure:
    """min over x of ||W x||_2/||x||_2; residual: max(||W v - s u||_2, ||W^T u - s v||_2).

    >>> smallest_singular_value([[0.0, 2.0], [1.0, 0.0]]).lower
    1.0
    """
    return _singular_value(square_matrix(W), -1)


def _singular_value(W: Matrix, index: int) -> Enclosure:
    V, exponent = normalized(W)
    left, values, right = np.linalg.svd(V)
    s, u, v = float(values[index]), left[:, index], right[index]
    residual = max(float(np.linalg.norm(V @ v - s * u)), float(np.linalg.norm(u @ V - s * v)))
    return enclose(s, s, exponent, residual)


def spectral_radius(W: ArrayLike) -> Enclosure:
    """rho(W), the largest modulus of an eigenvalue of W.

    The maximum over the strongly connected components; exactly 0 if the graph of W has no cycle, exactly
    max |w_ii| if W is triangular up to a permutation. residual: the smallest singular value of B - z I for
    the eigenvalue z, |z| = rho, of the block B (scaled by powers of two) that attains it: z is an eigenvalue
    of a matrix at this distance from B.

    >>> spectral_radius([[0.0, 5.0], [0.0, 0.0]]).upper
    0.0
    """
    return _largest(square_matrix(W), _eigenvalue_radius)


def _eigenvalue_radius(W: Matrix) -> Enclosure:
    B, _, exponent = balanced(W)
    values = np.linalg.eigvals(B)
    top = values[np.argmax(np.abs(values))]
    residual = float(np.linalg.svd(B - top * np.eye(len(B)), compute_uv=False)[-1])
    return enclose(float(abs(top)), float(abs(top)), exponent, residual)


def perron_radius(W: ArrayLike) -> Enclosure:
    """rho(|W|), the spectral radius of the matrix of absolute values, by the Collatz-Wielandt quotients.

    For every x > 0, min_i (|W|x)_i/x_i <= rho(|W|) <= max_i (|W|x)_i/x_i. `lower` and `upper` are these
    quotients in floating point for the x of Noda's iteration, maxima over the strongly connected
    components; `residual` is their difference. Exactly 0 if the graph of W has no cycle.

    >>> perron_radius([[0.0, -4.0], [1.0, 0.0]]).upper
    2.0
    """
    return _largest(square_matrix(W), _collatz_wielandt)


def _collatz_wielandt(W: Matrix) -> Enclosure:
    B, _, exponent = balanced(W)
    _, lower, upper = perron_vector(np.abs(B))
    return enclose(lower, upper, exponent, upper - lower)


def perron_vector(M: Matrix) -> tuple[NDArray[np.float64], float, float]:
    """(x, lower, upper): x > 0 near the Perron vector of an irreducible M >= 0, and bounds of its radius.

    Noda's iteration: y = (upper I - M)^-1 x is positive, and its upper quotient is smaller; quadratic
    convergence. Where rounding stops it early, the lower quotient is also taken on the units with the
    larger quotients: a principal submatrix has no larger radius.
    """
    tiny = float(np.finfo(float).eps)
    identity = np.eye(len(M))
    best = x = np.ones(len(M))
    lower, upper = 0.0, math.inf
    for _ in range(100):
        quotients = (M @ x) / x
        if quotients.max() >= upper:
            break
        best, lower, upper = x, max(lower, float(quotients.min())), float(quotients.max())
        if upper - lower <= 4 * tiny * upper:
            break
        try:
            y = np.linalg.solve(upper * identity - M, x)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(y).all():
            break
        y /= np.abs(y).max()
        x = np.where(y > 0, y, tiny)  # rounding may turn what is negligible nonpositive
    kept = np.arange(len(M))
    for _ in range(50):
        quotients = M[np.ix_(kept, kept)] @ best[kept] / best[kept]
        low, high = float(quotients.min()), float(quotients.max())
        lower = max(lower, low)
        if high <= lower * (1 + 4 * tiny):
            break
        kept = kept[quotients > (low + high) / 2]
    return best, min(lower, upper), upper


def _largest(W: Matrix, radius: Callable[[Matrix], Enclosure]) -> Enclosure:
    """The maximum of a radius over the strongly connected components, with the residual of that component."""
    found = [
        measured(abs(float(W[units[0], units[0]])), residual=0.0)
        if len(units) == 1
        else radius(W[np.ix_(units, units)])
        for units in components(W)
    ]
    top = max(found, key=lambda part: part.upper)
    return measured(max(part.lower for part in found), upper=top.upper, residual=top.residual)


def logarithmic_norm(W: ArrayLike, *, p: float = 2) -> Enclosure:
    """mu_p(W) = lim over h -> 0+ of (||I + h W||_p - 1)/h, for p = 1, 2 or infinity.

    mu_2 is the largest eigenvalue of (W + W^T)/2, mu_inf = max_i (w_ii + sum_{j != i} |w_ij|) and mu_1(W) =
    mu_inf(W^T). residual: ||S v - mu v||_2 for mu_2 with S = (W + W^T)/2, else the difference from pairwise
    summation. Raises ValueError for another p.

    >>> logarithmic_norm([[-1.0, 4.0], [0.0, -1.0]]).upper
    1.0
    >>> logarithmic_norm([[-1.0, 4.0], [0.0, -2.0]], p=math.inf).upper
    3.0
    """
    V, exponent = normalized(square_matrix(W))
    if p == 2:
        symmetric = (V + V.T) / 2
        values, vectors = np.linalg.eigh(symmetric)
        top, v = float(values[-1]), vectors[:, -1]
        return enclose(top, top, exponent, float(np.linalg.norm(symmetric @ v - top * v)))
    if p not in (1, math.inf):
        raise ValueError(f"p must be 1, 2 or infinity, got {p!r}")
    rows = np.abs(V if p == math.inf else V.T)
    np.fill_diagonal(rows, np.diag(V))
    value = max(math.fsum(row) for row in rows.tolist())
    return enclose(value, value, exponent, abs(value - float(rows.sum(axis=1).max())))
