"""The testing kit: what its strategies draw and what its assertions catch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from errorflow.numerics import Network, bounds, simulate
from errorflow.numerics.confrontation.law import Example
from errorflow.testing import assert_bptt_matches, assert_gradients_bounded, strategies
from errorflow.theory import activations, cells

linear = cells.get("elman", activation=activations.Identity())


@given(strategies.square_matrices())
def test_strategy_draws_finite_square_matrices(W: np.ndarray) -> None:
    assert W.shape == (len(W), len(W))
    assert np.isfinite(W).all()


@given(st.data())
@settings(max_examples=8)
def test_strategy_draws_networks_of_every_cell(data: st.DataObject) -> None:
    for name in cells.names():
        network = data.draw(strategies.networks(cell=name, sizes=(2, 3)))
        assert network.cell.name == name
        assert network.n in (2, 3)


def test_strategy_finds_and_shrinks_the_radius_for_norm_falsehood() -> None:
    """Planted: ||W^k|| <= rho(W)^k. The smallest witness has two units."""

    def false_law_fails(W: np.ndarray) -> bool:
        return float(np.linalg.norm(W @ W, 2)) > max(abs(np.linalg.eigvals(W))) ** 2 * (1 + 1e-6) + 1e-9

    assert find(strategies.square_matrices(), false_law_fails).shape == (2, 2)


@given(strategies.square_matrices(), st.integers(1, 8))
def test_upper_bounds_hold_for_every_drawn_matrix(W: np.ndarray, k: int) -> None:
    norm = float(np.linalg.norm(np.linalg.matrix_power(W, k), 2))
    for name in bounds.names():
        view = bounds.bound(W, lags=[k], id=name)
        if view.direction == "<=":
            assert norm <= view.values[0] * (1 + 1e-9) + 1e-12, name


@pytest.mark.parametrize(("at_least", "at_most"), [(0.0, 0.2), (1.1, 5.0)])
def test_gradients_out_of_range_are_reported(at_least: float, at_most: float) -> None:
    network = Network(linear, {"W": np.eye(3), "B": np.eye(3), "b": np.zeros(3)})
    assert_gradients_bounded(network, lag=50, at_least=0.999, at_most=1.001)
    with pytest.raises(AssertionError, match="at lag 50 is 1, outside"):
        assert_gradients_bounded(network, lag=50, at_least=at_least, at_most=at_most)


@given(strategies.networks(cell=linear, scales=(0.1, 1.0)))
def test_bptt_matches_the_exact_gradient_of_a_linear_network(network: Network) -> None:
    """dE/dW = sum_k (W^T)^k g h_{T-k-1}^T for E = <g, h_T>, written out as matrix powers."""
    rng = np.random.default_rng(0)
    inputs, g = rng.standard_normal((5, network.m, 2)), rng.standard_normal((network.n, 2))
    states, W = simulate(network, inputs).states, network.parameters["W"]
    exact = sum(np.linalg.matrix_power(W.T, k) @ g @ states[4 - k].T for k in range(5))
    assert_bptt_matches({"W": exact}, network, inputs=inputs, cotangent=g)


def test_a_gradient_that_is_off_by_one_lag_is_caught() -> None:
    rng = np.random.default_rng(1)
    network = Network(linear, {"W": rng.standard_normal((3, 3)), "B": np.eye(3), "b": np.zeros(3)})
    inputs, g = rng.standard_normal((5, 3, 2)), rng.standard_normal((3, 2))
    states, W = simulate(network, inputs).states, network.parameters["W"]
    shifted = sum(np.linalg.matrix_power(W.T, k) @ g @ states[5 - k].T for k in range(5))
    with pytest.raises(AssertionError, match="gradient of W differs"):
        assert_bptt_matches({"W": shifted}, network, inputs=inputs, cotangent=g)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kinds": ["round"]}, "kinds must be some of"),
        ({"sizes": (0, 3)}, "sizes must"),
        ({"scales": (0, 1)}, "scales must"),
    ],
)
def test_strategies_refuse_bad_arguments_when_they_are_made(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        strategies.square_matrices(**arguments)  # type: ignore[arg-type]  # bad on purpose


@given(st.data())
@settings(max_examples=12)
def test_examples_run_and_are_of_the_family_that_they_name(data: st.DataObject) -> None:
    example = data.draw(strategies.examples(families=["contractive", "nilpotent"], steps=(1, 3), untied=True))
    copies = example.network.parameters["W"]
    assert example.trajectory.steps == example.steps == len(copies)
    for W in copies:
        if example.family == "contractive":
            assert np.linalg.norm(W, 2) < 0.98
        else:
            assert np.abs(np.linalg.matrix_power(W, example.network.n)).max() < 1e-10


def test_examples_shrink_to_two_units_two_steps_and_plain_numbers() -> None:
    """Planted: ||W W|| <= rho(W)^2 in a network of two steps or more."""

    def false_law_fails(example: Example) -> bool:
        W = example.network.parameters["W"]
        radius = max(abs(np.linalg.eigvals(W)))
        return example.steps >= 2 and float(np.linalg.norm(W @ W, 2)) > radius**2 * (1 + 1e-6) + 1e-9

    of_any = find(strategies.examples(), false_law_fails)
    assert (of_any.network.n, of_any.steps) == (2, 2)
    plain = find(strategies.examples(families=["plain"]), false_law_fails)
    assert (plain.network.n, plain.steps) == (2, 2)
    assert np.abs(plain.network.parameters["W"]).sum() <= 3.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"families": ["round"]}, "families must be some of"),
        ({"sizes": (0, 3)}, "sizes must"),
        ({"steps": (3, 2)}, "steps must"),
        ({"activations": []}, "activations must"),
    ],
)
def test_examples_refuse_bad_arguments_when_they_are_made(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        strategies.examples(**arguments)  # type: ignore[arg-type]  # bad on purpose
