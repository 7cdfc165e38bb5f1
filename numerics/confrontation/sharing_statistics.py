r"""What sharing W over the steps changes in the statistics of long products of Gaussian weights, and what it does not.

It changes, at lags k beyond sqrt(2n),

    mean square       E||W^k||_F^2 > n = E||W_k ... W_1||_F^2          (complex W, E|w_ij|^2 = 1/n; the closed form),
    fluctuation       std log||W^k v|| grows like k, std log||W_k ... W_1 v|| like sqrt k,
    sensitivity       E (dh/dlambda)^2 = (1 + q)/(1 - q)^3, with a copy per step 1/(1 - q)^2, q = lambda^2.

It does not change the large-n laws: the Lyapunov spectrum of a tanh network, and the singular values of W^t. Every law is put
to an ensemble drawn from the seed of the example, whose network says n, whose horizon says the lag; a mean is compared in its
own standard errors. Five of them on either side leave out 6e-7 of a normal law. The ensembles are those of
`errorflow.numerics.confrontation.gaussian_ensembles`.

Main definitions: `laws`, and the sides `distance`, `above`, `nearer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from ...theory import cells, notation, theorems
from ...theory.activations import Activation, Identity, Tanh
from ...theory.theorems import scalar_moments
from ..axes import Array
from ..evaluate import environment, evaluate
from ..laws import (
    exponents_by_rank,
    log_largest_singular_value,
    log_mean_square_norm,
    log_norm_law,
    log_singular_values,
    sensitivity_mean_square,
)
from ..network import Network
from .gaussian_ensembles import (
    Estimate,
    copied_fluctuation,
    copied_powers,
    decay_of,
    gain_of,
    sensitivity,
    shared_growth_exponent,
    shared_powers,
    singular_values,
    tanh_spectrum,
)
from .law import Draw, Example, Law, Sides

__all__ = ["above", "distance", "laws", "nearer"]

LIMIT = 5.0  # standard errors
RANKS = 0.9  # the last tenth of a spectrum scatters by log n
SPECTRUM, SINGULAR_VALUES = (
    10.0,
    10.0,
)  # mean distances in units of 1/n: 1.7 and 1.5 times the largest of 1000 and 400 draws
EDGE = 0.25  # nats, of the largest singular value: 1.8 times the largest of 400 draws

Measured = Callable[[Example], Estimate]
Exact = Callable[[Example], Array | float]


def distance(measured: Measured, exact: Exact) -> Sides:
    """|mean - exact| in standard errors."""

    def side(example: Example) -> Array:
        mean, error = measured(example)
        return np.asarray(np.abs(mean - exact(example)) / error)

    return side


def above(measured: Measured, level: Exact) -> Sides:
    """By how many standard errors the mean exceeds a level."""

    def side(example: Example) -> Array:
        mean, error = measured(example)
        return np.asarray((mean - level(example)) / error)

    return side


def nearer(measured: Measured, exponent: float) -> Sides:
    """By how many standard errors a growth exponent is nearer to this one than to those half a unit away."""

    def side(example: Example) -> Array:
        mean, error = measured(example)
        return np.array([mean - (exponent - 0.25), (exponent + 0.25) - mean]) / error

    return side


# What the theorems and the library say


def closed_form(example: Example) -> float:
    """The right side of the theorem `ginibre_powers`, in enclosure arithmetic."""
    where = environment(W=np.eye(example.network.n), values={notation.lag: example.steps})
    return evaluate(theorems.get("ginibre_powers").conclusion.rhs, where).midpoint


def copies_mean_square(example: Example) -> float:
    """n at every lag."""
    return math.exp(log_mean_square_norm(example.network.n, example.steps, tied=False, field="complex"))


def copies_variance(example: Example) -> Array:
    """T psi'(n/2)/4 after T and 4 T steps."""
    return np.array([log_norm_law(example.network.n, steps=c * example.steps).variance for c in (1, 4)])


def stationary_sensitivity(example: Example) -> float:
    """The right side of the theorem `scalar_moments`."""
    where = environment(W=np.eye(1), values={scalar_moments.rate: decay_of(example)})
    return evaluate(theorems.get("scalar_moments").conclusion.rhs, where).midpoint


def copies_sensitivity(example: Example) -> float:
    """sum_k k lambda^(2k-2), k < T."""
    return sensitivity_mean_square(decay_of(example), tied=False, steps=example.steps)


def _ranks(n: int) -> tuple[Array, slice]:
    """u = (i - 1/2)/n, i = 1..n, and which of them are compared."""
    return (np.arange(n) + 0.5) / n, slice(round(RANKS * n))


