"""Laws of the bounds on a matrix: their numbers are closed forms, and no masked product passes them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import bounds
from errorflow.theory import cells, theorems

UPPER = ("hochreiter_max_weight", "row_sum_norm", "pascanu_spectral_norm", "perron_radius", "diagonal_scaling_norm")
FOR_ALL = (*UPPER, "step_norm", "scaled_numerical_radius", "smallest_gain")  # the others are about some slopes
MATRIX = np.array([[0.5, -1.0], [0.25, 0.75]])


def test_the_names_are_those_of_the_theorems_on_a_vanilla_network() -> None:
    vanilla = cells.get("elman")
    assert bounds.names() == tuple(b.id for t in theorems.all() if (b := t.instantiate(vanilla)))
    assert set(bounds.names()) == {*UPPER, "step_norm", "scaled_numerical_radius", "smallest_gain", "masked_growth"}


def closed_forms(W, gamma, alpha) -> dict[str, tuple[float, float]]:
    """(log constant, log rate) by NumPy, for a W without zeros."""
    n, singular = len(W), np.linalg.svd(W, compute_uv=False)
    values, right = np.linalg.eig(np.abs(W))
    _, left = np.linalg.eig(np.abs(W).T)
    ratio = np.sqrt(np.abs(left[:, np.argmax(np.linalg.eigvals(np.abs(W).T))] / right[:, np.argmax(values)]))
    return {
        "hochreiter_max_weight": (0.0, math.log(gamma * n * np.abs(W).max())),
        "row_sum_norm": (math.log(n) / 2, math.log(gamma * np.abs(W).sum(axis=1).max())),
        "pascanu_spectral_norm": (0.0, math.log(gamma * singular[0])),
        "perron_radius": (math.log(ratio.max() / ratio.min()), math.log(gamma * np.abs(values).max())),
        "smallest_gain": (0.0, math.log(alpha * singular[-1])),
    }


@pytest.mark.parametrize(("gamma", "alpha"), [(1.0, 1.0), (0.25, 0.125)])
def test_every_bound_is_its_closed_form_in_the_lag(gamma, alpha) -> None:
    lags = np.array([0, 1, 2, 10, 100_000])
    for name, (constant, rate) in closed_forms(MATRIX, gamma, alpha).items():
        found = bounds.bound(MATRIX, lags=lags, id=name, slope_sup=gamma, slope_inf=alpha)
        expected = np.where(lags == 0, 0.0, constant + lags * rate)
        np.testing.assert_allclose(found.log_values, expected, rtol=1e-6, atol=1e-6, err_msg=name)
        assert found.direction == (">=" if name == "smallest_gain" else "<=")
        assert np.isfinite(found.log_values).all()
        assert found.values[0] == 1.0  # lag 0 is the identity


def test_a_diagonal_scaling_of_two_units_is_known() -> None:
    """inf over L of ||L [[0, a], [b, 0]] L^-1|| = sqrt(a b), at kappa(L) = sqrt(a/b)."""
    found = bounds.bound([[0.0, 8.0], [0.5, 0.0]], lags=[1, 2, 50], id="diagonal_scaling_norm")
    np.testing.assert_allclose(found.log_values, math.log(4) + np.array([1, 2, 50]) * math.log(2), rtol=1e-5)


@pytest.mark.parametrize("name", UPPER)
def test_contraction_decides_vanishing_and_growth_decides_nothing(name) -> None:
    assert bounds.bound(0.4 * np.eye(2), lags=[1], id=name).decides == "vanishes"
    assert bounds.bound(1.5 * np.eye(2), lags=[1], id=name).decides is None
    (condition,) = bounds.bound(0.4 * np.eye(2), lags=[1], id=name).hypotheses.items()
    assert condition[0] == f"{name}.rate"
    assert condition[1].status == "met"


def test_explosion_needs_slopes_and_gains_of_at_least_one() -> None:
    assert bounds.bound(1.5 * np.eye(2), lags=[1], id="smallest_gain", slope_inf=1.0).decides == "explodes"
    assert bounds.bound(1.5 * np.eye(2), lags=[1], id="smallest_gain", slope_inf=0.5).decides is None
    assert bounds.bound(1.5 * np.eye(2), lags=[1], id="smallest_gain").decides is None  # slopes from 0 on
    assert np.isneginf(bounds.bound(np.eye(2), lags=[1], id="smallest_gain").log_values).all()


def masked_product(W, slopes) -> np.ndarray:
    product = np.eye(len(W))
    for d in slopes:
        product = (d[:, None] * W) @ product
    return product


KINDS = {
    "gaussian": lambda n, r: r.standard_normal((n, n)),
    "nilpotent": lambda n, r: np.triu(r.standard_normal((n, n)), 1),
    "Jordan": lambda n, r: 0.9 * np.eye(n) + 5 * np.eye(n, k=1),
    "orthogonal": lambda n, r: np.linalg.qr(r.standard_normal((n, n)))[0],
    "badly scaled": lambda n, r: r.standard_normal((n, n)) * np.exp(3 * r.standard_normal((n, 1))),
    "rank one": lambda n, r: np.outer(r.standard_normal(n), r.standard_normal(n)),
}


@given(
    kind=st.sampled_from(sorted(KINDS)),
    n=st.integers(1, 5),
    lag=st.integers(1, 12),
    range_=st.sampled_from([(0.0, 1.0), (0.0, 0.25), (0.5, 2.0), (1.0, 1.0)]),
    signed=st.booleans(),
    rng=st.integers(0, 2**32 - 1),
)
def test_no_product_with_slopes_in_the_range_passes_a_bound(kind, n, lag, range_, signed, rng) -> None:
    random = np.random.default_rng(rng)
    W, (low, high) = KINDS[kind](n, random), range_
    slopes = np.where(
        random.random((lag, n)) < 0.5, random.choice([low, high], (lag, n)), random.uniform(low, high, (lag, n))
    )
    if signed:  # the range is that of the modulus
        slopes *= random.choice([-1.0, 1.0], (lag, n))
    singular = np.linalg.svd(masked_product(W, slopes), compute_uv=False)
    rounding = 1e-12 * np.linalg.norm(W) ** lag * high**lag
    for name in FOR_ALL:
        if signed and name == "scaled_numerical_radius":
            continue
        bound = bounds.bound(W, lags=[lag], id=name, slope_sup=high, slope_inf=low).values[0]
        if name == "smallest_gain":
            assert singular[-1] >= bound * (1 - 1e-9) - rounding
        else:
            assert singular[0] <= bound * (1 + 1e-9) + rounding


def test_negative_slopes_pass_the_bound_by_the_numerical_radius() -> None:
    """Why it asks for slopes in [0, gamma]: omega([[1, 1], [-1, -1]]) = 1, and diag(1, -1) W has spectral radius 2."""
    W = np.array([[1.0, 1.0], [-1.0, -1.0]])
    found = bounds.bound(W, lags=[6], id="scaled_numerical_radius")
    product = masked_product(W, np.array([[1.0, -1.0]] * 6))
    assert np.linalg.norm(product, 2) == pytest.approx(64.0)
    assert found.values[0] == pytest.approx(2.0, rel=1e-4)
    assert np.linalg.norm(masked_product(W, np.array([[1.0, 0.0]] * 6)), 2) <= found.values[0]


def test_the_numbers_are_certified_and_on_the_safe_side() -> None:
    """||A|| = 5 for A = [[3, 0], [4, 0]]; a rate that is rounded to nearest could lie below."""
    found = bounds.bound([[3.0, 0.0], [4.0, 0.0]], lags=[1])
    assert found.evidence == "certified"
    assert math.log(5) < found.log_values[0] < math.log(5) + 1e-12


@given(n=st.integers(1, 4), rng=st.integers(0, 2**32 - 1))
def test_no_product_of_untied_copies_passes_a_bound(n, rng) -> None:
    copies = np.random.default_rng(rng).standard_normal((6, n, n))
    singular = np.linalg.svd(np.linalg.multi_dot([*copies]), compute_uv=False)
    for name in FOR_ALL:
        bound = bounds.bound(copies, lags=[6], id=name, slope_inf=1.0).values[0]
        ends = (bound, singular[-1]) if name == "smallest_gain" else (singular[0], bound)
        assert ends[0] <= ends[1] * (1 + 1e-9) + 1e-12 * singular[0]


def test_the_spectral_radius_in_place_of_the_norm_would_be_caught() -> None:
    """C2 of the founding claims: rho(W) = 0 and slopes of at most 1, yet the product grows."""
    W = np.array([[2.0, 4.0], [-1.0, -2.0]])
    product = masked_product(W, np.array([[1.0, 0.0]] * 20))
    assert np.linalg.norm(product, 2) > 1e6
    assert np.abs(np.linalg.eigvals(W)).max() < 1e-7
    for name in FOR_ALL:
        assert bounds.bound(W, lags=[20], id=name).decides is None
    some = bounds.bound(W, lags=[20], id="masked_growth")
    assert (some.decides, some.quantifier) == ("explodes", "some")


def test_what_a_bound_rests_on_is_named() -> None:
    found = bounds.bound(MATRIX, lags=[1])
    assert found.source.key == "pascanu2013"
    assert r"\gamma" in found.latex
    assert r"\leq" in found.latex
    assert r"\geq" in bounds.bound(MATRIX, lags=[1], id="smallest_gain").latex


@pytest.mark.parametrize(
    ("W", "options", "message"),
    [
        (MATRIX, {"id": "rho"}, "id must be one of hochreiter_max_weight, .*, got 'rho'"),
        (MATRIX, {"lags": [-1]}, r"lags must be a sequence of integers of at least 0, got \[-1\]"),
        (MATRIX, {"lags": [0.5]}, "lags must be a sequence of integers"),
        (MATRIX, {"lags": 3}, "lags must be a sequence of integers"),
        (MATRIX, {"slope_sup": 0.5, "slope_inf": 1.0}, "slopes must satisfy 0 <= slope_inf <= slope_sup < inf"),
        (MATRIX, {"slope_sup": math.nan}, "slopes must satisfy"),
        (MATRIX, {"slope_inf": -1.0}, "slopes must satisfy"),
        (np.eye(2)[:1], {}, r"W must be a square matrix"),
        (np.zeros((2, 2, 3)), {}, r"W must be a square matrix"),
        (np.zeros((0, 2, 2)), {}, r"W must have shape \(n, n\) or, for untied copies, \(T, n, n\), got \(0, 2, 2\)"),
        (1.0, {}, r"W must have shape"),
        (np.full((2, 2), np.nan), {}, "W must be finite"),
        (np.eye(2, dtype=int), {}, "W must have a floating dtype"),
        (1j * np.eye(2), {}, "W must have dtype float16, float32 or float64"),
    ],
)
def test_arguments_are_checked(W, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        bounds.bound(W, **({"lags": [1]} | options))


def test_all_floating_dtypes_and_lag_types_are_taken() -> None:
    for dtype in (np.float16, np.float32):
        found = bounds.bound(np.eye(2, dtype=dtype) / 2, lags=(1, 2))
        np.testing.assert_allclose(found.values, [0.5, 0.25], rtol=1e-12)
    found = bounds.bound(np.eye(2) / 2, lags=np.arange(3, dtype=np.uint8))
    np.testing.assert_allclose(found.values, [1.0, 0.5, 0.25], rtol=1e-12)
    assert bounds.bound(np.full((1, 1), 2.0), lags=[2000]).values.tolist() == [math.inf]
