"""Cases in which published tools or the obvious code give another number than the Lyapunov exponent."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.numerics.lyapunov.independence import independent
from errorflow.theory import activations, cells


def elman(W, activation="tanh", *, B=None, b=None) -> Network:
    n = len(W)
    B = np.eye(n) if B is None else B
    b = np.zeros(n) if b is None else b
    return Network(cells.get("elman", activation=activations.get(activation)), {"W": W, "B": B, "b": b})


def autonomous(network, steps, rng=1):
    """A trajectory without input from a random state."""
    initial = np.tanh(np.random.default_rng(rng).standard_normal((network.state_dim, 1)))
    return simulate(network, np.zeros((steps, network.m, 1)), initial=initial)


def slopes_of(trajectory) -> np.ndarray:
    """tanh'(a_t), (T, n), from the pre-activations."""
    W, h = trajectory.network.parameters["W"], trajectory.states[:-1, :, 0]
    a = h @ W.T + trajectory.inputs[..., 0] @ trajectory.network.parameters["B"].T
    e = np.exp(-2 * np.abs(a))
    return 4 * e / (1 + e) ** 2


def exact_exponents(factors, digits) -> np.ndarray:
    """(1/T) log r_jj of the QR factorization of J_T ... J_1, largest first, from the volumes of leading columns."""
    with mpmath.workdps(digits):
        product = mpmath.eye(len(factors[0]))
        for J in factors:
            product = mpmath.matrix(J.tolist()) * product
        _, r = mpmath.qr(product)
        logs = [float(mpmath.log(abs(r[j, j])) / len(factors)) for j in range(len(factors[0]))]
    return np.sort(logs)[::-1]


def gaussian(n, gain, rng=0) -> np.ndarray:
    return np.random.default_rng(rng).standard_normal((n, n)) * gain / math.sqrt(n)


# The order of the product


def test_a_network_driven_with_period_3_has_the_exponents_of_its_cycle_in_the_order_of_time() -> None:
    W = gaussian(3, 1.2, rng=4)
    cycle = 2.0 * np.random.default_rng(1).standard_normal((3, 3, 1))
    network = elman(W)
    settled = simulate(network, np.tile(cycle, (200, 1, 1))).states[-1]
    once = simulate(network, cycle, initial=settled)
    np.testing.assert_allclose(once.states[-1], settled, atol=1e-14)  # the orbit is a cycle
    J = slopes_of(once)[:, :, None] * W

    def moduli(product) -> np.ndarray:
        return np.sort(np.log(np.abs(np.linalg.eigvals(product))))[::-1] / 3

    forward, backward = moduli(J[2] @ J[1] @ J[0]), moduli(J[0] @ J[1] @ J[2])
    assert np.abs(forward - backward).max() > 0.05  # the reversed order has other exponents
    driven = simulate(network, np.tile(cycle, (2000, 1, 1)), initial=settled)
    found = lyapunov_spectrum(driven, discard=600).exponents
    np.testing.assert_allclose(found, forward, atol=2e-3)


# The full state


def test_an_lstm_with_forget_bias_6_has_a_top_exponent_near_zero() -> None:
    """The path of the cell, dc_t/dc_{t-1} = sigma(6) at least, keeps the gradient; dh_t/dh_{t-1} alone loses it."""
    n, random = 6, np.random.default_rng(0)
    bias = np.concatenate([np.zeros(n), np.full(n, 6.0), np.zeros(2 * n)])
    weights = 0.01 * random.standard_normal((4 * n, n))
    network = Network(cells.get("lstm"), {"W": weights, "B": random.standard_normal((4 * n, 2)), "b": bias})
    trajectory = simulate(network, 0.1 * random.standard_normal((300, 2, 1)))
    found = lyapunov_spectrum(trajectory)
    assert len(found.exponents) == 2 * n
    assert abs(found.exponents[0]) < 0.02
    top = trajectory.kernels.dense(network.at(1), trajectory.point(300))[0, :n, :n]  # what leaves the cell's path out
    assert np.log(np.abs(np.linalg.eigvals(top))).max() < -4


# Digits


@pytest.mark.parametrize(
    ("n", "gain", "steps", "digits"), [(8, 20.0, 20, 1200), (8, 1.5, 60, 300), (6, 60.0, 10, 2500)]
)
def test_saturated_networks_agree_with_hundreds_of_digits(n, gain, steps, digits) -> None:
    trajectory = autonomous(elman(gaussian(n, gain)), steps)
    factors = slopes_of(trajectory)[:, :, None] * trajectory.network.parameters["W"]
    expected = exact_exponents(factors, digits)
    found = lyapunov_spectrum(trajectory)
    np.testing.assert_allclose(found.exponents, expected, rtol=1e-12, atol=1e-12)
    assert found.residual < 1e-11
    given = lyapunov_spectrum(factors, method="qr")  # rows sorted by size keep these digits too
    np.testing.assert_allclose(given.exponents, expected, rtol=1e-11, atol=1e-11)


