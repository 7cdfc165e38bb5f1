r"""The coupled difference ``sum_s w_s (G_s - G'_s)`` of gradients G = dy_T/dW, y_T = c^T h_T, to all digits at every lag.

G' belongs to the trajectory h' whose input at step T-d is the mean. G and G' may agree in a hundred digits, so they are never
subtracted: every difference X = x - x' has a recursion of its own. For h_t = phi(a_t), a_t = W h_{t-1} + B u_t + b, with the
divided differences phi[a', a] and phi'[a', a] (entry by entry), slopes s_t = phi'(a_t) and f_t = dy_T/dh_t,

    A_t = W H_{t-1} + B U_t,    H_t = phi[a'_t, a_t] A_t,    S_t = phi'[a'_t, a_t] A_t,
    D_t = S_t f_t + s'_t W^T D_{t+1},    G - G' = sum_t D_t h'_{t-1}^T + (s_t f_t) H_{t-1}^T.

Each is linear in A, so that differences of any size are carried at unit size with their logarithms aside, per sample and lag.

Main definitions: `Coupled`, `coupled_difference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...theory.language import Apply, Bias, Cell, Input, MatVec, Named, State, Sum
from ..axes import Array
from ..backprop import rescaled
from ..simulate import Trajectory
from .arguments import increasing_lags, is_whole, one_network, real_array
from .divided_differences import DividedDifferences, divided_differences

NO_STEP = 1e-17
LARGEST = 1e300  # of the arguments of the activation, whose differences are to stay in range
MOST_BYTES = 2**28  # of the differences of the steps after T-d, which the pass backward reads


@dataclass(frozen=True, eq=False)
class Coupled:
    """``sums (lags, groups, n, n)`` times ``e^log_scale (lags, groups)``: the sum of w_s (G_s - G'_s) over each group.

    ``crossings (lags,)`` counts the samples with a jump of the slope between a' and a in some unit, at the step >= T-d at
    which they are fewest: the later the step, the rarer they are, and yet no less important for the sum. ``log_sizes
    (lags, samples)`` are the logs of |w_s| times the sum over the steps of the largest entry of each term of G_s - G'_s.
    """

    lags: tuple[int, ...]
    log_scale: Array
    sums: Array
    crossings: Array
    log_sizes: Array

    @property
    def log_norms(self) -> Array:
        """Natural logs of the Frobenius norms of the sums ``(lags, groups)``."""
        flat = np.abs(self.sums).reshape(*self.log_scale.shape, -1)
        largest = flat.max(axis=-1)
        unit = flat / np.where(largest > 0, largest, 1.0)[..., None]
        with np.errstate(divide="ignore"):
            logs = np.log(largest) + np.log(np.linalg.norm(unit, axis=-1))
        return np.asarray(np.where(largest > 0, self.log_scale + logs, -np.inf))


def coupled_difference(
    trajectory: Trajectory,
    *,
    readout: Array,
    lags: Sequence[int],
    mean: Array | None = None,
    weights: Array | None = None,
    groups: int = 1,
) -> Coupled:
    """sum_s w_s (G_s - G'_s) over groups of consecutive samples, for each lag d: G' with ``mean`` for the input of step T-d.

    ``readout (n,)`` is c, ``mean (m,)`` zero unless given, ``weights (lags, samples)`` one unless given. Raises TypeError for
    arguments of another type, ValueError for a network that is not one tied network of the form phi(W h + B u + b), for
    states that overflow and arguments of phi beyond 1e300, for lags outside 0..T-1 or out of order, for shapes that do not
    fit, numbers that are not finite and groups that do not divide the samples.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> found = coupled_difference(simulate(net, np.ones((2001, 1, 1))), readout=np.ones(1), lags=[2, 2000])
    >>> np.allclose(found.log_norms[:, 0], [0.0, np.log(2000) + 1999 * np.log(0.5)], atol=1e-9)  # d w^(d-1)
    True
    """
    if not isinstance(trajectory, Trajectory):
        raise TypeError(f"trajectory must be a Trajectory, got {trajectory!r}")
    network, samples = trajectory.network, trajectory.samples
    one_network(network)
    apply = layer(network.cell)
    if trajectory.overflow is not None:
        raise ValueError(
            f"trajectory must stay in range, got one with a state that overflows at step {trajectory.overflow}"
        )
    chosen, c = increasing_lags(lags, trajectory.steps), real_array("readout", readout, (network.n,))
    middle = np.zeros(network.m) if mean is None else real_array("mean", mean, (network.m,))
    shape = (len(chosen), samples)
    factors = np.ones(shape) if weights is None else real_array("weights", weights, shape)
    if not is_whole(groups, least=1) or samples % groups:
        raise ValueError(f"groups must divide the number of samples {samples}, got {groups!r}")
    base = _Base.of(trajectory, apply, c)
    with np.errstate(over="ignore"):
        largest = max(float(np.abs(x).max()) for x in (base.a, base.B @ (trajectory.inputs - middle[:, None])))
    if not largest <= LARGEST:
        raise ValueError(f"trajectory must have arguments of the activation of at most {LARGEST:g}, got {largest:g}")
    sums = np.zeros((len(chosen), groups, network.n, network.n))
    log_scale, crossings = np.full((len(chosen), groups), -np.inf), np.zeros(len(chosen))
    log_sizes = np.full(shape, -np.inf)
    start = len(chosen)
    while start:  # the longest lags first; as many at once as there is memory for
        longest = chosen[start - 1] + 1
        stop, start = start, max(0, start - max(1, MOST_BYTES // (16 * longest * network.n * samples)))
        some = slice(start, stop)
        pass_ = _Pass(base, chosen[some][::-1], middle)  # longest first: those that have begun stand in front
        own = slice(stop - 1, start - 1 if start else None, -1)
        sums[own], log_scale[own], log_sizes[own] = pass_.sums(factors[own], groups)
        crossings[own] = pass_.crossings
    return Coupled(chosen, log_scale, sums, crossings, log_sizes)


def layer(cell: Cell) -> Apply:
    """The elementwise function of a cell h_t = phi(W h_{t-1} + B u_t + b); ValueError for another cell."""
    new = next(iter(cell.update.values())) if len(cell.update) == 1 else None
    while isinstance(new, Named):
        new = new.body
    inner = new.operand if isinstance(new, Apply) else None
    while isinstance(inner, Named):
        inner = inner.body
    terms = inner.terms if isinstance(inner, Sum) else ()
    kinds = sorted(
        "W" if isinstance(v, MatVec) and isinstance(v.operand, State) else
        "B" if isinstance(v, MatVec) and isinstance(v.operand, Input) else
        "b" if isinstance(v, Bias) else "?"
        for _, v in terms
    )  # fmt: skip
    if not isinstance(new, Apply) or kinds != ["B", "W", "b"] or any(coefficient != 1 for coefficient, _ in terms):
        raise ValueError(f"network must have the update h = phi(W h + B u + b), got the cell {cell.name!r}")
    return new


@dataclass(frozen=True, eq=False)
class _Base:
    """What all lags share: W, B, and a_t, s_t, h_{t-1}, f_t ``(T, n, samples)``, f over e^logs ``(T, samples)``."""

    W: Array
    B: Array
    inputs: Array
    differences: DividedDifferences
    a: Array
    slope: Array
    before: Array
    flow: Array
    logs: Array
    known: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    def derivatives(self, t: int) -> tuple[Array, Array]:
        """phi' and phi'' at a_t."""
        if t not in self.known:
            self.known[t] = self.differences.derivatives(self.a[t - 1])
        return self.known[t]

    @classmethod
    def of(cls, trajectory: Trajectory, apply: Apply, readout: Array) -> _Base:
        network = trajectory.network
        matrices = {p.columns: network.parameters[p.name] for p in network.cell.parameters if p.kind == "matrix"}
        shape = (trajectory.steps, network.n, trajectory.samples)
        a, slope, flow, logs = np.empty(shape), np.empty(shape), np.empty(shape), np.empty((shape[0], shape[2]))
        f, scale = np.repeat(readout[:, None], shape[2], axis=1), np.zeros(shape[2])
        back = np.ascontiguousarray(matrices["n"].T)
        for t, point in trajectory.backward():
            a[t - 1], slope[t - 1] = point.value(apply.operand), point.slope(apply)
            flow[t - 1], logs[t - 1] = f, scale
            f, scale, _ = _rescaled(back @ (slope[t - 1] * f), scale)
        found = divided_differences(apply.activation)
        return cls(matrices["n"], matrices["m"], trajectory.inputs, found, a, slope, trajectory.states[:-1], flow, logs)


def _rescaled(vectors: Array, logs: Array) -> tuple[Array, Array, Array]:
    """`rescaled` for vectors ``(n, ...)`` and logs of any shape."""
    flow, scale, sizes = rescaled(vectors.reshape(len(vectors), -1, 1), logs.reshape(-1, 1))
    return flow.reshape(vectors.shape), scale.reshape(logs.shape), sizes.reshape(logs.shape)


class _Pass:
    """Differences at some lags, the longest first: ``S``, ``H`` by step t > T - longest, ``(n, begun, samples)``, over e^logs."""

    def __init__(self, base: _Base, lags: tuple[int, ...], mean: Array) -> None:
        self.base, self.lags, self.steps = base, lags, len(base.a)
        self.S: dict[int, Array] = {}
        self.H: dict[int, Array] = {}
        self.logs: dict[int, Array] = {}
        self.after: dict[int, Array] = {}  # the logs of H, which is rescaled
        samples = base.a.shape[2]
        self.crossings = np.full(len(lags), np.inf)
        H, logs = np.empty((len(base.W), 0, samples)), np.empty((0, samples))
        for t in range(self.steps - lags[0], self.steps + 1):
            A = (base.W @ H.reshape(len(H), -1)).reshape(H.shape)
            if self.steps - t in lags:
                moved = base.B @ (base.inputs[t - 1] - mean[:, None])
                A, logs = np.concatenate([A, moved[:, None]], axis=1), np.concatenate([logs, np.zeros((1, samples))])
            step, a = A * np.exp(logs), base.a[t - 1][:, None]
            first, second = np.empty(A.shape), np.empty(A.shape)
            for j in range(A.shape[1]):
                first[:, j], second[:, j] = self._differences(t, step[:, j])
            crossed = np.zeros(logs.shape, dtype=bool)
            for at in base.differences.kinks:
                crossed |= ((np.minimum(a, a - step) <= at) & (at <= np.maximum(a, a - step)) & (step != 0)).any(axis=0)
            self.crossings[: len(logs)] = np.minimum(self.crossings[: len(logs)], crossed.sum(axis=1))
            self.S[t], self.logs[t] = second * A, logs
            self.H[t], self.after[t], _ = _rescaled(first * A, logs)
            H, logs = self.H[t], self.after[t]

    def _differences(self, t: int, step: Array) -> tuple[Array, Array]:
        """The divided differences at step t, the derivatives where a step is below what rounding tells from zero."""
        base = self.base
        return base.derivatives(t) if np.abs(step).max() < NO_STEP else base.differences(base.a[t - 1], step)

    def sums(self, weights: Array, groups: int) -> tuple[Array, Array, Array]:
        """sum_s w_s (G_s - G'_s) over groups of samples, the logs of their scales, and those of the sizes of the samples."""
        base, count = self.base, len(self.lags)
        n, samples = base.a.shape[1:]
        back = np.ascontiguousarray(base.W.T)
        log_sizes = np.full((count, samples), -np.inf)
        total = _Total(np.zeros((count, groups, n, n)), np.full((count, groups), -np.inf), log_sizes, weights)
        D, logs = np.zeros((n, count, samples)), np.full((count, samples), -np.inf)
        for t in range(self.steps, 0, -1):
            pulled = (back @ D.reshape(n, -1)).reshape(D.shape)
            slope, flow, scale = base.slope[t - 1][:, None], base.flow[t - 1][:, None], base.logs[t - 1]
            before: Array = base.before[t - 1][:, None]
            if t in self.S:
                begun = self.S[t].shape[1]
                own = self.logs[t] + scale
                top = np.maximum(own, logs[:begun])
                shift = np.where(np.isneginf(top), 0.0, top)
                bent = slope - self.S[t] * np.exp(self.logs[t])  # s'
                D = slope * pulled
                D[:, :begun] = self.S[t] * flow * np.exp(own - shift)
                D[:, :begun] += bent * pulled[:, :begun] * np.exp(logs[:begun] - shift)
                logs = np.concatenate([top, logs[begun:]])
            else:
                D = slope * pulled
            D, logs, _ = _rescaled(D, logs)
            if t - 1 in self.H:
                H, after = self.H[t - 1], self.after[t - 1]
                begun = H.shape[1]
                total.add(np.broadcast_to(slope * flow, H.shape), H, scale + after)
                before = np.repeat(before, count, axis=1)
                before[:, :begun] -= H * np.exp(after)  # h'
            total.add(D, before, logs)
        with np.errstate(divide="ignore"):
            return total.sums, total.log_scale, total.log_sizes + np.log(np.abs(weights))


@dataclass(eq=False)
class _Total:
    """Running sums of w_s x_s z_s^T e^logs over groups of samples, each over a scale of its own, and sizes by sample."""

    sums: Array
    log_scale: Array
    log_sizes: Array
    weights: Array

    def add(self, left: Array, right: Array, logs: Array) -> None:
        """Add terms ``(n, lags, samples)`` of the first lags; ``right`` may be common to all of them."""
        n, count, samples = left.shape
        groups = self.sums.shape[1]
        by_group = logs.reshape(count, groups, -1)
        old = self.log_scale[:count]
        new = np.maximum(old, by_group.max(axis=2))
        shift = np.where(np.isneginf(new), 0.0, new)
        factor = np.exp(by_group - shift[..., None]).reshape(count, samples) * self.weights[:count]
        x = (left * factor).reshape(n, count, groups, -1).transpose(1, 2, 0, 3)
        z = right.reshape(n, right.shape[1], groups, -1).transpose(1, 2, 3, 0)
        self.sums[:count] = self.sums[:count] * np.exp(old - shift)[..., None, None] + x @ z
        self.log_scale[:count] = new
        with np.errstate(divide="ignore"):
            size = logs + np.log(np.abs(left).max(axis=0)) + np.log(np.abs(right).max(axis=0))
        self.log_sizes[:count] = np.logaddexp(self.log_sizes[:count], size)
