r"""Singular values of J, a product of t Gaussian factors with variance g^2/n, as n -> infinity: the Fuss-Catalan law, by rank.

Shared and untied factors, real and complex, have the same limit law at every fixed t (Alexeev, Goetze and Tikhomirov
2010 for powers): the leading term of a moment counts the planar pairings of the W and W* in (W^t W*^t)^k. A pair
encloses as many W as W*, so that both stand at the same height above the start of a block W^t: it is a factor and its
own adjoint, and pairs as well when the t factors are independent.

**Moments.** At g = 1 those of the squared singular values x are m_k = binom((t+1) k, k)/(t k + 1), with the generating
function B = sum_k m_k z^k, B = 1 + z B^(t+1).

**Density.** At z = 1/x on the cut write B = |B| e^(i phi), 0 < phi < pi/(t+1). (B - 1) x = B^(t+1) gives B - 1 the
angle (t+1) phi, so that the triangle 0, 1, B has the angles phi, pi - (t+1) phi, t phi, and by the law of sines

    x = |B|^(t+1)/|B - 1| = sin^(t+1)((t+1) phi)/(sin phi sin^t(t phi)),
    density p(x) = Im B/(pi x),   Im B = sin phi sin((t+1) phi)/sin(t phi).

**Rank.** log x = (t+1) log B - log(B - 1), so integral of B dlog x = integral of [t + 1 - B/(B-1)] dB = t B - log(B -
1), and the fraction of singular values above the one at phi is

    u = [(t+1) phi - t Im B]/pi,

from u = 0 at phi = 0, where x = (t+1)^(t+1)/t^t is the square of the largest singular value, to u = 1 at phi =
pi/(t+1), x = 0. The largest one is g^t sqrt((t+1)^(t+1)/t^t), near g^t sqrt(e t), where ||W||^t is (2 g)^t. As t ->
infinity, log(x)/(2t) -> log g + 1/2 log(1 - u): Newman's exponents at large n.

The parametrization of the density is in Forrester and Liu 2015; at finite n the second moment is known exactly
(`singular_value_second_moment`).

Main definitions: `fuss_catalan`, `log_largest_singular_value`, `log_singular_values`, `singular_value_rank`,
`singular_value_density`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..axes import Array
from .arguments import positive, whole

HALVINGS = 70
Mask = NDArray[np.bool_]


def fuss_catalan(order: int, *, steps: int) -> int:
    """m_k = binom((t+1) k, k)/(t k + 1): lim (1/n) E tr (J J^T)^k of t factors at g = 1, tied and untied; else times g^(2tk).

    >>> [[fuss_catalan(k, steps=t) for k in range(5)] for t in (1, 2)]
    [[1, 1, 2, 5, 14], [1, 1, 3, 12, 55]]
    """
    k, t = whole("order", order, least=0), whole("steps", steps)
    return math.comb((t + 1) * k, k) // (t * k + 1)


def log_largest_singular_value(steps: int, *, gain: float = 1.0) -> float:
    """t log g + 1/2 [(t+1) log(t+1) - t log t], the limit of log||J||_2, tied and untied, in nats.

    >>> [round(math.exp(log_largest_singular_value(t)), 3) for t in (1, 2, 3)]
    [2.0, 2.598, 3.079]
    """
    t = whole("steps", steps)
    return t * math.log(positive("gain", gain)) + (math.log1p(t) + t * math.log1p(1 / t)) / 2


def log_singular_values(ranks: ArrayLike, *, steps: int, gain: float = 1.0) -> Array:
    """The limit law of log s_i(J) at the ranks u = i/n in [0, 1], descending in u, tied and untied, in nats; -inf at u = 1.

    For n singular values take u = (i - 1/2)/n, i = 1..n. The error is near t roundings. Raises ValueError for ranks outside [0, 1].

    >>> np.exp(log_singular_values([0.0, 0.25, 0.5, 0.75, 1.0], steps=1)).round(4).tolist()  # the quarter circle law
    [2.0, 1.2694, 0.8079, 0.3953, 0.0]
    """
    u = np.asarray(ranks, dtype=float)
    if not ((u >= 0) & (u <= 1)).all():
        raise ValueError(f"ranks must be between 0 and 1, got {ranks!r}")
    t, log_g = whole("steps", steps), math.log(positive("gain", gain))
    small = u > float(_share(np.pi / 2, False, t))
    angle = _solve(lambda angle: _share(angle, small, t), np.where(small, 1 - u, u))
    with np.errstate(divide="ignore"):
        values = np.where(u == 1, -np.inf, _log_x(angle, small, t) / 2)
    return t * log_g + np.where(u == 0, log_largest_singular_value(t), values)


def singular_value_rank(log_value: ArrayLike, *, steps: int, gain: float = 1.0) -> Array:
    """The fraction u of the singular values whose log is above ``log_value``, in the limit; the inverse of `log_singular_values`.

    >>> singular_value_rank(np.log([0.5, 1.0, 3.0]), steps=1).round(4).tolist()
    [0.685, 0.391, 0.0]
    """
    angle, small, inside, top = _located(log_value, steps, gain)
    share = _share(angle, small, steps)
    return np.where(inside, np.where(small, 1 - share, share), np.where(top, 0.0, 1.0))


def singular_value_density(log_value: ArrayLike, *, steps: int, gain: float = 1.0) -> Array:
    """The density of log s_i(J) in the limit, (2/pi) Im B, per nat; 0 above the largest singular value.

    >>> singular_value_density(np.log([1.0, 3.0]), steps=1).round(6).tolist()  # s sqrt(4 - s^2)/pi at s = 1
    [0.551329, 0.0]
    """
    angle, small, inside, _ = _located(log_value, steps, gain)
    return np.where(inside, 2 / np.pi * _imaginary(angle, small, steps), 0.0)


def _located(log_value: ArrayLike, steps: int, gain: float) -> tuple[Array, Mask, Mask, Mask]:
    """The angle of a log singular value, whether it is the small side's, whether there is one, whether it is above the edge."""
    t, log_g = whole("steps", steps), math.log(positive("gain", gain))
    value = np.asarray(log_value, dtype=float)
    if np.isnan(value).any():
        raise ValueError(f"log_value must not hold NaN, got {log_value!r}")
    log_x = 2 * (value - t * log_g)
    top = log_x >= 2 * log_largest_singular_value(t)
    inside = ~top & (log_x > -np.inf)
    wanted = np.where(inside, log_x, 0.0)
    small = wanted < float(_log_x(np.pi / 2, False, t))
    # on the side of the edge log x falls with theta, on the other one it rises with pi - theta
    sign = np.where(small, 1.0, -1.0)
    angle = _solve(lambda angle: sign * _log_x(angle, small, t), sign * wanted)
    return angle, small, inside, top


