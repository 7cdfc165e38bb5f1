r"""The variance map V(q) = g^2 E phi(sqrt(q) z)^2 + s of the preactivations, z ~ N(0, 1), and all its fixed points.

Preactivations a = W h + b + B u of n units with W_ij ~ N(0, g^2/n) become Gaussian as n -> infinity, with the variances
q_t = V(q_{t-1}), s = sigma_b^2 + sigma_u^2.

**Every bounded sequence q_t converges.** The density of a = sqrt(q) z, exp(-a^2/(2 q))/sqrt(2 pi q), has the derivative
(a^2/q - 1)/2 >= -1/2 times itself in log q. Hence F(x) = log V(e^x) has F' >= -1/2, F(x) + x increases strictly, and F has no
cycle of two points (F(x) = y, F(y) = x give F(x) + x = F(y) + y). A continuous map of an interval without such a cycle has
orbits that converge (Coppel). A fixed point is stable if V'(q) = g^2 E (z^2 - 1) phi^2/(2 q) < 1; below -1/2 it never is.

**All of them.** The zeros of R(q) = V(q)/q - 1 are those that a grid of four points per decade from 1e-16 to 1e16 shows
(`zeros`). If R is 0 on all of it, every variance is a fixed point.

Main definitions: `FixedPoint`, `Variances`, `fixed_variances`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..axes import Array
from .entrywise import Entrywise
from .gaussian_average import gaussian_average
from .zeros import NOISE, zeros

DECADES, PER_DECADE = 16, 4
STEPS = 500

Map = Callable[[ArrayLike], Array]


class FixedPoint(NamedTuple):
    """A variance q = V(q) and the multiplier V'(q), by which a small deviation is multiplied in each step."""

    variance: float
    multiplier: float

    @property
    def stable(self) -> bool:
        """Whether small deviations decay: V'(q) < 1."""
        return self.multiplier < 1.0


class Variances(NamedTuple):
    """All fixed points found, and the limits of q_t from small and from large variances.

    A limit is inf if q_t grows beyond every bound, and NaN if every variance is a fixed point.
    """

    fixed_points: tuple[FixedPoint, ...]
    from_small: float
    from_large: float


def variances(offset: float) -> Array:
    """The grid of variances, from 1e-16 or, if that is less, a tenth of the offset."""
    lowest = math.log10(min(10.0**-DECADES, offset / 10)) if offset > 0 else -float(DECADES)
    return np.logspace(lowest, DECADES, math.ceil((DECADES - lowest) * PER_DECADE) + 1)


def second_moment(phi: Entrywise, variance: ArrayLike) -> Array:
    """E phi(sqrt(q) z)^2 for each variance q."""
    return gaussian_average(lambda a: phi.value(a) ** 2, variance, kinks=phi.kinks).value


def mean_square_slope(phi: Entrywise, variance: ArrayLike) -> Array:
    """E phi'(sqrt(q) z)^2 for each variance q; for q = 0 its limit."""
    return gaussian_average(lambda a: phi.slope(a) ** 2, variance, kinks=phi.kinks).value


def fixed_variances(phi: Entrywise, *, gain: float, offset: float) -> Variances:
    """The q >= 0 with q = g^2 E phi(sqrt(q) z)^2 + offset, and which of them the iteration reaches.

    >>> from errorflow.theory.activations import Relu, Tanh
    >>> from .entrywise import entrywise
    >>> found = fixed_variances(entrywise(Tanh()), gain=1.5, offset=0.0)
    >>> [(round(q, 6), round(slope, 4)) for q, slope in found.fixed_points], round(found.from_small, 6)
    ([(0.0, 2.25), (0.793354, 0.5047)], 0.793354)
    >>> fixed_variances(entrywise(Relu()), gain=1.5, offset=0.1)
    Variances(fixed_points=(), from_small=inf, from_large=inf)
    """

    def excess(variance: ArrayLike) -> Array:
        q = np.asarray(variance, dtype=float)
        with np.errstate(over="ignore"):
            return np.asarray((gain**2 * second_moment(phi, q) + offset) / q - 1.0)

    grid = variances(offset)
    zero = offset == 0.0 and bool(phi.value(np.zeros(1))[0] == 0.0)
    points = [FixedPoint(0.0, gain**2 * float(mean_square_slope(phi, 0.0)))] if zero else []
    roots, grid, R = zeros(excess, grid)
    if len(grid) == 0:
        return Variances(tuple(points), math.nan, math.nan)
    points += [FixedPoint(q, multiplier(phi, gain=gain, variance=q)) for q in roots]
    up, down = (roots[0] if roots else math.inf), (roots[-1] if roots else 0.0)
    small = up if R[0] > 0 else 0.0
    large = math.inf if R[-1] > 0 else down
    V = grid * (1 + R)
    if roots and bool((np.diff(V) < -NOISE * V[1:]).any()):  # then q_t may jump over a fixed point
        small = _limit(excess, roots[0] * 1e-3, roots) if R[0] > 0 else 0.0
        large = _limit(excess, roots[-1] * 1e3, roots, zero=zero) if R[-1] <= 0 else math.inf
    return Variances(tuple(points), small, large)


def multiplier(phi: Entrywise, *, gain: float, variance: float) -> float:
    """V'(q) = g^2 E (z^2 - 1) phi(sqrt(q) z)^2/(2 q) for a variance q > 0."""

    def integrand(a: Array) -> Array:
        return (a**2 / variance - 1.0) * phi.value(a) ** 2

    return float(gain**2 * gaussian_average(integrand, variance, kinks=phi.kinks).value / (2 * variance))


def _limit(excess: Map, q: float, roots: tuple[float, ...], *, zero: bool = False) -> float:
    """The fixed point that q_t reaches, by iteration."""
    for _ in range(STEPS):
        change = float(excess(q))
        q *= 1.0 + change
        if abs(change) < 1e-9 or q < 1e-200:
            break
    candidates = [*roots, 0.0] if zero else roots
    return min(candidates, key=lambda root: abs(root - q))
