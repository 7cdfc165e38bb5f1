"""What comes with the exponents: residuals, standard errors, dimension, entropy; the kinds of sources; refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.lyapunov import Spectrum, exponents, lyapunov_spectrum
from errorflow.numerics.lyapunov.factors import Factors
from errorflow.numerics.lyapunov.walk import Walk
from errorflow.theory import cells

CELLS = cells.names()


def spectrum(exponents, size=None) -> Spectrum:
    row = np.array(exponents, dtype=float)
    return Spectrum(row, np.zeros(len(row)), 0.0, "", row[None], len(row) if size is None else size, 1)


# Residuals


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("count", [1, 2, None])
def test_the_residual_of_every_cell_is_of_the_size_of_rounding(cell, count, gaussian) -> None:
    network = gaussian(cell, n=4)
    found = lyapunov_spectrum(network, steps=50, samples=2, count=count, rng=1)
    assert found.residual < 1e-11
    assert found.exponents.shape == (network.state_dim if count is None else count,)


@pytest.mark.parametrize("method", ["lu", "qr"])
@pytest.mark.parametrize("count", [2, 5])
def test_a_product_in_the_wrong_order_is_caught_by_the_residual(method, count, gaussian, monkeypatch) -> None:
    trajectory = simulate(
        network := gaussian("elman", n=5), white_noise(network, steps=30, samples=1, scale=1.0, rng=1)
    )
    carried = exponents._carried

    def planted(factors, starts, bounds, *rest):
        if len(bounds):  # the pass over the product itself, not the one that judges it
            step, length = factors.step, factors.length
            factors = Factors(lambda t: step(length + 1 - t), length, factors.size)
        return carried(factors, starts, bounds, *rest)

    honest = lyapunov_spectrum(trajectory, count=count, method=method, rng=0)
    monkeypatch.setattr(exponents, "_carried", planted)
    if count < 5:
        assert lyapunov_spectrum(trajectory, count=count, method=method, rng=0).residual > 1e3 * honest.residual
    else:  # the determinant does not depend on the order: that is what the test of the cycle of period 3 is for
        assert lyapunov_spectrum(trajectory, count=count, method=method, rng=0).residual < 1e-11


@pytest.mark.parametrize("method", ["lu", "qr"])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_lost_factor_is_caught_by_the_residual(method, count, gaussian, monkeypatch) -> None:
    trajectory = simulate(
        network := gaussian("elman", n=5), white_noise(network, steps=30, samples=1, scale=1.0, rng=1)
    )
    push, pushed = Walk.push, []

    def planted(self, step) -> None:
        pushed.append(step)
        if len(pushed) != 7:
            push(self, step)

    monkeypatch.setattr(Walk, "push", planted)
    assert lyapunov_spectrum(trajectory, count=count, method=method, rng=0).residual > 1e-4


@pytest.mark.parametrize("method", ["lu", "qr"])
@pytest.mark.parametrize("gain", [1e-300, 1e-150, 1e150, 1e300])
def test_gains_near_the_ends_of_the_range_of_doubles_add_their_logs(method, gain) -> None:
    jacobians = np.random.default_rng(1).standard_normal((20, 4, 4))
    plain = lyapunov_spectrum(jacobians, method=method)
    found = lyapunov_spectrum(gain * jacobians, method=method)
    np.testing.assert_allclose(found.exponents, plain.exponents + math.log(gain), rtol=1e-13)
    assert found.residual < 1e-11


@pytest.mark.parametrize("method", ["lu", "qr"])
def test_both_methods_find_the_exponents_of_the_same_frame(method, gaussian) -> None:
    network = gaussian("gru", n=6)
    trajectory = simulate(network, white_noise(network, steps=40, samples=2, scale=1.0, rng=1))
    for count in (2, 6):
        expected = lyapunov_spectrum(trajectory, count=count, rng=3)
        found = lyapunov_spectrum(trajectory, count=count, method=method, rng=3)
        np.testing.assert_allclose(found.exponents, expected.exponents, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("method", ["lu", "qr"])
def test_a_direction_that_cancels_between_two_factorizations_is_lost_all_the_same(method) -> None:
    """Twenty gentle steps make the intervals long; then u v^T with v orthogonal to u kills what is left of u."""
    u, v = np.array([1.0, 2.0, 3.0]), np.array([3.0, 0.0, -1.0])
    gentle = [np.eye(3)] * 20
    killed = [*gentle, np.outer(u, u) / 14, np.outer(v, v) / 10, *gentle]  # v^T u = 0 in exact arithmetic
    found = lyapunov_spectrum(np.array(killed), method=method, count=1, rng=0)
    assert np.isneginf(found.exponents).all()


@pytest.mark.parametrize("method", ["lu", "qr"])
def test_gentle_products_of_any_spread_keep_their_digits(method) -> None:
    """Orthogonal factors with one weak direction: intervals are long, until the spread says that they must not be."""
    random = np.random.default_rng(1)
    Q = np.linalg.qr(random.standard_normal((60, 5, 5)))[0]
    for weak in (0.9, 0.3, 1e-3):
        factors = Q * np.array([1.0, 1.0, 1.0, 1.0, weak])
        found = lyapunov_spectrum(factors, method=method)
        assert found.exponents.sum() == pytest.approx(math.log(weak), rel=1e-12, abs=1e-12)
        other = lyapunov_spectrum(factors, method="qr" if method == "lu" else "lu")
        np.testing.assert_allclose(found.exponents, other.exponents, rtol=1e-10, atol=1e-11)


# Sources


def test_a_function_an_array_and_a_trajectory_of_the_same_jacobians_agree(gaussian) -> None:
    network = gaussian("lstm", n=3)
    trajectory = simulate(network, white_noise(network, steps=30, samples=1, scale=1.0, rng=1))
    jacobians = np.array([trajectory.kernels.dense(network.at(t), trajectory.point(t))[0] for t in range(1, 31)])
    expected = lyapunov_spectrum(trajectory)
    for source, options in ((jacobians, {}), (lambda t: jacobians[t - 1], {"steps": 30})):
        found = lyapunov_spectrum(source, **options)
        np.testing.assert_allclose(found.exponents, expected.exponents, rtol=1e-11, atol=1e-12)


def test_a_function_may_give_the_same_buffer_at_every_step() -> None:
    jacobians, buffer = np.random.default_rng(1).standard_normal((20, 3, 3)), np.empty((3, 3))

    def at(t):
        buffer[:] = jacobians[t - 1]
        return buffer

    found = lyapunov_spectrum(at, steps=20)
    np.testing.assert_allclose(found.exponents, lyapunov_spectrum(jacobians).exponents, rtol=1e-12)


def test_untied_copies_are_multiplied_in_the_order_of_time() -> None:
    W = np.random.default_rng(1).standard_normal((25, 3, 3))
    network = Network(cells.get("elman"), {"W": W, "B": np.eye(3), "b": np.zeros(3)}, untied=True)
    trajectory = simulate(network, white_noise(network, steps=25, samples=1, scale=0.1, rng=1))
    J = np.array([trajectory.kernels.dense(network.at(t), trajectory.point(t))[0] for t in range(1, 26)])
    for count in (1, 3):
        expected = lyapunov_spectrum(J, count=count, rng=2).exponents
        np.testing.assert_allclose(lyapunov_spectrum(trajectory, count=count, rng=2).exponents, expected, rtol=1e-11)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("samples", [1, 2])
def test_a_batch_of_networks_has_the_exponents_of_each(cell, samples, gaussian) -> None:
    nets = [gaussian(cell, n=3, gain=gain) for gain in (0.5, 1.0, 2.0)]
    stacked = {name: np.stack([net.parameters[name] for net in nets]) for name in nets[0].parameters}
    batch = Network(nets[0].cell, stacked, batched=True)
    inputs = np.random.default_rng(1).standard_normal((40, 3, batch.m, samples))
    found = lyapunov_spectrum(simulate(batch, inputs))
    assert found.exponents.shape == (3, batch.state_dim)
    assert found.residual.shape == found.kaplan_yorke_dimension.shape == (3,)
    for i, net in enumerate(nets):
        alone = lyapunov_spectrum(simulate(net, inputs[:, i]))
        np.testing.assert_allclose(found.exponents[i], alone.exponents, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(found.standard_error[i], alone.standard_error, rtol=1e-8)


def test_a_batch_of_jacobians_has_the_exponents_of_each() -> None:
    jacobians = np.random.default_rng(1).standard_normal((30, 4, 3, 3))
    found = lyapunov_spectrum(jacobians)
    for i in range(4):
        np.testing.assert_allclose(found.exponents[i], lyapunov_spectrum(jacobians[:, i]).exponents, rtol=1e-11)


# Standard errors


def test_the_standard_error_of_independent_gaussian_factors_is_newmans() -> None:
    """The variance of log r_jj of one factor is psi'((n-j+1)/2)/4; 20 blocks know its root to 16 %."""
    n, steps = 4, 4000
    found = lyapunov_spectrum(np.random.default_rng(3).standard_normal((steps, n, n)))
    exact = np.sqrt(polygamma(1, (n - np.arange(n)) / 2) / 4 / steps)
    assert np.abs(found.standard_error / exact - 1).max() < 4 * 0.16


