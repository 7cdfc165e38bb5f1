r"""Gaussian averages E f(m + sqrt(q) z), z ~ N(0, 1), and E f(a) f(a') of two correlated Gaussians, to about 1e-12.

The line is cut at the kinks of f, at the origin, at +-4^j and at a few multiples of sqrt(q); on each panel f times the normal
density is integrated by Gauss-Legendre sums of 16 nodes, once over the panel and once over its halves. A panel is done when the
two agree to TOLERANCE E|f|, else its halves take its place. So saturation (a narrow f, q large), kinks that nobody announced and
logarithmic singularities cost bisections, not digits, and the sum of the last differences is an estimate of the error. All
averages of one call are refined together.

For two Gaussians of variance q and correlation c >= 0, a = m + d and a' = m + d' with independent m ~ N(0, q c) and d, d' ~
N(0, q (1 - c)), so that E f(a) f(a') = E_m (E_d f(m + d))^2; for c < 0 the factors are E_d f(m + d) and E_d f(d - m).

Main definitions: `Average`, `gaussian_average`, `pair_average`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..axes import Array

TOLERANCE = 1e-13  # of the difference on a panel, relative to E|f|
ROUNDS = 60  # of bisection: a panel is then as narrow as the rounding of its ends
SMALLEST = 1e-290  # differences below it are underflow
# Panels at a time, and a hundredth of that for each average; more are not refined, their last differences count as error.
MOST = 20_000
EDGES = np.array([-38.0, -13.0, -8.5, -5.0, -2.5, 0.0, 2.5, 5.0, 8.5, 13.0, 38.0])  # the density underflows beyond
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
POINT = 1e-150  # stands for the deviation 0: the average of the two one-sided values

Function = Callable[[Array], Array]


class Average(NamedTuple):
    """Averages, and an estimate of their absolute errors."""

    value: Array
    error: Array


def gaussian_average(
    f: Function, variance: ArrayLike, *, mean: ArrayLike = 0.0, kinks: Sequence[float] = (), scale: float = 0.0
) -> Average:
    """E f(mean + sqrt(variance) z), z ~ N(0, 1), for each of the variances and means, which broadcast.

    f maps arrays entry by entry; ``kinks`` are the points at which it may jump or bend. Errors are relative to E|f|, or to
    ``scale`` if that is larger. The variance 0 stands for its limit from above, [f(mean+) + f(mean-)]/2. The average is -inf or
    inf if f is on a whole interval, as the logarithm of a slope that vanishes there is. Raises ValueError for a negative
    variance or NaN.

    >>> print(gaussian_average(lambda a: a**4, [1.0, 2.0]).value.round(12))
    [ 3. 12.]
    >>> print(gaussian_average(np.sign, 1.0, mean=1.0, kinks=[0.0]).value.round(12))
    0.682689492137
    """
    q, m = np.broadcast_arrays(np.asarray(variance, dtype=float), np.asarray(mean, dtype=float))
    if not (np.all(q >= 0) and np.isfinite(q).all() and np.isfinite(m).all()):
        raise ValueError(f"variance must be finite and not negative, and mean finite, got {variance!r} and {mean!r}")
    deviation, center = np.maximum(np.sqrt(q), POINT).ravel(), m.ravel()
    owner, left, right = _panels(deviation, center, kinks)
    value, error, size = np.zeros((3, len(center)))  # size: E|f|
    whole, whole_size = _integrals(f, owner, left, right, deviation, center)
    np.add.at(size, owner, np.where(np.isfinite(whole_size), whole_size, 0.0))
    tolerance, doubt = TOLERANCE * np.maximum(size, scale) + SMALLEST, np.zeros(0)
    for _ in range(ROUNDS):
        middle = (left + right) / 2
        owners = np.concatenate([owner, owner])
        lefts, rights = np.concatenate([left, middle]), np.concatenate([middle, right])
        parts, _ = _integrals(f, owners, lefts, rights, deviation, center)
        first, second = np.split(parts, 2)
        with np.errstate(invalid="ignore"):
            total, difference = first + second, np.abs(first + second - whole)
        infinite = np.isinf(first) & (first == second) & (whole == first)
        done = infinite | (difference <= tolerance[owner])
        np.add.at(value, owner[done], total[done])
        np.add.at(error, owner[done], np.where(infinite, 0.0, difference)[done])
        again = np.concatenate([~done, ~done]) & np.isfinite(value)[owners]
        owner, left, right, whole = owners[again], lefts[again], rights[again], parts[again]
        doubt = np.concatenate([difference, difference])[again] / 2
        if not 0 < len(owner) <= MOST + MOST // 100 * len(center):
            break
    rest = np.where(np.isinf(whole), 0.0, whole)  # infinite at a single point
    np.add.at(value, owner, rest)
    np.add.at(error, owner, np.where(np.isfinite(doubt), doubt, np.abs(rest)))
    return Average(value.reshape(q.shape), error.reshape(q.shape))


def _panels(deviation: Array, center: Array, kinks: Sequence[float]) -> tuple[NDArray[np.intp], Array, Array]:
    """(owner, left end, right end) of the first panels of each average, in units of its deviation.

    Cuts at +-4^j as well: what happens within a few units of the origin is seen however large the deviation.
    """
    powers = 4.0 ** np.arange(np.ceil(np.log(max(1.0, (EDGES[-1] * deviation + np.abs(center)).max())) / np.log(4.0)))
    points = np.concatenate([kinks, [0.0], powers, -powers])
    with np.errstate(over="ignore"):
        cuts = (points - center[:, None]) / deviation[:, None]
    edges = np.concatenate(
        [np.broadcast_to(EDGES, (len(deviation), len(EDGES))), cuts.clip(EDGES[0], EDGES[-1])], axis=1
    )
    edges.sort(axis=1)
    owner, panel = np.nonzero(edges[:, 1:] > edges[:, :-1])
    return owner, edges[owner, panel], edges[owner, panel + 1]


def first_panels(variance: float, kinks: Sequence[float], *, far: float) -> tuple[float, Array, Array]:
    """The deviation, and the ends of the first panels of one average in units of it, up to ``far`` on both sides."""
    deviation = max(float(np.sqrt(variance)), POINT)
    _, left, right = _panels(np.array([deviation]), np.zeros(1), kinks)
    left, right = left.clip(-far, far), right.clip(-far, far)
    return deviation, left[right > left], right[right > left]


def _integrals(
    f: Function, owner: NDArray[np.intp], left: Array, right: Array, deviation: Array, center: Array
) -> tuple[Array, Array]:
    """The integrals over the panels of f times the normal density, and of |f| times it."""
    half = (right - left) / 2
    z = (left + right)[:, None] / 2 + half[:, None] * NODES
    with np.errstate(all="ignore"):
        values = f((center[owner][:, None] + deviation[owner][:, None] * z).ravel()).reshape(z.shape)
        weighted = values * (np.exp(-(z**2) / 2) * (WEIGHTS / np.sqrt(2 * np.pi)) * half[:, None])
        return weighted.sum(axis=1), np.abs(weighted).sum(axis=1)


def pair_average(f: Function, variance: float, correlation: float, *, kinks: Sequence[float] = ()) -> float:
    """E f(a) f(a') for Gaussians a, a' of mean 0, equal variance and a correlation in [-1, 1]; to about 1e-13 E f(a)^2.

    Raises ValueError for another correlation.

    >>> round(pair_average(np.sign, 3.0, 0.5, kinks=[0.0]), 12)  # (2/pi) arcsin(1/2)
    0.333333333333
    """
    if not -1.0 <= correlation <= 1.0:
        raise ValueError(f"correlation must be between -1 and 1, got {correlation!r}")
    if abs(correlation) == 1.0:
        return float(gaussian_average(lambda a: f(a) * f(correlation * a), variance, kinks=kinks).value)
    rest = variance * (1.0 - abs(correlation))

    def inner(m: Array) -> Array:
        return gaussian_average(f, rest, mean=m, kinks=kinks).value

    def outer(m: Array) -> Array:
        return inner(m) ** 2 if correlation >= 0 else inner(m) * inner(-m)

    width = np.sqrt(rest) * np.array([-9.0, -4.5, -2.0, 0.0, 2.0, 4.5, 9.0])  # of what is left of a kink
    near = [float(sign * kink + shift) for kink in kinks for shift in width for sign in (1, -1)]
    square = float(gaussian_average(lambda a: f(a) ** 2, variance, kinks=kinks).value)
    return float(gaussian_average(outer, variance * abs(correlation), kinks=near, scale=square).value)
