"""Masks under which products of one matrix grow: the rate is that of the very masks, and masks are zeros and ones."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import joint_spectral_radius, perron_radius, spectral_radius
from errorflow.numerics.constants.masked_growth import growing_masks
from errorflow.theory.growth_certificate import radius_at_least

Matrix = NDArray[np.float64]


def product(W: Matrix, masks: Matrix) -> list[list[Fraction]]:
    """D_p W ... D_1 W, exactly."""
    exact = np.array([[Fraction(x) for x in row] for row in W.tolist()], dtype=object)
    total = np.array([[Fraction(int(i == j)) for j in range(len(W))] for i in range(len(W))], dtype=object)
    for mask in masks:
        total = np.array([Fraction(x) for x in mask.tolist()], dtype=object)[:, None] * (exact @ total)
    return total.tolist()  # type: ignore[no-any-return]


@given(n=st.integers(1, 6), seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["dense", "sparse", "nilpotent"]))
@settings(max_examples=25, deadline=None)
def test_the_rate_is_that_of_the_masks(n: int, seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n))
    if kind == "sparse":
        W *= rng.random((n, n)) < 0.4
    elif kind == "nilpotent":
        W = np.triu(W, 1)
    found = growing_masks(W)
    period = len(found.masks)
    assert found.masks.shape == (period, n)
    assert set(found.masks.ravel()) <= {0.0, 1.0}
    assert found.rate.evidence == "certified"
    total = product(W, found.masks)
    assert radius_at_least(total, Fraction(found.rate.lower) ** period)
    assert not radius_at_least(
        total, Fraction(found.rate.upper) ** period * (1 + Fraction(1, 10**12)) + Fraction(1, 10**300)
    )
    assert found.rate.lower == joint_spectral_radius(W).lower


def test_a_nilpotent_matrix_explodes_under_one_mask() -> None:
    found = growing_masks([[2.0, 4.0], [-1.0, -2.0]])
    assert found.masks.tolist() in ([[1.0, 0.0]], [[0.0, 1.0]])
    assert found.rate.lower == found.rate.upper == 2.0


def test_masks_that_alternate_beat_every_mask_that_stays() -> None:
    for seed in (26, 55):
        W = np.random.default_rng(seed).normal(size=(3, 3))
        found = growing_masks(W)
        assert len(found.masks) > 1
        single = [np.abs(np.linalg.eigvals(np.diag([float(c) for c in f"{k:03b}"]) @ W)).max() for k in range(8)]
        assert found.rate.lower > 1.1 * max(single)


def test_growth_in_one_block_leaves_the_other_units_out() -> None:
    W = np.zeros((4, 4))
    W[:2, :2], W[2:, 2:], W[:2, 2:] = [[0.0, 3.0], [1.0, 0.0]], [[1.0, -1.0], [1.0, 1.0]], 7.0
    found = growing_masks(W)
    assert found.rate.lower == pytest.approx(math.sqrt(3), rel=1e-12)
    assert not found.masks[:, 2:].any()


@pytest.mark.parametrize("n", [30, 90])
def test_large_matrices_grow_at_least_with_all_units(n: int) -> None:
    W = np.random.default_rng(n).normal(size=(n, n)) / math.sqrt(n)
    found = growing_masks(W)
    assert spectral_radius(W).lower * (1 - 1e-9) <= found.rate.lower
    total = np.eye(n)
    for mask in found.masks:
        total = mask[:, None] * (W @ total)
    radius = float(np.abs(np.linalg.eigvals(total)).max())
    assert found.rate.lower ** len(found.masks) == pytest.approx(radius, rel=1e-6)


def test_one_cycle_of_a_graded_matrix_is_never_missed() -> None:
    rng = np.random.default_rng(5)
    W = rng.choice([-1.0, 1.0], size=(12, 12)) * 10.0 ** rng.uniform(-40, 40, size=(12, 12))
    found = growing_masks(W)
    assert found.rate.lower >= perron_radius(W).lower / 12
    assert joint_spectral_radius(W).lower == found.rate.lower


def test_a_matrix_without_cycles_does_not_grow() -> None:
    found = growing_masks(np.triu(np.ones((5, 5)), 1))
    assert (found.rate.lower, found.rate.upper, found.masks.tolist()) == (0.0, 0.0, [[1.0] * 5])


def test_wrong_matrices_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="W must be finite, got nan in row 0, column 0"):
        growing_masks([[math.nan]])


def test_a_rate_that_is_too_small_for_doubles_is_not_taken_for_zero() -> None:
    tiny = growing_masks(np.array([[0.0, 5e-324], [5e-324, 0.0]])).rate
    assert tiny.lower <= 5e-324 <= tiny.upper
    assert growing_masks(np.array([[0.0, 1.0], [0.0, 0.0]])).rate.upper == 0.0
