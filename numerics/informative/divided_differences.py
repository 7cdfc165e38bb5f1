r"""Divided differences of an activation and of its slope: phi[a', a] = (phi(a) - phi(a'))/(a - a'), with all their digits.

Between kinks ``phi[a', a] = int_0^1 phi'(a' + x (a - a')) dx`` and ``phi'[a', a]`` is the same integral of phi'', which the
Gauss-Legendre rule takes without a subtraction: at a step of 1e-300 as at one of 1, in saturation as elsewhere. The shorter
the step, the fewer nodes; a step that is zero gives the derivatives. Long steps are subtractions, ``(phi(a) - phi(a'))/(a - a')``,
where these lose no digits, else the integral over what lies within 40 of the point of [a', a] that is nearest to 0, and
subtractions beyond. Across a kink the intervals on its two sides are added, and phi' jumps there.

Main definitions: `slope_and_second`, `DividedDifferences`, `divided_differences`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import sympy as sp

from ...theory import activations
from ...theory.activations import Activation
from ..axes import Array
from ..elementwise import compiled, elementwise
from ..slope_of_value import slope_of_value, value_and_slope, y

Pair = Callable[[Array], tuple[Array, Array]]
PANEL = 0.5  # longest interval of one rule; the nearest singularity of a built-in activation is pi/2 off the real line
NODES = ((1e-8, 1), (1e-4, 2), (1e-2, 3), (0.1, 5), (PANEL, 8))  # up to which step so many nodes give all digits
CANCELLED = 1e-2  # phi(a) - phi(a') relative to the larger of the two, below which a subtraction is not made
NEAR = 40.0  # of 0: beyond, what is left of a slope that decays is not told from a constant, e^-40 < 1e-17
APART = 1e-6  # a - a' relative to the larger of the two, below which rounding may have moved the difference
AT_ONCE = 100_000  # numbers that are integrated together, so that they stay in the cache


@lru_cache(maxsize=256)
def slope_and_second(activation: Activation) -> Pair:
    """The NumPy function a -> (phi', phi''), off the kinks; where phi' = psi(phi), phi'' is psi'(phi) phi'.

    >>> slope, second = slope_and_second(activations.Tanh())(np.array([20.0]))
    >>> print(f"{slope[0]:.6e} {second[0]:.6e}")  # phi'' = -2 phi phi', where 1 - tanh^2 rounds to 0
    1.699342e-17 -3.398683e-17
    """
    both, form = value_and_slope(activation), slope_of_value(activation)
    if form is not None:
        rate = elementwise(form.expression.diff(y).xreplace({y: activations.x}))

        def from_value(a: Array) -> tuple[Array, Array]:
            value, slope = both(a)
            return slope, rate(value) * slope

        return from_value
    slope = activation.stable_slope or activation.slope
    # at 0 the right-hand limit: what is smooth there has one limit only
    second = slope.diff(activations.x).replace(sp.sign, lambda at: sp.Piecewise((-1, at < 0), (1, True)))
    run = compiled((slope, second.replace(sp.DiracDelta, lambda *_: sp.Integer(0))))

    def from_argument(a: Array) -> tuple[Array, Array]:
        found = run(a, None)
        return found[0], found[1]

    return from_argument


@dataclass(frozen=True, eq=False)
class DividedDifferences:
    """phi[a', a] and phi'[a', a] at a' = a - step, entry by entry, with relative errors near 1e-14.

    ``values`` are phi and phi', ``derivatives`` phi' and phi'', and ``kinks`` the places where the slope jumps. A step between
    arguments beyond 1e300 in modulus may overflow.
    """

    values: Pair
    derivatives: Pair
    straight: bool
    kinks: tuple[float, ...]

    def __call__(self, a: Array, step: Array) -> tuple[Array, Array]:
        """phi[a - step, a] and phi'[a - step, a] for arrays that broadcast against each other, shaped like ``step``."""
        a = np.broadcast_to(a, step.shape)
        if self.straight:
            return self.derivatives(np.ascontiguousarray(a))
        found = np.empty(step.shape), np.empty(step.shape)
        flat = a.reshape(-1), step.reshape(-1)
        first, second = found[0].reshape(-1), found[1].reshape(-1)
        for start in range(0, step.size, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            first[some], second[some] = self._smooth(flat[0][some], flat[1][some])
        for at in self.kinks:
            low, high = np.minimum(flat[0], flat[0] - flat[1]), np.maximum(flat[0], flat[0] - flat[1])
            touched = np.flatnonzero((low <= at) & (at <= high) & (flat[1] != 0))
            if len(touched):
                first[touched], second[touched] = self._across(flat[0][touched], flat[1][touched])
        return found

    def _smooth(self, a: Array, step: Array) -> tuple[Array, Array]:
        if not step.size:
            return np.empty(step.shape), np.empty(step.shape)
        size = np.abs(step)
        largest = float(size.max())
        if largest > PANEL:  # few entries, where an input was exchanged
            found = np.empty(a.shape), np.empty(a.shape)
            far = size > PANEL
            found[0][~far], found[1][~far] = self._smooth(a[~far], step[~far])
            found[0][far], found[1][far] = self._far(a[far], a[far] - step[far], step[far])
            return found
        nodes = next(count for limit, count in NODES if largest <= limit)
        places, weights = _rule(nodes)
        first, second = np.zeros(a.shape), np.zeros(a.shape)
        for place, weight in zip(places, weights, strict=True):
            at = a - place * step
            slope, bend = self.derivatives(at)
            first += weight * slope
            second += weight * bend
        return first, second

    def _far(self, a: Array, end: Array, step: Array) -> tuple[Array, Array]:
        """Both by subtraction at a and end = a - step, but the first where phi has digits in common there."""
        (value, slope), (before, bent) = self.values(a), self.values(end)
        first, second = (value - before) / step, (slope - bent) / step
        lost = np.flatnonzero(np.abs(value - before) < CANCELLED * np.maximum(np.abs(value), np.abs(before)))
        at_once = max(1, int(AT_ONCE * PANEL / (2 * NEAR)))
        for start in range(0, len(lost), at_once):
            some = lost[start : start + at_once]
            low, high = np.minimum(a[some], end[some]), np.maximum(a[some], end[some])
            first[some] = self._mean_slope(low, high, np.abs(step[some]))
        return first, second

    def _mean_slope(self, low: Array, high: Array, size: Array) -> Array:
        """The mean of phi' over [low, high]: panels within 40 of the point nearest to 0, and what lies beyond."""
        crosses, right = (low < 0) & (high > 0), low >= 0  # of 0
        begin = np.where(crosses, np.maximum(low, -NEAR), np.where(right, low, np.maximum(low, high - NEAR)))
        stop = np.where(crosses | right, np.minimum(high, np.where(right, low, 0.0) + NEAR), high)
        length = np.where(crosses, stop - begin, np.minimum(size, NEAR))
        panels = int(np.ceil(float(length.max()) / PANEL))
        part = np.broadcast_to(length / panels, (panels, len(low)))
        ends = np.arange(panels)[:, None]
        near = self._smooth(np.where(right, begin + part * (ends + 1), stop - part * ends), part)[0].mean(axis=0)
        after = np.where(crosses, high - stop, np.where(right, size - length, 0.0))
        earlier = np.where(crosses, begin - low, np.where(right, 0.0, size - length))
        return np.asarray((near * length + self._rise(stop, high, after) + self._rise(low, begin, earlier)) / size)

    def _rise(self, low: Array, high: Array, size: Array) -> Array:
        """phi(high) - phi(low), by the slopes where the arguments are too close to each other for a subtraction."""
        places, weights = _rule(NODES[-1][1])
        slopes = sum(w * self.values(low + place * size)[1] for place, w in zip(places, weights, strict=True))
        apart = size >= APART * np.maximum(np.abs(low), np.abs(high))
        return np.asarray(np.where(apart, self.values(high)[0] - self.values(low)[0], slopes * size))

    def _across(self, a: Array, step: Array) -> tuple[Array, Array]:
        """Sums over the intervals between kinks, each of which is smooth, and the jumps: phi' itself at both ends."""
        first, edges = np.zeros(a.shape), np.array([-np.inf, *self.kinks, np.inf])[:, None]
        shares = np.clip((a - edges) / step, 0.0, 1.0)  # at a - share step an interval begins or ends
        places, parts = a - shares * step, np.abs(np.diff(shares, axis=0))
        ends = np.clip(edges, np.minimum(a, a - step), np.maximum(a, a - step))
        long = np.abs(step) > PANEL  # shares are exact for the shortest steps, and the places themselves for long ones
        places = np.where(long, ends, places)
        parts = np.where(long, np.abs(np.diff(ends, axis=0)) / np.abs(step), parts)
        for one, other, part in zip(places[:-1], places[1:], parts, strict=True):
            # off the ends, where the rule has its nodes, the slope is that of the interval
            size = part * np.abs(step)
            far = size > PANEL
            mean = np.empty(a.shape)
            mean[~far] = self._smooth(np.maximum(one, other)[~far], size[~far])[0]
            mean[far] = self._far(np.maximum(one, other)[far], np.minimum(one, other)[far], size[far])[0]
            first += mean * part
        return first, (self.derivatives(a)[0] - self.derivatives(a - step)[0]) / step


@cache
def _rule(nodes: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Gauss-Legendre on [0, 1]."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return tuple(((places + 1) / 2).tolist()), tuple((weights / 2).tolist())


@lru_cache(maxsize=256)
def divided_differences(activation: Activation) -> DividedDifferences:
    """The divided differences of an activation and of its slope.

    >>> first, second = divided_differences(activations.Tanh())(np.array([0.5]), np.array([1e-200]))
    >>> print(f"{first[0]:.6f} {second[0]:.6f}")  # tanh' and tanh'' at 1/2
    0.786448 -0.726862
    """
    straight = not activation.slope.has(activations.x)
    kinks = tuple(float(at) for at in activation.kinks)
    return DividedDifferences(value_and_slope(activation), slope_and_second(activation), straight, kinks)
