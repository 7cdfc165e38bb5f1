r"""The measured verdict of a series of log-norms by lag: slope with its interval, and the word that fits.

A straight line is fitted to each series (one per sample and direction) over the later lags. *vanishes* and *explodes*
need the whole interval of slopes (5 % to 95 % of the series) on one side, with a change of at least a factor of two
over the window; *polynomial* is a median that follows a power
of the lag much better than an exponential; *bounded* is a change of less than a factor of two over the window;
*mixed* are series on both sides by that much; otherwise *undecided*.

Main definitions: `Slope`, `fit_slope`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .axes import Array

Word = Literal["vanishes", "explodes", "bounded", "mixed", "polynomial", "undecided"]
FEWEST_LAGS = 8


@dataclass(frozen=True)
class Slope:
    """Median slope in nats per step, its 5 % to 95 % interval over the series, the lags used, and the word."""

    word: Word
    rate: float
    interval: tuple[float, float]
    window: tuple[int, int]
    power: float | None
    reason: str


def fit_slope(lags: NDArray[Any], logs: Array) -> Slope:
    """The slope of ``logs (lags, series)`` against ``lags (lags,)`` over the last four fifths of the lags.

    A series that ends at -inf has slope -inf, unless it does so at the very last lag; lags at which one that does not
    is -inf are left out of its line. Fewer than 8 lags in the window leave the answer undecided.

    >>> k = np.arange(101.0)
    >>> found = fit_slope(k, np.outer(-0.1 * k, np.ones(3)))
    >>> found.word, round(found.rate, 6)
    ('vanishes', -0.1)
    >>> fit_slope(k, -1.5 * np.log(np.maximum(k, 1))[:, None]).word
    'polynomial'
    """
    last = int(lags[-1])
    keep = lags >= max(1, last // 5)
    x, y = np.asarray(lags[keep], dtype=float), logs[keep]
    window = (int(x[0]) if len(x) else last, last)
    if len(x) < FEWEST_LAGS or not y.size:
        needed = f"a slope needs at least {FEWEST_LAGS} lags and one series that is not zero, there are {len(x)} and {y.shape[1]}"
        return Slope("undecided", math.nan, (math.nan, math.nan), window, None, needed)
    if len(x) > FEWEST_LAGS and np.isneginf(y[-1]).any() and not np.isneginf(y[-2]).any():
        x, y = x[:-1], y[:-1]  # zero at the step from the initial state alone says nothing about the lags before
    whole, dead = ~np.isneginf(y).any(axis=0), np.isneginf(y[-1])
    slopes = np.full(y.shape[1], -np.inf)
    slopes[whole] = np.polyfit(x, y[:, whole], 1)[0] if whole.any() else []
    for i in np.flatnonzero(~whole & ~dead):
        alive = ~np.isneginf(y[:, i])
        slopes[i] = np.polyfit(x[alive], y[alive, i], 1)[0] if alive.sum() > 1 else np.inf
    low, rate, high = (float(q) for q in np.quantile(slopes, [0.05, 0.5, 0.95], method="inverted_cdf"))
    flat = math.log(2.0) / (x[-1] - x[0])
    power = None if not whole.all() else _power(x, np.median(y, axis=1))
    interval = f"slopes from {low:.4g} to {high:.4g} nats per step over lags {window[0]} to {window[1]}"
    word: Word
    if power is not None:
        word, reason = "polynomial", f"the median follows lag^{power:.3g} over lags {window[0]} to {window[1]}"
    elif max(abs(low), abs(high)) <= flat:
        word, reason = "bounded", f"{interval}: a change of less than a factor of two"
    elif high < -flat:
        word, reason = "vanishes", interval
    elif low > flat:
        word, reason = "explodes", interval
    elif low < -flat and high > flat:
        word, reason = "mixed", f"{interval}: series on both sides"
    else:
        word, reason = "undecided", f"{interval}: between them a change of less than a factor of two"
    return Slope(word, rate, (low, high), window, power, reason)


def _power(x: Array, y: Array) -> float | None:
    """The exponent of a power law, if it fits the median far better than an exponential and changes it by a factor."""
    line, log_line = np.polyfit(x, y, 1), np.polyfit(np.log(x), y, 1)
    error = float(np.sum((np.polyval(line, x) - y) ** 2))
    log_error = float(np.sum((np.polyval(log_line, np.log(x)) - y) ** 2))
    change = abs(log_line[0]) * math.log(x[-1] / x[0])
    return float(log_line[0]) if log_error < error / 16 and change > math.log(2.0) else None
