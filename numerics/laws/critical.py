r"""The critical line chi = 1 of a random network, for any activation, and the law of the onset beyond it.

For a variance q of the preactivations, chi = g^2 E phi'(sqrt(q) z)^2 = 1 fixes the gain, and the fixed point q = g^2 E phi^2 +
sigma_b^2 + sigma_u^2 then fixes the offset:

    g^2 = 1/E phi'^2,    sigma_b^2 + sigma_u^2 = B(q) = q - E phi^2/E phi'^2.

So the critical points with a given offset are the zeros of B(q) - offset, one equation in one unknown. A zero counts if its fixed
point is stable, V'(q) < 1. Without offset and with phi(0) = 0 there is also q = 0 with g^2 = 1/phi'(0)^2. For phi that is
homogeneous of degree 1 (ReLU), B = 0: every variance is critical at one gain without offset, none with one.

**Onset.** phi(x) = x + c x^3 + d x^5 + ..., c < 0, no offset: E phi^2 = q + 6 c q^2 + 15 (c^2 + 2 d) q^3, E phi'^2 = 1 + 6 c q
+ (27 c^2 + 30 d) q^2, up to higher powers. With g^2 E phi^2 = q, chi - 1 = 12 c^2 q^2 and q = (g - 1)/(3 |c|) to first order, so

    lambda_1 = 1/2 log chi = (2/3) (g - 1)^2 + O((g - 1)^3),

whatever c and d are; with a slope at 0 other than 1, g is divided by the critical gain.

Shared and untied weights have the same critical line: chi and q are the same. Depths: `errorflow.numerics.laws.mean_field`.

Main definitions: `CriticalPoint`, `critical_point`, `critical_line`, `onset_exponent`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...theory.activations import Activation
from ..axes import Array
from .arguments import positive
from .entrywise import Callables, Entrywise, entrywise
from .variance_map import mean_square_slope, multiplier, second_moment, variances
from .zeros import NOISE, zeros

LEAST = 1e-9  # of V(q)/q - 1, the first sign of which tells whether small variances grow


class CriticalPoint(NamedTuple):
    """A gain (the sigma_w of W_ij ~ N(0, sigma_w^2/n)) and a variance q with chi = 1; both NaN if there is none.

    ``variance`` alone is NaN if every variance is critical. ``note`` says in a sentence what is special, else it is empty.
    """

    bias_variance: float
    gain: float
    variance: float
    note: str = ""


def critical_point(
    activation: Activation | Callables | Entrywise, *, bias_variance: float = 0.0, input_variance: float = 0.0
) -> CriticalPoint:
    """The gain at which chi = g^2 E phi'(sqrt(q) z)^2 = 1 at a stable q; the smallest one if there are several.

    Relative error about 1e-12, in q divided by q for small q. Raises ValueError for a negative variance.

    >>> from errorflow.theory.activations import Relu, Tanh
    >>> found = critical_point(Tanh(), bias_variance=0.05)
    >>> print(f"{found.gain**2:.10f} {found.variance:.10f}")
    1.7609546396 0.5700478816
    >>> critical_point(Relu(), bias_variance=0.05)
    CriticalPoint(bias_variance=0.05, gain=nan, variance=nan, note='no gain has chi = 1 at a stable variance')
    """
    return critical_line(activation, bias_variances=[bias_variance], input_variance=input_variance)[0]


def critical_line(
    activation: Activation | Callables | Entrywise, *, bias_variances: ArrayLike, input_variance: float = 0.0
) -> tuple[CriticalPoint, ...]:
    """The critical point of each bias variance; arguments as in `critical_point`.

    >>> from errorflow.theory.activations import Tanh
    >>> [round(point.gain**2, 10) for point in critical_line(Tanh(), bias_variances=[0.0, 0.05, 0.1])]
    [1.0, 1.7609546396, 1.9860726411]
    """
    phi = entrywise(activation)
    offsets = [float(b) for b in np.ravel(bias_variances)]
    for name, value in (*(("bias_variance", b) for b in offsets), ("input_variance", input_variance)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and not negative, got {value!r}")
    grid = variances(min((b for b in offsets if b > 0), default=0.0) + input_variance)
    balance = _balance(phi, grid)
    found = []
    for bias_variance in offsets:
        gain, variance, note = _critical(phi, bias_variance + input_variance, grid, balance)
        found.append(CriticalPoint(bias_variance, gain, variance, note))
    return tuple(found)


def _balance(phi: Entrywise, variance: Array) -> Array:
    """B(q)/q = 1 - E phi^2/(q E phi'^2)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(1.0 - second_moment(phi, variance) / (variance * mean_square_slope(phi, variance)))


def _critical(phi: Entrywise, offset: float, grid: Array, balance: Array) -> tuple[float, float, str]:
    candidates, note = [], ""
    if offset == 0.0:
        slope = float(mean_square_slope(phi, 0.0))
        if (np.abs(balance) <= NOISE).all():
            return slope**-0.5, math.nan, "every variance is critical at this gain: phi is homogeneous"
        if phi.value(np.zeros(1))[0] == 0.0 and slope > NOISE:
            candidates.append((slope**-0.5, 0.0))
            excess_at = second_moment(phi, grid) / (slope * grid) - 1.0
            if excess_at[np.argmax(np.abs(excess_at) > LEAST)] > 0:
                note = "at this gain the variance 0 attracts no other: just below it chi < 1, from it on variances grow"

    def excess(variance: ArrayLike) -> Array:
        q = np.asarray(variance, dtype=float)
        return np.asarray(_balance(phi, q) - offset / q)

    values = balance - offset / grid
    usable = np.isfinite(values)
    for q in zeros(excess, grid[usable], values=values[usable]).points:
        gain = float(mean_square_slope(phi, q)) ** -0.5
        if multiplier(phi, gain=gain, variance=q) < 1.0:
            candidates.append((gain, q))
    if not candidates:
        return math.nan, math.nan, "no gain has chi = 1 at a stable variance"
    (gain, variance), *others = sorted(candidates)
    if others:
        note = f"chi = 1 as well at the gains {', '.join(f'{other:.6g}' for other, _ in others)}"
    return gain, variance, note


def onset_exponent(gain: ArrayLike, *, critical_gain: float = 1.0) -> Array:
    """lambda_1 = (2/3) (g/g_c - 1)^2 for g >= g_c, to lowest order, in nats per step.

    For an odd phi with phi'''(0) phi'(0) < 0 (tanh, erf, sin) without bias and inputs; the next term is of third order. The
    exponent log(g/g_c) below g_c is exact. Raises ValueError for gains that are not above 0.

    >>> onset_exponent([0.5, 1.0, 1.1]).round(6).tolist()
    [-0.693147, 0.0, 0.006667]
    """
    ratio = np.asarray(gain, dtype=float) / positive("critical_gain", critical_gain)
    if not (ratio > 0).all():
        raise ValueError(f"gain must be above 0, got {gain!r}")
    return np.where(ratio < 1.0, np.log(ratio), 2.0 / 3.0 * (ratio - 1.0) ** 2)
