"""The laws of the constants: rho(W) <= s(W) <= min(||W||_2, rho(|W|)), rho(|W|) <= ||W||_inf <= n w_max."""

import math
from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from errorflow.numerics.constants import (
    Scaling,
    barrier,
    diagonal_scaling,
    diagonal_scaling_norm,
    logarithmic_norm,
    max_abs,
    perron_radius,
    row_sum_norm,
    scaling,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)
from errorflow.numerics.enclosure import Enclosure

Matrix = NDArray[np.float64]
NORMS: list[Callable[..., Enclosure]] = [max_abs, row_sum_norm, spectral_norm, diagonal_scaling_norm]
CONSTANTS = [*NORMS, smallest_singular_value, spectral_radius, perron_radius, logarithmic_norm]
ROUNDING = 1e-12
OPTIMUM = 2e-6  # how far infimum.upper may be from s(W): the tolerance of the search


def symmetric(n: int, rng: np.random.Generator) -> Matrix:
    A = rng.normal(size=(n, n))
    return A + A.T


def badly_scaled(n: int, rng: np.random.Generator) -> Matrix:
    d = 10 ** rng.uniform(-2, 2, size=n)
    return d[:, None] * rng.normal(size=(n, n)) / d


def permutation(n: int, rng: np.random.Generator) -> Matrix:
    return np.eye(n)[rng.permutation(n)] * rng.uniform(0.5, 2.0, size=n)


def reducible(n: int, rng: np.random.Generator) -> Matrix:
    """Two blocks coupled in one direction, hidden by a permutation."""
    W = rng.normal(size=(n, n))
    W[: n // 2, n // 2 :] = 0.0
    order = rng.permutation(n)
    return W[np.ix_(order, order)]


def zero_rows(n: int, rng: np.random.Generator) -> Matrix:
    return (rng.random((n, 1)) < 0.6) * rng.normal(size=(n, n)) * (rng.random(n) < 0.8)


def nilpotent(n: int, rng: np.random.Generator) -> Matrix:
    return np.tril(rng.normal(size=(n, n)), -1)


IRREDUCIBLE: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "non-normal": lambda n, rng: np.tril(rng.normal(size=(n, n))) + 0.01 * rng.normal(size=(n, n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "symmetric": symmetric,
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "badly scaled": badly_scaled,
    "wide range": lambda n, rng: rng.normal(size=(n, n)) * np.exp(3 * rng.normal(size=(n, n))),
}
REDUCIBLE: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "nilpotent": nilpotent,
    "Jordan": lambda n, rng: rng.normal() * np.eye(n) + np.eye(n, k=1),
    "permutation": permutation,
    "triangular": lambda n, rng: np.triu(rng.normal(size=(n, n))),
    "two blocks": reducible,
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, n)) < 2.5 / n),
    "zero rows": zero_rows,
    "zero": lambda n, rng: np.zeros((n, n)),
}


