"""Exponents of fixed points, cycles, orthogonal steps, and their sum: against many digits and against simulated spectra."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate
from errorflow.numerics.laws import (
    constant_products,
    cycle_exponents,
    exponent_sum,
    fixed_point_exponents,
    orthogonal_exponents,
)
from errorflow.numerics.lyapunov import lyapunov_spectrum
from errorflow.theory import activations, cells


def in_many_digits(jacobians, *, digits) -> np.ndarray:
    """(1/p) log|mu_i(J_p ... J_1)| from the product itself."""
    with mp.workdps(digits):
        M = mp.eye(jacobians.shape[-1])
        for J in jacobians:
            M = mp.matrix(J.tolist()) * M
        eigenvalues = mp.eig(M, left=False, right=False) if M.rows > 1 else [M[0, 0]]
        moduli = [abs(mu) for mu in eigenvalues]
        logs = [float(mp.log(modulus)) / len(jacobians) if modulus else -math.inf for modulus in moduli]
    return np.sort(logs)[::-1]


def steps_of_saturated_units(n, period, *, grade, tied, rng) -> np.ndarray:
    """D_t W with slopes down to exp(-grade), one W or a copy per step."""
    random = np.random.default_rng(rng)
    W = random.standard_normal((1 if tied else period, n, n))
    return np.exp(-grade * random.random((period, n, 1))) * W


def driven(*, tied, period=3, rng=4) -> tuple[Network, np.ndarray]:
    """A tanh network of three units and inputs of period 3; untied copies repeat with the inputs."""
    random, steps = np.random.default_rng(rng), 3000
    W = random.standard_normal((1 if tied else period, 3, 3)) * 0.9
    W = W[0] if tied else np.tile(W, (steps // period, 1, 1))
    network = Network(cells.get("elman"), {"W": W, "B": np.eye(3), "b": np.zeros(3)}, untied=not tied)
    inputs = np.tile(random.standard_normal((period, 3, 1)) * 1.5, (steps // period, 1, 1))
    return network, inputs


# Cycles


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("n", "period", "grade"), [(1, 1, 5), (4, 1, 40), (5, 3, 0), (6, 12, 30), (5, 60, 100)])
def test_cycles_agree_with_many_digits_where_their_product_is_no_double(n, period, grade, tied) -> None:
    J = steps_of_saturated_units(n, period, grade=grade, tied=tied, rng=n)
    expected = in_many_digits(J, digits=40 + period * grade // 2)
    found = cycle_exponents(J)
    np.testing.assert_allclose(found.exponents, expected, rtol=0, atol=1e-10)
    assert found.residual < 1e-10
    assert sum(found.blocks) == n
    if grade >= 30 and period > 1:  # the plain product has lost its small eigenvalues
        with np.errstate(divide="ignore"):
            plain = np.log(np.abs(np.linalg.eigvals(np.linalg.multi_dot(list(J[::-1]))))) / period
        assert np.abs(np.sort(plain)[::-1] - expected).max() > 1


@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([0, 3, 40]), st.integers(0, 10**6))
def test_cyclic_shifts_do_not_matter_and_the_sum_is_the_log_determinant(n, period, grade, rng) -> None:
    J = steps_of_saturated_units(n, period, grade=grade, tied=False, rng=rng)
    found, shifted = cycle_exponents(J), cycle_exponents(np.roll(J, 1, axis=0))
    np.testing.assert_allclose(found.exponents, shifted.exponents, atol=1e-5)  # eigenvalues may be ill-conditioned
    assert found.exponents.sum() == pytest.approx(np.linalg.slogdet(J)[1].mean(), abs=1e-9)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_the_order_matters_from_period_3_on(period, tied) -> None:
    # with one W the difference is often small: this seed shows it
    J = steps_of_saturated_units(3, period, grade=3, tied=tied, rng=6)
    found, backward = cycle_exponents(J).exponents, cycle_exponents(J[::-1]).exponents
    difference = np.abs(found - backward).max()
    assert difference < 1e-12 if period < 3 else difference > 0.1


def test_a_reversed_cycle_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    J = steps_of_saturated_units(3, 3, grade=3, tied=True, rng=6)
    expected = in_many_digits(J, digits=40)
    np.testing.assert_allclose(cycle_exponents(J).exponents, expected, atol=1e-12)
    check = constant_products._matrices
    monkeypatch.setattr(constant_products, "_matrices", lambda *given: check(*given)[::-1])
    assert np.abs(cycle_exponents(J).exponents - expected).max() > 0.1


@pytest.mark.parametrize("tied", [True, False])
def test_the_spectrum_of_a_driven_cycle_tends_to_the_law_like_1_over_T(tied) -> None:
    network, inputs = driven(tied=tied)
    trajectory = simulate(network, inputs)
    np.testing.assert_allclose(trajectory.states[-1], trajectory.states[-4], atol=1e-12)  # it has settled
    J = np.array([trajectory.kernels.dense(network.at(t), trajectory.point(t))[0] for t in (2998, 2999, 3000)])
    law = cycle_exponents(J).exponents
    cycle = np.tile(J, (1000, 1, 1))
    errors = [np.abs(lyapunov_spectrum(cycle[:T], count=3, rng=0).exponents - law).max() * T for T in (30, 300, 3000)]
    assert max(errors) < 10
    found = lyapunov_spectrum(trajectory, count=3, discard=300, rng=0).exponents
    np.testing.assert_allclose(found, law, atol=5e-3)
    assert np.abs(found - cycle_exponents(J[::-1]).exponents).max() > 0.01  # the reversed order is another answer


def test_thirty_units_along_a_long_cycle_add_up_to_the_log_determinant() -> None:
    J = steps_of_saturated_units(30, 20, grade=60, tied=True, rng=1)
    found = cycle_exponents(J)
    assert max(found.blocks) < 30
    assert found.residual < 1e-9
    assert (np.diff(found.exponents) <= 0).all()


def test_pivot_growth_does_not_spoil_the_eigenvalues() -> None:
    """Wilkinson's matrix: LU loses 2^59, and not in the determinant."""
    n = 60
    W = np.eye(n) - np.tril(np.ones((n, n)), -1)
    W[:, -1] = 1
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(W))))[::-1]
    np.testing.assert_allclose(fixed_point_exponents(W).exponents, expected, atol=1e-11)


