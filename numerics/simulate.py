r"""Trajectories: x_t = F(x_{t-1}, u_t), t = 1..T, for many samples at once, one matrix product per block and step.

Main definitions: `Trajectory`, `simulate`, `white_noise`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .axes import Array
from .lower import Kernels, Point, lower
from .network import Network

Rng = np.random.Generator | int | None
LARGEST = 1e150  # states beyond it count as an overflow: their squares are no numbers any more


@dataclass(frozen=True, eq=False)
class Trajectory:
    """States of a network along its inputs: ``states (T+1, [nets,] N, samples)``, ``inputs (T, [nets,] m, samples)``.

    ``states[0]`` is the initial state, ``states[t]`` the state after step t.
    """

    network: Network
    inputs: Array
    states: Array

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.inputs)

    @property
    def samples(self) -> int:
        """Number of samples."""
        return int(self.states.shape[-1])

    @property
    def kernels(self) -> Kernels:
        """The compiled kernels of the network's cell."""
        return lower(self.network.cell)

    @property
    def overflow(self) -> int | None:
        """The first step after which a state is beyond 1e150 in modulus or no number, None if there is none."""
        inside = np.abs(self.states) <= LARGEST
        beyond = np.flatnonzero(~inside.reshape(len(self.states), -1).all(axis=1))
        return int(beyond[0]) if len(beyond) else None

    def take(self, samples: slice) -> Trajectory:
        """The trajectory of some of the samples."""
        return Trajectory(self.network, self.inputs[..., samples], self.states[..., samples])

    def until(self, t: int) -> Trajectory:
        """The trajectory of the first t steps."""
        return Trajectory(self.network, self.inputs[:t], self.states[: t + 1])

    def point(self, t: int) -> Point:
        """The local factors of step t = 1..T."""
        return self.kernels.point(self.network.at(t), self.states[t - 1], self.inputs[t - 1])

    def backward(self) -> Iterator[tuple[int, Point]]:
        """Steps and their local factors from t = T down to 1."""
        return ((t, self.point(t)) for t in range(self.steps, 0, -1))


def generator(rng: Rng) -> np.random.Generator:
    """The NumPy Generator of an ``rng`` argument: a Generator, an int or None."""
    if (rng is not None and not isinstance(rng, int | np.integer | np.random.Generator)) or isinstance(rng, bool):
        raise TypeError(f"rng must be a numpy Generator, an int or None, got {rng!r}")
    return np.random.default_rng(rng)


def white_noise(network: Network, *, steps: int, samples: int, scale: float, rng: Rng = None) -> Array:
    """Independent N(0, scale^2) inputs ``(steps, [nets,] m, samples)``; zeros for scale 0.

    Raises ValueError for steps or samples below 1 and for a scale that is negative or not finite.
    """
    for name, number in (("steps", steps), ("samples", samples)):
        if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 1:
            raise ValueError(f"{name} must be an integer of at least 1, got {number!r}")
    if not (np.isfinite(scale) and scale >= 0):
        raise ValueError(f"scale must be a finite number of at least 0, got {scale!r}")
    shape = (steps, *((network.nets,) if network.nets else ()), network.m, samples)
    return generator(rng).standard_normal(shape) * scale if scale else np.zeros(shape)


def simulate(network: Network, inputs: ArrayLike, *, initial: ArrayLike | None = None) -> Trajectory:
    """x_t = F(x_{t-1}, u_t) from the initial state (zero unless given), for t = 1..T.

    ``inputs (T, [nets,] m, samples)``, ``initial ([nets,] N, samples)``. States that overflow are not finite, and
    `Trajectory.overflow` says since when. Raises ValueError for shapes that do not fit, for inputs or an initial state
    that are not finite and for more steps than there are untied copies.

    >>> import numpy as np
    >>> from errorflow.numerics import Network
    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> simulate(net, np.zeros((3, 1, 2)), initial=np.ones((1, 2))).states[:, 0, 0].round(4).tolist()
    [1.0, 0.4621, 0.227, 0.113]
    """
    given: NDArray[np.float64] = np.asarray(inputs, dtype=float)
    batch = (network.nets,) if network.nets else ()
    if (
        given.ndim != 3 + len(batch)
        or given.shape[1:-1] != (*batch, network.m)
        or 0 in (given.shape[0], given.shape[-1])
    ):
        raise ValueError(
            f"inputs must have shape (T, {'nets, ' if batch else ''}{network.m}, samples), got {given.shape}"
        )
    if not np.isfinite(given).all():
        raise ValueError("inputs must be finite, got NaN or infinity")
    if network.steps is not None and len(given) > network.steps:
        raise ValueError(f"inputs must have at most {network.steps} steps, one per untied copy, got {len(given)}")
    shape = (*batch, network.state_dim, given.shape[-1])
    start = np.zeros(shape) if initial is None else np.asarray(initial, dtype=float)
    if start.shape != shape:
        raise ValueError(f"initial must have shape {shape}, got {start.shape}")
    if not np.isfinite(start).all():
        raise ValueError("initial must be finite, got NaN or infinity")
    states = np.empty((len(given) + 1, *shape))
    states[0] = start
    kernels = lower(network.cell)
    with np.errstate(over="ignore", invalid="ignore"):
        for t, u in enumerate(given, start=1):
            states[t] = kernels.step(network.at(t), states[t - 1], u)
    return Trajectory(network, given, states)
