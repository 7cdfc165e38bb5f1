"""minimize log w(e^X W e^-X) over diagonal X = diag(x), |x_i| < h: a convex problem, by Newton's method. A search in floats.

With A = e^X W e^-X, t = e^sigma, H(theta) = (e^(i theta) A + e^(-i theta) A^T)/2 and J angles theta_j, the minimizer of
the barrier function

    q sigma - (1/J) sum_j log det(I - H(theta_j)/t) + 2 sum_i (c_i - 1) x_i - sum_i log(1 - (x_i/h)^2)

tends to the least max_j lambda_max(H(theta_j)) as q grows, for all c_i > 0 of mean 1. For each angle -log det(I - H/t) is
convex in x: for complex x it is a convex increasing function of the real part of an analytic matrix, hence subharmonic,
and an imaginary x changes H by a unitary similarity alone. A real W needs the angles in [0, pi] only.

**Derivatives.** Let B = e^(i theta) A/t, G = (I - H/t)^-1, C = B G, z_i = (1/J) sum_j (G_j)_ii and E_i = (1/J) sum_j
Re (C_j)_ii. The gradient in x is 2 (E_i - z_i + c_i). In terms of y, e^(2 x_i) becoming e^(2 x_i) (1 + y_i), t L^2 -
L H L is linear, and the Hessian of the log det in y is Q/2 with the symmetric part Q of

    (1/J) Re sum_j (C * C^T + (2 G - 2 C - 2 B - C B) * conj(G))    (entrywise products),

so that in x it is 2 Q - 4 diag(z - E). A step costs a Cholesky factorization, an inverse and four real products per angle.

**Duality.** For Hermitian Z_j >= 0 the least over i of t Re sum_j (B_j Z_j)_ii/sum_j (Z_j)_ii is a lower bound for every L
(derived in `radius_bounds`). At the minimizer for h = inf, Z_j = G_j has the quotients t (1 - c_i/z_i); c follows a power of
z, so that no unit lags behind. Near the minimizer, with Q y = z and Y = diag(y), the matrices D_j = Y (I - B_j) + (I - B_j)^* Y are
positive semidefinite, and Z_j = G_j D_j G_j has Re sum_j ((I - B_j) Z_j)_ii = J z_i: what the point lacks in being
central is corrected to first order.

Main definitions: `minimize_radius`, `Search`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack

from .barrier import FAR, Vector, scaled
from .matrix import Matrix
from .radius_angle import Angle, angle, missed
from .radius_bounds import Direction, dual_below

Complex = NDArray[np.complex128]
LARGE = 128  # beyond this size fewer angles and a wider gap must do
ARCS, FEW_ARCS = 16, 6  # of [0, pi] to begin with
FIRST, LAST, LARGE_LAST = 30.0, 3000.0, 300.0  # q/n at which angles are added, and at the end
WORK, REFINED = 2.5e10, 2e9  # n^3 times angles times steps at most, for the first angles and with those that are added
FEWEST, USUAL = 8, 18  # steps below which no search is begun, and those that added angles are expected to cost
LEVELS, STEPS = 8, 80  # rounds of adding angles, and Newton steps in each, at most
GROWTH = 4.0  # of q from one stage to the next
EXCESS = 1.02  # of t over the radius at the start of a path
NEAR = 0.3  # squared Newton decrement, over the weight of an angle, at which a stage ends
POWER = 0.6  # of z in c
BACK = 0.8  # of the way to the wall
TOLERANCE, LARGE_TOLERANCE = 1e-3, 1e-2  # relative gap at which the search stops
SHARES = (1.0, 0.7, 0.4, 0.0)  # of the first-order correction in the dual
_BATCH = 2**15  # entries of the matrices that are handled at once
_SMALL = 24  # below this size a general inverse is faster than a call for each matrix


class Search(NamedTuple):
    """The last x, and directions from which `dual_below` finds a lower bound of the radius for every x, bounded or not."""

    x: Vector
    directions: list[Direction]


@dataclass(frozen=True)
class _Problem:
    """The matrix, the angles in [0, pi], and h."""

    W: Matrix
    angles: Vector
    half_range: float

    @property
    def weight(self) -> float:
        """Of each angle."""
        return 1 / len(self.angles)

    def batches(self) -> Iterator[slice]:
        """The angles in parts that fit into the cache."""
        step = max(1, _BATCH // len(self.W) ** 2)
        for first in range(0, len(self.angles), step):
            yield slice(first, first + step)


class _Point(NamedTuple):
    """A feasible (x, sigma), A/t, the Cholesky factors of I - H/t, and the value of the barrier for q = 0 and c = 1."""

    x: Vector
    sigma: float
    A: Matrix
    factors: list[Complex]
    barrier: float


class _Slopes(NamedTuple):
    """Gradient and Hessian in (x, sigma) for q = 0 and c = 1, and Q and z of the module's docstring."""

    gradient: Vector
    hessian: Matrix
    Q: Matrix
    z: Vector


