"""Assertions for the tests of recurrent networks: gradients by lag in a range, gradients equal to ours.

Main definitions: `assert_gradients_bounded`, `assert_bptt_matches`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..numerics import Network, simulate
from ..numerics.profile import gradient_profile

Array = NDArray[np.float64]


def assert_gradients_bounded(
    network: Network,
    *,
    lag: int,
    at_least: float = 0.0,
    at_most: float = math.inf,
    samples: int = 8,
    input_scale: float | None = None,
    inputs: Array | None = None,
    rng: np.random.Generator | int | None = 0,
) -> None:
    """Assert at_least <= ||J(T, T-k)^T v|| <= at_most at lag k for the median over samples and unit cotangents v.

    The network runs over ``lag`` steps of white noise (scale 1 unless given) or over the last ``lag`` of ``inputs``
    ``(T, m, samples)``. Raises AssertionError with the value, and ValueError for bounds out of order or a lag below 1.

    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(2) / 2, "B": np.eye(2), "b": np.zeros(2)})
    >>> assert_gradients_bounded(net, lag=10, at_most=0.001)
    >>> assert_gradients_bounded(net, lag=10, at_least=0.001)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: the median gradient norm at lag 10 is ...e-06, outside [0.001, inf]
    """
    if not 0 <= at_least <= at_most:
        raise ValueError(f"bounds must satisfy 0 <= at_least <= at_most, got {at_least!r} and {at_most!r}")
    if not isinstance(lag, int) or lag < 1:
        raise ValueError(f"lag must be an integer of at least 1, got {lag!r}")
    if inputs is None:
        profile = gradient_profile(network, steps=lag, samples=samples, input_scale=input_scale, rng=rng)
    else:
        profile = gradient_profile(network, inputs=inputs[-lag:], input_scale=input_scale, rng=rng)
    found = float(profile.median[-1])
    low, high = (math.log(x) if x > 0 else -math.inf for x in (at_least, at_most))
    with np.errstate(over="ignore", under="ignore"):
        size = float(np.exp(found))
    assert low <= found <= high, (
        f"the median gradient norm at lag {lag} is {size:.6g}, outside [{at_least:g}, {at_most:g}]"
    )


def assert_bptt_matches(
    gradients: Mapping[str, ArrayLike],
    network: Network,
    *,
    inputs: ArrayLike,
    cotangent: ArrayLike,
    initial: ArrayLike | None = None,
    rtol: float = 1e-9,
) -> None:
    """Assert that gradients of E = sum <cotangent, x_T> with respect to parameters equal those of the derived kernels.

    ``gradients`` maps parameter names to arrays of the parameter's shape, ``inputs (T, m, samples)``, ``cotangent``
    and ``initial (N, samples)``; E is summed over the samples. The tolerance is relative to the largest entry. Raises
    AssertionError naming the parameter and the difference, ValueError for unknown parameters and shapes that do not fit.

    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.eye(1) / 2, "B": np.eye(1), "b": np.zeros(1)})
    >>> assert_bptt_matches({"W": [[0.0]]}, net, inputs=np.zeros((3, 1, 1)), cotangent=np.ones((1, 1)))
    """
    unknown = gradients.keys() - network.parameters.keys()
    if unknown or not gradients:
        raise ValueError(
            f"gradients must name some of {', '.join(network.parameters)}, got {', '.join(gradients) or 'none'}"
        )
    trajectory = simulate(network, inputs, initial=initial)
    flow = np.asarray(cotangent, dtype=float)
    if flow.shape != trajectory.states.shape[1:]:
        raise ValueError(f"cotangent must have shape {trajectory.states.shape[1:]}, got {flow.shape}")
    ours = {name: np.zeros(network.parameters[name].shape) for name in gradients}
    for t, point in trajectory.backward():
        flow, uses = trajectory.kernels.pullback(network.at(t), point, flow, uses=True)
        for use in uses:
            if use.parameter in ours:
                rows = slice(use.first * network.n, use.first * network.n + len(use.delta))
                part = use.delta.sum(axis=-1) if use.operand is None else use.delta @ np.swapaxes(use.operand, -1, -2)
                target = np.atleast_1d(ours[use.parameter] if network.tied else ours[use.parameter][t - 1])
                target[rows] += part
    for name, given in gradients.items():
        array = np.asarray(given, dtype=float)
        if array.shape != ours[name].shape:
            raise ValueError(f"gradient of {name} must have shape {ours[name].shape}, got {array.shape}")
        error = float(np.abs(array - ours[name]).max(initial=0.0))
        scale = float(np.abs(ours[name]).max(initial=0.0))
        assert error <= rtol * max(scale, np.finfo(float).tiny), (
            f"the gradient of {name} differs by {error:.3g} where its largest entry is {scale:.3g}"
        )
