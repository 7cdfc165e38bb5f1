r"""rho(W) = max |lambda| over the eigenvalues, between two proved bounds: discs around eigenvalues found in floating point.

rho(W) is the maximum over the strongly connected components, exact for single units; a component is scaled to B = 2^-e D W
D^-1 with powers of two. Up to n = 8 exact arithmetic decides (`exact_radius`). Else the best of what follows.

**Discs.** Let X, Y be real float matrices (Y is meant to be X^-1) and L = diag(a) + diag(b) P, where P swaps the units of
certain disjoint pairs, b_j = -b_i and a_j = a_i on a pair (i, j), b = 0 elsewhere: L has the eigenvalues d = a_i +- i b_i for
a pair and a_i else, and U* L U = diag(d) with a unitary U made of the columns (1, +-i)/sqrt 2. LAPACK's real form of the
eigenvectors is such an X. Set R = B X - X L and F = Y X - I. If every row of |F| has a sum f_i < 1, X is nonsingular, and Z =
X^-1 R, for which X^-1 B X = L + Z, satisfies Y R = Y X Z = Z + F Z. So the row sums z of |Z| and t of |Y R| satisfy

    z_i <= t_i + f_i max z <= t_i + f_i max t/(1 - max f).

U* Z U has the row sums <= z_i + z_j for both rows of a pair, and sqrt 2 z_i for others: a row w of U* Z obeys |w| <= (|z_i| +
|z_j|)/sqrt 2 entrywise or is a row of Z, and on a pair of columns |w_i + i w_j| + |w_i - i w_j| <= 2 (|w_i|^2 + |w_j|^2)^(1/2),
divided by sqrt 2. By Gershgorin's theorem for diag(d) + U* Z U, with these radii r, rho(B) <= max (|d_i| + r_i), and each
connected component of the union of the discs holds an eigenvalue, so rho(B) >= max over components of min (|d_i| - r_i).

Rounding. gamma_k, phi_k as in `certify`. R is a sum of n + 2 products, so |fl(R) - R| <= gamma_(n+2) (|B| |X| + |X| |L|), and
|L| has the row sums |a| + |b|; |fl(F) - F| <= gamma_(n+1) (|Y| |X| + I); |Y R| <= |fl(Y fl R)| + gamma_n |Y| |fl R| + |Y| |fl(R)
- R|. Only row sums of the right sides are computed, from the right, in nonnegative sums of at most 4 n + 8 roundings on
each path: the factor 1 + phi_(8n+64). Underflow and the digits of B lost in the scaling are below n^2 TINY (1 + max |X|) in
the row sums of R, n^2 TINY elsewhere, and below 2^-500 in |d|. Discs are connected unless proved disjoint.

**Powers.** M_0 = B, M_(j+1) = 2^(-k_j) fl(M_j M_j), B^m = 2^s (M_j + E_j) for m = 2^j; e_j >= ||E_j||_F with e_(j+1) = 2^(-k_j) (2
e_j ||M_j||_F + e_j^2 + gamma_n ||M_j||_F^2). The last term is 0 where all entries are multiples of 2^-q below 1 in size and n
2^(2q) <= 2^53, as no sum is rounded then: so a nilpotent matrix of small integers is found to be one. Now

    ((|tr M_j| - sqrt n e_j)/n)^(1/m) <= 2^(-s/m) rho(B) <= (||M_j||_F + e_j)^(1/m),

since |tr E| <= sqrt n ||E||_F. The root is taken by j square roots, rounded outward.

**Others.** rho(B) <= ||B||_2 (`certify`) and rho(B) <= rho(|B|), an equality for B >= 0 (`perron`).

Main definition: `spectral_radius`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..certify import (
    SLACK,
    TINY,
    Vector,
    down,
    gamma,
    norm_above,
    norm_of_vector_above,
    phi,
    scaled_down,
    scaled_up,
    square_root_above,
    square_root_below,
    up,
)
from ..enclosure import Enclosure
from .exact_radius import integers, radius_by_bisection
from .matrix import Matrix, balanced, enclose_certified, square_matrix
from .perron import over_components, perron_vector

WIDE = 1e-6  # relative width of the discs from which on the other bounds are tried
SQUARINGS = 24
NOTHING = (0.0, math.inf)
Bracket = tuple[float, float]


def spectral_radius(W: ArrayLike) -> Enclosure:
    """rho(W), the largest modulus of an eigenvalue of W: a certified interval.

    Up to 8 units in a component whose entries span less than 400 binary orders the ends agree in all digits. Above, the
    width is about n^2 u rho(W) times the condition number of the eigenvectors: 1e-8 for a Gaussian matrix of size 500; a
    defective W has a wide one. Exactly max |w_ii| if W is triangular up to a permutation, so 0 if its graph has no cycle.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype.

    >>> found = spectral_radius([[1.0, 2.0], [3.0, 4.0]])
    >>> found.lower <= (5 + math.sqrt(33)) / 2 <= found.upper < found.lower + 1e-14
    True
    >>> spectral_radius([[2.0, 4.0], [-1.0, -2.0]])
    Enclosure(0.0, certified)
    """
    return over_components(square_matrix(W), _irreducible)


def _irreducible(W: Matrix) -> Enclosure:
    B, _, exponent = balanced(W)
    found = integers(W)
    if found is not None:
        A, own = found
        guess = float(np.abs(np.linalg.eigvals(B)).max())
        return enclose_certified(*radius_by_bisection(A, math.ldexp(guess, exponent - own)), own)
    lower, upper = _discs_of_eigenvectors(B)
    if not lower >= upper * (1 - WIDE):
        kept = np.count_nonzero(B) == np.count_nonzero(W) and float(np.abs(B[B != 0.0]).min()) >= 2.0**-1000
        _, low, high = perron_vector(np.abs(B))
        one_sign = bool((W >= 0.0).all() or (W <= 0.0).all())  # of W: what B lost to underflow had a sign
        others = [
            _powers(B, lost=0.0 if kept else len(B) * TINY),
            (low if one_sign else 0.0, high),
            (0.0, norm_above(B)),
        ]
        lower, upper = max(lower, *(low for low, _ in others)), min(upper, *(high for _, high in others))
    return enclose_certified(lower, upper, exponent)


def _discs_of_eigenvectors(B: Matrix) -> Bracket:
    """The bracket of the discs around the eigenvalues that LAPACK finds."""
    n = len(B)
    size = int(lapack.dgeev_lwork(n, compute_vl=0)[0])
    a, imaginary, _, X, info = lapack.dgeev(B, compute_vl=0, lwork=size)
    first = np.flatnonzero(imaginary > 0.0)
    partner, b = np.arange(n), np.zeros(n)
    partner[first], partner[first + 1] = first + 1, first
    a[first + 1], b[first], b[first + 1] = a[first], imaginary[first], -imaginary[first]
    try:
        return discs(B, X, np.linalg.inv(X), a, b, partner) if info == 0 else NOTHING
    except np.linalg.LinAlgError:
        return NOTHING


def discs(B: Matrix, X: Matrix, Y: Matrix, a: Vector, b: Vector, partner: NDArray[np.intp]) -> Bracket:
    """(lower, upper) of rho(B) from discs, for any X, Y and L = diag(a) + diag(b) P; (0, inf) if Y is no inverse.

    partner[i] is the other unit of the pair of i, or i itself; a is equal and b opposite on a pair, b is 0 elsewhere.
    """
    n = len(B)
    with np.errstate(over="ignore", invalid="ignore"):
        size, inverse = np.abs(X), np.abs(Y)
        rows = size.sum(axis=1)
        R = B @ X - (X * a - X[:, partner] * b)
        slip = n * n * TINY * (1 + float(size.max()))
        wrong = gamma(n + 4) * (np.abs(B) @ rows + size @ (np.abs(a) + np.abs(b))) + slip
        t = np.abs(Y @ R).sum(axis=1) + inverse @ (gamma(n + 4) * np.abs(R).sum(axis=1) + wrong) + slip
        F = Y @ X
        np.einsum("ii->i", F)[:] -= 1.0
        f = np.abs(F).sum(axis=1) + gamma(n + 4) * (inverse @ rows + 1) + slip
        grow = (1 + phi(8 * n + 64)) * SLACK
        most, worst = float(t.max()) * grow, float(f.max()) * grow
        if not (worst < 1.0 and math.isfinite(most)):
            return NOTHING
        z = (t + f * (most / down(1 - worst))) * (grow * SLACK)
    r = np.where(partner == np.arange(n), up(math.sqrt(2.0)) * z, z + z[partner]) * SLACK + 2.0**-500
    modulus = np.sqrt(a * a + b * b)
    distance = np.sqrt((a[:, None] - a) ** 2 + (b[:, None] - b) ** 2)
    _, labels = connected_components(csr_array(distance <= (r[:, None] + r) * SLACK), directed=False)
    least = np.full(n, math.inf)
    np.minimum.at(least, labels, modulus / SLACK - r * SLACK)
    lower = float(least[np.isfinite(least)].max())
    return max(lower / SLACK, 0.0), float((modulus * SLACK + r).max()) * SLACK


def _powers(B: Matrix, *, lost: float) -> Bracket:
    """The bracket from B, B^2, B^4, ... as long as the error is below the norm; lost: a bound of ||exact B - B||_F."""
    n = len(B)
    M, error, scale = B, lost, 0
    lower, upper = NOTHING
    bits = int((53 - math.log2(n)) // 2)
    for j in range(SQUARINGS):
        norm = norm_of_vector_above(M) if M.any() else 0.0
        trace = down(abs(float(np.trace(M))) - up((n * gamma(n) * norm + math.sqrt(n) * error) * SLACK))
        lower = max(lower, scaled_down(*_root(trace / n / SLACK, scale, j, square_root_below)))
        upper = min(upper, scaled_up(*_root((norm + error) * SLACK, scale, j, square_root_above)))
        if norm <= error:
            break
        exact = float(np.abs(M).max()) <= 1.0 and bool((np.rint(np.ldexp(M, bits)) == np.ldexp(M, bits)).all())
        rounding = 0.0 if exact else gamma(n) * norm * norm + n * n * TINY
        M = M @ M
        k = math.frexp(float(np.abs(M).max()))[1]
        error = scaled_up((2 * error * norm + error * error + rounding) * SLACK, -k)
        M, scale = np.ldexp(M, -k), 2 * scale + k
    return lower, upper


def _root(value: float, scale: int, j: int, square_root: Callable[[float], float]) -> tuple[float, int]:
    """(v, k) with 2^k v near the root of order 2^j of 2^scale value, from j square roots."""
    for _ in range(j):
        value, scale = square_root(math.ldexp(value, scale % 2)), scale // 2
    return value, scale
