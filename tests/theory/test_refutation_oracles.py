"""Laws of the refutations' numbers: floating point and programs of their own give the same, and the docstrings are true."""

import math
from itertools import cycle, islice

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.theory import refutations
from errorflow.theory.refutation import Example
from errorflow.theory.refutations import contraction_at_every_step, lstm_constant_error_flow
from errorflow.theory.refutations import largest_slope_alone as largest_slope
from errorflow.theory.refutations import one_attractor_below_unit_radius as one_attractor
from errorflow.theory.refutations import radius_without_transient as transient
from errorflow.theory.refutations import vanishing_below_unit_radius as vanishing

QUARTER = [["1/4", 0], [0, "1/4"]]


def array(value) -> np.ndarray:
    return np.array(value.tolist(), dtype=float)


def radius(A: np.ndarray) -> float:
    return abs(np.linalg.eigvals(A)).max()


def norm(A: np.ndarray) -> float:
    return np.linalg.svd(A, compute_uv=False)[0]


# Floating point and programs of their own judge the exact numbers: (found, claimed) of an example


def steps_of(example: Example, name: str, times: str) -> list[np.ndarray]:
    rows = array(example[name])
    return list(islice(cycle(rows), len(rows) * int(example[times])))


def masked(W: np.ndarray, slopes) -> np.ndarray:
    running = np.eye(len(W))
    for d in slopes:
        running = d[:, None] * (W @ running)
    return running


def oracle_vanishing_below_unit_radius(example: Example) -> tuple[float, float]:
    W = array(example["W"])
    assert radius(W) < 1
    return radius(masked(W, steps_of(example, "slopes", "repeats"))), 1


def oracle_one_attractor_below_unit_radius(example: Example) -> tuple[float, float]:
    W, c = array(example["W"]), float(example["c"])
    box = [np.array([h1, h2]) for h1 in np.linspace(-1, 1, 21) for h2 in np.linspace(c, 1, 21)]
    return min(np.tanh(W @ h)[1] for h in box), c


def oracle_radius_without_transient(example: Example) -> tuple[float, float]:
    return norm(np.linalg.matrix_power(array(example["W"]), int(example["lag"]))), 1


def oracle_contraction_at_every_step(example: Example) -> tuple[float, float]:
    slope = sp.lambdify(sp.Symbol("t", nonnegative=True), example["slope"].subs("t", sp.Symbol("t", nonnegative=True)))
    with mpmath.workdps(30):
        return float(mpmath.nprod(lambda t: slope(mpmath.mpf(t)), [0, mpmath.inf])), 0


def oracle_eigenvalues_along_a_cycle(example: Example) -> tuple[float, float]:
    W, slopes = array(example["W"]), array(example["slopes"])
    assert all(radius(d[:, None] * W) < 1 for d in slopes)
    return radius(masked(W, slopes)), 1


def oracle_norm_above_one_at_a_latch(example: Example) -> tuple[float, float]:
    M = masked(array(example["W"]), array(example["slopes"]))
    assert norm(M) > 1
    return radius(M), 1


def oracle_gradient_through_orthogonal_weights(example: Example) -> tuple[float, float]:
    W = array(example["W"])
    assert np.allclose(W @ W.T, np.eye(2), atol=1e-15)
    return norm(masked(W, steps_of(example, "slopes", "repeats"))), 1


def oracle_radius_of_antisymmetric_steps(example: Example) -> tuple[float, float]:
    K, g, eps = array(example["K"]), float(example["damping"]), float(example["step"])
    running = np.eye(2)
    for d in np.repeat(array(example["slopes"]), int(example["hold"]), axis=0):
        step = np.eye(2) + eps * d[:, None] * (K - g * np.eye(2))
        assert radius(step) < 1
        running = step @ running
    return radius(running), 1


def oracle_logarithmic_norm_of_euler_step(example: Example) -> tuple[float, float]:
    M, eps = array(example["M"]), float(example["step"])
    assert np.linalg.eigvalsh((M + M.T) / 2).max() <= 1e-15
    return radius(np.eye(2) + eps * M), 1


def oracle_lstm_constant_error_flow(example: Example) -> tuple[float, float]:
    """A complex step through the cell, with f = 1 put in and the other gates steered by their biases."""
    W, c0 = array(example["W"])[:, 0], float(example["c"])
    gates = np.array(steps_of(example, "gates", "repeats"))

    def run(c, biases=None):
        h, made = 0.0, []
        for t, (i, _, g, o) in enumerate(gates):
            if biases is None:
                made.append(np.array([np.log(i / (1 - i)), 0.0, np.arctanh(g), np.log(o / (1 - o))]) - W * h)
            a = W * h + (made[t] if biases is None else biases[t])
            c = c + np.tanh(a[2]) / (1 + np.exp(-a[0]))
            h = np.tanh(c) / (1 + np.exp(-a[3]))
        return c, made

    _, biases = run(c0)
    return run(c0 + 1e-30j, biases)[0].imag / 1e-30, 1


