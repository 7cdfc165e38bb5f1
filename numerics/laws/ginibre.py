r"""E||J||_F^2 of a product of k Gaussian matrices with E|w_ij|^2 = g^2/n, tied J = W^k and untied J = W_k ... W_1.

**Untied**, real and complex: E||W_k P||_F^2 = g^2 E||P||_F^2 for a P that is independent of W_k, so E||J||_F^2 = n
g^(2k). The second moment follows in the same way. For A = P P^*, a = E tr A^2 and b = E (tr A)^2, Wick's theorem gives
at g = 1

    real:     a' = (1 + 1/n) a + b/n,   b' = b + 2 a/n,    with the eigenvalues 1 + 2/n and 1 - 1/n,
    complex:  a' = a + b/n,             b' = b + a/n,      with the eigenvalues 1 + 1/n and 1 - 1/n,

from a = n, b = n^2. With d = 2 (real) or 1 (complex), x = (1 + d/n)^k and y = (1 - 1/n)^k, hence

    E||J||_F^4 = b = [n (n + d) x + d n (n - 1) y]/(d + 1),    E tr (J J^*)^2 = a = [n (n + d) x - n (n - 1) y]/(d + 1).

**Tied, complex.** f = tr W^{k+1} is homogeneous of degree k + 1 in the entries and holomorphic, so that Wick's theorem
gives E|grad f|^2 = (k + 1) (n/g^2) E|f|^2; and the gradient is (k + 1) (W^k)^T. E|tr W^{k+1}|^2 is a sum of n^(number
of cycles) over products of two (k+1)-cycles, which the characters of the hooks evaluate, with the result, at g = 1,

    E||W^k||_F^2 = n^-k [n (n+1) ... (n+k+1) - n (n-1) ... (n-k-1)]/((k+1)(k+2)),

the second product being 0 from k = n - 1 on. It is computed without cancellation and in logs: with r_j = log(1 + j/n),
d_j = 2 artanh(j/n) = log(1 + j/n) - log(1 - j/n), sums over j = 1..k+1 and d = infinity as soon as j = n occurs,

    log E||W^k||_F^2 = 2 log n + sum r_j + log(1 - exp(-sum d_j)) - log((k+1)(k+2)).

The same formula reads E/n = exp(1/2 sum log(1 - j^2/n^2)) sinh(x)/x' with x = sum artanh(j/n) and x' = (k+1)(k+2)/(2n):
as n -> infinity with k^2/(2n) -> x it tends to sinh(x)/x. The untied formula holds for k << sqrt n only, and from k
near sqrt(2n) on sharing makes the mean square larger: it is a mean far above the median (`log_norms` gives quantiles).

**Tied, real.** Different from k = 2 on: n + 2/n, not n + 1/n. Exact for k <= 12 by `power_polynomial`.

Main definitions: `log_mean_square_norm`, `log_sharing_limit`, `crossover_lag`, `relative_norm_variance`,
`singular_value_second_moment`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..axes import Array
from .arguments import one_of, positive, whole
from .real_powers import LARGEST_LAG, power_polynomial


def log_mean_square_norm(n: int, lags: ArrayLike, *, tied: bool, field: str, gain: float = 1.0) -> Array:
    """log E||J||_F^2 of the products of k = ``lags`` factors with E|w_ij|^2 = g^2/n, of the shape of lags, in nats.

    Exact for every n and k: n g^(2k) untied; the law above for a shared complex W (the log within about k roundings, in
    time proportional to the largest lag); for a shared real W lags from 0 to 12. Raises ValueError for negative lags and,
    shared and real, for larger ones.

    >>> n, lags = 1000, [1, 10, 45, 1000]
    >>> (log_mean_square_norm(n, lags, tied=True, field="complex") - math.log(n)).round(6).tolist()
    [0.0, 0.000495, 0.171416, 380.423787]
    >>> (log_mean_square_norm(n, lags, tied=False, field="complex") - math.log(n)).round(6).tolist()
    [0.0, 0.0, 0.0, 0.0]
    >>> print(f"{math.exp(log_mean_square_norm(3, 2, tied=True, field='real')):.6f}")  # 3 + 2/3
    3.666667
    """
    k = _lags(lags)
    one_of("field", field, "real", "complex")
    log_n, log_g = math.log(whole("n", n)), math.log(positive("gain", gain))
    if not tied:
        return np.asarray(log_n + 2 * log_g * k)
    if field == "real":
        return _real(n, k) + 2 * log_g * k
    j = np.arange(1, int(k.max(initial=0)) + 2)
    ratio = j / n
    with np.errstate(divide="ignore"):
        twice = 2 * np.arctanh(np.minimum(ratio, 1.0))
    rising, difference = np.log1p(ratio).cumsum()[k], twice.cumsum()[k]
    return np.asarray(
        2 * log_n + rising + np.log(-np.expm1(-difference)) - np.log((k + 1.0) * (k + 2.0)) + 2 * log_g * k, dtype=float
    )


def _lags(lags: ArrayLike) -> NDArray[np.intp]:
    k = np.asarray(lags)
    if k.dtype.kind not in "iu" or (k < 0).any():
        raise ValueError(f"lags must be integers of at least 0, got {lags!r}")
    return k.astype(np.intp)


def _real(n: int, k: NDArray[np.intp]) -> Array:
    """log E||W^k||_F^2 for a real W of variance 1/n; Python's integers hold the polynomial exactly."""
    whole("the largest of lags of a shared real W", int(k.max(initial=0)), least=0, most=LARGEST_LAG)
    values = {
        lag: math.log(sum(c * n**d for d, c in enumerate(power_polynomial(lag)))) - lag * math.log(n)
        for lag in set(k.ravel().tolist())
    }
    return np.array([values[lag] for lag in k.ravel().tolist()]).reshape(k.shape)


