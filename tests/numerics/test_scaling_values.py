"""s(W) where its value is known, how near the two ends come, and searches that go astray."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from errorflow.numerics.constants import (
    Scaling,
    barrier,
    diagonal_scaling,
    diagonal_scaling_norm,
    perron_radius,
    scaling,
    spectral_norm,
)

Matrix = NDArray[np.float64]
TOLERANCE = 1e-6  # relative gap of the two ends on usual matrices
sizes, seeds = st.integers(1, 9), st.integers(0, 2**32 - 1)
tiny = mpmath.mpf(1) / 10**13  # the planted falsehood: an end wrong by 1e-13


def encloses(found: Scaling, value: mpmath.mpf) -> bool:
    return bool(mpmath.mpf(found.infimum.lower) <= value <= mpmath.mpf(found.infimum.upper))


# Known values


def two_units(W: Matrix) -> mpmath.mpf:
    """s of [[a, b], [c, d]]: the least ||A||_F^2 = a^2 + d^2 + 2 |b c| and det A give the larger singular value."""
    with mpmath.workdps(700):
        a, b, c, d = (mpmath.mpf(float(w)) for w in W.ravel())
        size, det = a * a + d * d + 2 * abs(b * c), a * d - b * c
        return mpmath.sqrt((size + mpmath.sqrt((size - 2 * det) * (size + 2 * det))) / 2)


@given(seed=seeds, spread=st.sampled_from([0.0, 3.0, 150.0]))
def test_two_units_have_the_infimum_of_the_closed_form(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    W = (
        rng.normal(size=(2, 2))
        * 10.0 ** rng.uniform(-spread, spread, size=(2, 2))
        * rng.choice([1, 1, 1, 0], size=(2, 2))
    )
    found = diagonal_scaling(W, condition_limit=1e60)
    with mpmath.workdps(700):
        assert encloses(found, two_units(W))
        assert found.infimum.width <= TOLERANCE * found.infimum.upper


def test_the_closed_form_catches_an_end_that_is_wrong_by_one_part_in_ten_trillion() -> None:
    with mpmath.workdps(50):
        for seed in range(20):
            W = np.random.default_rng(seed).normal(size=(2, 2)) * np.array([[1.0, 2.0**9], [1.0, 1.0]])
            found, value = diagonal_scaling(W).infimum, two_units(W)
            assert found.lower <= value <= found.upper
            assert found.width <= 7e-14 * found.upper
            assert not found.lower * (1 + tiny) <= value
            assert not value <= found.upper * (1 - tiny)


@given(n=sizes, seed=seeds)
def test_rank_one_has_the_sum_of_the_absolute_diagonal(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    u, v = (np.round(rng.normal(size=n) * 100) for _ in range(2))
    found = diagonal_scaling(np.outer(u, v))  # ||L u|| ||L^-1 v|| >= sum |u_i v_i|, with equality at l_i^2 = |v_i/u_i|
    assert found.infimum.lower <= np.abs(u * v).sum() <= found.infimum.upper
    assert found.infimum.width <= 1e-12 * found.infimum.upper


@given(exponents=st.lists(st.integers(-300, 300), min_size=2, max_size=9), seed=seeds)
def test_a_ring_has_the_geometric_mean_of_its_weights(exponents: list[int], seed: int) -> None:
    n = len(exponents)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=n)
    W = np.roll(np.diag(signs * 2.0 ** np.array(exponents)), 1, axis=0)
    found = diagonal_scaling(W, condition_limit=1e60)
    with mpmath.workdps(50):
        assert encloses(found, mpmath.mpf(2) ** (mpmath.mpf(sum(exponents)) / n))
    assert found.infimum.width <= 1e-12 * found.infimum.upper


@pytest.mark.parametrize("signs", [1.0, -1.0])
@given(n=sizes, seed=seeds, spread=st.sampled_from([0.0, 1.0, 3.0]))
def test_a_nonnegative_matrix_has_its_perron_root(signs: float, n: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    W = rng.exponential(size=(n, n)) * np.exp(spread * rng.normal(size=(n, n))) * (rng.random((n, n)) < 0.7)
    found, root = diagonal_scaling(signs * W).infimum, perron_radius(W)
    assert root.lower <= found.upper <= root.upper
    assert found.lower <= root.upper
    assert found.width <= TOLERANCE * found.upper


def normal_matrix(kind: str, n: int, rng: np.random.Generator) -> Matrix:
    A = rng.normal(size=(n, n))
    return {
        "orthogonal": 3 * np.linalg.qr(A)[0],
        "symmetric": A + A.T,
        "skew": A - A.T,
        "circulant": np.array([np.roll(A[0], i) for i in range(n)]),
        "permutation": 2 * np.eye(n)[rng.permutation(n)],
        "zero": np.zeros((n, n)),
    }[kind]


@pytest.mark.parametrize("kind", ["orthogonal", "symmetric", "skew", "circulant", "permutation", "zero"])
@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_normal_matrices_need_no_scaling(kind: str, n: int) -> None:
    W = normal_matrix(kind, n, np.random.default_rng(n))
    found = diagonal_scaling(W)
    assert spectral_norm(W).lower * (1 - TOLERANCE) <= found.infimum.lower <= spectral_norm(W).upper
    assert found.condition.upper <= (1 + 1e-9 if kind != "circulant" else 1.01)


@pytest.mark.parametrize("diagonal", [0.0, 1.0])
@given(n=sizes, seed=seeds)
def test_a_hidden_triangular_matrix_has_exactly_its_largest_diagonal_entry(diagonal: float, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    W = (np.tril(rng.normal(size=(n, n)), -1) + diagonal * np.diag(rng.normal(size=n)))[np.ix_(order, order)]
    found = diagonal_scaling(W).infimum
    assert found.lower == found.upper == np.abs(np.diag(W)).max()
    assert found.evidence == "certified"


def test_an_irreducible_nilpotent_matrix_has_a_positive_infimum() -> None:
    found = diagonal_scaling([[1.0, 1.0], [-1.0, -1.0]]).infimum
    assert 2 - 1e-13 < found.lower <= 2 <= found.upper < 2 + 1e-13


@pytest.mark.parametrize("limit", [10.0, 1e8, 1e60])
def test_a_nilpotent_matrix_is_scaled_as_far_as_the_limit_allows(limit: float) -> None:
    found = diagonal_scaling([[0.0, 1.0], [0.0, 0.0]], condition_limit=limit)
    assert (found.infimum.lower, found.infimum.upper) == (0.0, 0.0)
    assert found.norm.upper == pytest.approx(1 / limit, rel=1e-2, abs=0)
    assert found.condition.upper <= limit * (1 + 1e-12)


def test_a_scaling_near_the_infimum_is_not_made_worse_conditioned() -> None:
    found = diagonal_scaling([[1.0, 0.01, 1.0], [0.02, 1.0, 1.0], [0.0, 0.0, 0.2]], condition_limit=1e12)
    assert found.norm.upper <= found.infimum.upper * (1 + 2e-4)
    assert found.condition.upper < 1e4


def test_entries_from_the_smallest_to_the_largest_float_do_no_harm() -> None:
    chain = np.diag([1e308, 1e308, 1e308], 1)
    chain[3, 0] = 5e-324
    for W, value in (
        (np.array([[0.0, 1e300], [1e-300, 0.0]]), 1.0),
        (np.full((2, 2), 1e300), 2e300),
        (chain, math.exp((3 * math.log(1e308) + math.log(5e-324)) / 4)),
    ):
        assert diagonal_scaling(W).infimum.upper == pytest.approx(value, rel=1e-12)
    found = diagonal_scaling(np.full((3, 3), 5e-324)).infimum
    assert found.lower <= 3 * 5e-324 <= found.upper <= 5 * 5e-324
    huge = diagonal_scaling_norm(np.full((3, 3), 1e308))
    assert (huge.lower, huge.upper) == (np.finfo(float).max, math.inf)


@given(n=sizes, seed=seeds, p=st.sampled_from([1, math.inf]))
def test_the_maximum_norm_has_the_perron_root_as_its_infimum(n: int, seed: int, p: float) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.6)
    found = diagonal_scaling_norm(W, p=p)
    assert found == perron_radius(W)
    x = 10.0 ** rng.uniform(-2, 2, size=n)
    assert found.lower <= np.linalg.norm(x[:, None] * W / x, p) * (1 + 1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_single_and_half_precision_are_converted_exactly(dtype: type) -> None:
    W = np.random.default_rng(0).normal(size=(4, 4)).astype(dtype)
    assert diagonal_scaling_norm(W) == diagonal_scaling_norm(W.astype(np.float64).tolist())


def test_wrong_options_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="p must be 1, 2 or infinity, got 3"):
        diagonal_scaling_norm(np.eye(2), p=3)
    for limit in (1.0, 0.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="condition_limit must be greater than 1 and at most 1e60, got"):
            diagonal_scaling(np.eye(2), condition_limit=limit)
    for function in (diagonal_scaling, diagonal_scaling_norm):
        with pytest.raises(ValueError, match="W must be finite, got nan in row 0, column 0"):
            function(np.full((2, 2), np.nan))


# The search


@pytest.mark.parametrize("n", [5, 20, 64])
@pytest.mark.parametrize("kind", ["gaussian", "badly scaled", "non-normal", "shifted", "signs"])
def test_the_two_ends_of_a_usual_matrix_meet(n: int, kind: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        W, d = rng.normal(size=(n, n)), 10.0 ** rng.uniform(-20, 20, size=n)
        if kind == "badly scaled":
            W = d[:, None] * W / d
        elif kind == "non-normal":
            W = np.tril(W) + 0.01 * rng.normal(size=(n, n))
        elif kind == "shifted":
            W = W + 1.0
        elif kind == "signs":
            W = np.sign(W)
        found = diagonal_scaling(W).infimum
        assert found.width <= TOLERANCE * found.upper


@given(n=st.integers(2, 12), seed=seeds)
def test_the_two_ends_come_near_where_the_entries_spread_over_orders_of_magnitude(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = diagonal_scaling(rng.normal(size=(n, n)) * np.exp(3 * rng.normal(size=(n, n)))).infimum
    assert found.width <= 1e-3 * found.upper


@given(n=st.integers(2, 3), seed=seeds, spread=st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=20)
def test_a_derivative_free_search_finds_no_smaller_norm(n: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n)) * np.exp(spread * rng.normal(size=(n, n)))

    def norm(y: Matrix) -> float:
        L = np.exp(np.append(y, 0.0))
        return float(np.linalg.norm(L[:, None] * W / L, 2))

    y = np.zeros(n - 1)
    for _ in range(6):
        simplex = np.vstack([y, y + 0.5 * rng.normal(size=(n - 1, n - 1))])
        options = {"xatol": 1e-12, "fatol": 1e-15, "maxfev": 4000, "initial_simplex": simplex}
        y = minimize(norm, y, method="Nelder-Mead", options=options).x
    infimum = diagonal_scaling(W).infimum
    assert infimum.lower * (1 - 1e-9) <= norm(y)
    assert infimum.upper <= norm(y) * (1 + TOLERANCE)


def test_a_search_that_stays_where_it_starts_leaves_the_ends_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.random.default_rng(0).normal(size=(20, 20))
    sound = diagonal_scaling(W).infimum
    monkeypatch.setattr(barrier, "STEPS", 0)
    found = diagonal_scaling(W).infimum
    assert found.lower <= sound.lower <= sound.upper <= found.upper
    assert found.width > 0.1 * found.upper


@pytest.mark.parametrize("n", [2, 3, 8])
def test_a_search_that_lies_makes_the_enclosure_wider_but_not_wrong(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        W = rng.normal(size=(n, n))
        sound = diagonal_scaling(W)

        def garbage(W: Matrix, start: Matrix, rng: np.random.Generator = rng, **_: float) -> barrier.Optimum:
            size = len(W)
            duals = [(20 * rng.normal(size=size), rng.normal(size=(size, r))) for r in (1, size)]
            return barrier.Optimum(3 * rng.normal(size=size), 1e-9, 1e9, duals)

        with monkeypatch.context() as patch:
            patch.setattr(scaling, "minimize_norm", garbage)
            found = diagonal_scaling(W)
        assert found.infimum.lower <= sound.infimum.upper
        assert sound.infimum.lower <= found.infimum.upper <= found.norm.upper
        assert found.infimum.width > sound.infimum.width
        L = found.diagonal
        assert np.linalg.norm(L[:, None] * W / L, 2) == pytest.approx(found.norm.upper, rel=1e-9)


@given(n=st.integers(2, 5), seed=seeds)
@settings(max_examples=40)
def test_masked_products_decay_as_the_scaling_says(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n))
    found, product = diagonal_scaling(W), np.eye(n)
    for k in range(1, 8):
        product = rng.uniform(0, 1, size=(n, 1)) * (W @ product)
        bound = found.condition.upper * found.norm.upper**k
        assert float(np.linalg.norm(product, 2)) <= bound * (1 + 1e-12)
