r"""The gradient profile: log ||J(T, T-k)^T v|| by lag k, with the extreme singular values of J(T, T-k).

Main definitions: `Profile`, `gradient_profile`, `lag_grid`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from .axes import Array
from .backprop import Backward, backward, unit_cotangents
from .drive import trajectory_of
from .extremes import extreme_singular_values
from .network import Network
from .simulate import Rng, Trajectory, generator

EVERY_LAG_UP_TO = 2000
DENSE_START = 100


@dataclass(frozen=True, eq=False)
class Profile:
    """Natural logs by lag: every lag k of ``lags`` belongs to dx_T/dx_{T-k} over the full state.

    ``log_norm (lags, samples, directions)`` are the logs of ||J(T, T-k)^T v|| for random unit cotangents v; ``largest``
    and ``smallest (lags,)`` those of the extreme singular values on the first sample, NaN where they were left out;
    ``pass_`` is the backward pass over all lags, with the parts of the gradient by lag.
    """

    lags: NDArray[np.intp]
    log_norm: Array
    largest: Array
    smallest: Array
    pass_: Backward

    @property
    def median(self) -> Array:
        """Median over samples and directions, by lag."""
        return self.quantile(0.5)

    def quantile(self, q: float) -> Array:
        """Quantile over samples and directions, by lag."""
        flat = self.log_norm.reshape(len(self.lags), -1)
        return np.asarray(np.quantile(flat, q, axis=1, method="inverted_cdf"))


def lag_grid(steps: int) -> NDArray[np.intp]:
    """Lags that are reported: all of 0..steps up to 2,000, beyond that all to 100 and a geometric grid.

    >>> lag_grid(5).tolist(), len(lag_grid(10_000)) < 400, int(lag_grid(10_000)[-1])
    ([0, 1, 2, 3, 4, 5], True, 10000)
    """
    if steps <= EVERY_LAG_UP_TO:
        return np.arange(steps + 1)
    tail = np.geomspace(DENSE_START, steps, 200).round().astype(int)
    return np.unique(np.concatenate([np.arange(DENSE_START + 1), tail]))


def gradient_profile(
    source: Network | Trajectory,
    *,
    steps: int | None = None,
    samples: int | None = None,
    input_scale: float | None = None,
    inputs: Array | None = None,
    directions: int = 4,
    parameters: tuple[str, ...] = (),
    summed: int = 0,
    extremes: bool = True,
    rng: Rng = None,
    advance: Callable[[], None] = lambda: None,
) -> Profile:
    """log ||J(T, T-k)^T v|| for k = 0..T at the last step of a trajectory, or of a network driven as `drive` says.

    In logs, so that no lag underflows or overflows. ``parameters`` and ``summed`` are handed to `backward`. The extreme
    singular values take most of the time: with ``extremes=False`` they are left out. Raises ValueError for fewer than one
    direction or a batch of networks.

    >>> from errorflow.numerics import Network
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> profile = gradient_profile(net, steps=1000, rng=0)
    >>> round(float(profile.largest[1000] / np.log(0.5)), 6)
    1000.0
    """
    if not isinstance(directions, int | np.integer) or isinstance(directions, bool) or directions < 1:
        raise ValueError(f"directions must be an integer of at least 1, got {directions!r}")
    random = generator(rng)
    trajectory = trajectory_of(source, steps=steps, samples=samples, input_scale=input_scale, inputs=inputs, rng=random)
    size, count = trajectory.network.state_dim, trajectory.samples
    cotangent = unit_cotangents(size, samples=count, directions=directions, rng=random)
    lags = lag_grid(trajectory.steps)
    with ThreadPoolExecutor(max_workers=1) as pool:  # the chains of singular values take longer than the pass
        chains = pool.submit(extreme_singular_values, trajectory, advance=advance) if extremes else None
        passed = backward(trajectory, cotangent, parameters=parameters, summed=min(summed, count))
        largest, smallest = chains.result() if chains else np.full((2, trajectory.steps + 1), np.nan)
    return Profile(lags, passed.log_norm[lags], largest[lags], smallest[lags], passed)


def log_shares(log_part: Array) -> Array:
    """log of the share of each lag in the sum of the parts' norms, per sample and direction; NaN if all are zero."""
    with np.errstate(invalid="ignore"):
        return np.asarray(log_part - logsumexp(log_part, axis=0))