def spectrum_distance(example: Example) -> Array:
    """The mean distance to the law of the network's own slopes, shared and with a copy per step, in nats per step."""
    ranks, upper = _ranks(example.network.n)
    found = []
    for tied in (True, False):
        exponents, slopes = tanh_spectrum(example, tied=tied)
        law = exponents_by_rank(ranks, gain=gain_of(example), slopes=slopes)
        found.append(np.abs(exponents - law)[upper].mean())
    return np.array(found)


def singular_value_distance(example: Example) -> Array:
    """The mean distance of the log singular values to the Fuss-Catalan law by rank, shared and with a copy per step."""
    ranks, upper = _ranks(example.network.n)
    law = log_singular_values(ranks, steps=example.steps)
    return np.array([np.abs(singular_values(example, tied=tied) - law)[upper].mean() for tied in (True, False)])


def largest(example: Example, *, limit: Callable[[int], float] = log_largest_singular_value) -> Array:
    """The distance of the largest log singular value to its limit, shared and with a copy per step."""
    return np.array([abs(singular_values(example, tied=tied)[0] - limit(example.steps)) for tied in (True, False)])


def _means(example: Example) -> Array:
    return np.array([log_norm_law(example.network.n, steps=c * example.steps).mean for c in (1, 4)])


def copied_variance(example: Example) -> Estimate:
    """The variance of log||J v|| after T and 4 T steps with a copy per step, about its exact mean."""
    return copied_fluctuation(example, _means(example))


# Examples


def _example(W: Array, *, steps: int, activation: Activation, family: str, rng: np.random.Generator) -> Example:
    """An autonomous Elman network: B = 0, b = 0."""
    n = len(W)
    network = Network(cells.get("elman", activation=activation), {"W": W, "B": np.zeros((n, 1)), "b": np.zeros(n)})
    start = rng.standard_normal((n, 1))
    return Example(network, np.zeros((steps, 1, 1)), start, family, seed=int(rng.integers(2**32)))


def _gaussian(rng: np.random.Generator, n: int, gain: float = 1.0) -> Array:
    return np.asarray(rng.standard_normal((n, n)) * gain / math.sqrt(n))


def _long_power(rng: np.random.Generator) -> Example:
    """n = 6..12 and a lag of 1 to 1.5 times sqrt(2n)."""
    n = int(rng.integers(6, 13))
    steps = math.ceil(rng.uniform(1.0, 1.5) * math.sqrt(2 * n))
    return _example(_gaussian(rng, n), steps=steps, activation=Identity(), family="complex Ginibre", rng=rng)


def _long_walk(rng: np.random.Generator) -> Example:
    """n = 5..10 and T of 3 to 5 times sqrt(2n)."""
    n = int(rng.integers(5, 11))
    steps = math.ceil(rng.uniform(3.0, 5.0) * math.sqrt(2 * n))
    return _example(_gaussian(rng, n), steps=steps, activation=Identity(), family="real Gaussian", rng=rng)


def _one_unit(rng: np.random.Generator) -> Example:
    """|lambda| between 0.5 and 0.9, and as many steps as make the moments stationary to 1e-10."""
    decay = rng.uniform(0.5, 0.9) * rng.choice([-1.0, 1.0])
    return _example(np.array([[decay]]), steps=150, activation=Identity(), family="one linear unit", rng=rng)


def _chaotic(rng: np.random.Generator) -> Example:
    W = _gaussian(rng, 64, gain=rng.uniform(3.0, 4.0))
    return _example(W, steps=40, activation=Tanh(), family="tanh, Gaussian", rng=rng)


def _short_power(rng: np.random.Generator) -> Example:
    n, steps = int(rng.integers(64, 97)), int(rng.integers(2, 4))
    return _example(_gaussian(rng, n), steps=steps, activation=Identity(), family="real Gaussian", rng=rng)


def _number(value: float) -> Exact:
    return lambda _: value


def _over_n(value: float) -> Exact:
    return lambda example: value / example.network.n


def _law(
    name: str,
    title: str,
    statement: str,
    sides: tuple[Sides, Sides],
    draw: Draw,
    *judges: str,
    unit: Literal["standard errors", "nats"] = "standard errors",
    subject: Literal["state_jacobian", "total_gradient"] = "state_jacobian",
) -> Law:
    low, high = sides
    return Law(
        id=name,
        title=title,
        subject=subject,
        statement=statement,
        judges=judges,
        draw=draw,
        low=low,
        high=high,
        unit=unit,
    )


