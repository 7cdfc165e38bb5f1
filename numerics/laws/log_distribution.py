r"""The distribution of the logarithm x of a quantity a = e^x >= 0, and the averages of it that free products need.

For a rank u in (0, 1) let y = log w solve E[w a/(1 + w a)] = E sigma(y + x) = u, sigma the logistic function: nothing overflows
however small or large a is. With P = P(a > 0), S(y) = E sigma(y + x) rises from 0 to P, so that u >= P has no solution.
It is solved in log-odds, log S(y) - log(P - S(y)) = log u - log(P - u), by Newton steps inside a bracket: the left side
rises in y with a slope between 0 and 1 (Jensen). The S-transform of a is S_a(-u) = w (1 - u)/u, and

    l(u) = -1/2 log S_a(-u) = 1/2 [log u - log(1 - u) - y],
    L(u) = integral of l over [0, u] = 1/2 [u log u + (1 - u) log(1 - u) - u y + E log(1 + e^(y+x))]:

the derivative of E log(1 + e^(y+x)) in y is S, so that the integral of y dS is y S - E log(1 + e^(y+x)).

**Many points** are replaced by few: on each interval of length 1 between integers, sigma(y + x) is interpolated in x at the 12
Chebyshev points, which moves the weights of the given points to these twelve. sigma has its poles at the distance pi, so
the interpolant is off by at most 4 M rho^-12/(rho - 1) for every rho < 2 pi + sqrt(4 pi^2 + 1) = 12.6, M the supremum of
|sigma(y + x)| on the ellipse with the sum rho/2 of half axes: for rho = 11, M is at most 27 times the least value of sigma on the
interval, whatever y is, so that the error is at most 4e-12 of sigma itself, and by symmetry of 1 - sigma.

Main definitions: `LogDistribution`, `of_logs`, `of_gaussian`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicHermiteSpline

from ..axes import Array
from .gaussian_average import NODES, WEIGHTS, Function, first_panels

FEW = 1024  # points that are kept as they are
ORDER = 12
BINS = 2**20  # integers that a table may span
AT_ONCE = 2**22  # numbers in a table of ranks and points
FAR = 9.5  # P(|z| > 9.5) = 2e-21
STEP, RESOLVED, LIGHT, ROUNDS, MOST = 2.0, 1e-13, 1e-18, 60, 200_000
MIDDLE = 1e-2  # ranks u/P from here to 1 minus that need no relative accuracy in the tails
MANY, STEPS, DONE, STEEP, SMALL = 16, 200, 1e-9, 1e3, 1e-6
TOGETHER, WIDE = 32, 40.0  # exp(-40) = 4e-18
CLOSE = 1e-14  # ranks that near to P, relative, have no finite exponent


class Sums(NamedTuple):
    """S, P - S and S' at each y."""

    below: Array
    above: Array
    slope: Array


