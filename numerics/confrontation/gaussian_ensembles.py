r"""Ensembles of Gaussian weights in plain NumPy: what the laws about sharing are measured with.

An ensemble is drawn from the seed of an example, whose network says n and whose horizon says the number of factors. To
tame the tails of ||W^k||_F^2, W = r V with ||V||_F = 1: r is independent of V, and E r^(2k) is known.

Main definitions: `Estimate`, `estimate`; `shared_powers`, `copied_powers`; `log_growth`, `shared_growth_exponent`,
`copied_fluctuation`; `sensitivity`; `tanh_spectrum`; `singular_values`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from ..axes import Array
from .law import Example


class Estimate(NamedTuple):
    """Means with their standard errors."""

    mean: Array
    error: Array


def estimate(draws: Array) -> Estimate:
    """The mean over the last axis.

    >>> estimate(np.array([1.0, 3.0]))
    Estimate(mean=array(2.), error=array(1.))
    """
    samples = draws.shape[-1]
    return Estimate(np.asarray(draws.mean(axis=-1)), np.asarray(draws.std(axis=-1, ddof=1) / math.sqrt(samples)))


def _random(example: Example) -> np.random.Generator:
    return np.random.default_rng(example.seed)


# Mean square of powers


def _complex(random: np.random.Generator, samples: int, n: int) -> Array:
    """Matrices with E|w_ij|^2 = 1/n."""
    parts = random.standard_normal((2, samples, n, n)) / math.sqrt(2 * n)
    return np.asarray(parts[0] + 1j * parts[1])


def _square(matrices: Array) -> Array:
    return np.asarray((matrices.real**2 + matrices.imag**2).sum(axis=(1, 2)))


def shared_powers(example: Example, *, samples: int = 3000) -> Estimate:
    """E||W^k||_F^2 = E r^(2k) E||V^k||_F^2, k the horizon; n^2 complex entries have n r^2 ~ Gamma(n^2)."""
    n, k = example.network.n, example.steps
    W = _complex(_random(example), samples, n)
    radial = gammaln(n * n + k) - gammaln(n * n) - k * math.log(n)
    return estimate(_square(np.linalg.matrix_power(W, k)) * np.exp(radial - k * np.log(_square(W))))


def copied_powers(example: Example, *, samples: int = 2000) -> Estimate:
    """E||W_k ... W_1||_F^2."""
    random, n = _random(example), example.network.n
    product = _complex(random, samples, n)
    for _ in range(example.steps - 1):
        product = _complex(random, samples, n) @ product
    return estimate(_square(product))


# Fluctuation


def log_growth(example: Example, *, tied: bool, samples: int) -> Array:
    """Draws of log||J e_1|| after T and after 4 T steps of real Gaussian W, T the horizon, shape ``(2, samples)``, in nats."""
    random, n, T = _random(example), example.network.n, example.steps
    W = random.standard_normal((samples, n, n))
    x = np.zeros((samples, n, 1))
    x[:, 0] = 1.0
    total, found = np.zeros(samples), []
    for t in range(1, 4 * T + 1):
        x = (W if tied else random.standard_normal((samples, n, n))) @ x / math.sqrt(n)
        size = np.linalg.norm(x, axis=(1, 2))
        x /= size[:, None, None]
        total = total + np.log(size)
        if t in (T, 4 * T):
            found.append(total)
    return np.array(found)


def shared_growth_exponent(example: Example) -> Estimate:
    """log(std_4T/std_T)/log 4; its standard error from the influence ((x - mean)/std)^2/2 of each draw on a log std."""
    draws = log_growth(example, tied=True, samples=1000)
    deviations = (draws - draws.mean(axis=1, keepdims=True)) / draws.std(axis=1, keepdims=True)
    influence = (deviations[1] ** 2 - deviations[0] ** 2) / 2
    ratio = np.log(draws[1].std() / draws[0].std())
    return Estimate(np.asarray(ratio / math.log(4)), estimate(influence).error / math.log(4))


def copied_fluctuation(example: Example, means: Array, *, samples: int = 1000) -> Estimate:
    """E (log||J v|| - mean)^2 after T and 4 T steps with a copy per step, for the given means."""
    draws = log_growth(example, tied=False, samples=samples)
    return estimate((draws - means[:, None]) ** 2)


# Sensitivity to a parameter


def decay_of(example: Example) -> float:
    """The lambda of one linear unit."""
    return float(example.network.parameters["W"][0, 0])


def sensitivity(example: Example, *, tied: bool, samples: int = 4000) -> Estimate:
    """E (dh_T/dlambda)^2 of h_t = lambda h_{t-1} + x_t from zero, or E sum_t (dh_T/dlambda_t)^2, by recursion."""
    random, decay = _random(example), decay_of(example)
    h, derivative, squares = np.zeros((3, samples))
    for _ in range(example.steps):
        derivative, squares = h + decay * derivative, h**2 + decay**2 * squares
        h = decay * h + random.standard_normal(samples)
    return estimate(derivative**2 if tied else squares)


# Large-n laws


def gain_of(example: Example) -> float:
    """sqrt(n) times the standard deviation of the entries of W."""
    return float(np.linalg.norm(example.network.parameters["W"]) / math.sqrt(example.network.n))


def tanh_spectrum(example: Example, *, tied: bool, discard: int = 20) -> tuple[Array, Array]:
    """Lyapunov exponents ``(n,)`` of h_t = tanh(W h_{t-1} + u_t), descending, by QR; and the slopes ``(T, n)``.

    The inputs are N(0, 1/4), the same for shared weights and for copies: without them one shared network in 400 of 64 units
    was at twice the distance from the law of the others.
    """
    random, n = _random(example), example.network.n
    W = example.network.parameters["W"]
    noise = random.standard_normal((example.steps + discard + 50, n)) / 2
    h, frame, total, slopes = example.initial[:, 0], np.eye(n), np.zeros(n), []
    for t in range(-50 - discard, example.steps):
        if not tied:
            W = random.standard_normal((n, n)) * gain_of(example) / math.sqrt(n)
        a = W @ h + noise[t]
        h = np.tanh(a)
        if t < -discard:
            continue
        frame, upper = np.linalg.qr((W @ frame) / np.cosh(a)[:, None] ** 2)
        if t >= 0:
            total += np.log(np.abs(np.diag(upper)))
            slopes.append(1 / np.cosh(a) ** 2)
    return np.sort(total / example.steps)[::-1], np.array(slopes)


def singular_values(example: Example, *, tied: bool, samples: int = 4) -> Array:
    """The mean of log s_i(J) of t real Gaussian factors, t the horizon, shape ``(n,)``, in nats."""
    random, n = _random(example), example.network.n
    W = random.standard_normal((samples, n, n)) / math.sqrt(n)
    product = W
    for _ in range(example.steps - 1):
        if not tied:
            W = random.standard_normal((samples, n, n)) / math.sqrt(n)
        product = W @ product
    return np.asarray(np.log(np.linalg.svd(product, compute_uv=False)).mean(axis=0))
