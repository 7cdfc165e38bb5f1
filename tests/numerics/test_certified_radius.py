"""Spectral radii of integer matrices that are known by construction, through every way to bound them, good candidates or bad."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import (
    eigenvalues,
    exact_radius,
    perron,
    smallest_singular_value,
    spectral,
    spectral_radius,
)
from errorflow.numerics.enclosure import Enclosure

Matrix = NDArray[np.float64]


def similar(J: Matrix, rng: np.random.Generator, *, steps: int) -> Matrix:
    """S J S^-1 for a product S of elementary integer matrices: exact in floats while the entries are small."""
    W, n = J.copy(), len(J)
    for _ in range(steps):
        i, j = rng.choice(n, size=2, replace=False)
        sign = int(rng.choice([-1, 1]))
        V = W.copy()
        V[i] += sign * V[j]
        V[:, j] -= sign * V[:, i]
        W = V if np.abs(V).max() < 1000 else W
    return W


@st.composite
def known(draw: st.DrawFn, *, least: int = 2, largest: int = 12, defective: bool = True) -> tuple[Matrix, int]:
    """(W, rho(W)^2): eigenvalues a or a +- i b with integers, some of them in Jordan blocks."""
    n = draw(st.integers(least, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    J, squares, i = np.zeros((n, n)), [], 0
    while i < n:
        a, b = int(rng.integers(-4, 5)), int(rng.integers(1, 4))
        if i + 1 < n and rng.random() < 0.5:
            J[i : i + 2, i : i + 2] = [[a, b], [-b, a]]
            squares.append(a * a + b * b)
            i += 2
        else:
            J[i, i] = a
            squares.append(a * a)
            i += 1
            if defective and i < n and rng.random() < 0.5:
                J[i, i], J[i - 1, i] = a, 1
                i += 1
    return similar(J, rng, steps=3 * n), max(squares)


def contains(found: Enclosure | tuple[float, float], squared: int) -> bool:
    """Whether lower^2 <= squared <= upper^2, in rational arithmetic."""
    lower, upper = (found.lower, found.upper) if isinstance(found, Enclosure) else found
    return Fraction(lower) ** 2 <= squared and (upper == math.inf or squared <= Fraction(upper) ** 2)


def factors(W: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix, NDArray[np.intp]]:
    """(X, Y, a, b, partner): the real eigenvectors of W, their inverse, the eigenvalues and the pairs."""
    values, vectors = np.linalg.eig(W)
    order = np.lexsort((-values.imag, np.abs(values.imag), values.real))
    values, vectors = values[order], vectors[:, order]
    X, partner = vectors.real.copy(), np.arange(len(W))
    for i in np.flatnonzero(values.imag > 0):
        X[:, i + 1] = vectors[:, i].imag
        partner[[i, i + 1]] = i + 1, i
    return X, np.linalg.pinv(X), values.real.copy(), values.imag.copy(), partner


# Every way


@given(case=known())
def test_the_radius_is_enclosed_and_of_small_matrices_to_the_last_digits(case: tuple[Matrix, int]) -> None:
    W, squared = case
    found = spectral_radius(W)
    assert contains(found, squared)
    if len(W) <= exact_radius.LARGEST:
        assert found.width <= 1e-15 * found.upper


@given(case=known(defective=False), noise=st.sampled_from([0.0, 1e-12, 1e-6, 1e-2]), seed=st.integers(0, 2**32 - 1))
def test_discs_of_wrong_vectors_are_wider_and_not_wrong(case: tuple[Matrix, int], noise: float, seed: int) -> None:
    W, squared = case
    rng = np.random.default_rng(seed)
    X, Y, a, b, partner = factors(W)
    for what in (X, Y, a):
        what += noise * rng.normal(size=what.shape)
    first = np.flatnonzero(partner > np.arange(len(W)))
    a[first + 1], b[first + 1] = a[first], -b[first]
    assert contains(eigenvalues.discs(W, X, Y, a, b, partner), squared)


def test_discs_of_good_vectors_are_tight_and_of_no_inverse_say_nothing() -> None:
    W = np.array([[1.0, 2.0, 0.0], [-2.0, 1.0, 3.0], [0.0, 1.0, -1.0]])
    X, Y, a, b, partner = factors(W)
    lower, upper = eigenvalues.discs(W, X, Y, a, b, partner)
    assert upper - lower < 1e-12
    for wrong in (np.zeros((3, 3)), 3 * Y, Y * math.nan, Y * 1e300):
        assert eigenvalues.discs(W, X, wrong, a, b, partner) == (0.0, math.inf)


def test_a_disc_that_is_joined_to_the_top_one_lowers_the_lower_bound() -> None:
    W, unit = np.array([[2.0, 1.5], [0.0, 1.0]]), np.eye(2)
    assert eigenvalues.discs(W, unit, unit, np.diag(W), np.zeros(2), np.arange(2))[0] < 1e-12  # |2 - 1| < sqrt(2) 1.5
    W[0, 1] = 0.5
    assert eigenvalues.discs(W, unit, unit, np.diag(W), np.zeros(2), np.arange(2))[0] > 1.2


@given(case=known())
def test_powers_enclose_the_radius(case: tuple[Matrix, int]) -> None:
    W, squared = case
    scale = 2.0 ** math.frexp(float(np.abs(W).max()) or 1.0)[1]
    lower, upper = eigenvalues._powers(W / scale, lost=0.0)
    assert contains((lower * scale, upper * scale), squared)
    lower, upper = eigenvalues._powers(W / scale / 3, lost=1e-15 * len(W))  # rounded entries
    assert contains((lower * 3 * scale * (1 - 1e-15), upper * 3 * scale * (1 + 1e-15)), squared)


@pytest.mark.parametrize("n", [4, 9, 12, 40])
def test_a_hidden_nilpotent_matrix_of_small_integers_has_the_radius_zero(n: int) -> None:
    J = np.eye(n, k=1)
    J[1::3] = 0.0  # keeps the integers small
    W = similar(J, np.random.default_rng(n), steps=8 * n)
    found = spectral_radius(W)
    assert (found.lower, found.upper) == (0.0, 0.0)


def test_the_radius_of_a_nearly_nilpotent_matrix_is_right_where_an_eigenvalue_solver_has_two_digits() -> None:
    W = np.array([[3.0, -1.0, 3.0, 2.0], [-247.0, 173.0, -94.0, -159.0], [160.0, -112.0, 61.0, 103.0]])
    W = np.vstack([W, [-368.0 + 1e-9, 256.0, -143.0, -237.0]])
    found = spectral_radius(W)
    with mpmath.workdps(80):
        value = max(abs(z) for z in mpmath.eig(mpmath.matrix(W.tolist()), left=False, right=False))
        assert found.lower <= value <= found.upper
    assert abs(float(np.abs(np.linalg.eigvals(W)).max()) - found.upper) > 1e-4 * found.upper > 1e10 * found.width


@pytest.mark.parametrize("n", [9, 20])
def test_a_hidden_jordan_block_has_a_radius_near_its_eigenvalue(n: int) -> None:
    W = similar(np.eye(n) + np.eye(n, k=1), np.random.default_rng(n), steps=2 * n)
    found = spectral_radius(W)
    assert 0.9 < found.lower <= 1.0 <= found.upper < 1.7


# Exact arithmetic


@given(case=known(largest=6), guess=st.sampled_from([0.0, 1e-300, 1.0, 3.0, 1e10, 1e300, math.inf, math.nan]))
@settings(max_examples=30)
def test_the_bisection_ends_around_the_radius_from_every_start(case: tuple[Matrix, int], guess: float) -> None:
    W, squared = case
    found = exact_radius.integers(W / 64)
    assert found is not None
    A, q = found
    lower, upper = exact_radius.radius_by_bisection(A, guess)
    assert contains((math.ldexp(lower, q + 6), math.ldexp(upper, q + 6)), squared)
    assert upper - lower <= 1e-15 * upper


@given(
    roots=st.lists(st.integers(-5, 5), min_size=1, max_size=4),
    pairs=st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 5)), max_size=2),
)
def test_routh_finds_a_zero_that_is_not_on_the_left(roots: list[int], pairs: list[tuple[int, int]]) -> None:
    f = np.array([2], dtype=object)
    for root in roots:
        f = np.convolve(f, [-root, 1])
    for a, b in pairs:
        f = np.convolve(f, [a * a + b * b, -2 * a, 1])
    left = all(root < 0 for root in roots) and all(a < 0 for a, _ in pairs)
    assert exact_radius.all_left(f.tolist()) == exact_radius.all_left((-f).tolist()) == left


def test_matrices_whose_integers_are_long_are_left_to_floats() -> None:
    assert exact_radius.integers(np.array([[1.0, 1e-200], [1e200, 1.0]])) is None
    assert exact_radius.integers(np.ones((exact_radius.LARGEST + 1,) * 2)) is None


# Other candidates


@given(case=known(), seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0.0, 1.0, 30.0]))
def test_quotients_of_any_positive_vector_are_between_their_bounds(
    case: tuple[Matrix, int], seed: int, spread: float
) -> None:
    M = np.abs(case[0]) / 7
    x = np.exp(-spread * np.random.default_rng(seed).random(len(M)))
    low, high = perron._quotients(M, x)
    for i, row in enumerate(M.tolist()):
        exact = sum((Fraction(m) * Fraction(y) for m, y in zip(row, x.tolist(), strict=True)), Fraction()) / Fraction(
            x[i]
        )
        assert Fraction(low[i]) <= exact <= Fraction(high[i])
        assert high[i] - low[i] <= 1e-12 * high[i] + 1e-290


@given(n=st.integers(2, 8), noise=st.sampled_from([0.0, 1e-9, 1e-3, 1.0]), seed=st.integers(0, 2**32 - 1))
def test_a_wrong_inverse_gives_a_wider_interval_for_the_smallest_singular_value(
    n: int, noise: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    V = rng.uniform(-1, 1, size=(n, n))
    R = np.linalg.inv(V)
    R += noise * float(np.abs(R).max()) * rng.normal(size=(n, n))
    guess, v = np.linalg.norm(R, 2), np.linalg.svd(R)[2][0]
    lower, upper = spectral._by_inverse(V, R, float(guess), v)
    good = smallest_singular_value(V)
    assert lower <= good.upper
    assert good.lower <= upper


@pytest.mark.parametrize("n", [30, 100])
def test_widths_of_gaussian_matrices_are_near_rounding(n: int) -> None:
    W = np.random.default_rng(n).normal(size=(n, n))
    assert spectral_radius(W).width < 1e-9 * spectral_radius(W).upper
    assert smallest_singular_value(W).width < 1e-6 * smallest_singular_value(W).upper
    assert spectral.spectral_norm(W).width < 1e-11 * spectral.spectral_norm(W).upper


# Ball arithmetic


@pytest.mark.peer("flint")
@pytest.mark.parametrize("n", [12, 20, pytest.param(28, marks=pytest.mark.slow)])
def test_balls_of_three_hundred_bits_lie_in_the_intervals(n: int) -> None:
    import flint

    with flint.ctx.workprec(300):
        for seed in range(3):
            W = np.random.default_rng(seed).normal(size=(n, n)) * (np.random.default_rng(seed).random((n, n)) < 0.6)
            M = flint.acb_mat(flint.arb_mat(W.tolist()))
            radius = [abs(value) for value in M.eig()]
            squares = [value.real for value in (M.transpose() * M).eig()]
            for found, values, sign, power in (
                (spectral_radius(W), radius, 1, 1),
                (spectral.spectral_norm(W), squares, 1, 2),
                (-smallest_singular_value(W), squares, -1, 2),
            ):
                balls = [sign * value for value in values]  # the constant is their largest
                lower, upper = (sign * flint.arb(end) ** power for end in (found.lower, found.upper))
                assert all(ball < upper for ball in balls)
                assert any(ball > lower for ball in balls)
                shrunk, raised = (
                    sign * flint.arb(end) ** power
                    for end in (found.upper - 1.01 * found.width, found.lower + 1.01 * found.width)
                )
                assert any(ball > shrunk for ball in balls)
                assert all(ball < raised for ball in balls)


def test_mpmath_agrees_on_a_polynomial_with_close_zeros() -> None:
    W = np.array([[0.0, 0.0, 0.3], [1.0, 0.0, -1.1], [0.0, 1.0, 1.7]])
    with mpmath.workdps(60):
        zeros = mpmath.polyroots([1, -mpmath.mpf(1.7), mpmath.mpf(1.1), -mpmath.mpf(0.3)], maxsteps=200, extraprec=200)
        value = max(abs(zero) for zero in zeros)
        found = spectral_radius(W)
        assert found.lower <= value <= found.upper
        assert not found.lower <= value * (1 + mpmath.mpf(1e-13)) <= found.upper
