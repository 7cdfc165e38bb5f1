r"""The marker task: noise in [-0.2, 0.2] with every d-th value 1; is the next value a marker?

A vanilla tanh network (`training`) sees windows of another length at each update, one to two periods: in windows of one
length the place of the first marker gives the answer away. The task follows the kind that Schaefer, Udluft and
Zimmermann use (their tables are not asserted here). The network that ships with the package is the result of ``python -m
errorflow.numerics.experiments.marker`` with its seed.

Main definitions: `windows`, `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..simulate import Rng, generator
from .training import Batch, Trained, fit, save

PERIOD, UNITS, SEED = 40, 40, 2
NOISE = 0.2
RATE = 0.01
BATCH, UPDATES, TEST_SIZE = 32, 3000, 256
TEST_PERIODS = (1.0, 1.5, 2.0, 3.0)  # lengths of the test windows


def windows(*, period: int, steps: int, samples: int, rng: Rng = None) -> Batch:
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

    The error is the largest over windows of 1, 1.5, 2 and 3 periods. Raises ValueError for fewer than one unit or update.
    """

    def draw(random: np.random.Generator) -> Batch:
        steps = int(random.integers(period, 2 * period + 1))
        return windows(period=period, steps=steps, samples=BATCH, rng=random)

    def tests(random: np.random.Generator) -> Sequence[Batch]:
        lengths = (int(period * periods) for periods in TEST_PERIODS)
        return [windows(period=period, steps=steps, samples=TEST_SIZE, rng=random) for steps in lengths]

    return fit(units=units, rate=RATE, updates=updates, draw=draw, tests=tests, rng=rng)


def main(path: str | Path = Path(__file__).parent.parent / "data" / "marker.npz") -> None:
    """Train with the shipped seed and write the weights file."""
    trained = train()
    save(trained, path)
    print(f"period {PERIOD}, {trained.updates} updates, relative error {trained.error:.4f}: {path}")


if __name__ == "__main__":
    main()
