"""The largest power of a matrix lies in the enclosure, whatever the matrix, and the enclosure is narrow where it can be."""

import importlib
import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import power_supremum

Matrix = NDArray[np.float64]
module = importlib.import_module("errorflow.numerics.constants.power")
LARGEST = np.finfo(float).max
KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "triangular": lambda n, rng: np.triu(3 * rng.normal(size=(n, n)), 1) + np.diag(rng.uniform(-1, 1, size=n)),
    "Jordan": lambda n, rng: np.eye(n) + rng.uniform(0, 3) * np.eye(n, k=1),
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "sparse": lambda n, rng: rng.normal(size=(n, n)) * (rng.uniform(size=(n, n)) < 0.4),
    "graded": lambda n, rng: rng.normal(size=(n, n)) * 10.0 ** rng.uniform(-8, 0, size=(n, n)),
    "half the units": lambda n, rng: np.where(np.arange(n)[:, None] % 2 == 0, rng.normal(size=(n, n)), 0.0),
}


@st.composite
def decaying(draw: st.DrawFn, *, largest: int = 6) -> Matrix:
    """A matrix with rho(W) between 0 and 0.95 that need not be near normal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = KINDS[draw(st.sampled_from(sorted(KINDS)))](draw(st.integers(1, largest)), rng)
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    W = W * draw(st.sampled_from([0.95, 0.5, 0.1])) / max(radius, 1e-3)
    return W.astype(np.float32).astype(float) if draw(st.booleans()) else W


def exact_norm(power: mpmath.matrix) -> mpmath.mpf:
    return mpmath.sqrt(max(mpmath.eigsy(power.T * power, eigvals_only=True)))


def exact_supremum(W: Matrix, steps: int) -> mpmath.mpf:
    """The largest ||W^t|| in 60 digits, over the t < steps whose norms are largest in floats."""
    power, norms = np.eye(len(W)), [1.0]
    for _ in range(steps):
        power = power @ W
        norms.append(float(np.linalg.norm(power, 2)))
    with mpmath.workdps(60):
        A = mpmath.matrix(W.tolist())
        return max([mpmath.mpf(1), *(exact_norm(A ** int(t)) for t in np.argsort(norms)[-4:])])


def holds(lower: float, truth: mpmath.mpf, upper: float) -> bool:
    with mpmath.workdps(60):
        return bool(mpmath.mpf(lower) <= truth <= mpmath.mpf(upper))


@given(W=decaying())
def test_the_largest_power_in_sixty_digits_is_inside_and_the_ends_agree_to_nine_digits(W: Matrix) -> None:
    found, truth = power_supremum(W), exact_supremum(W, 400)
    assert found.evidence == "certified"
    assert holds(found.lower, truth, found.upper)
    assert found.upper <= found.lower * (1 + 1e-9)
    if truth > 1:
        assert not holds(found.lower, truth, float(truth) * (1 - 1e-13))
        assert not holds(float(truth) * (1 + 1e-13), truth, found.upper)


@given(W=decaying(largest=4), scale=st.sampled_from([1e-310, 1e-300, 1e-200, 1e-30, 1.0, 2.0**40, 1e300]))
def test_no_scale_makes_a_power_leave_the_enclosure(W: Matrix, scale: float) -> None:
    with np.errstate(under="ignore"):
        scaled = W * scale
    if not np.isfinite(scaled).all():
        return
    found = power_supremum(scaled)
    with mpmath.workdps(60):
        A = mpmath.matrix(scaled.tolist())
        norms = [exact_norm(A**t) for t in range(1, 6)]
    assert all(norm <= found.upper for norm in norms)
    assert found.lower >= 1.0


@pytest.mark.parametrize("seed", range(4))
def test_a_strong_transient_of_a_small_matrix_is_found_in_integers(seed: int) -> None:
    # The condition of the powers exceeds that of floats: rounding is amplified in every doubling.
    rng = np.random.default_rng(seed)
    n = 5 + seed
    W = np.triu(3 * rng.normal(size=(n, n)), 1) + 0.9 * np.eye(n)
    found, truth = power_supremum(W), exact_supremum(W, 400)
    assert truth > 1e3
    assert holds(found.lower, truth, found.upper)
    assert found.upper <= found.lower * (1 + 1e-9)


def test_floats_alone_leave_open_what_integers_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.array([[0.99, 30.0], [0.0, 0.99]])
    exact = power_supremum(W)
    assert exact.lower == pytest.approx(max(30 * t * 0.99 ** (t - 1) for t in range(300)), rel=1e-6)
    assert exact.upper <= exact.lower * (1 + 1e-9)
    monkeypatch.setattr(module, "WIDE", 0)
    rough = power_supremum(W)
    assert rough.lower <= exact.upper
    assert rough.upper >= exact.lower
    assert rough.upper > rough.lower * 2


def cube(n: int, *, wide: bool) -> tuple[float, float]:
    """(the distance of a computed W^3 from the exact one in the Frobenius norm, its error bound), in the scale of the power."""
    W = np.random.default_rng(n).normal(size=(n, n)) / math.sqrt(n)
    first = module._first(W, wide=wide)
    third = module._times(module._times(first, first), first)
    base = exact = [[Fraction(x) for x in row] for row in W.tolist()]
    for _ in range(2):
        columns = list(zip(*exact, strict=True))
        exact = [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in base]
    scale, entries = Fraction(2) ** int(third.exponent[0]), third.M[0].tolist()
    if wide:
        entries = [[Fraction(int(x), 1 << third.bits) for x in row] for row in third.digits[0].tolist()]
    off = [
        Fraction(x) - y / scale
        for row, other in zip(entries, exact, strict=True)
        for x, y in zip(row, other, strict=True)
    ]
    return math.sqrt(sum(x * x for x in off)), float(third.error[0])


@pytest.mark.parametrize(("n", "kind"), [(2, "floats"), (5, "floats"), (5, "integers"), (20, "floats")])
def test_the_error_that_goes_with_a_power_bounds_its_distance_from_the_exact_power(
    n: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = kind == "integers"
    distance, error = cube(n, wide=wide)
    assert distance <= error <= max(1e3 * n * distance, 1e-150)
    monkeypatch.setattr(module, "gamma", lambda _: 0.0)
    distance, error = cube(n, wide=wide)
    assert distance <= error if wide else distance > error  # forgotten rounding is noticed


@given(n=st.integers(1, 7), seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1.0, 1e-300, 1e30, 1e300]))
def test_a_nilpotent_matrix_has_the_largest_of_its_powers(n: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    W = np.triu(rng.normal(size=(n, n)), 1)[np.ix_(order, order)] * scale
    with mpmath.workdps(60):
        exact = mpmath.matrix(W.tolist())
        truth = max([mpmath.mpf(1), *(exact_norm(exact**t) for t in range(1, n))])
    found = power_supremum(W)
    assert holds(found.lower, truth, found.upper)
    assert found.upper <= found.lower * (1 + 1e-9) or found.lower == LARGEST


def test_a_nilpotent_matrix_that_its_graph_does_not_show_is_bounded() -> None:
    found = power_supremum([[2.0, 4.0], [-1.0, -2.0]])
    assert found.lower <= 5.0 <= found.upper <= 5.0 * (1 + 1e-12)


@pytest.mark.parametrize("factor", [1.0, -1.0, 1e-300])
def test_contractions_have_one(factor: float) -> None:
    rng = np.random.default_rng(0)
    for W in (
        np.roll(np.eye(4), 1, axis=0),
        np.zeros((3, 3)),
        np.eye(1),
        np.array([[0.5, 0.5], [0.5, 0.5]]),
        np.array([[0.0, 1e8], [1e-8, 0.0]]) / 1e8,
        0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0],
    ):
        found = power_supremum(factor * W)
        assert (found.lower, found.upper, found.evidence) == (1.0, 1.0, "certified")


def circulant(*row: float) -> Matrix:
    return np.array([np.roll(row, i) for i in range(len(row))])


def test_one_is_claimed_of_row_sums_by_exact_sums_alone() -> None:
    below, above = 1 / 3, math.nextafter(1 / 3, 1)
    assert below + below + above == below + above + above == 1.0
    assert 2 * Fraction(below) + Fraction(above) == 1 < Fraction(below) + 2 * Fraction(above)
    assert power_supremum(circulant(below, below, above)).upper == 1.0
    assert power_supremum(circulant(below, above, above)).upper == math.inf


@pytest.mark.parametrize("W", [[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]])
def test_rows_or_columns_that_sum_to_one_bound_the_powers_although_the_radius_is_one(W: list[list[float]]) -> None:
    A = np.array(W)
    for side in (A, A.T):
        found = power_supremum(side)
        largest = max(float(np.linalg.norm(np.linalg.matrix_power(side, t), 2)) for t in range(60))
        assert 1.05 < found.lower <= largest * (1 + 1e-12)
        assert largest <= found.upper == math.nextafter(math.sqrt(len(W)), 2)


@pytest.mark.parametrize(
    "W",
    [
        np.array([[1.001]]),
        np.array([[1.0000001, 5.0], [0.0, 0.5]]),
        np.array([[0.0, 2.0], [1.0, 0.0]]),
        np.array([[0.0, 1e300], [1e-299, 0.0]]),  # rho = sqrt(10), between entries of very different size
        1.01 * np.array([[0.6, -0.8], [0.8, 0.6]]),
        np.full((3, 3), 1e300),
        np.random.default_rng(0).normal(size=(40, 40)),
    ],
)
def test_a_spectral_radius_above_one_has_infinity(W: Matrix) -> None:
    assert (power_supremum(W).lower, power_supremum(W).upper) == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("W", "least"),
    [
        (np.array([[1.0, 1.0], [0.0, 1.0]]), 1e6),  # a Jordan block: unbounded, but only linearly
        (np.array([[1.0, 5.0], [0.0, 0.5]]), math.sqrt(101) * (1 - 1e-9)),  # bounded: the limit is [[1, 10], [0, 0]]
        (np.array([[0.6, -0.8], [0.8, 0.6]]), 1.0),
        (np.linalg.qr(np.random.default_rng(0).normal(size=(30, 30)))[0], 1.0),
    ],
)
def test_a_spectral_radius_of_one_is_left_open(W: Matrix, least: float) -> None:
    found = power_supremum(W)
    assert least <= found.lower < math.inf
    assert found.upper == math.inf


def test_a_halving_that_is_cut_off_leaves_a_bracket(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.array([[0.999, 1.0], [0.0, 0.999]])
    exact = power_supremum(W)
    monkeypatch.setattr(module, "NODES", 1.0)
    monkeypatch.setattr(module, "INTEGER_NODES", 1.0)
    cut = power_supremum(W)
    assert cut.lower <= exact.lower <= exact.upper < cut.upper < math.inf


def test_where_the_powers_lose_all_digits_the_resolvent_on_the_unit_circle_bounds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    W = np.array([[0.9, 10.0], [0.0, 0.9]])
    exact = power_supremum(W)
    largest = 500 + math.sqrt(500**2 + 10**2)  # ||(I - W)^-1||: the singular values of [[10, 1000], [0, 10]]
    bound = importlib.import_module("errorflow.numerics.constants.resolvent").power_bound(W)
    assert exact.upper < largest <= bound * (1 + 1e-12)
    assert bound <= largest * (1 + 1e-3)
    monkeypatch.setattr(module, "DOUBLINGS", 2)  # nothing is decided
    cut = power_supremum(W)
    assert cut.lower <= exact.upper <= cut.upper <= bound


def test_a_diagonal_scaling_to_a_contraction_bounds_what_floats_and_the_resolvent_lose() -> None:
    W = 2 * np.eye(40, k=1) + 0.1 * np.eye(40, k=-1)  # similar to a symmetric matrix with entries sqrt(.2)
    found = power_supremum(W)
    power, largest = np.eye(40), 1.0
    for _ in range(300):
        power = power @ W
        largest = max(largest, float(np.linalg.norm(power, 2)))
    assert 1e6 < found.lower <= largest * (1 + 1e-6)
    assert largest <= found.upper <= 20.0 ** (39 / 2) * 1.01


def test_a_large_matrix_takes_part() -> None:
    W = np.random.default_rng(0).normal(size=(128, 128)) / math.sqrt(128) * 0.9
    found = power_supremum(W)
    power, largest = np.eye(128), 1.0
    for _ in range(40):
        power = power @ W
        largest = max(largest, float(np.linalg.norm(power, 2)))
    assert found.lower <= largest * (1 + 1e-12)
    assert largest * (1 - 1e-12) <= found.upper <= found.lower * (1 + 1e-9)
