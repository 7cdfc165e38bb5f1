r"""Training a vanilla tanh network whose answer is due at the last step, by stochastic gradient descent.

h_t = tanh(W h_{t-1} + B u_t + b), y = c^T h_T + c0, E = mean of (y - y*)^2, from W, B, c in U[-r, r] with r = sqrt(3/n),
at which the spectral radius of W is near 1. Back-propagation through time over the whole window gives the gradient g of
all parameters; v <- mu v - rate min(1, clip/||g||) g, theta <- theta + v.

Main definitions: `Batch`, `Trained`, `fit`, `initial`, `relative_error`, `save`, `shipped`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ...theory import cells
from ..axes import Array
from ..network import Network, load_network
from ..simulate import Rng, generator, simulate

MOMENTUM, CLIP = 0.9, 1.0
CHECK_EVERY = 50
SOLVED = 0.1  # test error as a fraction of the constant predictor's

Batch = tuple[Array, Array]  # inputs (T, 1, samples) and targets (samples,)


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with its readout, the updates it took and its error relative to the constant predictor's.

    ``error`` is the largest over the test batches after the last update, ``solved`` the update after which it was first
    seen under 10 %, None if it never was.
    """

    network: Network
    readout: Array
    offset: float
    updates: int
    error: float
    solved: int | None = None


def initial(units: int, *, rng: Rng = None) -> dict[str, Array]:
    """W ``(n, n)``, B ``(n, 1)`` and c ``(n,)`` in U[-r, r], r = sqrt(3/n); b and c0 zero. Raises ValueError for no unit.

    >>> weights = initial(12, rng=0)
    >>> float(np.abs(weights["W"]).max()) < 0.5, weights["B"].shape
    (True, (12, 1))
    """
    if units < 1:
        raise ValueError(f"units must be at least 1, got {units!r}")
    random = generator(rng)
    r = math.sqrt(3.0 / units)
    return {
        "W": random.uniform(-r, r, (units, units)),
        "B": random.uniform(-r, r, (units, 1)),
        "b": np.zeros(units),
        "c": random.uniform(-r, r, units),
        "c0": np.zeros(()),
    }


def fit(
    *,
    units: int,
    rate: float,
    updates: int,
    draw: Callable[[np.random.Generator], Batch],
    tests: Callable[[np.random.Generator], Sequence[Batch]],
    after: int = 0,
    rng: Rng = None,
) -> Trained:
    """Train until the error on fresh ``tests`` is under 10 % of the constant predictor's, and for ``after`` updates more.

    At most ``updates`` updates in all, each on one batch that ``draw`` gives; every fiftieth is followed by a test. Raises
    ValueError for fewer than one unit or update.
    """
    if units < 1 or updates < 1:
        raise ValueError(f"units and updates must be at least 1, got {units!r} and {updates!r}")
    random = generator(rng)
    weights = initial(units, rng=random)
    velocity = {name: np.zeros_like(w) for name, w in weights.items()}
    error, solved = math.inf, None
    with threadpool_limits(limits=1, user_api="blas"):
        for update in range(1, updates + 1):
            gradient = _gradient(weights, *draw(random))
            size = math.sqrt(sum(float(np.sum(g**2)) for g in gradient.values()))
            shrink = min(1.0, CLIP / size) if size > 0 else 1.0
            for name, g in gradient.items():
                velocity[name] = MOMENTUM * velocity[name] - rate * shrink * g
                weights[name] = weights[name] + velocity[name]
            if update % CHECK_EVERY == 0 or update == updates:
                network, readout, offset = network_of(weights), weights["c"], float(weights["c0"])
                error = max(relative_error(network, readout, offset, *test) for test in tests(random))
                if error < SOLVED:
                    solved = update if solved is None else solved
                    if update >= solved + after:
                        break
    return Trained(network_of(weights), weights["c"], float(weights["c0"]), update, error, solved)


def network_of(weights: dict[str, Array]) -> Network:
    """The network of the weights W, B and b."""
    return Network(cells.get("elman"), {name: weights[name] for name in ("W", "B", "b")})


def _gradient(weights: dict[str, Array], inputs: Array, target: Array) -> dict[str, Array]:
    trajectory = simulate(network_of(weights), inputs)
    final = trajectory.states[-1]
    slope = 2.0 * (weights["c"] @ final + weights["c0"] - target) / len(target)
    gradient = {name: np.zeros_like(w) for name, w in weights.items()}
    gradient["c"], gradient["c0"] = final @ slope, slope.sum()
    flow = weights["c"][:, None] * slope
    for t, point in trajectory.backward():
        flow, uses = trajectory.kernels.pullback(trajectory.network.at(t), point, flow, uses=True)
        for use in uses:
            gradient[use.parameter] += use.delta.sum(axis=1) if use.operand is None else use.delta @ use.operand.T
    return gradient


def relative_error(network: Network, readout: Array, offset: float, inputs: Array, target: Array) -> float:
    """Mean of (y - y*)^2 over the variance of y*, which is the error of the constant predictor."""
    final = simulate(network, inputs).states[-1]
    predicted = readout @ final + offset
    return float(np.mean((predicted - target) ** 2) / np.var(target))


def save(trained: Trained, path: str | Path) -> None:
    """Write the weights file (``.npz``) of a trained network, with its readout."""
    arrays = dict(trained.network.parameters) | {"readout": trained.readout, "readout_offset": np.array(trained.offset)}
    np.savez(path, **arrays)


def shipped(name: str) -> tuple[Network, Array, float]:
    """A network that ships with the package, *marker* or *latch*, with readout ``(n,)`` and its offset.

    Raises FileNotFoundError for another name.

    >>> network, readout, offset = shipped("marker")
    >>> network.source, network.n, readout.shape
    ('marker.npz, which ships with errorflow', 40, (40,))
    """
    with as_file(files("errorflow.numerics").joinpath("data", f"{name}.npz")) as path:
        network = load_network(path, activation="tanh")
        with np.load(path, allow_pickle=False) as arrays:
            readout, offset = arrays["readout"], float(arrays["readout_offset"])
    return replace(network, source=f"{name}.npz, which ships with errorflow"), readout, offset