def log_sharing_limit(x: ArrayLike) -> Array:
    """log(sinh(x)/x), the limit of log(E||W^k||_F^2/n), complex and g = 1, as n -> infinity with k^2/(2n) -> x >= 0.

    >>> log_sharing_limit([0.0, 1.0, 1000.0]).round(6).tolist()
    [0.0, 0.161439, 992.399098]
    """
    y = np.asarray(x, dtype=float)
    if not (np.isfinite(y) & (y >= 0)).all():
        raise ValueError(f"x must be finite and at least 0, got {x!r}")
    safe = np.where(y > 0, y, 1.0)
    return np.where(y > 0, safe + np.log(-np.expm1(-2 * safe) / (2 * safe)), 0.0)


def crossover_lag(n: int) -> float:
    """k = sqrt(2n), where x = 1: from here on sharing raises the mean square of a complex W^k, there by sinh(1) = 1.175.

    >>> crossover_lag(1000)
    44.721359549995796
    """
    return math.sqrt(2 * whole("n", n))


def relative_norm_variance(n: int, *, steps: int, field: str = "real") -> float:
    """Var||J||_F^2/(E||J||_F^2)^2 of a product of T untied factors, whatever the gain; inf beyond the range of doubles.

    = [(n + d)(1 + d/n)^T + d (n - 1)(1 - 1/n)^T]/((d + 1) n) - 1, d = 2 (real) or 1 (complex). It grows like exp(d T/n).

    >>> round(relative_norm_variance(10, steps=1, field="real"), 12)  # chi^2 of 100 degrees of freedom: 2/100
    0.02
    """
    log_rising, falling, d = _eigenvalues(n, steps, field)
    with np.errstate(over="ignore"):
        # each power less 1, so that small variances keep their digits
        grown, lost = np.expm1(log_rising), (falling - 1 if n == 1 else np.expm1(steps * np.log1p(-1 / n)))
        return float(((n + d) * grown + d * (n - 1) * lost) / ((d + 1) * n))


def singular_value_second_moment(n: int, *, steps: int, field: str = "real", gain: float = 1.0) -> float:
    """E (1/n) tr (J J^*)^2, the second moment of the squared singular values of T untied factors; inf beyond doubles.

    = g^(4T) [(n + d)(1 + d/n)^T - (n - 1)(1 - 1/n)^T]/(d + 1); at g = 1 it tends to the Fuss-Catalan number T + 1 as n -> infinity.

    >>> [round(singular_value_second_moment(n, steps=3, field="real"), 6) for n in (1, 10, 1000)]
    [27.0, 4.725, 4.006012]
    """
    log_rising, falling, d = _eigenvalues(n, steps, field)
    with np.errstate(over="ignore"):
        growth = np.exp(4 * steps * math.log(positive("gain", gain)))
        return float(growth * ((n + d) * np.exp(log_rising) - (n - 1) * falling) / (d + 1))


def _eigenvalues(n: int, steps: int, field: str) -> tuple[float, float, int]:
    """(T log(1 + d/n), (1 - 1/n)^T, d)."""
    d = 2 if one_of("field", field, "real", "complex") == "real" else 1
    T = whole("steps", steps)
    return T * math.log1p(d / whole("n", n)), float((1 - 1 / n) ** T), d
