r"""rho(|W|), the spectral radius of the matrix of absolute values, by the quotients of Collatz and Wielandt.

For a nonnegative M and every vector x > 0, min_i (M x)_i/x_i <= rho(M) <= max_i (M x)_i/x_i, and a principal submatrix has no
larger radius, so that the lower quotient may be taken on fewer units. rho(M) is the maximum over the strongly connected
components.

**Rounding.** With gamma_n and phi_n as in `certify`, a sum of n nonnegative products is at most 1 + phi_n times its float, and
at least 1 - gamma_n times it, apart from underflow: 2^-1022 for each of n products and n sums, and n 2^-1075 x_j for the
digits of M that a scaling lost, less than n 2^-1020 for x <= 1. So

    ((1 - gamma_n) fl(M x)_i - n 2^-1020)/x_i <= (M x)_i/x_i <= ((1 + phi_n) fl(M x)_i + n 2^-1020)/x_i,

in floats up to the factor `SLACK` for at most 6 roundings. x is exact: any float vector will do.

Main definitions: `perron_radius`, `perron_vector`, `over_components`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..certify import SLACK, U, Vector, gamma, phi
from ..enclosure import Enclosure, certified
from .matrix import Matrix, balanced, components, enclose_certified, square_matrix


def perron_radius(W: ArrayLike) -> Enclosure:
    """rho(|W|), the spectral radius of the matrix of absolute values: a certified interval.

    Its width is near n u rho(|W|), more where cycles of nearly equal growth are coupled by very small weights.

    Exactly max |w_ii| if W is triangular up to a permutation, so 0 if its graph has no cycle. Raises ValueError for a W
    that is no real finite square matrix of a floating dtype.

    >>> found = perron_radius([[0.0, -4.0], [1.0, 0.0]])
    >>> found.lower <= 2.0 <= found.upper < 2.0 + 1e-12, found.evidence
    (True, 'certified')
    """
    return over_components(square_matrix(W), _irreducible)


def _irreducible(W: Matrix) -> Enclosure:
    B, _, exponent = balanced(W)
    _, lower, upper = perron_vector(np.abs(B))
    return enclose_certified(lower, upper, exponent)


def perron_vector(M: Matrix) -> tuple[Vector, float, float]:
    """(x, lower, upper): 0 < x <= 1 near the Perron vector of an irreducible M >= 0 of moderate size, and bounds of rho(M).

    Noda's iteration: y = (upper I - M)^-1 x is positive, and its upper quotient is smaller; quadratic convergence.
    Where rounding stops it early, the lower quotient is also taken on the units with the larger quotients.
    """
    identity = np.eye(len(M))
    best = x = np.ones(len(M))
    lower, upper = 0.0, np.inf
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for _ in range(100):
            low, high = _quotients(M, x)
            if not high.max() < upper:
                break
            best, lower, upper = x, max(lower, float(low.min())), float(high.max())
            if float((low + high).max() - (low + high).min()) <= 16 * U * upper:
                break
            size = np.frexp(x)[1].astype(np.intp)
            try:  # in the units of x no row sum exceeds 2 upper, and small entries of y keep their digits
                y = np.linalg.solve(upper * identity - np.ldexp(M, size - size[:, None]), np.ldexp(x, -size))
            except np.linalg.LinAlgError:
                break
            if not np.isfinite(y).all():
                break
            y /= np.abs(y).max()
            x = np.ldexp(np.where(y > 0, y, 2 * U), size)  # rounding may turn what is negligible nonpositive
            x = np.maximum(x / x.max(), 2.0**-900)
        kept = np.arange(len(M))
        for _ in range(50):
            low, high = _quotients(M[np.ix_(kept, kept)], best[kept])
            lower = max(lower, float(low.min()))
            middle = (float(low.min()) + float(high.max())) / 2
            if (high > middle).all() or not (high > middle).any():
                break
            kept = kept[high > middle]
    return best, lower, upper


def _quotients(M: Matrix, x: Vector) -> tuple[Vector, Vector]:
    """Lower and upper bounds of (M x)_i/x_i."""
    n = len(M)
    image = M @ x
    slip = n * 2.0**-1020
    low = (image * ((1 - gamma(n)) / SLACK) - slip) / x / SLACK
    return np.maximum(low, 0.0), (image * ((1 + phi(n)) * SLACK) + slip) / x * SLACK


def over_components(W: Matrix, radius: Callable[[Matrix], Enclosure]) -> Enclosure:
    """The maximum of a radius over the strongly connected components of W, exact for single units."""
    found = certified(0.0, upper=0.0)
    for units in components(W):
        if len(units) == 1:
            size = abs(float(W[units[0], units[0]]))
            found = found.maximum(certified(size, upper=size))
        else:
            found = found.maximum(radius(W[np.ix_(units, units)]))
    return found
