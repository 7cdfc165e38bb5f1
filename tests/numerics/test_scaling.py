"""The laws of s(W) = inf over positive diagonal L of ||L W L^-1||_2, and exact checks of its certificates."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import (
    diagonal_scaling,
    diagonal_scaling_norm,
    perron_radius,
    scaling_bounds,
    spectral_norm,
    spectral_radius,
)

Matrix = NDArray[np.float64]
Exact = list[list[Fraction]]
TOLERANCE = 1e-6  # relative gap of the two ends of s(W) on usual matrices
SHRUNK = Fraction(10**13 - 1, 10**13)  # the planted falsehood: a bound wrong by 1e-13


def graded(n: int, rng: np.random.Generator) -> Matrix:
    d = 10.0 ** rng.uniform(-60, 60, size=n)
    return d[:, None] * rng.normal(size=(n, n)) / d


def ring(n: int, rng: np.random.Generator) -> Matrix:
    """A signed cyclic permutation with weights: s is their geometric mean."""
    return np.roll(np.eye(n), 1, axis=0) * rng.choice([-1.0, 1.0], size=n) * 2.0 ** rng.integers(-9, 9, size=n)


def two_blocks(n: int, rng: np.random.Generator) -> Matrix:
    """Two blocks coupled in one direction, hidden by a permutation."""
    W = rng.normal(size=(n, n))
    W[: n // 2, n // 2 :] = 0.0
    order = rng.permutation(n)
    return W[np.ix_(order, order)]


def symmetric(n: int, rng: np.random.Generator) -> Matrix:
    A = rng.normal(size=(n, n))
    return A + A.T


KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "non-normal": lambda n, rng: np.tril(rng.normal(size=(n, n))) + 0.01 * rng.normal(size=(n, n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "symmetric": symmetric,
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "graded": graded,
    "wide range": lambda n, rng: rng.normal(size=(n, n)) * np.exp(3 * rng.normal(size=(n, n))),
    "weakly coupled": lambda n, rng: np.diag(rng.normal(size=n)) + 1e-9 * rng.normal(size=(n, n)),
    "ring": ring,
    "irreducible nilpotent": lambda n, rng: np.outer(np.ones(n), np.append(np.ones(n - 1), 1.0 - n)),
    "nilpotent": lambda n, rng: np.tril(rng.normal(size=(n, n)), -1),
    "Jordan": lambda n, rng: rng.normal() * np.eye(n) + np.eye(n, k=1),
    "triangular": lambda n, rng: np.triu(rng.normal(size=(n, n))),
    "two blocks": two_blocks,
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, n)) < 2.5 / n),
    "zero rows": lambda n, rng: (rng.random((n, 1)) < 0.6) * rng.normal(size=(n, n)) * (rng.random(n) < 0.8),
    "zero": lambda n, rng: np.zeros((n, n)),
}


@st.composite
def matrices(draw: st.DrawFn, *, largest: int = 8) -> Matrix:
    """A square matrix of every kind above, at scales from 1e-310 to 1e200, in double or single precision."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    n = draw(st.integers(1, largest))
    W = KINDS[kind](n, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    scale = draw(st.sampled_from([1.0, 1e-310, 1e-200, 1e200, 0.3]))
    W = W / (float(np.abs(W).max()) or 1.0) * scale
    return W.astype(np.float32) if scale in (1.0, 0.3) and draw(st.booleans()) else W


# Exact arithmetic


def exactly(W: Matrix) -> Exact:
    return [[Fraction(float(w)) for w in row] for row in W]


def is_semidefinite(M: Exact, *, definite: bool = False) -> bool:
    """Whether a symmetric rational matrix is positive (semi)definite, by symmetric elimination."""
    M = [row[:] for row in M]
    n = len(M)
    for k in range(n):
        pivot = M[k][k]
        if pivot < 0 or (pivot == 0 and (definite or any(M[k][j] != 0 for j in range(k, n)))):
            return False
        if pivot == 0:
            continue
        for i in range(k + 1, n):
            factor = M[i][k] / pivot
            for j in range(k, n):
                M[i][j] -= factor * M[k][j]
    return True


def gap(W: Exact, weights: list[Fraction], t: Fraction) -> Exact:
    """t^2 P - W^T P W with P = diag(weights): semidefinite if and only if ||L W L^-1||_2 <= t for L^2 = P."""
    n = len(W)
    product = [[sum(W[k][i] * weights[k] * W[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
    return [[(t * t * weights[i] if i == j else 0) - product[i][j] for j in range(n)] for i in range(n)]


def norm_is_at_most(W: Matrix, L: Matrix, t: Fraction) -> bool:
    return is_semidefinite(gap(exactly(W), [Fraction(float(x)) ** 2 for x in L], t))


def norm_is_at_least(W: Matrix, L: Matrix, t: Fraction) -> bool:
    return t == 0 or not is_semidefinite(gap(exactly(W), [Fraction(float(x)) ** 2 for x in L], t), definite=True)


@given(W=matrices(largest=5), limit=st.sampled_from([1.5, 1e8, 1e60]))
def test_the_norm_of_the_scaled_matrix_is_enclosed_in_exact_arithmetic(W: Matrix, limit: float) -> None:
    found = diagonal_scaling(W, condition_limit=limit)
    assert norm_is_at_most(W, found.diagonal, Fraction(found.norm.upper))
    assert norm_is_at_least(W, found.diagonal, Fraction(found.norm.lower))
    extremes = Fraction(float(found.diagonal.max())) / Fraction(float(found.diagonal.min()))
    assert (
        Fraction(found.condition.lower) <= extremes <= Fraction(found.condition.upper) <= Fraction(limit * (1 + 1e-12))
    )
    assert {found.norm.evidence, found.condition.evidence, found.infimum.evidence} == {"certified"}


@pytest.mark.parametrize("n", [6, pytest.param(14, marks=pytest.mark.slow)])
def test_the_exact_check_catches_a_norm_that_is_wrong_by_one_part_in_ten_trillion(n: int) -> None:
    width = 1 if n <= 6 else 10
    for seed in range(6):
        W = np.random.default_rng(seed).normal(size=(n, n))
        found = diagonal_scaling(W)
        shrunk = 1 - width * (1 - SHRUNK)
        assert norm_is_at_most(W, found.diagonal, Fraction(found.norm.upper))
        assert not norm_is_at_most(W, found.diagonal, Fraction(found.norm.upper) * shrunk)
        assert norm_is_at_least(W, found.diagonal, Fraction(found.norm.lower))
        assert not norm_is_at_least(W, found.diagonal, Fraction(found.norm.lower) / shrunk)


@given(W=matrices(largest=4), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_no_rational_scaling_has_a_norm_below_the_lower_end(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = diagonal_scaling(W, condition_limit=1e60)
    lower = Fraction(found.infimum.lower)
    for spread in (0.0, 1e-12, 1e-6, 1e-3, 1.0, 30.0):
        assert norm_is_at_least(W, found.diagonal * np.exp(spread * rng.normal(size=len(W))), lower)


# The dual bound


def dual_quotient(A: Matrix, R: Matrix) -> Fraction:
    """min_i ||(A R)_i||^2/||R_i||^2 over the rows with R_i != 0, exactly."""
    W, S = exactly(A), exactly(R)
    n, r = R.shape
    image = [[sum(W[i][k] * S[k][j] for k in range(n)) for j in range(r)] for i in range(n)]
    return min(sum(y * y for y in image[i]) / sum(x * x for x in S[i]) for i in range(n) if any(S[i]))


@given(n=st.integers(1, 6), r=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_dual_bound_is_the_least_exact_quotient_up_to_rounding(n: int, r: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, size=(n, n))
    R = (
        rng.normal(size=(n, r))
        * 10.0 ** rng.uniform(-3, 3, size=(n, 1))
        * rng.choice([0.0, 1.0], p=[0.1, 0.9], size=(n, 1))
    )
    if not R.any():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scaling_bounds, "ROUNDS", 1)  # no set of units but the first
        bound = scaling_bounds.dual_below(A, R)
    exact = dual_quotient(A[np.ix_(R.any(axis=1), R.any(axis=1))], R[R.any(axis=1)])
    assert Fraction(bound) ** 2 <= exact
    if bound > 1e-3:
        lost = n * n * float(np.abs(R).max()) / float(np.abs(R).max(axis=1)[R.any(axis=1)].min())
        assert (Fraction(bound) + Fraction(1e-13 + 4e-15 * lost)) ** 2 > exact


@given(n=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_the_dual_bound_of_any_floats_is_below_the_norm_under_any_scaling(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.uniform(-1, 1, size=(n, n)) * 10.0 ** rng.uniform(-9, 0, size=(n, n))
    A = A / np.abs(A).max() / 2
    bound = scaling_bounds.dual_below(A, rng.normal(size=(n, n)) * 10.0 ** rng.uniform(-200, 0, size=(n, 1)))
    assert norm_is_at_least(A, 10.0 ** rng.uniform(-3, 3, size=n), Fraction(bound))


def test_the_dual_bound_of_what_is_no_number_is_zero() -> None:
    A = np.full((2, 2), 0.5)
    for R in (np.zeros((2, 2)), np.full((2, 2), np.nan), np.full((2, 1), np.inf)):
        assert scaling_bounds.dual_below(A, R) == 0.0


@given(W=matrices(largest=5), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_similar_matrix_is_within_two_roundings_of_the_exact_one(W: Matrix, seed: int) -> None:
    if not W.any():
        return
    rng = np.random.default_rng(seed)
    W = np.asarray(W, dtype=np.float64)
    n = len(W)
    m, b = rng.uniform(0.5, 2, size=n), rng.integers(-3000, 3000, size=n)
    A, exponent = scaling_bounds.similar(W, m, b)
    assert 0.5 <= np.abs(A).max() < 1.0
    d, h = Fraction(scaling_bounds.ROUNDED), Fraction(2) ** -1021
    for i in range(n):
        for j in range(n):
            power = Fraction(2) ** int(b[i] - b[j] - exponent)
            exact = Fraction(float(W[i, j])) * Fraction(float(m[i])) / Fraction(float(m[j])) * power
            assert abs(exact - Fraction(float(A[i, j]))) <= d * abs(Fraction(float(A[i, j]))) + h


# The hierarchy and invariance


@given(W=matrices(), limit=st.sampled_from([1.5, 1e8]))
def test_the_infimum_lies_between_the_spectral_radius_and_both_norms(W: Matrix, limit: float) -> None:
    found = diagonal_scaling(W, condition_limit=limit)
    assert spectral_radius(W).lower <= found.infimum.upper <= min(spectral_norm(W).upper, perron_radius(W).upper)
    assert found.infimum.lower <= found.infimum.upper <= found.norm.upper <= spectral_norm(W).upper
    assert diagonal_scaling_norm(W) == found.infimum


@given(W=matrices(), seed=st.integers(0, 2**32 - 1))
def test_the_infimum_is_invariant_under_scaling_permutation_transposition_and_signs(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, W = len(W), np.asarray(W / (np.abs(W).max() or 1.0), dtype=np.float64)
    L, order = 2.0 ** rng.integers(-60, 60, size=n), rng.permutation(n)
    expected = diagonal_scaling(W).infimum
    for other in (L[:, None] * W / L, W[np.ix_(order, order)], W.T, rng.choice([-1.0, 1.0], size=(n, 1)) * W):
        found = diagonal_scaling(other).infimum
        assert found.lower <= expected.upper
        assert expected.lower <= found.upper
        assert found.upper == pytest.approx(expected.upper, rel=2 * TOLERANCE, abs=0)


@given(W=matrices(), exponent=st.integers(-200, 200))
def test_the_infimum_is_homogeneous(W: Matrix, exponent: int) -> None:
    W = np.asarray(W / (np.abs(W).max() or 1.0), dtype=np.float64)
    before, after = diagonal_scaling(W), diagonal_scaling(W * 2.0**exponent)
    assert after.infimum.upper == pytest.approx(before.infimum.upper * 2.0**exponent, rel=2 * TOLERANCE, abs=0)


@given(W=matrices(largest=5), other=matrices(largest=5), seed=st.integers(0, 2**32 - 1))
def test_a_block_triangular_matrix_has_the_larger_infimum_of_its_blocks(W: Matrix, other: Matrix, seed: int) -> None:
    n, m = len(W), len(other)
    scale = max(float(np.abs(W).max()), float(np.abs(other).max()))
    coupling = scale * np.random.default_rng(seed).normal(size=(n, m))
    found = diagonal_scaling(np.block([[W, coupling], [np.zeros((m, n)), other]])).infimum
    parts = diagonal_scaling(W).infimum, diagonal_scaling(other).infimum
    assert found.lower == max(part.lower for part in parts)
    assert found.upper <= max(part.upper for part in parts) * (1 + 1e-12)
