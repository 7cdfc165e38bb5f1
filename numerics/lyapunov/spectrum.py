r"""Finite-time Lyapunov exponents as data: lambda_j = (1/T) log r_jj of J_T ... J_1 F_0 = Q R, in nats per step.

Main definitions: `Spectrum`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..axes import Array


@dataclass(frozen=True, eq=False)
class Spectrum:
    r"""Lyapunov exponents in nats per step, largest first, and how far they can be trusted.

    ``exponents (count,)``, or ``(nets, count)`` for a batch of networks, are means over samples; ``by_sample`` has an axis of
    samples before the last one. ``standard_error`` is that of the mean: from blocks of steps that are taken as independent, or
    from the samples where these differ by more; it is too small where memory is longer than a block, NaN for fewer than four
    blocks in all and for an exponent of -inf. ``residual``, of each network for a batch, is the difference
    between two ways to compute the sum of the finite exponents, in nats per step: for all N of them the identity
    sum_j lambda_j = mean_t log|det J_t|, for k < N the volume det(G^T P F_0) that the transposed product gives as well.
    It measures rounding, not how far T is from infinity, and of the exponents the sum alone; a direction that was taken for
    lost by mistake does not show in it. ``size`` is N, ``steps`` the number of steps that were counted.
    """

    exponents: Array
    standard_error: Array
    residual: Any
    method: str
    by_sample: Array
    size: int
    steps: int

    @property
    def samples(self) -> int:
        """Number of samples that were averaged."""
        return int(self.by_sample.shape[-2])

    @property
    def positive(self) -> Any:
        """The number of exponents above zero by more than rounding, 1e-12 (1 + max_j |lambda_j|)."""
        return _each(lambda row: int(np.sum(row > _rounding(row))), self.exponents)

    @property
    def entropy_rate(self) -> Any:
        """sum_j max(lambda_j, 0) in nats per step, an upper bound of the Kolmogorov-Sinai entropy; NaN if not all are known.

        Equal to it if the invariant measure is absolutely continuous along unstable directions (Pesin).
        """
        return _each(self._entropy_rate, self.exponents)

    @property
    def kaplan_yorke_dimension(self) -> Any:
        """k + sum_{j<=k} lambda_j / |lambda_{k+1}| for the largest k whose sum is not negative; NaN if too few are known.

        It is 0 if the largest exponent is negative, and N if no sum is.

        >>> found = Spectrum(np.array([0.1, -0.2]), np.zeros(2), 0.0, "", np.zeros((1, 2)), 2, 1)
        >>> found.kaplan_yorke_dimension
        1.5
        """
        return _each(self._kaplan_yorke, self.exponents)

    def _entropy_rate(self, row: Array) -> float:
        known = len(row) == self.size or bool(row[-1] < -_rounding(row))
        return float(row[row > _rounding(row)].sum()) if known else math.nan

    def _kaplan_yorke(self, row: Array) -> float:
        sums = np.concatenate([[0.0], np.cumsum(row)])
        k = int(np.flatnonzero(sums >= -len(row) * _rounding(row))[-1])
        if k == len(row):
            return float(k) if k == self.size else math.nan
        return k + max(0.0, float(sums[k])) / abs(float(row[k]))


def _rounding(row: Array) -> float:
    """What counts as zero beside these exponents: a sign of less is one of rounding errors."""
    finite = np.abs(row[np.isfinite(row)])
    return 1e-12 * (1.0 + float(finite.max(initial=0.0)))


def _each(function: Any, exponents: Array) -> Any:
    """The function's value, or those of all networks of a batch."""
    if exponents.ndim == 1:
        return function(exponents)
    return np.array([function(row) for row in exponents])
