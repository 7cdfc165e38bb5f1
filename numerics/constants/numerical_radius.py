"""w(A) = max over |x| = 1 of |x* A x|, the numerical radius, and omega(W) = inf over L of w(L W L^-1).

For a real A, w(A) = max over 0 <= theta <= pi of lambda_max(H(theta)) with H(theta) = (e^(i theta) A + e^(-i theta) A^T)/2,
and rho(A) <= w(A) <= ||A||_2 <= 2 w(A); a normal A has w(A) = rho(A) = ||A||_2, a Jordan block J_n of the eigenvalue 0
has cos(pi/(n+1)). Slopes D_t with entries in [0, gamma] make ||D_k W ... D_1 W||_2 <= 2 kappa(L) (gamma w(L W L^-1))^k
for every positive diagonal L, hence rho(W) <= omega(W) <= s(W). The least w over L is a convex problem in log L.

All numbers are *certified*: from a search nothing is taken but floats X, z, L and R, and `radius_bounds` derives for any
such floats the ends

    |z* A z|/(z* z) <= w(A) <= t - lambda_min([[2 t I - X, A^T], [A, X]]),
    min_i Re sum_j e^(i theta_j) (A R_j R_j^*)_ii/sum_j (R_j R_j^*)_ii <= omega(A),

with an allowance for every rounding, that of L W L^-1 included.

**w.** z is the top eigenvector of H at the best angle, found on a grid and by cubic steps. By Ando 1973 the block matrix
can be made positive semidefinite if and only if w(A) <= t. The largest X solves X + A^T X^-1 A = 2 t I; cyclic reduction,
which squares in every step what is left of it, finds it if and only if w(A) < t. So one t just above the lower end shows
that no angle was missed, without a second grid. If no t will do, w(A) <= ||A||_2 is what remains, with X = t I.

**omega.** It is the largest over the diagonal blocks of the strongly connected components (the graph of the components has
no cycle, so that an L that grows along it makes what couples them as small as one likes), and a block of one unit has
|w_ii|, exactly. Upper ends: w(L W L^-1) for the best L found for each block, at any condition; rho(|W|), and the s(W) of
`diagonal_scaling`. Lower ends: the dual bound of `radius_bounds`, the largest over the blocks; rho(W), and s(W)/2, since
||A||_2 <= 2 w(A) for every A = L W L^-1.

Main definitions: `numerical_radius`, `scaled_numerical_radius`, `radius_scaling`, `RadiusScaling`, `radius_enclosed`,
`maximal_solution`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from ..certify import norm_above, scaled_down, scaled_up, up
from ..enclosure import Enclosure, certified, exact
from .barrier import FAR, Vector, scaled
from .eigenvalues import spectral_radius
from .matrix import Matrix, balanced, components, enclose_certified, fingerprint, normalized, square_matrix
from .perron import perron_radius
from .radius_angle import best_angle, grid
from .radius_barrier import minimize_radius
from .radius_bounds import Above, attained_below, distance, dual_below, radius_above
from .scaling import Scaling, diagonal_scaling
from .scaling_bounds import ROUNDED, Exponents, similar

# Arcs of [0, pi] from which the search for the best angle starts, and the relative gap at which an upper end is tried.
# Later rows are for an angle that was missed, or for rounding; 0 arcs: the angle stands, 0 gap: `FINEST` (1 + n/64).
SEARCHES = (
    (16, 0.0),
    (0, 1e-9),
    (64, 0.0),
    (0, 1e-7),
    (256, 0.0),
    (0, 1e-7),
    (0, 1e-5),
    (0, 1e-3),
    (0, 0.03),
    (0, 0.3),
)
FINEST = 1e-12
ENOUGH = 1e-8  # relative gap beyond which a wider upper end is tried as well
REDUCTIONS = 64  # steps of cyclic reduction at most; 25 are usual at a gap of 1e-12
CHECKED = 8  # arcs at which candidates are compared
LOG_2 = math.log(2.0)


class Radius(NamedTuple):
    """lower <= w(A) <= upper, with a symmetric P that shows the upper end.

    [[upper P, A^T], [A, upper (2 I - P)]] is positive semidefinite.
    """

    lower: float
    upper: float
    P: Matrix


@dataclass(frozen=True)
class RadiusScaling:
    """L = diag(diagonal) > 0 with `radius` = w(L W L^-1), `condition` = kappa(L); `infimum` = omega(W).

    With r = radius.upper and A = L W L^-1, the block matrix [[r P, A^T], [A, r (2 I - P)]] is positive semidefinite: P
    shows that the product of k matrices D_t W, D_t with slopes in [0, gamma], has a norm of at most
    2 condition.upper (gamma r)^k. ``matrix`` is the fingerprint of W.
    """

    diagonal: Vector
    radius: Enclosure
    condition: Enclosure
    infimum: Enclosure
    P: Matrix
    matrix: str


class _Powers(NamedTuple):
    """l_i = mantissas_i 2**exponents_i, mantissas in [1/2, 1)."""

    mantissas: Vector
    exponents: Exponents


class _Least(NamedTuple):
    """A scaling, w(L W L^-1), and the P that shows its upper end."""

    powers: _Powers
    radius: Enclosure
    P: Matrix


def numerical_radius(W: ArrayLike) -> Enclosure:
    """w(W) = max over complex |x| = 1 of |x* W x|, certified, with a relative gap of about 1e-12, or of n^2 1e-15 for large n.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype.

    >>> round(numerical_radius([[0.0, 2.0], [0.0, 0.0]]).upper, 8)  # a Crabb matrix: the norm is 2
    1.0
    >>> round(numerical_radius([[1.0, 1.0], [-1.0, -1.0]]).lower, 8)
    1.0
    """
    V, exponent = normalized(square_matrix(W))
    found = radius_enclosed(V)
    return enclose_certified(found.lower, found.upper, exponent)


def scaled_numerical_radius(W: ArrayLike, *, start: Scaling | None = None) -> Enclosure:
    """omega(W) = inf over positive diagonal L of w(L W L^-1), certified: `RadiusScaling.infimum`.

    The relative gap is about 1e-3 up to n = 128 and about 1e-2 up to n = 500; for still larger matrices that of ``start``,
    which is `diagonal_scaling` (W) if it is not given. omega(W) need not be attained: it is 0 for a strictly triangular W.
    Raises ValueError for a W that is no real finite square matrix of a floating dtype, and for a start that does not
    belong to W.

    >>> round(scaled_numerical_radius([[0.0, 8.0], [-2.0, 0.0]]).upper, 8)
    4.0
    >>> scaled_numerical_radius([[0.0, 1.0], [0.0, 0.0]])
    Enclosure(0.0, certified)
    """
    matrix = square_matrix(W)
    return _infimum(matrix, _started(matrix, start, 1e60))[0]


def radius_scaling(W: ArrayLike, *, condition_limit: float = 1e8, start: Scaling | None = None) -> RadiusScaling:
    """A positive diagonal L, kappa(L) <= condition_limit, with w(L W L^-1) nearly least.

    The search starts from the better of L = I and the L of ``start``, which is ``diagonal_scaling(W)`` under the same
    limit if it is not given, and returns nothing worse than either. For an irreducible W whose best scaling obeys the
    limit, `radius` belongs to that scaling, and its upper end exceeds infimum.lower by about 1e-3 up to n = 128, by 1e-2 up
    to n = 500; above n = 600 the start is all there is. `infimum` has no limit for the condition. L is centered: its
    extremes have product 1.

    Raises ValueError for a W that is no real finite square matrix of a floating dtype, for a condition_limit outside
    (1, 1e60], and for a start that has a larger condition or belongs to another matrix.

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
    start = _started(matrix, start, condition_limit)
    if start.condition.upper > condition_limit * (1 + 1e-9):
        raise ValueError(f"start must have a condition of at most {condition_limit!r}, got {start.condition.upper!r}")
    infimum, blocks = _infimum(matrix, start)
    if n == 1 or not matrix.any():
        return RadiusScaling(
            np.ones(n), numerical_radius(matrix), certified(1.0, upper=1.0), infimum, np.eye(n), start.matrix
        )
    least = blocks[0]
    if len(blocks) > 1 or _condition(least.powers).upper > condition_limit:
        begin = np.zeros(n)
        for units, block in zip(components(matrix), blocks, strict=True):
            begin[units] = np.log(block.powers.mantissas) + block.powers.exponents * LOG_2
        x = np.log(start.diagonal)
        searched = _within(matrix, [x, begin], math.log(condition_limit) / 2, infimum.upper)
        least = _best(matrix, [_powers(searched), _powers(x), _powers(np.zeros(n))])
    diagonal = np.ldexp(least.powers.mantissas, least.powers.exponents)
    infimum = certified(infimum.lower, upper=min(infimum.upper, least.radius.upper))
    return RadiusScaling(diagonal, least.radius, _condition(least.powers), infimum, least.P, start.matrix)