def test_lu_without_the_guard_would_spoil_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constant_products, "GROWTH", math.inf)
    n = 60
    W = np.eye(n) - np.tril(np.ones((n, n)), -1)
    W[:, -1] = 1
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(W))))[::-1]
    assert np.abs(fixed_point_exponents(W).exponents - expected).max() > 0.1


# Fixed points


def test_a_tanh_network_at_its_fixed_point_has_the_moduli_of_D_W() -> None:
    random = np.random.default_rng(7)
    W = random.standard_normal((4, 4)) * 0.4
    network = Network(cells.get("elman"), {"W": W, "B": np.eye(4), "b": random.standard_normal(4)})
    trajectory = simulate(network, np.zeros((4000, 4, 1)))
    J = (1 - trajectory.states[-1] ** 2) * W
    found = fixed_point_exponents(J)
    np.testing.assert_allclose(found.exponents, np.sort(np.log(np.abs(np.linalg.eigvals(J))))[::-1], atol=1e-12)
    spectrum = lyapunov_spectrum(trajectory, count=4, discard=1000, rng=0).exponents
    np.testing.assert_allclose(spectrum, found.exponents, atol=3e-3)


@pytest.mark.parametrize(
    ("J", "expected"),
    [
        (np.diag([1e-3, 1.0, 1e3]), [math.log(1e3), 0.0, -math.log(1e3)]),
        (np.diag([2.0, 1.0, 0.0]), [math.log(2), 0.0, -math.inf]),  # a unit with slope 0
        (np.eye(4, k=1), [-math.inf] * 4),  # nilpotent
        (np.zeros((2, 2)), [-math.inf] * 2),
        (np.array([[0.0, 3.0], [-3.0, 0.0]]), [math.log(3)] * 2),  # a pair of one modulus
        (np.roll(np.diag([1.0, 2.0, 3.0]), 1, axis=0), [math.log(6) / 3] * 3),  # three of one modulus
        (np.array([[1e-300]]), [math.log(1e-300)]),
        (1e308 * np.array([[1.0, 1.0], [1.0, -1.0]]), [math.log(2) / 2 + math.log(1e308)] * 2),
    ],
)
def test_known_spectra_are_exact(J, expected) -> None:
    found = fixed_point_exponents(J)
    np.testing.assert_allclose(found.exponents, expected, rtol=1e-13, atol=1e-13)
    assert found.residual < 1e-12


