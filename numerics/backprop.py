r"""The gradient by lag: ``dE/dW = sum_k P_k``, ``P_k`` the part of copy T-k, from one backward pass in logs.

The error at the end is a cotangent g = dE/dx_T. At lag k the pass holds J(T, T-k)^T g, rescaled to unit norm with its
logarithm kept aside, so that no lag underflows or overflows.

Main definitions: `Backward`, `backward`, `unit_cotangents`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..theory.language import Parameter
from .axes import Array
from .lower import Use
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


def backward(
    trajectory: Trajectory, cotangent: Array, *, parameters: tuple[str, ...] = (), summed: int = 0
) -> Backward:
    """Carry cotangents ``(N, samples, directions)`` back through every step of a trajectory.

    ``parameters`` names those whose parts by lag are wanted; for the first ``summed`` samples and the first direction
    the parts are also added up, lag by lag. Raises ValueError for a batch of networks, for shapes that do not fit, and
    for more samples to be summed than there are.
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
    steps, shape = trajectory.steps, cotangent.shape[1:]
    log_norm = np.full((steps + 1, *shape), -np.inf)
    log_part = {p.name: np.full((steps, *shape), -np.inf) for p in chosen}
    log_total = {p.name: np.full((steps, summed, 1), -np.inf) for p in chosen}
    sums = {p.name: _Sum(summed) for p in chosen}
    flow, logs = _normalized(np.asarray(cotangent, dtype=float), np.zeros(shape))
    log_norm[0] = logs
    for lag, (t, point) in enumerate(trajectory.backward()):
        carried = logs
        pulled, uses = trajectory.kernels.pullback(network.at(t), point, flow, uses=bool(chosen))
        for p in chosen:
            own, scale = _of_size_one([use for use in uses if use.parameter == p.name], shape)
            with np.errstate(divide="ignore"):
                log_part[p.name][lag] = carried + scale + 0.5 * np.log(_squared_norm(own, p, network.n))
            if summed:
                sums[p.name].add(own, p, network.n, (carried + scale)[:summed, 0])
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


def _of_size_one(uses: list[Use], shape: tuple[int, ...]) -> tuple[list[Use], Array]:
    """The uses with largest entries 1, and the logarithm that was taken out ``(samples, directions)``, -inf for zero.

    Slopes of saturated units and tiny or huge states would leave the range of doubles when they are squared.
    """
    deltas, operands = np.zeros(shape), np.zeros(shape[0])
    for use in uses:
        deltas = np.maximum(deltas, np.abs(use.delta).max(axis=0))
        operands = np.maximum(operands, 1.0 if use.operand is None else np.abs(use.operand).max(axis=0))
    with np.errstate(divide="ignore"):
        logs = np.log(deltas) + np.log(operands)[:, None]
    deltas, operands = np.where(deltas > 0, deltas, 1.0), np.where(operands > 0, operands, 1.0)
    scaled = [
        Use(use.parameter, use.first, use.delta / deltas, None if use.operand is None else use.operand / operands)
        for use in uses
    ]
    return scaled, logs


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
    rows = _rows(uses, parameter, n)
    for first, delta, x in rows:
        for again, other, y in rows:
            if first == again:
                product = np.einsum("nsd,nsd->sd", delta, other)
                total = total + (product if x is None or y is None else product * _inner(x, y)[:, None])
    return np.maximum(total, 0.0)


def _inner(x: Array, y: Array) -> Array:
    return np.asarray(np.einsum("ns,ns->s", *np.broadcast_arrays(x, y)))


class _Sum:
    """The norm of a running sum of gradient parts, per sample, without forming the sum.

    A part is a sum of rank-one terms delta x^T, so that ||S + P||^2 = ||S||^2 + 2 <S, P> + ||P||^2 needs inner products
    <delta, delta'> <x, x'> only: O(T n) numbers per lag instead of O(n^2).
    """

    def __init__(self, samples: int) -> None:
        self.samples = samples
        self.terms: dict[int, _Terms] = {}
        self.log_scale = np.full(samples, -np.inf)
        self.squared = np.zeros(samples)  # of the sum divided by exp(log_scale)

    def add(self, uses: list[Use], parameter: Parameter, n: int, logs: Array) -> None:
        """Add the part whose terms are to be multiplied by exp(logs)."""
        scale = np.maximum(self.log_scale, logs)
        safe = np.where(np.isneginf(scale), 0.0, scale)
        self.squared = self.squared * np.exp(2 * (self.log_scale - safe))
        self.log_scale = scale
        weight = np.exp(logs - safe)
        for first, delta, operand in _rows(uses, parameter, n):
            d = delta[:, : self.samples, 0].T
            x = np.ones((self.samples, 1)) if operand is None else _per_sample(operand, delta.shape[1])[: self.samples]
            terms = self.terms.setdefault(first, _Terms(d.shape, x.shape))
            self.squared = self.squared + 2 * weight * terms.inner(d, x, safe)
            self.squared += weight**2 * np.einsum("sn,sn->s", d, d) * np.einsum("sm,sm->s", x, x)
            terms.append(d, x, logs)

    def log_norms(self) -> Array:
        """Natural log of the norm of the sum so far, per sample."""
        with np.errstate(divide="ignore"):
            return np.asarray(self.log_scale + 0.5 * np.log(np.maximum(self.squared, 0.0)))


class _Terms:
    """Rank-one terms of the same rows, kept in arrays that double when full."""

    def __init__(self, delta: tuple[int, ...], operand: tuple[int, ...]) -> None:
        self.count = 0
        self.deltas, self.operands, self.logs = (
            np.empty((64, *delta)),
            np.empty((64, *operand)),
            np.empty((64, delta[0])),
        )

    def append(self, delta: Array, operand: Array, logs: Array) -> None:
        if self.count == len(self.logs):
            self.deltas, self.operands, self.logs = (
                np.concatenate([old, np.empty_like(old)]) for old in (self.deltas, self.operands, self.logs)
            )
        self.deltas[self.count], self.operands[self.count], self.logs[self.count] = delta, operand, logs
        self.count += 1

    def inner(self, delta: Array, operand: Array, log_scale: Array) -> Array:
        """The inner product of one more term with the sum of those kept, the latter divided by exp(log_scale)."""
        kept = slice(0, self.count)
        products = np.einsum("ksn,sn->ks", self.deltas[kept], delta) * np.einsum(
            "ksm,sm->ks", self.operands[kept], operand
        )
        return np.asarray(np.einsum("ks,ks->s", products, np.exp(self.logs[kept] - log_scale)))


def _rows(uses: list[Use], parameter: Parameter, n: int) -> list[tuple[int, Array, Array | None]]:
    """The uses as (first gate, delta, operand), cut into gates where two uses share rows of the parameter."""
    gates = [use.first + j for use in uses for j in range(use.delta.shape[0] // n)]
    if len(set(gates)) == len(gates):
        return [(use.first, use.delta, use.operand) for use in uses]
    return [(gate, d, x) for gate, pairs in _gates(uses, parameter, n).items() for d, x in pairs]


def _per_sample(operand: Array, samples: int) -> Array:
    return np.broadcast_to(operand, (len(operand), samples)).T