class _Dual(NamedTuple):
    """Directions for the matrix that x scales, and the lower bound that they show."""

    x: Vector
    directions: list[Direction]
    bound: float


class _State(NamedTuple):
    """A point with its derivatives, q and c, the last nearly central point before it, and the number of steps to here."""

    point: _Point
    slopes: _Slopes
    q: float
    c: Vector
    central: tuple[_Point, _Slopes]
    steps: int


def minimize_radius(W: Matrix, start: Vector, *, half_range: float, goal: float) -> Search:
    """The scaling of least radius found from `start`; stops within `TOLERANCE` of the goal or of a lower bound.

    W (n, n) must be normalized and not zero, n >= 2, and |start_i| < half_range. Above n = 600 the start is all there is.
    """
    n = len(W)
    arcs, last, tolerance = (ARCS, LAST, TOLERANCE) if n <= LARGE else (FEW_ARCS, LARGE_LAST, LARGE_TOLERANCE)
    angles = np.linspace(0.0, math.pi, arcs + 1)
    x, best = start, _best(scaled(W, start), angles)
    dual = _rank_one(scaled(W, start), start, best)
    target = max(goal, dual.bound) * (1 + TOLERANCE)
    used, begun = 0.0, best.value > target and FEWEST * len(angles) <= WORK / n**3
    for level in range(LEVELS if begun else 0):
        problem = _Problem(W, angles, half_range)
        state = _begin(problem, x, best.value)
        more: list[Angle] = []
        for ratio in (FIRST, last, 10 * last, 100 * last):
            if state is None:
                break
            steps = int(min((WORK / n**3 - used) / len(angles), STEPS))
            state = _follow(problem, state, q=ratio * n, steps=steps, target=target)
            used += state.steps * len(angles)
            x, A = state.point.x, scaled(W, state.point.x)
            found = [angle(A, theta) for theta in angles.tolist()]
            best = max(found, key=lambda one: one.value)
            more = missed(A, found, best.value * (1 + TOLERANCE / 2)) if level + 1 < LEVELS else []
            if more and used + USUAL * (len(angles) + len(more)) <= REFINED / n**3:
                break
            more = []
            if ratio > FIRST:
                dual = max(dual, _dual(problem, state), key=lambda one: one.bound)
                reached = math.exp(state.point.sigma) <= target or dual.bound >= best.value * (1 - tolerance)
                if reached or half_range < math.inf or state.steps == 0:
                    break
        if not more:
            break
        angles = np.sort(np.append(angles, [one.theta for one in more]))
        best = max(best, *more, key=lambda one: one.value)
    moved = np.exp(x - dual.x)[:, None]
    return Search(x, [one._replace(R=moved * one.R) for one in dual.directions])


def _best(A: Matrix, angles: Vector) -> Angle:
    return max((angle(A, theta) for theta in angles.tolist()), key=lambda found: found.value)


def _rank_one(A: Matrix, x: Vector, best: Angle) -> _Dual:
    """The top eigenvector of one angle: for many normal matrices and for W >= 0 at its best scaling all that it takes."""
    top = Direction(math.cos(best.theta), math.sin(best.theta), best.vector[:, None].astype(np.complex128))
    return _Dual(x, [top], dual_below(A, [top]))


def _begin(problem: _Problem, x: Vector, value: float) -> _State | None:
    """The point with t a little above the value, and the q for which its t is right; None if rounding leaves none."""
    for excess in (EXCESS, 1.5):
        point = _point(problem, x, math.log(excess * value))
        if point is not None:
            slopes = _slopes(problem, point)
            return _State(point, slopes, -float(slopes.gradient[-1]), np.ones(len(x)), (point, slopes), 0)
    return None