# Orthogonal steps, and the sum


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("gain", [1e-100, 0.9, 1.0, 1e100])
def test_orthogonal_steps_have_one_exponent_at_every_horizon(gain, tied) -> None:
    Q = np.array([np.linalg.qr(A)[0] for A in np.random.default_rng(1).standard_normal((6, 4, 4))])
    steps = gain * (Q[[0] * 6] if tied else Q)
    law = orthogonal_exponents(4, gain=gain)
    for T in (1, 6):
        np.testing.assert_allclose(lyapunov_spectrum(steps[:T], count=4, rng=0).exponents, law, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(cycle_exponents(steps).exponents, law, rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("steps", [1, 30])
def test_the_exponents_of_a_tanh_network_add_up_at_every_horizon(steps, tied) -> None:
    random = np.random.default_rng(3)
    W = random.standard_normal((4, 4)) if tied else random.standard_normal((steps, 4, 4))
    network = Network(cells.get("elman"), {"W": W, "B": np.eye(4), "b": np.zeros(4)}, untied=not tied)
    trajectory = simulate(network, random.standard_normal((steps, 4, 1)))
    log_slopes = np.log1p(-(trajectory.states[1:, :, 0] ** 2))
    found = lyapunov_spectrum(trajectory, count=4, rng=0).exponents.sum()
    assert found == pytest.approx(exponent_sum(W, log_slopes), rel=1e-11)
    assert found != pytest.approx(exponent_sum(W, np.zeros_like(log_slopes)), rel=1e-3)  # the slopes forgotten


def test_one_dead_unit_makes_the_sum_minus_infinity() -> None:
    slopes = np.zeros((3, 2))
    slopes[1, 0] = -math.inf
    assert exponent_sum(np.eye(2), slopes) == -math.inf


def test_a_relu_network_has_as_many_finite_exponents_as_its_active_units_leave() -> None:
    W = np.abs(np.random.default_rng(2).standard_normal((4, 4)))
    cell = cells.get("elman", activation=activations.Relu())
    network = Network(cell, {"W": W / 8, "B": np.eye(4), "b": np.array([1.0, 1.0, -9.0, 1.0])})
    trajectory = simulate(network, np.zeros((600, 4, 1)))
    J = (trajectory.states[-1] > 0) * network.parameters["W"]
    found = fixed_point_exponents(J).exponents
    assert np.isneginf(found).tolist() == [False, False, False, True]
    spectrum = lyapunov_spectrum(trajectory, count=4, discard=100, rng=0).exponents
    np.testing.assert_allclose(spectrum[:3], found[:3], atol=0.01)
    assert spectrum[3] == -math.inf


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cycle_exponents(np.eye(2)), r"jacobians must have shape \(p, n, n\), got \(2, 2\)"),
        (lambda: cycle_exponents(np.zeros((0, 2, 2))), r"jacobians must have shape \(p, n, n\)"),
        (lambda: cycle_exponents(np.full((1, 2, 2), math.nan)), "jacobians must be finite"),
        (lambda: fixed_point_exponents(np.zeros((2, 3))), r"jacobian must have shape \(n, n\), got \(2, 3\)"),
        (lambda: orthogonal_exponents(2, gain=0.0), "gain must be a finite number above 0"),
        (lambda: exponent_sum(np.eye(2), np.zeros((3, 3))), r"log_slopes must have shape \(T, 2\)"),
        (lambda: exponent_sum(np.ones((2, 2, 2)), np.zeros((3, 2))), r"log_slopes must have shape \(T, 2\)"),
        (lambda: exponent_sum(np.eye(2), np.full((3, 2), math.inf)), "log_slopes must hold no NaN and no inf"),
    ],
)
def test_arguments_are_checked(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
