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
from ..simulate import Rng, generator, simulate, white_noise
from ..whole_gradient import whole_gradient_log_norms
from .coupled import Coupled, coupled_difference, layer

Target = Literal["linear", "sign"]
BATCHES = 20
FEW = 30  # samples that must have met a jump of the slope at every step, or the mean may lack the heaviest
MOST_BYTES = 2**27  # of the states of the samples that are carried together
TOTAL_SAMPLES = 200  # samples at most whose total gradients are formed


@dataclass(frozen=True, eq=False)
class InformativeGradient:
    """The measurement at ``lags``: natural logs of Frobenius norms of y_T's gradient with respect to W.

    ``log_total`` is the median of ||dy_T/dW|| over samples, ``log_mean_total`` its mean, both without a lag.
    ``log_informative (lags,)`` is that of E[y* dy_T/dW], y* of unit variance, and ``standard_error (lags,)`` the root mean
    square error of the averaged matrix over its norm, from batch means: infinite if there is one batch, and where the slope
    jumps (ReLU) and fewer than 30 samples have met a jump at some step from T-d on: a sample that meets one while the two
    trajectories are nearly equal is as rare as it is heavy. ``crossings (lags,)`` is the fewest of them over these steps.
    ``horizon`` is T, ``samples`` how many were used.
    """

    lags: tuple[int, ...]
    log_total: float
    log_mean_total: float
    log_informative: Array
    standard_error: Array
    crossings: Array
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
    ValueError for a network that is not one tied network h = phi(W h + B u + b), for lags outside 0..T-1 or not increasing,
    fewer than one sample, a scale that is not positive, and for a target, readout or direction that does not fit.

    >>> from errorflow.theory import activations, cells
    >>> cell = cells.get("elman", activation=activations.Identity())
    >>> net = Network(cell, {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> found = informative_gradient(net, readout=[1.0], lags=[1, 3, 1000], steps=1001, samples=2000, rng=0)
    >>> exact = np.log([1, 3 * 0.25, 1000]) + [0, 0, 999 * np.log(0.5)]  # d w^(d-1)
    >>> bool((np.abs(np.expm1(found.log_informative - exact)) < 4 * found.standard_error).all())
    True
    """
    layer(network.cell)
    if not (np.isfinite(input_scale) and input_scale > 0):
        raise ValueError(f"input_scale must be a finite number above 0, got {input_scale!r}")
    if target not in ("linear", "sign"):
        raise ValueError(f"target must be linear or sign, got {target!r}")
    v = np.ones(network.m) if direction is None else np.asarray(direction, dtype=float)
    if v.shape != (network.m,) or not np.isfinite(v).all() or not v.any():
        raise ValueError(f"direction must be a nonzero vector of shape ({network.m},), got {direction!r}")
    white_noise(network, steps=1, samples=samples, scale=0.0)  # which checks the number of samples
    size = max(1, int(samples) // BATCHES)
    batches = int(samples) // size
    inputs = white_noise(network, steps=steps, samples=size * batches, scale=input_scale, rng=generator(rng))
    x = np.einsum("m,tms->ts", v / np.linalg.norm(v), inputs) / input_scale
    values = x if target == "linear" else np.sign(x)
    chosen = [int(lag) for lag in lags]
    if not chosen or chosen != sorted(set(chosen)) or not 0 <= chosen[0] <= chosen[-1] < steps:
        raise ValueError(f"lags must increase within 0..{steps - 1}, got {list(lags)!r}")
    c = np.asarray(readout, dtype=float)
    together = max(1, MOST_BYTES // (8 * steps * network.n * size))
    parts: list[Coupled] = []
    totals: list[Array] = []
    for start in range(0, batches, together):
        some = slice(start * size, (start + together) * size)
        trajectory = simulate(network, inputs[..., some])
        weights = values[::-1][chosen][:, some]
        groups = trajectory.samples // size
        parts.append(coupled_difference(trajectory, readout=c, lags=chosen, weights=weights, groups=groups))
        few = trajectory.take(slice(0, max(0, TOTAL_SAMPLES - sum(map(len, totals)))))
        if few.samples:
            totals.append(whole_gradient_log_norms(few, np.repeat(c[:, None], few.samples, axis=1), ["W"]))
    total = np.concatenate(totals)
    log_informative, error = _mean(parts, size, batches)
    crossings = np.sum([part.crossings for part in parts], axis=0)
    if network.cell.activations[0].kinks:
        error = np.where(crossings < FEW, np.inf, error)
    return InformativeGradient(
        tuple(chosen),
        float(np.median(total)),
        float(logsumexp(total) - np.log(len(total))),
        log_informative,
        error,
        crossings,
        size * batches,
        int(steps),
    )


def _mean(parts: Sequence[Coupled], size: int, batches: int) -> tuple[Array, Array]:
    """log of the norm of the mean over all batches, and its relative root mean square error."""
    logs = np.concatenate([part.log_scale for part in parts], axis=1)
    top = logs.max(axis=1)
    shift = np.where(np.isneginf(top), 0.0, top)
    weights = np.exp(logs - shift[:, None])
    mean = np.zeros(parts[0].sums.shape[:1] + parts[0].sums.shape[2:])
    done = 0
    for part in parts:
        own = weights[:, done : done + part.sums.shape[1]]
        mean, done = mean + np.einsum("lg,lgij->lij", own, part.sums), done + own.shape[1]
    mean /= batches
    squares, done = np.zeros(len(mean)), 0
    for part in parts:
        own = weights[:, done : done + part.sums.shape[1]]
        squares += ((own[..., None, None] * part.sums - mean[:, None]) ** 2).sum(axis=(1, 2, 3))
        done += own.shape[1]
    norms = np.linalg.norm(mean, axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (batches * (batches - 1))) / norms if batches > 1 else np.full(len(mean), np.inf)
        found = shift + np.log(norms) - np.log(size)
    return found, np.where(norms > 0, error, 0.0 if batches > 1 else np.inf)