def _follow(problem: _Problem, state: _State, *, q: float, steps: int, target: float) -> _State:
    """The path to q, or to t <= target: q grows where the point is nearly central."""
    point, slopes, now, c, central, _ = state
    near = NEAR * problem.weight
    used = 0
    while used < steps:
        step, decrement = _newton(slopes, now, c)
        if decrement < near:
            central = point, slopes
        while decrement < near and now < q:
            now, c = min(now * GROWTH, q), slopes.z**POWER
            c /= c.mean()
            step, decrement = _newton(slopes, now, c)
        if decrement < near or math.exp(point.sigma) <= target:
            break
        moved = _line_search(problem, point, step, decrement, now, c)
        if moved is None:
            break
        point, slopes, used = moved, _slopes(problem, moved), used + 1
    return _State(point, slopes, now, c, central, used)


def _point(problem: _Problem, x: Vector, sigma: float) -> _Point | None:
    """The point (x, sigma), or None where the barrier is infinite."""
    if not (np.abs(x) < min(problem.half_range, FAR)).all() or not abs(sigma) < 2 * FAR:
        return None
    A = scaled(problem.W, x) * math.exp(-sigma)
    S, K = (A + A.T) / 2, (A - A.T) / 2
    factors: list[Complex] = []
    barrier = -float(np.log1p(-((x / problem.half_range) ** 2)).sum())
    for part in problem.batches():
        theta = problem.angles[part, None, None]
        M = np.empty((len(theta), *A.shape), dtype=np.complex128)
        np.multiply(-np.cos(theta), S, out=M.real)
        np.multiply(-np.sin(theta), K, out=M.imag)
        np.einsum("jii->ji", M)[:] += 1.0
        try:
            factor = np.linalg.cholesky(M)
        except np.linalg.LinAlgError:
            return None
        factors.append(np.asarray(factor, dtype=np.complex128))
        barrier -= 2 * problem.weight * float(np.log(np.einsum("jii->ji", factor).real).sum())
    return _Point(x, sigma, A, factors, barrier)


def _inverses(factors: Complex) -> Complex:
    """The inverse of every factor @ factor.conj().T."""
    if factors.shape[1] <= _SMALL:
        R = np.linalg.inv(factors)
        return np.asarray(R.conj().swapaxes(1, 2) @ R)
    G = np.empty_like(factors)
    for j, factor in enumerate(factors):
        half = lapack.zpotri(factor.T, lower=0)[0]  # the upper triangle of the conjugate, without a copy of the factor
        upper = np.triu(half, 1)
        G[j] = upper.conj() + upper.T
        np.einsum("ii->i", G[j])[:] = np.diag(half).real
    return G


def _slopes(problem: _Problem, point: _Point) -> _Slopes:
    A, n, weight = point.A, len(point.A), problem.weight
    transposed = np.ascontiguousarray(A.T)
    Q, X, z, squares = np.zeros((n, n)), np.zeros((n, n)), np.zeros(n), np.zeros((n, n))
    mixed = np.zeros((n, n))
    for part, factors in zip(problem.batches(), point.factors, strict=True):
        turn = np.exp(1j * problem.angles[part])
        G = _inverses(factors)
        AG = (A @ G.view(np.float64)).view(np.complex128)
        AG_T = np.ascontiguousarray(AG.swapaxes(1, 2))
        first = AG * AG_T
        first -= (transposed @ AG_T.view(np.float64)).view(np.complex128) * G  # (A G A)^T * G is ((A G A) * conj(G))^T
        squared = weight * turn**2
        Q += np.tensordot(squared.real, first.real, 1) - np.tensordot(squared.imag, first.imag, 1)
        once = weight * turn
        X += np.tensordot(once.real, G.real, 1) + np.tensordot(once.imag, G.imag, 1)
        mixed += np.tensordot(once.real, AG.real * G.real + AG.imag * G.imag, 1)
        mixed -= np.tensordot(once.imag, AG.imag * G.real - AG.real * G.imag, 1)
        squares += weight * (G.real**2 + G.imag**2).sum(axis=0)
        z += weight * np.einsum("jii->i", G).real
    AX = A * X
    E = AX.sum(axis=1)
    Q += 2 * (squares - mixed - AX)
    Q = (Q + Q.T) / 2
    right, left = 1 / (problem.half_range - point.x), 1 / (problem.half_range + point.x)
    hessian = np.empty((n + 1, n + 1))
    hessian[:n, :n] = 2 * Q
    np.einsum("ii->i", hessian)[:n] += right**2 + left**2 - 4 * (z - E)
    hessian[:n, n] = hessian[n, :n] = 2 * ((squares - mixed).sum(axis=1) - z)
    hessian[n, n] = squares.sum() - z.sum()
    gradient = np.append(2 * (E - z + 1) + right - left, n - z.sum())
    return _Slopes(gradient, hessian, Q, z)