def oracle_largest_slope_alone(example: Example) -> tuple[float, float]:
    W, slopes = array(example["W"]), steps_of(example, "slopes", "repeats")
    angles = np.exp(2j * np.pi * np.arange(3600) / 3600)
    width = max(np.linalg.eigvalsh((z * W + (z * W).conj().T) / 2).max() for z in angles)
    return norm(masked(W, slopes)), 2 * (float(example["gamma"]) * width) ** len(slopes)


MINE = sorted(name.removeprefix("oracle_") for name in globals() if name.startswith("oracle_"))


@pytest.mark.parametrize("identifier", MINE)
def test_the_exact_numbers_agree_with_floating_point(identifier) -> None:
    refutation = refutations.get(identifier)
    for example in (refutation.example, refutation.find(1)):
        clash, (found, claimed) = refutation.measure(example), globals()[f"oracle_{identifier}"](example)
        assert math.isclose(float(clash.found), found, rel_tol=1e-8)
        assert math.isclose(float(clash.claimed), claimed, rel_tol=1e-5, abs_tol=1e-12)


# What the docstrings say beside the example


def test_no_slopes_exceed_the_supremum_and_some_come_near() -> None:
    W, rng = vanishing.refutation.example["W"], np.random.default_rng(0)
    for steps in (1, 3, 20):
        largest = float(vanishing.supremum(W, steps))
        drawn = [norm(masked(array(W), rng.choice([1e-9, 0.5, 1.0], (steps, 2)))) for _ in range(200)]
        assert max(drawn) <= largest * (1 + 1e-12)
        best = np.array([[1, 1e-9]] * (steps - 1) + [[1, 1]])
        assert norm(masked(array(W), best)) > largest * (1 - 1e-6)
    with pytest.raises(ValueError, match="rank one"):
        vanishing.supremum(sp.eye(2), 3)


def test_inputs_that_hold_one_unit_at_zero_and_saturate_the_other_come_near_the_supremum_of_constant_slopes() -> None:
    W = array(vanishing.refutation.example["W"])
    h, running = np.zeros(2), np.eye(2)
    for _ in range(20):
        u = np.array([0.0, 10.0]) - W @ h * np.array([1.0, 0.0])
        h = np.tanh(W @ h + u)
        running = (1 - h**2)[:, None] * (W @ running)
    assert 2_344_000 < norm(running) < 2_344_688


def test_the_network_without_input_has_three_attractors_also_where_the_radius_is_near_one() -> None:
    sheet = Example(W=[[0, 10], ["-12/1000", "11/10"]], c="3/10")
    assert one_attractor.measure(sheet).refutes
    one_attractor.realize(sheet)
    W = array(sheet["W"])
    ends = []
    for start in ([1, 1], [-1, -1], [1e-3, 1e-3]):
        h = np.array(start, dtype=float)
        for _ in range(5000):
            h = np.tanh(W @ h)
        assert radius((1 - h**2)[:, None] * W) < 1
        ends.append(h)
    assert np.allclose(ends[0], -ends[1])
    assert ends[0][1] > 0.3
    assert np.allclose(ends[2], 0)


@pytest.mark.parametrize("z", ["-2", "-1/3", "0", "1/7", "1", "3"])
@pytest.mark.parametrize("terms", [1, 2, 5, 30])
def test_the_lower_bound_of_tanh_is_one(z, terms) -> None:
    bound = one_attractor.tanh_from_below(sp.Rational(z), terms=terms)
    assert bound.is_Rational
    assert float(bound) <= math.tanh(float(sp.Rational(z))) + 1e-15


@pytest.mark.parametrize("rows", [[["1/2", 5], [0, "1/2"]], [["9/10", 1], [0, "-4/5"]], [[0, 3], [0, 0]], QUARTER])
def test_powers_settle_where_floating_point_says(rows) -> None:
    W = sp.Matrix(rows)
    norms = [norm(np.linalg.matrix_power(array(W), k)) for k in range(400)]
    assert transient.settled(W) == max(k for k in range(400) if norms[k] >= 1) + 1


def test_a_radius_of_one_does_not_settle() -> None:
    with pytest.raises(ValueError, match="radius below one"):
        transient.settled(sp.eye(2))


