"""s(W) = inf over positive diagonal L of ||L W L^-1||_2, the least spectral norm under diagonal scaling.

rho(W) <= s(W) <= min(||W||_2, rho(|W|)), and s(D W) <= max_i |d_i| s(W) for every diagonal D, because
diagonal matrices commute: for slopes |D_t| <= gamma the product of k factors D_t W has a norm of at most
kappa(L) (gamma ||L W L^-1||_2)^k, with any L. s(W) = rho(W) for W >= 0, and s(W) = s(L W L^-1) = s(W^T) =
s(P W P^T) for permutations P.

If W is irreducible, the infimum is attained. If not, it is the maximum over the diagonal blocks of the
strongly connected components, and may be reached only as kappa(L) -> inf ([[0, 1], [0, 0]] has s = 0). So
two numbers are told apart: `Scaling.infimum` encloses s(W), component by component; `Scaling.norm` belongs
to one L with a bounded condition number. Both are *measured*. Without rounding errors, `infimum.lower`
would be a bound by duality and `infimum.upper` the norm for an L that may be arbitrarily ill conditioned
(see `barrier`).

Main definitions: `Scaling`, `diagonal_scaling`, `diagonal_scaling_norm`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..enclosure import Enclosure, measured
from .barrier import FAR, Vector, minimize_norm, scaled
from .matrix import Matrix, balanced, components, enclose, normalized, square_matrix
from .spectral import perron_vector, spectral_norm

TOLERANCE = 1e-6  # relative gap between infimum.upper and infimum.lower at which the search stops
ENOUGH = 1e-4  # relative gap to an infimum out of reach; a smaller one would cost a larger condition number


@dataclass(frozen=True)
class Scaling:
    """L = diag(diagonal) > 0 with `norm` = ||L W L^-1||_2 and `condition` = kappa(L); `infimum` = s(W)."""

    diagonal: Vector
    norm: Enclosure
    condition: Enclosure
    infimum: Enclosure


def diagonal_scaling(W: ArrayLike, *, condition_limit: float = 1e8) -> Scaling:
    """A positive diagonal L, kappa(L) <= condition_limit, that makes ||L W L^-1||_2 <= ||W||_2 nearly least.

    For an irreducible W whose best scaling obeys the limit, norm.upper = infimum.upper; the gap to
    infimum.lower is about 1e-6 of it, or up to a few percent if the entries of W spread over many orders.
    Else `norm` is within 1e-4 of `infimum`, or about the least that the limit allows. L is centered: its
    extremes have product 1.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, and for a
    condition_limit outside (1, 1e60].

    >>> found = diagonal_scaling([[0.0, 4.0], [1.0, 0.0]])
    >>> round(found.norm.upper, 6), round(found.condition.upper, 6)
    (2.0, 2.0)
    >>> nilpotent = diagonal_scaling([[0.0, 1.0], [0.0, 0.0]])
    >>> nilpotent.infimum.upper, nilpotent.norm.upper < 2e-8, nilpotent.condition.upper <= 1e8
    (0.0, True, True)
    """
    if not 1 < condition_limit <= 1e60:
        raise ValueError(f"condition_limit must be greater than 1 and at most 1e60, got {condition_limit!r}")
    matrix = square_matrix(W)
    x = np.zeros(len(matrix))
    lower = upper = 0.0
    parts = components(matrix)
    for units in parts:
        block = matrix[np.ix_(units, units)]
        if len(units) == 1:
            infimum = measured(abs(float(block[0, 0])))
        else:
            x[units], infimum = _irreducible(block)
        lower, upper = max(lower, infimum.lower), max(upper, infimum.upper)
    V, exponent = normalized(matrix)
    if len(parts) > 1 or np.ptp(x) > math.log(condition_limit):
        x = _within(V, x, math.log(condition_limit) / 2, math.ldexp(upper, -exponent))
    found = spectral_norm(scaled(V, x))
    norm = enclose(found.lower, found.upper, exponent, found.residual)
    diagonal = np.exp(x)
    condition = float(diagonal.max() / diagonal.min())
    upper = min(upper, norm.upper)
    lower = min(lower, upper)
    return Scaling(diagonal, norm, measured(condition), measured(lower, upper=upper, residual=upper - lower))


def diagonal_scaling_norm(W: ArrayLike, *, condition_limit: float = 1e8) -> Enclosure:
    """s(W) = inf over positive diagonal L of ||L W L^-1||_2, in [Scaling.infimum.lower, Scaling.norm.upper].

    `upper` is attained by the L of `diagonal_scaling` and therefore goes with its condition number; so it
    exceeds s(W) where s(W) is not attained. residual: upper - lower. Raises ValueError as
    `diagonal_scaling` does.

    >>> round(diagonal_scaling_norm([[0.0, 8.0], [-2.0, 0.0]]).upper, 9)
    4.0
    """
    found = diagonal_scaling(W, condition_limit=condition_limit)
    lower, upper = found.infimum.lower, found.norm.upper
    return measured(lower, upper=upper, residual=upper - lower)


def _irreducible(W: Matrix) -> tuple[Vector, Enclosure]:
    """(x, s(W)): the best scaling e^x of an irreducible W of size 2 or more, of any condition number.

    The search starts from L = I or from the Perron scaling, L^2 = left/right Perron vector of |W|, which
    has the norm rho(|W|) for |W|, whichever is better; and L = I is taken if the search does not beat it.
    """
    B, shift, exponent = balanced(W)
    (right, _, _), (left, _, _) = perron_vector(np.abs(B)), perron_vector(np.abs(B.T))
    perron = np.clip(_centered(np.log(left / right) / 2), -0.9 * FAR, 0.9 * FAR)
    start = min(np.zeros(len(B)), perron, key=lambda x: float(np.linalg.norm(scaled(B, x), 2)))
    found = minimize_norm(B, start, half_range=math.inf, target=0.0, tolerance=TOLERANCE)
    infimum = enclose(found.lower, found.norm, exponent)
    plain = spectral_norm(W).upper
    if plain <= infimum.upper:
        return np.zeros(len(W)), measured(min(infimum.lower, plain), upper=plain)
    return _centered(found.x + shift * math.log(2.0)), infimum


def _within(V: Matrix, x: Vector, half_range: float, infimum: float) -> Vector:
    """The scaling of least norm with |x_i| < half_range, or the first with a norm near the infimum."""
    if not V.any():
        return np.zeros(len(V))
    inside = x * min(1.0, 0.9 * min(half_range, FAR) / max(float(np.abs(x).max()), math.ulp(1.0)))
    start = min(np.zeros(len(V)), inside, key=lambda y: float(np.linalg.norm(scaled(V, y), 2)))
    target = infimum * (1 + ENOUGH)
    return _centered(minimize_norm(V, start, half_range=half_range, target=target, tolerance=ENOUGH).x)


def _centered(x: Vector) -> Vector:
    centered: Vector = x - (x.max() + x.min()) / 2
    return centered
