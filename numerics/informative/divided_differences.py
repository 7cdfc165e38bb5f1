r"""Divided differences of an activation and of its slope: phi[a', a] = (phi(a) - phi(a'))/(a - a'), with all their digits.

Between kinks ``phi[a', a] = int_0^1 phi'(a' + x (a - a')) dx`` and ``phi'[a', a]`` is the same integral of phi'', which the
Gauss-Legendre rule takes without a subtraction: at a step of 1e-300 as at one of 1, in saturation as elsewhere. The shorter
the step, the fewer nodes; a step that is zero gives the derivatives. Across a kink the intervals on its two sides are
added, and phi' jumps there.

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

    ``kinks`` are the places where the slope jumps.
    """

    derivatives: Pair
    kinks: tuple[float, ...]

    def __call__(self, a: Array, step: Array) -> tuple[Array, Array]:
        """phi[a - step, a] and phi'[a - step, a] for arrays that broadcast against each other, shaped like ``step``."""
        a = np.broadcast_to(a, step.shape)
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
        if largest > PANEL:  # few entries, where an input was exchanged: in panels, one entry of many panels per row
            found = np.empty(a.shape), np.empty(a.shape)
            far = size > PANEL
            found[0][~far], found[1][~far] = self._smooth(a[~far], step[~far])
            panels = int(np.ceil(largest / PANEL))
            ends = np.arange(panels)[:, None] / panels
            parts = self._smooth(
                a[far] - ends * step[far], np.broadcast_to(step[far] / panels, (panels, int(far.sum())))
            )
            for own, part in zip(found, parts, strict=True):
                own[far] = part.mean(axis=0)
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

    def _across(self, a: Array, step: Array) -> tuple[Array, Array]:
        """Sums over the intervals between kinks, each of which is smooth, and the jumps: phi' itself at both ends."""
        first = np.zeros(a.shape)
        edges = np.array([-np.inf, *self.kinks, np.inf])
        shares = np.clip((a - edges[:, None]) / step, 0.0, 1.0)  # at a - share step the interval begins or ends
        for low, high in zip(np.minimum(shares[:-1], shares[1:]), np.maximum(shares[:-1], shares[1:]), strict=True):
            # off the ends, where the rule has its nodes, the slope is that of the interval
            first += self._smooth(a - low * step, (high - low) * step)[0] * (high - low)
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
    return DividedDifferences(slope_and_second(activation), tuple(float(at) for at in activation.kinks))
