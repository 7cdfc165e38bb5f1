"""minimize log ||e^X W e^-X||_2 over diagonal X = diag(x), |x_i| < h: a convex problem, by Newton's method.

With A = e^X W e^-X and sigma = log s^2, the minimizer of the barrier function

    q sigma - log det(I - A^T A/s^2) + sum_i (2 (o_i - 1) x_i - log(1 - (x_i/h)^2)),    sum_i o_i = n,

tends to the optimum as q grows. It is convex: -log det(I - A^T A/s^2) = sum_k ||A||_2k^2k e^(-k sigma)/k with
the Schatten norms, and on every line t -> e^(tY) A e^(-tY) the logarithm of a unitarily invariant norm is
convex in t by the three lines theorem, because an imaginary t changes A by unitary factors alone.

A step costs three products, two Cholesky factorizations and an inverse: with Z = (I - A^T A/s^2)^-1,
B = A Z/s and K = B A^T/s, the gradient is made of diag(Z) and diag(K), the Hessian of the entrywise squares
of Z, B and K.

**Lower bound.** For every positive semidefinite Z != 0, s(W)^2 >= min_i (A Z A^T)_ii/z_ii over z_ii > 0 (see
`scaling_bounds`). At the minimizer for h = inf the quotients are s^2 (1 - o_i/z_ii). Near it the same holds, but for
second-order terms, of Z' = Z - Z dS Z, where dS is the change of I - A^T P A/s^2 by the Newton step for P = e^2X at I:
z'_ii and (A Z' A^T)_ii cost nothing, and Z' >= 0 if the step is short. The weights are o_i = 1 until q is large; then
they are lowered for the units with a small z_ii, which would hold the bound back.

Compare the method of centers of Boyd & El Ghaoui 1993 for generalized eigenvalues. Everything here is plain floating
point: what it finds is a candidate, for `scaling` to certify.

Main definitions: `minimize_norm`, `Optimum`, `scaled`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, cho_factor, cho_solve, lapack

from ..certify import top_vector
from .matrix import Matrix
from .scaling_bounds import dual_below

Vector = NDArray[np.float64]
GROWTH = 4.0  # of q from one stage to the next
NEAR = 0.4  # squared Newton decrement at which a stage ends
LATE, LAST = 0.1, 300.0  # q tolerance/n from which the weights change, and at which the search ends
LOWERED = 0.25  # of a weight, in a late stage
FAR = 80.0  # no scaling leaves [e^-FAR, e^FAR], so that nothing overflows
STEPS = 120  # Newton steps at most; 30 are usual


class Optimum(NamedTuple):
    """A scaling x, estimates of ||e^X W e^-X||_2 and of a lower bound, and pairs (y, R) for `dual_below` of e^Y W e^-Y."""

    x: Vector
    norm: float
    lower: float
    duals: list[tuple[Vector, Matrix]]


@dataclass(frozen=True)
class _Point:
    """A feasible (x, sigma): A/s, the Cholesky factor of I - A^T A/s^2, and the value of the barrier without q and o."""

    x: Vector
    sigma: float
    A: Matrix
    factor: Matrix
    barrier: float


class _Slopes(NamedTuple):
    """diag(Z), diag(K), the squares of the entries of Z, B and K, and ||Z||_F."""

    z: Vector
    k: Vector
    Z2: Matrix
    B2: Matrix
    K2: Matrix
    size: float


def scaled(W: Matrix, x: Vector) -> Matrix:
    """e^X W e^-X."""
    grow = np.exp(x)
    return grow[:, None] * W / grow


def minimize_norm(W: Matrix, start: Vector, *, half_range: float, target: float, tolerance: float) -> Optimum:
    """The scaling of least norm found from `start`; stops at the target or at a relative gap of `tolerance`.

    W (n, n) must be normalized and not zero, with max |w_ij| near 1, and |start_i| < half_range.
    """
    n = len(W)
    A = scaled(W, start)
    norm, v = top_vector(A)
    x, norm2, duals, dual = start, norm * norm, [(start, v[:, None])], None
    lower2 = dual_below(A, v[:, None]) ** 2
    point = _point(W, start, math.log(1.5 * norm2), half_range)
    q, weights = 0.0, np.ones(n)
    for _ in range(STEPS):
        if point is None or norm2 <= max(lower2 * (1 + 2 * tolerance), target**2) or q * tolerance > LAST * n:
            break
        slopes = _slopes(point)
        z, s2 = slopes.z, math.exp(point.sigma)
        if s2 * (1 - 1 / slopes.size) < norm2:  # the largest eigenvalue of Z is at most its Frobenius norm
            x, norm2 = point.x, s2 * (1 - 1 / slopes.size)
        q = q or float(z.sum()) - n
        gradient = _gradient(slopes, q, weights, _wall(point.x, half_range)[0])
        try:
            hessian = cho_factor(_hessian(slopes, _wall(point.x, half_range)[1]), lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            break
        step = -cho_solve(hessian, gradient, check_finite=False)
        decrement, length = -float(gradient @ step), 1.0
        if decrement < 2 * NEAR:
            below = s2 * _predicted(slopes, step)
            if below > lower2:
                lower2, dual = below, (point, step)
        if decrement < NEAR:
            if q * tolerance > LATE * n and half_range == math.inf:
                below = s2 * dual_below(point.A, _root(point, step)) ** 2
                if below > lower2:
                    lower2, dual = below, (point, step)
                weights = np.maximum(z * (n / z.sum()), LOWERED * weights)
                weights *= n / weights.sum()
            q, length = q * GROWTH, 2 / GROWTH
            gradient = _gradient(slopes, q, weights, _wall(point.x, half_range)[0])
            step = -cho_solve(hessian, gradient, check_finite=False)
            decrement = -float(gradient @ step)
        point = _line_search(W, point, step, decrement, q, weights, half_range, length)
    if dual is not None:
        duals.append((dual[0].x, _root(*dual)))
    return Optimum(x, math.sqrt(norm2), math.sqrt(min(lower2, norm2)), duals)


def _point(W: Matrix, x: Vector, sigma: float, half_range: float) -> _Point | None:
    """The point (x, sigma), or None where the barrier is infinite."""
    if not (np.abs(x) < min(half_range, FAR)).all() or not abs(sigma) < 4 * FAR:
        return None
    A = scaled(W, x) * math.exp(-sigma / 2)
    M = blas.dsyrk(-1.0, A.T, lower=1)
    np.einsum("ii->i", M)[:] += 1.0
    factor, info = lapack.dpotrf(M, lower=1, clean=1, overwrite_a=1)
    if info != 0 or not np.isfinite(np.diag(factor)).all():
        return None
    barrier = -2 * float(np.log(np.diag(factor)).sum()) - float(np.log1p(-((x / half_range) ** 2)).sum())
    return _Point(x, sigma, A, factor, barrier)


def _slopes(point: _Point) -> _Slopes:
    # not by potri: OpenBLAS wakes its threads for it at every size, which costs milliseconds on a busy machine
    half: Matrix = blas.dsyrk(1.0, lapack.dtrtri(point.factor, lower=1)[0], trans=1, lower=1)
    Z = half + half.T  # the upper half is zero
    np.einsum("ii->i", Z)[:] /= 2
    B = point.A @ Z
    K = B @ point.A.T
    Z2 = Z * Z
    return _Slopes(np.diag(Z).copy(), np.diag(K).copy(), Z2, B * B, K * K, math.sqrt(Z2.sum()))


def _wall(x: Vector, half_range: float) -> tuple[Vector, Vector]:
    """First and second derivative of -log(1 - (x/h)^2)."""
    right, left = 1 / (half_range - x), 1 / (half_range + x)
    return right - left, right**2 + left**2


def _gradient(slopes: _Slopes, q: float, weights: Vector, wall: Vector) -> Vector:
    """First derivatives in (x, sigma)."""
    return np.append(2 * (slopes.k - slopes.z + weights) + wall, q - slopes.z.sum() + len(weights))


def _hessian(slopes: _Slopes, wall: Vector) -> Matrix:
    """Second derivatives in (x, sigma), with a mass for the mean of x where no wall makes it matter."""
    z, k, Z2, B2, K2, _ = slopes
    n = len(z)
    H = np.empty((n + 1, n + 1))
    H[:n, :n] = 4 * (Z2 + K2 - (B2 + B2.T))
    diagonal = np.einsum("ii->i", H)
    diagonal[:n] += wall - 4 * (z - k)
    H[:n, n] = H[n, :n] = 2 * (Z2.sum(axis=1) - B2.sum(axis=1) - z)
    H[n, n] = Z2.sum() - z.sum()
    if not wall.any():
        H[:n, :n] += diagonal[:n].mean() / n
    diagonal[:n] += 1e-13 * diagonal[:n].max()
    return H


def _predicted(slopes: _Slopes, step: Vector) -> float:
    """min_i (A Z' A^T)_ii/(s^2 z'_ii); 0 where Z' is not positive."""
    z, k, Z2, B2, K2, _ = slopes
    d, e = 2 * step[:-1], float(step[-1])
    new_z = z - (Z2 - B2.T) @ d - e * Z2.sum(axis=1)
    new_k = k - (B2 - K2) @ d - e * B2.sum(axis=1)
    return max(float((new_k / new_z).min()), 0.0) if new_z.min() > 0.0 else 0.0