def test_samples_make_the_standard_error_smaller_like_one_over_their_root(gaussian) -> None:
    network = gaussian("elman", n=3)
    few, many = (lyapunov_spectrum(network, steps=400, samples=samples, rng=1) for samples in (4, 64))
    ratio = few.standard_error / many.standard_error
    assert (np.abs(ratio / 4 - 1) < 0.4).all()


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_block_of_one_sample_has_no_standard_error(steps) -> None:
    found = lyapunov_spectrum(np.random.default_rng(1).standard_normal((steps, 2, 2)))
    assert np.isnan(found.standard_error).all()
    assert np.isfinite(found.exponents).all()


# Dimension and entropy


@pytest.mark.parametrize(
    ("rates", "size", "dimension", "entropy"),
    [
        ([0.1, -0.2], 2, 1.5, 0.1),
        ([-0.1, -0.2], 2, 0.0, 0.0),
        ([0.3, 0.1, -0.2], 3, 3.0, 0.4),
        ([0.3, 0.1], 3, math.nan, math.nan),
        ([0.3, -0.1], 3, math.nan, 0.3),
        ([0.3, -0.1, -0.4], 9, 2.5, 0.3),
        ([0.3, -math.inf], 2, 1.0, 0.3),
        ([0.0, -1.0], 2, 1.0, 0.0),
        ([-math.inf], 1, 0.0, 0.0),
        ([0.0], 1, 1.0, 0.0),
    ],
)
def test_dimension_and_entropy_follow_their_definitions(rates, size, dimension, entropy) -> None:
    found = spectrum(rates, size)
    assert found.kaplan_yorke_dimension == pytest.approx(dimension, nan_ok=True)
    assert found.entropy_rate == pytest.approx(entropy, nan_ok=True)


