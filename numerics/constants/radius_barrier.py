"""minimize log w(e^X W e^-X) over diagonal X = diag(x), |x_i| < h: a convex problem, by Newton's method.

With A = e^X W e^-X, t = e^sigma, H(theta) = (e^(i theta) A + e^(-i theta) A^T)/2 and the N angles theta_j = 2 pi j/N,
the minimizer of the barrier function

    q sigma - sum_j log det(I - H(theta_j)/t) - sum_i log(1 - (x_i/h)^2)

tends to the least max_j lambda_max(H(theta_j)) as q grows. For each angle -log det(I - H/t) is convex in x: for complex
x it is a convex increasing function of the real part of an analytic matrix, hence subharmonic, and an imaginary x
changes H by a unitary similarity alone. A real W needs the angles in [0, pi] only.

A step costs an inverse and three products for each angle: with G = (I - H/t)^-1 and the skew part K of e^(i theta) A/t,
a change X of log L changes H/t by X K - K X, so that the gradient is 2 Re diag(K G) and the Hessian is made of K G,
K G K, H and G, entry by entry.

**Lower bound.** For all Hermitian positive semidefinite Z_j with z_i = sum_j (Z_j)_ii, every L has w(L W L^-1) >=
min_i Re(sum_j e^(i theta_j) A Z_j)_ii/z_i over z_i > 0. For if w(L A L^-1) < t, then 2 t P - e^(i theta) P A -
e^(-i theta) A^T P is positive definite with P = L^2, and 0 < sum_i p_i (t z_i - Re(sum_j e^(i theta_j) A Z_j)_ii): some
quotient is less than t. At the minimizer for h = inf the Z_j = G_j have the quotients t (1 - N/z_i).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, eigh, lapack

from .barrier import FAR, Vector, scaled
from .matrix import Matrix

Complex = NDArray[np.complex128]
STEPS = 60  # Newton steps at most; 30 are usual
WORK = 7e8  # n^3 times angles times steps at most: n > 110 is cut off after about a second
GROWTH = 3.0  # of q from one stage to the next
NEAR = 10.0  # squared Newton decrement at which an early stage ends
CENTERED = 0.003  # and a late one: the lower bound is good only very near the minimizer
LATE = 3.0  # q/(n N) from which a stage is late
TOLERANCE = 1e-3  # relative gap at which the search stops


@dataclass(frozen=True)
class _Problem:
    """The matrix, the angles in [0, pi] with the number of angles of the whole circle that each stands for, and h."""

    W: Matrix
    angles: list[tuple[float, float]]
    half_range: float


class _Point(NamedTuple):
    """A feasible (x, sigma), A/t, the Cholesky factors of I - H/t, and the value of the barrier without q sigma."""

    x: Vector
    sigma: float
    A: Matrix
    factors: list[Complex]
    barrier: float


class _Slopes(NamedTuple):
    """Gradient and Hessian in (x, sigma) without q; E = sum_j Re(e^(i theta_j) A/t * G_j^T), z = sum_j diag(G_j)."""

    gradient: Vector
    hessian: Matrix
    E: Matrix
    z: Vector


def minimize_radius(W: Matrix, start: Vector, *, half_range: float) -> tuple[Vector, float]:
    """(x, lower): the last x of the search, and a lower bound of the radius for every x, bounded or not.

    W (n, n) must be normalized and not zero, n >= 2, and |start_i| < half_range.
    """
    n = len(W)
    half = int(np.clip(1024 // n, 8, 24))
    angles = [(math.pi * j / half, 1.0 if j in (0, half) else 2.0) for j in range(half + 1)]
    problem = _Problem(W, angles, half_range)
    A = scaled(W, start)
    value, theta, v = max((_top(A, theta) for theta, _ in angles), key=lambda top: top[0])
    lower = dual((np.exp(1j * theta) * A * np.outer(v.conj(), v)).real, np.abs(v) ** 2)
    point = _point(problem, start, math.log(1.1 * value))
    if point is None or value <= lower * (1 + TOLERANCE):
        return start, lower
    q = 0.0
    for _ in range(min(STEPS, int(WORK / (half * n**3)))):
        slopes = _slopes(problem, point)
        t = math.exp(point.sigma)
        lower = max(lower, t * dual(slopes.E, slopes.z))
        if t <= lower * (1 + TOLERANCE):
            break
        q = q or -float(slopes.gradient[-1])
        step, decrement = _newton(slopes, q)
        if decrement < (NEAR if q < LATE * n * 2 * half else CENTERED):
            q *= GROWTH
            step, decrement = _newton(slopes, q)
        moved = _line_search(problem, point, step, decrement, q) if decrement > 0.0 else None
        if moved is None:
            break
        point = moved
    return point.x, lower


def _top(A: Matrix, theta: float) -> tuple[float, float, Complex]:
    """(lambda_max(H(theta)), theta, its eigenvector)."""
    B = np.exp(1j * theta) * A
    last = len(A) - 1
    values, vectors = eigh((B + B.conj().T) / 2, subset_by_index=[last, last], check_finite=False)
    return float(values[0]), theta, vectors[:, 0]


def dual(E: Matrix, z: Vector) -> float:
    """The largest min_i (sum over k of E_ik)/z_i found over sets of units i, k, the Z_j being cut to the set; >= 0."""
    kept = np.flatnonzero(z > 0)
    bound = 0.0
    for _ in range(20):
        ratios = E[np.ix_(kept, kept)].sum(axis=1) / z[kept]
        low, high = float(ratios.min()), float(ratios.max())
        bound = max(bound, low)
        if high <= bound * (1 + 1e-9):
            break
        kept = kept[ratios > (low + high) / 2]
    return bound


def _point(problem: _Problem, x: Vector, sigma: float) -> _Point | None:
    """The point (x, sigma), or None where the barrier is infinite."""
    if not (np.abs(x) < min(problem.half_range, FAR)).all() or not abs(sigma) < 2 * FAR:
        return None
    A = scaled(problem.W, x) * math.exp(-sigma)
    S, K, identity = (A + A.T) / 2, (A - A.T) / 2, np.eye(len(A))
    factors: list[Complex] = []
    barrier = -float(np.log1p(-((x / problem.half_range) ** 2)).sum())
    for theta, weight in problem.angles:
        try:
            factor = np.linalg.cholesky(identity - math.cos(theta) * S - 1j * math.sin(theta) * K)
        except np.linalg.LinAlgError:
            return None
        factors.append(np.asarray(factor, dtype=np.complex128))
        barrier -= 2 * weight * float(np.log(np.diag(factor).real).sum())
    return _Point(x, sigma, A, factors, barrier)


def _slopes(problem: _Problem, point: _Point) -> _Slopes:
    A, n = point.A, len(point.A)
    S, K = (A + A.T) / 2, (A - A.T) / 2
    gradient, hessian, E, z = np.zeros(n + 1), np.zeros((n + 1, n + 1)), np.zeros((n, n)), np.zeros(n)
    total = 0.0
    for (theta, weight), factor in zip(problem.angles, point.factors, strict=True):
        c, s = math.cos(theta), math.sin(theta)
        H, skew = c * S + 1j * s * K, c * K + 1j * s * S
        R = lapack.ztrtri(factor, lower=1)[0]
        G = R.conj().T @ R  # semidefinite in spite of rounding, as the lower bound needs it
        KG = skew @ G
        trace = float(np.trace(G).real)
        gradient[:n] += 2 * weight * np.diag(KG).real
        gradient[n] -= weight * (trace - n)
        hessian[:n, :n] += 2 * weight * (KG * KG.T - (KG @ skew + H) * G.T).real
        hessian[n, :n] -= 2 * weight * np.einsum("ij,ji->i", KG, G).real
        hessian[n, n] += weight * (float(np.vdot(G, G).real) - trace)
        E += weight * ((H + skew) * G.T).real
        z += weight * np.diag(G).real
        total += weight
    right, left = 1 / (problem.half_range - point.x), 1 / (problem.half_range + point.x)
    gradient[:n] += right - left
    hessian[:n, n] = hessian[n, :n]
    np.einsum("ii->i", hessian)[:n] += right**2 + left**2 + 2 * (z - total)
    return _Slopes(gradient, hessian, E, z)


def _newton(slopes: _Slopes, q: float) -> tuple[Vector, float]:
    """(step, squared decrement); without the mixed derivatives where the grid spoils joint convexity."""
    gradient, H = slopes.gradient.copy(), slopes.hessian.copy()
    gradient[-1] += q
    diagonal = np.einsum("ii->i", H)
    for mass in (1e-13, 1e-9):
        diagonal += mass * diagonal.max()
        try:
            step = -cho_solve(cho_factor(H, check_finite=False), gradient, check_finite=False)
        except np.linalg.LinAlgError:
            H[:-1, -1] = H[-1, :-1] = 0.0
        else:
            return step, -float(gradient @ step)
    return np.zeros(len(gradient)), 0.0


def _line_search(problem: _Problem, point: _Point, step: Vector, decrement: float, q: float) -> _Point | None:
    """The first of the steps 1, 1/2, 1/4, ... that stays feasible and descends."""
    value = point.barrier + q * point.sigma
    length = 1.0
    while length > 1e-6:
        moved = _point(problem, point.x + length * step[:-1], point.sigma + length * float(step[-1]))
        if moved is not None:
            allowed = value - 1e-4 * length * decrement + 1e-12 * abs(value)
            if moved.barrier + q * moved.sigma <= allowed:
                return moved
        length /= 2
    return None
