"""The enclosures of w and omega against exact rationals and forty digits, whatever the searches return."""

import importlib
import math
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from errorflow.numerics import Enclosure
from errorflow.numerics.constants import (
    diagonal_scaling,
    numerical_radius,
    perron_radius,
    radius_scaling,
    scaled_numerical_radius,
    spectral_norm,
    spectral_radius,
)
from errorflow.numerics.constants.radius_barrier import Search
from errorflow.numerics.constants.radius_bounds import Direction, attained_below, dual_below, radius_above

Matrix = NDArray[np.float64]
Rationals = list[list[Fraction]]
# The package has a function of the module's name.
module = importlib.import_module("errorflow.numerics.constants.numerical_radius")


def orthogonal(n: int, rng: np.random.Generator) -> Matrix:
    return np.asarray(np.linalg.qr(rng.normal(size=(n, n)))[0])


KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "single precision": lambda n, rng: rng.normal(size=(n, n)).astype(np.float32).astype(np.float64),
    "orthogonal": orthogonal,
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "triangular": lambda n, rng: np.triu(rng.normal(size=(n, n))),
    "nilpotent": lambda n, rng: np.tril(rng.normal(size=(n, n)), -1),
    "shift": lambda n, rng: np.eye(n, k=1),
    "Jordan": lambda n, rng: rng.normal() * np.eye(n) + np.eye(n, k=1),
    "hidden Jordan": lambda n, rng: (Q := orthogonal(n, rng)) @ np.eye(n, k=1) @ Q.T,
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "graded": lambda n, rng: (d := 10.0 ** rng.uniform(-40, 40, size=(n, 1))) * rng.normal(size=(n, n)) / d.T,
    "symmetric": lambda n, rng: (A := rng.normal(size=(n, n))) + A.T,
    "antisymmetric": lambda n, rng: (A := rng.normal(size=(n, n))) - A.T,
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.5),
    "integers": lambda n, rng: rng.integers(-2, 3, size=(n, n)).astype(np.float64),
}
SCALES = (1.0, 1e-300, 1e300, 2.0**-1000, 0.3)


