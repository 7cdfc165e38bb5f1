r"""What truncated back-propagation through time leaves out: ``||sum_{k >= K} P_k|| / ||sum_k P_k||`` by its length K.

Back-propagation cut after K steps keeps the parts of lags 0..K-1 of the gradient of the error at the last step. The kept
parts are summed from lag 0 on and the tails from the farthest lag on, so that a tail of 1e-300 of the whole keeps its
digits; for the cosine every part is multiplied with the whole. All of it in logs. Where parts cancel to a fraction c of
their sizes, 1/c units of rounding are lost, as in any sum of them.

Main definitions: `Truncated`, `truncated`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..theory.language import Parameter
from .axes import Array
from .backprop import BLOCK, Backward, Flows
from .parts import Group, RunningSum, log_part_norms
from .profile import lag_grid
from .sizes import has_time


@dataclass(frozen=True, eq=False)
class Truncated:
    """Truncation at each of ``lengths (K,)``, by sample and direction: arrays ``(K, samples, directions)``.

    ``log_error`` is log ||sum_{k >= K} P_k|| / ||sum_k P_k||: 0 for K = 0, -inf for K = T, NaN where the whole gradient is
    zero; ``cosine`` is that of the angle between the kept part and the whole, NaN where one of them is zero. Both belong
    to the parameters together; ``parameters`` holds the same for each of them.
    """

    lengths: NDArray[np.intp]
    log_error: Array
    cosine: Array
    parameters: Mapping[str, Truncated] = field(default_factory=dict)


def truncated(passed: Backward, parameters: Sequence[str], *, lengths: NDArray[np.intp] | None = None) -> Truncated:
    """||sum_{k >= K} P_k|| / ||sum_k P_k|| and the cosine of the kept part, for the samples that `backward` summed.

    ``lengths`` are those of `lag_grid` unless given. Copies of an untied parameter are parameters of their own: their
    parts are orthogonal. Raises ValueError for a pass without sums, for no or unknown parameters and for lengths outside
    0..T.

    >>> from errorflow.numerics import Network, simulate
    >>> from errorflow.numerics.backprop import backward
    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> passed = backward(simulate(net, np.ones((3, 1, 1))), np.ones((1, 1, 1)), summed=1)
    >>> np.exp(truncated(passed, ["b"]).log_error).ravel().round(6).tolist()  # 1 + 1/2 + 1/4
    [1.0, 0.428571, 0.142857, 0.0]
    """
    flows = passed.flows
    if flows is None:
        raise ValueError("passed must have summed at least one sample, got a pass without sums")
    if not parameters:
        raise ValueError("parameters must name at least one parameter, got none")
    steps = flows.trajectory.steps
    chosen = lag_grid(steps) if lengths is None else np.asarray(lengths, dtype=np.intp)
    if chosen.ndim != 1 or (chosen < 0).any() or (chosen > steps).any():
        raise ValueError(f"lengths must be integers from 0 to {steps}, got {lengths!r}")
    cell = flows.trajectory.network.cell
    sums = _sums(flows, [cell.parameter(name) for name in parameters])
    alone = {name: _truncated(own, chosen) for name, own in zip(parameters, sums, strict=True)}
    joint = _truncated(_joined(sums), chosen) if len(sums) > 1 else next(iter(alone.values()))
    return Truncated(joint.lengths, joint.log_error, joint.cosine, alone)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Logs ``(T+1, samples, directions)`` of the norms of the sums over lags < K and >= K, and e^scale number = <., whole>."""

    kept: Array
    tail: Array
    number: Array
    scale: Array


