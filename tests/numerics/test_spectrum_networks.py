"""The law of the whole Lyapunov spectrum against networks: shared and untied, ReLU, weights that are not Gaussian."""

import importlib
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import lu

from errorflow.numerics.laws.log_distribution import of_logs
from errorflow.numerics.laws.mean_field import mean_field
from errorflow.numerics.laws.spectrum_by_rank import (
    SpectrumLaw,
    exponents_by_rank,
    mean_field_spectrum,
    spectrum_of_slopes,
)
from errorflow.theory.activations import Tanh

Array = NDArray[np.float64]
module = importlib.import_module("errorflow.numerics.laws.spectrum_by_rank")


def measured(
    W: Callable[[], Array], phi: Callable, slope: Callable, *, steps: int, rng: int, bias: Array | float = 0.0
):
    """Exponents of a trajectory, largest first, and its slopes: log|u_ii| of L U factors of J_t P^T L, by SciPy's lu."""
    random = np.random.default_rng(rng)
    n = len(W())
    h, frame, total, slopes = random.normal(size=n), np.eye(n), np.zeros(n), []
    for t in range(-60, steps + 30):
        weights = W()
        a = weights @ h + bias
        h, d = phi(a), slope(a)
        if t < 0:
            continue
        frame, upper = lu(d[:, None] * (weights @ frame), permute_l=True, check_finite=False)
        if t >= 30:
            with np.errstate(divide="ignore"):
                total += np.log(np.abs(np.diag(upper)))
            slopes.append(d)
    return np.sort(total / steps)[::-1], np.array(slopes)


def gaussian_weights(weights: str, *, n: int, gain: float, rng: int) -> Callable[[], Array]:
    random = np.random.default_rng(rng)
    shared = random.normal(size=(n, n)) * gain / math.sqrt(n)
    return lambda: shared if weights == "shared" else random.normal(size=(n, n)) * gain / math.sqrt(n)


def sech2(a: Array) -> Array:
    return 1 / np.cosh(a) ** 2


@pytest.mark.parametrize("weights", ["shared", "untied"])
@pytest.mark.parametrize("gain", [1.5, 3.0])
def test_tanh_networks_have_the_spectrum_of_the_law(gain: float, weights: str) -> None:
    # Finite size: at n = 100, 200, 400 the mean distance to the law of the network's own slopes was 1 to 3.5 over n, to the
    # mean-field law up to 28/n (shared, g = 1.5, where the variance of so small a network is low), else up to 9/n.
    n, steps = 128, 100
    found, slopes = measured(gaussian_weights(weights, n=n, gain=gain, rng=1), np.tanh, sech2, steps=steps, rng=2)
    ranks = (np.arange(n) + 0.5) / n
    upper = ranks < 0.9  # the last ones, of the smallest slopes, scatter by log n
    own = exponents_by_rank(ranks, gain=gain, slopes=slopes)
    law = mean_field_spectrum(Tanh(), gain=gain).exponents(ranks)
    assert np.abs(found - own)[upper].mean() < 5 / n
    assert np.abs(found - law)[upper].mean() < 20 / n
    assert found[0] == pytest.approx(own[0], abs=6 / n)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["shared", "untied"])
def test_larger_tanh_networks_are_nearer_to_the_law(weights: str) -> None:
    n, steps = 400, 200
    found, slopes = measured(gaussian_weights(weights, n=n, gain=3.0, rng=1), np.tanh, sech2, steps=steps, rng=2)
    ranks = (np.arange(n) + 0.5) / n
    upper = ranks < 0.9
    assert np.abs(found - exponents_by_rank(ranks, gain=3.0, slopes=slopes))[upper].mean() < 5 / n
    assert np.abs(found - mean_field_spectrum(Tanh(), gain=3.0).exponents(ranks))[upper].mean() < 20 / n
    # (kappa - 1)/(4 n T) with kappa = 10 is the variance of the largest exponent of an untied network to first order
    assert found[0] == pytest.approx(mean_field_spectrum(Tanh(), gain=3.0).exponents(ranks[0]), abs=4 * 0.0053 + 2 / n)


