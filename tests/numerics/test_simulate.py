"""Laws of trajectories: x_t = F(x_{t-1}, u_t), sample by sample, network by network, copy by copy."""

import math

import numpy as np
import pytest

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics.simulate import generator
from errorflow.theory import activations, cells

CELLS = cells.names()


def by_hand(equations, network, inputs, start) -> np.ndarray:
    """States (T+1, N) of one sample by the equations, copy t of the parameters at step t."""
    states = [start]
    for t, u in enumerate(inputs, start=1):
        states.append(equations.step(network.cell.name, network.at(t), states[-1], u))
    return np.array(states)


@pytest.mark.parametrize("options", [{}, {"steps": 6}], ids=["tied", "untied"])
@pytest.mark.parametrize("cell", CELLS)
def test_states_follow_the_equations(cell, options, equations, gaussian) -> None:
    network = gaussian(cell, **options)
    random = np.random.default_rng(1)
    u, x = random.standard_normal((5, 2, 3)), random.standard_normal((network.state_dim, 3))
    trajectory = simulate(network, u, initial=x)
    for sample in range(3):
        expected = by_hand(equations, network, u[..., sample], x[:, sample])
        np.testing.assert_allclose(trajectory.states[..., sample], expected, rtol=1e-12, atol=1e-14)
    zero = by_hand(equations, network, u[..., 0], np.zeros(network.state_dim))
    np.testing.assert_allclose(simulate(network, u).states[..., 0], zero, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_networks_is_a_loop_over_networks(cell, gaussian) -> None:
    batch = gaussian(cell, nets=4)
    u = white_noise(batch, steps=5, samples=2, scale=1.0, rng=1)
    states = simulate(batch, u).states
    for i in range(4):
        one = Network(batch.cell, {name: array[i] for name, array in batch.parameters.items()})
        np.testing.assert_allclose(states[:, i], simulate(one, u[:, i]).states, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("cell", CELLS)
def test_equal_copies_move_as_the_shared_parameter_does(cell, gaussian) -> None:
    tied = gaussian(cell)
    W = np.repeat(tied.parameters["W"][None], 7, axis=0)
    untied = Network(tied.cell, {**tied.parameters, "W": W}, untied=True)
    u = white_noise(tied, steps=7, samples=2, scale=1.0, rng=1)
    assert np.array_equal(simulate(tied, u).states, simulate(untied, u).states)


def test_local_factors_belong_to_the_step_that_makes_the_state(equations, gaussian) -> None:
    network = gaussian("lstm", steps=5)
    trajectory = simulate(network, white_noise(network, steps=5, samples=1, scale=1.0, rng=1))
    walked = list(trajectory.backward())
    assert [t for t, _ in walked] == [5, 4, 3, 2, 1]
    for t, point in walked:
        assert np.array_equal(point.state, trajectory.states[t])
        u, p = trajectory.inputs[t - 1, :, 0], network.at(t)
        J = equations.derivative(lambda x, u=u, p=p: equations.step("lstm", p, x, u), trajectory.states[t - 1, :, 0])
        np.testing.assert_allclose(trajectory.kernels.dense(p, point)[0], J, rtol=1e-12, atol=1e-14)


def test_parts_of_a_trajectory_are_trajectories(gaussian) -> None:
    network = gaussian("gru")
    u = white_noise(network, steps=6, samples=4, scale=1.0, rng=1)
    whole = simulate(network, u)
    some = simulate(network, u[..., 1:3])
    np.testing.assert_allclose(whole.take(slice(1, 3)).states, some.states, rtol=1e-13, atol=1e-15)
    assert np.array_equal(whole.until(2).states, simulate(network, u[:2]).states)
    assert (whole.until(2).steps, whole.take(slice(1, 3)).samples) == (2, 2)


def test_an_overflow_is_a_result_that_says_when() -> None:
    cell = cells.get("elman", activation=activations.Identity())
    growing = Network(cell, {"W": np.array([[8.0]]), "B": np.eye(1), "b": np.zeros(1)})
    trajectory = simulate(growing, np.zeros((400, 1, 2)), initial=np.array([[1.0, 0.0]]))
    assert trajectory.overflow == 167  # 8^166 < 1e150 < 8^167
    assert trajectory.until(166).overflow is None
    assert trajectory.take(slice(1, 2)).overflow is None


# Noise


def test_white_noise_is_standard_up_to_its_scale_and_reproducible(gaussian) -> None:
    network = gaussian("elman", m=3)
    noise = white_noise(network, steps=200, samples=50, scale=0.5, rng=7)
    assert noise.shape == (200, 3, 50)
    z = np.sqrt(noise.size) * noise.mean() / 0.5, (np.sum(noise**2) / 0.25 - noise.size) / math.sqrt(2 * noise.size)
    assert np.abs(z).max() < 4
    assert np.array_equal(noise, white_noise(network, steps=200, samples=50, scale=0.5, rng=np.random.default_rng(7)))
    assert not white_noise(network, steps=2, samples=1, scale=0, rng=7).any()


@pytest.mark.parametrize("rng", [True, "0", 1.5])
def test_rng_is_a_generator_an_int_or_none(rng) -> None:
    with pytest.raises(TypeError, match="rng must be a numpy Generator, an int or None"):
        generator(rng)


# Refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"steps": 2.0}, "steps must be an integer"),
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
        ({"samples": True}, "samples must be an integer"),
        ({"scale": -1.0}, "scale must be a finite number of at least 0, got -1.0"),
        ({"scale": math.nan}, "scale must be a finite number"),
    ],
)
def test_noise_arguments_are_checked(options, message, gaussian) -> None:
    with pytest.raises(ValueError, match=message):
        white_noise(gaussian("elman"), **({"steps": 1, "samples": 1, "scale": 1.0} | options))


@pytest.mark.parametrize(
    ("inputs", "initial", "message"),
    [
        (np.zeros((4, 2)), None, r"inputs must have shape \(T, 2, samples\), got \(4, 2\)"),
        (np.zeros((4, 3, 1)), None, r"inputs must have shape"),
        (np.zeros((0, 2, 1)), None, r"inputs must have shape"),
        (np.zeros((4, 2, 0)), None, r"inputs must have shape"),
        (np.full((4, 2, 1), np.inf), None, "inputs must be finite"),
        (np.zeros((6, 2, 1)), None, "inputs must have at most 5 steps, one per untied copy, got 6"),
        (np.zeros((4, 2, 1)), np.zeros((3, 2)), r"initial must have shape \(3, 1\), got \(3, 2\)"),
        (np.zeros((4, 2, 1)), np.full((3, 1), np.nan), "initial must be finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(inputs, initial, message, gaussian) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(gaussian("elman", steps=5), inputs, initial=initial)
