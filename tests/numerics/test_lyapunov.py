"""Laws of Lyapunov exponents that hold exactly at finite n; the order of the product matters from period 3 on."""

import math

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.theory import activations, cells


def linear(W) -> Network:
    cell = cells.get("elman", activation=activations.Identity())
    n = len(W)
    return Network(cell, {"W": np.asarray(W, dtype=float), "B": np.eye(n), "b": np.zeros(n)})


def sorted_moduli(matrix) -> np.ndarray:
    return np.sort(np.log(np.abs(np.linalg.eigvals(matrix))))[::-1]


def spectrum_of(jacobians, **options) -> np.ndarray:
    jacobians = np.asarray(jacobians)
    return lyapunov_spectrum(jacobians, count=jacobians.shape[-1], rng=0, **options).exponents


# Systems whose exponents are known


def test_diagonal_systems_have_the_mean_logs_of_their_entries() -> None:
    entries = np.random.default_rng(1).uniform(0.2, 3.0, size=(4000, 3)) * [4.0, 1.0, 0.25]
    found = spectrum_of(np.einsum("ti,ij->tij", entries, np.eye(3)))
    np.testing.assert_allclose(found, np.log(entries).mean(axis=0), atol=3e-3)


def test_triangular_systems_have_the_mean_logs_of_their_diagonal() -> None:
    random = np.random.default_rng(1)
    jacobians = np.triu(random.standard_normal((5000, 3, 3)), 1)
    entries = random.uniform(0.5, 2.0, size=(5000, 3)) * [4.0, 1.0, 0.25]
    jacobians[:, range(3), range(3)] = entries
    np.testing.assert_allclose(spectrum_of(jacobians), np.log(entries).mean(axis=0), atol=5e-3)


@pytest.mark.parametrize("gain", [1e-100, 0.5, 1.0, 1e100])
def test_orthogonal_systems_have_one_exponent_log_gain_at_every_horizon(gain) -> None:
    Q = [np.linalg.qr(J)[0] for J in np.random.default_rng(1).standard_normal((7, 4, 4))]
    found = lyapunov_spectrum(gain * np.array(Q), count=4, rng=0)
    np.testing.assert_allclose(found.exponents, math.log(gain), rtol=1e-13, atol=1e-14)
    assert found.residual < 1e-12


@pytest.mark.parametrize("order", [1, -1])
def test_a_cycle_of_period_3_is_multiplied_in_the_order_of_time(order) -> None:
    J = np.random.default_rng(4).standard_normal((3, 3, 3))
    forward, backward = sorted_moduli(J[2] @ J[1] @ J[0]) / 3, sorted_moduli(J[0] @ J[1] @ J[2]) / 3
    assert np.abs(forward - backward).max() > 0.1  # the two orders are told apart
    found = spectrum_of(np.tile(J[::order], (1000, 1, 1)), discard=300)
    np.testing.assert_allclose(found, forward if order == 1 else backward, atol=3e-3)


def test_a_linear_fixed_point_has_the_moduli_of_its_eigenvalues_up_to_1_over_T() -> None:
    W = np.random.default_rng(2).standard_normal((4, 4))
    exact = sorted_moduli(W)

    def error(steps: int) -> float:
        trajectory = simulate(linear(W / 10), np.zeros((steps, 4, 1)))
        return float(np.abs(lyapunov_spectrum(trajectory, count=4, rng=0).exponents + math.log(10) - exact).max())

    errors = [error(steps) * steps for steps in (250, 1000, 4000)]
    assert max(errors) < 10  # O(1/T)


def test_a_tanh_network_at_its_fixed_point_has_the_moduli_of_its_jacobian(gaussian) -> None:
    network = gaussian("elman", n=3, gain=0.5)
    trajectory = simulate(network, np.zeros((3000, 2, 1)))
    J = (1 - trajectory.states[-1] ** 2) * network.parameters["W"]
    found = lyapunov_spectrum(trajectory, count=3, discard=500, rng=0)
    np.testing.assert_allclose(found.exponents, sorted_moduli(J), atol=5e-3)


# Exact identities


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (37, 3)])
def test_the_exponents_add_up_to_the_mean_log_determinant(steps, samples, gaussian) -> None:
    network = gaussian("elman", n=5)
    trajectory = simulate(network, white_noise(network, steps=steps, samples=samples, scale=1.0, rng=1))
    slopes = np.log1p(-(trajectory.states[1:] ** 2)).sum(axis=1).mean()
    expected = np.linalg.slogdet(network.parameters["W"])[1] + slopes
    found = lyapunov_spectrum(trajectory, count=5, rng=0).exponents.sum()
    assert found == pytest.approx(expected, rel=1e-11)