def test_plain_qr_loses_a_saturated_network_by_nats_and_the_determinant_tells() -> None:
    trajectory = autonomous(elman(gaussian(8, 20.0)), 20)
    W, slopes = trajectory.network.parameters["W"], slopes_of(trajectory)
    frame, logs = np.eye(8), np.zeros(8)
    for s in slopes:
        frame, r = np.linalg.qr(s[:, None] * W @ frame)
        logs += np.log(np.maximum(np.abs(np.diag(r)), 1e-300))
    expected = exact_exponents(slopes[:, :, None] * W, 1200)
    assert np.abs(np.sort(logs)[::-1] / 20 - expected).max() > 1
    determinant = np.linalg.slogdet(W)[1] + np.log(slopes).sum(axis=1).mean()
    assert abs(logs.sum() / 20 - determinant) > 1
    assert lyapunov_spectrum(trajectory).residual < 1e-11


def test_pivoting_columns_biases_every_exponent_and_the_determinant_does_not_tell() -> None:
    W = gaussian(8, 1.5)
    slopes = slopes_of(autonomous(elman(W), 200))
    frame, logs = np.eye(8), np.zeros(8)
    for s in slopes:
        frame, r, _ = scipy.linalg.qr(s[:, None] * W @ frame, pivoting=True)
        logs += np.log(np.abs(np.diag(r)))
    determinant = np.linalg.slogdet(W)[1] + np.log(slopes).sum(axis=1).mean()
    assert logs.sum() / 200 == pytest.approx(determinant, abs=1e-12)
    found = lyapunov_spectrum(slopes[:, :, None] * W)
    assert np.abs(np.sort(logs)[::-1] / 200 - found.exponents).max() > 0.3
    np.testing.assert_allclose(found.exponents, exact_exponents(slopes[:, :, None] * W, 600), atol=1e-13)


def test_where_pivots_grow_the_residual_tells_and_qr_takes_over() -> None:
    n = 60
    wilkinson = np.eye(n) - np.tril(np.ones((n, n)), -1)
    wilkinson[:, -1] = 1.0
    jacobians = np.tile(wilkinson, (30, 1, 1))
    assert lyapunov_spectrum(jacobians, method="lu").residual > 1e-3
    found = lyapunov_spectrum(jacobians)
    assert found.residual < 1e-12
    assert found.method.startswith("QR")
    assert np.isfinite(found.exponents).all()
    determinant = math.log(2.0) * (n - 1)  # of Wilkinson's matrix
    assert found.exponents.sum() == pytest.approx(determinant, rel=1e-13)


# Rank


def rank(matrix) -> int:
    """Rank of an exact rational matrix."""
    rows, found = [list(row) for row in matrix], 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("method", ["lu", "qr"])
def test_a_relu_network_has_as_many_finite_exponents_as_its_product_has_rank(seed, method) -> None:
    random = np.random.default_rng(seed)
    n, steps = 7, 6
    network = elman(gaussian(n, 2.0, rng=seed), "relu", b=0.6 * random.standard_normal(n))
    trajectory = simulate(network, 0.3 * random.standard_normal((steps, n, 1)))
    product = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    W = [[Fraction(x) for x in row] for row in network.parameters["W"].tolist()]
    for h in trajectory.states[1:, :, 0]:
        alive = [W[i] if h[i] > 0 else [Fraction(0)] * n for i in range(n)]
        product = [[sum(row[k] * product[k][j] for k in range(n)) for j in range(n)] for row in alive]
    found = lyapunov_spectrum(trajectory, method=method)
    assert int(np.isfinite(found.exponents).sum()) == rank(product)
    assert found.residual < 1e-10


def test_the_ranks_of_the_relu_networks_above_are_not_all_alike() -> None:
    counts = set()
    for seed in range(8):
        random = np.random.default_rng(seed)
        network = elman(gaussian(7, 2.0, rng=seed), "relu", b=0.6 * random.standard_normal(7))
        found = lyapunov_spectrum(simulate(network, 0.3 * random.standard_normal((6, 7, 1))))
        counts.add(int(np.isfinite(found.exponents).sum()))
    assert len(counts) > 1


def integer_products(seed, number):
    """Integer Jacobians, many of low rank, with the rank of their product over the rationals."""
    random = np.random.default_rng(seed)
    for _ in range(number):
        n, steps = int(random.integers(1, 7)), int(random.integers(1, 6))
        J = random.integers(-2, 3, (steps, n, n))
        J[random.random((steps, n)) < 0.15] = 0
        product = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        for factor in J.tolist():
            product = [[sum(row[k] * product[k][j] for k in range(n)) for j in range(n)] for row in factor]
        yield J.astype(float), rank(product)


@pytest.mark.parametrize("method", ["lu", "qr"])
def test_integer_products_have_as_many_finite_exponents_as_rank(method) -> None:
    found = [(lyapunov_spectrum(J, method=method).exponents, expected) for J, expected in integer_products(0, 250)]
    assert [int(np.isfinite(exponents).sum()) for exponents, _ in found] == [expected for _, expected in found]
    assert len({len(exponents) - expected for exponents, expected in found}) > 4  # ranks of all kinds


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 2**32 - 1), st.floats(-30, 30))
def test_matrices_of_low_rank_lose_their_directions_to_working_precision(n, k, seed, power) -> None:
    """A B with inner dimension k, rounded: its exact rank is n, of which n - k directions are rounding errors."""
    random, k = np.random.default_rng(seed), min(n, k)
    J = 10.0**power * (random.standard_normal((n, k)) @ random.standard_normal((k, n)))
    assert len(independent(J, np.abs(J))) == k
    for method in ("lu", "qr"):
        assert int(np.isfinite(lyapunov_spectrum(J[None], method=method).exponents).sum()) == k
