r"""The marker task: noise in [-0.2, 0.2] with every d-th value 1; is the next value a marker?

A vanilla tanh network h_t = tanh(W h_{t-1} + B u_t + b), y = c^T h_T + c0, is trained by back-propagation through
time over the whole window, with momentum and norm clipping, from W, B in U[-r, r] with r = sqrt(3/n). Each update
has windows of another length, one to two periods: in windows of one length the place of the first marker gives the
answer away. The task follows the kind that Schaefer, Udluft and Zimmermann use (their tables are not asserted
here). The network that ships with the package is the result of ``python -m errorflow.numerics.experiments.marker``
with its seed.

Main definitions: `windows`, `train`, `Trained`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ...theory import cells
from ..axes import Array
from ..network import Network
from ..simulate import Rng, generator, simulate

PERIOD, UNITS, SEED = 40, 40, 2
NOISE = 0.2
RATE, MOMENTUM, CLIP = 0.01, 0.9, 1.0
BATCH, UPDATES, CHECK_EVERY, TEST_SIZE = 32, 3000, 50, 256
SOLVED = 0.1  # test error as a fraction of the constant predictor's
TEST_PERIODS = (1.0, 1.5, 2.0, 3.0)  # lengths of the test windows


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with its readout, the updates it took and its error relative to the constant predictor's.

    ``error`` is the largest over windows of 1, 1.5, 2 and 3 periods.
    """

    network: Network
    readout: Array
    offset: float
    updates: int
    error: float


def windows(*, period: int, steps: int, samples: int, rng: Rng = None) -> tuple[Array, Array]:
    """Inputs ``(steps, 1, samples)`` and targets ``(samples,)``: 1 where the value after the window is a marker, else 0.

    Half of the windows, on average, end just before a marker; the phase of the others is uniform. Raises ValueError
    unless 2 <= period <= steps.

    >>> u, target = windows(period=5, steps=12, samples=100, rng=0)
    >>> bool((u[12 - 5, 0, target == 1] == 1).all()), bool((u[12 - 5, 0, target == 0] < 1).all())
    (True, True)
    """
    if not 2 <= period <= steps:
        raise ValueError(f"period must be between 2 and steps = {steps}, got {period!r}")
    random = generator(rng)
    positive = random.random(samples) < 0.5
    distance = np.where(positive, 0, random.integers(1, period, samples))  # steps from the end to the next marker
    inputs = random.uniform(-NOISE, NOISE, (steps, samples))
    marked = (np.arange(steps)[:, None] - steps - distance) % period == 0
    inputs[marked] = 1.0
    return inputs[:, None, :], positive.astype(float)


def train(*, period: int = PERIOD, units: int = UNITS, updates: int = UPDATES, rng: Rng = SEED) -> Trained:
    """Train until the test error is under 10 % of the constant predictor's, at most ``updates`` updates.

    Raises ValueError for fewer than one unit or update.
    """
    if units < 1 or updates < 1:
        raise ValueError(f"units and updates must be at least 1, got {units!r} and {updates!r}")
    random = generator(rng)
    r = math.sqrt(3.0 / units)
    weights = {
        "W": random.uniform(-r, r, (units, units)),
        "B": random.uniform(-r, r, (units, 1)),
        "b": np.zeros(units),
        "c": random.uniform(-r, r, units),
        "c0": np.zeros(()),
    }
    velocity = {name: np.zeros_like(w) for name, w in weights.items()}
    error = math.inf
    with threadpool_limits(limits=1, user_api="blas"):
        for update in range(1, updates + 1):
            steps = int(random.integers(period, 2 * period + 1))
            gradient = _gradient(weights, *windows(period=period, steps=steps, samples=BATCH, rng=random))
            size = math.sqrt(sum(float(np.sum(g**2)) for g in gradient.values()))
            shrink = min(1.0, CLIP / size) if size > 0 else 1.0
            for name, g in gradient.items():
                velocity[name] = MOMENTUM * velocity[name] - RATE * shrink * g
                weights[name] = weights[name] + velocity[name]
            if update % CHECK_EVERY == 0 or update == updates:
                lengths = (int(period * periods) for periods in TEST_PERIODS)
                tests = [windows(period=period, steps=t, samples=TEST_SIZE, rng=random) for t in lengths]
                error = max(_error(weights, *test) for test in tests)
                if error < SOLVED:
                    break
    return Trained(_network(weights), weights["c"], float(weights["c0"]), update, error)


def _network(weights: dict[str, Array]) -> Network:
    return Network(cells.get("elman"), {name: weights[name] for name in ("W", "B", "b")})


def _gradient(weights: dict[str, Array], inputs: Array, target: Array) -> dict[str, Array]:
    trajectory = simulate(_network(weights), inputs)
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


def _error(weights: dict[str, Array], inputs: Array, target: Array) -> float:
    final = simulate(_network(weights), inputs).states[-1]
    predicted = weights["c"] @ final + weights["c0"]
    return float(np.mean((predicted - target) ** 2) / np.var(target))


def main(path: str | Path = Path(__file__).parent.parent / "data" / "marker.npz") -> None:
    """Train with the shipped seed and write the weights file."""
    trained = train()
    arrays = dict(trained.network.parameters) | {"readout": trained.readout, "readout_offset": np.array(trained.offset)}
    np.savez(path, **arrays)
    print(f"period {PERIOD}, {trained.updates} updates, relative error {trained.error:.4f}: {path}")


if __name__ == "__main__":
    main()
