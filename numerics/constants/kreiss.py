"""How far powers can grow before they decay: K(W) = sup over |z| > 1 of (|z| - 1) ||(z I - W)^-1||_2 and sup ||W^t||_2.

1 <= K(W) <= sup over t >= 0 of ||W^t||_2 <= e n K(W) (Kreiss 1962, Spijker 1991); both are 1 if ||W||_2 <= 1. They are
infinite if rho(W) > 1 or if W has a Jordan block of size 2 or more for an eigenvalue of modulus 1. Whether a matrix with
rho(W) = 1 has one, rounding can not tell: its upper end is inf, unless ||W||_1 ||W||_inf <= 1.

**Powers.** W^m with m = 1, 2, 4, ... by squaring, with an estimate of the rounding, until ||W^m|| <= 1, and then the
supremum is the largest ||W^t|| with t < m; or until |tr W^m| > n, which makes rho(W) > 1. The largest norm is found by
bisection: ||W^(a+b)|| <= ||W^a|| max over b' < 2^j of ||W^b'||.

Main definitions: `kreiss_constant`, `power_supremum`.
"""

from __future__ import annotations

import cmath
import heapq
import math
import sys
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from ..enclosure import Enclosure, measured
from .matrix import Matrix, components, normalized, square_matrix

DOUBLINGS = 40  # W^(2^j), j < DOUBLINGS, decide whether the powers are bounded
NODES = 5e8  # n^3 times the powers that the bisection evaluates
EPS = float(np.finfo(float).eps)


class _Power(NamedTuple):
    """W^m = 2**exponent M with max |m_ij| in [1/2, 1) or M = 0, and log2 of its norm."""

    M: Matrix
    exponent: int
    size: float


class _Supremum(NamedTuple):
    """log2 of the two ends of sup ||W^t||_2."""

    lower: float
    upper: float


def power_supremum(W: ArrayLike) -> Enclosure:
    """sup over t >= 0 of ||W^t||_2, W^0 = I; at least 1.

    `lower` is the largest norm found. `upper` equals it up to rounding if the bisection ends, else it is what the
    bisection leaves open, and inf if the powers are unbounded (then `lower` is inf too) or rounding can not tell.
    residual: upper - lower. Raises ValueError for a W that is no real finite square matrix of a floating dtype.

    >>> round(power_supremum([[0.9, 10.0], [0.0, 0.9]]).upper, 1)
    38.7
    >>> power_supremum([[1.1]]).lower, power_supremum([[0.0, 3.0], [0.0, 0.0]]).upper
    (inf, 3.0)
    >>> power_supremum([[1.0, 1.0], [0.0, 1.0]]).upper
    inf
    """
    found = _supremum(square_matrix(W))
    lower, upper = _exp2(found.lower), _exp2(found.upper)
    if lower == math.inf and found.lower < math.inf:
        lower = sys.float_info.max
    return measured(lower, upper=upper, residual=upper - lower if lower < upper else 0.0)


def kreiss_constant(W: ArrayLike) -> Enclosure:
    """K(W) = sup over complex |z| > 1 of (|z| - 1) ||(z I - W)^-1||_2; at least 1.

    `lower` is the largest value found by a search over z, `upper` that of sup ||W^t||_2: the gap is part of the answer.
    inf as in `power_supremum`. residual: upper - lower. Raises ValueError for a W that is no real finite square matrix of
    a floating dtype.

    >>> found = kreiss_constant([[0.9, 10.0], [0.0, 0.9]])
    >>> round(found.lower, 1), round(found.upper, 1)
    (25.0, 38.7)
    """
    matrix = square_matrix(W)
    powers = power_supremum(matrix)
    if powers.lower == powers.upper and powers.lower in (1.0, math.inf):
        return measured(powers.lower, residual=0.0)
    lower = min(max(1.0, _search(matrix)), powers.upper)
    return measured(lower, upper=powers.upper, residual=powers.upper - lower)


def _supremum(W: Matrix) -> _Supremum:
    V, exponent = normalized(W)
    sums = [max(math.fsum(row) for row in np.abs(side).tolist()) for side in (V, V.T)]
    if not V.any() or math.log2(sums[0]) + math.log2(sums[1]) + 2 * exponent <= 0.0:
        return _Supremum(0.0, 0.0)
    n = len(W)
    unit = math.log2(n * EPS)
    nilpotent = all(len(units) == 1 for units in components(W)) and not np.diag(W).any()
    powers = [_power(V, exponent)]
    top, known, error = (
        0.0,
        0.0,
        -math.inf,
    )  # the largest norm, what is left of it by rounding, rounding of the last power
    for j in range(DOUBLINGS):
        power = powers[-1]
        top = max(top, power.size)
        if error < power.size:
            known = max(known, power.size + math.log2(1.0 - 2.0 ** (error - power.size)))
        rounding = max(error, unit + power.size)
        if np.logaddexp2(power.size, rounding) <= 0.0 or (nilpotent and 2**j >= n):
            return _largest(powers, n)
        trace = abs(float(np.trace(power.M)))
        if trace > 0.0 and math.log2(trace) + power.exponent > math.log2(n) + np.logaddexp2(0.0, rounding):
            return _Supremum(math.inf, math.inf)
        powers.append(_times(power, power))
        # Two estimates: (N + E)^2 - N^2 and its rounding; 2^(j+1) factors between powers of at most the top norm.
        squaring = [1.0 + error + power.size, 2.0 * error, unit + 2.0 * power.size]
        error = min(float(np.logaddexp2.reduce(squaring)), j + 1 + unit + 2 * top)
    return _Supremum(known, math.inf)


