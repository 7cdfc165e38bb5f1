r"""From a backward pass to records: lag shares, truncation errors and norms of the gradient, over samples and directions.

Quantiles are values of the series, the smallest that at least a fraction q of them does not exceed.

Main definitions: `joint_part`, `lag_shares`, `truncation`, `gradient_norms`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import logsumexp

from . import measurements as m
from .axes import Array
from .profile import log_shares
from .truncation import Truncated

SHARE_QUANTILES = (50, 90, 99)
NORM_QUANTILES = (5, 25, 50, 75, 90, 95, 99)
PERCENT = ("10", "1", "0.1")


def joint_part(log_part: Mapping[str, Array], parameters: Sequence[str]) -> Array:
    """log of the Frobenius norm of the lag-k parts over several parameters together, shaped like each of them.

    >>> joint_part({"W": np.log([[[3.0]]]), "b": np.log([[[4.0]]])}, ["W", "b"]).round(6).tolist() == [[[round(np.log(5), 6)]]]
    True
    """
    if not parameters:
        raise ValueError("parameters must name at least one parameter, got none")
    return np.asarray(np.logaddexp.reduce([2 * log_part[name] for name in parameters]) / 2)


def lag_shares(log_part: Mapping[str, Array], parameters: Sequence[str]) -> m.LagShares:
    """The share of each lag in the sum of the parts' norms, mean over samples and directions, and the lags that hold most.

    For ``parameters`` together and for every parameter of ``log_part`` alone. Series whose parts are all zero are left
    out; without any other, shares are NaN and the quantile lags None.

    >>> found = lag_shares({"W": np.log([3.0, 1.0]).reshape(2, 1, 1)}, ["W"])
    >>> np.round(found.share, 6).tolist(), found.quantile_lags
    ([0.75, 0.25], {'50': 0, '90': 1, '99': 1})
    """
    joint = _share(joint_part(log_part, parameters))
    own = {name: _share(parts) for name, parts in log_part.items()}
    lags = tuple(range(len(joint.share)))
    return m.LagShares(lags, joint.share, joint.log_share, joint.quantile_lags, ", ".join(parameters), own)


def _share(log_part: Array) -> m.ShareRecord:
    shares = log_shares(log_part).reshape(len(log_part), -1)
    shares = shares[:, ~np.isnan(shares).any(axis=0)]
    lags, series = shares.shape
    mean = logsumexp(shares, axis=1) - math.log(series) if series else np.full(lags, np.nan)
    share = np.exp(mean)
    reached = np.cumsum(share)
    quantiles = {
        str(q): min(int(np.searchsorted(reached, q / 100)), lags - 1) if series else None for q in SHARE_QUANTILES
    }
    return m.ShareRecord(tuple(map(float, share)), tuple(map(float, mean)), quantiles)


def truncation(found: Truncated, parameter: str) -> m.Truncation:
    """Median, 5 % and 95 % quantile of the truncation error and of the cosine, and the shortest lengths for 10, 1 and .1 %.

    Series whose whole gradient is zero are left out, and a cosine that does not exist, as for K = 0.
    """
    error = found.log_error.reshape(len(found.lengths), -1)
    alive = ~np.isnan(error).any(axis=0)
    error, cosine = error[:, alive], found.cosine.reshape(error.shape)[:, alive]
    median = _quantile(error, 0.5)
    shortest = {percent: _shortest(found.lengths.tolist(), median, float(percent) / 100) for percent in PERCENT}
    lengths = tuple(map(int, found.lengths))
    return m.Truncation(parameter, lengths, _quantiles(error), _quantiles(cosine), shortest, int(alive.sum()))


def _shortest(lengths: list[int], median: Array, fraction: float) -> int | None:
    """The smallest length from which on the median stays below a fraction."""
    above = np.flatnonzero(~(median < math.log(fraction)))
    first = int(above[-1]) + 1 if len(above) else 0
    return lengths[first] if first < len(lengths) else None


def _quantiles(series: Array) -> m.Quantiles:
    return m.Quantiles(*(tuple(map(float, _quantile(series, q))) for q in (0.5, 0.05, 0.95)))


def _quantile(series: Array, q: float) -> Array:
    """The q-quantile over the last axis of what is no NaN, NaN where nothing is left."""
    ordered = np.sort(series, axis=-1)  # NaN last
    count = np.sum(~np.isnan(ordered), axis=-1)
    place = np.maximum(np.ceil(q * count - 1e-9).astype(int) - 1, 0)
    if ordered.shape[-1] == 0:
        return np.full(series.shape[:-1], np.nan)
    return np.asarray(np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0])


def gradient_norms(logs: Array, parameter: str) -> m.GradientNorms:
    """Quantiles of the norm of the whole gradient, from the logs of a series, and what clipping at each leaves on the mean.

    The mean factor of a threshold c is that of min(1, c / norm), 1 for a gradient that is zero.

    >>> found = gradient_norms(np.log([1.0, 2.0, 4.0]), "W")
    >>> round(float(np.exp(found.log_quantiles["50"])), 6), round(float(np.exp(found.log_mean_scale["50"])), 6)
    (2.0, 0.833333)
    """
    at = {str(q): float(_quantile(logs, q / 100)) for q in NORM_QUANTILES}
    scale = {q: _log_mean_scale(logs, threshold) for q, threshold in at.items()}
    return m.GradientNorms(parameter, at, scale, len(logs))


def _log_mean_scale(logs: Array, threshold: float) -> float:
    with np.errstate(invalid="ignore"):
        factors = np.where(np.isneginf(logs), 0.0, np.minimum(threshold - logs, 0.0))
    return float(logsumexp(factors) - math.log(len(logs)))
