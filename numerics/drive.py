r"""Driving a network: inputs given, or white noise of a stated scale, and the trajectory along them.

Main definitions: `Drive`, `drive`, `trajectory_of`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .axes import Array
from .network import Network
from .simulate import Rng, Trajectory, simulate, white_noise

STEPS, SAMPLES = 100, 32


@dataclass(frozen=True, eq=False)
class Drive:
    """Inputs ``(T, m, samples)``, how to describe them in words, and their scale if they are noise."""

    inputs: Array
    name: str
    scale: float | None


def drive(
    network: Network,
    *,
    steps: int | None = None,
    samples: int | None = None,
    input_scale: float | None = None,
    inputs: Array | None = None,
    input_name: str = "given inputs",
    rng: Rng = None,
) -> Drive:
    """The given inputs, cut to ``steps``, or white noise: 100 steps (one per untied copy), 32 samples, scale 1.

    Raises ValueError for a scale that is negative or not finite, for steps or samples below 1, for inputs beside a
    scale, and for inputs whose shape contradicts ``steps`` or ``samples``.

    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(2), "B": np.ones((2, 1)), "b": np.zeros(2)})
    >>> found = drive(net, steps=5, input_scale=0.0)
    >>> found.inputs.shape, found.name
    ((5, 1, 32), 'zero input')
    """
    if input_scale is not None and not (np.isfinite(input_scale) and input_scale >= 0):
        raise ValueError(f"input_scale must be a finite number of at least 0, got {input_scale!r}")
    if inputs is None:
        scale = 1.0 if input_scale is None else float(input_scale)
        horizon = (network.steps or STEPS) if steps is None else steps
        noise = white_noise(
            network, steps=horizon, samples=SAMPLES if samples is None else samples, scale=scale, rng=rng
        )
        return Drive(noise, f"white noise, standard deviation {scale:g}" if scale else "zero input", scale)
    given = np.asarray(inputs, dtype=float)
    if input_scale is not None:
        raise ValueError(f"input_scale must be left out where inputs are given, got {input_scale!r}")
    axes = f"(T, {'nets, ' if network.nets else ''}{network.m}, samples)"
    if given.ndim != (4 if network.nets else 3):
        raise ValueError(f"inputs must have shape {axes}, got {given.shape}")
    if samples is not None and samples != given.shape[-1]:
        raise ValueError(f"samples must be {given.shape[-1]}, the number of input sequences given, got {samples}")
    if steps is not None and not (isinstance(steps, int | np.integer) and 1 <= steps <= len(given)):
        raise ValueError(f"steps must be between 1 and {len(given)}, the length of the inputs, got {steps!r}")
    return Drive(given[:steps], input_name, None)


def trajectory_of(
    source: Network | Trajectory,
    *,
    steps: int | None = None,
    samples: int | None = None,
    input_scale: float | None = None,
    inputs: Array | None = None,
    batches: bool = False,
    rng: Rng = None,
) -> Trajectory:
    """The trajectory itself, or that of a network driven as `drive` says.

    Raises TypeError for another source and ValueError for options beside a trajectory, for a batch of networks unless
    ``batches``, and for more steps than the states stay in range.
    """
    options = {"steps": steps, "samples": samples, "input_scale": input_scale, "inputs": inputs}
    if isinstance(source, Trajectory):
        given = [name for name, option in options.items() if option is not None]
        if given:
            raise ValueError(f"{given[0]} must be left out where the source is a trajectory, which has its own")
        if source.overflow is not None:
            raise ValueError(
                f"source must stay in range, got a trajectory with a state that overflows at step {source.overflow}"
            )
        return source
    if not isinstance(source, Network):
        raise TypeError(f"source must be a Network or a Trajectory, got {type(source).__name__}")
    if source.nets and not batches:
        raise ValueError(f"source must be one network, got a batch of {source.nets}")
    found = drive(source, steps=steps, samples=samples, input_scale=input_scale, inputs=inputs, rng=rng)
    trajectory = simulate(source, found.inputs)
    if trajectory.overflow is not None:
        raise ValueError(
            f"steps must be below {trajectory.overflow}, at which a state overflows, got {trajectory.steps}"
        )
    return trajectory
