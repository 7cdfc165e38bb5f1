"""Products on which an interval between factorizations, a rounding threshold or the ends of the range could go wrong."""

import math

import mpmath
import numpy as np
import pytest

from errorflow.numerics import Network, simulate
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.theory import activations, cells

METHODS = ["lu", "qr", None]


def exact_logs(factors, digits=200) -> np.ndarray:
    """log r_jj of the QR factorization of J_T ... J_1, column by column, largest first."""
    with mpmath.workdps(digits):
        product = mpmath.eye(len(factors[0]))
        for J in factors:
            product = mpmath.matrix(np.asarray(J).tolist()) * product
        _, r = mpmath.qr(product)
        return np.sort([float(mpmath.log(abs(r[j, j]))) for j in range(len(factors[0]))])[::-1]


def rotation(angle) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize("method", METHODS)
def test_a_direction_that_shrinks_for_some_steps_after_gentle_ones_is_not_lost(method, copies) -> None:
    Q = rotation(0.7)
    factors = [rotation(0.3)] * 25 + [Q @ np.diag([1.0, 3e-3]) @ Q.T] * 8 + [rotation(0.3)] * 8
    source = np.repeat(np.array(factors)[:, None], copies, axis=1)  # one orbit alone, and several together
    found = lyapunov_spectrum(source, method=method)
    for row in found.exponents:
        np.testing.assert_allclose(row * len(factors), exact_logs(factors), atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("method", METHODS)
def test_two_weak_directions_after_another_lose_no_more_than_the_tolerance(method, seed) -> None:
    random, n = np.random.default_rng(seed), 5

    def weak(*sizes) -> np.ndarray:
        Q = np.linalg.qr(random.standard_normal((n, n)))[0]
        return Q @ np.diag(np.exp(sizes)) @ Q.T

    gentle = [np.linalg.qr(random.standard_normal((n, n)))[0] for _ in range(20)]
    a, b = random.uniform(2, 6), random.uniform(1, 4)
    factors = [*gentle, *[weak(0, 0, 0, 0, -a)] * 4, *[weak(-b, -b, -b, -b, 0)] * 4]
    found = lyapunov_spectrum(np.array(factors), method=method)
    np.testing.assert_allclose(found.exponents * len(factors), exact_logs(factors), atol=3e-8)
    stepwise = lyapunov_spectrum(np.array(factors), method=method, tolerance=0)
    np.testing.assert_allclose(stepwise.exponents * len(factors), exact_logs(factors), atol=1e-11)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("nets", [1, 3])
@pytest.mark.parametrize("size", [4e-41, 1e-200, 1e200])
def test_products_of_many_steps_far_from_one_stay_in_range(size, nets, method) -> None:
    factors = size * np.exp(0.02 * np.random.default_rng(0).standard_normal((60, nets, 1, 1)))
    found = lyapunov_spectrum(factors, method=method)
    np.testing.assert_allclose(found.exponents[:, 0], np.log(factors).mean(axis=0)[:, 0, 0], rtol=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-40, 1.0, 1e40])
def test_directions_that_are_lost_one_after_another_are_counted_at_any_size(size, method) -> None:
    """Projections of rank 4, 3, 2, 1, each after another: the frame shrinks while its steps are scaled."""
    random = np.random.default_rng(5)
    factors = []
    for k in (5, 4, 3, 2, 1):
        A, B = random.integers(-3, 4, (5, k)), random.integers(-3, 4, (k, 5))
        factors.append(size * (A @ B))
    for kept in range(1, 6):
        found = lyapunov_spectrum(np.array(factors[: 6 - kept]), method=method)
        assert int(np.isfinite(found.exponents).sum()) == kept


@pytest.mark.parametrize("method", METHODS)
def test_numbers_at_the_ends_of_the_range_are_data_like_others(method) -> None:
    signs = np.sign(np.random.default_rng(0).standard_normal((4, 3, 3)))
    plain = lyapunov_spectrum(signs, method=method).exponents
    for size in (1.7e308, 5e-324):
        found = lyapunov_spectrum(size * signs, method=method).exponents
        np.testing.assert_allclose(found, plain + math.log(size), rtol=1e-13)


