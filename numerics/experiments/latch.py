r"""The latch task: the first input is +1 or -1, noise follows; which of the two was it, d steps ago?

Inputs u_1 = +-1 and u_t ~ N(0, 0.2^2) for t = 2..d+1; the answer after step d+1 is 0.8 u_1, and no other step has a target:
nothing of a shorter lag is to be learnt (the minimal task of Bengio, Simard and Frasconi 1994 is of this kind). Training
(`training`) goes on for some updates after the task is solved, so that the answer is kept, not just reached. The network
that ships with the package is the result of ``python -m errorflow.numerics.experiments.latch`` with its seed.

Main definitions: `sequences`, `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..simulate import Rng, generator
from .training import Batch, Trained, fit, save

LAG, UNITS, SEED = 60, 40, 0
NOISE, ANSWER = 0.2, 0.8
RATE = 0.05
BATCH, UPDATES, AFTER, TEST_SIZE = 32, 3000, 500, 256


def sequences(*, lag: int, samples: int, rng: Rng = None) -> Batch:
    """Inputs ``(lag + 1, 1, samples)`` and targets ``(samples,)``: 0.8 times the first input, which is +1 or -1.

    Raises ValueError for a lag below 1.

    >>> u, target = sequences(lag=5, samples=100, rng=0)
    >>> u.shape, bool((target == 0.8 * u[0, 0]).all()), sorted(set(target.tolist()))
    ((6, 1, 100), True, [-0.8, 0.8])
    """
    if lag < 1:
        raise ValueError(f"lag must be at least 1, got {lag!r}")
    random = generator(rng)
    first = np.where(random.random(samples) < 0.5, -1.0, 1.0)
    noise = NOISE * random.standard_normal((lag, samples))
    return np.concatenate([first[None], noise])[:, None, :], ANSWER * first


def train(
    *, lag: int = LAG, units: int = UNITS, updates: int = UPDATES, after: int = AFTER, rng: Rng = SEED
) -> Trained:
    """Train until the test error at this lag is under 10 % of the constant predictor's, and ``after`` updates more.

    At most ``updates`` updates in all. Raises ValueError for fewer than one unit or update.
    """

    def draw(random: np.random.Generator) -> Batch:
        return sequences(lag=lag, samples=BATCH, rng=random)

    def tests(random: np.random.Generator) -> Sequence[Batch]:
        return [sequences(lag=lag, samples=TEST_SIZE, rng=random)]

    return fit(units=units, rate=RATE, updates=updates, draw=draw, tests=tests, after=after, rng=rng)


def main(path: str | Path = Path(__file__).parent.parent / "data" / "latch.npz") -> None:
    """Train with the shipped seed and write the weights file."""
    trained = train()
    save(trained, path)
    print(f"lag {LAG}, solved at {trained.solved} of {trained.updates} updates, error {trained.error:.4f}: {path}")


if __name__ == "__main__":
    main()
