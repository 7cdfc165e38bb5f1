r"""Mean-field laws of h_t = phi(W h_{t-1} + b + B u_t): variance, gradient, correlation and their depths, for any phi.

n -> infinity units, W_ij ~ N(0, g^2/n), b_i ~ N(0, sigma_b^2), (B u_t)_i ~ N(0, sigma_u^2), z ~ N(0, 1):

    variance of the preactivations        q = g^2 E phi(sqrt(q) z)^2 + sigma_b^2 + sigma_u^2,
    mean square gain of a gradient, step  chi = g^2 E phi'(sqrt(q) z)^2,  lambda_1 = 1/2 log chi,
    mean of all Lyapunov exponents        log g - 1/2 + E log|phi'(sqrt(q) z)|,
    correlation of two copies, step       c' = C(c) = [g^2 E phi(a) phi(a') + sigma_b^2 + rho_u sigma_u^2]/q,
    its multiplier                        C'(c) = g^2 E phi'(a) phi'(a') = chi_c,

a and a' Gaussians of variance q and correlation c; the copies have the same W and b and inputs of correlation rho_u. A
gradient falls to 1/e in mean square over the depth 1/|log chi|, a deviation from c* = C(c*) over -1/log chi_c.

**c* is the only stable correlation.** C(c) is a power series in c with coefficients that are not negative (g^2/q times the
squared Hermite coefficients of phi(sqrt(q) z)): on [0, 1] it is convex, C(0) >= 0, and C(1) = 1 with C'(1) = chi if the inputs
are equal. So c* = 1 if chi <= 1, and else the one zero of C(c) - c in [0, 1). With rho_u < 1, C(1) < 1 leaves one zero.

**Shared and untied.** For fixed lags and n -> infinity W_1, ..., W_t, one matrix or many, give the same laws. At finite n the
logarithm of a squared gradient norm varies: with independent steps, kappa = 3 E phi'^4/(E phi'^2)^2 and k steps its variance is
k (kappa - 1)/n to first order, so that a typical square lies below the mean square by k (kappa - 1)/(2 n) nats; the variance q
of a finite network shifts the rate by the order of 1/n as well. Shared weights add what is of the order of k^4/n^2: the mean
square norm of a linear network's Jacobian is 1 + k^4/(24 n^2) + ... times as large as untied if W is complex, with up to twice
that excess if it is real (`errorflow.numerics.laws.ginibre`). So mean-field formulas hold for k << n/kappa untied, and shared
for k << sqrt n as well: `MeanField.usable_lags`.

Main definitions: `MeanField`, `mean_field`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from ...theory.activations import Activation
from ..axes import Array
from .arguments import one_of, positive, whole
from .entrywise import Callables, Entrywise, entrywise
from .gaussian_average import Function, gaussian_average, pair_average
from .variance_map import FixedPoint, fixed_variances, mean_square_slope

INFINITE = 1e200  # stands for an infinite variance in averages of slopes
LOWEST = -1e50  # averages of logarithms below it belong to that variance
NOISE = 1e-14  # of C(c)
NEAR = 10.0 ** -np.arange(1, 13)  # 1 - c at which the search for c* < 1 starts


@dataclass(frozen=True, eq=False)
class MeanField:
    """The mean-field laws at one variance q of the preactivations.

    ``variance`` is inf if it grows beyond every bound (``chi`` and ``mean_exponent`` are then limits) and NaN if every
    variance is a fixed point; ``note`` says so in a sentence, and is empty where nothing is special. Rates are in nats per
    step, depths in steps.
    """

    phi: Entrywise = field(repr=False)
    gain: float
    bias_variance: float
    input_variance: float
    input_correlation: float
    tied: bool
    fixed_points: tuple[FixedPoint, ...]
    variance: float
    note: str

    @property
    def representative(self) -> float:
        """The finite variance at which averages of slopes are taken: q; 1e200 for inf, 1 where every q is a fixed point."""
        return 1.0 if math.isnan(self.variance) else min(self.variance, INFINITE)

    @cached_property
    def chi(self) -> float:
        """g^2 E phi'(sqrt(q) z)^2, the factor of the mean square of a gradient in each step."""
        return self.gain**2 * float(mean_square_slope(self.phi, self.representative))

    @cached_property
    def error(self) -> float:
        """An estimate of the relative error of E phi^2 and E phi'^2: far above 1e-12 where the quadrature did not resolve them."""
        found = []
        for function in (self.phi.value, self.phi.slope):

            def square(a: Array, f: Function = function) -> Array:
                return f(a) ** 2

            average = gaussian_average(square, self.representative, kinks=self.phi.kinks)
            found.append(float(average.error / average.value) if 0 < average.value < math.inf else 0.0)
        return max(found)

    @property
    def largest_exponent(self) -> float:
        """lambda_1 = 1/2 log chi."""
        return _log(self.chi) / 2

    @cached_property
    def mean_exponent(self) -> float:
        """Log g - 1/2 + E log|phi'|, the mean of all exponents; -inf if phi' vanishes on an interval."""
        mean = float(gaussian_average(self.phi.log_slope, self.representative, kinks=self.phi.kinks).value)
        return math.log(self.gain) - 0.5 + mean if mean > LOWEST else -math.inf

    @property
    def gradient_depth(self) -> float:
        """1/|log chi|; inf at chi = 1."""
        return _depth(self.chi)

    def correlation_after(self, correlation: float) -> float:
        """C(c), the correlation of the preactivations of two copies one step later; NaN for an infinite variance.

        Raises ValueError for a correlation outside [-1, 1].
        """
        q = self.representative
        if math.isinf(self.variance):
            return math.nan
        if q == 0.0:
            return correlation  # that of the linearized network
        product = pair_average(self.phi.value, q, correlation, kinks=self.phi.kinks)
        return (self.gain**2 * product + self.bias_variance + self.input_correlation * self.input_variance) / q

    @cached_property
    def correlation(self) -> float:
        """c*, the stable correlation of two copies; 1 at q = 0, where both are at rest; NaN for an infinite variance."""
        if math.isinf(self.variance):
            return math.nan

        def excess(c: float) -> float:
            return self.correlation_after(c) - c

        same = self.input_variance == 0.0 or self.input_correlation == 1.0
        if (same and self.chi <= 1.0) or self.representative == 0.0:
            return 1.0
        if abs(excess(0.0)) <= NOISE:
            return 0.0
        above = (c for c in 1.0 - NEAR if excess(c) < -NOISE) if same else iter((1.0,))
        end = next(above, None)
        return 1.0 if end is None else float(brentq(excess, 0.0, end, xtol=1e-15))

    @cached_property
    def correlation_multiplier(self) -> float:
        """chi_c = g^2 E phi'(a) phi'(a') at c*."""
        if math.isnan(self.correlation):
            return math.nan
        if self.correlation == 1.0:
            return self.chi
        return self.gain**2 * pair_average(self.phi.slope, self.representative, self.correlation, kinks=self.phi.kinks)

    @property
    def correlation_depth(self) -> float:
        """-1/log chi_c; inf at chi_c = 1."""
        return _depth(self.correlation_multiplier)

    @cached_property
    def kurtosis(self) -> float:
        """kappa = 3 E phi'^4/(E phi'^2)^2, the fourth moment of phi' z over its squared second: 3 if linear, 6 for ReLU."""

        def fourth(q: float) -> float:
            return float(gaussian_average(lambda a: self.phi.slope(a) ** 4, q, kinks=self.phi.kinks).value)

        square = self.chi / self.gain**2
        return 3 * fourth(self.representative) / square**2 if square else math.nan

    def usable_lags(self, n: int, *, tolerance: float = 0.1) -> float:
        """The lag k up to which chi^k is the squared gradient of n units to about ``tolerance`` nats: an estimate, not a bound.

        k (kappa - 1)/(2 n) <= tolerance, from the typical and the mean square; if shared k^4/(12 n^2) <= tolerance as well, of the
        order of sqrt n, from the law of linear networks. Raises ValueError for an n below 1 or a tolerance not above 0.

        >>> from errorflow.theory.activations import Tanh
        >>> laws = [mean_field(Tanh(), gain=1.1, tied=tied) for tied in (True, False)]
        >>> [[round(law.usable_lags(n)) for law in laws] for n in (100, 10000)]
        [[9, 9], [105, 934]]
        """
        whole("n", n)
        positive("tolerance", tolerance)
        typical = 2 * n * tolerance / (self.kurtosis - 1)
        return min(typical, math.sqrt(n) * (12 * tolerance) ** 0.25) if self.tied else typical