@pytest.mark.parametrize("weights", ["shared", "untied"])
def test_relu_networks_have_as_many_finite_exponents_as_active_units(weights: str) -> None:
    n = 128
    bias = np.random.default_rng(5).normal(size=n) * math.sqrt(0.1)
    found, slopes = measured(
        gaussian_weights(weights, n=n, gain=1.2, rng=3),
        lambda a: np.maximum(a, 0),
        lambda a: (a > 0) * 1.0,
        steps=60,
        rng=4,
        bias=bias,
    )
    active = (slopes > 0).sum(axis=1)
    assert np.isfinite(found).sum() == active.min()  # the rank of the product of generic factors
    law = spectrum_of_slopes(gain=1.2, slopes=slopes)
    assert law.finite_fraction == pytest.approx(active.mean() / n)
    assert law.finite_fraction == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(n))
    ranks = (np.arange(n) + 0.5) / n
    upper = ranks < 0.8 * active.min() / n
    assert np.abs(found[upper] - law.exponents(ranks[upper])).mean() < 5 / (n / 2)  # n/2 active units


def test_the_law_of_singular_values_holds_for_weights_that_are_not_gaussian() -> None:
    n, random = 128, np.random.default_rng(7)
    left, right = (np.linalg.qr(random.normal(size=(n, n)))[0] for _ in range(2))
    s = np.where(np.arange(n) < n // 2, 3.0, 0.5)
    found, slopes = measured(lambda: left * s @ right, np.tanh, sech2, steps=100, rng=8)
    ranks = (np.arange(n) + 0.5) / n
    upper = ranks < 0.9
    law = exponents_by_rank(ranks, slopes=slopes, singular_values=s)
    assert np.abs(found - law)[upper].mean() < 5 / n
    gaussian = exponents_by_rank(ranks, slopes=slopes, gain=math.sqrt(np.mean(s**2)))
    assert np.abs(found - gaussian)[upper].mean() > 10 / n


# Planted falsehoods


def test_the_mean_of_the_exponents_is_the_mean_exponent_and_the_first_one_half_log_chi() -> None:
    law, field = mean_field_spectrum(Tanh(), gain=3.0), mean_field(Tanh(), gain=3.0)
    n = 4000
    exponents = law.exponents((np.arange(n) + 0.5) / n)
    assert exponents.mean() == pytest.approx(field.mean_exponent, abs=3 / n)  # log n/n from the last
    assert exponents[0] == pytest.approx(math.log(field.chi) / 2, abs=10 / n)


def _without_half(law: SpectrumLaw, u: Array) -> Array:
    return 2 * (math.log(law.gain) + np.log1p(-u) / 2 + law.slopes.log_gain(u))


def _logarithm_of_the_mean(law: SpectrumLaw, u: Array) -> Array:
    return math.log(law.gain) + np.log1p(-u) / 2 + np.full(len(u), law.slopes.log_mean / 2)


def _rank_from_below(law: SpectrumLaw, u: Array) -> Array:
    return math.log(law.gain) + np.log1p(-u) / 2 + law.slopes.log_gain(1 - u)


def _slopes_without_square(law: SpectrumLaw, u: Array) -> Array:
    return math.log(law.gain) + np.log1p(-u) / 2 + of_logs(law.slopes.points / 2, law.slopes.weights).log_gain(u)


@pytest.mark.parametrize(
    "wrong", [_without_half, _logarithm_of_the_mean, _rank_from_below, _slopes_without_square], ids=lambda f: f.__name__
)
def test_planted_falsehoods_are_caught_by_networks_and_by_the_ends_of_the_spectrum(
    wrong: Callable[[SpectrumLaw, Array], Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.SpectrumLaw, "_exponents", wrong)
    for check in (
        lambda: test_tanh_networks_have_the_spectrum_of_the_law(3.0, "untied"),
        test_the_mean_of_the_exponents_is_the_mean_exponent_and_the_first_one_half_log_chi,
    ):
        with pytest.raises((AssertionError, RuntimeWarning)):
            check()
