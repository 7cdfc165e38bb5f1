"""The laws of the constants of a matrix: rho(W) <= ||W||_2, rho(W) <= rho(|W|) <= ||W||_inf <= n w_max, and their exact cases."""

import math
from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import (
    diagonal_scaling,
    diagonal_scaling_norm,
    logarithmic_norm,
    max_abs,
    perron_radius,
    row_sum_norm,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)
from errorflow.numerics.enclosure import Enclosure

Matrix = NDArray[np.float64]
NORMS: list[Callable[..., Enclosure]] = [max_abs, row_sum_norm, spectral_norm]
CONSTANTS = [*NORMS, smallest_singular_value, spectral_radius, perron_radius, logarithmic_norm]
ORDERS = (1, 2, math.inf)


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


KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "non-normal": lambda n, rng: np.tril(rng.normal(size=(n, n))) + 0.01 * rng.normal(size=(n, n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "symmetric": symmetric,
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "badly scaled": badly_scaled,
    "wide range": lambda n, rng: rng.normal(size=(n, n)) * np.exp(3 * rng.normal(size=(n, n))),
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
def matrices(draw: st.DrawFn, *, largest: int = 12) -> Matrix:
    """A square matrix of every kind above, at scales from 1e-310 to 1e200."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    n = draw(st.integers(1, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return KINDS[kind](n, rng) * draw(st.sampled_from([1.0, 1e-310, 1e-200, 1e200, 0.3]))


# Laws that hold without any tolerance: no interval lies on the wrong side of another


@given(W=matrices())
def test_the_norms_and_radii_are_ordered(W: Matrix) -> None:
    n = len(W)
    norm = spectral_norm(W)
    for chain in (
        [spectral_radius(W), perron_radius(W), row_sum_norm(W), n * max_abs(W)],
        [spectral_radius(W), norm],
        [smallest_singular_value(W), spectral_radius(W)],
        [max_abs(W), norm, math.sqrt(n) * (1 + 1e-15) * row_sum_norm(W)],
        [abs(logarithmic_norm(W)), norm],
        [logarithmic_norm(W, p=math.inf), row_sum_norm(W)],
        [spectral_norm(W.T), norm],
        [spectral_radius(W.T), spectral_radius(W)],
        [smallest_singular_value(-W.T), smallest_singular_value(W)],
    ):
        assert all(a.lower <= b.upper for a, b in pairwise(chain))


@given(W=matrices(largest=9), exponent=st.integers(-200, 200))
def test_a_power_of_two_changes_no_digit(W: Matrix, exponent: int) -> None:
    assume(float(np.abs(W).max()) * 2.0**exponent < 1e250)
    assume(not W.any() or float(np.abs(W[W != 0]).min()) * min(2.0**exponent, 1.0) > 1e-250)
    for constant in CONSTANTS:
        before, after = constant(W), constant(W * 2.0**exponent)
        assert after.upper == pytest.approx(before.upper * 2.0**exponent, rel=1e-9, abs=0)
        assert after.lower == pytest.approx(before.lower * 2.0**exponent, rel=1e-9, abs=0)


@given(first=matrices(largest=6), second=matrices(largest=6), seed=st.integers(0, 2**32 - 1))
def test_a_block_triangular_matrix_has_the_larger_radius_of_its_blocks(
    first: Matrix, second: Matrix, seed: int
) -> None:
    n, m = len(first), len(second)
    scale = max(float(np.abs(first).max()), float(np.abs(second).max()))
    coupling = scale * np.random.default_rng(seed).normal(size=(n, m))
    W = np.block([[first, coupling], [np.zeros((m, n)), second]])
    for radius in (spectral_radius, perron_radius):
        expected = radius(first).maximum(radius(second))
        assert (radius(W).lower, radius(W).upper) == (expected.lower, expected.upper)


@given(W=matrices(), seed=st.integers(0, 2**32 - 1), exponents=st.lists(st.integers(-30, 30), min_size=12, max_size=12))
def test_the_radii_are_those_of_every_diagonally_similar_matrix(W: Matrix, seed: int, exponents: list[int]) -> None:
    assume(not W.any() or float(np.abs(W[W != 0]).min()) > 1e-280)
    order = np.random.default_rng(seed).permutation(len(W))
    d = np.ldexp(1.0, np.array(exponents[: len(W)]))
    similar = (d[:, None] * W / d)[np.ix_(order, order)]
    for radius in (spectral_radius, perron_radius):
        first, second = radius(W), radius(similar)
        assert first.lower <= second.upper
        assert second.lower <= first.upper


# Independent values


@given(W=matrices(largest=6))
@settings(max_examples=40)
def test_singular_values_are_those_of_fifty_digits(W: Matrix) -> None:
    scale = float(np.abs(W).max()) or 1.0
    W = W / scale
    with mpmath.workdps(50):
        exact = mpmath.svd_r(mpmath.matrix(W.tolist()), compute_uv=False)
        for found, value in ((spectral_norm(W), exact[0]), (smallest_singular_value(W), exact[len(W) - 1])):
            assert found.lower - mpmath.mpf("1e-40") <= value <= found.upper + mpmath.mpf("1e-40")
            assert found.width < 1e-13 * len(W) * max(1, exact[0] / max(found.lower, 1e-13))


@given(W=matrices(largest=6))
@settings(max_examples=40)
def test_the_perron_root_is_the_radius_of_the_absolute_values(W: Matrix) -> None:
    W = np.abs(W / (float(np.abs(W).max()) or 1.0))
    found, same = perron_radius(W), spectral_radius(W)
    assert found.lower <= same.upper
    assert same.lower <= found.upper
    assert found.width <= 1e-12 * found.upper or found.width <= 1e-8 * found.upper < 1e-3
    with mpmath.workdps(60):
        padded = np.pad(W, (0, 1))  # mpmath returns another type for one row
        values = mpmath.eig(mpmath.matrix(padded.tolist()), left=False, right=False)
        root = max(abs(value) for value in values)
        error = mpmath.mpf("1e-9")  # of 60 digits, for a nilpotent matrix of size 6
        assert found.lower - error <= root <= found.upper + error


@pytest.mark.parametrize("diagonal", [0.0, 1.0])
@given(n=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_a_hidden_triangular_matrix_has_exactly_its_largest_diagonal_entry(diagonal: float, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    W = (nilpotent(n, rng) + diagonal * np.diag(rng.normal(size=n)))[np.ix_(order, order)]
    for found in (spectral_radius(W), perron_radius(W)):
        assert found.lower == found.upper == np.abs(np.diag(W)).max()


@given(W=matrices(largest=5), p=st.sampled_from(ORDERS))
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
    assert spectral_norm(W).upper == pytest.approx(1e300 if mixed else 2e300)
    assert row_sum_norm(W) == (row_sum_norm(W.T) if mixed else 2 * max_abs(W))


def test_a_constant_too_large_for_a_float_is_enclosed_by_infinity() -> None:
    W = np.full((3, 3), 1e308)
    for constant in (spectral_norm, perron_radius, spectral_radius, row_sum_norm, logarithmic_norm):
        assert (constant(W).lower, constant(W).upper) == (np.finfo(float).max, math.inf)
    for p in (1, math.inf):
        assert logarithmic_norm(W, p=p).upper == math.inf
        found = logarithmic_norm(W * (1 - 2 * np.eye(3)), p=p)  # two of three terms already overflow
        assert found.lower == found.upper == 1e308


# What goes in and comes out


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("constant", CONSTANTS)
def test_every_constant_is_certified_and_single_and_half_precision_are_exact_data(
    constant: Callable[..., Enclosure], dtype: type
) -> None:
    W = np.random.default_rng(0).normal(size=(4, 4)).astype(dtype)
    found = constant(W)
    assert (found.evidence, found.residual) == ("certified", None)
    assert found == constant(W.astype(np.float64)) == constant(W.astype(np.float64).tolist())


@pytest.mark.parametrize("constant", CONSTANTS)
def test_one_unit_has_its_weight_and_the_zero_matrix_zero_exactly(constant: Callable[..., Enclosure]) -> None:
    for value in (3.7, -3.7, 1e-320, 1e308, 0.0):
        found = constant([[value]])
        assert found.lower == found.upper == (value if constant is logarithmic_norm else abs(value))
    assert constant(np.zeros((200, 200))).upper == 0.0


@pytest.mark.parametrize("constant", [*CONSTANTS, diagonal_scaling, diagonal_scaling_norm])
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


def test_a_norm_is_exact_only_where_no_digit_was_lost() -> None:
    """Beside 1e300 the entry 1e-30 is lost to scaling; the norm is above 1e300 all the same, and the interval says so."""
    assert spectral_norm([[1e300, 0.0], [0.0, 1.0]]).width == 0.0
    mixed = spectral_norm([[1e300, 1e-30], [0.0, 1.0]])
    assert mixed.lower == 1e300 < mixed.upper


def test_the_smallest_gain_is_at_most_the_norm_of_every_row_and_column() -> None:
    found = smallest_singular_value([[1.0, 1e300], [0.0, 1.0]])
    assert found.lower <= 1e-300 <= found.upper <= 1.0 + 1e-12
    assert smallest_singular_value([[1.0, 0.0], [3.0, 0.0]]).upper == 0.0
    tiny = smallest_singular_value([[1.0, 0.0], [0.0, 1e-310]])
    assert tiny.lower <= 1e-310 <= tiny.upper <= 2e-310


def test_the_layout_in_memory_changes_no_digit_and_a_mask_is_refused() -> None:
    W = np.random.default_rng(5).standard_normal((40, 40))
    for constant in (spectral_norm, smallest_singular_value, spectral_radius, perron_radius):
        assert constant(np.asfortranarray(W)) == constant(W)
    with pytest.raises(ValueError, match="W must be an array without a mask, got a masked array"):
        spectral_norm(np.ma.array(np.eye(2), mask=[[1, 0], [0, 0]]))
