r"""The gradient by lag: ``dE/dW = sum_k P_k``, ``P_k`` the part of copy T-k, from one backward pass in logs.

The error at the end is a cotangent g = dE/dx_T. At lag k the pass holds J(T, T-k)^T g over a scale whose logarithm is
kept aside, so that no lag underflows or overflows.

Main definitions: `Backward`, `Flows`, `backward`, `unit_cotangents`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..theory.language import Parameter
from .axes import Array
from .parts import Group, RunningSum, groups, log_part_norms
from .simulate import Rng, Trajectory, generator

BLOCK = 32  # lags whose parts enter a running sum together
LARGE = 1e12  # squared norms between it and its inverse are not rescaled


@dataclass(frozen=True, eq=False)
class Flows:
    """What a backward pass held at each lag: J(T, T-k)^T g = e^logs[k] flow[k] along the samples that were summed.

    ``flow (T, N, samples, directions)``, ``logs (T, samples, directions)``. From it come the parts of the gradient at any
    lag and in any order, without the pass.
    """

    trajectory: Trajectory
    flow: Array
    logs: Array

    def parts(self, parameters: Iterable[Parameter], lags: Iterable[int]) -> Iterator[tuple[int, list[list[Group]]]]:
        """At each lag the terms of the part of each parameter, without the factor e^logs."""
        chosen, network = list(parameters), self.trajectory.network
        for lag in lags:
            t = self.trajectory.steps - lag
            point = self.trajectory.point(t)
            _, uses = self.trajectory.kernels.pullback(network.at(t), point, self.flow[lag], uses=True)
            yield lag, [groups(uses, p, network.n) for p in chosen]


@dataclass(frozen=True, eq=False)
class Backward:
    """One backward pass: natural logs by lag, per sample and direction.

    ``log_norm (T+1, samples, directions)`` holds log ||J(T, T-k)^T g||; ``log_part[name] (T, samples, directions)`` the
    log Frobenius norm of the lag-k part of the gradient with respect to each parameter; ``log_total[name]
    (T, samples, directions)`` that of the sum of the parts of lags 0..k, for the samples that were summed, whose
    ``flows`` are kept.
    """

    log_norm: Array
    log_part: dict[str, Array]
    log_total: dict[str, Array]
    flows: Flows | None = None


def unit_cotangents(size: int, *, samples: int, directions: int, rng: Rng = None) -> Array:
    """Independent uniformly distributed unit vectors ``(size, samples, directions)``."""
    g = generator(rng).standard_normal((size, samples, directions))
    return np.asarray(g / np.linalg.norm(g, axis=0))


def backward(
    trajectory: Trajectory, cotangent: Array, *, parameters: tuple[str, ...] = (), summed: int = 0
) -> Backward:
    """Carry cotangents ``(N, samples, directions)`` back through every step of a trajectory.

    ``parameters`` names those whose parts by lag are wanted; for the first ``summed`` samples the parts are also added up,
    lag by lag. Raises ValueError for a batch of networks, for shapes that do not fit, and for more samples to be summed
    than there are.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> passed = backward(simulate(net, np.ones((3, 1, 1))), np.ones((1, 1, 1)), parameters=("W",), summed=1)
    >>> np.exp(passed.log_part["W"]).ravel().round(6).tolist()  # h_{T-1-k} / 2^k, with h = 1.5, 1, 0
    [1.5, 0.5, 0.0]
    >>> np.exp(passed.log_total["W"]).ravel().round(6).tolist()
    [1.5, 2.0, 2.0]
    """
    network = trajectory.network
    if network.nets:
        raise ValueError("trajectory must belong to one network, got a batch of networks")
    if not 0 <= summed <= trajectory.samples:
        raise ValueError(f"summed must be between 0 and {trajectory.samples}, the number of samples, got {summed!r}")
    expected = (network.state_dim, trajectory.samples)
    if cotangent.ndim != 3 or cotangent.shape[:2] != expected:
        raise ValueError(f"cotangent must have shape {(*expected, 'directions')}, got {cotangent.shape}")
    chosen = [network.cell.parameter(name) for name in parameters]
    steps, shape, kernels = trajectory.steps, cotangent.shape[1:], trajectory.kernels
    log_norm = np.full((steps + 1, *shape), -np.inf)
    log_part = {p.name: np.full((steps, *shape), -np.inf) for p in chosen}
    totals = Totals(chosen, (steps, summed, shape[1])) if summed else None
    flows = _room(trajectory, summed, shape[1]) if summed else None
    flow, logs, log_norm[0] = rescaled(np.array(cotangent, dtype=float), np.zeros(shape))
    for lag, (t, point) in enumerate(trajectory.backward()):
        if flows is not None:
            flows.flow[lag], flows.logs[lag] = flow[:, :summed], logs[:summed]
        pulled, uses = kernels.pullback(network.at(t), point, flow, uses=bool(chosen), overwrite=True)
        parts = [groups(uses, p, network.n) for p in chosen]
        for p, own in zip(chosen, parts, strict=True):
            log_part[p.name][lag] = logs + log_part_norms(own, shape)
        if totals is not None:
            totals.add(lag, [[_first(group, summed) for group in own] for own in parts], logs[:summed])
        flow, logs, log_norm[lag + 1] = rescaled(pulled, logs)
    log_total = totals.finish() if totals is not None else {p.name: np.empty((steps, 0, shape[1])) for p in chosen}
    return Backward(log_norm, log_part, log_total, flows)


def _room(trajectory: Trajectory, summed: int, directions: int) -> Flows:
    shape = (trajectory.steps, trajectory.network.state_dim, summed, directions)
    return Flows(trajectory.take(slice(0, summed)), np.empty(shape), np.empty((shape[0], *shape[2:])))


def _first(group: Group, samples: int) -> Group:
    """The terms of the first samples, apart from the memory of the others."""
    return [(d[:, :samples].copy(), x if x is None or x.shape[1] == 1 else x[:, :samples].copy()) for d, x in group]


def rescaled(flow: Array, logs: Array) -> tuple[Array, Array, Array]:
    """The flow, rescaled to unit norm where its size leaves a wide range, the logs of its factor, and of its norm.

    A vector that is exactly zero stays zero with log norm -inf. Dividing by the largest entry first keeps the squares of
    tiny and huge entries in range.
    """
    flat = flow.reshape(len(flow), -1)
    squares = np.einsum("ns,ns->s", flat, flat).reshape(logs.shape)
    if np.minimum.reduce(squares, axis=None) > 1 / LARGE and np.maximum.reduce(squares, axis=None) < LARGE:
        return flow, logs, logs + 0.5 * np.log(squares)
    largest = np.abs(flow).max(axis=0)
    safe = np.where(largest > 0, largest, 1.0)
    scaled = flow / safe
    norms = np.sqrt(np.einsum("nsd,nsd->sd", scaled, scaled))
    norms = np.where(norms > 0, norms, 1.0)
    grown = np.where(largest > 0, logs + np.log(safe) + np.log(norms), -np.inf)
    return scaled / norms, grown, grown


class Totals:
    """Norms of the running sums of the parts of some parameters, over lags in the order in which they are added."""

    def __init__(self, parameters: Iterable[Parameter], shape: tuple[int, int, int]) -> None:
        self.parameters = list(parameters)
        self.sums: list[list[RunningSum]] = [[] for _ in self.parameters]
        self.found = {p.name: np.full(shape, -np.inf) for p in self.parameters}
        self._waiting: list[tuple[int, list[list[Group]], Array]] = []

    def add(self, lag: int, parts: list[list[Group]], logs: Array) -> None:
        """Add the parts of one lag, which must stay as they are, times e^logs."""
        self._waiting.append((lag, parts, logs))
        if len(self._waiting) == BLOCK:
            self.finish()

    def finish(self) -> dict[str, Array]:
        """Natural logs of the norms after each lag."""
        if not self._waiting:
            return self.found
        lags, parts, logs = zip(*self._waiting, strict=True)
        for i, p in enumerate(self.parameters):
            self.sums[i] = self.sums[i] or [RunningSum() for _ in parts[0][i]]
            norms = [own.add([step[i][j] for step in parts], np.array(logs)) for j, own in enumerate(self.sums[i])]
            if norms:
                self.found[p.name][list(lags)] = np.logaddexp.reduce(2 * np.array(norms)) / 2
        self._waiting = []
        return self.found
