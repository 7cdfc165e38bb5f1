"""Where lambda_max(H(theta)), H(theta) = (e^(i theta) A + e^(-i theta) A^T)/2, is largest: a search in floats, without bounds.

w(A) is the maximum over 0 <= theta <= pi for a real A. The numerical range lies to one side of the supporting line of each
angle, so that two angles bound what is between them: at the corner where their lines meet.

Main definitions: `Angle`, `angle`, `grid`, `best_angle`, `missed`.
"""

from __future__ import annotations

import cmath
import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from .matrix import Matrix

_SMALL = 24  # below this size all eigenvectors are found faster than one


class Angle(NamedTuple):
    """lambda_max(H(theta)), its derivative in theta and its eigenvector."""

    theta: float
    value: float
    slope: float
    vector: NDArray[np.complex128]


def angle(A: Matrix, theta: float) -> Angle:
    """The largest eigenvalue of H(theta) for a matrix whose entries are far from the ends of the range of floats."""
    rotated = cmath.exp(1j * theta) * A
    H = (rotated + rotated.conj().T) / 2
    last = len(A) - 1
    if last < _SMALL:
        values, vectors = np.linalg.eigh(H)
    else:
        values, vectors = eigh(H, subset_by_index=[last, last], check_finite=False)
    x = vectors[:, -1]
    return Angle(theta, float(values[-1]), -float((x.conj() @ (rotated @ x)).imag), x)


def grid(A: Matrix, arcs: int) -> list[Angle]:
    """The ends of so many equal arcs of [0, pi]."""
    return [angle(A, theta) for theta in np.linspace(0.0, math.pi, arcs + 1).tolist()]


def best_angle(A: Matrix, arcs: int) -> Angle:
    """The best angle found in [0, pi]: a grid, then cubic steps in the arcs that may hold a larger value."""
    angles = grid(A, arcs)
    best = max(angles, key=lambda found: found.value)
    noise = 1e-9 * best.value
    for left, right in sorted(pairwise(angles), key=lambda arc: -_corner(*arc)):
        if left.slope < -noise or right.slope > noise:
            continue
        for _ in range(12):
            if _corner(left, right) <= best.value * (1 + 1e-12):
                break
            middle = angle(A, _cubic_top(left, right))
            if middle.value > best.value:
                best = middle
            left, right = (middle, right) if middle.slope > 0 else (left, middle)
    return best


def missed(A: Matrix, angles: list[Angle], level: float) -> list[Angle]:
    """Angles between those given, in increasing order, that have a value above the level; one for each arc at most."""
    arcs = (arc for arc in pairwise(angles) if _corner(*arc) > level)
    tops = (angle(A, _cubic_top(left, right)) for left, right in arcs)
    return [top for top in tops if top.value > level]


def _corner(left: Angle, right: Angle) -> float:
    """The largest value that the arc may hold: where the supporting lines of its two ends meet."""
    width = right.theta - left.theta
    a, b, c = left.value, right.value, math.cos(width)
    if b <= a * c or a <= b * c:
        return max(a, b)
    return math.sqrt(max(a * a + b * b - 2 * a * b * c, 0.0)) / math.sin(width)


def _cubic_top(left: Angle, right: Angle) -> float:
    """Where the cubic with the values and slopes of both ends is largest, kept off the ends."""
    width = right.theta - left.theta
    if width <= 0.0:
        return left.theta
    mean = left.slope + right.slope - 3 * (right.value - left.value) / width
    root = math.sqrt(max(mean * mean - left.slope * right.slope, 0.0))
    below = left.slope - right.slope + 2 * root
    share = (left.slope + root - mean) / below if below > 0.0 else 0.5
    return left.theta + width * min(max(share, 0.02), 0.98)
