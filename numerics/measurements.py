"""What was measured along a trajectory: plain data whose field names are the keys of the JSON document.

Main definitions: `ProfileRecord`, `LagShares`, `Truncation`, `GradientNorms`, `SpectrumRecord`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LogNorms:
    """Natural logs by lag."""

    median: tuple[float, ...]
    q05: tuple[float, ...]
    q95: tuple[float, ...]
    largest: tuple[float, ...]
    smallest: tuple[float, ...]


@dataclass(frozen=True)
class ProfileRecord:
    """The gradient profile."""

    lags: tuple[int, ...]
    log_norm: LogNorms
    samples: int
    directions: int


@dataclass(frozen=True)
class ShareRecord:
    """The share of each lag in the gradient with respect to one parameter, and the lags that hold 50, 90 and 99 %."""

    share: tuple[float, ...]
    log_share: tuple[float, ...]
    quantile_lags: Mapping[str, int | None]


@dataclass(frozen=True)
class LagShares:
    """The share of each lag in the gradient with respect to the recurrent matrices, and to every parameter by name."""

    lags: tuple[int, ...]
    share: tuple[float, ...]
    log_share: tuple[float, ...]
    quantile_lags: Mapping[str, int | None]
    parameter: str
    parameters: Mapping[str, ShareRecord] = field(default_factory=dict)


@dataclass(frozen=True)
class Quantiles:
    """Median, 5 % and 95 % quantile, in the order of the lengths beside them."""

    median: tuple[float, ...]
    q05: tuple[float, ...]
    q95: tuple[float, ...]


@dataclass(frozen=True)
class Truncation:
    """What back-propagation cut after K steps leaves out of the gradient of the error at the last step.

    At each of ``lengths`` K: ``log_error`` is the natural log of ||sum_{k >= K} P_k|| / ||sum_k P_k||, ``cosine`` that
    between the kept part and the whole; quantiles over ``series`` (samples and directions). ``shortest`` maps "10", "1"
    and "0.1" to the smallest length from which on the median error stays below so many percent, None where there is none.
    """

    parameter: str
    lengths: tuple[int, ...]
    log_error: Quantiles
    cosine: Quantiles
    shortest: Mapping[str, int | None]
    series: int


@dataclass(frozen=True)
class GradientNorms:
    """The norm of the whole gradient of one unit of error at the last step, over ``series`` samples and directions.

    ``log_quantiles`` maps "5", "25", "50", "75", "90", "95" and "99" to natural logs. A threshold at one of them clips the
    rest; ``log_mean_scale`` says, for a threshold at the same quantiles, the log of the mean factor min(1, threshold/norm).
    """

    parameter: str
    log_quantiles: Mapping[str, float]
    log_mean_scale: Mapping[str, float]
    series: int


@dataclass(frozen=True)
class SpectrumLaw:
    """What the law of large random networks gives at the ranks of the exponents beside it, and for which numbers.

    ``gain`` is g of independent weights N(0, g^2/n) with the variance of the network's; ``slopes`` says where the
    distribution of the slopes was taken from.
    """

    exponents: tuple[float, ...]
    gain: float
    slopes: str


@dataclass(frozen=True)
class SpectrumRecord:
    """Lyapunov exponents, largest first, of a full state of size ``state_dim``, over ``steps`` steps and ``samples`` samples.

    ``residual`` is the difference between two ways to compute their sum, in nats per step. ``kaplan_yorke`` (the dimension)
    and ``entropy_rate`` (the sum of the positive exponents, nats per step) are None where too few exponents are known.
    """

    exponents: tuple[float, ...]
    residual: float | None
    unit: str
    method: str
    standard_error: tuple[float, ...] = ()
    state_dim: int = 0
    steps: int = 0
    samples: int = 0
    kaplan_yorke: float | None = None
    entropy_rate: float | None = None
    law: SpectrumLaw | None = None
