"""How far powers can grow before they decay: K(W) = sup over |z| > 1 of (|z| - 1) ||(z I - W)^-1||_2 and sup ||W^t||_2.

1 <= K(W) <= sup over t >= 0 of ||W^t||_2 <= e n K(W) (Kreiss 1962, Spijker 1991); both are 1 if ||W||_2 <= 1. They are
infinite if rho(W) > 1 or if W has a Jordan block of size 2 or more for an eigenvalue of modulus 1. Whether a matrix with
rho(W) = 1 has one, rounding can not tell: its upper end is inf, unless its row or column sums are at most 1, or a diagonal
scaling makes it a contraction.

Both enclosures are certified. `power` derives the bounds of the powers, `resolvent` those of the resolvent; beyond these,
only K(W) <= sup ||W^t|| is used, that rho(W) > 1 makes both infinite, and that W^t = L^-1 (L W L^-1)^t L has a norm of at most
kappa(L) if the certified ||L W L^-1||_2 is at most 1. The first is the series z R(z) = sum over t of W^t z^-t, |z| > 1, whose
norms add up to at most sup ||W^t||/(1 - 1/|z|).

Main definitions: `kreiss_constant`, `power_supremum`.
"""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from ..enclosure import Enclosure, certified
from .eigenvalues import spectral_radius
from .matrix import Matrix, square_matrix
from .power import Growth, growth
from .resolvent import kreiss_bounds, power_bound
from .scaling import diagonal_scaling

LIMITS = (1e2, 1e4, 1e8, 1e16, 1e32, 1e60)  # of the condition of a scaling that makes W a contraction


def power_supremum(W: ArrayLike) -> Enclosure:
    """sup over t >= 0 of ||W^t||_2, W^0 = I; at least 1.

    `lower` is a bound of the largest norm found. `upper` is within rounding of it where the search for the largest power
    ends, the lesser of two weaker bounds where it does not (by the resolvent on the unit circle, and by a diagonal scaling),
    and inf if the powers are unbounded (then `lower` is inf too) or rounding can not tell. Raises ValueError for a W that is
    no real finite square matrix of a floating dtype.

    >>> round(power_supremum([[0.9, 10.0], [0.0, 0.9]]).upper, 1)
    38.7
    >>> power_supremum([[1.1]]).lower, round(power_supremum([[0.0, 3.0], [0.0, 0.0]]).upper, 9)
    (inf, 3.0)
    >>> power_supremum([[1.0, 1.0], [0.0, 1.0]]).upper
    inf
    """
    matrix = square_matrix(W)
    found, stable = _growth(matrix)
    weak = stable and found.doubled.size == 0
    return certified(found.lower, upper=min(found.upper, power_bound(matrix)) if weak else found.upper)


def kreiss_constant(W: ArrayLike) -> Enclosure:
    """K(W) = sup over complex |z| > 1 of (|z| - 1) ||(z I - W)^-1||_2; at least 1.

    `lower` belongs to the best z found. `upper` comes from bounds on whole circles |z| = r and is within 1e-3 of `lower` for
    up to about 200 units, unless K(W) is in the thousands, where the squares of singular values near 1/K(W) drown in
    rounding; it is at most the upper end of sup ||W^t||_2, and inf as in `power_supremum`. Raises ValueError for a W that is
    no real finite square matrix of a floating dtype.

    >>> found = kreiss_constant([[0.9, 10.0], [0.0, 0.9]])
    >>> round(found.lower, 2), round(found.upper, 2)
    (25.01, 25.03)
    """
    matrix = square_matrix(W)
    found, stable = _growth(matrix)
    if found.upper == 1.0 or found.lower == math.inf:
        return certified(found.lower, upper=found.upper)
    lower, upper = kreiss_bounds(matrix, found, stable=stable)
    return certified(lower, upper=min(upper, found.upper))


def _growth(W: Matrix) -> tuple[Growth, bool]:
    """Bounds of the powers, and whether rho(W) < 1, or rho(W) <= 1 with bounded powers, is known."""
    found = growth(W)
    if found.upper < math.inf:
        return found, found.doubled.size > 0
    if found.lower < math.inf:
        radius = spectral_radius(W)
        if radius.lower <= 1.0:
            return found._replace(upper=_scaled(W)), radius.upper < 1.0
    return found._replace(lower=math.inf), False


def _scaled(W: Matrix) -> float:
    """kappa(L) >= ||W^t||_2 for every t >= 0 with the first L of `diagonal_scaling` that has ||L W L^-1||_2 <= 1; inf without."""
    for limit in LIMITS:
        found = diagonal_scaling(W, condition_limit=limit)
        if found.norm.upper <= 1.0:
            return found.condition.upper
        if found.condition.upper < limit / 2 or found.infimum.lower > 1.0:
            break
    return math.inf
