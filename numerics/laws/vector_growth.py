r"""log||J v|| for a fixed unit v at the lags k = 0..T, drawn from its exact law without an n by n matrix.

**Untied.** log||W_k ... W_1 v|| is a sum of k independent log(s chi_n), s = g/sqrt n (`log_norm_law`).

**Tied.** Let W have independent N(0, s^2) entries; its law is that of Q W Q^T for orthogonal Q, so v = e_1. A
Householder matrix Q_1 that fixes e_1 takes the first column of W to (w_11, s chi_{n-1}, 0, ..., 0); it depends on that
column alone, so the other columns of Q_1 W Q_1^T are still Gaussian and independent. Going on so with the columns 2, 3,
..., W = Q H Q^T with Q e_1 = e_1 and a Hessenberg matrix H of independent entries,

    h_ij ~ N(0, s^2) for i <= j,    h_{j+1,j} ~ s chi_{n-j},

and ||W^k e_1|| = ||H^k e_1|| for all k at once. H^k e_1 needs the first k columns and k + 1 rows of H only: T^3
operations, whatever n is. A complex W has complex entries with E|h_ij|^2 = s^2 and h_{j+1,j}^2 ~ s^2 Gamma(n - j).

At lags beyond sqrt(2n) a shared W shows its largest eigenvalues: log||W^k v|| is near k log rho(W), its standard
deviation over the draws of W grows like k, and at g = 1 the median grows too; untied, the standard deviation grows like
sqrt k and the median falls. At shorter lags the two laws are close.

The law is that of the lags together, and of the transposed product as well: J^T v in back propagation. Where the mean
square is far above the typical square (`log_mean_square_norm`), these draws give the median and the quantiles.

Main definition: `log_norms`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..axes import Array
from ..simulate import Rng, generator
from .arguments import one_of, positive, whole

ENTRIES = 2**18  # of H at once: two megabytes stay in the cache over the steps


def log_norms(
    n: int, *, steps: int, samples: int, tied: bool, field: str = "real", gain: float = 1.0, rng: Rng = None
) -> Array:
    """Draws of log||J v||, J of 0..T factors with E|w_ij|^2 = g^2/n, shape ``(samples, T+1)``, in nats; exact in law.

    Tied: J = W^k, one W per sample for all lags; untied: J = W_k ... W_1. Raises ValueError for an n, steps or samples below 1.

    >>> for tied in (True, False):
    ...     draws = log_norms(100, steps=200, samples=400, tied=tied, rng=0)[:, -1]
    ...     print(f"median {np.median(draws):.1f}, standard deviation {draws.std():.1f}")
    median 7.8, standard deviation 6.9
    median -1.0, standard deviation 1.0
    """
    whole("n", n)
    shape = whole("samples", samples), whole("steps", steps)
    one_of("field", field, "real", "complex")
    log_s = math.log(positive("gain", gain)) - math.log(n) / 2
    random = generator(rng)
    found = np.zeros((samples, steps + 1))
    if tied:
        chunk = max(1, ENTRIES // min(n, steps + 1) ** 2)
        for start in range(0, samples, chunk):
            part = found[start : start + chunk]
            part[:, 1:] = _powers(_hessenberg(n, len(part), steps, field, random), steps)
    else:
        half, factor = (n / 2, 2.0) if field == "real" else (float(n), 1.0)
        found[:, 1:] = np.log(factor * random.standard_gamma(half, size=shape)).cumsum(axis=1) / 2
    return found + log_s * np.arange(steps + 1)


def _hessenberg(n: int, samples: int, steps: int, field: str, random: np.random.Generator) -> NDArray[Any]:
    """The leading part of H that H^k e_1, k = 1..T, depends on, with s = 1, shape ``(samples, m, m)``."""
    m = min(n, steps + 1)
    below = n - np.arange(1, m, dtype=float)
    if field == "real":
        H = random.standard_normal((samples, m, m))
        squares = 2 * random.standard_gamma(below / 2, size=(samples, m - 1))
    else:
        H = (random.standard_normal((samples, m, m, 2)) / math.sqrt(2)).view(complex)[..., 0]
        squares = random.standard_gamma(below, size=(samples, m - 1))
    H = np.triu(H)
    rows = np.arange(m - 1)
    H[:, rows + 1, rows] = np.sqrt(squares)
    return H


def _powers(H: NDArray[Any], steps: int) -> Array:
    """log||H^k e_1||, k = 1..T; each step is rescaled."""
    m = H.shape[-1]
    x = np.zeros((len(H), m, 1), dtype=H.dtype)
    x[:, 0] = 1.0
    logs = np.empty((len(H), steps))
    for k in range(1, steps + 1):
        rows, columns = min(k + 1, m), min(k, m)  # the support of the vector grows by one entry per step
        x[:, :rows] = H[:, :rows, :columns] @ x[:, :columns]
        size = np.linalg.norm(x[:, :rows], axis=(1, 2))
        x[:, :rows] /= size[:, None, None]
        logs[:, k - 1] = np.log(size)
    return logs.cumsum(axis=1)
