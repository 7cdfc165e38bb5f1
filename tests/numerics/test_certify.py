"""The inequalities of `certify` hold in exact arithmetic, for good guesses and for bad ones, and naive ones do not."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import lapack

from errorflow.numerics import certify

Matrix = NDArray[np.float64]
GUESSES: dict[str, Callable[[float], float | None]] = {
    "none": lambda value: None,
    "good": lambda value: value,
    "a little too small": lambda value: value * (1 - 1e-9),
    "a little too large": lambda value: value * (1 + 1e-13),
    "zero": lambda value: 0.0,
    "negative": lambda value: -value,
    "tiny": lambda value: 5e-324,
    "huge": lambda value: 1e300,
    "infinite": lambda value: math.inf,
    "no number": lambda value: math.nan,
}
KINDS: dict[str, Callable[[tuple[int, int], np.random.Generator], Matrix]] = {
    "dense": lambda shape, rng: rng.normal(size=shape),
    "rank one": lambda shape, rng: np.outer(rng.normal(size=shape[0]), rng.normal(size=shape[1])),
    "integers": lambda shape, rng: rng.integers(-2, 3, size=shape).astype(float),
    "graded": lambda shape, rng: rng.normal(size=shape) * 10.0 ** rng.integers(-60, 61, size=shape),
    "identity": lambda shape, rng: np.eye(*shape),
    "all ones": lambda shape, rng: np.ones(shape),
    "subnormal": lambda shape, rng: rng.integers(-3, 4, size=shape) * 5e-324,
    "zero": lambda shape, rng: np.zeros(shape),
}
SCALES = (1.0, 1e-310, 1e300, 2.0**-1000, 2.0**1000, 1e-160, 1e150)


@st.composite
def matrices(draw: st.DrawFn, *, square: bool = False) -> Matrix:
    """A matrix of up to 5 rows and columns of every kind above, at every scale."""
    k = draw(st.integers(1, 5))
    shape = (k, k if square else draw(st.integers(1, 5)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    A = KINDS[draw(st.sampled_from(sorted(KINDS)))](shape, rng)
    return A / (float(np.abs(A).max()) or 1.0) * draw(st.sampled_from(SCALES))


def exactly(A: Matrix) -> list[list[Fraction]]:
    return [[Fraction(x) for x in row] for row in A.tolist()]


def gram(A: Matrix) -> list[list[Fraction]]:
    columns = list(zip(*exactly(A), strict=True))
    return [[sum((x * y for x, y in zip(p, q, strict=True)), Fraction()) for q in columns] for p in columns]


def semidefinite(G: list[list[Fraction]], t: Fraction, sign: int) -> bool:
    """Whether sign (t I - G) is positive semidefinite, by rational symmetric elimination."""
    M = [[sign * ((t if i == j else 0) - x) for j, x in enumerate(row)] for i, row in enumerate(G)]
    for k in range(len(M)):
        if M[k][k] < 0 or (M[k][k] == 0 and any(M[k][k + 1 :])):
            return False
        for i in range(k + 1, len(M)):
            if M[i][k]:
                factor = M[i][k] / M[k][k]
                M[i] = [x - factor * y for x, y in zip(M[i], M[k], strict=True)]
    return True


def is_norm_at_most(A: Matrix, s: float) -> bool:
    return s == math.inf or (s >= 0.0 and semidefinite(gram(A), Fraction(s) ** 2, 1))


# Bounds against exact arithmetic


@given(A=matrices(), guess=st.sampled_from(sorted(GUESSES)), seed=st.integers(0, 2**32 - 1))
def test_the_norm_is_between_its_bounds_for_every_guess_and_vector(A: Matrix, guess: str, seed: int) -> None:
    value, v = certify.top_vector(A)
    upper = certify.norm_above(A, guess=GUESSES[guess](value))
    assert is_norm_at_most(A, upper)
    for vector in (v, np.random.default_rng(seed).normal(size=len(v))):
        lower = certify.norm_below(A, vector)
        assert lower <= 0.0 or lower == 5e-324 or not is_norm_at_most(A, certify.down(lower))
    if 1e-290 < value < 1e290:
        assert upper <= certify.norm_below(A, v) * (1 + 1e-9 * (guess == "a little too small") + 1e-12)


@given(A=matrices(), guess=st.sampled_from(sorted(GUESSES)))
def test_the_smallest_gain_is_at_least_its_bound(A: Matrix, guess: str) -> None:
    A = A if A.shape[0] >= A.shape[1] else A.T
    lower = certify.gain_below(A, guess=GUESSES[guess](certify.top_vector(A)[0]))
    assert semidefinite(gram(A), Fraction(lower) ** 2, -1)


@given(A=matrices(square=True), guess=st.sampled_from(sorted(GUESSES)))
def test_the_largest_eigenvalue_is_at_most_its_bound(A: Matrix, guess: str) -> None:
    S = np.tril(A) + np.tril(A, -1).T
    upper = certify.largest_eigenvalue(A, guess=GUESSES[guess](float(np.abs(A).max())))
    assert upper == math.inf or semidefinite(exactly(S), Fraction(upper), 1)


@given(A=matrices(), exponent=st.integers(-56, 10))
def test_a_norm_that_is_certified_is_at_most_the_number(A: Matrix, exponent: int) -> None:
    for s in (certify.top_vector(A)[0] * (1 + 2.0**exponent), certify.top_vector(A)[0] * (1 - 2.0**-50)):
        if certify.norm_at_most(A, s):
            assert is_norm_at_most(A, s)


@given(A=matrices(), seed=st.integers(0, 2**32 - 1))
def test_the_stretch_of_a_vector_is_between_its_bounds(A: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    v = rng.normal(size=A.shape[1]) * 10.0 ** rng.integers(-200, 200)
    lower, upper = certify.stretch(A, v)
    w = [Fraction(x) for x in v.tolist()]
    image = [sum((a * x for a, x in zip(row, w, strict=True)), Fraction()) for row in exactly(A)]
    squared = sum((y * y for y in image), Fraction()) / sum((x * x for x in w), Fraction())
    assert Fraction(lower) ** 2 <= squared
    assert upper == math.inf or squared <= Fraction(upper) ** 2


@pytest.mark.parametrize("n", [1, 10, 30, 100])
def test_a_norm_is_certified_a_few_parts_in_a_trillion_above(n: int) -> None:
    A = np.random.default_rng(n).normal(size=(n, n))
    value, v = certify.top_vector(A)
    assert certify.norm_at_most(A, value * (1 + 2e-12))
    assert not certify.norm_at_most(A, value * (1 - 1e-14))
    assert certify.norm_above(A, guess=value) <= certify.norm_below(A, v) * (1 + 2e-12)
    assert certify.norm_above(A) <= value * (1 + 2e-12)


@pytest.mark.parametrize("n", [40, 130])
def test_graded_clustered_and_defective_matrices_cost_no_accuracy(n: int) -> None:
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    for A in (Q, Q * (1 - 1e-9 * np.arange(n)), np.eye(n), np.eye(n) + np.eye(n, k=1), np.diag(10.0 ** -np.arange(n))):
        value, v = certify.top_vector(A)
        assert certify.norm_above(A, guess=value) <= certify.norm_below(A, v) * (1 + 1e-11)


def test_matrices_near_a_multiple_of_the_identity_have_their_gain() -> None:
    for seed in range(200):  # LAPACK's bisection finds no eigenvalue of some of them
        Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
        assert certify.gain_below(Q * 0.7) > 0.7 * (1 - 1e-13)


# Falsehoods


def naive(A: Matrix, s: float) -> bool:
    """Whether floating-point Cholesky of s^2 I - A^T A runs to its end, with no allowance for rounding."""
    return bool(lapack.dpotrf(s * s * np.eye(A.shape[1]) - A.T @ A, lower=1)[1] == 0)


def test_cholesky_without_an_allowance_for_rounding_certifies_what_is_false() -> None:
    false = refused = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        A = np.outer(rng.normal(size=4), rng.normal(size=4))
        for ulps in (1, 2):
            s = certify.top_vector(A)[0] * (1 - ulps * certify.U)
            if naive(A, s) and not is_norm_at_most(A, s):
                false += 1
                refused += not certify.norm_at_most(A, s)
    assert false > 10
    assert refused == false


@given(A=matrices(), seed=st.integers(0, 2**32 - 1))
def test_the_exact_check_catches_bounds_that_are_wrong_by_one_part_in_ten_trillion(A: Matrix, seed: int) -> None:
    value, v = certify.top_vector(A)
    if 1e-290 < value < 1e290:
        assert not is_norm_at_most(A, certify.norm_above(A) * (1 - 1e-13))
        assert is_norm_at_most(A, certify.norm_below(A, v) * (1 + 1e-13))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_certified(value: float) -> None:
    for n in (1, 3, 200):
        A = np.eye(n)
        A[-1, 0] = value
        assert certify.norm_above(A) == math.inf
        assert certify.largest_eigenvalue(A) == math.inf
        assert certify.norm_below(A, np.ones(n)) == certify.gain_below(A) == 0.0
        assert not certify.norm_at_most(A, 1e300)
        assert certify.stretch(np.eye(n), A[-1]) == ((0.0, math.inf) if n > 1 or value else (1.0, 1.0))
    assert certify.largest_eigenvalue(np.eye(2), error=value) == math.inf
    assert not certify.norm_at_most(np.eye(2), -1.0)


@pytest.mark.parametrize("place", [(0, 0), (1, 0), (2, 1), (2, 2)])
def test_a_factorization_through_nan_is_not_believed(place: tuple[int, int]) -> None:
    A = np.asfortranarray(np.eye(3) / 2)
    A[place] = math.nan
    assert certify._shifted(A, np.diag(A).copy(), 2.0) is None


# Rounded operations


@given(value=st.floats(allow_nan=False, allow_infinity=False), exponent=st.integers(-2200, 2200))
def test_scaling_by_a_power_of_two_is_rounded_outward_to_the_next_float(value: float, exponent: int) -> None:
    exact = Fraction(value) * Fraction(2) ** exponent
    upper, lower = certify.scaled_up(value, exponent), certify.scaled_down(value, exponent)
    assert upper == math.inf or exact <= Fraction(upper)
    assert lower == -math.inf or Fraction(lower) <= exact
    below, above = certify.down(upper), certify.up(lower)
    assert below == -math.inf or Fraction(below) < exact
    assert above == math.inf or exact < Fraction(above)


@given(k=st.integers(0, 2**55))
def test_gamma_and_phi_are_upper_bounds_or_infinite(k: int) -> None:
    u = Fraction(1, 2**53)
    if k * u < 1:
        assert (
            k * u / (1 - k * u)
            <= Fraction(certify.gamma(k))
            <= k * u / (1 - k * u) * (1 + 4 * u) + Fraction(1, 2**1000)
        )
    else:
        assert certify.gamma(k) == math.inf
    if 2 * k * u < 1:
        assert k * u / (1 - 2 * k * u) <= Fraction(certify.phi(k))
    else:
        assert certify.phi(k) == math.inf


@given(x=st.floats(allow_nan=False))
def test_square_roots_are_rounded_outward(x: float) -> None:
    lower, upper = certify.square_root_below(x), certify.square_root_above(x)
    assert 0.0 <= lower <= upper
    if 0.0 < x < math.inf:
        assert Fraction(lower) ** 2 <= Fraction(x) <= Fraction(upper) ** 2


def test_square_roots_of_what_is_no_number_are_trivial_bounds() -> None:
    assert (certify.square_root_below(math.nan), certify.square_root_above(math.nan)) == (0.0, math.inf)


@given(terms=st.lists(st.floats(0.0, 1e100), min_size=1, max_size=40))
def test_sums_and_lengths_of_vectors_are_rounded_outward(terms: list[float]) -> None:
    v = np.array(terms)
    total, squares = sum(map(Fraction, terms)), sum(Fraction(x) ** 2 for x in terms)
    assert total <= Fraction(certify.sum_above(v))
    assert Fraction(certify.norm_of_vector_below(v)) ** 2 <= squares <= Fraction(certify.norm_of_vector_above(v)) ** 2