@given(st.lists(st.floats(-3, 1), min_size=1, max_size=8))
def test_the_dimension_is_where_the_interpolated_sum_of_exponents_falls_to_zero(rates) -> None:
    rates = np.sort(rates)[::-1]
    dimension = spectrum(rates).kaplan_yorke_dimension
    sums = np.concatenate([[0.0], np.cumsum(rates)])
    value = np.interp(dimension, np.arange(len(sums)), sums)
    assert value == pytest.approx(max(0.0, sums[-1]) if dimension == len(rates) else 0.0, abs=1e-12)


# Refusals


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (lambda t: np.eye(2), {}, "steps must be an integer of at least 1 where source is a function of t, got None"),
        (lambda t: np.eye(2), {"steps": 3, "samples": 2}, "samples must be left out where source is a function of t"),
        (np.eye, {"steps": 3}, r"source\(2\) must have the shape of source\(1\), \(1, 1\), got \(2, 2\)"),
        (lambda t: np.eye(2) / (3 - t) ** 0 * (np.nan if t == 3 else 1), {"steps": 4}, r"source\(3\) must be finite"),
        (lambda t: np.zeros(3), {"steps": 3}, r"source\(t\) must be a Jacobian"),
        (np.zeros((3, 2, 2)), {"steps": 3}, "steps must be left out where source is an array of Jacobians"),
        (np.zeros((3, 2, 2)), {"method": "svd"}, "method must be one of lu, qr, got 'svd'"),
        (np.zeros((3, 2, 2)), {"count": True}, "count must be between 1 and 2, got True"),
        (np.zeros((3, 2, 2)), {"count": 1.5}, "count must be between 1 and 2, got 1.5"),
        (np.zeros((3, 2, 2)), {"discard": 0.5}, "discard must be between 0 and 2, got 0.5"),
        (np.zeros((2, 2)), {}, r"got \(2, 2\)"),
        ([["a"]], {}, "source must be Jacobians, an array of numbers"),
    ],
)
def test_sources_and_options_are_checked(source, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        lyapunov_spectrum(source, **options)
