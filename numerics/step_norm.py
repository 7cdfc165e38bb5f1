r"""sup_t ||J_t||_2, the largest norm of a step Jacobian over the steps and samples of a trajectory.

Main definition: `step_norm`.
"""

from __future__ import annotations

import math

import numpy as np

from .axes import Array
from .enclosure import Enclosure, measured
from .simulate import Trajectory

LIMIT = 4e9  # steps times samples times N^3; beyond it the decompositions would take longer than all the rest


def step_norm(trajectory: Trajectory) -> Enclosure:
    """The supremum over the trajectory; [0, inf], unknown, where it would take too long.

    >>> import numpy as np
    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import cells
    >>> from errorflow.theory.activations import Identity
    >>> linear = Network(cells.get("elman", activation=Identity()),
    ...     {"W": np.diag([0.5, 0.25]), "B": np.eye(2), "b": np.zeros(2)})
    >>> round(step_norm(simulate(linear, np.zeros((3, 2, 1)))).upper, 12)
    0.5
    """
    network = trajectory.network
    if trajectory.steps * trajectory.samples * network.state_dim**3 > LIMIT:
        return Enclosure(0.0, math.inf)
    largest = max(_norm(trajectory.kernels.dense(network.at(t), point)) for t, point in trajectory.backward())
    return measured(largest)


def _norm(matrices: Array) -> float:
    """The largest spectral norm of matrices ``(..., N, N)``, scaled so that no square leaves the range of doubles."""
    scale = float(np.abs(matrices).max())
    if scale == 0.0 or not math.isfinite(scale):
        return scale
    scaled = matrices / scale
    values = np.linalg.eigvalsh(np.swapaxes(scaled, -1, -2) @ scaled)
    return scale * math.sqrt(max(float(values.max()), 0.0))
