"""K(W) lies in its enclosure: exact values, resolvents in many digits, and bounds that do not depend on what proposed them."""

import importlib
import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from errorflow.numerics.constants import kreiss_constant, power_supremum

Matrix = NDArray[np.float64]
module = importlib.import_module("errorflow.numerics.constants.resolvent")
KINDS: dict[str, Callable[[int, np.random.Generator], Matrix]] = {
    "gaussian": lambda n, rng: rng.normal(size=(n, n)),
    "triangular": lambda n, rng: np.triu(3 * rng.normal(size=(n, n)), 1) + np.diag(rng.uniform(-1, 1, size=n)),
    "Jordan": lambda n, rng: np.eye(n) + rng.uniform(0, 3) * np.eye(n, k=1),
    "rank one": lambda n, rng: np.outer(rng.normal(size=n), rng.normal(size=n)),
    "orthogonal": lambda n, rng: np.linalg.qr(rng.normal(size=(n, n)))[0],
    "a turned pair": lambda n, rng: np.kron(np.eye(n), [[0.6, -4.0], [0.1, 0.6]])[:n, :n] + rng.normal(size=(n, n)) / 8,
}


@st.composite
def decaying(draw: st.DrawFn, *, largest: int = 6) -> Matrix:
    """A matrix with rho(W) between 0 and 0.95 that need not be near normal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = KINDS[draw(st.sampled_from(sorted(KINDS)))](draw(st.integers(1, largest)), rng)
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    return W * draw(st.sampled_from([0.95, 0.5, 0.1])) / max(radius, 1e-3)


def jordan_resolvent(a: mpmath.mpf, b: mpmath.mpf, r: mpmath.mpf) -> mpmath.mpf:
    """max over |z| = r of ||(z I - [[a, b], [0, a]])^-1||_2, attained at z = r for a >= 0."""
    d = r - a
    return b / (2 * d**2) + mpmath.sqrt(1 / d**2 + b**2 / (4 * d**4))


def jordan_constant(a: float, b: float) -> mpmath.mpf:
    """K of [[a, b], [0, a]] in 40 digits, for a value above 1: the best r on a grid, then golden section."""
    with mpmath.workdps(40):
        exact_a, exact_b = mpmath.mpf(a), mpmath.mpf(b)

        def value(s: mpmath.mpf) -> mpmath.mpf:
            return mpmath.e**s * jordan_resolvent(exact_a, exact_b, 1 + mpmath.e**s)

        best = max((mpmath.mpf(k) / 10 for k in range(-150, 150)), key=value)
        low, high, share = best - 1, best + 1, (mpmath.sqrt(5) - 1) / 2
        while high - low > mpmath.mpf(10) ** -18:
            left, right = high - share * (high - low), low + share * (high - low)
            low, high = (low, right) if value(left) > value(right) else (left, high)
        return value((low + high) / 2)


@pytest.mark.parametrize(("a", "b"), [(0.0, 50.0), (0.0, 2.5), (0.0, 1000.0), (0.9, 10.0), (0.5, 3.0), (0.99, 1.0)])
def test_the_exact_constant_of_a_jordan_block_is_inside_to_a_thousandth(a: float, b: float) -> None:
    found, truth = kreiss_constant([[a, b], [0.0, a]]), jordan_constant(a, b)
    assert found.evidence == "certified"
    assert found.lower <= truth <= found.upper
    assert found.upper <= truth * (1 + 1.1e-3)
    assert found.lower >= truth * (1 - 1e-6)
    if a == 0.0:
        r = mpmath.mpf(2)  # the published form of the supremum, near its maximum for a large b
        assert (r - 1) / r * (b / (2 * r) + mpmath.sqrt(1 + b**2 / (4 * r**2))) <= truth * (1 + mpmath.mpf(10) ** -15)
    if (a, b) == (0.0, 50.0):
        assert float(truth) == pytest.approx(12.52, abs=1e-9)


def resolvent_norm(W: Matrix, z: complex) -> mpmath.mpf:
    """(|z| - 1) ||(z I - W)^-1||_2 in 50 digits, from the least eigenvalue of (z I - W)* (z I - W)."""
    with mpmath.workdps(50):
        point = mpmath.mpc(z.real, z.imag)
        B = point * mpmath.eye(len(W)) - mpmath.matrix(W.tolist())
        least = min(mpmath.eighe(B.H * B, eigvals_only=True))
        return (abs(point) - 1) / mpmath.sqrt(least)


def grid(W: Matrix, distances: int = 40, angles: int = 49) -> tuple[NDArray[np.complex128], Matrix]:
    """Points outside the unit circle and the float values of (|z| - 1) ||R(z)|| there."""
    distance = np.geomspace(1e-3, 2 + 2 * float(np.linalg.norm(W, 2)), distances)
    z = ((1 + distance)[:, None] * np.exp(1j * np.linspace(0, math.pi, angles))).ravel()
    least = np.linalg.svd(z[:, None, None] * np.eye(len(W)) - W, compute_uv=False)[:, -1]
    return z, (np.abs(z) - 1) / least


@given(W=decaying(largest=5))
@settings(max_examples=25)
def test_no_resolvent_exceeds_the_upper_end_and_the_lower_end_is_nearly_attained(W: Matrix) -> None:
    found, powers = kreiss_constant(W), power_supremum(W)
    assert 1.0 <= found.lower <= found.upper <= powers.upper
    z, values = grid(W)
    for i in np.argsort(values)[-2:]:
        value = resolvent_norm(W, complex(z[i]))
        assert value <= found.upper
        assert value <= found.lower * (1 + 1e-3)  # no better point was missed
    assert found.upper <= found.lower * (1 + 1.1e-3) or found.lower > 1e3
    assert powers.lower <= math.e * len(W) * found.upper


@given(W=decaying(largest=4), angle=st.floats(0.0, 3.14), distance=st.sampled_from([1e-6, 1e-3, 0.1, 1.0, 50.0]))
def test_the_bound_at_a_point_is_below_the_resolvent_in_fifty_digits_and_close(
    W: Matrix, angle: float, distance: float
) -> None:
    z = complex((1 + distance) * math.cos(angle), (1 + distance) * math.sin(angle))
    bound, truth = module.resolvent_below(W, z, 1.0), resolvent_norm(W, z)
    assert bound <= truth
    assert bound >= truth * (1 - 1e-6)


@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1e-9, 1e-3, 0.3, 3.0]))
def test_a_wrong_inverse_makes_the_bound_at_a_point_smaller_never_false(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    W, z = rng.normal(size=(3, 3)) / 3, complex(1.2, 0.4)
    inverse, truth = np.linalg.inv, resolvent_norm(W, z)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.linalg, "inv", lambda B: inverse(B) * (1 + size) + size * rng.normal(size=B.shape))
        assert module.resolvent_below(W, z, 1.0) <= truth


def test_without_the_residual_of_the_inverse_a_false_bound_at_a_point_would_be_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    W, z, inverse = np.array([[0.5, 1.0], [0.0, 0.5]]), complex(1.2, 0.4), np.linalg.inv
    monkeypatch.setattr(np.linalg, "inv", lambda B: inverse(B) * 1.5)
    assert module.resolvent_below(W, z, 1.0) <= resolvent_norm(W, z)
    monkeypatch.setattr(module, "_frobenius", lambda _: 0.0)
    assert module.resolvent_below(W, z, 1.0) > resolvent_norm(W, z) * 1.4


def least_gain(V: Matrix, r: float) -> float:
    """min over |z| = r of the least singular value of z I - V, on a grid and then around its best point."""
    angles = np.linspace(0.0, math.pi, 721)
    width = angles[1]
    for _ in range(6):
        z = r * np.exp(1j * angles)
        gains = np.linalg.svd(z[:, None, None] * np.eye(len(V)) - V, compute_uv=False)[:, -1]
        center = angles[np.argmin(gains)]
        angles, width = np.linspace(center - width, center + width, 41), width / 20
    return float(gains.min())


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), r=st.sampled_from([0.01, 0.7, 1.0, 2.5, 40.0]))
@settings(max_examples=30)
def test_the_gain_on_a_circle_is_below_the_least_singular_value_whatever_the_estimate(
    seed: int, n: int, r: float
) -> None:
    V = np.random.default_rng(seed).normal(size=(n, n))
    V *= 0.99 / np.abs(V).max()
    truth = least_gain(V, r)
    for estimate in (truth / 3, truth, truth * 1.01, truth * 30):
        assert module.gain_on_circle(V, r, estimate) <= truth * (1 + 1e-9)
    if truth > 1e-4:
        assert module.gain_on_circle(V, r, truth) >= truth * (1 - 1e-3)


@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1e-12, 1e-6, 1e-2, 1.0]))
@settings(max_examples=25)
def test_a_wrong_solution_widens_the_bound_on_a_circle_and_falsifies_nothing(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    V, r = rng.uniform(-1, 1, size=(3, 3)), 1.5
    V *= 0.99 / np.abs(V).max()
    truth, solution = least_gain(V, r), module._solution

    def wrong(Q: Matrix, B: Matrix) -> Matrix | None:
        X = solution(Q, B)
        E = size * rng.normal(size=(3, 3))
        return E + E.T if X is None else X + E + E.T

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_solution", wrong)
        for estimate in (truth * 0.999, truth * 1.001, truth * 2):
            assert module.gain_on_circle(V, r, estimate) <= truth * (1 + 1e-9)


def test_without_the_factorization_a_false_bound_on_a_circle_would_be_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    V, solution = np.array([[0.5, 0.9], [0.0, 0.5]]), module._solution
    truth = least_gain(V, 1.0)
    monkeypatch.setattr(module, "_solution", lambda Q, B: solution(Q + 3 * np.eye(2), B))  # of another problem
    assert module.gain_on_circle(V, 1.0, 2 * truth) <= truth
    monkeypatch.setattr(module, "largest_eigenvalue", lambda _, **__: 0.0)
    assert module.gain_on_circle(V, 1.0, 2 * truth) > 1.9 * truth


@given(seed=st.integers(0, 2**32 - 1), b=st.sampled_from([0.5, 3.0, 50.0]), a=st.sampled_from([0.0, 0.5, 0.9]))
@settings(max_examples=25)
def test_between_two_circles_the_bound_holds_for_any_choice_of_circles(seed: int, b: float, a: float) -> None:
    # H(r) = r ||R(r)|| is known for a Jordan block, so that bounds on circles and between them can be compared with it.
    rng = np.random.default_rng(seed)

    def H(r: float) -> mpmath.mpf:
        return mpmath.mpf(r) * jordan_resolvent(mpmath.mpf(a), mpmath.mpf(b), mpmath.mpf(r))

    with mpmath.workdps(40):
        radii = sorted(1 + 10.0 ** rng.uniform(-4, 3, size=4))
        nodes = {r: math.nextafter(float(H(r)), math.inf) * float(rng.choice([1.0, 1.0, 1.3])) for r in radii}
        for arc in module._hull(nodes):
            bound = module._bound(arc)
            for r in np.geomspace(arc.r0, min(arc.r1, 1e6), 30).tolist():
                value = (1 - 1 / mpmath.mpf(r)) * H(r)
                assert value <= bound * (1 + mpmath.mpf(10) ** -13)
            if arc.r1 < 1.001 * arc.r0:
                assert bound <= (1 - 1 / mpmath.mpf(arc.r1)) * arc.h0


@given(W=decaying(largest=4), distance=st.sampled_from([0.01, 0.3, 2.0, 100.0]))
@settings(max_examples=20)
def test_the_sum_of_the_norms_of_the_powers_bounds_the_resolvent_on_every_circle(W: Matrix, distance: float) -> None:
    found = module._power_sum(importlib.import_module("errorflow.numerics.constants.power").growth(W), 1 + distance)
    assert (1 + distance) / least_gain(W, 1 + distance) <= found * (1 + 1e-9)
    norms = [float(np.linalg.norm(np.linalg.matrix_power(W, t), 2)) for t in range(400)]
    assert found >= sum(norm * (1 + distance) ** -t for t, norm in enumerate(norms)) * (1 - 1e-9)


@pytest.mark.parametrize("factor", [1.0, -1.0, 1e-300])
def test_contractions_have_one(factor: float) -> None:
    rng = np.random.default_rng(0)
    turned = 0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0]
    for W in (np.roll(np.eye(4), 1, axis=0), np.zeros((3, 3)), np.eye(1), turned):
        found = kreiss_constant(factor * W)
        assert (found.lower, found.upper, found.evidence) == (1.0, 1.0, "certified")


@pytest.mark.parametrize("W", [[[1.001]], [[1.0000001, 5.0], [0.0, 0.5]], [[0.0, 2.0], [1.0, 0.0]], [[1e300]]])
def test_a_spectral_radius_above_one_has_infinity(W: list[list[float]]) -> None:
    assert (kreiss_constant(W).lower, kreiss_constant(W).upper) == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("W", "least", "most"),
    [
        ([[1.0, 1.0], [0.0, 1.0]], 1e5, math.inf),  # a Jordan block of the eigenvalue 1: K is infinite
        ([[1.0, 5.0], [0.0, 0.5]], 10.04, math.inf),
        ([[0.6, -0.8], [0.8, 0.6]], 1.0, math.inf),
        ([[0.5, 0.5], [0.25, 0.75]], 1.054, math.nextafter(math.sqrt(2), 2)),
        ([[0.0, 1e200], [0.0, 0.0]], 1.0, 1.0000001e200),
        ([[0.5, 1e12], [1e-14, 0.5]], 2e11, 1e12),  # about (r - 1) 1e12/((r - .5)^2 - .01), largest near r = 1.5
    ],
)
def test_what_rounding_can_not_tell_is_left_open(W: list[list[float]], least: float, most: float) -> None:
    found = kreiss_constant(W)
    assert least <= found.lower <= found.upper <= most
    assert found.upper == math.inf or most < math.inf


def test_an_ill_conditioned_resolvent_leaves_the_bound_by_the_powers() -> None:
    W = np.triu(3 * np.random.default_rng(1).normal(size=(8, 8)), 1) + 0.9 * np.eye(8)
    found, powers = kreiss_constant(W), power_supremum(W)
    assert 1e4 < found.lower <= found.upper <= powers.upper
    assert powers.upper <= math.e * 8 * found.upper


def test_a_budget_of_no_circle_leaves_the_sum_of_the_powers(monkeypatch: pytest.MonkeyPatch) -> None:
    W = np.array([[0.0, 50.0], [0.0, 0.0]])
    exact = kreiss_constant(W)
    monkeypatch.setattr(module, "CIRCLES", 0)
    rough = kreiss_constant(W)
    # (1 - 1/r) (1 + 50/r) is largest at r = 100/49, where it is 51^2/200
    assert 1.0 <= rough.lower <= exact.upper
    assert exact.upper < 51**2 / 200 <= rough.upper <= 51**2 / 200 * 1.01


def test_a_large_matrix_takes_part() -> None:
    W = np.random.default_rng(0).normal(size=(80, 80)) / 9.8
    found = kreiss_constant(W)
    assert 1.05 < found.lower <= found.upper <= found.lower * (1 + 1.1e-3)
    assert grid(W, 6, 9)[1].max() <= found.upper * (1 + 1e-12)


@pytest.mark.parametrize("constant", [kreiss_constant, power_supremum])
def test_wrong_matrices_are_refused_in_one_sentence(constant: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match=r"W must be a square matrix of shape \(n, n\) with n >= 1, got shape \(4,\)"):
        constant(np.ones(4))
    with pytest.raises(ValueError, match="W must have a floating dtype, got int64"):
        constant(np.ones((2, 2), dtype=np.int64))
    with pytest.raises(ValueError, match="W must be finite, got nan in row 0, column 1"):
        constant([[0.0, math.nan], [0.0, 0.0]])