def radius_enclosed(V: Matrix, *, relative: float = 0.0) -> Radius:
    """w(C) for every C with |C - V| <= relative |V|, entry by entry, up to underflow.

    >>> found = radius_enclosed(np.array([[0.0, 2.0], [0.0, 0.0]]))
    >>> bool(found.lower <= 1.0 <= found.upper < 1.0 + 1e-8), (found.P.round(6) + 0.0).tolist()
    (True, [[0.0, 0.0], [0.0, 2.0]])
    """
    A, exponent = normalized(V)
    n, identity = len(V), np.eye(len(V))
    if not V.any():
        return Radius(0.0, 0.0, identity)
    if n == 1 and relative == 0.0:
        return Radius(abs(float(V[0, 0])), abs(float(V[0, 0])), identity)
    lower, best = 0.0, Above(up(norm_above(A) + distance(A, relative)), identity)
    for arcs, gap in SEARCHES:
        if arcs:
            lower = max(lower, attained_below(A, best_angle(A, arcs).vector, relative=relative))
        t = lower * (1 + (gap or FINEST * (1 + n / 64)))
        X = maximal_solution(A, t) if best.r > t else None
        if X is not None:
            best = min(best, radius_above(A, X, t, relative=relative), key=lambda above: above.r)
        if best.r <= t * (1 + ENOUGH):
            break
    return Radius(scaled_down(lower, exponent), scaled_up(best.r, exponent), best.P)


