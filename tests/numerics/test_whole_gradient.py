"""The norm of the whole gradient of each sample: against differences of the loss, and far outside the range of doubles."""

import math

import numpy as np
import pytest

from errorflow.numerics import Network, simulate
from errorflow.numerics import whole_gradient as module
from errorflow.numerics.whole_gradient import whole_gradient_log_norms
from errorflow.theory import activations, cells

CELLS = cells.names()


def gradient(network, inputs, cotangent, name) -> np.ndarray:
    """d<v, x_T>/d(parameter) of one sample by central differences."""
    array = network.parameters[name]
    found = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        ends = []
        for sign in (-1, 1):
            moved = array.copy()
            moved[index] += sign * 1e-5
            ends.append(cotangent @ simulate(network.replace(**{name: moved}), inputs).states[-1, :, 0])
        found[index] = (ends[1] - ends[0]) / 2e-5
    return found


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("block", [1, 3, 64])
def test_the_norm_over_all_parameters_is_that_of_differences_of_the_loss(cell, block, gaussian, monkeypatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    network, random = gaussian(cell, n=3), np.random.default_rng(1)
    inputs = random.standard_normal((7, network.m, 2))
    cotangent = random.standard_normal((network.state_dim, 2))
    names = list(network.parameters)
    found = whole_gradient_log_norms(simulate(network, inputs), cotangent, names)
    for s in range(2):
        parts = [gradient(network, inputs[..., [s]], cotangent[:, s], name) for name in names]
        assert found[s] == pytest.approx(math.log(math.sqrt(sum((g**2).sum() for g in parts))), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("weight", [0.5, 3.0])
def test_a_scalar_network_has_the_geometric_sum_at_any_length(weight) -> None:
    """dE/db = sum_k w^k, which no double holds for w = 3 and 1000 steps."""
    cell = cells.get("elman", activation=activations.Identity())
    network = Network(cell, {"W": np.array([[weight]]), "B": np.zeros((1, 1)), "b": np.zeros(1)})
    found = whole_gradient_log_norms(simulate(network, np.zeros((1000, 1, 2))), np.array([[1.0, -1e-200]]), ["b"])
    expected = 1000 * math.log(3) - math.log(2) if weight == 3.0 else math.log(2)
    np.testing.assert_allclose(found, [expected, expected - 200 * math.log(10)], rtol=1e-12)


def test_the_copies_of_an_untied_matrix_are_parameters_of_their_own(gaussian) -> None:
    network, random = gaussian("elman", n=3, steps=6), np.random.default_rng(1)
    inputs, cotangent = random.standard_normal((6, network.m, 1)), random.standard_normal((3, 1))
    found = whole_gradient_log_norms(simulate(network, inputs), cotangent, ["W"])
    exact = gradient(network, inputs, cotangent[:, 0], "W")
    assert exact.shape == (6, 3, 3)
    assert found[0] == pytest.approx(math.log(np.linalg.norm(exact)), rel=1e-6)


def test_a_gradient_that_is_zero_has_log_norm_minus_infinity(gaussian) -> None:
    network = gaussian("elman", n=3)
    trajectory = simulate(network, np.ones((5, network.m, 2)))
    found = whole_gradient_log_norms(trajectory, np.array([[0.0, 1.0]] * 3), list(network.parameters))
    assert np.isneginf(found[0])
    assert np.isfinite(found[1])


def test_so_many_samples_are_taken_as_memory_allows(gaussian, monkeypatch) -> None:
    network = gaussian("elman", n=3)
    trajectory = simulate(network, np.random.default_rng(1).standard_normal((5, network.m, 6)))
    every = whole_gradient_log_norms(trajectory, np.ones((3, 6)), ["W"])
    monkeypatch.setattr(module, "MOST_NUMBERS", 4 * 9)
    np.testing.assert_array_equal(whole_gradient_log_norms(trajectory, np.ones((3, 6)), ["W"]), every[:4])


@pytest.mark.parametrize(
    ("shape", "names", "message"),
    [
        ((3, 1), ["W"], r"cotangent must have shape \(3, 2\), got \(3, 1\)"),
        ((3, 2), [], "parameters must name at least one parameter, got none"),
    ],
)
def test_arguments_are_checked(shape, names, message, gaussian) -> None:
    network = gaussian("elman", n=3)
    trajectory = simulate(network, np.ones((5, network.m, 2)))
    with pytest.raises(ValueError, match=message):
        whole_gradient_log_norms(trajectory, np.ones(shape), names)
