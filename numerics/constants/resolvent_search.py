"""Where (|z| - 1) ||(z I - W)^-1||_2 is large over |z| > 1, in plain floats: a proposal that other code verifies.

The least singular value of z I - W, W real, is the same at the conjugate of z, so angles run over [0, pi]. Circles |z| = r are
searched at angles of a grid and of the largest eigenvalues, then around the best; small matrices by LAPACK's singular values,
larger ones by the Lanczos iteration with triangular solves on the Schur form, which costs n^2 per angle.

Main definition: `ResolventSearch`.
"""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvalsh_tridiagonal, lapack, schur

from ..certify import Vector, top_vector
from .matrix import Matrix, normalized

DENSE = 40  # up to this size singular values come from LAPACK
LANCZOS = 8  # steps


class ResolventSearch:
    """W = V/unit with max |v_ij| in [1/2, 1) or V = 0; `points` are the best points z unit of each circle, with their values."""

    def __init__(self, W: Matrix) -> None:
        n = len(W)
        self.V, exponent = normalized(W)
        self.unit = math.ldexp(1.0, -exponent)
        self.norm = top_vector(self.V)[0] / self.unit
        self.points: list[tuple[float, complex]] = []
        self._triangle = schur(self.V, output="complex")[0] if n > DENSE else None
        values = np.linalg.eigvals(self.V) if self._triangle is None else np.diag(self._triangle)
        leading = values[np.argsort(-np.abs(values))][:8]
        grid = np.linspace(0.0, math.pi, 33 if n <= 128 else 17)
        self._spacing = math.pi / (len(grid) - 1)
        self._angles = np.unique(np.concatenate([grid, np.abs(np.angle(leading))]))

    @property
    def best(self) -> float:
        """The largest value found so far; at least 1, the limit at infinity."""
        return max((value for value, _ in self.points), default=1.0)

    def circle(self, radius: float) -> float:
        """About the least singular value of z I - V over |z| = radius * unit."""
        hints = [abs(cmath.phase(z)) for value, z in self.points if value == self.best]
        least, angle = self._least(radius, np.append(self._angles, hints))
        width = self._spacing
        for _ in range(5):
            found, near = self._least(radius, angle + width * np.array([-0.6, -0.2, 0.2, 0.6]))
            if found < least:
                least, angle = found, near
            width /= 3
        z = cmath.rect(radius * self.unit, angle)
        if self._triangle is not None:
            least = float(np.linalg.svd(z * np.eye(len(self.V)) - self.V, compute_uv=False)[-1])
        self._remember(least, z)
        return least

    def polish(self) -> None:
        """Climb from the best point, along the radius and along the angle in turn."""
        if not self.points:
            return
        z = max(self.points, key=lambda point: point[0])[1]
        distance, angle, width = abs(z) / self.unit - 1, cmath.phase(z), 0.3
        value = self._value(distance, angle)
        for _ in range(30 if self._triangle is None else 14):
            arc = width * distance / (1 + distance)
            steps = [(distance * (1 - width), angle), (distance * (1 + width), angle)]
            steps += [(distance, angle - arc), (distance, angle + arc)]
            values = [self._value(*step) for step in steps]
            if max(values) > value:
                value = max(values)
                distance, angle = steps[values.index(value)]
            else:
                width /= 2
        self._remember(distance * self.unit / value, cmath.rect((1 + distance) * self.unit, angle))

    def _value(self, distance: float, angle: float) -> float:
        return distance * self.unit / self._least(1 + distance, np.array([angle]))[0]

    def _remember(self, least: float, z: complex) -> None:
        value = (abs(z) - self.unit) / least if least > 0.0 else 0.0
        if 1.0 < value < math.inf:
            self.points.append((value, z))

    def _least(self, radius: float, angles: Vector) -> tuple[float, float]:
        """(value, angle) of the least over some angles."""
        points = radius * self.unit * np.exp(1j * angles)
        if self._triangle is None:
            gains = np.linalg.svd(points[:, None, None] * np.eye(len(self.V)) - self.V, compute_uv=False)[:, -1]
        else:
            gains = np.array([_triangular_gain(self._triangle, z) for z in points])
        i = int(np.argmin(gains))
        return max(float(gains[i]), 5e-324), float(angles[i])


def _triangular_gain(T: NDArray[np.complex128], z: complex) -> float:
    """About the least singular value of T - z I, from above: steps of Lanczos with the inverse of (T - z I)* (T - z I)."""
    shifted = T.copy(order="F")
    np.einsum("ii->i", shifted)[:] -= z
    v = np.cos(np.arange(len(T)) * 1.0).astype(complex)
    v /= np.linalg.norm(v)
    before, beta = np.zeros_like(v), 0.0
    diagonal, beside = [], []
    for _ in range(LANCZOS):
        half, first = lapack.ztrtrs(shifted, v, trans=2)
        w, second = lapack.ztrtrs(shifted, half)
        if first or second or not np.isfinite(w).all():
            return 0.0
        alpha = float(np.vdot(v, w).real)
        w = w - alpha * v - beta * before
        diagonal.append(alpha)
        beta = float(np.linalg.norm(w))
        if not 1e-12 * alpha < beta < math.inf:
            break
        beside.append(beta)
        before, v = v, w / beta
    top = float(eigvalsh_tridiagonal(np.array(diagonal), np.array(beside[: len(diagonal) - 1]))[-1])
    return 1 / math.sqrt(top) if top > 0.0 else 0.0