def maximal_solution(V: Matrix, t: float) -> Matrix | None:
    """The largest symmetric X > 0 with X + V^T X^-1 V = 2 t I, in floats, or None unless w(V) < t is found.

    Cyclic reduction of the block tridiagonal Toeplitz matrix with 2 t I on and V beside the diagonal, which is positive
    definite if and only if w(V) < t: every second block row is eliminated in every step.
    """
    Q = 2 * t * np.eye(len(V))
    X, A = Q, V
    with np.errstate(over="ignore", invalid="ignore"):
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


def _started(matrix: Matrix, start: Scaling | None, condition_limit: float) -> Scaling:
    """The start, if it belongs to the matrix; else ValueError."""
    if start is None:
        return diagonal_scaling(matrix, condition_limit=condition_limit)
    if len(start.diagonal) != len(matrix):
        raise ValueError(f"start must scale {len(matrix)} units, got {len(start.diagonal)}")
    if start.matrix != fingerprint(matrix):
        raise ValueError("start must be what diagonal_scaling found for this very W, got that of another matrix")
    return start


def _infimum(W: Matrix, start: Scaling) -> tuple[Enclosure, list[_Least]]:
    """omega(W), and the best scaling found for each strongly connected component."""
    rho = spectral_radius(W)
    lower, upper, blocks = rho.lower, 0.0, []
    for units in components(W):
        least, below = _block(W[np.ix_(units, units)], np.log(start.diagonal[units]), lower)
        blocks.append(least)
        lower, upper = max(lower, below), max(upper, least.radius.upper)
    upper = min(upper, perron_radius(W).upper)
    if start.infimum.evidence == "certified":
        lower, upper = max(lower, scaled_down(start.infimum.lower, -1)), min(upper, start.infimum.upper)
    return certified(lower, upper=upper), blocks