@st.composite
def matrices(draw: st.DrawFn, *, largest: int = 4, scales: tuple[float, ...] = SCALES) -> Matrix:
    kind = draw(st.sampled_from(sorted(KINDS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = KINDS[kind](draw(st.integers(1, largest)), rng)
    return W / (float(np.abs(W).max()) or 1.0) * draw(st.sampled_from(scales))


def cases(number: int, largest: int) -> list[Matrix]:
    """So many matrices, the kinds, sizes and scales in turn."""
    rng = np.random.default_rng(number)
    found = []
    for i in range(number):
        W = KINDS[sorted(KINDS)[i % len(KINDS)]](1 + i % largest, rng)
        found.append(W / (float(np.abs(W).max()) or 1.0) * SCALES[i % len(SCALES)])
    return found


def radius_of_forty_digits(W: Matrix) -> mpmath.mpf:
    """w(W) from a fine grid in floats and a search by thirds in forty digits."""
    n, size = len(W), float(np.abs(W).max()) or 1.0
    V = W / size

    def attained(theta: float) -> float:
        H = np.exp(1j * theta) * V
        return float(np.linalg.eigvalsh(H + H.conj().T)[-1]) / 2

    grid = np.linspace(0.0, math.pi, 181)
    near = float(grid[np.argmax([attained(theta) for theta in grid])])
    near = minimize_scalar(lambda x: -attained(x), bounds=(near - 0.02, near + 0.02), options={"xatol": 1e-9}).x
    with mpmath.workdps(40):
        A = mpmath.matrix(np.pad(W, (0, 1)).tolist())  # mpmath returns another type for one row

        def value(theta: mpmath.mpf) -> mpmath.mpf:
            rotated = mpmath.expj(theta) * A
            return max(mpmath.eigh((rotated + rotated.transpose_conj()) / 2, eigvals_only=True))

        left, right = mpmath.mpf(near) - 1e-6, mpmath.mpf(near) + 1e-6
        for _ in range(20 if n > 1 else 2):  # the largest value of a smooth function, by thirds
            a, b = left + (right - left) / 3, right - (right - left) / 3
            left, right = (a, right) if value(a) < value(b) else (left, b)
        return max(value((left + right) / 2), value(mpmath.mpf(0)), value(mpmath.pi))


def contains(found: Enclosure, exact: mpmath.mpf) -> bool:
    with mpmath.workdps(40):  # the digits of the search by thirds are right to 1e-20
        slip = exact * mpmath.mpf("1e-19")
        return bool(found.lower <= exact + slip and exact <= found.upper + slip)


def check_against_forty_digits(W: Matrix) -> None:
    found, exact = numerical_radius(W), radius_of_forty_digits(W)
    assert contains(found, exact)
    if exact and len(W) > 1:  # one unit has no width
        assert not contains(Enclosure(found.lower * (1 + 1.5e-13), math.inf), exact)
        assert not contains(Enclosure(0.0, found.upper * (1 - 2e-12)), exact)


@pytest.mark.parametrize("W", cases(30, 3))
def test_the_radius_of_forty_digits_lies_between_the_ends(W: Matrix) -> None:
    check_against_forty_digits(W)


@pytest.mark.slow
@pytest.mark.parametrize("W", cases(150, 6))
def test_the_radius_of_forty_digits_lies_between_the_ends_of_more_and_larger_matrices(W: Matrix) -> None:
    check_against_forty_digits(W)


# The matrix P that shows the upper end


def rationals(W: Matrix) -> Rationals:
    return [[Fraction(entry) for entry in row] for row in W.tolist()]


def semidefinite(M: Rationals) -> bool:
    """Whether an exact symmetric matrix is positive semidefinite, by elimination."""
    M = [list(row) for row in M]
    n = len(M)
    for k in range(n):
        if M[k][k] < 0 or (M[k][k] == 0 and any(M[k][k:])):
            return False
        for i in range(k + 1, n):
            if M[k][k] and M[i][k]:
                ratio = M[i][k] / M[k][k]
                for j in range(k, n):
                    M[i][j] -= ratio * M[k][j]
    return True


def shows(W: Matrix, L: NDArray[np.float64], P: Matrix, r: float) -> bool:
    """Whether [[r P, A^T], [A, r (2 I - P)]] is positive semidefinite for the exact A = L W L^-1."""
    n, scale, weights = len(W), Fraction(r), [Fraction(entry) for entry in L.tolist()]
    A = [[weights[i] * entry / weights[j] for j, entry in enumerate(row)] for i, row in enumerate(rationals(W))]
    left = [[scale * entry for entry in row] for row in rationals(P)]
    right = [[2 * scale * (i == j) - left[i][j] for j in range(n)] for i in range(n)]
    upper = [left[i] + [A[j][i] for j in range(n)] for i in range(n)]
    return semidefinite(upper + [A[i] + right[i] for i in range(n)])


def check_the_matrix(W: Matrix, limit: float) -> None:
    found = radius_scaling(W, condition_limit=limit)
    r = found.radius.upper
    assert np.array_equal(found.P, found.P.T)
    assert shows(W, found.diagonal, found.P, r)
    ratio = Fraction(float(found.diagonal.max())) / Fraction(float(found.diagonal.min()))
    assert Fraction(found.condition.lower) <= ratio <= Fraction(found.condition.upper)
    if len(W) > 1 and r > 1e-290:
        assert not shows(W, found.diagonal, found.P, r * (1 - 1e-12))
        assert not shows(W, found.diagonal, -found.P, r)


@pytest.mark.parametrize("W", cases(45, 4))
def test_the_matrix_shows_the_upper_end_in_exact_arithmetic(W: Matrix) -> None:
    check_the_matrix(W, 1e8)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1.5, 1e3, 1e60])
@pytest.mark.parametrize("W", cases(90, 6))
def test_the_matrix_shows_the_upper_end_under_every_limit(W: Matrix, limit: float) -> None:
    check_the_matrix(W, limit)


def test_exact_elimination_tells_semidefinite_matrices() -> None:
    one, two = Fraction(1), Fraction(2)
    assert semidefinite([[one, one], [one, one]])
    assert semidefinite([[0 * one, 0 * one], [0 * one, one]])
    assert not semidefinite([[one, two], [two, one]])
    assert not semidefinite([[0 * one, one], [one, one]])


# The bounds hold for any floats


@given(W=matrices(scales=(0.3, 1.0)), seed=st.integers(0, 2**32 - 1), t=st.floats(0.01, 3.0))
def test_no_block_matrix_shows_an_upper_end_below_the_radius(W: Matrix, seed: int, t: float) -> None:
    X = np.random.default_rng(seed).normal(size=W.shape)
    X = X @ X.T / len(W) + t / 2 * np.eye(len(W))
    found = radius_above(W, (X + X.T) / 2, t)
    assert found.r >= numerical_radius(W).lower
    assert shows(W, np.ones(len(W)), found.P, found.r)


@given(W=matrices(scales=(0.3, 1.0)), seed=st.integers(0, 2**32 - 1))
def test_no_vector_shows_a_lower_end_above_what_it_attains(W: Matrix, seed: int) -> None:
    rng, n = np.random.default_rng(seed), len(W)
    z = rng.normal(size=n) + 1j * rng.normal(size=n)
    x, y = ([Fraction(entry) for entry in part.tolist()] for part in (z.real, z.imag))
    A = rationals(W)
    p = sum(A[i][j] * (x[i] * x[j] + y[i] * y[j]) for i in range(n) for j in range(n))
    q = sum(A[i][j] * (x[i] * y[j] - y[i] * x[j]) for i in range(n) for j in range(n))
    squared = sum(entry**2 for entry in x + y)
    found = attained_below(W, z)
    assert Fraction(found) ** 2 * squared**2 <= p**2 + q**2
    if found > 1e-2:
        assert (Fraction(found) * (1 + Fraction(1, 10**12))) ** 2 * squared**2 > p**2 + q**2


@given(W=matrices(scales=(0.3, 1.0)), seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.0, 1e3]))
@settings(max_examples=50)
def test_no_directions_show_a_lower_end_of_omega_above_their_quotients(W: Matrix, seed: int, share: float) -> None:
    rng, n = np.random.default_rng(seed), len(W)
    directions = []
    for theta in rng.uniform(0.0, math.pi, size=3):
        R = rng.normal(size=(n, 2)) + 1j * rng.normal(size=(n, 2))
        R[:, 0] += np.linalg.eigh(np.exp(1j * theta) * W + np.exp(-1j * theta) * W.T)[1][:, -1] * share
        directions.append(Direction(math.cos(theta), math.sin(theta), R))
    found = dual_below(W, directions)
    with mpmath.workdps(40):
        E, z = mpmath.matrix(n, n), [mpmath.mpf(0)] * n
        for c, s, R in directions:
            F, unit = mpmath.matrix(R.tolist()), mpmath.mpc(c, s) / abs(mpmath.mpc(c, s))
            Z = F * F.transpose_conj()
            for i in range(n):
                z[i] += Z[i, i].real
                for k in range(n):
                    E[i, k] += mpmath.mpf(float(W[i, k])) * (unit * Z[k, i]).real
        quotients = [
            min(sum(E[i, k] for k in kept) / z[i] for i in kept)
            for size in range(1, n + 1)
            for kept in combinations(range(n), size)
        ]
        whole = min(sum(E[i, k] for k in range(n)) / z[i] for i in range(n))
        assert found <= max(*quotients, mpmath.mpf(0))
        assert found >= whole * (1 - mpmath.mpf("1e-12")) - mpmath.mpf("1e-14")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_shows_nothing(value: float) -> None:
    W, X, R = np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2), np.ones((2, 1)) + 0j
    for broken in (X, R):
        broken[1, 0] = value
    assert radius_above(W, X, 1.0).r == math.inf
    assert attained_below(W, R[:, 0]) == 0.0
    assert dual_below(W, [Direction(1.0, 0.0, R)]) == 0.0
    assert dual_below(W, [Direction(0.0, 0.0, np.ones((2, 1)) + 0j)]) == 0.0


