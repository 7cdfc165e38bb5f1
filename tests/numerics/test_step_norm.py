"""Laws of the largest norm of a step Jacobian: it is the largest singular value of all, or said to be unknown."""

import math

import numpy as np
import pytest

from errorflow.numerics import simulate, step_norm, white_noise
from errorflow.theory import cells


@pytest.mark.parametrize("cell", cells.names())
def test_it_is_the_largest_singular_value_over_steps_and_samples(cell, gaussian) -> None:
    network = gaussian(cell)
    trajectory = simulate(network, white_noise(network, steps=7, samples=3, scale=1.0, rng=0))
    every = [trajectory.kernels.dense(network.at(t), point) for t, point in trajectory.backward()]
    largest = max(np.linalg.svd(J, compute_uv=False).max() for J in every)
    assert step_norm.step_norm(trajectory).upper == pytest.approx(largest, rel=1e-9)


@pytest.mark.parametrize("factor", [1e-170, 1e170])
def test_tiny_and_huge_matrices_keep_their_norm(factor) -> None:
    matrix = factor * np.array([[[1.0, 2.0], [0.0, 1.0]]])
    assert step_norm._norm(matrix) == pytest.approx(factor * (1 + math.sqrt(2)), rel=1e-12)
    assert step_norm._norm(np.zeros((2, 3, 3))) == 0.0


def test_it_is_unknown_where_it_would_take_too_long(gaussian, monkeypatch) -> None:
    monkeypatch.setattr(step_norm, "LIMIT", 10.0)
    network = gaussian("elman")
    found = step_norm.step_norm(simulate(network, white_noise(network, steps=3, samples=1, scale=1.0, rng=0)))
    assert (found.lower, found.upper) == (0.0, math.inf)