def _block(W: Matrix, start: Vector, goal: float) -> tuple[_Least, float]:
    """The best scaling found for an irreducible W, of any condition number, and a lower bound of omega(W)."""
    if len(W) == 1:
        value = abs(float(W[0, 0]))
        return _Least(_powers(np.zeros(1)), certified(value, upper=value), np.eye(1)), value
    B, shift, exponent = balanced(W)
    starts = [np.zeros(len(B)), _inside(start - shift * LOG_2, math.inf)]
    first = min(starts, key=lambda x: _highest(scaled(B, x)))
    search = minimize_radius(B, first, half_range=math.inf, goal=scaled_down(goal, -exponent))
    searched = _powers(search.x, shift)
    near = similar(W, *searched)
    lower = scaled_down(dual_below(near.A, search.directions, relative=ROUNDED), near.exponent)
    return _best(W, [searched, *(_powers(x, shift) for x in starts)]), lower


def _best(W: Matrix, candidates: Sequence[_Powers]) -> _Least:
    """The scaling with the least upper end among the candidates, of which the first is the most promising."""
    best: _Least | None = None
    for powers in candidates:
        A, exponent = similar(W, *powers)
        if best is not None and scaled_down(_highest(A), exponent) >= best.radius.upper:
            continue
        found = radius_enclosed(A, relative=ROUNDED)
        radius = enclose_certified(found.lower, found.upper, exponent)
        if best is None or radius.upper < best.radius.upper:
            best = _Least(powers, radius, found.P)
    assert best is not None
    return best


def _highest(A: Matrix) -> float:
    """The largest lambda_max(H(theta)) on a coarse grid: a lower bound of w(A), up to rounding."""
    return max(found.value for found in grid(A, CHECKED))


def _within(W: Matrix, starts: Sequence[Vector], half_range: float, infimum: float) -> Vector:
    """The x of least radius with |x_i| < half_range, or the first with a radius near the infimum."""
    V, exponent = normalized(W)
    first = min((_inside(x, half_range) for x in starts), key=lambda x: _highest(scaled(V, x)))
    return minimize_radius(V, first, half_range=half_range, goal=scaled_up(infimum, -exponent)).x


def _inside(x: Vector, half_range: float) -> Vector:
    """x centered, and shrunk to |x_i| < min(half_range, FAR)."""
    centered: Vector = x - (x.max() + x.min()) / 2
    return centered * min(1.0, 0.9 * min(half_range, FAR) / max(float(np.abs(centered).max()), math.ulp(1.0)))


def _powers(x: Vector, shift: Exponents | None = None) -> _Powers:
    """2**shift e^x up to rounding and a common factor, the extremes centered."""
    powers = np.zeros(len(x), dtype=np.int64) if shift is None else shift
    total = x + powers * LOG_2
    center = float(total.max() + total.min()) / 2
    whole = round(center / LOG_2)
    mantissas, exponents = np.frexp(np.exp(x - (center - whole * LOG_2)))
    return _Powers(mantissas, exponents + powers - whole)


def _condition(powers: _Powers) -> Enclosure:
    """The largest l_i over the smallest, rounded outward."""
    entries = [Fraction(m) * Fraction(2) ** b for m, b in zip(*(part.tolist() for part in powers), strict=True)]
    ratio = exact(max(entries) / min(entries))
    return certified(ratio.lower, upper=ratio.upper)
