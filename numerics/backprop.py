r"""The gradient by lag: ``dE/dW = sum_k P_k``, ``P_k`` the part of copy T-k, from one backward pass in logs.

The error at the end is a cotangent g = dE/dx_T. At lag k the pass holds J(T, T-k)^T g, rescaled to unit norm with its
logarithm kept aside, so that no lag underflows or overflows.

Main definitions: `Backward`, `backward`, `unit_cotangents`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..theory.language import Parameter
from .lower import Array, Use
from .simulate import Rng, Trajectory, generator


@dataclass(frozen=True, eq=False)
class Backward:
    """One backward pass: natural logs by lag, per sample and direction.

    ``log_norm (T+1, samples, directions)`` holds log ||J(T, T-k)^T g||; ``log_part[name] (T, samples, directions)`` the
    log Frobenius norm of the lag-k part of the gradient with respect to each parameter; ``log_total[name]
    (T, samples, directions)`` that of the sum of the parts of lags 0..k, for the samples that were summed.
    """

    log_norm: Array
    log_part: dict[str, Array]
    log_total: dict[str, Array]


def unit_cotangents(size: int, *, samples: int, directions: int, rng: Rng = None) -> Array:
    """Independent uniformly distributed unit vectors ``(size, samples, directions)``."""
    g = generator(rng).standard_normal((size, samples, directions))
    return np.asarray(g / np.linalg.norm(g, axis=0))


def backward(trajectory: Trajectory, cotangent: Array, *, parameters: tuple[str, ...] = (), summed: int = 0) -> Backward:
    """Carry cotangents ``(N, samples, directions)`` back through every step of a trajectory.

    ``parameters`` names those whose parts by lag are wanted; for the first ``summed`` samples and the first direction
    the parts are also added up, lag by lag. Raises ValueError for a batch of networks and for shapes that do not fit.
    """
    network = trajectory.network
    if network.nets:
        raise ValueError("trajectory must belong to one network, got a batch of networks")
    expected = (network.state_dim, trajectory.samples)
    if cotangent.ndim != 3 or cotangent.shape[:2] != expected:
        raise ValueError(f"cotangent must have shape {(*expected, 'directions')}, got {cotangent.shape}")
    chosen = [network.cell.parameter(name) for name in parameters]
    steps, shape = trajectory.steps, cotangent.shape[1:]
    log_norm = np.full((steps + 1, *shape), -np.inf)
    log_part = {p.name: np.full((steps, *shape), -np.inf) for p in chosen}
    log_total = {p.name: np.full((steps, summed, 1), -np.inf) for p in chosen}
    sums = {p.name: _Sum.zero(network.parameters[p.name].shape[-2 if p.kind == "matrix" else -1 :], summed) for p in chosen}
    flow, logs = _normalized(np.asarray(cotangent, dtype=float), np.zeros(shape))
    log_norm[0] = logs
    for lag, (t, point) in enumerate(trajectory.backward()):
        carried = logs
        pulled, uses = trajectory.kernels.pullback(network.at(t), point, flow, uses=bool(chosen))
        for p in chosen:
            own = [use for use in uses if use.parameter == p.name]
            with np.errstate(divide="ignore"):
                log_part[p.name][lag] = carried + 0.5 * np.log(_squared_norm(own, p, network.n))
            if summed:
                sums[p.name] = sums[p.name].plus(own, p, network.n, carried[:summed, 0])
                log_total[p.name][lag, :, 0] = sums[p.name].log_norms()
        flow, logs = _normalized(pulled, logs)
        log_norm[lag + 1] = logs
    return Backward(log_norm, log_part, log_total)


def _normalized(flow: Array, logs: Array) -> tuple[Array, Array]:
    """Rescale to unit norm; a vector that is exactly zero stays zero with log norm -inf.

    Dividing by the largest entry first keeps the squares of tiny and huge entries in range.
    """
    largest = np.abs(flow).max(axis=0)
    safe = np.where(largest > 0, largest, 1.0)
    scaled = flow / safe
    norms = np.sqrt(np.einsum("nsd,nsd->sd", scaled, scaled))
    with np.errstate(divide="ignore"):
        grown = np.where(largest > 0, logs + np.log(safe) + np.log(np.where(norms > 0, norms, 1.0)), -np.inf)
    return scaled / np.where(norms > 0, norms, 1.0), grown


def _gates(uses: list[Use], parameter: Parameter, n: int) -> dict[int, list[tuple[Array, Array | None]]]:
    """The uses of a parameter, gate by gate: pairs (delta of the gate's rows, operand)."""
    found: dict[int, list[tuple[Array, Array | None]]] = {}
    for use in uses:
        for j in range(use.delta.shape[0] // n):
            found.setdefault(use.first + j, []).append((use.delta[j * n : (j + 1) * n], use.operand))
    return found


def _squared_norm(uses: list[Use], parameter: Parameter, n: int) -> Array:
    """||sum_j delta_j x_j^T||_F^2 = sum_ij <delta_i, delta_j> <x_i, x_j>, added over the gates."""
    total: Array = np.zeros(uses[0].delta.shape[1:]) if uses else np.zeros(())
    for pairs in _gates(uses, parameter, n).values():
        for delta, x in pairs:
            for other, y in pairs:
                product = np.einsum("nsd,nsd->sd", delta, other)
                total = total + (product if x is None or y is None else product * _inner(x, y)[:, None])
    return np.maximum(total, 0.0)


def _inner(x: Array, y: Array) -> Array:
    return np.einsum("ns,ns->s", *np.broadcast_arrays(x, y))


@dataclass(frozen=True, eq=False)
class _Sum:
    """A running sum of gradient parts per sample, with one logarithmic scale per sample."""

    total: Array
    log_scale: Array

    @classmethod
    def zero(cls, shape: tuple[int, ...], samples: int) -> _Sum:
        return cls(np.zeros((samples, shape[0], shape[1] if len(shape) > 1 else 1)), np.full(samples, -np.inf))

    def plus(self, uses: list[Use], parameter: Parameter, n: int, logs: Array) -> _Sum:
        scale = np.maximum(self.log_scale, logs)
        keep = np.exp(np.where(np.isneginf(scale), 0.0, self.log_scale - scale))
        new = np.exp(np.where(np.isneginf(scale), -np.inf, logs - scale))
        total = self.total * keep[:, None, None]
        for gate, pairs in _gates(uses, parameter, n).items():
            for delta, x in pairs:
                rows = delta[:, : len(scale), 0].T * new[:, None]
                columns = np.ones((len(scale), 1)) if x is None else np.broadcast_to(x, (len(x), delta.shape[1])).T[: len(scale)]
                total[:, gate * n : (gate + 1) * n] += rows[:, :, None] * columns[:, None, :]
        return _Sum(total, scale)

    def log_norms(self) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(self.log_scale + np.log(np.linalg.norm(self.total, axis=(1, 2))))
