r"""Norms, singular values and logarithmic norms of a real square matrix W of shape (n, n), without unit, each proved.

For every W: rho(W) <= ||W||_2, rho(W) <= rho(|W|) <= ||W||_inf <= n max_ij |w_ij|, where |W| has the entries |w_ij|; and
mu_2(W) <= ||W||_2. Every function returns a certified `Enclosure` of the exact value for the floats in W. V = 2^-e W has its
largest entry in [1/2, 1); what it loses to underflow is inside the `TINY` of `certify`, whose gamma_k and phi_k are used.

**Norm.** stretch(V, v) <= ||V||_2 <= norm_above(V) (`certify`), v near the top right singular vector; any v will do. And
max |w_ij| <= ||W||_2 <= max(||W||_1, ||W||_inf), with equality for a diagonal or a multiple of a permutation matrix.

**Smallest singular value.** Let R be a float matrix, meant to be V^-1, and T >= |R V - I| entrywise. Then ||R V - I||_2 <= d =
(||T||_1 ||T||_inf)^(1/2). If d < 1, V is nonsingular, and R = (I + (R V - I)) V^-1 says that (1 - d)||V^-1|| <= ||R|| <= (1 +
d) ||V^-1||, so

    (1 - d)/||R||_2 <= s_min(V) <= (1 + d)/||R||_2.

fl(R V - I) is a sum of n + 1 products: T = |fl(R V - I)| + gamma_(n+2) (|R| |V| + I), of which only row and column sums are
computed, in nonnegative sums of at most 2 n + 4 roundings: the factor 1 + phi_(2n+8). What underflows in R V, or was lost in V,
is below n^2 (TINY + 2^-1000 max |R|) in every such sum. Besides, s_min(V) <= ||V v||/||v|| for any v, a unit vector in W and
W^T among them; a singular W has no other bound, and the lower one is 0.

**Logarithmic norms.** mu_2(V) = lambda_max(S'), S' = (V + V^T)/2, and S = fl(S') has |S - S'| <= u |S| entrywise, so ||S - S'||_2
<= u ||S||_F: the lemma of `certify` with this E. From below x^T V x/x^T x for any x; fl(x^T fl(V x)) is wrong by at most
gamma_(2n+2) |x|^T |V| |x|. mu_inf, mu_1 and ||W||_inf are sums of floats: fsum rounds the exact sum s to nearest, and fsum of
the terms and -fl(s) has the sign of s - fl(s), 0 if there is no error. Only rows whose plain sum, wrong by at most gamma_n sum_j
|w_ij|, leaves them a chance to be the largest are summed so.

Every function raises ValueError for a W that is not square, empty, of an integer or complex dtype, or not finite.

Main definitions: `spectral_norm`, `smallest_singular_value`, `row_sum_norm`, `max_abs`, `logarithmic_norm`.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ..certify import (
    SLACK,
    TINY,
    U,
    Vector,
    down,
    gamma,
    largest_eigenvalue,
    norm_above,
    norm_below,
    norm_of_vector_above,
    norm_of_vector_below,
    phi,
    scaled_up,
    square_root_above,
    stretch,
    top_eigenvector,
    top_vector,
    up,
)
from ..enclosure import Enclosure, certified, exact
from .matrix import Matrix, enclose_certified, normalized, square_matrix


def max_abs(W: ArrayLike) -> Enclosure:
    """max_ij |w_ij|, exactly.

    >>> max_abs([[0.0, -3.0], [2.0, 1.0]])
    Enclosure(3.0, certified)
    """
    return _point(float(np.abs(square_matrix(W)).max()))


def row_sum_norm(W: ArrayLike) -> Enclosure:
    """||W||_inf = max_i sum_j |w_ij|, induced by the maximum norm: exactly, or between two neighboring floats.

    >>> row_sum_norm([[0.0, -3.0], [2.0, 2.0]])
    Enclosure(4.0, certified)
    """
    return _largest_row_sum(np.abs(square_matrix(W)))


def spectral_norm(W: ArrayLike) -> Enclosure:
    """||W||_2 = max over x of ||W x||_2/||x||_2, in a certified interval of a relative width near n^2 u.

    >>> spectral_norm([[0.0, 2.0], [1.0, 0.0]])
    Enclosure(2.0, certified)
    >>> found = spectral_norm([[3.0, 0.0], [4.0, 1e-200]])
    >>> 5.0 - 1e-12 < found.lower <= 5.0 <= found.upper < 5.0 + 1e-12
    True
    """
    matrix = square_matrix(W)
    if len(matrix) == 1 or not matrix.any():
        return _point(abs(float(matrix[0, 0])))
    V, exponent = normalized(matrix)
    guess, v = top_vector(V)
    found = enclose_certified(norm_below(V, v), norm_above(V, guess=guess), exponent)
    simple = row_sum_norm(matrix).maximum(row_sum_norm(matrix.T)).upper
    return certified(max(found.lower, float(np.abs(matrix).max())), upper=min(found.upper, simple))


def smallest_singular_value(W: ArrayLike) -> Enclosure:
    """min over x of ||W x||_2/||x||_2, in a certified interval of a relative width near n^2 u times the condition number.

    The lower end is 0 where W is singular up to rounding.

    >>> found = smallest_singular_value([[0.0, 2.0], [1.0, 0.0]])
    >>> 1.0 - 1e-12 < found.lower <= 1.0 <= found.upper < 1.0 + 1e-12
    True
    >>> found = smallest_singular_value([[1.0, 1.0], [1.0, 1.0]])
    >>> found.lower == 0.0 <= found.upper < 1e-15
    True
    """
    matrix = square_matrix(W)
    if len(matrix) == 1 or not matrix.any():
        return _point(abs(float(matrix[0, 0])))
    V, exponent = normalized(matrix)
    lower, upper = 0.0, math.inf
    try:
        R: Matrix = np.asarray(np.linalg.inv(V), dtype=np.float64)
    except np.linalg.LinAlgError:
        R = np.full_like(V, math.nan)
    if np.isfinite(R).all():
        guess, v = top_vector(R)
        lower, upper = _by_inverse(V, R, guess, v)
        with np.errstate(over="ignore", invalid="ignore"):
            candidate = R @ (v / np.abs(v).max() / np.abs(R).max())
    else:
        candidate = np.linalg.svd(V)[2][-1]
    found = enclose_certified(lower, min(upper, stretch(V, candidate)[1]), exponent)
    simple = min(_small_column(matrix), _small_column(matrix.T))
    return certified(min(found.lower, simple), upper=min(found.upper, simple))


def _small_column(W: Matrix) -> float:
    """An upper bound of the norm of the column with the least largest entry: ||W e_j|| is at least the smallest gain."""
    column = W[:, int(np.argmin(np.abs(W).max(axis=0)))]
    size = float(np.abs(column).max())
    if size == 0.0:
        return 0.0
    exponent = math.frexp(size)[1]
    return scaled_up(norm_of_vector_above(np.ldexp(column, -exponent)), exponent)


def _by_inverse(V: Matrix, R: Matrix, guess: float, v: Vector) -> tuple[float, float]:
    """(lower, upper) of the smallest singular value from R near V^-1 and an estimate of ||R|| with its vector."""
    n = len(V)
    with np.errstate(over="ignore", invalid="ignore"):
        size, other = np.abs(R), np.abs(V)
        defect = R @ V
        np.einsum("ii->i", defect)[:] -= 1.0
        defect = np.abs(defect)
        rows = defect.sum(axis=1) + gamma(n + 2) * (size @ other.sum(axis=1) + 1)
        columns = defect.sum(axis=0) + gamma(n + 2) * (size.sum(axis=0) @ other + 1)
        slip = n * n * (TINY + 2.0**-1000 * float(size.max()))
        grow = (1 + phi(2 * n + 8)) * SLACK
        d = (
            square_root_above(float(rows.max()) * grow + slip)
            * square_root_above(float(columns.max()) * grow + slip)
            * SLACK
        )
    if not d < 1.0:
        return 0.0, math.inf
    most, least = norm_above(R, guess=guess), norm_below(R, v)
    return max(down(down(1 - d) / most), 0.0), up(up(1 + d) / least) if least > 0.0 else math.inf


def logarithmic_norm(W: ArrayLike, *, p: float = 2) -> Enclosure:
    """mu_p(W) = lim over h -> 0+ of (||I + h W||_p - 1)/h, for p = 1, 2 or infinity, in a certified interval.

    mu_2 is the largest eigenvalue of (W + W^T)/2, up to about n^2 u ||W||_2; mu_inf = max_i (w_ii + sum_{j != i} |w_ij|) and
    mu_1(W) = mu_inf(W^T), exactly or between neighboring floats. Raises ValueError for another p.

    >>> found = logarithmic_norm([[-1.0, 4.0], [0.0, -1.0]])
    >>> 1.0 - 1e-12 < found.lower <= 1.0 <= found.upper < 1.0 + 1e-12
    True
    >>> logarithmic_norm([[-1.0, 4.0], [0.0, -2.0]], p=math.inf)
    Enclosure(3.0, certified)
    """
    matrix = square_matrix(W)
    if p not in (1, 2, math.inf):
        raise ValueError(f"p must be 1, 2 or infinity, got {p!r}")
    if len(matrix) == 1 or not matrix.any():
        return _point(float(matrix[0, 0]))
    if p != 2:
        rows = np.abs(matrix if p == math.inf else matrix.T)
        np.fill_diagonal(rows, np.diag(matrix))
        return _largest_row_sum(rows)
    V, exponent = normalized(matrix)
    S = (V + V.T) / 2
    guess, x = top_eigenvector(S)
    error = U * norm_of_vector_above(S) * SLACK + len(V) ** 2 * TINY
    return enclose_certified(_rayleigh_below(V, x), largest_eigenvalue(S, error=error, guess=guess), exponent)


def _rayleigh_below(V: Matrix, x: Vector) -> float:
    """A lower bound of x^T V x/x^T x."""
    n = len(V)
    size = np.abs(x)
    wrong = gamma(2 * n + 2) * (1 + phi(2 * n + 2)) * float(size @ (np.abs(V) @ size)) * SLACK + n * n * TINY
    least = down(float(x @ (V @ x)) - wrong)
    length = norm_of_vector_above(x) if least > 0.0 else norm_of_vector_below(x)
    return least / length / length * (1 / SLACK if least > 0.0 else SLACK)


def _largest_row_sum(rows: Matrix) -> Enclosure:
    """max_i sum_j of the entries of an array."""
    n = len(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        sums, wrong = rows.sum(axis=1), 2 * gamma(n) * np.abs(rows).sum(axis=1)
        kept = ~(sums + wrong < (sums - wrong).max())  # all of them if something overflows
    found = _point(-math.inf)
    for i in np.flatnonzero(kept):
        found = found.maximum(_sum(rows[i].tolist()))
    return found


def _sum(terms: list[float]) -> Enclosure:
    """The sum of floats, exactly or between two neighbors."""
    try:
        total = math.fsum(terms)
        rest = math.fsum([*terms, -total])
    except OverflowError:  # maybe only on the way
        beyond = exact(sum(map(Fraction, terms)))
        return certified(beyond.lower, upper=beyond.upper)
    return certified(down(total) if rest < 0.0 else total, upper=up(total) if rest > 0.0 else total)


def _point(value: float) -> Enclosure:
    return certified(value, upper=value)