def _newton(slopes: _Slopes, q: float, c: Vector) -> tuple[Vector, float]:
    """(step, squared decrement) of Newton's method in x, and in sigma with the modulus of what curvature x leaves.

    Between few angles the barrier need not be convex in x and sigma together; it is in x.
    """
    H, mixed, total = slopes.hessian[:-1, :-1].copy(), slopes.hessian[:-1, -1], float(slopes.hessian[-1, -1])
    gradient, last = slopes.gradient[:-1] + 2 * (c - 1), float(slopes.gradient[-1]) + q
    diagonal = np.einsum("ii->i", H)
    H += diagonal.mean() / len(H)  # the mean of x does not matter without walls
    diagonal *= 1 + 1e-13
    try:
        solved = cho_solve(cho_factor(H, check_finite=False), np.stack([gradient, mixed], axis=1), check_finite=False)
    except np.linalg.LinAlgError:
        return np.zeros(len(c) + 1), 0.0
    curvature = max(abs(total - float(mixed @ solved[:, 1])), 1e-12 * total)
    slope = last - float(mixed @ solved[:, 0])
    step = -slope / curvature
    return np.append(-solved[:, 0] - step * solved[:, 1], step), float(gradient @ solved[:, 0]) + slope**2 / curvature


def _line_search(
    problem: _Problem, point: _Point, step: Vector, decrement: float, q: float, c: Vector
) -> _Point | None:
    """A point that descends, along a whole step or `BACK` of the way to the wall."""

    def ahead(length: float) -> _Point | None:
        return _point(problem, point.x + length * step[:-1], point.sigma + length * float(step[-1]))

    def value(at: _Point) -> float:
        return at.barrier + q * at.sigma + 2 * float((c - 1) @ at.x)

    length = min(1.0, 2.0 / (1 + math.sqrt(decrement / problem.weight)))  # from a self-concordant function's wall on
    moved = ahead(length)
    walled = moved is None
    while moved is None and length > 1e-9:
        length /= 1.5
        moved = ahead(length)
    while not walled and length < 1.0:
        further = ahead(min(1.0, 1.5 * length))
        walled = further is None
        if not walled:
            length, moved = min(1.0, 1.5 * length), further
    if walled:
        length *= BACK
        moved = ahead(length)
    here = value(point)
    while length > 1e-9:
        if moved is not None and value(moved) <= here - 1e-4 * length * decrement + 1e-12 * abs(here):
            return moved
        length /= 2
        moved = ahead(length)
    return None


def _dual(problem: _Problem, state: _State) -> _Dual:
    """The best factors of Z_j = G_j D_j G_j with all D_j >= 0 for y between Q^-1 z and its mean, where D_j is I - H_j/t."""
    point, slopes = state.central
    A = scaled(problem.W, point.x)
    y = np.linalg.lstsq(slopes.Q, slopes.z)[0]
    identity, turn = np.eye(len(y)), np.exp(1j * problem.angles)
    best = _Dual(point.x, [], 0.0)
    for share in SHARES:
        Y = share * y + (1 - share) * abs(float(y.mean()))
        found: list[Direction] = []
        try:
            for part, factors in zip(problem.batches(), point.factors, strict=True):
                half = Y[:, None] * (identity - turn[part, None, None] * point.A)
                roots = np.linalg.cholesky(half + half.conj().swapaxes(1, 2))
                parts = zip(turn[part].tolist(), _inverses(factors) @ roots, strict=True)
                found += [Direction(e.real, e.imag, R) for e, R in parts]
        except np.linalg.LinAlgError:
            continue
        bound = dual_below(A, found)
        if bound > best.bound:
            best = _Dual(point.x, found, bound)
    return best
