"""s(W) = inf over positive diagonal L of ||L W L^-1||_2, the least spectral norm under diagonal scaling.

rho(W) <= s(W) <= min(||W||_2, rho(|W|)), and s(D W) <= max_i |d_i| s(W) for every diagonal D, because
diagonal matrices commute: for slopes |D_t| <= gamma the product of k factors D_t W has a norm of at most
kappa(L) (gamma ||L W L^-1||_2)^k, with any L. s(W) = rho(W) for W >= 0, and s(W) = s(L W L^-1) = s(W^T) =
s(P W P^T) for permutations P.

If W is irreducible, the infimum is attained. If not, it is the maximum over the diagonal blocks of the
strongly connected components, and may be reached only as kappa(L) -> inf ([[0, 1], [0, 0]] has s = 0): the graph of
the components has no cycle, so that an L that grows along it makes what couples them as small as one likes. So
two numbers are told apart: `Scaling.infimum` encloses s(W), component by component; `Scaling.norm` belongs
to one L with a bounded condition number. Both are *certified*: nothing is taken from the search but floats L and R.

**Upper end of s(W).** The norm of the best L found for each block, at any condition, as `scaling_bounds` encloses it for
the exact matrix L W L^-1 of the floats W and L; and s(W) <= ||W||_2, s(W) <= rho(|W|), each by its own certified upper
end. A block of one unit has s = |w_ii|, exactly.

**Lower end.** The largest over the blocks, which is at most s(W), of the dual bound that `scaling_bounds` derives for
any float R: the Perron vector of the scaled |W|, the right one for W >= 0; the top right singular vector of
the first scaling, right for symmetric matrices; and the R that the search ends with.

For p = 1 and p = inf the infimum is rho(|W|): ||L W L^-1||_inf = max_i (|W| x)_i/x_i for x_i = 1/l_i, whose infimum over
x > 0 is rho(|W|) by Collatz and Wielandt, for any W; and ||.||_1 is ||.||_inf of the transpose.

Main definitions: `Scaling`, `diagonal_scaling`, `diagonal_scaling_norm`.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..certify import scaled_down, top_vector
from ..enclosure import Enclosure, certified, exact
from .barrier import FAR, Vector, minimize_norm, scaled
from .matrix import Matrix, balanced, components, enclose_certified, fingerprint, normalized, square_matrix
from .perron import perron_radius, perron_vector
from .scaling_bounds import Exponents, dual_below, norm_enclosed, similar
from .spectral import spectral_norm

TOLERANCE = 5e-7  # relative gap between the ends of the infimum at which the search stops
LOG_2 = math.log(2.0)
ENOUGH = 1e-4  # relative gap to an infimum out of reach; a smaller one would cost a larger condition number


@dataclass(frozen=True)
class Scaling:
    """L = diag(diagonal) > 0 with `norm` = ||L W L^-1||_2 and `condition` = kappa(L); `infimum` = s(W).

    ``matrix`` is the fingerprint of W.
    """

    diagonal: Vector
    norm: Enclosure
    condition: Enclosure
    infimum: Enclosure
    matrix: str


class _Block(NamedTuple):
    """l_i = mantissas_i 2**exponents_i for the units of a block, the norm of the scaled block, and a lower bound of s."""

    mantissas: Vector
    exponents: Exponents
    norm: Enclosure
    lower: float

    def diagonal(self) -> Vector:
        """The scaling as floats; 0 or inf where it leaves their range."""
        with np.errstate(over="ignore"):
            return np.ldexp(self.mantissas, self.exponents)


def diagonal_scaling(W: ArrayLike, *, condition_limit: float = 1e8) -> Scaling:
    """A positive diagonal L, kappa(L) <= condition_limit, that makes ||L W L^-1||_2 <= ||W||_2 nearly least.

    W has the shape (n, n). All three numbers are certified, for `diagonal` as exact data. infimum.upper is at most
    spectral_norm(W).upper and at most perron_radius(W).upper; its relative gap to infimum.lower is usually below
    1e-6. For an irreducible W whose best scaling obeys the limit, `norm` belongs to that scaling. Else it is within 1e-4
    of `infimum`, or about the least that the limit allows. L is centered: its extremes have product 1.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, and for a
    condition_limit outside (1, 1e60].

    >>> found = diagonal_scaling([[0.0, 4.0], [1.0, 0.0]])
    >>> round(found.norm.upper, 6), round(found.condition.upper, 6)
    (2.0, 2.0)
    >>> nilpotent = diagonal_scaling([[0.0, 1.0], [0.0, 0.0]])
    >>> nilpotent.infimum, nilpotent.norm.upper < 2e-8, nilpotent.condition.upper <= 1e8
    (Enclosure(0.0, certified), True, True)
    """
    if not 1 < condition_limit <= 1e60:
        raise ValueError(f"condition_limit must be greater than 1 and at most 1e60, got {condition_limit!r}")
    matrix = square_matrix(W)
    parts = components(matrix)
    blocks = [_block(matrix[np.ix_(units, units)]) for units in parts]
    plain = spectral_norm(matrix)
    upper = min(max(block.norm.upper for block in blocks), plain.upper, perron_radius(matrix).upper)
    diagonal, norm = blocks[0].diagonal(), blocks[0].norm
    if len(parts) > 1 or _condition(diagonal).upper > condition_limit:
        start = np.zeros(len(matrix))
        for units, block in zip(parts, blocks, strict=True):
            start[units] = np.log(block.mantissas) + block.exponents * LOG_2
        diagonal = _within(matrix, start, math.log(condition_limit) / 2, upper)
        norm = _norm(matrix, *np.frexp(diagonal)) if matrix.any() else plain
    if plain.upper <= norm.upper:
        diagonal, norm = np.ones(len(matrix)), plain
    infimum = certified(max(block.lower for block in blocks), upper=min(upper, norm.upper))
    return Scaling(diagonal, norm, _condition(diagonal), infimum, fingerprint(matrix))


def diagonal_scaling_norm(W: ArrayLike, *, p: float = 2) -> Enclosure:
    """inf over positive diagonal L of ||L W L^-1||_p for W (n, n): s(W) for p = 2, rho(|W|) for p = 1 and infinity.

    Certified. The infimum need not be attained: it is 0 for a strictly triangular W. Raises ValueError for another p,
    and for a W that is no real finite square matrix of a floating dtype.

    >>> round(diagonal_scaling_norm([[0.0, 8.0], [-2.0, 0.0]]).upper, 9)
    4.0
    >>> diagonal_scaling_norm([[0.0, 8.0], [0.0, 0.0]])
    Enclosure(0.0, certified)
    """
    if p not in (1, 2, math.inf):
        raise ValueError(f"p must be 1, 2 or infinity, got {p!r}")
    return diagonal_scaling(W).infimum if p == 2 else perron_radius(W)


def _block(W: Matrix) -> _Block:
    """The best scaling found for an irreducible W, of any condition number.

    The search starts from L = I or from the Perron scaling, L^2 = left/right Perron vector of |W|, which
    has the norm rho(|W|) for |W|, whichever is better.
    """
    if len(W) == 1:
        value = abs(float(W[0, 0]))
        return _Block(np.ones(1), np.zeros(1, dtype=np.int64), certified(value, upper=value), value)
    B, shift, _ = balanced(W)
    (right, _, _), (left, _, _) = perron_vector(np.abs(B)), perron_vector(np.abs(B.T))
    perron = np.clip(_centered((np.log(left) - np.log(right)) / 2), -0.9 * FAR, 0.9 * FAR)
    start = min(np.zeros(len(B)), perron, key=lambda x: top_vector(scaled(B, x))[0])
    found = minimize_norm(B, start, half_range=math.inf, target=0.0, tolerance=TOLERANCE)
    lower = 0.0
    for x, R in [(perron, (np.sqrt(left) * np.sqrt(right))[:, None]), *found.duals]:
        near = similar(W, *_powers(x, shift))
        lower = max(lower, scaled_down(dual_below(near.A, R), near.exponent))
    mantissas, exponents = _powers(found.x, shift)
    return _Block(mantissas, exponents, _norm(W, mantissas, exponents), lower)


def _powers(x: Vector, shift: Exponents) -> tuple[Vector, Exponents]:
    """(m, b) with m 2**b = 2**shift e^x up to rounding and a common factor, m in [0.7, 1.5], the extremes centered."""
    total = x + shift * LOG_2
    center = float(total.max() + total.min()) / 2
    whole = round(center / LOG_2)
    x = x - (center - whole * LOG_2)
    exponents = np.rint(x / LOG_2).astype(np.int64)
    return np.exp(x - exponents * LOG_2), exponents + shift - whole


def _norm(W: Matrix, mantissas: Vector, exponents: Exponents) -> Enclosure:
    """||L W L^-1||_2 for the exact l_i = mantissas_i 2**exponents_i and W != 0."""
    A, exponent = similar(W, mantissas, exponents)
    return enclose_certified(*norm_enclosed(A), exponent)


def _within(W: Matrix, x: Vector, half_range: float, infimum: float) -> Vector:
    """The diagonal e^x of least norm with |x_i| < half_range, or the first with a norm near the infimum."""
    V, exponent = normalized(W)
    if not V.any():
        return np.ones(len(V))
    inside = _centered(x)
    inside *= min(1.0, 0.9 * min(half_range, FAR) / max(float(np.abs(inside).max()), math.ulp(1.0)))
    start = min(np.zeros(len(V)), inside, key=lambda y: top_vector(scaled(V, y))[0])
    target = math.ldexp(min(infimum, sys.float_info.max), -exponent) * (1 + ENOUGH)
    found = minimize_norm(V, start, half_range=half_range, target=target, tolerance=ENOUGH)
    return np.exp(_centered(found.x))


def _condition(diagonal: Vector) -> Enclosure:
    """The largest entry over the smallest, rounded outward."""
    ratio = exact(float(diagonal.max())) / exact(float(diagonal.min()))
    return certified(ratio.lower, upper=ratio.upper)


def _centered(x: Vector) -> Vector:
    centered: Vector = x - (x.max() + x.min()) / 2
    return centered