def _effects() -> tuple[Law, ...]:
    limit = _number(LIMIT)
    shared, copied = (partial(sensitivity, tied=tied) for tied in (True, False))
    return (
        _law(
            "sharing_mean_square",
            "The mean square of a shared power has the closed form",
            "E||W^k||_F^2 of a shared complex Gaussian W at lags k beyond sqrt(2n) is the closed form.",
            (distance(shared_powers, closed_form), limit),
            _long_power,
            "theorem:ginibre_powers",
            "fact:complex_pairings",
        ),
        _law(
            "copies_mean_square",
            "The mean square with a copy per step stays n",
            "E||W_k ... W_1||_F^2 of independent complex Gaussian copies is n at lags k beyond sqrt(2n).",
            (distance(copied_powers, copies_mean_square), limit),
            _long_power,
        ),
        _law(
            "sharing_raises_mean_square",
            "Sharing raises the mean square at lags beyond sqrt(2n)",
            "E||W^k||_F^2 of a shared complex Gaussian W exceeds n, the value for copies, at lags k beyond sqrt(2n).",
            (limit, above(shared_powers, copies_mean_square)),
            _long_power,
            "theorem:ginibre_powers",
        ),
        _law(
            "sharing_fluctuation",
            "With shared weights the fluctuation grows like the lag",
            "The standard deviation of log||W^k v|| over shared Gaussian W grows from T to 4T like T^p with p nearer to 1 than to "
            "1/2 or 3/2, T beyond sqrt(2n).",
            (limit, nearer(shared_growth_exponent, 1.0)),
            _long_walk,
        ),
        _law(
            "copies_fluctuation",
            "With a copy per step the fluctuation grows like the root of the lag",
            "The variance of log||W_T ... W_1 v|| over independent Gaussian copies is T psi'(n/2)/4, at T and at 4T.",
            (distance(copied_variance, copies_variance), limit),
            _long_walk,
        ),
        _law(
            "sharing_sensitivity",
            "The sensitivity to a shared weight is that of the theorem",
            "E (dh/dlambda)^2 of h_t = lambda h_{t-1} + x_t with white x is (1 + lambda^2)/(1 - lambda^2)^3.",
            (distance(shared, stationary_sensitivity), limit),
            _one_unit,
            "theorem:scalar_moments",
            "fact:stationary_sensitivity",
            subject="total_gradient",
        ),
        _law(
            "copies_sensitivity",
            "The sensitivity to a copy per step is another one",
            "E sum_t (dh/dlambda_t)^2 over the copies of lambda is 1/(1 - lambda^2)^2.",
            (distance(copied, copies_sensitivity), limit),
            _one_unit,
            subject="total_gradient",
        ),
        _law(
            "sharing_raises_sensitivity",
            "Sharing raises the sensitivity",
            "E (dh/dlambda)^2 of a shared lambda exceeds the sum of the mean squares over its copies.",
            (limit, above(shared, copies_sensitivity)),
            _one_unit,
            "theorem:scalar_moments",
            subject="total_gradient",
        ),
    )


def _no_effects() -> tuple[Law, ...]:
    return (
        _law(
            "same_lyapunov_spectrum",
            "The Lyapunov spectrum of a large tanh network is the same for shared weights and for copies",
            "The exponents of a random tanh network of 64 units with noisy inputs are within "
            f"{SPECTRUM:g}/n of one law by rank, in the mean over the upper nine tenths, for shared weights and for a copy per "
            "step.",
            (spectrum_distance, _over_n(SPECTRUM)),
            _chaotic,
            unit="nats",
        ),
        _law(
            "same_singular_values",
            "The singular values of a large product are the same for shared weights and for copies",
            f"The log singular values of W^t and of W_t ... W_1 are within {SINGULAR_VALUES:g}/n of the Fuss-Catalan law by rank, "
            "in the mean over the upper nine tenths.",
            (singular_value_distance, _over_n(SINGULAR_VALUES)),
            _short_power,
            unit="nats",
        ),
        _law(
            "same_largest_singular_value",
            "The norm of a large product is the same for shared weights and for copies",
            f"log||W^t||_2 and log||W_t ... W_1||_2 are within {EDGE:g} of the limit 1/2 log((t+1)^(t+1)/t^t).",
            (largest, _number(EDGE)),
            _short_power,
            unit="nats",
        ),
    )


def laws() -> tuple[Law, ...]:
    """Every law of this file: the effects of sharing, with what copies have instead, and three that are none.

    >>> law = laws()[0]
    >>> example = law.draw(np.random.default_rng(0))
    >>> print(example, law.slack(example) > 0)
    complex Ginibre, n = 11, T = 6 True
    """
    return (*_effects(), *_no_effects())
