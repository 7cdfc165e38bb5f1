r"""Trajectories: x_t = F(x_{t-1}, u_t), t = 1..T, for many samples at once, one matrix product per block and step.

The products of the last steps are kept, as many as a budget of memory holds, for passes that come back to these steps.

Main definitions: `Trajectory`, `Products`, `simulate`, `white_noise`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .axes import Array
from .lower import Kernels, lower
from .network import Network
from .point import Plan, Point, Shared

Rng = np.random.Generator | int | None
LARGEST = 1e150  # states beyond it count as an overflow: their squares are no numbers any more
AT_ONCE = 100_000  # numbers that are looked at together
KEPT_BYTES = 2**29  # of matrix products that a trajectory keeps; what they do not hold is computed again


@dataclass(frozen=True, eq=False)
class Products:
    """What the matrix products of the steps after ``first`` were, ``([nets,] rows, samples)`` each; none where not needed."""

    first: int
    steps: list[tuple[Array, ...]]

    def at(self, t: int) -> tuple[Array, ...]:
        """The products of step t, none for a step whose products were not kept."""
        return self.steps[t - 1 - self.first] if t > self.first else ()

    def take(self, samples: slice) -> Products:
        """Those of some of the samples."""
        return Products(self.first, [tuple(array[..., samples] for array in arrays) for arrays in self.steps])

    def until(self, t: int) -> Products:
        """Those of the first t steps."""
        return Products(self.first, self.steps[: max(0, t - self.first)])


@dataclass(frozen=True, eq=False)
class Trajectory:
    """States of a network along its inputs: ``states (T+1, [nets,] N, samples)``, ``inputs (T, [nets,] m, samples)``.

    ``states[0]`` is the initial state, ``states[t]`` the state after step t. ``products`` are those that `simulate` kept,
    which also says that the states are the network's own.
    """

    network: Network
    inputs: Array
    states: Array
    products: Products | None = None

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.inputs)

    @property
    def samples(self) -> int:
        """Number of samples."""
        return int(self.states.shape[-1])

    @cached_property
    def kernels(self) -> Kernels:
        """The compiled kernels of the network's cell: the same ones for as long as there are points of theirs."""
        return lower(self.network.cell)

    @property
    def overflow(self) -> int | None:
        """The first step after which a state is beyond 1e150 in modulus or no number, None if there is none."""
        several = max(1, AT_ONCE // self.states[0].size)
        for start in range(0, len(self.states), several):
            some = self.states[start : start + several]
            if not (some.max() <= LARGEST and some.min() >= -LARGEST):
                inside = (np.abs(some) <= LARGEST).reshape(len(some), -1).all(axis=1)
                return start + int(np.argmin(inside))
        return None

    def take(self, samples: slice) -> Trajectory:
        """The trajectory of some of the samples."""
        kept = self.products.take(samples) if self.products else None
        return Trajectory(self.network, self.inputs[..., samples], self.states[..., samples], kept)

    def until(self, t: int) -> Trajectory:
        """The trajectory of the first t steps."""
        kept = self.products.until(t) if self.products else None
        return Trajectory(self.network, self.inputs[:t], self.states[: t + 1], kept)

    @cached_property
    def _shared(self) -> Shared | None:
        if self.network.untied:
            return None
        shape = (*self.states.shape[1:-2], self.network.n, self.samples)
        return Shared(self.kernels.plan, self.network.at(1), shape)

    @cached_property
    def _plan(self) -> Plan:
        return self.kernels.plan

    def point(self, t: int) -> Point:
        """The local factors of step t = 1..T."""
        parameters, before, inputs = self.network.at(t), self.states[t - 1], self.inputs[t - 1]
        kept = self.products
        if kept is None or t <= kept.first:
            return Point(self._plan, parameters, before, inputs, shared=self._shared)
        after, memory = self.states[t], kept.at(t)
        return Point(self._plan, parameters, before, inputs, after=after, products=memory, shared=self._shared)

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


def simulate(
    network: Network, inputs: ArrayLike, *, initial: ArrayLike | None = None, kept_bytes: int = KEPT_BYTES
) -> Trajectory:
    """x_t = F(x_{t-1}, u_t) from the initial state (zero unless given), for t = 1..T.

    ``inputs (T, [nets,] m, samples)``, ``initial ([nets,] N, samples)``. States that overflow are not finite, and
    `Trajectory.overflow` says since when. The products of the last steps, at most ``kept_bytes`` of them (512 MiB), are
    kept for passes backward. Raises ValueError for shapes that do not fit, for inputs or an initial state that are not
    finite and for more steps than there are untied copies.

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
    plan = kernels.plan
    lead = (network.nets,) if network.nets else ()
    shapes = [(*lead, len(c.nodes) * network.n, given.shape[-1]) for c in plan.calls if id(c) in plan.kept]
    room = sum(8 * math.prod(shape) for shape in shapes)
    products = Products(max(0, len(given) - int(kept_bytes) // room) if room else 0, []) if kept_bytes else None
    trajectory = Trajectory(network, given, states, products)
    memory: tuple[Array, ...] = ()
    shared = trajectory._shared
    with np.errstate(over="ignore", invalid="ignore"):
        for t, u in enumerate(given, start=1):
            keep = products is not None and t > products.first
            if keep and not memory:
                memory = tuple(np.empty(shape) for shape in shapes)
            kernels.step(network.at(t), states[t - 1], u, out=states[t], products=memory, shared=shared)
            if products is not None and keep:
                needed = plan.needless is None
                for i, form in plan.needless.values() if plan.needless else ():
                    needed = needed or not form.says(states[t, ..., i * network.n : (i + 1) * network.n, :])
                products.steps.append(memory if needed else ())
                memory = () if needed else memory
    return trajectory