@dataclass(frozen=True, eq=False)
class LogDistribution:
    """Increasing points x = log a with weights that add up to ``mass`` = P(a > 0); interpolation makes some weights negative."""

    points: Array
    weights: Array
    mass: float
    lowest: float
    highest: float

    @cached_property
    def log_mean(self) -> float:
        """Log E a; -inf if a = 0."""
        if not len(self.points):
            return -np.inf
        return float(self.highest + np.log(self.weights @ np.exp(self.points - self.highest)))

    @property
    def mean_log(self) -> float:
        """E log a; -inf if a vanishes with positive probability."""
        return float(self.weights @ self.points) if self.mass > 1.0 - CLOSE else -np.inf

    @cached_property
    def _below(self) -> Array:
        """The sums of the first weights, of none to all."""
        return np.concatenate([[0.0], np.cumsum(self.weights)])

    def sums(self, y: Array) -> Sums:
        """E sigma(y + x), E 1[a > 0] sigma(-y - x) and E sigma sigma' at each y, with small relative errors in both tails."""
        found = Sums(*np.empty((3, len(y))))
        rows = max(1, AT_ONCE // max(1, len(self.points)))
        for start in range(0, len(y), rows):
            part = slice(start, start + rows)
            v = y[part, None] + self.points
            decay = np.exp(-np.abs(v))
            large = 1.0 / (1.0 + decay)
            small = decay * large
            positive = v > 0
            found.below[part] = np.where(positive, large, small) @ self.weights
            found.above[part] = np.where(positive, small, large) @ self.weights
            found.slope[part] = (large * small) @ self.weights
        return found

    def middle_sums(self, y: Array) -> Sums:
        """The same to an absolute 1e-15, several times as fast: sigma = (1 + tanh)/2, and 0 or 1 far from its middle."""
        found = Sums(*np.empty((3, len(y))))
        order = np.argsort(y)
        for start in range(0, len(y), TOGETHER):
            part = order[start : start + TOGETHER]
            first, last = np.searchsorted(self.points, [-y[part[-1]] - WIDE, -y[part[0]] + WIDE])
            near, weights = self.points[first:last], self.weights[first:last]
            zeros, ones = self._below[first], self._below[-1] - self._below[last]
            tanh = np.tanh((y[part] / 2)[:, None] + near / 2)
            total = tanh @ weights + ones - zeros
            square = np.square(tanh, out=tanh) @ weights + ones + zeros
            found.below[part] = (self.mass + total) / 2
            found.above[part] = (self.mass - total) / 2
            found.slope[part] = (self.mass - square) / 4
        return found

    def log_w(self, ranks: Array) -> Array:
        """y with E sigma(y + x) = u for each rank u in (0, 1); inf where u >= P(a > 0)."""
        y = np.full(len(ranks), np.inf)
        share = ranks / self.mass if self.mass > 0 else np.full(len(ranks), np.inf)
        middle = (share >= MIDDLE) & (share <= 1.0 - MIDDLE)
        for part, sums in ((middle, self.middle_sums), (~middle & (share < 1.0 - CLOSE), self.sums)):
            if part.any():
                odds = np.log(ranks[part]) - np.log(self.mass - ranks[part])
                y[part] = self._newton(odds, sums)
        return y

    def _newton(self, odds: Array, sums: Callable[[Array], Sums]) -> Array:
        low, high = odds - self.highest, odds - self.lowest
        y = np.clip(odds - self.log_mean, low, high)
        if len(odds) > MANY:  # start from a table
            first, last = low.min(), high.max()
            table = np.linspace(first - 1.0, last + 1.0, min(len(odds) // 2, 10 + int(2 * (last - first))))
            below, above, slope = self.middle_sums(table)
            inside = np.minimum(below, above) > SMALL * self.mass
            below, above, slope, table = below[inside], above[inside], slope[inside], table[inside]
            value = np.log(below) - np.log(above)
            kept = np.append(True, np.diff(value) > 0)[: len(value)]
            if kept.sum() > 1:
                with np.errstate(divide="ignore"):
                    inverse = np.minimum(below * above / (self.mass * slope), STEEP)
                spline = CubicHermiteSpline(value[kept], table[kept], inverse[kept])
                y = np.clip(spline(np.clip(odds, value[kept][0], value[kept][-1])), low, high)
        unfinished = np.arange(len(y))
        for _ in range(STEPS):
            at = y[unfinished]
            below, above, slope = sums(at)
            excess = np.log(below) - np.log(above) - odds[unfinished]
            low[unfinished] = np.where(excess < 0, at, low[unfinished])
            high[unfinished] = np.where(excess > 0, at, high[unfinished])
            with np.errstate(divide="ignore", invalid="ignore"):
                new = at - excess * below * above / (self.mass * slope)
            outside = ~((new >= low[unfinished]) & (new <= high[unfinished]))
            new[outside] = (low[unfinished] + high[unfinished])[outside] / 2
            y[unfinished] = new
            unfinished = unfinished[np.abs(new - at) > DONE * (1.0 + np.abs(new))]
            if not len(unfinished):
                break
        return y

    def log_gain(self, ranks: Array) -> Array:
        """l(u) = -1/2 log S_a(-u) for ranks in (0, 1); -inf from P(a > 0) on."""
        return (np.log(ranks) - np.log1p(-ranks) - self.log_w(ranks)) / 2

    def integral(self, rank: float) -> float:
        """L(u), the integral of l over [0, u], for a rank in (0, P(a > 0)]."""
        u = min(rank, self.mass)
        entropy = u * math.log(u) + ((1 - u) * math.log1p(-u) if u < 1 else 0.0)
        y = float(self.log_w(np.array([u]))[0])
        if y == np.inf:
            return (entropy + float(self.weights @ self.points)) / 2
        return (entropy - u * y + float(np.logaddexp(0.0, y + self.points) @ self.weights)) / 2


def of_logs(logs: ArrayLike, weights: Array | None = None) -> LogDistribution:
    """The distribution of given values x = log a, -inf for a = 0, of equal weight or of the given weights.

    >>> found = of_logs(np.log([1.0, 4.0]))
    >>> found.mass, round(found.log_mean, 6), found.log_w(np.array([0.5])).round(6).tolist()
    (1.0, 0.916291, [-0.693147])
    """
    x = np.ravel(logs)
    finite = np.isfinite(x)
    x = x if finite.all() else x[finite]
    if not len(x):
        return LogDistribution(x, x, 0.0, 0.0, 0.0)
    p = np.full(len(x), 1.0 / len(finite)) if weights is None else weights[finite]
    mass = len(x) / len(finite) if weights is None else float(p.sum())
    mass = 1.0 if abs(mass - 1.0) < CLOSE else mass
    lowest, highest = float(x.min()), float(x.max())
    if len(x) > FEW:
        x, p = _moved(x, p)
    else:
        order = np.argsort(x)
        x, p = x[order], p[order]
    return LogDistribution(x, p * (mass / p.sum()), mass, lowest, highest)


def _moved(x: Array, p: Array) -> tuple[Array, Array]:
    """The weights moved to Chebyshev points between the integers."""
    floor = np.floor(x)
    first, last = floor.min(), floor.max()
    if last - first < BINS:
        bins, index = np.arange(first, last + 1), (floor - first).astype(np.intp)
    else:
        bins, index = np.unique(floor, return_inverse=True)
    t = 2 * (x - floor) - 1
    moments = np.empty((len(bins), ORDER))  # of the Chebyshev polynomials
    before, now = p * t, p
    for k in range(ORDER):
        moments[:, k] = np.bincount(index, now, minlength=len(bins))
        before, now = now, 2 * t * now - before
    nodes = np.polynomial.chebyshev.chebpts1(ORDER)
    basis = np.polynomial.chebyshev.chebvander(nodes, ORDER - 1) * np.append(1.0, np.full(ORDER - 1, 2.0)) / ORDER
    weights = moments @ basis.T
    points = bins[:, None] + (nodes + 1) / 2
    used = moments[:, 0] > 0
    return points[used].ravel(), weights[used].ravel()


def of_gaussian(log_a: Function, variance: float, *, kinks: tuple[float, ...] = ()) -> LogDistribution:
    """The distribution of log a(sqrt(q) z), z ~ N(0, 1), for the function a -> log_a.

    The line is cut into panels until log a changes by at most 2 on each and 16 nodes resolve it to 1e-13.

    >>> found = of_gaussian(lambda a: -(a**2), 1.0)  # E exp(-z^2) = 3^-1/2
    >>> f"{np.exp(-2 * found.log_mean):.12f}"
    '3.000000000000'
    """
    scale, left, right = first_panels(variance, kinks, far=FAR)
    logs, masses = [], []
    x, p = _values(log_a, left, right, scale)
    for _ in range(ROUNDS):
        middle = (left + right) / 2
        lefts, rights = np.concatenate([left, middle]), np.concatenate([middle, right])
        halves, parts = _values(log_a, lefts, rights, scale)
        done = _resolved(x, p, halves, parts) | (p.sum(axis=1) < LIGHT)
        both = np.concatenate([done, done])
        logs.append(halves[both].ravel())
        masses.append(parts[both].ravel())
        left, right, x, p = lefts[~both], rights[~both], halves[~both], parts[~both]
        if not 0 < len(left) <= MOST:
            break
    logs.append(x.ravel())
    masses.append(p.ravel())
    total = np.concatenate(masses)
    return of_logs(np.concatenate(logs), total / total.sum())


def _values(log_a: Function, left: Array, right: Array, scale: float) -> tuple[Array, Array]:
    half = (right - left) / 2
    z = (left + right)[:, None] / 2 + half[:, None] * NODES
    x = log_a((scale * z).ravel()).reshape(z.shape)
    return x, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * WEIGHTS * half[:, None]


def _resolved(x: Array, p: Array, halves: Array, parts: Array) -> Array:
    """Whether log a is -inf on the whole panel, or changes little and the nodes resolve sigma(log a - its middle)."""
    first, second = np.split(halves, 2)
    both = np.concatenate([first, second, x], axis=1)
    lowest, highest = both.min(axis=1), both.max(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        center = ((lowest + highest) / 2)[:, None]
        whole = (p / (1 + np.exp(center - x))).sum(axis=1)
        twice = np.concatenate([center, center])
        total = sum(np.split((parts / (1 + np.exp(twice - halves))).sum(axis=1), 2))
        smooth = (highest - lowest <= STEP) & (np.abs(whole - total) <= RESOLVED)
    found: Array = smooth | (highest == -np.inf)
    return found
