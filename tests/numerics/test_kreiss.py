"""The laws of K and of the largest power: 1 <= K <= sup ||W^t|| <= e n K, with honest infinities."""

import importlib
import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import kreiss_constant, power_supremum, spectral_norm

Matrix = NDArray[np.float64]
module = importlib.import_module("errorflow.numerics.constants.kreiss")
KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "triangular": lambda n, rng: np.triu(3 * rng.normal(size=(n, n)), 1) + np.diag(rng.uniform(-1, 1, size=n)),
    "Jordan": lambda n, rng: np.eye(n) + rng.uniform(0, 3) * np.eye(n, k=1),
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
}


@st.composite
def decaying(draw: st.DrawFn, *, largest: int = 6) -> Matrix:
    """A matrix with rho(W) between 0 and 0.95 that need not be near normal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = KINDS[draw(st.sampled_from(sorted(KINDS)))](draw(st.integers(1, largest)), rng)
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    return W * draw(st.sampled_from([0.95, 0.5, 0.1])) / max(radius, 1e-3)


def largest_power(W: Matrix, steps: int) -> float:
    power, largest = np.eye(len(W)), 1.0
    for _ in range(steps):
        power = power @ W
        largest = max(largest, float(np.linalg.norm(power, 2)))
    return largest


def test_the_transient_of_the_textbook_matrix() -> None:
    W = [[0.9, 10.0], [0.0, 0.9]]
    found, peak = kreiss_constant(W), power_supremum(W)
    assert peak.lower == pytest.approx(peak.upper, rel=1e-11)
    with mpmath.workdps(30):
        exact = mpmath.matrix([["0.9", 10], [0, "0.9"]])
        norms = [max(mpmath.svd_r(exact**t, compute_uv=False)) for t in range(1, 40)]
    assert peak.upper == pytest.approx(float(max(norms)), rel=1e-12)
    assert peak.upper == pytest.approx(38.7459, abs=1e-4)
    # On the real axis (z - 1) ||(z - W)^-1|| is near 10 (z - 1)/(z - .9)^2, which is 25 at z = 1.1.
    assert found.lower == pytest.approx(25.01, abs=0.005)
    assert found.upper == peak.upper


@given(W=decaying())
def test_the_largest_power_is_the_largest_of_the_first_hundreds(W: Matrix) -> None:
    found = power_supremum(W)
    assert found.evidence == "measured"
    assert found.lower == pytest.approx(largest_power(W, 400), rel=1e-9)
    assert found.upper == pytest.approx(found.lower, rel=1e-9)


@given(W=decaying(largest=4))
@settings(max_examples=25)
def test_kreiss_constant_is_bracketed_by_the_powers_and_no_grid_point_exceeds_it(W: Matrix) -> None:
    n = len(W)
    found, powers = kreiss_constant(W), power_supremum(W)
    assert 1.0 <= found.lower <= found.upper == powers.upper
    distance, angle = np.meshgrid(np.geomspace(1e-3, 2 + 2 * spectral_norm(W).upper, 40), np.linspace(0, math.pi, 40))
    z = (1 + distance) * np.exp(1j * angle)
    least = np.linalg.svd(z[..., None, None] * np.eye(n) - W, compute_uv=False)[..., -1]
    grid = float((distance / least).max())
    assert grid <= found.upper * (1 + 1e-9)
    assert grid <= found.lower * (1 + 2e-3)
    assert powers.upper <= math.e * n * found.lower * (1 + 1e-3)


@pytest.mark.parametrize("factor", [1.0, -1.0, 1e-300])
def test_contractions_have_one(factor: float) -> None:
    rng = np.random.default_rng(0)
    for W in (
        np.roll(np.eye(4), 1, axis=0),
        np.zeros((3, 3)),
        np.eye(1),
        0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0],
    ):
        for constant in (kreiss_constant, power_supremum):
            found = constant(factor * W)
            assert (found.lower, found.upper) == (1.0, 1.0)


@pytest.mark.parametrize(
    "W",
    [
        np.array([[1.001]]),
        np.array([[1.0000001, 5.0], [0.0, 0.5]]),
        np.array([[0.0, 2.0], [1.0, 0.0]]),
        1.01 * np.array([[0.6, -0.8], [0.8, 0.6]]),
        np.full((3, 3), 1e300),
        np.random.default_rng(0).normal(size=(40, 40)),
    ],
)
def test_a_spectral_radius_above_one_has_infinity(W: Matrix) -> None:
    for constant in (kreiss_constant, power_supremum):
        assert (constant(W).lower, constant(W).upper) == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("W", "least"),
    [
        (np.array([[1.0, 1.0], [0.0, 1.0]]), 1e6),  # a Jordan block: unbounded, but only linearly
        (np.array([[1.0, 5.0], [0.0, 0.5]]), math.sqrt(101) * (1 - 1e-9)),  # bounded: the limit is [[1, 10], [0, 0]]
        (np.array([[0.6, -0.8], [0.8, 0.6]]), 1.0),
        (np.array([[0.5, 0.5], [0.25, 0.75]]), 1.05),  # stochastic
        (np.array([[0.0, 1e300], [1e-299, 0.0]]), 1e300),  # rho = sqrt(10), lost to the range of floats
    ],
)
def test_a_spectral_radius_of_one_is_left_open(W: Matrix, least: float) -> None:
    found = power_supremum(W)
    assert least <= found.lower < math.inf
    assert found.upper == math.inf
    again = kreiss_constant(W)
    assert 1.0 <= again.lower < again.upper == math.inf


@given(n=st.integers(1, 7), seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1.0, 1e-300, 1e30, 1e300]))
def test_a_nilpotent_matrix_has_the_largest_of_its_powers(n: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    W = np.triu(rng.normal(size=(n, n)), 1)[np.ix_(order, order)]
    with mpmath.workdps(30):
        exact = mpmath.matrix(W.tolist()) * scale
        norms = [mpmath.mnorm(exact**t, "f") for t in range(n)]
    found = power_supremum(W * scale)
    assert found.lower <= max(norms) * (1 + 1e-12)
    assert found.upper * math.sqrt(n) >= min(max(norms), np.finfo(float).max) * (1 - 1e-12)
    assert found.lower == pytest.approx(found.upper, rel=1e-9) or found.lower == np.finfo(float).max


def test_a_bisection_that_is_cut_off_leaves_a_bracket(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.array([[0.999, 1.0], [0.0, 0.999]])
    exact = power_supremum(W)
    monkeypatch.setattr(module, "NODES", 1.0)
    cut = power_supremum(W)
    assert cut.lower <= exact.lower <= exact.upper < cut.upper < math.inf


def test_a_large_matrix_takes_part() -> None:
    W = np.random.default_rng(0).normal(size=(128, 128)) / math.sqrt(128) * 0.9
    found = kreiss_constant(W)
    assert found.upper == pytest.approx(largest_power(W, 60), rel=1e-9)
    assert 1.05 < found.lower < found.upper


@pytest.mark.parametrize("constant", [kreiss_constant, power_supremum])
def test_wrong_matrices_are_refused_in_one_sentence(constant: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match=r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(4,\)"):
        constant(np.ones(4))
    with pytest.raises(ValueError, match="W must have a floating dtype, got int64"):
        constant(np.ones((2, 2), dtype=np.int64))