def _power(M: Matrix, exponent: int) -> _Power:
    U, shift = normalized(M)
    norm = _norm(U)
    return _Power(U, exponent + shift, math.log2(norm) + exponent + shift if norm > 0.0 else -math.inf)


def _norm(M: NDArray[np.inexact]) -> float:
    """||M||_2; of a large matrix from the largest eigenvalue of M* M, which is as exact and three times as fast."""
    last = len(M) - 1
    if last < 48:
        return float(np.linalg.norm(M, 2))
    top = eigh(M.conj().T @ M, eigvals_only=True, subset_by_index=[last, last], check_finite=False)
    return math.sqrt(max(float(top[0]), 0.0))


def _times(a: _Power, b: _Power) -> _Power:
    return _power(a.M @ b.M, a.exponent + b.exponent)


def _largest(powers: list[_Power], n: int) -> _Supremum:
    """max ||W^t|| over t < m, where the last of the powers is W^m: the interval with the largest bound is halved."""
    nodes = int(np.clip(NODES // n**3, 100, 8000))
    power, sizes = _power(np.eye(n), 0), [0.0]
    while len(sizes) < min(nodes // 2, 2 ** (len(powers) - 1)):
        power = _times(power, powers[0])
        sizes.append(power.size)
    lower, order = max(sizes), count()
    bounds = [0.0]  # log2 of a bound of ||W^b||, b < 2^j
    for j, power in enumerate(powers[:-1]):
        known = 2 ** (j + 1) <= len(sizes)
        bounds.append(max(sizes[: 2 ** (j + 1)]) if known else bounds[-1] + max(0.0, power.size))
    waiting = [(-bounds[-1], next(order), len(powers) - 1, _power(np.eye(n), 0))]
    for _ in range(nodes):
        if -waiting[0][0] <= lower + 1e-12:
            break
        _, _, j, first = heapq.heappop(waiting)
        for half in (first, _times(first, powers[j - 1])):
            lower = max(lower, half.size)
            heapq.heappush(waiting, (-(half.size + bounds[j - 1]), next(order), j - 1, half))
    return _Supremum(lower, max(lower, -waiting[0][0]))


def _search(W: Matrix) -> float:
    """The largest (|z| - 1) ||(z I - W)^-1||_2 found on a grid led by the eigenvalues, and near its best points."""
    from scipy.optimize import minimize  # a fifth of a second that other callers need not wait

    n = len(W)
    few = n > 64
    values = np.linalg.eigvals(W)
    leading = values[np.argsort(-np.abs(values))][: 4 if few else 16]
    far = math.log(2 * float(np.linalg.norm(W, 2)) + 1)
    near = math.log(max(1e-8, (1 - float(np.abs(leading[0]))) / 10))
    angles = {round(abs(cmath.phase(value)), 6) for value in leading.tolist()}
    angles |= set(np.linspace(0.0, math.pi, 3 if few else 13).tolist())
    depths = np.linspace(min(near, far), far, 6 if few else 20).tolist()
    grid = sorted(((_value(W, depth, angle), depth, angle) for depth in depths for angle in angles), reverse=True)
    best = grid[0][0]

    def below(y: NDArray[np.float64]) -> float:
        return -_value(W, float(y[0]), float(y[1]))

    for _, depth, angle in grid[: 1 if few else 3]:
        simplex = np.array([[depth, angle], [depth + 0.3, angle], [depth, angle + 0.1]])
        options: Any = {"maxfev": 20 if few else 120, "initial_simplex": simplex}
        best = max(best, -float(minimize(below, np.array([depth, angle]), method="Nelder-Mead", options=options).fun))
    return best


def _value(W: Matrix, depth: float, angle: float) -> float:
    """(|z| - 1) ||(z I - W)^-1||_2 at |z| = 1 + e^depth, from below: an inverse X with (z I - W) X = I + F has
    ||(z I - W)^-1|| >= ||X||/(1 + ||F||).
    """
    distance, identity = math.exp(depth), np.eye(len(W))
    B = cmath.rect(1 + distance, angle) * identity - W
    try:
        X = np.linalg.inv(B)
        with np.errstate(over="ignore", invalid="ignore"):
            found = distance * _norm(X) / (1 + float(np.linalg.norm(B @ X - identity)))
    except (np.linalg.LinAlgError, ValueError):  # singular, or an overflow
        return 0.0
    return found if math.isfinite(found) else 0.0


def _exp2(value: float) -> float:
    return 2.0**value if value < 1024 else math.inf