@pytest.mark.parametrize(
    ("slope", "product"),
    [
        ("1 - 1/(t + 2)**2", "1/2"),
        ("1 - 1/(t + 5)**2", "4/5"),
        ("1 - 1/(2*t + 2)**2", sp.sinc(sp.pi / 2)),  # Wallis
        ("1 - 1/(t + 2)", 0),
        ("1 + 1/(t + 2)", sp.oo),
        ("3/4", 0),
        ("(t + 1)/(t + 2)**2", 0),
        ("2 + t", sp.oo),
    ],
)
def test_infinite_products_of_rational_functions(slope, product) -> None:
    t = sp.Symbol("t", nonnegative=True)
    found = contraction_at_every_step.infinite_product(sp.sympify(slope, locals={"t": t}))
    assert sp.simplify(found - sp.sympify(product)) == 0 or found == product


@pytest.mark.parametrize("slope", ["1 - 1/(t**2 + 2)", "t/(t + 1)", "(t + 1)/(t - 1/2)"])
def test_a_product_without_a_closed_form_here_is_refused(slope) -> None:
    t = sp.Symbol("t", nonnegative=True)
    with pytest.raises(ValueError, match="rational zeros and poles"):
        contraction_at_every_step.infinite_product(sp.sympify(slope, locals={"t": t}))


def test_a_cycle_without_input_has_eigenvalues_inside_the_unit_circle_at_each_point_and_repels() -> None:
    W, y = np.array([[0.0, 3.0], [3.0, 0.0]]), 1.0
    for _ in range(100):
        y = np.tanh(3 * y)
    points = [np.array([0, y]), np.array([y, 0])]
    jacobians = [(1 - h**2)[:, None] * W for h in points]
    assert np.allclose(np.tanh(W @ points[0]), points[1])
    assert np.allclose(np.tanh(W @ points[1]), points[0])
    assert all(radius(J) < 1 for J in jacobians)
    assert math.isclose(radius(jacobians[1] @ jacobians[0]), 9)


def test_the_latch_keeps_its_bit_under_noise_although_the_norm_is_above_ten() -> None:
    example, rng = refutations.get("norm_above_one_at_a_latch").example, np.random.default_rng(0)
    W, (slopes,) = array(example["W"]), array(example["slopes"])
    fixed = np.sqrt(1 - slopes)
    u = np.arctanh(fixed) - W @ fixed
    h = fixed.copy()
    for _ in range(2000):
        h = np.tanh(W @ h + u + rng.uniform(-1e-3, 1e-3, 2))
        assert abs(h - fixed).max() < 0.2
    other = np.array([0.0, -1.0])
    for _ in range(100):
        other = np.tanh(W @ other + u)
    assert other[1] < 0


@pytest.mark.parametrize("n", [3, 8])
def test_isometries_of_larger_networks_have_all_slopes_one(n) -> None:
    rng = np.random.default_rng(n)
    W = np.linalg.qr(rng.standard_normal((n, n)))[0]
    slopes = rng.uniform(0.5, 1, (30, n))
    assert norm(masked(W, slopes)) <= np.prod(slopes.max(axis=1)) * (1 + 1e-12)
    assert math.isclose(norm(masked(W, np.ones((30, n)))), 1)
    almost = np.ones((30, n))
    almost[7, 0] = 0.99
    assert np.linalg.svd(masked(W, almost), compute_uv=False)[-1] < 0.999


@pytest.mark.parametrize("kind", ["any", "symmetric", "turning", "triangular"])
@pytest.mark.parametrize("seed", range(4))
def test_the_numerical_radius_is_the_largest_real_part(kind, seed) -> None:
    A = np.random.default_rng(seed).integers(-4, 5, (2, 2))
    A = {
        "any": A,
        "symmetric": A + A.T,
        "turning": np.diag(A[0]) + 5 * np.array([[0, 1], [-1, 0]]),
        "triangular": np.triu(A),
    }[kind]
    angles = np.exp(2j * np.pi * np.arange(7200) / 7200)
    width = max(np.linalg.eigvalsh((z * A + (z * A).conj().T) / 2).max() for z in angles)
    assert math.isclose(float(largest_slope.numerical_radius(sp.Matrix(A.tolist()))), width, rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize(("W", "c"), [([1, 2, 3, 4], 0), ([0, 0, -4, 0], "1/3"), ([-1, 0, 2, 1], "-1/2")])
def test_the_derived_cell_derivative_is_that_of_the_program(W, c) -> None:
    example = Example(W=W, c=c, gates=[["1/4", 1, "1/2", "3/4"], ["1/3", 1, "-1/5", "1/2"]], repeats=2)
    lstm_constant_error_flow.realize(example)
    full, truncated = lstm_constant_error_flow.cell_derivative(example)
    assert truncated == 1
    assert math.isclose(float(full), oracle_lstm_constant_error_flow(example)[0], rel_tol=1e-9)
