"""The laws of w and omega: rho <= w <= ||A|| <= 2 w, w(A^k) <= w(A)^k, omega <= min(s, w), and closed forms."""

import importlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from errorflow.numerics.constants import (
    diagonal_scaling,
    numerical_radius,
    perron_radius,
    radius_scaling,
    scaled_numerical_radius,
    spectral_norm,
    spectral_radius,
)
from errorflow.numerics.constants import radius_barrier as barrier
from errorflow.numerics.constants.radius_angle import angle

Matrix = NDArray[np.float64]
# The package has a function of the module's name.
module = importlib.import_module("errorflow.numerics.constants.numerical_radius")
GAP = 3e-12  # of the enclosures of w
FOUND = 1.5e-3  # relative distance of radius.upper from the least radius, at most


def crabb(k: int) -> Matrix:
    """The matrix of size k + 1 with w = 1 and ||A^k|| = 2."""
    A = np.eye(k + 1, k=1)
    A[0, 1] *= math.sqrt(2)
    A[k - 1, k] *= math.sqrt(2)
    return A


KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "deficient": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, 1)) < 0.6),
    "nilpotent": lambda n, rng: np.tril(rng.normal(size=(n, n)), -1),
    "Jordan": lambda n, rng: rng.normal() * np.eye(n) + np.eye(n, k=1),
    "hidden Jordan": lambda n, rng: (Q := np.linalg.qr(rng.normal(size=(n, n)))[0]) @ np.eye(n, k=1) @ Q.T,
    "nonnegative": lambda n, rng: rng.exponential(size=(n, n)),
    "badly scaled": lambda n, rng: (d := 10 ** rng.uniform(-2, 2, size=(n, 1))) * rng.normal(size=(n, n)) / d.T,
    "symmetric": lambda n, rng: (A := rng.normal(size=(n, n))) + A.T,
    "antisymmetric": lambda n, rng: (A := rng.normal(size=(n, n))) - A.T,
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.random((n, n)) < 2.5 / n),
    "zero": lambda n, rng: np.zeros((n, n)),
}


