r"""Rigorous bounds of ||L W L^-1||_2 and, by duality, of s(W) = inf over L of it from below, for floats L > 0 and R.

**Scaled matrix.** Let l_i = m_i 2^(b_i) with floats m_i in [1/2, 2] and integers b_i, and w_ij = f_ij 2^(g_ij) with f_ij
= 0 or 1/2 <= |f_ij| < 1. fl(fl(m_i f_ij)/m_j) has two roundings and no underflow; the factor 2^(g_ij + b_i - b_j - e) is
exact, but where the result is below 2^-1022, and wrong by less than this there. Let A be the computed matrix, e such that
max |a_ij| is in [1/2, 1), and C = 2^-e L W L^-1 the exact matrix of the given floats. Then, entry by entry,

    |C - A| <= d |A| + h,    d = 2.01 u > 1/(1 - u)^2 - 1,    h = 2^-1021,

at any condition of L and any scale of W.

**Norm.** | ||C||_2 - ||A||_2 | <= ||C - A||_F <= d ||A||_F + n h, and ||A||_2 is enclosed by `certify`.

**Lower bound.** For every symmetric positive semidefinite Z != 0, s(C)^2 >= min_i (C Z C^T)_ii/z_ii over z_ii > 0. For if
||L C L^-1||_2 < t, then t^2 P - C^T P C is positive definite with P = L^2, and 0 < tr Z(t^2 P - C^T P C) =
sum_i p_i (t^2 z_ii - (C Z C^T)_ii): some quotient is less than t^2. With Z = R R^T, whatever the floats R (n, r),

    s(W) = 2^e s(C) >= 2^e min_i ||(C R)_i||/||R_i||    over the rows i with R_i != 0.

A principal submatrix has no larger norm under any L, so that the same holds of C_KK and the rows R_K for every set K of k
units. Let |r_ij| < 1. The floats Y = fl(A_KK R_K) obey |Y - C_KK R_K| <= (gamma_k + d) |A_KK| |R_K| + 4 k 2^-1022, half of
it for h and half for underflow in k products and sums; and row i of |A_KK| |R_K| has at most the norm (|A_KK| p)_i with
p_j = ||R_j||, by the triangle inequality. So

    ||(C_KK R_K)_i|| >= ||Y_i|| - (gamma_k + d) (|A_KK| p)_i - 4 k r 2^-1022,    4 k r 2^-1022 < 2^-20 k r `TINY`.

Sums of k nonnegative terms, and squared norms of k terms, are at most 1 + phi_k and at least 1 - gamma_k times their float,
underflow aside; positive expressions of at most 16 further roundings are multiplied by `SLACK` or divided by it.

Main definitions: `Similar`, `similar`, `norm_enclosed`, `dual_below`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..certify import SLACK, TINY, U, gamma, norm_above, norm_below, norm_of_vector_above, phi, top_vector, up
from .matrix import Matrix

Vector = NDArray[np.float64]
Exponents = NDArray[np.int64]
ROUNDED = 2.01 * U  # d
ROUNDS = 20  # of cutting to the units with the larger quotients


class Similar(NamedTuple):
    """A with |2^-exponent L W L^-1 - A| <= d |A| + h, entry by entry, and max |a_ij| in [1/2, 1)."""

    A: Matrix
    exponent: int


def similar(W: Matrix, mantissas: Vector, exponents: Exponents) -> Similar:
    """L W L^-1 for l_i = mantissas_i 2**exponents_i, mantissas in [1/2, 2], at any condition of L; W is not zero.

    >>> similar(np.array([[0.0, 1e-300], [1e300, 0.0]]), np.ones(2), np.array([0, -997])).A.round(3)
    array([[0.   , 0.67 ],
           [0.373, 0.   ]])
    """
    digits, powers = np.frexp(W)
    A = mantissas[:, None] * digits / mantissas
    shifts = powers + (exponents[:, None] - exponents)
    exponent = int((shifts + np.frexp(A)[1])[W != 0.0].max())
    return Similar(np.ldexp(A, shifts - exponent), exponent)


def norm_enclosed(A: Matrix) -> tuple[float, float]:
    """(lower, upper) of ||C||_2 for every C with |C - A| <= d |A| + h; max |a_ij| in [1/2, 1).

    >>> lower, upper = norm_enclosed(np.array([[0.0, 0.5], [0.25, 0.0]]))
    >>> bool(0.5 - 1e-13 < lower < 0.5 < upper < 0.5 + 1e-13)
    True
    """
    estimate, v = top_vector(A)
    away = up(up(ROUNDED * norm_of_vector_above(A)) + A.size * TINY)
    return max(-up(away - norm_below(A, v)), 0.0), up(norm_above(A, guess=estimate) + away)


def dual_below(A: Matrix, R: Matrix) -> float:
    """The largest lower bound of s(C) found over sets of units, for every C with |C - A| <= d |A| + h.

    A (n, n) with |a_ij| < 1, R (n, r) any floats. 0 where rounding leaves nothing. A first set is cut to the units whose
    quotients are the larger ones, again and again.

    >>> A = np.array([[0.0, 1.0], [0.25, 0.0]])
    >>> 0.5 - 1e-13 < dual_below(A, np.diag([2.0, 1.0])) < 0.5
    True
    """
    size = float(np.abs(R).max())
    if not (np.isfinite(size) and size > 0.0):
        return 0.0
    R = np.ldexp(R, -int(np.frexp(size)[1]))
    r = R.shape[1]
    squares = np.einsum("ij,ij->i", R, R)
    lengths = np.nextafter(np.sqrt(squares * (1 + phi(r)) * SLACK + r * TINY), np.inf)
    kept = np.flatnonzero(squares > 2.0**-800)
    bound = 0.0
    for _ in range(ROUNDS):
        k = len(kept)
        part = A[np.ix_(kept, kept)]
        image = part @ R[kept]
        norms = np.sqrt(np.maximum(np.einsum("ij,ij->i", image, image) * (1 - gamma(r)) / SLACK - r * TINY, 0.0))
        lost = (gamma(k) + ROUNDED) * (np.abs(part) @ lengths[kept]) * (1 + phi(k)) * SLACK + k * r * TINY
        quotients = (np.nextafter(norms, 0.0) - lost) / lengths[kept] / SLACK
        low, mean = float(quotients.min()), float(np.linalg.norm(image) / np.linalg.norm(lengths[kept]))
        bound = max(bound, low)
        if not mean > bound * (1 + 1e-12):
            break
        kept = kept[quotients > (max(low, 0.0) + mean) / 2]
        if not kept.size:
            break
    return bound