@pytest.mark.parametrize("copies", [1, 2])
def test_columns_and_rows_of_very_different_size_are_no_loss_of_rank(copies) -> None:
    def spectrum(factors) -> np.ndarray:
        return lyapunov_spectrum(np.repeat(np.array(factors)[:, None], copies, axis=1)).exponents[0]

    first = [[1.0, 0.0], [1e-20, 0.0]], [[0.0, 1.0], [0.0, 1.0]]
    np.testing.assert_allclose(spectrum(first), [math.log(1e-20 * math.sqrt(2)) / 2, -math.inf], rtol=1e-12)
    np.testing.assert_allclose(
        spectrum([[[1.0, 1e-20], [1.0, -1e-20]]]), [math.log(2) / 2, math.log(math.sqrt(2) * 1e-20)]
    )


@pytest.mark.parametrize("activation", ["tanh", "identity"])
def test_a_unit_that_decayed_to_nothing_keeps_its_exponent_and_leaves_those_of_the_others(activation) -> None:
    random = np.random.default_rng(3)
    W = 0.8 * random.standard_normal((4, 4))
    W[:, 0] *= 1e-20
    W[0] *= 1e-20
    cell = cells.get("elman", activation=activations.get(activation))
    trajectory = simulate(Network(cell, {"W": W, "B": np.eye(4), "b": np.zeros(4)}), random.standard_normal((12, 4, 1)))
    factors = [trajectory.kernels.dense(trajectory.network.at(t), trajectory.point(t))[0] for t in range(1, 13)]
    found = lyapunov_spectrum(trajectory)
    np.testing.assert_allclose(found.exponents * 12, exact_logs(factors, 1500), rtol=1e-9)


@pytest.mark.parametrize("size", [60, 12])
def test_a_batch_falls_back_for_the_orbit_that_needs_it(size) -> None:
    wilkinson = np.eye(size) - np.tril(np.ones((size, size)), -1)
    wilkinson[:, -1] = 1.0
    gentle = np.linalg.qr(np.random.default_rng(0).standard_normal((size, size)))[0]
    batch = np.array([[wilkinson, gentle, np.diag(np.arange(size) % 3 + 0.0)]] * 12)
    found = lyapunov_spectrum(batch)
    assert (found.residual < 1e-10).all()
    assert found.exponents[0].sum() == pytest.approx((size - 1) * math.log(2), rel=1e-10)
    np.testing.assert_allclose(found.exponents[1], 0.0, atol=1e-10)
    assert int(np.isneginf(found.exponents[2]).sum()) == -(-size // 3)


def test_states_that_overflowed_are_refused() -> None:
    network = Network(
        cells.get("elman", activation=activations.get("relu")), {"W": 3 * np.eye(2), "B": np.eye(2), "b": np.ones(2)}
    )
    with pytest.raises(
        ValueError, match="source must stay in range, got a trajectory with a state that overflows at step"
    ):
        lyapunov_spectrum(simulate(network, np.zeros((400, 2, 1))))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            np.array([[[0, -1j], [1j, 0]]]),
            "source must be Jacobians, an array of numbers, got ndarray: entries of type complex",
        ),
        ([[["1"]]], "an array of numbers, got list: entries of type str"),
        ([[[10**400]]], "an array of numbers, got list: entries of type object"),
    ],
)
def test_what_is_no_real_number_is_refused(source, message) -> None:
    with pytest.raises(ValueError, match=message):
        lyapunov_spectrum(source)
    with pytest.raises(ValueError, match=r"source\(1\) must be a matrix of numbers"):
        lyapunov_spectrum(lambda t: source[0], steps=1)


def test_isometries_have_no_sign_made_of_rounding() -> None:
    factors = np.array([np.linalg.qr(np.random.default_rng(i).standard_normal((6, 6)))[0] for i in range(30)])
    found = lyapunov_spectrum(factors)
    assert (found.positive, found.kaplan_yorke_dimension, found.entropy_rate) == (0, 6.0, 0.0)
    few = lyapunov_spectrum(factors, count=3, rng=0)
    assert math.isnan(few.kaplan_yorke_dimension)


def test_samples_with_rates_of_their_own_have_the_standard_error_of_samples() -> None:
    """Each sample has its own constant input: blocks of one sample are alike and say nothing about the others."""
    random = np.random.default_rng(0)
    network = Network(cells.get("elman"), {"W": 0.9 * np.eye(2), "B": np.eye(2), "b": np.zeros(2)})
    inputs = np.broadcast_to(random.standard_normal((1, 2, 8)), (200, 2, 8))
    found = lyapunov_spectrum(simulate(network, inputs))
    between = found.by_sample.std(axis=0, ddof=1) / math.sqrt(8)
    np.testing.assert_allclose(found.standard_error, between, rtol=1e-12)