@st.composite
def matrices(draw: st.DrawFn, *, largest: int = 8, scales: tuple[float, ...] = (1.0, 1e-300, 1e300, 0.3)) -> Matrix:
    kind = draw(st.sampled_from(sorted(KINDS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return KINDS[kind](draw(st.integers(1, largest)), rng) * draw(st.sampled_from(scales))


def unit(W: Matrix) -> Matrix:
    return W / (float(np.abs(W).max()) or 1.0)


def attained(W: Matrix, theta: float) -> float:
    rotated = np.exp(1j * theta) * W
    return float(np.linalg.eigvalsh((rotated + rotated.conj().T) / 2)[-1])


# The numerical radius


@given(W=matrices())
def test_the_radius_lies_between_half_the_norm_and_the_norm_and_its_ends_meet(W: Matrix) -> None:
    found, norm = numerical_radius(W), spectral_norm(W).upper
    assert found.evidence == "certified"
    assert found.width <= GAP * found.upper
    assert spectral_norm(W).lower / 2 <= found.upper
    assert found.lower <= norm
    assert found.upper <= norm * (1 + 1e-12)
    assert spectral_radius(W).lower <= found.upper


@given(W=matrices(scales=(1.0,)), seed=st.integers(0, 2**32 - 1))
def test_no_vector_and_no_angle_exceeds_the_upper_end(W: Matrix, seed: int) -> None:
    found, rng = numerical_radius(W), np.random.default_rng(seed)
    z = rng.normal(size=(len(W), 50)) + 1j * rng.normal(size=(len(W), 50))
    values = np.abs(np.einsum("ij,ij->j", z.conj(), W @ z)) / (np.abs(z) ** 2).sum(axis=0)
    angles = max(attained(W, theta) for theta in np.linspace(0.0, 2 * math.pi, 65))
    assert max(values.max(), angles) <= found.upper * (1 + 1e-14)
    assert found.lower <= angles / math.cos(math.pi / 64) * (1 + 1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40])
def test_closed_forms(n: int) -> None:
    rng = np.random.default_rng(n)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    x, y = rng.normal(size=n), rng.normal(size=n)
    cases = [
        (np.eye(n, k=1), math.cos(math.pi / (n + 1))),
        (Q @ np.eye(n, k=1) @ Q.T, math.cos(math.pi / (n + 1))),
        (crabb(n), 1.0),
        (3 * Q, 3.0),
        (Q + Q.T, np.linalg.norm(Q + Q.T, 2)),
        (np.roll(np.eye(n), 1, axis=0), 1.0),
        (np.outer(x, y), (np.linalg.norm(x) * np.linalg.norm(y) + abs(x @ y)) / 2),
        (np.array([[0.3, n], [0.0, 0.3]]), 0.3 + n / 2),
        (np.array([[1.0, 1.0], [-1.0, -1.0]]), 1.0),
        (np.zeros((n, n)), 0.0),
    ]
    for W, expected in cases:
        found = numerical_radius(W)
        assert found.lower == pytest.approx(expected, rel=1e-12, abs=1e-14)
        assert found.upper == pytest.approx(expected, rel=GAP, abs=1e-14)
        assert found.lower <= expected * (1 + 1e-14)
        assert expected <= found.upper * (1 + 1e-14) + 1e-16


@given(W=matrices(largest=6, scales=(1.0,)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_invariance_direct_sums_and_powers(W: Matrix, seed: int) -> None:
    W = unit(W)
    n, w = len(W), numerical_radius(W).upper
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    for same in (W.T, -W, Q @ W @ Q.T):
        assert numerical_radius(same).upper == pytest.approx(w, rel=1e-9, abs=1e-12)
    other = np.random.default_rng(seed).normal(size=(2, 2))
    both = np.block([[W, np.zeros((n, 2))], [np.zeros((2, n)), other]])
    assert numerical_radius(both).upper == pytest.approx(max(w, numerical_radius(other).upper), rel=1e-9)
    for k in (2, 3, 7):  # Berger
        assert numerical_radius(np.linalg.matrix_power(W, k)).lower <= w**k * (1 + 1e-9) + 1e-14


def test_the_riccati_equation_has_a_solution_above_the_radius_alone() -> None:
    for seed in range(20):
        W = np.random.default_rng(seed).normal(size=(6, 6))
        w = numerical_radius(W).lower
        assert module.maximal_solution(W, w * (1 - 1e-11)) is None
        X = module.maximal_solution(W, t := w * (1 + 1e-9))
        assert X is not None
        assert pytest.approx(2 * t * np.eye(6), abs=1e-9) == X + W.T @ np.linalg.solve(X, W)


def test_an_angle_that_the_search_misses_shows_in_the_upper_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # The angle 0 has a local maximum 1, the angle pi/2 the largest value.
    W = np.diag([1.0, -1.0, 0.0, 0.0])
    W[2:, 2:] = [[0.0, -1.001], [1.001, 0.0]]
    monkeypatch.setattr(module, "best_angle", lambda V, arcs: angle(V, 0.0))
    assert module.radius_enclosed(W).upper >= 1.001
    monkeypatch.undo()
    assert numerical_radius(W).lower == pytest.approx(1.001, rel=1e-12)


@pytest.mark.parametrize("n", [100, 256])
def test_large_matrices_take_part(n: int) -> None:
    W = np.random.default_rng(n).normal(size=(n, n)) / math.sqrt(n)
    found = numerical_radius(W)
    assert found.width <= 1e-10 * found.upper
    assert found.lower == pytest.approx(math.sqrt(2), rel=0.06)  # the law of large Gaussian matrices


# Diagonal scaling


def radius_of(W: Matrix, L: NDArray[np.float64]) -> float:
    return numerical_radius(L[:, None] * W / L).upper


@given(W=matrices(largest=6, scales=(1.0, 1e-200, 1e200)), limit=st.sampled_from([1.5, 1e3, 1e8]))
@settings(max_examples=25)
def test_the_scaling_found_attains_its_radius_and_is_no_worse_than_the_start(W: Matrix, limit: float) -> None:
    start = diagonal_scaling(W, condition_limit=limit)
    found = radius_scaling(W, condition_limit=limit, start=start)
    scale = float(np.abs(W).max()) or 1.0
    assert {part.evidence for part in (found.radius, found.condition, found.infimum)} == {"certified"}
    assert found.radius.upper == pytest.approx(radius_of(W / scale, found.diagonal) * scale, rel=1e-9)
    assert found.condition.upper <= limit * (1 + 1e-9)
    assert found.condition.lower <= found.diagonal.max() / found.diagonal.min() <= found.condition.upper
    least = min(start.norm.upper, numerical_radius(W).upper, radius_of(W / scale, start.diagonal) * scale)
    assert found.radius.upper <= least * (1 + 1e-9)
    assert start.infimum.lower / 2 <= found.infimum.upper <= found.radius.upper
    whole = scaled_numerical_radius(W, start=start)
    assert whole.lower <= found.infimum.upper
    assert found.infimum.lower <= whole.upper
    assert whole.upper <= found.infimum.upper * (1 + 1e-12) or limit < 1e3


@given(W=matrices(largest=5), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_enclosures_of_similar_matrices_meet(W: Matrix, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = unit(W)
    n, found = len(W), scaled_numerical_radius(W)
    d, order = 2.0 ** rng.integers(-9, 10, size=n), rng.permutation(n)  # nothing is rounded
    signs = rng.choice([-1.0, 1.0], size=n)
    for other in (d[:, None] * W / d, W[np.ix_(order, order)], W.T, -W, signs[:, None] * W * signs):
        again = scaled_numerical_radius(other)
        assert again.lower <= found.upper
        assert found.lower <= again.upper


@given(n=st.integers(2, 3), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_a_derivative_free_search_finds_no_smaller_radius(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, n))

    turns = np.exp(1j * np.linspace(0.0, math.pi, 129))[:, None, None]

    def radius(y: NDArray[np.float64]) -> float:  # up to 1 - cos(pi/256)
        L = np.exp(np.append(y, 0.0))
        H = turns * (L[:, None] * W / L)
        return float(np.linalg.eigvalsh(H + H.conj().swapaxes(1, 2))[:, -1].max()) / 2

    y = np.zeros(n - 1)
    for _ in range(3):
        simplex = np.vstack([y, y + 0.5 * rng.normal(size=(n - 1, n - 1))])
        options = {"xatol": 1e-7, "fatol": 1e-9, "maxfev": 120, "initial_simplex": simplex}
        y = minimize(radius, y, method="Nelder-Mead", options=options).x
    found = radius_scaling(W)
    assert found.infimum.lower <= radius(y) / math.cos(math.pi / 256)
    assert found.radius.upper <= radius(y) * (1 + FOUND)


@pytest.mark.parametrize("n", [10, 30, 60])
def test_the_two_ends_of_a_gaussian_matrix_are_close(n: int) -> None:
    for seed in range(2):
        W = np.random.default_rng(seed).normal(size=(n, n)) / math.sqrt(n)
        found = scaled_numerical_radius(W)
        assert found.width <= FOUND * found.upper
        assert found.upper < 0.99 * min(diagonal_scaling(W).norm.upper, numerical_radius(W).upper)


@given(W=matrices(largest=6, scales=(1.0,)))
@settings(max_examples=25)
def test_a_nonnegative_matrix_has_its_perron_root(W: Matrix) -> None:
    found = radius_scaling(np.abs(W))
    assert found.infimum.lower <= perron_radius(W).upper
    assert perron_radius(W).lower <= found.infimum.upper
    if (np.abs(W) > 1e-3).all():
        assert found.radius.upper == pytest.approx(perron_radius(W).upper, rel=1e-5)


@given(W=matrices(largest=5, scales=(1.0,)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_masked_products_stay_below_twice_the_power_of_the_radius(W: Matrix, seed: int) -> None:
    W, rng = unit(W), np.random.default_rng(seed)
    found = radius_scaling(W, condition_limit=1e3)
    product = np.eye(len(W))
    for k in range(1, 9):
        product = rng.choice([0.0, 0.5, 1.0, 1.0], size=(len(W), 1)) * (W @ product)
        bound = 2 * found.condition.upper * found.radius.upper**k
        assert np.linalg.norm(product, 2) <= bound * (1 + 1e-9)


def test_the_radius_decides_where_the_norm_does_not() -> None:
    W = 0.7 * np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert diagonal_scaling(W).infimum.lower > 1.3
    assert scaled_numerical_radius(W).upper == pytest.approx(0.7)


def test_fewer_angles_leave_a_wider_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.random.default_rng(0).normal(size=(40, 40))
    start, best = diagonal_scaling(W), radius_scaling(W)
    monkeypatch.setattr(barrier, "LARGE", 16)
    monkeypatch.setattr(barrier, "REFINED", 0.0)
    found = radius_scaling(W, start=start)
    assert found.radius.upper < 0.99 * radius_of(W, start.diagonal)
    assert 2 * best.infimum.width <= found.infimum.width <= 0.015 * found.infimum.upper
    assert found.infimum.lower <= best.infimum.upper
    assert best.infimum.lower <= found.infimum.upper


def test_what_is_too_large_for_a_search_keeps_the_better_start(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.random.default_rng(1).normal(size=(20, 20))
    best, start = radius_scaling(W), diagonal_scaling(W)
    monkeypatch.setattr(barrier, "WORK", 1.0)
    found = radius_scaling(W, start=start)
    least = min(radius_of(W, start.diagonal), numerical_radius(W).upper)
    assert found.radius.upper == pytest.approx(least, rel=1e-9)
    assert start.infimum.lower / 2 <= found.infimum.lower <= best.infimum.upper <= found.infimum.upper


@pytest.mark.parametrize("constant", [numerical_radius, scaled_numerical_radius])
def test_entries_from_the_smallest_to_the_largest_float_do_no_harm(constant: Callable[..., object]) -> None:
    for scale in (1e-300, 1e300):
        assert constant(np.full((2, 2), scale)).upper == pytest.approx(2 * scale)
        assert constant(np.array([[-scale]])) == constant(np.array([[scale]]))
    huge = constant(np.full((3, 3), 1e308))
    assert (huge.lower, huge.upper) == (np.finfo(float).max, math.inf)
    assert constant(np.array([[0.0, 1e300], [1e-300, 0.0]])).upper <= 1e300


@pytest.mark.parametrize("constant", [numerical_radius, scaled_numerical_radius, radius_scaling])
def test_wrong_arguments_are_refused_in_one_sentence(constant: Callable[..., object]) -> None:
    with pytest.raises(
        ValueError, match=r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(2, 3\)"
    ):
        constant(np.ones((2, 3)))
    with pytest.raises(ValueError, match="W must be finite, got nan in row 1, column 1"):
        constant(np.array([[1.0, 2.0], [3.0, np.nan]]))
    if constant is numerical_radius:
        return
    other = diagonal_scaling(np.eye(2))
    with pytest.raises(ValueError, match="start must scale 3 units, got 2"):
        constant(np.eye(3), start=other)
    with pytest.raises(ValueError, match="start must be what diagonal_scaling found for this very W"):
        constant(3 * np.eye(2), start=other)
    if constant is scaled_numerical_radius:
        return
    for limit in (1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="condition_limit must be greater than 1 and at most 1e60, got"):
            constant(np.eye(2), condition_limit=limit)
    W = np.array([[0.0, 4.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match=r"start must have a condition of at most 1\.5, got [12]\."):
        constant(W, condition_limit=1.5, start=diagonal_scaling(W))