def _sines(angle: ArrayLike, small: ArrayLike, t: int) -> tuple[Array, Array, Array]:
    """sin((t+1) phi), sin phi and sin(t phi) from the angle pi - (t+1) phi for small x, (t+1) phi else: all keep their digits."""
    angle = np.asarray(angle, dtype=float)
    phi = np.where(small, np.pi - angle, angle) / (t + 1)
    return np.sin(angle), np.sin(phi), np.sin(np.where(small, angle + phi, t * phi))


def _imaginary(angle: ArrayLike, small: ArrayLike, t: int) -> Array:
    high, low, middle = _sines(angle, small, t)
    return low * high / middle


def _share(angle: ArrayLike, small: ArrayLike, t: int) -> Array:
    """1 - u on the side of small x, u on the other side; it rises with the angle."""
    return (np.asarray(angle) + np.where(small, t, -t) * _imaginary(angle, small, t)) / np.pi


def _log_x(angle: ArrayLike, small: ArrayLike, t: int) -> Array:
    high, low, middle = _sines(angle, small, t)
    return np.asarray((t + 1) * np.log(high) - np.log(low) - t * np.log(middle))


def _solve(rising: Callable[[Array], Array], target: Array) -> Array:
    """The angle in (0, pi/2) where a rising function takes its target; bisection is as exact as its values are."""
    lower, upper = np.zeros_like(target), np.full_like(target, np.pi / 2)
    for _ in range(HALVINGS):
        middle = (lower + upper) / 2
        below = rising(middle) < target
        lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
    return (lower + upper) / 2
