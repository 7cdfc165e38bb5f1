"""Gaussian averages against 30 digits and closed forms: kinks, saturation, logarithms that are infinite, pairs."""

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.laws.entrywise import entrywise
from errorflow.numerics.laws.gaussian_average import gaussian_average, pair_average
from errorflow.numerics.laws.mean_field import mean_field
from errorflow.numerics.laws.zeros import zeros
from errorflow.theory import activations
from errorflow.theory.activations import Activation, Gelu, Relu, Tanh

x = activations.x
ERF, SIN = Activation(name="erf", expression=sp.erf(x)), Activation(name="sin", expression=sp.sin(x))


def high_average(f: Callable[[mpmath.mpf], mpmath.mpf], q: float, cuts: tuple[float, ...] = ()) -> mpmath.mpf:
    """E f(sqrt(q) z) in 30 digits: mpmath's tanh-sinh sums between cuts near 0, where f may be narrow."""
    with mpmath.workdps(30):
        s = mpmath.sqrt(q)
        inner = [sign * c / s for c in (0.25, 1, 4, 16, 64) for sign in (-1, 1)] + [c / s for c in cuts]
        points = sorted({z for z in [*inner, 0, *range(-16, 17, 4)] if abs(z) <= 16})
        return mpmath.quad(lambda z: f(s * z) * mpmath.exp(-z * z / 2), points) / mpmath.sqrt(2 * mpmath.pi)


AVERAGED: dict[str, tuple[Callable, Callable, tuple[float, ...]]] = {
    "tanh^2": (lambda a: np.tanh(a) ** 2, lambda a: mpmath.tanh(a) ** 2, ()),
    "|a - 1|": (lambda a: np.abs(a - 1), lambda a: abs(a - 1), (1.0,)),
    "exp(a/10)": (lambda a: np.exp(a / 10), lambda a: mpmath.exp(a / 10), ()),
    "log tanh'": (entrywise(Tanh()).log_slope, lambda a: mpmath.log(mpmath.sech(a) ** 2), ()),
    "log gelu'": (
        lambda a: entrywise(Gelu()).log_slope(-np.abs(a) - 1),
        lambda a: mpmath.log(abs(mpmath.ncdf(-abs(a) - 1) - (abs(a) + 1) * mpmath.npdf(abs(a) + 1))),
        (),
    ),
}


@pytest.mark.parametrize("variance", [1e-8, 0.3, 8.0, 400.0])
@pytest.mark.parametrize("name", AVERAGED)
def test_gaussian_averages_agree_with_thirty_digits(name: str, variance: float) -> None:
    f, exact, cuts = AVERAGED[name]
    found, truth = gaussian_average(f, variance, kinks=cuts), float(high_average(exact, variance, cuts))
    assert abs(found.value - truth) <= 1e-12 * max(1.0, abs(truth))
    assert abs(found.value - truth) <= 2 * found.error + 1e-14 * max(1.0, abs(truth))
    assert gaussian_average(f, variance).value == pytest.approx(truth, rel=1e-12, abs=1e-12)  # kinks need not be told


def test_a_blind_gauss_hermite_sum_fails_where_the_adaptive_one_does_not() -> None:
    z, w = np.polynomial.hermite_e.hermegauss(100)
    truth = float(high_average(lambda a: mpmath.tanh(a) ** 2, 400.0))
    assert abs(w @ np.tanh(20 * z) ** 2 / math.sqrt(2 * math.pi) - truth) > 1e-4
    assert abs(gaussian_average(lambda a: np.tanh(a) ** 2, 400.0).value - truth) < 1e-14


def test_an_average_of_a_logarithm_is_infinite_only_where_the_slope_vanishes_on_an_interval() -> None:
    assert gaussian_average(entrywise(Relu()).log_slope, 1.0, kinks=[0.0]).value == -np.inf
    assert gaussian_average(entrywise((np.abs, lambda a: np.where(a > 0.3, 1.0, 0.0))).log_slope, 1.0).value == -np.inf
    found = gaussian_average(entrywise(SIN).log_slope, 100.0)  # E log|cos a| = -log 2 for uniform a
    assert found.value == pytest.approx(-math.log(2.0), abs=1e-11)
    assert 0 < found.error < 1e-10


@pytest.mark.parametrize("correlation", [-1.0, -0.3, 0.0, 0.7, 0.999, 1 - 1e-7, 1.0])
@pytest.mark.parametrize("variance", [0.05, 3.0, 100.0])
def test_pair_averages_are_the_arcsine_and_arccosine_kernels(variance: float, correlation: float) -> None:
    angle = math.acos(correlation)
    known = {
        ERF: 2 / math.pi * math.asin(2 * variance * correlation / (1 + 2 * variance)),
        Relu(): variance * (math.sin(angle) + (math.pi - angle) * correlation) / (2 * math.pi),
        SIN: math.exp(-variance) * math.sinh(variance * correlation),
    }
    for activation, truth in known.items():
        phi = entrywise(activation)
        assert pair_average(phi.value, variance, correlation, kinks=phi.kinks) == pytest.approx(
            truth, abs=3e-13 * variance + 1e-13
        )


def test_the_logarithm_of_a_slope_survives_underflow_and_cancellation() -> None:
    plain = Activation(name="tanh_without_stable_form", expression=sp.tanh(x))
    points = np.array([-400.0, -60.0, -19.5, 0.0, 1.0, 60.0, 400.0])
    with mpmath.workdps(400):
        truth = [float(2 * mpmath.log(mpmath.sech(a))) for a in points]
    assert entrywise(plain).log_slope(points) == pytest.approx(truth, rel=1e-12, abs=1e-12)
    assert entrywise(Tanh()).log_slope(points) == pytest.approx(truth, rel=1e-12, abs=1e-12)
    wide = (mean_field(phi, gain=5.0) for phi in (plain, Tanh()))
    assert len({round(found.mean_exponent, 9) for found in wide}) == 1


@pytest.mark.parametrize(
    ("call", "error", "named"),
    [
        (lambda: gaussian_average(np.tanh, -1.0), ValueError, "variance"),
        (lambda: gaussian_average(np.tanh, 1.0, mean=math.nan), ValueError, "mean"),
        (lambda: pair_average(np.tanh, 1.0, 1.5), ValueError, "correlation"),
        (lambda: entrywise(Tanh(), kinks=[0.0]), ValueError, "kinks"),
        (lambda: entrywise("tanh"), TypeError, "activation"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], object], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        call()


def test_a_function_that_is_noise_ends_with_an_error_that_says_so() -> None:
    noise = np.random.default_rng(0)
    found = gaussian_average(lambda a: 1.0 + noise.normal(size=a.shape) / 100, 1.0)
    assert found.value == pytest.approx(1.0, abs=0.02)
    assert 1e-5 < found.error < 0.1


def test_two_zeros_between_the_points_of_a_grid_are_found() -> None:
    found = zeros(lambda t: (np.asarray(t) - 2) * (np.asarray(t) - 2.1) / 10, np.logspace(-2, 2, 17))
    assert found.points == (pytest.approx(2.0), pytest.approx(2.1))
    assert zeros(lambda t: 1 + 0 * np.asarray(t), np.logspace(-2, 2, 17)).points == ()