def test_independent_gaussian_factors_follow_newman() -> None:
    """log R_ii has mean (log 2 s^2 + psi((n-i+1)/2))/2 and variance psi'((n-i+1)/2)/4, whatever the frame."""
    n, steps, s = 4, 4000, 0.7
    jacobians = s * np.random.default_rng(3).standard_normal((steps, n, n))
    half = (n - np.arange(n)) / 2
    mean, variance = (math.log(2 * s**2) + digamma(half)) / 2, polygamma(1, half) / 4
    z = (spectrum_of(jacobians) - mean) / np.sqrt(variance / steps)
    assert np.abs(z).max() < 4


def test_samples_are_averaged_and_jacobians_agree_with_the_trajectory(gaussian) -> None:
    network = gaussian("lstm", n=2)
    trajectory = simulate(network, white_noise(network, steps=400, samples=2, scale=1.0, rng=1))
    each = []
    for sample in range(2):
        one = trajectory.take(slice(sample, sample + 1))
        dense = [one.kernels.dense(network.at(t), one.point(t))[0] for t in range(1, 401)]
        each.append(spectrum_of(dense))
    together = lyapunov_spectrum(trajectory, count=4, rng=0).exponents
    np.testing.assert_allclose(together, np.mean(each, axis=0), atol=0.02)


def test_discarded_steps_turn_the_frame_without_being_counted() -> None:
    jacobians = np.array([np.diag([1e3, 1.0])] * 60 + [np.diag([2.0, 0.5])] * 40)
    found = lyapunov_spectrum(jacobians, count=2, discard=60, rng=0).exponents
    np.testing.assert_allclose(found, [math.log(2), -math.log(2)], rtol=1e-12)


# Rank loss


@pytest.mark.parametrize(
    ("W", "alive"), [(np.diag([2.0, 1.0, 0.0]), 2), (np.zeros((3, 3)), 0), (np.eye(3, k=-1), 0), (np.zeros((1, 1)), 0)]
)
def test_a_lost_direction_has_exponent_minus_infinity(W, alive) -> None:
    trajectory = simulate(linear(W), np.zeros((50, len(W), 2)))
    found = lyapunov_spectrum(trajectory, count=len(W), rng=0)
    assert np.isneginf(found.exponents).tolist() == [i >= alive for i in range(len(W))]
    assert not math.isnan(found.residual)


def dead_unit(steps) -> np.ndarray:
    """Random Jacobians of four units, the second with slope 0 at some steps."""
    jacobians = np.random.default_rng(0).standard_normal((50, 4, 4))
    jacobians[steps, 1] = 0.0
    return jacobians


@pytest.mark.parametrize(
    ("jacobians", "alive"),
    [
        (np.tile(np.outer([1.0, 2.0, 3.0], [0.3, -0.2, 0.7]), (50, 1, 1)), 1),
        (dead_unit(slice(None)), 3),
        (dead_unit(25), 3),  # one singular step is enough
        (np.tile(np.diag([1.0, 1e-12]), (50, 1, 1)), 2),  # tiny, but not lost
    ],
)
def test_no_finite_exponent_is_invented_for_a_lost_direction(jacobians, alive) -> None:
    found = spectrum_of(jacobians)
    assert np.isfinite(found).tolist() == [i < alive for i in range(len(found))]


# Refusals


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (np.zeros((3, 2, 2)), {"count": 3}, "count must be between 1 and 2, got 3"),
        (np.zeros((3, 2, 2)), {"count": 0}, "count must be between 1 and 2, got 0"),
        (np.zeros((3, 2, 2)), {"discard": 3}, "discard must be between 0 and 2, got 3"),
        (np.zeros((3, 2, 1)), {}, r"Jacobians of shape \(T, N, N\) or \(T, nets, N, N\), got \(3, 2, 1\)"),
        (np.zeros((0, 2, 2)), {}, r"Jacobians of shape"),
        (np.full((3, 2, 2), np.nan), {}, "source must be finite"),
    ],
)
def test_arguments_are_checked(source, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        lyapunov_spectrum(source, **options)
