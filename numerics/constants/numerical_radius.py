"""w(A) = max over |x| = 1 of |x* A x|, the numerical radius, and omega(W) = inf over L of w(L W L^-1).

For a real A, w(A) = max over 0 <= theta <= pi of lambda_max(H(theta)) with H(theta) = (e^(i theta) A + e^(-i theta) A^T)/2,
and rho(A) <= w(A) <= ||A||_2 <= 2 w(A); a normal A has w(A) = rho(A) = ||A||_2, a Jordan block J_n of the eigenvalue 0
has cos(pi/(n+1)). Slopes D_t with entries in [0, gamma] make ||D_k W ... D_1 W||_2 <= 2 kappa(L) (gamma w(L W L^-1))^k
for every positive diagonal L, hence rho(W) <= omega(W) <= s(W). The least w over L is a convex problem in log L.

**Lower end.** |x* A x| for the top eigenvector x of H at the best angle, found on a grid and by cubic steps.
**Upper end.** By Ando 1973, w(A) <= t if and only if there is a symmetric P with [[P, A^T], [A, 2 t I - P]] >= 0. The
largest X = 2 t I - P solves X + A^T X^-1 A = 2 t I; cyclic reduction, which squares in every step what is left of it,
finds it if and only if w(A) < t. So one t just above the lower end shows that no angle was missed, without a second
grid, and the least eigenvalue of the block matrix says how well.

Main definitions: `numerical_radius`, `scaled_numerical_radius`, `radius_scaling`, `RadiusScaling`.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh, solve_triangular

from ..enclosure import Enclosure, measured
from .barrier import FAR, Vector, scaled
from .matrix import Matrix, enclose, normalized, square_matrix
from .radius_barrier import minimize_radius
from .scaling import Scaling, diagonal_scaling

# Arcs of [0, pi] from which the search for the best angle starts, and the relative gap at which an upper end is tried.
# Later rows are for an angle that was missed; 0 arcs: the angle stands.
SEARCHES = ((16, 1e-10), (64, 1e-10), (0, 1e-8), (256, 1e-10), (0, 1e-8), (0, 1e-6), (0, 1e-4), (0, 1e-2))
REDUCTIONS = 64  # steps of cyclic reduction at most; 20 are usual at a gap of 1e-10


@dataclass(frozen=True)
class RadiusScaling:
    """L = diag(diagonal) > 0 with `radius` = w(L W L^-1), `condition` = kappa(L); `infimum` encloses omega(W)."""

    diagonal: Vector
    radius: Enclosure
    condition: Enclosure
    infimum: Enclosure


class _Angle(NamedTuple):
    """lambda_max(H(theta)), its derivative in theta and its eigenvector."""

    theta: float
    value: float
    slope: float
    vector: NDArray[np.complex128]


def numerical_radius(W: ArrayLike) -> Enclosure:
    """w(W) = max over complex |x| = 1 of |x* W x|, with a relative gap of about 1e-10.

    residual: upper - lower. Raises ValueError for a W that is no real finite square matrix of a floating dtype.

    >>> round(numerical_radius([[0.0, 2.0], [0.0, 0.0]]).upper, 9)  # a Crabb matrix: the norm is 2
    1.0
    >>> round(numerical_radius([[1.0, 1.0], [-1.0, -1.0]]).lower, 9)
    1.0
    """
    V, exponent = normalized(square_matrix(W))
    lower, upper = radius_enclosed(V)
    return enclose(lower, upper, exponent, upper - lower)


def scaled_numerical_radius(W: ArrayLike, *, condition_limit: float = 1e8, start: Scaling | None = None) -> Enclosure:
    """omega(W) = inf over positive diagonal L of w(L W L^-1), in [infimum.lower, radius.upper] of `radius_scaling`.

    `upper` belongs to the L of `radius_scaling` and goes with its condition number; it is at most the norm that
    `diagonal_scaling` finds, and at most w(W). residual: upper - lower. Raises ValueError as `radius_scaling` does.

    >>> round(scaled_numerical_radius([[0.0, 8.0], [-2.0, 0.0]]).upper, 9)
    4.0
    """
    found = radius_scaling(W, condition_limit=condition_limit, start=start)
    lower, upper = found.infimum.lower, found.radius.upper
    return measured(lower, upper=upper, residual=upper - lower)


def radius_scaling(W: ArrayLike, *, condition_limit: float = 1e8, start: Scaling | None = None) -> RadiusScaling:
    """A positive diagonal L, kappa(L) <= condition_limit, with w(L W L^-1) nearly least.

    The search starts from the better of L = I and the L of ``start``, which is ``diagonal_scaling(W)`` under the same
    limit if it is not given, and returns nothing worse than either. Up to n = 100 the result is within a few 1e-3 of the
    least radius that the limit allows; for larger matrices the search is cut off after a second or so, and infimum.lower
    may be far. It bounds the radius for every L, whatever its condition, by duality and by ||A||_2 <= 2 w(A). L is
    centered: its extremes have product 1.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, for a condition_limit outside
    (1, 1e60], and for a start that has another size or a larger condition.

    >>> found = radius_scaling([[0.0, 4.0], [1.0, 0.0]])
    >>> round(found.radius.upper, 6), round(found.condition.upper, 6)
    (2.0, 2.0)
    >>> found = radius_scaling([[1.0, 1.0], [-1.0, -1.0]])  # rho is 0, and no L has ||L W L^-1||_2 < 2
    >>> round(found.radius.upper, 6), round(found.infimum.lower, 6)
    (1.0, 1.0)
    """
    if not 1 < condition_limit <= 1e60:
        raise ValueError(f"condition_limit must be greater than 1 and at most 1e60, got {condition_limit!r}")
    matrix = square_matrix(W)
    n = len(matrix)
    if start is None:
        start = diagonal_scaling(matrix, condition_limit=condition_limit)
    if len(start.diagonal) != n or start.condition.upper > condition_limit * (1 + 1e-9):
        raise ValueError(
            f"start must scale {n} units with a condition of at most {condition_limit!r}, got "
            f"{len(start.diagonal)} units and {start.condition.upper!r}"
        )
    V, exponent = normalized(matrix)
    candidates = [np.zeros(n), np.log(start.diagonal)] if np.ptp(start.diagonal) else [np.zeros(n)]
    rough = [_rough(scaled(V, x)) for x in candidates]
    best, lower, radius = candidates[0], 0.0, (math.inf, math.inf)
    if n > 1 and V.any():
        half_range = math.log(condition_limit) / 2
        chosen = candidates[int(np.argmin(rough))]
        inside = chosen * min(1.0, 0.9 * min(half_range, FAR) / max(float(np.abs(chosen).max()), math.ulp(1.0)))
        best, lower = minimize_radius(V, inside, half_range=half_range)
        radius = radius_enclosed(scaled(V, best))
    for candidate, least in zip(candidates, rough, strict=True):
        if least < radius[1] and (radius[1] == math.inf or not np.array_equal(candidate, best)):
            found = radius_enclosed(scaled(V, candidate))
            best, radius = (candidate, found) if found[1] < radius[1] else (best, radius)
    least, most = radius
    lower = least if n == 1 else min(max(lower, math.ldexp(start.infimum.lower, -exponent) / 2), most)
    diagonal = np.exp(best - (best.max() + best.min()) / 2)
    condition = float(diagonal.max() / diagonal.min())
    radius_found = enclose(least, most, exponent, most - least)
    infimum = enclose(lower, most, exponent)
    upper = min(infimum.upper, start.infimum.upper)  # omega <= s, where the limit keeps the search from it
    lower = min(infimum.lower, upper)
    return RadiusScaling(
        diagonal, radius_found, measured(condition), measured(lower, upper=upper, residual=upper - lower)
    )


def _rough(V: Matrix) -> float:
    """The largest lambda_max(H(theta)) on a coarse grid: a lower bound of w(V)."""
    return max(_angle(V, theta).value for theta in np.linspace(0.0, math.pi, 9).tolist())


def radius_enclosed(V: Matrix) -> tuple[float, float]:
    """(lower, upper) of w(V) for entries that are far from the ends of the range of floats."""
    U, exponent = normalized(V)
    if len(V) == 1 or not V.any():
        value = float(np.abs(V).max())
        return value, value
    lower, upper = 0.0, float(np.linalg.norm(U, 2))
    for arcs, gap in SEARCHES:
        if arcs:
            x = _best_angle(U, arcs).vector
            lower = max(lower, min(float(abs(x.conj() @ (U @ x))), upper))
        found = radius_bound(U, lower * (1 + gap))
        if found is not None:
            upper = max(lower, min(upper, found))
            break
    return math.ldexp(lower, exponent), math.ldexp(upper, exponent)


def radius_bound(V: Matrix, t: float) -> float | None:
    """An upper bound of w(V) near t from the block matrix of Ando's theorem, or None if w(V) < t is not found.

    If [[P, V^T], [V, 2 t I - P]] has the least eigenvalue -e < 0, then w(V) <= t + e.
    """
    X = maximal_solution(V, t)
    if X is None:
        return None
    n = len(V)
    block = np.block([[2 * t * np.eye(n) - X, V.T], [V, X]])
    least = float(eigh(block, eigvals_only=True, subset_by_index=[0, 0], check_finite=False)[0])
    return t - min(least, 0.0)


def maximal_solution(V: Matrix, t: float) -> Matrix | None:
    """The largest symmetric X > 0 with X + V^T X^-1 V = 2 t I, or None unless w(V) < t is found.

    Cyclic reduction of the block tridiagonal Toeplitz matrix with 2 t I on and V beside the diagonal, which is positive
    definite if and only if w(V) < t: every second block row is eliminated in every step.
    """
    Q = 2 * t * np.eye(len(V))
    X, A = Q, V
    for _ in range(REDUCTIONS):
        try:
            factor = np.linalg.cholesky(Q)
        except np.linalg.LinAlgError:
            return None
        right = solve_triangular(factor, A, lower=True, check_finite=False)
        left = solve_triangular(factor, A.T, lower=True, check_finite=False)
        step = right.T @ right
        X = X - step
        Q = Q - step - left.T @ left
        A = left.T @ right
        if not np.isfinite(A).all():
            return None
        if float(np.abs(np.diag(step)).max()) <= 1e-17 * t:
            solution: Matrix = (X + X.T) / 2
            return solution
    return None


def _best_angle(V: Matrix, arcs: int) -> _Angle:
    """The best angle found in [0, pi]: a grid, then cubic steps in the arcs that may hold a larger value."""
    grid = [_angle(V, theta) for theta in np.linspace(0.0, math.pi, arcs + 1).tolist()]
    best = max(grid, key=lambda angle: angle.value)
    noise = 1e-9 * best.value
    for left, right in sorted(pairwise(grid), key=lambda arc: -_corner(*arc)):
        if left.slope < -noise or right.slope > noise:
            continue
        for _ in range(12):
            if _corner(left, right) <= best.value * (1 + 1e-12):
                break
            middle = _angle(V, _cubic_top(left, right))
            if middle.value > best.value:
                best = middle
            left, right = (middle, right) if middle.slope > 0 else (left, middle)
    return best


def _angle(V: Matrix, theta: float) -> _Angle:
    rotated = cmath.exp(1j * theta) * V
    H = (rotated + rotated.conj().T) / 2
    last = len(V) - 1
    if last < 24:
        values, vectors = np.linalg.eigh(H)
    else:
        values, vectors = eigh(H, subset_by_index=[last, last], check_finite=False)
    x = vectors[:, -1]
    return _Angle(theta, float(values[-1]), -float((x.conj() @ (rotated @ x)).imag), x)


def _corner(left: _Angle, right: _Angle) -> float:
    """The largest value that the arc may hold: where the supporting lines of its two ends meet."""
    width = right.theta - left.theta
    a, b, c = left.value, right.value, math.cos(width)
    if b <= a * c or a <= b * c:
        return max(a, b)
    return math.sqrt(max(a * a + b * b - 2 * a * b * c, 0.0)) / math.sin(width)


def _cubic_top(left: _Angle, right: _Angle) -> float:
    """Where the cubic with the values and slopes of both ends is largest, kept off the ends."""
    width = right.theta - left.theta
    if width <= 0.0:
        return left.theta
    mean = left.slope + right.slope - 3 * (right.value - left.value) / width
    root = math.sqrt(max(mean * mean - left.slope * right.slope, 0.0))
    below = left.slope - right.slope + 2 * root
    share = (left.slope + root - mean) / below if below > 0.0 else 0.5
    return left.theta + width * min(max(share, 0.02), 0.98)
