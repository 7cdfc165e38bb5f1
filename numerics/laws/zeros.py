"""All zeros of a function of a positive variable that a logarithmic grid shows, each solved to rounding.

Main definitions: `Zeros`, `zeros`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar

from ..axes import Array

NOISE = 1e-13  # smaller values say nothing about the sign


class Zeros(NamedTuple):
    """The zeros in increasing order, and the grid with the values that are not noise."""

    points: tuple[float, ...]
    grid: Array
    values: Array


def zeros(function: Callable[[ArrayLike], Array], grid: Array, *, values: Array | None = None) -> Zeros:
    """The zeros of a continuous function between the points of an increasing positive grid, with values of at most about 1.

    Each change of sign gives one, and each local minimum of the modulus that goes through zero between grid points two. Two
    zeros nearer to one another than the grid are missed if the function does not come near zero on it.

    >>> found = zeros(lambda x: (np.asarray(x) - 2.0) * (np.asarray(x) - 3.0) / 10, np.logspace(-1, 1, 5))
    >>> [round(x, 12) for x in found.points]
    [2.0, 3.0]
    """
    values = function(grid) if values is None else values
    kept = np.abs(values) > NOISE
    grid, values = _with_minima(function, grid[kept], values[kept])
    points = []
    for i in np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1])):
        bounds = math.log(grid[i]), math.log(grid[i + 1])
        points.append(math.exp(brentq(lambda x: float(function(math.exp(x))), *bounds, xtol=1e-15)))
    return Zeros(tuple(points), grid, values)


def _with_minima(function: Callable[[ArrayLike], Array], grid: Array, values: Array) -> tuple[Array, Array]:
    """The grid with the points added at which the function crosses zero twice between two of its points."""
    size, sign = np.abs(values), np.sign(values)
    same = (sign[:-2] == sign[1:-1]) & (sign[2:] == sign[1:-1])
    less = np.minimum(size[:-2], size[2:]) > size[1:-1] * (1 + 1e-9)
    added = []
    for i in np.flatnonzero(same & less) + 1:
        bounds = math.log(grid[i - 1]), math.log(grid[i + 1])
        s = float(sign[i])
        found = minimize_scalar(lambda x, s=s: s * float(function(math.exp(x))), bounds=bounds, method="bounded")
        if found.fun < -NOISE:
            added.append((math.exp(found.x), s * float(found.fun)))
    if not added:
        return grid, values
    grid, values = np.append(grid, [x for x, _ in added]), np.append(values, [v for _, v in added])
    order = np.argsort(grid)
    return grid[order], values[order]
