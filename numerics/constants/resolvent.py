r"""Certified bounds of the resolvent R(z) = (z I - W)^-1 of a real W outside the unit circle: sup of (|z| - 1) ||R(z)||_2.

**From below.** At a point z = x + i y, with the real form B of z I - W (size 2 n, same norms) and any X,

    B X = I + F  implies  ||R(z)|| = ||B^-1|| >= ||X||/(1 + ||F||),

where B' is the float B, rounded once on the diagonal, ||fl(B' X - I) - (B' X - I)||_F <= gamma_(2n+1) (|| |B'| |X| ||_F + sqrt(2
n)), and ||(B - B') X|| <= u max_i |b'_ii| ||X||. The real number |z| - 1 is bounded in rationals by an integer square root.

**On a circle.** Let s2 > 0, r > 0, Y symmetric, and let

    N = [[Y, -r W^T], [-r W, (r^2 - s2) I + W^T W - Y]]  have  lambda_max(-N) <= d.

Then ||(z I - W) x||^2 >= (s2 - 2 d) ||x||^2 for all complex x and all |z| = r. Proof: for z = r e^(i theta) the vector v =
(e^(-i theta) x, x) has v* N v = x* ((r^2 - s2) I + W^T W) x - 2 r Re(e^(-i theta) x* W x) = ||(z I - W) x||^2 - s2 ||x||^2,
and ||v||^2 = 2 ||x||^2. QED. So one Cholesky factorization of size 2 n bounds the resolvent on the whole circle. That
there is such a Y wherever it is true (Fejer and Riesz), and how it is found, does not matter. N is rounded: r W once, W^T W
as in `certify`, its last block by four roundings of at most r^2 + s2 + (W^T W)_ii + |y_ii| on the diagonal, one beside it.

W stands for the matrix and the circle divided by a power of two, max |w_ij| in [1/2, 1). What this loses to underflow, n
2^-1074, is less than what the rounding of the last square root leaves.

**Between circles.** Let rho(W) <= 1 and H(r) = max over |z| = r of ||z R(z)||_2, r > 1. For fixed unit vectors, v* z R(z) u is
analytic outside the closed unit disc and at infinity, where z R(z) -> I. So H decreases to 1 (maximum principle), and log H
is convex in log r (Hadamard's three circles theorem). With h0 >= H(r0), h1 >= H(r1), r0 < r1, and 0 <= q <= log(h0/h1)/log(r1/
r0) therefore H(r) <= h0 (r0/r)^q for r0 <= r <= r1, and (|z| - 1) ||R(z)|| <= (1 - 1/r) H(r). The largest value of (1 - 1/r)
r^-q over r > 1 is q^q/(1 + q)^(1+q), at r = 1 + 1/q; the function increases before it and decreases after it. Beyond the
last circle, (1 - 1/r) H(r) is at most the value of H there. These numbers are evaluated in interval arithmetic.
If rho(W) < 1, W^t is the mean of z^(t+1) R(z) over the unit circle, so ||W^t|| <= H(1).

**Power sums.** H(r) <= sum over t of ||W^t|| r^-t. With p_t >= ||W^t|| for t < b = 2^i and s_j >= ||W^(2^j)|| for i <= j <= J,
s_J <= 1, the sum is, for r > 1, at most

    (sum over t < b of p_t r^-t) (product over i <= j < J of (1 + s_j r^-(2^j)))/(1 - s_J r^-(2^J)).

Main definitions: `resolvent_below`, `gain_on_circle`, `kreiss_bounds`, `power_bound`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from ..certify import (
    SLACK,
    TINY,
    U,
    down,
    gamma,
    gram,
    largest_eigenvalue,
    norm_below,
    phi,
    real_embedding,
    square_root_below,
    top_vector,
    up,
)
from ..enclosure import exact
from .matrix import Matrix
from .numerical_radius import maximal_solution
from .power import Growth
from .resolvent_search import ResolventSearch

# Between the least gain found on a circle and the one that is certified, relative; later ones are for an angle that was missed.
GAPS = (1e-4, 1e-3, 1e-2, 0.1, 0.5, 0.9)
TOLERANCE = 1e-3  # relative gap between the two bounds of the supremum at which the search stops
LEAST = 2.0**-900
FAR = 2.0**200  # norms from here on are left to the powers
WIDE = 0.1  # relative gap from which on points on the real line are tried as well, for up to SMALL units
SMALL = 64
CIRCLES = 48  # at most
WORK = 1e8  # n^3 times the number of circles


def resolvent_below(V: Matrix, z: complex, unit: float) -> float:
    """A lower bound of (|z| - unit) ||(z I - V)^-1||_2; 0 where rounding leaves nothing.

    >>> bound = resolvent_below(np.array([[0.5]]), 2.0, 1.0)
    >>> bool(2 / 3 - 1e-12 < bound <= 2 / 3)
    True
    """
    distance = _distance(z, unit)
    if not distance > 0.0:
        return 0.0
    n = len(V)
    B = real_embedding(np.asarray(z * np.eye(n) - V, dtype=np.complex128))
    lost = U * float(np.abs(np.diag(B)).max()) * SLACK
    try:
        X: Matrix = np.asarray(np.linalg.inv(B), dtype=np.float64)
    except np.linalg.LinAlgError:
        return 0.0
    size = float(np.abs(X).max())
    if not 0.0 < size < 2.0**500:
        return 0.0
    residual, majorant = _frobenius(B @ X - np.eye(2 * n)), _frobenius(np.abs(B) @ np.abs(X))
    error = gamma(2 * n + 2) * (majorant * (1 + phi(2 * n)) + math.sqrt(2 * n)) + lost * _frobenius(X)
    _, v = top_vector(X)
    found = norm_below(X, v) / up(1 + up(residual + error * SLACK))
    return max(down(down(found) * distance), 0.0)


def _distance(z: complex, unit: float) -> float:
    """|z| - unit, rounded down."""
    squared = Fraction(z.real) ** 2 + Fraction(z.imag) ** 2
    shift = max(0, 300 - (squared.numerator.bit_length() - squared.denominator.bit_length()) // 2)
    root = Fraction(math.isqrt((squared.numerator << (2 * shift)) // squared.denominator), 1 << shift)
    return down(float(root - Fraction(unit)))


def _frobenius(M: Matrix) -> float:
    flat = M.ravel()
    return math.sqrt(float(flat @ flat) * (1 + gamma(flat.size + 4)) + flat.size * TINY) * SLACK


def gain_on_circle(V: Matrix, r: float, least: float) -> float:
    """A lower bound of the least singular value of z I - V over |z| = r, near the estimate `least`; 0 if nothing is shown.

    max |v_ij| in [1/2, 1), and V may be large compared with r.

    >>> V = np.array([[0.0, 0.5], [0.0, 0.0]])
    >>> exactly = math.sqrt(1.0625) - 0.25
    >>> bool(exactly * (1 - 1e-4) < gain_on_circle(V, 1.0, exactly) <= exactly)
    True
    """
    if not (least > 0.0 and r < 2.0**100):
        return 0.0
    n = len(V)
    lower, error = gram(V)
    G = lower + np.tril(lower, -1).T
    for gap in GAPS:
        s2 = (least * (1 - gap)) ** 2
        inside = gap / 2 * s2  # N exceeds this multiple of I
        X = _solution((r * r - s2 - 2 * inside) * np.eye(n) + G, r * V)
        if X is None:
            continue
        Y = (r * r - s2 - inside) * np.eye(n) + G - X
        rest = (r * r - s2) * np.eye(n) + G - Y
        N = np.block([[Y, -r * V.T], [-r * V, rest]])
        diagonal = r * r + s2 + float((np.diag(G) + np.abs(np.diag(Y))).max())
        slip = error + U * (_frobenius(rest) + r * _frobenius(V)) + 6 * U * diagonal + n * TINY
        d = largest_eigenvalue(-N, error=slip * SLACK, guess=-inside)
        found = square_root_below(down(s2 - up(2 * d)))
        if found > 0.0:
            return found
    return 0.0


def _solution(Q: Matrix, B: Matrix) -> Matrix | None:
    """X > 0 with X + B^T X^-1 B = Q, in floats: with Q = C C^T and X = C Z C^T, Z + A^T Z^-1 A = I for A = C^-1 B C^-T."""
    try:
        C = np.linalg.cholesky(Q)
    except np.linalg.LinAlgError:
        return None
    half = solve_triangular(C, B, lower=True, check_finite=False)
    A = solve_triangular(C, half.T, lower=True, check_finite=False).T
    Z = maximal_solution(A, 0.5) if np.isfinite(A).all() else None
    if Z is None:
        return None
    X: Matrix = C @ Z @ C.T
    return (X + X.T) / 2 if np.isfinite(X).all() else None


def power_bound(W: Matrix) -> float:
    """H(1) >= ||W^t||_2 for every t >= 0, certified if rho(W) < 1; inf if nothing is shown."""
    return _circle_bound(ResolventSearch(W), 1.0)


def _circle_bound(search: ResolventSearch, radius: float) -> float:
    """An upper bound of H(radius)."""
    if not search.norm < FAR:
        return math.inf
    gain = gain_on_circle(search.V, radius * search.unit, search.circle(radius))
    return up(radius * search.unit / gain) if gain > 0.0 else math.inf


def _lower(search: ResolventSearch) -> float:
    """A lower bound of K from the best points; rounding may leave nothing of the very best."""
    search.polish()
    lower = 1.0
    for value, z in sorted(search.points, key=lambda point: -point[0]):
        if value <= lower * (1 + TOLERANCE):
            break
        lower = max(lower, resolvent_below(search.V, z, search.unit))
    return lower


def kreiss_bounds(W: Matrix, powers: Growth, *, stable: bool) -> tuple[float, float]:
    """lower <= K(W) <= upper; upper is finite only if ``stable`` says that rho(W) <= 1 is known."""
    search = ResolventSearch(W)
    if not search.norm < FAR:
        return 1.0, math.inf
    upper = _upper(search, powers) if stable else math.inf
    if upper == math.inf:
        for distance in np.geomspace(1e-6, max(2 * search.norm, 2.0), 12).tolist():
            search.circle(1 + distance)
    lower = _lower(search)
    if lower < min(upper, powers.upper) / (1 + WIDE) and len(W) <= SMALL:
        # Singular values near 1/K may have drowned in rounding, while inverses of graded matrices are often accurate.
        for distance in np.geomspace(1e-6, max(2 * search.norm, 2.0), 40).tolist():
            for sign in (1, -1):
                point = complex(sign * (1 + distance) * search.unit)
                lower = max(lower, resolvent_below(search.V, point, search.unit))
    return lower, upper


def _upper(search: ResolventSearch, powers: Growth) -> float:
    """An upper bound of K, rho(W) <= 1 being known: circles are added where the bound is largest."""
    radii = [1.0, *(1 + np.geomspace(1e-4, max(1e4 * search.norm, 10.0), 48)).tolist()]
    nodes = {r: _power_sum(powers, r) for r in radii}
    done: set[float] = set()
    while len(done) < min(CIRCLES, WORK / len(search.V) ** 3):
        worst = max(_hull(nodes), key=_rough)
        if _rough(worst) <= search.best * (1 + TOLERANCE) or (nodes[1.0] == math.inf and 1.0 in done):
            break
        fresh = [r for r in (worst.r0, worst.r1) if r not in done and r < math.inf]
        r = fresh[0] if fresh else worst.inside
        if r in done:
            break
        done.add(r)
        nodes[r] = min(_power_sum(powers, r), _circle_bound(search, r))
    upper = 1.0
    for arc in sorted(_hull(nodes), key=lambda arc: -_rough(arc)):
        if _simple(arc) > upper:
            upper = max(upper, _bound(arc))
    return upper


class _Arc(NamedTuple):
    """Two circles and bounds of H on them; r1 = inf and h1 = 1 beyond the last circle."""

    r0: float
    r1: float
    h0: float
    h1: float

    @property
    def decay(self) -> float:
        """log(h0/h1)/log(r1/r0), in floats."""
        return max(math.log(self.h0 / self.h1) / math.log(self.r1 / self.r0), 0.0) if self.r1 < math.inf else 0.0

    @property
    def top(self) -> float:
        """Where (1 - 1/r) h0 (r0/r)^decay is largest."""
        return min(max(1 + 1 / self.decay if self.decay else math.inf, self.r0), self.r1)

    @property
    def inside(self) -> float:
        """A radius for another circle."""
        if self.r1 == math.inf:
            return self.r0
        middle = math.sqrt(self.r0 * self.r1)
        share = math.log(self.top / self.r0) / math.log(self.r1 / self.r0)
        return self.top if 0.2 < share < 0.8 else middle


def _hull(nodes: dict[float, float]) -> list[_Arc]:
    """The arcs of the lower convex hull of the bounds over log r; any choice of circles bounds H, a wrong one loosely."""
    kept: list[tuple[float, float]] = []
    for point in sorted(nodes.items()):
        if point[1] == math.inf and kept:
            continue
        while len(kept) > 1 and _above(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    kept.append((math.inf, 1.0))
    return [_Arc(left[0], right[0], left[1], right[1]) for left, right in pairwise(kept)]


def _above(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> bool:
    if left[1] == math.inf:
        return False
    first = math.log(middle[1] / left[1]) * math.log(right[0] / left[0])
    return first >= math.log(right[1] / left[1]) * math.log(middle[0] / left[0])


def _power_sum(powers: Growth, r: float) -> float:
    """An upper bound of H(r) from bounds of the norms of powers, r >= 1; r^-t below `LEAST` is replaced by it."""
    if not powers.prefix.size:
        return math.inf
    b, x = len(powers.prefix), min(up(1 / r), 1.0)
    factors = np.maximum(np.cumprod(np.append(1.0, np.full(b, x))), LEAST)
    total = float(factors[:b] @ powers.prefix) * (1 + phi(3 * b)) * SLACK
    power = float(factors[b]) * (1 + phi(b)) * SLACK  # at least x^b
    for bound in powers.doubled[:-1].tolist():
        total = up(total * up(1 + up(bound * power)))
        power = max(up(power * power), LEAST)
    left = down(1 - up(float(powers.doubled[-1]) * power))
    return up(total / left) if left > 0.0 else math.inf


def _rough(arc: _Arc) -> float:
    """What `_bound` proves, in plain floats."""
    if arc.h0 == math.inf or arc.r1 == math.inf:
        return arc.h0
    return (1 - 1 / arc.top) * arc.h0 * math.exp(arc.decay * math.log(arc.r0 / arc.top))


def _simple(arc: _Arc) -> float:
    """An upper bound of (1 - 1/r) H(r) on an arc: its parts are monotone."""
    return arc.h0 if arc.r1 == math.inf else up(up(1 - down(1 / arc.r1)) * arc.h0)


def _bound(arc: _Arc) -> float:
    """An upper bound of (1 - 1/r) H(r) on an arc."""
    if arc.h0 == math.inf or arc.r1 == math.inf:
        return arc.h0
    r0, r1, h0, h1 = map(exact, arc)
    q = max(((h0 / h1).log() / (r1 / r0).log()).lower, 0.0)
    if Fraction(q) * (Fraction(arc.r1) - 1) <= 1:
        top = (1 - 1 / r1) * (r0 / r1) ** q
    elif Fraction(q) * (Fraction(arc.r0) - 1) >= 1:
        top = 1 - 1 / r0
    else:
        top = (r0 * q / (1 + exact(q))) ** q / (1 + exact(q))
    return min(float((top * h0).upper), _simple(arc))