def wrong_search(rng: np.random.Generator) -> Callable[..., Search]:
    def search(W: Matrix, start: NDArray[np.float64], **_: float) -> Search:
        n, theta = len(W), rng.uniform(0.0, math.pi)
        R = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
        return Search(rng.normal(size=n), [Direction(math.cos(theta), math.sin(theta), R)])

    return search


@given(W=matrices(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_wrong_searches_widen_the_ends_and_never_cross_them(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    radius, scaling = numerical_radius(W), radius_scaling(W)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "minimize_radius", wrong_search(rng))
        again = radius_scaling(W)
        assert again.infimum.lower <= scaling.infimum.upper
        assert scaling.infimum.lower <= min(again.infimum.upper, again.radius.upper)
        patch.setattr(module, "maximal_solution", lambda V, t: (X := rng.normal(size=V.shape)) + X.T)
        assert numerical_radius(W).upper >= radius.lower
        angle = module.best_angle(np.eye(len(W)), 4)
        vector = rng.normal(size=len(W)) + 1j * rng.normal(size=len(W))
        patch.setattr(module, "best_angle", lambda V, arcs: angle._replace(vector=vector))
        wide = numerical_radius(W)
        assert wide.lower <= radius.upper
        assert radius.lower <= wide.upper


# Scales, closed forms and the hierarchy


@given(W=matrices(scales=(1.0,)), k=st.sampled_from([-900, -3, 1, 900]))
@settings(max_examples=25)
def test_powers_of_two_scale_every_end_exactly(W: Matrix, k: int) -> None:
    W = np.where(np.abs(W) > 1e-30, W, 0.0)
    big, found = np.ldexp(W, k), radius_scaling(W)
    assert numerical_radius(big).upper == math.ldexp(numerical_radius(W).upper, k)
    other = radius_scaling(big)
    assert (other.radius.lower, other.radius.upper) == (
        math.ldexp(found.radius.lower, k),
        math.ldexp(found.radius.upper, k),
    )
    assert np.array_equal(other.P, found.P)


@pytest.mark.parametrize("seed", range(5))
def test_the_smallest_floats_are_enclosed(seed: int) -> None:
    M = np.random.default_rng(seed).integers(-4, 5, size=(4, 4)).astype(np.float64)
    least = Fraction(math.ulp(0.0))
    for constant in (numerical_radius, scaled_numerical_radius):
        tiny, plain = constant(M * math.ulp(0.0)), constant(M)
        assert Fraction(tiny.lower) <= Fraction(plain.upper) * least
        assert Fraction(plain.lower) * least <= Fraction(tiny.upper)


def test_closed_forms_of_omega() -> None:
    rng = np.random.default_rng(0)
    T = np.triu(rng.normal(size=(5, 5)))
    assert scaled_numerical_radius(T) == scaled_numerical_radius(np.diag(np.abs(np.diag(T))))
    assert scaled_numerical_radius(T).width == 0.0
    assert scaled_numerical_radius(np.eye(4, k=1)).upper == 0.0
    for W, exact in [
        (np.array([[1.0, 1.0], [-1.0, -1.0]]), 1.0),
        (np.array([[0.0, 8.0], [-2.0, 0.0]]), 4.0),
        (np.array([[0.0, 8.0], [2.0, 0.0]]), 4.0),
        (np.roll(np.eye(5), 1, axis=0) * [1.0, 2.0, 4.0, 8.0, 16.0], 4.0),
        (3 * orthogonal(6, rng), 3.0),
    ]:
        found = scaled_numerical_radius(W)
        assert found.lower <= exact * (1 + 1e-15)
        assert exact * (1 - 1e-15) <= found.upper
        assert found.width <= 1e-3 * exact


@given(W=matrices(largest=7))
@settings(max_examples=40)
def test_the_hierarchy_of_the_ends(W: Matrix) -> None:
    omega, s = scaled_numerical_radius(W), diagonal_scaling(W).infimum
    for smaller in (spectral_radius(W), s / 2, numerical_radius(np.diag(np.diag(W)))):
        assert smaller.lower <= omega.upper
    for larger in (s, numerical_radius(W), spectral_norm(W), perron_radius(W)):
        assert omega.lower <= larger.upper
    assert omega.upper <= min(s.upper, perron_radius(W).upper)
    assert max(spectral_radius(W).lower, s.lower / 2 * (1 - 1e-15)) <= omega.lower
