r"""Products J = W_T ... W_1 of Gaussian matrices, E|w_ij|^2 = g^2/n: exponents, determinant and one direction, at every T.

Real (b = 1) and complex (b = 2): the squared norm of m independent entries is s^2 chi^2 of b m degrees of freedom, s =
g/sqrt(b n).

**Newman's exponents, untied.** W_t Q_{t-1} = Q_t R_t with an orthonormal frame Q_{t-1} (n, count) that depends on W_1,
..., W_{t-1} alone. Given the frame, W_t Q_{t-1} has independent Gaussian entries again, whatever the frame is; its
column i minus its projection on the i - 1 columns before is Gaussian in n - i + 1 dimensions. So the R_ii(t) are
independent over t and i, R_ii = s chi_{b(n-i+1)} in law, and lambda_i = (1/T) sum_t log R_ii(t) has

    E lambda_i = 1/2 [log(2 s^2) + psi(b(n-i+1)/2)],    Var lambda_i = psi'(b(n-i+1)/2)/(4 T)

(Newman 1986 for the limit). Nothing is lost at finite T: it is the law of the exponents by QR, not of the logs of the
singular values of J over T, which agree with it as T -> infinity only.

**Shared.** A shared W has lambda_i = log|mu_i(W)|, and for complex W the moduli |mu_1|, ..., |mu_n| have in random
order the law of R_11, ..., R_nn in random order (Kostlan 1992): the mean of any sum over the exponents of one step is
the same tied and untied.

**Determinant.** sum_i lambda_i = (1/T) sum_t log|det W_t|, and |det W_t| is the product of the R_ii(t). For one shared
W all terms are equal: the mean is the same, real or complex, and the variance T times larger.

**One direction, untied.** For a fixed unit v, ||J v|| is the product of the R_11(t): log||J v|| = sum_t log(s
chi_{bn}). So E||J v||^2 = g^(2T), while for real W E log||J v|| = T/2 [log(2 g^2/n) + psi(n/2)], near T (log g -
1/(2n)): at g = 1 the mean square is 1 at every T and the typical norm falls like exp(-T/(2n)). No vanishing on average
is not no vanishing.

Main definitions: `Moments`, `newman_exponents`, `newman_law`, `mean_exponent`, `log_norm_law`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from ..axes import Array
from .arguments import one_of, positive, whole
from .log_chi import LogChiSum


@dataclass(frozen=True, eq=False)
class Moments:
    """Exact means and variances, of one shape; ``std`` is the standard deviation."""

    mean: Array
    variance: Array

    @property
    def std(self) -> Array:
        """The square roots of the variances."""
        return np.sqrt(self.variance)


def newman_exponents(
    n: int, *, steps: int, count: int | None = None, gain: float = 1.0, field: str = "real"
) -> Moments:
    """E lambda_i = 1/2 [log(2 g^2/n) + psi((n-i+1)/2)] and Var lambda_i = psi'((n-i+1)/2)/(4 T), i = 1..count, untied, real.

    In nats per step, largest first; exact at every T for exponents by QR, which are independent. All n unless ``count`` says how
    many. A shared W has the moduli of its eigenvalues instead: `fixed_point_exponents`. Raises ValueError for a count above n.

    >>> law = newman_exponents(3, steps=100)
    >>> law.mean.round(4).tolist(), law.std.round(4).tolist()
    ([-0.1845, -0.4913, -1.1845], [0.0483, 0.0641, 0.1111])
    """
    b, s = _entries(n, gain, field)
    half = b * (n - np.arange(whole("count", n if count is None else count, most=n))) / 2
    return Moments(math.log(2 * s**2) / 2 + digamma(half) / 2, polygamma(1, half) / (4 * whole("steps", steps)))


def newman_law(n: int, i: int, *, steps: int, gain: float = 1.0, field: str = "real") -> LogChiSum:
    """The law of T lambda_i = sum_t log(s chi_{n-i+1}), i = 1..n, untied, real, in nats: its quantiles at every T.

    >>> law = newman_law(3, 3, steps=100)
    >>> (law.quantile([0.05, 0.5, 0.95]) / 100).round(4).tolist()
    [-1.3719, -1.1816, -1.0068]
    """
    b, s = _entries(n, gain, field)
    return LogChiSum(degrees=b * (n - whole("i", i, most=n) + 1), steps=steps, scale=s)


def mean_exponent(n: int, *, steps: int, tied: bool, gain: float = 1.0, field: str = "real") -> Moments:
    """(1/(nT)) sum_t log|det W_t|, the mean of all n exponents: its mean, the same tied and untied, and its variance.

    Var = v/T untied and v tied, with v = (1/(4 n^2)) sum_{m=1}^n psi'(m/2), real: longer runs do not average a shared W out. In
    nats per step, exact at every n and T; in the limit of large n the mean is log g - 1/2.

    >>> shared, copies = mean_exponent(64, steps=100, tied=True), mean_exponent(64, steps=100, tied=False)
    >>> print(f"{shared.mean:.5f} {copies.mean:.5f} {shared.std:.5f} {copies.std:.5f}")
    -0.51731 -0.51731 0.02915 0.00292
    """
    whole("steps", steps)
    one = newman_exponents(n, steps=1, gain=gain, field=field)
    variance = one.variance.sum() / n**2 / (1 if tied else steps)
    return Moments(np.asarray(one.mean.mean()), np.asarray(variance))


def log_norm_law(n: int, *, steps: int, gain: float = 1.0, field: str = "real") -> LogChiSum:
    """The law of log||W_T ... W_1 v|| for a fixed unit v, untied: T terms log(s chi_n), s = g/sqrt n, real, in nats.

    Its ``log_mean_square`` is 2 T log g, its ``mean`` T/2 [log(2 g^2/n) + psi(n/2)]. Powers of a shared W: `log_norms`.

    >>> law = log_norm_law(10, steps=100)
    >>> print(f"{law.log_mean_square:.4f} {law.mean:.4f} {law.quantile(0.5):.4f} {law.variance:.4f}")
    0.0000 -5.1660 -5.1477 5.5331
    """
    return newman_law(n, 1, steps=steps, gain=gain, field=field)


def _entries(n: int, gain: float, field: str) -> tuple[int, float]:
    """b, the real numbers per entry, and s, the standard deviation of each."""
    b = 1 if one_of("field", field, "real", "complex") == "real" else 2
    return b, positive("gain", gain) / math.sqrt(b * whole("n", n))