def _root(point: _Point, step: Vector) -> Matrix:
    """R with R R^T = Z' up to rounding; the root of Z where Z' is not positive."""
    inverse = lapack.dtrtri(point.factor, lower=1)[0]
    d, e = 2 * step[:-1], float(step[-1])
    change = np.diag(d + e) - (point.A.T * d) @ point.A
    factor, info = lapack.dpotrf(np.eye(len(d)) - inverse @ change @ inverse.T, lower=1, clean=1)
    root: Matrix = inverse.T if info != 0 else inverse.T @ factor
    return root


def _line_search(
    W: Matrix,
    point: _Point,
    step: Vector,
    decrement: float,
    q: float,
    weights: Vector,
    half_range: float,
    length: float,
) -> _Point | None:
    """The first of the steps length, length/2, ... that stays feasible and descends."""
    tilt = 2 * (weights - 1)
    value = point.barrier + q * point.sigma + float(tilt @ point.x)
    while length > 1e-10:
        moved = _point(W, point.x + length * step[:-1], point.sigma + length * float(step[-1]), half_range)
        if moved is not None:
            allowed = value - 1e-4 * length * decrement + 1e-12 * abs(value)
            if moved.barrier + q * moved.sigma + float(tilt @ moved.x) <= allowed:
                return moved
        length /= 2
    return None
