r"""h_t = lambda h_{t-1} + x_t, h_0 = 0, white x of variance s^2: dh_T/dlambda explodes where the state Jacobian vanishes.

With q = lambda^2, h_T = sum_{m<T} lambda^m x_{T-m}, so

    E h_T^2 = s^2 sum_{m<T} q^m -> s^2/(1 - q).

**Tied.** dh_T/dlambda = sum_{m<T} m lambda^(m-1) x_{T-m}, hence

    E (dh_T/dlambda)^2 = s^2 sum_{m<T} m^2 q^(m-1) -> s^2 (1 + q)/(1 - q)^3.

**Untied.** With a lambda_t of its own for every step, taken at the same value, the copy at lag k has dh_T/dlambda_{T-k}
= lambda^k h_{T-k-1}, hence

    E (dh_T/dlambda_{T-k})^2 = s^2 q^k sum_{m<T-k-1} q^m -> s^2 q^k/(1 - q),

which vanishes with the lag like the state Jacobian lambda^k. The square of the gradient over all copies has the mean

    sum_k E (dh_T/dlambda_{T-k})^2 = s^2 sum_{m<T} m q^(m-1) -> s^2/(1 - q)^2,

(1 - q)/(1 + q) of the tied one: the tied derivative is the *sum* of the copies' and their signs agree. Sums of
nonnegative terms: no cancellation. Limits, ``steps=None``, are for |lambda| < 1; at finite T every lambda is allowed.

Main definitions: `state_mean_square`, `sensitivity_mean_square`, `copy_sensitivity_mean_square`.
"""

from __future__ import annotations

import math

import numpy as np

from .arguments import positive, whole


def state_mean_square(decay: float, *, steps: int | None = None, scale: float = 1.0) -> float:
    """E h_T^2 = s^2 (1 - lambda^(2T))/(1 - lambda^2), lambda = ``decay``, tied and untied; s^2/(1 - lambda^2) for ``steps=None``.

    inf beyond the range of doubles. Raises ValueError in the limit for |lambda| >= 1.

    >>> state_mean_square(0.5), state_mean_square(0.5, steps=2), state_mean_square(1.0, steps=9)
    (1.3333333333333333, 1.25, 9.0)
    """
    q = _square(decay, steps)
    mean = 1 / _gap(decay) if steps is None else _sum(q, whole("steps", steps), power=0)
    return positive("scale", scale) ** 2 * mean


def sensitivity_mean_square(decay: float, *, tied: bool, steps: int | None = None, scale: float = 1.0) -> float:
    """E (dh_T/dlambda)^2 -> s^2 (1 + q)/(1 - q)^3 tied, E sum_t (dh_T/dlambda_t)^2 -> s^2/(1 - q)^2 untied, q = lambda^2.

    Exact for ``steps`` T, the limit for ``steps=None``; inf beyond the range of doubles. Raises ValueError in the limit for
    |lambda| >= 1.

    >>> [round(sensitivity_mean_square(0.5, tied=tied, steps=T), 6) for tied in (True, False) for T in (3, None)]
    [2.0, 2.962963, 1.5, 1.777778]
    """
    q = _square(decay, steps)
    if steps is None:
        mean = (1 + q) / _gap(decay) ** 3 if tied else 1 / _gap(decay) ** 2
    else:
        mean = _sum(q, whole("steps", steps), power=2 if tied else 1)
    return positive("scale", scale) ** 2 * mean


def copy_sensitivity_mean_square(decay: float, lag: int, *, steps: int | None = None, scale: float = 1.0) -> float:
    """E (dh_T/dlambda_{T-k})^2 = s^2 q^k (1 - q^(T-k-1))/(1 - q), q = lambda^2, for the copy at lag k < T, untied.

    The limit is s^2 q^k/(1 - q). It is the lag-k part of the tied derivative as well, taken alone. Raises ValueError for a lag
    of T or more.

    >>> [round(copy_sensitivity_mean_square(0.5, k, steps=3), 6) for k in range(3)]
    [1.25, 0.25, 0.0]
    """
    q = _square(decay, steps)
    whole("lag", lag, least=0, most=math.inf if steps is None else whole("steps", steps) - 1)
    mean = 1 / _gap(decay) if steps is None else _sum(q, steps - lag - 1, power=0)
    with np.errstate(over="ignore", under="ignore"):
        return float(positive("scale", scale) ** 2 * mean * np.float64(q) ** lag) if mean else 0.0


def _square(decay: float, steps: int | None) -> float:
    """lambda^2 of a finite lambda that is below 1 in modulus if there is no last step."""
    if not math.isfinite(decay) or (steps is None and abs(decay) >= 1):
        raise ValueError(f"decay must be finite, and strictly between -1 and 1 if steps is None, got {decay!r}")
    return float(decay) ** 2


def _gap(decay: float) -> float:
    """1 - lambda^2, with all digits near |lambda| = 1."""
    return (1 - decay) * (1 + decay)


def _sum(q: float, T: int, *, power: int) -> float:
    """sum_{m<T} q^m for power 0, sum_{m<T} m^power q^(m-1) otherwise."""
    m = np.arange(T, dtype=float) if power == 0 else np.arange(1, T, dtype=float)
    with np.errstate(over="ignore", under="ignore"):
        return float((m**power * q ** (m - (power > 0))).sum())