def mean_field(
    activation: Activation | Callables | Entrywise,
    *,
    gain: float,
    bias_variance: float = 0.0,
    input_variance: float = 0.0,
    input_correlation: float = 1.0,
    start: str = "small",
    tied: bool = True,
) -> MeanField:
    """The mean-field laws of an activation, or of a pair (phi, phi') of functions of arrays, shared (tied) or untied.

    ``start`` says from which variances, "small" (but not zero) or "large", the fixed point is reached. ``tied`` changes
    `MeanField.usable_lags` alone. Averages are good to about 1e-12. Raises ValueError for a gain that is not above 0, a
    negative variance, or an ``input_correlation`` outside [0, 1].

    >>> from errorflow.theory.activations import Relu, Tanh
    >>> found = mean_field(Tanh(), gain=1.5)
    >>> print(f"{found.variance:.6f} {found.chi:.6f} {found.largest_exponent:.6f} {found.mean_exponent:.6f}")
    0.793354 1.139323 0.065217 -0.714346
    >>> ordered = mean_field(Tanh(), gain=1.5**0.5, bias_variance=0.05)
    >>> print(f"{ordered.gradient_depth:.2f} {ordered.correlation:.1f}")
    15.79 1.0
    >>> mean_field(Relu(), gain=1.5).note
    'the variance grows without bound: no fixed point is reached from small variances'
    """
    phi = entrywise(activation)
    positive("gain", gain)
    for name, value in (("bias_variance", bias_variance), ("input_variance", input_variance)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and not negative, got {value!r}")
    if not 0.0 <= input_correlation <= 1.0:
        raise ValueError(f"input_correlation must be between 0 and 1, got {input_correlation!r}")
    one_of("start", start, "small", "large")
    found = fixed_variances(phi, gain=gain, offset=bias_variance + input_variance)
    variance, other = found.from_small, found.from_large
    if start == "large":
        variance, other = other, variance
    note = ""
    if math.isnan(variance):
        note = "every variance is a fixed point: the map is q -> q"
    elif math.isinf(variance):
        note = f"the variance grows without bound: no fixed point is reached from {start} variances"
    elif other != variance:
        opposite = "large" if start == "small" else "small"
        note = f"this variance is reached from {start} variances; from {opposite} ones it is {other:.6g}"
    offsets = (bias_variance, input_variance, input_correlation)
    return MeanField(phi, gain, *offsets, tied, found.fixed_points, variance, note)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _depth(factor: float) -> float:
    if math.isnan(factor):
        return math.nan
    rate = abs(_log(factor))
    return 1 / rate if rate else math.inf
