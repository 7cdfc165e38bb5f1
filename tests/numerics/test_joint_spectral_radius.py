"""The joint spectral radius of one masked matrix: rho of masked products from below, norms of masked products from above."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import (
    diagonal_scaling,
    joint_spectral_radius,
    perron_radius,
    radius_scaling,
    scaled_numerical_radius,
    spectral_norm,
    spectral_radius,
)
from errorflow.theory.growth_certificate import radius_at_least

Matrix = NDArray[np.float64]


@st.composite
def matrices(draw: st.DrawFn, *, largest: int = 6, scales: tuple[float, ...] = (1.0, 1e-250, 1e250)) -> Matrix:
    n = draw(st.integers(1, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = rng.normal(size=(n, n)) * draw(st.sampled_from(scales))
    kind = draw(st.sampled_from(["dense", "sparse", "nilpotent", "rank one", "two blocks", "nonnegative"]))
    if kind == "sparse":
        W *= rng.random((n, n)) < 2.5 / n
    elif kind == "nilpotent":
        W = np.triu(W, 1)
    elif kind == "rank one":
        W = np.outer(W[0], rng.normal(size=n))
    elif kind == "two blocks":
        W[: n // 2, n // 2 :] = 0.0
    elif kind == "nonnegative":
        W = np.abs(W)
    order = rng.permutation(n)
    return W[np.ix_(order, order)]


def masked_products(W: Matrix, length: int) -> Matrix:
    """All D_length W ... D_1 W with masks of zeros and ones, (2**(n length), n, n)."""
    masks = np.array(list(product((0.0, 1.0), repeat=len(W))))
    found = np.eye(len(W))[None]
    for _ in range(length):
        found = (masks[:, None, :, None] * (W @ found)).reshape(-1, *W.shape)
    return found


@given(W=matrices())
@settings(max_examples=30, deadline=None)
def test_the_bracket_lies_in_the_hierarchy(W: Matrix) -> None:
    found = joint_spectral_radius(W)
    scale = spectral_norm(W).upper
    assert found.evidence == "certified"
    assert spectral_radius(W).lower <= found.lower + 1e-6 * scale
    assert found.lower <= found.upper
    for larger in (diagonal_scaling(W).infimum, perron_radius(W), spectral_norm(W), scaled_numerical_radius(W)):
        assert found.upper <= larger.upper * (1 + 3e-3)


@given(n=st.integers(2, 4), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_products_of_all_masks_agree_with_the_bracket(n: int, seed: int) -> None:
    W = np.random.default_rng(seed).normal(size=(n, n))
    found = joint_spectral_radius(W)
    for length in range(1, 7 - n):
        products = masked_products(W, length)
        radius = np.abs(np.linalg.eigvals(products)).max() ** (1 / length)
        norm = np.linalg.norm(products, 2, axis=(1, 2)).max() ** (1 / length)
        assert radius <= found.lower * (1 + 1e-9)
        assert found.lower <= norm * (1 + 1e-9)


@given(W=matrices(largest=8, scales=(1.0, 1e-250)))
@settings(max_examples=15, deadline=None)
def test_few_units_have_a_narrow_bracket(W: Matrix) -> None:
    found = joint_spectral_radius(W)
    assert found.upper <= found.lower * 1.15
    assert found.upper <= scaled_numerical_radius(W).upper * (1 + 3e-5)


@given(W=matrices(largest=4, scales=(1.0,)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_no_interior_slopes_grow_faster_than_the_upper_end(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    upper = joint_spectral_radius(W).upper
    for length in (1, 2, 5):
        total = np.eye(len(W))
        for _ in range(length):
            total = rng.uniform(0, 1, size=(len(W), 1)) * (W @ total)
        radius = float(np.abs(np.linalg.eigvals(total)).max())
        assert radius <= upper**length * (1 + 1e-9) + 1e-6 * np.linalg.norm(total)


@given(W=matrices(largest=5))
@settings(max_examples=25, deadline=None)
def test_a_nonnegative_matrix_has_its_perron_root(W: Matrix) -> None:
    found, root = joint_spectral_radius(np.abs(W)), perron_radius(W)
    assert found.upper == pytest.approx(root.upper, rel=1e-9, abs=0)
    assert found.lower == pytest.approx(root.upper, rel=1e-5, abs=0)


def test_exact_cases() -> None:
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])
    for W, value in (
        (np.zeros((3, 3)), 0.0),
        (np.eye(4, k=1), 0.0),
        (np.array([[-3.0]]), 3.0),
        (rotation, 1.0),
        (np.array([[0.0, 10.0], [-0.012, 1.1]]), 1.1),  # rho = .977, but unit 2 alone has the factor 1.1
        (np.array([[0.0, 1e300], [1e-300, 0.0]]), 1.0),
    ):
        found = joint_spectral_radius(W)
        assert found.lower == pytest.approx(value, rel=1e-9, abs=1e-12)
        assert found.upper == pytest.approx(value, rel=1e-4, abs=1e-12)


def test_a_product_of_two_masks_can_beat_every_single_mask() -> None:
    # Which unit is switched off must alternate: no fixed mask has as large a radius.
    for seed in (26, 55):
        W = np.random.default_rng(seed).normal(size=(3, 3))
        single = np.abs(np.linalg.eigvals(masked_products(W, 1))).max()
        assert joint_spectral_radius(W).lower > 1.1 * single


@pytest.mark.parametrize("n", [20, 40])
def test_large_matrices_take_part(n: int) -> None:
    W = np.random.default_rng(n).normal(size=(n, n)) / math.sqrt(n)
    found = joint_spectral_radius(W)
    assert spectral_radius(W).upper * (1 - 1e-9) <= found.lower <= found.upper
    assert found.lower > 0.8 * found.upper
    start = diagonal_scaling(W)
    radius = radius_scaling(W, start=start)
    for given_before in (joint_spectral_radius(W, start=start), joint_spectral_radius(W, radius=radius)):
        assert given_before.lower == found.lower
        assert given_before.upper == pytest.approx(found.upper, rel=1e-2)
    assert joint_spectral_radius(W, radius=radius).upper <= radius.infimum.upper


def test_scalings_belong_to_one_matrix() -> None:
    pair = np.stack([np.eye(2), np.ones((2, 2))])
    with pytest.raises(ValueError, match="start belongs to one matrix W, got 2 matrices with it"):
        joint_spectral_radius(pair, start=diagonal_scaling(np.eye(2)))
    with pytest.raises(ValueError, match="radius belongs to one matrix W, got 2 matrices with it"):
        joint_spectral_radius(pair, radius=radius_scaling(np.eye(2)))
    with pytest.raises(ValueError, match="radius must scale 3 units, got 2"):
        joint_spectral_radius(np.eye(3), radius=radius_scaling(np.eye(2)))


def test_the_best_slopes_of_one_step_may_be_no_masks_but_masks_grow_as_fast() -> None:
    # A slope of 33/64 beats 0 and 1 in every single step, not in products of several.
    W = np.array([[-1.0, 3, 3, -2], [0, -2, 2, 2], [-2, -3, 2, 0], [3, -1, -3, -1]])
    slopes = np.array([[1.0], [1.0], [33 / 64], [1.0]])
    rate = Fraction(378, 100)
    assert radius_at_least([[Fraction(x) for x in row] for row in (slopes * W).tolist()], rate)
    for D in masked_products(W, 1):
        assert not radius_at_least([[Fraction(x) for x in row] for row in D.tolist()], rate)
    assert joint_spectral_radius(W).lower > rate


def test_wrong_matrices_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="W must be finite, got inf in row 0, column 1"):
        joint_spectral_radius([[0.0, math.inf], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(3,\)"):
        joint_spectral_radius(np.ones(3))