def _sums(flows: Flows, parameters: Sequence[Parameter]) -> list[_Sums]:
    """The sums of each parameter, from two sweeps over all lags."""
    network, shape = flows.trajectory.network, flows.logs.shape
    copies = [
        has_time(p, network.parameters[p.name], untied=network.untied, batched=network.batched) for p in parameters
    ]
    kept, tail = np.full((2, len(parameters), shape[0] + 1, *shape[1:]), -np.inf)
    number, scale = np.zeros((len(parameters), *shape)), np.full((len(parameters), *shape), -np.inf)
    parts = np.full((len(parameters), *shape), -np.inf)
    whole: list[list[RunningSum]] = [[] for _ in parameters]
    ends: list[list[RunningSum]] = [[] for _ in parameters]
    for lags, steps in _blocks(flows, parameters, np.arange(shape[0])):
        for i, blocks in enumerate(steps):
            if copies[i]:
                parts[i, lags] = [log_part_norms(own, shape[1:]) for own in blocks] + flows.logs[lags]
            else:
                kept[i, lags + 1] = _added(whole[i], blocks, flows.logs[lags])
    for lags, steps in _blocks(flows, parameters, np.arange(shape[0])[::-1]):
        for i, blocks in enumerate(steps):
            if not copies[i]:
                tail[i, lags] = _added(ends[i], blocks, flows.logs[lags])
                number[i, lags], scale[i, lags] = _along(whole[i], blocks, flows.logs[lags])
    for i in (i for i, untied in enumerate(copies) if untied):
        kept[i, 1:] = np.logaddexp.accumulate(2 * parts[i]) / 2
        tail[i, :-1] = np.logaddexp.accumulate(2 * parts[i, ::-1])[::-1] / 2
        number[i], scale[i] = 1.0, 2 * parts[i]
    return [_Sums(*own) for own in zip(kept, tail, *_cumulated(number, scale), strict=True)]


def _blocks(
    flows: Flows, parameters: Sequence[Parameter], lags: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], list[list[list[Group]]]]]:
    """Some lags at a time, and for each parameter the groups of their parts, lag by lag."""
    for start in range(0, len(lags), BLOCK):
        own = lags[start : start + BLOCK]
        yield own, [list(steps) for steps in zip(*(parts for _, parts in flows.parts(parameters, own)), strict=True)]


def _added(sums: list[RunningSum], blocks: list[list[Group]], logs: Array) -> Array:
    """Log norms of a parameter's sum after each of some lags, over all its groups."""
    if not sums:
        sums += [RunningSum() for _ in blocks[0]]
    norms = [own.add([step[j] for step in blocks], logs) for j, own in enumerate(sums)]
    return np.logaddexp.reduce(2 * np.array(norms)) / 2 if norms else np.full(logs.shape, -np.inf)


def _along(sums: list[RunningSum], blocks: list[list[Group]], logs: Array) -> tuple[Array, Array]:
    """<P_k, whole> of a parameter at some lags: numbers and the logs of their factors."""
    found = [own.along([step[j] for step in blocks], logs) for j, own in enumerate(sums)]
    return _merged([n for n, _ in found], [s for _, s in found]) if found else (np.zeros(logs.shape), logs)


def _merged(numbers: Sequence[Array], scales: Sequence[Array]) -> tuple[Array, Array]:
    """sum_i number_i e^scale_i as a number and the log of its factor."""
    top = np.maximum.reduce(scales)
    shift = np.where(np.isneginf(top), 0.0, top)
    return np.sum([n * np.exp(s - shift) for n, s in zip(numbers, scales, strict=True)], axis=0), top


def _cumulated(number: Array, scale: Array) -> tuple[Array, Array]:
    """Running sums over lags, the second axis, of number e^scale, one longer: that over no lag comes first."""
    shape = (len(number), number.shape[1] + 1, *number.shape[2:])
    total, tops = np.zeros(shape), np.full(shape, -np.inf)
    for lag in range(number.shape[1]):
        total[:, lag + 1], tops[:, lag + 1] = _merged([total[:, lag], number[:, lag]], [tops[:, lag], scale[:, lag]])
    return total, tops


def _joined(sums: Sequence[_Sums]) -> _Sums:
    """Those of several parameters together."""
    kept, tail = (
        np.logaddexp.reduce([2 * x for x in own]) / 2 for own in zip(*((s.kept, s.tail) for s in sums), strict=True)
    )
    return _Sums(kept, tail, *_merged([s.number for s in sums], [s.scale for s in sums]))


def _truncated(sums: _Sums, lengths: NDArray[np.intp]) -> Truncated:
    whole = sums.kept[-1]
    with np.errstate(invalid="ignore"):
        error = np.where(np.isneginf(whole), np.nan, sums.tail - whole)
        error[0] = np.where(np.isneginf(whole), np.nan, 0.0)  # nothing is kept: the tail is the whole
        cosine = sums.number * np.exp(sums.scale - sums.kept - whole)
    cosine = np.where(np.isneginf(sums.kept), np.nan, np.clip(cosine, -1.0, 1.0))
    return Truncated(lengths, error[lengths], cosine[lengths])
