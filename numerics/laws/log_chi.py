r"""X = sum_{t=1}^T log(s chi_t), T independent chi variables of m degrees of freedom times s: its law at every T, in nats.

**Moments.** chi^2 = 2 G with G ~ Gamma(m/2), and E G^z = Gamma(m/2 + z)/Gamma(m/2). Hence, with a = m/2,

    E X = T/2 [log(2 s^2) + psi(a)],    Var X = T/4 psi'(a),    log E exp(2 X) = T log(m s^2).

**Distribution function.** Y = X - E X has E exp(i theta Y) = exp(T c(theta/2)), c(b) = log Gamma(a + i b) - log
Gamma(a) - i b psi(a) = sum_{j>=2} (-i b)^j zeta(j, a)/j for |b| < a, a Hurwitz zeta. The square wave sq of period 2 pi
has the series sq(u) = (4/pi) sum_{j>=0} sin((2j+1) u)/(2j+1); with u = h (Y - y)/2, where sq(u) = sgn(Y - y) unless |Y
- y| >= 2 pi/h,

    P(Y <= y) = 1/2 - (1/pi) sum_{j>=0} Im[exp(-i y (j+1/2) h) E exp(i (j+1/2) h Y)]/(j+1/2) + e,  |e| <= P(|Y - y| >= 2 pi/h).

h = 2 pi/L with L = y_+ - y_-, where P(Y >= y_+) and P(Y <= y_-) are at most 1e-18 by Chernoff's inequality P(Y >= y) <=
exp(T k(r) - 2 r y), k(r) = log Gamma(a + r) - log Gamma(a) - r psi(a), which holds for every r > 0, and with y < 0 for
every r in (-a, 0). The series ends where |E exp(i theta Y)| is below 1e-18. What remains is rounding.

Main definition: `LogChiSum`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import digamma, gammaln, loggamma, polygamma, zeta

from ..axes import Array
from .arguments import positive, whole

NEGLIGIBLE = 42.0  # exp(-42) = 6e-19
SURE = 1e-12  # quantiles nearer to 0 or 1 would be lost in the rounding of the distribution function
LARGE = 1e4
TERMS = 56  # of the series of c: |b|/a <= 1/2 leaves less than 2^-56


@dataclass(frozen=True)
class LogChiSum:
    """The law of sum_{t=1}^T log(s chi_t) with ``degrees`` m, ``steps`` T and ``scale`` s.

    Moments to rounding, the distribution function to about 1e-13. Raises ValueError for degrees or steps below 1 and for a scale
    that is not finite and positive.

    >>> law = LogChiSum(degrees=2, steps=1)  # chi_2 is the Rayleigh law: P(chi <= r) = 1 - exp(-r^2/2)
    >>> print(f"{law.cdf(math.log(1.5)):.12f} {1 - math.exp(-1.125):.12f}")
    0.675347532642 0.675347532642
    >>> print(f"{law.quantile(0.5):.10f} {math.log(2 * math.log(2)) / 2:.10f}")
    0.1633171300 0.1633171300
    """

    degrees: int
    steps: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        whole("degrees", self.degrees)
        whole("steps", self.steps)
        positive("scale", self.scale)

    @property
    def mean(self) -> float:
        """E X = T/2 [log(2 s^2) + psi(m/2)]."""
        return self.steps * (math.log(2) / 2 + math.log(self.scale) + float(digamma(self.degrees / 2)) / 2)

    @property
    def variance(self) -> float:
        """Var X = T/4 psi'(m/2)."""
        return self.steps * float(polygamma(1, self.degrees / 2)) / 4

    @property
    def log_mean_square(self) -> float:
        """log E exp(2 X) = T log(m s^2)."""
        return self.steps * (math.log(self.degrees) + 2 * math.log(self.scale))

    def cdf(self, x: ArrayLike) -> Array:
        """P(X <= x), of the shape of x."""
        y = np.asarray(x, dtype=float) - self.mean
        theta, values = self._spectrum
        below, above = self._tails
        inside = np.clip(y, below, above)
        waves = np.exp(-1j * inside[..., None] * theta) * values
        found = 0.5 - waves.imag.sum(axis=-1)
        return np.where(y <= below, 0.0, np.where(y >= above, 1.0, np.clip(found, 0.0, 1.0)))

    def quantile(self, p: ArrayLike) -> Array:
        """The x with P(X <= x) = p, of the shape of p, for p in [1e-12, 1 - 1e-12]; ValueError outside."""
        wanted = np.asarray(p, dtype=float)
        if not ((wanted >= SURE) & (wanted <= 1 - SURE)).all():
            raise ValueError(f"p must be between {SURE} and 1 - {SURE}, got {p!r}")
        below, above = (self.mean + tail for tail in self._tails)
        roots = [brentq(self._excess, below, above, args=(q,), xtol=1e-13) for q in wanted.ravel()]
        return np.array(roots).reshape(wanted.shape)

    def _excess(self, x: float, p: float) -> float:
        return float(self.cdf(x)) - p

    @cached_property
    def _tails(self) -> tuple[float, float]:
        """(y_-, y_+): by Chernoff's inequality hardly any of Y lies outside."""
        a, T = self.degrees / 2, self.steps

        def chernoff(r: float) -> float:
            k = float(gammaln(a + r) - gammaln(a) - r * digamma(a))
            return (T * k + NEGLIGIBLE) / (2 * abs(r))

        # r is searched by its logarithm; the inequality holds whatever the search finds
        upper = minimize_scalar(lambda u: chernoff(math.exp(u)), bounds=(-30, 10), method="bounded")
        lower = minimize_scalar(lambda u: chernoff(-a / (1 + math.exp(-u))), bounds=(-30, 30), method="bounded")
        return -float(lower.fun), float(upper.fun)

    @cached_property
    def _spectrum(self) -> tuple[Array, NDArray[np.complex128]]:
        """theta_j = (j + 1/2) h and E exp(i theta_j Y)/(pi (j + 1/2)), as far as they matter."""
        below, above = self._tails
        h = 2 * math.pi / (above - below)
        count = 64
        while self._log_characteristic(np.array([(count + 0.5) * h]))[0].real > -NEGLIGIBLE:
            count *= 2
        index: Array = np.arange(count, dtype=float) + 0.5
        theta = index * h
        values: NDArray[np.complex128] = np.exp(self._log_characteristic(theta))
        return theta, values / (math.pi * index)

    def _log_characteristic(self, theta: Array) -> NDArray[np.complex128]:
        """T c(theta/2); the series where it converges fast, since the difference of log Gammas loses digits there."""
        a, b = self.degrees / 2, theta / 2
        j = np.arange(2, TERMS + 2)
        # a^j zeta(j, a); where both would leave the range of doubles, the first terms of Euler and Maclaurin
        power = a**j * zeta(j, a) if a <= LARGE else a / (j - 1) + 0.5 + j / (12 * a)
        near = np.where(b <= a / 2, b / a, 0.0)
        with np.errstate(under="ignore"):
            terms = (-1j * near[:, None]) ** j * power / j
        far = loggamma(a + 1j * b) - gammaln(a) - 1j * b * digamma(a)
        return np.asarray(self.steps * np.where(b <= a / 2, terms.sum(axis=1), far))
