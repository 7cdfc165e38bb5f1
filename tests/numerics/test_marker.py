"""The marker task: the network that ships with the package solves it, and training makes it what it is."""

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Network, analyze, load_network, simulate
from errorflow.numerics.experiments import marker, training

WEIGHTS = files("errorflow.numerics").joinpath("data", "marker.npz")


@pytest.fixture(scope="module")
def shipped() -> tuple[Network, np.ndarray, float]:
    with WEIGHTS.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        readout, offset = arrays["readout"], float(arrays["readout_offset"])
    return load_network(str(WEIGHTS), activation="tanh"), readout, offset


def relative_error(network, readout, offset, u, target) -> float:
    predicted = readout @ simulate(network, u).states[-1] + offset
    return float(np.mean((predicted - target) ** 2) / np.var(target))


# The task


@given(period=st.integers(2, 30), extra=st.integers(0, 40), rng=st.integers(0, 2**32 - 1))
def test_every_period_th_value_is_one_and_the_target_continues_the_pattern(period, extra, rng) -> None:
    steps = period + extra
    u, target = marker.windows(period=period, steps=steps, samples=6, rng=rng)
    assert u.shape == (steps, 1, 6)
    for values, positive in zip(u[:, 0].T, target, strict=True):
        (marks,) = np.nonzero(values == 1)
        assert (np.diff(marks) == period).all()
        assert (np.abs(np.delete(values, marks)) <= marker.NOISE).all()
        assert marks[0] < period
        assert (marks[-1] + period == steps) == bool(positive)


def test_half_of_the_windows_end_before_a_marker() -> None:
    _, target = marker.windows(period=7, steps=9, samples=10_000, rng=0)
    assert abs(target.sum() - 5000) < 4 * 50


@pytest.mark.parametrize(("period", "steps"), [(1, 5), (6, 5), (0, 3)])
def test_the_window_holds_a_marker(period, steps) -> None:
    with pytest.raises(ValueError, match=f"period must be between 2 and steps = {steps}, got {period}"):
        marker.windows(period=period, steps=steps, samples=1)


# The network that ships


@pytest.mark.parametrize("steps", [40, 41, 59, 60, 80, 97, 120, 200])
def test_the_shipped_network_solves_fresh_windows_of_any_length(steps, shipped) -> None:
    fresh = marker.windows(period=marker.PERIOD, steps=steps, samples=512, rng=steps)
    assert relative_error(*shipped, *fresh) < training.SOLVED


def test_the_shipped_network_answers_from_the_markers_and_not_from_the_noise(shipped) -> None:
    u, target = marker.windows(period=marker.PERIOD, steps=97, samples=512, rng=1)
    assert relative_error(*shipped, np.where(u == 1, 0.0, u), target) > 0.5
    assert relative_error(*shipped, np.where(u == 1, u, 0.0), target) < training.SOLVED


def test_the_shipped_network_is_a_vanilla_network_that_can_be_analyzed(shipped) -> None:
    network = shipped[0]
    assert (network.cell.name, network.n, network.m, network.dtype) == ("elman", marker.UNITS, 1, "float64")
    u, _ = marker.windows(period=marker.PERIOD, steps=60, samples=4, rng=0)
    assert analyze(network, inputs=u).verdict("state_jacobian").reason


# Training


def test_training_lowers_the_error() -> None:
    short = marker.train(period=4, units=8, updates=1, rng=1)
    longer = marker.train(period=4, units=8, updates=600, rng=1)
    assert longer.error < training.SOLVED < short.error
    assert short.updates == 1 < longer.updates <= 600
    for steps in (4, 6, 8, 12):  # the largest of these errors is the one that is told
        fresh = marker.windows(period=4, steps=steps, samples=512, rng=9)
        assert relative_error(longer.network, longer.readout, longer.offset, *fresh) < longer.error + 0.05


def test_the_same_seed_trains_the_same_network() -> None:
    first, second = (marker.train(period=3, units=5, updates=20, rng=4) for _ in range(2))
    assert all(np.array_equal(first.network.parameters[name], second.network.parameters[name]) for name in "WBb")
    assert (first.offset, first.error, first.updates) == (second.offset, second.error, second.updates)


def test_its_gradient_is_that_of_the_loss_by_complex_steps(equations, monkeypatch) -> None:
    seen, real = [], training._gradient

    def spy(weights, u, target):
        seen.append((dict(weights), u, target, real(weights, u, target)))
        return seen[-1][-1]

    monkeypatch.setattr(training, "_gradient", spy)
    marker.train(period=2, units=2, updates=1, rng=0)
    ((weights, u, target, gradient),) = seen

    def loss(name, moved):
        p, total = {**weights, name: moved}, 0.0
        for column, wanted in zip(u[:, 0].T, target, strict=True):
            h = np.zeros(2)
            for value in column:
                h = equations.step("elman", p, h, np.array([value]))
            total = total + (p["c"] @ h + p["c0"] - wanted) ** 2 / len(target)
        return total

    for name, array in weights.items():
        expected = equations.derivative(lambda moved, name=name: loss(name, moved), array)
        np.testing.assert_allclose(gradient[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("options", [{"units": 0}, {"updates": 0}])
def test_sizes_are_checked(options) -> None:
    with pytest.raises(ValueError, match="units and updates must be at least 1"):
        marker.train(**options)


@pytest.mark.slow
def test_training_with_the_shipped_seed_gives_the_shipped_network(shipped, tmp_path) -> None:
    path = tmp_path / "marker.npz"
    marker.main(path)
    network, readout, _ = shipped
    with np.load(path) as arrays:
        # a rounding error of 1e-15 at the start grows to .1 in the end, so that other BLAS libraries give a neighbor
        for name, expected in (*network.parameters.items(), ("readout", readout)):
            assert np.corrcoef(arrays[name].ravel(), expected.ravel())[0, 1] > 0.9, name
        again = network.replace(**{name: arrays[name] for name in network.parameters})
        fresh = marker.windows(period=marker.PERIOD, steps=97, samples=512, rng=97)
        assert relative_error(again, arrays["readout"], float(arrays["readout_offset"]), *fresh) < training.SOLVED