@st.composite
def matrices(draw: st.DrawFn, *, irreducible: bool = False, largest: int = 9) -> Matrix:
    """A square matrix of every kind above, at scales from 1e-200 to 1e200."""
    kinds = IRREDUCIBLE if irreducible else IRREDUCIBLE | REDUCIBLE
    kind = draw(st.sampled_from(sorted(kinds)))
    n = draw(st.integers(1, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return kinds[kind](n, rng) * draw(st.sampled_from([1.0, 1e-200, 1e200, 0.3]))


def at_most(smaller: float, larger: float, *, tolerance: float = ROUNDING) -> bool:
    return smaller <= larger * (1 + tolerance)


# The hierarchy


@given(W=matrices())
def test_the_norms_and_radii_are_ordered(W: Matrix) -> None:
    chain = [spectral_radius(W), perron_radius(W), row_sum_norm(W), len(W) * max_abs(W)]
    # An eigenvalue is as exact as the norm of the block, not as its own modulus.
    assert chain[0].upper <= chain[1].upper + 1e-7 * spectral_norm(W).upper
    assert all(at_most(a.upper, b.upper) for a, b in pairwise(chain[1:]))
    assert at_most(smallest_singular_value(W).upper, spectral_norm(W).upper)
    assert at_most(spectral_norm(W).upper, math.sqrt(len(W)) * row_sum_norm(W).upper)
    assert at_most(max_abs(W).upper, spectral_norm(W).upper)
    for p in (1, 2, math.inf):
        assert logarithmic_norm(W, p=p).upper <= spectral_norm(W).upper * (1 + math.sqrt(len(W)))
    assert at_most(abs(logarithmic_norm(W).upper), spectral_norm(W).upper)


@given(W=matrices())
def test_the_scaled_norm_lies_between_the_spectral_radius_and_both_norms(W: Matrix) -> None:
    found = diagonal_scaling(W)
    assert spectral_radius(W).upper <= found.infimum.upper + 1e-7 * spectral_norm(W).upper
    assert at_most(found.infimum.upper, spectral_norm(W).upper)
    assert at_most(found.infimum.upper, perron_radius(W).upper, tolerance=1e-9)
    assert found.infimum.lower <= found.infimum.upper <= found.norm.upper
    assert at_most(found.norm.upper, spectral_norm(W).upper)


def attained(W: Matrix, found: Scaling) -> float:
    L = found.diagonal
    scale = float(np.abs(W).max()) or 1.0
    return float(np.linalg.norm(L[:, None] * (W / scale) / L, 2)) * scale


@given(W=matrices(), limit=st.sampled_from([1.5, 1e3, 1e8]))
def test_the_norm_is_attained_by_the_scaling_that_is_returned(W: Matrix, limit: float) -> None:
    found = diagonal_scaling(W, condition_limit=limit)
    assert found.norm.upper == pytest.approx(attained(W, found), rel=1e-9)
    assert found.condition.upper == pytest.approx(found.diagonal.max() / found.diagonal.min())
    assert at_most(found.condition.upper, limit)
    both = diagonal_scaling_norm(W, condition_limit=limit)
    assert (both.lower, both.upper) == (found.infimum.lower, found.norm.upper)


# The scaled norm: invariance


@given(W=matrices(), seed=st.integers(0, 2**32 - 1))
def test_the_scaled_norm_is_invariant_under_scaling_permutation_and_transposition(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = len(W)
    L, order = 10.0 ** rng.uniform(-3, 3, size=n), rng.permutation(n)
    expected = diagonal_scaling(W).infimum
    for other in (
        L[:, None] * W / L,
        W[np.ix_(order, order)],
        W.T,
        -W,
        np.where(rng.random(n) < 0.5, -1.0, 1.0) * W,
    ):
        found = diagonal_scaling(other).infimum
        assert at_most(found.lower, expected.upper, tolerance=1e-9)
        assert at_most(expected.lower, found.upper, tolerance=1e-9)
        assert found.upper == pytest.approx(expected.upper, rel=OPTIMUM, abs=0)


@given(W=matrices(), exponent=st.integers(-200, 200))
def test_constants_are_homogeneous(W: Matrix, exponent: int) -> None:
    assume(float(np.abs(W).max()) * 2.0**exponent < 1e250)
    assume(not W.any() or float(np.abs(W[W != 0]).min()) * 2.0**exponent > 1e-250)
    for constant in CONSTANTS:
        before, after = constant(W), constant(W * 2.0**exponent)
        assert after.upper == pytest.approx(before.upper * 2.0**exponent, rel=OPTIMUM, abs=0)


@given(first=matrices(largest=5), second=matrices(largest=5), seed=st.integers(0, 2**32 - 1))
def test_a_block_triangular_matrix_has_the_larger_constant_of_its_blocks(
    first: Matrix, second: Matrix, seed: int
) -> None:
    n, m = len(first), len(second)
    scale = max(float(np.abs(first).max()), float(np.abs(second).max()))
    coupling = scale * np.random.default_rng(seed).normal(size=(n, m))
    W = np.block([[first, coupling], [np.zeros((m, n)), second]])
    for constant in (spectral_radius, perron_radius, lambda A: diagonal_scaling(A).infimum):
        expected = max(constant(first).upper, constant(second).upper)
        assert constant(W).upper == pytest.approx(expected, rel=1e-6, abs=0)


def test_the_laws_catch_a_search_that_forgets_the_components(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "components", lambda W: [np.arange(len(W))])
    assert diagonal_scaling(np.eye(2, k=1)).infimum.upper > 0.0


def test_the_laws_catch_a_search_that_stays_where_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barrier, "STEPS", 0)
    found = diagonal_scaling(np.random.default_rng(0).normal(size=(20, 20))).infimum
    assert found.upper - found.lower > 0.1 * found.upper


# The scaled norm: exact cases and independent optimizers


@given(a=st.floats(1e-150, 1e150), b=st.floats(1e-150, 1e150))
def test_two_units_in_a_ring_have_the_geometric_mean(a: float, b: float) -> None:
    W = np.array([[0.0, a], [-b, 0.0]])
    found = diagonal_scaling(W, condition_limit=1e60)
    assert found.infimum.upper == pytest.approx(math.sqrt(a) * math.sqrt(b), rel=1e-12)
    if 1e-80 < a / b < 1e80:
        assert found.diagonal[0] / found.diagonal[1] == pytest.approx(math.sqrt(b) / math.sqrt(a), rel=1e-6)


@given(W=matrices(irreducible=True))
def test_a_nonnegative_matrix_has_its_perron_root(W: Matrix) -> None:
    found = diagonal_scaling(np.abs(W))
    assert found.infimum.upper == pytest.approx(perron_radius(W).upper, rel=1e-9)
    assert found.infimum.lower == pytest.approx(perron_radius(W).upper, rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_normal_matrices_and_cycles_need_no_scaling(n: int) -> None:
    rng = np.random.default_rng(n)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    for W in (3 * Q, 2 * np.eye(n)[rng.permutation(n)], np.zeros((n, n)), -np.eye(n)):
        found = diagonal_scaling(W)
        assert found.condition.upper == pytest.approx(1.0)
        assert found.infimum.lower == pytest.approx(np.linalg.norm(W, 2), rel=1e-12)


@pytest.mark.parametrize("limit", [10.0, 1e8])
def test_a_nilpotent_matrix_is_scaled_as_far_as_the_limit_allows(limit: float) -> None:
    found = diagonal_scaling(np.array([[0.0, 1.0], [0.0, 0.0]]), condition_limit=limit)
    assert (found.infimum.lower, found.infimum.upper) == (0.0, 0.0)
    assert found.norm.upper == pytest.approx(1 / limit, rel=1e-3)


def test_a_scaling_near_the_infimum_is_not_made_worse_conditioned() -> None:
    W = np.array([[1.0, 0.01, 1.0], [0.02, 1.0, 1.0], [0.0, 0.0, 0.2]])
    found = diagonal_scaling(W, condition_limit=1e12)
    assert found.norm.upper <= found.infimum.upper * (1 + 2e-4)
    assert found.condition.upper < 1e4


@given(n=st.integers(2, 3), seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=30)
def test_a_derivative_free_search_finds_no_smaller_norm(n: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n)) * np.exp(spread * rng.normal(size=(n, n)))

    def norm(y: NDArray[np.float64]) -> float:
        L = np.exp(np.append(y, 0.0))
        return float(np.linalg.norm(L[:, None] * W / L, 2))

    y = np.zeros(n - 1)
    for _ in range(6):
        simplex = np.vstack([y, y + 0.5 * rng.normal(size=(n - 1, n - 1))])
        options = {"xatol": 1e-12, "fatol": 1e-15, "maxfev": 4000, "initial_simplex": simplex}
        y = minimize(norm, y, method="Nelder-Mead", options=options).x
    infimum = diagonal_scaling(W).infimum
    assert infimum.lower * (1 - 1e-9) <= norm(y)
    assert infimum.upper <= norm(y) * (1 + OPTIMUM)


@pytest.mark.parametrize("n", [5, 20, 64])
def test_the_two_bounds_of_a_gaussian_matrix_meet(n: int) -> None:
    for seed in range(3):
        found = diagonal_scaling(np.random.default_rng(seed).normal(size=(n, n)) / math.sqrt(n)).infimum
        assert found.upper - found.lower < 5e-5 * found.upper


@given(W=matrices(irreducible=True, largest=5), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_masked_products_decay_as_the_scaling_says(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = W / np.abs(W).max()
    found = diagonal_scaling(W)
    product = np.eye(len(W))
    for k in range(1, 8):
        product = rng.uniform(0, 1, size=(len(W), 1)) * (W @ product)
        assert at_most(float(np.linalg.norm(product, 2)), found.condition.upper * found.norm.upper**k, tolerance=1e-9)


# The other constants


@given(W=matrices(largest=6))
@settings(max_examples=40)
def test_singular_values_are_those_of_fifty_digits(W: Matrix) -> None:
    scale = float(np.abs(W).max()) or 1.0
    with mpmath.workdps(50):
        exact = mpmath.svd_r(mpmath.matrix((W / scale).tolist()), compute_uv=False)
        for found, value in (
            (spectral_norm(W / scale), exact[0]),
            (smallest_singular_value(W / scale), exact[len(W) - 1]),
        ):
            assert abs(found.upper - value) <= 1e-14 + 10 * found.residual


@given(W=matrices(largest=6))
@settings(max_examples=40)
def test_the_perron_root_is_the_radius_of_the_absolute_values(W: Matrix) -> None:
    found = perron_radius(W)
    scale = float(np.abs(W).max()) or 1.0
    with mpmath.workdps(60):
        padded = np.pad(np.abs(W / scale), (0, 1))  # mpmath returns another type for one row
        values = mpmath.eig(mpmath.matrix(padded.tolist()), left=False, right=False)
        root = float(max(abs(value) for value in values))
    # 60 digits leave a nilpotent matrix of size 7 an error of 1e-9.
    assert found.lower / scale * (1 - 1e-9) <= root + 1e-9
    assert root <= found.upper / scale * (1 + 1e-9) + 1e-9


@given(W=matrices())
def test_the_bounds_of_the_perron_root_meet(W: Matrix) -> None:
    found = perron_radius(W)
    assert found.width <= 1e-8 * found.upper


@pytest.mark.parametrize("diagonal", [0.0, 1.0])
@given(n=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_a_hidden_triangular_matrix_has_exactly_its_largest_diagonal_entry(diagonal: float, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    W = (nilpotent(n, rng) + diagonal * np.diag(rng.normal(size=n)))[np.ix_(order, order)]
    for found in (spectral_radius(W), perron_radius(W), diagonal_scaling(W).infimum):
        assert found.lower == found.upper == np.abs(np.diag(W)).max()


@given(W=matrices(largest=5), p=st.sampled_from([1, 2, math.inf]))
def test_the_logarithmic_norm_is_the_derivative_of_the_norm_at_the_identity(W: Matrix, p: float) -> None:
    W = W / (float(np.abs(W).max()) or 1.0)
    h = 1e-7
    quotient = (np.linalg.norm(np.eye(len(W)) + h * W, p) - 1) / h
    assert logarithmic_norm(W, p=p).upper == pytest.approx(quotient, abs=1e-5)


@pytest.mark.parametrize("mixed", [False, True])
def test_entries_from_the_smallest_to_the_largest_float_do_no_harm(*, mixed: bool) -> None:
    W = np.array([[0.0, 1e300], [1e-300, 0.0]]) if mixed else np.full((2, 2), 1e300)
    assert perron_radius(W).upper == pytest.approx(1.0 if mixed else 2e300)
    assert spectral_radius(W).upper == pytest.approx(1.0 if mixed else 2e300)
    assert diagonal_scaling(W).infimum.upper == pytest.approx(1.0 if mixed else 2e300)
    assert spectral_norm(W).upper == pytest.approx(1e300 if mixed else 2e300)


def test_a_constant_too_large_for_a_float_is_enclosed_by_infinity() -> None:
    W = np.full((3, 3), 1e308)
    for constant in (spectral_norm, perron_radius, spectral_radius, row_sum_norm, diagonal_scaling_norm):
        assert (constant(W).lower, constant(W).upper) == (np.finfo(float).max, math.inf)


@pytest.mark.parametrize("constant", CONSTANTS)
def test_every_constant_is_measured_and_float32_is_converted_exactly(
    constant: Callable[..., Enclosure],
) -> None:
    W = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    found = constant(W)
    assert found.evidence == "measured"
    assert found.residual is not None
    assert found == constant(W.astype(np.float64)) == constant(W.astype(np.float64).tolist())


@pytest.mark.parametrize("constant", [*CONSTANTS, diagonal_scaling])
@pytest.mark.parametrize(
    ("W", "message"),
    [
        (np.ones((2, 3)), r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(2, 3\)"),
        (np.ones(4), r"got shape \(4,\)"),
        (np.ones((0, 0)), r"got shape \(0, 0\)"),
        (np.ones((2, 2), dtype=np.int64), r"W must have a floating dtype, got int64; use W.astype\(float\)"),
        (np.ones((2, 2), dtype=bool), r"W must have a floating dtype, got bool; use W.astype\(float\)"),
        (np.ones((2, 2), dtype=complex), "W must have dtype float16, float32 or float64, got complex128"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "W must be finite, got nan in row 1, column 1"),
        (np.array([[1.0, -np.inf], [3.0, 4.0]]), "W must be finite, got -inf in row 0, column 1"),
    ],
)
def test_wrong_matrices_are_refused_in_one_sentence(
    constant: Callable[..., Enclosure], W: NDArray[np.generic], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        constant(W)


def test_wrong_options_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="p must be 1, 2 or infinity, got 3"):
        logarithmic_norm(np.eye(2), p=3)
    for limit in (1.0, 0.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="condition_limit must be greater than 1 and at most 1e60, got"):
            diagonal_scaling(np.eye(2), condition_limit=limit)
