r"""log ||dE/dtheta|| of many samples: dE/dW = sum_t delta_t x_t^T, added up in matrix products over blocks of steps.

The backward pass keeps J(T, T-k)^T g at unit size with its logarithm aside, so that the sums are of the size of their
largest part, whatever the size of the gradient.

Main definitions: `whole_gradient_log_norms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..theory.language import Parameter
from .axes import Array
from .backprop import rescaled
from .parts import groups, log_part_norms
from .point import Use
from .simulate import Trajectory
from .sizes import has_time

BLOCK = 64  # steps whose parts are added up in one matrix product
MOST_NUMBERS = 100_000_000  # entries of the gradients of all samples together, 800 MB


def whole_gradient_log_norms(trajectory: Trajectory, cotangent: Array, parameters: Sequence[str]) -> Array:
    """Natural logs of the norm of the gradient with respect to all ``parameters`` together, for each sample ``(samples,)``.

    ``cotangent (N, samples)`` is dE/dx_T of each sample. The copies of an untied parameter are parameters of their own. Of
    so many samples that their gradients would take more than 800 MB, the first ones are taken. Raises ValueError for no
    parameter, a batch of networks and a cotangent of another shape.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> found = whole_gradient_log_norms(simulate(net, np.ones((3, 1, 1))), np.ones((1, 1)), ["b"])
    >>> np.exp(found).round(6).tolist()  # 1 + 1/2 + 1/4
    [1.75]
    """
    network = trajectory.network
    if network.nets:
        raise ValueError("trajectory must belong to one network, got a batch of networks")
    if not parameters:
        raise ValueError("parameters must name at least one parameter, got none")
    expected = (network.state_dim, trajectory.samples)
    if cotangent.shape != expected:
        raise ValueError(f"cotangent must have shape {expected}, got {cotangent.shape}")
    chosen = [network.cell.parameter(name) for name in parameters]
    copies = [p for p in chosen if has_time(p, network.parameters[p.name], untied=network.untied, batched=False)]
    shared = [p for p in chosen if p not in copies]
    entries = sum(network.parameters[p.name].size for p in shared)
    samples = max(1, min(trajectory.samples, MOST_NUMBERS // max(entries, 1)))
    few = trajectory.take(slice(0, samples))
    sums = {p.name: _Sum(p, network.n, np.zeros((samples, *_shape(network.parameters[p.name])))) for p in shared}
    scale = np.full(samples, -np.inf)
    squares = np.full(samples, -np.inf)
    flow, logs, _ = rescaled(np.array(cotangent[:, :samples, None], dtype=float), np.zeros((samples, 1)))
    waiting: list[tuple[Array, list[Use]]] = []
    for lag, (t, point) in enumerate(few.backward(), start=1):
        pulled, uses = few.kernels.pullback(network.at(t), point, flow, uses=True)
        for p in copies:
            own = groups([use for use in uses if use.parameter == p.name], p, network.n)
            squares = np.logaddexp(squares, 2 * (logs + log_part_norms(own, (samples, 1)))[:, 0])
        waiting.append((logs[:, 0], uses))
        if len(waiting) == BLOCK or lag == few.steps:
            scale = _added(sums, waiting, scale)
            waiting = []
        flow, logs, _ = rescaled(pulled, logs)
    with np.errstate(divide="ignore"):
        for found in sums.values():
            largest = np.abs(found.total).reshape(samples, -1).max(axis=1)
            unit = found.total.reshape(samples, -1) / np.where(largest > 0, largest, 1.0)[:, None]
            log_norm = scale + np.log(largest) + 0.5 * np.log(np.where(largest > 0, (unit**2).sum(axis=1), 1.0))
            squares = np.logaddexp(squares, 2 * log_norm)
    return np.asarray(squares / 2)


def _shape(array: Array) -> tuple[int, ...]:
    return array.shape if array.ndim == 2 else (array.size, 1)


@dataclass
class _Sum:
    """The gradient of one parameter divided by e^scale ``(samples, rows, columns)``."""

    parameter: Parameter
    n: int
    total: Array = field(repr=False)


def _added(sums: dict[str, _Sum], waiting: list[tuple[Array, list[Use]]], scale: Array) -> Array:
    """Add the parts of a block of steps; the new scale, the largest log of a flow so far."""
    logs = np.array([own for own, _ in waiting])
    new = np.maximum(scale, logs.max(axis=0))
    safe = np.where(np.isneginf(new), 0.0, new)
    for found in sums.values():
        found.total *= np.exp(scale - safe)[:, None, None]
    weights = np.exp(logs - safe)[:, None, :]
    for slot in range(len(waiting[0][1])):
        uses = [use[slot] for _, use in waiting]
        first = uses[0]
        if first.parameter not in sums:
            continue
        found = sums[first.parameter]
        deltas = np.array([use.delta[..., 0] for use in uses]) * weights  # (steps, rows, samples)
        start = first.first * found.n
        if first.operand is None:
            found.total[:, start : start + deltas.shape[1], 0] += deltas.sum(axis=0).T
            continue
        shape = (first.operand.shape[0], deltas.shape[2])
        operands = np.array([np.broadcast_to(use.operand, shape) for use in uses if use.operand is not None])
        found.total[:, start : start + deltas.shape[1]] += deltas.transpose(2, 1, 0) @ operands.transpose(2, 0, 1)
    return np.asarray(new)
