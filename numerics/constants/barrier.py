"""minimize log ||e^X W e^-X||_2 over diagonal X = diag(x), |x_i| < h: a convex problem, by Newton's method.

With A = e^X W e^-X and sigma = log s^2, the minimizer of the barrier function

    q sigma - log det(I - A^T A/s^2) - sum_i log(1 - (x_i/h)^2)

tends to the optimum as q grows. It is convex: -log det(I - A^T A/s^2) = sum_k ||A||_2k^2k e^(-k sigma)/k with
the Schatten norms, and on every line t -> e^(tY) A e^(-tY) the logarithm of a unitarily invariant norm is
convex in t by the three lines theorem, because an imaginary t changes A by unitary factors alone.

A step costs three products, two Cholesky factorizations and an inverse: with Z = (I - A^T A/s^2)^-1,
B = A Z/s and K = B A^T/s, the gradient is made of diag(Z) and diag(K), the Hessian of the entrywise squares
of Z, B and K.

**Lower bound.** For every symmetric positive semidefinite Z != 0, s(W)^2 >= min_i (A Z A^T)_ii/z_ii over
z_ii > 0. For if ||L A L^-1||_2 < t, then t^2 P - A^T P A is positive definite with P = L^2, and
0 < tr Z(t^2 P - A^T P A) = sum_i p_i (t^2 z_ii - (A Z A^T)_ii): some quotient is less than t^2. At the
minimizer for h = inf the quotients are s^2 (1 - 1/z_ii): the bound tends to the optimum if these z_ii grow.

Compare the method of centers of Boyd & El Ghaoui 1993 for generalized eigenvalues.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack

from .matrix import Matrix

Vector = NDArray[np.float64]
GROWTH = 4.0  # of q from one stage to the next
CENTERED = 0.1  # squared Newton decrement at which a stage ends
FAR = 80.0  # no scaling leaves [e^-FAR, e^FAR], so that nothing overflows
STEPS = 120  # Newton steps at most; 35 are usual


class Optimum(NamedTuple):
    """A scaling x, its norm ||e^X W e^-X||_2, and a lower bound of the infimum over all x, bounded or not."""

    x: Vector
    norm: float
    lower: float


@dataclass(frozen=True)
class _Point:
    """A feasible (x, sigma): A/s, the Cholesky factor of I - A^T A/s^2, and the value of the barrier."""

    x: Vector
    sigma: float
    A: Matrix
    factor: Matrix
    barrier: float


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
    values, vectors = np.linalg.eigh(A.T @ A)
    best, norm2 = start, float(values[-1])
    lower2 = _dual(A, np.outer(vectors[:, -1], vectors[:, -1]))
    point = _point(W, start, math.log(1.5 * norm2), half_range)
    q, centered = 0.0, False
    for _ in range(STEPS):
        if point is None or norm2 <= max(lower2 * (1 + 2 * tolerance), target**2) or q * tolerance > 300 * n:
            break
        Z = _inverse(point.factor)
        B = point.A @ Z
        K = B @ point.A.T
        z, k = np.diag(Z), np.diag(K)
        if centered:
            lower2 = max(lower2, math.exp(point.sigma) * _dual(point.A, Z, rounds=2))
            if norm2 <= lower2 * (1 + 2 * tolerance):
                break
        q = q or float(z.sum()) - n
        gradient = np.append(2 * (k - z + 1) + _wall(point.x, half_range)[0], q - z.sum() + n)
        hessian = _hessian(Z, B, K, _wall(point.x, half_range)[1])
        try:
            step = -cho_solve(cho_factor(hessian, check_finite=False), gradient, check_finite=False)
        except np.linalg.LinAlgError:
            break
        decrement = -float(gradient @ step)
        moved = _line_search(W, point, step, decrement, q, half_range)
        if moved is None:
            break
        centered = decrement < CENTERED
        point = moved
        if centered:
            now = math.exp(point.sigma) * float(np.linalg.eigvalsh(point.A.T @ point.A)[-1])
            if now < norm2:
                best, norm2 = point.x, now
            q *= GROWTH
    if point is not None:
        lower2 = max(lower2, math.exp(point.sigma) * _dual(point.A, _inverse(point.factor)))
    return Optimum(best, math.sqrt(norm2), math.sqrt(min(lower2, norm2)))


def _point(W: Matrix, x: Vector, sigma: float, half_range: float) -> _Point | None:
    """The point (x, sigma), or None where the barrier is infinite."""
    if not (np.abs(x) < min(half_range, FAR)).all() or not abs(sigma) < 2 * FAR:
        return None
    A = scaled(W, x) * math.exp(-sigma / 2)
    try:
        factor: Matrix = np.linalg.cholesky(np.eye(len(W)) - A.T @ A).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    barrier = -2 * float(np.log(np.diag(factor)).sum()) - float(np.log1p(-((x / half_range) ** 2)).sum())
    return _Point(x, sigma, A, factor, barrier)


def _inverse(factor: Matrix) -> Matrix:
    """The inverse of factor @ factor.T."""
    half = np.asarray(lapack.dpotri(factor.T)[0], dtype=np.float64)
    return np.triu(half) + np.triu(half, 1).T


def _dual(A: Matrix, Z: Matrix, *, rounds: int = 20) -> float:
    """The largest min_i (A Z A^T)_ii/z_ii found over sets of units, Z being cut to the set."""
    kept = np.flatnonzero(np.diag(Z) > 0)
    bound = 0.0
    for _ in range(rounds):
        part = Z[np.ix_(kept, kept)]
        C = A[np.ix_(kept, kept)]
        ratios = np.einsum("ij,ij->i", C @ part, C) / np.diag(part)
        low, high = float(ratios.min()), min(float(ratios.max()), 1.0)
        bound = max(bound, low)
        if high <= bound * (1 + 1e-9):
            break
        kept = kept[ratios > (low + high) / 2]
    return bound


def _wall(x: Vector, half_range: float) -> tuple[Vector, Vector]:
    """First and second derivative of -log(1 - (x/h)^2)."""
    right, left = 1 / (half_range - x), 1 / (half_range + x)
    return right - left, right**2 + left**2


def _hessian(Z: Matrix, B: Matrix, K: Matrix, wall: Vector) -> Matrix:
    """Second derivatives in (x, sigma), with a mass for the mean of x where no wall makes it matter."""
    n = len(Z)
    Z2, B2 = Z * Z, B * B
    z = np.diag(Z)
    H = np.empty((n + 1, n + 1))
    H[:n, :n] = 4 * (Z2 + K * K - (B2 + B2.T))
    diagonal = np.einsum("ii->i", H)
    diagonal[:n] += wall - 4 * (z - np.diag(K))
    H[:n, n] = H[n, :n] = 2 * (Z2.sum(axis=1) - B2.sum(axis=1) - z)
    H[n, n] = Z2.sum() - z.sum()
    if not wall.any():
        H[:n, :n] += diagonal[:n].mean() / n
    diagonal[:n] += 1e-13 * diagonal[:n].max()
    return H


def _line_search(
    W: Matrix, point: _Point, step: Vector, decrement: float, q: float, half_range: float
) -> _Point | None:
    """The first of the steps 1, 1/2, 1/4, ... that stays feasible and descends."""
    value = point.barrier + q * point.sigma
    length = 1.0
    while length > 1e-10:
        moved = _point(W, point.x + length * step[:-1], point.sigma + length * float(step[-1]), half_range)
        if moved is not None:
            allowed = value - 1e-4 * length * decrement + 1e-12 * abs(value)
            if moved.barrier + q * moved.sigma <= allowed:
                return moved
        length /= 2
    return None
