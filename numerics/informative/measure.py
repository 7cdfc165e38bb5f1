r"""The task-informative gradient ``E[y* dy_T/dW]`` of a target y* that depends on the input of d steps ago alone, measured.

y_T = c^T h_T. If y* has mean zero and u_{T-d} is independent of all other inputs, E[y* G'] = 0 for the gradient G' along the
trajectory whose input of step T-d is the mean, so that E[y* G] = E[y* (G - G')]: the mean of the *coupled differences*, which
are of the size of what is sought, where those of y* G are as large as the total gradient. Under the loss (y_T - y*)^2/2 the
expected gradient depends on the target through this alone.

Main definitions: `InformativeGradient`, `informative_gradient`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..axes import Array
from ..network import Network
from ..simulate import Rng, simulate, white_noise
from ..whole_gradient import whole_gradient_log_norms
from .arguments import increasing_lags, nonnegative, one_network, random, real_array
from .coupled import Coupled, coupled_difference, layer
from .divided_differences import divided_differences

Target = Literal["linear", "sign"]
BATCHES = 20
FEW = 30  # samples that must have met a jump of the slope at every step, or the mean may lack the heaviest
MOST_BYTES = 2**27  # of the states of the samples that are carried together
TOTAL_SAMPLES = 200  # samples at most whose total gradients are formed
KNOWN = 0.5  # relative error up to which batch means say their own error
HEAVY = 0.2  # of the sum of the sizes of all samples that no single one may carry


@dataclass(frozen=True, eq=False)
class InformativeGradient:
    """The measurement at ``lags``: natural logs of Frobenius norms of y_T's gradient with respect to W.

    ``log_total`` is the median of ||dy_T/dW|| over samples, ``log_mean_total`` its mean, both without a lag.
    ``log_informative (lags,)`` is that of E[y* dy_T/dW], y* of unit variance, and ``standard_error (lags,)`` the root mean
    square error of the averaged matrix over its norm, from batch means. It is infinite, that is not known, if there is one
    batch; where it comes out above 1/2, since a few batches carry the mean; where a single sample carries more than a fifth
    of the sum of the sizes of all samples, ``largest_share (lags,)``, a heavy tail; where all terms of
    a curved activation are zero, which may be an underflow of slopes; and where the slope jumps (ReLU) and
    fewer than 30 samples have met a jump at some step from T-d on: a sample that meets one while the two trajectories are
    nearly equal is as rare as it is heavy. ``crossings (lags,)`` is the fewest of them over these steps. A finite error can
    still be too small where what is rare and heavy was not met at all. ``horizon`` is T, ``samples`` how many were used.
    """

    lags: tuple[int, ...]
    log_total: float
    log_mean_total: float
    log_informative: Array
    standard_error: Array
    crossings: Array
    largest_share: Array
    samples: int
    horizon: int


def informative_gradient(
    network: Network,
    *,
    readout: ArrayLike,
    lags: Sequence[int],
    steps: int,
    samples: int = 1000,
    target: Target = "linear",
    direction: ArrayLike | None = None,
    input_scale: float = 1.0,
    rng: Rng = None,
) -> InformativeGradient:
    r"""log ||E[y* dy_T/dW]||_F at each lag d, for white N(0, input_scale^2) inputs from the zero state, T = ``steps``.

    ``target`` is y* = x, *linear*, or y* = sign x, with x = v^T u_{T-d}/input_scale along the unit vector of ``direction``
    (m,), by default (1, ..., 1). ``readout (n,)`` is c. Samples beyond a multiple of the size of a batch are not used. Raises
    TypeError for arguments of another type, ValueError for a network that is not one tied network h = phi(W h + B u + b), for
    lags outside 0..T-1 or not increasing, fewer than one sample, a scale that is not positive or makes a step overflow, and
    for a target, readout or direction that does not fit.

    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> found = informative_gradient(net, readout=[1.0], lags=[1, 3, 1000], steps=1001, samples=2000, rng=0)
    >>> exact = np.log([1, 3 * 0.25, 1000]) + [0, 0, 999 * np.log(0.5)]  # d w^(d-1)
    >>> bool((np.abs(np.expm1(found.log_informative - exact)) < 4 * found.standard_error).all())
    True
    """
    one_network(network)
    layer(network.cell)
    nonnegative("input_scale", input_scale, zero=False)
    if not isinstance(target, str) or target not in ("linear", "sign"):
        raise ValueError(f"target must be linear or sign, got {target!r}")
    v = np.ones(network.m) if direction is None else real_array("direction", direction, (network.m,))
    if not v.any():
        raise ValueError(f"direction must be a nonzero vector of shape ({network.m},), got {direction!r}")
    v = v / np.abs(v).max()
    white_noise(network, steps=1, samples=samples, scale=0.0)  # which checks the number of samples
    white_noise(network, steps=steps, samples=1, scale=0.0)  # and that of the steps
    chosen, c = increasing_lags(lags, steps), real_array("readout", readout, (network.n,))
    size = max(1, int(samples) // BATCHES)
    batches = int(samples) // size
    inputs = white_noise(network, steps=steps, samples=size * batches, scale=input_scale, rng=random(rng))
    x = np.einsum("m,tms->ts", v / np.linalg.norm(v), inputs) / input_scale
    values = x if target == "linear" else np.sign(x)
    together = max(1, MOST_BYTES // (8 * steps * network.n * size))
    parts: list[Coupled] = []
    totals: list[Array] = []
    for start in range(0, batches, together):
        some = slice(start * size, (start + together) * size)
        trajectory = simulate(network, inputs[..., some])
        weights = values[::-1][list(chosen)][:, some]
        groups = trajectory.samples // size
        parts.append(coupled_difference(trajectory, readout=c, lags=chosen, weights=weights, groups=groups))
        few = trajectory.take(slice(0, max(0, TOTAL_SAMPLES - sum(map(len, totals)))))
        if few.samples:
            totals.append(whole_gradient_log_norms(few, np.repeat(c[:, None], few.samples, axis=1), ["W"]))
    total = np.concatenate(totals)
    log_informative, error = _mean(parts, size, batches)
    share = _largest_share(np.concatenate([part.log_sizes for part in parts], axis=1))
    error = np.where((error > KNOWN) | (share > HEAVY), np.inf, error)
    crossings = np.sum([part.crossings for part in parts], axis=0)
    zero = divided_differences(network.cell.activations[0]).straight or not all(
        p.any() for p in (c, *(network.parameters[p.name] for p in network.cell.parameters if p.kind == "matrix"))
    )
    if not zero:  # else every slope or weight that is zero is so exactly
        error = np.where(np.isneginf(log_informative), np.inf, error)
    if network.cell.activations[0].kinks:
        error = np.where(crossings < FEW, np.inf, error)
    return InformativeGradient(
        chosen,
        float(np.median(total)),
        float(logsumexp(total) - np.log(len(total))),
        log_informative,
        error,
        crossings,
        share,
        size * batches,
        int(steps),
    )


def _largest_share(log_sizes: Array) -> Array:
    """What part of the sum over samples its largest term is, by lag; 0 where all terms are."""
    top = log_sizes.max(axis=1)
    shift = np.where(np.isneginf(top), 0.0, top)
    return np.asarray(np.exp(top - shift) / np.maximum(np.exp(log_sizes - shift[:, None]).sum(axis=1), 1.0))


def _mean(parts: Sequence[Coupled], size: int, batches: int) -> tuple[Array, Array]:
    """log of the norm of the mean over all batches, and its relative root mean square error."""
    logs = np.concatenate([part.log_scale for part in parts], axis=1)
    top = logs.max(axis=1)
    shift = np.where(np.isneginf(top), 0.0, top)
    weights = np.exp(logs - shift[:, None])
    sums = weights[..., None, None] * np.concatenate([part.sums for part in parts], axis=1)
    unit = np.abs(sums).max(axis=(1, 2, 3))
    unit = np.where(unit > 0, unit, 1.0)  # squares of entries of one stay in range
    sums = sums / unit[:, None, None, None]
    mean = sums.mean(axis=1)
    squares = ((sums - mean[:, None]) ** 2).sum(axis=(1, 2, 3))
    norms = np.linalg.norm(mean, axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (batches * (batches - 1))) / norms if batches > 1 else np.full(len(mean), np.inf)
        found = shift + np.log(unit) + np.log(norms) - np.log(size)
    exact = (squares == 0) & (batches > 1)  # all batches are zero
    return found, np.where(norms > 0, error, np.where(exact, 0.0, np.inf))
