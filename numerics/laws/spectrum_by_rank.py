r"""The whole Lyapunov spectrum by rank u = i/n, n -> infinity: lambda(u) = 1/2 log(g^2 u/w), E[w a/(1 + w a)] = u, a = phi'^2.

Step Jacobians D_t W with W_ij ~ N(0, g^2/n) and slopes phi' on the diagonal of D_t that are asymptotically free of W (the
mean-field assumption: W looks rotated to them). D_t W is then R-diagonal, products of free R-diagonal elements are as powers
of one, and the exponents are given by S-transforms, which multiply,

    lambda(u) = -1/2 log[S_a(-u) S_s(-u)],    S_a(-u) = w (1 - u)/u,    S_s(-u) = 1/(g^2 (1 - u)) for Gaussian W,

s the squared singular values of W. **Shared and untied weights have the same law.** For any other W that is invariant under
rotations from both sides S_s follows from its singular values as S_a does from a. From lambda follow, with y = log w,

    largest exponent      lambda(0+) = 1/2 log(g^2 E a) = 1/2 log chi,
    partial sums          Lambda(u) = integral of lambda over [0, u] = u lambda(u) - u/2 + 1/2 E log(1 + w a)   (Gaussian W),
    mean exponent         Lambda(1) = log g - 1/2 + 1/2 E log a,
    unstable fraction     u_0 with lambda(u_0) = 0,    entropy per unit  Lambda(u_0),
    Kaplan-Yorke dimension per unit  D with Lambda(D) = 0, D > u_0; all finite exponents if their sum is not negative.

If a = 0 with probability 1 - P, lambda(u) = -inf for u >= P: the rank. The exponent of rank i of n units belongs to u =
(i - 1/2)/n. Measured slopes are pooled as one distribution; where it changes from step to step, lambda(u) is the mean over
the steps of each step's.

Main definitions: `SpectrumLaw`, `mean_field_spectrum`, `spectrum_of_slopes`, `exponents_by_rank`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ...theory.activations import Activation
from ..axes import Array
from .arguments import positive
from .entrywise import Callables, Entrywise
from .log_distribution import CLOSE, LogDistribution, of_gaussian, of_logs
from .mean_field import LOWEST, mean_field

LEAST = 1e-300  # stands for the rank 0+
LAST = 1.0 - 1e-15


@dataclass(frozen=True, eq=False)
class SpectrumLaw:
    """The exponents by rank of D_t W, with the distributions of the log squared slopes and of W's log squared singular values.

    ``weights`` None stands for a Gaussian W, ``gain`` multiplies W. Exponents, in nats per step, are good to about 1e-11.
    """

    slopes: LogDistribution = field(repr=False)
    gain: float
    weights: LogDistribution | None = field(default=None, repr=False)

    def exponents(self, ranks: ArrayLike) -> Array:
        """lambda(u) for ranks u in (0, 1], of their shape; -inf from ``finite_fraction`` on.

        Raises ValueError for other ranks.
        """
        u = np.asarray(ranks, dtype=float)
        if not ((u > 0) & (u <= 1)).all():
            raise ValueError(f"ranks must be in (0, 1], got {ranks!r}")
        flat = u.ravel()
        found = np.full(len(flat), -np.inf)
        inside = flat < min(self.finite_fraction, LAST)
        found[inside] = self._exponents(flat[inside])
        return found.reshape(u.shape)

    def _exponents(self, u: Array) -> Array:
        weights = np.log1p(-u) / 2 if self.weights is None else self.weights.log_gain(u)
        return math.log(self.gain) + weights + self.slopes.log_gain(u)

    def partial_sum(self, rank: float) -> float:
        """Lambda(u), the integral of lambda over [0, u], for u in [0, 1]; -inf beyond ``finite_fraction``.

        Raises ValueError for another rank.
        """
        if not 0.0 <= rank <= 1.0:
            raise ValueError(f"rank must be in [0, 1], got {rank!r}")
        if rank == 0.0:
            return 0.0
        if rank > self.finite_fraction * (1 + CLOSE):
            return -math.inf
        gaussian = -(((1 - rank) * math.log1p(-rank) if rank < 1 else 0.0) + rank) / 2
        weights = gaussian if self.weights is None else self.weights.integral(rank)
        return rank * math.log(self.gain) + weights + self.slopes.integral(rank)

    @property
    def finite_fraction(self) -> float:
        """The fraction of exponents that are finite: P(a > 0), or the rank of W per unit if that is less."""
        return min(1.0, self.slopes.mass, 1.0 if self.weights is None else self.weights.mass)

    @property
    def largest_exponent(self) -> float:
        """lambda(0+) = 1/2 log(g^2 E a), times the mean squared singular value if W is not Gaussian."""
        square = 0.0 if self.weights is None else self.weights.log_mean
        return math.log(self.gain) + (self.slopes.log_mean + square) / 2

    @property
    def mean_exponent(self) -> float:
        """Lambda(1); -inf if some exponents are."""
        determinant = -0.5 if self.weights is None else self.weights.mean_log / 2
        return math.log(self.gain) + determinant + self.slopes.mean_log / 2

    @cached_property
    def unstable_fraction(self) -> float:
        """u_0 with lambda(u_0) = 0: the fraction of positive exponents."""
        if not self.largest_exponent > CLOSE:
            return 0.0
        return self._root(lambda u: float(self._exponents(np.array([u]))[0]), LEAST)

    @property
    def entropy(self) -> float:
        """The sum of the positive exponents, per unit: Lambda(u_0), in nats per step."""
        return self.partial_sum(self.unstable_fraction)

    @cached_property
    def kaplan_yorke(self) -> float:
        """The Kaplan-Yorke dimension per unit."""
        if self.unstable_fraction == 0.0:
            return 0.0
        return self._root(self.partial_sum, self.unstable_fraction)

    def _root(self, falling: Callable[[float], float], start: float) -> float:
        """The zero beyond ``start`` of a function that is positive there, or the last finite rank."""
        last = min(self.finite_fraction * (1 - 2 * CLOSE), LAST)
        if start >= last or falling(last) >= 0:
            return self.finite_fraction

        def of_odds(v: float) -> float:
            return falling(last / (1 + math.exp(-v)))

        first = max(-690.0, math.log(start / (last - start)))
        if of_odds(first) <= 0:
            return start
        return last / (1 + math.exp(-brentq(of_odds, first, 40.0, xtol=1e-14)))


def mean_field_spectrum(
    activation: Activation | Callables | Entrywise,
    *,
    gain: float,
    bias_variance: float = 0.0,
    input_variance: float = 0.0,
    start: str = "small",
) -> SpectrumLaw:
    """The law for the slopes phi'(sqrt(q) z) of a random network at its mean-field variance q; arguments as in `mean_field`.

    >>> from errorflow.theory.activations import Tanh
    >>> law = mean_field_spectrum(Tanh(), gain=1.5)
    >>> print(f"{law.largest_exponent:.6f} {law.unstable_fraction:.4f} {law.entropy:.6f} {law.kaplan_yorke:.4f}")
    0.065217 0.0843 0.002795 0.1658
    >>> law.exponents([0.1, 0.5, 1.0]).round(4).tolist()
    [-0.0129, -0.4662, -inf]
    """
    found = mean_field(activation, gain=gain, bias_variance=bias_variance, input_variance=input_variance, start=start)
    phi = found.phi

    def log_square(a: Array) -> Array:
        log = phi.log_slope(a)
        return np.where(log > LOWEST, 2 * log, -np.inf)  # so far down only where the variance is infinite

    return SpectrumLaw(of_gaussian(log_square, found.representative, kinks=phi.kinks), gain)


def spectrum_of_slopes(
    *,
    gain: float = 1.0,
    slopes: ArrayLike | None = None,
    log_slopes: ArrayLike | None = None,
    singular_values: ArrayLike | None = None,
) -> SpectrumLaw:
    """The law for measured slopes of any shape and sign, or for the logarithms of their moduli, pooled as one distribution.

    W is Gaussian with entries of variance g^2/n, or ``gain`` times a matrix with the given singular values. A million slopes
    are replaced by a few hundred weighted ones, which moves no exponent by more than about 1e-11. Raises ValueError unless
    exactly one of slopes and log_slopes is given, for NaN or infinite slopes, or for negative singular values.

    >>> law = spectrum_of_slopes(gain=2.0, slopes=[[1.0, -1.0], [0.0, 1.0]])
    >>> law.finite_fraction, law.exponents([0.25, 0.74, 0.75]).round(4).tolist()
    (0.75, [0.3466, -1.6094, -inf])
    """
    positive("gain", gain)
    if (slopes is None) == (log_slopes is None):
        raise ValueError("one of slopes and log_slopes must be given, got " + ("neither" if slopes is None else "both"))
    logs = _logs("slopes", slopes) if slopes is not None else np.asarray(log_slopes, dtype=float)
    if logs.size == 0 or not (logs < np.inf).all():
        raise ValueError("log_slopes must not be empty and hold neither NaN nor inf")
    weights = None
    if singular_values is not None:
        weights = of_logs(2 * _logs("singular_values", singular_values, signed=False))
    return SpectrumLaw(of_logs(2 * logs), gain, weights)


def _logs(name: str, values: ArrayLike, *, signed: bool = True) -> Array:
    array = np.asarray(values, dtype=float)
    if array.size == 0 or not np.isfinite(array).all() or not (signed or (array >= 0).all()):
        raise ValueError(f"{name} must be finite{'' if signed else ', not negative'} and not empty, got {values!r}")
    with np.errstate(divide="ignore"):
        logs: Array = np.log(np.abs(array))
    return logs


def exponents_by_rank(
    ranks: ArrayLike,
    *,
    gain: float = 1.0,
    slopes: ArrayLike | None = None,
    log_slopes: ArrayLike | None = None,
    singular_values: ArrayLike | None = None,
) -> Array:
    """lambda(u) at the ranks u in (0, 1] for measured slopes; arguments as in `spectrum_of_slopes`.

    >>> exponents_by_rank([0.5, 1.0], gain=2.0, slopes=np.ones(5)).round(6).tolist()  # 1/2 log(g^2 (1 - u))
    [0.346574, -inf]
    >>> exponents_by_rank([0.1, 0.9], slopes=np.ones(5), singular_values=[2.0, 2.0]).round(6).tolist()
    [0.693147, 0.693147]
    """
    law = spectrum_of_slopes(gain=gain, slopes=slopes, log_slopes=log_slopes, singular_values=singular_values)
    return law.exponents(ranks)
